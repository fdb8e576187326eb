//! Snapshots of random histories: a schema, rows, and perhaps a plan that changes both. What comes out of the snapshot is
//! what comes out of the migrations, as SQLite alone reads it.

use dbmigrate_core::{Config, MigrationSet};
use dbmigrate_schema::{plan, snapshot_file};
use rusqlite::Connection;

use crate::Case;
use crate::cell::Cell;
use crate::database::{ask, new, row_statements, run};
use crate::die::Die;
use crate::model::Model;
use crate::set::set_with;
use crate::sql::quoted;
use crate::step::{Side, decisions};

/// What came of a history.
pub(crate) enum Came {
    /// A snapshot, of so many rows.
    Snapshot(usize),
    /// A reason against it.
    Refused(&'static str),
}

pub(crate) fn came(case: &Case) -> Result<Came, String> {
    let (before, after) = case.models();
    let mut die = Die::new(case.seed ^ 0x5eed);
    let (from, to) = (Side::new(&before, &mut die)?, Side::new(&after, &mut die)?);
    let filled = new(&from.statements)?;
    let rows = row_statements(&filled, &before, &mut die);
    let first = format!("{};\n", from.statements.join(";\n"));
    let second =
        format!("-- dbmigrate: foreign-keys off\n{}", rows.iter().map(|row| format!("{row};\n")).collect::<String>());
    let mut files = vec![("001_schema.sql", first), ("002_rows.sql", second)];
    if let Ok(plan) = plan(&from.schema, &to.schema, &decisions(&before, &after, (3, 53))) {
        files.push(("003_plan.sql", plan.to_sql()));
    }
    // Where the rows do not fit what is planned, it is a shorter history.
    let mut last = String::new();
    while files.len() > 1 {
        let texts: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let set = set_with(&texts, Config::default());
        match of(&set, if files.len() == 3 { &after } else { &before }) {
            Err(why) if files.len() == 3 && is_about_rows(&why) => last = why,
            result => return result,
        }
        files.pop();
    }
    Err(last)
}

fn is_about_rows(why: &str) -> bool {
    ["constraint failed", "datatype mismatch", "foreign", "asserts", "cannot store"]
        .iter()
        .any(|part| why.contains(part))
}

fn of(set: &MigrationSet, model: &Model) -> Result<Came, String> {
    let taken = match snapshot_file(set, set.migrations.len(), "migrations/snapshot.sql") {
        Ok(taken) => taken,
        Err(problems) => {
            // A trigger may put back what refers to nothing: then it is no history.
            let known = ["snapshot-chance", "snapshot", "foreign-key-violation"];
            let all: Vec<String> = problems.iter().map(|it| format!("{} {it} {:?}", it.code, it.notes)).collect();
            return match known.into_iter().find(|code| problems.iter().all(|it| it.code == *code)) {
                Some(code) => Ok(Came::Refused(code)),
                None => Err(all.join("\n")),
            };
        }
    };
    let walked = dbmigrate_schema::migrated(set, None).map_err(|problems| format!("{problems:?}"))?;
    let started = Connection::open_in_memory().expect("memory");
    run(&started, "PRAGMA foreign_keys = OFF; BEGIN")?;
    run(&started, taken.source.text())?;
    run(&started, "COMMIT")?;
    let (wanted, found) = (dump(&walked, model)?, dump(&started, model)?);
    if wanted != found {
        let other = wanted.iter().zip(&found).find(|(wanted, found)| wanted != found);
        return Err(format!("{other:?}\n{}", taken.source.text()));
    }
    Ok(Came::Snapshot(taken.rows))
}

/// Everything, by names of the model and by what SQLite knows.
fn dump(connection: &Connection, model: &Model) -> Result<Vec<Vec<Cell>>, String> {
    // That it is there says nothing: with a history it always is.
    let mut all = ask(
        connection,
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name <> 'sqlite_sequence' ORDER BY type, name",
    )?;
    for table in &model.tables {
        let rowid = table.rowid().map_or(String::new(), |rowid| format!("{rowid}, "));
        let order = table.rowid().map_or(String::new(), |rowid| format!(" ORDER BY {rowid}"));
        all.extend(ask(connection, &format!("SELECT {rowid}* FROM {}{order}", quoted(&table.name)))?);
    }
    for search in &model.searches {
        all.extend(ask(connection, &format!("SELECT rowid, * FROM {} ORDER BY rowid", quoted(&search.name)))?);
    }
    if !ask(connection, "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'")?.is_empty() {
        all.extend(ask(connection, "SELECT name, seq FROM sqlite_sequence ORDER BY name")?);
    }
    Ok(all)
}
