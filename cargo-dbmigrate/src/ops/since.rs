//! What is new since a revision of git: what the revision holds already is applied somewhere, and has to stay as it is.

use std::collections::{BTreeMap, BTreeSet};

use dbmigrate_core::file_name::{self, FileName};
use dbmigrate_core::files::Files;
use dbmigrate_core::layout::Layout;
use dbmigrate_core::lock::{FILE, Sealed};
use dbmigrate_core::sequence::{quoted, rename};
use dbmigrate_core::squash::FOLDER;
use dbmigrate_core::{
    Body, Diagnostic, Down, Help, Location, MigrationSet, Replaced, Severity, SourceMigration, SourceText,
};

use crate::error::CliError;
use crate::ops::git::{Repository, Revision};
use crate::ops::project::Project;
use crate::ops::text_diff::changed;

/// The code of what has another name here.
pub(crate) const RENAMED: &str = "renamed-migration";

/// A set beside what a revision holds.
#[derive(Debug, Default)]
pub(crate) struct Since {
    /// What it was compared with, as people call it; none where everything is new.
    pub(crate) base: Option<String>,
    /// What is no longer as the revision has it.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The numbers of the migrations that the revision holds already, under the same name.
    pub(crate) held: BTreeSet<u64>,
}

/// Compares the set with a revision. Without one, with where the work left the main branch, if that can be told.
pub(crate) fn since(project: &Project, revision: Option<&str>, set: &MigrationSet) -> Result<Since, CliError> {
    let Some(revision) = revision else { return Ok(fork_point(project, set).unwrap_or_default()) };
    let repository = Repository::of(&project.root)?;
    let revision = repository.at(revision)?;
    if !project.is_tried && !revision.has_package() {
        return Ok(Since { base: Some(revision.name), ..Since::default() });
    }
    let then = revision.set(&set.config.set, project.tried()).map_err(CliError::diagnostics)?;
    let is_merged = repository.is_merged(&revision.commit);
    let (base, dir) = (revision.name.clone(), &then.config.dir);
    Ok(Comparison { project, set, base, revision: &revision, dir, is_merged }.run(&then))
}

fn fork_point(project: &Project, set: &MigrationSet) -> Option<Since> {
    let repository = Repository::of(&project.root).ok()?;
    let (base, commit) = repository.fork_point()?;
    let revision = repository.at(&commit).ok()?;
    let then = revision.set(&set.config.set, project.tried()).ok()?;
    let dir = &then.config.dir;
    Some(Comparison { project, set, base, revision: &revision, dir, is_merged: true }.run(&then))
}

struct Comparison<'a> {
    project: &'a Project,
    set: &'a MigrationSet,
    base: String,
    revision: &'a Revision,
    /// The folder of the migrations there.
    dir: &'a str,
    /// Whether all that the revision holds has once been here.
    is_merged: bool,
}

