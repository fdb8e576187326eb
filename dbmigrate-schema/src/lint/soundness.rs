//! Views and triggers that no longer make sense: SQLite takes them, and says so only to those who use them.
//!
//! A view is asked by a query, a trigger by the event that it waits for, prepared and not run. Only what a migration
//! made, and what names a table or view that it changed, can have become another answer. Where several triggers wait
//! for one event, SQLite does not say which of them fails: those that the migration touched are to blame.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use dbmigrate_core::Span;
use dbmigrate_core::token::unquote;
use rusqlite::Connection;

use super::migration::Statement;
use super::state::{Key, Known, State};
use crate::execute::message;
use crate::model::{Event, Kind, Name, Object};
use crate::quotes;
use crate::views::wants_program;

/// A view or trigger that a migration leaves behind and that can't be used.
#[derive(Debug, Clone)]
pub(crate) struct Broken {
    pub(crate) object: Object,
    /// What SQLite says.
    pub(crate) why: String,
    /// The statement that made it, or that took away what it needs.
    pub(crate) statement: usize,
    /// Whether it only wants what the program registers.
    pub(crate) wants_program: bool,
}

/// A view or trigger in which a word in double quotes is a text: one of the migration, or one whose column it took away.
#[derive(Debug, Clone)]
pub(crate) struct QuotedIn {
    pub(crate) object: Object,
    pub(crate) statement: usize,
    /// Its place in the text of the object.
    pub(crate) word: Span,
    /// Whether it was the name of a column before.
    pub(crate) was_column: bool,
}

impl QuotedIn {
    /// The word, with its quotes.
    pub(crate) fn word(&self) -> &str {
        &self.object.text()[self.word.start..self.word.end]
    }
}

/// What a migration did to views and triggers.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) broken: Vec<Broken>,
    pub(crate) quoted: Vec<QuotedIn>,
}

/// The views and triggers that can't be used now, each with the question that fails.
#[derive(Debug, Clone, Default)]
pub(crate) struct Failing(HashMap<Key, String>);

impl Failing {
    pub(crate) fn contains(&self, object: &Object) -> bool {
        self.0.contains_key(&object.key())
    }

    /// Asks everything, where nobody knows what was changed.
    pub(super) fn judge_all(&mut self, connection: &Connection, state: &State, later: &HashSet<Name>) {
        let mut answers = Answers { connection, state, later, known: HashMap::new() };
        let failed = state.iter().filter_map(|known| match answers.ask(&known.object)? {
            (question, Some(_)) => Some((known.object.key(), question)),
            (_, None) => None,
        });
        self.0 = failed.collect();
    }

    /// Asks what a migration may have changed. `later` are the names of what repeatables make afterwards.
    pub(super) fn judge(
        &mut self,
        connection: &Connection,
        statements: &[Statement<'_>],
        state: &State,
        later: &HashSet<Name>,
    ) -> Verdict {
        let mut verdict = Verdict::default();
        if statements.iter().all(|statement| statement.changes.is_empty()) {
            return verdict;
        }
        let mut answers = Answers { connection, state, later, known: HashMap::new() };
        let failed: HashMap<Key, String> = std::mem::take(&mut self.0);
        // What failed before may be sound again, or gone.
        for (kind, name) in failed.keys() {
            let Some(known) = state.get(*kind, name) else { continue };
            if let Some((question, Some(_))) = answers.ask(&known.object) {
                self.0.insert((*kind, name.clone()), question);
            }
        }
        let gone = gone_columns(statements, state);
        for (known, statement) in Touched::by(statements, state).0 {
            let Some((question, answer)) = answers.ask(&known.object) else { continue };
            let object = known.object.clone();
            match answer {
                // Somebody else's fault, or an old one.
                Some(_) if failed.values().any(|before| *before == question) => {}
                Some(why) => {
                    let wants_program = wants_program(&why);
                    self.0.insert(object.key(), question);
                    verdict.broken.push(Broken { object, why, statement, wants_program });
                }
                None => {
                    let Some(word) = quotes::word_in(connection, &question, object.text()) else { continue };
                    let is_made = statements[statement].changes.iter().any(|it| it.after.as_ref() == Some(known));
                    let was_column = gone.contains(&Name::new(unquote(&object.text()[word.start..word.end])));
                    if is_made || was_column {
                        verdict.quoted.push(QuotedIn { object, statement, word, was_column });
                    }
                }
            }
        }
        verdict
    }
}

/// The columns that tables had before statements, and have no more.
fn gone_columns(statements: &[Statement<'_>], state: &State) -> HashSet<Name> {
    let changes = statements.iter().flat_map(|statement| &statement.changes);
    let tables = changes.filter_map(|it| it.before.as_ref()?.table());
    let is_gone = |table: &Name, column: &Name| {
        let now = state.get(Kind::Table, table).and_then(|known| known.table());
        now.is_none_or(|now| now.column(column).is_none())
    };
    tables
        .flat_map(|table| table.columns.iter().map(|it| &it.name).filter(|column| is_gone(&table.name, column)))
        .cloned()
        .collect()
}

/// The answers to questions, each asked once.
struct Answers<'a> {
    connection: &'a Connection,
    state: &'a State,
    later: &'a HashSet<Name>,
    known: HashMap<String, Option<String>>,
}

impl Answers<'_> {
    /// The question that is asked of a view or trigger, and what SQLite says against it.
    fn ask(&mut self, object: &Object) -> Option<(String, Option<String>)> {
        let question = question(self.connection, self.state, object)?;
        if let Some(answer) = self.known.get(&question) {
            return Some((question, answer.clone()));
        }
        let answer = fault(self.connection, &question, self.later);
        self.known.insert(question.clone(), answer.clone());
        Some((question, answer))
    }
}

