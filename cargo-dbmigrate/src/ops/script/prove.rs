//! Whether a script does what the runner does: both run on the same database in memory, and all of it is compared.

use std::collections::HashMap;

use dbmigrate_core::token::{TokenKind, tokens};
use dbmigrate_runtime::{Migrator, quote_identifier};
use dbmigrate_schema::{ReadOptions, Schema, fill};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::run::{self, Bench, Range};
use super::value::text;
use crate::error::CliError;
use crate::ops::driver::Rusqlite;
use crate::ops::schema::history_tables;

/// How often two runs are compared whose values may depend on the moment.
const ATTEMPTS: usize = 3;

/// How a script is run; it may fail.
pub(super) type Run<'r> = &'r dyn Fn(&mut Connection) -> Result<(), String>;

/// What is proved.
pub(super) struct Claim<'c> {
    pub(super) bench: Bench<'c>,
    pub(super) range: Range,
    /// Whether the script can be run again, and on every version in between.
    pub(super) again: bool,
    /// Takes away what a script takes away and the runner makes anew at its next start: what repeatables make.
    pub(super) gone: Vec<String>,
}

/// What the proof found besides.
#[derive(Debug, Default)]
pub(super) struct Proved {
    /// Why it was not tried with rows, if so.
    pub(super) without_rows: Option<String>,
    /// Tables whose values are others in each run.
    pub(super) by_chance: Vec<String>,
}

