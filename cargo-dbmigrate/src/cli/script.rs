//! What can be asked of `script`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(
    after_help = "A version is the last migration that a database has: a number, a name, a version from a header, or \
                  `nothing`. The script is proved before it is written: it and the real runner run on the same databases in \
                  memory, and everything is compared."
)]
pub(crate) struct ScriptArgs {
    /// The version of the database that the script is for [default: that of `--database`, else `nothing`]
    #[arg(long, value_name = "VERSION")]
    pub(crate) from: Option<String>,
    /// The version that it leads to; an older one rolls migrations back [default: the newest]
    #[arg(long, value_name = "VERSION")]
    pub(crate) to: Option<String>,
    /// Begin at the version of this database, which is only read
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    pub(crate) database: Option<PathBuf>,
    /// Write a script that can be run again, if every statement permits it
    #[arg(long)]
    pub(crate) idempotent: bool,
    /// The file to write; it may replace a script of this command [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write a folder of files for the migration command of another engine
    #[arg(
        long = "for",
        value_name = "ENGINE",
        requires = "folder",
        conflicts_with_all = ["from", "to", "database", "idempotent", "output"]
    )]
    pub(crate) engine: Option<Engine>,
    /// The folder for `--for`; existing files are not changed
    #[arg(value_name = "DIR", requires = "engine")]
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// Cloudflare D1: a file for each migration, for `wrangler d1 migrations apply`
    D1,
}
