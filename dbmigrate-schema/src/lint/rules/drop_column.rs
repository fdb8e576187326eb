//! `drop-column`: a column that may hold values goes.
//!
//! Where the migration reads it before, its values may be somewhere else, but programs of the version before fail all the
//! same. One that is dropped and added again is a loss, too, unless its values were carried over in between, and one that
//! is computed from now on, and one that stays while the copy of a rebuild leaves it out or puts the same into every row. A
//! computed column has no values to lose.

use sqlite3_parser::ast::{AlterTableBody, Expr, Stmt};

use crate::compare::{Change, ColumnChange};
use crate::lint::finding::Findings;
use crate::lint::lineage::TableChange;
use crate::lint::migration::Migration;
use crate::lint::operation::OperationKind;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::tree;
use crate::lint::values::{Copy, Filled, copies, filled};
use crate::model::Name;

pub(super) const RULE: Rule = Rule {
    name: "drop-column",
    group: Group::Destructive,
    level: Level::Deny,
    what: "a column is dropped, with all its values",
    why: "The values are lost in every installed database, and no down script brings them back. The same is true if \
          the column stays, but the copy of a rebuild leaves it out, or puts the same value into every row. A \
          program of the previous version that is still running fails at its next query.",
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
            now: "ALTER TABLE users RENAME COLUMN nick TO old; ALTER TABLE users ADD COLUMN nick TEXT;
                  ALTER TABLE users DROP COLUMN old;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, nick TEXT DEFAULT '');
                  INSERT INTO n (id) SELECT id FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, nick TEXT);
                  INSERT INTO n SELECT id, NULL FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY AUTOINCREMENT, nick TEXT);
                  INSERT INTO n (nick) SELECT nick FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY);
                  INSERT INTO n SELECT id FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;
                  ALTER TABLE users ADD COLUMN nick TEXT;",
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
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, age TEXT);",
            now: "ALTER TABLE users RENAME COLUMN age TO old_age; ALTER TABLE users ADD COLUMN age INTEGER;
                  UPDATE users SET age = CAST(old_age AS INTEGER); ALTER TABLE users DROP COLUMN old_age;",
        },
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
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);",
            now:
                "CREATE TABLE nicks (user INTEGER PRIMARY KEY, nick TEXT); INSERT INTO nicks SELECT id, nick FROM users;
                  CREATE TABLE n (id INTEGER PRIMARY KEY, nick TEXT);
                  INSERT INTO n (id) SELECT id FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, nick TEXT DEFAULT '');
                  INSERT INTO n SELECT id, nick FROM users WHERE nick IS NOT NULL;
                  INSERT INTO n (id) SELECT id FROM users WHERE nick IS NULL;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
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
        let mut losses: Vec<(usize, Loss, Vec<&Name>)> = Vec::new();
        let mut lose = |at, loss, column| match losses.iter_mut().find(|(own, is, _)| *own == at && *is == loss) {
            Some((.., columns)) => columns.push(column),
            None => losses.push((at, loss, vec![column])),
        };
        for changed in &change.changes {
            let (column, loss) = match changed {
                Change::ColumnRemoved(column) if column.generated.is_none() => (&column.name, Loss::Dropped),
                Change::ColumnChanged(name, ColumnChange::Generated { from: None, to: Some(_) }) => {
                    (name, Loss::Computed)
                }
                _ => continue,
            };
            let at = migration.blame(change, |table| table.column(column).is_none_or(|it| it.generated.is_some()));
            let end = change.rebuild.as_ref().map_or(at, |rebuild| rebuild.drop);
            let moved = loss == Loss::Dropped && is_read(migration, change, &[column], end);
            lose(at, if moved { Loss::Moved } else { loss }, column);
        }
        for (at, column) in replaced(migration, change) {
            lose(at, Loss::Replaced, column);
        }
        for (at, loss, column) in not_copied(migration, change) {
            lose(at, loss, column);
        }
        for (at, loss, columns) in losses {
            report(migration, findings, change, loss, &columns, at);
        }
    }
}

/// How a column loses its values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Loss {
    Dropped,
    /// It is read before it goes.
    Moved,
    Computed,
    Replaced,
    /// The copy of a rebuild leaves it out.
    LeftOut,
    /// The copy of a rebuild puts the same into every row.
    Overwritten,
}

/// The columns that go and come back under their name, without what was in them: the statement that drops each.
fn replaced<'m>(migration: &Migration<'m>, change: &'m TableChange) -> Vec<(usize, &'m Name)> {
    let (Some(before), Some(after)) = (change.before.table(), change.after.table()) else { return Vec::new() };
    let drops = change.statements.iter().filter_map(|at| match migration.statements[*at].tree {
        Some(Stmt::AlterTable(_, AlterTableBody::DropColumn(column))) => {
            let last = tree::name(column);
            let first = first_name(migration, change, &last, *at);
            let column = before.column(&first).filter(|column| column.generated.is_none())?;
            let comes_back = after.column(&column.name).is_some_and(|column| column.generated.is_none());
            (comes_back && !is_read(migration, change, &[&first, &last], *at)).then_some((*at, &column.name))
        }
        _ => None,
    });
    drops.collect()
}

