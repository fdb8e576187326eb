//! A script of SQL that does what the runner does, for engines that this tool does not connect to.
//!
//! It is no second runner: the real one runs on a database in memory, and what it says to that database is written down,
//! its history rows as well. Around it stands what the runner asks before it goes on, in SQL. Nothing is given out
//! that was not run on databases in memory, and compared with what the runner makes of them.

mod block;
pub(crate) mod d1;
mod guard;
mod once;
mod others;
mod prove;
mod repeat;
mod run;
mod tape;
mod value;
mod write;

use std::path::Path;
use std::{fs, io};

use dbmigrate_core::sequence::quoted;
use dbmigrate_core::{Body, Diagnostic, Down, Location, MigrationSet, Script, SourceMigration, Step, statement};
use dbmigrate_runtime::{HistoryRow, Migration, Migrator, Set, State};
use rusqlite::Connection;

use self::block::{Block, Item, Scripts};
use self::guard::Guard;
use self::prove::Claim;
use self::run::{Bench, Range};
use self::write::Text;
use crate::error::CliError;
use crate::ops::driver::Rusqlite;
use crate::ops::project::Project;
use crate::ops::schema::{SchemaAccess, connect};
use crate::ops::{edit, runtime_set};

/// The version of a database that has no migrations.
const NOTHING: &str = "nothing";

/// What is asked for.
#[derive(Debug, Default)]
pub(crate) struct Request<'a> {
    /// The last migration that the database has; `nothing`; what `database` has without it.
    pub(crate) from: Option<&'a str>,
    /// The last that it is to have; `nothing`; the newest without it.
    pub(crate) to: Option<&'a str>,
    /// A database that is asked where it is, and only read.
    pub(crate) database: Option<&'a Path>,
    /// Whether the script can be run again.
    pub(crate) idempotent: bool,
}

/// A script that was proved.
#[derive(Debug)]
pub(crate) struct ProvedScript {
    /// The version that it begins at, in words.
    pub(crate) from: String,
    /// The version that it leads to.
    pub(crate) to: String,
    /// The names of the migrations that it applies or takes back, in order.
    pub(crate) migrations: Vec<String>,
    /// The script; none where nothing is to do.
    pub(crate) text: Option<String>,
    /// What is worth knowing.
    pub(crate) warnings: Vec<Diagnostic>,
    /// What is worth knowing of how the database was read.
    pub(crate) as_it_lies: Option<&'static str>,
}

/// Writes a script; what somebody else wrote is not replaced.
pub(crate) fn put(path: &Path, text: &str) -> Result<(), CliError> {
    let failed = |error: io::Error| CliError::failure(format!("could not write `{}`: {error}", path.display()));
    match fs::read(path) {
        Ok(there) if !String::from_utf8_lossy(&there).starts_with(write::MARK) => {
            Err(CliError::failure(format!("`{}` exists, and was not written by this command", path.display()))
                .help("name another file, or remove this one"))
        }
        Ok(_) => edit::put(path, text).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => edit::put(path, text).map_err(failed),
        Err(error) => Err(failed(error)),
    }
}

/// Makes a script, and proves it.
pub(crate) fn script(project: &Project, request: &Request<'_>) -> Result<ProvedScript, CliError> {
    let set = project.load_sound()?.set;
    let access = SchemaAccess::default();
    let range = range(project, &set, request, &access)?;
    let (from, to) = (version(&set, range.from), version(&set, range.to));
    let migrations = migrations(&set, range).iter().map(|migration| migration.name()).collect();
    let mut made = ProvedScript { from, to, migrations, text: None, warnings: Vec::new(), as_it_lies: access.note() };
    if range.from == range.to {
        return Ok(made);
    }
    refuse(&set, range, request.idempotent)?;
    let others = others::required(project, &set)?;
    others::refuse_needed(project, &set, range)?;
    with_own_requirements(&set, |runtime| {
        let bench = Bench { source: &set, set: runtime, others: &others, is_alone: project.sets == 1 };
        let mut blocks = blocks(bench, range)?;
        refuse_unchecked(&set, range, &blocks)?;
        let title = format!("{} from {} to {}", project.name, made.from, made.to);
        let text = if request.idempotent {
            repeat::text(bench, range, &mut blocks, &title)?
        } else {
            text(bench, range, &blocks, &title)
        };
        let comes_back = range.is_up() && range.to == set.migrations.len();
        let gone = if comes_back { Vec::new() } else { Guard::new(bench).make_way() };
        let claim = Claim { bench, range, again: request.idempotent, gone };
        let proved = claim.prove(&|database| write::run(&text, database).map_err(|error| error.to_string()))?;
        made.warnings = warnings(&set, range, proved);
        made.text = Some(text);
        Ok(made)
    })
}

