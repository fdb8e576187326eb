//! `docs/commands.md` is what the commands say of themselves.

use std::fmt::Write as _;
use std::path::Path;

use super::{EXAMPLES, commands, key, lines};

/// The heading under which an option says what is alike for many commands, and where the page has that once.
const SHARED: [(&str, &str); 2] = [
    ("Runner", "These are passed on to cargo where a package's own `runner` has to be built:"),
    ("Common options", "Every command takes these:"),
];

const HEAD: &str = "# Commands

This page is generated from the command line; `cargo dbmigrate COMMAND --help` prints the same. The other pages of the
guide show the commands at work. [Exit codes and JSON](json.md) have a page of their own.

";

/// `SNAPSHOTS=overwrite` rewrites it.
#[test]
fn the_page_of_the_commands_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/commands.md");
    if std::env::var_os("SNAPSHOTS").is_some_and(|it| it == "overwrite") {
        std::fs::write(&path, page()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(written == page(), "docs/commands.md is not what the commands say: write it with SNAPSHOTS=overwrite");
}

fn page() -> String {
    let commands = commands();
    let (root, commands) = commands.split_first().unwrap();
    let mut page = format!("{HEAD}| command | |\n|---|---|\n");
    for command in commands {
        let name = command.get_name();
        let _ = writeln!(page, "| [`{name}`](#{name}) | {} |", about(command));
    }
    for command in commands {
        let (name, usage) = (command.get_name(), command.clone().render_usage().to_string());
        let usage = usage.trim_start_matches("Usage: ");
        let _ = write!(page, "\n## {name}\n\n{}.\n\n```text\n{usage}\n```\n", about(command));
        let own: Vec<_> =
            shown(command).filter(|arg| SHARED.iter().all(|(it, _)| arg.get_help_heading() != Some(it))).collect();
        let headings = own.chunk_by(|one, next| one.get_help_heading() == next.get_help_heading());
        for args in headings {
            let heading = args.first().and_then(|arg| arg.get_help_heading()).map(|it| format!("{it}:\n\n"));
            let _ = write!(page, "\n{}", heading.unwrap_or_default());
            page.extend(args.iter().map(|arg| line(arg)));
        }
        let needs_runner = shown(command).any(|arg| arg.get_help_heading() == Some("Runner"));
        let common = "[common options](#common-options)";
        let _ = if needs_runner {
            write!(page, "\nAnd those of the [runner](#runner), and the {common}.\n")
        } else {
            write!(page, "\nAnd the {common}.\n")
        };
        let notes = crate::cli::notes(name);
        if !notes.is_empty() {
            let _ = write!(page, "\n{}\n", escaped(&notes));
        }
        let (_, examples) = EXAMPLES.iter().find(|(own, _)| *own == key(command)).unwrap();
        let examples = lines(examples).join("\n").replace("\n  ", "\n");
        let _ = write!(page, "\n```text\n{}\n```\n", examples.trim_start());
    }
    for (heading, what) in SHARED {
        let of = commands.iter().find(|it| shown(it).any(|arg| arg.get_help_heading() == Some(heading))).unwrap();
        let _ = write!(page, "\n## {heading}\n\n{what}\n\n");
        for arg in shown(of).filter(|arg| arg.get_help_heading() == Some(heading)) {
            page.push_str(&line(arg));
        }
    }
    let _ = write!(page, "\n{}\n", crate::cli::notes(key(root)));
    page
}

/// What help shows, without the flag for help itself.
fn shown(command: &clap::Command) -> impl Iterator<Item = &clap::Arg> {
    command.get_arguments().filter(|arg| !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str()))
}

fn about(command: &clap::Command) -> String {
    escaped(&command.get_about().unwrap().to_string())
}

/// An argument as an item of a list.
fn line(arg: &clap::Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let takes_value = arg.get_num_args().is_some_and(|count| count.takes_values());
    let value = names.iter().filter(|_| takes_value).map(|name| name.to_string()).collect::<Vec<_>>().join(" ");
    let written = match (arg.get_short(), arg.get_long()) {
        (Some(short), Some(long)) => format!("-{short}, --{long} {value}"),
        (None, Some(long)) => format!("--{long} {value}"),
        (Some(short), None) => format!("-{short} {value}"),
        (None, None) => value,
    };
    let help = arg.get_long_help().or(arg.get_help()).unwrap_or_else(|| panic!("`{written}` is empty"));
    let mut line = format!("* `{}`: {}", written.trim_end(), escaped(&help.to_string()));
    let values: Vec<_> = arg.get_possible_values().into_iter().filter(|it| takes_value && !it.is_hide_set()).collect();
    let explains = values.iter().any(|value| value.get_help().is_some());
    if !values.is_empty() && !explains {
        let values: Vec<_> = values.iter().map(|value| format!("`{}`", value.get_name())).collect();
        let _ = write!(line, ": {}", values.join(", "));
    }
    if let ([default], true) = (arg.get_default_values(), takes_value) {
        let _ = write!(line, " [default: `{}`]", default.to_string_lossy());
    }
    for value in values.iter().filter(|_| explains) {
        let help = value.get_help().map(ToString::to_string).unwrap_or_default();
        let _ = write!(line, "\n  * `{}`: {}", value.get_name(), escaped(&help));
    }
    line.push('\n');
    line
}

/// Text that a reader of Markdown takes for text; what stands between backticks is left alone.
fn escaped(text: &str) -> String {
    let pieces = text.split('`').enumerate().map(|(at, piece)| match at % 2 {
        0 => piece.replace('<', "&lt;").replace('|', "\\|").replace('*', "\\*"),
        _ => piece.to_owned(),
    });
    pieces.collect::<Vec<_>>().join("`")
}
