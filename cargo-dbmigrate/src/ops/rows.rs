//! A database of the user's that the linter may ask, and what it has of a set. Only read.

use std::path::{Path, PathBuf};

use dbmigrate_core::MigrationSet;
use dbmigrate_runtime::Migrator;
use dbmigrate_runtime::cli::database_path;
use dbmigrate_schema::lint::Rows;
use rusqlite::Connection;

use crate::error::CliError;
use crate::ops::driver::Rusqlite;
use crate::ops::runtime_set;
use crate::ops::schema::{SchemaAccess, connect};

/// A database file that is open for reading.
#[derive(Debug)]
pub(crate) struct Database {
    connection: Connection,
    applied: Vec<u64>,
    /// What is worth knowing of how it was opened.
    pub(crate) note: Option<&'static str>,
}

impl Database {
    /// Opens it and reads its history.
    pub(crate) fn open(path: &Path, set: &MigrationSet) -> Result<Self, CliError> {
        let path: PathBuf =
            database_path(path.as_os_str()).map_err(|why| CliError::usage(format!("`--database`: {why}")))?;
        let access = SchemaAccess::default();
        let mut connection = connect(&path, &access)?;
        let status = runtime_set::with_set(set, |set| Migrator::<Rusqlite>::new(set).status(&mut connection))?;
        let applied = status.entries.iter().filter(|entry| entry.state.is_applied()).map(|entry| entry.number);
        let applied = applied.collect();
        Ok(Self { connection, applied, note: access.note() })
    }

    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows::new(&self.connection, self.applied.clone())
    }
}
