//! What files set of the connection ends with them: the next migration and the program start as the first one did.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use std::path::Path;

use dbmigrate_runtime::{Backend, Driver, ForeignKeys, Migrator, NoBackend, Rows, Rules, Value};
use rusqlite::Connection;
use support::*;

/// What files may set, and the value of each.
const SET: [(&str, &str); 29] = [
    ("recursive_triggers", "1"),
    ("legacy_alter_table", "1"),
    ("ignore_check_constraints", "1"),
    ("writable_schema", "1"),
    ("reverse_unordered_selects", "1"),
    ("trusted_schema", "0"),
    ("cell_size_check", "1"),
    ("automatic_index", "0"),
    ("case_sensitive_like", "1"),
    ("main.secure_delete", "1"),
    ("main.cache_size", "10"),
    ("busy_timeout", "1234"),
    ("wal_autocheckpoint", "0"),
    ("main.locking_mode", "EXCLUSIVE"),
    ("analysis_limit", "100"),
    ("checkpoint_fullfsync", "1"),
    ("count_changes", "1"),
    ("full_column_names", "1"),
    ("fullfsync", "1"),
    ("main.cache_spill", "0"),
    ("main.journal_size_limit", "10000"),
    ("main.max_page_count", "1000"),
    ("main.mmap_size", "100000"),
    ("read_uncommitted", "1"),
    ("short_column_names", "0"),
    ("temp_store", "2"),
    ("threads", "1"),
    // These not in a transaction.
    ("main.synchronous", "0"),
    ("main.journal_mode", "MEMORY"),
];

fn read(db: &Connection) -> Vec<String> {
    let ask_for = |(name, _): &(&str, &str)| match *name {
        "case_sensitive_like" => format!("{name} {}", ask(db, "SELECT 'a' NOT LIKE 'A'")),
        // What is in memory has no map of a file.
        "main.mmap_size" if ask(db, "SELECT file FROM pragma_database_list WHERE seq = 0").is_empty() => String::new(),
        name => format!("{name} {}", ask(db, &format!("PRAGMA {name}"))),
    };
    SET.iter().map(ask_for).collect()
}

fn sets(last: &'static str, in_transaction: bool) -> Vec<&'static str> {
    let names = if in_transaction { &SET[..27] } else { &SET[..] };
    let mut statements: Vec<&str> =
        names.iter().map(|(name, value)| -> &str { format!("PRAGMA {name} = {value}").leak() }).collect();
    statements.push(last);
    statements
}

#[test]
fn all_of_it_is_given_back_on_every_way_out() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let check = |files: Vec<File>, succeeds: bool| {
        let _ = std::fs::remove_file(&path);
        let mut db = Connection::open(&path).unwrap();
        let before = read(&db);
        let result = runner(files).up(&mut db);
        assert_eq!(result.is_ok(), succeeds, "{result:?}");
        assert_eq!(read(&db), before);
        // The lock as well.
        run(&Connection::open(&path).unwrap(), "CREATE TABLE other (x)");
    };
    let (good, bad) = (|| sets("CREATE TABLE t (x)", true), || sets("nonsense", true));
    check(vec![file("001_a", &good())], true);
    check(vec![file("001_a", &bad())], false);
    check(vec![file("001_a", &good()), file("002_b", &["nonsense"])], false);
    check(vec![file("001_a", &["CREATE TABLE t (x)"]), file("002_b", &bad())], false);
    check(vec![file("001_a", &sets("CREATE TABLE t (x)", false)).no_transaction()], true);
    check(vec![file("001_a", &sets("nonsense", false)).no_transaction()], false);
    let mut hooked = package::package(vec![file("001_a", &["CREATE TABLE t (x)"])]);
    hooked = hooked.before(&sets("CREATE TABLE u (x)", true));
    let mut db = memory();
    let before = read(&db);
    hooked.runner().up(&mut db).unwrap();
    assert_eq!(read(&db), before);
}

