//! No row of a child is lost, whatever a migration does to its parent.

#[path = "../support/mod.rs"]
mod support;
mod violations;

use dbmigrate_runtime::{ForeignKeys, Migrator, Rules, TransactionMode};
use rusqlite::Connection;
use support::*;

fn is_enforcing(db: &Connection) -> bool {
    ask(db, "PRAGMA foreign_keys") == "1"
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
                "CREATE TABLE other (x)",
            ],
        )
    };
    let empty = "DELETE FROM top WHERE id = 2";
    for (statements, runs) in [
        (vec![empty, "DROP TABLE note", "DROP TABLE top", "DROP TABLE part"], true),
        (vec![empty, "DROP TABLE top", "DROP TABLE part", "DROP TABLE note"], true),
        // What refers to what goes along stays, and so would lose rows,
        (vec![empty, "DROP TABLE top", "DROP TABLE part"], false),
        (vec![empty, "DROP TABLE top", "DROP TABLE other"], false),
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
    // Nor what goes on to the rows that refer to those of a child.
    let files = |what: &'static str| {
        let d = "CREATE TABLE d (c REFERENCES c ON DELETE CASCADE)";
        let told = "CREATE TRIGGER below AFTER DELETE ON d BEGIN DELETE FROM files WHERE c = OLD.c; END";
        let below = ["DROP TRIGGER gone", "DROP TRIGGER moved", d, "INSERT INTO d VALUES (5)", told, what];
        let drops = ["DELETE FROM q WHERE id = 0", "DROP TABLE p", "DROP TABLE d", "DROP TABLE c"];
        vec![start("CASCADE"), file("002_b", &below), file("003_c", &drops)]
    };
    let mut db = memory();
    let error = runner(files("SELECT 1")).up(&mut db).unwrap_err();
    assert!(error.is_foreign_key() && error.to_string().contains("drops `p`"), "{error}");
    assert_eq!(ask(&db, "SELECT c FROM files"), "5");
    runner(files("DROP TRIGGER below")).up(&mut memory()).unwrap();
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
    let mut bare = enforcing(true);
    let files = vec![family("ON DELETE CASCADE"), mixed.clone().no_transaction()];
    let error = runner(files).up(&mut bare).unwrap_err();
    assert!(error.to_string().contains("must be off for the one and on for the other"), "{error}");
    assert_eq!(children(&bare), "10:1 20:2");
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
    // What it writes to a table that nobody refers to needs no cascade.
    let statements = [
        "UPDATE child SET parent = 2 WHERE id = 10",
        "CREATE TABLE p2 (id INTEGER PRIMARY KEY, name TEXT)",
        "INSERT INTO p2 SELECT * FROM parent",
        "DROP TABLE parent",
        "ALTER TABLE p2 RENAME TO parent",
    ];
    let mut db = enforcing(true);
    runner(vec![family("ON DELETE CASCADE"), file("002_writes", &statements)]).up(&mut db).unwrap();
    assert_eq!(children(&db), "10:2 20:2");
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
fn on_by_the_files_own_word_only_rows_that_refer_to_the_table_stand_in_the_way() {
    let makes = || {
        file(
            "001_a",
            &[
                "CREATE TABLE p (a, b, PRIMARY KEY (a, b))",
                "CREATE TABLE c (a, b, FOREIGN KEY (a, b) REFERENCES p ON DELETE CASCADE)",
                "CREATE TABLE q (id INTEGER PRIMARY KEY)",
                "CREATE TABLE d (q REFERENCES q ON DELETE CASCADE)",
                "CREATE TABLE tree (id INTEGER PRIMARY KEY, up REFERENCES tree ON DELETE CASCADE)",
                "INSERT INTO p VALUES (1, 1)",
                "INSERT INTO q VALUES (1)",
                "INSERT INTO d VALUES (1)",
                "INSERT INTO tree VALUES (1, NULL), (2, 1)",
                // By half a key nothing is referred to.
                "INSERT INTO c VALUES (1, NULL), (NULL, 1)",
            ],
        )
    };
    let drops = |sql| file("002_b", &[sql]).foreign_keys(true);
    for sql in ["DROP TABLE p", "DROP TABLE tree", "DROP TABLE d", "DROP TABLE IF EXISTS gone"] {
        let mut db = enforcing(false);
        runner(vec![makes()]).up(&mut db).unwrap();
        run(&db, "CREATE TABLE e (gone REFERENCES gone); INSERT INTO e VALUES (1)");
        runner(vec![makes(), drops(sql)]).up(&mut db).unwrap();
        assert_eq!(ask(&db, "SELECT count(*) FROM c"), "2", "{sql}");
    }
    for (row, sql) in [("INSERT INTO c VALUES (1, 1)", "DROP TABLE p"), ("SELECT 1", "DROP TABLE q")] {
        let mut db = enforcing(true);
        let error = runner(vec![makes(), file("002_a", &[row]), drops(sql)]).up(&mut db).unwrap_err();
        assert!(error.to_string().contains("would delete or change 1 row of"), "{error}");
    }
}

#[test]
fn a_drop_of_what_nobody_refers_to_leaves_foreign_keys_on() {
    let makes = [
        "CREATE TABLE unused (x)",
        "CREATE TABLE asks (x)",
        "CREATE TRIGGER ask AFTER INSERT ON asks BEGIN DELETE FROM parent WHERE id = new.x; END",
    ];
    for fresh in [true, false] {
        let files = vec![family("ON DELETE CASCADE"), file("002_makes", &makes)];
        let mut db = enforcing(true);
        if !fresh {
            runner(files.clone()).up(&mut db).unwrap();
        }
        // This one needs them off, which only shows on its way.
        let own = ["CREATE TABLE p (id INTEGER PRIMARY KEY)", "CREATE TABLE c (p REFERENCES p)", "DROP TABLE p"];
        let drops = file("004_drops", &["DROP TABLE unused", "INSERT INTO asks VALUES (1)"]);
        runner([files, vec![file("003_own", &own), drops]].concat()).up(&mut db).unwrap();
        assert_eq!(children(&db), "20:2", "fresh: {fresh}");
    }
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
    assert!(
        help.contains("`old_parent` no longer exists") && help.contains("`PRAGMA legacy_alter_table = ON;`"),
        "{help}"
    );
    // What it says helps.
    up(&["PRAGMA legacy_alter_table = ON"]).unwrap();
}
