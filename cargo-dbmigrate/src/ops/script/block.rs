//! The tape of a run cut into transactions, each with what it stands on and what it is for.

use std::collections::HashMap;

use dbmigrate_core::statement::{Effect, Statement};
use dbmigrate_core::token::{is_word, tokens};
use dbmigrate_core::{Body, Down, Location, MigrationSet, Script, Step};
use dbmigrate_runtime::Value;

use super::guard::State;
use super::tape::Event;
use super::value;

/// One transaction of a script, or what runs outside of any.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block {
    /// What it is for, for people: names of migrations, files of hooks and repeatables.
    pub(super) labels: Vec<String>,
    /// Whether foreign keys are enforced.
    pub(super) enforced: bool,
    /// Whether it is a transaction.
    pub(super) transaction: bool,
    /// What the history holds before.
    pub(super) before: State,
    pub(super) items: Vec<Item>,
}

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    /// One of the runner's own.
    Own(String),
    /// One of a file.
    User(User),
    /// What a file asserts.
    Assert(User),
}

/// A statement of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct User {
    pub(super) sql: String,
    /// The name of the migration, or the file of a hook or a repeatable.
    pub(super) script: String,
    pub(super) at: Location,
    pub(super) effect: Effect,
}

/// The scripts that a run may meet, by the names under which the runner knows them.
pub(super) struct Scripts<'s>(HashMap<String, Known<'s>>);

/// A script, and its statements by their texts.
struct Known<'s> {
    script: &'s Script,
    statements: HashMap<&'s str, &'s Statement>,
}

impl<'s> Known<'s> {
    fn new(script: &'s Script) -> Self {
        let statements = script.steps.iter().rev().filter_map(|step| match step {
            Step::Sql(statement) => Some((script.source.slice(statement.span), statement)),
            Step::Call { .. } => None,
        });
        // Of those that are alike it is the first.
        Self { script, statements: statements.collect() }
    }
}

impl<'s> Scripts<'s> {
    pub(super) fn of(set: &'s MigrationSet, up: bool) -> Self {
        let migrations = set.migrations.iter().filter_map(|migration| match &migration.body {
            Body::Sql { up: script, .. } if up => Some((migration.name(), script)),
            Body::Sql { down: Down::Script(script), .. } if !up => Some((migration.name(), script)),
            _ => None,
        });
        let hooks = set.before_all.iter().chain(&set.after_all);
        let others = hooks.chain(set.repeatables.iter().map(|it| &it.script));
        let all = migrations.chain(others.map(|it| (it.source.path().to_owned(), it)));
        Self(all.map(|(name, script)| (name, Known::new(script))).collect())
    }

    fn statement(&self, script: &str, sql: &str) -> Option<User> {
        let known = self.0.get(script)?;
        Some(user(script, known.script, known.statements.get(sql)?, sql))
    }

    fn asserts(&self, script: &str) -> Vec<Item> {
        let Some(Known { script: source, .. }) = self.0.get(script) else { return Vec::new() };
        let assert =
            |statement: &Statement| Item::Assert(user(script, source, statement, source.source.slice(statement.span)));
        source.asserts.iter().map(assert).collect()
    }
}

fn user(script: &str, source: &Script, statement: &Statement, sql: &str) -> User {
    let (script, sql) = (script.to_owned(), sql.to_owned());
    User { sql, script, at: Location::new(&source.source, statement.span), effect: statement.effect.clone() }
}

/// Cuts a tape. What was rolled back is left out, and so are the switches of foreign keys, which each block has.
pub(super) fn blocks(tape: Vec<Event>, scripts: &Scripts<'_>) -> Vec<Block> {
    let mut cutter = Cutter {
        scripts,
        blocks: Vec::new(),
        open: None,
        script: String::new(),
        migrations: Vec::new(),
        enforced: true,
    };
    tape.into_iter().for_each(|event| cutter.add(event));
    cutter.blocks
}

struct Cutter<'s> {
    scripts: &'s Scripts<'s>,
    blocks: Vec<Block>,
    open: Option<Block>,
    /// The script that is running.
    script: String,
    /// The migrations that are running.
    migrations: Vec<String>,
    enforced: bool,
}

