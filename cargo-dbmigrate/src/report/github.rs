//! Diagnostics for GitHub Actions: commands of a workflow, which become annotations of the lines.

use dbmigrate_core::Diagnostic;

use super::place;

/// One line: `::error file=…,line=…::message`.
pub(super) fn annotation(diagnostic: &Diagnostic, base: &str) -> String {
    let mut properties = Vec::new();
    if let Some(file) = place::file(diagnostic, base) {
        properties.push(("file", file));
    }
    if let Some(location) = &diagnostic.location {
        let (start, end) = (location.position, location.end());
        properties.push(("line", start.line.to_string()));
        properties.push(("endLine", end.line.to_string()));
        // Columns are for what lies on one line.
        if start.line == end.line {
            properties.push(("col", start.column.to_string()));
            properties.push(("endColumn", end.column.to_string()));
        }
    }
    properties.push(("title", diagnostic.code.to_owned()));
    let properties: Vec<_> =
        properties.into_iter().map(|(key, value)| format!("{key}={}", escape(&value, PROPERTY))).collect();
    let text = escape(&place::text(diagnostic), MESSAGE);
    format!("::{} {}::{text}", diagnostic.severity.as_str(), properties.join(","))
}

/// What would end a message. The sign that marks what is escaped comes first.
const MESSAGE: &[(&str, &str)] = &[("%", "%25"), ("\r", "%0D"), ("\n", "%0A")];

/// What would end a property.
const PROPERTY: &[(&str, &str)] = &[("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")];

fn escape(text: &str, signs: &[(&str, &str)]) -> String {
    signs.iter().fold(text.to_owned(), |text, (sign, escaped)| text.replace(sign, escaped))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmigrate_core::{Location, SourceText, Span};

    #[test]
    fn a_place_is_one_of_the_repository_and_nothing_ends_the_command_early() {
        let source = SourceText::new("migrations/1,2:ü.sql", "DROP TABLE t;\nDROP TABLE ü;\n");
        let finding = Diagnostic::error("drop-table", "table `a::b` is dropped, 100%")
            .at(Location::new(&source, Span::new(14, 27)))
            .note("two\r\nlines")
            .help("keep it");
        assert_eq!(
            annotation(&finding, "crates/app/"),
            "::error file=crates/app/migrations/1%2C2%3Aü.sql,line=2,endLine=2,col=1,endColumn=13,title=drop-table\
             ::table `a::b` is dropped, 100%25%0Anote: two%0D%0Alines%0Ahelp: keep it"
        );
        let several = Diagnostic::warning("x", "m").at(Location::new(&source, Span::new(0, 20)));
        assert_eq!(annotation(&several, ""), "::warning file=migrations/1%2C2%3Aü.sql,line=1,endLine=2,title=x::m");
        assert_eq!(
            annotation(&Diagnostic::warning("x", "m").in_file("../Cargo.toml"), "app/"),
            "::warning file=Cargo.toml,title=x::m"
        );
        assert_eq!(annotation(&Diagnostic::error("x", "m"), "app/"), "::error title=x::m");
    }
}
