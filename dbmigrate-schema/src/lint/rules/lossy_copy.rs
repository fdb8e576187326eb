//! `lossy-copy`: a rebuild leaves rows behind without a word.
//!
//! `OR IGNORE` and `OR REPLACE` can only drop rows that the new table refuses: a copy into a table that demands nothing
//! new, from one table, loses none. Rows that a `WHERE` leaves out are for `partial-copy`.

use sqlite3_parser::ast::ResolveType;

use crate::compare::{Change, ColumnChange};
use crate::lint::finding::Findings;
use crate::lint::keys::{Held, implied, keys_before};
use crate::lint::lineage::TableChange;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule as Lint};
use crate::lint::values::copies;
use crate::model::{Conflict, Name, Rule, Table};

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);";

pub(super) const RULE: Lint = Lint {
    name: "lossy-copy",
    group: Group::Data,
    level: Level::Deny,
    what: "rows that the new table refuses are left out of a copy without a word",
    why: "`INSERT OR IGNORE`, `INSERT OR REPLACE` and a constraint with `ON CONFLICT IGNORE` or `REPLACE` drop rows and \
          report success. What was in them is gone, and nobody knows how much it was.",
    instead: "Say which rows go, and let SQLite refuse the rest:\n\n    DELETE FROM users WHERE id NOT IN (SELECT min(id) \
              FROM users GROUP BY email);\n    INSERT INTO n SELECT * FROM users;\n\nWhere the table itself says `ON \
              CONFLICT`, overrule it for the copy: `INSERT OR ABORT INTO n …`.",
    fails: &[
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT UNIQUE);
                  INSERT OR IGNORE INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
                  INSERT OR REPLACE INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT UNIQUE ON CONFLICT REPLACE);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    passes: &[
        Example {
            before: BEFORE,
            now: "DELETE FROM users WHERE id NOT IN (SELECT min(id) FROM users GROUP BY email);
                  CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT UNIQUE);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now:
                "-- dbmigrate: assert SELECT count(*) = 0 FROM (SELECT 1 FROM users GROUP BY email HAVING count(*) > 1)
                  CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT UNIQUE ON CONFLICT REPLACE);
                  INSERT OR ABORT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    quiet: &[
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
                  INSERT OR IGNORE INTO n (id, email) SELECT id, email FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE ON CONFLICT REPLACE);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT UNIQUE ON CONFLICT REPLACE, name TEXT);
                  INSERT INTO n (id, email) SELECT id, email FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example { before: BEFORE, now: "INSERT OR IGNORE INTO users (id) VALUES (1);" },
        Example {
            before: BEFORE,
            now: "CREATE TABLE mails (email TEXT UNIQUE); INSERT OR IGNORE INTO mails SELECT email FROM users;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.changed_tables() {
        let Some(held) = Held::changed(change) else { continue };
        let (demands, table) = (demands(migration, change, held), &held.after.name);
        let copies: Vec<_> = copies(migration, change).collect();
        for copy in &copies {
            let several = copies.len() > 1;
            let word = match copy.conflict {
                Some(ResolveType::Ignore) if several || !demands.is_empty() => "`OR IGNORE`".to_owned(),
                Some(ResolveType::Replace) if several || !demands.is_empty() => "`OR REPLACE`".to_owned(),
                None => match demands.iter().find_map(|demand| demand.conflict) {
                    Some(conflict) => format!("`ON CONFLICT {}` of the new table", conflict.as_str()),
                    None => continue,
                },
                _ => continue,
            };
            let what: Vec<_> = demands.iter().map(|demand| demand.what.clone()).collect();
            let mut finding = migration
                .at(copy.statement, format!("{word} drops rows of `{table}` without a word while they are copied"));
            if !what.is_empty() {
                finding = finding.note(format!("the new table demands more than the old one: {}", what.join(", ")));
            }
            findings.push(
                finding
                    .help("let SQLite refuse them: `INSERT OR ABORT INTO …`")
                    .help("and say which rows go, before the copy: `DELETE FROM … WHERE …`"),
            );
        }
    }
}

/// Something that the new table demands of a row and the old one did not.
struct Demand {
    what: String,
    /// What the table itself does with a row that does not meet it.
    conflict: Option<Conflict>,
}

fn demands(migration: &Migration<'_>, change: &TableChange, held: Held<'_>) -> Vec<Demand> {
    let drops = |conflict: Option<Conflict>| conflict.filter(|it| matches!(it, Conflict::Ignore | Conflict::Replace));
    let mut demands = Vec::new();
    let mut not_null = |column: &Name, conflict| {
        demands.push(Demand { what: format!("`{column} NOT NULL`"), conflict: drops(conflict) });
    };
    for change in &change.changes {
        match change {
            Change::ColumnChanged(column, ColumnChange::NotNull { from: None, to: Some(to) }) => {
                not_null(column, to.conflict.filter(|conflict| *conflict == Conflict::Ignore));
            }
            Change::ColumnAdded(column) if column.generated.is_none() => {
                if let Some(to) = column.not_null.as_ref().filter(|_| column.default.is_none()) {
                    not_null(&column.name, to.conflict.filter(|conflict| *conflict == Conflict::Ignore));
                }
            }
            _ => {}
        }
    }
    for change in &change.changes {
        let Change::ConstraintAdded(constraint) = change else { continue };
        match &constraint.rule {
            Rule::Unique(key) | Rule::PrimaryKey(key) => {
                let columns: Vec<&Name> = key.columns.iter().map(|column| &column.name).collect();
                let before: Option<Vec<&Name>> = columns.iter().map(|column| held.name_before(column)).collect();
                let known = before.is_some_and(|names| implied(&keys_before(migration, held.before, None), &names));
                if !known && !is_new_rowid(held.after, held.before, &columns) {
                    let names: Vec<_> = columns.iter().map(|column| column.to_sql()).collect();
                    demands.push(Demand {
                        what: format!("`UNIQUE ({})`", names.join(", ")),
                        conflict: drops(key.conflict),
                    });
                }
            }
            Rule::Check(text) => {
                demands.push(Demand { what: format!("`CHECK ({})`", crate::plan::on_one_line(text)), conflict: None })
            }
            Rule::ForeignKey(_) => {}
        }
    }
    demands
}

/// Whether a key is a rowid that SQLite makes up.
fn is_new_rowid(after: &Table, before: &Table, columns: &[&Name]) -> bool {
    let alias = after.rowid_alias().filter(|alias| columns == [&alias.name]);
    alias.is_some_and(|alias| before.column(&alias.name).is_none())
}
