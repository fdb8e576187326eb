//! What every measured program can do, whatever runs its migrations. A call is one measurement: it prints lines of a
//! name and a value (nanoseconds, KiB), and fails as its tool fails.

use std::error::Error;
use std::io::Read;
use std::time::Instant;

pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What a tool reaches SQLite by.
pub trait Driver {
    type Connection;

    /// Opens a file, made if need be, or `:memory:`, with what the tool or its driver does by itself.
    fn open(path: &str) -> Result<Self::Connection>;

    /// Several statements, by the driver alone.
    fn batch(connection: &mut Self::Connection, sql: &str) -> Result<()>;

    /// The only value of a query, which is text.
    fn query(connection: &mut Self::Connection, sql: &str) -> Result<String>;
}

/// One tool, as a program of its users calls it.
pub trait Tool: Driver {
    /// Applies what is pending, in the tool's default way.
    fn migrate(_: &mut Self::Connection) -> Result<()> {
        Err("there are no migrations here".into())
    }

    /// The same in one transaction, where the tool has that as another way.
    fn migrate_grouped(_: &mut Self::Connection) -> Result<()> {
        Err("this tool has one way only".into())
    }

    /// A migrated database for one test.
    fn test_database() -> Result<Self::Connection> {
        let mut connection = Self::open(":memory:")?;
        Self::migrate(&mut connection)?;
        Ok(connection)
    }
}

/// What a program asks of its database first: SQLite reads the whole schema for it.
const FIRST_QUERY: &str = "SELECT CAST(count(*) AS TEXT) FROM account_0";

/// One measurement, as the words of the command line say.
pub fn main<T: Tool>() -> std::process::ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match measure::<T>(&words) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            // In both ways in which programs print it.
            eprintln!("error: {error}");
            let mut source = error.source();
            while let Some(error) = source {
                eprintln!("caused by: {error}");
                source = error.source();
            }
            eprintln!("{error:?}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn measure<T: Tool>(words: &[&str]) -> Result<()> {
    match words {
        ["plain", path] => drop(opened::<T>(path)?),
        ["start", path] => {
            started::<T>(path)?;
            print_memory()?;
        }
        ["start-at-once", path] => {
            // Whoever starts the programs closes their input when all of them are there.
            println!("ready");
            std::io::stdin().read_to_end(&mut Vec::new())?;
            started::<T>(path)?;
        }
        ["starts", path, rounds] => starts::<T>(path, rounds.parse()?)?,
        ["fresh", path] => fresh::<T>(path, T::migrate)?,
        ["grouped", path] => fresh::<T>(path, T::migrate_grouped)?,
        ["floor", path, sql] => {
            let sql = format!("BEGIN; {} COMMIT", std::fs::read_to_string(sql)?);
            fresh::<T>(path, |connection| T::batch(connection, &sql))?;
        }
        ["tests", rounds] => tests::<T>(rounds.parse()?)?,
        ["ask", path, sql] => println!("answer {}", T::query(&mut T::open(path)?, sql)?),
        ["batch", path, sql] => T::batch(&mut T::open(path)?, sql)?,
        _ => return Err("no such measurement".into()),
    }
    Ok(())
}

fn opened<T: Tool>(path: &str) -> Result<T::Connection> {
    let mut connection = T::open(path)?;
    T::query(&mut connection, FIRST_QUERY)?;
    Ok(connection)
}

fn started<T: Tool>(path: &str) -> Result<T::Connection> {
    let mut connection = T::open(path)?;
    T::migrate(&mut connection)?;
    T::query(&mut connection, FIRST_QUERY)?;
    Ok(connection)
}

/// All migrations on a new file, from opening to closing it.
fn fresh<T: Tool>(path: &str, migrate: impl Fn(&mut T::Connection) -> Result<()>) -> Result<()> {
    let start = Instant::now();
    let mut connection = T::open(path)?;
    migrate(&mut connection)?;
    drop(connection);
    println!("ns {}", start.elapsed().as_nanos());
    print_memory()
}

/// Nothing is pending: the same start with and without the tool, in turns.
fn starts<T: Tool>(path: &str, rounds: usize) -> Result<()> {
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for round in 0..rounds + 5 {
        let pair = if round % 2 == 0 {
            let without = timed(|| opened::<T>(path))?;
            (timed(|| started::<T>(path))?, without)
        } else {
            (timed(|| started::<T>(path))?, timed(|| opened::<T>(path))?)
        };
        // The first few warm up.
        if round >= 5 {
            with.push(pair.0);
            without.push(pair.1);
        }
    }
    println!("with_ns {}", median(with));
    println!("without_ns {}", median(without));
    Ok(())
}

/// A database for each test, up to its first query. Whatever is made once for all tests is made before.
fn tests<T: Tool>(rounds: usize) -> Result<()> {
    let one = || -> Result<T::Connection> {
        let mut connection = T::test_database()?;
        T::query(&mut connection, FIRST_QUERY)?;
        Ok(connection)
    };
    drop(one()?);
    let times = (0..rounds).map(|_| timed(one)).collect::<Result<Vec<u128>>>()?;
    println!("ns {}", median(times));
    Ok(())
}

/// How long it takes, without closing what it opens.
fn timed<C>(open: impl Fn() -> Result<C>) -> Result<u128> {
    let start = Instant::now();
    let connection = open()?;
    let time = start.elapsed().as_nanos();
    drop(connection);
    Ok(time)
}

fn median(mut times: Vec<u128>) -> u128 {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The most memory that this process has held, where the system tells.
fn print_memory() -> Result<()> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(held) = status.lines().find_map(|line| line.strip_prefix("VmHWM:")) {
        println!("peak_kib {}", held.trim().trim_end_matches(" kB").parse::<u64>()?);
    }
    Ok(())
}
