//! The grammar of the names in the folder: `NNN_snake_case.sql`, `.up.sql`, `.down.sql` and `.rs`.
//!
//! A name is parsed leniently and then written in its correct form; it is right if the two are equal. So every wrong
//! name comes with the right one. Which names fit together is checked by [`crate::sequence`].

use std::fmt;

use crate::config::{Config, Numbering};
use crate::nearest::nearest;
use crate::snapshot;

mod number;
mod side;

use number::read_number;
pub use number::{MAX_NUMBER, next};
#[cfg(feature = "layouts")]
pub(crate) use number::{exists, parts, second_after};
pub use side::{HOOKS, SideName, hook, repeatable};

/// What the files of one migration have in common: its number and its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stem {
    /// The number, which determines the order.
    pub number: u64,
    /// The number as the name writes it, such as `001`.
    pub digits: String,
    /// The rest, such as `initial_schema`.
    pub slug: String,
}

/// The full name: `001_initial_schema`.
impl fmt::Display for Stem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.digits, self.slug)
    }
}

/// What a file is, according to its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileName {
    /// An up script in SQL.
    Up {
        /// Its number and name.
        stem: Stem,
        /// Whether it ends in `.up.sql`.
        explicit_up: bool,
    },
    /// A down script in SQL.
    Down {
        /// Its number and name.
        stem: Stem,
    },
    /// A migration in Rust.
    Rust {
        /// Its number and name.
        stem: Stem,
    },
    /// Not a migration, nor anything that looks like one.
    Ignored,
    /// An SQL or Rust file without a number.
    Unnumbered {
        /// What comes after the number that it needs, such as `add_users.sql`.
        rest: Option<String>,
    },
    /// Probably a migration, under a wrong name.
    Misnamed {
        /// The number that it claims.
        number: Option<u64>,
        /// The name it should have, where that is certain.
        suggestion: Option<String>,
        /// What is wrong with the name it has.
        why: String,
    },
}

/// The endings, as the grammar writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Sql,
    Up,
    Down,
    Rust,
}

impl Ending {
    fn as_str(self) -> &'static str {
        match self {
            Self::Sql => ".sql",
            Self::Up => ".up.sql",
            Self::Down => ".down.sql",
            Self::Rust => ".rs",
        }
    }
}

