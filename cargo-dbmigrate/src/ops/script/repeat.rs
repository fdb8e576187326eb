//! A script that can be run again: every statement does nothing where what it does is done.

use std::collections::{HashMap, HashSet};

use dbmigrate_core::Diagnostic;
use dbmigrate_core::token::{tokens, unquote};
use rusqlite::Connection;

use super::block::{Block, Item, User};
use super::guard::{Condition, Guard};
use super::header;
use super::once::{Object, once};
use super::run::{self, Bench, Range};
use super::write::{self, Text};
use crate::error::CliError;

/// The text, or every statement that can't be said so.
pub(super) fn text(bench: Bench<'_>, range: Range, blocks: &mut [Block], title: &str) -> Result<String, CliError> {
    let set = bench.source;
    let guard = Guard::new(bench);
    let numbers: HashMap<String, (usize, u64)> =
        set.migrations.iter().enumerate().map(|(at, it)| (it.name(), (at, it.number))).collect();
    // They change below.
    let originals = blocks.to_vec();
    let mut problems = Vec::new();
    let mut dropped: Vec<(usize, Object, User)> = Vec::new();
    let last = blocks.len().saturating_sub(1);
    let mut free: Vec<Vec<Condition>> = Vec::new();
    for (at, block) in blocks.iter_mut().enumerate() {
        let mut made = Vec::new();
        // In between the head would say what is wrong where more is applied.
        block.items.retain(|item| at == last || !matches!(item, Item::Own(sql) if guard.writes_head(sql)));
        for item in &mut block.items {
            match item {
                Item::Own(sql) if guard.records(sql) => sql.push_str(" ON CONFLICT DO NOTHING"),
                Item::User(user) => {
                    // A repeatable takes away first what it makes.
                    let Some((place, number)) = numbers.get(&user.script).copied() else { continue };
                    match once(&user.sql, &guard.is_due(number, range.is_up())) {
                        Ok(found) => {
                            let object = found.made.filter(|it| !made.contains(&(number, it.clone())));
                            made.extend(object.map(|object| (number, object)));
                            dropped.extend(found.dropped.map(|it| (place, it, user.clone())));
                            user.sql = found.sql;
                        }
                        Err(why) => problems.push(impossible(user, why)),
                    }
                }
                Item::Assert(user) => {
                    if let Some((_, number)) = numbers.get(&user.script) {
                        let due = guard.is_due(*number, range.is_up());
                        user.sql = format!("SELECT CASE WHEN {due} THEN (\n{}\n) ELSE 1 END", user.sql);
                    }
                }
                Item::Own(_) => {}
            }
        }
        let conditions = made.iter().map(|(number, it)| guard.is_free(*number, range.is_up(), &it.kind, &it.name));
        free.push(conditions.collect());
    }
    problems.extend(taken_from_others(bench, range, &originals, &dropped)?);
    if problems.is_empty() {
        problems.extend(fails_again(bench, range, blocks)?);
    }
    if !problems.is_empty() {
        return Err(CliError::diagnostics(problems).help("for a script that runs once, remove `--idempotent`"));
    }
    let mut text = Text::new(title, &header(set, range, true));
    for ((at, block), free) in blocks.iter().enumerate().zip(free) {
        let mut first = vec![guard.goes_on_within(range, block.before.applied)];
        let mut ways = Vec::new();
        if at == 0 {
            first = vec![guard.is_within(range)];
            first.extend(guard.requirements(&super::migrations(set, range)));
            first.extend(guard.loses_no_trigger());
            // Without hooks the first is that of a migration, which clears their records.
            ways = guard.make_way();
        }
        first.extend(free);
        text.piece(block, &write::guarded(&guard, block, first, &ways));
    }
    Ok(text.finish())
}

/// What is taken away whenever the script runs must not be there on a version that it is run on once more.
fn taken_from_others(
    bench: Bench<'_>,
    range: Range,
    blocks: &[Block],
    dropped: &[(usize, Object, User)],
) -> Result<Vec<Diagnostic>, CliError> {
    let mut problems: Vec<Diagnostic> = Vec::new();
    if dropped.is_empty() {
        return Ok(problems);
    }
    let database = bench.at(range.from)?;
    bench.creates()?.iter().try_for_each(|sql| database.execute_batch(sql)).map_err(CliError::in_memory)?;
    for (at, block) in blocks.iter().enumerate() {
        // What the runner has done, once more: each version in one pass.
        go_on(&database, block).map_err(CliError::in_memory)?;
        let at = blocks.get(at + 1).map_or(range.to, |next| next.before.applied);
        let named = names(block);
        for (place, Object { kind, name }, user) in dropped.iter().filter(|(_, object, _)| named.contains(&object.name))
        {
            // It has run on this version.
            let is_done = if range.is_up() { *place < at } else { *place >= at };
            let sql = "SELECT EXISTS (SELECT 1 FROM main.sqlite_master WHERE type = ?1 AND lower(name) = ?2)";
            let is_there: bool =
                database.query_row(sql, [kind, name], |row| row.get(0)).map_err(CliError::in_memory)?;
            if is_done && is_there && !problems.iter().any(|it| it.location.as_ref() == Some(&user.at)) {
                problems
                    .push(impossible(user, "a later one creates it again, and running this again would remove that"));
            }
        }
    }
    Ok(problems)
}

/// Does what a transaction of the runner's did.
fn go_on(database: &Connection, block: &Block) -> rusqlite::Result<()> {
    database.execute_batch(&format!("PRAGMA foreign_keys = {}", block.enforced))?;
    if block.transaction {
        database.execute_batch("BEGIN")?;
    }
    for item in &block.items {
        match item {
            Item::Own(sql) => database.execute_batch(sql)?,
            Item::User(user) => database.execute_batch(&user.sql)?,
            Item::Assert(_) => {}
        }
    }
    if block.transaction { database.execute_batch("COMMIT") } else { Ok(()) }
}

/// The words of a transaction, in lower case: nothing becomes of what it does not name.
fn names(block: &Block) -> HashSet<String> {
    let texts = block.items.iter().filter_map(|item| match item {
        Item::User(user) => Some(user.sql.as_str()),
        _ => None,
    });
    texts.flat_map(|sql| tokens(sql).map(|token| unquote(token.text(sql)).to_ascii_lowercase())).collect()
}

/// A statement that fails where it has run already.
fn fails_again(bench: Bench<'_>, range: Range, blocks: &[Block]) -> Result<Option<Diagnostic>, CliError> {
    let mut database = bench.at(range.from)?;
    let mut last = range.from;
    for next in range.spread() {
        bench.go(Range { from: last, to: next }, &mut database).map_err(run::refused)?;
        last = next;
        let trial = bench.copy(&database)?;
        for item in blocks.iter().flat_map(|block| &block.items) {
            let (sql, user) = match item {
                Item::Own(sql) => (sql, None),
                Item::User(user) => (&user.sql, Some(user)),
                Item::Assert(_) => continue,
            };
            // What the runner says for itself fails in the proof, if at all.
            if let (Err(error), Some(user)) = (trial.execute_batch(sql), user) {
                return Ok(Some(impossible(user, &format!("where it has already run, it fails: {error}"))));
            }
        }
    }
    Ok(None)
}

fn impossible(user: &User, why: &str) -> Diagnostic {
    let message = format!("`{}` has a statement that can't be run again: {why}", user.script);
    Diagnostic::error("not-idempotent", message).at(user.at.clone())
}
