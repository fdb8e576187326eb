//! A number of things, in words.

/// `1 difference`, `2 differences`.
pub(crate) fn count(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
