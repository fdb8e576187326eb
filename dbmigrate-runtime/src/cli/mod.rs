//! The database commands: `status`, `up`, `down`, `redo`, `reset`, `mark`, `forget`, `repair`, `backup`,
//! `restore`, `verify`, `history`.
//!
//! A program's own binary ([`Migrator::cli`](crate::Migrator::cli)) and `cargo dbmigrate`, which calls [`run`] with its
//! own [`Terminal`], share this implementation. Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 101 failure.
//! What a run does to a database is not decided here, but by the [`Migrator`](crate::Migrator).

mod adopt;
mod aim;
mod ask;
mod backup;
mod beside;
mod copies;
mod failure;
#[cfg(test)]
mod fixture;
mod help;
mod human;
mod json;
mod live;
mod location;
mod nearest;
mod open;
mod output;
mod parse;
mod program;
mod reason;
mod replay;
mod request;
mod reset;
mod restore;
mod run;
mod sets;
mod settle;
mod table;
mod target;
mod terminal;
#[cfg(test)]
mod tests;

pub use aim::Aim;
pub use beside::belongs_to_another;
pub use human::{time, visible};
pub use live::Live;
pub use location::database_path;
pub use open::open_existing;
pub(crate) use open::{Opened, discard_empty, open};
pub(crate) use output::Output;
pub use parse::{Invocation, Usage, parse};
pub use program::{NAMED, PROGRAM};
pub use reason::Reason;
pub use replay::REPLAY;
pub(crate) use replay::run as replay_one;
pub use request::{Baseline, Format, RepairTarget, Request, RollbackTarget, Verb};
pub(crate) use run::configured;
pub use run::{run, run_on};
pub use sets::run_together;
pub use table::DESTRUCTIVE;
pub use terminal::Terminal;
