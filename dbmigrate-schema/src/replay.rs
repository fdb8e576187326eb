//! Replays a set on an empty database in memory.

use std::fmt;

use dbmigrate_core::{Body, Diagnostic, Down, MigrationSet, Script, SourceMigration, Step as ScriptStep};
use rusqlite::Connection;

use crate::inverse::Inverse;
use crate::lint::Options;
use crate::model::Schema;
use crate::observer::{NoObserver, ReplayObserver};
use crate::program::Program;
use crate::proof::Step;
use crate::read::{ReadOptions, read};
use crate::{execute, repeatable, scratch, snapshot, views};

/// The result of a replay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replay {
    /// What SQLite or the program rejected.
    pub diagnostics: Vec<Diagnostic>,
    /// How many up scripts ran.
    pub ups: usize,
    /// How many down scripts ran.
    pub downs: usize,
    /// The migrations whose up script did not run, because a failure or a migration that cannot be replayed comes
    /// before it; then the files of hooks and repeatables.
    pub unchecked: Vec<String>,
    /// The migrations whose up script ran and whose down script cannot be replayed, and why.
    pub unchecked_downs: Vec<(String, Stopped)>,
    /// The first migration or hook that cannot be replayed, if that ended the replay.
    pub stopped: Option<(String, Stopped)>,
    /// What is wrong with the snapshot of the set.
    pub doubts: Vec<Diagnostic>,
    /// The schema at the end, if it was requested and everything ran.
    pub schema: Option<Schema>,
}

/// Why a migration cannot be replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// It runs Rust code of the program, and no program was given.
    Code,
    /// It works on another database file, which a replay does not open.
    OtherFiles,
}

impl Stopped {
    /// What to do about it, if anything.
    #[must_use]
    pub fn help(self) -> Option<&'static str> {
        match self {
            Self::Code => Some("`cargo dbmigrate init --runner` adds a binary that runs it"),
            Self::OtherFiles => None,
        }
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Code => "contains Rust, which only the program can run",
            Self::OtherFiles => "works on another database file, which a replay does not open",
        })
    }
}

/// Runs every up script in order, with the hooks around them and the repeatables after them. On a second database, it
/// also runs each down script, and the up script again. What a down script leaves different from before is a warning.
///
/// Rust is run by the program. Without a program, the replay ends before such a migration, as it does before one that
/// works on other database files, and lists what was not checked.
#[must_use]
pub fn replay(set: &MigrationSet, program: Option<&dyn Program>) -> Replay {
    let (mut replay, elsewhere) = watched(set, program, false, &mut NoObserver);
    replay.diagnostics.extend(elsewhere.into_iter().map(|(_, finding)| finding));
    replay.diagnostics.append(&mut replay.doubts);
    replay
}

/// A down script that does not lead back: the number of the migration, and what differs.
pub(crate) type Elsewhere = (u64, Diagnostic);

/// As [`replay`], with somebody who looks on while the up scripts run. Down scripts that lead elsewhere are apart.
/// `schema` asks for the schema that it leads to.
pub(crate) fn watched(
    set: &MigrationSet,
    program: Option<&dyn Program>,
    schema: bool,
    observer: &mut dyn ReplayObserver,
) -> (Replay, Vec<Elsewhere>) {
    let mut replay = Replay::default();
    let replayer = Replayer { proves: true, ..Replayer::new(set, program) };
    let elsewhere = replayer.ups_and_downs(&mut replay, schema, observer).unwrap_or_else(|error| {
        let message = format!("could not use a database in memory: {error}");
        replay.diagnostics.push(Diagnostic::error("replay", message));
        Vec::new()
    });
    (replay, elsewhere)
}

/// A set, and what its scripts are run with.
#[derive(Clone, Copy)]
pub(crate) struct Replayer<'r> {
    pub(crate) set: &'r MigrationSet,
    program: Option<&'r dyn Program>,
    /// Whether any script may put the check of a foreign key off until its commit.
    deferring: bool,
    /// Whether the snapshot of the set is compared with what its migrations have led to.
    proves: bool,
}

/// Why a way was not gone.
pub(crate) enum Halt {
    Refused(Box<Diagnostic>),
    Stopped(Stopped),
}

impl Halt {
    fn refused(diagnostic: Diagnostic) -> Self {
        Self::Refused(Box::new(diagnostic))
    }
}

