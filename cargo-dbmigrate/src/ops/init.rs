//! Works out what wires a package: manifest, build.rs, module, first migration, runner. Writes nothing itself.

use std::fs;
use std::path::Path;

use toml_edit::{DocumentMut, InlineTable, Item, Table, Value, value};

use crate::error::CliError;
use crate::ops::edit::Edit;
use crate::ops::project::Project;
use crate::ops::runner::FEATURE;
use crate::ops::rust_file;
use crate::ops::wiring::{self, BUILD, RUNTIME, Wiring};

/// The rusqlite that a package without one gets.
const RUSQLITE: &str = "0.41";
/// What `cargo new` writes.
const HELLO: &str = "fn main() {\n    println!(\"Hello, world!\");\n}\n";

/// What is to be written, and what people should know.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) edits: Vec<Edit>,
    pub(crate) notes: Vec<String>,
}

/// Works out the edits; none where everything is there.
pub(crate) fn init(project: &Project, checkout: Option<&Path>, runner: bool) -> Result<Plan, CliError> {
    project.sound_config()?;
    let checkout = checkout.map(checked_out).transpose()?;
    let mut document = wiring::manifest(project)?;
    let wiring = wiring::read(project, &document)?;
    let mut plan = Plan::default();
    let module = module_line(&wiring);

    edit_manifest(project, &mut document, &wiring, checkout.as_deref(), runner, &mut plan)?;
    edit_build_script(&wiring, &mut plan)?;
    if wiring.modules.is_empty() {
        edit_source(project, &wiring, &module, &mut plan)?;
    }
    first_migration(project, &mut plan);
    ignore_database(project, &mut plan);
    if runner {
        add_runner(project, &module, &mut plan)?;
    }
    Ok(plan)
}

/// The checkout's folder, absolute, when it is one.
fn checked_out(path: &Path) -> Result<String, CliError> {
    let wrong = || CliError::usage(format!("`{}` is no checkout of dbmigrate", path.display()));
    let folder = path.canonicalize().map_err(|_| wrong())?;
    if [RUNTIME, BUILD].iter().any(|name| !folder.join(name).join("Cargo.toml").is_file()) {
        return Err(wrong().help("name the folder that holds `dbmigrate-runtime` and `dbmigrate-build`"));
    }
    Ok(folder.to_string_lossy().into_owned())
}

fn module_line(wiring: &Wiring) -> String {
    let runtime = wiring.runtime.as_deref().unwrap_or(RUNTIME).replace('-', "_");
    match wiring.rusqlite.as_deref() {
        Some(renamed) if renamed != "rusqlite" => {
            format!("{runtime}::include_migrations!(pub mod migrations, driver = ::{});", renamed.replace('-', "_"))
        }
        _ => format!("{runtime}::include_migrations!(pub mod migrations);"),
    }
}

fn edit_manifest(
    project: &Project,
    document: &mut DocumentMut,
    wiring: &Wiring,
    checkout: Option<&str>,
    runner: bool,
    plan: &mut Plan,
) -> Result<(), CliError> {
    let before = document.to_string();
    let mut what = Vec::new();
    if !project.config.declared && project.config.database.is_none() {
        let metadata = table(document.as_table_mut(), &["package", "metadata", "migrations"])?;
        metadata.insert("database", value(database(project)));
        what.push("`[package.metadata.migrations]`".to_owned());
    }
    let mut depend = |document: &mut DocumentMut, kind: &str, name: &str, item: Item| -> Result<(), CliError> {
        table(document.as_table_mut(), &[kind])?.insert(name, item);
        what.push(format!("{} `{name}`", if kind == "dependencies" { "dependency" } else { "build-dependency" }));
        Ok(())
    };
    if wiring.runtime.is_none() {
        depend(document, "dependencies", RUNTIME, ours(RUNTIME, checkout))?;
    }
    if wiring.rusqlite.is_none() {
        depend(document, "dependencies", "rusqlite", rusqlite(project))?;
    }
    if wiring.build.is_none() {
        depend(document, "build-dependencies", BUILD, ours(BUILD, checkout))?;
    }
    if runner && project.config.runner.is_none() {
        add_runner_target(project, document, wiring)?;
        what.push(format!("binary `{}` behind the feature `{FEATURE}`", runner_name(project)));
    }
    let after = document.to_string();
    if after != before {
        plan.edits.push(Edit { path: project.manifest(), text: after, what: what.join(", "), new: false });
    }
    Ok(())
}

