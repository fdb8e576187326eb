//! `check --since`: what a revision of git holds already has to stay as it is, and what is new may change freely.

use std::fs;
use std::path::Path;

use crate::git::{commit, git, repository};
use crate::support::{Project, Run};

const USERS: &str = "CREATE TABLE users (\n  id INTEGER PRIMARY KEY,\n  name TEXT\n);\n";
const STARS: &str = "ALTER TABLE users ADD COLUMN stars INTEGER;\n";
const NO_STARS: &str = "ALTER TABLE users DROP COLUMN stars;\n";
const RUST: &str = "pub fn up(_: &rusqlite::Connection) -> rusqlite::Result<()> {\n    Ok(())\n}\n";

/// A wired package with three migrations, all of them committed.
fn three(test: &str) -> Project {
    let files = [
        ("001_users.sql", USERS),
        ("002_stars.sql", STARS),
        ("002_stars.down.sql", NO_STARS),
        ("003_fill.sql", "UPDATE users SET stars = 0 WHERE stars IS NULL;\n"),
    ];
    let project = Project::wired(test, &files);
    git(&project, &["init", "--quiet"]).succeeds();
    commit(&project, "three");
    project
}

fn check(project: &Project, revision: &str) -> Run {
    project.dbmigrate(["check", "--since", revision])
}

fn rename(project: &Project, from: &str, to: &str) {
    fs::rename(project.root.join("migrations").join(from), project.root.join("migrations").join(to)).unwrap();
}

#[test]
fn what_is_new_changes_freely_and_what_is_held_stays() {
    let project = three("since-held");
    project.write("migrations/004_new.sql", "CREATE TABLE new (x);\n");
    check(&project, "HEAD").succeeds().says("(4 migrations, 1 new since `HEAD`; replayed");
    project.write("migrations/005_newer.sql", "CREATE TABLE newer (x);\n");
    commit(&project, "two more");
    check(&project, "HEAD~1").succeeds().says("(5 migrations, 2 new since `HEAD~1`;");
    // The two change places.
    rename(&project, "004_new.sql", "006_new.sql");
    rename(&project, "005_newer.sql", "004_newer.sql");
    rename(&project, "006_new.sql", "005_new.sql");
    check(&project, "HEAD~1").succeeds();
    check(&project, "HEAD").exits(1).says("`004_new` of `HEAD` is named `005_new` here");
    let json = project.dbmigrate(["check", "--since", "HEAD~1", "--message-format", "json"]).succeeds().stdout;
    let summary: serde_json::Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    assert_eq!((&summary["since"], &summary["new"]), (&"HEAD~1".into(), &2.into()));
}

#[test]
fn an_edit_is_an_error_with_its_difference() {
    let project = three("since-edited");
    let head = git(&project, &["rev-parse", "--short=12", "HEAD"]).succeeds().stdout;
    let restore = format!("restore it: `git restore --source {} -- migrations/001_users.sql`", head.trim());
    project.write("migrations/001_users.sql", USERS.replace("name TEXT", "name TEXT NOT NULL"));
    check(&project, "HEAD")
        .exits(1)
        .says("error: `001_users` was edited since `HEAD`")
        .says("migrations/001_users.sql:3:1")
        .says("-  name TEXT\n")
        .says("+  name TEXT NOT NULL\n")
        .says("write the change as a new migration: `cargo dbmigrate create NAME`")
        .says(&restore);
    let json = project.dbmigrate(["check", "--since", "HEAD", "--message-format", "json"]).exits(1).stdout;
    let found: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!((&found["code"], &found["severity"]), (&"edited-migration".into(), &"error".into()));
    assert_eq!((&found["file"], &found["line"]), (&"migrations/001_users.sql".into(), &3.into()));
    // What the message says helps.
    let words: Vec<&str> = restore.split('`').nth(1).unwrap().split(' ').skip(1).collect();
    git(&project, &words).succeeds();
    check(&project, "HEAD").succeeds();
}

