//! Paths as texts with `/`, as reports and URIs write them. Nothing is looked up on the disk.

use std::path::{Component, Path};

/// How to get from one folder to another, with `/`; empty where they are the same. Where no way leads from one to the
/// other, as between two drives, it is the whole path.
pub(crate) fn relative(from: &Path, to: &Path) -> String {
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) = (from.components().collect(), to.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.len() - common;
    let up = if common == 0 { 0 } else { up };
    let down = to[common..].iter().map(|part| part.as_os_str().to_string_lossy());
    std::iter::repeat_n("..".into(), up).chain(down).collect::<Vec<_>>().join("/")
}

/// A path without `.` and `..`, as far as it can do without them.
pub(crate) fn plain(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| *last != ".." && !last.is_empty()) => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A path as it is reached by `way`, which is empty or ends in `/`.
pub(crate) fn reached(way: &str, path: &str) -> String {
    plain(&format!("{way}{path}"))
}

/// A path with `/` whose other signs than the plain ones are written as `%xx`.
pub(crate) fn percent(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~:".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_leads_up_and_down() {
        for (from, to, expect) in [
            ("/a", "/a", ""),
            ("/a", "/a/b/c", "b/c"),
            ("/a/b/c", "/a", "../.."),
            ("/a/b", "/a/c", "../c"),
            ("/a", "/b/c", "../b/c"),
        ] {
            assert_eq!(relative(Path::new(from), Path::new(to)), expect, "{from} {to}");
        }
    }

    #[test]
    fn detours_are_left_out() {
        for (path, expect) in [
            ("crates/app/../../Cargo.toml", "Cargo.toml"),
            ("a/./b", "a/b"),
            ("../a/../b", "../b"),
            ("../../a", "../../a"),
            ("/../a", "/../a"),
        ] {
            assert_eq!(plain(path), expect, "{path}");
        }
    }
}
