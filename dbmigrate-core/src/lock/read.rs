//! Reads `migrations.lock`. Whoever merged it by hand may have left anything there, so every line is checked, and each
//! has to follow from the one before.

use super::{FILE, Lock, NEWEST, Sealed, SealedSchema, SealedSnapshot, VERSION};
use crate::checksum;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::files::Files;
use crate::help::{Help, git_restores};
use crate::nearest::nearest;
use crate::problems::Problems;
use crate::source::{SourceText, Span};
use crate::toml::{self, Table, Value};

const KEYS: [&str; 5] = ["version", "migrations", "schema", "snapshot", "pruned"];
const MIGRATION_KEYS: [&str; 5] = ["number", "name", "checksum", "chain", "source"];
const SCHEMA_KEYS: [&str; 2] = ["chain", "fingerprint"];
const SNAPSHOT_KEYS: [&str; 4] = ["number", "chain", "checksum", "source"];

/// What a checksum is, in words.
const CHECKSUM: &str = "`v1:` and 64 hexadecimal digits";

/// What git leaves where two branches differ.
const CONFLICT: [&str; 4] = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];

/// The longest name, as of a file, and the longest fingerprint.
const MAX_LENGTH: usize = 255;

/// A lock with the file that it stands in, to point at.
pub(crate) struct Read {
    pub(crate) lock: Lock,
    pub(crate) source: SourceText,
    /// Where the name of each migration stands.
    pub(crate) names: Vec<Span>,
}

