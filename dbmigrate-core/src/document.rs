//! A TOML document as a tree, with the place of every key and value.
//!
//! [`toml_parser`] reads the text; here is only what TOML says of tables, which is that none is defined twice. Keys stand
//! in the order of the file. No key of ours is a date or a fraction, so these have no value here.

use std::collections::BTreeMap;
use std::mem;
use std::ops::Range;

use toml_parser::decoder::ScalarKind;
use toml_parser::parser::{Event, EventKind, RecursionGuard, ValidateWhitespace, parse_document};
use toml_parser::{Expected, ParseError, Source};

#[cfg(test)]
mod tests;

/// How deep tables and arrays may lie in each other. Whoever goes through the tree may recurse.
const DEPTH: usize = 80;

/// Keys and what they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    entries: Vec<(Key, Value)>,
    /// Where each key stands among the entries.
    places: BTreeMap<String, usize>,
    made: Made,
}

/// By what a table came into being, which says who may add to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    /// `[table]`, `[[table]]`, or it is the whole document.
    Header,
    /// `[table.inner]`: it may still get a header of its own.
    Inner,
    /// `table.key = …`.
    Dotted,
    /// `{ … }`.
    Inline,
}

/// A key of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
}

/// What a key says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) span: Range<usize>,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    String(String),
    /// None where it is less than nothing, or too great.
    Integer(Option<u64>),
    Boolean(bool),
    Float,
    Datetime,
    Array {
        values: Vec<Value>,
        /// Whether each of them is a `[[table]]`.
        of_tables: bool,
    },
    Table(Table),
}

/// Why a text is no document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Error {
    pub(crate) message: String,
    pub(crate) span: Range<usize>,
}

/// Reads a text.
pub(crate) fn parse(text: &str) -> Result<Table, Error> {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut events: Vec<Event> = Vec::with_capacity(tokens.len());
    let mut fault: Option<ParseError> = None;
    let mut receiver = ValidateWhitespace::new(&mut events, source);
    parse_document(&tokens, &mut RecursionGuard::new(&mut receiver, DEPTH as u32), &mut fault);
    let mut builder = Builder {
        source,
        root: Table::new(Made::Header),
        header: Vec::new(),
        start: 0,
        path: Vec::new(),
        open: Vec::new(),
    };
    let mut events = events.iter();
    while let (None, Some(event)) = (&fault, events.next()) {
        fault = builder.take(event).err();
    }
    match fault {
        Some(fault) => Err(Error::new(&fault)),
        None => Ok(builder.root),
    }
}

impl Error {
    fn new(fault: &ParseError) -> Self {
        let mut message = fault.description().to_owned();
        for (at, expected) in fault.expected().unwrap_or_default().iter().enumerate() {
            message.push_str(if at == 0 { ", expected " } else { ", " });
            match expected {
                Expected::Literal("\n") => message.push_str("newline"),
                Expected::Literal(literal) => message.push_str(&format!("`{}`", literal.escape_debug())),
                Expected::Description(words) => message.push_str(words),
                _ => message.push_str("something else"),
            }
        }
        Self { message, span: fault.unexpected().map_or(0..0, |span| span.start()..span.end()) }
    }
}

impl Table {
    fn new(made: Made) -> Self {
        Self { entries: Vec::new(), places: BTreeMap::new(), made }
    }

    /// Its keys and values, in the order of the file.
    pub(crate) fn entries(&self) -> &[(Key, Value)] {
        &self.entries
    }

    /// The key of this name, with what it says.
    pub(crate) fn entry(&self, name: &str) -> Option<&(Key, Value)> {
        self.entries.get(*self.places.get(name)?)
    }

