//! What the sets of one package require of each other. A set that is not the package's is another crate's: what it has
//! is the database's to know.

use std::collections::BTreeMap;

use super::{Loaded, MigrationSet};
use crate::diagnostic::{Diagnostic, Location};
use crate::migration::{Body, SourceMigration, place_of};
use crate::nearest::nearest;
use crate::order::{Cycle, order};
use crate::problems::Problems;
use crate::requirement::{Requirement, UNKNOWN, names_other_set};
use crate::source::Span;
use crate::squash::Replaced;

/// Checks each name against the set that it is one of, and that the requirements lead round in no circle.
pub(super) fn check(sets: &mut [Loaded]) {
    if sets.iter().flat_map(|loaded| &loaded.set.migrations).all(|migration| migration.requires.is_empty()) {
        return;
    }
    follow_squashes(sets);
    point_elsewhere(sets);
    let mut faults: Vec<(usize, Diagnostic)> = Vec::new();
    for (at, loaded) in sets.iter().enumerate() {
        for migration in &loaded.set.migrations {
            let mut found = Vec::new();
            let mut problems = Problems::new(migration.source(), &mut found);
            for requirement in &migration.requires {
                let elsewhere = requirement.elsewhere().filter(|_| names_other_set(&requirement.name));
                let fault = elsewhere.and_then(|(set, name)| {
                    let other = sets.iter().position(|other| other.set.config.set == set)?;
                    judge(loaded, migration, &sets[other], name)
                });
                if let Some(fault) = fault {
                    problems.push(requirement.span, fault);
                    if problems.is_full() {
                        break;
                    }
                }
            }
            faults.extend(found.into_iter().map(|fault| (at, fault)));
        }
    }
    if faults.is_empty() && !sets.iter().any(Loaded::has_errors) {
        let all: Vec<_> = sets.iter().map(|loaded| &loaded.set).collect();
        faults.extend(order(&all).err().and_then(|cycle| circle(&cycle, sets)));
    }
    for (at, loaded) in sets.iter_mut().enumerate() {
        let own = faults.iter().filter(|(of, _)| *of == at);
        loaded.diagnostics.extend(own.map(|(_, fault)| fault.clone()));
        super::sort(&mut loaded.diagnostics);
    }
}

/// Who requires what a squash of another set replaces requires the squash: who has that has all of them.
fn follow_squashes(sets: &mut [Loaded]) {
    let squashes: Vec<(String, Replaced, String)> = sets
        .iter()
        .filter_map(|loaded| {
            let squash = loaded.set.migrations.first()?.name();
            Some((loaded.set.config.set.clone(), loaded.set.replaced.clone()?, squash))
        })
        .collect();
    let migrations = sets.iter_mut().flat_map(|loaded| &mut loaded.set.migrations);
    for requirement in migrations.flat_map(|migration| &mut migration.requires) {
        let Some((set, name)) = requirement.elsewhere() else { continue };
        let squash = squashes.iter().find(|(of, replaced, _)| of == set && replaced.has(name));
        if let Some(renamed) = squash.map(|(set, _, squash)| format!("{set}/{squash}")) {
            requirement.name = renamed;
        }
    }
}

/// A name without that of a set is one of the set itself: where only another set has it, that is what was meant.
fn point_elsewhere(sets: &mut [Loaded]) {
    for at in 0..sets.len() {
        if !sets[at].has_errors() {
            continue;
        }
        // Put aside while the set is compared with the others.
        let mut diagnostics = std::mem::take(&mut sets[at].diagnostics);
        let set = &sets[at].set;
        let mut files: BTreeMap<String, usize> = BTreeMap::new();
        for (place, migration) in set.migrations.iter().enumerate() {
            files.insert(migration.source().path().to_owned(), place);
        }
        for fault in diagnostics.iter_mut().filter(|it| it.code == UNKNOWN) {
            let Some(place) = &fault.location else { continue };
            let Some(&migration) = files.get(&place.path) else { continue };
            let migration = &set.migrations[migration];
            let Some(name) = required_at(migration, place.span) else { continue };
            let others = sets.iter().map(|other| &other.set).filter(|other| {
                let (config, own) = (&other.config, &set.config);
                config.set != own.set && config.database == own.database && place_of(&other.migrations, name).is_some()
            });
            let meant = others.map(|MigrationSet { config, .. }| {
                let (title, introducer) = (config.title(), introducer(migration));
                format!("that of {title}: write `{introducer} dbmigrate: requires {}/{name}`", config.set).into()
            });
            fault.help.splice(0..0, meant);
        }
        sets[at].diagnostics = diagnostics;
    }
}

