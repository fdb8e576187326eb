//! What people read: the lines of each answer as text.
//!
//! Names come out of files and databases that nobody checked, so control characters are shown, never sent.

use std::time::Duration;

pub(super) use crate::excerpt::visible as plain;
use crate::{Done, Entry, HistoryRow, RepeatableEntry, RepeatableState, Repeated, State, Status};

/// Names longer than this don't push the other lines to the right.
const WIDEST: usize = 60;

/// More steps than this are not all shown, but this many of them.
const MANY_STEPS: usize = 8;
const SLOWEST: usize = 5;

/// `[x] 001_initial_schema  (applied: 2024-01-15 10:30:22)` for each migration, the same for repeatables, then the
/// totals of the migrations.
pub(super) fn status(status: &Status, verbose: bool) -> Vec<String> {
    let names: Vec<String> = status.entries.iter().map(|entry| plain(&entry.name)).collect();
    // One whose file is gone runs no more.
    let is_shown = |entry: &&RepeatableEntry| verbose || entry.state != RepeatableState::Missing;
    let repeatables: Vec<(&RepeatableEntry, String)> =
        status.repeatables.iter().filter(is_shown).map(|entry| (entry, repeatable(&entry.name))).collect();
    let widths = names.iter().chain(repeatables.iter().map(|(_, name)| name)).map(|name| name.chars().count());
    let width = widths.filter(|&width| width <= WIDEST).max().unwrap_or(0);
    let mut lines = Vec::with_capacity(names.len() + repeatables.len() + 2);
    for (entry, name) in status.entries.iter().zip(&names) {
        let line = format!("[{}] {name:width$}  {}", mark(&entry.state), words(entry, verbose));
        lines.push(line.trim_end().to_owned());
        if verbose {
            lines.extend(details(entry));
        } else if is_pruned(entry) {
            lines.extend(entry.notes.iter().map(|note| format!("      note: {}", plain(note))));
        }
    }
    for (entry, name) in &repeatables {
        let (mark, words) = repeatable_words(entry);
        lines.push(format!("[{mark}] {name:width$}  {words}").trim_end().to_owned());
        if let Some(file) = entry.file.as_deref().filter(|_| verbose) {
            lines.push(format!("      file: {}", plain(file)));
        }
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    let (total, applied, pending) = (status.total(), status.applied(), status.pending());
    lines.push(format!("Total: {total} | Applied: {applied} | Pending: {pending}"));
    lines
}

/// Whether the program knows it by name alone, and would have to run it.
fn is_pruned(entry: &Entry) -> bool {
    entry.file.is_none() && matches!(entry.state, State::Pending | State::Late)
}

fn mark(state: &State) -> char {
    match state {
        State::Applied => 'x',
        State::Pending => ' ',
        _ => '!',
    }
}

fn repeatable_words(entry: &RepeatableEntry) -> (char, String) {
    let at = plain(entry.applied_at.as_deref().unwrap_or("unknown"));
    match entry.state {
        RepeatableState::Applied => ('x', format!("(applied: {at})")),
        RepeatableState::Pending => (' ', String::new()),
        RepeatableState::Changed => (' ', format!("(changed since it was applied: {at})")),
        RepeatableState::Missing => ('!', format!("(applied: {at}, but its file is missing: its objects stay)")),
    }
}

/// A repeatable, so that it can't be taken for a migration.
pub(super) fn repeatable(name: &str) -> String {
    format!("repeatable/{}", plain(name))
}

fn words(entry: &Entry, verbose: bool) -> String {
    match &entry.state {
        State::Applied => {
            let at = plain(entry.applied_at.as_deref().unwrap_or("unknown"));
            let took = entry.duration.filter(|_| verbose).map_or(String::new(), |took| format!(", in {}", time(took)));
            format!("(applied: {at}{took})")
        }
        State::Pending if is_pruned(entry) => "(pruned from this program)".to_owned(),
        State::Pending => String::new(),
        other => format!("({})", state(other)),
    }
}

/// What a state means, in words.
pub(super) fn state(state: &State) -> String {
    match state {
        State::Applied => "applied".to_owned(),
        State::Pending => "pending".to_owned(),
        State::Late => "pending, although a later one is applied".to_owned(),
        State::Edited => "edited since it was applied".to_owned(),
        State::Renamed { recorded } => format!("applied as {}", plain(recorded)),
        State::Missing => "applied, but its file is missing".to_owned(),
        State::Newer => "applied by a newer version".to_owned(),
        // The program does not know how many there are.
        State::Interrupted { done, of: 0, .. } => {
            format!("interrupted after {done} step{}", if *done == 1 { "" } else { "s" })
        }
        State::Interrupted { done, of, edited } => {
            let edited = if *edited { ", and edited in steps that have run" } else { "" };
            format!("interrupted: {done} of {of} steps done{edited}")
        }
    }
}

fn details(entry: &Entry) -> Vec<String> {
    let fields = [
        ("title", &entry.title),
        ("date", &entry.date),
        ("description", &entry.description),
        ("version", &entry.version),
        ("file", &entry.file),
    ];
    let shown = fields.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
    let notes = entry.notes.iter().map(|note| ("note", note.as_str()));
    let lines = shown.chain(notes).map(|(name, value)| format!("      {name}: {}", plain(value)));
    let sealed = entry.sealed.then(|| "      sealed: it may no longer change".to_owned());
    lines.chain(sealed).chain(steps(&entry.steps)).collect()
}

/// The times of the steps; those of many cut to the slowest. One alone took as long as the whole.
fn steps(times: &[Duration]) -> Option<String> {
    let mut shown: Vec<(usize, Duration)> = times.iter().copied().enumerate().collect();
    let cut = match shown.len() {
        0 | 1 => return None,
        2..=MANY_STEPS => String::new(),
        all => {
            shown.sort_by_key(|(_, took)| std::cmp::Reverse(*took));
            shown.truncate(SLOWEST);
            format!(" (the slowest {SLOWEST} of {all})")
        }
    };
    let shown: Vec<String> = shown.into_iter().map(|(at, took)| format!("{}: {}", at + 1, time(took))).collect();
    Some(format!("      steps: {}{cut}", shown.join(", ")))
}

/// The history as a table, one row on each line.
pub(super) fn history(rows: &[HistoryRow], verbose: bool) -> Vec<String> {
    let title = ["id", "applied at", "name", "state", "took"].map(str::to_owned);
    let cells = rows.iter().map(|row| {
        let took = row.duration.map_or(String::new(), time);
        [row.id.to_string(), plain(&row.applied_at), plain(&row.name), row.state.to_string(), took]
    });
    let table: Vec<[String; 5]> = std::iter::once(title).chain(cells).collect();
    let mut widths = [0; 5];
    for row in &table {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count().min(WIDEST));
        }
    }
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let of = std::iter::once(None).chain(rows.iter().map(Some));
    let mut lines = Vec::with_capacity(table.len());
    for (cells, row) in table.iter().zip(of) {
        lines.push(line(cells));
        lines.extend(row.filter(|_| verbose).and_then(|row| steps(&row.steps)));
    }
    lines
}

