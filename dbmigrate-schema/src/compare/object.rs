//! Two indexes, views, triggers, virtual tables or opaque objects of one name.

use dbmigrate_core::token::tokens;

use super::normal::{Known, Lexeme, normal};
use super::table::{BINARY, collation_of};
use super::{ByName, Change};
use crate::model::{Event, Index, Indexed, IndexedColumn, Kind, Name, Object, Trigger, View, VirtualTable};
use crate::render::sql;

/// The parts in which they differ.
pub(super) fn changes(from: (&ByName<'_>, &Object), to: (&ByName<'_>, &Object), known: &Known) -> Vec<Change> {
    match (from.1, to.1) {
        (Object::Index(before), Object::Index(after)) => index((from.0, before), (to.0, after), known),
        (Object::View(before), Object::View(after)) => view(before, after, known),
        (Object::Trigger(before), Object::Trigger(after)) => trigger(before, after, known),
        (Object::VirtualTable(before), Object::VirtualTable(after)) => virtual_table(before, after),
        (before, after) => {
            let same = normal(before.text(), known) == normal(after.text(), known);
            part("text", same, || (before.text().to_owned(), after.text().to_owned())).into_iter().collect()
        }
    }
}

fn part(part: &'static str, same: bool, texts: impl FnOnce() -> (String, String)) -> Option<Change> {
    (!same).then(|| {
        let (from, to) = texts();
        Change::Part { part, from, to }
    })
}

fn texts(before: &Option<String>, after: &Option<String>) -> (String, String) {
    (before.clone().unwrap_or_default(), after.clone().unwrap_or_default())
}

fn same_text(before: &Option<String>, after: &Option<String>, known: &Known) -> bool {
    let form = |text: &Option<String>| text.as_ref().map(|text| normal(text, known));
    form(before) == form(after)
}

fn index(from: (&ByName<'_>, &Index), to: (&ByName<'_>, &Index), known: &Known) -> Vec<Change> {
    let (before, after) = (from.1, to.1);
    let form = |(schema, index): (&ByName<'_>, &Index)| {
        let table = schema.get(&(Kind::Table, &index.table)).and_then(|object| object.as_table());
        let forms = index.columns.iter().map(|column| indexed(column, table, known));
        forms.collect::<Vec<_>>()
    };
    let unique = |index: &Index| if index.unique { "UNIQUE".to_owned() } else { String::new() };
    [
        part("table", before.table == after.table, || (before.table.to_string(), after.table.to_string())),
        part("uniqueness", before.unique == after.unique, || (unique(before), unique(after))),
        part("columns", form(from) == form(to), || (sql::indexed_columns(before), sql::indexed_columns(after))),
        part("condition", same_text(&before.filter, &after.filter, known), || texts(&before.filter, &after.filter)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What a part of an index sorts by, by which collation, and in which direction.
fn indexed(column: &IndexedColumn, table: Option<&crate::Table>, known: &Known) -> (Vec<Lexeme>, String, bool) {
    let (by, inherited) = match &column.by {
        Indexed::Column(name) => {
            let inherited = table.map_or(BINARY.to_owned(), |table| collation_of(table, name));
            (vec![Lexeme::Word(name.folded())], inherited)
        }
        Indexed::Expression(text) => (normal(text, known), String::new()),
    };
    (by, column.collation.as_ref().map_or(inherited, Name::folded), column.descending)
}

fn view(before: &View, after: &View, known: &Known) -> Vec<Change> {
    let columns = |view: &View| sql::names(&view.columns);
    let same = normal(&before.select, known) == normal(&after.select, known);
    [
        part("columns", before.columns == after.columns, || (columns(before), columns(after))),
        part("query", same, || (before.select.clone(), after.select.clone())),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn trigger(before: &Trigger, after: &Trigger, known: &Known) -> Vec<Change> {
    let timing = |trigger: &Trigger| trigger.timing.as_str().to_owned();
    let same_body = normal(&before.body, known) == normal(&after.body, known);
    [
        part("table", before.table == after.table, || (before.table.to_string(), after.table.to_string())),
        part("timing", before.timing == after.timing, || (timing(before), timing(after))),
        part("event", event(before) == event(after), || (sql::event(&before.event), sql::event(&after.event))),
        part("condition", same_text(&before.when, &after.when, known), || texts(&before.when, &after.when)),
        part("body", same_body, || (before.body.clone(), after.body.clone())),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The order of the columns means nothing to a trigger.
fn event(trigger: &Trigger) -> Event {
    let mut event = trigger.event.clone();
    if let Event::Update(columns) = &mut event {
        columns.sort();
    }
    event
}

fn virtual_table(before: &VirtualTable, after: &VirtualTable) -> Vec<Change> {
    // A module reads its arguments as it likes. Only the space around them and between their words is nobody's.
    let form = |table: &VirtualTable| -> Vec<Vec<String>> {
        let words = |text: &String| {
            let words = tokens(text).filter(|token| !token.is_blank());
            words.map(|token| token.text(text).to_owned()).collect()
        };
        table.arguments.iter().map(words).collect()
    };
    let arguments = |table: &VirtualTable| table.arguments.join(", ");
    [
        part("module", before.module == after.module, || (before.module.to_string(), after.module.to_string())),
        part("arguments", form(before) == form(after), || (arguments(before), arguments(after))),
    ]
    .into_iter()
    .flatten()
    .collect()
}
