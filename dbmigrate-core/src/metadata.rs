//! The header comments of a migration: title, date, description, version.
//!
//! They are shown to people, and a version is a target for `up --to`; nothing here changes what a migration does.

use crate::rust_source::lexer;
use crate::source::SourceText;
use crate::token::{Token, TokenKind, tokens};

/// The header of a migration: `-- Migration: …` and similar comments before the first statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// `Migration:`.
    pub title: Option<String>,
    /// `Date:`, as written.
    pub date: Option<String>,
    /// `Description:`.
    pub description: Option<String>,
    /// `Version:`, as written.
    pub version: Option<String>,
}

impl Metadata {
    /// Reads the header of an SQL file, or of a Rust file if its name ends in `.rs`. If a key occurs twice, the first
    /// one counts.
    #[must_use]
    pub fn read(source: &SourceText) -> Self {
        let text = source.text();
        let mut metadata = Self::default();
        if source.path().ends_with(".rs") {
            for token in lexer::tokens(text).take_while(lexer::Token::is_comment) {
                let line = token.text(text).trim_start_matches("//");
                metadata.line(line.strip_prefix('!').unwrap_or(line));
            }
        } else {
            for token in tokens(text).take_while(Token::is_blank) {
                if token.kind == TokenKind::LineComment {
                    metadata.line(token.text(text).trim_start_matches('-'));
                }
            }
        }
        metadata
    }

    fn line(&mut self, line: &str) {
        let Some((key, value)) = line.split_once(':') else { return };
        let field = match key.trim().to_ascii_lowercase().as_str() {
            "migration" => &mut self.title,
            "date" => &mut self.date,
            "description" => &mut self.description,
            "version" => &mut self.version,
            _ => return,
        };
        let value = value.trim();
        if field.is_none() && !value.is_empty() {
            *field = Some(value.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expect: [Option<&str>; 4]) {
        let Metadata { title, date, description, version } = Metadata::read(&SourceText::new(path, text));
        assert_eq!([&title, &date, &description, &version].map(Option::as_deref), expect, "{text}");
    }

    #[test]
    fn the_header_of_a_sql_file_is_read_up_to_the_first_statement() {
        let all = [Some("Add users: now"), Some("2024-01-15"), Some("Who may log in"), Some("1.1.0")];
        let header = "-- Migration: Add users: now\n--date:2024-01-15\r\n\n-- DESCRIPTION :  Who may log in \n/* so */\n---- Version: 1.1.0\n";
        check("001_a.sql", header, all);
        check("001_a.sql", &format!("\u{feff}{header}SELECT 1;\n-- Author: x"), all);
        check("001_a.sql", "-- dbmigrate: no-transaction\n-- Version: 2\n-- Version: 3", [None, None, None, Some("2")]);
        check("001_a.sql", "SELECT 1; -- Version: 1", [None; 4]);
        check("001_a.sql", "; -- Version: 1", [None; 4]);
        check("001_a.sql", "-- Version:\n-- Version 1\n'-- Date: 1'", [None; 4]);
    }

    #[test]
    fn the_header_of_a_rust_file_is_read_up_to_the_first_item() {
        check(
            "001_a.rs",
            "//! Migration: Fill slugs\n// Date: 2024\n\n/* so */\n//! Version: 2\npub fn up() {}\n// Description: no",
            [Some("Fill slugs"), Some("2024"), None, Some("2")],
        );
        check("001_a.rs", "-- Version: 1", [None; 4]);
    }
}
