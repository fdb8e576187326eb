//! Tables made anew, and all that depends on them.

use dbmigrate_schema::{Decisions, Plan, ReadOptions, Schema, plan};
use rusqlite::Connection;

use crate::support::{Database, applies, check, planned, refuses, rows, schema};

#[test]
fn case_05_a_table_that_refers_to_itself_keeps_its_rows() {
    let database = applies(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, up REFERENCES t (id) ON DELETE CASCADE, n TEXT)",
        "INSERT INTO t VALUES (1, NULL, 'a'), (2, 1, 'b'), (3, 2, 'c')",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, up REFERENCES t (id) ON DELETE CASCADE, n TEXT CHECK (n <> ''))",
        "",
    );
    rows(&database, "SELECT count(*) FROM t", &["3"]);
    rows(&database, "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%t_new%'", &["0"]);
    database.run("DELETE FROM t WHERE id = 1");
    rows(&database, "SELECT count(*) FROM t", &["0"]);
}

#[test]
fn case_06_two_tables_that_refer_to_each_other_are_made_anew_in_one_plan() {
    let with = |kind: &str| {
        format!(
            "CREATE TABLE a (id INTEGER PRIMARY KEY, b REFERENCES b ON DELETE CASCADE, x {kind});
             CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES a ON DELETE CASCADE, x {kind});
             CREATE TABLE c (b REFERENCES b ON DELETE SET NULL, a REFERENCES a ON DELETE RESTRICT);"
        )
    };
    let database = applies(
        &with("INT"),
        "BEGIN; PRAGMA defer_foreign_keys = ON; INSERT INTO a VALUES (1, 2, 3); INSERT INTO b VALUES (2, 1, 4);
         INSERT INTO c VALUES (2, 1); COMMIT",
        &with("TEXT"),
        "",
    );
    rows(&database, "SELECT * FROM a, b, c", &["1|2|'3'|2|1|'4'|2|1"]);
}

#[test]
fn case_11_triggers_keep_their_text_and_their_order() {
    let with = |kind: &str| {
        format!(
            "CREATE TABLE t (a {kind}); CREATE TABLE u (b); CREATE TABLE log (m);
             CREATE TRIGGER z AFTER UPDATE OF a ON t WHEN new.a > 0 BEGIN INSERT INTO log VALUES ('z'); END;
             CREATE TRIGGER y AFTER UPDATE ON t BEGIN INSERT INTO log VALUES ('y') /* ; END */; END;
             CREATE TRIGGER k AFTER INSERT ON u BEGIN INSERT INTO log SELECT 'k' FROM t; END;
             CREATE TRIGGER j AFTER INSERT ON u BEGIN INSERT INTO log VALUES ('j'); END;"
        )
    };
    let rows_of = "INSERT INTO t VALUES (1)";
    let after = "UPDATE t SET a = 2; INSERT INTO u VALUES (1)";
    let database = applies(&with("INT"), rows_of, &with("TEXT"), "");
    database.run(after);
    let plain = Database::new(&[&with("INT"), rows_of, after]);
    assert_eq!(database.ask("SELECT m FROM log ORDER BY rowid"), plain.ask("SELECT m FROM log ORDER BY rowid"));
    let texts = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid";
    assert_eq!(database.ask(texts), plain.ask(texts));
}

#[test]
fn case_12_a_trigger_elsewhere_that_uses_the_table_goes_on_using_it() {
    let with = |kind: &str| {
        format!(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, n {kind}); CREATE TABLE u (a);
             CREATE TRIGGER w AFTER INSERT ON u WHEN EXISTS (SELECT 1 FROM t) BEGIN
               UPDATE t SET n = n + new.a; INSERT INTO t (n) VALUES (new.a); END;"
        )
    };
    let database = applies(&with("INT"), "INSERT INTO t VALUES (1, 5)", &with("REAL"), "");
    database.run("INSERT INTO u VALUES (2)");
    rows(&database, "SELECT * FROM t", &["1|7.0", "2|2.0"]);
}

