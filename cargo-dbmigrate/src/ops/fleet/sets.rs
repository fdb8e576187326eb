//! The sets that live in each database of a fleet, and what a verb asks of one database means for all of them.

use dbmigrate_core::MigrationSet;
use dbmigrate_runtime::cli::{RollbackTarget, Verb};

use crate::cli::Global;
use crate::error::CliError;
use crate::fleet::Task;
use crate::ops::project::Project;
use crate::ops::runner;
use crate::ops::selection;

/// The sets, as they were read.
pub(crate) struct FleetSets {
    pub(crate) projects: Vec<Project>,
    pub(crate) sets: Vec<MigrationSet>,
    /// The one that is meant, where that is not all.
    pub(crate) chosen: Option<usize>,
}

/// The sets that live in the one kind of database that a command is about.
pub(crate) fn select(global: &Global) -> Result<Vec<Project>, CliError> {
    let mut databases = selection::select_databases(global)?;
    if databases.len() > 1 {
        return Err(selection::several_databases("`--databases` names those of one set", databases.iter().flatten()));
    }
    Ok(databases.pop().unwrap_or_default())
}

impl FleetSets {
    /// The sets of these projects, in their order; `name` is that of the set that is meant.
    pub(crate) fn new(projects: Vec<Project>, sets: Vec<MigrationSet>, name: Option<&str>) -> Self {
        let chosen = name.and_then(|name| projects.iter().position(|it| it.config.set == name));
        Self { projects, sets, chosen }
    }

    /// The set that is meant; several are an error that shows the choices.
    fn only(&self, what: &str) -> Result<&MigrationSet, CliError> {
        let place = self.chosen.or((self.sets.len() == 1).then_some(0));
        place.and_then(|place| self.sets.get(place)).ok_or_else(|| {
            CliError::usage(format!("these databases have several sets, and `{what}` works on one"))
                .help(format!("name it: {}", selection::set_flags(&self.projects)))
        })
    }

    /// The project of the set that is meant, or the first.
    pub(crate) fn first(&self) -> Result<&Project, CliError> {
        let place = self.chosen.unwrap_or_default();
        self.projects.get(place).ok_or_else(|| CliError::failure("no package was selected"))
    }

    /// The runner of the package, where what is to be executed has Rust in it.
    pub(crate) fn runner(&self, verb: &Verb) -> Result<Option<&str>, CliError> {
        let all = self.projects.iter().zip(&self.sets).enumerate();
        let meant = all.filter(|(at, _)| self.chosen.is_none_or(|chosen| chosen == *at));
        runner::needed(verb, meant.map(|(_, set)| set))
    }

