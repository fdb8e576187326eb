//! A schema as SQL that makes it.

use dbmigrate_core::token::{TokenKind, tokens};

use crate::model::{
    Action, Column, Conflict, Constraint, Event, ForeignKey, Generated, Index, Indexed, IndexedColumn, Key, Name,
    NotNull, Object, Rule, Schema, Table,
};

impl Schema {
    /// The statements that create this schema on an empty database, in its order, each with a final `;` and a line
    /// break.
    ///
    /// A table is formatted with one line for each column and constraint, unless its text contains a comment.
    /// Everything else is the text of its author.
    #[must_use]
    pub fn to_sql(&self) -> String {
        let mut sql = String::new();
        for object in &self.objects {
            // An index stands right below its table, the rest apart.
            if !sql.is_empty() && !matches!(object, Object::Index(_)) {
                sql.push('\n');
            }
            match object {
                Object::Table(table) if !has_comment(&table.text) => sql.push_str(&ended(&table.to_sql())),
                other => sql.push_str(&ended(other.text())),
            }
        }
        sql
    }
}

/// A statement with its `;` and a line end.
pub(crate) fn ended(statement: &str) -> String {
    let statement = closed(statement.trim_end());
    format!("{statement};\n")
}

/// A text that something can follow: a comment that runs to the end of its line would take that along.
pub(crate) fn closed(text: &str) -> String {
    let open = tokens(text).last().is_some_and(|token| token.kind == TokenKind::LineComment);
    if open { format!("{text}\n") } else { text.to_owned() }
}

pub(crate) fn has_comment(text: &str) -> bool {
    tokens(text).any(|token| matches!(token.kind, TokenKind::LineComment | TokenKind::BlockComment))
}

impl Table {
    /// The statement that creates this table, formatted, without the final `;`.
    #[must_use]
    pub fn to_sql(&self) -> String {
        let mut lines: Vec<_> = self.columns.iter().map(|column| self.column_line(column)).collect();
        lines.extend(self.constraints.iter().filter(|constraint| constraint.beside.is_none()).map(constraint));
        let mut sql = format!("CREATE TABLE {} (\n  {}\n)", self.name.to_sql(), lines.join(",\n  "));
        let options: Vec<_> = [(self.strict, "STRICT"), (self.without_rowid, "WITHOUT ROWID")]
            .into_iter()
            .filter_map(|(on, option)| on.then_some(option))
            .collect();
        if !options.is_empty() {
            sql.push(' ');
            sql.push_str(&options.join(", "));
        }
        sql
    }

    /// A column with all that can stand beside it.
    pub(crate) fn column_line(&self, column: &Column) -> String {
        let mut words = vec![column.name.to_sql()];
        let clauses = column_type_and_clauses(column);
        words.extend((!clauses.is_empty()).then_some(clauses));
        let beside = self.constraints.iter().filter(|constraint| constraint.beside.as_ref() == Some(&column.name));
        words.extend(beside.map(|own| format!("{}{}", named(own.name.as_ref()), rule_beside(&own.rule))));
        words.join(" ")
    }
}

/// A constraint as it is written after all columns.
pub(crate) fn constraint(constraint: &Constraint) -> String {
    format!("{}{}", named(constraint.name.as_ref()), rule_after(&constraint.rule))
}

/// What follows the name of a column, but for its keys, checks and references.
pub(crate) fn column_type_and_clauses(column: &Column) -> String {
    let mut words = Vec::new();
    words.extend(column.declared_type.clone());
    words.extend(column.generated.as_ref().map(generated));
    words.extend(column.not_null.as_ref().map(not_null));
    words.extend(column.default.as_ref().map(|default| format!("DEFAULT {}", default.text)));
    words.extend(column.collation.as_ref().map(|collation| format!("COLLATE {}", collation.to_sql())));
    words.join(" ")
}

pub(crate) fn not_null(not_null: &NotNull) -> String {
    format!("{}NOT NULL{}", named(not_null.name.as_ref()), on_conflict(not_null.conflict))
}

