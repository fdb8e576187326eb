//! What the files of migrations hold, each read for itself.

use std::sync::Arc;

use crate::checksum;
use crate::diagnostic::Diagnostic;
use crate::file_name::FileName;
use crate::files::{Files, find};
use crate::metadata::Metadata;
use crate::parallel;
use crate::rust_source::{self, RustSource};
use crate::script::{self, Halves, Script};
use crate::source::SourceText;

/// What one file holds.
pub(super) enum Content {
    /// Its halves, and the checksum of the text of the way up.
    Up(Box<Halves>, Metadata, String),
    Down(Script),
    Rust(Arc<RustSource>, Metadata),
}

/// Reads every file that has the name of a migration, also those that have no place in the sequence. As the files, what
/// comes out is sorted by name.
pub(super) fn read_contents<'a, F: Files + ?Sized>(
    root: &F,
    dir: &str,
    files: impl Iterator<Item = &'a (String, FileName)>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<(String, Option<Content>)> {
    let of_migrations = files.filter(|(_, what)| what.is_migration());
    let texts: Vec<_> =
        of_migrations.map(|(name, what)| (name, what, root.text(&format!("{dir}/{name}")).map(Arc::new))).collect();
    let read = parallel::map(&texts, |(_, what, text)| {
        let mut found = Vec::new();
        let content = match text {
            Ok(source) => Some(Content::read(what, source, &mut found)),
            Err(diagnostic) => {
                found.push(diagnostic.clone());
                None
            }
        };
        (content, found)
    });
    let mut contents = Vec::with_capacity(texts.len());
    for ((name, ..), (content, found)) in texts.into_iter().zip(read) {
        diagnostics.extend(found);
        contents.push((name.clone(), content));
    }
    contents
}

/// Takes what a file holds; none where it could not be read.
pub(super) fn take(contents: &mut [(String, Option<Content>)], name: &str) -> Option<Content> {
    let at = find(contents, name)?;
    contents.get_mut(at)?.1.take()
}

impl Content {
    /// What a text is, by the name of its file.
    fn read(what: &FileName, source: &Arc<SourceText>, diagnostics: &mut Vec<Diagnostic>) -> Self {
        match what {
            FileName::Down { .. } => Self::Down(script::parse_down(source, diagnostics)),
            FileName::Rust { .. } => {
                Self::Rust(Arc::new(rust_source::parse(source, diagnostics)), Metadata::read(source))
            }
            _ => {
                let halves = script::parse(source, diagnostics);
                let text_checksum = checksum::of_text(halves.up.source.slice(halves.up.section));
                Self::Up(Box::new(halves), Metadata::read(source), text_checksum)
            }
        }
    }
}
