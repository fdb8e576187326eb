//! Reads `adopted.toml`. A program converts the databases of its users by it, so nothing in it is guessed at.

use std::collections::BTreeMap;

use super::{Adopted, Adoption, FILE, Tool};
use crate::diagnostic::Diagnostic;
use crate::files::Files;
use crate::help::Help;
use crate::migration::SourceMigration;
use crate::nearest::nearest;
use crate::problems::Problems;
use crate::source::{SourceText, Span};
use crate::squash::Replaced;
use crate::toml::{self, Table, Value};

const KEYS: [&str; 4] = ["from", "table", "old-table", "migration"];
const MIGRATION_KEYS: [&str; 3] = ["name", "key", "checksum"];

/// The longest name, key or checksum.
const MAX_LENGTH: usize = 1024;

/// Reads the file in the folder `dir` beside these migrations; none where it is not there, or is not sound.
pub(crate) fn read<F: Files + ?Sized>(
    root: &F,
    dir: &str,
    migrations: &[SourceMigration],
    replaced: Option<&Replaced>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Adoption> {
    let path = format!("{dir}/{FILE}");
    // A link to nowhere is there, too.
    root.kind(&path)?;
    match root.text(&path) {
        Ok(source) => parse(&source, migrations, replaced, diagnostics),
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            None
        }
    }
}

/// Reads a text.
fn parse(
    source: &SourceText,
    migrations: &[SourceMigration],
    replaced: Option<&Replaced>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Adoption> {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut numbers = Vec::new();
    let mut add = |name: String, number: u64| {
        names.insert(name, numbers.len());
        numbers.push(number);
    };
    migrations.iter().for_each(|migration| add(migration.name(), migration.number));
    // What another tool recorded may be replaced by a squash today.
    for level in replaced.into_iter().flat_map(Replaced::levels) {
        level.lock.migrations.iter().for_each(|sealed| add(sealed.name.clone(), sealed.number));
    }
    let mut reader = Reader { problems: Problems::new(source, diagnostics), sound: true, names, numbers };
    let adoption = reader.file()?;
    reader.sound.then_some(adoption)
}

struct Reader<'a> {
    problems: Problems<'a>,
    /// Whether nothing was reported.
    sound: bool,
    /// The names of the migrations that there are, with the places of their numbers.
    names: BTreeMap<String, usize>,
    numbers: Vec<u64>,
}

