//! docs/scripts.md can't rot: its files and its commands are tried in the order in which they stand.

#![cfg(unix)] // One command is for a shell.

use crate::guide::{blocks, play};
use crate::support::{Project, query};

#[test]
fn the_guide_runs_as_it_is_written() {
    let project = Project::wired("scripts", &[]);
    let root = project.root.clone();
    assert_eq!(play(&blocks("docs/scripts.md"), project), 9);
    // The other scripts do what they say, too.
    for (script, count) in [("back.sql", "1"), ("newer.sql", "2"), ("again.sql", "2")] {
        let database = root.join("app.db");
        let script = std::fs::read_to_string(root.join(script)).unwrap();
        rusqlite::Connection::open(&database).unwrap().execute_batch(&script).unwrap();
        assert_eq!(query(&database, "SELECT count(*) FROM _migrations"), [count], "{script}");
    }
}
