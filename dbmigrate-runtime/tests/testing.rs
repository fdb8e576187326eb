//! One call for a test of the program: every migration up, back, up again, with rows in it.

mod support;

use dbmigrate_runtime::{BoxError, FaultKind, Faults, Leg, Migrator, Rules, Tested, TransactionMode};
use rusqlite::Connection;
use support::package::package;
use support::*;

fn check(files: Vec<File>) -> Result<Tested, Faults> {
    runner(files).testing().check_all()
}

/// One line for each fault.
fn said(result: Result<Tested, Faults>) -> Vec<String> {
    let faults = result.expect_err("there is a fault");
    faults.all().iter().map(|fault| fault.to_string().lines().next().unwrap_or_default().to_owned()).collect()
}

fn tables() -> File {
    file(
        "001_tables",
        &[
            "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
            "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent ON DELETE CASCADE, note TEXT)",
            "CREATE TABLE other (code TEXT PRIMARY KEY, at DATETIME, ratio REAL, data BLOB) WITHOUT ROWID",
        ],
    )
    .down(&["DROP TABLE other", "DROP TABLE child", "DROP TABLE parent"])
}

#[test]
fn a_sound_set_passes() {
    let files = vec![
        tables(),
        file("002_column", &["ALTER TABLE parent ADD COLUMN age INT", "CREATE INDEX parent_age ON parent (age)"])
            .down(&["DROP INDEX parent_age", "ALTER TABLE parent DROP COLUMN age"]),
        rebuild("003_rebuild").down(&["ALTER TABLE parent ADD COLUMN age INT"]),
        file("004_fill", &["UPDATE child SET note = 'none' WHERE note IS NULL"]).irreversible("it is not needed"),
        file("005_view", &["CREATE VIEW v AS SELECT id FROM child"]).no_transaction().down(&["DROP VIEW v"]),
        file("006_more", &["INSERT INTO other (code) VALUES ('x')"]).down(&["DELETE FROM other WHERE code = 'x'"]),
    ];
    let mut sound = files.clone();
    // What it drops comes back with an index less.
    sound[2] = rebuild("003_rebuild").down(&[
        "ALTER TABLE parent ADD COLUMN age INT",
        "CREATE INDEX parent_age ON parent (age)",
        "CREATE UNIQUE INDEX parent_name ON parent (name)",
    ]);
    let faults = said(check(sound));
    assert!(faults[0].starts_with("`003_rebuild` (down): the table `parent`: "), "{faults:?}");
    let mut sound = files;
    sound.remove(2);
    let tested = check(sound).unwrap();
    assert_eq!((tested.ups, tested.downs), (5, 4));
    assert_eq!((tested.without_rows, tested.empty), (vec![], vec![]));
    assert_eq!(check(vec![]).unwrap(), Tested::default());
}

#[test]
fn rows_that_a_rebuild_loses_are_named() {
    let lossy = |on: bool| {
        file(
            "002_rebuild",
            &[
                "CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
                "INSERT INTO parent_new SELECT id, name FROM parent",
                "DROP TABLE parent",
                "ALTER TABLE parent_new RENAME TO parent",
            ],
        )
        .foreign_keys(on)
    };
    assert_eq!(check(vec![tables(), lossy(false)]).unwrap().ups, 2);
    // The runner sees this one itself.
    let faults = said(check(vec![tables(), lossy(true)]));
    assert!(faults[0].contains("would delete or change 3 rows of `child`"), "{faults:?}");
    let forgets = file(
        "002_rebuild",
        &[
            "CREATE TABLE child_new (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent, note TEXT, more)",
            "INSERT INTO child_new (id, note) SELECT id, note FROM child WHERE id > 1",
            "DROP TABLE child",
            "ALTER TABLE child_new RENAME TO child",
        ],
    );
    assert_eq!(said(check(vec![tables(), forgets])), ["`002_rebuild`: the table `child`: 1 of 3 rows is gone"]);
    let empties = file(
        "002_rebuild",
        &[
            "CREATE TABLE child_new (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent, note TEXT, more)",
            "INSERT INTO child_new (id, note) SELECT id, note FROM child",
            "DROP TABLE child",
            "ALTER TABLE child_new RENAME TO child",
        ],
    );
    let faults = check(vec![tables(), empties.clone()]).unwrap_err();
    let FaultKind::Rows { table, difference } = &faults.all()[0].kind else { panic!("{faults}") };
    assert_eq!(table, "child");
    assert_eq!(difference, "`parent` has become NULL in (id = 1, parent = 1, note = 'note 1')");
    assert!(runner(vec![tables(), empties]).testing().may_change(2_u64, "Child").check_all().is_ok());
}

