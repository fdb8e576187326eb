//! sqlx: `<version>_<description>.sql`, or a pair of `.up.sql` and `.down.sql`.
//!
//! Looked at: `sqlx-core` 0.9.0 (`migrate/source.rs`, `migration.rs`, `migration_type.rs`) and `sqlx-sqlite` 0.9.0. A
//! file counts if its name holds `_` and ends in `.sql`; what stands before the first `_` is read as an `i64`, and one
//! that is none is an error. Versions are ordered as numbers. A file runs in a transaction unless its first bytes are
//! `-- no-transaction`. The history records the version and the SHA-384 of the file's bytes.

use std::collections::BTreeMap;

use crate::files::Files;

use super::TranslatedFile;
use super::reader::{Found, Read, Reader};
use super::transaction::Around;

const NO_TRANSACTION: &str = "-- no-transaction";

pub(super) fn read<F: Files + ?Sized>(reader: &mut Reader<'_, F>) -> Vec<Found> {
    let mut versions: BTreeMap<i64, Version> = BTreeMap::new();
    for name in reader.top_files() {
        let Some((written, rest)) = name.split_once('_').filter(|(_, rest)| rest.ends_with(".sql")) else {
            if name.ends_with(".sql") {
                reader.passed_over(&name, "1_initial.sql");
            }
            continue;
        };
        let Ok(version) = written.parse::<i64>() else {
            let message = format!("`{name}` has no version: sqlx expects a number before `_`");
            reader.error("misnamed-file", reader.path(&name), message, "rename it, or move it out of the folder");
            continue;
        };
        let found =
            versions.entry(version).or_insert_with(|| Version { written: written.to_owned(), ..Version::default() });
        let ways = if rest.ends_with(".down.sql") { &mut found.downs } else { &mut found.ups };
        ways.push(name);
    }
    versions.into_iter().filter_map(|(number, version)| version.read(reader, number)).collect()
}

/// The files of one version, by name.
#[derive(Default)]
struct Version {
    written: String,
    ups: Vec<String>,
    downs: Vec<String>,
}

impl Version {
    fn read<F: Files + ?Sized>(self, reader: &mut Reader<'_, F>, number: i64) -> Option<Found> {
        for ways in [&self.ups, &self.downs] {
            ways.iter().skip(1).for_each(|name| reader.twice(name, &ways[0]));
        }
        let Some(up) = self.ups.first() else {
            for name in &self.downs {
                let message = format!("the down script `{name}` belongs to no migration");
                let help = "restore the up script, or delete this one";
                reader.error("down-without-up", reader.path(name), message, help);
            }
            return None;
        };
        let read = reader.read(&reader.path(up))?;
        let mut original = vec![read.original.clone()];
        let down = self.downs.first().and_then(|name| {
            let read = reader.read(&reader.path(name))?;
            original.push(read.original.clone());
            let down = way(reader, &read);
            reader.down_script(down)
        });
        let name = up.split_once('_').map_or("", |(_, rest)| rest);
        let name = name.strip_suffix(".up.sql").or(name.strip_suffix(".sql")).unwrap_or(name);
        Some(Found {
            version: u64::try_from(number).ok(),
            written: self.written,
            name: name.to_owned(),
            key: number.to_string(),
            up: way(reader, &read),
            down,
            original,
        })
    }
}

fn way<F: Files + ?Sized>(reader: &mut Reader<'_, F>, read: &Read) -> TranslatedFile {
    // sqlx looks at the file as it lies there: a byte order mark hides it.
    if !read.original.bytes.starts_with(NO_TRANSACTION.as_bytes()) {
        return reader.whole(read, Around::Transaction);
    }
    let text = read.source.text();
    let rest = &text[text.find('\n').unwrap_or(text.len())..];
    reader.file(&read.source, rest, Around::NothingOnPurpose)
}
