//! `mark`: a baseline for a database that has what the migrations make, and for no other without being told twice.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use std::cell::RefCell;

use dbmigrate_runtime::{Comparison, Migrator, NoBackend, OutOfOrder, Rules, SchemaDifference, State};
use support::fault::{Fault, FaultyDriver};
use support::package::package;
use support::*;

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x', UNIQUE (name))";
const POSTS: &str = "CREATE TABLE posts (id, user INTEGER REFERENCES users (id) ON DELETE CASCADE)";
const INDEX: &str = "CREATE INDEX by_user ON posts (user) WHERE user > 0";

fn three() -> Vec<File> {
    vec![
        file("001_users", &[USERS]).down(&["DROP TABLE users"]),
        file("002_posts", &[POSTS, INDEX]),
        file("003_more", &["CREATE VIEW v AS SELECT 1", "ALTER TABLE users ADD COLUMN age INTEGER"]),
    ]
}

fn made(statements: &[&str]) -> rusqlite::Connection {
    let db = memory();
    run(&db, &statements.join(";\n"));
    db
}

#[test]
fn a_database_that_has_what_they_make_gets_its_history() {
    let mut db = made(&[USERS, POSTS, INDEX, "INSERT INTO users VALUES (1, 'ada')"]);
    let error = runner(three()).up(&mut db).unwrap_err();
    assert!(error.is_existing_schema() && error.to_string().contains("`cargo dbmigrate mark`"), "{error}");
    let marked = runner(three()).tool("me").mark_to(&mut db, 2_u64).unwrap();
    assert_eq!(marked.recorded, [(1, "001_users".to_owned()), (2, "002_posts".to_owned())]);
    assert_eq!(marked.comparison, Comparison::Same(2));
    assert_eq!(history(&db), "001_users 002_posts");
    assert_eq!(
        ask(&db, "SELECT group_concat(tool || statements_done || (duration_us IS NULL)) FROM _migrations"),
        "me11,me21"
    );
    assert_eq!(ask(&db, "SELECT chain <> '' FROM _migrations_head"), "1");
    assert_eq!(runner(three()).up(&mut db).unwrap().applied[0].name, "003_more");
    assert_eq!(ask(&db, "SELECT group_concat(name) FROM users"), "ada");
    let nothing = runner(three()).mark(&mut db).unwrap();
    assert!(nothing.recorded.is_empty() && nothing.comparison == Comparison::Nothing);
    assert!(runner(three()).verify(&mut db).unwrap().is_ok());
}

#[test]
fn a_database_with_a_history_takes_more() {
    let mut db = memory();
    runner(three()).up_to(&mut db, 1_u64).unwrap();
    run(&db, &format!("{POSTS}; {INDEX}"));
    assert_eq!(runner(three()).mark_only(&mut db, &[2]).unwrap().comparison, Comparison::Same(2));
    assert_eq!(history(&db), "001_users 002_posts");
    let error = runner(three()).mark_only(&mut db, &[3, 3]).unwrap_err();
    assert!(error.help().concat().contains("`cargo dbmigrate mark 3 --force`"), "{error}");
}

/// What `mark` says about a database that was made by these statements.
#[track_caller]
fn differs(statements: &[&str], expect: &[&str]) {
    let mut db = made(statements);
    let before = dump(&db);
    let error = runner(three()).mark_to(&mut db, 2_u64).unwrap_err();
    assert!(error.is_mismatch(), "{error}");
    assert!(error.help().concat().contains("`cargo dbmigrate mark --to 2 --force`"), "{error}");
    let said: Vec<&str> = error.notes().iter().map(String::as_str).take(error.notes().len() - 2).collect();
    assert_eq!(said, expect);
    assert_eq!(dump(&db), before);
    let marked = runner(three()).allow_mismatch().mark_to(&mut db, 2_u64).unwrap();
    assert_eq!(marked.comparison, Comparison::Different(expect.iter().map(|&text| text.to_owned()).collect()));
    assert_eq!(history(&db), "001_users 002_posts");
}

