//! `backup`, `restore`, and what other commands say of copies.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{answering, on, scalar, three};
use crate::cli::fixture::{Connection, Folder, set};

/// The copies in the folder, oldest first.
fn copies(folder: &Folder) -> Vec<String> {
    folder.files().into_iter().filter(|name| name.ends_with(".bak")).collect()
}

#[test]
fn a_copy_is_said_listed_and_put_back() {
    let folder = Folder::new("copies-back");
    let database = folder.path("app.db");
    on(three(), &database, "up --to 2");
    Connection::open(&database).unwrap().execute("INSERT INTO users VALUES ('ann')", []).unwrap();
    let (exit, _, err) = on(three(), &database, "restore");
    assert_eq!((exit, err.len()), (1, 1));
    assert!(err[0].starts_with("Finished there are no copies in `"), "{err:?}");

    let (exit, out, err) = on(three(), &database, "backup");
    let copy = folder.path(&copies(&folder)[0]);
    assert_eq!((exit, out, err.len()), (0, vec![copy.display().to_string()], 0));
    let (exit, out, _) = on(three(), &database, "backup --message-format json --to /nowhere/x");
    assert_eq!((exit, out.len()), (101, 1));

    // The third creates a table only; its down script drops an empty one.
    let (_, _, err) = on(three(), &database, "up --backup");
    assert!(err[1].starts_with("Copied the database to `") && err[1].contains("/app.db.20"), "{err:?}");
    let (_, _, err) = on(three(), &database, "down");
    assert!(err[0].starts_with("Rolled back"), "{err:?}");
    let (_, out, _) = on(three(), &database, "down --all --no-backup --message-format json");
    assert!(out[0].starts_with("{\"reason\":\"migration-rolled-back\""), "{out:?}");

    let (exit, out, _) = on(three(), &database, "restore");
    assert_eq!((exit, out.len()), (0, 2));
    assert!(out[0].starts_with("TIME  002  ") && out[0].contains("/app.db.20"), "{out:?}");
    let (_, out, _) = on(three(), &database, "restore --message-format json");
    assert!(out[1].contains("\"time\":\"TIME\",\"version\":\"002\",\"bytes\":"), "{out:?}");

    let line = format!("restore {}", copy.display());
    let (exit, _, err) = on(three(), &database, &line);
    assert_eq!(exit, 2, "{err:?}");
    assert!(err[0].contains("from 0 to 2 migrations; the current state is copied first"), "{err:?}");
    assert_eq!(err.last().unwrap(), "help: to do it without asking: `--yes`");
    assert_eq!(answering(Some(false), three(), &database, &line).0, 1);
    assert_eq!(scalar(&database, "SELECT count(*) FROM _migrations"), 0);
    let (exit, _, err) = answering(Some(true), three(), &database, &line);
    assert_eq!(exit, 0, "{err:?}");
    assert!(
        err.iter().any(|line| line.starts_with("Kept the previous database as `") && line.ends_with(".0.bak`")),
        "{err:?}"
    );
    assert_eq!(err.last().unwrap(), "Finished 1 migration is pending now: `app up` applies what is");
    assert_eq!(scalar(&database, "SELECT count(*) FROM users"), 1);
    let (_, out, _) = on(three(), &database, &format!("{line} --yes --message-format json"));
    assert!(
        out[0].starts_with("{\"reason\":\"database-restored\",\"path\":\"")
            && out[0].ends_with("\"migrations\":2,\"pending\":1}")
    );
}

#[test]
fn copies_go_where_they_are_sent_and_as_many_stay_as_are_wanted() {
    let folder = Folder::new("copies-dir");
    let database = folder.path("app.db");
    on(three(), &database, "up");
    Connection::open(&database).unwrap().execute("INSERT INTO users VALUES ('ann')", []).unwrap();
    let dir = folder.path("kept");
    for _ in 0..3 {
        let line = format!("redo --backup --backup-keep 2 --backup-dir {}", dir.display());
        assert_eq!(on(three(), &database, &line).0, 0);
    }
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 2);
    assert_eq!(copies(&folder), [""; 0]);
    let (exit, out, _) = on(three(), &database, &format!("restore --backup-dir {}", dir.display()));
    assert_eq!((exit, out.len()), (0, 2));
}

