//! A command that is called elsewhere than in its package: files are named from where it was called, and what it suggests
//! does, typed as it stands, what it says.

use crate::git::git;
use crate::support::{Project, Run};

/// A workspace of two packages with a migration each.
fn workspace(test: &str) -> Project {
    let project = Project::new(test);
    project.write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n");
    for (name, sql) in [("one", "CREATE TABLE a (x);"), ("two", "CREATE TABLE b (x);")] {
        let folder = format!("crates/{test}-{name}");
        project.write(&format!("{folder}/src/main.rs"), "fn main() {}\n");
        let manifest = format!(
            "[package]\nname = \"{test}-{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [package.metadata.migrations]\ndatabase = \"app.db\"\n"
        );
        project.write(&format!("{folder}/Cargo.toml"), manifest);
        project.write(&format!("{folder}/migrations/001_a.sql"), sql);
    }
    project
}

/// Types the command that a message has between these words and a backtick.
fn type_what_follows(project: &Project, run: &Run, words: &str) -> Run {
    let (_, rest) = run.stderr.split_once(words).unwrap_or_else(|| panic!("`{words}` is not in {run}"));
    let command = rest.split('`').nth(1).unwrap().replace("cargo dbmigrate", env!("CARGO_BIN_EXE_cargo-dbmigrate"));
    Run::of(project.command("sh").args(["-c", &command]))
}

#[test]
#[cfg(unix)]
fn files_are_named_from_the_shells_folder_by_every_command() {
    let project = workspace("places-files");
    project.write("crates/places-files-one/migrations/no pe.sql", "SELECT 1;");
    let package = ["-p", "places-files-one"];
    for command in [&["list"][..], &["status"], &["check"], &["up"], &["lock"], &["schema"], &["test"], &["script"]] {
        let run = project.dbmigrate([command, &package].concat());
        run.says("--> crates/places-files-one/migrations/no pe.sql");
    }
    let run = project.dbmigrate(["list", "-p", "places-files-one"]);
    type_what_follows(&project, &run, "rename it: ").succeeds();
    assert!(project.has("crates/places-files-one/migrations/002_no_pe.sql"));
    let create = project.dbmigrate(["create", "x", "-p", "places-files-one"]).succeeds();
    create.says("Created crates/places-files-one/migrations/003_x.sql");
    project.write("crates/places-files-one/migrations/003_x.sql", "CREATE TABL x;");
    let run = project.dbmigrate(["up", "-p", "places-files-one"]).exits(101);
    run.says("--> crates/places-files-one/migrations/003_x.sql:1:8");
    let run = project.dbmigrate(["status", "-v", "--manifest-path", "crates/places-files-one/Cargo.toml"]).succeeds();
    run.says("file: crates/places-files-one/migrations/001_a.sql");
    // Programs read them as ever: from the package.
    let json = project.dbmigrate(["status", "-p", "places-files-one", "--message-format", "json"]).succeeds();
    json.says("\"file\":\"migrations/001_a.sql\"");
    let elsewhere = Run::of(
        project
            .command(env!("CARGO_BIN_EXE_cargo-dbmigrate"))
            .current_dir(project.root.join("crates/places-files-two"))
            .args(["dbmigrate", "check", "-p", "places-files-one"]),
    );
    elsewhere.says("--> ../places-files-one/migrations/003_x.sql:1:8");
}

