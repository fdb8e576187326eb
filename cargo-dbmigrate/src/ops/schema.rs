//! Where a schema can come from: the migrations, a database, a file, a revision, or nowhere. Nothing here writes.

use std::cell::Cell;
use std::error::Error as _;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dbmigrate_core::sequence::quoted;
use dbmigrate_core::{Adoption, Config, Diagnostic, Location, MigrationSet, SourceText};
use dbmigrate_runtime::cli::{Aim, Request, Verb, open_existing};
use dbmigrate_schema::{Name, Program, ReadOptions, Schema};
use rusqlite::Connection;

use crate::cli::{DatabaseArgs, PROGRAM};
use crate::error::CliError;
use crate::ops::driver::Rusqlite;
use crate::ops::git::Repository;
use crate::ops::merged_set::{merged, merged_with_required};
use crate::ops::project::Project;
use crate::ops::{adopt, database, immutable};
use crate::paths;

/// Where a schema comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// All migrations of the package, replayed in memory; their Rust by the package's runner.
    Migrations,
    /// The package's database.
    Database,
    /// No object at all.
    Empty,
    /// A file of SQL, run in memory.
    Sql(PathBuf),
    /// A database file.
    File(PathBuf),
    /// What the migrations led to at a revision of git, or an SQL file in it.
    Git { revision: String, file: Option<String> },
}

impl Source {
    /// Understands what people write; a file that is called like a word is reached by `./word`.
    pub(crate) fn new(text: &str) -> Self {
        match text {
            "migrations" => Self::Migrations,
            "database" => Self::Database,
            "empty" => Self::Empty,
            _ if text.starts_with("git:") => {
                let (revision, file) = revision_and_file(&text["git:".len()..]);
                Self::Git { revision: revision.to_owned(), file: file.map(str::to_owned) }
            }
            _ => {
                let path = PathBuf::from(text);
                let sql = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sql"));
                if sql { Self::Sql(path) } else { Self::File(path) }
            }
        }
    }
}

/// Takes `main:schema.sql` apart as git does: braces, as in `main@{12:00}`, keep their colon.
fn revision_and_file(text: &str) -> (&str, Option<&str>) {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => return (&text[..at], Some(&text[at + 1..])),
            _ => {}
        }
    }
    (text, None)
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Migrations => f.write_str("the migrations"),
            Self::Database => f.write_str("the database"),
            Self::Empty => f.write_str("nothing"),
            Self::Sql(path) | Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Git { revision, file: None } => write!(f, "the migrations of `{revision}`"),
            Self::Git { revision, file: Some(file) } => write!(f, "`git:{revision}:{file}`"),
        }
    }
}

/// What says which database, how long to wait for it, and what runs the Rust of the migrations.
#[derive(Default)]
pub(crate) struct SchemaAccess<'a> {
    pub(crate) database: Option<&'a Path>,
    pub(crate) busy_timeout: Option<u64>,
    pub(crate) program: Option<&'a dyn Program>,
    /// Whether a database was read in the way that is worth a word: [`immutable::AS_IT_LIES`].
    as_it_lies: Cell<bool>,
}

impl<'a> SchemaAccess<'a> {
    /// What the command line says.
    pub(crate) fn new(args: &'a DatabaseArgs, program: Option<&'a dyn Program>) -> Self {
        Self { database: args.database.as_deref(), busy_timeout: args.busy_timeout, program, ..Self::default() }
    }

    /// What is worth knowing of how a database was read.
    pub(crate) fn note(&self) -> Option<&'static str> {
        self.as_it_lies.get().then_some(immutable::AS_IT_LIES)
    }

    /// How long to wait for another connection.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_secs(self.busy_timeout.unwrap_or(BUSY_TIMEOUT))
    }
}

/// How long to wait for another connection where nothing else is said, as everywhere.
const BUSY_TIMEOUT: u64 = 30;

/// Reads a schema. The tables of the history are no part of it.
///
/// Of several sets that live in one database it is what all of them make.
pub(crate) fn load(source: &Source, projects: &[Project], access: &SchemaAccess<'_>) -> Result<Schema, CliError> {
    let project = Project::first(projects)?;
    match source {
        Source::Empty => Ok(Schema::default()),
        Source::Migrations => {
            let sets = Project::sound_sets(projects)?;
            match sets.as_slice() {
                [set] => replay(&merged_with_required(project, set)?.set, access.program),
                sets => replay(&merged(&sets[0], &sets.iter().collect::<Vec<_>>()).set, access.program),
            }
        }
        Source::Sql(path) => {
            let text = SourceText::read(Path::new(""), &path.display().to_string());
            let schema = text.and_then(|text| Schema::from_source(&text, &project.config.replay.stubs));
            Ok(schema.map_err(|fault| from_package(fault, project))?)
        }
        Source::File(path) => read(&connect(path, access)?, path, projects),
        Source::Git { revision, file } => {
            let revision = Repository::of(&project.root)?.at(revision)?;
            match file {
                Some(file) => Ok(Schema::from_source(&revision.file(file)?, &project.config.replay.stubs)?),
                None if projects.len() > 1 => {
                    Err(CliError::usage("the package has several sets: of which of them?")
                        .help("name it: `--set NAME`"))
                }
                None => {
                    let set = revision.set(&project.config.set, project.tried()).map_err(CliError::diagnostics)?;
                    Schema::from_migrations(&set, None)
                        .map_err(|problems| CliError::diagnostics(revision.named(problems)))
                }
            }
        }
        Source::Database => {
            project.sound_config()?;
            let path = database::resolve(access.database, projects)?.path;
            read(&connect(&path, access)?, &path, projects)
        }
    }
}

