//! Compares two schemas, object by object.
//!
//! What SQLite reads in the same way is not a difference: the case of keywords and names, quotes, white space,
//! comments, redundant parentheses, whether a constraint is written beside its column or after all of them, and the
//! order of objects. This includes the text that `ALTER TABLE` leaves behind.

mod difference;
mod normal;
mod object;
mod table;

use std::collections::HashMap;

pub use difference::{Change, ColumnChange, Difference};
use normal::Known;

use crate::model::{Kind, Name, Object, Schema};

/// What has to change for `from` to become `to`: first what is removed, then what is added and changed, each in its
/// order.
///
/// Objects are matched by kind and name: a renamed table is one that is removed and one that is added.
#[must_use]
pub fn compare(from: &Schema, to: &Schema) -> Vec<Difference> {
    let known = Known::new([from, to]);
    let (old, new) = (by_name(from), by_name(to));
    let gone = from.objects.iter().filter(|object| !new.contains_key(&key(object)));
    let mut differences: Vec<_> = gone.map(|object| Difference::new(object, Change::Removed)).collect();
    for object in &to.objects {
        match old.get(&key(object)) {
            None => differences.push(Difference::new(object, Change::Added)),
            // What stands in it may mean something else now, but then that is a difference of another object.
            Some(before) if before.text() == object.text() => {}
            Some(before) => {
                let changes = match (before, object) {
                    (Object::Table(before), Object::Table(after)) => table::changes(before, after, &known),
                    _ => object::changes((&old, before), (&new, object), &known),
                };
                differences.extend(changes.into_iter().map(|change| Difference::new(object, change)));
            }
        }
    }
    differences
}

/// The objects of a schema by what they are known by.
pub(crate) type ByName<'s> = HashMap<(Kind, &'s Name), &'s Object>;

/// What an object is known by.
pub(crate) fn key(object: &Object) -> (Kind, &Name) {
    (object.kind(), object.name())
}

pub(crate) fn by_name(schema: &Schema) -> ByName<'_> {
    schema.objects.iter().map(|object| (key(object), object)).collect()
}
