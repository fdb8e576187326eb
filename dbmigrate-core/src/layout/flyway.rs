//! Flyway: `V<version>__<name>.sql`, with `U` for the down script, `B` for a baseline and `R__<name>.sql` for what is
//! repeatable; folders inside are searched.
//!
//! Looked at: `flyway/flyway` 13.0.0 (`ResourceNameParser`, `MigrationVersion`, `ResolvedMigrationComparator`,
//! `SqlScriptMetadata`, `SQLiteParser`). A version is numbers divided by `.` or `_`, compared number by number, where
//! what is left out is 0; the history records it as it is written, with `.`. Repeatables run after all versions, by
//! description. A file beside a script, with `.conf` behind its name, holds its settings. `${…}` is a placeholder.
//! Callbacks (`beforeMigrate.sql` and its like) run at other moments than the hooks of the house.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::files::{Files, Kind};
use crate::source::Span;

use super::name::slug;
use super::reader::{Found, Read, Reader};
use super::transaction::Around;
use super::{Original, TranslatedFile, TranslatedRepeatable};
use crate::diagnostic::{Diagnostic, Location};

pub(super) fn read<F: Files + ?Sized>(reader: &mut Reader<'_, F>) -> Vec<Found> {
    let paths = reader.all_files();
    let mut versions: BTreeMap<Version, Ways> = BTreeMap::new();
    let mut repeatables: BTreeMap<String, String> = BTreeMap::new();
    for path in paths {
        match Kinds::of(&path) {
            Kinds::Versioned { letter, version, .. } => {
                let ways = versions.entry(version).or_default();
                let way = match letter {
                    'V' => &mut ways.up,
                    'U' => &mut ways.down,
                    _ => &mut ways.baseline,
                };
                match way {
                    Some(other) => reader.twice(&path, &other.clone()),
                    None => *way = Some(path),
                }
            }
            Kinds::Repeatable { description } => match repeatables.get(&description) {
                Some(other) => reader.twice(&path, &other.clone()),
                None => drop(repeatables.insert(description, path)),
            },
            Kinds::Callback => {
                let message = format!("`{path}` is a Flyway callback, and is left out");
                let help = "if it has to run before or after migrations, make it a hook: `hooks/before_all.sql`, `hooks/after_all.sql`";
                reader.warning("callback", &reader.path(&path), message, help);
            }
            Kinds::Misnamed(why) => {
                let message = format!("Flyway does not accept the file name `{path}`: {why}");
                reader.error("misnamed-file", reader.path(&path), message, "rename it, or move it out of the folder");
            }
            Kinds::Stray => reader.passed_over(&path, "V1__initial.sql"),
            Kinds::Settings | Kinds::Other => {}
        }
    }
    baselines(reader, &mut versions);
    let found = versions.into_iter().filter_map(|(version, ways)| migration(reader, &version, ways)).collect();
    for (description, path) in repeatables {
        repeatable(reader, description, &path);
    }
    found
}

/// The files of one version.
#[derive(Default)]
struct Ways {
    up: Option<String>,
    down: Option<String>,
    baseline: Option<String>,
}

/// A fresh database starts from the newest baseline. Where the migrations before it are there, they lead to the same.
fn baselines<F: Files + ?Sized>(reader: &mut Reader<'_, F>, versions: &mut BTreeMap<Version, Ways>) {
    let first = versions.iter().find(|(_, ways)| ways.up.is_some()).map(|(version, _)| version.clone());
    let newest = versions.iter().rev().find(|(_, ways)| ways.baseline.is_some()).map(|(version, _)| version.clone());
    for (version, ways) in versions {
        let Some(path) = ways.baseline.take() else { continue };
        if Some(version) == newest.as_ref() && first.as_ref().is_none_or(|first| first > version) {
            ways.up = Some(path);
            continue;
        }
        let message =
            format!("`{path}` is a Flyway baseline, and is left out: a new database runs the migrations before it");
        reader.warning("baseline", &reader.path(&path), message, "check that both make the same schema");
    }
}

fn migration<F: Files + ?Sized>(reader: &mut Reader<'_, F>, version: &Version, ways: Ways) -> Option<Found> {
    let Some(up) = ways.up else {
        if let Some(down) = ways.down {
            let message = format!("the down script `{down}` belongs to no migration");
            reader.error("down-without-up", reader.path(&down), message, "restore its `V` file, or delete this one");
        }
        return None;
    };
    let (read, file) = script(reader, &up)?;
    let mut original = vec![read.original];
    let down = ways.down.and_then(|down| {
        let (read, file) = script(reader, &down)?;
        original.push(read.original);
        reader.down_script(file)
    });
    let Kinds::Versioned { written, name, .. } = Kinds::of(&up) else { return None };
    let whole = if version.0.len() == 1 { version.0[0].parse().ok() } else { None };
    Some(Found {
        version: whole.or((version.0.is_empty()).then_some(0)),
        key: written.replace('_', "."),
        written,
        name,
        up: file,
        down,
        original,
    })
}