    /// The task for each database, and the verb for one of them. What is not one thing for all of them is refused.
    pub(crate) fn task(&self, verb: &Verb) -> Result<(Task, Verb), CliError> {
        let number = |target: &str, what: &str| -> Result<u64, CliError> {
            Ok(self.only(what)?.find(target).map_err(|diagnostic| CliError::from(*diagnostic).into_usage())?.number)
        };
        match verb {
            Verb::Up { to, existing, dry_run } => {
                let to = to.as_deref().map(|target| number(target, "up --to")).transpose()?;
                let text = to.map(|number| number.to_string());
                Ok((Task::Up { to, dry_run: *dry_run }, Verb::Up { to: text, existing: *existing, dry_run: *dry_run }))
            }
            Verb::Down { what: RollbackTarget::To(target), dry_run } => {
                let number = number(target, "down --to")?;
                let verb = Verb::Down { what: RollbackTarget::To(number.to_string()), dry_run: *dry_run };
                Ok((Task::Down { to: Some(number), dry_run: *dry_run }, verb))
            }
            Verb::Down { what: RollbackTarget::All, dry_run } => {
                self.only("down --all")?;
                Ok((Task::Down { to: None, dry_run: *dry_run }, verb.clone()))
            }
            Verb::Down { what, .. } => {
                let error = CliError::usage("`down` of many databases needs a version")
                    .help("to keep everything up to a migration: `down --to TARGET`; to keep nothing: `down --all`");
                Err(match what {
                    // What a shell makes of a pattern stands in the place of a name.
                    RollbackTarget::One(_) => error.help("quote the pattern, so that the shell does not expand it"),
                    _ => error,
                })
            }
            Verb::Backup { to: Some(_) } => Err(CliError::usage("`--to` names one file, but each database has a copy")
                .help("to name a folder for all of them: `--backup-dir DIR`")),
            Verb::Backup { to: None } => Ok((Task::Backup, verb.clone())),
            Verb::Verify => Ok((Task::Verify, verb.clone())),
            _ => Ok((Task::Status, verb.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use dbmigrate_core::Config;
    use dbmigrate_core::files::InMemory;

    use super::*;

    /// Sets of a package with these names, each with two migrations.
    fn sets(names: &[&str]) -> FleetSets {
        let root = std::path::PathBuf::from("/nowhere");
        let files = [("migrations/001_a.sql", "SELECT 1;"), ("migrations/002_b.sql", "SELECT 2;")];
        let set = dbmigrate_core::load::load_with(&InMemory::new(files), Config::default()).set;
        let project = |name: &&str| {
            let mut project = Project::bare(root.clone(), "migrations".to_owned());
            (*name).clone_into(&mut project.config.set);
            project.sets = names.len();
            project
        };
        FleetSets { projects: names.iter().map(project).collect(), sets: vec![set; names.len()], chosen: None }
    }

    fn back(what: RollbackTarget) -> Verb {
        Verb::Down { what, dry_run: false }
    }

    #[test]
    fn a_target_is_one_number_for_all_databases() {
        let sets = sets(&[""]);
        let up = Verb::Up { to: Some("002_b".to_owned()), existing: false, dry_run: true };
        let (task, verb) = sets.task(&up).unwrap();
        assert_eq!(task, Task::Up { to: Some(2), dry_run: true });
        assert_eq!(verb, Verb::Up { to: Some("2".to_owned()), existing: false, dry_run: true });
        let (task, verb) = sets.task(&back(RollbackTarget::To("001_a".to_owned()))).unwrap();
        assert_eq!(
            (task, verb),
            (Task::Down { to: Some(1), dry_run: false }, back(RollbackTarget::To("1".to_owned())))
        );
        assert_eq!(sets.task(&back(RollbackTarget::All)).unwrap().0, Task::Down { to: None, dry_run: false });
    }

    #[test]
    fn what_is_another_thing_for_each_database_is_refused() {
        let refused = |sets: &FleetSets, verb: &Verb| {
            let diagnostics = sets.task(verb).unwrap_err().into_diagnostics();
            (diagnostics[0].message.clone(), diagnostics[0].help_texts().join("; "))
        };
        let one = sets(&[""]);
        for what in [RollbackTarget::Newest, RollbackTarget::Count(2), RollbackTarget::One("b".to_owned())] {
            let (message, help) = refused(&one, &back(what.clone()));
            assert!(message.contains("`down` of many databases needs a version"), "{message}");
            assert_eq!(help.contains("quote the pattern"), matches!(what, RollbackTarget::One(_)), "{help}");
        }
        assert!(refused(&one, &Verb::Backup { to: Some("x".into()) }).0.contains("names one file"));
        let (message, help) = refused(&sets(&["shop", "mail"]), &back(RollbackTarget::All));
        assert!(message.contains("`down --all` works on one"), "{message}");
        assert_eq!(help, "name it: `--set shop`, `--set mail`");
        let chosen = FleetSets { chosen: Some(1), ..sets(&["shop", "mail"]) };
        assert!(chosen.task(&back(RollbackTarget::All)).is_ok());
        assert_eq!(chosen.first().unwrap().config.set, "mail");
    }
}
