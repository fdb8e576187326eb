//! What would leave rows that refer to nothing is seen, also where few rows refer to anything.

use dbmigrate_schema::{Decisions, Hazard, Name, Rename, Step};

use crate::support::Case;

/// A migration that drops a table to which another goes on referring.
#[track_caller]
fn is_caught(child: &str, parent: &str) {
    let before = format!("CREATE TABLE parent ({parent}); {child}");
    let up = "-- dbmigrate: foreign-keys off\nDROP TABLE parent;";
    for up in [up, "DROP TABLE parent;"] {
        let decisions = Decisions { allow: [Hazard::DropTable].into(), ..Decisions::default() };
        let case = Case { before: &before, target: child, up, down: None, decisions };
        case.fails(Step::Up, false, "`child` refers to `parent`, which no longer exists");
    }
}

#[test]
fn a_table_that_others_refer_to_is_not_dropped() {
    let parent = "id INTEGER PRIMARY KEY, n INT";
    for action in ["", "ON DELETE CASCADE", "ON DELETE RESTRICT", "ON DELETE SET NULL"] {
        is_caught(&format!("CREATE TABLE child (p INTEGER REFERENCES parent {action});"), parent);
        is_caught(&format!("CREATE TABLE child (p INTEGER NOT NULL REFERENCES parent {action});"), parent);
    }
    // Hardly any row refers to anything.
    is_caught("CREATE TABLE child (p REFERENCES parent CHECK (p IS NULL), n);", parent);
    // There is no row to refer to, or none that a row could refer to.
    is_caught(
        "CREATE TABLE child (p REFERENCES parent);",
        "id INTEGER PRIMARY KEY CHECK (id IS NULL AND id IS NOT NULL)",
    );
    is_caught("CREATE TABLE child (p REFERENCES parent CHECK (p > 1000000000));", parent);
}

#[test]
fn rows_that_refer_to_what_goes_are_not_turned_away() {
    // Another change turns rows away, and must not take those along that show the fault.
    let before =
        "CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (p INTEGER REFERENCES parent, n INT);";
    let target = "CREATE TABLE parent (id INTEGER PRIMARY KEY);
                  CREATE TABLE child (p INTEGER REFERENCES parent, n INT UNIQUE CHECK (n > 3));";
    let up = "-- dbmigrate: foreign-keys off
CREATE TABLE child_new (p INTEGER REFERENCES parent, n INT UNIQUE CHECK (n > 3));
INSERT INTO child_new (rowid, p, n) SELECT rowid, p, n FROM child;
DROP TABLE child;
ALTER TABLE child_new RENAME TO child;
";
    let mut case = Case { before, target, up, down: None, decisions: Decisions::default() };
    case.holds();
    let wrong = format!("{up}DELETE FROM parent;");
    case.up = &wrong;
    case.fails(Step::Up, true, "refers to no row in `parent`");
}

#[test]
fn another_table_under_the_name_of_the_parent_is_no_parent() {
    let before = "CREATE TABLE parent (id INTEGER PRIMARY KEY, a, b, c); CREATE TABLE child (p REFERENCES parent);";
    let target = "CREATE TABLE other (id INTEGER PRIMARY KEY, a, b, c); CREATE TABLE parent (id INTEGER PRIMARY KEY);
                  CREATE TABLE child (p REFERENCES parent);";
    let rename = Rename::Table { from: Name::new("parent"), to: Name::new("other") };
    let case = Case {
        before,
        target,
        up: "-- dbmigrate: foreign-keys off
PRAGMA legacy_alter_table = ON;
ALTER TABLE parent RENAME TO other;
CREATE TABLE parent (id INTEGER PRIMARY KEY);",
        down: None,
        decisions: Decisions { renames: vec![rename], ..Decisions::default() },
    };
    case.fails(Step::Up, true, "refers to no row in `parent`");
}

#[test]
fn a_key_that_others_refer_to_does_not_cease_to_be_one() {
    let child = "CREATE TABLE child (p TEXT REFERENCES parent (code));";
    let (before, target) = (
        format!(
            "CREATE TABLE parent (id INTEGER PRIMARY KEY, code TEXT); CREATE UNIQUE INDEX codes ON parent (code); {child}"
        ),
        format!("CREATE TABLE parent (id INTEGER PRIMARY KEY, code TEXT); {child}"),
    );
    let case =
        Case { before: &before, target: &target, up: "DROP INDEX codes;", down: None, decisions: Decisions::default() };
    case.fails(Step::Up, false, "foreign key mismatch");
}

/// Values that change places break the checks that there were before: that is no reason to look for other rows.
#[test]
fn what_a_wrong_copy_breaks_is_not_turned_away() {
    let with =
        |rest: &str| format!("CREATE TABLE a (x TEXT CHECK (x IN ('p', 'q')), y TEXT CHECK (y IN ('r', 's')){rest});");
    let (before, target) = (with(""), with(", z INT UNIQUE"));
    let up = |values: &str| {
        format!(
            "{}\nINSERT INTO b (rowid, x, y) SELECT rowid, {values} FROM a;\nDROP TABLE a;\nALTER TABLE b RENAME TO a;",
            target.replace("TABLE a", "TABLE b")
        )
    };
    let (right, wrong) = (up("x, y"), up("y, x"));
    let mut case = Case { before: &before, target: &target, up: &right, down: None, decisions: Decisions::default() };
    case.holds();
    case.up = &wrong;
    case.fails(Step::Up, true, "CHECK constraint failed");
    // A key that turns rows away, and a copy that makes all rows alike.
    let (before, target) =
        ("CREATE TABLE a (x INT UNIQUE, y INT);", "CREATE TABLE a (x INT UNIQUE, y INT CHECK (y > 3));");
    let up = |values: &str| {
        format!(
            "CREATE TABLE b (x INT UNIQUE, y INT CHECK (y > 3));
INSERT INTO b (rowid, x, y) SELECT rowid, {values} FROM a;
DROP TABLE a;
ALTER TABLE b RENAME TO a;"
        )
    };
    let (right, wrong) = (up("x, y"), up("1, y"));
    let mut case = Case { before, target, up: &right, down: None, decisions: Decisions::default() };
    case.holds();
    case.up = &wrong;
    case.fails(Step::Up, true, "UNIQUE constraint failed");
}
