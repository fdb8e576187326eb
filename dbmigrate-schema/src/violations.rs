//! Rows that refer to nothing, and foreign keys that refer to no key: what a script that ran without enforcement must not
//! add to. The runner's rule, asked of the replay's database; the two do not know each other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::Connection;

/// The violations of one moment. Names are in lower case.
#[derive(Debug, Default)]
pub(crate) struct Violations {
    /// How many rows refer to nothing, by child table, child columns and parent.
    counts: BTreeMap<[String; 3], i64>,
    /// Of children whose parent's key has no unique index, so that SQLite can't check them: child and message.
    mismatches: BTreeSet<[String; 2]>,
    /// The tables by the rowids of their schema entries, which a rename keeps. Not read where nothing is wrong.
    tables: BTreeMap<i64, String>,
}

/// What is wrong now and was not before.
#[derive(Debug, Default)]
pub(crate) struct Growth {
    /// Child and parent of the rows that refer to nothing.
    pub(crate) orphans: Vec<[String; 2]>,
    /// What SQLite says of foreign keys that refer to no key.
    pub(crate) mismatches: Vec<String>,
}

impl Violations {
    /// Counts them.
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut found = Self::default();
        if is_clean(connection) {
            return Ok(found);
        }
        let sql = "SELECT m.rowid, m.name, EXISTS (SELECT 1 FROM pragma_foreign_key_list(m.name, 'main')) \
                   FROM main.sqlite_schema AS m WHERE m.type = 'table'";
        let mut tables = connection.prepare(sql)?;
        let tables = tables.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, bool>(2)?)))?;
        for table in tables.collect::<rusqlite::Result<Vec<_>>>()? {
            let (rowid, table, has_keys) = table;
            let name = table.to_ascii_lowercase();
            if has_keys {
                match counts(connection, &table) {
                    Ok(counts) => counts.into_iter().for_each(|([columns, parent], rows)| {
                        *found.counts.entry([name.clone(), columns, parent]).or_default() += rows;
                    }),
                    Err(error) if error.to_string().contains("foreign key mismatch") => {
                        found.mismatches.insert([name.clone(), crate::execute::message(&error)]);
                    }
                    // What only the program registers is missed here.
                    Err(_) => {}
                }
            }
            found.tables.insert(rowid, name);
        }
        Ok(found)
    }

    /// What has come to these since `before`; none if nothing has. With `keys`, also foreign keys that refer to no key.
    pub(crate) fn growth(&self, before: &Self, keys: bool) -> Option<Growth> {
        let taken: BTreeSet<&String> = before.tables.values().collect();
        let renamed = self.tables.iter().filter_map(|(rowid, name)| {
            // A name that was taken before is the table that everybody means by it: a rebuilt one.
            let old = before.tables.get(rowid).filter(|old| *old != name && !taken.contains(name))?;
            Some((name, old))
        });
        let old_names: HashMap<&String, &String> = renamed.collect();
        let old = |name: &String| (*old_names.get(name).unwrap_or(&name)).clone();
        let grown = self.counts.iter().filter(|([child, columns, parent], rows)| {
            let same = before.counts.get(&[old(child), columns.clone(), old(parent)]);
            **rows > same.copied().unwrap_or(0)
        });
        let orphans = grown.map(|([child, _, parent], _)| [child.clone(), parent.clone()]).collect();
        let mismatches = self.mismatches.difference(&before.mismatches).filter(|_| keys);
        let growth = Growth { orphans, mismatches: mismatches.map(|[_, message]| message.clone()).collect() };
        (!growth.orphans.is_empty() || !growth.mismatches.is_empty()).then_some(growth)
    }
}

/// Whether there are none at all, which is mostly so: one statement for all tables, which ends at the first.
fn is_clean(connection: &Connection) -> bool {
    let any = connection.prepare("SELECT 1 FROM pragma_foreign_key_check LIMIT 1");
    any.and_then(|mut any| any.exists([])).is_ok_and(|any| !any)
}

/// How many rows of a child refer to nothing, by its columns and the parent.
fn counts(connection: &Connection, child: &str) -> rusqlite::Result<Vec<([String; 2], i64)>> {
    let sql = "SELECT lower(v.parent), (SELECT lower(group_concat(f.\"from\")) FROM \
               pragma_foreign_key_list(?1, 'main') AS f WHERE f.id = v.fkid), count(*) \
               FROM pragma_foreign_key_check(?1, 'main') AS v GROUP BY v.parent, v.fkid";
    let mut counts = connection.prepare(sql)?;
    let counts = counts.query_map([child], |row| {
        Ok(([row.get::<_, Option<String>>(1)?.unwrap_or_default(), row.get(0)?], row.get(2)?))
    })?;
    counts.collect()
}
