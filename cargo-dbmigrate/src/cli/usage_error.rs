//! What clap says of wrong arguments, where it would mislead or leave people alone.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use dbmigrate_runtime::cli::DESTRUCTIVE;

/// The error with tips that help.
pub(super) fn explained(mut error: clap::Error, arguments: &[OsString]) -> clap::Error {
    // A slip of the pen must not be led to a command that takes data away.
    let is_destructive = match error.get(ContextKind::SuggestedSubcommand) {
        Some(ContextValue::String(tip)) => DESTRUCTIVE.contains(&tip.as_str()),
        Some(ContextValue::Strings(tips)) => tips.iter().any(|tip| DESTRUCTIVE.contains(&tip.as_str())),
        _ => false,
    };
    if is_destructive {
        error.remove(ContextKind::SuggestedSubcommand);
        error.remove(ContextKind::Suggested);
    }
    if is_expanded(&error, arguments) {
        let tip = "the shell has made several words of the pattern: quote it, as in --databases 'tenants/*.db'";
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    }
    error
}

/// Whether a shell has read the pattern of `--databases`: what it names comes before the word that has no place.
fn is_expanded(error: &clap::Error, arguments: &[OsString]) -> bool {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else { return false };
    let pattern = arguments.iter().position(|argument| argument == "--databases");
    let found = arguments.iter().rposition(|argument| argument == word.as_str());
    error.kind() == ErrorKind::UnknownArgument && !word.starts_with('-') && pattern.is_some() && pattern < found
}
