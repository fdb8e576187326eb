//! The tools that people come from, really run: what they leave behind is what `tests/adopt` holds.
//!
//! The test command runs those that are light to build. `DBMIGRATE_PEERS=full` runs all of them, `DBMIGRATE_PEERS=sqlx,goose`
//! these; `peers/README.md` says what each needs. With `DBMIGRATE_PEERS_WRITE=1` the files are written anew.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::adopt::contents;
use crate::support::{Project, Run, ask, checkout, copy};

/// The folder in `tests/adopt`, the tool, its version, and whether it belongs to the test command.
const PEERS: [(&str, Tool, &str, bool); 13] = [
    ("sqlx", Tool::Cargo("peer-sqlx"), "sqlx 0.9.0", false),
    ("sqlx-reversible", Tool::Cargo("peer-sqlx"), "sqlx 0.9.0", false),
    ("diesel", Tool::Cargo("peer-diesel"), "diesel_migrations 2.3.2", false),
    // 29 and 10 seconds of one core, measured when the others were 21 and 27 more.
    ("refinery", Tool::Cargo("peer-refinery"), "refinery 0.10.0", true),
    ("rusqlite_migration", Tool::Cargo("peer-rusqlite_migration"), "rusqlite_migration 2.6.0", true),
    ("rusqlite_migration-list", Tool::Cargo("peer-rusqlite_migration"), "rusqlite_migration 2.6.0", true),
    ("drizzle", Tool::Node("drizzle"), "drizzle-orm 0.45.4 with @libsql/client 0.18.0", false),
    ("prisma", Tool::Node("prisma"), "prisma's schema engine 7.10.0 with @prisma/adapter-libsql 7.10.0", false),
    ("dbmate", Tool::Node("dbmate"), "dbmate 2.36.0", false),
    ("wrangler-d1", Tool::Node("d1"), "wrangler 4.164.0 with workerd 1.20261117.1", false),
    ("goose", Tool::Go("goose"), "goose 3.27.3", false),
    ("golang-migrate", Tool::Go("golang-migrate"), "golang-migrate 4.19.1", false),
    ("sql-migrate", Tool::Go("sql-migrate"), "sql-migrate 1.8.0", false),
];

