//! `-- dbmigrate: WORD …`: instructions to the runner, in a comment on a line of its own.
//!
//! A comment that looks like a directive and is not one is an error, and never ignored: if a `down` went unnoticed, the
//! down script would run as part of the up script. Where a directive is allowed is decided by the script, not here.

mod allow;
mod assertion;

use std::fmt;

use crate::diagnostic::Diagnostic;
use crate::nearest::nearest;
use crate::problems::Problems;
use crate::source::{SourceText, Span};

/// A directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directive {
    /// The down script follows.
    Down,
    /// Run statement by statement, without a transaction.
    NoTransaction,
    /// Enforce foreign keys, or not, whatever else the file does.
    ForeignKeys(bool),
    /// Skip statements that fail because something already exists.
    TolerateExisting,
    /// Run the step of this name, written in Rust, here.
    Call(String),
    /// Run what follows only if this query returns one true value.
    Assert(String),
    /// The migration of this name has to be applied before.
    Requires(String),
    /// These lint rules do not apply here, for this reason.
    Allow(Vec<String>, String),
    /// There is no down script, for this reason.
    Irreversible(String),
    /// The version of what a Rust migration does.
    Version(u64),
    /// The file replaces the migrations from the first to the last of these numbers, as written.
    Replaces(String, String),
}

/// The directive in normal form, without `-- dbmigrate:`.
impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Self::Down | Self::NoTransaction => Ok(()),
            Self::ForeignKeys(on) => f.write_str(if *on { " on" } else { " off" }),
            Self::TolerateExisting => f.write_str(" existing"),
            Self::Call(name) | Self::Requires(name) => write!(f, " {name}"),
            Self::Assert(sql) => write!(f, " {sql}"),
            Self::Allow(rules, reason) => write!(f, " {} {reason}", rules.join(", ")),
            Self::Irreversible(reason) => write!(f, " {reason}"),
            Self::Version(version) => write!(f, " {version}"),
            Self::Replaces(first, last) => write!(f, " {first}..{last}"),
        }
    }
}

impl Directive {
    /// Its first word.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::NoTransaction => "no-transaction",
            Self::ForeignKeys(_) => "foreign-keys",
            Self::TolerateExisting => "tolerate",
            Self::Call(_) => "call",
            Self::Assert(_) => "assert",
            Self::Requires(_) => "requires",
            Self::Allow(..) => "allow",
            Self::Irreversible(_) => "irreversible",
            Self::Version(_) => "version",
            Self::Replaces(..) => "replaces",
        }
    }
}

/// The language whose comments hold the directives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Sql,
    Rust,
}

impl Language {
    /// What starts a line comment.
    pub(crate) fn introducer(self) -> &'static str {
        match self {
            Self::Sql => "--",
            Self::Rust => "//",
        }
    }

    fn known(self) -> &'static [&'static str] {
        match self {
            Self::Sql => &[
                "down",
                "no-transaction",
                "foreign-keys",
                "tolerate",
                "call",
                "assert",
                "requires",
                "allow",
                "irreversible",
                "replaces",
            ],
            Self::Rust => &["no-transaction", "foreign-keys", "requires", "irreversible", "version"],
        }
    }

    fn is_known(self, word: &str) -> bool {
        self.known().contains(&word)
    }
}