#[test]
fn a_down_script_that_leads_elsewhere_is_named_and_hides_no_other() {
    let files = vec![
        tables(),
        file("002_index", &["CREATE INDEX child_parent ON child (parent)", "CREATE VIEW v AS SELECT 1 AS x"])
            .down(&["SELECT 1"]),
        file("003_column", &["ALTER TABLE parent ADD COLUMN age INT"]).down(&["ALTER TABLE child ADD COLUMN age INT"]),
        file("004_wrong", &["CREATE TABLE t (x)"]).down(&["DROP TABLE u"]),
        file("005_view", &["DROP VIEW v"]).down(&["CREATE VIEW v AS SELECT 2 AS x"]),
        file("006_sound", &["CREATE TABLE u (x)"]).down(&["DROP TABLE u"]),
    ];
    assert_eq!(
        said(check(files)),
        [
            "`002_index` (down): the table `child`: the index `child_parent` should not exist",
            "`002_index` (down): the view `v` should not exist",
            "`003_column` (down): the table `child`: the column `age` should not exist",
            "`003_column` (down): the table `parent`: the column `age` should not exist",
            "`004_wrong` (down): `004_wrong` failed: no such table: u",
            "`005_view` (down): the view `v` has another text",
        ]
    );
}

#[test]
fn a_down_script_that_takes_rows_of_others_is_named() {
    let files = vec![
        tables(),
        file("002_other", &["CREATE TABLE more (x)"]).down(&[
            "DROP TABLE more",
            "CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
            "DROP TABLE parent",
            "ALTER TABLE p RENAME TO parent",
        ]),
    ];
    let faults = check(files).unwrap_err();
    let legs: Vec<_> = faults.all().iter().map(|fault| fault.leg).collect();
    assert_eq!(legs, [Leg::Down], "{faults}");
}

#[test]
fn rust_that_takes_children_with_their_parent_is_seen() {
    let children = file("002_code", &["rust:0"]);
    // With foreign keys off nothing cascades, so it deletes them itself.
    let lose: Body = |db| Ok(db.execute_batch("DELETE FROM child WHERE parent = 1; UPDATE child SET parent = NULL")?);
    assert_eq!(
        said(coded(vec![tables(), children.clone()], lose)),
        ["`002_code`: the table `child`: 1 of 3 rows is gone"]
    );
    let forget: Body = |db| Ok(db.execute_batch("UPDATE child SET parent = NULL WHERE id = 2")?);
    assert_eq!(
        said(coded(vec![tables(), children], forget)),
        ["`002_code`: the table `child`: `parent` has become NULL in (id = 2, parent = 2, note = 'note 2')"]
    );
}

