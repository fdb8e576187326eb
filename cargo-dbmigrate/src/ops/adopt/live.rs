//! A database without any history: what it has now becomes the first migration.

use std::error::Error as _;

use dbmigrate_core::adoption::{self, Adopted, Adoption};
use dbmigrate_core::config::Stubs;
use dbmigrate_core::layout::Layout;
use dbmigrate_core::{Config, Diagnostic, SourceText, file_name};
use dbmigrate_schema::{ReadOptions, Schema, compare};
use rusqlite::Connection;

use super::{AdoptedFiles, Detected, Plan, Request, manifest, read, refuse_present};
use crate::error::CliError;
use crate::ops::create;
use crate::ops::project::Project;
use crate::ops::schema::history_tables;

/// By what the history that is none records its one migration.
const KEY: &str = "live";

pub(super) fn plan(project: &Project, request: &Request<'_>, found: Detected) -> Result<Plan, CliError> {
    let Some(database) = request.database else {
        return Err(CliError::usage("`--from live` needs a database: its schema becomes the first migration")
            .help("name it: `--database FILE`"));
    };
    let dir = request.dir.unwrap_or(&project.config.dir).to_owned();
    let config = Config { dir: dir.clone(), layout: Layout::House, ..project.config.clone() };
    if let Some(first) = project.load().set.migrations.first() {
        return Err(CliError::usage(format!("the package already has migrations, such as `{}`", first.name()))
            .help("to record them in the database without running them: `cargo dbmigrate mark`"));
    }
    let without_tables = history_tables(&project.config, None);
    let schema = Schema::read(database, &ReadOptions { without_tables }).map_err(|error| {
        let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        CliError::failure(format!("could not read the schema of the database: {why}"))
    })?;
    let stem = file_name::next(&config, None, &create::now(), "initial_schema")
        .ok_or_else(|| CliError::failure("no number is left for a migration"))?;
    let name = stem.to_string();
    let path = format!("{dir}/{name}.sql");
    let text = format!(
        "-- Migration: Initial schema\n-- Description: The schema that databases had before their first \
         migration.\n\n{}{}",
        schema.to_sql(),
        numbers(database)?
    );
    prove(&path, &text, &schema, &config.replay.stubs)?;
    let adopted = Adopted { number: stem.number, name: name.clone(), key: KEY.to_owned(), checksum: None };
    let adoption = Adoption { tool: found.tool, table: None, keep: true, migrations: vec![adopted] };
    let mut files = vec![(path.clone(), text)];
    let set = read(project, config.clone(), &files, false, &adoption)?;
    files.push((format!("{dir}/{}", adoption::FILE), adoption.render()));
    refuse_present(project, &files)?;
    Ok(Plan {
        tool: found.tool,
        reasons: found.reasons,
        from: None,
        taken: vec![AdoptedFiles { number: stem.number, name, old: Vec::new(), new: vec![path], translated: 0 }],
        in_place: false,
        manifest: manifest::edit(project, &config)?,
        remarks: Vec::new(),
        files,
        set,
    })
}

/// The numbers that a program has given the file, as statements.
fn numbers(database: &Connection) -> Result<String, CliError> {
    let mut text = String::new();
    for pragma in ["application_id", "user_version"] {
        let number: i32 = database
            .query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))
            .map_err(|error| CliError::failure(format!("could not read `{pragma}` of the database: {error}")))?;
        if number != 0 {
            text.push_str(&format!("\nPRAGMA {pragma} = {number};\n"));
        }
    }
    Ok(text)
}

/// The text has to make exactly that schema.
fn prove(path: &str, text: &str, schema: &Schema, stubs: &Stubs) -> Result<(), CliError> {
    let made = Schema::from_source(&SourceText::new(path, text), stubs)?;
    let differences = compare(schema, &made);
    if differences.is_empty() {
        return Ok(());
    }
    let message = "the schema of the database can't be written as a migration";
    let error = Diagnostic::error("not-proved", message);
    let error = differences.iter().fold(error, |error, difference| error.note(difference.to_string()));
    Err(error.help("nothing was written; write the first migration by hand, then `cargo dbmigrate mark`").into())
}
