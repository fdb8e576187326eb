//! Bad input gets one clear error and the right exit code, and changes nothing.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{Project, Run};

const SET: [(&str, &str); 1] = [("001_a.sql", "CREATE TABLE a(x);\n-- dbmigrate: down\nDROP TABLE a;")];
const COMMANDS: [&[&str]; 7] =
    [&["status"], &["up"], &["down"], &["redo"], &["reset", "--yes"], &["verify"], &["history"]];

/// Every file below the project, with its bytes.
fn everything(project: &Project) -> Vec<(String, Vec<u8>)> {
    fn walk(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.push((path.display().to_string(), Vec::new()));
                walk(&path, found);
            } else {
                found.push((path.display().to_string(), fs::read(&path).unwrap_or_default()));
            }
        }
    }
    let mut found = Vec::new();
    walk(&project.root, &mut found);
    found.sort();
    found
}

/// One error with these words, this exit code, and nothing changed.
fn refused(project: &Project, args: &[&str], code: i32, words: &[&str]) {
    let before = everything(project);
    let run = project.dbmigrate(args).exits(code);
    for word in words {
        assert!(run.stderr.contains(word), "`{word}` is not in {run}");
    }
    assert_eq!(errors(&run), 1, "{run}");
    assert!(everything(project) == before, "files changed by {run}");
}

fn errors(run: &Run) -> usize {
    run.stderr.lines().filter(|line| line.starts_with("error")).count()
}

fn each_command(project: &Project, database: &str, words: &[&str]) {
    for command in COMMANDS {
        let args: Vec<&str> = command.iter().copied().chain(["--database", database]).collect();
        refused(project, &args, 101, words);
    }
}

#[test]
fn a_database_that_is_none() {
    let project = Project::wired("bad-database", &SET);
    for command in COMMANDS.iter().filter(|command| command[0] != "up") {
        let args: Vec<&str> = command.iter().copied().chain(["--database", "none.db"]).collect();
        refused(&project, &args, 101, &["no database at", "none.db"]);
    }
    each_command(&project, "src", &["src", "directory"]);
    each_command(&project, ".", &["`.` is a directory"]);
    each_command(&project, "no/such/folder/x.db", &["x.db"]);
    project
        .write("notes.txt", "These are notes, and they are long enough to be a page of something else.\n".repeat(40));
    each_command(&project, "notes.txt", &["`notes.txt` is not a SQLite database"]);
    refused(&project, &["up", "--database", ""], 2, &["--database"]);
    for command in ["up", "status"] {
        refused(&project, &[command, "--database", ":memory:"], 2, &["a database in memory is lost"]);
    }
}

#[test]
fn a_corrupt_file() {
    let project = Project::wired("corrupt-database", &SET);
    project.dbmigrate(["up"]).succeeds();
    project.execute("app.db", "CREATE TABLE big(x); INSERT INTO big VALUES (zeroblob(100000));");
    let mut bytes = fs::read(project.root.join("app.db")).unwrap();
    // The root page of the schema keeps its header and loses its cells.
    for byte in &mut bytes[100..4096] {
        *byte = 0xa5;
    }
    project.write("app.db", &bytes);
    each_command(&project, "app.db", &["app.db", "malformed"]);
}

#[test]
fn a_locked_file_is_waited_for_and_then_named() {
    let project = Project::wired("locked-database", &SET);
    project.dbmigrate(["up"]).succeeds();
    project.write("migrations/002_b.sql", "CREATE TABLE b(x);");
    // Closing a plain handle on the file would release the lock of this process: it is read before and afterwards only.
    let before = fs::read(project.root.join("app.db")).unwrap();
    let holder = rusqlite::Connection::open(project.root.join("app.db")).unwrap();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    for command in ["up", "down", "status", "drift"] {
        let start = Instant::now();
        project.dbmigrate([command, "--busy-timeout", "0"]).exits(101).says("locked").says("`app.db`");
        assert!(start.elapsed() < Duration::from_secs(5), "`{command}` had a patience of its own");
    }
    holder.execute_batch("ROLLBACK").unwrap();
    drop(holder);
    assert_eq!(fs::read(project.root.join("app.db")).unwrap(), before);
    project.dbmigrate(["up"]).succeeds();
}

