//! goose: `<version>_<name>.sql`, divided by comments: `-- +goose Up`, `-- +goose Down`.
//!
//! Looked at: `pressly/goose` 3.27.3 (`migration.go`, `provider_collect.go`, `internal/sqlparser/parser.go`). The files
//! of the folder itself count; the version stands before the first `_`, is greater than zero, and versions are ordered
//! as numbers. A line is a mark if it begins with `--` and holds `+goose`, in any case of letters. Nothing but blank
//! lines and comments may stand before `Up`; `Down` comes once, after it. `NO TRANSACTION` holds for both ways. Between
//! `ENVSUB ON` and `ENVSUB OFF` variables of the environment are put in, which no file of the house does. A `.go` file
//! with a number is code.

use std::collections::BTreeMap;

use crate::files::Files;
use crate::source::SourceText;

use super::reader::{Found, Reader};
use super::sections::{Sections, Way, fault};
use super::transaction::Around;

pub(super) fn read<F: Files + ?Sized>(reader: &mut Reader<'_, F>) -> Vec<Found> {
    let mut versions: BTreeMap<u64, String> = BTreeMap::new();
    for name in reader.top_files() {
        let is_sql = name.ends_with(".sql");
        if !is_sql && (!name.ends_with(".go") || name.ends_with("_test.go")) {
            continue;
        }
        let number = name.split_once('_').and_then(|(number, _)| number.parse::<u64>().ok());
        let Some(version) = number.filter(|version| *version > 0) else {
            if is_sql {
                let message = format!("`{name}` does not begin with a version and `_`");
                reader.error("misnamed-file", reader.path(&name), message, "rename it, or move it out of the folder");
            }
            continue;
        };
        if !is_sql {
            let message = format!("`{name}` is a migration in Go, which can't be read");
            let help = "write what it does in a `.sql` file of that version, or as a Rust migration after `cargo \
                dbmigrate adopt`";
            reader.error("written-in-code", reader.path(&name), message, help);
            continue;
        }
        match versions.get(&version) {
            Some(other) => reader.twice(&name, &other.clone()),
            None => drop(versions.insert(version, name)),
        }
    }
    versions.into_iter().filter_map(|(version, name)| migration(reader, version, &name)).collect()
}

fn migration<F: Files + ?Sized>(reader: &mut Reader<'_, F>, version: u64, name: &str) -> Option<Found> {
    let read = reader.read(&reader.path(name))?;
    let (sections, around) = match divide(&read.source) {
        Ok(divided) => divided,
        Err(fault) => {
            reader.diagnostics.push(*fault);
            return None;
        }
    };
    let (up, down) = reader.both(&read, &sections, [around; 2]);
    let (written, rest) = name.split_once('_')?;
    Some(Found {
        version: Some(version),
        written: written.to_owned(),
        name: rest.strip_suffix(".sql").unwrap_or(rest).to_owned(),
        key: version.to_string(),
        up,
        down,
        original: vec![read.original],
    })
}

fn divide(source: &SourceText) -> Result<(Sections, Around), Box<crate::diagnostic::Diagnostic>> {
    let mut sections = Sections::new();
    let mut around = Around::Transaction;
    let (mut in_statement, mut variables) = (false, false);
    for (number, line) in source.text().lines().enumerate() {
        let wrong = |message: &str, help: &str| Err(Box::new(fault(source, number + 1, message, help)));
        if !(line.trim().starts_with("--") && line.contains("+goose")) {
            let is_comment = line.trim().is_empty() || line.trim_start().starts_with("--");
            if sections.way() == Way::None && !is_comment {
                return wrong("a statement before `-- +goose Up`", "move it below that line");
            }
            if variables && line.contains('$') {
                let message = "goose substitutes environment variables in this line";
                return wrong(message, "write the value itself, and remove `-- +goose ENVSUB ON`");
            }
            sections.line(line);
            continue;
        }
        if line.starts_with([' ', '\t']) {
            return wrong("blanks before a goose annotation", "remove them: goose also rejects the file");
        }
        let word = line.replace("--", "").replacen("+goose", "", 1).trim().to_ascii_uppercase();
        match (word.as_str(), sections.way(), in_statement) {
            ("UP", Way::None, _) => sections.turn(Way::Up),
            ("DOWN", Way::Up, false) => sections.turn(Way::Down),
            ("STATEMENTBEGIN", Way::Up | Way::Down, false) => in_statement = true,
            ("STATEMENTEND", _, true) => in_statement = false,
            ("NO TRANSACTION", ..) => around = Around::NothingOnPurpose,
            ("ENVSUB ON", ..) => variables = true,
            ("ENVSUB OFF", ..) => variables = false,
            ("UP" | "DOWN" | "STATEMENTBEGIN" | "STATEMENTEND", ..) => {
                return wrong("this goose annotation is in the wrong place", "goose also rejects the file");
            }
            _ => return wrong("goose has no such annotation", "goose also rejects the file"),
        }
        sections.blank();
    }
    let end = source.text().lines().count().max(1);
    if sections.way() == Way::None {
        let help = "put `-- +goose Up` before the first statement";
        return Err(Box::new(fault(source, 1, "a goose file without `-- +goose Up`", help)));
    }
    if in_statement {
        let message = "`-- +goose StatementEnd` is missing";
        return Err(Box::new(fault(source, end, message, "put it after the last line of the statement")));
    }
    Ok((sections, around))
}
