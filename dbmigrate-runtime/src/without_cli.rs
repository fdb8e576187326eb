//! What `cli()` says where its feature is off: that no method has this name would lead nobody to it.

use std::process::ExitCode;

use crate::driver::Backend;
use crate::migrator::Migrator;

/// Nothing has it.
#[diagnostic::on_unimplemented(
    message = "`cli()` of a migrator needs the feature `cli` of `dbmigrate-runtime`",
    label = "that feature is off",
    note = "`cargo dbmigrate init --runner` adds a binary that has it, behind a feature of its own"
)]
pub trait CliIsOn {}

impl<B: Backend> Migrator<'_, B> {
    #[doc(hidden)]
    #[must_use]
    pub fn cli(self) -> ExitCode
    where
        Self: CliIsOn,
    {
        unreachable!("nothing has the trait")
    }
}
