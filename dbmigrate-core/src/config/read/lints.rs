//! `lints = { drop-table = "warn", style = "allow" }`.

use super::{Reader, Scope};
use crate::config::{LintLevel, LintSetting};
use crate::diagnostic::Location;
use crate::toml::Value;

const HELP: &str = "write `lints = { drop-table = \"warn\", style = \"allow\" }`";

impl Reader<'_> {
    /// The levels; the names are for the one to check who knows the rules.
    pub(super) fn lints(&mut self, value: Value<'_>) -> Option<()> {
        let mut sound = Some(());
        for value in self.table("lints", value, Some(HELP))?.entries() {
            let choices = LintLevel::ALL.map(|level| (level.as_str(), level));
            let Some(level) = self.choice(value.key(), value, &choices) else {
                sound = None;
                continue;
            };
            self.parts.config.lints.push(LintSetting {
                name: value.key().to_owned(),
                level,
                of_workspace: self.scope == Scope::Workspace,
                location: Location::new(self.problems.source(), value.key_span()),
            });
        }
        sound
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{package, read_alone, refused, say};
    use super::*;
    use crate::config::{Config, read};
    use crate::source::SourceText;

    fn settings(config: &Config) -> Vec<String> {
        let whose = |it: &LintSetting| if it.of_workspace { "workspace" } else { "package" };
        let say =
            |it: &LintSetting| format!("{} {} {} {}", whose(it), it.location.position, it.name, it.level.as_str());
        config.lints.iter().map(say).collect()
    }

    #[test]
    fn rules_and_groups_have_levels_in_the_order_of_the_file() {
        let (config, diagnostics) = read_alone("lints = { style = 'allow', drop-table = \"warn\", any = 'deny' }");
        assert_eq!(diagnostics, []);
        let expect = ["package 5:11 style allow", "package 5:28 drop-table warn", "package 5:49 any deny"];
        assert_eq!(settings(&config), expect);
        assert_eq!(settings(&read_alone("lints = {}").0), [""; 0]);
        let table = "[package.metadata.migrations.lints]\ndrop-table = 'warn'\n";
        let (config, _) = read(&SourceText::new("Cargo.toml", table), None);
        assert_eq!(settings(&config), ["package 2:1 drop-table warn"]);
    }

    #[test]
    fn those_of_the_workspace_come_first() {
        let workspace = SourceText::new("../Cargo.toml", "[workspace.metadata.migrations]\nlints = { a = 'deny' }\n");
        let (config, diagnostics) = read(&package("lints = { a = 'warn' }"), Some(&workspace));
        assert_eq!(diagnostics, []);
        assert_eq!(settings(&config), ["workspace 2:11 a deny", "package 5:11 a warn"]);
        assert_eq!(config.lints[0].location.path, "../Cargo.toml");
    }

    #[test]
    fn levels_are_words() {
        refused("lints = 3", "5:9 `lints` must be a table, not an integer | write `lints = { drop-table");
        refused("lints = { a = 'error' }", "5:15 `a` can't be `error` | write one of `allow`, `warn`, `deny`");
        refused("lints = { a = 'dney' }", "did you mean `deny`?");
        refused("lints = { a = true }", "`a` must be a string, not a boolean");
        let (config, diagnostics) = read_alone("lints = { a = 1, b = 'warn', c = 'x' }");
        assert_eq!((settings(&config).len(), say(&diagnostics).len()), (1, 2));
    }
}
