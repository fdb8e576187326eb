//! `git:REV` as a schema, in repositories that the tests make: nothing is checked out, and nothing is written.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use toml_edit::value;

use crate::support::{Project, Run};

/// Runs git in the project, under nobody's configuration.
pub(crate) fn git(project: &Project, arguments: &[&str]) -> Run {
    let mut command = project.command("git");
    command.args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]);
    // Git has a place for it that no configuration names.
    command.args(["-c", "core.excludesFile=/dev/null"]);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_COUNT", "0");
    Run::of(command.args(arguments))
}

/// Commits everything.
#[track_caller]
pub(crate) fn commit(project: &Project, message: &str) {
    git(project, &["add", "--all"]).succeeds();
    git(project, &["commit", "--quiet", "--allow-empty", "--message", message]).succeeds();
}

/// A package in a repository of its own, with one commit of these files.
pub(crate) fn repository(test: &str, files: &[(&str, &str)]) -> Project {
    let project = Project::new(test);
    for (path, text) in files {
        project.write(path, text);
    }
    git(&project, &["init", "--quiet"]).succeeds();
    commit(&project, "first");
    project
}

fn set_dir(project: &Project, dir: &str) {
    project.edit_manifest(|manifest| {
        manifest["package"]["metadata"] = toml_edit::table();
        manifest["package"]["metadata"]["migrations"] = toml_edit::table();
        manifest["package"]["metadata"]["migrations"]["dir"] = value(dir);
    });
}

/// Every file below a folder, with the time of its last change.
fn state(folder: &Path) -> Vec<(PathBuf, SystemTime)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        files.push((entry.path(), entry.metadata().unwrap().modified().unwrap()));
        if entry.file_type().unwrap().is_dir() {
            files.extend(state(&entry.path()));
        }
    }
    files.sort();
    files
}

#[test]
fn a_revision_has_the_schema_that_its_own_files_led_to() {
    let project = repository("git-schema", &[("migrations/001_a.sql", "CREATE TABLE a (x);\n")]);
    fs::create_dir_all(project.root.join("db")).unwrap();
    fs::rename(project.root.join("migrations"), project.root.join("db/steps")).unwrap();
    set_dir(&project, "db/steps");
    project.write("db/steps/002_b.sql", "ALTER TABLE a ADD COLUMN y;\n");
    project.write("db/steps/repeatable/v.sql", "CREATE VIEW v AS SELECT x FROM a;\n");
    project.write("schema.sql", "CREATE TABLE a (x, y, z);\n");
    commit(&project, "second");
    git(&project, &["tag", "v2"]).succeeds();
    // What is not committed is of no account.
    project.write("db/steps/003_c.sql", "DROP VIEW v;\nDROP TABLE a;\n");
    project.write("db/steps/002_b.sql", "no sql at all");

    let before = state(&project.root);
    assert_eq!(project.dbmigrate(["schema", "git:HEAD~1"]).succeeds().stdout, "CREATE TABLE a (\n  x\n);\n");
    project.dbmigrate(["schema", "git:v2"]).succeeds().says("  y\n").says("CREATE VIEW v");
    let compared = project.dbmigrate(["schema", "--from", "git:HEAD^", "--to", "git:main"]).succeeds();
    let compared = compared.says("Compared the migrations of `HEAD^` with the migrations of `main`: 2 differences");
    assert_eq!(compared.stdout, "table `a`: column `y` is added\nview `v` is added\n");
    let file = project.dbmigrate(["schema", "--from", "git:main", "--to", "git:main:schema.sql"]).succeeds();
    assert_eq!(file.stdout, "view `v` is removed\ntable `a`: column `z` is added\n");
    assert_eq!(state(&project.root), before, "something was written");
}

#[test]
fn before_the_first_migration_there_was_nothing() {
    let project = repository("git-before", &[]);
    project.write("migrations/001_a.sql", "CREATE TABLE a (x);\n");
    assert_eq!(project.dbmigrate(["schema", "--from", "git:HEAD"]).succeeds().stdout, "table `a` is added\n");
}

