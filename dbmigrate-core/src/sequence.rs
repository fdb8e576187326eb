//! Whether the names in a folder form one sequence: no duplicate number, no gap, no down script without a migration.
//!
//! Only names are checked; the contents of the files are read by [`mod@crate::load`].

use std::collections::BTreeMap;

use crate::config::{Config, Numbering, TABLE, TIMESTAMP_DIGITS};
use crate::diagnostic::{Diagnostic, Fix};
use crate::file_name::{self, FileName, Stem};
use crate::files::find;
use crate::help::Help;

#[cfg(test)]
mod tests;

/// The ending of down scripts.
const DOWN: &str = ".down.sql";

/// The files of one migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Its number and name.
    pub stem: Stem,
    /// The file name of the way up.
    pub up: String,
    /// The file name of the down script, where it is a file of its own.
    pub down: Option<String>,
}

/// What the names of a folder amount to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// The migrations in order, one per number.
    pub planned: Vec<Planned>,
    /// The greatest number that a file claims, be its name right or wrong.
    pub highest: Option<u64>,
    /// What is wrong, in no order.
    pub diagnostics: Vec<Diagnostic>,
}

/// Puts the files of the folder in order. `files` are their names with what each is, sorted by name.
#[must_use]
pub fn arrange(files: &[(String, FileName)], config: &Config) -> Sequence {
    let numbers = by_number(files);
    let highest = numbers.last().map(|&(number, _)| number);
    let mut checker = Checker { config, highest, diagnostics: Vec::new() };
    checker.misnamed(files, &numbers);
    if config.numbering == Numbering::Sequential {
        checker.numbers(&numbers);
    }
    checker.unnumbered(files);
    let planned = numbers.iter().filter_map(|(_, files)| checker.one_number(files)).collect();
    Sequence { planned, highest, diagnostics: checker.diagnostics }
}

/// The numbers that files claim, each with the place of its file: by number, then by place.
pub(crate) fn claims(files: &[(String, FileName)]) -> Vec<(u64, usize)> {
    let mut claims: Vec<(u64, usize)> = Vec::with_capacity(files.len());
    for (at, (_, what)) in files.iter().enumerate() {
        claims.extend(what.number().map(|number| (number, at)));
    }
    claims.sort_unstable();
    claims
}

/// Those of one number.
pub(crate) fn of_number(claims: &[(u64, usize)], number: u64) -> &[(u64, usize)] {
    let start = claims.partition_point(|&(other, _)| other < number);
    let end = claims.partition_point(|&(other, _)| other <= number);
    &claims[start..end]
}

/// The files of each number, by number.
fn by_number(files: &[(String, FileName)]) -> Vec<(u64, Files<'_>)> {
    let mut numbers: Vec<(u64, Files<'_>)> = Vec::new();
    for (number, at) in claims(files) {
        if numbers.last().is_none_or(|&(last, _)| last != number) {
            numbers.push((number, Files::default()));
        }
        if let (Some((_, of_number)), Some((name, what))) = (numbers.last_mut(), files.get(at)) {
            of_number.add(name, what);
        }
    }
    numbers
}

/// The files with one number.
#[derive(Default)]
struct Files<'a> {
    ups: Vec<(&'a str, &'a Stem)>,
    downs: Vec<(&'a str, &'a Stem)>,
    /// With the names that they should have.
    misnamed: Vec<(&'a str, Option<&'a str>)>,
}

impl<'a> Files<'a> {
    fn add(&mut self, name: &'a str, what: &'a FileName) {
        match what {
            FileName::Up { stem, .. } | FileName::Rust { stem } => self.ups.push((name, stem)),
            FileName::Down { stem } => self.downs.push((name, stem)),
            FileName::Misnamed { suggestion, .. } => self.misnamed.push((name, suggestion.as_deref())),
            FileName::Unnumbered { .. } | FileName::Ignored => {}
        }
    }

    /// The file to name in messages.
    fn first(&self) -> &'a str {
        let names = self.ups.iter().chain(&self.downs).map(|&(name, _)| name);
        names.chain(self.misnamed.iter().map(|&(name, _)| name)).next().unwrap_or_default()
    }

    /// Whether nothing else could be the file `right` that the misnamed `name` is to become.
    fn is_sole(&self, name: &str, right: &str) -> bool {
        let is_down = right.ends_with(DOWN);
        let wants_it = |wanted: &str| if is_down { wanted == right } else { !wanted.ends_with(DOWN) };
        let others = self.misnamed.iter().filter(|(other, _)| *other != name);
        let ups = self.ups.iter().filter(|(up, _)| *up != name && !is_down);
        ups.count() + others.filter(|(_, wanted)| wanted.is_some_and(wants_it)).count() == 0
    }

    /// The file that keeps its number when the misnamed `name` is renamed to the way up `right`.
    fn rival(&self, name: &str, right: &str) -> Option<&'a str> {
        if right.ends_with(DOWN) {
            return None;
        }
        let misnamed = self.misnamed.iter().take_while(|&&(other, _)| other != name);
        let misnamed = misnamed.filter(|(_, right)| right.is_some_and(|right| !right.ends_with(DOWN)));
        self.ups.iter().map(|&(up, _)| up).chain(misnamed.map(|&(other, _)| other)).find(|&other| other != name)
    }
}