#[test]
fn case_14_views_on_views_with_their_triggers_come_back() {
    let with = |kind: &str| {
        format!(
            "CREATE TABLE \"odd t\" (a {kind}, b INT);
             CREATE VIEW v (x, y) AS WITH w AS (SELECT * FROM \"odd t\") SELECT a, b FROM w;
             CREATE VIEW over AS SELECT x FROM v;
             CREATE TRIGGER i INSTEAD OF INSERT ON over BEGIN INSERT INTO \"odd t\" VALUES (new.x, 1); END;
             CREATE VIEW aside AS SELECT 1 AS one;"
        )
    };
    let database = applies(&with("INT"), "INSERT INTO over VALUES (7)", &with("TEXT"), "");
    database.run("INSERT INTO over VALUES (8)");
    rows(&database, "SELECT x FROM over", &["'7'", "'8'"]);
    let plan = planned(&with("INT"), &with("TEXT"), "");
    assert!(!plan.to_sql().contains("aside"), "{}", plan.to_sql());
}

#[test]
fn case_15_a_broken_view_elsewhere_is_no_obstacle() {
    let broken = "CREATE VIEW broken AS SELECT none FROM nowhere;";
    for (from, to, decided) in [
        ("CREATE TABLE t (a INT)", "CREATE TABLE t (a TEXT)", ""),
        ("CREATE TABLE t (a INT)", "CREATE TABLE u (a INT)", "t=u"),
        ("CREATE TABLE t (a INT)", "CREATE TABLE t (b INT)", "t.a=t.b"),
        ("CREATE TABLE t (a INT, b)", "CREATE TABLE t (a INT)", "drop-column"),
    ] {
        let database =
            applies(&format!("{from}; {broken}"), "INSERT INTO t (a) VALUES (1)", &format!("{to}; {broken}"), decided);
        let schema = Schema::read(&database.0, &ReadOptions::default()).unwrap();
        assert_eq!(schema.views().count(), 1);
    }
}

#[test]
fn case_16_indexes_keep_their_text() {
    let with = |kind: &str| {
        format!(
            "CREATE TABLE t (a {kind}, b TEXT UNIQUE, c);
             CREATE UNIQUE INDEX partial ON t (a DESC) -- so
               WHERE b > 'x';
             CREATE INDEX by_expression ON t (lower(b) COLLATE NOCASE, c);"
        )
    };
    let database = applies(&with("INT"), "INSERT INTO t VALUES (1, 'a', 2)", &with("TEXT"), "");
    let plain = Database::new(&[&with("TEXT")]);
    let texts = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type = 'index' ORDER BY name";
    assert_eq!(database.ask(texts), plain.ask(texts));
}

#[test]
fn case_17_a_check_that_names_its_table_goes_on_doing_so() {
    let with = |kind: &str| {
        format!(
            "CREATE TABLE t (a {kind}, CHECK (t.a > '0'), CHECK (\"t\".a < '9'), CHECK ([T].a AND main.`t`.a));
             CREATE INDEX i ON t (a) WHERE t.a > 3;"
        )
    };
    let database = applies(&with("TEXT"), "INSERT INTO t VALUES ('1a')", &with("BLOB"), "");
    assert!(database.0.execute_batch("INSERT INTO t VALUES ('99')").is_err());
}

#[test]
fn case_18_a_search_over_the_table_finds_what_it_found() {
    let with = |kind: &str| {
        format!(
            "CREATE TABLE docs (title {kind}, body TEXT);
             CREATE VIRTUAL TABLE search USING fts5(title, body, content='docs');
             CREATE TRIGGER ins AFTER INSERT ON docs BEGIN
               INSERT INTO search (rowid, title, body) VALUES (new.rowid, new.title, new.body); END;
             CREATE TRIGGER del AFTER DELETE ON docs BEGIN
               INSERT INTO search (search, rowid, title, body) VALUES ('delete', old.rowid, old.title, old.body); END;"
        )
    };
    let database = applies(
        &with("TEXT"),
        "INSERT INTO docs VALUES ('a', 'one'), ('b', 'two'), ('c', 'three'); DELETE FROM docs WHERE title = 'a'",
        &with("TEXT NOT NULL DEFAULT ''"),
        "fill docs.title=''",
    );
    database.run(
        "INSERT INTO docs VALUES ('d', 'three four'); INSERT INTO search (search, rank) VALUES ('integrity-check', 1)",
    );
    rows(&database, "SELECT rowid, title FROM search WHERE search MATCH 'three'", &["3|'c'", "4|'d'"]);
    assert!(!planned(&with("TEXT"), &with("INT"), "").to_sql().contains("search_"));
}

#[test]
fn case_19_virtual_tables_stay_unless_they_may_be_dropped() {
    let (from, to) = ("CREATE VIRTUAL TABLE f USING fts5(a)", "CREATE VIRTUAL TABLE f USING fts5(a, b)");
    check(from, from, "", "");
    refuses(
        from,
        to,
        "",
        &["virtual table `f`: it can't be changed: virtual table `f` changes its arguments from `a` to `a, b`"],
    );
    check(
        from,
        to,
        "drop-table",
        "-- drops the virtual table `f` and its content\nDROP TABLE f;\nCREATE VIRTUAL TABLE f USING fts5(a, b);\n",
    );
    refuses(from, "", "", &["table `f` is dropped, with its rows"]);
    let database = applies(from, "INSERT INTO f VALUES ('x')", "CREATE VIRTUAL TABLE g USING fts5(a)", "f=g");
    rows(&database, "SELECT * FROM g('x')", &["'x'"]);
}

#[test]
fn case_21_no_id_is_given_twice() {
    let with = |name: &str, kind: &str| {
        format!(
            "CREATE TABLE {name} (id INTEGER PRIMARY KEY AUTOINCREMENT, a {kind}); CREATE TABLE \"e'\" (id INTEGER PRIMARY KEY AUTOINCREMENT, a {kind});"
        )
    };
    let database = applies(
        &with("T", "INT"),
        "INSERT INTO t (a) VALUES (1), (2), (3); DELETE FROM t WHERE id > 1;
         INSERT INTO \"e'\" VALUES (41, 1); DELETE FROM \"e'\"",
        &with("u", "TEXT"),
        "t=u",
    );
    rows(&database, "SELECT * FROM sqlite_sequence ORDER BY name", &["'e''|41", "'u'|3"]);
    database.run("INSERT INTO u (a) VALUES ('x'); INSERT INTO \"e'\" (a) VALUES ('y')");
    rows(&database, "SELECT id FROM u UNION ALL SELECT id FROM \"e'\"", &["1", "4", "42"]);
}

#[test]
fn case_22_rowids_stay() {
    for (from, to, expect) in [
        ("CREATE TABLE t (a)", "CREATE TABLE t (a TEXT)", ["2|'x'", "7|'z'"]),
        ("CREATE TABLE t (a, rowid INT)", "CREATE TABLE t (a TEXT, rowid INT)", ["2|'x'", "7|'z'"]),
        ("CREATE TABLE t (a, rowid)", "CREATE TABLE t (oid TEXT, a TEXT, rowid)", ["2|'x'", "7|'z'"]),
        ("CREATE TABLE t (a)", "CREATE TABLE t (id INTEGER PRIMARY KEY, a)", ["2|'x'", "7|'z'"]),
    ] {
        let database = applies(
            from,
            "INSERT INTO t (_rowid_, a) VALUES (1, 'w'), (2, 'x'), (3, 'y'), (7, 'z');
             DELETE FROM t WHERE _rowid_ IN (1, 3)",
            to,
            "",
        );
        rows(&database, "SELECT _rowid_, a FROM t", &expect);
    }
    // Where no name is left for them, they can't.
    let hidden = "CREATE TABLE t (a {kind}, rowid, _rowid_, oid)";
    let database = applies(
        &hidden.replace("{kind}", ""),
        "INSERT INTO t VALUES (1, 2, 3, 4)",
        &hidden.replace("{kind}", "TEXT"),
        "",
    );
    rows(&database, "SELECT * FROM t", &["'1'|2|3|4"]);
}

#[test]
fn case_23_odd_primary_keys_are_kept_as_they_are() {
    for key in ["INTEGER PRIMARY KEY DESC", "INT PRIMARY KEY", "TEXT PRIMARY KEY"] {
        let database = applies(
            &format!("CREATE TABLE t (id {key}, a INT)"),
            "INSERT INTO t (rowid, id, a) VALUES (5, NULL, 1), (6, NULL, 2), (9, 3, 3)",
            &format!("CREATE TABLE t (id {key}, a TEXT)"),
            "",
        );
        let expect = if key.starts_with("TEXT") { "9|'3'|'3'" } else { "9|3|'3'" };
        rows(&database, "SELECT rowid, * FROM t", &["5|NULL|'1'", "6|NULL|'2'", expect]);
    }
}

#[test]
fn case_24_a_table_gets_and_loses_its_rowid() {
    let (with, without) =
        ("CREATE TABLE t (k TEXT PRIMARY KEY, a)", "CREATE TABLE t (k TEXT PRIMARY KEY, a) WITHOUT ROWID");
    let database = applies(with, "INSERT INTO t VALUES ('b', 1), ('a', 2)", without, "");
    rows(&database, "SELECT * FROM t", &["'a'|2", "'b'|1"]);
    applies(without, "INSERT INTO t VALUES ('b', 1), ('a', 2)", with, "");
    // A key without a value stops it before anything is lost.
    let database = Database::new(&[with, "INSERT INTO t VALUES (NULL, 1)"]);
    assert!(database.apply(&planned(with, without, "")).unwrap_err().contains("NOT NULL constraint failed"));
    rows(&database, "SELECT * FROM t", &["NULL|1"]);
    // So does one that is to be the rowid, which SQLite would make up.
    let (from, to) = ("CREATE TABLE t (id INT PRIMARY KEY)", "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    let database = Database::new(&[from, "INSERT INTO t VALUES (NULL)"]);
    assert!(database.apply(&planned(from, to, "")).unwrap_err().starts_with("not so: "));
    applies(from, "INSERT INTO t VALUES (5), (3)", to, "");
}

#[test]
fn case_25_no_row_is_lost_to_a_conflict() {
    let (from, to) = ("CREATE TABLE t (a TEXT)", "CREATE TABLE t (a TEXT COLLATE NOCASE UNIQUE ON CONFLICT REPLACE)");
    let two = "INSERT INTO t VALUES ('x'), ('X')";
    let plan = planned(from, to, "");
    let database = Database::new(&[from, two]);
    assert!(database.apply(&plan).unwrap_err().starts_with("not so: "));
    // Nor where nobody asked before.
    let unasked = Plan { asserts: Vec::new(), ..plan };
    assert!(database.apply(&unasked).unwrap_err().contains("UNIQUE constraint failed"));
    rows(&database, "SELECT * FROM t", &["'x'", "'X'"]);
    let database = applies(from, "INSERT INTO t VALUES ('x'), ('y'), (NULL), (NULL)", to, "");
    rows(&database, "SELECT count(*) FROM t", &["4"]);
    let index = "CREATE TABLE t (a TEXT); CREATE UNIQUE INDEX i ON t (a COLLATE NOCASE) WHERE a <> 'z'";
    let database = Database::new(&[from, two]);
    assert!(database.apply(&planned(from, index, "")).unwrap_err().starts_with("not so: "));
    applies(from, "INSERT INTO t VALUES ('x'), ('z'), ('Z')", index, "");
}

#[test]
fn case_28_what_is_computed_is_not_copied() {
    let with = |kind: &str, stored: &str| {
        format!(
            "CREATE TABLE t (b AS (a + 1) {stored}, a {kind}, c AS (b * 2) {stored}, d INT GENERATED ALWAYS AS (c))"
        )
    };
    let database = applies(&with("INT", ""), "INSERT INTO t VALUES (1), (NULL)", &with("REAL", "STORED"), "");
    rows(&database, "SELECT b, a, c, d FROM t", &["2.0|1.0|4.0|4", "NULL|NULL|NULL|NULL"]);
    // To a table that holds rows, SQLite adds only what it does not have to store.
    let (from, rows_of) = ("CREATE TABLE t (a INT)", "INSERT INTO t VALUES (3)");
    let database = applies(from, rows_of, "CREATE TABLE t (a INT, b AS (a * 2) STORED)", "");
    rows(&database, "SELECT * FROM t", &["3|6"]);
    check(
        from,
        "CREATE TABLE t (a INT, b AS (a * 2))",
        "",
        "ALTER TABLE t ADD COLUMN b GENERATED ALWAYS AS (a * 2) VIRTUAL;\n",
    );
    // What was computed becomes a value; what was a value is not thrown away without a word.
    let computed = "CREATE TABLE t (a INT, b INT AS (a * 2))";
    let stored = "CREATE TABLE t (a INT, b INT)";
    let database = applies(computed, rows_of, stored, "");
    rows(&database, "SELECT * FROM t", &["3|6"]);
    refuses(stored, computed, "", &["column `b` of `t` goes, and its values with it"]);
}

#[test]
fn case_29_a_column_that_becomes_not_null_is_filled_as_somebody_says() {
    for default in [
        "",
        "DEFAULT (abs(-1))",
        "DEFAULT -1.5",
        "DEFAULT x'00'",
        "DEFAULT 'it''s'",
        "DEFAULT CURRENT_TIMESTAMP",
        "DEFAULT foo",
        "DEFAULT \"bar\"",
    ] {
        let database = applies(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT)",
            "INSERT INTO t VALUES (1, NULL), (2, 5)",
            &format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a INT NOT NULL {default})"),
            "fill t.a=id * 10",
        );
        rows(&database, "SELECT a FROM t", &["10", "5"]);
    }
    // A new column gets its default, which may be an expression.
    for (default, expect) in [
        ("(1 + 1)", "2"),
        ("(lower('X'))", "'x'"),
        ("(~1)", "-2"),
        ("(NOT 1)", "0"),
        ("-1.5", "-1.5"),
        ("'it''s'", "'it's'"),
        ("x'0f'", "[f]"),
        ("foo", "'foo'"),
        ("\"bar\"", "'bar'"),
        ("(- -3)", "3"),
        ("true", "1"),
    ] {
        let to = format!("CREATE TABLE t (a, b NOT NULL DEFAULT {default})");
        let database = applies("CREATE TABLE t (a)", "INSERT INTO t VALUES (1)", &to, "");
        rows(&database, "SELECT b FROM t", &[expect]);
    }
}