/// The directive in a comment, if it holds one. What is wrong with it goes to `problems`; where its meaning is plain
/// all the same, it comes back, so that one slip is one error.
pub(crate) fn read(comment: Span, language: Language, problems: &mut Problems<'_>) -> Option<Directive> {
    let text = problems.source().slice(comment);
    let introducer = language.introducer();
    if let Some(words) = text.strip_prefix(introducer).and_then(|body| body.trim_start().strip_prefix("dbmigrate:")) {
        let (word, arguments) = split(words);
        let (directive, fault) = parse(word, arguments, language);
        if let Some(fault) = fault {
            problems.push(comment, fault);
        }
        return directive;
    }
    let Near { word, arguments, certain } = near(text, language)?;
    let (meant, _) = parse(&word.to_ascii_lowercase(), arguments, language);
    if !certain && meant.is_none() && !word.eq_ignore_ascii_case("down") {
        return None;
    }
    let shown = text.lines().next().unwrap_or(text);
    let fault = Diagnostic::error("malformed-directive", format!("`{shown}` is not a valid directive"));
    let fault = match &meant {
        Some(directive) => fault.help(format!("write `{introducer} dbmigrate: {directive}`, on a line of its own")),
        None => fault.help(format!("write `{introducer} dbmigrate: …`, on a line of its own")).help(listing(language)),
    };
    problems.push(comment, fault.help("if it is only a comment, word it differently"));
    meant
}

/// Whether a comment in SQL is a directive, or is refused because it looks like one.
#[must_use]
pub fn is_like_one(comment: &str) -> bool {
    let source = SourceText::new("", comment);
    let mut diagnostics = Vec::new();
    let span = Span::new(0, source.text().len());
    read(span, Language::Sql, &mut Problems::new(&source, &mut diagnostics)).is_some() || !diagnostics.is_empty()
}

/// Whether a comment is refused because it looks like a directive, and is plainly none of ours: other tools divide a
/// file by such comments.
#[cfg(feature = "layouts")]
pub(crate) fn is_foreign(comment: &str) -> bool {
    near(comment, Language::Sql).is_some_and(|near| !near.certain) && is_like_one(comment)
}

/// The error for a directive where none, or not this one, can stand.
pub(crate) fn misplaced(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error("misplaced-directive", message)
}

/// The error for a directive that the same half holds already.
pub(crate) fn repeated(word: &str) -> Diagnostic {
    Diagnostic::error("repeated-directive", format!("`{word}` appears twice")).help("remove one of them")
}

/// A comment that is no directive, but might have been meant as one.
struct Near<'a> {
    word: &'a str,
    arguments: &'a str,
    /// It names dbmigrate; otherwise it only looks like another spelling, or another tool's directive.
    certain: bool,
}

fn near(comment: &str, language: Language) -> Option<Near<'_>> {
    let line = comment
        .trim_start_matches(|c: char| c.is_whitespace() || "-/*!+".contains(c))
        .lines()
        .next()
        .map(|line| line.trim_end_matches(|c: char| c.is_whitespace() || "*/".contains(c)))?;
    let marker_end = line.find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').unwrap_or(line.len());
    let (marker, rest) = line.split_at(marker_end);
    let rest = rest.trim_start();
    let colon = rest.starts_with(':');
    let (word, arguments) = split(rest.trim_start_matches(':'));
    let squeezed = marker.replace("-", "").replace("_", "");
    if squeezed.eq_ignore_ascii_case("dbmigrate") {
        let certain = colon || language.is_known(&word.to_ascii_lowercase());
        return certain.then_some(Near { word, arguments, certain });
    }
    // Other tools divide a file by a comment of this one word.
    if language == Language::Sql && rest.is_empty() && marker.eq_ignore_ascii_case("down") {
        return Some(Near { word: marker, arguments, certain: false });
    }
    let plus = comment.trim_start_matches(['-', ' ']).starts_with('+');
    ((colon || plus)
        && language.is_known(&word.to_ascii_lowercase())
        && nearest(marker, ["dbmigrate", "goose"]).is_some())
    .then_some(Near { word, arguments, certain: false })
}

/// The first word, and what follows it.
fn split(words: &str) -> (&str, &str) {
    let words = words.trim();
    let (word, arguments) = words.split_at(words.find(char::is_whitespace).unwrap_or(words.len()));
    (word, arguments.trim_start())
}

