//! sqlx: `<version>_<description>.sql`, or a pair of `.up.sql` and `.down.sql`.
//!
//! Looked at: `sqlx-core` 0.9.0 (`migrate/source.rs`, `migration.rs`, `migration_type.rs`) and `sqlx-sqlite` 0.9.0. A
//! file counts if its name holds `_` and ends in `.sql`; what stands before the first `_` is read as an `i64`, and one
//! that is none is an error. Versions are ordered as numbers. A file runs in a transaction unless its first bytes are
//! `-- no-transaction`. The description is the rest of the name with blanks for `_`; the checksum is the SHA-384 of
//! the file's bytes.

use std::collections::BTreeMap;

use crate::files::{Files, Kind};

use super::reader::{Found, Read, Reader};

const NO_TRANSACTION: &str = "-- no-transaction";

pub(super) fn read<F: Files + ?Sized>(reader: &mut Reader<'_, F>) -> Vec<Found> {
    let mut versions: BTreeMap<i64, Version> = BTreeMap::new();
    for (name, entry) in reader.top() {
        if !matches!(entry.kind, Kind::File | Kind::Broken) {
            continue;
        }
        let Some((written, rest)) = name.split_once('_').filter(|(_, rest)| rest.ends_with(".sql")) else { continue };
        let path = format!("{}/{name}", reader.dir);
        let Ok(version) = written.parse::<i64>() else {
            let message = format!("`{name}` has no version: sqlx takes what stands before `_` as a number");
            reader.error("misnamed-file", path, message, "rename it, or move it out of the folder");
            continue;
        };
        let found =
            versions.entry(version).or_insert_with(|| Version { written: written.to_owned(), ..Version::default() });
        let is_down = rest.ends_with(".down.sql");
        let ways = if is_down { &mut found.downs } else { &mut found.ups };
        ways.push((path, rest.to_owned()));
    }
    versions.into_iter().filter_map(|(number, version)| version.read(reader, number)).collect()
}

/// The files of one version.
#[derive(Default)]
struct Version {
    written: String,
    ups: Vec<(String, String)>,
    downs: Vec<(String, String)>,
}

impl Version {
    fn read<F: Files + ?Sized>(self, reader: &mut Reader<'_, F>, number: i64) -> Option<Found> {
        for ways in [&self.ups, &self.downs] {
            for (path, _) in ways.iter().skip(1) {
                let message = format!("`{path}` has the same version as `{}`", ways[0].0);
                reader.error(
                    "duplicate-number",
                    path.clone(),
                    message,
                    "sqlx applies one of them only: give one another version",
                );
            }
        }
        let Some((up, rest)) = self.ups.into_iter().next() else {
            for (path, _) in &self.downs {
                let message = format!("`{path}` is the way back of no migration");
                reader.error(
                    "down-without-up",
                    path.clone(),
                    message,
                    "restore the file of the way up, or delete this one",
                );
            }
            return None;
        };
        let read = reader.read(&up)?;
        let mut original = vec![read.original.clone()];
        let up = way(reader, &read);
        let down = self.downs.into_iter().next().and_then(|(path, _)| {
            let read = reader.read(&path)?;
            original.push(read.original.clone());
            let down = way(reader, &read);
            reader.way_back(down)
        });
        let name = rest.strip_suffix(".up.sql").or(rest.strip_suffix(".sql")).unwrap_or(&rest);
        Some(Found {
            version: u64::try_from(number).ok(),
            written: self.written,
            name: name.to_owned(),
            key: number.to_string(),
            up,
            down,
            original,
        })
    }
}

fn way<F: Files + ?Sized>(reader: &mut Reader<'_, F>, read: &Read) -> super::TranslatedFile {
    // sqlx looks at the file as it lies there: a byte order mark hides it.
    if !read.original.bytes.starts_with(NO_TRANSACTION.as_bytes()) {
        return reader.whole(read, true);
    }
    let text = read.source.text();
    let rest = &text[text.find('\n').unwrap_or(text.len())..];
    reader.file(&read.source, &format!("-- dbmigrate: no-transaction{rest}"), true)
}
