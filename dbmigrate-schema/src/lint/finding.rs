//! What a rule has to say, and where.

use dbmigrate_core::Diagnostic;

use super::rule::Rule;

/// Something that a rule objects to. Its severity is for the levels to say.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// The number of the migration.
    pub number: u64,
    /// The place of the statement among those of the way up; none where the migration as a whole is meant.
    pub statement: Option<usize>,
    /// What is wrong, where, why, and how to do it safely.
    pub diagnostic: Diagnostic,
}

/// A finding while its rule words it.
pub(crate) struct Draft {
    statement: Option<usize>,
    diagnostic: Diagnostic,
}

impl Draft {
    pub(super) fn new(statement: Option<usize>, diagnostic: Diagnostic) -> Self {
        Self { statement, diagnostic }
    }

    /// Adds the words under the span.
    pub(crate) fn label(self, label: impl Into<String>) -> Self {
        Self { diagnostic: self.diagnostic.label(label), ..self }
    }

    /// Names another file than that of the way up.
    pub(crate) fn in_file(self, path: &str) -> Self {
        Self { diagnostic: self.diagnostic.in_file(path), ..self }
    }

    /// Adds a fact that explains.
    pub(crate) fn note(self, note: impl Into<String>) -> Self {
        Self { diagnostic: self.diagnostic.note(note), ..self }
    }

    /// Adds how to do it safely, as SQL that can be pasted where there is some.
    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { diagnostic: self.diagnostic.help(help), ..self }
    }
}

/// Where one rule puts what it has to say about one migration.
pub(crate) struct Findings<'f> {
    pub(super) rule: &'static Rule,
    pub(super) number: u64,
    pub(super) found: &'f mut Vec<Finding>,
}

impl Findings<'_> {
    pub(crate) fn push(&mut self, Draft { statement, mut diagnostic }: Draft) {
        diagnostic.code = self.rule.name;
        self.found.push(Finding { rule: self.rule, number: self.number, statement, diagnostic });
    }
}
