//! What the calls say that need the feature `manage` where that is off: that no method has their name would lead nobody
//! to it.

use crate::driver::Backend;
use crate::migrator::Migrator;
use crate::together::Together;

/// Nothing has it.
#[diagnostic::on_unimplemented(
    message = "`{Method}()` needs the feature `manage` of `dbmigrate-runtime`",
    label = "that feature is off",
    note = "turn it on: `cargo add dbmigrate-runtime --features manage`"
)]
pub trait ManageIsOn<Method> {}

/// Each takes whatever its namesake takes.
macro_rules! calls {
    ($($name:ident($($argument:ident)*),)*) => {
        impl<B: Backend> Migrator<'_, B> {
            $(
                #[doc(hidden)]
                pub fn $name<T, $($argument),*>(&self, $(_: $argument),*) -> T
                where
                    Self: ManageIsOn<called::$name>,
                {
                    unreachable!("nothing has the trait")
                }
            )*
        }

        /// The names, for the message.
        mod called {
            $(
                #[allow(non_camel_case_types)]
                pub struct $name;
            )*
        }
    };
}

calls! {
    back_up(C),
    backups(C),
    copy_to(C P),
    down(C),
    down_all(C),
    down_all_with(D),
    down_plan(C N),
    down_to(C N),
    down_to_with(D N),
    down_with(D),
    forget(C N),
    forget_with(D N),
    mark(C),
    mark_only(C N),
    mark_to(C N),
    mark_to_with(D N),
    mark_with(D),
    redo(C),
    redo_with(D),
    rehearse(C W),
    repair(C N S),
    repair_all(C S),
    repair_plan(C),
    repair_plan_with(D),
    repair_with(D N S),
    reset(C),
    reset_plan(C),
    restore(C P),
    roll_back(C N),
    schema_fingerprint(),
    schema_fingerprint_of(C),
    verify_schema(C),
    verify_schema_with(D),
}

impl<C> Together<'_, C> {
    #[doc(hidden)]
    pub fn rehearse<T, D>(&self, _: D) -> T
    where
        Self: ManageIsOn<called::rehearse>,
    {
        unreachable!("nothing has the trait")
    }

    #[doc(hidden)]
    pub fn verify_schema<T, D>(&self, _: D) -> T
    where
        Self: ManageIsOn<called::verify_schema>,
    {
        unreachable!("nothing has the trait")
    }
}
