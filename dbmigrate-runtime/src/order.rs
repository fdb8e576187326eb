//! One order for the pending migrations of several sets: each set by its numbers, and none before what it requires in
//! another set.

use std::collections::HashSet;

use crate::error::{Error, ErrorKind};
use crate::histories::title;
use crate::options::RunPart;
use crate::requires::elsewhere;
use crate::set::{Migration, Set, TransactionMode};

/// One run of one set, among those of others.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) struct Leg {
    /// The place of the set.
    pub(crate) place: usize,
    /// The last migration; all that there are without it.
    pub(crate) to: Option<u64>,
    /// What comes before and after it of the same set.
    pub(crate) part: RunPart,
}

/// A set and what is pending of it, in order.
pub(crate) struct Member<'s> {
    pub(crate) set: &'s Set<'s>,
    pub(crate) pending: Vec<&'s Migration<'s>>,
}

/// The runs that bring all sets up. Each set has one at least, and goes on for as long as it can. Repeatables wait until
/// the migrations of all sets have run, as they may read the tables of others.
#[inline]
pub(crate) fn legs(members: &[Member<'_>]) -> Result<Vec<Leg>, Error> {
    let stretches = stretches(members)?;
    let mut legs: Vec<Leg> = Vec::new();
    // A set with nothing pending says first what is wrong with it.
    let has_stretch = |place: usize| stretches.iter().any(|(of, _)| *of == place);
    let is_idle = |place: &usize| !has_stretch(*place) && members[*place].set.repeatables.is_empty();
    legs.extend((0..members.len()).filter(is_idle).map(|place| Leg { place, to: None, part: RunPart::WHOLE }));
    for (at, &(place, last)) in stretches.iter().enumerate() {
        let set = members[place].set;
        let is_first = !stretches[..at].iter().any(|(of, _)| *of == place);
        let is_last = !stretches[at + 1..].iter().any(|(of, _)| *of == place);
        let ends = is_last && (set.repeatables.is_empty() || at + 1 == stretches.len());
        if set.rules.transaction == TransactionMode::All && !is_last {
            let message = format!(
                "the pending migrations of {} share one transaction, but one of them requires another set in between",
                title(set.name)
            );
            return Err(Error::new(ErrorKind::Set, message)
                .hint("use `transaction = \"each\"` for it in `[package.metadata.migrations]`"));
        }
        legs.push(Leg { place, to: (!ends).then_some(last), part: RunPart { first: is_first, last: ends } });
    }
    for place in 0..members.len() {
        if !is_idle(&place) && !legs.iter().any(|leg| leg.place == place && leg.part.last) {
            legs.push(Leg { place, to: None, part: RunPart { first: !has_stretch(place), last: true } });
        }
    }
    Ok(legs)
}

/// The place of a set and the number of its last migration, for each run of migrations without one of another set.
#[inline]
fn stretches(members: &[Member<'_>]) -> Result<Vec<(usize, u64)>, Error> {
    let mut waiting: HashSet<(&str, &str)> = HashSet::new();
    for Member { set, pending } in members {
        waiting.extend(pending.iter().map(|migration| (set.name, migration.name)));
    }
    let mut next = vec![0; members.len()];
    let mut stretches: Vec<(usize, u64)> = Vec::new();
    loop {
        let mut has_moved = false;
        for (place, member) in members.iter().enumerate() {
            let mut last = None;
            while let Some(migration) = member.pending.get(next[place]) {
                if blocking(migration, &waiting).is_some() {
                    break;
                }
                waiting.remove(&(member.set.name, migration.name));
                next[place] += 1;
                last = Some(migration.number);
            }
            if let Some(last) = last {
                has_moved = true;
                match stretches.last_mut().filter(|(before, _)| *before == place) {
                    Some(stretch) => stretch.1 = last,
                    None => stretches.push((place, last)),
                }
            }
        }
        if !has_moved {
            break;
        }
    }
    let stuck = |place: &usize| members[*place].pending.get(next[*place]);
    match (0..members.len()).find(|place| stuck(place).is_some()) {
        None => Ok(stretches),
        Some(first) => Err(circle(members, &next, first, &waiting)),
    }
}

/// What a migration waits for in another set.
#[inline]
fn blocking<'s>(migration: &Migration<'s>, waiting: &HashSet<(&str, &str)>) -> Option<(&'s str, &'s str)> {
    migration.requires.iter().copied().filter_map(elsewhere).find(|required| waiting.contains(required))
}

/// The circle in which sets wait for each other, from a set that waits on.
#[inline]
fn circle(members: &[Member<'_>], next: &[usize], first: usize, waiting: &HashSet<(&str, &str)>) -> Error {
    let mut path: Vec<(usize, String)> = Vec::new();
    let mut place = first;
    while !path.iter().any(|(seen, _)| *seen == place) {
        let Member { set, pending } = &members[place];
        let Some(migration) = pending.get(next[place]) else { break };
        let Some((other, name)) = blocking(migration, waiting) else { break };
        let step = format!("`{}` of {} requires `{name}` of {}", migration.name, title(set.name), title(other));
        path.push((place, step));
        place = members.iter().position(|member| member.set.name == other).unwrap_or(place);
    }
    let start = path.iter().position(|(seen, _)| *seen == place).unwrap_or(0);
    let error = Error::new(ErrorKind::Requirement, "these sets require each other: none can be the first");
    path.split_off(start)
        .into_iter()
        .fold(error, |error, (_, step)| error.note(step))
        .hint("remove one of the requirements, or give the required migration a lower number")
}
