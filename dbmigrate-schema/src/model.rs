//! A SQLite schema as plain data: objects, in the order in which they were created.
//!
//! Nothing here reads a database or parses a text: [`Schema::read`] does the former, and `parse` the latter.
//! Expressions, queries and trigger bodies are kept as their author wrote them; [`compare`](crate::compare()) decides
//! whether two texts are equivalent.

mod column;
mod columns;
mod constraint;
mod index;
mod name;
mod table;
mod trigger;
mod view;
mod virtual_table;

use std::fmt;

pub use column::{Affinity, Column, Default, Generated, NotNull};
pub use columns::Columns;
pub use constraint::{Action, Conflict, Constraint, ForeignKey, Key, KeyColumn, Rule};
pub use index::{Index, Indexed, IndexedColumn};
pub use name::Name;
pub(crate) use name::is_keyword;
pub(crate) use table::ROWID_NAMES;
pub use table::Table;
pub use trigger::{Event, Timing, Trigger};
pub use view::View;
pub use virtual_table::VirtualTable;

/// The schema of one database: its objects, in the order in which they were created.
///
/// ```
/// use dbmigrate_schema::{Schema, compare};
///
/// let before = Schema::from_sql("CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT)")?;
/// let after = Schema::from_sql("create table \"teams\" (id INTEGER primary key, name TEXT NOT NULL)")?;
///
/// let differences = compare(&before, &after);
/// assert_eq!(differences.len(), 1);
/// assert_eq!(differences[0].to_string(), "table `teams`: column `name` becomes `NOT NULL`");
/// # Ok::<(), dbmigrate_core::Diagnostic>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    /// All objects, in the order of `sqlite_schema`: what an object needs comes before it.
    pub objects: Vec<Object>,
}

impl Schema {
    /// The object of this kind and name.
    #[must_use]
    pub fn object(&self, kind: Kind, name: &Name) -> Option<&Object> {
        self.objects.iter().find(|object| object.kind() == kind && object.name() == name)
    }

    /// The table of this name, unless its text could not be parsed.
    #[must_use]
    pub fn table(&self, name: &Name) -> Option<&Table> {
        self.tables().find(|table| table.name == *name)
    }

    /// The tables whose text could be parsed.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.objects.iter().filter_map(Object::as_table)
    }

    /// The indexes that have a statement of their own.
    pub fn indexes(&self) -> impl Iterator<Item = &Index> {
        self.objects.iter().filter_map(|object| match object {
            Object::Index(index) => Some(index),
            _ => None,
        })
    }

    /// The views.
    pub fn views(&self) -> impl Iterator<Item = &View> {
        self.objects.iter().filter_map(|object| match object {
            Object::View(view) => Some(view),
            _ => None,
        })
    }

    /// The triggers.
    pub fn triggers(&self) -> impl Iterator<Item = &Trigger> {
        self.objects.iter().filter_map(|object| match object {
            Object::Trigger(trigger) => Some(trigger),
            _ => None,
        })
    }

    /// The objects that could not be parsed, and are compared by their text alone.
    pub fn opaque(&self) -> impl Iterator<Item = &Opaque> {
        self.objects.iter().filter_map(|object| match object {
            Object::Opaque(opaque) => Some(opaque),
            _ => None,
        })
    }
}

/// One object of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// An ordinary table.
    Table(Table),
    /// An index that has a statement of its own.
    Index(Index),
    /// A view.
    View(View),
    /// A trigger.
    Trigger(Trigger),
    /// A virtual table. The shadow tables of its module are not objects of the schema.
    VirtualTable(VirtualTable),
    /// An object of any kind whose text could not be parsed.
    Opaque(Opaque),
}

impl Object {
    /// What tells it apart from all others of a schema.
    pub(crate) fn key(&self) -> (Kind, Name) {
        (self.kind(), self.name().clone())
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Table(_) => Kind::Table,
            Self::Index(_) => Kind::Index,
            Self::View(_) => Kind::View,
            Self::Trigger(_) => Kind::Trigger,
            Self::VirtualTable(_) => Kind::VirtualTable,
            Self::Opaque(opaque) => opaque.kind,
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &Name {
        match self {
            Self::Table(table) => &table.name,
            Self::Index(index) => &index.name,
            Self::View(view) => &view.name,
            Self::Trigger(trigger) => &trigger.name,
            Self::VirtualTable(table) => &table.name,
            Self::Opaque(opaque) => &opaque.name,
        }
    }

    /// The table or view to which an index or a trigger belongs.
    #[must_use]
    pub fn table(&self) -> Option<&Name> {
        match self {
            Self::Index(index) => Some(&index.table),
            Self::Trigger(trigger) => Some(&trigger.table),
            Self::Opaque(opaque) => opaque.table.as_ref(),
            Self::Table(_) | Self::View(_) | Self::VirtualTable(_) => None,
        }
    }

    /// The object as an ordinary table, if it is one and its text could be parsed.
    #[must_use]
    pub fn as_table(&self) -> Option<&Table> {
        match self {
            Self::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The statement that SQLite stores for it, without the final `;`.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Table(table) => &table.text,
            Self::Index(index) => &index.text,
            Self::View(view) => &view.text,
            Self::Trigger(trigger) => &trigger.text,
            Self::VirtualTable(table) => &table.text,
            Self::Opaque(opaque) => &opaque.text,
        }
    }
}

/// The kind of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An ordinary table.
    Table,
    /// A virtual table.
    VirtualTable,
    /// An index.
    Index,
    /// A view.
    View,
    /// A trigger.
    Trigger,
}

impl Kind {
    /// What the column `type` of `sqlite_schema` says, where a virtual table is a table.
    pub(crate) fn of(word: &str) -> Self {
        match word {
            "table" => Self::Table,
            "index" => Self::Index,
            "view" => Self::View,
            _ => Self::Trigger,
        }
    }

    /// `table`, `virtual table`, `index`, `view` or `trigger`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::VirtualTable => "virtual table",
            Self::Index => "index",
            Self::View => "view",
            Self::Trigger => "trigger",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An object whose text could not be parsed, or about which SQLite says something else than its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    /// The kind, according to SQLite.
    pub kind: Kind,
    /// Its name.
    pub name: Name,
    /// The table or view to which an index or a trigger belongs.
    pub table: Option<Name>,
    /// The statement that SQLite stores for it.
    pub text: String,
    /// Why it could not be parsed: lower case, no final period.
    pub why: String,
}
