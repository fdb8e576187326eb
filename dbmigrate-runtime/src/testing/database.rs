//! A migrated database for a test, for the cost of a copy.
//!
//! The real engine makes a template once, Rust included, with the seeds. If a template cannot safely be shared (because
//! of code that holds a value of one test), or cannot be copied by this SQLite, each database is made from the
//! migrations instead, which takes longer and has the same result.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use super::shelf::{Shelf, hash};
use super::template::{self, Template};
use super::{Testing, could_not_open};
use crate::copy::by_file;
use crate::db::Db;
use crate::driver::{Access, Backend, Driver};
use crate::error::{Error, ErrorKind};
use crate::hooks::Hooks;
use crate::kept::{COMPANIONS, PartialFile, suffixed};
use crate::options::Options;
use crate::replay::works_on_other_files;
use crate::set::{Down, ForeignKeys, Script, Set};
use crate::up;

impl<B: Backend> Testing<'_, B>
where
    B::Connection: Send,
{
    /// Returns a database in memory with all migrations and seeds, for one test: a copy of a template that is made
    /// once. With 100 migrations, a copy takes about 0.2 ms if the module was included with `backup`, and 1.5 ms
    /// otherwise; running the migrations takes 20 ms.
    ///
    /// Foreign keys are enforced, unless the configuration says otherwise. Times and random values that migrations have
    /// written are the same in all copies. The callbacks of the migrator, such as
    /// [`Migrator::before_each`](crate::Migrator::before_each), are not called.
    ///
    /// Test runners that give each test its own process share a template as well: it is kept in the target folder for
    /// one hour, for this build of this executable, and checked before it is used. [`Testing::fresh`] does without.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/migrations.rs")); }
    /// # use example::migrations;
    /// // In a test:
    /// let db = migrations::migrator().testing().seed("INSERT INTO notes (text) VALUES ('milk')").database()?;
    /// assert!(db.execute("INSERT INTO notes (text) VALUES (NULL)", []).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Migrator::up`](crate::Migrator::up); [`Error::is_seed`] if a seed fails; and the error of
    /// [`Testing::on_connect`].
    pub fn database(&self) -> Result<B::Connection, Error> {
        if let Some(key) = self.key() {
            let copy = template::with(&key, || self.template(&key), Template::copy)?;
            if let Ok(mut connection) = copy {
                self.connect(&mut connection)?;
                return Ok(connection);
            }
        }
        let mut connection = B::open(Path::new(":memory:"), Access::Create).map_err(could_not_open)?;
        self.make(&mut connection, &self.options())?;
        Ok(connection)
    }

    /// Like [`Testing::database`], in a new file, which is not removed afterwards. Its journal mode is that of
    /// [`Migrator::journal_mode`](crate::Migrator::journal_mode).
    ///
    /// # Errors
    ///
    /// As [`Testing::database`], and [`Error::is_copy`] if the file exists or cannot be written. Nothing is
    /// overwritten.
    pub fn file(&self, path: impl AsRef<Path>) -> Result<B::Connection, Error> {
        let shown = path.as_ref();
        refuse_existing(shown)?;
        let could_not = |cause| by_file(&format!("could not write `{}`", shown.display()), cause);
        // SQLite takes an absolute path for nothing else.
        let path = std::path::absolute(shown).map_err(could_not)?;
        let part = PartialFile::new(path.clone()).map_err(could_not)?;
        let is_copied = self.copy_to(&path)?.map_err(could_not)?;
        let mut connection = B::open(&path, Access::Create).map_err(|cause| {
            Error::new(ErrorKind::Copy, format_args!("could not open `{}`: {cause}", shown.display())).because(cause)
        })?;
        let mode = self.migrator.options.journal_mode;
        let options = Options { journal_mode: mode, ..self.options() };
        let done = if is_copied {
            self.connect(&mut connection).and_then(|()| {
                let hooks = Hooks::default();
                let mut session = self.migrator.silent(&mut connection, &hooks);
                mode.map_or(Ok(()), |(mode, switch)| switch(&mut Db::new(&mut session, &options), mode))
            })
        } else {
            self.make(&mut connection, &options)
        };
        if let Err(error) = done {
            // Before the file goes.
            drop(connection);
            return Err(error);
        }
        part.keep();
        Ok(connection)
    }

    /// Copies the template to a new file, if there is one and this SQLite can.
    fn copy_to(&self, path: &Path) -> Result<io::Result<bool>, Error> {
        let Some(key) = self.key() else { return Ok(Ok(false)) };
        let copy = |template: &mut Template<B>| {
            let Ok(image) = template.image(suffixed(path, ".dbmigrate-template")) else { return Ok(false) };
            fs::File::create_new(path)?.write_all(image)?;
            Ok(true)
        };
        template::with(&key, || self.template(&key), copy)
    }
}

impl<'a, B: Backend> Testing<'a, B> {
    /// Declares that the values held by the program's code are the same wherever this key is used, so that one template
    /// serves all of them: the steps of `migrator(&steps)`, or what [`Testing::on_connect`] captures. Without a key
    /// this cannot be known, and each database is made by running all migrations.
    #[must_use]
    pub fn template_key(mut self, key: impl Into<String>) -> Self {
        self.template_key = Some(key.into());
        self
    }

    /// Makes the template again in each process: for Rust in the migrations or seeds that reads files, the environment
    /// or the clock.
    #[must_use]
    pub fn fresh(mut self) -> Self {
        self.fresh = true;
        self
    }

