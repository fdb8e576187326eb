//! A set that is tried with rows: what is lost is seen and named, and what an author means is let be.

#![allow(clippy::unwrap_used)] // Helpers of tests.

#[path = "support/set.rs"]
mod set;

use std::sync::Arc;

use dbmigrate_core::config::{Replay, Stubs};
use dbmigrate_core::{Config, MigrationSet, Script, SourceText, script};
use dbmigrate_schema::{FaultKind, Name, Rows, Stopped, TrialOptions, TrialReport, Versions, try_out};
use set::set_with;

fn set(files: &[(&str, &str)]) -> MigrationSet {
    set_with(files, Config::default())
}

const GENERATED: TrialOptions<'static> =
    TrialOptions { to: None, rows: Rows::Generated, versions: Versions::Newest(10) };

fn tried(files: &[(&str, &str)]) -> TrialReport {
    try_out(&set(files), &GENERATED).unwrap()
}

/// `name leg: what` of each fault.
fn faults(tried: &TrialReport) -> Vec<String> {
    let migrations = tried.migrations.iter().map(|it| (&it.name, &it.faults));
    let all = migrations.chain(tried.versions.iter().map(|it| (&it.name, &it.faults)));
    all.flat_map(|(name, faults)| faults.iter().map(move |it| format!("{name} {}: {}", it.leg.as_str(), it.kind)))
        .collect()
}

#[track_caller]
fn sound(files: &[(&str, &str)]) -> TrialReport {
    let tried = tried(files);
    assert_eq!(faults(&tried), Vec::<String>::new());
    assert!(!tried.failed());
    assert_eq!(tried.unchecked, Vec::<String>::new());
    tried
}

const TABLES: (&str, &str) = (
    "001_tables.sql",
    "CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT);
     CREATE TABLE member (id INTEGER PRIMARY KEY, team INTEGER REFERENCES team ON DELETE CASCADE, nick TEXT);
     CREATE TABLE event (at TEXT, what TEXT);",
);

const REBUILD: &str = "CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT DEFAULT '');
    INSERT INTO new SELECT * FROM team; DROP TABLE team; ALTER TABLE new RENAME TO team;";

#[test]
fn what_is_right_passes_and_says_how_much_was_compared() {
    let tried = sound(&[
        TABLES,
        ("002_rebuild.sql", REBUILD),
        (
            "003_column.sql",
            "ALTER TABLE member ADD COLUMN age INT;\n-- dbmigrate: down\nALTER TABLE member DROP COLUMN age;",
        ),
        (
            "004_names.sql",
            "ALTER TABLE event RENAME TO log;\nALTER TABLE log RENAME COLUMN what TO text;\n-- dbmigrate: down\n\
             ALTER TABLE log RENAME COLUMN text TO what;\nALTER TABLE log RENAME TO event;",
        ),
        (
            "005_seed.sql",
            "INSERT INTO log VALUES ('now', 'seed');\n-- dbmigrate: down\nDELETE FROM log WHERE text = 'seed';",
        ),
        (
            "006_fill.sql",
            "UPDATE member SET age = 18 WHERE age IS NULL;
             CREATE TABLE new (at TEXT, text TEXT); INSERT INTO new SELECT at, text FROM log WHERE at IS NOT NULL;
             DROP TABLE log; ALTER TABLE new RENAME TO log;",
        ),
        (
            "007_upper.sql",
            "CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT DEFAULT '');
             INSERT INTO new SELECT id, upper(name), note FROM team;
             DROP TABLE team; ALTER TABLE new RENAME TO team;",
        ),
        (
            "008_back.sql",
            "ALTER TABLE team ADD COLUMN size INT;
             -- dbmigrate: down
             CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT DEFAULT '');
             INSERT INTO new SELECT id, name, note FROM team; DROP TABLE team; ALTER TABLE new RENAME TO team;",
        ),
        ("009_drop.sql", "ALTER TABLE member DROP COLUMN nick;\nDROP TABLE log;"),
    ]);
    let rows: Vec<_> = tried.migrations.iter().map(|it| (it.rows > 20, it.compared > 15, it.went_back)).collect();
    assert_eq!(rows[0], (false, false, false));
    assert!(rows[1..4].iter().all(|(rows, compared, _)| *rows && *compared), "{rows:?}");
    assert_eq!(
        rows.iter().map(|it| it.2).collect::<Vec<_>>(),
        [false, false, true, true, true, false, false, true, false]
    );
    assert_eq!(tried.versions.len(), 8);
    assert!(tried.versions[0].compared == 0 && tried.versions[7].compared > 0, "{:?}", tried.versions);
}

