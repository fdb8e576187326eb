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
    /// The version of the database that it is for [default: that of `--database`, else `nothing`]
    #[arg(long, value_name = "VERSION")]
    pub(crate) from: Option<String>,
    /// The version that it leads to; an older one takes migrations back [default: the newest]
    #[arg(long, value_name = "VERSION")]
    pub(crate) to: Option<String>,
    /// Begin where this database is, which is only read
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    pub(crate) database: Option<PathBuf>,
    /// Write a script that can be run again, where every statement can be said so
    #[arg(long)]
    pub(crate) idempotent: bool,
    /// The file to write; one of this command's own is replaced [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write into a folder what the migration command of another engine applies
    #[arg(
        long = "for",
        value_name = "ENGINE",
        requires = "folder",
        conflicts_with_all = ["from", "to", "database", "idempotent", "output"]
    )]
    pub(crate) engine: Option<Engine>,
    /// The folder for `--for`: files that are there stay as they are
    #[arg(value_name = "DIR", requires = "engine")]
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// Cloudflare D1: a file for each migration, for `wrangler d1 migrations apply`
    D1,
}
