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
fn installed(tool: &str, dump: &str, test: &str) -> Project {
    let project = Project::new(&format!("adopt-{test}-{tool}"));
    copy(&checkout().join("tests/adopt").join(tool).join("migrations"), &project.root.join("migrations"));
    restore(&project, tool, dump, DB);
    project
}

/// Makes a database as the tool has left it.
fn restore(project: &Project, tool: &str, dump: &str, database: &str) {
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
fn contents(database: &std::path::Path) -> Vec<String> {
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
