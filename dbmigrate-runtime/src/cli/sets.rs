//! The commands where several sets live in one database: which of them a command is about, or all of them in one order.

use std::ffi::OsString;
use std::path::Path;
use std::time::Instant;

use super::Terminal;
use super::failure::{DONE, Failure, NO, USAGE};
use super::human;
use super::nearest::nearest;
use super::output::Output;
use super::replay::set_of;
use super::request::{Format, RepairTarget, Request, Verb};
use crate::lazy_set::LazySet;
use crate::together::Together;
use crate::{Access, Rehearsal, Report, SetRehearsal};

/// What there is to say where nothing is pending.
const NOTHING: &str = "nothing to apply: the database is up to date";

/// Runs `request` on sets of one database file and returns the exit code, as [`run`](super::run) does.
///
/// A request that names a set is about that one. Without a name, `up` brings all of them up in one order, and what only
/// reads shows all of them; anything else has to be told which.
pub fn run_together<C: 'static>(
    together: Together<'_, C>,
    database: &Path,
    request: &Request,
    terminal: &mut dyn Terminal,
) -> u8 {
    let names: Vec<String> = together.migrators.iter().map(|one| one.lazy_set().latest().name.to_owned()).collect();
    let chosen = match &request.set {
        Some(name) => match names.iter().position(|known| known == name) {
            Some(place) => Some(place),
            None => return end(Err(unknown(name, &names)), request, database, terminal),
        },
        None => (names.len() == 1).then_some(0),
    };
    if let Some(place) = chosen {
        return run_one(together, place, database, request, terminal);
    }
    match &request.verb {
        Verb::Status { .. } | Verb::Verify | Verb::History | Verb::Repair { what: RepairTarget::Explain, .. } => {
            run_each(together, &names, database, request, terminal)
        }
        Verb::Up { to: None, existing, .. } => up(together, *existing, database, request, terminal),
        // A copy is of the whole file.
        Verb::Backup { .. } | Verb::Restore { .. } => run_one(together, 0, database, request, terminal),
        _ => end(Err(several(request, &names)), request, database, terminal),
    }
}

fn end(result: Result<u8, Failure>, request: &Request, database: &Path, terminal: &mut dyn Terminal) -> u8 {
    Output::new(request, database, terminal).end(result)
}

/// Goes one way of one migration of the set that is named.
pub(super) fn replay<C: 'static>(together: Together<'_, C>, arguments: &[OsString], terminal: &mut dyn Terminal) -> u8 {
    let mut migrators = together.migrators;
    let one = set_of(arguments).and_then(|name| migrators.iter().position(|one| one.lazy_set().latest().name == name));
    match one.map(|place| migrators.swap_remove(place)) {
        Some(one) => one.replay(arguments, terminal),
        None => {
            terminal.error(&format!("the runner has no {}", title(set_of(arguments).unwrap_or_default())));
            terminal.help("let the runner add every set of the package: `Together::new().add(…).cli()`");
            USAGE
        }
    }
}

/// Runs it on one set, which knows of the others.
fn run_one<C: 'static>(
    together: Together<'_, C>,
    place: usize,
    database: &Path,
    request: &Request,
    terminal: &mut dyn Terminal,
) -> u8 {
    let mut migrators = together.migrators;
    let one = migrators.remove(place);
    let others: Vec<LazySet<'_>> = migrators.iter().map(|other| other.lazy_set()).collect();
    one.run(&others, database, request, terminal)
}

/// Runs it on each set in turn, each under its name.
fn run_each<C: 'static>(
    together: Together<'_, C>,
    names: &[String],
    database: &Path,
    request: &Request,
    terminal: &mut dyn Terminal,
) -> u8 {
    let all: Vec<LazySet<'_>> = together.migrators.iter().map(|one| one.lazy_set()).collect();
    let mut exit = DONE;
    for (one, name) in together.migrators.into_iter().zip(names) {
        let on_stdout = matches!(request.verb, Verb::Status { .. } | Verb::History);
        if request.format == Format::Human {
            if on_stdout {
                terminal.data(&format!("{}:", heading(name)));
            } else if !request.quiet {
                terminal.status("Set", heading(name));
            }
        }
        let request = Request { set: Some(name.clone()).filter(|name| !name.is_empty()), ..request.clone() };
        let others: Vec<LazySet<'_>> = all.iter().copied().filter(|other| other.latest().name != *name).collect();
        let came = one.run(&others, database, &request, terminal);
        if came > NO {
            return came;
        }
        exit = exit.max(came);
    }
    exit
}

