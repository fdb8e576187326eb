//! What helps where SQLite stops at a view or a trigger that uses what a statement changes: it reads all of them again
//! when a table is renamed or loses a column.

use crate::error::Error;
use crate::messages::says;
use crate::quote::identifier;
use crate::repeatable::word;
use crate::set::{Object, ObjectKind, Set};

/// Adds that to the error for a statement that failed so.
pub(crate) fn explain(set: &Set<'_>, error: Error) -> Error {
    let message = error.message();
    let help = set.parts.repeatables.and_then(|part| (part.culprit)(set, &message));
    match help {
        Some(help) => error.hint(help),
        None if [ObjectKind::View, ObjectKind::Trigger].iter().any(|kind| says(&message, in_the_way(*kind))) => {
            error.hint("it uses what this statement changes: drop it before in this file, and create it again after")
        }
        None => error,
    }
}

/// Whether a statement failed so, and what is in its way is made again after the migrations.
pub(crate) fn is_made_again(set: &Set<'_>, message: &str) -> bool {
    set.parts.repeatables.is_some_and(|part| (part.culprit)(set, message).is_some())
}

/// What finds the object of a repeatable that a message names, and says what helps.
pub(crate) type CulpritFn = fn(&Set<'_>, &str) -> Option<String>;

#[inline]
pub(crate) fn culprit(set: &Set<'_>, message: &str) -> Option<String> {
    let is_named = |object: &Object<'_>| {
        // SQLite goes on with `:`, or with when it was.
        let start = format!("{}{}", in_the_way(object.kind), object.name);
        message.split_once(&start).is_some_and(|(_, rest)| rest.starts_with([':', ' ']))
    };
    let mut made = set.repeatables.iter().flat_map(|it| it.objects.iter().map(move |object| (it.script.file, object)));
    let (file, Object { kind, name, .. }) = made.find(|(_, object)| is_named(object))?;
    Some(format!(
        "`{file}` creates that {}, and runs again after the migrations: put `DROP {} IF EXISTS {};` before the \
         statement",
        word(*kind),
        word(*kind).to_ascii_uppercase(),
        identifier(name)
    ))
}

/// What SQLite says before the name.
fn in_the_way(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::View => "error in view ",
        ObjectKind::Trigger => "error in trigger ",
    }
}
