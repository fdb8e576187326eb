//! Which packages a command is about, and what their manifests say. Asks cargo; reads no database.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cargo_metadata::semver::Version;
use cargo_metadata::{Dependency, DependencyKind, Metadata, MetadataCommand, Package, TargetKind};
use dbmigrate_core::sequence::quoted;
use dbmigrate_core::{Config, Diagnostic, Loaded, MigrationSet, SourceText};

use crate::cli::Global;
use crate::error::CliError;
use crate::ops::spec::Spec;
use crate::ops::wiring::BUILD;
use crate::paths;

/// What a `[lib]` may be compiled to: `crate-type` takes the place of `lib`.
const LIBRARY: &[TargetKind] =
    &[TargetKind::Lib, TargetKind::RLib, TargetKind::DyLib, TargetKind::CDyLib, TargetKind::StaticLib];

/// A set of migrations, in its package of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    /// The package's name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Cargo's own name of it.
    id: String,
    /// The folder of its Cargo.toml.
    pub(crate) root: PathBuf,
    /// Where that folder lies in the repository, or in the workspace where there is none: with `/` at the end, if any.
    pub(crate) base: String,
    /// What the manifests say of the set.
    pub(crate) config: Config,
    /// How many sets the package has.
    pub(crate) sets: usize,
    /// How many databases they live in.
    pub(crate) databases: usize,
    /// The history tables of all of them.
    pub(crate) histories: Vec<String>,
    /// What is wrong with the manifests.
    pub(crate) config_diagnostics: Vec<Diagnostic>,
    /// Whether the command line says which files to read, in the place of the manifest.
    pub(crate) is_tried: bool,
    /// What leads a command to the package from where this one was called: ` -p club`. Empty where nothing has to.
    pub(crate) selection: String,
    /// What names the packages that have migrations, where this one was taken for the folder alone and has none.
    pub(crate) elsewhere: Vec<String>,
    /// The texts that say it: the package's manifest and that of its workspace.
    manifests: Option<(SourceText, Option<SourceText>)>,
    /// Its library, if it has one: name and source file.
    pub(crate) library: Option<(String, PathBuf)>,
    /// Its binaries: name and source file.
    pub(crate) binaries: Vec<(String, PathBuf)>,
    /// The features that it declares.
    pub(crate) features: Vec<String>,
    /// What it depends on, and what the other packages of its workspace do.
    dependencies: Vec<Dependency>,
    others: Vec<Dependency>,
}

impl Project {
    pub(crate) fn manifest(&self) -> PathBuf {
        self.root.join("Cargo.toml")
    }

    /// Where cargo keeps what its workspace is built with.
    pub(crate) fn lock_file(&self) -> PathBuf {
        let workspace = self.manifests.as_ref().and_then(|(_, workspace)| workspace.as_ref());
        self.root.join(workspace.map_or("Cargo.toml", SourceText::path)).with_file_name("Cargo.lock")
    }

    /// The folders of the package and that the command was called in, free of links: a way leads from one to the other.
    pub(crate) fn there_and_here(&self) -> (PathBuf, Option<PathBuf>) {
        let here = std::env::current_dir().ok().and_then(|here| here.canonicalize().ok());
        (self.root.canonicalize().unwrap_or_else(|_| self.root.clone()), here)
    }

    /// Ends the command with the faults of the manifests, where they have any.
    pub(crate) fn sound_config(&self) -> Result<(), CliError> {
        if self.config_diagnostics.iter().any(Diagnostic::is_error) {
            return Err(CliError::diagnostics(self.config_diagnostics.clone()));
        }
        Ok(())
    }

    /// Whether it is what was written to name a package.
    pub(crate) fn is_named_by(&self, text: &str) -> bool {
        Version::parse(&self.version).is_ok_and(|version| Spec::new(text).fits(&self.name, &version, &self.id))
    }

    /// The package, and the set where it has several.
    pub(crate) fn title(&self) -> String {
        format!("{}{}", self.name, self.which())
    }

    /// The same in a message.
    pub(crate) fn quoted(&self) -> String {
        format!("`{}`{}", self.name, self.which())
    }

    fn which(&self) -> String {
        match (self.sets, self.config.set.as_str()) {
            (1, _) => String::new(),
            (_, "") => " (the set without a name)".to_owned(),
            (_, set) => format!(" (set `{set}`)"),
        }
    }

    /// Puts the name of the set into a line of JSON, where it has one.
    pub(crate) fn tag(&self, line: &mut serde_json::Value) {
        if !self.config.set.is_empty() {
            line["set"] = self.config.set.as_str().into();
        }
    }

