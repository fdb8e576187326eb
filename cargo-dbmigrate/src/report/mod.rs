//! Renders what commands found: one file per output format, one data type for all of them.

pub(crate) mod fleet;
mod github;
mod human;
mod json;
mod place;
mod reason;
mod sarif;

use std::time::Duration;

use dbmigrate_core::{Diagnostic, Location};
use dbmigrate_runtime::cli::Terminal;
use dbmigrate_schema::lint::Rule;
use dbmigrate_schema::{Difference, Schema};

pub(crate) use reason::Reason;

use crate::cli::MessageFormat;
pub(crate) use crate::count::count;
use crate::shell::Shell;

/// Shows findings in the format that was asked for.
pub(crate) fn diagnostics(diagnostics: &[Diagnostic], shell: &mut Shell) {
    for diagnostic in diagnostics {
        if shell.is_json() {
            let notes: Vec<String> = diagnostic.notes.iter().map(|note| shell.aimed(note)).collect();
            let help: Vec<String> = diagnostic.help.iter().map(|help| shell.aimed_help(help)).collect();
            let package = shell.subject().map(|about| about.package.as_str());
            let line = json::diagnostic(diagnostic, &notes, &help, package);
            shell.data(&line);
        } else {
            let rendered = for_people(diagnostic, shell);
            shell.people(&rendered);
        }
    }
}

/// A finding as people see it: files are named from where they stand, and lead there where the terminal has links.
fn for_people(diagnostic: &Diagnostic, shell: &Shell) -> String {
    let linked = |file: &String| shell.linked(file);
    let file = diagnostic.file.as_ref().map(linked);
    let location =
        diagnostic.location.as_ref().map(|location| Location { path: linked(&location.path), ..location.clone() });
    let notes = diagnostic.notes.iter().map(|note| shell.aimed(note)).collect();
    let help = diagnostic.help.iter().map(|help| shell.help_here(help).into()).collect();
    // A message may name a path as it was typed; where the fault is, stands below it.
    human::diagnostic(&Diagnostic { notes, help, file, location, ..diagnostic.clone() }, shell.styled())
}

/// Findings of several packages, for formats that want all of them at once.
#[derive(Default)]
pub(crate) struct Findings(Vec<(String, Diagnostic)>);

impl Findings {
    /// Shows findings of a package; `base` is where it lies in its repository.
    pub(crate) fn show(&mut self, found: &[Diagnostic], base: &str, shell: &mut Shell) {
        diagnostics(found, shell);
        match shell.format() {
            MessageFormat::Human | MessageFormat::Json => {}
            MessageFormat::Github => found.iter().for_each(|it| shell.data(&github::annotation(it, base))),
            MessageFormat::Sarif => self.0.extend(found.iter().map(|it| (base.to_owned(), it.clone()))),
        }
    }

    /// Shows what has to be said as a whole.
    pub(crate) fn finish(&self, shell: &mut Shell) {
        if shell.format() == MessageFormat::Sarif {
            shell.data(&sarif::log(&self.0));
        }
    }
}

/// A file that was made or changed, or would be, as a line of JSON.
pub(crate) fn edited(file: &str, what: Option<&str>, new: bool, dry_run: bool) -> String {
    json::edited(file, what, new, dry_run)
}

/// A rule of the linter, as a line of JSON.
pub(crate) fn rule(rule: &Rule) -> String {
    json::rule(rule)
}

/// Shows in what two schemas differ, a line for each: for people a sentence.
pub(crate) fn differences(differences: &[Difference], shell: &mut Shell) {
    for difference in differences {
        let line = if shell.is_json() { json::difference(difference) } else { difference.to_string() };
        shell.data(&line);
    }
}

/// Names what could not be understood and is known by its text alone.
pub(crate) fn opaque(schema: &Schema, shell: &mut Shell) {
    for opaque in schema.opaque() {
        let why = &opaque.why;
        shell.note(&format!(
            "the {} `{}` could not be parsed, and is compared as text: {why}",
            opaque.kind, opaque.name
        ));
    }
}

/// A duration as lines of JSON have it, in microseconds.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
