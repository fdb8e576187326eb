//! `nullable-primary-key`: a primary key that may be NULL.
//!
//! Off unless turned on: in real histories every fifth table is such a one, and what writes to it is a program that
//! always has a value. An integer that gets NULL by itself is for `odd-primary-key`.

use sqlite3_parser::Bump;
use sqlite3_parser::ast::{Expr, OneSelect, Operator, ResultColumn, Stmt};

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::tree::{bare, parse};
use crate::lint::values::names;
use crate::lint::words::listed;
use crate::model::{Affinity, Column, Rule as Demand, Table};

pub(super) const RULE: Rule = Rule {
    name: "nullable-primary-key",
    group: Group::Style,
    level: Level::Allow,
    what: "a primary key may be NULL",
    why: "Because of an old bug that is kept for compatibility, SQLite permits NULL in every primary key that is not \
          the rowid, in any number of rows. In `STRICT` and `WITHOUT ROWID` tables it does not.",
    instead: "Add `NOT NULL`:\n\n    CREATE TABLE countries (code TEXT NOT NULL PRIMARY KEY, name TEXT);",
    fails: &[
        Example { before: "", now: "CREATE TABLE countries (code TEXT PRIMARY KEY, name TEXT);" },
        Example { before: "", now: "CREATE TABLE pairs (a INTEGER NOT NULL, b INTEGER, PRIMARY KEY (a, b));" },
        // What is neither true nor false is accepted.
        Example { before: "", now: "CREATE TABLE codes (code TEXT PRIMARY KEY CHECK (length(code) = 2 OR 1 = 2));" },
    ],
    passes: &[Example { before: "", now: "CREATE TABLE countries (code TEXT NOT NULL PRIMARY KEY, name TEXT);" }],
    quiet: &[
        Example {
            before: "",
            now: "CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT);
                  CREATE TABLE b (code TEXT PRIMARY KEY) WITHOUT ROWID;
                  CREATE TABLE c (code TEXT PRIMARY KEY) STRICT;
                  CREATE TABLE d (id INT PRIMARY KEY);
                  CREATE TABLE f (code TEXT PRIMARY KEY CHECK (code IS NOT NULL), name TEXT);
                  CREATE TABLE g (id BLOB PRIMARY KEY, name TEXT, CHECK (length(name) > 2 AND (typeof(id) = 'blob')));
                  CREATE TABLE e (id BIGINT NOT NULL, part INT NOT NULL, PRIMARY KEY (id, part));",
        },
        Example {
            before: "CREATE TABLE countries (code TEXT PRIMARY KEY, name TEXT);",
            now: "CREATE TABLE new_countries (code TEXT PRIMARY KEY, name TEXT NOT NULL);
                  INSERT INTO new_countries (code, name) SELECT code, name FROM countries;
                  DROP TABLE countries;
                  ALTER TABLE new_countries RENAME TO countries;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for made in migration.made().iter().filter(|made| !made.table.without_rowid && !made.table.strict) {
        for constraint in &made.constraints {
            let Demand::PrimaryKey(key) = &constraint.rule else { continue };
            let columns: Vec<&Column> =
                key.columns.iter().filter_map(|column| made.table.column(&column.name)).collect();
            if matches!(columns.as_slice(), [only] if only.affinity() == Affinity::Integer) {
                continue;
            }
            let is_open = |column: &&Column| column.not_null.is_none() && !refuses_null(migration, made.table, column);
            let open: Vec<_> = columns.into_iter().filter(is_open).collect();
            let Some(first) = open.first() else { continue };
            let names = listed(open.iter().map(|column| &column.name));
            let declared = first.declared_type.as_deref().map_or_else(String::new, |it| format!(" {it}"));
            let message = format!("{names} may be NULL, in spite of the primary key of `{}`", made.table.name);
            let help = format!("add `NOT NULL`: `{}{declared} NOT NULL`", first.name.to_sql());
            findings.push(migration.at(made.statement, message).help(help));
        }
    }
}

/// Whether a check is false where a column is NULL, whatever the others are: SQLite is asked about each condition that
/// has to hold and names no other column.
fn refuses_null(migration: &Migration<'_>, table: &Table, column: &Column) -> bool {
    let checks = table.constraints.iter().filter_map(|constraint| match &constraint.rule {
        Demand::Check(check) => Some(check),
        _ => None,
    });
    let name = column.name.to_sql();
    let is_false = |condition: &Expr<'_>| {
        let condition = condition.to_string();
        let named = names(&condition);
        let alone = table.columns.iter().all(|other| other.name == column.name || !named.contains(&other.name));
        let sql = format!("SELECT ({condition}) IS FALSE FROM (SELECT NULL AS {name})");
        alone && named.contains(&column.name) && migration.connection.query_row(&sql, [], |row| row.get(0)) == Ok(true)
    };
    checks.into_iter().any(|check| {
        let bump = Bump::new();
        let condition = format!("SELECT {check}");
        let Some(Stmt::Select(select)) = parse(&bump, &condition) else { return false };
        let OneSelect::Select { columns: [ResultColumn::Expr(condition, None)], .. } = &select.body.select else {
            return false;
        };
        conditions(condition).into_iter().any(is_false)
    })
}

/// The conditions that all have to hold for this one to hold.
fn conditions<'e>(condition: &'e Expr<'e>) -> Vec<&'e Expr<'e>> {
    let (mut pending, mut found) = (vec![condition], Vec::new());
    while let Some(condition) = pending.pop() {
        match bare(condition) {
            Expr::Binary(left, Operator::And, right) => pending.extend([left, right]),
            other => found.push(other),
        }
    }
    found
}
