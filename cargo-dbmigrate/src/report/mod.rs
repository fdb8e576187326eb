//! Renders what commands found: one file per output format, one data type for all of them.

mod human;
mod json;

use dbmigrate_core::Diagnostic;
use dbmigrate_runtime::cli::Terminal;
use dbmigrate_schema::{Difference, Schema};

use crate::shell::Shell;

/// Shows findings in the format that was asked for.
pub(crate) fn diagnostics(diagnostics: &[Diagnostic], shell: &mut Shell) {
    for diagnostic in diagnostics {
        if shell.is_json() {
            shell.data(&json::diagnostic(diagnostic));
        } else {
            let rendered = human::diagnostic(diagnostic, shell.styled());
            shell.people(&rendered);
        }
    }
}

/// Shows in what two schemas differ, a line for each: for people a sentence.
pub(crate) fn differences(differences: &[Difference], shell: &mut Shell) {
    for difference in differences {
        let line = if shell.is_json() { json::difference(difference) } else { difference.to_string() };
        shell.data(&line);
    }
}

/// Names what could not be understood and is known by its text alone.
pub(crate) fn opaque(schema: &Schema, shell: &mut Shell) {
    for opaque in schema.opaque() {
        let why = &opaque.why;
        shell.note(&format!(
            "the {} `{}` could not be understood, only its text counts: {why}",
            opaque.kind, opaque.name
        ));
    }
}

/// A number of things: `1 difference`, `2 differences`.
pub(crate) fn count(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
