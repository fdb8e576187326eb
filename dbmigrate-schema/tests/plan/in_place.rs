//! What `ALTER TABLE` does, and when.

use crate::support::{Database, applies, check, planned, rows, schema};

#[test]
fn case_41_columns_are_added_in_place_where_rows_allow_it() {
    let table = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (a INT";
    for (column, decided, in_place) in [
        ("INT", "", true),
        ("TEXT COLLATE NOCASE DEFAULT 'x'", "", true),
        ("INT NOT NULL DEFAULT 1", "", true),
        ("INT CONSTRAINT n NOT NULL DEFAULT -1", "", true),
        ("INT NOT NULL DEFAULT (abs(1))", "", false),
        ("TEXT DEFAULT CURRENT_TIMESTAMP", "", false),
        ("INT CHECK (b > 0 OR a IS NULL)", "", true),
        ("INT CHECK (b > 0 OR a IS NULL)", "3.31", false),
        ("INT UNIQUE", "", false),
        ("INT REFERENCES p", "", true),
        ("INT REFERENCES p ON DELETE CASCADE", "", true),
        ("INT DEFAULT 1 REFERENCES p", "", true),
        ("INT AS (a + 1)", "", true),
        ("INT AS (a + 1) NOT NULL", "", true),
        ("INT AS (a + 1) NOT NULL", "3.31", false),
        ("INT AS (a + 1) STORED", "", false),
        ("INT, c INT CHECK (c <> 5), FOREIGN KEY (b) REFERENCES p (id) ON UPDATE CASCADE", "", true),
        ("INT, FOREIGN KEY (a, b) REFERENCES p (id, id)", "", false),
        ("INT, CHECK (a > 0)", "", false),
        ("INT, CHECK (a > 0)", "3.53", true),
        ("INT", "fill t.b=a * 2", false),
    ] {
        let decided = decided.replace("3.35", "");
        let (from, to) = (format!("{table})"), format!("{table}, b {column})"));
        let text = planned(&from, &to, if decided.is_empty() { "3.37" } else { &decided }).to_sql();
        assert_eq!(!text.contains("t_new"), in_place, "{text}");
        if !to.contains("(a, b)") {
            applies(&from, "INSERT INTO p VALUES (1); INSERT INTO t VALUES (1), (2)", &to, &decided);
        }
    }
    // Among the others only by a rebuild.
    let moved = planned("CREATE TABLE t (a, b)", "CREATE TABLE t (a, c, b)", "").to_sql();
    assert!(moved.contains("SELECT rowid, a, b"), "{moved}");
}

#[test]
fn case_42_columns_are_dropped_in_place_where_nothing_is_in_the_way() {
    let rest = "CREATE TABLE o (x REFERENCES t (a));";
    for (from, to, in_place) in [
        ("CREATE TABLE t (a, b)", "CREATE TABLE t (a)", true),
        ("CREATE TABLE t (a, b CHECK (b > 0))", "CREATE TABLE t (a)", true),
        ("CREATE TABLE t (a, b REFERENCES t (a))", "CREATE TABLE t (a)", true),
        ("CREATE TABLE t (a, b); CREATE INDEX i ON t (b)", "CREATE TABLE t (a)", true),
        ("CREATE TABLE t (a, b); CREATE INDEX i ON t (a) WHERE b", "CREATE TABLE t (a); CREATE INDEX i ON t (a)", true),
        ("CREATE TABLE t (a, b); CREATE VIEW v AS SELECT b FROM t", "CREATE TABLE t (a)", true),
        (
            "CREATE TABLE t (a, b); CREATE VIEW v AS SELECT a FROM t",
            "CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t",
            true,
        ),
        (
            "CREATE TABLE t (a, b); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT new.b; END",
            "CREATE TABLE t (a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT new.a; END",
            true,
        ),
        ("CREATE TABLE t (a, b, c AS (b))", "CREATE TABLE t (a)", true),
        ("CREATE TABLE t (a, b UNIQUE)", "CREATE TABLE t (a)", false),
        ("CREATE TABLE t (a, b PRIMARY KEY)", "CREATE TABLE t (a)", false),
        ("CREATE TABLE t (a, b, CHECK (b > 0))", "CREATE TABLE t (a)", false),
        ("CREATE TABLE t (a CHECK (b > a), b)", "CREATE TABLE t (a)", false),
        ("CREATE TABLE t (a, b, FOREIGN KEY (b) REFERENCES t (a))", "CREATE TABLE t (a)", false),
        ("CREATE TABLE t (a, b, c AS (b))", "CREATE TABLE t (a, c AS (a))", false),
        ("CREATE TABLE t (a, b UNIQUE, c)", "CREATE TABLE t (a, c)", false),
    ] {
        for (decided, version) in [("drop-column", true), ("drop-column 3.31", false)] {
            let from = format!("{from}; {rest}");
            let text = planned(&from, &format!("{to}; {rest}"), decided).to_sql();
            assert_eq!(!text.contains("t_new"), in_place && version, "{text}");
        }
        let values = "INSERT INTO t (a, b) VALUES (1, 2), (3, NULL)";
        let expect = ["1", "3"];
        let database = Database::new(&[from, "PRAGMA foreign_keys = OFF", values]);
        database.apply(&planned(from, to, "drop-column")).unwrap_or_else(|error| panic!("{error}"));
        database.is_like(&schema(to));
        rows(&database, "SELECT a FROM t", &expect);
    }
    check(
        "CREATE TABLE t (a, b)",
        "CREATE TABLE t (a)",
        "drop-column",
        "-- drops the values of `b` in `t`\nALTER TABLE t DROP COLUMN b;\n",
    );
}

#[test]
fn case_43_a_renamed_column_is_renamed_wherever_it_is_used() {
    let with = |name: &str| {
        format!(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, {name} INT UNIQUE CHECK ({name} > 0), g AS ({name} + 1));
             CREATE TABLE c (x REFERENCES t ({name}) ON UPDATE CASCADE);
             CREATE INDEX i ON t ({name}, g) WHERE {name} > 1; CREATE VIEW v AS SELECT t.{name} AS y FROM t;
             CREATE VIEW w AS SELECT * FROM t; CREATE TRIGGER r AFTER UPDATE OF {name} ON t WHEN new.{name} > 5
               BEGIN UPDATE t SET {name} = 5 WHERE id = new.id; END;"
        )
    };
    let (from, to) = (with("a"), with("b"));
    check(&from, &to, "t.a=t.b", "ALTER TABLE t RENAME COLUMN a TO b;\n");
    let database = applies(&from, "INSERT INTO t VALUES (1, 2); INSERT INTO c VALUES (2)", &to, "t.a=t.b");
    database.run("UPDATE t SET b = 9");
    rows(&database, "SELECT w.b, y, x FROM w, v, c", &["5|5|5"]);
    // Only what does not follow from it is changed.
    check(
        &from,
        &to.replace("AS y", "AS z"),
        "t.a=t.b",
        "DROP VIEW v;\nALTER TABLE t RENAME COLUMN a TO b;\nCREATE VIEW v AS SELECT t.b AS z FROM t;\n",
    );
}

