//! Any bytes as every file of a package: reading them neither panics nor hangs, and what is said of them has a place.

use dbmigrate_core::files::InMemory;
use dbmigrate_core::load::{Loaded, load_from};
use dbmigrate_core::token::tokens;
use dbmigrate_core::{Body, Down, Script, Step};

/// Where the bytes may stand.
const PLACES: [&str; 8] = [
    "migrations/001_a.sql",
    "migrations/001_a.down.sql",
    "migrations/002_b.rs",
    "migrations/hooks/before_all.sql",
    "migrations/repeatable/v.sql",
    "migrations/migrations.lock",
    "migrations/adopted.toml",
    "Cargo.toml",
];

/// The whole of it, for any bytes.
pub(crate) fn load_migration(bytes: &[u8]) {
    let loaded = load_from(&package(&PLACES[..7], bytes));
    judge(&loaded);
    for place in PLACES {
        judge(&load_from(&package(&[place], bytes)));
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut end = 0;
    for token in tokens(text) {
        assert_eq!(token.span.start, end, "a token begins where the one before it ends");
        assert!(token.span.end > end && text.is_char_boundary(token.span.end), "{token:?}");
        end = token.span.end;
    }
    assert_eq!(end, text.len());
    // A file by that name.
    if let Some(name) = text.lines().next() {
        judge(&load_from(&package(&[format!("migrations/{name}").as_str()], bytes)));
    }
    // A checkout with other line ends is the same package.
    if !text.contains('\r') {
        let other = load_from(&package(&PLACES[..7], text.replace('\n', "\r\n").as_bytes()));
        assert_eq!(other, loaded);
    }
}

fn package(places: &[&str], bytes: &[u8]) -> InMemory {
    let around: [(&str, &[u8]); 2] = [("Cargo.toml", b"[package]\nname = \"app\"\n"), ("migrations/README.md", b"")];
    InMemory::new(around.into_iter().chain(places.iter().map(|place| (*place, bytes))))
}

fn judge(loaded: &Loaded) {
    for diagnostic in &loaded.diagnostics {
        assert!(!diagnostic.to_string().is_empty());
        if let Some(location) = &diagnostic.location {
            assert!(location.text.get(location.span.start..location.span.end).is_some(), "{diagnostic:?}");
        }
    }
    if loaded.has_errors() {
        return;
    }
    let set = &loaded.set;
    for migration in &set.migrations {
        if let Body::Sql { up, down } = &migration.body {
            script(up);
            if let Down::Script(down) = down {
                script(down);
            }
        }
    }
    set.hooks().chain(set.repeatables.iter().map(|repeatable| &repeatable.script)).for_each(script);
}

/// Statements stand in the file, one after the other.
fn script(script: &Script) {
    let mut end = script.section.start;
    for step in &script.steps {
        let span = match step {
            Step::Sql(statement) => statement.span,
            Step::Call { span, .. } => *span,
        };
        assert!(span.start >= end && span.end <= script.section.end, "{script:#?}");
        assert!(!script.source.slice(span).is_empty(), "{script:#?}");
        end = span.end;
    }
}
