//! Folders of other tools, read where they lie: on the command line, in a package that is not ours yet, without any
//! package, and in a package that builds so. What the tools themselves made of the same files is in `adopt/`.

use std::fs;
use std::path::Path;

use toml_edit::value;

use crate::adopting::TRYING;
use crate::git::{commit, git};
use crate::guide::{blocks, page, play};
use crate::support::{Project, checkout};

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;\n";

/// A folder outside of every package and repository.
fn bare(test: &str) -> Project {
    let root = std::env::temp_dir().join(format!("dbmigrate-layouts-{test}"));
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(&root).unwrap();
    Project { root, name: test.to_owned() }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() { copy(&entry.path(), &to) } else { drop(fs::copy(entry.path(), to)) }
    }
}

#[test]
fn what_is_read_in_place_is_what_the_tool_itself_has_made() {
    let project = bare("peers");
    for (peer, layout) in [
        ("sqlx", "sqlx"),
        ("sqlx-reversible", "sqlx"),
        ("diesel", "diesel"),
        ("refinery", "refinery"),
        ("rusqlite_migration", "rusqlite_migration"),
        ("rusqlite_migration-list", "plain"),
        ("drizzle", "drizzle"),
        ("prisma", "prisma"),
        ("goose", "goose"),
        ("dbmate", "dbmate"),
        ("golang-migrate", "golang-migrate"),
        ("wrangler-d1", "wrangler-d1"),
        ("flyway", "flyway"),
        ("sql-migrate", "sql-migrate"),
    ] {
        let from = checkout().join("tests/adopt").join(peer);
        copy(&from.join("migrations"), &project.root.join(peer));
        let database = format!("{peer}.db");
        let made = fs::read_to_string(from.join("installed.sql")).unwrap();
        project.execute(&database, &made);
        // The tool's own tables are no part of what the migrations make.
        let own = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('customer', 'repair', 'repair_log') \
                   AND name NOT LIKE 'sqlite_%'";
        for table in project.query(&database, own) {
            project.execute(&database, &format!("DROP TABLE \"{table}\""));
        }
        // The tool was stopped before the sixth.
        let sixth = "ALTER TABLE customer ADD COLUMN phone TEXT; \
                     CREATE INDEX customer_by_phone ON customer (phone) WHERE phone IS NOT NULL;";
        project.execute(&database, sixth);
        let files = ["--layout", layout, "--dir", peer];
        let compare = ["schema", "--from", &database, "--to", "migrations"];
        project.dbmigrate(compare.iter().chain(&files)).succeeds().says("migrations: 0 differences");
        let listed = project.dbmigrate(["list", "--message-format", "json"].iter().chain(&files)).succeeds();
        let migrations = listed.stdout.lines().filter(|line| line.contains("\"reason\":\"migration\"")).count();
        assert_eq!(migrations, 6, "{listed}");
        project.dbmigrate(["test"].iter().chain(&files)).says("Tested");
        // The migrations are as they were, and nothing lies beside them.
        let beside: Vec<_> = fs::read_dir(project.root.join(peer)).unwrap().map(|it| it.unwrap().file_name()).collect();
        let before: Vec<_> = fs::read_dir(from.join("migrations")).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(beside.len(), before.len(), "{beside:?}");
    }
}

