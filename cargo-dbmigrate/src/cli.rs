//! What can be asked on the command line, as clap reads it. No work is done here.

mod adopt;
mod aim;
mod complete;
mod database;
mod docs;
mod examples;
mod files;
mod fleet;
mod lint;
mod schema;
mod script;
mod usage_error;

use std::path::PathBuf;

use clap::{Args, FromArgMatches, Parser, Subcommand, ValueEnum};

pub(crate) use adopt::{AdoptArgs, OldTable};
pub(crate) use aim::PROGRAM;
pub(crate) use complete::{Candidate, Names, candidates};
pub(crate) use database::{
    BackupArgs, BuildArgs, CopyArgs, DatabaseArgs, DownArgs, ForgetArgs, KeepArgs, MarkArgs, RedoArgs, RepairArgs,
    ResetArgs, RestoreArgs, StatusArgs, UpArgs,
};
pub(crate) use docs::{CompleteArgs, CompletionsArgs, ManArgs, ShellName};
pub(crate) use examples::{EXAMPLES, command, notes};
pub(crate) use files::{FilesArgs, ListArgs};
pub(crate) use fleet::{CanaryArgs, CheckDatabaseArgs, FailureArgs, FleetArgs, typed_without};
pub(crate) use lint::{CheckArgs, ExplainArgs};
pub(crate) use schema::{SchemaArgs, SchemaFormat};
pub(crate) use script::{Engine, ScriptArgs};

/// Reads the process arguments; wrong ones end the process with exit code 2, as clap and cargo do.
pub(crate) fn parse() -> Cli {
    // Cargo calls `cargo-dbmigrate dbmigrate …`; people may call `cargo-dbmigrate …` themselves.
    let arguments = std::env::args_os().enumerate().filter(|(at, word)| *at != 1 || word != "dbmigrate");
    let arguments: Vec<_> = arguments.map(|(_, word)| word).collect();
    let matches = command().try_get_matches_from(&arguments);
    matches
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .unwrap_or_else(|error| usage_error::explained(error, &arguments).exit())
}

/// Manages migrations of the SQLite databases of Rust programs: it cannot forget a migration, and it cannot lose your data.
#[derive(Debug, Parser)]
#[command(
    name = "cargo-dbmigrate",
    bin_name = "cargo dbmigrate",
    version,
    styles = clap_cargo::style::CLAP_STYLING,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 done; 1 the answer is no; 2 wrong usage; 101 failure."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Global {
    /// Path to Cargo.toml
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) manifest_path: Option<PathBuf>,
    /// Package to work on
    #[arg(short, long, global = true, value_name = "SPEC")]
    pub(crate) package: Vec<String>,
    /// Work on all packages of the workspace that have migrations (`check`, `list`, `lock` and `test` only)
    #[arg(long, global = true)]
    pub(crate) workspace: bool,
    /// Leave out a package
    #[arg(long, global = true, value_name = "SPEC", requires = "workspace")]
    pub(crate) exclude: Vec<String>,
    /// Set of migrations to work on, if the package has several
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) set: Option<String>,
    /// Assert that Cargo.lock stays unchanged; for `check`, also that every migration is sealed
    #[arg(long, global = true)]
    pub(crate) locked: bool,
    /// Run without accessing the network
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// Output format: people read stderr, programs read JSON lines on stdout
    #[arg(long, global = true, value_name = "FMT", default_value = "human")]
    pub(crate) message_format: MessageFormat,
    /// Coloring
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,
    /// Use verbose output
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Print only what was asked for, and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

impl Global {
    pub(crate) fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        }
    }

    pub(crate) fn is_verbose(&self) -> bool {
        self.verbosity() == Verbosity::Verbose
    }
}

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    Quiet,
    Normal,
    Verbose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MessageFormat {
    /// For people
    Human,
    /// One JSON object per line, on stdout
    Json,
    /// For people, and annotations for GitHub Actions on stdout (`check`)
    Github,
    /// For people, and a SARIF log on stdout (`check`)
    Sarif,
}

