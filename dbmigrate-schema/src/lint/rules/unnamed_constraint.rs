//! `unnamed-constraint`: a check or foreign key that can't be dropped by name.
//!
//! Off unless turned on: the name is of use once every SQLite that runs the migrations is 3.53. `NOT NULL` is dropped
//! without a name there, and keys can't be dropped with one.

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::model::{Name, Rule as Demand};

pub(super) const RULE: Rule = Rule {
    name: "unnamed-constraint",
    group: Group::Style,
    level: Level::Allow,
    what: "a check or foreign key has no name",
    why: "Since 3.53, SQLite can drop a check or foreign key in place, by its name. Without a name, the whole table \
          has to be rebuilt.",
    instead: "Name it:\n\n    CREATE TABLE users (\n      id INTEGER PRIMARY KEY,\n      age INTEGER CONSTRAINT \
              users_age_check CHECK (age >= 0)\n    );",
    fails: &[
        Example { before: "", now: "CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER CHECK (age >= 0));" },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
            now: "ALTER TABLE users ADD COLUMN boss INTEGER REFERENCES users (id);",
        },
    ],
    passes: &[Example {
        before: "",
        now: "CREATE TABLE users (
                id INTEGER PRIMARY KEY,
                age INTEGER NOT NULL CONSTRAINT users_age_check CHECK (age >= 0)
              );",
    }],
    quiet: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER CHECK (age >= 0), UNIQUE (age));",
        now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, age INTEGER NOT NULL CHECK (age >= 0), UNIQUE (age));
              INSERT INTO new_users (id, age) SELECT id, age FROM users;
              DROP TABLE users;
              ALTER TABLE new_users RENAME TO users;",
    }],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for made in migration.made() {
        for constraint in made.constraints.iter().filter(|constraint| constraint.name.is_none()) {
            let table = &made.table.name;
            let (what, columns, kind) = match &constraint.rule {
                Demand::Check(text) => {
                    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                    (format!("the check `{text}`"), constraint.beside.clone().into_iter().collect(), "check")
                }
                Demand::ForeignKey(key) => (format!("the reference to `{}`", key.parent), key.columns.clone(), "fkey"),
                Demand::PrimaryKey(_) | Demand::Unique(_) => continue,
            };
            let parts = std::iter::once(table).chain(&columns).map(Name::as_str).chain([kind]);
            let name = Name::new(parts.collect::<Vec<_>>().join("_")).to_sql();
            findings.push(
                migration
                    .at(made.statement, format!("{what} of `{table}` has no name, so it can't be dropped in place"))
                    .help(format!("put a name before it: `CONSTRAINT {name}`")),
            );
        }
    }
}
