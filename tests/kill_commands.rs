//! A command that is killed while it copies, restores, rehearses, repairs or goes back: what is there then is the old
//! state or a whole step towards the new one, every copy that has the name of a copy is whole, and the same command
//! again ends as if nothing had happened and leaves no litter.
//!
//! The test command kills each a few times; `DBMIGRATE_KILLS=500` is the whole proof.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use toml_edit::{Array, value};

use crate::sound::{Contents, Dice, contents, files_of, remove};
use crate::support::{Project, Run, query};

/// Enough rows that a copy takes a while. A renamed table has quotes around its name.
const ROWS: &str = "CREATE TABLE \"team\" (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE member (id INTEGER PRIMARY KEY, team INTEGER NOT NULL REFERENCES team ON DELETE CASCADE, note TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
INSERT INTO team SELECT i, 'team ' || i FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000)
INSERT INTO member SELECT i, i % 50 + 1, 'the note of member ' || i || hex(zeroblob(100)) FROM n;
-- dbmigrate: down
DROP TABLE member;
DROP TABLE team;
";
const REBUILD: &str = "CREATE TABLE team_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO team_new SELECT id, name FROM team;
DROP TABLE team;
ALTER TABLE team_new RENAME TO team;
-- dbmigrate: down
CREATE TABLE team_old (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO team_old SELECT id, name FROM team;
DROP TABLE team;
ALTER TABLE team_old RENAME TO team;
";
const DATA: &str = "UPDATE member SET note = note || ', noted' WHERE id % 3 = 0;
-- dbmigrate: down
UPDATE member SET note = substr(note, 1, length(note) - 7) WHERE id % 3 = 0;
";
const STEPS: &str = "-- dbmigrate: no-transaction
CREATE TABLE log (n INTEGER PRIMARY KEY, was TEXT);
INSERT INTO log (was) SELECT note FROM member;
VACUUM;
INSERT INTO log (was) VALUES ('last');
-- dbmigrate: down
-- dbmigrate: no-transaction
DELETE FROM log;
VACUUM;
DROP TABLE log;
";

const PROGRAM: &str = "dbmigrate_runtime::include_migrations!(pub mod migrations, backup);

fn main() -> std::process::ExitCode {
    migrations::migrator().cli()
}
";

/// The migrations that are applied before a command runs, of the four.
const APPLIED: usize = 3;

struct Bench {
    project: Project,
    /// What a database holds after each count of migrations.
    expected: Vec<Contents>,
    /// The databases that a command is tried on: one that is new, and one with three migrations.
    base: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let files =
            [("001_rows.sql", ROWS), ("002_rebuild.sql", REBUILD), ("003_data.sql", DATA), ("004_steps.sql", STEPS)];
        let project = Project::wired("kill-commands", &files);
        project.write("src/main.rs", PROGRAM);
        project.edit_manifest(|manifest| {
            let features: Array = ["bundled", "backup"].into_iter().collect();
            manifest["dependencies"]["rusqlite"]["features"] = value(features);
            manifest["dependencies"]["dbmigrate-runtime"]["features"] = value(["cli"].into_iter().collect::<Array>());
        });
        project.cargo(["build", "-q"]).succeeds();
        let base = project.root.join("base.db");
        let mut bench = Self { project, expected: vec![Contents::new()], base };
        for target in 1..=4 {
            bench.run(&bench.base, &["up", "--to", &target.to_string(), "--no-backup"]).succeeds();
            bench.expected.push(contents(&bench.base));
        }
        bench.run(&bench.base, &["down", "--no-backup"]).succeeds();
        assert_eq!(contents(&bench.base), bench.expected[APPLIED]);
        bench
    }

    fn command(&self, database: &Path, words: &[&str]) -> Command {
        let mut command = self.project.command(self.project.program());
        command.arg("--database").arg(database).args(words);
        command
    }

    fn run(&self, database: &Path, words: &[&str]) -> Run {
        Run::of(&mut self.command(database, words))
    }

    /// A fresh copy of the base, in a folder of its own.
    fn place(&self, name: &str, mode: &str) -> PathBuf {
        let folder = self.project.root.join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let database = folder.join("app.db");
        fs::copy(&self.base, &database).unwrap();
        query(&database, &format!("PRAGMA journal_mode = {mode}"));
        database
    }

    /// Runs the command and kills it after a while; whether it was still running then.
    fn kill(&self, database: &Path, words: &[&str], after: Duration) -> bool {
        let mut command = self.command(database, words);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // The delay waits for nothing: it is what is varied.
        std::thread::sleep(after);
        child.kill().unwrap();
        child.wait().unwrap().code().is_none()
    }

    /// Kills the command as often as asked, each time on a new place, and looks at what it left.
    fn story(
        &self,
        name: &str,
        words: &[&str],
        prepare: impl Fn(&Path),
        check: impl Fn(&Path, &str),
        done: impl Fn(&Path),
    ) {
        let wanted = std::env::var("DBMIGRATE_KILLS").map_or(4, |kills| kills.parse::<usize>().unwrap() / 8);
        let mut dice = Dice(name.len() as u64);
        let database = self.place(name, "delete");
        prepare(&database);
        let start = Instant::now();
        self.run(&database, words).succeeds();
        let takes = start.elapsed();
        done(&database);
        let (mut kills, mut tries) = (0, 0);
        while kills < wanted {
            let mode = ["delete", "wal"][tries % 2];
            let database = self.place(name, mode);
            prepare(&database);
            let after = takes * dice.below(1_000) as u32 / 1_000;
            let when = format!("`{name}`, {mode}, killed after {after:?}");
            tries += 1;
            assert!(tries < 20 * wanted + 20, "most runs are over before they are killed: {kills} of {tries}");
            if !self.kill(&database, words, after) {
                continue;
            }
            kills += 1;
            check(&sound_copy(&database), &when);
            copies(&database).iter().for_each(|copy| {
                assert_eq!(query(copy, "PRAGMA integrity_check"), ["ok"], "{when}: {}", copy.display());
            });
            self.run(&database, words).succeeds();
            done(&database);
            assert_eq!(litter(&database), [""; 0], "{when}");
        }
    }
}

