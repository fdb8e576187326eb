//! Rehearsals: what a run would do is said, the database is only read, and nothing of the copy stays.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod folder;
#[path = "../support/mod.rs"]
mod support;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use dbmigrate_runtime::{
    Access, Backend, BoxError, Direction, ForeignKeys, Migrator, Rehearse, Rehearsed, Rules, SchemaDifference,
    TransactionMode,
};
use rusqlite::Connection;
use support::driver::{Rusqlite, RusqliteDriver};
use support::*;

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)";

/// One of each kind; the first makes what the others work on.
fn files() -> Vec<File> {
    vec![
        file("001_users", &[USERS, "INSERT INTO users VALUES (1, 'ada'), (2, 'bob'), (3, 'eve')"])
            .down(&["DROP TABLE users"]),
        file(
            "002_more",
            &["ALTER TABLE users ADD COLUMN age INTEGER", "UPDATE users SET age = 7 WHERE id > 1", "DELETE FROM users"],
        )
        .down(&["ALTER TABLE users DROP COLUMN age"]),
        file(
            "003_steps",
            &["CREATE INDEX by_name ON users (name)", "INSERT INTO users VALUES (9, 'zoe', 1)", "VACUUM"],
        )
        .down(&["DROP INDEX by_name"])
        .no_transaction(),
    ]
}

/// A database file in this mode, migrated up to a number.
fn database(folder: &Folder, mode: &str, number: u64) -> (PathBuf, Connection) {
    let path = folder.file("app.db");
    let mut db = Connection::open(&path).unwrap();
    let _: String = db.query_row(&format!("PRAGMA journal_mode = {mode}"), [], |row| row.get(0)).unwrap();
    if number > 0 {
        runner(files()).up_to(&mut db, number).unwrap();
    }
    (path, db)
}

/// Every file of a folder: its bytes and when it was written. The shared memory of a WAL is for readers to write.
fn contents(folder: &Path) -> BTreeMap<String, (Vec<u8>, SystemTime)> {
    let files = fs::read_dir(folder).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let (bytes, time) = match name.ends_with("-shm") || entry.file_type().unwrap().is_dir() {
            true => (Vec::new(), SystemTime::UNIX_EPOCH),
            false => (fs::read(entry.path()).unwrap(), entry.metadata().unwrap().modified().unwrap()),
        };
        (name, (bytes, time))
    });
    files.collect()
}

/// The names in a folder that a rehearsal of this database would give.
fn copies(folder: &Path, name: &str) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|file| file.starts_with(&format!("{name}.rehearsal-"))).collect();
    names.sort();
    names
}

/// What a migration changed, in sentences.
fn said(rehearsed: &Rehearsed) -> Vec<String> {
    rehearsed.differences.iter().map(ToString::to_string).collect()
}

