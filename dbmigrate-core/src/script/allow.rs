//! `-- dbmigrate: allow RULE[, RULE] reason`: what the linter is not to object to.

use crate::directive::misplaced;
use crate::problems::Problems;
use crate::source::Span;

/// Rules that a file silences, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// Their names, as written: whoever knows the rules checks them.
    pub rules: Vec<String>,
    /// Why.
    pub reason: String,
    /// The directive.
    pub span: Span,
    /// What it is about.
    pub scope: AllowScope,
}

/// What an [`Allow`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllowScope {
    /// The whole of its half: it stands before the first statement.
    Half,
    /// The statement that follows it.
    Statement(Span),
}

/// Tells those that wait for their statement which it is.
pub(super) fn settle(waiting: &mut [Allow], step: Span) {
    for allow in waiting {
        if let AllowScope::Statement(span) = &mut allow.scope {
            *span = step;
        }
    }
}

/// Refuses those that no statement follows, but for the ones that are about all of the half.
pub(super) fn left_over(waiting: &[Allow], problems: &mut Problems<'_>) {
    for allow in waiting.iter().filter(|allow| allow.scope != AllowScope::Half) {
        let fault = misplaced("`allow` must come before the statement that it is about, and none follows");
        problems.push(allow.span, fault.help("move it up: above that statement, or above the first, for all of them"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::script::{Halves, parse};
    use crate::source::SourceText;

    fn read(text: &str) -> (Halves, Vec<String>) {
        let mut diagnostics = Vec::new();
        let halves = parse(&Arc::new(SourceText::new("001_a.sql", text)), &mut diagnostics);
        (halves, diagnostics.into_iter().map(|diagnostic| diagnostic.message).collect())
    }

    #[test]
    fn it_is_about_the_next_statement_or_at_the_top_about_its_half() {
        let text = "-- dbmigrate: allow a top\n-- dbmigrate: foreign-keys off\nSELECT 1;\n\
                    -- dbmigrate: allow b, c one\n-- dbmigrate: allow d two\nSELECT 2;\nSELECT 3;\n\
                    -- dbmigrate: down\n-- dbmigrate: allow e back\nSELECT 4;";
        let (halves, problems) = read(text);
        assert_eq!(problems, [""; 0]);
        let said = |script: &crate::Script| -> Vec<String> {
            let scope = |scope| match scope {
                AllowScope::Half => "half",
                AllowScope::Statement(span) => script.source.slice(span),
            };
            let say = |it: &Allow| format!("{} ({}): {}", it.rules.join(" "), it.reason, scope(it.scope));
            script.allows.iter().map(say).collect()
        };
        assert_eq!(said(&halves.up), ["a (top): half", "b c (one): SELECT 2", "d (two): SELECT 2"]);
        assert_eq!(said(&halves.down.unwrap()), ["e (back): half"]);
        assert_eq!(halves.up.source.slice(halves.up.allows[1].span), "-- dbmigrate: allow b, c one");
    }

    #[test]
    fn without_a_statement_to_be_about_it_is_refused() {
        let none = ["`allow` must come before the statement that it is about, and none follows"];
        assert_eq!(read("SELECT 1;\n-- dbmigrate: allow a so\n").1, none);
        assert_eq!(read("SELECT 1;\n-- dbmigrate: allow a so\n-- dbmigrate: down\nSELECT 2;").1, none);
        assert_eq!(read("-- dbmigrate: allow a so\n").1, [""; 0]);
        assert_eq!(read("SELECT\n-- dbmigrate: allow a so\n1;").1, ["a directive can't stand inside a statement"]);
    }
}
