#![no_main]

#[path = "../src/read_schema.rs"]
mod read_schema;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| read_schema::read_schema(bytes));
