//! Databases: filled, copied, asked, and changed by a plan as the runner would do it.

use std::sync::Arc;
use std::time::Duration;

use dbmigrate_core::{Script, SourceText, Step};
use dbmigrate_schema::{Plan, ReadOptions, Schema, fill};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::cell::Cell;
use crate::die::Die;
use crate::model::{Column, Model, Table};
use crate::sql::quoted;

pub(crate) fn new(statements: &[String]) -> Result<Connection, String> {
    let connection = Connection::open_in_memory().expect("memory");
    run(&connection, "PRAGMA foreign_keys = OFF")?;
    statements.iter().try_for_each(|sql| run(&connection, sql))?;
    Ok(connection)
}

pub(crate) fn run(connection: &Connection, sql: &str) -> Result<(), String> {
    connection.execute_batch(sql).map_err(|error| format!("{error}: {sql}"))
}

pub(crate) fn copy(connection: &Connection) -> Connection {
    let mut copy = Connection::open_in_memory().expect("memory");
    let backup = rusqlite::backup::Backup::new(connection, &mut copy).expect("backup");
    backup.run_to_completion(i32::MAX, Duration::ZERO, None).expect("backup");
    drop(backup);
    run(&copy, "PRAGMA foreign_keys = OFF").expect("foreign keys");
    copy
}

pub(crate) fn ask(connection: &Connection, sql: &str) -> Result<Vec<Vec<Cell>>, String> {
    let error = |error: rusqlite::Error| format!("{error}: {sql}");
    let mut statement = connection.prepare(sql).map_err(error)?;
    let columns = statement.column_count();
    let rows = statement
        .query_map([], |row| (0..columns).map(|at| Ok(Cell::from(row.get_ref(at)?))).collect())
        .map_err(error)?;
    rows.collect::<rusqlite::Result<_>>().map_err(error)
}

/// Violations of foreign keys; none where SQLite can't look for them.
pub(crate) fn violations(connection: &Connection) -> Option<usize> {
    Some(ask(connection, "SELECT 1 FROM pragma_foreign_key_check").ok()?.len())
}

/// Puts rows into every table.
pub(crate) fn put_rows(connection: &Connection, model: &Model, die: &mut Die) -> Result<(), String> {
    if die.one_in(2) {
        let schema = Schema::read(connection, &ReadOptions::default()).map_err(|error| format!("{error:?}"))?;
        fill(connection, &schema, die.seed()).map_err(|error| format!("{error:?}"))?;
    } else {
        for table in &model.tables {
            let count = die.below(6);
            for at in 0..count {
                insert(connection, model, table, at, die);
            }
            if table.key.as_ref().is_some_and(|key| key.autoincrement) {
                let sql = format!("DELETE FROM {0} WHERE rowid = (SELECT max(rowid) FROM {0})", quoted(&table.name));
                // A trigger may refuse.
                let _ = connection.execute_batch(&sql);
            }
        }
        if !die.one_in(8) {
            take_orphans_away(connection, model);
        }
    }
    index_text(connection, model)
}

/// Puts rows into tables, and returns the statements that did.
pub(crate) fn row_statements(connection: &Connection, model: &Model, die: &mut Die) -> Vec<String> {
    let mut statements = Vec::new();
    for table in &model.tables {
        for at in 0..die.below(6) {
            statements.extend(insert(connection, model, table, at, die));
        }
        if table.key.as_ref().is_some_and(|key| key.autoincrement) {
            let sql = format!("DELETE FROM {0} WHERE rowid = (SELECT max(rowid) FROM {0})", quoted(&table.name));
            statements.extend(connection.execute_batch(&sql).is_ok().then_some(sql));
        }
    }
    // By their rowids, as a migration would not ask for them.
    for _ in 0..6 {
        let sql = "SELECT \"table\", rowid FROM pragma_foreign_key_check GROUP BY 1, 2";
        for orphan in ask(connection, sql).unwrap_or_default() {
            let Some(Cell::Text(table)) = orphan.first() else { continue };
            let found = model.tables.iter().find(|it| it.name.as_bytes() == table.as_slice());
            let Some(table) = found else { continue };
            let name = quoted(&table.name);
            let sql = match (
                orphan.get(1),
                table.alias().map(|alias| quoted(&alias.name)).or(table.rowid().map(str::to_owned)),
            ) {
                (Some(Cell::Integer(id)), Some(rowid)) => format!("DELETE FROM {name} WHERE {rowid} = {id}"),
                _ => format!("DELETE FROM {name}"),
            };
            statements.extend(connection.execute_batch(&sql).is_ok().then_some(sql));
        }
    }
    for search in model.searches.iter().filter(|search| search.content.is_some()) {
        let name = quoted(&search.name);
        let sql = format!("INSERT INTO {name} ({name}) VALUES ('rebuild')");
        statements.extend(connection.execute_batch(&sql).is_ok().then_some(sql));
    }
    statements
}

