//! What makes it doubtful that a database which begins with a snapshot is as one that went the whole way.
//!
//! Besides the moment and chance that is what a replay has otherwise than a program: the tables of the history, and
//! functions and collations that are only stood in for.

use std::sync::{Arc, Mutex, PoisonError};

use dbmigrate_core::config::Stubs;
use dbmigrate_core::statement::Statement;
use dbmigrate_core::token::{is_word, tokens};
use dbmigrate_core::{Diagnostic, Location, Script};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::file::CODES;
use crate::chance::{Chance, shown};
use crate::execute::starts_with;
use crate::observer::ReplayObserver;
use crate::steady::Judge;

/// Looks on while scripts run.
pub(super) struct Doubts<'s> {
    chance: Chance,
    stubs: &'s Stubs,
    /// What a statement asked for that a replay has otherwise.
    told: FirstDoubt,
    found: Vec<Diagnostic>,
    /// Where the last `TEMP` object was made.
    temp: Option<Location>,
    /// Whether no statement of the script has run yet.
    is_first: bool,
}

type FirstDoubt = Arc<Mutex<Option<(Source, String)>>>;

/// What a replay has otherwise than a program.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// The tables of the history.
    History,
    /// What a PRAGMA says.
    Pragma,
    /// What the program registers.
    Registered,
}

fn tell(told: &FirstDoubt, source: Source, what: impl FnOnce() -> String) {
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    // The worst is enough, and there may be millions of rows.
    if told.as_ref().is_none_or(|(other, _)| *other < source) {
        *told = Some((source, what()));
    }
}

impl<'s> Doubts<'s> {
    pub(super) fn new(stubs: &'s Stubs, pure: bool) -> Self {
        Self {
            chance: Chance::new(CODES.chance, pure),
            stubs,
            told: FirstDoubt::default(),
            found: Vec::new(),
            temp: None,
            is_first: true,
        }
    }

    fn register(&self, connection: &Connection) -> rusqlite::Result<()> {
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
        for name in &self.stubs.functions {
            let (told, shown) = (Arc::clone(&self.told), format!("`{name}()`, which only the program has"));
            connection.create_scalar_function(name.as_str(), -1, flags, move |_| {
                tell(&told, Source::Registered, || shown.clone());
                Ok(None::<i64>)
            })?;
        }
        for name in &self.stubs.collations {
            let (told, shown) = (Arc::clone(&self.told), format!("the collation `{name}`, which only the program has"));
            connection.create_collation(name.as_str(), move |one, other| {
                tell(&told, Source::Registered, || shown.clone());
                one.cmp(other)
            })?;
        }
        Ok(())
    }

