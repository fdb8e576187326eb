//! The macro that puts the generated module into a program.

/// Declares the module of this package's migrations, as the build script generated it.
///
/// `include_migrations!(pub mod migrations)` binds it to `::rusqlite`. Another path to rusqlite is given as
/// `driver = path::to::rusqlite`, and `driver = none` leaves the connection to the `_with` calls of the migrator. With
/// `backup` behind it (`include_migrations!(pub mod migrations, backup)` or `…, driver = ::rusqlite, backup)`) the
/// migrator can [restore](crate::Migrator::restore) a copy and makes [databases for tests](crate::Testing::database)
/// faster, which needs the feature `backup` of rusqlite.
/// Attributes and doc comments may stand before `mod`.
///
/// It needs the build script to have called `dbmigrate_build::generate()`, and says so otherwise.
#[macro_export]
macro_rules! include_migrations {
    ($(#[$attribute:meta])* $visibility:vis mod $name:ident $(,)?) => {
        $crate::include_migrations!($(#[$attribute])* $visibility mod $name, driver = ::rusqlite);
    };
    ($(#[$attribute:meta])* $visibility:vis mod $name:ident, backup $(,)?) => {
        $crate::include_migrations!($(#[$attribute])* $visibility mod $name, driver = ::rusqlite, backup);
    };
    ($(#[$attribute:meta])* $visibility:vis mod $name:ident, driver = none $(,)?) => {
        $(#[$attribute])*
        #[doc = "The migrations of this package, generated from its files."]
        #[allow(unreachable_pub)]
        $visibility mod $name {
            use $crate as __dbmigrate;
            use $crate::NoBackend as __Backend;

            $crate::include_migrations!(@generated);
        }
    };
    ($(#[$attribute:meta])* $visibility:vis mod $name:ident, driver = $($rusqlite:tt)+) => {
        $(#[$attribute])*
        #[doc = "The migrations of this package, generated from its files."]
        #[allow(unreachable_pub)]
        $visibility mod $name {
            use $crate as __dbmigrate;
            use Rusqlite as __Backend;

            $crate::rusqlite_driver!($($rusqlite)+);
            $crate::include_migrations!(@generated);
        }
    };
    (@generated) => {
        ::std::include!(::std::env!(
            "DBMIGRATE_MODULE",
            "the build script did not run `dbmigrate_build::generate()`; run `cargo dbmigrate init`"
        ));
    };
}
