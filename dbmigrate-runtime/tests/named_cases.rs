//! The cases of the project's list that are about running, by their numbers there. What several files prove in depth
//! stands here once, as plainly as it can be said; the rest has its number in the name of its own test.

#![allow(clippy::unwrap_used)] // Helpers of tests.

mod support;

use std::time::Duration;

use dbmigrate_runtime::{Comparison, Migrator, Rules, State, TransactionMode};
use rusqlite::Connection;
use support::{Folder, ask, dump, family, file, history, memory, objects, rebuild, run, runner, set, set_with};

/// A family whose parent is rebuilt: the children before and after.
fn children_after_rebuild(on_delete: &'static str) -> (String, String) {
    let mut db = memory();
    let rows = "SELECT group_concat(id || ':' || ifnull(parent, 'none')) FROM (SELECT * FROM child ORDER BY id)";
    runner(vec![family(on_delete)]).up(&mut db).unwrap();
    let before = ask(&db, rows);
    runner(vec![family(on_delete), rebuild("002_rebuild")]).up(&mut db).unwrap();
    assert_eq!(ask(&db, "PRAGMA foreign_keys"), "1");
    (before, ask(&db, rows))
}

#[test]
fn case_01_a_rebuilt_parent_keeps_children_that_would_cascade() {
    let (before, after) = children_after_rebuild("ON DELETE CASCADE");
    assert_eq!((before.as_str(), after.as_str()), ("10:1,20:2", "10:1,20:2"));
}

#[test]
fn case_02_inside_a_transaction_or_a_savepoint_nothing_is_touched() {
    let migrator = runner(vec![family("ON DELETE CASCADE"), rebuild("002_rebuild")]);
    for begin in ["BEGIN", "BEGIN IMMEDIATE", "SAVEPOINT mine"] {
        let mut db = memory();
        run(&db, "CREATE TABLE t (a)");
        run(&db, begin);
        run(&db, "INSERT INTO t VALUES (1)");
        let before = dump(&db);
        let error = migrator.up(&mut db).unwrap_err();
        assert!(error.is_open_transaction(), "{begin}: {error}");
        assert!(!db.is_autocommit(), "{begin}");
        assert_eq!(dump(&db), before, "{begin}");
    }
}

#[test]
fn case_03_children_that_would_be_set_to_null_or_default_are_unchanged() {
    for action in ["ON DELETE SET NULL", "ON DELETE SET DEFAULT", "ON UPDATE SET NULL ON DELETE SET NULL"] {
        let (before, after) = children_after_rebuild(action);
        assert_eq!(before, after, "{action}");
    }
}

#[test]
fn case_04_children_that_would_forbid_the_drop_let_the_rebuild_commit() {
    for action in ["", "ON DELETE RESTRICT", "ON DELETE NO ACTION", "DEFERRABLE INITIALLY DEFERRED"] {
        let (before, after) = children_after_rebuild(action);
        assert_eq!(before, after, "{action}");
    }
}

#[test]
fn case_05_a_table_that_refers_to_itself_keeps_its_rows_and_its_name() {
    let mut db = memory();
    runner(vec![
        file(
            "001_tree",
            &[
                "CREATE TABLE node (id INTEGER PRIMARY KEY, up INTEGER REFERENCES node (id) ON DELETE CASCADE)",
                "INSERT INTO node VALUES (1, NULL), (2, 1), (3, 2), (4, 1)",
            ],
        ),
        file(
            "002_rebuild",
            &[
                "CREATE TABLE node_new (id INTEGER PRIMARY KEY, up INTEGER REFERENCES node (id) ON DELETE CASCADE, x)",
                "INSERT INTO node_new (id, up) SELECT id, up FROM node",
                "DROP TABLE node",
                "ALTER TABLE node_new RENAME TO node",
            ],
        ),
    ])
    .up(&mut db)
    .unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(id || ':' || ifnull(up, '-')) FROM node"), "1:-,2:1,3:2,4:1");
    let sql = ask(&db, "SELECT sql FROM sqlite_master WHERE name = 'node'");
    assert!(!sql.contains("_new") && sql.contains("REFERENCES"), "{sql}");
    run(&db, "DELETE FROM node WHERE id = 2");
    assert_eq!(ask(&db, "SELECT group_concat(id) FROM node"), "1,4");
}

