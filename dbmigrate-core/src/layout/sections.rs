//! Files that hold both ways: the lines of each, with empty ones for those of the other, so that lines stay where
//! they are.

use crate::diagnostic::{Diagnostic, Location};
use crate::source::SourceText;

/// Whose lines come now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Before the first mark: comments.
    None,
    Up,
    Down,
}

/// The two texts of a file.
#[derive(Debug)]
pub(super) struct Sections {
    pub(super) up: String,
    pub(super) down: String,
    /// The down script was begun at all.
    pub(super) has_down: bool,
    way: Way,
}

impl Sections {
    pub(super) fn new() -> Self {
        Self { up: String::new(), down: String::new(), has_down: false, way: Way::None }
    }

    pub(super) fn way(&self) -> Way {
        self.way
    }

    /// From the next line on it is this way.
    pub(super) fn turn(&mut self, way: Way) {
        self.way = way;
        self.has_down |= way == Way::Down;
    }

    /// A line of the current way, without its end.
    pub(super) fn line(&mut self, line: &str) {
        // What stands before the first mark is said of the whole file.
        if self.way == Way::Down { &mut self.down } else { &mut self.up }.push_str(line);
        self.blank();
    }

    /// A line of neither way: a mark.
    pub(super) fn blank(&mut self) {
        self.up.push('\n');
        self.down.push('\n');
    }
}

/// An error in one line, from 1, of a file.
pub(super) fn fault(source: &SourceText, line: usize, message: impl Into<String>, help: &str) -> Diagnostic {
    Diagnostic::error("malformed-section", message).at(place(source, line)).help(help)
}

/// The place of a line, from 1.
pub(super) fn place(source: &SourceText, line: usize) -> Location {
    let text = source.text();
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    Location::new(source, source.first_line(crate::source::Span::new(start, text.len())))
}
