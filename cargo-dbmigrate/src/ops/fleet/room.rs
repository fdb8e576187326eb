//! Whether there is room for all that the work on a fleet may write, and whether its copies can be told apart: asked
//! before the first file is changed, as one full disk stops everybody who writes there.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::Migrators;
use crate::fleet::{Fault, File, Outcome, Task};
use crate::ops::space;

/// What stands against the work as a whole.
pub(super) fn faults(files: &[File], migrators: &Migrators<'_>, task: Task, jobs: usize) -> Vec<Fault> {
    let todo: Vec<&File> = files.iter().filter(|file| file.outcome == Outcome::Left).collect();
    let copied =
        |file: &&&File| task == Task::Backup || file.inspection.as_ref().is_some_and(|inspection| inspection.copies);
    let copied: Vec<&File> = todo.iter().filter(copied).copied().collect();
    let mut faults = alike(&copied, migrators);
    let mut needs: BTreeMap<u64, Need> = BTreeMap::new();
    for file in &copied {
        let folder = place(&file.path, migrators);
        let need = needs.entry(device(&folder)).or_default();
        need.copies += bytes(file);
        need.copied += 1;
        need.folder.get_or_insert(folder);
    }
    // While it is worked on, a database may need as much again as it has: its journal, or a table that is rebuilt.
    let mut sizes: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for file in todo.iter().filter(|_| task != Task::Backup) {
        let folder = folder(&file.path);
        let device = device(&folder);
        needs.entry(device).or_default().folder.get_or_insert(folder);
        sizes.entry(device).or_default().push(bytes(file));
    }
    for (device, mut sizes) in sizes {
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        needs.entry(device).or_default().work = sizes.into_iter().take(jobs).sum();
    }
    faults.extend(needs.values().filter_map(|need| need.fault(space::free)));
    faults
}

/// What one disk has to hold.
#[derive(Debug, Default)]
struct Need {
    copies: u64,
    copied: usize,
    work: u64,
    /// A folder that lies on it.
    folder: Option<PathBuf>,
}

impl Need {
    fn fault(&self, free: impl Fn(&Path) -> Option<u64>) -> Option<Fault> {
        let folder = self.folder.as_deref()?;
        let free = free(existing(folder)).filter(|free| *free < self.copies + self.work)?;
        let copies = match self.copied {
            0 => String::new(),
            copied => format!("copies of databases ({copied}) may take {} bytes, and ", self.copies),
        };
        let message = format!(
            "{copies}the work on them may take {} bytes, and `{}` has {free} free",
            self.work,
            folder.display()
        );
        let fault = Fault::new(message).help("free some space, use fewer `--jobs`, or fewer databases at once");
        Some(match self.work {
            0 => fault,
            _ => fault.help(
                "if the migrations write less than that, migrate one database: `--database FILE` needs room only for \
                 its copy",
            ),
        })
    }
}

/// Databases whose copies would have one name in one folder: those of one would be taken for those of the other, and
/// removed.
fn alike(copied: &[&File], migrators: &Migrators<'_>) -> Vec<Fault> {
    let mut places: BTreeMap<(PathBuf, OsString), Vec<&Path>> = BTreeMap::new();
    for file in copied {
        let real = fs::canonicalize(&file.path).unwrap_or_else(|_| file.path.clone());
        let name = real.file_name().unwrap_or_default().to_owned();
        places.entry((place(&file.path, migrators), name)).or_default().push(&file.path);
    }
    let alike = places.into_iter().filter(|(_, files)| files.len() > 1);
    let fault = |((folder, _), files): ((PathBuf, OsString), Vec<&Path>)| {
        let (first, second) = (files[0].display(), files[1].display());
        let others = if files.len() > 2 { format!(" and {} more", files.len() - 2) } else { String::new() };
        let folder = folder.display();
        Fault::new(format!("the copies of `{first}`, `{second}`{others} would have the same name in `{folder}`"))
            .help("without `--backup-dir` and `backup.dir` each copy lies beside its database")
            .help("or run the command for each folder, with another `--backup-dir`")
    };
    alike.map(fault).collect()
}

/// The folder of the copies of a file.
pub(super) fn place(file: &Path, migrators: &Migrators<'_>) -> PathBuf {
    let real = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    match migrators.request.backup_here().and_then(|backup| backup.folder().map(Path::to_owned)) {
        Some(dir) => folder(&real).join(dir),
        None => folder(&real),
    }
}

pub(super) fn folder(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// The folder, or the next above it that is there.
pub(super) fn existing(folder: &Path) -> &Path {
    folder.ancestors().find(|it| it.is_dir()).unwrap_or(folder)
}

fn bytes(file: &File) -> u64 {
    file.inspection.as_ref().map_or(0, |inspection| inspection.bytes)
}

/// What tells the disks apart; where that can't be told, they count as one.
fn device(folder: &Path) -> u64 {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        fs::metadata(existing(folder)).map_or(0, |metadata| metadata.dev())
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_said_with_all_figures() {
        let need = Need { copies: 70, copied: 2, work: 31, folder: Some("data".into()) };
        assert_eq!(need.fault(|_| Some(101)), None);
        assert_eq!(need.fault(|_| None), None);
        let fault = need.fault(|_| Some(100)).unwrap();
        assert_eq!(
            fault.message,
            "copies of databases (2) may take 70 bytes, and the work on them may take 31 bytes, and `data` has 100 free"
        );
        assert!(fault.help.iter().any(|help| help.contains("`--database FILE`")), "{fault:?}");
        let need = Need { work: 31, folder: Some("data".into()), ..Need::default() };
        assert_eq!(
            need.fault(|_| Some(1)).unwrap().message,
            "the work on them may take 31 bytes, and `data` has 1 free"
        );
    }
}
