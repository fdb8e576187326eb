//! Creates the next migration's files, so that two `create`s at once never take the same number.

use std::fs::File;

use dbmigrate_core::config::Numbering;
use dbmigrate_core::file_name::{self, FileName};

use crate::error::CliError;
use crate::ops::edit::{self, Edit};
use crate::ops::project::Project;

/// What the new migration is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sql { down: bool },
    Rust { down: bool },
}

/// Works out the number and writes the files; returns their paths relative to the package.
pub(crate) fn create(project: &Project, name: &str, kind: Kind) -> Result<Vec<String>, CliError> {
    project.sound_config()?;
    let slug = file_name::slug(name).ok_or_else(|| {
        CliError::usage(format!("`{name}` is no name for a migration"))
            .help("use letters a to z, digits and `_`, such as `add_user_prefs`")
    })?;
    // Held until the files are there. The manifest is a file that every package has, so no lock file is left behind.
    let manifest = project.manifest();
    let lock = File::open(&manifest)
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|error| CliError::failure(format!("could not lock `{}`: {error}", manifest.display())))?;

    // A number that any file claims, sound or not, is never given twice.
    let highest = project.load().highest;
    let now = jiff::Timestamp::now();
    let stem = file_name::next(&project.config, highest, &now.strftime("%Y%m%d%H%M%S").to_string(), &slug).ok_or_else(
        || match project.config.numbering {
            Numbering::Sequential => CliError::failure("no number is left for another migration"),
            Numbering::Timestamp => CliError::failure("this machine's clock gives no usable timestamp"),
        },
    )?;
    let base = format!("{}/{stem}", project.config.dir);
    let title = title(&slug);
    let header =
        |comment: &str| format!("{comment} Migration: {title}\n{comment} Date: {}\n", now.strftime("%Y-%m-%d"));
    let files = match kind {
        Kind::Sql { down } => {
            // `002_break_down.sql` would be taken for the way back of `002_break`.
            let plain = file_name::parse(&format!("{stem}.sql"), &project.config);
            let ending = if matches!(plain, FileName::Up { .. }) { "sql" } else { "up.sql" };
            let mut files = vec![(format!("{base}.{ending}"), format!("{}-- Description:\n\n", header("--")))];
            if down {
                files.push((format!("{base}.down.sql"), format!("-- The way back of {stem}.{ending}.\n\n")));
            }
            files
        }
        Kind::Rust { down } => vec![(format!("{base}.rs"), format!("{}\n{}", header("//"), rust_body(down)))],
    };
    let edits: Vec<Edit> = files
        .iter()
        .map(|(path, text)| Edit { path: project.root.join(path), text: text.clone(), what: String::new(), new: true })
        .collect();
    edit::write(&edits)?;
    drop(lock);
    Ok(files.into_iter().map(|(path, _)| path).collect())
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
