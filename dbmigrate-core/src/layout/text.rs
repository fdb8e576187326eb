//! Texts of other tools: what looks like a directive of ours and is none, and what is empty.

use crate::directive;
use crate::token::{Token, TokenKind, tokens};

/// The text, with the comments that would be taken for directives put into parentheses. Lines stay where they are.
pub(super) fn without_look_alikes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for token in tokens(text) {
        let written = token.text(text);
        let comment = matches!(token.kind, TokenKind::LineComment | TokenKind::BlockComment);
        if !comment || !directive::is_foreign(written) {
            out.push_str(written);
        } else if token.kind == TokenKind::LineComment {
            out.push_str(&in_parentheses(written));
        } else {
            let inner = written.trim_start_matches("/*").trim_end_matches("*/");
            out.push_str(&format!("/*({inner})*/"));
        }
    }
    out
}

/// A line comment that is no directive any more, and says the same to people.
pub(super) fn in_parentheses(comment: &str) -> String {
    format!("-- ({})", comment.trim_start_matches('-').trim())
}

/// Whether nothing in it is run.
pub(super) fn is_blank(text: &str) -> bool {
    tokens(text).all(|token: Token| token.is_blank() || token.kind == TokenKind::Semicolon)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Soup;

    #[test]
    fn what_only_looks_like_a_directive_is_none_afterwards() {
        for (text, expect) in [
            ("-- Down\nSELECT 1;", "-- (Down)\nSELECT 1;"),
            ("SELECT 1; --  +goose Down  ", "SELECT 1; -- (+goose Down)"),
            ("/* down */\n/*\n * Down\n */", "/*( down )*/\n/*(\n * Down\n )*/"),
            ("-- dbmigrate: foreign-keys off\n", "-- dbmigrate: foreign-keys off\n"),
            ("SELECT '-- Down';", "SELECT '-- Down';"),
            ("-- Up\n-- a comment\n", "-- Up\n-- a comment\n"),
        ] {
            assert_eq!(without_look_alikes(text), expect);
        }
    }

    #[test]
    fn no_text_is_too_odd() {
        for seed in 0..3_000 {
            let text = Soup::new(seed).text(40);
            let out = without_look_alikes(&text);
            assert_eq!(out.matches('\n').count(), text.matches('\n').count(), "{text:?}");
            for token in tokens(&out).filter(Token::is_blank) {
                assert!(!directive::is_foreign(token.text(&out)), "{text:?}\n{out:?}");
            }
        }
    }
}
