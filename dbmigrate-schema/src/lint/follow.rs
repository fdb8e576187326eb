//! Looks on while the set is replayed, and lets every rule judge each migration once it has run.
//!
//! The migrations before the first one that is judged are not followed: what they have led to is looked at once.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dbmigrate_core::statement::{Effect, Statement as Source};
use dbmigrate_core::{Body, MigrationSet, Script, Span};
use rusqlite::Connection;
use rusqlite::hooks::{AuthContext, Authorization};
use sqlite3_parser::Bump;
use sqlite3_parser::ast::{AlterTableBody, Stmt};

use super::finding::{End, Finding, Findings, Moot};
use super::history::History;
use super::migration::{Migration, Statement};
use super::operation::{Operation, OperationKind};
use super::rule::Check;
use super::rules::RULES;
use super::script_effects::{self, ScriptEffects};
use super::soundness::Failing;
use super::state::{Changed, Look, State};
use super::{Options, lineage, tree};
use crate::model::{Kind, Name};
use crate::observer::ReplayObserver;
use crate::quotes;

/// Follows a replay.
pub(crate) struct Follower<'a> {
    set: &'a MigrationSet,
    options: &'a Options<'a>,
    /// How many migrations at the beginning are not judged, nor is any before them.
    unjudged: usize,
    /// Whether these have run, and it looks on.
    follows: Arc<AtomicBool>,
    /// What SQLite says while it prepares a statement.
    heard: Arc<Mutex<Vec<Operation>>>,
    pub(crate) state: State,
    /// What the statements of the migration did that runs now.
    ran: Vec<Ran>,
    /// What another database had otherwise, when it came.
    unseen: Vec<Changed>,
    /// The place of that migration in the set; none before the first.
    at: Option<usize>,
    /// The words of the statement that runs next that are texts by accident.
    quoted: Vec<Span>,
    failing: Failing,
    /// What repeatables make, after all migrations.
    later: HashSet<Name>,
    findings: Vec<(Finding, Option<Moot>)>,
}

struct Ran {
    span: Span,
    quoted: Vec<Span>,
    operations: Vec<Operation>,
    changes: Vec<Changed>,
}

impl<'a> Follower<'a> {
    pub(crate) fn new(set: &'a MigrationSet, options: &'a Options<'a>) -> Self {
        let unjudged = set.migrations.iter().take_while(|it| options.is_old(it.number)).count();
        Self {
            set,
            options,
            unjudged,
            follows: Arc::default(),
            heard: Arc::default(),
            state: State::default(),
            ran: Vec::new(),
            unseen: Vec::new(),
            at: None,
            quoted: Vec::new(),
            failing: Failing::default(),
            later: set.repeatables.iter().flat_map(|it| &it.objects).map(|it| Name::new(&it.name)).collect(),
            findings: Vec::new(),
        }
    }

    /// What the rules found and no later migration has seen to.
    pub(super) fn finish(self) -> Vec<Finding> {
        let end = End { state: &self.state, failing: &self.failing };
        let stands =
            |(finding, moot): (Finding, Option<Moot>)| (!moot.is_some_and(|moot| moot(&end))).then_some(finding);
        self.findings.into_iter().filter_map(stands).collect()
    }

    /// Begins to follow, from what is there now.
    fn follow(&mut self, connection: &Connection) -> rusqlite::Result<Vec<Changed>> {
        let there = self.state.look(connection, &Look::Everything, self.at)?;
        self.failing.judge_all(connection, &self.state, &self.later);
        self.follows.store(true, Ordering::Relaxed);
        Ok(there)
    }

    fn follows(&self) -> bool {
        self.follows.load(Ordering::Relaxed)
    }

