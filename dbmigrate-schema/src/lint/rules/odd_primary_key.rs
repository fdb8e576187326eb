//! `odd-primary-key`: an integer primary key that is no rowid.

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::model::{Affinity, Constraint, Key, Rule as Demand, Table};
use dbmigrate_core::token::unquote;

pub(super) const RULE: Rule = Rule {
    name: "odd-primary-key",
    group: Group::Style,
    level: Level::Warn,
    what: "an integer primary key is not the rowid",
    why: "Only `INTEGER PRIMARY KEY`, spelled exactly like this, is the rowid. Any other integer type, or `DESC`, \
          makes a separate index and assigns no ids. A row inserted without an id gets NULL, and so does the next \
          one, or it is rejected.",
    instead: "Write `INTEGER PRIMARY KEY`:\n\n    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
    fails: &[
        Example { before: "", now: "CREATE TABLE users (id INT PRIMARY KEY, name TEXT);" },
        Example { before: "", now: "CREATE TABLE users (id INTEGER PRIMARY KEY DESC, name TEXT);" },
        Example { before: "", now: "CREATE TABLE users (id BIGINT NOT NULL, name TEXT, PRIMARY KEY (id));" },
    ],
    passes: &[Example { before: "", now: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);" }],
    quiet: &[
        Example {
            before: "",
            now: "CREATE TABLE a (id \"integer\", PRIMARY KEY (id DESC));
                  CREATE TABLE b (code TEXT PRIMARY KEY);
                  CREATE TABLE c (id INT PRIMARY KEY) WITHOUT ROWID;
                  CREATE TABLE d (id BIGINT NOT NULL, part INT NOT NULL, PRIMARY KEY (id, part));",
        },
        Example {
            before: "CREATE TABLE users (id INT PRIMARY KEY, name TEXT);",
            now: "CREATE TABLE new_users (id INT PRIMARY KEY, name TEXT NOT NULL);
                  INSERT INTO new_users (id, name) SELECT id, name FROM users;
                  DROP TABLE users;
                  ALTER TABLE new_users RENAME TO users;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for made in migration.made().iter().filter(|made| !made.table.without_rowid) {
        for constraint in &made.constraints {
            let Demand::PrimaryKey(key) = &constraint.rule else { continue };
            if let Some((message, help)) = odd(made.table, constraint, key) {
                findings.push(migration.at(made.statement, message).help(help));
            }
        }
    }
}

fn odd(table: &Table, constraint: &Constraint, key: &Key) -> Option<(String, String)> {
    let [only] = key.columns.as_slice() else { return None };
    let column = table.column(&only.name).filter(|column| column.affinity() == Affinity::Integer)?;
    let declared = column.declared_type.as_deref().unwrap_or_default();
    let is_integer = unquote(declared).eq_ignore_ascii_case("INTEGER");
    if is_integer && !(only.descending && constraint.beside.is_some()) {
        return None;
    }
    let why = if is_integer { "with `DESC` beside it".to_owned() } else { format!("of the type `{declared}`") };
    Some((
        format!("`{}` of `{}` is not the rowid: it is a primary key {why}", column.name, table.name),
        format!("write `{} INTEGER PRIMARY KEY`", column.name.to_sql()),
    ))
}
