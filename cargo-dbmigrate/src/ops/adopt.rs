//! Takes over from another tool: works out which files become what, what the manifest has to say, and what the records
//! of the old history mean. All of it is worked out, and read as the build will read it, before anything is written; and
//! nothing that is there is moved or written over.

mod checksum;
mod detect;
mod files;
mod live;
mod manifest;
mod opened;
pub(crate) mod trial;

use std::fs;
use std::path::Path;

use dbmigrate_core::adoption::{self, Adopted, Adoption, Tool};
use dbmigrate_core::files::InMemory;
use dbmigrate_core::layout::{Layout, Translated, TranslatedMigration, translate};
use dbmigrate_core::{Config, Diagnostic, Help, MigrationSet, load};
use rusqlite::Connection;

use crate::error::CliError;
use crate::ops::edit::{self, Edit};
use crate::ops::project::Project;
use crate::ops::{create, wiring};

pub(crate) use detect::Detected;
pub(crate) use files::AdoptedFiles;
pub(crate) use opened::OpenedDatabase;

/// What was asked for.
pub(crate) struct Request<'a> {
    pub(crate) from: Option<&'a str>,
    /// The folder of the old files, relative to the package.
    pub(crate) files: Option<String>,
    pub(crate) table: Option<&'a str>,
    pub(crate) keep: bool,
    /// The folder of the new files, relative to the package.
    pub(crate) dir: Option<&'a str>,
    /// The database at hand.
    pub(crate) database: Option<&'a Connection>,
}

/// What is to be written, and what it comes from.
pub(crate) struct Plan {
    pub(crate) tool: Tool,
    /// What speaks for that tool, in words.
    pub(crate) reasons: Vec<String>,
    /// The folder that the old files lie in; none for a database without files.
    pub(crate) from: Option<String>,
    /// The migrations, in order.
    pub(crate) taken: Vec<AdoptedFiles>,
    /// Whether all old files stay where they are.
    pub(crate) in_place: bool,
    /// New files, relative to the package.
    pub(crate) files: Vec<(String, String)>,
    pub(crate) manifest: Option<Edit>,
    /// What the old tool did and we don't do, and what was made otherwise.
    pub(crate) remarks: Vec<Diagnostic>,
    /// The set as it will be.
    pub(crate) set: MigrationSet,
}

/// Whether a package was already taken over from another tool.
pub(crate) fn is_adopted(project: &Project) -> bool {
    project.root.join(&project.config.dir).join(adoption::FILE).exists()
}

/// Whether somebody has begun to write exactly this and was stopped: then the same command goes on. What is there as a
/// whole may have been changed since, and is left alone.
pub(crate) fn is_stopped(project: &Project, plan: &Plan) -> bool {
    plan.files.iter().any(|(path, text)| files::is_written(&project.root, path, text)) && project.load().has_errors()
}

