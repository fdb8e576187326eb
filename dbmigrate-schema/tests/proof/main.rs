//! A proof finds every way in which a migration is not what it is claimed to be, and nothing else.

#![allow(clippy::unwrap_used)] // Helpers of tests.

mod grown;
mod ignored;
mod orphans;
mod planned;
mod search;
#[path = "../support/set.rs"]
mod set;
mod support;

use dbmigrate_schema::{Decisions, Fill, Name, Rename, Step};

use support::{Case, said};

/// A rebuild of a table that has everything which a rebuild can lose.
const BEFORE: &str = "
CREATE TABLE team (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, note TEXT);
CREATE TABLE member (team INTEGER NOT NULL REFERENCES team ON DELETE CASCADE, since);
CREATE INDEX team_name ON team (name);
CREATE VIEW names AS SELECT name FROM team;
CREATE TABLE log (what);
CREATE TRIGGER team_log AFTER INSERT ON team BEGIN INSERT INTO log VALUES (new.id); END;
";
const TARGET: &str = "
CREATE TABLE team (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL COLLATE NOCASE, note TEXT);
CREATE TABLE member (team INTEGER NOT NULL REFERENCES team ON DELETE CASCADE, since);
CREATE INDEX team_name ON team (name);
CREATE VIEW names AS SELECT name FROM team;
CREATE TABLE log (what);
CREATE TRIGGER team_log AFTER INSERT ON team BEGIN INSERT INTO log VALUES (new.id); END;
";

fn rebuild(collation: &str) -> String {
    format!(
        "-- dbmigrate: foreign-keys off
DROP TRIGGER team_log;
DROP VIEW names;
CREATE TABLE team_new (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL{collation}, note TEXT);
INSERT INTO team_new (id, name, note) SELECT id, name, note FROM team;
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'team') WHERE name = 'team_new';
DROP TABLE team;
ALTER TABLE team_new RENAME TO team;
CREATE INDEX team_name ON team (name);
CREATE VIEW names AS SELECT name FROM team;
CREATE TRIGGER team_log AFTER INSERT ON team BEGIN INSERT INTO log VALUES (new.id); END;
"
    )
}

/// The rebuild, with this in the place of that.
#[track_caller]
fn changed(what: &str, by: &str) -> String {
    let up = rebuild(" COLLATE NOCASE");
    assert!(up.contains(what), "{what}");
    up.replacen(what, by, 1)
}

#[track_caller]
fn caught(up: &str, filled: bool, expect: &str) {
    let case = Case { before: BEFORE, target: TARGET, up, down: None, decisions: Decisions::default() };
    case.fails(Step::Up, filled, expect);
}

#[test]
fn a_right_rebuild_is_proved() {
    let (up, down) = (rebuild(" COLLATE NOCASE"), rebuild(""));
    let case = Case { before: BEFORE, target: TARGET, up: &up, down: Some(&down), decisions: Decisions::default() };
    let proof = case.holds();
    assert!(proof.tables == 3 && proof.rows > 20, "{proof:?}");
    let wrong = Case { down: Some(&up), ..case };
    wrong.fails(Step::Down, false, "column `name` changes its collation");
}

#[test]
fn what_a_schema_lacks_is_caught() {
    for (lost, expect) in [
        ("CREATE INDEX team_name ON team (name);", "index `team_name` on `team` is added"),
        ("CREATE VIEW names AS SELECT name FROM team;", "view `names` is added"),
        (
            "CREATE TRIGGER team_log AFTER INSERT ON team BEGIN INSERT INTO log VALUES (new.id); END;",
            "trigger `team_log` on `team` is added",
        ),
    ] {
        caught(&changed(lost, ""), false, expect);
    }
    caught(&changed(" COLLATE NOCASE", ""), false, "column `name` changes its collation");
}

