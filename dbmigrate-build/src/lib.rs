//! Registers every SQLite migration of a package in a typed Rust module, from `build.rs`.
//!
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), dbmigrate_build::Error> {
//!     dbmigrate_build::generate()
//! }
//! ```
//!
//! The program includes the module with `dbmigrate_runtime::include_migrations!(pub mod migrations)`; see
//! [dbmigrate-runtime]. `cargo dbmigrate init` writes both.
//!
//! No registration can be missing, because the files in the folder are the list. Everything that is wrong with them (a
//! gap, a duplicate number, a misnamed file, broken SQL tokens) becomes one `compile_error!` in the generated module,
//! which names each file and its fix. The build script itself does not fail in this case, so that editors still know
//! the names of the module.
//!
//! [`Builder::plan`] shows what [`generate`] would write:
//!
//! ```
//! # let package = std::env::temp_dir().join(format!("dbmigrate-build-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(package.join("migrations"))?;
//! # std::fs::write(package.join("Cargo.toml"), "[package]\nname = \"notes\"\n\n[package.metadata.migrations]\n")?;
//! # std::fs::write(package.join("migrations/001_notes.sql"), "CREATE TABLE notes (id INTEGER PRIMARY KEY);\n")?;
//! let generated = dbmigrate_build::Builder::new().root(&package).plan()?;
//! assert!(generated.module().contains("M001Notes"));
//! # std::fs::remove_dir_all(&package)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! This crate does not link SQLite, and reads nothing above the package. The minimum Rust version is 1.85. Its one
//! feature, `layouts`, is for a manifest with the key `layout`: it reads the files of another tool in place. [The
//! guide](https://github.com/dbmigrate/dbmigrate/blob/main/docs/files.md) describes the files, directives and keys.
//!
//! [dbmigrate-runtime]: https://docs.rs/dbmigrate-runtime

#![allow(clippy::print_stdout)] // A build script speaks to cargo on stdout.

mod adoption;
mod code;
mod error;
mod fault;
mod index;
mod literal;
mod migration_enum;
mod module;
mod output;
mod pack;
mod parts;
mod set_data;

use std::env;
use std::path::{Path, PathBuf};

use dbmigrate_core::{Config, Loaded, SourceText};
pub use error::Error;
pub use migration_enum::variant_name;
pub use output::Generated;

/// Generates the module of the package whose build script calls it.
///
/// # Errors
///
/// If it does not run in a build script, or cannot write to `OUT_DIR`. Faults in the migrations are not errors here:
/// they become a `compile_error!` in the generated module.
pub fn generate() -> Result<(), Error> {
    Builder::new().generate()
}

/// Generates the module with other folders, for layouts in which the manifest is not in the package of the build
/// script.
///
/// ```no_run
/// # fn main() -> Result<(), dbmigrate_build::Error> {
/// dbmigrate_build::Builder::new().dir("../schema/migrations").generate()
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Builder {
    root: Option<PathBuf>,
    out: Option<PathBuf>,
    dir: Option<String>,
}

impl Builder {
    /// Creates a builder that does what [`generate`] does.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the folder of the package's Cargo.toml, instead of `CARGO_MANIFEST_DIR`.
    #[must_use]
    pub fn root(mut self, root: impl Into<PathBuf>) -> Self {
        self.root = Some(root.into());
        self
    }

    /// Sets the folder to which the module is written, instead of `OUT_DIR`.
    #[must_use]
    pub fn out_dir(mut self, out: impl Into<PathBuf>) -> Self {
        self.out = Some(out.into());
        self
    }

    /// Sets the folder of the migrations, relative to the root, instead of the manifest's `dir`. With several sets, it
    /// is the folder of the set without a name.
    ///
    /// It may lead out of the package: a build script is code, and may do what a manifest may not.
    #[must_use]
    pub fn dir(mut self, dir: impl Into<String>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Computes the module and cargo's directives, without writing anything.
    ///
    /// # Errors
    ///
    /// If no root was given and `CARGO_MANIFEST_DIR` is not set.
    pub fn plan(&self) -> Result<Generated, Error> {
        let root = folder(self.root.as_deref(), "CARGO_MANIFEST_DIR")?;
        let mut sets = dbmigrate_core::load_sets(&root);
        if let Some(dir) = &self.dir {
            sets.retain(|loaded| !loaded.set.config.set.is_empty());
            sets.insert(0, load_dir(&root, dir));
        }
        Ok(Generated::new(&root, &sets))
    }

    /// Writes the module, if it changed, and prints cargo's directives.
    ///
    /// # Errors
    ///
    /// As [`generate`].
    pub fn generate(&self) -> Result<(), Error> {
        let out = folder(self.out.as_deref(), "OUT_DIR")?;
        let generated = self.plan()?;
        for directive in generated.write(&out)? {
            println!("{directive}");
        }
        Ok(())
    }
}

/// The manifest's configuration with another folder.
fn load_dir(root: &Path, dir: &str) -> Loaded {
    let (config, faults) = match SourceText::read(root, "Cargo.toml") {
        Ok(manifest) => dbmigrate_core::config::read(&manifest, None),
        Err(fault) => (Config::default(), vec![fault]),
    };
    let mut loaded = dbmigrate_core::load::load_with(root, Config { dir: dir.to_owned(), ..config });
    loaded.diagnostics.splice(0..0, faults);
    loaded
}

fn folder(given: Option<&Path>, variable: &'static str) -> Result<PathBuf, Error> {
    match given {
        Some(path) => Ok(path.to_owned()),
        None => env::var_os(variable).map(PathBuf::from).ok_or_else(|| Error::not_a_build_script(variable)),
    }
}
