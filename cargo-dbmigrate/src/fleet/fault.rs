//! What is wrong with one database, as data: it comes from the runner, from opening a file, or from another process.

use dbmigrate_core::Diagnostic;
use dbmigrate_runtime::{Error, Problem};

use crate::error::CliError;

/// What is wrong with a database, and what to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) help: Vec<String>,
    /// Whether another connection is in the way, which may be gone later.
    pub(crate) is_busy: bool,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// The same where that help says to run a command again: the one that is to run again is the one for all, which goes
    /// on with what is left. A file that other databases have may not be corrected for one of them: they would have two
    /// histories.
    pub(crate) fn for_all(mut self, retry: Option<usize>) -> Self {
        if let Some(retry) = retry.filter(|retry| *retry < self.help.len()) {
            let instead = [
                "if a database already has it, its file must not change: correct the rows of this one, then run the \
                 same command again",
                "else correct the file, then run the same command again",
            ];
            self.help.splice(retry..=retry, instead.map(str::to_owned));
        }
        self
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self { message: error.message(), help: error.help().to_vec(), is_busy: error.is_busy() }
            .for_all(error.retry_help())
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self { message: problem.message, help: problem.help, is_busy: false }
    }
}

impl From<CliError> for Fault {
    fn from(error: CliError) -> Self {
        let diagnostics = error.into_diagnostics();
        Self {
            message: diagnostics.iter().map(with_place).collect::<Vec<_>>().join("; "),
            help: diagnostics.iter().flat_map(Diagnostic::help_texts).collect(),
            is_busy: false,
        }
    }
}

/// What a finding says, where it is and what explains it, as the runner's own errors have it.
fn with_place(found: &Diagnostic) -> String {
    let place = match (&found.location, &found.file) {
        (Some(location), _) => format!(" ({}:{})", location.path, location.position),
        (None, Some(file)) => format!(" ({file})"),
        (None, None) => String::new(),
    };
    let notes = found.notes.iter().map(|note| format!("\nnote: {note}"));
    format!("{}{place}{}", found.message, notes.collect::<String>())
}

/// Where a database could not be opened.
impl From<(String, Vec<String>)> for Fault {
    fn from((message, help): (String, Vec<String>)) -> Self {
        Self { message, help, is_busy: false }
    }
}
