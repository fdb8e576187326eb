//! sql-migrate: `.sql` files, divided by comments: `-- +migrate Up`, `-- +migrate Down`.
//!
//! Looked at: `rubenv/sql-migrate` 1.8.0 (`migrate.go`, `sqlparse/sqlparse.go`). Every `.sql` file of the folder itself
//! counts, and its name is its id. Those whose names begin with digits come first, ordered by that number, then by
//! name. A mark is a line that begins with exactly `-- +migrate `; ways may be begun several times, what stands before
//! the first is passed over, and `notransaction` behind a way holds for all of it.

use crate::diagnostic::Diagnostic;
use crate::files::Files;
use crate::source::SourceText;

use super::reader::{Found, Reader};
use super::sections::{Sections, Way, fault};
use super::text;
use super::transaction::Around;

pub(super) fn read<F: Files + ?Sized>(reader: &mut Reader<'_, F>) -> Vec<Found> {
    let mut files: Vec<(Option<u64>, String)> = Vec::new();
    for name in reader.top_files() {
        if !name.ends_with(".sql") {
            continue;
        }
        let digits = digits(&name);
        match digits.parse() {
            Ok(number) => files.push((Some(number), name)),
            Err(_) if digits.is_empty() => files.push((None, name)),
            Err(_) => {
                let message = format!("the number of `{name}` is too large");
                reader.error("misnamed-file", reader.path(&name), message, "rename it: sql-migrate also rejects it");
            }
        }
    }
    files.sort_by(|(a, a_name), (b, b_name)| (a.is_none(), a, a_name).cmp(&(b.is_none(), b, b_name)));
    files.into_iter().filter_map(|(number, name)| migration(reader, number, &name)).collect()
}

fn digits(name: &str) -> &str {
    &name[..name.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(name.len())]
}

fn migration<F: Files + ?Sized>(reader: &mut Reader<'_, F>, version: Option<u64>, name: &str) -> Option<Found> {
    let read = reader.read(&reader.path(name))?;
    let (sections, around) = match divide(&read.source) {
        Ok(divided) => divided,
        Err(fault) => {
            reader.diagnostics.push(*fault);
            return None;
        }
    };
    let (up, down) = reader.both(&read, &sections, around);
    let written = digits(name);
    let rest = &name[written.len()..];
    Some(Found {
        version,
        written: written.to_owned(),
        name: rest.strip_suffix(".sql").unwrap_or(rest).to_owned(),
        key: name.to_owned(),
        up,
        down,
        original: vec![read.original],
    })
}

fn divide(source: &SourceText) -> Result<(Sections, [Around; 2]), Box<Diagnostic>> {
    let mut sections = Sections::new();
    let mut around = [Around::Transaction; 2];
    let mut in_statement = false;
    for (number, line) in source.text().lines().enumerate() {
        let wrong = |message: &str, help: &str| Err(Box::new(fault(source, number + 1, message, help)));
        let Some(words) = line.strip_prefix("-- +migrate ") else {
            match sections.way() {
                // What stands before the first mark is never run; comments are kept.
                Way::None if !text::is_blank(line) => {
                    return wrong(
                        "sql-migrate ignores this line: it is before the first annotation",
                        "remove it, or move it below `-- +migrate Up`",
                    );
                }
                _ => sections.line(line),
            }
            continue;
        };
        let mut words = words.split_whitespace();
        let way = match words.next() {
            Some("Up") => Some(Way::Up),
            Some("Down") => Some(Way::Down),
            Some("StatementBegin") => {
                in_statement = sections.way() != Way::None;
                None
            }
            Some("StatementEnd") => {
                in_statement = false;
                None
            }
            Some(_) => None,
            None => return wrong("a sql-migrate annotation without a command", "sql-migrate also rejects the file"),
        };
        if let Some(way) = way {
            if words.any(|option| option == "notransaction") {
                around[usize::from(way == Way::Down)] = Around::NothingOnPurpose;
            }
            sections.turn(way);
        }
        sections.blank();
    }
    if sections.way() == Way::None {
        let help = "put `-- +migrate Up` before the first statement";
        return Err(Box::new(fault(source, 1, "a sql-migrate file without `Up` or `Down`", help)));
    }
    if in_statement {
        let message = "`-- +migrate StatementEnd` is missing";
        return Err(Box::new(fault(source, source.text().lines().count(), message, "put it after the statement")));
    }
    Ok((sections, around))
}
