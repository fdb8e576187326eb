//! What is a difference between two schemas and what is none. Case numbers are those of the list of cases.

mod forms;

use dbmigrate_schema::model::{Action, Event, Generated, Indexed};
use dbmigrate_schema::{Kind, Name, ReadOptions, Schema, compare};
use rusqlite::Connection;

fn schema(sql: &str) -> Schema {
    let schema = Schema::from_sql(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    assert_eq!(schema.opaque().next(), None, "{sql}");
    schema
}

#[track_caller]
fn expect(from: &Schema, to: &Schema, expect: &[&str]) {
    let differences: Vec<_> = compare(from, to).iter().map(ToString::to_string).collect();
    assert_eq!(differences, expect);
}

/// Both ways, and after a round trip through the dump.
#[track_caller]
fn same(a: &str, b: &str) {
    let (a, b) = (schema(a), schema(b));
    expect(&a, &b, &[]);
    expect(&b, &a, &[]);
    round_trip(&a);
    round_trip(&b);
}

#[track_caller]
fn differs(a: &str, b: &str, differences: &[&str]) {
    let (a, b) = (schema(a), schema(b));
    expect(&a, &b, differences);
    assert!(!compare(&b, &a).is_empty());
    round_trip(&a);
    round_trip(&b);
}

#[track_caller]
fn round_trip(schema: &Schema) {
    let sql = schema.to_sql();
    let again = Schema::from_sql(&sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    expect(schema, &again, &[]);
    assert_eq!(again.to_sql(), sql, "a dump of a dump");
}

#[test]
fn spelling_is_no_difference() {
    for (a, b) in [
        ("CREATE TABLE t (a INT)", "create table \"T\"(\n  [A] int -- so\n)"),
        ("CREATE TABLE t (a VARCHAR(10))", "CREATE TABLE t (a varchar ( 10 ))"),
        ("CREATE TABLE t (a DECIMAL(10, 2))", "CREATE TABLE t (a DECIMAL(10,2))"),
        ("CREATE TABLE t (a UNSIGNED BIG INT)", "CREATE TABLE t (a unsigned  big /* so */ int)"),
        ("CREATE TABLE t (a \"INT\")", "CREATE TABLE t (a INT)"),
        ("CREATE TABLE t (a CHECK (a > 0))", "CREATE TABLE t (a CHECK (((a)>/* x */0)))"),
        ("CREATE TABLE t (a CHECK (a > 0))", "CREATE TABLE t (a, CHECK (\"a\" > 0))"),
        ("CREATE TABLE t (a CHECK (a <> 0))", "CREATE TABLE t (a CHECK (`A` != 0))"),
        ("CREATE TABLE t (a, b CHECK (a > 0 AND b > 0))", "CREATE TABLE t (a, b CHECK ((a > 0) AND ((b) > 0)))"),
        ("CREATE TABLE t (a, b CHECK ((a > 0) OR b IS NULL))", "CREATE TABLE t (a, b CHECK (a > 0 OR (b IS NULL)))"),
        ("CREATE TABLE t (a DEFAULT 1)", "CREATE TABLE t (a DEFAULT (1))"),
        ("CREATE TABLE t (a DEFAULT 'x')", "CREATE TABLE t (a DEFAULT \"x\")"),
        ("CREATE TABLE t (a DEFAULT 'x')", "CREATE TABLE t (a DEFAULT x)"),
        ("CREATE TABLE t (a DEFAULT 'key')", "CREATE TABLE t (a DEFAULT key)"),
        ("CREATE TABLE t (a DEFAULT NULL)", "CREATE TABLE t (a DEFAULT null)"),
        ("CREATE TABLE t (a DEFAULT (NULL))", "CREATE TABLE t (a)"),
        ("CREATE TABLE t (a DEFAULT 1, b DEFAULT 'x')", "CREATE TABLE t (a DEFAULT +1, b DEFAULT (+'x'))"),
        ("CREATE TABLE t (a DEFAULT CURRENT_TIMESTAMP)", "CREATE TABLE t (a DEFAULT (current_timestamp))"),
        ("CREATE TABLE t (a DEFAULT x'AB')", "CREATE TABLE t (a DEFAULT X'ab')"),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY)", "CREATE TABLE t (a INTEGER, PRIMARY KEY (a))"),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY)", "CREATE TABLE t (a INTEGER, PRIMARY KEY (a DESC))"),
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)",
            "CREATE TABLE t (a INTEGER, PRIMARY KEY (a AUTOINCREMENT))",
        ),
        ("CREATE TABLE t (a TEXT UNIQUE)", "CREATE TABLE t (a TEXT, UNIQUE (a))"),
        (
            "CREATE TABLE t (a TEXT COLLATE NOCASE UNIQUE)",
            "CREATE TABLE t (a TEXT COLLATE nocase, UNIQUE (a COLLATE NOCASE))",
        ),
        ("CREATE TABLE t (a TEXT COLLATE BINARY)", "CREATE TABLE t (a TEXT)"),
        ("CREATE TABLE t (a NOT NULL ON CONFLICT ABORT)", "CREATE TABLE t (a NOT NULL)"),
        ("CREATE TABLE t (a NULL)", "CREATE TABLE t (a)"),
        (
            "CREATE TABLE p (i INTEGER PRIMARY KEY); CREATE TABLE t (a REFERENCES p (i) ON DELETE CASCADE NOT DEFERRABLE)",
            "CREATE TABLE p (i INTEGER PRIMARY KEY); CREATE TABLE t (a, FOREIGN KEY (\"A\") REFERENCES P(I) ON UPDATE NO ACTION ON DELETE CASCADE)",
        ),
        ("CREATE TABLE t (a REFERENCES t (a) MATCH FULL)", "CREATE TABLE t (a REFERENCES t (a))"),
        ("CREATE TABLE t (a, b AS (a + 1))", "CREATE TABLE t (a, b GENERATED ALWAYS AS ((a+1)) VIRTUAL)"),
        ("CREATE TABLE t (a, b INT AS (a))", "CREATE TABLE t (a, b INT GENERATED ALWAYS AS (a))"),
        (
            "CREATE TABLE t (a INT PRIMARY KEY) STRICT, WITHOUT ROWID",
            "CREATE TABLE t (a INT PRIMARY KEY) without rowid, strict",
        ),
        ("CREATE TABLE t (a); CREATE INDEX i ON t (a)", "CREATE TABLE t (a); create index I on T(\"a\" ASC)"),
        (
            "CREATE TABLE t (a COLLATE NOCASE); CREATE INDEX i ON t (a)",
            "CREATE TABLE t (a COLLATE NOCASE); CREATE INDEX i ON t ((a) COLLATE nocase)",
        ),
        (
            "CREATE TABLE t (a); CREATE INDEX i ON t (lower(a)) WHERE a > 0",
            "CREATE TABLE t (a); CREATE INDEX i ON t (LOWER(\"a\")) WHERE (a > 0)",
        ),
        (
            "CREATE TABLE t (a, b); CREATE VIEW v AS SELECT a AS \"x\", b FROM t WHERE \"t\".a = 1 ORDER BY x",
            "CREATE TABLE t (a, b); create view V as select A as x,B from \"t\" where [t].\"a\" == (1) order by \"x\"",
        ),
        (
            "CREATE TABLE t (a); CREATE TRIGGER r AFTER UPDATE OF a ON t WHEN new.a > 0 BEGIN DELETE FROM t; END",
            "CREATE TABLE t (a); create trigger R after update of \"a\" on T for each row when (NEW.a > 0) begin\n\
             -- so\n  delete from t ;\nend",
        ),
        (
            "CREATE TABLE t (a); CREATE TRIGGER r BEFORE DELETE ON t BEGIN SELECT 1; END",
            "CREATE TABLE t (a); CREATE TRIGGER r DELETE ON t BEGIN SELECT 1; END",
        ),
    ] {
        same(a, b);
    }
}