#[test]
fn case_06_two_tables_that_refer_to_each_other_are_rebuilt_in_one_file() {
    let mut db = memory();
    let migrations = vec![
        file(
            "001_couple",
            &[
                "CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b (id) ON DELETE CASCADE)",
                "CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a (id) ON DELETE CASCADE)",
                "INSERT INTO a VALUES (1, NULL), (2, NULL)",
                "INSERT INTO b VALUES (1, 1), (2, 2)",
                "UPDATE a SET b = id",
            ],
        ),
        file(
            "002_rebuild_both",
            &[
                "CREATE TABLE a_new (id INTEGER PRIMARY KEY, b INTEGER NOT NULL REFERENCES b (id) ON DELETE CASCADE)",
                "CREATE TABLE b_new (id INTEGER PRIMARY KEY, a INTEGER NOT NULL REFERENCES a (id) ON DELETE CASCADE)",
                "INSERT INTO a_new SELECT id, b FROM a",
                "INSERT INTO b_new SELECT id, a FROM b",
                "DROP TABLE a",
                "DROP TABLE b",
                "ALTER TABLE a_new RENAME TO a",
                "ALTER TABLE b_new RENAME TO b",
            ],
        ),
    ];
    runner(migrations).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(a.id || b.id) FROM a JOIN b ON a.b = b.id AND b.a = a.id"), "11,22");
    assert_eq!(ask(&db, "SELECT count(*) FROM pragma_foreign_key_check"), "0");
}

#[test]
fn case_07_orphans_that_were_there_pass_and_new_ones_are_listed() {
    let mut db = memory();
    runner(vec![family("")]).up(&mut db).unwrap();
    run(&db, "PRAGMA foreign_keys = 0; INSERT INTO child VALUES (30, 77); PRAGMA foreign_keys = 1");
    let unrelated = file("002_other", &["CREATE TABLE other (a)", "DROP TABLE other"]);
    runner(vec![family(""), unrelated.clone(), rebuild("003_rebuild")]).up(&mut db).unwrap();
    let before = dump(&db);
    let loses = file(
        "004_loses",
        &[
            "CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
            "INSERT INTO parent_new SELECT * FROM parent WHERE id = 1",
            "DROP TABLE parent",
            "ALTER TABLE parent_new RENAME TO parent",
        ],
    );
    let error = runner(vec![family(""), unrelated, rebuild("003_rebuild"), loses]).up(&mut db).unwrap_err().to_string();
    assert!(error.contains("child") && error.contains("20"), "{error}");
    assert_eq!(dump(&db), before);
}

#[test]
fn case_08_a_parent_that_is_missing_or_has_no_key_is_a_message_and_no_panic() {
    for parent in ["", "CREATE TABLE parent (id INTEGER, other)"] {
        let mut db = memory();
        run(
            &db,
            "CREATE TABLE child (p REFERENCES parent (id)); PRAGMA foreign_keys = 0; INSERT INTO child VALUES (1)",
        );
        run(&db, parent);
        run(&db, "PRAGMA foreign_keys = 1");
        let replaces = file(
            "001_replace_other",
            &[
                "CREATE TABLE x (id INTEGER PRIMARY KEY)",
                "CREATE TABLE y (x REFERENCES x (id))",
                "DROP TABLE y",
                "DROP TABLE x",
            ],
        );
        Migrator::<support::driver::Rusqlite>::new(set(vec![replaces])).allow_existing_schema().up(&mut db).unwrap();
        assert_eq!(ask(&db, "SELECT count(*) FROM child"), "1");
    }
    // A migration that makes it so is told what it did, and nothing of it stays.
    let without_key = [
        "CREATE TABLE parent_new (id INTEGER, name TEXT)",
        "INSERT INTO parent_new SELECT id, name FROM parent",
        "DROP TABLE parent",
        "ALTER TABLE parent_new RENAME TO parent",
    ];
    for (statements, says) in [(&without_key[..], "foreign key mismatch"), (&["DROP TABLE parent"], "`parent`")] {
        let mut db = memory();
        runner(vec![family("")]).up(&mut db).unwrap();
        let before = dump(&db);
        let loses = file("002_loses_key", statements).foreign_keys(false);
        let error = runner(vec![family(""), loses]).up(&mut db).unwrap_err().to_string();
        assert!(error.contains(says) && error.contains("child"), "{error}");
        assert_eq!(dump(&db), before);
    }
}

