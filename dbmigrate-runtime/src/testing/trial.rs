//! The walk through a set: each migration up, back and up again; then all of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::rc::Rc;

use super::beside::bring_up;
use super::fault::{Fault, FaultKind, Faults, Leg};
use super::fill::fill;
use super::rows::{Contents, How, suspects};
use super::{Tested, Testing, could_not_open};
use crate::db::Db;
use crate::driver::{Access, Backend};
use crate::error::{Error, ErrorKind};
use crate::history::History;
use crate::hooks::Hooks;
use crate::manage::down::{self, Goal};
use crate::names::Names;
use crate::options::Options;
use crate::replay::works_on_other_files;
use crate::report::Report;
use crate::schema::{Difference, Schema, What};
use crate::session::{Bound, Session};
use crate::set::{Down, Effect, Migration, Script, Set, Step};
use crate::up;

/// A database, and what was found with it.
pub(super) struct Trial<'t, 'a, B: Backend> {
    testing: &'t Testing<'a, B>,
    set: &'t Set<'t>,
    options: Options,
    connection: B::Connection,
    /// The database when it was last looked at.
    seen: Rc<Seen>,
    tested: Tested,
    faults: Vec<Fault>,
}

/// A look at a database.
#[derive(Default)]
struct Seen {
    schema: Rc<Schema>,
    contents: Contents,
}

impl<'t, 'a, B: Backend> Trial<'t, 'a, B> {
    pub(super) fn new(testing: &'t Testing<'a, B>, set: &'t Set<'t>) -> Result<Self, Faults> {
        let options = Options {
            journal_mode: None,
            backup: None,
            allow_existing_schema: true,
            ..testing.migrator.options.clone()
        };
        let first = set.migrations.first().map_or("", |migration| migration.name);
        let connection = open(testing).map_err(|error| Faults::before(first, error))?;
        Ok(Self {
            testing,
            set,
            options,
            connection,
            seen: Rc::default(),
            tested: Tested::default(),
            faults: Vec::new(),
        })
    }

    pub(super) fn walk(mut self) -> Result<Tested, Faults> {
        let migrations = self.set.migrations;
        let Some(last) = migrations.last() else { return Ok(self.tested) };
        let done = self.prepare().map_err(|kind| (migrations[0].name, Leg::Up, kind)).and_then(|()| {
            let mut floor = (None, Rc::clone(&self.seen));
            for migration in migrations {
                self.one(migration).map_err(|(leg, kind)| (migration.name, leg, kind))?;
                if !matches!(migration.down, Down::Script(_)) {
                    floor = (Some(migration.number), Rc::clone(&self.seen));
                }
            }
            self.all(floor.0, &floor.1.schema).map_err(|kind| (last.name, Leg::All, kind))
        });
        if let Err((migration, leg, kind)) = done {
            self.fault(migration, leg, kind);
        }
        if self.faults.is_empty() { Ok(self.tested) } else { Err(Faults(self.faults)) }
    }

    /// The three ways of one migration. An error ends the walk.
    fn one(&mut self, migration: &Migration<'_>) -> Result<(), (Leg, FaultKind)> {
        let up = |kind| (Leg::Up, kind);
        let scripts = [Some(&migration.up), down_script(migration)];
        if scripts.into_iter().flatten().any(works_on_other_files) {
            return Err(up(other_files(migration.name)));
        }
        let mut before = Rc::clone(&self.seen);
        match self.up(migration.number) {
            Ok(()) => {
                let after = self.look(named(migration)).map_err(up)?;
                self.rows(migration, Leg::Up, &before, &after, &after);
            }
            // Without rows nothing turns them away, and what is wrong besides shows.
            Err(kind) if kind.is_about_rows() => {
                self.again(migration).map_err(up)?;
                before = Rc::new(Seen { schema: Rc::clone(&before.schema), contents: Contents::default() });
                self.turned_away(migration);
            }
            Err(kind) => match self.again(migration) {
                Ok(()) => self.fault(migration.name, Leg::Up, kind),
                Err(_) => return Err((Leg::Up, kind)),
            },
        }
        self.tested.ups += 1;
        self.fill().map_err(up)?;
        if down_script(migration).is_some() {
            self.back(migration, &before).map_err(|kind| (Leg::Down, kind))?;
        }
        Ok(())
    }

