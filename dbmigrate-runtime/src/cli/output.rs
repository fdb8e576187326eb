//! Says what came out of a command, in the format that was asked for. Every message has both forms here, so they
//! can't drift apart.

pub(super) mod adoption;
mod rehearsal;
mod snapshot;

use std::path::Path;
use std::time::Duration;

use super::aim::{Aim, flag};
use super::failure::{DONE, Failure, NO};
use super::json::{self, Object};
use super::live::Live;
use super::reason::Reason;
use super::request::{Format, Request};
use super::{Terminal, human, open};
use crate::{
    Comparison, Done, Entry, Error, HistoryRow, Marked, Note, Problem, Repair, Repairs, RepeatableEntry,
    RepeatableState, Report, State, Status, Verification,
};

/// A terminal and how to speak to it.
pub(crate) struct Output<'t> {
    pub(super) terminal: &'t mut dyn Terminal,
    request: &'t Request,
    database: &'t Path,
    pub(super) json: bool,
    /// The name of the set, which stands in every line of JSON; empty for one without.
    pub(super) set: String,
    /// Whether what a writer that crashed had not finished was taken back.
    pub(super) has_recovered: bool,
    /// The line that follows the work, while it lasts.
    live: Option<Live>,
}

impl<'t> Output<'t> {
    pub(super) fn new(request: &'t Request, database: &'t Path, terminal: &'t mut dyn Terminal) -> Self {
        let json = request.format == Format::Json;
        Self { terminal, request, database, json, set: String::new(), has_recovered: false, live: None }
    }

    /// A line of the answer.
    pub(super) fn data(&mut self, line: &str) {
        match self.of_set(line) {
            Some(line) => self.terminal.data(&line),
            None => self.terminal.data(line),
        }
    }

    /// Lines of the answer that are known all at once: who reads them is not woken for each.
    fn lines(&mut self, mut lines: Vec<String>) {
        for line in &mut lines {
            if let Some(named) = self.of_set(line) {
                *line = named;
            }
        }
        self.terminal.lines(&lines);
    }

    /// The line with the name of the set, where it has to stand in it.
    fn of_set(&self, line: &str) -> Option<String> {
        let object = line.strip_suffix('}').filter(|_| self.json && !self.set.is_empty())?;
        Some(json::with_set(object, &self.set))
    }

    /// The line that follows the work from now on, where somebody watches. It goes with [`Output::still`], before
    /// anything else is said.
    pub(super) fn live(&mut self) -> Option<&Live> {
        if self.live.is_none() && !(self.json || self.request.quiet) {
            self.live = self.terminal.live().map(Live::new);
        }
        self.live.as_ref()
    }

    /// The work is done, or has failed.
    pub(super) fn still(&mut self) {
        self.live = None;
    }

    /// A command of this program, to type next, on the database and the set that were named.
    pub(super) fn command(&self, rest: &str) -> String {
        self.aim().at(&format!("`{} {rest}`", self.request.program))
    }

    /// What the suggested commands are to name. Of several sets each has its own request.
    fn aim(&self) -> Aim {
        let Request { program, named, set, .. } = self.request;
        let set = set.as_ref().map(|set| flag("set", set)).unwrap_or_default();
        Aim { program: program.clone(), database: named.clone(), set }
    }

