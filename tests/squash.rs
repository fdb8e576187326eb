//! `squash`: one migration in place of many, for every database that there is; and docs/squashing.md can't rot.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::git::{commit, git};
use crate::guide::{blocks, play};
use crate::support::{Project, Run};

/// Files of a package whose third migration changes rows of its first.
const FILES: [(&str, &str); 5] = [
    (
        "001_teams.sql",
        "CREATE TABLE teams (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);\nINSERT INTO teams (name) VALUES ('red');\n",
    ),
    (
        "002_users.sql",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, team REFERENCES teams (id));\r\nINSERT INTO users VALUES (7, 1);\r\n",
    ),
    (
        "003_size.sql",
        "-- dbmigrate: assert SELECT count(*) < 9 FROM users\nALTER TABLE teams ADD COLUMN size INTEGER;\nUPDATE teams SET size = 3;\n",
    ),
    ("003_size.down.sql", "ALTER TABLE teams DROP COLUMN size;\n"),
    ("004_index.sql", "-- dbmigrate: requires 002_users\nCREATE INDEX users_by_team ON users (team);\n"),
];

/// Every file below a folder, with its bytes.
fn state(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            files.extend(state(&entry.path()).into_iter().map(|(path, bytes)| (format!("{name}/{path}"), bytes)));
        } else {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    files
}

fn migrations(project: &Project) -> BTreeMap<String, Vec<u8>> {
    state(&project.root.join("migrations"))
}

/// What a database holds besides its history.
fn contents(project: &Project, database: &str) -> Vec<String> {
    let mut all = project.query(
        database,
        "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name NOT LIKE '\\_migrations%' ESCAPE '\\' ORDER BY name",
    );
    for sql in
        ["SELECT * FROM teams", "SELECT * FROM users", "SELECT * FROM sqlite_sequence WHERE name <> '_migrations'"]
    {
        all.extend(project.query(database, sql));
    }
    all
}

fn history(project: &Project, database: &str) -> Vec<String> {
    project.query(database, "SELECT name FROM _migrations ORDER BY number")
}

