//! Whether a package's build registers its migrations: dependencies, build.rs, module.

use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::DependencyKind;
use dbmigrate_core::config::Layout;
use dbmigrate_core::{Diagnostic, MigrationSet};
use toml_edit::{DocumentMut, Item, Value};

use crate::error::CliError;
use crate::ops::project::Project;
use crate::ops::rust_file;

/// The runner that ships inside the program.
pub(crate) const RUNTIME: &str = "dbmigrate-runtime";
/// The build script's helper.
pub(crate) const BUILD: &str = "dbmigrate-build";
/// Its feature that reads the files of other tools.
pub(crate) const LAYOUTS: &str = "layouts";

/// What is there of the wiring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wiring {
    /// The name under which the package depends on the runtime.
    pub(crate) runtime: Option<String>,
    /// The name under which its build script depends on the helper.
    pub(crate) build: Option<String>,
    /// Whether the helper reads the files that there are: those of another tool take a feature of it.
    pub(crate) reads: bool,
    /// The name under which it depends on rusqlite.
    pub(crate) rusqlite: Option<String>,
    /// Its build script, whether it exists or not; `None` where the manifest says `build = false`.
    pub(crate) script: Option<PathBuf>,
    /// Whether the build script calls the helper.
    pub(crate) generates: bool,
    /// The files that include the module.
    pub(crate) modules: Vec<PathBuf>,
}

/// Looks at the manifest and the sources.
pub(crate) fn read(project: &Project, manifest: &DocumentMut) -> Result<Wiring, CliError> {
    let script = match manifest.get("package").and_then(|package| package.get("build")) {
        Some(Item::Value(Value::String(path))) => Some(project.root.join(path.value())),
        Some(build) if build.as_bool() == Some(false) => None,
        _ => Some(project.root.join("build.rs")),
    };
    let build = project.dependency(DependencyKind::Build, BUILD);
    let crate_name = build.as_deref().unwrap_or(BUILD).replace('-', "_");
    let generates = script
        .as_deref()
        .and_then(|path| fs::read_to_string(path).ok())
        .is_some_and(|text| rust_file::mentions(&text, &crate_name));
    let mut modules = Vec::new();
    let sources = project.library.iter().chain(&project.binaries).map(|(_, path)| path);
    let mut folders: Vec<PathBuf> = sources.filter_map(|path| path.parent().map(Path::to_owned)).collect();
    folders.sort();
    folders.dedup();
    // `src/bin` lies below `src`: what a folder above covers is not walked twice.
    for folder in
        folders.iter().filter(|folder| !folders.iter().any(|above| above != *folder && folder.starts_with(above)))
    {
        including(folder, &project.config.set, &mut modules)?;
    }
    modules.sort();
    Ok(Wiring {
        runtime: project.dependency(DependencyKind::Normal, RUNTIME),
        build,
        reads: project.config.layout == Layout::House || project.has_feature(DependencyKind::Build, BUILD, LAYOUTS),
        rusqlite: project.dependency(DependencyKind::Normal, "rusqlite"),
        script,
        generates,
        modules,
    })
}

/// The manifest as a document that keeps its formatting.
pub(crate) fn manifest(project: &Project) -> Result<DocumentMut, CliError> {
    let path = project.manifest();
    let text = fs::read_to_string(&path)
        .map_err(|error| CliError::failure(format!("could not read `{}`: {error}", path.display())))?;
    text.parse().map_err(|error| CliError::failure(format!("could not read `{}`: {error}", path.display())))
}

/// What is missing, and the one command that mends it.
pub(crate) fn diagnostics(project: &Project, wiring: &Wiring, set: &MigrationSet) -> Vec<Diagnostic> {
    let mut missing = Vec::new();
    if wiring.runtime.is_none() {
        missing.push(format!("it does not depend on `{RUNTIME}`"));
    }
    if wiring.build.is_none() {
        missing.push(format!("it does not build-depend on `{BUILD}`"));
    }
    if wiring.build.is_some() && !wiring.reads {
        let layout = project.config.layout.name();
        missing.push(format!("it build-depends on `{BUILD}` without `{LAYOUTS}`, which reads the files of {layout}"));
    }
    if !wiring.generates {
        let script = wiring.script.as_deref().unwrap_or(Path::new("build.rs"));
        let script = script.strip_prefix(&project.root).unwrap_or(script).display();
        missing.push(format!("its build script `{script}` does not call `dbmigrate_build::generate()`"));
    }
    if wiring.modules.is_empty() {
        missing.push(format!("none of its source files contains `{}`", include(project)));
    }
    let mut found = Vec::new();
    if !missing.is_empty() {
        let what = match project.config.set.as_str() {
            "" => "its migrations".to_owned(),
            set => format!("the migrations of the set `{set}`"),
        };
        let message = format!("the build of package `{}` does not register {what}", project.name);
        let wired = Diagnostic::error("not-wired", message).in_file("Cargo.toml");
        let help = format!("run `cargo dbmigrate init -p {}{}`", project.name, project.flag());
        found.push(missing.into_iter().fold(wired, Diagnostic::note).help(help));
    }
    if wiring.modules.len() > 1 && set.has_code() {
        let files: Vec<String> = wiring
            .modules
            .iter()
            .map(|path| format!("`{}`", path.strip_prefix(&project.root).unwrap_or(path).display()))
            .collect();
        let message = format!("the migrations are included in {}", files.join(" and "));
        // Without a library there is nowhere else for them to stand.
        let twice = if project.library.is_some() { Diagnostic::error } else { Diagnostic::warning };
        found.push(
            twice("included-twice", message)
                .in_file(project.config.dir.as_str())
                .note("a set that contains Rust is compiled once for each place")
                .help("include them in the library, and use its `migrations` module from the binaries"),
        );
    }
    found
}

/// What includes the module of the set.
fn include(project: &Project) -> String {
    match project.config.set.as_str() {
        "" => "include_migrations!(pub mod migrations)".to_owned(),
        set => format!("include_migrations!(pub mod {set}, set = \"{set}\")"),
    }
}

fn including(folder: &Path, set: &str, found: &mut Vec<PathBuf>) -> Result<(), CliError> {
    let unreadable =
        |error: std::io::Error| CliError::failure(format!("could not read `{}`: {error}", folder.display()));
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        // A link to a folder could lead round in circles.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            // Another package, and what cargo builds, are no sources of this one.
            if !["Cargo.toml", "CACHEDIR.TAG"].iter().any(|name| path.join(name).exists()) {
                including(&path, set, found)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && fs::read_to_string(&path).is_ok_and(|text| rust_file::includes(&text, set))
        {
            found.push(path);
        }
    }
    Ok(())
}