#[test]
fn a_package_is_tried_without_a_word_in_its_manifest() {
    let project = Project::new("layouts-try");
    project.write("db/diesel/2024-01-15-103022_users/up.sql", USERS);
    project.write("db/diesel/2024-01-15-103022_users/down.sql", "DROP TABLE users;\n");
    project.write("db/diesel/2024-01-16-000000_index/up.sql", "CREATE INDEX by_name ON users (name);\n");
    project.write("db/diesel/2024-01-16-000000_index/down.sql", "-- This file should undo anything in `up.sql`\n");
    let manifest = project.read("Cargo.toml");
    let files = ["--layout", "diesel", "--dir", "db/diesel"];
    let run = |command: &[&str]| project.dbmigrate(command.iter().chain(&files));
    run(&["check"])
        .succeeds()
        .says("replayed 2 up and 1 down in memory; 2 linted")
        .says("note: db/diesel/2024-01-16-000000_index/down.sql: the down script is empty")
        .says_not("not-wired");
    run(&["check", "--message-format", "json"]).succeeds().says("\"reason\":\"note\"");
    run(&["list"])
        .succeeds()
        .says("20240115103022_users  sql   reversible")
        .says("20240116000000_index  sql   no down");
    run(&["schema"]).succeeds().says("CREATE INDEX by_name");
    run(&["test"]).succeeds().says("2 migrations");
    project.execute("installed.db", "CREATE TABLE __diesel_schema_migrations (version TEXT PRIMARY KEY)");
    run(&["status", "--database", "installed.db"]).succeeds().says("[ ] 20240115103022_users");
    assert_eq!(project.read("Cargo.toml"), manifest);
    assert!(!project.has("db/diesel/migrations.lock"));

    // Where the house is looked for, what lies there is said.
    project
        .dbmigrate(["check", "--dir", "db/diesel"])
        .exits(1)
        .says("looks like a folder of diesel")
        .says("try `--layout diesel`");
    // Where several tools have such names, they are all said; those of the house are nobody else's.
    project.write("numbered/1_users.up.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY);");
    project.write("numbered/1_users.down.sql", "DROP TABLE users;");
    project.write("numbered/2_posts.up.sql", "CREATE TABLE posts (id INTEGER PRIMARY KEY);");
    let numbered = project.dbmigrate(["check", "--dir", "numbered"]).exits(1);
    numbered.says("`numbered` may be a folder of another tool").says("`--layout golang-migrate`");
    project.write("ours/001_users.sql", "CREATE TABLE (a);");
    project.dbmigrate(["check", "--dir", "ours"]).exits(1).says_not("--layout");
    // From a folder inside, relative to it.
    let mut inside = project.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
    inside.current_dir(project.root.join("db")).args(["dbmigrate", "list", "--layout", "diesel", "--dir", "diesel"]);
    crate::support::Run::of(&mut inside).succeeds().says("20240116000000_index");
    run(&["list", "-p", "layouts-try"]).succeeds().says("20240116000000_index");
    run(&["list", "-p", "other"]).exits(2).says("`db/diesel` is not in the named package");
    // A fault is shown in the original file.
    project.write("db/diesel/2024-01-17-000000_bad/up.sql", "SELECT 1;\nCREATE TABLE (a);\n");
    run(&["check"]).exits(1).says("db/diesel/2024-01-17-000000_bad/up.sql:2:14");
    run(&["check", "--fix"]).exits(2).says("has files of diesel").says("cargo dbmigrate adopt");
    run(&["check", "--locked"]).exits(1).says("can't be sealed");
}

#[test]
fn a_folder_without_a_package_is_read_as_well() {
    let project = bare("no-package");
    project.write("sql/V1__users.sql", USERS);
    project.write("sql/R__names.sql", "CREATE VIEW names AS SELECT name FROM users;\n");
    let files = ["--layout", "flyway", "--dir", "sql"];
    project.dbmigrate(["check"].iter().chain(&files)).succeeds().says("Checked sql (1 migration, 1 repeatable;");
    project.dbmigrate(["schema"].iter().chain(&files)).succeeds().says("CREATE VIEW names");
    project.dbmigrate(["list", "--layout", "flyway", "--dir", "sql/V1__users.sql"]).exits(101).says("is no folder");
    project
        .dbmigrate(["list", "--layout", "flyway", "--dir", "slq"])
        .exits(101)
        .says("`slq` does not exist")
        .says("help: `--dir` is relative to where the command is called");
    project.dbmigrate(["list", "--layout", "flwyay"]).exits(2).says("[possible values: house, sqlx, diesel,");
    project.dbmigrate(["list", "--layout", "flyway"]).exits(101).says("could not find `Cargo.toml`");
}

