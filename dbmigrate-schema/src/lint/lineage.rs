//! Which table of before a table of after is: a rebuild (create, copy, drop, rename) is one change of one table, and is
//! judged by what it changes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::Rc;

use sqlite3_parser::ast::Stmt;

use super::migration::Statement;
use super::state::Known;
use super::tree::{Move, Source, moves, name};
use crate::compare::{Change, compare};
use crate::model::{Constraint, ForeignKey, Kind, Name, Rule, Schema, Table};
use crate::plan::Rename;

/// A table that a migration found and leaves.
#[derive(Debug, Clone)]
pub(crate) struct TableChange {
    /// As it was before the migration.
    pub(crate) before: Rc<Known>,
    /// As it is after it.
    pub(crate) after: Rc<Known>,
    /// The columns that have another name now: before, and after.
    pub(crate) renamed: Vec<(Name, Name)>,
    /// Where it was made anew: the statements that do so.
    pub(crate) rebuild: Option<Rebuild>,
    /// The statements that change it in place or give it its name, by their place in the migration.
    pub(crate) statements: Vec<usize>,
    /// In what it differs besides its names.
    pub(crate) changes: Vec<Change>,
}

impl TableChange {
    /// The statement that is to blame for what it has become.
    pub(crate) fn statement(&self) -> usize {
        self.rebuild.as_ref().map(|rebuild| rebuild.create).or_else(|| self.statements.last().copied()).unwrap_or(0)
    }

    /// Whether it had this name before, and has it still.
    pub(crate) fn keeps_name(&self, name: &Name) -> bool {
        self.before.object.name() == name && self.after.object.name() == name
    }

    /// The name that a column of after had before; none for one that is new.
    pub(crate) fn name_before(&self, column: &Name) -> Option<&Name> {
        let before = self.before.table()?;
        // One that was added and renamed since was not there.
        let renamed = self.renamed.iter().rev().filter(|(_, now)| now == column);
        renamed.map(|(was, _)| was).chain([column]).find_map(|was| Some(&before.column(was)?.name))
    }

    fn new(thread: &Thread, before: &Rc<Known>, after: &Rc<Known>, mut renamed: Vec<(Name, Name)>) -> Self {
        // One that was renamed and has gone since is no other.
        renamed.retain(|(_, now)| after.table().is_none_or(|table| table.column(now).is_some()));
        let changes = changes(before, after, &renamed);
        let statements = thread.statements.clone();
        Self { before: Rc::clone(before), after: Rc::clone(after), renamed, rebuild: None, statements, changes }
    }
}

/// Compares the two under the names of after.
fn changes(before: &Known, after: &Known, renamed: &[(Name, Name)]) -> Vec<Change> {
    let alone = |known: &Known| Schema { objects: vec![known.object.clone()] };
    let (from, to) = (before.object.name(), after.object.name());
    let table = (from != to).then(|| Rename::Table { from: from.clone(), to: to.clone() });
    // One that was added and renamed since was not there.
    let renamed = renamed.iter().filter(|(was, _)| before.table().is_none_or(|table| table.column(was).is_some()));
    let columns = renamed.map(|(was, now)| Rename::Column { table: to.clone(), from: was.clone(), to: now.clone() });
    let renames: Vec<_> = table.into_iter().chain(columns).collect();
    let before = alone(before);
    let before = before.renamed(&renames).unwrap_or(before);
    compare(&before, &alone(after)).into_iter().map(|difference| difference.change).collect()
}

/// The statements of a rebuild, by their place in the migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rebuild {
    /// Makes the new table.
    pub(crate) create: usize,
    /// Copies the rows; there may be several.
    pub(crate) copies: Vec<usize>,
    /// Drops the old table.
    pub(crate) drop: usize,
}

/// A table that a migration found and does not leave, and nor are its rows anywhere else.
#[derive(Debug, Clone)]
pub(crate) struct Dropped {
    /// As it was before the migration.
    pub(crate) table: Rc<Known>,
    /// The statement, by its place in the migration.
    pub(crate) statement: usize,
}

/// A table that a migration found and does not leave, whose rows are in another one: that is no loss.
#[derive(Debug, Clone)]
pub(crate) struct Merged {
    /// As it was before the migration.
    pub(crate) table: Rc<Known>,
    /// Where its rows are now.
    pub(crate) into: Name,
    /// The statements that put them there, by their place in the migration.
    pub(crate) copies: Vec<usize>,
    /// The statement that dropped it, by its place in the migration.
    pub(crate) statement: usize,
}

