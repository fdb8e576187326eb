//! A migrated database for each test, as a copy of a template: what it has, when the template is made, and by whom.

// Helpers are part of the tests.
#![allow(clippy::unwrap_used)]

mod support;

use std::any::TypeId;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dbmigrate_runtime::{Backend, BoxError, ForeignKeys, JournalMode, Migrator, NoBackend, Rules, Testing};
use rusqlite::Connection;
use support::package::package;
use support::*;

/// The driver of a program whose rusqlite has no `backup`.
mod plain {
    dbmigrate_runtime::rusqlite_driver!(::rusqlite);
}

/// Does the same with both drivers, each in a way of its own to copy a database.
macro_rules! with_both {
    ($check:ident) => {{
        $check::<driver::Rusqlite>();
        $check::<plain::Rusqlite>();
    }};
}

trait Both: Backend<Connection = Connection> {}
impl<B: Backend<Connection = Connection>> Both for B {}

fn testing<B: Both>(files: Vec<File>) -> Testing<'static, B> {
    Migrator::new(set(files)).testing()
}

/// Tables of every sort, with rows whose places matter.
fn files() -> Vec<File> {
    vec![
        file(
            "001_tables",
            &[
                "CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE)",
                "CREATE TABLE child (parent INTEGER REFERENCES parent ON DELETE CASCADE, twice AS (parent * 2) STORED)",
                "CREATE TABLE pair (a TEXT, b ANY, PRIMARY KEY (b, a)) STRICT, WITHOUT ROWID",
                "CREATE VIRTUAL TABLE words USING fts5 (word, content = '')",
                "CREATE INDEX child_twice ON child (twice) WHERE twice > 2",
                "CREATE VIEW names AS SELECT name FROM parent",
                "CREATE TRIGGER shout AFTER INSERT ON parent BEGIN UPDATE parent SET name = upper(name) WHERE id = new.id; END",
            ],
        ),
        file(
            "002_rows",
            &[
                "INSERT INTO parent VALUES (7, 'ann'), (900, 'bob'), (901, 'cy')",
                "DELETE FROM parent WHERE id = 901",
                "INSERT INTO child (rowid, parent) VALUES (-5, 7), (3, 900), (9223372036854775807, NULL)",
                "INSERT INTO pair VALUES ('x', x'00ff'), ('y', 1.5), ('', 1)",
                "INSERT INTO words (rowid, word) VALUES (4, 'four words are here')",
                "PRAGMA user_version = 42",
                "ANALYZE",
            ],
        ),
    ]
}

/// Rows, their columns joined by `|`.
fn rows(db: &Connection, sql: &str) -> Vec<String> {
    let mut statement = db.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let columns = statement.column_count();
    let row = |row: &rusqlite::Row<'_>| {
        let value = |at| format!("{:?}", row.get::<_, rusqlite::types::Value>(at).unwrap());
        Ok((0..columns).map(value).collect::<Vec<_>>().join("|"))
    };
    statement.query_map([], row).unwrap().map(Result::unwrap).collect()
}

/// All that a database holds, rowids included, but the times of its history. `VACUUM` gives `sqlite_schema` another order.
fn contents<B: 'static>(db: &Connection) -> Vec<String> {
    let mut found = rows(db, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name");
    for setting in ["user_version", "encoding", "page_size", "auto_vacuum", "application_id"] {
        found.extend(rows(db, &format!("PRAGMA {setting}")));
    }
    let tables = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow') AND NOT wr \
                  AND name <> 'sqlite_schema' AND name NOT LIKE '\\_migrations%' ESCAPE '\\' ORDER BY name";
    let mut statement = db.prepare(tables).unwrap();
    for table in statement.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap) {
        found.extend(rows(db, &format!("SELECT '{table}', rowid, * FROM \"{table}\" ORDER BY rowid")));
    }
    if TypeId::of::<B>() == TypeId::of::<driver::Rusqlite>() {
        found.extend(rows(db, "SELECT rowid, * FROM sqlite_schema"));
    }
    found.extend(rows(db, "SELECT * FROM pair"));
    found.extend(rows(db, "SELECT id, name, number, checksum, state, tool FROM _migrations"));
    found
}

