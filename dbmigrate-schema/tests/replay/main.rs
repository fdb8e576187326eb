//! What a replay in memory finds, and what it leaves to the program.

#![allow(clippy::unwrap_used)] // Helpers of tests.

mod foreign_keys;
mod program;
#[path = "../support/set.rs"]
mod set;

use std::cell::RefCell;
use std::fs;

use dbmigrate_core::config::{self, ForeignKeys, Stubs};
use dbmigrate_core::script::parse_hook;
use dbmigrate_core::{Config, Diagnostic, MigrationSet, SourceMigration, SourceText};
use dbmigrate_schema::{Program, Replay, Schema, Step, Stopped, replay};
use rusqlite::Connection;
use rusqlite::backup::Backup;
use set::set_with;

fn set(files: &[(&str, &str)]) -> MigrationSet {
    set_with(files, Config::default())
}

fn check(files: &[(&str, &str)]) -> Replay {
    replay(&set(files), None)
}

/// `file:line:column message` of each finding.
fn found(replay: &Replay) -> Vec<String> {
    replay
        .diagnostics
        .iter()
        .map(|diagnostic| {
            let place = diagnostic.location.as_ref().map(|at| format!("{}:{}", at.path, at.position));
            let place = place.or_else(|| diagnostic.file.clone()).unwrap_or_default();
            format!("{place} {}", diagnostic.message)
        })
        .collect()
}

#[test]
fn every_way_up_and_back_runs() {
    let replay = check(&[
        ("001_a.sql", "CREATE TABLE a(x);"),
        ("001_a.down.sql", "DROP TABLE a;"),
        ("002_b.sql", "ALTER TABLE a ADD COLUMN y;\n-- dbmigrate: down\nALTER TABLE a DROP COLUMN y;"),
        ("003_c.sql", "CREATE TABLE c(x);"),
    ]);
    assert_eq!((replay.ups, replay.downs, found(&replay)), (3, 2, vec![]));
}

#[test]
fn what_a_temporary_table_hides_is_not_taken_for_it() {
    for next in ["CREATE TABLE a(x);", "BEGIN;\nCREATE TABLE a(x);\nCOMMIT;\nDROP TABLE temp.a;"] {
        let bare = format!("-- dbmigrate: no-transaction\n{next}");
        let replay = check(&[("001_a.sql", "CREATE TEMP TABLE a(x);"), ("002_b.sql", &bare)]);
        let refused =
            "migrations/002_b.sql a temporary `a` hides that of the database when `migrations/002_b.sql` goes on";
        assert_eq!((replay.ups, found(&replay)), (1, vec![refused.to_owned()]), "{next}");
    }
    let leaves = check(&[("001_a.sql", "CREATE TABLE a(x);\nCREATE TEMP TABLE a(x);")]);
    let refused = "migrations/001_a.sql a temporary `a` hides that of the database when `migrations/001_a.sql` ends";
    assert_eq!(found(&leaves), [refused]);
}

#[test]
fn a_column_that_sqlite_never_adds_comes_with_the_way_to_add_it() {
    for (column, help) in [
        ("\"a b\" TEXT UNIQUE", "add it without `UNIQUE`, then `CREATE UNIQUE INDEX \"a_a b\" ON a (\"a b\");`"),
        (
            "id INTEGER PRIMARY KEY",
            "rebuild `a` with that key: declare it in `schema.sql`, and run `cargo dbmigrate generate`",
        ),
    ] {
        let replay = check(&[("001_a.sql", &format!("CREATE TABLE a(x); ALTER TABLE a ADD COLUMN {column};"))]);
        assert_eq!(replay.diagnostics[0].help, [help]);
    }
}

#[test]
fn a_wrong_word_is_shown_where_it_stands() {
    let replay =
        check(&[("001_a.sql", "CREATE TABLE a(x);\n\n-- ü\nSELECT x,\n  nope FROM a;"), ("002_b.sql", "SELECT 1;")]);
    assert_eq!(found(&replay), ["migrations/001_a.sql:5:3 SQLite rejects this statement: no such column: nope"]);
    assert_eq!(replay.unchecked, ["002_b"]);
}

