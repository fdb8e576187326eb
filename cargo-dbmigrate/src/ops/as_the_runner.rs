//! A replay says yes to what the runner runs, and no to what it refuses: the rules of the two stand twice, in crates that do
//! not know each other. Scripts made by chance run through both, and what they leave behind is compared.

use std::fmt::Write as _;

use dbmigrate_core::config::ForeignKeys;
use dbmigrate_core::files::InMemory;
use dbmigrate_core::load::load_with;
use dbmigrate_core::{Config, MigrationSet};
use dbmigrate_runtime::Backend as _;
use dbmigrate_schema::{migrated, replay};
use rusqlite::Connection;

use crate::ops::driver::Rusqlite;
use crate::ops::migrator::migrator;
use crate::ops::runtime_set::with_set;

/// A set of these texts; none where core refuses one.
fn set(texts: &[String], rule: ForeignKeys) -> Option<MigrationSet> {
    let files = texts.iter().enumerate().map(|(at, text)| (format!("migrations/{:03}_m.sql", at + 1), text.as_bytes()));
    let loaded = load_with(&InMemory::new(files), Config { foreign_keys: rule, ..Config::default() });
    (!loaded.has_errors()).then_some(loaded.set)
}

/// How many migrations the runner applies to a new database, each in a run of its own, and why it stops. It is stopped where
/// one leaves a temporary table: to the next run that is the program's, and to a replay, which is one run, the migrations' own.
fn one_by_one(set: &MigrationSet, connection: &mut Connection) -> (usize, String) {
    with_set(set, |view| {
        let runner = migrator(view);
        for (at, migration) in set.migrations.iter().enumerate() {
            if let Err(error) = runner.up_to(connection, migration.number) {
                return (at, error.to_string());
            }
            if leaves_temporary(connection) {
                return (at + 1, LEAVES.to_owned());
            }
        }
        (set.migrations.len(), String::new())
    })
}

const LEAVES: &str = "it leaves a temporary table";

fn leaves_temporary(connection: &Connection) -> bool {
    let sql = "SELECT EXISTS (SELECT 1 FROM temp.sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\')";
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The same in one run.
fn at_once(set: &MigrationSet, connection: &mut Connection) -> (usize, String) {
    with_set(set, |view| match migrator(view).up(connection) {
        Ok(report) => (report.applied.len(), String::new()),
        Err(error) => (error.report().applied.len(), error.to_string()),
    })
}

fn open() -> Connection {
    Rusqlite::open(std::path::Path::new(":memory:"), dbmigrate_runtime::Access::Create).unwrap()
}

/// All that there is: the schema, and the rows of each table.
fn contents(connection: &Connection) -> String {
    let objects = "SELECT type || ' ' || name || ' ' || ifnull(sql, ''), CASE WHEN type = 'table' THEN name END \
                   FROM sqlite_schema WHERE tbl_name NOT LIKE '\\_migrations%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1";
    let mut objects = connection.prepare(objects).unwrap();
    let objects = objects.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?)));
    let mut text = String::new();
    for (object, table) in objects.unwrap().map(Result::unwrap) {
        writeln!(text, "{object}").unwrap();
        let Some(table) = table else { continue };
        let mut rows = connection.prepare(&format!("SELECT * FROM \"{table}\" ORDER BY 1")).unwrap();
        let columns = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values = (0..columns).map(|at| format!("{:?}", row.get_ref(at).unwrap()));
            writeln!(text, "  {}", values.collect::<Vec<_>>().join(", ")).unwrap();
        }
    }
    text
}

/// Runs a set through both; whether all of it ran, where that can be compared.
fn check(texts: &[String], rule: ForeignKeys) -> Option<bool> {
    let mut set = set(texts, rule)?;
    let replayed = replay(&set, None);
    let mut connection = open();
    let (ran, why) = one_by_one(&set, &mut connection);
    let told = || format!("{rule:?}\n{}", texts.join("\n---\n"));
    let is_cut = why == LEAVES;
    let went = if is_cut { replayed.ups.min(ran) } else { replayed.ups };
    assert_eq!(went, ran, "{}\nrunner: {why}\nreplay: {:#?}", told(), replayed.diagnostics);
    let mut filled = open();
    let (together, why) = at_once(&set, &mut filled);
    // In one transaction a later file may put right what an earlier one does wrong.
    assert!(replayed.ups <= together, "{}\nat once: {why}\nreplay: {:#?}", told(), replayed.diagnostics);
    if is_cut {
        return None;
    }
    if ran == set.migrations.len() {
        let replayed = migrated(&set, None).unwrap();
        assert_eq!(contents(&replayed), contents(&connection), "{}", told());
        assert_eq!(contents(&filled), contents(&connection), "at once\n{}", told());
        return Some(true);
    }
    set.migrations.truncate(ran);
    Some(false)
}

