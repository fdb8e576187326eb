//! What names something that is no file: `table = "_migrations"` and `runner = "migrate"`.

use super::Checked;

/// The name of a table.
pub(super) fn history_table(text: &str) -> Checked {
    let help = "write a name such as `_migrations`";
    let plain = text.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
    if !plain || text.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return Err(("a table name consists of letters, digits and `_`, and does not begin with a digit", help));
    }
    if text.get(..7).is_some_and(|prefix| prefix.eq_ignore_ascii_case("sqlite_")) {
        return Err(("names with `sqlite_` are reserved by SQLite", help));
    }
    Ok(text.to_owned())
}

/// The name of a binary.
pub(super) fn runner(text: &str) -> Checked {
    let plain = text.bytes().all(|byte| matches!(byte, b'_' | b'-') || byte.is_ascii_alphanumeric());
    if !plain || text.starts_with('-') {
        let help = "write the name of a `[[bin]]` of the package, such as `migrate`";
        return Err(("it is not the name of a binary target", help));
    }
    Ok(text.to_owned())
}
