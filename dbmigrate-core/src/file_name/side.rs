//! The names in the two folders inside the folder: `hooks` and `repeatable`.

use super::{Ending, LEFT_BEHIND, is_ignored, is_left_behind, slug, split_ending};
use crate::nearest::nearest;

/// The hooks that there are, in the order in which they run.
pub const HOOKS: [&str; 2] = ["before_all.sql", "after_all.sql"];

/// What a file in one of the two folders is, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SideName {
    /// One of ours, under its right name.
    Right,
    /// Nothing that looks like one.
    Ignored,
    /// Perhaps one of ours, under a name that none has.
    Wrong {
        /// The name it should have, where that is certain.
        suggestion: Option<String>,
        /// What is wrong with the name it has.
        why: &'static str,
    },
}

/// Reads the name of a file in `hooks`.
#[must_use]
pub fn hook(name: &str) -> SideName {
    read(name, |_, ending| {
        let suggestion = nearest(name, HOOKS).filter(|_| ending != Ending::Rust).map(str::to_owned);
        (suggestion, "the hooks are `before_all.sql` and `after_all.sql`")
    })
}

/// Reads the name of a file in `repeatable`: `snake_case.sql`.
#[must_use]
pub fn repeatable(name: &str) -> SideName {
    read(name, |stem, ending| match (slug(stem), ending) {
        (_, Ending::Rust) => (None, "views and triggers are written in SQL"),
        (_, Ending::Down) => (None, "a repeatable has no down script; to drop its object, write a migration"),
        (Some(slug), _) => (Some(slug + ".sql"), "names are in snake_case and end in `.sql`"),
        (None, _) => (None, "names consist of `a` to `z`, digits and `_`"),
    })
}

/// What both folders have in common. `judge` gives the right name for a stem and an ending, and the rule behind it.
fn read(name: &str, judge: impl Fn(&str, Ending) -> (Option<String>, &'static str)) -> SideName {
    let lower = name.to_ascii_lowercase();
    if is_ignored(&lower) {
        return SideName::Ignored;
    }
    if is_left_behind(&lower) {
        return SideName::Wrong { suggestion: None, why: LEFT_BEHIND };
    }
    let Some((stem, ending)) = split_ending(name, &lower) else { return SideName::Ignored };
    match judge(stem, ending) {
        (Some(right), _) if right == name => SideName::Right,
        (suggestion, why) => SideName::Wrong { suggestion, why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(read: fn(&str) -> SideName, cases: &[(&str, &str)]) {
        for (name, expect) in cases {
            let said = match read(name) {
                SideName::Right => "right".to_owned(),
                SideName::Ignored => "ignored".to_owned(),
                SideName::Wrong { suggestion: Some(right), .. } => {
                    assert_eq!(read(&right), SideName::Right, "{name}");
                    format!("-> {right}")
                }
                SideName::Wrong { why, .. } => why.to_owned(),
            };
            assert!(said.contains(expect), "{name}: {said}");
        }
    }

    #[test]
    fn there_are_two_hooks() {
        check(
            hook,
            &[
                ("before_all.sql", "right"),
                ("after_all.sql", "right"),
                ("before-all.sql", "-> before_all.sql"),
                ("After_All.SQL", "-> after_all.sql"),
                ("befor_all.sql", "-> before_all.sql"),
                ("after_all.up.sql", "-> after_all.sql"),
                ("seed.sql", "the hooks are"),
                ("before_all.rs", "the hooks are"),
                ("before_all.sql.orig", "a merge or a patch"),
            ],
        );
    }

    #[test]
    fn a_repeatable_is_named_in_snake_case() {
        check(
            repeatable,
            &[
                ("active_users.sql", "right"),
                ("01_views.sql", "right"),
                ("Active Users.sql", "-> active_users.sql"),
                ("activeUsers.sql", "-> active_users.sql"),
                ("active_users.SQL", "-> active_users.sql"),
                ("active_users.up.sql", "-> active_users.sql"),
                ("active_users.sql.txt", "-> active_users.sql"),
                ("active_users.down.sql", "no down script"),
                ("active_users.rs", "written in SQL"),
                ("größe.sql", "`a` to `z`"),
                ("_.sql", "`a` to `z`"),
                ("views.sql.rej", "a merge or a patch"),
            ],
        );
    }

    #[test]
    fn what_is_neither_is_ignored() {
        for name in [".gitkeep", "README.md", "before_all.sql~", ".views.sql.swp", "views.bak", "notes.txt", "README"] {
            assert_eq!((hook(name), repeatable(name)), (SideName::Ignored, SideName::Ignored), "{name}");
        }
    }
}
