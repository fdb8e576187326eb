//! Repeatables: the state of each, which of them have to run, and how the objects in their way are dropped.
//!
//! A migration may remove what a repeatable made (a rebuild drops the triggers of its table). So each migration clears
//! the records, and all repeatables run after it. If no migration runs, only new and changed repeatables do. If an
//! object of a repeatable is in the way of a migration, the runner drops all of these objects and tries again.

use std::time::Duration;

use crate::db::{Db, failed};
use crate::dependent;
use crate::error::{Error, ErrorKind};
use crate::excerpt::Place;
use crate::messages::is_registered;
use crate::options::Options;
use crate::packed::{Reader, unpack};
use crate::parts::needed;
use crate::quote::identifier;
use crate::records::{Recorded, Records};
use crate::set::{Object, ObjectKind, Repeatable, Set};
use crate::value::{into_text, text};

/// A repeatable, as the program and the database have it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepeatableEntry {
    /// The name of its file without the extension.
    pub name: String,
    /// Its file, relative to the package; `None` if the program does not have it.
    pub file: Option<String>,
    /// The state.
    pub state: RepeatableState,
    /// When it was last run: `YYYY-MM-DD HH:MM:SS`, UTC.
    pub applied_at: Option<String>,
}

/// The state of a repeatable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepeatableState {
    /// Its current text was run.
    Applied,
    /// It was not run, or not since the last migration: `up` runs it.
    Pending,
    /// A different text was run: `up` runs it again.
    Changed,
    /// It was run, but the program does not have it. The objects that it made stay.
    Missing,
}

impl RepeatableState {
    /// Whether `up` would run it.
    #[must_use]
    #[inline]
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Pending | Self::Changed)
    }
}

/// Those of the set, then those that only the database knows.
#[inline]
pub(crate) fn entries(set: &Set<'_>, records: &Recorded) -> Vec<RepeatableEntry> {
    let mut entries = Vec::with_capacity(set.repeatables.len());
    for repeatable in set.repeatables {
        entries.push(RepeatableEntry {
            name: repeatable.name.to_owned(),
            file: Some(repeatable.script.file.to_owned()),
            state: state(repeatable, records),
            applied_at: records.get(repeatable.name).map(|record| record.applied_at.clone()),
        });
    }
    entries.extend(records.others(set).into_iter().map(|(name, record)| RepeatableEntry {
        name: name.clone(),
        file: None,
        state: RepeatableState::Missing,
        applied_at: Some(record.applied_at.clone()),
    }));
    entries
}

/// Those that have to run although no migration does.
#[inline]
fn due<'s>(set: &Set<'s>, records: &Recorded) -> Vec<&'s Repeatable<'s>> {
    set.repeatables.iter().filter(|repeatable| state(repeatable, records).is_pending()).collect()
}

/// What runs them, and keeps their records.
#[derive(Clone, Copy)]
pub(crate) struct RepeatablesPart {
    pub(crate) drop_objects: fn(&mut Db<'_>, &Records<'_>, &Repeatable<'_>) -> Result<(), Error>,
    pub(crate) ask_views: fn(&mut Db<'_>, &Repeatable<'_>) -> Result<(), Error>,
    pub(crate) due: for<'s> fn(&Set<'s>, &Recorded) -> Vec<&'s Repeatable<'s>>,
    pub(crate) culprit: dependent::CulpritFn,
    pub(crate) read: fn(&mut Db<'_>, &Records<'_>) -> Result<Option<Recorded>, Error>,
    pub(crate) create: fn(&mut Db<'_>, &Records<'_>) -> Result<(), Error>,
    pub(crate) write: fn(&mut Db<'_>, &Records<'_>, &Options, &Repeatable<'_>, Duration) -> Result<(), Error>,
    pub(crate) clear_others: fn(&mut Db<'_>, &Records<'_>) -> Result<(), Error>,
    pub(crate) unpack: fn(&mut Reader) -> &'static [Repeatable<'static>],
}

impl RepeatablesPart {
    pub(crate) const LINKED: Self = Self {
        drop_objects,
        ask_views,
        due,
        culprit: dependent::culprit,
        read: |db, records| records.read(db),
        create: |db, records| records.create(db),
        write: |db, records, options, repeatable, took| records.write(db, options, repeatable, took),
        clear_others: |db, records| records.clear_others(db),
        unpack: unpack::repeatables,
    };

    /// That of a set that has any.
    #[inline]
    pub(crate) fn of(set: &Set<'_>) -> Result<Self, Error> {
        needed(set.parts.repeatables, "recreates views and triggers")
    }
}

