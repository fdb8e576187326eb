//! Words in double quotes that name nothing: SQLite takes them for texts, and does not say so.

use std::collections::{HashMap, HashSet};

use dbmigrate_core::Span;
use dbmigrate_core::token::{Token, TokenKind, is_word, tokens, unquote};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::model::{Kind, Name, Object};

const WRITABLE: DbConfig = DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA;

/// More of them in one statement are not looked for: each costs a look at the whole statement.
const MOST: usize = 8;

/// The words of a statement that is about to run, by their place in it.
pub(crate) fn words(connection: &Connection, sql: &str) -> Vec<Span> {
    let mut text = sql.to_owned();
    let mut words = Vec::new();
    if !has_quotes(sql) || runs_while_prepared(sql) {
        return words;
    }
    while words.len() < MOST {
        let Some(Err(rusqlite::Error::SqlInputError { offset, msg, .. })) = strictly(connection, &text) else { break };
        let Some(span) = usize::try_from(offset).ok().and_then(|start| quoted_at(&text, start)) else { break };
        if !msg.starts_with("no such column") {
            break;
        }
        words.push(span);
        // A text in its place, of the same length.
        text.replace_range(span.start..span.end, &format!("'{}'", "_".repeat(span.end - span.start - 2)));
    }
    words
}

/// The words in double quotes of a table, index, view or trigger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// The text of the object.
    pub(crate) text: String,
    /// Those that are texts, as they stand there.
    pub(crate) texts: Vec<String>,
    /// Those that are names and never a text.
    pub(crate) names: HashSet<Name>,
}

/// The words of objects.
pub(crate) type Found = HashMap<(Kind, Name), Words>;

impl Words {
    /// What an object says, and what SQLite makes of it where single quotes are for its texts.
    pub(crate) fn of(text: &str, told: &str) -> Self {
        let solid = |text| tokens(text).filter(|token: &Token| !token.is_blank());
        let mut words = Self { text: text.to_owned(), ..Self::default() };
        for (token, told) in solid(text).zip(solid(told)) {
            let word = token.text(text);
            if token.kind != TokenKind::QuotedName || !word.starts_with('"') {
                continue;
            }
            if told.kind == token.kind {
                words.names.insert(Name::new(unquote(word)));
            } else {
                words.texts.push(word.to_owned());
            }
        }
        for word in &words.texts {
            words.names.remove(&Name::new(unquote(word)));
        }
        words
    }
}

/// Whether a query that works stumbles over a text in double quotes somewhere.
pub(crate) fn stumbles(connection: &Connection, query: &str) -> bool {
    strictly(connection, query).is_some_and(|prepared| prepared.is_err())
}

/// The words of all that has any. SQLite is asked to drop a column, for which it puts texts into single quotes; nothing
/// of that stays. All are names in what it can't read.
pub(crate) fn all_words(connection: &Connection) -> rusqlite::Result<Found> {
    let before = texts(connection, "main")?;
    if !before.values().any(|text| has_quotes(text)) {
        return Ok(Found::new());
    }
    let is_writable = connection.db_config(WRITABLE)?;
    connection.execute_batch("SAVEPOINT \"dbmigrate quotes\"")?;
    // What it can't read is no reason to refuse then.
    let told = connection.set_db_config(WRITABLE, true).and_then(|_| {
        let table = "CREATE TABLE main.\"dbmigrate quotes\" (a, b)";
        connection.execute_batch(&format!("{table}; ALTER TABLE main.\"dbmigrate quotes\" DROP COLUMN b"))?;
        texts(connection, "main")
    });
    connection.execute_batch("ROLLBACK TO \"dbmigrate quotes\"; RELEASE \"dbmigrate quotes\"")?;
    connection.set_db_config(WRITABLE, is_writable)?;
    let told = told?;
    let quoting = before.into_iter().filter(|(_, text)| has_quotes(text));
    let words = quoting.filter_map(|(key, text)| {
        let words = Words::of(&text, told.get(&key)?);
        Some((key, words))
    });
    Ok(words.collect())
}