#[test]
fn a_file_that_is_no_database_any_more_is_replaced_only_by_force() {
    for what in ["text", "pages", "missing"] {
        let folder = Folder::new(&format!("copies-{what}"));
        let database = folder.path("app.db");
        on(three(), &database, "up");
        Connection::open(&database).unwrap().execute("INSERT INTO users VALUES ('ann')", []).unwrap();
        on(three(), &database, "backup");
        let copy = folder.path(&copies(&folder)[0]);
        let mut damaged = std::fs::read(&database).unwrap();
        match what {
            "text" => damaged.fill(b'x'),
            _ => damaged[4096..].fill(0xa5),
        }
        match what {
            "missing" => std::fs::remove_file(&database).unwrap(),
            _ => std::fs::write(&database, &damaged).unwrap(),
        }
        // A log that SQLite would take for that of the new file; with the old one it would be a whole database.
        let stale = Connection::open(folder.path("stale.db")).unwrap();
        stale.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE stale (a); INSERT INTO stale VALUES (1)").unwrap();
        match what {
            "missing" => drop(std::fs::copy(folder.path("stale.db-wal"), folder.path("app.db-wal")).unwrap()),
            _ => std::fs::write(folder.path("app.db-wal"), "stale").unwrap(),
        }
        std::fs::write(folder.path("app.db-journal"), "stale").unwrap();

        let line = format!("restore {}", copy.display());
        if what != "missing" {
            let (exit, _, err) = on(three(), &database, &format!("{line} --yes"));
            assert_eq!(exit, 101, "{what}: {err:?}");
            assert_eq!(
                err.last().unwrap(),
                "help: to replace the file, and keep it under another name: `--force`",
                "{what}"
            );
            let (exit, _, err) = on(three(), &database, &format!("{line} --force"));
            assert_eq!(exit, 2, "{what}: {err:?}");
            assert_eq!(std::fs::read(&database).unwrap(), damaged, "{what}");
        }
        let flags = if what == "missing" { "" } else { " --force --yes" };
        let (exit, _, err) = on(three(), &database, &format!("{line}{flags}"));
        assert_eq!((exit, err.last().unwrap().as_str()), (0, "Finished nothing is pending"), "{what}: {err:?}");
        assert_eq!(scalar(&database, "SELECT count(*) FROM users"), 1, "{what}");
        assert_eq!(scalar(&database, "SELECT count(*) FROM sqlite_schema WHERE name = 'stale'"), 0, "{what}");
        let left = folder.files();
        assert!(!left.iter().any(|name| ["app.db-journal", "app.db-wal"].contains(&&**name)), "{what}: {left:?}");
        let aside = |end: &str| left.iter().find(|name| name.contains(".damaged") && name.ends_with(end));
        let aside = |end: &str| aside(end).map(|name| std::fs::read(folder.path(name)).unwrap());
        match what {
            "missing" => assert_eq!((aside("-journal").unwrap(), aside("-wal").is_some()), (b"stale".to_vec(), true)),
            _ => assert!(aside(".damaged").unwrap() == damaged, "{what}"),
        }
    }
}

/// What opens, but can't be read or copied, is in the way of no restore.
#[test]
fn a_database_that_can_not_be_kept_is_replaced_by_force() {
    let schema = ["UPDATE sqlite_schema SET sql = 'CREATE TABLE users (' WHERE name = 'users'"];
    // A row that its index misses.
    let index = [
        "CREATE TABLE one AS SELECT * FROM sqlite_schema WHERE name = 'by_name'; DELETE FROM sqlite_schema WHERE name = 'by_name'",
        "INSERT INTO users VALUES ('ann'); INSERT INTO sqlite_schema SELECT * FROM one",
    ];
    for (name, says, damage) in
        [("schema", "malformed database schema (users)", &schema[..]), ("index", "the copy is damaged: ", &index)]
    {
        let folder = Folder::new(&format!("copies-{name}"));
        let database = folder.path("app.db");
        on(three(), &database, "up");
        on(three(), &database, "backup");
        let copy = folder.path(&copies(&folder)[0]);
        for sql in damage {
            let db = Connection::open(&database).unwrap();
            db.execute_batch(&format!("PRAGMA writable_schema = 1; {sql}")).unwrap();
        }
        let damaged = std::fs::read(&database).unwrap();

        let line = format!("restore {}", copy.display());
        let (exit, _, err) = on(three(), &database, &format!("{line} --yes"));
        assert_eq!(exit, 101, "{name}: {err:?}");
        assert!(err.iter().any(|line| line.contains(says)), "{name}: {err:?}");
        assert!(!err.iter().any(|line| line.contains("backup_with")), "{name}: {err:?}");
        let force = "help: to replace the file, and keep it under another name: `--force`";
        assert_eq!(err.last().unwrap(), force, "{name}");
        assert!(std::fs::read(&database).unwrap() == damaged, "{name}");
        let (exit, _, err) = on(three(), &database, &format!("{line} --yes --force"));
        assert_eq!((exit, err.last().unwrap().as_str()), (0, "Finished nothing is pending"), "{name}: {err:?}");
        let aside = folder.files().into_iter().find(|name| name.ends_with(".damaged")).unwrap();
        assert!(std::fs::read(folder.path(&aside)).unwrap() == damaged, "{name}");
    }
}