/// What became of the tables.
#[derive(Debug, Default)]
pub(crate) struct Lineage {
    pub(crate) changes: Vec<TableChange>,
    pub(crate) dropped: Vec<Dropped>,
    pub(crate) merged: Vec<Merged>,
}

/// A table while its migration is followed.
struct Thread {
    /// As it was before the migration; none for one that the migration made.
    origin: Option<Rc<Known>>,
    /// The statement that made it, if one of the migration did.
    create: Option<usize>,
    /// Whether it is a `TEMP` one: rows can go by way of it, and none stays there.
    is_temp: bool,
    copies: Vec<Copy>,
    renamed: Vec<(Name, Name)>,
    statements: Vec<usize>,
    /// Its name now; none once it is dropped, by that statement.
    now: Result<Name, usize>,
    after: Option<Rc<Known>>,
}

struct Copy {
    statement: usize,
    from: Vec<usize>,
    columns: Vec<(Option<Name>, Source)>,
}

/// Follows the tables through the statements of a migration.
pub(super) fn follow(statements: &[Statement<'_>]) -> Lineage {
    let mut threads: Vec<Thread> = Vec::new();
    let mut by_name: HashMap<Name, usize> = HashMap::new();
    for (at, statement) in statements.iter().enumerate() {
        let moved = statement.tree.and_then(moves);
        for changed in statement.changes.iter().filter(|changed| changed.key.0 == Kind::Table) {
            if let Some(before) = &changed.before {
                let thread = thread_of(&changed.key.1, Some(before), &mut threads, &mut by_name);
                threads[thread].origin = threads[thread]
                    .origin
                    .take()
                    .or_else(|| threads[thread].create.is_none().then(|| Rc::clone(before)));
                if changed.after.is_some() {
                    threads[thread].statements.push(at);
                }
            }
        }
        if let Some(Stmt::CreateTable { temporary: true, tbl_name, .. }) = statement.tree
            && let Entry::Vacant(place) = by_name.entry(name(&tbl_name.name))
        {
            threads.push(Thread { create: Some(at), is_temp: true, ..Thread::found(place.key(), None) });
            place.insert(threads.len() - 1);
        }
        // A table that is read before anything happens to it is of before as it stands.
        let mut thread_of = |name: &Name, threads: &mut Vec<Thread>| thread_of(name, None, threads, &mut by_name);
        match &moved {
            Some(Move::ColumnRenamed { table, from, to }) => {
                let thread = thread_of(table, &mut threads);
                threads[thread].rename(from, to);
            }
            Some(Move::Copied { from, to, columns }) if !statement.is_creating(to) => {
                let from = from.iter().map(|name| thread_of(name, &mut threads)).collect();
                let to = thread_of(to, &mut threads);
                threads[to].copies.push(Copy { statement: at, from, columns: columns.clone() });
            }
            _ => {}
        }
        let created_from = match &moved {
            Some(Move::Copied { from, to, columns }) if statement.is_creating(to) => {
                let from = from.iter().map(|name| thread_of(name, &mut threads)).collect();
                Some(Copy { statement: at, from, columns: columns.clone() })
            }
            _ => None,
        };
        if let Some(Move::Renamed { from, to }) = &moved
            && let Some(thread) = by_name.remove(from)
        {
            threads[thread].now = Ok(to.clone());
            threads[thread].statements.push(at);
            by_name.insert(to.clone(), thread);
            for changed in statement.changes.iter().filter(|changed| changed.key == (Kind::Table, to.clone())) {
                threads[thread].after.clone_from(&changed.after);
            }
        } else {
            for changed in statement.changes.iter().filter(|changed| changed.key.0 == Kind::Table) {
                let name = &changed.key.1;
                match (&changed.before, &changed.after) {
                    (_, None) => {
                        if let Some(thread) = by_name.remove(name) {
                            threads[thread].now = Err(at);
                        }
                    }
                    (None, Some(_)) => {
                        threads.push(Thread { create: Some(at), ..Thread::found(name, None) });
                        by_name.insert(name.clone(), threads.len() - 1);
                    }
                    (Some(_), Some(_)) => {}
                }
            }
        }
        for changed in statement.changes.iter().filter(|changed| changed.key.0 == Kind::Table) {
            if let Some(&thread) = by_name.get(&changed.key.1) {
                threads[thread].after.clone_from(&changed.after);
            }
        }
        if let (Some(copy), Some(Move::Copied { to, .. })) = (created_from, &moved)
            && let Some(&thread) = by_name.get(to)
        {
            threads[thread].copies.push(copy);
        }
    }
    settle(&threads)
}

/// The thread of what has this name now, which begins here where nothing has happened to it.
fn thread_of(
    name: &Name,
    known: Option<&Rc<Known>>,
    threads: &mut Vec<Thread>,
    by_name: &mut HashMap<Name, usize>,
) -> usize {
    *by_name.entry(name.clone()).or_insert_with(|| {
        threads.push(Thread::found(name, known.cloned()));
        threads.len() - 1
    })
}

impl Thread {
    fn found(name: &Name, origin: Option<Rc<Known>>) -> Self {
        Self {
            after: None,
            origin,
            create: None,
            is_temp: false,
            copies: Vec::new(),
            renamed: Vec::new(),
            statements: Vec::new(),
            now: Ok(name.clone()),
        }
    }

    /// Whether it has a column of this name, or had it; true where nobody knows.
    fn has_column(&self, name: &Name) -> bool {
        let known = self.origin.as_ref().or(self.after.as_ref()).and_then(|known| known.table());
        known.is_none_or(|table| table.column(name).is_some())
    }

    /// Whether it had this name before the migration.
    fn is_called(&self, name: Option<&Name>) -> bool {
        name.is_some() && self.origin.as_ref().map(|it| it.object.name()) == name
    }

    fn rename(&mut self, from: &Name, to: &Name) {
        match self.renamed.iter_mut().find(|(_, now)| now == from) {
            Some((_, now)) => now.clone_from(to),
            None => self.renamed.push((from.clone(), to.clone())),
        }
    }
}

fn settle(threads: &[Thread]) -> Lineage {
    let mut lineage = Lineage::default();
    let mut rebuilt = vec![false; threads.len()];
    // A table that takes over rows and name of another is that one, whoever else takes over rows.
    let is_namesake = |thread: &&Thread| {
        source(threads, thread, &[]).is_some_and(|(old, _)| threads[old].is_called(thread.now.as_ref().ok()))
    };
    let (namesakes, others): (Vec<_>, Vec<_>) = threads.iter().partition(is_namesake);
    for thread in namesakes.into_iter().chain(others) {
        let (Ok(_), Some(after)) = (&thread.now, &thread.after) else { continue };
        if let Some(before) = &thread.origin {
            lineage.changes.push(TableChange::new(thread, before, after, thread.renamed.clone()));
            continue;
        }
        let Some(create) = thread.create else { continue };
        let Some((old, path)) = source(threads, thread, &rebuilt) else { continue };
        let (Some(before), Err(drop)) = (&threads[old].origin, &threads[old].now) else { continue };
        let copier = path.last().copied().unwrap_or(thread);
        if !threads[old].is_called(thread.now.as_ref().ok()) && !takes_most(&copier.copies, before.table(), |_| true) {
            continue;
        }
        rebuilt[old] = true;
        let renamed = copied_names(copier, before.table(), after.table());
        let copies = path.iter().flat_map(|thread| &thread.copies).map(|copy| copy.statement).collect();
        let renamed = threads[old].renamed.iter().chain(&renamed).chain(&thread.renamed).cloned().collect();
        let rebuild = Some(Rebuild { create, copies, drop: *drop });
        lineage.changes.push(TableChange { rebuild, ..TableChange::new(thread, before, after, renamed) });
    }
    for (old, thread) in threads.iter().enumerate().filter(|(old, _)| !rebuilt[*old]) {
        let (Some(table), Err(statement)) = (&thread.origin, &thread.now) else { continue };
        let takes = |copy: &Copy| {
            let others = || copy.from.iter().filter(|from| **from != old);
            // What several have may be anybody's.
            let own = |name: &Name| !others().any(|from| threads[*from].has_column(name));
            copy.from.contains(&old) && takes_most([copy], table.table(), own)
        };
        let mut left = threads
            .iter()
            .filter(|other| !other.is_temp)
            .filter_map(|other| Some((other.now.as_ref().ok()?, &other.copies)));
        let into = left.find(|(_, copies)| copies.iter().any(takes));
        let (table, statement) = (Rc::clone(table), *statement);
        match into {
            Some((into, copies)) => {
                let copies = copies.iter().filter(|copy| copy.from.contains(&old)).map(|copy| copy.statement).collect();
                lineage.merged.push(Merged { table, into: into.clone(), copies, statement });
            }
            None => lineage.dropped.push(Dropped { table, statement }),
        }
    }
    follow_parents(&mut lineage.changes);
    lineage
}

/// A reference that only follows its parent to another name is not a change.
fn follow_parents(changes: &mut [TableChange]) {
    let names = |change: &TableChange| {
        let (before, after) = (change.before.object.name().clone(), change.after.object.name().clone());
        (before != after || !change.renamed.is_empty()).then(|| (before, (after, change.renamed.clone())))
    };
    let parents: HashMap<Name, (Name, Vec<(Name, Name)>)> = changes.iter().filter_map(names).collect();
    if parents.is_empty() {
        return;
    }
    let moved = |change: &Change| {
        let Change::ConstraintRemoved(Constraint { name, rule: Rule::ForeignKey(key), .. }) = change else {
            return None;
        };
        let (parent, renamed) = parents.get(&key.parent)?;
        let now = |column: &Name| renamed.iter().find(|(was, _)| was == column).map_or(column, |(_, now)| now).clone();
        let parent_columns = key.parent_columns.iter().map(now).collect();
        Some((name.clone(), Rule::ForeignKey(ForeignKey { parent: parent.clone(), parent_columns, ..key.clone() })))
    };
    for change in changes {
        for at in (0..change.changes.len()).rev() {
            let Some((name, rule)) = change.changes.get(at).and_then(moved) else { continue };
            let is_it = |it: &Change| matches!(it, Change::ConstraintAdded(it) if it.name == name && it.rule == rule);
            if let Some(added) = change.changes.iter().position(is_it) {
                change.changes.remove(added.max(at));
                change.changes.remove(added.min(at));
            }
        }
    }
}

/// The dropped table of before whose rows a new table took over, perhaps by way of others; and the way, the new table
/// first.
fn source<'t>(threads: &'t [Thread], new: &'t Thread, rebuilt: &[bool]) -> Option<(usize, Vec<&'t Thread>)> {
    let mut path = vec![new];
    let mut seen = Vec::new();
    let mut thread = new;
    loop {
        let from: Vec<usize> = thread.copies.iter().flat_map(|copy| copy.from.iter().copied()).collect();
        let is_taken = |at: usize| rebuilt.get(at).is_some_and(|taken| *taken);
        let goes = |at: &&usize| threads[**at].now.is_err() && threads[**at].origin.is_some() && !is_taken(**at);
        let is_namesake = |at: &&usize| threads[**at].is_called(new.now.as_ref().ok());
        if let Some(old) = from.iter().filter(goes).find(is_namesake).or_else(|| from.iter().find(goes)) {
            return Some((*old, path));
        }
        // A table in between, made by the migration itself.
        let next = from.into_iter().find(|at| threads[*at].create.is_some() && !seen.contains(at))?;
        seen.push(next);
        thread = &threads[next];
        path.push(thread);
    }
}

