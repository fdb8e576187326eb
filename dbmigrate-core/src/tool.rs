//! The tools that people come from, in one list: how the files of each are laid out, and which kept a history.

/// Makes both enumerations of the one list.
macro_rules! tools {
    ($($(#[doc = $files:literal])* $tool:ident = $name:literal,)*) => {
        /// The tool whose files a folder contains.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Layout {
            /// dbmigrate's own files.
            House,
            $($(#[doc = $files])* $tool,)*
        }

        impl Layout {
            /// All of them, in the order in which they are offered.
            pub const ALL: [Self; 1 + [$($name),*].len()] = [Self::House, $(Self::$tool),*];

            /// The layout of this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|layout| layout.name() == name)
            }

            /// Its name in the manifest and on the command line.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    Self::House => "house",
                    $(Self::$tool => $name,)*
                }
            }
        }

        /// The tool that kept a history.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Tool {
            $(#[doc = concat!("`", $name, "`.")] $tool,)*
            /// None: the database has tables, but no history of them.
            Live,
        }

        impl Tool {
            /// All of them, in the order in which they are offered.
            pub const ALL: [Self; 1 + [$($name),*].len()] = [$(Self::$tool,)* Self::Live];

            /// The tool of this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|tool| tool.name() == name)
            }

            /// Its name in `adopted.toml` and on the command line.
            #[must_use]
            pub fn name(self) -> &'static str {
                self.layout().map_or("live", Layout::name)
            }

            /// The tool whose files these are; `None` for dbmigrate's own.
            #[must_use]
            pub fn of(layout: Layout) -> Option<Self> {
                match layout {
                    Layout::House => None,
                    $(Layout::$tool => Some(Self::$tool),)*
                }
            }

            /// The layout of the tool's files; `None` if it has none.
            #[must_use]
            pub fn layout(self) -> Option<Layout> {
                match self {
                    $(Self::$tool => Some(Layout::$tool),)*
                    Self::Live => None,
                }
            }
        }
    };
}

tools! {
    /// `<version>_<description>.sql`, or `.up.sql` and `.down.sql`.
    Sqlx = "sqlx",
    /// `<version>_<name>/up.sql` and `down.sql`.
    Diesel = "diesel",
    /// `V<version>__<name>.sql`, or with `U`; folders in the folder count as well.
    Refinery = "refinery",
    /// `<number>-<name>/up.sql` and `down.sql`, as `from_directory` reads them.
    RusqliteMigration = "rusqlite_migration",
    /// `<tag>.sql` in the order of `meta/_journal.json`, or a folder with `migration.sql` for each.
    Drizzle = "drizzle",
    /// `<timestamp>_<name>/migration.sql`.
    Prisma = "prisma",
    /// `<version>_<name>.sql`, divided by `-- +goose Up` and `-- +goose Down`.
    Goose = "goose",
    /// `<version>_<name>.sql`, divided by `-- migrate:up` and `-- migrate:down`.
    Dbmate = "dbmate",
    /// `<version>_<name>.up.sql` and `.down.sql`.
    GolangMigrate = "golang-migrate",
    /// `<number>_<name>.sql`, in the order of their names.
    WranglerD1 = "wrangler-d1",
    /// `V<version>__<name>.sql`, `U` for the down script, `B` for a baseline, `R__<name>.sql` for what is repeatable.
    Flyway = "flyway",
    /// `<anything>.sql`, divided by `-- +migrate Up` and `-- +migrate Down`.
    SqlMigrate = "sql-migrate",
    /// `<anything>.sql`, in the order of their names, each run as a whole.
    Plain = "plain",
}
