//! `script`: the migrations as SQL, for engines that this tool does not connect to.

use std::path::Path;

use dbmigrate_runtime::cli::Terminal;
use serde_json::json;

use super::Context;
use crate::cli::{Engine, ScriptArgs};
use crate::error::{CliError, DONE};
use crate::ops::project::Project;
use crate::ops::script::{ProvedScript, Request, d1, put, script};
use crate::ops::selection;
use crate::report::{self, Reason};

pub(crate) fn run(args: &ScriptArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let project = selection::select_one(context.global)?;
    super::work_on(&project, context.shell);
    if let (Some(Engine::D1), Some(folder)) = (args.engine, &args.folder) {
        return for_d1(&project, folder, context);
    }
    let request = Request {
        from: args.from.as_deref(),
        to: args.to.as_deref(),
        database: args.database.as_deref(),
        idempotent: args.idempotent,
    };
    let ProvedScript { from, to, migrations, text, warnings, as_it_lies } = script(&project, &request)?;
    as_it_lies.into_iter().for_each(|note| context.shell.note(note));
    report::diagnostics(&warnings, context.shell);
    let shell = &mut *context.shell;
    if let (Some(path), Some(text)) = (&args.output, &text) {
        put(path, text)?;
    }
    let file = args.output.as_ref().filter(|_| text.is_some()).map(|path| path.display().to_string());
    if shell.is_json() {
        let sql = text.filter(|_| file.is_none());
        let reason = Reason::Script.as_str();
        let line =
            json!({ "reason": reason, "from": from, "to": to, "migrations": migrations, "file": file, "sql": sql });
        shell.data(&line.to_string());
        return Ok(DONE);
    }
    match (text, file) {
        (None, _) => shell.status("Finished", &format!("nothing to do: `{from}` is already the target")),
        (Some(_), Some(file)) => {
            let count = report::count(migrations.len(), "migration");
            shell.status("Wrote", &format!("{file} (from {from} to {to}, {count}; proved in memory)"));
        }
        (Some(text), None) => shell.data(text.trim_end()),
    }
    Ok(DONE)
}

fn for_d1(project: &Project, folder: &Path, context: &mut Context<'_>) -> Result<u8, CliError> {
    let d1::Folder { written, kept, warnings } = d1::folder(project, folder)?;
    report::diagnostics(&warnings, context.shell);
    let shell = &mut *context.shell;
    for path in &written {
        let path = path.display().to_string();
        if shell.is_json() {
            shell.data(&json!({ "reason": Reason::ScriptFile.as_str(), "engine": "d1", "file": path }).to_string());
        } else {
            shell.status("Wrote", &path);
        }
    }
    let count = report::count(written.len(), "file");
    shell.status("Finished", &format!("{count} written, {kept} already there (proved as D1 runs them)"));
    Ok(DONE)
}
