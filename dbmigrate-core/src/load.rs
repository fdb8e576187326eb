//! Reads a package's folder of migrations into a [`MigrationSet`], and finds everything that is wrong with it.
//!
//! It only reads: it never writes, and it never looks outside the package's folder by itself (but it follows a link
//! inside the folder).

use std::sync::Arc;

use crate::adoption;
use crate::aim;
use crate::checksum;
use crate::config::{Config, Layout};
use crate::diagnostic::Diagnostic;
use crate::files::Files;
use crate::lock;
use crate::migration::{Body, Down, SourceMigration};

use crate::script::Script;
use crate::sequence::Planned;
use crate::snapshot;
use crate::squash::{self, Replaced, Replaces};

mod across;
mod contents;
mod folder;
#[cfg(feature = "layouts")]
mod foreign;
mod migrations;
mod package;
mod replaced;
mod rows;
mod set;
mod side;
mod strays;
#[cfg(not(feature = "layouts"))]
mod unread;
mod watch;

use contents::{Content, take};
use folder::{Folder, without_gaps};
use migrations::{first_number, migrations_of};
pub use package::{load, load_from, load_manifest, load_manifest_sets, load_sets, load_sets_from};
pub use rows::rows;
pub use set::MigrationSet;
use watch::watch;

/// The content of a folder of migrations, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The set. It is complete if no diagnostic is an error.
    pub set: MigrationSet,
    /// Every problem, sorted by file and position.
    pub diagnostics: Vec<Diagnostic>,
    /// The paths, relative to the package, whose change changes the set; all of them exist.
    ///
    /// It is empty if the folder does not exist, and the package itself would have to be watched: a build script that
    /// names no path is run again whenever any file of the package changes, so the new folder is noticed.
    pub watch: Vec<String>,
    /// The greatest number that a file claims, whether the file is right or wrong.
    pub highest: Option<u64>,
    /// For the files of another tool: what is read differently from how it is written, without harm.
    pub notes: Vec<Diagnostic>,
}

impl Loaded {
    /// Whether the set cannot be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Also reads what replays start with. No build does that, because only tools replay.
    #[must_use]
    pub fn with_base<F: Files + ?Sized>(mut self, root: &F) -> Self {
        self.set.base = side::base(root, &self.set.config, &mut self.diagnostics);
        self
    }
}

/// Reads the folder of the package at `root` with a given configuration.
#[must_use]
pub fn load_with<F: Files + ?Sized>(root: &F, config: Config) -> Loaded {
    read_folder(root, config)
}

