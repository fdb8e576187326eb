//! Splits SQL text into tokens, exactly as SQLite's own tokenizer does.
//!
//! Every byte belongs to one token, including white space and comments, so the text between tokens is available.
//! Nothing here knows the grammar: a keyword is a [`TokenKind::Word`] like any other name.
//!
//! In one respect it is stricter than SQLite: a block comment that runs to the end of the text is unterminated. SQLite
//! accepts it, and would silently skip half a file.

use crate::source::Span;

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// White space, or a byte order mark.
    Space,
    /// From `--` up to the end of the line, which is not part of it.
    LineComment,
    /// From `/*` to `*/`.
    BlockComment,
    /// A name or a keyword without quotes.
    Word,
    /// A name in `"`, `` ` `` or `[ ]`.
    QuotedName,
    /// A string in `'`.
    String,
    /// Hexadecimal digits in `x'…'`.
    Blob,
    /// An integer, a float or a hexadecimal number.
    Number,
    /// A parameter: `?`, `?1`, `:name`, `@name`, `$name`.
    Variable,
    /// `;`.
    Semicolon,
    /// `(`.
    LeftParen,
    /// `)`.
    RightParen,
    /// Any other operator or punctuation, of one to three characters.
    Operator,
    /// Something that is not closed before the end of the text.
    Unterminated(Unterminated),
    /// What SQLite reports as `unrecognized token`.
    Illegal,
}

/// What was opened and not closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unterminated {
    /// A string or a blob: `'`.
    String,
    /// A name in `"` or `` ` ``.
    QuotedName,
    /// A name in `[ ]`.
    Bracket,
    /// A comment: `/*`.
    BlockComment,
}

/// A piece of SQL text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token {
    /// The kind.
    pub kind: TokenKind,
    /// The bytes of the text that it covers.
    pub span: Span,
}

impl Token {
    /// Whether it is white space or a comment.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        matches!(self.kind, TokenKind::Space | TokenKind::LineComment | TokenKind::BlockComment)
    }

    /// Its bytes in the text that it was split from; empty for any other text.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.span.start..self.span.end).unwrap_or("")
    }
}

/// The tokens of `text`, in order.
#[must_use]
pub fn tokens(text: &str) -> Tokens<'_> {
    Tokens { text, at: 0 }
}

/// Whether `token` is this keyword, in any letter case. A quoted name is not a keyword.
#[must_use]
pub fn is_word(text: &str, token: Token, keyword: &str) -> bool {
    token.kind == TokenKind::Word && token.text(text).eq_ignore_ascii_case(keyword)
}

/// The name that a token spells: without quotes, and with doubled quotes halved. A bare word is itself.
#[must_use]
pub fn unquote(name: &str) -> String {
    let mut chars = name.chars();
    let Some(quote @ ('"' | '`' | '\'' | '[')) = chars.next() else { return name.to_owned() };
    let inner = chars.as_str();
    if quote == '[' {
        return inner.strip_suffix(']').unwrap_or(inner).to_owned();
    }
    let doubled: String = [quote, quote].iter().collect();
    inner.strip_suffix(quote).unwrap_or(inner).replace(doubled.as_str(), &quote.to_string())
}

/// An iterator over the tokens of a text; see [`tokens`].
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let rest = &self.text.as_bytes()[self.at..];
        let first = *rest.first()?;
        let (kind, length) = Cursor(rest).token(first);
        let span = Span::new(self.at, self.at + length);
        self.at = span.end;
        Some(Token { kind, span })
    }
}

