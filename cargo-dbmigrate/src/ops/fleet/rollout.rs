//! The walks over a fleet: all files are looked at, then the first ones are worked on, then the others.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use dbmigrate_runtime::cli::Request;

use super::drift::Drifts;
use super::files::Found;
use super::look::look;
use super::work::{Worked, work};
use super::{Crew, Fault, File, Outcome, Phase, Remote, Seen, Task, Watch, pool, room};
use crate::ops::interrupt::Interrupt;

/// What is to be done, and how far to go.
pub(crate) struct Rollout<'r> {
    pub(crate) task: Task,
    pub(crate) jobs: usize,
    /// How many are done before the others.
    pub(crate) canary: Option<usize>,
    /// How many failures end it.
    pub(crate) max_failures: usize,
    /// The runner of the package, where the sets have Rust in them.
    pub(crate) remote: Option<&'r Remote<'r>>,
    /// Who may want it to end.
    pub(crate) interrupt: &'r Interrupt,
}

/// What became of a fleet.
#[derive(Debug, Default)]
pub(crate) struct Rolled {
    pub(crate) files: Vec<File>,
    /// What stands against the work as a whole.
    pub(crate) faults: Vec<Fault>,
    /// Whether it stopped behind the first ones to let somebody look.
    pub(crate) paused: bool,
    /// Whether somebody wanted it to end.
    pub(crate) interrupted: bool,
    /// Whether the work was begun.
    pub(crate) worked: bool,
}

/// Looks at every file, and does no more. Those that other connections hold are waited for together, once all others have
/// been looked at: each of them is tried again until the patience is over that began with the first try.
pub(crate) fn survey(
    found: Found,
    crew: &Crew<'_>,
    (task, jobs): (Task, usize),
    mut drifts: Option<&mut Drifts<'_>>,
    watch: &mut dyn Watch,
) -> Vec<File> {
    let Found { files, mut hard, .. } = found;
    let mut files: Vec<File> = files.into_iter().map(File::new).collect();
    let paths: Vec<_> = files.iter().enumerate().map(|(at, file)| (file.path.clone(), hard.remove(&at))).collect();
    let reader = drifts.as_ref().map(|drifts| drifts.reader);
    watch.begin(Phase::Look, files.len());
    let see = |path: &Path, other: Option<&PathBuf>, patience: Duration| {
        let start = Instant::now();
        let request = Request { busy_timeout: Some(patience), ..crew.request.clone() };
        let (seen, held) = match other {
            Some(other) => (None, Err(two_names(other))),
            None => look(path, &Crew { request: &request, ..*crew }, task, reader),
        };
        (start, start.elapsed(), seen, held)
    };
    let mut tell = |at: usize, took, mut seen: Option<Seen>, held: Result<_, Fault>| {
        let file = &mut files[at];
        file.took = took;
        let differs = held.and_then(|held| match (drifts.as_deref_mut(), held) {
            (Some(drifts), Some(held)) => drifts.differences(&held).map(Some),
            _ => Ok(None),
        });
        file.outcome = match (differs, &mut seen) {
            (Err(fault), _) => Outcome::Refused(fault),
            (Ok(differs), Some(seen)) => {
                seen.differs = differs.unwrap_or_else(|| std::mem::take(&mut seen.differs));
                standing(seen, task)
            }
            (Ok(_), None) => Outcome::Left,
        };
        file.seen = seen;
        watch.through(file);
    };
    let patience = crew.request.patience();
    let mut busy = Vec::new();
    let at_once = |(path, other): &(PathBuf, Option<PathBuf>)| {
        (see(path, other.as_ref(), Duration::ZERO), ControlFlow::Continue(()))
    };
    pool::each(&paths, jobs, at_once, |at, (start, took, seen, held)| match held {
        Err(fault) if fault.is_busy && !patience.is_zero() => busy.push((at, start)),
        held => tell(at, took, seen, held),
    });
    let patiently = |(at, start): &(usize, Instant)| {
        (see(&paths[*at].0, None, patience.saturating_sub(start.elapsed())), ControlFlow::Continue(()))
    };
    pool::each(&busy, jobs, patiently, |place, (_, took, seen, held)| tell(busy[place].0, took, seen, held));
    watch.end();
    files
}

