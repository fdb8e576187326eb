//! A plan as the text of a migration's file.

use dbmigrate_core::directive;
use dbmigrate_core::token::{TokenKind, tokens};

use super::Plan;
use crate::model::Object;
use crate::render::sql;

impl Plan {
    /// The text of a migration's file: directives, comments, and the statements, each with its `;`.
    #[must_use]
    pub fn to_sql(&self) -> String {
        let mut text = String::new();
        if self.foreign_keys_off {
            text.push_str("-- dbmigrate: foreign-keys off\n");
        }
        for assert in &self.asserts {
            text.push_str(&format!("-- dbmigrate: assert {assert}\n"));
        }
        let mut long = true;
        for statement in &self.statements {
            let apart = long || statement.comment.is_some() || statement.sql.contains('\n');
            if apart && !text.is_empty() {
                text.push('\n');
            }
            for line in statement.comment.iter().flat_map(|comment| comment.lines()) {
                text.push_str(&format!("-- {line}\n"));
            }
            text.push_str(&sql::ended(&statement.sql));
            long = statement.sql.contains('\n');
        }
        text
    }
}

/// The statement that makes an object, as a file of migrations can hold it: a directive has no business there.
pub(super) fn made(object: &Object) -> String {
    let text = without_directives(object.text());
    match object {
        Object::Table(table) if !sql::has_comment(&text) => table.to_sql(),
        _ => text,
    }
}

/// A comment on one line, whatever names stand in it.
pub(super) fn one_line(comment: &str) -> String {
    comment.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text without the comments that are directives, or look like one: hints of `schema.sql`, above all.
fn without_directives(text: &str) -> String {
    let mut kept = String::new();
    for token in tokens(text) {
        let own = token.text(text);
        let comment = matches!(token.kind, TokenKind::LineComment | TokenKind::BlockComment);
        if !(comment && directive::is_like_one(own)) {
            kept.push_str(own);
            continue;
        }
        kept.truncate(kept.trim_end_matches([' ', '\t']).len());
        match token.kind {
            // Nothing but the comment stood on that line.
            TokenKind::LineComment if kept.ends_with('\n') => drop(kept.pop()),
            TokenKind::LineComment => {}
            _ => kept.push(' '),
        }
    }
    kept.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_left_out_of_a_statement() {
        for (text, expect) in [
            ("CREATE TABLE t (a) -- so", "CREATE TABLE t (a) -- so"),
            ("CREATE TABLE t (\n  -- dbmigrate: renamed from b\n  a\n)", "CREATE TABLE t (\n  a\n)"),
            ("CREATE TABLE t (\n  a, -- dbmigrate: renamed from b\n  c\n)", "CREATE TABLE t (\n  a,\n  c\n)"),
            ("CREATE TABLE t (a /* dbmigrate: down */, b)", "CREATE TABLE t (a , b)"),
            ("CREATE VIEW v AS SELECT 1 -- down\n", "CREATE VIEW v AS SELECT 1"),
            ("CREATE TABLE t (a DEFAULT '-- dbmigrate: down')", "CREATE TABLE t (a DEFAULT '-- dbmigrate: down')"),
        ] {
            assert_eq!(without_directives(text), expect);
        }
    }
}
