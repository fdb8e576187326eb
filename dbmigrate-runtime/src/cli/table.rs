//! The verbs and flags of the program's own commands. Parsing and `--help` both read this table, so they can't differ.

/// A flag of the command line.
pub(super) struct Flag {
    /// The long form, without `--`.
    pub(super) name: &'static str,
    /// The short form, without `-`.
    pub(super) short: Option<char>,
    /// What stands for its value in the help, if it takes one.
    pub(super) value: Option<&'static str>,
    /// What it does.
    pub(super) about: &'static str,
}

/// A word that follows a verb.
pub(super) struct Argument {
    /// What stands for it in the help.
    pub(super) name: &'static str,
    /// What it does.
    pub(super) about: &'static str,
    /// Whether the verb makes no sense without it.
    pub(super) required: bool,
    /// Whether there may be more than one.
    pub(super) many: bool,
}

/// A verb of the command line.
pub(super) struct Command {
    /// The word itself.
    pub(super) name: &'static str,
    /// What it does.
    pub(super) about: &'static str,
    /// What may follow.
    pub(super) argument: Option<Argument>,
    /// The flags of its own.
    pub(super) flags: &'static [Flag],
}

const fn flag(name: &'static str, value: Option<&'static str>, about: &'static str) -> Flag {
    Flag { name, short: None, value, about }
}

const fn short(name: &'static str, short: char, about: &'static str) -> Flag {
    Flag { name, short: Some(short), value: None, about }
}

const fn command(name: &'static str, about: &'static str, flags: &'static [Flag]) -> Command {
    Command { name, about, argument: None, flags }
}

const fn argument(name: &'static str, about: &'static str) -> Argument {
    Argument { name, about, required: false, many: false }
}

/// The flags of every verb.
pub(super) const COMMON: &[Flag] = &[
    flag("database", Some("PATH"), "The database file [default: the environment's DATABASE_URL]"),
    flag("set", Some("NAME"), "The set of migrations to work on, if there are several"),
    flag("busy-timeout", Some("SECONDS"), "How long to wait for a lock of another connection [default: 30]"),
    flag("message-format", Some("FORMAT"), "The output format: human or json [default: human]"),
    short("verbose", 'v', "Use verbose output"),
    short("quiet", 'q', "Print only what was asked for, and errors"),
    short("help", 'h', "Print help"),
    short("version", 'V', "Print the version"),
];

/// The verbs that take something away: no tip for a slip of the pen leads to one.
pub const DESTRUCTIVE: [&str; 5] = ["reset", "down", "redo", "forget", "restore"];

const DRY_RUN: Flag =
    flag("dry-run", None, "Run on a copy and report what happened there; the database stays as it is");
const BACKUP: Flag = flag("backup", None, "Make a copy of the database first in any case");
const NO_BACKUP: Flag = flag("no-backup", None, "Make no copy, even before something is removed");
const BACKUP_KEEP: Flag =
    flag("backup-keep", Some("N"), "How many copies to keep, besides the oldest of a version [default: 3]");
const BACKUP_DIR: Flag = flag("backup-dir", Some("PATH"), "The folder of the copies [default: that of the database]");

/// All verbs.
pub(super) const COMMANDS: &[Command] = &[
    command(
        "status",
        "Show which migrations the database has",
        &[
            flag("check", None, "Exit with 1 if anything is not applied"),
            flag("recover", None, "First roll back what a crashed writer left unfinished"),
        ],
    ),
    command(
        "up",
        "Apply pending migrations",
        &[
            flag("to", Some("TARGET"), "Stop after this migration"),
            flag("existing", None, "Start at the first migration, although the database has objects and no history"),
            DRY_RUN,
            BACKUP,
            NO_BACKUP,
            BACKUP_KEEP,
            BACKUP_DIR,
        ],
    ),
    Command {
        name: "down",
        about: "Roll back the newest applied migration, or more",
        argument: Some(argument("TARGET", "Roll back this migration, which must be the newest applied one")),
        flags: &[
            flag("to", Some("TARGET"), "Roll back everything after this migration"),
            flag("count", Some("N"), "Roll back this many migrations"),
            flag("all", None, "Roll back everything"),
            DRY_RUN,
            BACKUP,
            NO_BACKUP,
            BACKUP_KEEP,
            BACKUP_DIR,
        ],
    },
    command(
        "redo",
        "Roll back the newest applied migration and apply its current text",
        &[BACKUP, NO_BACKUP, BACKUP_KEEP, BACKUP_DIR],
    ),
    command(
        "reset",
        "Empty the database, after making a copy of it",
        &[flag("yes", None, "Do not ask"), BACKUP_KEEP, BACKUP_DIR],
    ),
    Command {
        name: "mark",
        about: "Record migrations as applied without running them, for a database that already has what they make",
        argument: Some(Argument {
            many: true,
            ..argument("TARGET", "Record these migrations [default: all that are pending]")
        }),
        flags: &[
            flag("to", Some("TARGET"), "Record all that are pending, up to and including this migration"),
            flag("force", None, "Record them although the schema differs or cannot be compared"),
        ],
    },
    Command {
        name: "forget",
        about: "Remove a migration from the history, so that it runs again; the schema stays as it is",
        argument: Some(Argument { required: true, ..argument("TARGET", "The migration") }),
        flags: &[],
    },
    Command {
        name: "repair",
        about: "Explain how the history differs from the migrations, or resolve it",
        argument: Some(argument("TARGET", "Resolve this migration")),
        flags: &[
            flag("all", None, "Resolve everything that can be resolved"),
            flag(
                "retry",
                None,
                "The step in which it was interrupted has not run: the next `up` or `down` runs it again",
            ),
            flag("done", None, "The step in which it was interrupted has run: continue after it"),
        ],
    },
    Command {
        name: "backup",
        about: "Make a copy of the database",
        argument: None,
        flags: &[
            flag("to", Some("PATH"), "The file to create [default: one named after time and version]"),
            BACKUP_KEEP,
            BACKUP_DIR,
        ],
    },
    Command {
        name: "restore",
        about: "Restore the database from a copy, or list the copies",
        argument: Some(argument("PATH", "The copy to restore; without it, the copies are listed")),
        flags: &[
            flag("yes", None, "Do not ask"),
            flag("force", None, "Replace a file that is no longer a valid database"),
            BACKUP_DIR,
        ],
    },
    command("verify", "Compare the recorded history with the migrations", &[]),
    command("history", "Show the history as the database records it", &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_flag_stands_twice_and_no_verb_hides_a_common_flag() {
        for command in COMMANDS {
            let mut names: Vec<&str> = command.flags.iter().chain(COMMON).map(|flag| flag.name).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{}", command.name);
        }
    }
}
