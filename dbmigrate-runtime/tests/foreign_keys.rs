//! No row of a child is lost, whatever a migration does to its parent.

mod support;

use dbmigrate_runtime::{ForeignKeys, Migrator, Rules, TransactionMode};
use rusqlite::Connection;
use support::*;

fn enforcing(on: bool) -> Connection {
    let db = memory();
    run(&db, &format!("PRAGMA foreign_keys = {on}"));
    db
}

fn is_enforcing(db: &Connection) -> bool {
    ask(db, "PRAGMA foreign_keys") == "1"
}

fn children(db: &Connection) -> String {
    ask(db, "SELECT group_concat(id || ':' || coalesce(parent, 'NULL'), ' ') FROM child")
}

#[test]
fn a_rebuilt_parent_keeps_its_children() {
    for on_delete in [
        "ON DELETE CASCADE",
        "ON DELETE SET NULL",
        "ON DELETE SET DEFAULT",
        "ON DELETE RESTRICT",
        "",
        "DEFERRABLE INITIALLY DEFERRED",
    ] {
        for (connection, fresh) in [(true, true), (true, false), (false, true), (false, false)] {
            let mut db = enforcing(connection);
            if !fresh {
                runner(vec![family(on_delete)]).up(&mut db).unwrap();
            }
            runner(vec![family(on_delete), rebuild("002_rebuild"), rebuild("003_again")]).up(&mut db).unwrap();
            assert_eq!(children(&db), "10:1 20:2", "{on_delete}, fresh: {fresh}");
            assert_eq!(ask(&db, "SELECT count(*) FROM pragma_foreign_key_check"), "0");
            assert_eq!(is_enforcing(&db), connection);
        }
    }
}

#[test]
fn a_child_made_in_the_same_file_is_kept_too() {
    for fresh in [true, false] {
        let one = file(
            "002_both",
            &[
                "CREATE TABLE p (id INTEGER PRIMARY KEY)",
                "CREATE TABLE c (p REFERENCES p (id) ON DELETE CASCADE)",
                "INSERT INTO p VALUES (1)",
                "INSERT INTO c VALUES (1)",
                "CREATE TABLE q (id INTEGER PRIMARY KEY)",
                "INSERT INTO q SELECT * FROM p",
                "DROP TABLE p",
                "ALTER TABLE q RENAME TO p",
            ],
        );
        let mut db = enforcing(true);
        if !fresh {
            runner(vec![file("001_one", &[])]).up(&mut db).unwrap();
        }
        let report = runner(vec![file("001_one", &[]), one, file("003_three", &[])]).up(&mut db).unwrap();
        assert_eq!(report.applied.last().unwrap().number, 3);
        assert_eq!(ask(&db, "SELECT count(*) FROM c"), "1");
        assert!(is_enforcing(&db));
    }
}

#[test]
fn a_reference_that_the_file_removes_before_the_drop_needs_no_switch() {
    let one = || {
        file(
            "001_one",
            &[
                "CREATE TABLE old (id INTEGER PRIMARY KEY)",
                "CREATE TABLE task (id INTEGER PRIMARY KEY, old REFERENCES old (id))",
                "CREATE TABLE note (id INTEGER PRIMARY KEY, task REFERENCES task (id) ON DELETE CASCADE)",
                "INSERT INTO old VALUES (1)",
                "INSERT INTO task VALUES (1, 1), (2, 1)",
                "INSERT INTO note VALUES (1, 1), (2, 2)",
            ],
        )
    };
    for (removed, counted) in [(true, "1"), (false, "2")] {
        for fresh in [true, false] {
            let mut statements = vec!["DELETE FROM task WHERE id = 1", "DROP TABLE old"];
            if removed {
                statements.insert(1, "ALTER TABLE task DROP COLUMN old");
            }
            let mut db = enforcing(true);
            if !fresh {
                runner(vec![one()]).up(&mut db).unwrap();
            }
            let result = runner(vec![one(), file("002_two", &statements)]).up(&mut db);
            assert_eq!(result.is_ok(), removed, "fresh: {fresh}");
            if let Err(error) = result {
                assert!(
                    error.to_string().contains("drops `old`, which other tables reference, and also writes to `task`")
                );
            }
            // What is deleted cascades; what is refused changes nothing.
            assert_eq!(ask(&db, "SELECT count(*) FROM note"), counted, "fresh: {fresh}");
            assert!(is_enforcing(&db));
        }
    }
}

