//! What `testing()` says where its feature is off: that no method has this name would lead nobody to it.

use crate::driver::Backend;
use crate::migrator::Migrator;

/// Nothing has it.
#[diagnostic::on_unimplemented(
    message = "`testing()` of a migrator needs the feature `testing` of `dbmigrate-runtime`",
    label = "that feature is off",
    note = "turn it on for tests: `cargo add --dev dbmigrate-runtime --features testing`"
)]
pub trait TestingIsOn {}

impl<B: Backend> Migrator<'_, B> {
    #[doc(hidden)]
    #[must_use]
    pub fn testing<T>(self) -> T
    where
        Self: TestingIsOn,
    {
        unreachable!("nothing has the trait")
    }
}
