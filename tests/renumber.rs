//! `renumber`: two branches with one number come together, and nothing is lost on the way.

use std::fs;

use crate::git::{commit, git};
use crate::support::Project;

const NEW: &str = "CREATE TABLE new (x);\n";

/// Two migrations on `main`; then `work` has three of its own, and `main` one more.
fn parted(test: &str) -> Project {
    let files = [("001_users.sql", "CREATE TABLE users (id);\n"), ("002_stars.sql", "ALTER TABLE users ADD stars;\n")];
    let project = Project::wired(test, &files);
    git(&project, &["init", "--quiet"]).succeeds();
    commit(&project, "two");
    git(&project, &["checkout", "--quiet", "-b", "work"]).succeeds();
    project.write("migrations/003_new.sql", NEW);
    project.write("migrations/003_new.down.sql", "DROP TABLE new;\n");
    project.write("migrations/004_fill.sql", "-- dbmigrate: requires 003_new\r\nINSERT INTO new VALUES (1);\r\n");
    project.write(
        "migrations/005_code.rs",
        "// dbmigrate: requires 001_users\n// dbmigrate: requires 004_fill\npub fn up(_: &rusqlite::Connection) -> rusqlite::Result<()> {\n    Ok(())\n}\n",
    );
    commit(&project, "work");
    git(&project, &["checkout", "--quiet", "main"]).succeeds();
    project.write("migrations/003_theirs.sql", "CREATE TABLE theirs (x);\n");
    commit(&project, "theirs");
    git(&project, &["checkout", "--quiet", "work"]).succeeds();
    project
}

#[test]
fn after_a_merge_the_own_ones_follow_with_all_their_files() {
    let project = parted("renumber-merged");
    git(&project, &["merge", "--quiet", "--no-edit", "main"]).succeeds();
    project.dbmigrate(["check"]).exits(1).says("003_theirs");
    let before = project.migration_files();
    let dry = project.dbmigrate(["renumber", "--dry-run"]).succeeds();
    dry.says("Would move migrations/003_new.down.sql to migrations/004_new.down.sql")
        .says("3 migrations would be renumbered");
    assert_eq!(project.migration_files(), before);

    project
        .dbmigrate(["renumber"])
        .succeeds()
        .says("Moved migrations/005_code.rs to migrations/006_code.rs")
        .says("Edited migrations/005_fill.sql (requires 004_new)")
        .says("3 migrations renumbered to follow those of `main`");
    let expect = [
        "001_users.sql",
        "002_stars.sql",
        "003_theirs.sql",
        "004_new.down.sql",
        "004_new.sql",
        "005_fill.sql",
        "006_code.rs",
    ];
    assert_eq!(project.migration_files(), expect);
    assert_eq!(project.read("migrations/004_new.sql"), NEW);
    let fill = project.read("migrations/005_fill.sql");
    assert_eq!(fill, "-- dbmigrate: requires 004_new\r\nINSERT INTO new VALUES (1);\r\n");
    assert!(project.read("migrations/006_code.rs").contains("requires 001_users\n// dbmigrate: requires 005_fill\n"));
    project.dbmigrate(["list"]).succeeds().says("006_code");
    project.dbmigrate(["renumber"]).succeeds().says("Fresh the numbers already follow those of `main`");
}

#[test]
fn before_a_merge_room_is_made_and_names_may_stand_in_each_others_way() {
    let project = parted("renumber-before");
    // One slug twice: each finds its new name taken until the other has moved.
    fs::rename(project.root.join("migrations/005_code.rs"), project.root.join("code")).unwrap();
    fs::rename(project.root.join("migrations/004_fill.sql"), project.root.join("migrations/004_new.sql")).unwrap();
    project.write("migrations/004_new.sql", "ALTER TABLE new ADD y;\n");
    let json = project.dbmigrate(["renumber", "--message-format", "json"]).succeeds().stdout;
    let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!((&first["from"], &first["to"]), (&"003_new".into(), &"004_new".into()));
    assert_eq!(project.read("migrations/004_new.sql"), NEW);
    assert_eq!(project.read("migrations/005_new.sql"), "ALTER TABLE new ADD y;\n");
    // And back, where the others are away again.
    project.dbmigrate(["renumber", "--onto", "HEAD~1"]).succeeds();
    assert_eq!(
        project.migration_files(),
        ["001_users.sql", "002_stars.sql", "003_new.down.sql", "003_new.sql", "004_new.sql"]
    );
    assert_eq!(project.read("migrations/003_new.sql"), NEW);
}

