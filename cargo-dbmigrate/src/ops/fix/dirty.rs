//! Whether git has a file as it is now, so that what is done to it can be undone.

use std::path::Path;

use crate::error::CliError;
use crate::ops::git;

/// Refuses files with changes that are not committed. Without git or a repository there is nothing to ask.
pub(super) fn refuse(root: &Path, files: &[&str]) -> Result<(), CliError> {
    let mut command = git::command(root);
    command
        .args(["status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--"])
        .args(files)
        .env("GIT_LITERAL_PATHSPECS", "1");
    let Ok(output) = command.output() else { return Ok(()) };
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        if why.contains("not a git repository") {
            return Ok(());
        }
        return Err(CliError::failure(format!("git did not report the state of these files: {}", why.trim()))
            .help("check `git status`, or pass `--allow-dirty`"));
    }
    let answer = String::from_utf8_lossy(&output.stdout);
    let dirty: Vec<&str> = answer.split('\0').filter_map(|entry| entry.get(3..)).collect();
    if dirty.is_empty() {
        return Ok(());
    }
    Err(CliError::failure(format!("these files have uncommitted changes: `{}`", dirty.join("`, `")))
        .help("commit them, or pass `--allow-dirty`"))
}
