//! What the planner makes is proved: pairs of schemas for which it was not.

use dbmigrate_schema::{Decisions, Fill, Hazard, Name, Schema, Step, plan, reversed};

use crate::support::Case;

#[track_caller]
fn is_proved(before: &str, target: &str, decisions: Decisions) {
    let schema = |sql: &str| Schema::from_sql(sql).unwrap();
    let up = plan(&schema(before), &schema(target), &decisions).unwrap().to_sql();
    let down = plan(&schema(target), &schema(before), &reversed(&decisions)).unwrap().to_sql();
    Case { before, target, up: &up, down: Some(&down), decisions }.holds();
}

#[track_caller]
fn plainly(before: &str, target: &str) {
    is_proved(before, target, Decisions::default());
}

fn filled(table: &str, column: &str, expression: &str) -> Decisions {
    let (table, column) = (Name::new(table), Name::new(column));
    Decisions { fills: vec![Fill { table, column, expression: expression.to_owned() }], ..Decisions::default() }
}

/// The down script asks of each text whether it is a number, and the rows are such that they are.
#[test]
fn a_type_that_takes_more_goes_back() {
    plainly("CREATE TABLE t (a INT)", "CREATE TABLE t (a TEXT)");
    plainly("CREATE TABLE t (a INTEGER NOT NULL) STRICT", "CREATE TABLE t (a REAL NOT NULL) STRICT");
    plainly("CREATE TABLE t (a REAL)", "CREATE TABLE t (a)");
}

#[test]
fn a_counter_of_ids_that_goes_or_comes_is_no_loss() {
    let plain = "CREATE TABLE t (id INTEGER PRIMARY KEY, a)";
    plainly(plain, &plain.replace("KEY", "KEY AUTOINCREMENT"));
}

#[test]
fn case_34_a_table_of_as_many_columns_as_there_can_be_and_an_index_over_all() {
    let columns: Vec<_> = (0..2_000).map(|at| format!("c{at}")).collect();
    let columns = columns.join(", ");
    let before = format!("CREATE TABLE t ({columns})");
    plainly(&before, &format!("{before}; CREATE INDEX i ON t ({columns})"));
    let before = format!("CREATE TABLE t (id INTEGER PRIMARY KEY, {})", columns.replace("c0, ", ""));
    plainly(&before, &before.replace("c1999", "c1999 TEXT"));
}

#[test]
fn a_key_without_a_value_is_filled() {
    let with = "CREATE TABLE t (k TEXT PRIMARY KEY, a INT)";
    is_proved(with, &format!("{with} WITHOUT ROWID"), filled("t", "k", "'none'"));
    let strict = "CREATE TABLE t (a REAL, k, PRIMARY KEY (a, k DESC))";
    is_proved(
        strict,
        &format!("{strict} WITHOUT ROWID"),
        Decisions {
            fills: [filled("t", "a", "0.5").fills, filled("t", "k", "7").fills].concat(),
            ..Decisions::default()
        },
    );
}

