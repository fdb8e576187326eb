//! Suggested commands that work on one set, in the errors of several that run together: each names the set.

use crate::suggested::commands;

/// What the messages call the command line.
const CARGO: &str = "cargo dbmigrate ";

/// The commands that refuse to choose among several sets. The others take all of them.
const ABOUT_ONE: [&str; 8] = ["adopt", "down", "forget", "mark", "redo", "repair", "reset", "up --to"];

/// The text, in which each of them names the set.
#[inline]
pub(crate) fn name(text: &str, set: &str) -> String {
    let set = if set.is_empty() { "\"\"" } else { set };
    commands(text, &|part| {
        let rest = part.strip_prefix(CARGO)?;
        let is = |verb: &&str| rest.strip_prefix(*verb).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        (ABOUT_ONE.iter().any(is) && !rest.contains(" --set")).then(|| format!("{part} --set {set}"))
    })
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn only_what_is_about_one_set_names_it() {
        let check = |text: &str, expect: &str| assert_eq!(name(text, "billing"), expect);
        check("`cargo dbmigrate mark 001_a` records it", "`cargo dbmigrate mark 001_a --set billing` records it");
        check("`cargo dbmigrate up --to` each", "`cargo dbmigrate up --to --set billing` each");
        for same in [
            "run `cargo dbmigrate up` again",
            "`cargo dbmigrate mark --set accounts`",
            "`mark` of the migrator, and `cargo dbmigrate marks`",
            "cargo dbmigrate mark",
        ] {
            check(same, same);
        }
        assert_eq!(name("`cargo dbmigrate adopt`", ""), "`cargo dbmigrate adopt --set \"\"`");
    }
}