#[test]
#[cfg(unix)]
fn what_is_suggested_names_the_package() {
    let project = workspace("places-help");
    let one = ["-p", "places-help-one"];
    let with = |command: &[&str]| project.dbmigrate([command, &one].concat());
    let run =
        with(&["generate"]).exits(101).says("there is no `schema.sql`").says("--> crates/places-help-one/schema.sql");
    type_what_follows(&project, &run, "create it from the migrations: ").succeeds();
    assert!(project.has("crates/places-help-one/schema.sql") && !project.has("crates/places-help-two/schema.sql"));
    project.write("crates/places-help-one/schema.sql", "CREATE TABLE a (x);\nCREATE TABLE c (x);\n");
    // Called for all of them, each is named as well.
    let run = project.dbmigrate(["check"]).exits(1);
    type_what_follows(&project, &run, "to make it the next migration: ").succeeds();
    assert!(project.has("crates/places-help-one/migrations/002_add_c.sql"));
    let run = with(&["squash", "--through", "2"]).succeeds();
    type_what_follows(&project, &run, "to undo it: ").succeeds();
    let run = with(&["snapshot"]).succeeds();
    type_what_follows(&project, &run, "seal it: ").succeeds();
    assert!(project.has("crates/places-help-one/migrations/migrations.lock"));
    assert!(!project.has("crates/places-help-two/migrations/migrations.lock"));
    project.write("crates/places-help-one/migrations/001_a.sql", "CREATE TABLE a (y);");
    git(&project, &["init", "--quiet"]).succeeds();
    with(&["up"])
        .exits(101)
        .says("`cargo dbmigrate create NAME -p places-help-one`")
        .says("`git -C crates/places-help-one checkout -- migrations/001_a.sql`");
    project.write("crates/places-help-two/migrations/002_code.rs", "pub fn up(_: &rusqlite::Connection) {}");
    project
        .dbmigrate(["up", "--manifest-path", "crates/places-help-two/Cargo.toml"])
        .exits(101)
        .says("`cargo dbmigrate init --runner --manifest-path crates/places-help-two/Cargo.toml`");
    let run = project.dbmigrate(["drift", "-p", "places-help-two"]).exits(101);
    run.says("`cargo dbmigrate up --database crates/places-help-two/app.db -p places-help-two`");
}

#[test]
fn packages_with_files_in_common_share_their_history() {
    let project = workspace("places-common");
    let (one, two) = ("crates/places-common-one", "crates/places-common-two");
    let sql = project.read(&format!("{one}/migrations/001_a.sql"));
    project.write(&format!("{two}/migrations/001_a.sql"), sql);
    project.write(&format!("{two}/migrations/002_b.sql"), "CREATE TABLE b (x);");
    let on = |command, package| project.dbmigrate([command, "-p", package, "--database", "both.db"]);
    on("up", "places-common-two").succeeds();
    // The one has not all that the other has, as any program that is older than its database.
    on("status", "places-common-one").says("002_b").says_not("is the history of");
}

#[test]
#[cfg(unix)]
fn a_pipe_is_no_database_of_a_workspace() {
    let project = workspace("places-pipe");
    Run::of(project.command("mkfifo").arg("pipe")).succeeds();
    // To open it would wait for somebody who writes.
    let run = project.dbmigrate(["status", "-p", "places-pipe-one", "--database", "pipe"]);
    run.exits(101).says("`pipe` is not a file");
}

/// Both call their first migration `001_a`: in one table, that of the other would be its own, edited.
#[test]
fn the_history_of_another_package_is_called_so() {
    let project = workspace("places-shared");
    let on = |command: &[&str], package: &str| {
        project.dbmigrate([command, &["-p", package, "--database", "both.db"]].concat())
    };
    let (one, two) = ("places-shared-one", "places-shared-two");
    on(&["up"], one).succeeds();
    for command in ["up", "status", "verify", "drift", "down", "redo", "repair"] {
        on(&[command], two)
            .exits(101)
            .says("`_migrations` in `both.db` is the history of package `places-shared-one`")
            .says("--> crates/places-shared-two/Cargo.toml")
            .says("`table = \"_migrations_places_shared_two\"` under `[package.metadata.migrations]`")
            .says_not("edited");
    }
    on(&["history"], two).succeeds();
    on(&["status"], one).succeeds();
    let manifest = project.read("crates/places-shared-two/Cargo.toml");
    project.write("crates/places-shared-two/Cargo.toml", manifest + "table = \"_migrations_places_shared_two\"\n");
    on(&["up", "--existing"], two).succeeds().says("1 migration applied");
    on(&["verify"], two).succeeds();
    on(&["verify"], one).succeeds();
    assert_eq!(project.query("both.db", "SELECT name FROM sqlite_schema WHERE name IN ('a', 'b')").len(), 2);
    // What was edited is called edited.
    project.write(&format!("crates/{one}/migrations/001_a.sql"), "CREATE TABLE a (x, y);");
    on(&["status"], one).succeeds().says("edited");
}

