//! The paths whose change changes a set.

use super::package::MANIFEST;
use crate::config::Config;
use crate::files::{Files, Kind};

/// The manifest, and the folder or the nearest one above it inside the package.
pub(super) fn watch<F: Files + ?Sized>(root: &F, config: &Config) -> Vec<String> {
    let folders = config.dir.rmatch_indices('/').map(|(at, _)| &config.dir[..at]);
    let folder =
        std::iter::once(config.dir.as_str()).chain(folders).find(|folder| root.kind(folder) == Some(Kind::Folder));
    let Some(folder) = folder else { return Vec::new() };
    let manifest = (root.kind(MANIFEST) == Some(Kind::File)).then(|| MANIFEST.to_owned());
    manifest.into_iter().chain([folder.to_owned()]).collect()
}
