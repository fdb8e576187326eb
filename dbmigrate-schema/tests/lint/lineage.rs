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
    drops(false, &format!("{twice} INSERT INTO t SELECT * FROM x; DROP TABLE x"));
    drops(
        false,
        "CREATE TEMP TABLE x (id, a); INSERT INTO x SELECT * FROM t; DROP TABLE t; CREATE TABLE t (id, a); \
         INSERT INTO t SELECT * FROM x; DROP TABLE x",
    );
    drops(true, "CREATE TEMP TABLE x (id, a); INSERT INTO x SELECT * FROM t; DROP TABLE t");
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
    drops(false, "CREATE TABLE n (id, a); WITH k AS (SELECT * FROM t) INSERT INTO n SELECT * FROM k; DROP TABLE t");
    drops(true, "CREATE TABLE n (id, a); WITH t AS (SELECT 1, 2) INSERT INTO n SELECT * FROM t; DROP TABLE t");
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

/// The messages of `partial-copy` about a migration after `OLD`, each with its notes.
fn partial(now: &str) -> Vec<String> {
    let findings = lint_newest(&[OLD, now]);
    let own = findings.iter().filter(|finding| finding.rule.name == "partial-copy").map(|finding| &finding.diagnostic);
    own.map(|it| format!("{}; {}", it.message, it.notes.join("; "))).collect()
}

#[test]
fn rows_that_no_copy_takes_are_said_however_they_come_to_be_left_out() {
    let some = "this copies only some rows of `t`, and the old table is dropped";
    let by = |word: &str| vec![format!("{some}; rows that its `{word}` leaves out will be missing in `t`")];
    let by_temp = "CREATE TEMP TABLE x AS SELECT * FROM t WHERE id > 9; DROP TABLE t; CREATE TABLE t (id, a); \
                   INSERT INTO t SELECT * FROM x; DROP TABLE x";
    assert_eq!(partial(by_temp), by("WHERE"));
    // The old table renamed first, by way of another, and into one that is there.
    assert_eq!(
        partial(
            "ALTER TABLE t RENAME TO o; CREATE TABLE t (a); INSERT INTO t SELECT a FROM o WHERE a > ''; DROP TABLE o"
        ),
        by("WHERE")
    );
    assert_eq!(
        partial(
            "CREATE TABLE x AS SELECT * FROM t WHERE a > ''; DROP TABLE t; CREATE TABLE t (id, a); INSERT INTO t SELECT * \
             FROM x; DROP TABLE x"
        ),
        by("WHERE")
    );
    assert_eq!(
        partial(
            "CREATE TABLE x AS SELECT * FROM t; DROP TABLE t; CREATE TABLE t (id, a); INSERT INTO t SELECT * FROM x LIMIT \
             5; DROP TABLE x"
        ),
        by("LIMIT")
    );
    let other = [by("WHERE")[0].replace("in `t`", "in `u`")];
    assert_eq!(partial("INSERT INTO u SELECT id FROM t WHERE a > ''; DROP TABLE t"), other);
    // What another copy puts somewhere else is not said to be gone.
    assert_eq!(
        partial(
            "CREATE TABLE gone (id, a); INSERT INTO gone SELECT * FROM t WHERE a > ''; CREATE TABLE n (id, a); INSERT INTO n \
             SELECT * FROM t WHERE a = ''; DROP TABLE t; ALTER TABLE n RENAME TO t"
        ),
        by("WHERE")
    );
    assert_eq!(partial("INSERT INTO u SELECT id FROM t; DROP TABLE t"), [""; 0]);
    // Only those that read the table count.
    assert_eq!(
        partial(
            "CREATE TABLE n (id, a); INSERT INTO n SELECT id, a FROM t WHERE a = 'x'; INSERT INTO n SELECT id, 'u' FROM u; \
             INSERT INTO n SELECT id, a FROM t WHERE a <> 'x'; DROP TABLE t; ALTER TABLE n RENAME TO t"
        ),
        [format!("{}; 2 statements copy rows, and none of them copies all", by("WHERE")[0])]
    );
    // The side of a join that stays whole.
    let join = |join: &str| {
        partial(&format!(
            "CREATE TABLE n (id, a); INSERT INTO n SELECT t.id, t.a FROM {join}; DROP TABLE t; ALTER TABLE n RENAME TO t"
        ))
    };
    for whole in ["t LEFT JOIN u USING (id)", "u RIGHT JOIN t USING (id)", "t FULL JOIN u USING (id)", "t"] {
        assert_eq!(join(whole), [""; 0], "{whole}");
    }
    for some in ["t, u", "u LEFT JOIN t USING (id)", "t RIGHT JOIN u USING (id)", "t LEFT JOIN u USING (id) JOIN u v"] {
        assert_eq!(join(some), by("JOIN"), "{some}");
    }
    // Any table has an `id`: only that of the table itself is there in each row.
    assert_eq!(join("t LEFT JOIN u ON u.id = t.a WHERE t.id IS NOT NULL"), [""; 0]);
    assert_eq!(join("t LEFT JOIN u ON u.id = t.a WHERE u.id IS NOT NULL"), by("WHERE"));
    assert_eq!(join("t LEFT JOIN t AS other ON other.id = t.a WHERE other.id IS NOT NULL"), by("WHERE"));
    assert_eq!(join("t LEFT JOIN u AS v ON v.id = t.a GROUP BY t.id, v.id"), [""; 0]);
    assert_eq!(join("t LEFT JOIN u AS v ON v.id = t.a GROUP BY v.id"), by("GROUP BY"));
    assert_eq!(join("t GROUP BY 1"), [""; 0]);
    assert_eq!(join("t GROUP BY 2"), by("GROUP BY"));
    // Another copy makes up for the condition, and not for the join.
    let two = |join: &str| {
        partial(&format!(
            "CREATE TABLE n (id, a); INSERT INTO n SELECT t.id, t.a FROM t {join} WHERE t.a IS NULL; INSERT INTO n \
             SELECT id, a FROM t WHERE t.a IS NOT NULL; DROP TABLE t; ALTER TABLE n RENAME TO t"
        ))
    };
    assert_eq!(two(""), [""; 0]);
    assert_eq!(
        two("JOIN u ON u.id = t.id"),
        [format!("{}; 2 statements copy rows, and none of them copies all", by("JOIN")[0])]
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

#[test]
fn a_key_that_is_another_column_may_repeat() {
    let lossy = |key: &str, conflict: &str| {
        let copy = format!(
            "CREATE TABLE n (id INTEGER PRIMARY KEY, a UNIQUE); INSERT INTO n SELECT {key}, a FROM t WHERE true {conflict}; \
             DROP TABLE t; ALTER TABLE n RENAME TO t"
        );
        let findings = lint_newest(&["CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE, b INT)", &copy]);
        findings.iter().any(|finding| finding.rule.name == "lossy-copy")
    };
    for key in ["b", "b + 1", "id / 2", "coalesce(b, id)", "CAST(a AS INTEGER)"] {
        assert!(lossy(key, "ON CONFLICT DO NOTHING"), "{key}");
        assert!(lossy(key, "ON CONFLICT (id) DO NOTHING"), "{key}");
        // That one can't be hurt.
        assert!(!lossy(key, "ON CONFLICT (a) DO NOTHING"), "{key}");
        assert!(!lossy(key, ""), "{key}");
    }
    for key in ["id", "t.id", "(id)", "-id", "id + 7", "NULL", "row_number() OVER (ORDER BY a)"] {
        assert!(!lossy(key, "ON CONFLICT DO NOTHING"), "{key}");
    }
}
