//! What `--databases` and `--databases-from` share: from arguments to a walk over many files, and what is said of it.

mod told;

use std::time::Duration;

use dbmigrate_core::MigrationSet;
use dbmigrate_runtime::Set;
use dbmigrate_runtime::cli::{Back, Format, Request, Terminal, Verb};

use self::told::Told;
use super::{Context, database};
use crate::cli::{CanaryArgs, CopyArgs, DatabaseArgs, FailureArgs, FleetArgs};
use crate::error::{CliError, DONE, FAILURE, NO};
use crate::ops::ahead::Ahead;
use crate::ops::fleet::{self, Crew, Drifts, File, Found, Named, Outcome, Remote, Rollout, Task};
use crate::ops::interrupt::Interrupt;
use crate::ops::program::Runner;
use crate::ops::project::{self, Project};
use crate::ops::{runner, runtime_sets, schema};
use crate::report::fleet::summary;
use crate::report::{Reason, count};
use crate::shell;

/// What is asked of many databases.
pub(super) struct Asked<'a> {
    pub(super) verb: Verb,
    pub(super) copy: &'a CopyArgs,
    pub(super) fleet: &'a FleetArgs,
    pub(super) failures: Option<&'a FailureArgs>,
    pub(super) canary: Option<&'a CanaryArgs>,
    pub(super) database: &'a DatabaseArgs,
}

impl<'a> Asked<'a> {
    pub(super) fn new(verb: Verb, copy: &'a CopyArgs, fleet: &'a FleetArgs, database: &'a DatabaseArgs) -> Self {
        Self { verb, copy, fleet, failures: None, canary: None, database }
    }
}

/// The sets that live in each of the databases, as they were read.
struct Read {
    projects: Vec<Project>,
    sets: Vec<MigrationSet>,
    /// The one that is meant, where that is not all.
    chosen: Option<usize>,
}

impl Read {
    fn new(context: &mut Context<'_>) -> Result<Self, CliError> {
        let mut ahead = Ahead::begin(context.global);
        let mut databases = project::select_databases(context.global)?;
        if databases.len() > 1 {
            let names: Vec<String> =
                databases.iter().flatten().map(|project| format!("`{}`", project.flag().trim_start())).collect();
            return Err(CliError::usage("the package has several databases, and `--databases` names one kind of them")
                .help(format!("name a set of it: {}", names.join(", "))));
        }
        let projects = databases.pop().unwrap_or_default();
        if let Some(first) = projects.first() {
            context.shell.about(super::about(first));
        }
        let sets =
            projects.iter().map(|it| Ok(Project::sound(ahead.load(it))?.set)).collect::<Result<Vec<_>, CliError>>()?;
        let asked = context.global.set.as_deref();
        let chosen = asked.and_then(|name| projects.iter().position(|it| it.config.set == name));
        Ok(Self { projects, sets, chosen })
    }

    /// The set that is meant; several are an error that shows the choices.
    fn only(&self, what: &str) -> Result<&MigrationSet, CliError> {
        let place = self.chosen.or((self.sets.len() == 1).then_some(0));
        place.and_then(|place| self.sets.get(place)).ok_or_else(|| {
            let names: Vec<String> = self.projects.iter().map(|it| format!("`{}`", it.flag().trim_start())).collect();
            CliError::usage(format!("several sets live in these databases, and `{what}` is about one"))
                .help(format!("name it: {}", names.join(", ")))
        })
    }

    fn first(&self) -> Result<&Project, CliError> {
        let place = self.chosen.unwrap_or_default();
        self.projects.get(place).ok_or_else(|| CliError::failure("no package was selected"))
    }
}

/// Refuses `--yes` where nothing is asked.
pub(super) fn refuse_yes(canary: &CanaryArgs, verb: &str) -> Result<(), CliError> {
    if canary.canary.is_some() || !canary.yes {
        return Ok(());
    }
    Err(CliError::usage(
        "`--yes` belongs to `--canary N`: it goes on after the first N of many databases without asking",
    )
    .help(format!("`{verb}` asks nothing else: leave `--yes` out")))
}

/// Runs what is asked.
pub(super) fn run(asked: &Asked<'_>, context: &mut Context<'_>) -> Result<u8, CliError> {
    let result = run_on(asked, context);
    ended(result, asked.verb.name(), context)
}