#[test]
fn words_that_make_no_sense() {
    let project = Project::wired("bad-words", &SET);
    refused(&project, &["status", "-p", "nobody"], 101, &["`nobody`"]);
    refused(&project, &["status", "--manifest-path", "no/Cargo.toml"], 101, &["no/Cargo.toml"]);
    refused(&project, &["status", "--manifest-path", "src"], 101, &["`src` is a folder, not a Cargo.toml"]);
    refused(&project, &["sttus"], 2, &["sttus"]);
    refused(&project, &["status", "--nope"], 2, &["--nope"]);
    refused(&project, &["fabricate", "x"], 2, &["fabricate"]);
    refused(&project, &["create", "!!"], 2, &["!!"]);
    project.dbmigrate(["up"]).succeeds();
    refused(&project, &["up", "--to", "no_such"], 2, &["no_such"]);
    refused(&project, &["down", "no_such"], 2, &["no_such"]);
    refused(&project, &["reset"], 2, &["--yes"]);
}

#[test]
fn a_url_that_is_no_file() {
    let project = Project::wired("bad-url", &SET);
    let mut command = project.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
    command.args(["dbmigrate", "status"]).env("DATABASE_URL", "postgres://localhost/app");
    Run::of(&mut command).exits(2).says("DATABASE_URL").says("postgres");
    project.write(".env", "DATABASE_URL=mysql://localhost/app\n");
    project.dbmigrate(["up"]).exits(2).says(".env").says("mysql");
    project.write(".env", "DATABASE_URL=sqlite://from-env.db\n");
    project.dbmigrate(["up"]).succeeds().says("from-env.db").says(".env");
    assert!(project.has("from-env.db") && !project.has("app.db"));
}

#[test]
fn a_manifest_that_is_wrong_is_shown_with_the_nearest_key() {
    let project = Project::wired("bad-manifest", &SET);
    let manifest = project.read("Cargo.toml");
    let sound = "[package.metadata.migrations]\n";
    project.write("Cargo.toml", manifest.replace(sound, &format!("{sound}dri = \"migrations\"\nwidth = \"three\"\n")));
    let run = project.dbmigrate(["check"]).exits(1);
    for word in ["`dri`", "`dir`", "`width`", "Cargo.toml:"] {
        assert!(run.stderr.contains(word), "`{word}` is not in {run}");
    }
    project.dbmigrate(["up"]).exits(101);
    assert!(!project.has("app.db"));
}

#[test]
fn read_only_commands_write_nothing() {
    let project = Project::wired("read-only", &SET);
    project.dbmigrate(["up"]).succeeds();
    let before = everything(&project);
    for command in [&["status"] as &[&str], &["verify"], &["history"], &["list"], &["check"], &["status", "--check"]] {
        project.dbmigrate(command.iter().copied()).succeeds();
        assert!(everything(&project) == before, "{command:?} changed files");
    }
}

#[test]
fn no_slip_of_the_pen_leads_to_a_command_that_takes_data_away() {
    let project = Project::wired("slips", &SET);
    for word in ["forget", "rest", "redu", "dwn"] {
        project.dbmigrate([word]).exits(2).says_not("similar");
    }
    project.dbmigrate(["sttus"]).exits(2).says("'status'");
}

#[test]
fn an_url_that_asks_for_less_than_a_file_is_refused() {
    let project = Project::wired("url-options", &SET);
    for (url, word) in [("sqlite:app.db?mode=ro", "mode=ro"), ("sqlite::memory:", "in memory")] {
        let mut command = project.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
        Run::of(command.args(["dbmigrate", "up"]).env("DATABASE_URL", url)).exits(2).says(word);
    }
    let mut command = project.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
    Run::of(command.args(["dbmigrate", "up"]).env("DATABASE_URL", "sqlite:app.db?mode=rwc")).succeeds();
    assert!(project.has("app.db"));
}

