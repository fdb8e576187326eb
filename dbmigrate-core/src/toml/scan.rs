//! Reads the text of a TOML document piece by piece, after version 1.1 of its specification.

use super::{Fault, Key};
use crate::source::Span;

const NO_ESCAPE: &str = "invalid escape, expected `\\\"`, `\\\\`, `\\b`, `\\e`, `\\f`, `\\n`, `\\r`, `\\t`, `\\xHH`, `\\uHHHH` \
                         or `\\UHHHHHHHH`";

/// A text, and how far it was read.
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The place of the next byte.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'t [u8] {
        &self.text.as_bytes()[self.at..]
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    /// Reads these bytes, if they come next.
    pub(super) fn skip(&mut self, wanted: &str) -> bool {
        let is_next = self.rest().starts_with(wanted.as_bytes());
        if is_next {
            self.at += wanted.len();
        }
        is_next
    }

    /// Reads these bytes, which have to come next, or else the message says what was expected.
    pub(super) fn expect(&mut self, wanted: &str, expected: &str) -> Result<(), Fault> {
        if self.skip(wanted) { Ok(()) } else { Err(self.fault(format!("expected {expected}"))) }
    }

    /// Reads blanks.
    pub(super) fn blanks(&mut self) {
        while let Some(b' ' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Reads blanks, comments and ends of lines.
    pub(super) fn lines(&mut self) -> Result<(), Fault> {
        loop {
            self.blanks();
            match self.peek() {
                Some(b'\n') => self.at += 1,
                Some(b'#') => self.comment()?,
                _ => return Ok(()),
            }
        }
    }

    /// Reads up to the end of the line, where nothing but a comment may stand.
    pub(super) fn line_end(&mut self) -> Result<(), Fault> {
        self.blanks();
        match self.peek() {
            None | Some(b'\n') => Ok(()),
            Some(b'#') => self.comment(),
            Some(_) => Err(self.fault("expected the end of the line, or `#`")),
        }
    }

    fn comment(&mut self) -> Result<(), Fault> {
        loop {
            match self.peek() {
                None | Some(b'\n') => return Ok(()),
                Some(byte) if is_shown(byte) => self.at += 1,
                Some(_) => return Err(self.fault("control characters are not allowed in comments")),
            }
        }
    }

    /// Reads one part of a key.
    pub(super) fn part(&mut self) -> Result<Key, Fault> {
        let start = self.at;
        if self.rest().starts_with(b"\"\"\"") || self.rest().starts_with(b"'''") {
            return Err(self.fault("a multi-line string cannot be a key"));
        }
        let name = match self.quoted()? {
            Some(name) => name,
            None => {
                while let Some(b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_') = self.peek() {
                    self.at += 1;
                }
                self.text[start..self.at].to_owned()
            }
        };
        if start == self.at {
            return Err(self.fault("expected a key: letters, digits, `-` and `_`, or a quoted string"));
        }
        Ok(Key { name, span: Span::new(start, self.at) })
    }

    /// Reads a value without quotes or brackets: up to what separates values, but for the blank within a moment.
    pub(super) fn bare(&mut self) -> &'t str {
        let start = self.at;
        self.word();
        let is_date = self.at == start + 10 && self.text.as_bytes()[start + 4] == b'-';
        if let ([b' ', b'0'..=b'9', ..], true) = (self.rest(), is_date) {
            self.at += 1;
            self.word();
        }
        &self.text[start..self.at]
    }

    fn word(&mut self) {
        while self.peek().is_some_and(|byte| !b" \t\n,]}#".contains(&byte)) {
            self.at += 1;
        }
    }

    /// Reads a string in quotes of any kind; none where none begins here.
    pub(super) fn quoted(&mut self) -> Result<Option<String>, Fault> {
        let Some(quotes) = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| self.skip(quotes)) else {
            return Ok(None);
        };
        let (is_long, has_escapes) = (quotes.len() > 1, quotes.starts_with('"'));
        if is_long {
            self.skip("\n");
        }
        let mut text = String::new();
        let mut start = self.at;
        loop {
            if self.rest().starts_with(quotes.as_bytes()) {
                // Two more belong to the text.
                let more = self.rest()[quotes.len()..].iter().take_while(|&&byte| byte == quotes.as_bytes()[0]).count();
                self.at += if is_long { more.min(2) } else { 0 };
                text.push_str(&self.text[start..self.at]);
                self.at += quotes.len();
                return Ok(Some(text));
            }
            match self.peek() {
                Some(b'\\') if has_escapes => {
                    text.push_str(&self.text[start..self.at]);
                    self.escape(&mut text, is_long)?;
                    start = self.at;
                }
                Some(b'\n') if is_long => self.at += 1,
                Some(byte) if is_shown(byte) => self.at += 1,
                None | Some(b'\n') => return Err(self.fault(format!("unclosed string, expected `{quotes}`"))),
                Some(_) => return Err(self.fault("control characters in a string must be escaped")),
            }
        }
    }

    /// Reads a backslash and what belongs to it.
    fn escape(&mut self, text: &mut String, is_long: bool) -> Result<(), Fault> {
        let start = self.at;
        self.at += 1;
        if is_long && self.line_goes_on() {
            return Ok(());
        }
        self.at = start;
        let (letter, length) = match self.rest().get(1) {
            Some(b'b') => (Some('\u{8}'), 2),
            Some(b'e') => (Some('\u{1b}'), 2),
            Some(b'f') => (Some('\u{c}'), 2),
            Some(b'n') => (Some('\n'), 2),
            Some(b'r') => (Some('\r'), 2),
            Some(b't') => (Some('\t'), 2),
            Some(b'"') => (Some('"'), 2),
            Some(b'\\') => (Some('\\'), 2),
            Some(b'x') => (self.letter(2), 4),
            Some(b'u') => (self.letter(4), 6),
            Some(b'U') => (self.letter(8), 10),
            _ => (None, 0),
        };
        let Some(letter) = letter else { return Err(self.fault(NO_ESCAPE)) };
        text.push(letter);
        self.at += length;
        Ok(())
    }

    /// Reads the end of a line and all blanks and lines after it, which a backslash takes out of a long string.
    fn line_goes_on(&mut self) -> bool {
        self.blanks();
        let is_line_end = self.peek() == Some(b'\n');
        while let Some(b' ' | b'\t' | b'\n') = self.peek() {
            self.at += 1;
        }
        is_line_end
    }

    /// The letter with this many digits, behind a backslash and a letter.
    fn letter(&self, digits: usize) -> Option<char> {
        let digits = self.text.get(self.at + 2..self.at + 2 + digits)?;
        // What reads a number would take a sign.
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?;
        char::from_u32(number)
    }

    /// A fault of what comes next.
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        let next = self.text[self.at..].chars().next().map_or(0, char::len_utf8);
        Fault { message: message.into(), span: Span::new(self.at, self.at + next) }
    }
}

/// Whether a byte can stand in a comment or a string.
fn is_shown(byte: u8) -> bool {
    byte == b'\t' || byte >= b' ' && byte != 0x7f
}
