//! How much room there is for a copy of a database.

use std::fs;
use std::path::Path;

use crate::error::CliError;
use crate::ops::immutable::companion;

/// The bytes that are free in a folder for this user; `None` where the system does not say.
pub(crate) fn free(folder: &Path) -> Option<u64> {
    fs4::available_space(folder).ok()
}

/// Refuses a database for which there is no room beside it, with its log. This is for the package's own runner, which
/// can't ask the system.
pub(crate) fn refuse_too_large(database: &Path) -> Result<(), CliError> {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let log = companion(database, "-wal");
    let bytes: u64 = [database, &log].into_iter().filter_map(|file| Some(fs::metadata(file).ok()?.len())).sum();
    judge(bytes, free(folder), folder)
}

fn judge(bytes: u64, free: Option<u64>, folder: &Path) -> Result<(), CliError> {
    match free {
        Some(free) if free < bytes => Err(CliError::failure(format!(
            "a copy of the database may take {bytes} bytes, and `{}` has {free} free",
            folder.display()
        ))
        .help("free some disk space, then try again")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_room_and_what_is_no_folder_is_no_reason_to_stop() {
        assert!(free(&std::env::temp_dir()).is_some_and(|bytes| bytes > 0));
        assert_eq!(free(Path::new("/no/such/folder")), None);
        assert!(refuse_too_large(Path::new("/no/such/folder/app.db")).is_ok());
    }

    #[test]
    fn both_figures_are_said() {
        assert!(judge(10, None, Path::new("data")).is_ok());
        assert!(judge(10, Some(10), Path::new("data")).is_ok());
        let refused = format!("{:?}", judge(11, Some(10), Path::new("data")).unwrap_err());
        assert!(refused.contains("may take 11 bytes, and `data` has 10 free"), "{refused}");
    }
}