#[test]
fn every_migration_is_measured_on_the_way_up_and_back() {
    let folder = Folder::new();
    let (_, mut db) = database(&folder, "delete", 1);
    let rehearsal = runner(files()).rehearse(&mut db, Rehearse::Up).unwrap();
    assert!(rehearsal.error.is_none() && !rehearsal.is_empty(), "{rehearsal:?}");
    let [more, steps] = rehearsal.migrations.as_slice() else { panic!("{rehearsal:?}") };
    assert_eq!((more.number, more.name.as_str(), more.direction), (2, "002_more", Direction::Up));
    assert_eq!((more.rows_changed, steps.rows_changed), (5, 1));
    assert_eq!(said(more), ["+ table `users`: the column `age` INTEGER"]);
    assert_eq!(said(steps), ["+ table `users`: the index `by_name` (name)"]);
    let pages = |db: &Connection| ask(db, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
    assert_eq!(more.bytes_before.to_string(), pages(&db));
    assert_eq!((more.bytes_after, steps.bytes_before), (more.bytes_before, more.bytes_after));
    assert!(steps.bytes_after > steps.bytes_before, "{steps:?}");
    // The real run does the same.
    runner(files()).up(&mut db).unwrap();
    assert_eq!(steps.bytes_after.to_string(), pages(&db));

    let one = runner(files()).rehearse(&mut db, Rehearse::Down).unwrap();
    assert_eq!(one.migrations.len(), 1);
    assert_eq!(one.migrations[0].direction, Direction::Down);
    assert_eq!(said(&one.migrations[0]), ["- table `users`: the index `by_name`"]);
    let names = |what| -> Vec<String> {
        let mut db = Connection::open(folder.file("app.db")).unwrap();
        let rehearsal = runner(files()).rehearse(&mut db, what).unwrap();
        assert!(rehearsal.error.is_none(), "{what:?}: {rehearsal:?}");
        rehearsal.migrations.into_iter().map(|rehearsed| rehearsed.name).collect()
    };
    assert_eq!(names(Rehearse::DownTo(1)), ["003_steps", "002_more"]);
    assert_eq!(names(Rehearse::DownAll), ["003_steps", "002_more", "001_users"]);
    assert_eq!(names(Rehearse::RollBack(3)), ["003_steps"]);
    assert_eq!(names(Rehearse::Up), Vec::<String>::new());
}

#[test]
fn case_59_the_database_and_what_stands_beside_it_stay_as_they_are() {
    for mode in ["delete", "wal", "persist"] {
        for access in [Access::ReadOnly, Access::ReadWrite] {
            let folder = Folder::new();
            let (path, writer) = database(&folder, mode, 1);
            let mut own = Rusqlite::open(&path, access).unwrap();
            // A log that is not checkpointed: a copy of the main file alone would miss this.
            run(&writer, "INSERT INTO users VALUES (50, 'late')");
            let before = contents(path.parent().unwrap());
            assert_eq!(before.keys().filter(|name| name.ends_with("-wal")).count(), usize::from(mode == "wal"));
            let rehearsal = runner(files()).rehearse(&mut own, Rehearse::Up).unwrap();
            assert_eq!(rehearsal.migrations[0].rows_changed, 7, "{mode}: {rehearsal:?}");
            drop(own);
            assert!(contents(path.parent().unwrap()) == before, "{mode}, {access:?}");
            assert_eq!(history(&writer), "001_users");
        }
    }
}

#[test]
fn a_log_that_a_dead_writer_left_is_read_and_not_checkpointed() {
    let folder = Folder::new();
    let (path, _writer) = database(&folder, "wal", 1);
    let left = folder.file("left.db");
    for suffix in ["", "-wal"] {
        fs::copy(format!("{}{suffix}", path.display()), format!("{}{suffix}", left.display())).unwrap();
    }
    let state = || {
        let mut files = contents(left.parent().unwrap());
        files.retain(|name, _| ["left.db", "left.db-wal"].contains(&name.as_str()));
        files
    };
    let before = state();
    assert!(!before["left.db-wal"].0.is_empty());
    let mut db = Rusqlite::open(&left, Access::ReadOnly).unwrap();
    let rehearsal = runner(files()).rehearse(&mut db, Rehearse::Up).unwrap();
    assert_eq!(rehearsal.migrations.len(), 2, "{rehearsal:?}");
    drop(db);
    assert!(state() == before);
}

#[test]
fn a_database_in_memory_is_rehearsed_in_the_temporary_folder() {
    let mut db = memory();
    let rehearsal = runner(files()).rehearse(&mut db, Rehearse::UpTo(2)).unwrap();
    let [users, more] = rehearsal.migrations.as_slice() else { panic!("{rehearsal:?}") };
    assert_eq!((users.rows_changed, more.rows_changed), (3, 5));
    assert_eq!(said(users), ["+ table `users` (id, name)"]);
    assert_eq!(objects(&db), "");
    assert!(runner(files()).rehearse(&mut db, Rehearse::UpTo(9)).unwrap_err().is_unknown_migration());
    run(&db, "BEGIN");
    assert!(runner(files()).rehearse(&mut db, Rehearse::Up).unwrap_err().is_open_transaction());
}

#[test]
fn what_stops_a_migration_is_part_of_the_answer() {
    for mode in [TransactionMode::Each, TransactionMode::All] {
        let mut files = vec![
            file("001_users", &[USERS]),
            file("002_wrong", &["INSERT INTO users VALUES (1, 'x')", "INSERT INTO nowhere VALUES (1)"]),
            file("003_never", &["CREATE TABLE never (a)"]),
        ];
        let migrator =
            |files: &[File]| Runner::new(set_with(files.to_vec(), Rules { transaction: mode, ..Rules::DEFAULT }));
        let mut db = memory();
        let rehearsal = migrator(&files).rehearse(&mut db, Rehearse::Up).unwrap();
        let error = rehearsal.error.unwrap();
        assert!(error.is_sql(), "{error}");
        assert_eq!((error.file(), error.line()), (Some("migrations/002_wrong.sql"), Some(3)));
        // A fresh database is filled many at a time: what was done twice is told once, and only what would stay.
        let names: Vec<&str> = rehearsal.migrations.iter().map(|rehearsed| rehearsed.name.as_str()).collect();
        assert_eq!(names, if mode == TransactionMode::Each { &["001_users"][..] } else { &[] });
        assert_eq!(objects(&db), "");
        // So is what stops the whole run.
        files.truncate(1);
        run(&db, "CREATE TABLE other (a)");
        let rehearsal = migrator(&files).rehearse(&mut db, Rehearse::Up).unwrap();
        assert!(rehearsal.error.unwrap().is_existing_schema());
        let rehearsal = migrator(&files).allow_existing_schema().rehearse(&mut db, Rehearse::Up).unwrap();
        assert!(rehearsal.error.is_none() && rehearsal.migrations.len() == 1);
    }
}

#[test]
fn code_runs_on_the_copy_and_a_panic_in_it_leaves_nothing() {
    let folder = Folder::new();
    let (path, mut db) = database(&folder, "delete", 1);
    let before = contents(path.parent().unwrap());
    let found = RefCell::new(PathBuf::new());
    let panics = Cell::new(false);
    let mut all = files();
    all.insert(1, file("002_code", &["rust:7"]));
    all.truncate(2);
    let migrator = runner(all).with_code(|id, copy| {
        let file = PathBuf::from(copy.path().unwrap());
        assert_eq!((id, file.file_name().unwrap().to_str()), (7, Some("app.db")));
        copy.execute_batch("CREATE VIEW v AS SELECT 1; UPDATE users SET name = 'x'")?;
        fs::write(file.with_file_name("of-the-program"), "")?;
        *found.borrow_mut() = file;
        if panics.get() {
            resume_unwind(Box::new("on purpose"));
        }
        Ok(())
    });
    let rehearsal = migrator.rehearse(&mut db, Rehearse::Up).unwrap();
    assert_eq!(rehearsal.migrations[0].rows_changed, 3);
    assert_eq!(said(&rehearsal.migrations[0]), ["+ view `v`"]);
    let copy = found.borrow().clone();
    assert_eq!(copy.parent().unwrap().parent(), path.parent().map(|path| path.canonicalize().unwrap()).as_deref());
    assert!(!copy.parent().unwrap().exists());
    panics.set(true);
    catch_unwind(AssertUnwindSafe(|| migrator.rehearse(&mut db, Rehearse::Up))).unwrap_err();
    assert_ne!(*found.borrow(), copy);
    assert!(contents(path.parent().unwrap()) == before);
    assert_eq!(ask(&db, "SELECT count(*) FROM users WHERE name = 'x'"), "0");
}

#[test]
fn the_calls_of_the_program_are_made_as_in_a_real_run() {
    let calls = RefCell::new(Vec::new());
    let migrator = runner(files())
        .before_each(|upcoming| {
            calls.borrow_mut().push(format!("before {}", upcoming.number));
            if upcoming.number == 3 { Err("not today".into()) } else { Ok(()) }
        })
        .on_progress(|progress| calls.borrow_mut().push(format!("{} of {}", progress.step, progress.of)))
        .after_each(|done| calls.borrow_mut().push(format!("after {}", done.number)));
    let rehearsal = migrator.rehearse(&mut memory(), Rehearse::Up).unwrap();
    assert!(rehearsal.error.unwrap().is_hook());
    assert_eq!(rehearsal.migrations.len(), 2);
    assert_eq!(
        calls.borrow().join(", "),
        "before 1, 1 of 2, 2 of 2, before 2, 1 of 3, 2 of 3, 3 of 3, after 1, after 2, before 3"
    );
}

#[test]
fn the_copy_has_the_settings_of_the_connection() {
    let folder = Folder::new();
    let (_, mut db) = database(&folder, "wal", 0);
    let pragmas = ["journal_mode", "recursive_triggers", "legacy_alter_table", "ignore_check_constraints"];
    let seen = RefCell::new(String::new());
    let files = vec![
        file("001_look", &["rust:1", USERS, "CREATE TABLE posts (user REFERENCES users)"]),
        file("002_orphan", &["INSERT INTO posts VALUES (99)", "DELETE FROM posts"]),
    ];
    let rules = Rules { foreign_keys: ForeignKeys::Connection, ..Rules::DEFAULT };
    let migrator = Runner::new(set_with(files, rules)).with_code(|_, copy| {
        *seen.borrow_mut() = pragmas.map(|name| ask(copy, &format!("PRAGMA {name}"))).join(" ");
        Ok(())
    });
    for (on, expect) in [(1, "wal 1 1 1"), (0, "wal 0 0 0")] {
        for name in ["foreign_keys"].iter().chain(&pragmas[1..]) {
            run(&db, &format!("PRAGMA {name} = {on}"));
        }
        let rehearsal = migrator.rehearse(&mut db, Rehearse::Up).unwrap();
        assert_eq!(rehearsal.error.map(|error| error.is_foreign_key()), (on == 1).then_some(true));
        assert_eq!(*seen.borrow(), expect);
    }
}

#[test]
fn every_kind_of_change_has_its_line() {
    let files = vec![
        file(
            "001_before",
            &[
                USERS,
                "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT, user INTEGER REFERENCES users (id), \
                 CHECK (id > 0))",
                "CREATE INDEX by_title ON posts (title)",
                "CREATE VIEW v AS SELECT 1",
                "CREATE TRIGGER tr AFTER INSERT ON users BEGIN SELECT 1; END",
            ],
        ),
        file(
            "002_after",
            &[
                "DROP VIEW v",
                "CREATE VIEW v AS SELECT 2",
                "DROP TRIGGER tr",
                "DROP TABLE posts",
                "CREATE TABLE posts (id INTEGER PRIMARY KEY, title BLOB NOT NULL, user INTEGER)",
                "CREATE TABLE \"odd\u{1b}\" (a, b UNIQUE)",
                "CREATE INDEX by_b ON \"odd\u{1b}\" (b DESC)",
                "DROP TABLE users",
                "CREATE TABLE users (name TEXT, id INTEGER PRIMARY KEY)",
            ],
        ),
        file(
            "003_text",
            &[
                "DROP TABLE posts",
                "CREATE TABLE posts (id INTEGER PRIMARY KEY, title BLOB NOT NULL, user INTEGER, CHECK (id > 0))",
            ],
        ),
        file("004_rows", &["INSERT INTO users DEFAULT VALUES"]),
    ];
    let rehearsal = runner(files).rehearse(&mut memory(), Rehearse::Up).unwrap();
    let lines = |at: usize| said(&rehearsal.migrations[at]).join("\n");
    assert_eq!(
        lines(0),
        "+ table `posts` (id, title, user)\n\
         + table `posts`: the foreign key from (user) to users (id) on update NO ACTION, on delete NO ACTION\n\
         + table `posts`: the index `by_title` (title)\n\
         + table `users` (id, name)\n\
         + trigger `tr`\n\
         + view `v`"
    );
    assert_eq!(
        lines(1),
        "~ table `posts`: the column `title` TEXT -> BLOB NOT NULL\n\
         - table `posts`: the foreign key from (user) to users (id)\n\
         - table `posts`: the index `by_title`\n\
         ~ table `users`: the columns (id, name) -> (name, id)\n\
         - trigger `tr`\n\
         ~ view `v`: its text\n\
         + table `odd\\u{1b}` (a, b)\n\
         + table `odd\\u{1b}`: UNIQUE (b) unique\n\
         + table `odd\\u{1b}`: the index `by_b` (b DESC)"
    );
    assert_eq!(lines(2), "~ table `posts`: its text");
    assert_eq!(lines(3), "");
}

#[test]
fn many_tables_are_told_apart_as_well_as_few() {
    let make = |from: u32, to: u32| -> Vec<&'static str> {
        let table =
            |number| &*format!("CREATE TABLE t{number:02} (a); CREATE INDEX i{number} ON t{number:02} (a)").leak();
        (from..to).map(table).flat_map(|both| both.split("; ")).collect()
    };
    let files = vec![
        file("001_many", &make(0, 30)),
        file("002_few", &[&make(30, 32)[..], &["DROP INDEX i7", "ALTER TABLE t08 ADD COLUMN b"]].concat()),
        file("003_many", &[&make(40, 60)[..], &["ALTER TABLE t09 ADD COLUMN b"]].concat()),
    ];
    let rehearsal = runner(files).rehearse(&mut memory(), Rehearse::Up).unwrap();
    let [first, few, many] = rehearsal.migrations.as_slice() else { panic!("{rehearsal:?}") };
    assert_eq!((first.differences.len(), many.differences.len()), (60, 41));
    assert_eq!(
        said(few),
        [
            "- table `t07`: the index `i7`",
            "+ table `t08`: the column `b` no type",
            "+ table `t30` (a)",
            "+ table `t30`: the index `i30` (a)",
            "+ table `t31` (a)",
            "+ table `t31`: the index `i31` (a)",
        ]
    );
    assert_eq!(many.differences[0].message, "+ table `t09`: the column `b` no type");
}

