//! Foreign keys whose check is put off: it is made, and of the file that put it off.

mod support;

use dbmigrate_runtime::{Migrator, Parts, Rules, Set, TransactionMode};
use rusqlite::Connection;
use support::package::package;
use support::*;

#[test]
fn what_a_file_puts_off_is_looked_at_when_it_commits() {
    let one = file("001_one", &["CREATE TABLE p (id INTEGER PRIMARY KEY)", "CREATE TABLE c (p REFERENCES p)"]);
    let orphan = file("002_orphan", &["PRAGMA defer_foreign_keys = ON", "INSERT INTO c VALUES (7)"]);
    let mut db = enforcing(true);
    let error = runner(vec![one.clone(), orphan.clone()]).up(&mut db).unwrap_err();
    assert!(error.is_foreign_key(), "{error}");
    // The first is there by now.
    let error = runner(vec![one.clone(), orphan]).up(&mut db).unwrap_err();
    assert!(error.is_foreign_key() && error.to_string().contains("row 1 of `c` has no parent in `p`"), "{error}");
    let late =
        file("002_late", &["PRAGMA defer_foreign_keys = ON", "INSERT INTO c VALUES (7)", "INSERT INTO p VALUES (7)"]);
    let next = file("003_next", &["INSERT INTO c VALUES (8)", "INSERT INTO p VALUES (8)"]);
    let error = runner(vec![one, late, next]).up(&mut db).unwrap_err();
    assert!(error.to_string().contains("`003_next` failed: FOREIGN KEY constraint failed"), "{error}");
}

#[test]
fn a_deferred_violation_is_blamed_on_its_file() {
    for fresh in [true, false] {
        let mut db = enforcing(true);
        let deferred = family("DEFERRABLE INITIALLY DEFERRED");
        if !fresh {
            runner(vec![deferred.clone()]).up(&mut db).unwrap();
        }
        let bad = file("002_bad", &["INSERT INTO child VALUES (30, 3)"]);
        let late = file("003_cure", &["INSERT INTO parent VALUES (3, 'c')"]);
        let error = runner(vec![deferred, bad, late]).up(&mut db).unwrap_err();
        assert!(error.is_foreign_key() && error.to_string().contains("`002_bad`"), "{error}");
        assert!(error.to_string().contains("row 30 of `child` has no parent in `parent`"), "{error}");
        assert_eq!(history(&db), "001_family");
        assert_eq!(children(&db), "10:1 20:2");
    }
    // Also where the program has nothing that could show the rows, as no file of its own puts anything off.
    let mut db = enforcing(true);
    runner(vec![family("DEFERRABLE INITIALLY DEFERRED")]).up(&mut db).unwrap();
    let orphan = package(vec![file("001_orphan", &["INSERT INTO child VALUES (30, 3)"])]).own("other").set();
    let plain: Runner = Migrator::new(Box::leak(Box::new(Set { parts: Parts::NONE, ..*orphan })));
    let error = plain.up(&mut db).unwrap_err();
    assert!(error.is_foreign_key() && error.to_string().contains("`001_orphan`"), "{error}");
}

#[test]
fn a_pragma_that_defers_ends_with_its_file() {
    let mut db = enforcing(true);
    let late = file(
        "002_late",
        &["PRAGMA defer_foreign_keys = 1", "INSERT INTO child VALUES (30, 3)", "INSERT INTO parent VALUES (3, 'c')"],
    );
    let strict = file("003_strict", &["INSERT INTO child VALUES (40, 4)", "INSERT INTO parent VALUES (4, 'd')"]);
    let error = runner(vec![family(""), late, strict]).up(&mut db).unwrap_err();
    assert_eq!((error.file(), error.line()), (Some("migrations/003_strict.sql"), Some(2)));
    assert_eq!(history(&db), "001_family 002_late");
}

#[test]
fn what_a_pragma_put_off_is_not_forgotten() {
    let start = || {
        let child = "CREATE TABLE child (id INTEGER PRIMARY KEY, parent REFERENCES parent ON DELETE CASCADE)";
        file("001_a", &["CREATE TABLE parent (id INTEGER PRIMARY KEY)", child, "INSERT INTO parent VALUES (1)"])
    };
    let orphans = ["PRAGMA defer_foreign_keys = ON", "INSERT INTO child VALUES (5, 99)"];
    let rust = |_: u32, db: &Connection| {
        db.execute_batch("PRAGMA defer_foreign_keys = ON; INSERT INTO child VALUES (5, 99)")?;
        Ok(())
    };
    let all = Rules { transaction: TransactionMode::All, ..Rules::DEFAULT };
    for (had, rules) in [(0, Rules::DEFAULT), (1, Rules::DEFAULT), (0, all), (1, all)] {
        for defers in [file("002_b", &orphans), file("002_b", &["rust:1"]).foreign_keys(true)] {
            let files = vec![start(), defers, file("003_c", &["CREATE TABLE later (x)"])];
            let mut db = memory();
            runner(files[..had].to_vec()).up(&mut db).unwrap();
            let migrator: Runner = Migrator::new(set_with(files, rules)).with_code(rust);
            let error = migrator.up(&mut db).unwrap_err();
            assert!(error.is_foreign_key() && error.to_string().starts_with("`002_b`"), "{error}");
            let orphans = "SELECT count(*) FROM pragma_foreign_key_check";
            assert_eq!((ask(&db, orphans).as_str(), objects(&db).contains("later")), ("0", false));
        }
    }
    // What is put right by the end is as it should be, and what was wrong before is nobody's fault.
    let mut db = memory();
    runner(vec![start()]).up(&mut db).unwrap();
    run(&db, "PRAGMA foreign_keys = 0; INSERT INTO child VALUES (1, 77); PRAGMA foreign_keys = 1");
    let right = [&orphans[..], &["INSERT INTO parent VALUES (99)"]].concat();
    runner(vec![start(), file("002_b", &right)]).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(parent) FROM child"), "77,99");
}
