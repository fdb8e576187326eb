//! What crates.io gets: the files of each package, what its page shows, and the Rust that it needs.
//!
//! `DBMIGRATE_PACKAGES=full` also builds the packages as they would be unpacked, and a program over them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::semver::Version;
use cargo_metadata::{Metadata, MetadataCommand, Package};
use proc_macro2::{TokenStream, TokenTree};

use crate::support::{Project, Run, checkout};

/// Those that ship into programs, and what they need.
const SHIPS: [&str; 3] = ["dbmigrate-core", "dbmigrate-build", "dbmigrate-runtime"];
const OLDEST_OF_PROGRAMS: &str = "1.85";
const OLDEST_OF_TOOLS: &str = "1.89";

/// The slugs of crates.io that are used here.
const CATEGORIES: [&str; 6] = [
    "command-line-utilities",
    "database",
    "development-tools",
    "development-tools::build-utils",
    "development-tools::cargo-plugins",
    "parser-implementations",
];

fn metadata(deps: bool) -> Metadata {
    let mut command = MetadataCommand::new();
    command.manifest_path(checkout().join("Cargo.toml")).other_options(["--locked".to_owned()]);
    if deps { command.exec() } else { command.no_deps().exec() }.unwrap()
}

fn folder(package: &Package) -> PathBuf {
    package.manifest_path.parent().unwrap().into()
}

#[test]
fn a_package_holds_its_source_its_readme_and_its_licenses_and_nothing_else() {
    let project = Project::new("packages-list");
    for package in &metadata(false).packages {
        let mut list = project.command(env!("CARGO"));
        list.args(["package", "--list", "--allow-dirty", "--locked", "-p", &package.name]).current_dir(checkout());
        let list = Run::of(&mut list).succeeds();
        let files: Vec<&str> = list.stdout.lines().collect();
        let made = ["Cargo.toml", "Cargo.toml.orig", "Cargo.lock", ".cargo_vcs_info.json"];
        let beside = ["README.md", "LICENSE-APACHE", "LICENSE-MIT"];
        for file in &files {
            let is_source = file.starts_with("src/") || *file == "doc/migrations.rs";
            assert!(is_source || made.contains(file) || beside.contains(file), "{}: {file}", package.name);
        }
        for file in beside {
            assert!(files.contains(&file), "{} has no {file}", package.name);
        }
        let source = walk(&folder(package).join("src"));
        assert_eq!(files.iter().filter(|file| file.starts_with("src/")).count(), source.len(), "{}", package.name);
        for license in &beside[1..] {
            let read = |folder: &Path| fs::read_to_string(folder.join(license)).unwrap();
            assert_eq!(read(&folder(package)), read(checkout()), "{}: {license}", package.name);
        }
    }
}

#[test]
fn the_pages_of_the_crates_are_complete() {
    for package in &metadata(false).packages {
        let name = package.name.as_str();
        let description = package.description.as_deref().unwrap_or_default();
        assert!((20..=150).contains(&description.len()) && !description.ends_with('.'), "{name}: {description}");
        assert_eq!(package.license.as_deref(), Some("MIT OR Apache-2.0"), "{name}");
        for link in [&package.repository, &package.homepage, &package.documentation] {
            assert!(link.as_ref().is_some_and(|link| link.starts_with("https://")), "{name}: {link:?}");
        }
        assert!((1..=5).contains(&package.keywords.len()), "{name}: {:?}", package.keywords);
        for keyword in &package.keywords {
            let plain = keyword.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            assert!(plain && keyword.len() <= 20, "{name}: {keyword}");
        }
        assert!((1..=5).contains(&package.categories.len()), "{name}: {:?}", package.categories);
        for category in &package.categories {
            assert!(CATEGORIES.contains(&category.as_str()), "{name}: {category}");
        }
        let readme = fs::read_to_string(folder(package).join("README.md")).unwrap();
        assert!(readme.starts_with(&format!("# {name}\n")), "{name}");
        // A page elsewhere does not have the files of the repository beside it.
        assert!(!readme.replace("](https://", "").contains("]("), "a link of {name}/README.md is relative");
        let needs = if SHIPS.contains(&name) { OLDEST_OF_PROGRAMS } else { OLDEST_OF_TOOLS };
        assert_eq!(package.rust_version, Some(version(needs)), "{name}");
    }
}

#[test]
fn no_dependency_needs_a_newer_rust_than_the_crate_says() {
    let metadata = metadata(true);
    let resolve = metadata.resolve.as_ref().unwrap();
    for (of, needs) in SHIPS
        .map(|name| (name, OLDEST_OF_PROGRAMS))
        .into_iter()
        .chain([("dbmigrate-schema", OLDEST_OF_TOOLS), ("cargo-dbmigrate", OLDEST_OF_TOOLS)])
    {
        let mut open = vec![&metadata.packages.iter().find(|package| package.name == of).unwrap().id];
        let mut seen = open.clone();
        while let Some(id) = open.pop() {
            let package = &metadata[id];
            if let Some(rust) = &package.rust_version {
                assert!(*rust <= version(needs), "{of} says Rust {needs}, {} {rust}", package.name);
            }
            let node = resolve.nodes.iter().find(|node| node.id == *id).unwrap();
            for dependency in &node.deps {
                let ships =
                    dependency.dep_kinds.iter().any(|kind| kind.kind != cargo_metadata::DependencyKind::Development);
                if ships && !seen.contains(&&dependency.pkg) {
                    seen.push(&dependency.pkg);
                    open.push(&dependency.pkg);
                }
            }
        }
        assert!(seen.len() > 1 || of == "dbmigrate-runtime", "{of} has no dependency");
    }
}

