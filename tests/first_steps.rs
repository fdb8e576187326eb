//! From an empty folder to a program that migrates itself, and what happens when a file comes or goes.

use crate::git::git;
use crate::support::{Project, Run};

#[test]
fn a_new_program_migrates_on_start_and_sees_the_next_file_by_itself() {
    let project = Project::new("first-steps");
    project.init(&[]).succeeds();
    for (name, sql) in [
        ("create_teams", "CREATE TABLE teams(id INTEGER PRIMARY KEY, name TEXT NOT NULL);"),
        ("create_members", "CREATE TABLE members(id INTEGER PRIMARY KEY, team REFERENCES teams ON DELETE CASCADE);"),
        ("Add team colour", "ALTER TABLE teams ADD COLUMN colour TEXT;"),
    ] {
        let created = project.dbmigrate(["create", name]).succeeds();
        let up = created.stdout.lines().next().unwrap();
        std::fs::write(up, sql).unwrap();
    }
    assert!(project.has("migrations/004_add_team_colour.sql"));
    assert!(project.has("migrations/004_add_team_colour.down.sql"));

    assert_eq!(project.read(".gitignore"), "/target\n/first-steps.db*\n");
    let run = project.cargo(["run", "-q"]).succeeds();
    assert_eq!(
        run.stdout,
        "applied 001_initial_schema\napplied 002_create_teams\napplied 003_create_members\napplied 004_add_team_colour\n"
    );
    let database = format!("{}.db", project.name);
    assert_eq!(project.query(&database, "SELECT count(*) FROM pragma_table_info('teams')"), ["3"]);
    let again = project.cargo(["run", "-q"]).succeeds();
    assert_eq!(again.stdout, "");

    // No source is touched: the build script watches the folder.
    project.write("migrations/005_add_motto.sql", "ALTER TABLE teams ADD COLUMN motto TEXT;");
    project.cargo(["build", "-q"]).succeeds();
    project.dbmigrate(["status", "--check"]).exits(1).says("[ ] 005_add_motto");
    let run = project.cargo(["run", "-q"]).succeeds();
    assert_eq!(run.stdout, "applied 005_add_motto\n");
    project.dbmigrate(["status", "--check"]).succeeds().says("Total: 5 | Applied: 5 | Pending: 0");

    // A build with nothing new runs no build script and compiles nothing.
    let quiet = project.cargo(["build", "-v"]).succeeds();
    assert!(quiet.stderr.lines().all(|line| !line.contains("Dirty") && !line.contains("Compiling")), "{quiet}");
}

#[test]
fn a_member_of_a_workspace_keeps_its_database_out_of_git() {
    let project = Project::new("member-ignores");
    project.remove(".gitignore");
    for name in ["one", "two", "three"] {
        let manifest =
            format!("[package]\nname = \"member-{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n");
        project.write(&format!("{name}/Cargo.toml"), &manifest);
        project.write(&format!("{name}/src/main.rs"), "fn main() {}\n");
    }
    project.write("Cargo.toml", "[workspace]\nmembers = [\"one\", \"two\", \"three\"]\nresolver = \"3\"\n");
    let init = |name: &str| project.init(&["-p", &format!("member-{name}")]).succeeds();
    // The checkout, in which all of this lies, ignores it.
    init("one").says_not(".gitignore");
    assert!(!project.has("one/.gitignore"));
    git(&project, &["init", "--quiet"]).succeeds();
    init("two").says("Created two/.gitignore (the database and its copies)");
    assert_eq!(project.read("two/.gitignore"), "/member-two.db*\n");
    init("two").says_not(".gitignore");
    project.write(".gitignore", "/target\n*.db\n");
    init("three").says_not(".gitignore");
    assert!(!project.has("three/.gitignore"));
}

