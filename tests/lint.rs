//! The linter on the command line: levels, the rows of a database, formats, and what it puts right.

use std::process::Command;

use serde_json::Value;

use crate::support::{Project, Run};

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);\n";
const USERS_DOWN: &str = "DROP TABLE users;\n";
const DROPPED: &str = "ALTER TABLE users DROP COLUMN nick;\n";

/// A wired package with a table, and a migration after it that is judged. Neither wants for a down script.
fn project(test: &str, now: &str) -> Project {
    let now = format!("-- dbmigrate: irreversible so\n{now}");
    Project::wired(test, &[("001_users.sql", USERS), ("001_users.down.sql", USERS_DOWN), ("002_now.sql", &now)])
}

fn lints(project: &Project, lints: &str) {
    let table = format!("lints = {lints}\n").parse::<toml_edit::DocumentMut>().unwrap();
    project.edit_manifest(|manifest| {
        manifest["package"]["metadata"]["migrations"]["lints"] = table["lints"].clone();
    });
}

/// The lines of stdout, as JSON.
fn lines(run: &Run) -> Vec<Value> {
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_finding_says_what_why_and_how_to_do_it() {
    let project = project("lint-says", DROPPED);
    let run = project.dbmigrate(["check"]).exits(1);
    let run = run
        .says("error: column `nick` of `users` is dropped, with all its values")
        .says("--> migrations/002_now.sql:2:1")
        .says("= note: `drop-column` is deny by default")
        .says("to learn more: `cargo dbmigrate explain drop-column`")
        .says("(2 migrations; replayed 2 up and 1 down in memory; 2 linted)");
    run.says("error: package `lint-says` has 1 error\n");
    project.write("migrations/003_more.sql", "-- dbmigrate: irreversible so\nDROP TABLE users;\nDROP TABLE users2;\n");
    project.write("migrations/001_users.sql", format!("{USERS}CREATE TABLE users2 (id INTEGER PRIMARY KEY);\n"));
    let run = project.dbmigrate(["check"]).exits(1);
    assert_eq!(run.stderr.matches("`drop-table` is deny by default").count(), 1, "{run}");
    assert_eq!(run.stderr.matches("explain drop-table").count(), 1, "{run}");
    run.says("has 3 errors");
}

#[test]
fn a_level_comes_from_the_manifest_the_command_line_or_the_file() {
    let project = project("lint-levels", DROPPED);
    lints(&project, "{ destructive = 'warn' }");
    let run = project.dbmigrate(["check"]).succeeds();
    run.says("warning: column `nick`")
        .says("`drop-column` is warn by `destructive` of `lints` in `Cargo.toml`")
        .says("warning: package `lint-levels` has 1 warning\n");
    project.dbmigrate(["check", "--deny", "warnings"]).exits(1).says("is deny by `--deny warnings`");
    project.dbmigrate(["check", "--deny", "drop-table,drop-column"]).exits(1).says("by `--deny drop-column`");
    project.dbmigrate(["check", "--allow", "destructive"]).succeeds().says_not("nick");
    lints(&project, "{ destructive = 'warn', drop-column = 'allow' }");
    project.dbmigrate(["check"]).succeeds().says_not("nick");
    project.dbmigrate(["check", "--warn", "drop-column"]).succeeds().says("warning: column `nick`");

    let silenced =
        format!("-- dbmigrate: irreversible so\n-- dbmigrate: allow drop-column not read since 2.0\n{DROPPED}");
    project.write("migrations/002_now.sql", &silenced);
    project.dbmigrate(["check", "--deny", "drop-column"]).succeeds().says_not("nick");
    project.write("migrations/002_now.sql", silenced.replace(DROPPED, "SELECT 1;\n"));
    let run = project.dbmigrate(["check", "--warn", "drop-column"]).succeeds();
    run.says("warning: `drop-column` finds nothing in this half of the file").says("`unused-allow` is warn by default");
    project
        .dbmigrate(["check", "--warn", "drop-column", "--deny", "warnings"])
        .exits(1)
        .says("error: `drop-column` finds");
}

#[test]
fn an_allow_without_a_reason_is_an_error_for_the_build_as_well() {
    let project = project("lint-reason", &format!("SELECT 1;\n-- dbmigrate: allow drop-column\n{DROPPED}"));
    let run = project.dbmigrate(["check"]).exits(1).says("`allow drop-column` needs a reason");
    run.says("write `-- dbmigrate: allow drop-column nobody has used it since 2.0`");
    project.cargo(["check", "-q"]).exits(101).says("`allow drop-column` needs a reason");
    // What the manifest says of rules is none of the build's business.
    project.write("migrations/002_now.sql", "-- dbmigrate: irreversible so\nSELECT 1;\n");
    lints(&project, "{ nonsense = 'warn' }");
    project.cargo(["check", "-q"]).succeeds();
}

#[test]
fn names_that_no_rule_has_are_told_with_the_nearest() {
    let project = project("lint-names", "SELECT 1;\n");
    lints(&project, "{ drop-colum = 'warn' }");
    let run = project.dbmigrate(["check"]).exits(1);
    run.says("there is no rule or group of rules `drop-colum`").says("did you mean `drop-column`?").says("Cargo.toml:");
    lints(&project, "{ drop-column = 'off' }");
    project.dbmigrate(["check"]).exits(1).says("`drop-column` can't be `off`").says("`allow`, `warn`, `deny`");
    lints(&project, "{}");
    project.dbmigrate(["check", "--deny", "drop-colum"]).exits(2).says("did you mean `drop-column`?");
    project.dbmigrate(["check", "--warn", "warnings"]).exits(2).says("`--deny warnings`");
    project.dbmigrate(["check", "--warn", "data", "--deny", "data"]).exits(2).says("give it once");
}

#[test]
fn a_workspace_gives_levels_and_its_packages_go_over_them() {
    let project = project("lint-workspace", DROPPED);
    project.edit_manifest(|manifest| {
        let table = "[workspace.metadata.migrations]\nlints = { drop-column = 'warn', drop-tabel = 'warn' }\n";
        manifest["workspace"] = table.parse::<toml_edit::DocumentMut>().unwrap()["workspace"].clone();
    });
    project.dbmigrate(["check"]).exits(1).says("`drop-tabel`").says("is warn by `lints` in `Cargo.toml`");
    lints(&project, "{ drop-column = 'deny' }");
    project.dbmigrate(["check"]).exits(1).says("`drop-column` is deny by");
}

#[test]
fn a_member_of_a_workspace_names_both_manifests_and_its_place_in_the_repository() {
    let project = Project::new("lint-member");
    std::fs::create_dir(project.root.join(".git")).unwrap();
    project.edit_manifest(|manifest| {
        let table = "[workspace]\nmembers = ['crates/app']\n\n[workspace.metadata.migrations]\n\
                     lints = { destructive = 'warn', drop-tabel = 'warn' }\n";
        manifest["workspace"] = table.parse::<toml_edit::DocumentMut>().unwrap()["workspace"].clone();
    });
    project.write(
        "crates/app/Cargo.toml",
        "[package]\nname = \"member-of-lint\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         [package.metadata.migrations]\nlints = { drop-table = 'deny' }\n",
    );
    project.write("crates/app/src/lib.rs", "");
    project.write("crates/app/migrations/001_users.sql", USERS);
    project.write("crates/app/migrations/002_now.sql", "DROP TABLE users;\n");
    project.write("crates/app/migrations/003_more.sql", "CREATE TABLE a (b, c);\n");
    project.write("crates/app/migrations/004_more.sql", "ALTER TABLE a DROP COLUMN b;\n");
    let run = project.dbmigrate(["check", "-p", "member-of-lint", "--message-format", "github"]).exits(1);
    let run = run.says(" --> Cargo.toml:").says("did you mean `drop-table`?");
    let run = run.says("`drop-table` is deny by `lints` in `Cargo.toml`");
    let run = run.says("`drop-column` is warn by `destructive` of `lints` in `../../Cargo.toml`");
    for file in ["error file=Cargo.toml,line=", "error file=crates/app/migrations/002_now.sql,line=1"] {
        assert!(run.stdout.contains(file), "{file} is not in:\n{run}");
    }
}

#[test]
fn a_database_tells_what_is_in_it_and_is_left_as_it_is() {
    let project = project("lint-rows", DROPPED);
    project.dbmigrate(["check", "--database", "none.db"]).exits(101).says("no database at `none.db`");
    project.dbmigrate(["up", "--to", "1"]).succeeds();
    project.execute("app.db", "INSERT INTO users (nick) VALUES ('a'), ('b'), (NULL)");
    let before = std::fs::read(project.root.join("app.db")).unwrap();
    project.dbmigrate(["check"]).exits(1).says_not("2 rows");
    project.dbmigrate(["check", "--database", "app.db"]).exits(1).says("note: 2 rows have a value in `nick` now");
    assert!(before == std::fs::read(project.root.join("app.db")).unwrap(), "the database was written to");
    // What the database has already is not asked of it.
    project.dbmigrate(["up", "--no-backup"]).succeeds();
    project.dbmigrate(["check", "--database", "app.db"]).exits(1).says_not("rows have a value");
}

#[test]
fn programs_get_the_counts() {
    let project = project("lint-json", DROPPED);
    lints(&project, "{ drop-column = 'warn' }");
    let run = project.dbmigrate(["check", "--message-format", "json"]).succeeds();
    let lines = lines(&run);
    assert_eq!((lines[0]["code"].as_str(), lines[0]["severity"].as_str()), (Some("drop-column"), Some("warning")));
    let summary = lines.last().unwrap();
    for (key, expect) in [("errors", 0), ("warnings", 1), ("linted", 2), ("migrations", 2)] {
        assert_eq!(summary[key], expect, "{summary}");
    }
}

#[test]
fn annotations_are_commands_of_a_workflow_with_paths_of_the_repository() {
    let project = project("lint-github", DROPPED);
    let run = project.dbmigrate(["check", "--message-format", "github"]).exits(1);
    let [line] = run.stdout.lines().collect::<Vec<_>>()[..] else { panic!("{run}") };
    // The checkout of this very test is the repository, if it is one.
    let (properties, message) = line.strip_prefix("::error ").unwrap().split_once("::").unwrap();
    let values: Vec<(&str, &str)> = properties.split(',').map(|it| it.split_once('=').unwrap()).collect();
    let value = |key: &str| values.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
    assert!(value("file").unwrap().ends_with("migrations/002_now.sql"), "{line}");
    assert_eq!((value("line"), value("col"), value("title")), (Some("2"), Some("1"), Some("drop-column")));
    assert!(message.starts_with("column `nick` of `users` is dropped") && message.contains("%0Ahelp: "), "{line}");
    run.says("-->").says("has 1 error");

    std::fs::create_dir(project.root.join(".git")).unwrap();
    let run = project.dbmigrate(["check", "--message-format", "github"]).exits(1);
    assert!(run.stdout.contains("file=migrations/002_now.sql,"), "{run}");
}

#[test]
fn a_sarif_log_is_one_document_on_stdout() {
    let project = project("lint-sarif", DROPPED);
    std::fs::create_dir(project.root.join(".git")).unwrap();
    let run = project.dbmigrate(["check", "--message-format", "sarif"]).exits(1);
    let log: Value = serde_json::from_str(&run.stdout).unwrap();
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "drop-column");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "migrations/002_now.sql");
    assert_eq!(place["region"]["startLine"], 2);
    project.write("migrations/002_now.sql", "-- dbmigrate: irreversible so\nSELECT 1;\n");
    let run = project.dbmigrate(["check", "--message-format", "sarif"]).succeeds();
    let log: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(log["runs"][0]["results"], Value::Array(Vec::new()), "{run}");
}