/// Parses the name of a file in the folder of migrations.
#[must_use]
pub fn parse(name: &str, config: &Config) -> FileName {
    let misnamed = |number, suggestion, why: &str| FileName::Misnamed { number, suggestion, why: why.to_owned() };
    let lower = name.to_ascii_lowercase();
    if is_ignored(&lower) {
        return FileName::Ignored;
    }
    if is_left_behind(&lower) {
        return misnamed(None, None, LEFT_BEHIND);
    }
    let Some((stem, mut ending)) = split_ending(name, &lower) else { return FileName::Ignored };
    match lower.as_str() {
        "mod.rs" => return misnamed(None, None, "the module of the migrations is generated, so delete it"),
        // What it is worth is for [`crate::snapshot`] to say.
        snapshot::FILE if name == snapshot::FILE => return FileName::Ignored,
        snapshot::FILE => return misnamed(None, None, "the snapshot of a set is called `snapshot.sql`"),
        _ => {}
    }

    let (prefix, numbered) = tool_prefix(stem);
    let (digits, after) = split_number(numbered, config.numbering);
    let rest = after.trim_start_matches(['_', '-', ' ', '.']);
    let mut slug = slug(rest);
    if ending == Ending::Sql {
        // Taken as a way up it would undo what its neighbour did, so no way up may have such a name.
        let base = slug.as_deref().and_then(|slug| slug.strip_suffix("down"));
        if let Some(base) = base.filter(|base| base.is_empty() || base.ends_with('_')) {
            (slug, ending) = (self::slug(base), Ending::Down);
        } else if prefix == Some('u') {
            ending = Ending::Down;
        }
    }
    if digits.is_empty() {
        return FileName::Unnumbered { rest: slug.map(|slug| slug + ending.as_str()) };
    }
    let number = match read_number(&digits, config) {
        Ok(number) => number,
        Err(why) => return misnamed(None, None, why),
    };
    if after.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && !after[1..].starts_with(char::is_alphanumeric) {
        let why = "a number is not followed by a letter; give the file a number of its own";
        return misnamed(Some(number), None, why);
    }
    let Some(slug) = slug else {
        let why = if rest.is_ascii() {
            "it has a number but no name; add one that says what it does"
        } else {
            "names consist of `a` to `z`, digits and `_`"
        };
        return misnamed(Some(number), None, why);
    };
    if lower.ends_with(".down.rs") {
        let why = "a Rust migration is rolled back by `pub fn down` in the same file as `pub fn up`";
        return misnamed(Some(number), None, why);
    }

    let right = Stem { number, digits: config.digits(number), slug };
    let right_name = format!("{right}{}", ending.as_str());
    if right_name != name {
        let why = if &name[stem.len()..] != ending.as_str() {
            format!("its ending must be `{}`", ending.as_str())
        } else if prefix.is_some() {
            "a name begins with the number".to_owned()
        } else if stem[..stem.len() - after.len()] != right.digits {
            match config.numbering {
                Numbering::Sequential => format!("numbers have {} digits here", config.width),
                Numbering::Timestamp => "its number must be written `YYYYMMDDHHMMSS`".to_owned(),
            }
        } else {
            "after the number comes `_` and a name in snake_case".to_owned()
        };
        return FileName::Misnamed { number: Some(number), suggestion: Some(right_name), why };
    }
    match ending {
        Ending::Sql | Ending::Up => FileName::Up { stem: right, explicit_up: ending == Ending::Up },
        Ending::Down => FileName::Down { stem: right },
        Ending::Rust => FileName::Rust { stem: right },
    }
}

impl FileName {
    /// Whether it is a migration or the down script of one, rightly named.
    pub(crate) fn is_migration(&self) -> bool {
        matches!(self, Self::Up { .. } | Self::Down { .. } | Self::Rust { .. })
    }

    /// The number that a file claims, whether its name is right or wrong.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Misnamed { number, .. } => *number,
            Self::Down { stem } => Some(stem.number),
            _ => self.up_script().map(|stem| stem.number),
        }
    }

    /// The number and the name of an up script.
    #[must_use]
    pub fn up_script(&self) -> Option<&Stem> {
        match self {
            Self::Up { stem, .. } | Self::Rust { stem } => Some(stem),
            _ => None,
        }
    }
}

/// Whether a file is none of ours: hidden, or what an editor or a person keeps beside the files that count.
fn is_ignored(lower: &str) -> bool {
    let ending = lower.rsplit_once('.').map(|(_, ending)| ending);
    lower.starts_with('.')
        || lower.ends_with('~')
        || lower == "migrations.lock"
        || matches!(ending, Some("swp" | "bak" | "md"))
}

/// Whether a file is what a merge or a patch could not place.
fn is_left_behind(lower: &str) -> bool {
    lower.ends_with(".orig") || lower.ends_with(".rej")
}

const LEFT_BEHIND: &str = "a merge or a patch left it behind; take what you need from it, then delete it";

/// The name without its endings, and what they mean; none where they are not those of a migration.
fn split_ending<'n>(name: &'n str, lower: &str) -> Option<(&'n str, Ending)> {
    let digit = lower.as_bytes().first().is_some_and(u8::is_ascii_digit);
    let mut end = name.len();
    let (mut sql, mut rust, mut up, mut down) = (false, false, false, false);
    while let Some(dot) = lower[..end].rfind('.') {
        match &lower[dot + 1..end] {
            "sql" => sql = true,
            "rs" => rust = true,
            "up" => up = true,
            "down" => down = true,
            "txt" | "" => {}
            // A slip such as `.slq` in what is otherwise a migration's name.
            slip if digit && end == name.len() && nearest(slip, ["sql"]).is_some() => sql = true,
            _ => break,
        }
        end = dot;
    }
    // `001_users`, `001_users.up`: the ending was forgotten.
    let bare = !lower.contains('.');
    let ending = match (sql || (digit && lower.contains('_') && (up || down || bare)), rust) {
        (true, false) if down => Ending::Down,
        (true, false) if up => Ending::Up,
        (true, false) => Ending::Sql,
        (_, true) => Ending::Rust,
        (false, false) => return None,
    };
    Some((&name[..end], ending))
}

