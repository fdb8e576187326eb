//! Reads the sets of a package: its manifest says which there are.

use std::path::Path;

use super::{Loaded, MigrationSet, across, read_folder, sort, strays, watch};
use crate::config::{self, Config};
use crate::files::Files;
use crate::source::SourceText;

/// The manifest, relative to the package.
pub(super) const MANIFEST: &str = "Cargo.toml";

/// Reads the package at `root`, its own manifest alone, as a build script does: its only set, or the first of them.
#[must_use]
#[inline]
pub fn load(root: &Path) -> Loaded {
    load_from(root)
}

/// Reads a package as [`load`] does, wherever its files lie.
#[must_use]
pub fn load_from<F: Files + ?Sized>(root: &F) -> Loaded {
    first(load_sets_from(root))
}

/// Reads every set of the package at `root`, its own manifest alone, as a build script does.
#[must_use]
pub fn load_sets(root: &Path) -> Vec<Loaded> {
    load_sets_from(root)
}

/// Reads every set of a package, wherever its files lie. There is one at least.
#[must_use]
pub fn load_sets_from<F: Files + ?Sized>(root: &F) -> Vec<Loaded> {
    match root.text(MANIFEST) {
        Ok(manifest) => read_manifest(root, &manifest, None),
        Err(diagnostic) => {
            let set = MigrationSet::empty(Config::default());
            let watch = watch(root, &Config::default());
            vec![Loaded { set, diagnostics: vec![diagnostic], watch, highest: None, notes: Vec::new() }]
        }
    }
}

/// Reads the package at `root` with its manifest and, for tools, that of its workspace: its only set, or the first of
/// them.
///
/// Where the configuration does not say what the files are, only that is reported.
#[must_use]
#[inline]
pub fn load_manifest(root: &Path, manifest: &SourceText, workspace: Option<&SourceText>) -> Loaded {
    first(read_manifest(root, manifest, workspace))
}

/// As [`load_manifest`], every set. There is one at least; what is wrong with the manifest is in every one.
#[must_use]
pub fn load_manifest_sets(root: &Path, manifest: &SourceText, workspace: Option<&SourceText>) -> Vec<Loaded> {
    read_manifest(root, manifest, workspace)
}

#[inline]
fn first(sets: Vec<Loaded>) -> Loaded {
    let nothing = || {
        let set = MigrationSet::empty(Config::default());
        Loaded { set, diagnostics: Vec::new(), watch: Vec::new(), highest: None, notes: Vec::new() }
    };
    sets.into_iter().next().unwrap_or_else(nothing)
}

fn read_manifest<F: Files + ?Sized>(root: &F, manifest: &SourceText, workspace: Option<&SourceText>) -> Vec<Loaded> {
    let (configs, mut common) = config::read_set_parts(manifest, workspace);
    let strays = strays::find(root, &configs.iter().map(|(config, _)| config).collect::<Vec<_>>());
    common.extend(strays.found);
    let read = |(config, layout_known): (Config, bool)| {
        if layout_known {
            return read_folder(root, config);
        }
        let watch = watch(root, &config);
        Loaded { set: MigrationSet::empty(config), diagnostics: Vec::new(), watch, highest: None, notes: Vec::new() }
    };
    let mut sets: Vec<Loaded> = configs.into_iter().map(read).collect();
    across::check(&mut sets);
    for loaded in &mut sets {
        loaded.diagnostics.splice(0..0, common.iter().cloned());
        sort(&mut loaded.diagnostics);
        // Where the package itself is watched, so is all that is in it.
        if !loaded.watch.is_empty() {
            loaded.watch.extend(strays.holders.iter().cloned());
        }
    }
    sets
}

#[cfg(test)]
mod tests {
    use crate::checksum;
    use crate::load::tests::Package;
    use crate::lock::Lock;
    use crate::{load, load_sets};

    #[test]
    fn each_set_is_read_by_itself_and_its_name_is_in_its_chains_and_its_lock() {
        let table = "[package.metadata.migrations.sets]\naccounts = {}\nbilling = { dir = 'billing', width = 4 }\n";
        let files = [
            ("migrations/accounts/001_users.sql", "CREATE TABLE users (id);"),
            ("migrations/accounts/repeatable/v.sql", "CREATE VIEW v AS SELECT 1;"),
            ("billing/0001_invoices.sql", "CREATE TABLE invoices (id);"),
            ("billing/0003_gap.sql", "SELECT 1;"),
        ];
        let package = Package::new(table, &files);
        let all = load_sets(package.path());
        let names: Vec<_> = all.iter().map(|it| (it.set.config.set.as_str(), it.set.migrations.len())).collect();
        assert_eq!(names, [("accounts", 1), ("billing", 2)]);
        assert_eq!(load(package.path()), all[0]);
        assert!(!all[0].has_errors() && all[1].has_errors(), "{all:#?}");
        assert_eq!(all[1].watch, ["Cargo.toml", "billing", "migrations"]);

        let accounts = &all[0].set;
        let users = &accounts.migrations[0];
        assert_eq!(users.chain, checksum::chain("", "accounts", 1, "001_users", &users.checksum));
        let view = &accounts.repeatables[0];
        let chain = checksum::chain_repeatable(&users.chain, "accounts", "v", &view.script.checksum);
        assert_eq!((view.chain.as_str(), accounts.chain()), (chain.as_str(), chain.as_str()));
        package.write("migrations/accounts/migrations.lock", &Lock::seal(&accounts.migrations).to_text());
        let sealed = &load_sets(package.path())[0];
        assert_eq!((sealed.diagnostics.len(), sealed.set.sealed()), (0, 1));
    }

    #[test]
    fn what_is_wrong_with_the_manifest_is_in_every_set() {
        let package =
            Package::new("wdith = 3\nsets.a = {}\nsets.b = {}", &[("migrations/a/", ""), ("migrations/b/", "")]);
        let all = load_sets(package.path());
        assert_eq!(all.len(), 2);
        assert!(all.iter().all(|loaded| loaded.diagnostics.len() == 1), "{all:#?}");
    }
}
