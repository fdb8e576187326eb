//! What a rule sees: one migration that has run, what each statement of it did, and what became of the schema.

use std::collections::HashSet;
use std::rc::Rc;

use dbmigrate_core::{Diagnostic, Location, MigrationSet, Script, SourceMigration, Span};
use rusqlite::Connection;
use sqlite3_parser::ast::Stmt;

use super::act::{Act, Deed};
use super::finding::Draft;
use super::lineage::{Lineage, TableChange};
use super::state::{Changed, Known, State};
use super::{Options, Rows};
use crate::model::{Kind, Name};
use crate::plan::Version;

/// A migration that has run on the replay's database.
pub(crate) struct Migration<'m> {
    pub(super) set: &'m MigrationSet,
    /// Its place in the set.
    pub(super) at: usize,
    pub(crate) source: &'m SourceMigration,
    /// The way up.
    pub(crate) script: &'m Script,
    /// The statements that ran, in order.
    pub(crate) statements: &'m [Statement<'m>],
    /// The schema after it.
    pub(crate) after: &'m State,
    /// What became of the tables: a rebuild is one change.
    pub(crate) lineage: &'m Lineage,
    /// The replay's database after it, to ask and not to change.
    pub(crate) connection: &'m Connection,
    pub(super) options: &'m Options<'m>,
}

/// A statement that has run.
pub(crate) struct Statement<'m> {
    pub(crate) sql: &'m str,
    pub(crate) span: Span,
    /// The parser's tree; none where it does not know the statement.
    pub(crate) tree: Option<&'m Stmt<'m>>,
    /// What SQLite says that it did.
    pub(crate) acts: Vec<Act>,
    /// What it did to the schema.
    pub(crate) changes: Vec<Changed>,
}

impl Statement<'_> {
    /// Whether it made this table.
    pub(crate) fn is_creating(&self, table: &Name) -> bool {
        self.changes.iter().any(|changed| {
            changed.key == (Kind::Table, table.clone()) && changed.before.is_none() && changed.after.is_some()
        })
    }

    /// What it does itself, without triggers and views.
    pub(crate) fn deeds(&self) -> impl Iterator<Item = &Deed> {
        self.acts.iter().filter(|act| act.by.is_none()).map(|act| &act.deed)
    }
}

impl<'m> Migration<'m> {
    /// A finding about a statement, by its place in the migration.
    pub(crate) fn at(&self, statement: usize, message: impl Into<String>) -> Draft {
        let span = self.statements.get(statement).map_or(self.script.section, |statement| statement.span);
        self.at_span(statement, span, message)
    }

    /// A finding about a part of a statement.
    pub(crate) fn at_span(&self, statement: usize, span: Span, message: impl Into<String>) -> Draft {
        let source = &self.script.source;
        let diagnostic = Diagnostic::warning("", message).at(Location::new(source, source.first_line(span)));
        Draft::new(Some(statement), diagnostic)
    }

    /// A finding about the migration as a whole.
    pub(crate) fn whole(&self, message: impl Into<String>) -> Draft {
        Draft::new(None, Diagnostic::warning("", message).in_file(self.script.source.path()))
    }

    /// An object as it was before the migration.
    pub(crate) fn before(&self, kind: Kind, name: &Name) -> Option<&Rc<Known>> {
        self.at_statement(0, kind, name)
    }

    /// An object as it was before a statement.
    pub(crate) fn at_statement(&self, statement: usize, kind: Kind, name: &Name) -> Option<&Rc<Known>> {
        let later = self.statements.get(statement..).unwrap_or_default();
        let mut changes = later.iter().flat_map(|statement| &statement.changes);
        match changes.find(|changed| changed.key.0 == kind && changed.key.1 == *name) {
            Some(changed) => changed.before.as_ref(),
            None => self.after.get(kind, name),
        }
    }

    /// Whether no database in the world can have rows in this table: it was made by this migration, or by another that
    /// no database has seen yet.
    pub(crate) fn is_new(&self, table: &Known) -> bool {
        table.born.is_some_and(|born| born == self.at || self.options.is_pending(self.set, born))
    }

    /// The tables that may hold rows and that this migration changes.
    pub(crate) fn changed_tables(&self) -> impl Iterator<Item = &TableChange> {
        self.lineage.changes.iter().filter(|change| !self.is_new(&change.before))
    }

    /// What is new, by the statement that made it: what was not there before the migration under that kind and name.
    pub(crate) fn created(&self, kind: Kind) -> impl Iterator<Item = (usize, &Rc<Known>)> {
        self.net().into_iter().filter_map(move |(statement, changed)| {
            let is_new = changed.key.0 == kind && self.before(kind, &changed.key.1).is_none();
            Some((statement, changed.after.as_ref().filter(|_| is_new)?))
        })
    }

    /// The last thing that happened to each object that is there at the end, or has gone.
    pub(crate) fn net(&self) -> Vec<(usize, &Changed)> {
        let changes = self.statements.iter().enumerate().rev();
        let changes = changes.flat_map(|(at, statement)| statement.changes.iter().rev().map(move |it| (at, it)));
        let mut seen = HashSet::new();
        let mut net: Vec<_> = changes.filter(|(_, changed)| seen.insert(&changed.key)).collect();
        net.reverse();
        net
    }

    /// Whether the package wants ways back.
    pub(crate) fn is_reversible(&self) -> bool {
        self.set.config.reversible
    }

    pub(crate) fn min_sqlite(&self) -> Version {
        self.set.config.min_sqlite
    }

    /// A number that a database of the user's answers with: none where there is no such database at hand, where it has
    /// this migration already, or where it can't be asked. Columns have to stand behind the name of their table: a name
    /// in quotes that is no column would be a text.
    pub(crate) fn ask(&self, sql: &str) -> Option<i64> {
        let rows: &Rows<'_> = self.options.rows.as_ref()?;
        rows.ask(self.source.number, sql)
    }
}
