//! `cargo dbmigrate`: versions the SQLite databases of Rust programs.
//!
//! `main` reads the arguments and hands them on: `cli` says what can be asked, `commands` turns arguments into calls,
//! `ops` does the work, `report` renders what came out, and `shell` alone writes to the terminal.

mod cli;
mod commands;
mod count;
mod error;
mod fleet;
mod ops;
mod paths;
mod report;
mod shell;

use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::parse();
    let mut shell = shell::Shell::terminal(cli.global.color, cli.global.message_format, cli.global.verbosity());
    let exit = match commands::run(cli, &mut shell) {
        Ok(exit) => exit,
        Err(error) => error.report(&mut shell),
    };
    ExitCode::from(shell.finish(exit))
}
