//! Reads the configuration tables, key by key, and reports every problem with its place.

use super::{
    Backup, Config, ForeignKeys, Layout, MAX_WIDTH, NewerDatabase, Numbering, OutOfOrder, StoreSql, TABLE,
    TransactionMode,
};
use crate::diagnostic::Diagnostic;
use crate::file_name::MAX_NUMBER;
use crate::help::Help;
use crate::nearest::nearest;
use crate::problems::Problems;
use crate::source::{SourceText, Span};
use crate::toml::{self, Table, Value};

/// The code of a manifest that is no TOML; then nothing else is said of it.
const SYNTAX: &str = "manifest-syntax";

/// Keys that say what the files are: while one of them is wrong, nothing can be said about the folder.
const LAYOUT_KEYS: [&str; 6] = ["dir", "layout", "numbering", "reserved", "start", "width"];

/// Keys that shape the history, or what one package runs.
const PACKAGE_KEYS: [&str; 9] = [
    "fixtures",
    "foreign-keys",
    "newer-database",
    "out-of-order",
    "runner",
    "schema",
    "store-sql",
    "table",
    "transaction",
];

/// Keys that only tools use: a workspace may give defaults.
const TOOL_KEYS: [&str; 6] = ["backup", "database", "lints", "min-sqlite", "replay", "reversible"];

/// Every key of `[package.metadata.migrations]`.
///
/// ```
/// assert!(dbmigrate_core::config::keys().any(|key| key == "database"));
/// ```
pub fn keys() -> impl Iterator<Item = &'static str> + Clone {
    LAYOUT_KEYS.iter().chain(&PACKAGE_KEYS).chain(&TOOL_KEYS).copied().chain([SETS])
}

/// Those for which `[workspace.metadata.migrations]` can give defaults.
///
/// ```
/// assert!(dbmigrate_core::config::workspace_keys().all(|key| key != "table"));
/// ```
pub fn workspace_keys() -> impl Iterator<Item = &'static str> {
    TOOL_KEYS.into_iter()
}

mod backup;
mod clash;
mod generate;
mod lints;
mod names;
mod numbers;
mod paths;
mod replay;
mod sets;

use paths::{database, dir, inside};
use sets::{Parts, SETS, SetParts, read_all};

/// Reads the package's own keys, over the workspace's defaults. The package's manifest may be the workspace's as well.
#[must_use]
pub fn read(manifest: &SourceText, workspace: Option<&SourceText>) -> (Config, Vec<Diagnostic>) {
    let parts = read_all(manifest, workspace);
    (parts.own.config, parts.diagnostics)
}

/// Reads the sets of a package, in the order of the manifest: those of `sets` and, where the manifest names none or says
/// in which `dir` it lies, the one without a name first.
#[must_use]
pub fn read_sets(manifest: &SourceText, workspace: Option<&SourceText>) -> (Vec<Config>, Vec<Diagnostic>) {
    let (parts, diagnostics) = read_set_parts(manifest, workspace);
    (parts.into_iter().map(|(config, _)| config).collect(), diagnostics)
}

/// As [`read_sets`]; the flags tell whether the configuration says what the files are, so that they can be looked at.
pub(crate) fn read_set_parts(
    manifest: &SourceText,
    workspace: Option<&SourceText>,
) -> (Vec<(Config, bool)>, Vec<Diagnostic>) {
    let Parts { own, sets, diagnostics } = read_all(manifest, workspace);
    let own = (sets.is_empty() || own.dir.is_some()).then_some(own);
    (own.into_iter().chain(sets).map(|parts| (parts.config, parts.layout_known)).collect(), diagnostics)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Workspace,
    Package,
    /// One of `sets`.
    Set,
}

/// Reads one manifest. Its methods give none where they reported something.
struct Reader<'a> {
    scope: Scope,
    /// What is being read: the package's own keys, or a set of it.
    parts: &'a mut SetParts,
    problems: Problems<'a>,
}

