//! The copies of a database that lie in a folder: their names, which there are, and which may go.
//!
//! A copy is called `app.db.20240115-103022.003.bak`: the file, the moment in UTC, the newest migration, and `-2`, `-3`
//! where a name is taken. Nothing that is not called exactly so is ever looked at, let alone removed.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::backup::Backup;
use crate::sorted::sorted;

/// For how long nobody has written to an unfinished copy that is taken for abandoned.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// What may lie beside a database file.
pub(crate) const COMPANIONS: [&str; 3] = ["-journal", "-wal", "-shm"];

/// A copy of a database that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kept {
    /// The file.
    pub path: PathBuf,
    /// When it was made: `YYYY-MM-DD HH:MM:SS`, UTC.
    pub time: String,
    /// The number of the newest migration that it has, as the history writes it; `0` for none.
    pub version: String,
    /// Its size.
    pub bytes: u64,
    /// Which of those of one moment it is.
    again: u64,
}

impl Kept {
    #[inline]
    fn number(&self) -> u64 {
        // A number that is too large for a migration is newer than all.
        self.version.parse().unwrap_or(u64::MAX)
    }

    #[inline]
    fn moment(&self) -> (&str, u64) {
        (&self.time, self.again)
    }

    /// The digits of its time.
    #[inline]
    fn second(&self) -> u64 {
        self.time.bytes().filter(u8::is_ascii_digit).fold(0, |second, digit| second * 10 + u64::from(digit - b'0'))
    }
}

/// Where the copies of a database are kept, and what they are called.
pub(crate) struct CopyPlace {
    pub(crate) dir: PathBuf,
    /// The file name of the database, with bytes that are no text: of two databases neither may remove what is the
    /// other's.
    name: OsString,
}

impl CopyPlace {
    /// The place for a database file.
    #[inline]
    pub(crate) fn of(database: &Path, backup: &Backup) -> Self {
        let Self { dir, name } = Self::beside(database);
        Self { dir: backup.dir.as_ref().map_or(dir.clone(), |other| dir.join(other)), name }
    }

    /// The folder of a file.
    #[inline]
    pub(crate) fn beside(file: &Path) -> Self {
        let dir = file.parent().unwrap_or(Path::new("")).to_owned();
        Self { dir, name: file.file_name().unwrap_or_default().to_owned() }
    }

    /// The file name of the database that a file is a copy of, by its name; none where it has no such name.
    #[cfg(feature = "cli")]
    #[inline]
    pub(crate) fn origin(copy: &Path) -> Option<OsString> {
        let place = Self::of_copy(copy)?;
        place.read(copy.file_name()?, copy.to_owned())?;
        Some(place.name)
    }

    /// The place of a copy that was made at its own place.
    #[inline]
    fn of_copy(copy: &Path) -> Option<Self> {
        // From the right: `.bak`, the version, the moment; the rest is the name of the database.
        let name = Path::new(Path::new(copy.file_stem()?).file_stem()?).file_stem()?.to_owned();
        Some(Self { dir: copy.parent()?.to_owned(), name })
    }

    /// The names for a new copy, best first. A number that was given before is not given again, as it tells the order.
    #[inline]
    pub(crate) fn names(&self, stamp: &str, version: &str) -> impl Iterator<Item = PathBuf> {
        let first = suffixed(Path::new(&self.name), format!(".{stamp}.{version}"));
        let taken = self.files().unwrap_or_default().into_iter().filter_map(|(name, path)| {
            let is_alike = after(&name, first.as_os_str()).is_some_and(|rest| rest.starts_with(['.', '-']));
            is_alike.then(|| self.read(&name, path)).flatten().map(|kept| kept.again)
        });
        let next = taken.max().map_or(1, |last| last.saturating_add(1));
        let first = self.dir.join(&first);
        (next..=u64::MAX).map(move |again| match again {
            1 => suffixed(&first, ".bak"),
            _ => suffixed(&first, format!("-{again}.bak")),
        })
    }

