//! What a `DROP TABLE` with foreign keys on would take along: it deletes every row first.

use crate::db::Db;
use crate::elsewhere;
use crate::error::{Error, ErrorKind};
use crate::foreign_keys::{self, Choice, ForeignKey, REFERRING, is_referenced};
use crate::quote::identifier;
use crate::replaced;
use crate::script::{self, Stop, at};
use crate::set::{Effect, Script, Statement, Step};
use crate::value::{Param, Value};
use crate::violations;

/// What looks at a table of a statement before it is dropped. The steps are those that follow in the same transaction:
/// for the rows of tables that they drop at once nobody has use any more.
pub(crate) type LookFn = fn(&mut Db<'_>, (&Script<'_>, &Statement<'_>, &str), &[Step<'_>], Choice) -> Result<(), Stop>;

#[inline]
pub(crate) fn look(
    db: &mut Db<'_>,
    (script, statement, table): (&Script<'_>, &Statement<'_>, &str),
    rest: &[Step<'_>],
    choice: Choice,
) -> Result<(), Stop> {
    elsewhere::refuse_drop(db, script, statement, table)?;
    if !choice.enforced {
        return Ok(());
    }
    if !choice.explicit {
        return if takes_along(db, table, &drops(rest))? { Err(Stop::NeedsOff) } else { Ok(()) };
    }
    if is_referenced(db, table)? {
        refuse_references(db, table).map_err(|error| at(error, script, statement))?;
    }
    Ok(())
}

/// The tables that the first of these steps drop, one after the other.
#[inline]
fn drops<'s>(steps: &[Step<'s>]) -> Vec<&'s str> {
    let drops = steps.iter().map_while(|step| match step {
        Step::Sql(Statement { effect: Effect::DropTable(table), .. }) => Some(*table),
        _ => None,
    });
    drops.collect()
}

