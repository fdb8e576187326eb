//! Migrations that come late: that both orders make one schema is proved before anything is written.

#![allow(clippy::unwrap_used)] // Helpers of tests.

mod support;

use dbmigrate_runtime::{Error, Migrator, NoBackend, OutOfOrder, Rehearse, Rules};
use rusqlite::Connection;
use support::{File, Runner, ask, driver, dump, file, memory, objects, run, runner, set_with};

const APPLY: Rules = Rules { out_of_order: OutOfOrder::APPLY, ..Rules::DEFAULT };
const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)";

fn applying(files: Vec<File>) -> Runner {
    Migrator::new(set_with(files, APPLY))
}

fn users() -> File {
    file("001_users", &[USERS])
}

/// A database that has run all of these but the second.
fn without_second(files: &[File]) -> Connection {
    let mut db = memory();
    let early: Vec<File> = files.iter().enumerate().filter(|(at, _)| *at != 1).map(|(_, file)| file.clone()).collect();
    runner(early).up(&mut db).unwrap();
    db
}

/// The refusal of a set whose second migration comes last, which leaves the database as it is.
#[track_caller]
fn refused(files: &[File]) -> Error {
    let mut db = without_second(files);
    let before = dump(&db);
    let error = applying(files.to_vec()).up(&mut db).unwrap_err();
    assert!(error.is_late(), "{error}");
    assert_eq!(dump(&db), before, "{error}");
    let rehearsal = applying(files.to_vec()).rehearse(&mut db, Rehearse::Up).unwrap();
    assert_eq!(rehearsal.error.unwrap().to_string(), error.to_string());
    assert!(rehearsal.migrations.is_empty());
    error
}

#[test]
fn two_that_have_nothing_to_do_with_each_other_change_places() {
    let files = [
        users(),
        file("002_posts", &["CREATE TABLE posts (user_id REFERENCES users)", "INSERT INTO posts VALUES (NULL)"]),
        file("003_age", &["ALTER TABLE users ADD COLUMN age INTEGER", "CREATE INDEX users_age ON users (age)"]),
        file("004_view", &["CREATE VIEW old AS SELECT * FROM users WHERE age > 60"]),
    ];
    let mut db = without_second(&files);
    let rehearsal = applying(files.to_vec()).rehearse(&mut db, Rehearse::Up).unwrap();
    assert!(rehearsal.error.is_none() && rehearsal.migrations[0].name == "002_posts", "{rehearsal:?}");
    let report = applying(files.to_vec()).up(&mut db).unwrap();
    assert_eq!((report.applied.len(), &*report.applied[0].name), (1, "002_posts"));
    assert!(report.notes.is_empty(), "{report:?}");
    assert!(applying(files.to_vec()).verify_schema(&mut db).unwrap().pending.is_empty());
    assert!(applying(files.to_vec()).up(&mut db).unwrap().is_empty());
}

#[test]
fn an_order_that_makes_another_schema_is_refused_with_what_differs() {
    let error = refused(&[
        users(),
        file("002_email", &["ALTER TABLE users ADD COLUMN email TEXT"]),
        file("003_free", &["CREATE TABLE free (x)"]),
        file("004_age", &["ALTER TABLE users ADD COLUMN age INTEGER"]),
        file("005_free", &["CREATE TABLE free2 (x)"]),
    ]);
    assert!(error.is_order_conflict(), "{error}");
    assert_eq!(
        error.to_string(),
        "`002_email` is not applied, but `004_age` is, and their order matters\n  \
         --> migrations/002_email.sql:1\n\
         note: in this order, the table `users` has `age integer , email text` where the order of the numbers makes \
         `email text , age integer`\n\
         note: nothing was applied\n\
         help: if no database has it yet, give `002_email` a number above all applied ones\n\
         help: or roll back those above it, and apply all by number: `cargo dbmigrate down --to 1`, then \
         `cargo dbmigrate up`\n\
         help: if the database has what it makes: `cargo dbmigrate mark 002_email`"
    );
}

