//! The name of an object, a column or a constraint, as SQLite compares names.

use std::fmt;
use std::hash::{Hash, Hasher};

use sqlite3_parser::dialect::keyword_token;

/// A name. Two names are equal if they differ only in the case of ASCII letters. The spelling is kept.
#[derive(Debug, Clone)]
pub struct Name(String);

impl Name {
    /// Creates a name from its text without quotes.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name as spelled.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same for all spellings of the name.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The name in SQL: quoted if it could be read as something else.
    #[must_use]
    pub fn to_sql(&self) -> String {
        let plain = self.0.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && self.0.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if plain && !is_keyword(&self.0) { self.0.clone() } else { format!("\"{}\"", self.0.replace('"', "\"\"")) }
    }
}

/// Whether SQLite knows this word, or reads it as a value.
pub(crate) fn is_keyword(word: &str) -> bool {
    // The parser's table knows no word of one letter, and must not be asked for one.
    (word.len() > 1 && keyword_token(word.as_bytes()).is_some())
        || word.eq_ignore_ascii_case("true")
        || word.eq_ignore_ascii_case("false")
}

#[cfg(test)]
thread_local! {
    static COMPARED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// How many names this thread has compared.
#[cfg(test)]
pub(crate) fn compared() -> usize {
    COMPARED.with(std::cell::Cell::get)
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        #[cfg(test)]
        COMPARED.with(|compared| compared.set(compared.get() + 1));
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // In pieces: a hasher that is fed byte by byte takes many times as long.
        let mut piece = [0; 32];
        for bytes in self.0.as_bytes().chunks(piece.len()) {
            let folded = &mut piece[..bytes.len()];
            folded.copy_from_slice(bytes);
            folded.make_ascii_lowercase();
            state.write(folded);
        }
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let folded = |name: &Self| name.0.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>();
        folded(self).cmp(&folded(other))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_equal_but_for_the_case_of_ascii() {
        assert_eq!(Name::new("Users"), Name::new("uSERS"));
        assert_ne!(Name::new("GRÖSSE"), Name::new("größe"));
        assert_ne!(Name::new("a"), Name::new("a "));
    }

    #[test]
    fn a_name_is_quoted_where_it_has_to_be() {
        for (name, expect) in [
            ("users", "users"),
            ("_a1", "_a1"),
            ("a b", "\"a b\""),
            ("a\"b", "\"a\"\"b\""),
            ("order", "\"order\""),
            ("Key", "\"Key\""),
            ("true", "\"true\""),
            ("1a", "\"1a\""),
            ("größe", "\"größe\""),
            ("", "\"\""),
            ("x", "x"),
        ] {
            assert_eq!(Name::new(name).to_sql(), expect);
        }
    }
}
