//! Many starts at once: exactly one applies, the others wait and find nothing to do.

use std::process::Stdio;

use crate::support::Project;

#[test]
fn eight_processes_on_a_new_database_twenty_times_over() {
    let project = Project::wired(
        "eight-at-once",
        &[
            ("001_a.sql", "CREATE TABLE seed(n);\nINSERT INTO seed VALUES (1);"),
            ("002_b.sql", "CREATE TABLE other(n REFERENCES seed);\nINSERT INTO seed VALUES (2);"),
            ("003_c.sql", "-- dbmigrate: no-transaction\nINSERT INTO seed VALUES (3);\nPRAGMA optimize;"),
        ],
    );
    project.write(
        "src/main.rs",
        "dbmigrate_runtime::include_migrations!(pub mod migrations);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or(\"no path\")?;
    let mut connection = rusqlite::Connection::open(path)?;
    let mut migrator = migrations::migrator();
    if arguments.next().as_deref() == Some(\"wal\") {
        migrator = migrator.journal_mode(dbmigrate_runtime::JournalMode::Wal);
    }
    let report = migrator.up(&mut connection)?;
    println!(\"{}\", report.applied.iter().filter(|done| done.number < 3).count());
    Ok(())
}
",
    );
    project.cargo(["build", "-q"]).succeeds();
    for round in 0..20 {
        let (database, mode) = (format!("round-{round}.db"), if round % 2 == 0 { "delete" } else { "wal" });
        let starts: Vec<_> = (0..8)
            .map(|_| {
                let mut command = project.command(project.program());
                command.args([database.as_str(), mode]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        let mut applied = 0;
        for start in starts {
            let output = start.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "round {round}, {mode}: {said}");
            applied += String::from_utf8(output.stdout).unwrap().trim().parse::<usize>().unwrap();
        }
        // The third has no transaction: whoever finds it unfinished helps.
        assert_eq!(applied, 2, "round {round}, {mode}: everything is applied once");
        assert_eq!(project.query(&database, "SELECT n FROM seed ORDER BY n"), ["1", "2", "3"]);
        assert_eq!(project.query(&database, "SELECT count(*) FROM _migrations WHERE state = 'applied'"), ["3"]);
        assert_eq!(project.query(&database, "PRAGMA journal_mode"), [mode]);
    }
}
