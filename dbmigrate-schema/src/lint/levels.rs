//! What happens to findings: allowed, warned of or denied, and who decided it.
//!
//! The command line overrides the manifests. There, the entry of a rule overrides that of its group, and the package
//! overrides the workspace. What a file allows stays allowed.

use std::collections::BTreeSet;

use dbmigrate_core::config::LintSetting;
use dbmigrate_core::{Diagnostic, Help, MigrationSet, Severity};

use super::allowed::Allowed;
use super::finding::Finding;
use super::named::{NameError, Named};
use super::rule::{Check, Group, Level, Rule};
use super::{Options, linted};
use crate::replay::Replay;

/// The word for all that is warned of.
const WARNINGS: &str = "warnings";

/// The levels given on the command line, for all packages.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    entries: Vec<Entry>,
    deny_warnings: bool,
}

impl Orders {
    /// Adds `--deny NAME`, `--warn NAME` or `--allow NAME`. The name is that of a rule or a group, or `warnings`, which
    /// can only be denied.
    ///
    /// # Errors
    ///
    /// If no rule and no group has this name, or if it was given another level before.
    pub fn add(&mut self, level: Level, name: &str) -> Result<(), NameError> {
        if name == WARNINGS {
            if level != Level::Deny {
                let message = format!("`--{} {WARNINGS}` is not possible", level.as_str());
                return Err(NameError { message, help: format!("warnings can only be denied: `--deny {WARNINGS}`") });
            }
            self.deny_warnings = true;
            return Ok(());
        }
        let named = Named::with_level(name)?;
        if let Some(other) = self.entries.iter().find(|entry| entry.named == named && entry.level != level) {
            let message = format!("`--{} {name}` and `--{} {name}`", other.level.as_str(), level.as_str());
            return Err(NameError { message, help: "give it once".to_owned() });
        }
        self.entries.push(Entry { named, level, by: By::Command });
        Ok(())
    }
}

/// The rules that have been explained in this run; each is explained once.
#[derive(Debug, Default)]
pub struct Explained(BTreeSet<&'static str>);

/// The level of every rule for one package.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    entries: Vec<Entry>,
    deny_warnings: bool,
}

#[derive(Debug, Clone)]
struct Entry {
    named: Named,
    level: Level,
    by: By,
}

/// Who says so, the last of them with the most weight.
#[derive(Debug, Clone, PartialEq, Eq)]
enum By {
    Workspace(String),
    Package(String),
    Command,
}

impl Entry {
    /// The greater goes over the others.
    fn weight(&self) -> (bool, bool, bool) {
        (self.by == By::Command, matches!(self.named, Named::Rule(_)), matches!(self.by, By::Package(_)))
    }

    /// Who gives the level.
    fn whom(&self) -> String {
        let name = match self.named {
            Named::Rule(rule) => rule.name,
            Named::Group(group) => group.as_str(),
        };
        match (&self.by, self.named) {
            (By::Command, _) => format!("`--{} {name}`", self.level.as_str()),
            (By::Workspace(file) | By::Package(file), Named::Rule(_)) => format!("`lints` in `{file}`"),
            (By::Workspace(file) | By::Package(file), Named::Group(_)) => format!("`{name}` of `lints` in `{file}`"),
        }
    }
}

impl Levels {
    /// The levels in the manifests and on the command line. Names that no rule has are errors.
    #[must_use]
    pub fn new(settings: &[LintSetting], orders: &Orders) -> (Self, Vec<Diagnostic>) {
        let (mut entries, mut errors) = (Vec::new(), Vec::new());
        for LintSetting { name, level, of_workspace, location } in settings {
            match Named::with_level(name) {
                Ok(named) => {
                    let by = if *of_workspace { By::Workspace } else { By::Package };
                    entries.push(Entry { named, level: *level, by: by(location.path.clone()) });
                }
                Err(unknown) => {
                    errors.push(Diagnostic::error("config", unknown.message).at(location.clone()).help(unknown.help));
                }
            }
        }
        entries.extend(orders.entries.iter().cloned());
        (Self { entries, deny_warnings: orders.deny_warnings }, errors)
    }