    fn hear(&self) -> Vec<Operation> {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes back what the statements of this script did.
    fn take_back(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let ran = std::mem::take(&mut self.ran);
        if ran.is_empty() {
            return Ok(());
        }
        self.state.take_back(connection, ran.into_iter().rev().flat_map(|ran| ran.changes.into_iter().rev()))
    }

    /// Follows another database from now on, and says what it has otherwise. What a script did that came to no end is
    /// taken back.
    pub(crate) fn turn_to(&mut self, connection: &mut Connection) -> rusqlite::Result<Vec<Changed>> {
        self.take_back(connection)?;
        let (follows, heard) = (Arc::clone(&self.follows), Arc::clone(&self.heard));
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            if follows.load(Ordering::Relaxed)
                && let Some(operation) = Operation::new(&context)
            {
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(operation);
            }
            Authorization::Allow
        }))?;
        match self.follows() {
            true => self.state.look(connection, &Look::Everything, self.at),
            false if self.unjudged == 0 => self.follow(connection),
            false => Ok(Vec::new()),
        }
    }

    /// What has happened to the schema since the script that has just run began, or came with another database.
    pub(crate) fn settle(&mut self) -> Vec<Changed> {
        let ran = std::mem::take(&mut self.ran).into_iter().flat_map(|ran| ran.changes);
        std::mem::take(&mut self.unseen).into_iter().chain(ran).collect()
    }

    /// As [`Follower::settle`], with what it did to rows.
    pub(crate) fn effects_of(&mut self, script: &Script) -> ScriptEffects {
        let bump = Bump::new();
        script_effects::of(script, self.statements(script, &bump))
    }

    fn statements<'b>(&mut self, script: &'b Script, bump: &'b Bump) -> Vec<Statement<'b>> {
        let ran = std::mem::take(&mut self.ran).into_iter();
        ran.map(|Ran { span, quoted, operations, changes }| {
            let sql = script.source.slice(span);
            Statement { sql, span, tree: tree::parse(bump, sql), quoted, operations, changes }
        })
        .collect()
    }

    /// Lets the rules judge.
    fn judge(&mut self, connection: &Connection) {
        let Some((at, source)) = self.at.and_then(|at| Some((at, self.set.migrations.get(at)?))) else { return };
        let Body::Sql { up: script, .. } = &source.body else { return self.failing.forget_words() };
        let bump = Bump::new();
        let statements = self.statements(script, &bump);
        let lineage = lineage::follow(&statements);
        let verdict = self.failing.judge(connection, &statements, &self.state, &self.later);
        let migration = Migration {
            set: self.set,
            at,
            source,
            script,
            statements: &statements,
            history: &History::of(&statements),
            after: &self.state,
            lineage: &lineage,
            verdict: &verdict,
            connection,
            options: self.options,
        };
        if !self.options.is_old(source.number) {
            for rule in RULES.iter().copied() {
                if let Check::Migration(check) | Check::Rows(check) = rule.check {
                    let mut findings = Findings { rule, number: source.number, found: &mut self.findings };
                    check(&migration, &mut findings);
                }
            }
        }
        // A table that is recreated is as old as it was.
        let rebuilt: Vec<_> = lineage.changes.iter().filter(|change| change.rebuild.is_some()).collect();
        let aged = rebuilt.into_iter().map(|change| {
            let mut known = (*change.after).clone();
            known.born = change.before.born;
            known
        });
        for known in aged.collect::<Vec<_>>() {
            let key = (Kind::Table, known.object.name().clone());
            if self.state.get(key.0, &key.1).is_some_and(|now| now.object == known.object) {
                self.state.set(key, Some(known.into()));
            }
        }
        // What the rules asked is nobody's doing.
        self.hear();
    }
}

impl ReplayObserver for Follower<'_> {
    fn connection_opened(&mut self, connection: &mut Connection) -> rusqlite::Result<()> {
        self.unseen = self.turn_to(connection)?;
        Ok(())
    }

    fn migration_begins(&mut self, at: usize) {
        self.ran.clear();
        self.at = Some(at);
    }

    fn script_begins(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.take_back(connection)
    }

    fn statement_begins(&mut self, connection: &Connection, script: &Script, statement: &Source) {
        if !self.follows() {
            return;
        }
        self.quoted = quotes::words(connection, script.source.slice(statement.span));
        self.hear();
    }

    fn statement_ran(&mut self, connection: &Connection, script: &Script, statement: &Source) -> rusqlite::Result<()> {
        if !self.follows() {
            return Ok(());
        }
        let operations = self.hear();
        let mut changes = Vec::new();
        // VACUUM lays the schema's own table out anew.
        let looks = match statement.effect {
            Effect::Bare { .. } => vec![Look::Everything],
            _ => looks(script.source.slice(statement.span), &operations),
        };
        for look in looks {
            changes.extend(self.state.look(connection, &look, self.at)?);
        }
        self.ran.push(Ran { span: statement.span, quoted: std::mem::take(&mut self.quoted), operations, changes });
        Ok(())
    }

    fn migration_ran(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if self.follows() {
            self.judge(connection);
        } else if self.at.is_some_and(|at| at + 1 == self.unjudged && self.unjudged < self.set.migrations.len()) {
            self.follow(connection)?;
        }
        Ok(())
    }
}

/// What a statement may have changed in the schema.
fn looks(sql: &str, operations: &[Operation]) -> Vec<Look> {
    let mut looks = Vec::new();
    for operation in operations {
        let look = match &operation.kind {
            OperationKind::Module | OperationKind::Transaction => Look::Everything,
            OperationKind::Create => Look::New,
            OperationKind::Drop(kind, name) => Look::Gone((*kind, name.clone())),
            OperationKind::Alter(table) => {
                if is_in_place(sql) {
                    Look::Table(table.clone())
                } else {
                    Look::Everything
                }
            }
            _ => continue,
        };
        if !looks.contains(&look) {
            looks.push(look);
        }
    }
    // Whoever writes to the schema by hand does so outside of all of these.
    let by_hand = operations.iter().any(|operation| operation.kind == OperationKind::WriteSchema);
    if by_hand && looks.is_empty() || looks.contains(&Look::Everything) {
        looks = vec![Look::Everything];
    }
    looks
}

