//! `adopt`: each tool's files and the databases that its own newest release has made (`tests/adopt/TOOL`), taken over; what
//! the tool itself would have made of them (`finished.sql`) is what ours has to make.

use std::fs;

use rusqlite::Connection;

use crate::support::{Project, Run, ask, checkout, copy};

const DB: &str = "app.db";

/// The tools whose newest releases have made the databases, and their old tables.
const TOOLS: [(&str, &str); 14] = [
    ("sqlx", "_sqlx_migrations"),
    ("sqlx-reversible", "_sqlx_migrations"),
    ("diesel", "__diesel_schema_migrations"),
    ("refinery", "refinery_schema_history"),
    ("rusqlite_migration", ""),
    ("rusqlite_migration-list", ""),
    ("drizzle", "__drizzle_migrations"),
    ("prisma", "_prisma_migrations"),
    ("goose", "goose_db_version"),
    ("dbmate", "schema_migrations"),
    ("golang-migrate", "schema_migrations"),
    ("wrangler-d1", "d1_migrations"),
    ("flyway", "flyway_schema_history"),
    ("sql-migrate", "gorp_migrations"),
];

/// A package that comes from a tool, with a database that the tool has made.
pub(crate) fn installed(tool: &str, dump: &str, test: &str) -> Project {
    let project = Project::new(&format!("adopt-{test}-{tool}"));
    copy(&checkout().join("tests/adopt").join(tool).join("migrations"), &project.root.join("migrations"));
    restore(&project, tool, dump, DB);
    project
}

/// Makes a database as the tool has left it.
pub(crate) fn restore(project: &Project, tool: &str, dump: &str, database: &str) {
    let path = checkout().join("tests/adopt").join(tool).join(dump);
    project.execute(database, &fs::read_to_string(path).unwrap());
}

/// The flags without which nobody can tell the tool.
fn told(tool: &str) -> Vec<&str> {
    let name = match tool {
        "sqlx-reversible" => "sqlx",
        "rusqlite_migration-list" => "rusqlite_migration",
        name => name,
    };
    vec!["--from", name]
}

fn adopt(project: &Project, flags: &[&str]) -> Run {
    project.dbmigrate(["adopt"].iter().chain(flags))
}

/// Everything that a database holds but for the histories: objects, then the rows of each table.
pub(crate) fn contents(database: &std::path::Path) -> Vec<String> {
    let db = Connection::open(database).unwrap();
    let history = "'_migrations', '_migrations_head', '_migrations_repeatable', '_sqlx_migrations', \
                   '__diesel_schema_migrations', 'refinery_schema_history', '__drizzle_migrations', '_prisma_migrations', \
                   'goose_db_version', 'schema_migrations', 'd1_migrations', 'flyway_schema_history', 'gorp_migrations'";
    let objects = format!(
        "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name NOT IN ({history}) AND name NOT LIKE 'sqlite%' ORDER BY 1, 2"
    );
    let mut out: Vec<String> = ask(&db, &objects).iter().map(|line| without_space(line)).collect();
    let tables =
        format!("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ({history}) ORDER BY name");
    for table in ask(&db, &tables) {
        let own = if table == "sqlite_sequence" { format!("WHERE name NOT IN ({history})") } else { String::new() };
        out.extend(ask(&db, &format!("SELECT '{table}', * FROM \"{table}\" {own} ORDER BY 2")));
    }
    out
}

fn without_space(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(").replace(" )", ")").replace(" ,", ",")
}

/// The files of a project but for databases, with their texts.
fn files(project: &Project) -> Vec<(String, Vec<u8>)> {
    let pattern = project.root.join("**/*");
    let found = glob::glob(pattern.to_str().unwrap()).unwrap().map(Result::unwrap).filter(|path| path.is_file());
    let named = found.map(|path| (path.strip_prefix(&project.root).unwrap().display().to_string(), path));
    named.filter(|(name, _)| !name.contains(".db")).map(|(name, path)| (name, fs::read(path).unwrap())).collect()
}

fn is_clean(project: &Project, database: &str) {
    project.dbmigrate(["status", "--check", "--database", database]).succeeds();
    project.dbmigrate(["verify", "--database", database]).succeeds();
    project.dbmigrate(["drift", "--database", database]).succeeds();
}

