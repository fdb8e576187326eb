//! Diagnostics for people: annotated snippets as cargo and rustc draw them.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use dbmigrate_core::{Diagnostic, Location, Severity};

/// Renders one finding, with its snippet where it has a place in a file.
pub(super) fn diagnostic(diagnostic: &Diagnostic, styled: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.clone().primary_title(diagnostic.message.as_str());
    let notes = diagnostic.notes.iter().map(|note| (Level::NOTE, note));
    let helps = diagnostic.help_texts();
    let advice = notes.chain(helps.iter().map(|help| (Level::HELP, help)));
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };

    let mut group = match (&diagnostic.location, &diagnostic.file) {
        (Some(Location { path, position, text, .. }), _) if text.is_empty() => {
            title.element(Origin::path(path.as_str()).line(position.line).char_column(position.column))
        }
        (Some(location), _) => {
            let mut annotation = AnnotationKind::Primary.span(location.span.start..location.span.end);
            if let Some(label) = &diagnostic.label {
                annotation = annotation.label(label.as_str());
            }
            title.element(Snippet::source(&*location.text).path(location.path.as_str()).annotation(annotation))
        }
        (None, Some(file)) => title.element(Origin::path(file.as_str())),
        (None, None) => {
            // Without a file there is no margin to hang the advice on: each stands on a line of its own, as in cargo, and so
            // does what cargo itself says below its first line.
            let (first, more) = diagnostic.message.split_once('\n').unwrap_or((&diagnostic.message, ""));
            let title = renderer.render(&[Group::with_title(level.clone().primary_title(first))]);
            let more = Some(more.to_owned()).filter(|more| !more.is_empty());
            let lines = advice.map(|(level, text)| Group::with_title(level.secondary_title(text.as_str())));
            let lines = lines.map(|line| renderer.render(&[line]));
            return std::iter::once(title).chain(more).chain(lines).collect::<Vec<_>>().join("\n");
        }
    };
    for (level, text) in advice {
        group = group.element(level.message(text.as_str()));
    }
    renderer.render(&[group])
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmigrate_core::{Position, SourceText, Span};

    #[test]
    fn a_finding_with_a_place_shows_the_line() {
        let source = SourceText::new("migrations/001_a.sql", "CREATE TABLE t(a);\nVACUUM;\n");
        let finding = Diagnostic::error("not-in-transaction", "`VACUUM` can't run inside a transaction")
            .at(Location::new(&source, Span::new(19, 25)))
            .label("here")
            .help("put `-- dbmigrate: no-transaction` first");
        let text = diagnostic(&finding, false);
        assert!(text.starts_with("error: `VACUUM` can't run inside a transaction\n"), "{text}");
        assert!(text.contains("--> migrations/001_a.sql:2:1"), "{text}");
        assert!(text.contains("^^^^^^ here"), "{text}");
        assert!(text.contains("= help: put `-- dbmigrate: no-transaction` first"), "{text}");
    }

    #[test]
    fn a_place_without_its_text_is_named_alone() {
        let place = Location::bare("migrations/a.sql", Position { line: 3, column: 8 });
        let text = diagnostic(&Diagnostic::error("failure", "no such table: t").at(place).help("so"), false);
        assert_eq!(text, "error: no such table: t\n --> migrations/a.sql:3:8\n  = help: so");
    }

    #[test]
    fn a_finding_without_a_place_names_its_file() {
        let text = diagnostic(&Diagnostic::error("gap", "number 2 is missing").in_file("migrations"), false);
        assert_eq!(text, "error: number 2 is missing\n --> migrations");
    }

    #[test]
    fn advice_without_a_file_stands_on_lines_of_its_own() {
        let text = diagnostic(&Diagnostic::error("usage", "no package").note("none has any").help("run `init`"), false);
        assert_eq!(text, "error: no package\nnote: none has any\nhelp: run `init`");
        let text =
            diagnostic(&Diagnostic::error("failure", "duplicate key\n --> Cargo.toml:8:1").help("mend it"), false);
        assert_eq!(text, "error: duplicate key\n --> Cargo.toml:8:1\nhelp: mend it");
    }
}
