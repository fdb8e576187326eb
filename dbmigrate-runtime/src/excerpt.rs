//! Places in a script, the few lines of a statement that a message shows, and text that is safe to show.

use std::fmt;

/// The lines of a statement that a message shows at most.
const LINES: usize = 8;
/// The characters of a line that a message shows at most.
const WIDTH: usize = 160;

/// A place in a file of migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
}

impl Place {
    /// The place of a byte in a text.
    pub(crate) fn of(file: &str, text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
        Self { file: file.to_owned(), line: u32::try_from(line).ok(), column: u32::try_from(column).ok() }
    }

    /// A line of a file.
    pub(crate) fn line(file: &str, line: u32) -> Self {
        Self { file: file.to_owned(), line: Some(line), column: None }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        Ok(())
    }
}

/// The first lines of a statement, cut to what can be read.
pub(crate) fn excerpt(sql: &str) -> impl Iterator<Item = String> {
    let cut = sql.lines().nth(LINES).map(|_| "…".to_owned());
    sql.lines().take(LINES).map(narrow).chain(cut)
}

/// A line, cut to what can be read.
pub(crate) fn narrow(line: &str) -> String {
    match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// The text with control characters made visible, for what came out of a database that nobody checked.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() {
            out.extend(letter.escape_default());
        } else {
            out.push(letter);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one_in_characters() {
        let check = |byte, expect: &str| assert_eq!(Place::of("a.sql", "one\nzwölf x\n", byte).to_string(), expect);
        check(0, "a.sql:1:1");
        check(3, "a.sql:1:4");
        check(4, "a.sql:2:1");
        check(8, "a.sql:2:4");
        check(99, "a.sql:1:1");
    }

    #[test]
    fn long_statements_are_cut() {
        assert_eq!(excerpt(&"x\n".repeat(8)).count(), 8);
        assert_eq!(excerpt(&"x\n".repeat(9)).last().unwrap(), "…");
        assert_eq!(excerpt(&"ä".repeat(200)).next().unwrap().chars().count(), WIDTH + 1);
    }
}
