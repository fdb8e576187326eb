//! Collects what is wrong with one file, up to a limit.
//!
//! A diagnostic costs time in proportion to its file, so a file with nothing but faults would take quadratic time.
//! Beyond a number that nobody reads, one line says that there are more.

use crate::diagnostic::{Diagnostic, Location};
use crate::source::{SourceText, Span};

/// How many problems of one file are listed.
const LIMIT: usize = 100;

/// The problems of one file.
pub(crate) struct Problems<'a> {
    source: &'a SourceText,
    diagnostics: &'a mut Vec<Diagnostic>,
    count: usize,
}

impl<'a> Problems<'a> {
    /// Adds what is found in `source` to `diagnostics`.
    pub(crate) fn new(source: &'a SourceText, diagnostics: &'a mut Vec<Diagnostic>) -> Self {
        Self { source, diagnostics, count: 0 }
    }

    /// The file that the problems are in.
    pub(crate) fn source(&self) -> &'a SourceText {
        self.source
    }

    /// Adds a problem at `span`.
    pub(crate) fn push(&mut self, span: Span, diagnostic: Diagnostic) {
        self.count += 1;
        if self.count <= LIMIT {
            self.diagnostics.push(diagnostic.at(Location::new(self.source, span)));
        } else if self.count == LIMIT + 1 {
            let message = format!("only the first {LIMIT} problems of this file are listed");
            self.diagnostics.push(Diagnostic::error("too-many-problems", message).in_file(self.source.path()));
        }
    }

    /// Whether what comes is not listed any more.
    pub(crate) fn is_full(&self) -> bool {
        self.count > LIMIT
    }

    /// Adds a problem of the file as a whole.
    pub(crate) fn push_file(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic.in_file(self.source.path()));
    }
}