#[test]
fn an_order_in_which_one_fails_is_refused_with_the_failure() {
    let error = refused(&[
        users(),
        file("002_index", &["CREATE INDEX users_name ON users (name)"]),
        file("003_rename", &["ALTER TABLE users RENAME TO people"]),
    ]);
    assert!(error.is_order_conflict(), "{error}");
    let text = error.to_string();
    assert!(text.contains("`002_index` is not applied, but `003_rename` is"), "{text}");
    assert!(
        text.contains("in this order, it fails: on an empty database, `002_index` failed: no such table"),
        "{text}"
    );
    // And the first one can be the one to fail, with rows of the migrations alone.
    let error = refused(&[
        users(),
        file("002_unique", &["CREATE UNIQUE INDEX users_name ON users (name)"]),
        file("003_rows", &["INSERT OR IGNORE INTO users (name) VALUES ('a'), ('a')"]),
    ]);
    assert!(error.is_order_conflict() && error.to_string().contains("UNIQUE constraint failed"), "{error}");
}

#[test]
fn of_many_the_two_in_conflict_are_named() {
    let table = |at: usize| &*Box::leak(format!("CREATE TABLE t{at} (x)").into_boxed_str());
    let mut files = vec![users()];
    for at in 2..40_usize {
        let name = &*Box::leak(format!("{at:03}_m").into_boxed_str());
        files.push(match at {
            7 => file(name, &["CREATE TABLE late (x)"]),
            11 => file(name, &["ALTER TABLE users ADD COLUMN a"]),
            29 => file(name, &["ALTER TABLE users ADD COLUMN b"]),
            _ => file(name, &[table(at)]),
        });
    }
    let mut db = memory();
    let early = files.iter().enumerate().filter(|(at, _)| ![6, 10].contains(at)).map(|(_, file)| file.clone());
    runner(early.collect()).up(&mut db).unwrap();
    let error = applying(files.clone()).up(&mut db).unwrap_err();
    assert!(error.to_string().starts_with("`011_m` is not applied, but `029_m` is"), "{error}");
    // Without the two that conflict, all of it goes.
    assert_eq!(applying(files).up_to(&mut db, 7_u64).unwrap().applied[0].name, "007_m");
}

#[test]
fn rust_is_replayed_only_where_the_program_lets_it() {
    let files = [users(), file("002_late", &["CREATE TABLE late (x)"]), file("003_rust", &["rust:7"])];
    let mut db = memory();
    let migrator = |files: Vec<File>| applying(files).with_code(|_, db| Ok(db.execute_batch("CREATE TABLE made (x)")?));
    migrator(vec![files[0].clone(), files[2].clone()]).up(&mut db).unwrap();
    let before = dump(&db);
    let error = migrator(files.to_vec()).up(&mut db).unwrap_err();
    assert!(error.is_unverified() && error.is_late() && !error.is_order_conflict(), "{error}");
    assert!(error.to_string().contains("note: `003_rust` contains Rust"), "{error}");
    assert!(error.help()[0].contains("`replay_code()`"), "{error}");
    assert_eq!(dump(&db), before);
    assert_eq!(migrator(files.to_vec()).replay_code().up(&mut db).unwrap().applied.len(), 1);
    assert_eq!(objects(&db), "late made users");
}

#[test]
fn what_can_not_run_in_memory_is_refused() {
    let files = [
        users(),
        file("002_late", &["CREATE TABLE late (x)"]),
        file("003_other", &["CREATE INDEX users_name ON users (name COLLATE of_the_program)"]),
    ];
    let mut db = memory();
    db.create_collation("OF_THE_PROGRAM", |a, b| a.cmp(b)).unwrap();
    runner(vec![files[0].clone(), files[2].clone()]).up(&mut db).unwrap();
    let error = applying(files.to_vec()).up(&mut db).unwrap_err();
    assert!(
        error.is_unverified() && error.to_string().contains("no such collation sequence: of_the_program"),
        "{error}"
    );
    assert!(!error.to_string().contains("replay_code"), "there is no Rust in it: {error}");
    let unbound = Migrator::<NoBackend>::new(set_with(files.to_vec(), APPLY));
    let error = unbound.up_with(&mut driver_of(&mut db)).unwrap_err();
    assert!(error.is_unverified() && error.to_string().contains("have no driver"), "{error}");
    assert_eq!(objects(&db), "users users_name");
}

