//! How far a migration has come, as a row of the history records it. It is text in the table only.

use std::fmt;

use crate::hooks::Direction;

/// How far a migration has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowState {
    /// `applied`: it has completed.
    Applied,
    /// `running`: it runs without a transaction, and was interrupted on its way up, between two steps.
    Running,
    /// `started`: the same, in a step that cannot run in a transaction, so that it is unknown whether that step ran.
    Started,
    /// `reverting`: it was interrupted on its way down, between two steps.
    Reverting,
    /// `reverting-started`: the same, in a step that cannot run in a transaction.
    RevertingStarted,
}

impl RowState {
    const ALL: [Self; 5] = [Self::Applied, Self::Running, Self::Started, Self::Reverting, Self::RevertingStarted];

    /// The text in the table.
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

    /// The state with this text; `None` for one of a newer version.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.as_str() == text)
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
