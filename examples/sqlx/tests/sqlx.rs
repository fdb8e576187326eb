//! Migrations on sqlx's connection.

use std::path::PathBuf;
use std::time::Duration;

use dbmigrate_runtime::{Driver, Value};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use with_sqlx::{SqlxDriver, migrate, migrations, open};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A path at which there is nothing.
fn fresh(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let _ = std::fs::remove_file(folder.join(format!("{name}{suffix}")));
    }
    folder.join(name)
}

/// A database in memory with one connection, as a second one would see another.
async fn memory() -> Result<SqlitePool> {
    Ok(SqlitePoolOptions::new().max_connections(1).connect_with(SqliteConnectOptions::new().in_memory(true)).await?)
}

/// Does something with the driver where it may wait.
async fn with_driver<T: Send + 'static>(
    pool: &SqlitePool,
    work: impl FnOnce(&mut SqlxDriver<'_>) -> T + Send + 'static,
) -> Result<T> {
    let mut connection = pool.acquire().await?;
    Ok(tokio::task::spawn_blocking(move || work(&mut SqlxDriver(&mut connection))).await?)
}

#[tokio::test]
async fn the_program_migrates_at_its_start() -> Result<()> {
    let path = fresh("sqlx.db");
    for _ in 0..2 {
        let pool = open(&path).await?;
        // The notebooks were made anew, and no note is gone.
        let texts: Vec<String> = sqlx::query_scalar("SELECT text FROM notes ORDER BY id").fetch_all(&pool).await?;
        assert_eq!(texts, ["one", "two", "three"]);
        let verified = with_driver(&pool, |driver| migrations::migrator().verify_with(driver)).await??;
        assert!(verified.checked == 3 && verified.problems.is_empty());
        pool.close().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_test_gets_a_database_in_memory() -> Result<()> {
    let pool = memory().await?;
    assert_eq!(migrate(&pool).await?.applied.len(), 3);
    assert!(migrate(&pool).await?.is_empty());
    let nowhere = sqlx::query("INSERT INTO notes (notebook, text) VALUES (9, 'nowhere')").execute(&pool).await;
    assert!(nowhere.is_err(), "there is no such notebook");
    Ok(())
}

#[tokio::test]
async fn eight_starts_at_once() -> Result<()> {
    let path = fresh("sqlx-starts.db");
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            tokio::spawn(async move { open(&path).await })
        })
        .collect();
    for start in starts {
        let pool = start.await??;
        assert_eq!(sqlx::query_scalar::<_, i64>("SELECT count(*) FROM notes").fetch_one(&pool).await?, 3);
    }
    Ok(())
}

#[tokio::test]
async fn a_transaction_of_the_program_is_refused() -> Result<()> {
    let pool = memory().await?;
    let mut transaction = pool.begin().await?;
    let error = tokio::task::spawn_blocking(move || {
        migrations::migrator().up_with(&mut SqlxDriver(&mut transaction)).unwrap_err()
    });
    let error = error.await?;
    assert!(error.is_open_transaction(), "{error}");
    migrate(&pool).await?;
    Ok(())
}

#[tokio::test]
async fn who_holds_a_lock_is_waited_for() -> Result<()> {
    let path = fresh("sqlx-locked.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true).busy_timeout(Duration::ZERO);
    let pool = SqlitePool::connect_with(options).await?;
    let mut other = pool.acquire().await?;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *other).await?;
    let at_once = || migrations::migrator().busy_timeout(Duration::ZERO);
    let error = with_driver(&pool, move |driver| at_once().up_with(driver)).await?.unwrap_err();
    assert!(error.is_busy(), "{error}");
    sqlx::query("ROLLBACK").execute(&mut *other).await?;
    with_driver(&pool, move |driver| at_once().up_with(driver)).await??;
    Ok(())
}

#[tokio::test]
async fn values_come_back_as_they_went() -> Result<()> {
    let values = vec![
        Value::Null,
        Value::Integer(i64::MIN),
        Value::Real(0.1),
        Value::Text("it's 'ä'".to_owned()),
        Value::Blob(vec![0, 255]),
        Value::Text(String::new()),
        Value::Blob(Vec::new()),
    ];
    let expected = [values.clone(), (1..=7).map(Value::Integer).collect()];
    let pool = memory().await?;
    let rows = with_driver(&pool, move |driver| {
        driver.query("SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 UNION ALL SELECT 1, 2, 3, 4, 5, 6, 7", &values)
    });
    assert_eq!(rows.await??, expected);
    // What a column is declared to be is not what is in it.
    let rows = with_driver(&pool, |driver| {
        driver.execute("CREATE TABLE t (a DATETIME, b BOOLEAN, c)")?;
        driver.execute("INSERT INTO t VALUES ('2024-01-15', 1, 2.5), (7, 'yes', NULL)")?;
        driver.query("SELECT * FROM t", &[])
    });
    let text = |text: &str| Value::Text(text.to_owned());
    let expected = [
        vec![text("2024-01-15"), Value::Integer(1), Value::Real(2.5)],
        vec![Value::Integer(7), text("yes"), Value::Null],
    ];
    assert_eq!(rows.await??, expected);
    Ok(())
}
