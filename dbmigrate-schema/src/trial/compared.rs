//! Which tables to compare after a script, and in which columns.

use std::collections::HashSet;

use crate::compare::Change;
use crate::lint::{ScriptEffects, State};
use crate::model::{Kind, Name, Object, Schema};
use crate::plan::{Decisions, Rename};
use crate::proof::{Pair, pairs};

/// A schema with as many tables is compared as a whole.
const SMALL: usize = 64;

/// The tables of before and of after that are compared, and how they belong together.
pub(super) struct Compared {
    pub(super) from: Schema,
    pub(super) to: Schema,
    pub(super) pairs: Vec<Pair>,
}

/// What to compare before and after the up script, before which the down script may have run. `now` is the schema after
/// it.
pub(super) fn there(effects: &ScriptEffects, back: Option<&ScriptEffects>, now: &State) -> Compared {
    let meant = |name: &Name| effects.meant.contains(name);
    let (mut from, mut to, mut renames) = (Vec::new(), Vec::new(), Vec::new());
    for change in &effects.tables {
        let (before, after) = (&change.before.object, &change.after.object);
        let (was, is) = (before.name(), after.name());
        if meant(was) || meant(is) {
            continue;
        }
        if was != is {
            renames.push(Rename::Table { from: was.clone(), to: is.clone() });
        }
        let columns = change.renamed.iter();
        renames.extend(columns.map(|(from, to)| Rename::Column {
            table: is.clone(),
            from: from.clone(),
            to: to.clone(),
        }));
        from.push(before.clone());
        to.push(after.clone());
    }
    let others = others(&[effects], now);
    from.extend(others.iter().cloned());
    to.extend(others);
    let effects: Vec<_> = std::iter::once(effects).chain(back).collect();
    Compared::new(from, to, &renames, &effects[0].computed, &effects)
}

/// What to compare before the up script and after the down script, in the columns that were there all the time. `now`
/// is the schema after both, and that before.
pub(super) fn back(there: &ScriptEffects, back: &ScriptEffects, now: &State) -> Compared {
    let meant = |name: &Name| there.meant.contains(name) || back.meant.contains(name);
    let mut computed: HashSet<(Name, Name)> = back.computed.clone();
    let mut objects = Vec::new();
    for change in &there.tables {
        let (was, is) = (change.before.object.name(), change.after.object.name());
        if meant(was) || meant(is) {
            continue;
        }
        let gone = change.changes.iter().filter_map(|change| match change {
            Change::ColumnRemoved(column) => Some(&column.name),
            _ => None,
        });
        computed.extend(gone.map(|column| (was.clone(), column.clone())));
        let own = there.computed.iter().filter(|(table, _)| table == is);
        computed.extend(own.map(|(_, column)| {
            let before = change.name_before(column).unwrap_or(column);
            (was.clone(), before.clone())
        }));
        objects.extend(now.get(Kind::Table, was).map(|known| known.object.clone()));
    }
    for change in &back.tables {
        let (was, is) = (change.before.object.name(), &change.after.object);
        let known = there.tables.iter().any(|there| there.before.object.name() == is.name());
        if !known && !meant(was) && !meant(is.name()) {
            objects.push(is.clone());
        }
    }
    objects.extend(others(&[there, back], now));
    Compared::new(objects.clone(), objects, &[], &computed, &[there, back])
}

/// The tables that none of the scripts changes, as far as they may have lost something.
fn others(effects: &[&ScriptEffects], now: &State) -> Vec<Object> {
    let touched: HashSet<&Name> = effects
        .iter()
        .flat_map(|effects| {
            let changed = effects.changes.iter().filter(|it| matches!(it.key.0, Kind::Table | Kind::VirtualTable));
            changed.map(|it| &it.key.1).chain(&effects.meant)
        })
        .collect();
    let unmeant: HashSet<&Name> = effects.iter().flat_map(|effects| &effects.unmeant).collect();
    let is_table = |object: &Object| matches!(object.kind(), Kind::Table | Kind::VirtualTable);
    let is_small = now.iter().filter(|known| is_table(&known.object)).count() <= SMALL;
    let refers = |object: &Object| {
        object.as_table().is_some_and(|table| table.foreign_keys().any(|key| touched.contains(&key.parent)))
    };
    let others = now.iter().map(|known| &known.object).filter(|object| is_table(object));
    let others = others.filter(|object| !touched.contains(object.name()));
    let mut others: Vec<_> =
        others.filter(|object| is_small || unmeant.contains(object.name()) || refers(object)).cloned().collect();
    others.sort_by(|one, other| one.name().cmp(other.name()));
    others
}

impl Compared {
    /// A rebuild gives rows new rowids where no column is one, and starts a counter anew: that is for rules of the
    /// linter to say.
    fn new(
        from: Vec<Object>,
        to: Vec<Object>,
        renames: &[Rename],
        computed: &HashSet<(Name, Name)>,
        effects: &[&ScriptEffects],
    ) -> Self {
        let changes = effects.iter().flat_map(|effects| &effects.tables).filter(|change| change.rebuild.is_some());
        let rebuilt: HashSet<&Name> =
            changes.flat_map(|change| [change.before.object.name(), change.after.object.name()]).collect();
        let (from, to) = (Schema { objects: from }, Schema { objects: to });
        let decisions = Decisions { renames: renames.to_vec(), ..Decisions::default() };
        let mut pairs = pairs(&from, &to, &decisions);
        for pair in &mut pairs {
            let table = pair.table().clone();
            if rebuilt.contains(&table) {
                pair.without_ids();
            }
            computed.iter().filter(|(of, _)| *of == table).for_each(|(_, column)| pair.without(column));
        }
        Self { from, to, pairs }
    }
}
