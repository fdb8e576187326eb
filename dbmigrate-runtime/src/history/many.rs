//! Records many migrations at once: those that fill a fresh database, or that its snapshot stands for.

use std::fmt::Write;

use super::{History, integer, text_checksum, times};
use crate::db::Db;
use crate::error::Error;
use crate::history_row::Took;
use crate::options::Options;
use crate::set::Migration;
use crate::value::{optional, text};

/// How many rows stand in one statement: SQLite may allow 999 values in one.
const TOGETHER: usize = 90;

impl History<'_> {
    /// Records migrations, in the transaction in which they were applied. How long one took is not known of those that
    /// a snapshot stood for.
    pub(crate) fn insert_all(
        &self,
        db: &mut Db<'_>,
        options: &Options,
        applied: &[(&Migration<'_>, Option<Took<'_>>)],
    ) -> Result<(), Error> {
        for some in applied.chunks(TOGETHER) {
            let mut sql = format!(
                "INSERT INTO {} (set_name, state, tool, name, number, checksum, statements_done, up_sql, down_sql, \
                 text_checksum, prefix_checksum, duration_us, steps_us) VALUES ",
                self.rows_sql
            );
            // What the parameters refer to.
            let mut kept = Vec::new();
            for (migration, took) in some {
                kept.push((self.kept(migration)?, times(options, *took)));
            }
            let mut params = vec![text(self.set.name), text(options.tool)];
            for (at, ((migration, _), (texts, (duration, steps)))) in some.iter().zip(&kept).enumerate() {
                let first = params.len() + 1;
                let [up_sql, down_sql] = texts;
                let done = migration.up.steps.len();
                params.extend_from_slice(&[
                    text(migration.name),
                    integer(migration.number)?,
                    text(migration.checksum),
                    integer(done as u64)?,
                    optional(up_sql.as_deref()),
                    optional(down_sql.as_deref()),
                    text_checksum(migration),
                    optional(migration.up.prefix(done)),
                    *duration,
                    optional(steps.as_deref()),
                ]);
                sql.push_str(if at == 0 { "(?1, 'applied', ?2" } else { ", (?1, 'applied', ?2" });
                for param in first..=params.len() {
                    // Writing to a string does not fail.
                    let _ = write!(sql, ", ?{param}");
                }
                sql.push(')');
            }
            db.change("could not record the migrations", &sql, &params)?;
        }
        Ok(())
    }
}
