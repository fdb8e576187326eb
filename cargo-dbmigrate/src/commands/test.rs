//! `test`: every migration up, down, up, and older versions to the newest, on databases that hold rows.

use dbmigrate_runtime::cli::{Terminal, time};
use dbmigrate_schema::{Emptied, Fault, FaultKind, LeftOut, MigrationTrial, Stopped, TrialReport};
use serde_json::{Value, json};

use super::Context;
use crate::cli::TestArgs;
use crate::error::{CliError, DONE, NO};
use crate::ops::named_files;
use crate::ops::project::Project;
use crate::ops::test::{Request, Run, Tested, diagnostic, test};
use crate::report::{self, Reason, count, micros};
use crate::shell::Shell;

pub(crate) fn run(args: &TestArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let projects = named_files::select(context.global, &args.files)?;
    let mut exit = DONE;
    for (project, names) in having(&projects, &args.names)? {
        let request = Request { names: &names, to: args.to.as_deref(), from: args.from.as_deref(), deep: args.deep };
        super::work_on(project, context.shell);
        let tested = test(project, &request)?;
        for run in &tested.runs {
            show(project, &tested, run, context.shell);
        }
        if !tested.passed() {
            exit = NO;
        }
    }
    Ok(exit)
}

/// The sets that have any of what was named, each with what it has; a name that none of them has is an error.
fn having<'p>(projects: &'p [Project], names: &[String]) -> Result<Vec<(&'p Project, Vec<String>)>, CliError> {
    if names.is_empty() || projects.len() == 1 {
        return Ok(projects.iter().map(|project| (project, names.to_vec())).collect());
    }
    let sets = projects.iter().map(Project::load_sound).collect::<Result<Vec<_>, _>>()?;
    let mut having: Vec<(&Project, Vec<String>)> = projects.iter().map(|project| (project, Vec::new())).collect();
    for name in names {
        let mut unknown = None;
        let mut is_known = false;
        for ((_, has), loaded) in having.iter_mut().zip(&sets) {
            match loaded.set.find(name) {
                Ok(_) => {
                    is_known = true;
                    has.push(name.clone());
                }
                Err(error) => unknown = unknown.or(Some(error)),
            }
        }
        if let Some(unknown) = unknown.filter(|_| !is_known) {
            return Err(CliError::from(*unknown).into_usage());
        }
    }
    having.retain(|(_, has)| !has.is_empty());
    Ok(having)
}

fn show(project: &Project, tested: &Tested, run: &Run, shell: &mut Shell) {
    let tried = &run.tried;
    if shell.is_json() {
        return machine(project, tested, run, shell);
    }
    let width = tried.migrations.iter().map(|it| it.name.len()).max().unwrap_or(0);
    for one in tried.migrations.iter().filter(|one| tested.is_wanted(&one.name)) {
        shell.data(&line(one, width));
    }
    let faults: Vec<_> = tested.faults(run).map(|(name, fault)| diagnostic(name, fault, &run.rows)).collect();
    report::diagnostics(&faults, shell);
    for one in tried.migrations.iter().filter(|one| tested.is_wanted(&one.name)) {
        for LeftOut { table, rows, of, drops } in &one.left_out {
            let name = &one.name;
            let why = if *drops { "including those that its copy silently drops" } else { "as its copy says" };
            shell.note(&format!("`{name}` leaves {rows} of {of} rows of `{table}` behind, {why}"));
        }
    }
    for Emptied { name, tables, why } in &tried.emptied {
        let tables: Vec<_> = tables.iter().map(|table| format!("`{table}`")).collect();
        shell.warning(&format!("`{name}` was tried without any row of {}: {why}", tables.join(", ")));
        shell.help("provide rows that it accepts: `fixtures` of the manifest names their folder");
    }
    let has_none = |name: &String| tried.emptied.iter().any(|it| it.name == *name);
    for (name, why) in tried.turned_away.iter().filter(|(name, _)| !has_none(name)) {
        shell.note(&format!("`{name}` rejected generated rows, and others were used: {why}"));
    }
    for name in &tried.refused_downs {
        shell.note(&format!(
            "`{name}` was not rolled back: an assertion of its down script does not hold for these rows"
        ));
    }
    for (table, why) in &tried.unfilled {
        shell.note(&format!("no row of `{table}` could be tried: {why}"));
    }
    for (name, (at, why)) in tried.versions.iter().filter_map(|it| Some((&it.name, it.ended.as_ref()?))) {
        shell.note(&format!("from `{name}`, it got as far as `{at}`: {why}"));
    }
    shell.status("Tested", &format!("{} with {} ({})", project.title(), run.rows, what(tried)));
    untried(tried, shell);
    if !faults.is_empty() {
        shell.error(&format!("package {} has {}", project.quoted(), count(faults.len(), "problem")));
    }
}