    /// The level of a rule.
    #[must_use]
    pub fn level(&self, rule: &Rule) -> Level {
        self.decide(rule).0
    }

    /// The level, and who says so.
    fn decide(&self, rule: &Rule) -> (Level, String) {
        let said = self.entries.iter().filter(|entry| entry.named.includes(rule)).max_by_key(|entry| entry.weight());
        match said.map_or(rule.level, |entry| entry.level) {
            Level::Warn if self.deny_warnings => (Level::Deny, "`--deny warnings`".to_owned()),
            level => (level, said.map_or_else(|| "default".to_owned(), Entry::whom)),
        }
    }

    /// Gives everything that was found in a set its severity. First come the diagnostics of other parts of the tool;
    /// those with the name of a rule are treated like findings. Then come the findings, in the order of the files.
    #[must_use]
    pub fn judge(
        &self,
        (set, replay, options): (&MigrationSet, &Replay, &Options<'_>),
        findings: Vec<Finding>,
        others: Vec<Diagnostic>,
        explained: &mut Explained,
    ) -> Vec<Diagnostic> {
        let mut allowed = Allowed::new(set);
        let others = others.into_iter().filter(|other| match Rule::find(other.code) {
            Ok(rule) => rule.is_fixed() || !allowed.silences(rule, other),
            Err(_) => true,
        });
        let mut said: Vec<Diagnostic> = others.collect();
        let found = findings.into_iter().filter(|finding| !allowed.silences(finding.rule, &finding.diagnostic));
        let mut found: Vec<_> = found.map(|finding| (finding.number, finding.diagnostic)).collect();
        let mut said_of_allows = Vec::new();
        for migration in set.migrations.iter().filter(|migration| !options.is_old(migration.number)) {
            said_of_allows.extend(Allowed::unknown(migration).into_iter().map(|warning| (migration.number, warning)));
        }
        let would_say = |rule: &'static Rule| {
            // With rows at hand, a rule about them may know better.
            let is_sure = rule.group != Group::Data || options.rows.is_none();
            matches!(rule.check, Check::Migration(_) | Check::Text(_)) && is_sure && self.level(rule) > Level::Allow
        };
        for migration in linted(set, replay, options) {
            let unused = allowed.unused(migration, would_say);
            said_of_allows.extend(unused.into_iter().map(|warning| (migration.number, warning)));
        }
        found.extend(said_of_allows.into_iter().filter(|(_, warning)| {
            let rule = Rule::find(warning.code);
            !rule.is_ok_and(|rule| allowed.silences(rule, warning))
        }));
        let place = |it: &Diagnostic| it.location.as_ref().map(|location| location.span.start);
        found.sort_by_cached_key(|(number, diagnostic)| (*number, diagnostic.file.clone(), place(diagnostic)));
        said.extend(found.into_iter().map(|(_, diagnostic)| diagnostic));
        said.into_iter().filter_map(|diagnostic| self.weigh(diagnostic, explained)).collect()
    }

    /// Gives something that was found its severity; none where nobody wants to hear of it.
    fn weigh(&self, mut diagnostic: Diagnostic, explained: &mut Explained) -> Option<Diagnostic> {
        let Some(rule) = Rule::find(diagnostic.code).ok().filter(|rule| !rule.is_fixed()) else {
            if self.deny_warnings && !diagnostic.is_error() {
                diagnostic.severity = Severity::Error;
                diagnostic = diagnostic.note("it is an error by `--deny warnings`");
            }
            return Some(diagnostic);
        };
        let (level, whom) = self.decide(rule);
        diagnostic.severity = match level {
            Level::Allow => return None,
            Level::Warn => Severity::Warning,
            Level::Deny => Severity::Error,
        };
        if explained.0.insert(rule.name) {
            let name = rule.name;
            diagnostic = diagnostic
                .note(format!("`{name}` is {} by {whom}", level.as_str()))
                .help(Help::from("to learn more: ").explain(name));
        }
        Some(diagnostic)
    }
}