#[test]
fn a_copy_has_what_the_migrations_made() {
    fn check<B: Both>() {
        let folder = Folder::new();
        let migrator = Migrator::<B>::new(set(files()));
        let mut walked = memory();
        migrator.up(&mut walked).unwrap();
        let testing = Migrator::<B>::new(set(files())).testing();
        for at in 0..3 {
            let file = testing.file(folder.file(&format!("{at}.db"))).unwrap();
            for mut copy in [testing.database().unwrap(), file] {
                for (here, there) in contents::<B>(&copy).iter().zip(contents::<B>(&walked)) {
                    assert_eq!(*here, there);
                }
                assert_eq!(contents::<B>(&copy).len(), contents::<B>(&walked).len());
                assert_eq!(ask(&copy, "PRAGMA integrity_check"), "ok");
                assert_eq!(ask(&copy, "SELECT rowid FROM words WHERE words MATCH 'four'"), "4");
                assert_eq!(ask(&copy, "PRAGMA foreign_keys"), "1");
                assert!(migrator.up(&mut copy).unwrap().is_empty());
                assert!(migrator.verify(&mut copy).unwrap().problems.is_empty());
                // What a test does stays with it.
                run(&copy, "INSERT INTO parent (name) VALUES ('dee'); DELETE FROM parent WHERE id = 7");
                assert_eq!(ask(&copy, "SELECT group_concat(id || name) FROM parent"), "900BOB,902DEE");
                assert_eq!(ask(&copy, "SELECT count(*) FROM child"), "2");
            }
        }
        let copy = testing.database().unwrap();
        assert_eq!(ask(&copy, "SELECT file FROM pragma_database_list"), "");
    }
    with_both!(check);
}

#[test]
fn the_template_is_made_once_for_all_threads() {
    fn check<B: Both>(made: &'static AtomicUsize, count: fn(u32, &Connection) -> Result<(), BoxError>) {
        // A function pointer holds something, so that the key has to say what it is.
        let testing = || {
            Migrator::<B>::new(set(vec![file("001_a", &["CREATE TABLE a (x)", "rust:1"])]))
                .with_code(count)
                .testing()
                .template_key("counted")
                .fresh()
        };
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..4 {
                        let db = testing().database().unwrap();
                        assert_eq!(ask(&db, "SELECT x FROM a"), "1");
                        run(&db, "DROP TABLE a");
                    }
                });
            }
        });
        assert_eq!(made.load(Ordering::SeqCst), 1);
        // Without a key nobody knows whether the code does the same.
        Migrator::<B>::new(set(vec![file("001_a", &["CREATE TABLE a (x)", "rust:1"])]))
            .with_code(count)
            .testing()
            .database()
            .unwrap();
        assert_eq!(made.load(Ordering::SeqCst), 2);
    }
    static FAST: AtomicUsize = AtomicUsize::new(0);
    static PLAIN: AtomicUsize = AtomicUsize::new(0);
    fn count(made: &AtomicUsize, db: &Connection) -> Result<(), BoxError> {
        made.fetch_add(1, Ordering::SeqCst);
        db.execute("INSERT INTO a VALUES (1)", [])?;
        Ok(())
    }
    check::<driver::Rusqlite>(&FAST, |_, db| count(&FAST, db));
    check::<plain::Rusqlite>(&PLAIN, |_, db| count(&PLAIN, db));
}

