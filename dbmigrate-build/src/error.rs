//! Why the module could not be written: never a fault in the migrations.

use std::path::Path;
use std::{fmt, io};

/// The module could not be written.
///
/// `Debug` prints what `Display` prints, followed by the cause, because `fn main() -> Result<(), Error>` prints only
/// that.
pub struct Error {
    message: String,
    source: Option<io::Error>,
}

impl Error {
    pub(crate) fn not_a_build_script(variable: &str) -> Self {
        Self {
            message: format!(
                "`{variable}` is not set\nhelp: call `dbmigrate_build::generate()` from the `main` of build.rs, or \
                 name the folders with `dbmigrate_build::Builder`"
            ),
            source: None,
        }
    }

    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self { message: format!("could not write `{}`", path.display()), source: Some(source) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
