//! The package's own runner: only the program can run the Rust in its migrations.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use cargo_metadata::DependencyKind;
use dbmigrate_core::{Body, Diagnostic, Down, Help, MigrationSet, SourceMigration, Step};
use dbmigrate_runtime::Stopped;
use dbmigrate_runtime::cli::{Baseline, Format, NAMED, PROGRAM, RepairTarget, Request, RollbackTarget, Verb};

use crate::cli::{BuildArgs, Global};
use crate::error::{CliError, FAILURE};
use crate::ops::program::UNUSABLE;
use crate::ops::project::Project;
use crate::ops::wiring::RUNTIME;

/// The feature that builds the runner, as `init --runner` writes it.
pub(crate) const FEATURE: &str = "migrate-cli";

/// The binary that a command on these sets needs: the runner of the package, where what is to be executed has Rust in it,
/// or calls what only the program registers. Without a runner the latter may still work: not every statement calls it.
pub(crate) fn needed<'p, 's>(
    verb: &Verb,
    mut sets: impl Iterator<Item = (&'p Project, &'s MigrationSet)>,
) -> Result<Option<&'p str>, CliError> {
    let coded = sets.find(|(project, set)| verb.executes() && (set.has_code() || is_registered(project)));
    coded.map(|(project, set)| binary(project, set)).transpose()
}

/// Whether the program registers what the migrations call, and has a runner that does so as well.
fn is_registered(project: &Project) -> bool {
    let stubs = &project.config.replay.stubs;
    project.config.runner.is_some() && (!stubs.functions.is_empty() || !stubs.collations.is_empty())
}

/// The binary that runs this package's commands.
fn binary<'p>(project: &'p Project, set: &MigrationSet) -> Result<&'p str, CliError> {
    let binaries: Vec<&str> = project.binaries.iter().map(|(name, _)| name.as_str()).collect();
    let runner = chosen(project.config.runner.as_deref(), &binaries, set)?;
    known(runner, project)?;
    Ok(runner)
}

fn chosen<'p>(runner: Option<&'p str>, binaries: &[&str], set: &MigrationSet) -> Result<&'p str, CliError> {
    match runner {
        Some(runner) if binaries.contains(&runner) => Ok(runner),
        Some(runner) => Err(missing(runner).into()),
        None => {
            let names = set.migrations.iter().filter(|migration| has_code(migration));
            let names: Vec<String> = names.map(|migration| format!("`{}`", migration.file)).collect();
            Err(CliError::failure(format!("only the program can run the Rust in {}", names.join(", ")))
                .help("`cargo dbmigrate init --runner` adds a binary that does"))
        }
    }
}

/// Whether the package has a binary of this name, and the feature that it is built with.
pub(crate) fn known(runner: &str, project: &Project) -> Result<(), Diagnostic> {
    if !project.binaries.iter().any(|(name, _)| name == runner) {
        return Err(missing(runner));
    }
    if project.features.iter().any(|feature| feature == FEATURE) {
        return Ok(());
    }
    let runtime = project.dependency(DependencyKind::Normal, RUNTIME).unwrap_or_else(|| RUNTIME.to_owned());
    let message =
        format!("the runner `{runner}` is built with the feature `{FEATURE}`, which the package does not have");
    Err(Diagnostic::error(UNUSABLE, message)
        .help(
            Help::from("write under `[features]` in ")
                .file("Cargo.toml")
                .words(&format!(": `{FEATURE} = [\"{runtime}/cli\"]`")),
        )
        .help("or take `runner` out of the manifest: `cargo dbmigrate init --runner` then adds a binary"))
}

fn missing(runner: &str) -> Diagnostic {
    Diagnostic::error(UNUSABLE, format!("there is no binary `{runner}`, which `runner` names"))
        .help("`cargo dbmigrate init --runner` adds it")
}

/// A call of cargo.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Builds the runner, lets it do `request`, and returns its exit code.
pub(crate) fn run(
    runner: &str,
    project: &Project,
    database: &Path,
    request: &Request,
    global: &Global,
    build: &BuildArgs,
) -> Result<u8, CliError> {
    let database = std::path::absolute(database)
        .map_err(|error| CliError::failure(format!("could not find the current folder: {error}")))?;
    let manifest = project.manifest();
    let build = Build { runner, manifest: &manifest, global, args: build };
    let mut command = cargo();
    command.env(PROGRAM, &request.program).env(NAMED, &request.named).args(arguments(&build, &database, request));
    let status = command.status().map_err(|error| CliError::failure(format!("could not run `cargo run`: {error}")))?;
    match status.code() {
        Some(code) => Ok(u8::try_from(code).unwrap_or(FAILURE)),
        // A program that is killed says nothing itself.
        None => Err(CliError::failure(format!("the runner `{runner}` was stopped: {status}"))
            .help("`cargo dbmigrate status` shows how far it came")),
    }
}

/// What cargo has to know of a runner.
pub(crate) struct Build<'b> {
    pub(crate) runner: &'b str,
    pub(crate) manifest: &'b Path,
    pub(crate) global: &'b Global,
    pub(crate) args: &'b BuildArgs,
}

