//! `star-over-changed-table`: a view with a `*` has its columns in other places now.
//!
//! SQLite spells a `*` out whenever the view is read. A view that only gets a column at its end is what its author
//! expects, and one that loses a column loses it with the table, which `drop-column` says. A copy by `*` is for
//! `misplaced-copy`, and a view that fails for it (two queries in one that no longer fit) is found as broken.

use sqlite3_parser::Bump;
use sqlite3_parser::ast::{OneSelect, ResultColumn, Stmt};

use crate::compare::Change;
use crate::lint::finding::Findings;
use crate::lint::lineage::TableChange;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::tree;
use crate::model::{Kind, View};

const BEFORE: &str =
    "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE teams (title TEXT, lead INT);
                      CREATE VIEW led AS SELECT users.*, teams.title FROM users JOIN teams ON lead = id;
                      CREATE VIEW all_users AS SELECT * FROM users;";

pub(super) const RULE: Rule = Rule {
    name: "star-over-changed-table",
    group: Group::Compatibility,
    level: Level::Warn,
    what: "the columns of a view move, because it uses `*` on a table that has changed",
    why: "SQLite expands `*` whenever the view is read. A program that reads its columns by position, or copies it \
          into a table, confuses columns, without an error.",
    instead: "List the columns in the view:\n\n    DROP VIEW led;\n    CREATE VIEW led AS SELECT users.id, \
              users.name, teams.title FROM users JOIN teams ON lead = id;",
    fails: &[
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN email TEXT;" },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE VIEW v AS SELECT * FROM users;",
            now: "DROP VIEW v;
                  CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
                  INSERT INTO n (id, name) SELECT id, name FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;
                  CREATE VIEW v AS SELECT * FROM users;",
        },
    ],
    passes: &[Example {
        before: BEFORE,
        now: "DROP VIEW led;
              ALTER TABLE users ADD COLUMN email TEXT;
              CREATE VIEW led AS SELECT users.id, users.name, teams.title FROM users JOIN teams ON lead = id;",
    }],
    quiet: &[
        Example { before: BEFORE, now: "ALTER TABLE teams ADD COLUMN colour TEXT;" },
        Example {
            before: "CREATE TABLE t (a, b); CREATE VIEW v AS SELECT * FROM t; CREATE VIEW w AS SELECT count(*), a FROM t;",
            now: "ALTER TABLE t ADD COLUMN c;",
        },
        Example { before: BEFORE, now: "ALTER TABLE users RENAME COLUMN name TO full_name;" },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in &migration.lineage.changes {
        let Some(moves) = moves(change) else { continue };
        let table = change.after.object.name();
        let views = migration.after.naming(table).filter_map(|known| known.view());
        for view in views.filter(|view| migration.before(Kind::View, &view.name).is_some()) {
            if !is_moved(view, change, moves) {
                continue;
            }
            let added = change.changes.iter().find_map(|change| match change {
                Change::ColumnAdded(column) => Some(&column.name),
                _ => None,
            });
            let at = added.map_or_else(
                || change.statement(),
                |added| migration.blame(change, |table| table.column(added).is_some()),
            );
            findings.push(
                migration
                    .at(at, format!("the columns of view `{}` move, because it uses `*` of `{table}`", view.name))
                    .help(format!("list its columns: `DROP VIEW {}; CREATE VIEW … AS SELECT …;`", view.name.to_sql())),
            );
        }
    }
}

/// How the columns of a table have moved.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moves {
    /// There are more of them at the end.
    Longer,
    /// Those that were there have other places among themselves.
    Otherwise,
}

fn moves(change: &TableChange) -> Option<Moves> {
    if change.changes.iter().any(|change| matches!(change, Change::ColumnOrder { .. })) {
        return Some(Moves::Otherwise);
    }
    let added = |change: &Change| matches!(change, Change::ColumnAdded(_));
    change.changes.iter().any(added).then_some(Moves::Longer)
}

/// Whether columns of a view have another place now, that it has by a `*`.
fn is_moved(view: &View, change: &TableChange, moves: Moves) -> bool {
    let table = change.after.object.name();
    let bump = Bump::new();
    let Some(Stmt::Select(select)) = tree::parse(&bump, &view.select) else { return false };
    let OneSelect::Select { columns, from: Some(from), .. } = &select.body.select else { return false };
    let mut sources = Vec::new();
    tree::sources(select, &mut sources);
    if !sources.contains(table) {
        return false;
    }
    let several = from.joins.as_ref().is_some_and(|joins| !joins.is_empty());
    let last = sources.last() == Some(table);
    let count = columns.len();
    columns.iter().enumerate().any(|(place, column)| {
        let ends = place + 1 == count;
        match column {
            ResultColumn::Star => moves == Moves::Otherwise || !ends || (several && !last),
            // It may be another name for the table; what is certain is said alone.
            ResultColumn::TableStar(of) => tree::name(of) == *table && (moves == Moves::Otherwise || !ends),
            ResultColumn::Expr(..) => false,
        }
    })
}
