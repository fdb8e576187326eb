//! What can be asked about the command line itself.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum Shell {
    /// To be sourced from `.bashrc`, after the completion of cargo
    Bash,
    /// To be saved as `_cargo-dbmigrate` in a folder of `fpath`, or sourced after `compinit`
    Zsh,
    /// To be saved in `~/.config/fish/completions`, or piped into `source`
    Fish,
    /// To be run by the profile
    PowerShell,
    /// To be evaluated by `rc.elv`
    Elvish,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The folder for the pages, such as `~/.local/share/man/man1`; older pages of this command are replaced
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CompleteArgs {
    /// The words from `dbmigrate` up to the one that is being typed
    #[arg(last = true)]
    pub(crate) words: Vec<OsString>,
}