#[test]
fn what_is_set_of_all_databases_is_given_back_to_those_that_the_program_has_attached() {
    let folder = Folder::new();
    let other = folder.file("other.db");
    let names = ["journal_mode", "locking_mode", "secure_delete", "synchronous", "mmap_size", "cache_size"];
    let read = |db: &Connection| names.map(|name| ask(db, &format!("PRAGMA \"the archive\".{name}"))).join(" ");
    let sets = [
        "PRAGMA locking_mode = EXCLUSIVE",
        "PRAGMA journal_mode = MEMORY",
        "PRAGMA secure_delete = 1",
        "PRAGMA mmap_size = 100000",
        "PRAGMA \"the archive\".synchronous = 0",
        "PRAGMA \"the archive\".cache_size = 5",
    ];
    let last = ["CREATE TABLE t AS SELECT x FROM archived", "nonsense"];
    for last in last {
        let mut db = Connection::open(folder.file("a.db")).unwrap();
        run(&db, &format!("ATTACH '{}' AS \"the archive\"", other.display()));
        run(&db, "DROP TABLE IF EXISTS archived; CREATE TABLE \"the archive\".archived (x)");
        let before = read(&db);
        let files = vec![file("001_a", &[&sets[..], &[last]].concat()).no_transaction()];
        assert_eq!(runner(files).up(&mut db).is_ok(), last != "nonsense");
        // Others are let in, and what is attached later is not held either.
        run(&Connection::open(&other).unwrap(), "INSERT INTO archived VALUES (1)");
        assert_eq!(read(&db), before);
        run(&db, &format!("ATTACH '{}' AS later", folder.file("later.db").display()));
        assert_eq!(ask(&db, "PRAGMA later.locking_mode"), "normal");
        run(&db, "DROP TABLE IF EXISTS t; DROP TABLE _migrations; DROP TABLE _migrations_head");
    }
}

#[test]
fn what_a_file_set_that_failed_is_not_found_by_those_that_run_again() {
    let fails = |setting| {
        vec![
            file("001_a", &["CREATE TABLE a (x PRIMARY KEY)", "CREATE TABLE b (x REFERENCES a)"]),
            file("002_b", &["ALTER TABLE a RENAME TO c", "CREATE TABLE likes (x)"]),
            file("003_c", &["INSERT INTO likes SELECT 'a' LIKE 'A'"]),
            file("004_d", &[setting, "nonsense"]),
        ]
    };
    for setting in ["PRAGMA legacy_alter_table = 1", "PRAGMA case_sensitive_like = 1", "PRAGMA foreign_keys = 0"] {
        let mut db = memory();
        runner(fails(setting)).up(&mut db).unwrap_err();
        assert_eq!(history(&db), "001_a 002_b 003_c");
        assert_eq!(ask(&db, "SELECT \"table\" FROM pragma_foreign_key_list('b')"), "c", "{setting}");
        assert_eq!(ask(&db, "SELECT x FROM likes"), "1", "{setting}");
    }
}

#[test]
fn each_of_them_can_be_set() {
    let folder = Folder::new();
    let db = Connection::open(folder.file("a.db")).unwrap();
    let before = read(&db);
    SET.iter().for_each(|(name, value)| run(&db, &format!("PRAGMA {name} = {value}")));
    let same: Vec<_> = before.iter().zip(read(&db)).filter(|(before, now)| *before == now).collect();
    assert_eq!(same, []);
}

#[test]
fn what_is_neither_on_nor_off_is_given_back_as_it_was() {
    let folder = Folder::new();
    for value in ["OFF", "ON", "FAST"] {
        let mut db = Connection::open(folder.file(&format!("{value}.db"))).unwrap();
        run(&db, &format!("PRAGMA secure_delete = {value}"));
        let before = read(&db);
        let sets = ["PRAGMA secure_delete = ON", "PRAGMA secure_delete = OFF", "CREATE TABLE t (x)"];
        runner(vec![file("001_a", &sets)]).up(&mut db).unwrap();
        assert_eq!(read(&db), before, "{value}");
    }
}

