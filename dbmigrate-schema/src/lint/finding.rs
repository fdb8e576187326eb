//! What a rule has to say, and where.

use dbmigrate_core::{Diagnostic, Location, Script, Span};

use super::rule::Rule;
use super::soundness::Failing;
use super::state::State;

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

/// How things are after the newest migration.
pub(crate) struct End<'e> {
    pub(crate) state: &'e State,
    pub(crate) failing: &'e Failing,
}

/// Whether a later migration has seen to it.
pub(super) type Moot = Box<dyn Fn(&End<'_>) -> bool>;

/// A finding while its rule words it.
pub(crate) struct Draft {
    statement: Option<usize>,
    diagnostic: Diagnostic,
    moot: Option<Moot>,
}

impl Draft {
    /// About a part of a statement, by its place in the script.
    pub(crate) fn at(script: &Script, statement: usize, span: Span, message: impl Into<String>) -> Self {
        let location = Location::new(&script.source, script.source.first_line(span));
        let diagnostic = Diagnostic::warning("", message).at(location);
        Self { statement: Some(statement), diagnostic, moot: None }
    }

    /// Takes it back where this is so after the newest migration.
    pub(crate) fn moot_if(self, moot: impl Fn(&End<'_>) -> bool + 'static) -> Self {
        Self { moot: Some(Box::new(moot)), ..self }
    }

    /// Adds the words under the span.
    pub(crate) fn label(self, label: impl Into<String>) -> Self {
        Self { diagnostic: self.diagnostic.label(label), ..self }
    }

    /// Adds a fact that explains.
    pub(crate) fn note(self, note: impl Into<String>) -> Self {
        Self { diagnostic: self.diagnostic.note(note), ..self }
    }

    /// Adds the facts that there are.
    pub(crate) fn notes(self, notes: impl IntoIterator<Item = String>) -> Self {
        notes.into_iter().fold(self, Self::note)
    }

    /// Adds the ways that there are to do it safely.
    pub(crate) fn helps(self, helps: impl IntoIterator<Item = String>) -> Self {
        helps.into_iter().fold(self, Self::help)
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
    pub(super) found: &'f mut Vec<(Finding, Option<Moot>)>,
}

impl Findings<'_> {
    pub(crate) fn push(&mut self, Draft { statement, mut diagnostic, moot }: Draft) {
        diagnostic.code = self.rule.name;
        self.found.push((Finding { rule: self.rule, number: self.number, statement, diagnostic }, moot));
    }
}
