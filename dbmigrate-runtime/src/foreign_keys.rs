//! Whether a script runs with foreign keys enforced.
//!
//! `DROP TABLE` deletes every row first, so that with enforcement on the rows of child tables go with it. The choice
//! is made from what the database has, under the lock. What came of running without enforcement is for
//! [`violations`](crate::violations) to say.

use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::excerpt::Place;
use crate::guard::Settings;
use crate::parts::needed;
use crate::script::mentions;
use crate::set::{Effect, ForeignKeys, Script};
use crate::value::{Param, Value};
use crate::{drops, violations};

/// How a script runs.
#[derive(Clone, Copy)]
pub(crate) struct Choice {
    /// With foreign keys enforced.
    pub(crate) enforced: bool,
    /// The script says so itself.
    pub(crate) explicit: bool,
    /// It would be enforced, but for another script that shares its transaction.
    pub(crate) for_others: bool,
}

impl Choice {
    /// Of the runner, for the script's own sake.
    fn of(enforced: bool) -> Self {
        Self { enforced, explicit: false, for_others: false }
    }
}

/// The part of the runner for scripts that drop tables or run without enforcement.
#[derive(Clone, Copy)]
pub(crate) struct ForeignKeysPart {
    choose: fn(&mut Db<'_>, &Script<'_>, bool) -> Result<Choice, Error>,
    /// Looks at a table before it is dropped.
    pub(crate) before_drop: drops::LookFn,
    /// Changes the rows of a table without the cascades that would follow.
    pub(crate) around_write: drops::AroundFn,
    /// Drops a table of an attached database.
    pub(crate) around_drop: drops::AroundFn,
    /// Remembers which rows refer to nothing.
    pub(crate) watch: fn(&mut Db<'_>) -> Result<Box<dyn Watch>, Error>,
    /// Refuses all that refer to nothing.
    pub(crate) refuse_any: fn(&mut Db<'_>) -> Result<(), Error>,
}

impl ForeignKeysPart {
    pub(crate) const LINKED: Self = Self {
        choose: choose_for_drops,
        before_drop: drops::look,
        around_write: drops::refuse_uncascaded,
        around_drop: drops::refuse_taken,
        watch: violations::watch,
        refuse_any: violations::refuse_any,
    };
}

/// The rows of a moment that refer to nothing.
pub(crate) trait Watch {
    /// Refuses more of them; with `keys`, also more foreign keys that refer to no key. With enforcement on SQLite takes these,
    /// however the migration is run.
    fn refuse_growth(&self, db: &mut Db<'_>, keys: bool) -> Result<(), Error>;
}

/// Chooses for a script. That it `needs_off` is known from an attempt: it drops a table to which it has let another refer.
pub(crate) fn choose(
    db: &mut Db<'_>,
    settings: &Settings,
    rule: ForeignKeys,
    script: &Script<'_>,
    needs_off: bool,
    part: Option<ForeignKeysPart>,
) -> Result<Choice, Error> {
    if let Some(enforced) = script.foreign_keys {
        return Ok(Choice { enforced, explicit: true, for_others: false });
    }
    let off = Choice::of(false);
    if script.has_code() {
        return Ok(off);
    }
    let enforced = match rule {
        ForeignKeys::On => true,
        ForeignKeys::Off => false,
        ForeignKeys::Connection => settings.foreign_keys(),
    };
    if !enforced {
        return Ok(off);
    }
    if dropped(script).next().is_none() {
        return Ok(Choice::of(true));
    }
    (needed(part, "drops tables")?.choose)(db, script, needs_off)
}

/// Chooses for a script that drops tables, where they would be enforced.
#[inline]
fn choose_for_drops(db: &mut Db<'_>, script: &Script<'_>, needs_off: bool) -> Result<Choice, Error> {
    let first = dropped(script).find_map(|table| is_referenced(db, table).map(|is| is.then_some(table)).transpose());
    let referenced = match first {
        None if !needs_off => return Ok(Choice::of(true)),
        found => found.transpose()?,
    };
    match written(db, script)? {
        None => Ok(Choice::of(false)),
        // The reference may be gone by the time of the drop, which looks again.
        Some(_) if script.transaction && !needs_off => Ok(Choice::of(true)),
        Some((table, start)) => {
            // Nothing may refer yet to one that it drops.
            let own = dropped(script).next();
            Err(both(script, referenced.or(own).unwrap_or(table), table, start))
        }
    }
}

/// The tables that a script drops.
fn dropped<'a>(script: &Script<'a>) -> impl Iterator<Item = &'a str> {
    script.statements().filter_map(|statement| match statement.effect {
        Effect::DropTable(table) => Some(table),
        _ => None,
    })
}

/// The first referenced table whose rows a script changes, so that it may count on cascades.
#[inline]
fn written<'a>(db: &mut Db<'_>, script: &Script<'a>) -> Result<Option<(&'a str, usize)>, Error> {
    for statement in script.statements() {
        if let Effect::Write(table) = statement.effect {
            if is_referenced(db, table)? {
                return Ok(Some((table, statement.start as usize)));
            }
        }
    }
    Ok(None)
}