impl Cutter<'_> {
    fn add(&mut self, event: Event) {
        match event {
            Event::Migration(name) => {
                let asserts = self.scripts.asserts(&name);
                self.enter(&name);
                self.migrations.push(name);
                self.items(asserts);
            }
            Event::Script(name) => {
                // What a migration asserts stands there already.
                let asserts = if self.migrations.contains(&name) { Vec::new() } else { self.scripts.asserts(&name) };
                self.enter(&name);
                self.items(asserts);
            }
            Event::Wrote(sql, params) => self.items([Item::Own(bound(&sql, &params))]),
            Event::Begun(before) => {
                let (enforced, transaction) = (self.enforced, true);
                self.open = Some(Block { labels: Vec::new(), enforced, transaction, before, items: Vec::new() });
                self.migrations.clear();
            }
            Event::Executed(sql) => self.executed(sql),
        }
    }

    fn executed(&mut self, sql: String) {
        match first_word(&sql).as_str() {
            "COMMIT" => {
                if let Some(block) = self.open.as_mut().filter(|block| block.labels.is_empty()) {
                    block.labels.push(self.script.clone());
                }
                self.blocks.extend(self.open.take());
            }
            "ROLLBACK" => self.open = None,
            _ if self.is_of_file(&sql) => {}
            // Others put back what a file has set.
            _ => match (sql.as_str(), &self.open) {
                ("PRAGMA foreign_keys = 1", None) => self.enforced = true,
                ("PRAGMA foreign_keys = 0", None) => self.enforced = false,
                _ => self.items([Item::Own(sql)]),
            },
        }
    }

    /// Whether it is a statement of the script that is running, which it becomes then.
    fn is_of_file(&mut self, sql: &str) -> bool {
        let found = self.scripts.statement(&self.script, sql);
        let is_found = found.is_some();
        self.items(found.map(Item::User));
        is_found
    }

    fn enter(&mut self, name: &str) {
        name.clone_into(&mut self.script);
        if let Some(block) = &mut self.open
            && !block.labels.iter().any(|label| label == name)
        {
            block.labels.push(name.to_owned());
        }
    }

    fn items(&mut self, items: impl IntoIterator<Item = Item>) {
        let (script, enforced) = (&self.script, self.enforced);
        match &mut self.open {
            Some(block) => block.items.extend(items),
            None => {
                let items: Vec<Item> = items.into_iter().collect();
                if !items.is_empty() {
                    let (labels, before) = (vec![script.clone()], State::default());
                    self.blocks.push(Block { labels, enforced, transaction: false, before, items });
                }
            }
        }
    }
}

/// The first word of a statement, in capitals.
pub(super) fn first_word(sql: &str) -> String {
    tokens(sql).find(|token| !token.is_blank()).map_or(String::new(), |token| token.text(sql).to_ascii_uppercase())
}

/// Whether a statement begins with these words.
pub(super) fn begins_with(sql: &str, words: &[&str]) -> bool {
    let mut tokens = tokens(sql).filter(|token| !token.is_blank());
    words.iter().all(|word| tokens.next().is_some_and(|token| is_word(sql, token, word)))
}

/// Whether a line holds nothing but a word that shells take for the end of a statement.
pub(super) fn looks_ended(sql: &str) -> bool {
    let mut rest = tokens(sql).filter(|token| matches!(token.text(sql).to_ascii_lowercase().as_str(), "/" | "go"));
    rest.any(|token| {
        let before = sql[..token.span.start].rsplit('\n').next().unwrap_or_default();
        let after = sql[token.span.end..].split('\n').next().unwrap_or_default();
        before.trim().is_empty() && after.trim().is_empty()
    })
}

/// A statement with its values in the place of its parameters.
fn bound(sql: &str, params: &[Value]) -> String {
    use dbmigrate_core::token::TokenKind;
    let mut out = String::with_capacity(sql.len());
    for token in tokens(sql) {
        let text = token.text(sql);
        let number = text.strip_prefix('?').and_then(|number| number.parse::<usize>().ok());
        match number.and_then(|number| params.get(number.checked_sub(1)?)) {
            Some(value) if token.kind == TokenKind::Variable => out.push_str(&value::literal(value)),
            _ => out.push_str(text),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_take_the_place_of_parameters_and_of_nothing_else() {
        let params = [Value::Text("it's ?2".into()), Value::Null, Value::Integer(-7), Value::Text("a\0b".into())];
        assert_eq!(
            bound("INSERT INTO t VALUES (?1, ?2, '?3', ?3, ?4, ?11) -- ?1", &params),
            "INSERT INTO t VALUES ('it''s ?2', NULL, '?3', -7, CAST(x'610062' AS TEXT), ?11) -- ?1"
        );
    }

    #[test]
    fn a_line_that_ends_a_statement_in_a_shell_is_seen() {
        assert!(looks_ended("SELECT a\n / \nb") && looks_ended("SELECT\nGO\nFROM t"));
        assert!(!looks_ended("SELECT a / b, '\n/\n' AS go -- /\n"));
    }
}
