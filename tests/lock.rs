//! The seal: what is sealed fails the build when it changes, what is not is edited freely, and two branches that seal
//! the same number conflict in git.

use std::process::Command;

use crate::build_faults::check;
use crate::support::{Project, Run};

const LOCK: &str = "migrations/migrations.lock";
const SET: [(&str, &str); 3] = [
    ("001_teams.sql", "CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT CHECK (name <> ''));\n"),
    ("002_members.sql", "CREATE TABLE members (id INTEGER PRIMARY KEY, team REFERENCES teams (id));\n"),
    (
        "003_seen.sql",
        "ALTER TABLE members ADD COLUMN seen TEXT;\n-- dbmigrate: down\nALTER TABLE members DROP COLUMN seen;\n",
    ),
];

/// A wired package with these three, all of them sealed.
fn sealed(test: &str) -> Project {
    let project = Project::wired(test, &SET);
    project.dbmigrate(["lock"]).succeeds();
    project
}

#[test]
fn fix_seals_what_nothing_stands_in_the_way_of() {
    let down = "\n-- dbmigrate: down\nDROP TABLE a;\n";
    let project =
        Project::wired("lock-fix", &[("001_a.sql", &format!("CREATE TABLE a (id INTEGER PRIMARY KEY);{down}"))]);
    let fix = ["check", "--fix", "--locked", "--allow-dirty"];
    project.dbmigrate(["check", "--locked"]).exits(1).says("`001_a` is not sealed");
    project.dbmigrate(fix.into_iter().chain(["--dry-run"])).exits(1).says("Would seal 001_a");
    assert!(!project.has("migrations/migrations.lock"));
    project.write("migrations/002_b.sql", "UPDATE a SET id = id + 1;\n");
    project.dbmigrate(fix).exits(1).says("unbounded-write");
    assert!(!project.has("migrations/migrations.lock"));
    project.remove("migrations/002_b.sql");
    project.dbmigrate(fix).succeeds().says("Sealed 001_a");
    project.dbmigrate(["check", "--locked"]).succeeds();
}

#[test]
fn nothing_is_sealed_until_somebody_says_so() {
    let project = Project::wired("lock-first", &SET);
    assert!(!project.has(LOCK));
    project.dbmigrate(["up"]).succeeds();
    // The loop of development: edit what was just applied, and do it again.
    project.write("migrations/003_seen.sql", SET[2].1.replace("TEXT", "INTEGER"));
    project.dbmigrate(["redo"]).succeeds();
    project.cargo(["build", "-q"]).succeeds();

    let dry = project.dbmigrate(["lock", "--dry-run"]).succeeds().says("Would seal 003_seen");
    assert!(!project.has(LOCK));
    let locked = project.dbmigrate(["lock"]).succeeds();
    for name in ["001_teams", "002_members", "003_seen"] {
        assert!(locked.stderr.contains(&format!("Sealed {name}\n")), "{locked}");
    }
    assert!(locked.stderr.contains("Wrote migrations/migrations.lock (3 migrations sealed)"), "{locked}");
    assert_eq!(project.read(LOCK), dry.stdout);
    project.dbmigrate(["lock"]).succeeds().says("Fresh migrations/migrations.lock (3 migrations sealed)");
    assert_eq!(project.read(LOCK), dry.stdout);
    project.dbmigrate(["check", "--locked"]).succeeds();
    project.cargo(["build", "-q"]).succeeds();
}

