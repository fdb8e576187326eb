//! diesel: a folder for each migration, `<version>_<name>`, with `up.sql`, mostly `down.sql`, and perhaps
//! `metadata.toml`.
//!
//! Looked at: `diesel_migrations` 2.3.2 and `migrations_internals` 2.3.0. Everything in the folder that is no file and
//! does not begin with `.` is a migration. Its version is what stands before the first `_`, without `-`; versions are
//! ordered as text. A migration runs in a transaction unless `metadata.toml` says `run_in_transaction = false`; one
//! that is there and does not say it means the same (the default of its field), one that is no TOML does not count.

use std::collections::BTreeMap;

use toml::de::DeTable;

use crate::directive::Directive;
use crate::files::{Files, Kind};

use super::TranslatedFile;
use super::reader::{Found, Reader};

pub(super) fn read<F: Files + ?Sized>(reader: &mut Reader<'_, F>) -> Vec<Found> {
    let mut versions: BTreeMap<String, String> = BTreeMap::new();
    for (name, entry) in reader.top() {
        if name.starts_with('.') || entry.kind != Kind::Folder {
            continue;
        }
        let version = name.split('_').next().unwrap_or_default().replace('-', "");
        let path = format!("{}/{name}", reader.dir);
        if let Some(other) = versions.get(&version) {
            let message = format!("`{path}` has the same version as `{}/{other}`", reader.dir);
            reader.error("duplicate-number", path, message, "diesel runs one of them only: give one another version");
            continue;
        }
        versions.insert(version, name);
    }
    versions.into_iter().filter_map(|(version, name)| migration(reader, version, &name)).collect()
}

fn migration<F: Files + ?Sized>(reader: &mut Reader<'_, F>, version: String, name: &str) -> Option<Found> {
    let folder = format!("{}/{name}", reader.dir);
    let inside = reader.list(&folder);
    let holds = |wanted: &str| inside.iter().any(|(name, _)| name == wanted);
    if !holds("up.sql") {
        let message = format!("`{folder}` holds no `up.sql`");
        let help = "restore the file, or remove the folder: diesel refuses it as well";
        reader.error("no-way-up", folder, message, help);
        return None;
    }
    let in_transaction = !holds("metadata.toml") || runs_in_transaction(reader, &format!("{folder}/metadata.toml"));
    let read = reader.read(&format!("{folder}/up.sql"))?;
    let mut original = vec![read.original.clone()];
    let up = within(reader.whole(&read, in_transaction), in_transaction);
    let down = holds("down.sql").then(|| reader.read(&format!("{folder}/down.sql"))).flatten().and_then(|read| {
        original.push(read.original.clone());
        let down = within(reader.whole(&read, in_transaction), in_transaction);
        reader.way_back(down)
    });
    let rest = name.split_once('_').map_or("", |(_, rest)| rest);
    Some(Found {
        version: version.parse().ok().filter(|_| version.bytes().all(|byte| byte.is_ascii_digit())),
        written: version.clone(),
        name: rest.to_owned(),
        key: version,
        up,
        down,
        original,
    })
}

fn within(mut file: TranslatedFile, in_transaction: bool) -> TranslatedFile {
    if !in_transaction && file.header.is_empty() {
        file.header.push(Directive::NoTransaction);
    }
    file
}

fn runs_in_transaction<F: Files + ?Sized>(reader: &mut Reader<'_, F>, path: &str) -> bool {
    let Some(read) = reader.read(path) else { return true };
    let Ok(table) = DeTable::parse(read.source.text()) else { return true };
    match table.get_ref().get("run_in_transaction").map(|value| value.get_ref().as_bool()) {
        Some(Some(says)) => says,
        // No boolean: the file does not count.
        Some(None) => true,
        None => false,
    }
}