/// SQLite takes a name in double quotes for a string where the column is gone.
#[test]
fn a_column_that_goes_leaves_no_text_behind() {
    let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, \"x\" INT, y TEXT)";
    let target = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, y TEXT)";
    let gone = |decisions: Decisions| Decisions { allow: [Hazard::DropColumn].into(), ..decisions };
    for (left, what) in [
        ("CREATE VIEW v AS SELECT a, \"x\" FROM t", "\"x\" in the view `v`"),
        ("CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE t SET a = \"X\"; END", "\"X\" in the trigger `r`"),
        ("CREATE UNIQUE INDEX i ON t (\"a\", \"x\")", "\"x\" in the index `i`"),
        ("CREATE INDEX i ON t (a) WHERE \"x\" > 1", "\"x\" in the index `i`"),
        ("CREATE INDEX \"a(b\" ON t (a, \"x\")", "\"x\" in the index `a(b`"),
        ("CREATE VIEW v AS SELECT id, \"plain\" AS p, \"x\" AS n FROM t", "\"x\" in the view `v`"),
    ] {
        let (before, target) = (format!("{before}; {left}"), format!("{target}; {left}"));
        let schema = |sql: &str| Schema::from_sql(sql).unwrap();
        let decisions = gone(Decisions::default());
        let up = plan(&schema(&before), &schema(&target), &decisions).unwrap().to_sql();
        let case = Case { before: &before, target: &target, up: &up, down: None, decisions };
        case.fails(Step::Up, false, &format!("{what} is a string from now on"));
    }
    let checked = |table: &str| table.replace("y TEXT)", "y TEXT CHECK (\"x\" <> 7))");
    let (checked_before, checked_target) = (checked(before), checked(target));
    let up = format!(
        "{};\nINSERT INTO n SELECT id, a, y FROM t;\nDROP TABLE t;\nALTER TABLE n RENAME TO t;\n",
        checked_target.replace("TABLE t", "TABLE n")
    );
    let case = Case {
        before: &checked_before,
        target: &checked_target,
        up: &up,
        down: None,
        decisions: gone(Decisions::default()),
    };
    case.fails(Step::Up, false, "\"x\" in the table `t` is a string from now on");
    // What was a text before is one on purpose, and `a` stays.
    let others =
        "CREATE VIEW v AS SELECT \"a\" FROM t WHERE \"a\" <> \"old\"; CREATE INDEX \"x\" ON t (\"a\", lower(\"y\"))";
    is_proved(&format!("{before}; {others}"), &format!("{target}; {others}"), gone(Decisions::default()));
    let users = "CREATE TABLE users (id INTEGER PRIMARY KEY, role TEXT CHECK (role <> \"active\"));
                 CREATE INDEX active_users ON users (id) WHERE role <> \"active\";
                 CREATE VIEW admins AS SELECT id FROM users WHERE role = \"active\";
                 CREATE TRIGGER active AFTER INSERT ON users BEGIN UPDATE users SET role = \"active\" WHERE 0; END;";
    is_proved(
        &format!("{users} CREATE TABLE flags (id INTEGER PRIMARY KEY, extra INT, active INT)"),
        &format!("{users} CREATE TABLE flags (id INTEGER PRIMARY KEY, extra TEXT)"),
        gone(Decisions::default()),
    );
}

/// SQLite takes a string in double quotes for a name where a column comes.
#[test]
fn a_column_that_comes_takes_no_text() {
    let table = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT";
    for (left, what) in [
        ("CREATE VIEW v AS SELECT a FROM t WHERE a <> \"x\"", "\"x\" in the view `v`"),
        ("CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE t SET a = \"X\"; END", "\"X\" in the trigger `r`"),
        ("CREATE INDEX i ON t (a) WHERE a <> \"x\"", "\"x\" in the index `i`"),
    ] {
        for (column, is_said) in [("\"x\" INT", true), ("y INT", false)] {
            let (before, target) = (format!("{table}); {left}"), format!("{table}, {column}); {left}"));
            let schema = |sql: &str| Schema::from_sql(sql).unwrap();
            let up = plan(&schema(&before), &schema(&target), &Decisions::default()).unwrap().to_sql();
            let decisions = Decisions::default();
            let case = Case { before: &before, target: &target, up: &up, down: None, decisions };
            if is_said {
                case.fails(Step::Up, false, &format!("{what} is a column from now on: it was a string"));
            } else {
                is_proved(&before, &target, Decisions::default());
            }
        }
        // Without its quotes it is the same name, so the plan leaves what there is, which has other rows or entries.
        let (before, target) = (format!("{table}); {left}"), format!("{table}, x INT); {}", left.replace('"', "")));
        let schema = |sql: &str| Schema::from_sql(sql).unwrap();
        let up = plan(&schema(&before), &schema(&target), &Decisions::default()).unwrap().to_sql();
        let decisions = Decisions::default();
        let case = Case { before: &before, target: &target, up: &up, down: None, decisions };
        case.fails(Step::Up, false, &format!("{what} is a column from now on: it was a string"));
        // Who says what is meant is understood.
        let now = left.replace("\"x\"", "'x'").replace("\"X\"", "'X'");
        is_proved(&format!("{table}); {left}"), &format!("{table}, \"x\" INT); {now}"), Decisions::default());
    }
    let checked = format!("{table} CHECK (a <> \"x\")");
    let (before, target) = (format!("{checked})"), format!("{checked}, \"x\" INT)"));
    let up = "ALTER TABLE t ADD COLUMN \"x\" INT;\n";
    let case = Case { before: &before, target: &target, up, down: None, decisions: Decisions::default() };
    case.fails(Step::Up, false, "\"x\" in the table `t` is a column from now on");
    let now = format!("{table} CHECK (a <> 'x'), \"x\" INT)");
    is_proved(&before, &now, Decisions::default());
}

