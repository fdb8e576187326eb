//! The guides on tests and pools can't rot: what they show is part of `examples/`, which run, and a program's tests are run
//! as its users run them.

use std::process::Command;

use crate::guide::{blocks, is_part_of};
use crate::support::{Project, checkout};

const GUIDES: [&str; 2] = ["docs/testing.md", "docs/pools.md"];

/// The commands that the guides and the examples' own page give for running them.
fn commands() -> Vec<String> {
    let commands = |page: &str| -> Vec<String> {
        let consoles = blocks(page).into_iter().filter(|block| block.language == "console");
        consoles.flat_map(|block| block.steps()).map(|step| step.command).collect()
    };
    assert_eq!(commands("docs/pools.md"), commands("examples/README.md"));
    commands("docs/pools.md")
}

#[test]
fn what_the_guides_show_is_part_of_the_examples() {
    for page in GUIDES {
        let blocks = blocks(page).into_iter().filter(|block| block.language == "rust");
        let mut count = 0;
        for block in blocks {
            is_part_of(
                &block,
                block.file().unwrap_or_else(|| panic!("{page}: a block names no file:\n{}", block.text)),
            );
            count += 1;
        }
        assert!(count >= 6, "{page}");
    }
}

#[test]
fn the_examples_run() {
    let commands = commands();
    assert_eq!(commands.len(), 2);
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        let ["cargo", "test", "--manifest-path", manifest] = words[..] else { panic!("{command}") };
        assert!(checkout().join(manifest).is_file(), "{manifest}");
        // They bring a hundred crates.
        if std::env::var_os("DBMIGRATE_EXAMPLES").is_some_and(|value| value == "full") {
            let project = Project::new("examples");
            let mut run = project.command(env!("CARGO"));
            run.current_dir(checkout()).env_remove("CARGO_TARGET_DIR").args(&words[1..]).arg("--locked");
            assert!(run.status().unwrap().success(), "{command}");
        }
    }
}