#[test]
fn a_table_that_is_not_there_takes_nothing_along() {
    let one = file(
        "001_one",
        &[
            "CREATE TABLE p (id INTEGER PRIMARY KEY)",
            "CREATE TABLE c (p REFERENCES p (id) ON DELETE CASCADE)",
            "CREATE TABLE d (old REFERENCES gone (id))",
            "INSERT INTO p VALUES (1), (2)",
            "INSERT INTO c VALUES (1), (2)",
        ],
    );
    let two = file(
        "002_two",
        &["DROP TABLE IF EXISTS gone", "CREATE TABLE gone (id INTEGER PRIMARY KEY)", "DELETE FROM p WHERE id = 1"],
    );
    let mut db = enforcing(true);
    runner(vec![one, two]).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT count(*) FROM c"), "1");
}

#[test]
fn what_is_dropped_with_it_is_nobody_who_refers() {
    let one = || {
        file(
            "001_one",
            &[
                "CREATE TABLE top (id INTEGER PRIMARY KEY)",
                "CREATE TABLE part (id INTEGER PRIMARY KEY, top REFERENCES top (id) ON DELETE CASCADE)",
                "CREATE TABLE note (id INTEGER PRIMARY KEY, part REFERENCES part (id) ON DELETE CASCADE)",
                "INSERT INTO top VALUES (1), (2)",
                "INSERT INTO part VALUES (1, 1), (2, 2)",
                "INSERT INTO note VALUES (1, 1), (2, 2)",
            ],
        )
    };
    let empty = "DELETE FROM top WHERE id = 2";
    for (statements, runs) in [
        (vec![empty, "DROP TABLE note", "DROP TABLE top", "DROP TABLE part"], true),
        (vec![empty, "DROP TABLE top", "DROP TABLE part", "DROP TABLE note"], true),
        // What refers to what goes along stays, and so would lose rows,
        (vec![empty, "DROP TABLE top", "DROP TABLE part"], false),
        // and here somebody still reads them.
        (
            vec![
                empty,
                "DROP TABLE note",
                "DROP TABLE top",
                "CREATE TABLE kept AS SELECT * FROM part",
                "DROP TABLE part",
            ],
            false,
        ),
    ] {
        for fresh in [true, false] {
            let mut db = enforcing(true);
            if !fresh {
                runner(vec![one()]).up(&mut db).unwrap();
            }
            let result = runner(vec![one(), file("002_two", &statements)]).up(&mut db);
            assert_eq!(result.is_ok(), runs, "{statements:?}, fresh: {fresh}: {result:?}");
            if !runs {
                assert_eq!(ask(&db, "SELECT count(*) FROM part"), "2", "{statements:?}, fresh: {fresh}");
                assert_eq!(ask(&db, "SELECT count(*) FROM note"), "2", "{statements:?}, fresh: {fresh}");
            }
        }
    }
}

