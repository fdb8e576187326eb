//! A fleet of small files, brought up by `cargo dbmigrate up --databases`, beside the loop that somebody writes for it by
//! hand: threads that open each file, run what is pending and keep `user_version`. Both are processes of their own.
//!
//! The files lie in the temporary folder (`TMPDIR`); `FILES` says how many. The command has to be built before.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};

/// How many migrations the files have already, and how many are pending.
const EACH: usize = 10;

/// How often everything is measured: the fastest counts.
const ROUNDS: usize = 5;

/// The folder of the files and how to bring them up, for the process that is the loop.
const LOOP: &str = "DBMIGRATE_FLEET_LOOP";

fn main() {
    if let Some((folder, together)) = std::env::var(LOOP).ok().as_deref().and_then(|it| it.split_once('|')) {
        return by_hand(Path::new(folder), together == "all");
    }
    let count = std::env::var("FILES").map_or(1_000, |count| count.parse().expect("FILES is a number"));
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/cargo-dbmigrate");
    assert!(tool.is_file(), "build it first: cargo build --release -p cargo-dbmigrate");
    let root = std::env::temp_dir().join(format!("dbmigrate-fleet-bench-{}", std::process::id()));
    let fleet = Fleet { tool, root, count };
    println!("{count} files, {EACH} pending each; the fastest of {ROUNDS}: seconds, and seconds of CPU");
    for transaction in ["each", "all"] {
        fleet.make(transaction);
        let (mut ours, mut loops) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            loops.push(fleet.measured(&mut fleet.by_hand(transaction)));
            ours.push(fleet.measured(&mut fleet.ours()));
        }
        let best = |all: &[(Duration, Duration)]| {
            let least = |of: fn(&(Duration, Duration)) -> Duration| all.iter().map(of).min().unwrap_or_default();
            (least(|it| it.0).as_secs_f64(), least(|it| it.1).as_secs_f64())
        };
        let ((wall, cpu), (loop_wall, loop_cpu)) = (best(&ours), best(&loops));
        println!("transaction = \"{transaction}\"");
        println!("  by hand           {loop_wall:6.2}  {loop_cpu:6.2}");
        println!("  cargo dbmigrate   {wall:6.2}  {cpu:6.2}");
        println!("  as fast as that   {:6.2}x {:6.2}x", loop_wall / wall, loop_cpu / cpu);
    }
    fs::remove_dir_all(&fleet.root).expect("the folder is ours");
}

/// A package and its files.
struct Fleet {
    tool: PathBuf,
    root: PathBuf,
    count: usize,
}

impl Fleet {
    /// Makes the package, and a file that has the first half of the migrations.
    fn make(&self, transaction: &str) {
        let _ = fs::remove_dir_all(&self.root);
        let write = |name: &str, text: &str| {
            let path = self.root.join(name);
            fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("the folder is ours");
            fs::write(path, text).expect("the folder is ours");
        };
        write("src/main.rs", "fn main() {}\n");
        write(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"app\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
                 [package.metadata.migrations]\ntransaction = \"{transaction}\"\nbackup = false\n"
            ),
        );
        for number in 1..=2 * EACH {
            write(&format!("migrations/{number:03}_step.sql"), &sql(number));
        }
        let mut up = self.command();
        run(up.args(["up", "--database", "template.db", "--to", &EACH.to_string(), "-q"]));
        let db = Connection::open(self.root.join("template.db")).expect("it is there");
        db.pragma_update(None, "user_version", signed(EACH)).expect("it is ours");
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.tool);
        command.current_dir(&self.root);
        command
    }

    fn ours(&self) -> Command {
        let mut command = self.command();
        command.args(["up", "--databases", "fleet/*.db", "-q"]);
        command
    }

    fn by_hand(&self, transaction: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().expect("it runs"));
        command.env(LOOP, format!("{}|{transaction}", self.root.join("fleet").display()));
        command
    }

    /// How long a command takes on a new fleet, and how much of the processors.
    fn measured(&self, command: &mut Command) -> (Duration, Duration) {
        let fleet = self.root.join("fleet");
        let _ = fs::remove_dir_all(&fleet);
        fs::create_dir(&fleet).expect("the folder is ours");
        for at in 0..self.count {
            fs::copy(self.root.join("template.db"), fleet.join(format!("{at:06}.db"))).expect("there is room");
        }
        let before = cpu_of_children();
        let start = Instant::now();
        run(command);
        let took = (start.elapsed(), cpu_of_children() - before);
        for file in [0, self.count - 1] {
            let db = Connection::open(fleet.join(format!("{file:06}.db"))).expect("it is there");
            let tables: i64 = db
                .query_row("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'table_%'", [], |row| row.get(0))
                .expect("it is a database");
            assert_eq!(tables, signed(2 * EACH), "not all of it is done");
        }
        took
    }
}

fn run(command: &mut Command) {
    let output = command.output().expect("it can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What the children that have ended took of the processors, in the ticks of Linux; nothing elsewhere.
fn cpu_of_children() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(13).take(2);
    Duration::from_millis(fields.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10)
}

/// A migration as small programs have them.
fn sql(number: usize) -> String {
    format!(
        "CREATE TABLE table_{number} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT);\n\
         CREATE INDEX by_name_{number} ON table_{number} (name);\n\
         INSERT INTO table_{number} (name) VALUES ('ann'), ('bob');\n\
         ALTER TABLE table_{number} ADD COLUMN stars INTEGER NOT NULL DEFAULT 0;\n"
    )
}

/// The loop.
fn by_hand(folder: &Path, together: bool) {
    let files: Vec<PathBuf> =
        fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("it is there").path()).collect();
    let migrations: Vec<String> = (1..=2 * EACH).map(sql).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    bring_up(file, &migrations, together).expect("it can be migrated");
                }
            });
        }
    });
}

fn bring_up(file: &Path, migrations: &[String], together: bool) -> rusqlite::Result<()> {
    let mut db = Connection::open(file)?;
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let version = usize::try_from(version).unwrap_or_default();
    let each = if together { migrations.len() } else { 1 };
    let mut at = version;
    for some in migrations[version..].chunks(each) {
        let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for sql in some {
            transaction.execute_batch(sql)?;
        }
        at += some.len();
        transaction.pragma_update(None, "user_version", signed(at))?;
        transaction.commit()?;
    }
    Ok(())
}

/// As SQLite has numbers.
fn signed(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
