//! Whatever a database has when it meets a squash: it ends as every other.

use std::collections::BTreeMap;

use dbmigrate_core::files::InMemory;
use dbmigrate_core::load::load_from;
use dbmigrate_core::lock::Lock;
use dbmigrate_core::{Body, MigrationSet};
use dbmigrate_runtime::{Error, Migrator, Report, State};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::ops::driver::Rusqlite;
use crate::ops::runtime_set::with_set;

/// Thirty migrations with something of everything.
pub(crate) const TEXTS: [&str; 30] = [
    "CREATE TABLE teams (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);",
    "INSERT INTO teams (name) VALUES ('red'), ('blue'), ('it''s green');",
    "CREATE TABLE users (id INTEGER PRIMARY KEY, team INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE, name TEXT);",
    "INSERT INTO users (team, name) VALUES (1, 'ann'), (2, 'bob'), (2, NULL);",
    "ALTER TABLE users ADD COLUMN seen TEXT DEFAULT 'never';",
    "CREATE INDEX users_by_team ON users (team) WHERE name IS NOT NULL;",
    "CREATE VIEW members AS SELECT users.name, teams.name AS team FROM users JOIN teams ON teams.id = users.team;",
    "CREATE TABLE log (at TEXT DEFAULT CURRENT_TIMESTAMP, what TEXT);",
    "CREATE TRIGGER users_logged AFTER UPDATE OF name ON users BEGIN\n  INSERT INTO log VALUES ('then', new.name);\nEND;",
    "UPDATE users SET name = upper(name) WHERE name IS NOT NULL;",
    // A table that others refer to is recreated.
    "CREATE TABLE new_teams (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, size INTEGER NOT NULL DEFAULT 0);\n\
     INSERT INTO new_teams (id, name) SELECT id, name FROM teams;\nDROP VIEW members;\nDROP TABLE teams;\n\
     ALTER TABLE new_teams RENAME TO teams;\n\
     CREATE VIEW members AS SELECT users.name, teams.name AS team FROM users JOIN teams ON teams.id = users.team;",
    "INSERT INTO teams (name, size) VALUES ('gone', 1);\nDELETE FROM teams WHERE name = 'gone';",
    "CREATE TABLE settings (key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;",
    "INSERT INTO settings VALUES ('pi', 3.141592653589793), ('raw', x'00ff'), ('none', NULL), ('text', '007'), ('big', 9e999);",
    "-- dbmigrate: no-transaction\nCREATE TABLE facts (a, b AS (a * 2) STORED, c AS (a + 1));\n\
     INSERT INTO facts (a) VALUES (1), (2.5);\nVACUUM;",
    "CREATE VIRTUAL TABLE notes USING fts5 (title, body);",
    "INSERT INTO notes (rowid, title, body) VALUES (7, 'one', 'quick brown fox'), (3, 'two', 'lazy dog');",
    "-- dbmigrate: assert SELECT count(*) >= 0 FROM users\nALTER TABLE users RENAME COLUMN seen TO last_seen;",
    "DELETE FROM notes WHERE rowid = 3;",
    "CREATE TABLE plain (a, b);\nINSERT INTO plain (rowid, a, b) VALUES (5, 'x', 1), (2, 'y', 2);",
    "DELETE FROM plain WHERE a = 'y';\nINSERT INTO plain VALUES ('z', -0.0);",
    "-- dbmigrate: requires 004_m\nUPDATE users SET last_seen = 'long ago' WHERE id = 1;",
    "DROP INDEX users_by_team;\nCREATE UNIQUE INDEX users_by_name ON users (lower(name));",
    "CREATE TABLE posts (id INTEGER PRIMARY KEY, author REFERENCES users (id), body TEXT CHECK (length(body) < 100));",
    "INSERT INTO posts VALUES (10, 1, 'hello'), (20, NULL, 'world\nand more');",
    "CREATE VIRTUAL TABLE search USING fts5 (body, content = 'posts', content_rowid = 'id');\n\
     INSERT INTO search (search) VALUES ('rebuild');\n\
     CREATE TRIGGER posts_added AFTER INSERT ON posts BEGIN\n  INSERT INTO search (rowid, body) VALUES (new.id, new.body);\nEND;",
    "INSERT INTO posts VALUES (30, 2, 'searchable');",
    "ALTER TABLE users DROP COLUMN last_seen;",
    "CREATE VIRTUAL TABLE places USING rtree (id, minx, maxx);\nINSERT INTO places VALUES (1, 0.5, 2.25);",
    "DROP TABLE plain;\nPRAGMA user_version = 30;",
];