#[test]
fn what_sqlite_reads_otherwise_is_a_difference() {
    for (a, b, differences) in [
        ("", "CREATE TABLE t (a)", &["table `t` is added"][..]),
        ("CREATE TABLE t (a)", "CREATE VIEW t AS SELECT 1 AS a", &["table `t` is removed", "view `t` is added"]),
        (
            "CREATE TABLE t (a)",
            "CREATE TABLE t (a, b INT NOT NULL DEFAULT 0)",
            &["table `t`: column `b` is added: `INT NOT NULL DEFAULT 0`"],
        ),
        ("CREATE TABLE t (a, b)", "CREATE TABLE t (a)", &["table `t`: column `b` is removed"]),
        ("CREATE TABLE t (a, b)", "CREATE TABLE t (b, a)", &["table `t`: the order of columns becomes `b`, `a`"]),
        (
            "CREATE TABLE t (a, b)",
            "CREATE TABLE t (a, c, b)",
            &["table `t`: column `c` is added", "table `t`: the order of columns becomes `a`, `c`, `b`"],
        ),
        (
            "CREATE TABLE t (a INT)",
            "CREATE TABLE t (a INTEGER)",
            &["table `t`: column `a` changes its type from `INT` to `INTEGER`"],
        ),
        (
            "CREATE TABLE t (a)",
            "CREATE TABLE t (a TEXT)",
            &["table `t`: column `a` changes its type from none to `TEXT`"],
        ),
        ("CREATE TABLE t (a)", "CREATE TABLE t (a NOT NULL)", &["table `t`: column `a` becomes `NOT NULL`"]),
        (
            "CREATE TABLE t (a NOT NULL)",
            "CREATE TABLE t (a CONSTRAINT n NOT NULL ON CONFLICT FAIL)",
            &["table `t`: column `a` changes from `NOT NULL` to `CONSTRAINT n NOT NULL ON CONFLICT FAIL`"],
        ),
        (
            "CREATE TABLE t (a DEFAULT 1)",
            "CREATE TABLE t (a DEFAULT '1')",
            &["table `t`: column `a` changes its default from `1` to `'1'`"],
        ),
        (
            "CREATE TABLE t (a DEFAULT NULL, b DEFAULT -1)",
            "CREATE TABLE t (a DEFAULT 'NULL', b DEFAULT 1)",
            &[
                "table `t`: column `a` changes its default from `NULL` to `'NULL'`",
                "table `t`: column `b` changes its default from `-1` to `1`",
            ],
        ),
        (
            "CREATE TABLE t (a DEFAULT x)",
            "CREATE TABLE t (a DEFAULT X)",
            &["table `t`: column `a` changes its default from `x` to `X`"],
        ),
        (
            "CREATE TABLE t (a DEFAULT key)",
            "CREATE TABLE t (a DEFAULT Key)",
            &["table `t`: column `a` changes its default from `key` to `Key`"],
        ),
        (
            "CREATE TABLE t (a DEFAULT true)",
            "CREATE TABLE t (a DEFAULT \"true\")",
            &["table `t`: column `a` changes its default from `true` to `\"true\"`"],
        ),
        (
            "CREATE TABLE t (a)",
            "CREATE TABLE t (a COLLATE NOCASE)",
            &["table `t`: column `a` changes its collation from `BINARY` to `NOCASE`"],
        ),
        (
            "CREATE TABLE t (a, b AS (a))",
            "CREATE TABLE t (a, b AS (a) STORED)",
            &["table `t`: column `b` changes how it is computed from `GENERATED ALWAYS AS (a) VIRTUAL` \
               to `GENERATED ALWAYS AS (a) STORED`"],
        ),
        (
            "CREATE TABLE t (a CHECK (a > 0))",
            "CREATE TABLE t (a CONSTRAINT positive CHECK (a > 0))",
            &["table `t`: a check gets the name `positive`"],
        ),
        (
            "CREATE TABLE t (a CHECK (a = 'x'))",
            "CREATE TABLE t (a CHECK (a = 'X'))",
            &["table `t`: `CHECK (a = 'x')` is removed", "table `t`: `CHECK (a = 'X')` is added"],
        ),
        (
            "CREATE TABLE t (a, CHECK (a - (1 - 2) > 0))",
            "CREATE TABLE t (a, CHECK (a - 1 - 2 > 0))",
            &["table `t`: `CHECK (a - (1 - 2) > 0)` is removed", "table `t`: `CHECK (a - 1 - 2 > 0)` is added"],
        ),
        (
            "CREATE TABLE t (a, b, CHECK (a BETWEEN 0 AND (b = 1)))",
            "CREATE TABLE t (a, b, CHECK (a BETWEEN 0 AND b = 1))",
            &[
                "table `t`: `CHECK (a BETWEEN 0 AND (b = 1))` is removed",
                "table `t`: `CHECK (a BETWEEN 0 AND b = 1)` is added",
            ],
        ),
        (
            "CREATE TABLE t (a, b, CHECK (NOT (a AND b)))",
            "CREATE TABLE t (a, b, CHECK (NOT a AND b))",
            &["table `t`: `CHECK (NOT (a AND b))` is removed", "table `t`: `CHECK (NOT a AND b)` is added"],
        ),
        (
            "CREATE TABLE t (a, b, CHECK (a AND (b OR 1)))",
            "CREATE TABLE t (a, b, CHECK (a AND b OR 1))",
            &["table `t`: `CHECK (a AND (b OR 1))` is removed", "table `t`: `CHECK (a AND b OR 1)` is added"],
        ),
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY)",
            "CREATE TABLE t (a INTEGER PRIMARY KEY DESC)",
            &["table `t`: `PRIMARY KEY (a)` is removed", "table `t`: `PRIMARY KEY (a DESC)` is added"],
        ),
        (
            "CREATE TABLE t (a UNIQUE)",
            "CREATE TABLE t (a UNIQUE ON CONFLICT REPLACE)",
            &["table `t`: `UNIQUE (a)` is removed", "table `t`: `UNIQUE (a) ON CONFLICT REPLACE` is added"],
        ),
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b REFERENCES t (a))",
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b REFERENCES t ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED)",
            &[
                "table `t`: `FOREIGN KEY (b) REFERENCES t (a)` is removed",
                "table `t`: `FOREIGN KEY (b) REFERENCES t ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED` is added",
            ],
        ),
        (
            "CREATE TABLE t (a); CREATE INDEX i ON t (a)",
            "CREATE TABLE t (a); CREATE UNIQUE INDEX i ON t (a DESC) WHERE a",
            &[
                "index `i` on `t` changes its uniqueness from none to `UNIQUE`",
                "index `i` on `t` changes its columns from `a` to `a DESC`",
                "index `i` on `t` changes its condition from none to `a`",
            ],
        ),
        (
            "CREATE VIEW v AS SELECT 1 AS a",
            "CREATE VIEW v (a) AS SELECT 2",
            &[
                "view `v` changes its columns from none to `a`",
                "view `v` changes its query from `SELECT 1 AS a` to `SELECT 2`",
            ],
        ),
        (
            "CREATE TABLE t (a); CREATE TRIGGER r BEFORE INSERT ON t BEGIN SELECT 1; END",
            "CREATE TABLE t (a); CREATE TRIGGER r AFTER UPDATE OF a ON t WHEN 1 BEGIN SELECT 2; END",
            &[
                "trigger `r` on `t` changes its timing from `BEFORE` to `AFTER`",
                "trigger `r` on `t` changes its event from `INSERT` to `UPDATE OF a`",
                "trigger `r` on `t` changes its condition from none to `1`",
                "trigger `r` on `t` changes its body from `SELECT 1;` to `SELECT 2;`",
            ],
        ),
    ] {
        differs(a, b, differences);
    }
}

