//! Which tool a package and a database come from: what was asked for, else what the folder and the database show. It
//! never chooses between two that both may be right.

use std::collections::BTreeMap;

use cargo_metadata::DependencyKind;
use dbmigrate_core::adoption::{FILE, Tool};
use dbmigrate_core::layout::{Candidate, Layout, detect};
use dbmigrate_core::nearest::nearest;
use rusqlite::Connection;

use super::{Request, layout_of};
use crate::error::CliError;
use crate::ops::project::Project;

/// Folders in which tools keep their files when nobody says otherwise, beside that of the configuration.
const FOLDERS: [&str; 9] = [
    "migrations",
    "drizzle",
    "prisma/migrations",
    "db/migrations",
    "sql/migrations",
    "src/migrations",
    "src/db/migrations",
    "src/database/migrations",
    "migrations/sqlite",
];

/// The tool, and where it keeps what.
#[derive(Debug)]
pub(crate) struct Detected {
    pub(crate) tool: Tool,
    pub(crate) layout: Layout,
    /// The folder of its files, relative to the package.
    pub(crate) dir: Option<String>,
    /// The table of its history.
    pub(crate) table: Option<String>,
    /// What speaks for it, in words.
    pub(crate) reasons: Vec<String>,
}

/// A history in the database.
struct History {
    tool: Tool,
    table: Option<String>,
    reason: String,
}

/// Finds it.
pub(super) fn tool(project: &Project, request: &Request<'_>) -> Result<Detected, CliError> {
    let asked_for = request.from.map(by_name).transpose()?;
    let kept = request.database.map(histories).transpose()?.unwrap_or_default();
    if asked_for == Some(Tool::Live) {
        return live(&kept);
    }
    let folders = folders(project, request)?;
    // A database of another tool makes that a matter of choice.
    let said = by_manifest(project).filter(|tool| kept.iter().all(|kept| kept.tool == *tool || !kept.tool.has_table()));
    let (tool, mut reasons) = match (asked_for, said) {
        (Some(tool), _) => (tool, Vec::new()),
        (None, Some(tool)) => (tool, vec![format!("`layout = \"{}\"` in `Cargo.toml`", project.config.layout.name())]),
        (None, None) => guess(project, &folders, &kept, request)?,
    };
    let kept: Vec<History> = kept.into_iter().filter(|kept| kept.tool == tool).collect();
    if kept.len() > 1 && request.table.is_none() {
        let error = CliError::usage("several tables of the database may be the old history: name one");
        let tables = kept.iter().filter_map(|kept| kept.table.as_deref());
        return Err(tables.fold(error, |error, table| error.help(format!("`--table {table}`"))));
    }
    let kept = kept.into_iter().find(|kept| request.table.is_none_or(|table| kept.table.as_deref() == Some(table)));
    let (dir, layout) = match request.files {
        None if by_manifest(project) == Some(tool) => (project.config.dir.clone(), layout_of(tool)),
        _ => folder(&folders, tool, request)?,
    };
    let table = request.table.map(str::to_owned).or_else(|| kept.as_ref().and_then(|kept| kept.table.clone()));
    if tool.has_table() && table.is_none() && tool.usual_table().is_none() {
        return Err(CliError::usage(format!("`{}` does not say which table has the history", tool.name()))
            .help("name it: `--table NAME`")
            .help("or name a database that has it: `--database FILE`"));
    }
    if let Some(kept) = kept.filter(|kept| !reasons.contains(&kept.reason)) {
        reasons.push(kept.reason);
    }
    Ok(Detected { tool, layout, dir: Some(dir), table, reasons })
}

/// The tool whose files the manifest says that these are.
fn by_manifest(project: &Project) -> Option<Tool> {
    Tool::of(project.config.layout)
}

fn by_name(name: &str) -> Result<Tool, CliError> {
    Tool::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Tool::ALL.into_iter().map(Tool::name).collect();
        let error = CliError::usage(format!("there is no tool `{name}`"));
        match nearest(name, names.iter().copied()) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(format!("the tools are `{}`", names.join("`, `"))),
        }
    })
}

fn live(kept: &[History]) -> Result<Detected, CliError> {
    if let Some(kept) = kept.iter().find(|kept| kept.tool.has_table()) {
        let message = format!("the database has a history: {}", kept.reason);
        return Err(CliError::usage(message).help(format!("take that over: `--from {}`", kept.tool.name())));
    }
    let reasons = vec!["a database without a history".to_owned()];
    Ok(Detected { tool: Tool::Live, layout: Layout::House, dir: None, table: None, reasons })
}

