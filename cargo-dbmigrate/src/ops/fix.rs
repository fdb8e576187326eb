//! `check --fix`: puts right what takes no decision. A file gets the name that it must have; a migration whose every
//! statement says how to undo it gets its down script, once that is proved.

mod dirty;

use dbmigrate_core::{Body, Down, Fix, MigrationSet, SourceMigration, SourceText};
use dbmigrate_schema::{Claim, Decisions, IncrementalReplay, Program, Schema, undo};

use crate::error::CliError;
use crate::ops::project::Project;
use crate::ops::{create, edit};

/// Any number will do, if it stays the same.
const SEED: u64 = 1;

/// Something that is done to the files. Paths are relative to the package, with `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// A file gets another name.
    Rename { from: String, to: String },
    /// A migration gets its down script.
    Down { of: String, file: String, text: String },
}

impl Change {
    /// The file that has to be safe in the hands of git before.
    fn touches(&self) -> &str {
        match self {
            Self::Rename { from, .. } => from,
            Self::Down { of, .. } => of,
        }
    }
}

/// The names that can be put right.
pub(crate) fn names(project: &Project) -> Vec<Change> {
    let fixes = project.load().diagnostics.into_iter().filter_map(|diagnostic| diagnostic.fix);
    fixes
        .map(|fix| match *fix {
            Fix::Rename { from, to } => Change::Rename { from, to },
        })
        .collect()
}

/// The down scripts that can be written: none while anything else is wrong with the set.
pub(crate) fn down_scripts(
    project: &Project,
    program: Option<&dyn Program>,
    wanted: impl Fn(&SourceMigration) -> bool,
) -> Vec<Change> {
    let loaded = project.load();
    if loaded.has_errors() || !project.config.reversible {
        return Vec::new();
    }
    let set = &loaded.set;
    let Ok(mut grown) = IncrementalReplay::new(set, program) else { return Vec::new() };
    let mut changes = Vec::new();
    for migration in &set.migrations {
        let draft = if wanted(migration) { draft(set, migration) } else { None };
        // The proof begins where the migrations before it end.
        let start = draft.is_some().then(|| grown.copy()).transpose();
        let (Ok(start), Ok(after)) = (start, grown.next(migration)) else { break };
        changes.extend(start.zip(draft).and_then(|(start, draft)| proved(start, migration, draft, &after, program)));
    }
    changes
}

/// The down script of a migration as it would be written: the file and its text.
fn draft(set: &MigrationSet, migration: &SourceMigration) -> Option<(String, String)> {
    let Body::Sql { up, down: Down::Missing } = &migration.body else { return None };
    let file = format!("{}/{}.down.sql", set.config.dir, migration.name());
    Some((file, create::header_of_down(&migration.file) + &undo(up)?))
}

fn proved(
    start: IncrementalReplay<'_>,
    migration: &SourceMigration,
    (file, text): (String, String),
    target: &Schema,
    program: Option<&dyn Program>,
) -> Option<Change> {
    let Body::Sql { up, .. } = &migration.body else { return None };
    let claim = Claim {
        set: &start.set().clone(),
        up: SourceText::clone(&up.source),
        down: Some(SourceText::new(&file, &text)),
        target,
        decisions: &Decisions::default(),
        program,
    };
    start.prove(&claim, SEED).ok()?;
    Some(Change::Down { of: migration.file.clone(), file, text })
}

/// Does it. Without `allow_dirty`, files with changes that git does not have yet are not touched, and nothing is done;
/// but for what was done `before`.
pub(crate) fn apply(
    project: &Project,
    changes: &[Change],
    before: &[Change],
    allow_dirty: bool,
) -> Result<(), CliError> {
    if changes.is_empty() {
        return Ok(());
    }
    let is_ours = |file: &str| before.iter().any(|change| matches!(change, Change::Rename { to, .. } if to == file));
    let touched: Vec<&str> = changes.iter().map(Change::touches).filter(|file| !is_ours(file)).collect();
    if !allow_dirty && !touched.is_empty() {
        dirty::refuse(&project.root, &touched)?;
    }
    let lock = create::lock(project)?;
    for change in changes {
        match change {
            Change::Rename { from, to } => rename(project, from, to)?,
            Change::Down { file, text, .. } => edit::create(&project.root.join(file), text)
                .map_err(|error| CliError::failure(format!("could not write `{file}`: {error}")))?,
        }
    }
    drop(lock);
    Ok(())
}

fn rename(project: &Project, from: &str, to: &str) -> Result<(), CliError> {
    edit::rename(&project.root.join(from), &project.root.join(to))
        .map_err(|error| CliError::failure(format!("could not rename `{from}` to `{to}`: {error}")))
}
