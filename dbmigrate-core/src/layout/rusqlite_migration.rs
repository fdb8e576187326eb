//! rusqlite_migration: a folder for each migration, `<number>-<name>`, with `up.sql` and perhaps `down.sql`.
//!
//! Looked at: `rusqlite_migration` 2.6.0 (`loader.rs`: what `from_directory` reads). Every folder is a migration; its
//! number stands before the first `-`, the numbers go from 1 without a gap. `user_version` is how many are applied, so
//! the number is the key. Migrations that stand in Rust code (`M::up("…")`) can't be read here.

use std::collections::BTreeMap;

use crate::files::Files;

use super::reader::{Found, Reader};
use super::transaction::Around;

pub(super) fn read<F: Files + ?Sized>(reader: &mut Reader<'_, F>) -> Vec<Found> {
    let mut numbers: BTreeMap<u64, String> = BTreeMap::new();
    reader.pass_over_files("01-initial/up.sql");
    for name in reader.top_folders() {
        let number = name.split_once('-').and_then(|(number, _)| number.parse::<u64>().ok());
        let Some(number) = number.filter(|number| *number > 0) else {
            let message = format!("`{name}` does not begin with a number and `-`");
            let help = "rename it as `01-name`, or move it out: rusqlite_migration also rejects it";
            reader.error("misnamed-file", reader.path(&name), message, help);
            continue;
        };
        match numbers.get(&number) {
            Some(other) => reader.twice(&name, &other.clone()),
            None => drop(numbers.insert(number, name)),
        }
    }
    let mut expected = 1;
    for (&number, name) in &numbers {
        if number != expected {
            let message =
                format!("`{name}` follows number {}: rusqlite_migration counts from 1 without a gap", expected - 1);
            reader.error("gap", reader.path(name), message, "restore the missing folder, or rename this one");
        }
        expected = number.saturating_add(1);
    }
    numbers.into_iter().filter_map(|(number, name)| migration(reader, number, &name)).collect()
}

fn migration<F: Files + ?Sized>(reader: &mut Reader<'_, F>, number: u64, name: &str) -> Option<Found> {
    let folder = reader.path(name);
    let inside = reader.list(&folder);
    let holds = |wanted: &str| inside.iter().any(|(name, _)| name == wanted);
    if !holds("up.sql") {
        let message = format!("`{folder}` contains no `up.sql`");
        reader.error("no-way-up", folder, message, "restore the file: rusqlite_migration also rejects the folder");
        return None;
    }
    let read = reader.read(&format!("{folder}/up.sql"))?;
    let mut original = vec![read.original.clone()];
    let down = holds("down.sql").then(|| reader.read(&format!("{folder}/down.sql"))).flatten().and_then(|read| {
        original.push(read.original.clone());
        let down = reader.whole(&read, Around::Transaction);
        reader.down_script(down)
    });
    let (written, rest) = name.split_once('-').unwrap_or((name, ""));
    Some(Found {
        version: Some(number),
        written: written.to_owned(),
        name: rest.to_owned(),
        key: number.to_string(),
        up: reader.whole(&read, Around::Transaction),
        down,
        original,
    })
}
