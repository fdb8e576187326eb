//! The generated module in every kind of package: editions, strict lints, renamed dependencies, workspaces, library
//! and binary.

use toml_edit::value;

use crate::support::{Project, checkout};

const SET: [(&str, &str); 6] = [
    (
        "001_a.sql",
        "-- Description: The `first` table of <a> [set].\nCREATE TABLE a(x);\n-- dbmigrate: down\nDROP TABLE a;",
    ),
    ("002_b.sql", "INSERT INTO a VALUES ('it''s \"quoted\" \\ ```');\n-- dbmigrate: call fill\n"),
    (
        "003_c.rs",
        "use rusqlite::Connection;\n\n/// Adds a column.\n///\n/// # Errors\n///\n/// What SQLite says.\n\
         pub fn up(db: &Connection) -> rusqlite::Result<()> {\n    db.execute_batch(\"ALTER TABLE a ADD COLUMN y\")\n}\n",
    ),
    ("hooks/before_all.sql", "SELECT 'it''s \"quoted\" \\ ```';\n"),
    ("hooks/after_all.sql", "ANALYZE;\n"),
    ("repeatable/names.sql", "CREATE VIEW \"a \"\"name\"\"\" AS SELECT x FROM a;\n"),
];

const LIBRARY: &str = "//! A strict library.
#![forbid(unsafe_code, dead_code, missing_docs, missing_debug_implementations, unused_qualifications)]
#![deny(warnings, unreachable_pub)]

dbmigrate_runtime::include_migrations! {
    /// The migrations of this library.
    pub mod migrations
}

/// The steps of this library, which borrow something.
#[derive(Debug)]
pub struct Steps<'a>(pub &'a str);

impl migrations::Steps for Steps<'_> {
    fn fill(&self, db: &migrations::Connection) -> Result<(), migrations::StepError> {
        db.execute(\"INSERT INTO a VALUES (?1)\", [self.0])?;
        Ok(())
    }
}
";