#[test]
fn children_that_go_with_their_parent_are_counted() {
    let refused = format!("-- dbmigrate: foreign-keys on\n{REBUILD}");
    let found = faults(&tried(&[TABLES, ("002_rebuild.sql", &refused)]));
    assert!(found[0].starts_with("002_rebuild up: dropping `team` with foreign keys on would delete"), "{found:?}");
    let tried = tried(&[TABLES, ("002_rebuild.sql", "INSERT OR REPLACE INTO team SELECT * FROM team;")]);
    let found = faults(&tried);
    assert!(found[0].starts_with("002_rebuild up: table `member` does not keep the row (id = "), "{found:?}");
    let FaultKind::Rows(loss) = &tried.migrations[1].faults[0].kind else { panic!("{found:?}") };
    assert_eq!((loss.table.as_str(), loss.kind.as_str(), loss.column.as_deref()), ("member", "gone", None));
    assert!(loss.rows > 0 && loss.rows <= loss.of, "{loss:?}");
    // An old version loses them, too.
    assert!(found.iter().any(|it| it.starts_with("001_tables versions: table `member`")), "{found:?}");
}

#[test]
fn a_value_that_a_rebuild_forgets_is_named_with_its_column() {
    let forgets = "CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT);
        INSERT INTO new (id, name) SELECT id, name FROM team; DROP TABLE team; ALTER TABLE new RENAME TO team;";
    let tried = tried(&[TABLES, ("002_rebuild.sql", forgets)]);
    let FaultKind::Rows(loss) = &tried.migrations[1].faults[0].kind else { panic!("{:?}", faults(&tried)) };
    assert_eq!((loss.table.as_str(), loss.column.as_deref()), ("team", Some("note")));
}

#[test]
fn a_copy_by_way_of_a_query_before_it_takes_what_that_says() {
    let some = "CREATE TABLE new (at TEXT, what TEXT);
        WITH known AS (SELECT * FROM event WHERE at IS NOT NULL) INSERT INTO new SELECT * FROM known;
        DROP TABLE event; ALTER TABLE new RENAME TO event;";
    let tried = sound(&[TABLES, ("002_some.sql", some)]);
    assert_eq!(tried.migrations[1].left_out.len(), 1, "{:?}", tried.migrations);
}

#[test]
fn rows_that_a_copy_drops_when_they_are_refused_are_lost_unless_that_is_allowed() {
    let halved = |insert: &str, rest: &str| {
        format!(
            "CREATE TABLE new (id INTEGER PRIMARY KEY, team INTEGER, nick TEXT);
             {insert} INTO new SELECT id / 100000000 + 1, team, nick FROM member {rest};
             DROP TABLE member; ALTER TABLE new RENAME TO member;"
        )
    };
    for (insert, rest) in [
        ("INSERT OR IGNORE", ""),
        ("INSERT OR REPLACE", ""),
        ("REPLACE", ""),
        ("INSERT", "WHERE true ON CONFLICT DO NOTHING"),
        ("INSERT", "WHERE true ON CONFLICT (id) DO NOTHING"),
    ] {
        let tried = tried(&[TABLES, ("002_halved.sql", &halved(insert, rest))]);
        let found = faults(&tried);
        assert!(found[0].starts_with("002_halved up: table `member` does not keep the row ("), "{insert}: {found:?}");
        assert_eq!(tried.migrations[1].left_out, [], "{insert}");
        let allowed = format!("-- dbmigrate: allow lossy-copy the newest counts\n{}", halved(insert, rest));
        let tried = sound(&[TABLES, ("002_halved.sql", &allowed)]);
        assert_eq!(tried.migrations[1].left_out.iter().map(|it| it.drops).collect::<Vec<_>>(), [false], "{insert}");
    }
    // What is left out and what is dropped can't be told apart.
    let some = halved("INSERT OR IGNORE", "WHERE id < 9");
    let tried = sound(&[TABLES, ("002_some.sql", &some)]);
    assert_eq!(tried.migrations[1].left_out.iter().map(|it| it.drops).collect::<Vec<_>>(), [true]);
    // Nothing is refused.
    sound(&[TABLES, ("002_same.sql", &halved("INSERT OR IGNORE", "").replace(" / 100000000 + 1", ""))]);
}

