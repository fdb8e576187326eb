//! `check`: sequence, seal, configuration, wiring, and a replay in memory.

use dbmigrate_core::MigrationSet;
use dbmigrate_runtime::cli::Terminal;
use serde_json::json;

use super::Context;
use crate::cli::BuildArgs;
use crate::error::{CliError, DONE, FAILURE, NO};
use crate::ops::check::{Checked, check};
use crate::ops::program::Runner;
use crate::ops::project::{self, Project};
use crate::report;
use crate::shell::Shell;

pub(crate) fn run(args: &BuildArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let projects = project::select(context.global)?;
    let mut exit = DONE;
    for project in &projects {
        let runner = Runner::of(project, context.global, args);
        let checked = check(project, runner.as_ref().map(|runner| runner as _), context.global.locked)?;
        report::diagnostics(&checked.diagnostics, context.shell);
        if checked.is_cut_short() {
            exit = FAILURE;
        } else if checked.failed() {
            exit = exit.max(NO);
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
            "errors": checked.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count(),
            "replayed_ups": replay.map(|replay| replay.ups),
            "replayed_downs": replay.map(|replay| replay.downs),
            "unchecked": unchecked,
            "unchecked_downs": replay.map(|it| it.unchecked_downs.iter().map(|(name, _)| name).collect::<Vec<_>>()),
        });
        shell.data(&line.to_string());
        return;
    }
    let errors = checked.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    match replay {
        Some(replay) => {
            let ran = format!("replayed {} up and {} down in memory", replay.ups, replay.downs);
            shell.status("Checked", &format!("{} ({}; {ran})", project.name, contents(set)));
            if let Some((first, why)) = &replay.stopped {
                let names = unchecked.join("`, `");
                shell.warning(&format!("`{first}` {why}: not replayed are `{names}`"));
                why.help().into_iter().for_each(|help| shell.help(help));
            } else if !unchecked.is_empty() {
                shell.note(&format!("not replayed after the failure: `{}`", unchecked.join("`, `")));
            }
            for (name, why) in &replay.unchecked_downs {
                shell.warning(&format!("the way back of `{name}` {why}: it was not replayed"));
                why.help().into_iter().for_each(|help| shell.help(help));
            }
        }
        None => shell.status("Checked", &format!("{} (nothing was replayed)", project.name)),
    }
    if errors > 0 {
        shell.error(&format!("package `{}` has {}", project.name, report::count(errors, "problem")));
    }
}

/// How much there is of what; of what need not be there, only if it is.
fn contents(set: &MigrationSet) -> String {
    let around = [(set.hooks().count(), "hook"), (set.repeatables.len(), "repeatable")];
    let around = around.into_iter().filter(|(count, _)| *count > 0);
    let parts = [(set.migrations.len(), "migration")].into_iter().chain(around);
    parts.map(|(count, what)| report::count(count, what)).collect::<Vec<_>>().join(", ")
}
