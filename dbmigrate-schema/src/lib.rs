//! What a SQLite schema is, asked of SQLite itself.
//!
//! So far this is the [`replay`] of a set of migrations on a database in memory: every way up in order, and every way
//! back from where its way up has led. SQLite judges the statements; this crate says in which file and line it
//! objects. It knows no terminal and no user's database.

mod execute;
mod foreign_keys;
mod replay;

pub use replay::{Replay, Stopped, replay};
