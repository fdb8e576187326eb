//! The folder of another tool, read in place: translated, then taken as any set. Nothing of ours lies in it, so there is
//! no lock, and hooks and Rust are none of its words.

use std::sync::Arc;

use super::{Loaded, MigrationSet, side, sort, watch};
use crate::checksum;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::file_name::Stem;
use crate::files::Files;
use crate::layout::{self, Translated, TranslatedMigration};
use crate::metadata::Metadata;
use crate::migration::{Body, Down, SourceMigration};
use crate::requirement;
use crate::script;
use crate::source::SourceText;

pub(super) fn read<F: Files + ?Sized>(root: &F, mut config: Config) -> Loaded {
    let watch = watch(root, &config);
    let translated = layout::translate(root, &config.dir, config.layout);
    let why = format!("left out by {}", config.layout.name());
    config.numbering = translated.numbering;
    config.width = translated.width;
    config.start = translated.start;
    config.reserved = translated.reserved.iter().map(|&number| (number, why.clone())).collect();
    let mut diagnostics = translated.diagnostics.clone();
    let mut migrations: Vec<SourceMigration> = Vec::with_capacity(translated.migrations.len());
    for migration in &translated.migrations {
        let previous = migrations.last().map_or("", |migration| migration.chain.as_str());
        migrations.push(assemble(&translated, migration, &config.set, previous, &mut diagnostics));
    }
    let stems: Vec<Stem> = migrations
        .iter()
        .map(|it| Stem { number: it.number, digits: it.digits.clone(), slug: it.slug.clone() })
        .collect();
    requirement::check(&migrations, &stems, &mut diagnostics);
    let files = translated.repeatables.iter();
    let files = files.map(|it| (it.slug.clone(), Arc::new(SourceText::new(&*it.up.path, &it.up.text))));
    let last = migrations.last().map_or("", |migration| migration.chain.as_str());
    let repeatables = side::chained(files, &config.set, last, &mut diagnostics);
    sort(&mut diagnostics);
    let highest = migrations.last().map(|migration| migration.number);
    let set = MigrationSet { migrations, repeatables, ..MigrationSet::empty(config) };
    Loaded { set, diagnostics, watch, highest, notes: translated.notes }
}

fn assemble(
    translated: &Translated,
    migration: &TranslatedMigration,
    set: &str,
    previous: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> SourceMigration {
    let source = Arc::new(SourceText::new(&*migration.up.path, &migration.up.text));
    let halves = script::parse_under(&migration.up.header, &source, diagnostics);
    if let Some(half) = &halves.down {
        let tool = translated.layout.name();
        let message = format!("`-- dbmigrate: down` in a file of {tool}, which runs what follows it on the way up");
        let at = crate::Location::new(&source, source.first_line(half.section));
        let fault = Diagnostic::error("misplaced-directive", message).at(at);
        diagnostics.push(fault.help(format!("put the way back where {tool} looks for it")));
    }
    let down = migration.down.as_ref().map(|down| {
        let source = Arc::new(SourceText::new(&*down.path, &down.text));
        script::parse_down_under(&down.header, &source, diagnostics)
    });
    let down = match (down, halves.irreversible) {
        (Some(script), _) => Down::Script(Box::new(script)),
        (None, Some(reason)) => Down::Irreversible(reason),
        (None, None) => Down::Missing,
    };
    let name = translated.name(migration);
    let checksum = halves.up.checksum.clone();
    let chain = checksum::chain(previous, set, migration.number, &name, &checksum);
    SourceMigration {
        number: migration.number,
        digits: translated.digits(migration.number),
        slug: migration.slug.clone(),
        file: migration.up.path.clone(),
        metadata: Metadata::read(&source),
        requires: halves.requires,
        text_checksum: checksum::of_text(source.slice(halves.up.section)),
        body: Body::Sql { up: halves.up, down },
        checksum,
        chain,
    }
}