#[test]
fn temporary_tables_are_not_given_for_their_store() {
    let mut db = memory();
    run(&db, "CREATE TEMP TABLE mine (x); INSERT INTO mine VALUES (1)");
    let sets = file("001_a", &["PRAGMA temp_store = 2", "CREATE TABLE t (x)"]);
    assert!(runner(vec![sets.clone()]).up(&mut db).unwrap_err().is_sql());
    assert!(runner(vec![sets.clone().no_transaction()]).up(&mut db).unwrap_err().is_settings());
    let mut db = memory();
    let makes = ["PRAGMA temp_store = 2", "CREATE TEMP TABLE theirs (x)", "INSERT INTO theirs VALUES (1)"];
    runner(vec![file("001_a", &makes)]).up(&mut db).unwrap();
    assert_eq!((ask(&db, "SELECT x FROM theirs"), ask(&db, "PRAGMA temp_store")), ("1".into(), "2".into()));
}

/// A driver that fails to run one statement, or passes over one question, or over one statement.
struct Evasive<'c> {
    driver: driver::RusqliteDriver<'c>,
    fails: Option<&'static str>,
    evades: Option<&'static str>,
    ignores: Option<&'static str>,
}

impl<'c> Evasive<'c> {
    /// One that does none of that.
    fn over(db: &'c mut Connection) -> Self {
        Self { driver: driver::Rusqlite::driver(db), fails: None, evades: None, ignores: None }
    }
}

impl Driver for Evasive<'_> {
    type Error = rusqlite::Error;

    fn execute(&mut self, sql: &str) -> Result<(), rusqlite::Error> {
        if self.ignores.is_some_and(|start| sql.starts_with(start)) {
            return Ok(());
        }
        let fails = self.fails.is_some_and(|start| sql.starts_with(start));
        if fails { Err(rusqlite::Error::InvalidQuery) } else { self.driver.execute(sql) }
    }

    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Rows, rusqlite::Error> {
        // Whoever records what may write does not look at what asks.
        assert!(!sql.starts_with("PRAGMA") || !sql.contains('='), "{sql}");
        let evades = self.evades.is_some_and(|start| sql.starts_with(start));
        if evades { Ok(Rows::default()) } else { self.driver.query(sql, params) }
    }

    fn in_transaction(&mut self) -> bool {
        self.driver.in_transaction()
    }

    fn is_busy(error: &rusqlite::Error) -> bool {
        driver::RusqliteDriver::is_busy(error)
    }
}

#[test]
fn one_that_fails_keeps_no_other_from_its_place() {
    let folder = Folder::new();
    let attach = attach(&folder.file("other.db"));
    let statements =
        ["PRAGMA legacy_alter_table = 1", "PRAGMA recursive_triggers = 1", attach, "PRAGMA foreign_keys = 0"];
    let mut db = memory();
    let migrator: Migrator<'_, NoBackend> = Migrator::new(set(vec![file("001_a", &statements).no_transaction()]));
    let fails = Some("PRAGMA legacy_alter_table = 0");
    let mut driver = Evasive { fails, ..Evasive::over(&mut db) };
    let error = migrator.up_with(&mut driver).unwrap_err();
    assert!(error.to_string().contains("settings of the connection could not be restored"), "{error}");
    let settings = ["recursive_triggers", "foreign_keys"].map(|name| ask(&db, &format!("PRAGMA {name}")));
    assert_eq!(settings, ["0", "1"]);
    assert_eq!(ask(&db, "SELECT group_concat(name) FROM pragma_database_list WHERE seq <> 1"), "main");
}

#[test]
fn what_the_program_has_attached_is_not_exchanged() {
    let folder = Folder::new();
    let theirs = folder.file("theirs.db");
    let other: &'static str = format!("ATTACH '{}' AS archive", folder.file("other.db").display()).leak();
    for statements in [&["DETACH archive"][..], &["DETACH DATABASE \"Archive\"", other], &["DETACH 'archive'"]] {
        let mut db = memory();
        run(&db, &format!("ATTACH '{}' AS archive", theirs.display()));
        let error = runner(vec![file("001_a", statements).no_transaction()]).up(&mut db).unwrap_err();
        assert!(error.is_settings() && error.to_string().contains("`archive`, which was attached before"), "{error}");
        let files = "SELECT group_concat(name || ' ' || file) FROM pragma_database_list WHERE seq > 1";
        assert_eq!(ask(&db, files), format!("archive {}", theirs.display()));
        assert_eq!(history(&db), "001_a:running0");
    }
    // What SQLite calls its own steps is no name that was written.
    let mut db = memory();
    run(&db, "ATTACH ':memory:' AS init; ATTACH ':memory:' AS \"0\"");
    let own = ["ATTACH ':memory:' AS own", "DETACH own"];
    runner(vec![file("001_a", &own).no_transaction()]).up(&mut db).unwrap();
    // Rust is not seen before it has done so.
    let mut db = memory();
    run(&db, &format!("ATTACH '{}' AS archive", theirs.display()));
    let detaches = file("001_a", &["rust:0"]).no_transaction();
    let migrator = runner(vec![detaches]).with_code(|_, db: &Connection| {
        run(db, "DETACH archive");
        Ok(())
    });
    let error = migrator.up(&mut db).unwrap_err();
    assert!(error.is_settings() && error.to_string().contains("`archive`, which was attached before"), "{error}");
}