#[test]
fn every_difference_is_named() {
    differs(&[], &["the table `posts` is missing", "the table `users` is missing"]);
    let trigger = "CREATE TRIGGER tr AFTER INSERT ON users BEGIN SELECT 1; END";
    differs(
        &[USERS, POSTS, INDEX, "CREATE TABLE other (x)", trigger, "CREATE VIEW v AS SELECT 1"],
        &[
            "no migration makes the table `other`",
            "no migration makes the trigger `tr`",
            "no migration makes the view `v`",
        ],
    );
    differs(
        &[USERS, "CREATE TABLE Posts (user TEXT, id, extra)", "CREATE UNIQUE INDEX by_user ON posts (user, id DESC)"],
        &[
            "the table `posts`: the column `user` is `TEXT`, and `INTEGER` in the migrations",
            "the table `posts`: the foreign key from (user) to users (id) is missing",
            "the table `posts`: the index `by_user` is `(user, id DESC) unique`, and `(user) partial` in the \
             migrations",
            "the table `posts`: no migration makes the column `extra`",
        ],
    );
    // The module of a virtual table may not be there.
    let ghost = "PRAGMA writable_schema = 1; INSERT INTO sqlite_master VALUES ('table', 'ghost', 'ghost', 0, \
                 'CREATE VIRTUAL TABLE ghost USING nowhere (x)'); PRAGMA writable_schema = RESET";
    differs(&[USERS, POSTS, INDEX, ghost], &["no migration makes the table `ghost`"]);
    differs(
        &[USERS, POSTS, "CREATE INDEX by_user ON posts (user COLLATE nocase, user + 1) WHERE user > 0"],
        &["the table `posts`: the index `by_user` is `(user COLLATE nocase, an expression) partial`, and `(user) \
             partial` in the migrations"],
    );
    differs(
        &["CREATE TABLE users (name TEXT DEFAULT 'y', id INTEGER PRIMARY KEY)", POSTS, INDEX],
        &[
            "the table `users`: UNIQUE (name) is missing",
            "the table `users`: the column `name` is `TEXT DEFAULT 'y'`, and `TEXT NOT NULL DEFAULT 'x'` in the \
             migrations",
        ],
    );
    differs(
        &[USERS, "CREATE TABLE posts (user INTEGER REFERENCES users (id) ON DELETE CASCADE, id)", INDEX],
        &["the table `posts`: its columns are (user, id), and (id, user) in the migrations"],
    );
}

#[test]
fn a_key_of_two_columns_and_what_a_column_is_made_of_are_compared_as_a_whole() {
    let table = "CREATE TABLE p (a, b, c, UNIQUE (a, b), UNIQUE (a, c))";
    let child = "CREATE TABLE c (x, y, z INTEGER AS (x + y), FOREIGN KEY (x, y) REFERENCES p (a, b))";
    let migrator = || runner(vec![file("001_a", &[table, child])]);
    let said = |child: &str| {
        let error = migrator().mark(&mut made(&[table, child])).unwrap_err();
        error.notes()[..error.notes().len() - 2].join("; ")
    };
    assert_eq!(
        said(&child.replace("(a, b)", "(a, c)")),
        "the table `c`: the foreign key from (x, y) to p (a, b) is missing; the table `c`: no migration makes the \
         foreign key from (x, y) to p (a, c)"
    );
    assert_eq!(
        said(&child.replace("AS (x + y)", "")),
        "the table `c`: the column `z` is `INTEGER`, and `INTEGER GENERATED` in the migrations"
    );
    assert_eq!(migrator().mark(&mut made(&[table, child])).unwrap().comparison, Comparison::Same(2));
}

#[test]
fn what_cannot_be_compared_wants_to_be_forced() {
    let folder = Folder::new();
    let other: &'static str = folder.file("other.db").display().to_string().leak();
    let attach: &'static str = format!("ATTACH '{other}' AS other").leak();
    let copy: &'static str = format!("VACUUM INTO '{other}'").leak();
    for (statements, expect) in [
        (&["rust:7"][..], "`001_x` contains Rust"),
        (&[attach, "DETACH other"], "`001_x` also works on other files"),
        (&[copy], "`001_x` also works on other files"),
        (&["INSERT INTO nowhere VALUES (1)"], "on an empty database, `001_x` failed: no such table: nowhere"),
    ] {
        let runner = || runner(vec![file("001_x", statements).no_transaction()]);
        let mut db = memory();
        let error = runner().mark(&mut db).unwrap_err();
        assert!(error.is_mismatch() && error.notes()[0].starts_with(expect), "{error}");
        assert!(!folder.file("other.db").exists());
        let marked = runner().allow_mismatch().mark(&mut db).unwrap();
        assert!(matches!(marked.comparison, Comparison::Impossible(why) if why.starts_with(expect)));
        assert_eq!(history(&db), "001_x");
    }
}

#[test]
fn nothing_is_left_pending_below_what_is_recorded() {
    let mut db = made(&[USERS, POSTS, INDEX]);
    let error = runner(three()).mark_only(&mut db, &[2]).unwrap_err();
    assert!(error.is_late() && error.to_string().contains("`cargo dbmigrate mark --to 2`"), "{error}");
    let rules = Rules { out_of_order: OutOfOrder::APPLY, ..Rules::DEFAULT };
    let any: Runner = Migrator::new(set_with(three(), rules));
    any.allow_mismatch().mark_only(&mut db, &[2]).unwrap();
    // One that is late already can be recorded, which is a way out.
    assert_eq!(runner(three()).status(&mut db).unwrap().entries[0].state, State::Late);
    assert_eq!(runner(three()).mark_only(&mut db, &[1]).unwrap().comparison, Comparison::Same(2));
    assert!(runner(three()).verify(&mut db).unwrap().is_ok());
    assert!(runner(three()).mark_to(&mut db, 9_u64).unwrap_err().is_unknown_migration());
    assert!(runner(three()).mark_only(&mut db, &[3, 9]).unwrap_err().is_unknown_migration());
}

