//! A plan made, and run on a database as the runner would run its file.

use std::sync::Arc;

use dbmigrate_core::{Script, SourceText, Step};
use dbmigrate_schema::{
    AllowedDrops, Decisions, Fill, Hazard, Name, Plan, ReadOptions, Rename, Schema, compare, plan, reversed,
};
use rusqlite::Connection;
use rusqlite::types::Value;

pub(crate) fn schema(sql: &str) -> Schema {
    Schema::from_sql(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"))
}

/// Decisions as they are written on the command line, one for each word of the text; a fill ends it.
pub(crate) fn decisions(text: &str) -> Decisions {
    let mut decisions = Decisions::default();
    let (words, fill) = text.split_once("fill ").map_or((text, None), |(words, fill)| (words, Some(fill)));
    let name = |name: &str| Name::new(name);
    for word in words.split_whitespace() {
        match word.split_once('=') {
            Some((from, to)) => decisions.renames.push(match (from.split_once('.'), to.split_once('.')) {
                (Some((_, from)), Some((table, to))) => {
                    Rename::Column { table: name(table), from: name(from), to: name(to) }
                }
                _ => Rename::Table { from: name(from), to: name(to) },
            }),
            None if word.starts_with("3.") => decisions.min_sqlite = (3, word[2..].parse().expect(word)),
            None => {
                // What may go goes here, whatever comes with it.
                decisions.drops = AllowedDrops::Anything;
                decisions.allow.insert(word.parse::<Hazard>().expect(word));
            }
        }
    }
    if let Some((place, expression)) = fill.and_then(|fill| fill.split_once('=')) {
        let (table, column) = place.rsplit_once('.').expect(place);
        decisions.fills.push(Fill { table: name(table), column: name(column), expression: expression.to_owned() });
    }
    decisions
}

#[track_caller]
pub(crate) fn planned(from: &str, to: &str, decided: &str) -> Plan {
    plan(&schema(from), &schema(to), &decisions(decided)).unwrap_or_else(|undecided| {
        panic!("{}", undecided.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

/// The text of the plan.
#[track_caller]
pub(crate) fn check(from: &str, to: &str, decided: &str, expect: &str) {
    assert_eq!(planned(from, to, decided).to_sql(), expect);
}

/// What stands between the schemas and a plan, each with its first help.
#[track_caller]
pub(crate) fn refuses(from: &str, to: &str, decided: &str, expect: &[&str]) {
    let undecided = plan(&schema(from), &schema(to), &decisions(decided)).expect_err("it is planned");
    let messages: Vec<_> = undecided.iter().map(ToString::to_string).collect();
    assert_eq!(messages, expect);
    assert!(undecided.iter().all(|open| !open.help().is_empty()));
}

pub(crate) struct Database(pub(crate) Connection);

impl Database {
    pub(crate) fn new(sql: &[&str]) -> Self {
        let connection = Connection::open_in_memory().expect("memory");
        connection.execute_batch("PRAGMA foreign_keys = ON").expect("foreign keys");
        let database = Self(connection);
        sql.iter().for_each(|sql| database.run(sql));
        database
    }

    #[track_caller]
    pub(crate) fn run(&self, sql: &str) {
        self.0.execute_batch(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    }

    /// Runs a plan as the runner runs its file: foreign keys settled outside, assertions first, all in one transaction.
    pub(crate) fn apply(&self, plan: &Plan) -> Result<(), String> {
        let source = Arc::new(SourceText::new("migrations/001_a.sql", &plan.to_sql()));
        let mut diagnostics = Vec::new();
        let script = dbmigrate_core::script::parse(&source, &mut diagnostics).up;
        assert_eq!(diagnostics, [], "{}", plan.to_sql());
        assert_eq!(script.foreign_keys, plan.foreign_keys_off.then_some(false));
        self.run(if plan.foreign_keys_off { "PRAGMA foreign_keys = OFF" } else { "PRAGMA foreign_keys = ON" });
        self.run("BEGIN IMMEDIATE");
        let result = self.attempt(&script);
        self.run(if result.is_ok() { "COMMIT" } else { "ROLLBACK" });
        self.run("PRAGMA foreign_keys = ON");
        result.map_err(|error| format!("{error}\n{}", plan.to_sql()))
    }

    fn attempt(&self, script: &Script) -> Result<(), String> {
        for assert in &script.asserts {
            let assert = script.source.slice(assert.span);
            let holds = self.0.query_row(assert, [], |row| row.get::<_, bool>(0));
            if !holds.map_err(|error| format!("{error}: {assert}"))? {
                return Err(format!("not so: {assert}"));
            }
        }
        for step in &script.steps {
            let Step::Sql(statement) = step else { panic!("a plan calls no Rust") };
            self.0.execute_batch(script.source.slice(statement.span)).map_err(|error| error.to_string())?;
        }
        let broken = self.ask("SELECT * FROM pragma_foreign_key_check");
        if broken.is_empty() { Ok(()) } else { Err(format!("foreign keys: {broken:?}")) }
    }

    /// Every row, with its values between bars.
    #[track_caller]
    pub(crate) fn ask(&self, sql: &str) -> Vec<String> {
        let mut statement = self.0.prepare(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
        let columns = statement.column_count();
        let mut rows = statement.query([]).expect(sql);
        let mut found = Vec::new();
        while let Some(row) = rows.next().expect(sql) {
            let values = (0..columns).map(|at| match row.get::<_, Value>(at).expect("a value") {
                Value::Null => "NULL".to_owned(),
                Value::Integer(value) => value.to_string(),
                Value::Real(value) => format!("{value:?}"),
                Value::Text(value) => format!("'{value}'"),
                Value::Blob(value) => format!("{value:x?}"),
            });
            found.push(values.collect::<Vec<_>>().join("|"));
        }
        found
    }

    #[track_caller]
    pub(crate) fn is_like(&self, to: &Schema) {
        let now = Schema::read(&self.0, &ReadOptions::default()).expect("readable");
        let differences: Vec<_> = compare(&now, to).iter().map(ToString::to_string).collect();
        assert_eq!(differences, [""; 0]);
        assert_eq!(self.ask("PRAGMA integrity_check"), ["'ok'"]);
    }
}

/// Makes a database, fills it, and applies the plan. The schema must be `to` then, and that of `from` again when a copy
/// goes back.
#[track_caller]
pub(crate) fn applies(from: &str, rows: &str, to: &str, decided: &str) -> Database {
    let (before, after) = (schema(from), schema(to));
    let decided = decisions(decided);
    let database = Database::new(&[from, rows]);
    for (from, to, decided) in [(&before, &after, decided.clone()), (&after, &before, reversed(&decided))] {
        let plan = plan(from, to, &decided).unwrap_or_else(|undecided| {
            panic!("{}", undecided.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        });
        let database = if std::ptr::eq(from, &before) { &database } else { &copy(&database) };
        database.apply(&plan).unwrap_or_else(|error| panic!("{error}"));
        database.is_like(to);
    }
    database
}

pub(crate) fn copy(database: &Database) -> Database {
    let mut copy = Connection::open_in_memory().expect("memory");
    let backup = rusqlite::backup::Backup::new(&database.0, &mut copy).expect("backup");
    backup.run_to_completion(i32::MAX, std::time::Duration::ZERO, None).expect("backup");
    drop(backup);
    Database(copy)
}

/// What the rows of a query are, in every database.
#[track_caller]
pub(crate) fn rows(database: &Database, sql: &str, expect: &[&str]) {
    assert_eq!(database.ask(sql), expect, "{sql}");
}
