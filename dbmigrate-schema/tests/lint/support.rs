//! Sets made of texts.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use dbmigrate_core::{Config, MigrationSet};
use dbmigrate_schema::lint::{Finding, Options, lint};

/// A set of these files, in the folder `migrations`.
pub(crate) fn set(files: &[(&str, &str)]) -> MigrationSet {
    // Examples are those of a package that has to get along with an old SQLite.
    set_with(files, Config { min_sqlite: Some((3, 35)), ..Config::default() })
}

/// A set of these files, of a package with this configuration.
pub(crate) fn set_with(files: &[(&str, &str)], config: Config) -> MigrationSet {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("dbmigrate-lint-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let root = std::env::temp_dir().join(name);
    for (file, text) in files {
        let path = root.join("migrations").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let loaded = dbmigrate_core::load::load_with(&root, config);
    fs::remove_dir_all(root).unwrap();
    assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
    loaded.set
}

/// What the rules say of the newest of these migrations, each a text.
#[track_caller]
pub(crate) fn lint_newest(migrations: &[&str]) -> Vec<Finding> {
    let names: Vec<_> = (1..=migrations.len()).map(|number| format!("{number:03}_m.sql")).collect();
    let files: Vec<_> = names.iter().map(String::as_str).zip(migrations.iter().copied()).collect();
    let set = set(&files);
    let old: BTreeSet<u64> = (1..migrations.len() as u64).collect();
    let (replay, findings) = lint(&set, None, &Options { old: Some(&old), ..Options::default() });
    assert_eq!(replay.diagnostics, [], "{migrations:?}");
    findings
}

/// The names of the rules, each once.
pub(crate) fn names(findings: &[Finding]) -> BTreeSet<&'static str> {
    findings.iter().map(|finding| finding.rule.name).collect()
}