pub(crate) type Files = BTreeMap<String, String>;

fn name(number: usize) -> String {
    format!("{number:03}_m")
}

/// The package with the first of them.
pub(crate) fn originals(count: usize) -> Files {
    let files = TEXTS.iter().take(count).enumerate();
    let files = files.map(|(at, text)| (format!("migrations/{}.sql", name(at + 1)), (*text).to_owned()));
    files.chain([("Cargo.toml".to_owned(), "[package]\nname = \"app\"\n".to_owned())]).collect()
}

fn load(files: &Files) -> MigrationSet {
    let loaded = load_from(&InMemory::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str()))));
    assert_eq!(loaded.diagnostics, []);
    loaded.set
}

/// The package with everything up to a number squashed, as the command does it on a disk.
pub(crate) fn squashed(files: &Files, through: usize) -> Files {
    let set = load(files);
    let count = set.migrations.iter().take_while(|migration| migration.number <= through as u64).count();
    let file = format!("migrations/{through:03}_squashed_to_{through:03}.sql");
    let squash = dbmigrate_schema::squash(&set, count, &file, "001").unwrap_or_else(|problems| panic!("{problems:#?}"));
    let inner = Lock::seal(&set.migrations[..count]).to_text();
    let mut squashed = Files::new();
    for (path, text) in files {
        let name = path.strip_prefix("migrations/").unwrap_or_default();
        let is_older = name.get(..3).is_some_and(|digits| digits.parse().is_ok_and(|number: usize| number <= through));
        let is_inside = name.starts_with("replaced/");
        let path = if is_older || is_inside { format!("migrations/replaced/{name}") } else { path.clone() };
        squashed.insert(path, text.clone());
    }
    squashed.insert("migrations/replaced/migrations.lock".to_owned(), inner);
    squashed.insert(file, squash.text);
    squashed
}

/// The same once the files of the originals are pruned.
pub(crate) fn pruned(files: &Files) -> Files {
    let is_kept = |path: &String| !path.contains("/replaced/") || path.ends_with("migrations.lock");
    let kept = files.iter().filter(|(path, _)| is_kept(path)).map(|(path, text)| {
        let prunes = if path.contains("/replaced/") { "pruned = \"1.4.0\"\n" } else { "" };
        (path.clone(), format!("{text}{prunes}"))
    });
    kept.collect()
}

