//! Templates that are kept between processes, for runners that give each test a process of its own.
//!
//! They lie in the target's folder for temporary files. One is as good as a new one or is not used: it belongs to one
//! executable as it was built, to one SQLite, one set and its seeds, all of it written behind the pages, with a hash of
//! everything. It is no older than an hour, so that what its migrations took from the clock is nearly true.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::template::Template;
use crate::BoxError;
use crate::db::patiently;
use crate::driver::{Access, Backend};
use crate::file_lock;
use crate::kept::{PartialFile, suffixed};

/// What older ones than these are worth: nothing.
const AGE: Duration = Duration::from_secs(60 * 60);

/// The last bytes of a file.
const MAGIC: &[u8; 8] = b"dbmigr-1";

/// What stands before them: two lengths and a hash.
const TAIL: usize = 3 * size_of::<u64>() + MAGIC.len();

/// The place of one template.
pub(super) struct Shelf {
    file: PathBuf,
    key: String,
}

impl Shelf {
    /// The place for a key, if this process is a test that cargo has built.
    pub(super) fn of(key: &str) -> Option<Self> {
        Self::for_executable(&std::env::current_exe().ok()?, key)
    }

    /// `target/debug/deps/app-0123` has its templates in `target/tmp`, as cargo calls the folder for tests.
    fn for_executable(executable: &Path, key: &str) -> Option<Self> {
        let deps = executable.parent().filter(|parent| parent.ends_with("deps"))?;
        let folder = deps.parent()?.parent()?.join("tmp").join("dbmigrate");
        let metadata = executable.metadata().ok()?;
        let built = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let key = format!("{key}\nexecutable {} {} {}", executable.display(), metadata.len(), built.as_nanos());
        let name = hash([key.as_bytes()]);
        Some(Self { file: folder.join(format!("{name:016x}.template")), key })
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Keeps other processes from making the same one for as long as what is returned lives. Where that fails, two are
    /// made, which is as right.
    pub(super) fn lock<B: Backend>(&self, timeout: Duration) -> Option<B::Connection> {
        fs::create_dir_all(self.file.parent()?).ok()?;
        let file = suffixed(&self.file, ".lock");
        patiently(timeout, || file_lock::lock::<B>(&file, Access::Create)).ok()
    }

    /// The pages of the one that is there, if it is whole and right.
    pub(super) fn load(&self) -> Option<Vec<u8>> {
        if is_old(&self.file) {
            return None;
        }
        let mut bytes = fs::read(&self.file).ok()?;
        let pages = pages(&bytes, &self.key)?;
        bytes.truncate(pages);
        Some(bytes)
    }

    /// Puts a template in its place, all at once.
    pub(super) fn store<B: Backend>(&self, template: &mut Template<B>) -> Result<(), BoxError> {
        let folder = self.file.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder)?;
        sweep(folder);
        let part = PartialFile::new(suffixed(&self.file, format!(".part-{}", std::process::id())))?;
        template.write(&part)?;
        let trailer = trailer(template.image.as_deref().unwrap_or_default(), &self.key);
        OpenOptions::new().append(true).open(part.path())?.write_all(&trailer)?;
        fs::rename(part.path(), &self.file)?;
        Ok(())
    }
}

/// What stands behind the pages. SQLite does not look there: its header says how many pages there are.
fn trailer(image: &[u8], key: &str) -> Vec<u8> {
    let mut trailer = key.as_bytes().to_vec();
    for number in [image.len() as u64, key.len() as u64, hash([image, key.as_bytes()])] {
        trailer.extend(number.to_le_bytes());
    }
    trailer.extend(MAGIC);
    trailer
}

/// How many of the bytes are pages, if all are as they were written for this key.
fn pages(bytes: &[u8], key: &str) -> Option<usize> {
    let (rest, tail) = bytes.split_at_checked(bytes.len().checked_sub(TAIL)?)?;
    let pages = rest.len().checked_sub(key.len())?;
    let image = &rest[..pages];
    let is_right = rest[pages..] == *key.as_bytes() && trailer(image, key).ends_with(tail);
    is_right.then_some(pages)
}

/// FNV-1a over words of eight bytes: it finds what a disk or a hand has changed, at the speed of reading.
pub(super) fn hash<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut mix = |word: u64| {
        hash = (hash ^ word).wrapping_mul(0x0100_0000_01b3);
        // The high bits of a word reach the low ones of the hash.
        hash ^= hash >> 32;
    };
    for part in parts {
        mix(part.len() as u64);
        for word in part.chunks(8) {
            let mut bytes = [0; 8];
            bytes[..word.len()].copy_from_slice(word);
            mix(u64::from_le_bytes(bytes));
        }
    }
    hash
}

/// Whether a file is not to be used any more, or never was to be.
fn is_old(file: &Path) -> bool {
    let modified = file.symlink_metadata().and_then(|metadata| metadata.modified());
    modified.map_or(true, |modified| modified.elapsed().map_or(true, |age| age > AGE))
}

/// Removes what nobody uses any more: executables come and go.
fn sweep(folder: &Path) {
    let is_ours = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let digits = name.split('.').next().unwrap_or_default();
        let rest = &name[digits.len()..];
        digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) && rest.starts_with(".template")
    };
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(io::Result::ok);
    for path in entries.map(|entry| entry.path()).filter(|path| is_ours(path) && is_old(path)) {
        // Who has it open keeps it, or it stays.
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_changed_is_seen() {
        let image: Vec<u8> = (0..1000_u32).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let whole = [image.clone(), trailer(&image, "a key")].concat();
        assert_eq!(pages(&whole, "a key"), Some(image.len()));
        for key in ["a kez", "a ke", "", "a key "] {
            assert_eq!(pages(&whole, key), None);
        }
        for at in 0..whole.len() {
            let mut other = whole.clone();
            other[at] ^= 1;
            assert_eq!(pages(&other, "a key"), None, "byte {at}");
            assert_eq!(pages(&whole[..at], "a key"), None, "{at} bytes");
            assert_eq!(pages(&whole[whole.len() - at..], "a key"), None, "the last {at} bytes");
        }
        let empty = trailer(&[], "");
        assert_eq!(pages(&empty, ""), Some(0));
    }

    #[test]
    fn only_what_cargo_has_built_to_test_has_a_place() {
        let of = |path: &str| Shelf::for_executable(Path::new(path), "key");
        assert!(of("/usr/bin/app").is_none() && of("/target/debug/app").is_none() && of("app").is_none());
        let own = std::env::current_exe().unwrap();
        let [one, two] = ["one", "two"].map(|key| Shelf::for_executable(&own, key).unwrap().file);
        assert_ne!(one, two);
        assert_eq!(one.parent().unwrap(), own.ancestors().nth(3).unwrap().join("tmp").join("dbmigrate"));
    }
}
