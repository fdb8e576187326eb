//! Whether git has a file as it is now, so that what is done to it can be undone.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::CliError;

/// Refuses files with changes that are not committed. Without git or a repository there is nothing to ask.
pub(super) fn refuse(root: &Path, files: &[&str]) -> Result<(), CliError> {
    let mut command = Command::new("git");
    command
        .args(["--no-pager", "-C"])
        .arg(root)
        .args(["status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--"])
        .args(files)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_LITERAL_PATHSPECS", "1")
        .env("LC_ALL", "C")
        .stdin(Stdio::null());
    // A hook of git runs with these, and they may mean another repository than that of the package.
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        command.env_remove(variable);
    }
    let Ok(output) = command.output() else { return Ok(()) };
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        if why.contains("not a git repository") {
            return Ok(());
        }
        return Err(CliError::failure(format!("git does not say whether it has these files: {}", why.trim()))
            .help("see what it says: `git status`, or pass `--allow-dirty`"));
    }
    let answer = String::from_utf8_lossy(&output.stdout);
    let dirty: Vec<&str> = answer.split('\0').filter_map(|entry| entry.get(3..)).collect();
    if dirty.is_empty() {
        return Ok(());
    }
    Err(CliError::failure(format!("git does not have these files as they are: `{}`", dirty.join("`, `")))
        .help("commit them, or pass `--allow-dirty`"))
}