/// Case 54 of the list: databases before, amid and after the range that a squash replaces, and new ones, come together;
/// by the program itself, with the originals in it and without.
#[test]
fn case_54_databases_before_amid_and_after_a_squash_converge() {
    let project = Project::wired("squash-case-54", &FILES);
    for version in 1..=4 {
        let database = format!("v{version}.db");
        project.dbmigrate(["up", "--to", &version.to_string(), "--database", &database]).succeeds();
        fs::copy(project.root.join(&database), project.root.join(format!("pruned{version}.db"))).unwrap();
    }
    project.dbmigrate(["up", "--database", "expected.db"]).succeeds();
    let expected = contents(&project, "expected.db");

    project.write(
        "src/main.rs",
        "dbmigrate_runtime::include_migrations!(pub mod migrations);\n\nfn main() {\n    for path in std::env::args().skip(1) {\n        \
         let mut db = rusqlite::Connection::open(&path).unwrap();\n        \
         match migrations::migrator().up(&mut db) {\n            \
         Ok(report) => println!(\"{path}: {} applied, squash {}\", report.applied.len(), migrations::Migration::ALL[0]),\n            \
         Err(error) => println!(\"{path}: pruned {}: {error}\", error.is_pruned()),\n        }\n    }\n}\n",
    );
    project.dbmigrate(["squash", "--through", "3"]).succeeds().says("these assertions are left out").says("`003_size`");
    project.cargo(["build", "-q", "--offline"]).succeeds();
    // What it replaces can be forgotten, and runs again, as before.
    project.dbmigrate(["up", "--to", "1", "--database", "forgotten.db"]).exits(2);
    fs::copy(project.root.join("v2.db"), project.root.join("forgotten.db")).unwrap();
    let forgot = project.dbmigrate(["forget", "002_users", "--database", "forgotten.db"]).succeeds();
    // What is suggested is about the same database.
    forgot.says("to run it again: `cargo dbmigrate up --database forgotten.db`").says_not("no file has its number");
    let run = |databases: &[&str]| Run::of(project.command(project.program()).args(databases)).succeeds();
    let said = run(&["v0.db", "v1.db", "v2.db", "v3.db", "v4.db", "v4.db"]);
    assert_eq!(
        said.stdout,
        "v0.db: 2 applied, squash 003_squashed_001_to_003\nv1.db: 3 applied, squash 003_squashed_001_to_003\n\
         v2.db: 2 applied, squash 003_squashed_001_to_003\nv3.db: 1 applied, squash 003_squashed_001_to_003\n\
         v4.db: 0 applied, squash 003_squashed_001_to_003\nv4.db: 0 applied, squash 003_squashed_001_to_003\n",
        "{said}"
    );
    for version in 0..=4 {
        let database = format!("v{version}.db");
        assert_eq!(contents(&project, &database), expected, "{version}");
        assert_eq!(history(&project, &database), ["003_squashed_001_to_003", "004_index"], "{version}");
        project.dbmigrate(["verify", "--database", &database]).succeeds();
        project.dbmigrate(["drift", "--database", &database]).succeeds();
    }

    project.dbmigrate(["lock"]).succeeds();
    project.dbmigrate(["squash", "--prune"]).succeeds().says("version 0.1.0");
    assert!(!project.has("migrations/replaced/001_teams.sql") && project.has("migrations/replaced/migrations.lock"));
    project.dbmigrate(["squash", "--prune"]).succeeds().says("Fresh nothing is left");
    project.cargo(["build", "-q", "--offline"]).succeeds();
    let before = contents(&project, "pruned3.db").len();
    assert!(before > 0);
    let said = run(&["pruned0.db", "pruned1.db", "pruned2.db", "pruned3.db", "pruned4.db"]);
    for (version, expect) in [
        (0, "2 applied"),
        (1, "pruned true: the database needs `002_users`"),
        (2, "pruned true: the database needs `003_size`"),
        (3, "1 applied"),
        (4, "0 applied"),
    ] {
        assert!(said.stdout.contains(&format!("pruned{version}.db: {expect}")), "{said}");
        let database = format!("pruned{version}.db");
        if matches!(version, 1 | 2) {
            let status = project.dbmigrate(["status", "--database", &database]).succeeds().says("[ ] 003_size");
            status.says("this program can't run it, because it was pruned: version 0.1.0 is the last one that can");
            for command in [&["verify"][..], &["repair"], &["repair", "--all"]] {
                let run = project.dbmigrate(command.iter().chain(&["--database", &database])).exits(1);
                run.says("run version 0.1.0 of the program first: it is the last one that has");
            }
            project
                .dbmigrate(["up", "--database", &database])
                .exits(101)
                .says("run version 0.1.0 of the program first: it is the last one that has");
            assert_eq!(history(&project, &database).len(), version);
        } else {
            assert_eq!(contents(&project, &database), expected, "{version}");
        }
    }
}

