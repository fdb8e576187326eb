//! `attached-database`: a migration that opens another database file.

use dbmigrate_core::token::{is_word, tokens};
use dbmigrate_core::{Script, Step};

use crate::lint::finding::{Draft, Findings};
use crate::lint::rule::{Check, Example, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "attached-database",
    group: Group::Mechanics,
    level: Level::Warn,
    what: "a migration attaches another database file",
    why: "In WAL mode, a commit is atomic for each file, but not across files: after a crash, one may be changed and \
          the other not. The other file has no history here. A replay does not open it, and what follows is not \
          checked.",
    instead: "Give the other database a set of migrations of its own, or copy its rows in the program.",
    fails: &[Example { before: "", now: "ATTACH 'archive.db' AS archive;" }],
    passes: &[Example { before: "", now: "CREATE TABLE archive (id INTEGER PRIMARY KEY, text TEXT);" }],
    quiet: &[Example {
        before: "",
        now: "CREATE TABLE attach (\"ATTACH\" TEXT); INSERT INTO attach VALUES ('ATTACH');",
    }],
    check: Check::Text(check),
};

fn check(script: &Script, findings: &mut Findings<'_>) {
    let statements = script.steps.iter().filter_map(|step| match step {
        Step::Sql(statement) => Some(statement),
        Step::Call { .. } => None,
    });
    for (at, statement) in statements.enumerate() {
        let text = script.source.slice(statement.span);
        let mut words = tokens(text).filter(|token| !token.is_blank());
        if words.next().is_some_and(|token| is_word(text, token, "ATTACH")) {
            let what = words.find(|token| !is_word(text, *token, "DATABASE"));
            let file = what.map_or("", |token| token.text(text));
            findings.push(
                Draft::at(script, at, statement.span, format!("another database is attached: `{file}`"))
                    .note("in WAL mode the two are not committed together")
                    .note("this migration and those after it can't be replayed, so they are not checked")
                    .help("let the program move the rows, or give the other file its own set"),
            );
        }
    }
}