/// The runner's view of a set. What it requires of other sets is for the script to ask.
fn with_own_requirements<R>(set: &MigrationSet, work: impl FnOnce(&Set<'_>) -> R) -> R {
    runtime_set::with_set(set, |runtime| {
        let own: Vec<Vec<&str>> = runtime
            .migrations
            .iter()
            .map(|migration| migration.requires.iter().copied().filter(|name| !name.contains('/')).collect())
            .collect();
        let migrations: Vec<Migration<'_>> = runtime
            .migrations
            .iter()
            .zip(&own)
            .map(|(migration, requires)| Migration { requires, ..*migration })
            .collect();
        work(&Set { migrations: &migrations, snapshot: None, adoption: None, ..*runtime })
    })
}

/// What the real runner does, cut into transactions.
fn blocks(bench: Bench<'_>, range: Range) -> Result<Vec<Block>, CliError> {
    let creates = bench.creates()?;
    let mut database = bench.at(range.from)?;
    if range.from == 0 {
        // With a history the runner gives each migration a transaction of its own.
        creates.iter().try_for_each(|sql| database.execute_batch(sql)).map_err(CliError::in_memory)?;
    }
    let tape = bench.recorded(range, &mut database).map_err(run::refused)?;
    let mut blocks = block::blocks(tape, &Scripts::of(bench.source, range.is_up()));
    if let Some(first) = blocks.first_mut().filter(|_| range.from > 0) {
        // An older program may not have made all of it. What the head says stays true until something is applied.
        let creates = creates.into_iter().filter(|sql| sql.starts_with("CREATE "));
        first.items.splice(0..0, creates.map(Item::Own));
    }
    Ok(blocks)
}

fn text(bench: Bench<'_>, range: Range, blocks: &[Block], title: &str) -> String {
    let (set, guard) = (bench.source, Guard::new(bench));
    let mut text = Text::new(title, &header(set, range, false));
    let makes_way = makes_way(set, range, blocks);
    for (at, block) in blocks.iter().enumerate() {
        let ways = if makes_way == Some(at) { guard.make_way() } else { Vec::new() };
        let statements = if !block.transaction {
            block.items.iter().map(|item| own_text(item).to_owned()).collect()
        } else if at == 0 {
            let mut first = vec![guard.is_at(range.from)];
            first.extend(guard.requirements(&migrations(set, range)));
            first.extend(guard.loses_no_trigger().filter(|_| range.from > 0));
            write::guarded(&guard, block, first, &ways)
        } else {
            write::guarded(&guard, block, vec![guard.goes_on_at(&block.before)], &ways)
        };
        text.piece(block, &statements);
    }
    text.finish()
}

/// The transaction in which what repeatables may have made goes: that of the first migration, which clears their records.
fn makes_way(set: &MigrationSet, range: Range, blocks: &[Block]) -> Option<usize> {
    let names: Vec<String> = migrations(set, range).into_iter().map(SourceMigration::name).collect();
    let is_first = |block: &Block| block.labels.iter().any(|label| names.contains(label));
    blocks.iter().position(is_first).filter(|_| range.from > 0 || !range.is_up())
}

fn own_text(item: &Item) -> &str {
    match item {
        Item::Own(sql) => sql,
        Item::User(user) | Item::Assert(user) => &user.sql,
    }
}

/// What stands at the top of a script.
fn header(set: &MigrationSet, range: Range, again: bool) -> Vec<String> {
    let count = range.to.abs_diff(range.from);
    let what = if range.is_up() { "applies" } else { "takes back" };
    let run = if again { "It can be run again, and on every version in between." } else { "Run it once, all of it." };
    vec![
        format!("made by cargo-dbmigrate {}", env!("CARGO_PKG_VERSION")),
        format!("It {what} {count} of {} migrations, with the rows of their history. {run}", set.migrations.len()),
        "On any other database, a check whose name says why stops it before anything is changed.".to_owned(),
        "After an error, close the connection or run ROLLBACK: the failed transaction is still open.".to_owned(),
    ]
}

/// From where to where.
fn range(
    project: &Project,
    set: &MigrationSet,
    request: &Request<'_>,
    access: &SchemaAccess<'_>,
) -> Result<Range, CliError> {
    let place = |target: &str| -> Result<usize, CliError> {
        match target {
            NOTHING => Ok(0),
            _ => {
                let number = set.find(target).map_err(|unknown| CliError::from(*unknown).into_usage())?.number;
                Ok(set.migrations.iter().take_while(|migration| migration.number <= number).count())
            }
        }
    };
    let from = match (request.from, request.database) {
        (Some(from), _) => place(from)?,
        (None, Some(path)) => held(project, set, path, access)?,
        (None, None) => 0,
    };
    Ok(Range { from, to: request.to.map_or(Ok(set.migrations.len()), place)? })
}

/// How many of the set's first migrations a database has.
fn held(project: &Project, set: &MigrationSet, path: &Path, access: &SchemaAccess<'_>) -> Result<usize, CliError> {
    let shown = quoted(&path.display().to_string());
    let mut connection = connect(path, access)?;
    let asked = runtime_set::with_set(set, |set| {
        let migrator = Migrator::<Rusqlite>::new(set);
        Ok((migrator.status(&mut connection)?, migrator.history(&mut connection)?))
    });
    let (status, rows) = asked.map_err(|error: dbmigrate_runtime::Error| CliError::from(error))?;
    if status.old.is_some() {
        let message = format!("`{}` still has the history of another tool", path.display());
        return Err(
            CliError::failure(message).help(format!("take it over first: `cargo dbmigrate adopt --database {shown}`"))
        );
    }
    let is_alone = project.sets == 1 && set.base.is_none();
    if rows.is_empty() && is_alone && has_objects(&connection)? {
        let message =
            format!("`{}` has tables and no history, and a script starts from an empty database", path.display());
        return Err(CliError::failure(message)
            .help(format!("if it has what the migrations make, record them: `cargo dbmigrate mark --database {shown}`"))
            .help("if it is the wrong database, name the right one"));
    }
    let entries = status.entries;
    let applied = entries.iter().take_while(|entry| entry.state == State::Applied).count();
    // One that stands for others may be known by their rows.
    let is_one = |row: &HistoryRow| set.migrations.iter().any(|it| it.number == row.number && it.name() == row.name);
    if let Some(row) = rows.iter().find(|row| !is_one(row)).filter(|_| applied > 0) {
        let message =
            format!("the history of `{}` has `{}`, which a migration of the set replaces", path.display(), row.name);
        return Err(CliError::failure(message)
            .help("let `up` record that one first: `cargo dbmigrate up --to` it")
            .help("or make the script from the previous files: `cargo dbmigrate squash --undo`"));
    }
    match entries.iter().skip(applied).find(|entry| entry.state != State::Pending) {
        None => Ok(applied),
        Some(entry) => {
            let message =
                format!("`{}` does not have exactly the first migrations: see `{}`", path.display(), entry.name);
            let name = quoted(&entry.name);
            Err(CliError::failure(message).help(match entry.state {
                State::Late => format!(
                    "a later one is applied: apply it, `cargo dbmigrate up --database {shown}`, or if the database has \
                     what it makes, `cargo dbmigrate mark {name} --database {shown}`"
                ),
                State::Newer => "the database is newer than the files: use the files of its version".to_owned(),
                _ => format!("to see what can be done: `cargo dbmigrate repair --database {shown}`"),
            }))
        }
    }
}

/// Whether a database has anything that SQLite has not made for itself.
fn has_objects(connection: &Connection) -> Result<bool, CliError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM main.sqlite_schema WHERE lower(substr(name, 1, 7)) <> 'sqlite_')";
    connection
        .query_row(sql, [], |row| row.get(0))
        .map_err(|error| CliError::failure(format!("could not read the database: {error}")))
}

