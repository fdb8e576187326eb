//! `create`: the next migration's files.

use dbmigrate_runtime::cli::Terminal;
use serde_json::json;

use super::{Context, generate};
use crate::cli::CreateArgs;
use crate::error::{CliError, DONE};
use crate::ops::create::{Kind, create};
use crate::ops::ignored::ignored;
use crate::ops::{editor, selection};
use crate::report::{self, Reason};

pub(crate) fn run(args: &CreateArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    if args.from_diff {
        return generate::from_diff(Some(&args.name), args.no_down, &args.decisions, context);
    }
    if args.decisions.any() {
        return Err(CliError::usage(
            "`--rename`, `--fill`, `--allow`, `--dry-run` and the build options of the runner need a difference",
        )
        .help("add `--from-diff`, or use `cargo dbmigrate generate`"));
    }
    let project = selection::select_one(context.global)?;
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
    report::diagnostics(ignored(&project).as_slice(), context.shell);
    if args.edit {
        for file in &files {
            editor::open(&project.root.join(file))?;
        }
    }
    Ok(DONE)
}
