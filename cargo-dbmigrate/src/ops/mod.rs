//! The work behind the commands: no clap, no printing.

pub(crate) mod adopt;
pub(crate) mod ahead;
#[cfg(test)]
mod as_the_runner;
pub(crate) mod beside;
pub(crate) mod check;
pub(crate) mod create;
pub(crate) mod database;
pub(crate) mod declared;
pub(crate) mod driver;
pub(crate) mod edit;
pub(crate) mod fix;
pub(crate) mod fleet;
pub(crate) mod generate;
pub(crate) mod git;
pub(crate) mod house;
pub(crate) mod init;
pub(crate) mod interrupt;
pub(crate) mod late;
pub(crate) mod lock;
pub(crate) mod migrator;
pub(crate) mod names;
pub(crate) mod open;
pub(crate) mod pages;
pub(crate) mod program;
pub(crate) mod project;
pub(crate) mod renumber;
#[cfg(test)]
mod round_trip;
pub(crate) mod rows;
pub(crate) mod runner;
pub(crate) mod runtime_set;
pub(crate) mod runtime_sets;
pub(crate) mod rust_file;
pub(crate) mod schema;
pub(crate) mod schema_reader;
pub(crate) mod script;
pub(crate) mod seen_from;
pub(crate) mod since;
pub(crate) mod snapshot;
pub(crate) mod space;
pub(crate) mod spec;
pub(crate) mod squash;
pub(crate) mod test;
pub(crate) mod text_diff;
pub(crate) mod trial;
pub(crate) mod wiring;
