//! A set together with what it builds on: the migrations of other sets of its package that it requires something of, in
//! the one order in which all of them run.

use std::collections::BTreeMap;

use dbmigrate_core::order::order;
use dbmigrate_core::{Loaded, MigrationSet, SourceMigration};

use crate::error::CliError;
use crate::ops::project::Project;

/// One set as it can be replayed by itself.
#[derive(Debug, Clone)]
pub(crate) struct MergedSet {
    /// The set; where it builds on others, with their migrations in between, all of which have new numbers then.
    pub(crate) set: MigrationSet,
    /// The names of the others.
    pub(crate) others: Vec<String>,
    /// The number that each own migration has in it, by its own.
    own: BTreeMap<u64, u64>,
}

impl MergedSet {
    /// A set that builds on nothing.
    pub(crate) fn of(set: &MigrationSet) -> Self {
        let own = set.migrations.iter().map(|migration| (migration.number, migration.number)).collect();
        Self { set: set.clone(), others: Vec::new(), own }
    }

    /// Whether anything of another set is in it.
    pub(crate) fn builds_on_others(&self) -> bool {
        !self.others.is_empty()
    }

    /// What it builds on, in words.
    pub(crate) fn foundation(&self) -> String {
        let names: Vec<String> = self.others.iter().map(|name| title(name)).collect();
        names.join(" and ")
    }

    /// The number in it that an own migration has.
    pub(crate) fn number(&self, own: u64) -> u64 {
        self.own.get(&own).copied().unwrap_or(own)
    }

    /// The numbers in it of all that is of other sets.
    pub(crate) fn foreign(&self) -> impl Iterator<Item = u64> {
        let own: Vec<u64> = self.own.values().copied().collect();
        let all = self.set.migrations.iter().map(|migration| migration.number);
        all.filter(move |number| self.builds_on_others() && !own.contains(number))
    }
}

fn title(name: &str) -> String {
    if name.is_empty() { "the set without a name".to_owned() } else { format!("`{name}`") }
}

/// The set of a project with what it builds on. What is wrong with one of those ends the command.
pub(crate) fn merged_with_required(project: &Project, set: &MigrationSet) -> Result<MergedSet, CliError> {
    if !set.migrations.iter().any(requires_elsewhere) {
        return Ok(MergedSet::of(set));
    }
    let all = project.load_all();
    let mut chosen: Vec<&Loaded> = Vec::new();
    let mut asked: Vec<&MigrationSet> = vec![set];
    while let Some(next) = asked.pop() {
        for (name, _) in next.migrations.iter().flat_map(|it| &it.requires).filter_map(|it| it.elsewhere()) {
            let is_new = name != set.config.set && !chosen.iter().any(|it| it.set.config.set == name);
            if let Some(other) = all.iter().find(|other| is_new && other.set.config.set == name) {
                chosen.push(other);
                asked.push(&other.set);
            }
        }
    }
    if chosen.is_empty() {
        return Ok(MergedSet::of(set));
    }
    if let Some(faulty) = chosen.iter().find(|other| other.has_errors()) {
        return Err(CliError::diagnostics(faulty.diagnostics.clone()));
    }
    // In the order of the manifest, as the program adds them.
    let mut sets: Vec<&MigrationSet> = Vec::new();
    for loaded in &all {
        if loaded.set.config.set == set.config.set {
            sets.push(set);
        } else if chosen.iter().any(|it| it.set.config.set == loaded.set.config.set) {
            sets.push(&loaded.set);
        }
    }
    Ok(merged(set, &sets))
}

fn requires_elsewhere(migration: &SourceMigration) -> bool {
    migration.requires.iter().any(|requirement| requirement.elsewhere().is_some())
}

/// All migrations of these sets as those of one, which is `set` in everything else.
pub(crate) fn merged(set: &MigrationSet, sets: &[&MigrationSet]) -> MergedSet {
    // Core has refused circles.
    let places = order(sets).unwrap_or_default();
    let mut own = BTreeMap::new();
    let mut migrations = Vec::with_capacity(places.len());
    for ((place, at), number) in places.into_iter().zip(1..) {
        let Some(migration) = sets.get(place).and_then(|it| it.migrations.get(at)) else { continue };
        if sets[place].config.set == set.config.set {
            own.insert(migration.number, number);
        }
        migrations.push(SourceMigration { number, ..migration.clone() });
    }
    let repeatables = sets.iter().flat_map(|it| it.repeatables.iter().cloned()).collect();
    let is_other = |it: &&&MigrationSet| it.config.set != set.config.set;
    let others = sets.iter().filter(is_other).map(|it| it.config.set.clone()).collect();
    // What a fresh database starts from has nothing of others.
    MergedSet { set: MigrationSet { migrations, repeatables, snapshot: None, ..set.clone() }, others, own }
}
