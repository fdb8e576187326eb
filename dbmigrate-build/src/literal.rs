//! Rust literals: the only place where user text becomes source code.

/// A string literal.
pub(crate) fn string(text: &str) -> String {
    // `escape_debug` writes only escapes that Rust reads back.
    format!("\"{}\"", text.escape_debug())
}

/// `Some("…")` or `None`.
pub(crate) fn option(text: Option<&str>) -> String {
    text.map_or_else(|| "None".to_owned(), |text| format!("Some({})", string(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_as_it_was_written() {
        assert_eq!(string("a\"b\\c\n\u{7}'"), r#""a\"b\\c\n\u{7}\'""#);
        assert_eq!(option(None), "None");
    }
}