impl<'a> Reader<'a> {
    fn new(
        source: &'a SourceText,
        scope: Scope,
        parts: &'a mut SetParts,
        diagnostics: &'a mut Vec<Diagnostic>,
    ) -> Self {
        Self { scope, parts, problems: Problems::new(source, diagnostics) }
    }

    /// None where it stays unknown what the files are.
    fn manifest(&mut self, sets: &mut Vec<SetParts>) -> Option<()> {
        let document = match toml::parse(self.problems.source().text()) {
            Ok(document) => document,
            Err(fault) => {
                let message = format!("the manifest is not valid TOML: {}", fault.message);
                self.problems.push(fault.span, Diagnostic::error(SYNTAX, message));
                return None;
            }
        };
        let owner = match self.scope {
            Scope::Workspace => "workspace",
            Scope::Package | Scope::Set => "package",
        };
        let Some(value) = document.root().table(owner).and_then(|it| it.table("metadata")?.get("migrations")) else {
            return Some(());
        };
        self.parts.config.declared |= self.scope == Scope::Package;
        let entries = self.table("migrations", value, None)?;
        let layout = self.entries(entries);
        if let Some(value) = entries.get(SETS).filter(|_| self.scope == Scope::Package) {
            return self.sets(entries, value, sets).and(layout);
        }
        layout
    }

    /// The keys of a table. None where one that says what the files are is wrong.
    fn entries(&mut self, entries: Table<'_>) -> Option<()> {
        let mut layout = Some(());
        for value in entries.entries() {
            let key = value.key();
            let sound = self.entry(key, value);
            match key {
                "dir" => self.parts.dir = Some(value.span()),
                "table" => self.parts.table = Some(value.span()),
                _ => {}
            }
            if LAYOUT_KEYS.contains(&key) {
                layout = layout.and(sound);
            }
        }
        if self.scope != Scope::Workspace {
            self.numbers(entries);
        }
        layout
    }

    fn entry(&mut self, key: &str, value: Value<'_>) -> Option<()> {
        let known: Vec<&str> = keys().filter(|key| self.scope != Scope::Set || *key != SETS).collect();
        if !known.contains(&key) {
            let message = format!("unknown key `{}`", key.escape_debug());
            return self.error(value.key_span(), message, Some(one_of(key, &known, "the keys are")));
        }
        if self.scope == Scope::Workspace && !TOOL_KEYS.contains(&key) {
            let message = format!("`{key}` can't be set for a whole workspace");
            let help = format!("move it into `{TABLE}` of each package");
            return self.error(value.key_span(), message, Some(help));
        }
        if self.scope == Scope::Set && key == "runner" {
            let message = "`runner` is the binary of the whole package, not of one set".to_owned();
            return self.error(value.key_span(), message, Some(format!("move it into `{TABLE}`")));
        }
        match key {
            "dir" => self.parts.config.dir = self.string(key, value, dir)?,
            "layout" => {
                let choices = Layout::ALL.map(|layout| (layout.name(), layout));
                self.parts.config.layout = self.choice(key, value, &choices)?;
            }
            "database" => self.parts.config.database = Some(self.string(key, value, database)?),
            "table" => self.parts.config.table = self.string(key, value, names::history_table)?,
            "backup" => self.parts.config.backup = self.backup(value)?,
            "runner" => self.parts.config.runner = Some(self.string(key, value, names::runner)?),
            "schema" => self.parts.config.schema = self.string(key, value, generate::schema)?,
            "lints" => self.lints(value)?,
            "fixtures" => self.parts.config.fixtures = Some(self.string(key, value, generate::fixtures)?),
            "min-sqlite" => self.parts.config.min_sqlite = Some(self.min_sqlite(value)?),
            "replay" => self.parts.config.replay = self.replay(value)?,
            "width" => self.parts.config.width = self.integer(key, value, 1, MAX_WIDTH as u64)? as usize,
            "start" => self.parts.config.start = self.integer(key, value, 0, MAX_NUMBER)?,
            "reserved" => self.parts.config.reserved = self.reserved(value)?,
            "reversible" => self.parts.config.reversible = self.boolean(key, value)?,
            "numbering" => {
                let choices = [("sequential", Numbering::Sequential), ("timestamp", Numbering::Timestamp)];
                self.parts.config.numbering = self.choice(key, value, &choices)?;
            }
            "transaction" => {
                let choices = [("each", TransactionMode::Each), ("all", TransactionMode::All)];
                self.parts.config.transaction = self.choice(key, value, &choices)?;
            }
            "foreign-keys" => {
                let choices =
                    [("on", ForeignKeys::On), ("off", ForeignKeys::Off), ("connection", ForeignKeys::Connection)];
                self.parts.config.foreign_keys = self.choice(key, value, &choices)?;
            }
            "store-sql" => {
                let choices = [("down", StoreSql::Down), ("all", StoreSql::All), ("none", StoreSql::None)];
                self.parts.config.store_sql = self.choice(key, value, &choices)?;
            }
            "out-of-order" => {
                let choices = [("error", OutOfOrder::Error), ("apply", OutOfOrder::Apply)];
                self.parts.config.out_of_order = self.choice(key, value, &choices)?;
            }
            "newer-database" => {
                let choices = [("refuse", NewerDatabase::Refuse), ("allow", NewerDatabase::Allow)];
                self.parts.config.newer_database = self.choice(key, value, &choices)?;
            }
            // The lists of keys let no other through.
            _ => {}
        }
        Some(())
    }

