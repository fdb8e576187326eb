//! The steps of a plan, in an order that works for any number of tables.
//!
//! First goes what is in the way: indexes, views and triggers that change, that go, or that can reach a table that is
//! dropped or made anew. Then tables are dropped, renamed, created, changed. Last comes what is not there yet: what is
//! new, and what went first.

use std::collections::{HashMap, HashSet};

use super::alter::{InPlace, in_place};
use super::bench::{self, Bench};
use super::dependents::{self, Dependents};
use super::doubts::{doubts, gone, is_index_of_text, is_table};
use super::names::{Names, Objects, free_name, table_like};
use super::neighbours::Neighbours;
use super::pair::Pair;
use super::rebuild::rebuild;
use super::searches::Searches;
use super::{Decisions, Hazard, Plan, Planned, Undecided, conversion, text};
use crate::compare::{Change, Difference, by_name, compare, key};
use crate::model::{Kind, Name, Object, Schema, Table};

pub(super) fn plan(from: &Schema, to: &Schema, decisions: &Decisions) -> Result<Plan, Vec<Undecided>> {
    let mut undecided = Vec::new();
    let names = Names::new(from, to, decisions, &mut undecided);
    let mut plan = Plan::default();
    if !names.is_empty() || !compare(from, to).is_empty() {
        let was = by_name(from);
        let gone = gone(from, to, &was, &names);
        undecided.extend(doubts(to, &was, &gone, &names, decisions));
        undecided.extend(Searches::lost(from, to, |name| {
            let mut after = to.objects.iter().filter(|object| is_table(object) && object.name() != name);
            Some(after.find(|after| names.table_before(after.name()) == name)?.name().clone())
        }));
        let bench = Bench::new(from, &decisions.stubs);
        let (dropped, changed) = Default::default();
        let mut steps =
            Steps { from, to, decisions, was, names, gone, bench, dropped, changed, plan, undecided: Vec::new() };
        let result = steps.walk();
        undecided.append(&mut steps.undecided);
        undecided.extend(result.err());
        plan = steps.plan;
    }
    if undecided.is_empty() { Ok(plan) } else { Err(without_consequences(undecided)) }
}

/// What is only in question because something else is: a new column that may be an old one wants no value.
fn without_consequences(mut undecided: Vec<Undecided>) -> Vec<Undecided> {
    let questions = undecided.iter().filter_map(|open| match open {
        Undecided::AmbiguousRename { table: Some(table), to, .. } => Some(to.iter().map(move |name| (table, name))),
        _ => None,
    });
    let in_question: HashSet<_> = questions.flatten().map(|(table, name)| (table.clone(), name.clone())).collect();
    undecided.retain(|open| match open {
        Undecided::NotNullWithoutValue { table, column, new: true } => {
            !in_question.contains(&(table.clone(), column.clone()))
        }
        _ => true,
    });
    undecided
}

struct Steps<'a> {
    from: &'a Schema,
    to: &'a Schema,
    decisions: &'a Decisions,
    /// The objects of `from`.
    was: Objects<'a>,
    names: Names,
    /// The tables of `from` that `to` has not.
    gone: Vec<&'a Object>,
    bench: Bench<'a>,
    /// The indexes, views and triggers of `from` that go first.
    dropped: Dependents,
    /// Those of them that come back as something else.
    changed: Dependents,
    plan: Plan,
    undecided: Vec<Undecided>,
}