/// Numbers that look like chance, and are the same each time.
struct Die(u64);

impl Die {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % end as u64).unwrap()
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    /// One of the others than the first once in so many times.
    fn rarely<'a>(&mut self, times: usize, all: &[&'a str]) -> &'a str {
        if self.below(times) == 0 { self.of(all) } else { all[0] }
    }
}

const TABLES: [&str; 4] = ["p", "c", "d", "q"];

fn create(die: &mut Die, name: &str) -> String {
    let key = match die.below(3) {
        0 => String::new(),
        _ => {
            let columns = die.rarely(4, &["", "(id)", "(n)", "(k)"]);
            let action = die.of(&[
                "",
                " ON DELETE CASCADE",
                " ON DELETE SET NULL",
                " ON DELETE RESTRICT",
                " ON UPDATE CASCADE",
                " DEFERRABLE INITIALLY DEFERRED",
            ]);
            format!(" REFERENCES {}{columns}{action}", die.of(&TABLES))
        }
    };
    let n = die.rarely(3, &["n", "n UNIQUE", "n CHECK (n < 5)", "n UNIQUE ON CONFLICT ROLLBACK"]);
    let id = die.rarely(4, &["", " AUTOINCREMENT"]);
    format!("CREATE TABLE {name}(id INTEGER PRIMARY KEY{id}, k{key}, {n});")
}

fn statement(die: &mut Die, bare: bool) -> String {
    let (t, u) = (die.of(&TABLES), die.of(&TABLES));
    let value = die.of(&["1", "2", "3", "77", "NULL"]);
    match die.below(22) {
        0 => create(die, t),
        1 => {
            let name = die.of(&["x", "y"]);
            format!("{}\nINSERT INTO {name} VALUES (1, {value}, 1);\nDROP TABLE {t};", create(die, name))
        }
        2 => format!("DROP TABLE {t};"),
        3 => format!("DROP TABLE IF EXISTS {t};"),
        4..=6 => format!("INSERT INTO {t}(id, k, n) VALUES ({}, {value}, {});", die.below(4), die.below(7)),
        7 => format!("INSERT OR {} INTO {t} VALUES (1, {value}, 1);", die.of(&["IGNORE", "REPLACE"])),
        8 => format!("DELETE FROM {t}{};", die.of(&["", " WHERE id = 1"])),
        9 => format!("UPDATE {t} SET {};", die.of(&["id = id + 10", "k = NULL", "k = 1", "n = n + 1"])),
        10 => format!("ALTER TABLE {t} RENAME TO {};", die.of(&["x", "y", u])),
        11 | 12 => format!(
            "{}\nINSERT INTO new SELECT * FROM {t};\nDROP TABLE {t};\nALTER TABLE new RENAME TO {t};",
            create(die, "new")
        ),
        13 => format!(
            "ALTER TABLE {t} RENAME TO old;\n{}\nINSERT INTO {t} SELECT * FROM old;\nDROP TABLE old;",
            create(die, t)
        ),
        14 => format!("CREATE UNIQUE INDEX i_{t} ON {t}({});", die.of(&["n", "k"])),
        15 => format!("DROP INDEX IF EXISTS i_{t};"),
        16 => {
            let (event, row) = die.of(&["INSERT new", "DELETE old", "UPDATE new"]).split_once(' ').unwrap();
            let body = match die.below(4) {
                0 => {
                    let how = die.of(&["ABORT", "ROLLBACK", "FAIL", "no such word"]);
                    format!("SELECT RAISE({how}, 'there is already one') WHERE {row}.id = 1")
                }
                1 => format!("DELETE FROM {u} WHERE k = {row}.id"),
                2 => format!("UPDATE {u} SET n = {row}.id"),
                _ => format!("INSERT INTO {u}(k, n) VALUES ({row}.id, 0)"),
            };
            format!("CREATE TRIGGER g_{t} {} {event} ON {t} BEGIN {body}; END;", die.of(&["AFTER", "BEFORE"]))
        }
        17 => format!("DROP TRIGGER IF EXISTS g_{t};"),
        18 => format!(
            "CREATE TEMP TABLE {}({}, k, n);",
            die.of(&[t, "x", "y"]),
            die.of(&["id", "id INTEGER PRIMARY KEY AUTOINCREMENT"])
        ),
        19 => format!("DROP TABLE IF EXISTS temp.{t};"),
        20 => {
            let name = die.of(&[
                "defer_foreign_keys",
                "legacy_alter_table",
                "recursive_triggers",
                "ignore_check_constraints",
                "query_only",
                "defer_foreign_keys",
                if bare { "foreign_keys" } else { "reverse_unordered_selects" },
            ]);
            format!("PRAGMA {name} = {};", die.of(&["ON", "OFF", "1"]))
        }
        _ => die
            .of(&[
                "ALTER TABLE c DROP COLUMN n;",
                "CREATE VIEW v AS SELECT * FROM p;",
                "DROP VIEW IF EXISTS v;",
                "DROP TABLE c; DROP TABLE p;",
                "DROP TABLE p; DROP TABLE c; DROP TABLE d;",
                "PRAGMA foreign_key_check;",
                "ANALYZE;",
                "ANALYZE temp;",
            ])
            .to_owned(),
    }
}