impl Comparison<'_> {
    fn run(self, then: &MigrationSet) -> Since {
        let held: BTreeSet<String> = then.migrations.iter().map(SourceMigration::name).collect();
        let now: BTreeMap<String, &SourceMigration> = self.set.migrations.iter().map(|it| (it.name(), it)).collect();
        let new: Vec<&SourceMigration> = self.set.migrations.iter().filter(|it| !held.contains(&it.name())).collect();
        let misnamed = self.misnamed();
        let mut since = Since::default();
        for old in &then.migrations {
            if self.is_replaced(&old.name(), &old.checksum) {
                continue;
            }
            if let Some(now) = now.get(&old.name()) {
                since.held.insert(now.number);
                since.diagnostics.extend(self.edited(old, now).into_iter().map(|it| self.judged(it, then, old, now)));
            } else if let Some(now) =
                new.iter().find(|now| has_text_of(old, now)).or(new.iter().find(|now| now.slug == old.slug))
            {
                since.diagnostics.push(self.judged(self.renamed(old, now), then, old, now));
            } else if !self.project.root.join(&old.file).exists() && !misnamed.contains(&old.number) {
                let successor = new.iter().find(|now| now.number == old.number);
                since.diagnostics.push(self.deleted(old, successor.copied()));
            }
            // What is there and no part of the set has a fault that is reported already.
        }
        since.diagnostics.extend(self.no_longer_replaced(then, &now));
        since.base = Some(self.base);
        since
    }

    /// What a squash of the revision replaces, and nothing here does, or otherwise: databases may still have it.
    fn no_longer_replaced(&self, then: &MigrationSet, now: &BTreeMap<String, &SourceMigration>) -> Option<Diagnostic> {
        let mut before = then.replaced.iter().flat_map(Replaced::levels).flat_map(|level| &level.lock.migrations);
        let is_here = |sealed: &Sealed| {
            let is_back = now.get(&sealed.name).is_some_and(|now| now.checksum == sealed.checksum);
            is_back || self.is_replaced(&sealed.name, &sealed.checksum)
        };
        let gone = before.find(|sealed| !is_here(sealed))?;
        let message = format!("`{}`, which is replaced in `{}`, is missing or changed here", gone.name, self.base);
        let dir = format!("{}/{FOLDER}", self.set.config.dir);
        let commit = self.revision.commit.get(..12).unwrap_or(&self.revision.commit);
        let restore = Help::from("restore it: ").git(&format!("restore --source {commit} -- {}", quoted(&dir)));
        Some(Diagnostic::error("deleted-migration", message).in_file(dir).help(restore))
    }

    /// Whether a squash stands for exactly this one.
    fn is_replaced(&self, name: &str, checksum: &str) -> bool {
        let levels = self.set.replaced.iter().flat_map(Replaced::levels);
        let mut sealed = levels.flat_map(|level| &level.lock.migrations);
        sealed.any(|sealed| sealed.name == name && sealed.checksum == checksum)
    }

    /// The numbers of files whose name is not right.
    fn misnamed(&self) -> BTreeSet<u64> {
        if self.set.config.layout != Layout::House {
            return BTreeSet::new();
        }
        let entries = self.project.root.as_path().list(&self.set.config.dir).unwrap_or_default();
        let names = entries.into_iter().filter_map(|entry| entry.name.ok());
        names
            .filter_map(|name| match file_name::parse(&name, &self.set.config) {
                FileName::Misnamed { number, .. } => number,
                _ => None,
            })
            .collect()
    }

    /// What `lock --accept` took on purpose is a warning: who reads the change of the lock sees it there as well.
    fn judged(
        &self,
        problem: Diagnostic,
        then: &MigrationSet,
        old: &SourceMigration,
        now: &SourceMigration,
    ) -> Diagnostic {
        let lock = &self.set.lock;
        let is_sealed = lock.seals(now) && lock.find(now.number).is_some_and(|it| it.checksum == now.checksum);
        if !problem.is_error() || old.number != now.number || !then.lock.seals(old) || !is_sealed {
            return problem;
        }
        let problem = Diagnostic { severity: Severity::Warning, help: Vec::new(), ..problem };
        problem.note(format!("it was accepted: `{FILE}` has its current checksum"))
    }

    fn edited(&self, old: &SourceMigration, now: &SourceMigration) -> Vec<Diagnostic> {
        let name = now.name();
        let base = &self.base;
        let what = if old.checksum != now.checksum {
            Some((Severity::Error, format!("`{name}` was edited since `{base}`")))
        } else {
            match (&old.body, &now.body) {
                (Body::Rust(old), Body::Rust(now)) if old.source.text() != now.source.text() => {
                    Some((Severity::Warning, format!("the Rust of `{name}` was edited since `{base}`")))
                }
                (Body::Sql { .. }, Body::Sql { .. }) if old.text_checksum != now.text_checksum => {
                    Some((Severity::Warning, format!("comments or blank space of `{name}` were edited since `{base}`")))
                }
                _ => None,
            }
        };
        let up = what.map(|(severity, message)| {
            let problem = self.difference(
                Diagnostic { severity, ..Diagnostic::error("edited-migration", message) },
                old.source(),
                now.source(),
            );
            match (severity, &now.body) {
                (Severity::Error, _) => problem
                    .note("a database that has applied it will not run it again")
                    .help(self.restore(&old.file, &now.file))
                    .help("write the change as a new migration: `cargo dbmigrate create NAME`"),
                (_, Body::Rust(_)) => problem.help("it must still do the same: anything else is a new migration"),
                _ => problem,
            }
        });
        let is_told = up.as_ref().is_some_and(Diagnostic::is_error);
        let back = self.edited_down(old, now).filter(|(_, source)| !is_told || source.path() != now.file);
        up.into_iter().chain(back.map(|(problem, _)| problem)).collect()
    }

    /// A down script that is another one now; one that was not there before is no loss.
    fn edited_down<'s>(&self, old: &'s SourceMigration, now: &SourceMigration) -> Option<(Diagnostic, &'s SourceText)> {
        let (old_down, now_down) = (down_script(old)?, down_script(now));
        let name = now.name();
        let base = &self.base;
        let problem = match now_down {
            Some(now_down) if now_down.checksum == old_down.checksum => return None,
            Some(now_down) => {
                let message = format!("the down script of `{name}` was edited since `{base}`");
                self.difference(Diagnostic::warning("edited-migration", message), &old_down.source, &now_down.source)
                    .note("a database that has applied it rolls back with the old text, if it stores that")
            }
            None => Diagnostic::warning(
                "edited-migration",
                format!("the down script of `{name}` was removed since `{base}`"),
            )
            .in_file(old_down.source.path())
            .help(self.restore(old_down.source.path(), &self.here(old_down.source.path()))),
        };
        Some((problem, &*old_down.source))
    }

    fn renamed(&self, old: &SourceMigration, now: &SourceMigration) -> Diagnostic {
        let message = format!("`{}` of `{}` is named `{}` here", old.name(), self.base, now.name());
        let mut problem = Diagnostic::error(RENAMED, message).in_file(&now.file);
        if old.source().text() != now.source().text() {
            problem = self.difference(problem, old.source(), now.source());
        }
        problem = problem.note("a database that has applied it would treat it as another one, and run it again");
        let down = |of: &SourceMigration| {
            down_script(of).map(|down| down.source.path().to_owned()).filter(|it| *it != of.file)
        };
        let files = [Some(now.file.clone()).zip(Some(old.file.clone())), down(now).zip(down(old))];
        for (now, old) in files.into_iter().flatten() {
            problem = problem.help(rename(&now, &self.here(&old)));
        }
        problem
    }

    fn deleted(&self, old: &SourceMigration, successor: Option<&SourceMigration>) -> Diagnostic {
        let is_here = if self.is_merged { "is gone" } else { "is not here" };
        let message = format!("`{}` of `{}` {is_here}", old.name(), self.base);
        let mut problem = Diagnostic::error("deleted-migration", message).in_file(&old.file);
        if let Some(now) = successor {
            problem = problem.note(format!("`{}` has taken its number", now.name()));
        }
        if !self.is_merged {
            let base = quoted(&self.base);
            let problem = problem.help(format!("merge what is new there: `git merge {base}`"));
            let problem = match successor {
                Some(_) => {
                    problem.help(format!("then give yours the next number: `cargo dbmigrate renumber --onto {base}`"))
                }
                None => problem,
            };
            return problem
                .help(format!("or compare with where the two diverged: `--since $(git merge-base {base} HEAD)`"));
        }
        if let Some(now) = successor {
            problem = self.difference(problem, old.source(), now.source());
        }
        let files =
            [Some(old.file.as_str()), down_script(old).map(|down| down.source.path()).filter(|it| *it != old.file)];
        let problem =
            files.into_iter().flatten().fold(problem, |problem, old| problem.help(self.restore(old, &self.here(old))));
        problem.help("to undo it, write a new migration: `cargo dbmigrate create NAME`")
    }

    fn difference(&self, problem: Diagnostic, old: &SourceText, now: &SourceText) -> Diagnostic {
        let changed = changed(old, now);
        problem.at(Location::new(now, changed.first)).note(format!("the difference:\n{}", changed.shown))
    }

    /// Where a file of the revision lies today.
    fn here(&self, old: &str) -> String {
        let inside = old.strip_prefix(self.dir).and_then(|rest| rest.strip_prefix('/'));
        format!("{}/{}", self.set.config.dir, inside.unwrap_or(old))
    }

    fn restore(&self, old: &str, now: &str) -> Help {
        let commit = self.revision.commit.get(..12).unwrap_or(&self.revision.commit);
        if old == now {
            return Help::from("restore it: ").git(&format!("restore --source {commit} -- {}", quoted(old)));
        }
        Help::from("restore it: ").git_into(&format!("show {}", quoted(&format!("{commit}:./{old}"))), now)
    }
}

/// Whether it does the same, whatever it is called.
fn has_text_of(old: &SourceMigration, now: &SourceMigration) -> bool {
    match (&old.body, &now.body) {
        (Body::Sql { up, .. }, Body::Sql { .. }) => old.checksum == now.checksum && !up.steps.is_empty(),
        (Body::Rust(old), Body::Rust(now)) => old.source.text() == now.source.text(),
        _ => false,
    }
}

fn down_script(of: &SourceMigration) -> Option<&dbmigrate_core::Script> {
    match &of.body {
        Body::Sql { down: Down::Script(down), .. } => Some(down),
        _ => None,
    }
}
