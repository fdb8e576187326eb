//! A migration without a transaction that was stopped on its way: what to say of it.

use crate::compare::{Match, accept_help, forget_help};
use crate::error::ErrorKind;
use crate::history_row::HistoryRow;
use crate::no_transaction::is_idempotent;
use crate::row_state::RowState;
use crate::verify::Problem;

/// What says what is wrong with one.
pub(crate) type ExplainFn = fn(&str, &Match<'_>, &HistoryRow, &mut Problem);

/// What is wrong with one, and what to do about it.
#[inline]
pub(crate) fn explain(name: &str, matched: &Match<'_>, row: &HistoryRow, problem: &mut Problem) {
    problem.kind = ErrorKind::Interrupted;
    (problem.message, problem.help) = explained(name, matched, row);
}

#[inline]
fn explained(name: &str, matched: &Match<'_>, row: &HistoryRow) -> (String, Vec<String>) {
    let goes_on = |command: &str| format!("to continue: `cargo dbmigrate {command}`");
    let bring_back = || format!("restore the file of `{}`: then {}", row.name, goes_on("up"));
    let gone = || format!("if it was deleted on purpose: {}", forget_help(&row.name));
    let undone = || format!("if you have undone its changes, to start it again: {}", forget_help(&row.name));
    let stopped = match row.statements_done {
        1 => format!("`{}` was interrupted after 1 step", row.name),
        done => format!("`{}` was interrupted after {done} steps", row.name),
    };
    let Some(migration) = matched.migration.filter(|_| !row.state.is_reverting()) else {
        return if row.state.is_reverting() {
            (format!("the down script of {stopped}"), vec![goes_on("down")])
        } else {
            (format!("{stopped}, and the program does not have it"), vec![bring_back(), gone()])
        };
    };
    if matched.can_resume() {
        let begun = usize::try_from(row.statements_done).ok().and_then(|done| migration.up.steps.get(done));
        let is_in_doubt = row.state == RowState::Started && !begun.is_some_and(is_idempotent);
        let help = "to see how to continue: `cargo dbmigrate repair` (`repair_plan` of the migrator)";
        (stopped, vec![if is_in_doubt { help.to_owned() } else { goes_on("up") }])
    } else if row.name != name && !matched.has_same_text() {
        (format!("{stopped}, and `{name}` now has its number"), vec![bring_back(), gone()])
    } else if row.name != name {
        let help = vec![
            format!("rename the file back to `{}`: then {}", row.name, goes_on("up")),
            format!("or, to keep the new name: {}", accept_help(name)),
        ];
        (format!("{stopped}, and is now named `{name}`"), help)
    } else if migration.up.transaction {
        let help = vec![format!("write `no-transaction` in its file again: then {}", goes_on("up")), undone()];
        (format!("{stopped}, and its file now runs in a transaction"), help)
    } else {
        let what = if row.prefix_checksum.is_some() { "in steps that have run" } else { "since" };
        let help = vec![
            "restore the file and run `up`: it continues where it was interrupted".to_owned(),
            format!("if its steps up to there have run, to continue after them: {}", accept_help(name)),
            undone(),
        ];
        (format!("{stopped}, and edited {what}"), help)
    }
}