fn attach(path: &Path) -> &'static str {
    run(&Connection::open(path).unwrap(), "CREATE TABLE old (x); INSERT INTO old VALUES (1)");
    format!("ATTACH '{}' AS other", path.display()).leak()
}

#[test]
fn an_attached_database_goes_with_its_file() {
    let folder = Folder::new();
    let attach = attach(&folder.file("other.db"));
    let names = |db: &Connection| ask(db, "SELECT group_concat(name) FROM pragma_database_list WHERE seq <> 1");
    let copies = || file("001_a", &[attach, "CREATE TABLE t AS SELECT x FROM other.old"]);
    let mut db = memory();
    run(&db, "ATTACH ':memory:' AS \"the program's\"");
    runner(vec![copies()]).up(&mut db).unwrap();
    assert_eq!((ask(&db, "SELECT x FROM t").as_str(), names(&db).as_str()), ("1", "main,the program's"));

    // It runs again alone after another one has failed, and after it was found to need foreign keys off.
    let mut db = memory();
    let error = runner(vec![copies(), file("002_b", &["nonsense"])]).up(&mut db).unwrap_err();
    assert!(error.to_string().starts_with("`002_b` failed"), "{error}");
    assert_eq!((ask(&db, "SELECT x FROM t").as_str(), names(&db).as_str()), ("1", "main"));
    let rebuilds = [
        attach,
        "CREATE TABLE child (p REFERENCES parent ON DELETE CASCADE)",
        "DROP TABLE parent",
        "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
    ];
    for bare in [false, true] {
        let mut db = memory();
        let parent = file("001_a", &["CREATE TABLE parent (id INTEGER PRIMARY KEY)"]);
        runner(vec![parent, file("002_b", &rebuilds).no_transaction_if(bare)]).up(&mut db).unwrap();
        assert_eq!(names(&db), "main");
    }
}

#[test]
fn without_a_journal_nothing_runs() {
    let folder = Folder::new();
    let mut db = Connection::open(folder.file("a.db")).unwrap();
    let rows = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) \
                INSERT INTO t SELECT i, hex(zeroblob(500)) FROM n";
    let start = || file("001_a", &["CREATE TABLE t (id, text)", rows]).down(&["UPDATE t SET text = ''", "nonsense"]);
    runner(vec![start()]).up(&mut db).unwrap();
    let all = runner(vec![start(), file("002_b", &["UPDATE t SET text = ''", "nonsense"])]);
    let failures: [fn(&Runner, &mut Connection) -> dbmigrate_runtime::Error; 2] =
        [|runner, db| runner.up(db).unwrap_err(), |runner, db| runner.down(db).unwrap_err()];
    for fails in failures {
        run(&db, "PRAGMA cache_size = 5; PRAGMA journal_mode = OFF");
        let error = fails(&all, &mut db);
        assert!(error.is_settings(), "{error}");
        assert_eq!(ask(&db, "SELECT count(*) FROM t WHERE text = ''"), "0");
        run(&db, "PRAGMA journal_mode = MEMORY");
        assert!(fails(&all, &mut db).is_sql());
        assert_eq!(ask(&db, "SELECT count(*) FROM t WHERE text = ''"), "0");
    }
}

