//! Runs migrations on a database in memory, to see what they make. Nothing of the user's is touched: not the database,
//! and no other file.

use std::path::Path;

use crate::db::Db;
use crate::difference::Reader;
use crate::driver::{Access, Backend};
use crate::error::Error;
use crate::foreign_keys::has_code;
use crate::history::History;
use crate::hooks::Hooks;
use crate::options::Options;
use crate::requires::elsewhere;
use crate::session::{Bound, Dispatch};
use crate::set::{Effect, Migration, Rules, Script, Set, Step, TransactionMode};
use crate::up;

/// Gives `work` a set as it can run on an empty database of its own, or says why it can't.
pub(crate) fn alone<T>(
    set: &Set<'_>,
    runs_code: bool,
    work: impl FnOnce(&Set<'_>) -> Result<T, String>,
) -> Result<T, String> {
    if let Some(pruned) = set.migrations.iter().find(|migration| migration.file.is_empty()) {
        return Err(format!("`{}` was pruned: only an older version of the program has it", pruned.name));
    }
    let ups = set.migrations.iter().map(|migration| (migration.name, &migration.up));
    let hooks = set.before_all.iter().chain(&set.after_all).map(|hook| (hook.file, hook));
    let repeatables = set.repeatables.iter().map(|repeatable| (repeatable.script.file, &repeatable.script));
    let mut scripts = ups.chain(hooks).chain(repeatables);
    if let Some(reason) = scripts.find_map(|(name, script)| Some(format!("`{name}` {}", obstacle(script, runs_code)?)))
    {
        return Err(reason);
    }
    let requires: Vec<Vec<&str>> = set.migrations.iter().map(own_requirements).collect();
    // What a file asserts is about rows, and what it requires elsewhere about other sets: there are none.
    let migrations: Vec<Migration<'_>> = set
        .migrations
        .iter()
        .zip(&requires)
        .map(|(migration, requires)| Migration { up: unasserted(migration.up), requires, ..*migration })
        .collect();
    work(&Set {
        migrations: &migrations,
        before_all: set.before_all.map(unasserted),
        after_all: set.after_all.map(unasserted),
        squash: None,
        rules: Rules { transaction: TransactionMode::Each, ..set.rules },
        ..*set
    })
}

/// What a migration requires of its own set.
fn own_requirements<'s>(migration: &Migration<'s>) -> Vec<&'s str> {
    migration.requires.iter().copied().filter(|name| elsewhere(name).is_none()).collect()
}

fn unasserted(script: Script<'_>) -> Script<'_> {
    Script { asserts: &[], ..script }
}

/// Runs a set on a database in memory of this backend, and reads what that has then. So does `schema`, which says from
/// then on what differs from it.
pub(crate) fn replay<B: Backend, T>(
    set: &Set<'_>,
    options: &Options,
    code: Option<&Dispatch<'_, B::Connection>>,
    schema: Option<&Reader<'_, B::Connection>>,
    read: fn(&mut Db<'_>, &History<'_>) -> Result<T, Error>,
) -> Result<T, String> {
    let mut memory = B::open(Path::new(":memory:"), Access::Create).map_err(|error| error.to_string())?;
    let hooks = Hooks::default();
    let mut session = Bound::<B> { driver: B::driver(&mut memory), code, hooks: &hooks, schema: None };
    let options = Options { journal_mode: None, backup: None, ..options.clone() };
    up::up(&mut session, set, &options, None).map_err(|error| format!("on an empty database, {}", error.message()))?;
    let found = read(&mut Db::new(&mut session, &options), &History::new(set)).map_err(|error| error.message())?;
    schema.map_or(Ok(Vec::new()), |read| read(B::connection(&session.driver))).map_err(|error| error.to_string())?;
    Ok(found)
}

/// Why a script can't run on a database in memory.
fn obstacle(script: &Script<'_>, runs_code: bool) -> Option<&'static str> {
    if !runs_code && has_code(script) {
        return Some("has Rust in it");
    }
    works_on_other_files(script).then_some("works on other files as well")
}

/// Whether a script opens or makes another database file.
pub(crate) fn works_on_other_files(script: &Script<'_>) -> bool {
    script.steps.iter().any(|step| {
        let Step::Sql(statement) = step else { return false };
        match statement.effect {
            Effect::Bare { idempotent } => !idempotent,
            // On the safe side: a PRAGMA does not say ATTACH.
            Effect::Session => {
                let sql = script.text.get(statement.start as usize..statement.end as usize).unwrap_or_default();
                sql.as_bytes().windows(6).any(|word| word.eq_ignore_ascii_case(b"attach"))
            }
            _ => false,
        }
    })
}
