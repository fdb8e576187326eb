//! What a database has against what its migrations lead to, as far as they are applied. Nothing here writes.

use std::path::PathBuf;

use dbmigrate_core::{Config, Diagnostic, Help, MigrationSet};
use dbmigrate_runtime::cli::Verb;
use dbmigrate_runtime::{Entry, Migrator, Status};
use dbmigrate_schema::{Change, Difference, Kind, Name, Program, Schema, compare};
use rusqlite::Connection;

use crate::cli::Global;
use crate::count::count;
use crate::error::CliError;
use crate::ops::driver::Rusqlite;
use crate::ops::merged_set::merged;
use crate::ops::project::Project;
use crate::ops::schema::{SchemaAccess, connect, history_tables, read, replay};
use crate::ops::{database, runtime_set, shared_history};

/// What a database has against what its applied migrations lead to.
pub(crate) struct Drift {
    /// The database file.
    pub(crate) path: PathBuf,
    /// How many migrations it has, all of which were replayed.
    pub(crate) applied: usize,
    /// How many are still to come.
    pub(crate) pending: usize,
    /// What happened to the database besides its migrations.
    pub(crate) differences: Vec<Difference>,
    /// The schema that the database has.
    pub(crate) live: Schema,
    /// Whether sets have names.
    pub(crate) named: bool,
    /// Whether anything is recorded of what its migrations did.
    pub(crate) recorded: bool,
}

impl Drift {
    /// What is wrong with the database, and what to do about it; none where nothing differs.
    pub(crate) fn problem(&self, config: &Config) -> Option<Diagnostic> {
        if self.differences.is_empty() {
            return None;
        }
        let (database, count) = (self.path.display(), count(self.differences.len(), "difference"));
        let message = format!("the schema of `{database}` is not what its migrations make: {count}");
        let problem = Diagnostic::error("drift", message);
        let problem = if !self.recorded {
            problem
                .help("is it the right database? it has no history of migrations")
                .help("if it has what the migrations make, record them as applied: `cargo dbmigrate mark`")
                .help("if another tool has migrated it, take over its history: `cargo dbmigrate adopt`")
        } else if self.pending > 0 {
            // What is left of a repeatable shows once nothing is pending.
            return Some(problem.help("apply what is pending first, then compare again: `cargo dbmigrate up`"));
        } else if self.named {
            problem.help("to keep it: write a migration that makes it, then `cargo dbmigrate mark NAME --set SET`")
        } else {
            let file = &config.schema;
            problem
                .help(
                    Help::from("to keep it: declare it in ")
                        .file(file)
                        .words(", then `cargo dbmigrate generate NAME` and `cargo dbmigrate mark NAME`"),
                )
                .help("to undo it by hand: `cargo dbmigrate schema --from database` shows what has to change")
        };
        let of_repeatable = self.differences.iter().filter(|it| it.change == Change::Added && self.pending == 0);
        let kind = |it: &Difference| match it.kind {
            Kind::View => Some("VIEW"),
            Kind::Trigger => Some("TRIGGER"),
            _ => None,
        };
        let left = of_repeatable.filter_map(|it| Some((kind(it)?, it.name.to_sql()))).next();
        Some(match left {
            Some((kind, name)) => problem.help(format!(
                "if it is from a repeatable that was deleted, write a migration with `DROP {kind} IF EXISTS {name}`"
            )),
            None => problem,
        })
    }
}

/// Compares a database with the migrations of the sets that live in it, as far as they are applied.
pub(crate) fn drift(projects: &[Project], access: &SchemaAccess<'_>, global: &Global) -> Result<Drift, CliError> {
    let project = Project::first(projects)?;
    let sets = Project::sound_sets(projects)?;
    let path = database::resolve(access.database, projects)?.path;
    let mut connection = connect(&path, access)?;
    shared_history::refuse(projects.iter().zip(&sets), &Verb::Verify, &path, global)?;
    let mut pending = 0;
    let mut applied = Vec::new();
    for set in sets {
        let patience = access.patience();
        let status = runtime_set::with_set(&set, |set| {
            Migrator::<Rusqlite>::new(set).busy_timeout(patience).status(&mut connection)
        })
        .map_err(|error| {
            let is_busy = error.is_busy();
            let error = CliError::from(error);
            if is_busy { error.note(format!("the database is `{}`", path.display())) } else { error }
        })?;
        let (part, left) = Applied::new(&set, &status)?;
        pending += left;
        applied.push(part.of(&set));
    }
    // Behind the first reads: they wait as long as was asked for.
    refuse_unknown_sets(projects, &mut connection)?;
    let live = read(&connection, &path, projects)?;
    let differences = compare(&expected(&applied, access.program)?, &live);
    let named = projects.len() > 1 || !project.config.set.is_empty();
    let applied = applied.iter().map(|set| set.migrations.len()).sum();
    let recorded = applied > 0 || has_history(&connection, projects)?;
    Ok(Drift { path, applied, pending, differences, live, named, recorded })
}

