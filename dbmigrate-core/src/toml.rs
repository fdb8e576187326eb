//! TOML as a tree of values, each with its place in the text.
//!
//! `scan` reads what stands in a text; `build` decides which table each entry belongs to, and that nothing is there
//! twice. Reading recurses into brackets and braces, at most [`DEPTH`] of them. The values are a list that refers to
//! itself by place, so nothing recurses over them, not even what drops them. It holds what is asked for here: of a number whether it is one that a manifest can mean, of a date nothing.

use std::collections::BTreeMap;

use crate::source::Span;

mod build;
mod date_time;
mod number;
mod scan;
#[cfg(test)]
mod tests;

/// How deep values may nest, and how many parts a key may have; the limit of the `toml` crate.
const DEPTH: usize = 80;

/// The place of the table that is the whole text.
const ROOT: usize = 0;

/// Why a text is no TOML.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) span: Span,
}

/// A text that was read.
pub(crate) struct Document {
    nodes: Vec<Node>,
}

/// A value and, in a table, its key.
struct Node {
    key: Key,
    span: Span,
    content: Content,
}

struct Key {
    name: String,
    span: Span,
}

enum Content {
    String(String),
    /// None where it is negative, or too large.
    Integer(Option<u64>),
    Float,
    Boolean(bool),
    DateTime,
    Array {
        items: Vec<usize>,
        /// Whether its items are tables with headers, so that more may follow.
        of_tables: bool,
    },
    Table {
        entries: BTreeMap<String, usize>,
        made: Made,
    },
}

/// What made a table, which decides who may add to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    /// Its own header.
    Header,
    /// The header of a table inside.
    Inside,
    /// A key with dots.
    Dots,
    /// Braces: what is not between them is no part of it.
    Braces,
}

/// Reads a text without carriage returns, as all texts are here.
pub(crate) fn parse(text: &str) -> Result<Document, Fault> {
    build::build(text)
}

impl Document {
    /// The table that is the whole text.
    pub(crate) fn root(&self) -> Table<'_> {
        Table { document: self, at: ROOT }
    }
}

/// A value of a document.
#[derive(Clone, Copy)]
pub(crate) struct Value<'d> {
    document: &'d Document,
    at: usize,
}

impl<'d> Value<'d> {
    fn node(self) -> &'d Node {
        &self.document.nodes[self.at]
    }

    /// Its key in the table that it was taken from.
    pub(crate) fn key(self) -> &'d str {
        &self.node().key.name
    }

    pub(crate) fn key_span(self) -> Span {
        self.node().key.span
    }

    /// Where it stands; of a table with a header, where that stands.
    pub(crate) fn span(self) -> Span {
        self.node().span
    }

    pub(crate) fn type_name(self) -> &'static str {
        self.node().content.type_name()
    }

    pub(crate) fn as_str(self) -> Option<&'d str> {
        match &self.node().content {
            Content::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_bool(self) -> Option<bool> {
        match self.node().content {
            Content::Boolean(is) => Some(is),
            _ => None,
        }
    }

    /// Gives `Some(None)` for a number that is negative or too large.
    pub(crate) fn as_integer(self) -> Option<Option<u64>> {
        match self.node().content {
            Content::Integer(number) => Some(number),
            _ => None,
        }
    }

    pub(crate) fn as_array(self) -> Option<Vec<Value<'d>>> {
        let Content::Array { items, .. } = &self.node().content else { return None };
        let mut values = Vec::with_capacity(items.len());
        for &at in items {
            values.push(Value { at, ..self });
        }
        Some(values)
    }

    pub(crate) fn as_table(self) -> Option<Table<'d>> {
        match self.node().content {
            Content::Table { .. } => Some(Table { document: self.document, at: self.at }),
            _ => None,
        }
    }
}

/// A table of a document.
#[derive(Clone, Copy)]
pub(crate) struct Table<'d> {
    document: &'d Document,
    at: usize,
}

impl<'d> Table<'d> {
    pub(crate) fn get(self, key: &str) -> Option<Value<'d>> {
        let at = self.document.nodes[self.at].content.find(key)?;
        Some(Value { document: self.document, at })
    }

    /// The table of this key, where there is one.
    pub(crate) fn table(self, key: &str) -> Option<Table<'d>> {
        self.get(key)?.as_table()
    }

    /// The values, with their keys, in the order of the text.
    pub(crate) fn entries(self) -> Vec<Value<'d>> {
        let Content::Table { entries, .. } = &self.document.nodes[self.at].content else { return Vec::new() };
        let mut order = Vec::with_capacity(entries.len());
        for &at in entries.values() {
            order.push((self.document.nodes[at].key.span.start as u64, at));
        }
        order.sort_unstable();
        let mut values = Vec::with_capacity(order.len());
        for (_, at) in order {
            values.push(Value { document: self.document, at });
        }
        values
    }
}

impl Content {
    fn find(&self, key: &str) -> Option<usize> {
        match self {
            Content::Table { entries, .. } => entries.get(key).copied(),
            _ => None,
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Content::String(_) => "string",
            Content::Integer(_) => "integer",
            Content::Float => "float",
            Content::Boolean(_) => "boolean",
            Content::DateTime => "datetime",
            Content::Array { .. } => "array",
            Content::Table { .. } => "table",
        }
    }
}
