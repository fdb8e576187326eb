//! The folder of another tool, read in place: translated, then taken as any set. Nothing of ours lies in it, so there
//! is no lock, and hooks and Rust are none of its words.

use std::sync::Arc;

use super::{Loaded, MigrationSet, side, sort, watch};
use crate::checksum;
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Location};
use crate::file_name::Stem;
use crate::files::Files;
use crate::layout::{self, Translated, TranslatedMigration};
use crate::metadata::Metadata;
use crate::migration::{Body, Down, SourceMigration};
use crate::requirement;
use crate::script;
use crate::source::{SourceText, Span};

pub(super) fn read<F: Files + ?Sized>(root: &F, mut config: Config) -> Loaded {
    let watch = watch(root, &config);
    let translated = layout::translate(root, &config.dir, config.layout);
    let why = format!("left out by {}", config.layout.name());
    // A down script is written as the tool wants it, if it knows any.
    config.reversible = false;
    config.numbering = translated.numbering;
    config.width = translated.width;
    config.start = translated.start;
    config.reserved = translated.reserved.iter().map(|&number| (number, why.clone())).collect();
    let mut diagnostics = translated.diagnostics.clone();
    let mut migrations: Vec<SourceMigration> = Vec::with_capacity(translated.migrations.len());
    for migration in &translated.migrations {
        let previous = migrations.last().map_or("", |migration| migration.chain.as_str());
        migrations.push(assemble(&translated, migration, (&config.set, previous), &mut diagnostics));
    }
    let stems: Vec<Stem> = migrations
        .iter()
        .map(|it| Stem { number: it.number, digits: it.digits.clone(), slug: it.slug.clone() })
        .collect();
    requirement::check(&migrations, &stems, &mut diagnostics);
    let files = translated.repeatables.iter();
    let files = files.map(|it| (it.slug.clone(), Arc::new(SourceText::new(&*it.up.path, &it.up.text))));
    let last = migrations.last().map_or("", |migration| migration.chain.as_str());
    let repeatables = side::chained(files, &config.set, last, &mut diagnostics);
    sort(&mut diagnostics);
    let highest = migrations.last().map(|migration| migration.number);
    let set = MigrationSet { migrations, repeatables, ..MigrationSet::empty(config) };
    Loaded { set, diagnostics, watch, highest, notes: translated.notes }
}

fn assemble(
    translated: &Translated,
    migration: &TranslatedMigration,
    (set, previous): (&str, &str),
    diagnostics: &mut Vec<Diagnostic>,
) -> SourceMigration {
    let source = Arc::new(SourceText::new(&*migration.up.path, &migration.up.text));
    let halves = script::parse_under(&migration.up.header, &source, diagnostics);
    if let Some(half) = &halves.down {
        let tool = translated.layout.name();
        let message =
            format!("`-- dbmigrate: down` in a file of {tool}, which runs what follows as part of the up script");
        let line = source.text()[..half.section.start].rfind('\n').map_or(0, |end| end + 1);
        let at = Location::new(&source, Span::new(line, half.section.start));
        let fault = Diagnostic::error("misplaced-directive", message).at(at);
        diagnostics.push(fault.help(format!("put the down script where {tool} looks for it")));
    }
    let down = migration.down.as_ref().map(|down| {
        let source = Arc::new(SourceText::new(&*down.path, &down.text));
        script::parse_down_under(&down.header, &source, diagnostics)
    });
    let down = match (down, halves.irreversible) {
        (Some(script), _) => Down::Script(Box::new(script)),
        (None, Some(reason)) => Down::Irreversible(reason),
        (None, None) => Down::Missing,
    };
    let name = translated.name(migration);
    let checksum = halves.up.checksum.clone();
    let chain = checksum::chain(previous, set, migration.number, &name, &checksum);
    SourceMigration {
        number: migration.number,
        digits: translated.digits(migration.number),
        slug: migration.slug.clone(),
        file: migration.up.path.clone(),
        metadata: Metadata::read(&source),
        requires: halves.requires,
        replaces: None,
        text_checksum: checksum::of_text(source.slice(halves.up.section)),
        body: Body::Sql { up: halves.up, down },
        checksum,
        chain,
    }
}

#[cfg(test)]
mod tests {
    use crate::layout::Layout;
    use crate::load::tests::{Package, check};
    use crate::migration::Body;
    use crate::{Diagnostic, Down};