    fn error<T>(&mut self, span: Span, message: String, help: Option<String>) -> Option<T> {
        self.report(span, message, help);
        None
    }

    fn report(&mut self, span: Span, message: String, help: Option<String>) {
        let mut diagnostic = Diagnostic::error("config", message);
        diagnostic.help.extend(help.map(Help::from));
        self.problems.push(span, diagnostic);
    }

    fn wrong_type<T>(&mut self, key: &str, value: Value<'_>, expected: &str, help: Option<String>) -> Option<T> {
        self.report_type(key, value, expected, help);
        None
    }

    fn report_type(&mut self, key: &str, value: Value<'_>, expected: &str, help: Option<String>) {
        let found = value.type_name();
        let article = if found.starts_with(['a', 'i']) { "an" } else { "a" };
        self.report(value.span(), format!("`{key}` must be {expected}, not {article} {found}"), help);
    }

    fn table<'v>(&mut self, key: &str, value: Value<'v>, help: Option<&str>) -> Option<Table<'v>> {
        let table = value.as_table();
        table.or_else(|| self.wrong_type(key, value, "a table", help.map(str::to_owned)))
    }

    /// A string that `check` accepts; what it refuses comes with a reason and a help.
    fn string(&mut self, key: &str, value: Value<'_>, check: fn(&str) -> Checked) -> Option<String> {
        let Some(text) = value.as_str() else {
            return self.wrong_type(key, value, "a string", Some("write it in quotes".to_owned()));
        };
        if text.is_empty() {
            return self.error(
                value.span(),
                format!("`{key}` is empty"),
                Some(format!("write a value, or remove `{key}`")),
            );
        }
        match check(text) {
            Ok(text) => Some(text),
            Err((why, help)) => {
                let message = format!("`{key}` can't be `{}`: {why}", text.escape_debug());
                self.error(value.span(), message, Some(help.to_owned()))
            }
        }
    }

    fn boolean(&mut self, key: &str, value: Value<'_>) -> Option<bool> {
        value.as_bool().or_else(|| self.wrong_type(key, value, "a boolean", Some("write `true` or `false`".to_owned())))
    }

    fn integer(&mut self, key: &str, value: Value<'_>, least: u64, most: u64) -> Option<u64> {
        let Some(number) = value.as_integer() else {
            return self.wrong_type(key, value, "an integer", None);
        };
        let message = || format!("`{key}` must be between {least} and {most}");
        number.filter(|number| (least..=most).contains(number)).or_else(|| self.error(value.span(), message(), None))
    }

    fn choice<T: Copy>(&mut self, key: &str, value: Value<'_>, choices: &[(&str, T)]) -> Option<T> {
        let mut words = Vec::with_capacity(choices.len());
        for (word, _) in choices {
            words.push(*word);
        }
        self.word(key, value, &words).map(|at| choices[at].1)
    }

    /// Which of these words it is.
    fn word(&mut self, key: &str, value: Value<'_>, words: &[&str]) -> Option<usize> {
        let Some(text) = value.as_str() else {
            return self.wrong_type(key, value, "a string", Some(one_of("", words, "write one of")));
        };
        words.iter().position(|word| *word == text).or_else(|| {
            let help = one_of(text, words, "write one of");
            self.error(value.span(), format!("`{key}` can't be `{}`", text.escape_debug()), Some(help))
        })
    }
}

