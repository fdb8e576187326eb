//! The files of a package as a revision holds them, read from git's own objects. Links are followed inside the
//! repository, and lead nowhere outside of it.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use dbmigrate_core::files::{Entry, Files, Kind};
use dbmigrate_core::{Config, Diagnostic, MigrationSet, SourceText};

/// What is larger is not read: no migration is, and a revision may be anybody's.
const LARGEST: u64 = 64 << 20;

/// A package at a revision.
#[derive(Debug)]
pub(crate) struct Revision {
    /// As it was asked for.
    pub(crate) name: String,
    /// The commit that it means.
    pub(crate) commit: String,
    prefix: String,
    objects: RefCell<Objects>,
}

impl Revision {
    /// None where git knows no such commit.
    pub(super) fn new(root: &Path, prefix: &str, name: &str) -> io::Result<Option<Self>> {
        let mut objects = Objects::new(root)?;
        let Answer::Object { id, .. } = objects.get(&format!("{name}^{{commit}}"))? else { return Ok(None) };
        let (name, prefix) = (name.to_owned(), prefix.to_owned());
        Ok(Some(Self { name, commit: id, prefix, objects: RefCell::new(objects) }))
    }

    /// Whether the package was there at all.
    pub(crate) fn has_package(&self) -> bool {
        Files::kind(self, "Cargo.toml").is_some()
    }

    /// What its manifest said of the files of a set; of the only one, where it named none.
    pub(crate) fn config(&self, set: &str) -> Result<Config, Vec<Diagnostic>> {
        let manifest = self.text("Cargo.toml").map_err(|problem| self.named(vec![problem]))?;
        let (configs, _) = dbmigrate_core::config::read_sets(&manifest, None);
        Ok(configs.into_iter().find(|config| config.set == set).unwrap_or_default())
    }

    /// The migrations that a set of the package had, by the configuration that it had, or by the one that is tried. A set
    /// that was not there had none.
    pub(crate) fn set(&self, name: &str, tried: Option<&Config>) -> Result<MigrationSet, Vec<Diagnostic>> {
        if tried.is_none() && !self.has_package() {
            let message =
                format!("`{}` does not contain this package: it has no `{}Cargo.toml`", self.name, self.prefix);
            return Err(vec![Diagnostic::error("no-package", message)]);
        }
        let all = match tried {
            Some(config) => vec![dbmigrate_core::load::load_with(self, config.clone())],
            None => dbmigrate_core::load::load_sets_from(self),
        };
        let Some(loaded) = all.into_iter().find(|loaded| tried.is_some() || loaded.set.config.set == name) else {
            return Ok(MigrationSet::empty(Config { set: name.to_owned(), ..Config::default() }));
        };
        let loaded = loaded.with_base(self);
        let dir = &loaded.set.config.dir;
        // Before the first migration there were none, which is no fault.
        if loaded.diagnostics.iter().all(|it| it.code == "no-directory") && Files::kind(self, dir).is_none() {
            return Ok(loaded.set);
        }
        if loaded.has_errors() {
            return Err(self.named(loaded.diagnostics));
        }
        Ok(loaded.set)
    }

    /// A file as git writes it: from the root of the repository, or with `./` from the package.
    pub(crate) fn file(&self, path: &str) -> Result<SourceText, Diagnostic> {
        let shown = format!("git:{}:{path}", self.name);
        let found = self.objects.borrow_mut().get(&format!("{}:{path}", self.commit));
        match found.and_then(Answer::file) {
            Ok(bytes) => SourceText::from_bytes(shown, bytes),
            Err(error) => {
                let problem = Diagnostic::error("unreadable-file", format!("could not read `{shown}`: {error}"));
                let inside = path.trim_start_matches("./");
                if path == inside && Files::kind(self, path) == Some(Kind::File) {
                    return Err(problem.help(format!("the package has one: `git:{}:./{path}`", self.name)));
                }
                Err(problem)
            }
        }
    }

    /// Says of problems that they are those of the revision, where nothing can be done about them any more.
    pub(crate) fn named(&self, mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
        for problem in &mut problems {
            for path in problem.file.iter_mut().chain(problem.location.iter_mut().map(|location| &mut location.path)) {
                *path = format!("git:{}:./{path}", self.name);
            }
            problem.help.clear();
        }
        problems
    }

    fn get(&self, path: &str) -> io::Result<Answer> {
        let path = format!("{}{path}", self.prefix);
        self.objects.borrow_mut().get(&format!("{}:{}", self.commit, path.trim_end_matches('/')))
    }
}

impl Files for Revision {
    fn kind(&self, path: &str) -> Option<Kind> {
        match self.get(path) {
            // Git also says so of what isn't there, where a folder above is a link.
            Ok(Answer::Broken) => {
                let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
                let entries = self.get(folder).and_then(Answer::folder).unwrap_or_default();
                entries.iter().any(|it| it.name.as_deref() == Ok(name)).then_some(Kind::Broken)
            }
            Ok(answer) => answer.kind(),
            // Too large to be looked at.
            Err(_) => Some(Kind::Other),
        }
    }