#[test]
fn what_only_rows_show_is_caught() {
    caught(&changed("FROM team;", "FROM team WHERE false;"), true, "leaves a row in `member` that refers to no row");
    let less = "DELETE FROM log WHERE rowid = 2;\nDROP TABLE team;";
    caught(&changed("DROP TABLE team;", less), true, "table `log` does not keep the row (rowid = 2, what = ");
    // Beside the row that is gone stands the one that has its id.
    let upper =
        "(id = 6, name = ' 5 ', note = '1e3'), and 1 more | there is (id = 6, name = ' 5 ', note = '1E3') instead";
    caught(&changed("SELECT id, name, note", "SELECT id, name, upper(note)"), true, upper);
    caught(&changed("SELECT id, name, note", "SELECT id, name, 'note'"), true, "instead");
    caught(&changed("SELECT id, name, note", "SELECT id, note, name"), true, "NOT NULL constraint failed");
    caught(&changed("SELECT id, name, note", "SELECT id, name, CAST(note AS BLOB)"), true, "does not keep the row");
    let lines: Vec<String> = rebuild("").lines().map(str::to_owned).collect();
    let sequence = lines.iter().find(|line| line.starts_with("UPDATE sqlite_sequence")).unwrap();
    caught(&changed(sequence, ""), true, "table `team` would reuse ids");
    caught(&changed("DROP TABLE team;", "DELETE FROM member;\nDROP TABLE team;"), true, "table `member` does not keep");
    caught(
        &changed("DROP TABLE team;", "INSERT INTO log VALUES ('done');\nDROP TABLE team;"),
        false,
        "table `log` has the new row (rowid = 1, what = 'done')",
    );
    // With foreign keys on, the rows of the child would go with those of the parent.
    let up = changed("foreign-keys off", "foreign-keys on");
    caught(&up, true, "dropping `team` with foreign keys on would delete or change 8 rows of `member`");
}

#[test]
fn rowids_that_nothing_aliases_are_kept() {
    let before = "CREATE TABLE a (n INTEGER, t TEXT)";
    let target = "CREATE TABLE a (n INTEGER, t TEXT COLLATE NOCASE)";
    let up = |columns: &str| {
        format!(
            "CREATE TABLE b (n INTEGER, t TEXT COLLATE NOCASE);
INSERT INTO b ({columns}) SELECT {columns} FROM a;
DROP TABLE a;
ALTER TABLE b RENAME TO a;"
        )
    };
    let with = up("rowid, n, t");
    let mut case = Case { before, target, up: &with, down: None, decisions: Decisions::default() };
    case.holds();
    let without = up("n, t");
    case.up = &without;
    case.fails(Step::Up, true, "table `a` does not keep the row (rowid = ");
}

#[test]
fn renames_are_followed_both_ways() {
    let decisions = Decisions {
        renames: vec![
            Rename::Table { from: Name::new("a"), to: Name::new("b") },
            Rename::Column { table: Name::new("b"), from: Name::new("n"), to: Name::new("m") },
        ],
        ..Decisions::default()
    };
    let mut case = Case {
        before: "CREATE TABLE a (id INTEGER PRIMARY KEY, n TEXT)",
        target: "CREATE TABLE b (id INTEGER PRIMARY KEY, m TEXT)",
        up: "ALTER TABLE a RENAME TO b; ALTER TABLE b RENAME n TO m;",
        down: Some("ALTER TABLE b RENAME m TO n; ALTER TABLE b RENAME TO a;"),
        decisions,
    };
    case.holds();
    case.up = "CREATE TABLE b (id INTEGER PRIMARY KEY, m TEXT); DROP TABLE a;";
    case.fails(Step::Up, true, "table `b` does not keep the row");
    case.up = "ALTER TABLE a RENAME TO b; ALTER TABLE b DROP COLUMN n; ALTER TABLE b ADD COLUMN m TEXT;";
    case.fails(Step::Up, true, "table `b` does not keep the row");
}

#[test]
fn a_down_script_keeps_what_it_can() {
    let mut case = Case {
        before: "CREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT)",
        target: "CREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT, u TEXT)",
        up: "ALTER TABLE a ADD COLUMN u TEXT;",
        down: Some("ALTER TABLE a DROP COLUMN u;"),
        decisions: Decisions::default(),
    };
    case.holds();
    case.down = Some("DROP TABLE a; CREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT);");
    case.fails(Step::Down, true, "table `a` does not keep the row (id = 1");
    case.down = Some("ALTER TABLE a DROP COLUMN u; ALTER TABLE a DROP COLUMN t;");
    case.fails(Step::Down, false, "column `t` is added");
}

#[test]
fn what_works_on_empty_tables_alone_is_caught() {
    let mut case = Case {
        before: "CREATE TABLE a (id INTEGER PRIMARY KEY)",
        target: "CREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT DEFAULT CURRENT_TIMESTAMP)",
        up: "ALTER TABLE a ADD COLUMN t TEXT DEFAULT CURRENT_TIMESTAMP;",
        down: None,
        decisions: Decisions::default(),
    };
    case.fails(Step::Up, true, "Cannot add a column with non-constant default");
    case.target = "CREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT NOT NULL)";
    case.up = "ALTER TABLE a ADD COLUMN t TEXT NOT NULL;";
    case.fails(Step::Up, true, "Cannot add a NOT NULL column");
}

