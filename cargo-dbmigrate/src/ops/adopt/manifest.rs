//! What the manifest has to say of files that come from another tool.

use cargo_metadata::DependencyKind;
use dbmigrate_core::Config;
use dbmigrate_core::config::Numbering;
use dbmigrate_core::layout::{Layout, Translated};
use toml_edit::{DocumentMut, InlineTable, Item, value};

use crate::error::CliError;
use crate::ops::edit::Edit;
use crate::ops::init::manifest::{remove_feature, table};
use crate::ops::project::Project;
use crate::ops::wiring::{self, BUILD, LAYOUTS};

/// Why a number has no file.
const LEFT_OUT: &str = "left out";

/// The configuration of the package with the new files in it.
pub(super) fn config(project: &Project, dir: &str, translated: &Translated) -> Config {
    Config {
        dir: dir.to_owned(),
        layout: Layout::House,
        numbering: translated.numbering,
        width: translated.width,
        start: translated.start,
        reserved: translated.reserved.iter().map(|number| (*number, LEFT_OUT.to_owned())).collect(),
        ..project.config.clone()
    }
}

/// Whether a set still has the files of another tool.
fn reads_others(manifest: &DocumentMut) -> bool {
    let table = ["package", "metadata", "migrations"].iter().try_fold(manifest.as_item(), |item, key| item.get(key));
    let sets = table.and_then(|table| table.get("sets")?.as_table_like());
    let sets = sets.into_iter().flat_map(|sets| sets.iter().map(|(_, set)| set));
    table.into_iter().chain(sets).any(|set| set.get("layout").is_some_and(|layout| layout.as_str() != Some("house")))
}

/// Takes away what the build read the files of the other tool with.
fn without_layouts(project: &Project, manifest: &mut DocumentMut) -> bool {
    let Some(name) = project.dependency(DependencyKind::Build, BUILD) else { return false };
    let dependencies = manifest.get_mut("build-dependencies");
    dependencies.and_then(|all| all.get_mut(&name)).is_some_and(|item| remove_feature(item, LAYOUTS))
}

/// The manifest that says so; none where it does.
pub(super) fn edit(project: &Project, config: &Config) -> Result<Option<Edit>, CliError> {
    let usual = Config::default();
    let is_timestamp = config.numbering == Numbering::Timestamp;
    let number = |number: u64| value(i64::try_from(number).unwrap_or(i64::MAX));
    let mut reserved = InlineTable::new();
    for (number, reason) in &config.reserved {
        reserved.insert(number.to_string(), reason.as_str().into());
    }
    let has_other_width = !is_timestamp && config.width != usual.width;
    let has_other_start = !is_timestamp && config.start != usual.start;
    let now = &project.config;
    let keys: Vec<(&str, Option<Item>)> = [
        ("layout", now.layout != config.layout, None),
        ("dir", now.dir != config.dir, (config.dir != usual.dir).then(|| value(config.dir.as_str()))),
        ("numbering", now.numbering != config.numbering, is_timestamp.then(|| value("timestamp"))),
        ("width", now.width != config.width, has_other_width.then(|| number(config.width as u64))),
        ("start", now.start != config.start, has_other_start.then(|| number(config.start))),
        ("reserved", now.reserved != config.reserved, (!reserved.is_empty()).then(|| value(reserved))),
    ]
    .into_iter()
    .filter_map(|(key, differs, item)| differs.then_some((key, item)))
    .collect();
    if keys.is_empty() {
        return Ok(None);
    }
    let mut document = wiring::manifest(project)?;
    let before = document.to_string();
    let metadata = table(document.as_table_mut(), &["package", "metadata", "migrations"])?;
    for (key, item) in keys {
        match item {
            Some(item) => drop(metadata.insert(key, item)),
            None => drop(metadata.remove(key)),
        }
    }
    let mut what = "`[package.metadata.migrations]`".to_owned();
    if now.layout != config.layout && !reads_others(&document) && without_layouts(project, &mut document) {
        what.push_str(&format!(", no feature `{LAYOUTS}` of `{BUILD}`"));
    }
    let text = document.to_string();
    Ok((text != before).then(|| Edit { path: project.manifest(), text, what, new: false }))
}