/// Whether a table is [referenced](is_referenced) by more than those that are dropped right after it. One of its own
/// counts: `RESTRICT` would forbid the drop. So does one of those with triggers, as what a cascade does to its rows
/// fires them.
#[inline]
fn takes_along(db: &mut Db<'_>, table: &str, along: &[&str]) -> Result<bool, Error> {
    let is_referenced = is_referenced(db, table)?;
    if !is_referenced || along.is_empty() {
        return Ok(is_referenced);
    }
    let sql = format!("SELECT DISTINCT m.name FROM {REFERRING}");
    for child in db.texts("could not read the foreign keys", sql, &[Param::Text(table)])? {
        if !along.iter().any(|gone| gone.eq_ignore_ascii_case(&child)) {
            return Ok(true);
        }
    }
    // A cascade goes on to the rows that refer to those of a child.
    for gone in along {
        if cascade_may_fire_triggers(db, gone)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a cascade may reach rows of a table, by a foreign key of its own, and so fire triggers on it.
#[inline]
fn cascade_may_fire_triggers(db: &mut Db<'_>, table: &str) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM (SELECT type, tbl_name FROM main.sqlite_master UNION ALL \
               SELECT type, tbl_name FROM temp.sqlite_master) WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE \
               AND EXISTS (SELECT 1 FROM pragma_foreign_key_list(?1, 'main'))";
    db.has_row("could not read the schema", sql, &[Param::Text(table)])
}

/// With foreign keys on by the file's own word, a drop must not take rows of other tables with it. What a table that
/// refers to itself takes of its own is gone anyhow, unless triggers tell others of it.
#[inline]
fn refuse_references(db: &mut Db<'_>, table: &str) -> Result<(), Error> {
    for key in foreign_keys::all(db)? {
        let is_own = key.child.eq_ignore_ascii_case(table);
        if !key.parent.eq_ignore_ascii_case(table) || is_own && !cascade_may_fire_triggers(db, table)? {
            continue;
        }
        let count = references(db, &key)?;
        if count > 0 {
            let rows = if count == 1 { "row" } else { "rows" };
            let message = format!(
                "dropping `{table}` with foreign keys on would delete or change {count} {rows} of `{}` that refer to it",
                key.child
            );
            return Err(Error::new(ErrorKind::ForeignKey, message)
                .hint("remove `-- dbmigrate: foreign-keys on`, so that they are kept"));
        }
    }
    Ok(())
}

/// Runs a `DROP` of anything but a table of the main database, with foreign keys on, and fails if rows of other tables
/// went with a table of an attached database. SQLite counts what a foreign key action deletes or changes in
/// `total_changes()`, but not in `changes()`.
#[inline]
pub(crate) fn refuse_taken(
    db: &mut Db<'_>,
    (script, statement, _): (&Script<'_>, &Statement<'_>, &str),
    run: &mut dyn FnMut(&mut Db<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let what = "could not count rows";
    let takes_own = takes_only_own(db, script::sql_of(script.file, script, statement)?)?;
    let before = db.value(what, "SELECT total_changes()")?;
    run(db)?;
    match (before, db.value(what, "SELECT total_changes() - changes()")?) {
        (Some(Value::Integer(before)), Some(Value::Integer(after))) if after > before && !takes_own => {
            let message =
                "dropping this with foreign keys on would delete or change rows of other tables that refer to it";
            Err(at(Error::new(ErrorKind::ForeignKey, message), script, statement)
                .hint("write `-- dbmigrate: foreign-keys off` at the top, so that they are kept"))
        }
        _ => Ok(()),
    }
}

/// Whether only rows of a table itself can refer to its rows, and no trigger would notice when these go. Which table a
/// statement drops is in its plan.
#[inline]
fn takes_only_own(db: &mut Db<'_>, sql: &str) -> Result<bool, Error> {
    let dropped = db.plan(sql).iter_mut().find_map(|row| match row {
        [_, Value::Text(what), Value::Integer(place), _, _, Value::Text(table), ..] if what == "DropTable" => {
            Some((*place, std::mem::take(table)))
        }
        _ => None,
    });
    let Some((place, table)) = dropped else { return Ok(false) };
    let what = "could not read the foreign keys";
    let schema = "SELECT name FROM pragma_database_list WHERE seq = ?1";
    let Some(Value::Text(schema)) = db.find(what, schema, &[Param::Integer(place)])? else { return Ok(false) };
    let is_noticed_by_the_program = db
        .rows_beside()
        .any(|row| matches!(row, [Value::Integer(-1), _, Value::Text(on)] if script::is_same(on, &table)));
    let sql = format!(
        "SELECT 1 FROM {schema}.sqlite_master WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE UNION ALL \
         SELECT 1 FROM {schema}.sqlite_master AS m, pragma_foreign_key_list(m.name, ?2) AS f \
         WHERE m.type = 'table' AND f.\"table\" = ?1 COLLATE NOCASE AND m.name <> ?1 COLLATE NOCASE",
        schema = identifier(&schema)
    );
    Ok(!is_noticed_by_the_program && !db.has_row(what, sql, &[Param::Text(&table), Param::Text(&schema)])?)
}

/// What runs a statement that changes the rows of a table.
pub(crate) type AroundFn = fn(
    &mut Db<'_>,
    (&Script<'_>, &Statement<'_>, &str),
    &mut dyn FnMut(&mut Db<'_>) -> Result<(), Error>,
) -> Result<(), Error>;

/// Runs one where foreign keys are off for another script's sake, and refuses to leave out what a key would have done
/// by itself: to a key that comes back children would belong as another row's. Of a key that only checks, it is refused
/// that rows refer to nothing after the statement. Without a table it may be an `INSERT`, which takes rows away where a
/// constraint replaces them.
#[inline]
pub(crate) fn refuse_uncascaded(
    db: &mut Db<'_>,
    (script, statement, table): (&Script<'_>, &Statement<'_>, &str),
    run: &mut dyn FnMut(&mut Db<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let sql = script::sql_of(script.file, script, statement)?;
    let tables = if table.is_empty() { replaced(db, sql)? } else { vec![table.to_owned()] };
    let mut referenced = Vec::new();
    for table in tables {
        if is_referenced(db, &table)? {
            referenced.push(table);
        }
    }
    if referenced.is_empty() {
        return run(db);
    }
    let refuse = |message: &str| {
        let message = format!("another file in the same transaction needs foreign keys off, and here {message}");
        at(Error::new(ErrorKind::ForeignKey, message), script, statement)
            .hint("use `transaction = \"each\"` in `[package.metadata.migrations]`")
            .hint("or, if no cascade is intended, write `-- dbmigrate: foreign-keys off` at the top")
    };
    // A guess from the words, on the safe side.
    let may_replace = table.is_empty() || script::mentions(sql, "replace", false);
    let may_update = !script::begins(sql, "DELETE");
    let mut followed = Vec::new();
    for key in foreign_keys::all(db)? {
        let acts = may_update && key.acts_on_update || may_replace && key.acts_on_delete;
        if acts && referenced.iter().any(|it| it.eq_ignore_ascii_case(&key.parent)) && references(db, &key)? > 0 {
            followed.push((parents(db, &key)?, key));
        }
    }
    let before = violations::watch(db)?;
    run(db)?;
    let inserted = db.value("could not count rows", "SELECT changes()")?;
    for (keys, key) in followed {
        let now = parents(db, &key)?;
        let is_gone = |key: &String| now.binary_search(key).is_err();
        let is_longer = inserted == Some(Value::Integer(now.len() as i64 - keys.len() as i64));
        let is_replaced = may_replace && key.acts_on_delete && !(table.is_empty() && is_longer);
        if is_replaced || keys.iter().any(is_gone) {
            return Err(refuse(&format!(
                "rows of `{}` are deleted or get another key, and rows of `{}` refer to them",
                key.parent, key.child
            )));
        }
    }
    before.refuse_growth(db, false).map_err(|error| refuse(&error.message()))
}

/// The tables that an `INSERT` may take rows of.
#[inline]
fn replaced(db: &mut Db<'_>, sql: &str) -> Result<Vec<String>, Error> {
    if !replaced::may_insert(sql) {
        return Ok(Vec::new());
    }
    let plan = std::mem::take(db.plan(sql));
    replaced::tables(db, &plan)
}

/// The keys that there are to refer to, sorted.
#[inline]
fn parents(db: &mut Db<'_>, key: &ForeignKey) -> Result<Vec<String>, Error> {
    let columns: Vec<String> = key.referenced.iter().map(|column| format!("quote({})", identifier(column))).collect();
    let sql = format!("SELECT {} FROM main.{} ORDER BY 1", columns.join(" || ',' || "), identifier(&key.parent));
    db.texts("could not read the keys of a table", &sql, &[])
}

/// How many rows of the child refer to a parent by this key.
#[inline]
fn references(db: &mut Db<'_>, key: &ForeignKey) -> Result<i64, Error> {
    let columns: Vec<String> = key.columns.iter().map(|column| format!("{} IS NOT NULL", identifier(column))).collect();
    let sql = format!("SELECT count(*) FROM main.{} WHERE {}", identifier(&key.child), columns.join(" AND "));
    match db.value("could not count rows", &sql)? {
        Some(Value::Integer(count)) => Ok(count),
        _ => Ok(0),
    }
}
