//! Plain runners, as many projects write them for themselves: `<number>_<name>.sql`, in the order of their names.
//!
//! Looked at: the runners that the documents of real projects describe. Each reads the folder, sorts the names of the
//! files as text, and runs what its table does not name. So a number may stand twice, be left out, have letters behind
//! it, or be a date; the name is the key. A file without a number among those with one is something else
//! (`schema.sql`). Whether a runner puts a transaction around a file is its own affair.

use std::collections::BTreeSet;

use crate::files::Files;

use super::TranslatedFile;
use super::reader::{Found, Reader};
use super::transaction::Around;

pub(super) fn read<F: Files + ?Sized>(reader: &mut Reader<'_, F>) -> Vec<Found> {
    let mut names = reader.top_files();
    names.retain(|name| name.ends_with(".sql"));
    let numbered = |name: &String| name.starts_with(|letter: char| letter.is_ascii_digit());
    if names.iter().any(numbered) {
        for name in names.iter().filter(|name| !numbered(name)) {
            let message = format!("`{name}` has no number, and is not taken as a migration");
            reader.warning(
                "passed-over",
                &reader.path(name),
                message,
                "move it out of the folder, or give it a number",
            );
        }
        names.retain(numbered);
    }
    pass_over_folders(reader);
    let all: BTreeSet<String> = names.iter().cloned().collect();
    let downs: BTreeSet<String> = names.iter().filter_map(|name| down_script_of(name, &all)).collect();
    let ups: Vec<String> = names.into_iter().filter(|name| !downs.contains(name)).collect();
    order(reader, &ups);
    ups.into_iter().filter_map(|name| migration(reader, name, &all)).collect()
}

/// Says which folders have migrations that are not taken: a runner that reads folders is not a plain one.
fn pass_over_folders<F: Files + ?Sized>(reader: &mut Reader<'_, F>) {
    let mut said = String::new();
    for path in reader.all_files().iter().filter(|path| path.ends_with(".sql")) {
        let Some((folder, _)) = path.split_once('/').filter(|(folder, _)| *folder != said) else { continue };
        let message = format!("`{path}` and what else is in `{folder}` is not taken as a migration");
        let help = "move the files up, under names that sort in the order in which they ran";
        reader.warning("passed-over", &reader.path(folder), message, help);
        folder.clone_into(&mut said);
    }
}

/// Says where the order of the names is not that of the numbers, or the names alone decide.
fn order<F: Files + ?Sized>(reader: &mut Reader<'_, F>, names: &[String]) {
    for pair in names.windows(2) {
        let [before, name] = pair else { continue };
        let (number, number_before) = (number(name), number(before));
        let (what, code) = if number.is_some() && number == number_before {
            (format!("`{name}` has the same number as `{before}`"), "duplicate-number")
        } else if number < number_before {
            (format!("`{name}` has a lower number than `{before}`, which comes before it"), "unordered-number")
        } else {
            continue;
        };
        let help = "check that your runner has run them in that order: by name, as text";
        reader.warning(code, &reader.path(name), format!("{what}: they are ordered by name"), help);
    }
}

fn migration<F: Files + ?Sized>(reader: &mut Reader<'_, F>, name: String, all: &BTreeSet<String>) -> Option<Found> {
    let read = reader.read(&reader.path(&name))?;
    let mut original = vec![read.original.clone()];
    let down: Option<TranslatedFile> = down_script_of(&name, all).and_then(|down| {
        let read = reader.read(&reader.path(&down))?;
        original.push(read.original.clone());
        let down = reader.whole(&read, Around::Unknown);
        reader.down_script(down)
    });
    let stem = stem(&name);
    let rest = stem.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '-');
    let written = stem[..stem.len() - rest.len()].trim_end_matches('-');
    Some(Found {
        version: number(&name),
        written: written.to_owned(),
        name: rest.to_owned(),
        up: reader.whole(&read, Around::Unknown),
        down,
        original,
        key: name,
    })
}

/// The number at the start; dashes in it are those of a date.
fn number(name: &str) -> Option<u64> {
    let rest = name.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '-');
    name[..name.len() - rest.len()].replace('-', "").parse().ok()
}

/// The name without what says that it is a way up.
fn stem(name: &str) -> &str {
    let name = name.strip_suffix(".sql").unwrap_or(name);
    name.strip_suffix(".up").unwrap_or(name)
}

/// The file that is the down script of this one.
fn down_script_of(name: &str, all: &BTreeSet<String>) -> Option<String> {
    let stem = stem(name);
    let stems = [Some(stem), stem.strip_suffix("_up")];
    let downs = stems.into_iter().flatten().flat_map(|stem| [format!("{stem}.down.sql"), format!("{stem}_down.sql")]);
    downs.into_iter().find(|down| down != name && all.contains(down))
}
