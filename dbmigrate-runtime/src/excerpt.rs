//! Places in a script, the few lines of a statement that a message shows, and text that is safe to show.

use std::fmt;

/// The lines of a statement that a message shows at most.
const LINES: usize = 8;
/// The characters of a line that a message shows at most.
const WIDTH: usize = 160;

/// A place in a file of migrations.
#[derive(Clone, Copy)]
pub(crate) struct Place<'f> {
    pub(crate) file: &'f str,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
}

impl<'f> Place<'f> {
    /// The place of a byte in a text.
    #[cold]
    #[inline(never)]
    pub(crate) fn of(file: &'f str, text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or_default();
        let (mut line, mut column) = (1, 1);
        for letter in before.chars() {
            (line, column) = if letter == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        Self { file, line: Some(line), column: Some(column) }
    }

    /// A line of a file.
    #[cold]
    #[inline(never)]
    pub(crate) fn line(file: &'f str, line: u32) -> Self {
        Self { file, line: Some(line), column: None }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file)?;
        for number in [self.line, self.column].iter().flatten() {
            write!(f, ":{number}")?;
        }
        Ok(())
    }
}

/// The first lines of a statement, cut to what can be read.
pub(crate) fn excerpt(sql: &str, each: &mut dyn FnMut(&str) -> fmt::Result) -> fmt::Result {
    for (at, line) in sql.lines().enumerate() {
        if at == LINES {
            return each("…");
        }
        each(&narrow(line))?;
    }
    Ok(())
}

/// A line, cut to what can be read.
pub(crate) fn narrow(line: &str) -> String {
    match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

/// The text with control characters made visible, for what came out of a database that nobody checked.
#[inline]
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
        let lines = |sql: &str| {
            let mut lines = Vec::new();
            let mut add = |line: &str| {
                lines.push(line.to_owned());
                Ok(())
            };
            excerpt(sql, &mut add).unwrap();
            lines
        };
        assert_eq!(lines(&"x\n".repeat(8)).len(), 8);
        assert_eq!(lines(&"x\n".repeat(9))[8..], ["…"]);
        assert_eq!(lines(&"ä".repeat(200))[0].chars().count(), WIDTH + 1);
    }
}
