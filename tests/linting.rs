//! docs/linting.md can't rot: its files, its configuration and its commands are tried in the order in which they stand.

use std::fs;

use toml_edit::DocumentMut;

use crate::git::{commit, git};
use crate::readme::shows;
use crate::support::{Project, checkout};

/// The fenced blocks, in order, each with its language.
fn blocks() -> Vec<(String, String)> {
    let text = fs::read_to_string(checkout().join("docs/linting.md")).unwrap();
    let inside = text.split("```").skip(1).step_by(2);
    inside.map(|block| block.split_once('\n').unwrap()).map(|(it, block)| (it.to_owned(), block.to_owned())).collect()
}

#[test]
fn the_guide_runs_as_it_is_written() {
    let old = [
        ("001_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, nick TEXT);\n"),
        ("002_team.sql", "ALTER TABLE users ADD COLUMN team INTEGER;\n"),
    ];
    let project = Project::wired("shop", &old);
    project.dbmigrate(["up", "--database", "shop.db"]).succeeds();
    let database = rusqlite::Connection::open(project.root.join("shop.db")).unwrap();
    let rows = "INSERT INTO users (email) VALUES ('ann@example.org'), ('ann@example.org'), ('bob@example.org')";
    database.execute_batch(rows).unwrap();
    git(&project, &["init", "--quiet"]).succeeds();
    commit(&project, "two");
    git(&project, &["checkout", "--quiet", "-b", "work"]).succeeds();

    let (mut ran, mut is_sound) = (0, true);
    for (language, block) in blocks() {
        match language.as_str() {
            "sql" => {
                let (name, _) = block.split_once('\n').unwrap();
                project.write(name.strip_prefix("-- ").unwrap(), &block);
                is_sound = block.contains("-- dbmigrate: allow ");
            }
            "toml" => {
                let shown: DocumentMut = block.parse().unwrap();
                project.edit_manifest(|manifest| {
                    let lints = shown["package"]["metadata"]["migrations"]["lints"].clone();
                    manifest["package"]["metadata"]["migrations"]["lints"] = lints;
                });
            }
            "console" => {
                for step in block.split("$ cargo dbmigrate ").filter(|step| !step.is_empty()) {
                    let (command, shown) = step.split_once('\n').unwrap();
                    let run = project.dbmigrate(command.split_whitespace()).exits(i32::from(!is_sound));
                    shows(&run, command, shown);
                    ran += 1;
                }
            }
            _ => panic!("the guide has a block of `{language}`, which this test does not know"),
        }
    }
    assert_eq!(ran, 7);
}

#[test]
fn the_guide_counts_rules_that_there_are() {
    let text = fs::read_to_string(checkout().join("docs/linting.md")).unwrap();
    let names = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let mut counted = 0;
    for name in names {
        assert!(dbmigrate_schema::lint::Rule::find(name).is_ok(), "`{name}` is no rule");
        counted += 1;
    }
    assert!(counted > 20, "{counted}");
}
