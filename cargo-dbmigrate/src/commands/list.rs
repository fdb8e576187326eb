//! `list`: the migrations of the set as the files say them, and the hooks and repeatables around them.

use dbmigrate_core::{Body, Down, MigrationSet, Repeatable, Script, SourceMigration};
use dbmigrate_runtime::cli::{Terminal, visible};
use serde_json::{Value, json};

use super::{Context, Reported};
use crate::cli::ListArgs;
use crate::error::{CliError, DONE, FAILURE};
use crate::ops::named_files;
use crate::ops::project::Project;
use crate::ops::read_ahead::ReadAhead;
use crate::report::{self, Reason};

pub(crate) fn run(args: &ListArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let mut ahead = if args.files.any() { ReadAhead::default() } else { ReadAhead::begin(context.global) };
    let projects = named_files::select(context.global, &args.files)?;
    let several = projects.len() > 1;
    let verbose = context.global.is_verbose();
    let mut exit = DONE;
    let mut reported = Reported::default();
    for project in &projects {
        super::work_on(project, context.shell);
        let loaded = ahead.load(project);
        report::diagnostics(&reported.unreported(project, &loaded.diagnostics), context.shell);
        if loaded.has_errors() {
            exit = FAILURE;
        }
        if several && !context.shell.is_json() {
            context.shell.data(&format!("{}:", project.title()));
        }
        let rows = rows(project, &loaded.set);
        let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
        let any_sealed = rows.iter().any(|row| row.sealed);
        for mut row in rows {
            project.tag(&mut row.json);
            let line = if context.shell.is_json() { row.json.to_string() } else { row.human(width, any_sealed) };
            context.shell.data(&line);
            if verbose && !context.shell.is_json() {
                row.details.iter().for_each(|(name, value)| context.shell.data(&format!("      {name}: {value}")));
                let file = context.shell.here(&row.file);
                context.shell.data(&format!("      file: {file}"));
            }
        }
    }
    Ok(exit)
}

/// One line of the list.
struct Row {
    name: String,
    language: &'static str,
    /// What is special about it: whether a migration has a down script, or what else the file is.
    what: &'static str,
    /// Whether it is a migration that may not change any more.
    sealed: bool,
    title: String,
    /// What else its header says, for who wants to know more.
    details: Vec<(&'static str, String)>,
    file: String,
    json: Value,
}

impl Row {
    /// The column for what is sealed is there only if something is.
    fn human(&self, width: usize, any_sealed: bool) -> String {
        let Self { name, language, what, title, .. } = self;
        let sealed = match (any_sealed, self.sealed) {
            (false, _) => "",
            (true, false) => "        ",
            (true, true) => "sealed  ",
        };
        format!("{name:width$}  {language:4}  {what:12}  {sealed}{title}").trim_end().to_owned()
    }
}

/// The migrations in order, then what runs around them.
fn rows(project: &Project, set: &MigrationSet) -> Vec<Row> {
    let migrations = set.migrations.iter().map(|it| migration(project, it, set.lock.seals(it)));
    let hooks = [("before_all", &set.before_all), ("after_all", &set.after_all)];
    let hooks = hooks.into_iter().filter_map(|(name, script)| Some(hook(project, name, script.as_ref()?)));
    let repeatables = set.repeatables.iter().map(|it| repeatable(project, it));
    migrations.chain(hooks).chain(repeatables).collect()
}

fn migration(project: &Project, migration: &SourceMigration, sealed: bool) -> Row {
    Row {
        name: migration.name(),
        language: language(migration),
        what: reversibility(migration),
        sealed,
        title: migration.metadata.title.clone().unwrap_or_default(),
        details: details(migration),
        file: migration.file.clone(),
        json: json!({
            "reason": Reason::Migration.as_str(),
            "package": project.name,
            "number": migration.number,
            "name": migration.name(),
            "file": migration.file,
            "language": language(migration),
            "reversibility": reversibility(migration),
            "title": migration.metadata.title,
            "date": migration.metadata.date,
            "description": migration.metadata.description,
            "version": migration.metadata.version,
            "checksum": migration.checksum,
            "sealed": sealed,
        }),
    }
}

/// As `status --verbose` has it.
fn details(migration: &SourceMigration) -> Vec<(&'static str, String)> {
    let header = &migration.metadata;
    let fields = [("date", &header.date), ("description", &header.description), ("version", &header.version)];
    fields.into_iter().filter_map(|(name, value)| Some((name, visible(value.as_deref()?)))).collect()
}

fn hook(project: &Project, name: &str, script: &Script) -> Row {
    Row {
        name: format!("hooks/{name}"),
        language: "sql",
        what: "hook",
        sealed: false,
        title: String::new(),
        details: Vec::new(),
        file: script.source.path().to_owned(),
        json: json!({
            "reason": Reason::Hook.as_str(),
            "package": project.name,
            "name": name,
            "file": script.source.path(),
        }),
    }
}

fn repeatable(project: &Project, repeatable: &Repeatable) -> Row {
    let objects = repeatable.objects.iter();
    let made: Vec<String> = objects.clone().map(|object| format!("{} {}", object.kind, object.name)).collect();
    let objects = objects.map(|object| json!({ "kind": object.kind.to_string(), "name": object.name }));
    Row {
        name: format!("repeatable/{}", repeatable.name),
        language: "sql",
        what: "repeatable",
        sealed: false,
        title: made.join(", "),
        details: Vec::new(),
        file: repeatable.script.source.path().to_owned(),
        json: json!({
            "reason": Reason::Repeatable.as_str(),
            "package": project.name,
            "name": repeatable.name,
            "file": repeatable.script.source.path(),
            "objects": objects.collect::<Value>(),
            "checksum": repeatable.script.checksum,
        }),
    }
}

fn language(migration: &SourceMigration) -> &'static str {
    match &migration.body {
        Body::Sql { .. } => "sql",
        Body::Rust(_) => "rust",
    }
}

fn reversibility(migration: &SourceMigration) -> &'static str {
    match &migration.body {
        Body::Sql { down: Down::Irreversible(_), .. } => "irreversible",
        Body::Sql { .. } if migration.body.down_script().is_some() => "reversible",
        Body::Sql { .. } => "no down",
        Body::Rust(rust) if rust.irreversible.is_some() => "irreversible",
        Body::Rust(rust) if rust.has_down => "reversible",
        Body::Rust(_) => "no down",
    }
}
