//! The order in which the migrations of several sets run: each set by its numbers, and none before one that it requires
//! of another set.

use std::collections::BTreeMap;

use crate::load::MigrationSet;
use crate::migration::{SourceMigration, place_of};
use crate::requirement::Requirement;

/// A cycle of requirements: none of these migrations can be the first. Each entry has the index of a set, the next
/// migration in it, and what that requires of the set after it; the last entry requires something of the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle<'s>(pub Vec<(usize, &'s SourceMigration, &'s Requirement)>);

/// The positions of the migrations, as set and migration, in the order in which they run. A set runs for as long as it
/// can. Requirements on a set that is not among these, or on a name that the set does not have, do not delay anything.
///
/// # Errors
///
/// The first cycle that was found.
pub fn order<'s>(sets: &[&'s MigrationSet]) -> Result<Vec<(usize, usize)>, Cycle<'s>> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (at, set) in sets.iter().enumerate() {
        places.insert(set.config.set.clone(), at);
    }
    let mut next = vec![0; sets.len()];
    let mut order = Vec::new();
    loop {
        let before = order.len();
        for (place, set) in sets.iter().enumerate() {
            while let Some(migration) = set.migrations.get(next[place]) {
                if blocking(migration, sets, &places, &next).is_some() {
                    break;
                }
                order.push((place, next[place]));
                next[place] += 1;
            }
        }
        if order.len() == before {
            break;
        }
    }
    let mut seen = vec![false; sets.len()];
    let mut path = Vec::new();
    let mut at = (0..sets.len()).find(|&place| next[place] < sets[place].migrations.len());
    while let Some(place) = at {
        let Some(migration) = sets[place].migrations.get(next[place]) else { break };
        let Some((other, requirement)) = blocking(migration, sets, &places, &next) else { break };
        if std::mem::replace(&mut seen[place], true) {
            let start = path.iter().position(|&(first, _, _)| first == place).unwrap_or(0);
            return Err(Cycle(path.split_off(start)));
        }
        path.push((place, migration, requirement));
        at = Some(other);
    }
    Ok(order)
}

/// What a migration still waits for, and the place of its set.
fn blocking<'s>(
    migration: &'s SourceMigration,
    sets: &[&MigrationSet],
    places: &BTreeMap<String, usize>,
    next: &[usize],
) -> Option<(usize, &'s Requirement)> {
    migration.requires.iter().find_map(|requirement| {
        let (set, name) = requirement.elsewhere()?;
        let place = *places.get(set)?;
        let at = place_of(&sets.get(place)?.migrations, name)?;
        (at >= *next.get(place)?).then_some((place, requirement))
    })
}