#[test]
fn what_a_cascade_would_tell_triggers_is_not_told() {
    let start = |action: &str| {
        let child = format!("CREATE TABLE c (id INTEGER PRIMARY KEY, p REFERENCES p ON DELETE {action})");
        file(
            "001_a",
            &[
                "CREATE TABLE p (id INTEGER PRIMARY KEY)",
                child.leak(),
                "CREATE TABLE files (c)",
                "CREATE TRIGGER gone AFTER DELETE ON c BEGIN DELETE FROM files WHERE c = OLD.id; END",
                "CREATE TRIGGER moved AFTER UPDATE ON c BEGIN DELETE FROM files WHERE c = OLD.id; END",
                "CREATE TABLE q (id INTEGER PRIMARY KEY)",
                "CREATE TABLE of_q (q REFERENCES q)",
                "INSERT INTO p VALUES (1)",
                "INSERT INTO c VALUES (5, 1)",
                "INSERT INTO files VALUES (5)",
            ],
        )
    };
    // What it writes keeps foreign keys on.
    let both = || file("002_b", &["DELETE FROM q WHERE id = 0", "DROP TABLE p", "DROP TABLE c"]);
    for action in ["CASCADE", "SET NULL"] {
        let mut db = memory();
        let error = runner(vec![start(action), both()]).up(&mut db).unwrap_err();
        assert!(error.is_foreign_key() && error.to_string().contains("drops `p`"), "{error}");
        assert_eq!((history(&db).as_str(), ask(&db, "SELECT c FROM files").as_str()), ("001_a", "5"));
        runner(vec![start(action), both().foreign_keys(false)]).up(&mut db).unwrap();
        assert_eq!(ask(&db, "SELECT c FROM files"), "5");
    }
    let own = file(
        "001_a",
        &[
            "CREATE TABLE p (id INTEGER PRIMARY KEY, up REFERENCES p ON DELETE CASCADE)",
            "CREATE TABLE files (p)",
            "CREATE TRIGGER gone AFTER DELETE ON p BEGIN DELETE FROM files WHERE p = OLD.id; END",
            "INSERT INTO p VALUES (1, NULL), (2, 1)",
            "INSERT INTO files VALUES (1), (2)",
        ],
    );
    let mut db = memory();
    let error = runner(vec![own, file("002_b", &["DROP TABLE p"]).foreign_keys(true)]).up(&mut db).unwrap_err();
    assert!(error.is_foreign_key(), "{error}");
    assert_eq!(ask(&db, "SELECT count(*) FROM files"), "2");
}

#[test]
fn a_table_of_an_attached_database_is_not_dropped_for_one_that_is_missing() {
    for enforced in [false, true] {
        let mut db = enforcing(enforced);
        run(&db, "ATTACH ':memory:' AS archive; CREATE TABLE archive.old (x)");
        let files = |sql| vec![file("001_a", &[sql, "CREATE TABLE t (x)"])];
        let error = runner(files("DROP TABLE IF EXISTS old")).up(&mut db).unwrap_err();
        assert!(error.to_string().contains("in the attached database `archive`"), "{error}");
        assert_eq!((ask(&db, "SELECT count(*) FROM archive.old").as_str(), objects(&db).as_str()), ("0", ""));
        runner(files("DROP TABLE IF EXISTS main.old")).up(&mut db).unwrap();
        assert_eq!(ask(&db, "SELECT count(*) FROM archive.old"), "0");
        let drops = || [files("DROP TABLE IF EXISTS main.old"), vec![file("002_b", &["DROP TABLE t"])]].concat();
        runner(drops()).up(&mut db).unwrap();
    }
}

