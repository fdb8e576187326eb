//! What a migration is: names, numbers, SQL tokens, directives, checksums, sets, discovery, configuration and
//! diagnostics as data.
//!
//! This crate is pure. It reads the files of a package, and knows no SQLite, no terminal, no environment and no
//! process. Every user error is returned as a [`Diagnostic`], all of them at once.
//!
//! ```
//! use dbmigrate_core::files::InMemory;
//!
//! let files = InMemory::new([
//!     ("Cargo.toml", "[package]\nname = \"notes\"\n\n[package.metadata.migrations]\n"),
//!     ("migrations/001_notes.sql", "CREATE TABLE notes (id INTEGER PRIMARY KEY);\n"),
//!     ("migrations/003_stars.sql", "ALTER TABLE notes ADD COLUMN stars INTEGER;\n"),
//! ]);
//! let loaded = dbmigrate_core::load::load_from(&files);
//! assert_eq!(loaded.set.migrations.len(), 2);
//! assert_eq!(loaded.diagnostics[0].code, "gap");
//! ```
//!
//! [dbmigrate-build] turns such a set into a Rust module, and `cargo dbmigrate` into the data of its runner. The
//! minimum Rust version is 1.85. Its one feature, `layouts`, reads the folders of other tools. Input is untrusted:
//! nothing here panics, hangs or takes more than linear time. [The
//! guide](https://github.com/dbmigrate/dbmigrate/blob/main/docs/files.md) explains the names, directives and keys.
//!
//! [dbmigrate-build]: https://docs.rs/dbmigrate-build

pub mod adoption;
pub mod aim;
pub mod checksum;
pub mod config;
pub mod diagnostic;
pub mod directive;
pub mod file_name;
pub mod files;
pub mod help;
#[cfg(feature = "layouts")]
pub mod layout;
pub mod load;
pub mod lock;
pub mod metadata;
pub mod migration;
pub mod nearest;
pub mod order;
mod parallel;
mod problems;
pub mod repeatable;
pub mod requirement;
pub mod rust_source;
pub mod script;
pub mod sequence;
pub mod snapshot;
pub mod source;
pub mod squash;
pub mod statement;
#[cfg(test)]
mod testing;
pub mod token;
mod toml;
mod tool;

pub use adoption::Adoption;
pub use config::Config;
pub use diagnostic::{Diagnostic, Fix, Location, Severity};
pub use help::Help;
pub use load::{Loaded, MigrationSet, load, load_sets};
pub use lock::Lock;
pub use migration::{Body, Down, SourceMigration};
pub use repeatable::Repeatable;
pub use script::{Allow, AllowScope, Script, Step};
pub use snapshot::Snapshot;
pub use source::{Position, SourceText, Span};
pub use squash::{Replaced, Replaces};
