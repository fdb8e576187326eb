//! The checksums of migrations, by which applied migrations are compared for ever.
//!
//! A checksum is `v1:` and a SHA-256 in hexadecimal digits. The hash is over a list of fields, each preceded by its
//! length, so that no two lists look alike; the first field names the kind. These rules are frozen, because installed
//! programs contain the results. A different rule needs another version beside this one.
//!
//! * A script: each statement's tokens as written, then an empty field; each directive but `allow` and `irreversible`
//!   as `--` and its words. White
//!   space, comments, and `;` between statements don't count, but for the text of a `CREATE VIEW` or a
//!   `CREATE TABLE … AS` from the `AS` on: SQLite names columns after it, so there every byte counts.
//! * A Rust migration: its number, name and version, never its source, which `cargo fmt` may change.
//! * The first steps of a script without a transaction: as a script, of the directives those alone that shape the run.
//! * A text, or several: every byte of it, so that an edit of a comment is seen as one.
//! * The chain: the checksum before it, and what is next: a migration with its number, or, after the last of them, a
//!   repeatable.

use hmac_sha256::Hash;

use crate::directive::Directive;
use crate::script::Step;
use crate::source::SourceText;
use crate::statement::Reader;
use crate::token::tokens;

/// The checksum of a Rust migration; see the module.
#[must_use]
pub fn of_rust(number: u64, name: &str, version: Option<u64>) -> String {
    let version = version.map(|version| version.to_string()).unwrap_or_default();
    Fields::new("rust").field(&number.to_string()).field(name).field(&version).finish()
}

/// The checksum of a set up to and with this migration; `previous` is that of the set before it, `""` at the start.
#[must_use]
pub fn chain(previous: &str, set: &str, number: u64, name: &str, checksum: &str) -> String {
    let number = number.to_string();
    Fields::new("chain").field(previous).field(set).field(&number).field(name).field(checksum).finish()
}

/// The checksum of a set up to and with this repeatable; `previous` is that of the set before it.
#[must_use]
pub fn chain_repeatable(previous: &str, set: &str, name: &str, checksum: &str) -> String {
    Fields::new("repeatable").field(previous).field(set).field(name).field(checksum).finish()
}

/// The checksum of a text as it is written.
#[must_use]
pub fn of_text(text: &str) -> String {
    Fields::new("text").field(text).finish()
}

/// The checksum of several texts as they are written.
pub(crate) fn of_texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    texts.into_iter().fold(Fields::new("texts"), Fields::field).finish()
}

/// The checksums of the first 0, 1, 2, … steps of a script.
pub(crate) fn of_prefixes(
    source: &SourceText,
    foreign_keys: Option<bool>,
    tolerate_existing: bool,
    steps: &[Step],
) -> Vec<String> {
    let mut prefix = ScriptChecksum(Fields::new("prefix"));
    let foreign_keys = foreign_keys.map(Directive::ForeignKeys);
    let tolerate_existing = tolerate_existing.then_some(Directive::TolerateExisting);
    foreign_keys.into_iter().chain(tolerate_existing).for_each(|directive| prefix.directive(&directive.to_string()));
    let mut checksums = vec![prefix.clone().finish()];
    for step in steps {
        match step {
            Step::Sql(statement) => prefix.statement(source.slice(statement.span)),
            Step::Call { name, .. } => prefix.directive(&Directive::Call(name.clone()).to_string()),
        }
        checksums.push(prefix.clone().finish());
    }
    checksums
}

/// The checksum of a script, statement by statement.
#[derive(Clone)]
pub(crate) struct ScriptChecksum(Fields);

impl ScriptChecksum {
    pub(crate) fn new() -> Self {
        Self(Fields::new("script"))
    }

    /// Adds the next statement, without its `;`.
    pub(crate) fn statement(&mut self, statement: &str) {
        let exact_from = names_columns_from(statement).unwrap_or(statement.len());
        let (by_token, exact) = statement.split_at(exact_from);
        for token in tokens(by_token).filter(|token| !token.is_blank()) {
            self.0.add(token.text(by_token));
        }
        if !exact.is_empty() {
            self.0.add(exact);
        }
        self.0.add("");
    }

    /// Adds a directive in normal form. No token starts with `--`, so it is like no statement.
    pub(crate) fn directive(&mut self, directive: &str) {
        self.0.add(&format!("--{directive}"));
    }

    pub(crate) fn finish(self) -> String {
        self.0.finish()
    }
}