#[test]
fn other_commands_refuse_the_formats_of_findings() {
    let project = project("lint-formats", "SELECT 1;\n");
    for format in ["github", "sarif"] {
        project.dbmigrate(["list", "--message-format", format]).exits(2).says("only `check` has");
    }
}

#[test]
fn a_rule_is_explained() {
    let project = Project::new("lint-explain");
    // The code of something else is no unknown word.
    let run = project.dbmigrate(["explain", "snapshot-stale"]).exits(2);
    run.says("`snapshot-stale` is the code of a finding, not a rule: it has no level").says("docs/snapshot.md>");
    let run = project.dbmigrate(["explain", "drop-table"]).succeeds();
    run.says("# drop-table")
        .says("Group `destructive`, `deny` by default")
        .says("This is found:")
        .says("DROP TABLE users;");
    let run = project.dbmigrate(["explain"]).succeeds();
    run.says("destructive: something is removed").says("  drop-table ").says("  unused-allow ");
    project.dbmigrate(["explain", "drop_tabel"]).exits(2).says("did you mean `drop-table`?");
    project.dbmigrate(["explain", "xyz"]).exits(2).says("`cargo dbmigrate explain` lists the rules");
    let run = project.dbmigrate(["explain", "drop-table", "--message-format", "json"]).succeeds();
    let [rule] = &lines(&run)[..] else { panic!("{run}") };
    assert_eq!((rule["reason"].as_str(), rule["level"].as_str()), (Some("lint"), Some("deny")));
    assert!(lines(&project.dbmigrate(["explain", "--message-format", "json"])).len() > 4);
}