fn script(die: &mut Die, first: bool) -> String {
    let mut text = String::new();
    text.push_str(die.rarely(2, &["", "-- dbmigrate: foreign-keys off\n", "-- dbmigrate: foreign-keys on\n"]));
    text.push_str(die.rarely(8, &["", "-- dbmigrate: tolerate existing\n"]));
    let bare = !first && die.below(5) == 0;
    if bare {
        text.push_str("-- dbmigrate: no-transaction\n");
    }
    if first {
        for table in TABLES {
            text.push_str(&create(die, table));
            text.push('\n');
        }
    }
    let group = bare && die.below(2) == 0;
    for at in 0..1 + die.below(3) {
        if group && at == 1 {
            text.push_str("BEGIN;\n");
        }
        writeln!(text, "{}", statement(die, bare && !(group && at > 0))).unwrap();
        if group && at == 0 {
            continue;
        }
    }
    if group && text.contains("BEGIN;\n") {
        text.push_str("COMMIT;\n");
    }
    text
}

#[test]
fn a_replay_goes_as_far_as_the_runner_and_leaves_the_same() {
    // `DBMIGRATE_AS_THE_RUNNER=5000` looks at more of them.
    let count = std::env::var("DBMIGRATE_AS_THE_RUNNER").ok().and_then(|it| it.parse().ok()).unwrap_or(400_u64);
    let (mut whole, mut refused) = (0, 0);
    for seed in 0..count {
        let mut die = Die(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 7);
        let texts: Vec<String> = (0..2 + die.below(5)).map(|at| script(&mut die, at == 0)).collect();
        let rule = if die.below(5) == 0 { ForeignKeys::Off } else { ForeignKeys::On };
        match check(&texts, rule) {
            Some(true) => whole += 1,
            Some(false) => refused += 1,
            // Core says no, or a temporary table is left.
            None => {}
        }
    }
    assert!(whole > count / 25 && refused > count / 2, "{whole} and {refused} of {count}");
}

#[test]
fn temporary_tables_of_sqlite_itself_hide_nothing_in_either() {
    for (main, temp) in [
        (
            "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT);",
            "CREATE TEMP TABLE x(id INTEGER PRIMARY KEY AUTOINCREMENT);",
        ),
        ("CREATE TABLE t(id UNIQUE); ANALYZE;", "CREATE TEMP TABLE x(id UNIQUE); ANALYZE;"),
    ] {
        let texts = [main.to_owned(), format!("{temp}\nDROP TABLE x;"), "INSERT INTO t VALUES (1);".to_owned()];
        assert_eq!(check(&texts, ForeignKeys::On), Some(true), "{temp}");
    }
}

