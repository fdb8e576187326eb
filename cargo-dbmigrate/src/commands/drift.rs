//! `drift`: what a database has against what its migrations lead to.

use dbmigrate_runtime::cli::Terminal;
use dbmigrate_schema::{Change, Kind};
use serde_json::json;

use super::{Context, database, fleet};
use crate::cli::CheckDatabaseArgs;
use crate::error::{CliError, DONE, NO};
use crate::ops::program::Runner;
use crate::ops::project;
use crate::ops::schema::{Reach, drift};
use crate::report::{self, Reason};

pub(crate) fn run(args: &CheckDatabaseArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    if args.fleet.any() {
        return fleet::drift(&args.fleet, &args.database, context);
    }
    let args = &args.database;
    database::aim(args, context);
    // A database has what all of its sets make.
    let mut databases = project::select_databases(context.global)?;
    let projects = match databases.len() {
        1 => databases.pop().unwrap_or_default(),
        _ => project::select_database(context.global, "drift")?,
    };
    let Some(project) = projects.first() else { return Err(CliError::failure("no package was selected")) };
    context.shell.about(super::about(project));
    let runner = Runner::of(project, context.global, &args.build);
    let reach = Reach::new(args, runner.as_ref().map(|runner| runner as _));
    let found = drift(&projects, &reach)?;
    let shell = &mut *context.shell;
    reach.note().into_iter().for_each(|note| shell.note(note));
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
    if found.differences.is_empty() {
        return Ok(DONE);
    }
    if !shell.is_json() {
        let left = found.differences.iter().filter(|it| it.change == Change::Added).find_map(|it| match it.kind {
            Kind::View => Some(("VIEW", &it.name)),
            Kind::Trigger => Some(("TRIGGER", &it.name)),
            _ => None,
        });
        let count = report::count(found.differences.len(), "difference");
        shell.error(&format!("the schema of `{}` is not what its migrations lead to: {count}", found.path.display()));
        if !found.recorded {
            shell.note("the database has no history of migrations");
            shell.help("is it the right database?");
            shell.help("if it has what the migrations make: `cargo dbmigrate mark` records them as applied");
            shell.help("if another tool has migrated it: `cargo dbmigrate adopt` takes its history over");
        } else if found.pending > 0 {
            shell.help("apply what is pending first, then look again: `cargo dbmigrate up`");
        } else if found.named {
            shell.help("to keep it: write a migration that makes it, then `cargo dbmigrate mark NAME --set SET`");
        } else {
            let file = shell.here(&project.config.schema);
            shell.help(&format!(
                "to keep it: declare it in `{file}`, then `cargo dbmigrate generate NAME` and `cargo dbmigrate mark NAME`"
            ));
            shell.help("to undo it by hand: `cargo dbmigrate schema --from database` shows what has to change");
        }
        if let Some((kind, name)) = left.filter(|_| found.pending == 0) {
            shell.help(&format!(
                "if a repeatable made it that is gone: write a migration with `DROP {kind} IF EXISTS {}`",
                name.to_sql()
            ));
        }
    }
    Ok(NO)
}
