//! What another set of the database has built upon stays, as far as a migrator was told of that set.

use crate::compare::{Found, look};
use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::histories::title;
use crate::requires::elsewhere;
use crate::set::Set;

/// What would be undone of a migration.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undo {
    /// What it made.
    Schema,
    /// That it is recorded.
    Record,
}

/// Refuses to undo what another set has built upon.
pub(crate) fn refuse_needed(
    db: &mut Db<'_>,
    set: &Set<'_>,
    beside: &[&Set<'_>],
    is_target: &dyn Fn(&str) -> bool,
    undo: Undo,
) -> Result<(), Error> {
    let goes = |required: &str| elsewhere(required).is_some_and(|(of, name)| of == set.name && is_target(name));
    for other in beside.iter().filter(|it| it.migrations.iter().any(|it| it.requires.iter().any(|name| goes(name)))) {
        let Found::History(known) = look(db, other)? else { continue };
        for migration in known.applied() {
            let Some(required) = migration.requires.iter().find(|name| goes(name)) else { continue };
            let name = elsewhere(required).map_or(*required, |(_, name)| name);
            let of = if other.name.is_empty() { String::new() } else { format!(" --set {}", other.name) };
            let by = migration.name;
            let (undone, help) = match undo {
                Undo::Schema => ("rolled back", format!("roll back that one first: `cargo dbmigrate down{of}`")),
                Undo::Record => ("forgotten", format!("forget that one first: `cargo dbmigrate forget {by}{of}`")),
            };
            let message =
                format!("`{name}` can't be {undone} before `{by}` of {}, which requires it", title(other.name));
            return Err(Error::new(ErrorKind::OutOfOrder, message).hint(help));
        }
    }
    Ok(())
}
