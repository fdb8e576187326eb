//! `check`: sequence, seal, configuration, wiring, and a replay in memory.

use dbmigrate_runtime::cli::Terminal;
use dbmigrate_schema::Stopped;
use serde_json::json;

use super::Context;
use crate::cli::CheckArgs;
use crate::error::{CliError, DONE, NO};
use crate::ops::check::{Checked, check};
use crate::ops::project::{self, Project};
use crate::report;
use crate::shell::Shell;

pub(crate) fn run(args: &CheckArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let projects = project::select(context.global)?;
    let mut exit = DONE;
    for project in &projects {
        let checked = check(project, args.since.as_deref(), context.global.locked)?;
        report::diagnostics(&checked.diagnostics, context.shell);
        if checked.failed() {
            exit = NO;
        }
        summary(project, &checked, context.shell);
    }
    Ok(exit)
}

/// What was looked at, and what was not: a replay that Rust code ends is never just "ok".
fn summary(project: &Project, checked: &Checked, shell: &mut Shell) {
    let set = &checked.set;
    let replay = checked.replay.as_ref();
    let unchecked = replay.map(|replay| replay.unchecked.as_slice()).unwrap_or_default();
    if shell.is_json() {
        let line = json!({
            "reason": "check-summary",
            "package": project.name,
            "migrations": set.migrations.len(),
            "hooks": set.hooks().count(),
            "repeatables": set.repeatables.len(),
            "since": checked.since.base,
            "new": new(checked),
            "errors": checked.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count(),
            "replayed_ups": replay.map(|replay| replay.ups),
            "replayed_downs": replay.map(|replay| replay.downs),
            "unchecked": unchecked,
        });
        shell.data(&line.to_string());
        return;
    }
    let errors = checked.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    match replay {
        Some(replay) => {
            let ran = format!("replayed {} up and {} down in memory", replay.ups, replay.downs);
            shell.status("Checked", &format!("{} ({}; {ran})", project.name, contents(checked)));
            if let Some((first, why)) = &replay.stopped {
                let why = match why {
                    Stopped::Code => "holds Rust, which only the program can run",
                    Stopped::OtherFiles => "attaches another database, and a replay opens no file",
                };
                let names = unchecked.join("`, `");
                shell.warning(&format!("`{first}` {why}: not replayed are `{names}`"));
            } else if !unchecked.is_empty() {
                shell.note(&format!("not replayed after the failure: `{}`", unchecked.join("`, `")));
            }
        }
        None => shell.status("Checked", &format!("{} (nothing was replayed)", project.name)),
    }
    if errors > 0 {
        shell.error(&format!("package `{}` has {}", project.name, report::count(errors, "problem")));
    }
}

/// How many migrations the base does not hold yet.
fn new(checked: &Checked) -> usize {
    checked.set.migrations.len() - checked.since.held.len()
}

/// How much there is of what; of what need not be there, only if it is.
fn contents(checked: &Checked) -> String {
    let set = &checked.set;
    let around = [(set.hooks().count(), "hook"), (set.repeatables.len(), "repeatable")];
    let around = around.into_iter().filter(|(count, _)| *count > 0);
    let parts = [(set.migrations.len(), "migration")].into_iter().chain(around);
    let mut parts: Vec<String> = parts.map(|(count, what)| report::count(count, what)).collect();
    if let Some(base) = &checked.since.base {
        parts.push(format!("{} new since `{base}`", new(checked)));
    }
    parts.join(", ")
}