    fn list(&self, folder: &str) -> io::Result<Vec<Entry>> {
        let mut entries = self.get(folder)?.folder()?;
        for entry in &mut entries {
            if let (true, Ok(name)) = (entry.is_link, &entry.name) {
                entry.kind = Files::kind(self, &format!("{folder}/{name}")).unwrap_or(Kind::Broken);
            }
        }
        Ok(entries)
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.get(path)?.file()
    }
}

/// A `git cat-file --batch`: objects by name, one after the other. Names go through its stdin, so that none is ever
/// taken for an option.
#[derive(Debug)]
struct Objects {
    process: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What git has under a name.
enum Answer {
    Object { id: String, kind: String, bytes: Vec<u8> },
    Broken,
    Missing,
}

impl Answer {
    fn kind(&self) -> Option<Kind> {
        match self {
            Self::Object { kind, .. } if kind == "blob" => Some(Kind::File),
            Self::Object { kind, .. } if kind == "tree" => Some(Kind::Folder),
            Self::Object { .. } => Some(Kind::Other),
            Self::Broken => Some(Kind::Broken),
            Self::Missing => None,
        }
    }

    fn file(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Object { kind, bytes, .. } if kind == "blob" => Ok(bytes),
            Self::Object { .. } => Err(io::Error::other("it is not a file")),
            Self::Broken => Err(io::Error::other("it is a link to nothing in the repository")),
            Self::Missing => Err(io::Error::new(ErrorKind::NotFound, "git has no such file there")),
        }
    }

    /// A tree: mode, space, name, NUL, the bytes of an id, over and over.
    fn folder(self) -> io::Result<Vec<Entry>> {
        let (id, bytes) = match self {
            Self::Object { id, kind, bytes } if kind == "tree" => (id, bytes),
            Self::Missing => return Err(ErrorKind::NotFound.into()),
            _ => return Err(ErrorKind::NotADirectory.into()),
        };
        let damaged = || io::Error::other("git returned no folder");
        let mut entries = Vec::new();
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let space = rest.iter().position(|&byte| byte == b' ').ok_or_else(damaged)?;
            let nul = rest.iter().position(|&byte| byte == 0).filter(|&nul| nul > space).ok_or_else(damaged)?;
            let (mode, name) = (&rest[..space], &rest[space + 1..nul]);
            rest = rest.get(nul + 1 + id.len() / 2..).ok_or_else(damaged)?;
            let name = match String::from_utf8(name.to_vec()) {
                // No folder has such names; a tree may have been made by anybody.
                Ok(name) if name.contains('/') || ["", ".", ".."].contains(&&*name) => return Err(damaged()),
                Ok(name) => Ok(name),
                Err(error) => Err(String::from_utf8_lossy(error.as_bytes()).into_owned()),
            };
            let kind = match mode {
                b"40000" => Kind::Folder,
                // The commit of a submodule, whose files are in another repository.
                b"160000" => Kind::Other,
                _ => Kind::File,
            };
            entries.push(Entry { name, kind, is_link: mode == b"120000" });
        }
        Ok(entries)
    }
}

impl Objects {
    fn new(root: &Path) -> io::Result<Self> {
        let mut command = super::command(root);
        command.args(["cat-file", "--batch", "--follow-symlinks"]);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        match (process.stdin.take(), process.stdout.take()) {
            (Some(ask), Some(answers)) => Ok(Self { process, ask, answers: BufReader::new(answers) }),
            _ => Err(ErrorKind::BrokenPipe.into()),
        }
    }

    fn get(&mut self, name: &str) -> io::Result<Answer> {
        if name.contains(['\n', '\0']) {
            return Ok(Answer::Missing);
        }
        writeln!(self.ask, "{name}")?;
        let mut head = Vec::new();
        self.answers.read_until(b'\n', &mut head)?;
        let head = String::from_utf8_lossy(&head);
        let words: Vec<&str> = head.trim_end_matches('\n').split(' ').collect();
        match *words {
            // As it does where a path leads out of the repository.
            [] | [""] => Err(io::Error::other("git returned nothing")),
            ["symlink" | "dangling" | "loop" | "notdir", size] if size.parse::<u64>().is_ok() => {
                self.body(size)?;
                Ok(if words[0] == "notdir" { Answer::Missing } else { Answer::Broken })
            }
            [id, kind, size] if size.parse::<u64>().is_ok() => {
                let bytes = self.body(size)?;
                Ok(Answer::Object { id: id.to_owned(), kind: kind.to_owned(), bytes })
            }
            _ => Ok(Answer::Missing),
        }
    }

    /// What follows, and the line end after it.
    fn body(&mut self, size: &str) -> io::Result<Vec<u8>> {
        let size = size.parse::<u64>().map_err(io::Error::other)?;
        let mut bytes = Vec::new();
        let mut whole = self.answers.by_ref().take(size + 1);
        if size > LARGEST {
            io::copy(&mut whole, &mut io::sink())?;
            return Err(io::Error::other(format!("it has {} MiB, too much for a migration", size >> 20)));
        }
        whole.read_to_end(&mut bytes)?;
        if bytes.pop() == Some(b'\n') && bytes.len() as u64 == size {
            Ok(bytes)
        } else {
            Err(io::Error::other("git stopped"))
        }
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // It only reads, and has nothing to finish.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
