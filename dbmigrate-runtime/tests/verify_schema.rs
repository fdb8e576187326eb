//! `verify_schema`: a database that somebody has changed by hand is told from one that only looks different.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use std::cell::RefCell;
use std::rc::Rc;

use dbmigrate_runtime::{Migrator, NewerDatabase, NoBackend, Rules, Set};
use rusqlite::{Connection, OpenFlags};
use support::fault::{Fault, FaultyDriver};
use support::package::{Package, package};
use support::probe::{self, Probe};
use support::*;

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x', CHECK (id > 0))";
const POSTS: &str = "CREATE TABLE posts (id, user INTEGER REFERENCES users (id) ON DELETE CASCADE)";
const INDEX: &str = "CREATE INDEX by_user ON posts (user) WHERE user > 0";
const TRIGGER: &str = "CREATE TRIGGER tr AFTER INSERT ON posts BEGIN UPDATE users SET name = 'y'; END";
const VIEW: &str = "CREATE VIEW v AS SELECT name FROM users";

fn three() -> Vec<File> {
    vec![
        file("001_users", &[USERS]),
        file("002_posts", &[POSTS, INDEX, TRIGGER]),
        file("003_more", &[VIEW, "ALTER TABLE users ADD COLUMN age INTEGER"]),
    ]
}

/// The set with all of it sealed, as the generated module has it.
fn seal(set: &'static Set<'static>) -> &'static Set<'static> {
    let fingerprint = Migrator::<'_, driver::Rusqlite>::new(set).schema_fingerprint().unwrap();
    Box::leak(Box::new(Set { sealed: set.migrations.len(), schema: Some(fingerprint.leak()), ..*set }))
}

fn migrated(set: &'static Set<'static>) -> Connection {
    let mut db = memory();
    Migrator::<'_, driver::Rusqlite>::new(set).up(&mut db).unwrap();
    db
}

fn verify(
    set: &'static Set<'static>,
    db: &mut Connection,
) -> Result<(usize, bool, Vec<String>), dbmigrate_runtime::Error> {
    let verified = Migrator::<'_, driver::Rusqlite>::new(set).verify_schema(db)?;
    Ok((verified.objects, verified.replayed, verified.pending))
}

/// What the probe sees of one verification: the files that were opened, and the statements.
fn watched(set: &'static Set<'static>, db: &mut Connection) -> (Vec<String>, Vec<String>) {
    let (opened, said) = (Rc::new(RefCell::new(Vec::new())), Rc::new(RefCell::new(Vec::new())));
    let (opening, saying) = (Rc::clone(&opened), Rc::clone(&said));
    probe::on_open(move |path| {
        opening.borrow_mut().push(path.display().to_string());
        Ok(())
    });
    probe::on_done(move |sql| saying.borrow_mut().push(sql.to_owned()));
    Migrator::<'_, Probe>::new(set).verify_schema(db).unwrap();
    (opened.take(), said.take())
}

#[test]
fn a_sealed_set_costs_one_query_and_no_replay() {
    let set = seal(set(three()));
    let mut db = migrated(set);
    let (opened, said) = watched(set, &mut db);
    assert_eq!(opened, Vec::<String>::new());
    assert!(said.len() == 1 && said[0].starts_with("SELECT type, name, sql"), "{said:?}");
    assert_eq!(verify(set, &mut db).unwrap(), (5, false, vec![]));
    // And the other way, where nothing is sealed.
    let set = support::set(three());
    let (opened, said) = watched(set, &mut db);
    assert_eq!(opened, [":memory:"]);
    assert!(said.len() > 10, "{said:?}");
    assert_eq!(verify(set, &mut db).unwrap(), (5, true, vec![]));
}

/// Both ways to tell must say this of a database that these statements have changed.
#[track_caller]
fn drifts(change: &str, expect: &[&str]) {
    for set in [set(three()), seal(set(three()))] {
        let mut db = migrated(set);
        run(&db, change);
        let before = dump(&db);
        let changes = db.total_changes();
        let error = verify(set, &mut db).unwrap_err();
        assert!(error.is_drift() && !error.is_unverified(), "{error}");
        assert_eq!(error.notes(), expect, "{change}");
        assert!(error.help()[0].contains("`cargo dbmigrate drift`"), "{error}");
        assert_eq!((dump(&db), db.total_changes(), db.is_autocommit()), (before, changes, true));
    }
}