impl<'a> Steps<'a> {
    fn walk(&mut self) -> Result<(), Undecided> {
        self.drop_and_rename()?;
        let base = self.bench.schema()?;
        let differences = compare(&base, self.to);
        let mut changes: HashMap<(Kind, &Name), Vec<&Difference>> = HashMap::new();
        for difference in &differences {
            changes.entry((difference.kind, &difference.name)).or_default().push(difference);
        }
        let here = by_name(&base);
        let changed = self.to.objects.iter().filter(|object| here.contains_key(&key(object)));
        let changed = changed.filter_map(|object| {
            let is_moved = !self.names.moved(object.name()).is_empty();
            let none = is_moved.then_some([].as_slice());
            Some((object, changes.get(&key(object)).map(Vec::as_slice).or(none)?))
        });
        let (tables, others): (Vec<_>, Vec<_>) = changed.partition(|(object, _)| is_table(object));
        self.changed = others.iter().map(|(object, _)| object.key()).collect();
        self.drop(self.changed.clone())?;

        let mut searches = Searches::new(self.to);
        others.iter().for_each(|(object, _)| searches.changed(object.name(), None));
        self.names.renamed_columns().for_each(|(table, columns)| searches.changed(table, Some(columns)));
        for object in self.to.objects.iter().filter(|object| is_table(object) && !here.contains_key(&key(object))) {
            self.plan.statements.push(Planned::new(text::made(object)));
            searches.made(object);
        }
        let mut rebuilt = HashSet::new();
        let mut planned = Vec::new();
        let neighbours = Neighbours::new(&base, &self.dropped);
        let triggers = base.objects.iter().filter(|object| object.kind() == Kind::Trigger);
        let triggers: HashSet<&Name> = triggers.filter_map(Object::table).collect();
        for (object, differences) in tables {
            let pair = self.pair(&here, object);
            let Some(pair) = pair else {
                self.remake(here.get(&key(object)).copied(), object, differences);
                searches.made(object);
                continue;
            };
            searches.changed(object.name(), pair.changed_columns());
            let changes: Vec<_> = differences.iter().map(|difference| difference.change.clone()).collect();
            self.ask_for_values(&pair, &changes);
            let in_place = statements_in_place(&pair, &changes, &neighbours, &triggers);
            if in_place.is_none() {
                rebuilt.insert(pair.after.name.clone());
            }
            planned.push((pair, differences, in_place));
        }
        if !rebuilt.is_empty() {
            self.plan.foreign_keys_off = true;
            self.drop(dependents::reaching(&base, &rebuilt))?;
        }
        let drops_columns = |in_place: &Option<InPlace>| in_place.as_ref().is_none_or(|it| it.drops_columns);
        if planned.iter().any(|(_, _, in_place)| drops_columns(in_place)) {
            self.make_renames_possible()?;
        }
        let names = OtherObjects::new([self.from, &base, self.to], self.bench.names(), self.to);
        for (pair, differences, in_place) in planned {
            match in_place {
                Some(InPlace { statements, foreign_keys_off, .. }) => {
                    self.plan.foreign_keys_off |= foreign_keys_off;
                    self.plan.statements.extend(statements);
                }
                None => self.rebuild(&pair, differences, &names),
            }
        }
        self.ask_for_unique_indexes(&here, &changes);
        self.drop_with_views();
        self.keep_triggers_in_order();
        self.create_rest(&here, &rebuilt);
        self.drop_first();
        let same = |name: &Name| {
            let after = table_like(self.to, name);
            after.and_then(|after| self.names.object_before(&self.was, after)).map(|before| before.name() == name)
        };
        self.plan.statements.extend(searches.statements(same));
        Ok(())
    }

    /// What rows get where they need a value, and what must be true of the values that they have.
    fn ask_for_values(&mut self, pair: &Pair<'_>, changes: &[Change]) {
        self.undecided.extend(pair.without_value());
        match conversion::asserts(pair) {
            Ok(asserts) => self.plan.asserts.extend(asserts),
            Err(unsupported) => self.undecided.push(unsupported),
        }
        for change in changes {
            if let Change::ConstraintAdded(constraint) = change {
                self.plan.asserts.extend(conversion::unique_key(pair, &constraint.rule));
            }
        }
        for fill in self.decisions.fills.iter().filter(|fill| fill.table == pair.after.name) {
            let why = self.bench.objection(&pair.before.name, &fill.expression);
            let why = why.unwrap_or_else(|refused| Some(refused.to_string()));
            self.undecided.extend(why.map(|why| Undecided::NoSuchFill { fill: fill.clone(), why }));
        }
    }

    fn ask_for_unique_indexes(&mut self, here: &Objects<'_>, changes: &HashMap<(Kind, &Name), Vec<&Difference>>) {
        let wanted = by_name(self.to);
        for index in self.to.indexes().filter(|index| changes.contains_key(&(Kind::Index, &index.name))) {
            let table = wanted.get(&(Kind::Table, &index.table));
            let pair = table.and_then(|table| self.pair(here, table));
            self.plan.asserts.extend(pair.and_then(|pair| conversion::unique_index(&pair, index)));
        }
    }

    fn rebuild(&mut self, pair: &Pair<'_>, differences: &[&Difference], names: &OtherObjects<'_>) {
        let is_taken = |name: &Name| names.taken.contains(name);
        let temporary = free_name(&pair.after.name, "new", is_taken);
        let indexes = names.indexes.get(&pair.after.name).map_or([].as_slice(), Vec::as_slice);
        let is_moved = |difference: &Difference| match &difference.change {
            Change::ColumnAdded(column) => pair.moved.iter().any(|(_, to)| *to == column.name),
            Change::ColumnRemoved(column) => pair.moved.iter().any(|(from, _)| *from == column.name),
            _ => false,
        };
        let moved = pair.moved.iter().map(|(from, to)| format!("column `{from}` becomes `{to}`"));
        let others = differences.iter().filter(|difference| !is_moved(difference)).map(|it| it.to_string());
        let why = moved.chain(others).map(|why| text::one_line(&why)).collect();
        let most = bench::most_columns(&self.decisions.stubs);
        match most.and_then(|most| rebuild(pair, indexes, &temporary, why, most)) {
            Ok(statements) => self.plan.statements.extend(statements),
            Err(unsupported) => self.undecided.push(unsupported),
        }
    }