impl<'r> Replayer<'r> {
    pub(crate) fn new(set: &'r MigrationSet, program: Option<&'r dyn Program>) -> Self {
        let scripts = set.migrations.iter().flat_map(|migration| match &migration.body {
            Body::Sql { up, down: Down::Script(down) } => [Some(up), Some(&**down)],
            Body::Sql { up, .. } => [Some(up), None],
            Body::Rust(_) => [None, None],
        });
        let deferring = scripts.flatten().chain(set.hooks()).any(execute::mentions_deferring);
        Self { set, program, deferring, proves: false }
    }

    fn ups_and_downs(
        &self,
        replay: &mut Replay,
        schema: bool,
        observer: &mut dyn ReplayObserver,
    ) -> rusqlite::Result<Vec<Elsewhere>> {
        let mut connection = self.begin(replay)?;
        let nothing = Options::default();
        let mut inverse = Inverse::new(*self, &nothing, observer)?;
        inverse.connection_opened(&mut connection)?;
        self.ups(&mut connection, replay, &mut inverse);
        self.rest(&connection, replay, schema)?;
        replay.downs = inverse.downs;
        replay.diagnostics.extend(inverse.refused);
        replay.unchecked_downs = inverse.unchecked;
        Ok(inverse.elsewhere)
    }

    /// A database with what is there before the first migration.
    pub(crate) fn begin(&self, replay: &mut Replay) -> rusqlite::Result<Connection> {
        let connection = scratch::open(&self.set.config.replay.stubs)?;
        if let Some(base) = &self.set.base {
            replay.went(path(base), self.hook(&connection, base, &mut NoObserver));
        }
        Ok(connection)
    }

    /// Runs what stands before the migrations, and every way up.
    pub(crate) fn ups(&self, connection: &mut Connection, replay: &mut Replay, observer: &mut dyn ReplayObserver) {
        let mut migrations = self.set.migrations.iter().enumerate();
        let hook = self.set.before_all.as_ref();
        let began = replay.diagnostics.is_empty() && replay.stopped.is_none();
        if began && hook.is_none_or(|hook| replay.went(path(hook), self.hook(connection, hook, observer))) {
            let mut proved = self.set.snapshot.as_ref().filter(|_| self.proves);
            if let (Some(_), Some(hook)) = (proved, hook)
                && !snapshot::is_empty(connection).unwrap_or(false)
            {
                proved = None;
                replay.doubts.push(snapshot::of_no_use(hook));
            }
            for (at, migration) in migrations.by_ref() {
                observer.migration_begins(at);
                let went = self.go(connection, migration, Step::Up, observer).and_then(|()| {
                    let unexpected = |error| Halt::refused(execute::unexpected_in(migration.source().path(), &error));
                    observer.migration_ran(connection).map_err(unexpected)
                });
                if !replay.went(migration.name(), went) {
                    break;
                }
                replay.ups += 1;
                if let Some(snapshot) = proved.filter(|snapshot| snapshot.number == migration.number) {
                    replay.doubts.extend(snapshot::check(self.set, snapshot, connection));
                }
            }
        }
        replay.unchecked.extend(migrations.map(|(_, migration)| migration.name()));
    }

    /// Runs what stands after the migrations, reads the schema where it is wanted, and asks every view.
    fn rest(&self, connection: &Connection, replay: &mut Replay, schema: bool) -> rusqlite::Result<()> {
        let set = self.set;
        if !replay.diagnostics.is_empty() || replay.stopped.is_some() {
            let scripts = set.repeatables.iter().map(|it| &it.script).chain(&set.after_all);
            replay.unchecked.extend(scripts.map(path));
            return Ok(());
        }
        self.after(connection, replay);
        if replay.diagnostics.is_empty() {
            replay.schema = schema.then(|| read(connection, &ReadOptions::default())).transpose()?;
            replay.diagnostics = views::ask(connection, &set.repeatables)?;
        }
        Ok(())
    }

    /// Runs the repeatables and what stands after them.
    pub(crate) fn after(&self, connection: &Connection, replay: &mut Replay) {
        for repeatable in &self.set.repeatables {
            let made = repeatable::take_away(connection, repeatable)
                .and_then(|()| self.run(connection, &repeatable.script, &mut NoObserver));
            replay.diagnostics.extend(made.err());
        }
        if !replay.diagnostics.is_empty() {
            // What is not there would be missed by the others.
            replay.unchecked.extend(self.set.after_all.iter().map(path));
            return;
        }
        if let Some(hook) = &self.set.after_all {
            replay.went(path(hook), self.hook(connection, hook, &mut NoObserver));
        }
    }

