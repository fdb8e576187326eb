//! What holds for every command, also those that are still to come.

mod reference;

use super::examples::{WIDTH, lines};
use super::*;

/// The commands that people see.
fn commands() -> Vec<clap::Command> {
    let mut command = command();
    command.build();
    let shown = command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help");
    std::iter::once(command.clone()).chain(shown.cloned()).collect()
}

fn key(command: &clap::Command) -> &str {
    if command.get_name() == "cargo-dbmigrate" { "" } else { command.get_name() }
}

#[test]
fn the_argument_table_is_consistent() {
    command().debug_assert();
}

#[test]
fn every_command_has_examples() {
    let has = |name: &str| EXAMPLES.iter().any(|(own, examples)| *own == name && !examples.is_empty());
    let without: Vec<_> = commands().iter().map(|it| key(it).to_owned()).filter(|name| !has(name)).collect();
    assert!(without.is_empty(), "without examples in cli/examples.rs: {without:?}");
    let known: Vec<_> = commands().iter().map(|it| key(it).to_owned()).collect();
    for (name, _) in EXAMPLES {
        assert!(known.iter().any(|own| own == name), "`{name}` in cli/examples.rs is no command");
    }
}

#[test]
fn every_example_is_taken() {
    for (name, examples) in EXAMPLES {
        for (example, _) in *examples {
            // What follows is for the shell.
            let typed = example.split(" >").next().unwrap();
            let words = typed.split(' ').map(|word| word.trim_matches('"'));
            let taken = command().try_get_matches_from(std::iter::once("cargo-dbmigrate").chain(words.clone()));
            let taken = taken.and_then(|matches| Cli::from_arg_matches(&matches));
            assert!(taken.is_ok(), "`{example}`: {}", taken.unwrap_err());
            assert!(name.is_empty() || words.clone().next() == Some(*name), "`{example}` is an example for `{name}`");
        }
    }
}

#[test]
fn every_help_fits_and_ends_with_its_examples() {
    for mut command in commands() {
        let name = key(&command).to_owned();
        let examples = EXAMPLES.iter().find(|(own, _)| *own == name).map_or(&[][..], |(_, examples)| *examples);
        for help in [command.render_help().to_string(), command.render_long_help().to_string()] {
            for line in help.lines() {
                assert!(line.chars().count() <= WIDTH, "`{name} --help` is too wide: {line}");
            }
            assert!(help.trim_end().ends_with(&lines(examples).join("\n")), "{help}");
        }
    }
}

#[test]
fn what_is_a_migration_is_completed_as_one() {
    let command = command();
    let of = |name: &str, id: &str| {
        let sub = command.find_subcommand(name).unwrap_or_else(|| panic!("no command `{name}`"));
        let arg = sub.get_arguments().find(|arg| arg.get_id() == id).unwrap_or_else(|| panic!("no `{id}` of `{name}`"));
        complete::Values::of(name, arg)
    };
    for (name, id) in [
        ("up", "to"),
        ("down", "name"),
        ("down", "to"),
        ("mark", "names"),
        ("mark", "to"),
        ("forget", "name"),
        ("repair", "name"),
        ("test", "names"),
        ("test", "from"),
        ("lock", "to"),
        ("lock", "accept"),
        ("snapshot", "to"),
        ("squash", "through"),
        ("script", "from"),
        ("script", "to"),
    ] {
        assert_eq!(of(name, id), Some(complete::Values::Migration), "{name} {id}");
    }
    assert_eq!(of("create", "name"), None);
    assert_eq!(of("explain", "rule"), Some(complete::Values::Rule));
    assert_eq!(of("schema", "of"), Some(complete::Values::Source));
}