#[test]
fn nulls_are_filled_as_was_decided_and_nothing_else_changes() {
    let up = |value: &str| {
        format!(
            "CREATE TABLE b (id INTEGER PRIMARY KEY, t TEXT NOT NULL);
INSERT INTO b (id, t) SELECT id, {value} FROM a;
DROP TABLE a;
ALTER TABLE b RENAME TO a;"
        )
    };
    let right = up("coalesce(t, 'none')");
    let fill = Fill { table: Name::new("a"), column: Name::new("t"), expression: "'none'".to_owned() };
    let mut case = Case {
        before: "CREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT)",
        target: "CREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT NOT NULL)",
        up: &right,
        down: None,
        decisions: Decisions { fills: vec![fill], ..Decisions::default() },
    };
    case.holds();
    let wrong = up("'none'");
    case.up = &wrong;
    case.fails(Step::Up, true, "does not keep the row");
    let forgotten = up("t");
    case.up = &forgotten;
    case.fails(Step::Up, true, "NOT NULL constraint failed");
}

#[test]
fn what_the_way_up_may_refuse_is_not_held_against_it() {
    let rebuild = |columns: &str, assert: &str| {
        format!(
            "{assert}CREATE TABLE b {columns};
INSERT INTO b SELECT * FROM a;
DROP TABLE a;
ALTER TABLE b RENAME TO a;"
        )
    };
    let other = "CREATE TABLE other (id INTEGER PRIMARY KEY);";
    for (before, after, assert) in [
        ("(id INTEGER PRIMARY KEY, n INTEGER)", "(id INTEGER PRIMARY KEY, n INTEGER CHECK (n BETWEEN 5 AND 50))", ""),
        ("(id INTEGER PRIMARY KEY, n TEXT)", "(id INTEGER PRIMARY KEY, n TEXT CHECK (n IN ('open', 'shut')))", ""),
        ("(id INTEGER PRIMARY KEY, n INTEGER)", "(id INTEGER PRIMARY KEY, n INTEGER UNIQUE)", ""),
        ("(id INTEGER PRIMARY KEY, n INTEGER)", "(id INTEGER PRIMARY KEY, n INTEGER REFERENCES other)", ""),
        (
            "(id INTEGER PRIMARY KEY, n)",
            "(id INTEGER PRIMARY KEY, n INTEGER) STRICT",
            "-- dbmigrate: assert SELECT count(*) = 0 FROM a WHERE typeof(n) = 'text'\n",
        ),
        (
            "(id INTEGER PRIMARY KEY, n TEXT)",
            "(id INTEGER PRIMARY KEY, n INTEGER)",
            "-- dbmigrate: assert SELECT count(*) = 0 FROM a WHERE n IS NOT CAST(CAST(n AS INTEGER) AS TEXT)\n",
        ),
    ] {
        let (up, down) = (rebuild(after, assert), rebuild(before, ""));
        let (before, target) = (format!("{other}CREATE TABLE a {before};"), format!("{other}CREATE TABLE a {after};"));
        Case { before: &before, target: &target, up: &up, down: Some(&down), decisions: Decisions::default() }.holds();
    }
}

#[test]
fn rows_that_a_trigger_brings_have_to_pass_as_well() {
    let case = Case {
        before: "CREATE TABLE a (n INTEGER); CREATE TABLE b (n INTEGER);
            CREATE TRIGGER a_to_b AFTER INSERT ON a BEGIN INSERT INTO b VALUES (new.n); END;",
        target: "CREATE TABLE a (n INTEGER); CREATE TABLE b (n INTEGER);
            CREATE TRIGGER a_to_b AFTER INSERT ON a BEGIN INSERT INTO b VALUES (new.n); END;
            CREATE UNIQUE INDEX b_n ON b (n);",
        up: "CREATE UNIQUE INDEX b_n ON b (n);",
        down: Some("DROP INDEX b_n;"),
        decisions: Decisions::default(),
    };
    case.holds();
}