#[test]
fn case_09_references_without_a_column_composite_without_rowid_and_in_other_case() {
    let shapes: [(&str, &str, &'static [&'static str]); 4] = [
        (
            "parent (id INTEGER PRIMARY KEY)",
            "p REFERENCES parent ON DELETE CASCADE",
            &["CREATE TABLE parent_new (id INTEGER PRIMARY KEY)"],
        ),
        (
            "parent (a, b, PRIMARY KEY (a, b))",
            "p, q, FOREIGN KEY (p, q) REFERENCES parent (a, b) ON DELETE CASCADE",
            &["CREATE TABLE parent_new (a, b, PRIMARY KEY (a, b))"],
        ),
        (
            "parent (id TEXT PRIMARY KEY) WITHOUT ROWID",
            "p REFERENCES parent (id) ON DELETE CASCADE",
            &["CREATE TABLE parent_new (id TEXT PRIMARY KEY) WITHOUT ROWID"],
        ),
        (
            "parent (id INTEGER PRIMARY KEY)",
            "p REFERENCES PARENT (ID) ON DELETE CASCADE",
            &["CREATE TABLE parent_new (id INTEGER PRIMARY KEY)"],
        ),
    ];
    for (parent, child, create) in shapes {
        let mut db = memory();
        let two = child.contains("q,");
        run(&db, &format!("CREATE TABLE {parent}; CREATE TABLE child ({child})"));
        run(&db, if two { "INSERT INTO parent VALUES (1, 2)" } else { "INSERT INTO parent VALUES (1)" });
        run(&db, if two { "INSERT INTO child VALUES (1, 2)" } else { "INSERT INTO child VALUES (1)" });
        let rebuilt: Vec<&'static str> = [
            create[0],
            "INSERT INTO parent_new SELECT * FROM parent",
            "DROP TABLE parent",
            "ALTER TABLE parent_new RENAME TO parent",
        ]
        .into();
        let migrator = Migrator::<support::driver::Rusqlite>::new(set(vec![file("001_rebuild", &rebuilt)]));
        migrator.allow_existing_schema().up(&mut db).unwrap();
        assert_eq!(ask(&db, "SELECT count(*) FROM child"), "1", "{child}");
    }
}

#[test]
fn case_10_enforcement_is_given_back_after_success_error_and_panic() {
    for on in ["0", "1"] {
        let mut db = memory();
        run(&db, &format!("PRAGMA foreign_keys = {on}"));
        let good = runner(vec![family("ON DELETE CASCADE"), rebuild("002_rebuild")]);
        good.up(&mut db).unwrap();
        assert_eq!(ask(&db, "PRAGMA foreign_keys"), on);

        let files = || vec![family("ON DELETE CASCADE"), rebuild("002_rebuild")];
        let fails = files().into_iter().chain([file("003_fails", &["DROP TABLE parent", "SELECT nowhere"])]);
        runner(fails.collect()).up(&mut db).unwrap_err();
        assert_eq!(ask(&db, "PRAGMA foreign_keys"), on);

        let panics = runner(files().into_iter().chain([file("003_panics", &["rust:1"])]).collect())
            .with_code(|_, _| std::panic::resume_unwind(Box::new("on purpose")));
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| panics.up(&mut db))).unwrap_err();
        assert_eq!(ask(&db, "PRAGMA foreign_keys"), on);
        assert!(db.is_autocommit());
    }
}