fn repeatable<F: Files + ?Sized>(reader: &mut Reader<'_, F>, description: String, path: &str) {
    let Some((read, up)) = script(reader, path) else { return };
    let name = slug(&description);
    let Read { original: Original { path, bytes }, .. } = read;
    if reader.repeatables.iter().any(|other| other.slug >= name) {
        let message = format!("`{path}` becomes `{name}`, which changes its place in the order");
        reader.warning(
            "other-order",
            &path,
            message,
            "rename one of them, so that the order of the names is that of Flyway",
        );
    }
    let original = Original { path, bytes };
    reader.repeatables.push(TranslatedRepeatable { slug: name, key: description, up, original });
}

/// A script with its settings.
fn script<F: Files + ?Sized>(reader: &mut Reader<'_, F>, inside: &str) -> Option<(Read, TranslatedFile)> {
    let read = reader.read(&reader.path(inside))?;
    let (mut around, mut placeholders) = (Around::Transaction, true);
    let settings = reader.path(&format!("{inside}.conf"));
    if matches!(reader.files.kind(&settings), Some(Kind::File | Kind::Broken)) {
        let settings = reader.read(&settings)?;
        for (number, line) in settings.source.text().lines().enumerate() {
            let Some((key, value)) = line.split_once('=') else { continue };
            match (key.trim(), value.trim()) {
                ("executeInTransaction", "false") => around = Around::NothingOnPurpose,
                ("placeholderReplacement", "false") => placeholders = false,
                ("shouldExecute", value) if value != "true" => {
                    let message = "Flyway runs this script under a condition";
                    let fault = super::sections::fault(
                        &settings.source,
                        number + 1,
                        message,
                        "write a migration that always runs",
                    );
                    reader.diagnostics.push(fault);
                }
                _ => {}
            }
        }
    }
    let text = read.source.text();
    if let Some(at) = text.find("${").filter(|_| placeholders) {
        let end = text[at..].find('}').map_or(at + 2, |end| at + end + 1);
        let place = Location::new(&read.source, read.source.first_line(Span::new(at, end)));
        let fault = Diagnostic::error("placeholder", "Flyway replaces this with a value").at(place);
        reader.diagnostics.push(fault.help("write the value itself"));
    }
    let file = reader.whole(&read, around);
    Some((read, file))
}

/// The parts of a version, without zeros before them or at the end; those are as many digits as anybody likes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version(Vec<String>);

impl Version {
    fn read(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        for part in text.split(['.', '_']) {
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            parts.push(part.trim_start_matches('0').to_owned());
        }
        while parts.last().is_some_and(String::is_empty) {
            parts.pop();
        }
        Some(Self(parts))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let parts = self.0.iter().zip(&other.0).map(|(a, b)| (a.len(), a).cmp(&(b.len(), b)));
        parts.fold(Ordering::Equal, Ordering::then).then(self.0.len().cmp(&other.0.len()))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What a file is, by its name.
enum Kinds {
    Versioned {
        letter: char,
        version: Version,
        written: String,
        name: String,
    },
    Repeatable {
        description: String,
    },
    Callback,
    Settings,
    Misnamed(&'static str),
    /// SQL of another name.
    Stray,
    Other,
}

impl Kinds {
    fn of(path: &str) -> Self {
        let file = path.rsplit('/').next().unwrap_or(path);
        let lower = file.to_ascii_lowercase();
        if lower.ends_with(".conf") {
            return Self::Settings;
        }
        let Some(stem) = lower.strip_suffix(".sql").map(|stem| &file[..stem.len()]) else { return Self::Other };
        let event = stem.split("__").next().unwrap_or_default();
        let is_event = ["before", "after", "createSchema"].into_iter().any(|start| event.starts_with(start));
        if is_event && event.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Self::Callback;
        }
        let mut letters = stem.chars();
        let Some(letter @ ('V' | 'U' | 'B' | 'R')) = letters.next() else { return Self::Stray };
        let (version, name) = letters.as_str().split_once("__").unwrap_or((letters.as_str(), ""));
        if letter == 'R' {
            return match version {
                "" => Self::Repeatable { description: name.replace('_', " ") },
                _ => Self::Misnamed("a repeatable script has no version: `R__name.sql`"),
            };
        }
        match Version::read(version) {
            Some(read) => Self::Versioned { letter, version: read, written: version.to_owned(), name: name.to_owned() },
            None if version.starts_with(|it: char| it.is_ascii_digit()) || version.is_empty() => {
                Self::Misnamed("a version consists of numbers separated by `.` or `_`, followed by `__`")
            }
            None => Self::Stray,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_part_by_part() {
        let version = |text| Version::read(text).unwrap();
        for pair in ["1", "1.1", "1_2", "1.10", "2", "10", "10.0.1", "99999999999999999999999999"].windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
        assert_eq!(version("1"), version("001.0_0"));
        for text in ["", "1.", "a", "1a", "1..2", "-1"] {
            assert_eq!(Version::read(text), None, "{text}");
        }
    }
}
