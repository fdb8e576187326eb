//! `unstable-check`: a check that asks for the time or for chance.

use dbmigrate_core::token::unquote;
use sqlite3_parser::Bump;
use sqlite3_parser::ast::{Expr, Literal};

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::tree;
use crate::lint::walk::{Node, nodes};
use crate::model::Rule as Demand;

pub(super) const RULE: Rule = Rule {
    name: "unstable-check",
    group: Group::Mechanics,
    level: Level::Deny,
    what: "a check depends on the time, on random numbers or on the connection",
    why: "SQLite accepts a check that calls a function for the current time, and then rejects every insert: \
          `non-deterministic use of datetime() in a CHECK constraint`. With `CURRENT_TIMESTAMP`, `random()` and the \
          like, a row that is valid today may not be valid tomorrow, so a copy of the table or an import fails.",
    instead: "Check when a row is written, in a trigger or in the program:\n\n    CREATE TRIGGER not_in_the_future \
              BEFORE INSERT ON events WHEN new.at > datetime('now')\n    BEGIN SELECT raise(ABORT, 'in the future'); \
              END;",
    fails: &[
        Example { before: "", now: "CREATE TABLE events (at TEXT CHECK (at <= datetime('now')));" },
        Example { before: "", now: "CREATE TABLE events (at TEXT, CHECK (at <= CURRENT_TIMESTAMP));" },
        Example { before: "", now: "CREATE TABLE events (at TEXT, CHECK (at <= strftime('%s')));" },
        Example {
            before: "CREATE TABLE events (id INTEGER PRIMARY KEY);",
            now: "ALTER TABLE events ADD COLUMN lot INT CHECK (lot > abs(random() % 2));",
        },
    ],
    passes: &[Example {
        before: "",
        now: "CREATE TABLE events (at TEXT);
              CREATE TRIGGER not_in_the_future BEFORE INSERT ON events WHEN new.at > datetime('now')
              BEGIN SELECT raise(ABORT, 'in the future'); END;",
    }],
    quiet: &[
        Example {
            before: "",
            now: "CREATE TABLE events (
                    at TEXT DEFAULT CURRENT_TIMESTAMP CHECK (at IS datetime(at) AND at <> 'now'),
                    day TEXT DEFAULT (date('now')) CHECK (day = strftime('%Y-%m-%d', day))
                  );",
        },
        Example {
            before: "CREATE TABLE events (at TEXT CHECK (at <= datetime('now')));",
            now: "ALTER TABLE events RENAME TO things;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for made in migration.made() {
        for constraint in &made.constraints {
            let Demand::Check(text) = &constraint.rule else { continue };
            let Some(unstable) = unstable(text) else { continue };
            let table = &made.table.name;
            let why = if unstable.is_refused {
                "every insert will fail: SQLite does not allow the current time in a check"
            } else {
                "a row that is valid now may not be valid later, and then a copy of the table fails"
            };
            findings.push(
                migration
                    .at(made.statement, format!("a check of `{table}` uses `{}`", unstable.what))
                    .note(why)
                    .help("check it in a `BEFORE INSERT` trigger with `WHEN`, or in the program"),
            );
        }
    }
}

struct Unstable {
    what: String,
    is_refused: bool,
}

fn unstable(check: &str) -> Option<Unstable> {
    let (bump, sql) = (Bump::new(), format!("SELECT {check}\n"));
    let statement = tree::parse(&bump, &sql)?;
    let found = nodes(statement).filter_map(|node| match node {
        Node::Expr(Expr::Literal(Literal::CurrentDate)) => Some(accepted("CURRENT_DATE")),
        Node::Expr(Expr::Literal(Literal::CurrentTime)) => Some(accepted("CURRENT_TIME")),
        Node::Expr(Expr::Literal(Literal::CurrentTimestamp)) => Some(accepted("CURRENT_TIMESTAMP")),
        Node::Expr(Expr::FunctionCall { name, args, .. }) => {
            call(&unquote(name.0).to_ascii_lowercase(), args.unwrap_or_default())
        }
        _ => None,
    });
    found.max_by_key(|unstable| unstable.is_refused)
}

fn accepted(what: &str) -> Unstable {
    Unstable { what: what.to_owned(), is_refused: false }
}

/// SQLite refuses the time as a word of its functions, and takes it as a word of its own.
fn call(name: &str, arguments: &[Expr<'_>]) -> Option<Unstable> {
    let says = |words: &[&str]| {
        arguments.iter().any(|argument| match argument {
            Expr::Literal(Literal::String(text)) => words.iter().any(|word| unquote(text).eq_ignore_ascii_case(word)),
            _ => false,
        })
    };
    let is_refused = match name {
        "date" | "time" | "datetime" | "julianday" | "unixepoch" => {
            arguments.is_empty() || says(&["now", "localtime", "utc"])
        }
        "strftime" => arguments.len() < 2 || says(&["now", "localtime", "utc"]),
        "timediff" => says(&["now"]),
        _ => false,
    };
    let is_chance = ["random", "randomblob", "changes", "total_changes", "last_insert_rowid"].contains(&name);
    (is_refused || is_chance).then(|| Unstable { what: format!("{name}()"), is_refused })
}
