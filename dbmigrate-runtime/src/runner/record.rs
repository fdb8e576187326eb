//! When the history of what fills a fresh database is written: at the end of the transaction, unless a script may look
//! at it. And whether it is what was written, before that is committed.

use super::failure::blame;
use super::{Batch, Context, Group, Plan, Runner};
use crate::compare::{chain, look};
use crate::db::Db;
use crate::error::Error;
use crate::hidden;
use crate::history::unrecorded;
use crate::job::{Job, Kind, Way};
use crate::script::mentions;
use crate::set::Script;

/// A script with one of these in its text may read the schema, which has the tables of the history in it, or set the
/// encoding, which SQLite only does before the first table: it must find the history as any later run would.
const OF_SCHEMAS: [&str; 3] = ["sqlite_", "pragma_", "encoding"];

impl<'s> Runner<'_, 's> {
    /// Whether the history is created at the end of the transaction, with its first rows: a smaller schema makes each
    /// script faster, as SQLite reads all of it again after every change.
    pub(super) fn creates_late(&self, plan: &Plan<'s>) -> bool {
        let fills = |way: &Way<'_>| matches!(way, Way::Up(_, migration) if migration.up.transaction);
        self.group == Group::Fresh
            && plan.left().first().is_some_and(|job| fills(&job.way))
            // A snapshot starts only where the history exists, and dropping what repeatables made reads their records.
            && self.snapshot.is_none()
            && !self.is_history_read
            && !self.without_repeatables
            && !self.context.options.untimed
    }

    /// Whether the history is mentioned in a script. A name that SQL writes in more than one way counts as mentioned.
    pub(super) fn names_history(&self, script: &Script<'_>) -> bool {
        let table = self.context.set.table;
        let is_plain = table.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        !is_plain || mentions(script.text, table, false)
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

    /// What the history holds then, if nothing forbids to commit it.
    #[inline(never)]
    pub(super) fn checked(
        &self,
        db: &mut Db<'_>,
        prefix: Option<usize>,
        batch: &Batch<'_>,
        (jobs, job): (&[Job<'_>], Option<&Job<'_>>),
    ) -> Result<(Option<usize>, &'s str), Error> {
        if !self.enforced {
            self.refuse_violations(db, batch, job)?;
        }
        hidden::refuse(db).map_err(|error| blame(error, batch.kind, job))?;
        self.clear_records(db, batch.kind)?;
        self.recorded(db, prefix, batch, jobs)
    }

    /// How many of the set's first migrations the history holds after these jobs, and what its head has to say.
    fn recorded(
        &self,
        db: &mut Db<'_>,
        prefix: Option<usize>,
        batch: &Batch<'_>,
        jobs: &[Job<'_>],
    ) -> Result<(Option<usize>, &'s str), Error> {
        let Context { set, history, .. } = &self.context;
        if matches!(batch.kind, Kind::Before | Kind::After) {
            // A hook does not change what the head speaks of. If it did, the triggers have emptied it.
            return Ok((prefix, self.head));
        }
        let jobs = if batch.kind == Kind::Migration { jobs } else { &[] };
        if let ([first, ..], [.., last], Some(whole), false) = (jobs, jobs, prefix, batch.is_history_named) {
            let (lowest, count) = if whole == set.migrations.len() {
                // The head will say that nothing is pending, and later starts read no rows then: so count all of them.
                (0, whole)
            } else {
                // All jobs run in one direction, in the order of their numbers.
                (first.number.min(last.number), if first.records().is_some() { jobs.len() } else { 0 })
            };
            if history.has_exactly(db, lowest, count)? {
                return Ok((prefix, chain(set, prefix)));
            }
        }
        let found = look(db, set)?;
        let known = found.known();
        let is_recorded = |job: &Job<'_>| known.is_some_and(|known| known.has(job.number) == job.records().is_some());
        if let Some(job) = jobs.iter().find(|job| !is_recorded(job)) {
            return Err(unrecorded(job.name()));
        }
        Ok(known.map_or((None, ""), |known| (known.prefix(), known.chain())))
    }
}

/// Whether a script may look at the schema, and so at the history, or make something that does.
pub(super) fn may_read_schema(script: &Script<'_>) -> bool {
    OF_SCHEMAS.iter().any(|name| mentions(script.text, name, false))
}
