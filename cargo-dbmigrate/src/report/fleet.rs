//! What became of the databases of a fleet: a line of JSON for each, or a table for people.

mod reporter;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

use dbmigrate_runtime::cli::{Terminal, time, visible};
use serde_json::json;

use super::{Reason, count, micros};
use crate::fleet::{Fault, File, Outcome, Task};
use crate::shell::Shell;

pub(crate) use reporter::FleetReporter;

/// More files than this are said by their number.
const EACH: usize = 40;

/// One line: `{"reason":"fleet-database",…}`; `help` is what to do about its fault.
fn json(file: &File, task: Task, help: &[String]) -> String {
    let changes = file.changes();
    let compared = file.inspection.as_ref().filter(|_| task.compares());
    json!({
        "reason": Reason::FleetDatabase.as_str(),
        "database": file.path.to_string_lossy(),
        "outcome": file.outcome.word(),
        "before": file.version_before(),
        "after": file.version(),
        "todo": file.inspection.as_ref().map(|inspection| inspection.todo),
        "checked": compared.map(|inspection| inspection.checked),
        "applied": changes.map_or(0, |changes| changes.applied),
        "rolled_back": changes.map_or(0, |changes| changes.rolled_back),
        "duration_us": micros(file.took),
        "backup": changes.and_then(|changes| changes.backup.as_deref()).map(Path::to_string_lossy),
        "message": file.outcome.fault().map(|fault| fault.message.as_str()),
        "help": help,
        "differences": differences(file),
        "notes": file.notes().collect::<Vec<_>>(),
    })
    .to_string()
}

/// One line: `{"reason":"fleet-finished",…}`, or `fleet-paused` where it waits behind the first ones.
fn summary(reason: Reason, command: &str, files: &[File], took: Duration, errors: &[&str]) -> String {
    let outcome = |word: &str| files.iter().filter(|file| file.outcome.word() == word).count();
    json!({
        "reason": reason.as_str(),
        "command": command,
        "databases": files.len(),
        "done": outcome("done"),
        "current": outcome("current"),
        "pending": outcome("pending"),
        "differs": outcome("differs"),
        "refused": outcome("refused"),
        "failed": outcome("failed"),
        "left": outcome("left"),
        "errors": errors,
        "duration_us": micros(took),
    })
    .to_string()
}

/// Says in lines of JSON that the command failed before there were databases, as any run ends in such a line.
pub(crate) fn failed_early(command: &str, errors: &[&str], shell: &mut Shell) {
    shell.data(&summary(Reason::FleetFinished, command, &[], Duration::ZERO, errors));
}

