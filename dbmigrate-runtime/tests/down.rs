//! The down script.

mod support;

use dbmigrate_runtime::{Migrator, ResetPlan, Rules, StoreSql};
use support::*;

fn three() -> Vec<File> {
    ["001_a", "002_b", "003_c"]
        .into_iter()
        .map(|name| {
            let letter = &name[4..];
            file(name, &[format!("CREATE TABLE {letter} (x)").leak()]).down(&[format!("DROP TABLE {letter}").leak()])
        })
        .collect()
}

#[test]
fn newest_first_as_far_as_asked() {
    let mut db = memory();
    let migrator = runner(three());
    assert!(migrator.down(&mut db).unwrap().is_empty());
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master"), "0");
    migrator.up(&mut db).unwrap();
    assert_eq!(migrator.down(&mut db).unwrap().rolled_back[0].name, "003_c");
    assert_eq!((history(&db), objects(&db)), ("001_a 002_b".into(), "a b".into()));
    assert_eq!(ask(&db, "SELECT chain FROM _migrations_head"), migrator.set().unwrap().migrations[1].chain);
    migrator.up(&mut db).unwrap();
    let report = migrator.down_to(&mut db, 1_u64).unwrap();
    assert_eq!(report.rolled_back.iter().map(|done| done.number).collect::<Vec<_>>(), [3, 2]);
    assert!(migrator.down_to(&mut db, 1_u64).unwrap().is_empty());
    assert!(migrator.down_to(&mut db, 2_u64).unwrap_err().is_not_applied());
    assert!(migrator.down_to(&mut db, 9_u64).unwrap_err().is_unknown_migration());
    assert_eq!(migrator.down_all(&mut db).unwrap().rolled_back.len(), 1);
    assert_eq!(objects(&db), "");
    assert_eq!(migrator.up(&mut db).unwrap().applied.len(), 3);
}

#[test]
fn out_of_order_says_what_comes_first() {
    let mut db = memory();
    let migrator = runner(three());
    migrator.up(&mut db).unwrap();
    let error = migrator.roll_back(&mut db, 1_u64).unwrap_err();
    assert!(error.is_out_of_order() && error.to_string().contains("roll back `003_c`, then `002_b` first"), "{error}");
    assert_eq!(history(&db), "001_a 002_b 003_c");
    assert_eq!(migrator.roll_back(&mut db, 3_u64).unwrap().rolled_back.len(), 1);
    assert!(migrator.roll_back(&mut db, 3_u64).unwrap_err().is_not_applied());
}

#[test]
fn a_missing_down_script_stops_before_anything_changes() {
    let mut db = memory();
    let mut files = three();
    files[0] = file("001_a", &["CREATE TABLE a (x)"]);
    files.push(file("004_d", &[]).irreversible("rows are gone"));
    files.push(file("005_e", &["CREATE TABLE e (x)"]).down(&["DROP TABLE e"]));
    let migrator = runner(files);
    migrator.up(&mut db).unwrap();
    let before = dump(&db);
    let error = migrator.down_all(&mut db).unwrap_err();
    assert!(error.is_no_down(), "{error}");
    let text = error.to_string();
    assert!(text.contains("`004_d` can't be rolled back: its file declares it irreversible: rows are gone"), "{text}");
    assert!(
        text.contains("`001_a` can't be rolled back: it has no down script")
            && text.contains("`migrations/001_a.down.sql`"),
        "{text}"
    );
    assert_eq!(dump(&db), before);
    migrator.down(&mut db).unwrap();
    assert!(migrator.down(&mut db).unwrap_err().is_no_down());
}

#[test]
fn a_failing_down_script_changes_nothing() {
    let mut db = memory();
    let mut files = three();
    files[1] = file("002_b", &["CREATE TABLE b (x)"]).down(&["DROP TABLE b", "nonsense"]);
    let migrator = runner(files);
    migrator.up(&mut db).unwrap();
    let error = migrator.down_all(&mut db).unwrap_err();
    assert_eq!((error.file(), error.line()), (Some("migrations/002_b.down.sql"), Some(3)));
    assert_eq!(error.report().rolled_back.len(), 1);
    assert_eq!((history(&db), objects(&db)), ("001_a 002_b".into(), "a b".into()));
}

