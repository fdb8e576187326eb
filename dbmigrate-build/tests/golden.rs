//! The generated text, frozen: what a user's compiler gets to see.
//!
//! After a change on purpose, copy the text from the failure: a snapshot library would be more to build than the crate.

#![allow(clippy::unwrap_used)] // Helpers of tests.

use std::path::Path;

use dbmigrate_build::Builder;

#[test]
fn the_module_of_a_set_with_everything_in_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let module = Builder::new().root(&folder).plan().unwrap().module().to_owned();
    // As the folder stands in a literal, whatever parts folders there.
    let root = format!("{folder:?}");
    let module =
        module.replace(root.trim_matches('"'), "[ROOT]").replace("[ROOT]\\\\migrations\\\\", "[ROOT]/migrations/");
    let expected = std::fs::read_to_string(folder.join("expected.rs")).unwrap();
    assert!(module == expected, "the generated module is not `tests/golden/expected.rs` any more:\n{module}");
}