/// Whether one of the sets has a history, be it empty.
fn has_history(connection: &Connection, projects: &[Project]) -> Result<bool, CliError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE)";
    let mut tables = projects.iter().map(|project| &project.config.table);
    let found = tables.try_fold(false, |found, table| {
        Ok::<_, rusqlite::Error>(found || connection.query_row(sql, [table], |row| row.get(0))?)
    });
    found.map_err(|error| CliError::failure(format!("could not look for a history: {error}")))
}

/// What these sets lead to, which live in one database.
pub(crate) fn expected(sets: &[MigrationSet], program: Option<&dyn Program>) -> Result<Schema, CliError> {
    let all: Vec<&MigrationSet> = sets.iter().collect();
    let whole = match all.as_slice() {
        [] => return Err(CliError::failure("no package was selected")),
        [only] => (*only).clone(),
        [first, ..] => merged(first, &all).set,
    };
    let mut expected = replay(&whole, program)?;
    // A migration may make the table in which another tool kept its history, or that of this one.
    let histories: Vec<Name> = all.iter().flat_map(|set| history_tables(&set.config, set.adoption.as_ref())).collect();
    let is_history = |name: &Name| histories.contains(name);
    expected.objects.retain(|object| !is_history(object.name()) && !object.table().is_some_and(is_history));
    Ok(expected)
}

/// What a database has of a set.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Applied {
    /// The numbers of the migrations.
    migrations: Vec<u64>,
    /// The names of the repeatables. One that is still to run is no drift, and may need what is still to come.
    repeatables: Vec<String>,
}

impl Applied {
    /// What a database has of a set, and how many of its migrations are still to come.
    pub(crate) fn new(set: &MigrationSet, status: &Status) -> Result<(Self, usize), CliError> {
        let applied: Vec<&Entry> = status.entries.iter().filter(|entry| entry.state.is_applied()).collect();
        let known = |entry: &&&Entry| set.migrations.iter().any(|migration| migration.number == entry.number);
        if let Some(unknown) = applied.iter().find(|entry| !known(entry)) {
            let message = format!("the database has `{}`, which is not a migration of this package", unknown.name);
            return Err(CliError::failure(message).help("to see how the history differs: `cargo dbmigrate verify`"));
        }
        let has_run = status.repeatables.iter().filter(|it| !it.state.is_pending());
        let part = Self {
            migrations: applied.iter().map(|entry| entry.number).collect(),
            repeatables: has_run.map(|it| it.name.clone()).collect(),
        };
        Ok((part, status.pending()))
    }

    /// How many migrations.
    pub(crate) fn count(&self) -> usize {
        self.migrations.len()
    }

    /// That part of the set.
    pub(crate) fn of(&self, set: &MigrationSet) -> MigrationSet {
        let mut set = set.clone();
        set.migrations.retain(|migration| self.migrations.contains(&migration.number));
        set.repeatables.retain(|repeatable| self.repeatables.contains(&repeatable.name));
        set
    }
}

/// Refuses a database with a set that is none of these: nobody here knows what that makes.
pub(crate) fn refuse_unknown_sets(projects: &[Project], connection: &mut Connection) -> Result<(), CliError> {
    let tables = dbmigrate_runtime::history_tables::<Rusqlite>(connection)?;
    let is_known = |table: &String| projects.iter().any(|it| it.config.table.eq_ignore_ascii_case(table));
    match tables.iter().find(|table| !is_known(table)) {
        None => Ok(()),
        Some(table) => Err(CliError::failure(format!(
            "the database also holds the history `{table}`, and the package has no set with that history"
        ))
        .help("compare it in the program, which has all its sets: `verify_schema` of `Together`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is to be done about a database that has a view more than its migrations make.
    fn helps(pending: usize, named: bool, recorded: bool) -> String {
        let read = |sql: &str| {
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch(sql).unwrap();
            Schema::read(&connection, &dbmigrate_schema::ReadOptions::default()).unwrap()
        };
        let live = read("CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t");
        let differences = compare(&read("CREATE TABLE t (a)"), &live);
        let drift = Drift { path: "app.db".into(), applied: 1, pending, differences, live, named, recorded };
        let problem = drift.problem(&Config::default()).unwrap();
        assert_eq!(problem.message, "the schema of `app.db` is not what its migrations make: 1 difference");
        problem.help_texts().join("\n")
    }

    #[test]
    fn what_can_be_done_depends_on_how_far_the_database_is() {
        let all = helps(0, false, true);
        assert!(all.contains("declare it in `schema.sql`") && all.contains("`DROP VIEW IF EXISTS v`"), "{all}");
        assert_eq!(helps(2, false, true), "apply what is pending first, then compare again: `cargo dbmigrate up`");
        assert!(helps(0, true, true).contains("`cargo dbmigrate mark NAME --set SET`"));
        let unrecorded = helps(0, false, false);
        assert!(unrecorded.contains("is it the right database?") && unrecorded.contains("`cargo dbmigrate adopt`"));
    }

    #[test]
    fn what_does_not_differ_is_no_problem() {
        let live = Schema::default();
        let drift = Drift {
            path: "a.db".into(),
            applied: 0,
            pending: 0,
            differences: vec![],
            live,
            named: false,
            recorded: true,
        };
        assert_eq!(drift.problem(&Config::default()), None);
    }
}