fn version(set: &MigrationSet, count: usize) -> String {
    count.checked_sub(1).and_then(|last| set.migrations.get(last)).map_or(NOTHING.to_owned(), SourceMigration::name)
}

/// The migrations of a range, in the order in which they run.
fn migrations(set: &MigrationSet, range: Range) -> Vec<&SourceMigration> {
    let Range { from, to } = range;
    let mut all: Vec<_> = set.migrations.get(from.min(to)..from.max(to)).unwrap_or_default().iter().collect();
    if !range.is_up() {
        all.reverse();
    }
    all
}

/// Names everything that no script can do.
fn refuse(set: &MigrationSet, range: Range, again: bool) -> Result<(), CliError> {
    let mut problems = Vec::new();
    let hooks = set.before_all.iter().chain(&set.after_all);
    let repeatables = set.repeatables.iter().map(|it| &it.script);
    for (at, migration) in set.migrations.iter().enumerate().take(range.from.max(range.to)) {
        let is_run = at >= range.from.min(range.to);
        match &migration.body {
            Body::Rust(_) => problems.push(code(&migration.name(), &migration.file, is_run)),
            Body::Sql { up, down } => {
                let down = match down {
                    Down::Script(down) if is_run && !range.is_up() => Some(&**down),
                    _ => None,
                };
                // What is taken back was applied before.
                let is_back = down.is_some();
                for (script, is_run) in [(Some(up), is_run && !is_back), (down, true)] {
                    problems.extend(script.into_iter().flat_map(|it| obstacles(&migration.name(), it, is_run, again)));
                }
            }
        }
    }
    for script in hooks.clone().chain(repeatables) {
        problems.extend(obstacles(script.source.path(), script, true, false));
    }
    if again {
        problems.extend(hooks.map(|hook| {
            impossible(format!("`{}` would run each time", hook.source.path())).in_file(hook.source.path())
        }));
    }
    if problems.is_empty() { Ok(()) } else { Err(CliError::diagnostics(problems)) }
}

