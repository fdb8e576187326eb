//! Which database file a command works on: `--database`, then `DATABASE_URL`, then `database` in the manifest.
//!
//! A path from the command line or the process environment is relative to the current folder, one from the package's
//! `.env` or manifest to the package. Nothing is opened here.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use dbmigrate_core::{Diagnostic, Help};
use dbmigrate_runtime::cli::database_path;

use crate::error::CliError;
use crate::ops::project::Project;

/// The variable that many tools share.
const VARIABLE: &str = "DATABASE_URL";

/// A database file, and who named it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Database {
    /// The path, as short as it can be said from the current folder.
    pub(crate) path: PathBuf,
    /// Who named it, in words.
    pub(crate) source: &'static str,
}

/// Finds the database that these sets of a package live in. The environment names one only where the package has one.
pub(crate) fn resolve(flag: Option<&Path>, sets: &[Project]) -> Result<Database, CliError> {
    let project = Project::first(sets)?;
    let is_only = project.databases == 1;
    let here = std::env::current_dir().unwrap_or_default();
    let variable = std::env::var_os(VARIABLE).filter(|_| is_only);
    let root = is_only.then_some(project.root.as_path());
    let found = named(flag, variable.as_deref(), project.config.database.as_deref(), (root, &project.root), &here)?;
    found.ok_or_else(|| {
        let table = if is_only { "[package.metadata.migrations]".to_owned() } else { project.config.table_name() };
        let error = if is_only {
            CliError::usage(format!("package `{}` has no database", project.name))
                .help("name one with `--database PATH` or `DATABASE_URL=PATH`")
        } else {
            // Which of them the environment means nobody can tell.
            CliError::usage(format!("{} has no database", project.config.title()))
                .help(format!("name one with `--database PATH{}`", project.flag()))
        };
        error.help(Help::from(format!("or write `database = \"PATH\"` under `{table}` in ")).file("Cargo.toml"))
    })
}

fn named(
    flag: Option<&Path>,
    variable: Option<&OsStr>,
    config: Option<&str>,
    (env, root): (Option<&Path>, &Path),
    here: &Path,
) -> Result<Option<Database>, CliError> {
    let (value, folder, source) = if let Some(path) = flag {
        (path.as_os_str().to_owned(), here, "`--database`")
    } else if let Some(url) = variable {
        (url.to_owned(), here, "`DATABASE_URL` of the environment")
    } else if let Some(url) = env.map(from_file).transpose()?.flatten() {
        (url.into(), root, "`DATABASE_URL` in `.env`")
    } else if let Some(path) = config {
        (path.into(), root, "`database` in `Cargo.toml`")
    } else {
        return Ok(None);
    };
    let path = database_path(&value).map_err(|why| {
        let error = CliError::usage(format!("{source}: {why}"));
        // The variable may be that of another database, which this command is not about.
        if source.contains(VARIABLE) { error.help(FIRST) } else { error }
    })?;
    let path = folder.join(path);
    let path = match path.strip_prefix(here) {
        // The folder itself is no file, and is told so under this name.
        Ok(short) if short.as_os_str().is_empty() => PathBuf::from("."),
        Ok(short) => short.to_owned(),
        Err(_) => path,
    };
    Ok(Some(Database { path, source }))
}

/// What leads past a variable.
const FIRST: &str = "to use another one: `--database PATH`, which takes precedence";

/// The variable in the package's `.env`, which stays out of this process's environment.
fn from_file(root: &Path) -> Result<Option<String>, CliError> {
    let file = root.join(".env");
    if !file.is_file() {
        return Ok(None);
    }
    // What stands in the line may be a secret: it is not shown.
    let unreadable = |error: dotenvy::Error| {
        let message = match &error {
            dotenvy::Error::LineParse(text, _) => {
                let first = text.lines().next().unwrap_or_default();
                let lines = std::fs::read_to_string(&file).unwrap_or_default();
                let place = lines.lines().position(|line| line == first).map(|at| format!("line {} of ", at + 1));
                let place = place.unwrap_or_default();
                format!("{place}`.env` is not `NAME=value`, or has an unclosed quote")
            }
            error => format!("could not read `.env`: {error}"),
        };
        CliError::from(Diagnostic::error("failure", message).in_file(".env").help("correct it").help(FIRST))
    };
    for pair in dotenvy::from_path_iter(&file).map_err(unreadable)? {
        let (name, value) = pair.map_err(unreadable)?;
        if name == VARIABLE {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(flag: Option<&str>, variable: Option<&str>, env: Option<&str>, config: Option<&str>) -> (String, String) {
        let root = std::env::temp_dir().join(format!("dbmigrate-database-{:?}", std::thread::current().id()));
        std::fs::create_dir_all(&root).unwrap();
        match env {
            Some(text) => std::fs::write(root.join(".env"), text).unwrap(),
            None => drop(std::fs::remove_file(root.join(".env"))),
        }
        let result =
            named(flag.map(Path::new), variable.map(OsStr::new), config, (Some(&root), &root), Path::new("/here"));
        std::fs::remove_dir_all(&root).unwrap();
        match result {
            Ok(None) => ("nothing".to_owned(), String::new()),
            Ok(Some(Database { path, source })) => {
                (path.display().to_string().replace(&root.display().to_string(), "ROOT"), source.to_owned())
            }
            Err(error) => ("error".to_owned(), format!("{error:?}")),
        }
    }

    #[test]
    fn the_first_that_names_one_wins_and_says_who_it_is() {
        let flag = Some("a.db");
        let variable = Some("sqlite://b.db");
        let env = Some("# local\nOTHER=1\nDATABASE_URL=\"sqlite:c.db\"\n");
        let config = Some("d.db");
        for (case, path, source) in [
            (check(flag, variable, env, config), "a.db", "`--database`"),
            (check(None, variable, env, config), "b.db", "`DATABASE_URL` of the environment"),
            (check(None, None, env, config), "ROOT/c.db", "`DATABASE_URL` in `.env`"),
            (check(None, None, None, config), "ROOT/d.db", "`database` in `Cargo.toml`"),
            (check(None, None, Some("OTHER=1"), config), "ROOT/d.db", "`database` in `Cargo.toml`"),
            (check(Some("/x/a.db"), None, None, None), "/x/a.db", "`--database`"),
            (check(Some("."), None, None, None), ".", "`--database`"),
            (check(None, None, None, None), "nothing", ""),
        ] {
            assert_eq!(case, (path.to_owned(), source.to_owned()));
        }
    }

    #[test]
    fn what_names_no_file_is_an_error_that_says_where_it_came_from() {
        for (case, expect) in [
            (check(None, Some("postgres://u:sec@h/d"), None, Some("d.db")), "`DATABASE_URL` of the environment: `po"),
            (check(None, None, Some("DATABASE_URL=mysql://u:sec@h/d"), None), "`DATABASE_URL` in `.env`: `mysql:`"),
            (check(None, Some(""), None, Some("d.db")), "the path is empty"),
            (check(Some(":memory:"), None, None, None), "in memory"),
            (check(None, None, Some("A=1\nDATABASE_URL='sec"), None), "line 2 of `.env` is not `NAME=value`"),
            (check(None, None, Some("DATABASE_URL=mysql://u@h/d"), None), "`--database PATH`, which takes precedence"),
        ] {
            assert_eq!(case.0, "error");
            assert!(case.1.contains(expect) && !case.1.contains("sec"), "{}", case.1);
        }
    }
}