/// A copy of what was left, so that looking at it changes nothing for the next run.
fn sound_copy(database: &Path) -> PathBuf {
    let copy = database.with_file_name("looked-at.db");
    remove(&copy);
    for (from, to) in files_of(database).iter().zip(files_of(&copy)) {
        // The shared memory of a WAL is recreated from the log.
        if from.exists() && !from.to_string_lossy().ends_with("-shm") {
            fs::copy(from, to).unwrap();
        }
    }
    assert_eq!(query(&copy, "PRAGMA integrity_check"), ["ok"]);
    assert_eq!(query(&copy, "SELECT count(*) FROM pragma_foreign_key_check"), ["0"]);
    copy
}

fn names(database: &Path) -> Vec<String> {
    let folder = fs::read_dir(database.parent().unwrap()).unwrap();
    folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// What has the name of a copy.
fn copies(database: &Path) -> Vec<PathBuf> {
    let is_copy = |name: &String| name.starts_with("app.db.") && name.ends_with(".bak");
    names(database).into_iter().filter(is_copy).map(|name| database.with_file_name(name)).collect()
}

/// What should not be there when all is done. A copy that was asked for is made without the lock of the database, so
/// nobody can tell at once whether its beginning has an owner: it is removed after a day.
fn litter(database: &Path) -> Vec<String> {
    let belongs = |name: &str| {
        let own = ["app.db", "app.db-wal", "app.db-shm", "kept.db"].contains(&name) || name.starts_with("looked-at.db");
        own || name.starts_with("app.db.") && (name.ends_with(".bak") || name.contains(".bak.part-"))
    };
    names(database).into_iter().filter(|name| !belongs(name)).collect()
}

#[test]
fn a_killed_command_leaves_the_old_state_or_a_whole_step() {
    let bench = Bench::new();
    let at = |count: usize| &bench.expected[count];
    let is_base = |database: &Path, when: &str| assert_eq!(&contents(database), at(APPLIED), "{when}");
    let nothing = |_: &Path| {};

    bench.story("backup", &["backup"], nothing, is_base, |database| {
        is_base(database, "done");
        assert!(copies(database).iter().any(|copy| &contents(copy) == at(APPLIED)));
    });

    bench.story("rehearsal", &["up", "--dry-run"], nothing, is_base, |database| is_base(database, "done"));

    // The copy is of an older state than the database.
    let prepare = |database: &Path| {
        bench.run(database, &["down", "--no-backup"]).succeeds();
        bench.run(database, &["backup", "--to", &database.with_file_name("kept.db").to_string_lossy()]).succeeds();
        bench.run(database, &["up", "--to", "3", "--no-backup"]).succeeds();
    };
    let kept = bench.project.root.join("restore/kept.db");
    let either = |database: &Path, when: &str| {
        let contents = contents(database);
        assert!(&contents == at(APPLIED) || &contents == at(APPLIED - 1), "{when}");
    };
    bench.story("restore", &["restore", &kept.to_string_lossy(), "--yes"], prepare, either, |database| {
        assert_eq!(&contents(database), at(APPLIED - 1));
    });

    // Somebody changed what the history says of a migration.
    let prepare = |database: &Path| {
        drop(query(database, "UPDATE _migrations SET checksum = 'v1:other', up_sql = '' WHERE number = 2"))
    };
    bench.story("repair", &["repair", "--all"], prepare, is_base, |database| {
        is_base(database, "done");
        bench.run(database, &["verify"]).succeeds();
    });

    let prefix = |database: &Path, when: &str| {
        let rows = query(database, "SELECT state FROM _migrations ORDER BY id");
        assert!(rows.iter().rev().skip(1).all(|state| state == "applied"), "{when}: {rows:?}");
        if rows.iter().all(|state| state == "applied") {
            assert_eq!(&contents(database), at(rows.len()), "{when}");
        }
    };
    let all = |database: &Path| drop(bench.run(database, &["up", "--no-backup"]).succeeds());
    bench.story("down", &["down", "--all"], all, prefix, |database| assert_eq!(&contents(database), at(0)));
}