#[test]
fn a_sealed_file_that_changes_fails_the_build_and_the_check() {
    let project = sealed("lock-changes");
    project.cargo(["build", "-q"]).succeeds();
    let second = "migrations/002_members.sql";

    project.write(second, SET[1].1.replace("team ", "team INTEGER "));
    check(
        &project,
        "an edit",
        &[
            "`002_members` is sealed, and was edited",
            "`git checkout -- migrations/002_members.sql`",
            "`cargo dbmigrate create NAME`",
            "`cargo dbmigrate lock --accept 002_members`",
        ],
    );
    project.dbmigrate(["up"]).exits(101).says("`002_members` is sealed, and was edited");
    project.dbmigrate(["lock"]).exits(101).says("`002_members` is sealed, and was edited");

    project.remove(second);
    check(&project, "a deletion", &["`002_members` is sealed, and its file is missing", "migrations.lock:6:"]);

    project.write("migrations/002_people.sql", SET[1].1);
    check(
        &project,
        "a new name",
        &[
            "`002_members` is sealed, and was renamed to `002_people`",
            "`mv migrations/002_people.sql migrations/002_members.sql`",
        ],
    );
    project.remove("migrations/002_people.sql");

    project.write(second, SET[1].1);
    project.write("migrations/004_later.sql", "CREATE TABLE later (x);\n");
    project.cargo(["build", "-q"]).succeeds();
    project.write("migrations/004_later.sql", "CREATE TABLE later (x, y);\n");
    project.cargo(["build", "-q"]).succeeds();
    project.dbmigrate(["check"]).succeeds();
    project.remove("migrations/004_later.sql");
    project.cargo(["build", "-q"]).succeeds();
}

#[test]
fn a_lock_that_changes_is_seen_by_cargo_build_alone() {
    let project = Project::wired("lock-seen", &SET);
    project.cargo(["build", "-q"]).succeeds();
    project.dbmigrate(["lock"]).succeeds();
    let text = project.read(LOCK);
    project.write(LOCK, text.replace("002_members", "002_memberz"));
    check(
        &project,
        "an edited lock",
        &["the chain of `002_memberz` does not match", "`git checkout -- migrations/migrations.lock`"],
    );
    project.write(LOCK, text);
    project.cargo(["build", "-q"]).succeeds();
    let second = project.cargo(["build"]).succeeds();
    assert!(!second.stderr.contains("Compiling"), "{second}");
}

#[test]
fn comments_and_down_scripts_may_change_and_are_told() {
    let project = sealed("lock-comments");
    project.write("migrations/001_teams.sql", format!("-- Who plays.\n{}", SET[0].1));
    project.write("migrations/003_seen.sql", SET[2].1.replace("DROP COLUMN", "DROP"));
    project.cargo(["build", "-q"]).succeeds();
    let checked = project.dbmigrate(["check"]).succeeds();
    for name in ["001_teams", "003_seen"] {
        let says = format!("warning: comments or the down script of `{name}` were edited since it was sealed");
        assert!(checked.stderr.contains(&says), "{checked}");
    }
    // To seal more accepts nothing by the way.
    project.write("migrations/004_more.sql", "CREATE TABLE more (x);\n");
    project.dbmigrate(["lock"]).succeeds().says("Sealed 004_more").says("down script of `001_teams` were edited");
    project.dbmigrate(["check"]).succeeds().says("down script of `001_teams` were edited");
    project.dbmigrate(["lock", "--accept", "001_teams", "--accept", "3"]).succeeds().says("Accepted 001_teams");
    project.dbmigrate(["check"]).succeeds().says_not("since it was sealed");
}

#[test]
fn a_change_is_accepted_by_name_alone() {
    let project = sealed("lock-accept");
    project.write("migrations/002_members.sql", SET[1].1.replace("team ", "team INTEGER "));
    project.write("migrations/001_teams.sql", SET[0].1.replace("name TEXT", "title TEXT"));
    project.write("migrations/004_more.sql", "CREATE TABLE more (x);\n");
    let before = project.read(LOCK);
    project
        .dbmigrate(["lock", "--accept", "002_members"])
        .exits(101)
        .says("`001_teams` is sealed, and was edited")
        .says_not("`002_members` is sealed");
    assert_eq!(project.read(LOCK), before);
    // The set does not run as it is now.
    project.dbmigrate(["lock", "--accept", "001_teams", "--accept", "002_members"]).exits(101).says("no such column");
    assert_eq!(project.read(LOCK), before);

    project.write("migrations/001_teams.sql", SET[0].1);
    let accepted = project.dbmigrate(["lock", "--accept", "002_members"]).succeeds().says("Accepted 002_members");
    assert!(!accepted.stderr.contains("004_more"), "{accepted}");
    project.cargo(["build", "-q"]).succeeds();
    project.dbmigrate(["check"]).succeeds();
    project.dbmigrate(["check", "--locked"]).exits(1).says("`004_more` is not sealed");

    // A new name, and a deletion.
    project.remove("migrations/003_seen.sql");
    project.write("migrations/003_seen_at.sql", SET[2].1);
    project.dbmigrate(["lock", "--accept", "003_seen"]).succeeds().says("Accepted 003_seen").says("Sealed 003_seen_at");
    project.remove("migrations/003_seen_at.sql");
    project.remove("migrations/004_more.sql");
    project.dbmigrate(["lock", "--accept", "003_seen_at"]).succeeds().says("(2 migrations sealed)");
    project.dbmigrate(["check", "--locked"]).succeeds();

    for (words, code, says) in [
        (["--accept", "009_never"], 2, "there is no sealed migration `009_never`"),
        (["--accept", "001_teams"], 2, "`001_teams` is unchanged since it was sealed: there is nothing to accept"),
    ] {
        project.dbmigrate(["lock"].iter().chain(&words)).exits(code).says(says);
    }
}

