//! The one error of the command line: what to say and which exit code to end with.

use dbmigrate_core::Diagnostic;
use dbmigrate_runtime::cli::Terminal;

use crate::report;
use crate::shell::Shell;

/// Done.
pub(crate) const DONE: u8 = 0;
/// The answer is no.
pub(crate) const NO: u8 = 1;
/// Wrong usage.
pub(crate) const USAGE: u8 = 2;
/// Failure.
pub(crate) const FAILURE: u8 = 101;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) struct CliError {
    exit: u8,
    diagnostics: Vec<Diagnostic>,
}

impl CliError {
    /// Something could not be done.
    pub(crate) fn failure(message: impl Into<String>) -> Self {
        Self::diagnostics(vec![Diagnostic::error("failure", message)])
    }

    /// What was asked makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: USAGE, ..Self::diagnostics(vec![Diagnostic::error("usage", message)]) }
    }

    /// The same, where what was asked makes no sense, or leaves a choice that only a person can make.
    pub(crate) fn into_usage(self) -> Self {
        Self { exit: USAGE, ..self }
    }

    /// What it says.
    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    /// The set, the manifest or the wiring has these faults.
    pub(crate) fn diagnostics(diagnostics: Vec<Diagnostic>) -> Self {
        Self { exit: FAILURE, diagnostics }
    }

    /// SQLite fails at a database in memory.
    pub(crate) fn in_memory(error: rusqlite::Error) -> Self {
        Self::failure(format!("could not use a database in memory: {error}"))
    }

    /// Adds what to do next.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        if let Some(last) = self.diagnostics.last_mut() {
            last.help.push(help.into());
        }
        self
    }

    /// Adds a fact that explains.
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        if let Some(last) = self.diagnostics.last_mut() {
            last.notes.push(note.into());
        }
        self
    }

    /// Says it, and returns the exit code.
    pub(crate) fn report(&self, shell: &mut Shell) -> u8 {
        report::diagnostics(&self.diagnostics, shell);
        let errors = self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
        if errors > 1 && !shell.is_json() {
            shell.error(&format!("{errors} errors found"));
        }
        self.exit
    }
}

impl From<dbmigrate_runtime::Error> for CliError {
    fn from(error: dbmigrate_runtime::Error) -> Self {
        let message = error.message();
        // What stands below it has a place of its own.
        let below = ["\n  --> ", "\n   | ", "\nnote: "].into_iter().filter_map(|mark| message.find(mark)).min();
        let mut diagnostic = Diagnostic::error("failure", &message[..below.unwrap_or(message.len())]);
        if let Some(file) = error.file() {
            diagnostic = diagnostic.in_file(file);
        }
        diagnostic.notes.extend(error.notes().iter().cloned());
        diagnostic.help.extend(error.help().iter().cloned());
        Self::diagnostics(vec![diagnostic])
    }
}

impl From<Diagnostic> for CliError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::diagnostics(vec![diagnostic])
    }
}
