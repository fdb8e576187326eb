//! `reference-without-index`: a foreign key whose columns no index begins with.
//!
//! It is taken back where a later migration of the set makes the index.

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::state::State;
use crate::lint::words::listed;
use crate::model::{ForeignKey, Indexed, Kind, Name, Rule as Demand, Table};

pub(super) const RULE: Rule = Rule {
    name: "reference-without-index",
    group: Group::Style,
    level: Level::Warn,
    what: "a foreign key has no index on its columns",
    why: "Whenever a row of the parent is deleted, or its key changes, SQLite looks for its child rows. Without an \
          index, it scans the whole table for each parent row.",
    instead: "Create an index that begins with the columns of the foreign key:\n\n    CREATE INDEX posts_author ON \
              posts (author);",
    fails: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
            now: "CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users (id));",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY);
                     CREATE TABLE posts (id INTEGER PRIMARY KEY, tag TEXT);",
            now: "ALTER TABLE posts ADD COLUMN author INTEGER REFERENCES users;
                  CREATE INDEX posts_tag ON posts (tag, author);",
        },
    ],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
        now: "CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users (id));
              CREATE INDEX posts_author ON posts (author);",
    }],
    quiet: &[
        Example {
            before: "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (x, y, PRIMARY KEY (x, y));",
            now: "CREATE TABLE one (id INTEGER PRIMARY KEY REFERENCES a (id));
                  CREATE TABLE two (a INT REFERENCES a, b INT, c, PRIMARY KEY (a, b)) WITHOUT ROWID;
                  CREATE TABLE three (a INT UNIQUE REFERENCES a);
                  CREATE TABLE four (y, x, z, FOREIGN KEY (y, x) REFERENCES b (y, x));
                  CREATE INDEX fours ON four (x, y, z);
                  CREATE TABLE five (a INT REFERENCES a);
                  CREATE INDEX fives ON five (a) WHERE a IS NOT NULL;",
        },
        Example {
            before: "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE one (a REFERENCES a, b TEXT);",
            now: "CREATE TABLE new_one (a REFERENCES a, b TEXT NOT NULL);
                  INSERT INTO new_one (a, b) SELECT a, b FROM one;
                  DROP TABLE one;
                  ALTER TABLE new_one RENAME TO one;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for made in migration.made() {
        for constraint in &made.constraints {
            let Demand::ForeignKey(key) = &constraint.rule else { continue };
            if !is_slow(migration.after, &made.table.name, key) {
                continue;
            }
            let table = made.table.name.clone();
            let columns: Vec<_> = key.columns.iter().map(Name::to_sql).collect();
            let names = std::iter::once(&table).chain(&key.columns).map(Name::as_str).collect::<Vec<_>>();
            let index = Name::new(names.join("_")).to_sql();
            let parent = &key.parent;
            let message =
                format!("{} of `{table}` refers to `{parent}`, and no index begins with it", listed(&key.columns));
            let key = key.clone();
            findings.push(
                migration
                    .at(made.statement, message)
                    .note(format!("every delete from `{parent}` scans all of `{table}`"))
                    .help(format!("`CREATE INDEX {index} ON {} ({});`", table.to_sql(), columns.join(", ")))
                    .moot_if(move |end| !is_slow(end.state, &table, &key)),
            );
        }
    }
}

/// Whether a table has this reference, and no index for it.
fn is_slow(state: &State, table: &Name, key: &ForeignKey) -> bool {
    let Some(owner) = state.get(Kind::Table, table).and_then(|known| known.table()) else { return false };
    let indexes = state.of_table(table).filter_map(|known| known.index());
    owner.foreign_keys().any(|own| own == key)
        && !has_key(owner, &key.columns)
        && !indexes.into_iter().any(|index| {
            let names = index.columns.iter().map_while(|column| match &column.by {
                Indexed::Column(name) => Some(name),
                Indexed::Expression(_) => None,
            });
            begins_with(names, &key.columns)
        })
}

fn has_key(table: &Table, columns: &[Name]) -> bool {
    table.constraints.iter().any(|constraint| match &constraint.rule {
        Demand::PrimaryKey(key) | Demand::Unique(key) => {
            begins_with(key.columns.iter().map(|column| &column.name), columns)
        }
        _ => false,
    })
}

/// Whether the first names are these columns, in whatever order.
fn begins_with<'a>(names: impl Iterator<Item = &'a Name>, columns: &[Name]) -> bool {
    let first: Vec<_> = names.take(columns.len()).collect();
    first.len() == columns.len() && columns.iter().all(|column| first.contains(&column))
}
