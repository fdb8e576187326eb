//! `backup = { keep = 5, dir = "backups" }` or `backup = false`.

use super::{Backup, Checked, Reader, one_of};
use crate::toml::Value;

/// The keys inside.
const KEYS: [&str; 2] = ["dir", "keep"];

const HELP: &str = "write `backup = { keep = 5, dir = \"backups\" }` or `backup = false`";

impl Reader<'_> {
    /// Gives `Some(None)` where no copies are wanted.
    pub(super) fn backup(&mut self, value: Value<'_>) -> Option<Option<Backup>> {
        if let Some(wanted) = value.as_bool() {
            return Some(wanted.then(Backup::default));
        }
        let Some(entries) = value.as_table() else {
            return self.wrong_type("backup", value, "a table or a boolean", Some(HELP.to_owned()));
        };
        let mut backup = Backup::default();
        let mut sound = Some(());
        for value in entries.entries() {
            sound = sound.and(match value.key() {
                "dir" => self.string("dir", value, folder).map(|dir| backup.dir = Some(dir)),
                "keep" => self.integer("keep", value, 1, u64::from(u32::MAX)).map(|count| backup.keep = Some(count)),
                other => {
                    let message = format!("unknown key `{}` in `backup`", other.escape_debug());
                    self.error(value.key_span(), message, Some(one_of(other, &KEYS, "the keys are")))
                }
            });
        }
        sound.map(|()| Some(backup))
    }
}

/// Any path but one that nobody can have meant.
fn folder(text: &str) -> Checked {
    if text.chars().any(char::is_control) {
        return Err(("it contains a control character", "write the path of a folder, such as `backups`"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{package, read_alone, refused, say};
    use super::*;
    use crate::config::read;
    use crate::source::SourceText;

    #[test]
    fn copies_are_counted_placed_or_switched_off() {
        let backup = |table: &str| read_alone(table).0.backup;
        assert_eq!(backup(""), Some(Backup::default()));
        assert_eq!(backup("backup = true"), Some(Backup::default()));
        assert_eq!(backup("backup = false"), None);
        assert_eq!(backup("backup = { keep = 1 }"), Some(Backup { keep: Some(1), dir: None }));
        let dir = Some(Backup { keep: None, dir: Some("../copies".to_owned()) });
        assert_eq!(backup("backup.dir = '../copies'"), dir);
    }

    #[test]
    fn what_makes_no_sense_is_refused_where_it_stands() {
        refused("backup = 3", "5:10 `backup` must be a table or a boolean, not an integer | write `backup = {");
        refused("backup = { keep = 0 }", "5:19 `keep` must be between 1 and 4294967295");
        refused("backup = { keep = '3' }", "`keep` must be an integer, not a string");
        refused("backup = { dir = '' }", "`dir` is empty");
        refused("backup = { dir = false }", "5:18 `dir` must be a string, not a boolean");
        refused(r#"backup = { dir = "a\u0007" }"#, "it contains a control character");
        refused("backup = { kep = 3 }", "5:12 unknown key `kep` in `backup` | did you mean `keep`?");
        refused("backup = { colour = 3 }", "the keys are `dir`, `keep`");
        assert_eq!(say(&read_alone("backup = { kep = 3, dir = 3 }").1).len(), 2);
    }

    #[test]
    fn a_workspace_may_give_the_default() {
        let workspace = SourceText::new("../Cargo.toml", "[workspace.metadata.migrations]\nbackup = false\n");
        assert_eq!(read(&package(""), Some(&workspace)).0.backup, None);
        let own = Some(Backup { keep: Some(9), dir: None });
        assert_eq!(read(&package("backup.keep = 9"), Some(&workspace)).0.backup, own);
    }
}