/// The table at a path of keys; those that are missing are created without a header of their own.
fn table<'a>(from: &'a mut Table, keys: &[&str]) -> Result<&'a mut Table, CliError> {
    keys.iter().try_fold(from, |table, key| {
        let implicit = || {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        };
        let next = table.entry(key).or_insert_with(implicit).as_table_mut();
        next.ok_or_else(|| {
            CliError::failure(format!("`{key}` in Cargo.toml is not written as a table"))
                .help(format!("write it as a `[{}]` section", keys.join(".")))
        })
    })
}

fn ours(name: &str, checkout: Option<&str>) -> Item {
    match checkout {
        None => value(env!("CARGO_PKG_VERSION")),
        Some(folder) => {
            let mut inline = InlineTable::new();
            inline.insert("path", Path::new(folder).join(name).to_string_lossy().into_owned().into());
            value(inline)
        }
    }
}

/// The workspace's rusqlite, as a build can have one only; or ours.
fn rusqlite(project: &Project) -> Item {
    let (version, features) = match project.dependency_of_others("rusqlite") {
        Some(other) => (other.req.to_string().trim_start_matches('^').to_owned(), other.features.clone()),
        None => (RUSQLITE.to_owned(), vec!["bundled".to_owned()]),
    };
    let mut inline = InlineTable::new();
    inline.insert("version", version.into());
    if !features.is_empty() {
        inline.insert("features", Value::Array(features.iter().map(String::as_str).collect()));
    }
    value(inline)
}

/// The database file, as configured or by the package's name.
fn database(project: &Project) -> String {
    project.config.database.clone().unwrap_or_else(|| format!("{}.db", project.name))
}