#[test]
fn code_that_holds_nothing_is_shared_and_other_code_is_not() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let files = || vec![file("001_held", &["CREATE TABLE held (x)", "rust:1"])];
    let free = || {
        Migrator::<driver::Rusqlite>::new(set(files())).with_code(|_, _| {
            MADE.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
    };
    free().testing().fresh().database().unwrap();
    free().testing().fresh().database().unwrap();
    assert_eq!(MADE.load(Ordering::SeqCst), 1);
    for word in ["one", "two"] {
        let migrator = Migrator::<driver::Rusqlite>::new(set(files())).with_code(move |_, db: &Connection| {
            db.execute("INSERT INTO held VALUES (?1)", [word])?;
            Ok(())
        });
        assert_eq!(ask(&migrator.testing().database().unwrap(), "SELECT x FROM held"), word);
    }
    // What holds something and runs nowhere is in nobody's way.
    let none = || vec![file("001_none", &["CREATE TABLE held (x)"])];
    let word = String::from("word");
    let migrator = Migrator::<driver::Rusqlite>::new(set(none())).with_code(move |_, _| Err(word.clone().into()));
    assert_eq!(objects(&migrator.testing().database().unwrap()), "held");
}

#[test]
fn what_connections_get_is_there_before_the_migrations_and_on_each_copy() {
    fn check<B: Both>() {
        let files = || {
            vec![file(
                "001_sorted",
                &["CREATE TABLE t (x TEXT COLLATE backwards UNIQUE)", "INSERT INTO t VALUES ('a'), ('c'), ('b')"],
            )]
        };
        let collate = |db: &mut Connection| -> Result<(), BoxError> {
            db.create_collation("backwards", |one: &str, other: &str| other.cmp(one))?;
            Ok(db.execute_batch("PRAGMA page_size = 8192; PRAGMA recursive_triggers = 1")?)
        };
        let collated = testing::<B>(files()).on_connect(collate);
        let folder = Folder::new();
        for copy in [collated.database(), collated.database(), collated.file(folder.file("a.db"))] {
            let copy = copy.unwrap();
            assert_eq!(rows(&copy, "SELECT x FROM t ORDER BY x").concat(), r#"Text("c")Text("b")Text("a")"#);
            assert_eq!(ask(&copy, "PRAGMA page_size"), "8192");
            assert_eq!(ask(&copy, "PRAGMA recursive_triggers"), "1");
        }
        let refused = testing::<B>(files()).on_connect(|_| Err("no".into())).database().unwrap_err();
        assert_eq!(refused.to_string(), "could not open a database for a test: no");
        // What it holds may be another thing each time.
        for size in [1024, 4096] {
            let connect = move |db: &mut Connection| -> Result<(), BoxError> {
                Ok(db.execute_batch(&format!("PRAGMA page_size = {size}"))?)
            };
            let sized = testing::<B>(self::files()).on_connect(connect);
            assert_eq!(ask(&sized.database().unwrap(), "PRAGMA page_size"), size.to_string());
        }
    }
    with_both!(check);
}

#[test]
fn seeds_run_once_in_their_order() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    fn fill(db: &Connection) -> rusqlite::Result<()> {
        MADE.fetch_add(1, Ordering::SeqCst);
        db.execute_batch("INSERT INTO seeded SELECT x || ' filled' FROM seeded")
    }
    let files = || vec![file("001_seeded", &["CREATE TABLE seeded (x)"])];
    let seeded = || {
        testing::<driver::Rusqlite>(files())
            .fresh()
            .seed("INSERT INTO seeded VALUES ('one; two'); -- and so on\nSELECT 1;")
            .seed_with(|db| fill(db))
            .seed_with(|db| db.execute_batch("DELETE FROM seeded WHERE x = 'one; two'"))
    };
    for _ in 0..2 {
        assert_eq!(ask(&seeded().database().unwrap(), "SELECT group_concat(x) FROM seeded"), "one; two filled");
    }
    assert_eq!(MADE.load(Ordering::SeqCst), 1);
    // Others have templates of their own.
    let testing = testing::<driver::Rusqlite>;
    let count = |testing: Testing<'_, _>| ask(&testing.database().unwrap(), "SELECT count(*) FROM seeded");
    assert_eq!(count(testing(files())), "0");
    assert_eq!(count(testing(files()).seed("INSERT INTO seeded VALUES (1), (2)")), "2");
    assert_eq!(count(testing(files()).seed_with(|db| db.execute_batch("INSERT INTO seeded VALUES (1)"))), "1");
    assert_eq!(
        count(testing(files()).seed_with(|db| db.execute_batch("INSERT INTO seeded VALUES (1), (2), (3)"))),
        "3"
    );
    let split = testing(files()).seed("INSERT INTO seeded VALUES (1);").seed("INSERT INTO seeded VALUES (2)");
    assert_eq!(count(split), "2");
}

#[test]
fn a_seed_can_be_another_set() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let base = || package(vec![file("001_base", &["CREATE TABLE base (x)"])]).name("base").runner();
    let other = || {
        let files = vec![file("001_other", &["CREATE TABLE other (x)", "rust:1"]).requires(&["base/001_base"])];
        Migrator::<driver::Rusqlite>::new(package(files).name("other").set()).with_code(|_, _| {
            MADE.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
    };
    assert!(other().testing().database().unwrap_err().is_requirement());
    let seeded = || base().testing().fresh().seed_with(move |db| other().up(db).map(drop)).database().unwrap();
    for mut db in [seeded(), seeded()] {
        assert_eq!(objects(&db), "base other");
        assert!(base().up(&mut db).unwrap().is_empty() && other().up(&mut db).unwrap().is_empty());
    }
    assert_eq!(MADE.load(Ordering::SeqCst), 1);
}

#[test]
fn a_seed_that_fails_is_shown() {
    let files = || vec![file("001_seeded", &["CREATE TABLE seeded (x UNIQUE)"])];
    let fails = |sql: &str| {
        let error = testing::<driver::Rusqlite>(files()).seed(sql).database().unwrap_err();
        assert!(error.is_seed(), "{error}");
        error
    };
    let error = fails("INSERT INTO seeded VALUES (1);\n INSRT INTO seeded VALUES (2);");
    assert_eq!(
        error.to_string(),
        "a seed of the test database failed: near \"INSRT\": syntax error\n   | INSRT INTO seeded VALUES (2);"
    );
    let error = fails("INSERT INTO seeded VALUES (1), (1)");
    assert_eq!(error.message(), "a seed of the test database failed: UNIQUE constraint failed: seeded.x");
    let error = fails("BEGIN; INSERT INTO seeded VALUES (1)");
    assert_eq!(error.to_string(), "a seed of the test database left its transaction open");
    let error = testing::<driver::Rusqlite>(files()).seed_with(|_| Err("no".to_owned())).database().unwrap_err();
    assert!(error.is_seed() && error.is_code(), "{error}");
    // Nothing of it is in the next one.
    assert_eq!(ask(&testing::<driver::Rusqlite>(files()).database().unwrap(), "SELECT count(*) FROM seeded"), "0");
}

#[test]
fn a_migration_that_fails_or_panics_says_so_each_time() {
    let failing =
        || testing::<driver::Rusqlite>(vec![file("001_failing", &["CREATE TABLE a (x)", "INSERT INTO b VALUES (1)"])]);
    for _ in 0..2 {
        let error = failing().database().unwrap_err();
        assert!(error.is_sql() && error.message().contains("no such table: b"), "{error}");
    }
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    let panicking = || {
        let files = vec![file("001_panicking", &["CREATE TABLE a (x)", "rust:1"])];
        let migrator = Migrator::<driver::Rusqlite>::new(set(files)).with_code(|_, _| {
            if PANICS.fetch_add(1, Ordering::SeqCst) == 0 {
                // Without the hook, which would print.
                std::panic::resume_unwind(Box::new("once"));
            }
            Ok(())
        });
        migrator.testing().fresh().database()
    };
    assert!(catch_unwind(panicking).is_err());
    assert_eq!(objects(&panicking().unwrap()), "a");
}

#[test]
fn foreign_keys_are_on_where_nothing_else_is_configured() {
    let off = |db: &mut Connection| -> Result<(), BoxError> { Ok(db.execute_batch("PRAGMA foreign_keys = 0")?) };
    let opened = ask(&Connection::open_in_memory().unwrap(), "PRAGMA foreign_keys");
    let enforced = |rules: ForeignKeys| {
        let rules = Rules { foreign_keys: rules, ..Rules::DEFAULT };
        let testing = package(files()).rules(rules).runner().testing();
        ask(&testing.database().unwrap(), "PRAGMA foreign_keys")
    };
    assert_eq!(enforced(ForeignKeys::On), "1");
    assert_eq!(enforced(ForeignKeys::Connection), opened);
    assert_eq!(enforced(ForeignKeys::Off), opened);
    assert_eq!(ask(&runner(files()).testing().on_connect(off).database().unwrap(), "PRAGMA foreign_keys"), "0");
}

#[test]
fn hooks_and_repeatables_are_in_it() {
    let package = |view: &'static str| {
        package(vec![file("001_doc", &["CREATE TABLE doc (id INTEGER PRIMARY KEY)"])])
            .before(&["CREATE TABLE IF NOT EXISTS log (what)"])
            .after(&["INSERT INTO log VALUES ('done')"])
            .repeatable("v", &[view])
            .runner()
            .before_each(|_| Err("it is not called".into()))
            .testing()
    };
    let db = package("CREATE VIEW v AS SELECT id FROM doc").database().unwrap();
    assert_eq!((objects(&db).as_str(), ask(&db, "SELECT what FROM log").as_str()), ("doc log v", "done"));
    let db = package("CREATE VIEW v AS SELECT 'other' FROM doc").database().unwrap();
    assert!(ask(&db, "SELECT sql FROM sqlite_schema WHERE name = 'v'").contains("other"));
}

#[test]
fn a_file_is_new_and_has_the_journal_mode_that_was_asked_for() {
    fn check<B: Both>() {
        let folder = Folder::new();
        let testing = || Migrator::<B>::new(set(files())).journal_mode(JournalMode::Wal).testing();
        for name in ["made.db", "copied.db"] {
            let db = testing().file(folder.file(name)).unwrap();
            assert_eq!(ask(&db, "PRAGMA journal_mode"), "wal");
            run(&db, "INSERT INTO parent (name) VALUES ('x')");
            let other = Connection::open(folder.file(name)).unwrap();
            assert_eq!(ask(&other, "SELECT count(*) FROM parent"), "3");
        }
        // Nothing of the template's is left beside it.
        let names = || {
            let entries = fs::read_dir(folder.file("")).unwrap().map(|entry| entry.unwrap().file_name());
            let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
            names.sort();
            names.join(" ")
        };
        assert_eq!(names(), "copied.db made.db");
        for taken in ["made.db", "journal.db-journal", "wal.db-wal"] {
            fs::write(folder.file(taken), "theirs").unwrap();
            let name = taken.split('-').next().unwrap();
            let error = testing().file(folder.file(name)).unwrap_err();
            assert!(error.is_copy() && error.message().ends_with(&format!("{taken}` exists")), "{error}");
            assert_eq!(fs::read(folder.file(taken)).unwrap(), b"theirs");
            assert_eq!(folder.file(name).exists(), name == taken);
        }
        let error = testing().file(folder.file("nowhere/a.db")).unwrap_err();
        assert!(error.is_copy(), "{error}");
        // What could not be made is not left in the way of the next try.
        for _ in 0..2 {
            let refused = testing().on_connect(|_| Err("no".into())).file(folder.file("refused.db"));
            assert_eq!(refused.unwrap_err().to_string(), "could not open a database for a test: no");
            assert!(testing().seed("INSRT").file(folder.file("refused.db")).unwrap_err().is_seed());
        }
        assert!(!folder.file("refused.db").exists());
    }
    with_both!(check);
}

#[test]
fn sets_without_migrations_and_without_a_driver() {
    fn check<B: Both>() {
        let db = testing::<B>(vec![]).database().unwrap();
        assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_schema"), "0");
        let folder = Folder::new();
        run(&testing::<B>(vec![]).file(folder.file("a.db")).unwrap(), "CREATE TABLE t (x)");
    }
    with_both!(check);
    let error = Migrator::<NoBackend>::new(set(files())).testing().database().unwrap_err();
    let message = "could not open a database for a test: these migrations have no driver";
    assert_eq!(error.to_string(), message);
    let error = testing::<driver::Rusqlite>(vec![file("001_other", &["ATTACH 'other.db' AS other"]).no_transaction()]);
    let error = error.database().unwrap_err();
    assert_eq!(error.to_string(), "`migrations/001_other.sql` also works on other files, and a test does not");
}

/// Says to a process that it is one of many, and what its template is to be told by.
const SEED: &str = "DBMIGRATE_TEST_SEED";

/// What a process does to which a runner gives one test: how often it ran the migrations.
fn in_a_process(seed: &str, fresh: bool) -> usize {
    fn check<B: Both>(seed: &str, fresh: bool, count: fn(u32, &Connection) -> Result<(), BoxError>) {
        let create = "CREATE TABLE a (x, y TEXT COLLATE backwards DEFAULT 'y')";
        let index = "CREATE INDEX a_y ON a (y)";
        let files = vec![file("001_a", &[create, index, "INSERT INTO a VALUES (1, 'x')", "rust:1"])];
        let testing = Migrator::<B>::new(set(files)).with_code(count).testing().template_key("counted").seed(seed);
        let testing =
            testing.on_connect(|db| Ok(db.create_collation("backwards", |one: &str, other: &str| other.cmp(one))?));
        let testing = if fresh { testing.fresh() } else { testing };
        for _ in 0..2 {
            assert_eq!(ask(&testing.database().unwrap(), "SELECT group_concat(x ORDER BY y) FROM a"), "2,3,1");
        }
        let folder = Folder::new();
        assert_eq!(ask(&testing.file(folder.file("a.db")).unwrap(), "PRAGMA integrity_check"), "ok");
    }
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let count = |_: u32, db: &Connection| -> Result<(), BoxError> {
        MADE.fetch_add(1, Ordering::SeqCst);
        db.execute("INSERT INTO a (x) VALUES (2)", [])?;
        Ok(())
    };
    if seed.starts_with("-- plain") {
        check::<plain::Rusqlite>(seed, fresh, count);
    } else {
        check::<driver::Rusqlite>(seed, fresh, count);
    }
    MADE.load(Ordering::SeqCst)
}

/// Starts processes at once; how often all of them together ran the migrations.
fn processes(program: &Path, seed: &str, fresh: bool, count: usize) -> usize {
    let start = || {
        let mut command = Command::new(program);
        command.args(["--exact", "processes_share_a_template", "--nocapture"]).env(SEED, format!("{fresh} {seed}"));
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let started: Vec<_> = (0..count).map(|_| start()).collect();
    let made = |child: std::process::Child| {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
        let made = text.lines().find_map(|line| line.rsplit_once("it was made ")).unwrap().1;
        made.parse::<usize>().unwrap()
    };
    started.into_iter().map(made).sum()
}

/// The file in which a template is kept.
fn kept(seed: &str) -> Option<PathBuf> {
    let folder = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().join("tmp/dbmigrate");
    let holds = |path: &Path| {
        let bytes = fs::read(path).unwrap_or_default();
        bytes.windows(seed.len()).any(|window| window == seed.as_bytes())
    };
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|ending| ending == "template")).find(|path| holds(path))
}

