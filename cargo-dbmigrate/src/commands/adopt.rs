//! `adopt`: takes over from another tool: its files, what installed databases record, and a database at hand.

use std::path::Path;

use dbmigrate_core::MigrationSet;
use dbmigrate_core::adoption::Tool;
use dbmigrate_core::sequence::quoted;
use dbmigrate_runtime::Migrator;
use dbmigrate_runtime::cli::{self, Request, Terminal, Verb};
use serde_json::json;

use super::{Context, database};
use crate::cli::{AdoptArgs, CopyArgs, DatabaseArgs, OldTable};
use crate::error::{CliError, DONE, NO};
use crate::ops::adopt::{self, OpenedDatabase, Plan};
use crate::ops::database_command;
use crate::ops::driver::Rusqlite;
use crate::ops::project::Project;
use crate::ops::runtime_set;
use crate::ops::selection;
use crate::paths;
use crate::report::{self, Reason};
use crate::shell::Shell;

pub(crate) fn run(args: &AdoptArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    database::aim(&args.database, context);
    let project = selection::select_one(context.global)?;
    context.shell.about(super::about(&project));
    let is_adopted = adopt::is_adopted(&project);
    let worked_out = work_out(&project, args);
    let (mut opened, plan) = match worked_out {
        Ok((opened, plan)) if !is_adopted || adopt::is_stopped(&project, &plan) => (opened, plan),
        _ if is_adopted => return again(&project, args, context),
        Ok(found) => found,
        Err(error) => return Err(error),
    };
    opened.iter().filter_map(|opened| opened.note).for_each(|note| context.shell.note(note));
    let converts = args.database.database.is_some();
    if let Some(opened) = opened.as_ref().filter(|_| converts) {
        let mut set = plan.set.clone();
        name_as_they_lie(&mut set, &plan, context.shell);
        adopt::trial::check(&set, &opened.connection, args.force)?;
    }
    if args.plan {
        show(&project, &plan, true, context);
        let preview = |opened: &mut OpenedDatabase| preview(&plan.set, false, &args.database, opened, context);
        return Ok(opened.as_mut().map_or(DONE, preview));
    }
    // What the next start of the program would stop at is said while nothing is written.
    let is_old = opened.as_mut().map_or(Ok(false), |opened| opened.has_old_history(&plan))?;
    // It is opened anew where its history is taken over.
    let path = opened.map(|opened| opened.path);
    let asks = converts && !args.yes;
    if asks && !agreed(&project, &plan, path.as_deref(), context)? {
        return Ok(NO);
    }
    let there = adopt::write(&project, &plan)?;
    if there > 0 {
        let files = report::count(there, "file");
        context.shell.note(&format!("{files} of them had been written by an earlier `adopt` that was interrupted"));
    }
    if !asks || context.shell.is_json() {
        show(&project, &plan, false, context);
    }
    let exit = if converts { convert(args, true, context)? } else { DONE };
    if !context.shell.is_json() {
        if let Some(path) = path.filter(|_| is_old && !converts) {
            let path = quoted(&path.display().to_string());
            let history =
                if plan.tool == Tool::Live { "nothing is recorded in it yet" } else { "it still has the old history" };
            context.shell.note(&format!("{path} was only read: {history}"));
            context.shell.help(&format!("to take over that database now: `cargo dbmigrate adopt --database {path}`"));
        }
        for step in adopt::left_to_do(&project, &plan)? {
            context.shell.advise(&step);
        }
    }
    Ok(exit)
}

/// What is to be written, and the database that was looked at for it.
fn work_out(project: &Project, args: &AdoptArgs) -> Result<(Option<OpenedDatabase>, Plan), CliError> {
    let opened = OpenedDatabase::open(&args.database, project)?;
    let request = adopt::Request {
        from: args.from.as_deref(),
        files: args.files.as_deref().map(|files| folder(project, files)),
        table: args.table.as_deref(),
        keep: args.old_table != Some(OldTable::Drop),
        dir: args.dir.as_deref(),
        database: opened.as_ref().map(|opened| &opened.connection),
    };
    let plan = adopt::plan(project, &request)?;
    Ok((opened, plan))
}

/// Names the migrations by the files that they come from: those that they become are not written yet.
fn name_as_they_lie(set: &mut MigrationSet, plan: &Plan, shell: &Shell) {
    for taken in &plan.taken {
        let migration = set.migrations.iter_mut().find(|migration| migration.number == taken.number);
        if let Some((migration, old)) = migration.zip(taken.old.first()) {
            migration.file = shell.here(old);
        }
    }
}

/// Shows all of it and asks, before anything is written.
fn agreed(project: &Project, plan: &Plan, path: Option<&Path>, context: &mut Context<'_>) -> Result<bool, CliError> {
    if !context.shell.is_json() {
        show(project, plan, true, context);
    }
    let database = path.unwrap_or(Path::new("the database")).display();
    let question = format!("adopt: write these files and take over the history of {database}, after copying it?");
    match context.shell.confirm(&question) {
        Some(true) => Ok(true),
        Some(false) => {
            context.shell.status("Finished", "nothing was written");
            Ok(false)
        }
        None => Err(CliError::usage("`adopt` asks for confirmation, and stdin is not a terminal")
            .help("to do it without asking: `--yes`")
            .note("nothing was written")),
    }
}