#[test]
fn a_package_builds_and_runs_on_the_files_of_another_tool() {
    let project = Project::wired("layouts-build", &[]);
    let goose = |up: &str, down: &str| format!("-- +goose Up\n{up}\n-- +goose Down\n{down}\n");
    project.edit_manifest(|manifest| {
        let table = &mut manifest["package"]["metadata"]["migrations"];
        table["layout"] = value("goose");
        table["dir"] = value("db/goose");
    });
    project.write("db/goose/00001_users.sql", goose(USERS, "DROP TABLE users;"));
    project.write("src/main.rs", PROGRAM);
    // A build reads them with a feature, which it names, and which `init` switches on.
    crate::build_faults::check(&project, "the feature is off", &["`layouts`", "`dbmigrate-build`"]);
    let build = project.cargo(["build", "-q"]);
    build.says("`layout = \"goose\"` needs").says("`cargo add --build dbmigrate-build --features layouts`");
    project
        .dbmigrate(["check"])
        .exits(1)
        .says("without `layouts`, which reads the files of goose")
        .says("cargo dbmigrate init");
    project.dbmigrate(["init"]).succeeds().says("feature `layouts` of `dbmigrate-build`");
    project.cargo(["run", "-q"]).succeeds().says("applied 1");
    assert_eq!(project.query("app.db", "SELECT name FROM _migrations"), ["00001_users"]);
    // A new file is seen by the build alone.
    project.write(
        "db/goose/00002_age.sql",
        goose("ALTER TABLE users ADD COLUMN age INTEGER;", "ALTER TABLE users DROP COLUMN age;"),
    );
    project.cargo(["run", "-q"]).succeeds().says("applied 1");
    project.dbmigrate(["check"]).succeeds();
    project.dbmigrate(["status"]).succeeds().says("[x] 00002_age");
    project.dbmigrate(["down"]).succeeds();
    assert_eq!(project.query("app.db", "SELECT name FROM pragma_table_info('users')"), ["id", "name"]);
    project.dbmigrate(["up"]).succeeds();

    for (command, words) in [
        (
            &["create", "more"][..],
            &["`db/goose` has files of goose", "cargo dbmigrate adopt", "`goose create NAME sql`"][..],
        ),
        (&["lock"], &["`cargo dbmigrate lock` writes dbmigrate's own"]),
        (&["renumber"], &["`cargo dbmigrate renumber` writes dbmigrate's own"]),
        (&["generate"], &["`cargo dbmigrate generate` writes dbmigrate's own"]),
        (&["squash", "--through", "2"], &["`cargo dbmigrate squash` writes dbmigrate's own"]),
    ] {
        let run = project.dbmigrate(command).exits(2);
        words.iter().fold(run, |run, word| run.says(word));
    }
    assert_eq!(fs::read_dir(project.root.join("db/goose")).unwrap().count(), 2);

    project.write("db/goose/00003_open.sql", "-- +goose Up\nSELECT 1;\nSELECT 'open;\n");
    crate::build_faults::check(&project, "an unterminated string", &["db/goose/00003_open.sql:3:8"]);
    project.write("db/goose/00003_open.sql", "SELECT 1;\n-- +goose Up\n");
    crate::build_faults::check(
        &project,
        "a statement without a way",
        &["db/goose/00003_open.sql:1:1", "a statement before"],
    );
    project.remove("db/goose/00003_open.sql");
    project.edit_manifest(|manifest| manifest["package"]["metadata"]["migrations"]["width"] = value(4));
    crate::build_faults::check(&project, "a width", &["`width` has no meaning with `layout = \"goose\"`"]);
}

const PROGRAM: &str = "dbmigrate_runtime::include_migrations!(pub mod migrations);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut db = rusqlite::Connection::open(\"app.db\")?;
    let report = migrations::migrator().up(&mut db)?;
    println!(\"applied {}\", report.applied.len());
    Ok(())
}
";

#[test]
fn what_git_has_of_a_foreign_folder_is_old() {
    let project = Project::new("layouts-git");
    project.write("db/2024-01-15-103022_users/up.sql", USERS);
    project.write("db/2024-01-16-000000_index/up.sql", "CREATE INDEX by_name ON users (name);\n");
    git(&project, &["init", "--quiet"]).succeeds();
    commit(&project, "two");
    let files = ["--layout", "diesel", "--dir", "db"];
    let check = || project.dbmigrate(["check", "--since", "HEAD"].iter().chain(&files));
    project.write("db/2024-01-17-000000_age/up.sql", "ALTER TABLE users ADD COLUMN age INTEGER;\n");
    check().succeeds().says("3 migrations, 1 new since `HEAD`");
    project
        .write("db/2024-01-15-103022_users/up.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT) STRICT;\n");
    project.remove("db/2024-01-16-000000_index/up.sql");
    fs::remove_dir(project.root.join("db/2024-01-16-000000_index")).unwrap();
    check()
        .exits(1)
        .says("`20240115103022_users` was edited since `HEAD`")
        .says("-- db/2024-01-15-103022_users/up.sql")
        .says("`20240116000000_index` of `HEAD` is gone")
        .says("db/2024-01-16-000000_index/up.sql");
    project
        .dbmigrate(["schema", "--from", "git:HEAD", "--to", "migrations"].iter().chain(&files))
        .succeeds()
        .says("column `age` is added");
}

