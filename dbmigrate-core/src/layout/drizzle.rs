//! drizzle: `<tag>.sql` in the order of `meta/_journal.json`; since 1.0 a folder with `migration.sql` for each.
//!
//! Looked at: `drizzle-orm` 0.45.4 (`migrator.js`, `sqlite-core/dialect.js`) and 1.0.0-rc.4 (`migrator.ts`,
//! `migrator.utils.ts`). With a journal its entries count, in their order, and a database that is newer than an entry
//! (by `when`) never runs it. Without one, every folder with `migration.sql` counts, ordered by name. A text is divided
//! at `--> statement-breakpoint`, wherever that stands, and the parts run one by one in one transaction; the history
//! records `when`, in 1.0 the name, and the SHA-256 of the file.

use crate::files::{Files, Kind};
use crate::source::{SourceText, Span};
use crate::statement::Splitter;
use crate::token::tokens;

use super::TranslatedFile;
use super::json::Json;
use super::reader::{Found, Read, Reader};
use super::transaction::Around;
use crate::diagnostic::{Diagnostic, Location};

const JOURNAL: &str = "meta/_journal.json";
const BREAKPOINT: &str = "--> statement-breakpoint";

pub(super) fn read<F: Files + ?Sized>(reader: &mut Reader<'_, F>) -> Vec<Found> {
    if reader.files.kind(&reader.path(JOURNAL)).is_some() { journal(reader) } else { folders(reader) }
}

/// An entry of the journal.
struct Entry {
    when: u64,
    tag: String,
}

fn journal<F: Files + ?Sized>(reader: &mut Reader<'_, F>) -> Vec<Found> {
    let names = reader.top_files();
    let Some(read) = reader.read(&reader.path(JOURNAL)) else { return Vec::new() };
    let entries = match entries(&read.source) {
        Ok(entries) => entries,
        Err(fault) => {
            reader.diagnostics.push(*fault);
            return Vec::new();
        }
    };
    for name in names.iter().filter(|name| name.ends_with(".sql")) {
        if !entries.iter().any(|entry| name.strip_suffix(".sql") == Some(&entry.tag)) {
            let message = format!("`{name}` is not in `{JOURNAL}`: drizzle never runs it");
            reader.warning("passed-over", &reader.path(name), message, "delete it, or move it out of the folder");
        }
    }
    let mut newest = None;
    let mut found = Vec::new();
    for entry in entries {
        let path = reader.path(&format!("{}.sql", entry.tag));
        if newest.is_some_and(|newest| entry.when <= newest) {
            let message = format!("`{}` is not newer than the entry before it in `{JOURNAL}`", entry.tag);
            let help = "databases that had the one before may never have run this one: check what they have";
            reader.warning("unordered-number", &path, message, help);
        }
        newest = newest.max(Some(entry.when));
        let Some(read) = reader.read(&path) else { continue };
        let (written, rest) = entry.tag.split_once('_').unwrap_or((&entry.tag, &entry.tag));
        found.push(Found {
            version: written.parse().ok(),
            written: written.to_owned(),
            name: rest.to_owned(),
            key: entry.when.to_string(),
            up: file(reader, &read),
            down: None,
            original: vec![read.original],
        });
    }
    found
}

fn entries(source: &SourceText) -> Result<Vec<Entry>, Box<Diagnostic>> {
    let fault = |at: usize, message: &str| {
        let at = at.min(source.text().len());
        let place = Location::new(source, source.first_line(Span::new(at, source.text().len())));
        let help = "restore it: `drizzle-kit check` says what is wrong with it";
        Box::new(Diagnostic::error("malformed-journal", message).at(place).help(help))
    };
    let json = Json::parse(source.text()).map_err(|at| fault(at, "the journal is not valid JSON"))?;
    if let Some(dialect) = json.get("dialect").and_then(Json::text) {
        if !matches!(dialect, "sqlite" | "turso") {
            return Err(fault(
                0,
                &format!("the journal says that these are migrations for `{}`", dialect.escape_debug()),
            ));
        }
    }
    let entries = json.get("entries").and_then(Json::list);
    let entries = entries.ok_or_else(|| fault(0, "the journal has no list of `entries`"))?;
    let entry = |(at, json): (usize, &Json)| {
        let what = |what: &str| fault(0, &format!("entry {at} of the journal {what}"));
        let tag = json.get("tag").and_then(Json::text).ok_or_else(|| what("has no `tag`"))?;
        // A path out of the folder is nobody's migration.
        if tag.is_empty() || tag.starts_with('.') || tag.contains(|it: char| "/\\:".contains(it) || it.is_control()) {
            return Err(what(&format!("has the tag `{}`, which is no file name", tag.escape_debug())));
        }
        let when = json.get("when").and_then(Json::whole).ok_or_else(|| what("has no `when`"))?;
        Ok(Entry { when, tag: tag.to_owned() })
    };
    entries.iter().enumerate().map(entry).collect()
}

