//! A failing pair made small.

use std::cell::Cell;
use std::io::Write as _;

use crate::Case;
use crate::die::Die;
use crate::model::Model;
use crate::prune::prune;
use crate::sql::sql;

/// Tells of all failures, the first of them made small.
pub(crate) fn panic_with(failures: &[(Case, String)], fails: impl Fn(&Case) -> Option<String>) {
    const SMALL: usize = 3;
    let small = failures.iter().take(SMALL).map(|(case, why)| told(case, why.clone(), &fails));
    let rest = failures
        .iter()
        .skip(SMALL)
        .map(|(case, why)| format!("seed {}: {}", case.seed, why.lines().next().unwrap_or_default()));
    let told: Vec<_> = small.chain(rest).collect();
    assert!(told.is_empty(), "{} failures\n{}", failures.len(), told.join("\n"));
}

/// Tells of a failure when it happens: a long run ends late. A test's own output is held back, so this is not in it.
pub(crate) fn tell(seed: u64, why: &str) {
    let _ = writeln!(std::io::stderr(), "seed {seed} fails: {}", why.lines().next().unwrap_or_default());
}

/// Tells how far a long run is, so that one that hangs is seen.
pub(crate) fn tell_of_a_thousand(seed: u64) {
    if seed > 0 && seed.is_multiple_of(1000) {
        let _ = writeln!(std::io::stderr(), "at seed {seed}");
    }
}

/// The smallest pair that can be found that still fails, as text.
fn told(case: &Case, why: String, fails: impl Fn(&Case) -> Option<String>) -> String {
    /// How many smaller ones are tried: small enough is better than never told.
    const TRIES: usize = 400;
    let (mut case, mut why) = (case.clone(), why);
    let tries = Cell::new(0);
    let fails = |case: &Case| {
        tries.set(tries.get() + 1);
        // A pair that is no pair any more is no smaller one.
        if tries.get() > TRIES { None } else { fails(case).filter(|why| !why.starts_with("no schema")) }
    };
    while let Some((smaller, again)) = smaller(&case).into_iter().find_map(|it| fails(&it).map(|why| (it, why))) {
        (case, why) = (smaller, again);
    }
    let (before, after) = case.models();
    let mut die = Die::new(case.seed ^ 0x5eed);
    let before = sql(&before, &mut die).join(";\n");
    let after = sql(&after, &mut die).join(";\n");
    format!("seed {}: {why}\n--- from:\n{before};\n--- to:\n{after};\n", case.seed)
}

/// Pairs with one thing less.
fn smaller(case: &Case) -> Vec<Case> {
    let mut found = Vec::new();
    for at in 0..case.edits.len() {
        let mut less = case.clone();
        less.edits.remove(at);
        found.push(less);
    }
    for model in less(&case.before) {
        found.push(Case { before: model, ..case.clone() });
    }
    found
}

fn less(model: &Model) -> Vec<Model> {
    let mut found = Vec::new();
    let mut attempt = |change: &dyn Fn(&mut Model)| {
        let mut model = model.clone();
        change(&mut model);
        prune(&mut model);
        found.push(model);
    };
    (0..model.tables.len()).for_each(|at| attempt(&|model| drop(model.tables.remove(at))));
    (0..model.searches.len()).for_each(|at| attempt(&|model| drop(model.searches.remove(at))));
    (0..model.triggers.len()).for_each(|at| attempt(&|model| drop(model.triggers.remove(at))));
    (0..model.views.len()).for_each(|at| attempt(&|model| drop(model.views.remove(at))));
    (0..model.indexes.len()).for_each(|at| attempt(&|model| drop(model.indexes.remove(at))));
    (0..model.others.len()).for_each(|at| attempt(&|model| _ = model.others.remove(at)));
    for (at, table) in model.tables.iter().enumerate() {
        (0..table.columns.len()).for_each(|own| attempt(&|model| drop(model.tables[at].columns.remove(own))));
        (0..table.checks.len()).for_each(|own| attempt(&|model| drop(model.tables[at].checks.remove(own))));
        (0..table.uniques.len()).for_each(|own| attempt(&|model| drop(model.tables[at].uniques.remove(own))));
        (0..table.references.len()).for_each(|own| attempt(&|model| drop(model.tables[at].references.remove(own))));
        if table.key.is_some() {
            attempt(&|model| model.tables[at].key = None);
        }
    }
    // What is as small as before is none.
    found.retain(|smaller| size(smaller) < size(model));
    found
}

fn size(model: &Model) -> usize {
    format!("{model:?}").len()
}
