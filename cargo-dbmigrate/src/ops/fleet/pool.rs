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

/// Calls `work` for each thing on `jobs` threads, and `told` on this one as each is through. Once `work` says so, nothing
/// more is begun; what has begun is brought to its end.
pub(super) fn each<T: Sync, R: Send>(
    things: &[T],
    jobs: usize,
    work: impl Fn(&T) -> (R, ControlFlow<()>) + Sync,
    mut told: impl FnMut(usize, R),
) {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let one = || {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let thing = things.get(at).filter(|_| !stop.load(Ordering::Relaxed))?;
        let (result, flow) = work(thing);
        stop.fetch_or(flow.is_break(), Ordering::Relaxed);
        Some((at, result))
    };
    // Who is told may be slower than those who work: results must not pile up.
    let (sender, results) = mpsc::sync_channel(jobs);
    thread::scope(|scope| {
        let begun = (0..jobs.min(things.len())).take_while(|_| {
            let sender = sender.clone();
            let run = move || while one().is_some_and(|result| sender.send(result).is_ok()) {};
            // Fewer threads than wanted are enough.
            thread::Builder::new().spawn_scoped(scope, run).is_ok()
        });
        if begun.count() == 0 {
            while let Some((at, result)) = one() {
                told(at, result);
            }
        }
        drop(sender);
        results.into_iter().for_each(|(at, result)| told(at, result));
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
            |thing| (thing * 2, ControlFlow::Continue(())),
            |at, result| {
                assert_eq!(result, at * 2);
                seen[at] += 1;
            },
        );
        assert!(seen.iter().all(|count| *count == 1));
        let stop = |thing: &usize| if *thing == 7 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        for (jobs, most) in [(1, 8), (4, 11)] {
            let mut told = 0;
            each(&things, jobs, |thing| ((), stop(thing)), |_, ()| told += 1);
            assert!((8..=most).contains(&told), "{jobs}: {told}");
        }
        each(&[0; 0], 4, |_| ((), ControlFlow::Continue(())), |_, ()| panic!("there is none"));
    }

    #[test]
    fn there_is_one_thread_at_least_and_no_more_than_files_can_be_open() {
        assert!(jobs(None) >= 1);
        assert_eq!(jobs(Some(1)), 1);
        assert!(jobs(Some(usize::MAX)) < usize::MAX || limit().is_none());
    }
}
