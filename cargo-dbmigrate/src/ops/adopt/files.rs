//! Which old file becomes which new one, and where.

use std::fs;
use std::path::Path;

use dbmigrate_core::SourceText;
use dbmigrate_core::layout::{Original, Translated, TranslatedFile, TranslatedMigration};

use crate::error::CliError;
use crate::ops::project::Project;

/// Where new files go, in this order, where the folder of the configuration holds the old ones.
const TARGETS: [&str; 3] = ["migrations", "db/migrations", "dbmigrations"];

/// A migration that is taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AdoptedFiles {
    pub(crate) number: u64,
    pub(crate) name: String,
    /// The files that it was made of.
    pub(crate) old: Vec<String>,
    /// The files that it becomes.
    pub(crate) new: Vec<String>,
    /// How many lines of them say something else than before.
    pub(crate) translated: usize,
}

/// Whether the files of a tool are ours where they lie: names and texts.
pub(super) fn stay(project: &Project, dir: &str, translated: &Translated) -> bool {
    let file = |name: &str, file: &TranslatedFile, original: &[Original], endings: [&str; 2]| {
        let is_named = endings.iter().any(|ending| file.path == format!("{dir}/{name}.{ending}"));
        let same = original.iter().find(|it| it.path == file.path).is_some_and(|it| changed(file, it) == 0);
        is_named && same && file.header.is_empty()
    };
    let migration = |migration: &TranslatedMigration| {
        let name = translated.name(migration);
        let is_down = |down: &TranslatedFile| file(&name, down, &migration.original, ["down.sql", "down.sql"]);
        file(&name, &migration.up, &migration.original, ["sql", "up.sql"])
            && migration.down.as_ref().is_none_or(is_down)
    };
    translated.repeatables.is_empty()
        && translated.migrations.iter().all(migration)
        // What else lies there must not be in the way.
        && !dbmigrate_core::load::load_with(
            project.root.as_path(),
            super::manifest::config(project, dir, translated),
        )
        .has_errors()
}

/// How many lines of a file are not what they were.
fn changed(file: &TranslatedFile, original: &Original) -> usize {
    let Ok(before) = SourceText::from_bytes(original.path.as_str(), original.bytes.clone()) else { return 0 };
    let (before, after) = (before.text().lines(), file.text.lines());
    before
        .zip(after)
        .filter(|(before, after)| before.trim_end() != after.trim_end() && !after.trim().is_empty())
        .count()
        + file.header.len()
}

/// Whether a file is there as it is to be.
pub(super) fn is_written(root: &Path, path: &str, text: &str) -> bool {
    fs::read(root.join(path)).is_ok_and(|bytes| bytes == text.as_bytes())
}

/// Whether a file is there, and its writer was stopped on the way or right after.
pub(super) fn is_begun(root: &Path, path: &str, text: &str) -> bool {
    fs::read(root.join(path)).is_ok_and(|bytes| text.as_bytes().starts_with(&bytes))
}

/// Whether a folder holds nothing, or nothing but what a stopped `adopt` has left of these files.
fn holds_only(root: &Path, dir: &str, files: &[(String, String)]) -> bool {
    let Ok(entries) = root.join(dir).read_dir() else { return !root.join(dir).exists() };
    entries.flatten().all(|entry| {
        let Ok(name) = entry.file_name().into_string() else { return false };
        let path = format!("{dir}/{name}");
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                files.iter().any(|(file, _)| file.starts_with(&format!("{path}/"))) && holds_only(root, &path, files)
            }
            _ => files.iter().any(|(file, text)| *file == path && is_begun(root, file, text)),
        }
    })
}

/// The folder for the new files, which `written` names with their texts.
pub(super) fn target(
    project: &Project,
    old: &str,
    asked: Option<&str>,
    written: impl Fn(&str) -> Vec<(String, String)>,
) -> Result<String, CliError> {
    let is_free = |dir: &str| dir != old && holds_only(&project.root, dir, &written(dir));
    if let Some(dir) = asked {
        if Path::new(dir).is_absolute() || dir.split('/').any(|part| part == "..") {
            return Err(CliError::usage("`--dir` must be a folder of the package"));
        }
        let dir = dir.trim_end_matches('/');
        let error = || CliError::usage(format!("`{dir}` is not empty")).help("name another folder: `--dir NEW`");
        return if is_free(dir) { Ok(dir.to_owned()) } else { Err(error()) };
    }
    let candidates = std::iter::once(project.config.dir.as_str()).chain(TARGETS);
    let free = candidates.into_iter().find(|dir| is_free(dir));
    free.map(str::to_owned)
        .ok_or_else(|| CliError::usage("the files have to be in a folder of their own").help("name one: `--dir NEW`"))
}

/// The new files, relative to the package.
pub(super) fn written(target: &str, translated: &Translated) -> Vec<(String, String)> {
    translated.house_files().into_iter().map(|file| (format!("{target}/{}", file.name), file.text)).collect()
}

/// What becomes of each migration, and of what is repeatable.
pub(super) fn taken(target: &str, translated: &Translated, in_place: bool) -> Vec<AdoptedFiles> {
    let ways = |up: &TranslatedFile, original: &[Original], down: Option<&TranslatedFile>| -> usize {
        let of = |file: &TranslatedFile| {
            original.iter().find(|it| it.path == file.path).map_or(0, |original| changed(file, original))
        };
        of(up) + down.map_or(0, of)
    };
    let one = |migration: &TranslatedMigration| {
        let name = translated.name(migration);
        let mut old: Vec<String> = vec![migration.up.path.clone()];
        old.extend(migration.down.as_ref().map(|down| down.path.clone()).filter(|down| *down != migration.up.path));
        let mut new = vec![format!("{target}/{name}.sql")];
        new.extend(migration.down.as_ref().map(|_| format!("{target}/{name}.down.sql")));
        AdoptedFiles {
            number: migration.number,
            new: if in_place { old.clone() } else { new },
            old,
            name,
            translated: ways(&migration.up, &migration.original, migration.down.as_ref()),
        }
    };
    let repeatables = translated.repeatables.iter().map(|it| AdoptedFiles {
        number: 0,
        name: it.slug.clone(),
        old: vec![it.up.path.clone()],
        new: vec![format!("{target}/repeatable/{}.sql", it.slug)],
        translated: changed(&it.up, &it.original),
    });
    translated.migrations.iter().map(one).chain(repeatables).collect()
}
