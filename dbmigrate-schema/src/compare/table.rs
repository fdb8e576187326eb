//! Two tables of one name.

use std::collections::HashMap;

use dbmigrate_core::token::{TokenKind, tokens, unquote};

use super::normal::{Known, Lexeme, has_value, normal};
use super::{Change, ColumnChange};
use crate::model::{Column, Conflict, Constraint, Default, ForeignKey, Generated, Key, Name, NotNull, Rule, Table};

/// What SQLite sorts by where nothing else is said.
pub(super) const BINARY: &str = "binary";

/// What has to change, columns first.
pub(super) fn changes(from: &Table, to: &Table, known: &Known) -> Vec<Change> {
    let mut changes = columns(from, to, known);
    changes.extend(constraints(from, to, known));
    if from.strict != to.strict {
        changes.push(Change::Strict(to.strict));
    }
    if from.without_rowid != to.without_rowid {
        changes.push(Change::WithoutRowid(to.without_rowid));
    }
    changes
}

fn columns(from: &Table, to: &Table, known: &Known) -> Vec<Change> {
    let (old, new) = (by_name(from), by_name(to));
    let gone = from.columns.iter().filter(|column| !new.contains_key(&column.name));
    let mut changes: Vec<_> = gone.map(|column| Change::ColumnRemoved(column.clone())).collect();
    for column in &to.columns {
        match old.get(&column.name) {
            None => changes.push(Change::ColumnAdded(column.clone())),
            Some(before) => {
                let found = column_changes(before, column, known).into_iter();
                changes.extend(found.map(|change| Change::ColumnChanged(column.name.clone(), change)));
            }
        }
    }
    let names = |table: &Table| table.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    let kept = from.columns.iter().filter(|column| new.contains_key(&column.name)).map(|column| &column.name);
    // A column that comes anywhere but at the end moves those behind it.
    if kept.zip(&to.columns).any(|(name, column)| *name != column.name) {
        changes.push(Change::ColumnOrder { from: names(from), to: names(to) });
    }
    changes
}

fn by_name(table: &Table) -> HashMap<&Name, &Column> {
    table.columns.iter().map(|column| (&column.name, column)).collect()
}

fn column_changes(from: &Column, to: &Column, known: &Known) -> Vec<ColumnChange> {
    let mut changes = Vec::new();
    if declared_type(from) != declared_type(to) {
        let (from, to) = (from.declared_type.clone(), to.declared_type.clone());
        changes.push(ColumnChange::Type { from, to });
    }
    if from.not_null != to.not_null {
        let (from, to): (Option<NotNull>, _) = (from.not_null.clone(), to.not_null.clone());
        changes.push(ColumnChange::NotNull { from, to });
    }
    let default = |column: &Column| column.default.as_ref().and_then(|default| default_form(default, known));
    if default(from) != default(to) {
        changes.push(ColumnChange::Default { from: from.default.clone(), to: to.default.clone() });
    }
    if collation(from) != collation(to) {
        changes.push(ColumnChange::Collation { from: from.collation.clone(), to: to.collation.clone() });
    }
    let generated = |column: &Column| {
        let Generated { expression, stored } = column.generated.as_ref()?;
        Some((normal(expression, known), *stored))
    };
    if generated(from) != generated(to) {
        changes.push(ColumnChange::Generated { from: from.generated.clone(), to: to.generated.clone() });
    }
    changes
}

/// A type without its spelling: case, blanks and quotes.
fn declared_type(column: &Column) -> Option<Vec<String>> {
    let text = column.declared_type.as_deref()?;
    let words = tokens(text).filter(|token| !token.is_blank());
    Some(words.map(|token| unquote(token.text(text)).to_ascii_lowercase()).collect())
}

/// A default; none is `NULL`. A single word is a text with any quotes or none, unless it is one that has a value.
fn default_form(default: &Default, known: &Known) -> Option<Vec<Lexeme>> {
    let text = default.text.as_str();
    let mut words = tokens(text);
    let form = match (words.next(), words.next()) {
        (Some(only), None) if only.kind == TokenKind::QuotedName => vec![Lexeme::Text(unquote(text))],
        (Some(only), None) if only.kind == TokenKind::Word && !has_value(text) => {
            vec![Lexeme::Text(text.to_owned())]
        }
        _ => normal(text, known),
    };
    let form = match form.as_slice() {
        [Lexeme::Sign(plus), value] if plus == "+" => vec![value.clone()],
        _ => form,
    };
    (form != [Lexeme::Word("null".to_owned())]).then_some(form)
}

