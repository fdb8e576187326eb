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
    let rule = rule.map_err(|unknown| CliError::usage(unknown.message).help(unknown.help))?;
    let all = RULES.iter().copied();
    if shell.is_json() {
        all.filter(|it| rule.is_none_or(|rule| rule == *it)).for_each(|it| shell.data(&report::rule(it)));
    } else {
        shell.data(rule.map_or_else(lint::list, lint::page).trim_end());
    }
    Ok(DONE)
}
