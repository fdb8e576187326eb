//! The macro that includes the generated module in a program.

/// Declares the module with the migrations of this package, which the build script has generated.
///
/// `include_migrations!(pub mod migrations)` binds the module to `::rusqlite`. `driver = path::to::rusqlite` names
/// another path to rusqlite. `driver = none` binds it to no library; use the methods of the migrator that end in
/// `_with`. With `backup` at the end (`include_migrations!(pub mod migrations, backup)` or
/// `…, driver = ::rusqlite, backup)`), the migrator can [restore](crate::Migrator::restore) a copy, and makes databases
/// for tests (feature `testing`) faster; this needs the feature `backup` of rusqlite. Attributes and doc comments may
/// precede `mod`.
///
/// A package with several sets (`[package.metadata.migrations.sets.billing]`) has one module per set:
/// `include_migrations!(pub mod billing, set = "billing")`. `set` precedes `driver` and `backup`.
///
/// The items of the module are public. The module may be private, so `unreachable_pub` is allowed in it. A crate may
/// therefore deny that lint, but not forbid it: under a `forbid`, rustc rejects an `allow` (E0453).
///
/// The build script has to call `dbmigrate_build::generate()`. If it does not, the compiler says so.
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
