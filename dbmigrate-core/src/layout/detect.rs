//! Whose files a folder seems to hold.

use crate::files::{Files, Kind};

use super::Layout;

/// A tool that a folder may belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The tool.
    pub layout: Layout,
    /// What speaks for it, in words.
    pub reason: String,
    /// Whether nothing else looks like that.
    pub certain: bool,
}

/// The tools whose files the folder `dir` may hold, the likeliest first.
#[must_use]
pub fn detect<F: Files + ?Sized>(files: &F, dir: &str) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    let Ok(entries) = files.list(dir) else { return candidates };
    let mut names: Vec<(String, Kind)> = entries.into_iter().filter_map(|it| Some((it.name.ok()?, it.kind))).collect();
    names.sort_by(|(a, _), (b, _)| a.cmp(b));
    let folder = names.iter().find(|(name, kind)| {
        *kind == Kind::Folder && !name.starts_with('.') && files.kind(&format!("{dir}/{name}/up.sql")).is_some()
    });
    if let Some((name, _)) = folder {
        let reason = format!("`{name}` is a folder with `up.sql`");
        candidates.push(Candidate { layout: Layout::Diesel, reason, certain: true });
    }
    candidates
}
