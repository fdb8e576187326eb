//! One migration, as its files describe it.

use std::sync::Arc;

use crate::metadata::Metadata;
use crate::requirement::Requirement;
use crate::rust_source::RustSource;
use crate::script::Script;
use crate::source::SourceText;
use crate::squash::Replaces;

/// A migration of the set: a number, a name, and the scripts for both directions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceMigration {
    /// The number, which determines the order.
    pub number: u64,
    /// The number as the file name writes it, such as `001`.
    pub digits: String,
    /// The rest of the name, such as `initial_schema`.
    pub slug: String,
    /// The file of the up script, relative to the package, with `/`.
    pub file: String,
    /// The header comments.
    pub metadata: Metadata,
    /// The migrations that have to be applied before; those of another set as `set/name`.
    pub requires: Vec<Requirement>,
    /// The migrations that it replaces, if it is a squash.
    pub replaces: Option<Replaces>,
    /// What the migration does.
    pub body: Body,
    /// The versioned checksum of the up script (see [`crate::checksum`]).
    pub checksum: String,
    /// The checksum of the text of the up script as written, comments included; empty for Rust.
    pub text_checksum: String,
    /// The chained checksum of this migration and all before it, in order.
    pub chain: String,
}

impl SourceMigration {
    /// The full name, as the history records it: `001_initial_schema`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}_{}", self.digits, self.slug)
    }

    /// The file of the up script.
    #[must_use]
    pub fn source(&self) -> &SourceText {
        match &self.body {
            Body::Sql { up, .. } => &up.source,
            Body::Rust(rust) => &rust.source,
        }
    }
}

/// Where the migration with this full name stands among these, which are in order.
pub(crate) fn place_of(migrations: &[SourceMigration], name: &str) -> Option<usize> {
    let number = name.split('_').next()?.parse().ok()?;
    let at = migrations.binary_search_by_key(&number, |migration| migration.number).ok()?;
    migrations.get(at).filter(|migration| migration.name() == name).map(|_| at)
}

/// The content of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// SQL, possibly with `call` steps between the statements.
    Sql {
        /// The way up.
        up: Script,
        /// The down script.
        down: Down,
    },
    /// A Rust file with `pub fn up`, and perhaps `pub fn down`.
    Rust(Arc<RustSource>),
}

impl Body {
    /// The down script in SQL. One without a statement is none where the way up has any: running it would leave
    /// everything in place, and only remove the migration from the history.
    #[must_use]
    pub fn down_script(&self) -> Option<&Script> {
        match self {
            Self::Sql { up, down: Down::Script(down) } if up.steps.is_empty() || !down.steps.is_empty() => Some(down),
            _ => None,
        }
    }
}

/// The down script of an SQL migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Down {
    /// There is none.
    Missing,
    /// There is deliberately none, for this reason.
    Irreversible(String),
    /// The script.
    Script(Box<Script>),
}
