//! r2d2: a pool for programs with threads.

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
