//! What is done about what the linter finds. Which rules there are is not known here.

use crate::diagnostic::Location;

/// What is done about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LintLevel {
    /// Nothing.
    Allow,
    /// It is said.
    Warn,
    /// It is an error.
    Deny,
}

impl LintLevel {
    /// All of them, from the mildest.
    pub const ALL: [Self; 3] = [Self::Allow, Self::Warn, Self::Deny];

    /// `allow`, `warn` or `deny`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}

/// One entry of `lints`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LintSetting {
    /// The name of a rule or of a group of rules.
    pub name: String,
    /// Its level.
    pub level: LintLevel,
    /// Whether the workspace says so, for all of its packages.
    pub of_workspace: bool,
    /// Where the name stands.
    pub location: Location,
}
