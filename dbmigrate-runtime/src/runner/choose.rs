//! Whether a script runs with foreign keys enforced, where others share its transaction.

use super::{Context, Runner};
use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::excerpt::Place;
use crate::foreign_keys::{self, Choice};
use crate::job::{Job, Kind};
use crate::set::Script;

impl Runner<'_, '_> {
    #[inline(never)]
    pub(super) fn choose(&self, db: &mut Db<'_>, job: &Job<'_>, script: &Script<'_>) -> Result<Choice, Error> {
        let Context { set, settings, .. } = &self.context;
        let needs_off = self.needs_off(job);
        let choice =
            foreign_keys::choose(db, settings, set.rules.foreign_keys, script, needs_off, set.parts.foreign_keys)?;
        if !self.all_off || !choice.enforced || job.kind() != Kind::Migration {
            return Ok(choice);
        }
        if choice.explicit {
            let message = "this file needs foreign keys on, and another one in the same transaction needs them off";
            return Err(Error::new(ErrorKind::Set, message)
                .at(Place::line(script.file, 1))
                .hint("use `transaction = \"each\"` in `[package.metadata.migrations]`"));
        }
        Ok(Choice { enforced: false, for_others: true, ..choice })
    }
}
