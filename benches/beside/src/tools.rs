//! What is measured side by side.

/// A program over one tool; in `programs/` it has a folder of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// rusqlite alone, which has no migrations: the floor.
    Plain,
    Dbmigrate,
    RusqliteMigration,
    Refinery,
    Sqlx,
    Diesel,
}

impl Tool {
    pub const ALL: [Self; 6] =
        [Self::Plain, Self::Dbmigrate, Self::RusqliteMigration, Self::Refinery, Self::Sqlx, Self::Diesel];

    /// Those that migrate, in the order of the columns: this project, then the lightest first.
    pub const RUNNERS: [Self; 5] = [Self::Dbmigrate, Self::RusqliteMigration, Self::Refinery, Self::Sqlx, Self::Diesel];

    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Dbmigrate => "dbmigrate",
            Self::RusqliteMigration => "rusqlite_migration",
            Self::Refinery => "refinery",
            Self::Sqlx => "sqlx",
            Self::Diesel => "diesel",
        }
    }

    /// The crate whose version is the tool's.
    pub fn krate(self) -> &'static str {
        match self {
            Self::Plain => "rusqlite",
            Self::Dbmigrate => "dbmigrate-runtime",
            Self::Diesel => "diesel_migrations",
            other => other.name(),
        }
    }

    /// Whether all that is pending can be had in one transaction by another call.
    pub fn has_grouped(self) -> bool {
        self == Self::Refinery
    }

    /// The program that does everything but migrate: a peer's own without its migrations, or the plain one.
    pub fn base(self) -> Self {
        if self == Self::Dbmigrate { Self::Plain } else { self }
    }

    /// Its command line.
    pub fn command(self) -> Option<&'static str> {
        match self {
            Self::Dbmigrate => Some("cargo-dbmigrate"),
            Self::Refinery => Some("refinery"),
            Self::Sqlx => Some("sqlx"),
            Self::Diesel => Some("diesel"),
            Self::Plain | Self::RusqliteMigration => None,
        }
    }
}