    /// The name of a copy while it is made. Under the write lock nobody else makes one; without it, `owner` tells the
    /// processes apart.
    #[inline]
    pub(crate) fn part(&self, stamp: &str, owner: Option<u32>) -> PathBuf {
        let owner = owner.map_or(String::new(), |owner| format!("-{owner}"));
        self.dir.join(format!("{}.{stamp}.bak.part{owner}", self.text()))
    }

    /// The name as SQLite can be told it, which takes the name of a new copy as text: its own, or one that no other
    /// name has.
    #[inline]
    fn text(&self) -> Cow<'_, str> {
        self.name.to_str().map_or_else(
            || {
                let bytes = self.name.as_encoded_bytes().iter();
                let mut text = self.name.to_string_lossy().into_owned();
                bytes.for_each(|byte| text.push_str(&format!("{byte:02x}")));
                text.into()
            },
            Cow::Borrowed,
        )
    }

    /// The copies that are there, newest first. A folder that is missing has none.
    #[inline]
    pub(crate) fn list(&self) -> io::Result<Vec<Kept>> {
        let kept = self.files()?.into_iter().filter_map(|(name, path)| self.read(&name, path)).collect();
        let mut kept = sorted(sorted(kept, |kept| kept.again), Kept::second);
        kept.reverse();
        Ok(kept)
    }

    #[inline]
    fn files(&self) -> io::Result<Vec<(OsString, PathBuf)>> {
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let named = |entry: io::Result<fs::DirEntry>| {
            let entry = entry.ok()?;
            // Neither folders nor symbolic links.
            entry.file_type().ok()?.is_file().then(|| (entry.file_name(), entry.path()))
        };
        Ok(entries.filter_map(named).collect())
    }

    #[inline]
    fn read(&self, name: &OsStr, path: PathBuf) -> Option<Kept> {
        let (time, rest) = Self::stamped(name, &self.name)?;
        let rest = rest.strip_prefix('.')?.strip_suffix(".bak")?;
        let (version, again) = match rest.split_once('-') {
            Some((version, again)) => (version, digits(again)?.parse().ok()?),
            None => (rest, 1),
        };
        let version = digits(version)?.to_owned();
        let bytes = path.symlink_metadata().ok()?.len();
        Some(Kept { path, time, version, bytes, again })
    }

    /// The time in a name of the files of a database, and what follows it.
    #[inline]
    fn stamped<'n>(name: &'n OsStr, database: &OsStr) -> Option<(String, &'n str)> {
        let rest = after(name, database)?.strip_prefix('.')?;
        let (stamp, rest) = rest.split_at_checked(STAMP)?;
        Some((moment(stamp)?, rest))
    }

    /// Removes what processes left that were killed while they made a copy. Who has the write lock knows that nobody
    /// else is at work under it.
    #[inline]
    pub(crate) fn sweep(&self, has_lock: bool) {
        let database = self.text();
        for (name, path) in self.files().unwrap_or_default() {
            let Some(owner) =
                Self::stamped(&name, OsStr::new(&*database)).and_then(|(_, rest)| rest.strip_prefix(".bak.part"))
            else {
                continue;
            };
            let owner = COMPANIONS.iter().find_map(|suffix| owner.strip_suffix(suffix)).unwrap_or(owner);
            let is_left = match owner.strip_prefix('-') {
                Some(owner) => digits(owner).is_some() && is_abandoned(&path),
                None => owner.is_empty() && has_lock,
            };
            if is_left {
                // What can't be removed is in nobody's way.
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// What follows that in a name, where it is text.
#[inline]
fn after<'n>(name: &'n OsStr, first: &OsStr) -> Option<&'n str> {
    std::str::from_utf8(name.as_encoded_bytes().strip_prefix(first.as_encoded_bytes())?).ok()
}

/// How long the moment in a name is.
const STAMP: usize = "20240115-103022".len();

/// The moment that `20240115-103022` says, as `2024-01-15 10:30:22`.
#[inline]
pub(crate) fn moment(stamp: &str) -> Option<String> {
    let (date, time) = stamp.split_once('-').filter(|(date, time)| date.len() == 8 && time.len() == 6)?;
    let (date, time) = (digits(date)?, digits(time)?);
    let [year, month, day] = [&date[..4], &date[4..6], &date[6..]];
    let [hour, minute, second] = [&time[..2], &time[2..4], &time[4..]];
    Some(format!("{year}-{month}-{day} {hour}:{minute}:{second}"))
}

#[inline]
fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

#[inline]
fn is_abandoned(path: &Path) -> bool {
    let modified = path.symlink_metadata().and_then(|metadata| metadata.modified()).ok();
    modified.and_then(|modified| modified.elapsed().ok()).is_some_and(|age| age > ABANDONED)
}

/// Removes older copies until `keep` of them stay with the one that was just made. Copies of newer versions stay, and
/// so does the oldest of this version: the state before the first of many attempts. After one that failed those of
/// older versions stay as well.
#[inline]
pub(crate) fn rotate(made: &Path, keep: usize, has_succeeded: bool) {
    let all = CopyPlace::of_copy(made).and_then(|place| place.list().ok()).unwrap_or_default();
    for old in superfluous(&all, made, keep, has_succeeded) {
        // One copy too many does no harm.
        let _ = fs::remove_file(&old.path);
    }
}

/// `all` stands newest first.
#[inline]
fn superfluous<'k>(all: &'k [Kept], made: &Path, keep: usize, has_succeeded: bool) -> Vec<&'k Kept> {
    let Some(made) = all.iter().find(|kept| kept.path == made) else { return Vec::new() };
    let counts = |kept: &&Kept| has_succeeded || kept.number() == made.number();
    let first = all.iter().rfind(|kept| kept.number() == made.number());
    let may_go = |kept: &&Kept| {
        Some(*kept) != first && kept.moment() < made.moment() && kept.number() <= made.number() && counts(kept)
    };
    let count = all.iter().filter(counts).count();
    all.iter().rev().filter(may_go).take(count.saturating_sub(keep)).collect()
}

