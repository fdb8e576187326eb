//! What SQLite's messages mean. They are told by their texts: not every library hands out SQLite's codes (diesel does
//! not), and half of these have no code of their own.

const FULL: &str = "database or disk is full";

/// What such a message begins with, and what to do about it.
const REMEDIES: [(&str, &str); 10] = [
    (FULL, "free some disk space, or raise the limit, then try again"),
    ("disk I/O error", "check the disk, and the limits of this process, then try again"),
    ("unable to open database file", "make the folder of the database writable, then try again"),
    ("attempt to write a readonly database", "make the database and its folder writable, then try again"),
    ("database disk image is malformed", DAMAGED),
    (
        "malformed database schema",
        "if a newer SQLite wrote it, use that version; else the file is damaged: to restore a copy: `cargo dbmigrate \
         restore`",
    ),
    (
        "file is not a database",
        "the file is damaged, encrypted, or not a database: name another, or restore a copy: `cargo dbmigrate restore`",
    ),
    ("no such function", REGISTERED),
    ("no such collation sequence", REGISTERED),
    ("no such module", REGISTERED),
];

pub(crate) const DAMAGED: &str =
    "the file is damaged: `PRAGMA integrity_check` shows where; to restore a copy: `cargo dbmigrate restore`";

const REGISTERED: &str = "if the program registers it, let the program run this, or name it in `replay` of the manifest \
                          and register it in the `runner` binary, which `cargo dbmigrate init --runner` adds";

/// What helps where no migration can; `None` where this is about a statement.
pub(crate) fn remedy(message: &str) -> Option<&'static str> {
    REMEDIES.iter().find(|(start, _)| begins(message, start)).map(|(_, help)| *help)
}

// Not inlined, because the loop over the texts is unrolled.
#[inline(never)]
fn begins(message: &str, start: &str) -> bool {
    message.starts_with(start)
}

/// Whether there is no room.
pub(crate) fn is_full(message: &str) -> bool {
    message.starts_with(FULL)
}

/// Whether it is about the file itself, however that is read.
#[inline]
pub(crate) fn is_about_file(message: &str) -> bool {
    const STARTS: [&str; 4] = [
        "database disk image is malformed",
        "malformed database schema",
        "disk I/O error",
        "unable to open database file",
    ];
    STARTS.iter().any(|start| message.starts_with(start))
}

/// Whether only a program that registers it has what is missing.
#[inline]
pub(crate) fn is_registered(message: &str) -> bool {
    remedy(message) == Some(REGISTERED)
}

/// Whether a foreign key is violated.
pub(crate) fn is_foreign_key(message: &str) -> bool {
    message.starts_with("FOREIGN KEY constraint failed")
}

/// Whether a foreign key refers to columns that are not a key of its parent.
#[inline]
pub(crate) fn is_foreign_key_mismatch(message: &str) -> bool {
    says(message, "foreign key mismatch")
}

/// Whether a statement failed only because what it makes is there.
pub(crate) fn is_existing(message: &str) -> bool {
    ["already exists", "duplicate column name", "there is already "].iter().any(|text| says(message, text))
}

/// Whether a message has these words. It is short: what the standard library searches with is made for long texts, and is
/// large.
#[inline(never)]
pub(crate) fn says(message: &str, words: &str) -> bool {
    message.as_bytes().windows(words.len()).any(|place| place == words.as_bytes())
}
