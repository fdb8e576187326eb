//! The foreign-key violations of a database, counted, so that only new ones count against a migration.
//!
//! They are counts per child table, columns and parent, not rows: rowids shift when a table is rebuilt, and tables
//! without rowids have none to tell rows apart.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::db::{Db, failed};
use crate::error::{Error, ErrorKind};
use crate::foreign_keys::Watch;
use crate::stored::{escape, unescape};
use crate::value::{Param, Value};

/// How many rows an error shows.
const SHOWN: usize = 20;

/// Child table, child columns, parent: lower case.
type Key = (String, String, String);

/// The violations of one moment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Violations {
    counts: BTreeMap<Key, i64>,
    /// Children whose parent's key has no unique index, so that SQLite can't check them.
    mismatches: BTreeSet<(String, String)>,
    /// The tables by the rowid of their schema entry, which a rename keeps.
    tables: HashMap<i64, String>,
}

/// Remembers those of now.
pub(crate) fn watch(db: &mut Db<'_>) -> Result<Box<dyn Watch>, Error> {
    Ok(Box::new(Violations::read(db)?))
}

/// Refuses all that are there now.
pub(crate) fn refuse_any(db: &mut Db<'_>) -> Result<(), Error> {
    Violations::default().refuse_growth(db)
}

impl Watch for Violations {
    fn refuse_growth(&self, db: &mut Db<'_>) -> Result<(), Error> {
        Self::read(db)?.refuse_more_than(self, db)
    }
}

impl Violations {
    /// Counts them.
    pub(crate) fn read(db: &mut Db<'_>) -> Result<Self, Error> {
        let what = "could not check the foreign keys";
        let mut found = Self::default();
        let sql = "SELECT m.rowid, m.name, EXISTS (SELECT 1 FROM pragma_foreign_key_list(m.name, 'main')) \
                   FROM main.sqlite_master AS m WHERE m.type = 'table'";
        let check = "SELECT lower(v.parent), (SELECT lower(group_concat(f.\"from\")) FROM \
                     pragma_foreign_key_list(?1, 'main') AS f WHERE f.id = v.fkid), count(*) \
                     FROM pragma_foreign_key_check(?1, 'main') AS v GROUP BY v.parent, v.fkid";
        for row in db.query(what, sql, &[])? {
            let [Value::Integer(rowid), Value::Text(name), has_keys] = row.as_slice() else { continue };
            found.tables.insert(*rowid, name.to_ascii_lowercase());
            if *has_keys != Value::Integer(1) {
                continue;
            }
            let params = [Param::Text(name)];
            match db.try_query(&check, &params) {
                Ok(rows) => rows.into_iter().for_each(|row| found.count(name, row)),
                Err(error) if error.message.contains("foreign key mismatch") => {
                    found.mismatches.insert((name.to_ascii_lowercase(), error.message));
                }
                Err(error) => return Err(failed(what, error)),
            }
        }
        Ok(found)
    }

    /// As text, for a script without a transaction that may be stopped and go on.
    pub(crate) fn encode(&self) -> String {
        let tables = self.tables.iter().map(|(rowid, name)| vec!["table".to_owned(), rowid.to_string(), escape(name)]);
        let counts = self.counts.iter().map(|((child, columns, parent), count)| {
            vec!["count".to_owned(), count.to_string(), escape(child), escape(columns), escape(parent)]
        });
        let mismatches =
            self.mismatches.iter().map(|(child, message)| vec!["mismatch".to_owned(), escape(child), escape(message)]);
        let lines = tables.chain(counts).chain(mismatches);
        lines.map(|fields| fields.join("\t") + "\n").collect()
    }

