//! Runs a script without a transaction, step by step, as the runner would: each that can has a transaction of its own, and
//! the script's own groups are one step.

use dbmigrate_core::config::ForeignKeys;
use dbmigrate_core::statement::{Effect, Statement};
use dbmigrate_core::{Diagnostic, Location, Script, Step};
use rusqlite::Connection;

use crate::execute::{self, asserts, enforce, refuse_growth, refuse_hidden, step_of, unexpected};
use crate::observer::ReplayObserver;
use crate::violations::Violations;
use crate::{drops, foreign_keys};

pub(crate) fn run(
    connection: &Connection,
    rule: ForeignKeys,
    script: &Script,
    observer: &mut dyn ReplayObserver,
) -> Result<(), Diagnostic> {
    let failed = |error: rusqlite::Error| unexpected(script, &error);
    refuse_hidden(connection, script, "begins")?;
    asserts(connection, script)?;
    let enforced = foreign_keys::choose(connection, rule, script, false)?;
    observer.script_begins(connection).map_err(failed)?;
    enforce(connection, enforced).map_err(failed)?;
    let mut walk = Walk { connection, script, enforced, before: None };
    walk.look_at_enforcement()?;
    let statements: Vec<&Statement> = script.steps.iter().filter_map(sql).collect();
    let mut rest = statements.as_slice();
    while let Some(first) = rest.first() {
        let count = match first.effect {
            Effect::Begin => rest.iter().position(|it| it.effect == Effect::Commit).map_or(rest.len(), |last| last + 1),
            _ => 1,
        };
        let (step, next) = rest.split_at(count);
        let went = walk.step(step, observer);
        if !connection.is_autocommit() {
            execute::run(connection, "ROLLBACK").map_err(failed)?;
        }
        went?;
        walk.look_at_enforcement()?;
        walk.refuse_query_only(step)?;
        rest = next;
    }
    walk.before.map_or(Ok(()), |before| refuse_growth(connection, script, &before, true))
}

struct Walk<'w> {
    connection: &'w Connection,
    script: &'w Script,
    enforced: bool,
    /// The violations from before the first step that ran without enforcement.
    before: Option<Violations>,
}

impl Walk<'_> {
    /// Runs a statement, or a group from its BEGIN to its COMMIT.
    fn step(&mut self, step: &[&Statement], observer: &mut dyn ReplayObserver) -> Result<(), Diagnostic> {
        if self.enforced && self.needs_off(step)? {
            enforce(self.connection, false).map_err(|error| unexpected(self.script, &error))?;
            self.look_at_enforcement()?;
        }
        step.iter().try_for_each(|statement| step_of(self.connection, self.script, statement, observer))?;
        match step.first().map(|first| &first.effect) {
            None | Some(Effect::Session | Effect::Bare { .. }) => Ok(()),
            Some(_) => refuse_hidden(self.connection, self.script, "goes on"),
        }
    }

    /// Whether a step comes to drop a table that others refer to by then. What it does on the way is taken back unseen.
    fn needs_off(&self, step: &[&Statement]) -> Result<bool, Diagnostic> {
        let Some(last) = step.iter().rposition(|it| matches!(it.effect, Effect::DropTable(_))) else {
            return Ok(false);
        };
        let mut needs_off = Ok(false);
        for statement in &step[..=last] {
            if let Effect::DropTable(table) = &statement.effect {
                needs_off = drops::needs_off(self.connection, self.script, (statement, table), &[]);
                if !matches!(needs_off, Ok(false)) {
                    break;
                }
            }
            // What fails does so again, before somebody who looks on.
            if step.len() == 1 || execute::run(self.connection, self.script.source.slice(statement.span)).is_err() {
                break;
            }
        }
        if !self.connection.is_autocommit() {
            execute::run(self.connection, "ROLLBACK").map_err(|error| unexpected(self.script, &error))?;
        }
        needs_off
    }

    /// The runner writes down how far it has come, after each step.
    fn refuse_query_only(&self, step: &[&Statement]) -> Result<(), Diagnostic> {
        let Some(statement) = step.iter().rfind(|it| it.effect == Effect::Session) else { return Ok(()) };
        let is_on = || self.connection.query_row("PRAGMA query_only", [], |row| row.get::<_, bool>(0));
        if !is_on().map_err(|error| unexpected(self.script, &error))? {
            return Ok(());
        }
        let message = "with `query_only`, the progress of a file without a transaction can't be recorded";
        let place = Location::new(&self.script.source, self.script.source.first_line(statement.span));
        Err(Diagnostic::error("query-only", message).at(place).help("remove it"))
    }

    /// A step may have switched enforcement itself: from then on that is what holds.
    fn look_at_enforcement(&mut self) -> Result<(), Diagnostic> {
        let failed = |error: rusqlite::Error| unexpected(self.script, &error);
        self.enforced = self.connection.query_row("PRAGMA foreign_keys", [], |row| row.get(0)).map_err(failed)?;
        if !self.enforced && self.before.is_none() {
            self.before = Some(Violations::read(self.connection).map_err(failed)?);
        }
        Ok(())
    }
}

fn sql(step: &Step) -> Option<&Statement> {
    match step {
        Step::Sql(statement) => Some(statement),
        Step::Call { .. } => None,
    }
}
