//! `snapshot`: what a fresh database starts from, in the program and at the prompt; and docs/snapshot.md can't rot.

use std::fs;

use crate::git::{commit, git};
use crate::guide::{blocks, play};
use crate::support::Project;

const FILES: [(&str, &str); 3] = [
    (
        "001_teams.sql",
        "CREATE TABLE teams (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL);\n\
         INSERT INTO teams (name) VALUES ('red'), ('blue');\nDELETE FROM teams WHERE name = 'blue';\n\
         -- dbmigrate: down\nDROP TABLE teams;\n",
    ),
    (
        "002_users.sql",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, team INTEGER NOT NULL REFERENCES teams (id));\n\
         CREATE INDEX users_by_team ON users (team);\nINSERT INTO users VALUES (7, 1);\n\
         -- dbmigrate: down\nDROP TABLE users;\n",
    ),
    (
        "003_notes.sql",
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);\n-- dbmigrate: down\nDROP TABLE notes;\n",
    ),
];

/// All of a database but times.
fn contents(project: &Project, database: &str) -> Vec<String> {
    let mut all = project.query(database, "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name");
    for sql in [
        "SELECT rowid, * FROM teams",
        "SELECT rowid, * FROM users",
        "SELECT * FROM sqlite_sequence ORDER BY name",
        "SELECT * FROM _migrations_head",
        "SELECT id, name, set_name, number, checksum, state, statements_done, up_sql, down_sql, text_checksum FROM _migrations",
    ] {
        all.extend(project.query(database, sql));
    }
    all
}

/// How many migrations the history of a database has no duration of: those that a snapshot stood for.
fn stood_for(project: &Project, database: &str) -> String {
    project.query(database, "SELECT count(*) FROM _migrations WHERE duration_us IS NULL").concat()
}

fn up(project: &Project, database: &str) {
    let _ = fs::remove_file(project.root.join(database));
    project.dbmigrate(["up", "--database", database]).succeeds();
}

#[test]
fn a_built_program_starts_from_it_until_it_is_deleted() {
    let project = Project::wired("snapshot-program", &FILES);
    let main = project.read("src/main.rs");
    let (start, rest) = main.split_once("Connection::open(\"").unwrap();
    let (_, end) = rest.split_once('"').unwrap();
    project.write("src/main.rs", format!("{start}Connection::open(\"made.db\"{end}"));
    let run = |from: &str| {
        let name = "made.db";
        let _ = fs::remove_file(project.root.join(name));
        project.cargo(["run", "-q"]).succeeds();
        assert_eq!(stood_for(&project, name), from);
        contents(&project, name)
    };
    let walked = run("0");
    project
        .dbmigrate(["snapshot", "--to", "2"])
        .succeeds()
        .says("Wrote migrations/snapshot.sql (3 objects, 2 rows)")
        .says("like one that ran 2 migrations")
        .says("`001_teams` is not sealed: editing it makes the snapshot useless")
        .says("`cargo dbmigrate lock --to 002`");
    assert_eq!(run("2"), walked);
    // An edit, be it a harmless one, is never used and never missed.
    let text = project.read("migrations/snapshot.sql");
    project.write("migrations/snapshot.sql", text.replace("'red'", "'RED'"));
    project
        .cargo(["build"])
        .exits(101)
        .says("`migrations/snapshot.sql` was edited since it was sealed")
        .says("`cargo dbmigrate snapshot`");
    project.dbmigrate(["check"]).exits(1).says("was edited since it was sealed");
    project.dbmigrate(["up", "--database", "edited.db"]).exits(101).says("was edited since it was sealed");
    assert!(!project.has("edited.db"));
    // Line ends are those of the checkout.
    project.write("migrations/snapshot.sql", text.replace('\n', "\r\n"));
    assert_eq!(run("2"), walked);
    // Without its seal it could be anybody's.
    let lock = project.read("migrations/migrations.lock");
    project.remove("migrations/migrations.lock");
    project.cargo(["build"]).exits(101).says("`migrations/snapshot.sql` is not sealed in `migrations/migrations.lock`");
    project.write("migrations/migrations.lock", &lock);
    // To delete it changes nothing but time.
    project.remove("migrations/snapshot.sql");
    project.dbmigrate(["check"]).succeeds().says_not("snapshot.sql");
    assert_eq!(run("0"), walked);
}

