//! `lock`: seals migrations.

use dbmigrate_runtime::cli::Terminal;
use serde_json::json;

use super::{Context, Reported};
use crate::cli::LockArgs;
use crate::error::{CliError, DONE};
use crate::ops::ignored::ignored;
use crate::ops::lock::{Locked, Request, lock};
use crate::ops::program::Runner;
use crate::ops::project::Project;
use crate::ops::selection;
use crate::report::{self, Reason};
use crate::shell::Shell;

pub(crate) fn run(args: &LockArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let projects = if args.to.is_some() || !args.accept.is_empty() {
        vec![selection::select_one(context.global)?]
    } else {
        selection::select(context.global)?
    };
    let request = Request { to: args.to.as_deref(), accept: &args.accept, dry_run: args.dry_run };
    let several = projects.len() > 1;
    let mut exit = DONE;
    let mut reported = Reported::default();
    for project in &projects {
        super::work_on(project, context.shell);
        let runner = Runner::of(project, context.global, &args.build);
        match lock(project, runner.as_ref().map(|runner| runner as _), &request) {
            Ok(locked) => {
                show(project, several, &locked, args.dry_run, context.shell);
                report::diagnostics(ignored(project).as_slice(), context.shell);
            }
            Err(error) if several => {
                // The others are no part of it.
                exit = exit.max(reported.rest_of(project, error).report(context.shell));
                if !context.shell.is_json() {
                    context.shell.error(&format!("package {} has nothing more to seal", project.quoted()));
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(exit)
}

/// Shows what was sealed, or would be.
pub(super) fn show(project: &Project, several: bool, locked: &Locked, dry_run: bool, shell: &mut Shell) {
    report::diagnostics(&locked.warnings, shell);
    if shell.is_json() {
        let mut line = json!({
            "reason": Reason::Locked.as_str(),
            "package": project.name,
            "file": locked.file,
            "written": !dry_run && !locked.is_fresh,
            "sealed": locked.sealed,
            "accepted": locked.accepted,
            "total": locked.total,
            "fingerprint": locked.fingerprint.as_ref().ok(),
            "no_fingerprint": locked.fingerprint.as_ref().err(),
        });
        project.tag(&mut line);
        shell.data(&line.to_string());
        return;
    }
    let mut count = report::count(locked.total, "migration");
    if several {
        count.push_str(&format!(" of {}", project.quoted()));
    }
    if locked.is_fresh {
        shell.status("Fresh", &format!("{} ({count} sealed)", shell.here(&locked.file)));
        return;
    }
    let (seals, accepts) = if dry_run { ("Would seal", "Would accept") } else { ("Sealed", "Accepted") };
    locked.accepted.iter().for_each(|name| shell.status(accepts, name));
    locked.sealed.iter().for_each(|name| shell.status(seals, name));
    if let Err(why) = &locked.fingerprint {
        shell.note(&format!("the schema has no fingerprint: {why}"));
    }
    if dry_run {
        shell.data(locked.text.trim_end());
    } else {
        shell.status("Wrote", &format!("{} ({count} sealed)", shell.here(&locked.file)));
    }
}