#[test]
fn a_statement_that_opens_another_file_ends_the_rehearsal() {
    let folder = Folder::new();
    let other = folder.file("other.db");
    run(&Connection::open(&other).unwrap(), "CREATE TABLE t (a)");
    let before = contents(other.parent().unwrap());
    for (statement, line) in [
        (format!("ATTACH '{}' AS o", other.display()), 2),
        (format!("VACUUM INTO '{}'", folder.file("new.db").display()), 2),
    ] {
        let files = vec![
            file("001_users", &[USERS]),
            file("002_other", &[statement.leak(), "INSERT INTO o.t VALUES (1)"]).no_transaction(),
        ];
        let rehearsal = runner(files).rehearse(&mut memory(), Rehearse::Up).unwrap();
        let error = rehearsal.error.unwrap();
        assert!(error.to_string().contains("a rehearsal may not touch any file but its copy"), "{error}");
        assert_eq!((error.file(), error.line()), (Some("migrations/002_other.sql"), Some(line)));
        assert_eq!(rehearsal.migrations.len(), 1);
    }
    assert!(contents(other.parent().unwrap()) == before);
}

/// A reader that knows of an object whether it was there before, and nothing else.
fn names() -> impl Fn(&Connection) -> Result<Vec<SchemaDifference>, BoxError> {
    let last = RefCell::new(Vec::new());
    move |db| {
        let sql = "SELECT name FROM sqlite_schema WHERE name NOT LIKE '\\_migrations%' ESCAPE '\\' ORDER BY name";
        let names = db.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
        let before = last.replace(names.clone());
        let new = names.into_iter().filter(|name| !before.contains(name) && !name.starts_with("sqlite_"));
        let difference = |name: String| SchemaDifference {
            kind: "object".into(),
            table: None,
            change: "added".into(),
            message: format!("{name} is new"),
            name,
        };
        Ok(new.map(difference).collect())
    }
}

#[test]
fn another_reader_of_schemas_is_asked_about_the_copy_before_and_after_each() {
    let folder = Folder::new();
    let (_, mut db) = database(&folder, "delete", 0);
    let migrator = runner(files()).schema_reader(names());
    let rehearsal = migrator.rehearse(&mut db, Rehearse::Up).unwrap();
    let all: Vec<_> = rehearsal.migrations.iter().map(|rehearsed| (rehearsed.number, said(rehearsed))).collect();
    assert_eq!(all, [(1, vec!["users is new".to_owned()]), (2, vec![]), (3, vec!["by_name is new".to_owned()])]);
    // What was there already is no difference of the first that runs.
    runner(files()).up_to(&mut db, 2_u64).unwrap();
    let rehearsal = migrator.rehearse(&mut db, Rehearse::Up).unwrap();
    assert_eq!(said(&rehearsal.migrations[0]), ["by_name is new"]);

    let failing = runner(files()).schema_reader(|_| Err("it is dark".into()));
    let error = failing.rehearse(&mut db, Rehearse::Up).unwrap().error.unwrap();
    assert!(error.message().contains("could not read the schema: it is dark"), "{error}");
}