#[test]
fn case_30_a_column_that_is_new_is_never_read_from_the_old_table() {
    let database = applies(
        "CREATE TABLE t (a INT, b INT)",
        "INSERT INTO t VALUES (1, 2)",
        "CREATE TABLE t (\"c\" TEXT, b INT, \"odd d\" DEFAULT 7, a INT)",
        "",
    );
    rows(&database, "SELECT * FROM t", &["NULL|2|7|1"]);
}

#[test]
fn case_31_values_of_every_kind_go_over_unharmed() {
    let values = "INSERT INTO t VALUES (1, x'00ff00'), (2, CAST(x'ff41' AS TEXT)), (3, '🦀\u{1}''\"'), (4, -0.0),
                  (5, 9e999), (6, 9223372036854775807), (7, 0.1), (8, ''), (9, x''), (10, NULL), (11, zeroblob(100000))";
    let (from, to) = ("CREATE TABLE t (id INTEGER PRIMARY KEY, a)", "CREATE TABLE t (a, id INTEGER PRIMARY KEY)");
    let database = applies(from, values, to, "");
    let all = "SELECT id, typeof(a), hex(a), length(a), a = 9e999 FROM t";
    assert_eq!(database.ask(all), Database::new(&[from, values]).ask(all));
}

#[test]
fn case_32_names_of_every_kind() {
    for name in ["order", "a b", "a.b", "größe", "🦀", "a\"b", "[x]", "a'b", "x\ty", "rowid", "--", ";"] {
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        let from = format!("CREATE TABLE {quoted} (id INTEGER PRIMARY KEY, {quoted} BLOB, z); CREATE INDEX \"i {name}\" ON {quoted} ({quoted});",)
            .replace("\"i a\"b\"", "\"i a\"\"b\"");
        let to = from.replace("BLOB, z", "TEXT, z NOT NULL");
        let database =
            applies(&from, &format!("INSERT INTO {quoted} VALUES (3, 'x', 1)"), &to, &format!("fill {name}.z=0"));
        rows(&database, &format!("SELECT * FROM {quoted}"), &["3|'x'|1"]);
    }
    // An assertion stands on one line, and nothing else has to.
    let (from, to) = ("CREATE TABLE t (\"a\nb\", c)", "CREATE TABLE t (\"a\nb\", c NOT NULL DEFAULT 1)");
    applies(from, "INSERT INTO t VALUES (1, NULL)", to, "fill t.c=2");
    refuses(
        from,
        &from.replace("b\"", "b\" INT"),
        "",
        &["table `t`: a name in it contains a line break, and an assertion is a single line"],
    );
    // The case of a name alone is no difference.
    check("CREATE TABLE t (a)", "CREATE TABLE T (A)", "", "");
    check("CREATE TABLE t (a)", "CREATE TABLE T (A)", "t=T T.a=T.A", "");
}

