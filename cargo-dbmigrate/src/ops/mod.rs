//! The work behind the commands: no clap, no printing.

pub(crate) mod check;
pub(crate) mod create;
pub(crate) mod database;
pub(crate) mod declared;
pub(crate) mod driver;
pub(crate) mod edit;
pub(crate) mod generate;
pub(crate) mod init;
pub(crate) mod open;
pub(crate) mod project;
pub(crate) mod runner;
pub(crate) mod runtime_set;
pub(crate) mod rust_file;
pub(crate) mod schema;
pub(crate) mod space;
pub(crate) mod test;
pub(crate) mod wiring;
