//! Random schemas: written in another way they are the same, two that mean different things differ, and all are filled.
//!
//! 256 of each by default; `PROPTEST_CASES=10000 cargo test -p dbmigrate-schema --test property` runs more. The seed
//! is fixed.

use dbmigrate_schema::{ReadOptions, Schema, compare, fill};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use rusqlite::Connection;

mod rewritten;

use rewritten::rewritten;

const NAMES: [&str; 8] = ["a", "b", "Key", "odd name", "größe", "order", "x_1", "qu\"ote"];
const TYPES: [&str; 6] = ["", "INTEGER", "INT", "TEXT", "VARCHAR(10, 2)", "UNSIGNED BIG INT"];
/// Not `NULL`, which is what no default is.
const DEFAULTS: [&str; 8] =
    ["1", "-1.5", "'it''s'", "x'0f'", "CURRENT_TIMESTAMP", "word", "(1 + 2)", "(lower('X') || 'y')"];
/// `#` is the column.
const EXPRESSIONS: [&str; 7] = [
    "# > 0",
    "# = 'x'",
    "(# > 0 AND # < 9) OR # IS NULL",
    "# IN (1, 2)",
    "length(#) < 10",
    "# BETWEEN 0 AND (# = 1)",
    "CASE WHEN # THEN 1 ELSE -(1) END",
];
const ACTIONS: [&str; 4] = ["CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT"];
const COLLATIONS: [&str; 2] = ["NOCASE", "RTRIM"];

#[derive(Debug, Clone, PartialEq)]
struct Column {
    declared_type: usize,
    not_null: bool,
    default: Option<usize>,
    collation: Option<usize>,
    check: Option<(usize, bool)>,
    unique: bool,
    reference: Option<Option<usize>>,
    generated: Option<(usize, bool)>,
}

#[derive(Debug, Clone, PartialEq)]
struct Table {
    columns: Vec<Column>,
    /// Whether the first column is the key, and whether it is one without a rowid.
    key: Option<bool>,
    index: Option<(usize, bool, bool)>,
    view: Option<usize>,
    trigger: Option<usize>,
}

fn column() -> impl Strategy<Value = Column> {
    let generated = prop::option::weighted(0.2, (0..EXPRESSIONS.len(), any::<bool>()));
    (
        0..TYPES.len(),
        any::<bool>(),
        prop::option::of(0..DEFAULTS.len()),
        prop::option::weighted(0.3, 0..COLLATIONS.len()),
        prop::option::weighted(0.3, (0..EXPRESSIONS.len(), any::<bool>())),
        prop::bool::weighted(0.2),
        prop::option::weighted(0.2, prop::option::of(0..ACTIONS.len())),
        generated,
    )
        .prop_map(|(declared_type, not_null, default, collation, check, unique, reference, generated)| Column {
            declared_type,
            not_null,
            default: default.filter(|_| generated.is_none()),
            collation,
            check,
            unique,
            reference,
            generated,
        })
}

