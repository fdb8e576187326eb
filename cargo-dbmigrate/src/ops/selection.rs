//! Which packages, sets and databases a command is about. Asks cargo; reads no database.

use std::borrow::Borrow;
use std::path::Path;

use cargo_metadata::{Metadata, MetadataCommand, Package};
use dbmigrate_core::Help;
use dbmigrate_core::sequence::quoted;

use crate::cli::Global;
use crate::error::CliError;
use crate::ops::project::Project;
use crate::ops::spec::Spec;

/// The sets that a command is about: those of the packages named, or of all that have migrations.
pub(crate) fn select(global: &Global) -> Result<Vec<Project>, CliError> {
    let mut projects = select_packages(global)?;
    known_set(&projects, global)?;
    projects.retain(|project| is_asked_for(project, global));
    Ok(projects)
}

/// Whether a set is the one that was named, if one was.
fn is_asked_for(project: &Project, global: &Global) -> bool {
    global.set.as_ref().is_none_or(|name| project.config.set == *name)
}

fn known_set(projects: &[Project], global: &Global) -> Result<(), CliError> {
    let Some(name) = &global.set else { return Ok(()) };
    if projects.iter().any(|project| is_asked_for(project, global)) {
        return Ok(());
    }
    let names: Vec<&str> = projects.iter().map(|project| project.config.set.as_str()).collect();
    let error = CliError::usage(format!("there is no set `{name}`"));
    Err(match dbmigrate_core::nearest::nearest(name, names.iter().copied()) {
        Some(near) => error.help(format!("did you mean `--set {near}`?")),
        None if projects.iter().all(|project| project.config.set.is_empty()) => {
            let table = format!(": `[package.metadata.migrations.sets.{name}]`");
            error.help(Help::from("declare it in ").file("Cargo.toml").words(&table))
        }
        None => error.help(format!("the sets are: `{}`", names.join("`, `"))),
    })
}

fn select_packages(global: &Global) -> Result<Vec<Project>, CliError> {
    let metadata = metadata(global)?;
    for text in global.package.iter().chain(&global.exclude) {
        known(&metadata, text)?;
    }
    let among = |specs: &[String], package: &Package| specs.iter().any(|text| Spec::new(text).names(package));
    let packages: Vec<&Package> = if !global.package.is_empty() {
        metadata.workspace_packages().into_iter().filter(|package| among(&global.package, package)).collect()
    } else if global.workspace {
        metadata.workspace_packages().into_iter().filter(|package| !among(&global.exclude, package)).collect()
    } else {
        match here(&metadata, global) {
            Some(package) => vec![package],
            None => metadata.workspace_packages(),
        }
    };
    let named = !global.package.is_empty() || packages.len() == 1;
    let mut projects: Vec<Project> = packages
        .into_iter()
        .flat_map(|package| Project::all(package, &metadata))
        .filter(|project| named || project.has_migrations())
        .collect();
    if projects.is_empty() {
        let packages = metadata.workspace_packages();
        let names: Vec<String> = packages.iter().map(|package| format!("`-p {}`", package.name)).collect();
        return Err(CliError::usage("no package of this workspace has migrations")
            .help(format!("name the one to set up, with `cargo dbmigrate init`: {}", names.join(", "))));
    }
    if global.package.is_empty() && !projects.iter().any(Project::has_migrations) {
        let all = metadata.workspace_packages().into_iter().filter(|package| package.name.as_str() != projects[0].name);
        let having = all.filter(|package| Project::all(package, &metadata).iter().any(Project::has_migrations));
        let elsewhere: Vec<String> = having.map(|package| format!("`-p {}`", package.name)).collect();
        projects.iter_mut().for_each(|project| project.elsewhere.clone_from(&elsewhere));
    }
    let manifest = global.manifest_flag();
    let is_one = projects.iter().all(|project| project.name == projects[0].name);
    let is_found = is_one && global.package.is_empty() && !global.workspace;
    for project in &mut projects {
        let package = if is_found { String::new() } else { format!(" -p {}", quoted(&project.name)) };
        project.selection = format!("{manifest}{package}");
    }
    Ok(projects)
}

/// The package of the workspace that this folder lies in, if any: of several, the innermost.
pub(crate) fn around(global: &Global, folder: &Path) -> Result<Option<Project>, CliError> {
    let metadata = metadata(global)?;
    let root = |package: &Package| package.manifest_path.as_std_path().parent().map(Path::to_owned);
    let roots = metadata.workspace_packages().into_iter().filter_map(|package| Some((root(package)?, package)));
    let around = roots.filter(|(root, _)| root.canonicalize().is_ok_and(|root| folder.starts_with(root)));
    let innermost = around.max_by_key(|(root, _)| root.components().count());
    Ok(innermost.and_then(|(_, package)| Project::all(package, &metadata).into_iter().next()))
}

/// The sets of the other packages of a workspace that have migrations.
pub(crate) fn neighbours(project: &Project, global: &Global) -> Result<Vec<Project>, CliError> {
    let metadata = metadata(global)?;
    let others = metadata.workspace_packages().into_iter().filter(|package| package.name.as_str() != project.name);
    Ok(others.flat_map(|package| Project::all(package, &metadata)).filter(Project::has_migrations).collect())
}

/// The one set that a command is about; several are an error that shows the choices.
pub(crate) fn select_one(global: &Global) -> Result<Project, CliError> {
    let mut projects = select_one_package(global)?;
    if projects.len() > 1 {
        return Err(CliError::usage("the package has several sets, and this command works on one")
            .help(format!("name it: {}", set_flags(&projects))));
    }
    projects.pop().ok_or_else(|| CliError::failure("no package was selected"))
}

