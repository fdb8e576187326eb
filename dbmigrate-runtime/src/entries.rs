//! Where a database stands, as the history and the program together say it.

use crate::compare::{Found, KnownHistory, Match, look};
use crate::db::Db;
use crate::error::Error;
use crate::options::Options;
use crate::records::Recorded;
use crate::repeatable;
use crate::session::Session;
use crate::set::{Down, Set};
use crate::status::{Entry, State, Status};
use crate::{notes, squash};

/// The state of every migration.
#[inline]
pub(crate) fn status(session: &mut dyn Session, set: &Set<'_>, options: &Options) -> Result<Status, Error> {
    squash::with(session, set, options, |session, set| status_of(session, set, options))
}

#[inline]
fn status_of(session: &mut dyn Session, set: &Set<'_>, options: &Options) -> Result<Status, Error> {
    let set = &set.with_all_parts();
    let mut db = Db::new(session, options);
    let mut repeatables = repeatable::entries(set, Recorded::NONE);
    let (known, notes) = match look(&mut db, set)? {
        Found::History(known) => {
            repeatables = repeatable::entries(set, known.records());
            let notes = notes::read(&mut db, set, &known)?;
            (known, notes)
        }
        Found::Fresh | Found::Objects | Found::Beside => (KnownHistory::nothing(set), Vec::new()),
    };
    let mut notes = notes.into_iter();
    let entries = known.matches.iter().map(|matched| entry(set, matched, notes.next().unwrap_or_default()));
    let mut entries: Vec<Entry> = entries.collect();
    squash::explain(set, known.is_recognised, &mut entries);
    Ok(Status { entries, repeatables, old: known.old_history() })
}

#[inline]
fn entry(set: &Set<'_>, matched: &Match<'_>, notes: Vec<&str>) -> Entry {
    let Match { number, index, migration, row, state, .. } = matched;
    let (number, state) = (*number, state.clone());
    let own = |text: Option<&str>| text.map(str::to_owned);
    let metadata = migration.map(|migration| migration.metadata);
    let differs = !matches!(state, State::Applied | State::Pending | State::Late);
    let reversible = match migration {
        Some(migration) if !differs => matches!(migration.down, Down::Script(_)),
        _ => row.as_ref().is_some_and(|row| row.has_down),
    };
    let (name, applied_at, duration, steps) = match row {
        Some(row) => (row.name.as_str(), Some(&row.applied_at), row.duration, row.step_times()),
        None => ("", None, None, Vec::new()),
    };
    Entry {
        number,
        name: migration.map_or(name, |migration| migration.name).to_owned(),
        file: migration.map(|migration| migration.file.to_owned()).filter(|file| !file.is_empty()),
        applied_at: applied_at.filter(|at| state.is_applied() && !at.is_empty()).cloned(),
        duration,
        steps,
        title: own(metadata.and_then(|metadata| metadata.title)),
        date: own(metadata.and_then(|metadata| metadata.date)),
        description: own(metadata.and_then(|metadata| metadata.description)),
        version: own(metadata.and_then(|metadata| metadata.version)),
        reversible,
        sealed: index.is_some_and(|index| index < set.sealed),
        notes: notes.into_iter().map(str::to_owned).collect(),
        state,
    }
}
