//! Any bytes as the files of another tool: reading them neither panics nor hangs, lines stay where they are, and what
//! they become as files of the house is the same set.

use dbmigrate_core::config::Numbering;
use dbmigrate_core::files::{Files, InMemory};
use dbmigrate_core::layout::{Layout, Translated, TranslatedFile, detect, translate};
use dbmigrate_core::load::{Loaded, load_from};

/// Where the bytes may stand, for all tools at once.
const PLACES: [&str; 12] = [
    "m/0001_a.sql",
    "m/0002_b.up.sql",
    "m/0002_b.down.sql",
    "m/V1.2__a.sql",
    "m/V1.2__a.sql.conf",
    "m/R__v.sql",
    "m/1-a/up.sql",
    "m/20240115103022_a/up.sql",
    "m/20240115103022_a/down.sql",
    "m/20240115103022_a/metadata.toml",
    "m/20240115103022_a/migration.sql",
    "m/meta/_journal.json",
];

/// The whole of it, for any bytes.
pub(crate) fn read_layout(bytes: &[u8]) {
    let names: Vec<String> = match std::str::from_utf8(bytes) {
        Ok(text) => text.lines().take(3).map(|name| format!("m/{name}.sql")).collect(),
        Err(_) => Vec::new(),
    };
    let named: Vec<&str> = names.iter().map(String::as_str).collect();
    for places in [&PLACES[..], &named] {
        let files: Vec<(&str, &[u8])> = places.iter().map(|place| (*place, bytes)).collect();
        let seen = detect(&InMemory::new(files.iter().copied()), "m");
        assert!(seen.iter().all(|candidate| !candidate.reason.is_empty()), "{seen:?}");
        // Of what is long a few are enough: it is the text that is long, not what a tool makes of it.
        let step = if bytes.len() > 4_000 { 6 } else { 1 };
        let tools = Layout::ALL.into_iter().filter(|layout| *layout != Layout::House);
        tools.skip(bytes.len() % step).step_by(step).for_each(|layout| one(&files, layout));
    }
    // Without a journal drizzle has a folder for each migration.
    let files: Vec<(&str, &[u8])> = PLACES[..11].iter().map(|place| (*place, bytes)).collect();
    one(&files, Layout::Drizzle);
}

fn one(files: &[(&str, &[u8])], layout: Layout) {
    let manifest = format!("[package.metadata.migrations]\ndir = \"m\"\nlayout = \"{}\"\n", layout.name());
    let files = InMemory::new([("Cargo.toml", manifest.as_bytes())].into_iter().chain(files.iter().copied()));
    let translated = translate(&files, "m", layout);
    for migration in &translated.migrations {
        let ways = [Some(&migration.up), migration.down.as_ref()];
        ways.into_iter().flatten().for_each(|way| lines(&files, way));
    }
    translated.repeatables.iter().for_each(|it| lines(&files, &it.up));
    let in_place = load_from(&files);
    judge(&in_place);
    let house = load_from(&house(&translated));
    if in_place.has_errors() {
        return;
    }
    // Of an unused `allow`, or a comment of its own, both say the same.
    assert!(!house.has_errors(), "{:#?}\n{translated:#?}", house.diagnostics);
    assert_eq!(in_place.set.chain(), house.set.chain(), "{translated:#?}");
    assert_eq!(in_place.set.migrations.len(), house.set.migrations.len(), "{translated:#?}");
}

/// A line of the translation is that line of the original.
fn lines(files: &InMemory, way: &TranslatedFile) {
    let Ok(original) = files.text(&way.path) else { return };
    let count = |text: &str| text.matches('\n').count();
    let (was, is) = (count(original.text()), count(&way.text));
    // Files with both ways end with a line end.
    assert!(is == was || is == was + 1 || way.text.is_empty(), "{was} lines became {is}: {way:#?}");
}

/// A package with the files that the others become.
fn house(translated: &Translated) -> InMemory {
    let numbers = match translated.numbering {
        Numbering::Timestamp => "numbering = \"timestamp\"\n".to_owned(),
        Numbering::Sequential => {
            let reserved: Vec<String> = translated.reserved.iter().map(|it| format!("{it} = \"left out\"")).collect();
            let (width, start) = (translated.width, translated.start);
            format!("width = {width}\nstart = {start}\nreserved = {{ {} }}\n", reserved.join(", "))
        }
    };
    let manifest = format!("[package.metadata.migrations]\n{numbers}");
    let files = translated.house_files().into_iter().map(|it| (format!("migrations/{}", it.name), it.text));
    let around = [("Cargo.toml".to_owned(), manifest), ("migrations/README.md".to_owned(), String::new())];
    InMemory::new(around.into_iter().chain(files))
}

fn judge(loaded: &Loaded) {
    for diagnostic in loaded.diagnostics.iter().chain(&loaded.notes) {
        assert!(!diagnostic.to_string().is_empty());
        if let Some(location) = &diagnostic.location {
            assert!(location.text.get(location.span.start..location.span.end).is_some(), "{diagnostic:?}");
        }
    }
}