/// SQLite finds the log and the journal by the name of the file.
fn two_names(other: &Path) -> Fault {
    Fault::new(format!("`{}` is the same file under another name, a hard link", other.display()))
        .help("name only the one that the program opens: under each of them SQLite would keep a log of its own")
}

/// How a file stands that was only looked at.
fn standing(seen: &Seen, task: Task) -> Outcome {
    match task {
        _ if !seen.differs.is_empty() => Outcome::Differs,
        Task::Status if seen.todo > 0 => Outcome::Pending,
        Task::Status | Task::Verify | Task::Drift => Outcome::Current,
        _ if seen.todo > 0 => Outcome::Left,
        _ => Outcome::Current,
    }
}

impl Rollout<'_> {
    /// Looks at every file, then works on those with something to do. Nothing is changed where the look finds more faults
    /// than are allowed.
    pub(crate) fn run(&self, found: Found, crew: &Crew<'_>, watch: &mut dyn Watch) -> Rolled {
        let mut rolled =
            Rolled { files: survey(found, crew, (self.task, self.jobs), None, watch), ..Rolled::default() };
        rolled.faults = room::faults(&rolled.files, crew, self.task, self.jobs);
        if !rolled.faults.is_empty() || rolled.failures() >= self.max_failures {
            return rolled;
        }
        let todo: Vec<usize> =
            (0..rolled.files.len()).filter(|at| rolled.files[*at].outcome == Outcome::Left).collect();
        let first = self.canary.unwrap_or(0).min(todo.len());
        let (first, others) = todo.split_at(first);
        rolled.worked = !todo.is_empty();
        if !first.is_empty() {
            // One that fails says enough.
            let before = rolled.failures();
            self.walk(&mut rolled, first, Phase::Canary, before + 1, crew, watch);
            if rolled.failures() > before || rolled.interrupted {
                return rolled;
            }
            if !others.is_empty() && !watch.go_on(&rolled.files, first, others.len()) {
                rolled.paused = true;
                return rolled;
            }
        }
        self.walk(&mut rolled, others, Phase::Work, self.max_failures, crew, watch);
        rolled
    }

    /// Works on some of the files until so many of all have failed.
    fn walk(
        &self,
        rolled: &mut Rolled,
        todo: &[usize],
        phase: Phase,
        most: usize,
        crew: &Crew<'_>,
        watch: &mut dyn Watch,
    ) {
        if todo.is_empty() {
            return;
        }
        let paths: Vec<_> = todo.iter().map(|at| rolled.files[*at].path.clone()).collect();
        watch.begin(phase, todo.len());
        self.interrupt.begin();
        let failures = AtomicUsize::new(rolled.failures());
        let work = |path: &PathBuf| {
            let (took, worked) = self.timed(path, crew);
            let failed = usize::from(worked.fault.is_some());
            let is_enough = failures.fetch_add(failed, Ordering::Relaxed) + failed >= most;
            let is_over = is_enough || self.interrupt.is_asked();
            ((took, worked), if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        };
        pool::each(&paths, self.jobs, work, |at, (took, worked)| {
            let file = &mut rolled.files[todo[at]];
            file.took = took;
            file.after = worked.after;
            file.outcome = match worked.fault {
                None => Outcome::Done(worked.done),
                Some(fault) => Outcome::Failed(fault, worked.done),
            };
            watch.through(file);
        });
        self.interrupt.end();
        // Whoever asked when nothing was left has everything.
        rolled.interrupted = self.interrupt.is_asked() && rolled.files.iter().any(|file| file.outcome == Outcome::Left);
        watch.end();
    }

    fn timed(&self, path: &Path, crew: &Crew<'_>) -> (Duration, Worked) {
        let start = Instant::now();
        let worked = match self.remote {
            Some(remote) => remote.work(path, crew, self.task, self.interrupt),
            None => work(path, crew, self.task),
        };
        (start.elapsed(), worked)
    }
}