/// Brings all sets up in one order.
fn up<C: 'static>(
    together: Together<'_, C>,
    existing: bool,
    database: &Path,
    request: &Request,
    terminal: &mut dyn Terminal,
) -> u8 {
    let mut output = Output::new(request, database, terminal);
    let migrators = together.migrators.into_iter().map(|one| one.configured(request, existing)).collect();
    let together = Together { migrators };
    let Some(first) = together.migrators.first() else { return DONE };
    let (mut connection, access) = match first.open(database, request, &mut output) {
        Ok(opened) => opened,
        Err(failure) => return output.end(Err(failure)),
    };
    if request.verb.rehearses() {
        let result = rehearse_on(&together, &mut connection, &mut output);
        return output.end(result);
    }
    let result = up_on(&together, &mut connection, &mut output);
    if access == Access::Create && result.is_err() {
        first.discard(connection, database);
    }
    output.end(result)
}

fn up_on<C: 'static>(together: &Together<'_, C>, connection: &mut C, output: &mut Output<'_>) -> Result<u8, Failure> {
    let mut waiting = 0;
    for one in together.status(connection)? {
        waiting += one.status.entries.iter().filter(|entry| !entry.state.is_applied()).count();
    }
    if waiting > 0 {
        output.progress("Applying", &human::count(waiting));
    }
    let start = Instant::now();
    let mut all = Report::default();
    let result = together.up_by(connection, &mut |place, report| {
        let name = together.migrators[place].lazy_set().latest().name;
        if !output.json {
            output.progress("Set", heading(name));
        }
        output.set = name.to_owned();
        output.report(report);
        output.set.clear();
        all.applied.extend(report.applied.iter().cloned());
        all.repeated.extend(report.repeated.iter().cloned());
        all.notes.extend(report.notes.iter().cloned());
    });
    result?;
    Ok(output.summary(&all, NOTHING, start.elapsed()))
}

fn rehearse_on<C: 'static>(
    together: &Together<'_, C>,
    connection: &mut C,
    output: &mut Output<'_>,
) -> Result<u8, Failure> {
    let rehearsals = together.rehearse(connection)?;
    if rehearsals.is_empty() {
        return Ok(output.rehearsal(Rehearsal::default(), NOTHING));
    }
    let mut exit = DONE;
    for SetRehearsal { set, rehearsal } in rehearsals {
        if !output.json {
            output.progress("Set", heading(&set));
        }
        output.set = set;
        exit = exit.max(output.rehearsal(rehearsal, NOTHING));
    }
    Ok(exit)
}

/// A set as it stands above what is said of it.
fn heading(name: &str) -> &str {
    if name.is_empty() { "(without a name)" } else { name }
}

fn title(name: &str) -> String {
    if name.is_empty() { "set without a name".to_owned() } else { format!("set `{name}`") }
}

fn unknown(name: &str, names: &[String]) -> Failure {
    let failure = Failure::usage(format!("there is no set `{}`", human::plain(name)));
    match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => failure.hint(format!("did you mean `--set {near}`?")),
        None => failure.hint(choices(names)),
    }
}

fn several(request: &Request, names: &[String]) -> Failure {
    let what = match request.verb {
        Verb::Up { .. } => "up --to".to_owned(),
        _ => request.verb.name().to_owned(),
    };
    Failure::usage(format!("this database has several sets, and `{what}` works on one")).hint(choices(names))
}

fn choices(names: &[String]) -> String {
    let named: Vec<String> =
        names.iter().filter(|name| !name.is_empty()).map(|name| format!("`--set {name}`")).collect();
    let nameless = if named.len() < names.len() { ", `--set \"\"`" } else { "" };
    format!("name it: {}{nameless}", named.join(", "))
}
