//! Whether a script is replayed with foreign keys enforced: the runner's rule, asked of the replay's database.

use dbmigrate_core::config::ForeignKeys;
use dbmigrate_core::statement::{Effect, Statement};
use dbmigrate_core::{Diagnostic, Location, Script, Step};
use rusqlite::Connection;

use crate::execute::unexpected;

/// Chooses for a script. `drops_own` is known from an attempt: the script drops a table that it lets another refer to.
pub(crate) fn choose(
    connection: &Connection,
    rule: ForeignKeys,
    script: &Script,
    drops_own: bool,
) -> Result<bool, Diagnostic> {
    if let Some(enforced) = script.foreign_keys {
        return Ok(enforced);
    }
    if rule == ForeignKeys::Off {
        return Ok(false);
    }
    let failed = |error: rusqlite::Error| unexpected(script, &error);
    let mut dropped = None;
    for statement in statements(script) {
        if let Effect::DropTable(table) = &statement.effect
            && is_referenced(connection, table).map_err(failed)?
        {
            dropped = Some(table);
            break;
        }
    }
    if dropped.is_none() && !drops_own {
        return Ok(true);
    }
    for statement in statements(script) {
        if let Effect::Write(table) = &statement.effect
            && is_referenced(connection, table).map_err(failed)?
        {
            // The reference may be gone by the time of the drop, which looks again.
            if script.transaction && !drops_own {
                return Ok(true);
            }
            // Nothing may refer yet to one that it drops.
            let own = statements(script).find_map(|statement| match &statement.effect {
                Effect::DropTable(table) => Some(table),
                _ => None,
            });
            return Err(refused(script, statement, dropped.or(own).unwrap_or(table), table));
        }
    }
    Ok(false)
}

/// The foreign keys that refer to the table `?1`, and the tables `m` that have them, as the runner asks for them.
pub(crate) const REFERRING: &str = "main.sqlite_schema AS m, pragma_foreign_key_list(m.name, 'main') AS f \
     WHERE m.type = 'table' AND instr(lower(m.sql), 'references') \
     AND (instr(lower(m.sql), lower(?1)) OR ?1 GLOB '*[\"''`]*') AND f.\"table\" = ?1 COLLATE NOCASE";

/// Whether a table is there and a foreign key refers to it: the question that the runner asks, word by word.
pub(crate) fn is_referenced(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE) \
         AND EXISTS (SELECT 1 FROM {REFERRING})"
    );
    connection.query_row(&sql, [table], |row| row.get(0))
}

fn refused(script: &Script, statement: &Statement, dropped: &str, written: &str) -> Diagnostic {
    let message = format!("this file drops `{dropped}`, which other tables reference, and also writes to `{written}`");
    Diagnostic::error("foreign-keys-both", message)
        .at(Location::new(&script.source, statement.span))
        .note("foreign keys must be off for the one and on for the other")
        .help("split it into two files")
        .help("or, if no cascade is intended, write `-- dbmigrate: foreign-keys off` at the top")
}

fn statements(script: &Script) -> impl Iterator<Item = &Statement> {
    script.steps.iter().filter_map(|step| match step {
        Step::Sql(statement) => Some(statement),
        Step::Call { .. } => None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

    use super::*;

    #[test]
    fn a_reference_is_found_however_it_is_written() {
        let connection = Connection::open_in_memory().unwrap();
        let names = ["plain", "Größe", "a b", "a\"b", "a'b", "a`b", "a]b", "a[b", "*"];
        for (at, name) in names.iter().enumerate() {
            let quoted = crate::Name::new(*name).to_sql();
            let tables = format!(
                "CREATE TABLE {quoted} (id INTEGER PRIMARY KEY); CREATE TABLE x{at} (p REFERENCES {})",
                quoted.to_uppercase().replace('Ö', "ö").replace("SS", "ß")
            );
            connection.execute_batch(&tables).unwrap();
        }
        connection.execute_batch("CREATE TABLE alone (id REFERENCES [a`b])").unwrap();
        for name in names {
            assert!(is_referenced(&connection, name).unwrap(), "{name}");
        }
        assert!(is_referenced(&connection, "PLAIN").unwrap());
        assert!(!is_referenced(&connection, "alone").unwrap());
        // A rename writes the references anew.
        connection.execute_batch("ALTER TABLE plain RENAME TO \"new \"\"name\"").unwrap();
        assert!(is_referenced(&connection, "new \"name").unwrap());
    }

    /// A file that drops a thousand tables asks as often.
    #[test]
    fn tables_that_do_not_name_another_are_not_asked() {
        let mut tables = "CREATE TABLE parent (id INTEGER PRIMARY KEY);".to_owned();
        (100..300).for_each(|at| tables += &format!("CREATE TABLE t{at} (p REFERENCES parent);"));
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(&tables).unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        connection
            .authorizer(Some(move |context: AuthContext<'_>| {
                if let AuthAction::Pragma { pragma_name: "foreign_key_list", .. } = context.action {
                    count.fetch_add(1, Ordering::Relaxed);
                }
                Authorization::Allow
            }))
            .unwrap();
        assert!(!is_referenced(&connection, "t100").unwrap());
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}
