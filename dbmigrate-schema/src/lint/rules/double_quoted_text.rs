//! `double-quoted-text`: a text in double quotes, which are for names.
//!
//! The word may be a text on purpose, so it is a warning; `copied-name-as-text` has those that are surely none.

use dbmigrate_core::Span;

use super::copied_name_as_text::copied;
use crate::lint::finding::{Draft, Findings};
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::soundness::Turn;
use crate::lint::words::listed;
use crate::quotes::as_text;

pub(super) const RULE: Rule = Rule {
    name: "double-quoted-text",
    group: Group::Mechanics,
    level: Level::Warn,
    what: "a word in double quotes names nothing, and is taken for a string",
    why: "Double quotes are for names. SQLite takes an unknown name for a string, which hides every misspelled name. \
          Builds of SQLite without that fallback reject the statement, and every use of the view or trigger.",
    instead: "Put strings in single quotes:\n\n    UPDATE users SET state = 'new';",
    fails: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, state TEXT);",
            now: "UPDATE users SET state = \"new\";",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, state TEXT);",
            now: "CREATE VIEW fresh AS SELECT id FROM users WHERE state = \"new\";",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, state TEXT);",
            now: "CREATE TRIGGER fresh AFTER INSERT ON users BEGIN UPDATE users SET state = \"new\"; END;",
        },
        Example { before: "", now: "CREATE TABLE users (state TEXT CHECK (state IN (\"new\", 'old')));" },
    ],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, state TEXT);",
        now: "UPDATE users SET state = 'new' WHERE state IS NULL;",
    }],
    quiet: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, state TEXT DEFAULT \"new\");
                     CREATE VIEW fresh AS SELECT id FROM users WHERE state = \"new\";",
        now: "UPDATE \"users\" SET \"state\" = 'new' WHERE [state] = '\"old\"' AND \"rowid\" > 1;
                  ALTER TABLE users ADD COLUMN nick TEXT;
                  CREATE VIEW \"all\" AS SELECT \"id\" AS \"key\" FROM \"users\" ORDER BY \"key\";",
    }],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for (at, statement) in migration.statements.iter().enumerate() {
        let mut spans: Vec<_> = statement.quoted.iter().filter(|span| copied(migration, at, span).is_none()).collect();
        spans.sort_by_key(|span| span.start);
        let Some(first) = spans.first() else { continue };
        let start = statement.span.start;
        let place = Span::new(start + first.start, start + first.end);
        let words: Vec<_> = spans.iter().map(|span| &statement.sql[span.start..span.end]).collect();
        let is = if words.len() == 1 {
            "is not a name of anything, so SQLite takes it"
        } else {
            "are not names of anything, so SQLite takes them"
        };
        let message = format!("{} {is} for a string", listed(&words));
        findings.push(advised(migration.at_span(at, place, message), words[0]));
    }
    // What was a column is for `broken-view` and `broken-trigger`.
    for quoted in migration.verdict.quoted.iter().filter(|it| it.turn == Turn::Text) {
        let (kind, name, word) = (quoted.object.kind(), quoted.object.name(), quoted.word.as_str());
        let message =
            format!("`{word}` in the {kind} `{name}` is not a name of anything, so SQLite takes it for a string");
        findings.push(advised(migration.at(quoted.statement, message), word));
    }
}

pub(super) fn advised(finding: Draft, word: &str) -> Draft {
    let text = as_text(word);
    finding.help(format!("if it is a string, write `{text}`; if it is a name, correct it"))
}