/// Whether an `ALTER TABLE` changes the text of its table and no other.
fn is_in_place(sql: &str) -> bool {
    let bump = Bump::new();
    !matches!(
        tree::parse(&bump, sql),
        None | Some(Stmt::AlterTable(_, AlterTableBody::RenameTo(_) | AlterTableBody::RenameColumn { .. }))
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dbmigrate_core::config::ForeignKeys;
    use dbmigrate_core::{Config, SourceText, script};

    use super::*;
    use crate::execute;
    use crate::model::Schema;
    use crate::read::{ReadOptions, read};

    /// The kind, name and text of each object, in their order by name.
    fn shown(schema: &Schema) -> Vec<String> {
        let mut shown: Vec<_> =
            schema.objects.iter().map(|it| format!("{} {} {}", it.kind(), it.name(), it.text())).collect();
        shown.sort();
        shown
    }

    #[test]
    fn what_is_followed_is_what_there_is() {
        let set = MigrationSet::empty(Config::default());
        let options = Options::default();
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE old (a, b); CREATE VIEW seen AS SELECT a FROM old").unwrap();
        let mut follower = Follower::new(&set, &options);
        follower.connection_opened(&mut connection).unwrap();
        for text in [
            "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a); CREATE INDEX i ON t (a); \
             CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END;",
            "CREATE TABLE IF NOT EXISTS t (b); CREATE TABLE u (t REFERENCES t); CREATE VIEW v AS SELECT * FROM t",
            "ALTER TABLE t ADD COLUMN c; ALTER TABLE t RENAME COLUMN a TO z; ALTER TABLE t DROP COLUMN c",
            "ALTER TABLE t RENAME TO tt; DROP INDEX IF EXISTS nope; DROP TRIGGER g; CREATE TEMP TABLE x (a)",
            // Foreign keys come to be off in the middle, and it all runs again.
            "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p); DROP TABLE p; CREATE TABLE p (b PRIMARY KEY)",
            "CREATE VIRTUAL TABLE f USING fts5 (a); INSERT INTO f VALUES ('x'); CREATE TABLE after_f (a)",
            "CREATE TRIGGER h AFTER INSERT ON after_f BEGIN INSERT INTO f VALUES (new.a); END; \
             CREATE INDEX k ON after_f (a); ALTER TABLE after_f RENAME TO before_f; ALTER TABLE f RENAME TO g; \
             ALTER TABLE g RENAME TO f; ALTER TABLE before_f RENAME TO after_f",
            "DROP TABLE f; DROP TABLE after_f; CREATE TABLE again (a); DROP TABLE again; CREATE TABLE again (b)",
            "-- dbmigrate: no-transaction\nVACUUM; CREATE TABLE late (a);\nBEGIN; CREATE TABLE in_between (a); COMMIT;",
            "CREATE TABLE copied AS SELECT * FROM old; DROP VIEW seen; DROP TABLE old; ANALYZE",
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE copied (a, b, c)' \
             WHERE name = 'copied'; PRAGMA writable_schema = OFF; CREATE TABLE last (a)",
        ] {
            let mut problems = Vec::new();
            let script = script::parse(&Arc::new(SourceText::new("001_a.sql", text)), &mut problems).up;
            assert_eq!(problems, []);
            follower.ran.clear();
            execute::script(&connection, ForeignKeys::On, &script, true, &mut follower).unwrap();
            let followed = Schema { objects: follower.state.iter().map(|known| known.object.clone()).collect() };
            let there = read(&connection, &ReadOptions::default()).unwrap();
            assert_eq!(shown(&followed), shown(&there), "{text}");
            // What can be looked up is what has been followed.
            for known in follower.state.iter() {
                let name = known.object.name();
                assert_eq!(follower.state.at_its_place(known), Some(known), "{text}: {name}");
                if known.object.kind() == Kind::VirtualTable {
                    assert!(follower.state.virtual_tables().any(|it| it == known), "{text}: {name}");
                }
                for key in known.table().into_iter().flat_map(|table| table.foreign_keys()) {
                    assert!(follower.state.referring(&key.parent).any(|it| it == known), "{text}: {name}");
                }
            }
        }
        // And back, as if none of the last script had run.
        let before = follower.ran.len();
        assert!(before > 0);
        follower.take_back(&connection).unwrap();
        assert!(follower.state.get(Kind::Table, &crate::Name::new("last")).is_none());
        assert!(follower.state.get(Kind::Table, &crate::Name::new("late")).is_some());
    }
}
