//! The manifest's share of `init`: configuration, dependencies, and the runner's binary.

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, value};

use super::{Plan, checkout, database, runner, rusqlite};
use crate::error::CliError;
use crate::ops::edit::Edit;
use crate::ops::project::Project;
use crate::ops::runner::FEATURE;
use crate::ops::wiring::{BUILD, LAYOUTS, RUNTIME, Wiring};

/// What the manifest is to have besides what no program can do without.
pub(super) struct Wanted<'w> {
    /// The checkout that our crates are from, if they are not published ones.
    pub(super) checkout: Option<&'w str>,
    /// Whether the database commands get a binary of their own.
    pub(super) runner: bool,
    /// Whether the database has to be named.
    pub(super) names_database: bool,
}

pub(super) fn edit(
    project: &Project,
    document: &mut DocumentMut,
    wiring: &Wiring,
    wanted: &Wanted<'_>,
    plan: &mut Plan,
) -> Result<(), CliError> {
    let before = document.to_string();
    let checkout = wanted.checkout;
    let mut what = Vec::new();
    if wanted.names_database {
        what.push(name_database(document, &database(project))?);
    }
    if let Some(checkout) = checkout {
        what.extend(checkout::redirect(document, &project.root, checkout, plan));
    }
    if wiring.runtime.is_none() {
        what.push(depend(document, "dependencies", RUNTIME, ours(RUNTIME, checkout))?);
    }
    if wiring.rusqlite.is_none() {
        what.push(depend(document, "dependencies", "rusqlite", rusqlite::dependency(project, plan)?)?);
    }
    match &wiring.build {
        None => {
            let mut item = ours(BUILD, checkout);
            if !wiring.reads {
                add_feature(&mut item, LAYOUTS);
            }
            what.push(depend(document, "build-dependencies", BUILD, item)?);
        }
        Some(name) if !wiring.reads => {
            let table = table(document.as_table_mut(), &["build-dependencies"])?;
            if table.get_mut(name).is_some_and(|item| add_feature(item, LAYOUTS)) {
                what.push(format!("feature `{LAYOUTS}` of `{BUILD}`"))
            } else {
                plan.notes.push(format!("turn on the feature `{LAYOUTS}` where `{name}` is named"))
            }
        }
        Some(_) => {}
    }
    if wanted.runner && project.config.runner.is_none() {
        runner::add_target(project, document, wiring)?;
        what.push(format!("binary `{}` behind the feature `{FEATURE}`", runner::name(project)));
    }
    let after = document.to_string();
    if after != before {
        plan.edits.push(Edit { path: project.manifest(), text: after, what: what.join(", "), new: false });
    }
    Ok(())
}

/// Writes the database into the configuration, however that is written, and says so.
fn name_database(document: &mut DocumentMut, database: &str) -> Result<String, CliError> {
    let mut there = Some(document.as_item_mut());
    for key in ["package", "metadata", "migrations"] {
        there = there.and_then(|it| it.as_table_like_mut()?.get_mut(key));
    }
    if let Some(there) = there.and_then(Item::as_table_like_mut) {
        there.insert("database", value(database));
        return Ok("`database`".to_owned());
    }
    let new = table(document.as_table_mut(), &["package", "metadata", "migrations"])?;
    new.insert("database", value(database));
    Ok("`[package.metadata.migrations]`".to_owned())
}

/// Adds a dependency, and says so.
fn depend(document: &mut DocumentMut, kind: &str, name: &str, item: Item) -> Result<String, CliError> {
    table(document.as_table_mut(), &[kind])?.insert(name, item);
    Ok(format!("{} `{name}`", if kind == "dependencies" { "dependency" } else { "build-dependency" }))
}

/// The table at a path of keys; those that are missing are created without a header of their own.
pub(crate) fn table<'a>(from: &'a mut Table, keys: &[&str]) -> Result<&'a mut Table, CliError> {
    keys.iter().try_fold(from, |table, key| {
        let implicit = || {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        };
        let next = table.entry(key).or_insert_with(implicit).as_table_mut();
        next.ok_or_else(|| {
            CliError::failure(format!("`{key}` in Cargo.toml is not written as a table"))
                .help(format!("write it as a `[{}]` section", keys.join(".")))
        })
    })
}

fn ours(name: &str, checkout: Option<&str>) -> Item {
    match checkout {
        None => value(env!("CARGO_PKG_VERSION")),
        Some(folder) => {
            let mut inline = InlineTable::new();
            inline.insert("path", checkout::folder_of(folder, name).into());
            value(inline)
        }
    }
}

/// Switches on a feature; false where the dependency is not written in a way that has any.
fn add_feature(item: &mut Item, feature: &str) -> bool {
    if let Some(version) = item.as_str() {
        let mut inline = InlineTable::new();
        inline.insert("version", version.into());
        *item = value(inline);
    }
    let Some(table) = item.as_table_like_mut() else { return false };
    let features = table.entry("features").or_insert_with(|| value(Array::new()));
    let Some(features) = features.as_array_mut() else { return false };
    features.push(feature);
    if let Some(inline) = item.as_inline_table_mut() {
        inline.fmt();
    }
    true
}

/// Switches a feature off; false where it is not on.
pub(crate) fn remove_feature(item: &mut Item, feature: &str) -> bool {
    let Some(table) = item.as_table_like_mut() else { return false };
    let Some(features) = table.get_mut("features").and_then(Item::as_array_mut) else { return false };
    let before = features.len();
    features.retain(|it| it.as_str() != Some(feature));
    let (after, is_empty) = (features.len(), features.is_empty() && before > 0);
    if is_empty {
        table.remove("features");
    }
    if let Some(inline) = item.as_inline_table_mut().filter(|_| after < before) {
        inline.fmt();
    }
    after < before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_added_however_the_dependency_is_written() {
        for (written, expect) in [
            ("a = \"1\"\n", "a = { version = \"1\", features = [\"layouts\"] }\n"),
            ("a = { path = \"x\" }\n", "a = { path = \"x\", features = [\"layouts\"] }\n"),
            ("a = { features = [\"b\"] }\n", "a = { features = [\"b\", \"layouts\"] }\n"),
            ("a.workspace = true\n", "a.workspace = true\na.features = [\"layouts\"]\n"),
        ] {
            let mut document: DocumentMut = written.parse().unwrap();
            assert!(add_feature(document.get_mut("a").unwrap(), LAYOUTS));
            assert_eq!(document.to_string(), expect);
        }
        assert!(!add_feature(&mut value(true), LAYOUTS));
    }

    #[test]
    fn a_feature_is_taken_away_with_what_only_it_needed() {
        for (written, expect) in [
            ("a = { path = \"x\", features = [\"layouts\"] }\n", "a = { path = \"x\" }\n"),
            ("a = { features = [\"b\", \"layouts\"] }\n", "a = { features = [\"b\"] }\n"),
        ] {
            let mut document: DocumentMut = written.parse().unwrap();
            assert!(remove_feature(document.get_mut("a").unwrap(), LAYOUTS));
            assert_eq!(document.to_string(), expect);
            assert!(!remove_feature(document.get_mut("a").unwrap(), LAYOUTS));
        }
    }
}
