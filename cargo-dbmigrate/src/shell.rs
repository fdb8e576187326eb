//! The one door to the terminal: nothing else in this crate writes.
//!
//! stdout is for data, stderr for people. A shell can be a pair of buffers, so whole commands run in a test.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anstyle::{AnsiColor, Style};
use dbmigrate_core::Help;
use dbmigrate_core::help::Part;
use dbmigrate_runtime::cli::{Aim, Terminal};

use crate::cli::{ColorWhen, MessageFormat, Verbosity};
use crate::error::FAILURE;
use crate::paths;

mod links;

const VERB: Style = AnsiColor::Green.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const NOTE: Style = AnsiColor::Green.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default().bold();

/// Where output goes and how much of it.
pub(crate) struct Shell {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    verbosity: Verbosity,
    format: MessageFormat,
    styled: bool,
    interactive: bool,
    /// Whether stderr is a terminal, on which a line can be written over.
    live: bool,
    /// Nothing more is written to stdout, as it has failed once.
    closed: bool,
    /// Why it did, unless nobody reads it any more (`| head`): that is no failure.
    failed: Option<io::Error>,
    /// What suggested commands are to name.
    aim: Aim,
    /// Whether the terminal is given links.
    links: bool,
    /// Whose findings are shown.
    about: Option<About>,
}

/// A package whose findings are shown.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// Its name.
    pub(crate) package: String,
    /// Its folder.
    pub(crate) root: PathBuf,
    /// The way there from where the command was called, with a `/` at its end; empty where that is the folder itself.
    pub(crate) way: String,
}

/// Says a whole line whatever else is being said: for a process that somebody wants to end.
pub(crate) fn announce(line: &str) {
    // A terminal has shown `^C`, or has a line there that is written over.
    let start = if io::stderr().is_terminal() { "\n" } else { "" };
    // stderr that can't be written to leaves nobody to tell.
    let _ = writeln!(io::stderr(), "{start}{line}");
}

impl Shell {
    /// The process's own stdout and stderr.
    pub(crate) fn terminal(color: ColorWhen, format: MessageFormat, verbosity: Verbosity) -> Self {
        let choice = match color {
            ColorWhen::Auto => anstream::AutoStream::choice(&io::stderr()),
            ColorWhen::Always => anstream::ColorChoice::Always,
            ColorWhen::Never => anstream::ColorChoice::Never,
        };
        Self {
            out: Box::new(io::stdout()),
            err: Box::new(anstream::AutoStream::new(io::stderr(), choice)),
            verbosity,
            format,
            styled: choice != anstream::ColorChoice::Never,
            links: choice != anstream::ColorChoice::Never && format == MessageFormat::Human && links::are_wanted(),
            about: None,
            interactive: io::stdin().is_terminal() && io::stderr().is_terminal(),
            live: io::stderr().is_terminal(),
            closed: false,
            failed: None,
            aim: Aim::default(),
        }
    }

    /// From now on suggested commands name this database and this set.
    pub(crate) fn aim(&mut self, aim: Aim) {
        self.aim = aim;
    }

    /// From now on findings are of this package.
    pub(crate) fn about(&mut self, about: About) {
        self.about = Some(about);
    }

    /// Whose findings are shown, where somebody said so.
    pub(crate) fn subject(&self) -> Option<&About> {
        self.about.as_ref()
    }

    /// A file of the package, as it is named from where the command was called; the way there for no name.
    pub(crate) fn here(&self, file: &str) -> String {
        let way = self.about.as_ref().map_or("", |about| about.way.as_str());
        match file {
            "" => way.to_owned(),
            file if way.is_empty() || Path::new(file).is_absolute() => file.to_owned(),
            file => paths::reached(way, file),
        }
    }

    /// The way to the package that what is said begins paths with: for people, and not for programs.
    pub(crate) fn way(&self) -> String {
        if self.is_json() { String::new() } else { self.here("") }
    }

    /// The text, in which suggested commands name what was named.
    pub(crate) fn aimed(&self, text: &str) -> String {
        self.aim.at(text)
    }

    /// What to do next, for programs: suggested commands name what was named, and files are those of the package.
    pub(crate) fn aimed_help(&self, help: &Help) -> String {
        help.map_words(&|words| self.aimed(words)).to_string()
    }

