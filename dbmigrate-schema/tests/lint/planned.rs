//! What `generate` writes, and what anybody writes by the book, is nothing to object to.

use dbmigrate_schema::{Decisions, Fill, Name, Schema, plan};

use crate::support::{lint_newest, names};

/// What the rules about rows and losses say of the plan from one schema to the other, with the later version's ways.
#[track_caller]
fn planned(from: &str, to: &str, fills: &[(&str, &str, &str)]) -> Vec<&'static str> {
    let [before, after] = [from, to].map(|sql| Schema::from_sql(sql).unwrap());
    let mut found = Vec::new();
    for min_sqlite in [(3, 35), (3, 53)] {
        let fills = fills.iter().map(|(table, column, expression)| Fill {
            table: Name::new(*table),
            column: Name::new(*column),
            expression: (*expression).to_owned(),
        });
        let decisions = Decisions { min_sqlite, fills: fills.collect(), ..Decisions::default() };
        let plan = plan(&before, &after, &decisions).unwrap();
        found.extend(names(&lint_newest(&[from, &plan.to_sql()])));
    }
    found.sort_unstable();
    found.dedup();
    found.retain(|name| OURS.contains(name));
    found
}

/// What a plan has to be free of: it asserts what has to hold of rows.
const OURS: [&str; 17] = [
    "add-not-null-without-default",
    "add-column-with-expression-default",
    "add-stored-column",
    "add-reference-with-default",
    "unique-on-existing-rows",
    "not-null-on-existing-rows",
    "key-change",
    "collation-change",
    "lossy-copy",
    "misplaced-copy",
    "type-change",
    "to-strict",
    "from-strict",
    "drop-column",
    "drop-table",
    "unbounded-write",
    "rename-table",
];

#[test]
fn a_plan_asserts_what_it_relies_on() {
    let users = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age TEXT);";
    let with = |columns: &str| format!("CREATE TABLE users (id INTEGER PRIMARY KEY, {columns});");
    for (to, fills) in [
        (with("name TEXT, age INTEGER"), vec![]),
        (with("name TEXT UNIQUE, age TEXT"), vec![]),
        (with("name TEXT NOT NULL, age TEXT"), vec![("users", "name", "''")]),
        (with("name TEXT, age TEXT, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP"), vec![]),
        (with("name TEXT, age TEXT, team TEXT NOT NULL"), vec![("users", "team", "'none'")]),
        (with("name TEXT, age TEXT, loud TEXT AS (upper(name)) STORED"), vec![]),
        (with("age TEXT, name TEXT COLLATE NOCASE UNIQUE"), vec![]),
        (format!("{users} CREATE UNIQUE INDEX i ON users (name, age);"), vec![]),
        (users.replace(";", " STRICT;"), vec![]),
    ] {
        assert_eq!(planned(users, &to, &fills), [""; 0], "{to}");
    }
}

/// The recipe of SQLite's own documentation: create, copy, drop, rename, and what belonged to the table again.
#[test]
fn a_rebuild_by_the_book_that_adds_something_gets_no_finding_at_all() {
    let before = "CREATE TABLE teams (id INTEGER PRIMARY KEY);
        CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE, team INTEGER \
        CONSTRAINT in_team REFERENCES teams (id), age INTEGER CONSTRAINT grown CHECK (age > 0));
        CREATE INDEX users_team ON users (team);
        CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER CONSTRAINT by_whom REFERENCES users (id));
        CREATE INDEX posts_author ON posts (author);
        CREATE VIEW mails AS SELECT email FROM users;
        CREATE TABLE log (what TEXT);
        CREATE TRIGGER changed AFTER UPDATE OF email ON users BEGIN INSERT INTO log VALUES (old.email); END;";
    for (columns, extra) in [(", name TEXT", ""), ("", "CREATE INDEX users_age ON users (age);")] {
        let now = format!(
            "DROP VIEW mails;
             CREATE TABLE new_users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE, team INTEGER \
             CONSTRAINT in_team REFERENCES teams (id), age INTEGER CONSTRAINT grown CHECK (age > 0){columns});
             INSERT INTO new_users (id, email, team, age) SELECT id, email, team, age FROM users;
             UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'users') \
             WHERE name = 'new_users';
             DROP TABLE users;
             ALTER TABLE new_users RENAME TO users;
             CREATE INDEX users_team ON users (team);
             CREATE VIEW mails AS SELECT email FROM users;
             CREATE TRIGGER changed AFTER UPDATE OF email ON users BEGIN INSERT INTO log VALUES (old.email); END;
             {extra}"
        );
        let now = format!("-- dbmigrate: irreversible so\n{now}");
        assert_eq!(names(&lint_newest(&[before, &now])).into_iter().collect::<Vec<_>>(), [""; 0], "{now}");
    }
}
