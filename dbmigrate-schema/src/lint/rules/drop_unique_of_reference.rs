//! `drop-unique-of-reference`: a key goes that a foreign key needs in order to find one parent.

use crate::compare::Change;
use crate::lint::finding::Findings;
use crate::lint::lineage::TableChange;
use crate::lint::migration::Migration;
use crate::lint::references::{is_key, parent_columns, references};
use crate::lint::rule::{Check, Example, Group, Level, Rule as Lint};
use crate::model::{Indexed, Kind, Name, Rule};

const BEFORE: &str =
    "CREATE TABLE teams (id INTEGER PRIMARY KEY, code TEXT); CREATE UNIQUE INDEX codes ON teams (code);
                      CREATE TABLE users (id INTEGER PRIMARY KEY, team TEXT REFERENCES teams (code));";

pub(super) const RULE: Lint = Lint {
    name: "drop-unique-of-reference",
    group: Group::Destructive,
    level: Level::Deny,
    what: "a unique index or key is dropped on which a foreign key of another table relies",
    why: "A foreign key has to refer to unique columns. SQLite allows the unique index or key to be dropped. With \
          foreign keys enforced, every later write to the other table fails: `foreign key mismatch`.",
    instead: "Create the new unique index before you drop the old one:\n\n    CREATE UNIQUE INDEX team_codes ON \
              teams (code);\n    DROP INDEX codes;",
    fails: &[
        Example { before: BEFORE, now: "DROP INDEX codes;" },
        Example { before: BEFORE, now: "DROP INDEX codes; CREATE UNIQUE INDEX codes ON teams (code) WHERE id > 0;" },
        Example {
            before: "CREATE TABLE teams (code TEXT PRIMARY KEY);
                     CREATE TABLE users (id INTEGER PRIMARY KEY, team TEXT REFERENCES teams (code));",
            now: "-- dbmigrate: foreign-keys on
                  CREATE TABLE n (id INTEGER PRIMARY KEY, code TEXT);
                  INSERT INTO n (code) SELECT code FROM teams;
                  DROP TABLE teams;
                  ALTER TABLE n RENAME TO teams;",
        },
    ],
    passes: &[Example { before: BEFORE, now: "CREATE UNIQUE INDEX team_codes ON teams (code); DROP INDEX codes;" }],
    quiet: &[
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, code TEXT UNIQUE);
                  INSERT INTO n SELECT * FROM teams;
                  DROP TABLE teams;
                  ALTER TABLE n RENAME TO teams;",
        },
        Example {
            before: "CREATE TABLE teams (id INTEGER PRIMARY KEY, code TEXT UNIQUE);
                     CREATE TABLE users (id INTEGER PRIMARY KEY, team INTEGER REFERENCES teams);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, code TEXT);
                  INSERT INTO n SELECT * FROM teams;
                  DROP TABLE teams;
                  ALTER TABLE n RENAME TO teams;",
        },
        Example { before: BEFORE, now: "DROP TABLE users; DROP INDEX codes;" },
        Example {
            before: BEFORE,
            now: "DROP INDEX codes; ALTER TABLE teams RENAME COLUMN code TO word; CREATE UNIQUE INDEX words ON teams (word);",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in &migration.lineage.changes {
        for gone in &change.changes {
            let Change::ConstraintRemoved(constraint) = gone else { continue };
            let (Rule::Unique(key) | Rule::PrimaryKey(key)) = &constraint.rule else { continue };
            let columns: Vec<_> = key.columns.iter().map(|column| column.name.clone()).collect();
            judge(migration, findings, change.after.object.name(), &columns, change.statement());
        }
    }
    for (at, changed) in migration.net() {
        let Some(index) = migration.before(Kind::Index, &changed.key.1).and_then(|known| known.index()) else {
            continue;
        };
        if changed.key.0 != Kind::Index || !index.unique || index.filter.is_some() {
            continue;
        }
        let mut changes = migration.lineage.changes.iter();
        let change = changes.find(|change| *change.before.object.name() == index.table);
        let table = change.map_or(&index.table, |change| change.after.object.name());
        let columns = index.columns.iter().map(|column| match &column.by {
            Indexed::Column(name) => Some(name_after(change, name)),
            Indexed::Expression(_) => None,
        });
        if let Some(columns) = columns.collect::<Option<Vec<_>>>() {
            judge(migration, findings, table, &columns, at);
        }
    }
}

/// Judges that a table may no longer be unique by these columns, named as after the migration.
fn judge(migration: &Migration<'_>, findings: &mut Findings<'_>, table: &Name, columns: &[Name], at: usize) {
    let Some(parent) = migration.after.get(Kind::Table, table).and_then(|known| known.table()) else { return };
    if columns.iter().any(|column| parent.column(column).is_none()) || is_key(migration, parent, columns) {
        return;
    }
    for (child, key) in references(migration, table) {
        let wanted = parent_columns(parent, key);
        if wanted.len() != columns.len() || !wanted.iter().all(|name| columns.contains(name)) {
            continue;
        }
        let names: Vec<_> = columns.iter().map(|column| format!("`{column}`")).collect();
        let names = names.join(", ");
        let message =
            format!("`{table}` is no longer unique by {names}, to which a foreign key of `{}` refers", child.name);
        let index = Name::new(format!("{table}_{}", columns.iter().map(Name::as_str).collect::<Vec<_>>().join("_")));
        let list: Vec<_> = columns.iter().map(Name::to_sql).collect();
        findings.push(
            migration
                .at(at, message)
                .note(format!(
                    "with foreign keys enforced, every later write to `{}` fails: `foreign key mismatch`",
                    child.name
                ))
                .help(format!(
                    "make another key: `CREATE UNIQUE INDEX {} ON {} ({});`",
                    index.to_sql(),
                    table.to_sql(),
                    list.join(", ")
                )),
        );
    }
}

fn name_after(change: Option<&TableChange>, name: &Name) -> Name {
    let mut renamed = change.iter().flat_map(|change| &change.renamed);
    renamed.find(|(was, _)| was == name).map_or(name, |(_, now)| now).clone()
}
