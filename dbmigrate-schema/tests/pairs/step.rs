//! One step from a schema to another, on a database with rows, and everything that has to be true of it.
//!
//! What has to come out is made in another way: the rows are put one by one into an empty database of the other
//! schema. What that takes, a plan has to take and to keep; what that refuses, a plan has to refuse.

use dbmigrate_schema::{
    AllowedDrops, Decisions, Fill, Hazard, Name, Plan, ReadOptions, Rename, Schema, Undecided, compare, plan,
};
use rusqlite::{Connection, params_from_iter};

use crate::cell::Cell;
use crate::database::{self, Refusal, apply, ask, run, violations};
use crate::die::Die;
use crate::model::{Column, Model, Table};
use crate::sql::{quoted, sql};

/// A model with its statements and what is read from them.
pub(crate) struct Side<'a> {
    pub(crate) model: &'a Model,
    pub(crate) statements: Vec<String>,
    pub(crate) schema: Schema,
}

impl<'a> Side<'a> {
    pub(crate) fn new(model: &'a Model, die: &mut Die) -> Result<Self, String> {
        let statements = sql(model, die);
        let schema = Schema::from_sql(&format!("{};", statements.join(";\n")))
            .map_err(|error| format!("no schema: {}\n{}", error.message, statements.join(";\n")))?;
        Ok(Self { model, statements, schema })
    }
}

/// What came of a step.
pub(crate) struct Done {
    /// The database as it is now.
    pub(crate) connection: Connection,
    /// How many rows were there when it succeeded.
    pub(crate) rows: usize,
    /// Whether there was anything to do.
    pub(crate) changes: bool,
    /// How often rows were refused before.
    pub(crate) refused: usize,
}

/// What is decided by construction.
pub(crate) fn decisions(from: &Model, to: &Model, min_sqlite: (u32, u32)) -> Decisions {
    let mut decisions = Decisions {
        min_sqlite,
        allow: [Hazard::DropTable, Hazard::DropColumn].into(),
        drops: AllowedDrops::Anything,
        ..Decisions::default()
    };
    for after in &to.tables {
        let Some(before) = from.table(after.id) else { continue };
        let (old, new) = (Name::new(&before.name), Name::new(&after.name));
        if old != new {
            decisions.renames.push(Rename::Table { from: old, to: new.clone() });
        }
        for column in &after.columns {
            let own = Name::new(&column.name);
            match before.column(column.id) {
                Some(old) if Name::new(&old.name) != own => {
                    let (table, from) = (new.clone(), Name::new(&old.name));
                    decisions.renames.push(Rename::Column { table, from, to: own.clone() });
                }
                _ => {}
            }
            if wants_fill(before, after, column) {
                let (table, expression) = (new.clone(), fill(column).to_owned());
                decisions.fills.push(Fill { table, column: own, expression });
            }
        }
    }
    decisions
}

pub(crate) fn wants_fill(before: &Table, after: &Table, column: &Column) -> bool {
    if column.generated.is_some() || !after.is_never_null(column) {
        return false;
    }
    let alias = after.alias().is_some_and(|alias| alias.id == column.id);
    match before.column(column.id) {
        // A rowid is never made up for what had no value.
        Some(old) => !before.is_never_null(old) && !alias,
        None => !alias && matches!(column.default, "" | "NULL"),
    }
}

fn fill(column: &Column) -> &'static str {
    match column.kind {
        "TEXT" | "VARCHAR(10, 2)" => "'fill; ed'",
        "BLOB" => "x'f1'",
        "REAL" => "0.5 -- so",
        _ => "4711",
    }
}

