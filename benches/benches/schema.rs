//! Reading, comparing and planning: ten times as many tables are to take ten times as long. What SQLite alone takes for
//! the same statements stands beside it.

use dbmigrate_benches::{Change, TABLES, database, sql};
use dbmigrate_schema::{Decisions, Difference, Plan, ReadOptions, Schema, compare, plan};
use divan::Bencher;

fn main() {
    divan::main();
}

fn schema(tables: usize, change: impl Fn(usize) -> Change) -> Schema {
    Schema::from_sql(&sql(tables, change)).expect("SQLite takes the statements")
}

fn unchanged(_: usize) -> Change {
    Change::None
}

/// One table in the middle.
fn one(tables: usize, change: Change) -> impl Fn(usize) -> Change {
    move |at| if at == tables / 2 { change } else { Change::None }
}

#[divan::bench(args = TABLES)]
fn read(bencher: Bencher<'_, '_>, tables: usize) {
    let connection = database(&sql(tables, unchanged));
    bencher.bench_local(|| Schema::read(&connection, &ReadOptions::default()));
}

#[divan::bench(args = TABLES)]
fn from_sql(bencher: Bencher<'_, '_>, tables: usize) {
    let sql = sql(tables, unchanged);
    bencher.bench_local(|| Schema::from_sql(&sql));
}

#[divan::bench(args = TABLES)]
fn draw(bencher: Bencher<'_, '_>, tables: usize) {
    let schema = schema(tables, unchanged);
    bencher.bench_local(|| schema.to_svg());
}

/// What SQLite takes to make the schema.
#[divan::bench(args = TABLES)]
fn from_sql_in_sqlite(bencher: Bencher<'_, '_>, tables: usize) {
    let sql = sql(tables, unchanged);
    bencher.bench_local(|| database(&sql));
}

#[divan::bench(args = TABLES)]
fn compare_equal(bencher: Bencher<'_, '_>, tables: usize) {
    compared(bencher, &schema(tables, unchanged), &schema(tables, unchanged), 0);
}

#[divan::bench(args = TABLES)]
fn compare_rewritten(bencher: Bencher<'_, '_>, tables: usize) {
    // The same in other words: no object has the text that it had.
    let rewritten = sql(tables, unchanged).replace("CREATE", "create  ").replace("NOT NULL", "not null");
    let rewritten = Schema::from_sql(&rewritten).expect("SQLite takes the statements");
    compared(bencher, &schema(tables, unchanged), &rewritten, 0);
}

#[divan::bench(args = TABLES)]
fn compare_one_changed(bencher: Bencher<'_, '_>, tables: usize) {
    let to = schema(tables, one(tables, Change::Rebuild));
    compared(bencher, &schema(tables, unchanged), &to, 1);
}

#[divan::bench(args = TABLES)]
fn compare_all_changed(bencher: Bencher<'_, '_>, tables: usize) {
    compared(bencher, &schema(tables, unchanged), &schema(tables, |_| Change::Rebuild), tables);
}

fn compared(bencher: Bencher<'_, '_>, from: &Schema, to: &Schema, expect: usize) {
    let differences: Vec<Difference> = compare(from, to);
    assert_eq!(differences.len(), expect);
    bencher.bench_local(|| compare(from, to));
}

#[divan::bench(args = TABLES, sample_count = 10)]
fn plan_one_column(bencher: Bencher<'_, '_>, tables: usize) {
    planned(bencher, tables, &schema(tables, one(tables, Change::Column)));
}

#[divan::bench(args = TABLES, sample_count = 10)]
fn plan_one_rebuild(bencher: Bencher<'_, '_>, tables: usize) {
    planned(bencher, tables, &schema(tables, one(tables, Change::Rebuild)));
}

#[divan::bench(args = TABLES, sample_count = 3)]
fn plan_all_rebuilt(bencher: Bencher<'_, '_>, tables: usize) {
    planned(bencher, tables, &schema(tables, |_| Change::Rebuild));
}

/// What SQLite takes to make the schema and to run that plan.
#[divan::bench(args = TABLES, sample_count = 1)]
fn plan_all_rebuilt_in_sqlite(bencher: Bencher<'_, '_>, tables: usize) {
    let (from, to) = (schema(tables, unchanged), schema(tables, |_| Change::Rebuild));
    let plan = plan(&from, &to, &Decisions::default()).expect("there is nothing to decide");
    let sql = format!("{}{}", sql(tables, unchanged), plan.to_sql());
    bencher.bench_local(|| database(&sql));
}

fn planned(bencher: Bencher<'_, '_>, tables: usize, to: &Schema) {
    let from = schema(tables, unchanged);
    let found: Plan = plan(&from, to, &Decisions::default()).expect("there is nothing to decide");
    assert!(!found.is_empty());
    bencher.bench_local(|| plan(&from, to, &Decisions::default()));
}