#[test]
fn some_of_them_can_be_sealed_and_the_list_and_the_status_show_which() {
    let project = Project::wired("lock-some", &SET);
    // What comes after the newest may need it.
    project.write("migrations/hooks/after_all.sql", "UPDATE members SET seen = NULL;\n");
    project.write("migrations/repeatable/seen.sql", "CREATE VIEW seen AS SELECT seen FROM members;\n");
    project.dbmigrate(["lock", "--to", "members"]).succeeds().says("(2 migrations sealed)").says_not("003_seen");
    assert!(!project.read(LOCK).contains("fingerprint"));
    project.dbmigrate(["lock", "--to", "1"]).succeeds().says("Fresh").says("(2 migrations sealed)");
    project.dbmigrate(["lock", "--to", "9"]).exits(2).says("there is no migration `9`");
    let list = project.dbmigrate(["list"]).succeeds();
    assert_eq!(
        list.stdout,
        "001_teams        sql   no down       sealed\n002_members      sql   no down       sealed\n\
         003_seen         sql   reversible\nhooks/after_all  sql   hook\n\
         repeatable/seen  sql   repeatable            view seen\n"
    );
    let sealed = |run: &Run| -> Vec<serde_json::Value> {
        let lines = run.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.filter(|line| line["reason"] == "migration").map(|line| line["sealed"].clone()).collect()
    };
    project.dbmigrate(["up"]).succeeds();
    for command in ["list", "status"] {
        assert_eq!(sealed(&project.dbmigrate([command, "--message-format", "json"])), [true, true, false], "{command}");
    }
    let status = project.dbmigrate(["status", "-v"]).succeeds();
    assert_eq!(status.stdout.matches("sealed: it may no longer change").count(), 2, "{status}");
    project.dbmigrate(["status"]).succeeds().says_not("sealed");
    // What is not sealed is redone, as ever.
    project.write("migrations/003_seen.sql", SET[2].1.replace("TEXT", "INTEGER"));
    project.dbmigrate(["redo"]).succeeds();

    let json = project.dbmigrate(["lock", "--message-format", "json"]).succeeds();
    let line: serde_json::Value = serde_json::from_str(json.stdout.trim_end()).unwrap();
    assert_eq!(
        (&line["reason"], &line["sealed"], &line["total"]),
        (&"locked".into(), &vec!["003_seen"].into(), &3.into())
    );
    assert!(line["fingerprint"].as_str().unwrap().starts_with("s1:") && line["written"] == true, "{line}");
}