#[test]
fn the_stored_down_script_serves_what_the_program_does_not_have() {
    let mut db = memory();
    runner(three()).up(&mut db).unwrap();
    let mut older = three();
    older.pop();
    older[1] = file("002_b", &["CREATE TABLE b (x, y)"]).down(&["nonsense"]);
    let migrator = runner(older);
    assert_eq!(migrator.down(&mut db).unwrap().rolled_back[0].name, "003_c");
    assert_eq!(migrator.down(&mut db).unwrap().rolled_back[0].name, "002_b");
    assert_eq!((history(&db), objects(&db)), ("001_a".into(), "a".into()));
}

#[test]
fn an_edited_down_script_of_an_unchanged_file_counts() {
    let mut db = memory();
    runner(three()).up(&mut db).unwrap();
    let mut edited = three();
    edited[2] = file("003_c", &["CREATE TABLE c (x)"]).down(&["ALTER TABLE c RENAME TO kept"]);
    runner(edited).down(&mut db).unwrap();
    assert_eq!(objects(&db), "a b kept");
}

#[test]
fn without_a_stored_down_script_an_edited_file_has_none() {
    let rules = Rules { store_sql: StoreSql::None, ..Rules::DEFAULT };
    let mut db = memory();
    let migrator: Runner = Migrator::new(set_with(three(), rules));
    migrator.up(&mut db).unwrap();
    let mut edited = three();
    edited[2] = file("003_c", &["CREATE TABLE c (y)"]).down(&["DROP TABLE c"]);
    assert!(runner(edited).down(&mut db).unwrap_err().is_no_down());
    assert_eq!(migrator.down(&mut db).unwrap().rolled_back.len(), 1);
}

#[test]
fn a_stored_down_script_that_was_tampered_with_is_refused() {
    let mut db = memory();
    runner(three()).up(&mut db).unwrap();
    run(&db, "UPDATE _migrations SET down_sql = 'DROP TABLE a; DROP TABLE b' WHERE number = 3");
    let error = runner(three()[..2].to_vec()).down(&mut db).unwrap_err();
    assert!(error.is_no_down() && error.to_string().contains("its stored down script can't be read"), "{error}");
}

#[test]
fn redo_takes_the_stored_down_script_and_the_new_text() {
    let mut db = memory();
    assert!(runner(three()).redo(&mut db).unwrap().is_empty());
    runner(three()).up(&mut db).unwrap();
    let mut edited = three();
    edited[2] = file("003_c", &["CREATE TABLE see (x)"]).down(&["DROP TABLE see"]);
    let report = runner(edited.clone()).redo(&mut db).unwrap();
    assert_eq!((report.rolled_back.len(), report.applied.len()), (1, 1));
    assert_eq!(objects(&db), "a b see");
    assert!(runner(edited.clone()).up(&mut db).unwrap().is_empty());
    edited[2] = file("003_c", &["nonsense"]);
    let error = runner(edited.clone()).redo(&mut db).unwrap_err();
    assert_eq!((error.report().rolled_back.len(), error.report().applied.len()), (1, 0));
    assert_eq!(history(&db), "001_a 002_b");
    edited[1] = file("002_b", &["CREATE TABLE bee (x)"]);
    edited[0] = file("001_a", &["CREATE TABLE ay (x)"]);
    let error = runner(edited.clone()).redo(&mut db).unwrap_err();
    assert!(
        error.is_edited() && error.to_string().contains("`001_a`") && !error.to_string().contains("`002_b`"),
        "{error}"
    );
    assert!(runner(three()[..1].to_vec()).redo(&mut db).unwrap_err().is_missing());
    assert_eq!(history(&db), "001_a 002_b");
}

