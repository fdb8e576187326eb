//! The down script of a migration in which every statement implies how to undo it. [`prove`](crate::prove) checks
//! whether the result is right.

use dbmigrate_core::{Script, Step};
use sqlite3_parser::Bump;
use sqlite3_parser::ast::{AlterTableBody, QualifiedName, Stmt};

use crate::lint::tree::{in_main, name, parse};

/// The statements that undo those of an up script, the last first. `None` if one of them needs a person to decide.
#[must_use]
pub fn undo(up: &Script) -> Option<String> {
    // A statement that may have been skipped, or runs without a transaction, is none to undo without a look.
    if up.tolerate_existing || !up.transaction || up.steps.is_empty() {
        return None;
    }
    let statements = up.steps.iter().rev().map(|step| match step {
        Step::Sql(statement) => inverse(up.source.slice(statement.span)),
        Step::Call { .. } => None,
    });
    statements.map(|sql| Some(sql? + ";\n")).collect()
}

fn inverse(sql: &str) -> Option<String> {
    let bump = Bump::new();
    match parse(&bump, sql)? {
        Stmt::CreateTable { temporary: false, if_not_exists: false, tbl_name, .. } => {
            Some(format!("DROP TABLE {}", written(tbl_name)?))
        }
        Stmt::CreateIndex { if_not_exists: false, idx_name, .. } => Some(format!("DROP INDEX {}", written(idx_name)?)),
        Stmt::CreateView { temporary: false, if_not_exists: false, view_name, .. } => {
            Some(format!("DROP VIEW {}", written(view_name)?))
        }
        Stmt::CreateTrigger { temporary: false, if_not_exists: false, trigger_name, .. } => {
            Some(format!("DROP TRIGGER {}", written(trigger_name)?))
        }
        Stmt::AlterTable(table, AlterTableBody::AddColumn(column)) => {
            let column = name(&column.col_name).to_sql();
            Some(format!("ALTER TABLE {} DROP COLUMN {column}", written(table)?))
        }
        Stmt::AlterTable(table, AlterTableBody::RenameColumn { old, new }) => {
            let (old, new) = (name(old).to_sql(), name(new).to_sql());
            Some(format!("ALTER TABLE {} RENAME COLUMN {new} TO {old}", written(table)?))
        }
        Stmt::AlterTable(table, AlterTableBody::RenameTo(new)) => {
            let now = QualifiedName { db_name: table.db_name.clone(), name: new.clone(), alias: None };
            Some(format!("ALTER TABLE {} RENAME TO {}", written(&now)?, name(&table.name).to_sql()))
        }
        _ => None,
    }
}

/// A name of `main`, with that of its database where the statement has it.
fn written(qualified: &QualifiedName<'_>) -> Option<String> {
    let object = in_main(qualified)?.to_sql();
    let database = qualified.db_name.as_ref().map(|database| name(database).to_sql() + ".");
    Some(database.unwrap_or_default() + &object)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use dbmigrate_core::{SourceText, script};

    fn of(sql: &str) -> Option<String> {
        let mut problems = Vec::new();
        let halves = script::parse(&Arc::new(SourceText::new("001_a.sql", sql)), &mut problems);
        assert_eq!(problems, []);
        undo(&halves.up)
    }

    #[test]
    fn each_statement_is_undone_the_last_first() {
        let up = "CREATE TABLE [my t] (a); CREATE UNIQUE INDEX i ON [my t] (a); CREATE VIEW v AS SELECT 1;
                  CREATE TRIGGER g AFTER INSERT ON [my t] BEGIN SELECT 1; END;
                  ALTER TABLE main.u ADD COLUMN \"order\" TEXT; ALTER TABLE u RENAME COLUMN x TO [y z];
                  ALTER TABLE main.u RENAME TO w;";
        let expect = "ALTER TABLE main.w RENAME TO u;\nALTER TABLE u RENAME COLUMN \"y z\" TO x;\n\
                      ALTER TABLE main.u DROP COLUMN \"order\";\nDROP TRIGGER g;\nDROP VIEW v;\nDROP INDEX i;\n\
                      DROP TABLE \"my t\";\n";
        assert_eq!(of(up).as_deref(), Some(expect));
    }

    #[test]
    fn what_needs_a_look_is_left_alone() {
        for sql in [
            "CREATE TABLE IF NOT EXISTS t (a)",
            "CREATE TEMP TABLE t (a)",
            "CREATE TABLE temp.t (a)",
            "CREATE VIEW IF NOT EXISTS v AS SELECT 1",
            "CREATE VIRTUAL TABLE t USING fts5(a)",
            "INSERT INTO t VALUES (1)",
            "DROP TABLE t",
            "CREATE TABLE t (a); UPDATE t SET a = 1",
            "",
            "-- dbmigrate: tolerate existing\nCREATE TABLE t (a)",
            "-- dbmigrate: no-transaction\nCREATE TABLE t (a)",
            "CREATE TABLE t (a);\n-- dbmigrate: call fill",
        ] {
            assert_eq!(of(sql), None, "{sql}");
        }
    }
}