/// The rules that this part of the tool judges by itself, by their own examples.
#[test]
fn a_down_script_without_a_statement_is_found() {
    let rule = dbmigrate_schema::lint::Rule::find("empty-down").unwrap();
    let examples = [(rule.fails, true), (rule.passes, false), (rule.quiet, false)];
    for (at, (example, expect)) in
        examples.iter().flat_map(|(examples, expect)| examples.iter().map(|it| (it, *expect))).enumerate()
    {
        let project = Project::wired(&format!("lint-empty-down-{at}"), &[("001_now.sql", example.now)]);
        let run = project.dbmigrate(["check", "--message-format", "json"]).succeeds();
        assert_eq!(lines(&run).iter().any(|line| line["code"] == rule.name), expect, "{run}");
    }
    let project = Project::wired("lint-empty-down", &[("001_now.sql", rule.fails[0].now)]);
    project.dbmigrate(["check", "--deny", "history"]).exits(1).says("`empty-down` is deny by `--deny history`");
    project.write("migrations/001_now.sql", format!("-- dbmigrate: allow empty-down so\n{}", rule.fails[0].now));
    project.dbmigrate(["check", "--deny", "warnings"]).succeeds();
}

#[test]
fn fix_puts_names_right_and_writes_down_scripts_that_are_proved() {
    let project = Project::wired("lint-fix", &[]);
    project.write(
        "migrations/001_users.sql",
        "CREATE TABLE users (id INTEGER PRIMARY KEY);\nCREATE INDEX i ON users (id);\n",
    );
    project.write(
        "migrations/2-Add Nick.sql",
        "ALTER TABLE users ADD COLUMN nick TEXT;\nALTER TABLE users RENAME TO people;\n",
    );
    // Whoever changes rows has to think about the down script.
    project
        .write("migrations/003_key.sql", "ALTER TABLE people ADD COLUMN team INTEGER;\nUPDATE people SET team = 1;\n");
    project.dbmigrate(["check"]).exits(1);

    let run = project.dbmigrate(["check", "--fix", "--dry-run"]).exits(1);
    run.says("Would rename migrations/2-Add Nick.sql to migrations/002_add_nick.sql");
    assert!(project.has("migrations/2-Add Nick.sql") && !project.has("migrations/001_users.down.sql"));

    // That a table gets another name is for another rule to say.
    let run = project.dbmigrate(["check", "--fix", "--allow", "compatibility"]).succeeds();
    run.says("Renamed migrations/2-Add Nick.sql to migrations/002_add_nick.sql")
        .says("Wrote migrations/001_users.down.sql")
        .says("+ DROP INDEX i;")
        .says("+ ALTER TABLE people RENAME TO users;")
        .says("replayed 3 up and 2 down in memory");
    assert_eq!(
        project.read("migrations/002_add_nick.down.sql"),
        "-- The down script of 002_add_nick.sql.\n\nALTER TABLE people RENAME TO users;\nALTER TABLE users DROP \
        COLUMN nick;\n"
    );
    assert!(!project.has("migrations/003_key.down.sql"));
    let run = project.dbmigrate(["check", "--fix", "--allow", "compatibility"]).succeeds();
    run.says_not("Wrote").says_not("Renamed");
    project.dbmigrate(["up"]).succeeds();
}

