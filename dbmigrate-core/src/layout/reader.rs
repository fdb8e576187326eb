//! What the files of all tools share: the folder and its names, texts, and what is noticed on the way.

use crate::diagnostic::Diagnostic;
use crate::directive::Directive;
use crate::files::{Entry, Files, Kind, list_sorted, printable};
use crate::source::SourceText;

use super::name::slug;
use super::sections::Sections;
use super::transaction::{self, Around};
use super::{Layout, Original, Translated, TranslatedFile, TranslatedMigration, TranslatedRepeatable, numbers, text};

/// How deep folders are followed where a tool follows them.
const DEPTH: usize = 16;

/// How many files and folders a folder may hold, with all in it.
const MOST: usize = 100_000;

/// A migration as its tool names it.
pub(super) struct Found {
    /// The version where it is one whole number.
    pub(super) version: Option<u64>,
    /// The version as it is written.
    pub(super) written: String,
    /// What makes the name of the house.
    pub(super) name: String,
    pub(super) key: String,
    pub(super) up: TranslatedFile,
    pub(super) down: Option<TranslatedFile>,
    pub(super) original: Vec<Original>,
}

/// A file that was read: its bytes, and its text.
pub(super) struct Read {
    pub(super) original: Original,
    pub(super) source: SourceText,
}

/// Reads the folder of one tool and collects what is noticed.
pub(super) struct Reader<'a, F: Files + ?Sized> {
    pub(super) files: &'a F,
    pub(super) dir: &'a str,
    pub(super) layout: Layout,
    pub(super) repeatables: Vec<TranslatedRepeatable>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) notes: Vec<Diagnostic>,
    /// How many names may still be listed.
    left: usize,
}

impl<'a, F: Files + ?Sized> Reader<'a, F> {
    pub(super) fn new(files: &'a F, dir: &'a str, layout: Layout) -> Self {
        Self { files, dir, layout, repeatables: Vec::new(), diagnostics: Vec::new(), notes: Vec::new(), left: MOST }
    }

    /// The names in the folder itself, sorted; that it can't be read is an error.
    pub(super) fn top(&mut self) -> Vec<(String, Entry)> {
        if matches!(self.files.kind(self.dir), None | Some(Kind::Broken)) {
            let message = format!("the folder `{}` does not exist", self.dir);
            self.error(
                "no-directory",
                self.dir.to_owned(),
                message,
                "name the folder: `--dir DIR`, or `dir` in the manifest",
            );
            return Vec::new();
        }
        self.list(self.dir)
    }

    /// The names of the files in the folder itself, sorted. A link that leads nowhere counts: reading it says so.
    pub(super) fn top_files(&mut self) -> Vec<String> {
        let files = self.top().into_iter().filter(|(_, entry)| matches!(entry.kind, Kind::File | Kind::Broken));
        files.map(|(name, _)| name).collect()
    }

    /// The names of the folders in the folder itself, sorted.
    pub(super) fn top_folders(&mut self) -> Vec<String> {
        self.top().into_iter().filter(|(_, entry)| entry.kind == Kind::Folder).map(|(name, _)| name).collect()
    }

    /// The files of the folder and of all folders inside, by their paths in it, sorted within each. Links to folders
    /// are not followed.
    pub(super) fn all_files(&mut self) -> Vec<String> {
        let mut paths = Vec::new();
        let top = self.top();
        self.collect("", top, DEPTH, &mut paths);
        paths
    }

    fn collect(&mut self, inside: &str, entries: Vec<(String, Entry)>, depth: usize, paths: &mut Vec<String>) {
        for (name, entry) in entries {
            let path = format!("{inside}{name}");
            match entry.kind {
                Kind::Folder if entry.is_link => {}
                Kind::Folder if depth == 0 => {
                    let message = format!("folders are nested more than {DEPTH} deep");
                    self.error("too-deep", self.path(&path), message, "move the migrations up");
                }
                Kind::Folder => {
                    let entries = self.list(&self.path(&path));
                    self.collect(&format!("{path}/"), entries, depth - 1, paths);
                }
                Kind::File | Kind::Broken => paths.push(path),
                Kind::Other => {}
            }
        }
    }

