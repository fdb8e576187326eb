//! What each database of a fleet has against what its migrations lead to. The threads read schemas; the migrations are
//! replayed once for each version that is met, on the thread that may ask the package's runner.

use std::collections::HashMap;

use dbmigrate_core::MigrationSet;
use dbmigrate_schema::{Program, ReadOptions, Schema};
use rusqlite::Connection;

use super::Migrators;
use crate::error::CliError;
use crate::fleet::Fault;
use crate::ops::drift::{self, Applied};
use crate::ops::project::Project;

/// What reads the schema of a database, on any thread.
#[derive(Clone, Copy)]
pub(super) struct SchemaReader<'d> {
    projects: &'d [Project],
    sets: &'d [MigrationSet],
    options: &'d ReadOptions,
}

/// What a database has.
pub(super) struct LiveSchema {
    /// What of each set is applied.
    applied: Vec<Applied>,
    schema: Schema,
}

impl LiveSchema {
    /// How many migrations it has.
    pub(super) fn checked(&self) -> usize {
        self.applied.iter().map(Applied::count).sum()
    }
}

/// Compares, and remembers what each version leads to.
pub(super) struct DriftComparison<'d> {
    pub(super) reader: SchemaReader<'d>,
    program: Option<&'d dyn Program>,
    expected: HashMap<Vec<Applied>, Result<Schema, Fault>>,
}

impl<'d> DriftComparison<'d> {
    /// For these sets, which live in one database.
    pub(super) fn new(
        projects: &'d [Project],
        sets: &'d [MigrationSet],
        options: &'d ReadOptions,
        program: Option<&'d dyn Program>,
    ) -> Self {
        Self { reader: SchemaReader { projects, sets, options }, program, expected: HashMap::new() }
    }

    /// In what a database differs.
    pub(super) fn differences(&mut self, live: &LiveSchema) -> Result<Vec<Fault>, Fault> {
        let (sets, program) = (self.reader.sets, self.program);
        let expected = self.expected.entry(live.applied.clone()).or_insert_with(|| {
            let parts: Vec<MigrationSet> =
                sets.iter().zip(&live.applied).map(|(set, applied)| applied.of(set)).collect();
            drift::expected(&parts, program).map_err(Fault::from)
        });
        let expected = expected.as_ref().map_err(Clone::clone)?;
        let differences = dbmigrate_schema::compare(expected, &live.schema);
        Ok(differences.iter().map(|difference| Fault::new(difference.to_string())).collect())
    }
}

impl SchemaReader<'_> {
    /// What a database has.
    pub(super) fn read(self, connection: &mut Connection, migrators: &Migrators<'_>) -> Result<LiveSchema, Fault> {
        drift::refuse_unknown_sets(self.projects, connection)?;
        let mut applied = Vec::new();
        for (migrator, set) in migrators.each().zip(self.sets) {
            applied.push(Applied::new(set, &migrator.status(connection)?)?.0);
        }
        let schema = Schema::read(connection, self.options)
            .map_err(|error| CliError::failure(format!("could not read the schema: {error}")))?;
        Ok(LiveSchema { applied, schema })
    }
}