    fn back(&mut self, migration: &Migration<'_>, before: &Seen) -> Result<(), FaultKind> {
        let after = Rc::clone(&self.seen);
        let found = self.faults.len();
        if let Err(kind) = self.down(Goal::Newest) {
            self.fault(migration.name, Leg::Down, kind);
            return self.again(migration).and_then(|()| self.fill());
        }
        let now = self.look(named(migration))?;
        self.schema(migration.name, Leg::Down, &now.schema, &before.schema);
        self.rows(migration, Leg::Down, before, &now, &after);
        if self.faults.len() == found {
            match self.up(migration.number) {
                Ok(()) => {
                    let again = self.look(named(migration))?;
                    self.schema(migration.name, Leg::UpAgain, &again.schema, &after.schema);
                    self.rows(migration, Leg::UpAgain, before, &again, &after);
                }
                // Rows that the down script should have taken with it are those of the migration, and still in the way.
                Err(kind) if kind.is_about_rows() && self.three_ways(migration).is_ok() => {
                    self.turned_away(migration);
                }
                Err(kind) => self.fault(migration.name, Leg::UpAgain, kind),
            }
        }
        // One fault shall not hide the next.
        if self.faults.len() > found {
            self.again(migration)?;
        }
        self.tested.downs += 1;
        self.fill()
    }

    /// The ways of a migration without rows.
    fn three_ways(&mut self, migration: &Migration<'_>) -> Result<(), FaultKind> {
        self.again(migration)?;
        self.down(Goal::Newest)?;
        self.up(migration.number)?;
        self.look(None).map(drop)
    }

    /// All of them back as far as there is a way, and up again.
    fn all(&mut self, floor: Option<u64>, before: &Schema) -> Result<(), FaultKind> {
        let last = self.set.migrations.last().map(|migration| migration.number);
        if floor == last || self.tested.downs < 2 || !self.faults.is_empty() {
            return Ok(());
        }
        let after = Rc::clone(&self.seen);
        self.down(floor.map_or(Goal::All, Goal::After))?;
        let name = self.set.migrations.last().map_or("", |migration| migration.name);
        let now = self.look(None)?;
        self.schema(name, Leg::All, &now.schema, before);
        self.go(|session, set, options| up::up(session, set, options, None))?;
        let now = self.look(None)?;
        self.schema(name, Leg::All, &now.schema, &after.schema);
        Ok(())
    }

    fn turned_away(&mut self, migration: &Migration<'_>) {
        if self.tested.without_rows.last().is_none_or(|last| last != migration.name) {
            self.tested.without_rows.push(migration.name.to_owned());
        }
    }

    fn fault(&mut self, migration: &str, leg: Leg, kind: FaultKind) {
        self.faults.push(Fault { migration: migration.to_owned(), leg, kind });
    }

