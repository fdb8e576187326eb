//! What can be asked about the command line itself.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: ShellName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum ShellName {
    /// Source it from `.bashrc`, after the completion of cargo
    Bash,
    /// Save it as `_cargo-dbmigrate` in a folder of `fpath`, or source it after `compinit`
    Zsh,
    /// Save it in `~/.config/fish/completions`, or pipe it into `source`
    Fish,
    /// Run it in the profile
    PowerShell,
    /// Evaluate it in `rc.elv`
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
