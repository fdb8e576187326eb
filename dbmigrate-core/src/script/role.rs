//! What a script is for, and what may be said in it.

use crate::diagnostic::Diagnostic;
use crate::directive::{Directive, misplaced};

/// What a script is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The way up of a migration.
    Up,
    /// The down script of a migration.
    Down,
    /// A file of `hooks`.
    Hook,
    /// A file of `repeatable`.
    Repeatable,
    /// A file of `fixtures`.
    Rows,
    /// What is there before the first migration.
    Base,
}

impl Role {
    /// The error for a directive that means nothing here, wherever it stands.
    pub(super) fn refuses(self, directive: &Directive) -> Option<Diagnostic> {
        let word = directive.word();
        let (message, help) = match (self, directive) {
            (Self::Down, Directive::Down) => {
                ("a whole `.down.sql` file is a down script".to_owned(), "remove this line")
            }
            (Self::Down, Directive::Irreversible(_)) => {
                ("`irreversible` in a down script".to_owned(), "remove this line")
            }
            (Self::Down, Directive::Requires(_)) => (
                "`requires` is about the up script, and this is the down script".to_owned(),
                "remove this line, or move it to the top of the up script",
            ),
            (Self::Hook, Directive::Down) => {
                ("a hook has no down script".to_owned(), "remove this line and what follows it")
            }
            (Self::Hook, Directive::NoTransaction) => {
                ("a hook runs in a transaction of its own".to_owned(), "remove this line, or make it a migration")
            }
            (Self::Hook, Directive::Call(_)) => (
                "a hook is SQL only".to_owned(),
                "remove this line; Rust runs in a migration, or is passed to the migrator as `before_each` or \
                 `after_each`",
            ),
            (Self::Down, Directive::Replaces(..)) => {
                ("`replaces` is about the up script, and this is the down script".to_owned(), "remove this line")
            }
            (
                Self::Hook,
                Directive::Requires(_) | Directive::Irreversible(_) | Directive::Allow(..) | Directive::Replaces(..),
            ) => (format!("`{word}` is for migrations, and this is a hook"), "remove this line"),
            (Self::Repeatable, _) => {
                (format!("`{word}` in a repeatable file, which takes no directives"), "remove this line")
            }
            (Self::Base, _) => {
                (format!("`{word}` in the base of a replay, which takes no directives"), "remove this line")
            }
            (Self::Rows, _) => (format!("`{word}` in a file of rows, which takes no directives"), "remove this line"),
            _ => return None,
        };
        Some(misplaced(message).help(help))
    }

    /// What people call it.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Up | Self::Down => "migration",
            Self::Hook => "hook",
            Self::Repeatable => "repeatable file",
            Self::Rows => "file of rows",
            Self::Base => "base",
        }
    }

    /// What to do with a statement that can't run in a transaction.
    pub(super) fn way_out_of_the_transaction(self) -> &'static str {
        match self {
            Self::Up | Self::Down => {
                "put `-- dbmigrate: no-transaction` before the first statement of this half, to run it statement by \
                statement"
            }
            Self::Hook | Self::Repeatable | Self::Rows | Self::Base => {
                "put it into a migration with `-- dbmigrate: no-transaction`"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::script::{Script, parse_hook};
    use crate::source::SourceText;

    /// The script, and where each problem is, with its message.
    fn hook(text: &str) -> (Script, Vec<String>) {
        let mut diagnostics = Vec::new();
        let script = parse_hook(&Arc::new(SourceText::new("migrations/hooks/after_all.sql", text)), &mut diagnostics);
        let out = "put it into a migration with `-- dbmigrate: no-transaction`";
        for fault in &diagnostics {
            assert_eq!(
                fault.code == "misplaced-directive",
                fault.help.last().is_some_and(|help| help != out),
                "{fault}"
            );
        }
        let place = |it: &Diagnostic| it.location.as_ref().map(|at| at.position.line).unwrap_or_default();
        (script, diagnostics.iter().map(|it| format!("{} {}", place(it), it.message)).collect())
    }

    #[test]
    fn a_hook_is_one_script_in_a_transaction() {
        let (script, problems) = hook(
            "-- dbmigrate: foreign-keys off\n-- dbmigrate: tolerate existing\n-- dbmigrate: assert SELECT 1\n\
             BEGIN;\nCREATE TABLE a(b);\nCOMMIT;",
        );
        assert_eq!(problems, [""; 0]);
        assert_eq!((script.transaction, script.foreign_keys, script.tolerate_existing), (true, Some(false), true));
        assert_eq!((script.steps.len(), script.asserts.len(), script.prefixes.len()), (1, 1, 0));
    }

    #[test]
    fn what_speaks_of_migrations_is_refused_in_a_hook() {
        for (directive, why) in [
            ("down", "a hook has no down script"),
            ("no-transaction", "a hook runs in a transaction of its own"),
            ("call fill", "a hook is SQL only"),
            ("requires 001_a", "`requires` is for migrations, and this is a hook"),
            ("irreversible so", "`irreversible` is for migrations, and this is a hook"),
            ("allow drop-table so", "`allow` is for migrations, and this is a hook"),
        ] {
            let (_, problems) = hook(&format!("SELECT 1;\n-- dbmigrate: {directive}\nSELECT 2;"));
            assert_eq!(problems, [format!("2 {why}")], "{directive}");
        }
    }

    #[test]
    fn what_no_transaction_holds_is_refused_in_a_hook() {
        let (_, problems) = hook("SELECT 1;\nVACUUM;\nROLLBACK;");
        assert_eq!(problems, ["2 `VACUUM` inside a transaction", "3 `ROLLBACK` in a hook that runs in a transaction"]);
    }
}