/// The words of these views and triggers, which can be used: of few of a large schema without a look at the rest.
pub(crate) fn words_of(connection: &Connection, objects: &[&Object], of: usize) -> rusqlite::Result<Found> {
    // Each copy costs as much as some of the others. The texts of what is `TEMP` already would change for good.
    if 4 * objects.len() < of && !connection.prepare("SELECT 1 FROM temp.sqlite_schema")?.exists([])? {
        let found = objects.chunks(AT_ONCE).map(|some| words_of_copies(connection, some));
        if let Some(found) = found.collect::<rusqlite::Result<Option<Vec<_>>>>()? {
            return Ok(found.into_iter().flatten().collect());
        }
    }
    all_words(connection)
}

/// So many copies at once: what SQLite looks through for each of them stays short.
const AT_ONCE: usize = 16;

/// Asks about `TEMP` copies, since SQLite puts the texts of one schema into single quotes, and takes them away again.
/// None where one can't be copied.
fn words_of_copies(connection: &Connection, objects: &[&Object]) -> rusqlite::Result<Option<Found>> {
    let Some(copies) = objects.iter().enumerate().map(copy).collect::<Option<Vec<_>>>() else { return Ok(None) };
    let is_writable = connection.db_config(WRITABLE)?;
    let mut made = Vec::new();
    let table = "CREATE TEMP TABLE \"dbmigrate quotes\" (a, b)";
    let told = connection.set_db_config(WRITABLE, true).and_then(|_| connection.execute_batch(table)).and_then(|()| {
        made.push("DROP TABLE temp.\"dbmigrate quotes\"".to_owned());
        for (sql, drop) in copies {
            connection.execute_batch(&sql)?;
            made.push(drop);
        }
        connection.execute_batch("ALTER TABLE temp.\"dbmigrate quotes\" DROP COLUMN b")?;
        texts(connection, "temp")
    });
    let taken_away = made.iter().rev().try_for_each(|sql| connection.execute_batch(sql));
    connection.set_db_config(WRITABLE, is_writable)?;
    taken_away?;
    let Ok(told) = told else { return Ok(None) };
    let words = objects.iter().enumerate().filter_map(|(at, object)| {
        let told = told.get(&(object.kind(), Name::new(name_of_copy(at))))?;
        Some((object.key(), Words::of(object.text(), told)))
    });
    Ok(Some(words.collect()))
}

fn name_of_copy(at: usize) -> String {
    format!("dbmigrate quotes {at}")
}

/// What makes a `TEMP` copy of a view or trigger, and what drops it.
fn copy((at, object): (usize, &&Object)) -> Option<(String, String)> {
    let (text, kind, name) = (object.text(), object.kind(), name_of_copy(at));
    // SQLite keeps no more than this in front of the name.
    let [create, what, own] =
        tokens(text).filter(|token| !token.is_blank()).take(3).collect::<Vec<_>>().try_into().ok()?;
    let is_usual = is_word(text, create, "CREATE") && is_word(text, what, kind.as_str());
    let copy = format!("CREATE TEMP {kind} \"{name}\" {}", &text[own.span.end..]);
    (is_usual && matches!(kind, Kind::View | Kind::Trigger)).then(|| (copy, format!("DROP {kind} temp.\"{name}\"")))
}

/// The texts of all objects of a schema, as SQLite has them; a virtual table is a table there.
fn texts(connection: &Connection, schema: &str) -> rusqlite::Result<HashMap<(Kind, Name), String>> {
    let sql = format!("SELECT type, name, sql FROM {schema}.sqlite_schema WHERE sql IS NOT NULL");
    let text = |row: &rusqlite::Row<'_>| {
        let kind = Kind::of(row.get_ref(0)?.as_str()?);
        Ok(((kind, Name::new(row.get::<_, String>(1)?)), row.get(2)?))
    };
    connection.prepare(&sql)?.query_map([], text)?.collect()
}

/// Prepares a statement where double quotes are for names alone; none where that can't be asked.
fn strictly(connection: &Connection, sql: &str) -> Option<rusqlite::Result<()>> {
    let set = |on| {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, on)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, on)
    };
    let prepared = set(false).map(|_| connection.prepare(sql).map(drop));
    set(true).ok()?;
    prepared.ok()
}

/// A word in double quotes as a text in single ones.
pub(crate) fn as_text(word: &str) -> String {
    format!("'{}'", unquote(word).replace('\'', "''"))
}

