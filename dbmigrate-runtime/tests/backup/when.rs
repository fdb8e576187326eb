//! When a copy is made: before what takes rows away, and not otherwise.

use super::*;

#[test]
fn a_copy_is_kept_before_what_takes_something_away() {
    for (statements, is_kept) in [
        (&["DROP TABLE t"][..], true),
        (&["ALTER TABLE t RENAME TO u", "DROP TABLE u"], true),
        (&["UPDATE t SET a = 3"], true),
        (&["DELETE FROM T"], true),
        (&["rust:1"], true),
        (&["DROP TABLE empty"], false),
        (&["DELETE FROM empty"], false),
        (&["CREATE TABLE u (a)", "INSERT INTO t VALUES (3)"], false),
    ] {
        for mode in MODES {
            let folder = Folder::new();
            let mut db = database(&folder, mode);
            let report = with("002_next", statements).with_code(|_, _| Ok(())).up(&mut db).unwrap();
            assert_eq!(report.backup.is_some(), is_kept, "{statements:?}");
            assert_eq!(others(&folder).len(), usize::from(is_kept), "{statements:?}");
            let Some(path) = report.backup else { continue };
            let copy = open(&path);
            assert_eq!(history(&copy), "001_base", "{statements:?}");
            assert_eq!(ask(&copy, "SELECT group_concat(a) FROM t"), "1,2", "{statements:?}");
            assert_eq!(ask(&copy, "PRAGMA integrity_check"), "ok");
        }
    }
}

#[test]
fn what_a_trigger_or_a_constraint_takes_away_is_copied_too() {
    let rows =
        "WITH RECURSIVE n(i) AS (SELECT 8 UNION ALL SELECT i + 1 FROM n WHERE i < 9) INSERT INTO u SELECT i FROM n";
    for (statements, is_kept) in [
        (&["INSERT INTO keyed VALUES (2)"][..], true),
        (&["INSERT OR IGNORE INTO told SELECT 1"], true),
        (&["WITH one AS (SELECT 1) INSERT INTO told SELECT * FROM one"], true),
        (&["INSERT INTO seen VALUES (1)"], true),
        (&["INSERT INTO numbered VALUES (1, 3)"], true),
        (&["INSERT INTO worded SELECT 'a', 3"], true),
        // Of what an earlier statement makes or changes, the schema of today tells nothing.
        (&["ALTER TABLE keyed ADD COLUMN b", "INSERT INTO keyed (a, b) VALUES (2, 3)"], true),
        (&["ALTER TABLE told RENAME TO heard", "INSERT INTO heard VALUES (1)"], true),
        (
            &["ALTER TABLE plain RENAME TO other", "ALTER TABLE keyed RENAME TO plain", "INSERT INTO plain VALUES (2)"],
            true,
        ),
        (
            &[
                "CREATE TRIGGER late AFTER INSERT ON plain BEGIN UPDATE t SET a = 5; END",
                "INSERT INTO plain VALUES (1)",
            ],
            true,
        ),
        // A table that is empty today may be another one by then, or have rows and tell of them.
        (&["ALTER TABLE plain RENAME TO other", "ALTER TABLE t RENAME TO plain", "DROP TABLE plain"], true),
        (&["INSERT INTO hears VALUES (1)", "DELETE FROM hears"], true),
        (
            &[
                "CREATE TRIGGER late AFTER DELETE ON plain BEGIN UPDATE t SET a = 5; END",
                "INSERT INTO plain VALUES (1)",
                "DELETE FROM plain",
            ],
            true,
        ),
        (&["DELETE FROM plain", "DROP TABLE plain"], false),
        (&["INSERT INTO plain SELECT a FROM t"], false),
        (&["CREATE UNIQUE INDEX i ON t (a)", "INSERT INTO t SELECT DISTINCT a + 5 FROM t ORDER BY a"], false),
    ] {
        let folder = Folder::new();
        let mut db = database(&folder, "WAL");
        run(
            &db,
            "CREATE TABLE keyed (a UNIQUE ON CONFLICT REPLACE); INSERT INTO keyed VALUES (2); CREATE TABLE told (a);
             CREATE TABLE numbered (a INTEGER PRIMARY KEY ON CONFLICT REPLACE, b); INSERT INTO numbered VALUES (1, 2);
             CREATE TABLE worded (a TEXT PRIMARY KEY ON CONFLICT REPLACE, b) WITHOUT ROWID;
             INSERT INTO worded VALUES ('a', 2); CREATE TABLE plain (a);
             CREATE TABLE hears (a); CREATE TRIGGER hear AFTER DELETE ON hears BEGIN DELETE FROM t; END;
             CREATE TRIGGER tells AFTER INSERT ON told BEGIN DELETE FROM t; END; CREATE VIEW seen AS SELECT a FROM t;
             CREATE TRIGGER sees INSTEAD OF INSERT ON seen BEGIN UPDATE t SET a = new.a; END",
        );
        let report = with("002_next", statements).up(&mut db).unwrap();
        assert_eq!(report.backup.is_some(), is_kept, "{statements:?}");
    }
    // Where nothing tells of anything, and nothing is replaced, there is no harm in a table that is yet to come.
    for statements in [&["CREATE TABLE u (a)", "INSERT INTO u SELECT a FROM t"], &["CREATE TABLE u (a)", rows]] {
        let folder = Folder::new();
        let mut db = database(&folder, "WAL");
        assert_eq!(with("002_next", statements).up(&mut db).unwrap().backup, None, "{statements:?}");
    }
    // As a statement on what is there alone.
    let folder = Folder::new();
    let mut db = database(&folder, "WAL");
    run(&db, "CREATE TABLE u (a)");
    assert_eq!(with("002_next", &[rows]).up(&mut db).unwrap().backup, None);
}