fn folders<F: Files + ?Sized>(reader: &mut Reader<'_, F>) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    reader.pass_over_files("20240115103022_initial/migration.sql");
    for name in reader.top_folders() {
        let path = reader.path(&format!("{name}/migration.sql"));
        if !matches!(reader.files.kind(&path), Some(Kind::File | Kind::Broken)) {
            continue;
        }
        let Some(read) = reader.read(&path) else { continue };
        let (written, rest) = name.split_once('_').unwrap_or((&name, &name));
        if found.last().is_some_and(|before| before.written == written) {
            let message = format!("`{name}` has the time of the folder before it: their names decide which runs first");
            reader.warning("duplicate-number", &path, message, "check that your databases have run them in this order");
        }
        found.push(Found {
            version: written.parse().ok(),
            written: written.to_owned(),
            name: rest.to_owned(),
            up: file(reader, &read),
            down: None,
            original: vec![read.original],
            key: name,
        });
    }
    if found.is_empty() && !reader.diagnostics.iter().any(Diagnostic::is_error) {
        let message = format!("`{}` contains neither `{JOURNAL}` nor a folder with `migration.sql`", reader.dir);
        reader.error(
            "no-journal",
            reader.dir.to_owned(),
            message,
            "name the folder that drizzle-kit writes (`out`): `--dir DIR`",
        );
    }
    found
}

fn file<F: Files + ?Sized>(reader: &mut Reader<'_, F>, read: &Read) -> TranslatedFile {
    let text = ended(read.source.text());
    reader.file(&read.source, &text, Around::Transaction)
}

/// The text with a `;` behind each statement that only a breakpoint ends. A breakpoint before SQL in its own line
/// becomes a comment that ends before that.
fn ended(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut parts = text.split(BREAKPOINT).peekable();
    while let Some(part) = parts.next() {
        let Some(next) = parts.peek() else {
            out.push_str(part);
            break;
        };
        let mut splitter = Splitter::default();
        let mut end = 0;
        for token in tokens(part) {
            splitter.feed(part, token);
            if !token.is_blank() {
                end = token.span.end;
            }
        }
        let semicolon = if splitter.is_open() { ";" } else { "" };
        out.push_str(&format!("{}{semicolon}{}", &part[..end], &part[end..]));
        let alone = next.lines().next().unwrap_or_default().trim().is_empty();
        out.push_str(if alone { BREAKPOINT } else { "/*> statement-breakpoint */" });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breakpoint_ends_a_statement() {
        for (text, expect) in [
            ("SELECT 1;\n--> statement-breakpoint\nSELECT 2;", "SELECT 1;\n--> statement-breakpoint\nSELECT 2;"),
            ("SELECT 1\n--> statement-breakpoint\nSELECT 2", "SELECT 1;\n--> statement-breakpoint\nSELECT 2"),
            ("SELECT 1 -- a\n--> statement-breakpoint\n", "SELECT 1; -- a\n--> statement-breakpoint\n"),
            ("SELECT 1;--> statement-breakpoint SELECT 2;", "SELECT 1;/*> statement-breakpoint */ SELECT 2;"),
            (
                "--> statement-breakpoint\n--> statement-breakpoint",
                "--> statement-breakpoint\n--> statement-breakpoint",
            ),
        ] {
            assert_eq!(ended(text), expect);
        }
    }
}