    /// The path of a name in the folder.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.dir)
    }

    /// Two files, or folders, of one version, where the tool takes one.
    pub(super) fn twice(&mut self, name: &str, other: &str) {
        let message = format!("`{name}` has the same version as `{other}`");
        let help = format!(
            "{} accepts only one of them: give the other a different version, or remove it",
            self.layout.name()
        );
        self.error("duplicate-number", self.path(name), message, &help);
    }

    /// The names in a folder, sorted. One that can't be shown is an error.
    pub(super) fn list(&mut self, folder: &str) -> Vec<(String, Entry)> {
        let entries = match list_sorted(self.files, folder) {
            Ok(entries) => entries,
            Err(error) => {
                let message = format!("could not read the folder `{folder}`: {error}");
                self.error("unreadable-folder", folder.to_owned(), message, "make it readable for this process");
                return Vec::new();
            }
        };
        if entries.len() > self.left {
            let message = format!("`{}` contains more than {MOST} files", self.dir);
            self.error("too-many-files", folder.to_owned(), message, "name the folder of the migrations: `--dir DIR`");
            return Vec::new();
        }
        self.left -= entries.len();
        printable(entries, folder, &mut self.diagnostics)
    }

    /// The bytes and the text of a file; what is wrong with it is an error.
    pub(super) fn read(&mut self, path: &str) -> Option<Read> {
        let bytes = match self.files.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let fault = Diagnostic::error("unreadable-file", format!("could not read `{path}`: {error}"));
                self.diagnostics.push(fault.in_file(path));
                return None;
            }
        };
        match SourceText::from_bytes(path, bytes.clone()) {
            Ok(source) => Some(Read { original: Original { path: path.to_owned(), bytes }, source }),
            Err(fault) => {
                self.diagnostics.push(fault);
                None
            }
        }
    }

    /// A whole file as one way of a migration.
    pub(super) fn whole(&mut self, read: &Read, around: Around) -> TranslatedFile {
        self.file(&read.source, read.source.text(), around)
    }

    /// A text whose lines are those of `source` as one way of a migration.
    pub(super) fn file(&mut self, source: &SourceText, text: &str, around: Around) -> TranslatedFile {
        let (text, in_transaction) = transaction::one(text::without_look_alikes(text), around);
        let header = if in_transaction { Vec::new() } else { vec![Directive::NoTransaction] };
        TranslatedFile { path: source.path().to_owned(), header, text }
    }

    /// Both ways of a file that holds both.
    pub(super) fn both(
        &mut self,
        read: &Read,
        sections: &Sections,
        around: [Around; 2],
    ) -> (TranslatedFile, Option<TranslatedFile>) {
        let up = self.file(&read.source, &sections.up, around[0]);
        let down = self.file(&read.source, &sections.down, around[1]);
        (up, if sections.has_down { self.down_script(down) } else { None })
    }

    /// A down script, unless nothing is in it.
    pub(super) fn down_script(&mut self, file: TranslatedFile) -> Option<TranslatedFile> {
        if !text::is_blank(&file.text) {
            return Some(file);
        }
        self.note("empty-down-script", &file.path, "the down script is empty: the migration gets none".to_owned());
        None
    }

    /// What keeps the folder from being translated.
    pub(super) fn error(&mut self, code: &'static str, path: String, message: String, help: &str) {
        self.diagnostics.push(Diagnostic::error(code, message).in_file(path).help(help));
    }

    /// What the tool did that the house does not do.
    pub(super) fn warning(&mut self, code: &'static str, path: &str, message: String, help: &str) {
        self.diagnostics.push(Diagnostic::warning(code, message).in_file(path).help(help));
    }

    /// A SQL file that the tool never runs; `such` is a name that it would.
    pub(super) fn passed_over(&mut self, name: &str, such: &str) {
        let message = format!("{} ignores `{name}`: it looks for names such as `{such}`", self.layout.name());
        self.warning("passed-over", &self.path(name), message, "rename it, or move it out of the folder");
    }

    /// The SQL files of the folder itself, where a migration is a folder.
    pub(super) fn pass_over_files(&mut self, such: &str) {
        let files = self.files.list(self.dir).unwrap_or_default();
        let names = files.into_iter().filter(|it| it.kind == Kind::File).filter_map(|it| it.name.ok());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(".sql")).collect();
        names.sort();
        names.iter().for_each(|name| self.passed_over(name, such));
    }

    /// What is made otherwise, without a loss.
    pub(super) fn note(&mut self, code: &'static str, path: &str, message: String) {
        self.notes.push(Diagnostic::warning(code, message).in_file(path));
    }

    /// The migrations with their numbers and names.
    pub(super) fn finish(mut self, found: Vec<Found>) -> Translated {
        let numbers = numbers::assign(&found);
        for (number, it) in numbers.numbers.iter().zip(&found) {
            if let Some(version) = it.version.filter(|version| version != number) {
                let digits = numbers::digits(numbers.numbering, numbers.width, *number);
                let was = if it.written.is_empty() { version.to_string() } else { it.written.clone() };
                self.note("other-number", &it.up.path.clone(), format!("version {was} becomes number {digits}"));
            }
        }
        let migrations = found.into_iter().zip(&numbers.numbers).map(|(it, &number)| TranslatedMigration {
            number,
            slug: slug(&it.name),
            key: it.key,
            up: it.up,
            down: it.down,
            original: it.original,
        });
        Translated {
            layout: self.layout,
            numbering: numbers.numbering,
            width: numbers.width,
            start: numbers.start,
            reserved: numbers.reserved,
            migrations: migrations.collect(),
            repeatables: self.repeatables,
            diagnostics: self.diagnostics,
            notes: self.notes,
        }
    }
}
