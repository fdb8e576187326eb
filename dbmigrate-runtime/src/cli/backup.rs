//! `backup`: keeps a copy of the database, and answers with its path.

use std::path::Path;

use super::failure::{DONE, Failure};
use super::output::Output;
use crate::{Backend, Migrator};

pub(super) fn backup<B: Backend>(
    migrator: &Migrator<'_, B>,
    connection: &mut B::Connection,
    to: Option<&Path>,
    output: &mut Output<'_>,
) -> Result<u8, Failure> {
    match to {
        Some(path) => {
            migrator.copy_to(connection, path)?;
            output.copy(path);
        }
        None => output.copy(&migrator.back_up(connection)?),
    }
    Ok(DONE)
}
