//! Why a command ended without doing its work: what to say and the exit code.

use crate::Error;

/// Done.
pub(super) const DONE: u8 = 0;
/// The answer is no.
pub(super) const NO: u8 = 1;
/// Wrong usage.
pub(super) const USAGE: u8 = 2;
/// Failure.
pub(super) const FAILURE: u8 = 101;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The runner could not do it.
    Runner(Error),
    /// The command could not be begun.
    Command {
        /// The exit code.
        exit: u8,
        /// What is wrong.
        message: String,
        /// What to do next.
        help: Vec<String>,
    },
}

impl Failure {
    /// Something could not be done.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self::Command { exit: FAILURE, message: message.into(), help: Vec::new() }
    }

    /// What was asked makes no sense.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::Command { exit: USAGE, message: message.into(), help: Vec::new() }
    }

    /// Adds what to do next.
    pub(super) fn hint(mut self, text: impl Into<String>) -> Self {
        if let Self::Command { help, .. } = &mut self {
            help.push(text.into());
        }
        self
    }

    /// The exit code.
    pub(super) fn exit(&self) -> u8 {
        match self {
            Self::Runner(_) => FAILURE,
            Self::Command { exit, .. } => *exit,
        }
    }

    /// What is wrong.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Runner(error) => error.message(),
            Self::Command { message, .. } => message.clone(),
        }
    }

    /// What to do next.
    pub(super) fn help(&self) -> &[String] {
        match self {
            Self::Runner(error) => error.help(),
            Self::Command { help, .. } => help,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Runner(error)
    }
}
