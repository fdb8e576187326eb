//! docs/configuration.md can't rot: it has every key, and what it shows is read.

use std::collections::BTreeSet;

use dbmigrate_core::config;

use crate::guide::{blocks, page};

#[test]
fn what_is_shown_is_read_without_a_word_and_shows_the_defaults() {
    let blocks = blocks("docs/configuration.md");
    let shown: String = blocks.iter().filter(|block| block.language == "toml").map(|block| &*block.text).collect();
    let manifest = format!("[package]\nname = \"notes\"\n\n{shown}");
    let (config, diagnostics) = config::read(&dbmigrate_core::SourceText::new("Cargo.toml", &manifest), None);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    // The keys show their defaults, but for those that have none.
    let defaults = dbmigrate_core::Config { declared: true, ..Default::default() };
    let shown = dbmigrate_core::Config {
        database: None,
        fixtures: None,
        min_sqlite: None,
        runner: None,
        replay: Default::default(),
        reserved: Default::default(),
        ..config
    };
    assert_eq!(shown, defaults);
}

#[test]
fn the_page_has_every_key_and_no_other() {
    let text = page("docs/configuration.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let rows: BTreeSet<&str> = rows.collect();
    assert_eq!(rows, config::keys().collect());
    let shown = text.lines().filter_map(|line| line.split_once(" = ").map(|(key, _)| key));
    let shown: BTreeSet<&str> = shown.filter(|key| rows.contains(key)).collect();
    assert_eq!(shown, config::keys().filter(|key| *key != "sets").collect());
    let (_, last) = text.split_once("`[workspace.metadata.migrations]` gives defaults").unwrap();
    for key in config::workspace_keys() {
        assert!(last.contains(&format!("`{key}`")), "{key}");
    }
}
