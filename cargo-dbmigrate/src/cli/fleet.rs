//! Many databases of one schema: which they are, and how far to go.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use dbmigrate_core::sequence::quoted;

use super::{DatabaseArgs, PROGRAM};

/// Which databases, in place of one.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Many databases")]
pub(crate) struct FleetArgs {
    #[command(flatten)]
    named: Named,
    /// Paths in the list end with a zero byte, not with a line
    #[arg(short = '0', long, requires = "databases_from")]
    pub(crate) null: bool,
    /// How many databases to work on at once [default: the number of cores]
    #[arg(short, long, value_name = "N", requires = "Named")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
}

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Many databases")]
struct Named {
    /// All files that match this pattern, such as 'tenants/**/*.db'; can be repeated
    #[arg(long, value_name = "GLOB", conflicts_with = "database", value_hint = clap::ValueHint::FilePath)]
    databases: Vec<String>,
    /// All files in this list, one per line; `-` reads it from stdin
    #[arg(long, value_name = "FILE", conflicts_with = "database")]
    databases_from: Option<PathBuf>,
}

impl FleetArgs {
    /// The patterns.
    pub(crate) fn patterns(&self) -> &[String] {
        &self.named.databases
    }

    /// The list.
    pub(crate) fn list(&self) -> Option<&PathBuf> {
        self.named.databases_from.as_ref()
    }

    /// Whether many are meant.
    pub(crate) fn any(&self) -> bool {
        !self.named.databases.is_empty() || self.named.databases_from.is_some()
    }
}

/// How many of them may fail.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Many databases")]
pub(crate) struct FailureArgs {
    /// Skip databases that fail, and go on with the others
    #[arg(long, requires = "Named")]
    pub(crate) keep_going: bool,
    /// Like --keep-going, but stop once this many have failed
    #[arg(long, value_name = "K", requires = "Named", conflicts_with = "keep_going")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_failures: Option<u32>,
}

impl FailureArgs {
    /// How many failures end it.
    pub(crate) fn most(&self) -> usize {
        match (self.keep_going, self.max_failures) {
            (true, _) => usize::MAX,
            (_, Some(most)) => usize::try_from(most).unwrap_or(usize::MAX),
            _ => 1,
        }
    }
}

/// Whether some come before the others.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Many databases")]
pub(crate) struct CanaryArgs {
    /// Work on the first N databases, then stop so that you can check
    #[arg(long, value_name = "N", requires = "Named", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) canary: Option<u32>,
    /// Go on after the first N without asking
    #[arg(long)]
    pub(crate) yes: bool,
}

/// `verify` and `drift`.
#[derive(Debug, Args)]
pub(crate) struct CheckDatabaseArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    #[command(flatten)]
    pub(crate) fleet: FleetArgs,
}

/// The command of this process without a flag and its value, as a shell takes it.
pub(crate) fn typed_without(flag: &str) -> String {
    without(std::env::args_os().skip(1), flag)
}

fn without(words: impl Iterator<Item = OsString>, flag: &str) -> String {
    let mut words = words.map(|word| word.to_string_lossy().into_owned()).peekable();
    words.next_if(|word| word == "dbmigrate");
    let mut typed = PROGRAM.to_owned();
    while let Some(word) = words.next() {
        if word == flag {
            words.next();
        } else if !word.starts_with(&format!("{flag}=")) {
            typed.push(' ');
            typed.push_str(&quoted(&word));
        }
    }
    typed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_to_go_on_is_the_one_that_was_typed_without_a_flag() {
        for (line, expect) in [
            ("dbmigrate up --databases t/*.db --canary 10 -q", "cargo dbmigrate up --databases 't/*.db' -q"),
            ("up --canary=3 --databases a.db", "cargo dbmigrate up --databases a.db"),
        ] {
            assert_eq!(without(line.split(' ').map(OsString::from), "--canary"), expect);
        }
    }
}
