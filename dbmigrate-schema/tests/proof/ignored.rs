//! Rows that a migration loses where its target would not take them: it may refuse them, never drop or change them.

use dbmigrate_schema::{Decisions, Step};

use crate::support::Case;

/// A rebuild of `a` to a target that does not take every row, once with a copy that refuses and once with this one.
#[track_caller]
fn is_caught(target: &str, copy: &str) {
    let before = "CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER, t TEXT);";
    let up = |copy: &str| {
        format!("{};\n{copy};\nDROP TABLE a;\nALTER TABLE b RENAME TO a;", target.replace("TABLE a", "TABLE b"))
    };
    let (right, wrong) = (up("INSERT INTO b (id, n, t) SELECT id, n, t FROM a"), up(copy));
    let mut case = Case { before, target, up: &right, down: None, decisions: Decisions::default() };
    case.holds();
    case.up = &wrong;
    case.fails(Step::Up, true, "table `a` does not keep the row");
}

#[test]
fn rows_that_a_new_key_does_not_take_are_not_dropped() {
    let target = "CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER UNIQUE, t TEXT)";
    is_caught(target, "INSERT OR IGNORE INTO b (id, n, t) SELECT id, n, t FROM a");
    is_caught(target, "INSERT OR REPLACE INTO b (id, n, t) SELECT id, n, t FROM a");
    is_caught(target, "INSERT INTO b (id, n, t) SELECT min(id), n, t FROM a GROUP BY n");
    is_caught(target, "INSERT INTO b (id, n, t) SELECT id, n, t FROM a WHERE true ON CONFLICT DO NOTHING");
}

#[test]
fn rows_that_a_new_check_does_not_take_are_not_dropped() {
    let target = "CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER CHECK (n > 3), t TEXT)";
    is_caught(target, "INSERT OR IGNORE INTO b (id, n, t) SELECT id, n, t FROM a");
    is_caught(target, "INSERT INTO b (id, n, t) SELECT id, n, t FROM a WHERE n > 3 OR n IS NULL");
    is_caught(target, "INSERT INTO b (id, n, t) SELECT id, max(n, 4), t FROM a");
}

#[test]
fn what_a_copy_leaves_out_or_mixes_is_seen() {
    let target = "CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER, t TEXT COLLATE NOCASE)";
    for copy in [
        "SELECT id, n, t FROM a WHERE t IS NOT NULL",
        "SELECT id, n, t FROM a WHERE n IS NOT 0 AND t <> ''",
        "SELECT id, n, t FROM a LIMIT 5",
        "SELECT min(id), n, t FROM a GROUP BY n IS NULL",
        "SELECT id, t, n FROM a",
        "SELECT id, n, coalesce(t, '') FROM a",
        "SELECT id, n, trim(t) FROM a",
        "SELECT id + 1, n, t FROM a",
        "SELECT id, n, lag(t) OVER (ORDER BY id) FROM a",
    ] {
        is_caught(target, &format!("INSERT INTO b (id, n, t) {copy}"));
    }
}

#[test]
fn rows_that_an_assertion_allows_are_not_dropped() {
    // It asks for less than the copy relies on.
    let case = Case {
        before: "CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER);",
        target: "CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER UNIQUE);",
        up: "-- dbmigrate: assert SELECT count(*) = 0 FROM a WHERE n < 0
CREATE TABLE b (id INTEGER PRIMARY KEY, n INTEGER UNIQUE);
INSERT OR IGNORE INTO b (id, n) SELECT id, n FROM a;
DROP TABLE a;
ALTER TABLE b RENAME TO a;",
        down: None,
        decisions: Decisions::default(),
    };
    case.fails(Step::Up, true, "does not keep the row");
}

#[test]
fn rows_that_only_the_down_script_does_not_take_are_not_dropped() {
    let (with, without) = ("(id INTEGER PRIMARY KEY, n INTEGER UNIQUE)", "(id INTEGER PRIMARY KEY, n INTEGER)");
    let to = |columns: &str, copy: &str| {
        format!("CREATE TABLE b {columns};\n{copy};\nDROP TABLE a;\nALTER TABLE b RENAME TO a;")
    };
    let (before, target) = (format!("CREATE TABLE a {with};"), format!("CREATE TABLE a {without};"));
    let copy = "INSERT INTO b (id, n) SELECT id, n FROM a";
    let (up, right) = (to(without, copy), to(with, copy));
    let wrong = to(with, "INSERT OR IGNORE INTO b (id, n) SELECT id, n FROM a");
    let mut case =
        Case { before: &before, target: &target, up: &up, down: Some(&right), decisions: Decisions::default() };
    case.holds();
    case.down = Some(&wrong);
    case.fails(Step::Down, true, "table `a` does not keep the row");
}

/// A table that refuses its rows, as it should, hides no other one that does not.
#[test]
fn rows_are_not_dropped_behind_a_table_that_refuses_its_own() {
    let with = |rest: &str| format!("CREATE TABLE a (n INT{rest}); CREATE TABLE c (n INT{rest});");
    let up = |copy: &str| {
        format!(
            "CREATE TABLE b (n INT UNIQUE);\nINSERT INTO b (rowid, n) SELECT rowid, n FROM a;\nDROP TABLE a;
ALTER TABLE b RENAME TO a;\nCREATE TABLE d (n INT UNIQUE);\n{copy} INTO d (rowid, n) SELECT rowid, n FROM c;
DROP TABLE c;\nALTER TABLE d RENAME TO c;"
        )
    };
    let (before, target) = (with(""), with(" UNIQUE"));
    let (right, wrong) = (up("INSERT"), up("INSERT OR IGNORE"));
    let mut case = Case { before: &before, target: &target, up: &right, down: None, decisions: Decisions::default() };
    case.holds();
    case.up = &wrong;
    case.fails(Step::Up, true, "table `c` does not keep the row");
}
