//! The declared schema: the statements of a `schema.sql`, and the hints in it about renames.
//!
//! `-- dbmigrate: renamed from old_name` is written on the line above a column or a `CREATE TABLE`, or after it. It is
//! removed from the statements, because SQLite's text of them goes into migrations, where a hint has no meaning.

mod hint;

use dbmigrate_core::config::Stubs;
use dbmigrate_core::{Diagnostic, Location, SourceText};

pub use hint::Hint;

use crate::model::{Name, Schema};
use crate::plan::Rename;

/// The content of a `schema.sql`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// The schema.
    pub schema: Schema,
    /// Its hints about renames, in order.
    pub hints: Vec<Hint>,
}

impl Declared {
    /// Reads a file. SQLite judges the statements, on a database in memory with stand-ins for what the program
    /// registers.
    ///
    /// # Errors
    ///
    /// The statement that SQLite rejects, or every invalid hint.
    pub fn read(source: &SourceText, stubs: &Stubs) -> Result<Self, Vec<Diagnostic>> {
        let hints = hint::read(source)?;
        let mut schema = Schema::from_source(source, stubs).map_err(|refused| vec![refused])?;
        if !hints.is_empty() {
            let plain = SourceText::new(source.path(), &hint::without(source.text(), &hints));
            schema = Schema::from_source(&plain, stubs).map_err(|refused| vec![refused])?;
        }
        Ok(Self { schema, hints })
    }

    /// The renames in the hints, relative to the schema before; and the hints that are obsolete, because the rename was
    /// already done.
    #[must_use]
    pub fn renames(&self, before: &Schema) -> (Vec<Rename>, Vec<&Hint>) {
        let mut renames = Vec::new();
        let mut done = Vec::new();
        for hint in self.hints.iter().filter(|hint| hint.column.is_none()) {
            let (from, to) = (&hint.from, &hint.table);
            let is_new = before.table(to).is_none() || self.schema.table(from).is_none();
            if before.table(from).is_some() && is_new {
                renames.push(Rename::Table { from: from.clone(), to: to.clone() });
            } else {
                done.push(hint);
            }
        }
        let tables = renames.clone();
        for hint in &self.hints {
            let Some(column) = &hint.column else { continue };
            let old = before.table(old_name(&tables, &hint.table));
            let had = |name: &Name| old.is_some_and(|table| table.column(name).is_some());
            let has = |name: &Name| self.schema.table(&hint.table).is_some_and(|table| table.column(name).is_some());
            if had(&hint.from) && (!had(column) || !has(&hint.from)) {
                let (table, from, to) = (hint.table.clone(), hint.from.clone(), column.clone());
                renames.push(Rename::Column { table, from, to });
            } else {
                done.push(hint);
            }
        }
        (renames, done)
    }
}

/// The name of a table before it was renamed.
pub(crate) fn old_name<'a>(renames: &'a [Rename], name: &'a Name) -> &'a Name {
    let from = renames.iter().find_map(|rename| match rename {
        Rename::Table { from, to } if to == name => Some(from),
        _ => None,
    });
    from.unwrap_or(name)
}

/// The name of a column before it was renamed. `of` is the name of its table after.
pub(crate) fn old_column<'a>(renames: &'a [Rename], of: &Name, name: &'a Name) -> &'a Name {
    let from = renames.iter().find_map(|rename| match rename {
        Rename::Column { table, from, to } if table == of && to == name => Some(from),
        _ => None,
    });
    from.unwrap_or(name)
}

impl Hint {
    /// A warning that the hint is obsolete.
    #[must_use]
    pub fn done(&self, source: &SourceText) -> Diagnostic {
        let what = match &self.column {
            Some(column) => format!("column `{}` of table `{}`", column, self.table),
            None => format!("table `{}`", self.table),
        };
        let message = format!("{what} was already renamed from `{}`, or never had that name", self.from);
        Diagnostic::warning("hint", message).at(Location::new(source, self.span)).help("remove this hint")
    }
}