#[test]
fn rows_and_columns_beside_the_database_are_not_changed_for_those_that_are_missing() {
    let places = [
        ("ATTACH ':memory:' AS archive", "archive", "is in the attached database `archive`, and not"),
        ("SELECT 1", "temp", "is a temporary one of the connection, and not"),
    ];
    for (attach, place, expect) in places {
        let make = format!("{attach}; CREATE TABLE {place}.old (x, y); INSERT INTO {place}.old VALUES (1, 2)");
        for sql in
            ["DELETE FROM old", "UPDATE old SET x = 5", "ALTER TABLE old DROP COLUMN y", "DROP TABLE IF EXISTS old"]
        {
            for bare in [false, true] {
                let mut db = memory();
                run(&db, &make);
                let mut changes = file("002_b", &[sql]);
                if bare {
                    changes = changes.no_transaction();
                }
                let error = runner(vec![file("001_a", &["CREATE TABLE t (x)"]), changes]).up(&mut db).unwrap_err();
                assert!(error.to_string().contains(expect), "{sql}: {error}");
                assert!(history(&db).starts_with("001_a") && !history(&db).ends_with("002_b"), "{}", history(&db));
                assert_eq!(ask(&db, &format!("SELECT x || ' ' || y FROM {place}.old")), "1 2");
            }
        }
    }
    // What the database has is its own, also where a trigger of the program tells another.
    let mut db = memory();
    run(&db, "ATTACH ':memory:' AS archive; CREATE TABLE archive.log (x); CREATE TABLE archive.t (x)");
    let makes = || file("001_a", &["CREATE TABLE t (x, y)", "INSERT INTO t VALUES (1, 2)"]);
    runner(vec![makes()]).up(&mut db).unwrap();
    run(&db, "CREATE TEMP TRIGGER tells AFTER UPDATE ON main.t BEGIN INSERT INTO log VALUES (new.x); END");
    let sql = ["UPDATE t SET x = 5", "ALTER TABLE t DROP COLUMN y", "DELETE FROM t", "DROP TABLE t"];
    runner(vec![makes(), file("002_b", &sql)]).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM archive.log"), "5");
    // What a file has attached or made itself is its own business.
    let attach = "ATTACH ':memory:' AS mine";
    let sql = [
        attach,
        "CREATE TABLE mine.old (x)",
        "DELETE FROM old",
        "CREATE TEMP TABLE scratch (x)",
        "DELETE FROM scratch",
        "DROP TABLE scratch",
    ];
    runner(vec![file("001_a", &sql)]).up(&mut memory()).unwrap();
}

#[test]
fn a_table_that_refers_to_itself_keeps_all_rows() {
    let tree = file(
        "001_tree",
        &[
            "CREATE TABLE tree (id INTEGER PRIMARY KEY, up REFERENCES TREE (id) ON DELETE CASCADE)",
            "INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2)",
        ],
    );
    let change = file(
        "002_change",
        &[
            "CREATE TABLE tree_new (id INTEGER PRIMARY KEY, up REFERENCES tree (id) ON DELETE CASCADE, x)",
            "INSERT INTO tree_new SELECT id, up, 1 FROM tree",
            "DROP TABLE tree",
            "ALTER TABLE tree_new RENAME TO tree",
        ],
    );
    let mut db = enforcing(true);
    runner(vec![tree, change]).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT count(*) FROM tree"), "3");
}

#[test]
fn every_sort_of_reference_is_seen() {
    let check = |parent: &'static str, child: &'static str, drop: &'static str, values: &'static str| {
        let mut db = enforcing(true);
        let one = file("001_one", &[parent, child, "INSERT INTO p VALUES (1, 1)", values]);
        let copy = "CREATE TABLE copy AS SELECT * FROM p";
        let two = file("002_two", &[copy, drop, parent, "INSERT INTO p SELECT * FROM copy"]);
        runner(vec![one, two]).up(&mut db).unwrap();
        assert_eq!(ask(&db, "SELECT count(*) FROM c"), "1", "{child}");
    };
    let plain = "CREATE TABLE p (a INTEGER PRIMARY KEY, b)";
    check(plain, "CREATE TABLE c (x REFERENCES p ON DELETE CASCADE)", "DROP TABLE p", "INSERT INTO c VALUES (1)");
    check(plain, "CREATE TABLE c (x REFERENCES P ON DELETE CASCADE)", "DROP TABLE \"p\"", "INSERT INTO c VALUES (1)");
    check(
        plain,
        "CREATE TABLE c (x REFERENCES p ON DELETE CASCADE)",
        "DROP TABLE IF EXISTS P",
        "INSERT INTO c VALUES (1)",
    );
    check(
        "CREATE TABLE p (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID",
        "CREATE TABLE c (x, y, FOREIGN KEY (x, y) REFERENCES p (a, b) ON DELETE CASCADE)",
        "DROP TABLE p",
        "INSERT INTO c VALUES (1, 1)",
    );
}