#[test]
fn case_20_an_attached_database_with_the_same_names_is_not_touched() {
    let folder = Folder::new();
    let other = folder.file("other.db");
    let tables = "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE child (id INTEGER PRIMARY KEY, parent REFERENCES parent (id) ON DELETE CASCADE);
        INSERT INTO parent VALUES (5, 'theirs'); INSERT INTO child VALUES (50, 5);
        CREATE TRIGGER noted AFTER DELETE ON parent BEGIN SELECT 1; END";
    run(&Connection::open(&other).unwrap(), tables);
    let mut db = memory();
    db.execute("ATTACH ?1 AS aux1", [other.to_str().unwrap()]).unwrap();
    runner(vec![family("ON DELETE CASCADE"), rebuild("002_rebuild")]).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT count(*) FROM main.child"), "2");
    assert_eq!(ask(&db, "SELECT group_concat(id || name) FROM aux1.parent"), "5theirs");
    assert_eq!(ask(&db, "SELECT count(*) FROM aux1.child"), "1");
    assert_eq!(ask(&db, "SELECT count(*) FROM aux1.sqlite_master WHERE name LIKE '\\_migrations%' ESCAPE '\\'"), "0");
    assert_eq!(ask(&db, "SELECT count(*) FROM aux1.sqlite_master"), "3");
}

#[test]
fn case_21_and_22_ids_are_not_used_again_and_rowids_stay_in_a_copy() {
    let folder = Folder::new();
    let mut db = Connection::open(folder.file("app.db")).unwrap();
    let files = vec![file(
        "001_ids",
        &[
            "CREATE TABLE numbered (id INTEGER PRIMARY KEY AUTOINCREMENT, a)",
            "CREATE TABLE emptied (id INTEGER PRIMARY KEY AUTOINCREMENT)",
            "CREATE TABLE loose (a, rowid_of_another)",
            "CREATE TABLE hidden (rowid TEXT, _rowid_ TEXT)",
            "INSERT INTO numbered (a) VALUES (1), (2), (3)",
            "INSERT INTO emptied VALUES (9)",
            "INSERT INTO loose (rowid, a) VALUES (3, 'c'), (7, 'g'), (40, 'z')",
            "INSERT INTO hidden (oid, rowid) VALUES (5, 'five'), (50, 'fifty')",
            "DELETE FROM numbered WHERE id = 3",
            "DELETE FROM emptied",
        ],
    )];
    let migrator = runner(files);
    migrator.up(&mut db).unwrap();
    let copy = folder.file("copy.db");
    migrator.copy_to(&mut db, &copy).unwrap();
    for db in [&db, &Connection::open(copy).unwrap()] {
        run(db, "INSERT INTO numbered (a) VALUES (4); INSERT INTO emptied DEFAULT VALUES");
        assert_eq!(ask(db, "SELECT group_concat(id) FROM numbered"), "1,2,4");
        assert_eq!(ask(db, "SELECT id FROM emptied"), "10");
        assert_eq!(ask(db, "SELECT group_concat(rowid || a) FROM loose"), "3c,7g,40z");
        assert_eq!(ask(db, "SELECT group_concat(oid || rowid) FROM hidden"), "5five,50fifty");
    }
}