/// A copy of a newer version, one of which a migration was edited since, and one of another database.
#[test]
fn what_up_would_refuse_is_not_said_to_be_fine() {
    let folder = Folder::new("copies-newer");
    let database = folder.path("app.db");
    on(three(), &database, "up");
    on(three(), &database, "backup");
    let line = format!("restore {} --yes", folder.path(&copies(&folder)[0]).display());
    for up in ["CREATE TABLE users (name TEXT)", "CREATE TABLE others (name)"] {
        let set = set(&[("001_initial_schema", up, None, None)]);
        let (exit, _, err) = on(set, &database, &line);
        assert_eq!(
            (exit, err.last().unwrap().as_str()),
            (0, "Finished `app status` shows what is pending now"),
            "{err:?}"
        );
        let (_, out, _) = on(set, &database, &format!("{line} --message-format json"));
        assert!(out[0].ends_with("\"migrations\":3,\"pending\":null}"), "{out:?}");
    }
    Connection::open(folder.path("other.db")).unwrap().execute("CREATE TABLE other (a)", []).unwrap();
    let (_, _, err) = on(three(), &database, &format!("restore {} --yes", folder.path("other.db").display()));
    assert_eq!(err.last().unwrap(), "Finished `app status` shows what is pending now");
}

/// A program that starts while there is no file makes an empty database.
#[test]
fn a_file_that_is_replaced_is_there_at_every_moment() {
    let folder = Folder::new("copies-gap");
    let database = folder.path("app.db");
    on(three(), &database, "up");
    on(three(), &database, "backup");
    let line = format!("restore {} --yes --force", folder.path(&copies(&folder)[0]).display());
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                assert!(database.exists());
            }
        });
        for _ in 0..50 {
            // Not in place, as that would tear what the watcher looks for.
            std::fs::write(folder.path("text"), "x".repeat(100)).unwrap();
            std::fs::rename(folder.path("text"), &database).unwrap();
            assert_eq!(on(three(), &database, &line).0, 0);
        }
        is_over.store(true, Ordering::Relaxed);
        watcher.join().unwrap();
    });
    assert_eq!(folder.files().iter().filter(|name| name.contains(".damaged")).count(), 50);
}

#[test]
fn restore_finds_nothing_wrong_with_what_it_can_not_read() {
    let folder = Folder::new("copies-odd");
    let database = folder.path("app.db");
    on(three(), &database, "up");
    on(three(), &database, "backup");
    let copy = folder.path(&copies(&folder)[0]);
    for (target, copy, message) in [
        ("app.db", folder.path("no"), "there is no file `"),
        ("no/app.db", copy.clone(), "no database at `"),
        ("app.db", database.clone(), "is the database itself"),
    ] {
        let line = format!("restore {} --force --yes", copy.display());
        let (exit, _, err) = on(three(), &folder.path(target), &line);
        assert_eq!(exit, 101, "{target}: {err:?}");
        assert!(err.iter().any(|line| line.contains(message)), "{message}: {err:?}");
    }
    assert_eq!(folder.files().len(), 2, "{:?}", folder.files());
}

#[test]
fn the_columns_of_the_list_stand_below_each_other() {
    let folder = Folder::new("copies-aligned");
    let database = folder.path("app.db");
    Connection::open(&database).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    assert_eq!(on(three(), &database, "backup").0, 0);
    assert_eq!(on(three(), &database, "up --existing").0, 0);
    assert_eq!(on(three(), &database, "backup").0, 0);
    let (_, out, _) = on(three(), &database, "restore");
    let columns: Vec<_> = out.iter().map(|line| line.find("/")).collect();
    assert!(out.len() == 2 && columns[0] == columns[1], "{out:?}");
    // Nobody else is named than the one that is in the way.
    let other = Connection::open(&database).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let (exit, _, err) = on(three(), &database, "backup --busy-timeout 0");
    assert_eq!(exit, 101);
    assert!(err.iter().any(|line| line == "error: could not read the database: database is locked"), "{err:?}");
}
