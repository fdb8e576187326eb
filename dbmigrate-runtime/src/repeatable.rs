//! Repeatables: how each stands, which have to run, and how room is made for what they make.
//!
//! A migration may take away what a repeatable made (a rebuild drops the triggers of its table), so each one that runs
//! clears the records, and all repeatables run after it. Without migrations only those run that are new or changed.
//! Where what a repeatable made is in the way of a migration, the runner takes all of it away and tries again.

use crate::db::Db;
use crate::error::Error;
use crate::quote::identifier;
use crate::records::Record;
use crate::set::{ObjectKind, Repeatable, Set};
use crate::value::Value;

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
pub(crate) fn due<'s>(db: &mut Db<'_>, set: &'s Set<'s>, records: &[Record]) -> Result<Vec<&'s Repeatable<'s>>, Error> {
    let mut due: Vec<&Repeatable<'_>> = Vec::new();
    for repeatable in set.repeatables {
        if !is_done(repeatable, records) || loses_trigger(db, repeatable, &due)? {
            due.push(repeatable);
        }
    }
    Ok(due)
}

/// Whether it makes a trigger on a view that one of these makes anew: the old view takes its triggers with it.
fn loses_trigger(db: &mut Db<'_>, repeatable: &Repeatable<'_>, due: &[&Repeatable<'_>]) -> Result<bool, Error> {
    let sql = "SELECT tbl_name FROM main.sqlite_master WHERE type = 'trigger' AND name = ?1 COLLATE NOCASE";
    for object in repeatable.objects.iter().filter(|object| object.kind == ObjectKind::Trigger && !due.is_empty()) {
        let rows = db.query("could not read the schema", sql, &[Value::Text(object.name.to_owned())])?;
        let Some(Value::Text(of)) = rows.first().and_then(|row| row.first()) else { continue };
        if due.iter().flat_map(|due| due.objects).any(|made| made.name.eq_ignore_ascii_case(of)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Takes away what a repeatable made when it was run before.
pub(crate) fn drop_objects(db: &mut Db<'_>, repeatable: &Repeatable<'_>) -> Result<(), Error> {
    for object in repeatable.objects {
        let kind = word(object.kind).to_ascii_uppercase();
        db.execute(&format!("DROP {kind} IF EXISTS main.{}", identifier(object.name)))?;
    }
    Ok(())
}

/// Adds what helps where an object of a repeatable is in the way of a statement.
pub(crate) fn explain(set: &Set<'_>, error: Error) -> Error {
    match in_the_way(set, &error.message()) {
        Some(help) => error.hint(help),
        None => error,
    }
}

/// What helps where SQLite stops at an object of a repeatable: it reads all of them again when a table is renamed.
pub(crate) fn in_the_way(set: &Set<'_>, message: &str) -> Option<String> {
    set.repeatables.iter().find_map(|repeatable| {
        let object = repeatable.objects.iter().find(|object| {
            // SQLite goes on with `:`, or with when it was.
            let start = format!("error in {} {}", word(object.kind), object.name);
            message.split_once(&start).is_some_and(|(_, rest)| rest.starts_with([':', ' ']))
        })?;
        Some(format!(
            "`{}` makes that {kind}, and is run again after the migrations: put `DROP {} IF EXISTS {};` before the \
             statement",
            repeatable.script.file,
            word(object.kind).to_ascii_uppercase(),
            identifier(object.name),
            kind = word(object.kind),
        ))
    })
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
