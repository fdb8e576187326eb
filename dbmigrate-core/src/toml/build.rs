//! Puts what the parser tells about a text into tables.

use std::collections::BTreeMap;
use std::mem;

use toml_parser::decoder::ScalarKind;
use toml_parser::parser::{Event, EventKind};
use toml_parser::{ParseError, Source};

use super::{Content, DEPTH, Document, Fault, Key, Made, Node, ROOT, date_time};
use crate::source::Span;

/// Builds the document of these events, in which the parser saw no error.
pub(super) fn build(source: Source<'_>, events: &[Event]) -> Result<Document, Fault> {
    let mut builder = Builder { source, events, next: 0, nodes: Vec::new() };
    let mut table = builder.add(Span::new(0, 0), table(Made::Header));
    while let Some(event) = builder.next() {
        match event.kind() {
            EventKind::StdTableOpen => table = builder.header(event, false)?,
            EventKind::ArrayTableOpen => table = builder.header(event, true)?,
            EventKind::SimpleKey => builder.entry(table, event)?,
            // Nothing else begins a line.
            _ => {}
        }
    }
    Ok(Document { nodes: builder.nodes })
}

struct Builder<'t> {
    source: Source<'t>,
    events: &'t [Event],
    /// The place of the event that comes next.
    next: usize,
    nodes: Vec<Node>,
}

