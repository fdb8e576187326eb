//! `check`: sequence, configuration, wiring, and a replay in memory.

use dbmigrate_core::MigrationSet;
use dbmigrate_runtime::cli::Terminal;
use dbmigrate_schema::Stopped;
use dbmigrate_schema::lint::{Orders, Told};
use serde_json::json;

use super::Context;
use crate::cli::CheckArgs;
use crate::error::{CliError, DONE, NO};
use crate::ops::check::{Checked, Request, check};
use crate::ops::project::{self, Project};
use crate::report::{self, Findings};
use crate::shell::Shell;

pub(crate) fn run(args: &CheckArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let mut orders = Orders::default();
    for (level, name) in args.levels.all() {
        orders.add(level, name).map_err(|error| CliError::usage(error.message).help(error.help))?;
    }
    let projects = match args.database {
        // A database is that of one package.
        Some(_) => vec![project::select_one(context.global)?],
        None => project::select(context.global)?,
    };
    let request = Request { orders, database: args.database.as_deref(), all: args.all };
    let (mut told, mut findings) = (Told::default(), Findings::default());
    let mut exit = DONE;
    for project in &projects {
        let checked = check(project, &request, &mut told)?;
        findings.show(&checked.diagnostics, &project.base, context.shell);
        if checked.errors() > 0 {
            exit = NO;
        }
        summary(project, &checked, context.shell);
    }
    findings.finish(context.shell);
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
            "errors": checked.errors(),
            "warnings": checked.warnings(),
            "linted": checked.linted,
            "replayed_ups": replay.map(|replay| replay.ups),
            "replayed_downs": replay.map(|replay| replay.downs),
            "unchecked": unchecked,
        });
        shell.data(&line.to_string());
        return;
    }
    match replay {
        Some(replay) => {
            let ran =
                format!("replayed {} up and {} down in memory; {} linted", replay.ups, replay.downs, checked.linted);
            shell.status("Checked", &format!("{} ({}; {ran})", project.name, contents(set)));
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
    let found = [(checked.errors(), "error"), (checked.warnings(), "warning")];
    let found: Vec<_> =
        found.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| report::count(count, what)).collect();
    let message = format!("package `{}` has {}", project.name, found.join(", "));
    if checked.errors() > 0 {
        shell.error(&message);
    } else if !found.is_empty() {
        shell.warning(&message);
    }
}

/// How much there is of what; of what need not be there, only if it is.
fn contents(set: &MigrationSet) -> String {
    let around = [(set.hooks().count(), "hook"), (set.repeatables.len(), "repeatable")];
    let around = around.into_iter().filter(|(count, _)| *count > 0);
    let parts = [(set.migrations.len(), "migration")].into_iter().chain(around);
    parts.map(|(count, what)| report::count(count, what)).collect::<Vec<_>>().join(", ")
}
