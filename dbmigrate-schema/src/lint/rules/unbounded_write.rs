//! `unbounded-write`: every row of a table is changed or removed.
//!
//! A column that the same migration has added is filled in that way, and `coalesce(a, …)` or a `CASE` that ends in `ELSE
//! a` keep what is there. A table that goes at the end is for `drop-table`. What a trigger does is looked at where it
//! stands for the statement itself, on a view; and not what happens to virtual tables, which are filled anew like that.

use std::collections::HashSet;

use sqlite3_parser::ast::{AlterTableBody, Expr, QualifiedName, Set, Stmt};

use crate::lint::added::rows;
use crate::lint::finding::{Draft, Findings};
use crate::lint::migration::{Migration, Statement};
use crate::lint::operation::OperationKind;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::tree;
use crate::lint::whole::{column, is_true, tested};
use crate::model::{Kind, Name};
use crate::plan::is_never_null;

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);";

const VIEW: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT); CREATE TABLE log (email TEXT);
                    CREATE VIEW known AS SELECT * FROM users WHERE email IS NOT NULL;
                    CREATE TRIGGER d INSTEAD OF DELETE ON known BEGIN DELETE FROM users WHERE id = old.id; END;
                    CREATE TRIGGER u INSTEAD OF UPDATE ON known BEGIN INSERT INTO log VALUES (new.email); END;";

pub(super) const RULE: Rule = Rule {
    name: "unbounded-write",
    group: Group::Destructive,
    level: Level::Deny,
    what: "every row of a table is updated or deleted",
    why: "If a `WHERE` was forgotten, this overwrites or deletes everything in every installed database, and no down \
          script brings it back.",
    instead: "State which rows are meant, or that all of them are:\n\n    UPDATE users SET email = lower(email) \
              WHERE email <> lower(email);\n\n    -- dbmigrate: allow unbounded-write a cache that is filled \
              anew\n    DELETE FROM cache;",
    fails: &[
        Example { before: BEFORE, now: "DELETE FROM users;" },
        Example { before: BEFORE, now: "DELETE FROM users WHERE 1;" },
        Example { before: BEFORE, now: "DELETE FROM users WHERE 1 = 1;" },
        Example { before: BEFORE, now: "UPDATE users SET email = NULL WHERE id IS NOT NULL;" },
        Example { before: BEFORE, now: "UPDATE users SET email = lower(email);" },
        Example { before: BEFORE, now: "WITH x AS (SELECT 1) UPDATE main.users SET email = NULL;" },
        Example { before: VIEW, now: "DELETE FROM known;" },
    ],
    passes: &[Example { before: BEFORE, now: "UPDATE users SET email = lower(email) WHERE email <> lower(email);" }],
    quiet: &[
        Example {
            before: BEFORE,
            now: "ALTER TABLE users ADD COLUMN domain TEXT; UPDATE users SET domain = substr(email, 3);",
        },
        Example {
            before: BEFORE,
            now: "ALTER TABLE users ADD COLUMN size INTEGER; UPDATE users SET size = length(email);
                  ALTER TABLE users ADD COLUMN new_size INTEGER NOT NULL DEFAULT 0; UPDATE users SET new_size = size;
                  ALTER TABLE users DROP COLUMN size; ALTER TABLE users RENAME COLUMN new_size TO size;",
        },
        Example {
            before: BEFORE,
            now: "ALTER TABLE users RENAME COLUMN email TO old_email; ALTER TABLE users ADD COLUMN email BLOB;
                  UPDATE users SET email = old_email; ALTER TABLE users DROP COLUMN old_email;",
        },
        Example { before: BEFORE, now: "UPDATE users SET email = coalesce(email, '');" },
        Example {
            before: BEFORE,
            now: "DELETE FROM users WHERE 1 = 0; UPDATE users SET email = '' WHERE email IS NOT NULL;",
        },
        Example { before: BEFORE, now: "UPDATE users SET email = CASE WHEN email IS NULL THEN '' ELSE email END;" },
        Example { before: BEFORE, now: "CREATE TABLE t (a); INSERT INTO t VALUES (1); DELETE FROM t;" },
        Example { before: BEFORE, now: "CREATE TEMP TABLE t (a); DELETE FROM t; DROP TABLE t;" },
        Example { before: BEFORE, now: "DELETE FROM users; DROP TABLE users;" },
        Example { before: VIEW, now: "DELETE FROM known WHERE id = 7; UPDATE known SET email = 'x';" },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
                     CREATE VIEW known AS SELECT * FROM users;
                     CREATE TRIGGER u INSTEAD OF UPDATE ON known
                     BEGIN UPDATE users SET email = new.email WHERE id = old.id; END;",
            now: "UPDATE known SET email = coalesce(email, '');",
        },
        Example { before: VIEW, now: "DELETE FROM known; DROP VIEW known; DROP TABLE users;" },
        Example {
            before: BEFORE,
            now: "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT); DELETE FROM sqlite_sequence;
                  CREATE TRIGGER u AFTER INSERT ON users BEGIN DELETE FROM users; END;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let mut added = HashSet::new();
    for (at, statement) in migration.statements.iter().enumerate() {
        let (table, verb, sets): (_, _, &[Set<'_>]) = match statement.tree {
            Some(Stmt::Delete { tbl_name, where_clause, limit: None, .. })
                if is_open(migration, at, tbl_name, where_clause.as_ref()) =>
            {
                (tbl_name, "deleted", &[])
            }
            Some(Stmt::Update { tbl_name, sets, where_clause, from: None, limit: None, .. })
                if is_open(migration, at, tbl_name, where_clause.as_ref()) =>
            {
                (tbl_name, "updated", *sets)
            }
            Some(Stmt::AlterTable(_, AlterTableBody::AddColumn(column))) => {
                added.insert(tree::name(&column.col_name));
                continue;
            }
            _ => continue,
        };
        let Some(table) = tree::in_main(table) else { continue };
        let goes = |name: &Name| {
            migration.lineage.dropped.iter().any(|gone| gone.statement > at && gone.table.object.name() == name)
        };
        let through = written_through(migration, at, &table);
        if (through.is_none() && !migration.may_hold_rows(at, &table)) || goes(through.unwrap_or(&table)) {
            continue;
        }
        let is_harmless = |set: &Set<'_>| keeps(set) || is_new(migration, &added, at, &table, set);
        if !sets.is_empty() && sets.iter().all(is_harmless) {
            continue;
        }
        if let Some(through) = through {
            let message = format!("every row of the view `{table}` is {verb}, by a trigger that writes to `{through}`");
            findings.push(advised(migration.at(at, message).notes(rows(migration, through))));
            continue;
        }
        let finding = migration.at(at, format!("every row of `{table}` is {verb}"));
        findings.push(advised(finding.notes(rows(migration, &table))));
    }
}

fn advised(finding: Draft) -> Draft {
    finding
        .help("name the rows: `… WHERE …`")
        .help("or say that all are intended: `-- dbmigrate: allow unbounded-write REASON` on the line above")
}

/// The table that may hold rows, and of which a statement on a view changes or removes some by way of a trigger.
fn written_through<'m>(migration: &Migration<'m>, at: usize, view: &Name) -> Option<&'m Name> {
    migration.at_statement(at, Kind::View, view)?;
    let statements: &'m [Statement<'m>] = migration.statements;
    let mut written = statements[at].operations.iter().filter_map(|operation| match &operation.kind {
        OperationKind::Delete(table) | OperationKind::Update(table, _) if operation.by.is_some() => Some(table),
        _ => None,
    });
    written.find(|table| migration.may_hold_rows(at, table))
}

