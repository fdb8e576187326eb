//! Where a finding is, for those who look at a repository and not at a package.

use dbmigrate_core::Diagnostic;

use crate::paths;

/// The file, from the root of the repository.
pub(super) fn file(diagnostic: &Diagnostic, base: &str) -> Option<String> {
    diagnostic.file.as_ref().map(|file| paths::reached(base, file))
}

/// The message, and what explains it and helps, each on a line of its own.
pub(super) fn text(diagnostic: &Diagnostic) -> String {
    let notes = diagnostic.notes.iter().map(|note| format!("\nnote: {note}"));
    let help = diagnostic.help.iter().map(|help| format!("\nhelp: {help}"));
    std::iter::once(diagnostic.message.clone()).chain(notes).chain(help).collect()
}
