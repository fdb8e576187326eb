//! The folder `fixtures`: the team's own rows, which `cargo dbmigrate test` puts into its database after the migration
//! of each file's number. It belongs to no set, and is in no checksum.

use std::path::Path;
use std::sync::Arc;

use super::MigrationSet;
use crate::diagnostic::Diagnostic;
use crate::files::list_sorted;
use crate::script::{Script, parse_rows};
use crate::source::SourceText;

/// Reads the files, in the order of their numbers and names; none where the configuration names no folder.
#[must_use]
#[inline]
pub fn rows(root: &Path, set: &MigrationSet) -> (Vec<(u64, Script)>, Vec<Diagnostic>) {
    let (mut scripts, mut diagnostics) = (Vec::new(), Vec::new());
    let Some(dir) = &set.config.fixtures else { return (scripts, diagnostics) };
    let entries = match list_sorted(root, dir) {
        Ok(entries) => entries,
        Err(error) => {
            let fault = Diagnostic::error("unreadable-folder", format!("could not read the folder `{dir}`: {error}"));
            diagnostics.push(fault.in_file(dir).help("create it, or remove `fixtures` from the manifest"));
            return (scripts, diagnostics);
        }
    };
    // By number, then by name.
    let mut order: Vec<(u64, usize)> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let (Ok(name) | Err(name)) = &entry.name;
        if name.starts_with('.') || name.ends_with(".md") {
            continue;
        }
        let path = format!("{dir}/{name}");
        match number(name) {
            Some(number) if set.migrations.iter().any(|migration| migration.number == number) => {
                order.push((number, at));
            }
            Some(number) => {
                let message = format!("the rows in `{path}` come after migration {number}, which does not exist");
                let fault = Diagnostic::error("misnamed-file", message).in_file(&path);
                diagnostics.push(fault.help("give it the number of a migration: `cargo dbmigrate list` shows them"));
            }
            None => {
                let message = format!("`{path}` does not say after which migration its rows come");
                let fault = Diagnostic::error("misnamed-file", message).in_file(&path);
                diagnostics.push(fault.help("name it by number and perhaps a name, such as `001_users.sql`"));
            }
        }
    }
    order.sort_unstable();
    for (number, at) in order {
        let (Ok(name) | Err(name)) = &entries[at].name;
        match SourceText::read(root, &format!("{dir}/{name}")) {
            Ok(source) => scripts.push((number, parse_rows(&Arc::new(source), &mut diagnostics))),
            Err(fault) => diagnostics.push(fault),
        }
    }
    (scripts, diagnostics)
}

/// The number that `001.sql` and `001_users.sql` begin with.
#[inline]
fn number(name: &str) -> Option<u64> {
    let stem = name.strip_suffix(".sql")?;
    let digits = stem.split_once('_').map_or(stem, |(digits, _)| digits);
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::tests::Package;

    #[test]
    fn files_are_read_by_their_numbers() {
        let package = Package::new(
            "fixtures = 'rows'",
            &[
                ("migrations/001_a.sql", "CREATE TABLE a (b);"),
                ("migrations/002_b.sql", "SELECT 1;"),
                ("rows/002.sql", "INSERT INTO a VALUES (2);"),
                ("rows/1_users.sql", "INSERT INTO a VALUES (1); INSERT INTO a VALUES (1);"),
                ("rows/README.md", "Rows."),
            ],
        );
        let set = package.load().set;
        let (found, diagnostics) = rows(package.path(), &set);
        assert_eq!(diagnostics, []);
        let found: Vec<_> = found.iter().map(|(number, script)| (*number, script.steps.len())).collect();
        assert_eq!(found, [(1, 2), (2, 1)]);
    }

    #[test]
    fn what_belongs_to_no_migration_is_an_error() {
        let package = Package::new(
            "fixtures = 'rows'",
            &[
                ("migrations/001_a.sql", "CREATE TABLE a (b);"),
                ("rows/003.sql", "SELECT 1;"),
                ("rows/users.sql", "SELECT 1;"),
                ("rows/001.txt", "SELECT 1;"),
                ("rows/001.sql", "-- dbmigrate: no-transaction\nSELECT 1;"),
            ],
        );
        let set = package.load().set;
        let said: Vec<_> = rows(package.path(), &set).1.into_iter().map(|it| it.message).collect();
        assert_eq!(
            said,
            [
                "`rows/001.txt` does not say after which migration its rows come",
                "the rows in `rows/003.sql` come after migration 3, which does not exist",
                "`rows/users.sql` does not say after which migration its rows come",
                "`no-transaction` in a file of rows, which takes no directives",
            ]
        );
    }

    #[test]
    fn without_the_folder_there_are_no_rows() {
        let files = [("migrations/001_a.sql", "CREATE TABLE a (b);")];
        let silent = Package::new("", &files);
        assert_eq!(rows(silent.path(), &silent.load().set), (vec![], vec![]));
        let missing = Package::new("fixtures = 'rows'", &files);
        let (_, diagnostics) = rows(missing.path(), &missing.load().set);
        assert!(diagnostics[0].message.starts_with("could not read the folder `rows`: "), "{diagnostics:?}");
    }
}