/// The bytes from the start of a token to the end of the text.
#[derive(Clone, Copy)]
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    /// The byte at `index`; 0 past the end, as in SQLite.
    fn at(self, index: usize) -> u8 {
        self.0.get(index).copied().unwrap_or(0)
    }

    /// The first index from `from` on whose byte does not fit.
    fn run(self, from: usize, fits: impl Fn(u8) -> bool) -> usize {
        let mut at = from;
        while at < self.0.len() && fits(self.0[at]) {
            at += 1;
        }
        at
    }

    fn token(self, first: u8) -> (TokenKind, usize) {
        match first {
            b' ' | b'\t' | b'\n' | 0x0c | b'\r' => (TokenKind::Space, self.run(1, is_space)),
            b'-' if self.at(1) == b'-' => (TokenKind::LineComment, self.run(2, |byte| byte != b'\n')),
            b'-' if self.at(1) == b'>' => (TokenKind::Operator, if self.at(2) == b'>' { 3 } else { 2 }),
            b'/' if self.at(1) == b'*' => self.block_comment(),
            b';' => (TokenKind::Semicolon, 1),
            b'(' => (TokenKind::LeftParen, 1),
            b')' => (TokenKind::RightParen, 1),
            b'=' | b'<' | b'>' | b'!' | b'|' => self.operator(first),
            b'.' if self.at(1).is_ascii_digit() => self.number(),
            b'+' | b'-' | b'*' | b'/' | b'%' | b',' | b'&' | b'~' | b'.' => (TokenKind::Operator, 1),
            b'\'' => self.quoted(b'\'', TokenKind::String, Unterminated::String),
            b'"' | b'`' => self.quoted(first, TokenKind::QuotedName, Unterminated::QuotedName),
            b'[' => match self.0.iter().position(|&byte| byte == b']') {
                Some(end) => (TokenKind::QuotedName, end + 1),
                None => (TokenKind::Unterminated(Unterminated::Bracket), self.0.len()),
            },
            b'0'..=b'9' => self.number(),
            b'?' => (TokenKind::Variable, self.run(1, |byte| byte.is_ascii_digit())),
            b'$' | b'@' | b':' | b'#' => self.variable(),
            b'x' | b'X' if self.at(1) == b'\'' => self.blob(),
            0xef if self.at(1) == 0xbb && self.at(2) == 0xbf => (TokenKind::Space, 3),
            _ if is_name(first) => (TokenKind::Word, self.run(1, is_name)),
            _ => (TokenKind::Illegal, 1),
        }
    }

    fn operator(self, first: u8) -> (TokenKind, usize) {
        match (first, self.at(1)) {
            (b'=' | b'<' | b'>' | b'!', b'=') | (b'<', b'>' | b'<') | (b'>', b'>') | (b'|', b'|') => {
                (TokenKind::Operator, 2)
            }
            (b'!', _) => (TokenKind::Illegal, 1),
            _ => (TokenKind::Operator, 1),
        }
    }

    fn block_comment(self) -> (TokenKind, usize) {
        match self.0[2..].windows(2).position(|pair| pair == b"*/") {
            Some(end) => (TokenKind::BlockComment, end + 4),
            None => (TokenKind::Unterminated(Unterminated::BlockComment), self.0.len()),
        }
    }

    fn quoted(self, quote: u8, kind: TokenKind, unterminated: Unterminated) -> (TokenKind, usize) {
        let mut at = 1;
        loop {
            at = self.run(at, |byte| byte != quote);
            if at == self.0.len() {
                return (TokenKind::Unterminated(unterminated), at);
            }
            if self.at(at + 1) != quote {
                return (kind, at + 1);
            }
            at += 2;
        }
    }

    fn blob(self) -> (TokenKind, usize) {
        let digits = self.run(2, |byte| byte.is_ascii_hexdigit());
        let end = self.run(digits, |byte| byte != b'\'');
        if end == self.0.len() {
            (TokenKind::Unterminated(Unterminated::String), end)
        } else if end == digits && digits % 2 == 0 {
            (TokenKind::Blob, end + 1)
        } else {
            (TokenKind::Illegal, end + 1)
        }
    }

    fn number(self) -> (TokenKind, usize) {
        let digits = |from| self.run(from, |byte| byte.is_ascii_digit() || byte == b'_');
        let mut end;
        if self.at(0) == b'0' && matches!(self.at(1), b'x' | b'X') && self.at(2).is_ascii_hexdigit() {
            end = self.run(3, |byte| byte.is_ascii_hexdigit() || byte == b'_');
        } else {
            end = digits(0);
            if self.at(end) == b'.' {
                end = digits(end + 1);
            }
            if matches!(self.at(end), b'e' | b'E') {
                let signed = usize::from(matches!(self.at(end + 1), b'+' | b'-'));
                if self.at(end + 1 + signed).is_ascii_digit() {
                    end = digits(end + 1 + signed);
                }
            }
        }
        let name_end = self.run(end, is_name);
        (if name_end == end { TokenKind::Number } else { TokenKind::Illegal }, name_end)
    }

    /// A named parameter. SQLite's takes Tcl's spelling too: `$a::b(any text)`.
    fn variable(self) -> (TokenKind, usize) {
        let mut named = false;
        let mut at = 1;
        loop {
            let byte = self.at(at);
            if is_name(byte) {
                named = true;
                at += 1;
            } else if byte == b':' && self.at(at + 1) == b':' {
                at += 2;
            } else if byte == b'(' && named {
                let end = self.run(at + 1, |byte| !is_space(byte) && byte != b')' && byte != 0);
                return if self.at(end) == b')' { (TokenKind::Variable, end + 1) } else { (TokenKind::Illegal, end) };
            } else {
                return (if named { TokenKind::Variable } else { TokenKind::Illegal }, at);
            }
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

/// The bytes of names: SQLite takes every byte of a non-ASCII character for a letter.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use TokenKind::{
        Blob, BlockComment, Illegal, LeftParen, LineComment, Number, Operator, QuotedName, RightParen, Semicolon,
        Space, Variable, Word,
    };

    fn kinds(text: &str) -> Vec<(TokenKind, &str)> {
        tokens(text).map(|token| (token.kind, token.text(text))).collect()
    }

    #[test]
    fn each_token_is_the_one_that_sqlite_sees() {
        let unterminated = TokenKind::Unterminated;
        for (text, kind) in [
            (" \t\n\x0c\r\x0b", Space),
            ("\u{feff}", Space),
            ("-- a;'b", LineComment),
            ("--", LineComment),
            ("/* ; ' -- */", BlockComment),
            ("/**/", BlockComment),
            ("/***/", BlockComment),
            ("a", Word),
            ("_a$1", Word),
            ("größe", Word),
            ("名前", Word),
            ("x", Word),
            ("X1", Word),
            ("\"a\"\"b;\"", QuotedName),
            ("`a``b`", QuotedName),
            ("[a;'\"b]", QuotedName),
            ("'it''s; -- no comment'", TokenKind::String),
            ("''", TokenKind::String),
            ("x'00Ff'", Blob),
            ("X''", Blob),
            ("x'0'", Illegal),
            ("x'0g'", Illegal),
            ("0", Number),
            ("1_000", Number),
            ("1.5e-10", Number),
            (".5", Number),
            ("1.", Number),
            ("0x1F", Number),
            ("0x_1", Illegal),
            ("1e", Illegal),
            ("1a", Illegal),
            ("12abc_ü", Illegal),
            ("?", Variable),
            ("?12", Variable),
            (":a", Variable),
            ("@a1", Variable),
            ("$a::b(c;d)", Variable),
            ("$a(b", Illegal),
            (":", Illegal),
            ("#", Illegal),
            (";", Semicolon),
            ("(", LeftParen),
            (")", RightParen),
            ("->>", Operator),
            ("->", Operator),
            ("||", Operator),
            ("|", Operator),
            ("<=", Operator),
            ("<>", Operator),
            ("<<", Operator),
            ("<", Operator),
            (">=", Operator),
            (">>", Operator),
            ("!=", Operator),
            ("==", Operator),
            ("=", Operator),
            (".", Operator),
            (",", Operator),
            ("~", Operator),
            ("!", Illegal),
            ("\\", Illegal),
            ("{", Illegal),
            ("\0", Illegal),
            ("\x0b", Illegal),
            ("'abc", unterminated(Unterminated::String)),
            ("'abc''", unterminated(Unterminated::String)),
            ("x'ab", unterminated(Unterminated::String)),
            ("\"abc", unterminated(Unterminated::QuotedName)),
            ("`abc", unterminated(Unterminated::QuotedName)),
            ("[abc", unterminated(Unterminated::Bracket)),
            ("/* abc *", unterminated(Unterminated::BlockComment)),
            ("/*/", unterminated(Unterminated::BlockComment)),
            ("/*", unterminated(Unterminated::BlockComment)),
        ] {
            assert_eq!(kinds(text), [(kind, text)]);
        }
    }

    #[test]
    fn neighbours_are_cut_apart_where_sqlite_cuts() {
        for (text, expect) in [
            ("a-1", &["a", "-", "1"][..]),
            ("a--b\nc", &["a", "--b", "\n", "c"]),
            ("a->'$'", &["a", "->", "'$'"]),
            ("a->>b", &["a", "->>", "b"]),
            ("1..2", &["1.", ".2"]),
            ("a.b", &["a", ".", "b"]),
            ("x 'a'", &["x", " ", "'a'"]),
            ("'a''b''''c'", &["'a''b''''c'"]),
            ("'a'\"b\"", &["'a'", "\"b\""]),
            ("/* a /* b */ c */", &["/* a /* b */", " ", "c", " ", "*", "/"]),
            ("===", &["==", "="]),
            ("<<>", &["<<", ">"]),
            ("a||b|c", &["a", "||", "b", "|", "c"]),
            ("?1a", &["?1", "a"]),
            ("[a]]b", &["[a]", "]", "b"]),
            ("\u{feff}a\u{feff}b", &["\u{feff}", "a\u{feff}b"]),
        ] {
            assert_eq!(tokens(text).map(|token| token.text(text)).collect::<Vec<_>>(), expect, "{text}");
        }
    }

    #[test]
    fn names_lose_their_quotes() {
        for (name, expect) in [
            ("a", "a"),
            ("\"a\"\"b\"", "a\"b"),
            ("`a``b`", "a`b"),
            ("[a\"\"]", "a\"\""),
            ("'a''b'", "a'b"),
            ("\"\"", ""),
            ("\"", ""),
            ("", ""),
        ] {
            assert_eq!(unquote(name), expect, "{name}");
        }
    }

    #[test]
    fn a_keyword_has_any_case_and_no_quotes() {
        for (text, expect) in [("create", true), ("CrEaTe", true), ("\"create\"", false), ("created", false)] {
            assert_eq!(tokens(text).all(|token| is_word(text, token, "CREATE")), expect, "{text}");
        }
    }

    #[test]
    fn tokens_cover_every_byte_of_any_text() {
        let mut soup = crate::testing::Soup::new(1);
        for _ in 0..3_000 {
            let text = soup.text(30);
            let mut end = 0;
            for token in tokens(&text) {
                assert_eq!(token.span.start, end, "{text:?}");
                assert!(token.span.end > end && text.is_char_boundary(token.span.end), "{text:?}");
                end = token.span.end;
            }
            assert_eq!(end, text.len(), "{text:?}");
        }
    }
}
