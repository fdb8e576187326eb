//! `init`: wires a package.

use dbmigrate_runtime::cli::Terminal;

use super::Context;
use crate::cli::InitArgs;
use crate::error::{CliError, DONE};
use crate::ops::init::init;
use crate::ops::{edit, other_tools, selection};
use crate::report;

pub(crate) fn run(args: &InitArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let mut name = String::new();
    let mut nothing = true;
    // Each goes in front of those that are there: the first set comes last.
    for place in (0..selection::select_one_package(context.global)?.len()).rev() {
        // What was wired for one set is there for the next.
        let Some(project) = selection::select_one_package(context.global)?.into_iter().nth(place) else { break };
        super::work_on(&project, context.shell);
        let plan = init(&project, args.path.as_deref(), args.runner)?;
        edit::write(&plan.edits)?;
        for edit in &plan.edits {
            let path = edit.path.strip_prefix(&project.root).unwrap_or(&edit.path).display().to_string();
            let verb = if edit.new { "Created" } else { "Changed" };
            context.shell.status(verb, &format!("{} ({})", context.shell.here(&path), edit.what));
            if context.shell.is_json() {
                context.shell.data(&report::edited(&path, Some(&edit.what), edit.new, false));
            }
        }
        nothing &= plan.edits.is_empty();
        for note in &plan.notes {
            context.shell.note(note);
        }
        let loaded = project.load();
        if loaded.has_errors() {
            // The build will say what is wrong, but not that the files may be right elsewhere.
            let helps = other_tools::look_alikes(&project, true);
            helps.iter().for_each(|help| context.shell.advise(help));
        }
        name = project.name;
    }
    if nothing {
        context.shell.status("Finished", &format!("package `{name}` is already set up"));
    }
    Ok(DONE)
}
