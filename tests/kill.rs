//! A program that is killed while it migrates, at any moment: what is there then is a prefix of the set, whole and
//! sound, and the next start goes on from it to what an undisturbed run ends with.
//!
//! The test command kills as often as it takes seconds; `DBMIGRATE_KILLS=500` is the whole proof. A signal leaves what
//! was written with the operating system, so this is no proof against a loss of power: that is SQLite's own.

use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use toml_edit::{Array, value};

use crate::sound::{Contents, Dice, contents, files_of, remove};
use crate::support::{Project, Run, query};

/// How often the same seven kinds of migrations come, each time on tables of their own and on those of the last time.
const ROUNDS: usize = 5;

/// What `{g}` in a migration stands for is the round, and `{p}` the one before it.
const TABLES: &str = "CREATE TABLE team{g} (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE member{g} (
  id INTEGER PRIMARY KEY, team INTEGER NOT NULL REFERENCES team{g} ON DELETE CASCADE, note TEXT
);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80)
INSERT INTO team{g} SELECT i, 'team ' || i FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
INSERT INTO member{g} SELECT i, i % 80 + 1, 'the note of member ' || i || ' of a team of round {g}' FROM n;
";
const TRIGGER: &str = "CREATE INDEX member{g}_team ON member{g} (team, id);
CREATE TABLE log{g} (n INTEGER PRIMARY KEY AUTOINCREMENT, member INTEGER, was TEXT);
CREATE TRIGGER member{g}_noted AFTER UPDATE OF note ON member{g} BEGIN
  INSERT INTO log{g} (member, was) VALUES (OLD.id, OLD.note);
END;
";
const DATA: &str = "UPDATE member{g} SET note = note || ', noted again' WHERE id % 3 = 0;
DELETE FROM team{g} WHERE id = 7;
ALTER TABLE member{g} ADD COLUMN kind TEXT NOT NULL DEFAULT 'plain';
";
/// A parent whose children cascade, as SQLite's documentation rebuilds it.
const REBUILD: &str = "CREATE TABLE team_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, round INTEGER DEFAULT {g});
INSERT INTO team_new (id, name) SELECT id, name FROM team{g};
DROP TABLE team{g};
ALTER TABLE team_new RENAME TO team{g};
CREATE UNIQUE INDEX team{g}_name ON team{g} (name);
";
const SEARCH: &str = "CREATE VIRTUAL TABLE search{g} USING fts5 (note, content = 'member{g}', content_rowid = 'id');
INSERT INTO search{g} (search{g}) VALUES ('rebuild');
CREATE TRIGGER member{g}_found AFTER INSERT ON member{g} BEGIN
  INSERT INTO search{g} (rowid, note) VALUES (NEW.id, NEW.note);
