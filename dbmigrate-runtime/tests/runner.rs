//! The main path, and everything that stops it.

mod support;

use dbmigrate_runtime::{
    Backend, Driver, ErrorKind, JournalMode, Migrator, NewerDatabase, NoBackend, OutOfOrder, Rows, Rules, State,
    StoreSql, TransactionMode, Value,
};
use support::*;

fn three() -> Vec<File> {
    vec![
        file("001_users", &["CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)"]).down(&["DROP TABLE users"]),
        file("002_index", &["CREATE INDEX users_name ON users (name)"]).down(&["DROP INDEX users_name"]),
        file("003_rows", &["INSERT INTO users (name) VALUES ('a')", "SELECT * FROM users"])
            .down(&["DELETE FROM users"]),
    ]
}

#[test]
fn a_fresh_database_gets_everything_once() {
    let mut db = memory();
    let report = runner(three()).up(&mut db).unwrap();
    assert_eq!(report.applied.iter().map(|done| done.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(objects(&db), "users users_name");
    assert_eq!(history(&db), "001_users 002_index 003_rows");
    assert!(runner(three()).up(&mut db).unwrap().is_empty());
    assert_eq!(ask(&db, "SELECT count(*) FROM users"), "1");
    assert_eq!(ask(&db, "SELECT count(*) FROM _migrations WHERE applied_at = datetime(applied_at)"), "3");
}

#[test]
fn an_existing_history_goes_on() {
    let mut db = memory();
    let migrator = runner(three());
    assert_eq!(migrator.up_to(&mut db, 2_u64).unwrap().applied.len(), 2);
    assert_eq!(migrator.pending(&mut db).unwrap().len(), 1);
    assert!(migrator.up_to(&mut db, 1_u64).unwrap().is_empty());
    assert_eq!(migrator.up(&mut db).unwrap().applied[0].name, "003_rows");
    let error = migrator.up_to(&mut db, 9_u64).unwrap_err();
    assert!(error.is_unknown_migration(), "{error}");
}

#[test]
fn tables_without_a_history_are_no_verified_database() {
    let mut db = memory();
    run(&db, "CREATE TABLE users (id)");
    let verified = runner(three()).verify(&mut db).unwrap();
    let [problem] = &verified.problems[..] else { panic!("{verified:?}") };
    assert_eq!(problem.kind, ErrorKind::ExistingSchema);
    assert_eq!(problem.message, runner(three()).up(&mut db).unwrap_err().message());
    assert!(problem.help.iter().any(|help| help.contains("--existing")), "{problem:?}");
    // As `up`, it is told otherwise.
    assert!(runner(three()).allow_existing_schema().verify(&mut db).unwrap().is_ok());
    assert!(runner(vec![]).verify(&mut db).unwrap().is_ok());
    assert!(runner(three()).verify(&mut memory()).unwrap().is_ok());
}

#[test]
fn an_error_names_file_line_column_statement_and_what_stays() {
    let broken = |name| file(name, &["CREATE TABLE t (x)", "INSERT INTO t\n  SELECT y FROM t"]);
    for fresh in [true, false] {
        let mut db = memory();
        let mut files = three();
        if !fresh {
            runner(three()).up(&mut db).unwrap();
        }
        files.push(broken("004_broken"));
        let error = runner(files).up(&mut db).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Sql);
        assert_eq!(error.file(), Some("migrations/004_broken.sql"));
        let (place, shown) = if tells_offsets() { ((Some(4), Some(10)), "4:10") } else { ((Some(3), None), "3") };
        assert_eq!((error.line(), error.column()), place);
        assert_eq!(error.statement(), Some("INSERT INTO t\n  SELECT y FROM t"));
        let text = error.to_string();
        let start = format!("`004_broken` failed: no such column: y\n  --> migrations/004_broken.sql:{shown}\n");
        assert!(text.starts_with(&start), "{text}");
        assert!(text.contains("note: `004_broken` was rolled back completely"), "{text}");
        assert_eq!(error.report().applied.len(), if fresh { 3 } else { 0 });
        assert!(error.cause().unwrap().downcast_ref::<rusqlite::Error>().is_some());
        assert_eq!(history(&db), "001_users 002_index 003_rows");
        assert_eq!(objects(&db), "users users_name");
        assert!(db.is_autocommit());
    }
}

#[test]
fn a_view_in_the_way_is_named_with_what_to_do() {
    for (made, sql) in [
        ("CREATE VIEW v AS SELECT x FROM a", "ALTER TABLE a DROP COLUMN x"),
        ("CREATE TRIGGER v AFTER INSERT ON a BEGIN SELECT nowhere; END", "ALTER TABLE a RENAME COLUMN x TO z"),
    ] {
        let mut db = memory();
        let files = vec![file("001_a", &["CREATE TABLE a (x, y)", made]), file("002_b", &[sql])];
        let error = runner(files).up(&mut db).unwrap_err().to_string();
        assert!(error.contains(" v") && error.contains("drop it before in this file"), "{error}");
    }
}

#[test]
fn a_connection_inside_a_transaction_is_refused_before_anything() {
    let mut db = memory();
    run(&db, "BEGIN");
    let migrator = runner(three());
    for error in [
        migrator.up(&mut db).unwrap_err(),
        migrator.down(&mut db).unwrap_err(),
        migrator.redo(&mut db).unwrap_err(),
        migrator.reset(&mut db).unwrap_err(),
    ] {
        assert!(error.is_open_transaction(), "{error}");
    }
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master"), "0");
    run(&db, "ROLLBACK; SAVEPOINT s");
    assert!(migrator.up(&mut db).unwrap_err().is_open_transaction());
}

#[test]
fn every_way_to_end_the_transaction_is_noticed() {
    let check = |statements: &[&'static str], line| {
        for fresh in [true, false] {
            let mut db = memory();
            if !fresh {
                runner(three()).up(&mut db).unwrap();
            }
            let mut files = three();
            files.push(file("004_ends", statements));
            let error = runner(files).up(&mut db).unwrap_err();
            assert!(error.is_transaction_ended(), "{error}");
            assert_eq!((error.file(), error.line()), (Some("migrations/004_ends.sql"), Some(line)));
            assert_eq!(history(&db), "001_users 002_index 003_rows", "fresh: {fresh}");
            assert!(db.is_autocommit());
            assert_eq!(objects(&db), "users users_name");
        }
    };
    check(
        &[
            "CREATE TABLE t (x UNIQUE)",
            "INSERT INTO t VALUES (1)",
            "INSERT OR ROLLBACK INTO t VALUES (1)",
            "CREATE TABLE u (x)",
        ],
        4,
    );
    check(
        &[
            "CREATE TABLE t (x)",
            "CREATE TRIGGER no BEFORE INSERT ON t BEGIN SELECT RAISE(ROLLBACK, 'no'); END",
            "INSERT INTO t VALUES (1)",
        ],
        4,
    );
    check(&["CREATE TABLE t (x)", "ROLLBACK", "CREATE TABLE u (x)"], 3);
}

#[test]
fn tolerated_statements_are_skipped_and_named() {
    let mut db = memory();
    runner(three()).up(&mut db).unwrap();
    let mut files = three();
    files.push(
        file("004_again", &["CREATE TABLE users (x)", "ALTER TABLE users ADD COLUMN name", "CREATE TABLE t (x)"])
            .tolerate(),
    );
    let report = runner(files.clone()).up(&mut db).unwrap();
    assert_eq!(
        report.applied[0].notes,
        [
            "skipped migrations/004_again.sql:2: table users already exists",
            "skipped migrations/004_again.sql:3: duplicate column name: name",
        ]
    );
    // Nothing else is, and nothing without the word.
    for wrong in [
        file("005_wrong", &["CREATE TABLE u AS SELECT nowhere"]).tolerate(),
        file("005_intolerant", &["CREATE TABLE users (x)"]),
    ] {
        let error = runner([files.clone(), vec![wrong]].concat()).up(&mut db).unwrap_err();
        assert!(error.kind() == ErrorKind::Sql && !history(&db).contains("005"), "{error}");
    }
}

#[test]
fn what_a_trigger_says_of_rows_is_not_tolerated() {
    for raise in ["ABORT", "FAIL", "ROLLBACK"] {
        let trigger = format!(
            "CREATE TRIGGER one BEFORE INSERT ON kept WHEN NEW.name = 'b' BEGIN SELECT RAISE({raise}, 'b already exists'); END"
        );
        let start = file(
            "001_a",
            &[
                "CREATE TABLE old (name TEXT)",
                "CREATE TABLE kept (name TEXT)",
                "INSERT INTO old VALUES ('a'), ('b')",
                trigger.leak(),
            ],
        );
        let moved = file("002_b", &["insert into kept select name from old", "DROP TABLE old"]).tolerate();
        let mut db = memory();
        let error = runner(vec![start, moved]).up(&mut db).unwrap_err();
        assert!(error.is_sql() && error.to_string().contains("b already exists"), "{error}");
        assert_eq!((history(&db).as_str(), ask(&db, "SELECT count(*) FROM old").as_str()), ("001_a", "2"), "{raise}");
        assert_eq!(ask(&db, "SELECT count(*) FROM kept"), "0", "{raise}");
    }
}

#[test]
fn all_deviations_are_told_at_once() {
    let mut db = memory();
    let mut files = three();
    files.push(file("005_five", &[]));
    files.push(file("009_nine", &[]));
    files.push(file("012_twelve", &[]));
    runner(files).up(&mut db).unwrap();
    let mut files = three();
    files[0] = file("001_users", &["CREATE TABLE users (id)"]);
    files[1] = file("002_other", &["CREATE INDEX users_name ON users (name)"]);
    files.push(file("004_late", &[]));
    files.push(file("006_six", &[]));
    files.push(file("009_nine", &[]));
    let migrator = runner(files);
    let error = migrator.up(&mut db).unwrap_err();
    assert!(
        error.is_edited() && error.is_renamed() && error.is_late() && error.is_missing() && error.is_newer_database()
    );
    let text = error.to_string();
    for expect in [
        "`001_users` was edited after it was applied (migrations/001_users.sql)",
        "`002_other` has the number of `002_index`, which is applied (migrations/002_other.sql)",
        "`004_late` is not applied, but a later one is (migrations/004_late.sql)",
        "`005_five` is applied, but the program does not have it",
        "`012_twelve` is applied, and newer than all migrations of this program",
        "help: restore the file, and put the change into a new one",
        "help: if it is the same migration, rename the file back to `002_index`",
        "help: give it a number above all applied ones",
        "help: to apply it anyway: `out-of-order = \"apply\"`",
    ] {
        assert!(text.contains(expect), "{expect} in {text}");
    }
    assert_eq!(error.help().len(), 8, "there would be more");
    assert!(text.starts_with("the history and the program differ:\n  `001_users` was"), "{text}");
    let states: Vec<State> = migrator.status(&mut db).unwrap().entries.into_iter().map(|entry| entry.state).collect();
    assert_eq!(
        states,
        [
            State::Edited,
            State::Renamed { recorded: "002_index".into() },
            State::Applied,
            State::Late,
            State::Missing,
            State::Late,
            State::Applied,
            State::Newer
        ]
    );
    assert_eq!(migrator.verify(&mut db).unwrap().problems.len(), 6);
    // Nothing is said twice.
    files = three();
    files[0] = file("001_users", &["CREATE TABLE users (id)"]);
    files[1] = file("002_index", &["CREATE INDEX users_id ON users (id)"]);
    let error = runner(files).up(&mut db).unwrap_err();
    let times = |said: &[String], start: &str| said.iter().filter(|text| text.starts_with(start)).count();
    assert_eq!(times(error.help(), "restore the file, and put"), 1, "{error}");
    assert_eq!(times(error.help(), "if the database has what the new text makes"), 2, "{error}");
    assert_eq!(times(error.notes(), "the text that was applied was not stored"), 1, "{error}");
    files = [three(), vec![file("009_nine", &[])]].concat();
    let newer = runner(files).up(&mut db).unwrap_err();
    assert_eq!(times(newer.help(), "restore the file of `005_five`, and build"), 1, "{newer}");
    assert_eq!(times(newer.help(), "run the newer version of the program"), 1, "{newer}");
    assert_eq!(times(newer.help(), "to run anyway: `newer-database = \"allow\"`"), 1, "{newer}");
    assert_eq!(times(newer.help(), "if its file was deleted on purpose: `cargo dbmigrate forget 012_twelve`"), 1);
}

#[test]
fn rules_let_late_ones_and_newer_databases_pass() {
    let rules = Rules { out_of_order: OutOfOrder::APPLY, newer_database: NewerDatabase::Allow, ..Rules::DEFAULT };
    let mut db = memory();
    let all = [three(), vec![file("005_five", &[]), file("007_seven", &[])]].concat();
    runner(all.clone()).up(&mut db).unwrap();
    let mut late = all.clone();
    late.insert(3, file("004_late", &["CREATE TABLE late (x)"]));
    late.pop();
    let migrator: Runner = Migrator::new(set_with(late, rules));
    assert!(migrator.verify(&mut db).unwrap().is_ok());
    let report = migrator.up(&mut db).unwrap();
    assert_eq!(report.applied[0].name, "004_late");
    assert_eq!(report.notes, ["`007_seven` is applied and unknown here: no order was proved for it"]);
    assert!(migrator.verify(&mut db).unwrap().is_ok());
    assert!(migrator.up(&mut db).unwrap().is_empty());
    assert_eq!(objects(&db), "late users users_name");
}

#[test]
fn objects_without_a_history_are_refused_or_allowed() {
    let mut db = memory();
    run(&db, "CREATE TABLE legacy (x)");
    let error = runner(three()).up(&mut db).unwrap_err();
    assert!(error.is_existing_schema(), "{error}");
    assert_eq!(objects(&db), "legacy");
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master"), "1");
    assert_eq!(runner(three()).allow_existing_schema().up(&mut db).unwrap().applied.len(), 3);
}

#[test]
fn a_table_of_another_shape_is_refused() {
    let mut db = memory();
    run(&db, "CREATE TABLE _migrations (version INTEGER, run_on TEXT)");
    let error = runner(three()).up(&mut db).unwrap_err();
    assert!(error.is_history() && error.to_string().contains("`version`, `run_on`"), "{error}");
    for error in [runner(three()).status(&mut db).unwrap_err(), runner(three()).history(&mut db).unwrap_err()] {
        assert!(error.is_history() && error.to_string().contains("`version`, `run_on`"), "{error}");
    }
    let verification = runner(three()).verify(&mut db).unwrap();
    assert_eq!(verification.problems[0].kind, ErrorKind::History);
}

#[test]
fn damaged_rows_are_errors_and_no_panics() {
    for damage in [
        "UPDATE _migrations SET number = -1 WHERE id = 1",
        "UPDATE _migrations SET number = 'x' WHERE id = 1",
        "UPDATE _migrations SET statements_done = -9223372036854775808 WHERE id = 1",
        "UPDATE _migrations SET checksum = x'00' WHERE id = 1",
        "UPDATE _migrations SET state = 'dirty' WHERE id = 1",
    ] {
        let mut db = memory();
        runner(three()).up(&mut db).unwrap();
        run(&db, damage);
        let error = runner(three()).up(&mut db).unwrap_err();
        assert!(error.is_history(), "{damage}: {error}");
        assert_eq!(error.to_string().contains("has an invalid row"), !damage.contains("dirty"), "{damage}: {error}");
        assert!(runner(three()).down(&mut db).unwrap_err().is_history());
    }
}

#[test]
fn a_newer_format_is_refused() {
    let mut db = memory();
    runner(three()).up(&mut db).unwrap();
    run(&db, "UPDATE _migrations_head SET format = 2");
    for error in [runner(three()).up(&mut db).unwrap_err(), runner(three()).status(&mut db).unwrap_err()] {
        assert!(error.is_newer_format(), "{error}");
    }
}

#[test]
fn a_state_of_a_newer_version_is_named_and_refused() {
    let mut db = memory();
    let runner = || runner(vec![file("001_a", &["CREATE TABLE a (x)"])]);
    runner().up(&mut db).unwrap();
    run(&db, "UPDATE _migrations SET state = 'dreaming'");
    for error in [runner().up(&mut db).unwrap_err(), runner().history(&mut db).unwrap_err()] {
        let text = error.to_string();
        assert!(error.is_history() && text.contains("`001_a` has the state `dreaming`"), "{text}");
        assert!(text.contains("help: build the program with a newer `dbmigrate-runtime`"), "{text}");
    }
}

#[test]
fn all_in_one_transaction_stand_or_fall_together() {
    let rules = Rules { transaction: TransactionMode::All, ..Rules::DEFAULT };
    let mut db = memory();
    runner(three()[..1].to_vec()).up(&mut db).unwrap();
    let before = dump(&db);
    let mut files = three();
    files.push(file("004_broken", &["CREATE TABLE t (x)", "nonsense"]));
    let migrator: Runner = Migrator::new(set_with(files.clone(), rules));
    let error = migrator.up(&mut db).unwrap_err();
    assert!(error.report().is_empty());
    assert!(error.to_string().contains("all 3 migrations of this run were rolled back"), "{error}");
    assert_eq!(dump(&db), before);
    files[3] = file("004_bare", &["VACUUM"]).no_transaction();
    let migrator: Runner = Migrator::new(set_with(files.clone(), rules));
    let error = migrator.up(&mut db).unwrap_err();
    assert_eq!((error.kind(), error.file()), (ErrorKind::Set, Some("migrations/004_bare.sql")));
    assert_eq!(dump(&db), before);
    files.pop();
    let migrator: Runner = Migrator::new(set_with(files, rules));
    assert_eq!(migrator.up(&mut db).unwrap().applied.len(), 2);
}

#[test]
fn scripts_are_stored_as_the_rules_say() {
    let check = |store_sql, expect: &str| {
        let mut db = memory();
        let migrator: Runner = Migrator::new(set_with(three(), Rules { store_sql, ..Rules::DEFAULT }));
        migrator.up_to(&mut db, 1_u64).unwrap();
        assert_eq!(ask(&db, "SELECT quote(up_sql) || quote(down_sql) FROM _migrations"), expect);
    };
    let down = "-- dbmigrate:stored v1 transaction=1 foreign-keys=auto tolerate-existing=0 statements=1\n\
                -- dbmigrate:statement 16 drop=users\nDROP TABLE users\n;\n";
    check(StoreSql::None, "NULLNULL");
    check(StoreSql::Down, &format!("NULL'{down}'"));
    check(StoreSql::All, &format!("'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n''{down}'"));
}

#[test]
fn the_journal_mode_is_switched_when_something_is_pending() {
    let folder = Folder::new();
    let mut db = rusqlite::Connection::open(folder.file("a.db")).unwrap();
    let migrator = runner(three()).journal_mode(JournalMode::Wal);
    migrator.up(&mut db).unwrap();
    assert_eq!(ask(&db, "PRAGMA journal_mode"), "wal");
    run(&db, "PRAGMA journal_mode = delete");
    migrator.up(&mut db).unwrap();
    assert_eq!(ask(&db, "PRAGMA journal_mode"), "delete");
    migrator.up(&mut memory()).unwrap();
}

#[test]
fn reading_calls_write_nothing_and_work_read_only() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let look = |migrator: &Runner, path: &std::path::Path| {
        let mut db = rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let status = migrator.status(&mut db).unwrap();
        (
            status.total(),
            status.applied(),
            migrator.pending(&mut db).unwrap().len(),
            migrator.history(&mut db).unwrap().len(),
            migrator.verify(&mut db).unwrap().checked,
        )
    };
    run(&rusqlite::Connection::open(&path).unwrap(), "PRAGMA user_version = 1");
    let migrator = runner(three());
    let before = std::fs::read(&path).unwrap();
    assert_eq!(look(&migrator, &path), (3, 0, 3, 0, 0));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    migrator.up_to(&mut rusqlite::Connection::open(&path).unwrap(), 2_u64).unwrap();
    let before = std::fs::read(&path).unwrap();
    assert_eq!(look(&migrator, &path), (3, 2, 1, 2, 2));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn an_empty_set_creates_nothing() {
    let mut db = memory();
    assert!(runner(vec![]).up(&mut db).unwrap().is_empty());
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master"), "0");
    runner(three()).up(&mut db).unwrap();
    assert!(runner(vec![]).up(&mut db).unwrap_err().is_newer_database());
}

#[test]
fn a_driver_of_ones_own_runs_sets_without_code() {
    let mut db = memory();
    let migrator: Migrator<'_, NoBackend> = Migrator::new(set(three()));
    let mut driver = driver::Rusqlite::driver(&mut db);
    assert_eq!(migrator.up_with(&mut driver).unwrap().applied.len(), 3);
    assert_eq!(migrator.status_with(&mut driver).unwrap().applied(), 3);
    assert!(migrator.verify_with(&mut driver).unwrap().is_ok());
    assert_eq!(migrator.redo_with(&mut driver).unwrap().applied.len(), 1);
    assert_eq!(migrator.down_all_with(&mut driver).unwrap().rolled_back.len(), 3);
    assert!(migrator.history_with(&mut driver).unwrap().is_empty());
    let code: Migrator<'_, NoBackend> = Migrator::new(set(vec![file("001_code", &["rust:0"])]));
    assert!(code.up_with(&mut driver).unwrap_err().is_no_code());
}

#[test]
fn odd_table_names_are_quoted() {
    let mut set = *set(three());
    set.table = "my \"migrations\"";
    let set = Box::leak(Box::new(set));
    let mut db = memory();
    let migrator: Runner = Migrator::new(set);
    assert_eq!(migrator.up(&mut db).unwrap().applied.len(), 3);
    assert!(migrator.up(&mut db).unwrap().is_empty());
    assert_eq!(migrator.down_all(&mut db).unwrap().rolled_back.len(), 3);
}

#[test]
fn a_history_is_known_in_any_case_and_what_is_left_of_one_is_no_object() {
    let files = || vec![file("001_a", &["CREATE TABLE a (x)"])];
    let mut db = memory();
    runner(files()).up(&mut db).unwrap();
    let upper = package::package(files()).table("_MIGRATIONS").runner();
    assert!(upper.up(&mut db).unwrap().is_empty());
    run(&db, "DROP TABLE _migrations; DROP TABLE a");
    assert_eq!(upper.up(&mut db).unwrap().applied.len(), 1);
}

#[test]
fn spans_outside_of_the_text_are_an_error() {
    let mut set = *set(three());
    let mut migrations = set.migrations.to_vec();
    migrations[0].up.text = "short";
    set.migrations = migrations.leak();
    let set = Box::leak(Box::new(set));
    let migrator: Runner = Migrator::new(set);
    assert_eq!(migrator.up(&mut memory()).unwrap_err().kind(), ErrorKind::Set);
}

#[test]
fn the_time_of_each_step_is_recorded() {
    let mut db = memory();
    let files = || {
        vec![
            file("001_a", &["CREATE TABLE a (x)", "INSERT INTO a VALUES (1)"]),
            file("002_b", &["VACUUM", "CREATE TABLE b (x)", "CREATE TABLE c (x)"]).no_transaction(),
            file("003_none", &[]),
        ]
    };
    runner(files()).up(&mut db).unwrap();
    let steps = |db: &mut rusqlite::Connection| -> Vec<usize> {
        let rows = runner(files()).history(db).unwrap();
        let entries = runner(files()).status(db).unwrap().entries;
        assert!(rows.iter().zip(&entries).all(|(row, entry)| row.steps == entry.steps));
        assert!(rows.iter().all(|row| row.duration.is_some()));
        rows.iter().map(|row| row.steps.len()).collect()
    };
    assert_eq!(steps(&mut db), [2, 3, 0]);
    assert_eq!(ask(&db, "SELECT group_concat(typeof(steps_us)) FROM _migrations"), "text,text,null");
    // Those of the run that ends one are not those of its first steps.
    let stopped = || {
        let bare = file("004_d", &["CREATE TABLE d (x)", "INSERT INTO later VALUES (1)"]).no_transaction();
        runner([files(), vec![bare]].concat())
    };
    stopped().up(&mut db).unwrap_err();
    run(&db, "CREATE TABLE later (x)");
    assert!(stopped().up(&mut db).unwrap().applied[0].steps.is_empty());
    assert_eq!(stopped().history(&mut db).unwrap()[3].steps, []);
    run(&db, "DELETE FROM _migrations WHERE number = 4");
    // Whoever wrote something else there did no harm.
    for odd in ["'12 x'", "''", "-1", "1.5", "x'00'"] {
        run(&db, &format!("UPDATE _migrations SET steps_us = {odd} WHERE number = 1"));
        assert_eq!(steps(&mut db), [0, 3, 0], "{odd}");
    }
}

/// A driver that says that all went well, and runs only so many of the statements of `execute_each`.
struct Careless<'c>(driver::RusqliteDriver<'c>, usize);