/// Ends the lines of JSON as any run does, also where it failed before there were databases.
fn ended(result: Result<u8, CliError>, name: &str, context: &mut Context<'_>) -> Result<u8, CliError> {
    let error = match result {
        Err(error) if context.shell.is_json() => error,
        result => return result,
    };
    let exit = error.report(context.shell);
    let errors = error.into_diagnostics();
    let errors: Vec<&str> = errors.iter().map(|it| it.message.as_str()).collect();
    context.shell.data(&summary(Reason::FleetFinished, name, &[], Duration::ZERO, &errors));
    Ok(exit)
}

fn run_on(asked: &Asked<'_>, context: &mut Context<'_>) -> Result<u8, CliError> {
    let read = Read::new(context)?;
    let (task, verb) = task(&asked.verb, &read)?;
    let first = read.first()?;
    let is_meant = |at: usize| read.chosen.is_none_or(|chosen| chosen == at);
    let coded = (0..read.sets.len()).find(|at| is_meant(*at) && verb.executes() && read.sets[*at].has_code());
    let runner = coded.map(|at| runner::binary(&read.projects[at], &read.sets[at])).transpose()?;
    let found = found(asked.fleet, context)?;
    let built = runner.and_then(|_| Runner::of(first, context.global, &asked.database.build));
    let remote = match (&built, runner) {
        (Some(built), Some(name)) => Some(Remote { name, executable: built.executable()?.to_owned() }),
        _ => None,
    };
    let request = database::request(&verb, database::backup(asked.copy, first), asked.database, context);
    // What the runner says is read here.
    let request = Request { format: Format::Json, verbose: false, quiet: false, ..request };
    let jobs = jobs(asked.fleet, context);
    with_sets(&read.sets, |sets| {
        // What the program itself allows, its runner knows.
        let existing = matches!(verb, Verb::Up { existing: true, .. }) || runner.is_some();
        let crew = Crew { sets, chosen: read.chosen, request: &request, existing, has_code: runner.is_some() };
        let yes = asked.canary.is_some_and(|canary| canary.yes);
        let mut told = Told::new((task, verb.name()), context.global, context.shell, yes);
        if let Task::Status | Task::Verify = task {
            let files = fleet::survey(found, &crew, (task, jobs), None, &mut told);
            return looked(&files, &verb, told);
        }
        let is_kept_on = matches!(task, Task::Up { dry_run: true, .. } | Task::Down { dry_run: true, .. });
        let interrupt = Interrupt::listen(shell::cry);
        let rollout = Rollout {
            task,
            jobs,
            canary: asked.canary.and_then(|canary| usize::try_from(canary.canary?).ok()),
            max_failures: match asked.failures {
                // Nothing is lost by going on.
                _ if is_kept_on => usize::MAX,
                Some(failures) => failures.most(),
                None => 1,
            },
            remote: remote.as_ref(),
            interrupt: &interrupt,
        };
        let rolled = rollout.run(found, &crew, &mut told);
        let fails = if is_kept_on { NO } else { FAILURE };
        told.rolled(&rolled, fails)
    })
}

/// Compares the schema of each database with what its migrations lead to.
pub(super) fn drift(args: &FleetArgs, database: &DatabaseArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let result = drift_of(args, database, context);
    ended(result, "drift", context)
}

fn drift_of(args: &FleetArgs, database: &DatabaseArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let read = Read::new(context)?;
    let first = read.first()?;
    let found = found(args, context)?;
    let runner = Runner::of(first, context.global, &database.build);
    let options = schema::read_options(&read.projects);
    let request = database::request(&Verb::Verify, None, database, context);
    let jobs = jobs(args, context);
    let program = runner.as_ref().map(|runner| runner as _);
    let mut drifts = Drifts::new(&read.projects, &read.sets, &options, program);
    with_sets(&read.sets, |sets| {
        // A database has what all of its sets make.
        let crew = Crew { sets, chosen: None, request: &request, existing: false, has_code: false };
        let mut told = Told::new((Task::Drift, "drift"), context.global, context.shell, false);
        let files = fleet::survey(found, &crew, (Task::Drift, jobs), Some(&mut drifts), &mut told);
        looked(&files, &Verb::Verify, told)
    })
}

