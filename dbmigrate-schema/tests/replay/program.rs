//! What only the program can run, and what a replay makes of it.

use super::*;

#[test]
fn rust_ends_the_replay_and_what_follows_is_named() {
    let replay = check(&[
        ("001_a.sql", "CREATE TABLE a(x);"),
        ("002_b.sql", "-- dbmigrate: call fill\n"),
        ("003_c.sql", "SELECT nope;"),
    ]);
    assert_eq!(replay.stopped.as_ref().map(|(name, why)| (name.as_str(), *why)), Some(("002_b", Stopped::Code)));
    assert_eq!(replay.unchecked, ["002_b", "003_c"]);
    assert_eq!((replay.ups, found(&replay)), (1, vec![]));
}

/// Runs code that is known by the name of its migration, and takes down what it was asked for.
#[derive(Debug, Default)]
struct Stub {
    /// What the ways do: SQL by `001_a up`.
    ways: Vec<(&'static str, &'static str)>,
    asked: RefCell<Vec<String>>,
}

impl Program for Stub {
    fn run(&self, migration: &SourceMigration, way: Step, before: &Connection) -> Result<Connection, Diagnostic> {
        let asked = format!("{} {}", migration.name(), if way == Step::Up { "up" } else { "down" });
        let sql = self.ways.iter().find(|(way, _)| **way == asked).map_or("", |(_, sql)| sql);
        self.asked.borrow_mut().push(asked);
        let mut after = Connection::open_in_memory().unwrap();
        Backup::new(before, &mut after).unwrap().step(-1).unwrap();
        match after.execute_batch(sql) {
            Ok(()) => Ok(after),
            Err(error) => Err(Diagnostic::error("program", error.to_string()).in_file(migration.file.as_str())),
        }
    }
}

const RUST: &str = "pub fn up(_: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }\n\
                    pub fn down(_: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }\n";
/// SQL around Rust: each relies on what the one before it did.
const MIXED: &[(&str, &str)] = &[
    ("001_a.sql", "CREATE TABLE a(x);\n-- dbmigrate: down\nDROP TABLE a;"),
    ("002_b.rs", RUST),
    ("003_c.sql", "INSERT INTO b VALUES (1);\n-- dbmigrate: call fill\n-- dbmigrate: down\nDELETE FROM b;"),
    ("004_d.sql", "CREATE TABLE d(x);\n-- dbmigrate: down\nDROP TABLE d;\n-- dbmigrate: call clean\n"),
    ("repeatable/v.sql", "CREATE VIEW v AS SELECT y FROM b;"),
];

#[test]
fn the_program_runs_the_rust_and_the_replay_goes_on_from_there() {
    let program = Stub {
        ways: vec![
            ("002_b up", "CREATE TABLE b(y)"),
            ("002_b down", "DROP TABLE b"),
            ("003_c up", "INSERT INTO b VALUES (2)"),
            ("004_d down", "DROP TABLE d"),
        ],
        ..Stub::default()
    };
    let set = set(MIXED);
    let replay = replay(&set, Some(&program));
    assert_eq!((replay.ups, replay.downs, found(&replay)), (4, 4, vec![]));
    assert_eq!((replay.stopped, replay.unchecked, replay.unchecked_downs), (None, vec![], vec![]));
    // The down script of 003 is SQL, and so is the up script of 004.
    let asked = ["002_b up", "002_b down", "002_b up", "003_c up", "003_c up", "004_d down"];
    assert_eq!(*program.asked.borrow(), asked);

    let schema = Schema::from_migrations(&set, Some(&program)).unwrap();
    let names: Vec<_> = schema.objects.iter().map(|object| object.name().as_str()).collect();
    assert_eq!(names, ["a", "b", "d", "v"]);
    let [stopped] = Schema::from_migrations(&set, None).unwrap_err().try_into().unwrap();
    assert!(stopped.message.starts_with("`002_b` contains Rust"), "{stopped:?}");
}

