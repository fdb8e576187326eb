//! What is said of the work on many databases: a line while it lasts, and what came of it at its end.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::path::Path;
use std::time::{Duration, Instant};

use dbmigrate_runtime::cli::{Aim, Live, Terminal, time, visible};

use super::{json, progress, summary, table};
use crate::cli::{Global, Verbosity, typed_without};
use crate::fleet::{File, FleetFiles, Observer, Outcome, Phase, RolloutResult, Task};
use crate::report::{Reason, count};
use crate::shell::Shell;

/// How often a walk says how far it is where nobody watches a line.
const PAUSE: Duration = Duration::from_secs(10);

/// Of more faults than this is only said how many files have them, as the first ones say what is wrong.
const SHOWN: usize = 20;

/// So many of the files that have a fault in common are named.
const NAMED: usize = 3;

/// Says of one command on many databases what becomes of them.
pub(crate) struct FleetReporter<'c> {
    shell: &'c mut Shell,
    global: &'c Global,
    task: Task,
    /// The word on the command line.
    name: &'static str,
    /// Whether nobody has to be asked behind the first ones.
    yes: bool,
    /// When the first walk began: what was built before it is no work on databases.
    started: Option<Instant>,
    progress: Option<Progress>,
}

/// How far a walk over the files is.
struct Progress {
    verb: &'static str,
    total: usize,
    done: usize,
    failed: usize,
    started: Instant,
    /// When it was last said how far it is.
    said: Instant,
    live: Option<Live>,
}