    /// Reads that text; `None` if it is not whole.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let mut found = Self::default();
        for line in text.split_terminator('\n') {
            match line.split('\t').collect::<Vec<_>>().as_slice() {
                ["table", rowid, name] => {
                    found.tables.insert(rowid.parse().ok()?, unescape(name)?);
                }
                ["count", count, child, columns, parent] => {
                    let key = (unescape(child)?, unescape(columns)?, unescape(parent)?);
                    found.counts.insert(key, count.parse().ok()?);
                }
                ["mismatch", child, message] => {
                    found.mismatches.insert((unescape(child)?, unescape(message)?));
                }
                _ => return None,
            }
        }
        Some(found)
    }

    fn count(&mut self, child: &str, row: Vec<Value>) {
        if let Ok([Value::Text(parent), columns, Value::Integer(count)]) = <[Value; 3]>::try_from(row) {
            let columns = if let Value::Text(columns) = columns { columns } else { String::new() };
            *self.counts.entry((child.to_ascii_lowercase(), columns, parent)).or_default() += count;
        }
    }

    /// Nothing if no violation was added since `before`, else the error that shows some of them.
    fn refuse_more_than(&self, before: &Self, db: &mut Db<'_>) -> Result<(), Error> {
        let old_names: HashMap<&str, &str> = self
            .tables
            .iter()
            .filter_map(|(rowid, name)| {
                let old = before.tables.get(rowid)?;
                // A name that was taken before is the table that everybody means by it: a rebuilt one.
                let renamed = old != name && !before.tables.values().any(|table| table == name);
                renamed.then_some((name.as_str(), old.as_str()))
            })
            .collect();
        let old = |name: &String| old_names.get(name.as_str()).map_or_else(|| name.clone(), |old| (*old).to_owned());
        let grown: Vec<&Key> = self
            .counts
            .iter()
            .filter(|((child, columns, parent), count)| {
                let same = before.counts.get(&(old(child), columns.clone(), old(parent)));
                **count > same.copied().unwrap_or(0)
            })
            .map(|(key, _)| key)
            .collect();
        let mismatches: Vec<&String> =
            self.mismatches.difference(&before.mismatches).map(|(_, message)| message).collect();
        if grown.is_empty() && mismatches.is_empty() {
            return Ok(());
        }
        let children: BTreeSet<&str> = grown.iter().map(|(child, _, _)| child.as_str()).collect();
        let mut error = match children.first() {
            Some(_) => {
                let names: Vec<&str> = children.iter().copied().collect();
                let message = format!("rows of `{}` refer to nothing", names.join("`, `"));
                let gone = grown.iter().find(|(_, _, parent)| !self.tables.values().any(|table| table == parent));
                let error = Error::new(ErrorKind::ForeignKey, message);
                match gone {
                    Some((_, _, parent)) => error
                        .hint(format_args!("`{parent}` is gone: when a table is renamed, what refers to it goes along"))
                        .hint(
                            "create the new table under another name, copy the rows, drop the old one, and rename the \
                             new one last",
                        )
                        .hint("or put `PRAGMA legacy_alter_table = ON;` at the top: references then stay as they are"),
                    None => error.hint("keep the parents' keys, or delete or correct these rows in the same migration"),
                }
            }
            None => Error::new(ErrorKind::ForeignKey, "a foreign key refers to columns that are no key")
                .hint("give the parent a PRIMARY KEY or UNIQUE constraint on them"),
        };
        for message in mismatches {
            error = error.note(message.as_str());
        }
        let parents: BTreeSet<(&str, &str)> =
            grown.iter().map(|(child, _, parent)| (child.as_str(), parent.as_str())).collect();
        for line in rows(db, &parents)? {
            error = error.note(line);
        }
        Err(error)
    }
}

/// Some of the violating rows, for people.
fn rows(db: &mut Db<'_>, of: &BTreeSet<(&str, &str)>) -> Result<Vec<String>, Error> {
    let sql =
        format!("SELECT rowid FROM pragma_foreign_key_check(?1, 'main') WHERE lower(parent) = ?2 LIMIT {}", SHOWN + 1);
    let mut lines = Vec::new();
    for (child, parent) in of {
        let params = [Param::Text(child), Param::Text(parent)];
        for row in db.query("could not check the foreign keys", &sql, &params)? {
            if lines.len() == SHOWN {
                lines.push("… and more".to_owned());
                return Ok(lines);
            }
            lines.push(match row.first() {
                Some(Value::Integer(rowid)) => format!("row {rowid} of `{child}` has no parent in `{parent}`"),
                _ => format!("a row of `{child}` has no parent in `{parent}`"),
            });
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_back_and_nothing_else() {
        let text = |text: &str| text.to_owned();
        let violations = Violations {
            counts: BTreeMap::from([
                ((text("a\tb"), text("x,y"), text("p%")), 2),
                ((text("c"), text(""), text("p")), 1),
            ]),
            mismatches: BTreeSet::from([(text("c"), text("foreign key mismatch\n"))]),
            tables: HashMap::from([(2, text("a\tb")), (-1, text("c"))]),
        };
        assert_eq!(Violations::decode(&violations.encode()).unwrap(), violations);
        assert_eq!(Violations::decode("").unwrap(), Violations::default());
        for broken in ["table\t1", "table\tx\ta", "count\t1\ta\tb", "mismatch\t%zz\ta", "other"] {
            assert_eq!(Violations::decode(broken), None, "{broken}");
        }
    }
}
