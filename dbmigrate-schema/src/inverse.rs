//! Whether down scripts restore the schema: on a second database beside that of the replay, each migration goes up,
//! down, and up again.
//!
//! What a down script leaves different from before is reported object by object. The two databases advance together; if
//! the second one comes to differ, it is copied again from that of the replay, so that one fault hides no other. A copy
//! costs as much as the database is large, so it is made only after a fault. What SQLite reports about the statements
//! tells which objects to compare, so the whole stays linear. Rust is run by the program: the result of its way up is
//! copied, and the whole schema is compared.

use std::collections::HashSet;
use std::rc::Rc;

use dbmigrate_core::config::Stubs;
use dbmigrate_core::statement::Statement;
use dbmigrate_core::{Diagnostic, Location, Script, SourceMigration, Step as ScriptStep};
use rusqlite::Connection;

use crate::compare::{Difference, compare};
use crate::lint::{Changed, Follower, Known, Options, State};
use crate::model::{Kind, Object, Schema};
use crate::observer::ReplayObserver;
use crate::proof::Step;
use crate::replay::{Elsewhere, Halt, Replay, Replayer, Stopped, has_down_script, script_of, up_script};
use crate::scratch::copy;

/// The code of what is found.
pub(crate) const CODE: &str = "down-not-inverse";

/// Runs the down scripts while somebody else looks on at the up scripts.
pub(crate) struct Inverse<'a> {
    replayer: Replayer<'a>,
    /// The place of the last migration that has a down script.
    last: Option<usize>,
    /// The place of the migration that runs now.
    at: usize,
    beside: Beside<'a>,
    observer: &'a mut dyn ReplayObserver,
    /// How many down scripts ran.
    pub(crate) downs: usize,
    /// What SQLite or the program refused of them.
    pub(crate) refused: Vec<Diagnostic>,
    /// Those that can't be gone here.
    pub(crate) unchecked: Vec<(String, Stopped)>,
    /// Those that lead elsewhere.
    pub(crate) elsewhere: Vec<Elsewhere>,
}

/// A database with its schema, kept up to date.
struct Beside<'a> {
    connection: Connection,
    follower: Follower<'a>,
}

impl<'a> Inverse<'a> {
    pub(crate) fn new(
        replayer: Replayer<'a>,
        nothing: &'a Options<'a>,
        observer: &'a mut dyn ReplayObserver,
    ) -> rusqlite::Result<Self> {
        let set = replayer.set;
        let mut beside =
            Beside { connection: replayer.begin(&mut Replay::default())?, follower: Follower::new(set, nothing) };
        beside.follower.connection_opened(&mut beside.connection)?;
        let last = set.migrations.iter().rposition(has_down_script);
        if let (Some(hook), Some(_)) = (&set.before_all, last) {
            // Where it fails no migration will come.
            let _ = replayer.hook(&beside.connection, hook, &mut beside.follower);
        }
        // What is there before the first migration is no work of it.
        beside.follower.settle();
        let (refused, unchecked, elsewhere) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { replayer, last, at: 0, beside, observer, downs: 0, refused, unchecked, elsewhere })
    }

    /// Goes the three ways of a migration that the replay has just gone up. False where the two have parted.
    fn judge(&mut self, migration: &SourceMigration, replayed: &Connection) -> rusqlite::Result<bool> {
        // It ran in the replay: if not here, there are other rows. Code would cost a process more.
        let there = match up_script(migration).is_ok().then(|| self.beside.go(&self.replayer, migration, Step::Up)) {
            Some(Ok(there)) => there,
            _ => self.beside.meet(replayed, &self.replayer.set.config.replay.stubs)?,
        };
        if !has_down_script(migration) {
            return Ok(true);
        }
        let back = match self.beside.go(&self.replayer, migration, Step::Down) {
            Ok(back) => back,
            Err(Halt::Refused(refused)) => {
                self.refused.push(*refused);
                return Ok(false);
            }
            Err(Halt::Stopped(why)) => {
                self.unchecked.push((migration.name(), why));
                return Ok(true);
            }
        };
        self.downs += 1;
        let differences = differences(&self.beside.follower.state, &[&there, &back]);
        if !differences.is_empty() {
            self.elsewhere.push((migration.number, leads_elsewhere(migration, &differences)));
            return Ok(false);
        }
        match self.beside.go(&self.replayer, migration, Step::Up) {
            Ok(_) => Ok(true),
            Err(halt) => {
                if let Halt::Refused(refused) = halt {
                    self.elsewhere.push((migration.number, runs_once(migration, *refused)));
                }
                Ok(false)
            }
        }
    }
}