fn edit_build_script(wiring: &Wiring, plan: &mut Plan) -> Result<(), CliError> {
    if wiring.generates {
        return Ok(());
    }
    let helper = wiring.build.as_deref().unwrap_or(BUILD).replace('-', "_");
    let Some(path) = &wiring.script else {
        return Err(CliError::failure("the manifest says `build = false`")
            .help("remove the line: the build script registers the migrations"));
    };
    if !path.exists() {
        let text = format!("fn main() -> Result<(), {helper}::Error> {{\n    {helper}::generate()\n}}\n");
        let what = "registers the migrations".to_owned();
        plan.edits.push(Edit { path: path.clone(), text, what, new: true });
        return Ok(());
    }
    let text = read(path).map_err(|error| unreadable(path, &error))?;
    let call = format!("{helper}::generate().expect(\"the migrations module can't be written\");");
    let start = rust_file::parse(&text).as_ref().and_then(rust_file::start_of_main);
    let Some(start) = start else {
        return Err(CliError::failure(format!("`{}` has no `fn main` that can be found", path.display()))
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

fn edit_source(project: &Project, wiring: &Wiring, module: &str, plan: &mut Plan) -> Result<(), CliError> {
    let Some((_, path)) = project.library.as_ref().or(project.binaries.first()) else {
        return Err(CliError::failure(format!("package `{}` has no library and no binary", project.name)));
    };
    let text = read(path).map_err(|error| unreadable(path, &error))?;
    let (text, what) = if text.replace("\r\n", "\n") == HELLO
        && wiring.rusqlite.as_deref().unwrap_or("rusqlite") == "rusqlite"
    {
        (starting_program(module, &database(project)), "opens the database and migrates it")
    } else {
        let file = rust_file::parse(&text).ok_or_else(|| {
            CliError::failure(format!("`{}` can't be parsed", path.display()))
                .help(format!("add this line to it: `{module}`"))
        })?;
        let at = rust_file::start_of_items(&file, &text);
        plan.notes
            .push("call `migrations::migrator().up(&mut connection)?` where the program opens its database".to_owned());
        (insert(&text, at, module), "includes the migrations")
    };
    plan.edits.push(Edit { path: path.clone(), text, what: what.to_owned(), new: false });
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

/// A file for the first migration, where the folder has none yet.
fn first_migration(project: &Project, plan: &mut Plan) {
    let folder = project.root.join(&project.config.dir);
    if fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return;
    }
    let config = &project.config;
    let now = jiff::Timestamp::now().strftime("%Y%m%d%H%M%S").to_string();
    let Some(stem) = dbmigrate_core::file_name::next(config, None, &now, "initial_schema") else { return };
    let path = folder.join(format!("{stem}.sql"));
    let text = "-- Migration: Initial schema\n-- Description: What every database of this program starts with.\n\n";
    plan.edits.push(Edit {
        path,
        text: text.to_owned(),
        what: "the first migration, still empty".to_owned(),
        new: true,
    });
}

/// Keeps the database that `init` has named out of version control, where a `.gitignore` stands beside the manifest.
fn ignore_database(project: &Project, plan: &mut Plan) {
    let path = project.root.join(".gitignore");
    let Ok(text) = fs::read_to_string(&path) else { return };
    let line = format!("/{}*", database(project));
    if project.config.declared || project.config.database.is_some() || text.lines().any(|present| present == line) {
        return;
    }
    let text = format!("{}{line}\n", if text.is_empty() { String::new() } else { text.trim_end().to_owned() + "\n" });
    plan.edits.push(Edit { path, text, what: "the database and its copies".to_owned(), new: false });
}

fn runner_name(project: &Project) -> String {
    format!("{}-migrate", project.name)
}

fn runner_path(project: &Project) -> String {
    format!("src/bin/{}.rs", runner_name(project))
}

fn add_runner_target(project: &Project, document: &mut DocumentMut, wiring: &Wiring) -> Result<(), CliError> {
    let name = runner_name(project);
    let runtime = wiring.runtime.as_deref().unwrap_or(RUNTIME);
    let features = table(document.as_table_mut(), &["features"])?;
    features.insert(FEATURE, Item::Value(Value::Array(std::iter::once(format!("{runtime}/cli")).collect())));

    let mut bin = Table::new();
    bin.insert("name", value(name.as_str()));
    bin.insert("path", value(runner_path(project)));
    bin.insert("required-features", Item::Value(Value::Array(std::iter::once(FEATURE).collect())));
    let bins = document.entry("bin").or_insert_with(|| Item::ArrayOfTables(toml_edit::ArrayOfTables::new()));
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

fn add_runner(project: &Project, module: &str, plan: &mut Plan) -> Result<(), CliError> {
    let path = project.root.join(runner_path(project));
    if project.config.runner.is_some() || path.exists() {
        return Ok(());
    }
    let set = project.load().set;
    let has_steps = !set.call_steps().is_empty();
    let arguments = if has_steps { "&steps" } else { "" };
    let migrator = match &project.library {
        Some((library, _)) => format!("{}::migrations::migrator({arguments})", library.replace('-', "_")),
        None => format!("migrations::migrator({arguments})"),
    };
    let module = if project.library.is_some() { String::new() } else { format!("{module}\n\n") };
    let text = format!(
        "//! The database commands of this program: `status`, `up`, `down` and the rest, without cargo.\n\n{module}\
         fn main() -> std::process::ExitCode {{\n    {migrator}.cli()\n}}\n"
    );
    plan.edits.push(Edit { path, text, what: "runs the database commands".to_owned(), new: true });
    if has_steps {
        plan.notes.push(format!(
            "the migrations call Rust steps: make the program's `Steps` in `{}` and name it `steps`",
            runner_path(project)
        ));
    }
    if project.library.is_none() && set.has_code() {
        plan.notes.push("a set with Rust in it belongs into a library, so that it compiles once".to_owned());
    }
    Ok(())
}
