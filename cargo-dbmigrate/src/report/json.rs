//! Diagnostics for programs: one JSON object per line.

use dbmigrate_core::Diagnostic;
use serde_json::json;

/// One line: `{"reason":"diagnostic",…}`.
pub(super) fn diagnostic(diagnostic: &Diagnostic) -> String {
    let location = diagnostic.location.as_ref();
    json!({
        "reason": "diagnostic",
        "code": diagnostic.code,
        "severity": diagnostic.severity.as_str(),
        "message": diagnostic.message,
        "file": diagnostic.file,
        "line": location.map(|location| location.position.line),
        "column": location.map(|location| location.position.column),
        "label": diagnostic.label,
        "notes": diagnostic.notes,
        "help": diagnostic.help,
    })
    .to_string()
}
