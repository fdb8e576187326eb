//! Text that nobody would write, for tests: pieces of SQL, directives and Rust in any order, always the same ones.

/// A deterministic source of such text.
pub(crate) struct Soup(u64);

const SHORT: &[&str] = &[
    "CREATE", "TEMP", "TRIGGER", "TABLE", "VIEW", "BEGIN", "END", "COMMIT", "EXPLAIN", "AS", "WITH", "UPDATE",
    "INSERT", "INTO", "OR", "REPLACE", "DO", "DROP", "PRAGMA", "VACUUM", "OFF", "a", "x", "(", ")", ";", ";", ";", ".",
    ",", "=", "'", "\"", "`", "[", "]", "--", "/*", "*/", "/", "*", "\n", "\n", "1", ".5", "0x", "e", "_", ":", "::",
    "$", "?", "#", "!", "|", "<", ">", "\\", "{", "}", "\0", "\u{b}", "ü", "'a;b'", "/*;*/", "+goose", "down", "r#\"",
    "\"#", "b'", "pub", "fn", "up",
];
const LONG: &[&str] = &[
    "\u{feff}",
    "foreign_keys",
    "\n-- dbmigrate: down\n",
    "\n-- dbmigrate: call a\n",
    "\n-- dbmigrate: assert SELECT 1\n",
    "\n-- dbmigrate: requires 001_a\n",
    "\n-- dbmigrate: no-transaction\n",
    "\n-- dbmigrate: ",
    "\n-- DBMigrate",
    "\n// dbmigrate: version 1\n",
];

impl Soup {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    /// Up to `pieces` pieces, with a blank after some.
    pub(crate) fn text(&mut self, pieces: usize) -> String {
        let mut text = String::new();
        for _ in 0..self.below(pieces + 1) {
            let pieces = if self.below(8) == 0 { LONG } else { SHORT };
            text.push_str(self.pick(pieces));
            if self.below(2) == 0 {
                text.push(' ');
            }
        }
        text
    }

    /// Up to `count` of these pieces.
    pub(crate) fn pieces(&mut self, pieces: &[&str], count: usize) -> String {
        (0..self.below(count + 1)).map(|_| self.pick(pieces)).collect()
    }

    /// One of these.
    pub(crate) fn pick<'p>(&mut self, pieces: &[&'p str]) -> &'p str {
        pieces[self.below(pieces.len())]
    }
}
