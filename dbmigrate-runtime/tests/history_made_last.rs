//! In a fresh database the history is made at the end, and nobody can tell.

mod support;

use support::package::package;
use support::*;

#[test]
fn who_reads_the_history_in_a_migration_finds_all_before_it_also_in_a_fresh_database() {
    let files = vec![
        file("001_seen", &["CREATE TABLE seen (by TEXT, count INTEGER)"]),
        file("002_view", &["CREATE VIEW state AS SELECT count(*) AS applied FROM _Migrations"]),
        file("003_direct", &["INSERT INTO seen SELECT 'direct', count(*) FROM \"_migrations\""]),
        file("004_view", &["INSERT INTO seen SELECT 'view', applied FROM state"]),
        file("005_last", &["CREATE TABLE last (x)"]),
    ];
    let seen = "SELECT group_concat(by || count) FROM seen";
    let (mut fresh, mut steps) = (memory(), memory());
    runner(files.clone()).up(&mut fresh).unwrap();
    (1..=5_u64).for_each(|number| drop(runner(files.clone()).up_to(&mut steps, number).unwrap()));
    assert_eq!(ask(&fresh, seen), "direct2,view3");
    assert_eq!(ask(&steps, seen), ask(&fresh, seen));
    let rows = "SELECT group_concat(id || name || state || (duration_us IS NULL) || statements_done) FROM _migrations";
    assert_eq!(ask(&fresh, rows), ask(&steps, rows));
}

#[test]
fn who_reads_the_history_finds_it_also_when_it_runs_again_and_whatever_it_is_called() {
    // The very first one, for which nothing would be there yet.
    let first = |sql| file("001_counts", &[sql]);
    let mut db = memory();
    let files = vec![
        first("CREATE TABLE seen AS SELECT count(*) AS count FROM _migrations"),
        file("002_last", &["CREATE TABLE last (x)"]),
        file("003_fails", &["nonsense"]),
    ];
    let error = runner(files).up(&mut db).unwrap_err();
    assert_eq!(error.file(), Some("migrations/003_fails.sql"));
    assert_eq!((history(&db), ask(&db, "SELECT count FROM seen")), ("001_counts 002_last".into(), "0".into()));
    // A name that SQL can write in two ways.
    let mut db = memory();
    let files = vec![first("CREATE TABLE seen AS SELECT count(*) AS count FROM \"a\"\"b\"")];
    package(files).table("a\"b").runner().up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT count FROM seen"), "0");
}

#[test]
fn rows_that_the_history_refuses_are_blamed_on_the_migration_that_made_it_so() {
    let refuses =
        "CREATE TRIGGER strict BEFORE INSERT ON \"_migr\" WHEN NEW.number = 3 BEGIN SELECT RAISE(ABORT, 'no'); END";
    let files = vec![
        file("001_a", &["CREATE TABLE a (x)"]),
        file("002_b", &["CREATE TABLE b (x)"]),
        file("003_c", &["CREATE TABLE c (x)"]),
    ];
    let mut db = memory();
    // Nobody's migration mentions it: a trigger of the connection.
    runner(files[..1].to_vec()).up(&mut db).unwrap();
    run(&db, &refuses.replace("_migr", "_migrations"));
    run(&db, "DELETE FROM _migrations; DROP TABLE a");
    let error = runner(files).up(&mut db).unwrap_err();
    assert!(error.to_string().contains("could not record `003_c`"), "{error}");
    assert_eq!(ask(&db, "SELECT group_concat(name) FROM _migrations"), "001_a,002_b");
}

#[test]
fn a_history_that_is_made_last_is_the_same_and_scripts_that_look_for_it_find_it() {
    let plain = || vec![file("001_a", &["CREATE TABLE a (x)"]), file("002_b", &["ALTER TABLE a ADD COLUMN y"])];
    let of_history = "SELECT group_concat(type || name || sql, char(10)) FROM \
                      (SELECT * FROM sqlite_master WHERE tbl_name LIKE '\\_migrations%' ESCAPE '\\' ORDER BY name)";
    let (mut late, mut early) = (memory(), memory());
    runner(plain()).up(&mut late).unwrap();
    let first = file("001_a", &["CREATE TABLE a (x) /* sqlite_ */"]);
    runner(vec![first, plain().remove(1)]).up(&mut early).unwrap();
    assert_eq!(ask(&early, "SELECT tbl_name FROM sqlite_master LIMIT 1"), "_migrations");
    assert_eq!(ask(&late, of_history), ask(&early, of_history));
    assert_eq!(ask(&late, "SELECT count(*) FROM _migrations"), "2");
    assert_eq!(ask(&late, "SELECT tbl_name FROM sqlite_master LIMIT 1"), "a", "it was made last");
    // By its name, by the schema, or by what the history made SQLite make.
    for look in [
        "CREATE TABLE seen AS SELECT count(*) AS seen FROM _migrations",
        "CREATE TABLE seen AS SELECT name = '_migrations' AS seen FROM sqlite_schema WHERE name = '_migrations'",
        "CREATE TABLE seen AS SELECT count(*) > 0 AS seen FROM pragma_table_info('_MIGRATIONS')",
        "UPDATE sqlite_sequence SET seq = 7 WHERE name = 'nobody'",
    ] {
        let mut db = memory();
        let files = vec![plain().remove(0), file("002_look", &[look])];
        runner(files).up(&mut db).unwrap_or_else(|error| panic!("{look}: {error}"));
        assert_eq!(ask(&db, "SELECT count(*) FROM _migrations"), "2", "{look}");
        if look.starts_with("CREATE") {
            assert_eq!(ask(&db, "SELECT seen FROM seen"), "1", "{look}");
        }
        run(&db, "UPDATE _migrations SET tool = 'me'");
        assert_eq!(ask(&db, "SELECT chain FROM _migrations_head"), "", "{look}");
    }
}

#[test]
fn the_encoding_does_not_depend_on_when_the_history_is_made() {
    let encoding = |hint: &'static str| {
        let mut db = memory();
        let files = vec![
            file("001_a", &["PRAGMA Encoding = 'UTF-16le'", "CREATE TABLE a (x)", hint]),
            file("002_b", &["CREATE TABLE b (x)"]),
        ];
        runner(files).up(&mut db).unwrap();
        ask(&db, "PRAGMA encoding")
    };
    // What makes it look at the history, and what does not.
    assert_eq!(encoding("SELECT count(*) FROM _migrations"), encoding("SELECT 1"));
}
