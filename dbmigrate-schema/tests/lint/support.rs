//! Sets made of texts.

use std::collections::BTreeSet;

use dbmigrate_core::{Config, MigrationSet};
use dbmigrate_schema::lint::{Finding, Options, lint};

pub(crate) use crate::set::set_with;

/// A set of these files, in the folder `migrations`.
pub(crate) fn set(files: &[(&str, &str)]) -> MigrationSet {
    // Examples are those of a package that has to get along with an old SQLite.
    set_with(files, Config { min_sqlite: Some((3, 35)), ..Config::default() })
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