fn with_sets(sets: &[MigrationSet], work: impl FnOnce(&[Set<'_>]) -> Result<u8, CliError>) -> Result<u8, CliError> {
    runtime_sets::with_sets(sets, work).unwrap_or_else(|| Err(CliError::failure("no package was selected")))
}

/// The task for each database, and the verb for one of them. What is not one thing for all of them is refused.
fn task(verb: &Verb, read: &Read) -> Result<(Task, Verb), CliError> {
    let number = |target: &str, what: &str| -> Result<u64, CliError> {
        Ok(read.only(what)?.find(target).map_err(|diagnostic| CliError::from(*diagnostic).into_usage())?.number)
    };
    match verb {
        Verb::Up { to, existing, dry_run } => {
            let to = to.as_deref().map(|target| number(target, "up --to")).transpose()?;
            let text = to.map(|number| number.to_string());
            Ok((Task::Up { to, dry_run: *dry_run }, Verb::Up { to: text, existing: *existing, dry_run: *dry_run }))
        }
        Verb::Down { what: Back::To(target), dry_run } => {
            let number = number(target, "down --to")?;
            let verb = Verb::Down { what: Back::To(number.to_string()), dry_run: *dry_run };
            Ok((Task::Down { to: Some(number), dry_run: *dry_run }, verb))
        }
        Verb::Down { what: Back::All, dry_run } => {
            read.only("down --all")?;
            Ok((Task::Down { to: None, dry_run: *dry_run }, verb.clone()))
        }
        Verb::Down { what, .. } => {
            let error = CliError::usage("many databases go back to one version, and `down` has to name it")
                .help("`down --to TARGET` keeps everything up to that migration, `down --all` nothing");
            Err(match what {
                // What a shell makes of a pattern stands in the place of a name.
                Back::One(_) => error.help("quote the pattern, so that it is not the shell that reads it"),
                _ => error,
            })
        }
        Verb::Backup { to: Some(_) } => {
            Err(CliError::usage("`--to` names one file, and there is a copy of each database")
                .help("`--backup-dir DIR` names a folder for all of them"))
        }
        Verb::Backup { to: None } => Ok((Task::Backup, verb.clone())),
        Verb::Verify => Ok((Task::Verify, verb.clone())),
        _ => Ok((Task::Status, verb.clone())),
    }
}

fn found(args: &FleetArgs, context: &mut Context<'_>) -> Result<Found, CliError> {
    let named = Named { patterns: args.patterns(), list: args.list().map(|list| &**list), null: args.null };
    let found = fleet::find(&named)?;
    let mut left_out = Vec::new();
    if found.beside > 0 {
        left_out.push(format!(
            "{} that {} to one",
            count(found.beside, "file"),
            if found.beside == 1 { "belongs" } else { "belong" }
        ));
    }
    if found.twice > 0 {
        left_out.push(format!("{} named again", count(found.twice, "file")));
    }
    let left_out = if left_out.is_empty() { String::new() } else { format!(" (left out: {})", left_out.join(", ")) };
    context.shell.status("Found", &format!("{}{left_out}", count(found.files.len(), "database")));
    Ok(found)
}

fn jobs(args: &FleetArgs, context: &mut Context<'_>) -> usize {
    let jobs = fleet::jobs(args.jobs.map(usize::from));
    if let Some(asked) = args.jobs.filter(|asked| usize::from(*asked) > jobs) {
        context.shell.note(&format!("{jobs} at once instead of {asked}: this process may not open files for more"));
    }
    jobs
}

/// Ends a walk that only looked.
fn looked(files: &[File], verb: &Verb, mut told: Told<'_>) -> Result<u8, CliError> {
    let is_refused = files.iter().any(|file| matches!(file.outcome, Outcome::Refused(_)));
    let is_no = match verb {
        Verb::Status { check, .. } => *check && files.iter().any(|file| file.outcome != Outcome::Current),
        _ => files.iter().any(|file| file.outcome == Outcome::Differs),
    };
    told.looked(files);
    Ok(if is_refused {
        FAILURE
    } else if is_no {
        NO
    } else {
        DONE
    })
}