#[test]
fn drift_of_every_sort_is_named_object_by_object() {
    let rewrite = |from: &str, to: &str| {
        format!(
            "PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = replace(sql, '{from}', '{to}'); \
             PRAGMA writable_schema = RESET"
        )
    };
    drifts(&rewrite(", CHECK (id > 0)", ""), &["the table `users` lacks `check ( id > 0 )`"]);
    drifts(
        &rewrite("DEFAULT ''x''", "DEFAULT ''z''"),
        &["the table `users` has `'z'` where the migrations make `'x'`"],
    );
    drifts(&rewrite(" NOT NULL", ""), &["the table `users` lacks `not null`"]);
    drifts(&rewrite("CASCADE", "SET NULL"), &["the table `posts` has `set null` where the migrations make `cascade`"]);
    drifts("DROP INDEX by_user", &["the index `by_user` is missing"]);
    drifts("DROP VIEW v", &["the view `v` is missing"]);
    drifts("DROP TRIGGER tr", &["the trigger `tr` is missing"]);
    drifts(
        "DROP TRIGGER tr; CREATE TRIGGER tr AFTER INSERT ON posts BEGIN UPDATE users SET name = 'n'; END",
        &["the trigger `tr` has `'n'` where the migrations make `'y'`"],
    );
    drifts("CREATE TABLE Extra (x)", &["no migration makes the table `extra`"]);
    drifts("CREATE INDEX other ON posts (id)", &["no migration makes the index `other`"]);
    drifts(
        "CREATE VIRTUAL TABLE rt USING rtree (id, a, b)",
        &[
            "no migration makes the table `rt`",
            "no migration makes the table `rt_node`",
            "no migration makes the table `rt_parent`",
            "no migration makes the table `rt_rowid`",
        ],
    );
    drifts("ALTER TABLE users ADD COLUMN nick TEXT", &["the table `users` has `nick text`, which no migration makes"]);
    drifts(
        "DROP TABLE posts; DROP VIEW v",
        &[
            "the table `posts` is missing",
            "the trigger `tr` is missing",
            "the view `v` is missing",
            "the index `by_user` is missing",
        ],
    );
}

#[test]
fn a_text_that_only_looks_different_is_no_drift() {
    let set = seal(set(three()));
    let mut db = memory();
    run(
        &db,
        "create table [Users](\"id\" integer primary key, -- the number\n name text not null default 'x', `age` INTEGER, \
         check(id>0));
         CREATE TABLE IF NOT EXISTS main.\"posts\" (id,\n\tuser INTEGER references \"users\"(id) on delete cascade);
         CREATE INDEX IF NOT EXISTS \"by_user\" ON posts(user) where user>0;
         create trigger tr after insert on posts begin /* all */ update \"users\" set name='y'; end;
         CREATE VIEW v as select NAME from [users]",
    );
    Migrator::<'_, driver::Rusqlite>::new(set).mark(&mut db).unwrap();
    assert_eq!(verify(set, &mut db).unwrap(), (5, false, vec![]));
    assert_eq!(verify(support::set(three()), &mut db).unwrap(), (5, true, vec![]));
}

#[test]
fn a_text_of_another_sqlite_is_no_drift_either() {
    // As if the one that sealed it had written the same otherwise.
    let set: &Set<'_> = Box::leak(Box::new(Set { schema: Some("s1:0000000000000000"), ..*set(three()) }));
    assert_eq!(verify(set, &mut migrated(set)).unwrap(), (5, true, vec![]));
    let set: &Set<'_> = Box::leak(Box::new(Set { schema: Some("s2:of-another-version"), ..*set }));
    assert_eq!(verify(set, &mut migrated(set)).unwrap(), (5, true, vec![]));
}

#[test]
fn what_is_pending_is_named_and_not_expected() {
    let set = seal(set(three()));
    let runner = || Migrator::<'_, driver::Rusqlite>::new(set);
    let mut db = memory();
    let pending = ["001_users", "002_posts", "003_more"].map(str::to_owned);
    assert_eq!(verify(set, &mut db).unwrap(), (0, true, pending.to_vec()));
    runner().up_to(&mut db, 2_u64).unwrap();
    assert_eq!(verify(set, &mut db).unwrap(), (4, true, pending[2..].to_vec()));
    run(&db, VIEW);
    let error = verify(set, &mut db).unwrap_err();
    assert_eq!(
        error.notes(),
        ["no migration makes the view `v`", "pending migrations are not expected in it: `003_more`"]
    );
    // One that comes late is pending as well.
    let mut db = memory();
    support::runner(vec![three().remove(0), three().remove(2)]).up(&mut db).unwrap();
    assert_eq!(verify(support::set(three()), &mut db).unwrap().2, ["002_posts"]);
    // One that changes no schema may be pending where the fingerprint is right: it has what all of them make.
    let mut files = three();
    files.push(file("004_rows", &["INSERT INTO users (id) VALUES (1)"]));
    let set = seal(support::set(files));
    assert_eq!(verify(set, &mut migrated(support::set(three()))).unwrap(), (5, false, vec![]));
}

