//! `toml` is the judge: what it takes is a document, and says the same.

use std::fmt::Write;

use toml::de::{DeTable, DeValue};

use super::*;
use crate::testing::Soup;

/// A table as text, keys sorted: `toml` has them so.
fn show(table: &Table) -> String {
    let mut entries: Vec<_> = table.entries().iter().collect();
    entries.sort_by(|(a, _), (b, _)| a.text.cmp(&b.text));
    let entries = entries.iter().map(|(key, value)| format!("{:?}: {}", key.text, show_value(value)));
    format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
}

fn show_value(value: &Value) -> String {
    match &value.kind {
        Kind::String(text) => format!("{text:?}"),
        Kind::Integer(number) => format!("{number:?}"),
        Kind::Boolean(value) => value.to_string(),
        Kind::Array { values, .. } => format!("{:?}", values.iter().map(show_value).collect::<Vec<_>>()),
        Kind::Table(table) => show(table),
        Kind::Float | Kind::Datetime => value.type_str().to_owned(),
    }
}

fn judged(table: &DeTable<'_>) -> String {
    let entries = table.iter().map(|(key, value)| format!("{:?}: {}", key.get_ref(), judged_value(value.get_ref())));
    format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
}

fn judged_value(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => format!("{:?}", u64::from_str_radix(number.as_str(), number.radix()).ok()),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Array(values) => {
            format!("{:?}", values.iter().map(|it| judged_value(it.get_ref())).collect::<Vec<_>>())
        }
        DeValue::Table(table) => judged(table),
        other => other.type_str().to_owned(),
    }
}

#[track_caller]
fn check(text: &str) {
    let (own, judge) = (parse(text), DeTable::parse(text));
    match (&own, &judge) {
        (Ok(own), Ok(judge)) => assert_eq!(show(own), judged(judge.get_ref()), "{text}"),
        (Err(_), Err(_)) => {}
        _ => panic!("{text}\n{own:?}\n{judge:?}"),
    }
}

/// What makes and refuses tables, one of each line or none.
const LINES: [&str; 28] = [
    "[a]",
    "[b]",
    "[a.b]",
    "[a.b.c]",
    "[b.a]",
    "[[a]]",
    "[[a.b]]",
    "[[b]]",
    "[[a.b.c]]",
    "a = 1",
    "b = 'x'",
    "a.b = 2",
    "a.b.c = 3",
    "b.a = [1, 'x', {}]",
    "a = {}",
    "a = { b = 1 }",
    "a = { b.c = 1, b.d = 2 }",
    "a = { b = 1, b.c = 2 }",
    "a = { b.c = 1, b = 2 }",
    "b = [{ a = 1 }, { a = 2 }]",
    "b = [[1], []]",
    "c = 0x1f",
    "c = -1",
    "c = 99999999999999999999",
    "c = 1.5",
    "c = true",
    "\"a\".'b' = \"\"\"\n\\u0041\"\"\"",
    "c = '''\nx'''",
];

#[test]
fn tables_are_defined_as_toml_defines_them() {
    for first in LINES {
        check(first);
        for second in LINES {
            check(&format!("{first}\n{second}\n"));
            for third in LINES {
                check(&format!("{first}\n{second}\n{third}\n"));
            }
        }
    }
}

#[test]
fn of_longer_documents_too() {
    let mut soup = Soup::new(11);
    for _ in 0..5_000 {
        let mut text = String::new();
        for _ in 0..8 {
            let _ = writeln!(text, "{}", LINES[soup.below(LINES.len())]);
        }
        check(&text);
    }
}

#[test]
fn whatever_stands_there_is_no_panic() {
    let mut soup = Soup::new(12);
    let signs =
        ["[", "]", "[[", "]]", "{", "}", "=", ".", ",", "a", "b", "'", "\"", "\n", " ", "1", "#", "\\", "é", "true"];
    for _ in 0..20_000 {
        let text: String = (0..12).map(|_| signs[soup.below(signs.len())]).collect();
        check(&text);
    }
}

#[test]
fn keys_and_values_have_their_places_in_the_order_of_the_file() {
    let text = "z = 'x'\n[b]\ny.x = [1]\n[[c]]\n[a]\n";
    let table = parse(text).unwrap();
    let at = |span: &Range<usize>| &text[span.clone()];
    let shown: Vec<_> = table.entries().iter().map(|(key, value)| (at(&key.span), at(&value.span))).collect();
    assert_eq!(shown, [("z", "'x'"), ("b", "[b]"), ("c", "[[c]]"), ("a", "[a]")]);
    let inner = table.get("b").and_then(Value::as_table).unwrap();
    let (key, value) = inner.entry("y").unwrap();
    assert_eq!((at(&key.span), at(&value.span)), ("y", "y"));
    let value = value.as_table().and_then(|it| it.get("x")).unwrap();
    assert_eq!((at(&value.span), value.as_array().map(<[_]>::len)), ("[1]", Some(1)));
}

#[test]
fn a_fault_has_words_and_a_place() {
    for (text, expect) in [
        ("a = 1\na = 2", (6..7, "duplicate key")),
        ("a = {b = 1}\n[a.c]", (13..14, "cannot extend value of type inline table with a dotted key")),
        ("a = 1\na.b = 2", (6..7, "cannot extend value of type integer with a dotted key")),
        ("a", (1..1, "key with no value, expected `=`")),
    ] {
        let fault = parse(text).unwrap_err();
        assert_eq!((fault.span, fault.message.as_str()), expect, "{text}");
        assert_eq!(DeTable::parse(text).unwrap_err().message(), expect.1);
    }
}

#[test]
fn depth_has_an_end_and_length_takes_time_in_proportion() {
    for text in [
        "a.".repeat(100_000) + "a = 1",
        format!("[{}a]", "a.".repeat(100_000)),
        "a = ".to_owned() + &"[".repeat(100_000),
        "a = ".to_owned() + &"{ a.a.a.a.a = ".repeat(100_000),
        "a = ".to_owned() + &"[{ a.a.a.a.a = ".repeat(30) + "1" + &"}]".repeat(30),
    ] {
        assert!(parse(&text).is_err());
    }
    let keys: String = (0..100_000).map(|at| format!("k{at} = {at}\n")).collect();
    assert_eq!(parse(&keys).unwrap().entries().len(), 100_000);
    assert_eq!(parse(&"[[a.b]]\nc.d = 1\n".repeat(100_000)).unwrap().entries().len(), 1);
}