impl Reader<'_> {
    fn file(&mut self) -> Option<Adoption> {
        let document = match toml::parse(self.problems.source().text()) {
            Ok(document) => document,
            Err(fault) => {
                return self.error(fault.span, format!("the file is not valid TOML: {}", fault.message), None);
            }
        };
        let document = document.root();
        self.unknown_keys(document, &KEYS);
        let tool = match document.get("from") {
            Some(value) => self.string("from", value).and_then(|name| self.tool(&name, value)),
            None => self.error(Span::new(0, 0), "`from` is missing".to_owned(), Some(tools())),
        };
        let table = document.get("table").map(|value| self.string("table", value).ok_or(()));
        let keep = match document.get("old-table") {
            None => Some(true),
            Some(value) => self.string("old-table", value).and_then(|word| match word.as_str() {
                "keep" => Some(true),
                "drop" => Some(false),
                _ => self.error(value.span(), "`old-table` must be `keep` or `drop`".to_owned(), None),
            }),
        };
        let migrations = match document.get("migration") {
            None => Vec::new(),
            Some(value) => match value.as_array() {
                Some(entries) => self.migrations(entries),
                None => self.wrong_type("migration", value, "an array of tables: `[[migration]]`")?,
            },
        };
        let (tool, table) = (tool?, table.transpose().ok()?);
        self.check_table(tool, table.as_deref(), document);
        Some(Adoption { tool, table, keep: keep? || tool == Tool::Live, migrations })
    }

    fn tool(&mut self, name: &str, value: Value<'_>) -> Option<Tool> {
        let tool = Tool::from_name(name);
        tool.or_else(|| {
            let near = nearest(name, Tool::ALL.into_iter().map(Tool::name));
            let help = near.map_or_else(tools, |near| format!("did you mean `{near}`?"));
            self.error(value.span(), format!("unknown tool `{}`", name.escape_debug()), Some(help))
        })
    }

    fn check_table(&mut self, tool: Tool, table: Option<&str>, document: Table<'_>) {
        let span = |key: &str| document.get(key).map_or(Span::new(0, 0), Value::span);
        let name = tool.name();
        let _: Option<()> = match table {
            Some(_) if !tool.has_table() => {
                self.error(span("table"), format!("`table` has no meaning here: `{name}` has no history table"), None)
            }
            None if tool.has_table() && tool.usual_table().is_none() => {
                let help = "name its history table: `table = \"…\"`".to_owned();
                self.error(span("from"), format!("`table` is missing: `{name}` has no default"), Some(help))
            }
            _ => None,
        };
    }

    /// What the records mean, by number.
    fn migrations(&mut self, entries: Vec<Value<'_>>) -> Vec<Adopted> {
        let mut keys: BTreeMap<String, usize> = BTreeMap::new();
        let mut adopted: Vec<Adopted> = Vec::with_capacity(entries.len());
        for value in entries {
            let Some(entry) = self.migration(value) else { continue };
            if keys.insert(format!("{:?}", (&entry.key, &entry.checksum)), adopted.len()).is_some() {
                let message = format!("duplicate key `{}`", entry.key.escape_debug());
                self.report(value.span(), message, Some("remove one of them".to_owned()));
            }
            adopted.push(entry);
        }
        // By number, and as they stand here.
        let mut order: Vec<(u64, usize)> = adopted.iter().enumerate().map(|(at, entry)| (entry.number, at)).collect();
        order.sort_unstable();
        order.into_iter().map(|(_, at)| adopted[at].clone()).collect()
    }

    fn migration(&mut self, value: Value<'_>) -> Option<Adopted> {
        let Some(table) = value.as_table() else {
            return self.wrong_type("migration", value, "an array of tables: `[[migration]]`");
        };
        self.unknown_keys(table, &MIGRATION_KEYS);
        let [name, key] = ["name", "key"].map(|key| match table.get(key) {
            Some(value) => self.string(key, value),
            None => self.error(value.span(), format!("`{key}` is missing"), None),
        });
        let checksum = table.get("checksum").map(|value| self.string("checksum", value).ok_or(()));
        let name = name?;
        let number = self.names.get(&name).and_then(|&at| self.numbers.get(at).copied()).or_else(|| {
            let near = nearest(&name, self.names.keys().map(String::as_str));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "use the current name of its file, or remove the entry".to_owned(),
            };
            let span = table.get("name").unwrap_or(value).span();
            self.error(span, format!("there is no migration `{}`", name.escape_debug()), Some(help))
        })?;
        Some(Adopted { number, name, key: key?, checksum: checksum.transpose().ok()? })
    }

    fn string(&mut self, key: &str, value: Value<'_>) -> Option<String> {
        match value.as_str() {
            Some(text) if (1..=MAX_LENGTH).contains(&text.len()) => Some(text.to_owned()),
            Some("") => self.error(value.span(), format!("`{key}` must not be empty"), None),
            Some(_) => self.error(value.span(), format!("`{key}` is longer than {MAX_LENGTH} bytes"), None),
            None => self.wrong_type(key, value, "a string"),
        }
    }

    fn unknown_keys(&mut self, table: Table<'_>, keys: &[&str]) {
        for value in table.entries() {
            let key = value.key();
            if keys.contains(&key) {
                continue;
            }
            let help = match nearest(key, keys.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys are `{}`", keys.join("`, `")),
            };
            let message = format!("unknown key `{}`", key.escape_debug());
            self.report(value.key_span(), message, Some(help));
        }
    }

    fn wrong_type<T>(&mut self, key: &str, value: Value<'_>, expected: &str) -> Option<T> {
        let found = value.type_name();
        self.error(value.span(), format!("`{key}` must be {expected}, not: {found}"), None)
    }

    fn error<T>(&mut self, span: Span, message: String, help: Option<String>) -> Option<T> {
        self.report(span, message, help);
        None
    }

    fn report(&mut self, span: Span, message: String, help: Option<String>) {
        self.sound = false;
        let mut fault = Diagnostic::error("adopted", message);
        fault.help.extend(help.map(Help::from));
        let span = self.problems.source().first_line(span);
        self.problems.push(span, fault);
    }
}