#[test]
fn a_history_that_is_not_the_programs_is_its_own_error() {
    let drop_view = |db: &Connection| run(db, "DROP VIEW v");
    let mut db = migrated(set(three()));
    drop_view(&db);
    let mut edited = three();
    edited[1] = file("002_posts", &[POSTS]);
    assert!(verify(set(edited), &mut db).unwrap_err().is_edited());
    let older = set(three()[..2].to_vec());
    assert!(verify(older, &mut db).unwrap_err().is_newer_database());
    // Nobody knows what the newer one makes, allowed or not.
    let rules = Rules { newer_database: NewerDatabase::Allow, ..Rules::DEFAULT };
    assert!(verify(set_with(three()[..2].to_vec(), rules), &mut db).unwrap_err().is_newer_database());
    let mut db = memory();
    run(&db, USERS);
    assert!(verify(set(three()), &mut db).unwrap_err().is_existing_schema());
    let files = vec![file("001_t", &["CREATE TABLE t (x)"]), file("002_bare", &["nonsense"]).no_transaction()];
    let mut db = memory();
    runner(files.clone()).up(&mut db).unwrap_err();
    assert!(verify(set(files), &mut db).unwrap_err().is_interrupted());
}

#[test]
fn a_connection_that_can_only_read_is_enough() {
    for journal in ["wal", "delete"] {
        let folder = Folder::new();
        let path = folder.file("a.db");
        let mut writer = Connection::open(&path).unwrap();
        assert_eq!(ask(&writer, &format!("PRAGMA journal_mode = {journal}")), journal);
        runner(three()).up(&mut writer).unwrap();
        let open = || Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        for set in [set(three()), seal(set(three()))] {
            let is_sealed = set.schema.is_some();
            // Somebody who writes is not in the way.
            run(&writer, "BEGIN IMMEDIATE; CREATE TABLE unseen (x)");
            assert_eq!(verify(set, &mut open()).unwrap(), (5, !is_sealed, vec![]), "{journal}");
            run(&writer, "ROLLBACK; DROP VIEW v");
            assert!(verify(set, &mut open()).unwrap_err().is_drift(), "{journal}");
            run(&writer, VIEW);
        }
    }
}

#[test]
fn a_transaction_of_the_program_stays_open() {
    for set in [set(three()), seal(set(three()))] {
        let mut db = migrated(set);
        run(&db, "BEGIN; INSERT INTO users (id) VALUES (7)");
        verify(set, &mut db).unwrap();
        run(&db, "CREATE TABLE extra (x)");
        assert!(verify(set, &mut db).unwrap_err().is_drift());
        assert!(!db.is_autocommit());
        assert_eq!(ask(&db, "SELECT count(*) FROM users"), "1");
    }
}

#[test]
fn the_history_is_no_part_of_it_whatever_it_is_called() {
    let of = |table: &'static str| -> &'static Set<'static> {
        let set = Set { table, ..*with_view().set() };
        seal(Box::leak(Box::new(set)))
    };
    let mut fingerprints = Vec::new();
    for table in ["_migrations", "schema_History", "t"] {
        let set = of(table);
        fingerprints.push(set.schema.unwrap());
        let mut db = migrated(set);
        assert_eq!(verify(set, &mut db).unwrap(), (6, false, vec![]), "{table}");
        run(&db, "CREATE INDEX other ON posts (id)");
        assert!(verify(set, &mut db).unwrap_err().is_drift());
    }
    assert!(fingerprints.iter().all(|it| *it == fingerprints[0]), "{fingerprints:?}");
}

fn with_view() -> Package {
    package(three()).repeatable("names", &["CREATE VIEW names AS SELECT name FROM users"])
}

