//! `out-of-order = "apply"`: what two branches bring in the wrong order runs only where both orders make one schema,
//! and `check` says so before anybody runs it.

use toml_edit::value;

use crate::git::{commit, git};
use crate::support::Project;

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n";
const AGE: &str = "ALTER TABLE users ADD COLUMN age INTEGER;\n";

/// A package whose database has the migrations of two days, in git.
fn project(test: &str, late: &[(&str, &str)]) -> Project {
    let project = Project::wired(test, &[("20260101000000_users.sql", USERS), ("20260103000000_age.sql", AGE)]);
    project.edit_manifest(|manifest| {
        let settings = &mut manifest["package"]["metadata"]["migrations"];
        settings["numbering"] = value("timestamp");
        settings["out-of-order"] = value("apply");
    });
    project.dbmigrate(["up", "--quiet"]).succeeds();
    git(&project, &["init", "--quiet"]).succeeds();
    commit(&project, "two");
    for (name, text) in late {
        project.write(&format!("migrations/{name}"), text);
    }
    project
}

fn history(project: &Project) -> Vec<String> {
    project.query("app.db", "SELECT name FROM _migrations ORDER BY id")
}

#[test]
fn a_late_one_that_changes_nothing_of_the_others_is_applied() {
    let project = project(
        "late-free",
        &[(
            "20260102000000_posts.sql",
            "CREATE TABLE posts (user_id REFERENCES users);\nUPDATE users SET name = 'x' WHERE id = 1;\n",
        )],
    );
    project.dbmigrate(["check", "--since", "HEAD"]).succeeds().says_not("order");
    project
        .dbmigrate(["status"])
        .succeeds()
        .says("[!] 20260102000000_posts  (pending, although a later one is applied)");
    project.dbmigrate(["up", "--dry-run"]).succeeds().says("20260102000000_posts");
    assert_eq!(history(&project), ["20260101000000_users", "20260103000000_age"]);
    project.dbmigrate(["up"]).succeeds();
    assert_eq!(history(&project).len(), 3);
    project.dbmigrate(["verify"]).succeeds();
    project.dbmigrate(["drift"]).succeeds();
}

#[test]
fn an_order_that_matters_is_refused_before_anything_is_written() {
    let email = "ALTER TABLE users ADD COLUMN email TEXT;\n-- dbmigrate: down\nALTER TABLE users DROP COLUMN email;\n";
    let project = project("late-conflict", &[("20260102000000_email.sql", email)]);
    let said = "`20260102000000_email` is not applied, but `20260103000000_age` is, and their order matters";
    let differs = "in this order, table `users`: the order of columns becomes `id`, `name`, `age`, `email`";
    project
        .dbmigrate(["check", "--since", "HEAD"])
        .exits(1)
        .says("`20260102000000_email` comes after `20260103000000_age` of `HEAD`, and their order matters")
        .says(differs)
        .says("`cargo dbmigrate renumber --onto HEAD`");
    let before = std::fs::read(project.root.join("app.db")).unwrap();
    project.dbmigrate(["up", "--dry-run"]).exits(1).says(said).says(differs);
    project.dbmigrate(["up"]).exits(101).says(said).says(differs).says("nothing was applied");
    assert_eq!(std::fs::read(project.root.join("app.db")).unwrap(), before);
    // What the message offers helps.
    project.dbmigrate(["renumber", "--onto", "HEAD"]).succeeds();
    project.dbmigrate(["check", "--since", "HEAD"]).succeeds();
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["drift"]).succeeds();
}

#[test]
fn one_that_fails_after_the_others_is_refused_with_the_reason() {
    let project = project("late-fails", &[("20260102000000_fill.sql", "ALTER TABLE users ADD COLUMN age TEXT;\n")]);
    // By number, the one that is applied fails: what is wrong with the files comes first.
    project.dbmigrate(["check", "--since", "HEAD"]).exits(1).says("duplicate column name: age");
    project
        .dbmigrate(["up"])
        .exits(101)
        .says("it is unknown whether their order matters")
        .says("duplicate column name");
    project.remove("migrations/20260102000000_fill.sql");
    project.write("migrations/20260102000000_name.sql", "ALTER TABLE users RENAME COLUMN name TO age_name;\n");
    project.write("migrations/20260104000000_view.sql", "CREATE VIEW named AS SELECT age_name FROM users;\n");
    project.dbmigrate(["up"]).succeeds();
}

#[test]
fn rust_is_not_replayed_without_the_programs_word() {
    let project = project("late-rust", &[("20260102000000_posts.sql", "CREATE TABLE posts (x);\n")]);
    project.write(
        "migrations/20260101120000_rust.rs",
        "pub fn up(_: &rusqlite::Connection) -> rusqlite::Result<()> {\n    Ok(())\n}\n",
    );
    project.write(
        "src/main.rs",
        "dbmigrate_runtime::include_migrations!(pub mod migrations);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut db = rusqlite::Connection::open(\"app.db\")?;
    if let Err(error) = migrations::migrator().up(&mut db) {
        println!(\"{} {} {error}\", error.is_late(), error.is_unverified());
    }
    println!(\"{}\", migrations::migrator().replay_code().up(&mut db)?.applied.len());
    Ok(())
}
",
    );
    project
        .cargo(["run", "-q"])
        .succeeds()
        .says("true true `20260101120000_rust` is not applied, but later ones are")
        .says("note: `20260101120000_rust` contains Rust")
        .says("`replay_code()` of the migrator")
        .says("\n2\n");
    project.dbmigrate(["verify"]).succeeds();
}
