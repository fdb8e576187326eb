//! `check-on-existing-rows`: a table that may hold rows gets a check that its rows may not meet.
//!
//! A check that allows all that one of before allowed is none, as far as their trees tell: a list of values that got one
//! more, a length that got longer. Of a column that comes along with its check, SQLite is asked whether the default
//! meets it; where other columns stand in such a check nobody can tell, and the rule is silent.

use std::collections::HashSet;

use rusqlite::Connection;

use crate::compare::Change;
use crate::lint::finding::Findings;
use crate::lint::keys::KeptTable;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule as Lint};
use crate::lint::values::{Filled, are_cared_for, assertion, filled, names};
use crate::lint::widens::implies;
use crate::model::{Column, Constraint, Name, Rule, Table};
use crate::plan::on_one_line;

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER);";

pub(super) const RULE: Lint = Lint {
    name: "check-on-existing-rows",
    group: Group::Data,
    level: Level::Warn,
    what: "a table gets a `CHECK` that existing rows may violate",
    why: "If one row violates it, the migration fails, and a program that migrates at startup does not start. An \
          empty database does not show this.",
    instead: "Correct these rows first:\n\n    UPDATE users SET age = NULL WHERE age < 0;\n    ALTER TABLE users ADD \
              CONSTRAINT grown CHECK (age >= 0);\n\nOr stop before anything has changed:\n\n    -- dbmigrate: assert \
              SELECT count(*) = 0 FROM users WHERE NOT (age >= 0)\n\nBefore SQLite 3.53, adding a check needs a \
              rebuild, which `cargo dbmigrate generate` writes.",
    fails: &[
        Example { before: BEFORE, now: "ALTER TABLE users ADD CONSTRAINT grown CHECK (age >= 0);" },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, age INTEGER CHECK (age >= 0));
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE t (kind TEXT CHECK (kind IN ('a', 'b', 'c')));",
            now: "CREATE TABLE n (kind TEXT CHECK (kind IN ('a', 'b')));
                  INSERT INTO n SELECT * FROM t;
                  DROP TABLE t;
                  ALTER TABLE n RENAME TO t;",
        },
        Example {
            before: BEFORE,
            now: "ALTER TABLE users ADD COLUMN kind TEXT DEFAULT 'x' CHECK (kind IN ('a', 'b'));",
        },
    ],
    passes: &[
        Example {
            before: BEFORE,
            now: "UPDATE users SET age = NULL WHERE age < 0;
                  ALTER TABLE users ADD CONSTRAINT grown CHECK (age >= 0);",
        },
        Example {
            before: BEFORE,
            now: "-- dbmigrate: assert SELECT count(*) = 0 FROM users WHERE NOT (age >= 0)
                  ALTER TABLE users ADD CONSTRAINT grown CHECK (age >= 0);",
        },
    ],
    quiet: &[
        Example {
            before: "CREATE TABLE t (kind TEXT CHECK (kind IN ('a', 'b')));",
            now: "CREATE TABLE n (kind TEXT CHECK (kind IN ('a', 'b', 'c')));
                  INSERT INTO n SELECT * FROM t;
                  DROP TABLE t;
                  ALTER TABLE n RENAME TO t;",
        },
        Example {
            before: "CREATE TABLE t (kind TEXT CHECK (kind IN ('a', 'b')));",
            now: "CREATE TABLE n (kind TEXT, CONSTRAINT known CHECK (kind IN ('a', 'b')));
                  INSERT INTO n SELECT * FROM t;
                  DROP TABLE t;
                  ALTER TABLE n RENAME TO t;",
        },
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN kind TEXT CHECK (kind IN ('a', 'b'));" },
        Example {
            before: BEFORE,
            now: "ALTER TABLE users ADD COLUMN kind TEXT DEFAULT 'a' CHECK (kind IN ('a', 'b'));",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, age INTEGER, kind TEXT NOT NULL CHECK (kind IN ('a', 'b')));
                  INSERT INTO n SELECT id, age, 'a' FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example { before: "", now: "CREATE TABLE t (a); ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);" },
        Example {
            before: "CREATE TABLE t (a CHECK (t.a > 0));",
            now: "ALTER TABLE t RENAME COLUMN a TO b; ALTER TABLE t RENAME TO u;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.changed_tables() {
        let Some(held) = KeptTable::changed(change) else { continue };
        let gone = change.changes.iter().filter_map(|change| match change {
            Change::ConstraintRemoved(Constraint { rule: Rule::Check(text), .. }) => Some(text.as_str()),
            _ => None,
        });
        let gone: Vec<_> = gone.collect();
        for added in &change.changes {
            let Change::ConstraintAdded(Constraint { rule: Rule::Check(text), .. }) = added else { continue };
            let mentioned = mentioned(held.after, text);
            let at = migration.blame(change, |table| has_check(table, text));
            if implies(&gone, text) || are_cared_for(migration, held, &mentioned, at) {
                continue;
            }
            judge(migration, findings, held, (text, &mentioned), at);
        }
    }
}

