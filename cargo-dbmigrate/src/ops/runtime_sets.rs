//! Several sets of one package as the runner's plain data.

use dbmigrate_core::MigrationSet;
use dbmigrate_runtime as runtime;

use crate::ops::runtime_set::with_set;

/// Calls `work` with the runner's view of all sets, in their order.
pub(crate) fn with_sets<R>(sets: &[MigrationSet], work: impl FnOnce(&[runtime::Set<'_>]) -> R) -> Option<R> {
    fn add(sets: &[MigrationSet], made: &[runtime::Set<'_>], work: &mut dyn FnMut(&[runtime::Set<'_>])) {
        match sets.split_first() {
            None => work(made),
            Some((first, rest)) => with_set(first, |set| {
                let all: Vec<runtime::Set<'_>> = made.iter().chain([set]).copied().collect();
                add(rest, &all, work);
            }),
        }
    }
    let (mut work, mut result) = (Some(work), None);
    add(sets, &[], &mut |all| result = work.take().map(|work| work(all)));
    result
}
