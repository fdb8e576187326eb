//! What a SQLite schema is, asked of SQLite itself.
//!
//! So far this is the [`replay`] of a set of migrations on a database in memory: every way up in order, with the hooks
//! and repeatables around them, and every way back from where its way up has led. SQLite judges the statements; this crate says in which file and line it
//! objects. It knows no terminal and no user's database.

mod execute;
mod foreign_keys;
mod repeatable;
mod replay;
mod views;

pub use replay::{Replay, Stopped, replay};