    /// A view that goes takes its triggers along. Whatever else names it keeps SQLite from altering any table.
    fn drop_with_views(&mut self) {
        let views = self.dropped.iter().filter(|(kind, _)| *kind == Kind::View);
        let views: HashSet<_> = views.map(|(_, name)| name.clone()).collect();
        let alters = self.plan.statements.iter().any(|planned| planned.sql.starts_with("ALTER"));
        let with = dependents::reaching(self.from, &views).into_iter().filter(|(kind, name)| {
            let triggers = self.was.get(&(*kind, name)).and_then(|object| object.table());
            alters || triggers.is_some_and(|view| views.contains(view))
        });
        let with: Vec<_> = with.collect();
        self.dropped.extend(with);
    }

    /// A trigger that goes and comes back is the newest: those made after it go and come back, too.
    fn keep_triggers_in_order(&mut self) {
        let wanted = by_name(self.to);
        let comes_back = |(kind, name): &&(Kind, Name)| wanted.contains_key(&(*kind, name));
        let mut later: Dependents = self.dropped.iter().filter(comes_back).cloned().collect();
        dependents::with_later_triggers(self.from, &mut later);
        self.dropped.extend(later);
    }

    /// Creates the indexes, views and triggers that are not there.
    fn create_rest(&mut self, here: &Objects<'_>, rebuilt: &HashSet<Name>) {
        let missing = self.to.objects.iter().filter(|object| {
            let is_there = here.contains_key(&key(object)) && !self.is_dropped(object);
            !is_table(object) && !is_there && !is_index_on(object, |table| rebuilt.contains(table))
        });
        let made: Vec<_> = missing.map(|object| Planned::new(text::made(object))).collect();
        self.plan.statements.extend(made);
    }

    /// Puts first what drops indexes, views and triggers, in the opposite order of their making.
    fn drop_first(&mut self) {
        let wanted = by_name(self.to);
        let gone: HashSet<_> = self.gone.iter().map(|object| object.name()).collect();
        let mut drops = Vec::new();
        let mut comment =
            Some("objects that use a changed table are dropped first, and recreated at the end".to_owned());
        for kind in [Kind::Trigger, Kind::View, Kind::Index] {
            for object in self.from.objects.iter().rev().filter(|object| object.kind() == kind) {
                let goes_with_its_table = object.table().is_some_and(|table| gone.contains(table));
                if self.is_dropped(object) && !goes_with_its_table {
                    let is_changed = self.changed.contains(&(kind, object.name().clone()));
                    let comment = comment.take_if(|_| wanted.contains_key(&key(object)) && !is_changed);
                    let sql = drop_statement(object.kind(), object.name());
                    drops.push(Planned { sql, comment });
                }
            }
        }
        self.plan.statements.splice(..0, drops);
    }

    fn is_dropped(&self, object: &Object) -> bool {
        self.dropped.contains(&object.key())
    }

    /// Drops the tables that go, and renames. What may be in the way goes before.
    fn drop_and_rename(&mut self) -> Result<(), Undecided> {
        let wanted = by_name(self.to);
        let unwanted =
            self.from.objects.iter().filter(|object| !is_table(object) && !wanted.contains_key(&key(object)));
        let unwanted = unwanted.map(|object| object.key()).collect();
        let names: HashSet<_> = self.gone.iter().map(|object| object.name().clone()).collect();
        self.drop(unwanted)?;
        self.drop(dependents::reaching(self.from, &names))?;
        for object in &self.gone {
            self.bench.drop(object.kind(), object.name())?;
            self.plan.statements.push(drop_table(object));
        }
        let references = |table: &Table| table.foreign_keys().any(|key| names.contains(&key.parent));
        self.plan.foreign_keys_off |= !names.is_empty() && self.from.tables().any(references);

        if self.names.is_empty() {
            return Ok(());
        }
        self.make_renames_possible()?;
        let renames = self.names.statements(self.from, self.to, &names);
        let mut result = self.bench.run(&renames);
        if result.is_err() {
            // A view or a trigger that would not survive it is recreated at the end.
            self.drop(dependents::all(self.from))?;
            result = self.bench.run(&renames);
        }
        self.plan.statements.extend(renames);
        result
    }