/// From the one to the other. `Ok(Err(_))` is what stands between the two, where that is no fault.
pub(crate) fn step(
    connection: Connection,
    (from, to): (&Side<'_>, &Side<'_>),
    min_sqlite: (u32, u32),
) -> Result<Result<Done, String>, String> {
    let decisions = decisions(from.model, to.model, min_sqlite);
    let plan = match plan(&from.schema, &to.schema, &decisions) {
        Ok(plan) => plan,
        Err(undecided) => return unfair(&undecided).map_or_else(|fair| Ok(Err(fair)), Err),
    };
    let shown = |connection: &Connection| {
        let tables = from.model.tables.iter();
        let rows = tables.flat_map(|it| rows_of(connection, it).into_iter().map(|row| format!("{} {row:?}", it.name)));
        rows.collect::<Vec<_>>().join("\n")
    };
    let first = shown(&connection);
    let told = |why: String| format!("{why}\n--- the plan:\n{}\n--- the rows:\n{first}", plan.to_sql());
    only_what_is_known(&plan, min_sqlite).map_err(told)?;
    let mut refused = 0;
    loop {
        let rows: usize = from.model.tables.iter().map(|table| rows_of(&connection, table).len()).sum();
        let (expected, takes) = expected(&connection, from, to)?;
        let attempt = database::copy(&connection);
        match (apply(&attempt, &plan), takes) {
            (Ok(()), Ok(())) => {
                verify(&connection, &attempt, &expected, from, to).map_err(told)?;
                return Ok(Ok(Done { connection: attempt, rows, refused, changes: !plan.is_empty() }));
            }
            (Ok(()), Err(why)) => return Err(told(format!("rows are taken that do not fit: {why}"))),
            (Err(Refusal::Other(why)), _) => return Err(told(why)),
            (Err(Refusal::Assertion(why)), Ok(())) if !changes_values(&connection, &expected, from, to) => {
                return Err(told(format!("rows that fit and are not changed are refused: {why}")));
            }
            (Err(Refusal::Row(why)), Ok(())) => return Err(told(format!("rows that fit are refused: {why}"))),
            (Err(_), _) => {}
        }
        is_untouched(&connection, &attempt).map_err(told)?;
        if rows == 0 {
            return Err(told("an empty database is refused".to_owned()));
        }
        refused += 1;
        database::thin_out(&connection, from.model, refused > 3)?;
    }
}

/// What should have been planned, or why not.
fn unfair(undecided: &[Undecided]) -> Result<String, String> {
    let told = undecided.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let fair = undecided.iter().all(|open| match open {
        Undecided::Unsupported { why, .. } => {
            why.starts_with("no column is left") || why.contains("contains a line break")
        }
        _ => false,
    });
    if fair { Err(told) } else { Ok(format!("undecided: {told}")) }
}

fn only_what_is_known(plan: &Plan, min_sqlite: (u32, u32)) -> Result<(), String> {
    let new = ["ALTER COLUMN", "ADD CONSTRAINT", "ADD CHECK", "DROP CONSTRAINT"];
    for planned in plan.statements.iter().filter(|_| min_sqlite < (3, 53)) {
        let words = planned.sql.split_whitespace().map(str::to_ascii_uppercase).collect::<Vec<_>>().join(" ");
        if words.starts_with("ALTER TABLE") && new.iter().any(|new| words.contains(new)) {
            return Err(format!("too new: {}", planned.sql));
        }
    }
    Ok(())
}

fn rows_of(connection: &Connection, table: &Table) -> Vec<Vec<Cell>> {
    let rowid = table.rowid().or(table.alias().map(|_| "rowid")).unwrap_or("NULL");
    let rowid = table.alias().map_or(rowid.to_owned(), |alias| quoted(&alias.name));
    let columns: Vec<_> = table.columns.iter().map(|column| quoted(&column.name)).collect();
    ask(connection, &format!("SELECT {rowid}, {} FROM {}", columns.join(", "), quoted(&table.name))).expect("rows")
}

/// An empty database of the other schema, with all rows put into it; and the first row that it does not take.
fn expected(
    connection: &Connection,
    from: &Side<'_>,
    to: &Side<'_>,
) -> Result<(Connection, Result<(), String>), String> {
    let scratch = database::new(&to.statements)?;
    let disable = rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER;
    scratch.set_db_config(disable, false).expect("triggers");
    let mut takes = Ok(());
    for after in &to.model.tables {
        let Some(before) = from.model.table(after.id) else { continue };
        for row in rows_of(connection, before) {
            let put = put(&scratch, before, after, &row);
            takes = takes.and(put);
        }
    }
    scratch.set_db_config(disable, true).expect("triggers");
    database::index_text(&scratch, to.model)?;
    if let (Some(before), Some(after)) = (violations(connection), violations(&scratch))
        && after > before
    {
        takes = takes.and(Err(format!("{after} violations of foreign keys after {before}")));
    }
    Ok((scratch, takes))
}