#[test]
fn a_down_script_keeps_children_too() {
    let mut db = memory();
    let mut files = vec![family("ON DELETE CASCADE"), rebuild("002_rebuild")];
    files[1] = files[1].clone().down(&[
        "CREATE TABLE parent_old (id INTEGER PRIMARY KEY, name TEXT)",
        "INSERT INTO parent_old SELECT id, name FROM parent",
        "DROP TABLE parent",
        "ALTER TABLE parent_old RENAME TO parent",
    ]);
    runner(files.clone()).up(&mut db).unwrap();
    runner(files).down(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT count(*) FROM child"), "2");
    assert_eq!(ask(&db, "PRAGMA foreign_keys"), "1");
}

#[test]
fn reset_says_what_it_will_do_and_does_it() {
    let mut db = memory();
    let migrator = runner(three());
    assert_eq!(migrator.reset_plan(&mut db).unwrap(), ResetPlan::Downs(0));
    assert!(migrator.reset(&mut db).unwrap().is_empty());
    migrator.up(&mut db).unwrap();
    assert_eq!(migrator.reset_plan(&mut db).unwrap(), ResetPlan::Downs(3));
    assert_eq!(migrator.reset(&mut db).unwrap().rolled_back.len(), 3);
    assert_eq!(objects(&db), "");
}

#[test]
fn reset_drops_everything_where_a_down_script_is_missing() {
    let mut db = memory();
    let one = file(
        "001_one",
        &[
            "CREATE TABLE child (id INTEGER PRIMARY KEY, parent REFERENCES parent (id))",
            "CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT)",
            "INSERT INTO parent VALUES (7)",
            "INSERT INTO child VALUES (1, 7)",
            "CREATE VIEW odd AS SELECT * FROM nowhere",
            "CREATE VIEW \"a \"\"view\"\"\" AS SELECT * FROM parent",
            "CREATE TRIGGER trig AFTER INSERT ON child BEGIN SELECT 1; END",
            "CREATE INDEX child_parent ON child (parent)",
            "CREATE VIRTUAL TABLE words USING fts5(text)",
            "INSERT INTO words VALUES ('a')",
        ],
    );
    let migrator = runner(vec![one, file("002_two", &[]).down(&[])]);
    migrator.up(&mut db).unwrap();
    assert_eq!(migrator.reset_plan(&mut db).unwrap(), ResetPlan::DropEverything { missing: vec!["001_one".into()] });
    let report = migrator.reset(&mut db).unwrap();
    assert_eq!(report.rolled_back.iter().map(|done| done.number).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(ask(&db, "SELECT coalesce(group_concat(name), '') FROM sqlite_master"), "sqlite_sequence");
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_sequence"), "0");
    assert_eq!(ask(&db, "PRAGMA foreign_keys"), "1");
    assert_eq!(migrator.up(&mut db).unwrap().applied.len(), 2);
}

#[test]
fn a_copy_is_whole_and_overwrites_nothing() {
    let folder = Folder::new();
    let mut db = rusqlite::Connection::open(folder.file("it's.db")).unwrap();
    run(&db, "PRAGMA journal_mode = wal");
    let migrator = runner(three());
    migrator.up(&mut db).unwrap();
    let copy = folder.file("co'py.db");
    migrator.copy_to(&mut db, &copy).unwrap();
    let mut second = rusqlite::Connection::open(&copy).unwrap();
    assert!(migrator.up(&mut second).unwrap().is_empty());
    assert_eq!(dump(&second), dump(&db));
    let error = migrator.copy_to(&mut db, &copy).unwrap_err();
    assert_eq!(error.kind(), dbmigrate_runtime::ErrorKind::Copy);
    assert!(migrator.copy_to(&mut db, &folder.file("none/copy.db")).is_err());
    assert!(migrator.copy_to(&mut db, std::path::Path::new("")).is_err());
}
