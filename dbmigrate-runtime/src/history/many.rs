//! Records many migrations at once, as a start from a snapshot does.

use super::{History, integer, text_checksum};
use crate::db::Db;
use crate::error::Error;
use crate::options::Options;
use crate::set::Migration;
use crate::value::{optional, text};

/// How many rows stand in one statement: SQLite may allow 999 values in one.
const TOGETHER: usize = 100;

impl History<'_> {
    /// Records migrations that a snapshot stood for: none of them ran, so nobody knows how long one would have taken.
    pub(crate) fn insert_all(
        &self,
        db: &mut Db<'_>,
        options: &Options,
        migrations: &[Migration<'_>],
    ) -> Result<(), Error> {
        for some in migrations.chunks(TOGETHER) {
            let mut sql = format!(
                "INSERT INTO {} (set_name, state, tool, name, number, checksum, statements_done, up_sql, down_sql, \
                 text_checksum, prefix_checksum) VALUES ",
                self.rows_sql
            );
            let mut params = vec![text(self.set.name), text(options.tool)];
            for (at, migration) in some.iter().enumerate() {
                let first = params.len() + 1;
                let [up_sql, down_sql] = self.kept(migration)?;
                let done = migration.up.steps.len();
                params.extend([
                    text(migration.name),
                    integer(migration.number)?,
                    text(migration.checksum),
                    integer(done as u64)?,
                    up_sql,
                    down_sql,
                    text_checksum(migration),
                    optional(migration.up.prefix(done)),
                ]);
                sql.push_str(if at == 0 { "(?1, 'applied', ?2" } else { ", (?1, 'applied', ?2" });
                (first..=params.len()).for_each(|param| sql.push_str(&format!(", ?{param}")));
                sql.push(')');
            }
            db.query("could not record the migrations", &sql, &params)?;
        }
        Ok(())
    }
}