#[test]
fn everything_that_is_not_sealed_is_named_at_once() {
    let project = Project::wired("lock-locked", &SET);
    let checked = project.dbmigrate(["check", "--locked"]).exits(1);
    for name in ["001_teams", "002_members", "003_seen"] {
        assert!(checked.stderr.contains(&format!("error: `{name}` is not sealed")), "{checked}");
    }
    assert!(checked.stderr.contains("help: seal it: `cargo dbmigrate lock`"), "{checked}");
    let json = project.dbmigrate(["check", "--locked", "--message-format", "json"]).exits(1);
    assert_eq!(json.stdout.matches("\"code\":\"unsealed\"").count(), 3, "{json}");
    project.dbmigrate(["check"]).succeeds();
    project.write("migrations/repeatable/names.sql", "CREATE VIEW names AS SELECT name FROM teams;\n");
    project.dbmigrate(["lock"]).succeeds();
    project.dbmigrate(["check", "--locked"]).succeeds().says_not("warning");
    project.write("migrations/repeatable/names.sql", "CREATE VIEW names AS SELECT id, name FROM teams;\n");
    project.dbmigrate(["check"]).succeeds().says_not("warning");
    project
        .dbmigrate(["check", "--locked"])
        .succeeds()
        .says("the repeatables were changed since the schema was sealed");
    let before = project.read(LOCK);
    project.dbmigrate(["lock"]).succeeds().says("Wrote").says_not("Sealed");
    assert_ne!(project.read(LOCK), before);
    project.dbmigrate(["check", "--locked"]).succeeds().says_not("warning");
}

#[test]
fn what_sqlite_refuses_is_not_sealed() {
    let project = Project::wired("lock-refused", &SET);
    project.write("migrations/004_bad.sql", "INSERT INTO nowhere VALUES (1);\n");
    project.dbmigrate(["lock"]).exits(101).says("no such table: nowhere").says("replay = { base = ");
    assert!(!project.has(LOCK));
    project.dbmigrate(["lock", "--to", "3"]).succeeds();
    project.remove("migrations/002_members.sql");
    project.write("migrations/2-members.sql", SET[1].1);
    project.dbmigrate(["lock"]).exits(101).says("`2-members.sql` is not the name of a migration").says_not("is sealed");
}

#[test]
fn rust_is_sealed_by_name_and_version_and_its_schema_is_not_known() {
    let rust =
        "pub fn up(db: &rusqlite::Connection) -> rusqlite::Result<()> { db.execute_batch(\"CREATE TABLE r (x)\") }\n";
    let project = Project::wired("lock-rust", &SET);
    project.write("migrations/004_fill.rs", rust);
    project
        .dbmigrate(["lock"])
        .succeeds()
        .says("not replayed before they were sealed: `004_fill`")
        .says("the schema has no fingerprint: `004_fill` contains Rust");
    assert!(!project.read(LOCK).contains("fingerprint"));
    project.write("migrations/004_fill.rs", rust.replace("{ db", "{\n    db").replace(") }", ")\n}"));
    project.cargo(["build", "-q"]).succeeds();
    project.dbmigrate(["check"]).succeeds().says("warning: the Rust of `004_fill` was edited since it was sealed");
    project.write("migrations/004_fill.rs", format!("// dbmigrate: version 2\n{rust}"));
    check(&project, "another version", &["`004_fill` is sealed, and was edited"]);
}

/// A repository of its own, without anybody's settings.
struct Git<'p>(&'p Project);

impl Git<'_> {
    fn run(&self, words: &[&str]) -> Run {
        let mut command = Command::new("git");
        command.current_dir(&self.0.root).args(words);
        for (name, value) in [
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "a"),
            ("GIT_AUTHOR_EMAIL", "a@example.com"),
            ("GIT_COMMITTER_NAME", "a"),
            ("GIT_COMMITTER_EMAIL", "a@example.com"),
        ] {
            command.env(name, value);
        }
        Run::of(&mut command)
    }

    fn commit(&self, message: &str) {
        self.run(&["add", "-A"]).succeeds();
        self.run(&["commit", "-q", "-m", message]).succeeds();
    }
}