const PROGRAM: &str = "fn main() -> Result<(), Box<dyn std::error::Error>> {
    let word = String::from(\"borrowed\");
    let steps = strict::Steps(&word);
    let mut connection = rusqlite::Connection::open_in_memory()?;
    let report = strict::migrations::migrator(&steps).up(&mut connection)?;
    let newest: strict::migrations::Migration = \"003_c\".parse()?;
    assert_eq!(newest, strict::migrations::Migration::LATEST);
    assert!(\"004_d\".parse::<strict::migrations::Migration>().is_err());
    let x: String = connection.query_row(\"SELECT group_concat(x, ' ') FROM a\", [], |row| row.get(0))?;
    println!(\"{} {newest} {x}\", report.applied.len());
    Ok(())
}
";

#[test]
fn strict_crates_of_every_edition_take_the_module() {
    for edition in ["2018", "2021", "2024"] {
        let project = Project::wired(&format!("edition-{edition}"), &SET);
        project.edit_manifest(|manifest| {
            manifest["package"]["edition"] = value(edition);
            manifest["lib"]["name"] = value("strict");
        });
        project.write("src/lib.rs", LIBRARY);
        project.write("src/main.rs", PROGRAM);
        let run = project.cargo(["run", "-q"]).succeeds();
        assert_eq!(run.stdout, "3 003_c it's \"quoted\" \\ ``` borrowed\n", "{edition}");
        assert_eq!(run.stderr, "", "{edition}");
    }
}

#[test]
fn library_and_binary_include_the_same_sql() {
    let project = Project::wired("lib-and-bin", &SET[..1]);
    project.edit_manifest(|manifest| manifest["lib"]["name"] = value("strict"));
    let module = "dbmigrate_runtime::include_migrations!(pub mod migrations);\n";
    project.write("src/lib.rs", module);
    project.write(
        "src/main.rs",
        format!(
            "#![deny(warnings)]\n{module}fn main() {{\n    println!(\"{{}} {{}}\", migrations::Migration::LATEST, \
             strict::migrations::Migration::LATEST);\n}}\n"
        ),
    );
    assert_eq!(project.cargo(["run", "-q"]).succeeds().stdout, "001_a 001_a\n");
    project.dbmigrate(["check"]).succeeds();

    // With Rust in the set its code would be compiled twice: `check` says so.
    project.write("migrations/002_b.rs", SET[2].1);
    project.dbmigrate(["check"]).exits(1).says("included in `src/lib.rs` and `src/main.rs`");
}

#[test]
fn renamed_dependencies_work() {
    let project = Project::wired("renamed", &SET[..1]);
    project.edit_manifest(|manifest| {
        for (table, package, name) in [
            ("dependencies", "dbmigrate-runtime", "runner"),
            ("build-dependencies", "dbmigrate-build", "registrar"),
            ("dependencies", "rusqlite", "sqlite"),
        ] {
            let mut dependency = manifest[table].as_table_mut().unwrap().remove(package).unwrap();
            dependency["package"] = value(package);
            manifest[table][name] = dependency;
        }
    });
    project.write("build.rs", "fn main() -> Result<(), registrar::Error> {\n    registrar::generate()\n}\n");
    project.write(
        "src/main.rs",
        "mod db {
    runner::include_migrations!(pub mod migrations, driver = ::sqlite);
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut connection = sqlite::Connection::open_in_memory()?;
    println!(\"{}\", db::migrations::migrator().up(&mut connection)?.applied.len());
    Ok(())
}
",
    );
    assert_eq!(project.cargo(["run", "-q"]).succeeds().stdout, "1\n");
    project.dbmigrate(["check"]).succeeds();
}

#[test]
fn without_a_driver_any_connection_of_the_program_will_do() {
    let project = Project::wired("no-driver", &SET[..1]);
    project.write(
        "src/main.rs",
        "use dbmigrate_runtime::{Driver, Rows, Value};

dbmigrate_runtime::include_migrations!(pub mod migrations, driver = none);
dbmigrate_runtime::rusqlite_driver!(::rusqlite);

struct Own<D>(D);

impl<D: Driver> Driver for Own<D> {
    type Error = D::Error;
    fn execute(&mut self, sql: &str) -> Result<(), D::Error> {
        self.0.execute(sql)
    }
    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Rows, D::Error> {
        self.0.query(sql, params)
    }
    fn in_transaction(&mut self) -> bool {
        self.0.in_transaction()
    }
    fn is_busy(error: &D::Error) -> bool {
        D::is_busy(error)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    use dbmigrate_runtime::Backend;
    let mut connection = Connection::open_in_memory()?;
    let mut driver = Own(Rusqlite::driver(&mut connection));
    println!(\"{}\", migrations::migrator().up_with(&mut driver)?.applied.len());
    Ok(())
}
",
    );
    assert_eq!(project.cargo(["run", "-q"]).succeeds().stdout, "1\n");
}

#[test]
fn a_package_inside_a_bigger_workspace_is_found_and_read_alone() {
    let project = Project::wired("workspace", &SET[..1]);
    let member = |name: &str, extra: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{extra}\n[dependencies]\n\
             dbmigrate-runtime = {{ path = {:?} }}\nrusqlite = {{ version = \"0.43\", features = [\"bundled\"] }}\n\
             [build-dependencies]\ndbmigrate-build = {{ path = {:?} }}\n",
            checkout().join("dbmigrate-runtime"),
            checkout().join("dbmigrate-build"),
        )
    };
    let build = project.read("build.rs");
    for name in ["workspace-one", "workspace-two"] {
        project.write(
            &format!("crates/{name}/Cargo.toml"),
            member(name, "[package.metadata.migrations]\ndatabase = \"own.db\"\n"),
        );
        project.write(&format!("crates/{name}/build.rs"), &build);
        project.write(
            &format!("crates/{name}/src/lib.rs"),
            "dbmigrate_runtime::include_migrations!(pub mod migrations);\n",
        );
        project.write(&format!("crates/{name}/migrations/001_{}.sql", name.replace('-', "_")), "CREATE TABLE t(x);");
    }
    project.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n\n[workspace.metadata.migrations]\ndatabase = \"shared.db\"\n",
    );
    project.cargo(["build", "-q", "--workspace"]).succeeds();
    project.dbmigrate(["list"]).succeeds().says("001_workspace_one").says("001_workspace_two");
    project.dbmigrate(["check", "--workspace", "--exclude", "workspace-two"]).succeeds().says_not("workspace-two");
    project.dbmigrate(["up"]).exits(2).says("`-p workspace-one`");
    for verb in ["status", "verify", "history", "backup", "down"] {
        project.dbmigrate([verb, "-p", "workspace-one"]).says("`cargo dbmigrate up -p workspace-one`");
    }
    project.dbmigrate(["up", "-p", "workspace-one"]).succeeds();
    assert!(project.has("crates/workspace-one/own.db"), "paths are relative to the package");
    project.dbmigrate(["up", "-p", "workspace-tow"]).exits(101).says("`workspace-two`");
}