#[test]
fn init_writes_nothing_where_the_folder_is_none_of_migrations() {
    let project = Project::new("init-dir");
    let dir = |dir: &str| {
        project.edit_manifest(|manifest| {
            manifest["package"]["metadata"]["migrations"]["dir"] = toml_edit::value(dir);
        });
        project.read("Cargo.toml")
    };
    for (folder, expect) in [
        ("src", "error: `main.rs` is not the name of a migration"),
        ("src/main.rs", "error: `src/main.rs` is a file, not a folder of migrations"),
    ] {
        let manifest = dir(folder);
        let run = project.init(&[]).exits(101).says(expect);
        run.says("`dir` in `[package.metadata.migrations]`");
        assert_eq!((project.read("Cargo.toml"), project.has("build.rs")), (manifest, false), "{folder}");
    }
    // A folder that only stands for itself is one to begin in.
    project.write("db/.gitkeep", "");
    dir("db");
    project.init(&[]).succeeds().says("Created db/001_initial_schema.sql");
}

#[test]
fn a_checkout_that_is_named_late_is_where_the_crates_come_from() {
    let project = Project::new("init-path-later");
    project.dbmigrate(["init"]).succeeds();
    assert!(project.read("Cargo.toml").contains("dbmigrate-build = \"0.1.0\""));
    project
        .init(&[])
        .succeeds()
        .says("Changed Cargo.toml (dependency `dbmigrate-runtime`, build-dependency `dbmigrate-build`)");
    project.cargo(["build", "-q"]).succeeds();
    project.init(&[]).succeeds().says("is already set up");
}

#[test]
fn lints_of_the_package_find_nothing_in_the_build_script() {
    let project = Project::new("init-lints");
    project.edit_manifest(|manifest| {
        for lint in ["missing_docs", "unreachable_pub", "warnings"] {
            manifest["lints"]["rust"][lint] = toml_edit::value("deny");
        }
    });
    project.init(&[]).succeeds();
    project.write("src/main.rs", format!("//! Opens a database.\n{}", project.read("src/main.rs")));
    project.cargo(["build", "-q"]).succeeds();
}

#[test]
fn init_fits_into_a_package_that_has_a_build_script_already() {
    let project = Project::new("init-merges");
    project.write("build.rs", "//! Builds.\n\nfn main() {\n    println!(\"cargo:rustc-env=GREETING=hello\");\n}\n");
    project.write("src/main.rs", "//! Greets.\n\nfn main() {\n    println!(\"{}\", env!(\"GREETING\"));\n}\n");
    project.init(&[]).succeeds();
    assert!(
        project.read("build.rs").contains("fn main() {\n    dbmigrate_build::generate()"),
        "{}",
        project.read("build.rs")
    );
    assert!(project.read("build.rs").contains("GREETING"));
    assert!(
        project
            .read("src/main.rs")
            .starts_with("//! Greets.\n\ndbmigrate_runtime::include_migrations!(pub mod migrations);\n\nfn main()")
    );
    project.cargo(["run", "-q"]).succeeds().says("hello");
    project.dbmigrate(["check"]).succeeds();

    let before = ["Cargo.toml", "build.rs", "src/main.rs"].map(|path| project.read(path));
    project.init(&[]).succeeds();
    assert_eq!(
        ["Cargo.toml", "build.rs", "src/main.rs"].map(|path| project.read(path)),
        before,
        "a second `init` changes nothing"
    );
}

#[test]
fn two_creates_at_once_take_two_numbers() {
    let project = Project::wired("create-race", &[("001_a.sql", "CREATE TABLE a(x);")]);
    let names: Vec<String> = (0..8).map(|n| format!("step_{n}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| project.dbmigrate(["create", name, "--no-down"]).succeeds());
        }
    });
    let list = project.dbmigrate(["list"]).succeeds();
    assert_eq!(list.stdout.lines().count(), 9, "{list}");
}