#[test]
fn what_could_take_rows_is_asked_once_for_all_that_go_into_new_tables() {
    let mut db = memory();
    runner(vec![base()]).up(&mut db).unwrap();
    let fills = file("002_fills", &["CREATE TABLE u (a)", "INSERT INTO u VALUES (1)", "INSERT INTO u VALUES (2)"]);
    let migrator: Migrator<'_, NoBackend> = Migrator::new(set(vec![base(), fills]));
    let mut driver = FaultyDriver::new(&mut db, Fault::None, 0);
    let report = migrator.backup(Backup::new(BackupWhen::Destructive)).up_with(&mut driver).unwrap();
    let asked = driver.calls.iter().filter(|sql| sql.contains("instr(lower(sql), 'replace')")).count();
    assert_eq!((report.backup, asked), (None, 1));
}

#[test]
fn what_a_hook_takes_away_is_copied_before_all_of_it() {
    let harmless = || vec![base(), file("002_next", &["CREATE TABLE u (a)"])];
    for (before, after) in [(TAKES, &["SELECT 1"][..]), (&["SELECT 1"], TAKES)] {
        for rules in [Rules::DEFAULT, Rules { transaction: TransactionMode::All, ..Rules::DEFAULT }] {
            let folder = Folder::new();
            let mut db = database(&folder, "wal");
            let hooked = package(harmless()).rules(rules).before(before).after(after).runner();
            let copy = hooked.backup(Backup::new(BackupWhen::Destructive)).up(&mut db).unwrap().backup.unwrap();
            assert_eq!(ask(&db, "SELECT group_concat(a) FROM t"), "2");
            assert_eq!(ask(&open(&copy), "SELECT group_concat(a) FROM t"), "1,2");
            assert_eq!(history(&open(&copy)), "001_base");
            assert_eq!(others(&folder).len(), 1);
        }
    }
    // A repeatable takes no rows away.
    let folder = Folder::new();
    let mut db = database(&folder, "wal");
    for text in ["CREATE VIEW v AS SELECT a FROM t", "CREATE VIEW v AS SELECT a, 1 FROM t"] {
        let migrator = package(vec![base()]).repeatable("v", &[text]).runner();
        let report = migrator.backup(Backup::new(BackupWhen::Destructive)).up(&mut db).unwrap();
        assert_eq!((report.repeated.len(), report.backup), (1, None));
    }
}

