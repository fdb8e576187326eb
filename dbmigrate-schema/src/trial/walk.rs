//! The pass that carries its rows along.

use std::collections::HashSet;
use std::time::Instant;

use dbmigrate_core::{Diagnostic, MigrationSet, Script, SourceMigration};
use rusqlite::Connection;

use super::compared::{self, Compared};
use super::refusal::turned_away;
use super::rows::{self, SEED, chosen, fill_new, made};
use super::{Emptied, Fault, FaultKind, LeftOut, Leg, MigrationTrial, Rows, TrialOptions, TrialReport};
use crate::execute;
use crate::inverse::differences;
use crate::lint::{Follower, Options, ScriptEffects};
use crate::model::{Kind, Name};
use crate::observer::ReplayObserver;
use crate::proof::{Contents, asserts, faults};
use crate::read::{ReadOptions, read};
use crate::replay::{down_script, replayable, up_script};
use crate::scratch::{self, copy};

/// A database, as the migrations so far have made it, with rows.
pub(super) struct Walk<'a> {
    set: &'a MigrationSet,
    tries: &'a TrialOptions<'a>,
    connection: Connection,
    follower: Follower<'a>,
    pub(super) tried: TrialReport,
}

/// The tables that a migration changes, or whose rows it is meant to change.
pub(super) type Affected = HashSet<Name>;

impl<'a> Walk<'a> {
    pub(super) fn new(
        set: &'a MigrationSet,
        tries: &'a TrialOptions<'a>,
        nothing: &'a Options<'a>,
    ) -> rusqlite::Result<Self> {
        let mut walk = Self {
            set,
            tries,
            connection: scratch::open(&set.config.replay.stubs)?,
            follower: Follower::new(set, nothing),
            tried: TrialReport::default(),
        };
        for script in set.base.iter().chain(&set.before_all) {
            match replayable(script) {
                // Where it fails, so does what relies on it.
                Ok(script) => drop(rows::go(set, &walk.connection, script)),
                Err(why) => walk.tried.stopped = Some((script.source.path().to_owned(), why)),
            }
        }
        walk.follower.connection_opened(&mut walk.connection)?;
        if set.base.is_some() && matches!(tries.rows, Rows::Generated) {
            walk.fill_all()?;
        }
        Ok(walk)
    }

    /// Tries them all, and says what each affects, as far as it came.
    pub(super) fn all(&mut self) -> rusqlite::Result<Vec<Affected>> {
        let last = self.tries.to.unwrap_or(u64::MAX);
        let migrations: Vec<&SourceMigration> =
            self.set.migrations.iter().filter(|migration| migration.number <= last).collect();
        let mut affected = Vec::new();
        if self.tried.stopped.is_some() {
            self.tried.unchecked.extend(migrations.iter().map(|it| it.name()));
            return Ok(affected);
        }
        for (at, migration) in migrations.iter().enumerate() {
            let up = match up_script(migration) {
                Ok(up) => up,
                Err(why) => {
                    // What runs the Rust of a program has its place here.
                    self.tried.stopped = Some((migration.name(), why));
                    self.tried.unchecked.extend(migrations[at..].iter().map(|it| it.name()));
                    break;
                }
            };
            let started = Instant::now();
            let mut one = MigrationTrial {
                name: migration.name(),
                rows: count(&self.connection, &self.follower)?,
                compared: 0,
                went_back: false,
                left_out: Vec::new(),
                faults: Vec::new(),
                duration: started.elapsed(),
            };
            let found = self.one(at, up, &mut one)?;
            one.duration = started.elapsed();
            self.tried.migrations.push(one);
            match found {
                Some(found) => affected.push(found),
                None => {
                    self.tried.unchecked.extend(migrations[at + 1..].iter().map(|it| it.name()));
                    break;
                }
            }
        }
        if let Some(last) = self.tried.migrations.last_mut().filter(|last| last.faults.is_empty()) {
            let schema = read(&self.connection, &ReadOptions::default())?;
            let found = faults(&self.connection, &schema).into_iter();
            last.faults.extend(found.map(|fault| Fault { leg: Leg::Up, kind: FaultKind::State(fault) }));
        }
        Ok(affected)
    }

