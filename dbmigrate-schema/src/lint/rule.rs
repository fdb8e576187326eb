//! A rule of the linter, with its documentation and its examples.

use dbmigrate_core::Script;
pub use dbmigrate_core::config::LintLevel as Level;

use super::finding::Findings;
use super::migration::Migration;

/// Something that goes wrong in databases with rows, and how to find it.
pub struct Rule {
    /// The kebab-case name.
    pub name: &'static str,
    /// The group.
    pub group: Group,
    /// The default level.
    pub level: Level,
    /// What it objects to, in one line.
    pub what: &'static str,
    /// Why, in full sentences.
    pub why: &'static str,
    /// How to make the change safely, in full sentences; SQL on indented lines.
    pub instead: &'static str,
    /// Migrations that it objects to.
    pub fails: &'static [Example],
    /// Migrations that do the same safely.
    pub passes: &'static [Example],
    /// Migrations that look like a case for it and are not.
    pub quiet: &'static [Example],
    /// Looks at one migration.
    pub(super) check: Check,
}

/// Who looks.
pub(super) enum Check {
    /// This function, at each migration.
    Migration(fn(&Migration<'_>, &mut Findings<'_>)),
    /// This function, at each migration, where a database of the user's is at hand.
    Rows(fn(&Migration<'_>, &mut Findings<'_>)),
    /// This function, at the text of each way up, whether a replay can run it or not.
    Text(fn(&Script, &mut Findings<'_>)),
    /// Another part of the tool, which knows more than one migration.
    Elsewhere,
    /// Another part of the tool, and no level changes what it says: most of it fails the build as well.
    Fixed,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Rule {}

/// A migration, and what existed before it.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// The migration before.
    pub before: &'static str,
    /// The migration that is judged; it may contain a line `-- dbmigrate: down`.
    pub now: &'static str,
}

/// The subject of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Something is removed.
    Destructive,
    /// Programs of the previous version that are still running fail.
    Compatibility,
    /// The migration passes on an empty database, and fails or does harm on one with rows.
    Data,
    /// SQLite does something else than it seems.
    Mechanics,
    /// Habits that cost nothing now, and much later.
    Style,
    /// Files and their history.
    History,
}

impl Group {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Destructive, Self::Compatibility, Self::Data, Self::Mechanics, Self::Style, Self::History];

    /// Its kebab-case name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Destructive => "destructive",
            Self::Compatibility => "compatibility",
            Self::Data => "data",
            Self::Mechanics => "mechanics",
            Self::Style => "style",
            Self::History => "history",
        }
    }

    /// The subject of the group's rules, in one line.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::Destructive => "something is removed",
            Self::Compatibility => "programs of the previous version that are still running fail",
            Self::Data => "the migration passes on an empty database, and fails or does harm on one with rows",
            Self::Mechanics => "SQLite does something else than it seems",
            Self::Style => "habits that cost nothing now, and much later",
            Self::History => "files and their history",
        }
    }
}

impl Rule {
    /// Whether it can find something only if a database is given.
    #[must_use]
    pub fn needs_rows(&self) -> bool {
        matches!(self.check, Check::Rows(_))
    }

    /// Whether another part of the tool judges by it, because that takes more than one migration.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        matches!(self.check, Check::Elsewhere | Check::Fixed)
    }

    /// Whether its findings depend on no level, and no file can allow them.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        matches!(self.check, Check::Fixed)
    }
}
