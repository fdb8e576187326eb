//! The text of `--help`, written from the table.

use super::table::{Argument, COMMANDS, COMMON, Command, Flag};

/// The help of the whole program, or of one verb.
pub(super) fn help(program: &str, command: Option<&Command>) -> String {
    match command {
        None => overview(program),
        Some(command) => page(program, command),
    }
}

fn overview(program: &str) -> String {
    let commands = COMMANDS.iter().map(|command| (command.name.to_owned(), command.about));
    format!(
        "Migrates the SQLite database of this program\n\nUsage: {program} <COMMAND> [OPTIONS]\n\nCommands:\n{}\n\
         Options:\n{}\nTARGET is a number, a name, or a version from a header.\n\
         Exit codes: 0 done; 1 the answer is no; 2 wrong usage; 101 failure.",
        columns(commands),
        columns(COMMON.iter().map(row)),
    )
}

fn page(program: &str, command: &Command) -> String {
    let Command { name, about, argument, flags } = command;
    let (usage, arguments) = match argument {
        Some(Argument { name, about, required, many }) => {
            let name = if *required { format!("<{name}>") } else { format!("[{name}]") };
            let name = if *many { name + "..." } else { name };
            let rows = columns(std::iter::once((name.clone(), *about)));
            (format!(" {name}"), format!("Arguments:\n{rows}\n"))
        }
        None => (String::new(), String::new()),
    };
    let options = columns(flags.iter().chain(COMMON).map(row));
    format!("{about}\n\nUsage: {program} {name}{usage} [OPTIONS]\n\n{arguments}Options:\n{}", options.trim_end())
}

fn row(flag: &Flag) -> (String, &'static str) {
    let short = flag.short.map_or(String::from("    "), |short| format!("-{short}, "));
    let value = flag.value.map_or(String::new(), |value| format!(" <{value}>"));
    (format!("{short}--{}{value}", flag.name), flag.about)
}

fn columns(rows: impl Iterator<Item = (String, &'static str)>) -> String {
    let rows: Vec<_> = rows.collect();
    let width = rows.iter().map(|(left, _)| left.len()).max().unwrap_or(0);
    rows.iter().map(|(left, right)| format!("  {left:width$}  {right}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overview_names_every_verb_and_each_page_every_flag() {
        let text = help("app", None);
        for command in COMMANDS {
            assert!(text.contains(command.about), "{text}");
            let page = help("app", Some(command));
            for flag in command.flags.iter().chain(COMMON) {
                assert!(page.contains(&format!("--{}", flag.name)) && page.contains(flag.about), "{page}");
            }
        }
        assert!(help("app", COMMANDS.iter().find(|command| command.name == "down")).contains("app down [TARGET]"));
    }
}