#[test]
fn at_the_prompt_it_is_used_and_said() {
    let project = Project::wired("snapshot-prompt", &FILES);
    up(&project, "walked.db");
    project.dbmigrate(["lock"]).succeeds();
    project.dbmigrate(["snapshot", "--to", "002_users"]).succeeds().says_not("is not sealed");
    project
        .dbmigrate(["up", "--database", "a.db"])
        .succeeds()
        .says("Started from migrations/snapshot.sql, which replaces 001_teams to 002_users, in ")
        .says("Applied 003_notes in ")
        .says("3 migrations applied")
        .says_not("Applied 002_users");
    assert_eq!(contents(&project, "a.db"), contents(&project, "walked.db"));
    let json = project.dbmigrate(["up", "--database", "b.db", "--message-format", "json"]).succeeds();
    for part in [
        r#"{"reason":"snapshot-used","file":"migrations/snapshot.sql","migrations":2,"duration_us":"#,
        r#"{"reason":"migration-applied","number":2,"name":"002_users","duration_us":null,"steps_us":[],"notes":[]}"#,
        r#""applied":3"#,
    ] {
        assert!(json.stdout.contains(part), "{}", json.stdout);
    }
    project.dbmigrate(["up", "--database", "c.db", "--to", "1"]).succeeds().says_not("snapshot.sql");
    project.dbmigrate(["up", "--database", "c.db"]).succeeds().says_not("snapshot.sql");
    assert_eq!(contents(&project, "c.db"), contents(&project, "walked.db"));
    // A rehearsal says what each would do.
    project.dbmigrate(["up", "--dry-run", "--database", "d.db"]).succeeds().says("Rehearsed 002_users");
    for database in ["a.db", "walked.db"] {
        project.dbmigrate(["verify", "--database", database]).succeeds();
        project.dbmigrate(["drift", "--database", database]).succeeds();
        project.dbmigrate(["down", "--to", "1", "--database", database]).succeeds();
    }
    assert_eq!(stood_for(&project, "a.db"), "1");
    for command in ["list", "check", "test", "script", "schema"] {
        project.dbmigrate([command]).succeeds().says_not("snapshot.sql");
    }
}

