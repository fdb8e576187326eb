//! `init`, `create` and `check` in packages that are not as `cargo new` makes them.

use toml_edit::value;

use crate::support::Project;

const MODULE: &str = "dbmigrate_runtime::include_migrations!(pub mod migrations);";

#[test]
fn the_module_goes_behind_a_shebang_and_documentation() {
    for (test, before, expect) in [
        (
            "shebang",
            "#!/usr/bin/env größe\nfn main() {}\n",
            format!("#!/usr/bin/env größe\n{MODULE}\n\nfn main() {{}}\n"),
        ),
        ("docs-alone", "//! Docs.", format!("//! Docs.\n\n{MODULE}\n")),
        ("no-text", "", format!("{MODULE}\n")),
    ] {
        let project = Project::new(&format!("init-{test}"));
        let file = if before.contains("main") { "src/main.rs" } else { "src/lib.rs" };
        project.write(file, before);
        project.init(&[]).succeeds();
        assert_eq!(project.read(file), expect, "{test}");
    }
}

#[test]
fn a_package_with_crlf_keeps_it() {
    let project = Project::new("init-crlf");
    let files = [
        ("Cargo.toml", project.read("Cargo.toml")),
        ("build.rs", "fn main() {\n    let _ = 1;\n}\n".to_owned()),
        ("src/main.rs", "//! Docs.\n\nfn main() {\n    let _ = 1;\n}\n".to_owned()),
    ];
    for (path, text) in &files {
        project.write(path, text.replace('\n', "\r\n"));
    }
    project.init(&[]).succeeds();
    for (path, _) in &files {
        let text = project.read(path);
        assert!(text.contains("dbmigrate"), "{path}: {text}");
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{path}: {text:?}");
    }
    project.cargo(["build", "-q"]).succeeds();
}

#[test]
fn a_library_of_another_kind_and_name_is_a_library() {
    let project = Project::new("init-rlib");
    project.edit_manifest(|manifest| {
        manifest["lib"]["name"] = value("other");
        manifest["lib"]["crate-type"] = value(toml_edit::Array::from_iter(["staticlib", "rlib"]));
    });
    project.write("src/lib.rs", "pub fn run() {}\n");
    project.init(&["--runner"]).succeeds();
    assert!(project.read("src/lib.rs").starts_with(MODULE), "{}", project.read("src/lib.rs"));
    let runner = project.read(&format!("src/bin/{}-migrate.rs", project.name));
    assert!(runner.contains("other::migrations::migrator().cli()"), "{runner}");
    project.cargo(["build", "-q", "--features", "migrate-cli"]).succeeds();
}

#[test]
fn sources_beside_the_manifest_are_not_searched_through_the_build() {
    let project = Project::new("init-flat");
    project.edit_manifest(|manifest| manifest["lib"]["path"] = value("lib.rs"));
    project.write("lib.rs", "");
    for folder in ["target/debug", "vendored"] {
        project.write(&format!("{folder}/old.rs"), MODULE);
    }
    project.write("target/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55");
    project.write("vendored/Cargo.toml", "[package]\nname = \"vendored\"\n");
    project.init(&[]).succeeds();
    assert_eq!(project.read("lib.rs"), format!("{MODULE}\n"));
}

#[test]
fn a_manifest_that_names_the_default_build_script_has_one() {
    let project = Project::new("init-build-true");
    project.edit_manifest(|manifest| manifest["package"]["build"] = value(true));
    project.init(&[]).succeeds();
    assert!(project.has("build.rs"));
}

#[test]
fn a_configuration_with_faults_is_not_built_upon() {
    let project = Project::new("init-faults");
    project.edit_manifest(|manifest| manifest["package"]["metadata"]["migrations"]["dir"] = value("../elsewhere"));
    let before = project.read("Cargo.toml");
    project.dbmigrate(["init"]).exits(101).says("`dir` can't be `../elsewhere`");
    assert!(!project.has("migrations") && !project.has("build.rs"));
    assert_eq!(project.read("Cargo.toml"), before);
}

#[test]
fn rust_in_a_set_without_a_library_is_told_when_the_runner_comes() {
    let project = Project::wired("runner-without-library", &[]);
    project.write("migrations/001_a.rs", "pub fn up(_: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }\n");
    project.dbmigrate(["init", "--runner"]).succeeds().says("belongs in a library");
}

#[test]
fn a_name_that_ends_like_a_down_script_is_a_way_up() {
    let project = Project::wired("create-down", &[]);
    for name in ["break down", "down"] {
        project.dbmigrate(["create", name]).succeeds();
    }
    project.dbmigrate(["create", "wind_down", "--rust"]).succeeds();
    for file in ["001_break_down.up.sql", "001_break_down.down.sql", "002_down.up.sql", "003_wind_down.rs"] {
        assert!(project.has(&format!("migrations/{file}")), "{file}");
    }
    let list = project.dbmigrate(["list"]).succeeds();
    assert_eq!(list.stdout.lines().count(), 3, "{list}");
}

#[test]
fn a_check_writes_no_file_and_opens_none() {
    let project = Project::wired(
        "check-writes-nothing",
        &[
            ("001_a.sql", "-- dbmigrate: no-transaction\nVACUUM INTO 'copy.db';"),
            ("002_b.sql", "ATTACH 'other.db' AS other;\nCREATE TABLE other.t(x);"),
        ],
    );
    project
        .dbmigrate(["check"])
        .succeeds()
        .says("`002_b` works on another database file")
        .says("so these were not replayed: `002_b`");
    assert!(!project.has("copy.db") && !project.has("other.db"));
}

#[test]
fn a_member_takes_what_its_workspace_says() {
    let project = Project::new("init-member");
    let manifest = "[workspace]\nmembers = [\"renames\", \"lacks\"]\nresolver = \"3\"\n\n\
                    [workspace.dependencies]\nsql = { package = \"rusqlite\", version = \"0.37\" }\n\n\
                    [workspace.metadata.migrations]\ndatabase = \"shared.db\"\n";
    project.write("Cargo.toml", manifest);
    for (member, dependencies) in [("renames", "sql.workspace = true\n"), ("lacks", "")] {
        let package = format!("[package]\nname = \"{member}\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}");
        project.write(&format!("{member}/Cargo.toml"), package);
        project.write(&format!("{member}/src/main.rs"), "fn main() {\n    println!(\"Hello, world!\");\n}\n");
    }
    for member in ["renames", "lacks"] {
        project.init(&["-p", member]).succeeds();
        // The workspace's default stays the one place that says so.
        assert!(!project.read(&format!("{member}/Cargo.toml")).contains("database"), "{member}");
    }
    let renames = project.read("renames/Cargo.toml");
    assert!(!renames.contains("rusqlite"), "{renames}");
    assert!(project.read("renames/src/main.rs").contains("driver = ::sql"));
    // A second SQLite would not resolve.
    let lacks = project.read("lacks/Cargo.toml");
    assert!(lacks.contains("rusqlite = \"0.37\""), "{lacks}");
    assert!(project.read("lacks/src/main.rs").contains("Connection::open(\"shared.db\")"));
}