    /// The word on the command line.
    pub(super) fn verb(&self) -> &'static str {
        self.request.verb.name()
    }

    /// Ends the command: says what went wrong and returns the exit code.
    pub(super) fn end(&mut self, result: Result<u8, Failure>) -> u8 {
        let failure = match result {
            Ok(exit) => return exit,
            Err(failure) => failure,
        };
        if self.json {
            let line = failure_line(&failure, &self.aim().all(failure.help()), self.database);
            self.data(&line);
        } else {
            self.terminal.error(&failure.message());
            if matches!(&failure, Failure::Runner(error) if is_about_database(error)) {
                self.terminal.note(&format!("the database is {}", open::name(self.database)));
            }
            failure.help().iter().for_each(|help| self.help(help));
        }
        failure.exit()
    }

    /// What is happening.
    pub(super) fn progress(&mut self, verb: &str, message: &str) {
        if !self.request.quiet {
            self.terminal.status(verb, message);
        }
    }

    /// A fact for people.
    pub(super) fn note(&mut self, message: &str) {
        if !self.request.quiet {
            self.terminal.note(&self.aim().at(message));
        }
    }

    /// What to type next, for people.
    fn help(&mut self, message: &str) {
        self.terminal.help(&self.aim().at(message));
    }

    /// Asks, where somebody is there.
    pub(super) fn confirm(&mut self, question: &str) -> Option<bool> {
        self.terminal.confirm(question)
    }

    /// All migrations and their states.
    pub(super) fn status(&mut self, status: &Status) {
        if let Some(old) = &status.old {
            self.old_history(old);
        }
        if !self.json {
            return self.lines(human::status(status, self.request.verbose));
        }
        let entries = status.entries.iter().map(entry_line);
        let mut lines: Vec<String> = entries.chain(status.repeatables.iter().map(repeatable_line)).collect();
        let summary = Object::new(Reason::STATUS_SUMMARY)
            .number("total", Some(status.total() as u64))
            .number("applied", Some(status.applied() as u64))
            .number("pending", Some(status.pending() as u64))
            .line();
        lines.push(summary);
        self.lines(lines);
    }

    /// What was done, also before something else failed.
    pub(super) fn report(&mut self, report: &Report) {
        if let Some(copy) = &report.backup {
            self.copied(copy);
        }
        if let Some(adopted) = &report.adopted {
            self.adopted(adopted);
        }
        for done in &report.rolled_back {
            self.done(Reason::MIGRATION_ROLLED_BACK, "Rolled back", done);
        }
        let stood_for = report.snapshot.as_ref().map_or(0, |started| self.started(started, &report.applied));
        for done in report.applied.iter().skip(stood_for) {
            self.done(Reason::MIGRATION_APPLIED, "Applied", done);
        }
        for repeated in &report.repeated {
            if self.json {
                let line = Object::new(Reason::REPEATABLE_APPLIED)
                    .text("name", &*repeated.name)
                    .number("duration_us", Some(micros(repeated.duration)))
                    .line();
                self.data(&line);
            } else {
                self.progress("Applied", &human::repeated(repeated));
            }
        }
        if !self.json {
            report.notes.iter().for_each(|note| self.note(note));
        }
    }

    fn done(&mut self, reason: Reason, verb: &str, done: &Done) {
        if self.json {
            let line = Object::new(reason)
                .number("number", Some(done.number))
                .text("name", &*done.name)
                .number("duration_us", Some(micros(done.duration)))
                .numbers("steps_us", done.steps.iter().copied().map(micros))
                .list("notes", &done.notes)
                .line();
            return self.data(&line);
        }
        self.progress(verb, &human::done(done));
        for note in &done.notes {
            self.note(note);
        }
    }

    /// The work is done: what it came to, and how long all of it took.
    pub(super) fn finished(&mut self, report: &Report, nothing: &str, took: Duration) -> u8 {
        self.report(report);
        self.summary(report, nothing, took)
    }

    /// What a run came to that was told already.
    pub(super) fn summary(&mut self, report: &Report, nothing: &str, took: Duration) -> u8 {
        let (applied, rolled_back, repeated) = (report.applied.len(), report.rolled_back.len(), report.repeated.len());
        if self.json {
            let line = Object::new(Reason::SUMMARY)
                .text("command", self.request.verb.name())
                .number("applied", Some(applied as u64))
                .number("rolled_back", Some(rolled_back as u64))
                .number("duration_us", Some(micros(took)))
                .number("repeated", Some(repeated as u64))
                .list("notes", &report.notes)
                .line();
            self.data(&line);
            return DONE;
        }
        let mut parts = Vec::new();
        if rolled_back > 0 {
            parts.push(format!("{} rolled back", human::count(rolled_back)));
        }
        if applied > 0 {
            parts.push(format!("{} applied", human::count(applied)));
        }
        if repeated > 0 {
            parts.push(format!("{} applied", human::count_repeatables(repeated)));
        }
        let message = match parts.is_empty() {
            true if report.adopted.is_some() => {
                format!("the history was taken over; nothing was run ({})", human::time(took))
            }
            true => nothing.to_owned(),
            false => format!("{} in {}", parts.join(", "), human::time(took)),
        };
        self.progress("Finished", &message);
        DONE
    }

    /// Says what was done before `error`, and turns it into the end of the command.
    pub(super) fn failed(&mut self, error: Error) -> Failure {
        self.report(error.report());
        error.into()
    }

    /// What is wrong with the history; the answer is no where anything is.
    pub(super) fn verification(&mut self, verification: &Verification) -> u8 {
        if let Some(old) = &verification.old {
            self.old_history(old);
        }
        for problem in &verification.problems {
            self.problem(problem);
        }
        for Note { name, file, message, .. } in &verification.notes {
            if self.json {
                let line = Object::new(Reason::VERIFY_NOTE).text("name", &**name).text("file", &**file);
                self.data(&line.text("message", &**message).line());
            } else {
                self.note(&format!("`{}`: {message}", human::plain(name)));
            }
        }
        if !self.json {
            verification.repeatables.iter().filter_map(repeatable_note).for_each(|note| self.note(&note));
        }
        let (checked, problems) = (verification.checked, verification.problems.len());
        if self.json {
            let line = Object::new(Reason::VERIFY_SUMMARY)
                .number("checked", Some(checked as u64))
                .number("problems", Some(problems as u64))
                .line();
            verification.repeatables.iter().for_each(|entry| self.data(&repeatable_line(entry)));
            self.data(&line);
        } else if problems == 0 {
            self.progress("Verified", &format!("{}, as the history has them", human::count(checked)));
        }
        if problems == 0 { DONE } else { NO }
    }

    fn problem(&mut self, problem: &Problem) {
        if self.json {
            let line = Object::new(Reason::VERIFY_PROBLEM)
                .text("name", problem.migration.as_deref())
                .text("file", problem.file.as_deref())
                .text("message", &*problem.message)
                .list("notes", &self.aim().all(&problem.notes))
                .list("help", &self.aim().all(&problem.help))
                .line();
            return self.data(&line);
        }
        self.complain(problem);
    }

    fn complain(&mut self, problem: &Problem) {
        self.terminal.error(&problem.message);
        problem.notes.iter().for_each(|note| self.note(note));
        problem.help.iter().for_each(|help| self.help(help));
    }

    /// What was recorded without running it, and how the database compares with it.
    pub(super) fn marked(&mut self, marked: &Marked) -> u8 {
        for (number, name) in &marked.recorded {
            if self.json {
                let line =
                    Object::new(Reason::MIGRATION_MARKED).number("number", Some(*number)).text("name", &**name).line();
                self.data(&line);
            } else {
                self.progress("Marked", &human::plain(name));
            }
        }
        let (word, differences, why) = marked.comparison.parts();
        if self.json {
            let line = Object::new(Reason::SUMMARY)
                .text("command", self.request.verb.name())
                .number("marked", Some(marked.recorded.len() as u64))
                .text("comparison", word)
                .list("differences", differences)
                .text("why_not_compared", why)
                .line();
            self.data(&line);
            return DONE;
        }
        differences.iter().for_each(|difference| self.note(difference));
        if let Some(why) = why {
            self.note(&format!("the schema was not compared: {why}"));
        }
        let count = human::count(marked.recorded.len());
        let message = match &marked.comparison {
            Comparison::Nothing => "nothing to mark: none of these is pending".to_owned(),
            Comparison::Same(objects) => format!(
                "{count} recorded, none run; the schema is what they make ({objects} object{}: {})",
                if *objects == 1 { "" } else { "s" },
                marked.covers
            ),
            Comparison::Different(_) => format!("{count} recorded, none run, although the schema differs"),
            Comparison::Impossible(_) => format!("{count} recorded, none run"),
        };
        self.progress("Finished", &message);
        DONE
    }

    /// What was taken out of the history.
    pub(super) fn forgotten(&mut self, row: &HistoryRow, runs_again: bool) -> u8 {
        if self.json {
            let line = Object::new(Reason::MIGRATION_FORGOTTEN)
                .number("number", Some(row.number))
                .text("name", &*row.name)
                .text("applied_at", &*row.applied_at)
                .text("state", row.state.as_str())
                .truth("runs_again", runs_again)
                .line();
            self.data(&line);
            return DONE;
        }
        let name = human::plain(&row.name);
        self.progress("Forgot", &format!("{name} ({}: {})", row.state, human::plain(&row.applied_at)));
        self.note("it is removed from the history; the schema was not changed");
        self.note(&if runs_again {
            format!("to run it again: {}", self.command("up"))
        } else {
            "no file has its number, so it does not run again".to_owned()
        });
        DONE
    }

    /// What was repaired or, where nothing was asked for, what could be; the answer is no where anything is left.
    pub(super) fn repairs(&mut self, repairs: &Repairs, is_plan: bool) -> u8 {
        for (repair, reason, verb) in repairs
            .done
            .iter()
            .map(|repair| (repair, Reason::MIGRATION_REPAIRED, "Repaired"))
            .chain(repairs.left.iter().map(|repair| (repair, Reason::REPAIR_NEEDED, "")))
        {
            self.repair(repair, reason, verb);
        }
        let (done, left) = (repairs.done.len(), repairs.left.len());
        if self.json {
            let line = Object::new(Reason::SUMMARY)
                .text("command", self.request.verb.name())
                .number("repaired", Some(done as u64))
                .number("left", Some(left as u64))
                .line();
            self.data(&line);
        } else if left + done == 0 {
            self.progress("Finished", "nothing to repair");
        } else if is_plan && repairs.left.iter().any(|repair| repair.remedy.is_some()) {
            let (one, all) = (self.command("repair TARGET"), self.command("repair --all"));
            self.help(&format!("to repair one of them: {one}; to repair all that can be: {all}"));
        }
        if left == 0 { DONE } else { NO }
    }

    fn repair(&mut self, repair: &Repair, reason: Reason, verb: &str) {
        let Repair { number, problem, remedy } = repair;
        if self.json {
            let help = self.aim().all(&problem.help);
            let line = Object::new(reason)
                .number("number", *number)
                .text("name", problem.migration.as_deref())
                .text("file", problem.file.as_deref())
                .text("message", &*problem.message)
                .text("remedy", remedy.as_deref())
                .list("notes", &self.aim().all(&problem.notes))
                .list("help", if remedy.is_some() { &[] } else { &help })
                .line();
            return self.data(&line);
        }
        let name = problem.migration.as_deref().map_or("the head of the history".to_owned(), human::plain);
        match remedy {
            Some(remedy) if !verb.is_empty() => self.progress(verb, &format!("{name}: {remedy}")),
            Some(remedy) => {
                self.terminal.error(&problem.message);
                problem.notes.iter().for_each(|note| self.note(note));
                self.note(&format!("a repair of {name}: {remedy}"));
            }
            None => self.complain(problem),
        }
    }

    /// The rows of the history.
    pub(super) fn history(&mut self, rows: &[HistoryRow]) {
        if self.json {
            self.lines(rows.iter().map(row_line).collect());
        } else if rows.is_empty() {
            self.progress("Finished", "the history has no rows");
        } else {
            self.lines(human::history(rows, self.request.verbose));
        }
    }
}

