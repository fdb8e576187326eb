//! `init --runner`: a binary that runs the database commands, for sets with Rust in them and for hosts without cargo.

use dbmigrate_core::MigrationSet;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, Value, value};

use super::Plan;
use super::manifest::table;
use super::sources::{module_line, module_name};
use crate::error::CliError;
use crate::ops::edit::Edit;
use crate::ops::project::Project;
use crate::ops::runner::FEATURE;
use crate::ops::wiring::{RUNTIME, Wiring};

pub(super) fn name(project: &Project) -> String {
    format!("{}-migrate", project.name)
}

fn source(project: &Project) -> String {
    format!("src/bin/{}.rs", name(project))
}

pub(super) fn add_target(project: &Project, document: &mut DocumentMut, wiring: &Wiring) -> Result<(), CliError> {
    let name = name(project);
    let runtime = wiring.runtime.as_deref().unwrap_or(RUNTIME);
    let features = table(document.as_table_mut(), &["features"])?;
    features.insert(FEATURE, Item::Value(Value::Array(std::iter::once(format!("{runtime}/cli")).collect())));

    let mut bin = Table::new();
    bin.insert("name", value(name.as_str()));
    bin.insert("path", value(source(project)));
    bin.insert("required-features", Item::Value(Value::Array(std::iter::once(FEATURE).collect())));
    let bins = document.entry("bin").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    bins.as_array_of_tables_mut()
        .ok_or_else(|| CliError::failure("`bin` in Cargo.toml is not written as `[[bin]]` sections"))?
        .push(bin);

    let package = table(document.as_table_mut(), &["package"])?;
    // With a second binary, `cargo run` would no longer know which one is meant.
    if let [(main, _)] = project.binaries.as_slice()
        && !package.contains_key("default-run")
    {
        package.insert("default-run", value(main.as_str()));
    }
    table(document.as_table_mut(), &["package", "metadata", "migrations"])?.insert("runner", value(name));
    Ok(())
}

pub(super) fn add_file(project: &Project, wiring: &Wiring, plan: &mut Plan) -> Result<(), CliError> {
    let path = project.root.join(source(project));
    if project.config.runner.is_some() || path.exists() {
        return Ok(());
    }
    let all: Vec<MigrationSet> = project.load_all().into_iter().map(|loaded| loaded.set).collect();
    let has_steps = all.iter().any(|set| !set.call_steps().is_empty());
    let library = project.library.as_ref().map(|(name, _)| format!("{}::", name.replace('-', "_"))).unwrap_or_default();
    let migrator = |set: &MigrationSet| {
        let arguments = if set.call_steps().is_empty() { "" } else { "&steps" };
        format!("{library}{}::migrator({arguments})", module_name(&set.config.set))
    };
    let served = match all.as_slice() {
        [set] => migrator(set),
        sets => {
            let runtime = wiring.runtime.as_deref().unwrap_or(RUNTIME).replace('-', "_");
            let added: String = sets.iter().map(|set| format!("\n        .add({})", migrator(set))).collect();
            format!("{runtime}::Together::new(){added}\n        ")
        }
    };
    let modules: Vec<String> = all.iter().map(|set| module_line(wiring, &set.config.set)).collect();
    let module = if project.library.is_some() { String::new() } else { format!("{}\n\n", modules.join("\n")) };
    let text = format!(
        "//! The database commands of this program: `status`, `up`, `down` and the rest, without cargo.\n\n{module}\
         fn main() -> std::process::ExitCode {{\n    {served}.cli()\n}}\n"
    );
    plan.edits.push(Edit { path, text, what: "runs the database commands".to_owned(), new: true });
    if has_steps {
        plan.notes.push(format!(
            "the migrations call Rust steps: create the program's `Steps` in `{}` and name it `steps`",
            source(project)
        ));
    }
    if project.library.is_none() && all.iter().any(MigrationSet::has_code) {
        plan.notes.push("a set that contains Rust belongs in a library, so that it compiles once".to_owned());
    }
    Ok(())
}
