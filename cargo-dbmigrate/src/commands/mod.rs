//! One file per command: arguments in, one call to `ops`, an exit code out.

mod adopt;
mod backup;
mod check;
mod complete_words;
mod completions;
mod create;
mod database;
mod down;
mod drift;
mod explain;
mod fleet;
mod forget;
mod generate;
mod history;
mod init;
mod list;
mod lock;
mod man;
mod mark;
mod redo;
mod renumber;
mod repair;
mod reported;
mod reset;
mod restore;
mod schema;
mod script;
mod snapshot;
mod squash;
mod status;
mod test;
mod up;
mod verify;

use dbmigrate_runtime::cli::Aim;

use reported::Reported;

use crate::cli::{Cli, Command, Global, PROGRAM};
use crate::error::CliError;
use crate::ops::project::Project;
use crate::paths;
use crate::shell::{About, Shell};

/// What every command gets: the common options and the way out.
pub(crate) struct Context<'a> {
    pub(crate) global: &'a Global,
    pub(crate) shell: &'a mut Shell,
}

/// From now on what is said is about this set: suggested commands lead to it from where this one was called, and files are
/// named from there.
fn work_on(project: &Project, shell: &mut Shell) {
    shell.about(about(project));
    shell.aim(Aim { program: PROGRAM.to_owned(), database: project.selection.clone(), set: project.flag() });
}

/// A package, and how to get there from where the command was called.
fn about(project: &Project) -> About {
    let (root, here) = project.there_and_here();
    let way = here.map(|here| paths::relative(&here, &root)).filter(|way| !way.is_empty());
    let way = way.map(|way| way + "/").unwrap_or_default();
    About { package: project.name.clone(), root, way }
}

/// Runs what was asked and returns the exit code.
pub(crate) fn run(cli: Cli, shell: &mut Shell) -> Result<u8, CliError> {
    if cli.global.message_format.is_for_findings() && !matches!(cli.command, Command::Check(_)) {
        return Err(
            CliError::usage("only `check` has `--message-format github` and `sarif`").help("use `human` or `json`")
        );
    }
    let mut context = Context { global: &cli.global, shell };
    match &cli.command {
        Command::Init(args) => init::run(args, &mut context),
        Command::Adopt(args) => adopt::run(args, &mut context),
        Command::Create(args) => create::run(args, &mut context),
        Command::Generate(args) => generate::run(args, &mut context),
        Command::List(args) => list::run(args, &mut context),
        Command::Check(args) => check::run(args, &mut context),
        Command::Test(args) => test::run(args, &mut context),
        Command::Explain(args) => explain::run(args, &mut context),
        Command::Lock(args) => lock::run(args, &mut context),
        Command::Renumber(args) => renumber::run(args, &mut context),
        Command::Snapshot(args) => snapshot::run(args, &mut context),
        Command::Squash(args) => squash::run(args, &mut context),
        Command::Schema(args) => schema::run(args, &mut context),
        Command::Script(args) => script::run(args, &mut context),
        Command::Drift(args) => drift::run(args, &mut context),
        Command::Status(args) => status::run(args, &mut context),
        Command::Up(args) => up::run(args, &mut context),
        Command::Down(args) => down::run(args, &mut context),
        Command::Redo(args) => redo::run(args, &mut context),
        Command::Reset(args) => reset::run(args, &mut context),
        Command::Mark(args) => mark::run(args, &mut context),
        Command::Forget(args) => forget::run(args, &mut context),
        Command::Repair(args) => repair::run(args, &mut context),
        Command::Backup(args) => backup::run(args, &mut context),
        Command::Restore(args) => restore::run(args, &mut context),
        Command::Verify(args) => verify::run(args, &mut context),
        Command::History(args) => history::run(args, &mut context),
        Command::Completions(args) => completions::run(args, &mut context),
        Command::Man(args) => man::run(args, &mut context),
        Command::CompleteWords(args) => complete_words::run(args, &mut context),
    }
}