#[test]
fn every_wrong_down_script_is_found_at_once() {
    let replay = check(&[
        ("001_a.sql", "CREATE TABLE a(x);\n-- dbmigrate: down\nDROP TABLE b;"),
        ("002_b.sql", "CREATE TABLE b(x);\n-- dbmigrate: down\nDROP TABLE c;"),
    ]);
    assert_eq!(
        found(&replay),
        [
            "migrations/001_a.sql:3:1 SQLite rejects this statement: no such table: b",
            "migrations/002_b.sql:3:1 SQLite rejects this statement: no such table: c",
        ]
    );
    assert_eq!(replay.ups, 2);
}

#[test]
fn a_rebuild_of_a_referenced_table_replays_as_the_runner_runs_it() {
    let replay = check(&[
        (
            "001_a.sql",
            "CREATE TABLE team(id INTEGER PRIMARY KEY);
             CREATE TABLE member(id INTEGER PRIMARY KEY, team REFERENCES team ON DELETE CASCADE);
             INSERT INTO team VALUES (1); INSERT INTO member VALUES (1, 1);",
        ),
        (
            "002_b.sql",
            "CREATE TABLE new(id INTEGER PRIMARY KEY, name); INSERT INTO new(id) SELECT id FROM team;
             DROP TABLE team; ALTER TABLE new RENAME TO team;",
        ),
        // Would fail if the row had gone with the parent.
        ("003_c.sql", "CREATE TABLE one(n CHECK (n = 1)); INSERT INTO one SELECT count(*) FROM member;"),
    ]);
    assert_eq!(found(&replay), Vec::<String>::new());
}

#[test]
fn a_dropped_table_that_nobody_refers_to_leaves_cascades_alone() {
    let replay = check(&[
        (
            "001_a.sql",
            "CREATE TABLE team(id INTEGER PRIMARY KEY); CREATE TABLE scratch(x);
             CREATE TABLE member(team REFERENCES team ON DELETE CASCADE);
             INSERT INTO team VALUES (1); INSERT INTO member VALUES (1);",
        ),
        ("002_b.sql", "DROP TABLE scratch; DELETE FROM team;"),
    ]);
    assert_eq!(found(&replay), Vec::<String>::new());
}

#[test]
fn a_drop_and_a_cascade_in_one_file_are_refused_as_the_runner_refuses_them() {
    let tables = (
        "001_a.sql",
        "CREATE TABLE team(id INTEGER PRIMARY KEY); CREATE TABLE room(id INTEGER PRIMARY KEY);
         CREATE TABLE member(team REFERENCES team, room REFERENCES room ON DELETE CASCADE);",
    );
    let both = "DROP TABLE team;\nDELETE FROM room;";
    let replay = check(&[tables, ("002_b.sql", both)]);
    assert_eq!(
        found(&replay),
        ["migrations/002_b.sql:2:1 this file drops `team`, which other tables reference, and also writes to `room`"]
    );
    let off = format!("-- dbmigrate: foreign-keys off\n{both}");
    assert_eq!(found(&check(&[tables, ("002_b.sql", &off)])), Vec::<String>::new());
    // Nor does anybody miss the rows of what is dropped with it.
    let along = "DELETE FROM room;\nDROP TABLE room;\nDROP TABLE member;";
    assert_eq!(found(&check(&[tables, ("002_b.sql", along)])), Vec::<String>::new());
    let read = "DELETE FROM room;\nDROP TABLE team;\nCREATE TABLE kept AS SELECT * FROM member;\nDROP TABLE member;";
    assert_eq!(found(&check(&[tables, ("002_b.sql", read)])).len(), 1);
    // Nor is a table that is not there referenced.
    let absent = "CREATE TABLE later(old REFERENCES gone);\nDROP TABLE IF EXISTS gone;\nCREATE TABLE gone(id INTEGER PRIMARY KEY);\nDELETE FROM room;";
    assert_eq!(found(&check(&[tables, ("002_b.sql", absent)])), Vec::<String>::new());
    // No longer referenced when it comes to the drop: nothing to refuse.
    let freed = "ALTER TABLE member DROP COLUMN team;\nDROP TABLE team;\nDELETE FROM room;";
    assert_eq!(found(&check(&[tables, ("002_b.sql", freed)])), Vec::<String>::new());
}

