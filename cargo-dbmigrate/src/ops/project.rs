//! A set of migrations in its package: what the manifests say of it, and what its folder has. Reads no database.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cargo_metadata::semver::Version;
use cargo_metadata::{Dependency, DependencyKind, Metadata, Package, TargetKind};
use dbmigrate_core::{Config, Diagnostic, Loaded, MigrationSet, SourceText};

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
    /// Whether its workspace has other packages.
    pub(crate) has_neighbours: bool,
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
                missing.help = vec!["begin with `cargo dbmigrate init`".into()];
            }
            if !self.elsewhere.is_empty() {
                let packages = self.elsewhere.join(", ");
                missing.help.push(format!("or name a package that has migrations: {packages}").into());
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

    /// The first of those that a command is about.
    pub(crate) fn first(projects: &[Self]) -> Result<&Self, CliError> {
        projects.first().ok_or_else(|| CliError::failure("no package was selected"))
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
    pub(super) fn all(package: &Package, metadata: &Metadata) -> Vec<Self> {
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
            has_neighbours: metadata.workspace_members.len() > 1,
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
            has_neighbours: false,
        }
    }

    /// The configuration in the place of that of any manifest, where the command line says which files to read.
    pub(crate) fn tried(&self) -> Option<&Config> {
        self.is_tried.then_some(&self.config)
    }

    /// Whether the package has migrations: a table in its manifest, or the folder.
    pub(super) fn has_migrations(&self) -> bool {
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