    /// A view or a trigger that makes no sense keeps SQLite from renaming any table.
    fn make_renames_possible(&mut self) -> Result<(), Undecided> {
        if self.bench.can_rename()? { Ok(()) } else { self.drop(dependents::all(self.from)) }
    }

    fn drop(&mut self, dependents: Dependents) -> Result<(), Undecided> {
        for (kind, name) in dependents {
            self.bench.drop(kind, &name)?;
            self.dropped.insert((kind, name));
        }
        Ok(())
    }

    fn pair<'b>(&self, here: &Objects<'b>, after: &'b Object) -> Option<Pair<'b>>
    where
        'a: 'b,
    {
        Some(Pair {
            was: self.names.object_before(&self.was, after)?.as_table()?,
            before: here.get(&key(after))?.as_table()?,
            after: after.as_table()?,
            moved: self.names.moved(after.name()).to_vec(),
            decisions: self.decisions,
        })
    }

    /// A table that no statement can change and no copy can be made of.
    fn remake(&mut self, before: Option<&Object>, after: &Object, differences: &[&Difference]) {
        let can_be_dropped = after.kind() == Kind::VirtualTable;
        let may_be_dropped = |before: &&Object| {
            can_be_dropped && (is_index_of_text(before) || self.decisions.allow.contains(&Hazard::DropTable))
        };
        if let Some(before) = before.filter(may_be_dropped) {
            self.plan.statements.extend([drop_table(before), Planned::new(text::made(after))]);
            return;
        }
        let opaque = [before, Some(after)].into_iter().flatten().find_map(|object| match object {
            Object::Opaque(opaque) => {
                Some(format!("it can't be changed, because its text could not be parsed: {}", opaque.why))
            }
            _ => None,
        });
        let differences = differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let why = opaque.unwrap_or_else(|| format!("it can't be changed: {differences}"));
        let (kind, name) = (after.kind(), after.name().clone());
        self.undecided.push(Undecided::Unsupported { kind, name, why, can_be_dropped });
    }
}

/// The statements that change a table in place, if SQLite agrees.
fn statements_in_place(
    pair: &Pair<'_>,
    changes: &[Change],
    neighbours: &Neighbours<'_>,
    triggers: &HashSet<&Name>,
) -> Option<InPlace> {
    let has_triggers = triggers.contains(&pair.before.name);
    let found = in_place(pair, changes, has_triggers).filter(|_| pair.moved.is_empty())?;
    let stubs = &pair.decisions.stubs;
    let is_free = || bench::takes_among(&neighbours.of(&pair.before.name), &found.statements, stubs);
    let does = bench::makes(pair.before, &found.statements, pair.after, stubs) && (!found.drops_columns || is_free());
    does.then_some(found)
}

/// What a table that is recreated has to know of the others.
struct OtherObjects<'a> {
    /// The names that a temporary table can't have.
    taken: HashSet<Name>,
    /// The indexes that are wanted, by their table.
    indexes: HashMap<&'a Name, Vec<&'a Object>>,
}

impl<'a> OtherObjects<'a> {
    fn new(schemas: [&Schema; 3], mut taken: HashSet<Name>, to: &'a Schema) -> Self {
        taken.extend(schemas.into_iter().flat_map(|schema| &schema.objects).map(|object| object.name().clone()));
        let mut indexes: HashMap<_, Vec<_>> = HashMap::new();
        for object in to.objects.iter().filter(|object| object.kind() == Kind::Index) {
            indexes.entry(object.table().unwrap_or(object.name())).or_default().push(object);
        }
        Self { taken, indexes }
    }
}

fn is_index_on(object: &Object, table: impl Fn(&Name) -> bool) -> bool {
    object.kind() == Kind::Index && object.table().is_some_and(table)
}

fn drop_table(object: &Object) -> Planned {
    if is_index_of_text(object) {
        return Planned::new(drop_statement(object.kind(), object.name()));
    }
    let what = format!("drops the {} `{}` and its content", object.kind(), object.name());
    Planned { sql: drop_statement(object.kind(), object.name()), comment: Some(text::one_line(&what)) }
}

/// The statement that drops an object.
pub(super) fn drop_statement(kind: Kind, name: &Name) -> String {
    format!("DROP {} {}", keyword(kind), name.to_sql())
}

/// What SQL calls a kind of object.
pub(super) fn keyword(kind: Kind) -> &'static str {
    match kind {
        Kind::Table | Kind::VirtualTable => "TABLE",
        Kind::Index => "INDEX",
        Kind::View => "VIEW",
        Kind::Trigger => "TRIGGER",
    }
}