#[test]
fn a_new_orphan_fails_and_changes_nothing() {
    for fresh in [true, false] {
        let mut db = enforcing(true);
        if !fresh {
            runner(vec![family("ON DELETE CASCADE")]).up(&mut db).unwrap();
        }
        let before = dump(&db);
        let bad = file(
            "002_bad",
            &[
                "CREATE TABLE parent_new (id INTEGER PRIMARY KEY)",
                "INSERT INTO parent_new SELECT id FROM parent WHERE id <> 2",
                "DROP TABLE parent",
                "ALTER TABLE parent_new RENAME TO parent",
            ],
        );
        let error = runner(vec![family("ON DELETE CASCADE"), bad]).up(&mut db).unwrap_err();
        assert!(error.is_foreign_key(), "{error}");
        assert_eq!(error.file(), Some("migrations/002_bad.sql"));
        let text = error.to_string();
        assert!(text.contains("`002_bad`: rows of `child` refer to nothing"), "{text}");
        assert!(text.contains("row 20 of `child` has no parent in `parent`"), "{text}");
        assert_eq!(children(&db), "10:1 20:2");
        assert!(is_enforcing(&db));
        if !fresh {
            assert_eq!(dump(&db), before);
        }
    }
}

#[test]
fn at_most_twenty_rows_are_shown() {
    let mut db = enforcing(true);
    runner(vec![family("")]).up(&mut db).unwrap();
    let many = file(
        "002_many",
        &[
            "WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 149) INSERT INTO child SELECT i, 999 FROM n",
        ],
    )
    .foreign_keys(false);
    let error = runner(vec![family(""), many]).up(&mut db).unwrap_err();
    assert_eq!(error.notes().iter().filter(|note| note.starts_with("row ")).count(), 20);
    assert!(error.notes().iter().any(|note| note == "… and more"));
}

#[test]
fn orphans_that_were_there_are_no_ones_fault() {
    let mut db = enforcing(false);
    runner(vec![family("ON DELETE CASCADE")]).up(&mut db).unwrap();
    run(&db, "PRAGMA foreign_keys = 0; INSERT INTO child VALUES (30, 77), (40, 78)");
    let rename = file("003_rename", &["ALTER TABLE child RENAME TO kid", "ALTER TABLE parent RENAME TO elder"])
        .foreign_keys(false);
    let child = file(
        "004_child",
        &[
            "CREATE TABLE kid_new (id INTEGER PRIMARY KEY, parent REFERENCES elder (id), extra)",
            "INSERT INTO kid_new SELECT id, parent, 1 FROM kid",
            "DROP TABLE kid",
            "ALTER TABLE kid_new RENAME TO kid",
        ],
    )
    .foreign_keys(false);
    runner(vec![family("ON DELETE CASCADE"), rebuild("002_rebuild"), rename.clone(), child.clone()])
        .up(&mut db)
        .unwrap();
    assert_eq!(ask(&db, "SELECT count(*) FROM kid"), "4");
    let one_more = file("005_more", &["INSERT INTO kid VALUES (50, 79, 0)"]).foreign_keys(false);
    let error = runner(vec![family("ON DELETE CASCADE"), rebuild("002_rebuild"), rename, child, one_more])
        .up(&mut db)
        .unwrap_err();
    assert!(error.is_foreign_key(), "{error}");
}

