//! What git knows of a package: its revisions, and the branch that it is merged into. Asks the `git` binary, without a
//! shell; checks nothing out, and writes nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::error::CliError;

mod revision;

pub(crate) use revision::Revision;

/// Where the main branch of the upstream stands, the surest first.
const UPSTREAM: [&str; 3] = ["refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master"];

/// Where it stands in a repository that has no upstream.
const LOCAL: [&str; 2] = ["refs/heads/main", "refs/heads/master"];

/// What is about one repository alone, as `git rev-parse --local-env-vars` lists it, without the configuration.
const OF_ONE_REPOSITORY: [&str; 11] = [
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE",
];

/// The repository that a package lies in.
#[derive(Debug)]
pub(crate) struct Repository {
    root: PathBuf,
    /// Where the package lies in it: empty, or ending in `/`.
    prefix: String,
    is_shallow: bool,
}

impl Repository {
    /// Finds the repository of the package at `root`.
    pub(crate) fn of(root: &Path) -> Result<Self, CliError> {
        let output = run(root, &["rev-parse", "--show-prefix", "--is-shallow-repository"])?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            let why = why.lines().next().unwrap_or_default().trim_start_matches("fatal: ");
            return Err(CliError::failure(format!("git finds no repository for `{}`: {why}", root.display()))
                .help("check `git status`"));
        }
        let answer = String::from_utf8(output.stdout).unwrap_or_default();
        match *answer.split('\n').collect::<Vec<_>>() {
            [prefix, is_shallow, ""] => {
                Ok(Self { root: root.to_owned(), prefix: prefix.to_owned(), is_shallow: is_shallow == "true" })
            }
            _ => Err(CliError::failure(format!("`{}` has a name that can't be passed to git", root.display()))),
        }
    }

    /// What the package was at a revision, in any of the ways in which git lets it be written.
    pub(crate) fn at(&self, name: &str) -> Result<Revision, CliError> {
        let found = Revision::new(&self.root, &self.prefix, name).map_err(|error| {
            CliError::failure(format!("could not ask git about `{}`: {error}", name.escape_debug()))
        })?;
        found.ok_or_else(|| {
            let error = CliError::usage(format!("git has no revision `{}`", name.escape_debug()));
            let error = error.help("to list them: `git log --oneline --all`");
            if self.is_shallow { error.help("this clone is shallow: `git fetch --unshallow`") } else { error }
        })
    }

    /// Where the work at hand left the main branch, if both can be told: what the branch is called, and the commit.
    pub(crate) fn fork_point(&self) -> Option<(String, String)> {
        if self.is_shallow {
            return None;
        }
        let (name, commit) = self.main_branch()?;
        let base = self.ask(&["merge-base", &commit, "HEAD"])?;
        Some((name, base.trim().to_owned()))
    }

    /// Whether what `commit` holds was once part of what is checked out.
    pub(crate) fn is_merged(&self, commit: &str) -> bool {
        self.ask(&["merge-base", "--is-ancestor", commit, "HEAD"]).is_some()
    }

    /// The branch that work is merged into, and its commit.
    pub(crate) fn main_branch(&self) -> Option<(String, String)> {
        let mut arguments = vec!["for-each-ref", "--format=%(objectname) %(refname) %(symref)"];
        arguments.extend(UPSTREAM.iter().chain(&LOCAL));
        let answer = self.ask(&arguments)?;
        let refs: Vec<Vec<&str>> = answer.lines().map(|line| line.split(' ').collect()).collect();
        // A pattern also stands for what lies below it.
        let find = |names: &[&str]| names.iter().find_map(|name| refs.iter().find(|it| it.get(1) == Some(name)));
        if let Some(upstream) = find(&UPSTREAM) {
            let name = upstream.get(2).filter(|name| !name.is_empty()).or(upstream.get(1))?;
            return Some((name.trim_start_matches("refs/remotes/").to_owned(), (*upstream.first()?).to_owned()));
        }
        let local = find(&LOCAL)?;
        let name = *local.get(1)?;
        let is_checked_out = self.ask(&["symbolic-ref", "--quiet", "HEAD"]).is_some_and(|head| head.trim() == name);
        let has_remote = !self.ask(&["remote"])?.is_empty();
        (!is_checked_out && !has_remote)
            .then(|| Some((name.trim_start_matches("refs/heads/").to_owned(), (*local.first()?).to_owned())))?
    }

    /// What git answers; none where it says no.
    fn ask(&self, arguments: &[&str]) -> Option<String> {
        let output = run(&self.root, arguments).ok().filter(|output| output.status.success())?;
        String::from_utf8(output.stdout).ok()
    }
}

/// Whether git would show a file of the package at `root` as a new one: there is a repository, and it ignores no such file.
pub(crate) fn shows(root: &Path, file: &str) -> bool {
    let asked = run(root, &["check-ignore", "--quiet", "--", file]);
    asked.is_ok_and(|output| output.status.code() == Some(1))
}

/// The files below a folder of the package at `root` that git ignores; none where it can't say.
pub(crate) fn ignored(root: &Path, folder: &str) -> Vec<String> {
    let mut command = command(root);
    command
        .args(["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--", folder])
        .env("GIT_LITERAL_PATHSPECS", "1");
    let output = command.output().ok().filter(|output| output.status.success());
    let answer = output.and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    answer.split_terminator('\0').map(str::to_owned).collect()
}

fn run(root: &Path, arguments: &[&str]) -> Result<Output, CliError> {
    command(root).args(arguments).output().map_err(|error| {
        CliError::failure(format!("could not run `git`: {error}")).help("install git, or add it to `PATH`")
    })
}

/// `git` for the package at `root`: it asks nobody, fetches nothing, and takes no lock.
pub(super) fn command(root: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .args(["--no-pager", "-C"])
        .arg(root)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("LC_ALL", "C")
        .stdin(std::process::Stdio::null());
    // A hook of git runs with these, and they may mean another repository than that of the package.
    for variable in OF_ONE_REPOSITORY {
        command.env_remove(variable);
    }
    command
}
