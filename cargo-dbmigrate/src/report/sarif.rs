//! Diagnostics for code scanning: one SARIF 2.1.0 log with one run.

use std::collections::HashMap;

use dbmigrate_core::{Diagnostic, Severity, checksum};
use dbmigrate_schema::lint::{self, Level, Rule};
use serde_json::{Value, json};

use super::place;
use crate::paths::percent;

/// The whole log. With each finding stands where its package lies in the repository.
pub(super) fn log(found: &[(String, Diagnostic)]) -> String {
    let mut codes: Vec<&str> = found.iter().map(|(_, diagnostic)| diagnostic.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut seen = HashMap::new();
    let results: Vec<Value> = found.iter().map(|(base, it)| result(it, base, &codes, &mut seen)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cargo-dbmigrate",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": codes.iter().map(|code| rule(code, found)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
    .to_string()
}

/// What is known of a code. One that is no rule of the linter is known by its severity alone.
fn rule(code: &str, found: &[(String, Diagnostic)]) -> Value {
    let Ok(rule) = Rule::find(code) else {
        let severity = found.iter().find(|(_, it)| it.code == code).map_or(Severity::Error, |(_, it)| it.severity);
        let words = code.replace('-', " ");
        return json!({
            "id": code,
            "shortDescription": { "text": words },
            "fullDescription": { "text": words },
            "help": { "text": "see what to do with `cargo dbmigrate check`" },
            "defaultConfiguration": { "level": severity.as_str() },
        });
    };
    let level = match rule.level {
        Level::Allow => "note",
        Level::Warn => "warning",
        Level::Deny => "error",
    };
    let page = lint::page(rule);
    json!({
        "id": rule.name,
        "shortDescription": { "text": rule.what },
        "fullDescription": { "text": rule.why },
        "help": { "text": page, "markdown": page },
        "defaultConfiguration": { "level": level, "enabled": rule.level > Level::Allow },
        "properties": { "tags": [rule.group.as_str()] },
    })
}

/// One finding. `seen` counts those that look alike.
fn result(diagnostic: &Diagnostic, base: &str, codes: &[&str], seen: &mut HashMap<String, usize>) -> Value {
    // Whoever shows it wants a file: what has none is about the package.
    let file = place::file(diagnostic, base).unwrap_or_else(|| format!("{base}Cargo.toml"));
    let line = diagnostic.location.as_ref().map_or("", |location| location.line().trim());
    let looks = format!("{} {file} {line}", diagnostic.code);
    let count = seen.entry(looks.clone()).or_default();
    *count += 1;
    let mut physical = json!({ "artifactLocation": { "uri": percent(&file), "uriBaseId": "%SRCROOT%" } });
    if let Some(location) = &diagnostic.location {
        let (start, end) = (location.position, location.end());
        physical["region"] = json!({
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            "endColumn": end.column,
        });
    }
    json!({
        "ruleId": diagnostic.code,
        "ruleIndex": codes.binary_search(&diagnostic.code).ok(),
        "level": diagnostic.severity.as_str(),
        "message": { "text": place::text(diagnostic) },
        "locations": [{ "physicalLocation": physical }],
        // Not the line's number: a finding that moves is the same.
        "partialFingerprints": { "primaryLocationLineHash": format!("{}:{count}", hash(&looks)) },
    })
}

fn hash(text: &str) -> String {
    let checksum = checksum::of_text(text);
    checksum.strip_prefix("v1:").unwrap_or(&checksum).chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmigrate_core::{Location, SourceText, Span};

    fn finding(text: &str, at: usize) -> (String, Diagnostic) {
        let source = SourceText::new("migrations/002 ü.sql", text);
        let span = Span::new(at, at + 4);
        let finding = Diagnostic::error("drop-table", "table `ü` is dropped").at(Location::new(&source, span));
        ("crates/app/".to_owned(), finding.help("keep it"))
    }

    fn parsed(found: &[(String, Diagnostic)]) -> Value {
        serde_json::from_str(&log(found)).unwrap()
    }

    /// What the standard requires of a log (3.13), a run (3.14), a driver (3.19), a rule (3.49) and a result (3.27),
    /// and what GitHub's code scanning requires beyond that.
    #[test]
    fn what_is_required_is_there() {
        let found = [
            finding("DROP TABLE ü;\n", 0),
            (String::new(), Diagnostic::warning("wiring", "so").in_file("Cargo.toml")),
            (String::new(), Diagnostic::warning("wiring", "so")),
        ];
        let log = parsed(&found);
        assert_eq!(log["version"], "2.1.0");
        assert_eq!(log["runs"].as_array().unwrap().len(), 1);
        let run = &log["runs"][0];
        let driver = &run["tool"]["driver"];
        assert_eq!(driver["name"], "cargo-dbmigrate");
        assert!(driver["informationUri"].as_str().unwrap().starts_with("https://"), "{driver}");
        let rules = driver["rules"].as_array().unwrap();
        assert_eq!(rules.len(), 2);
        for rule in rules {
            for text in ["/id", "/shortDescription/text", "/fullDescription/text", "/help/text"] {
                assert!(!rule.pointer(text).unwrap().as_str().unwrap().is_empty(), "{text}");
            }
            let level = rule["defaultConfiguration"]["level"].as_str().unwrap();
            assert!(["none", "note", "warning", "error"].contains(&level));
        }
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 3);
        for result in results {
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            assert!(["warning", "error"].contains(&result["level"].as_str().unwrap()));
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert!(result.pointer("/partialFingerprints/primaryLocationLineHash").unwrap().is_string());
            let place = &result["locations"][0]["physicalLocation"];
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            assert!(!uri.starts_with('/') && uri.is_ascii() && !uri.contains(' '), "{uri}");
        }
        let place = &results[0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "crates/app/migrations/002%20%C3%BC.sql");
        assert_eq!(place["region"], json!({ "startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 5 }));
        assert_eq!(results[0]["message"]["text"], "table `ü` is dropped\nhelp: keep it");
        assert_eq!(results[2]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "Cargo.toml");
    }

    #[test]
    fn without_findings_it_is_a_log_all_the_same() {
        assert_eq!(parsed(&[])["runs"][0]["results"], json!([]));
    }

    #[test]
    fn a_finding_that_moves_is_the_same_and_two_that_look_alike_are_two() {
        let print = |found: &[(String, Diagnostic)], at: usize| {
            parsed(found)["runs"][0]["results"][at]["partialFingerprints"]["primaryLocationLineHash"].clone()
        };
        let here = print(&[finding("DROP TABLE ü;\n", 0)], 0);
        assert_eq!(here, print(&[finding("SELECT 1;\nDROP TABLE ü;\n", 10)], 0));
        assert_ne!(here, print(&[finding("DROP TABLE v;\n", 0)], 0));
        let twice = [finding("DROP TABLE ü;\n", 0), finding("DROP TABLE ü;\n", 0)];
        assert_eq!(here, print(&twice, 0));
        assert_ne!(here, print(&twice, 1));
    }
}
