//! Any bytes as the SQL of a schema, and as what `sqlite_schema` says of one: reading, comparing and writing neither
//! panic nor hang, and a schema is the same as itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use dbmigrate_core::statement::split;
use dbmigrate_core::token::{TokenKind, tokens};
use dbmigrate_core::{SourceText, Span};
use dbmigrate_schema::{ReadOptions, Schema, compare};
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode};

/// How often SQLite may go on after 1,000 steps of its machine, for all statements together.
const PATIENCE: u32 = 1_000;

/// Longer values and longer statements are SQLite's to bear.
const LONGEST: i32 = 500_000;

/// The whole of it, for any bytes.
pub(crate) fn read_schema(bytes: &[u8]) {
    as_statements(bytes);
    as_stored_text(bytes);
}

/// Runs them as a file of SQL.
fn as_statements(bytes: &[u8]) {
    let Ok(source) = SourceText::from_bytes("schema.sql", bytes.to_vec()) else { return };
    let (connection, patience) = database();
    let mut is_harmless = true;
    let mut has_failed = false;
    for statement in split(source.text()) {
        let done = run(&connection, source.slice(statement.span));
        // The first one that fails is where a whole file ends; that has to be SQLite's opinion and not our limit.
        if let (Err(error), false) = (&done, has_failed) {
            has_failed = true;
            is_harmless =
                matches!(error.sqlite_error_code(), Some(ErrorCode::Unknown | ErrorCode::ConstraintViolation));
        }
    }
    let spent = patience.swap(PATIENCE, Ordering::Relaxed) == 0;
    if let Ok(schema) = Schema::read(&connection, &ReadOptions::default()) {
        judge(&schema);
    }
    // The same without a bound, where it is known to end.
    if !spent
        && is_harmless
        && let Ok(schema) = Schema::from_sql(source.text())
    {
        judge(&schema);
        let rewritten = rewritten(source.text());
        let again = Schema::from_sql(&rewritten).unwrap_or_else(|error| panic!("{error}\n{rewritten}"));
        let differences = compare(&schema, &again);
        assert!(differences.is_empty(), "{differences:?}\n{}\n{rewritten}", source.text());
    }
}

/// Puts them in the place of the text of every object, behind SQLite's back.
fn as_stored_text(bytes: &[u8]) {
    let (connection, _patience) = database();
    let made = connection.execute_batch(
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b); CREATE INDEX i ON t (b); CREATE VIEW v AS SELECT a FROM t;
         CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END; CREATE VIRTUAL TABLE s USING fts5 (x);
         PRAGMA writable_schema = ON;",
    );
    made.expect("SQLite takes the statements");
    let sql = "UPDATE sqlite_schema SET sql = CAST(?1 AS TEXT) WHERE name IN ('t', 'i', 'v', 'r', 's')";
    connection.execute(sql, [bytes]).expect("SQLite takes any text");
    let schema = Schema::read(&connection, &ReadOptions::default()).expect("SQLite knows its schema");
    judge(&schema);
    assert_eq!(schema.objects.len(), 5);
}

fn judge(schema: &Schema) {
    let differences = compare(schema, schema);
    assert!(differences.is_empty(), "{differences:?}");
    assert_eq!(compare(schema, &Schema::default()).len(), schema.objects.len());
    assert_eq!(compare(&Schema::default(), schema).len(), schema.objects.len());
    let _ = (schema.to_sql(), schema.to_json(), schema.to_mermaid(), schema.to_dot());
}

/// The same statements with more blank space. A module reads its arguments itself, and may see it; a table that is made
/// by a query is named by it.
fn rewritten(text: &str) -> String {
    let mut out = String::new();
    let mut end = 0;
    for statement in split(text) {
        let Span { start, end: after } = statement.span;
        out.push_str(&text[end..start]);
        let statement = &text[start..after];
        let lower = statement.to_ascii_lowercase();
        if lower.contains("virtual") || (lower.contains("table") && lower.contains("select")) {
            out.push_str(statement);
        } else {
            out.extend(tokens(statement).map(|token| match token.kind {
                TokenKind::Space => "\n \t ",
                _ => &statement[token.span.start..token.span.end],
            }));
        }
        end = after;
    }
    out + &text[end..]
}

/// A database in memory that opens no file, and that gives up.
fn database() -> (Connection, Arc<AtomicU32>) {
    let mut connection = Connection::open_in_memory().expect("SQLite opens a database in memory");
    let limits = [
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_LENGTH, LONGEST),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, LONGEST),
    ];
    for (limit, value) in limits {
        connection.set_limit(limit, value).expect("the limit is one");
    }
    let patience = Arc::new(AtomicU32::new(PATIENCE));
    let left = Arc::clone(&patience);
    let is_over = move || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err();
    connection.progress_handler(1_000, Some(is_over)).expect("SQLite takes a handler");
    connection.authorizer(Some(authorize)).expect("SQLite takes a handler");
    (connection, patience)
}

/// What would change the next run: SQLite keeps it for the whole process.
fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Pragma { pragma_name, .. }
            if ["hard_heap_limit", "soft_heap_limit", "temp_store_directory", "data_store_directory"]
                .iter()
                .any(|name| pragma_name.eq_ignore_ascii_case(name)) =>
        {
            Authorization::Deny
        }
        _ => Authorization::Allow,
    }
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.raw_query();
    while rows.next()?.is_some() {}
    Ok(())
}