impl Rolled {
    /// How many files have a fault.
    pub(crate) fn failures(&self) -> usize {
        self.files.iter().filter(|file| file.outcome.fault().is_some()).count()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use dbmigrate_core::MigrationSet;
    use dbmigrate_core::files::InMemory;
    use dbmigrate_runtime::Set;
    use dbmigrate_runtime::cli::Verb;
    use rusqlite::Connection;

    use super::*;
    use crate::ops::runtime_set::with_set;

    /// A set of one.
    fn migrations() -> MigrationSet {
        let files = [("Cargo.toml", "[package]\nname = \"app\"\n"), ("migrations/001_u.sql", "CREATE TABLE u (a);")];
        dbmigrate_core::load::load_from(&InMemory::new(files)).set
    }

    fn crew<'c>(set: &'c Set<'c>, request: &'c Request) -> Crew<'c> {
        Crew { sets: std::slice::from_ref(set), chosen: None, request, existing: false, has_code: false }
    }

    /// Lets a database go once another one was looked at.
    struct Letting<'c> {
        held: &'c Connection,
        told: Vec<(PathBuf, &'static str)>,
    }

    impl Watch for Letting<'_> {
        fn begin(&mut self, _: Phase, files: usize) {
            assert_eq!(files, 3);
        }

        fn through(&mut self, file: &File) {
            if self.told.is_empty() {
                self.held.execute_batch("COMMIT").unwrap();
            }
            self.told.push((file.path.clone(), file.outcome.word()));
        }

        fn end(&mut self) {}

        fn go_on(&mut self, _: &[File], _: &[usize], _: usize) -> bool {
            true
        }
    }

    #[test]
    fn what_others_hold_is_looked_at_again_after_all_others() {
        let folder = std::env::temp_dir().join(format!("dbmigrate-rollout-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let [held, kept, free] = ["held.db", "kept.db", "free.db"].map(|name| folder.join(name));
        let open = |path: &PathBuf| {
            let connection = Connection::open(path).unwrap();
            connection.execute_batch("CREATE TABLE t (a); BEGIN EXCLUSIVE").unwrap();
            connection
        };
        let (holding, keeping, _) = (open(&held), open(&kept), open(&free).execute_batch("COMMIT").unwrap());
        let set = migrations();
        let request = Request {
            busy_timeout: Some(Duration::from_millis(200)),
            ..Request::new("cargo dbmigrate", Verb::Status { check: false, recover: false })
        };
        let found = Found { files: vec![held.clone(), kept.clone(), free.clone()], ..Found::default() };
        with_set(&set, |set| {
            let crew = crew(set, &request);
            let mut watch = Letting { held: &holding, told: Vec::new() };
            let seen = survey(found, &crew, (Task::Status, 1), None, &mut watch);
            assert_eq!(watch.told, [(free, "pending"), (held, "pending"), (kept, "refused")]);
            let words: Vec<_> = seen.iter().map(|file| file.outcome.word()).collect();
            assert_eq!(words, ["pending", "refused", "pending"]);
            assert!(seen[1].outcome.fault().unwrap().is_busy);
        });
        drop((holding, keeping));
        fs::remove_dir_all(&folder).unwrap();
    }

    /// Asks for the end while the last database is told.
    struct Late<'i>(&'i Interrupt);

    impl Watch for Late<'_> {
        fn begin(&mut self, _: Phase, _: usize) {}

        fn through(&mut self, file: &File) {
            if matches!(file.outcome, Outcome::Done(_)) {
                assert!(self.0.ask());
            }
        }

        fn end(&mut self) {}

        fn go_on(&mut self, _: &[File], _: &[usize], _: usize) -> bool {
            true
        }
    }

    #[test]
    fn who_asks_for_the_end_when_nothing_is_left_has_everything() {
        let folder = std::env::temp_dir().join(format!("dbmigrate-rollout-late-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("one.db");
        Connection::open(&file).unwrap().execute_batch("PRAGMA user_version = 1").unwrap();
        let set = migrations();
        let request = Request::new("cargo dbmigrate", Verb::Up { to: None, existing: false, dry_run: false });
        let interrupt = Interrupt::default();
        let rolled = with_set(&set, |set| {
            let crew = crew(set, &request);
            let task = Task::Up { to: None, dry_run: false };
            let rollout = Rollout { task, jobs: 1, canary: None, max_failures: 1, remote: None, interrupt: &interrupt };
            let found = Found { files: vec![file.clone()], ..Found::default() };
            rollout.run(found, &crew, &mut Late(&interrupt))
        });
        assert!(rolled.worked && interrupt.is_asked() && !rolled.interrupted, "{rolled:?}");
        assert!(matches!(rolled.files[0].outcome, Outcome::Done(_)), "{rolled:?}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
