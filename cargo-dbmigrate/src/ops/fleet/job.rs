//! What is asked of every database of a fleet, as a whole: from the sets that were read to the walks over the files.

use dbmigrate_core::MigrationSet;
use dbmigrate_runtime::Set;
use dbmigrate_runtime::cli::{Request, Verb};
use dbmigrate_schema::Program;

use super::sets::FleetSets;
use super::{DriftComparison, Migrators, Rollout, RunnerProcess, survey};
use crate::error::CliError;
use crate::fleet::{File, FleetFiles, Observer, RolloutResult, Task};
use crate::ops::interrupt::Interrupt;
use crate::ops::{runtime_sets, schema};

/// What is to be done, and how.
pub(crate) struct Job<'j> {
    pub(crate) sets: &'j FleetSets,
    pub(crate) task: Task,
    /// What is asked of each database.
    pub(crate) request: Request,
    /// The runner of the package, where the sets have Rust in them.
    pub(crate) runner: Option<RunnerProcess<'j>>,
    /// How many databases are worked on at once.
    pub(crate) jobs: usize,
    /// How many are done before the others.
    pub(crate) canary: Option<usize>,
    /// How many failures end it.
    pub(crate) max_failures: usize,
}

impl Job<'_> {
    /// Looks at every database, and does no more.
    pub(crate) fn survey(&self, files: FleetFiles, observer: &mut dyn Observer) -> Result<Vec<File>, CliError> {
        with_sets(&self.sets.sets, |sets| {
            survey(files, &self.migrators(sets, self.sets.chosen), (self.task, self.jobs), None, observer)
        })
    }

    /// Compares the schema of every database with what its migrations lead to; `program` runs the Rust in them.
    pub(crate) fn drift(
        &self,
        files: FleetFiles,
        program: Option<&dyn Program>,
        observer: &mut dyn Observer,
    ) -> Result<Vec<File>, CliError> {
        let FleetSets { projects, sets: sources, .. } = self.sets;
        let options = schema::read_options(projects);
        let mut comparison = DriftComparison::new(projects, sources, &options, program);
        with_sets(sources, |sets| {
            // A database has what all of its sets make.
            let migrators = self.migrators(sets, None);
            survey(files, &migrators, (self.task, self.jobs), Some(&mut comparison), observer)
        })
    }

    /// Looks at every database, then works on those with something to do.
    pub(crate) fn roll_out(
        &self,
        files: FleetFiles,
        interrupt: &Interrupt,
        observer: &mut dyn Observer,
    ) -> Result<RolloutResult, CliError> {
        with_sets(&self.sets.sets, |sets| {
            let rollout = Rollout {
                task: self.task,
                jobs: self.jobs,
                canary: self.canary,
                // Nothing is lost by going on.
                max_failures: if self.task.rehearses() { usize::MAX } else { self.max_failures },
                runner: self.runner.as_ref(),
                interrupt,
                migrators: &self.migrators(sets, self.sets.chosen),
            };
            rollout.run(files, observer)
        })
    }

    fn migrators<'s>(&'s self, sets: &'s [Set<'s>], chosen: Option<usize>) -> Migrators<'s> {
        let has_code = self.runner.is_some();
        // What the program itself allows, its runner knows.
        let existing = matches!(self.request.verb, Verb::Up { existing: true, .. }) || has_code;
        Migrators { sets, chosen, request: &self.request, existing, has_code }
    }
}

fn with_sets<R>(sets: &[MigrationSet], work: impl FnOnce(&[Set<'_>]) -> R) -> Result<R, CliError> {
    runtime_sets::with_sets(sets, work).ok_or_else(|| CliError::failure("no package was selected"))
}