fn read_folder<F: Files + ?Sized>(root: &F, config: Config) -> Loaded {
    if config.layout != Layout::House {
        #[cfg(feature = "layouts")]
        return foreign::read(root, config);
        #[cfg(not(feature = "layouts"))]
        return unread::read(root, config);
    }
    let watch = watch(root, &config);
    let Folder { files, unreadable, mut diagnostics, .. } = Folder::list(root, &config);
    let replaced = replaced::replaced(root, &config, 0, &mut diagnostics);
    let sealed = lock::read(root, &config, replaced.as_ref().map(|it| &it.lock), &mut diagnostics);
    let mut rules = without_gaps(&config, &files, sealed.as_ref());
    let squash = replaced.as_ref().and_then(Replaced::last).map(|last| last.number);
    // Where it can't be read nothing is known of the numbers before, and that is said already.
    let is_unclear = replaced.is_none() && replaced::is_there(root, &format!("{}/{}", config.dir, squash::FOLDER));
    rules.start = if is_unclear { first_number(&files).unwrap_or(rules.start) } else { squash.unwrap_or(rules.start) };
    let (migrations, highest) = migrations_of(root, &rules, &files, &unreadable, replaced.as_ref(), &mut diagnostics);
    if squash.is_some() {
        // The start is no setting then.
        for early in diagnostics.iter_mut().filter(|it| it.code == "wrong-start" && it.message.contains("before")) {
            early.help = vec!["give it the next free number: `cargo dbmigrate renumber`".into()];
        }
    }
    if let Some(sealed) = &sealed {
        lock::check(sealed, &config.dir, &files, &migrations, replaced.as_ref(), &mut diagnostics);
    }
    if !is_unclear {
        squash::check(&migrations, replaced.as_ref(), &config.dir, &mut diagnostics);
    }
    let adoption = adoption::read(root, &config.dir, &migrations, replaced.as_ref(), &mut diagnostics);
    let [before_all, after_all] = side::hooks(root, &config.dir, &mut diagnostics);
    let last = migrations.last().map_or("", |migration| migration.chain.as_str());
    let repeatables = side::repeatables(root, &config, last, &mut diagnostics);
    let is_unread = sealed.is_none() && root.kind(&format!("{}/{}", config.dir, lock::FILE)).is_some();
    let lock = sealed.map(|sealed| sealed.lock).unwrap_or_default();
    let snapshot = snapshot::read(root, &config, &migrations, (!is_unread).then_some(&lock), &mut diagnostics);
    sort(&mut diagnostics);
    aim::aim(&config.set, &mut diagnostics);
    // What is sealed keeps its number, also while its file is away.
    let highest = highest.max(lock.newest()).max(squash);
    let base = None;
    let set = MigrationSet {
        config,
        migrations,
        base,
        before_all,
        after_all,
        repeatables,
        lock,
        replaced,
        snapshot,
        adoption,
    };
    Loaded { set, diagnostics, watch, highest, notes: Vec::new() }
}

fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|a, b| {
        let place = |of: &Diagnostic| of.location.as_ref().map(|location| location.span);
        (&a.file, place(a)).cmp(&(&b.file, place(b)))
    });
}

