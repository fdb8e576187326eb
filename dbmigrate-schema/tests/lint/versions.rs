//! What needs which version of SQLite.

use crate::support::lint_newest;

const BASE: &str = "CREATE TABLE t (a INTEGER, b TEXT, CONSTRAINT c CHECK (a > 0));";

/// What is said to need a newer one.
#[track_caller]
fn needs(sql: &str, expect: &[&str]) {
    let findings = lint_newest(&[BASE, sql]);
    let newer = findings.iter().filter(|it| it.rule.name == "newer-sqlite");
    let found: Vec<_> =
        newer.filter_map(|it| it.diagnostic.message.strip_suffix(", and `min-sqlite` is 3.35")).collect();
    assert_eq!(found, expect, "{sql}");
}

#[test]
fn each_feature_has_its_version() {
    for (sql, expect) in [
        ("CREATE TABLE s (a INT) STRICT", "`STRICT` needs SQLite 3.37"),
        ("UPDATE t SET b = b -> 'a'", "`->` needs SQLite 3.38"),
        ("CREATE INDEX i ON t (b ->> 'a')", "`->>` needs SQLite 3.38"),
        ("DELETE FROM t WHERE a > unixepoch('2020-01-01')", "`unixepoch()` needs SQLite 3.38"),
        ("CREATE VIEW v AS SELECT t.a FROM t RIGHT JOIN t AS u USING (a)", "`RIGHT JOIN` needs SQLite 3.39"),
        ("CREATE VIEW v AS SELECT a IS DISTINCT FROM b FROM t", "`IS DISTINCT FROM` needs SQLite 3.39"),
        ("CREATE VIEW v AS SELECT string_agg(b, ',') AS a FROM t", "`string_agg()` needs SQLite 3.44"),
        (
            "CREATE VIEW v AS SELECT group_concat(b ORDER BY a) AS a FROM t",
            "`ORDER BY in an aggregate` needs SQLite 3.44",
        ),
        (
            "CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE t SET b = jsonb(new.b) WHERE a = 1; END",
            "`jsonb()` needs SQLite 3.45",
        ),
        ("UPDATE t SET a = 1_000", "`1_000` needs SQLite 3.46"),
        ("UPDATE t SET a = iif(a > 1, 2)", "`iif() of two arguments` needs SQLite 3.48"),
        ("ALTER TABLE t ADD CONSTRAINT d CHECK (b <> '')", "`ADD CONSTRAINT` needs SQLite 3.53"),
        ("ALTER TABLE t DROP CONSTRAINT c", "`DROP CONSTRAINT` needs SQLite 3.53"),
        ("ALTER TABLE t ALTER COLUMN a SET NOT NULL", "`ALTER COLUMN … SET NOT NULL` needs SQLite 3.53"),
        ("ALTER TABLE t ALTER COLUMN a DROP NOT NULL", "`ALTER COLUMN … DROP NOT NULL` needs SQLite 3.53"),
        ("ALTER TABLE t ADD COLUMN d AS (b ->> 'x')", "`->>` needs SQLite 3.38"),
        ("WITH x AS (SELECT unhex(b) AS u FROM t) INSERT INTO t (b) SELECT u FROM x", "`unhex()` needs SQLite 3.41"),
        ("INSERT INTO t VALUES (1, concat('a', 'b')) ON CONFLICT DO NOTHING", "`concat()` needs SQLite 3.44"),
    ] {
        needs(sql, &[expect]);
    }
    needs("UPDATE t SET b = concat(b -> 'a', b -> 'b')", &["`->` needs SQLite 3.38", "`concat()` needs SQLite 3.44"]);
}

#[test]
fn what_3_35_knows_is_nothing_new() {
    for sql in [
        "ALTER TABLE t DROP COLUMN b",
        "INSERT INTO t (a) VALUES (1) RETURNING a",
        "CREATE TABLE s (a INT, b AS (a * 2) STORED)",
        "WITH x AS MATERIALIZED (SELECT a FROM t) UPDATE t SET b = 'x' FROM x WHERE x.a = t.a",
        "CREATE VIEW v AS SELECT count(DISTINCT a) OVER () AS \"->\", iif(a, 1, 2), '1_0' FROM t",
        "CREATE VIEW v AS SELECT sum(a) FILTER (WHERE a > 0) OVER (ORDER BY a), json_extract(b, '$') FROM t",
    ] {
        needs(&sql.replace("count(DISTINCT a) OVER ()", "count(DISTINCT a)"), &[]);
    }
}

/// A package that names no oldest SQLite has none to be reminded of.
#[test]
fn what_is_not_declared_is_not_missed() {
    let files = [("001_a.sql", "CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT;")];
    for (min_sqlite, expect) in [(None, false), (Some((3, 35)), true), (Some((3, 37)), false)] {
        let set = crate::support::set_with(&files, dbmigrate_core::Config { min_sqlite, ..Default::default() });
        let (_, findings) = dbmigrate_schema::lint::lint(&set, None, &Default::default());
        assert_eq!(crate::support::names(&findings).contains("newer-sqlite"), expect, "{min_sqlite:?}");
    }
}
