//! Decant: every workflow of a system whose migrations all have a down script.

use crate::support::{Project, query};

const DB: &str = "decant.db";
const PREFERENCES: &str = "
CREATE TABLE user_preferences (
    id INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT,
    UNIQUE (user_id, key)
);
CREATE INDEX idx_user_preferences_user ON user_preferences (user_id);
";
const PREFERENCES_DOWN: &str = "
DROP INDEX IF EXISTS idx_user_preferences_user;
DROP TABLE IF EXISTS user_preferences;
";
const NODES: &str = "
INSERT INTO segments (id, code, title) VALUES (1, 'A', 'Articles');
INSERT INTO nodes (id, title, url, source_domain, segment_id, is_deleted) VALUES
    (1, 'SQLite internals', 'https://a.example/1', 'a.example', 1, 0),
    (2, 'Cargo and its registry', 'https://b.example/2', 'b.example', 1, 1);
INSERT INTO key_concepts (node_id, concept) VALUES (1, 'b-tree'), (1, 'pager'), (2, 'resolver');
";

/// A migration that `create` numbers, with both ways filled in; returns its name.
fn create(project: &Project, name: &str, up: &str, down: &str) -> String {
    let created = project.dbmigrate(["create", name]).succeeds().stdout;
    let file = created.lines().find(|line| !line.ends_with(".down.sql")).unwrap();
    let name = file.rsplit('/').next().unwrap().strip_suffix(".sql").unwrap().to_owned();
    project.write(&format!("migrations/{name}.sql"), up);
    project.write(&format!("migrations/{name}.down.sql"), down);
    name
}

fn applied(project: &Project) -> Vec<String> {
    project.query(DB, "SELECT name FROM _migrations ORDER BY number")
}

fn schema(project: &Project) -> Vec<String> {
    let ours = "name NOT LIKE '%migrations%' AND name NOT LIKE 'sqlite%'";
    project.query(DB, &format!("SELECT type, name, sql FROM sqlite_schema WHERE {ours} ORDER BY type, name"))
}

fn rows(project: &Project) -> Vec<String> {
    project
        .query(DB, "SELECT n.id, n.title, k.concept FROM nodes n JOIN key_concepts k ON k.node_id = n.id ORDER BY k.id")
}

fn search(project: &Project, word: &str) -> Vec<String> {
    project.query(DB, &format!("SELECT rowid FROM nodes_fts WHERE nodes_fts MATCH '{word}'"))
}

/// The lines of a status, with the times that the history has.
fn expected_status(project: &Project, pending: &[&str]) -> String {
    let names = applied(project);
    let width = names.iter().map(String::len).chain(pending.iter().map(|name| name.len())).max().unwrap();
    let mut lines: Vec<String> = project
        .query(DB, "SELECT name, applied_at FROM _migrations ORDER BY number")
        .iter()
        .map(|row| row.split_once('|').unwrap())
        .map(|(name, at)| format!("[x] {name:width$}  (applied: {at})"))
        .collect();
    lines.extend(pending.iter().map(|name| format!("[ ] {name}")));
    let (applied, pending) = (names.len(), pending.len());
    format!("{}\n\nTotal: {} | Applied: {applied} | Pending: {pending}\n", lines.join("\n"), applied + pending)
}

#[test]
fn the_program_migrates_its_database_and_shows_the_status() {
    let project = Project::fixture("decant", "start");
    let starts = |applies: &[&str]| {
        let run = project.cargo(["run", "-q"]).succeeds();
        let said: String = applies.iter().map(|name| format!("applied {name} to decant.db\n")).collect();
        assert_eq!(run.stderr, said);
        let status = expected_status(&project, &[]);
        assert_eq!(run.stdout, format!("Migration Status:\n=================\n\n{status}"));
    };
    let all = ["001_initial_schema", "002_add_indexes"];
    starts(&all);
    let history = project.query(DB, "SELECT id, name, typeof(applied_at) FROM _migrations");
    assert_eq!(history, ["1|001_initial_schema|text", "2|002_add_indexes|text"]);
    starts(&[]);

    // The same on a fresh database.
    project.remove(DB);
    starts(&all);

    // A release with one more: what is pending can be seen before, the start of the program applies it.
    let third = create(&project, "add_user_preferences", PREFERENCES, PREFERENCES_DOWN);
    project.dbmigrate(["status", "--check"]).exits(1).says(&format!("[ ] {third}"));
    starts(&[&third]);
    project.dbmigrate(["status", "--check"]).succeeds();
    project.cargo(["run", "-q", "--", "elsewhere.db"]).succeeds().says("applied 001_initial_schema to elsewhere.db");
}

#[test]
fn the_programs_own_tests_pass() {
    Project::fixture("decant", "own-tests").cargo(["test", "-q"]).succeeds().says("5 passed");
}