/// The folders that may hold the old files, and what each looks like.
fn folders(project: &Project, request: &Request<'_>) -> Result<BTreeMap<String, Vec<Candidate>>, CliError> {
    let looks = |dir: &str| detect(project.root.as_path(), dir);
    if let Some(dir) = &request.files {
        if !project.root.join(dir).is_dir() {
            return Err(CliError::usage(format!("`{dir}` is not a folder")));
        }
        return Ok(BTreeMap::from([(dir.clone(), looks(dir))]));
    }
    let dirs = std::iter::once(project.config.dir.as_str()).chain(FOLDERS);
    let there = dirs.filter(|dir| project.root.join(dir).is_dir());
    let all: BTreeMap<String, Vec<Candidate>> = there.map(|dir| (dir.to_owned(), looks(dir))).collect();
    let has_sql = |dir: &str| {
        let names = project.root.join(dir).read_dir().into_iter().flatten().flatten().map(|entry| entry.file_name());
        names.filter_map(|name| name.into_string().ok()).any(|name| name.to_ascii_lowercase().ends_with(".sql"))
    };
    let mut found: BTreeMap<_, _> =
        all.into_iter().filter(|(dir, candidates)| !candidates.is_empty() || has_sql(dir)).collect();
    // Where the files of the tool lie somewhere else, a folder with this file is what a stopped `adopt` has left.
    let is_ours = |dir: &str| project.root.join(dir).join(FILE).exists();
    if found.keys().any(|dir| !is_ours(dir)) {
        found.retain(|dir, _| !is_ours(dir));
    }
    Ok(found)
}

/// The crates that run the migrations of a tool.
const CRATES: [(&str, Tool); 5] = [
    ("sqlx", Tool::Sqlx),
    ("diesel_migrations", Tool::Diesel),
    ("diesel", Tool::Diesel),
    ("refinery", Tool::Refinery),
    ("rusqlite_migration", Tool::RusqliteMigration),
];

/// The one tool on whose crate the package depends, and whose files may be there.
fn depended_on(project: &Project, folders: &BTreeMap<String, Vec<Candidate>>) -> Option<(Tool, String)> {
    let is_used = |name: &str| {
        [DependencyKind::Normal, DependencyKind::Build].iter().any(|kind| project.dependency(*kind, name).is_some())
    };
    let mut used: Vec<(&str, Tool)> = CRATES.into_iter().filter(|(name, _)| is_used(name)).collect();
    used.dedup_by_key(|(_, tool)| *tool);
    let [(name, tool)] = used.as_slice() else { return None };
    let fits = |candidate: &Candidate| Tool::of(candidate.layout) == Some(*tool);
    let may_be = *tool == Tool::RusqliteMigration || folders.values().flatten().any(fits);
    may_be.then(|| (*tool, format!("the package depends on `{name}`")))
}

/// The tool that everything speaks for.
fn guess(
    project: &Project,
    folders: &BTreeMap<String, Vec<Candidate>>,
    kept: &[History],
    request: &Request<'_>,
) -> Result<(Tool, Vec<String>), CliError> {
    let by_files: Vec<(Tool, &Candidate)> = folders
        .values()
        .flatten()
        .filter(|candidate| candidate.certain)
        .filter_map(|candidate| Some((Tool::of(candidate.layout)?, candidate)))
        .collect();
    let choices = || -> Vec<String> {
        let files = folders.iter().flat_map(|(dir, candidates)| candidates.iter().map(move |it| (dir, it)));
        let files = files.filter_map(|(dir, it)| {
            Some(format!("`--from {} --files {dir}`: {}", Tool::of(it.layout)?.name(), it.reason))
        });
        let tables = kept.iter().map(|kept| format!("`--from {}`: {}", kept.tool.name(), kept.reason));
        files.chain(tables).collect()
    };
    let undecided = |message: &str| {
        let error = CliError::usage(message);
        choices().into_iter().fold(error, CliError::help)
    };
    let tables: Vec<&History> = kept.iter().filter(|kept| kept.tool.has_table()).collect();
    let mut tools: Vec<Tool> = by_files.iter().map(|(tool, _)| *tool).collect();
    tools.sort();
    tools.dedup();
    let depends = depended_on(project, folders).filter(|_| request.table.is_none());
    if let (([], []), Some((tool, reason))) = ((tables.as_slice(), tools.as_slice()), depends)
        && kept.iter().all(|kept| kept.tool == tool)
    {
        return Ok((tool, vec![reason]));
    }
    let is_one = tables.windows(2).all(|pair| pair[0].tool == pair[1].tool);
    let tables = if is_one { &tables[..tables.len().min(1)] } else { &tables };
    match (tables, tools.as_slice()) {
        ([one], []) => Ok((one.tool, vec![one.reason.clone()])),
        ([one], tools) if tools.contains(&one.tool) || one.tool == Tool::Plain => {
            let files = by_files.iter().filter(|(tool, _)| *tool == one.tool).map(|(_, it)| it.reason.clone());
            Ok((one.tool, files.chain([one.reason.clone()]).collect()))
        }
        ([], [one]) => {
            Ok((*one, by_files.iter().filter(|(tool, _)| tool == one).map(|(_, it)| it.reason.clone()).collect()))
        }
        ([], []) if kept.len() == 1 && request.table.is_none() => Ok((kept[0].tool, vec![kept[0].reason.clone()])),
        ([], []) if request.table.is_some() => Ok((Tool::Plain, vec!["`--table` names its table".to_owned()])),
        ([], []) if choices().is_empty() => Err(CliError::usage("it is unknown which tool the migrations are from")
            .help("name it: `--from TOOL`, and the folder of its files: `--files DIR`")
            .help("for a database without any history: `--from live --database FILE`")),
        ([], []) => Err(undecided("it is not certain which tool the migrations are from: name it")),
        ([], _) => Err(undecided("the files look like those of several tools: name one")),
        ([_, _, ..], _) => Err(undecided("the database has the histories of several tools: name one")),
        ([_], _) => Err(undecided("the files and the database point to different tools: name one")),
    }
}

