//! Copies of a database: kept before what takes something away, listed, put back; by hand, by the manifest, by a
//! program, and after a kill.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use toml_edit::{InlineTable, value};

use crate::support::{Project, query};

const DB: &str = "app.db";
const NOTES: &str = "CREATE TABLE notes (text TEXT);\nINSERT INTO notes VALUES ('one'), ('two');\n";
const CLEAN: &str = "DELETE FROM notes WHERE text = 'one';\n-- dbmigrate: down\nINSERT INTO notes VALUES ('one');\n";

fn wired(test: &str) -> Project {
    Project::wired(test, &[("001_notes.sql", NOTES), ("002_clean.sql", CLEAN)])
}

/// The files in a folder of the project whose names say that they are copies, finished or not.
fn copies(project: &Project, folder: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(project.root.join(folder)) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().contains(".bak"));
    paths.sort();
    paths
}

fn configure(project: &Project, keep: i64, dir: &str) {
    project.edit_manifest(|manifest| {
        let mut backup = InlineTable::new();
        backup.insert("keep", keep.into());
        backup.insert("dir", dir.into());
        manifest["package"]["metadata"]["migrations"]["backup"] = value(backup);
    });
}

/// Case 49: a copy of a database with a write-ahead log, under a writer, opens, is sound and has the last commit;
/// putting it back leaves no log or journal of the old file.
#[test]
fn case_49_a_copy_under_a_writer_is_whole_and_goes_back_without_what_lay_beside() {
    for mode in ["wal", "delete"] {
        let project = wired(&format!("backup-writer-{mode}"));
        project.dbmigrate(["up", "--to", "1"]).succeeds();
        project.execute(DB, &format!("PRAGMA journal_mode = {mode}; CREATE TABLE written (n INTEGER PRIMARY KEY)"));
        let (path, ends) = (project.root.join(DB), AtomicBool::new(false));
        let copy = std::thread::scope(|scope| {
            let (begun, first) = std::sync::mpsc::channel();
            let ends = &ends;
            scope.spawn(move || {
                let writer = Connection::open(path).unwrap();
                writer.busy_timeout(std::time::Duration::from_secs(60)).unwrap();
                writer.execute_batch("PRAGMA synchronous = OFF").unwrap();
                for n in 1.. {
                    writer.execute("INSERT INTO written VALUES (?1)", [n]).unwrap();
                    let _ = begun.send(());
                    if ends.load(Ordering::Relaxed) {
                        break;
                    }
                    std::thread::yield_now();
                }
            });
            first.recv().unwrap();
            let before: i64 = project.query(DB, "SELECT max(n) FROM written")[0].parse().unwrap();
            let run = project.dbmigrate(["backup"]);
            ends.store(true, Ordering::Relaxed);
            let copy = PathBuf::from(run.succeeds().stdout.trim_end());
            assert_eq!(query(&copy, "PRAGMA integrity_check"), ["ok"]);
            let written = query(&copy, "SELECT max(n), max(n) = count(*) FROM written").remove(0);
            let (last, has_all) = written.split_once('|').unwrap();
            assert!(last.parse::<i64>().unwrap() >= before && has_all == "1", "{written}, {before}");
            copy
        });
        let last = query(&copy, "SELECT max(n) FROM written");
        project.dbmigrate(["restore", copy.to_str().unwrap(), "--yes"]).succeeds().says("from 1 to 1 migration");
        assert_eq!(project.query(DB, "SELECT max(n) FROM written"), last);

        // A file that is no database any more takes the log that lies beside it with it.
        fs::write(project.root.join(DB), "no database, but long enough to be looked at\n".repeat(200)).unwrap();
        fs::write(project.root.join("app.db-wal"), "of the old file").unwrap();
        // A copy of a database that lies beside it is not put into this one by a slip.
        project.execute("other.db", "CREATE TABLE other (x)");
        let other = copy.with_file_name(copy.file_name().unwrap().to_str().unwrap().replacen("app.db", "other.db", 1));
        std::fs::copy(&copy, &other).unwrap();
        let slip = project.dbmigrate(["restore", other.to_str().unwrap(), "--yes"]).exits(2);
        slip.says("is a copy of").says("`--database other.db`");
        std::fs::remove_file(&other).unwrap();
        project.remove("other.db");
        let restore = ["restore", copy.to_str().unwrap(), "--yes"];
        project.dbmigrate(restore).exits(101).says("to replace the file");
        project.dbmigrate(restore.iter().chain(&["--force"])).succeeds().says("Kept the previous database");
        assert!(["-wal", "-shm", "-journal"].iter().all(|suffix| !project.has(&format!("app.db{suffix}"))));
        assert_eq!(project.query(DB, "SELECT max(n) FROM written"), last);
    }
}

