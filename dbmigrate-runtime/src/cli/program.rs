//! The commands as a program's own binary offers them, on hosts without cargo too.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::failure::{DONE, FAILURE, USAGE};
use super::output::unnamed_line;
use super::replay::REPLAY;
use super::request::{Format, Request};
use super::terminal::Plain;
use super::{Invocation, Terminal, database_path, parse, run, run_together, sets};
use crate::{Backend, Migrator, Together};

/// What was typed to get here, where that is not this program: `cargo dbmigrate` sets it for the runner.
pub const PROGRAM: &str = "DBMIGRATE_PROGRAM";

/// How the database was named there: ` --database app.db`, or nothing.
pub const NAMED: &str = "DBMIGRATE_NAMED";

/// The variable that many tools share.
const VARIABLE: &str = "DATABASE_URL";

impl<B: Backend> Migrator<'_, B> {
    /// Runs the database command in the arguments of this process, with text output on stdout and stderr.
    ///
    /// `app status`, `app up --to 1.1.0`, `app down`, …: `app --help` lists all commands. The database is the file
    /// given by `--database`, or else by `DATABASE_URL` in the environment.
    ///
    /// ```no_run
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/migrations.rs")); }
    /// # use example::migrations;
    /// fn main() -> std::process::ExitCode {
    ///     migrations::migrator().cli()
    /// }
    /// ```
    #[must_use]
    pub fn cli(self) -> ExitCode {
        serve(self)
    }
}

impl<C: 'static> Together<'_, C> {
    /// Like [`Migrator::cli`], for several sets: `app up` applies all of them, `app status` shows all of them, and
    /// `app down --set billing` is about one.
    ///
    /// ```no_run
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/migrations.rs")); }
    /// # use example::{billing, migrations as accounts};
    /// fn main() -> std::process::ExitCode {
    ///     dbmigrate_runtime::Together::new().add(accounts::migrator()).add(billing::migrator()).cli()
    /// }
    /// ```
    #[must_use]
    pub fn cli(self) -> ExitCode {
        serve(self)
    }
}

/// What the commands are run by.
trait Served {
    fn replay(self, arguments: &[OsString], terminal: &mut dyn Terminal) -> u8;
    fn run(self, database: &Path, request: &Request, terminal: &mut dyn Terminal) -> u8;
}

impl<B: Backend> Served for Migrator<'_, B> {
    fn replay(self, arguments: &[OsString], terminal: &mut dyn Terminal) -> u8 {
        Together::new().add(self).replay(arguments, terminal)
    }

    fn run(self, database: &Path, request: &Request, terminal: &mut dyn Terminal) -> u8 {
        match &request.set {
            None => run(self, database, request, terminal),
            Some(_) => run_together(Together::new().add(self), database, request, terminal),
        }
    }
}

impl<C: 'static> Served for Together<'_, C> {
    fn replay(self, arguments: &[OsString], terminal: &mut dyn Terminal) -> u8 {
        sets::replay(self, arguments, terminal)
    }

    fn run(self, database: &Path, request: &Request, terminal: &mut dyn Terminal) -> u8 {
        run_together(self, database, request, terminal)
    }
}

fn serve(served: impl Served) -> ExitCode {
    let mut arguments = env::args_os();
    let called = arguments.next().unwrap_or_default();
    let own_name = || Path::new(&called).file_stem().and_then(OsStr::to_str).unwrap_or("migrate").to_owned();
    let program = env::var(PROGRAM).unwrap_or_else(|_| own_name());
    let mut terminal = Plain::new();
    let arguments: Vec<OsString> = arguments.collect();
    match arguments.as_slice() {
        [word, rest @ ..] if word == REPLAY => {
            let exit = served.replay(rest, &mut terminal);
            return end(terminal, exit);
        }
        _ => {}
    }
    let exit = match parse(&program, arguments) {
        // What was typed makes no sense: a person reads that, as with any other program.
        Err(usage) => wrong(&usage.to_string(), usage.help(), Format::Human, &mut terminal),
        Ok(Invocation::Print(text)) => {
            terminal.data(&text);
            DONE
        }
        Ok(Invocation::Run(mut request, Some(database))) => {
            if let Ok(named) = env::var(NAMED) {
                request.named = named;
            }
            served.run(&database, &request, &mut terminal)
        }
        Ok(Invocation::Run(request, None)) => match from_environment() {
            Ok(database) => {
                // Who typed the path knows it; a variable may hold a surprise.
                if !(request.verb.reads_only() || request.quiet) {
                    terminal.status("Database", &format!("{} (from `{VARIABLE}`)", database.display()));
                }
                served.run(&database, &request, &mut terminal)
            }
            Err(message) => {
                let help = format!("name it: `--database PATH`, or `{VARIABLE}=PATH`");
                wrong(&message, &help, request.format, &mut terminal)
            }
        },
    };
    end(terminal, exit)
}

fn end(terminal: Plain, exit: u8) -> ExitCode {
    match terminal.finish() {
        Ok(()) => ExitCode::from(exit),
        Err(error) => {
            Plain::new().error(&format!("could not write to stdout: {error}"));
            ExitCode::from(FAILURE)
        }
    }
}

fn from_environment() -> Result<PathBuf, String> {
    match env::var_os(VARIABLE) {
        Some(url) => database_path(&url).map_err(|why| format!("the environment variable `{VARIABLE}`: {why}")),
        None => Err("no database was given".to_owned()),
    }
}

fn wrong(message: &str, help: &str, format: Format, terminal: &mut dyn Terminal) -> u8 {
    match format {
        Format::Json => terminal.data(&unnamed_line(message, &[help.to_owned()])),
        Format::Human => {
            terminal.error(message);
            terminal.help(help);
        }
    }
    USAGE
}
