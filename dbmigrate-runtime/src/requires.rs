//! `requires`: what has to be applied before a migration, in its own set or in another one of the same database.

use std::collections::HashSet;

use crate::compare::{Found, KnownHistory};
use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::excerpt::Place;
use crate::histories::{self, title};
use crate::history::History;
use crate::parts::needed;
use crate::set::{Migration, Placed, Set};
use crate::verify::Problem;

/// What looks for the migrations that others require.
#[derive(Clone, Copy)]
pub(crate) struct RequirementsPart {
    pub(crate) refuse_unmet: fn(&mut Db<'_>, &Set<'_>, &Found<'_>, &[Placed<'_, '_>]) -> Result<(), Error>,
    pub(crate) refuse_unmet_elsewhere: fn(&mut Db<'_>, &History<'_>, &Migration<'_>) -> Result<(), Error>,
}

impl RequirementsPart {
    pub(crate) const LINKED: Self = Self { refuse_unmet, refuse_unmet_elsewhere };

    /// That of a set in which something requires others.
    #[inline]
    pub(crate) fn of(set: &Set<'_>) -> Result<Self, Error> {
        needed(set.parts.requirements, "looks for required migrations")
    }
}

/// A requirement in another set: its name, and the migration's.
#[inline]
pub(crate) fn elsewhere(required: &str) -> Option<(&str, &str)> {
    required.split_once('/')
}

/// Refuses migrations that require one which is neither applied nor run before them.
#[inline]
fn refuse_unmet(db: &mut Db<'_>, set: &Set<'_>, found: &Found<'_>, pending: &[Placed<'_, '_>]) -> Result<(), Error> {
    let history = History::new(set);
    let mut met = match found {
        Found::History(known) => applied(set, known),
        Found::Fresh | Found::Objects | Found::Beside => HashSet::new(),
    };
    for (_, migration) in pending {
        for required in migration.requires {
            let is_met = match elsewhere(required) {
                None => met.contains(&(set.name, *required)),
                Some((other, name)) => histories::has_applied(db, &history, other, name)?,
            };
            if !is_met {
                return Err(unmet(migration, required));
            }
        }
        met.insert((set.name, migration.name));
    }
    Ok(())
}

/// The applied migrations of a set, with its name.
#[inline]
fn applied<'s>(set: &Set<'s>, known: &KnownHistory<'s>) -> HashSet<(&'s str, &'s str)> {
    known.applied().map(|migration| (set.name, migration.name)).collect()
}

/// What applied migrations require and the database has no more, as when that was forgotten.
#[inline]
pub(crate) fn unmet_by_applied(
    db: &mut Db<'_>,
    set: &Set<'_>,
    known: &KnownHistory<'_>,
) -> Result<Vec<Problem>, Error> {
    let history = History::new(set);
    let applied = applied(set, known);
    let mut problems = Vec::new();
    for migration in known.applied() {
        for required in migration.requires {
            let is_met = match elsewhere(required) {
                None => applied.contains(&(set.name, *required)),
                Some((other, name)) => histories::has_applied(db, &history, other, name)?,
            };
            if !is_met {
                problems.push(Problem::of(&unmet(migration, required), Some(migration.name)));
            }
        }
    }
    Ok(problems)
}

/// Asks again for the other sets, in the transaction of the migration: they have queues of their own.
#[inline]
pub(crate) fn refuse_unmet_elsewhere(
    db: &mut Db<'_>,
    history: &History<'_>,
    migration: &Migration<'_>,
) -> Result<(), Error> {
    for required in migration.requires {
        if let Some((other, name)) = elsewhere(required) {
            if !histories::has_applied(db, history, other, name)? {
                return Err(unmet(migration, required));
            }
        }
    }
    Ok(())
}

#[inline]
pub(crate) fn unmet(migration: &Migration<'_>, required: &str) -> Error {
    let (what, help) = match elsewhere(required) {
        None => (
            format!("`{required}`"),
            format!("apply `{required}` first; to see which are applied: `cargo dbmigrate status`"),
        ),
        Some((other, name)) => {
            let other = title(other);
            (
                format!("`{name}` of {other}"),
                format!(
                    "apply {other} first, on the same database: `up` of its migrator, or `Together` for all of them in \
                     one order"
                ),
            )
        }
    };
    let message = format!("`{}` requires {what}, which is not applied", migration.name);
    Error::new(ErrorKind::Requirement, message).at(Place { file: migration.file, line: None, column: None }).hint(help)
}
