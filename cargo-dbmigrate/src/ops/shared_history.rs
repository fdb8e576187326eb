//! Two packages of a workspace that keep their histories in one table of one database: each would take the other's
//! migrations for its own, edited or deleted. Only the command line knows both of them.

use std::path::Path;
use std::time::Duration;

use dbmigrate_core::{Diagnostic, MigrationSet};
use dbmigrate_runtime::cli::Verb;
use dbmigrate_schema::Name;
use rusqlite::{Connection, OpenFlags};

use crate::cli::Global;
use crate::error::CliError;
use crate::ops::project::Project;
use crate::ops::selection;

/// A migration as the history has it.
#[derive(Debug, PartialEq, Eq)]
struct Recorded {
    number: u64,
    name: String,
    checksum: String,
}

/// Refuses what depends on a history that is that of another package.
pub(crate) fn refuse<'s>(
    sets: impl Iterator<Item = (&'s Project, &'s MigrationSet)>,
    verb: &Verb,
    database: &Path,
    global: &Global,
) -> Result<(), CliError> {
    // These show what is there, or are how to take it out.
    let is_about_rows =
        matches!(verb, Verb::History | Verb::Forget { .. } | Verb::Backup { .. } | Verb::Restore { .. });
    for (project, set) in sets.filter(|(project, _)| project.has_neighbours && !is_about_rows) {
        // What can't be read here, the command itself will say.
        let recorded = recorded(database, set).unwrap_or_default();
        if recorded.iter().all(|row| has(set, row)) {
            continue;
        }
        let neighbours = selection::neighbours(project, global)?;
        for other in neighbours.iter().filter(|other| other.config.table.eq_ignore_ascii_case(&set.config.table)) {
            let theirs = other.load().set;
            if theirs.config.set != set.config.set {
                continue;
            }
            let (common, own): (Vec<_>, Vec<_>) =
                recorded.iter().filter(|row| has(&theirs, row)).partition(|row| has(set, row));
            // Packages with the same files mean the same history, even if one of them has more of them.
            if let (true, Some(row)) = (common.is_empty(), own.first()) {
                return Err(shared(project, other, &row.name, database).into());
            }
        }
    }
    Ok(())
}

fn has(set: &MigrationSet, row: &Recorded) -> bool {
    let at = set.migrations.binary_search_by_key(&row.number, |migration| migration.number);
    at.is_ok_and(|at| set.migrations[at].name() == row.name && set.migrations[at].checksum == row.checksum)
}

fn recorded(database: &Path, set: &MigrationSet) -> rusqlite::Result<Vec<Recorded>> {
    // Opening a pipe would wait for a writer.
    if !database.is_file() {
        return Ok(Vec::new());
    }
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(Duration::ZERO)?;
    let table = Name::new(&set.config.table).to_sql();
    let sql = format!("SELECT number, name, checksum FROM main.{table} WHERE set_name = ?1");
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([&set.config.set], |row| {
        let number = u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
        Ok(Recorded { number, name: row.get(1)?, checksum: row.get(2)? })
    })?;
    rows.collect()
}

fn shared(project: &Project, other: &Project, name: &str, database: &Path) -> Diagnostic {
    let (table, database) = (&project.config.table, database.display());
    let (own, theirs) = (&project.name, &other.name);
    let suffix: String = own.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    Diagnostic::error("shared-history", format!("`{table}` in `{database}` is the history of package `{theirs}`"))
        .in_file("Cargo.toml")
        .note(format!("it has `{name}` of that package: two packages can't share one history table"))
        .help(format!(
            "give `{own}` one of its own: `table = \"{table}_{suffix}\"` under `{}`",
            project.config.table_name()
        ))
        .help("then, as the tables of the other package are there already: `cargo dbmigrate up --existing`")
        .help("or name another database: `--database FILE`")
}
