//! What `--databases` and `--databases-from` share: from arguments to the work on many files.

use dbmigrate_core::MigrationSet;
use dbmigrate_runtime::cli::{Format, Request, Verb};

use super::Context;
use crate::cli::{CanaryArgs, CopyArgs, DatabaseArgs, FailureArgs, FleetArgs};
use crate::error::{CliError, DONE, FAILURE, NO};
use crate::fleet::{File, FleetFiles, Outcome, RolloutResult, Task};
use crate::ops::database_command::{self, backup};
use crate::ops::fleet::{self, FleetSets, Job, RunnerProcess, Selection};
use crate::ops::interrupt::Interrupt;
use crate::ops::program::Runner;
use crate::ops::read_ahead::ReadAhead;
use crate::report;
use crate::report::fleet::FleetReporter;
use crate::shell;

/// The arguments of a command on many databases.
pub(super) struct Arguments<'a> {
    pub(super) verb: Verb,
    pub(super) copy: &'a CopyArgs,
    pub(super) fleet: &'a FleetArgs,
    pub(super) failures: Option<&'a FailureArgs>,
    pub(super) canary: Option<&'a CanaryArgs>,
    pub(super) database: &'a DatabaseArgs,
}

impl<'a> Arguments<'a> {
    pub(super) fn new(verb: Verb, copy: &'a CopyArgs, fleet: &'a FleetArgs, database: &'a DatabaseArgs) -> Self {
        Self { verb, copy, fleet, failures: None, canary: None, database }
    }
}

/// Refuses `--yes` where nothing is asked.
pub(super) fn refuse_yes(canary: &CanaryArgs, verb: &str) -> Result<(), CliError> {
    if canary.canary.is_some() || !canary.yes {
        return Ok(());
    }
    Err(CliError::usage("`--yes` is for `--canary N`, to continue after the first N databases without asking")
        .help(format!("`{verb}` asks nothing else: remove `--yes`")))
}

/// Runs what is asked.
pub(super) fn run(arguments: &Arguments<'_>, context: &mut Context<'_>) -> Result<u8, CliError> {
    let result = run_on(arguments, context);
    ended(result, arguments.verb.name(), context)
}

/// Ends the lines of JSON as any run does, also where it failed before there were databases.
fn ended(result: Result<u8, CliError>, name: &'static str, context: &mut Context<'_>) -> Result<u8, CliError> {
    let error = match result {
        Err(error) if context.shell.is_json() => error,
        result => return result,
    };
    let exit = error.report(context.shell);
    let errors = error.into_diagnostics();
    let errors: Vec<&str> = errors.iter().map(|it| it.message.as_str()).collect();
    report::fleet::failed_early(name, &errors, context.shell);
    Ok(exit)
}

fn run_on(arguments: &Arguments<'_>, context: &mut Context<'_>) -> Result<u8, CliError> {
    let sets = load(&arguments.verb, context)?;
    let (task, verb) = sets.task(&arguments.verb)?;
    let project = sets.first()?;
    let name = sets.runner(&verb)?;
    let files = find(arguments.fleet)?;
    let yes = arguments.canary.is_some_and(|canary| canary.yes);
    let request = database_command::request(&verb, backup(arguments.copy, project), arguments.database, context.global);
    let mut reporter = FleetReporter::new((task, verb.name()), context.global, context.shell, yes);
    reporter.found(&files);
    let runner = Runner::of(project, context.global, &arguments.database.build);
    let runner = name.zip(runner.as_ref()).map(|(name, runner)| RunnerProcess::build(name, runner)).transpose()?;
    let job = Job {
        sets: &sets,
        task,
        // What the runner says is read here.
        request: Request { format: Format::Json, verbose: false, quiet: false, ..request },
        runner,
        jobs: jobs(arguments.fleet, &mut reporter),
        canary: arguments.canary.and_then(|canary| usize::try_from(canary.canary?).ok()),
        max_failures: arguments.failures.map_or(1, FailureArgs::most),
    };
    if task.reads_only() {
        let files = job.survey(files, &mut reporter)?;
        reporter.looked(&files);
        return Ok(looked(&files, &verb));
    }
    let result = job.roll_out(files, &Interrupt::listen(shell::announce), &mut reporter)?;
    reporter.rolled_out(&result);
    Ok(rolled_out(&result, task))
}

/// Compares the schema of each database with what its migrations lead to.
pub(super) fn drift(args: &FleetArgs, database: &DatabaseArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let result = drift_of(args, database, context);
    ended(result, "drift", context)
}

fn drift_of(args: &FleetArgs, database: &DatabaseArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let verb = Verb::Verify;
    let sets = load(&verb, context)?;
    let project = sets.first()?;
    let files = find(args)?;
    let request = database_command::request(&verb, None, database, context.global);
    let mut reporter = FleetReporter::new((Task::Drift, "drift"), context.global, context.shell, false);
    reporter.found(&files);
    let runner = Runner::of(project, context.global, &database.build);
    if sets.sets.iter().any(MigrationSet::has_code) {
        // Building it is no work on a database. That it can't be built is the fault of those databases that need it.
        let _ = runner.as_ref().map(Runner::executable);
    }
    let jobs = jobs(args, &mut reporter);
    let job = Job { sets: &sets, task: Task::Drift, request, runner: None, jobs, canary: None, max_failures: 1 };
    let files = job.drift(files, runner.as_ref().map(|runner| runner as _), &mut reporter)?;
    reporter.looked(&files);
    Ok(looked(&files, &verb))
}

/// The sets that live in each of the databases.
fn load(verb: &Verb, context: &mut Context<'_>) -> Result<FleetSets, CliError> {
    let mut ahead = ReadAhead::begin(context.global);
    let projects = fleet::select(context.global)?;
    if let Some(first) = projects.first() {
        context.shell.about(super::about(first));
    }
    let way = context.shell.way();
    let sets = projects.iter().map(|it| database_command::load(it, verb, &way, &mut ahead));
    let sets = sets.collect::<Result<Vec<_>, CliError>>()?;
    Ok(FleetSets::new(projects, sets, context.global.set.as_deref()))
}

fn find(args: &FleetArgs) -> Result<FleetFiles, CliError> {
    fleet::find(&Selection { patterns: args.patterns(), list: args.list().map(|list| &**list), null: args.null })
}

fn jobs(args: &FleetArgs, reporter: &mut FleetReporter<'_>) -> usize {
    let asked = args.jobs.map(usize::from);
    let jobs = fleet::jobs(asked);
    if let Some(asked) = asked.filter(|asked| *asked > jobs) {
        reporter.fewer_jobs(jobs, asked);
    }
    jobs
}

/// The exit code of a walk that only looked.
fn looked(files: &[File], verb: &Verb) -> u8 {
    let is_refused = files.iter().any(|file| matches!(file.outcome, Outcome::Refused(_)));
    let is_no = match verb {
        Verb::Status { check, .. } => *check && files.iter().any(|file| file.outcome != Outcome::Current),
        _ => files.iter().any(|file| file.outcome == Outcome::Differs),
    };
    if is_refused {
        FAILURE
    } else if is_no {
        NO
    } else {
        DONE
    }
}

/// The exit code of a rollout. That a rehearsal fails is an answer.
fn rolled_out(result: &RolloutResult, task: Task) -> u8 {
    if result.is_complete() {
        DONE
    } else if result.is_cut_short() || result.failures() > 0 && !task.rehearses() {
        FAILURE
    } else {
        NO
    }
}