/// `002_add_stars  up, down, up     16 rows    16 compared  1.2 ms`
fn line(one: &MigrationTrial, width: usize) -> String {
    let ways = if one.went_back { "up, down, up" } else { "up" };
    let MigrationTrial { name, rows, compared, duration, .. } = one;
    let wrong = if one.faults.is_empty() { "" } else { "  wrong" };
    format!("{name:width$}  {ways:12}  {rows:>6} rows  {compared:>6} compared  {}{wrong}", time(*duration))
}

/// What was tried, in words.
fn what(tried: &TrialReport) -> String {
    let downs = tried.migrations.iter().filter(|it| it.went_back).count();
    let versions = match tried.versions.len() {
        0 => String::new(),
        versions => format!(", {} to the newest in one go", count(versions, "older version")),
    };
    format!("{} up, {downs} down and up again{versions}", count(tried.migrations.len(), "migration"))
}

/// What was not tried is never just left out.
fn untried(tried: &TrialReport, shell: &mut Shell) {
    if !tried.unchecked_downs.is_empty() {
        let names = tried.unchecked_downs.join("`, `");
        shell.warning(&format!("these down scripts were not tested, as only the program can run them: `{names}`"));
    }
    if tried.unchecked.is_empty() {
        return;
    }
    let names = tried.unchecked.join("`, `");
    match &tried.stopped {
        Some((first, why)) => {
            shell.warning(&format!("`{first}` {why}, so these were not tested: `{names}`"));
            if *why == Stopped::Code {
                shell.help("test them in the program: `migrations::migrator().testing().check_all()` in a `#[test]`");
                shell.help("for that: `cargo add --dev dbmigrate-runtime --features testing`");
            }
        }
        None => shell.note(&format!("not tested after the failure: `{names}`")),
    }
}

fn machine(project: &Project, tested: &Tested, run: &Run, shell: &mut Shell) {
    let tried = &run.tried;
    for one in tried.migrations.iter().filter(|one| tested.is_wanted(&one.name)) {
        let mut line = json!({
            "reason": Reason::TestedMigration.as_str(),
            "package": project.name,
            "with": run.rows,
            "name": one.name,
            "rows": one.rows,
            "compared": one.compared,
            "went_back": one.went_back,
            "left_out": one.left_out.iter().map(left_out).collect::<Vec<_>>(),
            "faults": one.faults.iter().map(fault).collect::<Vec<_>>(),
            "duration_us": micros(one.duration),
        });
        project.tag(&mut line);
        shell.data(&line.to_string());
    }
    for one in tried.versions.iter().filter(|one| tested.is_wanted(&one.name)) {
        let mut line = json!({
            "reason": Reason::TestedVersion.as_str(),
            "package": project.name,
            "name": one.name,
            "rows": one.rows,
            "compared": one.compared,
            "faults": one.faults.iter().map(fault).collect::<Vec<_>>(),
            "ended": one.ended.as_ref().map(|(name, why)| json!({ "name": name, "why": why })),
            "duration_us": micros(one.duration),
        });
        project.tag(&mut line);
        shell.data(&line.to_string());
    }
    let named = |pairs: Vec<(String, &String)>| -> Value {
        pairs.into_iter().map(|(name, why)| json!({ "name": name, "why": why })).collect()
    };
    let mut line = json!({
        "reason": Reason::TestSummary.as_str(),
        "package": project.name,
        "with": run.rows,
        "migrations": tried.migrations.len(),
        "versions": tried.versions.len(),
        "faults": tested.faults(run).count(),
        "turned_away": named(tried.turned_away.iter().map(|(name, why)| (name.clone(), why)).collect()),
        "emptied": tried.emptied.iter().map(emptied).collect::<Vec<_>>(),
        "unfilled": named(tried.unfilled.iter().map(|(name, why)| (name.to_string(), why)).collect()),
        "unchecked": tried.unchecked,
        "unchecked_downs": tried.unchecked_downs,
    });
    project.tag(&mut line);
    shell.data(&line.to_string());
}

fn emptied(emptied: &Emptied) -> Value {
    let tables: Vec<_> = emptied.tables.iter().map(|table| table.as_str()).collect();
    json!({ "name": emptied.name, "tables": tables, "why": emptied.why })
}

fn left_out(left_out: &LeftOut) -> Value {
    json!({ "table": left_out.table.as_str(), "rows": left_out.rows, "of": left_out.of })
}

fn fault(fault: &Fault) -> Value {
    let loss = match &fault.kind {
        FaultKind::Rows(loss) => Some(loss),
        _ => None,
    };
    json!({
        "way": fault.leg.as_str(),
        "message": fault.kind.to_string(),
        "table": loss.map(|loss| loss.table.as_str()),
        "column": loss.and_then(|loss| loss.column.as_deref()),
        "rows": loss.map(|loss| loss.rows),
        "of": loss.map(|loss| loss.of),
        "example": loss.map(|loss| loss.example.as_str()),
        "instead": loss.and_then(|loss| loss.instead.as_deref()),
    })
}
