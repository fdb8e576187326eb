//! What a rule sees: one migration that has run, what each statement of it did, and what became of the schema.

use std::rc::Rc;

use dbmigrate_core::repeatable::ObjectKind;
use dbmigrate_core::{MigrationSet, Script, SourceMigration, Span};
use rusqlite::Connection;
use sqlite3_parser::ast::Stmt;

use super::finding::Draft;
use super::history::History;
use super::lineage::{Lineage, TableChange};
use super::operation::{Operation, OperationKind};
use super::soundness::Verdict;
use super::state::{Changed, Known, State};
use super::{Options, Rows};
use crate::model::{Kind, Name, Table};
use crate::plan::{OLDEST, Version};

/// A migration that has run on the replay's database.
pub(crate) struct Migration<'m> {
    pub(crate) set: &'m MigrationSet,
    /// Its place in the set.
    pub(crate) at: usize,
    pub(crate) source: &'m SourceMigration,
    /// The way up.
    pub(crate) script: &'m Script,
    /// The statements that ran, in order.
    pub(crate) statements: &'m [Statement<'m>],
    /// The same, by what they did it to.
    pub(super) history: &'m History<'m>,
    /// The schema after it.
    pub(crate) after: &'m State,
    /// What became of the tables: a rebuild is one change.
    pub(crate) lineage: &'m Lineage,
    /// What became of views and triggers.
    pub(crate) verdict: &'m Verdict,
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
    /// The words in double quotes that name nothing, by their place in it: SQLite takes them for texts.
    pub(crate) quoted: Vec<Span>,
    /// What SQLite says that it did.
    pub(crate) operations: Vec<Operation>,
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
    pub(crate) fn own_operations(&self) -> impl Iterator<Item = &OperationKind> {
        self.operations.iter().filter(|operation| operation.by.is_none()).map(|operation| &operation.kind)
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
        Draft::at(self.script, statement, span, message)
    }

    /// A finding about the migration as a whole.
    pub(crate) fn whole(&self, message: impl Into<String>) -> Draft {
        Draft::whole(self.script, message)
    }

    /// An object as it was before the migration.
    pub(crate) fn before(&self, kind: Kind, name: &Name) -> Option<&Rc<Known>> {
        self.at_statement(0, kind, name)
    }

    /// An object as it was before a statement.
    pub(crate) fn at_statement(&self, statement: usize, kind: Kind, name: &Name) -> Option<&Rc<Known>> {
        match self.history.next(statement, &(kind, name.clone())) {
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

    /// Whether a database may have rows in a table of `main` when a statement comes to it: not one that the migration
    /// has made or emptied.
    pub(crate) fn may_hold_rows(&self, statement: usize, table: &Name) -> bool {
        let Some(known) = self.at_statement(statement, Kind::Table, table) else { return false };
        let made_anew = || {
            let anew = self.changed_tables().filter(|change| change.rebuild.is_some());
            anew.flat_map(|change| &change.statements).any(|at| *at == statement)
        };
        (!self.is_new(known) || made_anew()) && !self.history.is_emptied(statement, table)
    }

    /// The statement that made a table what it has become: the last one before which this did not hold of it and after
    /// which it did.
    pub(crate) fn blame(&self, change: &TableChange, holds: impl Fn(&Table) -> bool) -> usize {
        let turns = |at: &&usize| {
            let changes = self.statements.get(**at).map_or(&[][..], |statement| &statement.changes);
            changes.iter().any(|changed| {
                let table = |known: &'m Option<Rc<Known>>| known.as_ref().and_then(|known| known.table());
                let (before, after) = (table(&changed.before), table(&changed.after));
                before.is_some_and(|before| !holds(before)) && after.is_some_and(&holds)
            })
        };
        change.statements.iter().rev().find(turns).copied().unwrap_or_else(|| change.statement())
    }

    /// What is new, by the statement that made it: what was not there before the migration under that kind and name.
    pub(crate) fn created(&self, kind: Kind) -> impl Iterator<Item = (usize, &Rc<Known>)> {
        self.net().filter_map(move |(statement, changed)| {
            let is_new = changed.key.0 == kind && self.before(kind, &changed.key.1).is_none();
            Some((statement, changed.after.as_ref().filter(|_| is_new)?))
        })
    }

    /// Whether a repeatable makes this.
    pub(crate) fn has_repeatable(&self, kind: ObjectKind, name: &Name) -> bool {
        let mut objects = self.set.repeatables.iter().flat_map(|repeatable| &repeatable.objects);
        objects.any(|object| object.kind == kind && Name::new(object.name.as_str()) == *name)
    }

    /// The views, triggers and indexes that databases may have and that a statement of this sort has dropped for good:
    /// not what comes back, in the migration or by a repeatable.
    pub(crate) fn dropped_by(&self, is_drop: impl Fn(&Stmt<'_>) -> bool) -> Vec<(usize, &Rc<Known>)> {
        let made = |known: &Known| match known.object.kind() {
            Kind::View => self.has_repeatable(ObjectKind::View, known.object.name()),
            Kind::Trigger => self.has_repeatable(ObjectKind::Trigger, known.object.name()),
            _ => false,
        };
        let gone = self.net().filter(|(_, changed)| changed.after.is_none());
        let meant = gone.filter(|(at, _)| self.statements[*at].tree.is_some_and(&is_drop));
        let old = meant.filter_map(|(at, changed)| Some((at, self.before(changed.key.0, &changed.key.1)?)));
        old.filter(|(_, known)| !self.is_new(known) && !made(known)).collect()
    }

    /// The last thing that happened to each object that is there at the end, or has gone.
    pub(crate) fn net(&self) -> impl Iterator<Item = (usize, &'m Changed)> {
        self.history.net.iter().copied()
    }

    /// Whether it ran with foreign keys enforced.
    pub(crate) fn has_foreign_keys(&self) -> bool {
        self.connection.query_row("PRAGMA foreign_keys", [], |row| row.get(0)).unwrap_or(false)
    }

    /// Whether the package wants down scripts.
    pub(crate) fn is_reversible(&self) -> bool {
        self.set.config.reversible
    }

    /// The oldest SQLite that is to run it, if the package says so.
    pub(crate) fn declared_sqlite(&self) -> Option<Version> {
        self.set.config.min_sqlite
    }

    /// The oldest SQLite that what is recommended has to work with.
    pub(crate) fn min_sqlite(&self) -> Version {
        self.declared_sqlite().unwrap_or(OLDEST)
    }

    /// A number that a database of the user's answers with: none where there is no such database at hand, where it has
    /// this migration already, or where it can't be asked. Columns have to stand behind the name of their table: a name
    /// in quotes that is no column would be a text.
    pub(crate) fn ask(&self, sql: &str) -> Option<i64> {
        let rows: &Rows<'_> = self.options.rows.as_ref()?;
        rows.ask(self.source.number, sql)
    }
}
