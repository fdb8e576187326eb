//! What became of the databases of a fleet: a line of JSON for each, or a table for people.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use dbmigrate_runtime::cli::{time, visible};
use serde_json::json;

use super::{Reason, count};

/// A database, and what became of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row<'a> {
    pub(crate) database: Option<&'a Path>,
    /// `done`, `current`, `pending`, `differs`, `left`, `refused`, `failed`.
    pub(crate) outcome: &'a str,
    pub(crate) before: Option<&'a str>,
    pub(crate) after: Option<&'a str>,
    /// How much there was to do, where that is known.
    pub(crate) todo: Option<usize>,
    pub(crate) applied: usize,
    pub(crate) rolled_back: usize,
    pub(crate) took: Duration,
    pub(crate) backup: Option<&'a Path>,
    /// What stopped it.
    pub(crate) error: Option<(&'a str, &'a [String])>,
    /// What differs.
    pub(crate) differences: Vec<&'a str>,
    pub(crate) notes: Vec<&'a str>,
}

/// More files than this are said by their number.
const EACH: usize = 40;

/// One line: `{"reason":"fleet-database",…}`.
pub(crate) fn json(row: &Row<'_>) -> String {
    json!({
        "reason": Reason::FleetDatabase.as_str(),
        "database": row.database.map(Path::to_string_lossy),
        "outcome": row.outcome,
        "before": row.before,
        "after": row.after,
        "todo": row.todo,
        "applied": row.applied,
        "rolled_back": row.rolled_back,
        "duration_us": micros(row.took),
        "backup": row.backup.map(Path::to_string_lossy),
        "message": row.error.map(|(message, _)| message),
        "help": row.error.map_or(&[][..], |(_, help)| help),
        "differences": row.differences,
        "notes": row.notes,
    })
    .to_string()
}

/// One line: `{"reason":"fleet-finished",…}`, or `fleet-paused` where it waits behind the first ones.
pub(crate) fn summary(reason: Reason, command: &str, rows: &[Row<'_>], took: Duration, errors: &[&str]) -> String {
    let outcome = |word: &str| rows.iter().filter(|row| row.outcome == word).count();
    json!({
        "reason": reason.as_str(),
        "command": command,
        "databases": rows.len(),
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

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The table: each database where there are few of them or all are asked for, else how many came to what.
pub(crate) fn table(rows: &[Row<'_>], all: bool) -> Vec<String> {
    if all || rows.len() <= EACH {
        let cells: Vec<[String; 3]> = rows.iter().map(|row| [name(row), version(row), said(row, true)]).collect();
        return columns(&cells);
    }
    let mut groups: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in rows {
        *groups.entry((version(row), said(row, false))).or_default() += 1;
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by(|(_, a), (_, b)| b.cmp(a));
    let width = groups.first().map_or(0, |(_, most)| most.to_string().len());
    let cells: Vec<[String; 3]> = groups
        .into_iter()
        .map(|((version, said), number)| {
            let plural = if number == 1 { "database" } else { "databases" };
            [format!("{number:>width$} {plural}"), version, said]
        })
        .collect();
    columns(&cells)
}

fn name(row: &Row<'_>) -> String {
    visible(&row.database.map(|path| path.display().to_string()).unwrap_or_default())
}

/// `001_users -> 003_stars`
fn version(row: &Row<'_>) -> String {
    let shown = |version: Option<&str>| version.unwrap_or("-").to_owned();
    match row.outcome {
        "refused" if row.before.is_none() => "?".to_owned(),
        _ if row.before == row.after => shown(row.before),
        _ => format!("{} -> {}", shown(row.before), shown(row.after)),
    }
}

/// What is to be said of it: with what belongs to one database alone, or without.
fn said(row: &Row<'_>, alone: bool) -> String {
    let first = |text: &str| visible(text.lines().next().unwrap_or_default());
    match row.outcome {
        "done" if alone => time(row.took),
        "done" if row.before == row.after && row.backup.is_some() => "copied".to_owned(),
        "done" => "done".to_owned(),
        "current" => "nothing to do".to_owned(),
        "pending" => format!("{} pending", row.todo.unwrap_or(0)),
        "left" => format!("left: {} to do", row.todo.unwrap_or(0)),
        "differs" => match alone {
            true => row.differences.join("; "),
            false => "differs".to_owned(),
        },
        other => match row.error {
            Some((message, _)) if alone => format!("{other}: {}", first(message)),
            _ => other.to_owned(),
        },
    }
}

fn columns(cells: &[[String; 3]]) -> Vec<String> {
    let width = |at: usize| cells.iter().map(|cells| cells[at].chars().count()).max().unwrap_or(0);
    let [first, second] = [width(0), width(1)];
    cells.iter().map(|[a, b, c]| format!("{a:first$}  {b:second$}  {c}").trim_end().to_owned()).collect()
}

/// `2988 of 3000 databases (712/s, 1 s left)`
pub(crate) fn progress(through: usize, of: usize, failed: usize, elapsed: Duration) -> String {
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

    fn row<'a>(name: &'a str, outcome: &'a str, before: Option<&'a str>, after: Option<&'a str>) -> Row<'a> {
        Row { database: Some(Path::new(name)), outcome, before, after, ..Row::default() }
    }

    #[test]
    fn few_are_named_and_many_are_counted() {
        let error = Row { error: Some(("not a database\nmore", &[])), ..row("c.db", "refused", None, None) };
        let rows = vec![
            Row { took: Duration::from_micros(1_500), ..row("t/a.db", "done", Some("001_a"), Some("003_c")) },
            row("b.db", "current", Some("003_c"), Some("003_c")),
            error.clone(),
            Row { todo: Some(2), ..row("d.db", "pending", None, None) },
        ];
        assert_eq!(
            table(&rows, false),
            [
                "t/a.db  001_a -> 003_c  1.5 ms",
                "b.db    003_c           nothing to do",
                "c.db    ?               refused: not a database",
                "d.db    -               2 pending",
            ]
        );
        let mut many = vec![row("x.db", "done", Some("001_a"), Some("003_c")); 41];
        many.push(error);
        assert_eq!(
            table(&many, false),
            ["41 databases  001_a -> 003_c  done", " 1 database   ?               refused"]
        );
        assert_eq!(table(&many, true).len(), 42);
    }

    #[test]
    fn the_line_says_how_many_how_fast_and_how_long() {
        let second = Duration::from_secs(1);
        assert_eq!(progress(500, 3_000, 0, second), "500 of 3000 databases (500/s, 5 s left)");
        assert_eq!(progress(10, 3_000, 2, second), "10 of 3000 databases, 2 failed (10/s, 5 min left)");
        assert_eq!(progress(0, 1, 0, Duration::ZERO), "0 of 1 database (0/s)");
    }
}
