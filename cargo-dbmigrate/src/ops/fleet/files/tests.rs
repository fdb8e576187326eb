//! Which files patterns and lists name, and which are left out.

use super::*;

/// A folder with these files, for the test of that name.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[&str]) -> Self {
        let root = std::env::temp_dir().join(format!("dbmigrate-fleet-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        for file in files {
            fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            fs::write(root.join(file), file).unwrap();
        }
        Self(root)
    }

    /// What these patterns and this list name, from the folder on.
    fn find(&self, patterns: &[&str], list: Option<&str>) -> Result<(Vec<String>, usize, usize), CliError> {
        let patterns: Vec<String> = patterns.iter().map(|it| self.0.join(it).display().to_string()).collect();
        let list = list.map(|text| {
            let lines =
                text.lines().filter(|line| !line.is_empty()).map(|line| self.0.join(line).display().to_string() + "\n");
            fs::write(self.0.join("list"), lines.collect::<String>()).unwrap();
            self.0.join("list")
        });
        let found = find(&Selection { patterns: &patterns, list: list.as_deref(), null: false })?;
        let short = |path: PathBuf| path.strip_prefix(&self.0).unwrap().display().to_string();
        Ok((found.files.into_iter().map(short).collect(), found.companions, found.duplicates))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn patterns_name_files_by_name_and_never_what_lies_beside_them() {
    let files = [
        "t/b/app.db",
        "t/a/app.db",
        "t/a/app.db-wal",
        "t/a/app.db.20240115-103022.003.bak",
        "t/a/deep/er/x.db",
        "t/top.db",
        "t/[odd].db",
        "t/.hidden.db",
    ];
    let folder = Folder::new("patterns", &files);
    for (pattern, expect) in [
        ("t/*/app.db", "t/a/app.db t/b/app.db"),
        ("t/*/*", "t/a/app.db t/b/app.db"),
        ("t/**/*.db", "t/.hidden.db t/[odd].db t/a/app.db t/a/deep/er/x.db t/b/app.db t/top.db"),
        ("t/a/**", "t/a/app.db t/a/deep/er/x.db"),
        ("./t/./top.db", "t/top.db"),
        ("t/b/../top.db", "t/b/../top.db"),
        ("t/[[]odd].db", "t/[odd].db"),
        ("t/?op.db", "t/top.db"),
    ] {
        let (found, ..) = folder.find(&[pattern], None).unwrap();
        assert_eq!(found.join(" "), expect, "{pattern}");
    }
    assert_eq!(folder.find(&["t/*/*"], None).unwrap().1, 2);
}

#[test]
fn what_names_nothing_is_an_error() {
    let folder = Folder::new("nothing", &["t/a.db-wal"]);
    for (pattern, expect) in [
        ("t/*.sqlite", "names no database"),
        ("u/**/*.db", "names no database"),
        ("t/*", "belongs to one"),
        ("t/[", "is not a pattern"),
        ("t/a**", "is not a pattern"),
    ] {
        let error = format!("{:?}", folder.find(&[pattern], None).unwrap_err());
        assert!(error.contains(expect), "{pattern}: {error}");
    }
    assert!(format!("{:?}", folder.find(&[], Some("")).unwrap_err()).contains("names no database"));
    let missing = Selection { patterns: &[], list: Some(Path::new("/no/list")), null: false };
    assert!(format!("{:?}", find(&missing).unwrap_err()).contains("could not read the list `/no/list`"));
}

#[test]
fn the_order_is_that_in_which_they_are_named_and_each_is_there_once() {
    let folder = Folder::new("order", &["t/a.db", "t/b.db", "t/c.db"]);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.0.join("t/a.db"), folder.0.join("t/link.db")).unwrap();
        let found = folder.find(&["t/c.db", "t/*.db"], Some("t/a.db\nt/gone.db\nt/gone.db")).unwrap();
        assert_eq!(found.0, ["t/c.db", "t/a.db", "t/b.db", "t/gone.db"]);
        assert_eq!(found.2, 4);
    }
}

#[cfg(unix)]
#[test]
fn a_second_name_that_is_no_symlink_is_told_and_links_to_folders_are_followed_once() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new("links", &["o/a.db", "o/deep/b.db", "s/c.db", "s/d.db"]);
    let at = |name: &str| folder.0.join(name);
    symlink(at("o"), at("s/link")).unwrap();
    // Each leads to the other, in circles.
    symlink(at("s"), at("o/back")).unwrap();
    symlink(at("o/deep"), at("o/again")).unwrap();
    let (found, _, twice) = folder.find(&["s/**/*.db"], None).unwrap();
    assert_eq!(found.join(" "), "s/c.db s/d.db s/link/a.db s/link/deep/b.db");
    assert_eq!(twice, 0);
    assert_eq!(folder.find(&["s/**", "o/**/*.db"], None).unwrap().0.len(), 4);
    // A path through a link to its folder is the same name; a hard link is another one.
    fs::hard_link(at("s/c.db"), at("s/hard.db")).unwrap();
    symlink(at("s/hard.db"), at("s/soft.db")).unwrap();
    let patterns = ["s/*.db", "o/back/c.db"].map(|name| at(name).display().to_string());
    let found = find(&Selection { patterns: &patterns, list: None, null: false }).unwrap();
    assert_eq!(found.files, [at("s/c.db"), at("s/d.db")]);
    assert_eq!(found.hard_links.into_iter().collect::<Vec<_>>(), [(0, at("s/hard.db"))]);
    assert_eq!(found.duplicates, 1);
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_are_found_and_a_link_that_leads_nowhere_is_not_forgotten() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = Folder::new("bytes", &["t/a.db"]);
    let odd = folder.0.join("t").join(std::ffi::OsStr::from_bytes(b"\xff.db"));
    fs::write(&odd, "").unwrap();
    std::os::unix::fs::symlink("/no/such/file", folder.0.join("t/z.db")).unwrap();
    // A link back to where it stands does not lead in circles.
    std::os::unix::fs::symlink(folder.0.join("t"), folder.0.join("t/loop")).unwrap();
    let pattern = folder.0.join("**/*.db").display().to_string();
    let found = find(&Selection { patterns: &[pattern], list: None, null: false }).unwrap();
    assert_eq!(found.files, [folder.0.join("t/a.db"), folder.0.join("t/z.db"), odd]);
}
