//! What is said of a database that started from a snapshot.

use super::Output;
use crate::cli::human;
use crate::cli::json::Object;
use crate::cli::reason::Reason;
use crate::{Done, Started};

impl Output<'_> {
    /// Says it, and how many of what was applied that speaks of. None of them ran, and nobody knows how long one takes.
    pub(super) fn started(&mut self, started: &Started, applied: &[Done]) -> usize {
        let stood_for = applied.get(..started.migrations).unwrap_or_default();
        if self.json {
            let line = Object::new(Reason::SNAPSHOT_USED)
                .text("file", &*started.file)
                .number("migrations", Some(started.migrations as u64))
                .number("duration_us", Some(super::micros(started.duration)))
                .line();
            self.data(&line);
            for done in stood_for {
                let line = Object::new(Reason::MIGRATION_APPLIED)
                    .number("number", Some(done.number))
                    .text("name", &*done.name)
                    .number("duration_us", None::<u64>)
                    .numbers("steps_us", std::iter::empty())
                    .list("notes", &[] as &[String])
                    .line();
                self.data(&line);
            }
        } else if let (Some(first), Some(last)) = (stood_for.first(), stood_for.last()) {
            let which = match stood_for.len() {
                1 => human::plain(&first.name),
                _ => format!("{} to {}", human::plain(&first.name), human::plain(&last.name)),
            };
            let (file, took) = (human::plain(&started.file), human::time(started.duration));
            self.progress("Started", &format!("from {file}, which replaces {which}, in {took}"));
        }
        stood_for.len()
    }
}