/// A row of small values that differ, mostly; what SQLite refuses is no row. The statement, if it is one.
fn insert(connection: &Connection, model: &Model, table: &Table, at: usize, die: &mut Die) -> Option<String> {
    let (mut names, mut values) = (Vec::new(), Vec::new());
    if let (Some(rowid), None) = (table.rowid(), table.alias()) {
        names.push(rowid.to_owned());
        values.push((at * at + 1).to_string());
    }
    for column in table.columns.iter().filter(|column| column.generated.is_none()) {
        if !column.default.is_empty() && die.one_in(4) {
            continue;
        }
        let referring = table.references.iter().find(|reference| reference.columns.contains(&column.id));
        let parent = referring.and_then(|reference| {
            let parent = model.table(reference.parent)?;
            let place = reference.columns.iter().position(|id| *id == column.id)?;
            let key = parent.key.iter().flat_map(|key| &key.columns).map(|(id, ..)| *id).nth(place);
            let id = reference.parent_columns.get(place).copied().or(key)?;
            Some((parent, parent.column(id)?))
        });
        names.push(quoted(&column.name));
        values.push(match parent {
            Some((parent, key)) if !die.one_in(5) => {
                let (name, of) = (quoted(&key.name), quoted(&parent.name));
                format!("(SELECT {name} FROM {of} ORDER BY 1 LIMIT 1 OFFSET {})", die.below(2))
            }
            _ => value(column, at, die),
        });
    }
    let sql =
        format!("INSERT OR IGNORE INTO {} ({}) VALUES ({})", quoted(&table.name), names.join(", "), values.join(", "));
    connection.execute_batch(&sql).is_ok().then_some(sql)
}

fn value(column: &Column, at: usize, die: &mut Die) -> String {
    let odd = ["NULL", "''", "'007'", "x'00ff'", "1.5", "-7", "'Größe'", "9223372036854775807", "' 5 '", "'x;y'"];
    if die.one_in(6) {
        return die.pick(&odd).to_owned();
    }
    let number = at * 10 + column.id as usize % 10;
    match column.kind {
        "TEXT" | "VARCHAR(10, 2)" => format!("'w{number}'"),
        "REAL" => format!("{number}.25"),
        "BLOB" => format!("x'0{}'", at % 10),
        _ => number.to_string(),
    }
}

fn take_orphans_away(connection: &Connection, model: &Model) {
    for _ in 0..6 {
        for table in &model.tables {
            let (name, own) = (quoted(&table.name), table.name.replace('\'', "''"));
            let orphans = format!("SELECT rowid FROM pragma_foreign_key_check('{own}')");
            let sql = match (table.rowid(), table.alias()) {
                (_, Some(alias)) => format!("DELETE FROM {name} WHERE {} IN ({orphans})", quoted(&alias.name)),
                (Some(rowid), None) => format!("DELETE FROM {name} WHERE {rowid} IN ({orphans})"),
                _ => format!("DELETE FROM {name} WHERE EXISTS ({orphans})"),
            };
            let _ = connection.execute_batch(&sql);
        }
    }
}

