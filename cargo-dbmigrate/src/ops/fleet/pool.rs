//! Some threads that share the work on many things, and one that is told of each.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// How many files one thread has open at most: the database, its log or journal, its index, a copy of it with as many,
/// the lock of a step, and the pipes of a process.
const FILES_EACH: u64 = 12;

/// The files that the process needs besides.
const FILES_BESIDE: u64 = 16;

/// How many threads work, by what was asked for: as many as the machine has cores, and no more than the system lets
/// this process open files for.
pub(crate) fn jobs(asked: Option<usize>) -> usize {
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    let most = limit().map_or(u64::MAX, |limit| limit.saturating_sub(FILES_BESIDE) / FILES_EACH);
    asked.unwrap_or_else(cores).min(usize::try_from(most).unwrap_or(usize::MAX)).max(1)
}

/// How many files the process may have open.
#[cfg(unix)]
fn limit() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

#[cfg(not(unix))]
fn limit() -> Option<u64> {
    None
}

/// Calls `work` for each thing on `jobs` threads, and `told` on this one as each is through. Once `told` says so, nothing
/// more is begun; what has begun is brought to its end.
pub(super) fn each<T: Sync, R: Send>(
    things: &[T],
    jobs: usize,
    work: impl Fn(&T) -> R + Sync,
    mut told: impl FnMut(usize, R) -> ControlFlow<()>,
) {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    // Who is told may be slower than those who work: results must not pile up.
    let (sender, results) = mpsc::sync_channel(jobs);
    let run = |sender: mpsc::SyncSender<(usize, R)>| {
        while !stop.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(thing) = things.get(at) else { break };
            if sender.send((at, work(thing))).is_err() {
                break;
            }
        }
    };
    thread::scope(|scope| {
        let begun = (0..jobs.min(things.len())).take_while(|_| {
            let sender = sender.clone();
            // Fewer threads than wanted are enough.
            thread::Builder::new().spawn_scoped(scope, || run(sender)).is_ok()
        });
        if begun.count() == 0 {
            let mut own = things.iter().enumerate();
            let _ = own.try_for_each(|(at, thing)| told(at, work(thing)));
        }
        drop(sender);
        for (at, result) in results {
            if told(at, result).is_break() {
                stop.store(true, Ordering::Relaxed);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_done_once_and_none_is_begun_after_the_stop() {
        let things: Vec<usize> = (0..500).collect();
        let mut seen = vec![0; things.len()];
        each(
            &things,
            4,
            |thing| thing * 2,
            |at, result| {
                assert_eq!(result, at * 2);
                seen[at] += 1;
                ControlFlow::Continue(())
            },
        );
        assert!(seen.iter().all(|count| *count == 1));
        let mut told = 0;
        each(
            &things,
            2,
            |_| (),
            |_, ()| {
                told += 1;
                ControlFlow::Break(())
            },
        );
        // Those that were under way, and those that waited in the channel.
        assert!((1..=6).contains(&told), "{told}");
        each(&[0; 0], 4, |_| (), |_, ()| ControlFlow::Continue(()));
    }

    #[test]
    fn there_is_one_thread_at_least_and_no_more_than_files_can_be_open() {
        assert!(jobs(None) >= 1);
        assert_eq!(jobs(Some(1)), 1);
        assert!(jobs(Some(usize::MAX)) < usize::MAX || limit().is_none());
    }
}