#[test]
fn every_tool_is_taken_over_with_its_files_and_databases() {
    for (tool, table) in TOOLS {
        let project = installed(tool, "installed.sql", "all");
        let before = files(&project);
        let flags = told(tool);
        // The plan shows every file, and what the database records, and writes nothing.
        let plan = adopt(&project, &[&flags[..], &["--plan", "--database", DB]].concat()).succeeds();
        let is_list = tool == "rusqlite_migration-list";
        assert_eq!(plan.stdout.matches("[x] ").count(), if is_list { 5 } else { recorded(&project, table) }, "{plan}");
        assert_eq!(files(&project), before, "{tool}");

        // A second installation converts at the next start of the program, as `up` does it here.
        restore(&project, tool, "installed.sql", "other.db");
        let rows = contents(&project.root.join(DB));
        let run = adopt(&project, &[&flags[..], &["--database", DB, "--yes"]].concat()).succeeds();
        let run = run.says(" migrations that ").says("the schema is what they make").says("`cargo dbmigrate init`");
        run.says("Copied the database").says("`migrations::migrator().up(&mut connection)?`");
        assert_eq!(contents(&project.root.join(DB)), rows, "{tool}");
        // Nothing that was there is another file now.
        let after = files(&project);
        assert!(before.iter().filter(|(name, _)| name != "Cargo.toml").all(|file| after.contains(file)), "{tool}");

        for database in [DB, "other.db"] {
            project.dbmigrate(["up", "--database", database]).succeeds().says("1 migration applied");
            is_clean(&project, database);
        }
        if !table.is_empty() {
            assert_eq!(project.query(DB, &format!("SELECT count(*) > 0 FROM {table}")), ["1"], "{tool}");
        }
        // The tool itself has made of it what we have, and so does a new installation.
        restore(&project, tool, "finished.sql", "finished.db");
        let finished = contents(&project.root.join("finished.db"));
        for database in [DB, "other.db"] {
            assert_eq!(contents(&project.root.join(database)), finished, "{tool}");
        }
        project.dbmigrate(["up", "--database", "new.db"]).succeeds();
        is_clean(&project, "new.db");
        project.dbmigrate(["schema", "--from", "new.db", "--to", DB]).succeeds();
        // The help at the end holds, also where the files of the tool lie beside its own (`meta/_journal.json`).
        project.init(&[]).succeeds().says("Created build.rs").says("Changed Cargo.toml (`database`, ");
        // The program that it writes opens what the command line works on.
        assert!(project.read("src/main.rs").contains(&format!("open(\"{}.db\")", project.name)), "{tool}");
        project.dbmigrate(["up"]).succeeds().says(&format!("Database {}.db (from `database`", project.name));
        project.dbmigrate(["check"]).says_not("does not register").says_not("looks like a folder");
        // There is nothing left to take over.
        adopt(&project, &["--database", DB]).succeeds().says("nothing to take over");
    }
}

/// How many migrations a database has by its old history.
fn recorded(project: &Project, table: &str) -> usize {
    let sql = match table {
        "" => "SELECT user_version FROM pragma_user_version".to_owned(),
        "goose_db_version" => format!("SELECT count(*) - 1 FROM {table}"),
        "flyway_schema_history" => format!("SELECT count(*) FROM {table} WHERE version IS NOT NULL"),
        _ if project.name.ends_with("golang-migrate") => format!("SELECT version FROM {table}"),
        _ => format!("SELECT count(*) FROM {table}"),
    };
    project.query(DB, &sql)[0].parse().unwrap()
}

/// The database is as it was, and the history still that of the tool.
#[track_caller]
fn refused(tool: &str, dump: &str, with_broken: bool, words: &[&str]) {
    let project = installed(tool, dump, &format!("refused-{}", dump.trim_end_matches(".sql")));
    if with_broken {
        copy(&checkout().join("tests/adopt").join(tool).join("broken"), &project.root.join("migrations"));
    }
    let before = fs::read(project.root.join(DB)).unwrap();
    let (own, manifest) = (files(&project), project.read("Cargo.toml"));
    for way in ["--yes", "--plan"] {
        let flags = [&told(tool)[..], &["--database", DB, way]].concat();
        let run = adopt(&project, &flags).exits(101);
        let run = words.iter().fold(run, |run, word| run.says(word));
        run.says("nothing was written");
        assert_eq!(fs::read(project.root.join(DB)).unwrap(), before, "{tool}");
        assert_eq!((files(&project), project.read("Cargo.toml")), (own.clone(), manifest.clone()), "{tool}");
    }
    // With the files taken over, the database itself says it.
    adopt(&project, &told(tool)).succeeds();
    adopt(&project, &["--database", DB, "--yes"]).exits(101).says("nothing was changed");
    // What only reads says the same, and so does the program's own start.
    project.dbmigrate(["up", "--database", DB]).exits(101).says(words[0]);
    assert_eq!(fs::read(project.root.join(DB)).unwrap(), before, "{tool}");
}

