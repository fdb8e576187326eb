//! What helps where SQLite stops at a view or a trigger that uses what a statement changes: it reads all of them again
//! when a table is renamed or loses a column.

use crate::error::Error;
use crate::quote::identifier;
use crate::repeatable::word;
use crate::set::{Object, ObjectKind, Set};

/// Adds that to the error for a statement that failed so.
pub(crate) fn explain(set: &Set<'_>, error: Error) -> Error {
    let message = error.message();
    match named(set, &message) {
        Some((file, Object { kind, name })) => error.hint(format_args!(
            "`{file}` makes that {}, and is run again after the migrations: put `DROP {} IF EXISTS {};` before the \
             statement",
            word(*kind),
            word(*kind).to_ascii_uppercase(),
            identifier(name)
        )),
        None if [ObjectKind::View, ObjectKind::Trigger].into_iter().any(|kind| message.contains(&in_the_way(kind))) => {
            error.hint("it uses what this statement changes: drop it in this file before, and make it again after")
        }
        None => error,
    }
}

/// Whether a statement failed so, and what is in its way is made again after the migrations.
pub(crate) fn is_made_again(set: &Set<'_>, message: &str) -> bool {
    named(set, message).is_some()
}

fn named<'s>(set: &'s Set<'_>, message: &str) -> Option<(&'s str, &'s Object<'s>)> {
    set.parts.repeatables.and_then(|part| (part.culprit)(set, message))
}

/// What finds the object of a repeatable that a message names, with its file.
pub(crate) type Culprit = for<'s> fn(&'s Set<'_>, &str) -> Option<(&'s str, &'s Object<'s>)>;

pub(crate) fn culprit<'s>(set: &'s Set<'_>, message: &str) -> Option<(&'s str, &'s Object<'s>)> {
    let is_named = |object: &Object<'_>| {
        // SQLite goes on with `:`, or with when it was.
        let start = format!("{}{}", in_the_way(object.kind), object.name);
        message.split_once(&start).is_some_and(|(_, rest)| rest.starts_with([':', ' ']))
    };
    let mut made = set.repeatables.iter().flat_map(|it| it.objects.iter().map(move |object| (it.script.file, object)));
    made.find(|(_, object)| is_named(object))
}

/// What SQLite says before the name.
fn in_the_way(kind: ObjectKind) -> String {
    format!("error in {} ", word(kind))
}
