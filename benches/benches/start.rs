//! A start with nothing pending: what it adds to opening the file and asking the first query, and what a first run on a
//! fresh file adds to the statements alone. The two are run in turns, so that what else the machine does meets both.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dbmigrate_benches::runner::runner_set;
use dbmigrate_benches::set::{batch, set};
use dbmigrate_runtime::{Migrator, Set};
use rusqlite::Connection;

/// The driver of `include_migrations!(mod migrations)`.
mod driver {
    dbmigrate_runtime::rusqlite_driver!(::rusqlite);
}

/// How many migrations the measured sets have.
const MIGRATIONS: [usize; 3] = [10, 100, 1_000];

fn main() {
    let path = std::env::temp_dir().join(format!("dbmigrate-{}-start.db", std::process::id()));
    println!("start with nothing pending, over opening the file and the first query");
    for migrations in MIGRATIONS {
        let set = runner_set(set(migrations));
        remove(&path);
        up(set, &mut Connection::open(&path).expect("the folder can be written"));
        let rounds = 40_000 / migrations.max(20);
        let (floor, ours) = (|| first_query(&mut open(&path)), || started(set, &path));
        show(migrations, in_turns(rounds, floor, ours));
    }
    println!("\nall migrations on a fresh file, over one batch in one transaction");
    for migrations in MIGRATIONS {
        let (source, rounds) = (set(migrations), 400 / migrations.max(20));
        let sql = batch(&source);
        let set = runner_set(source);
        let floor = || {
            remove(&path);
            open(&path).execute_batch(&sql).expect("SQLite takes the statements");
        };
        let ours = || {
            remove(&path);
            up(set, &mut open(&path));
        };
        show(migrations, in_turns(rounds.max(5), floor, ours));
    }
    remove(&path);
}

fn open(path: &Path) -> Connection {
    Connection::open(path).expect("the folder can be written")
}

fn up(set: &'static Set<'static>, connection: &mut Connection) {
    Migrator::<driver::Rusqlite>::new(set).up(connection).expect("the set is sound");
}

fn started(set: &'static Set<'static>, path: &Path) {
    let mut connection = open(path);
    up(set, &mut connection);
    first_query(&mut connection);
}

/// SQLite reads the schema with the first statement.
fn first_query(connection: &mut Connection) {
    let count = connection.query_row("SELECT count(*) FROM users_0", [], |row| row.get::<_, i64>(0));
    assert!(count.expect("the table is there") > 0);
}

/// The times of the two, each sorted.
fn in_turns(rounds: usize, mut first: impl FnMut(), mut second: impl FnMut()) -> [Vec<Duration>; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        times[0].push(timed(&mut first));
        times[1].push(timed(&mut second));
    }
    times.iter_mut().for_each(|times| times.sort_unstable());
    times
}

fn timed(work: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn show(migrations: usize, [floor, ours]: [Vec<Duration>; 2]) {
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    for (what, at) in [("fastest", 0), ("median", floor.len() / 2)] {
        let (floor, ours) = (micros(floor[at]), micros(ours[at]));
        let (more, times) = (ours - floor, ours / floor);
        println!("{migrations:>6} {what:<8} {floor:>10.1} µs {ours:>10.1} µs {more:>+9.1} µs {times:>6.3}×");
    }
}

/// With what SQLite may have left beside it.
fn remove(path: &Path) {
    for suffix in ["", "-journal", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let _ = std::fs::remove_file(PathBuf::from(name));
    }
}
