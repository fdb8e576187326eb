//! Files of the migrations that git ignores: no other checkout has them, and no package that cargo makes of this one.

use std::path::Path;

use dbmigrate_core::sequence::quoted;
use dbmigrate_core::{Diagnostic, Help, adoption, lock};

use crate::ops::git;
use crate::ops::project::Project;

/// One warning where git ignores files in the folder of the set, though not the package itself.
pub(crate) fn ignored(project: &Project) -> Option<Diagnostic> {
    let files = git::ignored(&project.root, &project.config.dir);
    let files: Vec<&String> = files.iter().filter(|file| counts(file)).collect();
    let (first, others) = files.split_first()?;
    if !git::shows(&project.root, "Cargo.toml") {
        return None;
    }
    let (more, they) = match others.len() {
        0 => (String::new(), "it"),
        1 => (" and 1 other file".to_owned(), "them"),
        more => (format!(" and {more} other files"), "them"),
    };
    let file = quoted(first);
    Some(
        Diagnostic::warning("git-ignored", format!("git ignores `{first}`{more}"))
            .in_file(first.as_str())
            .note(format!("other checkouts, and packages that cargo makes, do not have {they}"))
            .help(Help::from("to see which pattern does it: ").git(&format!("check-ignore -v {file}")))
            .help(Help::from("or add it anyway: ").git(&format!("add --force {file}"))),
    )
}

/// Whether a build would miss a file.
fn counts(file: &str) -> bool {
    let path = Path::new(file);
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_script = path.extension().is_some_and(|extension| extension == "sql" || extension == "rs");
    is_script && !name.starts_with('.') || [lock::FILE, adoption::FILE].contains(&name)
}
