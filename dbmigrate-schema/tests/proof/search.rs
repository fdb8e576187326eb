//! Full text over another table: its words have to be those of the rows, before and after.

use dbmigrate_schema::{Decisions, Schema, Step, plan};

use crate::support::Case;

fn objects(kind: &str) -> String {
    format!(
        "CREATE TABLE doc (id INTEGER PRIMARY KEY, n {kind}, body TEXT);
         CREATE VIRTUAL TABLE found USING fts5 (n, body, content = 'doc', content_rowid = 'id');
         CREATE TRIGGER doc_insert AFTER INSERT ON doc BEGIN
            INSERT INTO found (rowid, n, body) VALUES (new.id, new.n, new.body); END;"
    )
}

/// What is planned holds, and without reading the words anew it does not.
#[track_caller]
fn words_are_read_anew(before: &str, target: &str) {
    let schema = |sql: &str| Schema::from_sql(sql).unwrap();
    let planned = |from: &str, to: &str| plan(&schema(from), &schema(to), &Decisions::default()).unwrap().to_sql();
    let (up, down) = (planned(before, target), planned(target, before));
    let mut case = Case { before, target, up: &up, down: Some(&down), decisions: Decisions::default() };
    case.holds();
    let anew = "INSERT INTO found (found) VALUES ('rebuild');";
    assert!(up.contains(anew), "{up}");
    let without = up.replace(anew, "");
    case.up = &without;
    case.fails(Step::Up, true, "the virtual table `found` does not work");
    // To throw the words away and to take in all rows is as good.
    let all = up.replace(
        anew,
        "INSERT INTO found (found) VALUES ('delete-all');\nINSERT INTO found (rowid, n, body) SELECT id, n, body FROM doc;",
    );
    case.up = &all;
    case.holds();
    let none = up.replace(anew, "INSERT INTO found (found) VALUES ('delete-all');");
    case.up = &none;
    case.fails(Step::Up, true, "the virtual table `found` does not work");
}

#[test]
fn values_that_are_converted_are_read_anew() {
    // What was 1.0 is 1.
    words_are_read_anew(&objects("REAL"), &objects("TEXT").replace("n TEXT, body", "n INT, body"));
}

#[test]
fn a_search_that_is_new_reads_what_is_there() {
    let table = "CREATE TABLE doc (id INTEGER PRIMARY KEY, n INT, body TEXT);";
    words_are_read_anew(table, &objects("INT"));
}

#[test]
fn another_way_to_keep_the_words_loses_nothing() {
    let (before, target) = (objects("INT"), objects("INT").replace("= 'id'", "= 'id', prefix = '2'"));
    words_are_read_anew(&before, &target);
}

#[test]
fn a_search_of_the_older_module_is_looked_at_too() {
    let with = |kind: &str| {
        format!(
            "CREATE TABLE doc (id INTEGER PRIMARY KEY, n {kind}, body TEXT);
             CREATE VIRTUAL TABLE found USING fts4 (n, body, content=\"doc\");"
        )
    };
    let (before, target) = (with("REAL"), with("INT"));
    let schema = |sql: &str| Schema::from_sql(sql).unwrap();
    let up = plan(&schema(&before), &schema(&target), &Decisions::default()).unwrap().to_sql();
    let mut case = Case { before: &before, target: &target, up: &up, down: None, decisions: Decisions::default() };
    case.holds();
    let without = up.replace("INSERT INTO found (found) VALUES ('rebuild');", "");
    case.up = &without;
    case.fails(Step::Up, true, "the virtual table `found` does not work");
}