#[test]
fn an_edited_comment_or_down_script_is_a_warning() {
    let project = three("since-warnings");
    project.write("migrations/001_users.sql", format!("-- The people.\n{USERS}"));
    project.write("migrations/002_stars.down.sql", format!("{NO_STARS}ANALYZE;\n"));
    project.write("migrations/003_fill.down.sql", "UPDATE users SET stars = NULL;\n");
    check(&project, "HEAD")
        .succeeds()
        .says("warning: comments or blank space of `001_users` were edited since `HEAD`")
        .says("+-- The people.")
        .says("warning: the down script of `002_stars` was edited since `HEAD`")
        .says("+ANALYZE;")
        .says_not("`003_fill`");
    project.remove("migrations/002_stars.down.sql");
    check(&project, "HEAD")
        .succeeds()
        .says("the down script of `002_stars` was removed")
        .says("-- migrations/002_stars.down");
    // A comment in the down script is none of anybody's business; the same text in one file is the same.
    project.write("migrations/001_users.sql", USERS);
    project.remove("migrations/003_fill.down.sql");
    project.write("migrations/002_stars.sql", format!("{STARS}-- dbmigrate: down\n-- Goes.\n{NO_STARS}"));
    check(&project, "HEAD").succeeds().says_not("warning: the way").says_not("warning: comments");
}

#[test]
fn a_renamed_or_deleted_one_is_an_error() {
    let project = three("since-gone");
    rename(&project, "002_stars.sql", "002_rating.sql");
    rename(&project, "002_stars.down.sql", "002_rating.down.sql");
    check(&project, "HEAD")
        .exits(1)
        .says("error: `002_stars` of `HEAD` is named `002_rating` here")
        .says("rename it: `mv migrations/002_rating.sql migrations/002_stars.sql`")
        .says("rename it: `mv migrations/002_rating.down.sql migrations/002_stars.down.sql`");
    // Another number and another text: the name still tells.
    rename(&project, "002_rating.sql", "004_stars.sql");
    rename(&project, "002_rating.down.sql", "004_stars.down.sql");
    rename(&project, "003_fill.sql", "002_other.sql");
    project.write("migrations/004_stars.sql", format!("{STARS}ANALYZE;\n"));
    project.write("migrations/002_other.sql", "CREATE TABLE other (x);\n");
    project.write("migrations/003_more.sql", "CREATE TABLE more (x);\n");
    check(&project, "HEAD")
        .exits(1)
        .says("error: `002_stars` of `HEAD` is named `004_stars` here")
        .says("+ANALYZE;")
        .says("error: `003_fill` of `HEAD` is gone")
        .says("`003_more` has taken its number")
        .says("-UPDATE users SET stars = 0 WHERE stars IS NULL;")
        .says("-- migrations/003_fill.sql`");
    // A file that is there and wrong is not gone.
    git(&project, &["reset", "--quiet", "--hard"]).succeeds();
    git(&project, &["clean", "--quiet", "--force", "migrations"]).succeeds();
    project.write("migrations/003_fill.sql", b"\xff");
    check(&project, "HEAD").exits(1).says("not valid UTF-8").says_not("is gone");
    git(&project, &["reset", "--quiet", "--hard"]).succeeds();
    rename(&project, "003_fill.sql", "3-fill.sql");
    check(&project, "HEAD").exits(1).says("mv migrations/3-fill.sql migrations/003_fill.sql").says_not("is gone");
}

#[test]
fn what_the_lock_accepts_is_a_warning() {
    let project = three("since-accepted");
    project.write("migrations/003_fill.sql", "ANALYZE;\n");
    project.dbmigrate(["lock"]).succeeds();
    // It was not sealed there, so that nobody has accepted anything.
    check(&project, "HEAD").exits(1).says("error: `003_fill` was edited since `HEAD`");
    project.remove("migrations/migrations.lock");
    git(&project, &["reset", "--quiet", "--hard"]).succeeds();
    project.dbmigrate(["lock"]).succeeds();
    commit(&project, "sealed");
    project.write("migrations/003_fill.sql", "ANALYZE;\n");
    check(&project, "HEAD").exits(1).says("error: `003_fill` was edited since `HEAD`");
    project.dbmigrate(["lock", "--accept", "003_fill"]).succeeds();
    check(&project, "HEAD")
        .succeeds()
        .says("warning: `003_fill` was edited since `HEAD`")
        .says("it was accepted: `migrations.lock` has its current checksum")
        .says_not("restore it");
    git(&project, &["reset", "--quiet", "--hard"]).succeeds();
    git(&project, &["checkout", "--quiet", "-b", "work"]).succeeds();
    rename(&project, "003_fill.sql", "003_other.sql");
    project.dbmigrate(["lock", "--accept", "003_fill"]).succeeds();
    project.dbmigrate(["check"]).succeeds().says("warning: `003_fill` of `main` is named `003_other` here");
    // It is no migration that others do not have.
    project.dbmigrate(["renumber"]).exits(101).says("is named `003_other` here").says("merge with `main` first");
}

