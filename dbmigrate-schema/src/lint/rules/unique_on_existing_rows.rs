//! `unique-on-existing-rows`: a table that may hold rows becomes unique by some columns, and its rows may not be.
//!
//! What was unique by some of these columns before is so by all of them. Where only the collation is another one,
//! `collation-change` speaks; about a primary key `key-change` does. A migration that updates the columns or removes
//! rows first has thought of them. A key that says itself to drop what it refuses is for `lossy-copy`.

use crate::compare::Change;
use crate::lint::finding::Findings;
use crate::lint::keys::{KeptTable, Part, duplicates_of, implied, index_parts, keys_before, table_keys};
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule as Lint};
use crate::lint::values::{are_cared_for, assertion, copies};
use crate::model::{Conflict, Kind, Name, Rule};

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, team INTEGER);";

pub(super) const RULE: Lint = Lint {
    name: "unique-on-existing-rows",
    group: Group::Data,
    level: Level::Warn,
    what: "existing rows have to become unique",
    why: "If two rows have the same values, the migration fails, and a program that migrates at startup does not \
          start. An empty database does not show this.",
    instead: "Decide which of several equal rows stays, before you create the index:\n\n    DELETE FROM users WHERE \
              id NOT IN (SELECT min(id) FROM users GROUP BY email);\n    CREATE UNIQUE INDEX users_email ON users \
              (email);\n\nOr stop with a message of your own, before anything has changed:\n\n    -- dbmigrate: \
              assert SELECT count(*) = 0 FROM (SELECT 1 FROM users GROUP BY email HAVING count(*) > 1)",
    fails: &[
        Example { before: BEFORE, now: "CREATE UNIQUE INDEX users_email ON users (email);" },
        Example { before: BEFORE, now: "CREATE UNIQUE INDEX users_email ON users (lower(email));" },
        Example { before: BEFORE, now: "CREATE UNIQUE INDEX users_email ON users (email) WHERE team IS NULL;" },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT UNIQUE, team INTEGER);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "ALTER TABLE users ADD COLUMN token TEXT NOT NULL DEFAULT '';
                  CREATE UNIQUE INDEX users_token ON users (token);",
        },
        Example {
            before: "CREATE TABLE users (email, team); CREATE UNIQUE INDEX i ON users (email, team);",
            now: "DROP INDEX i; CREATE UNIQUE INDEX i ON users (email);",
        },
    ],
    passes: &[
        Example {
            before: BEFORE,
            now: "DELETE FROM users WHERE id NOT IN (SELECT min(id) FROM users GROUP BY email);
                  CREATE UNIQUE INDEX users_email ON users (email);",
        },
        Example {
            before: BEFORE,
            now:
                "-- dbmigrate: assert SELECT count(*) = 0 FROM (SELECT 1 FROM users GROUP BY email HAVING count(*) > 1)
                  CREATE UNIQUE INDEX users_email ON users (email);",
        },
    ],
    quiet: &[
        Example {
            before: BEFORE,
            now: "ALTER TABLE users ADD COLUMN token TEXT; CREATE UNIQUE INDEX users_token ON users (token);",
        },
        Example {
            before: BEFORE,
            now: "ALTER TABLE users ADD COLUMN token TEXT NOT NULL DEFAULT '';
                  UPDATE users SET token = hex(randomblob(16));
                  CREATE UNIQUE INDEX users_token ON users (token);",
        },
        Example { before: BEFORE, now: "CREATE UNIQUE INDEX users_team ON users (team, id);" },
        Example { before: BEFORE, now: "CREATE INDEX users_email ON users (email);" },
        Example { before: "", now: "CREATE TABLE t (a); CREATE UNIQUE INDEX t_a ON t (a);" },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT); CREATE UNIQUE INDEX i ON users (email);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT, team INTEGER);
                  INSERT INTO n (id, email) SELECT id, email FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;
                  CREATE UNIQUE INDEX i ON users (email);",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE);",
            now: "ALTER TABLE users RENAME COLUMN email TO mail; CREATE UNIQUE INDEX i ON users (mail);",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, a INT, b INT, UNIQUE (a, b));",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, a INT, b INT);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;
                  CREATE UNIQUE INDEX i ON users (b, a);",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for (at, changed) in migration.net() {
        let Some(index) = changed.after.as_ref().and_then(|known| known.index()).filter(|index| index.unique) else {
            continue;
        };
        let is_same = |known: &std::rc::Rc<crate::lint::state::Known>| {
            known.index().is_some_and(|before| before.text == index.text)
        };
        if migration.before(Kind::Index, &index.name).is_some_and(is_same) {
            continue;
        }
        let Some(held) = KeptTable::new(migration, &index.table) else { continue };
        judge(migration, findings, at, held, index_parts(held.after, index).as_deref(), index.filter.as_deref());
    }
    for change in migration.changed_tables() {
        let Some(held) = KeptTable::changed(change) else { continue };
        for added in &change.changes {
            let Change::ConstraintAdded(constraint) = added else { continue };
            let Rule::Unique(key) = &constraint.rule else { continue };
            let drops = matches!(key.conflict, Some(Conflict::Ignore | Conflict::Replace));
            if drops && copies(migration, change).all(|copy| copy.conflict.is_none()) {
                continue;
            }
            let names: Vec<_> = key.columns.iter().map(|column| &column.name).collect();
            let mut keys = table_keys(held.after).into_iter();
            let key = keys.find(|key| key.iter().map(|(name, _)| name).eq(names.iter().copied()));
            judge(migration, findings, change.statement(), held, key.as_deref(), None);
        }
    }
}