END;
INSERT INTO member{g} SELECT id + 10000, team, 'a late note of ' || id, kind FROM member{g} WHERE id <= 150;
";
/// Every sort of step that a file without a transaction can have.
const STEPS: &str = "-- dbmigrate: no-transaction
INSERT INTO log{g} (was) VALUES ('one');
VACUUM;
BEGIN;
INSERT INTO log{g} (was) VALUES ('two');
UPDATE log{g} SET was = was || ' and three' WHERE was = 'two';
COMMIT;
BEGIN IMMEDIATE;
CREATE TABLE team_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, round INTEGER DEFAULT {g}, steps INTEGER);
INSERT INTO team_new (id, name) SELECT id, name FROM team{p};
DROP TABLE team{p};
ALTER TABLE team_new RENAME TO team{p};
COMMIT;
PRAGMA optimize;
INSERT INTO log{g} (was) SELECT 'rows: ' || count(*) FROM log{g};
";
const CODE: &str = "pub fn up(db: &rusqlite::Connection) -> Result<(), rusqlite::Error> {
    db.execute_batch(\"CREATE TABLE length{g} (member INTEGER PRIMARY KEY, length INTEGER)\")?;
    let mut insert = db.prepare(\"INSERT INTO length{g} SELECT id, length(note) FROM member{g} WHERE team = ?1\")?;
    for team in 1..=80 {
        insert.execute([team])?;
    }
    db.execute_batch(\"DROP TABLE team{p}; CREATE TABLE team{p} (id INTEGER PRIMARY KEY, name TEXT);
        INSERT INTO team{p} SELECT DISTINCT team, 'by code' FROM member{p}\")
}
";

/// Tells where it is, and waits to be killed where it is told to.
const PROGRAM: &str = "use std::io::Read;

use rusqlite::trace::{TraceEvent, TraceEventCodes};

dbmigrate_runtime::include_migrations!(pub mod migrations);

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let [path, mode, target] = std::env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| \"arguments\")?;
    let mut connection = rusqlite::Connection::open(path)?;
    // A cache so small that what is not committed is in the file before the commit. What was written outlives a signal
    // without an fsync too.
    connection.execute_batch(\"PRAGMA cache_size = 10; PRAGMA synchronous = OFF\")?;
    let word = std::env::var(\"WORD\").unwrap_or_default();
    let number: usize = std::env::var(\"NUMBER\").map_or(Ok(0), |number| number.parse())?;
    let holds = std::env::var_os(\"HOLD\").is_some();
    let mut count = 0;
    let trace = move |event: TraceEvent<'_>| {
        let TraceEvent::Stmt(_, sql) = event else { return };
        // What a trigger or a virtual table runs is a comment.
        if sql.starts_with(\"--\") || !sql.starts_with(&word) {
            return;
        }
        count += 1;
        if number == 0 {
            println!(\"{count}\");
        } else if number == count {
            println!(\"there\");
            if holds {
                let _ = std::io::stdin().read(&mut [0]);
                std::process::exit(3);
            }
        }
    };
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(trace))?;
    println!(\"start\");
    let mode = if mode == \"wal\" { dbmigrate_runtime::JournalMode::Wal } else { dbmigrate_runtime::JournalMode::Delete };
    migrations::migrator().journal_mode(mode).up_to(&mut connection, target.parse::<u64>()?)?;
    Ok(())
}
";

/// The files of the set, in order: name, text, and whether it runs without a transaction.
fn files() -> Vec<(String, String, bool)> {
    let kinds = [
        ("tables.sql", TABLES),
        ("trigger.sql", TRIGGER),
        ("data.sql", DATA),
        ("rebuild.sql", REBUILD),
        ("search.sql", SEARCH),
        ("steps.sql", STEPS),
        ("code.rs", CODE),
    ];
    let mut files = Vec::new();
    for round in 1..=ROUNDS {
        for (kind, text) in kinds {
            let name = format!("{:03}_round_{round}_{kind}", files.len() + 1);
            let text =
                text.replace("{g}", &round.to_string()).replace("{p}", &round.saturating_sub(1).max(1).to_string());
            // Half of the rebuilds bring a transaction and PRAGMAs of their own.
            let text = match kind {
                "rebuild.sql" if round % 2 == 0 => {
                    format!("PRAGMA foreign_keys = OFF;\nBEGIN;\n{text}COMMIT;\nPRAGMA foreign_keys = ON;\n")
                }
                _ => text,
            };
            files.push((name, text, kind == "steps.sql"));
        }
    }
    files
}

/// When the program is killed.
#[derive(Clone, Copy)]
enum Moment {
    /// Right before its n-th statement, where it waits for that.
    Before(usize),
    /// So long after it began its n-th commit.
    InCommit(usize, Duration),
    /// So long after it began.
    After(Duration),
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before(number) => write!(f, "before statement {number}"),
            Self::InCommit(number, delay) => write!(f, "{delay:?} into commit {number}"),
            Self::After(delay) => write!(f, "{delay:?} after the start"),
        }
    }
}

/// The program, and what its undisturbed runs did.
struct Bench {
    project: Project,
    /// The name of each migration, and whether it runs without a transaction.
    names: Vec<(String, bool)>,
    /// What a database holds after each count of migrations.
    expected: Vec<Contents>,
    statements: usize,
    commits: usize,
    duration: Duration,
}

impl Bench {
    fn new() -> Self {
        let files = files();
        let project = Project::wired("kill", &[]);
        for (name, text, _) in &files {
            project.write(&format!("migrations/{name}"), text);
        }
        project.write("src/main.rs", PROGRAM);
        project.edit_manifest(|manifest| {
            let features: Array = ["bundled", "trace"].into_iter().collect();
            manifest["dependencies"]["rusqlite"]["features"] = value(features);
        });
        project.cargo(["build", "-q"]).succeeds();
        let name = |(name, _, steps): &(String, String, bool)| (name.split('.').next().unwrap().to_owned(), *steps);
        let names: Vec<_> = files.iter().map(name).collect();
        let mut bench =
            Self { project, names, expected: Vec::new(), statements: 0, commits: 0, duration: Duration::ZERO };

        let database = bench.project.root.join("stepwise.db");
        bench.expected.push(Contents::new());
        for target in 1..=bench.names.len() {
            Run::of(&mut bench.command(&database, "delete", target)).succeeds();
            bench.expected.push(contents(&database));
        }
        // At once it leads to the same, in either mode; the second run says what there is to interrupt.
        for mode in ["wal", "delete"] {
            let database = bench.project.root.join(format!("undisturbed-{mode}.db"));
            let start = Instant::now();
            let run = Run::of(&mut bench.command(&database, mode, bench.names.len())).succeeds();
            bench.duration = start.elapsed();
            bench.statements = run.stdout.lines().count() - 1;
            assert_eq!(Some(&contents(&database)), bench.expected.last(), "{mode}");
        }
        let database = bench.project.root.join("commits.db");
        let run = Run::of(bench.command(&database, "delete", bench.names.len()).env("WORD", "COMMIT")).succeeds();
        bench.commits = run.stdout.lines().count() - 1;
        bench
    }

    fn command(&self, database: &Path, mode: &str, target: usize) -> Command {
        let mut command = self.project.command(self.project.program());
        command.arg(database).arg(mode).arg(target.to_string());
        command
    }

    /// One database from its first start to its last, killed on the way; how often.
    fn journey(&self, number: usize, dice: &mut Dice) -> usize {
        let mode = ["delete", "wal"][number % 2];
        let database = self.project.root.join(format!("journey-{number}.db"));
        if number % 4 >= 2 {
            // A history is there: each migration has a transaction of its own.
            Run::of(&mut self.command(&database, mode, 1 + dice.below(self.names.len() / 2))).succeeds();
        }
        let mut kills = 0;
        for _ in 0..=dice.below(3) {
            let moment = match dice.below(3) {
                0 => Moment::Before(1 + dice.below(self.statements)),
                1 => Moment::InCommit(1 + dice.below(self.commits), Duration::from_micros(dice.below(500) as u64)),
                _ => Moment::After(self.duration * dice.below(1_000) as u32 / 1_000),
            };
            if self.kill(&database, mode, moment) {
                kills += 1;
                self.check(&database, &format!("journey {number}, {mode}, killed {moment}"));
            }
        }
        Run::of(&mut self.command(&database, mode, self.names.len())).succeeds();
        assert_eq!(Some(&contents(&database)), self.expected.last(), "journey {number}, {mode}");
        remove(&database);
        kills
    }

    /// Starts the program and kills it; false if it was done before.
    fn kill(&self, database: &Path, mode: &str, moment: Moment) -> bool {
        let mut command = self.command(database, mode, self.names.len());
        match moment {
            Moment::Before(number) => command.env("NUMBER", number.to_string()).env("HOLD", ""),
            Moment::InCommit(number, _) => command.env("NUMBER", number.to_string()).env("WORD", "COMMIT"),
            Moment::After(_) => command.env("NUMBER", usize::MAX.to_string()),
        };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert_eq!(lines.next().as_deref(), Some("start"), "{moment}: {}", rest(&mut child));
        // The delays wait for nothing: they are what is varied.
        match moment {
            Moment::Before(_) => drop(lines.next()),
            Moment::InCommit(_, delay) if lines.next().is_some() => std::thread::sleep(delay),
            Moment::InCommit(..) => {}
            Moment::After(delay) => std::thread::sleep(delay),
        }
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert!(status.success() || status.code().is_none(), "{moment}: {status}: {}", rest(&mut child));
        !status.success()
    }

    /// What a killed program may leave behind. A copy is looked at, so that the next start finds what it left.
    fn check(&self, database: &Path, when: &str) {
        let copy = database.with_extension("copy");
        remove(&copy);
        for (from, to) in files_of(database).iter().zip(files_of(&copy)) {
            // The shared memory of a WAL is recreated from the log.
            if from.exists() && !from.to_string_lossy().ends_with("-shm") {
                fs::copy(from, to).unwrap();
            }
        }
        if !copy.exists() {
            return;
        }
        assert_eq!(query(&copy, "PRAGMA integrity_check"), ["ok"], "{when}");
        assert_eq!(query(&copy, "SELECT count(*) FROM pragma_foreign_key_check"), ["0"], "{when}");
        let has_history = query(&copy, "SELECT 1 FROM sqlite_schema WHERE name = '_migrations'") == ["1"];
        let rows = if has_history {
            query(&copy, "SELECT name || ' ' || state FROM _migrations ORDER BY id")
        } else {
            Vec::new()
        };
        let mut is_whole = true;
        for (at, row) in rows.iter().enumerate() {
            let (name, state) = row.split_once(' ').unwrap();
            let (expected, steps) = &self.names[at];
            assert_eq!(name, expected, "{when}: {rows:?}");
            if state != "applied" {
                is_whole = false;
                assert!(*steps && at + 1 == rows.len(), "{when}: {rows:?}");
                assert!(["running", "started"].contains(&state), "{when}: {rows:?}");
            }
        }
        if is_whole {
            assert_eq!(contents(&copy), self.expected[rows.len()], "{when}");
        }
        remove(&copy);
    }
}

#[test]
fn case_45_a_killed_program_leaves_a_prefix_and_the_next_start_goes_on() {
    let wanted = std::env::var("DBMIGRATE_KILLS").map_or(40, |kills| kills.parse().unwrap());
    let bench = Bench::new();
    assert!(bench.names.len() >= 30 && bench.commits > ROUNDS * 7, "{} commits", bench.commits);
    let mut dice = Dice(1);
    let (mut kills, mut number) = (0, 0);
    while kills < wanted {
        kills += bench.journey(number, &mut dice);
        number += 1;
        assert!(number < 10 * wanted + 10, "most runs are over before they are killed: {kills} of {number}");
    }
}

/// What it said before it ended.
fn rest(child: &mut Child) -> String {
    child.stderr.take().map(std::io::read_to_string).unwrap().unwrap()
}