#[test]
fn tables_without_rowids_can_be_orphans_too() {
    let mut db = enforcing(false);
    let one = file(
        "001_one",
        &["CREATE TABLE p (id PRIMARY KEY)", "CREATE TABLE c (id PRIMARY KEY, p REFERENCES p (id)) WITHOUT ROWID"],
    );
    let two = file("002_two", &["INSERT INTO c VALUES (1, 5)"]).foreign_keys(false);
    let error = runner(vec![one, two]).up(&mut db).unwrap_err();
    assert!(error.to_string().contains("a row of `c` has no parent in `p`"), "{error}");
}

#[test]
fn a_mismatch_is_a_state() {
    let mut db = enforcing(false);
    let one = file("001_one", &["CREATE TABLE p (x)", "CREATE TABLE c (x REFERENCES p (x))"]);
    let two = file("002_two", &["CREATE TABLE t (x)"]).foreign_keys(false);
    runner(vec![one.clone(), two.clone()]).up_to(&mut db, 1_u64).unwrap();
    runner(vec![one.clone(), two.clone()]).up(&mut db).unwrap();
    let three = file("003_three", &["CREATE TABLE d (x REFERENCES p (x))"]).foreign_keys(false);
    let error = runner(vec![one, two, three]).up(&mut db).unwrap_err();
    assert!(error.is_foreign_key() && error.to_string().contains("foreign key mismatch - \"d\""), "{error}");
}

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
fn a_mismatch_that_sqlite_takes_is_taken_in_a_fresh_database_too() {
    let one = file("001_one", &["CREATE TABLE p (x)", "CREATE TABLE d (x REFERENCES d DEFERRABLE INITIALLY DEFERRED)"]);
    let two = file("002_two", &["CREATE TABLE c (x REFERENCES p (x))"]);
    let set = || runner(vec![one.clone(), two.clone()]);
    let mut db = enforcing(true);
    set().up_to(&mut db, 1_u64).unwrap();
    set().up(&mut db).unwrap();
    set().up(&mut enforcing(true)).unwrap();
}

#[test]
fn a_file_that_needs_both_is_refused() {
    let mut db = enforcing(true);
    let mixed = file(
        "002_mixed",
        &[
            "DELETE FROM parent WHERE id = 1",
            "CREATE TABLE p2 (id INTEGER PRIMARY KEY, name TEXT)",
            "INSERT INTO p2 SELECT * FROM parent",
            "DROP TABLE parent",
            "ALTER TABLE p2 RENAME TO parent",
        ],
    );
    let error = runner(vec![family("ON DELETE CASCADE"), mixed.clone()]).up(&mut db).unwrap_err();
    assert!(
        error.is_foreign_key() && error.to_string().contains("must be off for the one and on for the other"),
        "{error}"
    );
    assert_eq!((error.file(), error.line()), (Some("migrations/002_mixed.sql"), Some(2)));
    assert_eq!(children(&db), "10:1 20:2");
    let error = runner(vec![family("ON DELETE CASCADE"), mixed.foreign_keys(false)]).up(&mut db).unwrap_err();
    assert!(error.to_string().contains("row 10 of `child`"), "{error}");
    // What refers to the one that is dropped is made by the file.
    let own = [
        "UPDATE parent SET name = 'a'",
        "CREATE TABLE leaf (id INTEGER PRIMARY KEY)",
        "CREATE TABLE of_leaf (leaf REFERENCES leaf)",
        "DROP TABLE leaf",
    ];
    let error = runner(vec![family("ON DELETE CASCADE"), file("002_own", &own)]).up(&mut db).unwrap_err();
    assert!(
        error.to_string().contains("drops `leaf`, which other tables reference, and also writes to `parent`"),
        "{error}"
    );
}

