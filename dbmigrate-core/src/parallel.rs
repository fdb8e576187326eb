//! Does the same work on many items, on as many threads as there are cores. The results have the order of the items.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread::{Builder, available_parallelism, scope};

/// Fewer than these are done sooner than a thread begins.
const FEW: usize = 64;

/// More threads than these wait for each other's memory.
const MOST: usize = 8;

/// Does it to each item.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = available_parallelism().map_or(1, NonZero::get).min(MOST);
    let each = items.len().div_ceil(cores).max(FEW);
    let work = &work;
    scope(|threads| {
        let mut chunks = items.chunks(each);
        let own = chunks.next().unwrap_or_default();
        let others: Vec<_> = chunks
            .map(|chunk| {
                (chunk, Builder::new().spawn_scoped(threads, move || chunk.iter().map(work).collect::<Vec<_>>()))
            })
            .collect();
        let mut done: Vec<R> = own.iter().map(work).collect();
        for (chunk, thread) in others {
            match thread.map(|thread| thread.join()) {
                Ok(Ok(part)) => done.extend(part),
                Ok(Err(panic)) => resume_unwind(panic),
                // Where no thread can be had, it is done here.
                Err(_) => done.extend(chunk.iter().map(work)),
            }
        }
        done
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_out_has_the_order_of_what_went_in() {
        for many in [0, 1, FEW, FEW + 1, 10 * FEW + 7] {
            let items: Vec<usize> = (0..many).collect();
            assert_eq!(map(&items, |item| item * 2), items.iter().map(|item| item * 2).collect::<Vec<_>>());
        }
    }
}
