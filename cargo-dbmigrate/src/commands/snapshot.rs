//! `snapshot`: what a fresh database may start from.

use dbmigrate_runtime::cli::Terminal;
use serde_json::json;

use super::Context;
use crate::cli::SnapshotArgs;
use crate::error::{CliError, DONE};
use crate::ops::selection;
use crate::ops::snapshot::{remove, take};
use crate::report::{self, Reason};

pub(crate) fn run(args: &SnapshotArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let project = selection::select_one(context.global)?;
    super::work_on(&project, context.shell);
    let shell = &mut *context.shell;
    if args.remove {
        let file = remove(&project, args.dry_run)?;
        if shell.is_json() {
            let mut line = json!({ "reason": Reason::SnapshotRemoved.as_str(), "file": file, "dry_run": args.dry_run });
            project.tag(&mut line);
            shell.data(&line.to_string());
            return Ok(DONE);
        }
        match file {
            Some(file) if args.dry_run => shell.status("Would remove", &shell.here(&file)),
            Some(file) => {
                let file = shell.here(&file);
                shell.status("Removed", &format!("{file}: a new database runs the migrations one by one"));
            }
            None => shell.status("Fresh", "there is no snapshot"),
        }
        return Ok(DONE);
    }
    let taken = take(&project, args.to.as_deref(), args.dry_run)?;
    let it = &taken.snapshot;
    let bytes = it.source.text().len();
    if shell.is_json() {
        let mut line = json!({
            "reason": Reason::Snapshot.as_str(),
            "file": taken.file,
            "to": taken.last,
            "migrations": taken.migrations,
            "objects": it.objects,
            "rows": it.rows,
            "bytes": bytes,
            "unsealed": taken.unsealed,
            "fresh": taken.is_fresh,
            "dry_run": args.dry_run,
        });
        project.tag(&mut line);
        shell.data(&line.to_string());
        return Ok(DONE);
    }
    let contents = format!("{}, {}", report::count(it.objects, "object"), report::count(it.rows, "row"));
    let file = shell.here(&taken.file);
    if taken.is_fresh {
        shell.status("Fresh", &format!("{file} is up to date with {}, and sealed", taken.last));
    } else {
        shell.status(if args.dry_run { "Would write" } else { "Wrote" }, &format!("{file} ({contents})"));
    }
    if args.dry_run {
        shell.data(it.source.text().trim_end());
    }
    let migrations = report::count(taken.migrations, "migration");
    shell.status("Proved", &format!("a new database that starts from it is like one that ran {migrations}"));
    if let Some(name) = &taken.unsealed {
        shell.note(&format!("`{name}` is not sealed: editing it makes the snapshot useless"));
        shell.help(&format!("seal it: `cargo dbmigrate lock --to {}`", taken.digits));
    }
    Ok(DONE)
}