#[test]
fn on_by_the_files_own_word_loses_nothing_silently() {
    for on_delete in ["ON DELETE CASCADE", "ON DELETE SET NULL", "ON DELETE SET DEFAULT"] {
        let mut db = enforcing(false);
        let files = vec![family(on_delete), rebuild("002_rebuild").foreign_keys(true)];
        let error = runner(files).up(&mut db).unwrap_err();
        assert!(
            error.is_foreign_key() && error.to_string().contains("would delete or change 2 rows of `child`"),
            "{error}"
        );
        assert_eq!(error.line(), Some(4));
        assert_eq!(children(&db), "10:1 20:2");
        assert!(!is_enforcing(&db));
    }
    let mut db = enforcing(true);
    let cleared = file("002_cleared", &["DELETE FROM child", "DROP TABLE parent"]).foreign_keys(true);
    runner(vec![family(""), cleared]).up(&mut db).unwrap();
}

#[test]
fn cascades_happen_where_enforcement_is_on() {
    let delete = || vec![family("ON DELETE CASCADE"), file("002_delete", &["DELETE FROM parent WHERE id = 1"])];
    for connection in [true, false] {
        let mut db = enforcing(connection);
        runner(delete()).up(&mut db).unwrap();
        assert_eq!(children(&db), "20:2");
        assert_eq!(is_enforcing(&db), connection);
    }
    let check = |foreign_keys, connection, expect: Result<&str, ()>| {
        let mut db = enforcing(connection);
        let migrator: Runner = Migrator::new(set_with(delete(), Rules { foreign_keys, ..Rules::DEFAULT }));
        let result = migrator.up(&mut db).map_err(|error| assert!(error.is_foreign_key(), "{error}"));
        assert_eq!(result.map(|_| children(&db)), expect.map(str::to_owned));
        assert_eq!(is_enforcing(&db), connection);
    };
    check(ForeignKeys::Off, true, Err(()));
    check(ForeignKeys::Connection, true, Ok("20:2"));
    check(ForeignKeys::Connection, false, Err(()));
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

#[test]
fn a_rebuild_that_renames_first_is_told_how_to_keep_the_references() {
    let rebuild = |first: &[&'static str]| {
        let statements = [
            "ALTER TABLE parent RENAME TO old_parent",
            "CREATE TABLE parent (id INTEGER PRIMARY KEY, name, extra)",
            "INSERT INTO parent SELECT id, name, 1 FROM old_parent",
            "DROP TABLE old_parent",
        ];
        file("002_rebuild", &[first, &statements].concat())
    };
    let up = |first: &[&'static str]| {
        let mut db = enforcing(true);
        let result = runner(vec![family("ON DELETE CASCADE"), rebuild(first)]).up(&mut db);
        assert_eq!(children(&db), "10:1 20:2");
        result
    };
    let error = up(&[]).unwrap_err();
    let help = error.help().join("\n");
    assert!(help.contains("`old_parent` is gone") && help.contains("`PRAGMA legacy_alter_table = ON;`"), "{help}");
    // What it says helps.
    up(&["PRAGMA legacy_alter_table = ON"]).unwrap();
}

#[test]
fn one_transaction_for_all_runs_without_enforcement_if_one_needs_it() {
    let rules = Rules { transaction: TransactionMode::All, ..Rules::DEFAULT };
    let mut db = enforcing(true);
    let files = vec![family("ON DELETE CASCADE"), rebuild("002_rebuild"), file("003_three", &["CREATE TABLE t (x)"])];
    let migrator: Runner = Migrator::new(set_with(files.clone(), rules));
    assert_eq!(migrator.up(&mut db).unwrap().applied.len(), 3);
    assert_eq!(children(&db), "10:1 20:2");
    let on = [files, vec![file("004_on", &[]).foreign_keys(true)]].concat();
    let migrator: Runner = Migrator::new(set_with(on, rules));
    let error = migrator.up(&mut enforcing(true)).unwrap_err();
    assert_eq!((error.kind(), error.file()), (dbmigrate_runtime::ErrorKind::Set, Some("migrations/004_on.sql")));
}

#[test]
fn no_cascade_is_left_out_for_another_file_of_the_transaction() {
    let rules = Rules { transaction: TransactionMode::All, ..Rules::DEFAULT };
    // Its children would belong to another parent.
    let moves =
        || file("002_move", &["UPDATE parent SET id = 11 WHERE id = 1", "INSERT INTO parent VALUES (1, 'new')"]);
    let files = |moves: File| vec![family("ON UPDATE CASCADE"), moves, rebuild("003_rebuild")];
    for had in [0, 1] {
        let mut db = enforcing(true);
        runner(files(moves())[..had].to_vec()).up(&mut db).unwrap();
        let migrator: Runner = Migrator::new(set_with(files(moves()), rules));
        let error = migrator.up(&mut db).unwrap_err();
        assert!(error.is_foreign_key(), "{error}");
        assert_eq!((error.file(), error.line()), (Some("migrations/002_move.sql"), Some(2)));
        let migrator: Runner = Migrator::new(set_with(files(moves().foreign_keys(false)), rules));
        migrator.up(&mut db).unwrap();
        assert_eq!(children(&db), "10:1 20:2");
    }
    // Nobody is without a parent then, and all have another one.
    let shift = file("002_shift", &["INSERT INTO parent VALUES (3, 'c')", "UPDATE parent SET id = id - 1"]);
    let replace = file("002_replace", &["REPLACE INTO parent VALUES (1, 'new')"]);
    let delete = file("002_delete", &["DELETE FROM parent WHERE id = 1"]);
    let cases = [
        ("ON UPDATE CASCADE", shift, "rows of `parent` go or get another key"),
        ("ON DELETE CASCADE", replace, "rows of `parent` go or get another key"),
        ("ON DELETE CASCADE", delete, "rows of `child` refer to nothing"),
    ];
    for (action, change, says) in cases {
        let mut db = enforcing(true);
        let migrator: Runner = Migrator::new(set_with(vec![family(action), change, rebuild("003_rebuild")], rules));
        let error = migrator.up(&mut db).unwrap_err();
        assert!(error.is_foreign_key() && error.to_string().contains(says), "{error}");
    }
    // To these keys nobody refers, and those to which somebody does stay.
    let other = file("002_other", &["CREATE TABLE o (x)", "INSERT INTO o VALUES (1)", "UPDATE o SET x = 2"]);
    let touch = file(
        "002_touch",
        &[
            "UPDATE parent SET name = upper(name)",
            "INSERT INTO parent VALUES (8, 'x'), (9, 'y')",
            "DELETE FROM parent WHERE id = 8",
        ],
    );
    for (action, file) in [("ON UPDATE CASCADE", other), ("ON UPDATE CASCADE ON DELETE CASCADE", touch)] {
        let mut db = enforcing(true);
        let migrator: Runner = Migrator::new(set_with(vec![family(action), file, rebuild("003_rebuild")], rules));
        migrator.up(&mut db).unwrap();
        assert_eq!(children(&db), "10:1 20:2");
    }
}

#[test]
fn settings_are_given_back_on_every_way_out() {
    let settings = ["foreign_keys", "recursive_triggers", "legacy_alter_table"];
    let switch = |name| {
        file(name, &["PRAGMA recursive_triggers = 1", "PRAGMA legacy_alter_table = 1", "CREATE TABLE t (x)"])
            .foreign_keys(false)
    };
    let check = |files: Vec<File>, succeeds: bool| {
        for on in [0, 1] {
            let mut db = memory();
            settings.iter().for_each(|name| db.pragma_update(None, name, on).unwrap());
            assert_eq!(runner(files.clone()).up(&mut db).is_ok(), succeeds);
            for name in settings {
                assert_eq!(ask(&db, &format!("PRAGMA {name}")), on.to_string(), "{name}");
            }
        }
    };
    check(vec![switch("001_switch")], true);
    check(vec![switch("001_switch"), file("002_bad", &["nonsense"])], false);
    check(vec![file("001_code", &["rust:0"])], false);
    check(vec![switch("001_switch").no_transaction()], true);
}