/// Where the `AS` stands after which SQLite names columns by their text.
fn names_columns_from(statement: &str) -> Option<usize> {
    let mut reader = Reader::new(statement);
    if !reader.word("CREATE") {
        return None;
    }
    let _ = reader.word("TEMP") || reader.word("TEMPORARY");
    if !reader.word("VIEW") && !reader.word("TABLE") {
        return None;
    }
    reader.seek(&["AS"])
}

/// A hash over fields with their lengths.
#[derive(Clone)]
struct Fields(Hash);

impl Fields {
    fn new(kind: &str) -> Self {
        Self(Hash::new()).field(kind)
    }

    fn add(&mut self, field: &str) {
        self.0.update((field.len() as u64).to_le_bytes());
        self.0.update(field);
    }

    fn field(mut self, field: &str) -> Self {
        self.add(field);
        self
    }

    fn finish(self) -> String {
        const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
        let mut text = String::with_capacity("v1:".len() + 64);
        text.push_str("v1:");
        for byte in self.0.finalize() {
            text.push(DIGITS[usize::from(byte >> 4)]);
            text.push(DIGITS[usize::from(byte & 15)]);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script;
    use crate::source::SourceText;
    use std::sync::Arc;

    fn read(sql: &str) -> script::Halves {
        script::parse(&Arc::new(SourceText::new("001_a.sql", sql)), &mut Vec::new())
    }

    fn of(sql: &str) -> String {
        read(sql).up.checksum
    }

    fn same(a: &str, b: &str) {
        assert_eq!(of(a), of(b), "{a} | {b}");
    }

    fn differ(a: &str, b: &str) {
        assert_ne!(of(a), of(b), "{a} | {b}");
    }

    #[test]
    fn blank_space_and_comments_do_not_count() {
        same("CREATE TABLE t(a,b);", "\u{feff}-- Why.\r\nCREATE TABLE t ( a, /* b */ b )\n;");
        same("CREATE TABLE t(a);", "CREATE TABLE t(a)");
        same("SELECT 1;SELECT 2", ";;SELECT 1;;\n;SELECT 2;");
        same("-- dbmigrate: foreign-keys off\nSELECT 1", "--dbmigrate:foreign-keys    off\n\nSELECT 1");
        same("CREATE TABLE t(a AS (b + 1))", "CREATE TABLE t(a AS ( b+1 ))");
        same("SELECT 1;\n-- dbmigrate: down\nSELECT 2", "SELECT 1");
        same("-- dbmigrate: down\nSELECT 1;", "-- dbmigrate: down\nSELECT 2;");
    }

    #[test]
    fn all_that_sqlite_sees_counts() {
        differ("SELECT 1", "SELECT 2");
        differ("SELECT a", "SELECT A");
        differ("SELECT 'a b'", "SELECT 'a  b'");
        differ("SELECT ab", "SELECT a b");
        differ("SELECT 1;SELECT 2", "SELECT 1 SELECT 2");
        differ("SELECT 1;SELECT 2", "SELECT 2;SELECT 1");
        differ("SELECT 1", "");
        differ("SELECT 1", "BEGIN; SELECT 1; COMMIT;");
        differ("SELECT 1", "PRAGMA foreign_keys = OFF; SELECT 1");
        differ("SELECT 1", "-- dbmigrate: foreign-keys off\nSELECT 1");
        differ("-- dbmigrate: foreign-keys on\nSELECT 1", "-- dbmigrate: foreign-keys off\nSELECT 1");
        differ("-- dbmigrate: call a\nSELECT 1", "SELECT 1;\n-- dbmigrate: call a");
        differ("-- dbmigrate: call a", "-- dbmigrate: call b");
    }

    #[test]
    fn text_that_names_columns_counts_as_it_stands() {
        for head in [
            "CREATE VIEW v",
            "create temp view if not exists v",
            "CREATE TABLE t",
            "CREATE TEMPORARY TABLE main.\"AS\"",
            "CREATE VIEW v(a)",
        ] {
            differ(&format!("{head} AS SELECT a+1 FROM b"), &format!("{head} AS SELECT a + 1 FROM b"));
            differ(&format!("{head} AS SELECT a+1 FROM b"), &format!("{head} AS SELECT a+1 /* so */ FROM b"));
            same(&format!("{head} AS SELECT a+1 FROM b"), &format!("{head}\n/* so */ AS SELECT a+1 FROM b -- so\n;"));
        }
        same("CREATE INDEX i ON t(a+1)", "CREATE INDEX i ON t ( a + 1 )");
        let trigger = "CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1 AS a, 1+1; END";
        same(trigger, &trigger.replace("1+1", "1 + /* so */ 1"));
    }

    #[test]
    fn what_the_linter_is_told_is_in_no_checksum() {
        let allow = "-- dbmigrate: allow drop-table, drop-column nobody reads them";
        same("DROP TABLE t; SELECT 1;", &format!("{allow}\nDROP TABLE t;\n{allow}\nSELECT 1;"));
        let down = |sql: &str| read(&format!("SELECT 1;\n-- dbmigrate: down\n{sql}")).down.unwrap().checksum;
        assert_eq!(down("DROP TABLE t;"), down(&format!("{allow}\nDROP TABLE t;")));
        let bare = "-- dbmigrate: no-transaction\nDROP TABLE t;\nSELECT 1;";
        let told = format!("-- dbmigrate: no-transaction\n{allow}\nDROP TABLE t;\n{allow}\nSELECT 1;");
        assert_eq!(read(bare).up.prefixes, read(&told).up.prefixes);
    }

    #[test]
    fn a_down_script_is_the_same_in_both_places() {
        let halves = script::parse(
            &Arc::new(SourceText::new("a.sql", "X;\n-- dbmigrate: down\nDROP TABLE t;")),
            &mut Vec::new(),
        );
        let down = script::parse_down(&Arc::new(SourceText::new("a.down.sql", "DROP TABLE t")), &mut Vec::new());
        assert_eq!(halves.down.unwrap().checksum, down.checksum);
    }

    #[test]
    fn a_text_counts_with_every_byte_of_it() {
        assert_eq!(of_text("SELECT 1;\n"), of_text("SELECT 1;\n"));
        assert_ne!(of_text("SELECT 1;\n"), of_text("SELECT 1; \n"));
        assert_ne!(of_text("SELECT 1; -- a"), of_text("SELECT 1; -- b"));
        assert_ne!(of_text(""), of(""));
    }

    #[test]
    fn the_prefixes_of_a_script_without_a_transaction_tell_which_steps_changed() {
        let prefixes = |text: &str| read(&format!("-- dbmigrate: no-transaction\n{text}")).up.prefixes;
        let base = prefixes("SELECT 1;\n-- dbmigrate: call fill\nSELECT 2;");
        assert_eq!(base.len(), 4);
        let same = |text: &str| {
            let other = prefixes(text);
            base.iter().zip(&other).take_while(|(a, b)| a == b).count()
        };
        for (text, expect) in [
            ("SELECT 1; -- so\n/* so */\n-- dbmigrate: call fill\nSELECT  2;", 4),
            ("SELECT 1;\n-- dbmigrate: call fill\nSELECT 2; SELECT 3;", 4),
            ("SELECT 1;\n-- dbmigrate: call fill\nSELECT 3;", 3),
            ("SELECT 1;\n-- dbmigrate: call other\nSELECT 2;", 2),
            ("SELECT 0;\n-- dbmigrate: call fill\nSELECT 2;", 1),
            ("SELECT 1 SELECT 2", 1),
            ("-- dbmigrate: assert SELECT 1\n-- dbmigrate: requires 001_a\nSELECT 1;", 2),
            ("-- dbmigrate: foreign-keys off\nSELECT 1;", 0),
            ("-- dbmigrate: tolerate existing\nSELECT 1;", 0),
        ] {
            assert_eq!(same(text), expect, "{text}");
        }
        let (off, tolerate) = ("-- dbmigrate: foreign-keys off\n", "-- dbmigrate: tolerate existing\n");
        assert_eq!(prefixes(&format!("{off}{tolerate}SELECT 1")), prefixes(&format!("{tolerate}{off}SELECT 1")));
        assert_ne!(prefixes("PRAGMA foreign_keys = OFF;")[1], prefixes("PRAGMA foreign_keys = ON;")[1]);
        let back = read("SELECT 1;\n-- dbmigrate: down\n-- dbmigrate: no-transaction\nSELECT 1; SELECT 2");
        assert_eq!((back.up.prefixes.len(), back.down.map(|down| down.prefixes.len())), (0, Some(3)));
        let long = prefixes(&"SELECT 1;".repeat(30_000));
        assert_eq!(long.len(), 30_001);
    }

    #[test]
    fn a_repeatable_is_no_migration_of_its_name() {
        let link = chain_repeatable("", "", "a", "v1:0");
        for other in [
            chain("", "", 0, "a", "v1:0"),
            chain_repeatable("a", "", "", "v1:0"),
            chain_repeatable("", "a", "", "v1:0"),
            chain_repeatable("", "", "av1", ":0"),
            chain_repeatable("", "", "a", "v1:1"),
        ] {
            assert_ne!(link, other);
        }
    }

    #[test]
    fn the_parts_of_a_rust_migration_and_of_a_chain_are_kept_apart() {
        let rust = of_rust(1, "001_a", None);
        assert_ne!(rust, of_rust(2, "001_a", None));
        assert_ne!(rust, of_rust(1, "001_b", None));
        assert_ne!(rust, of_rust(1, "001_a", Some(0)));
        let link = chain("", "", 1, "001_a", "v1:0");
        for other in
            [chain("v", "", 1, "001_a", "v1:0"), chain("", "0", 1, "001_a", "v1:0"), chain("", "", 1, "001_av1", ":0")]
        {
            assert_ne!(link, other);
        }
    }

    /// Installed databases hold these: a change here locks every one of them out.
    #[test]
    fn version_one_stays_what_it_is() {
        let sql = "-- dbmigrate: foreign-keys off\nPRAGMA foreign_keys = OFF;\nBEGIN;\nCREATE TABLE t (a, 'b');\n\
                   CREATE VIEW v AS SELECT a + 1 FROM t;\n-- dbmigrate: call fill\nCOMMIT;";
        assert_eq!(of(""), "v1:94a8147fed36190e8d96022af1d5558364facd6e17d6cca18add2bdd2946545f");
        assert_eq!(of(sql), "v1:0f46854d0e793c4797ede4970e22774d8e95c6c6ff348036e16098f6979d27a2");
        let told = sql.replace("CREATE", "-- dbmigrate: allow drop-table so\nCREATE");
        assert_eq!(of(&told), "v1:0f46854d0e793c4797ede4970e22774d8e95c6c6ff348036e16098f6979d27a2");
        assert_eq!(of_rust(3, "003_fill", None), "v1:35e814731b4a0aac1667463bea7e798c29dc7b99f1f8af7a64b505bf07d077aa");
        assert_eq!(
            of_rust(3, "003_fill", Some(2)),
            "v1:acd5002edbd2078ac1782dbb30af38797ef0f7b8c49bac4667ed0227c1192e80"
        );
        assert_eq!(
            chain("", "", 1, "001_a", &of("")),
            "v1:b760eb1f85ddc41ccfbf389b06c02ef0b43bdc077529d3ed3d5a8f66e4ec5a2d"
        );
        assert_eq!(
            chain(&of(""), "billing", 2, "002_b", &of(sql)),
            "v1:764baee7969536661f1b1732e68409853e62523853624b2c93b37cb8505c2c18"
        );
        assert_eq!(
            chain_repeatable("", "", "views", &of("")),
            "v1:f4194ae04b006cfeb6734a8ebc9d0608231a50e89fc159ccf05bee5e9c6c0e8f"
        );
        assert_eq!(
            chain_repeatable(&of(""), "billing", "views", &of(sql)),
            "v1:773054fcf5d6aee0c2abeaa3b85485a9f0b48680387eace29b05c842804c9b95"
        );
        assert_eq!(of_text(""), "v1:1bfac6b84b6943a7b56e60bc0d7986291a44b3b4c8658930e0a1f12499c0d01c");
        assert_eq!(of_text("-- ü\nSELECT 1;\n"), "v1:71d1393b251240ca957a777a81e5e859e85a6a63f47d87fcb7789b24f9b60a72");
        let sql = "-- dbmigrate: no-transaction\n-- dbmigrate: tolerate existing\n-- dbmigrate: foreign-keys off\n\
                   VACUUM;\n-- dbmigrate: call fill\n";
        assert_eq!(
            read(sql).up.prefixes,
            [
                "v1:122c45baaf00be67b56e62afd4594315b30576f1429e8f6e8015fb7a1f7cf561",
                "v1:a3ee48be778722e27462e8189b40c421af60ff14a7fd7c4449360fdba42a8130",
                "v1:9690bd9bd5773238f142329c2f994bf4a6da5559f4c6ac76f6b9fc81ed04a753"
            ]
        );
    }
}