/// `"x"` is a name where there is one, and a text where there is none.
#[test]
fn double_quotes_are_names_only_where_there_is_such_a_name() {
    let with = |query: &str| format!("CREATE TABLE t (a, b); CREATE VIEW v AS {query}");
    same(&with("SELECT \"a\" FROM t"), &with("SELECT a FROM t"));
    same(&with("SELECT \"none\" FROM t"), &with("SELECT 'none' FROM t"));
    for (a, b) in [
        ("SELECT a FROM t WHERE \"None\" = b", "SELECT a FROM t WHERE \"none\" = b"),
        ("SELECT \"a\" FROM t", "SELECT 'a' FROM t"),
        ("SELECT DISTINCT a FROM t", "SELECT \"distinct\" a FROM t"),
        ("SELECT current_date FROM t", "SELECT [current_date] FROM t"),
        ("SELECT true FROM t", "SELECT [true] FROM t"),
    ] {
        differs(&with(a), &with(b), &[&format!("view `v` changes its query from `{a}` to `{b}`")]);
    }
}

#[test]
fn tables_of_a_tool_can_be_left_out() {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch(
            "CREATE TABLE t (a); CREATE TABLE _migrations (a UNIQUE); CREATE INDEX i ON _migrations (a);
             CREATE TRIGGER r AFTER INSERT ON _migrations BEGIN SELECT 1; END",
        )
        .unwrap();
    let options = ReadOptions { without_tables: vec![Name::new("_Migrations")] };
    expect(&Schema::read(&connection, &options).unwrap(), &schema("CREATE TABLE t (a)"), &[]);
}