#[test]
fn case_33_renames_of_every_kind_at_once() {
    // With another type and another order.
    let database = applies(
        "CREATE TABLE t (a INT, b INT, c INT, CHECK (a > b))",
        "INSERT INTO t VALUES (3, 2, 1)",
        "CREATE TABLE t (c INT, x TEXT, b INT, CHECK (x > b))",
        "t.a=t.x",
    );
    rows(&database, "SELECT * FROM t", &["1|'3'|2"]);
    // Two columns swapped.
    let swap = "CREATE TABLE t (a INT, b INT); CREATE INDEX i ON t (a); CREATE VIEW v AS SELECT a FROM t;";
    let swapped = "CREATE TABLE t (b INT, a INT); CREATE INDEX i ON t (b); CREATE VIEW v AS SELECT b AS a FROM t;";
    let database = applies(swap, "INSERT INTO t VALUES (1, 2)", swapped, "t.a=t.b t.b=t.a");
    rows(&database, "SELECT a, b FROM t", &["2|1"]);
    rows(&database, "SELECT a FROM v", &["1"]);
    // Two tables swapped, with who refers to them.
    let tables = |a: &str, b: &str| {
        format!(
            "CREATE TABLE {a} (id INTEGER PRIMARY KEY, x); CREATE TABLE {b} (id INTEGER PRIMARY KEY, y);
             CREATE TABLE c (a REFERENCES {a}, b REFERENCES {b});"
        )
    };
    let rows_of = "INSERT INTO a VALUES (1, 'x'); INSERT INTO b VALUES (2, 'y'); INSERT INTO c VALUES (1, 2)";
    let database = applies(&tables("a", "b"), rows_of, &tables("b", "a"), "a=b b=a");
    rows(&database, "SELECT * FROM b, a, c", &["1|'x'|2|'y'|1|2"]);
    // A chain, and a name that is free because its table goes.
    let database = applies(&tables("a", "b"), rows_of, &tables("b", "d"), "a=b b=d");
    rows(&database, "SELECT * FROM b, d", &["1|'x'|2|'y'"]);
    let (before, after) = ("CREATE TABLE a (x); CREATE TABLE b (y, z);", "CREATE TABLE b (x);");
    let database = applies(before, "INSERT INTO a VALUES (1); INSERT INTO b VALUES (2, 3)", after, "a=b drop-table");
    rows(&database, "SELECT * FROM b", &["1"]);
    // A column takes the name of one that goes, which is a key.
    let database = applies(
        "CREATE TABLE t (a INT, b INT UNIQUE)",
        "INSERT INTO t VALUES (1, 2)",
        "CREATE TABLE t (b INT)",
        "t.a=t.b drop-column",
    );
    rows(&database, "SELECT * FROM t", &["1"]);
    // A table and its column, under the new name of the table.
    check(
        "CREATE TABLE a (x, y INT)",
        "CREATE TABLE b (z, y INT)",
        "b.x=b.z a=b",
        "ALTER TABLE a RENAME TO b;\nALTER TABLE b RENAME COLUMN x TO z;\n",
    );
}

