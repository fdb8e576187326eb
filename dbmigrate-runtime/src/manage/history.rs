//! What only those ask of the history, or write to it, who go back or forget.

use crate::db::Db;
use crate::error::Error;
use crate::history::History;
use crate::value::text;

impl History<'_> {
    /// Lets migrations that were taken out run again although later ones are applied, and empties the head, which
    /// keeps that.
    pub(crate) fn let_run_late(&self, db: &mut Db<'_>, numbers: &[u64]) -> Result<(), Error> {
        self.write_head(db, "")?;
        let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
        db.change(
            "could not change the history",
            format_args!("UPDATE {} SET may_run_late = ?2 WHERE set_name = ?1", self.head_sql),
            &[text(self.set.name), text(&numbers.join(" "))],
        )
    }
}
