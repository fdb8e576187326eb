//! Runs migrations on a database in memory, to see what they make. Nothing of the user's is touched: not the database,
//! and no other file.

use crate::db::Db;
use crate::difference::SchemaDifference;
use crate::error::Error;
use crate::histories::title;
use crate::history::History;
use crate::options::Options;
use crate::order::{Leg, Member, legs};
use crate::requires::elsewhere;
use crate::script::mentions;
use crate::session::Session;
use crate::set::{Effect, Migration, Rules, Script, Set, TransactionMode};
use crate::up;

/// Gives `work` sets as they can run on an empty database of their own, or says why they can't. `runs_code` is about the
/// first of them: nobody can run the Rust of the others.
#[inline]
pub(crate) fn alone<T>(
    sets: &[Set<'_>],
    runs_code: bool,
    work: impl FnOnce(&[Set<'_>]) -> Result<T, String>,
) -> Result<T, String> {
    let (mut work, mut done) = (Some(work), None);
    with_only(sets, runs_code, &mut |sets| done = work.take().map(|work| work(sets)))?;
    done.unwrap_or_else(|| Err("there is nothing to run".to_owned()))
}

#[inline]
fn with_only(sets: &[Set<'_>], runs_code: bool, work: &mut dyn FnMut(&[Set<'_>])) -> Result<(), String> {
    for (place, set) in sets.iter().enumerate() {
        if let Some((name, why)) = obstacle_in(set, runs_code && place == 0) {
            let of = if place == 0 { String::new() } else { format!(" of {}", title(set.name)) };
            return Err(format!("`{name}`{of} {why}"));
        }
    }
    // What a file asserts is about rows, and what it requires elsewhere may be of sets that are not there.
    let is_there = |name: &str| elsewhere(name).is_none_or(|(other, _)| sets.iter().any(|set| set.name == other));
    let requires: Vec<Vec<Vec<&str>>> = sets
        .iter()
        .map(|set| {
            let required = set.migrations.iter().map(|migration| migration.requires.iter().copied());
            required.map(|names| names.filter(|name| is_there(name)).collect()).collect()
        })
        .collect();
    let migrations: Vec<Vec<Migration<'_>>> = sets
        .iter()
        .zip(&requires)
        .map(|(set, requires)| {
            let both = set.migrations.iter().zip(requires);
            both.map(|(it, requires)| Migration { up: unasserted(it.up), requires, ..*it }).collect()
        })
        .collect();
    let alone: Vec<Set<'_>> = sets
        .iter()
        .zip(&migrations)
        .map(|(set, migrations)| Set {
            migrations,
            before_all: set.before_all.map(unasserted),
            after_all: set.after_all.map(unasserted),
            squash: None,
            // What the migrations make is to be seen.
            snapshot: None,
            rules: Rules { transaction: TransactionMode::Each, ..set.rules },
            ..*set
        })
        .collect();
    work(&alone);
    Ok(())
}

/// The first script of a set that can't run on a database in memory, and why.
#[inline]
fn obstacle_in<'s>(set: &Set<'s>, runs_code: bool) -> Option<(&'s str, &'static str)> {
    if let Some(pruned) = set.migrations.iter().find(|migration| migration.file.is_empty()) {
        return Some((pruned.name, "was pruned: only an older version of the program has it"));
    }
    let ups = set.migrations.iter().map(|migration| (migration.name, &migration.up));
    let hooks = set.before_all.iter().chain(&set.after_all).map(|hook| (hook.file, hook));
    let repeatables = set.repeatables.iter().map(|repeatable| (repeatable.script.file, &repeatable.script));
    ups.chain(hooks).chain(repeatables).find_map(|(name, script)| Some((name, obstacle(script, runs_code)?)))
}

#[inline]
fn unasserted(script: Script<'_>) -> Script<'_> {
    Script { asserts: &[], ..script }
}

/// Does something on a database in memory of the same kind as that of a session.
#[inline]
pub(crate) fn aside<T>(
    session: &mut dyn Session,
    runs_code: bool,
    work: &dyn Fn(&mut dyn Session) -> Result<T, String>,
) -> Result<T, String> {
    let mut made = None;
    if let Some(mut memory) = session.open(None).map_err(|error| error.0.message)? {
        session.on(memory.as_mut(), runs_code, &mut |memory| made = Some(work(memory)));
    }
    made.unwrap_or_else(|| Err("there is no database in memory".to_owned()))
}

/// Runs sets, of which only the first may have code, on the empty database of a session, and reads what that has then.
/// So does the reader of schemas, which says what differs from when it was asked before.
#[inline]
pub(crate) fn fill<T>(
    session: &mut dyn Session,
    sets: &[Set<'_>],
    options: &Options,
    read: fn(&mut Db<'_>, &History<'_>) -> Result<T, Error>,
) -> Result<(T, Vec<SchemaDifference>), String> {
    let found = filled(session, sets, options, read)?;
    let differences = session.schema_differences().transpose().map_err(|error| error.to_string())?;
    Ok((found, differences.unwrap_or_default()))
}

/// As [`fill`], without the reader of schemas.
#[inline]
pub(crate) fn filled<T>(
    session: &mut dyn Session,
    sets: &[Set<'_>],
    options: &Options,
    read: fn(&mut Db<'_>, &History<'_>) -> Result<T, Error>,
) -> Result<T, String> {
    // What a database in memory has at its beginning, those have put there who opened it.
    let options = Options { journal_mode: None, backup: None, allow_existing_schema: true, ..options.clone() };
    let members: Vec<Member<'_>> =
        sets.iter().map(|set| Member { set, pending: set.migrations.iter().collect() }).collect();
    let failed = |error: Error| format!("on an empty database, {}", error.without_notes().message());
    for Leg { place, to, part } in legs(&members).map_err(failed)? {
        up::up(session, &sets[place], &Options { part, ..options.clone() }, to).map_err(failed)?;
    }
    let set = sets.first().ok_or("there is no set")?;
    read(&mut Db::new(session, &options), &History::new(set)).map_err(|error| error.message())
}

/// Why a script can't run on a database in memory.
#[inline]
fn obstacle(script: &Script<'_>, runs_code: bool) -> Option<&'static str> {
    if !runs_code && script.has_code() {
        return Some("contains Rust");
    }
    works_on_other_files(script).then_some("also works on other files")
}

/// Whether a script opens or makes another database file.
#[inline]
pub(crate) fn works_on_other_files(script: &Script<'_>) -> bool {
    script.statements().any(|statement| match statement.effect {
        Effect::Bare { idempotent } => !idempotent,
        // On the safe side: a PRAGMA does not say ATTACH.
        Effect::Session => mentions(script.sql(statement).unwrap_or_default(), "attach", false),
        _ => false,
    })
}
