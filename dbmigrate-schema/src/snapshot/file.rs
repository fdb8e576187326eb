//! Writes and proves `snapshot.sql`: what the migrations up to a number make of an empty database.

use std::sync::Arc;

use dbmigrate_core::token::{tokens, unquote};
use dbmigrate_core::{
    Diagnostic, Help, Location, MigrationSet, Script, Severity, Snapshot as Sealed, SourceText, Span, Step,
    snapshot as core,
};
use rusqlite::Connection;

use super::doubts::Doubts;
use super::{Refusal, Snapshot, objects, snapshot};
use crate::execute::is_vacuum_into;
use crate::migrated::not_replayable;
use crate::observer::NoObserver;
use crate::replay::{Halt, Replayer};
use crate::scratch;
use crate::steady::{Codes, lead, refuse, run, steady, unusable, ups};

pub(super) const CODES: Codes = Codes {
    code: "snapshot-code",
    setting: "snapshot-setting",
    chance: "snapshot-chance",
    differs: "snapshot-differs",
    history: "snapshot-history",
    any: "snapshot",
};

/// The code of what is said where nothing but the snapshot itself is wrong.
const NONE: &str = "snapshot-none";

/// How much of a line of it is shown.
const LINE: usize = 100;

/// A snapshot that was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotFile {
    /// The text of the file.
    pub source: Arc<SourceText>,
    /// The text as a script.
    pub script: Script,
    /// How many tables, indexes, views and triggers it creates.
    pub objects: usize,
    /// How many rows it writes.
    pub rows: usize,
}

/// Writes what the first `count` migrations of a set make of an empty database, and proves that the result is the same:
/// schema, rows, rowids and counters. `path` is that of the future file.
///
/// # Errors
///
/// Everything that puts it in doubt, each with its place: Rust, other files, time and random numbers, what only a
/// program knows, what another set makes, statistics, and settings of the file; and everything that SQLite would make
/// different from the snapshot's text.
pub fn snapshot_file(set: &MigrationSet, count: usize, path: &str) -> Result<SnapshotFile, Vec<Diagnostic>> {
    let originals = set.migrations.get(..count).unwrap_or_default();
    let (Some(first), Some(last)) = (originals.first(), originals.last()) else {
        return Err(vec![Diagnostic::error(CODES.any, "there are no migrations to take a snapshot of")]);
    };
    if let Some(base) = &set.base {
        let message = "the migrations start from `replay.base`, and a new database starts empty";
        return Err(vec![Diagnostic::error(CODES.any, message).in_file(base.source.path())]);
    }
    let mut problems = refuse(originals, CODES).err().unwrap_or_default();
    problems.extend(elsewhere(originals));
    if !problems.is_empty() {
        return Err(problems);
    }
    leaves_nothing(set)?;
    let part = MigrationSet { migrations: originals.to_vec(), before_all: None, ..set.clone() };
    let stubs = &part.config.replay.stubs;
    let original = steady(&part, CODES, |pure| Doubts::new(stubs, pure))?;
    if objects(&original).map_err(|error| vec![unusable(&error)])?.iter().any(super::Object::is_statistics) {
        let message =
            "the migrations leave statistics for SQLite's planner, which in a program include those of the history";
        return Err(vec![Diagnostic::error("snapshot-statistics", message)]);
    }
    if let Some(problem) = history(&part, &original, CODES).map_err(|error| vec![unusable(&error)])? {
        return Err(vec![problem]);
    }
    let Snapshot { sql, objects, rows, refers } = snapshot(&original, stubs).map_err(|refusal| match refusal {
        Refusal::Sqlite(error) => vec![none_stands(&error.to_string())],
        Refusal::Because(why) => vec![none_stands(&why)],
    })?;
    let which = match count {
        1 => format!("{} leads", first.name()),
        _ => format!("{} to {} lead", first.digits, last.name()),
    };
    let mut text = format!("-- What {which} an empty database to. A new database starts from it.\n");
    text.push_str("-- `cargo dbmigrate snapshot` wrote and sealed it. Editing it fails the build.\n");
    if refers {
        text.push_str("-- dbmigrate: foreign-keys off\n");
    }
    text.push('\n');
    text.push_str(&sql);
    let source = Arc::new(SourceText::new(path, &text));
    let mut diagnostics = Vec::new();
    let unwritten = |problems: Vec<Diagnostic>| problems.into_iter().map(unwritten).collect::<Vec<_>>();
    let Some(script) = core::parse(&source, &mut diagnostics) else { return Err(unwritten(diagnostics)) };
    let connection = scratch::open(stubs).map_err(|error| vec![unusable(&error)])?;
    lead(&part, &connection, &original, &script, CODES).map_err(unwritten)?;
    Ok(SnapshotFile { source, script, objects, rows })
}

/// What is said where everything is in order but the snapshot that would come out.
fn none_stands(why: &str) -> Diagnostic {
    Diagnostic::error(NONE, format!("these migrations can't have a snapshot: {why}"))
}

/// A fault of a text that is in no file: without its place, but with what stands there.
fn unwritten(problem: Diagnostic) -> Diagnostic {
    let fault = if problem.code == CODES.differs {
        none_stands("it would make something else")
    } else {
        none_stands(&problem.message)
    };
    let line = problem.location.as_ref().map(|place| {
        let start: String = place.line().chars().take(LINE).collect();
        format!("in the line `{start}` of it")
    });
    line.into_iter().chain(problem.notes).fold(fault, Diagnostic::note)
}