impl Build<'_> {
    /// The words for a command of cargo's.
    pub(crate) fn arguments(&self, command: &str) -> Vec<OsString> {
        let Self { runner, manifest, global, args } = self;
        let mut words: Vec<OsString> =
            [command, "-q", "--bin", runner, "--features", FEATURE].map(OsString::from).into();
        let mut add = |flag: &str, value: &dyn AsRef<std::ffi::OsStr>| {
            words.push(flag.into());
            words.push(value.as_ref().to_owned());
        };
        add("--manifest-path", manifest);
        args.features.iter().for_each(|features| add("--features", features));
        args.profile.iter().for_each(|profile| add("--profile", profile));
        args.target.iter().for_each(|target| add("--target", target));
        for (given, flag) in [(global.locked, "--locked"), (global.offline, "--offline")] {
            if given {
                words.push(flag.into());
            }
        }
        words
    }
}

fn arguments(build: &Build<'_>, database: &Path, request: &Request) -> Vec<OsString> {
    let mut arguments = build.arguments("run");
    arguments.push("--".into());
    arguments.extend(words(database, request));
    arguments
}

/// What the runner itself has to know.
pub(crate) fn words(database: &Path, request: &Request) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["--database".into(), database.into()];
    let format = if request.format == Format::Json { "json" } else { "human" };
    words.extend(["--message-format", format].map(OsString::from));
    if let Some(timeout) = request.busy_timeout {
        words.extend(["--busy-timeout".to_owned(), timeout.as_secs().to_string()].map(OsString::from));
    }
    if let Some(set) = &request.set {
        words.push(format!("--set={set}").into());
    }
    for (given, flag) in [(request.verbose, "--verbose"), (request.quiet, "--quiet")] {
        if given {
            words.push(flag.into());
        }
    }
    words.push(request.verb.name().into());
    words.extend(request.backup_arguments());
    words.extend(verb_arguments(&request.verb).into_iter().map(OsString::from));
    words
}

/// The flags of a verb; a value stands behind `=`, so that it is never taken for a flag.
fn verb_arguments(verb: &Verb) -> Vec<String> {
    let given = |flag: &str, given: bool| given.then(|| flag.to_owned());
    match verb {
        Verb::Status { check, recover } => {
            given("--check", *check).into_iter().chain(given("--recover", *recover)).collect()
        }
        Verb::Up { to, existing, dry_run } => {
            let flags = given("--existing", *existing).into_iter().chain(given("--dry-run", *dry_run));
            to.iter().map(|target| format!("--to={target}")).chain(flags).collect()
        }
        Verb::Down { what, dry_run } => {
            let what = match what {
                RollbackTarget::Newest => Vec::new(),
                RollbackTarget::One(target) => vec!["--".to_owned(), target.clone()],
                RollbackTarget::To(target) => vec![format!("--to={target}")],
                RollbackTarget::Count(count) => vec![format!("--count={count}")],
                RollbackTarget::All => vec!["--all".to_owned()],
            };
            given("--dry-run", *dry_run).into_iter().chain(what).collect()
        }
        Verb::Reset { yes } => given("--yes", *yes).into_iter().collect(),
        Verb::Mark { what, force } => {
            let force = given("--force", *force).into_iter();
            match what {
                Baseline::Latest => force.collect(),
                Baseline::To(target) => force.chain([format!("--to={target}")]).collect(),
                Baseline::Only(targets) => force.chain(["--".to_owned()]).chain(targets.iter().cloned()).collect(),
            }
        }
        Verb::Forget { target } => vec!["--".to_owned(), target.clone()],
        Verb::Repair { what, stopped } => {
            let stopped = stopped.map(|stopped| match stopped {
                Stopped::Retry => "--retry".to_owned(),
                Stopped::Done => "--done".to_owned(),
            });
            let what = match what {
                RepairTarget::Explain => Vec::new(),
                RepairTarget::One(target) => vec!["--".to_owned(), target.clone()],
                RepairTarget::All => vec!["--all".to_owned()],
            };
            stopped.into_iter().chain(what).collect()
        }
        // The command line does these itself; the runner is there for what executes migrations.
        Verb::Adopt { .. } | Verb::Backup { .. } | Verb::Restore { .. } => Vec::new(),
        Verb::Redo | Verb::Verify | Verb::History => Vec::new(),
    }
}

