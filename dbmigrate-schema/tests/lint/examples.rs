//! Every rule by the examples in its documentation.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use dbmigrate_schema::lint::{Example, RULES};

use crate::support::{lint_newest, names};

fn judged(example: &Example) -> BTreeSet<&'static str> {
    match example.before {
        "" => names(&lint_newest(&["SELECT 1;", example.now])),
        before => names(&lint_newest(&[before, example.now])),
    }
}

#[test]
fn every_rule_does_what_its_examples_say() {
    let mut wrong = Vec::new();
    // Of what is judged elsewhere the replay finds one.
    for rule in RULES.iter().filter(|rule| !rule.is_elsewhere() || rule.name == "down-not-inverse") {
        for (sort, examples, expect) in
            [("fails", rule.fails, true), ("passes", rule.passes, false), ("quiet", rule.quiet, false)]
        {
            assert!(!examples.is_empty(), "`{}` has no example in `{sort}`", rule.name);
            for example in examples {
                // What a database has to be asked about is asked elsewhere.
                let expect = expect && !rule.needs_rows();
                if judged(example).contains(rule.name) != expect {
                    wrong.push(format!("{} ({sort}): {}", rule.name, example.now));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The way that a rule recommends is one that no rule denies.
#[test]
fn what_a_rule_recommends_is_denied_by_none() {
    for rule in RULES.iter().filter(|rule| !rule.is_elsewhere()) {
        for example in rule.passes {
            let found = judged(example);
            let denied = |name: &&&str| {
                RULES.iter().any(|rule| rule.name == **name && rule.level == dbmigrate_schema::lint::Level::Deny)
            };
            let denied: Vec<_> = found.iter().filter(denied).collect();
            assert!(denied.is_empty(), "{}: {denied:?} object to `{}`", rule.name, example.now);
        }
    }
}

#[test]
fn every_rule_is_documented_and_registered_under_the_name_of_its_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lint/rules");
    let files: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().replace('_', "-"))
        .collect();
    let registered: BTreeSet<String> = RULES.iter().map(|rule| rule.name.to_owned()).collect();
    assert_eq!(files, registered);
    for rule in RULES {
        for (what, text) in [("what", rule.what), ("why", rule.why), ("instead", rule.instead)] {
            assert!(!text.trim().is_empty(), "`{}` does not say {what}", rule.name);
        }
        assert!(
            !rule.what.ends_with('.') && rule.what.starts_with(|first: char| !first.is_uppercase()),
            "{}",
            rule.what
        );
        assert!(rule.why.ends_with('.'), "{}", rule.why);
    }
}

/// One mistake is one finding: what a rule of data, compatibility or loss objects to is not said again by another.
#[test]
fn what_one_rule_says_no_other_repeats() {
    use dbmigrate_schema::lint::Group;
    let is_alike = |name: &str| {
        let rule = RULES.iter().find(|rule| rule.name == name).unwrap();
        matches!(rule.group, Group::Destructive | Group::Compatibility | Group::Data)
    };
    // What is lost is one thing, and what refers to it another; a name is one, and its content another.
    let two = [
        ("drop-parent-key", "drop-table"),
        ("drop-parent-key", "drop-column"),
        ("drop-parent-key", "rename-table"),
        ("drop-parent-key", "rename-column"),
        ("drop-column-in-trigger", "drop-column"),
        ("legacy-rename", "rename-table"),
        ("not-null-on-existing-rows", "rename-column"),
        ("type-change", "rename-column"),
    ];
    let mut wrong = Vec::new();
    for rule in RULES.iter().filter(|rule| !rule.is_elsewhere() && is_alike(rule.name)) {
        for example in rule.fails {
            let mut others = judged(example);
            others.retain(|name| *name != rule.name && is_alike(name) && !two.contains(&(rule.name, *name)));
            if !others.is_empty() {
                wrong.push(format!("{}: {others:?} too: {}", rule.name, example.now));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