/// What a word with its arguments says, or probably means, and what is wrong with it.
fn parse(word: &str, arguments: &str, language: Language) -> (Option<Directive>, Option<Diagnostic>) {
    let introducer = language.introducer();
    if language.is_known(word) {
        return match with_arguments(word, arguments) {
            Ok(directive) => (Some(directive), None),
            Err(Fault { message, write }) => {
                let help = format!("write `{introducer} dbmigrate: {write}`");
                (None, Some(Diagnostic::error("malformed-directive", message).help(help)))
            }
        };
    }
    let mut fault = Diagnostic::error("unknown-directive", format!("unknown directive `{word}`"));
    let meant = nearest(word, language.known().iter().copied()).map(|meant| with_arguments(meant, arguments));
    match &meant {
        Some(Ok(directive)) => fault = fault.help(format!("write `{introducer} dbmigrate: {directive}`")),
        Some(Err(Fault { write, .. })) => fault = fault.help(format!("write `{introducer} dbmigrate: {write}`")),
        None if word.is_empty() => fault.message = format!("`{introducer} dbmigrate:` is empty"),
        None if language == Language::Rust && word == "down" => {
            fault = fault.help("in Rust, write `pub fn down` beside `pub fn up`");
        }
        None => {}
    }
    (meant.and_then(Result::ok), Some(fault.help(listing(language))))
}

/// What is wrong with the arguments of a known word, and what to write instead.
struct Fault {
    message: String,
    write: String,
}

fn with_arguments(word: &str, arguments: &str) -> Result<Directive, Fault> {
    if word == "assert" {
        return assertion::statement(arguments).map(|sql| Directive::Assert(sql.to_owned()));
    }
    let arguments = &*arguments.split_whitespace().collect::<Vec<_>>().join(" ");
    let fault = |message: String, write: &str| Err(Fault { message, write: write.to_owned() });
    let plain = |directive: Directive| match arguments {
        "" => Ok(directive),
        _ => fault(format!("`{word}` takes no argument, but `{arguments}` follows"), word),
    };
    match word {
        "down" => plain(Directive::Down),
        "no-transaction" => plain(Directive::NoTransaction),
        "foreign-keys" => match arguments {
            "on" => Ok(Directive::ForeignKeys(true)),
            "off" => Ok(Directive::ForeignKeys(false)),
            "" => fault("`foreign-keys` needs `on` or `off`".to_owned(), "foreign-keys off"),
            other => fault(
                format!("`foreign-keys` takes `on` or `off`, not `{other}`"),
                &format!("foreign-keys {}", nearest(other, ["off", "on"]).unwrap_or("off")),
            ),
        },
        "tolerate" => match arguments {
            "existing" => Ok(Directive::TolerateExisting),
            "" => fault("`tolerate` needs `existing`".to_owned(), "tolerate existing"),
            other => fault(format!("`tolerate` takes `existing`, not `{other}`"), "tolerate existing"),
        },
        "call" if is_step_name(arguments) => Ok(Directive::Call(arguments.to_owned())),
        "call" if arguments.is_empty() => fault("`call` needs the name of a step".to_owned(), "call step_name"),
        "call" => fault(format!("`{arguments}` can't name a Rust function in snake_case"), "call step_name"),
        "requires" => match arguments.split_once(' ') {
            None if arguments.is_empty() => {
                fault("`requires` needs the name of a migration".to_owned(), "requires 002_add_indexes")
            }
            None => Ok(Directive::Requires(arguments.to_owned())),
            Some((first, _)) => fault(
                format!("`requires` takes one migration on each line, not `{arguments}`"),
                &format!("requires {}", first.trim_end_matches(',')),
            ),
        },
        "allow" => allow::rules_and_reason(arguments).map(|(rules, reason)| Directive::Allow(rules, reason)),
        "irreversible" if arguments.is_empty() => {
            fault("`irreversible` needs a reason".to_owned(), "irreversible the old values are gone")
        }
        "irreversible" => Ok(Directive::Irreversible(arguments.to_owned())),
        "replaces" => match arguments.split_once("..") {
            Some((first, last)) if is_number(first) && is_number(last) => {
                Ok(Directive::Replaces(first.to_owned(), last.to_owned()))
            }
            _ => fault("`replaces` takes the first and the last number".to_owned(), "replaces 001..040"),
        },
        // The only one left is `version`.
        _ => match arguments.parse() {
            Ok(version) if !arguments.starts_with('+') => Ok(Directive::Version(version)),
            _ => fault(format!("`version` takes a whole number, not `{arguments}`"), "version 2"),
        },
    }
}