impl Driver for Careless<'_> {
    type Error = rusqlite::Error;

    fn execute(&mut self, sql: &str) -> Result<(), rusqlite::Error> {
        self.0.execute(sql)
    }

    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Rows, rusqlite::Error> {
        self.0.query(sql, params)
    }

    fn execute_each(&mut self, sql: &str, rows: &Rows, done: &mut usize) -> Result<(), rusqlite::Error> {
        self.0.execute_each(sql, &rows.iter().take(self.1).map(<[Value]>::to_vec).collect(), done)
    }

    fn in_transaction(&mut self) -> bool {
        self.0.in_transaction()
    }

    fn is_busy(error: &rusqlite::Error) -> bool {
        driver::RusqliteDriver::is_busy(error)
    }
}

#[test]
fn a_driver_that_leaves_rows_out_forgets_no_migration() {
    let up = |runs| {
        let mut db = memory();
        let migrator: Migrator<'_, NoBackend> = Migrator::new(set(three()));
        let result = migrator.up_with(&mut Careless(driver::Rusqlite::driver(&mut db), runs));
        (db, result.map(|report| report.applied.len()))
    };
    let (db, result) = up(0);
    let error = result.unwrap_err();
    assert!(error.is_history(), "{error}");
    assert!(error.to_string().contains("the driver ran 0 of 1 statements"), "{error}");
    assert_eq!(objects(&db), "");
    // All at once it would leave some out: so they run one at a time.
    let (db, result) = up(1);
    assert_eq!(result.unwrap(), 3);
    assert_eq!(history(&db), "001_users 002_index 003_rows");
}
