//! What is wrong with the files fails `cargo build` with the file and the fix, and `cargo dbmigrate check` says the
//! same with a span.

use crate::support::Project;

const SET: [(&str, &str); 3] =
    [("001_a.sql", "CREATE TABLE a(x);"), ("002_b.sql", "CREATE TABLE b(x);"), ("003_c.sql", "CREATE TABLE c(x);")];

/// Expects both faces to say all of `words` of a package that was broken by `what`.
pub(crate) fn check(project: &Project, what: &str, words: &[&str]) {
    let build = project.cargo(["build", "-q"]);
    assert_ne!(build.code, 0, "{what}: {build}");
    let checked = project.dbmigrate(["check"]).exits(1);
    for word in words {
        assert!(build.stderr.contains(word), "{what}: `{word}` is not in {build}");
        assert!(checked.stderr.contains(word), "{what}: `{word}` is not in {checked}");
    }
}

#[test]
fn every_fault_of_the_set_fails_the_build_and_the_check_alike() {
    let project = Project::wired("build-faults", &SET);
    project.cargo(["build", "-q"]).succeeds();
    project.dbmigrate(["check"]).succeeds();

    project.remove("migrations/002_b.sql");
    check(&project, "a gap", &["migration 002 is missing", "reserved = { 2 = "]);
    project.write("migrations/002_b.sql", SET[1].1);

    project.write("migrations/003_d.sql", "SELECT 1;");
    check(&project, "a duplicate", &["003_c.sql", "003_d.sql"]);
    project.remove("migrations/003_d.sql");

    project.write("migrations/4-Add Users.sql", "SELECT 1;");
    check(&project, "a misnamed file", &["4-Add Users.sql", "004_add_users.sql"]);
    project.remove("migrations/4-Add Users.sql");

    project.write("migrations/004_d.rs", "pub fn upp(_db: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }\n");
    check(&project, "Rust without up", &["004_d.rs", "pub fn up(db: &rusqlite::Connection)"]);
    project.remove("migrations/004_d.rs");

    project.write("migrations/004_d.sql", "SELECT 1;\n  -- dbmigrate: no-transacton\n");
    check(&project, "an unknown directive", &["004_d.sql", "no-transaction"]);
    project.write("migrations/004_d.sql", "CREATE TABLE d(x);\nVACUUM;\n");
    check(&project, "a statement that no transaction holds", &["004_d.sql", "-- dbmigrate: no-transaction"]);
    project.write("migrations/004_d.sql", "SELECT 'open;\n");
    check(&project, "an unterminated string", &["004_d.sql:1:8"]);
    project.remove("migrations/004_d.sql");

    project.write("migrations/005_e.down.sql", "SELECT 1;");
    check(&project, "a down without an up", &["005_e.down.sql"]);
    project.remove("migrations/005_e.down.sql");

    project.cargo(["build", "-q"]).succeeds();
}

#[test]
fn all_faults_are_reported_at_once() {
    let project = Project::wired("all-faults", &SET);
    project.remove("migrations/002_b.sql");
    project.write("migrations/3-c.sql", "");
    project.write("migrations/004_d.sql", "-- dbmigrate: dwon\nSELECT 1;");
    let build = project.cargo(["build", "-q"]).exits(101);
    let checked = project.dbmigrate(["check"]).exits(1);
    for word in ["migration 002 is missing", "3-c.sql", "dwon"] {
        assert!(build.stderr.contains(word), "`{word}` is not in {build}");
        assert!(checked.stderr.contains(word), "`{word}` is not in {checked}");
    }
}

#[test]
fn rustc_names_the_file_whose_function_has_another_signature() {
    let project = Project::wired("wrong-signature", &SET);
    project.write("migrations/004_d.rs", "pub fn up(_name: &str) -> Result<(), std::fmt::Error> {\n    Ok(())\n}\n");
    project.cargo(["build", "-q"]).exits(101).says("migrations/004_d.rs").says("mismatched types");
    // An error that is none is seen in another line, which names the file as well.
    project.write("migrations/004_d.rs", "pub fn up(_db: &rusqlite::Connection) -> Result<(), i32> {\n    Err(1)\n}\n");
    let build = project.cargo(["build", "-q"]).exits(101).says("E0277");
    build.says("// the error of `pub fn up` of migrations/004_d.rs");
}

#[test]
fn a_step_that_nobody_implements_does_not_compile() {
    let project = Project::wired("missing-step", &SET);
    project.write("migrations/004_d.sql", "CREATE TABLE d(x);\n-- dbmigrate: call fill_d\nCREATE INDEX d_x ON d(x);\n");
    let program = |steps: &str| {
        format!(
            "dbmigrate_runtime::include_migrations!(pub mod migrations);

struct Program;

impl migrations::Steps for Program {{
{steps}}}

fn main() -> Result<(), Box<dyn std::error::Error>> {{
    let mut connection = rusqlite::Connection::open(\"app.db\")?;
    migrations::migrator(&Program).up(&mut connection)?;
    Ok(())
}}
"
        )
    };
    project.write("src/main.rs", program(""));
    project.cargo(["build", "-q"]).exits(101).says("not all trait items implemented").says("fill_d");
    project.write(
        "src/main.rs",
        program(
            "    fn fill_d(&self, db: &migrations::Connection) -> Result<(), migrations::StepError> {
        db.execute(\"INSERT INTO d VALUES (42)\", [])?;
        Ok(())
    }
",
        ),
    );
    project.cargo(["run", "-q"]).succeeds();
    assert_eq!(project.query("app.db", "SELECT x FROM d"), ["42"]);
}

#[test]
fn an_editor_keeps_its_names_while_a_file_is_wrong() {
    let project = Project::wired("stub-keeps-names", &SET);
    project.write(
        "src/main.rs",
        "dbmigrate_runtime::include_migrations!(pub mod migrations);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut connection = rusqlite::Connection::open(\"app.db\")?;
    migrations::migrator().up_to(&mut connection, migrations::Migration::M001A)?;
    println!(\"{} {}\", migrations::Migration::LATEST, migrations::Migration::ALL.len());
    Ok(())
}
",
    );
    project.cargo(["run", "-q"]).succeeds().says("003_c 3");
    project.remove("migrations/002_b.sql");
    let build = project.cargo(["build", "-q"]).exits(101);
    assert_eq!(
        build.stderr.matches("\nerror").count() + usize::from(build.stderr.starts_with("error")),
        2,
        "one fault and cargo's own last line: {build}"
    );
}