#[test]
fn fix_writes_no_down_script_that_does_not_prove_right_or_is_not_wanted() {
    let project = Project::wired("lint-fix-not", &[]);
    // A column that a view names can't be dropped: the view is older.
    project
        .write("migrations/001_a.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY);\nCREATE VIEW v AS SELECT x FROM a;\n");
    project.write("migrations/001_a.down.sql", "DROP VIEW v;\nDROP TABLE a;\n");
    project.write("migrations/002_x.sql", "ALTER TABLE a ADD COLUMN x REFERENCES a (id);\n");
    project.write("migrations/003_b.sql", "-- dbmigrate: irreversible so\nCREATE TABLE b (id INTEGER PRIMARY KEY);\n");
    project.write("migrations/004_c.sql", "CREATE TABLE IF NOT EXISTS c (id INTEGER PRIMARY KEY);\n");
    project.write("migrations/005_d.sql", "CREATE TABLE d (id INTEGER PRIMARY KEY);\n");
    let run = project.dbmigrate(["check", "--fix"]).says("Wrote migrations/005_d.down.sql");
    for name in ["002_x", "003_b", "004_c"] {
        assert!(!project.has(&format!("migrations/{name}.down.sql")), "{name}: {run}");
    }
    project.write("migrations/006_e.sql", "CREATE TABLE e (id INTEGER PRIMARY KEY);\n");
    project.edit_manifest(|manifest| {
        manifest["package"]["metadata"]["migrations"]["reversible"] = toml_edit::value(false);
    });
    project.dbmigrate(["check", "--fix"]);
    assert!(!project.has("migrations/006_e.down.sql"));
}

