//! What to do next, in words. The files that it names stay data until somebody writes it: who reads it may stand in
//! another folder than that of the package.

use std::fmt;

use crate::sequence::quoted;

/// What to do next, part by part.
///
/// ```
/// use dbmigrate_core::Help;
/// use dbmigrate_core::help::Part;
///
/// let help = Help::from("rename it: ").rename("migrations/1_a.sql", "migrations/001_a.sql");
/// assert_eq!(help, "rename it: `mv migrations/1_a.sql migrations/001_a.sql`");
/// let shown = help.map(&|part| match part {
///     Part::Rename { from, to } => Part::Rename { from: format!("app/{from}"), to: format!("app/{to}") },
///     part => part.clone(),
/// });
/// assert_eq!(shown, "rename it: `mv app/migrations/1_a.sql app/migrations/001_a.sql`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Help(Vec<Part>);

/// A part of it. Paths are relative to the package, with `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Words, and commands that are about no file.
    Words(String),
    /// A file or a folder.
    File(String),
    /// The command that renames a file.
    Rename {
        /// Its path.
        from: String,
        /// The path that it should have.
        to: String,
    },
    /// A command of git.
    Git {
        /// The folder in which it has to run, if it is not the current one.
        folder: String,
        /// What follows `git`.
        arguments: String,
        /// The file into which its output is written, if any.
        into: Option<String>,
    },
    /// The command that explains a rule of the linter.
    Explain(String),
}

impl Help {
    /// Adds words.
    #[must_use]
    pub fn words(self, words: &str) -> Self {
        self.and(Part::Words(words.to_owned()))
    }

    /// Adds the path of a file or a folder.
    #[must_use]
    pub fn file(self, path: &str) -> Self {
        self.and(Part::File(path.to_owned()))
    }

    /// Adds the command that renames a file.
    #[must_use]
    pub fn rename(self, from: &str, to: &str) -> Self {
        self.and(Part::Rename { from: from.to_owned(), to: to.to_owned() })
    }

    /// Adds a command of git that runs in the folder of the package.
    #[must_use]
    pub fn git(self, arguments: &str) -> Self {
        self.and(Part::Git { folder: String::new(), arguments: arguments.to_owned(), into: None })
    }

    /// The same, and its output is written into a file.
    #[must_use]
    pub fn git_into(self, arguments: &str, file: &str) -> Self {
        let (folder, arguments, into) = (String::new(), arguments.to_owned(), Some(file.to_owned()));
        self.and(Part::Git { folder, arguments, into })
    }

    /// Adds the command that explains a rule of the linter.
    #[must_use]
    pub fn explain(self, rule: &str) -> Self {
        self.and(Part::Explain(rule.to_owned()))
    }

    /// Adds what another one says.
    #[must_use]
    pub fn then(mut self, mut other: Self) -> Self {
        self.0.append(&mut other.0);
        self
    }

    fn and(mut self, part: Part) -> Self {
        self.0.push(part);
        self
    }

    /// The same with other parts.
    #[must_use]
    pub fn map(&self, change: &dyn Fn(&Part) -> Part) -> Self {
        Self(self.0.iter().map(change).collect())
    }

    /// The same with other words.
    #[must_use]
    pub fn map_words(&self, change: &dyn Fn(&str) -> String) -> Self {
        self.map(&|part| match part {
            Part::Words(words) => Part::Words(change(words)),
            part => part.clone(),
        })
    }
}

/// How git gets a file or a folder back.
pub(crate) fn git_restores(what: &str, path: &str) -> Help {
    git_restores_all(what, &quoted(path))
}

/// How git gets several back, which are `files` as a shell takes them.
pub(crate) fn git_restores_all(what: &str, files: &str) -> Help {
    Help::from(what).words(" from git: ").git(&format!("checkout -- {files}"))
}

impl From<String> for Help {
    fn from(words: String) -> Self {
        Self(vec![Part::Words(words)])
    }
}

impl From<&str> for Help {
    fn from(words: &str) -> Self {
        words.to_owned().into()
    }
}

/// For somebody who stands in the folder of the package.
impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.0 {
            match part {
                Part::Words(words) => f.write_str(words)?,
                Part::File(path) => write!(f, "`{path}`")?,
                Part::Rename { from, to } => write!(f, "`mv {} {}`", quoted(from), quoted(to))?,
                Part::Git { folder, arguments, into } => {
                    f.write_str("`git ")?;
                    if !folder.is_empty() {
                        write!(f, "-C {} ", quoted(folder))?;
                    }
                    f.write_str(arguments)?;
                    if let Some(into) = into {
                        write!(f, " > {}", quoted(into))?;
                    }
                    f.write_str("`")?;
                }
                Part::Explain(rule) => write!(f, "`cargo dbmigrate explain {rule}`")?,
            }
        }
        Ok(())
    }
}

impl PartialEq<str> for Help {
    fn eq(&self, other: &str) -> bool {
        format!("{self}") == other
    }
}

impl PartialEq<&str> for Help {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_quoted() {
        let git = |folder: &str, into: Option<&str>| {
            let part = Part::Git {
                folder: folder.to_owned(),
                arguments: "show 'abc:./a b'".to_owned(),
                into: into.map(str::to_owned),
            };
            Help::from("").map(&|_| part.clone())
        };
        assert_eq!(Help::from("so: ").rename("a b", "it's"), "so: `mv 'a b' 'it'\\''s'`");
        assert_eq!(git("", None), "`git show 'abc:./a b'`");
        assert_eq!(git("crates/a b", Some("c d")), "`git -C 'crates/a b' show 'abc:./a b' > 'c d'`");
        assert_eq!(
            Help::from("in ").file("a b").words(", see ").explain("x"),
            "in `a b`, see `cargo dbmigrate explain x`"
        );
    }

    #[test]
    fn words_are_not_taken_for_files() {
        let up = |part: &Part| match part {
            Part::File(path) => Part::File(format!("../{path}")),
            part => part.clone(),
        };
        let help = Help::from("the table `migrations` of ").file("migrations").words(" in `Cargo.toml`");
        assert_eq!(help.map(&up), "the table `migrations` of `../migrations` in `Cargo.toml`");
    }
}