#[test]
fn a_down_script_that_leads_elsewhere_is_warned_of() {
    let project = Project::wired("elsewhere", &SET);
    project.write("migrations/002_b.sql", "CREATE TABLE b(x);\nCREATE INDEX b_x ON b(x);");
    project.write("migrations/002_b.down.sql", "DROP INDEX b_x;\n");
    project
        .dbmigrate(["check"])
        .succeeds()
        .says("warning: the down script of `002_b` does not restore the schema from before it")
        .says("--> migrations/002_b.down.sql:1:1")
        .says("compared with before: table `b` is added")
        .says_not("b_x` on `b` is");
}

#[test]
fn a_down_script_that_does_nothing_is_warned_of() {
    let project = Project::wired("empty-down", &SET);
    project.write("migrations/002_b.sql", "CREATE TABLE b(x);");
    project.write("migrations/002_b.down.sql", "-- Still to be written.\n");
    project
        .dbmigrate(["check"])
        .succeeds()
        .says("the down script of `002_b` contains no statement")
        .says("irreversible REASON");
}

#[test]
#[cfg(target_os = "linux")]
fn an_answer_that_does_not_get_out_is_a_failure() {
    let project = Project::wired("bad-stdout", &SET);
    project.dbmigrate(["up"]).succeeds();
    for args in [
        &["script"][..],
        &["schema"],
        &["list"],
        &["status"],
        &["status", "--message-format", "json"],
        &["check", "--message-format", "sarif"],
        &["explain", "drop-table"],
    ] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = project.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
        let output = command.arg("dbmigrate").args(args).stdout(full).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(101), "{args:?}: {said}");
        assert!(said.contains("error: could not write to stdout: No space left on device"), "{args:?}: {said}");
    }
}

#[test]
fn a_drift_that_can_not_be_asked_has_its_help_on_lines_of_its_own_and_does_not_wait_longer_than_told() {
    let project = Project::wired("bad-drift", &SET);
    project.dbmigrate(["up"]).succeeds();
    let held = rusqlite::Connection::open(project.root.join("app.db")).unwrap();
    held.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let began = Instant::now();
    let run = project.dbmigrate(["drift", "--busy-timeout", "0"]).exits(101);
    run.says("\nhelp: another connection holds the database").says("locked");
    assert!(began.elapsed() < Duration::from_secs(20), "waited for {:?}", began.elapsed());
    drop(held);
    project.execute("foreign.db", "CREATE TABLE _migrations (id, name)");
    let run = project.dbmigrate(["drift", "--database", "foreign.db"]).exits(101);
    run.says("\nhelp: use another table").says("\nhelp: if it is the history of another tool");
    let run = project.dbmigrate(["drift", "--database", "foreign.db", "--message-format", "json"]).exits(101);
    let line: serde_json::Value = serde_json::from_str(run.stdout.trim()).unwrap();
    assert!(!line["message"].as_str().unwrap().contains('\n') && line["help"].as_array().unwrap().len() == 2, "{line}");
    project.dbmigrate(["drift", "--database", "no/app.db"]).exits(101).says("help: `no` is not a folder: create it");
}

#[test]
fn what_cargo_says_of_a_manifest_is_said_as_cargo_says_it() {
    let project = Project::wired("bad-toml", &SET);
    project.write("Cargo.toml", project.read("Cargo.toml") + "\n[package]\n");
    let run = project.dbmigrate(["list"]).exits(101);
    assert!(run.stderr.lines().skip(1).all(|line| !line.starts_with("       ")), "{run}");
}

