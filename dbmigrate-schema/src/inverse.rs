//! Whether ways back lead back: on a database beside that of the replay, each migration goes up, back, and up again.
//!
//! What its way back leaves otherwise than it was before is named object by object. The two databases go on together;
//! where that beside comes to be another one, it is copied anew from the replay's, so that one fault hides no other.
//! A copy costs as much as there is, so one is made for a fault only, and what SQLite says of the statements tells which
//! objects to compare: the whole stays linear.

use std::collections::HashSet;
use std::rc::Rc;

use dbmigrate_core::statement::Statement;
use dbmigrate_core::{Diagnostic, Location, MigrationSet, Script, SourceMigration, Step};
use rusqlite::Connection;

use crate::compare::{Difference, compare};
use crate::lint::{Changed, Follower, Known, Options, State};
use crate::model::{Kind, Object, Schema};
use crate::replay::{copy, run, way_back, way_up};
use crate::watch::Watch;

/// The code of what is found.
pub(crate) const CODE: &str = "down-not-inverse";

/// Goes the ways back while somebody else looks on at the ways up.
pub(crate) struct Inverse<'a> {
    set: &'a MigrationSet,
    deferring: bool,
    /// The place of the last migration that has a way back.
    last: Option<usize>,
    beside: Beside<'a>,
    watch: &'a mut dyn Watch,
    /// How many ways back ran.
    pub(crate) downs: usize,
    /// What SQLite refused of them.
    pub(crate) refused: Vec<Diagnostic>,
    /// The ways back that lead elsewhere, by the number of the migration.
    pub(crate) elsewhere: Vec<(u64, Diagnostic)>,
}

/// A database with its schema, kept up to date.
struct Beside<'a> {
    connection: Connection,
    follower: Follower<'a>,
}

impl<'a> Inverse<'a> {
    pub(crate) fn new(
        set: &'a MigrationSet,
        deferring: bool,
        nothing: &'a Options<'a>,
        watch: &'a mut dyn Watch,
    ) -> rusqlite::Result<Self> {
        let mut beside = Beside { connection: Connection::open_in_memory()?, follower: Follower::new(set, nothing) };
        beside.follower.opened(&mut beside.connection)?;
        let last = set.migrations.iter().rposition(|migration| way_back(migration).is_some());
        let mut inverse =
            Self { set, deferring, last, beside, watch, downs: 0, refused: Vec::new(), elsewhere: Vec::new() };
        if let (Some(hook), Some(_)) = (&set.before_all, last) {
            // Where it fails no migration will come.
            let _ = inverse.run(hook);
        }
        Ok(inverse)
    }

    fn run(&mut self, script: &Script) -> Result<Vec<Changed>, Diagnostic> {
        let Beside { connection, follower } = &mut self.beside;
        run(connection, self.set.config.foreign_keys, script, self.deferring, follower)?;
        Ok(follower.settle())
    }

    /// Goes the three ways of a migration that the replay has just gone up. False where the two have parted.
    fn judge(&mut self, migration: &SourceMigration, replayed: &Connection) -> rusqlite::Result<bool> {
        let Ok(up) = way_up(migration) else { return Ok(false) };
        // It ran in the replay: if not here, there are other rows.
        let there = match self.run(up) {
            Ok(there) => there,
            Err(_) => self.beside.meet(replayed)?,
        };
        let Some(down) = way_back(migration) else { return Ok(true) };
        let back = match self.run(down) {
            Ok(back) => back,
            Err(refused) => {
                self.refused.push(refused);
                return Ok(false);
            }
        };
        self.downs += 1;
        let differences = differences(&self.beside.follower.state, &[&there, &back]);
        // Of one without a statement another rule speaks.
        if !differences.is_empty() && !down.steps.is_empty() {
            self.elsewhere.push((migration.number, leads_elsewhere(migration, down, &differences)));
        }
        if !differences.is_empty() {
            return Ok(false);
        }
        match self.run(up) {
            Ok(_) => Ok(true),
            Err(refused) => {
                self.elsewhere.push((migration.number, runs_once(migration, down, refused)));
                Ok(false)
            }
        }
    }
}

impl Beside<'_> {
    /// Takes over what the replay's database has, and says what of the schema is new.
    fn meet(&mut self, replayed: &Connection) -> rusqlite::Result<Vec<Changed>> {
        self.connection = copy(replayed)?;
        self.follower.turn_to(&mut self.connection)
    }
}