/// Case 49, the other half: what can't be copied from outside is refused, and nothing runs.
#[test]
fn case_49_a_database_that_is_no_plain_file_is_refused() {
    let project = wired("backup-odd");
    project.dbmigrate(["backup", "--database", ":memory:"]).exits(2).says("in memory");
    project.dbmigrate(["backup", "--database", "sqlite://app.db?mode=memory"]).exits(2).says("`mode=memory`");
    // As an encrypted one looks from outside.
    project.write(DB, "\u{7f}encrypted\n".repeat(1000));
    for command in [&["backup"][..], &["up", "--backup"], &["restore", "no.bak", "--yes"]] {
        project.dbmigrate(command).exits(101);
    }
    assert_eq!(copies(&project, ""), [""; 0].map(PathBuf::from));
}

#[test]
fn the_manifest_says_how_many_and_where_and_flags_say_otherwise() {
    let project = wired("backup-config");
    configure(&project, 2, "kept/here");
    project.dbmigrate(["up", "--to", "1"]).succeeds().says_not("Copied");
    project.dbmigrate(["up"]).succeeds().says("Copied the database to `");
    assert_eq!(copies(&project, "kept/here").len(), 1);
    // Back and forth: the up script takes rows away, the down script does not.
    for _ in 0..3 {
        project.dbmigrate(["redo"]).succeeds().says("Copied");
    }
    let listed = project.dbmigrate(["restore"]).succeeds();
    assert_eq!(listed.stdout.lines().count(), copies(&project, "kept/here").len(), "{listed}");
    assert_eq!(listed.stdout.lines().filter(|line| line.contains("  002  ")).count(), 2, "{listed}");

    project.dbmigrate(["redo", "--no-backup"]).succeeds().says_not("Copied");
    project.dbmigrate(["redo", "--backup-dir", "elsewhere"]).succeeds().says("elsewhere/app.db.");
    assert_eq!(copies(&project, "elsewhere").len(), 1);
    project.edit_manifest(|manifest| manifest["package"]["metadata"]["migrations"]["backup"] = value(false));
    project.dbmigrate(["redo"]).succeeds().says_not("Copied");
    project.dbmigrate(["redo", "--backup"]).succeeds().says("Copied");
    project.dbmigrate(["down", "--backup-keep", "0"]).exits(2);
    // Copies that are asked for are not the manifest's to refuse, and go where they are sent.
    let by_hand = |words: &[&str]| project.dbmigrate([words, &["--backup-dir", "by/hand"]].concat()).succeeds();
    by_hand(&["backup", "--backup-keep", "1"]);
    by_hand(&["reset", "--yes"]).says("by/hand/app.db.");
    assert_eq!(by_hand(&["restore"]).stdout.lines().count(), 2);
    let newest = copies(&project, "by/hand").pop().unwrap();
    by_hand(&["restore", newest.to_str().unwrap(), "--yes"]).says("by/hand/app.db.");
    assert_eq!(copies(&project, "by/hand").len(), 3);
    assert_eq!(copies(&project, "").len(), 1, "that of `redo --backup`");
    project.edit_manifest(|manifest| {
        let mut backup = InlineTable::new();
        backup.insert("kep", 2.into());
        manifest["package"]["metadata"]["migrations"]["backup"] = value(backup);
    });
    project.dbmigrate(["up"]).exits(101).says("unknown key `kep` in `backup`").says("did you mean `keep`?");
}