/// The views and triggers that a migration may have made another thing of, each with the statement that did so.
struct Touched<'a>(Vec<(&'a Rc<Known>, usize)>);

impl<'a> Touched<'a> {
    fn by(statements: &[Statement<'_>], state: &'a State) -> Self {
        let mut changed: HashMap<Name, usize> = HashMap::new();
        let mut made: HashMap<Key, usize> = HashMap::new();
        for (at, statement) in statements.iter().enumerate() {
            for it in &statement.changes {
                let (kind, name) = &it.key;
                if it.before.is_some() && matches!(kind, Kind::Table | Kind::VirtualTable | Kind::View) {
                    changed.insert(name.clone(), at);
                }
                if it.after.is_some() && matches!(kind, Kind::View | Kind::Trigger) {
                    made.insert(it.key.clone(), at);
                }
            }
        }
        // A view that is touched touches those that read it.
        let mut reached: HashMap<Key, usize> = made.clone();
        let mut pending: Vec<(Name, usize)> = changed.into_iter().collect();
        while let Some((name, at)) = pending.pop() {
            for known in state.naming(&name) {
                let key = known.object.key();
                if made.contains_key(&key) || reached.get(&key).is_some_and(|before| *before >= at) {
                    continue;
                }
                if key.0 == Kind::View {
                    pending.push((key.1.clone(), at));
                }
                reached.insert(key, at);
            }
        }
        let known = |((kind, name), at): (Key, usize)| Some((state.get(kind, &name)?, at));
        let mut objects: Vec<_> = reached.into_iter().filter_map(known).collect();
        objects.sort_by_key(|(known, at)| (*at, known.object.name().folded()));
        Self(objects)
    }
}

/// The statement that uses a view or sets off a trigger; none where there is none.
fn question(connection: &Connection, state: &State, object: &Object) -> Option<String> {
    match object {
        Object::View(view) => Some(format!("SELECT * FROM main.{}", view.name.to_sql())),
        Object::Trigger(trigger) => {
            let table = trigger.table.to_sql();
            match &trigger.event {
                Event::Insert => Some(format!("INSERT INTO main.{table} DEFAULT VALUES")),
                Event::Delete => Some(format!("DELETE FROM main.{table}")),
                Event::Update(of) => {
                    let columns = match state.get(Kind::Table, &trigger.table) {
                        Some(known) => {
                            let own = known.table()?.columns.iter().filter(|column| column.generated.is_none());
                            own.map(|column| column.name.clone()).collect()
                        }
                        None => columns_of_view(connection, &table)?,
                    };
                    let column = columns.iter().find(|column| of.is_empty() || of.contains(column))?.to_sql();
                    Some(format!("UPDATE main.{table} SET {column} = {column}"))
                }
            }
        }
        _ => None,
    }
}

fn columns_of_view(connection: &Connection, view: &str) -> Option<Vec<Name>> {
    let statement = connection.prepare(&format!("SELECT * FROM main.{view}")).ok()?;
    Some(statement.column_names().map(Name::new).collect())
}

/// What SQLite says against a question, where that is the fault of a view or trigger.
fn fault(connection: &Connection, question: &str, later: &HashSet<Name>) -> Option<String> {
    let why = message(&connection.prepare(question).err()?);
    let missing = why.strip_prefix("no such table: ").map(|name| name.strip_prefix("main.").unwrap_or(name));
    let comes = missing.is_some_and(|name| later.contains(&Name::new(name)));
    (!comes && !why.starts_with("foreign key mismatch")).then_some(why)
}
