//! diesel: a folder for each migration, `<version>_<name>`, with `up.sql`, mostly `down.sql`, and perhaps
//! `metadata.toml`.
//!
//! Looked at: `diesel_migrations` 2.3.2 and `migrations_internals` 2.3.0. Everything in the folder that is no file and
//! does not begin with `.` is a migration. Its version is what stands before the first `_`, without `-`; versions are
//! ordered as text. A migration runs in a transaction unless `metadata.toml` says `run_in_transaction = false`; one
//! that is there and does not say it means the same (the default of its field), one that is no TOML does not count.

use std::collections::BTreeMap;

use crate::files::Files;
use crate::toml::{self, Value};

use super::reader::{Found, Reader};
use super::transaction::Around;

pub(super) fn read<F: Files + ?Sized>(reader: &mut Reader<'_, F>) -> Vec<Found> {
    let mut versions: BTreeMap<String, String> = BTreeMap::new();
    reader.pass_over_files("2024-01-15-103022_initial/up.sql");
    for name in reader.top_folders() {
        if name.starts_with('.') {
            continue;
        }
        let version = name.split('_').next().unwrap_or_default().replace('-', "");
        match versions.get(&version) {
            Some(other) => reader.twice(&name, other),
            None => drop(versions.insert(version, name)),
        }
    }
    versions.into_iter().filter_map(|(version, name)| migration(reader, version, &name)).collect()
}

fn migration<F: Files + ?Sized>(reader: &mut Reader<'_, F>, version: String, name: &str) -> Option<Found> {
    let folder = reader.path(name);
    let inside = reader.list(&folder);
    let holds = |wanted: &str| inside.iter().any(|(name, _)| name == wanted);
    if !holds("up.sql") {
        let message = format!("`{folder}` contains no `up.sql`");
        let help = "restore the file, or remove the folder: diesel also rejects it";
        reader.error("no-way-up", folder, message, help);
        return None;
    }
    let in_transaction = !holds("metadata.toml") || runs_in_transaction(reader, &format!("{folder}/metadata.toml"));
    let around = if in_transaction { Around::Transaction } else { Around::NothingOnPurpose };
    let read = reader.read(&format!("{folder}/up.sql"))?;
    let mut original = vec![read.original.clone()];
    let down = holds("down.sql").then(|| reader.read(&format!("{folder}/down.sql"))).flatten().and_then(|read| {
        original.push(read.original.clone());
        let down = reader.whole(&read, around);
        reader.down_script(down)
    });
    Some(Found {
        version: version.parse().ok().filter(|_| version.bytes().all(|byte| byte.is_ascii_digit())),
        written: version.clone(),
        name: name.split_once('_').map_or("", |(_, rest)| rest).to_owned(),
        key: version,
        up: reader.whole(&read, around),
        down,
        original,
    })
}

fn runs_in_transaction<F: Files + ?Sized>(reader: &mut Reader<'_, F>, path: &str) -> bool {
    let Some(read) = reader.read(path) else { return true };
    let Ok(document) = toml::parse(read.source.text()) else { return true };
    match document.root().get("run_in_transaction").map(Value::as_bool) {
        Some(Some(says)) => says,
        // No boolean: the file does not count.
        Some(None) => true,
        None => false,
    }
}