#[test]
fn case_55_what_the_database_has_otherwise_is_named_object_by_object() {
    refused("sqlx", "failed.sql", true, &["table `half_done` is added"]);
    refused("diesel", "failed.sql", true, &["table `half_done` is added"]);
    refused("goose", "failed.sql", true, &["table `half_done` is added"]);
    refused("dbmate", "failed.sql", true, &["table `half_done` is added"]);
    // It counts a migration as undone whose effects are there.
    refused(
        "goose",
        "undone.sql",
        false,
        &["`UNIQUE (email)` is added", "`cargo dbmigrate adopt --force --database app.db`"],
    );
    // A person may go on all the same.
    let project = installed("goose", "undone.sql", "force");
    let run = adopt(&project, &["--database", DB, "--yes", "--force"]).succeeds();
    run.says("although the schema differs").says("`UNIQUE (email)` is added");
    project.dbmigrate(["verify", "--database", DB]).succeeds();
}

#[test]
fn case_56_rows_of_what_failed_or_was_rolled_back_are_told_apart() {
    refused("sqlx", "dirty.sql", false, &["`20240520064559` was begun and did not succeed", "settle it with sqlx"]);
    refused("golang-migrate", "failed.sql", true, &["`7` is marked as dirty"]);
    refused(
        "prisma",
        "failed.sql",
        true,
        &["`20240611200130_add_phone` was begun, and neither finished nor rolled back"],
    );
    refused("flyway", "failed.sql", true, &["`11` failed"]);
    // A row that was rolled back counts for nothing, a later one does, and of several the newest.
    for (tool, dump, applied) in
        [("prisma", "rolled-back.sql", 5), ("prisma", "again.sql", 6), ("goose", "rows.sql", 5)]
    {
        let project = installed(tool, dump, "rows");
        adopt(&project, &["--database", DB, "--yes"]).succeeds().says(&format!("Adopted {applied} migrations"));
        project.dbmigrate(["up", "--database", DB]).succeeds();
        is_clean(&project, DB);
    }
}

#[test]
fn case_56_the_database_of_the_package_is_looked_at_before_the_files_are_written() {
    let project = installed("sqlx", "dirty.sql", "at-hand");
    project.edit_manifest(|manifest| {
        let table = format!("[migrations]\ndatabase = \"{DB}\"\n");
        manifest["package"]["metadata"] = table.parse::<toml_edit::DocumentMut>().unwrap().as_item().clone();
    });
    let before = (files(&project), fs::read(project.root.join(DB)).unwrap());
    for way in ["--plan", "--yes"] {
        let run = adopt(&project, &["--from", "sqlx", way]).exits(101);
        run.says("`20240520064559` was begun and did not succeed").says("settle it with sqlx");
        assert_eq!((files(&project), fs::read(project.root.join(DB)).unwrap()), before, "{way}");
    }
    let run = adopt(&project, &["--from", "sqlx"]).exits(101);
    run.says(&format!("the database is `{DB}`")).says("nothing was written");
    // Settled, it goes on.
    project.execute(DB, "DELETE FROM _sqlx_migrations WHERE success = 0");
    adopt(&project, &["--from", "sqlx"]).succeeds().says("it still has the old history");
}

#[test]
fn a_program_takes_its_installed_databases_over_at_the_next_start() {
    let project = installed("sqlx", "installed.sql", "program");
    adopt(&project, &["--from", "sqlx", "--old-table", "drop"]).succeeds();
    project.init(&[]).succeeds();
    project.write(
        "src/main.rs",
        "dbmigrate_runtime::include_migrations!(pub mod migrations);\n\nfn main() -> Result<(), Box<dyn \
         std::error::Error>> {\n    let path = std::env::args().nth(1).unwrap();\n    let mut connection = \
         rusqlite::Connection::open(path)?;\n    let report = migrations::migrator().up(&mut connection)?;\n    if let \
         Some(adopted) = report.adopted {\n        println!(\"{} from {}\", adopted.migrations.len(), adopted.from);\n    \
         }\n    println!(\"{} applied\", report.applied.len());\n    Ok(())\n}\n",
    );
    let start = |database: &str| project.cargo(["run", "-q", "--", database]);
    assert_eq!(start(DB).succeeds().stdout, "5 from sqlx\n1 applied\n");
    assert_eq!(start(DB).succeeds().stdout, "0 applied\n");
    is_clean(&project, DB);
    assert_eq!(project.query(DB, "SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'"), ["0"]);
    restore(&project, "sqlx", "dirty.sql", "dirty.db");
    start("dirty.db").exits(1).says("`20240520064559` was begun and did not succeed");
    assert_eq!(start("new.db").succeeds().stdout, "6 applied\n");
}

