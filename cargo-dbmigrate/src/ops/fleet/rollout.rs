//! The walks over a fleet: all files are looked at, then the first ones are worked on, then the others.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use dbmigrate_runtime::cli::Request;

use super::drift::{DriftComparison, LiveSchema};
use super::look::look;
use super::work::{WorkResult, work};
use super::{Migrators, RunnerProcess, pool, room};
use crate::fleet::{Fault, File, FleetFiles, Inspection, Observer, Outcome, Phase, RolloutResult, Task};
use crate::ops::interrupt::Interrupt;

/// What is to be done, and how far to go.
pub(super) struct Rollout<'r> {
    pub(super) task: Task,
    pub(super) jobs: usize,
    /// How many are done before the others.
    pub(super) canary: Option<usize>,
    /// How many failures end it.
    pub(super) max_failures: usize,
    /// The runner of the package, where the sets have Rust in them.
    pub(super) runner: Option<&'r RunnerProcess<'r>>,
    /// Who may want it to end.
    pub(super) interrupt: &'r Interrupt,
    /// The sets, and what the command line says of their migrators.
    pub(super) migrators: &'r Migrators<'r>,
}

/// Looks at every file, and does no more. Those that other connections hold are waited for together, once all others have
/// been looked at: each of them is tried again until the patience is over that began with the first try.
pub(super) fn survey(
    found: FleetFiles,
    migrators: &Migrators<'_>,
    (task, jobs): (Task, usize),
    mut comparison: Option<&mut DriftComparison<'_>>,
    observer: &mut dyn Observer,
) -> Vec<File> {
    let FleetFiles { files, mut hard_links, .. } = found;
    let mut files: Vec<File> = files.into_iter().map(File::new).collect();
    let paths: Vec<_> =
        files.iter().enumerate().map(|(at, file)| (file.path.clone(), hard_links.remove(&at))).collect();
    let reader = comparison.as_ref().map(|comparison| comparison.reader);
    observer.phase_begins(Phase::Look, files.len());
    let see = |path: &Path, other: Option<&PathBuf>, patience: Duration| {
        let start = Instant::now();
        let request = Request { busy_timeout: Some(patience), ..migrators.request.clone() };
        let (inspection, live) = match other {
            Some(other) => (None, Err(two_names(other))),
            None => look(path, &Migrators { request: &request, ..*migrators }, task, reader),
        };
        (start, start.elapsed(), inspection, live)
    };
    let mut tell = |at: usize, took, mut inspection: Option<Inspection>, live: Result<Option<LiveSchema>, Fault>| {
        let file = &mut files[at];
        file.took = took;
        let compared = live.and_then(|live| match (comparison.as_deref_mut(), live) {
            (Some(comparison), Some(live)) => Ok(Some((live.checked(), comparison.differences(&live)?))),
            _ => Ok(None),
        });
        file.outcome = match (compared, &mut inspection) {
            (Err(fault), _) => Outcome::Refused(fault),
            (Ok(compared), Some(inspection)) => {
                if let Some(compared) = compared {
                    (inspection.checked, inspection.differs) = compared;
                }
                standing(inspection, task)
            }
            (Ok(_), None) => Outcome::Left,
        };
        file.inspection = inspection;
        observer.file_done(file);
    };
    let patience = migrators.request.patience();
    let mut busy = Vec::new();
    let at_once = |(path, other): &(PathBuf, Option<PathBuf>)| {
        (see(path, other.as_ref(), Duration::ZERO), ControlFlow::Continue(()))
    };
    pool::each(&paths, jobs, at_once, |at, (start, took, inspection, live)| match live {
        Err(fault) if fault.is_busy && !patience.is_zero() => busy.push((at, start)),
        live => tell(at, took, inspection, live),
    });
    let patiently = |(at, start): &(usize, Instant)| {
        (see(&paths[*at].0, None, patience.saturating_sub(start.elapsed())), ControlFlow::Continue(()))
    };
    pool::each(&busy, jobs, patiently, |place, (_, took, inspection, live)| {
        tell(busy[place].0, took, inspection, live)
    });
    observer.phase_ends();
    files
}

/// SQLite finds the log and the journal by the name of the file.
fn two_names(other: &Path) -> Fault {
    Fault::new(format!("`{}` is the same file under another name, a hard link", other.display()))
        .help("name only the one that the program opens: SQLite would keep a separate log for each name")
}

/// How a file stands that was only looked at.
fn standing(inspection: &Inspection, task: Task) -> Outcome {
    match task {
        _ if !inspection.differs.is_empty() => Outcome::Differs,
        Task::Status if inspection.todo > 0 => Outcome::Pending,
        Task::Status | Task::Verify | Task::Drift => Outcome::Current,
        _ if inspection.todo > 0 => Outcome::Left,
        _ => Outcome::Current,
    }
}

