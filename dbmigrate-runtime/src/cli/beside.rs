//! Which files lie among databases and are none to work on, by their names: what SQLite writes beside a database, and
//! what this tool does. Nothing is opened here.

use std::path::Path;

use crate::kept::{COMPANIONS, moment};

/// Whether a file belongs to a database and is not one of its own: a log or journal, a copy that was kept or is being
/// made, what a copy took the place of, the file that a step locks, the copy of a rehearsal.
#[must_use]
pub fn belongs_to_another(path: &Path) -> bool {
    let name = |part: &std::ffi::OsStr| part.to_string_lossy().into_owned();
    let file = path.file_name().map(name).unwrap_or_default();
    let is_companion = COMPANIONS.iter().any(|suffix| file.len() > suffix.len() && file.ends_with(suffix));
    let is_of_ours = file.contains(".dbmigrate-step-") || file.ends_with(".dbmigrate-replay");
    let folders = path.parent().into_iter().flat_map(Path::components);
    is_companion || is_of_ours || is_kept(&file) || folders.map(|it| name(it.as_os_str())).any(|it| is_rehearsal(&it))
}

/// `app.db.20240115-103022.003.bak`, `app.db.20240115-103022.bak.part-7`, `app.db.20240115-103022.damaged-2`.
fn is_kept(name: &str) -> bool {
    let mut parts = name.split('.').skip(1).skip_while(|part| moment(part).is_none()).skip(1);
    parts.any(|part| part == "bak" || part == "damaged" || part.starts_with("damaged-"))
}

/// `app.db.rehearsal-12-1700000000000000`
fn is_rehearsal(folder: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let ending = folder.rsplit_once(".rehearsal-").and_then(|(_, ending)| ending.split_once('-'));
    ending.is_some_and(|(pid, time)| is_number(pid) && is_number(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beside_a_database_is_none() {
        for (name, expect) in [
            ("a/app.db", false),
            ("a/app.db-wal", true),
            ("a/app.db-shm", true),
            ("a/app.db-journal", true),
            ("a/-wal", false),
            ("a/app.db.20240115-103022.003.bak", true),
            ("a/app.db.20240115-103022.003-2.bak", true),
            ("a/app.db.20240115-103022.bak.part", true),
            ("a/app.db.20240115-103022.bak.part-77", true),
            ("a/app.db.20240115-103022.bak.part-77-journal", true),
            ("a/app.db.20240115-103022.damaged", true),
            ("a/app.db.20240115-103022.damaged-2", true),
            ("a/20240115-103022.db", false),
            ("a/20240115-103022.bak", false),
            ("a/app.20240115.bak", false),
            ("a/shop.bak", false),
            ("a/app.db.dbmigrate-step-_migrations", true),
            ("3.dbmigrate-replay", true),
            ("a/app.db.rehearsal-12-1700000000000000/app.db", true),
            ("a/rehearsal-12-17/app.db", false),
            ("a/app.db.rehearsal-x-17/app.db", false),
        ] {
            assert_eq!(belongs_to_another(Path::new(name)), expect, "{name}");
        }
    }
}
