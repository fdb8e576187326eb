//! dbmate: `<version>_<name>.sql`, divided by comments: `-- migrate:up`, `-- migrate:down`.
//!
//! Looked at: `amacneil/dbmate` 2.35.0 (`pkg/dbmate/db.go`, `migration.go`). A file counts if its name begins with
//! digits, which are its version, and ends in `.sql`; files are ordered by their names. The options of a block stand on
//! its line, such as `transaction:false`. A file may hold several pairs of blocks, which run one after the other.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::files::Files;
use crate::source::SourceText;

use super::reader::{Found, Reader};
use super::sections::{Sections, Way, fault};
use super::transaction::Around;

pub(super) fn read<F: Files + ?Sized>(reader: &mut Reader<'_, F>) -> Vec<Found> {
    let mut versions: BTreeMap<String, String> = BTreeMap::new();
    let mut found = Vec::new();
    for name in reader.top_files() {
        let digits = name.len() - name.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        if digits == 0 && name.ends_with(".sql") {
            reader.passed_over(&name, "20240115103022_initial.sql");
        }
        if digits == 0 || !name.ends_with(".sql") {
            continue;
        }
        let version = name[..digits].to_owned();
        match versions.get(&version) {
            Some(other) => reader.twice(&name, &other.clone()),
            None => {
                found.extend(migration(reader, &version, &name));
                versions.insert(version, name);
            }
        }
    }
    found
}

fn migration<F: Files + ?Sized>(reader: &mut Reader<'_, F>, version: &str, name: &str) -> Option<Found> {
    let read = reader.read(&reader.path(name))?;
    let (sections, around) = match divide(&read.source) {
        Ok(divided) => divided,
        Err(fault) => {
            reader.diagnostics.push(*fault);
            return None;
        }
    };
    let (up, down) = reader.both(&read, &sections, around);
    let rest = &name[version.len()..];
    Some(Found {
        version: version.parse().ok(),
        written: version.to_owned(),
        name: rest.strip_suffix(".sql").unwrap_or(rest).to_owned(),
        key: version.to_owned(),
        up,
        down,
        original: vec![read.original],
    })
}

fn divide(source: &SourceText) -> Result<(Sections, [Around; 2]), Box<Diagnostic>> {
    let mut sections = Sections::new();
    let mut around = [Around::Transaction; 2];
    for (number, line) in source.text().lines().enumerate() {
        let wrong = |message: &str, help: &str| Err(Box::new(fault(source, number + 1, message, help)));
        let Some((way, options)) = mark(line) else {
            let is_comment = line.trim().is_empty() || line.trim_start().starts_with("--");
            if sections.way() == Way::None && !is_comment {
                return wrong("a statement before `-- migrate:up`", "move it below that line");
            }
            sections.line(line);
            continue;
        };
        if way == Way::Down && sections.way() != Way::Up {
            return wrong("`-- migrate:down` without `-- migrate:up` before it", "dbmate also rejects the file");
        }
        if options.split_whitespace().any(|option| option == "transaction:false") {
            around[usize::from(way == Way::Down)] = Around::NothingOnPurpose;
        }
        sections.turn(way);
        sections.blank();
    }
    if sections.way() == Way::None {
        let help = "put `-- migrate:up` before the first statement";
        return Err(Box::new(fault(source, 1, "a dbmate file without `-- migrate:up`", help)));
    }
    Ok((sections, around))
}

/// The block that a line begins, with its options.
fn mark(line: &str) -> Option<(Way, &str)> {
    let rest = line.strip_prefix("--")?.trim_start().strip_prefix("migrate:")?;
    let (way, options) = match rest.strip_prefix("up") {
        Some(options) => (Way::Up, options),
        None => (Way::Down, rest.strip_prefix("down")?),
    };
    options.chars().next().is_none_or(char::is_whitespace).then_some((way, options))
}