/// Makes the full-text tables hold what their tables hold.
pub(crate) fn index_text(connection: &Connection, model: &Model) -> Result<(), String> {
    for search in model.searches.iter().filter(|search| search.content.is_some()) {
        let name = quoted(&search.name);
        run(connection, &format!("INSERT INTO {name} ({name}) VALUES ('rebuild')"))?;
    }
    Ok(())
}

/// Takes every other row away, or all.
pub(crate) fn thin_out(connection: &Connection, model: &Model, all: bool) -> Result<(), String> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).expect("triggers");
    for table in &model.tables {
        let (name, rowid) = (quoted(&table.name), table.alias().map(|alias| quoted(&alias.name)));
        let some = match rowid.or(table.rowid().map(str::to_owned)).filter(|_| !all) {
            Some(rowid) => {
                format!(
                    "{rowid} IN (SELECT id FROM (SELECT {rowid} AS id, row_number() OVER () AS place FROM {name}) WHERE place % 2)"
                )
            }
            None => "1".to_owned(),
        };
        run(connection, &format!("DELETE FROM {name} WHERE {some}"))?;
    }
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, true).expect("triggers");
    index_text(connection, model)
}

/// Why a plan was not carried out.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// An assertion does not hold.
    Assertion(String),
    /// A row does not fit.
    Row(String),
    Other(String),
}

/// Runs a plan as the runner runs its file: foreign keys settled outside, assertions first, all in one transaction.
pub(crate) fn apply(connection: &Connection, plan: &Plan) -> Result<(), Refusal> {
    let source = Arc::new(SourceText::new("migrations/001_a.sql", &plan.to_sql()));
    let mut diagnostics = Vec::new();
    let script = dbmigrate_core::script::parse(&source, &mut diagnostics).up;
    if !diagnostics.is_empty() || script.foreign_keys != plan.foreign_keys_off.then_some(false) {
        return Err(Refusal::Other(format!("it is read as something else: {diagnostics:?}")));
    }
    let before = violations(connection);
    let setting = if plan.foreign_keys_off { "OFF" } else { "ON" };
    let plain = |result: Result<(), String>| result.map_err(Refusal::Other);
    plain(run(connection, &format!("PRAGMA foreign_keys = {setting}; BEGIN IMMEDIATE")))?;
    let mut result = attempt(connection, &script);
    if let (Ok(()), Some(before), Some(after)) = (&result, before, violations(connection))
        && after > before
    {
        result = Err(Refusal::Row(format!("{after} violations of foreign keys after {before}")));
    }
    if result.is_ok() {
        result = connection.execute_batch("COMMIT").map_err(|error| refusal(&error, "COMMIT"));
    }
    if result.is_err() && !connection.is_autocommit() {
        plain(run(connection, "ROLLBACK"))?;
    }
    plain(run(connection, "PRAGMA foreign_keys = OFF"))?;
    result
}

fn attempt(connection: &Connection, script: &Script) -> Result<(), Refusal> {
    for assert in &script.asserts {
        let assert = script.source.slice(assert.span);
        let holds = connection.query_row(assert, [], |row| row.get::<_, bool>(0));
        if !holds.map_err(|error| Refusal::Other(format!("{error}: {assert}")))? {
            return Err(Refusal::Assertion(assert.to_owned()));
        }
    }
    for step in &script.steps {
        let Step::Sql(statement) = step else { return Err(Refusal::Other("it calls Rust".to_owned())) };
        let sql = script.source.slice(statement.span);
        connection.execute_batch(sql).map_err(|error| refusal(&error, sql))?;
    }
    Ok(())
}

fn refusal(error: &rusqlite::Error, sql: &str) -> Refusal {
    let text = format!("{error}: {sql}");
    let about_rows = [rusqlite::ErrorCode::ConstraintViolation, rusqlite::ErrorCode::TypeMismatch];
    let constraint = error.sqlite_error_code().is_some_and(|code| about_rows.contains(&code));
    if constraint || error.to_string().starts_with("CHECK constraint failed") {
        Refusal::Row(text)
    } else {
        Refusal::Other(text)
    }
}
