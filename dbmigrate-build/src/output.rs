//! What a build script writes and says, as a value.

use std::fs;
use std::path::{Path, PathBuf};

use dbmigrate_core::{Diagnostic, Loaded};

use crate::{Error, fault, index, module, set_data};

/// The folder below `OUT_DIR`.
pub(crate) const FOLDER: &str = "dbmigrate";
/// The module's file in it.
const MODULE: &str = "migrations.rs";
/// The file that knows all sets of the package.
const INDEX: &str = "sets.rs";

/// The result of a build script: files for `OUT_DIR` and directives for cargo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// One for each set; there is one at least.
    modules: Vec<Module>,
    /// What `include_migrations!` looks a set up in, where the package names some.
    index: Option<String>,
    /// What is wrong with all sets of several, as the error that their modules include.
    shared: Option<String>,
    /// How many faults that are.
    shared_faults: usize,
    watch: Vec<String>,
}

/// What is written for one set.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Module {
    /// The name of the set; empty for the one without.
    set: String,
    text: String,
    /// The files that it embeds.
    files: Vec<(&'static str, Vec<u8>)>,
    faults: usize,
}

impl Module {
    fn new(root: &Path, loaded: &Loaded, shared: &[&Diagnostic]) -> Self {
        let (text, packed) = module::render(root, loaded, shared);
        let files =
            packed.map(|packed| vec![(set_data::TEXTS, packed.texts.into_bytes()), (set_data::DATA, packed.data)]);
        Self {
            set: loaded.set.config.set.clone(),
            text,
            files: files.unwrap_or_default(),
            faults: loaded.diagnostics.iter().filter(|fault| fault.is_error() && !shared.contains(fault)).count(),
        }
    }

    /// Where it is written, below `OUT_DIR`. What it embeds stands beside it, so each set has a folder.
    fn folder(&self, out_dir: &Path) -> PathBuf {
        match self.set.as_str() {
            "" => out_dir.join(FOLDER),
            name => out_dir.join(FOLDER).join("sets").join(name),
        }
    }
}

impl Generated {
    pub(crate) fn new(root: &Path, sets: &[Loaded]) -> Self {
        let faults = fault::shared(sets);
        let shared = (!faults.is_empty()).then(|| fault::file(&faults));
        let mut modules: Vec<Module> = sets.iter().map(|loaded| Module::new(root, loaded, &faults)).collect();
        let names: Vec<&str> =
            sets.iter().map(|loaded| loaded.set.config.set.as_str()).filter(|name| !name.is_empty()).collect();
        let index = (!names.is_empty()).then(|| index::render(&names));
        if names.len() == modules.len() {
            let text = index::nameless(&names);
            modules.push(Module { set: String::new(), text, files: Vec::new(), faults: 0 });
        }
        Self { modules, index, shared, shared_faults: faults.len(), watch: watch(sets) }
    }

    /// The text of the module of the only set, or of the first one.
    #[must_use]
    pub fn module(&self) -> &str {
        self.modules.first().map_or("", |module| &module.text)
    }

    /// The text of the module of a set, by the name of the set; the name is empty for a set without one.
    #[must_use]
    pub fn module_of(&self, set: &str) -> Option<&str> {
        self.modules.iter().find(|module| module.set == set).map(|module| module.text.as_str())
    }

    /// The number of faults that the modules report by `compile_error!`. A fault that is in all of them counts once.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.shared_faults + self.modules.iter().map(|module| module.faults).sum::<usize>()
    }

    /// The directives for cargo, for modules below `out_dir`: what to watch, and where the modules are.
    #[must_use]
    pub fn directives(&self, out_dir: &Path) -> Vec<String> {
        let mut lines: Vec<String> = self.watch.iter().map(|path| format!("cargo:rerun-if-changed={path}")).collect();
        let folder = out_dir.join(FOLDER);
        lines.push(format!("cargo:rustc-env=DBMIGRATE_MODULE={}", folder.join(MODULE).display()));
        if self.index.is_some() {
            lines.push(format!("cargo:rustc-env=DBMIGRATE_SETS={}", folder.join(INDEX).display()));
        }
        lines
    }

    /// Writes what changed and returns the directives for cargo.
    ///
    /// The normalised scripts are written beside the module, so that what is embedded is what was read, whatever
    /// happens to the original before rustc gets there.
    pub(crate) fn write(&self, out_dir: &Path) -> Result<Vec<String>, Error> {
        for module in &self.modules {
            let folder = module.folder(out_dir);
            fs::create_dir_all(&folder).map_err(|error| Error::write(&folder, error))?;
            for (name, bytes) in &module.files {
                write_if_changed(&folder.join(name), bytes)?;
            }
            write_if_changed(&folder.join(MODULE), module.text.as_bytes())?;
        }
        if let Some(shared) = &self.shared {
            write_if_changed(&out_dir.join(FOLDER).join(fault::SHARED), shared.as_bytes())?;
        }
        if let Some(index) = &self.index {
            write_if_changed(&out_dir.join(FOLDER).join(INDEX), index.as_bytes())?;
        }
        Ok(self.directives(out_dir))
    }
}

/// What cargo is told to watch; nothing where a folder has yet to come, so that it watches the package itself. It looks
/// into folders by itself, so what lies in one of them is not named again.
fn watch(sets: &[Loaded]) -> Vec<String> {
    let mut watch: Vec<&String> = Vec::new();
    if sets.iter().any(|loaded| loaded.watch.is_empty()) {
        return Vec::new();
    }
    for path in sets.iter().flat_map(|loaded| &loaded.watch) {
        if !watch.contains(&path) {
            watch.push(path);
        }
    }
    let is_inside = |path: &str| {
        let inside = |folder: &&String| path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'));
        watch.iter().any(inside)
    };
    watch.iter().filter(|path| !is_inside(path)).map(|path| (*path).clone()).collect()
}

fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    fs::write(path, bytes).map_err(|error| Error::write(path, error))
}
