//! Whose files a folder seems to hold: by what lies in it, how its files are called, and the marks in them.

use crate::files::{Files, Kind, list_sorted};

use super::Layout;

/// How many files are looked into.
const SAMPLES: usize = 20;

/// A tool that a folder may belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The tool.
    pub layout: Layout,
    /// What speaks for it, in words.
    pub reason: String,
    /// Whether nothing else looks like that.
    pub certain: bool,
}

/// The tools whose files the folder `dir` may hold, the likeliest first; [`Layout::House`] is among them.
///
/// ```
/// use dbmigrate_core::files::InMemory;
/// use dbmigrate_core::layout::{Layout, detect};
///
/// let files = InMemory::new([("db/1_users.sql", "-- +goose Up\nCREATE TABLE users (id INTEGER PRIMARY KEY);\n")]);
/// assert_eq!(detect(&files, "db")[0].layout, Layout::Goose);
/// ```
#[must_use]
pub fn detect<F: Files + ?Sized>(files: &F, dir: &str) -> Vec<Candidate> {
    let Ok(entries) = list_sorted(files, dir) else { return Vec::new() };
    let names: Vec<(String, Kind)> = entries.into_iter().filter_map(|it| Some((it.name.ok()?, it.kind))).collect();
    let look = Look { files, dir, names };
    let mut candidates = look.folders();
    if candidates.is_empty() {
        candidates = look.marks();
    }
    if candidates.is_empty() {
        candidates = look.file_names();
    }
    candidates
}

struct Look<'a, F: Files + ?Sized> {
    files: &'a F,
    dir: &'a str,
    names: Vec<(String, Kind)>,
}

impl<F: Files + ?Sized> Look<'_, F> {
    fn has(&self, path: &str) -> bool {
        self.files.kind(&format!("{}/{path}", self.dir)) == Some(Kind::File)
    }

    /// The first folder that holds this file.
    fn folder_with(&self, file: &str) -> Option<&str> {
        let folders = self.names.iter().filter(|(name, kind)| *kind == Kind::Folder && !name.starts_with('.'));
        folders.map(|(name, _)| name.as_str()).take(SAMPLES).find(|name| self.has(&format!("{name}/{file}")))
    }

    fn sql_files(&self) -> impl Iterator<Item = &str> {
        let files = self.names.iter().filter(|(name, kind)| *kind == Kind::File && name.ends_with(".sql"));
        files.map(|(name, _)| name.as_str())
    }

    /// A folder for each migration, or files that only one tool writes.
    fn folders(&self) -> Vec<Candidate> {
        if self.has("meta/_journal.json") {
            return vec![certain(Layout::Drizzle, "it contains `meta/_journal.json`".to_owned())];
        }
        if self.has("migration_lock.toml") {
            return vec![certain(Layout::Prisma, "it contains `migration_lock.toml`".to_owned())];
        }
        if let Some(folder) = self.folder_with("up.sql") {
            let reason = format!("`{folder}` is a folder with `up.sql`");
            let number = folder.split_once('-').filter(|(number, _)| number.parse::<u64>().is_ok());
            // `2024-01-15-103022_name` is a date.
            let is_date = folder.split_once('_').is_some_and(|(date, _)| date.matches('-').count() >= 2);
            return match number {
                Some(_) if !is_date => vec![certain(Layout::RusqliteMigration, reason)],
                _ => vec![certain(Layout::Diesel, reason)],
            };
        }
        if let Some(folder) = self.folder_with("migration.sql") {
            let reason = format!("`{folder}` is a folder with `migration.sql`");
            if self.has(&format!("{folder}/snapshot.json")) {
                return vec![certain(Layout::Drizzle, format!("{reason} and `snapshot.json`"))];
            }
            return vec![perhaps(Layout::Prisma, reason.clone()), perhaps(Layout::Drizzle, reason)];
        }
        Vec::new()
    }

    /// Comments that only one tool understands.
    fn marks(&self) -> Vec<Candidate> {
        const MARKS: [(Layout, &str); 4] = [
            (Layout::Goose, "-- +goose Up"),
            (Layout::Dbmate, "-- migrate:up"),
            (Layout::SqlMigrate, "-- +migrate Up"),
            (Layout::Drizzle, "--> statement-breakpoint"),
        ];
        for name in self.sql_files().take(SAMPLES) {
            let Ok(source) = self.files.text(&format!("{}/{name}", self.dir)) else { continue };
            for (layout, mark) in MARKS {
                let is_there = match layout {
                    Layout::Drizzle => source.text().contains(mark),
                    _ => source.text().lines().any(|line| line.trim_end() == mark),
                };
                // Without its journal nobody knows in which order drizzle runs them.
                if is_there && layout != Layout::Drizzle {
                    return vec![certain(layout, format!("`{name}` contains `{mark}`"))];
                }
                if is_there {
                    return vec![perhaps(
                        Layout::WranglerD1,
                        format!("`{name}` was made by drizzle, and there is no journal"),
                    )];
                }
            }
        }
        Vec::new()
    }

    fn file_names(&self) -> Vec<Candidate> {
        let Some(first) = self.sql_files().find(|name| name.starts_with(|it: char| it.is_ascii_alphanumeric())) else {
            return Vec::new();
        };
        let reason = format!("a file is called `{first}`");
        if let Some((version, _)) =
            first.split_once("__").filter(|(version, _)| version.starts_with(['V', 'U', 'B', 'R']))
        {
            let dotted = self.sql_files().any(|name| {
                let version = name.split("__").next().unwrap_or_default();
                version.contains(['.', '_']) || version.starts_with('B') || version == "R"
            });
            let flyway = perhaps(Layout::Flyway, reason.clone());
            let refinery = perhaps(Layout::Refinery, reason);
            return if dotted || version == "R" { vec![flyway, refinery] } else { vec![refinery, flyway] };
        }
        let digits = first.len() - first.trim_start_matches(|it: char| it.is_ascii_digit()).len();
        if digits == 0 {
            return Vec::new();
        }
        let underscore = first[digits..].starts_with('_');
        let directed = self.sql_files().any(|name| name.ends_with(".up.sql") || name.ends_with(".down.sql"));
        let mut candidates = Vec::new();
        if underscore {
            candidates.push(perhaps(Layout::Sqlx, reason.clone()));
        }
        if underscore && directed {
            candidates.push(perhaps(Layout::GolangMigrate, reason.clone()));
        }
        if underscore && !directed && digits == 4 {
            candidates.push(perhaps(Layout::WranglerD1, reason.clone()));
        }
        candidates.push(perhaps(Layout::House, reason.clone()));
        candidates.push(perhaps(Layout::Plain, reason));
        candidates
    }
}

fn certain(layout: Layout, reason: String) -> Candidate {
    Candidate { layout, reason, certain: true }
}

fn perhaps(layout: Layout, reason: String) -> Candidate {
    Candidate { layout, reason, certain: false }
}