fn has_code(migration: &SourceMigration) -> bool {
    let calls = |steps: &[Step]| steps.iter().any(|step| matches!(step, Step::Call { .. }));
    match &migration.body {
        Body::Rust(_) => true,
        Body::Sql { up, down: Down::Script(down) } => calls(&up.steps) || calls(&down.steps),
        Body::Sql { up, .. } => calls(&up.steps),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use clap::Parser as _;
    use dbmigrate_core::Config;
    use dbmigrate_runtime::{Backup, BackupWhen, cli};

    fn request_of(verb: Verb) -> Request {
        Request::new("cargo dbmigrate", verb)
    }

    fn words(line: &str, verb: Verb) -> String {
        let cli = crate::cli::Cli::try_parse_from(line.split(' ')).unwrap();
        let crate::cli::Command::Redo(args) = &cli.command else { panic!("{line}") };
        let args = &args.database;
        let busy_timeout = Some(Duration::from_secs(7));
        let request = Request { format: Format::Json, verbose: true, busy_timeout, ..request_of(verb) };
        let manifest = Path::new("/app/Cargo.toml");
        let build = Build { runner: "migrate", manifest, global: &cli.global, args: &args.build };
        let words = arguments(&build, Path::new("/data/a.db"), &request);
        words.join(" ".as_ref()).into_string().unwrap()
    }

    #[test]
    fn what_cargo_and_the_runner_need_is_passed_on() {
        assert_eq!(
            words("x redo", Verb::Redo),
            "run -q --bin migrate --features migrate-cli --manifest-path /app/Cargo.toml -- \
             --database /data/a.db --message-format json --busy-timeout 7 --verbose redo --backup-keep=3"
        );
        let line = "x redo --locked --offline --features a,b --profile release --target x86_64-unknown-linux-gnu";
        assert_eq!(
            words(line, Verb::Down { what: RollbackTarget::One("-2".into()), dry_run: false }),
            "run -q --bin migrate --features migrate-cli --manifest-path /app/Cargo.toml --features a,b \
             --profile release --target x86_64-unknown-linux-gnu --locked --offline -- --database /data/a.db \
             --message-format json --busy-timeout 7 --verbose down --backup-keep=3 -- -2"
        );
    }

    #[test]
    fn what_is_said_of_copies_is_passed_on() {
        let always = || Backup::new(BackupWhen::Always).keep(5).dir("/my copies");
        let reset = || Verb::Reset { yes: true };
        for (verb, backup) in [
            (Verb::Redo, None),
            (Verb::Redo, Some(Request::default_backup())),
            (Verb::Redo, Some(always())),
            (reset(), Some(Request::default_backup().keep(9))),
        ] {
            let request = Request { backup, ..request_of(verb) };
            let words = [request.verb.name().into()].into_iter().chain(request.backup_arguments());
            let words = words.chain(verb_arguments(&request.verb).into_iter().map(OsString::from));
            assert_eq!(cli::parse("cargo dbmigrate", words), Ok(cli::Invocation::Run(request, None)));
        }
        let off = Request { backup: None, ..request_of(reset()) };
        assert_eq!(off.backup_arguments(), [""; 0]);
    }

    #[test]
    fn the_runner_understands_every_verb_that_it_is_given() {
        let back = |what| Verb::Down { what, dry_run: true };
        for verb in [
            Verb::Status { check: true, recover: true },
            Verb::Up { to: Some("--x".into()), existing: true, dry_run: true },
            back(RollbackTarget::Newest),
            back(RollbackTarget::One("-2".into())),
            back(RollbackTarget::To("1".into())),
            back(RollbackTarget::Count(2)),
            back(RollbackTarget::All),
            Verb::Redo,
            Verb::Reset { yes: true },
            Verb::Mark { what: Baseline::Latest, force: true },
            Verb::Mark { what: Baseline::To("1".into()), force: false },
            Verb::Mark { what: Baseline::Only(vec!["1".into(), "-2".into()]), force: true },
            Verb::Forget { target: "-2".into() },
            Verb::Repair { what: RepairTarget::Explain, stopped: None },
            Verb::Repair { what: RepairTarget::One("-2".into()), stopped: Some(Stopped::Done) },
            Verb::Repair { what: RepairTarget::All, stopped: Some(Stopped::Retry) },
            Verb::Verify,
            Verb::History,
        ] {
            let words = std::iter::once(verb.name().to_owned()).chain(verb_arguments(&verb)).map(OsString::from);
            let parsed = dbmigrate_runtime::cli::parse("app", words).unwrap();
            let dbmigrate_runtime::cli::Invocation::Run(request, None) = parsed else { panic!("{parsed:?}") };
            assert_eq!(request.verb, verb);
        }
    }

    #[test]
    fn without_a_runner_the_files_with_rust_are_named() {
        let source = std::sync::Arc::new(dbmigrate_core::SourceText::new("migrations/002_b.rs", "pub fn up() {}"));
        let rust = dbmigrate_core::rust_source::parse(&source, &mut Vec::new());
        let migration = SourceMigration {
            number: 2,
            digits: "002".into(),
            slug: "b".into(),
            file: "migrations/002_b.rs".into(),
            metadata: Default::default(),
            replaces: None,
            requires: Vec::new(),
            body: Body::Rust(rust.into()),
            checksum: String::new(),
            text_checksum: String::new(),
            chain: String::new(),
        };
        let set = MigrationSet { migrations: vec![migration], ..MigrationSet::empty(Config::default()) };
        assert_eq!(chosen(Some("migrate"), &["app", "migrate"], &set).unwrap(), "migrate");
        for (runner, expect) in [(None, "the Rust in `migrations/002_b.rs`"), (Some("other"), "no binary `other`")] {
            let error = format!("{:?}", chosen(runner, &["app"], &set).unwrap_err());
            assert!(error.contains(expect), "{error}");
        }
    }
}
