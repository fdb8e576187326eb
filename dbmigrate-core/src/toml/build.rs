//! Reads a text value by value, and puts each into its table.

use std::collections::BTreeMap;
use std::mem;

use super::scan::Scanner;
use super::{Content, DEPTH, Document, Fault, Key, Made, Node, ROOT, date_time, number};
use crate::source::Span;

/// Builds the document of a text.
pub(super) fn build(text: &str) -> Result<Document, Fault> {
    let mut builder = Builder { scanner: Scanner::new(text), depth: 0, nodes: Vec::new() };
    let mut table = builder.add(Span::new(0, 0), table(Made::Header));
    loop {
        builder.scanner.lines()?;
        match builder.scanner.peek() {
            None => return Ok(Document { nodes: builder.nodes }),
            Some(b'[') => table = builder.header()?,
            Some(_) => builder.entry(table)?,
        }
        builder.scanner.line_end()?;
    }
}

struct Builder<'t> {
    scanner: Scanner<'t>,
    /// How many brackets and braces are open.
    depth: usize,
    nodes: Vec<Node>,
}

impl Builder<'_> {
    /// A header; gives the table that it opens.
    fn header(&mut self) -> Result<usize, Fault> {
        let start = self.scanner.at();
        let of_array = self.scanner.skip("[[");
        if !of_array {
            self.scanner.skip("[");
        }
        self.scanner.blanks();
        let (path, key) = self.key()?;
        let (close, expected) =
            if of_array { ("]]", "`]]` after the table name") } else { ("]", "`]` after the table name") };
        self.scanner.expect(close, expected)?;
        let span = Span::new(start, self.scanner.at());
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

    /// An entry of a table.
    fn entry(&mut self, table: usize) -> Result<(), Fault> {
        let (path, key) = self.key()?;
        let has_dots = !path.is_empty();
        self.gap()?;
        self.scanner.expect("=", "`=` after the key")?;
        self.gap()?;
        let value = self.value()?;
        let parent = self.descend(table, path, Made::Dots)?;
        match self.nodes[parent].content {
            // The last one of an array of tables: those that have a header are complete where the next one stands.
            Content::Table { made: Made::Header, .. } if has_dots => Err(twice(&key)),
            _ => self.insert(parent, key, value),
        }
    }

    /// What may stand around the equals sign. In braces cargo takes lines there, too, which the specification does not.
    fn gap(&mut self) -> Result<(), Fault> {
        if self.depth > 0 {
            return self.scanner.lines();
        }
        self.scanner.blanks();
        Ok(())
    }

    /// A key, and the blanks after it: the parts before its last dot, and what is behind it.
    fn key(&mut self) -> Result<(Vec<Key>, Key), Fault> {
        let mut path = Vec::new();
        let mut key = self.scanner.part()?;
        loop {
            self.scanner.blanks();
            if !self.scanner.skip(".") {
                break;
            }
            self.scanner.blanks();
            path.push(mem::replace(&mut key, self.scanner.part()?));
        }
        if path.len() >= DEPTH {
            return Err(fault(format!("a key has more than {DEPTH} parts"), key.span));
        }
        Ok((path, key))
    }

    fn value(&mut self) -> Result<usize, Fault> {
        let start = self.scanner.at();
        let value = match self.scanner.peek() {
            Some(b'[') => self.array()?,
            Some(b'{') => self.inline_table()?,
            _ => {
                let content = self.scalar()?;
                self.add(Span::new(start, start), content)
            }
        };
        self.nodes[value].span = Span::new(start, self.scanner.at());
        Ok(value)
    }

    /// Reads the bracket or brace that opens a value.
    fn open(&mut self, bracket: &str) -> Result<(), Fault> {
        if self.depth == DEPTH {
            return Err(self.scanner.fault(format!("more than {DEPTH} brackets and braces in each other")));
        }
        self.depth += 1;
        self.scanner.skip(bracket);
        Ok(())
    }

    fn array(&mut self) -> Result<usize, Fault> {
        self.open("[")?;
        let mut items = Vec::new();
        loop {
            self.scanner.lines()?;
            if self.scanner.skip("]") {
                break;
            }
            items.push(self.value()?);
            self.scanner.lines()?;
            if !self.scanner.skip(",") {
                self.scanner.expect("]", "`,` or `]`")?;
                break;
            }
        }
        self.depth -= 1;
        Ok(self.add(Span::new(0, 0), Content::Array { items, of_tables: false }))
    }

    fn inline_table(&mut self) -> Result<usize, Fault> {
        self.open("{")?;
        let new = self.add(Span::new(0, 0), table(Made::Braces));
        loop {
            self.scanner.lines()?;
            if self.scanner.skip("}") {
                break;
            }
            self.entry(new)?;
            self.scanner.lines()?;
            if !self.scanner.skip(",") {
                self.scanner.expect("}", "`,` or `}`")?;
                break;
            }
        }
        self.depth -= 1;
        Ok(new)
    }

    fn scalar(&mut self) -> Result<Content, Fault> {
        if let Some(text) = self.scanner.quoted()? {
            return Ok(Content::String(text));
        }
        let start = self.scanner.at();
        let text = self.scanner.bare();
        let span = Span::new(start, self.scanner.at());
        match text {
            "true" => return Ok(Content::Boolean(true)),
            "false" => return Ok(Content::Boolean(false)),
            "" => return Err(self.scanner.fault("expected a value")),
            _ => {}
        }
        if let Some(content) = number::read(text) {
            return Ok(content);
        }
        if date_time::is_sound(text) {
            return Ok(Content::DateTime);
        }
        let looks_like_number = text.starts_with(['+', '-', '.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        Err(fault(
            if looks_like_number { "invalid number, date or time" } else { "string values must be quoted" },
            span,
        ))
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

fn twice(key: &Key) -> Fault {
    fault("duplicate key", key.span)
}

fn no_table(found: &str, key: &Key) -> Fault {
    fault(format!("cannot extend value of type {found} with a dotted key"), key.span)
}

fn fault(message: impl Into<String>, span: Span) -> Fault {
    Fault { message: message.into(), span }
}
