//! `check`: sequence, seal, configuration, wiring, and a replay in memory.

use dbmigrate_core::Diagnostic;
use dbmigrate_runtime::cli::Terminal;
use dbmigrate_schema::Program;
use dbmigrate_schema::lint::{Explained, Orders};
use serde_json::json;

use super::{Context, Reported};
use crate::cli::CheckArgs;
use crate::error::{CliError, DONE, FAILURE, NO};
use crate::ops::check::{Checked, Request, check, old};
use crate::ops::fix::{self, Change};
use crate::ops::lock;
use crate::ops::program::Runner;
use crate::ops::project::Project;
use crate::ops::read_ahead::ReadAhead;
use crate::ops::since::since;
use crate::ops::{named_files, other_tools};
use crate::report::{self, Findings, Reason};
use crate::shell::Shell;

/// How many notes of one kind are shown one by one.
const FEW: usize = 3;

pub(crate) fn run(args: &CheckArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let mut orders = Orders::default();
    for (level, name) in args.levels.all() {
        orders.add(level, name).map_err(|error| CliError::usage(error.message).help(error.help))?;
    }
    // What is put right has to be read after that.
    let mut ahead = if args.fix || args.files.any() { ReadAhead::default() } else { ReadAhead::begin(context.global) };
    let projects = match args.database {
        // A database is that of one package.
        Some(_) => vec![named_files::select_one(context.global, &args.files)?],
        None => named_files::select(context.global, &args.files)?,
    };
    let mut reported = Reported::default();
    let request = Request {
        orders,
        database: args.database.as_deref(),
        all: args.all,
        locked: context.global.locked,
        since: args.since.as_deref(),
    };
    let (mut explained, mut findings) = (Explained::default(), Findings::default());
    let mut exit = DONE;
    for project in &projects {
        super::work_on(project, context.shell);
        let runner = Runner::of(project, context.global, &args.build);
        let program = runner.as_ref().map(|runner| runner as _);
        if args.fix {
            other_tools::refuse(project, "check --fix")?;
            fix(project, program, args, context.shell)?;
            if request.locked {
                seal(project, program, &request, args.dry_run, context.shell)?;
            }
        }
        let checked = check(project, ahead.load(project), program, &request, &mut explained)?;
        checked.as_it_lies.into_iter().for_each(|note| context.shell.note(note));
        let new = reported.unreported(project, &checked.diagnostics);
        findings.show(&new, &project.base, context.shell);
        if checked.is_cut_short() {
            exit = FAILURE;
        } else if checked.errors() > 0 {
            exit = exit.max(NO);
        }
        notes(&checked, context.global.is_verbose(), context.shell);
        summary(project, &checked, &new, context.shell);
        if checked.errors() > 0 {
            let helps = other_tools::look_alikes(project, checked.replay.is_none());
            helps.iter().for_each(|help| context.shell.advise(help));
        }
    }
    findings.finish(context.shell);
    Ok(exit)
}

/// Puts right what can be. With the names in order, the migrations can be looked at.
fn fix(project: &Project, program: Option<&dyn Program>, args: &CheckArgs, shell: &mut Shell) -> Result<(), CliError> {
    let names = fix::names(project);
    if !args.dry_run {
        fix::apply(project, &names, &[], args.allow_dirty)?;
    }
    say(&names, args.dry_run, shell);
    let set = project.load().set;
    let old = if args.all { None } else { old(&since(project, args.since.as_deref(), &set)?, &set) };
    let down_scripts =
        fix::down_scripts(project, program, |it| old.as_ref().is_none_or(|old| !old.contains(&it.number)));
    if !args.dry_run {
        fix::apply(project, &down_scripts, &names, args.allow_dirty)?;
    }
    say(&down_scripts, args.dry_run, shell);
    Ok(())
}

/// Seals what is not, where nothing else stands in the way.
fn seal(
    project: &Project,
    program: Option<&dyn Program>,
    request: &Request<'_>,
    dry_run: bool,
    shell: &mut Shell,
) -> Result<(), CliError> {
    let request = Request { locked: false, ..request.clone() };
    if check(project, project.load(), program, &request, &mut Explained::default())?.errors() == 0 {
        let all = lock::Request { to: None, accept: &[], dry_run };
        super::lock::show(project, false, &lock::lock(project, program, &all)?, dry_run, shell);
    }
    Ok(())
}

