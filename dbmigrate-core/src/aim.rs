//! Names the set in suggested commands about the files of a set. The runtime does the same for commands on databases
//! (`cli/aim`), and cannot be used here.

use crate::diagnostic::Diagnostic;

/// The commands that are about the files of one set.
const OF_SETS: [&str; 5] = ["create", "lock --accept", "renumber", "snapshot", "squash"];

/// Adds `--set` to the commands that the findings about a set suggest. For a set without a name, it adds nothing.
///
/// ```
/// use dbmigrate_core::{Diagnostic, aim};
///
/// let mut found = [Diagnostic::warning("x", "it is old").help("write it again: `cargo dbmigrate snapshot`")];
/// aim::aim("billing", &mut found);
/// assert_eq!(found[0].help, ["write it again: `cargo dbmigrate snapshot --set billing`"]);
/// ```
pub fn aim(set: &str, diagnostics: &mut [Diagnostic]) {
    if set.is_empty() {
        return;
    }
    for help in diagnostics.iter_mut().flat_map(|problem| &mut problem.help) {
        *help = help.map_words(&|words| aimed(set, words));
    }
}

fn aimed(set: &str, help: &str) -> String {
    let mut out = String::with_capacity(help.len());
    for (at, part) in help.split('`').enumerate() {
        if at > 0 {
            out.push('`');
        }
        out.push_str(part);
        let command = part.strip_prefix("cargo dbmigrate ").filter(|_| at % 2 == 1).unwrap_or_default();
        let is_of_set = OF_SETS
            .iter()
            .any(|own| command.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')));
        if is_of_set && !command.contains(" --set") {
            out.push_str(" --set ");
            out.push_str(set);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_on_files_says_which_set_and_any_other_stays() {
        let check = |help: &str, expect: &str| {
            let mut found = [Diagnostic::error("x", "x").help(help)];
            aim("", &mut found);
            assert_eq!(found[0].help, [help]);
            aim("billing", &mut found);
            assert_eq!(found[0].help, [expect]);
            // Once is enough.
            aim("billing", &mut found);
            assert_eq!(found[0].help, [expect]);
        };
        check("write it again: `cargo dbmigrate snapshot`", "write it again: `cargo dbmigrate snapshot --set billing`");
        check(
            "`cargo dbmigrate renumber`, or `cargo dbmigrate lock --accept 001_a` for `a`",
            "`cargo dbmigrate renumber --set billing`, or `cargo dbmigrate lock --accept 001_a --set billing` for `a`",
        );
        check("it was written by a newer `cargo dbmigrate lock`", "it was written by a newer `cargo dbmigrate lock`");
        check(
            "`cargo dbmigrate snapshots` of `cargo` dbmigrate create",
            "`cargo dbmigrate snapshots` of `cargo` dbmigrate create",
        );
    }
}