#[test]
fn two_branches_that_seal_the_same_number_conflict_in_git() {
    let project = Project::wired("lock-branches", &SET[..2]);
    project.dbmigrate(["lock"]).succeeds();
    let git = Git(&project);
    git.run(&["init", "-q", "-b", "main"]).succeeds();
    git.commit("two");
    let branch = |name: &str, sql: &str| {
        git.run(&["checkout", "-q", "-b", name, "main"]).succeeds();
        project.write(&format!("migrations/003_{name}.sql"), sql);
        project.dbmigrate(["lock"]).succeeds();
        git.commit(name);
    };
    branch("ours", "CREATE TABLE ours (x);\n");
    branch("theirs", "CREATE TABLE theirs (x);\n");
    // One after the other is no conflict: one branch seals, and the other has sealed nothing.
    git.run(&["checkout", "-q", "-b", "quiet", "main"]).succeeds();
    project.write("migrations/README.md", "notes\n");
    git.commit("quiet");
    git.run(&["merge", "-q", "--no-edit", "ours"]).succeeds();
    project.dbmigrate(["check", "--locked"]).succeeds();

    git.run(&["checkout", "-q", "ours"]).succeeds();
    let merge = git.run(&["merge", "-q", "--no-edit", "theirs"]).exits(1);
    assert!(merge.stdout.contains("CONFLICT") && merge.stdout.contains(LOCK), "{merge}");
    assert!(project.read(LOCK).contains("<<<<<<<"), "{}", project.read(LOCK));
    // Two files with one number are a fault of their own, and the lock is one error with the way out.
    check(
        &project,
        "a conflict",
        &[
            "two branches have sealed migrations, and conflict here",
            "`cargo dbmigrate renumber`",
            "`003_theirs.sql` has the same number as `003_ours.sql`",
        ],
    );
    let checked = project.dbmigrate(["check"]).exits(1);
    assert_eq!(checked.stderr.matches("error: ").count(), 3, "two, and how many there are: {checked}");
    // Taking both sides by hand does not pass either.
    let both: String = project
        .read(LOCK)
        .lines()
        .filter(|line| !["<<<<<<<", "=======", ">>>>>>>"].iter().any(|it| line.starts_with(it)))
        .map(|line| format!("{line}\n"))
        .collect();
    project.write(LOCK, both);
    project.dbmigrate(["check"]).exits(1).says("--> migrations/migrations.lock:");
}

#[test]
fn a_published_package_takes_its_lock_along() {
    let project = sealed("lock-package");
    let git = Git(&project);
    git.run(&["init", "-q", "-b", "main"]).succeeds();
    git.commit("all");
    project.cargo(["package", "--list", "--allow-dirty", "--offline"]).succeeds().says(LOCK);
}

#[test]
fn a_program_refuses_a_database_that_somebody_has_changed() {
    let project = sealed("lock-verify-schema");
    project.add_manage();
    project.write(
        "src/main.rs",
        "dbmigrate_runtime::include_migrations!(pub mod migrations);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut connection = rusqlite::Connection::open(\"app.db\")?;
    migrations::migrator().up(&mut connection)?;
    let verified = migrations::migrator().verify_schema(&mut connection)?;
    println!(\"{} objects, replayed: {}\", verified.objects, verified.replayed);
    Ok(())
}
",
    );
    project.cargo(["run", "-q"]).succeeds().says("2 objects, replayed: false");
    project.execute("app.db", "CREATE TABLE extra (x)");
    project
        .cargo(["run", "-q"])
        .exits(1)
        .says("the schema of the database is not what its migrations make")
        .says("no migration makes the table `extra`")
        .says("`cargo dbmigrate drift`");
    project.dbmigrate(["drift"]).exits(1).says("extra");
    project.execute("app.db", "DROP TABLE extra");
    // Without a fingerprint the program replays, and comes to the same.
    project.write("migrations/004_index.sql", "CREATE INDEX by_team ON members (team);\n");
    project.cargo(["run", "-q"]).succeeds().says("3 objects, replayed: true");
    project.execute("app.db", "DROP INDEX by_team");
    project.cargo(["run", "-q"]).exits(1).says("the index `by_team` is missing");
}