    #[test]
    fn a_foreign_folder_is_a_set_whose_files_are_the_original_ones() {
        let package = Package::new(
            "layout = 'diesel'\ndir = 'db/diesel'",
            &[
                (
                    "db/diesel/2024-01-15-103022_users/up.sql",
                    "-- Description: who\nCREATE TABLE users (id INTEGER PRIMARY KEY);\n",
                ),
                ("db/diesel/2024-01-15-103022_users/down.sql", "DROP TABLE users;\n"),
                ("db/diesel/2024-01-16-000000_vacuum/up.sql", "VACUUM;\n"),
                ("db/diesel/2024-01-16-000000_vacuum/down.sql", ""),
                ("db/diesel/2024-01-16-000000_vacuum/metadata.toml", "run_in_transaction = false"),
                ("db/diesel/migrations.lock", "garbage"),
            ],
        );
        let loaded = package.load();
        assert_eq!(loaded.diagnostics, []);
        assert_eq!(loaded.notes.iter().map(|it| it.code).collect::<Vec<_>>(), ["empty-down-script"]);
        assert_eq!(loaded.watch, ["Cargo.toml", "db/diesel"]);
        let set = &loaded.set;
        assert_eq!((set.config.layout, set.config.reversible), (Layout::Diesel, false));
        let [users, vacuum] = set.migrations.as_slice() else { panic!("{set:#?}") };
        assert_eq!(users.name(), "20240115103022_users");
        assert_eq!(users.file, "db/diesel/2024-01-15-103022_users/up.sql");
        assert_eq!(users.metadata.description.as_deref(), Some("who"));
        let Body::Sql { down: Down::Script(down), .. } = &users.body else { panic!("{users:#?}") };
        assert_eq!(down.source.path(), "db/diesel/2024-01-15-103022_users/down.sql");
        let Body::Sql { up, down: Down::Missing } = &vacuum.body else { panic!("{vacuum:#?}") };
        assert!(!up.transaction);
        assert_eq!(set.find("users").map(|it| it.number), Ok(20_240_115_103_022));
    }

    #[test]
    fn a_set_read_in_place_is_the_one_of_the_same_files_of_the_house() {
        let house = Package::new("", &[("migrations/001_a.sql", "-- dbmigrate: no-transaction\nVACUUM;\n")]);
        let sqlx = Package::new("layout = 'sqlx'", &[("migrations/1_a.sql", "-- no-transaction\nVACUUM;\n")]);
        assert_eq!(sqlx.load().set.chain(), house.load().set.chain());
    }

    #[test]
    fn faults_are_shown_where_they_stand_in_the_original() {
        let goose = "-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n-- +goose StatementEnd\n-- +goose Down\nSELECT 'open;\n";
        let package = Package::new(
            "layout = 'goose'",
            &[
                ("migrations/1_a.sql", goose),
                ("migrations/2_b.sql", "-- +goose Up\n-- dbmigrate: requires 003_c\n-- dbmigrate: nonsense\nVACUUM;"),
                ("migrations/3_c.sql", "-- +goose Up\n-- dbmigrate: down\nSELECT 1;"),
            ],
        );
        check(
            &package,
            &[
                &["migrations/1_a.sql:6:8", "never ends"],
                &["migrations/2_b.sql:2:1", "003_c"],
                &["unknown-directive migrations/2_b.sql:3:1"],
                &["not-in-transaction migrations/2_b.sql:4:1"],
                &[
                    "misplaced-directive migrations/3_c.sql:2:1",
                    "goose, which runs what follows as part of the up script",
                ],
            ],
        );
    }

    #[test]
    fn a_folder_that_is_not_there_is_said() {
        let package = Package::new("layout = 'sqlx'", &[]);
        check(&package, &[&["no-directory migrations", "does not exist", "--dir DIR"]]);
        let file = Package::new("layout = 'sqlx'", &[("migrations", "x")]);
        check(&file, &[&["unreadable-folder migrations"]]);
        for layout in Layout::ALL {
            let empty = Package::new(&format!("layout = '{}'", layout.name()), &[("migrations/", "")]);
            let loaded = empty.load();
            assert_eq!(loaded.set.migrations, []);
            let codes: Vec<_> = loaded.diagnostics.iter().map(|it: &Diagnostic| it.code).collect();
            assert!(codes.is_empty() || codes == ["no-journal"], "{codes:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_depth_and_odd_names_are_bounded() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        use std::os::unix::fs::symlink;

        let package = Package::new(
            "layout = 'refinery'",
            &[
                ("migrations/V1__a.sql", "SELECT 1;"),
                (&format!("migrations/{}V2__b.sql", "d/".repeat(20)), "SELECT 1;"),
            ],
        );
        let dir = package.path().join("migrations");
        symlink(".", dir.join("round")).unwrap();
        symlink("nowhere", dir.join("V3__c.sql")).unwrap();
        symlink("V1__a.sql", dir.join("V4__d.sql")).unwrap();
        std::fs::write(dir.join(OsStr::from_bytes(b"V5__\xff.sql")), "").unwrap();
        std::fs::write(dir.join("V6__e.sql"), b"\xff").unwrap();
        std::fs::write(dir.join("V7__f\n.sql"), "").unwrap();
        check(
            &package,
            &[
                &["unreadable-file migrations/V3__c.sql"],
                &["misnamed-file", "is not valid UTF-8"],
                &["not-utf8 migrations/V6__e.sql:1:1"],
                &["misnamed-file", "control character"],
                &["too-deep migrations/d/d"],
            ],
        );
        let names: Vec<String> = package.load().set.migrations.iter().map(|it| it.name()).collect();
        assert_eq!(names, ["001_a", "004_d"]);
    }
}
