//! The macro that puts the generated module into a program.

/// Declares the module of this package's migrations, as the build script generated it.
///
/// `include_migrations!(pub mod migrations)` binds it to `::rusqlite`. Another path to rusqlite is given as
/// `driver = path::to::rusqlite`, and `driver = none` leaves the connection to the `_with` calls of the migrator. With
/// `backup` behind it (`include_migrations!(pub mod migrations, backup)` or `…, driver = ::rusqlite, backup)`) the
/// migrator can [restore](crate::Migrator::restore) a copy and makes databases for tests (feature `testing`) faster,
/// which needs the feature `backup` of rusqlite. Attributes and doc comments may stand before `mod`.
///
/// A package with several sets (`[package.metadata.migrations.sets.billing]`) has a module for each:
/// `include_migrations!(pub mod billing, set = "billing")`, where `set` stands before `driver` and `backup`.
///
/// The items of the module are public, and `unreachable_pub` is allowed in it, as the module may be private. So a crate may
/// deny that lint, but not forbid it: rustc takes no `allow` under a `forbid` (E0453).
///
/// It needs the build script to have called `dbmigrate_build::generate()`, and says so otherwise.
#[macro_export]
macro_rules! include_migrations {
    ($(#[$attribute:meta])* $visibility:vis mod $name:ident $(,)?) => {
        $crate::include_migrations!(@module $(#[$attribute])* $visibility mod $name [@nameless] driver = ::rusqlite);
    };
    ($(#[$attribute:meta])* $visibility:vis mod $name:ident, set = $set:tt $(,)?) => {
        $crate::include_migrations!(@module $(#[$attribute])* $visibility mod $name [@set $set] driver = ::rusqlite);
    };
    ($(#[$attribute:meta])* $visibility:vis mod $name:ident, set = $set:tt, $($how:tt)+) => {
        $crate::include_migrations!(@module $(#[$attribute])* $visibility mod $name [@set $set] $($how)+);
    };
    ($(#[$attribute:meta])* $visibility:vis mod $name:ident, $($how:tt)+) => {
        $crate::include_migrations!(@module $(#[$attribute])* $visibility mod $name [@nameless] $($how)+);
    };
    (@module $(#[$attribute:meta])* $visibility:vis mod $name:ident $which:tt backup $(,)?) => {
        $crate::include_migrations!(@module $(#[$attribute])* $visibility mod $name $which driver = ::rusqlite, backup);
    };
    (@module $(#[$attribute:meta])* $visibility:vis mod $name:ident [$($which:tt)+] driver = none $(,)?) => {
        $(#[$attribute])*
        #[doc = "The migrations of this package, generated from its files."]
        #[allow(unreachable_pub)]
        $visibility mod $name {
            use $crate::{self as __dbmigrate};
            use $crate::NoBackend as __Backend;

            $crate::include_migrations!($($which)+);
        }
    };
    (
        @module $(#[$attribute:meta])* $visibility:vis mod $name:ident [$($which:tt)+] driver = $($rusqlite:tt)+
    ) => {
        $(#[$attribute])*
        #[doc = "The migrations of this package, generated from its files."]
        #[allow(unreachable_pub)]
        $visibility mod $name {
            use $crate::{self as __dbmigrate};
            use Rusqlite as __Backend;

            $crate::rusqlite_driver!($($rusqlite)+);
            $crate::include_migrations!($($which)+);
        }
    };
    (@nameless) => {
        ::std::include!(::std::env!(
            "DBMIGRATE_MODULE",
            "the build script did not run `dbmigrate_build::generate()`; run `cargo dbmigrate init`"
        ));
    };
    (@set $set:tt) => {
        ::std::include!(::std::env!(
            "DBMIGRATE_SETS",
            "`[package.metadata.migrations.sets]` of the manifest names no set, or the build script did not run `dbmigrate_build::generate()`"
        ));
        __dbmigrate_set!($set);
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "write `include_migrations!(pub mod migrations);`, with nothing behind the name but, in this order, `set = \"NAME\"`, `driver = PATH` and `backup`"
        );
    };
}