#[test]
fn rust_counts_by_its_version() {
    let project = three("since-rust");
    project.write("migrations/004_rust.rs", RUST);
    commit(&project, "rust");
    project.write("migrations/004_rust.rs", format!("// More.\n{RUST}"));
    check(&project, "HEAD").says("warning: the Rust of `004_rust` was edited since `HEAD`").says("+// More.");
    project.write("migrations/004_rust.rs", format!("// dbmigrate: version 2\n{RUST}"));
    check(&project, "HEAD").exits(1).says("error: `004_rust` was edited since `HEAD`");
    rename(&project, "004_rust.rs", "004_other.rs");
    project.write("migrations/004_other.rs", RUST);
    check(&project, "HEAD").exits(1).says("`004_rust` of `HEAD` is named `004_other` here");
}

#[test]
fn what_another_branch_has_first_is_to_be_brought_over() {
    let project = three("since-parted");
    git(&project, &["checkout", "--quiet", "-b", "work"]).succeeds();
    project.write("migrations/004_work.sql", "CREATE TABLE work (x);\n");
    commit(&project, "work");
    git(&project, &["checkout", "--quiet", "main"]).succeeds();
    project.write("migrations/004_main.sql", "CREATE TABLE main_first (x);\n");
    commit(&project, "main");
    git(&project, &["checkout", "--quiet", "work"]).succeeds();
    check(&project, "main")
        .exits(1)
        .says("`004_main` of `main` is not here")
        .says("`004_work` has taken its number")
        .says("merge what is new there: `git merge main`");
    // Where they parted there is nothing of it.
    let default = project.dbmigrate(["check"]).succeeds();
    default.says("(4 migrations, 1 new since `main`;").says_not("004_main");
}

#[test]
fn the_base_is_where_the_work_left_the_main_branch() {
    let project = three("since-default");
    let edit = || project.write("migrations/001_users.sql", USERS.replace("name", "nick"));
    edit();
    // On the main branch itself, without an upstream, nothing tells what others have.
    project.dbmigrate(["check"]).succeeds().says("(3 migrations; replayed");
    git(&project, &["checkout", "--quiet", "-b", "work"]).succeeds();
    project.dbmigrate(["check"]).exits(1).says("`001_users` was edited since `main`");

    // An upstream says more than a branch of one's own; its `HEAD` more than a name.
    let clone = Project { root: project.root.with_file_name("since-default-clone"), name: project.name.clone() };
    let _ = fs::remove_dir_all(&clone.root);
    let clone_of = |flags: &[&str]| {
        let _ = fs::remove_dir_all(&clone.root);
        let from = format!("file://{}", project.root.display());
        let arguments =
            [["clone", "--quiet"].as_slice(), flags, &[from.as_str(), clone.root.to_str().unwrap()]].concat();
        git(&project, &arguments).succeeds();
    };
    git(&project, &["checkout", "--quiet", "main"]).succeeds();
    clone_of(&[]);
    clone.write("migrations/001_users.sql", USERS.replace("name", "nick"));
    clone.dbmigrate(["check"]).exits(1).says("`001_users` was edited since `origin/main`");
    commit(&clone, "edited");
    clone.dbmigrate(["check"]).exits(1).says("`001_users` was edited since `origin/main`");
    git(&clone, &["remote", "set-head", "origin", "--delete"]).succeeds();
    clone.dbmigrate(["check"]).exits(1).says("since `origin/main`");
    git(&clone, &["update-ref", "-d", "refs/remotes/origin/main"]).succeeds();
    git(&clone, &["checkout", "--quiet", "-b", "work"]).succeeds();
    clone.dbmigrate(["check"]).succeeds().says("(3 migrations; replayed");

    clone_of(&["--depth", "1"]);
    clone.write("migrations/001_users.sql", USERS.replace("name", "nick"));
    clone.dbmigrate(["check"]).succeeds().says("(3 migrations; replayed");
    clone.dbmigrate(["check", "--since", "HEAD~1"]).exits(2).says("this clone is shallow: `git fetch --unshallow`");
}

