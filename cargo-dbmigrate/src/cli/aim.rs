//! What suggested commands name: the package, the database and the set that this one was told to work on.

use std::path::Path;

use dbmigrate_core::sequence::quoted;
use dbmigrate_runtime::cli::Aim;

use super::Global;

/// What people type.
pub(crate) const PROGRAM: &str = "cargo dbmigrate";

impl Global {
    /// The flag by which the manifest was named, with a space before it; empty where it was not.
    pub(crate) fn manifest_flag(&self) -> String {
        let flag = |path: &Path| format!(" --manifest-path {}", quoted(&path.display().to_string()));
        self.manifest_path.as_deref().map(flag).unwrap_or_default()
    }

    /// The flags by which one package was named.
    pub(crate) fn package_flags(&self) -> String {
        match self.package.as_slice() {
            [one] => format!("{} -p {}", self.manifest_flag(), quoted(one)),
            _ => self.manifest_flag(),
        }
    }

    /// Those by which the package and the database were named.
    pub(crate) fn database_flags(&self, database: Option<&Path>) -> String {
        let flag = |path: &Path| format!(" --database {}", quoted(&path.display().to_string()));
        self.package_flags() + &database.map(flag).unwrap_or_default()
    }

    /// What leads suggested commands to the database and the set that were named.
    pub(crate) fn aim(&self, database: Option<&Path>) -> Aim {
        let set = self.set.as_ref().map(|set| format!(" --set {}", quoted(set)));
        Aim { program: PROGRAM.to_owned(), database: self.database_flags(database), set: set.unwrap_or_default() }
    }
}