impl MessageFormat {
    /// Whether only findings can be shown so, and no other answer.
    pub(crate) fn is_for_findings(self) -> bool {
        matches!(self, Self::Github | Self::Sarif)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set up a package: configuration, build.rs, dependencies, module, first migration
    Init(InitArgs),
    /// Move in from another tool: take over its files, and the histories of databases
    Adopt(AdoptArgs),
    /// Create the next migration
    Create(CreateArgs),
    /// Write the next migration from what `schema.sql` declares, proved before it is written
    Generate(GenerateArgs),
    /// List the migrations, without a database
    List(ListArgs),
    /// Check numbering, seal, configuration and setup, replay every migration up, down and up again in memory, and lint
    Check(CheckArgs),
    /// Try every migration up, down and up again in memory, on a database that holds rows
    Test(TestArgs),
    /// Explain a rule of `check`: what it objects to, why, and how to make the change safely
    Explain(ExplainArgs),
    /// Seal migrations: from then on, editing, renaming or deleting one fails the build
    Lock(LockArgs),
    /// Number the migrations of a branch after those that others already have
    Renumber(RenumberArgs),
    /// Write a snapshot, proved and sealed, from which new databases start instead of running all migrations
    Snapshot(SnapshotArgs),
    /// Replace all migrations up to a number by one that is proved to do the same
    Squash(SquashArgs),
    /// Show the schema that the migrations make, or the difference between two schemas
    Schema(SchemaArgs),
    /// Write the migrations as one SQL script, with their history, for engines that this tool does not connect to
    Script(ScriptArgs),
    /// Compare the schema of a database with what its migrations make
    Drift(CheckDatabaseArgs),
    /// Show which migrations a database has
    Status(StatusArgs),
    /// Apply pending migrations
    Up(UpArgs),
    /// Roll back the newest applied migration, or more
    Down(DownArgs),
    /// Roll back the newest applied migration and apply its current text
    Redo(RedoArgs),
    /// Empty the database, after making a copy of it
    Reset(ResetArgs),
    /// Record migrations as applied without running them, for a database that already has what they make
    Mark(MarkArgs),
    /// Remove a migration from the history, so that it runs again; the schema stays as it is
    Forget(ForgetArgs),
    /// Explain how the history differs from the files, or resolve it
    Repair(RepairArgs),
    /// Make a copy of the database
    Backup(BackupArgs),
    /// Restore the database from a copy, or list the copies
    Restore(RestoreArgs),
    /// Compare the recorded history with the files
    Verify(CheckDatabaseArgs),
    /// Show the history as the database records it
    History(DatabaseArgs),
    /// Print shell completions for `cargo dbmigrate`
    Completions(CompletionsArgs),
    /// Write a manual page for each command
    Man(ManArgs),
    /// What could stand in the place of the last of these words, for the scripts of `completions`
    #[command(hide = true)]
    CompleteWords(CompleteArgs),
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Write path dependencies on this checkout of dbmigrate
    #[arg(long, value_name = "CHECKOUT")]
    pub(crate) path: Option<PathBuf>,
    /// Add a binary with the database commands, for migrations in Rust and for hosts without cargo
    #[arg(long)]
    pub(crate) runner: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// What the migration does, such as `add_user_prefs`
    pub(crate) name: String,
    /// Write SQL (the default)
    #[arg(long, conflicts_with = "rust")]
    pub(crate) sql: bool,
    /// Write a Rust migration
    #[arg(long)]
    pub(crate) rust: bool,
    /// Write no down script
    #[arg(long)]
    pub(crate) no_down: bool,
    /// Open the new file in $VISUAL or $EDITOR
    #[arg(long)]
    pub(crate) edit: bool,
    /// Write into it what `schema.sql` declares and the migrations do not make yet, as `generate` does
    #[arg(long, conflicts_with_all = ["sql", "rust", "edit"])]
    pub(crate) from_diff: bool,
    #[command(flatten)]
    pub(crate) decisions: FromDiffArgs,
}

#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// What the migration does [default: derived from the change, such as `add_teams`]
    pub(crate) name: Option<String>,
    /// Write no down script
    #[arg(long)]
    pub(crate) no_down: bool,
    #[command(flatten)]
    pub(crate) decisions: FromDiffArgs,
}

