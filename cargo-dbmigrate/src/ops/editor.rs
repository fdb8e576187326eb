//! The user's editor, started without a shell between.

use std::path::Path;
use std::process::Command;

use crate::error::CliError;

/// Opens a file in it, and waits for its end.
pub(crate) fn open(path: &Path) -> Result<(), CliError> {
    let editor =
        ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let failed = |why: String| CliError::failure(why).help(format!("open `{}` yourself", path.display()));
    let editor = editor.ok_or_else(|| failed("neither `VISUAL` nor `EDITOR` is set".to_owned()))?;
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or_default();
    let status = Command::new(program).args(words).arg(path).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(format!("`{editor}` ended with {status}"))),
        Err(error) => Err(failed(format!("could not start `{editor}`: {error}"))),
    }
}