#[inline]
fn both(script: &Script<'_>, dropped: &str, table: &str, start: usize) -> Error {
    let message = format!(
        "this file drops `{dropped}`, which other tables reference, and also writes to `{table}`: foreign keys must \
         be off for the one and on for the other"
    );
    Error::new(ErrorKind::ForeignKey, message)
        .at(Place::of(script.file, script.text, start))
        .hint("split it into two files")
        .hint("or, if no cascade is intended, write `-- dbmigrate: foreign-keys off` at the top")
}

/// The foreign keys that refer to the table `?1`, one of its own included, and the tables `m` that have them.
///
/// A foreign key has the word and the name in the text of its table, where quotes in the name may be doubled; asking only
/// such tables is much faster in a big schema. (`LIKE` would depend on a setting of the connection.)
pub(crate) const REFERRING: &str = "main.sqlite_master AS m, pragma_foreign_key_list(m.name, 'main') AS f \
     WHERE m.type = 'table' AND instr(lower(m.sql), 'references') \
     AND (instr(lower(m.sql), lower(?1)) OR ?1 GLOB '*[\"''`]*') AND f.\"table\" = ?1 COLLATE NOCASE";

/// Whether a table is there and a foreign key refers to it, one of its own included.
#[inline]
pub(crate) fn is_referenced(db: &mut Db<'_>, table: &str) -> Result<bool, Error> {
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = ?1 COLLATE NOCASE) \
         AND EXISTS (SELECT 1 FROM {REFERRING})"
    );
    let answer = db.find("could not read the foreign keys", sql, &[Param::Text(table)])?;
    Ok(answer == Some(Value::Integer(1)))
}

/// A foreign key, as far as rows of a child can hang on it.
pub(crate) struct ForeignKey {
    pub(crate) child: String,
    pub(crate) parent: String,
    /// Child columns, in order.
    pub(crate) columns: Vec<String>,
    /// Those of the parent.
    pub(crate) referenced: Vec<String>,
    /// Whether more follows an update of the parent's key than a check.
    pub(crate) acts_on_update: bool,
    /// Whether more follows where the parent goes.
    pub(crate) acts_on_delete: bool,
}

/// All foreign keys of the database.
#[inline]
pub(crate) fn all(db: &mut Db<'_>) -> Result<Vec<ForeignKey>, Error> {
    let sql = "SELECT m.name, f.id, f.\"table\", f.\"from\", coalesce(f.\"to\", (SELECT p.name FROM \
               pragma_table_info(f.\"table\", 'main') AS p WHERE p.pk = f.seq + 1), ''), \
               f.on_update <> 'NO ACTION', f.on_delete <> 'NO ACTION' FROM main.sqlite_master AS m, \
               pragma_foreign_key_list(m.name, 'main') AS f WHERE m.type = 'table' ORDER BY m.rowid, f.id, f.seq";
    let mut keys: Vec<ForeignKey> = Vec::new();
    let mut last = None;
    for row in db.query("could not read the foreign keys", sql, &[])? {
        let Ok(
            [
                Value::Text(child),
                Value::Integer(id),
                Value::Text(parent),
                Value::Text(column),
                Value::Text(referenced),
                update,
                delete,
            ],
        ) = <[Value; 7]>::try_from(row)
        else {
            continue;
        };
        let this = Some((child.clone(), id));
        match keys.last_mut() {
            Some(key) if last == this => {
                key.columns.push(column);
                key.referenced.push(referenced);
            }
            _ => {
                let [acts_on_update, acts_on_delete] = [update, delete].map(|it| it == Value::Integer(1));
                let (columns, referenced) = (vec![column], vec![referenced]);
                keys.push(ForeignKey { child, parent, columns, referenced, acts_on_update, acts_on_delete });
            }
        }
        last = this;
    }
    Ok(keys)
}

/// Whether a script may put the check of a foreign key off until the commit. A guess from its words, on the safe side:
/// it only costs a look.
pub(crate) fn mentions_deferring(script: &Script<'_>) -> bool {
    mentions(script.text, "defer", false)
}
