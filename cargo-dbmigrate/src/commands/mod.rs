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

use crate::cli::{Cli, Command, Global};
use crate::error::CliError;
use crate::ops::project::Project;
use crate::shell::Shell;

/// What every command gets: the common options and the way out.
pub(crate) struct Context<'a> {
    pub(crate) global: &'a Global,
    pub(crate) shell: &'a mut Shell,
}

/// Lets suggested commands name the set of a package that has several.
fn aim_at(project: &Project, shell: &mut Shell) {
    shell.aim(Aim { program: database::PROGRAM.to_owned(), set: project.flag(), ..Aim::default() });
}

/// Runs what was asked and returns the exit code.
pub(crate) fn run(cli: Cli, shell: &mut Shell) -> Result<u8, CliError> {
    if cli.global.message_format.is_for_findings() && !matches!(cli.command, Command::Check(_)) {
        return Err(CliError::usage("`--message-format github` and `sarif` are for `check`")
            .help("the others know `human` and `json`"));
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
