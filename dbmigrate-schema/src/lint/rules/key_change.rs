//! `key-change`: a table that may hold rows gets another primary key, which its rows may not meet.
//!
//! Only what a row can fail is said: not unique, no value where a table `WITHOUT ROWID` needs one, no number where the
//! key becomes the rowid. That a column of the key becomes `NOT NULL` in so many words is for
//! `not-null-on-existing-rows`, another collation for `collation-change`. `AUTOINCREMENT` that comes or goes is no other
//! key. Apart from that: a full-text index that finds its rows by rowid can't find them once there are none.

use crate::compare::{Change, ColumnChange};
use crate::lint::finding::Findings;
use crate::lint::keys::{KeptTable, duplicates_of, implied, keys_before, table_keys};
use crate::lint::lineage::TableChange;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule as Lint};
use crate::lint::values::{are_cared_for, assertion, names};
use crate::model::{Affinity, Constraint, Name, Object, Rule};
use crate::plan::is_never_null;

const BEFORE: &str = "CREATE TABLE words (word TEXT, lang TEXT, PRIMARY KEY (word, lang));";

pub(super) const RULE: Lint = Lint {
    name: "key-change",
    group: Group::Data,
    level: Level::Warn,
    what: "a table gets another primary key, which existing rows may violate",
    why: "The migration fails if rows are equal in the new key, if a row has no value in the key of a `WITHOUT \
          ROWID` table, or if a key that becomes the rowid is not an integer. Then a program that migrates at \
          startup does not start. An empty database does not show this.",
    instead: "Correct these rows first, in the same file. Or stop before anything has changed:\n\n    -- dbmigrate: \
              assert SELECT count(*) = 0 FROM (SELECT 1 FROM words GROUP BY word HAVING count(*) > 1)",
    fails: &[
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (word TEXT PRIMARY KEY, lang TEXT);
                  INSERT INTO n SELECT * FROM words;
                  DROP TABLE words;
                  ALTER TABLE n RENAME TO words;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (word TEXT, lang TEXT, PRIMARY KEY (word, lang)) WITHOUT ROWID;
                  INSERT INTO n SELECT * FROM words;
                  DROP TABLE words;
                  ALTER TABLE n RENAME TO words;",
        },
        Example {
            before: "CREATE TABLE users (id INT PRIMARY KEY, name TEXT);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE posts (id TEXT NOT NULL PRIMARY KEY, body TEXT);
                     CREATE VIRTUAL TABLE found USING fts5 (body, content = posts);",
            now: "CREATE TABLE n (id TEXT NOT NULL PRIMARY KEY, body TEXT) WITHOUT ROWID;
                  INSERT INTO n SELECT * FROM posts;
                  DROP TABLE posts;
                  ALTER TABLE n RENAME TO posts;",
        },
    ],
    passes: &[
        Example {
            before: BEFORE,
            now: "-- dbmigrate: assert SELECT count(*) = 0 FROM (SELECT 1 FROM words GROUP BY word HAVING count(*) > 1)
                  CREATE TABLE n (word TEXT PRIMARY KEY, lang TEXT);
                  INSERT INTO n SELECT * FROM words;
                  DROP TABLE words;
                  ALTER TABLE n RENAME TO words;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (word TEXT PRIMARY KEY, lang TEXT);
                  INSERT INTO n SELECT word, min(lang) FROM words GROUP BY word;
                  DROP TABLE words;
                  ALTER TABLE n RENAME TO words;",
        },
    ],
    quiet: &[
        Example {
            before: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, a TEXT);
                  INSERT INTO n SELECT * FROM t;
                  DROP TABLE t;
                  ALTER TABLE n RENAME TO t;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (word TEXT, lang TEXT, region TEXT, PRIMARY KEY (word, lang, region));
                  INSERT INTO n (word, lang) SELECT word, lang FROM words;
                  DROP TABLE words;
                  ALTER TABLE n RENAME TO words;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, word TEXT, lang TEXT, UNIQUE (word, lang));
                  INSERT INTO n (word, lang) SELECT word, lang FROM words;
                  DROP TABLE words;
                  ALTER TABLE n RENAME TO words;",
        },
        Example {
            before: "CREATE TABLE t (a TEXT NOT NULL PRIMARY KEY);",
            now: "CREATE TABLE n (a TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;
                  INSERT INTO n SELECT * FROM t;
                  DROP TABLE t;
                  ALTER TABLE n RENAME TO t;",
        },
        Example {
            before: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);",
            now: "CREATE TABLE n (id TEXT PRIMARY KEY, a TEXT);
                  INSERT INTO n SELECT * FROM t;
                  DROP TABLE t;
                  ALTER TABLE n RENAME TO t;",
        },
        Example { before: "", now: "CREATE TABLE t (a PRIMARY KEY) WITHOUT ROWID;" },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.changed_tables() {
        let is_key = |change: &Change| match change {
            Change::ConstraintAdded(Constraint { rule: Rule::PrimaryKey(_), .. }) | Change::WithoutRowid(_) => true,
            Change::Strict(strict) => *strict,
            _ => false,
        };
        if let Some(held) = KeptTable::changed(change).filter(|_| change.changes.iter().any(is_key)) {
            rows(migration, findings, change, held);
            full_text(migration, findings, change, held);
        }
    }
}

