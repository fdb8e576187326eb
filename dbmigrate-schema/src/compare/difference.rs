//! One difference, as data and as a sentence.

use std::fmt;

use crate::model::{Column, Constraint, Default, Generated, Kind, Name, NotNull, Object, Rule};
use crate::render::sql;

/// One difference between two schemas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The kind of the object.
    pub kind: Kind,
    /// The name of the object.
    pub name: Name,
    /// The table or view to which an index or a trigger belongs.
    pub table: Option<Name>,
    /// How it differs.
    pub change: Change,
}

impl Difference {
    pub(super) fn new(object: &Object, change: Change) -> Self {
        Self { kind: object.kind(), name: object.name().clone(), table: object.table().cloned(), change }
    }
}

/// How an object differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It was added.
    Added,
    /// It was removed.
    Removed,
    /// A column of a table was added.
    ColumnAdded(Column),
    /// A column of a table was removed.
    ColumnRemoved(Column),
    /// A column of a table was changed and has the same name.
    ColumnChanged(Name, ColumnChange),
    /// The columns that both tables have are in another order.
    ColumnOrder {
        /// All columns before.
        from: Vec<Name>,
        /// All columns after.
        to: Vec<Name>,
    },
    /// A key, check or foreign key of a table was added.
    ConstraintAdded(Constraint),
    /// A key, check or foreign key of a table was removed.
    ConstraintRemoved(Constraint),
    /// A key, check or foreign key of a table has another name and is otherwise the same.
    ConstraintRenamed {
        /// The constraint as it becomes.
        constraint: Constraint,
        /// The name before.
        from: Option<Name>,
    },
    /// `STRICT` was added (`true`) or removed.
    Strict(bool),
    /// `WITHOUT ROWID` was added (`true`) or removed.
    WithoutRowid(bool),
    /// A part of an index, a view, a trigger or a virtual table, or the whole text of an object that could not be
    /// parsed.
    Part {
        /// Which part, in a word or two.
        part: &'static str,
        /// Its text before; empty where there was none.
        from: String,
        /// Its text after; empty where there is none.
        to: String,
    },
}

impl Change {
    /// A stable kebab-case name for the kind of change, such as `column-added`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::ColumnAdded(_) => "column-added",
            Self::ColumnRemoved(_) => "column-removed",
            Self::ColumnChanged(_, ColumnChange::Type { .. }) => "column-type",
            Self::ColumnChanged(_, ColumnChange::NotNull { .. }) => "column-not-null",
            Self::ColumnChanged(_, ColumnChange::Default { .. }) => "column-default",
            Self::ColumnChanged(_, ColumnChange::Collation { .. }) => "column-collation",
            Self::ColumnChanged(_, ColumnChange::Generated { .. }) => "column-generated",
            Self::ColumnOrder { .. } => "column-order",
            Self::ConstraintAdded(_) => "constraint-added",
            Self::ConstraintRemoved(_) => "constraint-removed",
            Self::ConstraintRenamed { .. } => "constraint-renamed",
            Self::Strict(_) => "strict",
            Self::WithoutRowid(_) => "without-rowid",
            Self::Part { .. } => "changed",
        }
    }
}

/// How a column differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnChange {
    /// Its type.
    Type {
        /// Before.
        from: Option<String>,
        /// After.
        to: Option<String>,
    },
    /// `NOT NULL`.
    NotNull {
        /// Before.
        from: Option<NotNull>,
        /// After.
        to: Option<NotNull>,
    },
    /// Its default.
    Default {
        /// Before.
        from: Option<Default>,
        /// After.
        to: Option<Default>,
    },
    /// Its collation.
    Collation {
        /// Before.
        from: Option<Name>,
        /// After.
        to: Option<Name>,
    },
    /// How its value is computed.
    Generated {
        /// Before.
        from: Option<Generated>,
        /// After.
        to: Option<Generated>,
    },
}

