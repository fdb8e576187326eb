//! `list`: the migrations of the set as the files say them.

use dbmigrate_core::{Body, Down, SourceMigration};
use dbmigrate_runtime::cli::Terminal;
use serde_json::json;

use super::Context;
use crate::error::{CliError, DONE, FAILURE};
use crate::ops::project::{self, Project};
use crate::report;

pub(crate) fn run(context: &mut Context<'_>) -> Result<u8, CliError> {
    let projects = project::select(context.global)?;
    let several = projects.len() > 1;
    let mut exit = DONE;
    for project in &projects {
        let loaded = project.load();
        report::diagnostics(&loaded.diagnostics, context.shell);
        if loaded.has_errors() {
            exit = FAILURE;
        }
        if several && !context.shell.is_json() {
            context.shell.data(&format!("{}:", project.name));
        }
        let width = loaded.set.migrations.iter().map(|migration| migration.name().len()).max().unwrap_or(0);
        for migration in &loaded.set.migrations {
            let line = if context.shell.is_json() { json(project, migration) } else { human(migration, width) };
            context.shell.data(&line);
        }
    }
    Ok(exit)
}

fn human(migration: &SourceMigration, width: usize) -> String {
    let title = migration.metadata.title.as_deref().unwrap_or("");
    let line = format!("{:width$}  {:4}  {:12}  {title}", migration.name(), language(migration), way_back(migration));
    line.trim_end().to_owned()
}

fn json(project: &Project, migration: &SourceMigration) -> String {
    json!({
        "reason": "migration",
        "package": project.name,
        "number": migration.number,
        "name": migration.name(),
        "file": migration.file,
        "language": language(migration),
        "way_back": way_back(migration),
        "title": migration.metadata.title,
        "date": migration.metadata.date,
        "description": migration.metadata.description,
        "version": migration.metadata.version,
        "checksum": migration.checksum,
    })
    .to_string()
}

fn language(migration: &SourceMigration) -> &'static str {
    match &migration.body {
        Body::Sql { .. } => "sql",
        Body::Rust(_) => "rust",
    }
}

fn way_back(migration: &SourceMigration) -> &'static str {
    match &migration.body {
        Body::Sql { down: Down::Script(_), .. } => "reversible",
        Body::Sql { down: Down::Irreversible(_), .. } => "irreversible",
        Body::Sql { down: Down::Missing, .. } => "no down",
        Body::Rust(rust) if rust.irreversible.is_some() => "irreversible",
        Body::Rust(rust) if rust.has_down => "reversible",
        Body::Rust(_) => "no down",
    }
}