/// Whether the rows of both tables have a number that nothing but itself keeps.
fn keeps_rowids(before: &Table, after: &Table) -> bool {
    after.alias().is_none() && after.rowid().is_some() && (before.rowid().is_some() || before.alias().is_some())
}

fn put(scratch: &Connection, before: &Table, after: &Table, row: &[Cell]) -> Result<(), String> {
    let (mut names, mut values) = (Vec::new(), Vec::new());
    if let (true, Some(rowid)) = (keeps_rowids(before, after), after.rowid()) {
        names.push(rowid.to_owned());
        values.push(row[0].clone());
    }
    for column in after.columns.iter().filter(|column| column.generated.is_none()) {
        let fill = || ask(scratch, &format!("SELECT {}", fill(column))).expect("a fill")[0][0].clone();
        let value = match before.columns.iter().position(|old| old.id == column.id) {
            Some(at) if row[at + 1] == Cell::Null && wants_fill(before, after, column) => fill(),
            Some(at) => row[at + 1].clone(),
            None if wants_fill(before, after, column) => fill(),
            None if after.alias().is_some_and(|alias| alias.id == column.id) => row[0].clone(),
            None => continue,
        };
        names.push(quoted(&column.name));
        values.push(value);
    }
    let places = vec!["?"; names.len()].join(", ");
    let sql = match names.as_slice() {
        [] => format!("INSERT INTO {} DEFAULT VALUES", quoted(&after.name)),
        _ => format!("INSERT OR ABORT INTO {} ({}) VALUES ({places})", quoted(&after.name), names.join(", ")),
    };
    scratch.execute(&sql, params_from_iter(values)).map(drop).map_err(|error| format!("{error}: {sql}"))
}

/// Whether a value becomes another one, or is one that its column's new type is not made for.
fn changes_values(connection: &Connection, expected: &Connection, from: &Side<'_>, to: &Side<'_>) -> bool {
    let values = |connection: &Connection, table: &Table, column: &Column| {
        let sql = format!("SELECT {} FROM {}", quoted(&column.name), quoted(&table.name));
        let mut values: Vec<Cell> = ask(connection, &sql).expect("values").into_iter().flatten().collect();
        values.sort_by_key(|value| format!("{value:?}"));
        values
    };
    to.model.tables.iter().any(|after| {
        let Some(before) = from.model.table(after.id) else { return false };
        after.columns.iter().any(|column| {
            let Some(old) = before.column(column.id) else { return false };
            let alias = after.alias().is_some_and(|alias| alias.id == column.id);
            if (old.kind, before.strict) == (column.kind, after.strict) && !alias {
                return false;
            }
            let (was, is) = (values(connection, before, old), values(expected, after, column));
            let fits = |value: &Cell| match column.kind {
                _ if *value == Cell::Null => true,
                "INTEGER" | "INT" | "UNSIGNED BIG INT" => matches!(value, Cell::Integer(_)),
                "REAL" => matches!(value, Cell::Real(_)),
                "TEXT" | "VARCHAR(10, 2)" => matches!(value, Cell::Text(_)),
                "NUMERIC" | "DATE" => matches!(value, Cell::Integer(_) | Cell::Real(_)),
                "BLOB" => !after.strict || matches!(value, Cell::Blob(_)),
                _ => true,
            };
            format!("{was:?}") != format!("{is:?}") || !was.iter().all(fits)
        })
    })
}

/// Whether two databases hold the same.
pub(crate) fn is_untouched(connection: &Connection, attempt: &Connection) -> Result<(), String> {
    let objects = "SELECT type, name, sql FROM sqlite_schema ORDER BY rowid";
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0";
    let mut questions = vec![objects.to_owned()];
    for row in ask(connection, tables)? {
        if let Cell::Text(name) = &row[0] {
            questions.push(format!("SELECT * FROM {}", quoted(&String::from_utf8_lossy(name))));
        }
    }
    for question in questions {
        if ask(connection, &question)? != ask(attempt, &question)? {
            return Err(format!("it was refused, and this is another: {question}"));
        }
    }
    Ok(())
}

