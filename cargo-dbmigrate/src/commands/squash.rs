//! `squash`: one migration in place of many, and back.

use dbmigrate_runtime::cli::Terminal;
use serde_json::json;

use super::Context;
use crate::cli::SquashArgs;
use crate::error::{CliError, DONE};
use crate::ops::project::Project;
use crate::ops::selection;
use crate::ops::squash::{prune, squash, undo};
use crate::report::{self, Reason};
use crate::shell::Shell;

pub(crate) fn run(args: &SquashArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let project = selection::select_one(context.global)?;
    super::work_on(&project, context.shell);
    let shell = &mut *context.shell;
    if args.undo {
        take_back(&project, args.dry_run, shell)?;
    } else if args.prune {
        delete(&project, args, shell)?;
    } else {
        write(&project, args, shell)?;
    }
    Ok(DONE)
}

fn write(project: &Project, args: &SquashArgs, shell: &mut Shell) -> Result<(), CliError> {
    let through = args.through.as_deref().unwrap_or_default();
    let done = squash(project, through, args.name.as_deref(), args.dry_run)?;
    let it = &done.squash;
    if shell.is_json() {
        let line = json!({
            "reason": Reason::Squashed.as_str(),
            "file": done.file,
            "replaced": it.replaced,
            "objects": it.objects,
            "rows": it.rows,
            "folder": done.folder,
            "moved": done.moves.iter().map(|(from, to)| json!({ "from": from, "to": to })).collect::<Vec<_>>(),
            "asserts_left_out": it.asserts,
            "dry_run": args.dry_run,
        });
        shell.data(&line.to_string());
        return Ok(());
    }
    let contents = format!("{}, {}", report::count(it.objects, "object"), report::count(it.rows, "row"));
    let [wrote, moved] = if args.dry_run { ["Would write", "Would move"] } else { ["Wrote", "Moved"] };
    shell.status(wrote, &format!("{} ({contents})", shell.here(&done.file)));
    let files = report::count(done.moves.len(), "file");
    shell.status(moved, &format!("{files} to {}", shell.here(&done.folder)));
    if args.dry_run {
        shell.data(it.text.trim_end());
    }
    shell.status(
        "Proved",
        &format!("it makes the same schema and rows as the {} that it replaces", migrations(it.replaced)),
    );
    if !it.asserts.is_empty() {
        let names = it.asserts.join("`, `");
        shell
            .note(&format!("these assertions are left out, because they do not apply to an empty database: `{names}`"));
    }
    if done.sealed > 0 {
        let stay = if done.sealed == 1 { "stays" } else { "stay" };
        shell.note(&format!("{} after it {stay} sealed", migrations(done.sealed)));
    }
    if done.has_snapshot {
        shell.note("the snapshot is of the replaced migrations, and is no longer used");
        shell.help("take a new one: `cargo dbmigrate snapshot`");
    }
    if !args.dry_run {
        shell.help("to undo it: `cargo dbmigrate squash --undo`; to keep it: `cargo dbmigrate lock`");
    }
    Ok(())
}

fn take_back(project: &Project, dry_run: bool, shell: &mut Shell) -> Result<(), CliError> {
    let done = undo(project, dry_run)?;
    if shell.is_json() {
        let line = json!({
            "reason": Reason::Unsquashed.as_str(),
            "file": done.squash.map(|(_, file)| file),
            "moved": done.moves.iter().map(|(from, to)| json!({ "from": from, "to": to })).collect::<Vec<_>>(),
            "dry_run": dry_run,
        });
        shell.data(&line.to_string());
        return Ok(());
    }
    let [moved, removed] = if dry_run { ["Would move", "Would remove"] } else { ["Moved", "Removed"] };
    shell.status(moved, &format!("{} back", report::count(done.moves.len(), "file")));
    let Some((name, file)) = done.squash else {
        shell.note("an earlier squash or undo was interrupted: its changes were undone");
        return Ok(());
    };
    shell.status(removed, &shell.here(&file));
    if !dry_run {
        let number = name.split('_').next().unwrap_or_default();
        shell.note(&format!("a database whose history has `{name}` does not know the others"));
        shell.help(&format!("there: `cargo dbmigrate forget {name}`, then `cargo dbmigrate mark --to {number}`"));
    }
    Ok(())
}

fn delete(project: &Project, args: &SquashArgs, shell: &mut Shell) -> Result<(), CliError> {
    let done = prune(project, args.last.as_deref(), args.dry_run)?;
    if shell.is_json() {
        let line = json!({
            "reason": Reason::Pruned.as_str(),
            "squash": done.name,
            "deleted": done.files,
            "last_version": done.version,
            "dry_run": args.dry_run,
        });
        shell.data(&line.to_string());
        return Ok(());
    }
    if done.files.is_empty() {
        shell.status("Fresh", &format!("nothing is left of what `{}` replaces", done.name));
        return Ok(());
    }
    let deleted = if args.dry_run { "Would delete" } else { "Deleted" };
    shell.status(deleted, &format!("{} that `{}` replaces", report::count(done.files.len(), "file"), done.name));
    shell.note(&format!(
        "a database that has only some of them has to run version {} of the program first",
        done.version
    ));
    Ok(())
}

fn migrations(count: usize) -> String {
    report::count(count, "migration")
}