#[test]
fn a_conversion_that_loses_something_is_caught() {
    // A `CAST` makes 0 of what is no number.
    let mut case = Case {
        before: "CREATE TABLE a (id INTEGER PRIMARY KEY, n TEXT)",
        target: "CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER)",
        up: "CREATE TABLE b (id INTEGER PRIMARY KEY, n INTEGER);
INSERT INTO b SELECT id, CAST(n AS INTEGER) FROM a;
DROP TABLE a;
ALTER TABLE b RENAME TO a;",
        down: None,
        decisions: Decisions::default(),
    };
    case.fails(Step::Up, true, "does not keep the row");
    // The column makes 7 of '007', and nobody said that this is the same.
    let plain = case.up.replace("CAST(n AS INTEGER)", "n");
    case.up = &plain;
    case.fails(Step::Up, true, "n = '007')");
    // With an assertion nothing changes unseen.
    let asserts =
        format!("-- dbmigrate: assert SELECT count(*) = 0 FROM a WHERE n <> CAST(CAST(n AS INTEGER) AS TEXT)\n{plain}");
    case.up = &asserts;
    case.holds();
}

#[test]
fn a_table_that_could_not_be_tried_is_named() {
    let case = Case {
        before: "CREATE TABLE a (n INTEGER)",
        target: "CREATE TABLE a (n INTEGER, CHECK (n IS NULL AND n IS NOT NULL))",
        up: "CREATE TABLE b (n INTEGER, CHECK (n IS NULL AND n IS NOT NULL));
INSERT INTO b SELECT n FROM a;
DROP TABLE a;
ALTER TABLE b RENAME TO a;",
        down: None,
        decisions: Decisions::default(),
    };
    let proof = case.prove().unwrap();
    let why = "CHECK constraint failed: n IS NULL AND n IS NOT NULL".to_owned();
    assert_eq!(proof.unfilled, [(Name::new("a"), why)]);
}

#[test]
fn a_new_database_runs_it_before_the_repeatables() {
    let files = [
        ("001_before.sql", "CREATE TABLE a (n INTEGER);"),
        ("repeatable/names.sql", "CREATE VIEW names AS SELECT n FROM a;"),
    ];
    let mut case = Case {
        before: "",
        target: "CREATE TABLE a (n INTEGER, m TEXT); CREATE VIEW names AS SELECT n FROM a;",
        up: "ALTER TABLE a ADD COLUMN m TEXT;",
        down: Some("ALTER TABLE a DROP COLUMN m;"),
        decisions: Decisions::default(),
    };
    case.prove_with(&files).unwrap();
    case.up = "DROP VIEW names; ALTER TABLE a ADD COLUMN m TEXT; CREATE VIEW names AS SELECT n FROM a;";
    let failure = case.prove_with(&files).unwrap_err();
    assert!(
        said(&failure).contains("no such view: names | ") && said(&failure).contains("a new database"),
        "{failure:?}"
    );
}

#[test]
fn full_text_that_lost_its_rows_is_caught() {
    let objects = "CREATE VIRTUAL TABLE found USING fts5 (body, content = 'doc');
        CREATE TRIGGER doc_insert AFTER INSERT ON doc BEGIN
            INSERT INTO found (rowid, body) VALUES (new.rowid, new.body); END;";
    let (before, target) = (
        format!("CREATE TABLE doc (body TEXT); {objects}"),
        format!("CREATE TABLE doc (body TEXT COLLATE NOCASE); {objects}"),
    );
    let up = |columns: &str| {
        format!(
            "DROP TRIGGER doc_insert;
CREATE TABLE doc_new (body TEXT COLLATE NOCASE);
INSERT INTO doc_new ({columns}) SELECT {columns} FROM doc;
DROP TABLE doc;
ALTER TABLE doc_new RENAME TO doc;
{};",
            &objects[objects.find("CREATE TRIGGER").unwrap()..].trim_end_matches(';')
        )
    };
    let right = up("rowid, body");
    let mut case = Case { before: &before, target: &target, up: &right, down: None, decisions: Decisions::default() };
    case.holds();
    let wrong = up("body");
    case.up = &wrong;
    case.fails(Step::Up, true, "the virtual table `found` does not work");
}

#[test]
fn an_assertion_that_a_new_database_can_t_hold_is_caught() {
    let case = Case {
        before: "CREATE TABLE a (n INTEGER); INSERT INTO a VALUES (NULL);",
        target: "CREATE TABLE a (n INTEGER); CREATE INDEX i ON a (n);",
        up: "-- dbmigrate: assert SELECT count(*) = 0 FROM a WHERE n IS NULL\nCREATE INDEX i ON a (n);",
        down: None,
        decisions: Decisions::default(),
    };
    case.fails(Step::Up, false, "this assertion does not hold");
}
