//! The documentation of the rules, as Markdown: one page for the terminal, all of them for `docs/lints.md`.

use super::rule::{Example, Group, Rule};
use super::rules::RULES;

/// How long a line of prose gets.
const WIDTH: usize = 110;

/// How a finding gets its level.
const LEVELS: &str = "The level of a rule is `deny` (its findings are errors), `warn` (they are warnings) or `allow` (the \
rule is off). Rules about what also fails the build have no level. `lints` in the manifest sets the level of a rule or of a \
group, for a package or (in `[workspace.metadata.migrations]`) for all packages:

    [package.metadata.migrations]
    lints = { drop-table = \"warn\", style = \"allow\" }

The entry of a rule overrides that of its group, the package overrides the workspace, and `--deny`, `--warn` and \
`--allow` on the command line override both. `--deny warnings` turns all warnings into errors.

If a finding is intended, say so in the file, above the statement, with a reason. Above the first statement, it \
applies to all of them:

    -- dbmigrate: allow drop-table nobody has used it since 2.0
    DROP TABLE scratch;

Silencing a rule that has nothing to say there is a warning.";

/// One rule: what it objects to, why, how to make the change safely, and examples.
#[must_use]
pub fn page(rule: &Rule) -> String {
    section(rule, "#")
}

/// All rules by group, one line each.
#[must_use]
pub fn list() -> String {
    let width = RULES.iter().map(|rule| rule.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (group, rules) in by_group() {
        text.push_str(&format!("{}: {}\n", group.as_str(), group.what()));
        for rule in rules {
            text.push_str(&format!("  {:width$}  {:5}  {}\n", rule.name, rule.level.as_str(), rule.what));
        }
        text.push('\n');
    }
    text
}

/// All rules, for `docs/lints.md`.
#[must_use]
pub fn document() -> String {
    let mut text = String::from(
        "# Lints\n\nThe rules by which `cargo dbmigrate check` judges migrations, before a database with rows runs \
         them. This page is\ngenerated from the rules; `cargo dbmigrate explain RULE` shows one of them. \
         [linting.md](linting.md) explains\nhow to read a finding, and how often they are wrong.\n\n",
    );
    text.push_str(&wrapped(LEVELS));
    text.push('\n');
    for (group, rules) in by_group() {
        text.push_str(&format!("\n## {}\n\n{}.\n\n", group.as_str(), capital(group.what())));
        text.push_str("| rule | default | |\n|---|---|---|\n");
        for rule in &rules {
            let (name, level) = (rule.name, rule.level.as_str());
            text.push_str(&format!("| [`{name}`](#{name}) | {level} | {} |\n", rule.what));
        }
        for rule in rules {
            text.push('\n');
            text.push_str(&section(rule, "###"));
        }
    }
    text
}

/// The groups that have rules, each with them.
fn by_group() -> impl Iterator<Item = (Group, Vec<&'static Rule>)> {
    let of = |group| RULES.iter().copied().filter(|rule| rule.group == group).collect::<Vec<_>>();
    Group::ALL.into_iter().map(move |group| (group, of(group))).filter(|(_, rules)| !rules.is_empty())
}

fn section(rule: &Rule, head: &str) -> String {
    let (name, group, level) = (rule.name, rule.group.as_str(), rule.level.as_str());
    let level = if rule.is_fixed() { "whatever the levels are".to_owned() } else { format!("`{level}` by default") };
    let mut text = format!("{head} {name}\n\n{}. Group `{group}`, {level}.\n\n", capital(rule.what));
    text.push_str(&format!("{}\n\n{}\n", wrapped(rule.why), wrapped(rule.instead)));
    // The others are for the tests.
    for (title, examples) in [("This is found", rule.fails), ("This is not", rule.passes)] {
        let example = examples.first().map(|example| format!("\n{title}:\n{}", code(example)));
        text.push_str(&example.unwrap_or_default());
    }
    text
}

/// A migration, and the one before it where there is one.
fn code(example: &Example) -> String {
    let now = level(example.now);
    let both = match example.before {
        "" => now,
        before => format!("-- before\n{}\n\n-- now\n{now}", level(before)),
    };
    format!("\n```sql\n{}\n```\n", both.trim_end())
}

/// Without the indentation that the lines after the first have in common, which is that of their source.
fn level(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let common = text.lines().skip(1).filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or_default();
    let lines =
        text.lines().enumerate().map(|(at, line)| if at == 0 { line } else { line.get(common..).unwrap_or("") });
    lines.map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// Prose in lines; what is indented stays as it is.
fn wrapped(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        lines.push(String::new());
        if line.starts_with("    ") {
            lines.pop();
            lines.push(line.to_owned());
            continue;
        }
        for word in line.split_whitespace() {
            if let Some(last) = lines.last_mut().filter(|last| last.len() + word.len() < WIDTH) {
                last.push_str(if last.is_empty() { "" } else { " " });
                last.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
    }
    lines.join("\n")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
