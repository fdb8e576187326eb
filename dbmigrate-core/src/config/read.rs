//! Reads the configuration tables, key by key, and reports every problem with its place.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::{
    Backup, Config, ForeignKeys, MAX_WIDTH, NewerDatabase, Numbering, OutOfOrder, StoreSql, TABLE, TransactionMode,
};
use crate::diagnostic::Diagnostic;
use crate::file_name::MAX_NUMBER;
use crate::nearest::nearest;
use crate::problems::Problems;
use crate::source::{SourceText, Span};

/// Keys that say what the files are: while one of them is wrong, nothing can be said about the folder.
const LAYOUT_KEYS: [&str; 5] = ["dir", "numbering", "reserved", "start", "width"];

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

/// Keys of later versions.
const LATER_KEYS: [&str; 2] = ["layout", "sets"];

mod backup;
mod generate;
mod lints;
mod names;
mod replay;

type Value<'i> = Spanned<DeValue<'i>>;

/// Reads the package's table, over the workspace's defaults. The package's manifest may be the workspace's as well.
#[must_use]
pub fn read(manifest: &SourceText, workspace: Option<&SourceText>) -> (Config, Vec<Diagnostic>) {
    let (config, _, diagnostics) = read_parts(manifest, workspace);
    (config, diagnostics)
}

/// As [`read`]; the flag tells whether the configuration says what the files are, so that they can be looked at.
pub(crate) fn read_parts(manifest: &SourceText, workspace: Option<&SourceText>) -> (Config, bool, Vec<Diagnostic>) {
    let mut config = Config::default();
    let mut diagnostics = Vec::new();
    // In a file that plays both parts a syntax error is one problem; the package's turn reports it.
    if let Some(document) =
        workspace.filter(|workspace| *workspace != manifest || DeTable::parse(manifest.text()).is_ok())
    {
        Reader::new(document, Scope::Workspace, &mut config, &mut diagnostics).manifest();
    }
    let layout_known = Reader::new(manifest, Scope::Package, &mut config, &mut diagnostics).manifest().is_some();
    (config, layout_known, diagnostics)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Workspace,
    Package,
}

/// Reads one manifest. Its methods give none where they reported something.
struct Reader<'a> {
    scope: Scope,
    config: &'a mut Config,
    problems: Problems<'a>,
}

impl<'a> Reader<'a> {
    fn new(source: &'a SourceText, scope: Scope, config: &'a mut Config, diagnostics: &'a mut Vec<Diagnostic>) -> Self {
        Self { scope, config, problems: Problems::new(source, diagnostics) }
    }

    /// None where it stays unknown what the files are.
    fn manifest(&mut self) -> Option<()> {
        let document = match DeTable::parse(self.problems.source().text()) {
            Ok(document) => document.into_inner(),
            Err(error) => {
                let message = format!("the manifest is not valid TOML: {}", error.message());
                let span = error.span().unwrap_or(0..0);
                self.problems.push(Span::new(span.start, span.end), Diagnostic::error("manifest-syntax", message));
                return None;
            }
        };
        let owner = match self.scope {
            Scope::Workspace => "workspace",
            Scope::Package => "package",
        };
        let Some(value) = table(&document, owner).and_then(|it| table(it, "metadata")?.get("migrations")) else {
            return Some(());
        };
        self.config.declared |= self.scope == Scope::Package;
        let entries = self.table("migrations", value, None)?;
        let mut layout = Some(());
        for (key, value) in in_file_order(entries) {
            let sound = self.entry(key.get_ref(), key.span(), value);
            if LAYOUT_KEYS.contains(&key.get_ref().as_ref()) {
                layout = layout.and(sound);
            }
        }
        if self.scope == Scope::Package {
            self.numbers(entries);
        }
        layout
    }