#[test]
fn children_refer_to_the_rows_that_a_copy_keeps() {
    let tables = |reference: &str| {
        format!(
            "CREATE TABLE p (id INTEGER PRIMARY KEY, gone INT);
             CREATE TABLE q (id INTEGER PRIMARY KEY, pid INTEGER {reference}, what TEXT);"
        )
    };
    let some = "CREATE TABLE new (id INTEGER PRIMARY KEY, gone INT);
        INSERT INTO new SELECT * FROM p WHERE gone > 0; DROP TABLE p; ALTER TABLE new RENAME TO p;";
    for reference in
        ["REFERENCES p (id)", "NOT NULL REFERENCES p (id)", "REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED"]
    {
        let tried = sound(&[("001_a.sql", &tables(reference)), ("002_some.sql", some)]);
        let why = "rows of `q` would refer to nothing by a foreign key".to_owned();
        assert_eq!(tried.turned_away, [("002_some".to_owned(), why)], "{reference}");
        let [left] = &tried.migrations[1].left_out[..] else { panic!("{reference}: {:?}", tried.migrations) };
        assert!(0 < left.rows && left.rows < left.of, "{reference}: {left:?}");
        // The children are all there.
        assert!(tried.migrations[1].compared > 0, "{reference}: {:?}", tried.migrations);
    }
}

#[test]
fn a_value_that_its_new_type_makes_another_is_one_that_is_lost() {
    let converts = |copy: &str, first: &str| {
        format!(
            "{first}CREATE TABLE new (at INTEGER, what TEXT); INSERT INTO new SELECT {copy}, what FROM event; DROP TABLE \
             event; ALTER TABLE new RENAME TO event;"
        )
    };
    let tried = tried(&[TABLES, ("002_plain.sql", &converts("at", ""))]);
    let FaultKind::Rows(loss) = &tried.migrations[1].faults[0].kind else { panic!("{:?}", faults(&tried)) };
    assert_eq!(loss.table.as_str(), "event");
    assert!(loss.example.contains("at = '") && loss.instead.is_some(), "{loss:?}");
    // Who says what becomes of it, or stops before, means it.
    sound(&[TABLES, ("002_cast.sql", &converts("CAST(at AS INTEGER)", ""))]);
    let assert = "-- dbmigrate: assert SELECT count(*) = 0 FROM event WHERE at <> CAST(CAST(at AS INTEGER) AS TEXT)\n";
    sound(&[TABLES, ("002_asserts.sql", &converts("at", assert))]);
}

#[test]
fn what_an_assertion_rules_out_is_not_tried() {
    let asserts = "-- dbmigrate: assert SELECT count(*) = 0 FROM event WHERE at IS NOT NULL";
    let tried = sound(&[TABLES, ("002_at.sql", &format!("{asserts}\nALTER TABLE event DROP COLUMN at;"))]);
    let why = "an assertion of the up script does not hold for it".to_owned();
    assert_eq!(tried.turned_away, [("002_at".to_owned(), why)]);
    let back = format!("ALTER TABLE event ADD COLUMN day;\n-- dbmigrate: down\n{asserts}\nDROP TABLE event;");
    let tried = sound(&[TABLES, ("002_day.sql", &back)]);
    assert_eq!(tried.refused_downs, ["002_day"]);
    assert!(!tried.migrations[1].went_back);
}