fn table() -> impl Strategy<Value = Table> {
    (
        prop::collection::vec(column(), 1..NAMES.len()),
        prop::option::of(any::<bool>()),
        prop::option::of((0..EXPRESSIONS.len(), any::<bool>(), any::<bool>())),
        prop::option::of(0..EXPRESSIONS.len()),
        prop::option::of(0..EXPRESSIONS.len()),
    )
        .prop_map(|(mut columns, key, index, view, trigger)| {
            // The first column is there for the others to be computed from, and for the key.
            columns[0].generated = None;
            if key.is_some() {
                columns[0].unique = false;
            }
            Table { columns, key, index, view, trigger }
        })
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn expression(which: usize, column: &str) -> String {
    EXPRESSIONS[which].replace('#', &quoted(column))
}

/// The statements. `beside` says of each constraint in turn whether it stands beside its column.
fn sql(tables: &[Table], mut beside: impl FnMut() -> bool) -> String {
    let mut sql = String::new();
    for (at, table) in tables.iter().enumerate() {
        let first = NAMES[0];
        let (mut lines, mut after) = (Vec::new(), Vec::new());
        for (place, column) in table.columns.iter().enumerate() {
            let name = NAMES[place];
            let own = quoted(name);
            let mut line = format!("{own} {}", TYPES[column.declared_type]);
            let mut put = |inline: String, rule: String, line: &mut String| {
                if beside() { *line += &format!(" {inline}") } else { after.push(rule) }
            };
            if let (0, Some(_)) = (place, table.key) {
                put("PRIMARY KEY".to_owned(), format!("PRIMARY KEY ({own})"), &mut line);
            }
            // Not `GENERATED ALWAYS`: with a comment between the two words SQLite takes them for the type.
            if let Some((which, stored)) = column.generated {
                let kind = if stored { "STORED" } else { "VIRTUAL" };
                line += &format!(" AS ({}) {kind}", expression(which, first));
            }
            if column.not_null {
                line += " NOT NULL";
            }
            if let Some(which) = column.default {
                line += &format!(" DEFAULT {}", DEFAULTS[which]);
            }
            if let Some(which) = column.collation {
                line += &format!(" COLLATE {}", COLLATIONS[which]);
            }
            if column.unique {
                put("UNIQUE".to_owned(), format!("UNIQUE ({own})"), &mut line);
            }
            if let Some((which, named)) = column.check {
                let constraint = if named { format!("CONSTRAINT c{place} ") } else { String::new() };
                let check = format!("{constraint}CHECK ({})", expression(which, name));
                put(check.clone(), check, &mut line);
            }
            if let Some(action) = column.reference {
                let action = action.map_or(String::new(), |which| format!(" ON DELETE {}", ACTIONS[which]));
                let references = format!("REFERENCES t0 ({}){action}", quoted(first));
                put(references.clone(), format!("FOREIGN KEY ({own}) {references}"), &mut line);
            }
            lines.push(line);
        }
        lines.append(&mut after);
        let options = if table.key == Some(true) { " WITHOUT ROWID" } else { "" };
        sql += &format!("CREATE TABLE t{at} ({}){options};", lines.join(", "));
        if let Some((which, unique, descending)) = table.index {
            let (unique, order) = (if unique { "UNIQUE " } else { "" }, if descending { " DESC" } else { "" });
            let (by, filter) = (quoted(first), expression(which, first));
            sql += &format!("CREATE {unique}INDEX i{at} ON t{at} ({by}{order}, length({by})) WHERE {filter};");
        }
        if let Some(which) = table.view {
            let column = quoted(first);
            sql +=
                &format!("CREATE VIEW v{at} AS SELECT {column} AS one FROM t{at} WHERE {};", expression(which, first));
        }
        if let Some(which) = table.trigger {
            let when = expression(which, "a").replace("\"a\"", "new.\"a\"");
            sql += &format!(
                "CREATE TRIGGER r{at} AFTER UPDATE OF \"a\" ON t{at} WHEN {when} BEGIN DELETE FROM t{at} WHERE {}; END;",
                expression(which, first)
            );
        }
    }
    sql
}

fn read(sql: &str) -> Result<Schema, TestCaseError> {
    let schema = Schema::from_sql(sql).map_err(|error| TestCaseError::fail(format!("{error}\n{sql}")))?;
    prop_assert_eq!(schema.opaque().next(), None, "{}", sql);
    Ok(schema)
}

fn runner() -> TestRunner {
    let config = Config { failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

#[test]
fn a_schema_written_by_somebody_else_is_the_same() {
    let tables = prop::collection::vec(table(), 1..4);
    runner()
        .run(&(tables, any::<u64>()), |(tables, seed)| {
            let mut state = seed | 1;
            let mut die = |sides: usize| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state % sides as u64) as usize
            };
            let plain = sql(&tables, || true);
            let other = rewritten(&sql(&tables, || die(2) == 0), &mut die);
            let (before, after) = (read(&plain)?, read(&other)?);
            for (from, to) in [(&before, &after), (&after, &before)] {
                prop_assert_eq!(compare(from, to), [], "{}\n{}", plain, other);
            }
            for schema in [&before, &after] {
                let dump = schema.to_sql();
                let again = read(&dump)?;
                prop_assert_eq!(compare(schema, &again), [], "{}", dump);
                prop_assert_eq!(again.to_sql(), dump);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn schemas_that_mean_different_things_differ() {
    let pair = (prop::collection::vec(table(), 1..3), column(), any::<prop::sample::Index>());
    runner()
        .run(&pair, |(tables, other, place)| {
            let mut changed = tables.clone();
            let columns = &mut changed[0].columns;
            let place = place.index(columns.len());
            columns[place] = other;
            columns[0].generated = None;
            columns[0].unique &= tables[0].key.is_none();
            let (from, to) = (sql(&tables, || true), sql(&changed, || false));
            let differences = compare(&read(&from)?, &read(&to)?);
            prop_assert_eq!(differences.is_empty(), tables == changed, "{}\n{}\n{:?}", from, to, differences);
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_is_filled_is_sound() {
    let tables = prop::collection::vec(table(), 1..4);
    runner()
        .run(&(tables, any::<u64>()), |(tables, seed)| {
            let sql = sql(&tables, || true);
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch(&sql).unwrap();
            let schema = Schema::read(&connection, &ReadOptions::default()).unwrap();
            let filled = fill(&connection, &schema, seed).unwrap();
            for table in &filled.tables {
                prop_assert_eq!(table.why.is_some(), table.rows == 0, "{}\n{:?}", sql, table);
            }
            for question in [
                "SELECT count(*) = 0 FROM pragma_foreign_key_check",
                "SELECT integrity_check = 'ok' FROM pragma_integrity_check",
            ] {
                // A reference to a column that is not unique can't be checked at all.
                let sound = connection.query_row(question, [], |row| row.get(0)).unwrap_or(true);
                prop_assert!(sound, "{question}\n{sql}");
            }
            Ok(())
        })
        .unwrap();
}