#[test]
fn in_a_large_schema_nothing_is_overlooked() {
    let many = (0..70).map(|at| -> &'static str { format!("CREATE TABLE t{at} (x INT)").leak() });
    let many: Vec<&'static str> = many.chain(["CREATE TABLE log (child INT)"]).collect();
    let files = vec![
        tables(),
        file("002_many", many.leak()),
        file("003_more", &["INSERT INTO t7 VALUES (70)", "CREATE TABLE more (x)"])
            .down(&["DELETE FROM t7 WHERE x = 70", "DROP TABLE more"]),
        file("004_log", &["CREATE TRIGGER told AFTER UPDATE ON child BEGIN UPDATE log SET child = new.id; END"])
            .down(&["DROP TRIGGER told"]),
        file("005_fill", &["UPDATE child SET note = 'x'"]),
        file(
            "006_forget",
            &[
                "CREATE TABLE n (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent, note TEXT, more)",
                "INSERT INTO n SELECT id, parent, note, 1 FROM child WHERE id <> 2",
                "DROP TABLE child",
                "ALTER TABLE n RENAME TO child",
            ],
        ),
    ];
    assert_eq!(said(check(files)), ["`006_forget`: the table `child`: 1 of 3 rows is gone"]);
}

type Body = fn(&Connection) -> Result<(), BoxError>;

fn coded(files: Vec<File>, body: Body) -> Result<Tested, Faults> {
    Migrator::<driver::Rusqlite>::new(set(files)).with_code(move |_, db: &Connection| body(db)).testing().check_all()
}

#[test]
fn rust_is_run_and_named_where_it_fails_panics_or_loses() {
    let files = || vec![tables(), file("002_code", &["rust:0"])];
    let update: Body = |db| Ok(db.execute_batch("UPDATE child SET note = upper(note)")?);
    assert_eq!(coded(files(), update).unwrap().ups, 2);
    let delete: Body = |db| Ok(db.execute_batch("DELETE FROM child WHERE id = 2")?);
    assert_eq!(said(coded(files(), delete)), ["`002_code`: the table `child`: 1 of 3 rows is gone"]);
    let fail: Body = |_| Err("no".into());
    assert_eq!(said(coded(files(), fail)), ["`002_code`: `002_code` failed in `step`: no"]);
    let panics: Body = |_| panic!("it is {}", "broken");
    assert_eq!(said(coded(files(), panics)), ["`002_code`: its Rust panicked: it is broken"]);
}

#[test]
fn a_column_that_takes_no_null_fails_on_rows() {
    let column = file("002_column", &["ALTER TABLE child ADD COLUMN more TEXT NOT NULL"]);
    let faults = said(check(vec![tables(), column, file("003_more", &["CREATE TABLE z (x)"])]));
    assert_eq!(faults, ["`002_column`: `002_column` failed: Cannot add a NOT NULL column with default value NULL"]);
}

#[test]
fn rows_that_are_turned_away_are_no_fault_and_are_said() {
    let unique =
        file("002_unique", &["UPDATE child SET note = 'same'", "CREATE UNIQUE INDEX child_note ON child (note)"])
            .down(&["DROP INDEX child_note"]);
    let tested = check(vec![tables(), unique]).unwrap();
    assert_eq!(tested.without_rows, ["002_unique"]);
    let assert = file("002_assert", &["assert:SELECT count(*) = 0 FROM child", "DROP TABLE child"]);
    assert_eq!(check(vec![tables(), assert]).unwrap().without_rows, ["002_assert"]);
    // Its own rows are nobody else's.
    let seeds = file("002_seeds", &["INSERT INTO other (code) VALUES ('x')"]).down(&["SELECT 1"]);
    let faults = said(check(vec![tables(), seeds]));
    assert!(faults[0].starts_with("`002_seeds` (up again after down): "), "{faults:?}");
    let picky = file("001_picky", &["CREATE TABLE picky (x TEXT NOT NULL CHECK (x = 'only this'))"]);
    assert_eq!(check(vec![picky]).unwrap().empty, ["picky"]);
}

#[test]
fn triggers_modules_and_hooks_are_no_fault() {
    let files = vec![
        file(
            "001_fts",
            &[
                "CREATE TABLE doc (id INTEGER PRIMARY KEY, body TEXT, words INT)",
                "CREATE VIRTUAL TABLE doc_fts USING fts5 (body, content = 'doc')",
                "CREATE TRIGGER told AFTER UPDATE OF body ON doc BEGIN UPDATE log SET what = new.id; END",
            ],
        )
        .down(&["DROP TABLE doc_fts", "DROP TABLE doc"]),
        file("002_body", &["UPDATE doc SET body = 'x'"]).down(&["SELECT 1"]),
    ];
    let package = package(files)
        .before(&["CREATE TABLE IF NOT EXISTS log (what)"])
        .after(&["INSERT INTO log VALUES ('done')"])
        .repeatable("v", &["CREATE VIEW v AS SELECT id FROM doc"])
        .rules(Rules { transaction: TransactionMode::All, ..Rules::DEFAULT });
    let tested = package.runner().testing().check_all().unwrap();
    assert_eq!((tested.ups, tested.downs), (2, 2));
}

#[test]
fn what_the_program_registers_is_registered_by_it() {
    let files =
        || vec![file("001_a", &["CREATE TABLE t (x TEXT COLLATE backwards UNIQUE)"]), file("002_b", &["SELECT 1"])];
    let collate = |db: &mut Connection| -> Result<(), BoxError> {
        Ok(db.create_collation("backwards", |one: &str, other: &str| other.cmp(one))?)
    };
    assert_eq!(runner(files()).testing().on_connect(collate).check_all().unwrap().empty, Vec::<String>::new());
    let refused = runner(files()).testing().on_connect(|_| Err("no".into())).check_all().unwrap_err();
    assert_eq!(refused.to_string(), "1 fault in the migrations\n`001_a`: could not open a database for a test: no");
}

#[test]
fn no_other_file_is_touched() {
    let attach = file("001_a", &["ATTACH 'other.db' AS other"]).no_transaction();
    assert_eq!(said(check(vec![attach])), ["`001_a`: `001_a` also works on other files, and a test does not"]);
    for hooked in [
        package(vec![file("001_a", &["SELECT 1"])]).before(&["ATTACH 'other.db' AS other"]),
        package(vec![file("001_a", &["SELECT 1"])]).after(&["ATTACH 'other.db' AS other"]),
    ] {
        let faults = said(hooked.runner().testing().check_all());
        assert!(faults[0].ends_with("_all.sql` also works on other files, and a test does not"), "{faults:?}");
    }
}

#[test]
fn a_set_that_builds_on_another_is_tried_on_it() {
    let invoices = file(
        "001_invoices",
        &[
            "CREATE TABLE invoices (who INTEGER REFERENCES users (id))",
            "CREATE VIEW v AS SELECT id FROM users",
            "INSERT INTO invoices SELECT id FROM users",
        ],
    )
    .down(&["DROP VIEW v", "DROP TABLE invoices"])
    .requires(&["accounts/001_users"]);
    let billing = || package(vec![invoices.clone()]).own("billing");
    let accounts = package(vec![
        file("001_users", &["CREATE TABLE users (id INTEGER PRIMARY KEY)"]),
        file("002_back", &["ALTER TABLE invoices ADD COLUMN sum"]).requires(&["billing/001_invoices"]),
    ])
    .own("accounts")
    .set();
    assert!(said(billing().runner().testing().check_all())[0].contains("no such table"));
    let tested = billing().runner().beside(&Runner::new(accounts)).testing().check_all().unwrap();
    assert_eq!((tested.ups, tested.downs), (1, 1));
}
