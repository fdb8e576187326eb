//! Rows that refer to nothing: new ones fail, those that were there are nobody's fault.

use super::*;

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
        assert!(text.contains("help: keep the keys of the parents"), "{text}");
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
fn an_orphan_is_noticed_whatever_follows_in_its_transaction() {
    let files = || {
        let orphan = file("002_orphan", &["INSERT INTO child VALUES (30, 99)"]).foreign_keys(false);
        vec![family(""), orphan, file("003_next", &["CREATE TABLE t (x)"]).foreign_keys(false)]
    };
    for transaction in [TransactionMode::Each, TransactionMode::All] {
        for had in [0, 1] {
            let mut db = enforcing(true);
            runner(files()[..had].to_vec()).up(&mut db).unwrap();
            let migrator: Runner = Migrator::new(set_with(files(), Rules { transaction, ..Rules::DEFAULT }));
            let error = migrator.up(&mut db).unwrap_err();
            assert!(error.is_foreign_key() && error.to_string().contains("row 30 of `child`"), "{error}");
            let is_one_left = had == 1 || transaction == TransactionMode::Each;
            assert_eq!(objects(&db), if is_one_left { "child parent" } else { "" });
        }
    }
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
    // Nor are they of a table that takes the place of one, although it had none under its own name.
    let makes = || {
        let next = "CREATE TABLE next (id INTEGER PRIMARY KEY, parent REFERENCES parent)";
        vec![family(""), file("002_next", &[next])]
    };
    let takes_over = ["INSERT INTO next SELECT * FROM child", "DROP TABLE child", "ALTER TABLE next RENAME TO child"];
    let mut db = enforcing(false);
    runner(makes()).up(&mut db).unwrap();
    run(&db, "INSERT INTO child VALUES (30, 77)");
    let files = [makes(), vec![file("003_takes_over", &takes_over).foreign_keys(false)]].concat();
    runner(files).up(&mut db).unwrap();
    assert_eq!(children(&db), "10:1 20:2 30:77");
}

#[test]
fn a_table_with_two_keys_to_nothing_is_named_once() {
    let makes = [
        "CREATE TABLE p (id INTEGER PRIMARY KEY)",
        "CREATE TABLE q (id INTEGER PRIMARY KEY)",
        "CREATE TABLE c (p REFERENCES p, q REFERENCES q)",
    ];
    let orphan = file("002_b", &["INSERT INTO c VALUES (1, 2)"]).foreign_keys(false);
    let error = runner(vec![file("001_a", &makes), orphan]).up(&mut enforcing(true)).unwrap_err();
    assert!(error.to_string().contains(": rows of `c` refer to nothing"), "{error}");
    assert_eq!(error.notes().iter().filter(|note| note.starts_with("row 1 of `c` has no parent in")).count(), 2);
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
fn a_mismatch_that_sqlite_takes_is_taken_in_a_fresh_database_too() {
    let one = file("001_one", &["CREATE TABLE p (x)", "CREATE TABLE d (x REFERENCES d DEFERRABLE INITIALLY DEFERRED)"]);
    let two = file("002_two", &["CREATE TABLE c (x REFERENCES p (x))"]);
    let set = || runner(vec![one.clone(), two.clone()]);
    let mut db = enforcing(true);
    set().up_to(&mut db, 1_u64).unwrap();
    set().up(&mut db).unwrap();
    set().up(&mut enforcing(true)).unwrap();
    // Without enforcement it is one that nobody would see.
    let error = runner(vec![one.clone(), two.clone().foreign_keys(false)]).up(&mut enforcing(true)).unwrap_err();
    assert!(error.to_string().contains("a foreign key refers to columns that are not a key"), "{error}");
}
