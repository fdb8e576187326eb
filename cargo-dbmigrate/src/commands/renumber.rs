//! `renumber`: the next numbers for the migrations that others do not have yet.

use dbmigrate_runtime::cli::Terminal;
use serde_json::json;

use super::Context;
use crate::cli::RenumberArgs;
use crate::error::{CliError, DONE};
use crate::ops::renumber::renumber;
use crate::ops::selection;
use crate::report::{self, Reason};

pub(crate) fn run(args: &RenumberArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let project = selection::select_one(context.global)?;
    super::work_on(&project, context.shell);
    let done = renumber(&project, args.onto.as_deref(), args.dry_run)?;
    let shell = &mut *context.shell;
    let relative = |path: &std::path::Path| path.strip_prefix(&project.root).unwrap_or(path).display().to_string();
    if shell.is_json() {
        for it in &done.moves {
            let line = json!({
                "reason": Reason::Renumbered.as_str(),
                "from": it.from.to_string(),
                "to": it.to.to_string(),
                "files": it.files.iter().map(|(from, to)| json!({ "from": from, "to": to })).collect::<Vec<_>>(),
                "dry_run": args.dry_run,
            });
            shell.data(&line.to_string());
        }
        for edit in &done.edits {
            shell.data(&report::edited(&relative(&edit.path), Some(&edit.what), edit.new, args.dry_run));
        }
        report::diagnostics(done.snapshot.as_slice(), shell);
        for it in &done.mentions {
            let reason = Reason::Mention.as_str();
            let line = json!({ "reason": reason, "file": it.file, "line": it.line, "old": it.old, "new": it.new });
            shell.data(&line.to_string());
        }
        return Ok(DONE);
    }
    let [moved, edited] = if args.dry_run { ["Would move", "Would edit"] } else { ["Moved", "Edited"] };
    for (from, to) in done.moves.iter().flat_map(|it| &it.files) {
        shell.status(moved, &format!("{} to {}", shell.here(from), shell.here(to)));
    }
    for edit in &done.edits {
        shell.status(edited, &format!("{} ({})", shell.here(&relative(&edit.path)), edit.what));
    }
    for it in &done.mentions {
        shell.warning(&format!("{}:{} names `{}`, which is now `{}`", shell.here(&it.file), it.line, it.old, it.new));
    }
    report::diagnostics(done.snapshot.as_slice(), shell);
    let Some(first) = done.moves.first() else {
        shell.status("Fresh", &format!("the numbers already follow those of `{}`", done.base));
        return Ok(DONE);
    };
    let what = report::count(done.moves.len(), "migration");
    if args.dry_run {
        shell.status("Finished", &format!("{what} would be renumbered to follow those of `{}`", done.base));
        return Ok(DONE);
    }
    shell.status("Finished", &format!("{what} renumbered to follow those of `{}`", done.base));
    let (old, new) = (&first.from, &first.to);
    shell.note(&format!("a database that has `{old}` still has it under its old number"));
    shell
        .help("there, roll back what was renumbered: `cargo dbmigrate down`, and apply it again: `cargo dbmigrate up`");
    shell.help(&format!(
        "or, to keep the rows: `cargo dbmigrate forget {old}`, `cargo dbmigrate up --to` what is before it now, \
         `cargo dbmigrate mark {new}`"
    ));
    Ok(DONE)
}