/// What the directive at a place requires of the set itself.
fn required_at(migration: &SourceMigration, place: Span) -> Option<&str> {
    let at = migration.requires.binary_search_by_key(&place.start, |it| it.span.start).ok()?;
    migration.requires.get(at).filter(|it| it.elsewhere().is_none()).map(|it| it.name.as_str())
}

/// Where a requirement stands.
fn place(migration: &SourceMigration, requirement: &Requirement) -> Location {
    Location::new(migration.source(), requirement.span)
}

/// What comments of its file begin with.
fn introducer(migration: &SourceMigration) -> &'static str {
    match migration.body {
        Body::Sql { .. } => "--",
        Body::Rust(_) => "//",
    }
}

fn judge(loaded: &Loaded, migration: &SourceMigration, other: &Loaded, name: &str) -> Option<Diagnostic> {
    let introducer = introducer(migration);
    let config = &other.set.config;
    let unknown = |message: String| Diagnostic::error(UNKNOWN, message);
    if config.set == loaded.set.config.set {
        return Some(
            unknown(format!("`{name}` is in this set itself"))
                .help(format!("write `{introducer} dbmigrate: requires {name}`")),
        );
    }
    if config.database != loaded.set.config.database {
        let title = config.title();
        return Some(
            Diagnostic::error("other-database", format!("{title} is in another database, and can't be required"))
                .help("remove this line, or give both sets one `database`"),
        );
    }
    // What a set with faults has is not known.
    if place_of(&other.set.migrations, name).is_some() || other.has_errors() {
        return None;
    }
    let fault = unknown(format!("{} has no migration `{name}`", config.title()));
    let names: Vec<String> = other.set.migrations.iter().map(SourceMigration::name).collect();
    Some(match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => fault.help(format!("write `{introducer} dbmigrate: requires {}/{near}`", config.set)),
        None => fault.help("`cargo dbmigrate list` shows the migrations of all sets"),
    })
}

/// The circle as one fault, at the first of its requirements.
fn circle(cycle: &Cycle<'_>, sets: &[Loaded]) -> Option<(usize, Diagnostic)> {
    let (set, migration, requirement) = cycle.0.first()?;
    let mut fault = Diagnostic::error("requirement-cycle", "these sets require each other: none can be the first");
    for (set, migration, requirement) in &cycle.0 {
        let title = sets.get(*set).map(|loaded| loaded.set.config.title()).unwrap_or_default();
        fault = fault.note(format!("`{}` of {title} requires `{}`", migration.name(), requirement.name));
    }
    let fault = fault.help("remove one of the requirements, or give the required migration a lower number");
    Some((*set, fault.at(place(migration, requirement))))
}

#[cfg(test)]
mod tests {
    use crate::load::tests::Package;
    use crate::load_sets;
    use crate::lock::Lock;

    /// Code, message and helps of all that is wrong, of all sets.
    fn said(package: &Package) -> Vec<String> {
        let all = load_sets(package.path());
        let all = all.iter().flat_map(|loaded| &loaded.diagnostics);
        all.map(|it| {
            format!("{}: {} | {}", it.code, it.message, [it.notes.clone(), it.help_texts()].concat().join(" | "))
        })
        .collect()
    }

    fn package(a: &str, b: &str) -> Package {
        let table = "[package.metadata.migrations.sets]\na = {}\nb = {}\n";
        let files = [
            ("migrations/a/001_users.sql", "CREATE TABLE users (id);"),
            ("migrations/a/002_more.sql", a),
            ("migrations/b/001_invoices.sql", b),
            ("migrations/b/002_more.sql", "SELECT 1;"),
        ];
        Package::new(table, &files)
    }

    #[test]
    fn a_file_of_nothing_but_wrong_names_of_another_set_is_read_in_time() {
        let text: String = (0..30_000).map(|at| format!("-- dbmigrate: requires accounts/{at:03}_no\n")).collect();
        let sets = "[package.metadata.migrations.sets]\naccounts = {}\nbilling = {}\n";
        let files = [("migrations/accounts/001_a.sql", ""), ("migrations/billing/001_b.sql", text.as_str())];
        let package = Package::new(sets, &files);
        let sets = load_sets(package.path());
        let found: usize = sets.iter().map(|loaded| loaded.diagnostics.len()).sum();
        assert_eq!(found, 101);
    }

