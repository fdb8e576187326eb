//! `narrowing`: a table takes less than before, and programs of the version before still write to it.
//!
//! One mistake is one finding, and rows come first: where rows that are there may fail what is new, the rule for that
//! (`not-null-on-existing-rows`, `unique-on-existing-rows`, `check-on-existing-rows`, `reference-on-existing-rows`,
//! `add-not-null-without-default`) speaks alone. Once its author has seen to the rows, the writers are what is left, and
//! this rule names them, once for a table. A column with a default is left alone: who leaves it out gets that. Where
//! the table or a column of it has another name or is gone, programs of the version before fail by that, which
//! `rename-table`, `rename-column` and `drop-column` say.

use crate::compare::Change;
use crate::lint::finding::Findings;
use crate::lint::keys::{KeptTable, implied, index_parts, keys_before};
use crate::lint::lineage::TableChange;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule as Lint};
use crate::lint::values::{are_cared_for, copies, is_lossy, names};
use crate::lint::widens::implies;
use crate::model::{Column, Kind, Name, Rule};
use crate::plan::{is_never_null, on_one_line};

use super::not_null_on_existing_rows::becoming_not_null;

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, age INTEGER);";

pub(super) const RULE: Lint = Lint {
    name: "narrowing",
    group: Group::Compatibility,
    level: Level::Warn,
    what: "a table no longer accepts what programs of the previous version may write",
    why: "The existing rows were taken care of. A program of the previous version that is still running goes on \
          writing rows that are no longer accepted, and fails.",
    instead: "First release a program that writes only acceptable rows, and require them in the next release. If two \
              versions of the program never use the database at the same time, turn the group off: `lints = { \
              compatibility = \"allow\" }`.",
    fails: &[
        Example {
            before: BEFORE,
            now: "UPDATE users SET email = '' WHERE email IS NULL;
                  ALTER TABLE users ALTER COLUMN email SET NOT NULL;",
        },
        Example {
            before: BEFORE,
            now: "-- dbmigrate: assert SELECT count(*) = 0 FROM users WHERE age < 0
                  ALTER TABLE users ADD CONSTRAINT grown CHECK (age >= 0);",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT, age INTEGER, team TEXT NOT NULL);
                  INSERT INTO n SELECT id, email, age, 'none' FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "DELETE FROM users WHERE id NOT IN (SELECT min(id) FROM users GROUP BY email);
                  CREATE UNIQUE INDEX users_email ON users (email);",
        },
    ],
    passes: &[Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN team TEXT NOT NULL DEFAULT 'none';" }],
    quiet: &[
        Example { before: BEFORE, now: "ALTER TABLE users ALTER COLUMN email SET NOT NULL;" },
        Example { before: BEFORE, now: "CREATE UNIQUE INDEX users_email ON users (email);" },
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN team TEXT NOT NULL;" },
        Example {
            before: BEFORE,
            now: "ALTER TABLE users ADD COLUMN token TEXT; UPDATE users SET token = hex(randomblob(8));
                  CREATE UNIQUE INDEX users_token ON users (token);",
        },
        Example {
            before: BEFORE,
            now:
                "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT, age INTEGER, kind TEXT CHECK (kind IN ('a', 'b')));
                  INSERT INTO n SELECT id, email, age, 'a' FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (email TEXT NOT NULL UNIQUE);",
            now: "CREATE TABLE n (email TEXT UNIQUE);
                  INSERT INTO n SELECT lower(email) FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.changed_tables() {
        let Some(held) = KeptTable::changed(change) else { continue };
        let renamed = held.before.name != held.after.name || !change.renamed.is_empty();
        let lost = held.before.columns.iter().any(|column| held.after.column(&column.name).is_none());
        if renamed || lost || copies(migration, change).any(|copy| is_lossy(&copy)) {
            continue;
        }
        let constraints = constraints(migration, change, held).into_iter().map(|want| (want, change.statement()));
        let wants: Vec<_> = columns(migration, change, held).into_iter().chain(constraints).collect();
        say(migration, findings, &held.after.name, &[wants, indexes(migration, held)].concat());
    }
    // An index alone is no change of its table.
    let is_changed = |table: &Name| migration.lineage.changes.iter().any(|change| change.after.object.name() == table);
    let mut tables: Vec<Name> =
        migration.created(Kind::Index).filter_map(|(_, known)| Some(known.index()?.table.clone())).collect();
    tables.sort();
    tables.dedup();
    for table in tables.iter().filter(|table| !is_changed(table)) {
        let Some(held) = KeptTable::new(migration, table) else { continue };
        say(migration, findings, table, &indexes(migration, held));
    }
}

/// What is wanted from now on, and the statement that does so.
type Want = (String, usize);

fn say(migration: &Migration<'_>, findings: &mut Findings<'_>, table: &Name, wants: &[Want]) {
    let Some((_, at)) = wants.first() else { return };
    let wants: Vec<_> = wants.iter().map(|(want, _)| want.as_str()).collect();
    findings.push(
        migration
            .at(
                *at,
                format!(
                    "`{table}` no longer accepts what a program of the previous version may write: {}",
                    wants.join(", ")
                ),
            )
            .help("first release a program that writes only acceptable rows")
            .help("or say that no other version runs: `-- dbmigrate: allow narrowing REASON` on the line above"),
    );
}

/// The columns that a writer has to give a value to and did not.
fn columns(migration: &Migration<'_>, change: &TableChange, held: KeptTable<'_>) -> Vec<Want> {
    let blamed = |column: &Name| migration.blame(change, |table| is_never_null(table, column));
    let needed = |column: &Column| {
        let default = column.default.as_ref().is_some_and(|default| !default.is_null());
        let alias = held.after.rowid_alias().is_some_and(|alias| alias.name == column.name);
        column.not_null.is_some() && !default && !alias && column.generated.is_none()
    };
    let added = change.changes.iter().filter_map(|added| match added {
        Change::ColumnAdded(column) if needed(column) => Some(&column.name),
        _ => None,
    });
    // Who leaves it out gets the default.
    let has_default =
        |column: &Name| held.after.column(column).and_then(|it| it.default.as_ref()).is_some_and(|it| !it.is_null());
    let tightened = becoming_not_null(held).filter(|column| !has_default(column));
    let wanted = tightened.chain(added).map(|column| (column, blamed(column)));
    let cared = wanted.filter(|(column, at)| are_cared_for(migration, held, &[column], *at));
    cared.map(|(column, at)| (format!("`{column}` needs a value"), at)).collect()
}

fn constraints(migration: &Migration<'_>, change: &TableChange, held: KeptTable<'_>) -> Vec<String> {
    let gone = change.changes.iter().filter_map(|change| match change {
        Change::ConstraintRemoved(constraint) => match &constraint.rule {
            Rule::Check(text) => Some(text.as_str()),
            _ => None,
        },
        _ => None,
    });
    let gone: Vec<_> = gone.collect();
    let cared = |columns: &[&Name]| {
        let old = columns.iter().all(|column| held.name_before(column).is_some());
        old && !columns.is_empty() && are_cared_for(migration, held, columns, change.statement())
    };
    let found = change.changes.iter().filter_map(|added| {
        let Change::ConstraintAdded(constraint) = added else { return None };
        match &constraint.rule {
            Rule::Check(text) => {
                let mentioned = names(text);
                let columns: Vec<_> = held.after.columns.iter().map(|column| &column.name).collect();
                let columns: Vec<_> = columns.into_iter().filter(|name| mentioned.contains(name)).collect();
                (cared(&columns) && !implies(&gone, text)).then(|| format!("`CHECK ({})`", on_one_line(text)))
            }
            Rule::Unique(key) => {
                let columns: Vec<_> = key.columns.iter().map(|column| &column.name).collect();
                (cared(&columns) && !was_unique(migration, held, &columns, None)).then(|| unique(&columns))
            }
            _ => None,
        }
    });
    found.collect()
}

/// The unique indexes that are new, and their statements.
fn indexes(migration: &Migration<'_>, held: KeptTable<'_>) -> Vec<Want> {
    let new = migration.created(Kind::Index).filter_map(|(at, known)| Some((at, known.index()?)));
    let new = new.filter(|(_, index)| index.unique && index.table == held.after.name);
    let found = new.filter_map(|(at, index)| {
        let key = index_parts(held.after, index)?;
        let columns: Vec<_> = key.iter().map(|(name, _)| name).collect();
        let old = columns.iter().all(|column| held.name_before(column).is_some());
        let cared = old && are_cared_for(migration, held, &columns, at);
        (cared && !was_unique(migration, held, &columns, index.filter.as_deref())).then(|| (unique(&columns), at))
    });
    found.collect()
}

fn was_unique(migration: &Migration<'_>, held: KeptTable<'_>, columns: &[&Name], filter: Option<&str>) -> bool {
    let before: Option<Vec<_>> = columns.iter().map(|column| held.name_before(column)).collect();
    before.is_some_and(|before| implied(&keys_before(migration, held.before, filter), &before))
}

fn unique(columns: &[&Name]) -> String {
    format!("{} has to be unique", columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", "))
}