/// A path with something behind its name.
#[inline]
pub(crate) fn suffixed(path: &Path, suffix: impl AsRef<OsStr>) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// A file that is being made. It is gone when this is dropped, with what SQLite wrote beside it.
pub(crate) struct PartialFile(PathBuf);

impl PartialFile {
    /// Nothing yet, at a path that must be free.
    #[inline]
    pub(crate) fn new(path: PathBuf) -> io::Result<Self> {
        match path.symlink_metadata() {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => Ok(Self(path)),
        }
    }

    #[inline]
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes the file, empty, as SQLite takes it.
    #[inline]
    pub(crate) fn create(&self) -> io::Result<()> {
        fs::File::create_new(&self.0).map(drop)
    }

    /// Lets nobody read it who may not read that file.
    #[inline]
    pub(crate) fn resemble(&self, file: &Path) -> io::Result<()> {
        let model = fs::metadata(file)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
            fs::set_permissions(&self.0, fs::Permissions::from_mode(model.mode() & 0o777 | 0o600))?;
            // Only root can do that, and only then is it needed.
            let _ = chown(&self.0, Some(model.uid()), Some(model.gid()));
        }
        let _ = model;
        Ok(())
    }

    /// Leaves the file where it is.
    #[cfg(feature = "testing")]
    #[inline]
    pub(crate) fn keep(self) {
        std::mem::forget(self);
    }

    /// Gives the file the first of these names that is free: all at once, so that a name never stands for half a copy.
    #[inline]
    pub(crate) fn publish(self, names: impl IntoIterator<Item = PathBuf>) -> io::Result<PathBuf> {
        for name in names {
            let result = match fs::hard_link(&self.0, &name) {
                // Not every file system has links.
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists && name.symlink_metadata().is_err() => {
                    fs::rename(&self.0, &name)
                }
                result => result,
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                result => {
                    result?;
                    sync_folder(&name);
                    return Ok(name);
                }
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Puts the file in the place of another, all at once.
    #[cfg(feature = "cli")]
    #[inline]
    pub(crate) fn replace(self, file: &Path) -> io::Result<()> {
        fs::rename(&self.0, file)?;
        sync_folder(file);
        Ok(())
    }
}

impl Drop for PartialFile {
    #[inline]
    fn drop(&mut self) {
        for suffix in std::iter::once("").chain(COMPANIONS) {
            let _ = fs::remove_file(suffixed(&self.0, suffix));
        }
    }
}

/// Makes a new name outlive a loss of power, where folders can be synced.
#[inline]
fn sync_folder(file: &Path) {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn copies_of_names_that_are_no_text_are_told_apart() {
        use std::os::unix::ffi::OsStrExt as _;
        let dir = std::env::temp_dir().join(format!("dbmigrate-kept-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        let place = |name: &[u8]| CopyPlace::beside(&dir.join(OsStr::from_bytes(name)));
        let (one, other) = (place(b"\xff.db"), place(b"\xfe.db"));
        for (place, stamp) in [
            (&one, "20240115-103022"),
            (&one, "20240115-103023"),
            (&other, "20240115-103024"),
            (&one, "20240115-103024"),
        ] {
            fs::write(place.names(stamp, "003").next().unwrap(), "").unwrap();
            fs::write(place.part(stamp, None), "").unwrap();
        }
        let made = one.names("20240115-103024", "003").next().unwrap();
        assert!(made.as_os_str().as_bytes().ends_with(b"/\xff.db.20240115-103024.003-2.bak"));
        fs::write(&made, "").unwrap();
        rotate(&made, 1, true);
        one.sweep(true);
        assert_eq!(one.list().unwrap().len(), 2, "the first, and the one just made");
        assert_eq!(other.list().unwrap().len(), 1);
        assert!(other.part("20240115-103024", None).exists() && !one.part("20240115-103024", None).exists());
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn a_name_that_somebody_takes_meanwhile_is_not_taken_from_them() {
        let dir = std::env::temp_dir().join(format!("dbmigrate-publish-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        let [part, taken, free] = ["part", "taken", "free"].map(|name| dir.join(name));
        fs::write(&taken, "theirs").unwrap();
        let made = PartialFile::new(part.clone()).unwrap();
        fs::write(&part, "ours").unwrap();
        assert_eq!(made.publish([taken.clone(), free.clone()]).unwrap(), free);
        assert_eq!([&taken, &free].map(|path| fs::read_to_string(path).unwrap()), ["theirs", "ours"]);
        assert!(!part.exists());
        let made = PartialFile::new(part.clone()).unwrap();
        fs::write(&part, "ours").unwrap();
        assert_eq!(made.publish([taken]).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        // What is wrong with the folder is no name that is taken.
        let made = PartialFile::new(part.clone()).unwrap();
        fs::write(&part, "ours").unwrap();
        assert_eq!(made.publish([dir.join("nowhere/free"), free]).unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn who_makes_a_copy_in_the_same_second_keeps_it() {
        let all = [4, 3, 2, 1].map(|again| Kept {
            path: format!("{again}").into(),
            time: "2024-01-15 10:30:22".to_owned(),
            version: "001".to_owned(),
            bytes: 0,
            again,
        });
        let gone = |made| superfluous(&all, Path::new(made), 1, true).iter().map(|kept| kept.again).collect::<Vec<_>>();
        assert_eq!(gone("4"), [2, 3]);
        assert_eq!(gone("2"), [0; 0], "the later ones belong to somebody who may still be at work");
    }
}
