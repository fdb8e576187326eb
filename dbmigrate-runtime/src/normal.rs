//! SQL text without what makes no difference: the case of words, white space, comments, and how a name is quoted.
//!
//! It follows SQLite's tokenizer as far as that needs, and knows no grammar. Strings stay as they are.

/// Words that mean something else than the name of the same letters in quotes, wherever a name may stand.
const RESERVED: &[&str] = &[
    "add",
    "all",
    "alter",
    "and",
    "as",
    "autoincrement",
    "between",
    "case",
    "check",
    "collate",
    "commit",
    "constraint",
    "create",
    "cross",
    "current_date",
    "current_time",
    "current_timestamp",
    "default",
    "deferrable",
    "delete",
    "distinct",
    "drop",
    "else",
    "escape",
    "except",
    "exists",
    "false",
    "filter",
    "foreign",
    "from",
    "full",
    "group",
    "having",
    "in",
    "index",
    "indexed",
    "inner",
    "insert",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "left",
    "limit",
    "natural",
    "not",
    "nothing",
    "notnull",
    "null",
    "on",
    "or",
    "order",
    "outer",
    "over",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "set",
    "table",
    "then",
    "to",
    "transaction",
    "true",
    "union",
    "unique",
    "update",
    "using",
    "values",
    "when",
    "where",
    "window",
];

/// The normal form of a text: its tokens, with one blank between them.
#[inline]
pub(crate) fn normal(sql: &str) -> String {
    let bytes = sql.as_bytes();
    let mut out = String::with_capacity(sql.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        let end = at + length(rest);
        // Every token begins and ends beside ASCII.
        let token = sql.get(at..end).unwrap_or_default();
        at = end;
        if byte.is_ascii_whitespace() || rest.starts_with(b"--") || rest.starts_with(b"/*") {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        match byte {
            b'"' | b'`' | b'[' => push_name(&mut out, token),
            b'\'' => out.push_str(token),
            _ => {
                let start = out.len();
                out.push_str(token);
                out[start..].make_ascii_lowercase();
            }
        }
    }
    out
}

/// The length of the token that the text starts with; there is one.
#[inline]
fn length(text: &[u8]) -> usize {
    let until = |end: &[u8], from: usize| {
        let found = text.get(from..).and_then(|rest| rest.windows(end.len()).position(|part| part == end));
        found.map_or(text.len(), |found| from + found + end.len())
    };
    match text[0] {
        b'-' if text.starts_with(b"--") => until(b"\n", 2),
        b'/' if text.starts_with(b"/*") => until(b"*/", 2),
        b'[' => until(b"]", 1),
        quote @ (b'\'' | b'"' | b'`') => {
            let mut end = until(&[quote], 1);
            while text.get(end) == Some(&quote) {
                end = until(&[quote], end + 1);
            }
            end
        }
        first if is_word(first) => text.iter().take_while(|byte| is_word(**byte)).count(),
        _ => 1,
    }
}

/// Writes a name in quotes as a word, where it can be one.
#[inline]
fn push_name(out: &mut String, token: &str) {
    let quote = if token.starts_with('[') { "]" } else { &token[..1] };
    let inner = token[1..].strip_suffix(quote).unwrap_or(&token[1..]);
    let name = inner.replace(&quote.repeat(2), quote).to_ascii_lowercase();
    let starts_right = name.bytes().next().is_some_and(|first| is_word(first) && !first.is_ascii_digit());
    if starts_right && name.bytes().all(is_word) && !RESERVED.contains(&name.as_str()) {
        out.push_str(&name);
    } else {
        out.push_str(&crate::quote::identifier(&name));
    }
}

#[inline]
fn is_word(byte: u8) -> bool {
    byte == b'_' || byte == b'$' || byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_difference_is_gone() {
        let expect = "create table t ( a integer not null default 'X y' , \"order\" text , größe )";
        for text in [
            "CREATE TABLE t(a INTEGER NOT NULL DEFAULT 'X y',\"order\" TEXT,größe)",
            "create table \"T\" ([a]   Integer\n\tnot null -- so it is\n default 'X y', [Order] text, `größe`)",
            "/* a /* b */CREATE TABLE`t`(a/**/INTEGER NOT NULL DEFAULT'X y',`ORDER`text,\"größe\")--",
        ] {
            assert_eq!(normal(text), expect);
            assert_eq!(normal(&normal(text)), expect);
        }
    }

    #[test]
    fn what_makes_one_stays() {
        for (one, other) in [
            ("DEFAULT 'a'", "DEFAULT 'A'"),
            ("DEFAULT 'a'", "DEFAULT a"),
            ("DEFAULT \"null\"", "DEFAULT null"),
            ("DEFAULT \"true\"", "DEFAULT true"),
            ("DEFAULT \"current_timestamp\"", "DEFAULT current_timestamp"),
            ("x \"primary\" key", "x primary key"),
            ("'a  b'", "'a b'"),
            ("'-- a'", "'-- b'"),
            ("'it''s'", "'it' 's'"),
            ("\"a b\"", "a b"),
            ("\"a\"\"b\"", "\"a\" \"b\""),
            ("\"1\"", "1"),
            ("\"\"", ""),
            ("a--b", "a - - b"),
            ("a /* b", "a / * b"),
            ("ab", "a b"),
            ("\"größe\"", "\"Größe\u{fc}\""),
        ] {
            assert_ne!(normal(one), normal(other));
        }
    }

    #[test]
    fn names_are_the_same_in_any_quotes() {
        for (texts, expect) in [
            (["\"a\"\"b\"", "`a\"b`", "[a\"b]"], "\"a\"\"b\""),
            (["\"a`b\"", "`a``b`", "[A`b]"], "\"a`b\""),
            (["key", "\"Key\"", "[KEY]"], "key"),
            (["\"a-b\"", "`a-b`", "[a-b]"], "\"a-b\""),
        ] {
            assert_eq!(texts.map(normal), [expect; 3]);
        }
    }

    #[test]
    fn any_text_has_a_normal_form() {
        let pieces =
            ["'", "\"", "`", "[", "]", "--", "/*", "*/", "\n", "ü", "a", " ", "''", "\u{0}", "9", "€", "-", "/"];
        let mut seed = 7_usize;
        for _ in 0..5_000 {
            let mut text = String::new();
            for _ in 0..12 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(pieces[(seed >> 33) % pieces.len()]);
            }
            normal(&text);
        }
        for piece in pieces {
            normal(&piece.repeat(100_000));
        }
    }
}