    fn entry(&mut self, key: &str, span: Range<usize>, value: &Value<'_>) -> Option<()> {
        let known = LAYOUT_KEYS.iter().chain(&PACKAGE_KEYS).chain(&TOOL_KEYS).copied();
        if LATER_KEYS.contains(&key) {
            let message = format!("`{key}` is not supported by this version of dbmigrate");
            return self.error(span, message, Some(format!("remove `{key}`")));
        }
        if !known.clone().any(|it| it == key) {
            let message = format!("unknown key `{}`", key.escape_debug());
            return self.error(span, message, Some(one_of(key, known, "the keys are")));
        }
        if self.scope == Scope::Workspace && !TOOL_KEYS.contains(&key) {
            let message = format!("`{key}` can't be set for a whole workspace");
            return self.error(span, message, Some(format!("move it into `{TABLE}` of each package")));
        }
        match key {
            "dir" => self.config.dir = self.string(key, value, dir)?,
            "database" => self.config.database = Some(self.string(key, value, database)?),
            "table" => self.config.table = self.string(key, value, names::history_table)?,
            "backup" => self.config.backup = self.backup(value)?,
            "runner" => self.config.runner = Some(self.string(key, value, names::runner)?),
            "schema" => self.config.schema = self.string(key, value, generate::schema)?,
            "lints" => self.lints(value)?,
            "fixtures" => self.config.fixtures = Some(self.string(key, value, generate::fixtures)?),
            "min-sqlite" => self.config.min_sqlite = Some(self.min_sqlite(value)?),
            "replay" => self.config.replay = self.replay(value)?,
            "width" => self.config.width = self.integer(key, value, 1, MAX_WIDTH as u64)? as usize,
            "start" => self.config.start = self.integer(key, value, 0, MAX_NUMBER)?,
            "reserved" => self.config.reserved = self.reserved(value)?,
            "reversible" => self.config.reversible = self.boolean(key, value)?,
            "numbering" => {
                let choices = [("sequential", Numbering::Sequential), ("timestamp", Numbering::Timestamp)];
                self.config.numbering = self.choice(key, value, &choices)?;
            }
            "transaction" => {
                let choices = [("each", TransactionMode::Each), ("all", TransactionMode::All)];
                self.config.transaction = self.choice(key, value, &choices)?;
            }
            "foreign-keys" => {
                let choices =
                    [("on", ForeignKeys::On), ("off", ForeignKeys::Off), ("connection", ForeignKeys::Connection)];
                self.config.foreign_keys = self.choice(key, value, &choices)?;
            }
            "store-sql" => {
                let choices = [("down", StoreSql::Down), ("all", StoreSql::All), ("none", StoreSql::None)];
                self.config.store_sql = self.choice(key, value, &choices)?;
            }
            "out-of-order" => {
                let choices = [("error", OutOfOrder::Error), ("apply", OutOfOrder::Apply)];
                self.config.out_of_order = self.choice(key, value, &choices)?;
            }
            "newer-database" => {
                let choices = [("refuse", NewerDatabase::Refuse), ("allow", NewerDatabase::Allow)];
                self.config.newer_database = self.choice(key, value, &choices)?;
            }
            // The lists of keys let no other through.
            _ => {}
        }
        Some(())
    }

    fn error<T>(&mut self, span: Range<usize>, message: String, help: Option<String>) -> Option<T> {
        let mut diagnostic = Diagnostic::error("config", message);
        diagnostic.help.extend(help);
        self.problems.push(Span::new(span.start, span.end), diagnostic);
        None
    }

    fn wrong_type<T>(&mut self, key: &str, value: &Value<'_>, expected: &str, help: Option<String>) -> Option<T> {
        let found = value.get_ref().type_str();
        let article = if found.starts_with(['a', 'i']) { "an" } else { "a" };
        self.error(value.span(), format!("`{key}` must be {expected}, not {article} {found}"), help)
    }

    fn table<'v, 'i>(&mut self, key: &str, value: &'v Value<'i>, help: Option<&str>) -> Option<&'v DeTable<'i>> {
        let table = value.get_ref().as_table();
        table.or_else(|| self.wrong_type(key, value, "a table", help.map(str::to_owned)))
    }

