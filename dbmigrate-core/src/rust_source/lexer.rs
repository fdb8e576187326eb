//! Rust text cut into tokens, as far as comments, brackets and words are concerned.
//!
//! It knows what may hide a bracket or a word (comments, strings, characters) and nothing else; text that is no Rust
//! gives some tokens or other, and rustc will say what is wrong with it.

use crate::source::Span;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A comment of any kind.
    Comment,
    /// A name or a keyword; also a number, and a lifetime.
    Word,
    /// A string, a character or a byte of any kind.
    Literal,
    /// `(`, `[` or `{`.
    Open,
    /// `)`, `]` or `}`.
    Close,
    /// `;`.
    Semicolon,
    /// Any other character.
    Other,
}

/// A piece of Rust text; white space is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

impl Token {
    pub(crate) fn is_comment(&self) -> bool {
        self.kind == TokenKind::Comment
    }

    /// Its bytes in the text that it was cut from; empty for any other text.
    pub(crate) fn text<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.span.start..self.span.end).unwrap_or("")
    }
}

/// The tokens of `text`, in order.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = Token> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?.trim_start();
        let start = text.len() - rest.len();
        let (kind, length) = token(rest)?;
        at = start + length;
        Some(Token { kind, span: Span::new(start, at) })
    })
}

/// The kind and the length of the token that `text` starts with.
fn token(text: &str) -> Option<(TokenKind, usize)> {
    let first = text.chars().next()?;
    Some(match first {
        '/' if text.starts_with("//") => (TokenKind::Comment, text.find('\n').unwrap_or(text.len())),
        '/' if text.starts_with("/*") => (TokenKind::Comment, block_comment(text)),
        '"' => (TokenKind::Literal, string(text, 0)),
        '\'' => quote(text),
        '(' | '[' | '{' => (TokenKind::Open, 1),
        ')' | ']' | '}' => (TokenKind::Close, 1),
        ';' => (TokenKind::Semicolon, 1),
        _ if is_word(first) => word(text),
        _ => (TokenKind::Other, first.len_utf8()),
    })
}

/// Rust's block comments nest.
fn block_comment(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (1_usize, 2);
    while depth > 0 && at < bytes.len() {
        let step = match bytes.get(at..at + 2) {
            Some(b"/*") => {
                depth += 1;
                2
            }
            Some(b"*/") => {
                depth -= 1;
                2
            }
            _ => 1,
        };
        at += step;
    }
    at
}

/// The end of a string whose opening `"` is at `open`.
fn string(text: &str, open: usize) -> usize {
    let mut bytes = text.bytes().enumerate().skip(open + 1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// What starts with `'`: a character or a lifetime.
fn quote(text: &str) -> (TokenKind, usize) {
    let mut chars = text[1..].char_indices().map(|(at, c)| (at + 1, c));
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some(_)) => {
            let end = chars.find(|&(_, c)| c == '\'' || c == '\n');
            (TokenKind::Literal, end.map_or(text.len(), |(at, _)| at + 1))
        }
        (Some(_), Some((at, '\''))) => (TokenKind::Literal, at + 1),
        (Some((at, c)), _) if is_word(c) => (TokenKind::Word, at + word_length(&text[at..])),
        _ => (TokenKind::Other, 1),
    }
}

/// What starts with a letter or a digit: a word, or a literal with a prefix.
fn word(text: &str) -> (TokenKind, usize) {
    let length = word_length(text);
    let (word, rest) = text.split_at(length);
    match word {
        "b" | "c" if rest.starts_with('"') => (TokenKind::Literal, string(text, length)),
        "b" if rest.starts_with('\'') => (TokenKind::Literal, length + quote(rest).1),
        "r" | "br" | "cr" => {
            let hashes = rest.bytes().take_while(|&byte| byte == b'#').count();
            let inner = length + hashes + 1;
            if rest.as_bytes().get(hashes) == Some(&b'"') {
                let close = format!("\"{}", "#".repeat(hashes));
                let end = text[inner..].find(&close).map_or(text.len(), |at| inner + at + close.len());
                (TokenKind::Literal, end)
            } else {
                // `r#name` is a word of its own; what else could stand here is no Rust.
                let raw = if word == "r" && hashes == 1 { word_length(&rest[1..]) } else { 0 };
                (TokenKind::Word, if raw > 0 { length + 1 + raw } else { length })
            }
        }
        _ => (TokenKind::Word, length),
    }
}

fn word_length(text: &str) -> usize {
    text.find(|c: char| !is_word(c)).unwrap_or(text.len())
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;
    use TokenKind::{Close, Comment, Literal, Open, Other, Semicolon, Word};

    #[test]
    fn what_hides_a_bracket_or_a_word_is_one_token() {
        for (text, kind) in [
            ("// { fn up", Comment),
            ("/// pub fn up() {", Comment),
            ("//", Comment),
            ("/* { /* fn */ up */", Comment),
            ("/* never ends /* */", Comment),
            ("\"{ \\\" fn up\"", Literal),
            ("\"never ends", Literal),
            ("\"\\", Literal),
            ("b\"{\\\\\"", Literal),
            ("c\"{\"", Literal),
            ("r\"\\\"", Literal),
            ("r#\"{ \" fn up\"#", Literal),
            ("br##\"{ \"# \"##", Literal),
            ("cr#\"{\"#", Literal),
            ("r#\"never ends\"", Literal),
            ("'{'", Literal),
            ("'\\''", Literal),
            ("'\\\\'", Literal),
            ("'\\u{1F600}'", Literal),
            ("'ü'", Literal),
            ("b'{'", Literal),
            ("b'\\''", Literal),
            ("'a", Word),
            ("'static", Word),
            ("r#fn", Word),
            ("größe", Word),
            ("1_000u64", Word),
            ("(", Open),
            ("}", Close),
            (";", Semicolon),
            ("→", Other),
            ("'", Other),
        ] {
            let found: Vec<_> = tokens(text).map(|token| (token.kind, token.text(text))).collect();
            assert_eq!(found, [(kind, text)]);
        }
    }

    #[test]
    fn neighbours_are_cut_apart_where_rust_cuts() {
        for (text, expect) in [
            ("&'a str", &["&", "'a", "str"][..]),
            ("<'a,'b>", &["<", "'a", ",", "'b", ">"]),
            ("['{','}']", &["[", "'{'", ",", "'}'", "]"]),
            ("r#fn up", &["r#fn", "up"]),
            ("a//b\nc/d", &["a", "//b", "c", "/", "d"]),
            ("r\"a\"b", &["r\"a\"", "b"]),
            ("r##x", &["r", "#", "#", "x"]),
        ] {
            assert_eq!(tokens(text).map(|token| token.text(text)).collect::<Vec<_>>(), expect, "{text}");
        }
    }

    #[test]
    fn any_text_is_cut_into_tokens() {
        let mut soup = crate::testing::Soup::new(3);
        for _ in 0..3_000 {
            let text = soup.text(30);
            let mut end = 0;
            for token in tokens(&text) {
                assert!(token.span.end > token.span.start && text[end..token.span.start].trim().is_empty(), "{text:?}");
                end = token.span.end;
                assert!(text.is_char_boundary(end), "{text:?}");
            }
            assert!(text[end..].trim().is_empty(), "{text:?}");
        }
    }
}
