//! A finding of a rule, and its place.

use dbmigrate_core::{Diagnostic, Help, Location, Script, Span};

use super::rule::Rule;
use super::soundness::Failing;
use super::state::State;

/// Something that a rule objects to. Its severity is decided by the levels.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// The number of the migration.
    pub number: u64,
    /// The index of the statement in the up script; `None` if it is about the migration as a whole.
    pub statement: Option<usize>,
    /// What is wrong, where, why, and how to make the change safely.
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
    /// About the script as a whole.
    pub(crate) fn whole(script: &Script, message: impl Into<String>) -> Self {
        let diagnostic = Diagnostic::warning("", message).in_file(script.source.path());
        Self { statement: None, diagnostic, moot: None }
    }

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

    /// Puts it at a part of a script that is not the way up.
    pub(crate) fn beside(self, script: &Script, span: Span) -> Self {
        let location = Location::new(&script.source, script.source.first_line(span));
        Self { diagnostic: self.diagnostic.at(location), ..self }
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
    pub(crate) fn help(self, help: impl Into<Help>) -> Self {
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
