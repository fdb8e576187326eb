//! Where the package's code names a migration: by the variant that the build makes for it, or by its name in a string.

use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};

use super::Move;
use crate::ops::project::Project;

/// A place in the code that names a migration by its old number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mention {
    /// The file, relative to the package.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: usize,
    /// What stands there.
    pub(crate) old: String,
    /// What has to stand there.
    pub(crate) new: String,
}

/// Where people put code of a package.
const FOLDERS: [&str; 4] = ["src", "tests", "examples", "benches"];

/// Finds them all, by file and line.
pub(super) fn mentions(project: &Project, moves: &[Move]) -> Vec<Mention> {
    let mut words: Vec<(String, String)> = Vec::new();
    for it in moves {
        let variant = |stem: &dbmigrate_core::file_name::Stem| dbmigrate_build::variant_name(&stem.digits, &stem.slug);
        words.push((variant(&it.from), variant(&it.to)));
        words.push((it.from.to_string(), it.to.to_string()));
    }
    let mut found = Vec::new();
    if !words.is_empty() {
        FOLDERS.iter().for_each(|folder| search(&project.root, folder, &words, &mut found));
    }
    found.sort();
    found.dedup();
    found
}

fn search(root: &Path, folder: &str, words: &[(String, String)], found: &mut Vec<Mention>) {
    let Ok(entries) = fs::read_dir(root.join(folder)) else { return };
    for entry in entries.flatten() {
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        // Not through links: they may lead around in a circle.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            search(root, &path, words, found);
        } else if path.ends_with(".rs") {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            if words.iter().any(|(old, _)| text.contains(old)) {
                in_tokens(text.parse().unwrap_or_default(), &path, words, found);
            }
        }
    }
}

fn in_tokens(tokens: TokenStream, file: &str, words: &[(String, String)], found: &mut Vec<Mention>) {
    for token in tokens {
        let (text, line) = match &token {
            TokenTree::Group(group) => {
                in_tokens(group.stream(), file, words, found);
                continue;
            }
            TokenTree::Ident(ident) => (ident.to_string(), ident.span().start().line),
            TokenTree::Literal(literal) => (literal.to_string(), literal.span().start().line),
            TokenTree::Punct(_) => continue,
        };
        let is_text = matches!(token, TokenTree::Literal(_));
        let names = |old: &str| if is_text { text.contains(old) } else { text == old };
        found.extend(words.iter().filter(|(old, _)| names(old)).map(|(old, new)| Mention {
            file: file.to_owned(),
            line,
            old: old.clone(),
            new: new.clone(),
        }));
    }
}
