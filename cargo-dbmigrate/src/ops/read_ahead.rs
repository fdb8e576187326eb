//! Reads the migrations of the nearest package while cargo is asked which package a command is about: cargo takes as
//! long to start as a thousand files take to be read.
//!
//! What is read so is a guess. It counts only where cargo names that very folder, and the manifests say of its sets what
//! was taken for granted; everything else is dropped, and read as if nothing had been. So it is for commands that would
//! read these files next, and write nothing before they do. It says nothing, and looks into no other folder.

use std::path::{Path, PathBuf};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use dbmigrate_core::{Loaded, SourceText};

use crate::cli::Global;
use crate::ops::project::Project;

/// For how long what was read counts. Cargo takes less, unless somebody holds its locks.
const FRESH: Duration = Duration::from_secs(2);

/// What is read ahead; nothing by default.
#[derive(Debug, Default)]
pub(crate) struct ReadAhead {
    /// The folder of the package.
    root: PathBuf,
    reading: Option<JoinHandle<Option<Guess>>>,
    begun: Option<Instant>,
    guess: Option<Guess>,
}

/// What a package has, going by its own manifest alone.
#[derive(Debug)]
struct Guess {
    manifest: SourceText,
    /// Each is given away once.
    sets: Vec<Loaded>,
}

impl ReadAhead {
    /// Begins to read what a command with these options is most likely about. Cargo is to be asked next.
    pub(crate) fn begin(global: &Global) -> Self {
        let root = std::env::current_dir().ok().and_then(|here| nearest(global, &here));
        root.map(Self::read).unwrap_or_default()
    }

    fn read(root: PathBuf) -> Self {
        let folder = root.clone();
        // Where no thread can be had, nothing is read ahead.
        let reading = Builder::new().spawn(move || Guess::at(&folder)).ok();
        Self { root, reading, begun: Some(Instant::now()), guess: None }
    }

    /// The migrations of a set as [`Project::load`] reads them.
    pub(crate) fn load(&mut self, project: &Project) -> Loaded {
        self.take(project).unwrap_or_else(|| project.load())
    }

    /// What was read of a set, if it is right; then it is read no more.
    fn take(&mut self, project: &Project) -> Option<Loaded> {
        let is_fresh = self.begun.is_some_and(|begun| begun.elapsed() < FRESH);
        if project.root != self.root || !is_fresh {
            return None;
        }
        if let Some(reading) = self.reading.take() {
            self.guess = reading.join().ok().flatten();
        }
        let guess = self.guess.as_mut().filter(|guess| project.is_said_by(&guess.manifest))?;
        let at = guess.sets.iter().position(|loaded| loaded.set.config.set == project.config.set)?;
        Some(project.led_on(guess.sets.swap_remove(at).with_base(self.root.as_path())))
    }
}

impl Guess {
    fn at(root: &Path) -> Option<Self> {
        let manifest = SourceText::read(root, "Cargo.toml").ok()?;
        // A workspace has something to say of few packages; that it had nothing is asked before this is used.
        let sets = dbmigrate_core::load::load_manifest_sets(root, &manifest, Some(&manifest));
        Some(Self { manifest, sets })
    }
}