#[test]
fn a_copy_goes_to_a_file_that_is_not_there() {
    let project = wired("backup-to");
    project.dbmigrate(["backup"]).exits(101).says("no database at `app.db`");
    project.dbmigrate(["up", "--to", "1"]).succeeds();
    let copied = project.dbmigrate(["backup", "--to", "copy.db"]).succeeds();
    assert_eq!(copied.stdout, "copy.db\n");
    // It takes older copies away, so it says which database it was about.
    copied.says("Database app.db (from `database` in `Cargo.toml`)");
    project.dbmigrate(["backup", "--to", "copy.db"]).exits(101).says("`copy.db` exists");
    let nowhere = project.dbmigrate(["backup", "--to", "nowhere/copy.db"]).exits(101);
    nowhere.says("nowhere` is not a folder: create it, or correct the path").says_not("--backup-dir").says_not("part-");
    let json = project.dbmigrate(["backup", "--to", "b.db", "--message-format", "json"]).succeeds();
    assert_eq!(json.stdout, "{\"reason\":\"database-copied\",\"path\":\"b.db\"}\n");
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["restore", "copy.db"]).exits(2).says("from 2 to 1 migration").says("to do it without asking: `");
    assert_eq!(project.query(DB, "SELECT count(*) FROM notes"), ["1"]);
    let restored = project.dbmigrate(["restore", "copy.db", "--yes"]).succeeds();
    restored.says("1 migration is pending now: `cargo dbmigrate up`");
    assert_eq!(project.query(DB, "SELECT count(*) FROM notes"), ["2"]);
    project.dbmigrate(["verify"]).succeeds();
}

/// A program that keeps copies through its own adapter, and can be held while it makes one.
const PROGRAM: &str = "use std::io::Read;

dbmigrate_runtime::include_migrations!(pub mod migrations, backup);

