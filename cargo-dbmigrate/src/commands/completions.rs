//! `completions`: what a shell needs to complete `cargo dbmigrate` and `cargo-dbmigrate`.
//!
//! The scripts only hand the words on to `complete-words`, so they need not be written anew with a new version.

use dbmigrate_runtime::cli::Terminal;

use super::Context;
use crate::cli::{CompletionsArgs, Shell};
use crate::error::{CliError, DONE};

pub(crate) fn run(args: &CompletionsArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let script = match args.shell {
        Shell::Bash => include_str!("completions/bash.sh"),
        Shell::Zsh => include_str!("completions/zsh.zsh"),
        Shell::Fish => include_str!("completions/fish.fish"),
        Shell::PowerShell => include_str!("completions/powershell.ps1"),
        Shell::Elvish => include_str!("completions/elvish.elv"),
    };
    context.shell.data(script.trim_end());
    Ok(DONE)
}
