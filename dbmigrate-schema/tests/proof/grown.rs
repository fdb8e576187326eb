//! A database that grows by one migration after the other is at each step what beginning anew would make.

use std::cell::Cell;

use dbmigrate_core::{Config, Diagnostic, MigrationSet, SourceMigration, SourceText};
use dbmigrate_schema::{Claim, Decisions, IncrementalReplay, Program, Schema, Step, prove};
use rusqlite::Connection;

use crate::set::set_with;

const FILES: [(&str, &str); 3] = [
    ("001_a.sql", "CREATE TABLE a (x INTEGER PRIMARY KEY);\nINSERT INTO a VALUES (7);"),
    ("002_b.sql", "ALTER TABLE a ADD COLUMN y;\nCREATE INDEX by_y ON a (y);"),
    ("003_c.sql", "CREATE VIEW c AS SELECT x FROM a;"),
];

/// Runs no Rust, and counts how often it is asked.
#[derive(Debug)]
struct Asked(Cell<usize>);

impl Program for Asked {
    fn run(&self, _: &SourceMigration, _: Step, database: &Connection) -> Result<Connection, Diagnostic> {
        self.0.set(self.0.get() + 1);
        let mut copy = Connection::open_in_memory().unwrap();
        rusqlite::backup::Backup::new(database, &mut copy).unwrap().step(-1).unwrap();
        Ok(copy)
    }
}

#[test]
fn each_step_is_what_beginning_anew_makes() {
    let set = set_with(&FILES, Config::default());
    let mut grown = IncrementalReplay::new(&set, None).unwrap();
    for (at, migration) in set.migrations.iter().enumerate() {
        let start = grown.copy().unwrap();
        let after = grown.next(migration).unwrap();
        let until = |count: usize| MigrationSet { migrations: set.migrations[..count].to_vec(), ..set.clone() };
        assert_eq!(after.to_sql(), Schema::from_migrations(&until(at + 1), None).unwrap().to_sql());
        let claim = |of: &'static str| Claim {
            set: Box::leak(Box::new(until(at))),
            up: SourceText::new("migrations/next.sql", of),
            down: None,
            target: Box::leak(Box::new(after.clone())),
            decisions: Box::leak(Box::new(Decisions::default())),
            program: None,
        };
        assert_eq!(start.copy().unwrap().prove(&claim(FILES[at].1), 1), prove(&claim(FILES[at].1), 1));
        start.prove(&claim("SELECT 1;"), 1).unwrap_err();
    }
}

#[test]
fn what_comes_before_runs_once() {
    let rust = "pub fn up(_: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }\n";
    let files: Vec<(String, &str)> = (1..=12).map(|number| (format!("{number:03}_r.rs"), rust)).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let set = set_with(&files, Config::default());
    let asked = Asked(Cell::new(0));
    let mut grown = IncrementalReplay::new(&set, Some(&asked)).unwrap();
    set.migrations.iter().for_each(|migration| drop(grown.next(migration).unwrap()));
    assert_eq!(asked.0.get(), 12);
}
