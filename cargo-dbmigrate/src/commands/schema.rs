//! `schema`: the schema that the migrations lead to, or in what two schemas differ.

use clap::ValueEnum as _;
use dbmigrate_core::sequence::quoted;
use dbmigrate_runtime::cli::Terminal;
use dbmigrate_schema::compare;
use serde_json::json;

use super::Context;
use crate::cli::{SchemaArgs, SchemaFormat};
use crate::error::{CliError, DONE};
use crate::ops::declared::SchemaFile;
use crate::ops::named_files;
use crate::ops::program::Runner;
use crate::ops::project::Project;
use crate::ops::schema::{SchemaAccess, Source, load};
use crate::ops::selection;
use crate::report::{self, Reason};
use crate::shell::Shell;

pub(crate) fn run(args: &SchemaArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    refuse_unread(args)?;
    if let Some(format) = args.format.filter(|format| *format != SchemaFormat::Json && context.shell.is_json()) {
        let format = format.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        return Err(CliError::usage(format!("`--message-format json` can't be used with `--format {format}`"))
            .help("remove one of them"));
    }
    if args.write {
        // A file declares one set.
        let project = named_files::select_one(context.global, &args.files)?;
        super::work_on(&project, context.shell);
        let runner = Runner::of(&project, context.global, &args.database.build);
        let access = SchemaAccess::new(&args.database, runner.as_ref().map(|runner| runner as _));
        return write(&project, &access, args.force, context.shell);
    }
    let projects = if args.files.any() {
        vec![named_files::select_one(context.global, &args.files)?]
    } else {
        selection::select_database(context.global, "schema")?
    };
    let project = Project::first(&projects)?;
    super::work_on(project, context.shell);
    let runner = Runner::of(project, context.global, &args.database.build);
    let access = SchemaAccess::new(&args.database, runner.as_ref().map(|runner| runner as _));
    if args.from.is_none() && args.to.is_none() {
        let schema = load(&Source::new(&args.of), &projects, &access)?;
        let shell = &mut *context.shell;
        access.note().into_iter().for_each(|note| shell.note(note));
        report::opaque(&schema, shell);
        match args.format.unwrap_or(SchemaFormat::Sql) {
            _ if shell.is_json() => {
                let reason = Reason::Schema.as_str();
                shell.data(&format!("{{\"reason\":\"{reason}\",\"schema\":{}}}", schema.to_json()));
            }
            SchemaFormat::Sql => shell.data(schema.to_sql().trim_end()),
            SchemaFormat::Json => shell.data(&schema.to_json()),
            SchemaFormat::Mermaid => shell.data(schema.to_mermaid().trim_end()),
            SchemaFormat::Dot => shell.data(schema.to_dot().trim_end()),
            SchemaFormat::Svg => shell.data(schema.to_svg().trim_end()),
        }
        return Ok(DONE);
    }
    let source = |word: &Option<String>| word.as_deref().map_or(Source::Migrations, Source::new);
    let (from, to) = (source(&args.from), source(&args.to));
    let (before, after) = (load(&from, &projects, &access)?, load(&to, &projects, &access)?);
    access.note().into_iter().for_each(|note| context.shell.note(note));
    report::opaque(&before, context.shell);
    report::opaque(&after, context.shell);
    let differences = compare(&before, &after);
    report::differences(&differences, context.shell);
    let count = report::count(differences.len(), "difference");
    context.shell.status("Compared", &format!("{from} with {to}: {count}"));
    Ok(DONE)
}

/// Refuses to name a database that would not be read.
fn refuse_unread(args: &SchemaArgs) -> Result<(), CliError> {
    let Some(database) = &args.database.database else { return Ok(()) };
    let words = [Some(&args.of), args.from.as_ref(), args.to.as_ref()];
    if !args.write && words.into_iter().flatten().any(|word| Source::new(word) == Source::Database) {
        return Ok(());
    }
    let error = CliError::usage("`--database` has no meaning here: no database is shown");
    if args.write {
        return Err(error.help("`--write` writes what the migrations make: remove `--database`"));
    }
    let database = quoted(&database.display().to_string());
    Err(error
        .help(format!("to show its schema: `cargo dbmigrate schema database --database {database}`"))
        .help(format!("to compare it with the migrations: `cargo dbmigrate drift --database {database}`")))
}

/// Writes `schema.sql`. What a person wrote there is not replaced without a word.
fn write(project: &Project, access: &SchemaAccess<'_>, force: bool, shell: &mut Shell) -> Result<u8, CliError> {
    let schema = load(&Source::Migrations, std::slice::from_ref(project), access)?;
    let file = &shell.here(&project.config.schema);
    let edit = SchemaFile::new(project, &schema)?;
    if edit.is_fresh() {
        shell.status("Fresh", file);
        return Ok(DONE);
    }
    if edit.exists() && !force {
        match shell.confirm(&format!("`{file}` has other contents: replace it?")) {
            Some(true) => {}
            Some(false) => {
                shell.status("Finished", "nothing was changed");
                return Ok(DONE);
            }
            None => {
                return Err(CliError::usage(format!("`{file}` exists and has other contents"))
                    .help(format!(
                        "to see the difference: `cargo dbmigrate schema --from migrations --to {}`",
                        quoted(file)
                    ))
                    .help("to make a migration of it: `cargo dbmigrate generate`")
                    .help("or, to replace it: `cargo dbmigrate schema --write --force`"));
            }
        }
    }
    edit.write()?;
    shell.status("Wrote", file);
    if shell.is_json() {
        shell.data(&json!({ "reason": Reason::SchemaWritten.as_str(), "file": project.config.schema }).to_string());
    }
    Ok(DONE)
}