/// How a tool is started. All of them take `FOLDER DATABASE [N]`.
#[derive(Clone, Copy, PartialEq)]
enum Tool {
    Cargo(&'static str),
    Node(&'static str),
    Go(&'static str),
    Maven,
}

/// What differs from run to run.
const TIMES: [(&str, &[&str]); 8] = [
    ("_sqlx_migrations", &["installed_on", "execution_time"]),
    ("__diesel_schema_migrations", &["run_on"]),
    ("refinery_schema_history", &["applied_on"]),
    ("_prisma_migrations", &["id", "started_at", "finished_at", "rolled_back_at"]),
    ("d1_migrations", &["applied_at"]),
    ("goose_db_version", &["tstamp"]),
    ("gorp_migrations", &["applied_at"]),
    ("flyway_schema_history", &["installed_on", "execution_time"]),
];

#[test]
fn the_tools_leave_what_the_files_hold() {
    let wanted = std::env::var("DBMIGRATE_PEERS").unwrap_or_default();
    let flyway = ("flyway", Tool::Maven, "Flyway 12.0.2", false);
    for (folder, tool, version, always) in PEERS.into_iter().chain([flyway]) {
        let named = wanted.split(',').any(|name| name == folder);
        if wanted == "full" || named || wanted.is_empty() && always {
            peer(folder, tool, version);
        }
    }
}

fn peer(folder: &str, tool: Tool, version: &str) {
    let project = Project::new(&format!("peer-{folder}"));
    let files = checkout().join("tests/adopt").join(folder);
    copy(&files.join("migrations"), &project.root.join("all"));
    let run = |folder: &str, database: &str, rest: &[&str]| start(&project, tool, folder, database, rest);
    let check = |database: &str, dump: &str, how: &str| {
        same(&project.root.join(database), &files.join(dump), &format!("-- Made by {version}: {how}."));
    };

    run("all", "five.db", &["5"]).succeeds();
    check("five.db", "installed.sql", "the first five of `migrations`");
    fs::copy(project.root.join("five.db"), project.root.join("adopted.db")).unwrap();
    run("all", "five.db", &[]).succeeds();
    check("five.db", "finished.sql", "all of `migrations`");

    // What the tool has just made is taken over, and goes on to where the tool goes.
    let from = match folder {
        "sqlx-reversible" => "sqlx",
        "rusqlite_migration-list" => "rusqlite_migration",
        tool => tool,
    };
    let database = ["--database", "adopted.db"];
    let ours = |command: &[&str]| project.dbmigrate(command.iter().chain(&database)).succeeds();
    ours(&["adopt", "--files", "all", "--from", from, "--yes"]);
    ours(&["up"]).says("1 migration applied");
    ours(&["status", "--check"]);
    ours(&["verify"]);
    ours(&["drift"]);
    if matches!(tool, Tool::Cargo(_)) {
        // What stands for old histories is not in the way of a script.
        project.dbmigrate(["script", "--output", "all.sql"]).succeeds();
    }
    assert_eq!(contents(&project.root.join("adopted.db")), contents(&project.root.join("five.db")), "{folder}");

    if files.join("broken").exists() {
        copy(&files.join("migrations"), &project.root.join("broken"));
        copy(&files.join("broken"), &project.root.join("broken"));
        run("broken", "broken.db", &["5"]).succeeds();
        assert_ne!(run("broken", "broken.db", &[]).code, 0, "{folder}");
        check("broken.db", "failed.sql", "`migrations` and `broken`, which fails");
    }
    if folder == "prisma" {
        run("broken", "broken.db", &["--rolled-back", "20240611200130_add_phone"]).succeeds();
        check("broken.db", "rolled-back.sql", "`failed.sql`, and `migrate resolve --rolled-back`");
        run("all", "broken.db", &[]).succeeds();
        check("broken.db", "again.sql", "`rolled-back.sql`, and the right sixth: two rows of one name");
    }
}

/// Runs a tool on a folder and a database of the project.
fn start(project: &Project, tool: Tool, folder: &str, database: &str, rest: &[&str]) -> Run {
    let peers = checkout().join("peers");
    let mut command = match tool {
        Tool::Cargo(package) => {
            let own = peers.join(package.trim_start_matches("peer-")).join("Cargo.toml");
            let mut command = project.command(env!("CARGO"));
            command.args(["run", "--quiet", "--locked", "--manifest-path"]).arg(own).arg("--");
            command
        }
        Tool::Node(name) => {
            let mut command = project.command("node");
            command.arg(peers.join("npm").join(format!("{name}.mjs")));
            command
        }
        // Where neither Go's modules nor Maven's packages can be had, a program that was built elsewhere.
        Tool::Go(name) if peers.join("bin").join(name).exists() => project.command(peers.join("bin").join(name)),
        Tool::Maven if peers.join("bin/flyway").exists() => project.command(peers.join("bin/flyway")),
        Tool::Go(name) => {
            let mut command = project.command("go");
            command.args(["run", "-mod=mod", "-C"]).arg(peers.join("go").join(name)).arg(".");
            command
        }
        Tool::Maven => {
            let words = [folder, database].map(|path| project.root.join(path).display().to_string());
            let mut command = project.command("mvn");
            command.args(["-q", "-f"]).arg(peers.join("java")).args(["compile", "exec:java"]);
            command.arg(format!("-Dexec.args={} {}", words.join(" "), rest.join(" ")));
            return Run::of(&mut command);
        }
    };
    let d1 = tool == Tool::Node("d1");
    let state = project.root.join(database.replace(".db", ".state"));
    command.arg(project.root.join(folder)).arg(if d1 { state.clone() } else { project.root.join(database) }).args(rest);
    let run = Run::of(&mut command);
    if d1 {
        let _ = fs::remove_file(project.root.join(database));
        let kept = Connection::open(d1_file(&state)).unwrap();
        kept.execute("VACUUM INTO ?1", [project.root.join(database).to_string_lossy()]).unwrap();
    }
    run
}

/// The database that D1 keeps in its state.
fn d1_file(state: &Path) -> PathBuf {
    let folder = state.join("v3/d1/miniflare-D1DatabaseObject");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_database = |path: &PathBuf| {
        path.extension().is_some_and(|it| it == "sqlite") && path.file_stem().is_some_and(|it| it.len() == 64)
    };
    names.into_iter().find(is_database).unwrap()
}

/// The database holds what the file makes, but for times. Or the file is written anew.
fn same(database: &Path, dump: &Path, head: &str) {
    let made = Connection::open(database).unwrap();
    if std::env::var_os("DBMIGRATE_PEERS_WRITE").is_some() {
        fs::write(dump, format!("{head}\n{}", written(&made))).unwrap();
    }
    let text = fs::read_to_string(dump).unwrap();
    let held = Connection::open_in_memory().unwrap();
    held.execute_batch(&text).unwrap();
    assert_eq!(state(&made), state(&held), "{}", dump.display());
    assert_eq!(text.lines().next(), Some(head), "{}", dump.display());
}

const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*' ORDER BY rowid";

/// Whether highest ids are kept.
const HIGHEST: &str = "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'";

/// All that the file of a database says, times as their types.
fn state(connection: &Connection) -> Vec<String> {
    let mut state = ask(connection, "SELECT 'user_version ' || user_version FROM pragma_user_version");
    let objects = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT GLOB '_cf_*' \
                   ORDER BY type, name";
    state.extend(ask(connection, objects));
    for table in ask(connection, TABLES) {
        let times = TIMES.iter().find(|(name, _)| *name == table).map_or(&[][..], |(_, columns)| columns);
        state.extend(rows(connection, &table, |column| {
            if times.contains(&column) { format!("typeof(\"{column}\")") } else { quoted(column) }
        }));
    }
    if !ask(connection, HIGHEST).is_empty() {
        state.extend(rows(connection, "sqlite_sequence", quoted));
    }
    state.sort();
    state
}

fn quoted(column: &str) -> String {
    format!("quote(\"{column}\")")
}

/// The rows of a table as `INSERT`s.
fn rows(connection: &Connection, table: &str, value: impl Fn(&str) -> String) -> Vec<String> {
    let columns = ask(connection, &format!("SELECT name FROM pragma_table_info('{table}')"));
    let values = columns.iter().map(|column| value(column)).collect::<Vec<_>>().join(" || ', ' || ");
    ask(
        connection,
        &format!("SELECT 'INSERT INTO \"{table}\" VALUES (' || {values} || ');' FROM \"{table}\" ORDER BY rowid"),
    )
}

/// A database as SQL that makes it.
fn written(connection: &Connection) -> String {
    let mut lines = ask(connection, "SELECT 'PRAGMA user_version = ' || user_version || ';' FROM pragma_user_version");
    lines.push("PRAGMA foreign_keys = OFF;\nBEGIN;".to_owned());
    for table in ask(connection, TABLES) {
        lines.extend(ask(
            connection,
            &format!("SELECT sql || ';' FROM sqlite_schema WHERE type = 'table' AND name = '{table}'"),
        ));
        lines.extend(rows(connection, &table, quoted));
    }
    if !ask(connection, HIGHEST).is_empty() {
        lines.push("DELETE FROM sqlite_sequence;".to_owned());
        lines.extend(rows(connection, "sqlite_sequence", quoted));
    }
    lines.extend(ask(
        connection,
        "SELECT sql || ';' FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL ORDER BY rowid",
    ));
    lines.push("COMMIT;\n".to_owned());
    lines.join("\n")
}
