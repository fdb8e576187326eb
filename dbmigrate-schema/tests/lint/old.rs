//! Migrations that databases have are not judged; what they have led to is known all the same.

use dbmigrate_schema::lint::{Options, lint};

use crate::support::set;

/// What is said of a set by rules about what goes, by the number of the migration.
#[track_caller]
fn check(migrations: &[&str], old: &[u64], expect: &[(u64, &str)]) {
    let names: Vec<_> = (1..=migrations.len()).map(|number| format!("{number:03}_m.sql")).collect();
    let files: Vec<_> = names.iter().map(String::as_str).zip(migrations.iter().copied()).collect();
    let old = old.iter().copied().collect();
    let (replay, findings) = lint(&set(&files), None, &Options { old: Some(&old), ..Options::default() });
    assert_eq!((replay.diagnostics, replay.ups), (vec![], migrations.len()));
    let found = findings.iter().filter(|it| it.rule.name.starts_with("drop-"));
    let found: Vec<_> = found.map(|it| (it.number, it.rule.name)).collect();
    assert_eq!(found, expect);
}

const TABLES: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a); CREATE TABLE u (a); CREATE TABLE w (a)";
const REBUILT: &str = "CREATE TABLE n (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO n SELECT * FROM t; DROP TABLE t;
                       ALTER TABLE n RENAME TO t";

#[test]
fn those_before_the_first_new_one_have_made_what_may_hold_rows() {
    check(&[TABLES, REBUILT, "DROP TABLE t"], &[1, 2], &[(3, "drop-table")]);
    check(&[TABLES, REBUILT, "DROP TABLE t"], &[1], &[(3, "drop-table")]);
    check(&[TABLES, REBUILT, "DROP TABLE t"], &[], &[]);
    check(&[TABLES, "DROP TABLE t"], &[1, 2], &[]);
}

#[test]
fn an_old_one_may_stand_behind_a_new_one() {
    check(&[TABLES, "DROP TABLE t", "DROP TABLE u", "DROP TABLE w"], &[1, 3], &[(2, "drop-table"), (4, "drop-table")]);
    check(&[TABLES, "DROP TABLE t", "DROP TABLE u", "DROP TABLE w"], &[3], &[]);
}