const NOTES: &str = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n";
const TAGS: &str = "CREATE TABLE tags (name TEXT);\n";

/// A package with plain files, two of which its own runner has applied.
pub(crate) fn plain(test: &str, names: [&str; 3], table: &str, rows: &str) -> Project {
    let project = Project::new(&format!("adopt-plain-{test}"));
    for (name, text) in names.into_iter().zip([NOTES, TAGS, "CREATE INDEX tags_by_name ON tags (name);\n"]) {
        project.write(&format!("migrations/{name}"), text);
    }
    project.execute(DB, &format!("{NOTES}{TAGS}INSERT INTO notes VALUES (1, 'kept');{table};{rows}"));
    project
}

#[test]
fn the_tables_that_projects_make_for_themselves_are_understood() {
    let names = ["001_notes.sql", "002_tags.sql", "003_index.sql"];
    let cases = [
        (
            "filename",
            "CREATE TABLE _migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, filename TEXT UNIQUE NOT NULL, applied_at \
             INTEGER NOT NULL)",
            "INSERT INTO _migrations (filename, applied_at) VALUES ('001_notes.sql', 1729468800), ('002_tags.sql', \
             1729468801)",
            "2024-10-21 00:00:00",
            "_migrations_of_plain",
        ),
        (
            "name",
            "CREATE TABLE _migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE NOT NULL, applied_at TEXT \
             NOT NULL DEFAULT (datetime('now')))",
            "INSERT INTO _migrations (name, applied_at) VALUES ('001_notes', '2024-01-15 10:30:22'), ('002_tags', \
             '2024-01-15 10:30:23')",
            "2024-01-15 10:30:22",
            "_migrations_of_plain",
        ),
        (
            "bare",
            "CREATE TABLE migrations (id INTEGER PRIMARY KEY, filename TEXT NOT NULL UNIQUE, executed_at DATETIME)",
            "INSERT INTO migrations VALUES (1, '001_notes.sql', '2024-01-15 10:30:22'), (2, '002_tags.sql', NULL)",
            "2024-01-15 10:30:22",
            "migrations",
        ),
        (
            "path",
            "CREATE TABLE migrations (name TEXT PRIMARY KEY, applied_at TEXT)",
            "INSERT INTO migrations VALUES ('src/db/001_notes.sql', '2024-01-15 10:30:22'), ('002_tags.sql', NULL)",
            "2024-01-15 10:30:22",
            "migrations",
        ),
    ];
    for (test, table, rows, at, kept) in cases {
        let project = plain(test, names, table, rows);
        let before = files(&project);
        let run = adopt(&project, &["--database", DB, "--yes"]).succeeds();
        run.says("Found plain").says("their files stay where they are").says("Adopted 2 migrations that plain applied");
        let after = files(&project);
        assert!(before.iter().all(|file| after.contains(file)), "{test}");
        assert_eq!(after.len(), before.len() + 1, "{test}");
        assert_eq!(project.query(DB, "SELECT applied_at FROM _migrations WHERE number = 1"), [at]);
        assert_eq!(project.query(DB, &format!("SELECT count(*) FROM {kept}")), ["2"]);
        project.dbmigrate(["up", "--database", DB]).succeeds().says("Applied 003_index");
        is_clean(&project, DB);
        assert_eq!(project.query(DB, "SELECT text FROM notes"), ["kept"]);
    }
}

#[test]
fn the_old_table_has_to_be_named_where_nothing_shows_it() {
    let names = ["001_notes.sql", "002_tags.sql", "003_index.sql"];
    let project = plain("named", names, "CREATE TABLE done (name TEXT)", "INSERT INTO done VALUES ('001_notes')");
    project.execute(DB, "INSERT INTO done VALUES ('002_tags.SQL')");
    adopt(&project, &["--from", "plain"]).exits(2).says("`--table NAME`");
    let before = files(&project);
    adopt(&project, &["--from", "plain", "--table", "done", "--plan"]).succeeds();
    assert_eq!(files(&project), before);
    adopt(&project, &["--from", "plain", "--table", "done", "--database", DB, "--yes"]).succeeds();
    project.dbmigrate(["up", "--database", DB]).succeeds().says("Applied 003_index");
    is_clean(&project, DB);

    // By its look it might be that of dbmate. Its own migration makes it, in its own way.
    let table = "CREATE TABLE schema_migrations (version VARCHAR(255) PRIMARY KEY, applied_at TIMESTAMP)";
    let rows = "INSERT INTO schema_migrations VALUES ('001_notes.sql', '2024-01-15 10:30:22'), ('002_tags.sql', NULL)";
    let project = plain("version", names, table, rows);
    let first = project.read("migrations/001_notes.sql");
    let made = format!("CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY);\n{first}");
    project.write("migrations/001_notes.sql", made);
    adopt(&project, &["--from", "plain", "--table", "schema_migrations", "--database", DB, "--yes"]).succeeds();
    project.dbmigrate(["up", "--database", DB]).succeeds().says("Applied 003_index");
    is_clean(&project, DB);
}