#[test]
fn fix_leaves_alone_what_git_does_not_have() {
    let has_git = Command::new("git").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(has_git || std::env::var_os("CI").is_none(), "CI has git");
    if !has_git {
        return;
    }
    let project = Project::wired("lint-fix-git", &[]);
    let git = |args: &[&str]| {
        let mut command = project.command("git");
        command.args(["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]);
        Run::of(command.args(args)).succeeds();
    };
    git(&["init", "-q"]);
    project.write("migrations/1-Users.sql", USERS);
    let run = project.dbmigrate(["check", "--fix"]).exits(101);
    run.says("these files have uncommitted changes: `migrations/1-Users.sql`").says("--allow-dirty");
    assert!(project.has("migrations/1-Users.sql"));
    project.dbmigrate(["check", "--fix", "--dry-run"]).exits(1).says("Would rename");
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "a"]);
    // What it has renamed itself is no reason to stop.
    project.dbmigrate(["check", "--fix"]).succeeds().says("Renamed").says("Wrote migrations/001_users.down.sql");
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "b"]);
    project.write("migrations/002_b.sql", "CREATE TABLE b (id INTEGER PRIMARY KEY);\n");
    project.dbmigrate(["check", "--fix"]).exits(101);
    project.dbmigrate(["check", "--fix", "--allow-dirty"]).succeeds().says("Wrote migrations/002_b.down.sql");
}
