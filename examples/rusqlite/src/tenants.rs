//! One database file for each tenant: opened when it is asked for, and migrated then.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rusqlite::Connection;

use crate::migrations;

/// The databases of the tenants, as files of one folder.
#[derive(Debug)]
pub struct Tenants {
    folder: PathBuf,
    open: Mutex<HashMap<String, Weak<Mutex<Connection>>>>,
}

impl Tenants {
    /// Over the files of a folder.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), open: Mutex::default() }
    }

    /// The connection of a tenant, which is open for as long as somebody has it. The first who asks opens the file, and
    /// migrates it: with nothing pending that is one read.
    ///
    /// # Errors
    ///
    /// A name that could lead out of the folder, and what SQLite or a migration says: of this tenant only.
    pub fn get(&self, tenant: &str) -> Result<Arc<Mutex<Connection>>, Error> {
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if tenant.is_empty() || !tenant.bytes().all(is_name) {
            return Err(Error::Name(tenant.to_owned()));
        }
        if let Some(connection) = self.opened(tenant) {
            return Ok(connection);
        }
        // Nobody waits for the migrations of another tenant here. Two threads may open the same file: one of them runs
        // what is pending, and the other waits for it.
        let mut connection = Connection::open(self.folder.join(format!("{tenant}.db")))?;
        connection.pragma_update(None, "foreign_keys", true)?;
        migrations::migrator().up(&mut connection)?;
        Ok(self.keep(tenant, connection))
    }

    fn opened(&self, tenant: &str) -> Option<Arc<Mutex<Connection>>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(tenant)?.upgrade()
    }

    /// What the first of two threads has opened is what both use.
    fn keep(&self, tenant: &str, connection: Connection) -> Arc<Mutex<Connection>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = open.get(tenant).and_then(Weak::upgrade) {
            return connection;
        }
        open.retain(|_, connection| connection.strong_count() > 0);
        let connection = Arc::new(Mutex::new(connection));
        open.insert(tenant.to_owned(), Arc::downgrade(&connection));
        connection
    }
}

/// Why a tenant's database can't be had.
#[derive(Debug)]
pub enum Error {
    /// Not a name of a tenant.
    Name(String),
    /// SQLite.
    Sqlite(rusqlite::Error),
    /// A migration, or a database of a newer program.
    Migration(dbmigrate_runtime::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "`{name}` is not the name of a tenant"),
            Self::Sqlite(error) => error.fmt(f),
            Self::Migration(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<dbmigrate_runtime::Error> for Error {
    fn from(error: dbmigrate_runtime::Error) -> Self {
        Self::Migration(error)
    }
}