#[test]
fn of_two_tables_that_may_be_the_old_history_one_has_to_be_named() {
    let names = ["001_notes.sql", "002_tags.sql", "003_index.sql"];
    let table = "CREATE TABLE migrations (filename TEXT); CREATE TABLE migrations_of_a_plugin (name TEXT)";
    let project = plain("two", names, table, "INSERT INTO migrations VALUES ('001_notes.sql'), ('002_tags.sql')");
    let run = adopt(&project, &["--database", DB, "--plan"]).exits(2);
    run.says("`--table migrations`").says("`--table migrations_of_a_plugin`");
    let run = adopt(&project, &["--database", DB, "--yes", "--table", "migrations"]).exits(101);
    run.says("table `migrations_of_a_plugin` is added");
}

#[test]
fn drizzle_is_known_by_its_times_where_a_hash_is_none() {
    let project = installed("drizzle", "installed.sql", "tags");
    project.execute(DB, "UPDATE __drizzle_migrations SET hash = '0000_last_northstar'");
    adopt(&project, &["--database", DB, "--yes"]).succeeds().says("Adopted 5 migrations");
    // A hash that is one has to be that of the file.
    let project = installed("drizzle", "installed.sql", "edited");
    let file = "migrations/0001_brave_chain.sql";
    project.write(file, format!("{}\n-- A word more.\n", project.read(file)));
    let run = adopt(&project, &["--database", DB, "--yes"]).exits(101);
    run.says("`0001_brave_chain` is not what drizzle applied")
        .says("`cargo dbmigrate adopt --force --database app.db`");
}

#[test]
fn a_database_without_any_history_becomes_the_first_migration() {
    let project = Project::new("adopt-live");
    let schema = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL CHECK (text <> ''));\nCREATE VIRTUAL \
                  TABLE found USING fts5(text, content='notes', content_rowid='id');\nCREATE TRIGGER noted AFTER INSERT \
                  ON notes BEGIN INSERT INTO found (rowid, text) VALUES (new.id, new.text); END;\nCREATE VIEW short AS \
                  SELECT text FROM notes WHERE length(text) < 9;\n";
    project.execute(DB, &format!("{schema}INSERT INTO notes VALUES (1, 'kept'); PRAGMA application_id = 77;"));
    project.execute("other.db", &format!("{schema}INSERT INTO notes VALUES (7, 'there');"));
    project.execute("changed.db", &format!("{schema}ALTER TABLE notes ADD COLUMN at TEXT;"));
    adopt(&project, &["--from", "live"]).exits(2).says("`--database FILE`");
    let before = files(&project);
    adopt(&project, &["--from", "live", "--database", DB, "--plan"]).succeeds().says("[x] 001_initial_schema");
    assert_eq!(files(&project), before);
    let run = adopt(&project, &["--from", "live", "--database", DB, "--yes"]).succeeds();
    run.says("Created migrations/adopted.toml").says("Adopted 1 migration that was there before");
    is_clean(&project, DB);
    // Others of the same program, too, and new ones; what is otherwise is named.
    project.write("migrations/002_tags.sql", TAGS);
    project.dbmigrate(["up", "--database", "other.db"]).succeeds().says("Applied 002_tags");
    assert_eq!(project.query("other.db", "SELECT text FROM found WHERE found MATCH 'there'"), ["there"]);
    is_clean(&project, "other.db");
    project.dbmigrate(["up", "--database", "changed.db"]).exits(101).says("column `at`");
    project.dbmigrate(["up", "--database", "new.db"]).succeeds();
    is_clean(&project, "new.db");
    assert_eq!(project.query("new.db", "PRAGMA application_id"), ["77"]);
    adopt(&project, &["--from", "live", "--database", DB]).exits(2).says("was already taken over from another tool");
}

