//! What a migration is: names, numbers, SQL tokens, directives, checksums, sets, discovery, configuration and
//! diagnostics as data.
//!
//! This crate is pure: it reads the files of a package and knows no SQLite, no terminal, no environment and no
//! process. Everything that a user can get wrong comes back as [`Diagnostic`] values, all of them at once.

pub mod adoption;
pub mod checksum;
pub mod config;
pub mod diagnostic;
pub mod directive;
pub mod file_name;
pub mod files;
pub mod layout;
pub mod load;
pub mod lock;
pub mod metadata;
pub mod migration;
pub mod nearest;
pub mod order;
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

pub use adoption::Adoption;
pub use config::Config;
pub use diagnostic::{Diagnostic, Fix, Location, Severity};
pub use load::{Loaded, MigrationSet, load, load_sets};
pub use lock::Lock;
pub use migration::{Body, Down, SourceMigration};
pub use repeatable::Repeatable;
pub use script::{Allow, AllowScope, Script, Step};
pub use snapshot::Snapshot;
pub use source::{Position, SourceText, Span};
pub use squash::{Replaced, Replaces};
