//! What the files themselves silence, by `-- dbmigrate: allow RULE reason`, and what of that is for nothing.

use std::collections::{HashMap, HashSet};

use dbmigrate_core::{
    Allow, AllowScope, Body, Diagnostic, Down, Location, MigrationSet, Script, SourceMigration, Span,
};

use super::named::Named;
use super::rule::Rule;

/// All that the files of a set silence.
pub(super) struct Allowed<'a> {
    /// By the path of their file.
    scripts: HashMap<&'a str, Vec<&'a Script>>,
    /// Those that have silenced something: the file, the directive, the rule.
    used: HashSet<(&'a str, Span, &'static str)>,
}

impl<'a> Allowed<'a> {
    pub(super) fn new(set: &'a MigrationSet) -> Self {
        let mut by_file: HashMap<&str, Vec<&Script>> = HashMap::new();
        for script in set.migrations.iter().flat_map(scripts).filter(|script| !script.allows.is_empty()) {
            by_file.entry(script.source.path()).or_default().push(script);
        }
        Self { scripts: by_file, used: HashSet::new() }
    }

    /// Whether a file silences this; the directive nearest to it has done so.
    pub(super) fn silences(&mut self, rule: &'static Rule, diagnostic: &Diagnostic) -> bool {
        let place = diagnostic.location.as_ref().map(|location| location.span.start);
        let scripts = diagnostic.file.as_deref().and_then(|file| self.scripts.get(file));
        let scripts = scripts.into_iter().flatten().filter(|script| {
            // What is about the file as a whole is about both of its halves.
            place.is_none_or(|place| (script.section.start..=script.section.end).contains(&place))
        });
        let allows = scripts.flat_map(|script| script.allows.iter().map(|allow| (script.source.path(), allow)));
        let allows = allows.filter(|(_, allow)| allow.rules.iter().any(|name| name == rule.name));
        let nearest = allows.filter(|(_, allow)| is_about(allow, place)).max_by_key(|(_, allow)| match allow.scope {
            AllowScope::Half => 0,
            AllowScope::Statement(_) => 1,
        });
        if let Some((file, allow)) = nearest {
            self.used.insert((file, allow.span, rule.name));
        }
        nearest.is_some()
    }

    /// Names in the directives of a migration that no rule has.
    pub(super) fn unknown(migration: &SourceMigration) -> Vec<Diagnostic> {
        let named = each(migration).filter_map(|(script, allow, name)| {
            let unknown = Rule::find(name).err()?;
            let warning = match Named::find(name) {
                Ok(_) => Diagnostic::warning("unknown-lint", format!("`{name}` is a group of rules, not a rule"))
                    .help("name the rules"),
                Err(_) => Diagnostic::warning("unknown-lint", unknown.message).help(unknown.help),
            };
            Some(warning.at(Location::new(&script.source, allow.span)))
        });
        named.collect()
    }

    /// What a migration silences although nothing is said, of the rules that would have said it.
    pub(super) fn unused(
        &self,
        migration: &SourceMigration,
        would_say: impl Fn(&'static Rule) -> bool,
    ) -> Vec<Diagnostic> {
        let unused = each(migration).filter_map(|(script, allow, name)| {
            let rule = Rule::find(name).ok().filter(|rule| would_say(rule))?;
            if self.used.contains(&(script.source.path(), allow.span, rule.name)) {
                return None;
            }
            let what = match allow.scope {
                AllowScope::Half => "`{}` finds nothing in this half of the file",
                AllowScope::Statement(_) => "`{}` finds nothing in the statement below",
            };
            let help = match allow.rules.len() {
                1 => "remove this line".to_owned(),
                _ => format!("remove `{name}` from this line"),
            };
            let warning = Diagnostic::warning("unused-allow", what.replace("{}", name)).help(help);
            Some(warning.at(Location::new(&script.source, allow.span)))
        });
        unused.collect()
    }
}

fn is_about(allow: &Allow, place: Option<usize>) -> bool {
    match (allow.scope, place) {
        (AllowScope::Half, _) => true,
        (AllowScope::Statement(span), Some(place)) => (span.start..=span.end).contains(&place),
        (AllowScope::Statement(_), None) => false,
    }
}

/// The two halves of a migration in SQL.
fn scripts(migration: &SourceMigration) -> impl Iterator<Item = &Script> {
    let halves = match &migration.body {
        Body::Sql { up, down: Down::Script(down) } => [Some(up), Some(&**down)],
        Body::Sql { up, .. } => [Some(up), None],
        Body::Rust(_) => [None, None],
    };
    halves.into_iter().flatten()
}

/// Every name in every directive.
fn each(migration: &SourceMigration) -> impl Iterator<Item = (&Script, &Allow, &str)> {
    scripts(migration).flat_map(|script| {
        let allows = script.allows.iter();
        allows.flat_map(move |allow| allow.rules.iter().map(move |name| (script, allow, name.as_str())))
    })
}
