//! `replay = { base = "base.sql", functions = ["slugify"], collations = ["german"] }`.

use super::{Reader, generate, one_of};
use crate::config::Replay;
use crate::toml::Value;

/// The keys inside.
const KEYS: [&str; 3] = ["base", "collations", "functions"];

const HELP: &str = "write `replay = { functions = [\"slugify\"], collations = [\"german\"] }`";

/// SQLite takes no longer name of a function.
const LONGEST: usize = 255;

impl Reader<'_> {
    /// What replays begin with, and the names that the program registers.
    pub(super) fn replay(&mut self, value: Value<'_>) -> Option<Replay> {
        let mut replay = Replay::default();
        let mut sound = Some(());
        for value in self.table("replay", value, Some(HELP))?.entries() {
            sound = sound.and(match value.key() {
                "base" => self.string("base", value, generate::schema).map(|base| replay.base = Some(base)),
                "functions" => self.names("functions", value).map(|names| replay.stubs.functions = names),
                "collations" => self.names("collations", value).map(|names| replay.stubs.collations = names),
                "modules" => {
                    let message = "there is no stand-in for a module: the columns of its tables are unknown".to_owned();
                    self.error(value.key_span(), message, Some("remove `modules`".to_owned()))
                }
                other => {
                    let message = format!("unknown key `{}` in `replay`", other.escape_debug());
                    self.error(value.key_span(), message, Some(one_of(other, &KEYS, "the keys are")))
                }
            });
        }
        sound.map(|()| replay)
    }

    fn names(&mut self, key: &str, value: Value<'_>) -> Option<Vec<String>> {
        let Some(array) = value.as_array() else {
            return self.wrong_type(key, value, "an array of names", Some(HELP.to_owned()));
        };
        let mut names = Vec::with_capacity(array.len());
        let mut sound = Some(());
        for name in array {
            match name.as_str() {
                Some(text) if is_name(text) => names.push(text.to_owned()),
                Some(text) => {
                    let message = format!("`{}` can't be the name of a function or collation", text.escape_debug());
                    sound =
                        self.error(name.span(), message, Some("write the name alone, such as `slugify`".to_owned()));
                }
                None => sound = self.wrong_type(key, name, "an array of names", Some(HELP.to_owned())),
            }
        }
        sound.map(|()| names)
    }
}

fn is_name(text: &str) -> bool {
    let plain = |it: char| it == '_' || it.is_alphanumeric();
    !text.is_empty() && text.len() <= LONGEST && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{package, read_alone, refused, say};
    use super::*;
    use crate::config::{Stubs, read};
    use crate::source::SourceText;

    #[test]
    fn what_the_program_registers_is_named() {
        let (config, diagnostics) =
            read_alone("replay = { functions = ['slugify', 'rang_2'], collations = ['german'] }");
        assert_eq!(diagnostics, []);
        let expect =
            Stubs { functions: vec!["slugify".to_owned(), "rang_2".to_owned()], collations: vec!["german".to_owned()] };
        assert_eq!(config.replay, Replay { base: None, stubs: expect });
        assert_eq!(read_alone("replay = {}").0.replay, Replay::default());
        let base = read_alone("replay.base = 'db//base.sql'").0.replay.base;
        assert_eq!(base.as_deref(), Some("db/base.sql"));
    }

    #[test]
    fn a_workspace_may_name_them_for_all() {
        let workspace =
            SourceText::new("../Cargo.toml", "[workspace.metadata.migrations]\nreplay.functions = ['slugify']\n");
        assert_eq!(read(&package(""), Some(&workspace)).0.replay.stubs.functions, ["slugify"]);
        assert_eq!(read(&package("replay = {}"), Some(&workspace)).0.replay, Replay::default());
    }

    #[test]
    fn what_makes_no_sense_is_refused_where_it_stands() {
        refused("replay = 3", "5:10 `replay` must be a table, not an integer | write `replay = {");
        refused("replay = { base = 'base.db' }", "`base` can't be `base.db`: the name of an SQL file ends in `.sql`");
        refused("replay = { functions = 'slugify' }", "`functions` must be an array of names, not a string");
        refused("replay = { functions = [3] }", "5:25 `functions` must be an array of names, not an integer");
        refused("replay = { functions = ['slugify(1)'] }", "`slugify(1)` can't be the name");
        refused("replay = { functions = [''] }", "`` can't be the name");
        refused("replay = { function = [] }", "5:12 unknown key `function` in `replay` | did you mean `functions`?");
        refused("replay = { modules = ['mine'] }", "there is no stand-in for a module");
        assert_eq!(say(&read_alone("replay = { functions = [1, '-'], x = 1 }").1).len(), 3);
    }
}
