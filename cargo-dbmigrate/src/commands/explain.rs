//! `explain`: what a rule of the linter objects to, why, and how to do it safely.

use dbmigrate_runtime::cli::Terminal;
use dbmigrate_schema::lint::{self, RULES, Rule};

use super::Context;
use crate::cli::ExplainArgs;
use crate::error::{CliError, DONE};
use crate::report;

pub(crate) fn run(args: &ExplainArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let shell = &mut *context.shell;
    let rule = args.rule.as_deref().map(Rule::find).transpose();
    let rule = rule.map_err(|unknown| match args.rule.as_deref().and_then(page_of) {
        Some((name, page)) => {
            CliError::usage(format!("`{name}` is the code of a finding, not a rule: it has no level"))
                .help(format!("it is explained in <https://github.com/dbmigrate/dbmigrate/blob/main/docs/{page}>"))
        }
        None => CliError::usage(unknown.message).help(unknown.help),
    })?;
    let all = RULES.iter().copied();
    if shell.is_json() {
        all.filter(|it| rule.is_none_or(|rule| rule == *it)).for_each(|it| shell.data(&report::rule(it)));
    } else {
        shell.data(rule.map_or_else(lint::list, lint::page).trim_end());
    }
    Ok(DONE)
}

/// The page of the guide about a code that is of no rule.
fn page_of(name: &str) -> Option<(&str, &'static str)> {
    let pages = [("snapshot-", "snapshot.md"), ("squash-", "squashing.md"), ("d1-", "scripts.md")];
    pages.into_iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, page)| (name, page))
}