/// Whether at least half of the columns of a table are copied: whoever takes less is another table.
fn takes_most<'t>(
    copies: impl IntoIterator<Item = &'t Copy>,
    before: Option<&Table>,
    mut is_own: impl FnMut(&Name) -> bool,
) -> bool {
    let sources: Vec<_> = copies.into_iter().flat_map(|copy| copy.columns.iter().map(|(_, source)| source)).collect();
    let is_taken = |name: &Name| sources.iter().any(|source| matches!(source, Source::Column(own) if own == name));
    before.is_none_or(|table| {
        let taken = table.columns.iter().filter(|column| is_taken(&column.name) && is_own(&column.name)).count();
        sources.contains(&&Source::All) || 2 * taken >= table.columns.len()
    })
}

/// The columns that a copy puts under another name, where nothing of the old name is left.
fn copied_names(thread: &Thread, before: Option<&Table>, after: Option<&Table>) -> Vec<(Name, Name)> {
    let (Some(before), Some(after)) = (before, after) else { return Vec::new() };
    let mut renamed = Vec::new();
    for (at, (target, source)) in thread.copies.iter().flat_map(|copy| copy.columns.iter().enumerate()) {
        let target = target.as_ref().or_else(|| after.columns.get(at).map(|column| &column.name));
        let (Some(target), Source::Column(source)) = (target, source) else { continue };
        let is_new = |name: &Name| before.column(name).is_none() && after.column(name).is_some();
        let is_old = |name: &Name| before.column(name).is_some() && after.column(name).is_none();
        if is_new(target) && is_old(source) {
            renamed.push((source.clone(), target.clone()));
        }
    }
    renamed
}