/// What nothing can change goes with its rows where that is allowed, and one that stays keeps them.
#[test]
fn a_virtual_table_that_may_be_dropped_comes_anew() {
    let allowed = || Decisions { allow: [Hazard::DropTable].into(), ..Decisions::default() };
    let words = "CREATE VIRTUAL TABLE words USING fts5(word);";
    let notes = |columns: &str| format!("{words} CREATE VIRTUAL TABLE notes USING fts5({columns});");
    is_proved(&notes("text"), &notes("title, text"), allowed());
    is_proved(
        "CREATE VIRTUAL TABLE boxes USING rtree(id, low, high)",
        "CREATE VIRTUAL TABLE boxes USING rtree_i32(id, low, high)",
        allowed(),
    );
    let (before, target) = (notes("text"), notes("title, text"));
    let up = format!("DROP TABLE notes; DROP TABLE words; {target}");
    let case = Case { before: &before, target: &target, up: &up, down: None, decisions: allowed() };
    case.fails(Step::Up, true, "table `words` does not keep the row");
}

/// A row that is mended after all are there has to pass as well.
#[test]
fn what_refers_to_something_also_keeps_a_new_key() {
    plainly(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b);
         CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a);",
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER UNIQUE REFERENCES b);
         CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER UNIQUE REFERENCES a);",
    );
}

#[test]
fn another_key_that_is_meant_by_a_reference_is_a_new_one() {
    let with = |key: &str| format!("CREATE TABLE t (a TEXT, b TEXT, c INT, x TEXT REFERENCES t, PRIMARY KEY ({key}))");
    plainly(&with("a"), &with("b"));
}

#[test]
fn a_trigger_on_what_is_computed_works() {
    plainly(
        "CREATE TABLE t (a INT, b AS (a + 1)); CREATE TRIGGER r AFTER UPDATE OF b ON t BEGIN SELECT 1; END",
        "CREATE TABLE t (a TEXT, b AS (a + 1)); CREATE TRIGGER r AFTER UPDATE OF b, a ON t BEGIN SELECT 1; END",
    );
}

#[test]
fn what_did_not_work_before_does_not_have_to_afterwards() {
    let broken = "CREATE TABLE t (a); CREATE VIEW v AS SELECT none FROM nowhere;";
    plainly(broken, "CREATE TABLE t (a)");
    plainly(broken, "CREATE TABLE t (a INT); CREATE VIEW v AS SELECT none FROM nowhere;");
}

