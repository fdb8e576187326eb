//! What stands beside the migrations: the folders `hooks` and `repeatable` inside of theirs, neither of which has to be
//! there, and the base of a replay.

use std::sync::Arc;

use super::folder::{STRAY_DEPTH, find_migration, is_source};
use crate::checksum;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::file_name::{self, HOOKS, SideName};
use crate::files::{Files, Kind, find, list_sorted, printable};
use crate::help::Help;
use crate::repeatable::{self, Repeatable};
use crate::script::{Script, parse_base, parse_hook};
use crate::sequence::rename;
use crate::source::SourceText;

/// Their names.
pub(super) const FOLDERS: [&str; 2] = ["hooks", "repeatable"];

/// Reads `hooks`: what runs before all, and what runs after all.
pub(super) fn hooks<F: Files + ?Sized>(root: &F, dir: &str, diagnostics: &mut Vec<Diagnostic>) -> [Option<Script>; 2] {
    let files = read(root, &format!("{dir}/hooks"), file_name::hook, "hook", diagnostics);
    HOOKS.map(|name| find(&files, name).map(|at| parse_hook(&files[at].1, diagnostics)))
}

/// Reads the file of `replay.base`.
pub(super) fn base<F: Files + ?Sized>(root: &F, config: &Config, diagnostics: &mut Vec<Diagnostic>) -> Option<Script> {
    let path = config.replay.base.as_ref()?;
    match root.text(path) {
        Ok(source) => Some(parse_base(&Arc::new(source), diagnostics)),
        Err(fault) => {
            diagnostics.push(fault.help("create it, or remove `base` from `replay` in the manifest"));
            None
        }
    }
}

