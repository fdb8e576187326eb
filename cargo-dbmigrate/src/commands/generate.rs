//! `generate`: the migration from what the migrations lead to, to what `schema.sql` declares.

use dbmigrate_runtime::cli::Terminal;
use serde_json::json;

use super::Context;
use crate::cli::{FromDiffArgs, GenerateArgs};
use crate::error::{CliError, DONE};
use crate::ops::generate::{Generated, Outcome, Request, generate, write};
use crate::ops::program::Runner;
use crate::ops::project::Project;
use crate::ops::selection;
use crate::report::{self, Reason};
use crate::shell::Shell;

pub(crate) fn run(args: &GenerateArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    from_diff(args.name.as_deref(), args.no_down, &args.decisions, context)
}

/// Plans, proves and writes; `create --from-diff` is the same.
pub(super) fn from_diff(
    name: Option<&str>,
    no_down: bool,
    args: &FromDiffArgs,
    context: &mut Context<'_>,
) -> Result<u8, CliError> {
    let project = selection::select_one(context.global)?;
    super::work_on(&project, context.shell);
    let request = Request {
        name,
        renames: &args.rename,
        fills: &args.fill,
        allow: &args.allow,
        down: project.config.reversible && !no_down,
    };
    let runner = Runner::of(&project, context.global, &args.build);
    let program = runner.as_ref().map(|runner| runner as _);
    let shell = &mut *context.shell;
    let mut ask = |question: &str| shell.confirm(question);
    let Outcome { warnings, generated } = generate(&project, &request, program, &mut ask)?;
    report::diagnostics(&warnings, shell);
    let Some(generated) = generated else {
        if shell.is_json() {
            let reason = Reason::Generated.as_str();
            let line = json!({ "reason": reason, "written": false, "files": [], "changes": [], "proof": null });
            shell.data(&line.to_string());
        }
        shell.status("Finished", &format!("the migrations already make `{}`", shell.here(&project.config.schema)));
        return Ok(DONE);
    };
    if !args.dry_run {
        write(&project, &generated)?;
    }
    show(&generated, args.dry_run, &project, shell);
    Ok(DONE)
}

fn show(generated: &Generated, dry_run: bool, project: &Project, shell: &mut Shell) {
    let proof = &generated.proof;
    for (table, why) in &proof.unfilled {
        shell.note(&format!("no row of `{table}` could be tried: {why}"));
    }
    if shell.is_json() {
        let files = generated.files.iter().map(|(file, sql)| json!({ "file": file, "sql": sql }));
        let line = json!({
            "reason": Reason::Generated.as_str(),
            "written": !dry_run,
            "files": files.collect::<Vec<_>>(),
            "changes": generated.changes,
            "proof": {
                "tables": proof.tables,
                "rows": proof.rows,
                "unfilled": proof.unfilled.iter().map(|(table, _)| table.as_str()).collect::<Vec<_>>(),
            },
        });
        shell.data(&line.to_string());
        return;
    }
    for change in &generated.changes {
        shell.status("Planned", change);
    }
    let ways = if generated.files.len() > 1 { "up and down" } else { "up" };
    let (rows, tables) = (report::count(proof.rows as usize, "row"), report::count(proof.tables, "table"));
    shell.status("Proved", &format!("{ways}, with {rows} in {tables}"));
    for (file, sql) in &generated.files {
        if dry_run {
            shell.data(&format!("-- {file}\n{sql}"));
        } else {
            shell.status("Created", &shell.here(file));
            shell.data(&project.root.join(file).display().to_string());
        }
    }
}