impl<'c> FleetReporter<'c> {
    pub(crate) fn new((task, name): (Task, &'static str), global: &'c Global, shell: &'c mut Shell, yes: bool) -> Self {
        Self { shell, global, task, name, yes, started: None, progress: None }
    }

    /// Which databases were found.
    pub(crate) fn found(&mut self, found: &FleetFiles) {
        let mut left_out = Vec::new();
        if found.companions > 0 {
            let belong = if found.companions == 1 { "belongs" } else { "belong" };
            left_out.push(format!("{} that {belong} to one", count(found.companions, "file")));
        }
        if found.duplicates > 0 {
            left_out.push(format!("{} named again", count(found.duplicates, "file")));
        }
        let left_out =
            if left_out.is_empty() { String::new() } else { format!(" (left out: {})", left_out.join(", ")) };
        self.shell.status("Found", &format!("{}{left_out}", count(found.files.len(), "database")));
    }

    /// That fewer are worked on at once than was asked for.
    pub(crate) fn fewer_jobs(&mut self, jobs: usize, asked: usize) {
        self.shell.note(&format!("{jobs} at once instead of {asked}: this process may not open files for more"));
    }

    /// What a walk came to that only looked.
    pub(crate) fn looked(&mut self, files: &[File]) {
        let what = match self.task {
            Task::Status => "",
            Task::Verify => "the history does not match the files",
            _ => "the schema is not what the migrations make",
        };
        self.table(files);
        self.differences(files, what);
        self.errors(files);
        self.finished(Reason::FleetFinished, files, &[]);
        if self.shell.is_json() {
            return;
        }
        let number = |is: fn(&Outcome) -> bool| files.iter().filter(|file| is(&file.outcome)).count();
        let mut parts = vec![format!("Databases: {}", files.len())];
        for (word, number) in [
            ("Current", number(|it| *it == Outcome::Current)),
            ("Pending", number(|it| *it == Outcome::Pending)),
            ("Differing", number(|it| *it == Outcome::Differs)),
            ("Unreadable", number(|it| it.fault().is_some())),
        ] {
            if number > 0 {
                parts.push(format!("{word}: {number}"));
            }
        }
        self.shell.data("");
        self.shell.data(&parts.join(" | "));
    }

    /// What a rollout came to.
    pub(crate) fn rolled_out(&mut self, result: &RolloutResult) {
        let RolloutResult { files, faults, paused, worked, interrupted } = result;
        if *worked {
            self.table(files);
        }
        self.errors(files);
        let number = |is: fn(&Outcome) -> bool| files.iter().filter(|file| is(&file.outcome)).count();
        let refused = number(|it| matches!(it, Outcome::Refused(_)));
        let failed = number(|it| matches!(it, Outcome::Failed(..)));
        let (done, left) = (number(|it| matches!(it, Outcome::Done(_))), number(|it| *it == Outcome::Left));
        for fault in faults {
            if !self.shell.is_json() {
                self.shell.error(&fault.message);
                self.helps(None, &fault.help, &mut HashSet::new());
            }
        }
        let errors = faults.iter().map(|fault| fault.message.as_str());
        let errors: Vec<&str> = errors.chain(interrupted.then_some("interrupted")).collect();
        self.finished(if *paused { Reason::FleetPaused } else { Reason::FleetFinished }, files, &errors);
        if self.shell.is_json() {
            return;
        }
        let took = time(self.took());
        let current = match number(|it| *it == Outcome::Current) {
            0 => String::new(),
            current => format!(", {current} had nothing to do"),
        };
        let did = match self.task {
            Task::Backup => "copied",
            Task::Down { dry_run: false, .. } => "rolled back",
            Task::Up { dry_run: false, .. } => "migrated",
            _ => "rehearsed",
        };
        if *paused {
            self.shell.status("Paused", &format!("{} {did}{current}, {left} left", count(done, "database")));
            self.shell.help(&format!("to continue with the others: `{}`", typed_without("--canary")));
            return;
        }
        if *worked || result.is_complete() {
            let message = format!("{} {did} in {took}{current}", count(done, "database"));
            self.shell.status("Finished", &message);
        }
        let of = files.len();
        if !*worked && refused > 0 {
            let wrong = format!("{refused} of {} can't be worked on", count(of, "database"));
            match current.as_str() {
                // Nothing is left for which they would have to be left out.
                current if left == 0 && !current.is_empty() => self.shell.error(&format!("{wrong}{current}")),
                _ => self.shell.error(&format!("{wrong}, so nothing was done")),
            }
            if left > 0 {
                self.shell.help("to leave them out: `--keep-going`");
            }
        } else if *interrupted {
            let failed = if failed > 0 { format!("{failed} failed, ") } else { String::new() };
            self.shell.error(&format!("interrupted: {failed}{} left", count(left, "database")));
            self.shell.help("run the same command to continue with the rest");
        } else if refused + failed > 0 {
            let left = if left > 0 { format!(", {left} were not reached") } else { String::new() };
            self.shell.error(&format!("{} of {} failed{left}", refused + failed, count(of, "database")));
            self.shell.help("run the same command to continue with the rest");
        }
    }

    /// How long the walks took.
    fn took(&self) -> Duration {
        self.started.map_or(Duration::ZERO, |started| started.elapsed())
    }

    /// The table for people.
    fn table(&mut self, files: &[File]) {
        if !self.shell.is_json() {
            let is_verbose = self.global.is_verbose();
            table(&files.iter().collect::<Vec<_>>(), self.task, is_verbose)
                .iter()
                .for_each(|line| self.shell.data(line));
        }
    }

    /// The last line of JSON.
    fn finished(&mut self, reason: Reason, files: &[File], errors: &[&str]) {
        if self.shell.is_json() {
            // Those that were not reached have not been told yet.
            files.iter().filter(|file| file.outcome == Outcome::Left).for_each(|file| self.line(file));
            self.shell.data(&summary(reason, self.name, files, self.took(), errors));
        }
    }

    /// What differs, said once for all files that differ in the same way.
    fn differences(&mut self, files: &[File], what: &str) {
        if self.shell.is_json() {
            return;
        }
        let mut helped = HashSet::new();
        let differing = files.iter().filter(|file| file.outcome == Outcome::Differs);
        let differing = differing.filter_map(|file| Some((&*file.path, &file.inspection.as_ref()?.differs)));
        let (shown, left) = self.shown(alike(differing));
        for (paths, faults) in shown {
            let names = self.names(&paths, files.len());
            if !what.is_empty() {
                self.shell.error(&format!("{names}: {what}"));
            }
            for fault in faults {
                match what {
                    "" => self.shell.error(&format!("{names}: {}", fault.message)),
                    _ => self.shell.note(&fault.message),
                }
                self.helps(paths.first().copied(), &fault.help, &mut helped);
            }
        }
        self.more(left);
    }

    /// Those that are shown of what files have in common, and how many files the others are.
    fn shown<'f, T>(&self, mut groups: Vec<(Vec<&'f Path>, T)>) -> (Vec<(Vec<&'f Path>, T)>, usize) {
        let most = if self.global.is_verbose() { groups.len() } else { SHOWN };
        let others = groups.split_off(groups.len().min(most));
        (groups, others.iter().map(|(paths, _)| paths.len()).sum())
    }

    /// What names these of so many files.
    fn names(&self, paths: &[&Path], of: usize) -> String {
        let is_verbose = self.global.is_verbose();
        match paths {
            [only] => name(only),
            all if all.len() == of && !is_verbose => format!("all {of} databases"),
            several => {
                let shown = if is_verbose { several.len() } else { NAMED.min(several.len()) };
                let (first, others) = several.split_at(shown);
                let names = first.iter().map(|path| name(path)).collect::<Vec<_>>().join(", ");
                if others.is_empty() { names } else { format!("{names} and {} more", others.len()) }
            }
        }
    }

    fn more(&mut self, files: usize) {
        if files > 0 {
            self.shell.error(&format!("and {files} more; `-v` shows all"));
        }
    }

    /// What stopped the work, said once for all files that it stopped.
    fn errors(&mut self, files: &[File]) {
        if self.shell.is_json() {
            return;
        }
        let mut helped = HashSet::new();
        let faults = files.iter().filter_map(|file| {
            let fault = file.outcome.fault()?;
            // Some messages begin with the name themselves.
            let message = fault.message.strip_prefix(&format!("{} ", name(&file.path))).unwrap_or(&fault.message);
            Some((&*file.path, (message, &fault.help)))
        });
        let (shown, left) = self.shown(alike(faults));
        for (paths, (message, help)) in shown {
            self.shell.error(&format!("{}: {message}", self.names(&paths, files.len())));
            self.helps(paths.first().copied(), help, &mut helped);
        }
        self.more(left);
        for file in files {
            for note in file.notes() {
                self.shell.note(&format!("{}: {note}", name(&file.path)));
            }
        }
    }

    /// What is to do: what thousands of files have in common is said once, with the first of them.
    fn helps<'f>(&mut self, path: Option<&Path>, helps: &'f [String], helped: &mut HashSet<&'f str>) {
        self.shell.aim(path.map(|path| self.global.aim(Some(path))).unwrap_or_default());
        for help in helps.iter().filter(|help| helped.insert(help)) {
            self.shell.help(&as_far(self.task, help));
        }
        self.shell.aim(Aim::default());
    }

    /// A line of JSON for a file.
    fn line(&mut self, file: &File) {
        let helps = file.outcome.fault().map_or(&[][..], |fault| &fault.help).iter();
        let helps: Vec<String> = helps.map(|help| as_far(self.task, help)).collect();
        let help = self.global.aim(Some(&file.path)).all(&helps);
        self.shell.data(&json(file, self.task, &help));
    }
}

