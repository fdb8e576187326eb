//! Suggested commands that mean what was meant: the database and the set that were named on the command line.

/// The commands that work on a database.
const ON_DATABASES: [&str; 14] = [
    "adopt", "backup", "down", "drift", "forget", "history", "mark", "redo", "repair", "reset", "restore", "status",
    "up", "verify",
];

/// What follows a command that is suggested.
#[derive(Debug, Default)]
pub(crate) struct Aim {
    /// ` --database app.db`, where that was typed.
    pub(crate) database: String,
    /// ` --set billing`, where that was typed.
    pub(crate) set: String,
}

impl Aim {
    /// The text, in which each command on a database names what was named.
    pub(super) fn at(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for (at, part) in text.split('`').enumerate() {
            if at > 0 {
                out.push('`');
            }
            out.push_str(part);
            let verb = part.strip_prefix("cargo dbmigrate ").and_then(|rest| rest.split(' ').next());
            if at % 2 == 1 && verb.is_some_and(|verb| ON_DATABASES.contains(&verb)) {
                for (flag, word) in [(&self.database, "--database"), (&self.set, "--set")] {
                    if !part.contains(word) {
                        out.push_str(flag);
                    }
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let aim = Aim { database: " --database x.db".to_owned(), set: " --set a".to_owned() };
        assert_eq!(aim.at(text), expect);
        assert_eq!(Aim::default().at(text), text);
    }

    #[test]
    fn commands_on_databases_name_the_same_one() {
        check(
            "roll back: `cargo dbmigrate down --all`",
            "roll back: `cargo dbmigrate down --all --database x.db --set a`",
        );
        check(
            "`cargo dbmigrate up`, then `cargo dbmigrate check`",
            "`cargo dbmigrate up --database x.db --set a`, then `cargo dbmigrate check`",
        );
        check("`cargo dbmigrate up --database y.db`", "`cargo dbmigrate up --database y.db --set a`");
        check("say `up`, or write `x` down", "say `up`, or write `x` down");
        check("cargo dbmigrate up", "cargo dbmigrate up");
    }
}