#[test]
fn a_schema_is_not_shown_of_another_database_than_was_meant() {
    let project = Project::wired("bad-schema-database", &SET);
    project.dbmigrate(["up"]).succeeds();
    for args in [&["schema"][..], &["schema", "--from", "empty"], &["schema", "--to", "app.db"]] {
        let run = project.dbmigrate([args, &["--database", "app.db"]].concat()).exits(2);
        run.says("error: `--database` has no meaning here: no database is shown")
            .says("help: to show its schema: `cargo dbmigrate schema database --database app.db`")
            .says("help: to compare it with the migrations: `cargo dbmigrate drift --database app.db`");
    }
    project.dbmigrate(["schema", "--write", "--database", "app.db"]).exits(2).says("remove `--database`");
    assert!(!project.has("schema.sql"));
    project.dbmigrate(["schema", "database", "--database", "app.db"]).succeeds().says("CREATE TABLE a");
    project.dbmigrate(["schema", "--from", "database", "--database", "app.db"]).succeeds().says("0 differences");
}

#[test]
fn a_variable_that_can_not_be_used_says_where_it_stands_and_what_comes_before_it() {
    let project = Project::wired("bad-env", &SET);
    project.write(".env", "# local\nTOKEN='sesame\nA=1\n");
    let run = project.dbmigrate(["status"]).exits(101).says_not("sesame");
    run.says("error: line 2 of `.env` is not `NAME=value`, or has an unclosed quote\n --> .env\n")
        .says("help: to use another one: `--database PATH`, which takes precedence");
    project.write(".env", "DATABASE_URL=postgres://ann:sesame@host/db\n");
    let run =
        project.dbmigrate(["up"]).exits(2).says_not("sesame").says("`DATABASE_URL` in `.env`: `postgres:` is not");
    run.says("help: to use another one: `--database PATH`, which takes precedence");
    project.dbmigrate(["up", "--database", "app.db"]).succeeds();
}

#[test]
#[cfg(unix)]
fn a_file_that_may_not_be_read_says_so() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::wired("bad-rights", &SET);
    project.dbmigrate(["up"]).succeeds();
    let path = project.root.join("app.db");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_ok() {
        // Nothing is forbidden to who runs this.
        return;
    }
    let run = project.dbmigrate(["status"]).exits(101);
    run.says("help: this process may not read the file").says_not("WAL");
}

#[test]
fn a_migration_that_is_named_like_its_file_gets_no_second_number() {
    let project = Project::wired("create-like-a-file", &SET);
    let before = project.migration_files().len();
    for name in [
        // There is such a number, or it is the next one.
        "001_add_mood",
        "002_add_mood",
        "002-add-mood",
        "add_mood.sql",
        "009_add_mood.rs",
        "009_add_mood.down.sql",
        "migrations/009_add_mood.sql",
        "./migrations/009_add_mood",
        r"migrations\add_mood",
    ] {
        let run = project.dbmigrate(["create", name]).exits(2);
        run.says(&format!("`{name}` is not a name for a migration")).says("come by themselves: `add_mood`");
    }
    project.write("schema.sql", "CREATE TABLE a(x);\nCREATE TABLE b(x);\n");
    project.dbmigrate(["generate", "002_add_mood"]).exits(2).says("come by themselves: `add_mood`");
    assert_eq!(project.migration_files().len(), before);
    // Nothing of these gets lost.
    for (name, file) in [
        ("9 lives", "002_9_lives"),
        ("2024_report", "003_2024_report"),
        ("v1.2", "004_v1_2"),
        ("404_page", "005_404_page"),
        ("101_dalmatians", "006_101_dalmatians"),
        ("users/teams", "007_users_teams"),
        ("8_bit", "008_8_bit"),
    ] {
        project.dbmigrate(["create", name, "--no-down"]).succeeds();
        assert!(project.root.join(format!("migrations/{file}.sql")).exists(), "{name}");
    }
    project.dbmigrate(["create", "users/teams.sql"]).exits(2).says("come by themselves: `users_teams`");
    assert_eq!(project.migration_files().len(), before + 7);
}

