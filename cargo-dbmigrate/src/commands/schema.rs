//! `schema`: the schema that the migrations lead to, or in what two schemas differ.

use dbmigrate_runtime::cli::Terminal;
use dbmigrate_schema::compare;

use super::Context;
use crate::cli::{SchemaArgs, SchemaFormat};
use crate::error::{CliError, DONE};
use crate::ops::project;
use crate::ops::schema::{Reach, Source, load};
use crate::report;

pub(crate) fn run(args: &SchemaArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let project = project::select_one(context.global)?;
    let reach = Reach { database: args.database.database.as_deref(), busy_timeout: args.database.busy_timeout };
    if args.from.is_none() && args.to.is_none() {
        let schema = load(&Source::new(&args.of), &project, &reach)?;
        let shell = &mut *context.shell;
        report::opaque(&schema, shell);
        match args.format {
            _ if shell.is_json() => shell.data(&format!("{{\"reason\":\"schema\",\"schema\":{}}}", schema.to_json())),
            SchemaFormat::Sql => shell.data(schema.to_sql().trim_end()),
            SchemaFormat::Json => shell.data(&schema.to_json()),
            SchemaFormat::Mermaid => shell.data(schema.to_mermaid().trim_end()),
            SchemaFormat::Dot => shell.data(schema.to_dot().trim_end()),
        }
        return Ok(DONE);
    }
    let source = |word: &Option<String>| word.as_deref().map_or(Source::Migrations, Source::new);
    let (from, to) = (source(&args.from), source(&args.to));
    let (before, after) = (load(&from, &project, &reach)?, load(&to, &project, &reach)?);
    report::opaque(&before, context.shell);
    report::opaque(&after, context.shell);
    let differences = compare(&before, &after);
    report::differences(&differences, context.shell);
    let count = report::count(differences.len(), "difference");
    context.shell.status("Compared", &format!("{from} with {to}: {count}"));
    Ok(DONE)
}