#[test]
fn without_a_journal_the_help_works() {
    let folder = Folder::new();
    let copy = folder.file("copy.db");
    run(&Connection::open(&copy).unwrap(), "CREATE TABLE t (x)");
    let files = [folder.file("a.db"), "".into(), ":memory:".into(), "file:shared?mode=memory&cache=shared".into()];
    for (file, mode) in files.into_iter().zip(["DELETE", "MEMORY", "MEMORY", "MEMORY"]) {
        let migrator = runner(vec![file_001()]);
        let mut db = Connection::open(&file).unwrap();
        run(&db, "PRAGMA journal_mode = OFF");
        let help = format!("turn it on before: `PRAGMA journal_mode = {mode}`");
        assert_eq!(migrator.up(&mut db).unwrap_err().help(), std::slice::from_ref(&help));
        assert_eq!(migrator.restore(&mut db, &copy).unwrap_err().help(), [help]);
        run(&db, &format!("PRAGMA journal_mode = {mode}"));
        migrator.up(&mut db).unwrap();
    }
}

fn file_001() -> File {
    file("001_a", &["CREATE TABLE t (x)"])
}

#[test]
fn without_a_journal_nothing_is_restored() {
    let folder = Folder::new();
    let mut db = Connection::open(folder.file("a.db")).unwrap();
    let migrator = runner(vec![file("001_a", &["CREATE TABLE t (x)"])]);
    migrator.up(&mut db).unwrap();
    let copy = migrator.back_up(&mut db).unwrap();
    run(&db, "INSERT INTO t VALUES (1); PRAGMA journal_mode = OFF");
    assert!(migrator.restore(&mut db, &copy).unwrap_err().is_settings());
    assert_eq!(ask(&db, "SELECT count(*) FROM t"), "1");
    run(&db, "PRAGMA journal_mode = DELETE");
    migrator.restore(&mut db, &copy).unwrap();
    assert_eq!(ask(&db, "SELECT count(*) FROM t"), "0");
}

#[test]
fn who_does_not_say_whether_foreign_keys_are_on_has_no_table_dropped() {
    let files = || {
        let start = [
            "CREATE TABLE p (id INTEGER PRIMARY KEY)",
            "CREATE TABLE c (p REFERENCES p ON DELETE CASCADE)",
            "INSERT INTO p VALUES (1)",
            "INSERT INTO c VALUES (1)",
        ];
        let rebuild = ["DROP TABLE p", "CREATE TABLE p (id INTEGER PRIMARY KEY)", "INSERT INTO p VALUES (1)"];
        vec![file("001_a", &start), file("002_b", &rebuild)]
    };
    for rule in [ForeignKeys::On, ForeignKeys::Off, ForeignKeys::Connection] {
        let rules = Rules { foreign_keys: rule, ..Rules::DEFAULT };
        let mut db = memory();
        runner(files()[..1].to_vec()).up(&mut db).unwrap();
        let migrator: Migrator<'_, NoBackend> = Migrator::new(set_with(files(), rules));
        let evades = Some("PRAGMA foreign_keys");
        let mut driver = Evasive { evades, ..Evasive::over(&mut db) };
        let error = migrator.up_with(&mut driver).unwrap_err();
        assert!(error.is_settings(), "{error}");
        assert_eq!((history(&db).as_str(), ask(&db, "SELECT count(*) FROM c").as_str()), ("001_a", "1"));
    }
    // Nor who does not turn them off.
    let mut db = memory();
    runner(files()[..1].to_vec()).up(&mut db).unwrap();
    let migrator: Migrator<'_, NoBackend> = Migrator::new(set(files()));
    let ignores = Some("PRAGMA foreign_keys = ");
    let error = migrator.up_with(&mut Evasive { ignores, ..Evasive::over(&mut db) }).unwrap_err();
    assert!(error.is_settings() && error.to_string().contains("could not turn foreign keys off"), "{error}");
    assert_eq!((history(&db).as_str(), ask(&db, "SELECT count(*) FROM c").as_str()), ("001_a", "1"));
}

