//! Commands on several sets of one database.

use std::ffi::OsString;
use std::path::Path;

use super::without_times;
use crate::cli::fixture::{Connection, Folder, Memory, Rusqlite, set};
use crate::cli::{Invocation, parse, run_together};
use crate::{Migrator, Set, Together};

fn named(name: &'static str, table: &'static str, of: &'static Set<'static>) -> &'static Set<'static> {
    Box::leak(Box::new(Set { name, table, ..*of }))
}

/// The exit code, and what was said.
fn on(database: &Path, line: &str) -> (u8, Vec<String>, Vec<String>) {
    let mut memory = Memory::default();
    let Ok(Invocation::Run(request, None)) = parse("app", line.split(' ').map(OsString::from)) else {
        panic!("{line}");
    };
    let users = set(&[("001_users", "CREATE TABLE users (id)", Some("DROP TABLE users"), None)]);
    let invoices = set(&[("001_invoices", "CREATE TABLE invoices (id)", Some("DROP TABLE invoices"), None)]);
    let together = Together::new()
        .add::<Rusqlite>(Migrator::new(named("accounts", "_migrations_accounts", users)))
        .add::<Rusqlite>(Migrator::new(named("", "_migrations", invoices)));
    let exit = run_together(together, database, &request, &mut memory);
    let steady = |lines: Vec<String>| lines.iter().map(|line| without_times(line)).collect();
    (exit, steady(memory.out), steady(memory.err))
}

#[test]
fn up_is_for_all_and_what_reads_shows_each_under_its_name() {
    let folder = Folder::new("sets");
    let database = folder.path("app.db");
    let (exit, out, err) = on(&database, "up --dry-run");
    assert_eq!((exit, out.len() >= 4, &*err[0]), (0, true, "Set accounts"), "{out:?} {err:?}");
    assert_eq!(err.last().unwrap(), "Finished 1 migration would be applied; the database is unchanged");
    assert!(folder.files().is_empty(), "{:?}", folder.files());
    let (exit, _, err) = on(&database, "up");
    let expect = [
        "Applying 2 migrations",
        "Set accounts",
        "Applied 001_users in N ms",
        "Set (without a name)",
        "Applied 001_invoices in N ms",
        "Finished 2 migrations applied in N ms",
    ];
    assert_eq!((exit, err), (0, expect.map(str::to_owned).to_vec()));
    for line in ["up", "up --dry-run"] {
        assert_eq!(on(&database, line).2, ["Finished nothing to apply: the database is up to date"]);
    }
    let (exit, out, _) = on(&database, "status");
    let expect = ["accounts:", "[x] 001_users  (applied: TIME)", "", "Total: 1 | Applied: 1 | Pending: 0"];
    assert_eq!((exit, &out[..4], &*out[4]), (0, &expect.map(str::to_owned)[..], "(without a name):"));
    let (_, out, _) = on(&database, "status --message-format json");
    let tagged: Vec<bool> = out.iter().map(|line| line.ends_with(",\"set\":\"accounts\"}")).collect();
    assert_eq!(tagged, [true, true, false, false], "{out:?}");
    let (exit, _, err) = on(&database, "verify");
    assert_eq!((exit, &*err[0], &*err[2]), (0, "Set accounts", "Set (without a name)"));
}

#[test]
fn anything_else_is_told_which() {
    let folder = Folder::new("sets-which");
    let database = folder.path("app.db");
    assert_eq!(on(&database, "up").0, 0);
    for line in ["down", "redo", "reset --yes", "mark", "forget 1", "repair --all", "up --to 1"] {
        let (exit, _, err) = on(&database, line);
        assert_eq!(exit, 2, "{line}: {err:?}");
        assert!(err[0].contains("this database has several sets"), "{err:?}");
        assert_eq!(err[1], "help: name it: `--set accounts`, `--set \"\"`");
    }
    let (exit, _, err) = on(&database, "down --set acounts");
    assert_eq!((exit, &*err[1]), (2, "help: did you mean `--set accounts`?"));
    assert_eq!(on(&database, "down --set accounts").0, 0);
    let tables = "SELECT group_concat(name) FROM sqlite_schema WHERE name IN ('users', 'invoices')";
    let ask = |sql| Connection::open(&database).unwrap().query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(ask(tables), "invoices");
}

#[test]
fn a_copy_is_of_the_whole_file_and_so_is_what_is_said_of_it() {
    let folder = Folder::new("sets-copy");
    let database = folder.path("app.db");
    assert_eq!(on(&database, "up").0, 0);
    let (exit, out, _) = on(&database, "backup");
    assert!(exit == 0 && out.len() == 1, "{out:?}");
    assert_eq!(on(&database, "down --set accounts").0, 0);
    let less = folder.path("less.db");
    assert_eq!(on(&database, &format!("backup --to {}", less.display())).0, 0);
    let (exit, _, err) = on(&database, &format!("restore {} --yes", out[0]));
    assert!(exit == 0 && err[0].contains(": from 1 to 2 migrations; the current state is copied first"), "{err:?}");
    let (exit, _, err) = on(&database, &format!("restore {} --yes", less.display()));
    assert!(exit == 0 && err[0].contains(": from 2 to 1 migration;"), "{err:?}");
    assert!(err.iter().any(|line| line.contains("1 migration") && line.contains("pending")), "{err:?}");
}

#[test]
fn a_file_made_for_nothing_goes() {
    let folder = Folder::new("sets-nothing");
    let database = folder.path("app.db");
    let mut memory = Memory::default();
    let Ok(Invocation::Run(request, None)) = parse("app", ["up".into()]) else { panic!() };
    let bad = set(&[("001_bad", "CREATE TABL x", None, None)]);
    let good = set(&[]);
    let together = Together::new()
        .add::<Rusqlite>(Migrator::new(named("bad", "_migrations_bad", bad)))
        .add::<Rusqlite>(Migrator::new(named("good", "_migrations_good", good)));
    assert_eq!(run_together(together, &database, &request, &mut memory), 101);
    assert!(memory.err.iter().any(|line| line.contains("this is about the set `bad`")), "{:?}", memory.err);
    assert!(folder.files().is_empty(), "{:?}", folder.files());
}