/// The table: each database where there are few of them or all are asked for, else how many came to what.
fn table(files: &[&File], task: Task, all: bool) -> Vec<String> {
    if all || files.len() <= EACH {
        // What several have in common is said below.
        let mut faults: HashMap<&Fault, usize> = HashMap::new();
        files.iter().filter_map(|file| file.outcome.fault()).for_each(|fault| *faults.entry(fault).or_default() += 1);
        let is_own = |file: &File| file.outcome.fault().is_none_or(|fault| faults[fault] == 1);
        let outcome = |file| if is_own(file) { outcome_of_one(file, task) } else { outcome_of_many(file, task) };
        let cells: Vec<[String; 3]> =
            files.iter().map(|file| [name(&file.path), version(file), outcome(file)]).collect();
        return columns(&cells);
    }
    let mut groups: BTreeMap<(String, String), usize> = BTreeMap::new();
    for file in files {
        *groups.entry((version(file), outcome_of_many(file, task))).or_default() += 1;
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by(|(_, a), (_, b)| b.cmp(a));
    let width = groups.first().map_or(0, |(_, most)| most.to_string().len());
    let cells: Vec<[String; 3]> = groups
        .into_iter()
        .map(|((version, outcome), number)| {
            let plural = if number == 1 { "database" } else { "databases" };
            [format!("{number:>width$} {plural}"), version, outcome]
        })
        .collect();
    columns(&cells)
}

fn name(path: &Path) -> String {
    visible(&path.display().to_string())
}

/// `001_users -> 003_stars`
fn version(file: &File) -> String {
    let shown = |version: Option<&str>| version.unwrap_or("-").to_owned();
    let (before, after) = (file.version_before(), file.version());
    match file.outcome {
        Outcome::Refused(_) if before.is_none() => "?".to_owned(),
        _ if before == after => shown(before),
        _ => format!("{} -> {}", shown(before), shown(after)),
    }
}

/// In what a database differs, a sentence each.
fn differences(file: &File) -> Vec<&str> {
    let differs = file.inspection.iter().flat_map(|inspection| &inspection.differs);
    differs.map(|fault| fault.message.as_str()).collect()
}

/// What a database came to, with what belongs to it alone.
fn outcome_of_one(file: &File, task: Task) -> String {
    match &file.outcome {
        Outcome::Done(_) => time(file.took),
        Outcome::Differs => differences(file).join("; "),
        Outcome::Refused(fault) | Outcome::Failed(fault, _) => {
            let first = visible(fault.message.lines().next().unwrap_or_default());
            format!("{}: {first}", file.outcome.word())
        }
        Outcome::Left | Outcome::Current | Outcome::Pending => outcome_of_many(file, task),
    }
}

/// What it came to, in words that others may have in common with it.
fn outcome_of_many(file: &File, task: Task) -> String {
    let (todo, checked) = file.inspection.as_ref().map_or((0, 0), |it| (it.todo, it.checked));
    match &file.outcome {
        Outcome::Done(changes) if file.version_before() == file.version() && changes.backup.is_some() => {
            "copied".to_owned()
        }
        Outcome::Current => match task {
            Task::Verify => format!("{}, as the history has them", count(checked, "migration")),
            Task::Drift => format!("no difference from {}", count(checked, "applied migration")),
            _ => "nothing to do".to_owned(),
        },
        Outcome::Pending => format!("{todo} pending"),
        Outcome::Left => format!("left: {todo} to do"),
        Outcome::Done(_) | Outcome::Differs | Outcome::Refused(_) | Outcome::Failed(..) => {
            file.outcome.word().to_owned()
        }
    }
}

fn columns(cells: &[[String; 3]]) -> Vec<String> {
    let width = |at: usize| cells.iter().map(|cells| cells[at].chars().count()).max().unwrap_or(0);
    let [first, second] = [width(0), width(1)];
    cells.iter().map(|[a, b, c]| format!("{a:first$}  {b:second$}  {c}").trim_end().to_owned()).collect()
}

/// `2988 of 3000 databases (712/s, 1 s left)`
fn progress(through: usize, of: usize, failed: usize, elapsed: Duration) -> String {
    let rate = through as f64 / elapsed.as_secs_f64().max(0.001);
    let left = (of - through.min(of)) as f64 / rate.max(0.001);
    let failed = if failed == 0 { String::new() } else { format!(", {failed} failed") };
    let left = match left.ceil() {
        _ if through == 0 => String::new(),
        seconds if seconds < 60.0 => format!(", {seconds} s left"),
        seconds => format!(", {} min left", (seconds / 60.0).ceil()),
    };
    format!("{through} of {}{failed} ({rate:.0}/s{left})", count(of, "database"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{Changes, Inspection};

    const UP: Task = Task::Up { to: None, dry_run: false };

    fn file(path: &str, outcome: Outcome, before: Option<&str>, after: Option<&str>) -> File {
        let version = before.map(str::to_owned);
        let inspection = Some(Inspection { version, todo: 2, ..Inspection::default() });
        File { inspection, after: Some(after.map(str::to_owned)), outcome, ..File::new(path.into()) }
    }

    fn done(path: &str) -> File {
        file(path, Outcome::Done(Changes::default()), Some("001_a"), Some("003_c"))
    }

    #[test]
    fn few_are_named_and_many_are_counted() {
        let refused = || file("c.db", Outcome::Refused(Fault::new("not a database\nmore")), None, None);
        let files = [
            File { took: Duration::from_micros(1_500), ..done("t/a.db") },
            file("b.db", Outcome::Current, Some("003_c"), Some("003_c")),
            refused(),
            file("d.db", Outcome::Pending, None, None),
        ];
        assert_eq!(
            table(&files.iter().collect::<Vec<_>>(), UP, false),
            [
                "t/a.db  001_a -> 003_c  1.5 ms",
                "b.db    003_c           nothing to do",
                "c.db    ?               refused: not a database",
                "d.db    -               2 pending",
            ]
        );
        let many: Vec<File> = (0..41).map(|_| done("x.db")).chain([refused()]).collect();
        let many: Vec<&File> = many.iter().collect();
        assert_eq!(
            table(&many, UP, false),
            ["41 databases  001_a -> 003_c  done", " 1 database   ?               refused"]
        );
        assert_eq!(table(&many, UP, true).len(), 42);
    }

    #[test]
    fn who_only_looks_says_at_what() {
        let current = |checked| {
            let inspection = Some(Inspection { checked, ..Inspection::default() });
            File { inspection, outcome: Outcome::Current, ..File::new("a.db".into()) }
        };
        for (task, checked, expect) in [
            (Task::Verify, 2, "2 migrations, as the history has them"),
            (Task::Drift, 1, "no difference from 1 applied migration"),
            (Task::Status, 0, "nothing to do"),
        ] {
            assert_eq!(outcome_of_one(&current(checked), task), expect);
        }
    }

    #[test]
    fn what_several_have_in_common_is_not_said_in_each_row() {
        let refused = |path: &str, message: &str| file(path, Outcome::Refused(Fault::new(message)), None, None);
        let files = [refused("a.db", "no runner"), refused("b.db", "not a database"), refused("c.db", "no runner")];
        let rows = table(&files.iter().collect::<Vec<_>>(), Task::Drift, false);
        assert_eq!(rows, ["a.db  ?  refused", "b.db  ?  refused: not a database", "c.db  ?  refused"]);
    }

    #[test]
    fn the_line_says_how_many_how_fast_and_how_long() {
        let second = Duration::from_secs(1);
        assert_eq!(progress(500, 3_000, 0, second), "500 of 3000 databases (500/s, 5 s left)");
        assert_eq!(progress(10, 3_000, 2, second), "10 of 3000 databases, 2 failed (10/s, 5 min left)");
        assert_eq!(progress(0, 1, 0, Duration::ZERO), "0 of 1 database (0/s)");
    }
}