impl Rollout<'_> {
    /// Looks at every file, then works on those with something to do. Nothing is changed where the look finds more faults
    /// than are allowed.
    pub(super) fn run(&self, found: FleetFiles, observer: &mut dyn Observer) -> RolloutResult {
        let files = survey(found, self.migrators, (self.task, self.jobs), None, observer);
        let mut rolled = RolloutResult { files, ..RolloutResult::default() };
        rolled.faults = room::faults(&rolled.files, self.migrators, self.task, self.jobs);
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
            self.walk(&mut rolled, first, (Phase::Canary, before + 1), observer);
            if rolled.failures() > before || rolled.interrupted {
                return rolled;
            }
            if !others.is_empty() && !observer.confirm_rest(&rolled.files, first, others.len()) {
                rolled.paused = true;
                return rolled;
            }
        }
        self.walk(&mut rolled, others, (Phase::Work, self.max_failures), observer);
        rolled
    }

    /// Works on some of the files until so many of all have failed.
    fn walk(
        &self,
        rolled: &mut RolloutResult,
        todo: &[usize],
        (phase, most): (Phase, usize),
        observer: &mut dyn Observer,
    ) {
        if todo.is_empty() {
            return;
        }
        let paths: Vec<_> = todo.iter().map(|at| rolled.files[*at].path.clone()).collect();
        observer.phase_begins(phase, todo.len());
        self.interrupt.begin();
        let failures = AtomicUsize::new(rolled.failures());
        let work = |path: &PathBuf| {
            let (took, worked) = self.timed(path);
            let failed = usize::from(worked.fault.is_some());
            let is_enough = failures.fetch_add(failed, Ordering::Relaxed) + failed >= most;
            let is_over = is_enough || self.interrupt.is_asked();
            ((took, worked), if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        };
        pool::each(&paths, self.jobs, work, |at, (took, worked)| {
            let file = &mut rolled.files[todo[at]];
            file.took = took;
            file.after = worked.version;
            file.outcome = match worked.fault {
                None => Outcome::Done(worked.changes),
                Some(fault) => Outcome::Failed(fault, worked.changes),
            };
            observer.file_done(file);
        });
        self.interrupt.end();
        // Whoever asked when nothing was left has everything.
        rolled.interrupted = self.interrupt.is_asked() && rolled.files.iter().any(|file| file.outcome == Outcome::Left);
        observer.phase_ends();
    }

    fn timed(&self, path: &Path) -> (Duration, WorkResult) {
        let start = Instant::now();
        let worked = match self.runner {
            Some(runner) => runner.work(path, self.migrators, self.task, self.interrupt),
            None => work(path, self.migrators, self.task),
        };
        (start.elapsed(), worked)
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

    fn migrators<'c>(set: &'c Set<'c>, request: &'c Request) -> Migrators<'c> {
        Migrators { sets: std::slice::from_ref(set), chosen: None, request, existing: false, has_code: false }
    }

    /// Lets a database go once another one was looked at.
    struct Letting<'c> {
        held: &'c Connection,
        told: Vec<(PathBuf, &'static str)>,
    }

    impl Observer for Letting<'_> {
        fn phase_begins(&mut self, _: Phase, files: usize) {
            assert_eq!(files, 3);
        }

        fn file_done(&mut self, file: &File) {
            if self.told.is_empty() {
                self.held.execute_batch("COMMIT").unwrap();
            }
            self.told.push((file.path.clone(), file.outcome.word()));
        }

        fn phase_ends(&mut self) {}

        fn confirm_rest(&mut self, _: &[File], _: &[usize], _: usize) -> bool {
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
        let found = FleetFiles { files: vec![held.clone(), kept.clone(), free.clone()], ..FleetFiles::default() };
        with_set(&set, |set| {
            let migrators = migrators(set, &request);
            let mut observer = Letting { held: &holding, told: Vec::new() };
            let files = survey(found, &migrators, (Task::Status, 1), None, &mut observer);
            assert_eq!(observer.told, [(free, "pending"), (held, "pending"), (kept, "refused")]);
            let words: Vec<_> = files.iter().map(|file| file.outcome.word()).collect();
            assert_eq!(words, ["pending", "refused", "pending"]);
            assert!(files[1].outcome.fault().unwrap().is_busy);
        });
        drop((holding, keeping));
        fs::remove_dir_all(&folder).unwrap();
    }

    /// Asks for the end while the last database is told.
    struct Late<'i>(&'i Interrupt);

    impl Observer for Late<'_> {
        fn phase_begins(&mut self, _: Phase, _: usize) {}

        fn file_done(&mut self, file: &File) {
            if matches!(file.outcome, Outcome::Done(_)) {
                assert!(self.0.ask());
            }
        }

        fn phase_ends(&mut self) {}

        fn confirm_rest(&mut self, _: &[File], _: &[usize], _: usize) -> bool {
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
            let migrators = migrators(set, &request);
            let task = Task::Up { to: None, dry_run: false };
            let (interrupt, migrators) = (&interrupt, &migrators);
            let rollout = Rollout { task, jobs: 1, canary: None, max_failures: 1, runner: None, interrupt, migrators };
            let found = FleetFiles { files: vec![file.clone()], ..FleetFiles::default() };
            rollout.run(found, &mut Late(interrupt))
        });
        assert!(rolled.worked && interrupt.is_asked() && !rolled.interrupted, "{rolled:?}");
        assert!(matches!(rolled.files[0].outcome, Outcome::Done(_)), "{rolled:?}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
