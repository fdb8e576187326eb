//! Links in what is said to people (OSC 8), where the terminal has them: as cargo decides it, by `CARGO_TERM_HYPERLINKS`,
//! else by `term.hyperlinks` in cargo's configuration, else by what the terminal is.

use std::path::{Path, PathBuf};

use supports_hyperlinks::Stream;
use toml_edit::DocumentMut;

use crate::paths;

/// The page of the rules, for a terminal that can open it.
const RULES: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/lints.md");

/// Whether stderr is to have links.
pub(super) fn are_wanted() -> bool {
    match said().or_else(configured) {
        Some(wanted) => wanted,
        None => supports_hyperlinks::on(Stream::Stderr),
    }
}

fn said() -> Option<bool> {
    std::env::var("CARGO_TERM_HYPERLINKS").ok()?.parse().ok()
}

/// What the nearest of cargo's files says.
fn configured() -> Option<bool> {
    let here = std::env::current_dir().ok();
    let above = here.iter().flat_map(|here| here.ancestors()).map(|folder| folder.join(".cargo"));
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    above.chain(home).find_map(|folder| {
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
        let text: DocumentMut = read("config").or_else(|| read("config.toml"))?.parse().ok()?;
        text.get("term")?.get("hyperlinks")?.as_bool()
    })
}

/// The command that explains a rule, which leads to its page.
pub(super) fn to_rule(rule: &str) -> String {
    format!("`{}`", link(&format!("cargo dbmigrate explain {rule}"), &format!("{RULES}#{rule}")))
}

/// A path as it is shown, which leads to its file.
pub(super) fn to_file(shown: &str, path: &Path) -> String {
    let path = path.display().to_string().replace('\\', "/");
    let root = if path.starts_with('/') { "" } else { "/" };
    link(shown, &format!("file://{root}{}", paths::percent(&path)))
}

fn link(text: &str, url: &str) -> String {
    format!("\u{1b}]8;;{url}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_leads_to_its_file_and_a_rule_to_its_page() {
        assert_eq!(
            to_file("migrations/001_a b.sql", Path::new("/home/me/app/migrations/001_a b.sql")),
            "\u{1b}]8;;file:///home/me/app/migrations/001_a%20b.sql\u{1b}\\migrations/001_a b.sql\u{1b}]8;;\u{1b}\\"
        );
        assert_eq!(
            to_rule("drop-table"),
            "`\u{1b}]8;;https://github.com/dbmigrate/dbmigrate/blob/main/docs/lints.md#drop-table\u{1b}\\cargo dbmigrate \
             explain drop-table\u{1b}]8;;\u{1b}\\`"
        );
    }
}
