//! `completions`: what a shell needs to complete `cargo dbmigrate` and `cargo-dbmigrate`.
//!
//! The scripts only hand the words on to `complete-words`, so they need not be written anew with a new version.

use dbmigrate_runtime::cli::Terminal;

use super::Context;
use crate::cli::{CompletionsArgs, ShellName};
use crate::error::{CliError, DONE};

pub(crate) fn run(args: &CompletionsArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let script = match args.shell {
        ShellName::Bash => include_str!("completions/bash.sh"),
        ShellName::Zsh => include_str!("completions/zsh.zsh"),
        ShellName::Fish => include_str!("completions/fish.fish"),
        ShellName::PowerShell => include_str!("completions/powershell.ps1"),
        ShellName::Elvish => include_str!("completions/elvish.elv"),
    };
    context.shell.data(script.trim_end());
    Ok(DONE)
}
