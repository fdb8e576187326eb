//! Registers every SQLite migration of a package in a typed Rust module, from `build.rs`.
//!
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), dbmigrate_build::Error> {
//!     dbmigrate_build::generate()
//! }
//! ```
//!
//! The program includes the module by `dbmigrate_runtime::include_migrations!(pub mod migrations)`: see
//! [dbmigrate-runtime]. `cargo dbmigrate init` writes both.
//!
//! A missing registration is not possible: the files in the folder are the list. Whatever is wrong with them (a gap,
//! a duplicate number, a misnamed file, broken SQL tokens) becomes one `compile_error!` in the generated module that
//! names each file and its fix. The build script itself does not fail for it, so that editors keep their names.
//!
//! What [`generate`] would write can be looked at, too:
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
//! This crate links no SQLite and reads nothing above the package. Rust 1.85 compiles it. Its one feature,
//! `layouts`, is for a manifest with the key `layout`: it reads the files of another tool where they lie. Which files,
//! directives and keys there are is in [the guide](https://github.com/dbmigrate/dbmigrate/blob/main/docs/files.md).
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
/// Only when it does not run in a build script or can't write to `OUT_DIR`. Faults in the migrations become a
/// `compile_error!` in the generated module instead.
pub fn generate() -> Result<(), Error> {
    Builder::new().generate()
}

/// The same with other folders, for layouts where the manifest is not beside the build script's package.
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
    /// A builder that does what [`generate`] does.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The folder of the package's Cargo.toml, instead of `CARGO_MANIFEST_DIR`.
    #[must_use]
    pub fn root(mut self, root: impl Into<PathBuf>) -> Self {
        self.root = Some(root.into());
        self
    }

    /// The folder that the module is written to, instead of `OUT_DIR`.
    #[must_use]
    pub fn out_dir(mut self, out: impl Into<PathBuf>) -> Self {
        self.out = Some(out.into());
        self
    }

    /// The folder of the migrations relative to the root, instead of the manifest's `dir`; that of the set without a
    /// name, where there are others.
    ///
    /// It may lead out of the package: a build script is code, and may say so where a manifest may not.
    #[must_use]
    pub fn dir(mut self, dir: impl Into<String>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Works out the module and cargo's directives without writing anything.
    ///
    /// # Errors
    ///
    /// When neither a root was given nor `CARGO_MANIFEST_DIR` is set.
    pub fn plan(&self) -> Result<Generated, Error> {
        let root = folder(self.root.as_deref(), "CARGO_MANIFEST_DIR")?;
        let mut sets = dbmigrate_core::load_sets(&root);
        if let Some(dir) = &self.dir {
            sets.retain(|loaded| !loaded.set.config.set.is_empty());
            sets.insert(0, load_dir(&root, dir));
        }
        Ok(Generated::new(&root, &sets))
    }

    /// Writes the module, where it changed, and prints cargo's directives.
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
