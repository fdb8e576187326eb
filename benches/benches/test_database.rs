//! A migrated database for each test: a copy of a template, beside running the migrations.

use std::path::PathBuf;

use dbmigrate_benches::runner::runner_set;
use dbmigrate_benches::set::set;
use dbmigrate_runtime::{Backend, Migrator, Testing};
use divan::Bencher;
use rusqlite::Connection;

/// The driver of `include_migrations!(mod migrations, backup)`.
mod backup {
    dbmigrate_runtime::rusqlite_driver!(::rusqlite, backup);
}

/// The driver of `include_migrations!(mod migrations)`.
mod plain {
    dbmigrate_runtime::rusqlite_driver!(::rusqlite);
}

/// How many migrations the measured sets have.
const MIGRATIONS: [usize; 3] = [10, 100, 1_000];

fn main() {
    divan::main();
}

/// What a program without a template does for each test.
#[divan::bench(args = MIGRATIONS, sample_count = 20, sample_size = 1)]
fn run(bencher: Bencher<'_, '_>, migrations: usize) {
    let set = runner_set(set(migrations));
    bencher.bench_local(|| {
        let mut connection = Connection::open_in_memory().expect("SQLite opens a database in memory");
        Migrator::<backup::Rusqlite>::new(set).up(&mut connection).expect("the set is sound");
        connection
    });
}

#[divan::bench(args = MIGRATIONS, sample_count = 100, sample_size = 1)]
fn database_with_backup(bencher: Bencher<'_, '_>, migrations: usize) {
    database::<backup::Rusqlite>(bencher, migrations);
}

#[divan::bench(args = MIGRATIONS, sample_count = 100, sample_size = 1)]
fn database_without(bencher: Bencher<'_, '_>, migrations: usize) {
    database::<plain::Rusqlite>(bencher, migrations);
}

#[divan::bench(args = MIGRATIONS, sample_count = 100, sample_size = 1)]
fn file(bencher: Bencher<'_, '_>, migrations: usize) {
    let testing = testing::<backup::Rusqlite>(migrations);
    let path = path("bench.db");
    // There is none before the first.
    let without = || drop(std::fs::remove_file(&path));
    let open = |()| first_query(testing.file(&path).expect("the set is sound"));
    bencher.with_inputs(without).bench_local_values(open);
    without();
}

fn database<B: Backend<Connection = Connection>>(bencher: Bencher<'_, '_>, migrations: usize) {
    let testing = testing::<B>(migrations);
    bencher.bench_local(|| first_query(testing.database().expect("the set is sound")));
}

fn testing<B: Backend<Connection = Connection>>(migrations: usize) -> Testing<'static, B> {
    let testing = Migrator::new(runner_set(set(migrations))).testing().fresh();
    // The template is made.
    testing.database().expect("the set is sound");
    testing.file(path("template.db")).expect("the set is sound");
    let _ = std::fs::remove_file(path("template.db"));
    testing
}

/// SQLite reads the schema only now.
fn first_query(connection: Connection) -> Connection {
    let count = connection.query_row("SELECT count(*) FROM users_0", [], |row| row.get::<_, i64>(0));
    assert!(count.expect("the table is there") > 0);
    connection
}

fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("dbmigrate-{}-{name}", std::process::id()))
}
