//! A parent table with a cascading child is rebuilt: no child row is lost, and an orphan stops everything.

use crate::support::Project;

const BASE: (&str, &str) = (
    "001_base.sql",
    "CREATE TABLE team(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE member(id INTEGER PRIMARY KEY, team INTEGER NOT NULL REFERENCES team(id) ON DELETE CASCADE);",
);
const REBUILD: &str = "CREATE TABLE team_new(id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'none');
INSERT INTO team_new SELECT id, name FROM team;
DROP TABLE team;
ALTER TABLE team_new RENAME TO team;
";
const ROWS: &str =
    "INSERT INTO team VALUES (1, 'red'), (2, 'blue'); INSERT INTO member VALUES (10, 1), (11, 1), (12, 2);";

fn base(test: &str) -> Project {
    let project = Project::wired(test, &[BASE]);
    project.dbmigrate(["up"]).succeeds();
    project.execute("app.db", ROWS);
    project
}

#[test]
fn no_child_row_is_lost_with_or_without_pragmas() {
    for (name, text) in [
        ("plain", REBUILD.to_owned()),
        ("pragmas", format!("PRAGMA foreign_keys=OFF;\n{REBUILD}PRAGMA foreign_keys=ON;\n")),
        (
            "envelope",
            format!("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n{REBUILD}COMMIT;\nPRAGMA foreign_keys=ON;\n"),
        ),
        ("directive", format!("-- dbmigrate: foreign-keys off\n{REBUILD}")),
    ] {
        let project = base(&format!("rebuild-{name}"));
        project.write("migrations/002_rebuild.sql", text);
        project.dbmigrate(["up"]).succeeds();
        assert_eq!(
            project.query("app.db", "SELECT id, team FROM member ORDER BY id"),
            ["10|1", "11|1", "12|2"],
            "{name}"
        );
        assert_eq!(project.query("app.db", "SELECT id, name FROM team ORDER BY id"), ["1|red", "2|blue"], "{name}");
        assert_eq!(project.query("app.db", "PRAGMA foreign_key_check"), Vec::<String>::new(), "{name}");
        assert!(
            project.query("app.db", "SELECT sql FROM sqlite_schema WHERE name = 'member'")[0]
                .contains("REFERENCES team(id)"),
            "{name}"
        );
    }
}

#[test]
fn a_rebuild_that_leaves_an_orphan_changes_nothing() {
    let project = base("rebuild-orphan");
    project.write("migrations/002_rebuild.sql", REBUILD.replace("FROM team;", "FROM team WHERE id = 1;"));
    let before = std::fs::read(project.root.join("app.db")).unwrap();
    project.dbmigrate(["up"]).exits(101).says("002_rebuild").says("member");
    assert_eq!(project.query("app.db", "SELECT id, team FROM member ORDER BY id"), ["10|1", "11|1", "12|2"]);
    assert_eq!(project.query("app.db", "SELECT id, name FROM team ORDER BY id"), ["1|red", "2|blue"]);
    assert_eq!(project.query("app.db", "SELECT name FROM _migrations"), ["001_base"]);
    assert_eq!(std::fs::read(project.root.join("app.db")).unwrap(), before);
}