/// Works it out.
pub(crate) fn plan(project: &Project, request: &Request<'_>) -> Result<Plan, CliError> {
    project.sound_config()?;
    let found = detect::tool(project, request)?;
    if found.tool == Tool::Live {
        return live::plan(project, request, found);
    }
    let dir = found.dir.ok_or_else(|| CliError::failure("no folder of migrations was found"))?;
    let translated = translate(project.root.as_path(), &dir, found.layout);
    if translated.has_errors() {
        return Err(CliError::diagnostics(translated.diagnostics));
    }
    let is_list = found.tool == Tool::RusqliteMigration && found.layout == Layout::Plain;
    if is_list {
        refuse_unordered(&translated)?;
    }
    if translated.migrations.is_empty() {
        let message = format!("`{dir}` has no migrations of {}", found.layout.name());
        return Err(CliError::failure(message).help("name the folder that has them: `--files DIR`"));
    }
    let in_place = request.dir.is_none_or(|asked| asked == dir) && files::stay(project, &dir, &translated);
    let adoption = Adoption {
        tool: found.tool,
        table: found.table.filter(|table| found.tool.usual_table() != Some(table)),
        keep: request.keep,
        migrations: adopted(found.tool, &translated, request.database, is_list),
    };
    let written = |dir: &str| {
        let mut files = if in_place { Vec::new() } else { files::written(dir, &translated) };
        files.push((format!("{dir}/{}", adoption::FILE), adoption.render()));
        files
    };
    let target = if in_place { dir.clone() } else { files::target(project, &dir, request.dir, written)? };
    let config = manifest::config(project, &target, &translated);
    let files = written(&target);
    let set = read(project, config.clone(), &files[..files.len() - 1], in_place, &adoption)?;
    let Translated { diagnostics, notes, .. } = &translated;
    let plan = Plan {
        tool: found.tool,
        reasons: found.reasons,
        taken: files::taken(&target, &translated, in_place),
        from: Some(dir),
        in_place,
        manifest: manifest::edit(project, &config)?,
        remarks: diagnostics.iter().chain(notes).cloned().collect(),
        files,
        set,
    };
    refuse_present(project, &plan.files)?;
    Ok(plan)
}

/// The set of a folder of another tool as it lies, with what the records of a database mean; none where that has no
/// history of the tool, or no telling which.
fn with_old_history(project: &Project, database: &Connection) -> Result<Option<MigrationSet>, CliError> {
    let layout = project.config.layout;
    let Some(tool) = Tool::of(layout) else { return Ok(None) };
    let Some(table) = detect::table(database, tool)? else { return Ok(None) };
    let mut set = project.load_sound()?.set;
    let translated = translate(project.root.as_path(), &project.config.dir, layout);
    let table = table.filter(|table| tool.usual_table() != Some(table));
    let migrations = adopted(tool, &translated, Some(database), false);
    set.adoption = Some(Adoption { tool, table, keep: true, migrations });
    Ok(Some(set))
}

/// What the records of the old history mean.
fn adopted(tool: Tool, translated: &Translated, database: Option<&Connection>, is_list: bool) -> Vec<Adopted> {
    let sums = checksum::Checksums::new(tool, translated, database);
    let one = |(at, migration): (usize, &TranslatedMigration)| Adopted {
        number: migration.number,
        name: translated.name(migration),
        key: if is_list { (at + 1).to_string() } else { migration.key.clone() },
        checksum: sums.of(migration),
    };
    translated.migrations.iter().enumerate().map(one).collect()
}

/// A list in code has an order of its own, which the names of its files have to show.
fn refuse_unordered(translated: &Translated) -> Result<(), CliError> {
    let is_doubtful = |it: &&Diagnostic| matches!(it.code, "unordered-number" | "duplicate-number");
    let doubtful: Vec<Diagnostic> = translated.diagnostics.iter().filter(is_doubtful).cloned().collect();
    if doubtful.is_empty() {
        return Ok(());
    }
    Err(CliError::diagnostics(doubtful).help(
        "their order is that of the list in the program: give the files numbers in that order, such as `01` and `10`",
    ))
}

/// Reads the set as the build will read it.
fn read(
    project: &Project,
    config: Config,
    files: &[(String, String)],
    in_place: bool,
    adoption: &Adoption,
) -> Result<MigrationSet, CliError> {
    let mut loaded = if in_place {
        load::load_with(project.root.as_path(), config)
    } else {
        load::load_with(&InMemory::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str()))), config)
    };
    if loaded.has_errors() {
        return Err(CliError::diagnostics(loaded.diagnostics));
    }
    loaded.set.adoption = Some(adoption.clone());
    Ok(loaded.set)
}

