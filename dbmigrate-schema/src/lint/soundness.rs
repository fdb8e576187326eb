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
use super::state::{Key, Known, State};
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

/// A view or trigger in which a word in double quotes is a text: one of the migration, or one whose column it took away.
#[derive(Debug, Clone)]
pub(crate) struct QuotedIn {
    pub(crate) object: Object,
    pub(crate) statement: usize,
    /// With its quotes.
    pub(crate) word: String,
    /// Whether it was a name in the same view or trigger before.
    pub(crate) was_column: bool,
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
    /// The words in double quotes of those that can, each with the text in which they stand.
    words: HashMap<Key, (String, Words)>,
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
        for known in state.iter() {
            match answers.ask(&known.object) {
                Some((question, Some(_))) => drop(self.questions.insert(known.object.key(), question)),
                Some((question, None)) => self.learn(&known.object, answers.words(&question, &known.object)),
                None => {}
            }
        }
    }

    fn learn(&mut self, object: &Object, words: Option<Words>) {
        match words {
            Some(words) => drop(self.words.insert(object.key(), (object.text().to_owned(), words))),
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
                    let words = answers.words(&question, &object);
                    let texts = words.as_ref().map_or(&[][..], |words| &words.texts);
                    if let Some((word, was_column)) = self.text_in(known, texts, statements, state) {
                        verdict.quoted.push(QuotedIn { object: object.clone(), statement, word, was_column });
                    }
                    self.learn(&object, words);
                }
            }
        }
        verdict
    }

    /// Which of the texts in a view or trigger was a column in it before or, where there is none and the migration made
    /// it, the first one; and whether it was a column.
    fn text_in(
        &self,
        known: &Rc<Known>,
        texts: &[String],
        statements: &[Statement<'_>],
        state: &State,
    ) -> Option<(String, bool)> {
        let first = texts.first()?;
        let (object, key) = (&known.object, known.object.key());
        let changes = || statements.iter().flat_map(|statement| &statement.changes);
        let own = changes().find(|it| it.key == key).map_or(Some(known), |it| it.before.as_ref());
        let before = own.and_then(|own| self.words.get(&key).filter(|(text, _)| own.object.text() == text));
        let was_column = |word: &&String| {
            let name = Name::new(unquote(word));
            before.is_some_and(|(text, words)| {
                // Elsewhere in another text it may be a text by right.
                words.names.contains(&name) && (text == object.text() || is_gone(&name, statements, state))
            })
        };
        match texts.iter().find(was_column) {
            Some(word) => Some((word.clone(), true)),
            None => changes().any(|it| it.after.as_ref() == Some(known)).then(|| (first.clone(), false)),
        }
    }
}

/// Whether a table had a column of this name before statements, and has it no more.
fn is_gone(column: &Name, statements: &[Statement<'_>], state: &State) -> bool {
    let changes = statements.iter().flat_map(|statement| &statement.changes);
    let mut tables = changes.filter_map(|it| it.before.as_ref()?.table());
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
    /// What SQLite has of everything, once it is asked for.
    texts: Option<HashMap<Key, String>>,
    /// The words in double quotes of everything, once they are asked for.
    words: Option<HashMap<Key, Words>>,
}

impl<'a> Answers<'a> {
    fn new(connection: &'a Connection, state: &'a State, later: &'a HashSet<Name>) -> Self {
        Self { connection, state, later, known: HashMap::new(), texts: None, words: None }
    }

    fn is_written(&mut self, object: &Object) -> bool {
        let texts = self.texts.get_or_insert_with(|| quotes::texts(self.connection).unwrap_or_default());
        texts.get(&object.key()).is_some_and(|text| text == object.text())
    }

    /// The words in double quotes of a view or trigger that can be used; none where it has none.
    fn words(&mut self, question: &str, object: &Object) -> Option<Words> {
        let text = object.text();
        // `DROP COLUMN` writes the texts of all views anew, and nobody follows that.
        if !quotes::has_quotes(text) || !self.is_written(object) {
            return None;
        }
        if !quotes::stumbles(self.connection, question) {
            return Some(Words::of(text, text));
        }
        let all = self.words.get_or_insert_with(|| quotes::all_words(self.connection).unwrap_or_default());
        all.get(&object.key()).cloned()
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
