//! Which rusqlite a package without one gets: a build can have one SQLite only, and others of its crates may link one.

use std::collections::BTreeMap;
use std::fs;

use toml_edit::{DocumentMut, InlineTable, Item, Table, Value, value};

use super::Plan;
use crate::error::CliError;
use crate::ops::project::Project;

/// The crate that links SQLite, for rusqlite and most others.
const LINKS: &str = "libsqlite3-sys";

/// Where nothing else links SQLite.
const NEWEST: &str = "0.43";

/// The minor version of what that links: with it, and with [`linking`], this table grows.
const NEWEST_LINKED: u32 = 40;

/// Libraries that link it as well, or may.
const OTHERS: [&str; 9] = [
    "deadpool-sqlite",
    "diesel",
    LINKS,
    "r2d2_sqlite",
    "refinery",
    "rusqlite_migration",
    "sea-orm",
    "sqlx",
    "tokio-rusqlite",
];

/// The dependency: the one that other packages of the workspace have, or the one that fits into `Cargo.lock`, or the newest.
pub(super) fn dependency(project: &Project, plan: &mut Plan) -> Result<Item, CliError> {
    if let Some(other) = project.dependency_of_others("rusqlite") {
        let features: Vec<&str> = other.features.iter().map(String::as_str).collect();
        return Ok(item(other.req.to_string().trim_start_matches('^'), &features));
    }
    let names = project.dependencies_of_all();
    let locked: Option<DocumentMut> = fs::read_to_string(project.lock_file()).ok().and_then(|text| text.parse().ok());
    let mut others = names.iter().filter(|name| OTHERS.contains(name));
    if let Some(other) = others.find(|name| !locked.as_ref().is_some_and(|locked| has(locked, name))) {
        let (message, help) = match locked {
            None => (format!("there is no `Cargo.lock` that says which SQLite `{other}` links"), "generate-lockfile"),
            Some(_) => {
                (format!("`Cargo.lock` does not have `{other}` yet, which may link SQLite"), "update --workspace")
            }
        };
        return Err(CliError::failure(format!("{message}: there can be only one"))
            .help(format!("resolve the dependencies first: `cargo {help}`, then run `cargo dbmigrate init` again"))
            .help("or add the `rusqlite` that fits yourself: `cargo add rusqlite@VERSION`"));
    }
    Ok(match locked.as_ref().and_then(|locked| fitting(locked, names)) {
        // Who links it has also said whether it is bundled.
        Some(Fitting::Is(version)) => item(&version, &[]),
        Some(Fitting::Links { rusqlite, of }) => {
            plan.notes
                .push(format!("rusqlite {rusqlite} links {LINKS} {of}, as `Cargo.lock` has it: there can be only one"));
            item(&rusqlite, &[])
        }
        Some(Fitting::None { of }) => {
            let why = if is_newer(&of) {
                format!("rusqlite {NEWEST} does not link: a newer one may, or update what needs it")
            } else {
                "no rusqlite from 0.29 on links: update what needs it, or remove that".to_owned()
            };
            plan.notes.push(format!("`Cargo.lock` has {LINKS} {of}, which {why}; there can be only one"));
            item(NEWEST, &["bundled"])
        }
        None => item(NEWEST, &["bundled"]),
    })
}

/// Whether a lock file has a package of this name.
fn has(locked: &DocumentMut, name: &str) -> bool {
    packages(locked).any(|package| package.get("name").and_then(Item::as_str) == Some(name))
}

fn packages(locked: &DocumentMut) -> impl Iterator<Item = &Table> {
    locked.get("package").and_then(Item::as_array_of_tables).into_iter().flatten()
}

fn item(version: &str, features: &[&str]) -> Item {
    if features.is_empty() {
        return value(version);
    }
    let mut inline = InlineTable::new();
    inline.insert("version", version.into());
    inline.insert("features", Value::Array(features.iter().copied().collect()));
    value(inline)
}

/// What fits into a lock file that has a SQLite.
#[derive(Debug, PartialEq, Eq)]
enum Fitting {
    /// It has this rusqlite.
    Is(String),
    /// It has what this rusqlite links.
    Links { rusqlite: String, of: String },
    /// It has something that none links.
    None { of: String },
}

