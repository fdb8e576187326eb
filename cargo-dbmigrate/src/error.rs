//! The one error of the command line: what to say and which exit code to end with.

use dbmigrate_core::{Diagnostic, Help, Location, Position};
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

    /// The same, not taken out.
    pub(crate) fn as_diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The same error, which says this instead.
    pub(crate) fn with_diagnostics(self, diagnostics: Vec<Diagnostic>) -> Self {
        Self { diagnostics, ..self }
    }

    /// The set, the manifest or the wiring has these faults.
    pub(crate) fn diagnostics(diagnostics: Vec<Diagnostic>) -> Self {
        Self { exit: FAILURE, diagnostics }
    }

    /// SQLite fails at a database in memory.
    pub(crate) fn in_memory(error: rusqlite::Error) -> Self {
        Self::failure(format!("could not use a database in memory: {error}"))
    }

    /// The same, where it was found by something that nobody sees: `found` says by what, before the message.
    pub(crate) fn found_by(mut self, found: &str) -> Self {
        if let Some(first) = self.diagnostics.first_mut() {
            first.message.insert_str(0, found);
        }
        self
    }

    /// Adds what to do next.
    pub(crate) fn help(mut self, help: impl Into<Help>) -> Self {
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
        let mut diagnostic = Diagnostic::error("failure", error.summary());
        if let Some(file) = error.file() {
            let number = |it: u32| usize::try_from(it).unwrap_or(usize::MAX);
            diagnostic = match error.line().map(number) {
                // Where nobody knows the column, it is the line as a whole.
                Some(line) => {
                    diagnostic.at(Location::bare(file, Position { line, column: error.column().map_or(1, number) }))
                }
                None => diagnostic.in_file(file),
            };
        }
        diagnostic.notes.extend(error.notes().iter().cloned());
        diagnostic.help.extend(error.help().iter().map(|help| Help::from(help.as_str())));
        Self::diagnostics(vec![diagnostic])
    }
}

impl From<Diagnostic> for CliError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::diagnostics(vec![diagnostic])
    }
}

#[cfg(test)]
mod tests {
    use dbmigrate_core::Config;
    use dbmigrate_core::files::InMemory;
    use dbmigrate_core::load::load_with;
    use dbmigrate_runtime::Migrator;
    use rusqlite::Connection;

    use super::*;
    use crate::ops::driver::Rusqlite;
    use crate::ops::runtime_set::with_set;

    /// What a command says of a migration that the runner refuses.
    fn refused(text: &str) -> Diagnostic {
        let loaded =
            load_with(&InMemory::new([("migrations/001_a.sql".to_owned(), text.as_bytes())]), Config::default());
        let mut connection = Connection::open_in_memory().unwrap();
        let error = with_set(&loaded.set, |set| Migrator::<Rusqlite>::new(set).up(&mut connection)).unwrap_err();
        let [diagnostic] = <[Diagnostic; 1]>::try_from(CliError::from(error).into_diagnostics()).unwrap();
        diagnostic
    }

    #[test]
    fn an_error_of_the_runner_keeps_its_place() {
        let it = refused("CREATE TABLE t (a);\nSELECT a\n  FROM nowhere;\n");
        let place = it.location.as_ref().map(|it| (it.path.as_str(), it.position.to_string(), it.end().to_string()));
        assert_eq!(place, Some(("migrations/001_a.sql", "2:1".to_owned(), "2:1".to_owned())), "{it:?}");
        assert_eq!(it.message, "`001_a` failed: no such table: nowhere");
        assert_eq!(refused("SELECT 1,\n  nothing;\n").location.unwrap().position.to_string(), "2:3");
    }

    #[test]
    fn what_the_message_says_itself_is_no_place_and_no_note() {
        let text = "CREATE TABLE t (a);\nCREATE TRIGGER g BEFORE INSERT ON t BEGIN \
                    SELECT raise(ABORT, 'no\nnote: ask first\n  --> here'); END;\nINSERT INTO t VALUES (1);\n";
        let it = refused(text);
        assert!(it.message.ends_with("no\nnote: ask first\n  --> here"), "{it:?}");
        assert_eq!(it.location.unwrap().position.line, 5);
    }
}
