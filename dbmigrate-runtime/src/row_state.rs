//! How far a migration has come, as a row of the history says it: text in the table, and nowhere else.

use std::fmt;

use crate::hooks::Direction;

/// How far a migration has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowState {
    /// `applied`: it has run to its end.
    Applied,
    /// `running`: it has no transaction, and was stopped on its way up, between two steps.
    Running,
    /// `started`: … in a step that has no transaction either, so that nobody knows whether that ran.
    Started,
    /// `reverting`: … on its way back, between two steps.
    Reverting,
    /// `reverting-started`: … on its way back, in such a step.
    RevertingStarted,
}

impl RowState {
    const ALL: [Self; 5] = [Self::Applied, Self::Running, Self::Started, Self::Reverting, Self::RevertingStarted];

    /// As the table has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Running => "running",
            Self::Started => "started",
            Self::Reverting => "reverting",
            Self::RevertingStarted => "reverting-started",
        }
    }

    /// The state that a text means; `None` for one of a newer version.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Between two steps of a script without a transaction.
    #[inline]
    pub(crate) fn between_steps(direction: Direction) -> Self {
        match direction {
            Direction::Up => Self::Running,
            Direction::Down => Self::Reverting,
        }
    }

    /// In a step of one that has no transaction.
    #[inline]
    pub(crate) fn in_step(direction: Direction) -> Self {
        match direction {
            Direction::Up => Self::Started,
            Direction::Down => Self::RevertingStarted,
        }
    }

    /// Whether it was stopped in such a step.
    #[inline]
    pub(crate) fn is_in_step(self) -> bool {
        matches!(self, Self::Started | Self::RevertingStarted)
    }

    /// Whether it was stopped on its way back.
    #[inline]
    pub(crate) fn is_reverting(self) -> bool {
        matches!(self, Self::Reverting | Self::RevertingStarted)
    }
}

impl fmt::Display for RowState {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