/// Judges one key of after; none is one that sorts by an expression.
fn judge(
    migration: &Migration<'_>,
    findings: &mut Findings<'_>,
    at: usize,
    held: KeptTable<'_>,
    key: Option<&[Part]>,
    filter: Option<&str>,
) {
    let table = &held.after.name;
    let columns: Vec<&Name> = key.unwrap_or_default().iter().map(|(name, _)| name).collect();
    let before: Option<Vec<&Name>> = columns.iter().map(|column| held.name_before(column)).collect();
    if key.is_some()
        && before.as_ref().is_some_and(|names| implied(&keys_before(migration, held.before, filter), names))
    {
        return;
    }
    if are_cared_for(migration, held, &columns, at) {
        return;
    }
    let new = columns.iter().filter(|column| held.name_before(column).is_none());
    let new: Vec<_> = new.filter_map(|name| held.after.column(name)).collect();
    // What has no value equals nothing.
    if new.iter().any(|column| column.default.as_ref().is_none_or(|default| default.is_null())) {
        return;
    }
    if !new.is_empty() && new.len() == columns.len() {
        let message = format!("every row of `{table}` has the same {}, which has to be unique", listed(&columns));
        let finding = migration.at(at, message).note("this works as long as there are fewer than two rows");
        findings.push(finding.help("give each row a value of its own before: `UPDATE … SET …`"));
        return;
    }
    let what = if key.is_some() { listed(&columns) } else { "values in this index".to_owned() };
    let queries = key.and_then(|key| duplicates_of(held, key, filter));
    let count = queries.as_ref().and_then(|[_, ask]| migration.ask(&format!("SELECT count(*) FROM ({ask})")));
    let assert = queries.and_then(|[assert, _]| assertion(&format!("SELECT count(*) = 0 FROM ({assert})")));
    findings.push(
        migration
            .at(at, format!("rows of `{table}` may be equal in {what}, which now has to be unique"))
            .note("if two are, the migration fails, and changes nothing")
            .notes(count.map(|count| match count {
                0 => "no two rows are alike now".to_owned(),
                1 => "1 value is in more than one row now".to_owned(),
                count => format!("{count} values are in more than one row now"),
            }))
            .help("remove or change duplicates first, in the same file")
            .helps(assert),
    );
}

fn listed(columns: &[&Name]) -> String {
    columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ")
}
