#![no_main]

#[path = "../src/load_migration.rs"]
mod load_migration;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| load_migration::load_migration(bytes));