#[test]
fn code_that_names_them_is_reported_with_its_place() {
    let project = parted("renumber-code");
    let main = "fn main() {}\n// M003New\nfn f() { let _ = (migrations::Migration::M003New, \"003_new\"); }\nmod migrations { pub enum Migration { M003New } }\n";
    project.write("tests/deep/a.rs", main);
    project
        .dbmigrate(["renumber"])
        .succeeds()
        .says("tests/deep/a.rs:3 names `M003New`, which is now `M004New`")
        .says("tests/deep/a.rs:3 names `003_new`, which is now `004_new`")
        .says_not("a.rs:2 ");
    assert_eq!(project.read("tests/deep/a.rs"), main);
}

#[test]
fn nothing_is_overwritten_and_what_others_have_stays() {
    let project = parted("renumber-refused");
    let before = project.migration_files();
    // A folder has the name that a file is to get.
    fs::create_dir(project.root.join("migrations/006_code.rs")).unwrap();
    project.dbmigrate(["renumber"]).exits(101).says("would become `migrations/006_code.rs`, which already exists");
    fs::remove_dir(project.root.join("migrations/006_code.rs")).unwrap();
    assert_eq!(project.migration_files(), before);
    // One that others have, under another name: it is not taken for one of one's own.
    fs::rename(project.root.join("migrations/002_stars.sql"), project.root.join("migrations/002_rating.sql")).unwrap();
    project.dbmigrate(["renumber"]).exits(101).says("`002_stars` of `main` is named `002_rating` here");
    fs::rename(project.root.join("migrations/002_rating.sql"), project.root.join("migrations/002_stars.sql")).unwrap();
    assert_eq!(project.migration_files(), before);
    git(&project, &["checkout", "--quiet", "main"]).succeeds();
    project.dbmigrate(["renumber"]).exits(101).says("`cargo dbmigrate renumber --onto REV`");
}

#[test]
fn moments_move_only_where_others_are_later() {
    let project = Project::new("renumber-timestamps");
    project.edit_manifest(|manifest| {
        manifest["package"]["metadata"] = toml_edit::table();
        manifest["package"]["metadata"]["migrations"] = toml_edit::table();
        manifest["package"]["metadata"]["migrations"]["numbering"] = toml_edit::value("timestamp");
    });
    project.write("migrations/20240101000000_a.sql", "CREATE TABLE a (x);\n");
    git(&project, &["init", "--quiet"]).succeeds();
    commit(&project, "first");
    git(&project, &["checkout", "--quiet", "-b", "work"]).succeeds();
    project.write("migrations/20240301000000_c.sql", "CREATE TABLE c (x);\n");
    project.dbmigrate(["renumber"]).succeeds().says("Fresh");
    project.write("migrations/20230101000000_b.sql", "CREATE TABLE b (x);\n");
    project.dbmigrate(["renumber"]).succeeds().says("2 migrations renumbered");
    let names = project.migration_files();
    assert!(
        names[0] == "20240101000000_a.sql" && names[1].ends_with("_b.sql") && names[2].ends_with("_c.sql"),
        "{names:?}"
    );
}

#[test]
fn a_conflict_in_the_lock_is_settled_by_what_others_have_sealed() {
    let project = parted("renumber-lock");
    fs::remove_file(project.root.join("migrations/005_code.rs")).unwrap();
    project.dbmigrate(["lock"]).succeeds();
    commit(&project, "sealed here");
    git(&project, &["checkout", "--quiet", "main"]).succeeds();
    project.dbmigrate(["lock"]).succeeds();
    let theirs = project.read("migrations/migrations.lock");
    commit(&project, "sealed there");
    git(&project, &["checkout", "--quiet", "work"]).succeeds();
    project.write("migrations/005_most.sql", NEW.replace("new", "most"));
    project.write("migrations/007_more.sql", NEW.replace("new", "more"));
    git(&project, &["merge", "--quiet", "--no-edit", "main"]).exits(1);
    project
        .dbmigrate(["renumber"])
        .succeeds()
        .says("Edited migrations/migrations.lock (as `main` has it; seal yours again: `cargo dbmigrate lock`)")
        .says("Moved migrations/005_most.sql to migrations/006_most.sql")
        .says_not("007_more.sql");
    assert_eq!(project.read("migrations/migrations.lock"), theirs);
    project.dbmigrate(["check"]).succeeds();
    project.dbmigrate(["lock"]).succeeds();
    project.dbmigrate(["check", "--locked"]).succeeds();
}