#[test]
fn a_down_script_is_judged_by_schema_and_rows() {
    let tried = tried(&[
        TABLES,
        ("002_index.sql", "CREATE INDEX i ON event (what);\n-- dbmigrate: down\nSELECT 1;"),
        ("003_wrong.sql", "CREATE TABLE t (x);\n-- dbmigrate: down\nDROP TABLE u;"),
        (
            "004_loses.sql",
            "CREATE TABLE more (x);\n-- dbmigrate: down\nDROP TABLE more;\nCREATE TABLE new (id INTEGER PRIMARY KEY, \
             name TEXT NOT NULL, note TEXT);\nINSERT INTO new (id, name) SELECT id, name FROM team;\nDROP TABLE team;\n\
             ALTER TABLE new RENAME TO team;",
        ),
        (
            "005_split.sql",
            "ALTER TABLE event ADD COLUMN day TEXT;\nUPDATE event SET day = at;\nALTER TABLE event DROP COLUMN at;\n\
             -- dbmigrate: down\nALTER TABLE event DROP COLUMN day;\nALTER TABLE event ADD COLUMN at TEXT;",
        ),
        ("006_seed.sql", "CREATE TABLE one (x UNIQUE);\n"),
        ("007_seed.sql", "INSERT INTO one VALUES ('s');\n-- dbmigrate: down\nSELECT 1;"),
    ]);
    let found = faults(&tried);
    let begins = [
        "002_index down: compared with before, index `i` on `event` is added",
        "003_wrong down: SQLite rejects this statement: no such table: u",
        "004_loses down: table `team` does not keep the row (id = ",
        "005_split down: compared with before, table `event`: the order of columns becomes `what`, `at`",
        "007_seed up-again: SQLite rejects this statement: UNIQUE constraint failed: one.x",
    ];
    assert_eq!(found.len(), begins.len(), "{found:#?}");
    for (found, begin) in found.iter().zip(begins) {
        assert!(found.starts_with(begin), "{found}");
    }
}

#[test]
fn a_column_that_takes_no_null_fails_on_rows() {
    let tried = tried(&[
        TABLES,
        ("002_column.sql", "ALTER TABLE member ADD COLUMN age INT NOT NULL;"),
        ("003_more.sql", "SELECT 1;"),
    ]);
    let found = faults(&tried);
    let begin = "002_column up: SQLite rejects this statement: Cannot add a NOT NULL column with default value NULL";
    assert_eq!(found[0], begin);
    // It goes on with other rows.
    assert_eq!((tried.migrations.len(), tried.unchecked.len()), (3, 0));
    assert!(tried.migrations[2].rows > 0);
}

#[test]
fn a_copy_that_takes_no_row_is_a_fault_and_one_that_takes_no_null_is_none() {
    let rebuild = |select: &str| {
        format!(
            "CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT NOT NULL);
             INSERT INTO new {select} FROM team; DROP TABLE team; ALTER TABLE new RENAME TO team;"
        )
    };
    let tried =
        tried(&[TABLES, ("002_forgets.sql", &rebuild("(id, name) SELECT id, name")), ("003_more.sql", "SELECT 1;")]);
    assert_eq!(faults(&tried), ["002_forgets up: SQLite rejects this statement: NOT NULL constraint failed: new.note"]);
    assert_eq!(tried.versions[0].ended.as_ref().map(|(name, _)| name.as_str()), Some("002_forgets"));
    let tried = sound(&[TABLES, ("002_strict.sql", &rebuild("SELECT id, name, note"))]);
    assert_eq!(tried.turned_away, [("002_strict".to_owned(), "NOT NULL constraint failed: new.note".to_owned())]);
    assert!(tried.migrations[1].rows > 0);
}