fn judge(
    migration: &Migration<'_>,
    findings: &mut Findings<'_>,
    held: KeptTable<'_>,
    (text, mentioned): (&str, &[&Name]),
    at: usize,
) {
    let (table, shown) = (&held.after.name, on_one_line(text));
    let new: Vec<_> = mentioned.iter().filter(|column| held.name_before(column).is_none()).collect();
    if let [only] = new.as_slice() {
        let Some(column) = held.after.column(only) else { return };
        let by_default = held.change.is_none_or(|change| filled(migration, change, only) == Filled::Default);
        if by_default && mentioned.len() == 1 && !meets(column, text) {
            let message = format!("the default of `{only}` does not meet `CHECK ({shown})`");
            let finding = migration
                .at(at, message)
                .note("SQLite accepts this on an empty table, and rejects it if there is a row");
            findings.push(finding.help("give it a default that does"));
        }
        return;
    }
    if !new.is_empty() {
        return;
    }
    let was = held.before.name.to_sql();
    let before: Option<Vec<_>> = mentioned.iter().map(|column| held.name_before(column)).collect();
    let same_names = before.is_some_and(|before| before == mentioned) && held.before.name == held.after.name;
    let broken = format!("SELECT count(*) FROM {was} WHERE NOT ({shown})");
    let count = same_names.then(|| migration.ask(&broken)).flatten();
    let assert = same_names.then(|| broken.replacen("count(*)", "count(*) = 0", 1));
    findings.push(
        migration
            .at(at, format!("rows of `{table}` may not meet `CHECK ({shown})`, which is new"))
            .note("if one does not, the migration fails, and changes nothing")
            .notes(count.map(|count| match count {
                0 => "every row meets it now".to_owned(),
                1 => "1 row does not meet it now".to_owned(),
                count => format!("{count} rows do not meet it now"),
            }))
            .help("correct such rows first, in the same file")
            .helps(assert.and_then(|assert| assertion(&assert))),
    );
}

/// The columns of a table that stand in a check.
fn mentioned<'t>(table: &'t Table, check: &str) -> Vec<&'t Name> {
    let names: HashSet<Name> = names(check);
    table.columns.iter().map(|column| &column.name).filter(|name| names.contains(name)).collect()
}

fn has_check(table: &Table, text: &str) -> bool {
    table.constraints.iter().any(|constraint| matches!(&constraint.rule, Rule::Check(own) if own == text))
}

/// Whether the default of a column meets a check about it; SQLite is asked. True where it can't tell.
fn meets(column: &Column, check: &str) -> bool {
    let Ok(connection) = Connection::open_in_memory() else { return true };
    let mut alone = column.clone();
    (alone.not_null, alone.collation) = (None, None);
    let line = crate::render::sql::column_type_and_clauses(&alone);
    let sql = format!("CREATE TABLE t (a, {} {line}); INSERT INTO t (a) VALUES (1)", column.name.to_sql());
    let ask = format!("SELECT ({}) IS NOT 0 FROM t", on_one_line(check));
    connection.execute_batch(&sql).and_then(|()| connection.query_row(&ask, [], |row| row.get(0))).unwrap_or(true)
}