#[test]
fn nothing_is_guessed_and_nothing_written_over() {
    let project = Project::new("adopt-doubt");
    let said = adopt(&project, &[]).exits(2).says("it is unknown which tool the migrations are from");
    said.says("`--from live --database FILE`");
    adopt(&project, &["--from", "sqlxx"]).exits(2).says("did you mean `sqlx`?");
    adopt(&project, &["--from", "diesel", "--files", "nowhere"]).exits(2).says("`nowhere` is not a folder");
    // Files of one tool, and a database of another.
    let project = installed("diesel", "installed.sql", "doubt");
    restore(&project, "goose", "installed.sql", "goose.db");
    let run = adopt(&project, &["--database", "goose.db"]).exits(2);
    run.says("the files and the database point to different tools").says("`--from goose`").says("`--from diesel");
    // A file that is there stays.
    project.write("db/migrations/keep.txt", "mine");
    let before = files(&project);
    adopt(&project, &["--dir", "db/migrations"]).exits(2).says("`db/migrations` is not empty");
    adopt(&project, &["--dir", "../outside"]).exits(2).says("must be a folder of the package");
    assert_eq!(files(&project), before);
    adopt(&project, &[]).succeeds().says("-> dbmigrations/20240103081500_create_workshop.sql");
    // Nobody is there to be asked.
    let bytes = fs::read(project.root.join(DB)).unwrap();
    adopt(&project, &["--database", DB]).exits(2).says("to do it without asking: `--yes`");
    assert_eq!(fs::read(project.root.join(DB)).unwrap(), bytes);
    adopt(&project, &["--from", "diesel"]).exits(2).says("was already taken over from another tool");
    // What files alone don't show, the crate does that reads them.
    let project = installed("sqlx", "installed.sql", "crate");
    adopt(&project, &["--plan"]).exits(2).says("`--from sqlx --files migrations`").says("`--from plain");
    project.edit_manifest(|manifest| manifest["dependencies"]["sqlx"] = toml_edit::value("0.9"));
    adopt(&project, &["--plan"]).succeeds().says("Found sqlx: the package depends on `sqlx`");
}

#[test]
fn programs_read_json() {
    let project = installed("refinery", "installed.sql", "json");
    let flags = ["--message-format", "json", "--database", DB];
    let plan = adopt(&project, &[&flags[..], &["--plan", "--from", "refinery"]].concat()).succeeds();
    let lines: Vec<serde_json::Value> = plan.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |reason: &str| lines.iter().filter(|line| line["reason"] == reason).collect::<Vec<_>>();
    assert_eq!(of("adopted-files").len(), 6);
    assert_eq!(of("adopted-files")[0]["to"][0], "db/migrations/001_create_workshop.sql");
    assert_eq!(of("old-history")[0]["from"], "refinery");
    let run = adopt(&project, &[&flags[..], &["--yes", "--from", "refinery"]].concat()).succeeds();
    let adopted = run.stdout.lines().find(|line| line.contains("history-adopted")).unwrap();
    let adopted: serde_json::Value = serde_json::from_str(adopted).unwrap();
    assert_eq!((&adopted["comparison"], &adopted["kept"]), (&"same".into(), &"refinery_schema_history".into()));
    assert_eq!(adopted["migrations"].as_array().unwrap().len(), 5);
}

#[test]
fn an_adopt_that_was_stopped_goes_on_where_it_was() {
    // Written elsewhere with the manifest changed, and in place with the manifest changed or not.
    for tool in ["sqlx", "refinery", "prisma", "drizzle", "dbmate"] {
        let flags = [&told(tool)[..], &["--old-table", "drop"]].concat();
        let whole = installed(tool, "installed.sql", "whole");
        let before = files(&whole);
        let manifest = whole.read("Cargo.toml");
        adopt(&whole, &flags).succeeds();
        let after = files(&whole);
        let (mut written, expect): (Vec<_>, _) =
            (after.iter().filter(|file| file.0 != "Cargo.toml" && !before.contains(file)).cloned().collect(), after);
        // `adopted.toml` is written first, as it names all others, and the manifest last.
        written.sort_by_key(|(name, _)| !name.ends_with("adopted.toml"));
        let changes_manifest = whole.read("Cargo.toml") != manifest;
        for count in 1..=written.len() {
            let is_all = count == written.len();
            if is_all && !changes_manifest {
                continue;
            }
            for is_torn in [false, true] {
                let stopped = installed(tool, "installed.sql", "stopped");
                for (name, bytes) in &written[..count] {
                    stopped.write(name, bytes);
                }
                if is_torn && count > 1 {
                    let (name, bytes) = &written[count - 1];
                    stopped.write(name, &bytes[..bytes.len() / 2]);
                }
                let run = adopt(&stopped, &flags).succeeds().says("by an earlier `adopt` that was interrupted");
                let renamed = |text: &[u8]| String::from_utf8_lossy(text).replace("-stopped-", "-whole-");
                let found = files(&stopped);
                assert_eq!(found.len(), expect.len(), "{tool} {count}\n{run}");
                for (found, expect) in found.iter().zip(&expect) {
                    assert_eq!((&found.0, renamed(&found.1)), (&expect.0, renamed(&expect.1)), "{tool} {count}");
                }
            }
        }
        // What is there as a whole is no stopped one.
        adopt(&whole, &flags).exits(2).says("was already taken over from another tool");
    }
}

