//! Values that a column of another type would change or refuse: what the planner asserts, asked of a migration.

use std::collections::BTreeMap;

use super::finding::Findings;
use super::keys::KeptTable;
use super::lineage::TableChange;
use super::migration::Migration;
use super::numbers::{is_copied_as_text, is_number, is_text, numbered};
use super::values::{Filled, are_prepared, assertion, filled};
use crate::compare::{Change, ColumnChange};
use crate::model::{Affinity, Column, Name, Table};
use crate::plan::misfit;

/// Which columns are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Those with another type.
    Retyped,
    /// Those with another type, where a copy makes numbers of texts.
    Cast,
    /// Those of a table that becomes `STRICT` or is no longer.
    Kept,
}

/// Judges the columns of one table whose values may not go over as they are. The message is made of these columns, and
/// says what becomes of the values.
pub(super) fn judge(
    migration: &Migration<'_>,
    findings: &mut Findings<'_>,
    change: &TableChange,
    which: Which,
    message: impl Fn(&Table, &[Pair<'_>]) -> (String, &'static str),
) {
    let Some(held) = KeptTable::changed(change) else { return };
    let mut found: BTreeMap<usize, (Vec<Pair<'_>>, Vec<String>)> = BTreeMap::new();
    for (before, after) in columns(change, held, which) {
        let name = &after.name;
        let Some(wrong) = misfit((before, held.before.strict), (after, held.after.strict), &before.name) else {
            continue;
        };
        let affinity = |name: &Name| held.before.column(name).map(Column::affinity);
        let is_kept =
            || filled(migration, change, name) == Filled::Kept || is_copied_as_text(migration, change, name, &affinity);
        let at = match which {
            Which::Cast => numbered(migration, change, name, &affinity).filter(|_| is_number(after.affinity())),
            _ if !is_kept() => None,
            _ => Some(migration.blame(change, |table| {
                let same = |column: &Column| column.declared_type == after.declared_type;
                table.column(name).is_some_and(same) && table.strict == held.after.strict
            })),
        };
        if let Some(at) = at.filter(|at| !are_prepared(migration, held, &[name], *at)) {
            let (pairs, conditions) = found.entry(at).or_default();
            pairs.push((before, after));
            conditions.push(format!("({wrong})"));
        }
    }
    let was = held.before.name.to_sql();
    for (at, (pairs, conditions)) in found {
        // Under their own names, so that one in quotes that is no column is an error and no text.
        let named = pairs.iter().map(|(before, _)| before.name.to_sql());
        let named: Vec<_> = named.map(|column| format!("{was}.{column} AS {column}")).collect();
        let condition = conditions.join(" OR ");
        let asked = format!("SELECT count(*) FROM (SELECT {} FROM {was}) WHERE {condition}", named.join(", "));
        let (message, note) = message(held.after, &pairs);
        findings.push(
            migration
                .at(at, message)
                .note(note)
                .notes(migration.ask(&asked).map(|count| match count {
                    0 => "no row has such a value now".to_owned(),
                    1 => "1 row has such a value now".to_owned(),
                    count => format!("{count} rows have such a value now"),
                }))
                .help(
                    if pairs.iter().any(|(before, after)| is_text(before.affinity()) && is_number(after.affinity())) {
                        "write in the copy what they become: `CASE WHEN … THEN CAST(… AS …) ELSE … END`"
                    } else {
                        "write in the copy what they become: `CAST(… AS …)`, which turns a text into 0, or a `CASE`"
                    },
                )
                .helps(assertion(&format!("SELECT count(*) = 0 FROM {was} WHERE {condition}"))),
        );
    }
}

/// A column before and after.
pub(super) type Pair<'a> = (&'a Column, &'a Column);

fn columns<'a>(change: &'a TableChange, held: KeptTable<'a>, which: Which) -> impl Iterator<Item = Pair<'a>> {
    let retyped = |name: &Name| {
        change
            .changes
            .iter()
            .any(|change| matches!(change, Change::ColumnChanged(own, ColumnChange::Type { .. }) if own == name))
    };
    held.after.columns.iter().filter_map(move |after| {
        let before = held.before.column(held.name_before(&after.name)?)?;
        let written = after.generated.is_none() && before.generated.is_none();
        // A rowid is a number, and what becomes one is for `key-change`.
        let rowid = [held.before, held.after].into_iter().filter_map(Table::rowid_alias);
        let is_rowid = rowid.into_iter().any(|alias| alias.name == after.name || alias.name == before.name);
        let fits = (which != Which::Kept) == retyped(&after.name);
        // A text can be made of everything.
        let is_text = after.affinity() == Affinity::Text && !held.after.strict;
        (written && !is_rowid && fits && !is_text).then_some((before, after))
    })
}

/// The columns of after, with their types where these say something.
pub(super) fn listed(pairs: &[Pair<'_>], types: bool) -> String {
    let shown = pairs.iter().map(|(_, after)| {
        if types { format!("`{}` ({})", after.name, declared(after)) } else { format!("`{}`", after.name) }
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// A declared type as people see it.
fn declared(column: &Column) -> String {
    column.declared_type.as_ref().map_or_else(|| "no type".to_owned(), String::clone)
}
