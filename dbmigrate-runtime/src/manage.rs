//! Everything that rolls back, compares, repairs or copies an existing database. A program that only applies migrations
//! does without.

mod built_upon;
mod copies;
pub(crate) mod down;
mod down_script;
pub(crate) mod forget;
mod history;
mod in_force;
mod known;
pub(crate) mod mark;
mod objects;
pub(crate) mod rehearsal;
pub(crate) mod repair;
mod replay;
pub(crate) mod reset;
pub(crate) mod restore;
mod schema;
mod step_lock;
pub(crate) mod together;
pub(crate) mod verify_schema;

pub use mark::Marked;
pub use rehearsal::{Rehearsal, Rehearse, Rehearsed};
pub use repair::{Repair, Repairs, Stopped};
pub use reset::ResetPlan;
pub use restore::Restored;
pub use together::SetRehearsal;
pub use verify_schema::VerifiedSchema;

use crate::driver::Backend;
use crate::error::Error;
use crate::migrator::Migrator;
use crate::session::Dispatch;
use crate::set::Set;

impl<'a, B: Backend> Migrator<'a, B> {
    /// The set and those that live beside it.
    pub(crate) fn sets(&self) -> Result<Vec<&'a Set<'a>>, Error> {
        std::iter::once(&self.lazy_set).chain(&self.beside).map(|set| set.set()).collect()
    }

    /// The sets that live beside it.
    pub(crate) fn others(&self) -> Result<Vec<&'a Set<'a>>, Error> {
        self.beside.iter().map(|other| other.set()).collect()
    }

    pub(crate) fn replayed_code(&self) -> Option<&Dispatch<'_, B::Connection>> {
        self.code.as_deref().filter(|_| self.options.replay_code)
    }
}
