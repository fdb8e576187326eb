//! One command on one database: with all of the sets that live in it, here or in the package's own runner. What is said
//! of it, the runtime says to the terminal that it is given.

use std::path::Path;
use std::time::Duration;

use dbmigrate_core::MigrationSet;
use dbmigrate_runtime::cli::{self, Format, Request, Terminal, Verb};
use dbmigrate_runtime::{Backup, BackupWhen, Migrator, Together};

use crate::cli::{CopyArgs, DatabaseArgs, Global, MessageFormat, PROGRAM, Verbosity};
use crate::error::{CliError, DONE, NO};
use crate::ops::driver::Rusqlite;
use crate::ops::interrupt::Interrupt;
use crate::ops::migrator::migrator;
use crate::ops::project::Project;
use crate::ops::read_ahead::ReadAhead;
use crate::ops::{
    database, immutable, runner, runtime_set, runtime_sets, schema_reader, shared_history, shown_paths, space,
};

/// What is asked for.
pub(crate) struct DatabaseCommand<'c> {
    pub(crate) verb: &'c Verb,
    pub(crate) copy: &'c CopyArgs,
    pub(crate) args: &'c DatabaseArgs,
    pub(crate) global: &'c Global,
    /// The way to the folder of the package from where people read what is said: empty, or ending in `/`.
    pub(crate) way: String,
    /// What tells people that an interrupt was heard, whatever else is being said.
    pub(crate) announce: fn(&str),
}

/// A set, and the project that it is of.
type OneSet<'s> = (&'s Project, &'s MigrationSet);

impl DatabaseCommand<'_> {
    /// Runs it on the database in which these sets live, with all of them or with the one that is asked for.
    pub(crate) fn run(
        &self,
        projects: &[Project],
        mut ahead: ReadAhead,
        terminal: &mut dyn Terminal,
    ) -> Result<u8, CliError> {
        let place = projects.iter().position(|project| self.is_meant(project));
        let place = place.ok_or_else(|| CliError::failure("no package was selected"))?;
        let first = &projects[place];
        let sets = projects.iter().map(|it| load(it, self.verb, &self.way, &mut ahead));
        let sets = sets.collect::<Result<Vec<_>, CliError>>()?;
        let meant = || projects.iter().zip(&sets).filter(|(project, _)| self.is_meant(project));
        let runner = runner::needed(self.verb, meant())?;
        let database = database::resolve(self.args.database.as_deref(), projects)?;
        // A copy leaves the database as it is, and takes older copies away.
        if !self.verb.reads_only() || matches!(self.verb, Verb::Backup { .. }) {
            terminal.status("Database", &format!("{} (from {})", database.path.display(), database.source));
        }
        shared_history::refuse(meant(), self.verb, &database.path, self.global)?;
        let request = request(self.verb, backup(self.copy, first), self.args, self.global);
        if let Some(runner) = runner {
            if request.verb.rehearses() {
                space::refuse_too_large(&database.path)?;
            }
            return runner::run(runner, first, &database.path, &request, self.global, &self.args.build);
        }
        let interrupt = self.verb.executes().then(|| Interrupt::listen(self.announce));
        let asked = self.global.set.as_deref();
        let several = first.sets > 1;
        // Its own database has no other set, but the package has: what is suggested names it.
        let set = asked.or((several && sets.len() == 1).then_some(first.config.set.as_str())).map(str::to_owned);
        let request = Request { set, ..request };
        let job = Job { database: &database.path, request: &request, interrupt: interrupt.as_ref() };
        let is_about_file = matches!(self.verb, Verb::Backup { .. } | Verb::Restore { from: None, .. });
        if sets.len() == 1 || is_about_file {
            if several && shows(self.verb) {
                heading(first, &request, terminal);
            }
            return Ok(job.run_one((first, &sets[place]), terminal));
        }
        if !shows(self.verb) {
            return job.run_together(&sets, &first.histories, terminal);
        }
        if asked.is_none() && !database.path.exists() {
            // What none of them has is said once.
            return Ok(job.run_one((first, &sets[0]), terminal));
        }
        Ok(job.show_each(meant(), terminal))
    }

    /// Whether a set is the one that is asked for, if one is.
    fn is_meant(&self, project: &Project) -> bool {
        self.global.set.as_deref().is_none_or(|name| project.config.set == name)
    }
}

/// The migrations of a set, with their files as people reach them by `way`, and as far as a verb needs them: rows and
/// copies are shown, and copies are made, whatever is wrong with the files. Only the manifest has to be sound, as it names
/// the history.
pub(crate) fn load(project: &Project, verb: &Verb, way: &str, ahead: &mut ReadAhead) -> Result<MigrationSet, CliError> {
    let mut set = match verb {
        Verb::History | Verb::Backup { .. } | Verb::Restore { from: None, .. } => {
            project.sound_config()?;
            ahead.load(project).set
        }
        _ => Project::sound(ahead.load(project))?.set,
    };
    shown_paths::name_from(&mut set, way);
    Ok(set)
}

