//! The commands on real database files, with a terminal in memory.

mod copies;
mod rehearsal;
mod reset;
mod sets;

use std::ffi::OsString;
use std::path::Path;

use super::fixture::{Connection, Folder, Memory, Rusqlite, set, with_view};
use super::{Invocation, parse, run};
use crate::{Migrator, NewerDatabase, Rules, Set};

fn three() -> &'static Set<'static> {
    set(&[
        ("001_initial_schema", "CREATE TABLE users (name TEXT)", Some("DROP TABLE users"), Some("1.0.0")),
        ("002_add_indexes", "CREATE INDEX by_name ON users (name)", Some("DROP INDEX by_name"), Some("1.1.0")),
        ("003_add_user_prefs", "CREATE TABLE prefs (key TEXT)", Some("DROP TABLE prefs"), None),
    ])
}

/// The exit code, and what was said: `out` and `err` by line, with times replaced.
fn on(set: &'static Set<'static>, database: &Path, line: &str) -> (u8, Vec<String>, Vec<String>) {
    answering(None, set, database, line)
}

fn answering(
    answer: Option<bool>,
    set: &'static Set<'static>,
    database: &Path,
    line: &str,
) -> (u8, Vec<String>, Vec<String>) {
    let mut memory = Memory { answer, ..Memory::default() };
    let Ok(Invocation::Run(request, None)) = parse("app", line.split(' ').map(OsString::from)) else {
        panic!("{line}");
    };
    let migrator = Migrator::<Rusqlite>::new(set).busy_timeout(std::time::Duration::from_millis(20));
    let exit = run(migrator, database, &request, &mut memory);
    let steady = |lines: Vec<String>| lines.iter().map(|line| without_times(line)).collect();
    (exit, steady(memory.out), steady(memory.err))
}

/// `TIME` for timestamps, `N` for durations.
fn without_times(line: &str) -> String {
    let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    for at in 1..words.len() {
        if words[at].starts_with("ms") || words[at] == "s" {
            words[at - 1] = "N".to_owned();
        }
    }
    let line = words.join(" ");
    let mut out = String::new();
    let mut rest = line.as_str();
    while let Some(at) = rest.find("20") {
        let is_time = rest.get(at..at + 19).is_some_and(|time| {
            let shape = |letter: char| if letter.is_ascii_digit() { '0' } else { letter };
            time.chars().map(shape).eq("0000-00-00 00:00:00".chars())
        });
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        out.push_str(if is_time { "TIME" } else { "20" });
        rest = &after[if is_time { 19 } else { 2 }..];
    }
    out + rest
}