#[test]
fn without_rows_there_is_nothing_to_keep() {
    let folder = Folder::new();
    let mut db = open(&folder.file("app.db"));
    let always = || {
        let file = file("001_a", &["CREATE TABLE a (b)"]).down(&["DROP TABLE a"]);
        runner(vec![file]).backup(Backup::new(BackupWhen::Always))
    };
    assert_eq!(always().up(&mut db).unwrap().backup, None);
    assert_eq!(always().down(&mut db).unwrap().backup, None);
    always().up(&mut db).unwrap();
    run(&db, "INSERT INTO a VALUES (1)");
    assert_eq!(always().up(&mut db).unwrap().backup, None, "nothing was to do");
    assert!(always().down(&mut db).unwrap().backup.is_some());
    assert_eq!(others(&folder).len(), 1);
}

#[test]
fn every_down_script_keeps_one_copy_at_most() {
    for (what, down, up) in [
        ("the down script", &["DELETE FROM t WHERE a = 9"][..], &["CREATE INDEX i ON t (a)"][..]),
        ("the up script", &["DROP INDEX i"], &["CREATE INDEX i ON t (a)", "DELETE FROM t WHERE a = 9"]),
        (
            "both",
            &["DROP INDEX i", "DELETE FROM t WHERE a = 9"],
            &["CREATE INDEX i ON t (a)", "DELETE FROM t WHERE a = 9"],
        ),
    ] {
        let folder = Folder::new();
        let mut db = database(&folder, "wal");
        let next = file("002_next", up).down(if what == "the down script" {
            &["DROP INDEX i", "DELETE FROM t WHERE a = 9"]
        } else {
            down
        });
        let plain = || runner(vec![base(), next.clone()]);
        plain().up(&mut db).unwrap();
        let redone = plain().backup(Backup::new(BackupWhen::Destructive)).redo(&mut db).unwrap();
        assert_eq!((redone.applied.len(), redone.rolled_back.len()), (1, 1), "{what}");
        let copy = redone.backup.unwrap();
        assert_eq!(history(&open(&copy)), "001_base 002_next", "{what}");
        assert_eq!(others(&folder), [copy.file_name().unwrap().to_str().unwrap()], "{what}");
    }
    // Where neither takes anything away there is none.
    let folder = Folder::new();
    let mut db = database(&folder, "wal");
    let redoes = with("002_next", &["CREATE INDEX i ON t (a)"]);
    redoes.up(&mut db).unwrap();
    let file = file("002_next", &["CREATE INDEX i ON t (a)"]).down(&["DROP INDEX i"]);
    let redone = runner(vec![base(), file]).backup(Backup::new(BackupWhen::Destructive)).redo(&mut db).unwrap();
    assert_eq!((redone.applied.len(), redone.backup), (1, None));
}

#[test]
fn reset_keeps_one_in_any_case() {
    for is_reversible in [true, false] {
        let folder = Folder::new();
        let mut db = open(&folder.file("app.db"));
        let file = file("001_a", &["CREATE TABLE a (b)"]);
        let file = if is_reversible { file.down(&["DROP TABLE a"]) } else { file };
        let migrator = runner(vec![file]).backup(Backup::new(BackupWhen::Destructive));
        migrator.up(&mut db).unwrap();
        let path = migrator.reset(&mut db).unwrap().backup.unwrap();
        assert_eq!(history(&open(&path)), "001_a");
        assert_eq!(objects(&db), "");
    }
}
