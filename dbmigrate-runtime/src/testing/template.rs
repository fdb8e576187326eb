//! The database that those of tests are copies of: made once in a process, kept for as long as it runs.

use std::any::{Any, TypeId};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::BoxError;
use crate::driver::{Access, Backend, Driver};
use crate::error::Error;
use crate::kept::PartialFile;
use crate::quote::literal;
use crate::value::Value;

/// A database with all migrations and seeds, which is only read.
pub(super) struct Template<B: Backend> {
    connection: B::Connection,
    /// What the connection calls that database.
    schema: &'static str,
    /// How many objects it has.
    objects: Value,
    /// It as a file, once one was needed.
    pub(super) image: Option<Vec<u8>>,
}

/// The name of a template that is attached.
const ATTACHED: &str = "template";

impl<B: Backend> Template<B> {
    /// The one that a connection has made.
    pub(super) fn made(connection: B::Connection) -> Result<Self, BoxError> {
        Self::of(connection, "main")
    }

    /// One that was kept in a file, of which this is the content. `connect` makes a connection one of the program's.
    pub(super) fn kept(
        file: &Path,
        image: Vec<u8>,
        connect: impl FnOnce(&mut B::Connection) -> Result<(), Error>,
    ) -> Result<Self, BoxError> {
        let mut connection = open::<B>()?;
        let from = B::open(file, Access::ReadOnly)?;
        let mut template = match B::clone_pages(&from, &mut connection) {
            Some(cloned) => cloned.and_then(|()| Self::of(connection, "main"))?,
            None => {
                // `VACUUM` sorts by the collations and asks the functions of the program.
                connect(&mut connection)?;
                let attach = format!("ATTACH {} AS {ATTACHED}", literal(file.to_str().ok_or("not UTF-8")?));
                B::driver(&mut connection).execute(&attach)?;
                Self::of(connection, ATTACHED)?
            }
        };
        template.image = Some(image);
        Ok(template)
    }

    fn of(mut connection: B::Connection, schema: &'static str) -> Result<Self, BoxError> {
        let objects = objects::<B>(&mut connection, schema)?;
        Ok(Self { connection, schema, objects, image: None })
    }

    /// A copy in memory. An error says that this SQLite can't, not that there is anything wrong with the template.
    pub(super) fn copy(&mut self) -> Result<B::Connection, BoxError> {
        let mut copy = B::open(Path::new(":memory:"), Access::Create)?;
        if let Some(result) = B::clone_pages(&self.connection, &mut copy) {
            return result.map(|()| copy);
        }
        let name = shared_name();
        let mut copy = B::open_shared(&name).ok_or("it can't open shared memory")??;
        self.vacuum_into(&format!("file:{name}?mode=memory&cache=shared"))?;
        // Where this SQLite shares no memory, it was another database.
        if objects::<B>(&mut copy, "main")? != self.objects {
            return Err("it does not share memory".into());
        }
        Ok(copy)
    }

    /// It as the content of a file. One is made at this path if there was none yet, and removed.
    pub(super) fn image(&mut self, path: PathBuf) -> Result<&[u8], BoxError> {
        if self.image.is_none() {
            self.write(&PartialFile::new(path)?)?;
        }
        Ok(self.image.as_deref().unwrap_or_default())
    }

    /// Writes it to a file: page by page where that can be done, so that objects keep their order, too.
    pub(super) fn write(&mut self, part: &PartialFile) -> Result<(), BoxError> {
        part.create()?;
        let path = part.path().to_str().ok_or("not UTF-8")?;
        let mut file = B::open(part.path(), Access::ReadWrite)?;
        // Nobody needs it after a crash.
        for sql in ["PRAGMA synchronous = OFF", "PRAGMA journal_mode = MEMORY"] {
            B::driver(&mut file).execute(sql)?;
        }
        match B::clone_pages(&self.connection, &mut file) {
            Some(result) => result?,
            None => self.vacuum_into(path)?,
        }
        drop(file);
        self.image = Some(fs::read(part.path())?);
        Ok(())
    }

    fn vacuum_into(&mut self, target: &str) -> Result<(), BoxError> {
        let sql = format!("VACUUM {} INTO {}", self.schema, literal(target));
        Ok(B::driver(&mut self.connection).execute(&sql)?)
    }
}

/// A connection for a template: to an empty database in memory, whose statements may name others.
pub(super) fn open<B: Backend>() -> Result<B::Connection, BoxError> {
    match B::open_shared(&shared_name()) {
        Some(Ok(connection)) => Ok(connection),
        _ => B::open(Path::new(":memory:"), Access::Create),
    }
}

/// A name that nobody else in this process has, other versions of this crate included.
fn shared_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("dbmigrate-{:x}-{count}", (&raw const COUNT).addr())
}

fn objects<B: Backend>(connection: &mut B::Connection, schema: &str) -> Result<Value, BoxError> {
    let mut rows = B::driver(connection).query(&format!("SELECT count(*) FROM {schema}.sqlite_master"), &[])?;
    Ok(rows.take_first().unwrap_or(Value::Null))
}

/// Which templates this process has. Each has a lock of its own, so that two of them are made at once.
static TEMPLATES: Mutex<Vec<(TypeId, String, Arc<Slot>)>> = Mutex::new(Vec::new());

type Slot = Mutex<Option<Box<dyn Any + Send>>>;

/// Does something with the template of this key, which `make` makes if it is not there yet.
pub(super) fn with<B: Backend, T>(
    key: &str,
    make: impl FnOnce() -> Result<Template<B>, Error>,
    work: impl FnOnce(&mut Template<B>) -> T,
) -> Result<T, Error>
where
    B::Connection: Send,
{
    let slot = slot(TypeId::of::<B>(), key);
    let mut slot = locked(&slot);
    let mut template = match slot.take().and_then(|template| template.downcast::<Template<B>>().ok()) {
        Some(template) => template,
        None => Box::new(make()?),
    };
    let done = work(&mut template);
    *slot = Some(template);
    Ok(done)
}

/// The slot of a backend and key; there are few.
fn slot(backend: TypeId, key: &str) -> Arc<Slot> {
    let mut templates = locked(&TEMPLATES);
    if let Some((.., slot)) = templates.iter().find(|(of, name, _)| *of == backend && name == key) {
        return Arc::clone(slot);
    }
    let slot = Arc::<Slot>::default();
    templates.push((backend, key.to_owned(), Arc::clone(&slot)));
    slot
}

/// A test that panicked in there left an empty slot, which is as good as a new one.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
