//! Folders of other tools, read in place and translated into dbmigrate's own terms.
//!
//! Each tool has a file here, which knows how its newest release names, orders and divides its files. The result are
//! texts in dbmigrate's own form, with the same lines as the originals: a directive replaces text on its own line only,
//! so a line number in a message is right for the original file, too. Nothing is written, and no database is known.
//! Which migrations a database has is found out by whoever reads the tool's history, with [`TranslatedMigration::key`].

use crate::config::Numbering;
use crate::diagnostic::Diagnostic;
use crate::directive::Directive;
use crate::files::Files;

mod dbmate;
mod detect;
mod diesel;
mod drizzle;
mod flyway;
mod golang_migrate;
mod goose;
mod json;
mod moment;
mod name;
mod numbers;
mod plain;
mod prisma;
mod reader;
mod refinery;
mod rusqlite_migration;
mod sections;
mod sql_migrate;
mod sqlx;
#[cfg(test)]
mod tests;
mod text;
mod transaction;
mod wrangler_d1;

pub use crate::tool::Layout;
pub use detect::{Candidate, detect};
use reader::Reader;

/// A folder of another tool in the words of the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translated {
    /// Whose files they are.
    pub layout: Layout,
    /// What the numbers of the house files are.
    pub numbering: Numbering,
    /// The digits of a sequential number, at least.
    pub width: usize,
    /// The first sequential number.
    pub start: u64,
    /// The sequential numbers between the first and the last that the other tool left out.
    pub reserved: Vec<u64>,
    /// The migrations, in the order in which the tool runs them; their numbers rise.
    pub migrations: Vec<TranslatedMigration>,
    /// What is run again whenever it changes, in the order in which the tool runs it.
    pub repeatables: Vec<TranslatedRepeatable>,
    /// What can't be translated (errors), and what the tool did that the house does not do (warnings).
    pub diagnostics: Vec<Diagnostic>,
    /// What was made otherwise than it is written, without a loss: other numbers and names, down scripts that are
    /// empty.
    pub notes: Vec<Diagnostic>,
}

/// A migration of another tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranslatedMigration {
    /// Its number in the house.
    pub number: u64,
    /// Its name in the house, without the number.
    pub slug: String,
    /// By what the tool's history records it.
    pub key: String,
    /// The way up.
    pub up: TranslatedFile,
    /// The down script.
    pub down: Option<TranslatedFile>,
    /// The files that it was made of, as they lie there, that of the way up first.
    pub original: Vec<Original>,
}

/// One way of a migration of another tool, as house text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranslatedFile {
    /// The original file, relative to the package, with `/`.
    pub path: String,
    /// What it says in no line of its own: directives that would stand before the first line of the text.
    pub header: Vec<Directive>,
    /// The text, without byte order mark and carriage returns; its lines are those of the original.
    pub text: String,
}

/// What another tool runs again whenever it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranslatedRepeatable {
    /// Its name in the house.
    pub slug: String,
    /// By what the tool's history records it.
    pub key: String,
    /// The script.
    pub up: TranslatedFile,
    /// The file, as it lies there.
    pub original: Original,
}

/// A file as it lies there: what the tool hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    /// Relative to the package, with `/`.
    pub path: String,
    /// Untouched.
    pub bytes: Vec<u8>,
}

/// A file of the house that a migration of another tool becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseFile {
    /// Its name in the folder of migrations, such as `001_users.down.sql`.
    pub name: String,
    /// What it holds.
    pub text: String,
    /// The original file, relative to the package, with `/`.
    pub from: String,
}

impl Translated {
    /// A number as the house files write it.
    #[must_use]
    pub fn digits(&self, number: u64) -> String {
        numbers::digits(self.numbering, self.width, number)
    }

    /// The full name of a migration in the house: `001_initial_schema`.
    #[must_use]
    pub fn name(&self, migration: &TranslatedMigration) -> String {
        format!("{}_{}", self.digits(migration.number), migration.slug)
    }

    /// The files of the house that they become, in order.
    #[must_use]
    pub fn house_files(&self) -> Vec<HouseFile> {
        let mut files = Vec::new();
        for migration in &self.migrations {
            let name = self.name(migration);
            files.push(migration.up.house_file(format!("{name}.sql")));
            files.extend(migration.down.as_ref().map(|down| down.house_file(format!("{name}.down.sql"))));
        }
        let repeatables = self.repeatables.iter();
        files.extend(repeatables.map(|it| it.up.house_file(format!("repeatable/{}.sql", it.slug))));
        files
    }

    /// Whether it can't be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

impl TranslatedFile {
    /// The file that it becomes: its header, then its text without the empty lines around it.
    fn house_file(&self, name: String) -> HouseFile {
        let header: String = self.header.iter().map(|directive| format!("-- dbmigrate: {directive}\n")).collect();
        // What else Rust takes for a blank SQLite does not.
        let text = self.text.trim_start_matches('\n').trim_end_matches([' ', '\t', '\n', '\u{c}']);
        let end = if text.is_empty() { "" } else { "\n" };
        HouseFile { name, text: format!("{header}{text}{end}"), from: self.path.clone() }
    }
}

/// Reads the folder `dir` of another tool.
#[must_use]
pub fn translate<F: Files + ?Sized>(files: &F, dir: &str, layout: Layout) -> Translated {
    let mut reader = Reader::new(files, dir, layout);
    let found = match layout {
        Layout::House => Vec::new(),
        Layout::Sqlx => sqlx::read(&mut reader),
        Layout::Diesel => diesel::read(&mut reader),
        Layout::Refinery => refinery::read(&mut reader),
        Layout::RusqliteMigration => rusqlite_migration::read(&mut reader),
        Layout::Drizzle => drizzle::read(&mut reader),
        Layout::Prisma => prisma::read(&mut reader),
        Layout::Goose => goose::read(&mut reader),
        Layout::Dbmate => dbmate::read(&mut reader),
        Layout::GolangMigrate => golang_migrate::read(&mut reader),
        Layout::WranglerD1 => wrangler_d1::read(&mut reader),
        Layout::Flyway => flyway::read(&mut reader),
        Layout::SqlMigrate => sql_migrate::read(&mut reader),
        Layout::Plain => plain::read(&mut reader),
    };
    reader.finish(found)
}
