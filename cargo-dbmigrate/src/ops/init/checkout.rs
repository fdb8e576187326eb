//! `init --path`: dependencies on a checkout, until the crates are published.

use std::path::Path;

use toml_edit::{DocumentMut, InlineTable, Item, Value, value};

use super::Plan;
use crate::error::CliError;
use crate::ops::wiring::{BUILD, RUNTIME};

/// The keys that say where a dependency is from.
const SOURCES: [&str; 8] = ["version", "path", "git", "branch", "tag", "rev", "registry", "registry-index"];

/// The checkout's folder, absolute, when it is one.
pub(super) fn folder(path: &Path) -> Result<String, CliError> {
    let wrong = || CliError::usage(format!("`{}` is not a checkout of dbmigrate", path.display()));
    let folder = path.canonicalize().map_err(|_| wrong())?;
    if [RUNTIME, BUILD].iter().any(|name| !folder.join(name).join("Cargo.toml").is_file()) {
        return Err(wrong().help("name the folder that contains `dbmigrate-runtime` and `dbmigrate-build`"));
    }
    Ok(folder.to_string_lossy().into_owned())
}

/// The folder of a crate in it.
pub(super) fn folder_of(checkout: &str, package: &str) -> String {
    Path::new(checkout).join(package).to_string_lossy().into_owned()
}

/// Takes the dependencies on our crates that a manifest has from the checkout; what was changed. `root` is the folder of
/// the manifest.
pub(super) fn redirect(document: &mut DocumentMut, root: &Path, checkout: &str, plan: &mut Plan) -> Vec<String> {
    let mut what = Vec::new();
    for (kind, package, called) in [
        ("dependencies", RUNTIME, "dependency"),
        ("dev-dependencies", RUNTIME, "dev-dependency"),
        ("build-dependencies", BUILD, "build-dependency"),
    ] {
        let Some(table) = document.get_mut(kind).and_then(Item::as_table_like_mut) else { continue };
        let wanted = folder_of(checkout, package);
        for (key, item) in table.iter_mut().filter(|(key, item)| is_of(key, item, package)) {
            match from(item, root, &wanted) {
                Some(true) => what.push(format!("{called} `{key}`")),
                Some(false) => {}
                None => plan.notes.push(format!(
                    "`{key}` is inherited from the workspace: write `{package} = {{ path = {wanted:?} }}` there"
                )),
            }
        }
    }
    what
}

/// Whether a dependency is one on this package, under whatever name.
fn is_of(key: &str, item: &Item, package: &str) -> bool {
    let renamed = item.as_table_like().and_then(|table| table.get("package")).and_then(Item::as_str);
    renamed.unwrap_or(key) == package
}

/// Takes a dependency from this folder, and says whether it was from elsewhere; none where that stands in the workspace.
fn from(item: &mut Item, root: &Path, folder: &str) -> Option<bool> {
    if item.is_str() {
        *item = value(InlineTable::from_iter([("path", Value::from(folder))]));
        return Some(true);
    }
    let table = item.as_table_like_mut()?;
    if table.contains_key("workspace") {
        return None;
    }
    let path = table.get("path").and_then(Item::as_str);
    if path.is_some_and(|path| root.join(path).canonicalize().is_ok_and(|path| path == Path::new(folder))) {
        return Some(false);
    }
    SOURCES.iter().for_each(|key| drop(table.remove(key)));
    table.insert("path", value(folder));
    if let Some(inline) = item.as_inline_table_mut() {
        inline.fmt();
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_dependency_leads_to_the_checkout_and_only_once() {
        for (written, expect) in [
            ("dbmigrate-runtime = \"0.1.0\"\n", "dbmigrate-runtime = { path = \"/c/dbmigrate-runtime\" }\n"),
            (
                "dbmigrate-runtime = { version = \"0.1.0\", features = [\"manage\"] }\n",
                "dbmigrate-runtime = { features = [\"manage\"], path = \"/c/dbmigrate-runtime\" }\n",
            ),
            (
                "m = { package = \"dbmigrate-runtime\", git = \"https://x.y\", rev = \"1\" }\n",
                "m = { package = \"dbmigrate-runtime\", path = \"/c/dbmigrate-runtime\" }\n",
            ),
            ("dbmigrate-runtime.workspace = true\n", "dbmigrate-runtime.workspace = true\n"),
            ("other = \"0.1.0\"\n", "other = \"0.1.0\"\n"),
        ] {
            for kind in ["dependencies", "dev-dependencies"] {
                let mut document: DocumentMut = format!("[{kind}]\n{written}").parse().unwrap();
                let mut plan = Plan::default();
                let what = redirect(&mut document, Path::new("/"), "/c", &mut plan);
                assert_eq!(document.to_string(), format!("[{kind}]\n{expect}"));
                assert_eq!(what.len(), usize::from(written != expect), "{what:?}");
                assert_eq!(plan.notes.len(), usize::from(written.contains("workspace")), "{:?}", plan.notes);
            }
        }
    }
}