/// What only a person can decide about a difference.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Decisions")]
pub(crate) struct FromDiffArgs {
    /// Rename instead of dropping and adding: `table.old=table.new` for a column, `old=new` for a table
    #[arg(long, value_name = "OLD=NEW")]
    pub(crate) rename: Vec<String>,
    /// Fill a NOT NULL column in existing rows: `table.column=expression`
    #[arg(long, value_name = "COLUMN=EXPR")]
    pub(crate) fill: Vec<String>,
    /// Permit a loss: `drop-table` or `drop-column`; `drop-table=table` or `drop-column=table.column` if it might instead
    /// have been renamed
    #[arg(long, value_name = "HAZARD")]
    pub(crate) allow: Vec<String>,
    /// Show on stdout what would be written, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) build: BuildArgs,
}

impl FromDiffArgs {
    /// Whether any of them is there.
    pub(crate) fn any(&self) -> bool {
        let decides = !(self.rename.is_empty() && self.fill.is_empty() && self.allow.is_empty());
        self.dry_run || decides || self.build != BuildArgs::default()
    }
}

#[derive(Debug, Args)]
pub(crate) struct LockArgs {
    /// Seal up to and including this migration: a number, a name, or a version from a header [default: all]
    #[arg(long, value_name = "TARGET")]
    pub(crate) to: Option<String>,
    /// Accept a sealed migration as it is now: edited, renamed or deleted; seal nothing else
    #[arg(long, value_name = "NAME", conflicts_with = "to")]
    pub(crate) accept: Vec<String>,
    /// Show on stdout what would be written, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) build: BuildArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RenumberArgs {
    /// The git revision with the migrations of others [default: the main branch]
    #[arg(long, value_name = "REV")]
    pub(crate) onto: Option<String>,
    /// Show what would be done, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SnapshotArgs {
    /// The last migration that it stands for: a number, a name, or a version from a header [default: the newest]
    #[arg(long, value_name = "TARGET")]
    pub(crate) to: Option<String>,
    /// Delete the snapshot and its seal: new databases then run the migrations one by one
    #[arg(long, conflicts_with = "to")]
    pub(crate) remove: bool,
    /// Show what would be done, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SquashArgs {
    /// The name of the new migration, without its number [default: `squashed_001_to_040`]
    #[arg(requires = "through")]
    pub(crate) name: Option<String>,
    /// The last migration that it replaces: a number, a name, or a version from a header
    #[arg(long, value_name = "TARGET", required_unless_present_any = ["undo", "prune"])]
    pub(crate) through: Option<String>,
    /// Undo the squash, as long as it is not sealed
    #[arg(long, conflicts_with_all = ["through", "prune"])]
    pub(crate) undo: bool,
    /// Delete the files that a sealed squash replaces: a database that has only some of them is refused from then on
    #[arg(long, conflicts_with = "through")]
    pub(crate) prune: bool,
    /// The last version of the program that has those files [default: that of the package]
    #[arg(long, value_name = "VERSION", requires = "prune")]
    pub(crate) last: Option<String>,
    /// Show what would be done, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Report only on these migrations: numbers, names, or versions from a header [default: all]
    pub(crate) names: Vec<String>,
    /// Stop after this migration
    #[arg(long, value_name = "TARGET", conflicts_with = "names")]
    pub(crate) to: Option<String>,
    /// Migrate every version from this one on to the newest in one go [default: the ten before the newest]
    #[arg(long, value_name = "TARGET")]
    pub(crate) from: Option<String>,
    /// Migrate every version to the newest in one go
    #[arg(long, conflicts_with = "from")]
    pub(crate) deep: bool,
    #[command(flatten)]
    pub(crate) files: FilesArgs,
}

#[cfg(test)]
mod tests;