    /// What leads a command to the set, where the package has several: ` --set billing`.
    pub(crate) fn flag(&self) -> String {
        match (self.sets, self.config.set.as_str()) {
            (1, _) => String::new(),
            (_, "") => " --set \"\"".to_owned(),
            (_, set) => format!(" --set {set}"),
        }
    }

    /// Reads the migrations; the faults of the manifests are among the findings.
    pub(crate) fn load(&self) -> Loaded {
        if self.is_tried {
            let mut loaded = dbmigrate_core::load::load_with(self.root.as_path(), self.config.clone());
            loaded.diagnostics.splice(0..0, self.config_diagnostics.iter().cloned());
            return loaded.with_base(self.root.as_path());
        }
        let all = self.load_all();
        let is_own = |loaded: &Loaded| loaded.set.config.set == self.config.set;
        let own = all.iter().position(is_own).unwrap_or_default();
        let nothing = || dbmigrate_core::load(&self.root);
        self.led_on(all.into_iter().nth(own).unwrap_or_else(nothing).with_base(self.root.as_path()))
    }

    /// What was read, with help that knows of the package where there is no folder.
    pub(crate) fn led_on(&self, mut loaded: Loaded) -> Loaded {
        if let Some(missing) = loaded.diagnostics.iter_mut().find(|it| it.code == "no-directory") {
            let is_there = self.root.join(&self.config.dir).symlink_metadata().is_ok();
            if !is_there && !self.config.declared && self.dependency(DependencyKind::Build, BUILD).is_none() {
                // Nothing would run what `create` makes.
                missing.help = vec!["begin with `cargo dbmigrate init`".to_owned()];
            }
            if !self.elsewhere.is_empty() {
                missing.help.push(format!("or name a package that has migrations: {}", self.elsewhere.join(", ")));
            }
        }
        loaded
    }

    /// Reads the migrations of every set of the package.
    pub(crate) fn load_all(&self) -> Vec<Loaded> {
        match &self.manifests {
            Some((package, workspace)) => {
                dbmigrate_core::load::load_manifest_sets(&self.root, package, workspace.as_ref())
            }
            None => dbmigrate_core::load_sets(&self.root),
        }
    }

    /// Whether its sets are what this manifest says of them, with itself for that of the workspace.
    pub(crate) fn is_said_by(&self, manifest: &SourceText) -> bool {
        let Some((own, workspace)) = &self.manifests else { return false };
        let sets = |workspace| dbmigrate_core::config::read_sets(own, workspace);
        let is_same = || workspace.as_ref() == Some(manifest) || sets(workspace.as_ref()) == sets(Some(manifest));
        !self.is_tried && own == manifest && is_same()
    }

    /// Reads the migrations; any error among the findings ends the command with all of them.
    pub(crate) fn load_sound(&self) -> Result<Loaded, CliError> {
        Self::sound(self.load())
    }

    /// The sets of these projects, one after the other.
    pub(crate) fn sound_sets(projects: &[Self]) -> Result<Vec<MigrationSet>, CliError> {
        projects.iter().map(|project| Ok(project.load_sound()?.set)).collect()
    }

    /// The migrations, unless anything among the findings is an error.
    pub(crate) fn sound(loaded: Loaded) -> Result<Loaded, CliError> {
        if loaded.has_errors() {
            return Err(CliError::diagnostics(loaded.diagnostics));
        }
        Ok(loaded)
    }

    /// The name under which it depends on a package, renamed or inherited or not.
    pub(crate) fn dependency(&self, kind: DependencyKind, package: &str) -> Option<String> {
        let found = self.dependencies.iter().find(|it| it.kind == kind && it.name == package)?;
        Some(found.rename.clone().unwrap_or_else(|| found.name.clone()))
    }

    /// Whether it switches on a feature of that.
    pub(crate) fn has_feature(&self, kind: DependencyKind, package: &str, feature: &str) -> bool {
        let found = self.dependencies.iter().filter(|it| it.kind == kind && it.name == package);
        found.flat_map(|it| &it.features).any(|it| it == feature)
    }

    /// How another package of the workspace depends on a package of which a build can have one only.
    pub(crate) fn dependency_of_others(&self, package: &str) -> Option<&Dependency> {
        self.others.iter().find(|it| it.name == package)
    }

    /// The names of the packages that it and the other packages of its workspace depend on.
    pub(crate) fn dependencies_of_all(&self) -> Vec<&str> {
        self.others.iter().map(|it| it.name.as_str()).collect()
    }

