//! Views and triggers that make no sense: whose fault it is, and until when.

use dbmigrate_schema::lint::{Options, lint};

use crate::support::set;

/// What is said of views and triggers in a whole set, by the number of the migration; then what the replay says.
#[track_caller]
fn check(migrations: &[&str], repeatable: Option<&str>, old: &[u64], expect: &[&str], replay: &[&str]) {
    let names: Vec<_> = (1..=migrations.len()).map(|number| format!("{number:03}_m.sql")).collect();
    let mut files: Vec<_> = names.iter().map(String::as_str).zip(migrations.iter().copied()).collect();
    files.extend(repeatable.map(|text| ("repeatable/all.sql", text)));
    let old = old.iter().copied().collect();
    let (replayed, findings) = lint(&set(&files), None, &Options { old: Some(&old), ..Options::default() });
    let rules = ["broken-view", "broken-trigger", "program-function"];
    let found = findings.iter().filter(|it| rules.contains(&it.rule.name));
    let found: Vec<_> = found.map(|it| format!("{} {}: {}", it.number, it.rule.name, it.diagnostic.message)).collect();
    assert_eq!(found, expect);
    let said: Vec<_> = replayed.diagnostics.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(said, replay);
}

const BASE: &str = "CREATE TABLE t (a, b); CREATE TABLE u (a); CREATE VIEW v AS SELECT t.b FROM t JOIN u USING (a);
                    CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO u (a) VALUES (new.a); END;
                    CREATE TRIGGER s AFTER INSERT ON t BEGIN SELECT new.b; END;";

#[test]
fn the_migration_that_breaks_it_is_blamed_once() {
    let said = [
        "2 broken-view: the view `v` can't be read: no such table: main.u",
        "2 broken-trigger: the trigger `r` fails at every insert into `t`: no such table: main.u",
    ];
    check(&[BASE, "DROP TABLE u", "SELECT 1", "ALTER TABLE t ADD COLUMN c"], None, &[1], &said, &[]);
    // One that databases have had for long is the replay's to tell.
    let view = "the view `v` can't be read: no such table: main.u";
    check(&[BASE, "DROP TABLE u", "ALTER TABLE t ADD COLUMN c"], None, &[1, 2], &[], &[view]);
}

#[test]
fn what_is_sound_again_at_the_end_is_not_said() {
    check(&[BASE, "DROP TABLE u", "CREATE TABLE u (a)"], None, &[1], &[], &[]);
    check(&[BASE, "DROP TABLE u", "DROP VIEW v; DROP TRIGGER r"], None, &[1], &[], &[]);
    check(&[BASE, "DROP TABLE u", "DROP VIEW v; DROP TABLE t"], None, &[1], &[], &[]);
    check(
        &[BASE, "DROP TABLE u; DROP VIEW v", "DROP TRIGGER r; CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 2; END"],
        None,
        &[1],
        &[],
        &[],
    );
}

#[test]
fn what_a_repeatable_makes_is_there_in_the_end() {
    let uses = "CREATE VIEW w AS SELECT * FROM later; CREATE TRIGGER x AFTER DELETE ON t BEGIN DELETE FROM later; END";
    let made =
        "CREATE VIEW later AS SELECT a FROM t;\nCREATE TRIGGER gone INSTEAD OF DELETE ON later BEGIN SELECT 1; END;";
    check(&[BASE, uses], Some(made), &[1], &[], &[]);
    check(
        &[BASE, uses],
        None,
        &[1],
        &[
            "2 broken-view: the view `w` can't be read: no such table: main.later",
            "2 broken-trigger: the trigger `x` fails at every delete from `t`: no such table: main.later",
        ],
        &[],
    );
}

#[test]
fn an_event_that_failed_before_is_not_the_fault_of_the_next() {
    check(
        &[
            "CREATE TABLE t (a, b); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT new.x; END",
            "ALTER TABLE t ADD COLUMN c",
            "CREATE TABLE n (a, b, c); INSERT INTO n SELECT * FROM t; PRAGMA legacy_alter_table = ON; DROP TABLE t; \
             ALTER TABLE n RENAME TO t",
        ],
        None,
        &[1],
        &[],
        &[],
    );
}

/// `DROP COLUMN` puts the texts of all views into single quotes.
#[test]
fn a_text_that_is_written_as_before_was_none_of_a_column() {
    let view = "CREATE VIEW admins AS SELECT id FROM users WHERE role = \"active\";";
    let made = format!("CREATE TABLE users (id INTEGER PRIMARY KEY, role TEXT, a); {view}");
    let anew = format!("DROP VIEW admins; {view}");
    check(&[&made, "ALTER TABLE users DROP COLUMN a;", &anew], None, &[], &[], &[]);
}
