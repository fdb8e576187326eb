//! Migrations that belong to no set: where a manifest names its sets, a file that lies beside their folders, or in a
//! folder that no set has, is one that would be forgotten.

use super::folder::{STRAY_DEPTH, find_migration, is_source};
use crate::config::{Config, TABLE};
use crate::diagnostic::Diagnostic;
use crate::files::{Files, Kind, list_sorted};
use crate::help::Help;

/// What was found, and where it was looked for.
#[derive(Default)]
pub(super) struct Strays {
    pub(super) found: Vec<Diagnostic>,
    /// The folders that there are. One that is not there is no place to watch: it is looked into when it is.
    pub(super) holders: Vec<String>,
}

/// Looks into the folders that hold those of the sets, and into the one that a package without sets has.
pub(super) fn find<F: Files + ?Sized>(root: &F, sets: &[&Config]) -> Strays {
    let mut strays = Strays::default();
    if sets.iter().all(|config| config.set.is_empty()) {
        return strays;
    }
    let default = Config::default().dir;
    let mut holders = vec![default.as_str()];
    for config in sets {
        let holder = config.dir.rsplit_once('/').map(|(holder, _)| holder);
        holders.extend(holder.filter(|holder| !holders.contains(holder)));
    }
    for holder in holders {
        // A set's own folder is that set's to judge, and what lies in it as well.
        if root.kind(holder) == Some(Kind::Folder) && !sets.iter().any(|config| within(holder, &config.dir)) {
            look(root, sets, holder, &mut strays.found);
            strays.holders.push(holder.to_owned());
        }
    }
    strays
}

/// Whether a path is a folder, or lies in it.
fn within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn look<F: Files + ?Sized>(root: &F, sets: &[&Config], folder: &str, found: &mut Vec<Diagnostic>) {
    let Ok(entries) = list_sorted(root, folder) else { return };
    // Beside the modules of a program lie its queries as well.
    let may_be = if within(folder, "src") { is_numbered } else { may_be_misnamed };
    for entry in entries {
        let Ok(name) = entry.name else { continue };
        let path = format!("{folder}/{name}");
        // A folder that holds that of a set, or what sets keep beside their migrations, is looked at by itself.
        let is_ours = || {
            sets.iter().any(|config| {
                let rows = config.fixtures.as_deref().unwrap_or(&config.schema);
                within(&config.dir, &path) || within(&config.schema, &path) || within(rows, &path)
            })
        };
        let inside = match entry.kind {
            _ if name.starts_with('.') || is_ours() => None,
            Kind::Folder if !entry.is_link => find_migration(root, &path, STRAY_DEPTH, may_be),
            Kind::Folder => None,
            _ => may_be(&name).then(String::new),
        };
        let Some(inside) = inside else { continue };
        let file = if inside.is_empty() { path.clone() } else { format!("{path}/{inside}") };
        let fault = Diagnostic::error("stray-folder", format!("`{file}` does not belong to a set")).in_file(&file);
        found.push(match inside.as_str() {
            "" => fault
                .help("move it into the folder of a set")
                .help(format!("or add `dir = \"{folder}\"` to `{TABLE}`, for a set without a name")),
            _ => fault
                .help(format!("name its set: `[package.metadata.migrations.sets.{}]`", slug(&name)))
                .help(Help::from("or move the contents of ").file(&path).words(" elsewhere")),
        });
        if found.len() > 100 {
            return;
        }
    }
}

/// Whether a file has a number, which no module of Rust begins with.
fn is_numbered(name: &str) -> bool {
    is_source(name) && name.as_bytes().first().is_some_and(u8::is_ascii_digit)
}

/// Whether a file may be a migration although its name is wrong.
fn may_be_misnamed(name: &str) -> bool {
    is_numbered(name) || is_source(name) && !name.to_ascii_lowercase().ends_with(".rs")
}

/// A name that a set can have.
fn slug(name: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
    let name: String = name.chars().map(letter).collect();
    if name.as_bytes().first().is_some_and(u8::is_ascii_lowercase) { name } else { format!("set_{name}") }
}

#[cfg(test)]
mod tests {
    use crate::load::tests::Package;
    use crate::load_sets;

    #[test]
    fn a_file_that_no_set_has_is_an_error_in_every_set() {
        let files = [
            ("migrations/001_left.sql", "SELECT 1;"),
            ("migrations/a/001_users.sql", "SELECT 1;"),
            ("migrations/old/001_users.sql", "SELECT 1;"),
            ("migrations/notes/plan.txt", ""),
            ("migrations/README.md", ""),
            ("src/main.rs", ""),
        ];
        let package = Package::new("sets.a = {}", &files);
        let said = |loaded: &crate::Loaded| loaded.diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>();
        let all = load_sets(package.path());
        assert_eq!(all.len(), 1);
        let said = said(&all[0]);
        assert_eq!(said.len(), 2, "{said:#?}");
        assert!(said[0].contains("`migrations/001_left.sql` does not belong to a set"), "{said:#?}");
        assert!(said[0].contains("add `dir = \"migrations\"`"), "{said:#?}");
        assert!(said[1].contains("`migrations/old/001_users.sql` does not belong to a set"), "{said:#?}");
        assert!(said[1].contains("sets.old]"), "{said:#?}");
    }

    #[test]
    fn beside_the_modules_of_a_program_only_a_number_makes_a_migration() {
        let files = [
            ("src/a/001_users.sql", "SELECT 1;"),
            ("src/main.rs", ""),
            ("src/db/mod.rs", ""),
            ("src/db/queries/users.sql", "SELECT 1;"),
            ("src/2d/mod.rs", ""),
            ("src/all.sql", "SELECT 1;"),
        ];
        let package = Package::new("sets.a = { dir = 'src/a' }", &files);
        let all = load_sets(package.path());
        assert!(all[0].diagnostics.is_empty(), "{all:#?}");
        let package = Package::new("sets.a = { dir = 'src/a' }", &[files[0], ("src/old/002_more.rs", "")]);
        assert!(
            load_sets(package.path())[0].diagnostics[0]
                .message
                .contains("`src/old/002_more.rs` does not belong to a set")
        );
    }

    #[test]
    fn what_is_of_a_set_is_none() {
        let files = [
            ("db/a/001_users.sql", "SELECT 1;"),
            ("db/a/repeatable/v.sql", "CREATE VIEW v AS SELECT 1;"),
            ("db/schema/a.sql", "SELECT 1;"),
            ("db/b/deep/001_users.sql", "SELECT 1;"),
        ];
        let table = "sets.a = { dir = 'db/a', schema = 'db/schema/a.sql' }\nsets.b = { dir = 'db/b/deep' }";
        let all = load_sets(Package::new(table, &files).path());
        assert!(all.iter().all(|loaded| loaded.diagnostics.is_empty()), "{all:#?}");
    }
}
