//! Sets that are in each other's way: one folder, one folder in another, one history for two.

use super::Reader;
use super::sets::SetParts;
use crate::source::Span;

impl Reader<'_> {
    /// Compares every set with those before it. Where two share files, it is not known what the files are.
    pub(super) fn clashes(&mut self, sets: &mut [SetParts]) {
        let mut faults = Vec::new();
        for at in 0..sets.len() {
            let (before, rest) = sets.split_at_mut(at);
            let Some(set) = rest.first_mut() else { continue };
            let own = std::iter::once(&mut *self.parts).filter(|own| own.dir.is_some());
            let mut shares_folder = false;
            let mut shares_history = false;
            for other in own.chain(before) {
                if !shares_folder {
                    if let Some(message) = one_folder(set, other) {
                        shares_folder = true;
                        (set.layout_known, other.layout_known) = (false, false);
                        let beside = format!("{}_migrations", set.config.set);
                        let help = format!("give it a folder beside that one: `dir = \"{beside}\"`");
                        faults.push((place(set, set.dir), message, help));
                    }
                }
                if !shares_history {
                    if let Some(message) = one_history(set, other) {
                        shares_history = true;
                        let help = format!("use another one: `table = \"{}_history\"`", set.config.set);
                        faults.push((place(set, set.table), message, help));
                    }
                }
            }
        }
        for (span, message, help) in faults {
            self.report(span, message, Some(help));
        }
    }
}

/// Where a key of the set is written, or its name.
fn place(set: &SetParts, key: Option<Span>) -> Span {
    key.or(set.name).unwrap_or(Span::new(0, 0))
}

fn one_folder(set: &SetParts, other: &SetParts) -> Option<String> {
    let title = other.config.title();
    // Some file systems don't tell upper from lower case.
    let [here, there] = [&set.config.dir, &other.config.dir].map(|dir| format!("{}/", dir.to_ascii_lowercase()));
    let (own, its) = (&set.config.dir, &other.config.dir);
    if here == there {
        Some(format!("`{own}` is also the folder of {title}"))
    } else if here.starts_with(&there) {
        Some(format!("`{own}` is inside `{its}`, the folder of {title}"))
    } else if there.starts_with(&here) {
        Some(format!("`{own}` contains `{its}`, the folder of {title}"))
    } else {
        None
    }
}

fn one_history(set: &SetParts, other: &SetParts) -> Option<String> {
    if set.config.database != other.config.database {
        return None;
    }
    let theirs = other.config.history_tables();
    let is_theirs = |table: &String| theirs.iter().any(|other| other.eq_ignore_ascii_case(table));
    let table = set.config.history_tables().into_iter().find(is_theirs)?;
    Some(format!("the table `{table}` is also the history of {}, in the same database", other.config.title()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{package, refused};
    use crate::config::read_set_parts;

    #[test]
    fn no_two_sets_have_one_folder_or_one_inside_another() {
        refused("sets.a = { dir = 'm' }\nsets.b = { dir = './M' }", "6:18 `M` is also the folder of the set `a`");
        refused(
            "dir = 'migrations'\nsets.b = {}",
            "6:6 `migrations/b` is inside `migrations`, the folder of the set without a name | give it a folder \
             beside that one: `dir = \"b_migrations\"`",
        );
        refused(
            "sets.a = { dir = 'm/a' }\nsets.b = { dir = 'm' }",
            "6:18 `m` contains `m/a`, the folder of the set `a`",
        );
        let known = |table: &str| read_set_parts(&package(table), None).0.iter().map(|it| it.1).collect::<Vec<_>>();
        assert_eq!(known("sets.a = { dir = 'm/a' }\nsets.b = {}\nsets.c = { dir = 'm' }"), [false, true, false]);
        assert_eq!(known("sets.a = { dir = 'm' }\nsets.b = { dir = 'mm' }"), [true, true]);
    }

    #[test]
    fn no_two_sets_of_one_database_have_one_history() {
        refused("sets.a = { table = 't' }\nsets.b = { table = 'T' }", "6:20 the table `T` is also the history of");
        refused("dir = 'm'\nsets.head = {}", "6:6 the table `_migrations_head` is also the history of the set without");
        refused("sets.a = {}\nsets.a_repeatable = {}", "the table `_migrations_a_repeatable` is also");
        let two = "sets.a = { table = 't', database = 'a.db' }\nsets.b = { table = 't', database = 'b.db' }";
        assert_eq!(super::super::tests::read_alone(two).1, []);
    }
}