#[test]
fn a_call_that_needs_a_feature_says_which() {
    let project =
        Project::wired("without-manage", &[("001_notes.sql", "CREATE TABLE notes (id INTEGER PRIMARY KEY);")]);
    project.write(
        "src/main.rs",
        "use dbmigrate_runtime::Together;

dbmigrate_runtime::include_migrations!(pub mod migrations);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut db = rusqlite::Connection::open(\"app.db\")?;
    let migrator = migrations::migrator();
    migrator.up(&mut db)?;
    for done in migrator.down(&mut db)?.rolled_back {
        println!(\"{}\", done.name);
    }
    println!(\"{}\", migrator.mark_only(&mut db, &[1])?.recorded.len());
    println!(\"{}\", migrator.repair_all(&mut db, None)?.done.len());
    if let Err(error) = migrator.verify_schema(&mut db) {
        println!(\"{error}\");
    }
    let copy = migrator.backups(&mut db)?.remove(0);
    println!(\"{:?}\", migrator.restore(&mut db, &copy.path).unwrap().after);
    println!(\"{}\", migrator.schema_fingerprint()?);
    println!(\"{}\", Together::new().add(migrations::migrator()).rehearse(&mut db)?.len());
    Ok(())
}
",
    );
    let calls =
        ["down", "mark_only", "repair_all", "verify_schema", "backups", "restore", "schema_fingerprint", "rehearse"];
    let refused = project.cargo(["check", "-q"]).exits(101);
    let named = |call: &str| format!("error[E0277]: `{call}` needs the feature `manage` of `dbmigrate-runtime`");
    calls
        .iter()
        .fold(refused, |run, call| run.says(&named(call)))
        .says("turn it on: `cargo add dbmigrate-runtime --features manage`")
        .says(&format!("due to {} previous errors", calls.len()));
    project.cargo(["add", "-q", "dbmigrate-runtime", "--features", "manage"]).succeeds();
    project.cargo(["check", "-q"]).succeeds();

    let cli = |module: &str| {
        format!("{module}\nfn main() -> std::process::ExitCode {{\n    migrations::migrator().cli()\n}}\n")
    };
    project.write("src/main.rs", cli("dbmigrate_runtime::include_migrations!(pub mod migrations);"));
    project
        .cargo(["check", "-q"])
        .exits(101)
        .says("error[E0277]: `cli()` of a migrator needs the feature `cli` of `dbmigrate-runtime`")
        .says("`cargo dbmigrate init --runner` adds a binary that has it");
    // What the macro does not know is no riddle of its own rules.
    for wrong in
        ["", "migrations", "\"migrations\"", "pub mod migrations, bakup", "pub mod migrations, backup, set = \"a\""]
    {
        project.write("src/main.rs", cli(&format!("dbmigrate_runtime::include_migrations!({wrong});")));
        let run = project.cargo(["check", "-q"]).exits(101).says_not("no rules expected").says_not("unexpected end");
        run.says("error: write `include_migrations!(pub mod migrations);`, with nothing behind the name but, in this");
    }
}

#[test]
fn tests_of_a_program_share_a_template_in_threads_and_in_processes() {
    let set = [
        ("001_initial_schema.sql", "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"),
        (
            "002_fill.rs",
            "use rusqlite::Connection;\nuse std::io::Write;\n\npub fn up(db: &Connection) -> Result<(), Box<dyn \
             std::error::Error + Send + Sync>> {\n    db.execute(\"INSERT INTO notes (text) VALUES ('first')\", [])?;\n    \
             let mut runs = std::fs::File::options().create(true).append(true).open(\"runs.txt\")?;\n    \
             Ok(writeln!(runs, \"run\")?)\n}\n",
        ),
    ];
    let project = Project::wired("test-databases", &set);
    project.write(
        "src/main.rs",
        "dbmigrate_runtime::include_migrations!(pub mod migrations);

fn main() {
    println!(\"{}\", migrations::Migration::LATEST);
}

#[cfg(test)]
mod tests {
    use super::migrations;

    /// Whoever gets the database of another test sees its row.
    fn check() -> Result<(), Box<dyn std::error::Error>> {
        let db = migrations::migrator().testing().seed(\"INSERT INTO notes (text) VALUES ('seeded')\").database()?;
        db.execute(\"INSERT INTO notes (text) VALUES ('own')\", [])?;
        let notes: i64 = db.query_row(\"SELECT count(*) FROM notes\", [], |row| row.get(0))?;
        assert_eq!(notes, 3);
        Ok(())
    }

    #[test]
    fn one() -> Result<(), Box<dyn std::error::Error>> {
        check()
    }

    #[test]
    fn two() -> Result<(), Box<dyn std::error::Error>> {
        check()
    }
}
",
    );
    let refused = project.cargo(["test", "-q"]).exits(101);
    refused
        .says("error[E0277]: `testing()` of a migrator needs the feature `testing` of `dbmigrate-runtime`")
        .says("turn it on for tests: `cargo add --dev dbmigrate-runtime --features testing`")
        .says("due to 1 previous error");
    project.add_testing();
    let runs = || if project.has("runs.txt") { project.read("runs.txt").lines().count() } else { 0 };
    project.cargo(["test", "-q"]).succeeds().says("2 passed");
    assert_eq!(runs(), 1, "once for both tests");

    // As nextest runs them: each in a process of its own.
    let listed = project.cargo(["test", "--no-run", "--message-format", "json"]).succeeds();
    let executable = listed.stdout.lines().find_map(|line| {
        let json: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_test = json["profile"]["test"] == true;
        is_test.then(|| json["executable"].as_str().map(str::to_owned))?
    });
    let executable = executable.unwrap();
    for test in ["tests::one", "tests::two"] {
        let status = Command::new(&executable).args(["--exact", test]).current_dir(&project.root).status().unwrap();
        assert!(status.success(), "{test}");
    }
    assert_eq!(runs(), 1, "they have what the first process made");

    // Rust counts by what the executable was built from.
    project.write("migrations/002_fill.rs", set[1].1.replace("'first'", "'other'"));
    project.cargo(["test", "-q"]).succeeds().says("2 passed");
    assert_eq!(runs(), 2, "the migration is another one");
}