/// Shows what was done, or would be.
fn say(changes: &[Change], dry_run: bool, shell: &mut Shell) {
    for change in changes {
        if shell.is_json() {
            let mut line = match change {
                Change::Rename { from, to } => json!({ "fix": "rename", "file": from, "to": to }),
                Change::Down { file, text, .. } => json!({ "fix": "down-script", "file": file, "text": text }),
            };
            line["reason"] = json!(Reason::Fix.as_str());
            line["dry_run"] = json!(dry_run);
            shell.data(&line.to_string());
            continue;
        }
        match change {
            Change::Rename { from, to } => {
                let files = format!("{} to {}", shell.here(from), shell.here(to));
                shell.status(if dry_run { "Would rename" } else { "Renamed" }, &files);
            }
            Change::Down { file, text, .. } => {
                shell.status(if dry_run { "Would write" } else { "Wrote" }, &shell.here(file));
                let lines = text.lines().filter(|line| !line.is_empty());
                lines.for_each(|line| shell.status("+", line));
            }
        }
    }
}

/// What was read otherwise than another tool has written it. Many of a kind are one line, unless more is asked for.
fn notes(checked: &Checked, verbose: bool, shell: &mut Shell) {
    let mut kinds: Vec<(&str, Vec<&Diagnostic>)> = Vec::new();
    for note in &checked.notes {
        if shell.is_json() {
            let reason = Reason::Note.as_str();
            let line = json!({ "reason": reason, "code": note.code, "message": note.message, "file": note.file });
            shell.data(&line.to_string());
            continue;
        }
        match kinds.iter_mut().find(|(code, _)| *code == note.code) {
            Some((_, notes)) => notes.push(note),
            None => kinds.push((note.code, vec![note])),
        }
    }
    for (_, notes) in kinds {
        let shown = if notes.len() <= FEW || verbose { notes.len() } else { 1 };
        for note in notes.iter().take(shown) {
            let place = note.file.as_ref().map(|file| format!("{}: ", shell.here(file))).unwrap_or_default();
            let more =
                if shown < notes.len() { format!(" (and {} more like it)", notes.len() - 1) } else { String::new() };
            shell.note(&format!("{place}{}{more}", note.message));
        }
    }
}

/// What was looked at, and what was not: a replay that Rust code ends is never just "ok".
///
/// People are told how many findings they were `shown`: what another set has as well was shown with that.
fn summary(project: &Project, checked: &Checked, shown: &[Diagnostic], shell: &mut Shell) {
    let set = &checked.set;
    let replay = checked.replay.as_ref();
    let unchecked = replay.map(|replay| replay.unchecked.as_slice()).unwrap_or_default();
    if shell.is_json() {
        let mut line = json!({
            "reason": Reason::CheckSummary.as_str(),
            "package": project.name,
            "migrations": set.migrations.len(),
            "hooks": set.hooks().count(),
            "repeatables": set.repeatables.len(),
            "since": checked.since.base,
            "new": new(checked),
            "errors": checked.errors(),
            "warnings": checked.warnings(),
            "linted": checked.linted,
            "replayed_ups": replay.map(|replay| replay.ups),
            "replayed_downs": replay.map(|replay| replay.downs),
            "unchecked": unchecked,
            "unchecked_downs": replay.map(|it| it.unchecked_downs.iter().map(|(name, _)| name).collect::<Vec<_>>()),
        });
        project.tag(&mut line);
        shell.data(&line.to_string());
        return;
    }
    match replay {
        Some(replay) => {
            let with = match checked.others.as_slice() {
                [] => String::new(),
                others => format!(", with those of {}", others.join(", ")),
            };
            let ran = format!(
                "replayed {} up and {} down in memory{with}; {} linted",
                replay.ups, replay.downs, checked.linted
            );
            shell.status("Checked", &format!("{} ({}; {ran})", project.title(), contents(checked)));
            if let Some((first, why)) = &replay.stopped {
                let names = unchecked.join("`, `");
                shell.warning(&format!("`{first}` {why}, so these were not replayed: `{names}`"));
                why.help().into_iter().for_each(|help| shell.help(help));
            } else if !unchecked.is_empty() {
                shell.note(&format!("not replayed after the failure: {}", listed(unchecked)));
            }
            for (name, why) in &replay.unchecked_downs {
                shell.warning(&format!("the down script of `{name}` {why}: it was not replayed"));
                why.help().into_iter().for_each(|help| shell.help(help));
            }
        }
        None => shell.status("Checked", &format!("{} (nothing was replayed)", project.title())),
    }
    let errors = shown.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let found = [(errors, "error"), (shown.len() - errors, "warning")];
    let found: Vec<_> =
        found.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| report::count(count, what)).collect();
    let message = format!("package {} has {}", project.quoted(), found.join(", "));
    if errors > 0 {
        shell.error(&message);
    } else if !found.is_empty() {
        shell.warning(&message);
    }
}

/// Names one after the other; of many, which follow each other, the first and the last.
fn listed(names: &[String]) -> String {
    match names {
        [first, .., last] if names.len() > FEW => format!("`{first}` to `{last}` ({} in all)", names.len()),
        names => format!("`{}`", names.join("`, `")),
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
