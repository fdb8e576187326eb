//! Quoting of what goes into SQL text: the only places where names and literals are written.

use std::fmt::{self, Write};

/// A name as SQL has it: `"a""b"`.
#[must_use]
pub fn identifier(name: &str) -> String {
    format!("{}", quoted(name, ""))
}

/// A name that statements are written with: nothing has to be dropped where one is.
#[derive(Clone, Copy)]
pub(crate) struct Quoted<'a> {
    before: &'static str,
    name: &'a str,
    end: &'static str,
}

/// A name and its end, in double quotes.
pub(crate) fn quoted<'a>(name: &'a str, end: &'static str) -> Quoted<'a> {
    Quoted { before: "", name, end }
}

/// A table of the database itself, by its name and its end.
pub(crate) fn in_main<'a>(name: &'a str, end: &'static str) -> Quoted<'a> {
    Quoted { before: "main.", name, end }
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.before)?;
        surround(f, '"', &[self.name, self.end])
    }
}

/// A text as SQL has it: `'it''s'`.
#[inline]
pub(crate) fn literal(text: &str) -> String {
    let mut literal = String::new();
    // Writing to a string does not fail.
    let _ = surround(&mut literal, '\'', &[text]);
    literal
}

fn surround(out: &mut dyn Write, quote: char, texts: &[&str]) -> fmt::Result {
    out.write_char(quote)?;
    for text in texts {
        let mut rest = *text;
        while let Some(at) = rest.bytes().position(|byte| char::from(byte) == quote) {
            let (before, after) = rest.split_at(at + 1);
            out.write_str(before)?;
            out.write_char(quote)?;
            rest = after;
        }
        out.write_str(rest)?;
    }
    out.write_char(quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(identifier("a.b c"), "\"a.b c\"");
        assert_eq!(in_main("a\"b", "_head").to_string(), "main.\"a\"\"b_head\"");
        assert_eq!(literal("it's"), "'it''s'");
    }
}
