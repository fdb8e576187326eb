//! `odd-primary-key`: a primary key that is not what it looks like.

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::words::listed;
use crate::model::{Affinity, Constraint, Key, Rule as Demand, Table};
use dbmigrate_core::token::unquote;

pub(super) const RULE: Rule = Rule {
    name: "odd-primary-key",
    group: Group::Style,
    level: Level::Warn,
    what: "a primary key is no rowid, or may be NULL",
    why: "Only `INTEGER PRIMARY KEY`, spelled so, is the rowid: any other integer type, or `DESC`, makes a second \
          index and gives no ids by itself. And SQLite, by an old mistake that it keeps, lets every other primary key \
          be NULL, in as many rows as you like.",
    instead: "Write `INTEGER PRIMARY KEY`, or add `NOT NULL`:\n\n    CREATE TABLE countries (code TEXT NOT NULL \
              PRIMARY KEY, name TEXT);",
    fails: &[
        Example { before: "", now: "CREATE TABLE users (id INT PRIMARY KEY, name TEXT);" },
        Example { before: "", now: "CREATE TABLE users (id INTEGER PRIMARY KEY DESC, name TEXT);" },
        Example { before: "", now: "CREATE TABLE countries (code TEXT PRIMARY KEY, name TEXT);" },
        Example { before: "", now: "CREATE TABLE pairs (a INTEGER NOT NULL, b INTEGER, PRIMARY KEY (a, b));" },
    ],
    passes: &[Example {
        before: "",
        now: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
              CREATE TABLE countries (code TEXT NOT NULL PRIMARY KEY, name TEXT);",
    }],
    quiet: &[
        Example {
            before: "",
            now: "CREATE TABLE a (id \"integer\", PRIMARY KEY (id DESC));
                  CREATE TABLE b (code TEXT PRIMARY KEY) WITHOUT ROWID;
                  CREATE TABLE c (code TEXT PRIMARY KEY) STRICT;
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
    let name = &table.name;
    let nullable = |column: &&crate::model::Column| column.not_null.is_none() && !table.strict;
    let columns = key.columns.iter().filter_map(|column| table.column(&column.name));
    if let [only] = key.columns.as_slice() {
        let column = table.column(&only.name)?;
        let declared = column.declared_type.as_deref().unwrap_or_default();
        let is_integer = unquote(declared).eq_ignore_ascii_case("INTEGER");
        if is_integer && !(only.descending && constraint.beside.is_some()) {
            return None;
        }
        if column.affinity() == Affinity::Integer {
            let why = if is_integer { "with `DESC` beside it" } else { "of the type" };
            let shown = if is_integer { String::new() } else { format!(" `{declared}`") };
            return Some((
                format!("`{}` of `{name}` is no rowid: it is a primary key {why}{shown}", column.name),
                format!("write `{} INTEGER PRIMARY KEY`", column.name.to_sql()),
            ));
        }
    }
    let open: Vec<_> = columns.filter(nullable).collect();
    let first = open.first()?;
    let declared = first.declared_type.as_deref().map_or_else(String::new, |it| format!(" {it}"));
    Some((
        format!("{} may be NULL, in spite of the primary key of `{name}`", listed(open.iter().map(|it| &it.name))),
        format!("add `NOT NULL`: `{}{declared} NOT NULL`", first.name.to_sql()),
    ))
}