#[test]
fn what_was_typed_is_named_as_it_was_typed() {
    let project = workspace("places-typed");
    project.write("wrong.sql", "CREATE TABL a;");
    let one = ["-p", "places-typed-one"];
    let with = |command: &[&str]| project.dbmigrate([command, &one].concat());
    with(&["schema", "--to", "wrong.sql"]).exits(101).says("--> wrong.sql:1:8");
    with(&["schema", "--to", "none.sql"]).exits(101).says("could not read `none.sql`").says("--> none.sql");
    let absolute = project.root.join("wrong.sql").display().to_string();
    with(&["schema", "--to", &absolute]).exits(101).says(&format!("--> {absolute}:1:8"));
    with(&["script", "-o", "Cargo.toml"]).exits(101).says("error: `Cargo.toml` exists");
    let folder = ["--dir", "crates/places-typed-one/migrations"];
    project.write("crates/places-typed-one/migrations/003_x.sql", "SELECT 1;");
    project
        .dbmigrate([&["list"], &folder[..]].concat())
        .exits(101)
        .says("--> crates/places-typed-one/migrations/003_x.sql");
}

#[test]
#[cfg(unix)]
fn a_package_is_named_as_cargo_names_it() {
    let project = workspace("places-spec");
    let url = format!("file://{}", project.root.join("crates/places-spec-one").display());
    let specs = [
        "places-spec-one@0.1.0".to_owned(),
        "places-spec-one@0.1".to_owned(),
        "*-one".to_owned(),
        url.clone(),
        format!("path+{url}#0.1.0"),
        format!("path+{url}#places-spec-one@0.1.0"),
    ];
    for spec in &specs {
        let run = project.dbmigrate(["list", "-p", spec, "-v"]).succeeds();
        assert_eq!(
            run.stdout, "001_a  sql   no down\n      file: crates/places-spec-one/migrations/001_a.sql\n",
            "{spec}"
        );
        let run = project.dbmigrate(["list", "--workspace", "--exclude", spec, "-v"]).succeeds();
        run.says_not("places-spec-one").says("places-spec-two");
    }
    // Cargo itself takes them, too.
    project.cargo(["generate-lockfile", "--offline"]).succeeds();
    for spec in specs.iter().filter(|spec| !spec.contains('*')) {
        project.cargo(["pkgid", spec]).succeeds();
    }
    project.dbmigrate(["list", "-p", "places-spec-one@0.2"]).exits(101).says("is not in this workspace");
    project.dbmigrate(["list", "-p", "places-spec-on@0.1"]).exits(101).says("exists: `places-spec-one`");
    // What is suggested leads to it, however it was named.
    let run =
        project.dbmigrate(["down", "-p", &specs[0]]).exits(101).says("`cargo dbmigrate up -p 'places-spec-one@0.1.0'`");
    type_what_follows(&project, &run, "help: ").succeeds();
}

#[test]
fn what_is_wrong_with_the_workspace_is_said_once_and_of_packages_with_migrations() {
    let project = workspace("places-faults");
    project.write("crates/bare/src/main.rs", "fn main() {}\n");
    project.write("crates/bare/Cargo.toml", "[package]\nname = \"bare\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    let workspace = project.read("Cargo.toml");
    project.write("Cargo.toml", format!("{workspace}[workspace.metadata.migrations]\ndatabse = \"app.db\"\n"));
    for (command, exit) in [(&["check", "--workspace"][..], 1), (&["list"], 101)] {
        let run = project.dbmigrate(command).exits(exit).says_not("bare");
        assert_eq!(run.stderr.matches("unknown key `databse`").count(), 1, "{run}");
    }
    // The same words about two manifests are two faults.
    project.write("Cargo.toml", workspace);
    for name in ["one", "two"] {
        let path = format!("crates/places-faults-{name}/Cargo.toml");
        project.write(&path, project.read(&path).replace("database", "databse"));
    }
    let run = project.dbmigrate(["list"]).exits(101);
    assert_eq!(run.stderr.matches("unknown key `databse`").count(), 2, "{run}");
}

#[test]
fn a_root_without_migrations_names_the_packages_that_have_some() {
    let project = workspace("places-root");
    let root = "[package]\nname = \"places-root\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n";
    project.write("Cargo.toml", format!("{root}{}", project.read("Cargo.toml")));
    for command in ["list", "status", "check", "up"] {
        let run = project.dbmigrate([command]);
        assert_ne!(run.code, 0, "{run}");
        run.says("help: or name a package that has migrations: `-p places-root-one`, `-p places-root-two`");
    }
    project.dbmigrate(["create", "first"]).succeeds();
    project.dbmigrate(["list"]).succeeds().says("001_first");
}
