//! Creates the next migration's files, so that two `create`s at once never take the same number.

use std::fs::{self, File};

use dbmigrate_core::config::Numbering;
use dbmigrate_core::file_name::{self, FileName};
use dbmigrate_core::{Config, MigrationSet};

use crate::error::CliError;
use crate::ops::edit;
use crate::ops::other_tools;
use crate::ops::project::Project;

/// What the new migration is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sql { down: bool },
    Rust { down: bool },
}

/// Works out the number and writes the files; returns their paths relative to the package.
pub(crate) fn create(project: &Project, name: &str, kind: Kind) -> Result<Vec<String>, CliError> {
    other_tools::refuse(project, "create")?;
    project.sound_config()?;
    let lock = lock(project)?;
    let loaded = project.load();
    let slug = slug(&loaded.set, loaded.highest, name)?;
    let next = Next::new(project, loaded.highest, &slug)?;
    let files = match kind {
        Kind::Sql { down } => {
            let mut files = vec![(next.up(), format!("{}-- Description:\n\n", next.header("--")))];
            if down {
                files.push((next.down(), next.header_of_down()));
            }
            files
        }
        Kind::Rust { down } => {
            vec![(next.file("rs"), format!("{}\n{}", next.header("//"), rust_body(down)))]
        }
    };
    write(project, &files)?;
    drop(lock);
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

/// What a file of a migration ends in.
const ENDINGS: [&str; 4] = [".up.sql", ".down.sql", ".sql", ".rs"];

/// What a name is in a file name. What is typed like a file of the set gets no second number, folder or ending: the
/// name alone is what is asked for. `highest` is the greatest number that any file claims.
pub(crate) fn slug(set: &MigrationSet, highest: Option<u64>, name: &str) -> Result<String, CliError> {
    let error = || CliError::usage(format!("`{name}` is not a name for a migration"));
    let path = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
    let stem = within(&set.config, path).unwrap_or(path);
    let slug = file_name::slug(stem)
        .ok_or_else(|| error().help("use letters a to z, digits and `_`, such as `add_user_prefs`"))?;
    let is_file = stem.len() < name.len();
    let bare = match slug.split_once('_') {
        Some((digits, rest)) if is_number(set, highest, digits, is_file) => rest,
        _ => &slug,
    };
    if is_file || bare.len() < slug.len() {
        return Err(error().help(format!("its number, folder and ending come by themselves: `{bare}`")));
    }
    Ok(slug)
}

/// The rest of a path into the folder of the migrations.
fn within<'p>(config: &Config, path: &'p str) -> Option<&'p str> {
    let (folder, file) = path.rsplit_once(['/', '\\'])?;
    let folder = folder.replace('\\', "/");
    let before = folder.strip_suffix(&config.dir)?;
    (before.is_empty() || before.ends_with('/')).then_some(file)
}

/// Whether the digits in front of a name are the number of a migration, and no part of the name as in `404_page`: in
/// the name of a file, or where one has that number or would get it.
fn is_number(set: &MigrationSet, highest: Option<u64>, digits: &str, is_file: bool) -> bool {
    let config = &set.config;
    let Some(number) = digits.parse().ok().filter(|number| config.digits(*number) == digits) else { return false };
    let is_next = || file_name::next(config, highest, &now(), "").is_some_and(|next| next.number == number);
    // No name begins with a time to the second.
    let is_time = config.numbering == Numbering::Timestamp;
    is_file || is_time || set.migrations.iter().any(|migration| migration.number == number) || is_next()
}

/// Held until the files are there. The manifest is a file that every package has, so no lock file is left behind.
pub(crate) fn lock(project: &Project) -> Result<File, CliError> {
    let manifest = project.manifest();
    File::open(&manifest)
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|error| CliError::failure(format!("could not lock `{}`: {error}", manifest.display())))
}

/// Writes new files, path relative to the package and text: all of them, or none.
pub(crate) fn write(project: &Project, files: &[(String, String)]) -> Result<(), CliError> {
    // The down script comes first: alone it is a fault that everybody sees, where an up script alone would pass for one
    // that has none.
    let mut written = Vec::new();
    for (path, text) in files.iter().rev() {
        let path = project.root.join(path);
        if let Err(error) = edit::create(&path, text) {
            for path in written {
                let _ = fs::remove_file(path);
            }
            return Err(CliError::failure(format!("could not write `{}`: {error}", path.display())));
        }
        written.push(path);
    }
    Ok(())
}

/// The moment, as a number that is a timestamp has it.
pub(crate) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y%m%d%H%M%S").to_string()
}

/// What the next migration is called, and where its files are.
pub(crate) struct Next {
    base: String,
    /// `002_break_down.sql` would be taken for the down script of `002_break`.
    ending: &'static str,
    title: String,
    date: String,
}

impl Next {
    /// A number that any file claims, sound or not, is never given twice: `highest` is the greatest of them.
    pub(crate) fn new(project: &Project, highest: Option<u64>, slug: &str) -> Result<Self, CliError> {
        let stem =
            file_name::next(&project.config, highest, &now(), slug).ok_or_else(|| match project.config.numbering {
                Numbering::Sequential => CliError::failure("no number is left for another migration"),
                Numbering::Timestamp => CliError::failure("the clock of this machine gives no usable timestamp"),
            })?;
        let plain = file_name::parse(&format!("{stem}.sql"), &project.config);
        Ok(Self {
            base: format!("{}/{stem}", project.config.dir),
            ending: if matches!(plain, FileName::Up { .. }) { "sql" } else { "up.sql" },
            title: title(slug),
            date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
        })
    }

    /// The file of the way up, in SQL.
    pub(crate) fn up(&self) -> String {
        self.file(self.ending)
    }

    /// The file of the down script.
    pub(crate) fn down(&self) -> String {
        self.file("down.sql")
    }

    /// What stands at the top of the way up.
    pub(crate) fn header(&self, comment: &str) -> String {
        format!("{comment} Migration: {}\n{comment} Date: {}\n", self.title, self.date)
    }

    /// What stands at the top of the down script.
    pub(crate) fn header_of_down(&self) -> String {
        header_of_down(&self.up())
    }

    fn file(&self, ending: &str) -> String {
        format!("{}.{ending}", self.base)
    }
}

/// What stands at the top of the down script of this file.
pub(crate) fn header_of_down(up: &str) -> String {
    format!("-- The down script of {}.\n\n", up.rsplit('/').next().unwrap_or(up))
}

fn title(slug: &str) -> String {
    let words = slug.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

fn rust_body(down: bool) -> String {
    let mut body = "use rusqlite::Connection;\n\npub fn up(db: &Connection) -> rusqlite::Result<()> {\n    \
                    db.execute_batch(\"\")\n}\n"
        .to_owned();
    if down {
        body.push_str("\npub fn down(db: &Connection) -> rusqlite::Result<()> {\n    db.execute_batch(\"\")\n}\n");
    }
    body
}