#[test]
fn a_migration_is_created_applied_taken_back_and_applied_again() {
    let project = Project::fixture("decant", "develop");
    project.dbmigrate(["up"]).succeeds();
    let third = create(&project, "add_user_preferences", PREFERENCES, PREFERENCES_DOWN);
    assert_eq!(third, "003_add_user_preferences");
    assert_eq!(project.dbmigrate(["status"]).succeeds().stdout, expected_status(&project, &[&third]));

    let before = schema(&project);
    project.dbmigrate(["up"]).succeeds();
    let after = schema(&project);
    assert_eq!(project.dbmigrate(["status"]).succeeds().stdout, expected_status(&project, &[]));
    project.dbmigrate(["check"]).succeeds();
    project.dbmigrate(["down", &third]).succeeds().says(&third);
    assert_eq!(schema(&project), before);
    project.dbmigrate(["up"]).succeeds();
    assert_eq!(schema(&project), after);
}

#[test]
fn rolling_back_goes_in_reverse_order_only() {
    let project = Project::fixture("decant", "order");
    let third = create(&project, "add_user_preferences", PREFERENCES, PREFERENCES_DOWN);
    project.dbmigrate(["up"]).succeeds();
    let before = schema(&project);
    project.dbmigrate(["down", "002_add_indexes"]).exits(101).says(&third).says("help:");
    project.dbmigrate(["down", "001_initial_schema"]).exits(101).says(&third).says("002_add_indexes");
    assert_eq!(schema(&project), before);
    assert_eq!(applied(&project).len(), 3);

    // What the refusal says is what works.
    for name in ["003_add_user_preferences", "002_add_indexes", "001_initial_schema"] {
        project.dbmigrate(["down", name]).succeeds().says(name);
        assert!(!applied(&project).contains(&name.to_owned()));
    }
    assert_eq!(schema(&project), Vec::<String>::new());
    project.dbmigrate(["down", "001_initial_schema"]).exits(101).says("not applied");
}

#[test]
fn reset_keeps_a_copy_and_leaves_nothing() {
    let project = Project::fixture("decant", "reset");
    project.dbmigrate(["up"]).succeeds();
    project.execute(DB, NODES);
    let (full, kept) = (schema(&project), rows(&project));
    project.dbmigrate(["reset"]).exits(2).says("--yes");
    assert_eq!(rows(&project), kept);

    project.dbmigrate(["reset", "--yes"]).succeeds();
    assert_eq!(schema(&project), Vec::<String>::new());
    assert_eq!(applied(&project), Vec::<String>::new());
    let copies: Vec<_> = std::fs::read_dir(&project.root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "bak"))
        .collect();
    let [copy] = copies.as_slice() else { panic!("{copies:?}") };
    assert_eq!(query(copy, "SELECT count(*) FROM key_concepts"), ["3"]);

    // Up to a safe point, then to the end.
    project.dbmigrate(["up", "--to", "001_initial_schema"]).succeeds();
    assert_eq!(project.dbmigrate(["status"]).stdout, expected_status(&project, &["002_add_indexes"]));
    project.dbmigrate(["up"]).succeeds();
    assert_eq!(schema(&project), full);
}

#[test]
fn a_migration_that_fails_is_not_recorded_and_can_be_tried_again() {
    let project = Project::fixture("decant", "failing");
    project.dbmigrate(["up"]).succeeds();
    project.execute(DB, NODES);
    let (before, kept) = (schema(&project), rows(&project));
    let third = create(
        &project,
        "archive_nodes",
        "CREATE TABLE archive (id INTEGER PRIMARY KEY);\nDELETE FROM nodes;\nINSERT INTO archives SELECT id FROM nodes;\n",
        "DROP TABLE archive;\n",
    );
    project
        .dbmigrate(["up"])
        .exits(101)
        .says("no such table: archives")
        .says("migrations/003_archive_nodes.sql:3")
        .says("INSERT INTO archives SELECT id FROM nodes");
    assert_eq!((schema(&project), rows(&project)), (before, kept));
    assert_eq!(project.dbmigrate(["status"]).succeeds().stdout, expected_status(&project, &[&third]));

    project.write(
        "migrations/003_archive_nodes.sql",
        "CREATE TABLE archive (id INTEGER PRIMARY KEY);\nINSERT INTO archive SELECT id FROM nodes WHERE is_deleted;\n",
    );
    project.dbmigrate(["up"]).succeeds().says(&third);
    assert_eq!(project.query(DB, "SELECT id FROM archive"), ["2"]);
}

#[test]
fn in_an_emergency_a_wrong_migration_is_taken_back_and_the_right_one_applied() {
    let project = Project::fixture("decant", "emergency");
    let third = create(
        &project,
        "add_node_rank",
        "ALTER TABLE nodes ADD COLUMN rank TEXT;\n",
        "ALTER TABLE nodes DROP COLUMN rank;\n",
    );
    project.dbmigrate(["up"]).succeeds();
    project.execute(DB, NODES);
    let kept = rows(&project);

    project.dbmigrate(["down", &third]).succeeds();
    project
        .write("migrations/003_add_node_rank.sql", "ALTER TABLE nodes ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;\n");
    project.dbmigrate(["up"]).succeeds();
    assert_eq!(project.query(DB, "SELECT DISTINCT typeof(rank) FROM nodes"), ["integer"]);
    assert_eq!(rows(&project), kept);
    assert_eq!(search(&project, "internals"), ["1"]);
}

