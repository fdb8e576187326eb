//! A fresh database file: all migrations in one batch, by the runner, and from a snapshot.

use std::path::PathBuf;

use dbmigrate_benches::runner::runner_set;
use dbmigrate_benches::set::with_snapshot;
use dbmigrate_core::{Body, MigrationSet};
use dbmigrate_runtime::{Migrator, Set};
use divan::Bencher;
use rusqlite::Connection;

mod driver {
    dbmigrate_runtime::rusqlite_driver!(::rusqlite, backup);
}

/// How many migrations the measured sets have.
const MIGRATIONS: [usize; 3] = [10, 100, 1_000];

fn main() {
    divan::main();
}

/// The floor: one `execute_batch` of all files in one transaction, without a history.
#[divan::bench(args = MIGRATIONS, sample_count = 10, sample_size = 1)]
fn batch(bencher: Bencher<'_, '_>, migrations: usize) {
    let [set, _] = with_snapshot(migrations);
    let all = format!("BEGIN; {} COMMIT", set.migrations.iter().map(up).collect::<String>());
    file(bencher, |connection| connection.execute_batch(&all).expect("SQLite takes the statements"));
}

/// What the runner does without a snapshot, history included.
#[divan::bench(args = MIGRATIONS, sample_count = 10, sample_size = 1)]
fn one_by_one(bencher: Bencher<'_, '_>, migrations: usize) {
    let [set, _] = with_snapshot(migrations);
    runner(bencher, set);
}

/// What it does with one, history included.
#[divan::bench(args = MIGRATIONS, sample_count = 20, sample_size = 1)]
fn from_snapshot(bencher: Bencher<'_, '_>, migrations: usize) {
    let [_, set] = with_snapshot(migrations);
    runner(bencher, set);
}

/// The statements of the snapshot alone, without a history.
#[divan::bench(args = MIGRATIONS, sample_count = 20, sample_size = 1)]
fn snapshot_alone(bencher: Bencher<'_, '_>, migrations: usize) {
    let [_, set] = with_snapshot(migrations);
    let text = set.snapshot.map(|snapshot| snapshot.script.source.text().to_owned()).expect("it has one");
    let all = format!("PRAGMA foreign_keys = OFF; BEGIN; {text} COMMIT");
    file(bencher, |connection| connection.execute_batch(&all).expect("SQLite takes the statements"));
}

fn runner(bencher: Bencher<'_, '_>, set: MigrationSet) {
    let starts = set.snapshot.is_some();
    let set: &'static Set<'static> = runner_set(set);
    file(bencher, |connection| {
        let report = Migrator::<driver::Rusqlite>::new(set).up(connection).expect("the set is sound");
        assert_eq!((report.applied.len(), report.snapshot.is_some()), (set.migrations.len(), starts));
    });
}

/// A new file for each round, opened before.
fn file(bencher: Bencher<'_, '_>, work: impl Fn(&mut Connection)) {
    let path = path();
    let open = || {
        let _ = std::fs::remove_file(&path);
        Connection::open(&path).expect("SQLite opens a file")
    };
    bencher.with_inputs(open).bench_local_refs(|connection| work(connection));
    let _ = std::fs::remove_file(&path);
}

fn path() -> PathBuf {
    std::env::temp_dir().join(format!("dbmigrate-{}-snapshot.db", std::process::id()))
}

fn up(migration: &dbmigrate_core::SourceMigration) -> &str {
    let Body::Sql { up, .. } = &migration.body else { panic!("`{}` is no SQL", migration.name()) };
    up.source.slice(up.section)
}