    /// Compares a schema with the one that it should be.
    fn schema(&mut self, migration: &str, leg: Leg, now: &Schema, expected: &Schema) {
        let is_ours = |difference: &Difference<'_>| {
            let mut made = self.set.repeatables.iter().flat_map(|repeatable| repeatable.objects);
            !made.any(|object| object.name.eq_ignore_ascii_case(&difference.object.name))
        };
        let is_rewritten = |difference: &Difference<'_>| {
            let object = difference.object;
            let text = |schema: &Schema| schema.object(&object.kind, &object.name).map(|it| plain(&it.text));
            matches!(difference.what, What::Text) && text(now) == text(expected)
        };
        let differences = now.compare(expected);
        let kinds = differences.iter().filter(|it| is_ours(it) && !is_rewritten(it)).filter_map(FaultKind::schema);
        let kinds: Vec<FaultKind> = kinds.collect();
        kinds.into_iter().for_each(|kind| self.fault(migration, leg, kind));
    }

    /// Compares the rows of the tables that stay.
    fn rows(&mut self, migration: &Migration<'_>, leg: Leg, before: &Seen, now: &Seen, through: &Seen) {
        let written = self.written(migration);
        let scripts = [Some(&migration.up), down_script(migration)];
        let code = scripts.into_iter().flatten().any(Script::has_code);
        let mut found = Vec::new();
        for table in before.contents.tables() {
            let name = table.name.to_ascii_lowercase();
            let (Some(after), Some(on_the_way)) = (now.contents.get(&name), through.contents.get(&name)) else {
                continue;
            };
            if written.contains(&name) || std::ptr::eq(table, after) {
                continue;
            }
            let text = |seen: &'_ Seen| seen.schema.object("table", &name).map(|object| object.text.clone());
            let same = text(before) == text(now) && text(before) == text(through);
            let mentions = |seen: &Seen| {
                let mut triggers = seen.schema.objects().filter(|object| object.kind == "trigger");
                triggers.any(|trigger| trigger.text.to_ascii_lowercase().contains(&name))
            };
            let exactly = same && !code && ![before, through].into_iter().any(mentions);
            let how = if exactly { How::Exactly } else { How::Kept };
            let lost = table.lost(after, on_the_way, how);
            found.extend(lost.map(|difference| FaultKind::Rows { table: table.name.clone(), difference }));
        }
        found.into_iter().for_each(|kind| self.fault(migration.name, leg, kind));
    }

    /// The tables, in lower case, whose rows a migration is meant to change.
    fn written(&self, migration: &Migration<'_>) -> Names {
        let scripts = [Some(&migration.up), down_script(migration)].into_iter().flatten();
        let written = scripts.flat_map(Script::statements).filter_map(|statement| match statement.effect {
            Effect::Write(table) => Some(table.to_ascii_lowercase()),
            _ => None,
        });
        let meant = self.testing.may_change.iter().filter(|(number, _)| *number == migration.number);
        written.chain(meant.map(|(_, table)| table.clone())).collect()
    }

    /// Goes up to a migration on a new database, on which there are no rows but those of the migrations.
    fn again(&mut self, migration: &Migration<'_>) -> Result<(), FaultKind> {
        self.connection = open(self.testing).map_err(FaultKind::Stopped)?;
        self.seen = Rc::default();
        self.prepare()?;
        self.up(migration.number)?;
        self.look(None).map(drop)
    }

    /// What the hook before all makes is there before the first migration.
    fn prepare(&mut self) -> Result<(), FaultKind> {
        let mut hooks = self.set.before_all.iter().chain(&self.set.after_all);
        if let Some(hook) = hooks.find(|hook| works_on_other_files(hook)) {
            return Err(other_files(hook.file));
        }
        let Some(hook) = self.set.before_all else { return self.look(None).map(drop) };
        self.go(|session, _, options| {
            let mut db = Db::new(session, options);
            for statement in hook.statements() {
                db.execute(hook.sql(statement).unwrap_or_default())?;
            }
            Ok(Report::default())
        })?;
        self.look(None).map(drop)
    }

    fn up(&mut self, number: u64) -> Result<(), FaultKind> {
        self.go(|session, set, options| up::up(session, set, options, Some(number)))
    }

    fn down(&mut self, goal: Goal) -> Result<(), FaultKind> {
        self.go(|session, set, options| down::down(session, set, options, &[], goal))
    }

    /// Lets the engine work. Code of the program may panic.
    fn go(
        &mut self,
        work: impl FnOnce(&mut dyn Session, &Set<'_>, &Options) -> Result<Report, Error>,
    ) -> Result<(), FaultKind> {
        let mut session = self.testing.migrator.session(&mut self.connection);
        let (set, options) = (self.set, &self.options);
        match catch_unwind(AssertUnwindSafe(|| work(&mut session, set, options))) {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(FaultKind::Stopped(error)),
            Err(panic) => {
                let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
                Err(FaultKind::Panicked(text.unwrap_or_default()))
            }
        }
    }

    /// Looks at the database again; `names` are the tables that were named where they could lose rows, if that is
    /// known.
    fn look(&mut self, names: Option<Names>) -> Result<Rc<Seen>, FaultKind> {
        let last = Rc::clone(&self.seen);
        let mut session = self.testing.migrator.session(&mut self.connection);
        let mut db = Db::new(&mut session, &self.options);
        let look = |db: &mut Db<'_>| {
            let schema = last.schema.read_again(db, &History::new(self.set))?;
            let suspects = suspects(&last.schema, &schema, names);
            let is_read = |name: &str| suspects.as_ref().is_none_or(|suspects| suspects.contains(name));
            let contents = last.contents.renewed(db, &schema, is_read)?;
            Ok(Seen { schema: Rc::new(schema), contents })
        };
        self.seen = Rc::new(look(&mut db).map_err(FaultKind::Stopped)?);
        Ok(Rc::clone(&self.seen))
    }

    /// Puts rows into tables that have none.
    fn fill(&mut self) -> Result<(), FaultKind> {
        let tables: Vec<String> =
            self.seen.contents.tables().filter(|table| table.is_empty()).map(|table| table.name.clone()).collect();
        if tables.is_empty() {
            self.tested.empty.clear();
            return Ok(());
        }
        let mut session = self.testing.migrator.session(&mut self.connection);
        let mut db = Db::new(&mut session, &self.options);
        self.tested.empty = fill(&mut db, &tables).map_err(FaultKind::Stopped)?;
        drop(session);
        self.look(Some(tables.iter().map(|table| table.to_ascii_lowercase()).collect())).map(drop)
    }
}