    /// What tells a template from all others of this executable; `None` where nothing can.
    fn key(&self) -> Option<String> {
        let set = self.migrator.set().ok()?;
        let connect = self.on_connect.as_ref().map(|(_, identity)| identity.as_deref());
        let is_held = scripts(set).any(Script::has_code) && self.migrator.code_captures || connect == Some(None);
        if is_held && self.template_key.is_none() {
            return None;
        }
        let mut key = format!("{}\n{:?}\n", std::any::type_name::<B>(), set.rules);
        let mut add = |what: &str, text: &str| {
            // With its length, so that no text looks like two.
            let _ = writeln!(key, "{what} {} {text}", text.len());
        };
        add("set", set.name);
        add("table", set.table);
        add("key", self.template_key.as_deref().unwrap_or_default());
        add("connect", connect.flatten().unwrap_or_default());
        add("tool", self.migrator.options.tool);
        add("scripts", &format!("{:016x}", hash_of(set)));
        for hook in set.before_all.iter().chain(&set.after_all) {
            add(hook.file, hook.text);
        }
        for seed in &self.seeds {
            let (kind, text) = seed.identity();
            add(kind, text);
        }
        Some(key)
    }

    /// The template: one that another process has kept, or a new one.
    fn template(&self, key: &str) -> Result<Template<B>, Error> {
        let mut connection = template::open::<B>().map_err(could_not_open)?;
        let shelf = (!self.fresh).then(|| Shelf::of(&format!("{key}{}", version::<B>(&mut connection)))).flatten();
        let connect = |connection: &mut B::Connection| self.connect(connection);
        let kept = |shelf: &Shelf| Template::kept(shelf.file(), shelf.load()?, connect).ok();
        if let Some(template) = shelf.as_ref().and_then(kept) {
            return Ok(template);
        }
        let _lock = shelf.as_ref().and_then(|shelf| shelf.lock::<B>(self.migrator.options.busy_timeout));
        if let Some(template) = shelf.as_ref().and_then(kept) {
            return Ok(template);
        }
        self.make(&mut connection, &self.options())?;
        let mut template = Template::made(connection).map_err(could_not_open)?;
        if let Some(shelf) = shelf {
            // Without it the next process makes its own.
            let _ = shelf.store(&mut template);
        }
        Ok(template)
    }

    /// Makes an empty database what the test wants, by the real engine.
    fn make(&self, connection: &mut B::Connection, options: &Options) -> Result<(), Error> {
        let set = self.migrator.set()?;
        if let Some(script) = scripts(set).find(|script| works_on_other_files(script)) {
            let message = format!("`{}` also works on other files, and a test does not", script.file);
            return Err(Error::new(ErrorKind::Set, message));
        }
        self.connect(connection)?;
        let hooks = Hooks::default();
        up::up(&mut self.migrator.silent(connection, &hooks), set, options, None)?;
        for seed in &self.seeds {
            seed.apply::<B>(connection)?;
            if B::driver(connection).in_transaction() {
                return Err(Error::new(ErrorKind::Seed, "a seed of the test database left its transaction open"));
            }
        }
        Ok(())
    }

    /// Makes a connection what those of the program are.
    fn connect(&self, connection: &mut B::Connection) -> Result<(), Error> {
        if self.migrator.set()?.rules.foreign_keys == ForeignKeys::On {
            let hooks = Hooks::default();
            let mut session = self.migrator.silent(connection, &hooks);
            Db::new(&mut session, &self.migrator.options).execute("PRAGMA foreign_keys = ON")?;
        }
        match &self.on_connect {
            Some((call, _)) => call(connection).map_err(could_not_open),
            None => Ok(()),
        }
    }

    fn options(&self) -> Options {
        Options { journal_mode: None, backup: None, ..self.migrator.options.clone() }
    }
}

/// Everything that runs on the way up.
fn scripts<'s>(set: &'s Set<'s>) -> impl Iterator<Item = &'s Script<'s>> {
    let ups = set.migrations.iter().map(|migration| &migration.up);
    let repeatables = set.repeatables.iter().map(|repeatable| &repeatable.script);
    set.before_all.iter().chain(ups).chain(repeatables).chain(&set.after_all)
}

/// What the database and its history have of the migrations and repeatables.
fn hash_of(set: &Set<'_>) -> u64 {
    let migrations = set.migrations.iter().flat_map(|migration| {
        let down = match &migration.down {
            Down::Missing | Down::Empty(_) => "",
            Down::Irreversible(reason) => reason,
            Down::Script(script) => script.checksum,
        };
        [migration.chain, migration.text_checksum, down]
    });
    hash(migrations.chain(set.repeatables.iter().map(|repeatable| repeatable.chain)).map(str::as_bytes))
}

/// Which SQLite it is: the system may get another one while the executable stays.
fn version<B: Backend>(connection: &mut B::Connection) -> String {
    let rows = B::driver(connection).query("SELECT sqlite_source_id()", &[]).unwrap_or_default();
    format!("{rows:?}")
}

/// Refuses a path at which a database is or was: a journal that is left would be played into the new file.
fn refuse_existing(path: &Path) -> Result<(), Error> {
    let mut names = std::iter::once("").chain(COMPANIONS).map(|suffix| suffixed(path, suffix));
    match names.find(|name| name.symlink_metadata().is_ok()) {
        Some(name) => Err(Error::new(ErrorKind::Copy, format_args!("`{}` exists", name.display()))
            .hint("name a file that does not exist, in a folder of the test's own")),
        None => Ok(()),
    }
}
