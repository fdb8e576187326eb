//! `up --dry-run` and `down --dry-run`, and the line that follows a run.

use std::fs;

use super::*;

fn wrong() -> &'static Set<'static> {
    set(&[
        ("001_users", "CREATE TABLE users (name TEXT)", None, None),
        ("002_rows", "INSERT INTO users VALUES ('ada')", None, None),
        ("003_wrong", "INSERT INTO nowhere VALUES (1)", None, None),
    ])
}

#[test]
fn the_answer_is_what_would_happen() {
    let folder = Folder::new("rehearsal");
    let database = folder.path("app.db");
    assert_eq!(on(three(), &database, "up --to 1").0, 0);
    let before = fs::read(&database).unwrap();
    let (exit, out, err) = on(three(), &database, "up --dry-run");
    assert_eq!(exit, 0);
    assert_eq!(
        out,
        [
            "Rehearsed 002_add_indexes in N ms: 0 rows changed, 28.0 KiB -> 32.0 KiB",
            "    + table `users`: the index `by_name` (name)",
            "Rehearsed 003_add_user_prefs in N ms: 0 rows changed, 32.0 KiB -> 36.0 KiB",
            "    + table `prefs` (key)",
        ]
    );
    assert_eq!(err, ["Rehearsing 2 migrations", "Finished 2 migrations would be applied; the database is unchanged"]);
    let (exit, out, err) = on(three(), &database, "down --dry-run");
    assert_eq!((exit, out.last().unwrap().as_str()), (0, "    - table `users`"));
    assert_eq!(err, ["Finished 1 migration would be rolled back; the database is unchanged"]);
    for (line, last) in [
        ("up --to 1 --dry-run", "Finished nothing to apply up to `1`"),
        ("down --to 1 --dry-run", "Finished nothing to roll back"),
    ] {
        let (exit, out, err) = on(three(), &database, line);
        assert_eq!((exit, out.len(), err.last().unwrap().as_str()), (0, 0, last), "{line}");
    }
    assert_eq!(folder.files(), ["app.db"]);
    assert!(fs::read(&database).unwrap() == before);
}

#[test]
fn a_first_start_is_rehearsed_without_a_file() {
    let folder = Folder::new("rehearsal-first");
    let (exit, out, _) = on(three(), &folder.path("app.db"), "up --dry-run");
    assert_eq!((exit, out.len()), (0, 6));
    let (exit, _, err) = on(three(), &folder.path("app.db"), "down --dry-run");
    assert_eq!((exit, err.last().unwrap().as_str()), (101, "help: to create it: `app up`"));
    let (exit, ..) = on(wrong(), &folder.path("app.db"), "up --dry-run");
    assert_eq!(exit, 1);
    assert_eq!(folder.files(), Vec::<String>::new());
}

#[test]
fn repeatables_are_rehearsed_as_well() {
    let folder = Folder::new("rehearsal-repeatable");
    let database = folder.path("app.db");
    let with = |text| with_view(three(), "names", text);
    assert_eq!(on(three(), &database, "up --to 2").0, 0);
    let first = with("CREATE VIEW names AS SELECT name FROM users");
    let (exit, out, err) = on(first, &database, "up --dry-run");
    assert_eq!((exit, out.last().unwrap().as_str()), (0, "Rehearsed repeatable/names in N ms"));
    let last = "Finished 1 migration and 1 repeatable would be applied; the database is unchanged";
    assert_eq!(err.last().unwrap(), last);
    assert_eq!(on(first, &database, "up").0, 0);
    let changed = with("CREATE VIEW names AS SELECT upper(name) AS name FROM users");
    let (_, _, err) = on(changed, &database, "up --dry-run");
    assert_eq!(err.last().unwrap(), "Finished 1 repeatable would be applied; the database is unchanged");
    let (_, out, _) = on(changed, &database, "up --dry-run --message-format json");
    assert_eq!(
        out.last().unwrap(),
        r#"{"reason":"rehearsal-summary","command":"up","rehearsed":0,"repeated":1,"notes":[],"fails":false}"#
    );
    let (exit, _, err) = on(with("CREATE VIEW names AS SELECT"), &database, "up --dry-run");
    assert_eq!((exit, err.last().unwrap().as_str()), (1, "note: that was on a copy: the database is unchanged"));
}

#[test]
fn what_would_fail_is_told_with_what_would_stay() {
    let folder = Folder::new("rehearsal-fails");
    let database = folder.path("app.db");
    assert_eq!(on(wrong(), &database, "up --to 1").0, 0);
    let (exit, out, err) = on(wrong(), &database, "up --dry-run");
    assert_eq!((exit, out.len()), (1, 1));
    assert!(err[1].starts_with("error: `003_wrong` failed: no such table: nowhere\n  --> migrations/003_wrong.sql:1"));
    let last = "note: that was on a copy: 1 migration would be applied before it, and the database is unchanged";
    assert_eq!(err.last().unwrap(), last);
    let (exit, _, err) = on(wrong(), &database, "down --dry-run");
    assert_eq!((exit, err.last().unwrap().as_str()), (1, "note: that was on a copy: the database is unchanged"));

    let (exit, out, err) = on(wrong(), &database, "up --dry-run --message-format json");
    assert_eq!((exit, out.len(), err.as_slice()), (1, 3, ["Rehearsing 2 migrations".to_owned()].as_slice()));
    let start = "{\"reason\":\"migration-rehearsed\",\"number\":2,\"name\":\"002_rows\",\"direction\":\"up\",\
                 \"rows_changed\":1,\"duration_us\":";
    assert!(out[0].starts_with(start), "{}", out[0]);
    let end = ",\"bytes_before\":28672,\"bytes_after\":28672,\"differences\":[],\"notes\":[]}";
    assert!(out[0].ends_with(end), "{}", out[0]);
    assert!(out[1].starts_with("{\"reason\":\"error\",\"message\":\"`003_wrong` failed"), "{}", out[1]);
    assert_eq!(
        out[2],
        "{\"reason\":\"rehearsal-summary\",\"command\":\"up\",\"rehearsed\":1,\"repeated\":0,\"notes\":[],\"fails\":true}"
    );
}

#[test]
fn a_line_follows_what_runs_and_is_for_people_alone() {
    let folder = Folder::new("live");
    for (line, expect) in [
        ("up --dry-run", 1),
        ("up --to 1", 1),
        ("status", 0),
        ("up --to 2 -q", 0),
        ("up --message-format json", 0),
        ("redo", 1),
        ("down", 1),
        ("history", 0),
    ] {
        let mut memory = Memory::default();
        let Ok(Invocation::Run(request, None)) = parse("app", line.split(' ').map(OsString::from)) else {
            panic!("{line}");
        };
        assert_eq!(run(Migrator::<Rusqlite>::new(three()), &folder.path("app.db"), &request, &mut memory), 0, "{line}");
        assert_eq!(memory.lives, expect, "{line}");
    }
}
