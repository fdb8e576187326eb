//! `docs/lints.md` is what the rules say of themselves.

use std::fs;
use std::path::Path;

use dbmigrate_schema::lint::{RULES, document, list, page};

/// `SNAPSHOTS=overwrite` rewrites it.
#[test]
fn the_document_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/lints.md");
    if std::env::var_os("SNAPSHOTS").is_some_and(|it| it == "overwrite") {
        fs::write(&path, document()).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(written == document(), "docs/lints.md is not what the rules say: write it with SNAPSHOTS=overwrite");
}

#[test]
fn every_rule_has_a_line_and_a_page_with_its_examples() {
    for rule in RULES {
        let line =
            list().lines().find(|line| line.trim_start().starts_with(&format!("{} ", rule.name))).map(str::to_owned);
        assert!(
            line.is_some_and(|line| line.contains(rule.level.as_str()) && line.ends_with(rule.what)),
            "{}",
            rule.name
        );
        let page = page(rule);
        let first_word = |text: &str| text.split_whitespace().next().unwrap_or_default().to_owned();
        for text in [rule.name, rule.group.as_str(), &first_word(rule.why), &first_word(rule.instead)] {
            assert!(page.contains(text), "{text} is not in:\n{page}");
        }
        for example in [rule.fails, rule.passes].into_iter().filter_map(<[_]>::first) {
            for line in example.now.lines() {
                assert!(page.contains(line.trim()), "{line} is not in:\n{page}");
            }
        }
        let indented = page.lines().filter(|line| line.starts_with("              ")).count();
        assert_eq!(indented, 0, "{page}");
        assert!(!page.contains("\n\n\n"), "{page}");
    }
}
