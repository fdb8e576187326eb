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
    /// The tool to come from [default: what the files and the database show]
    #[arg(long, value_name = "TOOL")]
    pub(crate) from: Option<String>,
    /// The folder of its files [default: where it usually has them]
    #[arg(long, value_name = "DIR")]
    pub(crate) files: Option<PathBuf>,
    /// The table of its history, where that is not the usual one
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// What becomes of that table in every database [default: keep]
    #[arg(long, value_name = "WHAT")]
    pub(crate) old_table: Option<OldTable>,
    /// The folder of the package for the new files, where they can't stay where they are
    #[arg(long, value_name = "NEW")]
    pub(crate) dir: Option<String>,
    /// Show what would be written, on stdout, and write nothing
    #[arg(long)]
    pub(crate) plan: bool,
    /// Do not ask before a database is changed
    #[arg(long)]
    pub(crate) yes: bool,
    /// Take a history over although the database does not have what it says
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OldTable {
    /// It stays, and nothing reads it any more
    Keep,
    /// It is dropped
    Drop,
}
