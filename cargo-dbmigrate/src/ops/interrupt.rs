//! Ctrl-C while databases are worked on: what has begun is brought to its end, and nothing more is begun. A second one ends
//! the process, as the first does at any other time: SQLite rolls back what that leaves half done.

use std::process;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

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
pub(crate) struct Interrupt(Arc<AtomicU8>);

impl Interrupt {
    /// Listens from now on. Where that can't be done, Ctrl-C ends the process at any time.
    ///
    /// `cry` says to people what comes of it, whatever else is being said.
    pub(crate) fn listen(cry: fn(&str)) -> Self {
        // A process has one handler.
        static ONE: OnceLock<Interrupt> = OnceLock::new();
        ONE.get_or_init(|| Self::handler(cry)).clone()
    }

    fn handler(cry: fn(&str)) -> Self {
        let interrupt = Self::default();
        let theirs = interrupt.clone();
        let heard = move || {
            if theirs.ask() {
                return cry("note: interrupted: what has begun is brought to its end; once more ends it at once");
            }
            cry(match theirs.is_asked() {
                true => "error: interrupted at once: what is half done is rolled back by the next command that writes",
                false => "error: interrupted: nothing was being changed",
            });
            process::exit(ENDED);
        };
        let _ = ctrlc::set_handler(heard);
        interrupt
    }

    /// The same migrator, which begins no more migrations once the end was asked for. It is work from its first one on.
    pub(crate) fn heeded_by<'a>(&self, migrator: Migrator<'a, Rusqlite>) -> Migrator<'a, Rusqlite> {
        let interrupt = self.clone();
        migrator.before_each(move |_| match interrupt.is_asked() {
            true => Err("interrupted".into()),
            false => {
                interrupt.begin();
                Ok(())
            }
        })
    }

    /// Asks for the end of the work; no where there is none that could end, or that was asked for already.
    fn ask(&self) -> bool {
        self.0.compare_exchange(WORKING, ASKED, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Work begins.
    pub(crate) fn begin(&self) {
        let _ = self.0.compare_exchange(IDLE, WORKING, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Work is over. That its end was asked for stays known.
    pub(crate) fn end(&self) {
        let _ = self.0.compare_exchange(WORKING, IDLE, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether its end was asked for.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed) == ASKED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
