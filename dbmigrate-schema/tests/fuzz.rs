//! The bounded part of `cargo fuzz run read_schema`: what it once found, its seeds, and many changes of both.

#[path = "../../fuzz/src/mutation.rs"]
mod mutation;
#[path = "../../fuzz/src/read_schema.rs"]
mod read_schema;

use std::path::Path;

#[test]
fn no_bytes_break_a_schema() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let mut inputs = mutation::inputs(&[&fuzz.join("seeds/read_schema"), &fuzz.join("regressions/read_schema")]);
    inputs.push(include_bytes!("everything.sql").to_vec());
    mutation::each(&inputs, 600, read_schema::read_schema);
}