#[test]
fn undo_puts_back_every_byte_until_the_squash_is_sealed() {
    let project = Project::wired("squash-undo", &FILES);
    project.dbmigrate(["lock", "--to", "4"]).succeeds();
    // Whoever has edited it by hand gets it back, too.
    let lock = format!("# By hand.\n{}", project.read("migrations/migrations.lock"));
    project.write("migrations/migrations.lock", &lock);
    project.write("migrations/005_new.sql", "CREATE TABLE new (x);\n");
    let before = migrations(&project);
    project.dbmigrate(["squash", "--through", "3", "--dry-run"]).succeeds().says("Would write").says("CREATE TABLE");
    assert_eq!(migrations(&project), before);
    project.dbmigrate(["squash", "--through", "size"]).succeeds().says("1 migration after it stays sealed");
    assert_eq!(migrations(&project).len(), before.len() + 3);
    project.dbmigrate(["squash", "--undo", "--dry-run"]).succeeds().says("Would move 4 files back");
    project.dbmigrate(["squash", "--undo"]).succeeds();
    assert_eq!(migrations(&project), before);
    project.dbmigrate(["squash", "--undo"]).exits(2).says("there is no squash to undo");

    // A squash of a squash is taken back to the squash.
    project.dbmigrate(["squash", "--through", "2"]).succeeds();
    project.dbmigrate(["squash", "--through", "4"]).exits(101).says("is a squash that is not sealed yet");
    project.dbmigrate(["squash", "--through", "2"]).exits(2).says("no migration comes after it");
    project.dbmigrate(["squash", "--prune"]).exits(101).says("seal it first");
    project.dbmigrate(["lock", "--accept", "4"]).exits(101).says("is a squash that is not sealed");
    project.dbmigrate(["lock"]).succeeds();
    project.dbmigrate(["squash", "--undo"]).exits(101).says("is sealed: databases may have started from it");
    let once = migrations(&project);
    let json = project.dbmigrate(["squash", "--through", "5", "all of it", "--message-format", "json"]).succeeds();
    json.says(r#""reason":"squashed""#).says(r#""file":"migrations/005_all_of_it.sql""#).says(r#""replaced":4"#);
    project.dbmigrate(["list"]).succeeds().says("005_all_of_it");
    assert!(project.has("migrations/replaced/replaced/001_teams.sql"));
    project.dbmigrate(["squash", "--undo"]).succeeds();
    assert_eq!(migrations(&project), once);
}

#[test]
fn what_comes_after_an_unsealed_squash_can_not_be_edited_unseen() {
    let project = Project::wired("squash-sealed", &FILES);
    project.dbmigrate(["lock"]).succeeds();
    project.dbmigrate(["squash", "--through", "3"]).succeeds();
    project.dbmigrate(["check"]).succeeds();
    for path in ["migrations/004_index.sql", "migrations/replaced/002_users.sql"] {
        let text = project.read(path);
        project.write(path, text.replace("users", "people"));
        project.dbmigrate(["check"]).exits(1).says("is sealed, and was edited").says(path);
        project.cargo(["build", "-q", "--offline"]).exits(101).says("is sealed, and was edited");
        project.write(path, text);
    }
    // The squash itself can: until it is sealed, it is proved.
    let squash = project.read("migrations/003_squashed_001_to_003.sql");
    project.write("migrations/003_squashed_001_to_003.sql", squash.replace("'red', 3", "'red', 4"));
    for command in ["check", "lock"] {
        let code = if command == "check" { 1 } else { 101 };
        project
            .dbmigrate([command])
            .exits(code)
            .says("does not make the same as the migrations that it replaces")
            .says("table `teams` has the row (1, 'red', 4) and not (1, 'red', 3)");
    }
    project.write("migrations/003_squashed_001_to_003.sql", &squash);
    project.dbmigrate(["lock"]).succeeds();
    project.dbmigrate(["check", "--locked"]).succeeds();
    for command in [&["test"][..], &["schema"], &["list"], &["create", "more"]] {
        project.dbmigrate(command).succeeds();
    }
    assert!(project.has("migrations/005_more.sql"));
}

#[test]
fn what_can_not_be_proved_is_refused_with_what_can_be() {
    let files = [
        FILES[0],
        FILES[1],
        ("003_log.sql", "CREATE TABLE log (at DEFAULT CURRENT_TIMESTAMP, x);\n\nINSERT INTO log (x) VALUES (1);\n"),
        ("004_more.sql", "INSERT INTO log VALUES ('then', random());\n"),
        ("005_code.rs", "pub fn up(_: &rusqlite::Connection) -> rusqlite::Result<()> {\n    Ok(())\n}\n"),
    ];
    let project = Project::wired("squash-refused", &files);
    let before = migrations(&project);
    project
        .dbmigrate(["squash", "--through", "4"])
        .exits(101)
        .says("migrations/003_log.sql:3:1")
        .says("this writes the result of `CURRENT_TIMESTAMP`, which depends on the current time")
        .says("migrations/004_more.sql:1:1")
        .says("squash what comes before it: `cargo dbmigrate squash --through 002`");
    project.dbmigrate(["squash", "--through", "5"]).exits(101).says("`005_code` is written in Rust");
    project.dbmigrate(["squash", "--through", "9"]).exits(2).says("there is no migration `9`");
    project.dbmigrate(["squash", "--through", "2", "b"]).exits(0);
    project.dbmigrate(["squash", "--undo"]).succeeds();
    project.dbmigrate(["squash", "--through", "2", "users"]).exits(2).says("`002_users` is the name of a migration");
    project.dbmigrate(["squash", "--through", "2", "Ünicode"]).exits(2).says("is not a name for a migration");
    project.dbmigrate(["squash"]).exits(2).says("--through");
    project.dbmigrate(["squash", "--undo", "--prune"]).exits(2);
    project.dbmigrate(["squash", "--prune"]).exits(2).says("there is no squash, and nothing to prune");
    assert_eq!(migrations(&project), before);
}

#[test]
fn a_file_in_the_way_leaves_all_as_it_was() {
    let project = Project::wired("squash-in-the-way", &FILES);
    project.write("migrations/replaced/note.txt", "");
    let before = migrations(&project);
    project.dbmigrate(["squash", "--through", "3"]).exits(101).says("does not say which migrations were replaced");
    assert_eq!(migrations(&project), before);
    // An empty one is in nobody's way.
    project.remove("migrations/replaced/note.txt");
    project.dbmigrate(["list"]).succeeds();
    project.write("migrations/003_squashed_001_to_003.sql.bak", "");
    project.dbmigrate(["squash", "--through", "3"]).succeeds();
}

/// What a squash that was stopped anywhere leaves, as it makes one change after the other; and what an undo does.
#[test]
fn what_was_stopped_half_way_is_put_back() {
    let project = Project::wired("squash-stopped", &FILES);
    project.dbmigrate(["lock"]).succeeds();
    let before = migrations(&project);
    project.dbmigrate(["squash", "--through", "3"]).succeeds();
    let after = migrations(&project);
    let moved = ["001_teams.sql", "002_users.sql", "003_size.down.sql", "003_size.sql"];
    // The lock beside the originals comes first, the squash last.
    for step in 0..=moved.len() + 2 {
        fs::remove_dir_all(project.root.join("migrations")).unwrap();
        let put = |path: &str, bytes: &[u8]| project.write(&format!("migrations/{path}"), bytes);
        before.iter().for_each(|(path, bytes)| put(path, bytes));
        put("replaced/migrations.lock", &after["replaced/migrations.lock"]);
        for name in moved.iter().take(step) {
            put(&format!("replaced/{name}"), &before[*name]);
            // The last one has both its names.
            if step != 2 {
                project.remove(&format!("migrations/{name}"));
            }
        }
        if step > moved.len() {
            put("replaced/before.lock", &after["replaced/before.lock"]);
        }
        if step > moved.len() + 1 {
            put("migrations.lock", &after["migrations.lock"]);
        }
        project.dbmigrate(["check"]).exits(1);
        project.dbmigrate(["squash", "--undo"]).succeeds();
        assert_eq!(migrations(&project), before, "{step}");
    }
    // Without the squash that was sealed nothing is taken back.
    project.dbmigrate(["squash", "--through", "3"]).succeeds();
    project.dbmigrate(["lock"]).succeeds();
    project.remove("migrations/003_squashed_001_to_003.sql");
    project.dbmigrate(["squash", "--undo"]).exits(101).says("is sealed: databases may have started from it");
}

#[test]
fn other_tools_and_other_sets_are_left_alone() {
    let project = Project::wired("squash-sets", &[]);
    project.edit_manifest(|manifest| {
        let sets = "[sets.people]\n[sets.bills]\n".parse::<toml_edit::DocumentMut>().unwrap();
        manifest["package"]["metadata"]["migrations"]["sets"] = sets["sets"].clone();
    });
    fs::remove_dir_all(project.root.join("migrations")).unwrap();
    for (path, text) in [
        ("people/001_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY);\n"),
        ("people/002_names.sql", "ALTER TABLE users ADD COLUMN name TEXT;\n"),
        ("bills/001_bills.sql", "CREATE TABLE bills (id INTEGER PRIMARY KEY);\n"),
        (
            "bills/002_owner.sql",
            "-- dbmigrate: requires people/001_users\nALTER TABLE bills ADD COLUMN owner REFERENCES users (id);\n",
        ),
    ] {
        project.write(&format!("migrations/{path}"), text);
    }
    project
        .dbmigrate(["squash", "--set", "people", "--through", "2"])
        .exits(101)
        .says("`002_owner` requires `people/001_users`, which would be replaced");
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["squash", "--set", "bills", "--through", "1"]).succeeds();
    project.dbmigrate(["up"]).succeeds().says("the history has `001_squashed_001_to_001` now in place of");
    project.dbmigrate(["up", "--database", "new.db"]).succeeds();
    project.dbmigrate(["drift"]).succeeds();

    let foreign = Project::wired("squash-foreign", &[]);
    foreign.write("migrations/20240101000000_a.sql", "CREATE TABLE a (x);\n");
    foreign.edit_manifest(|manifest| {
        manifest["package"]["metadata"]["migrations"]["layout"] = toml_edit::value("sqlx");
    });
    foreign.dbmigrate(["squash", "--through", "a"]).exits(2).says("take over the files first: `cargo dbmigrate adopt`");
}

