//! r2d2: a pool for programs with threads, over one file or a file for each tenant.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use r2d2::Pool;
use r2d2_sqlite::SqliteConnectionManager;
use with_rusqlite::{add_note, count_notes, migrations};

/// The pool of the program, over a database that has all migrations.
fn open(path: &str) -> Result<Pool<SqliteConnectionManager>, Box<dyn std::error::Error + Send + Sync>> {
    let manager = SqliteConnectionManager::file(path).with_init(|db| db.pragma_update(None, "foreign_keys", true));
    let pool = Pool::new(manager)?;
    migrations::migrator().up(&mut *pool.get()?)?;
    Ok(pool)
}

#[test]
fn the_pool_migrates_once() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/r2d2.db");
    // What a run before this one has left.
    let _ = std::fs::remove_file(path);
    let pool = open(path)?;
    assert!(migrations::migrator().up(&mut *pool.get()?)?.is_empty());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| add_note(&pool.get().unwrap(), 2, "from a thread").unwrap());
        }
    });
    assert_eq!(count_notes(&*pool.get()?)?, 11);
    Ok(())
}

/// A pool for each tenant.
struct Tenants {
    folder: String,
    pools: Mutex<HashMap<String, Pool<SqliteConnectionManager>>>,
}

impl Tenants {
    /// The pool of a tenant: the first who asks opens and migrates its file, and who asks for others meanwhile does not wait.
    fn of(&self, tenant: &str) -> Result<Pool<SqliteConnectionManager>, Box<dyn std::error::Error + Send + Sync>> {
        if let Some(pool) = self.lock().get(tenant) {
            return Ok(pool.clone());
        }
        let pool = open(&format!("{}/{tenant}.db", self.folder))?;
        Ok(self.lock().entry(tenant.to_owned()).or_insert(pool).clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Pool<SqliteConnectionManager>>> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[test]
fn each_tenant_has_a_pool_and_a_file_of_its_own() {
    let folder = concat!(env!("CARGO_TARGET_TMPDIR"), "/r2d2-tenants").to_owned();
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let tenants = Tenants { folder, pools: Mutex::default() };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for tenant in ["ada", "bob"] {
                    let pool = tenants.of(tenant).unwrap();
                    add_note(&pool.get().unwrap(), 2, tenant).unwrap();
                }
            });
        }
    });
    for tenant in ["ada", "bob"] {
        let pool = tenants.of(tenant).unwrap();
        let db = pool.get().unwrap();
        assert_eq!(count_notes(&db).unwrap(), 7);
        let others =
            db.query_row("SELECT count(*) FROM notes WHERE text IN ('ada', 'bob') AND text <> ?1", [tenant], |row| {
                row.get::<_, i64>(0)
            });
        assert_eq!(others.unwrap(), 0);
    }
    assert_eq!(tenants.lock().len(), 2);
}
