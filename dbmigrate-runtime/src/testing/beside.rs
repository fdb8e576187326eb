//! The sets that another one builds on, brought up before it is tried.

use crate::error::Error;
use crate::options::Options;
use crate::order::{Leg, Member, legs};
use crate::requires::elsewhere;
use crate::session::Session;
use crate::set::{Migration, Set};
use crate::up;

/// Brings the other sets up on an empty database, as far as they go without this one.
pub(super) fn bring_up(
    session: &mut dyn Session,
    set: &Set<'_>,
    beside: &[&Set<'_>],
    options: &Options,
) -> Result<(), Error> {
    let needs = |migration: &Migration<'_>| {
        migration.requires.iter().filter_map(|name| elsewhere(name)).any(|(other, _)| other == set.name)
    };
    let free = |other: &&'_ Set<'_>| other.migrations.iter().take_while(|it| !needs(it)).count();
    let free: Vec<usize> = beside.iter().map(free).collect();
    let parts: Vec<Set<'_>> = beside
        .iter()
        .zip(&free)
        .map(|(other, &free)| {
            if other.migrations.len() == free {
                **other
            } else {
                // What is recreated may need what is left out.
                Set { migrations: &other.migrations[..free], repeatables: &[], after_all: None, ..**other }
            }
        })
        .collect();
    let members: Vec<Member<'_>> =
        parts.iter().map(|set| Member { set, pending: set.migrations.iter().collect() }).collect();
    for Leg { place, to, part } in legs(&members)? {
        up::up(session, &parts[place], &Options { part, ..options.clone() }, to)?;
    }
    Ok(())
}
