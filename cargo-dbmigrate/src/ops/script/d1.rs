//! A folder that `wrangler d1 migrations apply` applies to Cloudflare's D1: a file for each migration, with its history.
//!
//! D1 runs a file as one transaction with foreign keys enforced, and nothing can switch them off. What a migration
//! would lose or leave otherwise there is refused. Files that are there are never written again, as D1 knows them by
//! their names: what was applied stays as it was.

mod engine;
mod file;

use std::path::{Path, PathBuf};

use dbmigrate_core::config::Stubs;
use dbmigrate_core::{Diagnostic, MigrationSet, SourceMigration};
use rusqlite::Connection;

use self::engine::Statement;
use self::file::Found;
use super::block::{Block, Item, User};
use super::guard::{Condition, Guard};
use super::prove::Claim;
use super::run::{Bench, Range};
use super::{blocks, others, refuse, with_own_requirements, write};
use crate::error::CliError;
use crate::ops::edit;
use crate::ops::project::Project;

/// D1 takes no longer statement: 100,000 bytes.
const LONGEST: usize = 100_000;
/// D1 takes no table with more columns.
const COLUMNS: i64 = 100;

/// What was done.
#[derive(Debug)]
pub(crate) struct Folder {
    /// The files that are new.
    pub(crate) written: Vec<PathBuf>,
    /// How many were there.
    pub(crate) kept: usize,
    /// What is worth knowing.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Adds to a folder what it lacks of the set, once all of it is proved.
pub(crate) fn folder(project: &Project, folder: &Path) -> Result<Folder, CliError> {
    let mut set = project.load_sound()?.set;
    let range = Range { from: 0, to: set.migrations.len() };
    let kept = there(project, &set, folder)?;
    let mut done = Folder { written: Vec::new(), kept, warnings: Vec::new() };
    if kept == set.migrations.len() {
        return Ok(done);
    }
    refuse(&set, range, false)?;
    beside(&set)?;
    let others = others::required(project, &set)?;
    // D1 runs without the program, and has nothing of what it registers.
    let stubs = std::mem::take(&mut set.config.replay.stubs);
    let files = with_own_requirements(&set, |runtime| {
        let bench = Bench { source: &set, set: runtime, others: &others, is_alone: project.sets == 1 };
        files(bench, kept, &mut done.warnings)
    })
    .map_err(|error| {
        if stubs == Stubs::default() {
            error
        } else {
            error.help(
            "D1 does not have the functions and collations that `replay` of the manifest names: write the migrations \
             without them",
        )
        }
    })?;
    for (migration, statements) in set.migrations.iter().zip(files).skip(kept) {
        let path = folder.join(file::name(migration));
        edit::create(&path, &file::text(migration, &statements))
            .map_err(|error| CliError::failure(format!("could not write `{}`: {error}", path.display())))?;
        done.written.push(path);
    }
    Ok(done)
}

/// How many files of the first migrations are there, as they were written.
fn there(project: &Project, set: &MigrationSet, folder: &Path) -> Result<usize, CliError> {
    refuse_shared(project, set, folder)?;
    let mut problems = Vec::new();
    let found: Vec<Found> = set.migrations.iter().map(|it| file::find(folder, it)).collect::<Result<_, _>>()?;
    let kept = found.iter().take_while(|found| !matches!(found, Found::Nothing)).count();
    for (migration, found) in set.migrations.iter().zip(&found) {
        problems.extend(file::problem(folder, migration, found));
    }
    for (migration, _) in
        set.migrations.iter().zip(&found).skip(kept).filter(|(_, found)| !matches!(found, Found::Nothing))
    {
        let message = format!(
            "`{}` exists, but `{}`, which comes before it, does not",
            file::name(migration),
            missing(set, kept)
        );
        problems.push(
            Diagnostic::error("d1-order", message)
                .note("a database that has the later one rejects the earlier one")
                .help("if the file was removed, restore it; a new migration needs a higher number"),
        );
    }
    problems.extend(file::strays(folder, set)?);
    if problems.is_empty() { Ok(kept) } else { Err(CliError::diagnostics(problems)) }
}

/// A folder is of one set: D1 applies files by their names, and the numbers of two sets say nothing of each other.
fn refuse_shared(project: &Project, set: &MigrationSet, folder: &Path) -> Result<(), CliError> {
    if project.sets == 1 {
        return Ok(());
    }
    for other in project.load_all().iter().map(|loaded| &loaded.set).filter(|it| it.config.set != set.config.set) {
        let is_own = |it: &SourceMigration| {
            set.migrations.iter().any(|own| own.name() == it.name() && own.checksum == it.checksum)
        };
        for migration in other.migrations.iter().filter(|it| !is_own(it)) {
            if matches!(file::find(folder, migration)?, Found::Whole) {
                let path = folder.join(file::name(migration));
                let name = match other.config.set.as_str() {
                    "" => "without a name".to_owned(),
                    name => format!("`{name}`"),
                };
                return Err(CliError::failure(format!("`{}` is of the set {name}", path.display())).help(
                    "give each set a folder of its own, and each folder a binding of its own in wrangler's file: \
                           `migrations_dir`, with another `migrations_table`",
                ));
            }
        }
    }
    Ok(())
}

fn missing(set: &MigrationSet, at: usize) -> String {
    set.migrations.get(at).map(file::name).unwrap_or_default()
}

/// What has no place in such a folder.
fn beside(set: &MigrationSet) -> Result<(), CliError> {
    let hooks = set.before_all.iter().chain(&set.after_all).map(|it| it.source.path());
    let repeatables = set.repeatables.iter().map(|it| it.script.source.path());
    let others = hooks.chain(repeatables).map(|path| {
        Diagnostic::error("no-script", format!("`{path}` is not a migration, and D1 runs nothing else"))
            .in_file(path)
            .help("put its objects into a migration: `cargo dbmigrate create NAME`")
    });
    let bare = set.migrations.iter().filter(|it| is_bare(it)).map(|migration| {
        let message = format!("`{}` runs without a transaction, and D1 runs every file in one", migration.name());
        Diagnostic::error("no-script", message).in_file(&migration.file)
    });
    let problems: Vec<Diagnostic> = others.chain(bare).collect();
    if problems.is_empty() { Ok(()) } else { Err(CliError::diagnostics(problems)) }
}

fn is_bare(migration: &SourceMigration) -> bool {
    matches!(&migration.body, dbmigrate_core::Body::Sql { up, .. } if !up.transaction)
}

/// The statements of all files. Those after the first `kept` are proved.
fn files(bench: Bench<'_>, kept: usize, warnings: &mut Vec<Diagnostic>) -> Result<Vec<Vec<Statement>>, CliError> {
    let set = bench.source;
    let every = Range { from: 0, to: set.migrations.len() };
    let guard = Guard::new(bench);
    let mut files = Vec::new();
    let mut database = bench.nothing()?;
    for (at, block) in blocks(bench, every)?.into_iter().enumerate() {
        let range = Range { from: at, to: at + 1 };
        let statements = statements(&guard, block, super::migrations(set, range).as_slice());
        if at >= kept {
            too_long(&statements)?;
            if let Some(problem) = file::trimmed(&statements) {
                return Err(problem.into());
            }
            let claim = Claim { bench, range, again: false, gone: Vec::new() };
            // What fails for a reason that a file can be blamed for is said with its place.
            engine::run(&mut bench.copy(&database)?, &statements).map_err(|fault| fault.blamed())?;
            let run = |database: &mut Connection| engine::run(database, &statements).map_err(|fault| fault.why());
            let proved = claim.prove_on(&database, &run)?;
            warnings.extend(super::warnings(set, range, proved));
        }
        engine::run(&mut database, &statements).map_err(|fault| fault.blamed())?;
        too_wide(&database, set, at)?;
        files.push(statements);
    }
    Ok(files)
}

/// A transaction as D1 runs it.
fn statements(guard: &Guard<'_>, block: Block, migrations: &[&SourceMigration]) -> Vec<Statement> {
    let mut first = vec![if block.before.applied == 0 { guard.has_no_rows() } else { guard.goes_on_at(&block.before) }];
    first.extend(guard.requirements(migrations));
    // Each file is a transaction, and what it says of the connection may outlive it.
    let is_reset = |item: &Item| matches!(item, Item::Own(sql) if sql == "PRAGMA defer_foreign_keys = 0");
    let defers = !block.enforced;
    let items: Vec<Item> = block.items.into_iter().filter(|item| !is_reset(item)).collect();
    let users: Vec<User> = items
        .iter()
        .filter_map(|item| match item {
            Item::User(user) => Some(user.clone()),
            _ => None,
        })
        .collect();
    let enforced = Block { items, enforced: true, ..block };
    let texts = write::guarded(guard, &enforced, first, &[]);
    let mut users = users.into_iter().peekable();
    let deferring = defers.then(|| Statement::own("PRAGMA defer_foreign_keys = ON".to_owned()));
    let rest = texts.into_iter().map(|sql| match users.next_if(|user| user.sql == sql) {
        Some(user) => Statement { sql, user: Some(user), unenforced: defers },
        None => Statement::own(sql),
    });
    deferring.into_iter().chain(rest).collect()
}

fn too_long(statements: &[Statement]) -> Result<(), CliError> {
    let long = statements.iter().filter(|statement| statement.sql.len() > LONGEST);
    let problems: Vec<Diagnostic> = long
        .map(|statement| {
            let bytes = statement.sql.len();
            let message = format!("a statement has {bytes} bytes, and D1 takes no more than {LONGEST}");
            match &statement.user {
                Some(user) => Diagnostic::error("d1-limit", message).at(user.at.clone()),
                None => Diagnostic::error("d1-limit", message)
                    .note("it is the row of the history, which stores the down script")
                    .help("store none there: `store-sql = \"none\"` in `[package.metadata.migrations]`"),
            }
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(CliError::diagnostics(problems)) }
}

fn too_wide(database: &Connection, set: &MigrationSet, at: usize) -> Result<(), CliError> {
    let sql = "SELECT m.name, count(*) AS n FROM main.sqlite_master AS m, pragma_table_xinfo(m.name) WHERE m.type = 'table' \
               GROUP BY m.name HAVING n > ?1 LIMIT 1";
    let found = database.query_row(sql, [COLUMNS], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)));
    let (table, columns) = match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => return Ok(()),
        found => found.map_err(CliError::in_memory)?,
    };
    let message = format!("the table `{table}` has {columns} columns, and D1 takes no more than {COLUMNS}");
    let error = Diagnostic::error("d1-limit", message);
    Err(match set.migrations.get(at) {
        Some(migration) => error.in_file(&migration.file),
        None => error,
    }
    .into())
}

impl Guard<'_> {
    /// There is no row of the set: what else the database has is for others to say.
    fn has_no_rows(&self) -> Condition {
        let Condition { sql, .. } = self.goes_on_at(&super::guard::State::default());
        Condition { says: "this folder starts from a database without a history".to_owned(), sql }
    }
}