#[test]
fn rows_that_a_migration_turns_away_are_chosen_anew() {
    let tried = sound(&[
        TABLES,
        ("002_unique.sql", "CREATE UNIQUE INDEX nick ON member (nick);\n-- dbmigrate: down\nDROP INDEX nick;"),
        (
            "003_check.sql",
            "CREATE TABLE new (at TEXT CHECK (at GLOB '20*'), what TEXT);
             INSERT INTO new SELECT * FROM event; DROP TABLE event; ALTER TABLE new RENAME TO event;",
        ),
        ("004_assert.sql", "-- dbmigrate: assert SELECT count(*) = 0 FROM team\nSELECT 1;"),
    ]);
    assert!(tried.turned_away.iter().all(|(name, _)| name != "001_tables"), "{:?}", tried.turned_away);
    assert!(tried.turned_away.iter().any(|(name, _)| name == "003_check"), "{:?}", tried.turned_away);
    assert!(tried.migrations.iter().skip(1).all(|it| it.rows > 0), "{:?}", tried.migrations);
}

#[test]
fn it_stops_at_rust_and_names_what_was_not_tried() {
    let tried = tried(&[TABLES, ("002_code.sql", "-- dbmigrate: call fill\n"), ("003_more.sql", "SELECT 1;")]);
    assert_eq!(tried.stopped, Some(("002_code".to_owned(), Stopped::Code)));
    assert_eq!(tried.unchecked, ["002_code", "003_more"]);
    assert_eq!(tried.migrations.len(), 1);
}

#[test]
fn it_opens_no_file_for_a_hook() {
    let file = std::env::temp_dir().join(format!("dbmigrate-trial-hook-{}.db", std::process::id()));
    let hook = format!("ATTACH '{}' AS other; CREATE TABLE other.t (a);", file.display());
    let tried = tried(&[TABLES, ("hooks/before_all.sql", &hook)]);
    assert_eq!(tried.stopped, Some(("migrations/hooks/before_all.sql".to_owned(), Stopped::OtherFiles)));
    assert_eq!((tried.migrations.len(), tried.unchecked), (0, vec!["001_tables".to_owned()]));
    assert!(!file.exists());
}

#[test]
fn it_goes_as_far_as_it_is_told() {
    let set = set(&[TABLES, ("002_more.sql", "SELECT 1;"), ("003_wrong.sql", "SELECT nope;")]);
    let tried = try_out(&set, &TrialOptions { to: Some(2), versions: Versions::From(1), ..GENERATED }).unwrap();
    assert_eq!((tried.migrations.len(), tried.versions.len(), faults(&tried)), (2, 1, vec![]));
    let whole = try_out(&set, &GENERATED).unwrap();
    assert_eq!(faults(&whole), ["003_wrong up: SQLite rejects this statement: no such column: nope"]);
}

fn rows(text: &str) -> Script {
    let mut problems = Vec::new();
    let script = script::parse_hook(&Arc::new(SourceText::new("fixtures/rows/001.sql", text)), &mut problems);
    assert_eq!(problems, []);
    script
}

#[test]
fn rows_of_files_are_real_and_no_others_come() {
    let unique = ("002_unique.sql", "CREATE UNIQUE INDEX nick ON member (nick);");
    let set = set(&[TABLES, unique, ("003_more.sql", "SELECT 1;")]);
    let with =
        |files: &[(u64, Script)]| try_out(&set, &TrialOptions { rows: Rows::Files(files), ..GENERATED }).unwrap();
    let same = "INSERT INTO member (nick) VALUES ('a'), ('a');";
    let tried = with(&[(1, rows(same))]);
    assert_eq!(faults(&tried), ["002_unique up: SQLite rejects this statement: UNIQUE constraint failed: member.nick"]);
    assert_eq!(tried.unchecked, ["003_more"]);
    let tried =
        with(&[(1, rows("INSERT INTO member (nick) VALUES ('a'), ('b');")), (2, rows("INSERT INTO nope VALUES (1);"))]);
    assert_eq!(faults(&tried), ["002_unique rows: SQLite rejects this statement: no such table: nope"]);
    assert_eq!(tried.migrations.iter().map(|it| it.rows).collect::<Vec<_>>(), [0, 2, 2]);
    assert!(tried.versions.is_empty());
}

