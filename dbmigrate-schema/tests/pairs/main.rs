//! Random pairs of schemas: what is planned from the one to the other leads there, and every row is kept.
//!
//! A bounded number by default; `DBMIGRATE_PAIRS=10000 cargo test -p dbmigrate-schema --test pairs` runs more, and proves
//! one in ten. A failure is made small and printed with its seed; `DBMIGRATE_SEED=7,11` tries these alone. Seeds are the
//! same for every run.

#![allow(clippy::unwrap_used)] // Helpers of tests.

mod cell;
mod coverage;
mod database;
mod die;
mod edit;
mod grow;
mod model;
mod proved;
mod prune;
#[path = "../rewritten/mod.rs"]
mod rewritten;
#[path = "../support/set.rs"]
mod set;
mod shrink;
mod snapshots;
mod sql;
mod step;

use coverage::Coverage;
use dbmigrate_schema::{Decisions, Schema, compare, plan};
use die::Die;
use edit::{Edit, edited, edits};
use model::Model;
use step::{Done, Side, step};

/// A pair: the first schema, what is changed, and what everything else is chosen by.
#[derive(Clone)]
struct Case {
    before: Model,
    edits: Vec<Edit>,
    seed: u64,
}

impl Case {
    fn new(seed: u64) -> Self {
        let mut die = Die::new(seed);
        Self { before: grow::model(&mut die), edits: edits(&mut die), seed }
    }

    fn models(&self) -> (Model, Model) {
        let after = if self.seed % 16 == 15 && self.edits.len() > 3 {
            edit::other(&self.before, grow::model(&mut Die::new(!self.seed)))
        } else {
            edited(&self.before, &self.edits)
        };
        (self.before.clone(), after)
    }
}

/// What came of a pair.
#[derive(Default)]
struct Came {
    /// Ways there and back that were planned, and those that were not.
    planned: usize,
    undecided: usize,
    /// Those that were planned and do something.
    changes: usize,
    rows: usize,
    /// How often rows had to be taken away before a plan was carried out.
    refused: usize,
}

impl Came {
    fn add(&mut self, done: &Done) {
        self.planned += 1;
        self.changes += usize::from(done.changes);
        self.rows += done.rows;
        self.refused += done.refused;
    }
}

/// There and back.
fn there_and_back(case: &Case, min_sqlite: (u32, u32)) -> Result<Came, String> {
    let (before, after) = case.models();
    let mut die = Die::new(case.seed ^ 0x5eed);
    let (from, to) = (Side::new(&before, &mut die)?, Side::new(&after, &mut die)?);
    is_the_same_otherwise(&before, &from, &mut die)?;
    let connection = database::new(&from.statements)?;
    database::put_rows(&connection, &before, &mut die)?;
    let mut came = Came::default();
    let Ok(done) = step(connection, (&from, &to), min_sqlite)? else {
        came.undecided += 1;
        return Ok(came);
    };
    came.add(&done);
    match step(done.connection, (&to, &from), min_sqlite).map_err(|why| format!("down: {why}"))? {
        Ok(done) => came.add(&done),
        Err(_) => came.undecided += 1,
    }
    Ok(came)
}

/// A schema written by somebody else is no other one.
fn is_the_same_otherwise(model: &Model, side: &Side<'_>, die: &mut Die) -> Result<(), String> {
    let statements = sql::sql(model, die).into_iter().map(|statement| match statement.starts_with("CREATE VIRTUAL") {
        // A module reads its arguments as it likes.
        true => statement,
        false => rewritten::rewritten(&statement, |sides| die.below(sides)),
    });
    let text = statements.collect::<Vec<_>>().join(";\n");
    let other = Schema::from_sql(&format!("{text};")).map_err(|error| format!("{}\n{text}", error.message))?;
    for (one, other) in [(&side.schema, &other), (&other, &side.schema)] {
        let differences = compare(one, other);
        let plan = plan(one, other, &Decisions::default());
        if !differences.is_empty() || plan.is_ok_and(|plan| !plan.is_empty()) {
            return Err(format!("written otherwise it differs: {differences:?}\n{text}"));
        }
    }
    Ok(())
}

fn asked_for() -> u64 {
    std::env::var("DBMIGRATE_PAIRS").map_or(0, |count| count.parse().expect("a number of pairs"))
}