#[test]
fn repeatables_count_as_far_as_they_were_run() {
    let set = seal(with_view().set());
    let mut db = migrated(set);
    assert_eq!(verify(set, &mut db).unwrap(), (6, false, vec![]));
    // One that is edited is still to run: what the old one made is neither expected nor in the way.
    let edited = package(three()).repeatable("names", &["CREATE VIEW names AS SELECT id FROM users"]);
    let edited = seal(edited.set());
    assert_eq!(verify(edited, &mut db).unwrap(), (5, true, vec![]));
    Migrator::<'_, driver::Rusqlite>::new(edited).up(&mut db).unwrap();
    assert_eq!(verify(edited, &mut db).unwrap(), (6, false, vec![]));
    run(&db, "DROP VIEW names; CREATE VIEW names AS SELECT 1");
    let error = verify(edited, &mut db).unwrap_err();
    assert!(error.is_drift() && error.notes()[0].starts_with("the view `names` has"), "{error}");
    run(&db, "DROP VIEW names");
    assert_eq!(verify(edited, &mut db).unwrap_err().notes(), ["the view `names` is missing"]);
}

#[test]
fn a_view_may_read_one_that_is_still_to_run() {
    let of = |base: &'static str| {
        let set = package(three()).repeatable("base", &[base]);
        set.repeatable("upper", &["CREATE VIEW upper_ AS SELECT * FROM base"]).set()
    };
    let mut db = migrated(of("CREATE VIEW base AS SELECT name FROM users"));
    let edited = of("CREATE VIEW base AS SELECT id, name FROM users");
    assert_eq!(verify(edited, &mut db).unwrap(), (6, true, vec![]));
    run(&db, "DROP VIEW upper_");
    assert_eq!(verify(edited, &mut db).unwrap_err().notes(), ["the view `upper_` is missing"]);
}

#[test]
fn what_hooks_make_is_expected() {
    let set = package(three()).before(&["CREATE TABLE IF NOT EXISTS log (x)"]).after(&["assert:SELECT 0", "ANALYZE"]);
    let set = set.set();
    let without: &Set<'_> = Box::leak(Box::new(Set { after_all: None, ..*set }));
    let mut db = migrated(without);
    assert_eq!(verify(set, &mut db).unwrap(), (6, true, vec![]));
    run(&db, "DROP TABLE log");
    assert_eq!(verify(set, &mut db).unwrap_err().notes(), ["the table `log` is missing"]);
}

#[test]
fn another_encoding_makes_no_difference() {
    let set = seal(set(vec![file("001_t", &["CREATE TABLE größe (x TEXT DEFAULT '€')"])]));
    for encoding in ["UTF-8", "UTF-16le", "UTF-16be"] {
        let mut db = memory();
        run(&db, &format!("PRAGMA encoding = '{encoding}'"));
        Migrator::<'_, driver::Rusqlite>::new(set).up(&mut db).unwrap();
        assert_eq!(ask(&db, "PRAGMA encoding"), encoding);
        assert_eq!(verify(set, &mut db).unwrap(), (1, false, vec![]));
    }
}

#[test]
fn assertions_and_other_sets_do_not_stand_in_the_way() {
    let files = vec![
        file("001_t", &["CREATE TABLE t (x)"]),
        file("002_u", &["assert:SELECT count(*) > 0 FROM t", "CREATE TABLE u (x)"]).requires(&["001_t"]),
    ];
    let set = seal(set(files));
    let mut db = memory();
    Migrator::<'_, driver::Rusqlite>::new(set).up_to(&mut db, 1_u64).unwrap();
    run(&db, "INSERT INTO t VALUES (1)");
    Migrator::<'_, driver::Rusqlite>::new(set).up(&mut db).unwrap();
    assert_eq!(verify(support::set(set_files()), &mut db).unwrap(), (2, true, vec![]));
    assert_eq!(verify(set, &mut db).unwrap(), (2, false, vec![]));

    fn set_files() -> Vec<File> {
        vec![
            file("001_t", &["CREATE TABLE t (x)"]),
            file("002_u", &["assert:SELECT count(*) > 0 FROM t", "CREATE TABLE u (x)"]).requires(&["001_t"]),
        ]
    }
}