/// The files are taken over already: a database is left.
fn again(project: &Project, args: &AdoptArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let asks_for_files = args.from.is_some() || args.files.is_some() || args.dir.is_some() || args.table.is_some();
    let file = format!("{}/{}", project.config.dir, dbmigrate_core::adoption::FILE);
    if asks_for_files || args.plan {
        return Err(CliError::usage(format!("the package was already taken over from another tool: see `{file}`"))
            .help("to take over a database: `cargo dbmigrate adopt --database FILE`")
            .help(format!("to start over, remove the files that were written: {}", quoted(&file))));
    }
    if let Some((asked, keeps)) = args.old_table.zip(adopt::keeps_old_table(project))
        && (asked == OldTable::Keep) != keeps
    {
        let [now, then] = if keeps { ["keep", "drop"] } else { ["drop", "keep"] };
        let message = format!("`{file}` decides about the old table in every database: `old-table = \"{now}\"`");
        return Err(CliError::usage(message).help(format!(
            "write `old-table = \"{then}\"` there, then `cargo dbmigrate adopt` without `--old-table`"
        )));
    }
    convert(args, false, context)
}

/// Converts a database by what the package says now.
fn convert(args: &AdoptArgs, is_agreed: bool, context: &mut Context<'_>) -> Result<u8, CliError> {
    let verb = Verb::Adopt { yes: args.yes || is_agreed, force: args.force };
    database::run_with_copy(verb, &CopyArgs::in_any_case(&args.keep), &args.database, context)
}

/// What the old history of a database means.
pub(super) fn preview(
    set: &MigrationSet,
    check: bool,
    args: &DatabaseArgs,
    opened: &mut OpenedDatabase,
    context: &mut Context<'_>,
) -> u8 {
    let verb = Verb::Status { check, recover: false };
    let request = Request { set: None, ..database_command::request(&verb, None, args, context.global) };
    runtime_set::with_set(set, |set| {
        let OpenedDatabase { path, connection, .. } = opened;
        cli::run_on(Migrator::<Rusqlite>::new(set), connection, path, &request, context.shell)
    })
}

/// A folder as it is named from the package.
fn folder(project: &Project, files: &Path) -> String {
    let absolute = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or(path.to_owned());
    let path = paths::relative(&absolute(&project.root), &absolute(files));
    if path.is_empty() { ".".to_owned() } else { path }
}

fn show(project: &Project, plan: &Plan, is_plan: bool, context: &mut Context<'_>) {
    let shell = &mut *context.shell;
    let tool = plan.tool.name();
    if shell.is_json() {
        for it in &plan.taken {
            let line = json!({
                "reason": Reason::AdoptedFiles.as_str(),
                "number": it.number,
                "name": it.name,
                "from": it.old,
                "to": it.new,
                "translated_lines": it.translated,
                "dry_run": is_plan,
            });
            shell.data(&line.to_string());
        }
        report::diagnostics(&plan.remarks, shell);
        for (path, _) in &plan.files {
            shell.data(&report::edited(path, None, true, is_plan));
        }
        if let Some(edit) = &plan.manifest {
            shell.data(&report::edited("Cargo.toml", Some(&edit.what), false, is_plan));
        }
        return;
    }
    let why = if plan.reasons.is_empty() { String::new() } else { format!(": {}", plan.reasons.join("; ")) };
    let is_live = plan.tool == Tool::Live;
    if is_live {
        shell.status("Found", &plan.reasons.join("; "))
    } else {
        shell.status("Found", &format!("{tool}{why}"))
    }
    for it in &plan.taken {
        let line = line(it, shell);
        let verb = if is_live { "Created" } else { "Took" };
        if is_plan { shell.data(&line) } else { shell.status(verb, &line) }
    }
    report::diagnostics(&plan.remarks, shell);
    let [created, changed] = if is_plan { ["Would write", "Would edit"] } else { ["Created", "Changed"] };
    let listed: Vec<String> = plan.taken.iter().flat_map(|it| it.new.iter().cloned()).collect();
    for (path, _) in plan.files.iter().filter(|(path, _)| !listed.contains(path)) {
        shell.status(created, &shell.here(path));
    }
    if let Some(edit) = &plan.manifest {
        let path = edit.path.strip_prefix(&project.root).unwrap_or(&edit.path).display().to_string();
        shell.status(changed, &format!("{} ({})", shell.here(&path), edit.what));
    }
    let count = report::count(plan.taken.len(), "migration");
    let stay = if plan.in_place { "; their files stay where they are" } else { "" };
    let would = match (is_plan, is_live) {
        (true, false) => "would be taken over from",
        (true, true) => "would be made of",
        (false, false) => "taken over from",
        (false, true) => "made of",
    };
    let whom = if is_live { "the schema of the database" } else { tool };
    shell.status("Finished", &format!("{count} {would} {whom}{stay}"));
}

/// `migrations/V1__a.sql -> db/migrations/001_a.sql (2 lines translated)`
fn line(taken: &adopt::AdoptedFiles, shell: &Shell) -> String {
    let here = |files: &Vec<String>| files.iter().map(|file| shell.here(file)).collect::<Vec<_>>().join(" and ");
    let [old, new] = [&taken.old, &taken.new].map(here);
    let what = match (taken.old.is_empty(), taken.old == taken.new) {
        (true, _) => new,
        (_, true) => format!("{old} stays: {}", taken.name),
        _ => format!("{old} -> {new}"),
    };
    match taken.translated {
        0 => what,
        lines => format!("{what} ({} translated)", report::count(lines, "line")),
    }
}
