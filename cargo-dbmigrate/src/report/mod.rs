//! Renders what commands found: one file per output format, one data type for all of them.

mod human;
mod json;

use dbmigrate_core::Diagnostic;
use dbmigrate_runtime::cli::Terminal;

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