    /// What the key of this name says.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.entry(name).map(|(_, value)| value)
    }

    /// The place of the key that is added.
    fn add(&mut self, key: Key, value: Value) -> usize {
        self.places.insert(key.text.clone(), self.entries.len());
        self.entries.push((key, value));
        self.entries.len() - 1
    }

    /// The table that a key leads to on the way to another, which makes it where nothing has.
    fn inner(&mut self, key: &Key, dotted: bool) -> Result<&mut Self, ParseError> {
        let at = match self.places.get(&key.text) {
            Some(&at) => at,
            None => {
                let made = if dotted { Made::Dotted } else { Made::Inner };
                self.add(key.clone(), Value { span: key.span.clone(), kind: Kind::Table(Self::new(made)) })
            }
        };
        let value = &mut self.entries[at].1;
        let type_str = value.type_str();
        match &mut value.kind {
            Kind::Table(table) => match (table.made, dotted) {
                (Made::Inline, false) => Err(no_table(key, "inline table")),
                (Made::Header | Made::Inline, true) => Err(duplicate(key)),
                (Made::Inner, true) => {
                    table.made = Made::Dotted;
                    Ok(table)
                }
                _ => Ok(table),
            },
            Kind::Array { values, of_tables: true } if !dotted => match values.last_mut().map(|last| &mut last.kind) {
                Some(Kind::Table(table)) => Ok(table),
                _ => Err(no_table(key, type_str)),
            },
            _ => Err(no_table(key, type_str)),
        }
    }

    /// Begins the table of a header.
    fn begin(&mut self, key: Key, span: Range<usize>, is_array: bool) -> Result<(), ParseError> {
        let table = Value { span: span.clone(), kind: Kind::Table(Self::new(Made::Header)) };
        let Some(&at) = self.places.get(&key.text) else {
            let kind = Kind::Array { values: vec![table.clone()], of_tables: true };
            self.add(key, if is_array { Value { span, kind } } else { table });
            return Ok(());
        };
        let value = &mut self.entries[at].1;
        match &mut value.kind {
            Kind::Array { values, of_tables: true } if is_array => values.push(table),
            Kind::Table(Self { made: made @ Made::Inner, .. }) if !is_array => {
                *made = Made::Header;
                value.span = span;
            }
            _ => return Err(duplicate(&key)),
        }
        Ok(())
    }
}

impl Value {
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// None where it is no integer; none in it where that does not fit.
    pub(crate) fn as_integer(&self) -> Option<Option<u64>> {
        match self.kind {
            Kind::Integer(number) => Some(number),
            _ => None,
        }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Boolean(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn as_array(&self) -> Option<&[Self]> {
        match &self.kind {
            Kind::Array { values, .. } => Some(values),
            _ => None,
        }
    }

    pub(crate) fn as_table(&self) -> Option<&Table> {
        match &self.kind {
            Kind::Table(table) => Some(table),
            _ => None,
        }
    }

    /// What TOML calls it.
    pub(crate) fn type_str(&self) -> &'static str {
        match self.kind {
            Kind::String(_) => "string",
            Kind::Integer(_) => "integer",
            Kind::Boolean(_) => "boolean",
            Kind::Float => "float",
            Kind::Datetime => "datetime",
            Kind::Array { .. } => "array",
            Kind::Table(_) => "table",
        }
    }
}

/// Makes the tree of what the parser tells, which is in the order of the text and whole.
struct Builder<'t> {
    source: Source<'t>,
    root: Table,
    /// The keys that lead to the table whose lines are read.
    header: Vec<Key>,
    /// Where the header begins that is being read.
    start: usize,
    /// The keys that were read last: of a header, or before a value.
    path: Vec<Key>,
    /// The arrays and inline tables that are not closed yet.
    open: Vec<Open>,
}

struct Open {
    /// The keys before it.
    path: Vec<Key>,
    start: usize,
    kind: Kind,
}