/// What rows may fail.
fn rows(migration: &Migration<'_>, findings: &mut Findings<'_>, change: &TableChange, held: KeptTable<'_>) {
    let Some(key) = held.after.primary_key() else { return };
    let columns: Vec<&Name> = key.columns.iter().map(|column| &column.name).collect();
    let before: Option<Vec<&Name>> = columns.iter().map(|column| held.name_before(column)).collect();
    let at = change.statement();
    // What is new gets its values in the copy, or none, which equals nothing.
    let Some(before) = before.filter(|_| !are_cared_for(migration, held, &columns, at)) else { return };
    let mut reasons = Vec::new();
    if !implied(&keys_before(migration, held.before, None), &before) {
        let mut keys = table_keys(held.after).into_iter();
        let parts = keys.find(|parts| parts.iter().map(|(name, _)| name).eq(columns.iter().copied()));
        reasons.extend(parts.and_then(|parts| duplicates_of(held, &parts, None)).map(|[assert, ask]| Reason {
            what: "be equal in it",
            assert: format!("SELECT count(*) = 0 FROM ({assert})"),
            ask: format!("SELECT count(*) FROM ({ask})"),
        }));
    }
    let said = |column: &Name| {
        let not_null = change.changes.iter().filter_map(|change| match change {
            Change::ColumnChanged(own, ColumnChange::NotNull { .. }) => Some(own),
            _ => None,
        });
        not_null.into_iter().any(|own| own == column)
    };
    let rowid = held.after.rowid_alias().map(|column| &column.name);
    let mut null = Vec::new();
    for (column, before) in columns.iter().zip(&before) {
        let is_rowid = rowid == Some(column);
        let was_rowid = held.before.rowid_alias().is_some_and(|alias| alias.name == **before);
        let integers = held.before.column(before).is_some_and(|it| it.affinity() == Affinity::Integer);
        let given = is_never_null(held.before, before);
        if is_rowid && !was_rowid && !(held.before.strict && integers && given) {
            let wrong = format!("typeof({}) <> 'integer'", before.to_sql());
            reasons.push(Reason::new("have no integer in it, as the rowid needs", held, &[before], &wrong));
        } else if !is_rowid && is_never_null(held.after, column) && !given && !said(column) {
            null.push(*before);
        }
    }
    if !null.is_empty() {
        let wrong: Vec<_> = null.iter().map(|column| format!("{} IS NULL", column.to_sql())).collect();
        reasons.push(Reason::new("have no value in it", held, &null, &wrong.join(" OR ")));
    }
    if reasons.is_empty() {
        return;
    }
    let names: Vec<_> = columns.iter().map(|column| format!("`{column}`")).collect();
    let what: Vec<_> = reasons.iter().map(|reason| reason.what).collect();
    let message =
        format!("the key of `{}` is {}, and rows may {}", held.after.name, names.join(", "), what.join(", or "));
    let counts = reasons.iter().filter_map(|Reason { what, ask, .. }| Some((what, migration.ask(ask)?)));
    findings.push(
        migration
            .at(at, message)
            .note("if one does, the migration fails, and changes nothing")
            .notes(counts.map(|(what, count)| format!("rows that {what}: {count} now")))
            .help("correct such rows first, in the same file")
            .helps(reasons.iter().filter_map(|reason| assertion(&reason.assert))),
    );
}

/// Why rows may not meet a key.
struct Reason {
    what: &'static str,
    /// The query that has to answer with true.
    assert: String,
    /// The query for how many do not meet it.
    ask: String,
}

impl Reason {
    /// Rows for which a condition about these columns of before holds.
    fn new(what: &'static str, held: KeptTable<'_>, columns: &[&Name], condition: &str) -> Self {
        let table = held.before.name.to_sql();
        let named: Vec<_> = columns.iter().map(|name| format!("{table}.{0} AS {0}", name.to_sql())).collect();
        Self {
            what,
            assert: format!("SELECT count(*) = 0 FROM {table} WHERE {condition}"),
            ask: format!("SELECT count(*) FROM (SELECT {} FROM {table}) WHERE {condition}", named.join(", ")),
        }
    }
}

/// The full-text indexes that find a row by a rowid which it no longer has.
fn full_text(migration: &Migration<'_>, findings: &mut Findings<'_>, change: &TableChange, held: KeptTable<'_>) {
    if !change.changes.contains(&Change::WithoutRowid(true)) {
        return;
    }
    let table = &held.after.name;
    for known in migration.after.virtual_tables() {
        let Object::VirtualTable(index) = &known.object else { continue };
        let is_content = |argument: &String| {
            let names = names(argument);
            names.contains(&Name::new("content")) && names.contains(table)
        };
        if index.arguments.iter().any(is_content) {
            let message = format!("`{table}` no longer has rowids, by which `{}` finds its rows", index.name);
            let help = "keep the rowid: remove `WITHOUT ROWID`";
            findings.push(migration.at(change.statement(), message).help(help));
        }
    }
}
