//! What this tool plans is what its rules recommend.

use std::collections::BTreeSet;

use dbmigrate_schema::lint::RULES;
use dbmigrate_schema::{Decisions, Fill, Name, Rename, Schema, plan};

use crate::support::lint_newest;

const FROM: &str = "
    CREATE TABLE teams (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);
    CREATE TABLE users (
      id INTEGER PRIMARY KEY, name TEXT, nick TEXT, team INTEGER REFERENCES teams (id) ON DELETE CASCADE,
      boss INTEGER REFERENCES users, double AS (id * 2), CHECK (users.id > 0)
    );
    CREATE TABLE notes (text TEXT, at DATETIME);
    CREATE TABLE pairs (a INT, b INT, PRIMARY KEY (a, b)) WITHOUT ROWID;
    CREATE TABLE log (what TEXT);
    CREATE INDEX users_name ON users (name);
    CREATE UNIQUE INDEX users_nick ON users (nick) WHERE nick IS NOT NULL;
    CREATE INDEX users_team ON users (team);
    CREATE VIRTUAL TABLE search USING fts5(text, content='notes');
    CREATE VIEW names AS SELECT id, name FROM users;
    CREATE VIEW short AS SELECT substr(name, 1, 3) AS name FROM names;
    CREATE TRIGGER named INSTEAD OF INSERT ON names BEGIN INSERT INTO users (name) VALUES (new.name); END;
    CREATE TRIGGER noted AFTER INSERT ON notes BEGIN INSERT INTO search (rowid, text) VALUES (new.rowid, new.text); END;
    CREATE TRIGGER logged AFTER UPDATE OF name ON users BEGIN INSERT INTO log SELECT name FROM short; END;";

/// The schema with these texts in place of others.
fn changed(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(FROM.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

/// Plans a change, and lets every rule look at it, with those that are off.
#[track_caller]
fn is_clean(changes: &[(&str, &str)], decisions: &Decisions) {
    let to = changed(changes);
    let (from, to) = (Schema::from_sql(FROM).unwrap(), Schema::from_sql(&to).unwrap());
    let planned = plan(&from, &to, decisions).unwrap_or_else(|undecided| panic!("{undecided:?}"));
    let text = planned.to_sql();
    let found = lint_newest(&[FROM, &text]);
    // The down script is planned apart.
    let own: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).filter(|name| *name != "missing-down").collect();
    let found: Vec<_> =
        found.iter().filter(|it| own.contains(it.rule.name)).map(|it| it.diagnostic.to_string()).collect();
    assert!(found.is_empty(), "{}\n{text}", found.join("\n"));
    assert!(text.contains("RENAME TO"), "no rebuild: {text}");
}

#[test]
fn a_rebuild_as_the_planner_writes_it_is_clean() {
    let decisions = Decisions::default();
    for changes in [
        vec![("name TEXT, nick TEXT", "name TEXT DEFAULT 'x', nick TEXT")],
        vec![("AUTOINCREMENT, name TEXT", "AUTOINCREMENT, name TEXT DEFAULT ''")],
        vec![("CREATE TABLE notes (text TEXT,", "CREATE TABLE notes (text TEXT DEFAULT '',")],
        vec![("(a INT, b INT, PRIMARY KEY (a, b))", "(a INT DEFAULT 1, b INT, PRIMARY KEY (a, b))")],
        vec![("log (what TEXT)", "log (what TEXT DEFAULT 'a' COLLATE BINARY)")],
        vec![("id * 2", "id * 3")],
        vec![
            ("AUTOINCREMENT, name TEXT", "AUTOINCREMENT, name TEXT DEFAULT ''"),
            ("name TEXT, nick TEXT", "name TEXT DEFAULT 'x', nick TEXT"),
            ("CREATE TABLE notes (text TEXT,", "CREATE TABLE notes (text TEXT DEFAULT '',"),
            ("log (what TEXT)", "log (what TEXT DEFAULT 'a')"),
        ],
        vec![("SELECT id, name FROM users", "SELECT name, id FROM users"), ("id * 2", "id * 4")],
    ] {
        is_clean(&changes, &decisions);
    }
}

#[test]
fn so_is_one_that_fills_and_renames() {
    // That rows must not be NULL, and that programs of before know another name, is for people to weigh.
    let mut decisions = Decisions::default();
    let (table, column) = (Name::new("users"), Name::new("name"));
    decisions.fills.push(Fill { table: table.clone(), column, expression: "''".to_owned() });
    decisions.renames.push(Rename::Column { table, from: Name::new("nick"), to: Name::new("alias") });
    let to = changed(&[
        ("name TEXT, nick TEXT", "name TEXT NOT NULL, alias TEXT"),
        ("ON users (nick) WHERE nick", "ON users (alias) WHERE alias"),
    ]);
    let (from, to) = (Schema::from_sql(FROM).unwrap(), Schema::from_sql(&to).unwrap());
    let text = plan(&from, &to, &decisions).unwrap().to_sql();
    let found = lint_newest(&[FROM, &text]);
    let mechanics = found.iter().filter(|it| it.rule.group == dbmigrate_schema::lint::Group::Mechanics);
    let mechanics: Vec<_> = mechanics.map(|it| it.diagnostic.to_string()).collect();
    assert!(mechanics.is_empty(), "{}\n{text}", mechanics.join("\n"));
}