/// Reads `repeatable`, by name. `previous` is the chained checksum of the migrations.
pub(super) fn repeatables<F: Files + ?Sized>(
    root: &F,
    config: &Config,
    previous: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Repeatable> {
    let folder = format!("{}/repeatable", config.dir);
    let files = read(root, &folder, file_name::repeatable, "repeatable file", diagnostics);
    let files = files.into_iter().map(|(file, source)| (file.strip_suffix(".sql").unwrap_or(&file).to_owned(), source));
    chained(files, &config.set, previous, diagnostics)
}

/// The repeatables that these are, by name, in this order.
pub(super) fn chained(
    files: impl Iterator<Item = (String, Arc<SourceText>)>,
    set: &str,
    previous: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Repeatable> {
    let mut repeatables: Vec<Repeatable> = Vec::new();
    for (name, source) in files {
        let (script, objects) = repeatable::parse(&source, diagnostics);
        let previous = repeatables.last().map_or(previous, |before| &before.chain);
        let chain = checksum::chain_repeatable(previous, set, &name, &script.checksum);
        repeatables.push(Repeatable { name, script, objects, chain });
    }
    repeatable::check(&repeatables, diagnostics);
    repeatables
}

/// The texts of the files in `dir` that `judge` knows, sorted by file name.
fn read<F: Files + ?Sized>(
    root: &F,
    dir: &str,
    judge: fn(&str) -> SideName,
    noun: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<(String, Arc<SourceText>)> {
    let entries = match list_sorted(root, dir) {
        Ok(entries) => entries,
        // A link to nowhere is there, too.
        Err(_) if root.kind(dir).is_none() => return Vec::new(),
        Err(error) => {
            let fault = Diagnostic::error("unreadable-folder", format!("could not read the folder `{dir}`: {error}"));
            diagnostics.push(fault.in_file(dir).help(format!("make it a folder of {noun}s, or move it away")));
            return Vec::new();
        }
    };
    let entries = printable(entries, dir, diagnostics);
    let mut texts = Vec::new();
    for (name, entry) in &entries {
        let path = format!("{dir}/{name}");
        let fault = |code, message: String| Diagnostic::error(code, message).in_file(&path);
        let is_folder = entry.kind == Kind::Folder;
        let judged = judge(name);
        if is_folder && judged != SideName::Right {
            let depth = if entry.is_link { 0 } else { STRAY_DEPTH };
            if let Some(inside) = find_migration(root, &path, depth, is_source).filter(|_| !name.starts_with('.')) {
                let message = format!("`{path}` contains `{inside}`, but all {noun}s are directly in `{dir}`");
                diagnostics.push(fault("stray-folder", message).help(Help::from("move its files to ").file(dir)));
            }
            continue;
        }
        match judged {
            SideName::Ignored => {}
            // A broken link is left to the reader, which says what is wrong with it.
            SideName::Right if matches!(entry.kind, Kind::Folder | Kind::Other) => {
                let what = if is_folder { "is a folder, not a file" } else { "is not a regular file" };
                let fault = fault("not-a-file", format!("`{name}` {what}"));
                diagnostics.push(fault.help("replace it with a file, or remove it"));
            }
            SideName::Right => match root.text(&path) {
                Ok(source) => {
                    texts.push((name.clone(), Arc::new(source)));
                }
                Err(diagnostic) => diagnostics.push(diagnostic),
            },
            SideName::Wrong { suggestion, why } => {
                let fault = fault("misnamed-file", format!("`{name}` is not the name of a {noun}: {why}"));
                let help = match suggestion {
                    Some(right) if find(&entries, &right).is_some() => {
                        format!("`{right}` exists as well: delete one of them").into()
                    }
                    Some(right) => rename(&path, &format!("{dir}/{right}")),
                    None => format!("if it is not a {noun}, move it out of the folder").into(),
                };
                diagnostics.push(fault.help(help));
            }
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use crate::checksum;
    use crate::load::tests::{Package, check};

    #[test]
    fn hooks_and_repeatables_are_part_of_the_set() {
        let package = Package::new(
            "",
            &[
                ("migrations/001_a.sql", "CREATE TABLE t(a);"),
                ("migrations/hooks/before_all.sql", "SELECT 1;"),
                ("migrations/hooks/after_all.sql", "ANALYZE;"),
                ("migrations/hooks/README.md", "notes"),
                ("migrations/repeatable/b.sql", "CREATE VIEW v AS SELECT a FROM t;"),
                ("migrations/repeatable/a.sql", "-- Nothing yet.\n"),
                ("migrations/repeatable/.gitkeep", ""),
                ("migrations/repeatable/docs/notes.txt", ""),
            ],
        );
        let loaded = package.load();
        assert_eq!(loaded.diagnostics, []);
        assert_eq!(loaded.watch, ["Cargo.toml", "migrations"]);
        let set = loaded.set;
        let hooks: Vec<_> = set.hooks().map(|hook| hook.source.path()).collect();
        assert_eq!(hooks, ["migrations/hooks/before_all.sql", "migrations/hooks/after_all.sql"]);
        let [a, b] = set.repeatables.as_slice() else { panic!("{:?}", set.repeatables) };
        assert_eq!((a.name.as_str(), b.name.as_str()), ("a", "b"));
        assert_eq!((a.objects.len(), b.objects[0].name.as_str()), (0, "v"));
        let chain = checksum::chain_repeatable(&set.migrations[0].chain, "", "a", &a.script.checksum);
        assert_eq!(a.chain, chain);
        assert_eq!(b.chain, checksum::chain_repeatable(&chain, "", "b", &b.script.checksum));
    }

    #[test]
    fn hooks_change_no_checksum() {
        let migration = ("migrations/001_a.sql", "CREATE TABLE t(a);");
        let without = Package::new("", &[migration]).load().set;
        let with = Package::new("", &[migration, ("migrations/hooks/after_all.sql", "ANALYZE;")]).load().set;
        assert_eq!(with.migrations, without.migrations);
        assert!(with.after_all.is_some() && without.after_all.is_none());
        assert_eq!(with.repeatables, []);
    }

    #[test]
    fn what_has_no_place_there_is_named_with_the_fix() {
        let package = Package::new(
            "",
            &[
                ("migrations/001_a.sql", ""),
                ("migrations/hooks/befor_all.sql", ""),
                ("migrations/hooks/seed.sql", ""),
                ("migrations/hooks/after-all.sql", ""),
                ("migrations/hooks/after_all.sql", "-- dbmigrate: call x\n"),
                ("migrations/hooks/before_all.sql/", ""),
                ("migrations/hooks/more/x.sql", ""),
                ("migrations/repeatable/User Views.sql", ""),
                ("migrations/repeatable/views.down.sql", ""),
                ("migrations/repeatable/views.sql", "CREATE TABLE x(y);"),
                ("migrations/repeatable/old/views.sql", ""),
            ],
        );
        check(
            &package,
            &[
                &["misnamed-file migrations/hooks/after-all.sql", "`after_all.sql` exists as well"],
                &["misplaced-directive migrations/hooks/after_all.sql:1:1", "a hook is SQL only"],
                &["misnamed-file migrations/hooks/befor_all.sql", "`before_all.sql` exists as well"],
                &["not-a-file migrations/hooks/before_all.sql", "is a folder, not a file"],
                &["stray-folder migrations/hooks/more", "contains `x.sql`", "move its files to `migrations/hooks`"],
                &["misnamed-file migrations/hooks/seed.sql", "the hooks are", "move it out of the folder"],
                &[
                    "misnamed-file migrations/repeatable/User Views.sql",
                    "rename it: `mv 'migrations/repeatable/User Views.sql' migrations/repeatable/user_views.sql`",
                ],
                &["stray-folder migrations/repeatable/old", "contains `views.sql`"],
                &["misnamed-file migrations/repeatable/views.down.sql", "no down script"],
                &["repeatable-statement migrations/repeatable/views.sql:1:1", "`CREATE TABLE` in a repeatable file"],
            ],
        );
    }

    #[test]
    fn an_object_has_one_file() {
        let view = "CREATE VIEW v AS SELECT 1;";
        let trigger = "CREATE TRIGGER t INSTEAD OF INSERT ON V BEGIN SELECT 1; END;";
        let repeatables = |a: &str, b: &str| {
            Package::new(
                "",
                &[("migrations/", ""), ("migrations/repeatable/a.sql", a), ("migrations/repeatable/b.sql", b)],
            )
        };
        check(&repeatables(view, "CREATE TRIGGER v AFTER INSERT ON x BEGIN SELECT 1; END;"), &[]);
        check(&repeatables(&format!("{view}\n{trigger}"), ""), &[]);
        check(&repeatables("", trigger), &[]);
        let twice =
            "`migrations/repeatable/b.sql` creates the view `V`, which `migrations/repeatable/a.sql` already creates";
        check(
            &repeatables(view, "CREATE VIEW \"V\" AS SELECT 2;"),
            &[&["repeatable-object migrations/repeatable/b.sql:1:1", twice]],
        );
        check(
            &repeatables(&format!("{view}\n{view}"), ""),
            &[&[
                "repeatable-object migrations/repeatable/a.sql:2:1",
                "which `migrations/repeatable/a.sql` already creates",
            ]],
        );
        let apart = ["the trigger `t` is on the view `V`, which `migrations/repeatable/b.sql` creates", "move it into"];
        check(&repeatables(trigger, view), &[&apart]);
    }

    #[test]
    fn a_file_in_place_of_a_folder_is_not_passed_over() {
        let package = Package::new("", &[("migrations/001_a.sql", ""), ("migrations/hooks", "SELECT 1;")]);
        check(&package, &[&["unreadable-folder migrations/hooks", "make it a folder of hooks"]]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_nowhere_is_not_passed_over() {
        use std::os::unix::fs::symlink;

        let package = Package::new("", &[("migrations/repeatable/", "")]);
        symlink("nowhere", package.path().join("migrations/hooks")).unwrap();
        symlink("nowhere", package.path().join("migrations/repeatable/a.sql")).unwrap();
        symlink("/dev/zero", package.path().join("migrations/repeatable/b.sql")).unwrap();
        check(
            &package,
            &[
                &["unreadable-folder migrations/hooks"],
                &["unreadable-file migrations/repeatable/a.sql"],
                &["not-a-file migrations/repeatable/b.sql", "is not a regular file"],
            ],
        );
    }
}
