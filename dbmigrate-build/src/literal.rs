//! Rust literals: the only place where user text becomes source code.

/// A string literal.
pub(crate) fn string(text: &str) -> String {
    // Only escapes that Rust reads back, and runs without one are written at once.
    format!("{text:?}")
}

/// An integer with its digits in groups, which lints ask for.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_as_it_was_written() {
        assert_eq!(string("a\"b\\c\n\u{7}'"), r#""a\"b\\c\n\u{7}'""#);
    }

    #[test]
    fn digits_stand_in_groups() {
        for (value, expect) in [(0, "0"), (999, "999"), (1_000, "1_000"), (20_240_115_103_022, "20_240_115_103_022")] {
            assert_eq!(number(value), expect);
        }
    }
}