#[test]
fn modules_triggers_and_keys_of_every_sort_are_no_fault() {
    sound(&[
        (
            "001_a.sql",
            "CREATE TABLE doc (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT, size INT AS (length(body)));
             CREATE VIRTUAL TABLE doc_fts USING fts5 (body, content = 'doc', content_rowid = 'id');
             CREATE TRIGGER doc_in AFTER INSERT ON doc BEGIN INSERT INTO doc_fts (rowid, body) VALUES (new.id, new.body); END;
             CREATE TABLE word (word TEXT PRIMARY KEY, doc INTEGER REFERENCES doc) WITHOUT ROWID, STRICT;
             CREATE TABLE stats (words INT); INSERT INTO stats VALUES (0);
             CREATE TRIGGER counted AFTER INSERT ON word BEGIN UPDATE stats SET words = words + 1; END;",
        ),
        ("002_b.sql", "INSERT INTO word VALUES ('b', NULL);\n-- dbmigrate: down\nDELETE FROM word WHERE word = 'b';"),
        ("003_c.sql", "CREATE INDEX doc_size ON doc (size);\n-- dbmigrate: down\nDROP INDEX doc_size;"),
        ("004_d.sql", "-- dbmigrate: no-transaction\nVACUUM;\nALTER TABLE stats ADD COLUMN at TEXT;"),
        // One that no trigger tells of new rows.
        (
            "005_e.sql",
            "CREATE TABLE page (id INTEGER PRIMARY KEY, body TEXT);
             CREATE VIRTUAL TABLE page_fts USING fts5 (body, content = 'page', content_rowid = 'id');",
        ),
        ("006_f.sql", "ALTER TABLE page ADD COLUMN size INT;\n-- dbmigrate: down\nALTER TABLE page DROP COLUMN size;"),
        ("hooks/before_all.sql", "CREATE TABLE IF NOT EXISTS log (what);"),
    ]);
}

#[test]
fn what_the_program_registers_is_stood_in_for() {
    let files = [
        ("001_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT CHECK (is_fine(x)), y AS (slugify(x)));"),
        ("002_b.sql", "CREATE INDEX a_x ON a (x COLLATE german); UPDATE a SET x = slugify(x) WHERE slugify(x) <> x;"),
        ("002_b.down.sql", "DROP INDEX a_x;"),
    ];
    let functions = ["is_fine", "slugify"].map(str::to_owned).into();
    let replay = Replay { base: None, stubs: Stubs { functions, collations: vec!["german".to_owned()] } };
    let tried = try_out(&set_with(&files, Config { replay, ..Config::default() }), &GENERATED).unwrap();
    assert_eq!(faults(&tried), Vec::<String>::new());
    assert!(tried.migrations[1].rows > 0, "{tried:?}");
}

#[test]
fn what_was_there_before_the_first_migration_holds_rows() {
    let mut set = set(&[("001_b.sql", "CREATE TABLE new (x); INSERT INTO new SELECT name FROM old; DROP TABLE old;")]);
    let source = SourceText::new("base.sql", "CREATE TABLE old (id INTEGER PRIMARY KEY, name TEXT NOT NULL);");
    set.base = Some(script::parse_hook(&source.into(), &mut Vec::new()));
    let tried = try_out(&set, &GENERATED).unwrap();
    assert_eq!(faults(&tried), Vec::<String>::new());
    assert!(tried.migrations[0].rows > 0, "{tried:?}");
}

/// What goes with a row that a `REPLACE` deletes nobody has spoken of.
#[test]
fn rows_that_go_with_a_replaced_one_are_lost() {
    let replace = "REPLACE INTO team (id, name) SELECT id, lower(name) FROM team;";
    let found = faults(&tried(&[TABLES, ("002_lower.sql", replace)]));
    assert!(
        !found.is_empty() && found.iter().all(|it| it.contains("table `member` does not keep the row")),
        "{found:?}"
    );
    let allowed = format!("-- dbmigrate: allow replace-cascades members register anew\n{replace}");
    sound(&[TABLES, ("002_lower.sql", &allowed)]);
    sound(&[TABLES, ("002_lower.sql", "UPDATE team SET name = lower(name);")]);
    // What a trigger deletes its author has spoken of.
    let trigger = "CREATE TRIGGER left AFTER INSERT ON team BEGIN DELETE FROM event; END;";
    sound(&[TABLES, ("002_trigger.sql", trigger), ("003_new.sql", "REPLACE INTO team VALUES (-7, 'new', NULL);")]);
}