fn collation(column: &Column) -> String {
    column.collation.as_ref().map_or(BINARY.to_owned(), Name::folded)
}

/// What a column of a table sorts by, in lower case.
pub(super) fn collation_of(table: &Table, name: &Name) -> String {
    table.column(name).map_or(BINARY.to_owned(), collation)
}

/// A constraint without its name and spelling.
#[derive(PartialEq, Eq, Hash)]
enum RuleForm {
    PrimaryKey(KeyForm),
    Unique(KeyForm),
    Check(Vec<Lexeme>),
    ForeignKey(ForeignKey),
}

#[derive(PartialEq, Eq, Hash)]
struct KeyForm {
    /// Name, collation, and whether it descends.
    columns: Vec<(Name, String, bool)>,
    conflict: Option<Conflict>,
    autoincrement: bool,
    rowid_alias: bool,
}

fn form(table: &Table, rule: &Rule, known: &Known) -> RuleForm {
    match rule {
        Rule::PrimaryKey(key) => RuleForm::PrimaryKey(key_form(table, key, table.rowid_alias().is_some())),
        Rule::Unique(key) => RuleForm::Unique(key_form(table, key, false)),
        Rule::Check(text) => RuleForm::Check(normal(text, known)),
        // SQLite reads a `MATCH` and disregards it.
        Rule::ForeignKey(key) => RuleForm::ForeignKey(ForeignKey { match_name: None, ..key.clone() }),
    }
}

fn key_form(table: &Table, key: &Key, rowid_alias: bool) -> KeyForm {
    let columns = key.columns.iter().map(|column| {
        let collation = column.collation.as_ref().map_or_else(|| collation_of(table, &column.name), Name::folded);
        // The rowid is one number and sorts in one way.
        if rowid_alias {
            (column.name.clone(), String::new(), false)
        } else {
            (column.name.clone(), collation, column.descending)
        }
    });
    KeyForm { columns: columns.collect(), conflict: key.conflict, autoincrement: key.autoincrement, rowid_alias }
}

fn constraints(from: &Table, to: &Table, known: &Known) -> Vec<Change> {
    let mut old: HashMap<RuleForm, Vec<usize>> = HashMap::new();
    for (at, constraint) in from.constraints.iter().enumerate() {
        old.entry(form(from, &constraint.rule, known)).or_default().push(at);
    }
    let forms: Vec<_> = to.constraints.iter().map(|constraint| form(to, &constraint.rule, known)).collect();
    let mut before: Vec<Option<&Constraint>> = vec![None; forms.len()];
    let mut gone = vec![true; from.constraints.len()];
    // Those of one name first, so that what is left of a pair is the one whose name has changed.
    for any_name in [false, true] {
        for (at, form) in forms.iter().enumerate() {
            let Some(candidates) = old.get_mut(form).filter(|_| before[at].is_none()) else { continue };
            let fits = |&old: &usize| any_name || from.constraints[old].name == to.constraints[at].name;
            if let Some(found) = candidates.iter().position(fits) {
                let found = candidates.remove(found);
                gone[found] = false;
                before[at] = Some(&from.constraints[found]);
            }
        }
    }
    let gone = from.constraints.iter().zip(gone).filter(|(_, gone)| *gone);
    let mut changes: Vec<_> = gone.map(|(constraint, _)| Change::ConstraintRemoved(constraint.clone())).collect();
    for (constraint, before) in to.constraints.iter().zip(before) {
        match before {
            None => changes.push(Change::ConstraintAdded(constraint.clone())),
            Some(before) if before.name != constraint.name => {
                changes.push(Change::ConstraintRenamed { constraint: constraint.clone(), from: before.name.clone() });
            }
            Some(_) => {}
        }
    }
    changes
}
