//! From what a user calls the database to the path of a file: a path, `sqlite:PATH` or `sqlite://PATH`.
//!
//! Nothing is opened or looked at here.

use std::ffi::OsStr;
use std::path::PathBuf;

/// The file that `value` means.
///
/// In the URL forms `%20` and the like are decoded and what follows a `?` is left out: other tools put options for
/// their connections there. Two of them mean something else than a file to work on, and are refused.
///
/// # Errors
///
/// Why it means none, without the value itself: a URL of another database can hold a password.
pub fn database_path(value: &OsStr) -> Result<PathBuf, String> {
    let Some(text) = value.to_str() else {
        return Ok(PathBuf::from(value));
    };
    let path = match scheme(text) {
        None => text.to_owned(),
        Some(scheme) if scheme.eq_ignore_ascii_case("sqlite") => {
            let rest = &text["sqlite:".len()..];
            let rest = rest.strip_prefix("//").unwrap_or(rest);
            let (rest, options) = rest.split_once('?').unwrap_or((rest, ""));
            if let Some(mode) = options.split('&').find(|option| ["mode=ro", "mode=memory"].contains(option)) {
                return Err(format!("`{mode}` is not supported: give only the path of the file"));
            }
            percent_decoded(rest).ok_or("the URL is not valid UTF-8 once `%` is decoded")?
        }
        Some(scheme) => {
            return Err(format!("`{scheme}:` is not a SQLite database: use a path, `sqlite:PATH` or `sqlite://PATH`"));
        }
    };
    match path.as_str() {
        "" => Err("the path is empty".to_owned()),
        ":memory:" => Err("a database in memory is lost when the command ends".to_owned()),
        _ => Ok(PathBuf::from(path)),
    }
}

/// The scheme that `text` starts with. A single letter is a drive on Windows.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let sound = scheme.len() > 1
        && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    sound.then_some(scheme)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_sqlite_urls_name_a_file_and_nothing_else_does() {
        for (value, expect) in [
            ("app.db", Ok("app.db")),
            ("data/50%20.db", Ok("data/50%20.db")),
            ("/var/app.db?x", Ok("/var/app.db?x")),
            (r"C:\data\app.db", Ok(r"C:\data\app.db")),
            ("./odd:name.db", Ok("./odd:name.db")),
            ("sqlite:app.db", Ok("app.db")),
            ("sqlite://app.db", Ok("app.db")),
            ("sqlite:///var/app.db", Ok("/var/app.db")),
            ("SQLite:app.db?mode=rwc", Ok("app.db")),
            ("sqlite://my%20data/%zz%4.db", Ok("my data/%zz%4.db")),
            ("sqlite:%ff", Err("not valid UTF-8")),
            ("", Err("empty")),
            ("sqlite://", Err("empty")),
            ("sqlite:?mode=memory", Err("`mode=memory`")),
            ("sqlite:app.db?cache=shared&mode=ro", Err("`mode=ro`")),
            (":memory:", Err("in memory")),
            ("sqlite::memory:", Err("in memory")),
            ("postgres://user:secret@host/db", Err("`postgres:` is not a SQLite database")),
            ("file:app.db?mode=memory", Err("`file:` is not")),
        ] {
            match (database_path(OsStr::new(value)), expect) {
                (Ok(path), Ok(expect)) => assert_eq!(path, PathBuf::from(expect), "{value}"),
                (Err(error), Err(expect)) => {
                    assert!(error.contains(expect), "{value}: {error}");
                    assert!(!error.contains("secret"), "{error}");
                }
                (result, _) => panic!("{value}: {result:?}"),
            }
        }
    }
}
