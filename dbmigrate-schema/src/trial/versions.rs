//! Older versions, filled anew, to the last one in one go: as a database that was not opened for a long time goes.

use std::collections::HashSet;
use std::time::Instant;

use dbmigrate_core::MigrationSet;
use rusqlite::Connection;

use super::refusal::turned_away;
use super::rows::{SEED, go, made};
use super::walk::Affected;
use super::{Fault, FaultKind, Leg, VersionTrial, Versions};
use crate::fill::fill_with;
use crate::model::{Name, Object, Schema};
use crate::plan::Decisions;
use crate::proof::{Contents, asserts, faults, pairs};
use crate::read::{ReadOptions, read};
use crate::replay::up_script;
use crate::scratch::copy;

/// Takes the versions to the last one that was tried; `affected` has a set for each of those,
/// `wrong` the names of those that are wrong by themselves.
pub(super) fn all(
    set: &MigrationSet,
    affected: &[Affected],
    wrong: &HashSet<String>,
    versions: Versions,
) -> rusqlite::Result<Vec<VersionTrial>> {
    let last = affected.len();
    let first = match versions {
        Versions::Newest(count) => last.saturating_sub(1).saturating_sub(count),
        Versions::From(number) => set.migrations.iter().position(|it| it.number >= number).unwrap_or(last),
    };
    let mut tried = Vec::new();
    let Some(version) = made(set, first)? else { return Ok(tried) };
    for at in first..last.saturating_sub(1) {
        let Ok(up) = up_script(&set.migrations[at]) else { break };
        if go(set, &version, up).is_err() {
            break;
        }
        tried.push(one(set, at, &version, affected, wrong)?);
    }
    Ok(tried)
}

fn one(
    set: &MigrationSet,
    at: usize,
    version: &Connection,
    affected: &[Affected],
    wrong: &HashSet<String>,
) -> rusqlite::Result<VersionTrial> {
    let started = Instant::now();
    let connection = copy(version, &set.config.replay.stubs)?;
    let schema = read(&connection, &ReadOptions::default())?;
    let filled = fill_with(&connection, &schema, SEED, &mut |_, _| Ok(()))?;
    let mut tried = VersionTrial {
        name: set.migrations[at].name(),
        rows: filled.tables.iter().map(|table| table.rows as usize).sum(),
        compared: 0,
        faults: Vec::new(),
        ended: None,
        duration: started.elapsed(),
    };
    let known = faults(&connection, &schema);
    let touched: HashSet<&Name> = affected[at + 1..].iter().flatten().collect();
    let untouched = |object: &&Object| object.as_table().is_some() && !touched.contains(object.name());
    let untouched = Schema { objects: schema.objects.iter().filter(untouched).cloned().collect() };
    let contents =
        Contents::read(&connection, &pairs(&untouched, &untouched, &Decisions::default()), &untouched, &untouched)?;
    for migration in &set.migrations[at + 1..affected.len()] {
        let Ok(up) = up_script(migration) else { break };
        if let Err(refused) = asserts(&connection, up).and_then(|()| go(set, &connection, up)) {
            // It was rolled back.
            let why = turned_away(&connection, set.config.foreign_keys, up)?;
            let known = wrong.contains(&migration.name()).then(|| refused.message.clone());
            match why.or(known) {
                Some(why) => tried.ended = Some((migration.name(), why)),
                None => tried.faults.push(Fault { leg: Leg::Versions, kind: FaultKind::Refused(refused) }),
            }
            tried.duration = started.elapsed();
            return Ok(tried);
        }
    }
    tried.compared = contents.rows();
    let losses = contents.losses(&connection)?.into_iter().map(FaultKind::Rows);
    let now = faults(&connection, &read(&connection, &ReadOptions::default())?);
    let states = now.into_iter().filter(|fault| !known.contains(fault)).map(FaultKind::State);
    tried.faults.extend(losses.chain(states).map(|kind| Fault { leg: Leg::Versions, kind }));
    tried.duration = started.elapsed();
    Ok(tried)
}