impl Builder<'_> {
    /// The next event that means something.
    fn next(&mut self) -> Option<Event> {
        loop {
            let event = *self.events.get(self.next)?;
            self.next += 1;
            match event.kind() {
                EventKind::Whitespace | EventKind::Comment | EventKind::Newline => {}
                _ => return Some(event),
            }
        }
    }

    /// The next event, where one has to follow.
    fn expect(&mut self) -> Result<Event, Fault> {
        match self.next() {
            Some(event) => Ok(event),
            None => Err(fault("unexpected end of file", Span::new(0, 0))),
        }
    }

    /// A header, from its bracket on; gives the table that it opens.
    fn header(&mut self, open: Event, of_array: bool) -> Result<usize, Fault> {
        let first = self.expect()?;
        let (path, key) = self.key(first)?;
        let span = Span::new(open.span().start(), self.expect()?.span().end());
        let parent = self.descend(ROOT, path, Made::Inside)?;
        let known = self.nodes[parent].content.find(&key.name);
        if !of_array {
            if let Some(at) = known {
                let node = &mut self.nodes[at];
                match &mut node.content {
                    Content::Table { made: made @ Made::Inside, .. } => *made = Made::Header,
                    _ => return Err(twice(&key)),
                }
                (node.key, node.span) = (key, span);
                return Ok(at);
            }
        }
        let new = self.add(span, table(Made::Header));
        match known.map(|at| &mut self.nodes[at].content) {
            Some(Content::Array { items, of_tables: true }) => items.push(new),
            Some(_) => return Err(twice(&key)),
            None if of_array => {
                let array = self.add(span, Content::Array { items: vec![new], of_tables: true });
                self.insert(parent, key, array)?;
            }
            None => self.insert(parent, key, new)?,
        }
        Ok(new)
    }

    /// An entry of a table, from its key on.
    fn entry(&mut self, table: usize, first: Event) -> Result<(), Fault> {
        let (path, key) = self.key(first)?;
        let has_dots = !path.is_empty();
        // The equals sign.
        self.expect()?;
        let event = self.expect()?;
        let value = self.value(event)?;
        let parent = self.descend(table, path, Made::Dots)?;
        match self.nodes[parent].content {
            // The last one of an array of tables: those that have a header are complete where the next one stands.
            Content::Table { made: Made::Header, .. } if has_dots => Err(twice(&key)),
            _ => self.insert(parent, key, value),
        }
    }

    /// A key: the parts before its last dot, and what is behind it.
    fn key(&mut self, first: Event) -> Result<(Vec<Key>, Key), Fault> {
        let mut path = Vec::new();
        let mut key = self.part(first)?;
        loop {
            let back = self.next;
            if self.next().map(|event| event.kind()) != Some(EventKind::KeySep) {
                self.next = back;
                break;
            }
            let next = self.expect()?;
            let next = self.part(next)?;
            path.push(mem::replace(&mut key, next));
        }
        if path.len() >= DEPTH {
            return Err(fault(format!("a key has more than {DEPTH} parts"), key.span));
        }
        Ok((path, key))
    }

    fn part(&mut self, event: Event) -> Result<Key, Fault> {
        let mut name = String::new();
        let mut error: Option<ParseError> = None;
        if let Some(raw) = self.source.get(event) {
            raw.decode_key(&mut name, &mut error);
        }
        match error {
            None => Ok(Key { name, span: span(event) }),
            Some(error) => Err(Fault::from(error)),
        }
    }

    /// A value, from its first event on. The parser bounds how deep they nest.
    fn value(&mut self, first: Event) -> Result<usize, Fault> {
        match first.kind() {
            EventKind::Scalar => {
                let content = self.scalar(first)?;
                Ok(self.add(span(first), content))
            }
            EventKind::ArrayOpen => self.array(first),
            EventKind::InlineTableOpen => self.inline_table(first),
            _ => Err(fault("missing value", span(first))),
        }
    }

    /// An array, from its bracket on.
    fn array(&mut self, open: Event) -> Result<usize, Fault> {
        let mut items = Vec::new();
        loop {
            let event = self.expect()?;
            match event.kind() {
                EventKind::ArrayClose => {
                    let span = Span::new(open.span().start(), event.span().end());
                    return Ok(self.add(span, Content::Array { items, of_tables: false }));
                }
                EventKind::ValueSep => {}
                _ => items.push(self.value(event)?),
            }
        }
    }

    /// A table in braces, from the first of them on.
    fn inline_table(&mut self, open: Event) -> Result<usize, Fault> {
        let table = self.add(span(open), table(Made::Braces));
        loop {
            let event = self.expect()?;
            match event.kind() {
                EventKind::InlineTableClose => {
                    self.nodes[table].span.end = event.span().end();
                    return Ok(table);
                }
                EventKind::ValueSep => {}
                _ => self.entry(table, event)?,
            }
        }
    }

    fn scalar(&mut self, event: Event) -> Result<Content, Fault> {
        let mut text = String::new();
        let mut error: Option<ParseError> = None;
        let kind = match self.source.get(event) {
            Some(raw) => raw.decode_scalar(&mut text, &mut error),
            None => ScalarKind::String,
        };
        if let Some(error) = error {
            return Err(Fault::from(error));
        }
        Ok(match kind {
            ScalarKind::String => Content::String(text),
            ScalarKind::Boolean(is) => Content::Boolean(is),
            ScalarKind::Integer(radix) => Content::Integer(u64::from_str_radix(&text, radix.value()).ok()),
            ScalarKind::Float => Content::Float,
            ScalarKind::DateTime if date_time::is_sound(&text) => Content::DateTime,
            ScalarKind::DateTime => return Err(fault("invalid date or time", span(event))),
        })
    }

    /// The table that a path leads to from another one. Those on the way that are not there are made.
    fn descend(&mut self, mut table: usize, path: Vec<Key>, made: Made) -> Result<usize, Fault> {
        for key in path {
            let Some(at) = self.nodes[table].content.find(&key.name) else {
                let new = self.add(key.span, self::table(made));
                self.insert(table, key, new)?;
                table = new;
                continue;
            };
            table = at;
            match &mut self.nodes[at].content {
                // It stands for its last one.
                Content::Array { items, of_tables: true } => table = items.last().copied().unwrap_or(at),
                Content::Table { made: Made::Braces, .. } => return Err(no_table("inline table", &key)),
                Content::Table { made: known, .. } if made == Made::Dots => match known {
                    Made::Header => return Err(twice(&key)),
                    _ => *known = Made::Dots,
                },
                Content::Table { .. } => {}
                other => return Err(no_table(other.type_name(), &key)),
            }
        }
        Ok(table)
    }

    /// Adds a value that is in no table yet.
    fn add(&mut self, span: Span, content: Content) -> usize {
        let key = Key { name: String::new(), span: Span::new(0, 0) };
        self.nodes.push(Node { key, span, content });
        self.nodes.len() - 1
    }

    /// Puts a value into a table.
    fn insert(&mut self, table: usize, key: Key, value: usize) -> Result<(), Fault> {
        if let Content::Table { entries, .. } = &mut self.nodes[table].content {
            if entries.insert(key.name.clone(), value).is_some() {
                return Err(twice(&key));
            }
        }
        self.nodes[value].key = key;
        Ok(())
    }
}

fn table(made: Made) -> Content {
    Content::Table { entries: BTreeMap::new(), made }
}

fn span(event: Event) -> Span {
    Span::new(event.span().start(), event.span().end())
}

fn twice(key: &Key) -> Fault {
    fault("duplicate key", key.span)
}

fn no_table(found: &str, key: &Key) -> Fault {
    fault(format!("cannot extend value of type {found} with a dotted key"), key.span)
}

fn fault(message: impl Into<String>, span: Span) -> Fault {
    Fault { message: message.into(), span }
}