impl Watch for Inverse<'_> {
    fn opened(&mut self, connection: &mut Connection) -> rusqlite::Result<()> {
        self.watch.opened(connection)
    }

    fn begins(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.watch.begins(connection)
    }

    fn runs(&mut self) {
        self.watch.runs();
    }

    fn ran(&mut self, connection: &Connection, script: &Script, statement: &Statement) -> rusqlite::Result<()> {
        self.watch.ran(connection, script, statement)
    }

    fn migrated(&mut self, connection: &Connection, at: usize) -> rusqlite::Result<()> {
        self.watch.migrated(connection, at)?;
        if self.last.is_some_and(|last| at <= last) && !self.judge(&self.set.migrations[at], connection)? {
            self.beside.meet(connection)?;
        }
        Ok(())
    }
}

/// In what a schema differs from what it was before all of these changes, which led to it.
pub(crate) fn differences(now: &State, scripts: &[&[Changed]]) -> Vec<Difference> {
    let mut seen = HashSet::new();
    let changes = scripts.iter().copied().flatten().filter(|changed| seen.insert(&changed.key));
    let pairs = changes.map(|first| (first.before.as_ref(), now.get(first.key.0, &first.key.1)));
    let mut pairs: Vec<_> = pairs.filter(|(before, after)| text(*before) != text(*after)).collect();
    pairs.sort_by_key(|(before, after)| before.or(*after).map(key));
    if pairs.is_empty() {
        return Vec::new();
    }
    // A query can name everything, an index the columns of its table.
    let is_query = |known: &Known| matches!(known.object.kind(), Kind::View | Kind::Trigger);
    let whole = pairs.iter().any(|(before, after)| before.is_some_and(|it| is_query(it)) && after.is_some());
    let changed: HashSet<_> = pairs.iter().flat_map(|(before, after)| [*before, *after]).flatten().map(key).collect();
    let is_owner = |known: &Known| {
        known.object.kind() == Kind::Table && changed.iter().any(|(_, _, table)| *table == Some(known.object.name()))
    };
    let others = now.iter().filter(|known| !changed.contains(&key(known)) && (whole || is_owner(known)));
    let others: Vec<_> = others.collect();
    let schema = |own: Vec<&Rc<Known>>| {
        let objects = own.into_iter().chain(others.iter().copied()).map(|known| known.object.clone());
        Schema { objects: objects.collect() }
    };
    let before = schema(pairs.iter().filter_map(|(before, _)| *before).collect());
    let after = schema(pairs.iter().filter_map(|(_, after)| *after).collect());
    compare(&before, &after)
}

fn text(known: Option<&Rc<Known>>) -> Option<&str> {
    known.map(|known| known.object.text())
}

/// What an object is called, and what it belongs to.
fn key(known: &Rc<Known>) -> (Kind, &crate::Name, Option<&crate::Name>) {
    let object: &Object = &known.object;
    (object.kind(), object.name(), object.table())
}

fn leads_elsewhere(migration: &SourceMigration, down: &Script, differences: &[Difference]) -> Diagnostic {
    let message = format!("the way back of `{}` does not lead back to the schema before it", migration.name());
    let finding = at_first(Diagnostic::warning(CODE, message), down);
    let finding = differences
        .iter()
        .fold(finding, |finding, difference| finding.note(format!("compared with before: {difference}")));
    finding
        .help("undo in it what the way up does")
        .help("if there is no way back, remove it and write `-- dbmigrate: irreversible REASON` in the way up")
}

fn runs_once(migration: &SourceMigration, down: &Script, refused: Diagnostic) -> Diagnostic {
    let message = format!("after the way back of `{}` its way up does not run again", migration.name());
    let place = refused.location.map(|location| format!("{}:{}: ", location.path, location.position));
    at_first(Diagnostic::warning(CODE, message), down)
        .note(format!("{}{}", place.unwrap_or_default(), refused.message))
        .help("undo in it what the way up does, to the rows as well")
}

/// Puts a finding where the script begins.
fn at_first(finding: Diagnostic, script: &Script) -> Diagnostic {
    let span = script.steps.iter().find_map(|step| match step {
        Step::Sql(statement) => Some(statement.span),
        Step::Call { .. } => None,
    });
    match span {
        Some(span) => finding.at(Location::new(&script.source, script.source.first_line(span))),
        None => finding.in_file(script.source.path()),
    }
}
