//! `drop-column`: a column that may hold values goes.
//!
//! So does one that is dropped and added again, unless its values were carried over by an update in between, and one
//! that is computed from now on. A computed column has no values to lose.

use sqlite3_parser::ast::{AlterTableBody, Stmt};

use crate::compare::{Change, ColumnChange};
use crate::lint::act::Deed;
use crate::lint::finding::Findings;
use crate::lint::lineage::TableChange;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::tree;
use crate::model::Name;

pub(super) const RULE: Rule = Rule {
    name: "drop-column",
    group: Group::Destructive,
    level: Level::Deny,
    what: "a column is dropped, with all its values",
    why: "The values are gone from every installed database, and no way back brings them back. A program of the version \
          before that still runs fails at its next query.",
    instead: "Stop reading and writing the column in one release, and drop it in the next:\n\n    -- dbmigrate: allow \
              drop-column not read since 2.0\n    ALTER TABLE users DROP COLUMN nick;",
    fails: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);",
            now: "ALTER TABLE users DROP COLUMN nick;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);",
            now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY);
                  INSERT INTO new_users SELECT id FROM users;
                  DROP TABLE users;
                  ALTER TABLE new_users RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);",
            now: "ALTER TABLE users DROP COLUMN nick; ALTER TABLE users ADD COLUMN nick INTEGER;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, nick TEXT AS ('user ' || id));
                  INSERT INTO n SELECT id FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);",
        now: "UPDATE users SET nick = NULL WHERE nick = '';",
    }],
    quiet: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, age TEXT);",
            now: "ALTER TABLE users ADD COLUMN years INTEGER;
                  UPDATE users SET years = CAST(age AS INTEGER);
                  ALTER TABLE users DROP COLUMN age;
                  ALTER TABLE users RENAME COLUMN years TO age;",
        },
        Example { before: "", now: "CREATE TABLE t (a, b); ALTER TABLE t DROP COLUMN a;" },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
            now: "ALTER TABLE users ADD COLUMN nick; ALTER TABLE users DROP COLUMN nick;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);",
            now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT);
                  INSERT INTO new_users (id, name) SELECT id, nick FROM users;
                  DROP TABLE users;
                  ALTER TABLE new_users RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, double AS (id * 2));",
            now: "ALTER TABLE users DROP COLUMN double;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.changed_tables() {
        let (Some(before), table) = (change.before.table(), change.after.object.name()) else { continue };
        let first_name = |name: &Name| {
            let mut renamed = change.renamed.iter().rev();
            renamed.find(|(_, now)| now == name).map_or(name, |(was, _)| was).clone()
        };
        for changed in &change.changes {
            let (column, what) = match changed {
                Change::ColumnRemoved(column) if column.generated.is_none() => (&column.name, "is dropped"),
                Change::ColumnChanged(name, ColumnChange::Generated { from: None, to: Some(_) }) => {
                    (name, "is computed from now on, and loses")
                }
                _ => continue,
            };
            let at = migration.blame(change, |table| table.column(column).is_none_or(|it| it.generated.is_some()));
            report(migration, findings, (&before.name, &first_name(column)), (table, what), at);
        }
        for (at, column) in replaced(migration, change) {
            report(migration, findings, (&before.name, column), (table, "is dropped and added again, and loses"), at);
        }
    }
}

/// The columns that go and come back under their name, without what was in them: the statement that drops each.
fn replaced<'m>(migration: &Migration<'m>, change: &'m TableChange) -> Vec<(usize, &'m Name)> {
    let (Some(before), Some(after)) = (change.before.table(), change.after.table()) else { return Vec::new() };
    let drops = change.statements.iter().filter_map(|at| match migration.statements[*at].tree {
        Some(Stmt::AlterTable(_, AlterTableBody::DropColumn(column))) => {
            let column = before.column(&tree::name(column)).filter(|column| column.generated.is_none())?;
            let comes_back = after.column(&column.name).is_some_and(|column| column.generated.is_none());
            let carried = migration.statements.iter().take(*at).any(|statement| {
                let is_update = matches!(statement.tree, Some(Stmt::Update { .. }));
                is_update && statement.deeds().any(|deed| matches!(deed, Deed::Read(_, read) if *read == column.name))
            });
            (comes_back && !carried).then_some((*at, &column.name))
        }
        _ => None,
    });
    drops.collect()
}

fn report(
    migration: &Migration<'_>,
    findings: &mut Findings<'_>,
    (was, column): (&Name, &Name),
    (table, what): (&Name, &str),
    at: usize,
) {
    let values = if what.ends_with("loses") { " all its values" } else { ", with all its values" };
    let (was, in_sql) = (was.to_sql(), column.to_sql());
    let rows = migration.ask(&format!("SELECT count({was}.{in_sql}) FROM {was}"));
    findings.push(
        migration
            .at(at, format!("column `{column}` of `{table}` {what}{values}"))
            .notes(rows.map(|rows| match rows {
                0 => "no row has a value in it now".to_owned(),
                1 => "1 row has a value in it now".to_owned(),
                rows => format!("{rows} rows have a value in it now"),
            }))
            .help("stop using it in one release, and drop it in the next")
            .help("then say so: `-- dbmigrate: allow drop-column REASON` on the line above"),
    );
}
