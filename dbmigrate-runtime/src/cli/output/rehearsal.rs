//! What a rehearsal says. The whole of it is the answer, so it goes to stdout.

use super::{Output, micros};
use crate::cli::failure::{DONE, NO};
use crate::cli::human::{self, count, plain};
use crate::cli::json::Object;
use crate::cli::reason::Reason;
use crate::{Direction, Rehearsal, Rehearsed};

impl Output<'_> {
    /// What would happen; the answer is no where something would fail.
    pub(in crate::cli) fn rehearsal(&mut self, rehearsal: Rehearsal, nothing: &str) -> u8 {
        let is_empty = rehearsal.is_empty();
        let Rehearsal { migrations, repeated, notes, adopted, error } = rehearsal;
        if let Some(adopted) = &adopted {
            self.adopted(adopted);
        }
        for rehearsed in &migrations {
            let lines = if self.json { json(rehearsed) } else { lines(rehearsed) };
            lines.iter().for_each(|line| self.data(line));
        }
        for repeated in &repeated {
            let line = if self.json {
                Object::new(Reason::REPEATABLE_REHEARSED)
                    .text("name", &*repeated.name)
                    .number("duration_us", Some(micros(repeated.duration)))
                    .line()
            } else {
                format!("Rehearsed {}", human::repeated(repeated))
            };
            self.data(&line);
        }
        if !self.json {
            notes.iter().for_each(|note| self.note(note));
        }
        let mut parts = Vec::new();
        if !migrations.is_empty() {
            parts.push(count(migrations.len()));
        }
        if !repeated.is_empty() {
            parts.push(human::count_repeatables(repeated.len()));
        }
        if parts.is_empty() && adopted.is_some() {
            parts.push(count(0));
        }
        let done = if self.verb() == "down" { "rolled back" } else { "applied" };
        let would = format!("{} would be {done}", parts.join(" and "));
        let fails = error.is_some();
        if let Some(error) = error {
            self.end(Err(error.into()));
            if !self.json {
                let before = if parts.is_empty() { String::new() } else { format!(" {would} before it, and") };
                self.note(&format!("that was on a copy:{before} the database is unchanged"));
            }
        }
        if self.json {
            let summary = Object::new(Reason::REHEARSAL_SUMMARY)
                .text("command", self.verb())
                .number("rehearsed", Some(migrations.len() as u64))
                .number("repeated", Some(repeated.len() as u64))
                .list("notes", &notes)
                .truth("fails", fails)
                .line();
            self.data(&summary);
        } else if is_empty {
            self.progress("Finished", nothing);
        } else if !fails {
            self.progress("Finished", &format!("{would}; the database is unchanged"));
        }
        if fails { NO } else { DONE }
    }
}

/// `Rehearsed 003_x in 12.3 ms: 1,204 rows changed, 4.1 MiB -> 4.3 MiB`, and what it changed in the schema.
fn lines(rehearsed: &Rehearsed) -> Vec<String> {
    let Rehearsed { name, duration, rows_changed: rows, bytes_before, bytes_after, .. } = rehearsed;
    let first = format!(
        "Rehearsed {} in {}: {} row{} changed, {} -> {}",
        plain(name),
        human::time(*duration),
        human::grouped(*rows),
        if *rows == 1 { "" } else { "s" },
        human::size(*bytes_before),
        human::size(*bytes_after),
    );
    let differences = rehearsed.differences.iter().map(|difference| format!("    {}", plain(&difference.message)));
    let notes = rehearsed.notes.iter().map(|note| format!("    note: {}", plain(note)));
    std::iter::once(first).chain(differences).chain(notes).collect()
}

/// What it did, then each difference as `schema --from --to` of `cargo dbmigrate` has it.
fn json(rehearsed: &Rehearsed) -> Vec<String> {
    let differences = rehearsed.differences.iter().map(|difference| {
        Object::new(Reason::SCHEMA_DIFFERENCE)
            .text("migration", &*rehearsed.name)
            .text("kind", &*difference.kind)
            .text("name", &*difference.name)
            .text("table", difference.table.as_deref())
            .text("change", &*difference.change)
            .text("message", &*difference.message)
            .line()
    });
    std::iter::once(line(rehearsed)).chain(differences).collect()
}

fn line(rehearsed: &Rehearsed) -> String {
    let differences: Vec<String> = rehearsed.differences.iter().map(|it| it.message.clone()).collect();
    let direction = match rehearsed.direction {
        Direction::Up => "up",
        Direction::Down => "down",
    };
    Object::new(Reason::MIGRATION_REHEARSED)
        .number("number", Some(rehearsed.number))
        .text("name", &*rehearsed.name)
        .text("direction", direction)
        .number("rows_changed", Some(rehearsed.rows_changed))
        .number("duration_us", Some(micros(rehearsed.duration)))
        .number("bytes_before", Some(rehearsed.bytes_before))
        .number("bytes_after", Some(rehearsed.bytes_after))
        .list("differences", &differences)
        .list("notes", &rehearsed.notes)
        .line()
}
