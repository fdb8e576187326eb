//! Views and triggers that no longer make sense: SQLite takes them, and says so only to those who use them.
//!
//! A view is asked by a query, a trigger by the event that it waits for, prepared and not run. Only what a migration
//! made, and what names a table or view that it changed, can have become another answer. Where several triggers wait
//! for one event, SQLite does not say which of them fails: those that the migration touched are to blame.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use dbmigrate_core::token::unquote;
use rusqlite::Connection;

use super::migration::Statement;
use super::state::{Changed, Key, Known, State};
use crate::execute::message;
use crate::model::{Event, Kind, Name, Object};
use crate::quotes::{self, Words};
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

/// What a word in double quotes is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// A text, in a view or trigger of the migration.
    Text,
    /// A text, which was a name in the same view or trigger before.
    ColumnToText,
    /// A name, which was a text in the same view or trigger before.
    TextToColumn,
}

/// A view or trigger in which a word in double quotes is a text, or was one: one of the migration, or one of which it
/// has changed what the word means.
#[derive(Debug, Clone)]
pub(crate) struct QuotedIn {
    pub(crate) object: Object,
    pub(crate) statement: usize,
    /// With its quotes.
    pub(crate) word: String,
    pub(crate) turn: Turn,
}

/// What a migration did to views and triggers.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) broken: Vec<Broken>,
    pub(crate) quoted: Vec<QuotedIn>,
}

/// What is known of the views and triggers that there are now.
#[derive(Debug, Clone, Default)]
pub(crate) struct Failing {
    /// Those that can't be used, each with the question that fails.
    questions: HashMap<Key, String>,
    /// The words in double quotes of those that can.
    words: quotes::Found,
}

impl Failing {
    pub(crate) fn contains(&self, object: &Object) -> bool {
        self.questions.contains_key(&object.key())
    }

    /// Nobody knows what another hand has made of words.
    pub(super) fn forget_words(&mut self) {
        self.words.clear();
    }

    /// Asks everything, where nobody knows what was changed.
    pub(super) fn judge_all(&mut self, connection: &Connection, state: &State, later: &HashSet<Name>) {
        let mut answers = Answers::new(connection, state, later);
        *self = Self::default();
        let mut sound = Vec::new();
        for known in state.iter() {
            match answers.ask(&known.object) {
                Some((question, Some(_))) => drop(self.questions.insert(known.object.key(), question)),
                Some((question, None)) => sound.push((known, question)),
                None => {}
            }
        }
        let mut words = answers.words(&sound);
        sound.into_iter().for_each(|(known, _)| self.learn(&known.object, words.remove(&known.object.key())));
    }

    fn learn(&mut self, object: &Object, words: Option<Words>) {
        match words {
            Some(words) => drop(self.words.insert(object.key(), words)),
            None => drop(self.words.remove(&object.key())),
        }
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
        let mut answers = Answers::new(connection, state, later);
        let failed: HashMap<Key, String> = std::mem::take(&mut self.questions);
        // What failed before may be sound again, or gone.
        for (kind, name) in failed.keys() {
            let Some(known) = state.get(*kind, name) else { continue };
            if let Some((question, Some(_))) = answers.ask(&known.object) {
                self.questions.insert((*kind, name.clone()), question);
            }
        }
        let (mut sound, mut statement_of) = (Vec::new(), Vec::new());
        for (known, statement) in Touched::by(statements, state).0 {
            let Some((question, answer)) = answers.ask(&known.object) else { continue };
            let object = known.object.clone();
            match answer {
                // Somebody else's fault, or an old one.
                Some(_) if failed.values().any(|before| *before == question) => {}
                Some(why) => {
                    let wants_program = wants_program(&why);
                    self.questions.insert(object.key(), question);
                    verdict.broken.push(Broken { object, why, statement, wants_program });
                }
                None => {
                    sound.push((known, question));
                    statement_of.push(statement);
                }
            }
        }
        let mut words = answers.words(&sound);
        for ((known, _), statement) in sound.into_iter().zip(statement_of) {
            let (object, words) = (&known.object, words.remove(&known.object.key()));
            if let Some(words) = &words {
                let turned = self.text_in(known, &words.texts, statements, state);
                for (word, turn) in turned.into_iter().chain(self.column_in(known, words, statements)) {
                    verdict.quoted.push(QuotedIn { object: object.clone(), statement, word, turn });
                }
            }
            self.learn(object, words);
        }
        verdict
    }

