//! The sources' share of `init`: the build script's call and the module.

use std::fs;
use std::path::Path;

use super::{Plan, database};
use crate::error::CliError;
use crate::ops::edit::Edit;
use crate::ops::project::Project;
use crate::ops::rust_file;
use crate::ops::wiring::{BUILD, RUNTIME, Wiring};

/// What `cargo new` writes.
const HELLO: &str = "fn main() {\n    println!(\"Hello, world!\");\n}\n";

/// The name of the module of a set.
pub(super) fn module_name(set: &str) -> &str {
    if set.is_empty() { "migrations" } else { set }
}

pub(super) fn module_line(wiring: &Wiring, set: &str) -> String {
    let runtime = wiring.runtime.as_deref().unwrap_or(RUNTIME).replace('-', "_");
    let which = if set.is_empty() { String::new() } else { format!(", set = \"{set}\"") };
    let driver = match wiring.rusqlite.as_deref() {
        Some(renamed) if renamed != "rusqlite" => format!(", driver = ::{}", renamed.replace('-', "_")),
        _ => String::new(),
    };
    format!("{runtime}::include_migrations!(pub mod {}{which}{driver});", module_name(set))
}

pub(super) fn edit_build_script(wiring: &Wiring, plan: &mut Plan) -> Result<(), CliError> {
    if wiring.generates {
        return Ok(());
    }
    let helper = wiring.build.as_deref().unwrap_or(BUILD).replace('-', "_");
    let Some(path) = &wiring.script else {
        return Err(CliError::failure("the manifest says `build = false`")
            .help("remove the line: the build script registers the migrations"));
    };
    if !path.exists() {
        let text = format!(
            "//! Registers the migrations.\n\nfn main() -> Result<(), {helper}::Error> {{\n    {helper}::generate()\n}}\n"
        );
        let what = "registers the migrations".to_owned();
        plan.edits.push(Edit { path: path.clone(), text, what, new: true });
        return Ok(());
    }
    let text = read(path).map_err(|error| unreadable(path, &error))?;
    let call = format!("{helper}::generate().expect(\"the migrations module can't be written\");");
    let start = rust_file::parse(&text).as_ref().and_then(rust_file::start_of_main);
    let Some(start) = start else {
        return Err(CliError::failure(format!("no `fn main` was found in `{}`", path.display()))
            .help(format!("add this line to it: `{call}`")));
    };
    let text = format!("{}\n    {call}{}", &text[..start], &text[start..]);
    let what = format!("calls `{helper}::generate()`");
    plan.edits.push(Edit { path: path.clone(), text, what, new: false });
    plan.notes.push(
        "cargo now re-runs the build script only for what it prints: if it read other files without a \
         `cargo::rerun-if-changed` line, print one for each"
            .to_owned(),
    );
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> CliError {
    CliError::failure(format!("could not read `{}`: {error}", path.display()))
}

/// A source file's text without a byte order mark, which the parser's positions don't count.
fn read(path: &Path) -> std::io::Result<String> {
    fs::read_to_string(path).map(|text| text.trim_start_matches('\u{feff}').to_owned())
}

/// The source file that gets the module.
fn source(project: &Project) -> Option<&Path> {
    project.library.as_ref().or(project.binaries.first()).map(|(_, path)| path.as_path())
}

/// Whether there is no program yet, so that one can be written that opens the database.
pub(super) fn is_untouched(project: &Project, wiring: &Wiring) -> bool {
    source(project).and_then(|path| read(path).ok()).is_some_and(|text| text.replace("\r\n", "\n") == HELLO)
        && wiring.rusqlite.as_deref().unwrap_or("rusqlite") == "rusqlite"
        && project.config.set.is_empty()
}

pub(super) fn edit_source(project: &Project, module: &str, begins: bool, plan: &mut Plan) -> Result<(), CliError> {
    let Some(path) = source(project) else {
        return Err(CliError::failure(format!("package `{}` has no library and no binary", project.name)));
    };
    let text = read(path).map_err(|error| unreadable(path, &error))?;
    let (text, what) = if begins {
        (starting_program(module, &database(project)), "opens the database and migrates it")
    } else {
        let file = rust_file::parse(&text).ok_or_else(|| {
            CliError::failure(format!("`{}` can't be parsed", path.display()))
                .help(format!("add this line to it: `{module}`"))
        })?;
        let at = rust_file::start_of_items(&file, &text);
        let name = module_name(&project.config.set);
        plan.notes.push(match project.sets {
            1 => format!("call `{name}::migrator().up(&mut connection)?` where the program opens its database"),
            _ => {
                format!("add `{name}::migrator()` to the `Together` that the program runs where it opens its database")
            }
        });
        (insert(&text, at, module), "includes the migrations")
    };
    plan.edits.push(Edit { path: path.to_owned(), text, what: what.to_owned(), new: false });
    Ok(())
}

/// The text with the module between its head and its items, which start at `at`.
fn insert(text: &str, at: usize, module: &str) -> String {
    match text.split_at(at) {
        (head, "") if head.trim().is_empty() => format!("{module}\n"),
        (head, "") => format!("{}\n\n{module}\n", head.trim_end()),
        (head, items) => format!("{head}{module}\n\n{items}"),
    }
}

fn starting_program(module: &str, database: &str) -> String {
    format!(
        "{module}

fn main() -> Result<(), Box<dyn std::error::Error>> {{
    let mut connection = rusqlite::Connection::open({database:?})?;
    let report = migrations::migrator().up(&mut connection)?;
    for migration in &report.applied {{
        println!(\"applied {{}}\", migration.name);
    }}
    Ok(())
}}
"
    )
}
