//! What the calls say that need the feature `manage` where that is off: that no method has their name would lead nobody
//! to it.

use crate::driver::Backend;
use crate::migrator::Migrator;
use crate::together::Together;

/// Each takes whatever its namesake takes, of which some types are not there, and needs a trait that nothing has. What
/// that says has to be a literal: no macro puts a name into it.
macro_rules! calls {
    ($($name:ident($($argument:ident)*) $message:literal;)*) => {
        impl<B: Backend> Migrator<'_, B> {
            $(
                #[doc(hidden)]
                pub fn $name<T, $($argument),*>(&self, $(_: $argument),*) -> T
                where
                    Self: needs::$name,
                {
                    unreachable!("nothing has the trait")
                }
            )*
        }

        #[allow(non_camel_case_types)]
        mod needs {
            $(
                /// Nothing has it.
                #[diagnostic::on_unimplemented(
                    message = $message,
                    label = "that feature is off",
                    note = "turn it on: `cargo add dbmigrate-runtime --features manage`"
                )]
                pub trait $name {}
            )*
        }
    };
}

calls! {
    back_up(C) "`back_up` needs the feature `manage` of `dbmigrate-runtime`";
    backups(C) "`backups` needs the feature `manage` of `dbmigrate-runtime`";
    copy_to(C P) "`copy_to` needs the feature `manage` of `dbmigrate-runtime`";
    down(C) "`down` needs the feature `manage` of `dbmigrate-runtime`";
    down_all(C) "`down_all` needs the feature `manage` of `dbmigrate-runtime`";
    down_all_with(D) "`down_all_with` needs the feature `manage` of `dbmigrate-runtime`";
    down_plan(C N) "`down_plan` needs the feature `manage` of `dbmigrate-runtime`";
    down_to(C N) "`down_to` needs the feature `manage` of `dbmigrate-runtime`";
    down_to_with(D N) "`down_to_with` needs the feature `manage` of `dbmigrate-runtime`";
    down_with(D) "`down_with` needs the feature `manage` of `dbmigrate-runtime`";
    forget(C N) "`forget` needs the feature `manage` of `dbmigrate-runtime`";
    forget_with(D N) "`forget_with` needs the feature `manage` of `dbmigrate-runtime`";
    mark(C) "`mark` needs the feature `manage` of `dbmigrate-runtime`";
    mark_only(C N) "`mark_only` needs the feature `manage` of `dbmigrate-runtime`";
    mark_to(C N) "`mark_to` needs the feature `manage` of `dbmigrate-runtime`";
    mark_to_with(D N) "`mark_to_with` needs the feature `manage` of `dbmigrate-runtime`";
    mark_with(D) "`mark_with` needs the feature `manage` of `dbmigrate-runtime`";
    redo(C) "`redo` needs the feature `manage` of `dbmigrate-runtime`";
    redo_with(D) "`redo_with` needs the feature `manage` of `dbmigrate-runtime`";
    rehearse(C W) "`rehearse` needs the feature `manage` of `dbmigrate-runtime`";
    repair(C N S) "`repair` needs the feature `manage` of `dbmigrate-runtime`";
    repair_all(C S) "`repair_all` needs the feature `manage` of `dbmigrate-runtime`";
    repair_plan(C) "`repair_plan` needs the feature `manage` of `dbmigrate-runtime`";
    repair_plan_with(D) "`repair_plan_with` needs the feature `manage` of `dbmigrate-runtime`";
    repair_with(D N S) "`repair_with` needs the feature `manage` of `dbmigrate-runtime`";
    reset(C) "`reset` needs the feature `manage` of `dbmigrate-runtime`";
    reset_plan(C) "`reset_plan` needs the feature `manage` of `dbmigrate-runtime`";
    restore(C P) "`restore` needs the feature `manage` of `dbmigrate-runtime`";
    roll_back(C N) "`roll_back` needs the feature `manage` of `dbmigrate-runtime`";
    schema_fingerprint() "`schema_fingerprint` needs the feature `manage` of `dbmigrate-runtime`";
    schema_fingerprint_of(C) "`schema_fingerprint_of` needs the feature `manage` of `dbmigrate-runtime`";
    verify_schema(C) "`verify_schema` needs the feature `manage` of `dbmigrate-runtime`";
    verify_schema_with(D) "`verify_schema_with` needs the feature `manage` of `dbmigrate-runtime`";
}

impl<C> Together<'_, C> {
    #[doc(hidden)]
    #[must_use]
    pub fn rehearse<T, D>(&self, _: D) -> T
    where
        Self: needs::rehearse,
    {
        unreachable!("nothing has the trait")
    }

    #[doc(hidden)]
    #[must_use]
    pub fn verify_schema<T, D>(&self, _: D) -> T
    where
        Self: needs::verify_schema,
    {
        unreachable!("nothing has the trait")
    }
}