    /// The words of a view or trigger before the migration, if they are known.
    fn words_before(&self, known: &Rc<Known>, statements: &[Statement<'_>]) -> Option<&Words> {
        let key = known.object.key();
        let own = changes(statements).find(|it| it.key == key).map_or(Some(known), |it| it.before.as_ref())?;
        self.words.get(&key).filter(|words| own.object.text() == words.text)
    }

    /// Which of the texts in a view or trigger was a column in it before or, where there is none and the migration made
    /// it, the first one.
    fn text_in(
        &self,
        known: &Rc<Known>,
        texts: &[String],
        statements: &[Statement<'_>],
        state: &State,
    ) -> Option<(String, Turn)> {
        let first = texts.first()?;
        let before = self.words_before(known, statements);
        let was_column = |word: &&String| {
            let name = Name::new(unquote(word));
            before.is_some_and(|words| {
                // Elsewhere in another text it may be a text by right.
                words.names.contains(&name) && (words.text == known.object.text() || is_gone(&name, statements, state))
            })
        };
        match texts.iter().find(was_column) {
            Some(word) => Some((word.clone(), Turn::ColumnToText)),
            None => {
                let is_made = changes(statements).any(|it| it.after.as_ref() == Some(known));
                is_made.then(|| (first.clone(), Turn::Text))
            }
        }
    }

    /// Which of the names in a view or trigger was a text in it before, where it says the same.
    fn column_in(&self, known: &Rc<Known>, now: &Words, statements: &[Statement<'_>]) -> Option<(String, Turn)> {
        let before = self.words_before(known, statements).filter(|before| before.text == now.text)?;
        let is_column = |word: &&String| now.names.contains(&Name::new(unquote(word)));
        let word = before.texts.iter().find(is_column)?;
        Some((word.clone(), Turn::TextToColumn))
    }
}

fn changes<'s>(statements: &'s [Statement<'_>]) -> impl Iterator<Item = &'s Changed> {
    statements.iter().flat_map(|statement| &statement.changes)
}

/// Whether a table had a column of this name before statements, and has it no more.
fn is_gone(column: &Name, statements: &[Statement<'_>], state: &State) -> bool {
    let mut tables = changes(statements).filter_map(|it| it.before.as_ref()?.table());
    let has_it = |table: &Name| {
        let now = state.get(Kind::Table, table).and_then(|known| known.table());
        now.is_some_and(|now| now.column(column).is_some())
    };
    tables.any(|table| table.column(column).is_some() && !has_it(&table.name))
}

/// The answers to questions, each asked once.
struct Answers<'a> {
    connection: &'a Connection,
    state: &'a State,
    later: &'a HashSet<Name>,
    known: HashMap<String, Option<String>>,
}

impl<'a> Answers<'a> {
    fn new(connection: &'a Connection, state: &'a State, later: &'a HashSet<Name>) -> Self {
        Self { connection, state, later, known: HashMap::new() }
    }

    /// The words in double quotes of views and triggers that can be used, each with its question; none of one that has
    /// none.
    fn words(&self, sound: &[(&Rc<Known>, String)]) -> quotes::Found {
        // `DROP COLUMN` writes the texts of all views anew, and nobody follows that.
        let quoting = sound.iter().filter(|(known, _)| {
            quotes::has_quotes(known.object.text()) && self.state.is_written(self.connection, known)
        });
        let (texts, names): (Vec<_>, Vec<_>) =
            quoting.partition(|(_, question)| quotes::stumbles(self.connection, question));
        let texts: Vec<&Object> = texts.into_iter().map(|(known, _)| &known.object).collect();
        let mut words = match texts.as_slice() {
            [] => quotes::Found::new(),
            texts => quotes::words_of(self.connection, texts, self.state.len()).unwrap_or_default(),
        };
        words.extend(names.into_iter().map(|(known, _)| {
            let text = known.object.text();
            (known.object.key(), Words::of(text, text))
        }));
        words
    }

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