/// Whether a verb shows how a set stands.
pub(crate) fn shows(verb: &Verb) -> bool {
    matches!(
        verb,
        Verb::Status { .. } | Verb::Verify | Verb::History | Verb::Repair { what: cli::RepairTarget::Explain, .. }
    )
}

/// What is asked of a database.
pub(crate) fn request(verb: &Verb, backup: Option<Backup>, args: &DatabaseArgs, global: &Global) -> Request {
    Request {
        program: PROGRAM.to_owned(),
        named: global.database_flags(args.database.as_deref()),
        verb: verb.clone(),
        set: global.set.clone(),
        format: if global.message_format == MessageFormat::Json { Format::Json } else { Format::Human },
        verbose: global.is_verbose(),
        quiet: global.verbosity() == Verbosity::Quiet,
        busy_timeout: args.busy_timeout.map(Duration::from_secs),
        backup,
    }
}

/// Says which set is shown next.
fn heading(project: &Project, request: &Request, terminal: &mut dyn Terminal) {
    let name = match project.config.set.as_str() {
        "" => "(without a name)",
        name => name,
    };
    match &request.verb {
        _ if request.format == Format::Json => {}
        Verb::Status { .. } | Verb::History => terminal.data(&format!("{name}:")),
        _ => terminal.status("Set", name),
    }
}

/// What is done on one database.
struct Job<'j> {
    database: &'j Path,
    request: &'j Request,
    interrupt: Option<&'j Interrupt>,
}

impl Job<'_> {
    /// Shows sets that live in it, one after the other.
    fn show_each<'s>(&self, sets: impl Iterator<Item = OneSet<'s>>, terminal: &mut dyn Terminal) -> u8 {
        let mut exit = DONE;
        for (project, set) in sets {
            heading(project, self.request, terminal);
            let name = Some(project.config.set.clone()).filter(|name| !name.is_empty());
            let request = &Request { set: name, ..self.request.clone() };
            exit = exit.max(Job { request, ..*self }.run_one((project, set), terminal));
            if exit > NO {
                break;
            }
        }
        exit
    }

    /// Runs it on all sets that live there, in one order; `histories` are those of the package.
    fn run_together(
        &self,
        sets: &[MigrationSet],
        histories: &[String],
        terminal: &mut dyn Terminal,
    ) -> Result<u8, CliError> {
        let ran = runtime_sets::with_sets(sets, |all| {
            let mut together = Together::new();
            for (set, source) in all.iter().zip(sets) {
                let migrator = heeding(migrator(set), self.interrupt);
                together = together.add(migrator.schema_reader(schema_reader::reader(source, histories)));
            }
            cli::run_together(together, self.database, self.request, terminal)
        });
        ran.ok_or_else(|| CliError::failure("no package was selected"))
    }

    /// Runs it on one set.
    fn run_one(&self, (project, set): OneSet<'_>, terminal: &mut dyn Terminal) -> u8 {
        let Self { database, request, interrupt } = *self;
        let reader = schema_reader::reader(set, &project.histories);
        runtime_set::with_set(set, |set| {
            let migrator = heeding(migrator(set).schema_reader(reader), interrupt);
            let immutable = if request.verb.reads_only() { immutable::open(database) } else { None };
            match immutable {
                Some(mut connection) => {
                    terminal.note(immutable::AS_IT_LIES);
                    cli::run_on(migrator, &mut connection, database, request, terminal)
                }
                None => cli::run(migrator, database, request, terminal),
            }
        })
    }
}

fn heeding<'a>(migrator: Migrator<'a, Rusqlite>, interrupt: Option<&Interrupt>) -> Migrator<'a, Rusqlite> {
    match interrupt {
        Some(interrupt) => interrupt.heeded_by(migrator),
        None => migrator,
    }
}

/// The copies to keep, as the flags say and else the manifest.
pub(crate) fn backup(copy: &CopyArgs, project: &Project) -> Option<Backup> {
    let when = if copy.backup { BackupWhen::Always } else { BackupWhen::Destructive };
    if copy.no_backup || (project.config.backup.is_none() && !copy.backup) {
        return None;
    }
    let configured = project.config.backup.clone().unwrap_or_default();
    let mut backup = Backup::new(when);
    let keep = copy.keep.backup_keep.map(u64::from).or(configured.keep);
    if let Some(keep) = keep.and_then(|keep| usize::try_from(keep).ok()) {
        backup = backup.keep(keep);
    }
    let dir = copy.keep.backup_dir.clone().or(configured.dir.map(|dir| project.root.join(dir)));
    Some(match dir {
        Some(dir) => backup.dir(dir),
        None => backup,
    })
}

#[cfg(test)]
mod tests;
