//! Entity diagrams as pictures: the elements that are there, and two whole pictures.
//!
//! After a change on purpose, `DBMIGRATE_BLESS=1 cargo test -p dbmigrate-schema --test svg` writes the pictures anew.
//! Look at them before they are committed.

#![allow(clippy::unwrap_used)] // Helpers of tests.

use std::path::Path;

use dbmigrate_schema::Schema;
use roxmltree::{Document, Node};

/// A picture is a sound XML document, whatever the names.
fn picture(sql: &str) -> String {
    let picture = Schema::from_sql(sql).unwrap_or_else(|fault| panic!("{fault}")).to_svg();
    Document::parse(&picture).unwrap_or_else(|fault| panic!("{fault}:\n{picture}"));
    picture
}

fn texts(picture: &str, tag: &str) -> Vec<String> {
    let document = Document::parse(picture).unwrap();
    let own = document.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", tag)));
    own.map(|node| node.text().unwrap_or_default().to_owned()).collect()
}

/// The titles of the relations.
fn relations(picture: &str) -> Vec<String> {
    let document = Document::parse(picture).unwrap();
    let own = document.descendants().filter(|node| node.attribute("class") == Some("relation"));
    own.map(|node| node.first_element_child().unwrap().text().unwrap().to_owned()).collect()
}

/// The classes of the lines of the relation with this title.
fn line_of(picture: &str, title: &str) -> String {
    let document = Document::parse(picture).unwrap();
    let is_it = |node: &Node<'_, '_>| {
        node.attribute("class") == Some("relation") && node.first_element_child().unwrap().text() == Some(title)
    };
    let relation = document.descendants().find(is_it).unwrap_or_else(|| panic!("no relation `{title}`"));
    let path = relation.children().find(|node| node.tag_name().name() == "path").unwrap();
    path.attribute("class").unwrap().to_owned()
}

#[track_caller]
fn check(name: &str, sql: &str) {
    let (picture, file) = (picture(sql), Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/svg").join(name));
    if std::env::var_os("DBMIGRATE_BLESS").is_some() {
        std::fs::write(&file, &picture).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(picture == expected, "the picture is not `tests/svg/{name}` any more:\n{picture}");
}

#[test]
fn five_tables() {
    check(
        "five.svg",
        "CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, founded TEXT);
         CREATE TABLE users (
           id INTEGER PRIMARY KEY,
           email TEXT NOT NULL,
           team_id INTEGER NOT NULL REFERENCES teams ON DELETE CASCADE,
           manager_id INTEGER REFERENCES users
         );
         CREATE UNIQUE INDEX users_by_email ON users (email);
         CREATE TABLE posts (
           id INTEGER PRIMARY KEY,
           author_id INTEGER NOT NULL REFERENCES users (id),
           editor_id INTEGER REFERENCES users (id),
           title TEXT NOT NULL
         );
         CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT NOT NULL, language TEXT NOT NULL, UNIQUE (label, language));
         CREATE TABLE post_tags (
           post_id INTEGER REFERENCES posts ON DELETE CASCADE,
           tag_id INTEGER REFERENCES tags,
           PRIMARY KEY (post_id, tag_id)
         ) WITHOUT ROWID;",
    );
}

#[test]
fn what_is_no_plain_table_and_what_refers_in_circles() {
    check(
        "odd.svg",
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b REFERENCES b, x REFERENCES gone (y)) STRICT;
         CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER NOT NULL UNIQUE REFERENCES a, b REFERENCES b (b));
         CREATE VIEW both (one, two) AS SELECT a.id, b.id FROM a JOIN b ON a.b = b.id;
         CREATE VIEW names AS SELECT one FROM both;
         CREATE VIRTUAL TABLE words USING fts5 (title, body, content = 'a');
         CREATE VIRTUAL TABLE places USING rtree (id, x0, x1);"
            .replace("b REFERENCES b, x REFERENCES", "b INT REFERENCES b, x INT REFERENCES")
            .as_str(),
    );
}

