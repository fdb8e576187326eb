//! Prisma: a folder for each migration, `<timestamp>_<name>`, with `migration.sql`.
//!
//! Looked at: `prisma/prisma-engines` (`schema-connector/src/migrations_directory.rs`) and the documentation of Prisma
//! Migrate. Folders are ordered by name, which the history records; one without `migration.sql` is an error there as
//! well. `migration_lock.toml` names the database system. A script runs without a transaction around it. A `down.sql`
//! beside it, as the documentation of Prisma shows it, is the down script.

use crate::files::Files;
use crate::toml::{self, Value};

use super::reader::{Found, Reader};
use super::transaction::Around;

const LOCK: &str = "migration_lock.toml";

pub(super) fn read<F: Files + ?Sized>(reader: &mut Reader<'_, F>) -> Vec<Found> {
    let folders = reader.top_folders();
    lock(reader);
    reader.pass_over_files("20240115103022_initial/migration.sql");
    folders.into_iter().filter(|name| !name.starts_with('.')).filter_map(|name| migration(reader, name)).collect()
}

fn lock<F: Files + ?Sized>(reader: &mut Reader<'_, F>) {
    let path = reader.path(LOCK);
    if reader.files.kind(&path).is_none() {
        return;
    }
    let Some(read) = reader.read(&path) else { return };
    let Ok(document) = toml::parse(read.source.text()) else { return };
    if let Some(provider) = document.root().get("provider").and_then(Value::as_str) {
        if provider != "sqlite" {
            let message = format!("`{LOCK}` says that these are migrations for `{}`", provider.escape_debug());
            reader.error("other-database", path, message, "name the folder with those for SQLite");
        }
    }
}

fn migration<F: Files + ?Sized>(reader: &mut Reader<'_, F>, name: String) -> Option<Found> {
    let folder = reader.path(&name);
    let inside = reader.list(&folder);
    let holds = |wanted: &str| inside.iter().any(|(name, _)| name == wanted);
    if !holds("migration.sql") {
        let message = format!("`{folder}` contains no `migration.sql`");
        reader.error("no-way-up", folder, message, "restore the file, or remove the folder: Prisma also rejects it");
        return None;
    }
    let read = reader.read(&format!("{folder}/migration.sql"))?;
    let mut original = vec![read.original.clone()];
    let down = holds("down.sql").then(|| reader.read(&format!("{folder}/down.sql"))).flatten().and_then(|read| {
        original.push(read.original.clone());
        let down = reader.whole(&read, Around::Nothing);
        reader.down_script(down)
    });
    let (written, rest) = name.split_once('_').unwrap_or((&name, &name));
    Some(Found {
        version: written.parse().ok(),
        written: written.to_owned(),
        name: rest.to_owned(),
        up: reader.whole(&read, Around::Nothing),
        down,
        original,
        key: name,
    })
}