#[test]
fn a_group_that_lets_nobody_write_stops_both() {
    let texts = [
        "CREATE TABLE t(x);".to_owned(),
        "-- dbmigrate: no-transaction\nBEGIN;\nPRAGMA query_only = ON;\nDROP TRIGGER IF EXISTS g;\nCOMMIT;".to_owned(),
    ];
    assert_eq!(check(&texts, ForeignKeys::On), Some(false));
}

#[test]
fn settings_of_a_file_reach_no_other_in_either() {
    let table = "CREATE TABLE t(n CHECK (n < 5));";
    for (setting, next) in [
        ("ignore_check_constraints = ON", "INSERT INTO t VALUES (7);"),
        ("query_only = ON", "INSERT INTO t VALUES (1);"),
        ("case_sensitive_like = ON", "INSERT INTO t SELECT 7 WHERE 'a' LIKE 'A';"),
        ("writable_schema = ON", "DELETE FROM sqlite_schema;"),
    ] {
        let texts = [table.to_owned(), format!("PRAGMA {setting};"), next.to_owned()];
        assert_eq!(check(&texts, ForeignKeys::On), Some(setting.starts_with("query_only")), "{setting}");
    }
}

/// PRAGMAs that set nothing of the connection, nothing that statements feel, or nothing that may be tried: the limits of the
/// whole process.
const NOT_OF_THE_CONNECTION: [&str; 20] = [
    "application_id",
    "auto_vacuum",
    "data_store_directory",
    "data_version",
    "default_cache_size",
    "empty_result_callbacks",
    "encoding",
    "foreign_keys",
    "freelist_count",
    "hard_heap_limit",
    "incremental_vacuum",
    "lock_status",
    "optimize",
    "page_count",
    "page_size",
    "schema_version",
    "shrink_memory",
    "soft_heap_limit",
    "temp_store_directory",
    "user_version",
];

/// Whatever this SQLite knows: a list by hand would lack what nobody thought of, in both.
#[test]
fn each_setting_that_can_be_read_is_put_back_by_both() {
    let names: Vec<String> = {
        let connection = open();
        let mut names = connection.prepare("SELECT name FROM pragma_pragma_list ORDER BY name").unwrap();
        let names = names.query_map([], |row| row.get(0)).unwrap();
        names.map(Result::unwrap).filter(|name: &String| !NOT_OF_THE_CONNECTION.contains(&name.as_str())).collect()
    };
    let mut set = Vec::new();
    for name in names {
        for value in ["0", "1", "2", "77", "EXCLUSIVE", "MEMORY"] {
            let sets = format!("PRAGMA {name} = {value};");
            // As a setting is read: one row, one value.
            let connection = open();
            let read = |connection: &Connection| -> Option<String> {
                let mut statement = connection.prepare(&format!("SELECT * FROM pragma_{name}")).ok()?;
                let columns = statement.column_count();
                let value = statement.query_row([], |row| Ok(format!("{:?}", row.get_ref(0)?))).ok()?;
                (columns == 1).then_some(value)
            };
            let Some(before) = read(&connection) else { continue };
            if connection.execute_batch(&sets).is_err() || read(&connection).is_none_or(|now| now == before) {
                continue;
            }
            for bare in ["", "-- dbmigrate: no-transaction\n"] {
                let texts = [
                    format!("CREATE TABLE before AS SELECT * FROM pragma_{name};"),
                    format!("{bare}{sets}"),
                    format!(
                        "CREATE TABLE same AS SELECT (SELECT * FROM before) IS (SELECT * FROM pragma_{name}) AS same;"
                    ),
                ];
                if check(&texts, ForeignKeys::On) != Some(true) {
                    // Core, or SQLite, does not take it there.
                    continue;
                }
                let replayed = migrated(&self::set(&texts, ForeignKeys::On).unwrap(), None).unwrap();
                let same: i64 = replayed.query_row("SELECT same FROM same", [], |row| row.get(0)).unwrap();
                assert_eq!(same, 1, "{bare}{sets}");
                set.push(name.clone());
            }
        }
    }
    set.dedup();
    assert!(set.len() > 20, "{set:?}");
}
