//! Diagnostics for programs: one JSON object per line.

use dbmigrate_core::Diagnostic;
use dbmigrate_schema::Difference;
use dbmigrate_schema::lint::{Example, Rule};
use serde_json::json;

use super::Reason;

/// One line: `{"reason":"diagnostic",…}`.
pub(super) fn diagnostic(diagnostic: &Diagnostic, notes: &[String], help: &[String], package: Option<&str>) -> String {
    let location = diagnostic.location.as_ref();
    let mut line = json!({
        "reason": Reason::Diagnostic.as_str(),
        "code": diagnostic.code,
        "severity": diagnostic.severity.as_str(),
        "message": diagnostic.message,
        "file": diagnostic.file,
        "line": location.map(|location| location.position.line),
        "column": location.map(|location| location.position.column),
        "label": diagnostic.label,
        "notes": notes,
        "help": help,
    });
    if let Some(package) = package {
        line["package"] = json!(package);
    }
    line.to_string()
}

/// One line: `{"reason":"schema-difference",…}`.
pub(super) fn difference(difference: &Difference) -> String {
    json!({
        "reason": Reason::SchemaDifference.as_str(),
        "kind": difference.kind.as_str(),
        "name": difference.name.as_str(),
        "table": difference.table.as_ref().map(ToString::to_string),
        "change": difference.change.code(),
        "message": difference.to_string(),
    })
    .to_string()
}

/// One line: `{"reason":"edited",…}`: a file was made or changed, or would be.
pub(super) fn edited(file: &str, what: Option<&str>, new: bool, dry_run: bool) -> String {
    let reason = Reason::Edited.as_str();
    json!({ "reason": reason, "file": file, "what": what, "new": new, "dry_run": dry_run }).to_string()
}

/// One line: `{"reason":"lint",…}`.
pub(super) fn rule(rule: &Rule) -> String {
    let examples = |examples: &[Example]| -> Vec<_> {
        examples.iter().map(|example| json!({ "before": example.before, "now": example.now })).collect()
    };
    json!({
        "reason": Reason::Lint.as_str(),
        "name": rule.name,
        "group": rule.group.as_str(),
        "level": rule.level.as_str(),
        "what": rule.what,
        "why": rule.why,
        "instead": rule.instead,
        "fails": examples(rule.fails),
        "passes": examples(rule.passes),
    })
    .to_string()
}
