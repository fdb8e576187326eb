//! What a message has between backticks, as it is typed where the command was called and not in the folder of the package.

use dbmigrate_core::sequence::quoted;

use crate::paths;

/// The text, in which files of the package and commands on them are reached by `way`, which ends in `/`. `files` are those
/// that messages speak of: files, and folders with what is in them.
pub(super) fn from_here(text: &str, way: &str, files: &[String]) -> String {
    // With one that is in no pair, nobody knows which words are between two.
    if text.matches('`').count() % 2 == 1 {
        return text.to_owned();
    }
    let part = |(at, part): (usize, &str)| if at % 2 == 1 { typed(part, way, files) } else { part.to_owned() };
    text.split('`').enumerate().map(part).collect::<Vec<_>>().join("`")
}

fn typed(part: &str, way: &str, files: &[String]) -> String {
    let here = |path: &str| paths::reached(way, path);
    if let Some(arguments) = part.strip_prefix("mv ") {
        let arguments = words(arguments).into_iter().map(|word| quoted(&here(&word)));
        return format!("mv {}", arguments.collect::<Vec<_>>().join(" "));
    }
    // What is about files, and not about the repository as a whole.
    if part.starts_with("git ") && (part.contains(" -- ") || part.contains(":./") || part.starts_with("git rm ")) {
        let (command, target) = match part.rsplit_once(" > ") {
            Some((command, target)) => {
                (command, words(target).iter().map(|it| format!(" > {}", quoted(&here(it)))).collect())
            }
            None => (part, String::new()),
        };
        return format!("git -C {}{}{target}", quoted(way.trim_end_matches('/')), &command["git".len()..]);
    }
    // A word alone, such as `migrations`, may as well be a table or a set.
    let is_path = |file: &str| file.contains(['/', '.']);
    let is_inside = |file: &String| match part.strip_prefix(file.as_str()) {
        Some("") => is_path(file),
        Some(rest) => rest.starts_with('/'),
        None => false,
    };
    if files.iter().any(is_inside) { here(part) } else { part.to_owned() }
}

/// The words of a command as [`quoted`] writes them, without their quotes.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            letter => {
                let letter = if letter == '\\' && !is_quoted { letters.next() } else { Some(letter) };
                words.last_mut().into_iter().for_each(|word| word.extend(letter));
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let files = ["migrations", "schema.sql", "Cargo.toml"].map(str::to_owned);
        assert_eq!(from_here(text, "crates/a b/", &files), expect);
    }

    #[test]
    fn files_and_commands_on_them_are_reached_from_here() {
        check(
            "rename it: `mv migrations/1_a.sql 'migrations/it'\\''s.sql'`",
            "rename it: `mv 'crates/a b/migrations/1_a.sql' 'crates/a b/migrations/it'\\''s.sql'`",
        );
        check(
            "`git checkout COMMIT -- migrations/001_a.sql`",
            "`git -C 'crates/a b' checkout COMMIT -- migrations/001_a.sql`",
        );
        check(
            "`git show 'abc:./migrations/a.sql' > migrations/a.sql`",
            "`git -C 'crates/a b' show 'abc:./migrations/a.sql' > 'crates/a b/migrations/a.sql'`",
        );
        check("`git status`, `git log --oneline --all`", "`git status`, `git log --oneline --all`");
        check("write it into `migrations/001_a.down.sql`", "write it into `crates/a b/migrations/001_a.down.sql`");
        check("in `Cargo.toml`, of `schema.sql`", "in `crates/a b/Cargo.toml`, of `crates/a b/schema.sql`");
        check("migrations/x, `migrations_old`, `DROP TABLE x`", "migrations/x, `migrations_old`, `DROP TABLE x`");
    }

    #[test]
    fn a_word_is_no_folder() {
        check(
            "`DROP TABLE migrations`, of the table `migrations`",
            "`DROP TABLE migrations`, of the table `migrations`",
        );
        check("in `migrations/` and the set `migrations`", "in `crates/a b/migrations/` and the set `migrations`");
        let files = ["db/migrations".to_owned()];
        assert_eq!(from_here("out of `db/migrations`", "a/", &files), "out of `a/db/migrations`");
    }

    #[test]
    fn nobody_knows_what_stands_between_backticks_that_are_no_pairs() {
        check("unrecognized token: \"`migrations/a.sql\"", "unrecognized token: \"`migrations/a.sql\"");
    }

    #[test]
    fn a_way_up_is_as_short_as_it_can_be() {
        assert_eq!(from_here("`schema.sql`", "../a/", &["schema.sql".to_owned()]), "`../a/schema.sql`");
        assert_eq!(from_here("`mv migrations/a b`", "../", &[]), "`mv ../migrations/a ../b`");
    }
}