/// The same of a squash that replaces another one, whose folder has to make room.
#[test]
fn what_was_stopped_while_a_squash_was_squashed_is_put_back() {
    let project = Project::wired("squash-stopped-again", &FILES);
    project.dbmigrate(["squash", "--through", "2"]).succeeds();
    project.dbmigrate(["lock"]).succeeds();
    let before = migrations(&project);
    project.dbmigrate(["squash", "--through", "4", "all"]).succeeds();
    let after = migrations(&project);
    let folder = project.root.join("migrations");
    let start = || {
        fs::remove_dir_all(&folder).unwrap();
        before.iter().for_each(|(path, bytes)| project.write(&format!("migrations/{path}"), bytes));
    };
    let rename = |from: &str, to: &str| fs::rename(folder.join(from), folder.join(to)).unwrap();
    let put = |path: &str| project.write(&format!("migrations/{path}"), &after[path]);
    let moved = ["002_squashed_001_to_002.sql", "003_size.sql", "003_size.down.sql", "004_index.sql"];
    assert!(moved.iter().all(|name| after.contains_key(&format!("replaced/{name}"))), "{:?}", after.keys());
    let steps: Vec<Box<dyn Fn()>> = vec![
        Box::new(|| rename("replaced", ".replaced")),
        Box::new(|| fs::create_dir(folder.join("replaced")).unwrap()),
        Box::new(|| rename(".replaced", "replaced/replaced")),
        Box::new(|| put("replaced/migrations.lock")),
        Box::new(|| rename(moved[0], &format!("replaced/{}", moved[0]))),
        Box::new(|| rename(moved[1], &format!("replaced/{}", moved[1]))),
        Box::new(|| rename(moved[2], &format!("replaced/{}", moved[2]))),
        Box::new(|| rename(moved[3], &format!("replaced/{}", moved[3]))),
        Box::new(|| put("replaced/before.lock")),
        Box::new(|| put("migrations.lock")),
    ];
    for count in 1..=steps.len() {
        start();
        steps[..count].iter().for_each(|step| step());
        project.dbmigrate(["check"]).exits(1).says("`cargo dbmigrate squash --undo`");
        let whole = migrations(&project);
        project.dbmigrate(["squash", "--undo", "--dry-run"]).succeeds();
        assert_eq!(migrations(&project), whole, "{count}");
        project.dbmigrate(["squash", "--undo"]).succeeds().says("its changes were undone");
        assert_eq!(migrations(&project), before, "{count}");
        assert!(!folder.join(".replaced").exists());
        project.dbmigrate(["check"]).succeeds();
    }
}