/// What fits to what the dependencies of these names lead to. What a lock file has besides is of earlier times.
fn fitting<'a>(locked: &'a DocumentMut, mut names: Vec<&'a str>) -> Option<Fitting> {
    let mut by_name: BTreeMap<&str, Vec<&Table>> = BTreeMap::new();
    for package in packages(locked) {
        by_name.entry(package.get("name")?.as_str()?).or_default().push(package);
    }
    let (mut rusqlite, mut links) = (None, None);
    while let Some(name) = names.pop() {
        for package in by_name.remove(name).unwrap_or_default() {
            let version = package.get("version").and_then(Item::as_str);
            match name {
                "rusqlite" => rusqlite = version,
                LINKS => links = version,
                _ => {}
            }
            let dependencies = package.get("dependencies").and_then(Item::as_array).into_iter().flatten();
            // A version follows where there are several.
            names.extend(dependencies.filter_map(|it| it.as_str()?.split(' ').next()));
        }
    }
    if let Some(rusqlite) = rusqlite.and_then(short) {
        return Some(Fitting::Is(rusqlite));
    }
    let of = links?.to_owned();
    Some(match minor(&of).and_then(linking) {
        Some(minor) => Fitting::Links { rusqlite: format!("0.{minor}"), of },
        None => Fitting::None { of },
    })
}

/// A version as a requirement writes it: up to the first number that is not zero.
fn short(version: &str) -> Option<String> {
    let (major, rest) = version.split_once('.')?;
    let minor = rest.split('.').next()?;
    Some(if major == "0" { format!("0.{minor}") } else { major.to_owned() })
}

/// The minor version of `0.MINOR.PATCH`.
fn minor(version: &str) -> Option<u32> {
    version.strip_prefix("0.")?.split('.').next()?.parse().ok()
}

/// Whether this `libsqlite3-sys` came after all that are known here.
fn is_newer(of: &str) -> bool {
    minor(of).is_none_or(|minor| minor > NEWEST_LINKED)
}

/// The minor version of the rusqlite, from 0.29 on, that links this minor version of `libsqlite3-sys`.
fn linking(minor: u32) -> Option<u32> {
    match minor {
        26..=28 => Some(minor + 3),
        30..=39 => Some(minor + 2),
        NEWEST_LINKED => Some(43),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_decides_what_can_be_linked() {
        let check = |packages: &[(&str, &str)], expect: Option<Fitting>| {
            let mut text = "[[package]]\nname = \"driver\"\nversion = \"1.0.0\"\ndependencies = [\n".to_owned();
            packages.iter().for_each(|(name, version)| text.push_str(&format!(" \"{name} {version}\",\n")));
            text.push_str("]\n");
            for (name, version) in packages {
                text.push_str(&format!("[[package]]\nname = {name:?}\nversion = {version:?}\n"));
            }
            let locked = text.parse().unwrap();
            assert_eq!(fitting(&locked, vec!["other", "driver"]), expect, "{text}");
            assert_eq!(fitting(&locked, vec!["other"]), None);
        };
        let links = |rusqlite: &str, of: &str| Some(Fitting::Links { rusqlite: rusqlite.into(), of: of.into() });
        check(&[("serde", "1.0.0")], None);
        check(&[("libsqlite3-sys", "0.38.1"), ("rusqlite", "0.40.2")], Some(Fitting::Is("0.40".into())));
        check(&[("rusqlite", "1.2.3")], Some(Fitting::Is("1".into())));
        check(&[("libsqlite3-sys", "0.26.0")], links("0.29", "0.26.0"));
        check(&[("libsqlite3-sys", "0.28.0")], links("0.31", "0.28.0"));
        check(&[("libsqlite3-sys", "0.30.1")], links("0.32", "0.30.1"));
        check(&[("libsqlite3-sys", "0.39.1")], links("0.41", "0.39.1"));
        check(&[("libsqlite3-sys", "0.40.0")], links("0.43", "0.40.0"));
        for of in ["0.25.2", "0.29.0", "0.41.0", "1.0.0"] {
            check(&[("libsqlite3-sys", of)], Some(Fitting::None { of: of.into() }));
        }
    }
}