#[test]
fn case_31_odd_values_survive_a_rebuild_and_a_copy() {
    let values = "SELECT group_concat(id || typeof(v) || iif(typeof(v) = 'real', quote(v), hex(v))) FROM odd";
    for encoding in ["UTF-8", "UTF-16le", "UTF-16be"] {
        let folder = Folder::new();
        let mut db = Connection::open(folder.file("app.db")).unwrap();
        run(&db, &format!("PRAGMA encoding = '{encoding}'; PRAGMA foreign_keys = 1"));
        let first = file(
            "001_odd",
            &[
                "CREATE TABLE odd (id INTEGER PRIMARY KEY, v)",
                "CREATE TABLE child (odd REFERENCES odd ON DELETE CASCADE)",
                "INSERT INTO odd (v) VALUES (x'00ff00'), (CAST(x'c3286100' AS TEXT)), ('\u{1F980} it''s'), (-0.0), (1e999), \
                 (-1e999), (NULL), (9223372036854775807), ('007'), (' 5 '), (''), (zeroblob(1000000))",
                "INSERT INTO child SELECT id FROM odd",
            ],
        );
        let rebuild = file(
            "002_rebuild",
            &[
                "CREATE TABLE odd_new (id INTEGER PRIMARY KEY, v, more)",
                "INSERT INTO odd_new (id, v) SELECT id, v FROM odd",
                "DROP TABLE odd",
                "ALTER TABLE odd_new RENAME TO odd",
            ],
        );
        runner(vec![first.clone()]).up(&mut db).unwrap();
        let before = ask(&db, values);
        let migrator = runner(vec![first, rebuild]);
        migrator.up(&mut db).unwrap();
        let copy = folder.file("copy.db");
        migrator.copy_to(&mut db, &copy).unwrap();
        for db in [&db, &Connection::open(copy).unwrap()] {
            assert!(ask(db, values) == before, "{encoding}");
            assert_eq!(ask(db, "SELECT count(*) FROM child"), "12", "{encoding}");
            assert_eq!(ask(db, "PRAGMA encoding"), encoding);
        }
    }
}

/// 8 MB in the test command; `DBMIGRATE_ROWS=full` takes 100.
#[test]
fn case_31_a_row_of_many_megabytes_survives_a_rebuild_and_a_copy() {
    let megabytes = if std::env::var("DBMIGRATE_ROWS").is_ok_and(|rows| rows == "full") { 100 } else { 8 };
    let folder = Folder::new();
    let mut db = Connection::open(folder.file("app.db")).unwrap();
    let first = file("001_large", &["CREATE TABLE large (id INTEGER PRIMARY KEY, v BLOB)"]);
    let rebuild = file(
        "002_rebuild",
        &[
            "CREATE TABLE large_new (id INTEGER PRIMARY KEY, v BLOB NOT NULL)",
            "INSERT INTO large_new SELECT id, v FROM large",
            "DROP TABLE large",
            "ALTER TABLE large_new RENAME TO large",
        ],
    );
    runner(vec![first.clone()]).up(&mut db).unwrap();
    run(&db, &format!("INSERT INTO large VALUES (7, randomblob({megabytes} * 1000000))"));
    let value = |db: &Connection| -> Vec<u8> {
        db.query_row("SELECT v FROM large WHERE id = 7", [], |row| row.get(0)).unwrap()
    };
    let before = value(&db);
    assert_eq!(before.len(), megabytes * 1_000_000);
    let migrator = runner(vec![first, rebuild]);
    assert_eq!(migrator.up(&mut db).unwrap().applied.len(), 1);
    let copy = folder.file("copy.db");
    migrator.copy_to(&mut db, &copy).unwrap();
    // What is compared must not be shown: it is too long.
    assert!(value(&db) == before && value(&Connection::open(copy).unwrap()) == before);
}

#[test]
fn case_47_the_programs_own_busy_handler_stays() {
    let folder = Folder::new();
    let path = folder.file("app.db");
    let mut db = Connection::open(&path).unwrap();
    db.busy_timeout(Duration::from_millis(1234)).unwrap();
    runner(vec![family(""), rebuild("002_rebuild")]).up(&mut db).unwrap();
    assert_eq!(ask(&db, "PRAGMA busy_timeout"), "1234");
    let writer = Connection::open(&path).unwrap();
    run(&writer, "BEGIN IMMEDIATE");
    db.busy_timeout(Duration::from_millis(1)).unwrap();
    let more = file("003_more", &["CREATE TABLE more (a)"]);
    let migrator = runner(vec![family(""), rebuild("002_rebuild"), more]).busy_timeout(Duration::from_millis(5));
    assert!(migrator.up(&mut db).unwrap_err().is_busy());
    assert_eq!(ask(&db, "PRAGMA busy_timeout"), "1");
}

