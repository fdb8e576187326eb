//! Sets made of texts, for the tests that include this file.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use dbmigrate_core::{Config, MigrationSet};

/// A set of these files, in the folder `migrations` of a package with this configuration.
pub(crate) fn set_with(files: &[(&str, &str)], config: Config) -> MigrationSet {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("dbmigrate-schema-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let root = std::env::temp_dir().join(name);
    fs::create_dir_all(root.join("migrations")).unwrap();
    for (file, text) in files {
        let path = root.join("migrations").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let loaded = dbmigrate_core::load::load_with(root.as_path(), config);
    fs::remove_dir_all(root).unwrap();
    assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
    loaded.set
}
