//! Databases that make it hard: odd encodings, modules that are not there, references of every form, orphans.

use dbmigrate_schema::{Decisions, Plan, ReadOptions, Schema, compare, plan};
use rusqlite::Connection;

use crate::support::{Database, applies, decisions, planned, rows, schema};

#[test]
fn case_01_03_and_04_children_of_a_table_made_anew_stay_as_they_are() {
    let with = |kind: &str| {
        format!(
            "CREATE TABLE p (id INTEGER PRIMARY KEY, a {kind});
             CREATE TABLE c1 (p REFERENCES p ON DELETE CASCADE ON UPDATE CASCADE);
             CREATE TABLE c2 (p REFERENCES p ON DELETE SET NULL); CREATE TABLE c3 (p DEFAULT 9 REFERENCES p ON DELETE SET DEFAULT);
             CREATE TABLE c4 (p REFERENCES p ON DELETE RESTRICT); CREATE TABLE c5 (p REFERENCES p);
             CREATE TABLE c6 (p REFERENCES p DEFERRABLE INITIALLY DEFERRED);"
        )
    };
    let children: Vec<_> = (1..=6).map(|at| format!("INSERT INTO c{at} VALUES (1), (2)")).collect();
    let values = format!("INSERT INTO p VALUES (1, 1), (2, 2); {}", children.join(";"));
    let database = applies(&with("INT"), &values, &with("TEXT"), "");
    for at in 1..=6 {
        rows(&database, &format!("SELECT p FROM c{at}"), &["1", "2"]);
        assert_eq!(database.ask(&format!("SELECT \"table\" FROM pragma_foreign_key_list('c{at}')")), ["'p'"]);
    }
}

#[test]
fn case_07_and_08_what_was_broken_before_is_in_nobodys_way() {
    let with = |kind: &str| {
        format!(
            "CREATE TABLE t (a {kind}); CREATE TABLE p (n); CREATE TABLE orphans (p REFERENCES t (a));
             CREATE TABLE mismatch (p REFERENCES p (n)); CREATE TABLE missing (p REFERENCES nowhere);"
        )
    };
    let plan = planned(&with("INT"), &with("TEXT"), "");
    let database = Database::new(&[&with("INT"), "PRAGMA foreign_keys = OFF", "INSERT INTO t VALUES (1)"]);
    database.run("INSERT INTO orphans VALUES (7); INSERT INTO mismatch VALUES (7); INSERT INTO missing VALUES (7)");
    for planned in &plan.statements {
        database.run(&planned.sql);
    }
    database.is_like(&schema(&with("TEXT")));
    for table in ["orphans", "mismatch", "missing"] {
        rows(&database, &format!("SELECT p FROM {table}"), &["7"]);
    }
}

#[test]
fn case_09_references_of_every_form_follow() {
    let with = |kind: &str, name: &str| {
        format!(
            "CREATE TABLE {name} (a INT, b TEXT, c {kind}, PRIMARY KEY (a, b)) WITHOUT ROWID;
             CREATE TABLE one (x INT, y TEXT, FOREIGN KEY (x, y) REFERENCES {} ON DELETE CASCADE);
             CREATE TABLE two (x INT, y TEXT, FOREIGN KEY (y, x) REFERENCES {name} (b, a));",
            name.to_uppercase()
        )
    };
    let values =
        "INSERT INTO parent VALUES (1, 'k', 5); INSERT INTO one VALUES (1, 'k'); INSERT INTO two VALUES (1, 'k')";
    for to in ["parent", "other"] {
        let decided = if to == "parent" { "" } else { "parent=other" };
        let database = applies(&with("INT", "parent"), values, &with("TEXT", to), decided);
        rows(&database, &format!("SELECT c, one.x, two.y FROM {to}, one, two"), &["'5'|1|'k'"]);
        database.run("DELETE FROM two");
        database.run(&format!("DELETE FROM {to}"));
        rows(&database, "SELECT * FROM one", &[]);
    }
}

#[test]
fn case_22_all_three_names_of_the_rowid_may_be_columns() {
    let with = |kind: &str| format!("CREATE TABLE t (rowid {kind}, _rowid_, oid, id INTEGER PRIMARY KEY)");
    let database = applies(&with("INT"), "INSERT INTO t VALUES (1, 2, 3, 40)", &with("TEXT"), "");
    rows(&database, "SELECT * FROM t", &["'1'|2|3|40"]);
}

#[test]
fn case_31_a_database_of_another_encoding_stays_one() {
    for encoding in ["UTF-16le", "UTF-16be"] {
        let (from, to) = ("CREATE TABLE t (a INT, b TEXT)", "CREATE TABLE t (a TEXT, b TEXT COLLATE NOCASE UNIQUE)");
        let database = Database::new(&[&format!("PRAGMA encoding = '{encoding}'"), from]);
        database.run("INSERT INTO t VALUES (1, 'größe 😀')");
        let read = Schema::read(&database.0, &ReadOptions::default()).unwrap();
        assert_eq!(compare(&read, &schema(from)), []);
        database.apply(&plan(&read, &schema(to), &Decisions::default()).unwrap()).unwrap();
        database.is_like(&schema(to));
        rows(&database, "SELECT * FROM t", &["'1'|'größe 😀'"]);
        rows(&database, "PRAGMA encoding", &[&format!("'{encoding}'")]);
    }
}

#[test]
fn case_40_what_needs_a_module_of_the_program_is_left_alone() {
    let with = |kind: &str, name: &str| {
        let connection = Connection::open_in_memory().unwrap();
        let table = format!("CREATE TABLE {name} (a {kind}); CREATE VIEW v AS SELECT a FROM {name};");
        connection.execute_batch(&table).unwrap();
        connection
            .execute_batch(
                "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES
                 ('table', 'own', 'own', 0, 'CREATE VIRTUAL TABLE own USING of_the_program(a, b)'); PRAGMA writable_schema = OFF",
            )
            .unwrap();
        connection
    };
    let read = |connection: &Connection| {
        // Read again, as another program would.
        connection.execute_batch("PRAGMA writable_schema = RESET").unwrap();
        Schema::read(connection, &ReadOptions::default()).unwrap()
    };
    for (kind, name, decided) in [("TEXT", "t", ""), ("INT", "u", "t=u"), ("TEXT", "u", "t=u")] {
        let database = Database(with("INT", "t"));
        let (from, to) = (read(&database.0), read(&with(kind, name)));
        assert!(from.objects.iter().any(|object| object.name().as_str() == "own"));
        database.run("INSERT INTO t VALUES (1)");
        let plan = plan(&from, &to, &decisions(decided)).unwrap();
        assert!(!plan.to_sql().contains("own"), "{}", plan.to_sql());
        database.apply(&plan).unwrap();
        assert_eq!(compare(&read(&database.0), &to), []);
        assert_eq!(database.ask(&format!("SELECT count(*) FROM {name}")), ["1"]);
    }
}

#[test]
fn case_60_what_the_file_says_of_itself_is_left_alone() {
    let (from, to) = ("CREATE TABLE t (a INT)", "CREATE TABLE t (a TEXT)");
    let settings = "PRAGMA user_version = 7; PRAGMA application_id = 11";
    let database = Database::new(&[settings, from]);
    database.apply(&planned(from, to, "")).unwrap();
    rows(&database, "SELECT user_version, application_id FROM pragma_user_version, pragma_application_id", &["7|11"]);
}

#[test]
fn what_takes_no_statement_is_no_plan() {
    assert_eq!(plan(&schema(""), &schema(""), &Decisions::default()), Ok(Plan::default()));
}