struct Checker<'a> {
    config: &'a Config,
    highest: Option<u64>,
    diagnostics: Vec<Diagnostic>,
}

impl Checker<'_> {
    fn error(&mut self, code: &'static str, name: &str, message: String, help: impl IntoIterator<Item = Help>) {
        let mut diagnostic = Diagnostic::error(code, message).in_file(self.path(name));
        diagnostic.help.extend(help);
        self.diagnostics.push(diagnostic);
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.config.dir)
    }

    /// The help that says how to rename a file.
    fn rename(&self, from: &str, to: &str) -> Help {
        rename(&self.path(from), &self.path(to))
    }

    /// A free number, as a name writes it; another one each time.
    fn free_digits(&mut self) -> Option<String> {
        let stem = file_name::next(self.config, self.highest, "", "")?;
        self.highest = Some(stem.number);
        Some(stem.digits)
    }

    /// The end of a sentence that asks for another number.
    fn another(&mut self) -> String {
        self.free_digits().map_or_else(String::new, |free| format!("; the next free one is {free}"))
    }

    /// Names that no migration has.
    fn misnamed(&mut self, files: &[(String, FileName)], numbers: &[(u64, Files<'_>)]) {
        let exists = |name: &str| find(files, name).is_some();
        let of_number = |number: u64| {
            let at = numbers.binary_search_by_key(&number, |&(other, _)| other).ok()?;
            numbers.get(at).map(|(_, files)| files)
        };
        for (name, what) in files {
            let (number, why, right) = match what {
                FileName::Misnamed { number, why, suggestion } => (*number, why.as_str(), suggestion.clone()),
                FileName::Up { stem, explicit_up: false } => match pair_of(stem, files) {
                    Some(right) => (Some(stem.number), "its ending must be `.up.sql`", Some(right)),
                    None => continue,
                },
                _ => continue,
            };
            let rival = number.zip(right.as_ref()).and_then(|(number, right)| of_number(number)?.rival(name, right));
            let help = match (&right, rival) {
                (Some(right), _) if exists(right) => {
                    Some(format!("`{right}` exists as well: delete one of them, or give one another number").into())
                }
                (Some(_), Some(rival)) => Some(
                    format!("`{rival}` has that number as well: give one of them another{}", self.another()).into(),
                ),
                (Some(right), None) => Some(self.rename(name, right)),
                (None, _) => None,
            };
            let certain = number.zip(right).filter(|(number, right)| {
                of_number(*number).is_some_and(|files| files.is_sole(name, right)) && !exists(right)
            });
            let fix = certain.map(|(_, to)| Fix::Rename { from: self.path(name), to: self.path(&to) }).map(Box::new);
            let message = format!("`{name}` is not the name of a migration: {why}");
            self.error("misnamed-file", name, message, help);
            if let Some(last) = self.diagnostics.last_mut() {
                last.fix = fix;
            }
        }
    }

    /// Files without a number. The two halves of a migration stand side by side and get one together.
    fn unnumbered(&mut self, files: &[(String, FileName)]) {
        let mut last: Option<(&str, String)> = None;
        for (name, what) in files {
            let FileName::Unnumbered { rest } = what else { continue };
            let rename = rest.as_ref().map(|rest| {
                let base = rest.split('.').next().unwrap_or_default();
                let digits = match &last {
                    Some((slug, digits)) if *slug == base => digits.clone(),
                    _ => self.free_digits().unwrap_or_else(|| "YYYYMMDDHHMMSS".to_owned()),
                };
                last = Some((base, digits.clone()));
                self.rename(name, &format!("{digits}_{rest}"))
            });
            let message = format!("`{name}` is not the name of a migration: it has no number");
            let remove = "if it is not a migration, move it out of the folder".into();
            self.error("stray-file", name, message, rename.into_iter().chain([remove]));
        }
    }

    /// The start, the gaps, and the reserved numbers. A misnamed file counts: its number is not missing.
    fn numbers(&mut self, numbers: &[(u64, Files<'_>)]) {
        let Config { start, reserved, .. } = self.config;
        let mut previous: Option<(u64, &str)> = None;
        for &(number, ref files) in numbers {
            let name = files.first();
            if let Some(reason) = reserved.get(&number) {
                let message = format!("`{name}` has the reserved number {number} (`{reason}`)");
                let help = format!("give the file another number, or remove {number} from `reserved` in `{TABLE}`");
                self.error("reserved-number", name, message, [help.into()]);
            }
            if previous.is_none() && number < *start {
                let message = format!("`{name}` comes before the first number, {}", self.config.digits(*start));
                let help = format!("give it another number, or set `start = {number}` in `{TABLE}`");
                self.error("wrong-start", name, message, [help.into()]);
            }
            let from = previous.map_or(*start, |(previous, _)| previous + 1);
            let mut missing = from;
            for &skipped in reserved.range(from.min(number)..number).map(|(number, _)| number) {
                self.gap(missing, skipped, name, previous);
                missing = skipped + 1;
            }
            self.gap(missing, number, name, previous);
            previous = Some((number, name));
        }
    }

    /// Reports that nothing has the numbers from `missing` to the one before `end`.
    fn gap(&mut self, missing: u64, end: u64, name: &str, previous: Option<(u64, &str)>) {
        if missing >= end {
            return;
        }
        let (first, last) = (self.config.digits(missing), self.config.digits(end - 1));
        let count = end - missing;
        let which = match count {
            1 => format!("migration {first} is missing"),
            2 => format!("migrations {first} and {last} are missing"),
            _ => format!("migrations {first} to {last} are missing"),
        };
        let (code, message) = match previous {
            Some((_, before)) => ("gap", format!("{which}: `{name}` follows `{before}`")),
            None => ("wrong-start", format!("{which}: `{name}` is the first file")),
        };
        let those = if count == 1 { "" } else { " and those after it" };
        let restore = Help::from("restore ").file(&self.path(&format!("{first}_….sql"))).words(those);
        let reserve = match count {
            1 => format!("`reserved = {{ {missing} = \"why\" }}`"),
            2 => format!("`reserved = {{ {missing} = \"why\", {} = \"why\" }}`", end - 1),
            _ => format!("`reserved = {{ {missing} = \"why\", … }}`, one entry for each number,"),
        };
        let mut help: Vec<Help> = vec![
            restore.words(", or rename the later files so that no number is left out"),
            format!("if a number is left out on purpose, write {reserve} in `{TABLE}`").into(),
        ];
        if previous.is_none() {
            help.push(format!("if the numbers begin there, write `start = {end}` in `{TABLE}`").into());
            if end.ilog10() + 1 == TIMESTAMP_DIGITS as u32 {
                help.push(format!("if the numbers are times, write `numbering = \"timestamp\"` in `{TABLE}`").into());
            }
        }
        self.error(code, name, message, help);
    }

    /// The one migration that the files with one number make.
    fn one_number(&mut self, files: &Files<'_>) -> Option<Planned> {
        let Some((&(up, stem), more)) = files.ups.split_first() else {
            // A misnamed file may be the way up; that one is reported already.
            for &(down, stem) in files.downs.iter().filter(|_| files.misnamed.is_empty()) {
                let message = format!("the down script `{down}` belongs to no migration");
                let up = self.path(&format!("{stem}.sql"));
                let help = Help::from("restore ").file(&up).words(", or delete the file");
                self.error("down-without-up", down, message, [help]);
            }
            return None;
        };
        for &(other, other_stem) in more {
            let message = format!("`{other}` has the same number as `{up}`");
            let either = if stem.slug == other_stem.slug { "delete one of them, or " } else { "" };
            let help = format!("{either}give one of them another number{}", self.another());
            let branches = "if two branches met here: `cargo dbmigrate renumber`".into();
            self.error("duplicate-number", other, message, [help.into(), branches]);
        }
        // Of several with one name, the first.
        let mut by_slug: BTreeMap<String, usize> = BTreeMap::new();
        for (at, (_, stem)) in files.ups.iter().enumerate() {
            by_slug.entry(stem.slug.clone()).or_insert(at);
        }
        let right = format!("{stem}{DOWN}");
        let right_exists = files.downs.iter().any(|&(down, _)| down == right);
        let mut found = None;
        for &(down, down_stem) in &files.downs {
            match by_slug.get(&down_stem.slug).map(|&at| files.ups[at].0) {
                Some(of) if of.ends_with(".rs") => {
                    let message = format!("`{down}` is beside a Rust migration, `{of}`");
                    let help =
                        Help::from("write `pub fn down` in ").file(&self.path(of)).words(", and delete this file");
                    self.error("down-beside-rust", down, message, [help]);
                }
                Some(of) if of == up => found = Some(down.to_owned()),
                // That of a duplicate, which is reported.
                Some(_) => {}
                None => {
                    let message = format!("`{down}` has the number of `{up}`, but another name");
                    let help = if right_exists {
                        format!("`{right}` exists as well: delete one of them, or give one another number").into()
                    } else {
                        self.rename(down, &right)
                    };
                    self.error("down-of-other-name", down, message, [help]);
                }
            }
        }
        Some(Planned { stem: stem.clone(), up: up.to_owned(), down: found })
    }
}

/// The right name of `001_x_up.sql` where `001_x_down.sql` exists. Alone it is a name like any other
/// (`004_clean_up.sql`).
fn pair_of(stem: &Stem, files: &[(String, FileName)]) -> Option<String> {
    let base = stem.slug.strip_suffix("_up")?;
    let partner = format!("{}_{base}_down.sql", stem.digits);
    find(files, &partner).map(|_| format!("{}_{base}.up.sql", stem.digits))
}

/// The help that says how to rename a file.
#[must_use]
pub fn rename(from: &str, to: &str) -> Help {
    Help::from("rename it: ").rename(from, to)
}

/// A path as a shell takes it.
#[must_use]
pub fn quoted(path: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "/._-+".contains(letter);
    if !path.is_empty() && path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace("'", r"'\''"))
    }
}