    /// Tries one. None where nothing can come after it.
    fn one(&mut self, at: usize, up: &Script, one: &mut MigrationTrial) -> rusqlite::Result<Option<Affected>> {
        let migration = &self.set.migrations[at];
        let mut beside = self.beside()?;
        // What its author ruled out by an assertion is turned away as by a check.
        let mut went = asserts(&beside, up).and_then(|()| self.go(&beside, up));
        if let Err(refused) = &went
            && let Some(is_right) = self.choose(at, up)?
        {
            if !is_right {
                one.faults.push(Fault { leg: Leg::Up, kind: FaultKind::Refused(refused.clone()) });
            }
            beside = self.beside()?;
            went = self.go(&beside, up);
        }
        let there = match went {
            Ok(there) => there,
            Err(refused) => {
                one.faults.push(Fault { leg: Leg::Up, kind: FaultKind::Refused(refused) });
                return self.start_after(at);
            }
        };
        let compared = compared::there(&there, None, &self.follower.state);
        self.compare(&compared, &beside, Leg::Up, one)?;
        for (before, after, drops) in &there.partial {
            let (of, left) = (rows_of(&self.connection, before)?, rows_of(&beside, after)?);
            if left < of {
                one.left_out.push(LeftOut { table: after.clone(), rows: of - left, of, drops: *drops });
            }
        }
        if let Some(down) = down_script(migration) {
            self.back(&there, (up, down), &beside, one)?;
        } else if migration.body.down_script().is_some() {
            self.tried.unchecked_downs.push(migration.name());
        }
        if let Err(refused) = rows::go(self.set, &self.connection, up) {
            one.faults.push(Fault { leg: Leg::Up, kind: FaultKind::Refused(refused) });
            return self.start_after(at);
        }
        self.more_rows(at, &there, one)?;
        let tables = there.tables.iter().flat_map(|it| [it.before.object.name(), it.after.object.name()]);
        let gone = there.changes.iter().filter(|it| it.key.0 == Kind::Table).map(|it| &it.key.1);
        Ok(Some(tables.chain(gone).chain(&there.meant).cloned().collect()))
    }

    fn back(
        &mut self,
        there: &ScriptEffects,
        (up, down): (&Script, &Script),
        beside: &Connection,
        one: &mut MigrationTrial,
    ) -> rusqlite::Result<()> {
        if asserts(beside, down).is_err() {
            self.tried.refused_downs.push(one.name.clone());
            return Ok(());
        }
        one.went_back = true;
        let found = one.faults.len();
        let back = match self.go(beside, down) {
            Ok(back) => back,
            Err(refused) => {
                one.faults.push(Fault { leg: Leg::Down, kind: FaultKind::Refused(refused) });
                return Ok(());
            }
        };
        let differences = differences(&self.follower.state, &[&there.changes, &back.changes]);
        if !differences.is_empty() {
            let kinds = differences.into_iter().map(FaultKind::Schema);
            one.faults.extend(kinds.map(|kind| Fault { leg: Leg::Down, kind }));
            return Ok(());
        }
        let compared = compared::back(there, &back, &self.follower.state);
        self.compare(&compared, beside, Leg::Down, one)?;
        match self.go(beside, up) {
            // What is lost on the way back is still lost.
            Ok(_) if one.faults.len() > found => Ok(()),
            Ok(mut again) => {
                again.meant.extend(back.meant.iter().cloned());
                again.computed.extend(back.computed.iter().cloned());
                let compared = compared::there(&again, Some(&back), &self.follower.state);
                self.compare(&compared, beside, Leg::UpAgain, one)
            }
            Err(refused) => {
                one.faults.push(Fault { leg: Leg::UpAgain, kind: FaultKind::Refused(refused) });
                Ok(())
            }
        }
    }

    /// Compares the rows before the migration with those beside.
    fn compare(
        &self,
        compared: &Compared,
        beside: &Connection,
        leg: Leg,
        one: &mut MigrationTrial,
    ) -> rusqlite::Result<()> {
        let Compared { from, to, pairs } = compared;
        let contents = Contents::read(&self.connection, pairs, from, to)?;
        one.compared += contents.rows();
        let losses = contents.losses(beside)?.into_iter();
        one.faults.extend(losses.map(|loss| Fault { leg, kind: FaultKind::Rows(loss) }));
        Ok(())
    }

    /// A copy of the database, which is followed from then on.
    fn beside(&mut self) -> rusqlite::Result<Connection> {
        let mut beside = copy(&self.connection, &self.set.config.replay.stubs)?;
        self.follower.turn_to(&mut beside)?;
        Ok(beside)
    }

    fn go(&mut self, connection: &Connection, script: &Script) -> Result<ScriptEffects, Diagnostic> {
        execute::script(connection, self.set.config.foreign_keys, script, true, &mut self.follower)?;
        Ok(self.follower.effects_of(script))
    }

