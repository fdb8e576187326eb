//! The work behind the commands: no clap, no printing.

pub(crate) mod check;
pub(crate) mod create;
pub(crate) mod database;
pub(crate) mod declared;
pub(crate) mod driver;
pub(crate) mod edit;
pub(crate) mod fix;
pub(crate) mod generate;
pub(crate) mod git;
pub(crate) mod init;
pub(crate) mod lock;
pub(crate) mod open;
pub(crate) mod program;
pub(crate) mod project;
pub(crate) mod renumber;
pub(crate) mod rows;
pub(crate) mod runner;
pub(crate) mod runtime_set;
pub(crate) mod rust_file;
pub(crate) mod schema;
pub(crate) mod schema_reader;
pub(crate) mod since;
pub(crate) mod space;
pub(crate) mod test;
pub(crate) mod text_diff;
pub(crate) mod wiring;