#[test]
fn a_package_that_is_not_wired_is_led_to_init() {
    let project = Project::new("not-wired");
    for (command, exit) in [("status", 101), ("up", 101), ("list", 101), ("check", 1)] {
        let run = project.dbmigrate([command]).exits(exit).says("the folder `migrations` does not exist");
        run.says("cargo dbmigrate init").says_not("cargo dbmigrate create");
    }
    project.init(&[]).succeeds();
    std::fs::remove_dir_all(project.root.join("migrations")).unwrap();
    project.dbmigrate(["status"]).exits(101).says("create the first migration: `cargo dbmigrate create NAME`");
}

/// `create` writes a down script that is still empty. To run it would leave everything there, and forget that it is.
#[test]
fn a_down_script_without_a_statement_takes_nothing_out_of_the_history() {
    let project = Project::wired("empty-down-runs", &SET);
    project.dbmigrate(["create", "add_y"]).succeeds();
    project.write("migrations/002_add_y.sql", "ALTER TABLE a ADD COLUMN y;\n");
    project.dbmigrate(["up"]).succeeds();
    // To a rehearsal it is an answer.
    for (command, exit) in
        [(&["down"][..], 101), (&["redo"], 101), (&["down", "--dry-run"], 1), (&["down", "--all"], 101)]
    {
        project
            .dbmigrate(command)
            .exits(exit)
            .says("`002_add_y` can't be rolled back: its down script is empty (migrations/002_add_y.down.sql)")
            .says("write the statements that undo it into `migrations/002_add_y.down.sql`");
    }
    project.dbmigrate(["status", "--check"]).succeeds().says("Applied: 2");
    project.dbmigrate(["list"]).succeeds().says("002_add_y  sql   no down");
    project.dbmigrate(["test"]).succeeds().says("002_add_y  up  ");
    // `redo` would end in `duplicate column name`.
    project.write("migrations/002_add_y.sql", "ALTER TABLE a ADD COLUMN y;\nALTER TABLE a ADD COLUMN z;\n");
    project.dbmigrate(["up"]).exits(101).says("in development: `cargo dbmigrate reset`").says_not("redo");
    project.dbmigrate(["reset", "--yes"]).succeeds();
    project.dbmigrate(["up"]).succeeds();
    // What there is nothing to undo of can be said.
    project.write("migrations/002_add_y.down.sql", "SELECT 1;\n");
    project.dbmigrate(["down"]).succeeds().says("Rolled back 002_add_y");
}

#[test]
fn a_runner_without_its_feature_is_told_what_it_lacks() {
    let project = Project::wired("runner-feature", &SET);
    project.write(
        "migrations/002_rust.rs",
        "pub fn up(_: &rusqlite::Connection) -> rusqlite::Result<()> {\n    Ok(())\n}\n",
    );
    project.edit_manifest(|manifest| {
        manifest["package"]["metadata"]["migrations"]["runner"] = toml_edit::value(&project.name)
    });
    for command in ["up", "check"] {
        let run =
            project.dbmigrate([command]).exits(101).says("`runner-feature` is built with the feature `migrate-cli`");
        run.says("`migrate-cli = [\"dbmigrate-runtime/cli\"]`");
    }
}

#[test]
#[cfg(unix)]
fn a_file_that_no_editor_opens_is_named() {
    let project = Project::wired("no-editor", &SET);
    for (at, editor) in ["", "no-such-editor", "false"].into_iter().enumerate() {
        let mut command = project.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
        command
            .args(["dbmigrate", "create", "later", "--no-down", "--edit"])
            .env_remove("VISUAL")
            .env("EDITOR", editor);
        let number = at + 2;
        Run::of(&mut command).exits(101).says(&format!("migrations/{number:03}_later.sql` yourself"));
    }
}