#[test]
fn what_moves_is_sealed_no_longer() {
    let project = parted("renumber-sealed");
    project.remove("migrations/005_code.rs");
    project.dbmigrate(["lock"]).succeeds();
    let sealed = project.read("migrations/migrations.lock");
    project
        .dbmigrate(["renumber", "--dry-run"])
        .succeeds()
        .says("Would edit migrations/migrations.lock (sealed up to `002_stars`");
    assert_eq!(project.read("migrations/migrations.lock"), sealed);
    project
        .dbmigrate(["renumber"])
        .succeeds()
        .says("Edited migrations/migrations.lock (sealed up to `002_stars`; seal yours again: `cargo dbmigrate lock`)");
    git(&project, &["merge", "--quiet", "--no-edit", "main"]).succeeds();
    project.dbmigrate(["lock"]).succeeds().says("Sealed 004_new").says("Sealed 005_fill");
    project.dbmigrate(["check", "--locked"]).succeeds();
    project.dbmigrate(["renumber"]).succeeds().says("Fresh").says_not("Edited");
}

#[test]
fn what_is_sealed_here_alone_stays_where_nothing_is_in_its_way() {
    let project = parted("renumber-sealed-stays");
    git(&project, &["branch", "--quiet", "--force", "main", "main~1"]).succeeds();
    project.remove("migrations/005_code.rs");
    project.dbmigrate(["lock"]).succeeds();
    let sealed = project.read("migrations/migrations.lock");
    project.write("migrations/006_later.sql", NEW.replace("new", "later"));
    project
        .dbmigrate(["renumber"])
        .succeeds()
        .says("Moved migrations/006_later.sql to migrations/005_later.sql")
        .says_not("Edited");
    assert_eq!(project.read("migrations/migrations.lock"), sealed);
}

/// After a merge, a database has `003_new`, which is `004_new` now.
fn applied(test: &str) -> Project {
    let project = parted(test);
    fs::remove_file(project.root.join("migrations/004_fill.sql")).unwrap();
    fs::remove_file(project.root.join("migrations/005_code.rs")).unwrap();
    commit(&project, "one");
    project.dbmigrate(["up"]).succeeds();
    project.execute("app.db", "INSERT INTO new VALUES (7)");
    git(&project, &["merge", "--quiet", "--no-edit", "main"]).succeeds();
    project.dbmigrate(["renumber"]).succeeds().says("forget 003_new").says("mark 004_new");
    project.dbmigrate(["up"]).exits(101).says("`003_theirs` has the number of `003_new`, which is applied");
    project
}

#[test]
fn a_database_that_has_the_old_number_goes_on_as_it_was_said() {
    let project = applied("renumber-down");
    project.dbmigrate(["down"]).succeeds().says("Rolled back 003_new");
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["status", "--check"]).succeeds().says("[x] 003_theirs").says("[x] 004_new");

    let project = applied("renumber-forget");
    project.dbmigrate(["forget", "003_new"]).succeeds();
    project.dbmigrate(["up", "--to", "003_theirs"]).succeeds();
    project.dbmigrate(["mark", "004_new"]).succeeds();
    project.dbmigrate(["status", "--check"]).succeeds();
    assert_eq!(project.query("app.db", "SELECT x FROM new"), ["7"]);
}

#[test]
fn what_an_old_history_means_follows_the_new_numbers() {
    let project = parted("renumber-adopted");
    let entry = "from = \"diesel\"\n\n[[migration]]\nname = \"003_new\"\nkey = \"20240103\" # not ours to change\n";
    project.write("migrations/adopted.toml", entry);
    commit(&project, "adopted");
    git(&project, &["merge", "--quiet", "--no-edit", "main"]).succeeds();
    project.dbmigrate(["renumber"]).succeeds().says("Edited migrations/adopted.toml (names 004_new)");
    assert_eq!(project.read("migrations/adopted.toml"), entry.replace("003_new", "004_new"));
    project.dbmigrate(["list"]).succeeds();
}