/// The folder of a tool's files.
fn folder(
    folders: &BTreeMap<String, Vec<Candidate>>,
    tool: Tool,
    request: &Request<'_>,
) -> Result<(String, Layout), CliError> {
    let layout = layout_of(tool);
    let fits = |dir: &&String| folders[*dir].iter().any(|candidate| candidate.layout == layout);
    // A list in code takes its texts from any files.
    let is_list = tool == Tool::RusqliteMigration && !folders.keys().any(|dir| fits(&dir));
    let layout = if is_list { Layout::Plain } else { layout };
    if let Some(dir) = &request.files {
        return Ok((dir.clone(), layout));
    }
    let fitting: Vec<&String> = folders.keys().filter(|dir| layout == Layout::Plain || fits(dir)).collect();
    match fitting.as_slice() {
        [dir] => Ok(((*dir).clone(), layout)),
        [] => Err(CliError::usage(format!("no folder with files of {} was found", tool.name()))
            .help("name it: `--files DIR`")),
        several => {
            let error = CliError::usage(format!("several folders may have the files of {}", tool.name()));
            Err(several.iter().fold(error, |error, dir| error.help(format!("`--files {dir}`"))))
        }
    }
}

/// The histories that a database has.
fn histories(database: &Connection) -> Result<Vec<History>, CliError> {
    let failed = |error: rusqlite::Error| CliError::failure(format!("could not read the database: {error}"));
    let sql = "SELECT m.name, group_concat(lower(c.name), char(10)) FROM main.sqlite_master m, \
               pragma_table_info(m.name, 'main') c WHERE m.type = 'table' AND lower(m.sql) NOT LIKE 'create virtual%' \
               GROUP BY m.name ORDER BY m.name";
    let mut statement = database.prepare(sql).map_err(failed)?;
    let tables = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
    let mut kept = Vec::new();
    for table in tables.map_err(failed)? {
        let (table, columns) = table.map_err(failed)?;
        let columns: Vec<&str> = columns.split('\n').collect();
        if let Some(tool) = keeper(&table, &columns) {
            let reason = format!("the database has the table `{table}`");
            kept.push(History { tool, table: Some(table), reason });
        }
    }
    let version: i64 = database.query_row("PRAGMA main.user_version", [], |row| row.get(0)).map_err(failed)?;
    if version != 0 {
        let reason = format!("the database has the user_version {version}");
        kept.push(History { tool: Tool::RusqliteMigration, table: None, reason });
    }
    Ok(kept)
}

/// The table of the history that a tool has in a database, if it keeps one; none without a history of it, or with
/// several.
pub(super) fn table(database: &Connection, tool: Tool) -> Result<Option<Option<String>>, CliError> {
    let mut kept = histories(database)?.into_iter().filter(|kept| kept.tool == tool);
    Ok(match (kept.next(), kept.next()) {
        (Some(kept), None) => Some(kept.table),
        _ => None,
    })
}

/// The tool whose history a table is.
fn keeper(table: &str, columns: &[&str]) -> Option<Tool> {
    let is_usual = |tool: &Tool| tool.usual_table().is_some_and(|usual| usual.eq_ignore_ascii_case(table));
    let usual: Vec<Tool> = Tool::ALL.into_iter().filter(is_usual).filter(|tool| tool.fits(columns)).collect();
    if let [.., last] = usual.as_slice() {
        // Of two that share a name, the one that says more: a version alone fits both.
        return Some(if columns.contains(&"dirty") { *last } else { usual[0] });
    }
    // Ours has a name as well.
    let is_ours = columns.contains(&"set_name") && columns.contains(&"checksum");
    let is_named = table.to_ascii_lowercase().contains("migration");
    (is_named && !is_ours && Tool::Plain.fits(columns)).then_some(Tool::Plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_told_by_its_name_and_columns() {
        for (table, columns, expect) in [
            ("_sqlx_migrations", "version description installed_on success checksum execution_time", Some(Tool::Sqlx)),
            ("schema_migrations", "version dirty", Some(Tool::GolangMigrate)),
            ("schema_migrations", "version", Some(Tool::Dbmate)),
            ("_migrations", "id filename applied_at", Some(Tool::Plain)),
            ("_migrations", "id name applied_at set_name number checksum state", None),
            ("migrations", "id name", Some(Tool::Plain)),
            ("users", "id name", None),
            ("_sqlx_migrations", "x", None),
        ] {
            let columns: Vec<&str> = columns.split(' ').collect();
            assert_eq!(keeper(table, &columns), expect, "{table}");
        }
    }
}