    fn take(&self) -> Option<(Source, String)> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What is asked of one table, and what the modules of full-text tables ask for themselves.
const HARMLESS: [&str; 8] = [
    "table_info",
    "table_xinfo",
    "index_list",
    "index_info",
    "index_xinfo",
    "foreign_key_list",
    "data_version",
    "page_size",
];

/// What a statement reads that is otherwise in a program.
fn of_the_program(context: &AuthContext<'_>) -> Option<(Source, String)> {
    match context.action {
        AuthAction::Read { table_name, .. }
            if ["sqlite_master", "sqlite_schema", "sqlite_temp_master", "sqlite_temp_schema"].contains(&table_name) =>
        {
            let what = format!("`{table_name}`, which in a program also has the tables of the history");
            Some((Source::History, what))
        }
        AuthAction::Pragma { pragma_name, .. } if !HARMLESS.contains(&pragma_name) => {
            Some((Source::Pragma, format!("`PRAGMA {pragma_name}`, which may return something else in a program")))
        }
        _ => None,
    }
}

/// Whether a statement changes rows, and nothing of the schema: others read it for themselves.
fn changes_rows(script: &Script, statement: &Statement) -> bool {
    ["INSERT", "REPLACE", "UPDATE", "DELETE", "WITH"].iter().any(|word| starts_with(script, statement, word))
}

/// Whether it makes a table out of what a query answers, with what it reads.
fn makes_of_query(sql: &str) -> Option<String> {
    let mut words = tokens(sql).filter(|token| !token.is_blank());
    let is_create = words.next().is_some_and(|token| is_word(sql, token, "CREATE"));
    let kind = words.find(|token| !["TEMP", "TEMPORARY"].iter().any(|word| is_word(sql, *token, word)))?;
    if !is_create || !is_word(sql, kind, "TABLE") {
        return None;
    }
    let rest: Vec<_> = words.collect();
    rest.iter().position(|token| is_word(sql, *token, "SELECT"))?;
    let found = rest.iter().find(|token| {
        let text = token.text(sql).to_ascii_lowercase();
        ["sqlite_master", "sqlite_schema"].contains(&text.as_str()) || text.starts_with("pragma_")
    })?;
    Some(format!("`{}`, which may return something else in a program", found.text(sql)))
}

impl ReplayObserver for Doubts<'_> {
    fn connection_opened(&mut self, connection: &mut Connection) -> rusqlite::Result<()> {
        self.chance.connection_opened(connection)?;
        self.register(connection)?;
        let told = Arc::clone(&self.told);
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            if let Some((source, what)) = of_the_program(&context) {
                tell(&told, source, || what);
            }
            Authorization::Allow
        }))
    }

    fn script_begins(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.chance.script_begins(connection)?;
        self.chance.take();
        self.is_first = true;
        self.register(connection)?;
        self.take();
        Ok(())
    }

    fn statement_begins(&mut self, connection: &Connection, script: &Script, statement: &Statement) {
        // What was asked before the first statement, the assertions of the script asked.
        if std::mem::take(&mut self.is_first) && !script.asserts.is_empty() {
            let moment = self.chance.take().first().map(|(name, why)| format!("`{}`, which {why}", shown(name)));
            // In the presence of the history they are asked once more, when the runner goes the whole way.
            let other = self.take().filter(|(source, _)| *source == Source::Registered).map(|(_, what)| what);
            if let Some(what) = moment.or(other) {
                let place = script.asserts.first().map(|assert| script.source.first_line(assert.span));
                let place = Location::new(&script.source, place.unwrap_or(statement.span));
                let message = format!("an assertion of this file uses {what}");
                self.found.push(Diagnostic::error(CODES.chance, message).at(place));
            }
        }
        self.take();
        self.chance.statement_begins(connection, script, statement);
    }

    fn statement_ran(
        &mut self,
        connection: &Connection,
        script: &Script,
        statement: &Statement,
    ) -> rusqlite::Result<()> {
        let told = self.take();
        self.chance.statement_ran(connection, script, statement)?;
        let sql = script.source.slice(statement.span);
        let place = || Location::new(&script.source, script.source.first_line(statement.span));
        let counts = |source| source == Source::Registered || changes_rows(script, statement);
        let told = told.filter(|(source, _)| counts(*source)).map(|(_, what)| what).or_else(|| makes_of_query(sql));
        if let Some(what) = told
            && !connection.prepare(sql).is_ok_and(|statement| statement.readonly())
        {
            let message = format!("this depends on {what}");
            self.found.push(Diagnostic::error("snapshot-program", message).at(place()));
        }
        // To prepare it again has asked again.
        self.take();
        let mut words = tokens(sql).filter(|token| !token.is_blank());
        let first = words.next();
        let is_first = |word: &str| first.is_some_and(|token| is_word(sql, token, word));
        if is_first("CREATE")
            && words.next().is_some_and(|kind| is_word(sql, kind, "TEMP") || is_word(sql, kind, "TEMPORARY"))
        {
            self.temp = Some(place());
        } else if (is_first("ANALYZE") || is_first("PRAGMA") && words.any(|word| is_word(sql, word, "optimize")))
            && has_statistics(connection)?
        {
            let message = "this counts rows for SQLite's planner, which in a program include those of the history";
            self.found.push(Diagnostic::error("snapshot-statistics", message).at(place()).note(
                "statistics are of rows that the database has in use: a program runs `PRAGMA optimize` for them",
            ));
        }
        Ok(())
    }

    fn migration_ran(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let left: Option<String> =
            connection.query_row("SELECT max(name) FROM temp.sqlite_master", [], |row| row.get(0))?;
        self.take();
        if let (Some(name), Some(place)) = (left, self.temp.take()) {
            let message = format!("the `TEMP` object `{name}` is left on the connection, and is not in the file");
            self.found.push(Diagnostic::error("snapshot-temp", message).at(place));
        }
        Ok(())
    }
}

impl Judge for Doubts<'_> {
    fn found(self) -> Vec<Diagnostic> {
        let mut found = self.chance.found();
        found.extend(self.found);
        found
    }
}

fn has_statistics(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM main.sqlite_schema WHERE name LIKE 'sqlite\\_stat%' ESCAPE '\\')";
    connection.query_row(sql, [], |row| row.get(0))
}
