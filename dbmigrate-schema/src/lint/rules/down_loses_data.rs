//! `down-loses-data`: a down script takes away what was written since the up script.
//!
//! Nearly every down script does, so it is off unless somebody turns it on. What a down script loses that was there
//! before is found by `cargo dbmigrate test`, with rows.

use dbmigrate_core::statement::Effect;
use dbmigrate_core::{Body, Down, Step};

use crate::compare::Change;
use crate::lint::finding::{Draft, Findings};
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::model::{Kind, Name};

pub(super) const RULE: Rule = Rule {
    name: "down-loses-data",
    group: Group::History,
    level: Level::Allow,
    what: "a down script drops a table or column that the migration added, with everything written to it since",
    why: "When a migration is rolled back, nobody thinks of what users have written in the meantime.",
    instead: "Keep a copy, as `down` does by default (without `--no-backup`). Or let the down script keep the table \
              under another name:\n\n    ALTER TABLE orders RENAME TO _old_orders;",
    fails: &[
        Example { before: "", now: "CREATE TABLE t (a);\n-- dbmigrate: down\nDROP TABLE t;" },
        Example {
            before: "CREATE TABLE t (a);",
            now: "ALTER TABLE t ADD COLUMN b;\n-- dbmigrate: down\nALTER TABLE t DROP COLUMN b;",
        },
        Example {
            before: "CREATE TABLE t (a);",
            now: "ALTER TABLE t ADD COLUMN b;\n-- dbmigrate: down\nCREATE TABLE o (a);\nINSERT INTO o SELECT a FROM \
                  t;\nDROP TABLE t;\nALTER TABLE o RENAME TO t;",
        },
    ],
    passes: &[Example { before: "", now: "CREATE TABLE t (a);\n-- dbmigrate: down\nALTER TABLE t RENAME TO _old_t;" }],
    quiet: &[
        Example {
            before: "CREATE TABLE t (a);",
            now: "ALTER TABLE t ADD COLUMN twice AS (a * 2);\n-- dbmigrate: down\nALTER TABLE t DROP COLUMN twice;",
        },
        Example { before: "CREATE TABLE t (a);", now: "CREATE INDEX i ON t (a);\n-- dbmigrate: down\nDROP INDEX i;" },
        Example {
            before: "CREATE TABLE t (a);",
            now: "CREATE INDEX i ON t (a);\n-- dbmigrate: down\nCREATE TABLE n (a);\nINSERT INTO n SELECT a FROM t;\n\
                  DROP TABLE t;\nALTER TABLE n RENAME TO t;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let Body::Sql { down: Down::Script(down), .. } = &migration.source.body else { return };
    for step in &down.steps {
        let Step::Sql(statement) = step else { continue };
        let lost = match &statement.effect {
            Effect::DropTable(table) | Effect::DropColumn(table) => lost(migration, &Name::new(table.as_str())),
            _ => None,
        };
        let Some(what) = lost else { continue };
        let message = format!("the down script drops {what}, with everything written to it since");
        let finding = Draft::whole(down, message).beside(down, statement.span);
        findings.push(finding.help("keep a copy of the database first: `cargo dbmigrate backup`"));
    }
}

/// What of a table the way up has made.
fn lost(migration: &Migration<'_>, table: &Name) -> Option<String> {
    if migration.created(Kind::Table).any(|(_, known)| known.object.name() == table) {
        return Some(format!("table `{table}`"));
    }
    let change = migration.lineage.changes.iter().find(|change| change.after.object.name() == table)?;
    let added = change.changes.iter().filter_map(|change| match change {
        Change::ColumnAdded(column) if column.generated.is_none() => Some(format!("`{}`", column.name)),
        _ => None,
    });
    let added: Vec<_> = added.collect();
    let noun = if added.len() == 1 { "column" } else { "columns" };
    (!added.is_empty()).then(|| format!("{noun} {} of `{table}`", added.join(", ")))
}