    #[test]
    fn what_another_set_has_may_be_required() {
        assert_eq!(said(&package("SELECT 1;", "-- dbmigrate: requires a/001_users\n")), [""; 0]);
        assert_eq!(said(&package("SELECT 1;", "-- dbmigrate: requires elsewhere/001_users\n")), [""; 0]);
        let there_and_back = package("-- dbmigrate: requires b/001_invoices\n", "-- dbmigrate: requires a/001_users\n");
        assert_eq!(said(&there_and_back), [""; 0]);
    }

    #[test]
    fn what_it_does_not_have_may_not() {
        let unknown = said(&package("SELECT 1;", "-- dbmigrate: requires a/001_user\n"));
        let expect = "unknown-requirement: the set `a` has no migration `001_user` | write `-- dbmigrate: \
                      requires a/001_users`";
        assert_eq!(unknown, [expect]);
        let own = said(&package("-- dbmigrate: requires a/001_users\n", "SELECT 1;"));
        assert_eq!(own.len(), 1);
        assert!(
            own[0].contains("`001_users` is in this set itself | write `-- dbmigrate: requires 001_users`"),
            "{own:?}"
        );
        let far = package("SELECT 1;", "-- dbmigrate: requires a/009_nothing_like_it\n");
        assert!(said(&far)[0].ends_with("`cargo dbmigrate list` shows the migrations of all sets"), "{:?}", said(&far));
    }

    #[test]
    fn who_requires_what_was_squashed_requires_the_squash() {
        let package = package("SELECT 1;", "-- dbmigrate: requires a/001_users\n");
        let all = load_sets(package.path());
        package.write("migrations/a/replaced/migrations.lock", &Lock::seal(&all[0].set.migrations).to_text());
        for file in ["001_users.sql", "002_more.sql"] {
            let from = package.path().join("migrations/a").join(file);
            std::fs::rename(from, package.path().join("migrations/a/replaced").join(file)).unwrap();
        }
        package.write("migrations/a/002_base.sql", "-- dbmigrate: replaces 001..002\nCREATE TABLE users (id);");
        assert_eq!(said(&package), [""; 0]);
        let requires = &load_sets(package.path())[1].set.migrations[0].requires;
        assert_eq!(requires[0].name, "a/002_base");
        // The checksum is that of what is written.
        assert_eq!(load_sets(package.path())[1].set.migrations[0].checksum, all[1].set.migrations[0].checksum);
    }

    #[test]
    fn a_set_of_another_database_can_not_be_required() {
        let table = "[package.metadata.migrations.sets]\na = { database = 'a.db' }\nb = { database = 'b.db' }\n";
        let files = [
            ("migrations/a/001_users.sql", "CREATE TABLE users (id);"),
            ("migrations/b/001_invoices.sql", "-- dbmigrate: requires a/001_users\n"),
        ];
        let said = said(&Package::new(table, &files));
        assert_eq!(said.len(), 1);
        assert!(said[0].contains("the set `a` is in another database"), "{said:?}");
    }

    #[test]
    fn a_circle_is_shown() {
        let cycle = package("-- dbmigrate: requires b/002_more\n", "-- dbmigrate: requires a/002_more\n");
        let expect = "requirement-cycle: these sets require each other: none can be the first | `002_more` of the set \
                      `a` requires `b/002_more` | `001_invoices` of the set `b` requires `a/002_more` | remove one of the \
                      requirements, or give the required migration a lower number";
        assert_eq!(said(&cycle), [expect]);
    }

    #[test]
    fn the_set_without_a_name_is_required_by_a_stroke_alone() {
        let table = "dir = 'migrations'\n[package.metadata.migrations.sets]\nb = { dir = 'b' }\n";
        let files = |name: &str| {
            [
                ("migrations/001_users.sql", "CREATE TABLE users (id);".to_owned()),
                ("b/001_invoices.sql", format!("-- dbmigrate: requires /{name}\n")),
            ]
        };
        let load = |name: &str| {
            let files = files(name);
            let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
            said(&Package::new(table, &files))
        };
        assert_eq!(load("001_users"), [""; 0]);
        assert!(load("001_user")[0].contains("the set without a name has no migration `001_user`"));
    }
}