    pub(crate) fn hook(
        &self,
        connection: &Connection,
        hook: &Script,
        observer: &mut dyn ReplayObserver,
    ) -> Result<(), Halt> {
        let hook = replayable(hook).map_err(Halt::Stopped)?;
        self.run(connection, hook, observer).map_err(Halt::refused)
    }

    /// Goes one way of a migration, which there is: in memory or, where it holds Rust, by the program.
    pub(crate) fn go(
        &self,
        connection: &mut Connection,
        migration: &SourceMigration,
        way: Step,
        observer: &mut dyn ReplayObserver,
    ) -> Result<(), Halt> {
        match (replayed(migration, way), self.program) {
            (Ok(script), _) => self.run(connection, script, observer).map_err(Halt::refused),
            (Err(Stopped::Code), Some(program)) => {
                let script = script_of(migration, way);
                script.map_or(Ok(()), |script| execute::asserts(connection, script)).map_err(Halt::refused)?;
                let refused = |refused| Halt::refused(execute::began_empty(refused));
                *connection = program.run(migration, way, connection).map_err(refused)?;
                let unexpected = |error| Halt::refused(execute::unexpected_in(migration.source().path(), &error));
                scratch::register(connection, &self.set.config.replay.stubs).map_err(unexpected)?;
                observer.connection_opened(connection).map_err(unexpected)
            }
            (Err(why), _) => Err(Halt::Stopped(why)),
        }
    }

    fn run(
        &self,
        connection: &Connection,
        script: &Script,
        observer: &mut dyn ReplayObserver,
    ) -> Result<(), Diagnostic> {
        execute::script(connection, self.set.config.foreign_keys, script, self.deferring, observer)
    }
}

impl Replay {
    /// Takes down what came of a script, and says whether the replay can go on after it.
    fn went(&mut self, name: String, result: Result<(), Halt>) -> bool {
        match result {
            Ok(()) => return true,
            Err(Halt::Refused(diagnostic)) => self.diagnostics.push(*diagnostic),
            Err(Halt::Stopped(why)) => {
                self.unchecked.push(name.clone());
                self.stopped = Some((name, why));
            }
        }
        false
    }
}

fn path(script: &Script) -> String {
    script.source.path().to_owned()
}

/// The way up, where a replay can run it without the program.
pub(crate) fn up_script(migration: &SourceMigration) -> Result<&Script, Stopped> {
    replayed(migration, Step::Up)
}

/// The down script, where there is one and a replay can run it without the program.
pub(crate) fn down_script(migration: &SourceMigration) -> Option<&Script> {
    replayed(migration, Step::Down).ok()
}

/// The script of a way, where a replay can run it without the program.
fn replayed(migration: &SourceMigration, way: Step) -> Result<&Script, Stopped> {
    script_of(migration, way).map_or(Err(Stopped::Code), replayable)
}

/// The script of a way; none where that is Rust, or where there is no down script.
pub(crate) fn script_of(migration: &SourceMigration, way: Step) -> Option<&Script> {
    match (&migration.body, way) {
        (Body::Sql { up, .. }, Step::Up) => Some(up),
        (body, Step::Down) => body.down_script(),
        _ => None,
    }
}

pub(crate) fn has_down_script(migration: &SourceMigration) -> bool {
    match &migration.body {
        Body::Sql { .. } => migration.body.down_script().is_some(),
        Body::Rust(rust) => rust.has_down && rust.irreversible.is_none(),
    }
}

/// Whether a script can run in memory. A program that ran one with both in it would open the other file.
pub(crate) fn replayable(script: &Script) -> Result<&Script, Stopped> {
    let has_code = script.steps.iter().any(|step| matches!(step, ScriptStep::Call { .. }));
    let opens_file = |step: &ScriptStep| match step {
        ScriptStep::Call { .. } => false,
        ScriptStep::Sql(statement) => {
            execute::starts_with(script, statement, "ATTACH") || has_code && execute::is_vacuum_into(script, statement)
        }
    };
    if script.steps.iter().any(opens_file) {
        Err(Stopped::OtherFiles)
    } else if has_code {
        Err(Stopped::Code)
    } else {
        Ok(script)
    }
}
