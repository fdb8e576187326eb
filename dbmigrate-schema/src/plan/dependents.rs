//! The views and triggers that can reach a table.
//!
//! They are found by the names in their text, which finds too many rather than too few: what goes comes back.

use std::collections::HashSet;

use dbmigrate_core::token::{TokenKind, tokens, unquote};

use crate::model::{Kind, Name, Object, Schema};

/// Views and triggers, by kind and name.
pub(super) type Dependents = HashSet<(Kind, Name)>;

/// The views and triggers that name one of these tables, or a view that does, and so on.
pub(super) fn reaching(schema: &Schema, tables: &HashSet<Name>) -> Dependents {
    let mut pending: Vec<_> = candidates(schema).map(|object| (object, names_in(object))).collect();
    let mut reached = tables.clone();
    let mut found = Dependents::new();
    loop {
        let before = pending.len();
        pending.retain(|(object, names)| {
            let reaches = names.iter().any(|name| reached.contains(name));
            if reaches {
                found.insert(object.key());
                if object.kind() == Kind::View {
                    reached.insert(object.name().clone());
                }
            }
            !reaches
        });
        if pending.len() == before {
            return found;
        }
    }
}

/// All of them.
pub(super) fn all(schema: &Schema) -> Dependents {
    candidates(schema).map(|object| object.key()).collect()
}

/// Adds the triggers that were made after one that goes, on the same table: triggers run in an order that follows from
/// when they were made.
pub(super) fn with_later_triggers(schema: &Schema, dependents: &mut Dependents) {
    let mut tables = HashSet::new();
    for object in candidates(schema).filter(|object| object.kind() == Kind::Trigger) {
        let key = (Kind::Trigger, object.name().clone());
        if dependents.contains(&key) {
            tables.extend(object.table());
        } else if object.table().is_some_and(|table| tables.contains(table)) {
            dependents.insert(key);
        }
    }
}

fn candidates(schema: &Schema) -> impl Iterator<Item = &Object> {
    schema.objects.iter().filter(|object| is_dependent(object))
}

pub(super) fn is_dependent(object: &Object) -> bool {
    matches!(object.kind(), Kind::View | Kind::Trigger)
}

/// Everything in a text that could be the name of a table.
pub(crate) fn names_in(object: &Object) -> HashSet<Name> {
    let text = object.text();
    let is_name = |kind| matches!(kind, TokenKind::Word | TokenKind::QuotedName | TokenKind::String);
    let words = tokens(text).filter(|token| is_name(token.kind));
    words.map(|token| Name::new(unquote(token.text(text)))).chain(object.table().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reaches_a_table_is_found_through_views() {
        let schema = Schema::from_sql(
            "CREATE TABLE t (a); CREATE TABLE u (a);
             CREATE VIEW direct AS SELECT a FROM \"T\"; CREATE VIEW over AS SELECT * FROM [direct];
             CREATE VIEW other AS SELECT a FROM u;
             CREATE TRIGGER own AFTER INSERT ON t BEGIN SELECT 1; END;
             CREATE TRIGGER first AFTER INSERT ON u BEGIN SELECT 1; END;
             CREATE TRIGGER far AFTER INSERT ON u BEGIN SELECT a FROM over; END;
             CREATE TRIGGER later AFTER INSERT ON u BEGIN SELECT 1; END;
             CREATE TRIGGER instead INSTEAD OF INSERT ON over BEGIN SELECT 1; END;",
        )
        .unwrap();
        let sorted = |found: &Dependents| {
            let mut names: Vec<_> = found.iter().map(|(_, name)| name.to_string()).collect();
            names.sort();
            names
        };
        let mut found = reaching(&schema, &HashSet::from([Name::new("t")]));
        assert_eq!(sorted(&found), ["direct", "far", "instead", "over", "own"]);
        with_later_triggers(&schema, &mut found);
        assert_eq!(sorted(&found), ["direct", "far", "instead", "later", "over", "own"]);
        assert_eq!(sorted(&all(&schema)).len(), 8);
    }
}