/// Reads the file in the folder of a set; none where it is not there, or is not sound. Where a squash is not sealed yet,
/// what is sealed goes on from the chain of what it replaces.
pub(crate) fn read<F: Files + ?Sized>(
    root: &F,
    config: &Config,
    replaced: Option<&Lock>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Read> {
    let path = format!("{}/{FILE}", config.dir);
    // A link to nowhere is there, too.
    root.kind(&path)?;
    match root.text(&path) {
        Ok(source) => parse(source, &config.set, replaced, diagnostics),
        Err(diagnostic) => {
            diagnostics.push(diagnostic.help(restore(&path)));
            None
        }
    }
}

/// Reads a text that seals the set of this name.
pub(super) fn parse(
    source: SourceText,
    set: &str,
    replaced: Option<&Lock>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Read> {
    let replaced = replaced.and_then(|lock| lock.migrations.last());
    let mut reader = Reader { problems: Problems::new(&source, diagnostics), set, replaced, sound: true };
    let (lock, names) = reader.file()?;
    reader.sound.then_some(Read { lock, source, names })
}

struct Reader<'a> {
    problems: Problems<'a>,
    /// The last one that a squash replaces.
    replaced: Option<&'a Sealed>,
    /// The name of the set, which is in every chain.
    set: &'a str,
    /// Whether nothing was reported.
    sound: bool,
}

impl Reader<'_> {
    fn file(&mut self) -> Option<(Lock, Vec<Span>)> {
        let text = self.problems.source().text();
        if let Some(at) = conflict(text) {
            let line = self.problems.source().first_line(Span::new(at, text.len()));
            let fault = Diagnostic::error("lock-conflict", "two branches have sealed migrations, and conflict here")
                .help("give the migrations of one branch other numbers: `cargo dbmigrate renumber`");
            self.report(line, fault);
            return None;
        }
        let document = match toml::parse(text) {
            Ok(document) => document,
            Err(fault) => return self.error(fault.span, format!("the file is not valid TOML: {}", fault.message)),
        };
        let document = document.root();
        let version = document.get("version");
        match version.map(|version| (integer(version), version.span())) {
            Some((Some(VERSION | NEWEST), _)) => {}
            Some((Some(newer), span)) if newer > NEWEST => {
                let message =
                    format!("the file has version {newer}, and this version of dbmigrate reads up to {NEWEST}");
                let fault = Diagnostic::error("lock-version", message).help(
                    "it was written by a newer `cargo dbmigrate lock`: use that version, and its `dbmigrate-build`",
                );
                self.report(span, fault);
                return None;
            }
            Some((_, span)) => return self.error(span, format!("`version` must be {VERSION}")),
            None => return self.error(Span::new(0, 0), format!("`version = {VERSION}` is missing")),
        }
        self.unknown_keys(document, &KEYS);
        let (mut lock, mut names) = (Lock::default(), Vec::new());
        match document.get("migrations") {
            None => return self.error(Span::new(0, 0), "`migrations` is missing".to_owned()),
            Some(value) => match value.as_array() {
                Some(lines) => lines.into_iter().for_each(|line| self.line(line, &mut lock, &mut names)),
                None => return self.wrong_type("migrations", value, "an array"),
            },
        }
        if let Some(value) = document.get("schema") {
            lock.schema = self.schema(value);
        }
        if let Some(value) = document.get("snapshot") {
            lock.snapshot = self.snapshot(value);
        }
        if document.get("pruned").is_some() {
            lock.pruned = self.string(document, "pruned", Span::new(0, 0), "a version", |version| {
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
                (1..=MAX_LENGTH).contains(&version.len()) && version.bytes().all(plain)
            });
        }
        Some((lock, names))
    }

    /// One migration, after those before it.
    fn line(&mut self, value: Value<'_>, lock: &mut Lock, names: &mut Vec<Span>) {
        let Some(sealed) = self.migration(value) else { return };
        let name = self.span_of(value, "name");
        let previous = lock.migrations.last();
        if let Some(before) = previous.filter(|before| before.number >= sealed.number) {
            let message = if before.number == sealed.number {
                format!("`{}` and `{}` are sealed with the same number", before.name, sealed.name)
            } else {
                format!("`{}` comes after `{}`", sealed.name, before.name)
            };
            let help = "give the migrations of one branch other numbers: `cargo dbmigrate renumber`";
            self.report(name, Diagnostic::error("lock-order", message).help(help));
        } else {
            let replaced = self.replaced.filter(|last| last.number < sealed.number);
            let before = previous.or(replaced).map_or("", |before| &before.chain);
            if checksum::chain(before, self.set, sealed.number, &sealed.name, &sealed.checksum) != sealed.chain {
                let message = format!("the chain of `{}` does not match this line and those before it", sealed.name);
                let fault = Diagnostic::error("lock-chain", message).help(self.restore());
                let span = self.span_of(value, "chain");
                self.report(span, fault);
            }
        }
        lock.migrations.push(sealed);
        names.push(name);
    }

    fn migration(&mut self, value: Value<'_>) -> Option<Sealed> {
        let table = self.table("a migration", value, &MIGRATION_KEYS)?;
        let number = self.number(table, value);
        let name = self.string(table, "name", value.span(), "its number, `_` and a name", |name| {
            let parts = name.split_once('_').filter(|_| name.len() <= MAX_LENGTH);
            parts.is_some_and(|(digits, slug)| {
                let plain = |byte: u8| byte == b'_' || byte.is_ascii_lowercase() || byte.is_ascii_digit();
                let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
                let is_same = number.is_none_or(|number| digits.parse() == Ok(number));
                is_number && is_same && !slug.is_empty() && slug.bytes().all(plain)
            })
        });
        let [checksum, chain, source] =
            ["checksum", "chain", "source"].map(|key| self.string(table, key, value.span(), CHECKSUM, is_checksum));
        Some(Sealed { number: number?, name: name?, checksum: checksum?, chain: chain?, source: source? })
    }

    fn number(&mut self, table: Table<'_>, whole: Value<'_>) -> Option<u64> {
        match table.get("number") {
            None => self.missing("number", whole.span()),
            Some(number) => integer(number).or_else(|| self.wrong_type("number", number, "a number")),
        }
    }

    fn schema(&mut self, value: Value<'_>) -> Option<SealedSchema> {
        let table = self.table("`schema`", value, &SCHEMA_KEYS)?;
        let chain = self.string(table, "chain", value.span(), CHECKSUM, is_checksum);
        // What it means is for the runtime, which may be another version.
        let fingerprint = self.string(table, "fingerprint", value.span(), "a version and letters or digits", |text| {
            let plain = text.bytes().all(|byte| byte == b':' || byte.is_ascii_alphanumeric());
            plain && (1..=MAX_LENGTH).contains(&text.len())
        });
        Some(SealedSchema { chain: chain?, fingerprint: fingerprint? })
    }

    fn snapshot(&mut self, value: Value<'_>) -> Option<SealedSnapshot> {
        let table = self.table("`snapshot`", value, &SNAPSHOT_KEYS)?;
        let number = self.number(table, value);
        let [chain, checksum, source] =
            ["chain", "checksum", "source"].map(|key| self.string(table, key, value.span(), CHECKSUM, is_checksum));
        Some(SealedSnapshot { number: number?, chain: chain?, checksum: checksum?, source: source? })
    }

    /// The table, and an error for each key that it should not have.
    fn table<'v>(&mut self, what: &str, value: Value<'v>, keys: &[&str]) -> Option<Table<'v>> {
        let Some(table) = value.as_table() else {
            let found = value.type_name();
            return self.error(value.span(), format!("{what} must be a table, not: {found}"));
        };
        self.unknown_keys(table, keys);
        Some(table)
    }

    fn unknown_keys(&mut self, table: Table<'_>, keys: &[&str]) {
        for value in table.entries() {
            let key = value.key();
            if keys.contains(&key) {
                continue;
            }
            let near = nearest(key, keys.iter().copied());
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let message = format!("unknown key `{}`{near}", key.escape_debug());
            let _: Option<()> = self.error(value.key_span(), message);
        }
    }

    fn string(
        &mut self,
        table: Table<'_>,
        key: &str,
        whole: Span,
        expected: &str,
        is_right: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let Some(value) = table.get(key) else { return self.missing(key, whole) };
        match value.as_str() {
            Some(text) if is_right(text) => Some(text.to_owned()),
            Some(_) => self.error(value.span(), format!("`{key}` must be {expected}")),
            None => self.wrong_type(key, value, "a string"),
        }
    }

    fn missing<T>(&mut self, key: &str, whole: Span) -> Option<T> {
        self.error(whole, format!("`{key}` is missing"))
    }

    fn wrong_type<T>(&mut self, key: &str, value: Value<'_>, expected: &str) -> Option<T> {
        let found = value.type_name();
        self.error(value.span(), format!("`{key}` must be {expected}, not: {found}"))
    }

    fn error<T>(&mut self, span: Span, message: String) -> Option<T> {
        let fault = Diagnostic::error("lock", message).help(self.restore());
        self.report(span, fault);
        None
    }

    fn report(&mut self, span: Span, fault: Diagnostic) {
        self.sound = false;
        self.problems.push(self.problems.source().first_line(span), fault);
    }

    fn restore(&self) -> Help {
        restore(self.problems.source().path())
    }

    /// Where the value of a key stands.
    fn span_of(&self, value: Value<'_>, key: &str) -> Span {
        let found = value.as_table().and_then(|table| table.get(key));
        found.unwrap_or(value).span()
    }
}

/// What to do about a file that nobody should have edited.
fn restore(path: &str) -> Help {
    git_restores("restore it", path)
}

/// Where a line stands that git has left.
fn conflict(text: &str) -> Option<usize> {
    let mut at = 0;
    text.split_inclusive('\n').find_map(|line| {
        let start = at;
        at += line.len();
        CONFLICT.iter().any(|marker| line.starts_with(marker)).then_some(start)
    })
}

fn integer(value: Value<'_>) -> Option<u64> {
    value.as_integer().flatten()
}

/// `v1:` and a SHA-256.
fn is_checksum(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.strip_prefix("v1:").is_some_and(|digits| digits.len() == 64 && digits.bytes().all(is_digit))
}
