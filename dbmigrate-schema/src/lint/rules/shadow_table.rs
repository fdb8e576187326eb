//! `shadow-table`: a table that a virtual table keeps its data in is changed by hand.
//!
//! Which these are follows from the name of the virtual table and its module; of other modules nothing is known.

use sqlite3_parser::ast::Stmt;

use crate::lint::finding::Findings;
use crate::lint::migration::{Migration, Statement};
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::tree::in_main;
use crate::model::{Kind, Name, Object};

pub(super) const RULE: Rule = Rule {
    name: "shadow-table",
    group: Group::Mechanics,
    level: Level::Warn,
    what: "a table that belongs to a virtual table is changed directly",
    why: "A virtual table stores its data in other tables, in a format of its own. If one of these is dropped, \
          altered or written to, the index finds the wrong rows, or the database is corrupt.",
    instead: "Use the virtual table itself:\n\n    INSERT INTO search (search) VALUES ('rebuild');",
    fails: &[
        Example { before: "CREATE VIRTUAL TABLE search USING fts5(text);", now: "DELETE FROM search_content;" },
        Example { before: "CREATE VIRTUAL TABLE search USING fts5(text);", now: "DROP TABLE search_docsize;" },
    ],
    passes: &[Example {
        before: "CREATE VIRTUAL TABLE search USING fts5(text);",
        now: "INSERT INTO search (search) VALUES ('rebuild'); DELETE FROM search WHERE rowid = 1;",
    }],
    quiet: &[
        Example {
            before: "CREATE VIRTUAL TABLE search USING fts5(text); CREATE TABLE search_log (text TEXT);",
            now: "DROP TABLE search; DELETE FROM search_log;",
        },
        Example { before: "CREATE TABLE search (a); CREATE TABLE search_data (a);", now: "DELETE FROM search_data;" },
    ],
    check: Check::Migration(check),
};

/// Modules, and the endings of the tables that they keep.
const MODULES: &[(&str, &[&str])] = &[
    ("fts5", &["data", "idx", "content", "docsize", "config"]),
    ("fts4", &["content", "segments", "segdir", "docsize", "stat"]),
    ("fts3", &["content", "segments", "segdir"]),
    ("rtree", &["node", "parent", "rowid"]),
    ("rtree_i32", &["node", "parent", "rowid"]),
    ("geopoly", &["node", "parent", "rowid"]),
];

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for (at, statement) in migration.statements.iter().enumerate() {
        let Some(table) = target(statement) else { continue };
        let Some(owner) = owner(migration, at, &table) else { continue };
        findings.push(
            migration
                .at(at, format!("`{table}` belongs to the virtual table `{owner}`, which alone manages its content"))
                .help(format!("change `{owner}` itself: its rows, or drop and recreate it")),
        );
    }
}

fn target(statement: &Statement<'_>) -> Option<Name> {
    match statement.tree? {
        Stmt::DropTable { tbl_name, .. }
        | Stmt::AlterTable(tbl_name, _)
        | Stmt::Insert { tbl_name, .. }
        | Stmt::Update { tbl_name, .. }
        | Stmt::Delete { tbl_name, .. } => in_main(tbl_name),
        _ => None,
    }
}

fn owner(migration: &Migration<'_>, at: usize, table: &Name) -> Option<Name> {
    let (owner, ending) = table.as_str().rsplit_once('_')?;
    let known = migration.at_statement(at, Kind::VirtualTable, &Name::new(owner))?;
    let Object::VirtualTable(it) = &known.object else { return None };
    let (_, endings) = MODULES.iter().find(|(module, _)| it.module == Name::new(*module))?;
    endings.iter().any(|own| own.eq_ignore_ascii_case(ending)).then(|| it.name.clone())
}
