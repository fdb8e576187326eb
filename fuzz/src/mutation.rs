//! Inputs made of others, the same ones in every run: the bounded part of fuzzing.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// What people write, and what breaks what they write.
const WORDS: [&str; 40] = [
    "CREATE TABLE ",
    "CREATE UNIQUE INDEX ",
    "CREATE VIEW ",
    "CREATE TRIGGER ",
    "CREATE VIRTUAL TABLE ",
    "ALTER TABLE ",
    " RENAME TO ",
    "DROP ",
    " AS ",
    " SELECT ",
    " FROM ",
    " WHERE ",
    " WITHOUT ROWID",
    " STRICT",
    " PRIMARY KEY ",
    " REFERENCES ",
    " ON CONFLICT REPLACE ",
    " COLLATE ",
    " CHECK (",
    " DEFAULT ",
    " GENERATED ALWAYS AS (",
    " CONSTRAINT ",
    "BEGIN;\n",
    "END;",
    "COMMIT;\n",
    "-- dbmigrate: down\n",
    "-- dbmigrate: no-transaction\n",
    "-- dbmigrate: assert SELECT 1\n",
    "-- dbmigrate: requires 001_a\n",
    "/*",
    "*/",
    "'",
    "\"",
    "[",
    "]",
    "(",
    ")",
    ";",
    "\u{0}",
    "\u{e9}",
];

/// The files of some folders, in the order of their names.
///
/// # Panics
///
/// Where a folder can't be read, or all are empty.
pub(crate) fn inputs(folders: &[&Path]) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for folder in folders {
        let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        files.extend(entries.map(|entry| entry.expect("the folder can be listed").path()));
    }
    files.sort();
    assert!(!files.is_empty(), "there is no input");
    files.iter().map(|file| fs::read(file).expect("the input can be read")).collect()
}

/// What may be repeated, and so be deep or long.
const REPEATED: [&str; 12] = [
    "(",
    "CASE WHEN ",
    "NOT ",
    "- ",
    "a.",
    "a, ",
    "a ",
    "'' || ",
    "SELECT (",
    "/*",
    "BEGIN; ",
    "-- dbmigrate: call a\n",
];

/// Calls `check` with every input as it is, with some that are deep, and with so many changed ones.
pub(crate) fn each(inputs: &[Vec<u8>], changed: usize, check: impl Fn(&[u8])) {
    let check = |bytes: &[u8]| {
        let done = catch_unwind(AssertUnwindSafe(|| check(bytes)));
        assert!(done.is_ok(), "of this input: {}", bytes.escape_ascii());
    };
    inputs.iter().for_each(|input| check(input));
    for start in ["CREATE TABLE t (a CHECK (", "CREATE VIEW v AS SELECT ", "CREATE TRIGGER r AFTER INSERT ON t BEGIN "]
    {
        REPEATED.iter().for_each(|word| check(format!("{start}{}", word.repeat(5_000)).as_bytes()));
    }
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..changed {
        let mut bytes = inputs[dice.below(inputs.len())].clone();
        for _ in 0..=dice.below(6) {
            change(&mut bytes, &inputs[dice.below(inputs.len())], &mut dice);
        }
        check(&bytes);
    }
}

fn change(bytes: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    let at = dice.below(bytes.len() + 1);
    let end = (at + dice.below(20)).min(bytes.len());
    match dice.below(6) {
        0 => drop(bytes.drain(at..end)),
        1 => bytes.splice(at..at, WORDS[dice.below(WORDS.len())].bytes()).for_each(drop),
        2 => bytes.splice(at..end, WORDS[dice.below(WORDS.len())].bytes()).for_each(drop),
        3 => {
            let from = dice.below(other.len() + 1);
            let to = (from + dice.below(60)).min(other.len());
            bytes.splice(at..at, other[from..to].iter().copied()).for_each(drop);
        }
        4 => bytes.extend_from_within(at..end),
        _ => bytes[at..end].iter_mut().take(1).for_each(|byte| *byte ^= 1 << dice.below(8)),
    }
}

/// Numbers that look random.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}