#[test]
fn case_34_columns_that_all_go_and_columns_without_end() {
    let database = applies("CREATE TABLE t (a)", "INSERT INTO t VALUES (1), (2)", "CREATE TABLE t (b)", "drop-column");
    rows(&database, "SELECT rowid, b FROM t", &["1|NULL", "2|NULL"]);
    refuses(
        "CREATE TABLE t (a PRIMARY KEY) WITHOUT ROWID",
        "CREATE TABLE t (b)",
        "drop-column",
        &["table `t`: no column is left to identify its rows"],
    );
    let wide = |first: &str, kind: &str| {
        let columns: Vec<_> = (1..1_999).map(|at| format!("c{at} INT")).collect();
        format!("CREATE TABLE t ({first}, {}, c1999 {kind})", columns.join(", "))
    };
    let key = "id INTEGER PRIMARY KEY";
    let database = applies(&wide(key, "INT"), "INSERT INTO t (c1999) VALUES (5)", &wide(key, "TEXT"), "");
    rows(&database, "SELECT id, c1999 FROM t", &["1|'5'"]);
    // Its rowid is none of the columns, and one more than SQLite takes at once.
    let (plain, rows_of) = (wide("c0 INT", "INT"), "INSERT INTO t (rowid, c1999) VALUES (7, 5), (3, 6)");
    let columns: Vec<_> = (0..2_000).map(|at| format!("c{at}")).collect();
    let index = format!("; CREATE INDEX i ON t ({})", columns.join(", "));
    let database = applies(&plain, rows_of, &format!("{plain}{index}"), "");
    rows(&database, "SELECT rowid, c1999 FROM t ORDER BY rowid", &["3|6", "7|5"]);
    refuses(
        &plain,
        &wide("c0 INT", "TEXT"),
        "",
        &["table `t`: SQLite can't copy a rowid beside 2000 columns: replace one of them with an INTEGER PRIMARY \
             KEY, or move some to another table, in a migration by hand"],
    );
}