/// Whether the file of the database is to blame, and none of the set's.
fn is_about_database(error: &Error) -> bool {
    error.file().is_none()
        && (error.is_sql()
            || error.is_busy()
            || error.is_history()
            || error.is_existing_schema()
            || error.is_mismatch()
            || error.is_adoption())
}

fn failure_line(failure: &Failure, help: &[String], database: &Path) -> String {
    let object = Object::new(Reason::ERROR);
    let database = database.to_string_lossy();
    match failure {
        // The message alone: its place and its notes are fields of their own.
        Failure::Runner(error) => object
            .text("message", error.summary())
            .text("database", &*database)
            .text("file", error.file())
            .number("line", error.line())
            .number("column", error.column())
            .text("statement", error.statement())
            .number("retry", error.retry_help().and_then(|retry| u32::try_from(retry).ok()))
            .list("notes", error.notes()),
        Failure::Command { message, .. } => {
            object.text("message", &**message).text("database", &*database).list("notes", &[])
        }
    }
    .list("help", help)
    .line()
}

/// What went wrong before there was a database to name.
pub(super) fn unnamed_line(message: &str, help: &[String]) -> String {
    Object::new(Reason::ERROR)
        .text("message", message)
        .text("database", None)
        .list("notes", &[])
        .list("help", help)
        .line()
}

