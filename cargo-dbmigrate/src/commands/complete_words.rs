//! `complete-words`: what could stand in the place of the last word, a line each, for the scripts of `completions`.

use dbmigrate_runtime::cli::Terminal;
use dbmigrate_schema::lint::RULES;

use super::Context;
use crate::cli::{Candidate, CompleteArgs, Global, Names, candidates};
use crate::error::{CliError, DONE};
use crate::ops::names;

pub(crate) fn run(args: &CompleteArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let names = Names { migrations: names::migrations, packages: names::packages, sets: names::sets, rules };
    for Candidate { value, help } in candidates(args.words.clone(), names) {
        context.shell.data(format!("{value}\t{help}").trim_end());
    }
    Ok(DONE)
}

fn rules(_: &Global) -> Vec<Candidate> {
    RULES.iter().map(|rule| Candidate { value: rule.name.to_owned(), help: rule.what.to_owned() }).collect()
}
