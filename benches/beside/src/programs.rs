//! The measured programs: laid out with a set of migrations each, and built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sets::Set;
use crate::tools::Tool;
use crate::{Result, files, process};

/// Where everything is.
#[derive(Debug)]
pub struct Place {
    pub checkout: PathBuf,
    /// What is made and kept between calls.
    pub work: PathBuf,
    /// Where the command lines are, if they are to be measured.
    pub commands: Option<PathBuf>,
}

/// Which build of a program: of which set (`base` is the program without migrations).
pub const BASE: &str = "base";

impl Place {
    /// The package of a program with a set.
    pub fn package(&self, tool: Tool, set: &str) -> PathBuf {
        self.work.join("programs").join(set).join(tool.name())
    }

    /// What was built of it.
    pub fn binary(&self, tool: Tool, set: &str) -> PathBuf {
        self.work.join("bin").join(set).join(tool.name())
    }

    /// Where databases are made, on the disk of all the rest, and apart from those of another run.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.work.join(format!("scratch-{}", std::process::id())).join(name)
    }

    /// The command line of a tool, if it is there.
    pub fn command(&self, tool: Tool) -> Option<PathBuf> {
        let path = self.commands.as_ref()?.join("bin").join(tool.command()?);
        path.is_file().then_some(path)
    }

    /// The program, ready to run.
    pub fn run(&self, tool: Tool, set: &str, words: &[&str]) -> Command {
        let mut command = Command::new(self.binary(tool, set));
        command.args(words);
        command
    }

    /// Copies the program of a tool to the set's folder and gives it the migrations.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn lay_out(&self, tool: Tool, name: &str, set: Option<&Set>) -> Result<PathBuf> {
        let package = self.package(tool, name);
        let sources = self.checkout.join("benches/beside/programs");
        for shared in ["measure.rs", "rusqlite.rs"] {
            files::write(&package.with_file_name(shared), &fs::read_to_string(sources.join(shared))?)?;
        }
        let source = sources.join(tool.name());
        for path in ["Cargo.toml", "Cargo.lock", "build.rs", "src/main.rs"] {
            let Ok(text) = fs::read_to_string(source.join(path)) else { continue };
            let target = package.join(path);
            // The lock file of a copy is cargo's from then on: this project's own dependencies may have changed.
            if path == "Cargo.lock" && tool == Tool::Dbmigrate && target.exists() {
                continue;
            }
            let text = text.replace("../../../..", &self.checkout.to_string_lossy());
            // Cargo takes packages of one name for one, wherever they are, if they have a target folder in common.
            let text =
                text.replace(&format!("\"beside-{}\"", tool.name()), &format!("\"{}\"", package_name(tool, name)));
            files::write(&target, &text)?;
        }
        if let Some(set) = set
            && set.write(tool, &package.join("migrations"))?
        {
            // Most of the tools see new files only when a source has changed.
            let main = package.join("src/main.rs");
            fs::write(&main, fs::read_to_string(&main)?)?;
        }
        Ok(package)
    }

    /// Builds the program for use, and keeps what came out.
    ///
    /// # Errors
    ///
    /// When it does not build.
    pub fn build(&self, tool: Tool, name: &str, set: Option<&Set>, flags: &[&str]) -> Result<()> {
        let package = self.lay_out(tool, name, set)?;
        self.build_laid_out(tool, name, &package, flags)
    }

    /// The same, of what was laid out already.
    ///
    /// # Errors
    ///
    /// When it does not build.
    pub fn build_laid_out(&self, tool: Tool, name: &str, package: &Path, flags: &[&str]) -> Result<()> {
        let target = self.work.join("target");
        process::succeeds(cargo(tool, "build", package).arg("--release").arg("--target-dir").arg(&target).args(flags))?;
        let binary = self.binary(tool, name);
        if let Some(folder) = binary.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(target.join("release").join(package_name(tool, name)), &binary)?;
        Ok(())
    }

    /// A folder for databases, empty.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn empty_scratch(&self) -> Result<()> {
        let folder = self.scratch("");
        files::remove_folder(&folder)?;
        Ok(fs::create_dir_all(&folder)?)
    }
}

/// The name of a program's package and of its binary.
pub fn package_name(tool: Tool, set: &str) -> String {
    format!("beside-{}-{set}", tool.name())
}

/// A call of cargo for a package. What the peers bring is pinned; this project's own lock file follows the checkout.
pub fn cargo(tool: Tool, verb: &str, package: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg(verb).arg("--manifest-path").arg(package.join("Cargo.toml"));
    command.env_remove("CARGO_TARGET_DIR");
    if tool != Tool::Dbmigrate {
        command.arg("--locked");
    }
    command
}
