//! Replaying and linting a set: what SQLite alone takes for the same statements stands beside it.

use std::collections::BTreeSet;

use dbmigrate_benches::set::{one_file, run, set};
use dbmigrate_core::MigrationSet;
use dbmigrate_schema::lint::{Options, lint};
use dbmigrate_schema::replay;
use divan::Bencher;

/// How many migrations the measured sets have.
const MIGRATIONS: [usize; 4] = [100, 300, 1_000, 2_000];

/// How many statements the file has that holds all of them.
const STATEMENTS: [usize; 2] = [300, 1_000];

/// How many of the newest migrations no database has.
const NEW: u64 = 10;

fn main() {
    divan::main();
}

#[divan::bench(args = MIGRATIONS, sample_count = 3, sample_size = 1)]
fn in_sqlite(bencher: Bencher<'_, '_>, migrations: usize) {
    let set = set(migrations);
    bencher.bench_local(|| run(&set));
}

#[divan::bench(args = MIGRATIONS, sample_count = 3, sample_size = 1)]
fn replayed(bencher: Bencher<'_, '_>, migrations: usize) {
    let set = set(migrations);
    assert_eq!(replay(&set, None).ups, migrations);
    bencher.bench_local(|| replay(&set, None));
}

#[divan::bench(args = MIGRATIONS, sample_count = 3, sample_size = 1)]
fn linted_newest(bencher: Bencher<'_, '_>, migrations: usize) {
    let old: BTreeSet<u64> = (1..=migrations as u64 - NEW).collect();
    linted(bencher, &set(migrations), Some(&old));
}

#[divan::bench(args = MIGRATIONS, sample_count = 3, sample_size = 1)]
fn linted_all(bencher: Bencher<'_, '_>, migrations: usize) {
    linted(bencher, &set(migrations), None);
}

#[divan::bench(args = STATEMENTS, sample_count = 3, sample_size = 1)]
fn one_file_in_sqlite(bencher: Bencher<'_, '_>, statements: usize) {
    let set = one_file(statements);
    bencher.bench_local(|| run(&set));
}

#[divan::bench(args = STATEMENTS, sample_count = 3, sample_size = 1)]
fn one_file_linted(bencher: Bencher<'_, '_>, statements: usize) {
    linted(bencher, &one_file(statements), None);
}

fn linted(bencher: Bencher<'_, '_>, set: &MigrationSet, old: Option<&BTreeSet<u64>>) {
    let options = Options { old, ..Options::default() };
    let (replay, _) = lint(set, None, &options);
    assert_eq!(replay.diagnostics, []);
    bencher.bench_local(|| lint(set, None, &options));
}
