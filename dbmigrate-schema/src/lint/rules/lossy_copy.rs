//! `lossy-copy`: a rebuild leaves rows behind without a word.
//!
//! `OR IGNORE` and `OR REPLACE` can only drop rows that the new table refuses: a copy into a table that demands nothing
//! new, from one table, loses none. What a copy computes for a key may be the same for two rows. Rows that a `WHERE` leaves out are for `partial-copy`.

use sqlite3_parser::ast::{Expr, Literal, Operator, ResolveType, UnaryOperator};

use crate::compare::{Change, ColumnChange};
use crate::lint::finding::Findings;
use crate::lint::keys::{KeptTable, implied, keys_before};
use crate::lint::lineage::TableChange;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule as Lint};
use crate::lint::tree::bare;
use crate::lint::values::{Copy, copies, names};
use crate::lint::whole::column;
use crate::model::{Affinity, Conflict, Key, Name, Rule, Table};

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);";

pub(super) const RULE: Lint = Lint {
    name: "lossy-copy",
    group: Group::Data,
    level: Level::Deny,
    what: "a copy silently drops rows that the new table rejects",
    why: "`INSERT OR IGNORE`, `INSERT OR REPLACE`, `ON CONFLICT DO NOTHING` and a constraint with `ON CONFLICT \
          IGNORE` or `REPLACE` drop rows and report success. These rows are lost, and nobody knows how many there \
          were.",
    instead: "State which rows are removed, and let SQLite reject all others:\n\n    DELETE FROM users WHERE id NOT \
              IN (SELECT min(id) FROM users GROUP BY email);\n    INSERT INTO n SELECT * FROM users;\n\nIf the table \
              itself has `ON CONFLICT`, override it for the copy: `INSERT OR ABORT INTO n …`.",
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
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT);
                  INSERT OR IGNORE INTO n SELECT id / 2 + 1, email FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT);
                  INSERT OR REPLACE INTO n SELECT id / 2 + 1, email FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT);
                  INSERT INTO n SELECT id / 2 + 1, email FROM users WHERE true ON CONFLICT DO NOTHING;
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
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
                  INSERT INTO n SELECT id + 1000, email FROM users WHERE true ON CONFLICT DO NOTHING;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, key TEXT UNIQUE);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT, key TEXT UNIQUE);
                  INSERT OR IGNORE INTO n SELECT -id, lower(email), hex(randomblob(16)) FROM users;
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
        let Some(held) = KeptTable::changed(change) else { continue };
        let (general, table) = (demands(migration, change, held), &held.after.name);
        let copies: Vec<_> = copies(migration, change).collect();
        for copy in &copies {
            let several = copies.len() > 1;
            let own = keys_of_copy(migration, held, copy);
            let own = own.into_iter().filter(|own| general.iter().all(|demand| demand.what != own.what));
            let demands: Vec<_> = general.iter().cloned().chain(own).collect();
            let nothing = copy.does_nothing.as_ref().is_some_and(|columns| {
                let is_meant = |key: &Vec<Name>| columns.as_ref().is_none_or(|columns| is_same(key, columns));
                several || demands.iter().filter_map(|demand| demand.key.as_ref()).any(is_meant)
            });
            let word = match copy.conflict {
                Some(ResolveType::Ignore) if several || !demands.is_empty() => "`OR IGNORE`".to_owned(),
                Some(ResolveType::Replace) if several || !demands.is_empty() => "`OR REPLACE`".to_owned(),
                _ if nothing => "`ON CONFLICT DO NOTHING`".to_owned(),
                None => match demands.iter().find_map(|demand| demand.conflict) {
                    Some(conflict) => format!("`ON CONFLICT {}` of the new table", conflict.as_str()),
                    None => continue,
                },
                _ => continue,
            };
            let what: Vec<_> = general.iter().map(|demand| demand.what.clone()).collect();
            let mut finding =
                migration.at(copy.statement, format!("{word} silently drops rows of `{table}` while they are copied"));
            if !what.is_empty() {
                finding =
                    finding.note(format!("the new table has more constraints than the old one: {}", what.join(", ")));
            }
            let copied = demands.get(general.len()..).unwrap_or_default().iter();
            let copied: Vec<_> = copied.map(|demand| demand.what.clone()).collect();
            if !copied.is_empty() {
                finding = finding.note(format!("the copy may make different values equal: {}", copied.join(", ")));
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
#[derive(Clone)]
struct Demand {
    what: String,
    /// The columns, of a key.
    key: Option<Vec<Name>>,
    /// What the table itself does with a row that does not meet it.
    conflict: Option<Conflict>,
}

fn demands(migration: &Migration<'_>, change: &TableChange, held: KeptTable<'_>) -> Vec<Demand> {
    let mut demands = Vec::new();
    let mut not_null = |column: &Name, conflict| {
        demands.push(Demand { what: format!("`{column} NOT NULL`"), key: None, conflict: drops(conflict) });
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
                    demands.push(unique(key));
                }
            }
            Rule::Check(text) => {
                let what = format!("`CHECK ({})`", crate::plan::on_one_line(text));
                demands.push(Demand { what, key: None, conflict: None });
            }
            Rule::ForeignKey(_) => {}
        }
    }
    demands
}