pub(crate) fn has_quotes(sql: &str) -> bool {
    sql.contains('"')
}

/// `PRAGMA` may do its work before it is asked to.
fn runs_while_prepared(sql: &str) -> bool {
    let first = tokens(sql).find(|token| !token.is_blank());
    first.is_none_or(|token| {
        ["PRAGMA", "EXPLAIN", "ATTACH"].iter().any(|word| token.text(sql).eq_ignore_ascii_case(word))
    })
}

fn quoted_at(text: &str, start: usize) -> Option<Span> {
    let rest = text.get(start..)?;
    let token = tokens(rest).next().filter(|_| rest.starts_with('"'))?;
    (token.kind == TokenKind::QuotedName).then(|| Span::new(start, start + token.span.end))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::model::Schema;
    use crate::read::{ReadOptions, read};

    /// A schema with views and triggers of every form, and so many others.
    fn opened(others: usize) -> (Connection, Schema) {
        let connection = Connection::open_in_memory().unwrap();
        let sql = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, \"x y\" TEXT);
             CREATE VIEW IF NOT EXISTS main.[odd \"view\"] (\"one\", two) AS SELECT \"a\", \"text\" FROM \"t\"
             WHERE \"x y\" <> \"it's\";
             CREATE VIEW over AS SELECT \"one\" || \"none\" AS \"both\" FROM \"odd \"\"view\"\"\";
             CREATE TRIGGER /* c */ \"first\" AFTER UPDATE OF \"a\" ON \"t\" WHEN new.\"a\" = \"word\"
             BEGIN UPDATE t SET \"a\" = \"b\" WHERE id = old.id; END;
             CREATE TRIGGER instead INSTEAD OF INSERT ON over
             BEGIN DELETE FROM t WHERE \"a\" = \"both\"; SELECT 1; END;";
        connection.execute_batch(sql).unwrap();
        (0..others).for_each(|at| {
            connection.execute_batch(&format!("CREATE VIEW v{at} AS SELECT a FROM t WHERE a <> \"v\"")).unwrap();
        });
        let schema = read(&connection, &ReadOptions::default()).unwrap();
        (connection, schema)
    }

    fn own(schema: &Schema) -> Vec<&Object> {
        let is_own = |object: &&Object| {
            object.kind() == Kind::Trigger || ["odd \"view\"", "over"].contains(&object.name().as_str())
        };
        schema.objects.iter().filter(|object| object.kind() != Kind::Table).filter(is_own).collect()
    }

    #[test]
    fn copies_say_what_the_whole_schema_says() {
        let (connection, schema) = opened(30);
        let own = own(&schema);
        assert_eq!(own.len(), 4);
        let before = texts(&connection, "main").unwrap();
        let some = words_of_copies(&connection, &own).unwrap().unwrap();
        let all = all_words(&connection).unwrap();
        assert!(own.iter().all(|object| !all[&object.key()].texts.is_empty()));
        for object in &own {
            assert_eq!(some[&object.key()], all[&object.key()], "{}", object.name());
        }
        assert_eq!(some.len(), own.len());
        assert_eq!(texts(&connection, "main").unwrap(), before);
        assert_eq!(texts(&connection, "temp").unwrap().len(), 0);
        // What is `TEMP` already keeps its text.
        connection.execute_batch("CREATE TEMP VIEW mine AS SELECT \"mine\"").unwrap();
        assert_eq!(words_of(&connection, &own, schema.objects.len()).unwrap(), all);
        assert!(texts(&connection, "temp").unwrap()[&(Kind::View, Name::new("mine"))].contains('"'));
    }

    /// A set of which each migration touches such a view stays linear.
    #[test]
    fn few_are_asked_without_a_look_at_the_rest() {
        let work = |others: usize| {
            let (mut connection, schema) = opened(others);
            let steps = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&steps);
            let counts = move || {
                count.fetch_add(1, Ordering::Relaxed);
                false
            };
            connection.progress_handler(1, Some(counts)).unwrap();
            words_of(&connection, &own(&schema), schema.objects.len()).unwrap();
            steps.load(Ordering::Relaxed)
        };
        assert_eq!(work(100), work(400));
    }
}
