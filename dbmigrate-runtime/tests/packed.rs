//! A set that the build has packed: it is unpacked when something is to be done, and refused where it is not what the
//! build wrote. That all of it arrives is tested where the build can be run.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use dbmigrate_runtime::__private::{PackedData, PackedSet};
use dbmigrate_runtime::{Migrator, NoBackend, Parts, Rules, Together};
use support::fault::{Fault, FaultyDriver};
use support::*;

fn files() -> Vec<File> {
    vec![file("001_a", &["CREATE TABLE a (x)"]), file("002_b", &["CREATE TABLE b (x)"])]
}

/// What nobody has written, beside what a start asks for.
fn damaged(name: &'static str, chain: &'static str) -> &'static PackedSet {
    Box::leak(Box::new(PackedSet::new(PackedData {
        name,
        table: "_migrations",
        chain,
        migrations: 2,
        repeatables: 0,
        rules: Rules::DEFAULT,
        parts: Parts::NONE,
        snapshot: None,
        adoption: None,
        texts: "001_a",
        data: &[1, 0, 0],
        seal: 1,
    })))
}

#[test]
fn a_start_with_nothing_pending_unpacks_nothing() {
    let mut db = memory();
    runner(files()).up(&mut db).unwrap();
    let packed = damaged("", set(files()).migrations[1].chain);
    let migrator: Migrator<'_, NoBackend> = Migrator::packed(packed);
    let mut driver = FaultyDriver::new(&mut db, Fault::None, 0);
    assert!(migrator.up_with(&mut driver).unwrap().is_empty());
    assert_eq!(driver.calls.len(), 1);
    let together = Together::new().add::<driver::Rusqlite>(Migrator::packed(packed));
    assert!(together.up(&mut db).unwrap().is_empty());
}

#[test]
fn what_no_build_has_written_is_an_error_and_nothing_is_done() {
    let mut db = memory();
    runner(files()).up(&mut db).unwrap();
    let before = dump(&db);
    let migrator: Runner = Migrator::packed(damaged("", "v1:other"));
    assert_eq!(migrator.name(), "");
    for error in [
        migrator.set().map(drop).unwrap_err(),
        migrator.up(&mut db).map(drop).unwrap_err(),
        migrator.up_to(&mut db, 1_u64).map(drop).unwrap_err(),
        migrator.down(&mut db).map(drop).unwrap_err(),
        migrator.status(&mut db).map(drop).unwrap_err(),
        runner(files()).beside(&migrator).reset(&mut db).map(drop).unwrap_err(),
        Together::new().add(migrator).up(&mut db).map(drop).unwrap_err(),
    ] {
        assert!(error.is_set() && error.to_string().contains("not those that its build script wrote"), "{error}");
    }
    assert_eq!(dump(&db), before);
}
