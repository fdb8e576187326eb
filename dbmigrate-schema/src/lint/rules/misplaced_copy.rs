//! `misplaced-copy`: a rebuild puts the values of one column into another one, because it counts on an order.
//!
//! It is said where a value comes from a column that has its own place in the new table, and lands in one that was there
//! before under its own name. A column that only gets another name is not that.

use sqlite3_parser::ast::{Expr, OneSelect, ResultColumn};

use crate::lint::finding::Findings;
use crate::lint::keys::KeptTable;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::tree;
use crate::lint::values::copies;
use crate::model::Name;

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, email TEXT);";

pub(super) const RULE: Rule = Rule {
    name: "misplaced-copy",
    group: Group::Data,
    level: Level::Deny,
    what: "a copy puts values into a column with another name",
    why: "Without a list of columns, `INSERT INTO … SELECT` assigns values by position. If the new table has its \
          columns in another order, values end up in the wrong columns, without an error.",
    instead: "List the columns on both sides:\n\n    INSERT INTO n (id, email, name) SELECT id, email, name FROM \
              users;",
    fails: &[
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
                  INSERT INTO n (id, email, name) SELECT id, name, email FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    passes: &[Example {
        before: BEFORE,
        now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
              INSERT INTO n (id, email, name) SELECT id, email, name FROM users;
              DROP TABLE users;
              ALTER TABLE n RENAME TO users;",
    }],
    quiet: &[
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT, email TEXT);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, full_name TEXT, email TEXT);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT, email TEXT, sort TEXT);
                  INSERT INTO n SELECT id, name, email, name FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.changed_tables() {
        let Some(held) = KeptTable::changed(change) else { continue };
        for copy in copies(migration, change) {
            let OneSelect::Select { columns, .. } = &copy.select.body.select else { continue };
            let sources: Vec<Option<Name>> = match columns {
                [ResultColumn::Star | ResultColumn::TableStar(_)] => {
                    held.before.columns.iter().map(|column| Some(column.name.clone())).collect()
                }
                columns => columns.iter().map(source).collect(),
            };
            let wrong = copy.targets.iter().zip(&sources).filter_map(|(target, source)| {
                let source = source.as_ref().filter(|source| *source != target)?;
                let both = |name| held.before.column(name).is_some() && held.after.column(name).is_some();
                (both(target) && both(source)).then_some((source, target))
            });
            let wrong: Vec<_> = wrong.map(|(source, target)| format!("`{source}` into `{target}`")).collect();
            if wrong.is_empty() {
                continue;
            }
            let same = held.after.columns.iter().filter(|column| column.generated.is_none());
            let same = same.filter(|column| held.before.column(&column.name).is_some());
            let names = same.map(|column| column.name.to_sql()).collect::<Vec<_>>().join(", ");
            findings.push(
                migration
                    .at(copy.statement, format!("the copy of `{}` puts {}", held.before.name, wrong.join(", ")))
                    .help(format!("name the columns on both sides: `INSERT INTO … ({names}) SELECT {names} FROM …`")),
            );
        }
    }
}

/// The column that is selected; none for a value that is computed, or of several that are not told.
fn source(column: &ResultColumn<'_>) -> Option<Name> {
    match column {
        ResultColumn::Expr(Expr::Id(id), _) => Some(Name::new(dbmigrate_core::token::unquote(id.0))),
        ResultColumn::Expr(Expr::Name(name) | Expr::Qualified(_, name), _) => Some(tree::name(name)),
        _ => None,
    }
}