#[test]
fn the_number_of_a_row_becomes_its_key_and_a_computed_value_a_stored_one() {
    let (before, target) = ("CREATE TABLE t (a TEXT)", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)");
    let up = |columns: &str, values: &str| {
        format!(
            "CREATE TABLE n (id INTEGER PRIMARY KEY, a TEXT);
INSERT INTO n ({columns}) SELECT {values} FROM t;
DROP TABLE t;
ALTER TABLE n RENAME TO t;"
        )
    };
    let (right, wrong) = (up("id, a", "rowid, a"), up("a", "a"));
    let mut case = Case { before, target, up: &right, down: None, decisions: Decisions::default() };
    case.holds();
    case.up = &wrong;
    case.fails(Step::Up, true, "does not keep the row (rowid = ");
    let (before, target) = ("CREATE TABLE t (a INT, b INT AS (length(a)))", "CREATE TABLE t (a INT, b INT)");
    let up = |value: &str| {
        format!(
            "CREATE TABLE n (a INT, b INT);
INSERT INTO n (rowid, a, b) SELECT rowid, a, {value} FROM t;
DROP TABLE t;
ALTER TABLE n RENAME TO t;"
        )
    };
    let (right, wrong) = (up("b"), up("NULL"));
    let mut case = Case { before, target, up: &right, down: None, decisions: Decisions::default() };
    case.holds();
    case.up = &wrong;
    case.fails(Step::Up, true, "does not keep the row");
}

/// Rows go under triggers that tell a search of them.
#[test]
fn a_search_is_filled_before_rows_go() {
    let with = |more: &str| {
        format!(
            "CREATE TABLE never (id INTEGER PRIMARY KEY CHECK (id IS NULL), t INT REFERENCES t);
             CREATE TABLE t (id INTEGER PRIMARY KEY, words TEXT, never INT REFERENCES never{more});
             CREATE VIRTUAL TABLE search USING fts5 (words, content = 't', content_rowid = 'id');
             CREATE TRIGGER refused BEFORE INSERT ON t BEGIN SELECT raise(ABORT, 'no'); END;
             CREATE TRIGGER gone AFTER DELETE ON t BEGIN
                 INSERT INTO search (search, rowid, words) VALUES ('delete', old.id, old.words); END;"
        )
    };
    let (before, target) = (with(""), with(", more TEXT"));
    let up = "ALTER TABLE t ADD COLUMN more TEXT;";
    let case = Case { before: &before, target: &target, up, down: None, decisions: Decisions::default() };
    let proof = case.prove().unwrap();
    assert!(
        proof.unfilled.iter().any(|(table, why)| *table == Name::new("t") && why.contains("refers to `never`")),
        "{proof:?}"
    );
}

/// `1.0` is a text of its own in a `STRICT` table's `ANY`, and the number 1 in any other: a key compares them as text.
#[test]
fn a_key_whose_columns_convert_in_another_way_is_a_new_one() {
    let with = |end: &str| {
        format!(
            "CREATE TABLE t (a TEXT NOT NULL, c REAL, k ANY NOT NULL, PRIMARY KEY (c, a),
             FOREIGN KEY (a, c) REFERENCES t, FOREIGN KEY (c, k) REFERENCES t (c, a)){end}"
        )
    };
    plainly(&with(" STRICT, WITHOUT ROWID"), &with(" WITHOUT ROWID"));
}

/// Rows that can't refer to anything go again, and a trigger makes others of them that no new key takes.
#[test]
fn rows_that_a_trigger_brings_where_others_go_have_to_pass_as_well() {
    let with = |unique: &str| {
        format!(
            "CREATE TABLE a (id INTEGER PRIMARY KEY, n INT{unique}, b INT REFERENCES b);
             CREATE TABLE b (id INTEGER PRIMARY KEY, a INT REFERENCES a CHECK (a > 1000000));
             CREATE TRIGGER gone AFTER DELETE ON b BEGIN INSERT INTO a (n) VALUES (5); END;"
        )
    };
    let (before, target) = (with(""), with(" UNIQUE"));
    let schema = |sql: &str| Schema::from_sql(sql).unwrap();
    let up = plan(&schema(&before), &schema(&target), &Decisions::default()).unwrap().to_sql();
    let case = Case { before: &before, target: &target, up: &up, down: None, decisions: Decisions::default() };
    let proof = case.prove().unwrap();
    assert!(proof.unfilled.iter().all(|(table, _)| *table == Name::new("b")), "{proof:?}");
}
