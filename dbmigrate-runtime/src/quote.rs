//! Quoting of what goes into SQL text: the only two places where names and literals are written.

/// A name as SQL has it: `"a""b"`.
#[must_use]
pub fn identifier(name: &str) -> String {
    ["\"", &name.replace('"', "\"\""), "\""].concat()
}

/// A text as SQL has it: `'it''s'`.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(identifier("a.b c"), "\"a.b c\"");
        assert_eq!(literal("it's"), "'it''s'");
    }
}