/// Whether a condition leaves no row of a table out: there is none, or it holds whatever the row is.
fn is_open(migration: &Migration<'_>, at: usize, table: &QualifiedName<'_>, condition: Option<&Expr<'_>>) -> bool {
    let Some(condition) = condition else { return true };
    let is_given = |name: Name| {
        let known = tree::in_main(table).and_then(|table| migration.at_statement(at, Kind::Table, &table));
        known.and_then(|known| known.table()).is_some_and(|table| is_never_null(table, &name))
    };
    let asked = || tested(condition, false).and_then(|value| column(value, &[]));
    is_true(condition) || asked().is_some_and(is_given) || (is_constant(condition) && holds(migration, condition))
}

/// Whether it is the same for every row.
fn is_constant(condition: &Expr<'_>) -> bool {
    match condition {
        Expr::Literal(_) => true,
        Expr::Between { .. }
        | Expr::Binary(..)
        | Expr::InList { .. }
        | Expr::IsNull(_)
        | Expr::NotNull(_)
        | Expr::Parenthesized(_)
        | Expr::Unary(..) => tree::parts(condition).into_iter().all(is_constant),
        _ => false,
    }
}

fn holds(migration: &Migration<'_>, condition: &Expr<'_>) -> bool {
    let sql = format!("SELECT ({condition}) IS TRUE");
    migration.connection.query_row(&sql, [], |row| row.get(0)).unwrap_or(false)
}

/// Whether a column is set to itself wherever it has a value, or some.
fn keeps(set: &Set<'_>) -> bool {
    let [column] = &set.col_names[..] else { return false };
    let column = tree::name(column);
    let is_itself = |expr: &Expr<'_>| match expr {
        Expr::Id(id) => Name::new(dbmigrate_core::token::unquote(id.0)) == column,
        Expr::Name(name) => tree::name(name) == column,
        Expr::Qualified(_, name) => tree::name(name) == column,
        _ => false,
    };
    match &set.expr {
        Expr::FunctionCall { name, args: Some([first, ..]), .. } => {
            ["coalesce", "ifnull"].iter().any(|own| name.0.eq_ignore_ascii_case(own)) && is_itself(first)
        }
        Expr::Case { else_expr: Some(other), .. } => is_itself(other),
        other => is_itself(other),
    }
}

/// Whether an assignment is to columns that the migration itself has added before.
fn is_new(migration: &Migration<'_>, added: &HashSet<Name>, at: usize, table: &Name, set: &Set<'_>) -> bool {
    let changes = &migration.lineage.changes;
    let change = changes.iter().find(|change| change.statements.contains(&at) || change.after.object.name() == table);
    let before = change.map(|change| &change.before).or_else(|| migration.before(Kind::Table, table));
    let Some(before) = before.and_then(|known| known.table()) else { return false };
    set.col_names.iter().map(tree::name).all(|column| {
        let mut renamed = change.iter().flat_map(|change| &change.renamed);
        let is_old = renamed.any(|(was, now)| *now == column && before.column(was).is_some());
        added.contains(&column) || (before.column(&column).is_none() && !is_old)
    })
}
