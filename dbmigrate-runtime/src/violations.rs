//! The foreign-key violations of a database, counted, so that only new ones count against a migration.
//!
//! They are counts per child table, columns and parent, not rows: rowids shift when a table is rebuilt, and tables
//! without rowids have none to tell rows apart.

use crate::db::{Db, failed};
use crate::error::{Error, ErrorKind};
use crate::foreign_keys::Watch;
use crate::messages::is_foreign_key_mismatch;
use crate::names::ByName;
use crate::stored::{escape, unescape};
use crate::tables::Tables;
use crate::value::{Param, Value};

/// How many rows an error shows.
const SHOWN: usize = 20;

/// The violations of one moment. Names are in lower case.
#[derive(Default)]
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) struct Violations {
    /// In order.
    counts: Vec<Count>,
    /// Of children whose parent's key has no unique index, so that SQLite can't check them: child and message, in order.
    mismatches: Vec<[String; 2]>,
    tables: Tables,
}

/// How many rows of a child table refer to nothing.
#[cfg_attr(test, derive(Debug, PartialEq))]
struct Count {
    /// Child table, child columns, parent.
    of: [String; 3],
    rows: i64,
}

/// Stands before those that were refused.
const REFUSED: &str = "refused\n";

/// Of what is kept for a script without a transaction: the text of those from before it, and of all that were there when it
/// was refused for new ones, if it was.
#[inline]
pub(crate) fn kept(text: &str) -> (&str, Option<&str>) {
    let at = if text.starts_with(REFUSED) { Some(0) } else { text.find("\nrefused\n").map(|at| at + 1) };
    match at {
        Some(at) => (&text[..at], Some(&text[at + REFUSED.len()..])),
        None => (text, None),
    }
}

/// Remembers those of now.
#[inline]
pub(crate) fn watch(db: &mut Db<'_>) -> Result<Box<dyn Watch>, Error> {
    Ok(Box::new(Violations::read(db)?))
}

/// Refuses all that are there now.
#[inline]
pub(crate) fn refuse_any(db: &mut Db<'_>) -> Result<(), Error> {
    Violations::default().refuse_growth(db, false)
}

impl Watch for Violations {
    #[inline]
    fn refuse_growth(&self, db: &mut Db<'_>, keys: bool) -> Result<(), Error> {
        Self::read(db)?.refuse_more_than(self, db, keys)
    }
}

impl Violations {
    /// Counts them.
    #[inline]
    pub(crate) fn read(db: &mut Db<'_>) -> Result<Self, Error> {
        let what = "could not check the foreign keys";
        let mut found = Self::default();
        let sql = "SELECT m.rowid, m.name, EXISTS (SELECT 1 FROM pragma_foreign_key_list(m.name, 'main')) \
                   FROM main.sqlite_master AS m WHERE m.type = 'table' ORDER BY m.rowid";
        let check = "SELECT lower(v.parent), (SELECT lower(group_concat(f.\"from\")) FROM \
                     pragma_foreign_key_list(?1, 'main') AS f WHERE f.id = v.fkid), count(*) \
                     FROM pragma_foreign_key_check(?1, 'main') AS v GROUP BY v.parent, v.fkid";
        for row in db.query(what, sql, &[])? {
            let [Value::Integer(rowid), Value::Text(table), has_keys] = row.as_slice() else { continue };
            let name = table.to_ascii_lowercase();
            found.tables.insert(*rowid, name.clone());
            if *has_keys != Value::Integer(1) {
                continue;
            }
            match db.try_ask(&check, &[Param::Text(table)]) {
                Ok(rows) => std::mem::take(rows).into_iter().for_each(|row| found.count(&name, row)),
                Err(error) if is_foreign_key_mismatch(&error.message) => {
                    put(&mut found.mismatches, [name, error.0.message]);
                }
                Err(error) => return Err(failed(what, error)),
            }
        }
        Ok(found)
    }

    /// As text, for a script without a transaction that may be stopped and go on.
    #[inline]
    pub(crate) fn encode(&self) -> String {
        let mut text = String::new();
        for (rowid, name) in self.tables.iter() {
            text.push_str(&format!("table\t{rowid}\t{}\n", escape(name)));
        }
        for Count { of: [child, columns, parent], rows } in &self.counts {
            text.push_str(&format!("count\t{rows}\t{}\t{}\t{}\n", escape(child), escape(columns), escape(parent)));
        }
        for [child, message] in &self.mismatches {
            text.push_str(&format!("mismatch\t{}\t{}\n", escape(child), escape(message)));
        }
        text
    }

    /// As text, with those of now, for which it is refused.
    #[inline]
    pub(crate) fn encode_refused(&self, db: &mut Db<'_>) -> Result<String, Error> {
        Ok(self.encode() + REFUSED + &Self::read(db)?.encode())
    }

