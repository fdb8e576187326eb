//! `CREATE TABLE`.

use std::collections::VecDeque;

use dbmigrate_core::token::TokenKind;
use sqlite3_parser::ast::{
    ColumnConstraint, ColumnDefinition, CreateTableBody, Expr, Literal, TabFlags, UnaryOperator,
};

use super::piece::Piece;
use super::{Reason, constraint, is_name, name_of};
use crate::model::{Column, Constraint, Default, Generated, Key, KeyColumn, NotNull, Rule};

/// What a `CREATE TABLE` says but for the name.
pub(super) struct Parts {
    pub(super) columns: Vec<Column>,
    pub(super) constraints: Vec<Constraint>,
    pub(super) strict: bool,
    pub(super) without_rowid: bool,
}

pub(super) fn parts(body: CreateTableBody<'_>, text: Piece<'_>) -> Result<Parts, Reason> {
    let CreateTableBody::ColumnsAndConstraints { columns: trees, constraints: after, flags } = body else {
        return Err("it has a query instead of columns".to_owned());
    };
    let body = text.outside().find(|&at| text.kind(at) == Some(TokenKind::LeftParen));
    let Some((body, _)) = body.and_then(|at| text.group(at)) else { return Err(disagree("its columns")) };
    let pieces = body.between_commas();
    let Some((beside, rest)) = pieces.split_at_checked(trees.len()) else { return Err(disagree("its columns")) };
    let mut constraints = Vec::new();
    let mut columns = Vec::new();
    for (tree, &piece) in trees.iter().zip(beside) {
        columns.push(column(tree, piece, &mut constraints)?);
    }
    let mut texts = Texts::default();
    rest.iter().for_each(|&piece| texts.collect(piece));
    let after = after.unwrap_or_default();
    if after.iter().filter(|constraint| constraint.name.is_some()).count() != texts.names {
        return Err(disagree("the names of its constraints"));
    }
    for tree in after {
        let name = tree.name.as_ref().map(|name| name_of(name.0));
        let rule = constraint::of_table(&tree.constraint, || texts.checks.pop_front())?;
        constraints.push(Constraint { name, rule, beside: None });
    }
    if !texts.checks.is_empty() {
        return Err(disagree("its checks"));
    }
    let (strict, without_rowid) = (flags.contains(TabFlags::Strict), flags.contains(TabFlags::WithoutRowid));
    Ok(Parts { columns, constraints, strict, without_rowid })
}

fn column(tree: &ColumnDefinition<'_>, piece: Piece<'_>, constraints: &mut Vec<Constraint>) -> Result<Column, Reason> {
    let name = name_of(tree.col_name.0);
    if !piece.kind(0).is_some_and(is_name) || name_of(piece.word(0)) != name {
        return Err(disagree(&format!("the place of `{name}`")));
    }
    let mut texts = Texts::default();
    texts.collect(piece.from(1));
    if tree.constraints.iter().filter(|constraint| constraint.name.is_some()).count() != texts.names {
        return Err(disagree(&format!("the constraints of `{name}`")));
    }
    let missing = || disagree(&format!("the clauses of `{name}`"));
    let mut column = Column {
        name: name.clone(),
        declared_type: declared_type(piece.from(1), texts.type_length),
        not_null: None,
        default: None,
        collation: None,
        generated: None,
    };
    if column.declared_type.is_some() != tree.col_type.is_some() {
        return Err(disagree(&format!("the type of `{name}`")));
    }
    for constraint in tree.constraints {
        let constraint_name = constraint.name.as_ref().map(|name| name_of(name.0));
        let key = |conflict: &_, descending, autoincrement| Key {
            columns: vec![KeyColumn { name: name.clone(), collation: None, descending }],
            conflict: constraint::conflict(conflict),
            autoincrement,
        };
        let rule = match &constraint.constraint {
            ColumnConstraint::PrimaryKey { order, conflict_clause, auto_increment } => {
                Rule::PrimaryKey(key(conflict_clause, constraint::is_descending(*order), *auto_increment))
            }
            ColumnConstraint::Unique(conflict) => Rule::Unique(key(conflict, false, false)),
            ColumnConstraint::Check(_) => Rule::Check(texts.checks.pop_front().ok_or_else(missing)?),
            ColumnConstraint::ForeignKey { clause, defer_clause } => {
                Rule::ForeignKey(constraint::foreign_key(vec![name.clone()], clause, defer_clause.as_ref()))
            }
            ColumnConstraint::Defer(clause) => {
                // It belongs to the reference before it.
                if let Some(Constraint { rule: Rule::ForeignKey(key), .. }) = constraints.last_mut() {
                    key.deferred = constraint::is_deferred(clause);
                }
                continue;
            }
            ColumnConstraint::NotNull { nullable, conflict_clause } => {
                if !nullable {
                    let conflict = constraint::conflict(conflict_clause);
                    column.not_null = Some(NotNull { name: constraint_name, conflict });
                }
                continue;
            }
            ColumnConstraint::Default(value) => {
                let text = texts.defaults.pop_front().ok_or_else(missing)?;
                column.default = Some(Default { text, constant: is_constant(value) });
                continue;
            }
            ColumnConstraint::Collate { collation_name } => {
                column.collation = Some(name_of(collation_name.0));
                continue;
            }
            ColumnConstraint::Generated { typ, .. } => {
                let expression = texts.generated.pop_front().ok_or_else(missing)?;
                let stored = typ.as_ref().is_some_and(|word| word.0.eq_ignore_ascii_case("STORED"));
                column.generated = Some(Generated { expression, stored });
                continue;
            }
        };
        constraints.push(Constraint { name: constraint_name, rule, beside: Some(name.clone()) });
    }
    if texts.is_used_up() { Ok(column) } else { Err(missing()) }
}

