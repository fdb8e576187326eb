//! The text of one file, normalised once, with positions in it.
//!
//! Every other module works on [`SourceText`]: no byte order mark, `\n` line endings, valid UTF-8, no NUL. The
//! normalised text is what is hashed, embedded and executed, so a checkout with CRLF is the same migration.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Location};
use crate::files::Files;
use crate::help::Help;

/// A half-open range of bytes in a [`SourceText`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// The range `start..end`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }
}

/// A position in a file as people count it: line and column from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The text of a file, normalised: no byte order mark, `\n` line endings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText {
    path: String,
    text: Arc<str>,
}

impl SourceText {
    /// Creates it from text that needs no check, for tests and for text that is not a file.
    #[must_use]
    pub fn new(path: impl Into<String>, text: &str) -> Self {
        Self { path: path.into(), text: normalise(text) }
    }

    /// Normalises the bytes of a file. `path` is its name in messages (relative to the package, with `/`).
    ///
    /// # Errors
    ///
    /// A diagnostic with a position if the bytes are not UTF-8, or contain a NUL, which SQLite takes for the end.
    pub fn from_bytes(path: impl Into<String>, bytes: Vec<u8>) -> Result<Self, Diagnostic> {
        let path = path.into();
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
                let encoding = match error.as_bytes() {
                    [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "UTF-16",
                    _ => "ENCODING",
                };
                let how = format!(" as UTF-8: `iconv -f {encoding} -t UTF-8` converts it");
                let help = Help::from("save ").file(&path).words(&how);
                return Err(unreadable(path, &before, "not-utf8", "the file is not valid UTF-8").help(help));
            }
        };
        if let Some(nul) = text.find('\0') {
            return Err(unreadable(
                path,
                &text[..nul],
                "nul-byte",
                "the file contains a NUL byte, where SQLite would stop reading",
            ));
        }
        Ok(Self { text: normalise(&text), path })
    }

    /// Reads `root/path`; `path` is also the name in messages.
    ///
    /// # Errors
    ///
    /// A diagnostic if the file cannot be read, or as [`SourceText::from_bytes`].
    pub fn read(root: &Path, path: &str) -> Result<Self, Diagnostic> {
        root.text(path)
    }

    /// The same text under another path.
    #[must_use]
    pub fn renamed(&self, path: impl Into<String>) -> Self {
        Self { path: path.into(), text: self.shared() }
    }

    /// The file's name in messages: relative to the package, with `/`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The normalised text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The normalised text, to keep: every diagnostic of a file shares it.
    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// The text of a span; empty if the span is not in this text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or("")
    }

    /// The part of a span on its first line: what to mark of a long span.
    #[must_use]
    pub fn first_line(&self, span: Span) -> Span {
        let text = self.slice(span);
        Span::new(span.start, span.start + text.find('\n').unwrap_or(text.len()))
    }

    /// The position of a byte offset; past the end, it is the end.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        position(&self.text, offset)
    }
}

/// Where a byte offset lies in a text; past the end it is the end.
pub(crate) fn position(text: &str, offset: usize) -> Position {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Position { line: line_ends(before.as_bytes()) + 1, column: before[line_start..].chars().count() + 1 }
}

/// Counted in bytes, block by block, which compilers do many at a time: a position is asked for every finding.
fn line_ends(text: &[u8]) -> usize {
    let count = |block: &[u8]| block.iter().map(|&byte| u8::from(byte == b'\n')).sum::<u8>();
    text.chunks(usize::from(u8::MAX)).map(|block| usize::from(count(block))).sum()
}

fn normalise(text: &str) -> Arc<str> {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").into()
}

fn unreadable(path: String, before: &str, code: &'static str, message: &str) -> Diagnostic {
    let before = SourceText::new(path, before);
    let end = before.text.len();
    Diagnostic::error(code, message).at(Location::new(&before, Span::new(end, end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_with_bom_and_crlf_is_the_same_text() {
        let unix = SourceText::new("a.sql", "CREATE TABLE t(a);\n-- ü\n");
        let windows = SourceText::from_bytes("a.sql", b"\xef\xbb\xbfCREATE TABLE t(a);\r\n-- \xc3\xbc\r\n".to_vec());
        assert_eq!(windows.unwrap(), unix);
    }

    #[test]
    fn positions_count_characters_from_one() {
        let source = SourceText::new("a.sql", "ü b\nc");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(3), Position { line: 1, column: 3 });
        assert_eq!(source.position(5), Position { line: 2, column: 1 });
        assert_eq!(source.position(99), Position { line: 2, column: 2 });
        let many = SourceText::new("a.sql", &"\n".repeat(1_000));
        assert_eq!([255, 256, 999].map(|at| many.position(at).line), [256, 257, 1_000]);
    }

    #[test]
    fn the_first_line_of_a_span_ends_with_it_or_before_the_line_does() {
        let source = SourceText::new("a.sql", "one two\nthree");
        assert_eq!(source.first_line(Span::new(4, 13)), Span::new(4, 7));
        assert_eq!(source.first_line(Span::new(4, 6)), Span::new(4, 6));
        assert_eq!(source.first_line(Span::new(8, 99)), Span::new(8, 8));
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_with_a_position() {
        let error = SourceText::from_bytes("a.sql", b"ok\n\xff".to_vec()).unwrap_err();
        assert_eq!(error.location.unwrap().position.to_string(), "2:1");
        let error = SourceText::from_bytes("a.sql", b"SELECT 1;\0DROP".to_vec()).unwrap_err();
        assert_eq!(error.code, "nul-byte");
    }
}