    /// Reads that text; `None` if it is not whole.
    #[inline]
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let mut found = Self::default();
        for line in text.split_terminator('\n') {
            match line.split('\t').collect::<Vec<_>>().as_slice() {
                ["table", rowid, name] => {
                    found.tables.insert(rowid.parse().ok()?, unescape(name)?);
                }
                ["count", count, child, columns, parent] => {
                    found.add([unescape(child)?, unescape(columns)?, unescape(parent)?], count.parse().ok()?);
                }
                ["mismatch", child, message] => {
                    put(&mut found.mismatches, [unescape(child)?, unescape(message)?]);
                }
                _ => return None,
            }
        }
        Some(found)
    }

    #[inline]
    fn count(&mut self, child: &str, row: Vec<Value>) {
        if let Ok([Value::Text(parent), columns, Value::Integer(count)]) = <[Value; 3]>::try_from(row) {
            let columns = if let Value::Text(columns) = columns { columns } else { String::new() };
            self.add([child.to_owned(), columns, parent], count);
        }
    }

    #[inline]
    fn add(&mut self, of: [String; 3], rows: i64) {
        match self.place(&of) {
            Ok(at) => self.counts[at].rows += rows,
            Err(at) => self.counts.insert(at, Count { of, rows }),
        }
    }

    #[inline]
    fn place(&self, of: &[String; 3]) -> Result<usize, usize> {
        self.counts.binary_search_by(|count| count.of.cmp(of))
    }

    /// Nothing if no violation was added since `before`, else the error that shows some of them.
    #[inline]
    fn refuse_more_than(&self, before: &Self, db: &mut Db<'_>, keys: bool) -> Result<(), Error> {
        let mut old_names = ByName::<&str>::default();
        for (rowid, name) in self.tables.iter() {
            match before.tables.get(*rowid) {
                // A name that was taken before is the table that everybody means by it: a rebuilt one.
                Some(old) if old != name && !before.tables.has(name) => old_names.insert(name.clone(), old),
                _ => {}
            }
        }
        let old = |name: &str| (*old_names.get(name).unwrap_or(&name)).to_owned();
        let mut grown: Vec<[&str; 2]> = Vec::new();
        for Count { of: [child, columns, parent], rows } in &self.counts {
            let same = before.place(&[old(child), columns.clone(), old(parent)]);
            if *rows > same.map_or(0, |at| before.counts[at].rows) {
                put(&mut grown, [child, parent]);
            }
        }
        let is_new = |mismatch: &&[String; 2]| keys && before.mismatches.binary_search(mismatch).is_err();
        let mismatches: Vec<_> = self.mismatches.iter().filter(is_new).collect();
        if grown.is_empty() && mismatches.is_empty() {
            return Ok(());
        }
        let mut children: Vec<&str> = grown.iter().map(|[child, _]| *child).collect();
        children.dedup();
        let dangling =
            || Error::new(ErrorKind::ForeignKey, format_args!("rows of `{}` refer to nothing", children.join("`, `")));
        let gone = grown.iter().find(|[_, parent]| !self.tables.has(parent));
        let mut error = match gone {
            _ if children.is_empty() => {
                Error::new(ErrorKind::ForeignKey, "a foreign key refers to columns that are not a key")
                    .hint("give the parent a PRIMARY KEY or UNIQUE constraint on them")
            }
            Some([_, parent]) => dangling()
                .hint(format_args!(
                    "`{parent}` no longer exists: when a table is renamed, references to it are renamed too"
                ))
                .hint(
                    "create the new table under another name, copy the rows, drop the old one, and rename the new one \
                     last",
                )
                .hint("or put `PRAGMA legacy_alter_table = ON;` at the top: references then keep the old name"),
            None => {
                dangling().hint("keep the keys of the parents, or delete or correct these rows in the same migration")
            }
        };
        for [_, message] in mismatches {
            error = error.note(message.as_str());
        }
        for line in rows(db, &grown)? {
            error = error.note(line);
        }
        Err(error)
    }
}

/// Adds something to what is in order, once.
#[inline]
fn put<T: Ord>(all: &mut Vec<T>, new: T) {
    if let Err(at) = all.binary_search(&new) {
        all.insert(at, new);
    }
}

/// Some of the violating rows of children and their parents, for people.
#[inline]
fn rows(db: &mut Db<'_>, of: &[[&str; 2]]) -> Result<Vec<String>, Error> {
    let sql =
        format!("SELECT rowid FROM pragma_foreign_key_check(?1, 'main') WHERE lower(parent) = ?2 LIMIT {}", SHOWN + 1);
    let mut lines = Vec::new();
    for [child, parent] in of {
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
        let mut violations = Violations::default();
        violations.add(["c", "", "p"].map(str::to_owned), 1);
        violations.add(["a\tb", "x,y", "p%"].map(str::to_owned), 2);
        violations.mismatches.push(["c", "foreign key mismatch\n"].map(str::to_owned));
        violations.tables.insert(2, "a\tb".to_owned());
        violations.tables.insert(-1, "c".to_owned());
        assert_eq!(Violations::decode(&violations.encode()).unwrap(), violations);
        assert_eq!(Violations::decode("").unwrap(), Violations::default());
        assert_eq!(kept("a\nrefused\nb\n"), ("a\n", Some("b\n")));
        assert_eq!(kept("refused\nb\n"), ("", Some("b\n")));
        assert_eq!(kept("a\n"), ("a\n", None));
        for broken in ["table\t1", "table\tx\ta", "count\t1\ta\tb", "mismatch\t%zz\ta", "other"] {
            assert_eq!(Violations::decode(broken), None, "{broken}");
        }
    }
}