#[test]
fn one_that_was_stopped_is_repaired_and_not_marked() {
    let mut db = memory();
    let files = || vec![file("001_t", &["CREATE TABLE t (x)"]), file("002_bare", &["nonsense"]).no_transaction()];
    runner(files()).up(&mut db).unwrap_err();
    let error = runner(files()).mark(&mut db).unwrap_err();
    assert!(error.is_interrupted() && error.to_string().contains("`cargo dbmigrate repair 002_bare`"), "{error}");
    run(&db, "BEGIN");
    assert!(runner(files()).mark(&mut db).unwrap_err().is_open_transaction());
}

#[test]
fn a_failure_at_any_call_records_nothing() {
    let migrator = || Migrator::<'_, driver::Rusqlite>::new(set(three()));
    for fault in [Fault::Once, Fault::Gone, Fault::Lost] {
        for at in 0.. {
            let mut db = made(&[USERS, POSTS, INDEX]);
            let before = dump(&db);
            let result = migrator().mark_to_with(&mut FaultyDriver::new(&mut db, fault, at), 2_u64);
            assert!(db.is_autocommit(), "{fault:?} {at}");
            match result {
                Ok(_) if at > 20 => break,
                Ok(_) => assert_eq!(history(&db), "001_users 002_posts", "{fault:?} {at}"),
                Err(_) => assert_eq!(dump(&db), before, "{fault:?} {at}"),
            }
        }
    }
    let unbound: Migrator<'_, NoBackend> = Migrator::new(set(three()));
    let mut db = made(&[USERS, POSTS, INDEX]);
    let error = unbound.mark_to_with(&mut FaultyDriver::new(&mut db, Fault::None, 0), 2_u64).unwrap_err();
    assert!(error.is_mismatch() && error.to_string().contains("have no driver"), "{error}");
}

#[test]
fn another_reader_compares_what_it_found_after_the_replay_with_the_database() {
    // It knows the texts of all objects but the history's.
    let reader = || {
        let last = RefCell::new(Vec::new());
        move |db: &rusqlite::Connection| {
            let sql = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name NOT LIKE '\\_%' \
                       ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY name";
            let all = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            let now = db.prepare(sql)?.query_map([], all)?.collect::<Result<Vec<(String, String, String)>, _>>()?;
            let before = last.replace(now.clone());
            let new = now.into_iter().filter(|object| !before.contains(object));
            let change = |(kind, name, _): (String, String, String)| {
                let message = format!("{kind} `{name}` differs from the one");
                SchemaDifference { kind, name, table: None, change: "changed".into(), message }
            };
            Ok(new.map(change).collect())
        }
    };
    let package = || package(three()).repeatable("named", &["CREATE VIEW named AS SELECT name FROM users"]);
    let checked = USERS.replace("DEFAULT 'x'", "DEFAULT 'x' CHECK (name <> '')");
    let mut db = made(&[&checked, POSTS, INDEX, "CREATE VIEW named AS SELECT 1"]);
    // The runner's own reader sees no check.
    assert!(matches!(package().runner().mark_to(&mut db, 2_u64).unwrap().comparison, Comparison::Same(2)));
    run(&db, "DROP TABLE _migrations; DROP TABLE _migrations_head; DROP TABLE IF EXISTS _migrations_repeatable");
    let error = package().runner().schema_reader(reader()).mark_to(&mut db, 2_u64).unwrap_err();
    assert!(error.is_mismatch(), "{error}");
    // A view that a repeatable makes is its own business.
    assert_eq!(error.notes()[0], "table `users` differs from the one");
    assert!(
        error.notes()[1].ends_with("to the database: every column, constraint, index, view and trigger"),
        "{error}"
    );

    let mut db = made(&[USERS, POSTS, INDEX]);
    let marked = package().runner().schema_reader(reader()).mark_to(&mut db, 2_u64).unwrap();
    assert!(matches!(marked.comparison, Comparison::Same(2)) && marked.covers.contains("constraint"), "{marked:?}");
    let failing = runner(three()).schema_reader(|_| Err("it is dark".into()));
    let error = failing.mark_to(&mut db, 3_u64).unwrap_err();
    assert!(error.notes().concat().contains("it is dark"), "{error}");
}