/// Refuses a table that goes while foreign keys are off, and its successor comes in a transaction of its own: what
/// refers to it is right again only in the end, and a script has no place to remember what was wrong before.
fn refuse_unchecked(set: &MigrationSet, range: Range, blocks: &[Block]) -> Result<(), CliError> {
    let mut problems = Vec::new();
    for migration in migrations(set, range) {
        let name = migration.name();
        let is_user = |item: &Item| matches!(item, Item::User(_));
        let own = |block: &&Block| {
            let is_off = block.transaction && !block.enforced;
            is_off && block.labels == [name.as_str()] && block.items.iter().any(is_user)
        };
        let drop = blocks.iter().filter(own).flat_map(|block| &block.items).find_map(|item| match item {
            Item::User(user) => matches!(user.effect, statement::Effect::DropTable(_)).then_some(user),
            _ => None,
        });
        if let Some(drop) = drop.filter(|_| blocks.iter().filter(own).count() > 1) {
            let message = format!("`{name}` drops a table with foreign keys off, and continues in another transaction");
            problems.push(
                impossible(message)
                    .at(drop.at.clone())
                    .note("references to the table are valid again only at the end, which a script can't check")
                    .help("put the rebuild between `BEGIN` and `COMMIT`, or remove `-- dbmigrate: no-transaction`"),
            );
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(CliError::diagnostics(problems)) }
}

fn obstacles(name: &str, script: &Script, is_run: bool, again: bool) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    if again && is_run && !script.transaction {
        let message = format!("`{name}` runs without a transaction, so it can't be run again");
        problems.push(impossible(message).in_file(script.source.path()));
    }
    for step in &script.steps {
        let Step::Sql(statement) = step else {
            problems.push(code(name, script.source.path(), is_run));
            continue;
        };
        let at = Location::new(&script.source, statement.span);
        let sql = script.source.slice(statement.span);
        match &statement.effect {
            statement::Effect::Bare { idempotent: false } => {
                problems.push(impossible(format!("`{name}` works on another file")).at(at));
            }
            statement::Effect::Session if block::begins_with(sql, &["ATTACH"]) => {
                problems.push(impossible(format!("`{name}` works on another file")).at(at));
            }
            statement::Effect::DropTable(table) if is_run && script.foreign_keys == Some(true) => {
                let message = format!("`{name}` drops `{table}` with foreign keys on");
                problems.push(
                    impossible(message)
                        .at(at)
                        .note(
                            "the runner checks first whether rows of other tables would be deleted with it, which a \
                            script can't",
                        )
                        .help("remove `-- dbmigrate: foreign-keys on`"),
                );
            }
            _ => {}
        }
    }
    problems
}

fn code(name: &str, file: &str, is_run: bool) -> Diagnostic {
    let error = impossible(format!("`{name}` contains Rust, which only its own program can run")).in_file(file);
    if is_run {
        error.help("make a script of those before it: `--to`; the program has to run it and those after it")
    } else {
        error.note("those after it are proved on a database that has it")
    }
}

fn impossible(message: String) -> Diagnostic {
    Diagnostic::error("no-script", message)
}

fn warnings(set: &MigrationSet, range: Range, proved: prove::Proved) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    if let Some(why) = proved.without_rows {
        let warning = Diagnostic::warning("unproven", "the script was tried without rows only").note(why);
        out.push(match migrations(set, range).as_slice() {
            [one] => warning.in_file(&one.file),
            _ => warning,
        });
    }
    if !proved.by_chance.is_empty() {
        let tables = proved.by_chance.join(", ");
        out.push(Diagnostic::warning(
            "unproven",
            format!("{tables}: the values differ in each run, so they were not compared"),
        ));
    }
    for migration in migrations(set, range) {
        let Body::Sql { up, down } = &migration.body else { continue };
        let script = match down {
            Down::Script(down) if !range.is_up() => down,
            _ => up,
        };
        for step in &script.steps {
            let Step::Sql(statement) = step else { continue };
            if block::looks_ended(script.source.slice(statement.span)) {
                let message = "a shell takes a line of only `/` or `go` as the end of a statement";
                let at = Location::new(&script.source, statement.span);
                out.push(Diagnostic::warning("looks-ended", message).at(at).help("join the line with another one"));
            }
        }
        if script.tolerate_existing {
            let message = format!("`{}` tolerates what exists, and the script does not", migration.name());
            out.push(Diagnostic::warning("intolerant", message).in_file(script.source.path()));
        }
    }
    out
}