fn entry_line(entry: &Entry) -> String {
    let object = Object::new(Reason::MIGRATION)
        .number("number", Some(entry.number))
        .text("name", &*entry.name)
        .text("file", entry.file.as_deref())
        .text("state", state_word(&entry.state))
        .text("applied_at", entry.applied_at.as_deref())
        .number("duration_us", entry.duration.map(micros))
        .numbers("steps_us", entry.steps.iter().copied().map(micros))
        .truth("reversible", entry.reversible)
        .truth("sealed", entry.sealed)
        .text("title", entry.title.as_deref())
        .text("date", entry.date.as_deref())
        .text("description", entry.description.as_deref())
        .text("version", entry.version.as_deref())
        .list("notes", &entry.notes);
    match &entry.state {
        State::Renamed { recorded } => object.text("recorded_name", &**recorded),
        State::Interrupted { done, of, edited } => {
            object.number("steps_done", Some(*done)).number("steps", Some(*of)).truth("edited", *edited)
        }
        _ => object,
    }
    .line()
}

fn repeatable_line(entry: &RepeatableEntry) -> String {
    let state = match entry.state {
        RepeatableState::Applied => "applied",
        RepeatableState::Pending => "pending",
        RepeatableState::Changed => "changed",
        RepeatableState::Missing => "missing",
    };
    Object::new(Reason::REPEATABLE)
        .text("name", &*entry.name)
        .text("file", entry.file.as_deref())
        .text("state", state)
        .text("applied_at", entry.applied_at.as_deref())
        .line()
}