impl Observer for FleetReporter<'_> {
    fn phase_begins(&mut self, phase: Phase, files: usize) {
        let verb = match (phase, self.task) {
            (Phase::Look, _) => "Looking at",
            (_, Task::Backup) => "Copying",
            (_, task) if task.rehearses() => "Rehearsing",
            (_, Task::Down { .. }) => "Rolling back",
            _ => "Migrating",
        };
        let is_quiet = self.shell.is_json() || self.global.verbosity() == Verbosity::Quiet;
        let live = if is_quiet { None } else { self.shell.live().map(Live::new) };
        let now = Instant::now();
        self.started.get_or_insert(now);
        self.progress = Some(Progress { verb, total: files, done: 0, failed: 0, started: now, said: now, live });
    }

    fn file_done(&mut self, file: &File) {
        if self.shell.is_json() && file.outcome != Outcome::Left {
            self.line(file);
        }
        let Some(at) = &mut self.progress else { return };
        at.done += 1;
        at.failed += usize::from(file.outcome.fault().is_some());
        let is_due = at.live.is_some() || at.said.elapsed() >= PAUSE;
        if !is_due || self.shell.is_json() {
            return;
        }
        let text = progress(at.done, at.total, at.failed, at.started.elapsed());
        match &at.live {
            Some(live) => live.say_since(at.verb, &text, at.started),
            None => {
                at.said = Instant::now();
                self.shell.status(at.verb, &text);
            }
        }
    }

    fn phase_ends(&mut self) {
        self.progress = None;
    }

    fn confirm_rest(&mut self, files: &[File], done: &[usize], left: usize) -> bool {
        if self.yes {
            return true;
        }
        if !self.shell.is_interactive() {
            return false;
        }
        if !self.shell.is_json() {
            let done: Vec<&File> = done.iter().map(|at| &files[*at]).collect();
            table(&done, self.task, true).iter().for_each(|line| self.shell.people(line));
        }
        self.shell.confirm(&format!("continue with the other {}?", count(left, "database"))) == Some(true)
    }
}

