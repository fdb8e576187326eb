//! docs/linting.md can't rot: its files, its configuration and its commands are tried in the order in which they stand.

use crate::git::{commit, git};
use crate::guide::{blocks, page, play};
use crate::support::Project;

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

    assert_eq!(play(&blocks("docs/linting.md"), project), 7);
}

#[test]
fn the_guide_counts_rules_that_there_are() {
    let text = page("docs/linting.md");
    let names = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let mut counted = 0;
    for name in names {
        assert!(dbmigrate_schema::lint::Rule::find(name).is_ok(), "`{name}` is no rule");
        counted += 1;
    }
    assert!(counted > 20, "{counted}");
}
