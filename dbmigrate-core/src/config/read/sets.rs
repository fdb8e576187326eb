//! `sets.NAME`: several sets of migrations in one package, in one database or in several.
//!
//! A set has the keys of the package, and those of the package are its defaults, but for what only one set can have: its
//! folder, its history, its reserved numbers, its declared schema and its rows to test with.

use super::{Reader, SYNTAX, Scope};
use crate::config::{Config, TABLE};
use crate::diagnostic::Diagnostic;
use crate::source::{SourceText, Span};
use crate::toml::{Table, Value};

/// The key.
pub(super) const SETS: &str = "sets";

/// Keys of the package that can't be those of several sets.
const OWN_KEYS: [&str; 4] = ["fixtures", "reserved", "schema", "table"];

/// Words that name no module.
const KEYWORDS: [&str; 54] = [
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
    "macro_rules",
    "raw",
];

/// A set as the manifest describes it, with the places that a fault can be shown at.
pub(super) struct SetParts {
    pub(super) config: Config,
    /// Whether it is known what the files are.
    pub(super) layout_known: bool,
    /// The name, in a table of `sets`.
    pub(super) name: Option<Span>,
    /// The value of `dir`, where it is written.
    pub(super) dir: Option<Span>,
    /// The value of `table`, where it is written.
    pub(super) table: Option<Span>,
}

impl Default for SetParts {
    fn default() -> Self {
        Self { config: Config::default(), layout_known: true, name: None, dir: None, table: None }
    }
}

/// What the manifests say.
pub(super) struct Parts {
    pub(super) own: SetParts,
    pub(super) sets: Vec<SetParts>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Reads both manifests.
pub(super) fn read_all(manifest: &SourceText, workspace: Option<&SourceText>) -> Parts {
    let mut own = SetParts::default();
    let mut sets = Vec::new();
    let mut diagnostics = Vec::new();
    if let Some(document) = workspace {
        Reader::new(document, Scope::Workspace, &mut own, &mut diagnostics).manifest(&mut Vec::new());
        // In a file that plays both parts a syntax error is one problem; the package's turn reports it.
        if document == manifest && diagnostics.first().is_some_and(|it| it.code == SYNTAX) {
            diagnostics.clear();
        }
    }
    let mut reader = Reader::new(manifest, Scope::Package, &mut own, &mut diagnostics);
    let layout_known = reader.manifest(&mut sets).is_some();
    own.layout_known &= layout_known;
    Parts { own, sets, diagnostics }
}

impl Reader<'_> {
    /// Reads the tables of `sets`, once the keys of the package, `own`, are read. None where not even their names are
    /// known.
    pub(super) fn sets(&mut self, own: Table<'_>, value: Value<'_>, sets: &mut Vec<SetParts>) -> Option<()> {
        const HELP: &str = "write a table for each: `[package.metadata.migrations.sets.billing]`";
        let tables = self.table(SETS, value, Some(HELP))?;
        let tables = tables.entries();
        if tables.is_empty() {
            return self.error(value.span(), "`sets` names no set".to_owned(), Some(HELP.to_owned()));
        }
        let mut sound = Some(());
        for value in tables {
            let name = value.key();
            let read = match refuse_name(name) {
                Some(why) => {
                    let message = format!("a set can't be called `{}`: {why}", name.escape_debug());
                    self.error(value.key_span(), message, Some("write a name such as `billing`".to_owned()))
                }
                None => self.table(name, value, Some(HELP)).map(|entries| self.set(name, value.key_span(), entries)),
            };
            sound = sound.and(read.map(|parts| sets.push(parts)));
        }
        if self.parts.dir.is_none() {
            self.refuse_own(own);
        }
        self.clashes(sets);
        sound
    }

    fn set(&mut self, name: &str, at: Span, entries: Table<'_>) -> SetParts {
        let defaults = Config::default();
        let config = Config {
            set: name.to_owned(),
            dir: format!("{}/{name}", defaults.dir),
            table: format!("{}_{name}", defaults.table),
            reserved: defaults.reserved,
            schema: format!("schema/{name}.sql"),
            fixtures: None,
            ..self.parts.config.clone()
        };
        let mut parts = SetParts { config, name: Some(at), ..SetParts::default() };
        std::mem::swap(self.parts, &mut parts);
        self.scope = Scope::Set;
        let layout = self.entries(entries);
        self.scope = Scope::Package;
        std::mem::swap(self.parts, &mut parts);
        parts.layout_known = layout.is_some();
        parts
    }

    /// Without a set of its own, the package can have no keys of one.
    fn refuse_own(&mut self, own: Table<'_>) {
        for value in own.entries() {
            let name = value.key();
            if OWN_KEYS.contains(&name) {
                let message = format!("`{name}` is about one set, and each set has a table of its own here");
                let help = format!(
                    "move it into the table of a set; or add `dir = \"…\"` to `{TABLE}`, if the package also has a \
                    set without a name"
                );
                self.report(value.key_span(), message, Some(help));
            }
        }
    }
}

