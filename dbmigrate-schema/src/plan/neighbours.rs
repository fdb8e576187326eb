//! What SQLite looks at when it drops a column: the indexes of its table, the views and triggers that can reach it, and
//! what these name. A database of them is small, however many tables there are.

use std::collections::{HashMap, HashSet};

use super::dependents::{Dependents, is_dependent, names_in};
use super::doubts::is_table;
use crate::model::{Kind, Name, Object, Schema};

/// So many objects SQLite makes in no time.
const MANY: usize = 64;

/// The objects of a schema by what names them.
pub(super) struct Neighbours<'a> {
    objects: Vec<&'a Object>,
    /// What each view and trigger names; empty for everything else.
    named: Vec<HashSet<Name>>,
    /// The views and triggers that name something.
    dependents: HashMap<Name, Vec<usize>>,
    /// The tables and views.
    sources: HashMap<&'a Name, usize>,
    indexes: HashMap<&'a Name, Vec<usize>>,
}

impl<'a> Neighbours<'a> {
    /// Those of a schema but for what goes first.
    pub(super) fn new(schema: &'a Schema, dropped: &Dependents) -> Self {
        let stays = |object: &&Object| !dropped.contains(&object.key());
        let objects: Vec<_> = schema.objects.iter().filter(stays).collect();
        let mut own = Self {
            named: Vec::new(),
            dependents: HashMap::new(),
            sources: HashMap::new(),
            indexes: HashMap::new(),
            objects,
        };
        for (at, object) in own.objects.iter().enumerate() {
            let names = if is_dependent(object) { names_in(object) } else { HashSet::new() };
            for name in &names {
                own.dependents.entry(name.clone()).or_default().push(at);
            }
            own.named.push(names);
            match object.kind() {
                Kind::Index => own.indexes.entry(object.table().unwrap_or(object.name())).or_default().push(at),
                Kind::Trigger => {}
                _ => drop(own.sources.insert(object.name(), at)),
            }
        }
        own
    }

    /// The table with all that SQLite looks at, in the order of their making.
    pub(super) fn of(&self, table: &Name) -> Vec<&'a Object> {
        let mut found: HashSet<usize> = self.indexes.get(table).into_iter().flatten().copied().collect();
        let mut reached = vec![table.clone()];
        let mut seen = HashSet::from([table.clone()]);
        while let Some(name) = reached.pop() {
            found.extend(self.sources.get(&name));
            for &at in self.dependents.get(&name).into_iter().flatten() {
                if found.insert(at)
                    && self.objects[at].kind() == Kind::View
                    && seen.insert(self.objects[at].name().clone())
                {
                    reached.push(self.objects[at].name().clone());
                }
            }
        }
        // What they name besides is only to be there.
        let pending = found.iter().copied().collect();
        self.add_named(&mut found, pending);
        self.in_order(found)
    }

    /// Every view and trigger with all that it names, in groups that are small; none where some name very many.
    pub(super) fn groups(&self) -> Option<Vec<Vec<&'a Object>>> {
        let (mut groups, mut group) = (Vec::new(), HashSet::new());
        for at in (0..self.objects.len()).filter(|at| is_dependent(self.objects[*at])) {
            let own = group.len();
            if group.insert(at) {
                self.add_named(&mut group, vec![at]);
            }
            if group.len() - own > MANY {
                return None;
            }
            if group.len() > MANY {
                groups.push(self.in_order(std::mem::take(&mut group)));
            }
        }
        groups.push(self.in_order(group));
        Some(groups)
    }

    /// Adds the tables and views that these name, and those that these name in turn.
    fn add_named(&self, found: &mut HashSet<usize>, mut pending: Vec<usize>) {
        while let Some(at) = pending.pop() {
            let named = self.named[at].iter().filter_map(|name| self.sources.get(name));
            pending.extend(named.filter(|at| found.insert(**at)).collect::<Vec<_>>());
        }
    }

    fn in_order(&self, found: HashSet<usize>) -> Vec<&'a Object> {
        let mut found: Vec<_> = found.into_iter().collect();
        // A view may have been made before its table.
        found.sort_by_key(|at| (!is_table(self.objects[*at]), *at));
        found.into_iter().map(|at| self.objects[at]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_those_that_reach_a_table_and_what_they_name() {
        let schema = Schema::from_sql(
            "CREATE TABLE t (a); CREATE TABLE u (a); CREATE TABLE far (a); CREATE INDEX i ON t (a);
             CREATE INDEX j ON u (a); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT v.a FROM v, u;
             CREATE VIEW away AS SELECT a FROM u; CREATE TRIGGER r AFTER INSERT ON far BEGIN SELECT a FROM w; END;
             CREATE TRIGGER s AFTER INSERT ON u BEGIN SELECT 1; END;",
        )
        .unwrap();
        let gone = Dependents::from([(Kind::Index, Name::new("i"))]);
        let neighbours = Neighbours::new(&schema, &gone);
        let names = |table| {
            let found: Vec<_> = neighbours.of(&Name::new(table)).into_iter().map(|it| it.name().to_string()).collect();
            found.join(" ")
        };
        assert_eq!(names("t"), "t u far v w r");
        assert_eq!(names("u"), "t u far j v w away r s");
        assert_eq!(names("far"), "t u far v w r");
    }
}