/// The folder of the package that is meant, where it can be told without cargo.
fn nearest(global: &Global, here: &Path) -> Option<PathBuf> {
    if global.workspace || !global.package.is_empty() {
        return None;
    }
    let has_manifest = |folder: &&Path| folder.join("Cargo.toml").is_file();
    match &global.manifest_path {
        Some(path) => here.join(path).parent().filter(has_manifest).map(Path::to_owned),
        None => here.ancestors().find(has_manifest).map(Path::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser;

    use super::*;
    use crate::cli::Cli;
    use crate::ops::selection;

    const SQL: &str = "CREATE TABLE t (a);\n-- dbmigrate: down\nDROP TABLE t;\n";

    /// A workspace of two packages, `app` with a set and `other` with two, that goes with it.
    struct Workspace(PathBuf);

    impl Workspace {
        fn new(defaults: &str) -> Self {
            let name = format!("dbmigrate-ahead-{}-{:?}", std::process::id(), std::thread::current().id());
            let root = std::env::temp_dir().canonicalize().unwrap().join(name);
            let workspace = Self(root);
            let package = |name: &str, table: &str| {
                format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n[package.metadata.migrations]\n{table}\n")
            };
            for (path, text) in [
                ("Cargo.toml", &*format!("[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n{defaults}\n")),
                ("crates/app/Cargo.toml", &package("app", "")),
                ("crates/app/src/lib.rs", ""),
                ("crates/app/migrations/001_t.sql", SQL),
                ("crates/other/Cargo.toml", &package("other", "sets.a = {}\nsets.b = {}")),
                ("crates/other/src/lib.rs", ""),
                ("crates/other/migrations/a/001_a.sql", SQL),
                ("crates/other/migrations/b/001_b.sql", SQL),
            ] {
                workspace.write(path, text);
            }
            workspace
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        /// The options of a command that is called with these.
        fn global(&self, member: &str, options: &[&str]) -> Global {
            let manifest = self.0.join(member).join("Cargo.toml");
            let words = ["cargo-dbmigrate", "status", "--manifest-path", manifest.to_str().unwrap()];
            Cli::try_parse_from(words.iter().chain(options)).unwrap().global
        }

        /// The sets that cargo names for a member.
        fn projects(&self, member: &str, options: &[&str]) -> Vec<Project> {
            selection::select(&self.global(member, options)).unwrap()
        }
    }

    impl Drop for Workspace {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// What was read ahead has to be what is read without.
    #[track_caller]
    fn is_used(ahead: &mut ReadAhead, projects: &[Project]) {
        for project in projects {
            // However long cargo took here.
            ahead.begun = Some(Instant::now());
            assert_eq!(ahead.take(project), Some(project.load()), "{}", project.title());
            assert_eq!(ahead.take(project), None, "{} was given away", project.title());
        }
    }

    #[track_caller]
    fn is_dropped(ahead: &mut ReadAhead, projects: &[Project]) {
        assert!(!projects.is_empty());
        for project in projects {
            assert_eq!(ahead.take(project), None, "{}", project.title());
            assert_eq!(ahead.load(project), project.load());
        }
    }

    #[test]
    fn what_cargo_names_is_used() {
        let workspace = Workspace::new("");
        for member in ["crates/app", "crates/other"] {
            let mut ahead = ReadAhead::begin(&workspace.global(member, &[]));
            is_used(&mut ahead, &workspace.projects(member, &[]));
        }
        let set = ["--set", "b"];
        let mut ahead = ReadAhead::begin(&workspace.global("crates/other", &set));
        is_used(&mut ahead, &workspace.projects("crates/other", &set));
        // A package that is a workspace of its own.
        workspace.write("alone/Cargo.toml", "[workspace]\n[package]\nname = \"alone\"\nedition = \"2024\"\n");
        workspace.write("alone/src/lib.rs", "");
        workspace.write("alone/migrations/001_t.sql", SQL);
        let mut ahead = ReadAhead::begin(&workspace.global("alone", &[]));
        is_used(&mut ahead, &workspace.projects("alone", &[]));
    }

    #[test]
    fn what_cargo_does_not_name_is_dropped() {
        let workspace = Workspace::new("");
        let app = workspace.projects("crates/app", &[]);
        // Another member, another manifest, and none that could be guessed.
        is_dropped(&mut ReadAhead::begin(&workspace.global("crates/other", &[])), &app);
        is_dropped(&mut ReadAhead::begin(&workspace.global("", &[])), &app);
        is_dropped(&mut ReadAhead::default(), &app);
        for options in [&["-p", "app"][..], &["--workspace", "--exclude", "other"]] {
            let global = workspace.global("crates/other", options);
            assert_eq!(nearest(&global, &workspace.0), None);
            is_dropped(&mut ReadAhead::begin(&global), &workspace.projects("crates/other", options));
        }
        // A set that is only tried is read by other words.
        let mut tried = app.clone();
        tried[0].is_tried = true;
        is_dropped(&mut ReadAhead::begin(&workspace.global("crates/app", &[])), &tried);
    }

    #[test]
    fn what_the_workspace_says_otherwise_is_dropped() {
        let workspace = Workspace::new("[workspace.metadata.migrations]\ndatabase = \"all.db\"\n");
        let app = workspace.projects("crates/app", &[]);
        assert_eq!(app[0].config.database.as_deref(), Some("all.db"));
        is_dropped(&mut ReadAhead::begin(&workspace.global("crates/app", &[])), &app);
        drop(workspace);
        // What it says that makes no difference is no reason.
        let workspace = Workspace::new("[workspace.metadata.other]\ndatabase = \"all.db\"\n");
        let mut ahead = ReadAhead::begin(&workspace.global("crates/app", &[]));
        is_used(&mut ahead, &workspace.projects("crates/app", &[]));
    }

    #[test]
    fn a_manifest_that_changed_meanwhile_is_another() {
        let workspace = Workspace::new("");
        let mut ahead = ReadAhead::begin(&workspace.global("crates/app", &[]));
        let guess = ahead.reading.take().unwrap().join().unwrap();
        ahead.guess = guess;
        workspace.write("crates/app/Cargo.toml", "[package]\nname = \"app\"\nedition = \"2024\"\n");
        is_dropped(&mut ahead, &workspace.projects("crates/app", &[]));
    }

    #[test]
    fn what_was_read_long_ago_is_dropped() {
        let workspace = Workspace::new("");
        let app = workspace.projects("crates/app", &[]);
        let mut ahead = ReadAhead::begin(&workspace.global("crates/app", &[]));
        ahead.begun = ahead.begun.and_then(|begun| begun.checked_sub(FRESH));
        is_dropped(&mut ahead, &app);
    }

    #[test]
    fn the_nearest_manifest_is_guessed() {
        let workspace = Workspace::new("");
        let global = |path: &[&str]| {
            let words = ["cargo-dbmigrate", "status"];
            Cli::try_parse_from(words.iter().chain(path)).unwrap().global
        };
        let app = workspace.0.join("crates/app");
        for (here, options, expect) in [
            ("crates/app/src", &[][..], Some(&app)),
            ("crates/app", &[], Some(&app)),
            ("crates", &[], Some(&workspace.0)),
            ("", &["--manifest-path", "crates/app/Cargo.toml"], Some(&app)),
            ("", &["--manifest-path", "nowhere/Cargo.toml"], None),
        ] {
            assert_eq!(nearest(&global(options), &workspace.0.join(here)).as_ref(), expect, "{here} {options:?}");
        }
    }
}
