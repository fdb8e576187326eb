//! Makes migrations of the files of one folder.

use super::assemble;
use super::contents::read_contents;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::file_name::FileName;
use crate::files::Files;
use crate::migration::SourceMigration;
use crate::squash::Replaced;
use crate::{requirement, sequence};

/// The least number of a way up.
pub(super) fn first_number(files: &[(String, FileName)]) -> Option<u64> {
    let number = |what: &FileName| match what {
        FileName::Up { stem, .. } | FileName::Rust { stem } => Some(stem.number),
        _ => None,
    };
    files.iter().filter_map(|(_, what)| number(what)).min()
}

/// The migrations that files make, by the rules of the sequence, and the greatest number that one of them claims.
pub(super) fn migrations_of<F: Files + ?Sized>(
    root: &F,
    rules: &Config,
    files: &[(String, FileName)],
    unreadable: &[String],
    replaced: Option<&Replaced>,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Vec<SourceMigration>, Option<u64>) {
    let dir = &rules.dir;
    let sequence = sequence::arrange(files, rules);
    diagnostics.extend(sequence.diagnostics);
    let readable = files.iter().filter(|(name, _)| unreadable.binary_search(name).is_err());
    let mut contents = read_contents(root, dir, readable, diagnostics);
    let stems: Vec<_> = sequence.planned.iter().map(|planned| planned.stem.clone()).collect();
    let mut migrations: Vec<SourceMigration> = Vec::with_capacity(stems.len());
    for planned in sequence.planned {
        let previous = migrations.last().map_or("", |migration| migration.chain.as_str());
        migrations.extend(assemble(rules, planned, &mut contents, previous, diagnostics));
    }
    if let Some(replaced) = replaced {
        // Who has the squash has them.
        migrations.iter_mut().for_each(|it| it.requires.retain(|required| !replaced.has(&required.name)));
    }
    requirement::check(&migrations, &stems, diagnostics);
    (migrations, sequence.highest)
}