    /// Where generated rows were turned away: takes others, and says whether it is right that it did. None where that
    /// is not what is wrong.
    fn choose(&mut self, at: usize, up: &Script) -> rusqlite::Result<Option<bool>> {
        if !matches!(self.tries.rows, Rows::Generated) {
            return Ok(None);
        }
        let Some(why) = turned_away(&self.connection, self.set.config.foreign_keys, up)? else { return Ok(None) };
        // On a database without rows it says which tables it touches.
        let Some(mut empty) = made(self.set, at)? else { return Ok(None) };
        self.follower.turn_to(&mut empty)?;
        let Ok(told) = self.go(&empty, up) else { return Ok(None) };
        let changed = told.changes.iter().map(|changed| {
            let known = changed.before.as_ref().or(changed.after.as_ref());
            known.and_then(|known| known.object.table()).unwrap_or(&changed.key.1).clone()
        });
        let touched: HashSet<Name> = changed.chain(told.meant.iter().cloned()).collect();
        let holds = |table: &&Name| {
            let sql = format!("SELECT EXISTS (SELECT 1 FROM main.{})", table.to_sql());
            // One that the migration makes is not there.
            self.connection.query_row(&sql, [], |row| row.get(0)).unwrap_or(false)
        };
        let held = touched.iter().filter(holds).cloned().collect();
        let Some(chosen) = chosen(self.set, at, up, &touched, &told.read, &held)? else { return Ok(None) };
        self.connection = chosen.connection;
        // A check, a key or an assertion may be one that no generated row satisfies. That every row comes to be NULL in
        // a place that takes none is no matter of rows.
        let is_right = chosen.emptied.is_empty() || !why.starts_with("NOT NULL");
        if is_right {
            let name = self.set.migrations[at].name();
            if !chosen.emptied.is_empty() {
                self.tried.emptied.push(Emptied { name: name.clone(), tables: chosen.emptied, why: why.clone() });
            }
            self.tried.turned_away.push((name, why));
        }
        Ok(Some(is_right))
    }

    /// Goes on after a migration that could not be tried; none where it can't be gone without rows either.
    fn start_after(&mut self, at: usize) -> rusqlite::Result<Option<Affected>> {
        let Rows::Generated = self.tries.rows else { return Ok(None) };
        let Some(connection) = made(self.set, at + 1)? else { return Ok(None) };
        self.connection = connection;
        self.follower.turn_to(&mut self.connection)?;
        // Nobody has seen what it does, so all may be.
        self.fill_all().map(Some)
    }

    /// Fills every table that there is, and names them.
    fn fill_all(&mut self) -> rusqlite::Result<HashSet<Name>> {
        let tables = self.follower.state.iter().map(|known| known.object.name().clone()).collect();
        fill_new(&self.connection, &self.follower.state, &tables, SEED)?;
        Ok(tables)
    }

    /// The rows that come after a migration.
    fn more_rows(&mut self, at: usize, there: &ScriptEffects, one: &mut MigrationTrial) -> rusqlite::Result<()> {
        self.follower.turn_to(&mut self.connection)?;
        match self.tries.rows {
            Rows::Files(files) => {
                let number = self.set.migrations[at].number;
                for (_, script) in files.iter().filter(|(of, _)| *of == number) {
                    if let Err(refused) = rows::go(self.set, &self.connection, script) {
                        one.faults.push(Fault { leg: Leg::Rows, kind: FaultKind::Refused(refused) });
                    }
                }
            }
            Rows::Generated => {
                let changed = there.changes.iter().map(|changed| changed.key.1.clone()).collect();
                let filled = fill_new(&self.connection, &self.follower.state, &changed, SEED + at as u64)?;
                for table in filled.tables {
                    self.tried.unfilled.retain(|(name, _)| *name != table.table);
                    self.tried.unfilled.extend(table.why.map(|why| (table.table, why)));
                }
            }
        }
        Ok(())
    }
}

/// How many rows there are.
fn count(connection: &Connection, follower: &Follower<'_>) -> rusqlite::Result<usize> {
    let mut rows = 0;
    for known in follower.state.iter().filter(|known| known.object.kind() == Kind::Table) {
        rows += rows_of(connection, known.object.name())?;
    }
    Ok(rows)
}

fn rows_of(connection: &Connection, table: &Name) -> rusqlite::Result<usize> {
    let sql = format!("SELECT count(*) FROM main.{}", table.to_sql());
    connection.query_row(&sql, [], |row| row.get::<_, u32>(0)).map(|rows| rows as usize)
}
