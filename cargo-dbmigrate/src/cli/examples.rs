//! The examples that end the help of each command, and the command line with them.

use std::fmt::Write;

use clap::CommandFactory;
use clap::builder::StyledStr;

use super::Cli;

/// No line of help is longer.
pub(super) const WIDTH: usize = 100;

/// For each command, and under no name for all of them: what follows `cargo dbmigrate`, and what that does.
pub(crate) const EXAMPLES: &[(&str, &[(&str, &str)])] = &[
    (
        "",
        &[
            ("init", "set up the package in this folder"),
            ("create add_stars", "write the next migration"),
            ("check", "report what would go wrong, without a database"),
            ("up", "apply pending migrations"),
            ("status", "see which migrations a database has"),
        ],
    ),
    (
        "init",
        &[("init", "for a program that migrates itself"), ("init --runner", "with a binary for the database commands")],
    ),
    (
        "adopt",
        &[
            ("adopt --plan", "see what happens to which file"),
            ("adopt --from sqlx", "take over the files"),
            ("adopt --from live --database app.db", "start from the schema of a database"),
        ],
    ),
    (
        "create",
        &[
            ("create add_stars", "SQL, with a down script"),
            ("create fill_slugs --rust", "Rust"),
            ("create --from-diff add_teams", "what `schema.sql` has and the migrations do not"),
        ],
    ),
    (
        "generate",
        &[
            ("generate", "what `schema.sql` declares"),
            ("generate --dry-run", "see it first"),
            ("generate --rename users.nick=users.name", "a column with a new name"),
            ("generate --fill users.team=1 --allow drop-table", "decided by you"),
        ],
    ),
    ("list", &[("list", "of this package"), ("list --layout diesel --dir migrations/sqlite", "of another tool")]),
    (
        "check",
        &[
            ("check", "migrations that are new"),
            ("check --locked --deny warnings", "before a release"),
            ("check --database app.db", "with a look at its rows"),
            ("check --fix --dry-run", "see what can be fixed"),
            ("check --layout diesel --dir migrations/sqlite", "the files of another tool"),
        ],
    ),
    (
        "test",
        &[
            ("test", "with generated rows and those of `fixtures`"),
            ("test 003", "report on one"),
            ("test --deep", "from each older version to the newest"),
        ],
    ),
    ("explain", &[("explain", "list the rules"), ("explain drop-column", "one of them")]),
    (
        "lock",
        &[
            ("lock", "seal everything, before a release"),
            ("lock --to 007", "up to one"),
            ("lock --accept 003_add_stars", "accept an edit"),
        ],
    ),
    (
        "renumber",
        &[
            ("renumber --dry-run", "see what would move"),
            ("renumber --onto origin/release", "after those of another branch"),
        ],
    ),
    (
        "snapshot",
        &[
            ("snapshot", "before a release"),
            ("snapshot --to 040", "of migrations that no longer change"),
            ("snapshot --remove", "it is a cache"),
        ],
    ),
    (
        "squash",
        &[
            ("squash --through 040", "one file for 001 to 040"),
            ("squash --undo", "as long as it is not sealed"),
            ("squash --prune", "once no database needs the old files"),
        ],
    ),
    (
        "schema",
        &[
            ("schema", "as SQL"),
            ("schema --format svg > schema.svg", "as a picture"),
            ("schema --write", "into `schema.sql`"),
            ("schema --from database --to migrations", "the difference between the two"),
            ("schema --from git:main", "what a branch has changed"),
        ],
    ),
    (
        "script",
        &[
            ("script --output release.sql", "from nothing to the newest"),
            ("script --from 001 --to 005", "between two versions"),
            ("script --for d1 d1/migrations", "for `wrangler d1 migrations apply`"),
        ],
    ),
    (
        "drift",
        &[
            ("drift", "of the package's database"),
            ("drift --database copy.db", "of another one"),
            ("drift --databases 'tenants/**/*.db'", "of many"),
        ],
    ),
    (
        "status",
        &[
            ("status", "as a table"),
            ("status --check", "exit with 1 when anything is pending"),
            ("status --databases 'tenants/**/*.db'", "of many databases"),
        ],
    ),
    (
        "up",
        &[
            ("up", "all of it"),
            ("up --dry-run", "on a copy, to see what happens"),
            ("up --to 005 --database copy.db", "up to one, elsewhere"),
            ("up --databases 'tenants/**/*.db' --canary 10", "many databases, ten of them first"),
        ],
    ),
    (
        "down",
        &[
            ("down", "the newest"),
            ("down --to 003", "everything after 003"),
            ("down --count 2 --dry-run", "on a copy, to see what happens"),
            ("down --to 003 --databases-from tenants.txt", "many databases, from a list"),
        ],
    ),
    ("redo", &[("redo", "while a migration is being written")]),
    ("reset", &[("reset", "asks first"), ("reset --yes", "in a script")]),
    ("mark", &[("mark --to 004", "a database that has these already"), ("mark 003_add_stars", "only one")]),
    ("forget", &[("forget 003_add_stars", "`up` runs it again")]),
    (
        "repair",
        &[
            ("repair", "explain, and change nothing"),
            ("repair 003_add_stars", "accept its current text"),
            ("repair 003_add_stars --retry", "run the interrupted step again"),
        ],
    ),
    (
        "backup",
        &[
            ("backup", "beside the database"),
            ("backup --to before-release.db", "under a name"),
            ("backup --databases 'tenants/**/*.db' --keep-going", "of many databases"),
        ],
    ),
    ("restore", &[("restore", "show the copies"), ("restore before-release.db --yes", "restore one of them")]),
    (
        "verify",
        &[
            ("verify", "of the package's database"),
            ("verify --database copy.db", "of another one"),
            ("verify --databases 'tenants/**/*.db'", "of many"),
        ],
    ),
    ("history", &[("history", "as a table"), ("history --message-format json", "for programs")]),
    (
        "completions",
        &[
            ("completions bash >> ~/.bashrc", "bash"),
            ("completions zsh > ~/.zfunc/_cargo-dbmigrate", "zsh"),
            ("completions fish > ~/.config/fish/completions/cargo-dbmigrate.fish", "fish"),
            ("completions powershell >> $PROFILE", "PowerShell"),
            ("completions elvish >> ~/.config/elvish/rc.elv", "elvish"),
        ],
    ),
    ("man", &[("man ~/.local/share/man/man1", "then `man cargo-dbmigrate`, `man cargo-dbmigrate-up`")]),
];