/// Nothing is written over, but for what a stopped `adopt` has left.
fn refuse_present(project: &Project, files: &[(String, String)]) -> Result<(), CliError> {
    let there: Vec<Diagnostic> = files
        .iter()
        .filter(|(path, _)| project.root.join(path).symlink_metadata().is_ok())
        .filter(|(path, text)| !files::is_begun(&project.root, path, text))
        .map(|(path, _)| Diagnostic::error("present", format!("`{path}` already exists")).in_file(path))
        .collect();
    if there.is_empty() { Ok(()) } else { Err(CliError::diagnostics(there).help("name another folder: `--dir NEW`")) }
}

/// Writes all of it, or nothing; returns how many of the files a stopped `adopt` had written before.
pub(crate) fn write(project: &Project, plan: &Plan) -> Result<usize, CliError> {
    let guard = create::lock(project)?;
    let folders = missing_folders(&project.root, &plan.files);
    let (there, left): (Vec<_>, Vec<_>) =
        plan.files.iter().cloned().partition(|(path, text)| files::is_written(&project.root, path, text));
    for (path, text) in &left {
        // The beginning of a file whose writer was stopped.
        if files::is_begun(&project.root, path, text) {
            let path = project.root.join(path);
            fs::remove_file(&path)
                .map_err(|error| CliError::failure(format!("could not remove `{}`: {error}", path.display())))?;
        }
    }
    create::write(project, &left)?;
    if let Some(manifest) = &plan.manifest {
        edit::write(std::slice::from_ref(manifest)).inspect_err(|_| {
            left.iter().for_each(|(path, _)| drop(fs::remove_file(project.root.join(path))));
            folders.iter().for_each(|folder| drop(fs::remove_dir(folder)));
        })?;
    }
    drop(guard);
    Ok(there.len())
}

/// The folders that are made on the way, the deepest first.
fn missing_folders(root: &Path, files: &[(String, String)]) -> Vec<std::path::PathBuf> {
    let mut folders: Vec<_> = files
        .iter()
        .flat_map(|(path, _)| Path::new(path).ancestors().skip(1).map(|folder| root.join(folder)).collect::<Vec<_>>())
        .filter(|folder| !folder.exists())
        .collect();
    folders.sort();
    folders.dedup();
    folders.reverse();
    folders
}

/// What is left to do in the program, in order.
pub(crate) fn left_to_do(project: &Project, plan: &Plan) -> Result<Vec<Help>, CliError> {
    let mut left: Vec<Help> = Vec::new();
    let wired = wiring::read(project, &wiring::manifest(project)?)?;
    let is_wired = wired.runtime.is_some() && wired.build.is_some() && wired.generates && !wired.modules.is_empty();
    if !is_wired {
        left.push("set up the build: `cargo dbmigrate init`".into());
    }
    let call = "`migrations::migrator().up(&mut connection)?`";
    let old = match plan.tool {
        Tool::Sqlx => Some("`sqlx::migrate!(…).run(…)`"),
        Tool::Diesel => Some("`connection.run_pending_migrations(…)`"),
        Tool::Refinery => Some("`migrations::runner().run(…)`"),
        Tool::RusqliteMigration => Some("`Migrations::new(…).to_latest(…)`"),
        _ => None,
    };
    let first = match old {
        Some(old) => format!("in the program, replace {old} by {call}: it takes installed databases over"),
        None => format!("in the program, call {call} before anything else: it takes installed databases over"),
    };
    left.push(first.into());
    if let Some(from) = plan.from.as_ref().filter(|_| !plan.in_place) {
        let from = dbmigrate_core::sequence::quoted(from);
        left.push(Help::from("when the old files are no longer used: ").git(&format!("rm -r {from}")));
    }
    Ok(left)
}

/// What `adopted.toml` of a package says becomes of the old table; none where it can't be read.
pub(crate) fn keeps_old_table(project: &Project) -> Option<bool> {
    project.load().set.adoption.map(|adoption| adoption.keep)
}

/// Whose files a tool's are.
fn layout_of(tool: Tool) -> Layout {
    tool.layout().unwrap_or(Layout::Plain)
}