/// One sentence for people: lower case, no final period, names in backticks.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind, self.name)?;
        if let Some(table) = &self.table {
            write!(f, " on `{table}`")?;
        }
        match &self.change {
            Change::Added => write!(f, " is added"),
            Change::Removed => write!(f, " is removed"),
            Change::ColumnAdded(column) => {
                write!(f, ": column `{}` is added{}", column.name, after_colon(&sql::column_type_and_clauses(column)))
            }
            Change::ColumnRemoved(column) => write!(f, ": column `{}` is removed", column.name),
            Change::ColumnChanged(column, change) => write!(f, ": column `{column}` {change}"),
            Change::ColumnOrder { to, .. } => {
                let names: Vec<_> = to.iter().map(|name| format!("`{name}`")).collect();
                write!(f, ": the order of columns becomes {}", names.join(", "))
            }
            Change::ConstraintAdded(constraint) => {
                write!(f, ": `{}` is added", one_line(&sql::constraint(constraint)))
            }
            Change::ConstraintRemoved(constraint) => {
                write!(f, ": `{}` is removed", one_line(&sql::constraint(constraint)))
            }
            Change::ConstraintRenamed { constraint, from } => {
                let what = rule(&constraint.rule);
                match (from, &constraint.name) {
                    (Some(from), Some(to)) => write!(f, ": {what} `{from}` is named `{to}`"),
                    (None, Some(to)) => write!(f, ": {what} gets the name `{to}`"),
                    (Some(from), None) => write!(f, ": {what} loses its name `{from}`"),
                    (None, None) => write!(f, ": {what} keeps its name"),
                }
            }
            Change::Strict(on) => write!(f, " {} `STRICT`", becomes(*on)),
            Change::WithoutRowid(on) => write!(f, " {} `WITHOUT ROWID`", becomes(*on)),
            Change::Part { part, from, to } => write!(f, " changes its {part} {}", from_to(Some(from), Some(to))),
        }
    }
}

impl fmt::Display for ColumnChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type { from, to } => write!(f, "changes its type {}", from_to(from.as_deref(), to.as_deref())),
            Self::NotNull { from: None, .. } => write!(f, "becomes `NOT NULL`"),
            Self::NotNull { to: None, .. } => write!(f, "is no longer `NOT NULL`"),
            Self::NotNull { from: Some(from), to: Some(to) } => {
                let (from, to) = (sql::not_null(from), sql::not_null(to));
                write!(f, "changes {}", from_to(Some(&from), Some(&to)))
            }
            Self::Default { from, to } => {
                let text = |default: &Option<Default>| default.as_ref().map(|default| default.text.clone());
                write!(f, "changes its default {}", from_to(text(from).as_deref(), text(to).as_deref()))
            }
            Self::Collation { from, to } => {
                let name = |name: &Option<Name>| name.as_ref().map_or("BINARY".to_owned(), ToString::to_string);
                write!(f, "changes its collation {}", from_to(Some(&name(from)), Some(&name(to))))
            }
            Self::Generated { from, to } => {
                let text = |generated: &Option<Generated>| generated.as_ref().map(sql::generated);
                write!(f, "changes how it is computed {}", from_to(text(from).as_deref(), text(to).as_deref()))
            }
        }
    }
}

fn becomes(on: bool) -> &'static str {
    if on { "becomes" } else { "is no longer" }
}

fn rule(rule: &Rule) -> &'static str {
    match rule {
        Rule::PrimaryKey(_) => "the primary key",
        Rule::Unique(_) => "a unique key",
        Rule::Check(_) => "a check",
        Rule::ForeignKey(_) => "a foreign key",
    }
}

fn from_to(from: Option<&str>, to: Option<&str>) -> String {
    let show = |text: Option<&str>| match text {
        None | Some("") => "none".to_owned(),
        Some(text) => format!("`{}`", one_line(text)),
    };
    format!("from {} to {}", show(from), show(to))
}

fn after_colon(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": `{}`", one_line(text)) }
}

/// A text on one line. For people to read; it may say something else to SQLite where it holds a line comment.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