#[test]
fn case_44_what_sqlite_3_53_changes_in_place_a_rebuild_changes_alike() {
    let values = "INSERT INTO t VALUES (1, 10, 'x'), (2, 20, NULL)";
    let table = |rest: &str| format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT{rest})");
    for (from, to, decided, expect) in [
        (
            table(""),
            table("").replace("a INT", "a INT NOT NULL"),
            "fill t.a=0",
            Some("ALTER TABLE t ALTER COLUMN a SET NOT NULL;"),
        ),
        (
            table(""),
            table("").replace("b TEXT", "b TEXT NOT NULL ON CONFLICT FAIL"),
            "fill t.b=a || '!'",
            Some(
                "UPDATE t SET b = a || '!' WHERE b IS NULL;\nALTER TABLE t ALTER COLUMN b SET NOT NULL ON CONFLICT FAIL;",
            ),
        ),
        (
            table("").replace("a INT", "a INT NOT NULL"),
            table(""),
            "fill t.a=0",
            Some("ALTER TABLE t ALTER COLUMN a DROP NOT NULL;"),
        ),
        (
            table("").replace("a INT", "a INT CONSTRAINT n NOT NULL"),
            table(""),
            "fill t.a=0",
            Some("ALTER TABLE t ALTER COLUMN a DROP NOT NULL;"),
        ),
        (table(""), table("").replace("a INT", "a INT CONSTRAINT n NOT NULL"), "fill t.a=0", None),
        (table(""), table(", CONSTRAINT c CHECK (a > 5)"), "", Some("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 5);")),
        (table(""), table(", CHECK (a > 5)"), "", Some("ALTER TABLE t ADD CHECK (a > 5);")),
        (table(", CONSTRAINT c CHECK (a > 5)"), table(""), "", Some("ALTER TABLE t DROP CONSTRAINT c;")),
        (table(", CHECK (a > 5)"), table(""), "", None),
        (table(", CONSTRAINT c UNIQUE (a)"), table(""), "", None),
        (
            table(", CONSTRAINT c FOREIGN KEY (a) REFERENCES t (id)"),
            table(""),
            "",
            Some("ALTER TABLE t DROP CONSTRAINT c;"),
        ),
        (
            table(", CONSTRAINT c CHECK (a > 5)"),
            table(", CONSTRAINT d CHECK (a > 5)"),
            "",
            Some("ALTER TABLE t DROP CONSTRAINT c;\nALTER TABLE t ADD CONSTRAINT d CHECK (a > 5);"),
        ),
        (
            table(", CONSTRAINT c CHECK (a > 5), CONSTRAINT c CHECK (a > 6)"),
            table(", CONSTRAINT c CHECK (a > 6)"),
            "",
            None,
        ),
        (
            table(", x INT, CONSTRAINT c CHECK (x > 5)"),
            table(", y INT, CONSTRAINT c CHECK (y > 7)"),
            "drop-column",
            Some(
                "ALTER TABLE t DROP CONSTRAINT c;\n\n-- drops the values of `x` in `t`\nALTER TABLE t DROP COLUMN x;\n\
                 ALTER TABLE t ADD COLUMN y INT;\nALTER TABLE t ADD CONSTRAINT c CHECK (y > 7);",
            ),
        ),
    ] {
        let values = if from.contains("x INT") {
            values.replace("'x'", "'x', 8").replace("NULL)", "NULL, NULL)")
        } else {
            values.to_owned()
        };
        let values = if from.contains("REFERENCES") { "" } else { &values };
        let results = ["", "3.53"].map(|version| {
            let database = applies(&from, values, &to, &format!("{version} {decided}"));
            database.ask("SELECT * FROM t")
        });
        assert_eq!(results[0], results[1]);
        let text = planned(&from, &to, &format!("3.53 {decided}")).to_sql();
        match expect {
            Some(expect) => assert!(text.contains(expect) && !text.contains("t_new"), "{text}"),
            None => assert!(text.contains("t_new"), "{text}"),
        }
        assert!(planned(&from, &to, decided).to_sql().contains("t_new"));
    }
    // A fill in place would make triggers run.
    let with_trigger = |table: String| format!("{table}; CREATE TRIGGER r AFTER UPDATE ON t BEGIN DELETE FROM t; END");
    let to = with_trigger(table("").replace("a INT", "a INT NOT NULL"));
    assert!(planned(&with_trigger(table("")), &to, "3.53 fill t.a=0").to_sql().contains("t_new"));
}
