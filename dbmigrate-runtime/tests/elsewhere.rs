//! What a file means to do to the database is not done to one that the program has beside it.

mod support;

use support::*;

#[test]
fn a_table_of_an_attached_database_is_not_dropped_for_one_that_is_missing() {
    for enforced in [false, true] {
        let mut db = enforcing(enforced);
        run(&db, "ATTACH ':memory:' AS archive; CREATE TABLE archive.old (x)");
        let files = |sql| vec![file("001_a", &[sql, "CREATE TABLE t (x)"])];
        let error = runner(files("DROP TABLE IF EXISTS old")).up(&mut db).unwrap_err();
        assert!(error.to_string().contains("in the attached database `archive`"), "{error}");
        assert_eq!((ask(&db, "SELECT count(*) FROM archive.old").as_str(), objects(&db).as_str()), ("0", ""));
        runner(files("DROP TABLE IF EXISTS main.old")).up(&mut db).unwrap();
        assert_eq!(ask(&db, "SELECT count(*) FROM archive.old"), "0");
        let drops = || [files("DROP TABLE IF EXISTS main.old"), vec![file("002_b", &["DROP TABLE t"])]].concat();
        runner(drops()).up(&mut db).unwrap();
    }
}

#[test]
fn rows_and_columns_beside_the_database_are_not_changed_for_those_that_are_missing() {
    let places = [
        ("ATTACH ':memory:' AS archive", "archive", "is in the attached database `archive`, and not"),
        ("SELECT 1", "temp", "is a temporary one of the connection, and not"),
    ];
    for (attach, place, expect) in places {
        let make = format!("{attach}; CREATE TABLE {place}.old (x, y); INSERT INTO {place}.old VALUES (1, 2)");
        for sql in
            ["DELETE FROM old", "UPDATE old SET x = 5", "ALTER TABLE old DROP COLUMN y", "DROP TABLE IF EXISTS old"]
        {
            for bare in [false, true] {
                let mut db = memory();
                run(&db, &make);
                let mut changes = file("002_b", &[sql]);
                if bare {
                    changes = changes.no_transaction();
                }
                let error = runner(vec![file("001_a", &["CREATE TABLE t (x)"]), changes]).up(&mut db).unwrap_err();
                assert!(error.to_string().contains(expect), "{sql}: {error}");
                assert!(history(&db).starts_with("001_a") && !history(&db).ends_with("002_b"), "{}", history(&db));
                assert_eq!(ask(&db, &format!("SELECT x || ' ' || y FROM {place}.old")), "1 2");
            }
        }
    }
    // What the database has is its own, also where a trigger of the program tells another.
    let mut db = memory();
    run(&db, "ATTACH ':memory:' AS archive; CREATE TABLE archive.log (x); CREATE TABLE archive.t (x)");
    let makes = || file("001_a", &["CREATE TABLE t (x, y)", "INSERT INTO t VALUES (1, 2)"]);
    runner(vec![makes()]).up(&mut db).unwrap();
    run(&db, "CREATE TEMP TRIGGER tells AFTER UPDATE ON main.t BEGIN INSERT INTO log VALUES (new.x); END");
    let sql = ["UPDATE t SET x = 5", "ALTER TABLE t DROP COLUMN y", "DELETE FROM t", "DROP TABLE t"];
    runner(vec![makes(), file("002_b", &sql)]).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM archive.log"), "5");
    // What a file has attached or made itself is its own business.
    let attach = "ATTACH ':memory:' AS mine";
    let sql = [
        attach,
        "CREATE TABLE mine.old (x)",
        "DELETE FROM old",
        "CREATE TEMP TABLE scratch (x)",
        "DELETE FROM scratch",
        "DROP TABLE scratch",
    ];
    runner(vec![file("001_a", &sql)]).up(&mut memory()).unwrap();
}
