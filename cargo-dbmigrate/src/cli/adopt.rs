//! What can be asked of `adopt`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{DatabaseArgs, KeepArgs};

#[derive(Debug, Args)]
#[command(
    after_help = "TOOL is `sqlx`, `diesel`, `refinery`, `rusqlite_migration`, `drizzle`, `prisma`, `goose`, `dbmate`, \
                  `golang-migrate`, `wrangler-d1`, `flyway`, `sql-migrate`, `plain` (files and a table of one's own), or \
                  `live` (a database without any history)."
)]
pub(crate) struct AdoptArgs {
    /// The other tool [default: detected from the files and the database]
    #[arg(long, value_name = "TOOL")]
    pub(crate) from: Option<String>,
    /// The folder of its files [default: the usual one of that tool]
    #[arg(long, value_name = "DIR")]
    pub(crate) files: Option<PathBuf>,
    /// Its history table, if that is not the usual one
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// What happens to that table in every database [default: keep]
    #[arg(long, value_name = "WHAT")]
    pub(crate) old_table: Option<OldTable>,
    /// The folder in the package for the new files, if they cannot stay in place
    #[arg(long, value_name = "NEW")]
    pub(crate) dir: Option<String>,
    /// Show on stdout what would be written, and write nothing
    #[arg(long)]
    pub(crate) plan: bool,
    /// Do not ask before changing a database
    #[arg(long)]
    pub(crate) yes: bool,
    /// Take over a history although the schema of the database does not match it
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OldTable {
    /// It is kept, and nothing reads it any more
    Keep,
    /// It is dropped
    Drop,
}
