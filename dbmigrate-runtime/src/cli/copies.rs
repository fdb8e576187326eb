//! Says what became of copies, in the format that was asked for.

use std::path::Path;

use super::failure::{DONE, NO};
use super::human;
use super::json::Object;
use super::open::{RECOVERED, name};
use super::output::Output;
use super::reason::Reason;
use crate::Kept;

impl Output<'_> {
    /// A copy was kept before something else.
    pub(super) fn copied(&mut self, copy: &Path) {
        if self.json {
            self.data(&copied_line(copy));
        } else {
            self.progress("Copied", &format!("the database to {}", name(copy)));
        }
    }

    /// What a writer that crashed had not finished is taken back.
    pub(super) fn recovered(&mut self, database: &Path) {
        self.has_recovered = true;
        if self.json {
            let line = Object::new(Reason::DATABASE_RECOVERED).text("database", &*database.to_string_lossy()).line();
            self.data(&line);
        } else {
            self.progress("Recovered", &format!("{}: {RECOVERED}", name(database)));
        }
    }

    /// A copy was asked for: its path is the answer.
    pub(super) fn copy(&mut self, copy: &Path) {
        let line = if self.json { copied_line(copy) } else { human::plain(&copy.display().to_string()) };
        self.data(&line);
    }

    /// The copies that there are; the answer is no where there are none.
    pub(super) fn copies(&mut self, copies: &[Kept], folder: &Path) -> u8 {
        let width = copies.iter().map(|kept| kept.version.len()).max().unwrap_or_default();
        for kept in copies {
            let path = human::plain(&kept.path.display().to_string());
            let line = if self.json {
                Object::new(Reason::BACKUP)
                    .text("path", &*kept.path.to_string_lossy())
                    .text("time", &*kept.time)
                    .text("version", &*kept.version)
                    .number("bytes", Some(kept.bytes))
                    .line()
            } else {
                format!("{}  {:<width$}  {:>10}  {path}", kept.time, kept.version, human::size(kept.bytes))
            };
            self.data(&line);
        }
        if copies.is_empty() {
            self.progress("Finished", &format!("there are no copies in {}", name(folder)));
            return NO;
        }
        DONE
    }

    /// A copy was put back.
    pub(super) fn restored(
        &mut self,
        database: &Path,
        copy: &Path,
        kept: Option<&Path>,
        migrations: Option<u64>,
        pending: Option<usize>,
    ) -> u8 {
        if self.json {
            let line = Object::new(Reason::DATABASE_RESTORED)
                .text("path", &*copy.to_string_lossy())
                .text("kept", kept.map(Path::to_string_lossy).as_deref())
                .number("migrations", migrations)
                .number("pending", pending.map(|pending| pending as u64))
                .line();
            self.data(&line);
            return DONE;
        }
        if let Some(kept) = kept {
            self.progress("Kept", &format!("the previous database as {}", name(kept)));
        }
        self.progress("Restored", &format!("{} from {}", name(database), name(copy)));
        match pending {
            Some(0) => self.progress("Finished", "nothing is pending"),
            Some(pending) => {
                let (up, is) = (self.command("up"), if pending == 1 { "is" } else { "are" });
                self.progress("Finished", &format!("{} {is} pending now: {up} applies what is", human::count(pending)));
            }
            None => {
                let status = self.command("status");
                self.progress("Finished", &format!("{status} shows what is pending now"));
            }
        }
        DONE
    }
}

fn copied_line(copy: &Path) -> String {
    Object::new(Reason::DATABASE_COPIED).text("path", &*copy.to_string_lossy()).line()
}
