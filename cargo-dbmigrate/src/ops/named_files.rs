//! Which files a command reads where the command line says it: those of a package, or of a folder that no package has.

use std::path::Path;

use dbmigrate_core::layout::{Layout, detect};

use crate::cli::{FilesArgs, Global};
use crate::error::CliError;
use crate::ops::project::Project;
use crate::ops::selection;
use crate::paths;

/// The packages that a command is about, as [`selection::select`], or what the command line names.
pub(crate) fn select(global: &Global, files: &FilesArgs) -> Result<Vec<Project>, CliError> {
    if files.any() { Ok(vec![select_one(global, files)?]) } else { selection::select(global) }
}

/// The one package that a command is about, as [`selection::select_one`], or what the command line names.
pub(crate) fn select_one(global: &Global, files: &FilesArgs) -> Result<Project, CliError> {
    if !files.any() {
        return selection::select_one(global);
    }
    let mut project = match &files.dir {
        Some(dir) => with_folder(global, dir)?,
        None => selection::select_one(global)?,
    };
    project.is_tried = true;
    if let Some(layout) = files.layout() {
        project.config.layout = layout;
        refuse_nothing(&project)?;
    }
    Ok(project)
}

/// A tool was named, and the folder has nothing of it: what it has is said.
fn refuse_nothing(project: &Project) -> Result<(), CliError> {
    let (dir, layout) = (&project.config.dir, project.config.layout);
    if layout == Layout::House || !project.root.join(dir).is_dir() {
        return Ok(());
    }
    let loaded = project.load();
    if loaded.has_errors() || !loaded.set.migrations.is_empty() || !loaded.set.repeatables.is_empty() {
        return Ok(());
    }
    let error = CliError::failure(format!("`{dir}` has no migrations of {}", layout.name()));
    let others = detect(project.root.as_path(), dir).into_iter().filter(|it| it.layout != layout);
    let mut found = others.map(|it| format!("{}: `--layout {}`", it.reason, it.layout.name())).peekable();
    let sub = Path::new(dir).join("migrations");
    Err(match found.peek() {
        Some(_) => found.fold(error, CliError::help),
        None if project.root.join(&sub).is_dir() => {
            error.help(format!("there is a folder in it: `--dir {}`", sub.display()))
        }
        None => error.help("name the folder that has them: `--dir DIR`"),
    })
}

/// The package that a folder lies in, with that folder.
fn with_folder(global: &Global, dir: &Path) -> Result<Project, CliError> {
    let folder = dir.canonicalize().ok().filter(|folder| folder.is_dir());
    let Some(folder) = folder else {
        let why = if dir.exists() { "is no folder" } else { "does not exist" };
        return Err(CliError::failure(format!("`{}` {why}", dir.display()))
            .help("`--dir` is relative to where the command is called"));
    };
    let is_named = global.manifest_path.is_some() || !global.package.is_empty();
    let package = match selection::around(global, &folder) {
        Err(error) if is_named => return Err(error),
        Err(_) => None,
        Ok(package) => package,
    };
    let named =
        |package: &Project| global.package.is_empty() || global.package.iter().any(|text| package.is_named_by(text));
    if is_named && !package.as_ref().is_some_and(named) {
        return Err(CliError::usage(format!("`{}` is not in the named package", dir.display()))
            .help("remove `-p` and `--manifest-path`, or name a folder of that package"));
    }
    let Some(mut package) = package else { return bare(&folder) };
    let root = package.root.canonicalize().unwrap_or_else(|_| package.root.clone());
    let inside = paths::relative(&root, &folder);
    if inside.is_empty() {
        return bare(&folder);
    }
    package.config.dir = inside;
    Ok(package)
}

/// A folder that no package has, or that is one itself.
fn bare(folder: &Path) -> Result<Project, CliError> {
    let name = folder.file_name().and_then(|name| name.to_str());
    match folder.parent().zip(name) {
        Some((root, name)) if !name.contains(char::is_control) => Ok(Project::bare(root.to_owned(), name.to_owned())),
        _ => Err(CliError::failure(format!("`{}` can't be read as a folder of migrations", folder.display()))
            .help("give it a plain name")),
    }
}