/// `DO NOTHING` drops rows without a word, `DO UPDATE` says what becomes of them.
#[test]
fn what_a_copy_drops_without_a_word_is_told_from_what_it_says() {
    let left_out = |conflict: &str| {
        let copy = format!(
            "CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, note TEXT);
             INSERT INTO new SELECT id, 'same', note FROM team WHERE true ON CONFLICT (name) DO {conflict};
             DROP TABLE team; ALTER TABLE new RENAME TO team;",
        );
        let files = [("001_team.sql", "CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT);")];
        let tried = tried(&[files[0], ("002_rebuild.sql", &copy)]);
        let drops: Vec<_> = tried.migrations[1].left_out.iter().map(|left_out| left_out.drops).collect();
        (drops, !tried.migrations[1].faults.is_empty())
    };
    assert_eq!(left_out("UPDATE SET note = excluded.note"), (vec![false], false));
    assert_eq!(left_out("NOTHING"), (vec![], true));
}

/// A rebuild of which every generated row is turned away was not seen to keep any.
#[test]
fn a_migration_that_no_row_was_found_for_is_named() {
    let rebuild = |check: &str| {
        format!(
            "CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK ({check}), note TEXT);
             INSERT INTO new SELECT * FROM team; DROP TABLE team; ALTER TABLE new RENAME TO team;",
        )
    };
    let tried = sound(&[TABLES, ("002_check.sql", &rebuild("name = 'no generated row is called so'"))]);
    let [emptied] = &tried.emptied[..] else { panic!("{:?}", tried.emptied) };
    assert_eq!((emptied.name.as_str(), emptied.tables.as_slice()), ("002_check", &[Name::new("team")][..]));
    assert!(emptied.why.starts_with("CHECK constraint failed"), "{emptied:?}");
    let tried = sound(&[TABLES, ("002_check.sql", &rebuild("name <> ''"))]);
    assert_eq!(tried.emptied, []);
}

/// Nobody can say how a text that is no JSON came to stand in a column of JSON.
#[test]
fn generated_texts_that_are_no_json_are_turned_away() {
    let json =
        "ALTER TABLE event ADD COLUMN size INT; UPDATE event SET size = json_array_length(what) WHERE at IS NOT NULL;";
    let tried = sound(&[TABLES, ("002_json.sql", json)]);
    assert_eq!(tried.turned_away, [("002_json".to_owned(), "malformed JSON".to_owned())]);
}

/// What a migration only reads decides as well which rows it takes, also where tables refer to each other.
#[test]
fn rows_of_tables_that_are_only_read_are_chosen_anew() {
    for nullable in ["", "NOT NULL"] {
        let before = format!(
            "CREATE TABLE task (id BLOB PRIMARY KEY, title TEXT NOT NULL, space BLOB {nullable} REFERENCES space);
             CREATE TABLE space (id BLOB PRIMARY KEY, task BLOB NOT NULL REFERENCES task ON DELETE CASCADE);
             CREATE TABLE image (id BLOB PRIMARY KEY, path TEXT NOT NULL);
             CREATE TABLE task_image (id BLOB PRIMARY KEY, task BLOB NOT NULL REFERENCES task,
               image BLOB NOT NULL REFERENCES image, UNIQUE (task, image));"
        );
        let up = "CREATE TABLE n (id BLOB PRIMARY KEY, task BLOB); INSERT INTO n SELECT id, task FROM space;
            DROP TABLE space; ALTER TABLE n RENAME TO space;
            CREATE TABLE space_image (space BLOB NOT NULL REFERENCES space, image BLOB NOT NULL REFERENCES image);
            INSERT INTO space_image SELECT s.id, i.image FROM task_image i JOIN space s ON s.task = i.task;";
        let tried = sound(&[("001_before.sql", &before), ("002_join.sql", up)]);
        assert_eq!(tried.emptied, []);
    }
}
