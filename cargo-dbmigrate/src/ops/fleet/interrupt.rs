//! Ctrl-C while a fleet is worked on: what has begun is brought to its end, and nothing more is begun. A second one ends
//! the process, as the first does at any other time: SQLite rolls back what that leaves half done.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

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
    /// Listens from now on. Where that can't be done, Ctrl-C ends the process at any time; where the process was begun
    /// not to hear it, as a shell does in the background, that stays so.
    pub(crate) fn listen() -> Self {
        let interrupt = Self::default();
        let theirs = interrupt.clone();
        let heard = move || {
            if !theirs.ask() {
                process::exit(ENDED);
            }
        };
        let _ = ctrlc::try_set_handler(heard);
        interrupt
    }

    /// Asks for the end of the work; no where there is none that could end, or that was asked for already.
    pub(super) fn ask(&self) -> bool {
        self.0.compare_exchange(WORKING, ASKED, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Work begins.
    pub(super) fn begin(&self) {
        let _ = self.0.compare_exchange(IDLE, WORKING, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Work is over. That its end was asked for stays known.
    pub(super) fn end(&self) {
        let _ = self.0.compare_exchange(WORKING, IDLE, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether its end was asked for.
    pub(super) fn is_asked(&self) -> bool {
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