#[test]
fn case_51_an_error_in_the_middle_keeps_those_before_it_or_none_and_a_lost_transaction_is_noticed() {
    let bad = |sql: &'static str| {
        vec![
            file(
                "001_a",
                &[
                    "CREATE TABLE a (x UNIQUE ON CONFLICT ROLLBACK)",
                    "INSERT INTO a VALUES (1)",
                    "CREATE TRIGGER forbid BEFORE INSERT ON a WHEN NEW.x = 2 BEGIN SELECT raise(ROLLBACK, 'no'); END",
                ],
            ),
            file("002_b", &["CREATE TABLE b (x)", sql, "CREATE TABLE c (x)"]),
            file("003_d", &["CREATE TABLE d (x)"]),
        ]
    };
    let raise = "INSERT INTO a VALUES (2)";
    for sql in ["SELECT nowhere", "COMMIT", "ROLLBACK", "INSERT INTO a VALUES (1)", raise] {
        let mut db = memory();
        let error = runner(bad(sql)).up(&mut db).unwrap_err();
        assert!(error.to_string().contains("002_b.sql:3"), "{sql}: {error}");
        assert_eq!(history(&db), "001_a", "{sql}");
        assert!(db.is_autocommit(), "{sql}");
        assert_eq!(objects(&db), "a forbid", "{sql}");

        let mut db = memory();
        let all = Rules { transaction: TransactionMode::All, ..Rules::DEFAULT };
        Migrator::<support::driver::Rusqlite>::new(set_with(bad(sql), all)).up(&mut db).unwrap_err();
        assert_eq!(objects(&db), "", "{sql}");
        assert!(db.is_autocommit(), "{sql}");
    }
}