#[test]
fn git_may_have_put_the_originals_back() {
    let project = Project::wired("squash-checkout", &FILES);
    project.dbmigrate(["lock"]).succeeds();
    git(&project, &["init", "--quiet"]).succeeds();
    commit(&project, "four");
    let before = migrations(&project);
    project.dbmigrate(["squash", "--through", "3"]).succeeds();
    git(&project, &["checkout", "--quiet", "."]).succeeds();
    assert_ne!(migrations(&project), before);
    project.dbmigrate(["check"]).exits(1);
    project.dbmigrate(["squash", "--undo"]).succeeds().says("Removed migrations/003_squashed_001_to_003.sql");
    assert_eq!(migrations(&project), before);
    project.dbmigrate(["check"]).succeeds();
    // One that is another file now is nobody's to choose.
    project.dbmigrate(["squash", "--through", "3"]).succeeds();
    project.write("migrations/002_users.sql", "-- Mine.\n");
    let whole = migrations(&project);
    let run = project.dbmigrate(["squash", "--undo"]).exits(101);
    run.says("`migrations/002_users.sql` exists, and differs from `migrations/replaced/002_users.sql`");
    assert_eq!(migrations(&project), whole);
}

#[test]
fn what_does_not_belong_to_a_squash_is_named_before_it_is_taken_back() {
    let project = Project::wired("squash-stranger", &FILES);
    let before = migrations(&project);
    project.dbmigrate(["squash", "--through", "3"]).succeeds();
    project.write("migrations/replaced/.DS_Store", "");
    let whole = migrations(&project);
    let run = project.dbmigrate(["squash", "--undo"]).exits(101).says("nothing was changed");
    run.says("`migrations/replaced/.DS_Store` is not one of the replaced files").says_not("os error");
    assert_eq!(migrations(&project), whole);
    project.remove("migrations/replaced/.DS_Store");
    project.dbmigrate(["squash", "--undo"]).succeeds();
    assert_eq!(migrations(&project), before);
}