#[test]
fn two_locks_at_once_lose_nothing() {
    let project = Project::wired("lock-at-once", &SET);
    let runs: Vec<_> = (0..6)
        .map(|_| {
            let mut command = project.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
            command
                .args(["dbmigrate", "lock"])
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    project.dbmigrate(["check", "--locked"]).succeeds();
    let left: Vec<_> = std::fs::read_dir(project.root.join("migrations"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("tmp"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

/// A workspace of packages with one migration each, and what else its manifest says.
fn workspace(test: &str, packages: &[(&str, &str)], more: &str) -> Project {
    let project = Project::new(test);
    for (name, sql) in packages {
        let manifest = format!("[package]\nname = \"lock-{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        project.write(&format!("crates/{name}/Cargo.toml"), manifest);
        project.write(&format!("crates/{name}/src/lib.rs"), "");
        project.write(&format!("crates/{name}/migrations/001_a.sql"), sql);
    }
    project.write("Cargo.toml", format!("[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n{more}"));
    project
}

#[test]
fn a_fault_in_one_package_of_a_workspace_hides_no_other() {
    let packages = [("one", "nonsense"), ("three", SET[0].1), ("two", "rubbish")];
    let project = workspace("lock-workspace", &packages, "");
    project
        .dbmigrate(["lock"])
        .exits(101)
        .says("nonsense")
        .says("error: package `lock-one` has nothing more to seal")
        .says("Wrote crates/three/migrations/migrations.lock (1 migration of `lock-three` sealed)")
        .says("rubbish")
        .says("error: package `lock-two` has nothing more to seal");
    assert!(project.has(&format!("crates/three/{LOCK}")) && !project.has(&format!("crates/one/{LOCK}")));
    let json = project.dbmigrate(["lock", "--message-format", "json"]).exits(101).stdout;
    assert!(json.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{json}");
}

#[test]
fn a_fault_of_the_workspace_is_said_once_and_not_for_each_package() {
    let fault = "\n[workspace.metadata.migrations]\nrevertible = 3\n";
    let project = workspace("lock-workspace-fault", &[("one", SET[0].1), ("two", SET[0].1)], fault);
    let run = project.dbmigrate(["lock", "--workspace"]).exits(101);
    let said = run.stderr.matches("revertible").count();
    let once = project.dbmigrate(["lock", "-p", "lock-one"]).exits(101).stderr.matches("revertible").count();
    assert!(once > 0 && said == once, "{}", run.stderr);
    run.says("package `lock-one` has nothing more to seal").says("package `lock-two` has nothing more to seal");
}

#[test]
fn what_was_never_written_is_not_sealed_without_a_word() {
    let project = Project::wired("lock-empty", &SET[..1]);
    project.dbmigrate(["create", "later", "--no-down"]).succeeds();
    let run = project.dbmigrate(["lock"]).succeeds().says("Sealed 002_later");
    run.says("warning: `002_later` contains no statement\n --> migrations/002_later.sql");
    // It is said once: what is sealed may have its reason.
    project.dbmigrate(["lock"]).succeeds().says_not("warning");
    project.write("migrations/002_later.sql", "CREATE TABLE later (x);\n");
    project.dbmigrate(["lock", "--accept", "002_later"]).succeeds().says("Accepted 002_later").says_not("warning");
    project.dbmigrate(["check"]).says("0 linted").says_not("sealed");
    // `init` makes the first one, of which `check` says nothing as long as it is the only one.
    let project = Project::new("lock-empty-first");
    project.init(&[]).succeeds();
    project.dbmigrate(["check"]).succeeds().says_not("warning");
    project.dbmigrate(["lock"]).succeeds().says("warning: `001_initial_schema` contains no statement");
}

#[test]
fn what_is_empty_on_purpose_is_sealed_without_a_word() {
    let allowed = "-- dbmigrate: allow empty-migration the number is used elsewhere\n";
    let asserts = "-- dbmigrate: assert SELECT count(*) >= 0 FROM sqlite_schema\n";
    for (at, text) in [allowed, asserts].into_iter().enumerate() {
        let project = Project::wired(&format!("lock-empty-{at}"), &[SET[0], ("002_later.sql", text)]);
        project.dbmigrate(["lock"]).succeeds().says("Sealed 002_later").says_not("contains no statement");
    }
    let project = Project::wired("lock-empty-level", &[SET[0], ("002_later.sql", "-- Later.\n")]);
    let level = |level: &str| {
        project.edit_manifest(|manifest| {
            manifest["package"]["metadata"]["migrations"]["lints"]["empty-migration"] = level.into();
        });
    };
    level("deny");
    project
        .dbmigrate(["lock"])
        .exits(101)
        .says("error: `002_later` contains no statement")
        .says("`lints` in `Cargo.toml`");
    assert!(!project.has("migrations/migrations.lock"));
    level("allow");
    project.dbmigrate(["lock"]).succeeds().says("Sealed 002_later").says_not("contains no statement");
}