/// What names each of these sets, for an error that shows the choices: "`--set shop`, `--set mail`".
pub(crate) fn set_flags<'p>(projects: impl IntoIterator<Item = &'p Project>) -> String {
    let flags: Vec<String> = projects.into_iter().map(|project| format!("`{}`", project.flag().trim_start())).collect();
    flags.join(", ")
}

/// Says that the package has several databases, why that is too many, and which there are to choose from.
pub(crate) fn several_databases<'p>(why: &str, projects: impl IntoIterator<Item = &'p Project>) -> CliError {
    CliError::usage(format!("the package has several databases, and {why}"))
        .help(format!("name a set of it: {}", set_flags(projects)))
}

/// The sets that a command is about, which live in one database.
pub(crate) fn select_database(global: &Global, command: &str) -> Result<Vec<Project>, CliError> {
    let projects = select_one_package(global)?;
    if projects.iter().any(|project| project.config.database != projects[0].config.database) {
        return Err(several_databases(&format!("`{command}` works on one"), &projects));
    }
    Ok(projects)
}

/// The one database that a command is about, with all sets that live in it: it has what all of them make.
pub(crate) fn select_whole_database(global: &Global, command: &str) -> Result<Vec<Project>, CliError> {
    let mut databases = select_databases(global)?;
    match databases.pop() {
        Some(sets) if databases.is_empty() => Ok(sets),
        _ => select_database(global, command),
    }
}

/// The databases of the one package that a command is about, each with all sets that live in it. One that is asked for
/// by the name of a set is the only one.
pub(crate) fn select_databases(global: &Global) -> Result<Vec<Vec<Project>>, CliError> {
    let all = select_packages(global)?;
    known_set(&all, global)?;
    let chosen = one_package(all.iter().filter(|project| is_asked_for(project, global)).collect())?;
    let chosen: Vec<Option<String>> = chosen.into_iter().map(|project| project.config.database.clone()).collect();
    let mut databases: Vec<Vec<Project>> = Vec::new();
    for project in one_package(all)? {
        if !chosen.contains(&project.config.database) {
            continue;
        }
        match databases.iter_mut().find(|sets| sets[0].config.database == project.config.database) {
            Some(sets) => sets.push(project),
            None => databases.push(vec![project]),
        }
    }
    Ok(databases)
}

/// The sets of the one package that a command is about; several packages are an error that shows the choices.
pub(crate) fn select_one_package(global: &Global) -> Result<Vec<Project>, CliError> {
    one_package(select(global)?)
}

fn one_package<P: Borrow<Project>>(projects: Vec<P>) -> Result<Vec<P>, CliError> {
    let mut names: Vec<&str> = projects.iter().map(|project| project.borrow().name.as_str()).collect();
    names.dedup();
    if names.len() > 1 {
        let names: Vec<String> = names.iter().map(|name| format!("`-p {name}`")).collect();
        return Err(CliError::usage("several packages have migrations, and this command works on one")
            .help(format!("name it: {}", names.join(", "))));
    }
    Ok(projects)
}

/// The package whose folder the command was called in, or whose manifest was named.
fn here<'a>(metadata: &'a Metadata, global: &Global) -> Option<&'a Package> {
    let manifest = match &global.manifest_path {
        Some(path) => path.canonicalize().ok()?,
        None => {
            let here = std::env::current_dir().ok()?;
            here.ancestors().map(|folder| folder.join("Cargo.toml")).find(|path| path.is_file())?.canonicalize().ok()?
        }
    };
    metadata
        .workspace_packages()
        .into_iter()
        .find(|package| package.manifest_path.as_std_path().canonicalize().is_ok_and(|path| path == manifest))
}

fn known(metadata: &Metadata, text: &str) -> Result<(), CliError> {
    let packages = metadata.workspace_packages();
    let spec = Spec::new(text);
    if packages.iter().any(|package| spec.names(package)) {
        return Ok(());
    }
    let error = CliError::failure(format!("package `{text}` is not in this workspace"));
    let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    Err(match dbmigrate_core::nearest::nearest(spec.name().unwrap_or(text), names.iter().copied()) {
        Some(near) => error.help(format!("a package with a similar name exists: `{near}`")),
        None => error.help(format!("the packages are: `{}`", names.join("`, `"))),
    })
}

fn metadata(global: &Global) -> Result<Metadata, CliError> {
    let mut command = MetadataCommand::new();
    command.no_deps();
    if let Some(path) = &global.manifest_path {
        if !path.is_file() {
            let why = if path.is_dir() { "is a folder, not a Cargo.toml" } else { "does not exist" };
            let error = CliError::failure(format!("manifest path `{}` {why}", path.display()));
            let inside = path.join("Cargo.toml");
            return Err(if inside.is_file() {
                error.help(format!("name the file in it: `--manifest-path {}`", quoted(&inside.display().to_string())))
            } else {
                error
            });
        }
        command.manifest_path(path);
    }
    let mut options = Vec::new();
    if global.locked {
        options.push("--locked".to_owned());
    }
    if global.offline {
        options.push("--offline".to_owned());
    }
    command.other_options(options);
    command.exec().map_err(|error| match error {
        cargo_metadata::Error::CargoMetadata { stderr } => {
            let message = stderr.trim().trim_start_matches("error: ");
            let error = CliError::failure(message.to_owned());
            if message.starts_with("could not find `Cargo.toml`") {
                error.help("go to the folder of a package, or make one here: `cargo init`")
            } else {
                error
            }
        }
        cargo_metadata::Error::Io(error) => CliError::failure(format!("could not run `cargo metadata`: {error}"))
            .help("add cargo to `PATH`, or name it in `CARGO`"),
        other => CliError::failure(format!("could not run `cargo metadata`: {other}")),
    })
}
