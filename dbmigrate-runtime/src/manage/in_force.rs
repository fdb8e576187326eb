//! What is in force for a database of several sets, of which each may begin with a squash.

use crate::db::Db;
use crate::error::Error;
use crate::options::Options;
use crate::session::Session;
use crate::set::Set;
use crate::squash::{InForce, record};

/// As [`crate::squash::with`], with other sets of the same database.
pub(crate) fn with_all<T>(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    beside: &[&Set<'_>],
    work: impl FnOnce(&mut dyn Session, &Set<'_>, &[&Set<'_>]) -> Result<T, Error>,
) -> Result<T, Error> {
    let all = [&[set], beside].concat();
    let squashes = squashes(&mut Db::new(session, options), &all)?;
    let sets = in_force(&all, &squashes);
    let beside: Vec<&Set<'_>> = sets.iter().skip(1).collect();
    work(session, sets.first().unwrap_or(set), &beside)
}

fn squashes<'a>(db: &mut Db<'_>, all: &[&Set<'a>]) -> Result<Vec<Option<InForce<'a>>>, Error> {
    all.iter().map(|set| InForce::of(db, set)).collect()
}

fn in_force<'s>(all: &[&Set<'s>], squashes: &'s [Option<InForce<'s>>]) -> Vec<Set<'s>> {
    all.iter()
        .zip(squashes)
        .map(|(set, in_force)| in_force.as_ref().map_or(**set, |in_force| in_force.set(set)))
        .collect()
}

/// As [`with_all`], for what changes the history: a database that has all that is replaced gets the row of the squash
/// first.
pub(crate) fn settled<T>(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    beside: &[&Set<'_>],
    work: impl FnOnce(&mut dyn Session, &Set<'_>, &[&Set<'_>]) -> Result<T, Error>,
) -> Result<T, Error> {
    record(session, set, options)?;
    with_all(session, set, options, beside, work)
}