fn driver_of(db: &mut Connection) -> impl dbmigrate_runtime::Driver + '_ {
    <driver::Rusqlite as dbmigrate_runtime::Backend>::driver(db)
}

#[test]
fn rows_that_both_change_are_said() {
    let files = [
        file("001_users", &[USERS, "UPDATE users SET name = 'first'"]),
        file("002_upper", &["UPDATE users SET name = upper(name)"]),
        file("003_free", &["CREATE TABLE free (x)", "DELETE FROM free"]),
        file("004_trim", &["UPDATE Users SET name = trim(name)"]),
    ];
    let mut db = without_second(&files);
    // What was applied below it, or runs after all of them, is in its place.
    let last = file("005_last", &["UPDATE users SET name = 'last'"]);
    let report = applying([&files[..], &[last]].concat()).up(&mut db).unwrap();
    assert_eq!(
        report.notes,
        ["`002_upper` was applied after `004_trim`, and both change rows of `users`: their order was proved for \
             the schema only"]
    );
}

#[test]
fn what_is_recorded_in_another_order_than_it_ran_is_no_conflict() {
    let files = [
        users(),
        file("002_posts", &["CREATE TABLE posts (x)"]),
        file("003_age", &["ALTER TABLE users ADD COLUMN age"]),
        file("004_view", &["CREATE VIEW ages AS SELECT age FROM users"]),
    ];
    let mut db = without_second(&files);
    // As after `forget` and `mark`.
    run(&db, "UPDATE _migrations SET id = 99 WHERE number = 1");
    assert_eq!(applying(files.to_vec()).up(&mut db).unwrap().applied.len(), 1);
    // One that was late itself stays where it is.
    assert_eq!(
        ask(&db, "SELECT group_concat(number, ' ') FROM (SELECT number FROM _migrations ORDER BY id)"),
        "3 4 1 2"
    );
}

#[test]
fn hooks_and_sets_that_start_over_are_proved_once() {
    // Two that are late, with one in between that the first start could not apply.
    let files = vec![
        users(),
        file("002_a", &["CREATE TABLE a (x)"]),
        file("003_b", &["CREATE TABLE b (x)"]),
        file("004_c", &["CREATE TABLE c (x)"]).no_transaction(),
        file("005_d", &["CREATE TABLE d (x)"]),
        file("006_e", &["CREATE TABLE e (x)"]),
    ];
    let mut db = memory();
    runner(vec![files[0].clone(), files[4].clone()]).up(&mut db).unwrap();
    let report = applying(files.clone()).up(&mut db).unwrap();
    let names: Vec<&str> = report.applied.iter().map(|done| &*done.name).collect();
    assert_eq!(names, ["002_a", "003_b", "004_c", "006_e"]);
    assert!(applying(files).verify(&mut db).unwrap().is_ok());
}

#[test]
fn an_order_can_be_proved_without_a_database() {
    let files = vec![
        users(),
        file("002_a", &["ALTER TABLE users ADD COLUMN a", "UPDATE users SET a = 1"]),
        file("003_b", &["CREATE TABLE b (x)", "UPDATE users SET name = 2"]),
    ];
    assert_eq!(applying(files.clone()).order_conflict(&[1, 2]).unwrap(), None);
    assert_eq!(applying(files.clone()).order_conflict(&[1, 3]).unwrap(), None);
    let conflict = applying(files.clone()).order_conflict(&[2]).unwrap().unwrap();
    assert_eq!((&*conflict.late, &*conflict.other), ("001_users", "002_a"));
    assert!(conflict.differences[0].contains("no such table: users"), "{conflict:?}");
    let broken = [files, vec![file("004_broken", &["nonsense"])]].concat();
    assert!(applying(broken).order_conflict(&[1, 3]).unwrap_err().is_unverified());
}