#[test]
fn the_guide_runs_as_it_is_written() {
    let mut blocks = blocks("docs/adopting.md");
    blocks.retain(|block| block.section == TRYING);
    // What stays with the files of another tool is no part of trying it.
    let manifest = blocks.pop_if(|block| block.language == "toml").unwrap();
    let manifest = format!("[package]\nname = \"app\"\n\n{}", manifest.text);
    let (config, diagnostics) =
        dbmigrate_core::config::read(&dbmigrate_core::SourceText::new("Cargo.toml", &manifest), None);
    assert_eq!((config.layout.name(), diagnostics), ("diesel", vec![]));
    assert_eq!(play(&blocks, bare("guide")), 3);
    let text = page("docs/adopting.md");
    for layout in dbmigrate_core::layout::Layout::ALL.into_iter().filter(|layout| layout.name() != "house") {
        assert!(text.contains(&format!("\n| `{}` |", layout.name())), "{layout:?} is not in the table");
    }
}

#[test]
fn a_folder_that_has_nothing_of_the_tool_says_what_it_has() {
    let project = Project::new("layouts-wrong");
    project.write("db/V1__users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY);\n");
    for command in ["list", "check", "schema", "test", "status"] {
        let run = project.dbmigrate([command, "--layout", "diesel", "--dir", "db"]).exits(101);
        run.says("`db` has no migrations of diesel").says("`--layout refinery`");
    }
    std::fs::create_dir_all(project.root.join("empty")).unwrap();
    let run = project.dbmigrate(["list", "--layout", "sqlx", "--dir", "empty"]).exits(101);
    run.says("`empty` has no migrations of sqlx").says("`--dir DIR`");
}

#[test]
fn status_reads_the_history_that_the_tool_kept() {
    for (tool, table) in [("diesel", "__diesel_schema_migrations"), ("refinery", "refinery_schema_history")] {
        let project = crate::adopt::installed(tool, "installed.sql", "status-layout");
        let count = project.query("app.db", &format!("SELECT count(*) FROM {table}"))[0].parse::<usize>().unwrap();
        let before = std::fs::read(project.root.join("app.db")).unwrap();
        let flags = ["--layout", tool, "--dir", "migrations", "--database", "app.db"];
        let run = project.dbmigrate(["status"].iter().chain(&flags)).succeeds();
        assert_eq!(run.stdout.matches("[x] ").count(), count, "{run}");
        assert!(run.stdout.contains("Pending: 1"), "{run}");
        project.dbmigrate(["status", "--check"].iter().chain(&flags)).exits(1);
        assert_eq!(std::fs::read(project.root.join("app.db")).unwrap(), before);
        // A database that the tool does not keep has none of them.
        project.execute("new.db", "PRAGMA user_version = 0");
        let flags = ["--layout", tool, "--dir", "migrations", "--database", "new.db"];
        project.dbmigrate(["status"].iter().chain(&flags)).succeeds().says("Applied: 0");
    }
}

#[test]
fn init_does_not_take_the_files_of_another_tool_for_its_own() {
    let project = Project::new("layouts-init");
    project.write(
        "migrations/00001_users.sql",
        "-- +goose Up\nCREATE TABLE users (id);\n-- +goose Down\nDROP TABLE users;\n",
    );
    let before = project.read("Cargo.toml");
    project
        .init(&[])
        .exits(101)
        .says("`migrations` looks like a folder of goose (`00001_users.sql` contains `-- +goose Up`)")
        .says("take over the files: `cargo dbmigrate adopt`")
        .says("`layout = \"goose\"` in `[package.metadata.migrations]`");
    assert_eq!(project.read("Cargo.toml"), before);
    assert!(!project.has("build.rs"));
    project.edit_manifest(|manifest| {
        manifest["package"]["metadata"] = toml_edit::table();
        manifest["package"]["metadata"]["migrations"]["layout"] = value("goose");
    });
    project.init(&[]).succeeds();
}

#[test]
fn init_says_what_the_files_may_be_where_nothing_is_certain() {
    let project = Project::new("layouts-init-open");
    project.write("migrations/20210422143411_create-history.sql", "CREATE TABLE history (id INTEGER PRIMARY KEY);\n");
    let run = project.init(&[]).succeeds();
    run.says("help: `migrations` may be a folder of another tool").says("`--layout sqlx` or `--layout plain`");
}