    /// A string that `check` accepts; what it refuses comes with a reason and a help.
    fn string(&mut self, key: &str, value: &Value<'_>, check: fn(&str) -> Checked) -> Option<String> {
        let Some(text) = value.get_ref().as_str() else { return self.wrong_type(key, value, "a string", None) };
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

    fn boolean(&mut self, key: &str, value: &Value<'_>) -> Option<bool> {
        value.get_ref().as_bool().or_else(|| self.wrong_type(key, value, "a boolean", None))
    }

    fn integer(&mut self, key: &str, value: &Value<'_>, least: u64, most: u64) -> Option<u64> {
        let Some(number) = value.get_ref().as_integer() else {
            return self.wrong_type(key, value, "an integer", None);
        };
        let number = u64::from_str_radix(number.as_str(), number.radix()).ok();
        let message = || format!("`{key}` must lie between {least} and {most}");
        number.filter(|number| (least..=most).contains(number)).or_else(|| self.error(value.span(), message(), None))
    }

    fn choice<T: Copy>(&mut self, key: &str, value: &Value<'_>, choices: &[(&str, T)]) -> Option<T> {
        let Some(text) = value.get_ref().as_str() else { return self.wrong_type(key, value, "a string", None) };
        if let Some(&(_, choice)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(choice);
        }
        let help = one_of(text, choices.iter().map(|&(word, _)| word), "write one of");
        self.error(value.span(), format!("`{key}` can't be `{}`", text.escape_debug()), Some(help))
    }

    /// `{ 7 = "why" }`; the numbers are keys, and keys of TOML are strings.
    fn reserved(&mut self, value: &Value<'_>) -> Option<BTreeMap<u64, String>> {
        const HELP: &str = "write `reserved = { 7 = \"done in code\" }`";
        let help = || Some(HELP.to_owned());
        let mut reserved = BTreeMap::new();
        let mut sound = Some(());
        for (key, reason) in in_file_order(self.table("reserved", value, Some(HELP))?) {
            let name = key.get_ref();
            let (span, shown) = (key.span(), name.escape_debug());
            sound = sound.and(match (reserved_number(name), reason.get_ref().as_str()) {
                (None, _) => self.error(span, format!("`{shown}` in `reserved` is not a number"), help()),
                (_, None) => self.wrong_type(name, reason, "the reason, a string", help()),
                (_, Some(reason)) if reason.trim().is_empty() => {
                    self.error(span, format!("{shown} is reserved without a reason"), help())
                }
                (Some(number), Some(reason)) => match reserved.insert(number, reason.to_owned()) {
                    None => Some(()),
                    Some(_) => {
                        self.error(span, format!("{number} is reserved twice"), Some(format!("remove `{shown}`")))
                    }
                },
            });
        }
        sound.map(|()| reserved)
    }

    /// What only sequential numbers have, and reserved numbers that no file could have.
    fn numbers(&mut self, entries: &DeTable<'_>) {
        if self.config.numbering == Numbering::Timestamp {
            for key in ["width", "start", "reserved"] {
                if let Some((at, _)) = entries.get_key_value(key) {
                    let message = format!("`{key}` has no meaning with `numbering = \"timestamp\"`");
                    let _: Option<()> = self.error(at.span(), message, Some(format!("remove `{key}`")));
                }
            }
            return;
        }
        let start = self.config.start;
        for key in table(entries, "reserved").into_iter().flat_map(|reserved| reserved.keys()) {
            if reserved_number(key.get_ref()).is_some_and(|number| number < start) {
                let message = format!("{} is reserved, but numbers begin at {start}", key.get_ref());
                let _: Option<()> = self.error(key.span(), message, Some("remove it, or lower `start`".to_owned()));
            }
        }
    }
}

fn table<'t, 'i>(parent: &'t DeTable<'i>, key: &str) -> Option<&'t DeTable<'i>> {
    parent.get(key)?.get_ref().as_table()
}

/// The map is sorted by name; people read a file from its top.
fn in_file_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(&'t Spanned<DeString<'i>>, &'t Value<'i>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn reserved_number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|&number| digits && number <= MAX_NUMBER)
}

/// Which word was meant, or all that there are.
fn one_of<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone, all: &str) -> String {
    match nearest(word, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("{all} {}", known.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")),
    }
}

/// The text as it is used, or why it is refused and what to write.
type Checked = Result<String, (&'static str, &'static str)>;

/// A folder inside the package: nothing outside of it is ever touched.
fn dir(text: &str) -> Checked {
    const HELP: &str = "write a path relative to the package with `/`, such as `db/migrations`";
    match inside(text) {
        Ok(path) if path.is_empty() => Err(("the migrations need a folder of their own", HELP)),
        inside => inside.map_err(|why| (why, HELP)),
    }
}

/// A path inside the package, without what means nothing in it; or why it is none.
fn inside(text: &str) -> Result<String, &'static str> {
    if text.contains('\\') {
        return Err("`\\` separates folders on Windows only");
    }
    if text.starts_with('/') || text.contains(':') {
        return Err("it must lie inside the package");
    }
    if text.chars().any(char::is_control) {
        return Err("it holds a control character");
    }
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return Err("it must lie inside the package");
    }
    Ok(parts.join("/"))
}

