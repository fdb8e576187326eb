#![no_main]

#[path = "../src/read_layout.rs"]
mod read_layout;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| read_layout::read_layout(bytes));