/// The seeds to try; one in `often` where more are asked for.
fn seeds(by_default: u64, often: u64) -> Vec<u64> {
    match std::env::var("DBMIGRATE_SEED") {
        Ok(seeds) => seeds.split(',').map(|seed| seed.parse().expect("a seed")).collect(),
        Err(_) => (0..by_default.max(asked_for() / often)).collect(),
    }
}

fn run(min_sqlite: (u32, u32)) {
    let (mut all, mut coverage) = (Came::default(), Coverage::default());
    let mut failures = Vec::new();
    for seed in seeds(150, 1) {
        shrink::tell_of_a_thousand(seed);
        let case = Case::new(seed);
        match there_and_back(&case, min_sqlite) {
            Ok(came) => {
                all.planned += came.planned;
                all.undecided += came.undecided;
                all.changes += came.changes;
                all.rows += came.rows;
                all.refused += came.refused;
                coverage.count(&case);
            }
            Err(why) => {
                shrink::tell(seed, &why);
                failures.push((case, why));
            }
        }
    }
    shrink::panic_with(&failures, |case| there_and_back(case, min_sqlite).err());
    if std::env::var_os("DBMIGRATE_SEED").is_none() {
        let Came { planned, undecided, changes, rows, refused } = all;
        let told = format!("{planned} planned, {undecided} not, {changes} to do, {rows} rows, refused {refused} times");
        // A test that plans little, or on few rows, says little.
        assert!(planned >= 50 * undecided && 2 * changes > planned, "{told}");
        assert!(rows > 5 * planned && 2 * refused < planned, "{told}");
        coverage.is_whole();
    }
}

#[test]
fn case_39_pairs_under_the_rules_of_sqlite_3_35() {
    run((3, 35));
}

#[test]
fn case_39_pairs_under_todays_rules() {
    run((3, 53));
}

/// What a pair proves: the wrong plans that were refused, and those that were not.
fn proved(case: &Case) -> Result<(Vec<&'static str>, Vec<String>), String> {
    let models = case.models();
    let Some(pair) = proved::Pair::new(case, &models)? else { return Ok(Default::default()) };
    let proof = pair.holds()?;
    Ok(pair.wrong_ones_fail(&proof, &mut Die::new(case.seed)))
}

#[test]
fn case_39_what_is_planned_is_proved_and_what_is_wrong_is_not() {
    let (mut failures, mut refused, mut unseen) = (Vec::new(), std::collections::BTreeMap::new(), Vec::new());
    for seed in seeds(60, 10) {
        shrink::tell_of_a_thousand(seed);
        let case = Case::new(seed);
        match proved(&case) {
            Ok((wrong, proved)) => {
                wrong.into_iter().for_each(|what| *refused.entry(what).or_insert(0) += 1);
                unseen.extend(proved.into_iter().map(|what| format!("seed {seed}: {what}")));
            }
            Err(why) => {
                shrink::tell(seed, &why);
                failures.push((case, why));
            }
        }
    }
    shrink::panic_with(&failures, |case| proved(case).err());
    // Where keys leave only rows in which two columns are alike, nobody sees that they are swapped.
    let all: usize = refused.values().sum();
    assert!(200 * unseen.len() <= all, "{}", unseen.join("\n"));
    assert!(std::env::var_os("DBMIGRATE_SEED").is_some() || refused.len() == 7, "{refused:?}");
}

#[test]
fn snapshots_of_random_histories_are_what_the_migrations_lead_to() {
    let (mut failures, mut taken, mut rows) = (Vec::new(), 0, 0);
    let mut refused = std::collections::BTreeMap::new();
    for seed in seeds(100, 10) {
        shrink::tell_of_a_thousand(seed);
        let case = Case::new(seed);
        match snapshots::came(&case) {
            Ok(snapshots::Came::Snapshot(count)) => (taken, rows) = (taken + 1, rows + count),
            Ok(snapshots::Came::Refused(why)) => *refused.entry(why).or_insert(0) += 1,
            Err(why) => {
                shrink::tell(seed, &why);
                failures.push((case, why));
            }
        }
    }
    shrink::panic_with(&failures, |case| snapshots::came(case).err());
    if std::env::var_os("DBMIGRATE_SEED").is_none() {
        // A test that takes few, or of few rows, says little.
        assert!(2 * taken > refused.values().sum::<usize>() && rows > 2 * taken, "{taken}, {rows} rows, {refused:?}");
    }
}
