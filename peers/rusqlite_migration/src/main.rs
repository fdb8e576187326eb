//! `peer-rusqlite_migration FOLDER DATABASE [N]`: the first N migrations of a folder (all of them, if no N is given) by
//! `Migrations::to_version`. A folder of folders goes through `from_directory`; the files of a plain folder are the
//! list of `M::up` that most programs write.

use std::{error::Error, fs, path::Path};

use include_dir::{Dir, DirEntry, File};
use rusqlite_migration::{M, Migrations};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, database, rest @ ..] = words.as_slice() else { return Err("FOLDER DATABASE [N]".into()) };
    let folder = embed(Path::new(folder), Path::new(""))?;
    let migrations = if folder.dirs().next().is_some() {
        Migrations::from_directory(folder)?
    } else {
        Migrations::new(folder.files().filter_map(|file| file.contents_utf8().map(M::up)).collect())
    };
    let mut connection = rusqlite::Connection::open(database)?;
    // As its documentation advises for a set that rebuilds tables: with enforcement on, which is how this SQLite is compiled,
    // a `DROP TABLE` takes the rows of others along.
    connection.pragma_update(None, "foreign_keys", false)?;
    match rest {
        [count] => migrations.to_version(&mut connection, count.parse()?)?,
        _ => migrations.to_latest(&mut connection)?,
    }
    Ok(())
}

/// A folder as `include_dir!` would embed it, but read when the program runs. It lives as long as the program.
fn embed(folder: &Path, inner: &Path) -> Result<&'static Dir<'static>, Box<dyn Error>> {
    let mut paths = fs::read_dir(folder.join(inner))?
        .map(|entry| Ok(inner.join(entry?.file_name())))
        .collect::<Result<Vec<_>, std::io::Error>>()?;
    paths.sort();
    let mut entries = Vec::new();
    for path in &paths {
        if folder.join(path).is_dir() {
            entries.push(DirEntry::Dir(embed(folder, path)?.clone()));
        } else {
            let bytes: &'static [u8] = fs::read(folder.join(path))?.leak();
            entries.push(DirEntry::File(File::new(name(path)?, bytes)));
        }
    }
    Ok(Box::leak(Box::new(Dir::new(name(inner)?, entries.leak()))))
}

fn name(path: &Path) -> Result<&'static str, Box<dyn Error>> {
    Ok(path.to_str().ok_or("a name that is no text")?.to_owned().leak())
}