impl Claim<'_> {
    /// Runs a script on databases at the first version, with and without rows, and compares each with what the runner
    /// makes of it. `run` says how a script is run.
    pub(super) fn prove(&self, run: Run<'_>) -> Result<Proved, CliError> {
        self.prove_on(&self.bench.at(self.range.from)?, run)
    }

    /// As [`Claim::prove`], on a database that is at the first version.
    pub(super) fn prove_on(&self, base: &Connection, run: Run<'_>) -> Result<Proved, CliError> {
        let mut proved = Proved::default();
        self.one(base, run, &mut proved)?;
        if self.range.from == 0 {
            return Ok(proved);
        }
        let filled = self.bench.copy(base)?;
        match self.fill(&filled) {
            Ok(()) => self.one(&filled, run, &mut proved)?,
            Err(why) => proved.without_rows = Some(why),
        }
        Ok(proved)
    }

    /// Fills a database that the runner can take where it is to go.
    fn fill(&self, base: &Connection) -> Result<(), String> {
        let sets = [self.bench.source].into_iter().chain(self.bench.others);
        let without_tables = sets.flat_map(|set| history_tables(&set.config, set.adoption.as_ref())).collect();
        let options = ReadOptions { without_tables };
        let schema = Schema::read(base, &options).map_err(|error| error.to_string())?;
        fill(base, &schema, 1).map_err(|error| error.to_string())?;
        let mut trial = self.bench.copy(base).map_err(|_| "it could not be copied".to_owned())?;
        self.bench
            .go(self.range, &mut trial)
            .map_err(|error| error.message().lines().next().unwrap_or_default().to_owned())
    }

    /// Takes a database where the script is to take it.
    fn go(&self, database: &mut Connection) -> Result<(), CliError> {
        self.bench.go(self.range, database).map_err(run::refused)?;
        self.gone.iter().try_for_each(|sql| database.execute_batch(sql)).map_err(CliError::in_memory)
    }

    fn one(&self, base: &Connection, run: Run<'_>, proved: &mut Proved) -> Result<(), CliError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut theirs = self.bench.copy(base)?;
            self.go(&mut theirs)?;
            let mut own = self.bench.copy(base)?;
            run(&mut own).map_err(|why| unproven(&format!("it fails: {why}")))?;
            let expected = self.contents(&theirs)?;
            let found = self.contents(&own)?;
            let differing = differences(&expected, &found);
            if differing.is_empty() {
                self.is_clean(&mut own)?;
                return self.repeat(base, &mut own, &expected, run, proved);
            }
            if attempt == ATTEMPTS {
                let mut again = self.bench.copy(base)?;
                self.go(&mut again)?;
                let chance = differences(&expected, &self.contents(&again)?);
                let is_chance = |name: &&String| chance.contains(name);
                let Some(first) = differing.iter().find(|name| !is_chance(name)) else {
                    if self.again {
                        return Err(not_again(&format!("{} differs each time", differing[0])));
                    }
                    proved.by_chance.extend(chance);
                    proved.by_chance.sort_unstable();
                    proved.by_chance.dedup();
                    return self.is_clean(&mut own);
                };
                return Err(unproven(&format!(
                    "{first} differs from what the runner makes{}",
                    shown(first, &expected, &found)
                )));
            }
        }
    }

    /// Runs it again on what it has made, and on every version in between.
    fn repeat(
        &self,
        base: &Connection,
        own: &mut Connection,
        expected: &Contents,
        run: Run<'_>,
        proved: &mut Proved,
    ) -> Result<(), CliError> {
        if !self.again {
            return Ok(());
        }
        let before = self.contents(own)?;
        run(own).map_err(|why| not_again(&format!("it fails: {why}")))?;
        if let Some(first) = differences(&before, &self.contents(own)?).first() {
            return Err(not_again(&format!("it changes {first}")));
        }
        let Range { from, .. } = self.range;
        for between in self.range.spread() {
            let mut other = self.bench.copy(base)?;
            self.bench.go(Range { from, to: between }, &mut other).map_err(run::refused)?;
            run(&mut other).map_err(|why| {
                not_again(&format!("on a database that has {between} of the migrations, it fails: {why}"))
            })?;
            let differing = differences(expected, &self.contents(&other)?);
            if let Some(first) = differing.iter().find(|name| !proved.by_chance.contains(name)) {
                return Err(not_again(&format!(
                    "on a database that has {between} of the migrations, {first} is wrong"
                )));
            }
        }
        Ok(())
    }

    /// The program starts on it with nothing to do, where it is to be at its newest version.
    fn is_clean(&self, database: &mut Connection) -> Result<(), CliError> {
        let migrator = Migrator::<Rusqlite>::new(self.bench.set);
        let verification = migrator.verify(database).map_err(refused)?;
        if let Some(problem) = verification.problems.first() {
            return Err(unproven(&problem.message));
        }
        let status = migrator.status(database).map_err(refused)?;
        let applied = status.entries.iter().filter(|entry| entry.state.is_applied()).count();
        let is_last = self.range.to == self.bench.set.migrations.len();
        let is_current = || status.pending() == 0 && !status.repeatables.iter().any(|it| it.state.is_pending());
        if applied != self.range.to || is_last && self.range.is_up() && !is_current() {
            return Err(unproven("the history differs from what the runner makes"));
        }
        Ok(())
    }

    /// Everything in a database that a runner writes, but for the moment at which it did.
    fn contents(&self, connection: &Connection) -> Result<Contents, CliError> {
        self.try_contents(connection).map_err(CliError::in_memory)
    }

    fn try_contents(&self, connection: &Connection) -> rusqlite::Result<Contents> {
        let table = &self.bench.source.config.table;
        let mut contents = vec![(
            "the schema".to_owned(),
            rows(connection, "SELECT type, name, tbl_name, sql FROM main.sqlite_master ORDER BY type, name")?
                .into_iter()
                .map(|row| normal(&row))
                .collect(),
        )];
        for pragma in ["user_version", "application_id"] {
            contents.push((format!("`{pragma}`"), rows(connection, &format!("PRAGMA {pragma}"))?));
        }
        let own = |suffix: &str| format!("{table}{suffix}");
        let (history, head, repeatables) = (own(""), own("_head"), own("_repeatable"));
        let columns = "set_name, number, name, checksum, state, statements_done, up_sql, down_sql, text_checksum, prefix_checksum, violations";
        let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') AND name <> 'sqlite_schema'";
        for name in rows(connection, sql)?.into_iter().map(|name| unquoted(&name)) {
            let from = format!("main.{}", quote_identifier(&name));
            let sql = if name.eq_ignore_ascii_case(&history) {
                format!("SELECT {columns} FROM {from} ORDER BY set_name, number")
            } else if name.eq_ignore_ascii_case(&head) {
                format!("SELECT * FROM {from} ORDER BY set_name")
            } else if name.eq_ignore_ascii_case(&repeatables) {
                format!(
                    "SELECT set_name, name, checksum, triggers FROM {from} WHERE checksum <> '' ORDER BY set_name, name"
                )
            } else if name == "sqlite_sequence" {
                format!("SELECT * FROM {from} WHERE name <> {} ORDER BY name", text(&history))
            } else {
                format!("SELECT * FROM {from}")
            };
            contents.push((format!("the table `{name}`"), rows(connection, &sql)?));
        }
        contents.sort();
        Ok(contents)
    }
}

