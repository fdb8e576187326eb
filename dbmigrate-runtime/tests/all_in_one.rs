//! `transaction = "all"`: what is pending runs with the same enforcement of foreign keys.

mod support;

use dbmigrate_runtime::{Error, Migrator, Rules, TransactionMode};
use support::*;

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
        ("ON UPDATE CASCADE", shift, "rows of `parent` are deleted or get another key"),
        ("ON DELETE CASCADE", replace, "rows of `parent` are deleted or get another key"),
        ("ON DELETE CASCADE", delete, "rows of `child` refer to nothing"),
    ];
    for (action, change, says) in cases {
        let mut db = enforcing(true);
        let migrator: Runner = Migrator::new(set_with(vec![family(action), change, rebuild("003_rebuild")], rules));
        let error = migrator.up(&mut db).unwrap_err();
        assert!(error.is_foreign_key() && error.to_string().contains(says), "{error}");
        // Not only at the end, by when another file may have put rows of the same key there.
        assert!(error.file().is_some_and(|file| file.starts_with("migrations/002_")), "{error}");
    }
    // Nor is what a constraint of the table replaces.
    let makes = || {
        let parent = "CREATE TABLE parent (id INTEGER PRIMARY KEY, name UNIQUE ON CONFLICT REPLACE)";
        let child = "CREATE TABLE child (id INTEGER PRIMARY KEY, parent REFERENCES parent (name) ON DELETE CASCADE)";
        let rows = ["INSERT INTO parent VALUES (1, 'a')", "INSERT INTO child VALUES (10, 'a')"];
        let other = ["CREATE TABLE q (id INTEGER PRIMARY KEY)", "CREATE TABLE d (q REFERENCES q)"];
        file("001_makes", &[&[parent, child][..], &rows, &other].concat())
    };
    let drops = || file("003_drops", &["DROP TABLE q", "CREATE TABLE q (id INTEGER PRIMARY KEY)"]);
    for (inserts, is_refused) in [
        ("INSERT INTO parent VALUES (2, 'a')", true),
        ("WITH n(i) AS (SELECT 2) INSERT INTO parent SELECT i, 'a' FROM n", true),
        ("INSERT INTO parent VALUES (2, 'b')", false),
        ("INSERT INTO q SELECT id FROM parent", false),
    ] {
        let migrator: Runner = Migrator::new(set_with(vec![makes(), file("002_inserts", &[inserts]), drops()], rules));
        let mut db = enforcing(true);
        runner(vec![makes()]).up(&mut db).unwrap();
        let result = migrator.up(&mut db);
        assert_eq!(result.as_ref().is_err_and(Error::is_foreign_key), is_refused, "{inserts}: {result:?}");
        assert_eq!(children(&db), "10:a");
    }
    // Nor where it is the key of the table itself, of which the plan shows nothing.
    for (key, insert) in [
        ("id INTEGER PRIMARY KEY ON CONFLICT REPLACE, name)", "INSERT INTO parent VALUES (1, 'b')"),
        ("id TEXT PRIMARY KEY ON CONFLICT REPLACE, name) WITHOUT ROWID", "INSERT INTO parent SELECT '1', 'b'"),
    ] {
        let parent: &'static str = format!("CREATE TABLE parent ({key}").leak();
        let child = "CREATE TABLE child (id INTEGER PRIMARY KEY, parent REFERENCES parent ON DELETE CASCADE)";
        let other = ["CREATE TABLE q (id INTEGER PRIMARY KEY)", "CREATE TABLE d (q REFERENCES q)"];
        let rows = ["INSERT INTO parent VALUES (1, 'a')", "INSERT INTO child SELECT 10, id FROM parent"];
        let makes = || file("001_makes", &[&[parent, child][..], &rows, &other].concat());
        let mut db = enforcing(true);
        runner(vec![makes()]).up(&mut db).unwrap();
        let migrator: Runner = Migrator::new(set_with(vec![makes(), file("002_inserts", &[insert]), drops()], rules));
        let error = migrator.up(&mut db).unwrap_err();
        assert!(error.is_foreign_key() && error.file() == Some("migrations/002_inserts.sql"), "{key}: {error}");
        assert_eq!(children(&db), "10:1");
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
fn no_cascade_of_what_a_trigger_does_is_left_out_either() {
    let rules = Rules { transaction: TransactionMode::All, ..Rules::DEFAULT };
    // The children would belong to the new one.
    let trigger = "CREATE TRIGGER renew AFTER INSERT ON asks BEGIN DELETE FROM parent WHERE id = new.x; \
                   INSERT INTO parent VALUES (new.x, 'new'); END";
    let makes = || file("002_makes", &["CREATE TABLE asks (x)", trigger]);
    let asks = || file("003_asks", &["INSERT INTO asks VALUES (1)"]);
    let mut db = enforcing(true);
    runner(vec![family("ON DELETE CASCADE"), makes()]).up(&mut db).unwrap();
    let files = vec![family("ON DELETE CASCADE"), makes(), asks(), rebuild("004_rebuild")];
    let error = Runner::new(set_with(files, rules)).up(&mut db).unwrap_err();
    assert!(error.is_foreign_key() && error.file() == Some("migrations/003_asks.sql"), "{error}");
    assert_eq!(children(&db), "10:1 20:2");
    runner(vec![family("ON DELETE CASCADE"), makes(), asks()]).up(&mut db).unwrap();
    assert_eq!(children(&db), "20:2");
}

#[test]
fn what_no_action_would_follow_may_be_done_where_another_file_needs_enforcement_off() {
    let rules = Rules { transaction: TransactionMode::All, ..Rules::DEFAULT };
    let makes = || {
        let other = ["CREATE TABLE q (id INTEGER PRIMARY KEY)", "CREATE TABLE d (q REFERENCES q)"];
        let rows = ["INSERT INTO parent VALUES (3, 'c')", "INSERT INTO q VALUES (1)", "INSERT INTO d VALUES (1)"];
        file("002_makes", &[&other[..], &rows].concat())
    };
    for (action, statements) in [
        ("", &["UPDATE parent SET id = 4 WHERE id = 3"][..]),
        ("", &["UPDATE OR REPLACE parent SET id = 4 WHERE id = 3"]),
        ("", &["REPLACE INTO parent VALUES (1, 'new')"]),
        ("ON UPDATE CASCADE", &["REPLACE INTO parent VALUES (1, 'new')"]),
        ("ON DELETE CASCADE", &["REPLACE INTO q VALUES (1)"]),
        ("ON DELETE CASCADE", &["DELETE FROM child", "REPLACE INTO parent VALUES (1, 'new')"]),
    ] {
        let mut db = enforcing(true);
        runner(vec![family(action), makes()]).up(&mut db).unwrap();
        let files = vec![family(action), makes(), file("003_changes", statements), rebuild("004_rebuild")];
        let migrator: Runner = Migrator::new(set_with(files, rules));
        migrator.up(&mut db).unwrap_or_else(|error| panic!("{action} {statements:?}: {error}"));
    }
}

#[test]
fn a_key_of_two_columns_is_compared_as_a_whole_where_another_file_needs_enforcement_off() {
    let rules = Rules { transaction: TransactionMode::All, ..Rules::DEFAULT };
    let makes = || {
        file(
            "001_makes",
            &[
                "CREATE TABLE p (a, b, PRIMARY KEY (a, b))",
                "CREATE TABLE c (a, b, FOREIGN KEY (a, b) REFERENCES p ON UPDATE CASCADE)",
                "INSERT INTO p VALUES (1, 1)",
                "INSERT INTO c VALUES (1, 1)",
                "CREATE TABLE q (id INTEGER PRIMARY KEY)",
                "CREATE TABLE d (q REFERENCES q)",
            ],
        )
    };
    // The row of `c` would be that of another one.
    let moves = file("002_moves", &["UPDATE p SET b = 2", "INSERT INTO p VALUES (1, 1)"]);
    let drops = file("003_drops", &["DROP TABLE q", "CREATE TABLE q (id INTEGER PRIMARY KEY)"]);
    let mut db = enforcing(true);
    runner(vec![makes()]).up(&mut db).unwrap();
    let migrator: Runner = Migrator::new(set_with(vec![makes(), moves, drops], rules));
    let error = migrator.up(&mut db).unwrap_err();
    assert!(error.to_string().contains("rows of `p` are deleted or get another key"), "{error}");
    assert_eq!(ask(&db, "SELECT a || b FROM p"), "11");
}
