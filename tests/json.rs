//! docs/json.md is the contract of `--message-format json`: each line that any test sees has a reason and fields that stand
//! there, and each of them is shown there in a line that really came out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::Value;

use crate::guide::{blocks, page};

/// What a line with a reason may hold.
#[derive(Default)]
struct Fields {
    always: BTreeSet<String>,
    /// Those that begin with `only`, as the page says of them.
    sometimes: BTreeSet<String>,
}

/// In any line of a set with a name.
const OF_ANY: [&str; 2] = ["reason", "set"];

/// No page can show it, as a writer has to crash first; `hot_journal` sees it.
const OF_A_CRASH: &str = "database-recovered";

fn contract() -> &'static BTreeMap<String, Fields> {
    static CONTRACT: OnceLock<BTreeMap<String, Fields>> = OnceLock::new();
    CONTRACT.get_or_init(|| {
        let mut contract: BTreeMap<String, Fields> = BTreeMap::new();
        let mut reason = None;
        for line in page("docs/json.md").lines() {
            if line.starts_with('#') {
                reason = line.strip_prefix("### `").map(|line| line.trim_end_matches('`').to_owned());
                if let Some(reason) = &reason {
                    contract.entry(reason.clone()).or_default();
                }
            } else if let (Some(reason), Some(row)) = (&reason, line.strip_prefix("| `")) {
                let (names, what) = row.split_once(" | ").unwrap();
                let fields = contract.get_mut(reason).unwrap();
                let into = if what.starts_with("only ") { &mut fields.sometimes } else { &mut fields.always };
                into.extend(names.split('`').step_by(2).map(str::to_owned).filter(|name| !name.is_empty()));
            }
        }
        contract
    })
}

/// Whatever came out is as the page says.
#[track_caller]
pub(crate) fn conforms(stdout: &str) {
    for line in stdout.lines() {
        let Ok(Value::Object(object)) = serde_json::from_str(line) else { continue };
        let Some(reason) = object.get("reason").and_then(Value::as_str) else { continue };
        // Between a runner and the command line.
        if ["replayed", "replay-failed"].contains(&reason) {
            continue;
        }
        let fields = contract().get(reason).unwrap_or_else(|| panic!("docs/json.md has no `{reason}`: {line}"));
        for field in object.keys().filter(|field| !OF_ANY.contains(&field.as_str())) {
            let is_there = fields.always.contains(field) || fields.sometimes.contains(field);
            assert!(is_there, "docs/json.md knows no `{field}` in `{reason}`: {line}");
        }
        for field in &fields.always {
            assert!(object.contains_key(field), "docs/json.md has `{field}` in every `{reason}`: {line}");
        }
    }
}

#[test]
fn every_reason_is_shown_with_its_fields() {
    let blocks = blocks("docs/json.md");
    let shown = blocks.iter().filter(|block| block.language == "console").flat_map(|block| block.text.lines());
    let mut fields: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in shown.filter(|line| line.starts_with('{')) {
        conforms(line);
        let Value::Object(object) = serde_json::from_str(line).unwrap() else { panic!("{line}") };
        let reason = object["reason"].as_str().unwrap().to_owned();
        fields.entry(reason).or_default().extend(object.keys().cloned());
    }
    let contract = contract().iter().filter(|(reason, _)| *reason != OF_A_CRASH);
    for (reason, Fields { always, sometimes }) in contract {
        let shown = fields.get(reason).unwrap_or_else(|| panic!("no line of `{reason}` is shown"));
        let missing: Vec<_> = always.union(sometimes).filter(|field| !shown.contains(*field)).collect();
        assert!(missing.is_empty(), "no line of `{reason}` shows {missing:?}");
    }
}