#[test]
fn it_is_written_once_and_nothing_else_is() {
    let project = Project::wired("snapshot-written", &FILES);
    project.dbmigrate(["snapshot", "--dry-run"]).succeeds().says("Would write").says("CREATE TABLE notes");
    assert!(!project.has("migrations/snapshot.sql") && !project.has("migrations/migrations.lock"));
    project.dbmigrate(["snapshot", "--remove"]).succeeds().says("there is no snapshot");
    let line = project.dbmigrate(["snapshot", "--message-format", "json"]).succeeds().stdout;
    let start = r#"{"bytes":"#;
    assert!(
        line.starts_with(start) && line.contains(r#""to":"003_notes""#) && line.contains(r#""fresh":false"#),
        "{line}"
    );
    project.dbmigrate(["snapshot"]).succeeds().says("Fresh").says_not("Wrote");
    assert!(
        project
            .read("migrations/migrations.lock")
            .contains("version = 2\nmigrations = [\n]\nsnapshot = { number = 3, ")
    );
    // The other commands keep the seal.
    project.dbmigrate(["lock", "--to", "2"]).succeeds();
    assert!(project.read("migrations/migrations.lock").contains("snapshot = { number = 3, "));
    project.dbmigrate(["check"]).succeeds().says_not("snapshot.sql");
    project.dbmigrate(["create", "more"]).succeeds();
    project.dbmigrate(["snapshot", "--to", "9"]).exits(2).says("there is no migration `9`");
    project.dbmigrate(["snapshot", "--remove", "--dry-run"]).succeeds().says("Would remove");
    project.dbmigrate(["snapshot", "--remove"]).succeeds().says("Removed migrations/snapshot.sql");
    assert!(!project.has("migrations/snapshot.sql"));
    assert!(project.read("migrations/migrations.lock").contains("version = 1\n"));
    project.dbmigrate(["check"]).succeeds();
    // What was sealed for it alone goes with it.
    let alone = Project::wired("snapshot-alone", &FILES);
    alone.dbmigrate(["snapshot"]).succeeds();
    alone.dbmigrate(["snapshot", "--remove"]).succeeds();
    assert!(!alone.has("migrations/migrations.lock"));
}

#[test]
fn of_other_migrations_it_is_left_alone_and_named() {
    let project = Project::wired("snapshot-stale", &FILES);
    project.dbmigrate(["snapshot"]).succeeds();
    project.write("migrations/003_notes.sql", FILES[2].1.replace("text TEXT", "text TEXT, more"));
    project.cargo(["build"]).succeeds();
    project
        .dbmigrate(["check"])
        .succeeds()
        .says("`migrations/snapshot.sql` is not of the current migrations: it is not used")
        .says("`cargo dbmigrate snapshot`");
    up(&project, "a.db");
    assert_eq!(stood_for(&project, "a.db"), "0");
    project.dbmigrate(["snapshot"]).succeeds();
    up(&project, "a.db");
    assert_eq!(stood_for(&project, "a.db"), "3");
    // So it is after a squash, and before it again once that is taken back.
    project.dbmigrate(["lock"]).succeeds();
    project.dbmigrate(["snapshot", "--to", "2"]).succeeds();
    let before = project.read("migrations/migrations.lock");
    project
        .dbmigrate(["squash", "--through", "2"])
        .succeeds()
        .says("the snapshot is of the replaced migrations")
        .says("`cargo dbmigrate snapshot`");
    project.dbmigrate(["check"]).succeeds().says("is not of the current migrations");
    project.dbmigrate(["squash", "--undo"]).succeeds();
    assert_eq!(project.read("migrations/migrations.lock"), before);
    project.dbmigrate(["check"]).succeeds().says_not("snapshot.sql");
    // One that is taken of a squash starts with it.
    project.dbmigrate(["squash", "--through", "2"]).succeeds();
    project.dbmigrate(["snapshot"]).succeeds().says("like one that ran 2 migrations");
    project.dbmigrate(["lock"]).succeeds();
    up(&project, "a.db");
    assert_eq!(
        (stood_for(&project, "a.db"), project.query("a.db", "SELECT name FROM users, teams")),
        ("2".to_owned(), vec!["red".to_owned()])
    );
    project.dbmigrate(["lock", "--accept", "003_notes"]).exits(2);
}

#[test]
fn what_shapes_the_outcome_besides_tokens_is_sealed_with_it() {
    let rows = "CREATE TABLE p (id INTEGER PRIMARY KEY);\nCREATE TABLE c (p REFERENCES p (id) ON DELETE CASCADE);\n\
                INSERT INTO p VALUES (1), (2);\nINSERT INTO c VALUES (1), (2);\nDELETE FROM p WHERE id = 1;\n\
                INSERT INTO p VALUES (1);\n";
    let project = Project::wired("snapshot-shape", &[("001_rows.sql", rows)]);
    project.dbmigrate(["lock"]).succeeds();
    project.dbmigrate(["snapshot"]).succeeds();
    let database = |expect: &str, from: &str| {
        up(&project, "a.db");
        assert_eq!(project.query("a.db", "SELECT count(*) FROM c").concat(), expect);
        assert_eq!(stood_for(&project, "a.db"), from);
    };
    database("1", "1");
    let foreign_keys = |value: &str| {
        project.edit_manifest(|manifest| {
            manifest["package"]["metadata"]["migrations"]["foreign-keys"] = toml_edit::value(value);
        });
    };
    foreign_keys("off");
    project
        .dbmigrate(["check"])
        .succeeds()
        .says(
            "`migrations/snapshot.sql` is of other texts of the migrations, or of another `foreign-keys` setting: \
            it is not used",
        )
        .says("`cargo dbmigrate snapshot`");
    database("2", "0");
    project.dbmigrate(["snapshot"]).succeeds().says("Wrote");
    database("2", "1");
    foreign_keys("on");
    project.dbmigrate(["snapshot"]).succeeds().says("Wrote");
    // SQLite keeps the comment.
    project.write("migrations/001_rows.sql", rows.replace("c (p", "c (/* its parent */ p"));
    project
        .dbmigrate(["check"])
        .succeeds()
        .says("is of other texts of the migrations")
        .says("comments or the down script");
    project.cargo(["build"]).succeeds();
    database("1", "0");
    project.dbmigrate(["snapshot"]).succeeds().says("Wrote");
    project.dbmigrate(["check"]).succeeds().says_not("snapshot.sql");
    database("1", "1");
}

#[test]
fn what_makes_it_doubtful_is_named_with_its_place() {
    let files = [
        FILES[0],
        ("002_log.sql", "CREATE TABLE log (at TEXT DEFAULT CURRENT_TIMESTAMP);\nINSERT INTO log DEFAULT VALUES;\n"),
    ];
    let project = Project::wired("snapshot-doubt", &files);
    project
        .dbmigrate(["snapshot"])
        .exits(101)
        .says("this writes the result of `CURRENT_TIMESTAMP`, which depends on the current time")
        .says("migrations/002_log.sql:2:1")
        .says("take one of those before it: `cargo dbmigrate snapshot --to 001`");
    assert!(!project.has("migrations/snapshot.sql") && !project.has("migrations/migrations.lock"));
    project.dbmigrate(["snapshot", "--to", "1"]).succeeds();
    project.dbmigrate(["check"]).succeeds();
}

#[test]
fn check_proves_it_again_and_says_when_most_comes_after_it() {
    let project = Project::wired("snapshot-check", &FILES);
    project.dbmigrate(["snapshot", "--to", "2"]).succeeds();
    // Sealed by somebody who knew how, and wrong.
    let text = project.read("migrations/snapshot.sql").replace("'red'", "'RED'");
    let lock = project.read("migrations/migrations.lock");
    let (start, rest) = lock.rsplit_once("checksum = \"").unwrap();
    let (_, end) = rest.split_once('"').unwrap();
    let source = dbmigrate_core::SourceText::new("migrations/snapshot.sql", &text);
    project.write("migrations/snapshot.sql", &text);
    project.write(
        "migrations/migrations.lock",
        format!("{start}checksum = \"{}\"{end}", dbmigrate_core::snapshot::checksum(&source)),
    );
    project
        .dbmigrate(["check"])
        .exits(1)
        .says("`migrations/snapshot.sql` does not make the same as the migrations")
        .says("the row (1, 'RED') and not (1, 'red')");
    project.dbmigrate(["snapshot", "--to", "2"]).succeeds().says("Wrote");
    for number in 4..=52 {
        project.write(&format!("migrations/{number:03}_more.sql"), format!("CREATE TABLE more_{number} (x);\n"));
    }
    project.dbmigrate(["check"]).succeeds().says("50 migrations come after `migrations/snapshot.sql`");
}

#[test]
fn each_set_has_its_own_and_files_of_others_have_none() {
    let project = Project::wired("snapshot-sets", &[]);
    project.edit_manifest(|manifest| {
        let sets = "[sets.main]\ndir = \"db/main\"\n[sets.billing]\ndir = \"db/billing\"\n";
        let sets: toml_edit::DocumentMut = sets.parse().unwrap();
        manifest["package"]["metadata"]["migrations"] = sets.as_item().clone();
    });
    project.write("db/main/001_a.sql", "CREATE TABLE a (x);\n");
    project.write("db/billing/001_b.sql", "-- dbmigrate: requires main/001_a\nCREATE TABLE b (x);\n");
    project.dbmigrate(["snapshot"]).exits(2).says("`--set main`");
    project
        .dbmigrate(["snapshot", "--set", "main"])
        .succeeds()
        .says("Wrote db/main/snapshot.sql")
        .says("`cargo dbmigrate lock --to 001 --set main`");
    project
        .write("db/main/002_c.sql", "CREATE TABLE c (x DEFAULT CURRENT_TIMESTAMP);\nINSERT INTO c DEFAULT VALUES;\n");
    project.dbmigrate(["snapshot", "--set", "main"]).exits(101).says("`cargo dbmigrate snapshot --to 001 --set main`");
    project.remove("db/main/002_c.sql");
    project.write("db/main/001_a.sql", "CREATE TABLE a (x, y);\n");
    project
        .dbmigrate(["check"])
        .exits(1)
        .says("`cargo dbmigrate snapshot --set main`")
        .says_not("`cargo dbmigrate snapshot`");
    project.write("db/main/001_a.sql", "CREATE TABLE a (x);\n");
    project
        .dbmigrate(["snapshot", "--set", "billing"])
        .exits(101)
        .says("`001_b` requires `main/001_a`, which is in another set");
    project.dbmigrate(["up", "--database", "a.db"]).succeeds().says("Started from db/main/snapshot.sql");
    // Nothing includes them.
    project.dbmigrate(["check"]).exits(1).says_not("snapshot.sql");
    let foreign = Project::wired("snapshot-foreign", &[]);
    foreign.edit_manifest(|manifest| {
        manifest["package"]["metadata"]["migrations"]["layout"] = toml_edit::value("sqlx");
    });
    foreign.write("migrations/20240101000000_a.sql", "CREATE TABLE a (x);\n");
    foreign.dbmigrate(["snapshot"]).exits(2).says("writes dbmigrate's own");
}

#[test]
fn two_branches_with_a_snapshot_each_are_told_what_to_do() {
    let project = Project::wired("snapshot-git", &FILES[..2]);
    git(&project, &["init", "--quiet"]).succeeds();
    project.dbmigrate(["lock"]).succeeds();
    project.dbmigrate(["snapshot"]).succeeds();
    commit(&project, "both");
    for (branch, name) in [("one", "003_one"), ("two", "003_two")] {
        git(&project, &["checkout", "--quiet", "-b", branch, "main"]).succeeds();
        project.write(&format!("migrations/{name}.sql"), format!("CREATE TABLE {branch} (x);\n"));
        project.dbmigrate(["lock"]).succeeds();
        project.dbmigrate(["snapshot"]).succeeds();
        commit(&project, name);
    }
    git(&project, &["checkout", "--quiet", "main"]).succeeds();
    git(&project, &["merge", "--quiet", "one"]).succeeds();
    git(&project, &["merge", "--quiet", "two"]).exits(1);
    let says = "`migrations/snapshot.sql` does not match the new numbers of the migrations";
    let helps = "take a new one, then seal: `cargo dbmigrate snapshot`, `cargo dbmigrate lock`";
    project.dbmigrate(["renumber", "--onto", "one", "--dry-run"]).succeeds().says(says).says(helps);
    let json = project.dbmigrate(["renumber", "--onto", "one", "--dry-run", "--message-format", "json"]).succeeds();
    assert!(json.stdout.contains("\"snapshot-renumbered\""), "{}", json.stdout);
    project.dbmigrate(["renumber", "--onto", "one"]).succeeds().says(says).says(helps);
    project.cargo(["build"]).exits(101).says("`migrations/snapshot.sql` was edited since it was sealed");
    project.dbmigrate(["snapshot"]).succeeds().says("Wrote");
    project.dbmigrate(["lock"]).succeeds().says_not("snapshot.sql");
    project.dbmigrate(["check"]).succeeds().says_not("snapshot.sql");
    project.cargo(["build"]).succeeds();
    up(&project, "a.db");
    assert_eq!(stood_for(&project, "a.db"), "4");
    // One of what comes before the new numbers stays as it is.
    project.dbmigrate(["snapshot", "--to", "2"]).succeeds();
    commit(&project, "merged");
    git(&project, &["branch", "--quiet", "other"]).succeeds();
    project.write("migrations/007_late.sql", "CREATE TABLE late (x);\n");
    project.dbmigrate(["renumber", "--onto", "other", "--dry-run"]).succeeds().says("005_late").says_not(says);
    project.dbmigrate(["renumber", "--onto", "other"]).succeeds().says("005_late").says_not(says);
    project.dbmigrate(["check"]).succeeds().says_not("snapshot.sql");
}

#[test]
fn where_no_snapshot_stands_the_way_around_is_named() {
    let none = "these migrations can't have a snapshot: ";
    let words = "CREATE VIRTUAL TABLE f USING fts5 (a, content = '');\nINSERT INTO f (rowid, a) VALUES (1, 'word');\n";
    let project =
        Project::wired("snapshot-none", &[FILES[0], FILES[1], ("003_words.sql", words), ("004_d.sql", "SELECT 1;\n")]);
    project
        .dbmigrate(["snapshot"])
        .exits(101)
        .says(&format!("{none}`f` has words but stores no text"))
        .says("take one of those before it: `cargo dbmigrate snapshot --to 002`")
        .says_not("snapshot.sql");
    project.dbmigrate(["snapshot", "--to", "002"]).succeeds();
    let first = Project::wired("snapshot-none-at-all", &[("001_words.sql", words)]);
    first
        .dbmigrate(["snapshot"])
        .exits(101)
        .says(none)
        .says("or do without: all migrations run one by one, as before")
        .says_not("--to");
    // Nobody's folder is deleted for it.
    first.write("migrations/001_words.sql", "SELECT 1;\n");
    fs::create_dir(first.root.join("migrations/snapshot.sql")).unwrap();
    for arguments in [&["snapshot"][..], &["snapshot", "--remove"]] {
        first
            .dbmigrate(arguments)
            .exits(101)
            .says("`migrations/snapshot.sql` is a folder, and that is the name of the snapshot")
            .says_not("os error");
    }
    first.dbmigrate(["check"]).exits(1).says_not("os error");
}

#[test]
fn the_guide_runs() {
    assert!(play(&blocks("docs/snapshot.md"), Project::wired("snapshot-guide", &[])) > 0);
}