/// `001_initial_schema in 1.2 ms`
pub(super) fn done(done: &Done) -> String {
    format!("{} in {}", plain(&done.name), time(done.duration))
}

/// `repeatable/active_users in 1.2 ms`
pub(super) fn repeated(repeated: &Repeated) -> String {
    format!("{} in {}", repeatable(&repeated.name), time(repeated.duration))
}

/// A duration, as short as it stays true.
#[must_use]
pub fn time(duration: Duration) -> String {
    match duration.as_secs_f64() {
        seconds if seconds < 1.0 => format!("{:.1} ms", seconds * 1_000.0),
        seconds => format!("{seconds:.2} s"),
    }
}

/// The text with control characters made visible, for what came out of a file that nobody checked.
#[must_use]
pub fn visible(text: &str) -> String {
    plain(text)
}

/// `1,204`
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `512 B`, `4.1 MiB`
pub(super) fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut units = ["B", "KiB", "MiB", "GiB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    for larger in units {
        // What would be rounded to 1024 has the next unit.
        if value < 1023.95 {
            break;
        }
        (value, unit) = (value / 1024.0, larger);
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") }
}

/// `1 migration`, `2 migrations`
pub(super) fn count(number: usize) -> String {
    format!("{number} migration{}", if number == 1 { "" } else { "s" })
}