#[test]
fn a_folder_with_what_somebody_else_wrote_is_no_stopped_adopt() {
    let project = installed("refinery", "installed.sql", "mine");
    project.write("db/migrations/001_create_workshop.sql", "-- Mine.\n");
    let before = files(&project);
    adopt(&project, &["--from", "refinery", "--dir", "db/migrations"]).exits(2).says("`db/migrations` is not empty");
    assert_eq!(files(&project), before);
}

#[test]
fn it_asks_before_anything_is_written() {
    let project = installed("refinery", "installed.sql", "asks");
    let (before, bytes) = (files(&project), fs::read(project.root.join(DB)).unwrap());
    let run = adopt(&project, &["--from", "refinery", "--database", DB]).exits(2);
    run.says("Would write db/migrations/adopted.toml")
        .says("to do it without asking: `--yes`")
        .says("nothing was written");
    assert_eq!((files(&project), fs::read(project.root.join(DB)).unwrap()), (before, bytes));
}

#[test]
fn a_database_that_was_only_looked_at_is_named() {
    let project = installed("refinery", "installed.sql", "looked");
    project.write(".env", "DATABASE_URL=app.db\n");
    let bytes = fs::read(project.root.join(DB)).unwrap();
    let run = adopt(&project, &["--from", "refinery"]).succeeds();
    run.says("was only read: it still has the old history").says("`cargo dbmigrate adopt --database ");
    assert_eq!(fs::read(project.root.join(DB)).unwrap(), bytes);
    adopt(&project, &["--yes"]).succeeds().says("Adopted 5 migrations");
    // Where no database lies, nothing is said of one.
    let project = installed("refinery", "installed.sql", "none");
    adopt(&project, &["--from", "refinery"]).succeeds().says_not("only read");
}

#[test]
fn suggested_commands_name_the_database_in_json_too() {
    let project = installed("goose", "undone.sql", "json-help");
    let flags = ["--database", DB, "--yes", "--message-format", "json"];
    adopt(&project, &flags).exits(101).says("`cargo dbmigrate adopt --force --database app.db`");
}

#[test]
fn what_becomes_of_the_old_table_is_said_once() {
    let project = installed("refinery", "installed.sql", "late-drop");
    adopt(&project, &["--from", "refinery"]).succeeds();
    let run = adopt(&project, &["--database", DB, "--yes", "--old-table", "drop"]).exits(2);
    run.says("`old-table = \"keep\"`").says("write `old-table = \"drop\"` there");
    adopt(&project, &["--database", DB, "--yes", "--old-table", "keep"]).succeeds();
    assert_eq!(project.query(DB, "SELECT count(*) > 0 FROM refinery_schema_history"), ["1"]);
}

#[test]
fn a_file_that_was_edited_is_named_as_it_lies() {
    let project = installed("refinery", "installed.sql", "edited");
    let file = "migrations/V2__log_repairs.sql";
    project.write(file, project.read(file) + "-- More.\n");
    let run = adopt(&project, &["--from", "refinery", "--database", DB, "--yes"]).exits(101);
    run.says("was edited before it was adopted (migrations/V2__log_repairs.sql)\nnote: its checksum in the history")
        .says("note: nothing was written");
    assert!(!project.has("db"));
}