fn version(text: &str) -> Version {
    Version::parse(&format!("{text}.0")).unwrap()
}

/// What clippy, which knows since when a function is there, does not see: syntax that came later.
#[test]
fn what_ships_is_written_in_the_rust_that_it_says() {
    for name in SHIPS {
        let files = walk(&checkout().join(name).join("src"));
        assert!(!files.is_empty());
        for file in files.iter().filter(|file| file.extension().is_some_and(|it| it == "rs")) {
            let text = fs::read_to_string(file).unwrap();
            let tokens: TokenStream = text.parse().unwrap();
            refuse_newer(tokens, file);
        }
    }
    let generated = checkout().join("dbmigrate-build/tests/golden/expected.rs");
    refuse_newer(fs::read_to_string(&generated).unwrap().parse().unwrap(), &generated);
}

/// Refuses chains of `let` (Rust 1.88), `use $crate as` (which 1.85 takes as `use $crate::{self as …}`), and a variable of
/// `format_args!` (1.89).
fn refuse_newer(tokens: TokenStream, file: &Path) {
    let mut last = [String::new(), String::new(), String::new()];
    for token in tokens {
        let line = token.span().start().line;
        if let TokenTree::Group(group) = &token {
            refuse_newer(group.stream(), file);
        }
        let word = match token {
            TokenTree::Group(_) => String::new(),
            token => token.to_string(),
        };
        last.rotate_left(1);
        last[2] = word;
        let found = last.iter().map(String::as_str).collect::<Vec<_>>();
        assert_ne!(found, ["&", "&", "let"], "{}:{line}: a chain of `let`", file.display());
        assert_ne!(found, ["$", "crate", "as"], "{}:{line}: `use $crate as`", file.display());
        assert_ne!(found, ["=", "format_args", "!"], "{}:{line}: a variable of `format_args!`", file.display());
    }
}

/// The commands of the workflows are those that people have.
#[test]
fn every_long_proof_runs_every_night_as_it_is_documented() {
    let read = |path: &str| fs::read_to_string(checkout().join(path)).unwrap();
    let documented = read("CONTRIBUTING.md");
    let workflows = read(".github/workflows/long.yml") + &read(".github/workflows/ci.yml");
    let mut proofs = 0;
    for command in
        documented.split('`').filter(|text| text.starts_with("DBMIGRATE_") || text.starts_with(".ci/checks "))
    {
        let known = match command.strip_prefix(".ci/checks ") {
            Some(check) => workflows.contains(check) && workflows.contains("run: .ci/checks ${{ matrix.check }}"),
            None => workflows.contains(&format!("run: \"{command}\"")),
        };
        // A variable alone is no command.
        if command.contains(' ') {
            assert!(known, "no workflow runs `{command}`");
            proofs += 1;
        }
    }
    assert!(proofs >= 14, "only {proofs} commands of CONTRIBUTING.md were found");
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}

#[test]
fn the_packages_build_by_themselves_and_wire_a_program() {
    if std::env::var_os("DBMIGRATE_PACKAGES").is_none_or(|value| value != "full") {
        return;
    }
    let project = Project::new("packages");
    let mut package = project.command(env!("CARGO"));
    package.args(["package", "--workspace", "--locked", "--allow-dirty"]).current_dir(checkout());
    Run::of(&mut package).succeeds();

    let debug = project.program().parent().unwrap().to_owned();
    let unpacked = |name: &str| debug.with_file_name("package").join(format!("{name}-{}", env!("CARGO_PKG_VERSION")));
    // Until they are published, the crates find each other here.
    let patched = |mut command: Command| {
        for name in SHIPS.into_iter().chain(["dbmigrate-schema"]) {
            command.arg("--config").arg(format!("patch.crates-io.{name}.path={:?}", unpacked(name)));
        }
        Run::of(&mut command).succeeds()
    };
    let mut build = project.command(env!("CARGO"));
    build.args(["build", "--manifest-path"]).arg(unpacked("cargo-dbmigrate").join("Cargo.toml"));
    patched(build);
    let tool = debug.join("cargo-dbmigrate");
    let dbmigrate = |args: &[&str]| Run::of(project.command(&tool).arg("dbmigrate").args(args)).succeeds();
    dbmigrate(&["explain", "drop-table"]).says("drop-table");
    dbmigrate(&["completions", "bash"]).says("cargo-dbmigrate complete-words --");
    dbmigrate(&["man", "man"]);
    assert!(project.has("man/cargo-dbmigrate-up.1"));
    // What it depends on is what would be published.
    dbmigrate(&["init"]);
    assert!(project.read("Cargo.toml").contains("dbmigrate-runtime = \"0.1"), "{}", project.read("Cargo.toml"));
    let mut run = project.command(env!("CARGO"));
    run.args(["run", "-q"]);
    patched(run).says("applied 001_initial_schema");
    dbmigrate(&["status"]).says("Pending: 0");
}
