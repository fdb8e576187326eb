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
    flag("set", Some("NAME"), "The set of migrations to work on, where there are several"),
    flag("busy-timeout", Some("SECONDS"), "How long to wait for another connection [default: 30]"),
    flag("message-format", Some("FORMAT"), "The output: human or json [default: human]"),
    short("verbose", 'v', "Say more"),
    short("quiet", 'q', "Say nothing but answers and errors"),
    short("help", 'h', "Print help"),
    short("version", 'V', "Print the version"),
];

/// The verbs that take something away: no tip for a slip of the pen leads to one.
pub const DESTRUCTIVE: [&str; 5] = ["reset", "down", "redo", "forget", "restore"];

const DRY_RUN: Flag = flag("dry-run", None, "Run on a copy and say what happened there; the database stays as it is");
const BACKUP: Flag = flag("backup", None, "Keep a copy of the database first, in any case");
const NO_BACKUP: Flag = flag("no-backup", None, "Keep no copy, also before work that takes something away");
const BACKUP_KEEP: Flag =
    flag("backup-keep", Some("N"), "How many copies to keep; the oldest of a version stays as well [default: 3]");
const BACKUP_DIR: Flag = flag("backup-dir", Some("PATH"), "Where to keep copies [default: beside the database]");

/// All verbs.
pub(super) const COMMANDS: &[Command] = &[
    command(
        "status",
        "Show each migration and whether it is applied",
        &[
            flag("check", None, "Exit with 1 unless everything is applied"),
            flag("recover", None, "Take back first what a writer that crashed left half done"),
        ],
    ),
    command(
        "up",
        "Apply what is pending",
        &[
            flag("to", Some("TARGET"), "Stop after this migration"),
            flag("existing", None, "Start at the first migration although the database has tables and no history"),
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
            flag("to", Some("TARGET"), "Roll back everything after this migration, which stays"),
            flag("count", Some("N"), "Roll back the newest N"),
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
        "Roll the newest applied migration back and apply its file as it is now",
        &[BACKUP, NO_BACKUP, BACKUP_KEEP, BACKUP_DIR],
    ),
    command(
        "reset",
        "Take the database back to nothing and keep a copy of it",
        &[flag("yes", None, "Don't ask"), BACKUP_KEEP, BACKUP_DIR],
    ),
    Command {
        name: "mark",
        about: "Record migrations as applied without running them, for a database that has what they make",
        argument: Some(Argument { many: true, ..argument("TARGET", "Record these [default: all that are pending]") }),
        flags: &[
            flag("to", Some("TARGET"), "Record all that are pending, up to and including this one"),
            flag("force", None, "Record them although the schema differs or can't be compared"),
        ],
    },
    Command {
        name: "forget",
        about: "Take a migration out of the history, so that it runs again; the schema stays as it is",
        argument: Some(Argument { required: true, ..argument("TARGET", "The migration") }),
        flags: &[],
    },
    Command {
        name: "repair",
        about: "Explain what differs between the history and the migrations, or settle it",
        argument: Some(argument("TARGET", "Settle this migration")),
        flags: &[
            flag("all", None, "Settle everything that can be"),
            flag("retry", None, "The step in which it was stopped has not run: the next `up` or `down` runs it again"),
            flag("done", None, "The step in which it was stopped has run: go on after it"),
        ],
    },
    Command {
        name: "backup",
        about: "Keep a copy of the database",
        argument: None,
        flags: &[
            flag("to", Some("PATH"), "The file to make [default: one with a name of its own]"),
            BACKUP_KEEP,
            BACKUP_DIR,
        ],
    },
    Command {
        name: "restore",
        about: "Put a copy of the database back into its place, or show which there are",
        argument: Some(argument("PATH", "The copy; without it, show which there are")),
        flags: &[
            flag("yes", None, "Don't ask"),
            flag("force", None, "Replace a file that is no database any more"),
            BACKUP_DIR,
        ],
    },
    command("verify", "Compare the history with the migrations", &[]),
    command("history", "Show the history as it is recorded", &[]),
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