/// The texts that clauses bring along, in their order, for the tree to take.
#[derive(std::default::Default)]
struct Texts {
    checks: VecDeque<String>,
    defaults: VecDeque<String>,
    generated: VecDeque<String>,
    /// How many `CONSTRAINT` there are: a name with nothing behind it would pass to the next column's.
    names: usize,
    /// How many tokens stand before the first clause.
    type_length: Option<usize>,
}

impl Texts {
    fn collect(&mut self, piece: Piece<'_>) {
        let group = |at| piece.group(at).map(|(inner, _)| inner.text().to_owned());
        for at in piece.outside() {
            if piece.is(at, "CHECK") {
                self.checks.extend(group(at + 1));
            } else if piece.is(at, "AS") {
                self.generated.extend(group(at + 1));
            } else if piece.is(at, "CONSTRAINT") {
                self.names += 1;
            } else if piece.is(at, "DEFAULT") && !(at > 0 && piece.is(at - 1, "SET")) {
                let length = match piece.word(at + 1) {
                    "+" | "-" => 2,
                    "(" => piece.group(at + 1).map_or(0, |(_, end)| end - at - 1),
                    _ => 1,
                };
                self.defaults.push_back(piece.range(at + 1, at + 1 + length).text().to_owned());
            }
            if self.type_length.is_none() && CLAUSES.iter().any(|clause| piece.is(at, clause)) {
                self.type_length = Some(at);
            }
        }
        self.type_length.get_or_insert(piece.len());
    }

    fn is_used_up(&self) -> bool {
        self.checks.is_empty() && self.defaults.is_empty() && self.generated.is_empty()
    }
}

/// The words that end a type.
const CLAUSES: [&str; 12] = [
    "CONSTRAINT",
    "PRIMARY",
    "NOT",
    "NULL",
    "UNIQUE",
    "CHECK",
    "DEFAULT",
    "COLLATE",
    "REFERENCES",
    "DEFERRABLE",
    "GENERATED",
    "AS",
];

/// The type, without comments and with one blank for many.
fn declared_type(piece: Piece<'_>, length: Option<usize>) -> Option<String> {
    let piece = piece.range(0, length?);
    let mut text = String::new();
    for at in 0..piece.len() {
        if at > 0 && piece.kind(at).is_some_and(is_name) {
            text.push(' ');
        }
        text.push_str(piece.word(at));
        if piece.word(at) == "," {
            text.push(' ');
        }
    }
    (!text.is_empty()).then_some(text)
}

/// Whether a default is one literal: what SQLite adds a column with to a table that holds rows.
fn is_constant(value: &Expr<'_>) -> bool {
    let mut value = value;
    loop {
        value = match value {
            Expr::Parenthesized(inner) => match inner.as_slice() {
                [inner] => inner,
                _ => return false,
            },
            Expr::Unary(UnaryOperator::Negative | UnaryOperator::Positive, inner) => inner,
            Expr::Literal(Literal::CurrentDate | Literal::CurrentTime | Literal::CurrentTimestamp) => return false,
            Expr::Literal(_) | Expr::Id(_) | Expr::Name(_) => return true,
            _ => return false,
        }
    }
}

pub(super) fn disagree(about: &str) -> Reason {
    format!("the parser and the tokens disagree about {about}")
}
