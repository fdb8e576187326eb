//! The adapter between the runtime and this crate's rusqlite, as every program gets it.

// The macro writes for libraries; of its helpers for code migrations a command line needs none.
#![allow(dead_code, unreachable_pub)]

dbmigrate_runtime::rusqlite_driver!(::rusqlite, backup);