/// The command line, whole.
pub(crate) fn command() -> clap::Command {
    let command = with_examples(Cli::command(), "");
    command.mut_subcommands(|sub| {
        let name = sub.get_name().to_owned();
        with_examples(sub, &name)
    })
}

fn with_examples(command: clap::Command, name: &str) -> clap::Command {
    let command = command.max_term_width(WIDTH);
    let Some((_, examples)) = EXAMPLES.iter().find(|(own, _)| *own == name) else { return command };
    let heading = *clap_cargo::style::CLAP_STYLING.get_header();
    let mut help = command.get_after_help().map(|help| format!("{}\n\n", help.ansi())).unwrap_or_default();
    // Writing into a string can't fail.
    let _ = writeln!(help, "{heading}Examples:{heading:#}");
    help.push_str(&lines(examples).join("\n"));
    command.after_help(StyledStr::from(help))
}

/// What else the help of a command ends with, before its examples.
pub(crate) fn notes(name: &str) -> String {
    let command = Cli::command();
    let command = if name.is_empty() { Some(&command) } else { command.find_subcommand(name) };
    command.and_then(clap::Command::get_after_help).map(ToString::to_string).unwrap_or_default()
}

/// The examples, one below the other.
pub(crate) fn lines(examples: &[(&str, &str)]) -> Vec<String> {
    let width = examples.iter().map(|(example, _)| example.len()).max().unwrap_or(0);
    examples.iter().map(|(example, what)| format!("  cargo dbmigrate {example:width$}  {what}")).collect()
}