#[test]
fn a_program_gets_the_rusqlite_that_links_the_sqlite_of_its_old_library() {
    let project = installed("diesel", "installed.sql", "links");
    project.write("driver/Cargo.toml", "[package]\nname = \"driver\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nlibsqlite3-sys = { version = \"0.38\", features = [\"bundled\"] }\n");
    project.write("driver/src/lib.rs", "");
    project.edit_manifest(|manifest| {
        manifest["dependencies"]["driver"]["path"] = toml_edit::value("driver");
    });
    fs::copy(checkout().join("examples/Cargo.lock"), project.root.join("Cargo.lock")).unwrap();
    project.cargo(["metadata", "--offline", "--format-version", "1"]).succeeds();
    adopt(&project, &["--from", "diesel"]).succeeds();
    project.init(&[]).succeeds().says("note: rusqlite 0.40 links libsqlite3-sys 0.38.");
    assert!(project.read("Cargo.toml").contains("rusqlite = \"0.40\"\n"), "{}", project.read("Cargo.toml"));
    // Cargo agrees that the two go together.
    project.cargo(["metadata", "--offline", "--format-version", "1"]).succeeds();
    // Where nothing says what it links, nothing is guessed.
    let project = installed("sqlx", "installed.sql", "links");
    project.edit_manifest(|manifest| manifest["dependencies"]["sqlx"] = toml_edit::value("0.9"));
    project.remove("Cargo.lock");
    let before = project.read("Cargo.toml");
    adopt(&project, &[]).succeeds();
    let after = project.read("Cargo.toml");
    assert_ne!(before, after);
    let refused = project.init(&[]).exits(101);
    refused.says("no `Cargo.lock` that says which SQLite `sqlx` links").says("`cargo generate-lockfile`");
    assert_eq!((project.read("Cargo.toml"), project.has("build.rs")), (after.clone(), false));
    // Nor where the file is older than the dependency.
    project.write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"links\"\nversion = \"0.1.0\"\n");
    let refused = project.init(&[]).exits(101);
    refused.says("error: `Cargo.lock` does not have `sqlx` yet").says("`cargo update --workspace`");
    assert_eq!((project.read("Cargo.toml"), project.has("build.rs")), (after.clone(), false));
}

/// The table of what links what ends with the rusqlite that this repository is built with.
#[test]
fn the_newest_rusqlite_is_known_and_a_newer_sqlite_is_not_guessed() {
    let locked: toml_edit::DocumentMut = fs::read_to_string(checkout().join("Cargo.lock")).unwrap().parse().unwrap();
    let version = |name: &str| {
        let mut all = locked["package"].as_array_of_tables().unwrap().iter();
        all.find(|it| it["name"].as_str() == Some(name)).unwrap()["version"].as_str().unwrap().to_owned()
    };
    let (rusqlite, links) = (version("rusqlite"), version("libsqlite3-sys"));
    let minor = rusqlite.rsplit_once('.').unwrap().0;
    let init = |test: &str, links: &str| {
        let project = Project::new(test);
        project.edit_manifest(|manifest| manifest["dependencies"]["libsqlite3-sys"] = toml_edit::value(links));
        let lock = format!("version = 4\n\n[[package]]\nname = \"libsqlite3-sys\"\nversion = \"{links}\"\n");
        project.write("Cargo.lock", lock);
        let run = project.init(&[]).succeeds();
        assert!(project.read("Cargo.toml").contains(&format!("\"{minor}\"")), "{}", project.read("Cargo.toml"));
        run
    };
    init("init-links", &links).says(&format!("note: rusqlite {minor} links libsqlite3-sys {links}"));
    let newer = format!("rusqlite {minor} does not link: a newer one may, or update what needs it");
    init("init-links-newer", "0.999.0").says("has libsqlite3-sys 0.999.0, which ").says(&newer);
    init("init-links-older", "0.20.0").says("0.20.0, which no rusqlite from 0.29 on links: update what needs it");
}

#[test]
fn a_manifest_that_names_the_tool_is_believed_and_what_read_its_files_goes() {
    let project = installed("refinery", "installed.sql", "manifest");
    project.edit_manifest(|manifest| {
        manifest["package"]["metadata"] = toml_edit::table();
        manifest["package"]["metadata"]["migrations"] = toml_edit::table();
        manifest["package"]["metadata"]["migrations"]["layout"] = toml_edit::value("refinery");
    });
    project.init(&[]).succeeds();
    assert!(project.read("Cargo.toml").contains("features = [\"layouts\"]"));
    let run = adopt(&project, &[]).succeeds().says("Found refinery: `layout = \"refinery\"` in `Cargo.toml`");
    run.says("no feature `layouts` of `dbmigrate-build`");
    assert!(!project.read("Cargo.toml").contains("layout"));
    project.dbmigrate(["init"]).succeeds().says("is already set up");
    // A database with the history of another one makes it a choice.
    let other = installed("refinery", "installed.sql", "manifest-other");
    restore(&other, "diesel", "installed.sql", "other.db");
    other.edit_manifest(|manifest| {
        manifest["package"]["metadata"] = toml_edit::table();
        manifest["package"]["metadata"]["migrations"] = toml_edit::table();
        manifest["package"]["metadata"]["migrations"]["layout"] = toml_edit::value("refinery");
    });
    let before = files(&other);
    adopt(&other, &["--database", "other.db", "--yes"]).exits(2).says("diesel");
    assert_eq!(files(&other), before);
}
