//! Runs a [`Request`]: opens the database, does the work through the [`Migrator`], says what came of it.

use std::path::Path;
use std::time::Instant;

use super::failure::{DONE, Failure, NO};
use super::output::Output;
use super::request::{Request, RollbackTarget, Verb};
use super::restore::How;
use super::target::find;
use super::{Terminal, adopt, backup, human, open, reset, restore, settle};
use crate::{Access, Backend, Entry, Error, Migrator, NewerDatabase, Rehearse, Report, State, Status};

/// Runs `request` on the database file and returns the exit code: 0 done, 1 the answer is no, 2 wrong usage, 101
/// failure.
pub fn run<B: Backend>(
    migrator: Migrator<'_, B>,
    database: &Path,
    request: &Request,
    terminal: &mut dyn Terminal,
) -> u8 {
    let mut output = Output::new(request, database, terminal);
    output.set = migrator.name().to_owned();
    let migrator = configured(migrator, request);
    if let Verb::Restore { from, yes, force } = &request.verb {
        // The database may be damaged or missing.
        let result = match from {
            Some(copy) => {
                restore::restore(&migrator, database, How { copy, yes: *yes, force: *force }, request, &mut output)
            }
            None if *yes || *force => Err(Failure::usage("no copy to restore was given")
                .hint(format!("to list the copies: {}", output.command("restore")))),
            None => restore::list(&migrator, database, &mut output),
        };
        return output.end(result);
    }
    let (mut connection, access) = match open::open::<B>(database, request, &mut output) {
        Ok(opened) => opened,
        Err(failure) => return output.end(Err(failure)),
    };
    let is_empty = {
        let latest = migrator.lazy_set.latest();
        !latest.has_migrations && !latest.has_repeatables
    };
    let result = execute(migrator, &mut connection, database, request, &mut output);
    let created = access == Access::Create && !request.verb.rehearses();
    if created && (is_empty || result.is_err()) {
        open::discard_empty::<B>(connection, database);
    }
    output.end(result)
}

/// Runs `request` on a connection that is open already; `database` is its name in messages. `restore` opens it anew.
pub fn run_on<B: Backend>(
    migrator: Migrator<'_, B>,
    connection: &mut B::Connection,
    database: &Path,
    request: &Request,
    terminal: &mut dyn Terminal,
) -> u8 {
    if matches!(request.verb, Verb::Restore { .. }) {
        return run(migrator, database, request, terminal);
    }
    let mut output = Output::new(request, database, terminal);
    output.set = migrator.name().to_owned();
    let result = execute(configured(migrator, request), connection, database, request, &mut output);
    output.end(result)
}

/// The migrator with what the command line says of it.
pub(crate) fn configured<'a, B: Backend>(migrator: Migrator<'a, B>, request: &Request) -> Migrator<'a, B> {
    let migrator = match request.busy_timeout {
        Some(timeout) => migrator.busy_timeout(timeout),
        None => migrator,
    };
    match request.backup_here() {
        Some(backup) => migrator.backup(backup),
        // Its copy is not for the manifest to refuse.
        None if matches!(request.verb, Verb::Reset { .. }) => migrator.backup(Request::default_backup()),
        None => migrator,
    }
}

fn execute<B: Backend>(
    migrator: Migrator<'_, B>,
    connection: &mut B::Connection,
    database: &Path,
    request: &Request,
    output: &mut Output<'_>,
) -> Result<u8, Failure> {
    let migrator = follow(migrator, request, output);
    match &request.verb {
        Verb::Status { check, .. } => {
            let status = migrator.status(connection)?;
            output.status(&status);
            let newer_is_fine = migrator.set()?.rules.newer_database == NewerDatabase::Allow;
            let is_fine = |entry: &Entry| match entry.state {
                State::Applied => true,
                State::Newer => newer_is_fine,
                _ => false,
            };
            let is_done = status.pending_repeatables() == 0 && status.entries.iter().all(is_fine);
            Ok(if *check && !is_done { NO } else { DONE })
        }
        Verb::Up { to, existing, .. } => {
            let migrator = if *existing { migrator.allow_existing_schema() } else { migrator };
            up(&migrator, connection, to.as_deref(), request, output)
        }
        Verb::Down { what, .. } => {
            let what = back(&migrator, connection, what, output)?;
            go(&migrator, connection, what, "nothing to roll back", request, output)
        }
        Verb::Redo => change(output, "nothing to redo", || migrator.redo(connection)),
        Verb::Reset { yes } => reset::reset(&migrator, connection, database, *yes, output),
        Verb::Mark { what, force } => {
            let migrator = if *force { migrator.allow_mismatch() } else { migrator };
            settle::mark(&migrator, connection, what, output)
        }
        Verb::Adopt { yes, force } => {
            let migrator = if *force { migrator.allow_mismatch() } else { migrator };
            adopt::adopt(&migrator, connection, database, *yes, output)
        }
        Verb::Forget { target } => settle::forget(&migrator, connection, target, output),
        Verb::Repair { what, stopped } => settle::repair(&migrator, connection, what, *stopped, output),
        Verb::Backup { to } => backup::backup(&migrator, connection, to.as_deref(), output),
        // Done before, as it opens the database itself.
        Verb::Restore { .. } => Ok(DONE),
        Verb::Verify => Ok(output.verification(&migrator.verify(connection)?)),
        Verb::History => {
            output.history(&migrator.history(connection)?);
            Ok(DONE)
        }
    }
}