/// Makes one migration of its files; none where the way up could not be read.
fn assemble(
    config: &Config,
    planned: Planned,
    contents: &mut [(String, Option<Content>)],
    previous: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<SourceMigration> {
    let Planned { stem, up, down } = planned;
    let dir = &config.dir;
    let down_file = down.and_then(|down| Some((format!("{dir}/{down}"), take(contents, &down)?)));
    let mut replaces: Option<Replaces> = None;
    let (body, requires, metadata, checksum, text_checksum) = match take(contents, &up)? {
        Content::Up(halves, metadata, text_checksum) => {
            replaces = halves.replaces;
            let checksum = halves.up.checksum.clone();
            let down = down_script(dir, &up, halves.down, halves.irreversible, down_file, diagnostics);
            (Body::Sql { up: halves.up, down }, halves.requires, metadata, checksum, text_checksum)
        }
        Content::Rust(rust, metadata) => {
            let checksum = checksum::of_rust(stem.number, &stem.to_string(), rust.version);
            (Body::Rust(Arc::clone(&rust)), rust.requires.clone(), metadata, checksum, String::new())
        }
        Content::Down(_) => return None,
    };
    let chain = checksum::chain(previous, &config.set, stem.number, &stem.to_string(), &checksum);
    let file = format!("{dir}/{up}");
    Some(SourceMigration {
        number: stem.number,
        digits: stem.digits,
        slug: stem.slug,
        file,
        metadata,
        requires,
        replaces,
        body,
        checksum,
        text_checksum,
        chain,
    })
}

/// The one down script: the second half of the file, the file beside it, or none on purpose.
fn down_script(
    dir: &str,
    up: &str,
    half: Option<Script>,
    irreversible: Option<String>,
    file: Option<(String, Content)>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Down {
    let file = match file {
        Some((path, Content::Down(script))) => Some((path, script)),
        _ => None,
    };
    if let Some((path, _)) = &file {
        let twice = |code, says: &str| {
            Diagnostic::error(code, format!("`{path}` exists, but `{dir}/{up}` {says}"))
                .in_file(path)
                .help("keep one of the two: delete the file, or the line in the other")
        };
        if half.is_some() {
            diagnostics.push(twice("two-downs", "has a `-- dbmigrate: down` half"));
        } else if irreversible.is_some() {
            diagnostics.push(twice("down-beside-irreversible", "says `-- dbmigrate: irreversible`"));
        }
    }
    match (half.or(file.map(|(_, script)| script)), irreversible) {
        (Some(script), _) => Down::Script(script.into()),
        (None, Some(reason)) => Down::Irreversible(reason),
        (None, None) => Down::Missing,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::{env, fs, process};

    use super::*;
    use crate::files::InMemory;
    use crate::source::SourceText;

    /// A package in a folder of its own, which goes with it.
    pub(crate) struct Package(PathBuf);

    impl Package {
        /// A package with these files; paths are relative to it, and a path that ends in `/` is a folder.
        pub(crate) fn new(table: &str, files: &[(&str, &str)]) -> Self {
            static COUNT: AtomicUsize = AtomicUsize::new(0);
            let unique = format!("dbmigrate-core-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
            let package = Self(env::temp_dir().join(unique));
            package
                .write("Cargo.toml", &format!("[package]\nname = \"app\"\n[package.metadata.migrations]\n{table}\n"));
            for (path, text) in files {
                package.write(path, text);
            }
            package
        }

        pub(crate) fn write(&self, path: &str, text: &str) {
            let full = self.0.join(path);
            if path.ends_with('/') {
                return fs::create_dir_all(full).unwrap();
            }
            fs::create_dir_all(full.parent().unwrap()).unwrap();
            fs::write(full, text).unwrap();
        }

        pub(crate) fn path(&self) -> &Path {
            &self.0
        }

        pub(crate) fn load(&self) -> Loaded {
            load(&self.0)
        }
    }

    impl Drop for Package {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn names(loaded: &Loaded) -> Vec<String> {
        loaded.set.migrations.iter().map(SourceMigration::name).collect()
    }

    /// Each problem must hold the words of its line, and there are no others.
    #[track_caller]
    pub(crate) fn check(package: &Package, expect: &[&[&str]]) {
        let problems: Vec<String> = package.load().diagnostics.iter().map(|it| format!("{} {it}", it.code)).collect();
        assert_eq!(problems.len(), expect.len(), "{problems:#?}");
        for (problem, words) in problems.iter().zip(expect) {
            for word in *words {
                assert!(problem.contains(word), "`{word}` in {problems:#?}");
            }
        }
    }

    const RUST: &str = "pub fn up(db: &rusqlite::Connection) -> Result<(), rusqlite::Error> { Ok(()) }\n";

    #[test]
    fn a_whole_set_is_read_in_order() {
        let package = Package::new(
            "",
            &[
                ("migrations/003_fill.rs", &format!("// dbmigrate: version 2\n{RUST}")),
                ("migrations/002_index.sql", "CREATE INDEX i ON t(a);\n-- dbmigrate: down\nDROP INDEX i;\n"),
                ("migrations/001_initial.sql", "-- Description: first\nCREATE TABLE t(a);\n"),
                ("migrations/001_initial.down.sql", "DROP TABLE t;\n"),
                ("migrations/004_gone.sql", "-- dbmigrate: irreversible the rows are gone\nDROP TABLE t;\n"),
                ("migrations/005_empty.sql", ""),
                ("migrations/README.md", "notes"),
                ("migrations/meta/_journal.json", "{}"),
                ("migrations/.hidden/001_x.sql", ""),
            ],
        );
        let loaded = package.load();
        assert_eq!(loaded.diagnostics, []);
        assert!(!loaded.has_errors());
        assert_eq!(names(&loaded), ["001_initial", "002_index", "003_fill", "004_gone", "005_empty"]);
        assert_eq!(loaded.watch, ["Cargo.toml", "migrations"]);
        assert_eq!(loaded.highest, Some(5));

        let [first, second, third, fourth, fifth] = loaded.set.migrations.as_slice() else { panic!() };
        assert_eq!(first.file, "migrations/001_initial.sql");
        assert_eq!(first.metadata.description.as_deref(), Some("first"));
        let down_of = |migration: &SourceMigration| match &migration.body {
            Body::Sql { down: Down::Script(down), .. } => down.source.slice(down.section).trim().to_owned(),
            Body::Sql { down: Down::Irreversible(reason), .. } => format!("irreversible: {reason}"),
            Body::Sql { down: Down::Missing, .. } => "missing".to_owned(),
            Body::Rust(rust) => format!("rust {:?}", rust.version),
        };
        assert_eq!(down_of(first), "DROP TABLE t;");
        assert_eq!(down_of(second), "DROP INDEX i;");
        assert_eq!(down_of(third), "rust Some(2)");
        assert_eq!(down_of(fourth), "irreversible: the rows are gone");
        assert_eq!(down_of(fifth), "missing");

        let mut previous = "";
        for migration in &loaded.set.migrations {
            let chain = checksum::chain(previous, "", migration.number, &migration.name(), &migration.checksum);
            assert_eq!(migration.chain, chain);
            previous = &migration.chain;
        }
        assert_eq!(second.text_checksum, checksum::of_text("CREATE INDEX i ON t(a);\n"));
        assert_eq!(third.text_checksum, "");
        let Body::Sql { up, .. } = &first.body else { panic!() };
        assert_eq!(first.checksum, up.checksum);
        assert_eq!(third.checksum, checksum::of_rust(3, "003_fill", Some(2)));
    }

    #[test]
    fn the_same_files_give_the_same_set_wherever_they_lie() {
        let files = [
            ("migrations/001_a.sql", "CREATE TABLE t(a);"),
            ("migrations/2-b.sql", "SELECT 1"),
            ("migrations/deep/er/003_c.sql", ""),
            ("migrations/hooks/before_all.sql", "SELECT 1;"),
            ("migrations/repeatable/v.sql", "CREATE VIEW v AS SELECT 1;"),
        ];
        let on_disk = Package::new("", &files).load();
        assert_eq!(on_disk, Package::new("", &files).load());
        let manifest = ("Cargo.toml", "[package]\nname = \"app\"\n[package.metadata.migrations]\n\n");
        assert_eq!(on_disk, load_from(&InMemory::new([manifest].into_iter().chain(files))));
        assert_eq!(on_disk.diagnostics.len(), 2);
    }

    #[test]
    fn an_empty_folder_is_an_empty_set() {
        let loaded = Package::new("", &[("migrations/", "")]).load();
        assert_eq!((loaded.diagnostics, loaded.set.migrations, loaded.highest), (vec![], vec![], None));
    }

    #[test]
    fn a_missing_folder_is_an_error_and_its_arrival_is_watched_for() {
        let package = Package::new("", &[]);
        check(&package, &[&["no-directory migrations: error: the folder `migrations` does not exist", "create NAME"]]);
        assert_eq!(package.load().watch, Vec::<String>::new());
        let nested = Package::new("dir = 'db/sql/migrations'", &[("db/", "")]);
        check(&nested, &[&["no-directory db/sql/migrations"]]);
        assert_eq!(nested.load().watch, ["Cargo.toml", "db"]);
        let file = Package::new("", &[("migrations", "")]);
        check(&file, &[&["`migrations` is a file, not a folder"]]);
    }

    #[test]
    fn a_missing_manifest_is_one_error() {
        let package = Package::new("", &[("migrations/001_a.sql", "")]);
        fs::remove_file(package.0.join("Cargo.toml")).unwrap();
        check(&package, &[&["unreadable-file Cargo.toml: error: could not read `Cargo.toml`"]]);
        assert_eq!(package.load().watch, ["migrations"]);
    }

    #[test]
    fn all_problems_are_reported_by_file_and_position() {
        let package = Package::new(
            "lints = 3",
            &[
                ("migrations/001_a.sql", "SELECT 'open;\n"),
                ("migrations/003_c.sql", "-- dbmigrate: dwon\nSELECT 1;\n-- dbmigrate: uhm\n"),
                ("migrations/003_d.sql", "-- dbmigrate: dwon\n"),
                ("migrations/4_x.sql", ""),
                ("migrations/008_y.rs", "struct Nothing;"),
                ("migrations/009_z.down.sql", "-- dbmigrate: dwon\n"),
            ],
        );
        let loaded = package.load();
        let files: Vec<_> = loaded.diagnostics.iter().map(|it| it.file.as_deref().unwrap()).collect();
        assert!(files.is_sorted(), "{files:?}");
        let codes: BTreeMap<&str, usize> = loaded.diagnostics.iter().fold(BTreeMap::new(), |mut codes, it| {
            *codes.entry(it.code).or_default() += 1;
            codes
        });
        for (code, count) in [
            ("config", 1),
            ("unterminated", 1),
            ("gap", 2),
            ("duplicate-number", 1),
            ("misnamed-file", 1),
            ("rust-without-up", 1),
            ("down-without-up", 1),
            ("unknown-directive", 4),
        ] {
            assert_eq!(codes.get(code), Some(&count), "{code}: {codes:?}");
        }
        let lines: Vec<usize> = loaded
            .diagnostics
            .iter()
            .filter(|it| it.file.as_deref() == Some("migrations/003_c.sql"))
            .filter_map(|it| Some(it.location.as_ref()?.position.line))
            .collect();
        assert_eq!(lines, [1, 3]);
    }

    #[test]
    fn a_wrong_layout_is_reported_alone() {
        let package = Package::new("width = 0", &[("migrations/1_a.sql", "")]);
        check(&package, &[&["config Cargo.toml:4:9: error: `width` must be between 1 and 20"]]);
        assert_eq!(package.load().watch, ["Cargo.toml", "migrations"]);
    }

    #[test]
    fn there_is_one_down_script() {
        check(
            &Package::new(
                "",
                &[
                    ("migrations/001_a.sql", "SELECT 1;\n-- dbmigrate: down\nSELECT 2;"),
                    ("migrations/001_a.down.sql", ""),
                ],
            ),
            &[&["two-downs migrations/001_a.down.sql", "`migrations/001_a.sql` has a `-- dbmigrate: down` half"]],
        );
        check(
            &Package::new(
                "",
                &[("migrations/001_a.sql", "-- dbmigrate: irreversible why\n"), ("migrations/001_a.down.sql", "")],
            ),
            &[&["down-beside-irreversible migrations/001_a.down.sql"]],
        );
        check(
            &Package::new("", &[("migrations/001_a.rs", RUST), ("migrations/001_a.down.sql", "")]),
            &[&["down-beside-rust migrations/001_a.down.sql"]],
        );
    }

    #[test]
    fn folders_with_migrations_are_not_passed_over() {
        let package = Package::new(
            "",
            &[
                ("migrations/001_a.sql", ""),
                ("migrations/2018-01-14-171611_create/up.sql", ""),
                ("migrations/2018-01-14-171611_create/down.sql", ""),
                ("migrations/20240101_init/migration.sql", ""),
                ("migrations/old/deep/003_x.SQL", ""),
                ("migrations/hook/before_all.sql", ""),
                ("migrations/some/003_c.sql", ""),
                ("migrations/taken/002_b.sql", ""),
                ("migrations/002_b.sql/", ""),
                ("migrations/docs/notes.txt", ""),
            ],
        );
        check(
            &package,
            &[
                &["not-a-file migrations/002_b.sql", "`002_b.sql` is a folder, not a file"],
                &[
                    "stray-folder migrations/2018-01-14-171611_create",
                    "contains `down.sql`",
                    "migrations/001_create.down.sql",
                ],
                &["stray-folder migrations/20240101_init", "contains `migration.sql`", "migrations/001_init.sql"],
                &["stray-folder migrations/hook", "rename it: `mv migrations/hook migrations/hooks`"],
                &["stray-folder migrations/old", "contains `deep/003_x.SQL`"],
                &["stray-folder migrations/some", "rename it: `mv migrations/some/003_c.sql migrations/003_c.sql`"],
                &["stray-folder migrations/taken", "give it a name such as `migrations/001_taken.sql`"],
            ],
        );
    }

    #[test]
    fn a_file_that_is_no_text_is_an_error_and_no_gap() {
        let package = Package::new("", &[("migrations/001_a.sql", ""), ("migrations/003_c.sql", "")]);
        fs::write(package.0.join("migrations/002_b.sql"), b"SELECT 1;\n\xff").unwrap();
        check(
            &package,
            &[&[
                "not-utf8 migrations/002_b.sql:2:1",
                "save `migrations/002_b.sql` as UTF-8: `iconv -f ENCODING -t UTF-8`",
            ]],
        );
        // What some editors and shells of Windows write.
        fs::write(package.0.join("migrations/002_b.sql"), b"\xff\xfeS\0").unwrap();
        check(&package, &[&["not-utf8 migrations/002_b.sql:1:1", "`iconv -f UTF-16 -t UTF-8`"]]);
        assert_eq!(names(&package.load()), ["001_a", "003_c"]);
        fs::write(package.0.join("migrations/002_b.sql"), b"SELECT 1;\0").unwrap();
        check(&package, &[&["nul-byte migrations/002_b.sql:1:10"]]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_what_is_no_file_is_not_read() {
        use std::os::unix::fs::symlink;

        let package = Package::new("", &[("elsewhere/a.sql", "CREATE TABLE t(a);"), ("elsewhere/deep/x.sql", "")]);
        let folder = package.0.join("real");
        fs::create_dir(&folder).unwrap();
        symlink("real", package.0.join("migrations")).unwrap();
        symlink("../elsewhere/a.sql", folder.join("001_a.sql")).unwrap();
        check(&package, &[]);
        assert_eq!(names(&package.load()), ["001_a"]);

        symlink("/dev/zero", folder.join("002_b.sql")).unwrap();
        symlink("nowhere", folder.join("003_c.sql")).unwrap();
        symlink("../elsewhere", folder.join("linked")).unwrap();
        symlink(".", folder.join("loop")).unwrap();
        symlink("nowhere", folder.join("ignored.md")).unwrap();
        check(
            &package,
            &[
                &["not-a-file migrations/002_b.sql", "is not a regular file"],
                &["unreadable-file migrations/003_c.sql"],
                &["stray-folder migrations/linked", "contains `a.sql`"],
                &["stray-folder migrations/loop", "contains `001_a.sql`"],
            ],
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_that_can_not_be_shown_are_errors() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;

        let package = Package::new("", &[("migrations/001_a\nb.sql", "")]);
        fs::write(package.0.join("migrations").join(OsStr::from_bytes(b"001_\xff.sql")), "").unwrap();
        check(&package, &[&["misnamed-file", r"`001_a\nb.sql` contains a control character"], &["is not valid UTF-8"]]);
    }

    #[test]
    fn a_workspace_gives_its_defaults_through_the_manifests() {
        let package = Package::new("", &[("migrations/001_a.sql", "")]);
        let manifest = SourceText::read(&package.0, "Cargo.toml").unwrap();
        let workspace = SourceText::new("../Cargo.toml", "[workspace.metadata.migrations]\ndatabase = 'app.db'\n");
        let loaded = load_manifest(&package.0, &manifest, Some(&workspace));
        assert_eq!(loaded.set.config.database.as_deref(), Some("app.db"));
        assert_eq!(names(&loaded), ["001_a"]);
        assert_eq!(package.load().set.config.database, None);
    }
}
