//! What can be asked of the linter.

use std::path::PathBuf;

use clap::Args;
use dbmigrate_schema::lint::Level;

use super::{BuildArgs, FilesArgs};

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The git revision whose migrations must be unchanged, and are not linted [default: where the branch left the main
    /// branch]
    #[arg(long, value_name = "REV")]
    pub(crate) since: Option<String>,
    /// Look at the rows of this database, read-only, and report what is there
    #[arg(long, value_name = "FILE")]
    pub(crate) database: Option<PathBuf>,
    /// Also lint migrations that databases may already have
    #[arg(long)]
    pub(crate) all: bool,
    /// Fix what needs no decision: file names, missing down scripts and, with `--locked`, the seal
    #[arg(long)]
    pub(crate) fix: bool,
    /// Show what `--fix` would do, and change nothing
    #[arg(long, requires = "fix")]
    pub(crate) dry_run: bool,
    /// Fix files even if they have uncommitted changes
    #[arg(long, requires = "fix")]
    pub(crate) allow_dirty: bool,
    #[command(flatten)]
    pub(crate) levels: LevelArgs,
    #[command(flatten)]
    pub(crate) files: FilesArgs,
    #[command(flatten)]
    pub(crate) build: BuildArgs,
}

/// Over the manifests: rules, or groups of them.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Levels")]
pub(crate) struct LevelArgs {
    /// Make these rules or groups errors; `warnings` stands for all that would be warnings
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) deny: Vec<String>,
    /// Make these rules or groups warnings
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) warn: Vec<String>,
    /// Turn these rules or groups off
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) allow: Vec<String>,
}

impl LevelArgs {
    /// Every name with its level.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Level, &str)> {
        let given = [(Level::Deny, &self.deny), (Level::Warn, &self.warn), (Level::Allow, &self.allow)];
        given.into_iter().flat_map(|(level, names)| names.iter().map(move |name| (level, name.as_str())))
    }
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The rule; without it, all of them are listed
    pub(crate) rule: Option<String>,
}