#[test]
fn what_a_header_says_is_listed_for_who_asks() {
    let header = "-- Migration: Users\n-- Date: 2026-11-01\n-- Version: 1.1.0\n-- Description: Who may come in.\n";
    let project = Project::wired("list-header", &[("001_users.sql", &format!("{header}CREATE TABLE users (id);\n"))]);
    assert_eq!(project.dbmigrate(["list"]).succeeds().stdout, "001_users  sql   no down       Users\n");
    let list = project.dbmigrate(["list", "--verbose"]).succeeds().stdout;
    let details =
        ["date: 2026-11-01", "description: Who may come in.", "version: 1.1.0", "file: migrations/001_users.sql"];
    let lines: Vec<&str> = list.lines().skip(1).map(str::trim_start).collect();
    assert_eq!(lines, details);
    // `status` says the same.
    project.dbmigrate(["up"]).succeeds();
    let status = project.dbmigrate(["status", "--verbose"]).succeeds();
    assert!(details.iter().all(|line| status.stdout.contains(line)), "{status}");
    let json = project.dbmigrate(["list", "--message-format", "json"]).succeeds();
    json.says("\"date\":\"2026-11-01\"").says("\"description\":\"Who may come in.\"").says("\"version\":\"1.1.0\"");
}

#[test]
fn a_forgotten_build_script_is_an_error_that_names_init() {
    let project = Project::wired("no-build-script", &[("001_a.sql", "CREATE TABLE a(x);")]);
    project.remove("build.rs");
    project.cargo(["build", "-q"]).exits(101).says("cargo dbmigrate init");
    project.dbmigrate(["check"]).exits(1).says("does not call `dbmigrate_build::generate()`");
}

#[test]
fn a_slip_in_a_package_that_is_wired_without_a_configuration_is_no_other_tool() {
    let project = Project::wired("wired-by-hand", &[("001_a.sql", "CREATE TABLE a(x DEFAULT 'b);")]);
    project.edit_manifest(|manifest| drop(manifest["package"].as_table_mut().unwrap().remove("metadata")));
    project.dbmigrate(["check"]).exits(1).says("a string starts here and never ends").says_not("--layout");
    for file in 2..8 {
        project.write(&format!("migrations/00{file}_b.sql"), "SELECT 1;\n");
    }
    project.write("migrations/001_a.sql", "CREATE TABLE a(x;");
    // Many names that follow one another are named by the first and the last.
    project.dbmigrate(["check"]).exits(1).says("not replayed after the failure: `002_b` to `007_b` (6 in all)");
}

#[test]
fn a_folder_for_a_manifest_and_a_missing_cargo_come_with_what_to_do() {
    let project = Project::new("manifest-folder");
    let root = project.root.display();
    let run = project.dbmigrate(["check", "--manifest-path", &root.to_string()]).exits(101);
    run.says(&format!("help: name the file in it: `--manifest-path {root}/Cargo.toml`"));
    let mut command = project.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
    command.args(["dbmigrate", "check"]).env("CARGO", "no-such-cargo");
    Run::of(&mut command).exits(101).says("error: could not run `cargo metadata`").says("help: add cargo to `PATH`");
}

#[test]
fn a_fresh_program_gets_few_crates_and_no_other_sqlite() {
    let project = Project::new("crate-count");
    let before = crates(&project);
    assert_eq!(before.len(), 1);
    project.init(&[]).succeeds();
    let after = crates(&project);
    let sqlite: Vec<&String> = after.iter().filter(|name| name.contains("sqlite")).collect();
    assert_eq!(sqlite, ["libsqlite3-sys", "rusqlite"], "the program's own, and no other");
    project.edit_manifest(|manifest| {
        manifest["dependencies"].as_table_mut().unwrap().remove("dbmigrate-runtime");
        manifest["build-dependencies"].as_table_mut().unwrap().remove("dbmigrate-build");
    });
    let alone = crates(&project);
    let added: Vec<&String> = after.iter().filter(|name| !alone.contains(name)).collect();
    assert!(added.len() <= 7, "{} crates added: {added:?}", added.len());
}

/// The names of all crates that a build of the package compiles, itself included.
fn crates(project: &Project) -> Vec<String> {
    let tree =
        project.cargo(["tree", "--prefix", "none", "--format", "{lib}|{p}", "--edges", "normal,build"]).succeeds();
    let names = tree.stdout.lines().filter_map(|line| line.split('|').nth(1)?.split(' ').next());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}