#[test]
fn rust_runs_in_memory_only_where_the_program_says_so() {
    let files = || vec![file("001_t", &["CREATE TABLE t (x)"]), file("002_code", &["rust:7"])];
    let runs = RefCell::new(0);
    let code = |id: u32, db: &Connection| {
        assert_eq!(id, 7);
        *runs.borrow_mut() += 1;
        run(db, "CREATE TABLE made_by_code (x)");
        Ok(())
    };
    let migrator = || Migrator::<'_, driver::Rusqlite>::new(set(files())).with_code(code);
    let mut db = memory();
    migrator().up(&mut db).unwrap();
    let error = migrator().verify_schema(&mut db).unwrap_err();
    assert!(error.is_unverified() && !error.is_drift(), "{error}");
    assert_eq!(error.notes(), ["`002_code` contains Rust"]);
    assert!(migrator().schema_fingerprint().unwrap_err().is_unverified());
    assert_eq!(*runs.borrow(), 1);

    let verified = migrator().replay_code().verify_schema(&mut db).unwrap();
    assert_eq!((verified.objects, verified.replayed, *runs.borrow()), (2, true, 2));
    run(&db, "DROP TABLE made_by_code");
    assert!(migrator().replay_code().verify_schema(&mut db).unwrap_err().is_drift());

    // A fingerprint that is right needs no replay, and one that is not is all that is known.
    let fingerprint = migrator().replay_code().schema_fingerprint().unwrap();
    let sealed: &Set<'_> = Box::leak(Box::new(Set { schema: Some(fingerprint.leak()), ..*set(files()) }));
    let migrator = || Migrator::<'_, driver::Rusqlite>::new(sealed).with_code(code);
    let error = migrator().verify_schema(&mut db).unwrap_err();
    assert!(error.is_drift() && error.is_unverified(), "{error}");
    assert_eq!(error.notes(), ["`002_code` contains Rust"]);
    // What is pending is no drift.
    let error = migrator().verify_schema(&mut memory()).map(|verified| verified.pending.len());
    assert_eq!(error.unwrap(), 2);
    let mut later = files();
    later.push(file("003_u", &["CREATE TABLE u (x)"]));
    let later: &Set<'_> = Box::leak(Box::new(Set { schema: Some("s1:of-all-three"), ..*set(later) }));
    let error = Migrator::<'_, driver::Rusqlite>::new(later).with_code(code).verify_schema(&mut db).unwrap_err();
    assert!(error.is_unverified() && !error.is_drift(), "{error}");
    run(&db, "CREATE TABLE made_by_code (x)");
    let before = *runs.borrow();
    assert!(!migrator().verify_schema(&mut db).unwrap().replayed);
    assert_eq!(*runs.borrow(), before);
}

#[test]
fn what_works_on_other_files_does_not_run() {
    let folder = Folder::new();
    let other = folder.file("other.db");
    let attach: &'static str = format!("ATTACH '{}' AS other", other.display()).leak();
    let files = vec![file("001_x", &[attach, "CREATE TABLE t (x)"]).no_transaction()];
    let mut db = memory();
    runner(files.clone()).up(&mut db).unwrap();
    let _ = std::fs::remove_file(&other);
    let error = verify(set(files), &mut db).unwrap_err();
    assert!(error.is_unverified() && error.notes()[0].contains("also works on other files"), "{error}");
    assert!(!other.exists());
}

#[test]
fn a_driver_without_a_backend_has_the_fingerprint_alone() {
    let unsealed: Migrator<'_, NoBackend> = Migrator::new(set(three()));
    let mut db = migrated(unsealed.set().unwrap());
    let error = unsealed.verify_schema_with(&mut FaultyDriver::new(&mut db, Fault::None, 0)).unwrap_err();
    assert!(error.is_unverified() && error.to_string().contains("have no driver"), "{error}");
    let sealed: Migrator<'_, NoBackend> = Migrator::new(seal(set(three())));
    let mut driver = FaultyDriver::new(&mut db, Fault::None, 0);
    assert_eq!(sealed.verify_schema_with(&mut driver).unwrap().objects, 5);
    assert_eq!(driver.calls.len(), 1);
}

#[test]
fn a_failure_at_any_call_is_an_error_and_leaves_no_transaction() {
    for at in 0.. {
        let bound: Migrator<'_, driver::Rusqlite> = Migrator::new(set(three()));
        let mut db = migrated(bound.set().unwrap());
        run(&db, "DROP VIEW v");
        let before = dump(&db);
        let result = bound.verify_schema_with(&mut FaultyDriver::new(&mut db, Fault::Once, at));
        assert!(db.is_autocommit(), "{at}");
        assert_eq!(dump(&db), before, "{at}");
        let error = result.unwrap_err();
        if error.is_drift() && at > 8 {
            break;
        }
    }
}

#[test]
fn many_differences_are_counted() {
    let set = set(three());
    let mut db = migrated(set);
    for number in 0..40 {
        run(&db, &format!("CREATE TABLE extra{number} (x)"));
    }
    let error = verify(set, &mut db).unwrap_err();
    assert_eq!((error.notes().len(), error.notes()[30].as_str()), (31, "and 10 more differences"));
}