/// `1 repeatable`, `2 repeatables`
pub(super) fn count_repeatables(number: usize) -> String {
    format!("{number} repeatable{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::fixture::{entry, status_of};

    fn applied(number: u64, name: &str, at: &str) -> Entry {
        Entry { applied_at: Some(at.to_owned()), ..entry(number, name, State::Applied) }
    }

    #[test]
    fn the_brackets_align_and_the_totals_follow() {
        let entries = vec![
            applied(1, "001_initial_schema", "2024-01-15 10:30:22"),
            applied(2, "002_add_indexes", "2024-01-15 10:30:23"),
            entry(3, "003_add_user_prefs", State::Pending),
        ];
        assert_eq!(
            status(&status_of(entries), false).join("\n"),
            "[x] 001_initial_schema  (applied: 2024-01-15 10:30:22)\n\
             [x] 002_add_indexes     (applied: 2024-01-15 10:30:23)\n\
             [ ] 003_add_user_prefs\n\
             \n\
             Total: 3 | Applied: 2 | Pending: 1"
        );
        assert_eq!(status(&status_of(vec![]), false), ["Total: 0 | Applied: 0 | Pending: 0"]);
    }

    #[test]
    fn repeatables_follow_and_do_not_count() {
        let repeatable = |name: &str, state, at: Option<&str>| RepeatableEntry {
            name: name.to_owned(),
            file: Some(format!("migrations/repeatable/{name}.sql")),
            state,
            applied_at: at.map(str::to_owned),
        };
        let at = Some("2024-01-15 10:30:22");
        let repeatables = vec![
            repeatable("active", RepeatableState::Applied, at),
            repeatable("b", RepeatableState::Pending, None),
            repeatable("c", RepeatableState::Changed, at),
            RepeatableEntry { file: None, ..repeatable("d", RepeatableState::Missing, at) },
        ];
        let all = Status { repeatables, ..status_of(vec![entry(1, "001_a", State::Pending)]) };
        let lines = status(&all, false);
        assert_eq!(
            lines,
            [
                "[ ] 001_a",
                "[x] repeatable/active  (applied: 2024-01-15 10:30:22)",
                "[ ] repeatable/b",
                "[ ] repeatable/c       (changed since it was applied: 2024-01-15 10:30:22)",
                "",
                "Total: 1 | Applied: 0 | Pending: 1",
            ]
        );
        let verbose = status(&all, true);
        assert_eq!(verbose[3], "      file: migrations/repeatable/active.sql");
        assert_eq!(
            verbose[8],
            "[!] repeatable/d       (applied: 2024-01-15 10:30:22, but its file is missing: its objects stay)"
        );
    }

    #[test]
    fn every_other_state_has_a_mark_and_words() {
        for (state, expect) in [
            (State::Late, "[!] 002_x  (pending, although a later one is applied)"),
            (State::Edited, "[!] 002_x  (edited since it was applied)"),
            (State::Renamed { recorded: "002_y\u{1b}".into() }, "[!] 002_x  (applied as 002_y\\u{1b})"),
            (State::Missing, "[!] 002_x  (applied, but its file is missing)"),
            (State::Newer, "[!] 002_x  (applied by a newer version)"),
            (State::Interrupted { done: 1, of: 3, edited: false }, "[!] 002_x  (interrupted: 1 of 3 steps done)"),
            (State::Interrupted { done: 1, of: 0, edited: false }, "[!] 002_x  (interrupted after 1 step)"),
            (State::Interrupted { done: 2, of: 0, edited: false }, "[!] 002_x  (interrupted after 2 steps)"),
            (
                State::Interrupted { done: 2, of: 5, edited: true },
                "[!] 002_x  (interrupted: 2 of 5 steps done, and edited in steps that have run)",
            ),
        ] {
            assert_eq!(status(&status_of(vec![entry(2, "002_x", state)]), false)[0], expect);
        }
    }

    #[test]
    fn verbose_adds_the_duration_and_what_the_header_says() {
        let mut entry = applied(1, "001_a", "2024-01-15 10:30:22");
        entry.duration = Some(Duration::from_micros(1234));
        entry.title = Some("Add\nfeature".into());
        entry.version = Some("1.0.0".into());
        entry.file = Some("migrations/001_a.sql".into());
        entry.notes = vec!["comments were edited".into()];
        assert_eq!(
            status(&status_of(vec![entry]), true)[..5],
            [
                "[x] 001_a  (applied: 2024-01-15 10:30:22, in 1.2 ms)",
                "      title: Add\\nfeature",
                "      version: 1.0.0",
                "      file: migrations/001_a.sql",
                "      note: comments were edited",
            ]
        );
    }

    #[test]
    fn a_very_long_name_does_not_widen_the_rest() {
        let entries = vec![entry(1, &"x".repeat(100_000), State::Edited), entry(2, "002_b", State::Edited)];
        assert_eq!(status(&status_of(entries), false)[1], "[!] 002_b  (edited since it was applied)");
    }

    #[test]
    fn counts_and_sizes_read_well() {
        for (number, expect) in [(0, "0"), (999, "999"), (1_204, "1,204"), (1_000_000, "1,000,000")] {
            assert_eq!(grouped(number), expect);
        }
        for (bytes, expect) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            ((1 << 20) - 1, "1.0 MiB"),
            (4_299_161, "4.1 MiB"),
            (3 << 40, "3072.0 GiB"),
        ] {
            assert_eq!(size(bytes), expect);
        }
    }

    #[test]
    fn the_slowest_of_many_steps_are_shown() {
        let times = |micros: &[u64]| steps(&micros.iter().copied().map(Duration::from_micros).collect::<Vec<_>>());
        assert_eq!(times(&[]), None);
        assert_eq!(times(&[300]), None);
        assert_eq!(times(&[300, 1_200_000]).unwrap(), "      steps: 1: 0.3 ms, 2: 1.20 s");
        assert!(times(&[100; 8]).unwrap().ends_with("8: 0.1 ms"));
        assert_eq!(
            times(&[100, 900, 800, 100, 700, 600, 500, 100, 400]).unwrap(),
            "      steps: 2: 0.9 ms, 3: 0.8 ms, 5: 0.7 ms, 6: 0.6 ms, 7: 0.5 ms (the slowest 5 of 9)"
        );
    }

    #[test]
    fn durations_read_well() {
        for (micros, expect) in [(0, "0.0 ms"), (450, "0.5 ms"), (12_345, "12.3 ms"), (2_050_000, "2.05 s")] {
            assert_eq!(time(Duration::from_micros(micros)), expect);
        }
    }
}