#[test]
fn the_last_version_with_the_originals_is_a_version() {
    let project = Project::wired("squash-last", &FILES);
    project.dbmigrate(["squash", "--through", "3"]).succeeds();
    project.dbmigrate(["lock"]).succeeds();
    let before = migrations(&project);
    for version in ["latest", "", "1.4", "v1.4.0", "1.4.0\n"] {
        let run = project.dbmigrate(["squash", "--prune", "--last", version]).exits(2);
        run.says("is not a version").says("`version = \"0.1.0\"`");
    }
    assert_eq!(migrations(&project), before);
    project.dbmigrate(["squash", "--prune", "--last", "1.4.0-beta.1"]).succeeds().says("version 1.4.0-beta.1");
}

#[test]
fn git_knows_what_was_replaced() {
    let project = Project::wired("squash-git", &FILES);
    git(&project, &["init", "--quiet"]).succeeds();
    commit(&project, "four");
    git(&project, &["checkout", "--quiet", "-b", "work"]).succeeds();
    project.dbmigrate(["squash", "--through", "3"]).succeeds();
    project.dbmigrate(["check", "--since", "main"]).succeeds().says_not("is gone");
    commit(&project, "squashed");
    project.dbmigrate(["lock"]).succeeds();
    project.dbmigrate(["squash", "--prune"]).succeeds();
    project.dbmigrate(["check", "--since", "main"]).succeeds();
    project.dbmigrate(["check", "--since", "work"]).succeeds();
    commit(&project, "pruned");
    let lock = project.read("migrations/replaced/migrations.lock");
    let other = project.read("migrations/migrations.lock");
    // Somebody forges another past, soundly.
    project.dbmigrate(["check", "--since", "HEAD"]).succeeds();
    let forged = Project::wired("squash-forged", &[("001_other.sql", FILES[0].1), FILES[1], FILES[2], FILES[4]]);
    forged.dbmigrate(["squash", "--through", "3"]).succeeds();
    let text = forged.read("migrations/replaced/migrations.lock") + "pruned = \"1\"\n";
    assert_ne!(text, lock);
    project.write("migrations/replaced/migrations.lock", text);
    project.dbmigrate(["check", "--since", "HEAD"]).exits(1).says("`001_teams`, which is replaced in `HEAD`");
    assert_eq!(project.read("migrations/migrations.lock"), other);
}

#[test]
fn the_guide_runs_as_it_is_written() {
    assert_eq!(play(&blocks("docs/squashing.md"), Project::wired("squash-guide", &[])), 8);
}