#[test]
fn case_52_what_only_the_program_registers_is_named() {
    for (sql, missing) in [
        ("CREATE TABLE t (a CHECK (is_fine(a)))", "no such function: is_fine"),
        ("CREATE INDEX a_x ON a (x COLLATE german)", "no such collation sequence: german"),
        ("CREATE VIRTUAL TABLE v USING mine (x)", "no such module: mine"),
    ] {
        let mut db = memory();
        let statements: &[&'static str] = if sql.contains("is_fine") { &["INSERT INTO t VALUES (1)"] } else { &[] };
        let files = vec![file("001_a", &["CREATE TABLE a (x)"]), file("002_uses", &[&[sql], statements].concat())];
        let error = runner(files).up(&mut db).unwrap_err().to_string();
        assert!(error.contains(missing) && error.contains("init --runner"), "{error}");
        assert_eq!(objects(&db), "a");
    }
}

#[test]
fn case_53_a_newer_a_deleted_and_an_edited_one_are_told_apart() {
    let a = || file("001_a", &["CREATE TABLE a (x)"]);
    let b = || file("002_b", &["CREATE TABLE b (x)"]);
    let c = || file("003_c", &["CREATE TABLE c (x)"]);
    let mut db = memory();
    runner(vec![a(), b(), c()]).up(&mut db).unwrap();
    let before = dump(&db);

    let newer = runner(vec![a(), b()]).up(&mut db).unwrap_err();
    assert!(newer.is_newer_database() && newer.to_string().contains("003_c"), "{newer}");
    let missing = runner(vec![a(), c()]).up(&mut db).unwrap_err();
    assert!(missing.is_missing() && missing.to_string().contains("002_b"), "{missing}");
    let edited = runner(vec![a(), file("002_b", &["CREATE TABLE b (y)"]), c()]).up(&mut db).unwrap_err();
    assert!(edited.is_edited() && !edited.is_missing(), "{edited}");
    assert_eq!(dump(&db), before);
}

#[test]
fn case_55_a_baseline_on_a_schema_that_differs_lists_it_object_by_object() {
    let files = || {
        vec![
            file("001_a", &["CREATE TABLE a (x)", "CREATE INDEX a_x ON a (x)"]),
            file("002_b", &["CREATE VIEW v AS SELECT x FROM a"]),
        ]
    };
    let mut db = memory();
    run(&db, "CREATE TABLE a (x); CREATE INDEX a_x ON a (x); CREATE VIEW v AS SELECT x FROM a");
    let marked = runner(files()).mark(&mut db).unwrap();
    assert_eq!(marked.comparison, Comparison::Same(2));
    assert!(runner(files()).up(&mut db).unwrap().is_empty());

    let mut db = memory();
    run(&db, "CREATE TABLE a (x, y); CREATE VIEW v AS SELECT y FROM a; CREATE TABLE extra (z)");
    let before = dump(&db);
    let error = runner(files()).mark(&mut db).unwrap_err();
    for named in ["`a`", "`a_x`", "`y`", "`extra`"] {
        assert!(error.is_mismatch() && error.to_string().contains(named), "{named}: {error}");
    }
    assert_eq!(dump(&db), before);
}

#[test]
fn case_58_up_down_up_with_rows_ends_where_it_began() {
    let files = vec![
        family("ON DELETE CASCADE"),
        file("002_more", &["CREATE TABLE more (a)", "ALTER TABLE parent ADD COLUMN extra"])
            .down(&["ALTER TABLE parent DROP COLUMN extra", "DROP TABLE more"]),
        rebuild("003_rebuild").down(&[
            "CREATE TABLE parent_old (id INTEGER PRIMARY KEY, name TEXT, extra)",
            "INSERT INTO parent_old (id, name) SELECT id, name FROM parent",
            "DROP TABLE parent",
            "ALTER TABLE parent_old RENAME TO parent",
        ]),
    ];
    let migrator = runner(files);
    let mut db = memory();
    migrator.up(&mut db).unwrap();
    run(&db, "INSERT INTO parent VALUES (3, 'c'); INSERT INTO child VALUES (30, 3)");
    let first = dump(&db);
    migrator.down_to(&mut db, 1_u64).unwrap();
    assert_eq!(ask(&db, "SELECT count(*) FROM child"), "3");
    migrator.up(&mut db).unwrap();
    assert_eq!(dump(&db), first);
    let entries = migrator.status(&mut db).unwrap().entries;
    assert!(entries.iter().all(|entry| entry.state == State::Applied));
}

#[test]
fn case_60_what_the_file_says_of_itself_is_unchanged_by_rebuilds() {
    let folder = Folder::new();
    let mut db = Connection::open(folder.file("app.db")).unwrap();
    run(&db, "PRAGMA page_size = 8192; PRAGMA encoding = 'UTF-16le'; PRAGMA auto_vacuum = 2; PRAGMA user_version = 42");
    run(&db, "PRAGMA application_id = 77; PRAGMA foreign_keys = 1");
    let of_itself = |db: &Connection| {
        ["page_size", "encoding", "auto_vacuum", "user_version", "application_id", "journal_mode", "foreign_keys"]
            .map(|name| ask(db, &format!("PRAGMA {name}")))
    };
    runner(vec![family("ON DELETE CASCADE")]).up(&mut db).unwrap();
    let before = of_itself(&db);
    assert_eq!(before[..5], ["8192", "UTF-16le", "2", "42", "77"]);
    runner(vec![family("ON DELETE CASCADE"), rebuild("002_rebuild")]).up(&mut db).unwrap();
    assert_eq!(of_itself(&db), before);
    assert_eq!(ask(&db, "SELECT count(*) FROM child"), "2");
}