/// The `V` or `U` before a number, by which other tools tell up and down apart.
fn tool_prefix(stem: &str) -> (Option<char>, &str) {
    let mut letters = stem.chars();
    match (letters.next().map(|letter| letter.to_ascii_lowercase()), letters.next()) {
        (Some(letter @ ('v' | 'u')), Some(next)) if next.is_ascii_digit() => (Some(letter), &stem[1..]),
        _ => (None, stem),
    }
}

/// The digits at the start, and what follows. A timestamp may be written with dashes.
fn split_number(stem: &str, numbering: Numbering) -> (String, &str) {
    let dashes = numbering == Numbering::Timestamp;
    let belongs = |letter: char| letter.is_ascii_digit() || (dashes && letter == '-');
    let (number, rest) = stem.split_at(stem.find(|letter| !belongs(letter)).unwrap_or(stem.len()));
    (number.chars().filter(char::is_ascii_digit).collect(), rest)
}

/// Converts what people type to snake_case: `Add user prefs` and `addUserPrefs` become `add_user_prefs`. Returns `None`
/// if nothing is left, or if a letter is not allowed in a name.
#[must_use]
pub fn slug(text: &str) -> Option<String> {
    let mut slug = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut before = '_';
    while let Some(letter) = letters.next() {
        if !letter.is_ascii() && letter.is_alphanumeric() {
            return None;
        }
        let hump = letter.is_ascii_uppercase()
            && (!before.is_ascii_uppercase() || letters.peek().is_some_and(char::is_ascii_lowercase));
        if (hump || !letter.is_ascii_alphanumeric()) && !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        }
        before = letter;
    }
    slug.truncate(slug.trim_end_matches('_').len());
    (!slug.is_empty()).then_some(slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timestamps() -> Config {
        Config { numbering: Numbering::Timestamp, ..Config::default() }
    }

    /// What `parse` says, in one line: a kind with the full name, or the name that it should have with the reason.
    fn say(name: &str, config: &Config) -> String {
        match parse(name, config) {
            FileName::Up { stem, explicit_up: false } => format!("up {} {stem}", stem.number),
            FileName::Up { stem, explicit_up: true } => format!("up! {} {stem}", stem.number),
            FileName::Down { stem } => format!("down {} {stem}", stem.number),
            FileName::Rust { stem } => format!("rust {} {stem}", stem.number),
            FileName::Ignored => "ignored".to_owned(),
            FileName::Unnumbered { rest } => format!("unnumbered {}", rest.unwrap_or_default()),
            FileName::Misnamed { suggestion: Some(right), .. } => format!("-> {right}"),
            FileName::Misnamed { why, .. } => why,
        }
    }

    fn check(config: &Config, cases: &[(&str, &str)]) {
        for (name, expect) in cases {
            let said = say(name, config);
            assert!(said == *expect || (!expect.is_empty() && said.contains(expect)), "{name}: {said}");
            if let FileName::Misnamed { suggestion: Some(right), .. } = parse(name, config) {
                let again = parse(&right, config);
                let fits = matches!(again, FileName::Up { .. } | FileName::Down { .. } | FileName::Rust { .. });
                assert!(fits, "{name} should be {right}, which is {again:?}");
            }
        }
    }

    #[test]
    fn right_names() {
        check(
            &Config::default(),
            &[
                ("001_initial_schema.sql", "up 1 001_initial_schema"),
                ("001_initial_schema.up.sql", "up! 1 001_initial_schema"),
                ("001_initial_schema.down.sql", "down 1 001_initial_schema"),
                ("003_backfill_slugs.rs", "rust 3 003_backfill_slugs"),
                ("000_x.sql", "up 0 000_x"),
                ("004_clean_up.sql", "up 4 004_clean_up"),
                ("004_break_down.up.sql", "up! 4 004_break_down"),
                ("005_2fa.sql", "up 5 005_2fa"),
                ("006_v2_schema_3.sql", "up 6 006_v2_schema_3"),
                ("999_x.sql", "up 999 999_x"),
                ("1000_x.sql", "up 1000 1000_x"),
                ("9223372036854775807_x.sql", "up 9223372036854775807 9223372036854775807_x"),
                ("20240101120000_x.sql", "up 20240101120000 20240101120000_x"),
                ("002_a_table.sql", "up 2 002_a_table"),
            ],
        );
        check(
            &Config { width: 4, ..Config::default() },
            &[("0000_a.sql", "up 0 0000_a"), ("001_a.sql", "-> 0001_a.sql")],
        );
        check(&Config { width: 1, ..Config::default() }, &[("12_a.sql", "up 12 12_a"), ("012_a.sql", "-> 12_a.sql")]);
    }

    #[test]
    fn wrong_names_come_with_the_right_one() {
        check(
            &Config::default(),
            &[
                ("1_x.sql", "-> 001_x.sql"),
                ("0001_x.sql", "-> 001_x.sql"),
                ("002-Add Users.sql", "-> 002_add_users.sql"),
                ("002_addUsers.sql", "-> 002_add_users.sql"),
                ("002AddUsers.sql", "-> 002_add_users.sql"),
                ("002 add users.sql", "-> 002_add_users.sql"),
                ("002__x.sql", "-> 002_x.sql"),
                ("002_x_.sql", "-> 002_x.sql"),
                ("002_x.y.sql", "-> 002_x_y.sql"),
                ("002.x.sql", "-> 002_x.sql"),
                ("002_x.SQL", "-> 002_x.sql"),
                ("002_x.Down.Sql", "-> 002_x.down.sql"),
                ("002_x.RS", "-> 002_x.rs"),
                ("002_x.slq", "-> 002_x.sql"),
                ("002_x.sql.txt", "-> 002_x.sql"),
                ("002_x.sql.sql", "-> 002_x.sql"),
                ("002_x.up..sql", "-> 002_x.up.sql"),
                ("002_x..sql", "-> 002_x.sql"),
                ("002_x.sql.down", "-> 002_x.down.sql"),
                ("002_x_down.sql", "-> 002_x.down.sql"),
                ("002-x-down.sql", "-> 002_x.down.sql"),
                ("002_x_DOWN.SQL", "-> 002_x.down.sql"),
                ("002_x.up.rs", "-> 002_x.rs"),
                ("002_x", "-> 002_x.sql"),
                ("002_x.down", "-> 002_x.down.sql"),
                ("V1__initial.sql", "-> 001_initial.sql"),
                ("U1__initial.sql", "-> 001_initial.down.sql"),
                ("V1__initial.rs", "-> 001_initial.rs"),
                ("002_x.down.rs", "`pub fn down` in the same file"),
                ("002a_x.sql", "not followed by a letter"),
                ("002a.sql", "not followed by a letter"),
                ("001.sql", "no name"),
                ("001_.sql", "no name"),
                ("001_down.sql", "no name"),
                ("001_größe.sql", "`a` to `z`"),
                ("9223372036854775808_x.sql", "does not fit"),
                ("99999999999999999999999_x.sql", "does not fit"),
                ("002_x.sql.orig", "a merge or a patch"),
                ("002_x.sql.rej", "a merge or a patch"),
                ("mod.rs", "is generated"),
                ("Snapshot.sql", "is called `snapshot.sql`"),
            ],
        );
    }

    #[test]
    fn the_reason_names_the_first_thing_that_differs() {
        for (name, expect) in [
            ("002_x.SQL", "its ending must be `.sql`"),
            ("002_x_down.sql", "its ending must be `.down.sql`"),
            ("V1__x.sql", "a name begins with the number"),
            ("1_x.sql", "numbers have 3 digits here"),
            ("002-x.sql", "after the number comes `_` and a name in snake_case"),
        ] {
            let FileName::Misnamed { why, .. } = parse(name, &Config::default()) else { panic!("{name}") };
            assert_eq!(why, expect, "{name}");
        }
    }

    #[test]
    fn a_file_without_a_number_says_what_follows_it() {
        check(
            &Config::default(),
            &[
                ("add_users.sql", "unnumbered add_users.sql"),
                ("Add Users.down.sql", "unnumbered add_users.down.sql"),
                ("helpers.rs", "unnumbered helpers.rs"),
                ("R__view.sql", "unnumbered r_view.sql"),
                ("ü.sql", "unnumbered "),
                ("_.sql", "unnumbered "),
            ],
        );
    }

    #[test]
    fn what_is_no_migration_is_ignored() {
        for name in [
            ".gitkeep",
            ".001_x.sql",
            ".001_x.sql.swp",
            "001_x.sql~",
            "001_x.swp",
            "001_x.sql.bak",
            "README.md",
            "001_x.MD",
            "migrations.lock",
            "README",
            "notes.txt",
            "diagram.png",
            "001_data.csv",
            "_journal.json",
            "x.down",
            "ü",
        ] {
            assert_eq!(parse(name, &Config::default()), FileName::Ignored, "{name}");
        }
    }

    #[test]
    fn timestamps_are_moments() {
        check(
            &timestamps(),
            &[
                ("20240115103022_x.sql", "up 20240115103022 20240115103022_x"),
                ("20240229000000_x.down.sql", "down 20240229000000 20240229000000_x"),
                ("2018-01-14-171611_create_tables.sql", "-> 20180114171611_create_tables.sql"),
                ("20240101_x.sql", "-> 20240101000000_x.sql"),
                ("V20240101__x.sql", "-> 20240101000000_x.sql"),
                ("202401011030_x.sql", "-> 20240101103000_x.sql"),
                ("20230229000000_x.sql", "not a valid time"),
                ("20241301000000_x.sql", "not a valid time"),
                ("20240100000000_x.sql", "not a valid time"),
                ("20240101240000_x.sql", "not a valid time"),
                ("20240101006000_x.sql", "not a valid time"),
                ("20240101000060_x.sql", "not a valid time"),
                ("001_x.sql", "not a valid time"),
                ("x.sql", "unnumbered x.sql"),
            ],
        );
    }

    #[test]
    fn no_name_is_too_odd() {
        let pieces = ["0", "001", "_", "-", ".", " ", "a", "B", "ü", "down", "up", "sql", "rs", "V", "'", "\u{1F600}"];
        for config in [Config::default(), timestamps(), Config { width: usize::MAX, ..Config::default() }] {
            for index in 0..pieces.len().pow(4) {
                let name: String = (0..4).map(|at| pieces[index / pieces.len().pow(at) % pieces.len()]).collect();
                if let FileName::Misnamed { suggestion: Some(right), .. } = parse(&name, &config) {
                    assert!(!matches!(parse(&right, &config), FileName::Misnamed { .. }), "{name} -> {right}");
                }
            }
        }
    }

    #[test]
    fn what_people_type_becomes_snake_case() {
        for (text, expect) in [
            ("Add user prefs", Some("add_user_prefs")),
            ("addUserPrefs", Some("add_user_prefs")),
            ("AddUserPrefs", Some("add_user_prefs")),
            ("HTTPServer", Some("http_server")),
            ("v2Schema", Some("v2_schema")),
            ("add-user--prefs", Some("add_user_prefs")),
            ("  add/user… prefs!  ", Some("add_user_prefs")),
            ("already_snake_case", Some("already_snake_case")),
            ("2fa", Some("2fa")),
            ("größe", None),
            ("!?", None),
            ("", None),
        ] {
            assert_eq!(slug(text).as_deref(), expect, "{text}");
        }
    }
}
