//! docs/adopting.md can't rot: the commands of each section run on what the tool of its title has left.

use std::fs;

use crate::adopt::{installed, plain};
use crate::readme::shows;
use crate::support::{Project, checkout};

/// What the section with this title is about.
fn project(title: &str) -> Option<Project> {
    Some(match title {
        "sqlx" | "diesel" | "refinery" | "rusqlite_migration" | "drizzle" => installed(title, "installed.sql", "guide"),
        "A runner of one's own" => plain(
            "guide",
            ["001_notes.sql", "002_tags.sql", "003_index.sql"],
            "CREATE TABLE _migrations (filename TEXT UNIQUE NOT NULL, applied_at INTEGER NOT NULL)",
            "INSERT INTO _migrations VALUES ('001_notes.sql', 1729468800), ('002_tags.sql', 1729468801)",
        ),
        "A database without any history" => {
            let project = Project::new("adopt-guide-live");
            project.execute("app.db", "CREATE TABLE notes (id INTEGER PRIMARY KEY); CREATE INDEX i ON notes (id)");
            project
        }
        _ => return None,
    })
}

#[test]
fn the_guide_runs_as_it_is_written() {
    let text = fs::read_to_string(checkout().join("docs/adopting.md")).unwrap();
    let mut sections = 0;
    for section in text.split("\n## ").skip(1) {
        let (title, body) = section.split_once('\n').unwrap();
        // `layouts` runs that one.
        if title == "Trying it on an existing project" {
            continue;
        }
        let blocks: Vec<&str> = body.split("```").skip(1).step_by(2).collect();
        let Some(project) = project(title) else {
            assert!(blocks.iter().all(|block| !block.starts_with("console")), "nobody runs the commands of `{title}`");
            continue;
        };
        sections += 1;
        let block = blocks.iter().find_map(|block| block.strip_prefix("console\n")).unwrap();
        for step in block.split("$ cargo dbmigrate ").filter(|step| !step.is_empty()) {
            let (command, shown) = step.split_once('\n').unwrap();
            let run = project.dbmigrate(command.split_whitespace()).succeeds();
            shows(&run, command, shown);
        }
    }
    assert_eq!(sections, 7);
}

#[test]
fn the_guide_shows_a_file_that_can_be_read() {
    let text = fs::read_to_string(checkout().join("docs/adopting.md")).unwrap();
    let shown = text.split("```toml\n").last().unwrap().split("```").next().unwrap();
    let files = [
        ("Cargo.toml", "[package]\nname = \"app\"\n[package.metadata.migrations]\nnumbering = \"timestamp\"\n"),
        ("migrations/20240103081500_create_workshop.sql", "SELECT 1;\n"),
        ("migrations/adopted.toml", shown),
    ];
    let loaded = dbmigrate_core::load::load_from(&dbmigrate_core::files::InMemory::new(files));
    assert_eq!(loaded.diagnostics, []);
    assert_eq!(loaded.set.adoption.unwrap().migrations.len(), 1);
}
