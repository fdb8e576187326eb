//! `create`: the next migration's files.

use std::process::Command;

use dbmigrate_runtime::cli::Terminal;
use serde_json::json;

use super::{Context, generate};
use crate::cli::CreateArgs;
use crate::error::{CliError, DONE};
use crate::ops::create::{Kind, create};
use crate::ops::project;
use crate::report::Reason;

pub(crate) fn run(args: &CreateArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    if args.from_diff {
        return generate::from_diff(Some(&args.name), args.no_down, &args.decisions, context);
    }
    if args.decisions.any() {
        return Err(CliError::usage(
            "`--rename`, `--fill`, `--allow`, `--dry-run` and what the runner is built with are about a difference",
        )
        .help("add `--from-diff`, or use `cargo dbmigrate generate`"));
    }
    let project = project::select_one(context.global)?;
    super::work_on(&project, context.shell);
    let down = project.config.reversible && !args.no_down;
    let kind = if args.rust { Kind::Rust { down } } else { Kind::Sql { down } };
    let files = create(&project, &args.name, kind)?;
    for file in &files {
        context.shell.status("Created", &context.shell.here(file));
        if context.shell.is_json() {
            context.shell.data(&json!({ "reason": Reason::Created.as_str(), "file": file }).to_string());
        } else {
            context.shell.data(&project.root.join(file).display().to_string());
        }
    }
    if args.edit {
        for file in &files {
            open(&project.root.join(file))?;
        }
    }
    Ok(DONE)
}

/// Starts the user's editor, without a shell between.
fn open(path: &std::path::Path) -> Result<(), CliError> {
    let editor =
        ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let editor = editor.ok_or_else(|| {
        CliError::failure("neither `VISUAL` nor `EDITOR` is set").help(format!("open `{}` yourself", path.display()))
    })?;
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or_default();
    let status = Command::new(program).args(words).arg(path).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(CliError::failure(format!("`{editor}` ended with {status}"))),
        Err(error) => Err(CliError::failure(format!("could not start `{editor}`: {error}"))),
    }
}
