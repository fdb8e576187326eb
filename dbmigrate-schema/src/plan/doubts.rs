//! What gets lost, and what might only have another name: asked before anything is planned.

use std::collections::HashSet;

use super::names::{Names, Objects};
use super::{Decisions, DropTarget, Undecided};
use crate::model::{Column, Kind, Name, Object, Schema, Table};

/// Whether it holds rows, as a table or a virtual one.
pub(super) fn is_table(object: &Object) -> bool {
    matches!(object.kind(), Kind::Table | Kind::VirtualTable)
}

/// Whether it is a full-text table over the text of another, whose words can be read anew at any time.
pub(super) fn is_index_of_text(object: &Object) -> bool {
    matches!(object, Object::VirtualTable(table) if table.content().is_some())
}

/// The tables of `from` that are none of `to`.
pub(super) fn gone<'a>(from: &'a Schema, to: &Schema, before: &Objects<'a>, names: &Names) -> Vec<&'a Object> {
    let kept = to.objects.iter().filter(|object| is_table(object));
    let kept: HashSet<_> = kept.filter_map(|after| names.object_before(before, after)).map(Object::name).collect();
    from.objects.iter().filter(|object| is_table(object) && !kept.contains(object.name())).collect()
}

/// What a person has to decide about tables and columns that go.
pub(super) fn doubts(
    to: &Schema,
    before: &Objects<'_>,
    gone: &[&Object],
    names: &Names,
    decisions: &Decisions,
) -> Vec<Undecided> {
    let new = to.objects.iter().filter(|object| names.object_before(before, object).is_none());
    let new: Vec<_> = new.filter_map(Object::as_table).collect();
    let tables = gone.iter().filter(|object| !is_index_of_text(object)).map(|object| {
        let like = |new: &&&Table| object.as_table().is_some_and(|old| are_alike(old, new));
        let candidates: Vec<_> = new.iter().filter(like).map(|table| table.name.clone()).collect();
        Doubt { gone: DropTarget::Table(object.name().clone()), candidates }
    });
    let columns = to.objects.iter().flat_map(|after| {
        let old = names.object_before(before, after).and_then(Object::as_table);
        old.zip(after.as_table()).map(|(old, new)| columns(old, new, names)).unwrap_or_default()
    });
    tables.chain(columns).filter_map(|doubt| doubt.unless(decisions)).collect()
}

/// Something that goes, and what it may be now.
struct Doubt {
    gone: DropTarget,
    candidates: Vec<Name>,
}

impl Doubt {
    /// What is left to decide of it.
    fn unless(self, decisions: &Decisions) -> Option<Undecided> {
        let is_clear = self.candidates.is_empty() && decisions.allow.contains(&self.gone.hazard());
        if is_clear || decisions.drops.has(&self.gone) {
            return None;
        }
        let (table, from) = match self.gone {
            DropTarget::Table(table) if self.candidates.is_empty() => return Some(Undecided::DropTable { table }),
            DropTarget::Column { table, column } if self.candidates.is_empty() => {
                return Some(Undecided::DropColumn { table, column });
            }
            DropTarget::Table(table) => (None, table),
            DropTarget::Column { table, column } => (Some(table), column),
        };
        Some(Undecided::AmbiguousRename { table, from, to: self.candidates })
    }
}

/// Whether at least half of their columns are equal.
fn are_alike(old: &Table, new: &Table) -> bool {
    let equal = |column: &&Column| {
        let other = new.column(&column.name);
        other.is_some_and(|other| other.affinity() == column.affinity())
    };
    2 * old.columns.iter().filter(equal).count() >= old.columns.len().max(new.columns.len())
}

fn columns(old: &Table, new: &Table, names: &Names) -> Vec<Doubt> {
    let table = &new.name;
    let pairs: Vec<_> = new.columns.iter().map(|after| (names.column_before(table, old, &after.name), after)).collect();
    let kept: HashSet<&Name> = pairs.iter().filter_map(|(before, _)| before.map(|column| &column.name)).collect();
    let is_stored = |column: &Column| column.generated.is_none();
    let new = pairs.iter().filter(|(before, after)| before.is_none() && is_stored(after));
    let candidates: Vec<_> = new.map(|(_, after)| after.name.clone()).collect();
    // What is computed is no loss.
    let gone = old.columns.iter().filter(|column| is_stored(column) && !kept.contains(&column.name));
    let doubt = |column: &Name, candidates| Doubt {
        gone: DropTarget::Column { table: table.clone(), column: column.clone() },
        candidates,
    };
    let gone = gone.map(|column| doubt(&column.name, candidates.clone()));
    let computed = pairs.iter().filter_map(|(before, after)| {
        let lost = before.is_some_and(is_stored) && !is_stored(after);
        lost.then(|| doubt(&after.name, Vec::new()))
    });
    gone.chain(computed).collect()
}