/// What there is, by name, with its rows.
type Contents = Vec<(String, Vec<String>)>;

/// The names of what is not the same.
fn differences(one: &Contents, other: &Contents) -> Vec<String> {
    let names = |of: &Contents, than: &Contents| -> Vec<String> {
        let than: HashMap<&str, &[String]> = than.iter().map(|(name, rows)| (name.as_str(), rows.as_slice())).collect();
        let is_other = |(name, rows): &&(String, Vec<String>)| than.get(name.as_str()) != Some(&rows.as_slice());
        of.iter().filter(is_other).map(|(name, _)| name.clone()).collect()
    };
    let mut all = names(one, other);
    all.extend(names(other, one));
    all.dedup();
    all
}

/// The first rows in which they differ.
fn shown(name: &str, expected: &Contents, found: &Contents) -> String {
    let rows = |of: &Contents| of.iter().find(|(it, _)| it == name).map(|(_, rows)| rows.clone()).unwrap_or_default();
    let (expected, found) = (rows(expected), rows(found));
    let first = |of: &[String], than: &[String]| of.iter().find(|row| !than.contains(row)).cloned().unwrap_or_default();
    format!(": `{}` instead of `{}`", first(&found, &expected), first(&expected, &found))
}

/// The rows of a question, each as one text.
fn rows(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let values: Vec<String> = (0..columns)
            .map(|at| {
                Ok(match row.get_ref(at)? {
                    ValueRef::Null => "NULL".to_owned(),
                    ValueRef::Integer(value) => value.to_string(),
                    ValueRef::Real(value) => format!("{value:?}"),
                    ValueRef::Text(bytes) => format!("'{}'", String::from_utf8_lossy(bytes)),
                    ValueRef::Blob(bytes) => format!("x{bytes:02x?}"),
                })
            })
            .collect::<rusqlite::Result<_>>()?;
        out.push(values.join("|"));
    }
    Ok(out)
}

fn unquoted(text: &str) -> String {
    text.trim_matches('\'').to_owned()
}

/// A text of the schema without what blanks make of it.
fn normal(row: &str) -> String {
    let words = tokens(row).filter(|token| token.kind != TokenKind::Space).map(|token| token.text(row));
    words.collect::<Vec<_>>().join(" ")
}

fn not_again(why: &str) -> CliError {
    CliError::failure(format!("the script can't be run again: {why}"))
        .help("for a script that runs once, remove `--idempotent`")
}

const UNPROVEN: &str = "the script does not do what the runner does: ";
const REPORT: &str =
    "nothing was written; this is a fault of `cargo dbmigrate script`, please report it with the migrations";

fn unproven(why: &str) -> CliError {
    CliError::failure(format!("{UNPROVEN}{why}")).help(REPORT)
}

/// The program would not start on what the script made.
fn refused(error: dbmigrate_runtime::Error) -> CliError {
    CliError::from(error).found_by(UNPROVEN).help(REPORT)
}