    /// The same for people: files are named from where the command was called, and a rule has a link to its page.
    pub(crate) fn help_here(&self, help: &Help) -> String {
        let folder = self.here("").trim_end_matches('/').to_owned();
        let here = help.map(&|part| match part {
            Part::Words(words) => Part::Words(self.aimed(words)),
            Part::File(path) => Part::File(self.here(path)),
            Part::Rename { from, to } => Part::Rename { from: self.here(from), to: self.here(to) },
            Part::Git { arguments, into, .. } => {
                let into = into.as_ref().map(|path| self.here(path));
                Part::Git { folder: folder.clone(), arguments: arguments.clone(), into }
            }
            Part::Explain(rule) if self.links => Part::Words(links::to_rule(rule)),
            Part::Explain(rule) => Part::Explain(rule.clone()),
        });
        here.to_string()
    }

    /// A file of the package, as it is named from where the command was called, with a link to it if it is there.
    pub(crate) fn linked(&self, file: &str) -> String {
        let here = self.here(file);
        let path = self.about.as_ref().filter(|_| self.links).map(|about| about.root.join(file));
        match path.filter(|path| path.exists()) {
            Some(path) => links::to_file(&here, &path),
            None => here,
        }
    }

    /// Says what to do next.
    pub(crate) fn advise(&mut self, help: &Help) {
        let text = self.help_here(help);
        self.labelled(HELP, "help", &text);
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format == MessageFormat::Json
    }

    /// Whether somebody can be asked.
    pub(crate) fn is_interactive(&self) -> bool {
        self.interactive
    }

    pub(crate) fn format(&self) -> MessageFormat {
        self.format
    }

    pub(crate) fn styled(&self) -> bool {
        self.styled
    }

    /// Text for people that is already rendered, on stderr.
    pub(crate) fn people(&mut self, text: &str) {
        // stderr that can't be written to leaves nobody to tell.
        let _ = writeln!(self.err, "{text}");
    }

    /// Flushes; the last thing that a command does. An answer that did not get out as a whole is a failure, whatever
    /// `exit` the command came to: who redirects it into a file must not take the half for the whole.
    pub(crate) fn finish(mut self, exit: u8) -> u8 {
        let flushed = self.out.flush();
        self.keep(flushed);
        let exit = match self.failed.take() {
            Some(error) => {
                self.labelled(ERROR, "error", &format!("could not write to stdout: {error}"));
                FAILURE
            }
            None => exit,
        };
        let _ = self.err.flush();
        exit
    }

    fn keep(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.closed = true;
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.failed.get_or_insert(error);
            }
        }
    }

    fn labelled(&mut self, style: Style, label: &str, message: &str) {
        let _ = writeln!(self.err, "{style}{label}{style:#}: {message}");
    }
}

impl Terminal for Shell {
    fn data(&mut self, line: &str) {
        if !self.closed {
            let written = writeln!(self.out, "{line}");
            self.keep(written);
        }
    }

    fn lines(&mut self, lines: &[String]) {
        if !lines.is_empty() {
            self.data(&lines.join("\n"));
        }
    }

    fn status(&mut self, verb: &str, message: &str) {
        if self.verbosity > Verbosity::Quiet {
            let _ = writeln!(self.err, "{VERB}{verb:>12}{VERB:#} {message}");
        }
    }

    fn error(&mut self, message: &str) {
        self.labelled(ERROR, "error", message);
    }

    fn warning(&mut self, message: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.labelled(WARNING, "warning", message);
        }
    }

    fn note(&mut self, message: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.labelled(NOTE, "note", &self.aimed(message));
        }
    }

    fn help(&mut self, message: &str) {
        self.labelled(HELP, "help", &self.aimed(message));
    }

    fn confirm(&mut self, question: &str) -> Option<bool> {
        if !self.interactive {
            return None;
        }
        let _ = write!(self.err, "{question} [y/N] ");
        let _ = self.err.flush();
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).ok()?;
        Some(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    fn live(&mut self) -> Option<Box<dyn Write + Send>> {
        self.live.then(|| Box::new(io::stderr()) as _)
    }
}