#[test]
fn case_35_a_name_in_use_is_left_alone() {
    let others =
        "CREATE TABLE T_NEW (x); CREATE TABLE u (a); CREATE INDEX t_new2 ON u (a); CREATE VIEW t_new3 AS SELECT 1;
                  CREATE TRIGGER t_new4 AFTER INSERT ON u BEGIN SELECT 1; END;
                  CREATE VIRTUAL TABLE t_new5 USING fts5(a);";
    let to = format!("CREATE TABLE t (a TEXT); {others} CREATE TABLE t_new6 (a);");
    let database = applies(&format!("CREATE TABLE t (a INT); {others}"), "INSERT INTO t VALUES (1)", &to, "");
    rows(&database, "SELECT * FROM t", &["'1'"]);
    assert!(planned("CREATE TABLE t (a INT)", &to, "").to_sql().contains("CREATE TABLE t_new7 ("));
}

#[test]
fn case_36_comments_stay_and_hints_go() {
    let to = "CREATE TABLE t ( -- ; 'a table'
  -- dbmigrate: renamed from old
  a TEXT, -- its ) name
  b /* ; */ INT -- dbmigrate: renamed from c
)";
    let plan = planned("CREATE TABLE t (a INT, b INT)", to, "");
    let text = "CREATE TABLE t_new ( -- ; 'a table'\n  a TEXT, -- its ) name\n  b /* ; */ INT\n)";
    assert!(plan.statements.iter().any(|statement| statement.sql == text), "{}", plan.to_sql());
    applies("CREATE TABLE t (a INT, b INT)", "", to, "");
    let trigger = "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT ';END'; -- END;\n END";
    let database =
        applies(&format!("CREATE TABLE t (a INT); {trigger}"), "", &format!("CREATE TABLE t (a TEXT); {trigger}"), "");
    rows(&database, "SELECT sql FROM sqlite_schema WHERE name = 'r'", &[&format!("'{trigger}'")]);
}

