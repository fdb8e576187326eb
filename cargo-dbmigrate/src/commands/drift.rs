//! `drift`: what a database has against what its migrations lead to.

use dbmigrate_runtime::cli::Terminal;
use serde_json::json;

use super::{Context, database, fleet};
use crate::cli::CheckDatabaseArgs;
use crate::error::{CliError, DONE, NO};
use crate::ops::drift::drift;
use crate::ops::program::Runner;
use crate::ops::project::Project;
use crate::ops::schema::SchemaAccess;
use crate::ops::selection;
use crate::report::{self, Reason};

pub(crate) fn run(args: &CheckDatabaseArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    if args.fleet.any() {
        return fleet::drift(&args.fleet, &args.database, context);
    }
    let args = &args.database;
    database::aim(args, context);
    let projects = selection::select_whole_database(context.global, "drift")?;
    let project = Project::first(&projects)?;
    context.shell.about(super::about(project));
    let runner = Runner::of(project, context.global, &args.build);
    let access = SchemaAccess::new(args, runner.as_ref().map(|runner| runner as _));
    let found = drift(&projects, &access, context.global)?;
    let shell = &mut *context.shell;
    access.note().into_iter().for_each(|note| shell.note(note));
    report::opaque(&found.live, shell);
    report::differences(&found.differences, shell);
    if shell.is_json() {
        let summary = json!({
            "reason": Reason::DriftSummary.as_str(),
            "database": found.path.display().to_string(),
            "applied": found.applied,
            "pending": found.pending,
            "differences": found.differences.len(),
        });
        shell.data(&summary.to_string());
    } else {
        let applied = report::count(found.applied, "applied migration");
        shell.status("Compared", &format!("{} with {applied}", found.path.display()));
    }
    let Some(problem) = found.problem(&project.config) else { return Ok(DONE) };
    if !shell.is_json() {
        report::diagnostics(&[problem], shell);
    }
    Ok(NO)
}
