//! The commands on a database: which one it is, which copies of it are kept, and how far to go.

use std::path::PathBuf;

use clap::Args;

use super::{CanaryArgs, FailureArgs, FilesArgs, FleetArgs};

#[derive(Debug, Default, Args)]
pub(crate) struct DatabaseArgs {
    /// The database file [default: DATABASE_URL, then `database` in the manifest]
    #[arg(long, value_name = "FILE")]
    pub(crate) database: Option<PathBuf>,
    /// How long to wait for a lock of another connection [default: 30]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) busy_timeout: Option<u64>,
    #[command(flatten)]
    pub(crate) build: BuildArgs,
}

/// Passed on to cargo where the package's own runner has to be built.
#[derive(Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Runner")]
pub(crate) struct BuildArgs {
    /// Features of the package, for its runner
    #[arg(long, value_name = "FEATURES")]
    pub(crate) features: Vec<String>,
    /// Build profile of the runner
    #[arg(long, value_name = "PROFILE-NAME")]
    pub(crate) profile: Option<String>,
    /// Build target of the runner
    #[arg(long, value_name = "TRIPLE")]
    pub(crate) target: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Exit with 1 if anything is not applied
    #[arg(long)]
    pub(crate) check: bool,
    /// First roll back what a crashed writer left unfinished; apart from that, `status` writes nothing
    #[arg(long)]
    pub(crate) recover: bool,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    #[command(flatten)]
    pub(crate) fleet: FleetArgs,
    #[command(flatten)]
    pub(crate) files: FilesArgs,
}

#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// Stop after this migration: a number, a name, or a version from a header
    #[arg(long, value_name = "TARGET")]
    pub(crate) to: Option<String>,
    /// Start at the first migration, although the database has objects and no history
    #[arg(long)]
    pub(crate) existing: bool,
    /// Run on a copy and report what happened there; the database stays as it is
    #[arg(long, conflicts_with_all = ["backup", "no_backup"])]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) copy: CopyArgs,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    #[command(flatten)]
    pub(crate) fleet: FleetArgs,
    #[command(flatten)]
    pub(crate) failures: FailureArgs,
    #[command(flatten)]
    pub(crate) canary: CanaryArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DownArgs {
    /// Roll back this migration, which must be the newest applied one
    #[arg(conflicts_with_all = ["to", "count", "all"])]
    pub(crate) name: Option<String>,
    /// Roll back everything after this migration
    #[arg(long, value_name = "TARGET", conflicts_with_all = ["count", "all"])]
    pub(crate) to: Option<String>,
    /// Roll back this many migrations
    #[arg(long, value_name = "N", conflicts_with = "all")]
    pub(crate) count: Option<u64>,
    /// Roll back everything
    #[arg(long)]
    pub(crate) all: bool,
    /// Run on a copy and report what happened there; the database stays as it is
    #[arg(long, conflicts_with_all = ["backup", "no_backup"])]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) copy: CopyArgs,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    #[command(flatten)]
    pub(crate) fleet: FleetArgs,
    #[command(flatten)]
    pub(crate) failures: FailureArgs,
    #[command(flatten)]
    pub(crate) canary: CanaryArgs,
}

/// How many copies of the database are kept, and where.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct KeepArgs {
    /// How many copies to keep, besides the oldest of a version [default: `backup.keep` in the manifest, then 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) backup_keep: Option<u32>,
    /// The folder of the copies [default: `backup.dir` in the manifest, then that of the database]
    #[arg(long, value_name = "DIR")]
    pub(crate) backup_dir: Option<PathBuf>,
}

/// Whether a copy of the database is kept first.
#[derive(Debug, Default, Args)]
pub(crate) struct CopyArgs {
    /// Make a copy of the database first in any case [default: before something is removed]
    #[arg(long, conflicts_with = "no_backup")]
    pub(crate) backup: bool,
    /// Make no copy, even before something is removed
    #[arg(long)]
    pub(crate) no_backup: bool,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
}

impl CopyArgs {
    /// For a command whose copies are not for the manifest to refuse.
    pub(crate) fn in_any_case(keep: &KeepArgs) -> Self {
        Self { backup: true, no_backup: false, keep: keep.clone() }
    }
}

#[derive(Debug, Args)]
pub(crate) struct RedoArgs {
    #[command(flatten)]
    pub(crate) copy: CopyArgs,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The file to create [default: one named after time and version, in the folder of the copies]
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    #[command(flatten)]
    pub(crate) fleet: FleetArgs,
    #[command(flatten)]
    pub(crate) failures: FailureArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The copy to restore; without it, the copies are listed
    pub(crate) from: Option<PathBuf>,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Replace a file that is no longer a valid database
    #[arg(long)]
    pub(crate) force: bool,
    /// The folder of the copies [default: `backup.dir` in the manifest, then that of the database]
    #[arg(long, value_name = "DIR")]
    pub(crate) backup_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ResetArgs {
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

#[derive(Debug, Args)]
pub(crate) struct MarkArgs {
    /// Record these migrations: numbers, names, or versions from a header [default: all that are pending]
    #[arg(conflicts_with = "to")]
    pub(crate) names: Vec<String>,
    /// Record all that are pending, up to and including this migration
    #[arg(long, value_name = "TARGET")]
    pub(crate) to: Option<String>,
    /// Record them although the schema differs or cannot be compared
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ForgetArgs {
    /// The migration: a number, a name, or a version from a header
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RepairArgs {
    /// Resolve this migration: its current text and name count as the ones that were applied
    #[arg(conflicts_with = "all")]
    pub(crate) name: Option<String>,
    /// Resolve everything that can be resolved
    #[arg(long)]
    pub(crate) all: bool,
    /// The step in which it was interrupted has not run: the next `up` or `down` runs it again
    #[arg(long, conflicts_with = "done")]
    pub(crate) retry: bool,
    /// The step in which it was interrupted has run: continue after it
    #[arg(long)]
    pub(crate) done: bool,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}
