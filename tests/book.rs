//! The guide as a whole: its pages run, each is in its table of contents, and every link of them leads somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::guide::{blocks, page, play};
use crate::support::{Project, checkout};

/// A test for each page that is one story, told from nothing.
macro_rules! stories {
    ($($test:ident: $page:literal;)*) => {
        $(
            #[test]
            fn $test() {
                let ran = play(&blocks($page), Project::new(stringify!($test)));
                assert!(ran > 0, "nothing of {} ran", $page);
            }
        )*

        const STORIES: &[&str] = &[$($page),*];
    };
}

stories! {
    quick_start: "docs/quick-start.md";
    files: "docs/files.md";
    going_back: "docs/going-back.md";
    json: "docs/json.md";
    rebuilds: "docs/rebuilds.md";
    schema_sql: "docs/schema.md";
    fleets: "docs/fleets.md";
    testing: "docs/testing.md";
    in_the_program: "docs/in-the-program.md";
}

/// Pages that need more than a story: `ci` types from YAML, `adopting` has a database for each section, and so on.
const ELSEWHERE: &[(&str, &str)] = &[
    ("docs/adopting.md", "adopting"),
    ("docs/ci.md", "ci"),
    ("docs/configuration.md", "configuration"),
    ("docs/linting.md", "linting"),
    ("docs/pools.md", "examples"),
    ("docs/scripts.md", "scripts"),
    ("docs/sets.md", "sets"),
    ("docs/snapshot.md", "snapshot"),
    ("docs/squashing.md", "squash"),
];

/// Where the files beside the guide can be read.
const FORGE: &str = "https://github.com/dbmigrate/dbmigrate";

/// The pages of the guide, by their path in the checkout.
fn pages() -> BTreeSet<String> {
    let files = fs::read_dir(checkout().join("docs")).unwrap().map(|it| it.unwrap().file_name());
    let names = files.map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".md") && name != "SUMMARY.md").map(|name| format!("docs/{name}")).collect()
}

#[test]
fn whatever_can_be_typed_or_written_is_tried() {
    for path in pages() {
        let is_tried = ["console", "sh", "sql", "toml", "rust", "yaml", "json"];
        let has_any = blocks(&path).iter().any(|block| is_tried.contains(&block.language.as_str()));
        let module = ELSEWHERE.iter().find(|(page, _)| *page == path).map(|(_, module)| module);
        if let Some(module) = module {
            let test = page(&format!("tests/{module}.rs"));
            assert!(test.contains(&format!("\"{path}\"")), "tests/{module}.rs does not know {path}");
        }
        // `docs/lints.md` is written by the rules, whose own tests run every example.
        let is_run = STORIES.contains(&&*path) || module.is_some() || path == "docs/lints.md";
        assert!(!has_any || is_run, "nobody runs the blocks of {path}: add it to the stories");
        for block in blocks(&path) {
            let known = is_tried.contains(&block.language.as_str()) || ["text", "mermaid"].contains(&&*block.language);
            assert!(known, "{block}: nobody knows what `{}` is", block.language);
        }
    }
}

#[test]
fn packages_of_the_stories_have_names_of_their_own() {
    let mut names = BTreeSet::new();
    for path in STORIES.iter().copied().chain(["README.md"]) {
        for step in blocks(path).iter().filter(|block| block.language == "console").flat_map(|block| block.steps()) {
            if let Some(name) = step.command.strip_prefix("cargo new ") {
                let name = name.trim_start_matches("--lib ").to_owned();
                assert!(names.insert(name.clone()), "{path}: `{name}` is a package of another page: they run at once");
            }
        }
    }
}

#[test]
fn every_page_is_in_the_table_of_contents_once() {
    let summary = page("docs/SUMMARY.md");
    let listed: Vec<String> = links(&summary).into_iter().map(|link| format!("docs/{link}")).collect();
    let once: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), once.len(), "{listed:?}");
    assert_eq!(once, pages());
}

#[test]
fn every_link_leads_somewhere() {
    let read = ["README.md", "docs/SUMMARY.md", "examples/README.md", "CONTRIBUTING.md"].map(str::to_owned);
    let mut followed = 0;
    for path in pages().into_iter().chain(read) {
        let text = page(&path);
        for link in links(&text) {
            let (file, anchor) = link.split_once('#').map_or((link.as_str(), None), |(file, it)| (file, Some(it)));
            let target = match ["blob", "tree"].iter().find_map(|it| file.strip_prefix(&format!("{FORGE}/{it}/main/")))
            {
                Some(file) => file.to_owned(),
                None if file.contains("://") => continue,
                None if file.is_empty() => path.clone(),
                None => normal(&Path::new(&path).parent().unwrap().join(file)),
            };
            // The book has no other files.
            let stays = !path.starts_with("docs/") || target.starts_with("docs/") || file.starts_with(FORGE);
            assert!(stays, "{path}: `{link}` leads out of the book: name it by {FORGE}/blob/main/…");
            assert!(checkout().join(&target).exists(), "{path}: `{link}` leads nowhere");
            if let Some(anchor) = anchor {
                let anchors = anchors(&page(&target));
                assert!(anchors.contains(anchor), "{path}: `{link}` names no heading of {target}: {anchors:?}");
            }
            followed += 1;
        }
    }
    assert!(followed > 60, "only {followed}");
}

/// The targets of the links in a page: `[text](target)`, outside of code.
fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for line in prose(text) {
        // Code in a line is no link, but the text of a link may be code.
        let mut rest = line;
        while let Some(at) = rest.find("](") {
            rest = &rest[at + 2..];
            let Some(end) = rest.find(')') else { break };
            links.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
    }
    links
}

/// The lines outside of fenced blocks.
fn prose(text: &str) -> Vec<&str> {
    let mut is_code = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            lines.push(line);
        }
    }
    lines
}

/// What headings are called in links: small letters, digits, `-` and `_`, spaces as `-`, and a number when it is taken.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for line in prose(text) {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let letters = title.trim().chars().filter_map(|letter| match letter {
            ' ' => Some('-'),
            '-' | '_' => Some(letter),
            other => other.is_alphanumeric().then(|| other.to_ascii_lowercase()),
        });
        let name: String = letters.collect();
        let taken = (1..).map(|at| format!("{name}-{at}"));
        let free = std::iter::once(name.clone()).chain(taken).find(|name| !anchors.contains(name));
        anchors.extend(free);
    }
    anchors
}

/// A path without `.` and `..`.
fn normal(path: &Path) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in path.components() {
        match part.as_os_str().to_string_lossy().as_ref() {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part.to_owned()),
        }
    }
    parts.join("/")
}