#[cfg(unix)]
#[test]
fn a_package_below_the_root_is_read_through_links_that_stay_inside() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let project = repository(
        "git-nested",
        &[
            ("shared/steps/001_a.sql", "CREATE TABLE a (x);\n"),
            ("apps/ one/Cargo.toml", "[package]\nname = \"one\"\nversion = \"0.0.0\"\n[workspace]\n"),
            ("apps/ one/src/lib.rs", ""),
            ("apps/ one/schema.sql", "CREATE TABLE b (x);\n"),
            ("b.sql", "CREATE TABLE b (y);\n"),
            ("secret.sql", "CREATE TABLE secret (x);\n"),
        ],
    );
    let folder = project.root.join("apps/ one");
    let one = Project { root: folder.clone(), name: "one".to_owned() };
    symlink("../../shared/steps", folder.join("migrations")).unwrap();
    symlink("../../b.sql", project.root.join("shared/steps/002_b.sql")).unwrap();
    symlink("nowhere", project.root.join("shared/steps/README.md")).unwrap();
    commit(&project, "links");
    assert_eq!(one.dbmigrate(["schema", "git:HEAD"]).succeeds().stdout, one.dbmigrate(["schema"]).succeeds().stdout);
    one.dbmigrate(["schema", "git:HEAD:./schema.sql"]).succeeds().says("CREATE TABLE b (\n  x");
    one.dbmigrate(["schema", "git:HEAD:b.sql"]).succeeds().says("CREATE TABLE b (\n  y");
    one.dbmigrate(["schema", "git:HEAD:schema.sql"]).exits(101).says("the package has one: `git:HEAD:./schema.sql`");
    one.dbmigrate(["schema", "git:HEAD~1"]).succeeds();

    // Out of the repository no link leads, and no name leads anywhere.
    symlink(project.root.join("secret.sql"), project.root.join("shared/steps/003_c.sql")).unwrap();
    fs::write(project.root.join("shared/steps").join(std::ffi::OsStr::from_bytes(b"004_\xff.sql")), "").unwrap();
    project.write("shared/steps/005_\n.sql", "");
    symlink("nowhere", project.root.join("shared/steps/hooks")).unwrap();
    commit(&project, "odd");
    one.dbmigrate(["schema", "git:HEAD"])
        .exits(101)
        .says("could not read `migrations/003_c.sql`: it is a link to nothing in the repository")
        .says("git:HEAD:./migrations/003_c.sql")
        .says("is not valid UTF-8")
        .says("contains a control character")
        .says("could not read the folder `migrations/hooks`")
        .says_not("secret");
}

#[test]
fn a_submodule_is_no_migration() {
    let project = repository("git-submodule", &[("migrations/001_a.sql", "CREATE TABLE a (x);\n")]);
    let head = git(&project, &["rev-parse", "HEAD"]).succeeds().stdout;
    let entry = format!("160000,{},migrations/002_b.sql", head.trim());
    git(&project, &["update-index", "--add", "--cacheinfo", &entry]).succeeds();
    git(&project, &["commit", "--quiet", "--message", "submodule"]).succeeds();
    project.dbmigrate(["schema", "git:HEAD"]).exits(101).says("`002_b.sql` is not a regular file");
}

#[test]
fn what_git_can_not_tell_is_an_error() {
    let project = repository("git-unknown", &[("migrations/001_a.sql", "CREATE TABLE a (x);\n")]);
    for revision in ["nope", "", "--help", "HEAD^{tree}", "a\nHEAD", "HEAD~1"] {
        let run = project.dbmigrate(["schema".to_owned(), format!("git:{revision}")]).exits(2);
        run.says("git has no revision `").says("git log --oneline --all");
    }
    project.dbmigrate(["schema", "git:HEAD:nope.sql"]).exits(101).says("git has no such file there");
    project.dbmigrate(["schema", "git:HEAD:../../nope.sql"]).exits(101).says("git returned nothing");
    project.dbmigrate(["schema", "git:HEAD:src"]).exits(101).says("it is not a file");

    let dbmigrate = |set: &[(&str, &Path)]| {
        let mut command = project.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
        command.args(["schema", "git:HEAD"]).envs(set.iter().copied());
        Run::of(&mut command)
    };
    // Rust's own tools, and no git.
    let tools = Path::new(env!("CARGO")).parent().unwrap();
    dbmigrate(&[("PATH", tools)]).exits(101).says("could not run `git`").says("install git");
    // The repository of another package, of which a hook may tell.
    dbmigrate(&[("GIT_DIR", tools), ("GIT_WORK_TREE", tools)]).succeeds();
    dbmigrate(&[("GIT_COMMON_DIR", tools)]).succeeds();
    dbmigrate(&[("GIT_OBJECT_DIRECTORY", tools)]).succeeds();
    fs::remove_dir_all(project.root.join(".git")).unwrap();
    let above = project.root.parent().unwrap();
    dbmigrate(&[("GIT_CEILING_DIRECTORIES", above)]).exits(101).says("git finds no repository for");
}

#[test]
fn the_faults_of_a_revision_are_said_to_be_its_own() {
    let project = repository("git-faults", &[("migrations/001_a.sql", "CREATE TABLE a (x;\n")]);
    project.write("migrations/001_a.sql", "CREATE TABLE a (x);\n");
    commit(&project, "right");
    project.dbmigrate(["schema", "git:HEAD"]).succeeds();
    project.dbmigrate(["schema", "git:HEAD~1"]).exits(101).says("git:HEAD~1:./migrations/001_a.sql:1:");
    fs::rename(project.root.join("Cargo.toml"), project.root.join("Cargo")).unwrap();
    commit(&project, "no package");
    fs::rename(project.root.join("Cargo"), project.root.join("Cargo.toml")).unwrap();
    project.dbmigrate(["schema", "git:HEAD"]).exits(101).says("it has no `Cargo.toml`");
}
