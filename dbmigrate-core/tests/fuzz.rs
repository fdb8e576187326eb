//! The bounded part of `cargo fuzz run` for `load_migration` and `read_layout`: what they once found, their seeds, and many
//! changes of both.

#[path = "../../fuzz/src/load_migration.rs"]
mod load_migration;
#[path = "../../fuzz/src/mutation.rs"]
mod mutation;
#[cfg(feature = "layouts")]
#[path = "../../fuzz/src/read_layout.rs"]
mod read_layout;

use std::path::Path;

#[test]
fn no_bytes_break_a_package() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let inputs = mutation::inputs(&[&fuzz.join("seeds/load_migration"), &fuzz.join("regressions/load_migration")]);
    mutation::each(&inputs, 1_500, load_migration::load_migration);
}

#[cfg(feature = "layouts")]
#[test]
fn no_bytes_break_the_folder_of_another_tool() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let inputs = mutation::inputs(&[&fuzz.join("seeds/read_layout"), &fuzz.join("regressions/read_layout")]);
    mutation::each(&inputs, 400, read_layout::read_layout);
}
