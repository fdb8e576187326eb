//! Repeatables: how each stands, which have to run, and how room is made for what they make.
//!
//! A migration may take away what a repeatable made (a rebuild drops the triggers of its table), so each one that runs
//! clears the records, and all repeatables run after it. Without migrations only those run that are new or changed.

use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::history::{into_text, text};
use crate::quote::identifier;
use crate::records::{Record, Records};
use crate::set::{ObjectKind, Repeatable, Set};

/// A repeatable, as the program and the database have it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepeatableEntry {
    /// The name of its file without its ending.
    pub name: String,
    /// Its file, relative to the package; `None` where the program has none.
    pub file: Option<String>,
    /// How it stands.
    pub state: RepeatableState,
    /// When it was run last: `YYYY-MM-DD HH:MM:SS`, UTC.
    pub applied_at: Option<String>,
}

/// How a repeatable stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepeatableState {
    /// It was run as it is.
    Applied,
    /// It was not run, or not since the last migration: `up` runs it.
    Pending,
    /// It was run with another text: `up` runs it again.
    Changed,
    /// It was run, but the program does not have it. What it made stays.
    Missing,
}

impl RepeatableState {
    /// Whether `up` would run it.
    #[must_use]
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Pending | Self::Changed)
    }
}

/// Those of the set, then those that only the database knows.
pub(crate) fn entries(set: &Set<'_>, records: &[Record]) -> Vec<RepeatableEntry> {
    let own = set.repeatables.iter().map(|repeatable| {
        let record = record_of(repeatable, records);
        RepeatableEntry {
            name: repeatable.name.to_owned(),
            file: Some(repeatable.script.file.to_owned()),
            state: state(repeatable, record),
            applied_at: record.map(|record| record.applied_at.clone()),
        }
    });
    let is_known = |record: &&Record| set.repeatables.iter().any(|repeatable| repeatable.name == record.name);
    let gone = records.iter().filter(|record| !is_known(record)).map(|record| RepeatableEntry {
        name: record.name.clone(),
        file: None,
        state: RepeatableState::Missing,
        applied_at: Some(record.applied_at.clone()),
    });
    own.chain(gone).collect()
}

/// Whether all of the set were run as they are.
pub(crate) fn are_done(set: &Set<'_>, records: &[Record]) -> bool {
    set.repeatables.iter().all(|repeatable| is_done(repeatable, records))
}

/// Those that have to run although no migration does.
pub(crate) fn due<'s>(set: &'s Set<'s>, records: &[Record]) -> Vec<&'s Repeatable<'s>> {
    set.repeatables.iter().filter(|repeatable| !is_done(repeatable, records)).collect()
}

/// Takes away what a repeatable made when it was run before.
pub(crate) fn drop_objects(db: &mut Db<'_>, records: &Records<'_>, repeatable: &Repeatable<'_>) -> Result<(), Error> {
    for object in repeatable.objects {
        if object.kind == ObjectKind::View {
            refuse_loss(db, records, repeatable, object.name)?;
        }
        let kind = word(object.kind).to_ascii_uppercase();
        db.execute(&format!("DROP {kind} IF EXISTS main.{}", identifier(object.name)))?;
    }
    Ok(())
}

/// A view takes its triggers with it: all of them have to be those that the file makes, or made when it was run before.
fn refuse_loss(db: &mut Db<'_>, records: &Records<'_>, repeatable: &Repeatable<'_>, view: &str) -> Result<(), Error> {
    let sql = "SELECT t.name FROM main.sqlite_master AS v JOIN main.sqlite_master AS t \
               ON t.type = 'trigger' AND t.tbl_name = v.name COLLATE NOCASE \
               WHERE v.type = 'view' AND v.name = ?1 COLLATE NOCASE";
    let triggers = db.query("could not read the schema", sql, &[text(view)])?;
    let is_made = |name: &str| triggers_of(repeatable).any(|made| made.eq_ignore_ascii_case(name));
    let mut others = triggers.into_iter().flatten().filter_map(into_text).filter(|name| !is_made(name)).peekable();
    if others.peek().is_none() {
        return Ok(());
    }
    let before = records.triggers(db, repeatable)?;
    let Some(lost) = others.find(|name| !before.iter().any(|made| made.eq_ignore_ascii_case(name))) else {
        return Ok(());
    };
    let message = format!("the view `{view}` has a trigger `{lost}`, which this file does not make");
    Err(Error::new(ErrorKind::Set, message)
        .note("to make a view anew is to drop it, and its triggers go with it")
        .hint("to keep the trigger: put its `CREATE TRIGGER` into this file")
        .hint(format!(
            "to have it dropped: put `DROP TRIGGER IF EXISTS {};` into a migration: `cargo dbmigrate create NAME`",
            identifier(&lost)
        )))
}

/// The names of the triggers that a repeatable makes.
pub(crate) fn triggers_of<'s>(repeatable: &Repeatable<'s>) -> impl Iterator<Item = &'s str> {
    let triggers = repeatable.objects.iter().filter(|object| object.kind == ObjectKind::Trigger);
    triggers.map(|object| object.name)
}

/// What an object is, as SQLite says it.
pub(crate) fn word(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::View => "view",
        ObjectKind::Trigger => "trigger",
    }
}

fn is_done(repeatable: &Repeatable<'_>, records: &[Record]) -> bool {
    state(repeatable, record_of(repeatable, records)) == RepeatableState::Applied
}

fn state(repeatable: &Repeatable<'_>, record: Option<&Record>) -> RepeatableState {
    match record {
        None => RepeatableState::Pending,
        Some(record) if record.checksum == repeatable.checksum => RepeatableState::Applied,
        Some(_) => RepeatableState::Changed,
    }
}

fn record_of<'r>(repeatable: &Repeatable<'_>, records: &'r [Record]) -> Option<&'r Record> {
    records.iter().find(|record| record.name == repeatable.name)
}
