//! When the history of what fills a fresh database is written: at the end of the transaction, unless a script may look
//! at it.

use super::{Batch, Context, Group, Plan, Runner};
use crate::db::Db;
use crate::error::Error;
use crate::job::Way;
use crate::set::Script;

/// What scripts have in them that look at the schema, where the tables of the history stand, or that set the encoding: only
/// before the first table is that obeyed, and it must not depend on when a run makes the history.
const OF_SCHEMAS: [&str; 3] = ["sqlite_", "pragma_", "encoding"];

impl<'s> Runner<'_, 's> {
    /// Whether the history is created with its first rows. Each script that changes a table reads the whole schema again.
    pub(super) fn creates_late(&self, plan: &Plan<'s>) -> bool {
        let fills = |way: &Way<'_>| matches!(way, Way::Up(_, migration) if migration.up.transaction);
        self.group == Group::Fresh
            && plan.left().first().is_some_and(|job| fills(&job.way))
            // A snapshot is not begun where anything is in doubt; an object that is in the way has a record.
            && self.snapshot.is_none()
            && !self.is_history_read
            && !self.without_repeatables
            && !self.context.options.untimed
    }

    /// Whether a script may look at the history, or make something that does. A name that SQL writes in more than one way
    /// counts as mentioned.
    pub(super) fn may_read_history(&self, script: &Script<'_>) -> bool {
        let table = self.context.set.table;
        let is_plain = table.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let mentions = |name: &str| {
            let mut places = script.text.as_bytes().windows(name.len().max(1));
            places.any(|place| place.eq_ignore_ascii_case(name.as_bytes()))
        };
        !is_plain || script.has_code() || mentions(table) || OF_SCHEMAS.into_iter().any(mentions)
    }

    /// Writes the rows that the history does not have yet, and creates it if it waited for them.
    #[inline(never)]
    pub(super) fn record(&self, db: &mut Db<'_>, batch: &mut Batch<'s>) -> Result<(), Error> {
        let Context { history, options, .. } = &self.context;
        let creates = std::mem::take(&mut batch.creates);
        if creates {
            history.create_tables(db)?;
        }
        history.insert_all(db, options, &batch.unrecorded, &batch.done)?;
        batch.unrecorded.clear();
        if creates { history.create_rest(db) } else { Ok(()) }
    }
}