/// Checks whether the snapshot of a set makes the same as its migrations on an empty database.
#[must_use]
pub fn check_snapshot(set: &MigrationSet) -> Vec<Diagnostic> {
    let Some(snapshot) = &set.snapshot else { return Vec::new() };
    if let Err(doubts) = leaves_nothing(set) {
        return doubts.into_iter().map(warning).collect();
    }
    let migrations = set.migrations.iter().filter(|migration| migration.number <= snapshot.number).cloned().collect();
    let part = MigrationSet { migrations, before_all: None, ..set.clone() };
    match run(&part, &mut NoObserver) {
        Ok(original) => check(&part, snapshot, &original),
        Err(problems) => problems,
    }
}

/// Whether a snapshot leads to what is in `original`, which the migrations have made that it stands for.
pub(crate) fn check(set: &MigrationSet, snapshot: &Sealed, original: &Connection) -> Vec<Diagnostic> {
    let proved = scratch::open(&set.config.replay.stubs)
        .map_err(|error| vec![unusable(&error)])
        .and_then(|connection| lead(set, &connection, original, &snapshot.script, CODES));
    let again = |problem: Diagnostic| problem.help("write it again: `cargo dbmigrate snapshot`");
    proved.err().unwrap_or_default().into_iter().map(again).collect()
}

/// A doubt of what is sealed already: a program sees it as well, and goes the whole way.
fn warning(doubt: Diagnostic) -> Diagnostic {
    Diagnostic { severity: Severity::Warning, ..doubt }.help("do without it: `cargo dbmigrate snapshot --remove`")
}

/// What is said of a snapshot whose set has a hook that leaves something.
pub(crate) fn of_no_use(hook: &Script) -> Diagnostic {
    warning(leaves_something(hook))
}

/// What the migrations need of other sets, which a fresh database does not have; and files that they write beside it.
fn elsewhere(migrations: &[dbmigrate_core::SourceMigration]) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for migration in migrations {
        let name = migration.name();
        for required in migration.requires.iter().filter(|required| required.name.contains('/')) {
            let message = format!("`{name}` requires `{}`, which is in another set", required.name);
            problems.push(
                Diagnostic::error("snapshot-requires", message).at(Location::new(migration.source(), required.span)),
            );
        }
        let Some(up) = ups(migration) else { continue };
        for step in &up.steps {
            if let Step::Sql(statement) = step
                && is_vacuum_into(up, statement)
            {
                let place = Location::new(&up.source, up.source.first_line(statement.span));
                let message = "this writes another file, which a snapshot can't do";
                problems.push(Diagnostic::error("snapshot-file", message).at(place));
            }
        }
    }
    problems
}

/// What is said of migrations that make a table by the name of one of the history's: in a program that is there before
/// them, and is another one.
pub(crate) fn history(
    part: &MigrationSet,
    original: &Connection,
    codes: Codes,
) -> rusqlite::Result<Option<Diagnostic>> {
    let names = part.config.history_tables();
    let is_one = |name: &str| names.iter().any(|own| own.eq_ignore_ascii_case(name));
    let Some(made) = objects(original)?.into_iter().find(|object| is_one(&object.name)) else { return Ok(None) };
    let message = format!("`{}` is the name of a table of the history, which exists in a program", made.name);
    let fault = Diagnostic::error(codes.history, message).help(
        Help::from("give the history another name: `table = \"…\"` under `[package.metadata.migrations]` in ")
            .file("Cargo.toml"),
    );
    let places = part.migrations.iter().filter_map(ups).find_map(|up| {
        let text = up.source.slice(up.section);
        let token = tokens(text).find(|token| is_one(&unquote(token.text(text))))?;
        let start = up.section.start + token.span.start;
        Some(Location::new(&up.source, Span::new(start, start + token.span.end - token.span.start)))
    });
    Ok(Some(match places {
        Some(place) => fault.at(place),
        None => fault,
    }))
}

/// Refuses a hook that leaves something in an empty database: no fresh one would be empty after it.
fn leaves_nothing(set: &MigrationSet) -> Result<(), Vec<Diagnostic>> {
    let Some(hook) = &set.before_all else { return Ok(()) };
    let failed = |error: rusqlite::Error| vec![unusable(&error)];
    let connection = scratch::open(&set.config.replay.stubs).map_err(failed)?;
    Replayer::new(set, None).hook(&connection, hook, &mut NoObserver).map_err(|halt| match halt {
        Halt::Refused(problem) => vec![*problem],
        Halt::Stopped(why) => vec![not_replayable(hook.source.path(), why)],
    })?;
    if is_empty(&connection).map_err(failed)? {
        return Ok(());
    }
    Err(vec![leaves_something(hook)])
}

fn leaves_something(hook: &Script) -> Diagnostic {
    let message = "the hook before all migrations leaves something in an empty database";
    Diagnostic::error("snapshot-hook", message)
        .in_file(hook.source.path())
        .note("a program starts from a snapshot only if nothing exists yet")
}

/// Whether a database is as SQLite makes it.
pub(crate) fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM main.sqlite_schema WHERE name <> 'sqlite_sequence') \
               AND NOT EXISTS (SELECT 1 FROM temp.sqlite_master) \
               AND (SELECT user_version = 0 FROM pragma_user_version) \
               AND (SELECT application_id = 0 FROM pragma_application_id)";
    connection.query_row(sql, [], |row| row.get(0))
}