/// A help in which a command that was typed for all goes as far for one.
fn as_far(task: Task, help: &str) -> String {
    let (verb, goal) = match task {
        Task::Up { to: Some(to), .. } => ("up", format!(" --to {to}")),
        Task::Down { to: Some(to), .. } => ("down", format!(" --to {to}")),
        Task::Down { to: None, .. } => ("down", " --all".to_owned()),
        _ => return help.to_owned(),
    };
    help.replace(&format!("`cargo dbmigrate {verb}`"), &format!("`cargo dbmigrate {verb}{goal}`"))
}

/// Files by what is said of them, in the order in which each was met first.
fn alike<'f, T: Copy + Eq + Hash>(said: impl Iterator<Item = (&'f Path, T)>) -> Vec<(Vec<&'f Path>, T)> {
    let (mut groups, mut places) = (Vec::<(Vec<&Path>, T)>::new(), HashMap::new());
    for (path, what) in said {
        let place = *places.entry(what).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((paths, _)) => paths.push(path),
            None => groups.push((vec![path], what)),
        }
    }
    groups
}

/// A path in messages.
fn name(path: &Path) -> String {
    format!("`{}`", visible(&path.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_for_one_goes_as_far_as_that_for_all() {
        let help = "`cargo dbmigrate down --to 2`, then `cargo dbmigrate up`, or `cargo dbmigrate down`";
        let check = |task, expect: &str| assert_eq!(as_far(task, help), expect);
        check(
            Task::Up { to: Some(5), dry_run: false },
            "`cargo dbmigrate down --to 2`, then `cargo dbmigrate up --to 5`, or `cargo dbmigrate down`",
        );
        check(
            Task::Down { to: Some(3), dry_run: true },
            "`cargo dbmigrate down --to 2`, then `cargo dbmigrate up`, or `cargo dbmigrate down --to 3`",
        );
        check(
            Task::Down { to: None, dry_run: false },
            "`cargo dbmigrate down --to 2`, then `cargo dbmigrate up`, or `cargo dbmigrate down --all`",
        );
        check(Task::Up { to: None, dry_run: false }, help);
        check(Task::Status, help);
    }
}
