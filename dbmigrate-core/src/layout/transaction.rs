//! Transactions that the files of another tool control by themselves.
//!
//! A runner of the house puts a transaction around a script, and switches foreign keys outside of it. A file that
//! ends the transaction of its tool to switch foreign keys, and begins another one, means just that.

use crate::source::Span;
use crate::statement::{Effect, Pragma, Statement, split};

/// What a tool puts around a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    /// A transaction.
    Transaction,
    /// Nothing, without meaning it: a file may have transactions of its own.
    Nothing,
    /// Nothing, because the file or its settings say so.
    NothingOnPurpose,
    /// Nobody knows.
    Unknown,
}

/// PRAGMAs that the house takes as what the author meant, wherever they stand.
const SWITCHES: [&str; 4] = ["foreign_keys", "legacy_alter_table", "defer_foreign_keys", "foreign_key_check"];

/// The text with what the house does by itself in comments, and whether it runs in one transaction. What can't be said
/// otherwise stays, for the house to judge.
pub(super) fn one(text: String, around: Around) -> (String, bool) {
    let statements = split(&text);
    let bare = statements.iter().any(|statement| matches!(statement.effect, Effect::Bare { .. }));
    match around {
        Around::NothingOnPurpose => return (text, false),
        Around::Nothing | Around::Unknown if bare => return (text, false),
        _ => {}
    }
    let inside = || left_and_entered(&text, &statements);
    let control = match around {
        Around::Transaction => inside(),
        Around::Unknown => inside().or_else(|| several(&statements)),
        Around::Nothing | Around::NothingOnPurpose => several(&statements),
    };
    (control.map_or_else(|| text.clone(), |control| in_comments(&text, &control)), true)
}

/// The `COMMIT` and `BEGIN` of a text that runs in a transaction of its tool, where it leaves that one only to flip
/// switches: what stands outside of every transaction neither writes to rows that are there nor drops anything.
fn left_and_entered(text: &str, statements: &[Statement]) -> Option<Vec<Span>> {
    let mut inside = true;
    let mut control = Vec::new();
    for statement in statements {
        match &statement.effect {
            Effect::Begin if inside => return None,
            Effect::Commit if !inside => return None,
            Effect::Begin | Effect::Commit => {
                inside = !inside;
                control.push(statement.span);
            }
            _ if inside => {}
            // What foreign keys could make a difference to, or a transaction, is not moved into one without a word.
            Effect::DropTable(_) | Effect::DropColumn(_) | Effect::Write(_) | Effect::Bare { .. } => return None,
            Effect::Session => {
                let pragma = Pragma::of(text.get(statement.span.start..statement.span.end)?)?;
                if !SWITCHES.contains(&pragma.name.as_str()) {
                    return None;
                }
            }
            Effect::None => {}
        }
    }
    (inside && !control.is_empty()).then_some(control)
}

/// The `BEGIN` and `COMMIT` of a text with several transactions of its own: in the house they are one. A single
/// `BEGIN … COMMIT` around everything is understood as it is.
fn several(statements: &[Statement]) -> Option<Vec<Span>> {
    let mut inside = false;
    let mut control = Vec::new();
    for statement in statements {
        let begins = match statement.effect {
            Effect::Begin => true,
            Effect::Commit => false,
            _ => continue,
        };
        if begins == inside {
            return None;
        }
        inside = begins;
        control.push(statement.span);
    }
    let whole = control.len() == 2 && {
        let ends = [statements.first(), statements.last()];
        ends.into_iter().flatten().map(|statement| statement.span).eq(control.iter().copied())
    };
    (!inside && !control.is_empty() && !whole).then_some(control)
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

    fn check(text: &str, around: Around, expect: &str, transaction: bool) {
        assert_eq!(one(text.to_owned(), around), (expect.to_owned(), transaction), "{text}");
    }

    #[test]
    fn a_file_that_leaves_the_transaction_to_switch_foreign_keys_means_that() {
        for around in [Around::Transaction, Around::Unknown] {
            check(
                "COMMIT;\nPRAGMA foreign_keys = OFF;\nBEGIN TRANSACTION;\nDROP TABLE a;\nCOMMIT TRANSACTION ;\n\
                 PRAGMA foreign_keys = ON;\nBEGIN;",
                around,
                "/* COMMIT; */\nPRAGMA foreign_keys = OFF;\n/* BEGIN TRANSACTION; */\nDROP TABLE a;\n\
                 /* COMMIT TRANSACTION ; */\nPRAGMA foreign_keys = ON;\n/* BEGIN; */",
                true,
            );
        }
        check("END /* a */;BEGIN", Around::Transaction, "/* END */ /* a */;/* BEGIN */", true);
        check(
            "COMMIT;\nPRAGMA foreign_keys=1;\nCREATE TABLE a(b);\nINSERT INTO a SELECT 1;\nBEGIN",
            Around::Transaction,
            "/* COMMIT; */\nPRAGMA foreign_keys=1;\nCREATE TABLE a(b);\nINSERT INTO a SELECT 1;\n/* BEGIN */",
            true,
        );
        let blanks = " ".repeat("END /* a */ TRANSACTION;".len());
        check("END /* a */ TRANSACTION;BEGIN", Around::Transaction, &format!("{blanks}/* BEGIN */"), true);
    }

    #[test]
    fn what_is_more_than_one_transaction_is_left_to_the_house() {
        for text in [
            "COMMIT;\nDELETE FROM a;\nBEGIN;",
            "COMMIT;\nVACUUM;\nBEGIN;",
            "COMMIT;\nDROP TABLE a;\nBEGIN;",
            "COMMIT;\nPRAGMA journal_mode = WAL;\nBEGIN;",
            "COMMIT;\nATTACH 'b' AS b;\nBEGIN;",
            "COMMIT;",
            "BEGIN; SELECT 1; COMMIT;",
            "SELECT 1;",
            "VACUUM;",
        ] {
            check(text, Around::Transaction, text, true);
        }
    }

    #[test]
    fn a_tool_without_a_transaction_may_have_several_in_a_file() {
        for around in [Around::Nothing, Around::Unknown] {
            check("BEGIN; SELECT 1; COMMIT;", around, "BEGIN; SELECT 1; COMMIT;", true);
            check(
                "BEGIN; SELECT 1; COMMIT; BEGIN; COMMIT",
                around,
                "/* BEGIN; */ SELECT 1; /* COMMIT; */ /* BEGIN; */ /* COMMIT */",
                true,
            );
            check("SELECT 1; BEGIN; COMMIT;", around, "SELECT 1; /* BEGIN; */ /* COMMIT; */", true);
            check("SELECT 1; VACUUM;", around, "SELECT 1; VACUUM;", false);
            check("BEGIN; BEGIN; COMMIT;", around, "BEGIN; BEGIN; COMMIT;", true);
        }
        check("BEGIN; COMMIT; BEGIN; COMMIT;", Around::NothingOnPurpose, "BEGIN; COMMIT; BEGIN; COMMIT;", false);
    }
}
