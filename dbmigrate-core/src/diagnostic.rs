//! Everything that can be wrong with a set, as data.
//!
//! Rendering is done elsewhere: `dbmigrate-build` writes a `compile_error!`, and `cargo dbmigrate` prints snippets or
//! JSON lines. They share the data, so the outputs cannot drift apart.

use std::fmt;
use std::sync::Arc;

use crate::help::Help;
use crate::source::{Position, SourceText, Span, position};

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The set cannot be used.
    Error,
    /// The set works, but something about it deserves attention.
    Warning,
}

impl Severity {
    /// `error` or `warning`, as cargo writes them.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A span in a file, with the text that a renderer needs to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file, relative to the package, with `/`.
    pub path: String,
    /// Where the span starts.
    pub position: Position,
    /// The bytes of the span in `text`.
    pub span: Span,
    /// The whole normalised text of the file.
    pub text: Arc<str>,
}

impl Location {
    /// The location of `span` in `source`.
    #[must_use]
    pub fn new(source: &SourceText, span: Span) -> Self {
        Self { path: source.path().to_owned(), position: source.position(span.start), span, text: source.shared() }
    }

    /// A location in a file whose text is not available, so that nothing of it can be shown.
    #[must_use]
    pub fn bare(path: impl Into<String>, position: Position) -> Self {
        Self { path: path.into(), position, span: Span::new(0, 0), text: Arc::from("") }
    }

    /// The position after the last character of the span.
    #[must_use]
    pub fn end(&self) -> Position {
        if self.text.is_empty() { self.position } else { position(&self.text, self.span.end) }
    }

    /// The line in which the span starts.
    #[must_use]
    pub fn line(&self) -> &str {
        self.text.lines().nth(self.position.line.saturating_sub(1)).unwrap_or_default()
    }
}

/// A correction that needs no decision. Paths are relative to the package, with `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fix {
    /// Rename a file to a name that does not exist yet.
    Rename {
        /// Its path.
        from: String,
        /// The path that it should have.
        to: String,
    },
}

/// One finding: what is wrong, where, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable kebab-case name for the kind of problem, such as `duplicate-number`.
    pub code: &'static str,
    /// The severity.
    pub severity: Severity,
    /// What is wrong: lower case, no final period, values in backticks.
    pub message: String,
    /// The file, if the problem is about a file but not about a span in it.
    pub file: Option<String>,
    /// The location in a file.
    pub location: Option<Location>,
    /// A few words under the marked span.
    pub label: Option<String>,
    /// Explaining facts.
    pub notes: Vec<String>,
    /// What to do next, with the exact command or text if there is one.
    pub help: Vec<Help>,
    /// A correction, if there is one that needs no decision.
    pub fix: Option<Box<Fix>>,
}

impl Diagnostic {
    /// Creates an error without a location.
    #[must_use]
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            file: None,
            location: None,
            label: None,
            notes: Vec::new(),
            help: Vec::new(),
            fix: None,
        }
    }

    /// Creates a warning without a location.
    #[must_use]
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Sets the file, for a problem of the whole file.
    #[must_use]
    pub fn in_file(mut self, path: impl Into<String>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// Sets the location.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.file = Some(location.path.clone());
        self.location = Some(location);
        self
    }

    /// Sets the words under the span.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<Help>) -> Self {
        self.help.push(help.into());
        self
    }

    /// What to do next, as texts.
    #[must_use]
    pub fn help_texts(&self) -> Vec<String> {
        self.help.iter().map(Help::to_string).collect()
    }

    /// Whether it prevents the set from being used.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Plain text without a snippet: `file:line:column: error: message`, then notes and help on lines of their own.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.location, &self.file) {
            (Some(location), _) => write!(f, "{}:{}: ", location.path, location.position)?,
            (None, Some(file)) => write!(f, "{file}: ")?,
            (None, None) => {}
        }
        write!(f, "{}: {}", self.severity.as_str(), self.message)?;
        for note in &self.notes {
            write!(f, "\n  note: {note}")?;
        }
        for help in &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}
