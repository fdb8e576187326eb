//! docs/adopting.md can't rot: the commands of each section run on what the tool of its title has left.

use crate::adopt::{installed, plain};
use crate::guide::{blocks, page, play};
use crate::support::Project;

/// The section about files that stay where they are.
pub(crate) const TRYING: &str = "Trying it on an existing project";

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
    // `layouts` runs the first section.
    let mut blocks = blocks("docs/adopting.md");
    blocks.retain(|block| block.language == "console" && block.section != TRYING);
    assert_eq!(blocks.len(), 7);
    for block in blocks {
        let project = project(&block.section).unwrap_or_else(|| panic!("nobody runs `{}`", block.section));
        assert!(play(&[block], project) > 0);
    }
}

#[test]
fn the_guide_shows_a_file_that_can_be_read() {
    let text = page("docs/adopting.md");
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
