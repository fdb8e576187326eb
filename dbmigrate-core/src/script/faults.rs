//! What is wrong with a script as a text.

use crate::diagnostic::Diagnostic;
use crate::token::{Token, TokenKind, Unterminated};

/// The error for Rust that would run with foreign keys on outside of a transaction.
pub(crate) fn code_without_a_net(code: &str) -> Diagnostic {
    Diagnostic::error("contradiction", format!("{code} can't run with `foreign-keys on` and `no-transaction`"))
        .note("rows that a cascade deletes could not be rolled back")
        .help(
            "remove one of them: without `foreign-keys on`, Rust runs with foreign keys off, and they are checked \
            afterwards",
        )
}

/// Where a line comment seems to end and does not: editors show a lone carriage return as the end of a line.
pub(super) fn carriage_return(text: &str, token: Token) -> Option<usize> {
    let comment = token.text(text).trim_end();
    let found = (token.kind == TokenKind::LineComment).then(|| comment.find('\r')).flatten();
    found.map(|at| token.span.start + at)
}

pub(super) fn swallowed() -> Diagnostic {
    Diagnostic::error("carriage-return", "a carriage return without a line feed ends no comment")
        .note("SQLite continues the comment on what looks like the next line")
        .help("save the file with LF or CRLF line endings")
}

pub(super) fn unterminated(what: Unterminated) -> Diagnostic {
    let (what, close) = match what {
        Unterminated::String => ("string", "`'`"),
        Unterminated::QuotedName => ("quoted name", "the quote that opens it"),
        Unterminated::Bracket => ("name in brackets", "`]`"),
        Unterminated::BlockComment => ("comment", "`*/`"),
    };
    Diagnostic::error("unterminated", format!("a {what} starts here and never ends"))
        .help(format!("close it with {close}"))
}