fn on<T>(set: &MigrationSet, work: impl FnOnce(&Migrator<'_, Rusqlite>) -> T) -> T {
    with_set(set, |set| work(&Migrator::new(set)))
}

fn up(set: &MigrationSet, db: &mut Connection) -> Result<Report, Error> {
    on(set, |migrator| migrator.up(db))
}

/// A database with the first migrations of a set.
fn database(set: &MigrationSet, version: usize) -> Connection {
    let mut db = Connection::open_in_memory().unwrap();
    if version > 0 {
        on(set, |migrator| migrator.up_to(&mut db, version as u64)).unwrap();
    }
    db
}

fn copy(from: &Connection) -> Connection {
    let mut to = Connection::open_in_memory().unwrap();
    rusqlite::backup::Backup::new(from, &mut to)
        .unwrap()
        .run_to_completion(i32::MAX, std::time::Duration::ZERO, None)
        .unwrap();
    to
}

/// Everything that a database holds but its history, value by value; what a module keeps is read through it.
fn contents(db: &Connection) -> Vec<String> {
    let sql = "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name NOT LIKE '\\_migrations%' ESCAPE '\\' ORDER BY type, name";
    let mut all = rows(db, sql);
    let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type NOT IN ('shadow', 'view') \
               AND name NOT LIKE '\\_migrations%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    let mut statement = db.prepare(sql).unwrap();
    let tables: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    for table in tables {
        let has_rowid = db.prepare(&format!("SELECT rowid FROM {table}")).is_ok();
        let rowid = if has_rowid { "rowid, " } else { "" };
        all.extend(rows(db, &format!("SELECT '{table}', {rowid}* FROM {table}")));
    }
    if db.prepare("SELECT 1 FROM sqlite_sequence").is_ok() {
        all.extend(rows(db, "SELECT * FROM sqlite_sequence WHERE name <> '_migrations' ORDER BY name"));
    }
    all.extend(rows(db, "PRAGMA user_version"));
    if db.prepare("SELECT 1 FROM search").is_ok() {
        all.extend(rows(db, "SELECT rowid FROM search WHERE search MATCH 'searchable OR world' ORDER BY rowid"));
    }
    all
}

fn rows(db: &Connection, sql: &str) -> Vec<String> {
    let mut statement = db.prepare(sql).unwrap();
    let count = statement.column_count();
    let found = statement.query_map([], |row| {
        (0..count).map(|at| row.get::<_, Value>(at)).collect::<Result<Vec<_>, _>>().map(|row| format!("{row:?}"))
    });
    found.unwrap().collect::<Result<_, _>>().unwrap()
}

fn history(set: &MigrationSet, db: &mut Connection) -> Vec<String> {
    on(set, |migrator| migrator.history(db)).unwrap().into_iter().map(|row| row.name).collect()
}

#[test]
fn for_every_squash_of_thirty_and_every_installed_version_all_end_alike() {
    let set = load(&originals(30));
    let databases: Vec<Connection> = (0..=30).map(|version| database(&set, version)).collect();
    let expected = contents(&databases[30]);
    assert!(expected.len() > 50, "{expected:#?}");
    for through in 1..=30 {
        let squashed = load(&squashed(&originals(30), through));
        let names: Vec<String> = squashed.migrations.iter().map(dbmigrate_core::SourceMigration::name).collect();
        for (version, database) in databases.iter().enumerate() {
            let mut db = copy(database);
            let what = format!("squashed through {through}, installed {version}");
            let report = up(&squashed, &mut db).unwrap_or_else(|error| panic!("{what}: {error}"));
            let ran = report.applied.len();
            assert_eq!(ran, if version == 0 { 31 - through } else { 30 - version }, "{what}");
            assert_eq!(contents(&db), expected, "{what}");
            assert_eq!(history(&squashed, &mut db), names, "{what}");
            assert!(on(&squashed, |migrator| migrator.verify(&mut db)).unwrap().is_ok(), "{what}");
            // Nothing is left to do, and the one read says so.
            let chain: String = db.query_row("SELECT chain FROM _migrations_head", [], |row| row.get(0)).unwrap();
            assert_eq!(chain, squashed.chain(), "{what}");
            assert!(up(&squashed, &mut db).unwrap().is_empty(), "{what}");
        }
    }
}

#[test]
fn a_squash_of_a_squash_is_met_at_every_version_by_three_roads() {
    let first = squashed(&originals(30), 10);
    let (set, once) = (load(&originals(30)), load(&first));
    let twice = load(&squashed(&first, 20));
    let expected = contents(&database(&set, 30));
    // As the originals made it, as the first squash made it, and as the originals made it and the first squash knew it.
    let by_files = (0..=30).map(|version| (version, database(&set, version)));
    let by_squash = (10..=30).map(|version| (version, database(&once, version)));
    let known = (0..=30).map(|version| {
        let mut db = database(&set, version);
        if version > 0 {
            on(&once, |migrator| migrator.up_to(&mut db, version as u64)).unwrap();
        }
        (version, db)
    });
    for (version, mut db) in by_files.chain(by_squash).chain(known) {
        let report = up(&twice, &mut db).unwrap_or_else(|error| panic!("{version}: {error}"));
        assert_eq!(report.applied.len(), if version == 0 { 11 } else { 30 - version }, "{version}");
        assert_eq!(contents(&db), expected, "{version}");
        assert_eq!(history(&twice, &mut db)[..2], ["020_squashed_to_020", "021_m"], "{version}");
    }
    // What changes the history finds the first squash in it, where that is whole.
    let mut db = database(&set, 13);
    assert_eq!(on(&twice, |migrator| migrator.forget(&mut db, 10u64)).unwrap().name, "010_squashed_to_010");
    assert_eq!(history(&twice, &mut db), ["011_m", "012_m", "013_m"]);
    assert_eq!(on(&twice, |migrator| migrator.mark_only(&mut db, &[10])).unwrap().recorded.len(), 1);
    assert_eq!(up(&twice, &mut db).unwrap().applied.len(), 17);
    assert_eq!(contents(&db), expected);
}

#[test]
fn what_was_pruned_is_known_where_it_is_whole_and_asked_for_where_it_is_not() {
    let set = load(&originals(30));
    let squashed = load(&pruned(&squashed(&originals(30), 12)));
    let expected = contents(&database(&set, 30));
    for version in 0..=30 {
        let mut db = database(&set, version);
        let before = contents(&db);
        match up(&squashed, &mut db) {
            Ok(_) => {
                assert!(!(1..12).contains(&version), "{version}");
                assert_eq!(contents(&db), expected, "{version}");
            }
            Err(error) => {
                assert!((1..12).contains(&version) && error.is_pruned(), "{version}: {error}");
                assert!(error.to_string().contains(&format!("the database needs `{}`", name(version + 1))), "{error}");
                assert!(error.help()[0].contains("run version 1.4.0 of the program first"), "{error}");
                assert_eq!(contents(&db), before, "{version}");
                let verified = on(&squashed, |migrator| migrator.verify(&mut db)).unwrap();
                // What it has is right, but for what `up` can't run.
                let problems: Vec<&str> = verified.problems.iter().map(|problem| problem.message.as_str()).collect();
                assert_eq!(problems, [error.message()], "{version}");
                let unverified = on(&squashed, |migrator| migrator.verify_schema(&mut db)).unwrap_err();
                assert!(unverified.is_unverified() && unverified.to_string().contains("was pruned"), "{unverified}");
            }
        }
    }
}

#[test]
fn every_question_has_an_answer_before_during_and_after() {
    let set = load(&originals(6));
    let squashed = load(&squashed(&originals(6), 4));
    let status = |db: &mut Connection| {
        let status = on(&squashed, |migrator| migrator.status(db)).unwrap();
        let entries = status.entries.iter().map(|entry| match entry.state {
            State::Applied => format!("{}+", entry.name),
            State::Pending => format!("{}-", entry.name),
            ref other => panic!("{}: {other:?}", entry.name),
        });
        entries.collect::<Vec<_>>().join(" ")
    };
    let squash = "004_squashed_to_004";
    // Before: a new database knows the squash alone.
    let mut fresh = database(&set, 0);
    assert_eq!(status(&mut fresh), format!("{squash}- 005_m- 006_m-"));
    let error = on(&squashed, |migrator| migrator.up_to(&mut fresh, 2u64)).unwrap_err();
    assert!(
        error.is_unknown_migration() && error.to_string().contains("`002_m` was replaced by `004_squashed_to_004`")
    );
    // During: the files that it knows are there, in both directions.
    let mut amid = database(&set, 2);
    assert_eq!(status(&mut amid), "001_m+ 002_m+ 003_m- 004_m- 005_m- 006_m-");
    on(&squashed, |migrator| migrator.up_to(&mut amid, 3u64)).unwrap();
    assert_eq!(status(&mut amid), "001_m+ 002_m+ 003_m+ 004_m- 005_m- 006_m-");
    assert_eq!(on(&squashed, |migrator| migrator.forget(&mut amid, 3u64)).unwrap().name, "003_m");
    let marked = on(&squashed, |migrator| migrator.mark_to(&mut amid, 3u64)).unwrap();
    assert_eq!(marked.recorded, [(3, "003_m".to_owned())]);
    assert!(on(&squashed, |migrator| migrator.verify_schema(&mut amid)).is_ok());
    let down = on(&squashed, |migrator| migrator.down(&mut amid)).unwrap_err();
    assert!(down.is_no_down() && down.to_string().contains("`003_m` can't be rolled back"), "{down}");
    // After, not recorded yet: it reads as the squash, and nothing is written by who only asks.
    let mut after = database(&set, 5);
    let before = history(&set, &mut after);
    assert_eq!(status(&mut after), format!("{squash}+ 005_m+ 006_m-"));
    assert!(on(&squashed, |migrator| migrator.verify(&mut after)).unwrap().is_ok());
    assert!(on(&squashed, |migrator| migrator.verify_schema(&mut after)).is_ok());
    assert!(on(&squashed, |migrator| migrator.repair_plan(&mut after)).unwrap().is_empty());
    assert_eq!(history(&set, &mut after), before);
    // Who changes the history finds it recorded: there is one row to forget, and it can be marked again.
    assert_eq!(on(&squashed, |migrator| migrator.forget(&mut after, 4u64)).unwrap().name, squash);
    assert_eq!(history(&squashed, &mut after), ["005_m"]);
    let marked = on(&squashed, |migrator| migrator.mark_only(&mut after, &[4])).unwrap();
    assert_eq!(marked.recorded, [(4, squash.to_owned())]);
    assert_eq!(status(&mut after), format!("{squash}+ 005_m+ 006_m-"));
    // Nobody goes back below it.
    let error = on(&squashed, |migrator| migrator.down_to(&mut after, 2u64)).unwrap_err();
    assert!(error.to_string().contains("`002_m` was replaced by"), "{error}");
    let down = on(&squashed, |migrator| migrator.down_all(&mut after)).unwrap_err();
    assert!(down.is_no_down() && down.to_string().contains("it replaces 001 to 004"), "{down}");
    // The program from before the squash is refused, and changes nothing.
    let error = up(&set, &mut after).unwrap_err();
    assert!(error.is_renamed() || error.is_late(), "{error}");
}

#[test]
fn what_was_edited_or_stopped_among_the_originals_is_said_as_ever() {
    let set = load(&originals(20));
    let squashed = load(&squashed(&originals(20), 18));
    let mut db = database(&set, 20);
    db.execute_batch("UPDATE _migrations SET checksum = 'v1:other' WHERE number = 7").unwrap();
    let error = up(&squashed, &mut db).unwrap_err();
    assert!(error.is_edited() && error.to_string().contains("007_m"), "{error}");
    let repairs = on(&squashed, |migrator| migrator.repair(&mut db, 7u64, None)).unwrap();
    assert_eq!(repairs.done.len(), 1);
    up(&squashed, &mut db).unwrap();
    assert_eq!(history(&squashed, &mut db), ["018_squashed_to_018", "019_m", "020_m"]);
    // One without a transaction goes on where it was stopped.
    let mut db = database(&set, 14);
    let Body::Sql { up: script, .. } = &set.migrations[14].body else { panic!("it is SQL") };
    db.execute_batch("CREATE TABLE facts (a, b AS (a * 2) STORED, c AS (a + 1))").unwrap();
    let sql = "INSERT INTO _migrations (name, number, checksum, state, statements_done, prefix_checksum) \
               VALUES ('015_m', 15, ?1, 'running', 1, ?2)";
    db.execute(sql, [&script.checksum, &script.prefixes[1]]).unwrap();
    up(&squashed, &mut db).unwrap();
    assert_eq!(contents(&db), contents(&database(&set, 20)));
}

/// Who comes from another tool may be older than any squash.
#[test]
fn the_history_of_another_tool_is_taken_over_by_what_it_knew() {
    let entries: String =
        (1..=30).map(|number| format!("[[migration]]\nname = \"{0}\"\nkey = \"{0}\"\n", name(number))).collect();
    let mut files = squashed(&squashed(&originals(30), 8), 20);
    let adopted = format!("from = \"plain\"\ntable = \"old\"\n{entries}");
    files.insert("migrations/adopted.toml".to_owned(), adopted);
    let (set, squashed) = (load(&originals(30)), load(&files));
    let expected = contents(&database(&set, 30));
    for version in [0, 1, 7, 8, 13, 20, 26, 30] {
        let mut db = database(&set, version);
        db.execute_batch(
            "DROP TABLE IF EXISTS _migrations; DROP TABLE IF EXISTS _migrations_head; CREATE TABLE old (filename TEXT);",
        )
        .unwrap();
        for number in 1..=version {
            db.execute("INSERT INTO old VALUES (?1)", [format!("{}.sql", name(number))]).unwrap();
        }
        let report = up(&squashed, &mut db).unwrap_or_else(|error| panic!("{version}: {error}"));
        let taken = report.adopted.unwrap_or_else(|| panic!("{version}: nothing was taken over"));
        assert_eq!(taken.migrations.len(), version);
        assert_eq!(history(&squashed, &mut db)[0], "020_squashed_to_020", "{version}");
        assert_eq!(history(&squashed, &mut db).len(), 11, "{version}");
        db.execute_batch("DROP TABLE old").unwrap();
        assert_eq!(contents(&db), expected, "{version}");
    }
}

#[test]
fn a_database_that_can_not_be_written_and_lacks_nothing_starts() {
    let set = load(&originals(5));
    let squashed = load(&squashed(&originals(5), 5));
    let folder = std::env::temp_dir().join(format!("dbmigrate-squash-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("app.db");
    {
        let mut db = Connection::open(&path).unwrap();
        up(&set, &mut db).unwrap();
    }
    let mut db = Connection::open_with_flags(&path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    assert!(up(&squashed, &mut db).unwrap().applied.is_empty());
    assert_eq!(history(&squashed, &mut db).len(), 5, "the rows are as they were");
    drop(db);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn many_at_once_bring_one_database_on() {
    let set = load(&originals(30));
    let squashed = load(&squashed(&originals(30), 25));
    let folder = std::env::temp_dir().join(format!("dbmigrate-squash-race-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for version in [0, 12, 25, 28] {
        let path = folder.join(format!("{version}.db"));
        if version > 0 {
            let mut db = Connection::open(&path).unwrap();
            on(&set, |migrator| migrator.up_to(&mut db, version as u64)).unwrap();
        }
        let barrier = std::sync::Barrier::new(6);
        let mut applied: Vec<String> = std::thread::scope(|scope| {
            let start = || {
                let mut db = Connection::open(&path).unwrap();
                barrier.wait();
                let report = up(&squashed, &mut db).unwrap_or_else(|error| panic!("{version}: {error}"));
                report.applied.into_iter().map(|done| done.name).collect::<Vec<_>>()
            };
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(start)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        applied.sort();
        // The steps of a file without a transaction may be shared, and each who ran some has applied it.
        applied.dedup_by(|one, other| one == other && one == "015_m");
        assert_eq!(applied.len(), if version == 0 { 6 } else { 30 - version }, "{version}: each ran once");
        let mut db = Connection::open(&path).unwrap();
        assert_eq!(contents(&db), contents(&database(&set, 30)), "{version}");
        assert_eq!(history(&squashed, &mut db).len(), 6, "{version}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
