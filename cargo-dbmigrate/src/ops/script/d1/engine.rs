//! What D1 allows, on a SQLite of our own: one transaction, foreign keys enforced, no `TEMP`, few PRAGMAs. Tried on the
//! engine itself, `workerd`; see `peers/`.

use dbmigrate_core::Diagnostic;
use dbmigrate_core::statement::Effect;
use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use crate::error::CliError;
use crate::ops::script::block::User;

/// PRAGMAs that D1 takes.
const PRAGMAS: [&str; 18] = [
    "case_sensitive_like",
    "data_version",
    "defer_foreign_keys",
    "foreign_key_check",
    "foreign_key_list",
    "foreign_keys",
    "function_list",
    "ignore_check_constraints",
    "index_info",
    "index_list",
    "index_xinfo",
    "legacy_alter_table",
    "optimize",
    "quick_check",
    "recursive_triggers",
    "table_info",
    "table_list",
    "table_xinfo",
];
/// Modules of virtual tables that D1 has.
const MODULES: [&str; 3] = ["fts5", "fts5vocab", "rtree"];

/// A statement of a file for D1.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) sql: String,
    /// Where it comes from, if not from the runner.
    pub(super) user: Option<User>,
    /// Whether the runner would enforce no foreign keys while it runs.
    pub(super) unenforced: bool,
}

impl Statement {
    pub(super) fn own(sql: String) -> Self {
        Self { sql, user: None, unenforced: false }
    }
}

/// Why D1 would not run a file, or would lose something.
pub(super) struct Fault {
    message: String,
    user: Option<User>,
    help: Option<String>,
}

impl Fault {
    /// As the error of the command.
    pub(super) fn blamed(self) -> CliError {
        let Some(user) = self.user else { return CliError::failure(format!("D1 would refuse it: {}", self.message)) };
        let error = Diagnostic::error("d1", format!("`{}`: {}", user.script, self.message)).at(user.at);
        match self.help {
            Some(help) => error.help(help),
            None => error,
        }
        .into()
    }

    pub(super) fn why(self) -> String {
        self.message
    }
}

/// Runs a file in one transaction, which is rolled back if it fails.
pub(super) fn run(database: &mut Connection, statements: &[Statement]) -> Result<(), Fault> {
    let own = |error: rusqlite::Error| Fault { message: error.to_string(), user: None, help: None };
    database.execute_batch("BEGIN IMMEDIATE").map_err(own)?;
    let mut rest = statements.iter();
    let mut done = Ok(());
    while let (Ok(()), Some(statement)) = (&done, rest.next()) {
        done = one(database, statement, rest.as_slice());
    }
    let end = if done.is_ok() { database.execute_batch("COMMIT").map_err(own) } else { Ok(()) };
    let result = done.and(end);
    if result.is_err() && !database.is_autocommit() {
        database.execute_batch("ROLLBACK").map_err(own)?;
    }
    result
}

fn one(database: &mut Connection, statement: &Statement, rest: &[Statement]) -> Result<(), Fault> {
    let fault = |message: String, help: Option<String>| Fault { message, user: statement.user.clone(), help };
    let failed = |error: rusqlite::Error| fault(error.to_string(), None);
    let effect = statement.user.as_ref().map(|user| &user.effect);
    if let Some(Effect::DropTable(table)) = effect
        && let Some(child) = child_of(database, table, true).map_err(failed)?
    {
        let message = format!(
            "on D1, dropping `{table}` deletes the rows of `{child}` that refer to it, or fails because of them"
        );
        let goes = |later: &Statement| {
            let effect = later.user.as_ref().map(|user| &user.effect);
            matches!(effect, Some(Effect::DropTable(name)) if name.eq_ignore_ascii_case(&child))
        };
        let help = if rest.iter().any(goes) {
            format!("this file also drops `{child}`: do that first")
        } else {
            format!(
                "D1 always enforces foreign keys: rebuild `{child}` without its reference first, then `{table}`, then \
                 `{child}` with it, in separate migrations"
            )
        };
        return Err(fault(message, Some(help)));
    }
    if let (true, Some(Effect::Write(table))) = (statement.unenforced, effect)
        && let Some(child) = child_of(database, table, false).map_err(failed)?
    {
        let message =
            format!("`{table}` can't be changed with foreign keys off on D1: the rows of `{child}` would follow");
        let help = "D1 always enforces foreign keys: write what happens to those rows".to_owned();
        return Err(fault(message, Some(help)));
    }
    database.authorizer(Some(|context: AuthContext<'_>| allowed(&context.action))).map_err(failed)?;
    let ran = database.execute_batch(&statement.sql);
    database.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).map_err(failed)?;
    ran.map_err(|error| {
        let is_forbidden = error.sqlite_error_code() == Some(rusqlite::ErrorCode::AuthorizationForStatementDenied);
        let message = if is_forbidden { "D1 does not allow this".to_owned() } else { error.to_string() };
        fault(message, None)
    })
}

/// A table that refers to this one.
fn child_of(database: &Connection, table: &str, others: bool) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT m.name FROM main.sqlite_master AS m, pragma_foreign_key_list(m.name) AS f \
               WHERE m.type = 'table' AND f.\"table\" = ?1 COLLATE NOCASE AND (NOT ?2 OR m.name <> ?1 COLLATE NOCASE) \
               AND EXISTS (SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = ?1 COLLATE NOCASE) LIMIT 1";
    match database.query_row(sql, rusqlite::params![table, others], |row| row.get(0)) {
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
        found => found.map(Some),
    }
}

fn allowed(action: &AuthAction<'_>) -> Authorization {
    let is_allowed = match action {
        AuthAction::Attach { .. }
        | AuthAction::Detach { .. }
        | AuthAction::Transaction { .. }
        | AuthAction::Savepoint { .. }
        | AuthAction::CreateTempTable { .. }
        | AuthAction::CreateTempIndex { .. }
        | AuthAction::CreateTempView { .. }
        | AuthAction::CreateTempTrigger { .. } => false,
        AuthAction::Pragma { pragma_name, .. } => PRAGMAS.iter().any(|name| pragma_name.eq_ignore_ascii_case(name)),
        AuthAction::CreateVtable { module_name, .. } => {
            MODULES.iter().any(|name| module_name.eq_ignore_ascii_case(name))
        }
        AuthAction::CreateTable { table_name } => !table_name.to_ascii_lowercase().starts_with("_cf_"),
        _ => true,
    };
    if is_allowed { Authorization::Allow } else { Authorization::Deny }
}