fn tools() -> String {
    let names: Vec<String> = Tool::ALL.into_iter().map(|tool| format!("`{}`", tool.name())).collect();
    format!("the tools are {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::tests::{Package, check};

    fn package(adopted: &str) -> Package {
        let files = [
            ("migrations/001_a.sql", "SELECT 1;"),
            ("migrations/002_b.sql", "SELECT 1;"),
            ("migrations/adopted.toml", adopted),
        ];
        Package::new("", &files)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let entry = |number, name: &str, key: &str, checksum: Option<&str>| Adopted {
            number,
            name: name.to_owned(),
            key: key.to_owned(),
            checksum: checksum.map(str::to_owned),
        };
        let migrations = vec![entry(1, "001_a", "a \"q\" \\ \u{7}", Some("0f")), entry(2, "002_b", "2", None)];
        let adoption = Adoption { tool: Tool::Plain, table: Some("_m".to_owned()), keep: false, migrations };
        let loaded = package(&adoption.render()).load();
        assert_eq!(loaded.diagnostics, []);
        assert_eq!(loaded.set.adoption, Some(adoption));
        assert_eq!(package("from = \"sqlx\"").load().set.adoption.unwrap().table(), Some("_sqlx_migrations"));
    }

    #[test]
    fn the_order_is_that_of_the_numbers_and_a_migration_may_have_had_two_names() {
        let text = "from = \"diesel\"\n[[migration]]\nname = \"002_b\"\nkey = \"2\"\n[[migration]]\nname = \"001_a\"\nkey = \
                    \"1\"\n[[migration]]\nname = \"001_a\"\nkey = \"0\"\n";
        let adoption = package(text).load().set.adoption.unwrap();
        let keys: Vec<&str> = adoption.migrations.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!((keys.as_slice(), adoption.keep), (&["1", "0", "2"][..], true));
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        check(&package(""), &[&["adopted", "`from` is missing", "`sqlx`, `diesel`"]]);
        check(&package("from = \"sqx\""), &[&["adopted.toml:1:8", "unknown tool `sqx`", "did you mean `sqlx`?"]]);
        check(
            &package("from = 1\nold-table = \"yes\"\n"),
            &[&["must be a string, not: integer"], &["`keep` or `drop`"]],
        );
        check(&package("from = \"plain\""), &[&["`table` is missing", "name its history table"]]);
        check(&package("from = \"live\"\ntable = \"x\""), &[&["has no history table"]]);
        check(&package("from = \"sqlx\"\ntables = \"x\""), &[&["unknown key `tables`", "did you mean `table`?"]]);
        check(&package("from = \"sqlx\"\nmigration = 1"), &[&["an array of tables"]]);
        check(&package("from = \"sqlx\"\nmigration = [1]"), &[&["an array of tables"]]);
        check(&package("from = \""), &[&["not valid TOML"]]);
        let entry = |name: &str, key: &str| format!("[[migration]]\nname = \"{name}\"\nkey = \"{key}\"\n");
        let with = |entries: &str| package(&format!("from = \"sqlx\"\n{entries}"));
        check(&with(&entry("001_aa", "1")), &[&["adopted.toml:3:8", "there is no migration `001_aa`", "`001_a`?"]]);
        check(&with(&(entry("001_a", "1") + &entry("002_b", "1"))), &[&["duplicate key `1`"]]);
        check(&with(&entry("001_a", "")), &[&["`key` must not be empty"]]);
        check(&with("[[migration]]\nkey = \"1\"\nsum = 1\n"), &[&["`name` is missing"], &["unknown key `sum`"]]);
        check(&with(&entry("001_a", &"x".repeat(2000))), &[&["longer than 1024 bytes"]]);
    }
}