/// Takes away what a repeatable made when it was run before.
#[inline]
fn drop_objects(db: &mut Db<'_>, records: &Records<'_>, repeatable: &Repeatable<'_>) -> Result<(), Error> {
    for object in repeatable.objects {
        match object.kind {
            ObjectKind::View => refuse_loss(db, records, repeatable, object.name)?,
            ObjectKind::Trigger => refuse_other(db, records, repeatable, object)?,
        }
        let kind = word(object.kind).to_ascii_uppercase();
        db.execute(format_args!("DROP {kind} IF EXISTS main.{}", identifier(object.name)))?;
    }
    Ok(())
}

/// Asks the views of a repeatable, once all of them are made, as one may read another: SQLite looks into one only then.
#[inline]
fn ask_views(db: &mut Db<'_>, repeatable: &Repeatable<'_>) -> Result<(), Error> {
    for view in repeatable.objects.iter().filter(|object| object.kind == ObjectKind::View) {
        let sql = format!("SELECT * FROM main.{} LIMIT 0", identifier(view.name));
        match db.patiently(|session| session.query(&sql, &[])) {
            Err(error) if !is_registered(&error.message) => {
                let what = format!("`{}`: the view `{}` can't be read", repeatable.script.file, view.name);
                return Err(failed(&what, error).at(Place::line(repeatable.script.file, 1)));
            }
            // Another program registers what this one does not have.
            _ => {}
        }
    }
    Ok(())
}

/// A view takes its triggers with it: all of them have to be those that the file makes, or made when it was run before.
#[inline]
fn refuse_loss(db: &mut Db<'_>, records: &Records<'_>, repeatable: &Repeatable<'_>, view: &str) -> Result<(), Error> {
    let sql = "SELECT t.name FROM main.sqlite_master AS v JOIN main.sqlite_master AS t \
               ON t.type = 'trigger' AND t.tbl_name = v.name COLLATE NOCASE \
               WHERE v.type = 'view' AND v.name = ?1 COLLATE NOCASE";
    let triggers = db.query("could not read the schema", sql, &[text(view)])?;
    let is_made = |name: &str| triggers_of(repeatable).any(|made| made.eq_ignore_ascii_case(name));
    let mut others: Vec<String> = triggers.into_iter().flatten().filter_map(into_text).collect();
    others.retain(|name| !is_made(name));
    if others.is_empty() {
        return Ok(());
    }
    let before = records.triggers(db, repeatable)?;
    let was_made = |name: &String| before.iter().any(|made| made.eq_ignore_ascii_case(name));
    let Some(lost) = others.iter().find(|name| !was_made(name)) else { return Ok(()) };
    let message = format!("the view `{view}` has a trigger `{lost}`, which this file does not create");
    Err(Error::new(ErrorKind::Set, message)
        .note("recreating a view drops its triggers")
        .hint("to keep the trigger: put its `CREATE TRIGGER` into this file")
        .hint(format_args!(
            "to drop it: put `DROP TRIGGER IF EXISTS {};` into a migration: `cargo dbmigrate create NAME`",
            identifier(lost)
        )))
}

/// A trigger of that name on another table is somebody else's, unless the file made it before.
#[inline]
fn refuse_other(
    db: &mut Db<'_>,
    records: &Records<'_>,
    repeatable: &Repeatable<'_>,
    made: &Object<'_>,
) -> Result<(), Error> {
    let trigger = made.name;
    let sql = "SELECT tbl_name FROM main.sqlite_master WHERE type = 'trigger' AND name = ?1 COLLATE NOCASE";
    let Some(table) = db.find("could not read the schema", sql, &[text(trigger)])?.and_then(into_text) else {
        return Ok(());
    };
    if made.table.is_some_and(|made| made.eq_ignore_ascii_case(&table)) {
        return Ok(());
    }
    if records.triggers(db, repeatable)?.iter().any(|made| made.eq_ignore_ascii_case(trigger)) {
        return Ok(());
    }
    let message = format!(
        "there is a trigger `{trigger}` on `{table}`, and this file creates one of that name on something else"
    );
    Err(Error::new(ErrorKind::Set, message).hint("give the one in this file another name").hint(format_args!(
        "to drop the other one: put `DROP TRIGGER {};` into a migration: `cargo dbmigrate create NAME`",
        identifier(trigger)
    )))
}

/// The names of the triggers that a repeatable makes.
#[inline]
pub(crate) fn triggers_of<'s>(repeatable: &Repeatable<'s>) -> impl Iterator<Item = &'s str> {
    let triggers = repeatable.objects.iter().filter(|object| object.kind == ObjectKind::Trigger);
    triggers.map(|object| object.name)
}

/// What an object is, as SQLite says it.
#[inline]
pub(crate) fn word(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::View => "view",
        ObjectKind::Trigger => "trigger",
    }
}

#[inline]
fn state(repeatable: &Repeatable<'_>, records: &Recorded) -> RepeatableState {
    match records.get(repeatable.name) {
        None => RepeatableState::Pending,
        Some(record) if record.checksum == repeatable.checksum => RepeatableState::Applied,
        Some(_) => RepeatableState::Changed,
    }
}