impl Builder<'_> {
    fn take(&mut self, event: &Event) -> Result<(), ParseError> {
        let (start, end) = (event.span().start(), event.span().end());
        match event.kind() {
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => self.start = start,
            EventKind::StdTableClose => self.header(end, false)?,
            EventKind::ArrayTableClose => self.header(end, true)?,
            EventKind::SimpleKey => self.key(event)?,
            EventKind::Scalar => {
                let kind = self.scalar(event)?;
                self.value(Value { span: start..end, kind })?;
            }
            EventKind::ArrayOpen => self.open(start, Kind::Array { values: Vec::new(), of_tables: false }),
            EventKind::InlineTableOpen => self.open(start, Kind::Table(Table::new(Made::Inline))),
            EventKind::ArrayClose | EventKind::InlineTableClose => {
                if let Some(Open { path, start, kind }) = self.open.pop() {
                    self.path = path;
                    self.value(Value { span: start..end, kind })?;
                }
            }
            EventKind::KeySep
            | EventKind::KeyValSep
            | EventKind::ValueSep
            | EventKind::Whitespace
            | EventKind::Comment
            | EventKind::Newline
            | EventKind::Error => {}
        }
        Ok(())
    }

    fn key(&mut self, event: &Event) -> Result<(), ParseError> {
        let depth: usize = self.open.iter().map(|open| open.path.len() + 1).sum();
        if depth + self.path.len() >= DEPTH {
            return Err(ParseError::new("keys lie too deep in each other").with_unexpected(event.span()));
        }
        let (mut text, mut fault) = (String::new(), None);
        if let Some(raw) = self.source.get(event) {
            raw.decode_key(&mut text, &mut fault);
        }
        self.path.push(Key { text, span: event.span().start()..event.span().end() });
        fault.map_or(Ok(()), Err)
    }

    fn scalar(&self, event: &Event) -> Result<Kind, ParseError> {
        let (mut text, mut fault) = (String::new(), None);
        let Some(raw) = self.source.get(event) else { return Ok(Kind::String(text)) };
        let kind = match raw.decode_scalar(&mut text, &mut fault) {
            ScalarKind::Integer(radix) => Kind::Integer(u64::from_str_radix(&text, radix.value()).ok()),
            ScalarKind::Boolean(value) => Kind::Boolean(value),
            ScalarKind::Float => Kind::Float,
            ScalarKind::DateTime => Kind::Datetime,
            ScalarKind::String => Kind::String(text),
        };
        fault.map_or(Ok(kind), Err)
    }

    fn open(&mut self, start: usize, kind: Kind) {
        self.open.push(Open { path: mem::take(&mut self.path), start, kind });
    }

    fn header(&mut self, end: usize, is_array: bool) -> Result<(), ParseError> {
        self.header = mem::take(&mut self.path);
        let Some((key, before)) = self.header.split_last() else { return Ok(()) };
        let mut table = &mut self.root;
        for key in before {
            table = table.inner(key, false)?;
        }
        table.begin(key.clone(), self.start..end, is_array)
    }

    /// Puts a value where it belongs: into what is open, else under its keys.
    fn value(&mut self, value: Value) -> Result<(), ParseError> {
        let mut path = mem::take(&mut self.path);
        let mut table = match self.open.last_mut().map(|open| &mut open.kind) {
            Some(Kind::Array { values, .. }) => {
                values.push(value);
                return Ok(());
            }
            Some(Kind::Table(table)) => table,
            _ => {
                let mut table = &mut self.root;
                for key in &self.header {
                    table = table.inner(key, false)?;
                }
                table
            }
        };
        let Some(key) = path.pop() else { return Ok(()) };
        for key in &path {
            table = table.inner(key, true)?;
        }
        if table.places.contains_key(&key.text) {
            return Err(duplicate(&key));
        }
        table.add(key, value);
        Ok(())
    }
}

fn duplicate(key: &Key) -> ParseError {
    ParseError::new("duplicate key").with_unexpected(span(key))
}

fn no_table(key: &Key, what: &str) -> ParseError {
    ParseError::new(format!("cannot extend value of type {what} with a dotted key")).with_unexpected(span(key))
}

fn span(key: &Key) -> toml_parser::Span {
    toml_parser::Span::new_unchecked(key.span.start, key.span.end)
}