#[test]
fn a_table_that_the_same_file_lets_another_refer_to_is_dropped_without_its_rows() {
    let replay = check(&[
        (
            "001_a.sql",
            "CREATE TABLE team(id INTEGER PRIMARY KEY); INSERT INTO team VALUES (1);
             CREATE TABLE member(team REFERENCES team ON DELETE CASCADE); INSERT INTO member VALUES (1);
             CREATE TABLE new(id INTEGER PRIMARY KEY, name); INSERT INTO new(id) SELECT id FROM team;
             DROP TABLE team; ALTER TABLE new RENAME TO team;",
        ),
        ("002_b.sql", "CREATE TABLE one(n CHECK (n = 1)); INSERT INTO one SELECT count(*) FROM member;"),
    ]);
    assert_eq!(found(&replay), Vec::<String>::new());
}

#[test]
fn a_referenced_table_is_known_by_any_name() {
    for (name, reference) in
        [("Team", "team"), (r#""te""am""#, "\"te\"\"AM\""), ("`te'am`", "\"te'am\""), ("[t%_m]", "\"t%_M\"")]
    {
        let replay = check(&[
            (
                "001_a.sql",
                &format!(
                    "CREATE TABLE {name}(id INTEGER PRIMARY KEY); CREATE TABLE member(team REFERENCES {reference} \
                     ON DELETE CASCADE); INSERT INTO {name} VALUES (1); INSERT INTO member VALUES (1);"
                ),
            ),
            (
                "002_b.sql",
                &format!(
                    "DROP TABLE {name}; CREATE TABLE {name}(id INTEGER PRIMARY KEY); INSERT INTO {name} VALUES (1);"
                ),
            ),
            ("003_c.sql", "CREATE TABLE one(n CHECK (n = 1)); INSERT INTO one SELECT count(*) FROM member;"),
        ]);
        assert_eq!(found(&replay), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn the_configuration_says_whether_foreign_keys_are_enforced() {
    let files = [
        ("001_a.sql", "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p);"),
        ("002_b.sql", "INSERT INTO c VALUES (1); INSERT INTO p VALUES (1);"),
    ];
    let mut set = set(&files);
    assert_eq!(found(&replay(&set, None)).len(), 1);
    set.config.foreign_keys = ForeignKeys::Off;
    assert_eq!(found(&replay(&set, None)), Vec::<String>::new());
}

#[test]
fn no_setting_of_a_file_reaches_the_next_one() {
    let replay = check(&[
        ("001_a.sql", "CREATE TABLE a(x); CREATE TABLE b(x); CREATE VIEW v AS SELECT x FROM a;"),
        ("002_b.sql", "PRAGMA legacy_alter_table = ON;\nALTER TABLE b RENAME TO c;"),
        ("003_c.sql", "DROP TABLE a;\nALTER TABLE c RENAME TO d;"),
    ]);
    let said = found(&replay);
    assert!(said.len() == 1 && said[0].starts_with("migrations/003_c.sql:2:"), "{said:?}");
}

#[test]
fn no_file_is_written() {
    let folder = std::env::temp_dir().join(format!("dbmigrate-schema-untouched-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (copy, other) = (folder.join("copy.db"), folder.join("other.db"));
    let replay = check(&[
        ("001_a.sql", &format!("-- dbmigrate: no-transaction\nVACUUM INTO '{}';", copy.display())),
        ("002_b.sql", &format!("ATTACH '{}' AS other;\nCREATE TABLE other.t(x);", other.display())),
        ("003_c.sql", "SELECT nope;"),
    ]);
    assert_eq!(found(&replay), Vec::<String>::new());
    assert_eq!(replay.stopped, Some(("002_b".to_owned(), Stopped::OtherFiles)));
    assert_eq!((replay.ups, replay.unchecked.len()), (1, 2));
    assert!(!copy.exists() && !other.exists());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_orphan_that_a_migration_makes_is_found() {
    let replay = check(&[
        ("001_a.sql", "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p);"),
        ("002_b.sql", "-- dbmigrate: foreign-keys off\nINSERT INTO c VALUES (7);"),
    ]);
    assert_eq!(
        found(&replay),
        ["migrations/002_b.sql `migrations/002_b.sql` leaves a row in `c` that refers to no row in `p`"]
    );
}

#[test]
fn an_orphan_that_only_the_commit_would_find_is_found_in_both_ways() {
    let tables = (
        "001_a.sql",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p DEFERRABLE INITIALLY DEFERRED);",
    );
    let orphan = "INSERT INTO c VALUES (7);";
    let back = format!("SELECT 1;\n-- dbmigrate: down\n{orphan}");
    for text in [orphan, back.as_str()] {
        assert_eq!(
            found(&check(&[tables, ("002_b.sql", text)])),
            ["migrations/002_b.sql `migrations/002_b.sql` leaves a row in `c` that refers to no row in `p`"]
        );
    }
}

#[test]
fn scripts_without_a_transaction_replay_too() {
    let replay = check(&[
        (
            "001_a.sql",
            "-- dbmigrate: no-transaction\nPRAGMA journal_mode = WAL;\nCREATE TABLE a(x);\nVACUUM;\n\
             -- dbmigrate: down\n-- dbmigrate: no-transaction\nDROP TABLE a;\nVACUUM;",
        ),
        ("002_b.sql", "ALTER TABLE a ADD COLUMN y;"),
    ]);
    assert_eq!((replay.ups, replay.downs, found(&replay)), (2, 1, vec![]));
}

#[test]
fn a_statement_that_ends_the_transaction_is_found() {
    let replay = check(&[(
        "001_a.sql",
        "CREATE TABLE a(x UNIQUE ON CONFLICT ROLLBACK); INSERT INTO a VALUES (1), (1);\nCREATE TABLE b(x);",
    )]);
    assert_eq!(replay.diagnostics.len(), 1, "{:?}", found(&replay));
    assert_eq!(replay.ups, 0);
}

#[test]
fn an_assertion_has_to_be_one_that_can_be_asked_and_its_answer_does_not_matter() {
    let table = ("001_a.sql", "CREATE TABLE a(x);\n-- dbmigrate: down\n-- dbmigrate: assert SELECT 0\nDROP TABLE a;");
    let asserting = |query: &str| format!("-- dbmigrate: assert {query}\nCREATE TABLE b(x);");
    for query in ["SELECT count(*) > 0 FROM a", "SELECT x FROM a", "VALUES (0), (0)", "SELECT NULL;"] {
        for head in ["", "-- dbmigrate: no-transaction\n"] {
            let replay = check(&[table, ("002_b.sql", &format!("{head}{}", asserting(query)))]);
            assert_eq!((replay.ups, replay.downs, found(&replay)), (2, 1, vec![]), "{query}");
        }
    }
    for (query, expect) in [
        ("SELECT y FROM a", "1:29 SQLite rejects this statement: no such column: y"),
        ("SELECT x FROM b", "1:22 SQLite rejects this statement: no such table: b"),
        ("SELECT x, x FROM a", "1:22 this query returns 2 columns, and an assertion is one value"),
        ("SELECT abs(-9223372036854775808)", "1:22 SQLite rejects this statement: integer overflow"),
    ] {
        let replay = check(&[table, ("002_b.sql", &asserting(query))]);
        assert_eq!(found(&replay), [format!("migrations/002_b.sql:{expect}")], "{query}");
    }
}

#[test]
fn tolerated_failures_are_none() {
    let replay = check(&[
        ("001_a.sql", "CREATE TABLE a(x);"),
        (
            "002_b.sql",
            "-- dbmigrate: tolerate existing\nCREATE TABLE a(x);\nALTER TABLE a ADD COLUMN x;\nCREATE TABLE b(x);\n\
             ALTER TABLE b RENAME TO a;",
        ),
        ("003_c.sql", "SELECT x FROM b;"),
    ]);
    assert_eq!(found(&replay), Vec::<String>::new());
}

const TABLE: (&str, &str) = ("001_a.sql", "CREATE TABLE a(x, y);\n-- dbmigrate: down\nDROP TABLE a;");

#[test]
fn hooks_run_around_the_migrations() {
    let check = |before: &str, after: &str| {
        check(&[
            ("hooks/before_all.sql", before),
            ("hooks/after_all.sql", after),
            ("001_a.sql", "INSERT INTO log VALUES ('001'); CREATE TABLE a(x);\n-- dbmigrate: down\nDROP TABLE a;"),
        ])
    };
    let log = "CREATE TABLE log(what);";
    let replay = check(log, "CREATE TABLE one(n CHECK (n = 1)); INSERT INTO one SELECT count(*) FROM log;");
    assert_eq!((replay.ups, replay.downs, found(&replay)), (1, 1, vec![]));
    let replay = check("SELECT 1;\nDELETE FROM log;", "SELECT nope;");
    assert_eq!(
        found(&replay),
        ["migrations/hooks/before_all.sql:2:1 SQLite rejects this statement: no such table: log"]
    );
    assert_eq!(
        (replay.ups, &*replay.unchecked),
        (0, ["001_a", "migrations/hooks/after_all.sql"].map(str::to_owned).as_slice())
    );
    let replay = check(log, "SELECT\n  nope;");
    assert_eq!(
        found(&replay),
        ["migrations/hooks/after_all.sql:2:3 SQLite rejects this statement: no such column: nope"]
    );
    assert_eq!((replay.ups, replay.downs), (1, 1));
}

#[test]
fn a_down_script_that_is_judged_alone_starts_after_the_hook_as_well() {
    let replay = check(&[
        ("hooks/before_all.sql", "CREATE TABLE log(what);"),
        ("001_a.sql", "INSERT INTO log VALUES (1);\n-- dbmigrate: down\nDELETE FROM log;"),
        ("002_b.sql", "CREATE TABLE b(x);"),
    ]);
    assert_eq!((replay.ups, replay.downs, found(&replay)), (2, 1, vec![]));
}

#[test]
fn a_hook_that_opens_a_file_is_not_run() {
    let replay = check(&[("hooks/before_all.sql", "ATTACH 'other.db' AS other;"), TABLE]);
    let hook = "migrations/hooks/before_all.sql";
    assert_eq!(replay.stopped, Some((hook.to_owned(), Stopped::OtherFiles)));
    assert_eq!((&*replay.unchecked, found(&replay)), ([hook, "001_a"].map(str::to_owned).as_slice(), vec![]));
}

#[test]
fn repeatables_are_made_after_the_migrations_and_are_in_the_way_of_no_down_script() {
    let replay = check(&[
        TABLE,
        ("002_b.sql", "CREATE VIEW v AS SELECT x FROM a;\n-- dbmigrate: down\nDROP VIEW v;"),
        ("003_c.sql", "CREATE TABLE log(x);\n-- dbmigrate: down\nDROP TABLE log;"),
        // Takes over from the migration.
        ("repeatable/v.sql", "DROP VIEW IF EXISTS v;\nCREATE VIEW \"V\" AS SELECT count(*) AS total FROM log;"),
        ("repeatable/t.sql", "CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO log VALUES (new.x); END;"),
        (
            "hooks/after_all.sql",
            "INSERT INTO a VALUES (1, 2); CREATE TABLE one(n CHECK (n = 1)); INSERT INTO one SELECT total FROM v;",
        ),
    ]);
    assert_eq!((replay.ups, replay.downs, found(&replay)), (3, 3, vec![]));
}

#[test]
fn every_repeatable_that_sqlite_refuses_is_found_at_once() {
    let replay = check(&[
        TABLE,
        ("repeatable/a.sql", "CREATE VIEW a AS SELECT 1;"),
        ("repeatable/b.sql", "CREATE VIEW b AS\nSELEC 1;"),
        ("repeatable/c.sql", "CREATE VIEW c AS SELECT 1;\nCREATE TRIGGER t AFTER INSERT ON gone BEGIN SELECT 1; END;"),
        ("repeatable/d.sql", "CREATE VIEW d AS SELECT 1;"),
        ("hooks/after_all.sql", "SELECT nope;"),
    ]);
    assert_eq!(
        found(&replay),
        [
            "migrations/repeatable/a.sql:1:1 SQLite rejects this statement: use DROP TABLE to delete table a",
            "migrations/repeatable/b.sql:2:1 SQLite rejects this statement: near \"SELEC\": syntax error",
            "migrations/repeatable/c.sql:2:1 SQLite rejects this statement: no such table: main.gone",
        ]
    );
    assert_eq!(replay.unchecked, ["migrations/hooks/after_all.sql"]);
}

#[test]
fn what_comes_after_a_failure_or_rust_is_named() {
    let rest = [("repeatable/v.sql", "CREATE VIEW v AS SELECT nope;"), ("hooks/after_all.sql", "SELECT nope;")];
    for first in ["-- dbmigrate: call fill\n", "SELECT nope;"] {
        let replay = check(&[("001_a.sql", first), rest[0], rest[1]]);
        let [.., view, hook] = replay.unchecked.as_slice() else { panic!("{replay:?}") };
        assert_eq!((view.as_str(), hook.as_str()), ("migrations/repeatable/v.sql", "migrations/hooks/after_all.sql"));
        assert_eq!(replay.diagnostics.len(), usize::from(first.contains("nope")), "{:?}", found(&replay));
    }
}

#[test]
fn every_view_is_asked_once() {
    let view = |sql: &str| check(&[TABLE, ("repeatable/v.sql", &format!("\nCREATE VIEW \"a \"\"v\" AS\n{sql};"))]);
    assert_eq!(found(&view("SELECT x FROM a")), Vec::<String>::new());
    let replay = view("SELECT z FROM a");
    assert_eq!(found(&replay), ["migrations/repeatable/v.sql:2:1 the view `a \"v` can't be read: no such column: z"]);
    assert!(replay.diagnostics[0].is_error());
    let replay = view("SELECT slugify(x) FROM a");
    assert_eq!(
        found(&replay),
        ["migrations/repeatable/v.sql:2:1 the view `a \"v` can't be read: no such function: slugify"]
    );
    assert!(!replay.diagnostics[0].is_error());

    let migrations = [TABLE, ("002_b.sql", "CREATE VIEW v AS SELECT x FROM a; CREATE VIEW w AS SELECT z FROM v;")];
    assert_eq!(found(&check(&migrations)), [" the view `w` can't be read: no such column: z"]);
    // Broken on the way, and sound in the end.
    let mended = ("repeatable/w.sql", "CREATE VIEW w AS SELECT x FROM v;");
    assert_eq!(found(&check(&[migrations[0], migrations[1], mended])), Vec::<String>::new());
}

#[test]
fn what_the_program_registers_is_stood_in_for_where_it_is_named() {
    let files = [
        (
            "001_a.sql",
            "CREATE TABLE a (x CHECK (is_fine(x)), y AS (slugify(x)) STORED);
             CREATE INDEX a_x ON a (x COLLATE german);
             CREATE VIEW v AS SELECT slugify(x, '-') FROM a ORDER BY x COLLATE german;
             INSERT INTO a (x) VALUES ('one');",
        ),
        ("001_a.down.sql", "DROP VIEW v; DROP TABLE a;"),
        ("002_b.sql", "UPDATE a SET x = slugify(x); ALTER TABLE a RENAME TO b;"),
    ];
    let unnamed = found(&check(&files));
    assert_eq!(unnamed, ["migrations/001_a.sql:1:45 SQLite rejects this statement: no such function: slugify"]);
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let stubs = Stubs { functions: names(&["is_fine", "slugify"]), collations: names(&["german"]) };
    let replay = config::Replay { base: None, stubs };
    let set = set_with(&files, Config { replay, ..Config::default() });
    let replay = dbmigrate_schema::replay(&set, None);
    assert_eq!((found(&replay), replay.ups, replay.downs), (Vec::new(), 2, 1));
    // A name that is not there is still missed.
    let more = [files[0], files[1], files[2], ("003_c.sql", "SELECT mine(x) FROM b;")];
    let replay = dbmigrate_schema::replay(&set_with(&more, set.config.clone()), None);
    assert_eq!(found(&replay), ["migrations/003_c.sql:1:8 SQLite rejects this statement: no such function: mine"]);
    let help = r#"if the program registers `mine`: `replay.functions = ["mine"]` under `[package.metadata.migrations]` in `Cargo.toml`"#;
    assert_eq!(replay.diagnostics[0].help, [help]);
}

/// A set that begins with what this file makes.
fn based(base: &str, files: &[(&str, &str)]) -> MigrationSet {
    let replay = config::Replay { base: Some("base.sql".to_owned()), ..config::Replay::default() };
    let mut set = set_with(files, Config { replay, ..Config::default() });
    let (mut problems, source) = (Vec::new(), SourceText::new("base.sql", base));
    set.base = Some(parse_hook(&source.into(), &mut problems));
    assert_eq!(problems, []);
    set
}

#[test]
fn a_replay_begins_with_what_was_there_before() {
    let files = [
        ("001_b.sql", "ALTER TABLE old ADD COLUMN y; CREATE INDEX old_y ON old (y);"),
        ("001_b.down.sql", "DROP INDEX old_y; ALTER TABLE old DROP COLUMN y;"),
        ("002_c.sql", "INSERT INTO old (x, y) SELECT x + 1, 2 FROM old;"),
    ];
    let base = "PRAGMA foreign_keys = OFF;\nBEGIN;\nCREATE TABLE old (x UNIQUE);\nINSERT INTO old VALUES (1);\nCOMMIT;";
    let replayed = replay(&based(base, &files), None);
    assert_eq!((found(&replayed), replayed.ups, replayed.downs), (Vec::new(), 2, 1));
    let schema = Schema::from_migrations(&based(base, &files), None).unwrap();
    assert_eq!(schema.to_sql(), "CREATE TABLE old (\n  x UNIQUE,\n  y\n);\nCREATE INDEX old_y ON old (y);\n");

    let broken = replay(&based("CREATE TABLE old (x);\nCREATE TABLE old (x);", &files), None);
    assert_eq!(found(&broken), ["base.sql:2:14 SQLite rejects this statement: table old already exists"]);
    assert_eq!((broken.ups, broken.unchecked.as_slice()), (0, ["001_b".to_owned(), "002_c".to_owned()].as_slice()));
}

#[test]
fn a_trigger_of_a_migration_that_would_go_with_a_view_is_found() {
    let trigger = "CREATE TRIGGER t INSTEAD OF INSERT ON v BEGIN INSERT INTO a VALUES (new.x, 1); END;";
    let made = format!("CREATE VIEW v AS SELECT x FROM a;\n{trigger}");
    let with = |repeatable: &str| check(&[TABLE, ("002_b.sql", &made), ("repeatable/v.sql", repeatable)]);
    assert_eq!(
        found(&with("CREATE VIEW v AS SELECT x FROM a;")),
        ["migrations/repeatable/v.sql:1:1 the view `v` has a trigger `t`, which this file does not create"]
    );
    assert_eq!(found(&with(&made)), Vec::<String>::new());
}