impl Beside<'_> {
    /// Goes one way of a migration, and says what that did to the schema.
    fn go(&mut self, replayer: &Replayer<'_>, migration: &SourceMigration, way: Step) -> Result<Vec<Changed>, Halt> {
        replayer.go(&mut self.connection, migration, way, &mut self.follower)?;
        Ok(self.follower.settle())
    }

    /// Takes over what the replay's database has, and says what of the schema is new.
    fn meet(&mut self, replayed: &Connection, stubs: &Stubs) -> rusqlite::Result<Vec<Changed>> {
        self.connection = copy(replayed, stubs)?;
        self.follower.connection_opened(&mut self.connection)?;
        Ok(self.follower.settle())
    }
}

impl ReplayObserver for Inverse<'_> {
    fn migration_begins(&mut self, at: usize) {
        self.at = at;
        self.observer.migration_begins(at);
    }

    fn connection_opened(&mut self, connection: &mut Connection) -> rusqlite::Result<()> {
        self.observer.connection_opened(connection)
    }

    fn script_begins(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.observer.script_begins(connection)
    }

    fn statement_begins(&mut self, connection: &Connection, script: &Script, statement: &Statement) {
        self.observer.statement_begins(connection, script, statement);
    }

    fn statement_ran(
        &mut self,
        connection: &Connection,
        script: &Script,
        statement: &Statement,
    ) -> rusqlite::Result<()> {
        self.observer.statement_ran(connection, script, statement)
    }

    fn migration_ran(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.observer.migration_ran(connection)?;
        let set = self.replayer.set;
        if self.last.is_some_and(|last| self.at <= last) && !self.judge(&set.migrations[self.at], connection)? {
            self.beside.meet(connection, &set.config.replay.stubs)?;
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

fn leads_elsewhere(migration: &SourceMigration, differences: &[Difference]) -> Diagnostic {
    let message = format!("the down script of `{}` does not restore the schema from before it", migration.name());
    let finding = at_down_script(Diagnostic::warning(CODE, message), migration);
    let finding = differences
        .iter()
        .fold(finding, |finding, difference| finding.note(format!("compared with before: {difference}")));
    finding
        .help("undo in it what the up script does")
        .help("if it can't be undone, remove it and write `-- dbmigrate: irreversible REASON` in the up script")
}

fn runs_once(migration: &SourceMigration, refused: Diagnostic) -> Diagnostic {
    let message = format!("after the down script of `{}`, its up script does not run again", migration.name());
    let place = refused.location.map(|location| format!("{}:{}: ", location.path, location.position));
    let finding = at_down_script(Diagnostic::warning(CODE, message), migration).note(format!(
        "{}{}",
        place.unwrap_or_default(),
        refused.message
    ));
    refused
        .notes
        .into_iter()
        .fold(finding, Diagnostic::note)
        .help("undo in it what the up script does, to the rows as well")
}

/// Puts a finding where the down script begins. Nobody knows that of Rust.
fn at_down_script(finding: Diagnostic, migration: &SourceMigration) -> Diagnostic {
    let Some(script) = script_of(migration, Step::Down) else { return finding.in_file(&migration.file) };
    let span = script.steps.iter().find_map(|step| match step {
        ScriptStep::Sql(statement) => Some(statement.span),
        ScriptStep::Call { .. } => None,
    });
    match span {
        Some(span) => finding.at(Location::new(&script.source, script.source.first_line(span))),
        None => finding.in_file(script.source.path()),
    }
}
