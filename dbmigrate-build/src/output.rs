//! What a build script writes and says, as a value.

use std::fs;
use std::path::{Path, PathBuf};

use dbmigrate_core::{Body, Down, Loaded, MigrationSet, Replaced, Script};

use crate::{Error, module};

/// The folder below `OUT_DIR`.
const FOLDER: &str = "dbmigrate";
/// The module's file in it.
const MODULE: &str = "migrations.rs";

/// Everything that a build script produces: files for `OUT_DIR` and directives for cargo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    module: String,
    scripts: Vec<(String, String)>,
    watch: Vec<String>,
    faults: usize,
}

impl Generated {
    pub(crate) fn new(root: &Path, loaded: &Loaded) -> Self {
        let sound = !loaded.has_errors();
        let scripts = if sound { scripts(&loaded.set) } else { Vec::new() };
        Self {
            module: module::render(root, loaded),
            scripts,
            watch: loaded.watch.clone(),
            faults: loaded.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count(),
        }
    }

    /// The text of the module.
    #[must_use]
    pub fn module(&self) -> &str {
        &self.module
    }

    /// How many faults the module reports by `compile_error!`.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.faults
    }

    /// The lines for cargo, for a module below `out_dir`: what to watch, and where the module is.
    #[must_use]
    pub fn directives(&self, out_dir: &Path) -> Vec<String> {
        let mut lines: Vec<String> = self.watch.iter().map(|path| format!("cargo:rerun-if-changed={path}")).collect();
        lines.push(format!("cargo:rustc-env=DBMIGRATE_MODULE={}", module_path(out_dir).display()));
        lines
    }

    /// Writes what changed and returns the lines for cargo.
    ///
    /// The scripts are copied beside the module, normalised, so that what is embedded is what was read, whatever
    /// happens to the original before rustc gets there.
    pub(crate) fn write(&self, out_dir: &Path) -> Result<Vec<String>, Error> {
        let folder = out_dir.join(FOLDER);
        fs::create_dir_all(&folder).map_err(|error| Error::write(&folder, error))?;
        for (name, text) in &self.scripts {
            write_if_changed(&folder.join(name), text)?;
        }
        write_if_changed(&module_path(out_dir), &self.module)?;
        Ok(self.directives(out_dir))
    }
}

/// The name under which a script is copied into `OUT_DIR`. `role` is `up`, `down`, `hook` or `repeatable`: a repeatable
/// may have the name of a hook.
pub(crate) fn copy_name(name: &str, role: &str) -> String {
    format!("{name}.{role}.sql")
}

fn scripts(set: &MigrationSet) -> Vec<(String, String)> {
    let mut scripts = Vec::new();
    let mut copy = |name: &str, role, script: &Script| {
        scripts.push((copy_name(name, role), script.source.text().to_owned()));
    };
    let replaced = set.replaced.iter().flat_map(Replaced::levels).flat_map(|level| &level.migrations);
    for migration in set.migrations.iter().chain(replaced) {
        let Body::Sql { up, down } = &migration.body else { continue };
        copy(&migration.name(), "up", up);
        match down {
            // A down section in the same file is a span of the same text.
            Down::Script(down) if down.source.path() != up.source.path() => copy(&migration.name(), "down", down),
            _ => {}
        }
    }
    set.before_all.iter().for_each(|hook| copy("before_all", "hook", hook));
    set.after_all.iter().for_each(|hook| copy("after_all", "hook", hook));
    set.repeatables.iter().for_each(|it| copy(&it.name, "repeatable", &it.script));
    scripts
}

fn module_path(out_dir: &Path) -> PathBuf {
    out_dir.join(FOLDER).join(MODULE)
}

fn write_if_changed(path: &Path, text: &str) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|present| present == text.as_bytes()) {
        return Ok(());
    }
    fs::write(path, text).map_err(|error| Error::write(path, error))
}
