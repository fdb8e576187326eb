//! Ctrl-C while databases are worked on: what has begun is brought to its end, and nothing more is begun. A second one ends
//! the process, as the first does at any other time: SQLite rolls back what that leaves half done.

use std::io::{self, Read};
use std::process::{self, Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use dbmigrate_runtime::Migrator;

use crate::ops::driver::Rusqlite;

/// The exit code of a process that Ctrl-C has ended, as shells say it.
const ENDED: i32 = 130;

/// Nothing is worked on.
const IDLE: u8 = 0;
/// Databases are worked on.
const WORKING: u8 = 1;
/// They are, and somebody wants it to end.
const ASKED: u8 = 2;

/// Whether somebody wants the work to end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt(Arc<State>);

#[derive(Debug, Default)]
struct State {
    work: AtomicU8,
    /// The processes that work. Ctrl-C does not reach them.
    children: Mutex<Vec<Arc<Mutex<Child>>>>,
}

impl Interrupt {
    /// Listens from now on. Where that can't be done, Ctrl-C ends the process at any time; where the process was begun
    /// not to hear it, as a shell does in the background, that stays so.
    ///
    /// `announce` says to people what comes of it, whatever else is being said.
    pub(crate) fn listen(announce: fn(&str)) -> Self {
        // A process has one handler.
        static ONE: OnceLock<Interrupt> = OnceLock::new();
        ONE.get_or_init(|| Self::handler(announce)).clone()
    }

    fn handler(announce: fn(&str)) -> Self {
        let interrupt = Self::default();
        let theirs = interrupt.clone();
        let heard = move || {
            if !theirs.hear() {
                return announce("note: interrupted: finishing what has begun; interrupt again to stop at once");
            }
            announce(if theirs.is_asked() {
                "error: interrupted at once: the next command that writes rolls back what is half done"
            } else {
                "error: interrupted: nothing was being changed"
            });
            process::exit(ENDED);
        };
        let _ = ctrlc::try_set_handler(heard);
        interrupt
    }

    /// The same migrator, which begins no more migrations once the end was asked for. It is work from its first one on.
    pub(crate) fn heeded_by<'a>(&self, migrator: Migrator<'a, Rusqlite>) -> Migrator<'a, Rusqlite> {
        let interrupt = self.clone();
        migrator.before_each(move |_| {
            if interrupt.is_asked() {
                Err("interrupted".into())
            } else {
                interrupt.begin();
                Ok(())
            }
        })
    }

    /// Whether this process is to end, as those that worked for it have.
    fn hear(&self) -> bool {
        if self.ask() {
            return false;
        }
        // Where one can't be had, it is at its end.
        for mut child in locked(&self.0.children).iter().filter_map(|child| child.try_lock().ok()) {
            let _ = child.kill();
        }
        true
    }

    /// Runs a process to its end, as [`Command::output`] does, but for a second Ctrl-C.
    pub(crate) fn output(&self, command: &mut Command) -> io::Result<Output> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let child = Arc::new(Mutex::new(child));
        locked(&self.0.children).push(Arc::clone(&child));
        let said = thread::scope(|scope| {
            let errors = thread::Builder::new().spawn_scoped(scope, || all(stderr));
            let stdout = errors.is_ok().then(|| all(stdout));
            errors.map(|errors| (stdout.unwrap_or_default(), errors.join().unwrap_or_default()))
        });
        let mut ending = locked(&child);
        if said.is_err() {
            let _ = ending.kill();
        }
        let status = ending.wait();
        locked(&self.0.children).retain(|it| !Arc::ptr_eq(it, &child));
        let (stdout, stderr) = said?;
        Ok(Output { status: status?, stdout, stderr })
    }

    /// Asks for the end of the work; no where there is none that could end, or that was asked for already.
    pub(crate) fn ask(&self) -> bool {
        self.0.work.compare_exchange(WORKING, ASKED, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Work begins.
    pub(crate) fn begin(&self) {
        let _ = self.0.work.compare_exchange(IDLE, WORKING, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Work is over. That its end was asked for stays known.
    pub(crate) fn end(&self) {
        let _ = self.0.work.compare_exchange(WORKING, IDLE, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether its end was asked for.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.work.load(Ordering::Relaxed) == ASKED
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All that comes out of a pipe.
fn all(pipe: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        let _ = pipe.read_to_end(&mut bytes);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_second_one_ends_the_processes_as_well() {
        let interrupt = Interrupt::default();
        interrupt.begin();
        let begun = || locked(&interrupt.0.children).len();
        let output = thread::scope(|scope| {
            let work = scope.spawn(|| interrupt.output(Command::new("sleep").arg("60")));
            while begun() == 0 && !work.is_finished() {
                thread::yield_now();
            }
            assert!(!interrupt.hear());
            assert_eq!(begun(), 1);
            assert!(interrupt.hear());
            work.join().unwrap().unwrap()
        });
        assert!(!output.status.success(), "{output:?}");
        assert_eq!(begun(), 0);
    }

    #[test]
    fn only_work_can_be_asked_to_end_and_once() {
        let interrupt = Interrupt::default();
        assert!(!interrupt.ask());
        interrupt.begin();
        interrupt.end();
        assert!(!interrupt.ask() && !interrupt.is_asked());
        interrupt.begin();
        assert!(interrupt.ask() && interrupt.is_asked());
        interrupt.end();
        interrupt.begin();
        assert!(interrupt.is_asked() && !interrupt.ask());
    }
}
