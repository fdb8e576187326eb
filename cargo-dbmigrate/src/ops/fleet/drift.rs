//! What each database of a fleet has against what its migrations lead to. The threads read schemas; the migrations are
//! replayed once for each version that is met, on the thread that may ask the package's runner.

use std::collections::HashMap;

use dbmigrate_core::MigrationSet;
use dbmigrate_schema::{Program, ReadOptions, Schema};
use rusqlite::Connection;

use super::{Crew, Fault};
use crate::error::CliError;
use crate::ops::project::Project;
use crate::ops::schema::{self, Holds};

/// What reads the schema of a database, on any thread.
#[derive(Clone, Copy)]
pub(super) struct Reader<'d> {
    projects: &'d [Project],
    sets: &'d [MigrationSet],
    options: &'d ReadOptions,
}

/// What a database has.
pub(super) struct Held {
    holds: Vec<Holds>,
    live: Schema,
}

/// Compares, and remembers what each version leads to.
pub(crate) struct Drifts<'d> {
    pub(super) reader: Reader<'d>,
    program: Option<&'d dyn Program>,
    expected: HashMap<Vec<Holds>, Result<Schema, Fault>>,
}

impl<'d> Drifts<'d> {
    /// For these sets, which live in one database.
    pub(crate) fn new(
        projects: &'d [Project],
        sets: &'d [MigrationSet],
        options: &'d ReadOptions,
        program: Option<&'d dyn Program>,
    ) -> Self {
        Self { reader: Reader { projects, sets, options }, program, expected: HashMap::new() }
    }

    /// In what a database differs.
    pub(super) fn differences(&mut self, held: &Held) -> Result<Vec<Fault>, Fault> {
        let (sets, program) = (self.reader.sets, self.program);
        let expected = self.expected.entry(held.holds.clone()).or_insert_with(|| {
            let applied: Vec<MigrationSet> = sets.iter().zip(&held.holds).map(|(set, holds)| holds.of(set)).collect();
            schema::expected(&applied, program).map_err(Fault::from)
        });
        let expected = expected.as_ref().map_err(Clone::clone)?;
        let differences = dbmigrate_schema::compare(expected, &held.live);
        Ok(differences.iter().map(|difference| Fault::new(difference.to_string())).collect())
    }
}

impl Reader<'_> {
    /// What a database has.
    pub(super) fn held(self, connection: &mut Connection, crew: &Crew<'_>) -> Result<Held, Fault> {
        schema::refuse_unknown_sets(self.projects, connection)?;
        let mut holds = Vec::new();
        for (migrator, set) in crew.each().zip(self.sets) {
            holds.push(Holds::new(set, &migrator.status(connection)?)?.0);
        }
        let live = Schema::read(connection, self.options)
            .map_err(|error| CliError::failure(format!("could not read the schema: {error}")))?;
        Ok(Held { holds, live })
    }
}
