//! The other sets of a database, as far as a migrator was told of them: what they have applied is part of the schema, and
//! may be what holds a migration back.

use crate::compare::{Found, look};
use crate::db::Db;
use crate::error::Error;
use crate::histories::{self, title};
use crate::history::History;
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
            "the database also holds {}, whose history is `{table}`, and what that makes is unknown (declare it with \
             `beside` of the migrator)",
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
