//! The adapter for rusqlite, as a macro: it expands against the caller's own version.
//!
//! It uses only what every rusqlite since 0.29 has without its default features. Items behind a feature (`SqlInputError`,
//! `serialize`) are not used: positions of errors are read from their text. The one exception has to be requested by
//! name: `backup`.

/// Expands to the [`Backend`](crate::Backend) for a rusqlite: `rusqlite_driver!(::rusqlite)`.
///
/// With `rusqlite_driver!(::rusqlite, backup)`, the migrator can also [restore](crate::Migrator::restore) a copy, and
/// makes databases for tests (feature `testing`) faster; this needs the feature `backup` of rusqlite.
///
/// The module gets the marker type `Rusqlite`, the adapter `RusqliteDriver`, the `Connection` of rusqlite, and helpers for
/// migrations in Rust: `savepoint`, `in_batches`, `add_column`, `table_exists`, `column_exists`, `index_exists`,
/// `view_exists` and `trigger_exists`. This example fills a new column of a big table, in a migration that can be
/// interrupted anywhere and run again:
///
/// ```
/// mod migrations {
///     // `include_migrations!` does this for the module that it declares.
///     dbmigrate_runtime::rusqlite_driver!(::rusqlite);
/// }
///
/// // dbmigrate: no-transaction
/// use migrations::{Connection, add_column, in_batches};
///
/// pub fn up(db: &Connection) -> rusqlite::Result<()> {
///     add_column(db, "users", "slug", "TEXT")?;
///     in_batches(db, |db, batch| {
///         println!("{} users have a slug", batch.rows);
///         db.execute(
///             "UPDATE users SET slug = lower(name) WHERE rowid IN
///              (SELECT rowid FROM users WHERE slug IS NULL AND name IS NOT NULL LIMIT 1000)",
///             [],
///         )
///     })?;
///     Ok(())
/// }
/// # let db = Connection::open_in_memory()?;
/// # db.execute_batch("CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('Ada'), (NULL)")?;
/// # up(&db)?;
/// # assert_eq!(db.query_row("SELECT slug FROM users", [], |row| row.get::<_, String>(0))?, "ada");
/// # up(&db)?;
/// # Ok::<(), rusqlite::Error>(())
/// ```
#[macro_export]
macro_rules! rusqlite_driver {
    (:: $($segment:ident)::+, backup $(,)?) => {
        $crate::rusqlite_driver!(@backup :: $($segment)::+);
    };
    ($($segment:ident)::+, backup $(,)?) => {
        $crate::rusqlite_driver!(@backup $($segment)::+);
    };
    (@backup $($rusqlite:tt)+) => {
        $crate::rusqlite_driver! {
            @with {
                fn copy_pages(
                    from: &::std::path::Path,
                    to: &mut $($rusqlite)+::Connection,
                    locked: &mut dyn ::std::ops::FnMut() -> ::std::result::Result<(), $crate::BoxError>,
                ) -> ::std::option::Option<::std::result::Result<bool, $crate::BoxError>> {
                    let mut copy = || -> ::std::result::Result<bool, $crate::BoxError> {
                        let from = <Self as $crate::Backend>::open(from, $crate::Access::ReadOnly)?;
                        let backup = $($rusqlite)+::backup::Backup::new(&from, to)?;
                        // No page, but the locks.
                        if backup.step(0)? != $($rusqlite)+::backup::StepResult::More {
                            return ::std::result::Result::Ok(false);
                        }
                        locked()?;
                        ::std::result::Result::Ok(backup.step(-1)? == $($rusqlite)+::backup::StepResult::Done)
                    };
                    ::std::option::Option::Some(copy())
                }

                fn clone_pages(
                    from: &$($rusqlite)+::Connection,
                    to: &mut $($rusqlite)+::Connection,
                ) -> ::std::option::Option<::std::result::Result<(), $crate::BoxError>> {
                    let mut copy = || -> ::std::result::Result<(), $crate::BoxError> {
                        let backup = $($rusqlite)+::backup::Backup::new(from, to)?;
                        if backup.step(-1)? == $($rusqlite)+::backup::StepResult::Done {
                            return ::std::result::Result::Ok(());
                        }
                        ::std::result::Result::Err(::std::convert::From::from("the database is locked"))
                    };
                    ::std::option::Option::Some(copy())
                }
            }
            $($rusqlite)+
        }
    };
    (@with { $($pages:tt)* } $($rusqlite:tt)+) => {
        #[doc = "The connection that migrations run on."]
        pub use $($rusqlite)+::Connection;

        #[doc = "The backend of these migrations: rusqlite."]
        #[derive(Debug, Clone, Copy)]
        pub struct Rusqlite;

        #[doc = "A connection as a driver of the runner."]
        #[derive(Debug)]
        pub struct RusqliteDriver<'c> {
            connection: &'c $($rusqlite)+::Connection,
        }

        impl $crate::Backend for Rusqlite {
            type Connection = $($rusqlite)+::Connection;
            type Driver<'c> = RusqliteDriver<'c>;

            fn driver(connection: &mut $($rusqlite)+::Connection) -> RusqliteDriver<'_> {
                RusqliteDriver { connection }
            }

            fn connection<'d>(driver: &'d RusqliteDriver<'_>) -> &'d $($rusqlite)+::Connection {
                driver.connection
            }

            fn open(
                path: &::std::path::Path,
                access: $crate::Access,
            ) -> ::std::result::Result<$($rusqlite)+::Connection, $crate::BoxError> {
                let flags = match access {
                    $crate::Access::ReadOnly => $($rusqlite)+::OpenFlags::SQLITE_OPEN_READ_ONLY,
                    $crate::Access::ReadWrite => $($rusqlite)+::OpenFlags::SQLITE_OPEN_READ_WRITE,
                    $crate::Access::Create => {
                        $($rusqlite)+::OpenFlags::SQLITE_OPEN_READ_WRITE
                            | $($rusqlite)+::OpenFlags::SQLITE_OPEN_CREATE
                    }
                };
                let flags = flags | $($rusqlite)+::OpenFlags::SQLITE_OPEN_NO_MUTEX;
                $($rusqlite)+::Connection::open_with_flags(path, flags).map_err($crate::__private::boxed)
            }

            fn open_shared(
                name: &str,
            ) -> ::std::option::Option<::std::result::Result<$($rusqlite)+::Connection, $crate::BoxError>> {
                let flags = $($rusqlite)+::OpenFlags::SQLITE_OPEN_READ_WRITE
                    | $($rusqlite)+::OpenFlags::SQLITE_OPEN_CREATE
                    | $($rusqlite)+::OpenFlags::SQLITE_OPEN_URI
                    | $($rusqlite)+::OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let uri = ::std::format!("file:{name}?mode=memory&cache=shared");
                let opened = $($rusqlite)+::Connection::open_with_flags(uri, flags);
                ::std::option::Option::Some(opened.map_err($crate::__private::boxed))
            }

            fn execute_batch(
                connection: &mut $($rusqlite)+::Connection,
                sql: &str,
            ) -> ::std::result::Result<(), $crate::BoxError> {
                connection.execute_batch(sql).map_err($crate::__private::boxed)
            }

            $($pages)*
        }

        impl $crate::Driver for RusqliteDriver<'_> {
            type Error = $($rusqlite)+::Error;

            fn execute(&mut self, sql: &str) -> ::std::result::Result<(), $($rusqlite)+::Error> {
                run(self.connection, sql, &[], ::std::option::Option::None)
            }

            fn query(
                &mut self,
                sql: &str,
                params: &[$crate::Value],
            ) -> ::std::result::Result<$crate::Rows, $($rusqlite)+::Error> {
                let mut result = $crate::Rows::default();
                run(self.connection, sql, params, ::std::option::Option::Some(&mut result))?;
                ::std::result::Result::Ok(result)
            }

            fn query_first(
                &mut self,
                sql: &str,
            ) -> ::std::result::Result<$crate::Rows, $($rusqlite)+::Error> {
                // It needs no schema, and as long as it is not over, what SQLite reads is one transaction.
                let mut reading = self.connection.prepare("PRAGMA main.user_version")?;
                let mut reading = reading.query([])?;
                reading.next()?;
                $crate::Driver::query(self, sql, &[])
            }

            fn execute_each(
                &mut self,
                sql: &str,
                rows: &$crate::Rows,
                done: &mut usize,
            ) -> ::std::result::Result<(), $($rusqlite)+::Error> {
                let mut statement = self.connection.prepare(sql)?;
                while let ::std::option::Option::Some(row) = rows.get(*done) {
                    statement.query($($rusqlite)+::params_from_iter(row.iter().map(bound)))?.next()?;
                    *done += 1;
                }
                ::std::result::Result::Ok(())
            }

            fn in_transaction(&mut self) -> bool {
                !self.connection.is_autocommit()
            }

            fn is_busy(error: &$($rusqlite)+::Error) -> bool {
                match error.sqlite_error() {
                    ::std::option::Option::Some(failure) => match failure.code {
                        $($rusqlite)+::ErrorCode::DatabaseBusy
                        | $($rusqlite)+::ErrorCode::FileLockingProtocolFailed => true,
                        // `SQLITE_LOCKED_SHAREDCACHE`. Any other is a statement of this connection, which waiting won't end.
                        $($rusqlite)+::ErrorCode::DatabaseLocked => failure.extended_code == 0x106,
                        _ => false,
                    },
                    ::std::option::Option::None => false,
                }
            }
        }

        fn run(
            connection: &$($rusqlite)+::Connection,
            sql: &str,
            params: &[$crate::Value],
            mut result: ::std::option::Option<&mut $crate::Rows>,
        ) -> ::std::result::Result<(), $($rusqlite)+::Error> {
            let mut statement = connection.prepare(sql)?;
            let columns = statement.column_count();
            if let ::std::option::Option::Some(result) = &mut result {
                **result = $crate::Rows::new(columns);
            }
            let mut rows = statement.query($($rusqlite)+::params_from_iter(params.iter().map(bound)))?;
            while let ::std::option::Option::Some(row) = rows.next()? {
                let ::std::option::Option::Some(result) = &mut result else { continue };
                for column in 0..columns {
                    result.push(match row.get_ref(column)? {
                        $($rusqlite)+::types::ValueRef::Null => $crate::Value::Null,
                        $($rusqlite)+::types::ValueRef::Integer(value) => $crate::Value::Integer(value),
                        $($rusqlite)+::types::ValueRef::Real(value) => $crate::Value::Real(value),
                        $($rusqlite)+::types::ValueRef::Text(value) => {
                            $crate::Value::Text(::std::string::String::from_utf8_lossy(value).into_owned())
                        }
                        $($rusqlite)+::types::ValueRef::Blob(value) => $crate::Value::Blob(value.to_vec()),
                    });
                }
            }
            ::std::result::Result::Ok(())
        }

        fn bound(value: &$crate::Value) -> $($rusqlite)+::types::ToSqlOutput<'_> {
            $($rusqlite)+::types::ToSqlOutput::Borrowed(match value {
                $crate::Value::Null => $($rusqlite)+::types::ValueRef::Null,
                $crate::Value::Integer(value) => $($rusqlite)+::types::ValueRef::Integer(*value),
                $crate::Value::Real(value) => $($rusqlite)+::types::ValueRef::Real(*value),
                $crate::Value::Text(value) => $($rusqlite)+::types::ValueRef::Text(value.as_bytes()),
                $crate::Value::Blob(value) => $($rusqlite)+::types::ValueRef::Blob(value),
            })
        }

        #[doc = "Runs `work` in a savepoint of its own. If it fails, only what it did is rolled back."]
        #[doc = ""]
        #[doc = "# Errors"]
        #[doc = ""]
        #[doc = "The error of `work`, or of the database."]
        pub fn savepoint<T, E: ::std::convert::From<$($rusqlite)+::Error>>(
            db: &$($rusqlite)+::Connection,
            work: impl ::std::ops::FnOnce(&$($rusqlite)+::Connection) -> ::std::result::Result<T, E>,
        ) -> ::std::result::Result<T, E> {
            db.execute_batch("SAVEPOINT dbmigrate_user")?;
            let result = work(db);
            if result.is_err() {
                db.execute_batch("ROLLBACK TO dbmigrate_user")?;
            }
            db.execute_batch("RELEASE dbmigrate_user")?;
            result
        }

        #[doc = "Does large work in many short transactions, so that it blocks nobody for long, and a kill loses only one batch."]
        #[doc = ""]
        #[doc = "Calls `work`, which returns the number of rows that it has changed, until that is 0, and returns the sum."]
        #[doc = "Each call has a transaction of its own, or a savepoint if a transaction is already open."]
        #[doc = "The rows themselves have to tell what is left to do (`WHERE slug IS NULL … LIMIT 1000`). Then a second"]
        #[doc = "run continues where the first one stopped. Each batch must leave fewer rows, or the work never ends."]
        #[doc = ""]
        #[doc = "# Errors"]
        #[doc = ""]
        #[doc = "The error of `work`, or of the database. Completed batches stay, unless a transaction was open."]
        pub fn in_batches<E: ::std::convert::From<$($rusqlite)+::Error>>(
            db: &$($rusqlite)+::Connection,
            mut work: impl ::std::ops::FnMut(
                &$($rusqlite)+::Connection,
                &$crate::Batch,
            ) -> ::std::result::Result<usize, E>,
        ) -> ::std::result::Result<u64, E> {
            let mut batch = $crate::Batch::first();
            loop {
                let rows = if db.is_autocommit() {
                    let behavior = $($rusqlite)+::TransactionBehavior::Immediate;
                    let transaction = $($rusqlite)+::Transaction::new_unchecked(db, behavior)?;
                    let rows = work(&transaction, &batch)?;
                    transaction.commit()?;
                    rows
                } else {
                    savepoint(db, |db| work(db, &batch))?
                };
                if rows == 0 {
                    return ::std::result::Result::Ok(batch.rows);
                }
                batch = batch.next(rows);
            }
        }

        #[doc = "Adds a column, if the table does not have it yet; `definition` is what follows its name."]
        #[doc = "Returns whether it did."]
        #[doc = ""]
        #[doc = "# Errors"]
        #[doc = ""]
        #[doc = "An error of the database."]
        pub fn add_column(
            db: &$($rusqlite)+::Connection,
            table: &str,
            column: &str,
            definition: &str,
        ) -> ::std::result::Result<bool, $($rusqlite)+::Error> {
            if column_exists(db, table, column)? {
                return ::std::result::Result::Ok(false);
            }
            let [table, column] = [table, column].map($crate::quote_identifier);
            db.execute_batch(&::std::format!("ALTER TABLE main.{table} ADD COLUMN {column} {definition}"))?;
            ::std::result::Result::Ok(true)
        }

        #[doc = "Whether the database has this table."]
        #[doc = ""]
        #[doc = "# Errors"]
        #[doc = ""]
        #[doc = "An error of the database."]
        pub fn table_exists(
            db: &$($rusqlite)+::Connection,
            table: &str,
        ) -> ::std::result::Result<bool, $($rusqlite)+::Error> {
            object_exists(db, "table", table)
        }

        #[doc = "Whether the table or view has this column, including generated columns."]
        #[doc = ""]
        #[doc = "# Errors"]
        #[doc = ""]
        #[doc = "An error of the database."]
        pub fn column_exists(
            db: &$($rusqlite)+::Connection,
            table: &str,
            column: &str,
        ) -> ::std::result::Result<bool, $($rusqlite)+::Error> {
            db.query_row(
                "SELECT EXISTS (SELECT 1 FROM pragma_table_xinfo(?1, 'main') WHERE name = ?2 COLLATE NOCASE)",
                [table, column],
                |row| row.get(0),
            )
        }

        #[doc = "Whether the database has this index."]
        #[doc = ""]
        #[doc = "# Errors"]
        #[doc = ""]
        #[doc = "An error of the database."]
        pub fn index_exists(
            db: &$($rusqlite)+::Connection,
            index: &str,
        ) -> ::std::result::Result<bool, $($rusqlite)+::Error> {
            object_exists(db, "index", index)
        }

        #[doc = "Whether the database has this view."]
        #[doc = ""]
        #[doc = "# Errors"]
        #[doc = ""]
        #[doc = "An error of the database."]
        pub fn view_exists(
            db: &$($rusqlite)+::Connection,
            view: &str,
        ) -> ::std::result::Result<bool, $($rusqlite)+::Error> {
            object_exists(db, "view", view)
        }

        #[doc = "Whether the database has this trigger."]
        #[doc = ""]
        #[doc = "# Errors"]
        #[doc = ""]
        #[doc = "An error of the database."]
        pub fn trigger_exists(
            db: &$($rusqlite)+::Connection,
            trigger: &str,
        ) -> ::std::result::Result<bool, $($rusqlite)+::Error> {
            object_exists(db, "trigger", trigger)
        }

        fn object_exists(
            db: &$($rusqlite)+::Connection,
            kind: &str,
            name: &str,
        ) -> ::std::result::Result<bool, $($rusqlite)+::Error> {
            db.query_row(
                "SELECT EXISTS (SELECT 1 FROM main.sqlite_master WHERE type = ?1 AND name = ?2 COLLATE NOCASE)",
                [kind, name],
                |row| row.get(0),
            )
        }
    };
    ($($rusqlite:tt)+) => {
        $crate::rusqlite_driver!(@with {} $($rusqlite)+);
    };
}
