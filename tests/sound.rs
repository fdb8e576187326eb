//! What the tests that kill programs share: what a database holds, the files that it is made of, and chance.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// Numbers that look like chance and are the same in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// One below the limit.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

/// What a database holds: for each of the user's objects its text and a digest of its rows.
pub(crate) type Contents = BTreeMap<String, String>;

/// The database and what SQLite keeps beside it.
pub(crate) fn files_of(database: &Path) -> [PathBuf; 4] {
    ["", "-journal", "-wal", "-shm"].map(|suffix| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    })
}

pub(crate) fn remove(database: &Path) {
    for file in files_of(database) {
        let _ = fs::remove_file(file);
    }
}

/// The user's objects and rows. A full-text index counts by what it finds: how it keeps that is its own business.
pub(crate) fn contents(database: &Path) -> Contents {
    let db = Connection::open(database).unwrap();
    let mut statement = db
        .prepare(
            "SELECT s.type, s.name, s.sql FROM sqlite_schema AS s LEFT JOIN pragma_table_list(s.name) AS t \
             WHERE s.tbl_name NOT LIKE '\\_migrations%' ESCAPE '\\' AND s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
             AND coalesce(t.type, '') <> 'shadow'",
        )
        .unwrap();
    let objects = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let mut contents = Contents::new();
    for object in objects {
        let (kind, name, mut text): (String, String, String) = object.unwrap();
        if text.starts_with("CREATE VIRTUAL") {
            db.execute(&format!("INSERT INTO {name} ({name}, rank) VALUES ('integrity-check', 1)"), []).unwrap();
            text.push_str(&digest(&db, &format!("SELECT rowid FROM {name} ('late OR again') ORDER BY rowid")));
        } else if kind == "table" {
            text.push_str(&digest(&db, &format!("SELECT * FROM {name} ORDER BY rowid")));
        }
        contents.insert(name, text);
    }
    contents
}

/// How many rows, and a digest of them.
fn digest(db: &Connection, sql: &str) -> String {
    let mut statement = db.prepare(sql).unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let (mut count, mut hasher) = (0, DefaultHasher::new());
    while let Some(row) = rows.next().unwrap() {
        count += 1;
        for column in 0..columns {
            match row.get_ref(column).unwrap() {
                ValueRef::Integer(value) => value.hash(&mut hasher),
                ValueRef::Text(value) => value.hash(&mut hasher),
                other => format!("{other:?}").hash(&mut hasher),
            }
        }
    }
    format!(" -- {count} rows, {:016x}", hasher.finish())
}