#[test]
fn what_the_program_refuses_is_a_finding_and_hides_no_other() {
    let made = ("002_b up", "CREATE TABLE b(y)");
    let program =
        Stub { ways: vec![made, ("002_b down", "DROP TABLE nope"), ("004_d down", "DROP TABLE d")], ..Stub::default() };
    let mut files = MIXED.to_vec();
    files[0].1 = "CREATE TABLE a(x);\n-- dbmigrate: down\nDROP TABLE c;";
    let refused = replay(&set(&files), Some(&program));
    assert_eq!((refused.ups, refused.downs), (4, 2));
    assert_eq!(
        found(&refused),
        [
            "migrations/001_a.sql:3:1 SQLite rejects this statement: no such table: c",
            "migrations/002_b.rs no such table: nope"
        ]
    );

    let program = Stub { ways: vec![("002_b up", "CREATE TABLE a(y)")], ..Stub::default() };
    let refused = replay(&set(MIXED), Some(&program));
    assert_eq!(found(&refused), ["migrations/002_b.rs table a already exists in CREATE TABLE a(y) at offset 13"]);
    assert_eq!((refused.ups, refused.downs), (1, 1));
    assert_eq!(refused.unchecked, ["003_c", "004_d", "migrations/repeatable/v.sql"]);
}

#[test]
fn rust_that_does_not_lead_back_is_named_object_by_object() {
    let of = |down, files: &[(&str, &str)]| {
        let program =
            Stub { ways: vec![("002_b up", "CREATE TABLE b(y); INSERT INTO a VALUES (1)"), down], ..Stub::default() };
        replay(&set(files), Some(&program))
    };
    let a = ("001_a.sql", "CREATE TABLE a(x UNIQUE);\n-- dbmigrate: down\nDROP TABLE a;");
    let d = ("003_d.sql", "CREATE TABLE d(x);\n-- dbmigrate: down\nDROP TABLE d;");
    let elsewhere = of(("002_b down", "DELETE FROM a; CREATE INDEX i ON a(x)"), &[a, ("002_b.rs", RUST), d]);
    assert_eq!((elsewhere.ups, elsewhere.downs, elsewhere.diagnostics.len()), (3, 3, 1));
    let found = &elsewhere.diagnostics[0];
    assert_eq!((found.code, found.file.as_deref()), ("down-not-inverse", Some("migrations/002_b.rs")));
    let notes = ["compared with before: table `b` is added", "compared with before: index `i` on `a` is added"];
    assert_eq!(found.notes, notes);

    let again = of(("002_b down", "DROP TABLE b"), &[a, ("002_b.rs", RUST), d]);
    assert_eq!((again.ups, again.downs, again.diagnostics.len()), (3, 3, 1));
    let found = &again.diagnostics[0];
    assert_eq!(found.message, "after the down script of `002_b`, its up script does not run again");
    assert!(found.notes[0].starts_with("UNIQUE constraint failed: a.x"), "{found:?}");

    // A step in SQL.
    let call = ("002_b.sql", "-- dbmigrate: call fill\n-- dbmigrate: down\nDELETE FROM a;\n");
    let step = of(("", ""), &[a, call, d]);
    assert_eq!((step.downs, step.diagnostics[0].notes.len()), (3, 1), "{step:?}");
    assert_eq!(step.diagnostics[0].location.as_ref().map(|at| at.position.line), Some(3));
}

#[test]
fn a_down_script_with_rust_is_named_where_no_program_runs_it() {
    let files = [MIXED[0], ("002_d.sql", "CREATE TABLE d(x);\n-- dbmigrate: down\n-- dbmigrate: call clean\n")];
    let replay = replay(&set(&files), None);
    assert_eq!((replay.ups, replay.downs, found(&replay)), (2, 1, vec![]));
    assert_eq!(
        (replay.stopped, replay.unchecked, replay.unchecked_downs),
        (None, vec![], vec![("002_d".to_owned(), Stopped::Code)])
    );
}

#[test]
fn statements_around_a_call_are_judged_before_the_program_is_asked() {
    let program = Stub::default();
    for (sql, expect) in [
        ("-- dbmigrate: assert SELECT nope\n-- dbmigrate: call fill\n", "no such column: nope"),
        ("ATTACH 'x.db' AS x;\n-- dbmigrate: call fill\n", ""),
        ("-- dbmigrate: no-transaction\nVACUUM INTO 'x.db';\n-- dbmigrate: call fill\n", ""),
    ] {
        let replay = replay(&set(&[("001_a.sql", sql)]), Some(&program));
        match expect {
            "" => assert_eq!(replay.stopped, Some(("001_a".to_owned(), Stopped::OtherFiles)), "{sql}"),
            _ => assert!(found(&replay)[0].ends_with(expect), "{replay:?}"),
        }
    }
    assert!(program.asked.borrow().is_empty());
}