#[test]
fn every_reference_has_its_line() {
    let picture = picture(
        "CREATE TABLE p (a INT, b INT, c INT, PRIMARY KEY (a, b), UNIQUE (c));
         CREATE TABLE q (
           a INT NOT NULL, b INT NOT NULL, one INT NOT NULL REFERENCES P (C) ON UPDATE SET NULL, two INT REFERENCES p (c),
           FOREIGN KEY (a, b) REFERENCES p ON DELETE CASCADE, FOREIGN KEY (two, b) REFERENCES p (b, a)
         );
         CREATE TABLE r (id INTEGER PRIMARY KEY REFERENCES r, q INT REFERENCES nowhere);",
    );
    let mut relations = relations(&picture);
    relations.sort_unstable();
    assert_eq!(
        relations,
        [
            "q (a, b) → p (a, b), ON DELETE CASCADE",
            "q (one) → P (C), ON UPDATE SET NULL",
            "q (two) → p (c)",
            "q (two, b) → p (b, a)",
            "r (id) → r (id)",
            "r (q) → nowhere",
        ]
    );
    assert_eq!(line_of(&picture, "q (one) → P (C), ON UPDATE SET NULL"), "line");
    assert_eq!(line_of(&picture, "q (two) → p (c)"), "line may");
    assert_eq!(line_of(&picture, "q (two, b) → p (b, a)"), "line may");
    assert!(texts(&picture, "text").contains(&"missing".to_owned()));
    assert_eq!(texts(&picture, "title")[0], "Schema: 3 tables, 6 references");
}

#[test]
fn names_are_text_whatever_they_hold() {
    let long = "n".repeat(10_000);
    let sql = format!(
        "CREATE TABLE \"</text><script>alert(1)</script>\" (\"a&b\" \"<i>\", \"c\u{1}\u{202e}\u{ffff}\n]]>\" REFERENCES \"{long}\");
         CREATE TABLE \"{long}\" (\"{long}x\" INTEGER PRIMARY KEY, \"'\" \"{long}\");"
    );
    let picture = picture(&sql);
    assert!(!picture.contains("<script") && !picture.contains('\u{202e}') && !picture.contains('\u{1}'));
    let texts = texts(&picture, "text");
    for name in ["</text><script>alert(1)</script>", "a&b", "\"<i>\"", "c\u{2401}\u{fffd}\u{fffd}\u{240a}]]>"] {
        assert!(texts.iter().any(|text| text == name), "{name} in {texts:?}");
    }
    assert!(texts.iter().all(|text| text.chars().count() < 60), "{texts:?}");
    let title = format!("<title>{long}</title>");
    assert!(picture.contains(&title), "the whole name can't be read anywhere");
}

#[test]
fn a_table_of_many_columns_shows_those_that_matter() {
    let columns: Vec<String> = (0..1_500).map(|at| format!("c{at} INT")).collect();
    let picture = picture(&format!(
        "CREATE TABLE t (id INTEGER PRIMARY KEY);
         CREATE TABLE wide ({}, last INT REFERENCES t, PRIMARY KEY (c1499))",
        columns.join(", ")
    ));
    let texts = texts(&picture, "text");
    for shown in ["c0", "c59", "c1499", "last", "… and 1439 more columns"] {
        assert!(texts.iter().any(|text| text == shown), "{shown}");
    }
    assert!(!texts.iter().any(|text| text == "c60"));
}

#[test]
fn a_picture_brings_nothing_from_elsewhere() {
    let picture = picture("CREATE TABLE t (a INT REFERENCES t)");
    let document = Document::parse(&picture).unwrap();
    for node in document.descendants().filter(Node::is_element) {
        assert!(!["script", "image", "use", "foreignObject", "a"].contains(&node.tag_name().name()));
        for attribute in node.attributes() {
            assert!(!attribute.name().starts_with("on") && attribute.name() != "href", "{attribute:?}");
        }
    }
    for word in ["url(", "@import", "@font-face", "var("] {
        assert!(!picture.contains(word), "{word}");
    }
    assert!(picture.contains("@media (prefers-color-scheme: dark)"));
}

#[test]
fn an_empty_schema_is_a_picture_as_well() {
    assert_eq!(texts(&picture(""), "title"), ["Schema: 0 tables, 0 references"]);
}

/// 60 tables, each of which refers to up to three before it.
#[test]
fn sixty_tables_are_all_there() {
    let mut sql = String::new();
    let mut expected = Vec::new();
    for table in 0..60_usize {
        let parents: Vec<usize> = (0..table % 4).map(|key| (table * 7 + key * 11) % table).collect();
        let keys = parents.iter().enumerate().map(|(key, parent)| format!(", key_{key} INT REFERENCES t{parent}"));
        sql.push_str(&format!("CREATE TABLE t{table} (id INTEGER PRIMARY KEY{});\n", keys.collect::<String>()));
        expected.extend(parents.iter().enumerate().map(|(key, at)| format!("t{table} (key_{key}) → t{at} (id)")));
    }
    let mut found = relations(&picture(&sql));
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}