/// Which word was meant, or all that there are.
fn one_of(word: &str, known: &[&str], all: &str) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("{all} `{}`", known.join("`, `")),
    }
}

/// The text as it is used, or why it is refused and what to write.
type Checked = Result<String, (&'static str, &'static str)>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Replay, Stubs};

    pub(super) fn package(table: &str) -> SourceText {
        SourceText::new("Cargo.toml", &format!("[package]\nname = \"app\"\n\n[package.metadata.migrations]\n{table}\n"))
    }

    pub(super) fn read_alone(table: &str) -> (Config, Vec<Diagnostic>) {
        read(&package(table), None)
    }

    /// Every problem as `line:column message | help`.
    pub(super) fn say(diagnostics: &[Diagnostic]) -> Vec<String> {
        let place = |it: &Diagnostic| it.location.as_ref().map(|at| at.position.to_string()).unwrap_or_default();
        diagnostics.iter().map(|it| format!("{} {} | {}", place(it), it.message, it.help_texts().join(" | "))).collect()
    }

    #[track_caller]
    pub(super) fn refused(table: &str, expect: &str) {
        let said = say(&read_alone(table).1);
        assert!(said.len() == 1 && said[0].contains(expect), "{table}: {said:?}");
    }

    #[test]
    fn a_manifest_that_says_nothing_means_the_defaults() {
        let silent = SourceText::new("Cargo.toml", "[package]\nname = \"app\"\n");
        assert_eq!(read(&silent, None), (Config::default(), vec![]));
        assert_eq!(read_alone(""), (Config { declared: true, ..Config::default() }, vec![]));
        let virtual_workspace = SourceText::new("Cargo.toml", "[workspace]\nmembers = []\n");
        assert_eq!(read(&virtual_workspace, Some(&virtual_workspace)), (Config::default(), vec![]));
        for odd in ["package = 3", "package.metadata = 3", ""] {
            assert_eq!(read(&SourceText::new("Cargo.toml", odd), None), (Config::default(), vec![]), "{odd}");
        }
    }

    #[test]
    fn every_key_is_read() {
        let table = r#"
            dir = "./db//migrations/"
            layout = "house"
            database = "data/app.db"
            table = "schema_history"
            numbering = "sequential"
            width = 4
            start = 0
            reserved = { 7 = "done in code", "008" = "gone" }
            reversible = false
            transaction = "all"
            foreign-keys = "connection"
            store-sql = "none"
            out-of-order = "apply"
            newer-database = "allow"
            backup = { keep = 5, dir = "backups" }
            runner = "migrate"
            lints = {}
            replay = { base = "./base.sql", functions = ["slugify"] }
            schema = "db/schema.sql"
            fixtures = "./fixtures//rows/"
            min-sqlite = "3.53"
        "#;
        let (config, diagnostics) = read_alone(table);
        assert_eq!(diagnostics, []);
        let expect = Config {
            declared: true,
            set: String::new(),
            dir: "db/migrations".to_owned(),
            layout: Layout::House,
            database: Some("data/app.db".to_owned()),
            table: "schema_history".to_owned(),
            numbering: Numbering::Sequential,
            width: 4,
            start: 0,
            reserved: [(7, "done in code".to_owned()), (8, "gone".to_owned())].into(),
            reversible: false,
            transaction: TransactionMode::All,
            foreign_keys: ForeignKeys::Connection,
            store_sql: StoreSql::None,
            out_of_order: OutOfOrder::Apply,
            newer_database: NewerDatabase::Allow,
            backup: Some(Backup { keep: Some(5), dir: Some("backups".to_owned()) }),
            runner: Some("migrate".to_owned()),
            schema: "db/schema.sql".to_owned(),
            fixtures: Some("fixtures/rows".to_owned()),
            min_sqlite: Some((3, 53)),
            replay: Replay {
                base: Some("base.sql".to_owned()),
                stubs: Stubs { functions: vec!["slugify".to_owned()], collations: Vec::new() },
            },
            lints: Vec::new(),
        };
        assert_eq!(config, expect);
        assert_eq!(read_alone("numbering = \"timestamp\"").0.numbering, Numbering::Timestamp);
        assert_eq!(read_alone("foreign-keys = \"off\"").0.foreign_keys, ForeignKeys::Off);
        assert_eq!(read_alone("store-sql = \"all\"").0.store_sql, StoreSql::All);
        assert_eq!(read_alone("database = 'C:\\data\\app.db'").0.database.unwrap(), r"C:\data\app.db");
        assert_eq!(read_alone("database = '/var/app.db'").0.database.unwrap(), "/var/app.db");
        assert_eq!(read_alone("width = 0x04").0.width, 4);
    }

    #[test]
    fn unknown_keys_come_with_the_nearest_or_with_all() {
        refused("widht = 3", "5:1 unknown key `widht` | did you mean `width`?");
        refused("foreign_keys = 'on'", "did you mean `foreign-keys`?");
        refused("colour = 3", "the keys are `dir`, `layout`, `numbering`,");
    }

    #[test]
    fn wrong_values_are_refused_where_they_stand() {
        refused("dir = 3", "5:7 `dir` must be a string, not an integer | write it in quotes");
        refused("reversible = 'yes'", "5:14 `reversible` must be a boolean, not a string | write `true` or `false`");
        refused("width = '3'", "`width` must be an integer, not a string");
        refused("reserved = [7]", "`reserved` must be a table, not an array");
        refused("dir = ''", "`dir` is empty");
        refused("table = ''", "`table` is empty");
        for width in ["0", "21", "-1", "99999999999999999999999"] {
            refused(&format!("width = {width}"), "`width` must be between 1 and 20");
        }
        refused("start = 9223372036854775808", "`start` must be between 0 and 9223372036854775807");
        refused("transaction = 'eech'", "`transaction` can't be `eech` | did you mean `each`?");
        refused("numbering = 'dates'", "write one of `sequential`, `timestamp`");
        refused("store-sql = true", "`store-sql` must be a string, not a boolean | write one of `down`, `all`, `none`");
        refused("runner = 'src/bin/x.rs'", "not the name of a binary target");
        refused("runner = '--help'", "not the name of a binary target");
    }

    #[test]
    fn nothing_outside_of_the_package_is_named() {
        for dir in
            ["/migrations", "../migrations", "a/../../b", "a/..", "C:/migrations", "C:migrations", "//host/share"]
        {
            refused(&format!("dir = '{dir}'"), "it must be inside the package");
        }
        refused(r"dir = 'db\migrations'", "separates folders on Windows only");
        refused(r"dir = '..\migrations'", "separates folders on Windows only");
        refused("dir = '.'", "a folder of their own");
        refused("dir = './/.'", "a folder of their own");
        refused(r#"dir = "a\u0000b""#, "`a\\0b`: it contains a control character");
        assert_eq!(read_alone("dir = 'a..b/...'").0.dir, "a..b/...");
    }

    #[test]
    fn the_database_is_a_path_and_the_table_a_name() {
        for database in ["sqlite:app.db", "sqlite://app.db", "file:app.db?mode=ro", ":memory:", "postgres://host/db"] {
            refused(&format!("database = '{database}'"), "it is not a path");
        }
        for table in ["a b", "a-b", "a.b", "1a", "ä", "a\"b", "a;b"] {
            refused(&format!("table = '{table}'"), "letters, digits and `_`");
        }
        refused("table = 'SQLite_x'", "`sqlite_` are reserved");
        assert_eq!(read_alone("table = 'sqlite'").0.table, "sqlite");
    }

    #[test]
    fn all_problems_are_reported_in_their_order() {
        let said = say(&read_alone("wide = 1\ntable = 3\ndir = ''\nlints = 1").1);
        let lines: Vec<&str> = said.iter().map(|it| it.split(':').next().unwrap()).collect();
        assert_eq!(lines, ["5", "6", "7", "8"], "{said:?}");
    }

    #[test]
    fn a_workspace_gives_defaults_to_tools_only() {
        let workspace = |table: &str| {
            SourceText::new("../Cargo.toml", &format!("[workspace]\n[workspace.metadata.migrations]\n{table}\n"))
        };
        let defaults = workspace("database = 'shared.db'\nreversible = false");
        let (config, diagnostics) = read(&package("database = 'own.db'"), Some(&defaults));
        assert_eq!((config.database.as_deref(), config.reversible), (Some("own.db"), false));
        assert_eq!(diagnostics, []);
        let silent = SourceText::new("Cargo.toml", "[package]\n");
        let (config, _) = read(&silent, Some(&defaults));
        assert_eq!((config.database.as_deref(), config.declared), (Some("shared.db"), false));

        for key in LAYOUT_KEYS.iter().chain(&PACKAGE_KEYS) {
            let (_, diagnostics) = read(&silent, Some(&workspace(&format!("{key} = 1"))));
            let said = say(&diagnostics);
            assert_eq!(
                said,
                [format!("3:1 `{key}` can't be set for a whole workspace | move it into `{TABLE}` of each package")]
            );
            assert_eq!(diagnostics[0].file.as_deref(), Some("../Cargo.toml"));
        }
        let (_, diagnostics) = read(&silent, Some(&workspace("databse = 'x'")));
        assert!(say(&diagnostics)[0].contains("did you mean `database`?"));
    }

    #[test]
    fn one_file_may_be_package_and_workspace() {
        let both = SourceText::new(
            "Cargo.toml",
            "[workspace.metadata.migrations]\nreversible = false\n[package.metadata.migrations]\nwidth = 4\n",
        );
        let (config, diagnostics) = read(&both, Some(&both));
        assert_eq!((config.reversible, config.width, diagnostics.len()), (false, 4, 0));
        let broken = SourceText::new("Cargo.toml", "[package\n");
        assert_eq!(read(&broken, Some(&broken)).1.len(), 1);
    }

    #[test]
    fn text_that_is_no_toml_is_one_error_with_a_place() {
        for text in ["[package]\nname = ", "[package\n", "a = 1\na = 2\n", "\u{1}", "a = \"\\q\""] {
            let (config, diagnostics) = read(&SourceText::new("Cargo.toml", text), None);
            assert_eq!(diagnostics.len(), 1, "{text}");
            assert!(diagnostics[0].location.is_some() && diagnostics[0].code == "manifest-syntax", "{diagnostics:?}");
            assert_eq!(config, Config::default());
        }
        let deep = format!("a = {}", "[".repeat(100_000));
        assert_eq!(read(&SourceText::new("Cargo.toml", &deep), None).1.len(), 1);
        let dotted = format!("{}a = 1", "a.".repeat(100_000));
        assert_eq!(read(&SourceText::new("Cargo.toml", &dotted), None).1.len(), 1);
    }

    #[test]
    fn the_layout_is_known_unless_one_of_its_keys_is_wrong() {
        let layout = |manifest: &SourceText| read_set_parts(manifest, None).0[0].1;
        for (table, expect) in
            [("", true), ("lints = 1", true), ("width = 0", false), ("dir = ''", false), ("reserved = 1", false)]
        {
            assert_eq!(layout(&package(table)), expect, "{table}");
        }
        assert!(!layout(&SourceText::new("Cargo.toml", "[")));
        assert!(!layout(&SourceText::new("Cargo.toml", "package.metadata.migrations = 1")));
    }
}
