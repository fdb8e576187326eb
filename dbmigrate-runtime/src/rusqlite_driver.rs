//! The adapter for rusqlite, as a macro: it expands against the caller's own version.
//!
//! It names only what every rusqlite since 0.29 has with its default features off. What stands behind a feature
//! (`SqlInputError`, `serialize`) is not used: positions of errors are read from their text. The one exception is asked
//! for by name: `backup`.

/// Expands to the [`Backend`](crate::Backend) for a rusqlite: `rusqlite_driver!(::rusqlite)`.
///
/// `rusqlite_driver!(::rusqlite, backup)` can also [restore](crate::Migrator::restore) a copy; that needs the feature
/// `backup` of rusqlite.
///
/// The module gets the marker type `Rusqlite`, the adapter `RusqliteDriver`, the crate's `Connection`, and what code
/// migrations need: `savepoint`, `table_exists`, `column_exists` and `index_exists`.
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
            }
            $($rusqlite)+
        }
    };
    (@with { $($copy_pages:tt)* } $($rusqlite:tt)+) => {
        #[doc = "The connection that migrations run on."]
        pub use $($rusqlite)+::Connection;

        #[doc = "The backend of these migrations: rusqlite."]
        #[derive(Debug, Clone, Copy)]
        pub struct Rusqlite;

        #[doc = "A connection, as the runner talks to it."]
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
                ::std::result::Result::Ok($($rusqlite)+::Connection::open_with_flags(path, flags)?)
            }

            $($copy_pages)*
        }

        impl $crate::Driver for RusqliteDriver<'_> {
            type Error = $($rusqlite)+::Error;

            fn execute(&mut self, sql: &str) -> ::std::result::Result<(), $($rusqlite)+::Error> {
                let mut statement = self.connection.prepare(sql)?;
                let mut rows = statement.query([])?;
                while rows.next()?.is_some() {}
                ::std::result::Result::Ok(())
            }

            fn query(
                &mut self,
                sql: &str,
                params: &[$crate::Value],
            ) -> ::std::result::Result<::std::vec::Vec<$crate::Row>, $($rusqlite)+::Error> {
                let mut statement = self.connection.prepare(sql)?;
                let columns = statement.column_count();
                let params = params.iter().map(|value| match value {
                    $crate::Value::Null => $($rusqlite)+::types::Value::Null,
                    $crate::Value::Integer(value) => $($rusqlite)+::types::Value::Integer(*value),
                    $crate::Value::Real(value) => $($rusqlite)+::types::Value::Real(*value),
                    $crate::Value::Text(value) => $($rusqlite)+::types::Value::Text(value.clone()),
                    $crate::Value::Blob(value) => $($rusqlite)+::types::Value::Blob(value.clone()),
                });
                let mut rows = statement.query($($rusqlite)+::params_from_iter(params))?;
                let mut result = ::std::vec::Vec::new();
                while let ::std::option::Option::Some(row) = rows.next()? {
                    let mut values = ::std::vec::Vec::with_capacity(columns);
                    for column in 0..columns {
                        values.push(match row.get_ref(column)? {
                            $($rusqlite)+::types::ValueRef::Null => $crate::Value::Null,
                            $($rusqlite)+::types::ValueRef::Integer(value) => $crate::Value::Integer(value),
                            $($rusqlite)+::types::ValueRef::Real(value) => $crate::Value::Real(value),
                            $($rusqlite)+::types::ValueRef::Text(value) => {
                                $crate::Value::Text(::std::string::String::from_utf8_lossy(value).into_owned())
                            }
                            $($rusqlite)+::types::ValueRef::Blob(value) => $crate::Value::Blob(value.to_vec()),
                        });
                    }
                    result.push(values);
                }
                ::std::result::Result::Ok(result)
            }

            fn in_transaction(&mut self) -> bool {
                !self.connection.is_autocommit()
            }

            fn is_busy(error: &$($rusqlite)+::Error) -> bool {
                matches!(
                    error.sqlite_error_code(),
                    ::std::option::Option::Some(
                        $($rusqlite)+::ErrorCode::DatabaseBusy
                            | $($rusqlite)+::ErrorCode::DatabaseLocked
                            | $($rusqlite)+::ErrorCode::FileLockingProtocolFailed
                    )
                )
            }
        }

        #[doc = "Runs `work` in a savepoint of its own: if it fails, what it did is undone and the rest stays."]
        #[doc = ""]
        #[doc = "# Errors"]
        #[doc = ""]
        #[doc = "What `work` returns, or what the database says."]
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

        #[doc = "Whether the database has this table."]
        #[doc = ""]
        #[doc = "# Errors"]
        #[doc = ""]
        #[doc = "What the database says."]
        pub fn table_exists(
            db: &$($rusqlite)+::Connection,
            table: &str,
        ) -> ::std::result::Result<bool, $($rusqlite)+::Error> {
            db.query_row(
                "SELECT EXISTS (SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = ?1 COLLATE NOCASE)",
                [table],
                |row| row.get(0),
            )
        }

        #[doc = "Whether the table or view has this column, a generated one included."]
        #[doc = ""]
        #[doc = "# Errors"]
        #[doc = ""]
        #[doc = "What the database says."]
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
        #[doc = "What the database says."]
        pub fn index_exists(
            db: &$($rusqlite)+::Connection,
            index: &str,
        ) -> ::std::result::Result<bool, $($rusqlite)+::Error> {
            db.query_row(
                "SELECT EXISTS (SELECT 1 FROM main.sqlite_master WHERE type = 'index' AND name = ?1 COLLATE NOCASE)",
                [index],
                |row| row.get(0),
            )
        }
    };
    ($($rusqlite:tt)+) => {
        $crate::rusqlite_driver!(@with {} $($rusqlite)+);
    };
}
