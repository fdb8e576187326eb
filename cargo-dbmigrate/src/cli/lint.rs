//! What can be asked of the linter.

use std::path::PathBuf;

use clap::Args;
use dbmigrate_schema::lint::Level;

use super::{BuildArgs, FilesArgs};

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The revision of git whose migrations are to be unchanged, and are not linted [default: where the work left the
    /// main branch]
    #[arg(long, value_name = "REV")]
    pub(crate) since: Option<String>,
    /// Ask this database about its rows, and only read it: findings say what is there
    #[arg(long, value_name = "FILE")]
    pub(crate) database: Option<PathBuf>,
    /// Lint also the migrations that databases may have already
    #[arg(long)]
    pub(crate) all: bool,
    /// Put right what can be put right without a decision: names of files, missing ways back and, with `--locked`, the seal
    #[arg(long)]
    pub(crate) fix: bool,
    /// Show what `--fix` would do, and do nothing
    #[arg(long, requires = "fix")]
    pub(crate) dry_run: bool,
    /// Fix files also where git has changes of them that are not committed
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
    /// Make these rules or groups an error; `warnings` is all that would only be warned of
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) deny: Vec<String>,
    /// Make these rules or groups a warning
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) warn: Vec<String>,
    /// Say nothing of these rules or groups
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
