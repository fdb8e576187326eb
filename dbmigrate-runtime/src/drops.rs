//! What a `DROP TABLE` with foreign keys on would take along: it deletes every row first.

use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::foreign_keys::{self, Choice, ForeignKey, is_referenced};
use crate::quote::identifier;
use crate::script::{Stop, at};
use crate::set::{Effect, Script, Statement, Step};
use crate::value::{Param, Value};

/// What looks at a table of a statement before it is dropped. The steps are those that follow in the same transaction:
/// for the rows of tables that they drop at once nobody has use any more.
pub(crate) type Look = fn(&mut Db<'_>, (&Script<'_>, &Statement<'_>, &str), &[Step<'_>], Choice) -> Result<(), Stop>;

#[inline]
pub(crate) fn look(
    db: &mut Db<'_>,
    (script, statement, table): (&Script<'_>, &Statement<'_>, &str),
    rest: &[Step<'_>],
    choice: Choice,
) -> Result<(), Stop> {
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
/// counts: `RESTRICT` would forbid the drop.
#[inline]
fn takes_along(db: &mut Db<'_>, table: &str, along: &[&str]) -> Result<bool, Error> {
    let is_referenced = is_referenced(db, table)?;
    if !is_referenced || along.is_empty() {
        return Ok(is_referenced);
    }
    let sql = "SELECT DISTINCT m.name FROM main.sqlite_master AS m, pragma_foreign_key_list(m.name, 'main') AS f \
               WHERE m.type = 'table' AND instr(lower(m.sql), 'references') AND f.\"table\" = ?1 COLLATE NOCASE";
    let children = db.query("could not read the foreign keys", sql, &[Param::Text(table)])?;
    let goes = |name: &str| along.iter().any(|gone| gone.eq_ignore_ascii_case(name));
    Ok(children.iter().any(|row| !matches!(row, [Value::Text(name)] if goes(name))))
}

/// With foreign keys on by the file's own word, a drop must not take rows of other tables with it.
#[inline]
fn refuse_references(db: &mut Db<'_>, table: &str) -> Result<(), Error> {
    for key in foreign_keys::all(db)? {
        let hangs = key.parent.eq_ignore_ascii_case(table) && !key.child.eq_ignore_ascii_case(table);
        if !hangs {
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
                .hint("take `-- dbmigrate: foreign-keys on` out, so that they stay as they are"));
        }
    }
    Ok(())
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