fn drops(conflict: Option<Conflict>) -> Option<Conflict> {
    conflict.filter(|it| matches!(it, Conflict::Ignore | Conflict::Replace))
}

fn unique(key: &Key) -> Demand {
    let columns: Vec<Name> = key.columns.iter().map(|column| column.name.clone()).collect();
    let names: Vec<_> = columns.iter().map(Name::to_sql).collect();
    Demand { what: format!("`UNIQUE ({})`", names.join(", ")), key: Some(columns), conflict: drops(key.conflict) }
}

/// The keys of the new table for which a copy has something else than the columns of a key of before.
fn keys_of_copy(migration: &Migration<'_>, held: KeptTable<'_>, copy: &Copy<'_>) -> Vec<Demand> {
    let keys = held.after.constraints.iter().filter_map(|constraint| match &constraint.rule {
        Rule::Unique(key) | Rule::PrimaryKey(key) => Some(key),
        Rule::Check(_) | Rule::ForeignKey(_) => None,
    });
    let before = keys_before(migration, held.before, None);
    let may_repeat = |key: &&Key| {
        let values: Option<Vec<_>> = key.columns.iter().map(|part| copy.value(&part.name)).collect();
        let Some(values) = values else { return false };
        let values: Vec<_> = values.into_iter().map(|value| Value::of(value, held.before)).collect();
        if values.contains(&Value::Unknown) {
            return false;
        }
        let kept = values.iter().filter_map(|value| match value {
            Value::Column(name) => Some(name),
            Value::Computed | Value::Unknown => None,
        });
        !implied(&before, &kept.collect::<Vec<_>>())
    };
    keys.filter(may_repeat).map(unique).collect()
}

/// What a copy puts into a column.
#[derive(PartialEq)]
enum Value {
    /// What stands in a column, or something that differs where that does.
    Column(Name),
    /// What is computed of columns, and may be the same for two rows.
    Computed,
    /// Nobody can tell.
    Unknown,
}

impl Value {
    /// Texts that are no numbers are all 0.
    fn reckoned(self, table: &Table) -> Self {
        let is_text = |name: &Name| {
            table.column(name).is_some_and(|column| matches!(column.affinity(), Affinity::Text | Affinity::Blob))
        };
        if matches!(&self, Self::Column(name) if is_text(name)) { Self::Computed } else { self }
    }

    fn of(value: &Expr<'_>, table: &Table) -> Self {
        let is_number = |value: &Expr<'_>| matches!(value, Expr::Literal(Literal::Numeric(_)));
        match bare(value) {
            Expr::Binary(value, Operator::Add | Operator::Subtract, number) if is_number(number) => {
                Self::of(value, table).reckoned(table)
            }
            Expr::Binary(number, Operator::Add | Operator::Subtract, value) if is_number(number) => {
                Self::of(value, table).reckoned(table)
            }
            Expr::Unary(UnaryOperator::Negative, value) => Self::of(value, table).reckoned(table),
            Expr::Collate(value, _) => Self::of(value, table),
            Expr::Id(_) | Expr::Name(_) | Expr::Qualified(..) => {
                let name = column(value, &[]).filter(|name| table.column(name).is_some());
                name.map_or(Self::Unknown, Self::Column)
            }
            // Numbers that SQLite counts, and keys that are drawn.
            Expr::FunctionCall { filter_over: Some(_), .. } | Expr::FunctionCallStar { .. } => Self::Unknown,
            Expr::Literal(_) | Expr::Parenthesized(_) | Expr::Subquery(_) => Self::Unknown,
            _ => {
                let named = names(&value.to_string());
                let is_drawn = ["random", "randomblob"].iter().any(|name| named.contains(&Name::new(*name)));
                if !is_drawn && table.columns.iter().any(|column| named.contains(&column.name)) {
                    Self::Computed
                } else {
                    Self::Unknown
                }
            }
        }
    }
}

fn is_same(key: &[Name], columns: &[Name]) -> bool {
    key.len() == columns.len() && key.iter().all(|name| columns.contains(name))
}

/// Whether a key is a rowid that SQLite makes up.
fn is_new_rowid(after: &Table, before: &Table, columns: &[&Name]) -> bool {
    let alias = after.rowid_alias().filter(|alias| columns == [&alias.name]);
    alias.is_some_and(|alias| before.column(&alias.name).is_none())
}
