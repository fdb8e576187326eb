//! What could stand at a place of the command line: clap knows its words, the project its names.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use clap::{Arg, ArgMatches, FromArgMatches};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter, complete};
use dbmigrate_core::adoption::Tool;

use super::Global;

/// What a project can tell. Each is asked only where it can stand.
pub(crate) struct Names {
    pub(crate) migrations: fn(&Global) -> Vec<Candidate>,
    pub(crate) packages: fn(&Global) -> Vec<Candidate>,
    pub(crate) sets: fn(&Global) -> Vec<Candidate>,
    pub(crate) rules: fn(&Global) -> Vec<Candidate>,
}

/// A word that could stand there, and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) value: String,
    pub(crate) help: String,
}

/// The words that could stand in the place of the last one. The first is the name of the program.
pub(crate) fn candidates(words: Vec<OsString>, names: Names) -> Vec<Candidate> {
    let command = super::command();
    let lenient = command.clone().ignore_errors(true).try_get_matches_from(&words);
    let global = Arc::new(lenient.as_ref().ok().and_then(of_matches));
    let names = Arc::new(names);
    let mut command = command.mut_subcommands(|sub| {
        let name = sub.get_name().to_owned();
        let (names, global) = (Arc::clone(&names), Arc::clone(&global));
        sub.mut_args(move |arg| attach(arg, &name, &names, &global))
    });
    command = command.mut_args(|arg| attach(arg, "", &names, &global));
    let last = words.len().saturating_sub(1);
    let found = complete(&mut command, words, last, std::env::current_dir().ok().as_deref()).unwrap_or_default();
    let shown = found.into_iter().filter(|candidate| !candidate.is_hide_set());
    shown.filter_map(|candidate| of_engine(&candidate)).collect()
}

fn of_matches(matches: &ArgMatches) -> Option<Global> {
    Global::from_arg_matches(matches).ok()
}

fn of_engine(candidate: &CompletionCandidate) -> Option<Candidate> {
    let value = candidate.get_value().to_str()?.to_owned();
    let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
    let help = help.lines().next().unwrap_or_default().to_owned();
    // A line and a tab part one from another.
    (!value.contains(['\n', '\t'])).then_some(Candidate { value, help })
}

/// What the values of an argument are, beyond what clap knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    Migration,
    Package,
    Set,
    Rule,
    /// A schema, or a file that holds one.
    Source,
    /// A tool to come from.
    Tool,
}

impl Values {
    /// By the name that help shows for the value; where that says nothing, by command and argument.
    pub(super) fn of(command: &str, arg: &Arg) -> Option<Self> {
        let shown = arg.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
        match (command, arg.get_id().as_str(), shown) {
            (_, _, "TARGET") | ("script", _, "VERSION") => Some(Self::Migration),
            ("down" | "forget" | "repair", "name", _) | ("mark" | "test", "names", _) => Some(Self::Migration),
            ("lock", "accept", _) => Some(Self::Migration),
            (_, _, "SPEC") => Some(Self::Package),
            (_, "set", _) => Some(Self::Set),
            (_, _, "RULE") => Some(Self::Rule),
            (_, _, "SOURCE") => Some(Self::Source),
            ("adopt", "from", _) => Some(Self::Tool),
            _ => None,
        }
    }
}

fn attach(arg: Arg, command: &str, names: &Arc<Names>, global: &Arc<Option<Global>>) -> Arg {
    let Some(values) = Values::of(command, &arg) else { return arg };
    let (names, global) = (Arc::clone(names), Arc::clone(global));
    let known = move |current: &OsStr| {
        let begin = current.to_str().unwrap_or_default();
        let Some(global) = global.as_ref() else { return Vec::new() };
        let (known, files) = match values {
            Values::Migration => ((names.migrations)(global), None),
            Values::Package => ((names.packages)(global), None),
            Values::Set => ((names.sets)(global), None),
            Values::Rule => ((names.rules)(global), None),
            Values::Source => (sources(), Some(PathCompleter::file().complete(current))),
            Values::Tool => (tools(), None),
        };
        let known = known.into_iter().filter(|own| own.value.starts_with(begin));
        let mut found: Vec<_> =
            known.map(|own| CompletionCandidate::new(own.value).help(Some(own.help.into()))).collect();
        found.extend(files.into_iter().flatten());
        found
    };
    arg.add(ArgValueCompleter::new(known))
}

fn sources() -> Vec<Candidate> {
    let words = [
        ("migrations", "what the migrations make"),
        ("database", "the database of the package"),
        ("empty", "an empty schema"),
        ("git:", "a git revision"),
    ];
    words.map(|(value, help)| Candidate { value: value.to_owned(), help: help.to_owned() }).into()
}

fn tools() -> Vec<Candidate> {
    Tool::ALL.into_iter().map(|tool| Candidate { value: tool.name().to_owned(), help: String::new() }).collect()
}