/// Lets a line on the terminal follow what a migrator does.
fn follow<'a, B: Backend>(migrator: Migrator<'a, B>, request: &Request, output: &mut Output<'_>) -> Migrator<'a, B> {
    if !request.verb.executes() {
        return migrator;
    }
    let Some(live) = output.live() else { return migrator };
    let verb = match request.verb {
        Verb::Up { dry_run: false, .. } => "Applying",
        Verb::Down { dry_run: false, .. } | Verb::Reset { .. } => "Rolling back",
        Verb::Up { .. } | Verb::Down { .. } => "Rehearsing",
        _ => "Running",
    };
    live.follow(migrator, verb)
}

fn up<B: Backend>(
    migrator: &Migrator<'_, B>,
    connection: &mut B::Connection,
    to: Option<&str>,
    request: &Request,
    output: &mut Output<'_>,
) -> Result<u8, Failure> {
    let status = migrator.status(connection)?;
    let last = to.map(|target| number(&status, target, output)).transpose()?;
    let waits = |entry: &&Entry| !entry.state.is_applied() && last.is_none_or(|last| entry.number <= last);
    let waiting = status.entries.iter().filter(waits).count();
    let repeatables = status.pending_repeatables();
    let is_last = last.is_none_or(|last| status.entries.iter().all(|entry| entry.number <= last));
    let doing = if request.verb.rehearses() { "Rehearsing" } else { "Applying" };
    if waiting > 0 {
        output.progress(doing, &human::count(waiting));
    } else if repeatables > 0 && is_last {
        output.progress(doing, &human::count_repeatables(repeatables));
    }
    let nothing = match to {
        Some(target) => format!("nothing to apply up to `{}`", human::plain(target)),
        None => "nothing to apply: the database is up to date".to_owned(),
    };
    go(migrator, connection, last.map_or(Rehearse::Up, Rehearse::UpTo), &nothing, request, output)
}

/// What is to be rolled back.
fn back<B: Backend>(
    migrator: &Migrator<'_, B>,
    connection: &mut B::Connection,
    what: &RollbackTarget,
    output: &Output<'_>,
) -> Result<Rehearse, Failure> {
    let target = match what {
        RollbackTarget::Newest => return Ok(Rehearse::Down),
        RollbackTarget::All => return Ok(Rehearse::DownAll),
        RollbackTarget::Count(count) => {
            let stays = stays(&migrator.status(connection)?, *count, output)?;
            return Ok(stays.map_or(Rehearse::DownAll, Rehearse::DownTo));
        }
        RollbackTarget::One(target) | RollbackTarget::To(target) => target,
    };
    let number = number(&migrator.status(connection)?, target, output)?;
    Ok(if matches!(what, RollbackTarget::One(_)) { Rehearse::RollBack(number) } else { Rehearse::DownTo(number) })
}

/// Does it, or rehearses it.
fn go<B: Backend>(
    migrator: &Migrator<'_, B>,
    connection: &mut B::Connection,
    what: Rehearse,
    nothing: &str,
    request: &Request,
    output: &mut Output<'_>,
) -> Result<u8, Failure> {
    if request.verb.rehearses() {
        output.live().into_iter().for_each(|live| live.say("Copying", "the database"));
        let rehearsal = migrator.rehearse(connection, what);
        output.still();
        return Ok(output.rehearsal(rehearsal?, nothing));
    }
    change(output, nothing, || match what {
        Rehearse::Up => migrator.up(connection),
        Rehearse::UpTo(last) => migrator.up_to(connection, last),
        Rehearse::Down => migrator.down(connection),
        Rehearse::DownTo(stays) => migrator.down_to(connection, stays),
        Rehearse::DownAll => migrator.down_all(connection),
        Rehearse::RollBack(number) => migrator.roll_back(connection, number),
    })
}

pub(super) fn number(status: &Status, target: &str, output: &Output<'_>) -> Result<u64, Failure> {
    find(&status.entries, target, &output.command("status")).map(|entry| entry.number)
}

/// The newest migration that stays when `count` are rolled back; none where all go.
fn stays(status: &Status, count: u64, output: &Output<'_>) -> Result<Option<u64>, Failure> {
    let mut applied: Vec<u64> = status.entries.iter().filter(|entry| is_recorded(entry)).map(|e| e.number).collect();
    applied.sort_unstable();
    match applied.len().checked_sub(usize::try_from(count).unwrap_or(usize::MAX)) {
        Some(kept) => Ok(kept.checked_sub(1).and_then(|last| applied.get(last).copied())),
        None => {
            Err(Failure::new(format!("`--count {count}` is more than the {} applied", human::count(applied.len())))
                .hint(format!("to roll back everything: {}", output.command("down --all"))))
        }
    }
}

/// Whether the history has a row of it, be it an unfinished one.
fn is_recorded(entry: &Entry) -> bool {
    !matches!(entry.state, State::Pending | State::Late)
}

/// Does something to the database and says what was done, also where it failed half-way.
pub(super) fn change(
    output: &mut Output<'_>,
    nothing: &str,
    work: impl FnOnce() -> Result<Report, Error>,
) -> Result<u8, Failure> {
    let start = Instant::now();
    let result = work();
    output.still();
    match result {
        Ok(report) => Ok(output.finished(&report, nothing, start.elapsed())),
        Err(error) => Err(output.failed(error)),
    }
}
