//! What the build script's helper says and writes, as values: no compiler runs here.

#![allow(clippy::unwrap_used)] // Helpers of tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use dbmigrate_build::{Builder, Generated};
use dbmigrate_core::lock::{Lock, SealedSchema, SealedSnapshot};
use dbmigrate_core::{SourceText, snapshot};

/// A package folder that goes away with the value.
struct Package(PathBuf);

impl Package {
    fn new(files: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("dbmigrate-build-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let package = Self(std::env::temp_dir().join(name));
        package.write("Cargo.toml", "[package]\nname = \"app\"\n");
        for (path, text) in files {
            package.write(path, text);
        }
        package
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn plan(&self) -> Generated {
        Builder::new().root(&self.0).plan().unwrap()
    }

    /// All texts that its module embeds.
    fn texts(&self) -> String {
        let out = self.0.join("out");
        Builder::new().root(&self.0).out_dir(&out).generate().unwrap();
        fs::read_to_string(out.join("dbmigrate/migrations.txt")).unwrap()
    }
}

impl Drop for Package {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const FIRST: (&str, &str) = ("migrations/001_initial_schema.sql", "-- Migration: Start\nCREATE TABLE t(a);\n");
const SECOND: (&str, &str) =
    ("migrations/002_add_b.sql", "ALTER TABLE t ADD COLUMN b;\n-- dbmigrate: down\nALTER TABLE t DROP COLUMN b;\n");
const RUST: (&str, &str) = (
    "migrations/003_fill.rs",
    "use rusqlite::Connection;\npub fn up(db: &Connection) -> rusqlite::Result<()> { db.execute_batch(\"UPDATE t SET b = 1\") }\n",
);

fn assert_contains(text: &str, expected: &str) {
    assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
}

#[test]
fn two_checkouts_give_the_same_text() {
    let files = [FIRST, SECOND];
    let (one, other) = (Package::new(&files), Package::new(&files));
    assert_eq!(one.plan().module(), other.plan().module());
}

#[test]
fn a_lint_is_allowed_only_where_it_could_speak() {
    let allows = |names: &[&str]| {
        let files: Vec<_> = names.iter().map(|name| (format!("migrations/{name}.sql"), "SELECT 1;")).collect();
        let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        Package::new(&files).plan().module().contains("#[allow(clippy::enum_variant_names)]")
    };
    assert!(allows(&["001_add_users", "002_drop_users", "003_new_users"]) && allows(&["001_first_migration"]));
    assert!(!allows(&["001_add_users", "002_drop_users"]) && !allows(&["001_a_users", "002_b_users", "003_names_of"]));
}

#[test]
fn only_rust_files_are_named_absolutely() {
    let package = Package::new(&[FIRST, SECOND, RUST]);
    let module = package.plan().module().to_owned();
    // As it stands in a literal, whatever parts folders there.
    let root = format!("{:?}", package.0).trim_matches('"').to_owned();
    let lines: Vec<&str> = module.lines().filter(|line| line.contains(&root)).collect();
    assert_eq!(lines.len(), 1, "{module}");
    assert!(lines[0].starts_with("#[path = "), "{}", lines[0]);
}

#[test]
fn a_checkout_with_crlf_gives_the_same_module_and_scripts() {
    let windows = |(path, text): (&'static str, &str)| (path, text.replace('\n', "\r\n"));
    let (first, second) = (windows(FIRST), windows(SECOND));
    let package = Package::new(&[(first.0, &first.1), (second.0, &second.1)]);
    assert_eq!(package.plan(), Package::new(&[FIRST, SECOND]).plan());
}

#[test]
fn cargo_is_told_what_to_watch_and_where_the_module_is() {
    let package = Package::new(&[FIRST]);
    let out = Path::new("/out");
    assert_eq!(
        package.plan().directives(out),
        [
            "cargo:rerun-if-changed=Cargo.toml".to_owned(),
            "cargo:rerun-if-changed=migrations".to_owned(),
            format!("cargo:rustc-env=DBMIGRATE_MODULE={}", out.join("dbmigrate").join("migrations.rs").display()),
        ]
    );
}

#[test]
fn the_folders_that_strays_are_looked_for_in_are_watched_and_nothing_twice() {
    let watched = |dirs: [&str; 2], more: &[&str]| {
        let package = Package::new(&[]);
        let [a, b] = dirs;
        let table = format!("[package.metadata.migrations.sets]\na = {{ dir = '{a}' }}\nb = {{ dir = '{b}' }}\n");
        package.write("Cargo.toml", &format!("[package]\nname = \"app\"\n{table}"));
        package.write(&format!("{a}/001_a.sql"), "SELECT 1;\n");
        package.write(&format!("{b}/001_b.sql"), "SELECT 1;\n");
        more.iter().for_each(|path| package.write(path, ""));
        let lines = package.plan().directives(Path::new("/out"));
        let paths = lines.iter().filter_map(|line| line.strip_prefix("cargo:rerun-if-changed="));
        paths.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(watched(["migrations/a", "migrations/b"], &[]), ["Cargo.toml", "migrations"]);
    assert_eq!(watched(["x/a", "y/b"], &[]), ["Cargo.toml", "x", "y"]);
    assert_eq!(watched(["x/a", "x/y/b"], &[]), ["Cargo.toml", "x"]);
    // What a package without sets has is looked into where it is there; the package itself never is.
    assert_eq!(watched(["a", "ab"], &[]), ["Cargo.toml", "a", "ab"]);
    assert_eq!(watched(["a", "b"], &["migrations/notes.md"]), ["Cargo.toml", "a", "migrations", "b"]);
    // The folder of a set holds the other: whatever comes into it is that set's to judge.
    assert_eq!(watched(["migrations", "billing"], &[]), ["Cargo.toml", "migrations", "billing"]);
}

#[test]
fn what_is_wrong_with_every_set_is_said_in_one_file_that_each_of_them_includes() {
    let package = Package::new(&[("migrations/a/002_gap.sql", ""), ("migrations/b/001_b.sql", "")]);
    package.write("migrations/001_stray.sql", "");
    package.write("Cargo.toml", "[package]\nname = \"app\"\n[package.metadata.migrations.sets]\na = {}\nb = {}\n");
    let out = package.0.join("out");
    Builder::new().root(&package.0).out_dir(&out).generate().unwrap();
    let read = |path: &str| fs::read_to_string(out.join("dbmigrate").join(path)).unwrap();
    let (a, b, shared) = (read("sets/a/migrations.rs"), read("sets/b/migrations.rs"), read("faults.rs"));
    assert_eq!(shared.matches("001_stray.sql` does not belong to a set").count(), 1, "{shared}");
    for module in [&a, &b] {
        assert_contains(module, "include!(::std::concat!(::std::env!(\"OUT_DIR\"), \"/dbmigrate/faults.rs\"))");
        assert!(!module.contains("does not belong to a set"), "{module}");
    }
    assert!(a.contains("compile_error!") && !b.contains("compile_error!"), "{a}{b}");
    assert_eq!(package.plan().faults(), 2);
}

#[test]
fn a_missing_folder_is_a_fault_and_its_arrival_is_watched_for() {
    let package = Package::new(&[]);
    let plan = package.plan();
    assert_eq!(plan.faults(), 1);
    let directives = plan.directives(Path::new("/out"));
    // Without any rerun line cargo watches the whole package; a line for a missing path would rerun on every build.
    assert!(!directives.iter().any(|line| line.contains("rerun-if-changed")), "{directives:?}");
}

#[test]
fn every_fault_is_in_one_compile_error_over_a_stub() {
    let package = Package::new(&[
        FIRST,
        ("migrations/003_b.sql", "SELECT 'open;"),
        ("migrations/3-c.sql", ""),
        ("migrations/004_d.rs", "fn up() {}"),
    ]);
    let plan = package.plan();
    let module = plan.module();
    assert_eq!(module.matches("compile_error!").count(), 1, "{module}");
    assert!(plan.faults() >= 4, "{}: {module}", plan.faults());
    for file in ["003_b.sql:1:8", "3-c.sql", "004_d.rs"] {
        assert_contains(module, file);
    }
    assert_contains(module, "M001InitialSchema");
    assert_contains(module, "pub fn migrator()");
}

#[test]
fn writing_twice_touches_nothing_the_second_time() {
    let package = Package::new(&[FIRST, SECOND]);
    let out = package.0.join("out");
    let builder = Builder::new().root(&package.0).out_dir(&out);
    builder.generate().unwrap();
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    let written: Vec<PathBuf> =
        fs::read_dir(out.join("dbmigrate")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(written.len(), 3, "{written:?}");
    for path in &written {
        fs::File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
    }
    builder.generate().unwrap();
    for path in &written {
        assert_eq!(fs::metadata(path).unwrap().modified().unwrap(), old, "{}", path.display());
    }
    package.write("migrations/003_c.sql", "SELECT 1;");
    builder.generate().unwrap();
    assert_contains(&fs::read_to_string(out.join("dbmigrate/migrations.rs")).unwrap(), "M003C");
}

#[test]
fn steps_become_a_trait_that_the_program_implements() {
    let package =
        Package::new(&[FIRST, ("migrations/002_fill.sql", "-- dbmigrate: call fill_b\n-- dbmigrate: call tidy\n")]);
    let module = package.plan().module().to_owned();
    assert_contains(&module, "pub trait Steps {");
    assert_contains(&module, "fn fill_b(&self, db: &Connection) -> ::core::result::Result<(), StepError>;");
    assert_contains(&module, "pub fn migrator(steps: &dyn Steps)");
    assert_contains(&module, "1 => steps.tidy(db),");
}

#[test]
fn all_scripts_stand_in_one_file_beside_the_module() {
    let package = Package::new(&[
        FIRST,
        ("migrations/hooks/before_all.sql", "SELECT 1;\r\n"),
        ("migrations/hooks/after_all.sql", "SELECT 2;"),
        ("migrations/repeatable/after_all.sql", "CREATE VIEW v AS SELECT a FROM t;"),
    ]);
    let module = package.plan().module().to_owned();
    assert_contains(
        &module,
        "    texts: include_str!(\"migrations.txt\"),\n    data: include_bytes!(\"migrations.bin\"),\n",
    );
    assert_contains(&module, "    migrations: 1,\n    repeatables: 1,\n");
    // Normalised, and nothing twice: the name of a file stands in its path, its title in its text.
    let expect = [
        FIRST.0,
        FIRST.1,
        "migrations/hooks/before_all.sql",
        "SELECT 1;\n",
        "migrations/hooks/after_all.sql",
        "SELECT 2;",
        "migrations/repeatable/after_all.sql",
        "CREATE VIEW v AS SELECT a FROM t;",
        "v1:",
    ];
    assert_eq!(package.texts(), expect.concat());
}

#[test]
fn a_fault_beside_the_migrations_leaves_a_stub_with_nothing_in_it() {
    let hook = ("migrations/hooks/after_all.sql", "SELECT 2;");
    let package = Package::new(&[
        FIRST,
        hook,
        ("migrations/hooks/befor_all.sql", "SELECT 1;"),
        ("migrations/repeatable/a.sql", "DROP TABLE t;"),
        ("migrations/repeatable/Views.sql", "CREATE VIEW v AS SELECT 1;"),
    ]);
    let plan = package.plan();
    let module = plan.module();
    assert_eq!((plan.faults(), module.matches("compile_error!").count()), (3, 1), "{module}");
    for words in ["befor_all.sql", "repeatable/a.sql:1:1", "mv migrations/repeatable/Views.sql"] {
        assert_contains(module, words);
    }
    assert_contains(module, "static SET: __dbmigrate::Set<'static> = __dbmigrate::Set::EMPTY;");
    assert!(!module.contains("include_"), "{module}");
}

/// Seals the first migrations of a package, and the schema of all of them.
fn seal(package: &Package, count: usize) {
    let set = dbmigrate_core::load(&package.0).set;
    let mut lock = Lock::seal(&set.migrations[..count]);
    lock.schema = Some(SealedSchema { chain: set.chain().to_owned(), fingerprint: "s1:1".to_owned() });
    package.write("migrations/migrations.lock", &lock.to_text());
}

#[test]
fn the_fingerprint_is_that_of_exactly_this_set() {
    let view = ("migrations/repeatable/v.sql", "CREATE VIEW v AS SELECT a FROM t;");
    let package = Package::new(&[FIRST, SECOND, view]);
    assert!(!package.texts().contains("s1:1"));
    seal(&package, 2);
    assert!(package.texts().contains("s1:1"));
    package.write(RUST.0, RUST.1);
    assert!(!package.texts().contains("s1:1"));
    fs::remove_file(package.0.join(RUST.0)).unwrap();
    package.write(view.0, "CREATE VIEW v AS SELECT 1;");
    assert!(!package.texts().contains("s1:1"));
    fs::remove_file(package.0.join(view.0)).unwrap();
    assert!(!package.texts().contains("s1:1"));
}

#[test]
fn a_snapshot_is_embedded_where_it_is_sealed_and_of_these_migrations() {
    let text = "CREATE TABLE t(a);\nINSERT INTO t VALUES (1);\n";
    let package = Package::new(&[FIRST, SECOND]);
    assert_contains(package.plan().module(), "    snapshot: None,\n");
    package.write("migrations/snapshot.sql", text);
    let fault = |expect: &str| {
        let plan = package.plan();
        assert_eq!(plan.faults(), 1);
        assert_contains(plan.module(), expect);
        assert_contains(plan.module(), "cargo dbmigrate snapshot");
    };
    fault("`migrations/snapshot.sql` is not sealed");
    let set = dbmigrate_core::load(&package.0).set;
    let source = SourceText::new("migrations/snapshot.sql", text);
    let (chain, checksum) = (set.migrations[0].chain.clone(), snapshot::checksum(&source));
    let number = set.migrations[0].number;
    let shape = snapshot::source(&set.config, &set.migrations[..1]);
    let seal = SealedSnapshot { number, chain: chain.clone(), checksum, source: shape };
    package.write("migrations/migrations.lock", &Lock { snapshot: Some(seal), ..Lock::default() }.to_text());
    let plan = package.plan();
    assert_eq!(plan.faults(), 0, "{}", plan.module());
    assert_contains(plan.module(), "    snapshot: Some(__dbmigrate::StartsFrom::SNAPSHOT),\n    adoption: None,\n");
    assert!(package.texts().ends_with(&format!("migrations/snapshot.sql{text}v1:")), "{}", package.texts());
    // Of other migrations it is a cache that is of no use, and no fault.
    package.write(FIRST.0, "CREATE TABLE t(a, b);\n");
    assert_eq!(package.plan().faults(), 0);
    assert_contains(package.plan().module(), "    snapshot: None,\n");
    package.write(FIRST.0, FIRST.1);
    package.write("migrations/snapshot.sql", &text.replace('1', "2"));
    fault("`migrations/snapshot.sql` was edited since it was sealed");
}

#[test]
fn an_edit_of_a_sealed_one_is_a_fault() {
    let package = Package::new(&[FIRST, SECOND]);
    seal(&package, 1);
    package.write(SECOND.0, "SELECT 1;");
    assert_eq!(package.plan().faults(), 0);
    package.write(FIRST.0, "-- Only a comment.\nCREATE TABLE t(a);\n");
    assert_eq!(package.plan().faults(), 0);
    package.write(FIRST.0, "CREATE TABLE t(a, b);\n");
    let plan = package.plan();
    assert_eq!(plan.faults(), 1);
    assert_contains(plan.module(), "`001_initial_schema` is sealed, and was edited");
    assert_contains(plan.module(), "cargo dbmigrate lock --accept 001_initial_schema");
}

#[test]
fn another_folder_can_be_named() {
    let package = Package::new(&[("sql/001_a.sql", "SELECT 1;")]);
    let plan = Builder::new().root(&package.0).dir("sql").plan().unwrap();
    assert_eq!(plan.faults(), 0, "{}", plan.module());
    assert_contains(plan.module(), "M001A");
}

#[cfg(feature = "layouts")]
#[test]
fn a_file_with_both_ways_of_another_tool_is_two_scripts() {
    let goose = "-- +goose Up\nCREATE TABLE t(a);\n-- +goose Down\nDROP TABLE t;\n";
    let package = Package::new(&[("db/1_start.sql", goose)]);
    package.write(
        "Cargo.toml",
        "[package]\nname = \"app\"\n[package.metadata.migrations]\ndir = \"db\"\nlayout = \"goose\"\n",
    );
    let plan = package.plan();
    assert_eq!(plan.faults(), 0, "{}", plan.module());
    let expect = ["db/1_start.sql", "001_start", "\nCREATE TABLE t(a);\n\n\n", "\n\n\nDROP TABLE t;\n", "v1:"];
    assert_eq!(package.texts(), expect.concat());
}

#[test]
fn outside_a_build_script_the_error_says_so() {
    // Cargo sets `CARGO_MANIFEST_DIR` for tests, and `OUT_DIR` only where a build script ran.
    let error = Builder::new().generate().unwrap_err();
    assert_contains(&error.to_string(), "`OUT_DIR` is not set");
    assert_eq!(format!("{error:?}"), error.to_string());
}

#[test]
fn a_thousand_files_stay_linear() {
    let count = |n: usize| {
        let files: Vec<(String, String)> =
            (1..=n).map(|i| (format!("migrations/{i:03}_m.sql"), format!("CREATE TABLE t{i}(a);"))).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        Package::new(&files).plan().module().len()
    };
    let (small, large) = (count(100), count(1_000));
    assert!(large < small * 12, "{small} bytes for 100, {large} for 1,000");
}

const SETS: &str = "[package]\nname = \"app\"\n[package.metadata.migrations.sets]\naccounts = {}\nbilling = {}\n";

#[test]
fn each_set_has_a_module_in_a_folder_of_its_own() {
    let package = Package::new(&[
        ("migrations/accounts/001_initial_schema.sql", "CREATE TABLE users (id);\n"),
        ("migrations/billing/001_initial_schema.sql", "CREATE TABLE invoices (id);\n"),
    ]);
    package.write("Cargo.toml", SETS);
    let plan = package.plan();
    for name in ["accounts", "billing"] {
        let module = plan.module_of(name).unwrap();
        assert_contains(module, &format!("name: \"{name}\",\n    table: \"_migrations_{name}\","));
        assert_contains(module, &format!("migrations/{name}/001_initial_schema.sql"));
    }
    assert_contains(
        plan.module_of("").unwrap(),
        "every set of this package has a name; the sets are `accounts`, `billing`",
    );
    assert_eq!((plan.module_of("accounts"), plan.module_of("other")), (Some(plan.module()), None));
    let out = package.0.join("out");
    let text: Vec<String> = Builder::new().root(&package.0).plan().unwrap().directives(&out);
    assert_eq!(
        text,
        [
            "cargo:rerun-if-changed=Cargo.toml".to_owned(),
            "cargo:rerun-if-changed=migrations".to_owned(),
            format!("cargo:rustc-env=DBMIGRATE_MODULE={}", out.join("dbmigrate").join("migrations.rs").display()),
            format!("cargo:rustc-env=DBMIGRATE_SETS={}", out.join("dbmigrate").join("sets.rs").display()),
        ]
    );
    Builder::new().root(&package.0).out_dir(&out).generate().unwrap();
    for (set, text) in [("accounts", "users"), ("billing", "invoices")] {
        let texts = fs::read_to_string(out.join(format!("dbmigrate/sets/{set}/migrations.txt"))).unwrap();
        assert_contains(&texts, text);
        assert_contains(&fs::read_to_string(out.join("dbmigrate/sets.rs")).unwrap(), &format!("(\"{set}\") => {{"));
    }
}

#[test]
fn a_fault_in_one_set_is_an_error_of_that_set_alone() {
    let package = Package::new(&[
        ("migrations/accounts/001_users.sql", "CREATE TABLE users (id);\n"),
        ("migrations/billing/002_gap.sql", "-- dbmigrate: requires accounts/009_none\nSELECT 1;\n"),
    ]);
    package.write("Cargo.toml", SETS);
    let plan = package.plan();
    assert!(!plan.module_of("accounts").unwrap().contains("compile_error!"));
    assert_contains(plan.module_of("billing").unwrap(), "2 problems in `migrations/billing`");
    assert_eq!(plan.faults(), 2);
}

#[test]
fn the_folder_of_a_build_script_is_that_of_the_set_without_a_name() {
    let package =
        Package::new(&[("elsewhere/001_a.sql", "SELECT 1;\n"), ("migrations/accounts/001_b.sql", "SELECT 1;\n")]);
    package.write("Cargo.toml", "[package]\nname = \"app\"\n[package.metadata.migrations.sets.accounts]\n");
    let plan = Builder::new().root(&package.0).dir("elsewhere").plan().unwrap();
    assert_contains(plan.module_of("").unwrap(), "`elsewhere/001_a.sql`");
    assert_contains(plan.module_of("accounts").unwrap(), "`migrations/accounts/001_b.sql`");
}

#[test]
fn a_set_whose_folder_has_yet_to_come_is_waited_for() {
    let package = Package::new(&[("migrations/accounts/001_users.sql", "SELECT 1;\n")]);
    package.write(
        "Cargo.toml",
        "[package]\nname = \"app\"\n[package.metadata.migrations.sets]\naccounts = {}\nbilling = { dir = 'billing' }\n",
    );
    // A build script that names no path runs again whenever a file of the package changes.
    assert!(!package.plan().directives(Path::new("out")).iter().any(|line| line.contains("rerun-if-changed")));
}

/// Where a part of a text stands is asked of that part: else each of these would read or hash the whole file again.
#[test]
fn a_file_that_names_many_tables_takes_linear_time() {
    let each = |sql: fn(usize) -> String| (0..20_000).map(sql).collect::<String>();
    let tables = each(|at| format!("CREATE TABLE made_{at} (a);\nDROP TABLE made_{at};\n"));
    let views = each(|at| format!("CREATE VIEW view_{at} AS SELECT {at};\n"));
    let package = Package::new(&[("migrations/001_a.sql", &tables), ("migrations/repeatable/v.sql", &views)]);
    let start = Instant::now();
    let texts = package.texts();
    // It takes a second; it took minutes.
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    assert_eq!((texts.matches("made_19999").count(), texts.matches("view_19999").count()), (2, 1));
}
