//! `test`: a package's migrations, tried on databases in memory that hold rows.

use std::collections::BTreeSet;

use dbmigrate_core::{Diagnostic, MigrationSet};
use dbmigrate_schema::{Fault, FaultKind, LossKind, Rows, TrialOptions, TrialReport, Versions, try_out};

use crate::error::CliError;
use crate::ops::merged_set::merged_with_required;
use crate::ops::project::Project;

/// How many versions before the newest go there in one go, where nobody says otherwise.
const VERSIONS: usize = 10;

/// What was asked for.
pub(crate) struct Request<'a> {
    /// Only what is wrong with these is of interest.
    pub(crate) names: &'a [String],
    pub(crate) to: Option<&'a str>,
    pub(crate) from: Option<&'a str>,
    /// Every version.
    pub(crate) deep: bool,
}

/// What was tried in one package.
pub(crate) struct Tested {
    pub(crate) runs: Vec<Run>,
    /// The full names of those that are of interest; none where all are.
    names: Option<BTreeSet<String>>,
}

/// What was tried with one sort of rows.
pub(crate) struct Run {
    /// Whose rows, in words.
    pub(crate) rows: String,
    pub(crate) tried: TrialReport,
}

impl Tested {
    /// Whether a migration is of interest.
    pub(crate) fn is_wanted(&self, name: &str) -> bool {
        self.names.as_ref().is_none_or(|names| names.contains(name))
    }

    /// What is wrong with migrations of interest: the full name, and a fault.
    pub(crate) fn faults<'t>(&'t self, run: &'t Run) -> impl Iterator<Item = (&'t str, &'t Fault)> {
        let migrations = run.tried.migrations.iter().map(|it| (it.name.as_str(), &it.faults));
        let all = migrations.chain(run.tried.versions.iter().map(|it| (it.name.as_str(), &it.faults)));
        all.filter(|(name, _)| self.is_wanted(name)).flat_map(|(name, faults)| faults.iter().map(move |it| (name, it)))
    }

    /// Whether nothing is wrong, and everything was tried.
    pub(crate) fn passed(&self) -> bool {
        self.runs.iter().all(|run| {
            let tried = &run.tried;
            self.faults(run).next().is_none() && tried.unchecked.is_empty() && tried.unchecked_downs.is_empty()
        })
    }
}

/// Tries the migrations with generated rows, and with those of the team where there are any.
pub(crate) fn test(project: &Project, request: &Request<'_>) -> Result<Tested, CliError> {
    let set = project.load_sound()?.set;
    let (files, problems) = dbmigrate_core::load::rows(&project.root, &set);
    if !problems.is_empty() {
        return Err(CliError::diagnostics(problems));
    }
    let number = |target: &str| {
        set.find(target).map(|found| found.number).map_err(|problem| CliError::from(*problem).into_usage())
    };
    let names = request.names.iter().map(|name| number(name)).collect::<Result<Vec<u64>, _>>()?;
    let to = match request.to {
        Some(target) => Some(number(target)?),
        None => names.iter().copied().max(),
    };
    let versions = match request.from {
        Some(target) => Versions::From(number(target)?),
        None if request.deep => Versions::From(0),
        None => Versions::Newest(VERSIONS),
    };
    let merged = merged_with_required(project, &set)?;
    let versions = match versions {
        Versions::From(number) if number > 0 => Versions::From(merged.number(number)),
        versions => versions,
    };
    let to = to.map(|number| merged.number(number));
    let files: Vec<_> = files.into_iter().map(|(number, rows)| (merged.number(number), rows)).collect();
    let mut runs = vec![run("generated rows", &merged.set, &TrialOptions { to, rows: Rows::Generated, versions })?];
    if let Some(dir) = &project.config.fixtures {
        runs.push(run(
            &format!("the rows in `{dir}`"),
            &merged.set,
            &TrialOptions { to, rows: Rows::Files(&files), versions },
        )?);
    }
    let wanted = set.migrations.iter().filter(|migration| names.contains(&migration.number));
    let wanted: BTreeSet<String> = if merged.builds_on_others() && names.is_empty() {
        // What it builds on is that set's to be tested.
        set.migrations.iter().map(|migration| migration.name()).collect()
    } else {
        wanted.map(|migration| migration.name()).collect()
    };
    let names = (!wanted.is_empty()).then_some(wanted);
    Ok(Tested { runs, names })
}

fn run(rows: &str, set: &MigrationSet, tries: &TrialOptions<'_>) -> Result<Run, CliError> {
    let tried = try_out(set, tries).map_err(CliError::in_memory)?;
    Ok(Run { rows: rows.to_owned(), tried })
}

/// A fault as it is shown.
pub(crate) fn diagnostic(name: &str, fault: &Fault, rows: &str) -> Diagnostic {
    let Fault { leg, kind } = fault;
    let found = match kind {
        FaultKind::Refused(refused) => Diagnostic { notes: Vec::new(), code: "test", ..refused.clone() },
        _ => Diagnostic::error("test", ""),
    };
    let found = Diagnostic { message: format!("`{name}` ({leg}): {kind}"), ..found }.note(format!("tried with {rows}"));
    match kind {
        FaultKind::Rows(loss) => {
            let how_many = match loss.rows {
                0 => None,
                rows => Some(format!("{rows} of {} rows", loss.of)),
            };
            let instead = loss
                .instead
                .as_ref()
                .filter(|_| loss.kind == LossKind::Gone)
                .map(|instead| format!("there is {instead} instead"));
            how_many.into_iter().chain(instead).fold(found, Diagnostic::note)
        }
        _ => found,
    }
}
