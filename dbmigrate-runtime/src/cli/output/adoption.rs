//! What is said of the history of another tool.

use super::Output;
use crate::cli::human::{count, plain};
use crate::cli::json::Object;
use crate::cli::reason::Reason;
use crate::{Comparison, OldHistory, TakenOver};

impl Output<'_> {
    /// It was taken over.
    pub(in crate::cli) fn adopted(&mut self, taken: &TakenOver) {
        let TakenOver { from, migrations, comparison, covers, kept } = taken;
        let (word, differences, why) = comparison.parts();
        if self.json {
            let names: Vec<String> = migrations.iter().map(|(_, name)| name.clone()).collect();
            let line = Object::new(Reason::HISTORY_ADOPTED)
                .text("from", &**from)
                .list("migrations", &names)
                .text("comparison", word)
                .list("differences", differences)
                .text("why_not_compared", why)
                .text("kept", kept.as_deref())
                .line();
            return self.data(&line);
        }
        differences.iter().for_each(|difference| self.note(difference));
        if let Some(why) = why {
            self.note(&format!("the schema was not compared: {why}"));
        }
        let schema = match comparison {
            Comparison::Same(1) => format!("; the schema is what they make (1 object: {covers})"),
            Comparison::Same(objects) => format!("; the schema is what they make ({objects} objects: {covers})"),
            Comparison::Different(_) => ", although the schema differs".to_owned(),
            Comparison::Nothing | Comparison::Impossible(_) => String::new(),
        };
        self.progress("Adopted", &format!("{} that {}{schema}", count(migrations.len()), by(from)));
        if let Some(kept) = kept {
            self.note(&format!("the old history stays in the table `{}`, and is no longer read", plain(kept)));
        }
    }

    /// What is shown is read from one that was not taken over yet.
    pub(super) fn old_history(&mut self, old: &OldHistory) {
        let OldHistory { from, unknown } = old;
        if self.json {
            let line = Object::new(Reason::OLD_HISTORY).text("from", &**from).list("unknown", unknown).line();
            return self.data(&line);
        }
        let up = self.command("up");
        let what = match &**from {
            LIVE => "the schema of the database, which has no history".to_owned(),
            tool => format!("the history of {}", plain(tool)),
        };
        self.note(&format!("this is {what}; {up} takes it over"));
        for key in unknown {
            self.note(&format!("it also has `{}`, which this program does not know", plain(key)));
        }
    }
}

/// Nobody's history.
const LIVE: &str = "live";

/// Who has done it.
pub(in crate::cli) fn by(from: &str) -> String {
    if from == LIVE { "was there before".to_owned() } else { format!("{} applied", plain(from)) }
}