/// What came out, against what has to come out.
fn verify(
    before: &Connection,
    after: &Connection,
    expected: &Connection,
    from: &Side<'_>,
    to: &Side<'_>,
) -> Result<(), String> {
    let now = Schema::read(after, &ReadOptions::default()).map_err(|error| error.to_string())?;
    let left = compare(&now, &to.schema);
    if !left.is_empty() {
        return Err(format!("still to come: {}", left.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")));
    }
    let again = plan(&now, &to.schema, &Decisions::default());
    if again != Ok(Plan::default()) {
        return Err(format!("there is something left to plan: {again:?}"));
    }
    for table in &to.model.tables {
        let old = from.model.table(table.id);
        let (own, other) = (contents(after, old, table)?, contents(expected, old, table)?);
        if own != other {
            return Err(format!("rows of {}:\n{}\nrather than\n{}", table.name, own.join("\n"), other.join("\n")));
        }
        let counts = |table: &Table| table.key.as_ref().is_some_and(|key| key.autoincrement);
        if let Some(old) = old.filter(|old| counts(old) && counts(table)) {
            let sequence = |connection: &Connection, table: &Table| {
                let name = table.name.replace('\'', "''");
                ask(connection, &format!("SELECT seq FROM sqlite_sequence WHERE name = '{name}' COLLATE NOCASE"))
            };
            let (was, is) = (sequence(before, old)?, sequence(after, table)?);
            if was != is {
                return Err(format!("the sequence of {} was {was:?} and is {is:?}", table.name));
            }
        }
    }
    for view in &to.model.views {
        let sql = format!("SELECT * FROM {}", quoted(&view.name));
        if let (Ok(_), Err(why)) = (ask(expected, &sql), ask(after, &sql)) {
            return Err(format!("a view does not work: {why}"));
        }
    }
    for search in &to.model.searches {
        let name = quoted(&search.name);
        run(after, &format!("INSERT INTO {name} ({name}, rank) VALUES ('integrity-check', 1)"))?;
    }
    let integrity = ask(after, "PRAGMA integrity_check")?;
    if integrity != ask(expected, "PRAGMA integrity_check")? {
        return Err(format!("{integrity:?}"));
    }
    order_of_triggers(before, after, expected)
}

/// All rows but for values that are the moment's, each as text, sorted.
fn contents(connection: &Connection, old: Option<&Table>, table: &Table) -> Result<Vec<String>, String> {
    let of_the_moment = |column: &&Column| {
        let is_new = old.is_some_and(|old| old.column(column.id).is_none());
        is_new && column.default == "CURRENT_TIMESTAMP"
    };
    let any = table.columns.iter().any(|column| of_the_moment(&column));
    let certain = table.columns.iter().filter(|column| !(of_the_moment(column) || any && column.generated.is_some()));
    let rowid = table.rowid().filter(|_| old.is_some_and(|old| keeps_rowids(old, table)));
    let names: Vec<_> =
        rowid.map(str::to_owned).into_iter().chain(certain.map(|column| quoted(&column.name))).collect();
    let names = if names.is_empty() { "NULL".to_owned() } else { names.join(", ") };
    let rows = ask(connection, &format!("SELECT {names} FROM {}", quoted(&table.name)))?;
    let mut rows: Vec<_> = rows.iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    Ok(rows)
}

/// Triggers that were there before run in the order in which they ran, unless they are wanted in another.
fn order_of_triggers(before: &Connection, after: &Connection, expected: &Connection) -> Result<(), String> {
    let names = |connection: &Connection| -> Result<Vec<String>, String> {
        let sql =
            "SELECT name || ' on ' || tbl_name FROM sqlite_schema WHERE type = 'trigger' ORDER BY tbl_name, rowid";
        Ok(ask(connection, sql)?.iter().map(|row| format!("{:?}", row[0]).to_lowercase()).collect())
    };
    let (was, is, wanted) = (names(before)?, names(after)?, names(expected)?);
    let place = |names: &[String], name: &String| names.iter().position(|own| own == name);
    for (at, one) in is.iter().enumerate() {
        for other in &is[at + 1..] {
            let turned =
                |names: &[String]| place(names, other).zip(place(names, one)).is_some_and(|(it, one)| it < one);
            if turned(&was) && turned(&wanted) {
                return Err(format!("triggers ran as {was:?} and run as {is:?}"));
            }
        }
    }
    Ok(())
}