#[test]
fn a_statement_that_sqlite_refuses_has_a_place() {
    let error = Schema::from_sql("CREATE TABLE t (a);\nCREATE INDEX i ON t (b);").unwrap_err();
    assert_eq!(error.to_string(), "schema.sql:2:22: error: SQLite rejects this statement: no such column: b");
    let error = Schema::from_sql("ATTACH 'other.db' AS other").unwrap_err();
    assert_eq!(
        error.to_string(),
        "schema.sql:1:1: error: SQLite rejects this statement: too many attached databases - max 0"
    );
    assert!(Schema::from_sql("CREATE TABLE t (a); VACUUM INTO 'other.db'").is_err());
}

#[test]
fn what_is_read_again_is_what_a_first_look_sees() {
    let db = Connection::open_in_memory().unwrap();
    let options = ReadOptions::default();
    let mut last = Schema::default();
    let many: String =
        (0..20).map(|at| format!("CREATE TABLE m{at} (x, y); CREATE INDEX n{at} ON m{at} (x);")).collect();
    for sql in [
        "CREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT NOT NULL DEFAULT 'a'); CREATE INDEX i ON a (y)",
        "CREATE VIEW v AS SELECT x FROM a; CREATE TABLE b (x INT REFERENCES a) STRICT",
        // The index is on another table under the same name.
        "DROP TABLE b; CREATE TABLE b (y, x REFERENCES a, CHECK (y)); DROP INDEX i; CREATE INDEX i ON b (y)",
        "ALTER TABLE a RENAME COLUMN y TO z; ALTER TABLE b ADD COLUMN w AS (y + 1)",
        &many,
        "ALTER TABLE a RENAME TO c; DROP VIEW v; PRAGMA user_version = 3",
        "SELECT 1",
        "DROP TABLE m3; CREATE VIEW m3 AS SELECT 1; CREATE TRIGGER t INSTEAD OF INSERT ON m3 BEGIN SELECT 1; END",
    ] {
        db.execute_batch(sql).unwrap();
        let again = last.read_again(&db, &options).unwrap();
        assert_eq!(again, Schema::read(&db, &options).unwrap(), "{sql}");
        last = again;
    }
}
