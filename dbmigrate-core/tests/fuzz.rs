//! The bounded part of `cargo fuzz run load_migration`: what it once found, its seeds, and many changes of
//! both.

#[path = "../../fuzz/src/load_migration.rs"]
mod load_migration;
#[path = "../../fuzz/src/mutation.rs"]
mod mutation;

use std::path::Path;

#[test]
fn no_bytes_break_a_package() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let inputs = mutation::inputs(&[&fuzz.join("seeds/load_migration"), &fuzz.join("regressions/load_migration")]);
    mutation::each(&inputs, 1_500, load_migration::load_migration);
}