/// What `verify` says of a repeatable that is not as the database has it.
fn repeatable_note(entry: &RepeatableEntry) -> Option<String> {
    let name = human::repeatable(&entry.name);
    match entry.state {
        RepeatableState::Applied | RepeatableState::Pending => None,
        RepeatableState::Changed => {
            Some(format!("{name} was changed since it was applied: the next `up` runs it again"))
        }
        RepeatableState::Missing => Some(format!("{name} was applied, but its file is missing: its objects stay")),
    }
}

fn state_word(state: &State) -> &'static str {
    match state {
        State::Applied => "applied",
        State::Pending => "pending",
        State::Late => "late",
        State::Edited => "edited",
        State::Renamed { .. } => "renamed",
        State::Missing => "missing",
        State::Newer => "newer",
        State::Interrupted { .. } => "interrupted",
    }
}

fn row_line(row: &HistoryRow) -> String {
    Object::new(Reason::HISTORY_ROW)
        .number("id", Some(row.id))
        .text("name", &*row.name)
        .text("applied_at", &*row.applied_at)
        .text("set_name", &*row.set_name)
        .number("number", Some(row.number))
        .text("checksum", &*row.checksum)
        .text("state", row.state.as_str())
        .number("statements_done", Some(row.statements_done))
        .number("duration_us", row.duration.map(micros))
        .numbers("steps_us", row.steps.iter().copied().map(micros))
        .text("tool", row.tool.as_deref())
        .line()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
