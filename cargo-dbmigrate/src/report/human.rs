//! Diagnostics for people: annotated snippets as cargo and rustc draw them.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use dbmigrate_core::{Diagnostic, Severity};

/// Renders one finding, with its snippet where it has a place in a file.
pub(super) fn diagnostic(diagnostic: &Diagnostic, styled: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let message = match (&diagnostic.location, &diagnostic.file) {
        (None, Some(file)) if !diagnostic.message.contains(file.as_str()) => format!("{}: {file}", diagnostic.message),
        _ => diagnostic.message.clone(),
    };
    let title = level.primary_title(message.as_str());
    let mut group = match &diagnostic.location {
        Some(location) => {
            let mut annotation = AnnotationKind::Primary.span(location.span.start..location.span.end);
            if let Some(label) = &diagnostic.label {
                annotation = annotation.label(label.as_str());
            }
            title.element(Snippet::source(&*location.text).path(location.path.as_str()).annotation(annotation))
        }
        None => Group::with_title(title),
    };
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group])
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmigrate_core::{Location, SourceText, Span};

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
    fn a_finding_without_a_place_names_its_file() {
        let text = diagnostic(&Diagnostic::error("gap", "number 2 is missing").in_file("migrations"), false);
        assert_eq!(text, "error: number 2 is missing: migrations");
    }
}
