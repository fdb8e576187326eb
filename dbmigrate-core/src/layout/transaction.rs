//! Transactions that the files of another tool control by themselves.
//!
//! A runner of the house puts a transaction around a script, and switches foreign keys outside of it. A file that
//! ends the transaction of its tool to switch foreign keys, and begins another one, means just that.

use crate::source::Span;
use crate::statement::{Effect, Pragma, Statement, split};

/// The text with what the house does by itself in comments, and whether it runs in one transaction. `wrapped` tells
/// whether the tool puts a transaction around it. What can't be said otherwise stays, for the house to judge.
pub(super) fn one(text: String, wrapped: bool) -> (String, bool) {
    let statements = split(&text);
    let is_bare = |statement: &Statement| matches!(statement.effect, Effect::Bare { .. });
    if !wrapped && statements.iter().any(is_bare) {
        return (text, false);
    }
    match control(&text, &statements, wrapped) {
        Some(control) if !control.is_empty() => (in_comments(&text, &control), true),
        _ => (text, true),
    }
}

/// The `BEGIN` and `COMMIT` of a text that amounts to one transaction: all of it is in one, but for PRAGMAs that the
/// house puts outside by itself. None where it is something else.
fn control(text: &str, statements: &[Statement], wrapped: bool) -> Option<Vec<Span>> {
    let begins = statements.iter().filter(|it| it.effect == Effect::Begin).count();
    // One `BEGIN … COMMIT` around everything is understood as it is.
    if !wrapped && begins <= 1 {
        return None;
    }
    let mut inside = wrapped;
    let mut control = Vec::new();
    for statement in statements {
        match &statement.effect {
            Effect::Begin if inside => return None,
            Effect::Commit if !inside => return None,
            Effect::Begin | Effect::Commit => {
                inside = !inside;
                control.push(statement.span);
            }
            _ if inside || !wrapped => {}
            _ => {
                let pragma = Pragma::of(text.get(statement.span.start..statement.span.end)?)?;
                const AROUND: [&str; 4] =
                    ["foreign_keys", "legacy_alter_table", "defer_foreign_keys", "foreign_key_check"];
                if !AROUND.contains(&pragma.name.as_str()) {
                    return None;
                }
            }
        }
    }
    (inside == wrapped).then_some(control)
}

/// The text with these statements, and their `;`, in comments.
fn in_comments(text: &str, statements: &[Span]) -> String {
    let mut out = String::with_capacity(text.len() + 6 * statements.len());
    let mut from = 0;
    for span in statements {
        let rest = &text[span.end..];
        let blank = rest.len() - rest.trim_start().len();
        let end = if rest[blank..].starts_with(';') { span.end + blank + 1 } else { span.end };
        let statement = &text[span.start..end];
        out.push_str(&text[from..span.start]);
        if statement.contains("*/") {
            out.extend(statement.chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }));
        } else {
            out.push_str(&format!("/* {statement} */"));
        }
        from = end;
    }
    out.push_str(&text[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wrapped: bool, expect: &str, transaction: bool) {
        assert_eq!(one(text.to_owned(), wrapped), (expect.to_owned(), transaction), "{text}");
    }

    #[test]
    fn a_file_that_leaves_the_transaction_to_switch_foreign_keys_means_that() {
        check(
            "COMMIT;\nPRAGMA foreign_keys = OFF;\nBEGIN TRANSACTION;\nDROP TABLE a;\nCOMMIT TRANSACTION ;\nPRAGMA foreign_keys = ON;\nBEGIN;",
            true,
            "/* COMMIT; */\nPRAGMA foreign_keys = OFF;\n/* BEGIN TRANSACTION; */\nDROP TABLE a;\n/* COMMIT TRANSACTION ; */\nPRAGMA foreign_keys = ON;\n/* BEGIN; */",
            true,
        );
        check("END /* a */;BEGIN", true, "/* END */ /* a */;/* BEGIN */", true);
        check("END /* a */ TRANSACTION;BEGIN", true, "                        /* BEGIN */", true);
    }

    #[test]
    fn what_is_more_than_one_transaction_is_left_to_the_house() {
        for text in [
            "COMMIT;\nDELETE FROM a;\nBEGIN;",
            "COMMIT;\nVACUUM;\nBEGIN;",
            "COMMIT;",
            "BEGIN; SELECT 1; COMMIT;",
            "SELECT 1;",
        ] {
            check(text, true, text, true);
        }
    }

    #[test]
    fn a_tool_without_a_transaction_may_have_several_in_a_file() {
        check("BEGIN; SELECT 1; COMMIT;", false, "BEGIN; SELECT 1; COMMIT;", true);
        check(
            "BEGIN; SELECT 1; COMMIT; BEGIN; COMMIT",
            false,
            "/* BEGIN; */ SELECT 1; /* COMMIT; */ /* BEGIN; */ /* COMMIT */",
            true,
        );
        check("SELECT 1; VACUUM;", false, "SELECT 1; VACUUM;", false);
    }
}