    /// Every set of a package.
    fn all(package: &Package, metadata: &Metadata) -> Vec<Self> {
        let workspace_root = metadata.workspace_root.as_std_path();
        let manifest = package.manifest_path.as_std_path();
        let root = manifest.parent().unwrap_or(manifest).to_owned();
        let manifests = SourceText::read(&root, "Cargo.toml").map(|text| {
            // The workspace's own package has both tables in one file.
            let workspace = if workspace_root == root {
                Some(text.clone())
            } else {
                let name = format!("{}Cargo.toml", folder(&paths::relative(&root, workspace_root)));
                SourceText::read(&root, &name).ok()
            };
            (text, workspace)
        });
        let (configs, config_diagnostics) = match &manifests {
            Ok((package, workspace)) => dbmigrate_core::config::read_sets(package, workspace.as_ref()),
            Err(diagnostic) => (vec![Config::default()], vec![diagnostic.clone()]),
        };
        let sources = |kinds: &'static [TargetKind]| {
            package
                .targets
                .iter()
                .filter(move |target| target.kind.iter().any(|kind| kinds.contains(kind)))
                .map(|target| (target.name.clone(), target.src_path.clone().into_std_path_buf()))
        };
        let project = |config: Config| Self {
            name: package.name.to_string(),
            version: package.version.to_string(),
            id: package.id.repr.clone(),
            sets: configs.len(),
            databases: configs.iter().map(|config| &config.database).collect::<BTreeSet<_>>().len(),
            histories: configs.iter().map(|config| config.table.clone()).collect(),
            base: folder(&paths::relative(repository(&root).unwrap_or(workspace_root), &root)),
            root: root.clone(),
            config,
            config_diagnostics: config_diagnostics.clone(),
            is_tried: false,
            selection: String::new(),
            elsewhere: Vec::new(),
            manifests: manifests.clone().ok(),
            library: sources(LIBRARY).next(),
            binaries: sources(&[TargetKind::Bin]).collect(),
            features: package.features.keys().cloned().collect(),
            dependencies: package.dependencies.clone(),
            others: metadata.workspace_packages().iter().flat_map(|package| package.dependencies.clone()).collect(),
        };
        configs.iter().cloned().map(project).collect()
    }

    /// A folder of migrations without a package around it.
    pub(crate) fn bare(root: PathBuf, dir: String) -> Self {
        Self {
            name: dir.clone(),
            version: String::new(),
            id: String::new(),
            base: folder(&paths::relative(repository(&root).unwrap_or(&root), &root)),
            root,
            config: Config { dir, ..Config::default() },
            sets: 1,
            databases: 1,
            histories: vec![Config::default().table],
            config_diagnostics: Vec::new(),
            is_tried: true,
            selection: String::new(),
            elsewhere: Vec::new(),
            manifests: None,
            library: None,
            binaries: Vec::new(),
            features: Vec::new(),
            dependencies: Vec::new(),
            others: Vec::new(),
        }
    }

    /// The configuration in the place of that of any manifest, where the command line says which files to read.
    pub(crate) fn tried(&self) -> Option<&Config> {
        self.is_tried.then_some(&self.config)
    }

    /// Whether the package has migrations: a table in its manifest, or the folder.
    fn has_migrations(&self) -> bool {
        self.config.declared || self.has_own_faults() || self.root.join(&self.config.dir).is_dir()
    }

    /// Whether anything is wrong with the package's own manifest: what is wrong with that of the workspace says nothing of it.
    fn has_own_faults(&self) -> bool {
        match &self.manifests {
            Some((own, _)) => !dbmigrate_core::config::read_sets(own, None).1.is_empty(),
            None => !self.config_diagnostics.is_empty(),
        }
    }
}

/// The folder above a path that git takes as its own.
fn repository(path: &Path) -> Option<&Path> {
    path.ancestors().find(|folder| folder.join(".git").exists())
}

/// A path that a name can be put behind.
fn folder(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{path}/") }
}

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
            error.help(format!("declare it in `Cargo.toml`: `[package.metadata.migrations.sets.{name}]`"))
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

/// The sets that a command is about, which live in one database.
pub(crate) fn select_database(global: &Global, command: &str) -> Result<Vec<Project>, CliError> {
    let projects = select_one_package(global)?;
    if projects.iter().any(|project| project.config.database != projects[0].config.database) {
        return Err(CliError::usage(format!("the package has several databases, and `{command}` works on one"))
            .help(format!("name a set of it: {}", set_flags(&projects))));
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
