//! A runner of one's own: a table with the name of each file, with its ending or without, and most often the time, as
//! seconds, milliseconds or text. Where the name is a path, its last part is that of the file.

use super::{DROP, History, Template};

macro_rules! template {
    ($name:literal) => {
        Template { columns: &[$name], applied: concat!(template!(@start $name), "NULL FROM {table}"), forbids: "" }
    };
    ($name:literal, $time:literal) => {
        Template {
            columns: &[$name, $time],
            applied: concat!(
                template!(@start $name), "CASE WHEN typeof(", $time, ") = 'text' THEN datetime(", $time, ") WHEN ", $time,
                " > 99999999999 THEN datetime(", $time, " / 1000, 'unixepoch') ELSE datetime(", $time,
                ", 'unixepoch') END FROM {table}"
            ),
            forbids: "",
        }
    };
    (@start $name:literal) => {
        concat!(
            "SELECT CASE WHEN lower(substr(", $name, ", -4)) = '.sql' THEN substr(", template!(@file $name),
            ", 1, length(", template!(@file $name), ") - 4) ELSE ", template!(@file $name), " END, NULL, "
        )
    };
    // Without all that comes before its last `/`.
    (@file $name:literal) => {
        concat!("replace(", $name, ", rtrim(", $name, ", replace(", $name, ", '/', '')), '')")
    };
}

pub(super) const HISTORY: History = History {
    table: None,
    newest_only: false,
    shapes: &[
        template!("filename", "applied_at"),
        template!("filename", "executed_at"),
        template!("filename"),
        template!("name", "applied_at"),
        template!("name", "executed_at"),
        template!("name"),
        template!("version", "applied_at"),
    ],
    remove: DROP,
};

/// A name without its ending.
pub(super) fn stem(name: &str) -> &str {
    match name.len().checked_sub(4).and_then(|at| name.split_at_checked(at)) {
        Some((stem, ending)) if ending.eq_ignore_ascii_case(".sql") => stem,
        _ => name,
    }
}
