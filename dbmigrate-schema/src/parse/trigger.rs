//! `CREATE TRIGGER`.

use sqlite3_parser::ast::{TriggerEvent, TriggerTime};

use super::piece::Piece;
use super::table::disagree;
use super::{Reason, name_of};
use crate::model::{Event, Timing};

/// The words that a statement of a trigger begins with.
const STATEMENTS: [&str; 7] = ["INSERT", "UPDATE", "DELETE", "REPLACE", "SELECT", "VALUES", "WITH"];

/// What follows `WHEN`, and what stands between `BEGIN` and `END`.
pub(super) fn parts(conditional: bool, text: Piece<'_>) -> Result<(Option<String>, String), Reason> {
    // `BEGIN` may also be a name, `WHEN` may not.
    let begin = text
        .outside()
        .find(|&at| text.is(at, "BEGIN") && STATEMENTS.iter().any(|word| text.is(at + 1, word)))
        .filter(|_| text.is(text.len() - 1, "END"))
        .ok_or_else(|| disagree("its statements"))?;
    let body = text.range(begin + 1, text.len() - 1).text().to_owned();
    let head = text.range(0, begin);
    let when = head.find("WHEN").map(|at| head.from(at + 1)).filter(|piece| !piece.is_empty());
    if when.is_some() != conditional {
        return Err(disagree("its condition"));
    }
    Ok((when.map(|piece| piece.text().to_owned()), body))
}

pub(super) fn timing(tree: Option<TriggerTime>) -> Timing {
    match tree {
        None | Some(TriggerTime::Before) => Timing::Before,
        Some(TriggerTime::After) => Timing::After,
        Some(TriggerTime::InsteadOf) => Timing::InsteadOf,
    }
}

pub(super) fn event(tree: TriggerEvent<'_>) -> Event {
    match tree {
        TriggerEvent::Delete => Event::Delete,
        TriggerEvent::Insert => Event::Insert,
        TriggerEvent::Update => Event::Update(Vec::new()),
        TriggerEvent::UpdateOf(columns) => Event::Update(columns.iter().map(|name| name_of(name.0)).collect()),
    }
}