fn scalar(database: &Path, sql: &str) -> i64 {
    Connection::open(database).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn the_way_up_and_back_reads_as_it_should() {
    let folder = Folder::new("way");
    let database = folder.path("app.db");
    let (exit, out, err) = on(three(), &database, "up --to 1.1.0");
    assert_eq!((exit, out.len()), (0, 0));
    assert_eq!(
        err,
        [
            "Applying 2 migrations",
            "Applied 001_initial_schema in N ms",
            "Applied 002_add_indexes in N ms",
            "Finished 2 migrations applied in N ms",
        ]
    );
    let (exit, out, err) = on(three(), &database, "status");
    assert_eq!((exit, err.len()), (0, 0));
    assert_eq!(
        out,
        [
            "[x] 001_initial_schema  (applied: TIME)",
            "[x] 002_add_indexes     (applied: TIME)",
            "[ ] 003_add_user_prefs",
            "",
            "Total: 3 | Applied: 2 | Pending: 1",
        ]
    );
    for (line, exit, last) in [
        ("status --check", 1, ""),
        ("up", 0, "Finished 1 migration applied in N ms"),
        ("up", 0, "Finished nothing to apply: the database is up to date"),
        ("status --check", 0, ""),
        ("verify", 0, "Verified 3 migrations, as the history has them"),
        ("redo", 0, "Finished 1 migration rolled back, 1 migration applied in N ms"),
        ("down 003_add_user_prefs", 0, "Finished 1 migration rolled back in N ms"),
        ("down", 0, "Finished 1 migration rolled back in N ms"),
        ("up", 0, "Finished 2 migrations applied in N ms"),
        ("down --to 1", 0, "Finished 2 migrations rolled back in N ms"),
        ("up -q", 0, ""),
        ("down --count 2", 0, "Finished 2 migrations rolled back in N ms"),
        ("down --count 2", 101, "help: to roll back everything: `app down --all`"),
        ("down --count 1", 0, "Finished 1 migration rolled back in N ms"),
        ("down", 0, "Finished nothing to roll back"),
        ("history", 0, "Finished the history has no rows"),
        ("redo", 0, "Finished nothing to redo"),
        ("up", 0, "Finished 3 migrations applied in N ms"),
        ("down --all", 0, "Finished 3 migrations rolled back in N ms"),
    ] {
        let (code, _, err) = on(three(), &database, line);
        assert_eq!((code, err.last().map_or("", String::as_str)), (exit, last), "{line}");
    }
}

#[test]
fn repeatables_are_applied_and_shown_after_the_migrations() {
    let folder = Folder::new("repeatables");
    let database = folder.path("app.db");
    let first = || with_view(three(), "names", "CREATE VIEW names AS SELECT name FROM users");
    let other = || with_view(three(), "names", "CREATE VIEW names AS SELECT upper(name) AS name FROM users");
    on(three(), &database, "up --to 1");
    let (_, _, err) = on(first(), &database, "up");
    assert_eq!(err[3], "Applied repeatable/names in N ms");
    assert_eq!(err[4], "Finished 2 migrations applied, 1 repeatable applied in N ms");
    let (exit, out, _) = on(first(), &database, "status --check");
    assert_eq!(exit, 0);
    assert_eq!(out[3..], ["[x] repeatable/names    (applied: TIME)", "", "Total: 3 | Applied: 3 | Pending: 0"]);
    let (exit, out, _) = on(other(), &database, "status --check");
    assert_eq!((exit, out[3].as_str()), (1, "[ ] repeatable/names    (changed since it was applied: TIME)"));
    let (exit, _, err) = on(other(), &database, "verify");
    let note = "note: repeatable/names was changed since it was applied: the next `up` runs it again";
    assert_eq!((exit, err[0].as_str()), (0, note));
    let (_, out, _) = on(other(), &database, "status --message-format json");
    assert_eq!(
        out[3],
        r#"{"reason":"repeatable","name":"names","file":"migrations/repeatable/names.sql","state":"changed","applied_at":"TIME"}"#
    );
    let (_, _, err) = on(other(), &database, "up");
    assert_eq!(
        err,
        ["Applying 1 repeatable", "Applied repeatable/names in N ms", "Finished 1 repeatable applied in N ms",]
    );
    // Those of a newer program are not for an older one to apply.
    let older = || {
        let migrations = &three().migrations[..2];
        let rules = Rules { newer_database: NewerDatabase::Allow, ..Rules::DEFAULT };
        Box::leak(Box::new(Set { migrations, rules, ..*first() }))
    };
    assert_eq!(on(older(), &database, "status --check").0, 0);
    let (_, _, err) = on(older(), &database, "up");
    assert_eq!(err, ["Finished nothing to apply: the database is up to date"]);
    let (_, out, _) = on(first(), &database, "up --message-format json");
    assert!(out[0].starts_with(r#"{"reason":"repeatable-applied","name":"names","duration_us":"#), "{out:?}");
    assert!(out[1].ends_with(r#","repeated":1,"notes":[]}"#), "{out:?}");
    // One whose file is gone is told to those who ask for more, and fails nothing.
    let (exit, out, _) = on(three(), &database, "status --check");
    assert_eq!((exit, out.len()), (0, 5));
    let (_, out, _) = on(three(), &database, "status --verbose");
    assert!(out.contains(&"[!] repeatable/names    (applied: TIME, but its file is missing: its objects stay)".into()));
    let (exit, _, err) = on(three(), &database, "verify");
    assert_eq!((exit, err.len()), (0, 2));
    assert_eq!(err[0], "note: repeatable/names was applied, but its file is missing: its objects stay");
}

#[test]
fn rolling_back_out_of_order_says_what_to_roll_back_first() {
    let folder = Folder::new("order");
    let database = folder.path("app.db");
    on(three(), &database, "up");
    let (exit, _, err) = on(three(), &database, "down add_indexes");
    assert_eq!(exit, 101);
    assert!(err.join("\n").contains("003_add_user_prefs"), "{err:?}");
    assert_eq!(scalar(&database, "SELECT count(*) FROM _migrations"), 3);
}

#[test]
fn a_file_that_fails_is_named_after_what_was_done_before_it() {
    let folder = Folder::new("fails");
    let database = folder.path("app.db");
    let broken = set(&[("001_a", "CREATE TABLE a (b)", None, None), ("002_c", "CREATE TABLE a (b)", None, None)]);
    let (exit, _, err) = on(broken, &database, "up");
    let text = err.join("\n");
    assert_eq!(exit, 101);
    assert!(err[1].starts_with("Applied 001_a"), "{text}");
    let (exit, out, _) = on(broken, &database, "history");
    assert_eq!((exit, out.len()), (0, 2));
    assert_eq!(out[1], "1   TIME  001_a  applied  N ms");
    assert!(text.contains("error: ") && text.contains("migrations/002_c.sql:1"), "{text}");
    let (exit, out, _) = on(broken, &database, "up --message-format json");
    assert_eq!((exit, out.len()), (101, 1));
    assert!(out[0].starts_with("{\"reason\":\"error\",\"message\":\""), "{out:?}");
    assert!(out[0].contains("\"file\":\"migrations/002_c.sql\",\"line\":1,"), "{out:?}");
}

#[test]
fn programs_read_one_object_on_each_line() {
    let folder = Folder::new("json");
    let database = folder.path("app.db");
    let json = |line: &str| {
        let (_, out, _) = on(three(), &database, &format!("{line} --message-format json"));
        out
    };
    let up = json("up --to 1");
    assert!(
        up[0].starts_with(r#"{"reason":"migration-applied","number":1,"name":"001_initial_schema","duration_us":"#)
    );
    assert!(up[1].starts_with(r#"{"reason":"summary","command":"up","applied":1,"rolled_back":0,"duration_us":"#));
    let status = json("status");
    assert!(status[0].starts_with(
        r#"{"reason":"migration","number":1,"name":"001_initial_schema","file":"migrations/001_initial_schema.sql","state":"applied","applied_at":"TIME","#
    ));
    assert!(status[2].contains(r#""state":"pending","applied_at":null,"duration_us":null,"#), "{status:?}");
    assert_eq!(status[3], r#"{"reason":"status-summary","total":3,"applied":1,"pending":2}"#);
    assert!(
        json("history")[0].contains(r#""name":"001_initial_schema","applied_at":"TIME","set_name":"","number":1,"#)
    );
    assert_eq!(json("verify"), [r#"{"reason":"verify-summary","checked":1,"problems":0}"#]);
    assert!(json("down")[0].starts_with(r#"{"reason":"migration-rolled-back","number":1,"#));
}

#[test]
fn what_is_suggested_is_a_command_of_the_program_on_the_database_that_was_named() {
    let folder = Folder::new("aim");
    let database = folder.path("a.db");
    on(three(), &database, "up");
    for (format, expect) in
        [("human", "`app down --count 3 --database a.db`"), ("json", "`app down --count 3 --database a.db`")]
    {
        let line = format!("down 001_initial_schema --database a.db --message-format {format}");
        let Ok(Invocation::Run(request, Some(_))) = parse("app", line.split(' ').map(OsString::from)) else {
            panic!("{line}");
        };
        let mut memory = Memory::default();
        let exit = run(Migrator::<Rusqlite>::new(three()), &database, &request, &mut memory);
        let said = if format == "json" { memory.out } else { memory.err };
        assert!(exit == 101 && said.iter().any(|line| line.contains(expect)), "{said:?}");
    }
}

#[test]
fn verify_shows_every_problem_and_its_answer_is_no() {
    let folder = Folder::new("verify");
    let database = folder.path("app.db");
    on(three(), &database, "up");
    let edited = set(&[
        ("001_initial_schema", "CREATE TABLE users (name, age)", None, None),
        ("002_add_index", "CREATE INDEX by_name ON users (name)", None, None),
    ]);
    let (exit, _, err) = on(edited, &database, "verify");
    let text = err.join("\n");
    assert_eq!(exit, 1);
    for name in ["001_initial_schema", "002_add_index", "003_add_user_prefs"] {
        assert!(text.contains(name), "{name}: {text}");
    }
    let (exit, out, _) = on(edited, &database, "verify --message-format json");
    assert_eq!((exit, out.iter().filter(|line| line.contains("verify-problem")).count()), (1, 3), "{out:?}");
    let (exit, out, _) = on(edited, &database, "status --check");
    assert_eq!(exit, 1);
    assert_eq!(out[0], "[!] 001_initial_schema  (edited since it was applied)");
}

#[test]
fn a_note_is_shown_and_the_answer_stays_yes() {
    let folder = Folder::new("notes");
    let database = folder.path("app.db");
    on(three(), &database, "up --to 1");
    let edited = set(&[("001_initial_schema", "CREATE TABLE users (name TEXT)", Some("DELETE FROM users"), None)]);
    let note = "the down script was edited since it was applied; `down` uses the one in the file";
    let (exit, _, err) = on(edited, &database, "verify");
    assert_eq!((exit, &err[0]), (0, &format!("note: `001_initial_schema`: {note}")));
    let (exit, out, _) = on(edited, &database, "verify --message-format json");
    let file = "migrations/001_initial_schema.sql";
    let line = format!(r#"{{"reason":"verify-note","name":"001_initial_schema","file":"{file}","message":"{note}"}}"#);
    assert_eq!((exit, &out[0], out.len()), (0, &line, 2));
    let (exit, out, _) = on(edited, &database, "status --check --verbose");
    assert_eq!((exit, out[0].starts_with("[x] ")), (0, true));
    assert!(out.contains(&format!("      note: {note}")), "{out:?}");
    assert!(!on(edited, &database, "status").1.concat().contains("note"));
    let (_, out, _) = on(edited, &database, "status --message-format json");
    assert!(out[0].contains(&format!(r#""notes":["{note}"]"#)), "{out:?}");
    let (exit, _, err) = on(edited, &database, "repair");
    assert_eq!((exit, err), (0, vec!["Finished nothing to repair".to_owned()]));
}

#[test]
fn bad_input_gets_one_clear_error_and_changes_nothing() {
    let folder = Folder::new("bad");
    let text = folder.path("text.db");
    std::fs::write(&text, "not a database, but long enough to be looked at\n".repeat(40)).unwrap();
    let short = folder.path("short.db");
    std::fs::write(&short, "short").unwrap();
    let read_only = folder.path("read-only.db");
    Connection::open(&read_only).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    let mut permissions = std::fs::metadata(&read_only).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&read_only, permissions).unwrap();
    std::fs::create_dir(folder.path("directory")).unwrap();
    let before = folder.files();
    let contents = |names: &[String]| -> Vec<Option<Vec<u8>>> {
        names.iter().map(|name| std::fs::read(folder.path(name)).ok()).collect()
    };
    let bytes = contents(&before);
    for (name, verbs, exit, message) in [
        ("missing.db", "status down redo reset verify history", 101, "error: no database at `"),
        ("no/folder.db", "status up", 101, "error: no database at `"),
        ("directory", "status up reset", 101, "is a directory, not a database file"),
        ("text.db", "status up down reset verify history", 101, "is not a SQLite database"),
        ("short.db", "status up", 101, "is not a SQLite database"),
        ("read-only.db", "up down redo reset", 101, "is read-only"),
    ] {
        for verb in verbs.split(' ') {
            let (code, out, err) = on(three(), &folder.path(name), verb);
            assert_eq!((code, out.len()), (exit, 0), "{verb} {name}");
            assert!(err[0].contains(message), "{verb} {name}: {err:?}");
            assert!(err[1..].iter().all(|line| line.starts_with("help: ")), "{verb} {name}: {err:?}");
            let is_damaged = message == "is not a SQLite database";
            assert_eq!(
                err[1..].iter().any(|line| line.contains("`app restore`")),
                is_damaged,
                "{verb} {name}: {err:?}"
            );
            assert_eq!(folder.files(), before, "{verb} {name}");
        }
    }
    #[cfg(unix)]
    {
        let (code, _, err) = on(three(), Path::new("/dev/null"), "up");
        assert_eq!((code, err), (101, vec!["error: `/dev/null` is not a file".to_owned()]));
    }
    for name in ["", ":memory:"] {
        assert_eq!(on(three(), Path::new(name), "up").0, 2, "{name}");
    }
    assert_eq!(contents(&before), bytes);
    assert_eq!(on(three(), &read_only, "status").0, 0);
}

#[test]
fn a_damaged_file_is_an_error_and_stays_as_it_is() {
    let folder = Folder::new("damaged");
    let database = folder.path("app.db");
    on(three(), &database, "up");
    let mut bytes = std::fs::read(&database).unwrap();
    bytes[100..].fill(0xee);
    std::fs::write(&database, &bytes).unwrap();
    for verb in ["status", "up", "down", "verify", "history", "reset --yes"] {
        let (exit, out, err) = on(three(), &database, verb);
        assert_eq!((exit, out.len()), (101, 0), "{verb}");
        assert!(err[0].contains("malformed"), "{verb}: {err:?}");
    }
    assert_eq!(std::fs::read(&database).unwrap(), bytes);
    assert_eq!(folder.files(), ["app.db"]);
}

#[test]
fn a_locked_file_is_waited_for_and_then_an_error() {
    let folder = Folder::new("locked");
    let database = folder.path("app.db");
    on(three(), &database, "up --to 1");
    let other = Connection::open(&database).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let (exit, out, err) = on(three(), &database, "status");
    assert_eq!((exit, out.len()), (101, 0));
    assert!(err[0].starts_with("Waiting for another connection that holds `"), "{err:?}");
    assert!(err[1].starts_with("error: ") && err[1].contains("locked"), "{err:?}");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(on(three(), &database, "up").0, 0);
}

#[test]
fn the_journal_of_a_crashed_writer_is_named_and_backup_and_up_settle_it() {
    let folder = Folder::new("journal");
    let (original, database) = (folder.path("original.db"), folder.path("app.db"));
    on(three(), &original, "up --to 1");
    let writer = Connection::open(&original).unwrap();
    // More than the cache holds, so that pages and journal are on disk before the commit.
    writer
        .execute_batch(
            "PRAGMA cache_size = 1; BEGIN; INSERT INTO users
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT hex(i) FROM n",
        )
        .unwrap();
    let (copied, shown) = (folder.path("copied.db"), folder.path("shown.db"));
    for (name, path) in [("app.db", &database), ("copied.db", &copied), ("shown.db", &shown)] {
        std::fs::copy(&original, path).unwrap();
        std::fs::copy(folder.path("original.db-journal"), folder.path(&format!("{name}-journal"))).unwrap();
    }
    drop(writer);
    // A copy applies nothing.
    let (exit, out, _) = on(three(), &copied, "backup");
    assert_eq!(exit, 0);
    for path in [copied.as_path(), std::path::Path::new(&out[0])] {
        assert_eq!(scalar(path, "SELECT count(*) FROM users"), 0);
        assert_eq!(scalar(path, "SELECT count(*) FROM _migrations"), 1);
    }
    let (exit, out, err) = on(three(), &database, "status");
    assert_eq!((exit, out.len()), (101, 0));
    assert!(err[0].starts_with("error: a writer crashed and left a journal beside `"), "{err:?}");
    assert_eq!(err[1], "help: to roll back what it had not finished: `app status --recover`");
    assert_eq!(err[2], "help: or, with a copy kept: `app backup`");
    // To look is no reason to write, unless that is asked for.
    assert!(folder.files().contains(&"app.db-journal".to_owned()));
    let (exit, out, err) = on(three(), &shown, "status --recover");
    assert_eq!((exit, &*out[0]), (0, "[x] 001_initial_schema  (applied: TIME)"), "{err:?}");
    assert!(err[0].starts_with("Recovered `") && err[0].ends_with("`: unfinished changes were rolled back"), "{err:?}");
    assert_eq!(scalar(&shown, "SELECT count(*) FROM users"), 0);
    assert!(!folder.files().contains(&"shown.db-journal".to_owned()));
    assert_eq!(on(three(), &shown, "status --recover").2, [""; 0]);
    assert_eq!(on(three(), &database, "up").0, 0);
    assert_eq!(on(three(), &database, "status --check").0, 0);
    assert_eq!(scalar(&database, "SELECT count(*) FROM users"), 0);
}

#[test]
fn a_file_that_nothing_came_of_does_not_stay() {
    let folder = Folder::new("first");
    let database = folder.path("app.db");
    let broken = set(&[("001_a", "CREATE TABLE a (b, b)", None, None)]);
    assert_eq!(on(broken, &database, "up").0, 101);
    assert!(folder.files().is_empty(), "{:?}", folder.files());
    assert_eq!(on(set(&[]), &database, "up").0, 0);
    assert_eq!(on(three(), &database, "up --to nobody").0, 2);
    assert!(folder.files().is_empty(), "{:?}", folder.files());
    // A file that was there stays, empty or not.
    std::fs::write(&database, "").unwrap();
    assert_eq!(on(broken, &database, "up").0, 101);
    assert_eq!(folder.files(), ["app.db"]);
}

#[test]
fn tables_without_a_history_are_taken_over_only_when_told() {
    let folder = Folder::new("existing");
    let database = folder.path("app.db");
    Connection::open(&database).unwrap().execute_batch("CREATE TABLE old (a)").unwrap();
    assert_eq!(on(three(), &database, "up").0, 101);
    assert_eq!(scalar(&database, "SELECT count(*) FROM sqlite_schema"), 1);
    assert_eq!(on(three(), &database, "up --existing").0, 0);
}

#[test]
fn a_target_that_nobody_knows_changes_nothing() {
    let folder = Folder::new("target");
    let database = folder.path("app.db");
    for (line, help) in [
        ("up --to 002_add_index", "help: did you mean `002_add_indexes`?"),
        ("down 9", "help: to list them (by number, name, or version from a header): `app status`"),
        ("down --to nobody", "help: to list them (by number, name, or version from a header): `app status`"),
    ] {
        on(three(), &database, "up --to 1");
        let (exit, _, err) = on(three(), &database, line);
        assert_eq!(exit, 2, "{line}");
        assert!(err.last().unwrap().starts_with(help), "{line}: {err:?}");
        assert_eq!(scalar(&database, "SELECT count(*) FROM _migrations"), 1);
    }
}

#[test]
fn forget_says_what_it_did_and_what_comes_next() {
    let folder = Folder::new("forget");
    let database = folder.path("app.db");
    on(three(), &database, "up");
    let (exit, out, err) = on(three(), &database, "forget add_indexes");
    assert_eq!((exit, out.len()), (0, 0));
    assert_eq!(
        err,
        [
            "Forgot 002_add_indexes (applied: TIME)",
            "note: it is removed from the history; the schema was not changed",
            "note: to run it again: `app up`",
        ]
    );
    let (exit, _, err) = on(three(), &database, "forget add_indexes");
    assert_eq!(exit, 101);
    assert!(err.join("\n").contains("the history has `003_add_user_prefs`, `001_initial_schema`"), "{err:?}");
    let (exit, _, err) = on(three(), &database, "forget add_indxes");
    assert_eq!((exit, err[1].as_str()), (2, "help: did you mean `add_indexes`?"));
    let two = set(&[("001_initial_schema", "CREATE TABLE users (name TEXT)", None, None)]);
    let (_, out, _) = on(two, &database, "forget 003_add_user_prefs --message-format json");
    let expect = "{\"reason\":\"migration-forgotten\",\"number\":3,\"name\":\"003_add_user_prefs\",\
                  \"applied_at\":\"TIME\",\"state\":\"applied\",\"runs_again\":false}";
    assert_eq!(out, [expect]);
}

#[test]
fn mark_says_what_it_compared_and_what_differs() {
    let folder = Folder::new("mark");
    let database = folder.path("app.db");
    Connection::open(&database).unwrap().execute_batch("CREATE TABLE users (name TEXT)").unwrap();
    let (exit, _, err) = on(three(), &database, "mark");
    assert_eq!(exit, 101);
    let text = err.join("\n");
    assert!(text.contains("the table `prefs` is missing"), "{text}");
    assert!(text.contains("the table `users`: the index `by_name` is missing") && text.contains("--force"), "{text}");
    let (exit, _, err) = on(three(), &database, "mark --to 1.0.0");
    assert_eq!((exit, err[0].as_str()), (0, "Marked 001_initial_schema"));
    assert!(err[1].starts_with("Finished 1 migration recorded, none run; the schema is what they make"), "{err:?}");
    let nothing = ["Finished nothing to mark: none of these is pending".to_owned()];
    let (exit, _, err) = on(three(), &database, "mark 1");
    assert_eq!((exit, err.as_slice()), (0, &nothing[..]));
    let (exit, out, _) = on(three(), &database, "mark --force 2 3 --message-format json");
    assert_eq!((exit, out.len()), (0, 3));
    assert_eq!(out[0], "{\"reason\":\"migration-marked\",\"number\":2,\"name\":\"002_add_indexes\"}");
    assert!(out[2].contains("\"marked\":2,\"comparison\":\"different\",\"differences\":[\"the table"), "{out:?}");
    let (exit, _, err) = on(three(), &database, "mark");
    assert_eq!((exit, err.as_slice()), (0, &nothing[..]));
    assert_eq!(scalar(&database, "SELECT count(*) FROM _migrations WHERE duration_us IS NULL"), 3);
    let (exit, _, err) = on(three(), &folder.path("none.db"), "mark");
    assert_eq!((exit, err.len()), (101, 2), "{err:?}");
    assert!(!folder.path("none.db").exists());
}

#[test]
fn repair_explains_and_then_does_what_it_is_asked_to() {
    let folder = Folder::new("repair");
    let database = folder.path("app.db");
    on(three(), &database, "up");
    assert_eq!(on(three(), &database, "repair"), (0, vec![], vec!["Finished nothing to repair".to_owned()]));
    let edited = set(&[
        ("001_initial_schema", "CREATE TABLE users (name TEXT, age INTEGER)", None, None),
        ("002_add_indexes", "CREATE INDEX by_name ON users (name)", None, None),
    ]);
    let (exit, _, err) = on(edited, &database, "repair");
    let text = err.join("\n");
    assert_eq!(exit, 1);
    assert!(text.contains("error: `001_initial_schema` was edited after it was applied"), "{text}");
    assert!(text.contains("note: a repair of 001_initial_schema: its current text counts"), "{text}");
    assert!(text.contains("error: `003_add_user_prefs` is applied, and newer"), "{text}");
    assert!(text.ends_with("repair one of them: `app repair TARGET`; to repair all that can be: `app repair --all`"));
    let (exit, out, _) = on(edited, &database, "repair --all --message-format json");
    assert_eq!((exit, out.len()), (1, 3));
    assert!(out[0].starts_with("{\"reason\":\"migration-repaired\",\"number\":1,"), "{out:?}");
    assert!(out[1].starts_with("{\"reason\":\"repair-needed\",\"number\":3,"), "{out:?}");
    assert_eq!(out[2], "{\"reason\":\"summary\",\"command\":\"repair\",\"repaired\":1,\"left\":1}");
    let (exit, _, err) = on(three(), &database, "repair 1");
    let expect = "Repaired 001_initial_schema: its current text counts as the applied one";
    assert_eq!((exit, err.as_slice()), (0, &[expect.to_owned()][..]));
    let (exit, _, err) = on(three(), &database, "repair 1 --done");
    assert_eq!(exit, 101);
    assert!(err[0].contains("`001_initial_schema` was not interrupted in a step"), "{err:?}");
    Connection::open(&database).unwrap().execute_batch("UPDATE _migrations_head SET chain = 'v1:lie'").unwrap();
    assert_eq!(on(three(), &database, "repair").0, 1);
    let (exit, _, err) = on(three(), &database, "repair --all");
    let expect = "Repaired the head of the history: it is rewritten from the rows";
    assert_eq!((exit, err.as_slice()), (0, &[expect.to_owned()][..]));
    assert_eq!(on(three(), &database, "verify").0, 0);
}
