//! The sets that live in each database of a fleet, and the migrators for one file. The sets are read once and shared by
//! all threads; a migrator is made for each file.

use dbmigrate_core::sequence::quoted;
use dbmigrate_runtime::cli::{Aim, Request};
use dbmigrate_runtime::{Migrator, Set, Together};
use rusqlite::Connection;

use crate::fleet::Fault;
use crate::ops::driver::Rusqlite;
use crate::ops::migrator::migrator;

/// The sets, and what the command line says of their migrators.
#[derive(Debug, Clone, Copy)]
pub(super) struct Migrators<'s> {
    /// All that live in one database.
    pub(super) sets: &'s [Set<'s>],
    /// The one that is meant, where that is not all of them.
    pub(super) chosen: Option<usize>,
    /// What is asked of each database.
    pub(super) request: &'s Request,
    /// Whether a database with objects and no history starts at the first migration.
    pub(super) existing: bool,
    /// Whether another process runs the Rust that is in them.
    pub(super) has_code: bool,
}

impl<'s> Migrators<'s> {
    /// The migrator of the one set that is meant; none where all of several are.
    pub(super) fn one(&self) -> Option<Migrator<'s, Rusqlite>> {
        let only = (self.sets.len() == 1).then_some(0);
        Some(self.migrator(self.chosen.or(only)?))
    }

    /// All sets in one order.
    pub(super) fn together(&self) -> Together<'s, Connection> {
        (0..self.sets.len()).map(|place| self.migrator(place)).fold(Together::new(), Together::add)
    }

    /// The migrators of the sets that are meant.
    pub(super) fn each(&self) -> impl Iterator<Item = Migrator<'s, Rusqlite>> {
        let meant = move |place: &usize| self.chosen.is_none_or(|chosen| chosen == *place);
        (0..self.sets.len()).filter(meant).map(|place| self.migrator(place))
    }

    /// Any of them: for what is about the file as a whole.
    pub(super) fn any(&self) -> Option<Migrator<'s, Rusqlite>> {
        self.each().next()
    }

    /// A migration of a set as a version: with the set, where there are several.
    pub(super) fn label(&self, migrator: &Migrator<'_, Rusqlite>, name: &str) -> String {
        match self.sets.len() {
            1 => name.to_owned(),
            _ => format!("{}/{name}", migrator.name()),
        }
    }

    /// What is wrong with a set, where suggested commands have to name it.
    pub(super) fn aimed(&self, migrator: &Migrator<'_, Rusqlite>, fault: Fault) -> Fault {
        if self.sets.len() == 1 {
            return fault;
        }
        let set = format!(" --set {}", quoted(migrator.name()));
        let aim = Aim { program: self.request.program.clone(), set, ..Aim::default() };
        Fault { help: aim.all(&fault.help), ..fault }
    }

    fn migrator(&self, place: usize) -> Migrator<'s, Rusqlite> {
        let others = self.sets.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, set)| set);
        let mut migrator = others.fold(migrator(&self.sets[place]), |one, other| one.beside(&migrator(other)));
        if let Some(timeout) = self.request.busy_timeout {
            migrator = migrator.busy_timeout(timeout);
        }
        if let Some(backup) = self.request.backup_here() {
            migrator = migrator.backup(backup);
        }
        if self.existing {
            migrator = migrator.allow_existing_schema();
        }
        if self.has_code {
            // It is only looked at here.
            migrator = migrator.with_code(|_, _| Err("this is for the package's runner".into()));
        }
        migrator
    }
}
