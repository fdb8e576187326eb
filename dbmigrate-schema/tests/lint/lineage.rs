//! Which table is which after a rebuild.

use crate::support::{lint_newest, names};

const OLD: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); CREATE TABLE u (id INTEGER PRIMARY KEY);";

#[track_caller]
fn drops(expect: bool, now: &str) {
    assert_eq!(names(&lint_newest(&[OLD, now])).contains("drop-table"), expect, "{now}");
}

#[test]
fn a_rebuild_drops_nothing() {
    drops(true, "DROP TABLE t");
    drops(false, "CREATE TABLE n (id, a); INSERT INTO n SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t");
    drops(false, "ALTER TABLE t RENAME TO o; CREATE TABLE t (a); INSERT INTO t (a) SELECT a FROM o; DROP TABLE o");
    let twice = "CREATE TEMP TABLE x AS SELECT * FROM t; DROP TABLE t; CREATE TABLE t (id, a);";
    drops(true, twice);
    drops(
        false,
        "CREATE TABLE x AS SELECT * FROM t; DROP TABLE t; CREATE TABLE t (id, a); INSERT INTO t SELECT * FROM x; \
         DROP TABLE x",
    );
    // Who takes over the name as well is the one.
    drops(
        false,
        "CREATE TABLE more (id, b); INSERT INTO more (id) SELECT id FROM t; CREATE TABLE n (id, a); \
         INSERT INTO n SELECT id, a FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t",
    );
    drops(false, "CREATE TABLE people AS SELECT * FROM t; DROP TABLE t");
    drops(true, "CREATE TABLE n (id, a); DROP TABLE t; ALTER TABLE n RENAME TO t");
    drops(true, "CREATE TABLE n (id, a); INSERT INTO n SELECT id, 1 FROM u; DROP TABLE t; ALTER TABLE n RENAME TO t");
    drops(
        false,
        "CREATE TABLE n (id); INSERT INTO n SELECT id FROM t JOIN u USING (id); DROP TABLE t; \
                  ALTER TABLE n RENAME TO t",
    );
    drops(
        true,
        "CREATE TABLE n (id); INSERT INTO n SELECT t.id FROM t JOIN u USING (id); DROP TABLE t; DROP TABLE u; \
                 ALTER TABLE n RENAME TO t",
    );
}

#[test]
fn a_table_that_no_database_has_seen_is_empty() {
    let set = crate::support::set(&[
        ("001_a.sql", "CREATE TABLE t (id)"),
        (
            "002_b.sql",
            "CREATE TABLE n (id, b); INSERT INTO n (id) SELECT id FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t",
        ),
        ("003_c.sql", "DROP TABLE t"),
    ]);
    for (old, expect) in [(Some(vec![]), false), (Some(vec![1]), true), (Some(vec![1, 2]), true), (None, true)] {
        let old = old.map(|old| old.into_iter().collect());
        let options = dbmigrate_schema::lint::Options { old: old.as_ref(), ..Default::default() };
        let (_, findings) = dbmigrate_schema::lint::lint(&set, None, &options);
        assert_eq!(names(&findings).contains("drop-table"), expect, "{old:?}");
    }
}

#[test]
fn a_table_that_takes_some_rows_is_not_the_one_that_takes_the_name() {
    let now = "CREATE TABLE more (id, b); INSERT INTO more (id) SELECT id FROM t; CREATE TABLE n (id, a, c); \
               INSERT INTO n (id, a) SELECT id, a FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t";
    assert!(!names(&lint_newest(&[OLD, now])).contains("drop-column"));
    let now = now.replace("(id, a, c)", "(id, c)").replace("(id, a) SELECT id, a", "(id) SELECT id");
    assert!(names(&lint_newest(&[OLD, &now])).contains("drop-column"));
}

/// What a hook makes before the migrations is there in every database.
#[test]
fn a_table_of_a_hook_is_one_like_others() {
    let files =
        [("hooks/before_all.sql", "CREATE TABLE h (a)"), ("001_a.sql", "SELECT 1"), ("002_b.sql", "DROP TABLE h")];
    let (replay, findings) = dbmigrate_schema::lint::lint(&crate::support::set(&files), None, &Default::default());
    assert_eq!(replay.diagnostics, []);
    assert!(names(&findings).contains("drop-table"), "{findings:?}");
}