pub(crate) fn generated(generated: &Generated) -> String {
    let kind = if generated.stored { "STORED" } else { "VIRTUAL" };
    format!("GENERATED ALWAYS AS ({}) {kind}", generated.expression)
}

/// Names between commas.
pub(crate) fn names(names: &[Name]) -> String {
    names.iter().map(Name::to_sql).collect::<Vec<_>>().join(", ")
}

/// What an index sorts by.
pub(crate) fn indexed_columns(index: &Index) -> String {
    let column = |IndexedColumn { by, collation, descending }: &IndexedColumn| {
        let by = match by {
            Indexed::Column(name) => name.to_sql(),
            Indexed::Expression(text) => text.clone(),
        };
        sorted(by, collation.as_ref(), *descending)
    };
    index.columns.iter().map(column).collect::<Vec<_>>().join(", ")
}

/// What makes a trigger run.
pub(crate) fn event(event: &Event) -> String {
    match event {
        Event::Insert => "INSERT".to_owned(),
        Event::Delete => "DELETE".to_owned(),
        Event::Update(columns) if columns.is_empty() => "UPDATE".to_owned(),
        Event::Update(columns) => format!("UPDATE OF {}", names(columns)),
    }
}

fn named(name: Option<&Name>) -> String {
    name.map_or(String::new(), |name| format!("CONSTRAINT {} ", name.to_sql()))
}

fn on_conflict(conflict: Option<Conflict>) -> String {
    conflict.map_or(String::new(), |conflict| format!(" ON CONFLICT {}", conflict.as_str()))
}

fn rule_beside(rule: &Rule) -> String {
    let descending = |key: &Key| if key.columns.iter().any(|column| column.descending) { " DESC" } else { "" };
    match rule {
        Rule::PrimaryKey(key) => {
            let autoincrement = if key.autoincrement { " AUTOINCREMENT" } else { "" };
            format!("PRIMARY KEY{}{}{autoincrement}", descending(key), on_conflict(key.conflict))
        }
        Rule::Unique(key) => format!("UNIQUE{}", on_conflict(key.conflict)),
        Rule::Check(text) => format!("CHECK ({text})"),
        Rule::ForeignKey(key) => references(key),
    }
}

fn rule_after(rule: &Rule) -> String {
    match rule {
        Rule::PrimaryKey(key) => {
            let autoincrement = if key.autoincrement { " AUTOINCREMENT" } else { "" };
            format!("PRIMARY KEY ({}{autoincrement}){}", key_columns(key), on_conflict(key.conflict))
        }
        Rule::Unique(key) => format!("UNIQUE ({}){}", key_columns(key), on_conflict(key.conflict)),
        Rule::Check(text) => format!("CHECK ({text})"),
        Rule::ForeignKey(key) => format!("FOREIGN KEY ({}) {}", names(&key.columns), references(key)),
    }
}

fn key_columns(key: &Key) -> String {
    let columns = key.columns.iter();
    let columns = columns.map(|column| sorted(column.name.to_sql(), column.collation.as_ref(), column.descending));
    columns.collect::<Vec<_>>().join(", ")
}

fn sorted(mut by: String, collation: Option<&Name>, descending: bool) -> String {
    if let Some(collation) = collation {
        by.push_str(" COLLATE ");
        by.push_str(&collation.to_sql());
    }
    if descending {
        by.push_str(" DESC");
    }
    by
}

fn references(key: &ForeignKey) -> String {
    let mut sql = format!("REFERENCES {}", key.parent.to_sql());
    if !key.parent_columns.is_empty() {
        sql.push_str(&format!(" ({})", names(&key.parent_columns)));
    }
    for (event, action) in [("DELETE", key.on_delete), ("UPDATE", key.on_update)] {
        if action != Action::NoAction {
            sql.push_str(&format!(" ON {event} {}", action.as_str()));
        }
    }
    if let Some(name) = &key.match_name {
        sql.push_str(&format!(" MATCH {}", name.to_sql()));
    }
    if key.deferred {
        sql.push_str(" DEFERRABLE INITIALLY DEFERRED");
    }
    sql
}
