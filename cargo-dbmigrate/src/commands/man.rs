//! `man`: a manual page for each command.

use dbmigrate_runtime::cli::Terminal;
use serde_json::json;

use super::Context;
use crate::cli::{EXAMPLES, ManArgs, command, notes};
use crate::error::{CliError, DONE};
use crate::ops::pages::{self, Page};
use crate::report::{self, Reason};

pub(crate) fn run(args: &ManArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let mut root = command().disable_help_subcommand(true);
    root.build();
    let shown = root.get_subcommands().filter(|sub| !sub.is_hide_set());
    let pages: Vec<Page> = std::iter::once(&root).chain(shown).map(page).collect::<Result<_, _>>()?;
    pages::write(&args.dir, &pages)?;
    if context.shell.is_json() {
        for page in &pages {
            let file = args.dir.join(&page.file);
            context.shell.data(
                &json!({ "reason": Reason::PageWritten.as_str(), "file": file.display().to_string() }).to_string(),
            );
        }
    }
    let count = report::count(pages.len(), "page");
    context.shell.status("Wrote", &format!("{count} into {}", args.dir.display()));
    Ok(DONE)
}

fn page(command: &clap::Command) -> Result<Page, CliError> {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let key = if command.get_name() == "cargo-dbmigrate" { "" } else { command.get_name() };
    let examples = EXAMPLES.iter().find(|(own, _)| *own == key).map_or(&[][..], |(_, examples)| *examples);
    let notes = notes(key);
    let version = concat!("cargo-dbmigrate ", env!("CARGO_PKG_VERSION"));
    let man = clap_mangen::Man::new(command.clone()).title(name.to_uppercase()).source(version).manual("Cargo");
    let mut body = Vec::new();
    man.render_title(&mut body)
        .and_then(|()| man.render_name_section(&mut body))
        .and_then(|()| {
            // The page's own would name every option, all in one paragraph.
            let usage = command.clone().render_usage().to_string();
            body.extend(pages::literal("SYNOPSIS", &[usage.trim_start_matches("Usage: ").to_owned()]).bytes());
            man.render_description_section(&mut body)
        })
        .and_then(|()| man.render_options_section(&mut body))
        .and_then(|()| if key.is_empty() { man.render_subcommands_section(&mut body) } else { Ok(()) })
        .map_err(|error| CliError::failure(format!("could not create the page of `{name}`: {error}")))?;
    let mut text = String::from_utf8_lossy(&body).into_owned();
    if !notes.is_empty() {
        text.push_str(&pages::section("NOTES", &[&notes]));
    }
    let shown: Vec<String> = examples
        .iter()
        .flat_map(|(example, what)| [format!("{what}:"), format!("    cargo dbmigrate {example}")])
        .collect();
    text.push_str(&pages::literal("EXAMPLES", &shown));
    if !key.is_empty() {
        text.push_str(&pages::section("SEE ALSO", &["cargo-dbmigrate(1)"]));
    }
    Ok(Page { file: format!("{name}.1"), text })
}
