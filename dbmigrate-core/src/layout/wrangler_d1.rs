//! wrangler (Cloudflare D1): `<number>_<name>.sql`, in the order of their names.
//!
//! Looked at: `wrangler` 4.86.0 (`d1/migrations`). Every `.sql` file of the folder itself counts, ordered by its name in
//! UTF-16, as JavaScript does; the name is what the history records. D1 runs a file in a transaction.

use crate::files::Files;

use super::reader::{Found, Reader};
use super::transaction::Around;

pub(super) fn read<F: Files + ?Sized>(reader: &mut Reader<'_, F>) -> Vec<Found> {
    let mut names = reader.top_files();
    names.retain(|name| name.ends_with(".sql"));
    names.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
    names.into_iter().filter_map(|name| migration(reader, name)).collect()
}

fn migration<F: Files + ?Sized>(reader: &mut Reader<'_, F>, name: String) -> Option<Found> {
    let read = reader.read(&reader.path(&name))?;
    let stem = name.strip_suffix(".sql").unwrap_or(&name);
    let rest = stem.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let written = &stem[..stem.len() - rest.len()];
    Some(Found {
        version: written.parse().ok(),
        written: written.to_owned(),
        name: rest.to_owned(),
        up: reader.whole(&read, Around::Transaction),
        down: None,
        original: vec![read.original],
        key: name,
    })
}