use dbmigrate_runtime::{Backup, BackupWhen};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let mut connection = rusqlite::Connection::open(\"app.db\")?;
    let migrator = migrations::migrator().backup(Backup::new(BackupWhen::Always).dir(\"copies\"));
    let held = |path: &std::path::Path| {
        std::fs::write(path, \"half a copy\")?;
        println!(\"there\");
        std::io::stdin().read_exact(&mut [0])?;
        Ok(())
    };
    let migrator = if std::env::var_os(\"HOLD\").is_some() { migrator.backup_with(held) } else { migrator };
    match words.next().as_deref() {
        Some(\"restore\") => {
            let newest = migrator.backups(&mut connection)?.remove(0);
            println!(\"{:?}\", migrator.restore(&mut connection, &newest.path)?.after);
        }
        _ => println!(\"{}\", migrator.up(&mut connection)?.applied.len()),
    }
    Ok(())
}
";

#[test]
fn a_program_that_is_killed_while_it_copies_leaves_nothing_half() {
    let project = wired("backup-kill");
    project.edit_manifest(|manifest| {
        let rusqlite = manifest["dependencies"]["rusqlite"].as_value_mut().unwrap();
        let features = rusqlite.as_inline_table_mut().unwrap().get_mut("features").unwrap();
        features.as_array_mut().unwrap().push("backup");
    });
    project.add_manage();
    project.write("src/main.rs", PROGRAM);
    project.cargo(["build", "-q"]).succeeds();
    project.dbmigrate(["up", "--to", "1"]).succeeds();
    let run = |word: &str| project.command(project.program()).arg(word).output().unwrap();
    let killed = |word: &str| {
        let mut command = project.command(project.program());
        command.arg(word).env("HOLD", "").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "there\n", "{word}");
        child.kill().unwrap();
        child.wait().unwrap();
    };
    for (word, rows, migrations) in [("up", "2", "1"), ("restore", "1", "2")] {
        for mode in ["wal", "delete"] {
            project.execute(DB, &format!("PRAGMA journal_mode = {mode}"));
            killed(word);
            let is_half = |path: &PathBuf| fs::read(path).unwrap().starts_with(b"half");
            let half: Vec<PathBuf> = copies(&project, "copies").into_iter().filter(is_half).collect();
            assert!(half.iter().all(|path| path.to_string_lossy().contains(".bak.part")), "{half:?}");
            // What an `up` left before is swept by the next; `restore` does not know whether somebody is still at it.
            assert!(if word == "up" { half.len() == 1 } else { !half.is_empty() }, "{word} {mode}: {half:?}");
            assert_eq!(project.query(DB, "SELECT count(*) FROM notes"), [rows], "{word} {mode}");
            assert_eq!(project.query(DB, "SELECT count(*) FROM _migrations"), [migrations], "{word} {mode}");
            assert_eq!(project.query(DB, "PRAGMA integrity_check"), ["ok"], "{word} {mode}");
        }
        // The next start works, and an unfinished copy of a run goes with it.
        let output = run(word);
        assert!(output.status.success(), "{output:?}");
        if word == "up" {
            let names = copies(&project, "copies");
            assert!(matches!(names.as_slice(), [only] if only.to_string_lossy().ends_with(".001.bak")), "{names:?}");
        }
    }
    assert_eq!(project.query(DB, "SELECT count(*) FROM notes"), ["2"], "the copy was put back");
}

#[test]
fn the_runner_of_a_set_with_rust_keeps_copies_by_the_manifest() {
    let project = wired("backup-runner");
    project.write(
        "migrations/003_code.rs",
        "pub fn up(db: &rusqlite::Connection) -> rusqlite::Result<()> {\n    db.execute_batch(\"UPDATE notes SET text = upper(text)\")\n}\n",
    );
    project.dbmigrate(["up", "--to", "1"]).exits(101).says("init --runner");
    project.init(&["--runner"]).succeeds();
    configure(&project, 1, "kept");
    project.dbmigrate(["up", "--to", "2"]).succeeds();
    project.dbmigrate(["up"]).succeeds().says("Copied the database to `");
    let kept = copies(&project, "kept");
    assert!(matches!(kept.as_slice(), [only] if only.to_string_lossy().ends_with(".002.bak")), "{kept:?}");
    project.dbmigrate(["reset", "--yes"]).succeeds().says("003.bak");
    let newest = copies(&project, "kept").pop().unwrap();
    project.dbmigrate(["restore", newest.to_str().unwrap(), "--yes"]).succeeds().says("nothing is pending");
    assert_eq!(project.query(DB, "SELECT text FROM notes"), ["TWO"]);
}

/// That is just when somebody looks for them.
#[test]
fn a_copy_is_made_whatever_is_wrong_with_the_files() {
    let project = wired("backup-faulty");
    project.dbmigrate(["up"]).succeeds();
    project.write("migrations/004_gap.sql", "SELECT 'no end;");
    project.write("migrations/002_clean.sql", "SELECT 'no end;");
    project.dbmigrate(["status"]).exits(101).says("close it with");
    let copy = PathBuf::from(project.dbmigrate(["backup"]).succeeds().stdout.trim_end());
    assert!(copy.to_string_lossy().ends_with(".002.bak"), "{}", copy.display());
    assert_eq!(query(&copy, "SELECT text FROM notes"), ["two"]);
    let many = project.dbmigrate(["backup", "--databases", "*.db"]).succeeds();
    assert!(many.stdout.starts_with("app.db  002_clean  "), "{many}");
    assert_eq!(copies(&project, "").len(), 2);
    project.dbmigrate(["backup", "--to", "to.db"]).succeeds();
    assert_eq!(project.query("to.db", "SELECT text FROM notes"), ["two"]);
}

#[test]
fn the_copies_are_listed_where_the_files_are_not_sound() {
    let project = wired("restore-list");
    project.dbmigrate(["up", "--to", "1"]).succeeds();
    project.dbmigrate(["backup"]).succeeds();
    project.dbmigrate(["lock"]).succeeds();
    project.write("migrations/001_notes.sql", NOTES.replace("text TEXT", "body TEXT"));
    project.dbmigrate(["status"]).exits(101).says("001_notes");
    let copy = copies(&project, "").remove(0);
    project.dbmigrate(["restore"]).succeeds().says(copy.file_name().unwrap().to_str().unwrap());
}

#[test]
fn an_answer_to_no_question_is_refused() {
    let project = wired("restore-yes");
    project.dbmigrate(["up"]).succeeds();
    project
        .dbmigrate(["restore", "--yes"])
        .exits(2)
        .says("no copy to restore was given")
        .says("`cargo dbmigrate restore`");
}