fn listing(language: Language) -> String {
    let known: Vec<_> = language.known().iter().map(|word| format!("`{word}`")).collect();
    let file = match language {
        Language::Sql => ".sql",
        Language::Rust => ".rs",
    };
    format!("in `{file}` files this version of dbmigrate knows: {}", known.join(", "))
}

/// Whether it is digits alone, and not too large.
fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u64>().is_ok()
}

/// Whether the generated trait can have a method of this name.
fn is_step_name(name: &str) -> bool {
    name.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
        && name
            .split('_')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
        && !KEYWORDS.contains(&name)
}

/// Rust's keywords of all editions, those reserved for later included.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// What `comment` says, and the code and the first help of what is wrong with it.
    fn check(language: Language, comment: &str, expect: Option<&str>, fault: Option<(&str, &str)>) {
        let source = SourceText::new("migrations/001_a.sql", comment);
        let mut diagnostics = Vec::new();
        let found = read(Span::new(0, comment.len()), language, &mut Problems::new(&source, &mut diagnostics));
        assert_eq!(found.map(|directive| directive.to_string()).as_deref(), expect, "{comment}");
        let found: Vec<_> = diagnostics.iter().map(|d| (d.code, d.help[0].to_string())).collect();
        let fault = fault.map(|(code, help)| (code, help.to_owned()));
        assert_eq!(found, Vec::from_iter(fault), "{comment}");
    }

    #[test]
    fn every_directive_is_read_and_written_in_normal_form() {
        for (comment, expect) in [
            ("-- dbmigrate: down", "down"),
            ("--dbmigrate:down  ", "down"),
            ("--\tdbmigrate:  no-transaction", "no-transaction"),
            ("-- dbmigrate: foreign-keys   off", "foreign-keys off"),
            ("-- dbmigrate: foreign-keys on", "foreign-keys on"),
            ("-- dbmigrate: tolerate  existing", "tolerate existing"),
            ("-- dbmigrate: call fill_slugs2", "call fill_slugs2"),
            ("-- dbmigrate: assert  SELECT 'a  b' = c; -- so", "assert SELECT 'a  b' = c"),
            ("-- dbmigrate: requires  002_add_indexes", "requires 002_add_indexes"),
            ("-- dbmigrate: irreversible the   old: text is -- gone", "irreversible the old: text is -- gone"),
            ("-- dbmigrate: allow drop-table not  used", "allow drop-table not used"),
            (
                "-- dbmigrate: allow drop-table,drop-column , x_y so, they say",
                "allow drop-table, drop-column, x_y so, they say",
            ),
        ] {
            check(Language::Sql, comment, Some(expect), None);
        }
        for (comment, expect) in [
            ("// dbmigrate: version 18446744073709551615", "version 18446744073709551615"),
            ("//dbmigrate: no-transaction", "no-transaction"),
            ("// dbmigrate: requires 002_a", "requires 002_a"),
            ("// dbmigrate: foreign-keys on", "foreign-keys on"),
            ("// dbmigrate: irreversible so", "irreversible so"),
        ] {
            check(Language::Rust, comment, Some(expect), None);
        }
    }

    #[test]
    fn a_slip_is_an_error_with_the_right_spelling_and_is_understood() {
        for (comment, meant, code, write) in [
            ("-- dbmigrate: dwon", Some("down"), "unknown-directive", "down"),
            ("-- dbmigrate: Down", Some("down"), "unknown-directive", "down"),
            ("-- dbmigrate: no_transaction", Some("no-transaction"), "unknown-directive", "no-transaction"),
            ("-- dbmigrate: down: 2", None, "unknown-directive", "down"),
            ("-- dbmigrate: foreign-key off", Some("foreign-keys off"), "unknown-directive", "foreign-keys off"),
            ("-- dbmigrate: foreign-keys of", None, "malformed-directive", "foreign-keys off"),
            ("-- dbmigrate: foreign-keys ON", None, "malformed-directive", "foreign-keys on"),
            ("-- dbmigrate: foreign-keys", None, "malformed-directive", "foreign-keys off"),
            ("-- dbmigrate: tolerate", None, "malformed-directive", "tolerate existing"),
            ("-- dbmigrate: tolerate errors", None, "malformed-directive", "tolerate existing"),
            ("-- dbmigrate: down 2", None, "malformed-directive", "down"),
            ("-- dbmigrate: no-transaction; VACUUM", None, "unknown-directive", "no-transaction"),
            ("-- dbmigrate: call", None, "malformed-directive", "call step_name"),
            ("-- dbmigrate: call fillSlugs", None, "malformed-directive", "call step_name"),
            ("-- dbmigrate: call self", None, "malformed-directive", "call step_name"),
            ("-- dbmigrate: call a__b", None, "malformed-directive", "call step_name"),
            ("-- dbmigrate: call 1a", None, "malformed-directive", "call step_name"),
            ("-- dbmigrate: call a b", None, "malformed-directive", "call step_name"),
            ("-- dbmigrate: call größe", None, "malformed-directive", "call step_name"),
            ("-- dbmigrate: irreversible", None, "malformed-directive", "irreversible the old values are gone"),
            ("-- dbmigrate: assert", None, "malformed-directive", "assert SELECT count(*) = 0 FROM users"),
            ("-- dbmigrate: assert count(*) = 0", None, "malformed-directive", "assert SELECT count(*) = 0 FROM users"),
            ("-- dbmigrate: asert SELECT 1;", Some("assert SELECT 1"), "unknown-directive", "assert SELECT 1"),
            ("-- dbmigrate: allow", None, "malformed-directive", "allow drop-table nobody has used it since 2.0"),
            (
                "-- dbmigrate: allow drop-table",
                None,
                "malformed-directive",
                "allow drop-table nobody has used it since 2.0",
            ),
            ("-- dbmigrate: allow a, b", None, "malformed-directive", "allow a, b nobody has used it since 2.0"),
            (
                "-- dbmigrate: allow drop-table: so",
                None,
                "malformed-directive",
                "allow drop-table nobody has used it since 2.0",
            ),
            (
                "-- dbmigrate: alow drop-table so",
                Some("allow drop-table so"),
                "unknown-directive",
                "allow drop-table so",
            ),
            ("-- dbmigrate: requires", None, "malformed-directive", "requires 002_add_indexes"),
            ("-- dbmigrate: requires 001_a, 002_b", None, "malformed-directive", "requires 001_a"),
            ("-- dbmigrate: require 001_a", Some("requires 001_a"), "unknown-directive", "requires 001_a"),
        ] {
            check(Language::Sql, comment, meant, Some((code, &format!("write `-- dbmigrate: {write}`"))));
        }
        for comment in [
            "// dbmigrate: version",
            "// dbmigrate: version +1",
            "// dbmigrate: version -1",
            "// dbmigrate: version 1.2",
        ] {
            check(Language::Rust, comment, None, Some(("malformed-directive", "write `// dbmigrate: version 2`")));
        }
    }

    #[test]
    fn what_looks_like_a_directive_is_never_passed_over() {
        for (comment, meant) in [
            ("-- dbmigrate down", "down"),
            ("--dbmigrate Down", "down"),
            ("-- DBMigrate: Down", "down"),
            ("-- db-migrate: down", "down"),
            ("-- dbmigrate : down", "down"),
            ("--- dbmigrate: down", "down"),
            ("/* dbmigrate: down */", "down"),
            ("/*\n * dbmigrate: foreign-keys off\n */", "foreign-keys off"),
            ("/** dbmigrate no-transaction **/", "no-transaction"),
            ("-- dbmigrat: down", "down"),
            ("-- bdmigrate: call a", "call a"),
            ("-- migrate:down", "down"),
            ("-- +migrate Down", "down"),
            ("/* dbmigrate: assert SELECT 1 */", "assert SELECT 1"),
            ("/* dbmigrate: allow x so */", "allow x so"),
            ("-- +goose Down", "down"),
            ("-- Down", "down"),
            ("--DOWN", "down"),
        ] {
            let help = format!("write `-- dbmigrate: {meant}`, on a line of its own");
            check(Language::Sql, comment, Some(meant), Some(("malformed-directive", &help)));
        }
        for comment in ["/* dbmigrate: allow x */", "-- migrate:down transaction:false", "-- DBMIGRATE: 5"] {
            let help = "write `-- dbmigrate: …`, on a line of its own";
            check(Language::Sql, comment, None, Some(("malformed-directive", help)));
        }
        for comment in ["/// dbmigrate: version 2", "//! dbmigrate: version 2", "/* dbmigrate: version 2 */"] {
            let help = "write `// dbmigrate: version 2`, on a line of its own";
            check(Language::Rust, comment, Some("version 2"), Some(("malformed-directive", help)));
        }
    }

    #[test]
    fn a_squash_says_what_it_replaces() {
        check(Language::Sql, "-- dbmigrate: replaces 001..040", Some("replaces 001..040"), None);
        for wrong in ["replaces", "replaces 001", "replaces 1-4", "replaces 1..x", "replaces ..4", "replaces 1..+4"] {
            let fault = ("malformed-directive", "write `-- dbmigrate: replaces 001..040`");
            check(Language::Sql, &format!("-- dbmigrate: {wrong}"), None, Some(fault));
        }
    }

    #[test]
    fn a_word_of_no_meaning_here_is_an_error_that_lists_those_with_one() {
        let sql = "in `.sql` files this version of dbmigrate knows: `down`, `no-transaction`, `foreign-keys`, `tolerate`, \
                   `call`, `assert`, `requires`, `allow`, `irreversible`, `replaces`";
        let rust = "in `.rs` files this version of dbmigrate knows: `no-transaction`, `foreign-keys`, `requires`, \
                    `irreversible`, `version`";
        for word in ["version 2", "up", ""] {
            check(Language::Sql, &format!("-- dbmigrate: {word}"), None, Some(("unknown-directive", sql)));
        }
        for word in ["call a", "tolerate existing", "assert SELECT 1", "allow x so", "replaces 1..2"] {
            check(Language::Rust, &format!("// dbmigrate: {word}"), None, Some(("unknown-directive", rust)));
        }
        let down = "in Rust, write `pub fn down` beside `pub fn up`";
        check(Language::Rust, "// dbmigrate: down", None, Some(("unknown-directive", down)));
    }

    #[test]
    fn other_comments_are_only_comments() {
        for comment in [
            "-- dbmigrate is a tool",
            "-- dbmigrate",
            "-- see dbmigrate: down",
            "-- down: nothing",
            "-- Down the road",
            "-- Up",
            "-- Migration: call log",
            "-- Migration: down",
            "-- migrate the call log",
            "-- migrate: users, then posts",
            "-- +goose Up",
            "-- +goose StatementBegin",
            "-- migrate:up",
            "/* see how dbmigrate: down works */",
            "/* a */",
            "/**/",
            "--",
            "-- :",
        ] {
            check(Language::Sql, comment, None, None);
        }
    }
}