#[test]
fn a_table_that_vanished_under_its_migration_comes_back() {
    let project = Project::fixture("decant", "stuck");
    let third = create(&project, "add_user_preferences", PREFERENCES, PREFERENCES_DOWN);
    project.dbmigrate(["up"]).succeeds();
    project.execute(DB, "DROP TABLE user_preferences");
    assert_eq!(project.dbmigrate(["status"]).succeeds().stdout, expected_status(&project, &[]));
    project.dbmigrate(["down", &third]).succeeds();
    project.dbmigrate(["up"]).succeeds();
    assert_eq!(project.query(DB, "SELECT count(*) FROM user_preferences"), ["0"]);
}

#[test]
fn a_column_is_added_and_taken_back_by_a_rebuild() {
    let project = Project::fixture("decant", "add-column");
    create(
        &project,
        "add_users",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT, email TEXT, created_at TEXT);
         CREATE TABLE bookmarks (user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, node_id INTEGER);",
        "DROP TABLE bookmarks;\nDROP TABLE users;",
    );
    let fourth = create(
        &project,
        "add_email_verified",
        "ALTER TABLE users ADD COLUMN email_verified INTEGER DEFAULT 0;
         CREATE INDEX idx_users_email_verified ON users (email_verified);",
        "DROP INDEX IF EXISTS idx_users_email_verified;
         PRAGMA foreign_keys = off;
         CREATE TABLE users_without (id INTEGER PRIMARY KEY, username TEXT, email TEXT, created_at TEXT);
         INSERT INTO users_without SELECT id, username, email, created_at FROM users;
         DROP TABLE users;
         ALTER TABLE users_without RENAME TO users;
         PRAGMA foreign_keys = on;",
    );
    project.dbmigrate(["up", "--to", "3"]).succeeds();
    project.execute(
        DB,
        "INSERT INTO users VALUES (7, 'ada', 'ada@example.org', '2024-01-01');
         INSERT INTO bookmarks VALUES (7, 1), (7, 2);",
    );
    let people = || project.query(DB, "SELECT id, username, email, created_at FROM users");
    let before = people();

    project.dbmigrate(["up"]).succeeds();
    assert_eq!(project.query(DB, "SELECT email_verified FROM users"), ["0"]);
    assert_eq!(people(), before);
    project.dbmigrate(["down", &fourth]).succeeds();
    assert_eq!(
        project.query(DB, "SELECT name FROM pragma_table_info('users')"),
        ["id", "username", "email", "created_at"]
    );
    assert_eq!(people(), before);
    assert_eq!(project.query(DB, "SELECT count(*) FROM bookmarks"), ["2"]);
    assert_eq!(project.query(DB, "SELECT * FROM pragma_foreign_key_check"), Vec::<String>::new());
    project.dbmigrate(["up"]).succeeds();
}

#[test]
fn indexes_and_rows_are_changed_and_changed_back() {
    let project = Project::fixture("decant", "examples");
    create(
        &project,
        "add_composite_indexes",
        "CREATE INDEX IF NOT EXISTS idx_nodes_function_date ON nodes (function_parent_id, date_added);
         CREATE INDEX IF NOT EXISTS idx_nodes_organization_date ON nodes (organization_parent_id, date_added);",
        "DROP INDEX IF EXISTS idx_nodes_organization_date;\nDROP INDEX IF EXISTS idx_nodes_function_date;",
    );
    let fourth = create(
        &project,
        "add_node_status",
        "ALTER TABLE nodes ADD COLUMN status TEXT DEFAULT 'active';
         UPDATE nodes SET status = 'archived' WHERE is_deleted = 1;
         UPDATE nodes SET status = 'active' WHERE is_deleted = 0;
         CREATE INDEX idx_nodes_status ON nodes (status);",
        "DROP INDEX IF EXISTS idx_nodes_status;\nALTER TABLE nodes DROP COLUMN status;",
    );
    project.dbmigrate(["up", "--to", "002_add_indexes"]).succeeds();
    project.execute(DB, NODES);
    let (before, kept) = (schema(&project), rows(&project));

    project.dbmigrate(["up"]).succeeds();
    assert_eq!(project.query(DB, "SELECT id, status FROM nodes"), ["1|active", "2|archived"]);
    assert_eq!((rows(&project), search(&project, "registry")), (kept.clone(), vec!["2".to_owned()]));
    project.dbmigrate(["down", &fourth]).succeeds();
    project.dbmigrate(["down", "add_composite_indexes"]).succeeds();
    assert_eq!((schema(&project), rows(&project)), (before, kept));
    assert_eq!(search(&project, "registry"), ["2"]);
}