#[test]
fn an_empty_down_script_that_others_have_is_not_said_again() {
    let project = three("since-empty-down");
    project.write("migrations/003_fill.down.sql", "-- Nothing to do.\n");
    commit(&project, "empty");
    check(&project, "HEAD").succeeds().says_not("contains no statement");
    project
        .dbmigrate(["check", "--since", "HEAD", "--all"])
        .succeeds()
        .says("the down script of `003_fill` contains no");
    project.write(
        "migrations/003_fill.sql",
        "-- dbmigrate: allow empty-down so\nUPDATE users SET stars = 0 WHERE id > 0;\n",
    );
    commit(&project, "allowed");
    check(&project, "HEAD").succeeds().says_not("warning");
    project.write("migrations/004_b.sql", "CREATE TABLE b (id INTEGER PRIMARY KEY);\n");
    project.write("migrations/004_b.down.sql", "-- Still to be written.\n");
    check(&project, "HEAD").succeeds().says("the down script of `004_b` contains no statement").says_not("`003_fill`");
}

#[test]
fn without_git_everything_is_new_unless_it_was_asked_for() {
    let project = three("since-without");
    check(&project, "nope").exits(2).says("git has no revision `nope`");
    fs::remove_dir_all(project.root.join(".git")).unwrap();
    let dbmigrate = |arguments: &[&str], set: &[(&str, &Path)]| {
        let mut command = project.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
        command.args(arguments).env("GIT_CEILING_DIRECTORIES", project.root.parent().unwrap());
        Run::of(command.envs(set.iter().copied()))
    };
    dbmigrate(&["check"], &[]).succeeds().says_not("git").says_not("new since");
    dbmigrate(&["check", "--since", "HEAD"], &[]).exits(101).says("git finds no repository");
    let tools = Path::new(env!("CARGO")).parent().unwrap();
    dbmigrate(&["check"], &[("PATH", tools)]).succeeds().says_not("git");
    dbmigrate(&["check", "--since", "HEAD"], &[("PATH", tools)]).exits(101).says("could not run `git`");
    // A repository without a commit.
    git(&project, &["init", "--quiet"]).succeeds();
    dbmigrate(&["check"], &[]).succeeds().says_not("new since");
}

#[test]
fn a_folder_that_moved_is_the_same_set() {
    let project = three("since-moved");
    fs::rename(project.root.join("migrations"), project.root.join("steps")).unwrap();
    project.edit_manifest(|manifest| {
        manifest["package"]["metadata"]["migrations"]["dir"] = toml_edit::value("steps");
    });
    check(&project, "HEAD").succeeds().says("(3 migrations, 0 new since `HEAD`;");
    project.write("steps/001_users.sql", "CREATE TABLE users (x);\nALTER TABLE users ADD COLUMN y;\n");
    project.remove("steps/003_fill.sql");
    check(&project, "HEAD")
        .exits(1)
        .says(":./migrations/001_users.sql' > steps/001_users.sql`")
        .says(":./migrations/003_fill.sql' > steps/003_fill.sql`");
    // A revision without the package holds nothing.
    let project = repository("since-no-package", &[("Cargo.lock", "")]);
    project.write("migrations/001_a.sql", "CREATE TABLE a (x);\n");
    git(&project, &["rm", "--quiet", "--cached", "Cargo.toml"]).succeeds();
    git(&project, &["commit", "--quiet", "--message", "no package"]).succeeds();
    check(&project, "HEAD").says("(1 migration, 1 new since `HEAD`");
}
