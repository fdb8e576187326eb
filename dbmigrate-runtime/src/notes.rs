//! Remarks about applied migrations that are not differences: an edited comment, or an edited down script.
//!
//! Nothing has to be repaired because of them, and no exit code depends on them.

use crate::compare::KnownHistory;
use crate::db::Db;
use crate::error::Error;
use crate::history::History;
use crate::set::{Down, Migration, Set};
use crate::status::State;
use crate::stored::{self, Stored};

/// A remark about one migration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Note {
    /// The full name of the migration.
    pub name: String,
    /// Its file.
    pub file: String,
    /// The remark.
    pub message: String,
}

/// The notes on each migration; only applied ones have any, and none while the history is another tool's.
#[inline]
pub(crate) fn read(db: &mut Db<'_>, set: &Set<'_>, known: &KnownHistory<'_>) -> Result<Vec<Vec<&'static str>>, Error> {
    let mut notes = vec![Vec::new(); known.matches.len()];
    if known.old.is_some() {
        return Ok(notes);
    }
    let down_scripts = History::new(set).down_scripts(db)?;
    for (matched, notes) in known.matches.iter().zip(&mut notes) {
        let applied = matched.migration.zip(matched.row.as_ref()).filter(|_| matched.state == State::Applied);
        let Some((migration, row)) = applied else { continue };
        let is_reworded = row
            .text_checksum
            .as_deref()
            .is_some_and(|text| !migration.text_checksum.is_empty() && text != migration.text_checksum);
        let reworded = is_reworded.then_some("comments or blank space were edited since it was applied");
        let kept =
            down_scripts.binary_search_by_key(&matched.number, |(number, _)| *number).ok().filter(|_| row.has_down);
        let back = kept.and_then(|at| down_note(migration, &down_scripts[at].1));
        notes.extend(reworded.into_iter().chain(back));
    }
    Ok(notes)
}

/// What became of a down script that was kept.
#[inline]
fn down_note(migration: &Migration<'_>, kept: &str) -> Option<&'static str> {
    let is_same = match &migration.down {
        Down::Script(script) => {
            stored::encode(script).is_some_and(|text| text == kept)
                || Stored::decode(String::new(), kept.to_owned()).is_some_and(|stored| stored.is(script))
        }
        Down::Missing | Down::Irreversible(_) | Down::Empty(_) => {
            return Some("its down script was removed since it was applied: `down` has none");
        }
    };
    (!is_same).then_some("the down script was edited since it was applied; `down` uses the one in the file")
}
