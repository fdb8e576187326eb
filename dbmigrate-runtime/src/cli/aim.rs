//! Suggested commands that mean what was meant: those of this program, on the database and the set that were named.

use super::table::COMMANDS;
use crate::suggested::commands;

/// What the messages of the library call the command line.
const CARGO: &str = "cargo dbmigrate";

/// The commands on a database that only cargo has.
const OF_CARGO: [&str; 3] = ["adopt", "drift", "schema"];

/// The commands on the files of one set, which only cargo has.
const OF_SETS: [&str; 6] = ["create", "generate", "lock", "renumber", "snapshot", "squash"];

/// The commands on the files of a package, which only cargo has.
const OF_PACKAGES: [&str; 4] = ["check", "init", "list", "test"];

/// What was typed, for the commands that are suggested.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aim {
    /// What people type to get here: `cargo dbmigrate`, or the program's own name.
    pub program: String,
    /// ` --database app.db`, where that was typed; before it ` -p club` or ` --manifest-path club/Cargo.toml`, where the
    /// package was named.
    pub database: String,
    /// ` --set billing`, where that was typed.
    pub set: String,
}

impl Aim {
    /// The text, in which each command on a database is one of this program and names what was named.
    #[must_use]
    pub fn at(&self, text: &str) -> String {
        commands(text, &|part| self.command(part))
    }

    /// As [`Aim::at`], of several texts.
    #[must_use]
    pub fn all(&self, texts: &[String]) -> Vec<String> {
        texts.iter().map(|text| self.at(text)).collect()
    }

    /// What stands between two marks, where it is such a command.
    fn command(&self, part: &str) -> Option<String> {
        let words = |program: &str| part.strip_prefix(program)?.strip_prefix(' ');
        let rest = words(CARGO).or_else(|| words(&self.program).filter(|_| !self.program.is_empty()))?;
        let verb = rest.split(' ').next()?;
        let is_own = COMMANDS.iter().any(|command| command.name == verb);
        // What it shows a schema of may be a database as well as files.
        let is_on_files = OF_SETS.contains(&verb) || verb == "schema" && !rest.contains(" database");
        let is_on_all = OF_PACKAGES.contains(&verb);
        if !(is_own || is_on_files || is_on_all || OF_CARGO.contains(&verb)) {
            return None;
        }
        let program = if is_own && !self.program.is_empty() { &self.program } else { CARGO };
        let mut command = format!("{program} {rest}");
        let package = self.database.find(" --database").unwrap_or(self.database.len());
        let (package, database) = self.database.split_at(package);
        let database = if is_on_files || is_on_all { "" } else { database };
        let set = if is_on_all { "" } else { self.set.as_str() };
        for (flag, word) in [(package, " -p "), (database, " --database"), (set, " --set")] {
            if !(rest.contains(word) || rest.contains(flag)) {
                command.push_str(flag);
            }
        }
        Some(command)
    }
}

/// ` --name value`, as a shell takes it.
#[must_use]
pub(crate) fn flag(name: &str, value: &str) -> String {
    format!(" --{name} {}", quoted(value))
}

/// A word as a shell takes it.
#[must_use]
pub(super) fn quoted(value: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-+".contains(letter);
    if !value.is_empty() && value.chars().all(is_plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(program: &str, text: &str, expect: &str) {
        let aim = Aim { program: program.to_owned(), database: flag("database", "x y.db"), set: flag("set", "a") };
        assert_eq!(aim.at(text), expect);
        assert_eq!(Aim::default().at(text), text);
    }

    #[test]
    fn commands_on_databases_name_the_same_one() {
        let of_cargo = |text: &str, expect: &str| check("cargo dbmigrate", text, expect);
        of_cargo(
            "roll back: `cargo dbmigrate down --all`",
            "roll back: `cargo dbmigrate down --all --database 'x y.db' --set a`",
        );
        of_cargo(
            "`cargo dbmigrate up`, then `cargo dbmigrate check`",
            "`cargo dbmigrate up --database 'x y.db' --set a`, then `cargo dbmigrate check`",
        );
        of_cargo("`cargo dbmigrate up --database y.db`", "`cargo dbmigrate up --database y.db --set a`");
        of_cargo("`cargo dbmigrate lock --to 003`", "`cargo dbmigrate lock --to 003 --set a`");
        of_cargo("`cargo dbmigrate lock --set b`", "`cargo dbmigrate lock --set b`");
        of_cargo(
            "`cargo dbmigrate schema --from database`, `cargo dbmigrate schema --write`",
            "`cargo dbmigrate schema --from database --database 'x y.db' --set a`, `cargo dbmigrate schema --write --set a`",
        );
        of_cargo("`cargo dbmigrate generate NAME`", "`cargo dbmigrate generate NAME --set a`");
        of_cargo("say `up`, or write `x` down", "say `up`, or write `x` down");
        of_cargo("cargo dbmigrate up", "cargo dbmigrate up");
    }

    #[test]
    fn the_package_that_was_named_is_named_once() {
        let aim = |database: &str| Aim { database: database.to_owned(), ..Aim::default() };
        let (alone, both) = (aim(" -p club"), aim(" -p club --database x.db"));
        assert_eq!(alone.at("`cargo dbmigrate up` creates it"), "`cargo dbmigrate up -p club` creates it");
        assert_eq!(alone.at(&alone.at("`cargo dbmigrate up`")), "`cargo dbmigrate up -p club`");
        assert_eq!(both.at("`cargo dbmigrate up`"), "`cargo dbmigrate up -p club --database x.db`");
        assert_eq!(both.at("`cargo dbmigrate lock`"), "`cargo dbmigrate lock -p club`");
        assert_eq!(both.at("`cargo dbmigrate up --database y.db`"), "`cargo dbmigrate up --database y.db -p club`");
        assert_eq!(alone.at("`cargo dbmigrate init --runner`"), "`cargo dbmigrate init --runner -p club`");
        assert_eq!(alone.at("`cargo dbmigrate init -p club`"), "`cargo dbmigrate init -p club`");
        assert_eq!(alone.at("`cargo dbmigrate explain gap`"), "`cargo dbmigrate explain gap`");
    }

    #[test]
    fn a_program_suggests_its_own_commands_and_those_of_cargo_that_it_lacks() {
        let of_app = |text: &str, expect: &str| check("app", text, expect);
        of_app("`cargo dbmigrate repair 001_a`", "`app repair 001_a --database 'x y.db' --set a`");
        of_app("`app status`", "`app status --database 'x y.db' --set a`");
        of_app("`cargo dbmigrate adopt`", "`cargo dbmigrate adopt --database 'x y.db' --set a`");
        of_app("`cargo dbmigrate create NAME`", "`cargo dbmigrate create NAME --set a`");
        of_app("`cargo dbmigrate check`", "`cargo dbmigrate check`");
        of_app("`application status`", "`application status`");
    }
}
