//! `collation-change`: a unique key compares otherwise, and finds rows alike that were not.
//!
//! A collation that only sorts or searches is what its author asked for. One that goes back to `BINARY` finds fewer rows
//! alike than before, and no row can fail it.

use crate::compare::{Change, ColumnChange};
use crate::lint::finding::Findings;
use crate::lint::keys::{KeptTable, Part, duplicates_of, index_parts, keys_before, table_keys};
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::values::{are_cared_for, assertion};
use crate::model::{Kind, Name};

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE);";

pub(super) const RULE: Rule = Rule {
    name: "collation-change",
    group: Group::Data,
    level: Level::Warn,
    what: "a unique key gets another collation, under which existing rows may be equal",
    why: "`Ann@example.com` and `ann@example.com` are two keys, but one key with `COLLATE NOCASE`. If two rows are \
          equal under the new collation, the migration fails, and a program that migrates at startup does not start.",
    instead: "In the same file, before the copy, decide which of these rows stays. Or stop before anything has \
              changed:\n\n    -- dbmigrate: assert SELECT count(*) = 0 FROM (SELECT 1 FROM users GROUP BY email \
              COLLATE NOCASE HAVING count(*) > 1)",
    fails: &[
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE UNIQUE);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (email TEXT); CREATE UNIQUE INDEX i ON users (email);",
            now: "DROP INDEX i; CREATE UNIQUE INDEX i ON users (email COLLATE NOCASE);",
        },
        Example {
            before: "CREATE TABLE users (email TEXT PRIMARY KEY);",
            now: "CREATE TABLE n (email TEXT PRIMARY KEY COLLATE NOCASE);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    passes: &[Example {
        before: BEFORE,
        now: "-- dbmigrate: assert SELECT count(*) = 0 FROM (SELECT 1 FROM users GROUP BY email COLLATE NOCASE HAVING \
              count(*) > 1)
              CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE UNIQUE);
              INSERT INTO n SELECT * FROM users;
              DROP TABLE users;
              ALTER TABLE n RENAME TO users;",
    }],
    quiet: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;
                  CREATE INDEX i ON users (name);",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE UNIQUE);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT UNIQUE);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (email TEXT); CREATE UNIQUE INDEX i ON users (email COLLATE NOCASE);",
            now: "CREATE TABLE n (email TEXT COLLATE NOCASE UNIQUE);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.changed_tables() {
        let is_collation = |change: &Change| {
            matches!(change, Change::ColumnChanged(_, ColumnChange::Collation { .. }) | Change::ConstraintAdded(_))
        };
        if !change.changes.iter().any(is_collation) {
            continue;
        }
        let Some(held) = KeptTable::changed(change) else { continue };
        for key in table_keys(held.after) {
            judge(migration, findings, held, &key, None, change.statement());
        }
    }
    for (at, changed) in migration.net() {
        let index = changed.after.as_ref().filter(|_| changed.key.0 == Kind::Index).and_then(|known| known.index());
        let Some(index) = index.filter(|index| index.unique) else { continue };
        let Some(held) = KeptTable::new(migration, &index.table) else { continue };
        let Some(key) = index_parts(held.after, index) else { continue };
        judge(migration, findings, held, &key, index.filter.as_deref(), at);
    }
}

/// Judges a key that a table has now.
fn judge(
    migration: &Migration<'_>,
    findings: &mut Findings<'_>,
    held: KeptTable<'_>,
    key: &[Part],
    filter: Option<&str>,
    at: usize,
) {
    let before: Option<Vec<Part>> =
        key.iter().map(|(name, collation)| Some((held.name_before(name)?.clone(), collation.clone()))).collect();
    let Some(before) = before else { return };
    let keys = keys_before(migration, held.before, filter);
    let has = |was: &[Part], suits: &dyn Fn(&str, &str) -> bool| {
        was.iter().all(|(name, was)| before.iter().any(|(own, is)| own == name && suits(was, is)))
    };
    // What was unique at all, but by none of the keys in this way or a finer one.
    let any = keys.iter().any(|was| has(was, &|_, _| true));
    let same = keys.iter().any(|was| has(was, &|was, is| was == is || is == "binary"));
    let columns: Vec<&Name> = key.iter().map(|(name, _)| name).collect();
    if !any || same || are_cared_for(migration, held, &columns, at) {
        return;
    }
    let shown = key.iter().map(|(name, collation)| format!("`{name} COLLATE {}`", collation.to_ascii_uppercase()));
    let message = format!(
        "rows of `{}` may be equal in {}, which was unique by another collation",
        held.after.name,
        shown.collect::<Vec<_>>().join(", ")
    );
    let queries = duplicates_of(held, key, filter);
    let count = queries.as_ref().and_then(|[_, ask]| migration.ask(&format!("SELECT count(*) FROM ({ask})")));
    let assert = queries.and_then(|[assert, _]| assertion(&format!("SELECT count(*) = 0 FROM ({assert})")));
    findings.push(
        migration
            .at(at, message)
            .note("if two are, the migration fails, and changes nothing")
            .notes(count.map(|count| match count {
                0 => "no two rows are equal by it now".to_owned(),
                1 => "1 value is in more than one row by it now".to_owned(),
                count => format!("{count} values are in more than one row by it now"),
            }))
            .help("remove or change duplicates first, in the same file")
            .helps(assert),
    );
}
