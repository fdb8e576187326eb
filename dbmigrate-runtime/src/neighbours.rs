//! The other sets of a database, as far as a migrator was told of them: what they have applied is part of the schema, and
//! may be what holds a migration back.

use crate::compare::{Found, look};
use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::histories::{self, title};
use crate::history::History;
use crate::requires::elsewhere;
use crate::set::{Migration, Set};

/// Why nobody can say what a database should look like: it holds a set that the migrator does not know.
#[inline]
pub(crate) fn unknown(db: &mut Db<'_>, set: &Set<'_>, beside: &[&Set<'_>]) -> Result<Option<String>, Error> {
    let there = histories::sets(db, &History::new(set), set.name)?;
    let is_known = |name: &str, table: &str| {
        beside.iter().any(|other| other.name == name && other.table.eq_ignore_ascii_case(table))
    };
    Ok(there.into_iter().find(|(name, table)| !is_known(name, table)).map(|(name, table)| {
        format!(
            "the database also holds {}, whose history is `{table}`, and nobody said what that makes (`beside` of the \
             migrator does)",
            title(&name)
        )
    }))
}

/// The migrations of another set that the database has.
#[inline]
pub(crate) fn applied<'s>(db: &mut Db<'_>, set: &'s Set<'s>) -> Result<Vec<Migration<'s>>, Error> {
    Ok(match look(db, set)? {
        Found::History(known) => {
            known.refuse_unclear()?;
            known.applied().copied().collect()
        }
        Found::Fresh | Found::Objects | Found::Beside => Vec::new(),
    })
}

/// What would be undone of a migration.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undo {
    /// What it made.
    Schema,
    /// That it is recorded.
    Record,
}

/// Refuses to undo what another set has built upon.
#[inline]
pub(crate) fn refuse_needed(
    db: &mut Db<'_>,
    set: &Set<'_>,
    beside: &[&Set<'_>],
    is_target: &dyn Fn(&str) -> bool,
    undo: Undo,
) -> Result<(), Error> {
    let goes = |required: &str| elsewhere(required).is_some_and(|(of, name)| of == set.name && is_target(name));
    for other in beside.iter().filter(|it| it.migrations.iter().any(|it| it.requires.iter().any(|name| goes(name)))) {
        let Found::History(known) = look(db, other)? else { continue };
        for migration in known.applied() {
            let Some(required) = migration.requires.iter().find(|name| goes(name)) else { continue };
            let name = elsewhere(required).map_or(*required, |(_, name)| name);
            let of = if other.name.is_empty() { String::new() } else { format!(" --set {}", other.name) };
            let by = migration.name;
            let (undone, help) = match undo {
                Undo::Schema => ("rolled back", format!("roll that back first: `cargo dbmigrate down{of}`")),
                Undo::Record => ("forgotten", format!("forget that first: `cargo dbmigrate forget {by}{of}`")),
            };
            let message =
                format!("`{name}` can't be {undone} before `{by}` of {}, which requires it", title(other.name));
            return Err(Error::new(ErrorKind::OutOfOrder, message).hint(help));
        }
    }
    Ok(())
}
