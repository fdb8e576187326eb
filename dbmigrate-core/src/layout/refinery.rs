//! refinery: `V<version>__<name>.sql`, or `U` for a migration that may arrive late; folders inside are searched.
//!
//! Looked at: `refinery-core` 0.10.1 (`util.rs`, `runner.rs`, `traits/`). A file counts if its whole name is `V` or
//! `U`, digits, `__`, a name of word characters, and `.sql` or `.rs`; others are passed over with a line in the log.
//! Both letters are run in the order of their versions, as numbers; `U` means that the order does not matter, not that
//! something is undone. Each runs in a transaction. Links to folders are not followed. A `.rs` file builds its SQL when
//! the program is compiled, so it can't be read here.

use std::collections::BTreeMap;

use crate::files::Files;

use super::reader::{Found, Reader};
use super::transaction::Around;

pub(super) fn read<F: Files + ?Sized>(reader: &mut Reader<'_, F>) -> Vec<Found> {
    let paths = reader.all_files();
    let mut versions: BTreeMap<u64, String> = BTreeMap::new();
    for inside in paths {
        let name = inside.rsplit('/').next().unwrap_or_default();
        let path = reader.path(&inside);
        let Some(parts) = parts(name) else {
            if name.ends_with(".sql") {
                reader.passed_over(&inside, "V1__initial.sql");
            }
            continue;
        };
        let Ok(version) = parts.version.parse::<u64>() else {
            let message = format!("`{}` in `{name}` is not a version that refinery accepts", parts.version);
            reader.error("misnamed-file", path, message, "write a whole number");
            continue;
        };
        if parts.rust {
            let message = format!("`{name}` builds its SQL in Rust, which can't be read");
            reader.error("built-in-rust", path, message, "put its SQL into a `.sql` file of that version");
            continue;
        }
        match versions.get(&version) {
            Some(other) => reader.twice(&inside, &other.clone()),
            None => drop(versions.insert(version, inside)),
        }
    }
    versions.into_iter().filter_map(|(version, inside)| migration(reader, version, &inside)).collect()
}

fn migration<F: Files + ?Sized>(reader: &mut Reader<'_, F>, version: u64, inside: &str) -> Option<Found> {
    let read = reader.read(&reader.path(inside))?;
    let parts = parts(inside.rsplit('/').next()?)?;
    Some(Found {
        version: Some(version),
        written: parts.version.to_owned(),
        name: parts.name.to_owned(),
        key: version.to_string(),
        up: reader.whole(&read, Around::Transaction),
        down: None,
        original: vec![read.original],
    })
}

/// What a file name says.
struct Parts<'n> {
    version: &'n str,
    name: &'n str,
    rust: bool,
}

fn parts(file: &str) -> Option<Parts<'_>> {
    let (stem, rust) = match file.strip_suffix(".sql") {
        Some(stem) => (stem, false),
        None => (file.strip_suffix(".rs")?, true),
    };
    let (version, name) = stem.strip_prefix(['V', 'U'])?.split_once("__")?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = version.split_once('.').unwrap_or((version, "0"));
    let word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let sound = digits(whole) && digits(fraction) && !name.is_empty() && name.chars().all(word);
    sound.then_some(Parts { version, name, rust })
}