#[test]
fn processes_share_a_template() {
    if let Ok(told) = std::env::var(SEED) {
        let (fresh, seed) = told.split_once(' ').unwrap();
        println!("it was made {}", in_a_process(seed, fresh == "true"));
        return;
    }
    let own = std::env::current_exe().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    for driver in ["plain", "backup"] {
        let seed = format!("-- {driver} {now}\nINSERT INTO a (x) VALUES (3)");
        assert_eq!(processes(&own, &seed, true, 2), 2, "each for itself");
        assert_eq!(kept(&seed), None);
        assert_eq!(processes(&own, &seed, false, 8), 1, "at once");
        assert_eq!(processes(&own, &seed, false, 1), 0);
        let path = kept(&seed).unwrap();
        let whole = fs::read(&path).unwrap();

        // Whatever happens to it: it is right, or made again.
        let mut flipped = whole.clone();
        flipped[5000] ^= 1;
        let pages = whole.len() / 4096 * 4096;
        for damaged in
            [&flipped[..], &whole[..whole.len() - 1], &whole[..pages], &[], &[whole.as_slice(), b"x"].concat()]
        {
            fs::write(&path, damaged).unwrap();
            assert_eq!(processes(&own, &seed, false, 1), 1);
            assert_eq!(processes(&own, &seed, false, 1), 0);
        }
        let hours = Duration::from_secs(2 * 60 * 60);
        for time in [SystemTime::now() - hours, SystemTime::now() + hours] {
            fs::File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
            assert_eq!(processes(&own, &seed, false, 1), 1);
        }
        // Nothing can be kept there.
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(processes(&own, &seed, false, 2), 2);
        fs::remove_dir(&path).unwrap();
        assert_eq!(processes(&own, &format!("{seed} -- more"), false, 1), 1, "another seed");
    }
}

#[cfg(unix)]
#[test]
fn a_program_that_was_built_anew_makes_its_template_anew() {
    let own = std::env::current_exe().unwrap();
    let folder = Folder::new();
    let program = folder.file("target/debug/deps/copy");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    for _ in 0..2 {
        // By another process: a file that this one has written can't be run while it starts another one.
        assert!(Command::new("cp").arg(&own).arg(&program).status().unwrap().success());
        assert_eq!([(); 2].map(|()| processes(&program, "INSERT INTO a (x) VALUES (3)", false, 1)), [1, 0]);
    }
    assert!(folder.file("target/tmp/dbmigrate").is_dir());
}
