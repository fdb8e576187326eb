//! What is said of the work on many databases: a line while it lasts, and what came of it at its end.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use dbmigrate_runtime::cli::{Aim, Live, Terminal, time, visible};

use super::{json, progress, summary, table};
use crate::cli::{Global, Verbosity, typed_without};
use crate::fleet::{Fault, File, FleetFiles, Observer, Outcome, Phase, RolloutResult, Task};
use crate::report::{Reason, count};
use crate::shell::Shell;

/// How often a walk says how far it is where nobody watches a line.
const PAUSE: Duration = Duration::from_secs(10);

/// Of more files than this is only said how many there are, as the first ones say what is wrong.
const SHOWN: usize = 20;

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
            self.fault(None, fault, &mut HashSet::new());
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
            let is_verbose = self.global.verbosity() == Verbosity::Verbose;
            table(&files.iter().collect::<Vec<_>>(), is_verbose).iter().for_each(|line| self.shell.data(line));
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

    /// What differs, file by file.
    fn differences(&mut self, files: &[File], what: &str) {
        if self.shell.is_json() {
            return;
        }
        let mut helped = HashSet::new();
        let differ = || files.iter().filter(|file| file.outcome == Outcome::Differs);
        let shown = self.shown(differ().count());
        for file in differ().take(shown) {
            if !what.is_empty() {
                self.shell.error(&format!("{}: {what}", name(&file.path)));
            }
            for fault in file.inspection.iter().flat_map(|inspection| &inspection.differs) {
                match what {
                    "" => self.fault(Some(&file.path), fault, &mut helped),
                    _ => {
                        self.shell.note(&fault.message);
                        self.helps(Some(&file.path), &fault.help, &mut helped);
                    }
                }
            }
        }
        self.more(differ().count() - shown);
    }

    /// How many of so many files are shown one by one.
    fn shown(&self, files: usize) -> usize {
        if self.global.verbosity() == Verbosity::Verbose { files } else { files.min(SHOWN) }
    }

    fn more(&mut self, files: usize) {
        if files > 0 {
            self.shell.error(&format!("and {files} more; `-v` shows all"));
        }
    }

    /// What stopped the work, file by file.
    fn errors(&mut self, files: &[File]) {
        if self.shell.is_json() {
            return;
        }
        let mut helped = HashSet::new();
        let faults = || files.iter().filter_map(|file| Some((file, file.outcome.fault()?)));
        let shown = self.shown(faults().count());
        for (file, fault) in faults().take(shown) {
            self.fault(Some(&file.path), fault, &mut helped);
        }
        self.more(faults().count() - shown);
        for file in files {
            for note in file.notes() {
                self.shell.note(&format!("{}: {note}", name(&file.path)));
            }
        }
    }

    fn fault<'f>(&mut self, path: Option<&Path>, fault: &'f Fault, helped: &mut HashSet<&'f str>) {
        if self.shell.is_json() {
            return;
        }
        match path {
            Some(path) => {
                let name = name(path);
                // Some messages begin with the name themselves.
                let message = fault.message.strip_prefix(&format!("{name} ")).unwrap_or(&fault.message);
                self.shell.error(&format!("{name}: {message}"));
            }
            None => self.shell.error(&fault.message),
        }
        self.helps(path, &fault.help, helped);
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
        self.shell.data(&json(file, &help));
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
            table(&done, true).iter().for_each(|line| self.shell.people(line));
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
