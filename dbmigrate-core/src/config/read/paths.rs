//! What names a place: `dir = "db/migrations"` and `database = "app.db"`.

use super::Checked;

/// A folder inside the package: nothing outside of it is ever touched.
pub(super) fn dir(text: &str) -> Checked {
    const HELP: &str = "write a path relative to the package with `/`, such as `db/migrations`";
    match inside(text) {
        Ok(path) if path.is_empty() => Err(("the migrations need a folder of their own", HELP)),
        inside => inside.map_err(|why| (why, HELP)),
    }
}

/// A path inside the package, without what means nothing in it; or why it is none.
pub(super) fn inside(text: &str) -> Result<String, &'static str> {
    if text.contains('\\') {
        return Err("`\\` separates folders on Windows only");
    }
    if text.starts_with('/') || text.contains(':') {
        return Err("it must be inside the package");
    }
    if text.chars().any(char::is_control) {
        return Err("it contains a control character");
    }
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return Err("it must be inside the package");
    }
    Ok(parts.join("/"))
}

/// A path. One letter before a colon is a Windows drive, more are the scheme of an URL.
pub(super) fn database(text: &str) -> Checked {
    let help = "write the path of the file, such as `app.db`; a URL belongs in `DATABASE_URL`";
    if text.split_once(':').is_some_and(|(scheme, _)| scheme.len() != 1 && !scheme.contains(['/', '\\'])) {
        return Err(("it is not a path", help));
    }
    if text.chars().any(char::is_control) {
        return Err(("it contains a control character", help));
    }
    Ok(text.to_owned())
}