/// The columns that are there before and after a rebuild, and of which its copies take nothing.
fn not_copied<'m>(migration: &Migration<'m>, change: &'m TableChange) -> Vec<(usize, Loss, &'m Name)> {
    let (Some(before), Some(after)) = (change.before.table(), change.after.table()) else { return Vec::new() };
    let Some(rebuild) = &change.rebuild else { return Vec::new() };
    let copies: Vec<_> = copies(migration, change).collect();
    let Some(first) = copies.first().map(|copy| copy.statement) else { return Vec::new() };
    let is_same = |copy: &Copy<'_>, column: &Name| {
        copy.value(column).is_some_and(|value| matches!(tree::bare(value), Expr::Literal(_)))
    };
    let lost = before.columns.iter().filter(|column| column.generated.is_none()).filter_map(|column| {
        let name = &column.name;
        let stays = after.column(name).is_some_and(|column| column.generated.is_none())
            && change.renamed.iter().all(|(was, now)| was != name && now != name);
        let loss = match filled(migration, change, name) {
            _ if !stays => return None,
            Filled::Default => Loss::LeftOut,
            // An id of NULL is none: SQLite makes one.
            Filled::Computed if copies.iter().all(|copy| is_same(copy, name)) => match after.rowid_alias() {
                Some(alias) if alias.name == *name => Loss::LeftOut,
                _ => Loss::Overwritten,
            },
            Filled::Computed | Filled::Kept => return None,
        };
        // What is read may be anywhere.
        (!is_read(migration, change, &[name], rebuild.drop)).then_some((first, loss, name))
    });
    lost.collect()
}

/// The name that a column had at first, of one that has this name before a statement.
fn first_name(migration: &Migration<'_>, change: &TableChange, last: &Name, end: usize) -> Name {
    let earlier = change.statements.iter().rev().filter(|at| **at < end);
    earlier.fold(last.clone(), |name, at| match migration.statements[*at].tree {
        Some(Stmt::AlterTable(_, AlterTableBody::RenameColumn { old, new })) if tree::name(new) == name => {
            tree::name(old)
        }
        _ => name,
    })
}

/// Whether a statement before this one writes something for which it reads a column of a table, which may have had
/// several names.
fn is_read(migration: &Migration<'_>, change: &TableChange, columns: &[&Name], end: usize) -> bool {
    let mut tables = vec![change.before.object.name().clone(), change.after.object.name().clone()];
    for statement in migration.statements.iter().take(end) {
        match statement.tree {
            Some(Stmt::AlterTable(table, AlterTableBody::RenameTo(to)))
                if tree::in_main(table).is_some_and(|table| tables.contains(&table)) =>
            {
                tables.push(tree::name(to));
            }
            Some(Stmt::Update { .. } | Stmt::Insert { .. } | Stmt::CreateTable { .. }) => {
                let is_it = |kind: &OperationKind| match kind {
                    OperationKind::Read(table, column) => tables.contains(table) && columns.contains(&column),
                    _ => false,
                };
                if statement.own_operations().any(is_it) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

fn report(
    migration: &Migration<'_>,
    findings: &mut Findings<'_>,
    change: &TableChange,
    loss: Loss,
    columns: &[&Name],
    at: usize,
) {
    let (was, table) = (change.before.object.name().to_sql(), change.after.object.name());
    let shown: Vec<_> = columns.iter().map(|column| format!("`{column}`")).collect();
    let (shown, several) = (shown.join(", "), columns.len() > 1);
    let (noun, is, loses) = if several { ("columns", "are", "lose") } else { ("column", "is", "loses") };
    let gets = if several { "get" } else { "gets" };
    let (their, them) = if several { ("their", "them") } else { ("its", "it") };
    let message = match loss {
        Loss::Dropped => format!("{noun} {shown} of `{table}` {is} dropped, with all {their} values"),
        Loss::Moved => format!("{noun} {shown} of `{table}` {is} dropped, after this migration has read {them}"),
        Loss::Computed => format!("{noun} {shown} of `{table}` {is} computed from now on, and {loses} {their} values"),
        Loss::Replaced => {
            format!("{noun} {shown} of `{table}` {is} dropped and added again, and {loses} {their} values")
        }
        Loss::LeftOut => format!("{noun} {shown} of `{table}` {is} not in the copy, and {loses} {their} values"),
        Loss::Overwritten => {
            format!("{noun} {shown} of `{table}` {gets} the same in every row, and {loses} {their} values")
        }
    };
    let names: Vec<_> = columns.iter().map(|column| column.to_sql()).collect();
    let names = names.join(", ");
    let mut finding = migration.at(at, message);
    for column in columns {
        let renamed = change.renamed.iter().rev().find(|(_, now)| now == *column);
        let in_sql = renamed.map_or(*column, |(was, _)| was).to_sql();
        let rows = migration.ask(&format!("SELECT count({was}.{in_sql}) FROM {was}"));
        finding = finding.notes(rows.map(|rows| match rows {
            0 => format!("no row has a value in `{column}` now"),
            1 => format!("1 row has a value in `{column}` now"),
            rows => format!("{rows} rows have a value in `{column}` now"),
        }));
    }
    let instead = match loss {
        Loss::LeftOut | Loss::Overwritten => {
            format!("copy {them}: `INSERT INTO … (…, {names}) SELECT …, {names} FROM {was}`")
        }
        _ => "stop using it in one release, and drop it in the next".to_owned(),
    };
    let said = match loss {
        Loss::LeftOut | Loss::Overwritten => "or say that it is intended",
        _ => "then say so",
    };
    findings.push(
        finding.help(instead).help(format!("{said}: `-- dbmigrate: allow drop-column REASON` on the line above")),
    );
}