/// Why a set can't have this name.
fn refuse_name(name: &str) -> Option<&'static str> {
    let plain = name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !plain || !name.as_bytes().first().is_some_and(u8::is_ascii_lowercase) {
        return Some("a name consists of `a` to `z`, digits and `_`, and begins with a letter");
    }
    if name.len() > 64 {
        return Some("a name has at most 64 letters");
    }
    KEYWORDS.contains(&name).then_some("it is a keyword of Rust, and a set becomes a module")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{package, read_alone, refused, say};
    use crate::config::{Config, ForeignKeys, Numbering, read, read_sets};
    use crate::source::SourceText;

    /// The name, folder and history table of each set.
    fn sets(table: &str) -> Vec<[String; 3]> {
        let (sets, diagnostics) = read_sets(&package(table), None);
        assert_eq!(say(&diagnostics), [""; 0]);
        sets.into_iter().map(|config| [config.set, config.dir, config.table]).collect()
    }

    #[test]
    fn there_is_one_set_without_a_name_unless_the_manifest_names_some() {
        assert_eq!(sets(""), [["", "migrations", "_migrations"]]);
        assert_eq!(sets("dir = 'db'"), [["", "db", "_migrations"]]);
        assert_eq!(
            sets("[package.metadata.migrations.sets.b]\n[package.metadata.migrations.sets.a]\ndir = 'a'"),
            [["b", "migrations/b", "_migrations_b"], ["a", "a", "_migrations_a"]]
        );
        assert_eq!(
            sets("dir = 'migrations'\nsets.a = { dir = 'more', table = 'history' }"),
            [["", "migrations", "_migrations"], ["a", "more", "history"]]
        );
    }

    #[test]
    fn the_keys_of_the_package_are_the_defaults_but_for_what_is_of_one_set() {
        let table = "dir = 'm'\nwidth = 4\nreserved = { 7 = 'why' }\nforeign-keys = 'off'\ndatabase = 'app.db'\n\
                     schema = 'all.sql'\nfixtures = 'rows'\nlints = { gap = 'warn' }\nsets.a = {}\n\
                     sets.b = { database = 'b.db', numbering = 'timestamp', foreign-keys = 'on', start = 1 }";
        let (sets, diagnostics) = read_sets(&package(table), None);
        assert_eq!(say(&diagnostics).len(), 1);
        assert!(say(&diagnostics)[0].contains("`start` has no meaning with"), "{diagnostics:?}");
        let [own, a, b] = sets.try_into().unwrap();
        assert_eq!((own.reserved.len(), own.fixtures.as_deref(), own.declared), (1, Some("rows"), true));
        let expect = Config {
            set: "a".to_owned(),
            dir: "migrations/a".to_owned(),
            table: "_migrations_a".to_owned(),
            reserved: Default::default(),
            schema: "schema/a.sql".to_owned(),
            fixtures: None,
            ..own
        };
        assert_eq!(a, expect);
        assert_eq!((b.width, b.foreign_keys, b.numbering), (4, ForeignKeys::On, Numbering::Timestamp));
        assert_eq!((a.database.as_deref(), b.database.as_deref()), (Some("app.db"), Some("b.db")));
    }

    #[test]
    fn a_set_has_a_name_that_a_module_can_have() {
        for name in ["Billing", "1a", "_a", "a-b", "größe", "''"] {
            refused(&format!("sets.{name} = {{}}").replace("größe", "'größe'"), "consists of `a` to `z`");
        }
        refused("sets.match = {}", "5:6 a set can't be called `match`: it is a keyword of Rust");
        refused(&format!("sets.{} = {{}}", "a".repeat(65)), "at most 64 letters");
        refused("sets = 3", "5:8 `sets` must be a table, not an integer");
        refused("sets = {}", "5:8 `sets` names no set");
        refused("sets.a = 3", "`a` must be a table, not an integer");
    }

    #[test]
    fn the_keys_of_a_set_are_read_as_those_of_a_package() {
        refused("sets.a = { wdith = 3 }", "5:12 unknown key `wdith` | did you mean `width`?");
        refused("sets.a = { sets = {} }", "unknown key `sets`");
        refused("sets.a = { runner = 'x' }", "`runner` is the binary of the whole package");
        refused("sets.a = { dir = '../x' }", "it must be inside the package");
        refused("sets.a = { reserved = { 0 = 'why' } }", "0 is reserved, but numbers begin at 1");
        for key in ["table = 'x'", "schema = 'x.sql'", "fixtures = 'x'", "reserved = { 7 = 'why' }"] {
            refused(&format!("{key}\nsets.a = {{}}"), "is about one set, and each set has a table of its own here");
            assert_eq!(read_alone(&format!("dir = 'm'\n{key}\nsets.a = {{}}")).1, []);
        }
        let workspace = SourceText::new("../Cargo.toml", "[workspace.metadata.migrations]\nsets.a = {}\n");
        let said = say(&read(&package(""), Some(&workspace)).1);
        assert!(said[0].contains("`sets` can't be set for a whole workspace"), "{said:?}");
    }
}