/// A fault in a file that was named from the current folder, as if it had been named from the package: that is how files of
/// findings are named.
fn from_package(mut fault: Diagnostic, project: &Project) -> Diagnostic {
    let (root, here) = project.there_and_here();
    let named = |path: &str| match &here {
        Some(here) if Path::new(path).is_relative() => paths::relative(&root, &here.join(path)),
        _ => path.to_owned(),
    };
    fault.file = fault.file.map(|file| named(&file));
    fault.location = fault.location.map(|location| Location { path: named(&location.path), ..location });
    fault
}

/// What a set leads to; `program` runs the Rust in it.
pub(super) fn replay(set: &MigrationSet, program: Option<&dyn Program>) -> Result<Schema, CliError> {
    Schema::from_migrations(set, program).map_err(CliError::diagnostics)
}

/// Opens a database file that has to be there, for reading, and says what is wrong with it as the commands on a database
/// do.
pub(crate) fn connect(path: &Path, access: &SchemaAccess<'_>) -> Result<Connection, CliError> {
    let database = format!(" --database {}", quoted(&path.display().to_string()));
    let aim = Aim { program: PROGRAM.to_owned(), database, set: String::new() };
    let wrong =
        |message: String, help: &[String]| aim.all(help).into_iter().fold(CliError::failure(message), CliError::help);
    if !path.exists() {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir());
        let help = match folder {
            Some(folder) => format!("`{}` is not a folder: create it, or correct the path", folder.display()),
            None => "correct the path, or create the database: `cargo dbmigrate up`".to_owned(),
        };
        return Err(wrong(format!("no database at `{}`", path.display()), &[help]));
    }
    let connection = match immutable::open(path) {
        Some(connection) => {
            access.as_it_lies.set(true);
            connection
        }
        None => {
            let request = Request::new(&aim.program, Verb::Status { check: false, recover: false });
            let opened = open_existing::<Rusqlite>(path, &request);
            opened.map(|(connection, _)| connection).map_err(|(message, help)| wrong(message, &help))?
        }
    };
    match connection.busy_timeout(access.patience()) {
        Ok(()) => Ok(connection),
        Err(error) => Err(CliError::failure(format!("could not open `{}`: {error}", path.display()))),
    }
}

/// Reads the schema of a database, without the tables of histories.
pub(super) fn read(connection: &Connection, path: &Path, projects: &[Project]) -> Result<Schema, CliError> {
    Schema::read(connection, &read_options(projects)).map_err(|error| {
        let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        CliError::failure(format!("could not read the schema of `{}`: {why}", path.display()))
    })
}

/// What is no part of the schema of a database in which these sets live.
pub(crate) fn read_options(projects: &[Project]) -> ReadOptions {
    let mut without_tables: Vec<Name> =
        projects.iter().flat_map(|it| &it.histories).flat_map(|it| tables(it)).collect();
    for project in projects.iter().filter(|project| adopt::is_adopted(project)) {
        without_tables.extend(history_tables(&project.config, project.load().set.adoption.as_ref()));
    }
    ReadOptions { without_tables }
}

/// The tables of a history of this name.
pub(crate) fn tables(history: &str) -> impl Iterator<Item = Name> + use<> {
    dbmigrate_core::config::history_tables(history).into_iter().map(Name::new)
}

/// The tables that belong to the history, and that of the old one.
pub(crate) fn history_tables(config: &Config, adoption: Option<&Adoption>) -> Vec<Name> {
    let old = adoption.and_then(|adoption| adoption.aside(&config.table));
    tables(&config.table).chain(old.map(Name::new)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_word_or_a_file() {
        for (text, expect) in [
            ("migrations", Source::Migrations),
            ("database", Source::Database),
            ("empty", Source::Empty),
            ("./empty", Source::File("./empty".into())),
            ("a/schema.SQL", Source::Sql("a/schema.SQL".into())),
            ("app.db", Source::File("app.db".into())),
        ] {
            assert_eq!(Source::new(text), expect);
        }
    }

    #[test]
    fn a_revision_is_split_from_its_file_as_git_does_it() {
        for (text, revision, file) in [
            ("git:main", "main", None),
            ("git:HEAD~3", "HEAD~3", None),
            ("git:main:db/schema.sql", "main", Some("db/schema.sql")),
            ("git:main@{2024-01-15 12:00}:./schema.sql", "main@{2024-01-15 12:00}", Some("./schema.sql")),
            ("git:", "", None),
        ] {
            let expect = Source::Git { revision: revision.to_owned(), file: file.map(str::to_owned) };
            assert_eq!(Source::new(text), expect);
        }
    }
}
