//! The database that `adopt` looks at: the one that was named or, where it is there, that of the package. Only read.

use std::path::PathBuf;

use dbmigrate_core::MigrationSet;
use dbmigrate_runtime::{Error, Migrator};
use rusqlite::Connection;

use super::Plan;
use crate::cli::DatabaseArgs;
use crate::error::CliError;
use crate::ops::driver::Rusqlite;
use crate::ops::project::Project;
use crate::ops::schema::{SchemaAccess, connect};
use crate::ops::{database, runtime_set};

/// A database, and where it lies.
#[derive(Debug)]
pub(crate) struct OpenedDatabase {
    pub(crate) path: PathBuf,
    pub(crate) connection: Connection,
    /// What is worth knowing of how it was opened.
    pub(crate) note: Option<&'static str>,
}

impl OpenedDatabase {
    /// Opens it; none where no database was named and the package has none yet.
    pub(crate) fn open(args: &DatabaseArgs, project: &Project) -> Result<Option<Self>, CliError> {
        let access = SchemaAccess::new(args, None);
        let found = database::resolve(args.database.as_deref(), std::slice::from_ref(project));
        let path = match found {
            Ok(found) if args.database.is_some() || found.path.is_file() => found.path,
            Err(error) if args.database.is_some() => return Err(error),
            _ => return Ok(None),
        };
        let connection = connect(&path, &access)?;
        Ok(Some(Self { path, connection, note: access.note() }))
    }

    /// Whether the history is that of the old tool; an error where nobody can take it over as it is.
    pub(crate) fn has_old_history(&mut self, plan: &Plan) -> Result<bool, CliError> {
        let status =
            runtime_set::with_set(&plan.set, |set| Migrator::<Rusqlite>::new(set).status(&mut self.connection));
        let refused = |error: Error| {
            let database = format!("the database is `{}`", self.path.display());
            CliError::from(error).note(database).note("nothing was written")
        };
        status.map(|status| status.old.is_some()).map_err(refused)
    }

    /// A set whose files are those of another tool, with its history in this database, where it has one: as `adopt` would
    /// take it over.
    pub(crate) fn set_of(&self, project: &Project) -> Result<Option<MigrationSet>, CliError> {
        super::with_old_history(project, &self.connection)
    }
}
