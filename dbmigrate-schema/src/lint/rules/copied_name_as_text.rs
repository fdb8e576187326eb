//! `copied-name-as-text`: a column is copied that is not there, and every row gets its name as a text.
//!
//! SQLite is asked, with the fallback off that makes a text of a name in double quotes. It is said here where the word
//! is the name of a column of the table that is written; other words are for `double-quoted-text`.

use dbmigrate_core::Span;
use dbmigrate_core::token::unquote;
use sqlite3_parser::ast::Stmt;

use crate::lint::finding::Findings;
use crate::lint::migration::{Migration, Statement};
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::tree::in_main;
use crate::model::{Kind, Name};

pub(super) const RULE: Rule = Rule {
    name: "copied-name-as-text",
    group: Group::Mechanics,
    level: Level::Deny,
    what: "a name in double quotes is not a column, and every row gets it as a string",
    why: "If a name in double quotes is not a column, SQLite takes it for a string literal, without an error. A copy \
          that lists a column which the old table does not have fills the new column with its own name.",
    instead: "Leave the new column out of both lists, or write the value that the rows should get:\n\n    INSERT \
              INTO new_users (\"id\", \"name\") SELECT \"id\", \"name\" FROM users;",
    fails: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
            now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT);
                  INSERT INTO new_users (\"id\", \"email\") SELECT \"id\", \"email\" FROM users;
                  DROP TABLE users;
                  ALTER TABLE new_users RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE more (user INT, nick TEXT);",
            now: "UPDATE users SET name = (SELECT \"name\" || \"nam\" FROM more);
                  UPDATE more SET nick = (SELECT max(\"nick \", \"user\") FROM users);
                  INSERT INTO more (user, nick) SELECT id, \"nick\" FROM users;",
        },
    ],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
        now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT);
              INSERT INTO new_users (\"id\") SELECT \"id\" FROM users;
              DROP TABLE users;
              ALTER TABLE new_users RENAME TO users;",
    }],
    quiet: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, \"full name\" TEXT);",
        now: "UPDATE users SET \"full name\" = upper(\"Full Name\");
              INSERT INTO users (\"id\", \"full name\") SELECT u.\"id\" + 1, 'full name' FROM users AS \"u\";",
    }],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for (at, statement) in migration.statements.iter().enumerate() {
        for span in &statement.quoted {
            let Some(table) = copied(migration, at, span) else { continue };
            let table = migration.name_at_end(at, &table).unwrap_or(table);
            let word = Name::new(unquote(&statement.sql[span.start..span.end]));
            let start = statement.span.start;
            let place = Span::new(start + span.start, start + span.end);
            findings.push(
                migration
                    .at_span(
                        at,
                        place,
                        format!("`{table}` gets the string '{word}' in every row: there is no such column"),
                    )
                    .label("is not a column here, so it is a string")
                    .help(format!("remove `{word}` from both lists, or write the value that the rows should have"))
                    .help(format!("if the string is meant, put it in single quotes: '{word}'")),
            );
        }
    }
}

/// The table that a statement writes to, if the word at this place is the name of a column of it.
pub(super) fn copied(migration: &Migration<'_>, at: usize, word: &Span) -> Option<Name> {
    let statement: &Statement<'_> = &migration.statements[at];
    let (Stmt::Insert { tbl_name, .. } | Stmt::Update { tbl_name, .. }) = statement.tree? else { return None };
    let table = in_main(tbl_name)?;
    let word = Name::new(unquote(&statement.sql[word.start..word.end]));
    let known = migration.at_statement(at, Kind::Table, &table)?;
    known.table()?.column(&word).is_some().then_some(table)
}
