//! golang-migrate: `<version>_<name>.up.sql` and `.down.sql`.
//!
//! Looked at: `golang-migrate/migrate` v4 of July 2026 (`source/parse.go`, `source/migration.go`, `source/iofs`,
//! `database/sqlite3`). A file counts if its name is digits, `_`, anything, `.up.` or `.down.`, and an ending; versions
//! are ordered as numbers. A version with a down script alone is a migration that does nothing. A file runs in a
//! transaction, unless the program was told `x-no-tx-wrap`; then files bring their own.

use std::collections::BTreeMap;

use crate::files::Files;

use super::TranslatedFile;
use super::reader::{Found, Reader};
use super::transaction::Around;

pub(super) fn read<F: Files + ?Sized>(reader: &mut Reader<'_, F>) -> Vec<Found> {
    let mut versions: BTreeMap<u64, [Option<String>; 2]> = BTreeMap::new();
    for name in reader.top_files() {
        let Some((written, _, is_down)) = parts(&name) else {
            if name.ends_with(".sql") {
                reader.passed_over(&name, "1_initial.up.sql");
            }
            continue;
        };
        let Ok(version) = written.parse() else { continue };
        let way = &mut versions.entry(version).or_default()[usize::from(is_down)];
        match way {
            Some(other) => reader.twice(&name, &other.clone()),
            None => *way = Some(name),
        }
    }
    versions.into_iter().filter_map(|(version, ways)| migration(reader, version, ways)).collect()
}

fn migration<F: Files + ?Sized>(reader: &mut Reader<'_, F>, version: u64, ways: [Option<String>; 2]) -> Option<Found> {
    let name = ways.iter().flatten().next()?.clone();
    let (written, rest, _) = parts(&name)?;
    let [up, down] = ways;
    let mut original = Vec::new();
    let up = match up {
        Some(up) => {
            let read = reader.read(&reader.path(&up))?;
            original.push(read.original.clone());
            reader.whole(&read, Around::Unknown)
        }
        None => {
            let path = reader.path(&name);
            reader.note("no-way-up", &path, format!("`{name}` has no up script: the migration does nothing"));
            TranslatedFile { path, header: Vec::new(), text: String::new() }
        }
    };
    let down = down.and_then(|down| {
        let read = reader.read(&reader.path(&down))?;
        original.push(read.original.clone());
        let down = reader.whole(&read, Around::Unknown);
        reader.down_script(down)
    });
    Some(Found {
        version: Some(version),
        written: written.to_owned(),
        name: rest.to_owned(),
        key: version.to_string(),
        up,
        down,
        original,
    })
}

/// The version, the name, and whether it is a down script. The last `.up.` or `.down.` counts.
fn parts(file: &str) -> Option<(&str, &str, bool)> {
    let (version, rest) = file.split_once('_')?;
    let up = rest.rfind(".up.");
    let down = rest.rfind(".down.");
    let end = up.max(down)?;
    let sound = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    sound.then_some((version, &rest[..end], down == Some(end)))
}