#[test]
fn a_temporary_table_that_hides_one_of_the_database_is_refused() {
    let makes = || file("001_a", &["CREATE TABLE users (id)", "INSERT INTO users VALUES (1)"]);
    let adds = || file("002_b", &["ALTER TABLE users ADD COLUMN name"]);
    for temporary in ["CREATE TEMP TABLE Users (id)", "CREATE TEMP VIEW users AS SELECT 1 AS id"] {
        let mut db = memory();
        run(&db, temporary);
        let other = || file("000_a", &["CREATE TABLE other (x)"]);
        let error = runner(vec![other(), file("001_a", &["CREATE TABLE users (id)"])]).up(&mut db).unwrap_err();
        assert!(error.is_settings() && error.to_string().starts_with("`001_a`: "), "{error}");
        let is_view = temporary.contains("VIEW");
        let error = runner(vec![other(), makes(), adds()]).up(&mut db).unwrap_err();
        assert!(is_view || error.to_string().starts_with("this would change `temp`, not the database"), "{error}");
        assert_eq!(history(&db), "000_a");

        let mut db = memory();
        runner(vec![makes()]).up(&mut db).unwrap();
        run(&db, temporary);
        for file in [adds(), adds().no_transaction()] {
            let error = runner(vec![makes(), file]).up(&mut db).unwrap_err();
            assert!(is_view || error.is_settings(), "{error}");
            assert_eq!(history(&db), "001_a");
        }
        run(&db, if is_view { "DROP VIEW temp.users" } else { "DROP TABLE temp.users" });
        runner(vec![makes(), adds()]).up(&mut db).unwrap();
        assert_eq!(ask(&db, "SELECT id || ifnull(name, '-') FROM users"), "1-");
    }
    // It does not have to be there at the end.
    for sql in ["DROP TABLE users", "ALTER TABLE users RENAME TO people"] {
        for bare in [false, true] {
            let change = || file("002_b", &[sql]).no_transaction_if(bare);
            let mut db = memory();
            runner(vec![makes()]).up(&mut db).unwrap();
            run(&db, "CREATE TEMP TABLE users (id)");
            let error = runner(vec![makes(), change()]).up(&mut db).unwrap_err();
            assert!(error.is_settings() && error.to_string().contains("temporary `users`, which hides"), "{error}");
            // Nor does it hide one before.
            let mut db = memory();
            run(&db, "CREATE TEMP TABLE users (id)");
            let files = [file("000_a", &["CREATE TABLE other (x)"]), file("001_a", &["CREATE TABLE users (id)", sql])];
            for files in [vec![file("000_a", &["CREATE TABLE other (x)"]), change()], files.to_vec()] {
                let error = runner(files).up(&mut db).unwrap_err();
                assert!(error.to_string().contains("temporary"), "{error}");
                assert!(history(&db) == "000_a" || history(&db) == "000_a 002_b:running0", "{}", history(&db));
                assert_eq!(ask(&db, "SELECT count(*) FROM temp.users"), "0");
                run(&db, "DELETE FROM _migrations WHERE number = 2");
            }
        }
    }
    // What a migration leaves is found by the one that would be misled.
    let mut db = memory();
    let leaves = file("001_a", &["CREATE TEMP TABLE users AS SELECT 5 AS id"]);
    let error = runner(vec![leaves, file("002_b", &["CREATE TABLE users (id)", "INSERT INTO users VALUES (1)"])])
        .up(&mut db)
        .unwrap_err();
    assert!(error.is_settings(), "{error}");
    assert_eq!(history(&db), "001_a");
    // SQLite's own hide nothing.
    let mut db = memory();
    run(
        &db,
        "CREATE TEMP TABLE mine (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO mine VALUES (1); ANALYZE temp",
    );
    runner(vec![makes(), file("002_b", &["ANALYZE"])]).up(&mut db).unwrap();
    // One that is gone at the end is nobody's trouble.
    let rebuild = [
        "CREATE TEMP TABLE users AS SELECT * FROM users",
        "DROP TABLE main.users",
        "CREATE TABLE main.users (id INTEGER PRIMARY KEY)",
        "INSERT INTO main.users SELECT id FROM temp.users",
        "DROP TABLE temp.users",
    ];
    let mut db = memory();
    runner(vec![makes(), file("002_b", &rebuild)]).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT id FROM users"), "1");
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