/// The tables, in lower case, that the statements of a migration name where they could lose rows. None where Rust could
/// do anything.
fn named(migration: &Migration<'_>) -> Option<Names> {
    let scripts = [Some(&migration.up), down_script(migration)].into_iter().flatten();
    let mut named = Vec::new();
    for script in scripts {
        for step in script.steps {
            let Step::Sql(statement) = step else { return None };
            if let Effect::DropTable(table) | Effect::DropColumn(table) | Effect::Write(table) = statement.effect {
                named.push(table.to_ascii_lowercase());
            }
        }
    }
    Some(named.into_iter().collect())
}

fn other_files(name: &str) -> FaultKind {
    let message = format!("`{name}` also works on other files, and a test does not");
    FaultKind::Stopped(Error::new(ErrorKind::Set, message))
}

fn open<B: Backend>(testing: &Testing<'_, B>) -> Result<B::Connection, Error> {
    let mut connection = B::open(Path::new(":memory:"), Access::Create).map_err(could_not_open)?;
    if let Some((call, _)) = &testing.on_connect {
        call(&mut connection).map_err(could_not_open)?;
    }
    let (set, beside) = (testing.migrator.set()?, testing.migrator.others()?);
    if !beside.is_empty() {
        let options = Options { journal_mode: None, backup: None, ..testing.migrator.options.clone() };
        let mut plain =
            Bound::<B> { driver: B::driver(&mut connection), code: None, hooks: &Hooks::default(), schema: None };
        bring_up(&mut plain, set, &beside, &options)?;
    }
    Ok(connection)
}

fn down_script<'m, 's>(migration: &'m Migration<'s>) -> Option<&'m Script<'s>> {
    match &migration.down {
        Down::Script(script) => Some(script),
        _ => None,
    }
}

/// A text without its quotes and blanks, and in lower case.
fn plain(text: &str) -> String {
    let plain = text.chars().filter(|it| !it.is_whitespace() && !['"', '`', '[', ']'].contains(it));
    plain.collect::<String>().to_ascii_lowercase()
}
