//! What a file means to do to the database is not done to one that the program has beside it.

mod support;

use dbmigrate_runtime::{Migrator, Parts, Set};
use support::*;

#[test]
fn a_table_of_an_attached_database_is_not_dropped_for_one_that_is_missing() {
    for enforced in [false, true] {
        let mut db = enforcing(enforced);
        run(&db, "ATTACH ':memory:' AS archive; CREATE TABLE archive.old (x)");
        let files = |sql| vec![file("001_a", &[sql, "CREATE TABLE t (x)"])];
        let error = runner(files("DROP TABLE IF EXISTS old")).up(&mut db).unwrap_err();
        assert!(error.to_string().contains("`archive`, not the database"), "{error}");
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
        ("ATTACH ':memory:' AS archive", "archive", "`archive`, not the database"),
        ("SELECT 1", "temp", "`temp`, not the database"),
    ];
    for (attach, place, expect) in places {
        let make = format!("{attach}; CREATE TABLE {place}.old (x, y); INSERT INTO {place}.old VALUES (1, 2)");
        for sql in
            ["DELETE FROM old", "UPDATE old SET x = 5", "ALTER TABLE old DROP COLUMN y", "DROP TABLE IF EXISTS old"]
        {
            for bare in [false, true] {
                let mut db = memory();
                run(&db, &make);
                let changes = file("002_b", &[sql]).no_transaction_if(bare);
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
fn a_rebuild_in_an_attached_database_takes_no_rows_of_others_with_it() {
    let folder = Folder::new();
    let rebuild = |what: &'static [&'static str]| {
        let attach: &'static str = format!("ATTACH '{}' AS o", folder.file("o.db").display()).leak();
        file("001_a", &[&[attach, "CREATE TABLE t (x)"], what].concat())
    };
    let rebuilds = [
        "CREATE TABLE o.new (id INTEGER PRIMARY KEY, name TEXT)",
        "INSERT INTO o.new SELECT id, 'a' FROM o.parent",
        "DROP TABLE o.parent",
        "ALTER TABLE o.new RENAME TO parent",
    ];
    let rebuilds: &'static [&'static str] = rebuilds.to_vec().leak();
    for action in ["ON DELETE CASCADE", "ON DELETE SET NULL"] {
        for bare in [false, true] {
            let _ = std::fs::remove_file(folder.file("o.db"));
            let other = rusqlite::Connection::open(folder.file("o.db")).unwrap();
            run(&other, "CREATE TABLE parent (id INTEGER PRIMARY KEY); INSERT INTO parent VALUES (1), (2), (3)");
            run(&other, &format!("CREATE TABLE child (parent REFERENCES parent {action}); CREATE TABLE own (x)"));
            run(&other, "INSERT INTO child VALUES (2); INSERT INTO own VALUES (1), (2), (3), (4)");
            let left = || ask(&other, "SELECT group_concat(parent) FROM child");
            let mut db = memory();
            let error = runner(vec![rebuild(rebuilds).no_transaction_if(bare)]).up(&mut db).unwrap_err();
            assert!(
                error.is_foreign_key() && error.to_string().contains("`-- dbmigrate: foreign-keys off`"),
                "{error}"
            );
            assert_eq!(left(), "2");
            if bare {
                continue;
            }
            // Said of what has happened, not of what could.
            runner(vec![rebuild(&["DROP TABLE o.own", "DROP TABLE IF EXISTS o.missing"])]).up(&mut memory()).unwrap();
            runner(vec![rebuild(rebuilds).foreign_keys(false)]).up(&mut db).unwrap();
            assert_eq!((left(), ask(&other, "SELECT group_concat(name) FROM parent")), ("2".into(), "a,a,a".into()));
            run(&other, "DELETE FROM child");
            run(&other, "DELETE FROM parent");
            runner(vec![rebuild(&["DROP TABLE o.parent", "DROP TABLE o.child"])]).up(&mut memory()).unwrap();
        }
    }
}

/// A migrator of a program whose files drop no table, and so without what they would need.
fn plain(files: Vec<File>) -> Runner {
    Migrator::new(Box::leak(Box::new(Set { parts: Parts::NONE, ..*set(files) })))
}

#[test]
fn a_table_of_an_attached_database_may_be_dropped_with_the_rows_that_refer_to_each_other() {
    for action in ["", "ON DELETE CASCADE", "ON DELETE SET NULL", "DEFERRABLE INITIALLY DEFERRED"] {
        let mut db = memory();
        run(&db, "ATTACH ':memory:' AS o");
        run(&db, &format!("CREATE TABLE o.tree (id INTEGER PRIMARY KEY, parent REFERENCES tree {action})"));
        run(&db, "INSERT INTO o.tree VALUES (1, NULL), (2, 1), (3, 2)");
        let drops = file("001_a", &["CREATE TABLE t (x)", "DROP TABLE o.tree"]);
        runner(vec![drops]).up(&mut db).unwrap_or_else(|error| panic!("{action}: {error}"));
        assert_eq!(ask(&db, "SELECT count(*) FROM o.sqlite_master"), "0", "{action}");
    }
    // A trigger that a cascade fires may tell others of it.
    for trigger in ["CREATE TRIGGER o.tells", "CREATE TEMP TRIGGER tells"] {
        let mut db = memory();
        run(&db, "ATTACH ':memory:' AS o; CREATE TABLE o.log (x)");
        run(&db, "CREATE TABLE o.tree (id INTEGER PRIMARY KEY, parent REFERENCES tree ON DELETE CASCADE)");
        run(&db, &format!("{trigger} AFTER DELETE ON tree BEGIN INSERT INTO log VALUES (old.id); END"));
        run(&db, "INSERT INTO o.tree VALUES (1, NULL), (2, 1)");
        let error = runner(vec![file("001_a", &["DROP TABLE o.tree"])]).up(&mut db).unwrap_err();
        assert!(error.is_foreign_key(), "{error}");
        assert_eq!(ask(&db, "SELECT (SELECT count(*) FROM o.log) || (SELECT count(*) FROM o.tree)"), "02");
    }
    // Neither a trigger of it, nor a full-text table, takes rows of others with it.
    let mut db = memory();
    run(&db, "ATTACH ':memory:' AS o; CREATE TABLE o.log (x); CREATE TABLE o.a (x)");
    run(&db, "CREATE TRIGGER o.tells AFTER DELETE ON a BEGIN INSERT INTO log VALUES (old.x); END");
    run(&db, "CREATE VIRTUAL TABLE o.words USING fts5(x); INSERT INTO o.words VALUES ('one'), ('two')");
    run(&db, "CREATE INDEX o.i ON a (x); CREATE VIEW o.v AS SELECT x FROM a; INSERT INTO o.a VALUES (1), (2)");
    let all = ["DROP VIEW o.v", "DROP INDEX o.i", "DROP TABLE o.words", "DROP TRIGGER o.tells", "DROP TABLE o.a"];
    for at in 0..all.len() {
        let name: &'static str = format!("{:03}_a", at + 1).leak();
        let files = (0..=at).map(|at| file(["001_a", "002_a", "003_a", "004_a", "005_a"][at], &[all[at]])).collect();
        runner(files).up(&mut db).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert_eq!(ask(&db, "SELECT group_concat(name) FROM o.sqlite_master"), "log");
}

#[test]
fn a_temporary_table_of_the_program_is_not_written_for_one_that_is_missing() {
    let makes = || file("001_a", &["CREATE TABLE t (x, y)", "INSERT INTO t VALUES (5, 6)"]);
    let begun = || {
        let mut db = memory();
        plain(vec![makes()]).up(&mut db).unwrap();
        run(&db, "CREATE TEMP TABLE old (x, y); INSERT INTO old VALUES (1, 2)");
        db
    };
    let there = |db: &rusqlite::Connection| {
        ask(
            db,
            "SELECT (SELECT group_concat(sql) FROM temp.sqlite_master) || (SELECT group_concat(x || y) FROM temp.old)",
        )
    };
    for sql in [
        "INSERT INTO old VALUES (7, 8)",
        "INSERT INTO \"Old\" SELECT * FROM t",
        "ALTER TABLE old RENAME COLUMN x TO z",
        "ALTER TABLE old ADD COLUMN z",
        "CREATE INDEX i ON old (x)",
        "CREATE TRIGGER tells AFTER INSERT ON old BEGIN SELECT 1; END",
    ] {
        let mut db = begun();
        let before = there(&db);
        let error = plain(vec![makes(), file("002_b", &[sql])]).up(&mut db).unwrap_err();
        assert!(error.to_string().contains("`temp`, not the database"), "{sql}: {error}");
        assert_eq!((history(&db).as_str(), there(&db)), ("001_a", before), "{sql}");
    }
    // What a file says by name it means, and its own it may use.
    let own = [
        "CREATE TEMP TABLE scratch (x, y)",
        "INSERT INTO scratch SELECT * FROM t",
        "INSERT INTO temp.old SELECT * FROM scratch",
        "CREATE INDEX temp.i ON scratch (x)",
        "DROP TABLE temp.scratch",
    ];
    let mut db = begun();
    runner(vec![makes(), file("002_b", &own)]).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(x || y) FROM temp.old"), "12,56");
}

#[test]
fn nothing_of_an_attached_database_is_taken_for_what_is_missing_be_it_dropped_by_no_file() {
    let statements = [
        "DELETE FROM old",
        "UPDATE old SET x = 5",
        "INSERT INTO old VALUES (7, 8)",
        "INSERT OR REPLACE INTO old VALUES (7, 8)",
        "WITH one AS (SELECT 1) DELETE FROM old",
        "ALTER TABLE old RENAME TO young",
        "ALTER TABLE old RENAME COLUMN x TO z",
        "ALTER TABLE old ADD COLUMN z",
        "ALTER TABLE old DROP COLUMN y",
        "DROP VIEW IF EXISTS v",
        "DROP INDEX IF EXISTS i",
        "DROP TRIGGER IF EXISTS tells",
    ];
    let archive =
        "ATTACH ':memory:' AS archive; CREATE TABLE archive.old (x, y); INSERT INTO archive.old VALUES (1, 2);
                   CREATE VIEW archive.v AS SELECT x FROM old; CREATE INDEX archive.i ON old (x);
                   CREATE TRIGGER archive.tells AFTER DELETE ON old BEGIN SELECT 1; END";
    let makes = || file("001_a", &["CREATE TABLE t (x, y)"]);
    for sql in statements {
        for has_history in [false, true] {
            let mut db = memory();
            if has_history {
                plain(vec![makes()]).up(&mut db).unwrap();
            }
            run(&db, archive);
            let there = "SELECT group_concat(sql) || (SELECT x || y FROM archive.old) FROM archive.sqlite_master";
            let before = ask(&db, there);
            let error = plain(vec![makes(), file("002_b", &[sql])]).up(&mut db).unwrap_err();
            assert!(error.to_string().contains("`archive`, not the database"), "{sql}: {error}");
            assert_eq!((history(&db).as_str(), ask(&db, there)), ("001_a", before), "{sql}");
        }
    }
    // What a file says by name it means.
    let names = [
        "INSERT INTO Archive.old VALUES (7, 8)",
        "DELETE FROM archive.old WHERE x = 1",
        "DROP INDEX \"archive\".i",
        "ALTER TABLE [archive].old ADD COLUMN z",
        "DROP VIEW archive . v",
        "ANALYZE archive",
        "INSERT INTO t VALUES (1, 2)",
        "CREATE INDEX archive.j ON old (x)",
        "REINDEX",
        "ANALYZE",
        "PRAGMA user_version = 5",
    ];
    let mut db = memory();
    run(&db, archive);
    runner(vec![makes(), file("002_b", &names)]).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(x || y) FROM archive.old"), "78");
    // A column, an alias, or a text of the same name does not name it, nor does it say where the rest goes.
    let made = [
        "INSERT INTO old(archive) VALUES (7)",
        "INSERT INTO old(x) VALUES ('archive')",
        "UPDATE old SET archive = 1",
        "INSERT INTO old(x) SELECT myarchive.x FROM t AS myarchive",
        "ANALYZE archives",
        // What is read there does not say where it goes either.
        "UPDATE old SET x = (SELECT count(*) FROM archive.old)",
        "DELETE FROM old WHERE x IN (SELECT x FROM archive.old)",
    ];
    for sql in made {
        let mut db = memory();
        plain(vec![makes()]).up(&mut db).unwrap();
        run(
            &db,
            "ATTACH ':memory:' AS archive; CREATE TABLE archive.old (x, archive); CREATE TABLE archive.archives (x)",
        );
        let error = plain(vec![makes(), file("002_b", &[sql])]).up(&mut db).unwrap_err();
        assert!(error.to_string().contains("`archive`, not the database"), "{sql}: {error}");
        assert_eq!(ask(&db, "SELECT count(*) FROM archive.old"), "0");
    }
    let mut db = memory();
    run(&db, "ATTACH ':memory:' AS 'a\"b'; CREATE TABLE \"a\"\"b\".old (x)");
    let sql = ["INSERT INTO \"a\"\"b\".old VALUES (1)", "INSERT INTO [a\"b] . old VALUES (2)"];
    plain(vec![makes(), file("002_b", &sql)]).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM \"a\"\"b\".old"), "1,2");
    // A short name is not a word of others.
    let mut db = memory();
    run(&db, "ATTACH ':memory:' AS a; CREATE TABLE a.data (x)");
    let error = plain(vec![makes(), file("002_b", &["INSERT INTO data VALUES ('ä')"])]).up(&mut db).unwrap_err();
    assert!(error.to_string().contains("`a`, not the database"), "{error}");
}

#[test]
fn temporary_triggers_of_the_program_do_not_go_with_a_table_that_is_made_anew() {
    let makes =
        || file("001_a", &["CREATE TABLE t (x)", "CREATE VIEW v AS SELECT x FROM t", "INSERT INTO t VALUES (1)"]);
    let rebuild = [
        "CREATE TABLE new (x INTEGER)",
        "DROP VIEW v",
        "INSERT INTO new SELECT x FROM t",
        "DROP TABLE t",
        "ALTER TABLE new RENAME TO T",
        "CREATE VIEW v AS SELECT x FROM t",
    ];
    let triggers = [
        "CREATE TEMP TRIGGER tells AFTER INSERT ON main.t BEGIN INSERT INTO heard VALUES (new.x); END",
        "CREATE TEMP TRIGGER tells INSTEAD OF INSERT ON main.v BEGIN INSERT INTO heard VALUES (new.x); END",
    ];
    for trigger in triggers {
        for bare in [false, true] {
            let mut db = memory();
            runner(vec![makes()]).up(&mut db).unwrap();
            run(&db, &format!("CREATE TEMP TABLE heard (x); {trigger}"));
            let changes = file("002_b", &rebuild).no_transaction_if(bare);
            let error = runner(vec![makes(), changes]).up(&mut db).unwrap_err();
            assert!(error.is_settings() && error.to_string().contains("the temporary `tells`"), "{error}");
            if !bare {
                run(
                    &db,
                    if trigger.contains("main.t") { "INSERT INTO t VALUES (2)" } else { "INSERT INTO v VALUES (2)" },
                );
                assert_eq!((history(&db), ask(&db, "SELECT x FROM heard")), ("001_a".into(), "2".into()));
            }
        }
    }
    // With a table that is gone for good it has nothing to tell, and one that is renamed keeps it.
    let mut db = memory();
    runner(vec![makes()]).up(&mut db).unwrap();
    run(
        &db,
        &format!(
            "CREATE TEMP TABLE heard (x); {}; CREATE TEMP TRIGGER mine AFTER INSERT ON heard BEGIN SELECT 1; END",
            triggers[0]
        ),
    );
    let renames = || file("002_b", &["ALTER TABLE t RENAME TO u", "INSERT INTO u VALUES (2)"]);
    runner(vec![makes(), renames()]).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT x FROM heard"), "2");
    runner(vec![makes(), renames(), file("003_c", &["DROP VIEW v", "DROP TABLE u"])]).up(&mut db).unwrap();
    // None of its own is dropped for one that the database does not have.
    let error = runner(vec![
        makes(),
        renames(),
        file("003_c", &["DROP VIEW v", "DROP TABLE u"]),
        file("004_d", &["DROP TRIGGER IF EXISTS mine"]),
    ])
    .up(&mut db)
    .unwrap_err();
    assert!(error.to_string().contains("the temporary `mine`"), "{error}");
}