#[test]
fn what_is_not_understood_is_made_anew_by_its_text_or_left_alone() {
    // A table whose text says something else than SQLite's pragmas.
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("CREATE TABLE odd (a CONSTRAINT lost, b NOT NULL); CREATE TABLE t (a INT);").unwrap();
    let from = Schema::read(&connection, &ReadOptions::default()).unwrap();
    assert_eq!(from.opaque().count(), 1);
    let to = schema("CREATE TABLE odd (a CONSTRAINT lost, b NOT NULL); CREATE TABLE t (a TEXT);");
    let untouched = plan(&from, &to, &Decisions::default()).unwrap();
    assert!(!untouched.to_sql().contains("odd"), "{}", untouched.to_sql());
    let to = schema("CREATE TABLE odd (a, b, c); CREATE TABLE t (a INT);");
    let undecided = plan(&from, &to, &Decisions::default()).unwrap_err();
    let message = undecided[0].to_string();
    assert!(
        message.starts_with("table `odd`: it can't be changed, because its text could not be parsed: "),
        "{message}"
    );
}

#[test]
fn several_tables_change_in_one_plan() {
    let from =
        "CREATE TABLE a (id INTEGER PRIMARY KEY, x INT); CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES a, y);
                CREATE TABLE gone (b REFERENCES b); CREATE VIEW v AS SELECT * FROM a JOIN b ON b.a = a.id;
                CREATE TRIGGER r AFTER INSERT ON a BEGIN INSERT INTO b (a) VALUES (new.id); END;";
    let to = "CREATE TABLE first (id INTEGER PRIMARY KEY); CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT, first REFERENCES first);
              CREATE TABLE b2 (id INTEGER PRIMARY KEY, a REFERENCES a ON DELETE CASCADE, y, z AS (y || 1));
              CREATE VIEW v AS SELECT * FROM a JOIN b2 ON b2.a = a.id;
              CREATE TRIGGER r AFTER INSERT ON a BEGIN INSERT INTO b2 (a) VALUES (new.id); END;";
    let rows_of = "INSERT INTO a VALUES (1, 2); INSERT INTO gone VALUES (1)";
    let database = applies(from, rows_of, to, "b=b2 drop-table");
    database.run("INSERT INTO a (id) VALUES (5)");
    rows(&database, "SELECT * FROM v", &["1|'2'|NULL|1|1|NULL|NULL", "5|NULL|NULL|2|5|NULL|NULL"]);
}
