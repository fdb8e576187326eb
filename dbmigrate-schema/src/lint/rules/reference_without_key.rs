//! `reference-without-key`: a new foreign key refers to columns by which its parent is not unique.
//!
//! It is taken back where a later migration of the set makes the key. That a key goes is for `drop-unique-of-reference` to
//! say, and with foreign keys off the replay refuses the file, as the runner does. What refers to a table that is not there
//! may refer to one of another set.

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::references::{is_key_in, parent_columns};
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::state::State;
use crate::lint::words::listed;
use crate::model::{ForeignKey, Kind, Name, Rule as Demand, Table};

pub(super) const RULE: Rule = Rule {
    name: "reference-without-key",
    group: Group::Mechanics,
    level: Level::Deny,
    what: "a foreign key refers to columns that are not a key",
    why: "A foreign key has to refer to the primary key, or to columns with a UNIQUE constraint or a unique index of \
          their own. SQLite accepts any columns. With foreign keys enforced, every later write to the table fails: \
          `foreign key mismatch`.",
    instead: "Make the columns unique, in the same file:\n\n    CREATE UNIQUE INDEX users_email ON users (email);",
    fails: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);",
            now: "CREATE TABLE logins (id INTEGER PRIMARY KEY, user TEXT REFERENCES users (email));",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
                     CREATE TABLE logins (id INTEGER PRIMARY KEY);",
            now: "ALTER TABLE logins ADD COLUMN user TEXT REFERENCES users (email);",
        },
        Example {
            before: "CREATE TABLE logins (id INTEGER PRIMARY KEY, user TEXT REFERENCES users (email));",
            now: "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);",
        },
        Example {
            before: "CREATE TABLE places (x INT, y INT, PRIMARY KEY (x, y)); CREATE TABLE words (word TEXT);",
            now: "CREATE TABLE one (x INT REFERENCES places);
                  CREATE TABLE two (x INT REFERENCES places (x));
                  CREATE TABLE three (word TEXT REFERENCES words);",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
                     CREATE UNIQUE INDEX emails ON users (email COLLATE NOCASE);
                     CREATE UNIQUE INDEX some ON users (email) WHERE id > 0;",
            now: "CREATE TABLE logins (id INTEGER PRIMARY KEY, user TEXT REFERENCES users (email));",
        },
    ],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);",
        now: "CREATE UNIQUE INDEX users_email ON users (email);
              CREATE TABLE logins (id INTEGER PRIMARY KEY, user TEXT REFERENCES users (email));
              CREATE INDEX logins_user ON logins (user);",
    }],
    quiet: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);",
            now: "CREATE TABLE logins (id INTEGER PRIMARY KEY, user TEXT REFERENCES users (email));
                  CREATE UNIQUE INDEX users_email ON users (email);",
        },
        Example {
            before: "CREATE TABLE places (x INT, y INT, PRIMARY KEY (x, y));
                     CREATE TABLE old (n TEXT PRIMARY KEY, m TEXT UNIQUE COLLATE NOCASE) WITHOUT ROWID;",
            now: "CREATE TABLE one (x INT, y INT, FOREIGN KEY (y, x) REFERENCES places (y, x));
                  CREATE TABLE two (x INT, y INT, FOREIGN KEY (x, y) REFERENCES places);
                  CREATE TABLE three (id INTEGER PRIMARY KEY, up INT REFERENCES three, n REFERENCES old, m REFERENCES old (m));
                  CREATE TABLE four (elsewhere INT REFERENCES accounts (number));",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let made = migration.made();
    for made in &made {
        for constraint in &made.constraints {
            if let Demand::ForeignKey(key) = &constraint.rule {
                judge(migration, findings, made.statement, (made.table, key));
            }
        }
    }
    let is_made = |table: &Name| made.iter().any(|made| made.table.name == *table);
    for (statement, parent) in migration.created(Kind::Table) {
        let name = parent.object.name();
        // What the migration makes besides was looked at above.
        let children = migration.after.referring(name).filter_map(|known| known.table());
        for child in children.filter(|child| !is_made(&child.name)) {
            for key in child.foreign_keys().filter(|key| key.parent == *name) {
                judge(migration, findings, statement, (child, key));
            }
        }
    }
}

fn judge(
    migration: &Migration<'_>,
    findings: &mut Findings<'_>,
    statement: usize,
    (child, key): (&Table, &ForeignKey),
) {
    let Some(parent) = lacking(migration.after, &child.name, key) else { return };
    let columns = parent_columns(parent, key);
    let what = if columns.is_empty() {
        format!("`{}`, which has no primary key", parent.name)
    } else if columns.len() != key.columns.len() {
        format!("`{}`, whose primary key has {} columns", parent.name, columns.len())
    } else {
        format!("{} of `{}`, which is not a key", listed(&columns), parent.name)
    };
    let draft = migration.at(statement, format!("{} of `{}` refers to {what}", listed(&key.columns), child.name)).note(
        format!("with foreign keys enforced, every later write to `{}` fails: `foreign key mismatch`", child.name),
    );
    let draft = if columns.len() == key.columns.len() && columns.iter().all(|column| parent.column(column).is_some()) {
        let names = std::iter::once(&parent.name).chain(&columns).map(Name::as_str).collect::<Vec<_>>();
        let list: Vec<_> = columns.iter().map(Name::to_sql).collect();
        draft.help(format!(
            "`CREATE UNIQUE INDEX {} ON {} ({});`",
            Name::new(names.join("_")).to_sql(),
            parent.name.to_sql(),
            list.join(", ")
        ))
    } else {
        draft.help("refer to columns that are a key")
    };
    let (child, key) = (child.name.clone(), key.clone());
    findings.push(draft.moot_if(move |end| lacking(end.state, &child, &key).is_none()));
}

/// The parent of a reference that a table has, where it is a table that is not unique by what is referred to.
fn lacking<'s>(state: &'s State, child: &Name, key: &ForeignKey) -> Option<&'s Table> {
    let table = |name: &Name| state.get(Kind::Table, name).and_then(|known| known.table());
    table(child)?.foreign_keys().find(|own| *own == key)?;
    let parent = table(&key.parent)?;
    let columns = parent_columns(parent, key);
    let is_key = columns.len() == key.columns.len() && is_key_in(state, parent, &columns);
    (!is_key).then_some(parent)
}