/// A path. One letter before a colon is a Windows drive, more are the scheme of an URL.
fn database(text: &str) -> Checked {
    let help = "write the path of the file, such as `app.db`; an URL belongs into `DATABASE_URL`";
    if text.split_once(':').is_some_and(|(scheme, _)| scheme.len() != 1 && !scheme.contains(['/', '\\'])) {
        return Err(("it is not a path", help));
    }
    if text.chars().any(char::is_control) {
        return Err(("it holds a control character", help));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Stubs;

    pub(super) fn package(table: &str) -> SourceText {
        SourceText::new("Cargo.toml", &format!("[package]\nname = \"app\"\n\n[package.metadata.migrations]\n{table}\n"))
    }

    pub(super) fn read_alone(table: &str) -> (Config, Vec<Diagnostic>) {
        read(&package(table), None)
    }

    /// Every problem as `line:column message | help`.
    pub(super) fn say(diagnostics: &[Diagnostic]) -> Vec<String> {
        let place = |it: &Diagnostic| it.location.as_ref().map(|at| at.position.to_string()).unwrap_or_default();
        diagnostics.iter().map(|it| format!("{} {} | {}", place(it), it.message, it.help.join(" | "))).collect()
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
            replay = { functions = ["slugify"] }
            schema = "db/schema.sql"
            fixtures = "./fixtures//rows/"
            min-sqlite = "3.53"
        "#;
        let (config, diagnostics) = read_alone(table);
        assert_eq!(diagnostics, []);
        let expect = Config {
            declared: true,
            dir: "db/migrations".to_owned(),
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
            replay: Stubs { functions: vec!["slugify".to_owned()], collations: Vec::new() },
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
        refused("colour = 3", "the keys are `dir`, `numbering`,");
        for key in LATER_KEYS {
            refused(&format!("{key} = 3"), &format!("`{key}` is not supported by this version of dbmigrate"));
        }
    }

    #[test]
    fn wrong_values_are_refused_where_they_stand() {
        refused("dir = 3", "5:7 `dir` must be a string, not an integer");
        refused("reversible = 'yes'", "5:14 `reversible` must be a boolean, not a string");
        refused("width = '3'", "`width` must be an integer, not a string");
        refused("reserved = [7]", "`reserved` must be a table, not an array");
        refused("dir = ''", "`dir` is empty");
        refused("table = ''", "`table` is empty");
        for width in ["0", "21", "-1", "99999999999999999999999"] {
            refused(&format!("width = {width}"), "`width` must lie between 1 and 20");
        }
        refused("start = 9223372036854775808", "`start` must lie between 0 and 9223372036854775807");
        refused("transaction = 'eech'", "`transaction` can't be `eech` | did you mean `each`?");
        refused("numbering = 'dates'", "write one of `sequential`, `timestamp`");
        refused("store-sql = true", "`store-sql` must be a string, not a boolean");
        refused("runner = 'src/bin/x.rs'", "not the name of a binary target");
        refused("runner = '--help'", "not the name of a binary target");
    }

    #[test]
    fn nothing_outside_of_the_package_is_named() {
        for dir in
            ["/migrations", "../migrations", "a/../../b", "a/..", "C:/migrations", "C:migrations", "//host/share"]
        {
            refused(&format!("dir = '{dir}'"), "it must lie inside the package");
        }
        refused(r"dir = 'db\migrations'", "separates folders on Windows only");
        refused(r"dir = '..\migrations'", "separates folders on Windows only");
        refused("dir = '.'", "a folder of their own");
        refused("dir = './/.'", "a folder of their own");
        refused(r#"dir = "a\u0000b""#, "`a\\0b`: it holds a control character");
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
        refused("table = 'SQLite_x'", "`sqlite_` to itself");
        assert_eq!(read_alone("table = 'sqlite'").0.table, "sqlite");
    }

    #[test]
    fn reserved_numbers_have_a_number_and_a_reason() {
        for key in ["x", "-1", "'+1'", "' 1'", "''", "1_000", "9223372036854775808"] {
            refused(&format!("reserved = {{ {key} = 'why' }}"), "is not a number | write `reserved = { 7 =");
        }
        refused("reserved = { 7 = '' }", "7 is reserved without a reason");
        refused("reserved = { 7 = true }", "`7` must be the reason, a string, not a boolean");
        refused("reserved = { 7 = 'a', 007 = 'b' }", "7 is reserved twice | remove `007`");
        refused("start = 5\nreserved = { 004 = 'why' }", "6:14 004 is reserved, but numbers begin at 5");
        let several = say(&read_alone("reserved = { a = 'x', 7 = '' }").1);
        assert_eq!(several.len(), 2, "{several:?}");
    }

    #[test]
    fn timestamps_have_no_width_start_or_reserved_numbers() {
        for line in ["width = 4", "start = 2", "reserved = { 7 = 'why' }"] {
            refused(&format!("{line}\nnumbering = 'timestamp'"), "has no meaning with `numbering = \"timestamp\"`");
        }
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
        for (table, expect) in
            [("", true), ("lints = 1", true), ("width = 0", false), ("dir = ''", false), ("reserved = 1", false)]
        {
            assert_eq!(read_parts(&package(table), None).1, expect, "{table}");
        }
        assert!(!read_parts(&SourceText::new("Cargo.toml", "["), None).1);
        assert!(!read_parts(&SourceText::new("Cargo.toml", "package.metadata.migrations = 1"), None).1);
    }
}
