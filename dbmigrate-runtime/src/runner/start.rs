//! Lets a fresh database start from the snapshot of its set, in one transaction, with the rows in the history that the
//! whole way would have left.
//!
//! It is a short cut and no more: whatever is in doubt, and whatever goes wrong, is rolled back, and the migrations run
//! one by one as if there were no snapshot.

use std::time::Instant;

use super::{Plan, Runner};
use crate::compare::chain;
use crate::db::{Db, failed};
use crate::error::Error;
use crate::foreign_keys::Choice;
use crate::history::{History, tables_of};
use crate::hooks::Direction;
use crate::job::{Job, Kind, Way};
use crate::report::Report;
use crate::requires::elsewhere;
use crate::script::{self, Stop};
use crate::set::{Migration, Set, TransactionMode};
use crate::snapshot::{Snapshot, Started};
use crate::value::{Value, text};

/// Starts from the snapshot, in the open transaction, if it can; whether the next transaction is to be begun.
pub(crate) type StartFn =
    for<'s> fn(&mut Runner<'_, 's>, &mut Db<'_>, &mut Plan<'s>, &mut Report) -> Result<bool, Error>;

#[inline]
pub(crate) fn start<'s>(
    runner: &mut Runner<'_, 's>,
    db: &mut Db<'_>,
    plan: &mut Plan<'s>,
    report: &mut Report,
) -> Result<bool, Error> {
    let Some(snapshot) = runner.snapshot else { return Ok(false) };
    let set = runner.context.set;
    let Some(count) = stands_for(set, snapshot, plan).filter(|_| is_untouched(db, set)) else {
        runner.snapshot = None;
        return Ok(false);
    };
    if snapshot.script.foreign_keys == Some(false) && runner.enforced {
        // The rows come in no order that foreign keys would allow.
        runner.enforced = false;
        return db.rollback().map(|()| true);
    }
    // It is tried once.
    runner.snapshot = None;
    let from = Instant::now();
    if !made(runner, db, snapshot, count, plan) {
        return db.rollback().map(|()| true);
    }
    let duration = from.elapsed();
    let head = chain(set, Some(count));
    let written = runner.clear_records(db, Kind::Migration).and_then(|()| runner.context.history.write_head(db, head));
    match written.map(|()| db.commit()) {
        Ok(Ok(())) => {}
        // It is in the way of the migrations as well.
        Ok(Err(error)) if error.busy => return Err(failed("could not commit", error)),
        _ => return db.rollback().map(|()| true),
    }
    runner.head = head;
    plan.prefix = Some(count);
    let file = snapshot.script.file.to_owned();
    report.snapshot = Some(Started { file, migrations: count, duration });
    for job in &plan.jobs[..count] {
        runner.committed(db, report, job, job.done());
    }
    plan.next = count;
    Ok(true)
}

/// How many migrations the snapshot stands for, if all of them are to be applied, and no more together with them.
#[inline]
fn stands_for(set: &Set<'_>, snapshot: &Snapshot<'_>, plan: &Plan<'_>) -> Option<usize> {
    let count = set.migrations.iter().position(|migration| migration.number == snapshot.number)? + 1;
    let ups = plan.jobs.iter().take_while(|job| matches!(job.way, Way::Up(..))).count();
    let covered = set.migrations.get(..count)?;
    let is_plain = |migration: &Migration<'_>| {
        !migration.up.has_code() && migration.requires.iter().all(|name| elsewhere(name).is_none())
    };
    let stands = covered.last()?.chain == snapshot.chain
        && !snapshot.chain.is_empty()
        && plan.prefix == Some(0)
        && ups >= count
        // Those that follow would have to fall with it.
        && (set.rules.transaction == TransactionMode::Each || ups == count)
        && covered.iter().all(is_plain);
    stands.then_some(count)
}

/// Whether nothing was ever in the database but what the history needs, and the connection is as SQLite opens it as far
/// as what migrations do could depend on it.
#[inline]
fn is_untouched(db: &mut Db<'_>, set: &Set<'_>) -> bool {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM main.sqlite_master \
               WHERE name <> 'sqlite_sequence' AND lower(tbl_name) NOT IN (lower(?1), lower(?2), lower(?3))) \
               AND NOT EXISTS (SELECT 1 FROM main.sqlite_sequence) \
               AND NOT EXISTS (SELECT 1 FROM temp.sqlite_master) \
               AND NOT EXISTS (SELECT 1 FROM pragma_database_list WHERE seq > 1) \
               AND (SELECT user_version FROM pragma_user_version) = 0 \
               AND (SELECT application_id FROM pragma_application_id) = 0 \
               AND (SELECT encoding FROM pragma_encoding) = 'UTF-8' \
               AND (SELECT legacy_alter_table FROM pragma_legacy_alter_table) = 0 \
               AND (SELECT recursive_triggers FROM pragma_recursive_triggers) = 0 \
               AND (SELECT reverse_unordered_selects FROM pragma_reverse_unordered_selects) = 0 \
               AND (SELECT full_column_names FROM pragma_full_column_names) = 0 \
               AND (SELECT short_column_names FROM pragma_short_column_names) = 1 \
               AND 'a' LIKE 'A' AND NOT '\u{e4}' LIKE '\u{c4}' \
               AND 'a' = 'A' COLLATE NOCASE AND NOT '\u{e4}' = '\u{c4}' COLLATE NOCASE \
               AND NOT EXISTS (SELECT 1 FROM pragma_function_list GROUP BY name HAVING max(builtin) > min(builtin))";
    let [rows, head, records] = tables_of(set.table);
    let answer = db.try_ask(&sql, &[text(&rows), text(&head), text(&records)]);
    answer.is_ok_and(|rows| rows.take_first() == Some(Value::Integer(1)))
}

/// Makes what the snapshot holds, and records the migrations; whether nothing went wrong.
#[inline]
fn made(runner: &mut Runner<'_, '_>, db: &mut Db<'_>, snapshot: &Snapshot<'_>, count: usize, plan: &Plan<'_>) -> bool {
    let script = &snapshot.script;
    // Who objects to one of them objects again when it is about to run.
    if plan.jobs.iter().take(count).any(|job| job.announce(db).is_err()) {
        return false;
    }
    let Ok(sets) = runner.may_set(db, script) else { return false };
    let choice = Choice { enforced: runner.enforced, explicit: script.foreign_keys.is_some(), for_others: false };
    // What is collected about the script is dropped: the report has the snapshot as a whole.
    let Some(mut done) = plan.jobs.first().map(Job::done) else { return false };
    match script::run(db, script.file, Direction::Up, script, choice, &runner.context.set.parts, &mut done) {
        Ok(()) => {}
        Err(Stop::NeedsOff | Stop::Failed(_)) => return false,
    }
    if sets && runner.context.settings.others(db).and_then(|others| others.settings(db, false)).is_err() {
        return false;
    }
    let history: &History<'_> = &runner.context.history;
    let covered = runner.context.set.migrations.get(..count).unwrap_or_default();
    let applied: Vec<_> = covered.iter().map(|migration| (migration, 0)).collect();
    history.insert_all(db, runner.context.options, &applied, &[]).is_ok()
        && history.has_exactly(db, 0, count).is_ok_and(|has_all| has_all)
}
