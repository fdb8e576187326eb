//! `generate`: from the difference between the declared schema and the migrations to the next migration, proved.
//!
//! Nothing is written here that was not proved. What has to be decided by a person comes back as an error that shows
//! the choices, unless there is a terminal to ask on.

mod name;
mod words;

use std::collections::BTreeSet;

use dbmigrate_core::{Diagnostic, MigrationSet, SourceText};
use dbmigrate_schema::{
    AllowedDrops, Claim, Decisions, DropTarget, Failure, Hazard, Name, OLDEST, Plan, Program, Proof, Rename, Schema,
    Step, Undecided, compare, plan, prove, reversed,
};

use crate::error::CliError;
use crate::ops::create::{self, Next};
use crate::ops::declared;
use crate::ops::merged_set::merged_with_required;
use crate::ops::other_tools;
use crate::ops::project::Project;

/// Any number will do, if it stays the same.
const SEED: u64 = 1;

/// What was asked for.
pub(crate) struct Request<'a> {
    pub(crate) name: Option<&'a str>,
    /// `table.old=table.new` and `old=new`.
    pub(crate) renames: &'a [String],
    /// `table.column=expression`.
    pub(crate) fills: &'a [String],
    /// `drop-table`, `drop-column=table.column`.
    pub(crate) allow: &'a [String],
    /// Whether there is to be a down script.
    pub(crate) down: bool,
}

/// A migration that was proved and is still to be written.
pub(crate) struct Generated {
    /// Path relative to the package, and text: the up script, and perhaps the down script.
    pub(crate) files: Vec<(String, String)>,
    /// What it changes, a sentence each.
    pub(crate) changes: Vec<String>,
    /// What was tried.
    pub(crate) proof: Proof,
    /// What it follows: while this is all that there is, its number is free and its proof stands.
    set: MigrationSet,
    highest: Option<u64>,
}

/// What came out.
pub(crate) struct Outcome {
    /// What deserves a look in the declared schema.
    pub(crate) warnings: Vec<Diagnostic>,
    /// None where there is nothing to do.
    pub(crate) generated: Option<Generated>,
}

/// Plans the next migration and proves it. `program` runs the Rust of those before it; `ask` asks a question of yes or
/// no, where somebody is there to answer.
pub(crate) fn generate(
    project: &Project,
    request: &Request<'_>,
    program: Option<&dyn Program>,
    ask: &mut dyn FnMut(&str) -> Option<bool>,
) -> Result<Outcome, CliError> {
    other_tools::refuse(project, "generate")?;
    let loaded = project.load();
    // There is no folder before there is a first migration.
    if loaded.diagnostics.iter().any(|problem| problem.is_error() && problem.code != "no-directory") {
        return Err(CliError::diagnostics(loaded.diagnostics));
    }
    let merged = merged_with_required(project, &loaded.set)?;
    if merged.builds_on_others() {
        let message = format!(
            "{} builds on {}, and a migration can only be generated for a set on its own",
            project.config.title(),
            merged.foundation()
        );
        return Err(CliError::failure(message)
            .help(format!("write it by hand: `cargo dbmigrate create NAME{}`", project.flag())));
    }
    let file = declared::read(project)?;
    let before = Schema::from_migrations(&loaded.set, program).map_err(CliError::diagnostics)?;
    let declared = declared::declared(&file, &loaded.set, &before).map_err(CliError::diagnostics)?;
    let (hinted, done) = declared.renames(&before);
    let warnings = done.into_iter().map(|hint| hint.done(&file)).chain(declared::rows(&file)).collect();
    let target = &declared.schema;

    let (allow, drops) = words::allowed(request.allow)?;
    let mut decisions = Decisions {
        min_sqlite: project.config.min_sqlite.unwrap_or(OLDEST),
        stubs: project.config.replay.stubs.clone(),
        renames: words::renames(request.renames)?,
        fills: words::fills(request.fills, target, &before)?,
        allow,
        drops: AllowedDrops::These(drops),
    };
    decisions
        .renames
        .extend(hinted.into_iter().filter(|hinted| !decisions.renames.contains(hinted)).collect::<Vec<_>>());
    let up = decided(&before, target, &mut decisions, ask)?;
    if up.is_empty() {
        return Ok(Outcome { warnings, generated: None });
    }
    let down = request.down.then(|| down_plan(&before, target, &decisions)).transpose()?;

    let differences = compare(before.renamed(&decisions.renames).as_ref().unwrap_or(&before), target);
    let slug = match request.name {
        Some(name) => create::slug(&loaded.set, loaded.highest, name)?,
        None => name::of(&differences, &decisions.renames),
    };
    let next = Next::new(project, loaded.highest, &slug)?;
    let text = |plan: &Plan| tolerant(plan, &loaded.set);
    let allows = allows(&before, target, &decisions);
    let mut files = vec![(next.up(), format!("{}\n{allows}{}", next.header("--"), text(&up)))];
    files.extend(down.map(|down| (next.down(), format!("{}{}", next.header_of_down(), text(&down)))));
    let source = |at: usize| files.get(at).map(|(path, text): &(String, String)| SourceText::new(path, text));
    let claim = Claim {
        set: &loaded.set,
        program,
        up: SourceText::new(&files[0].0, &files[0].1),
        down: source(1),
        target,
        decisions: &decisions,
    };
    let proof = prove(&claim, SEED).map_err(|failure| refused(&failure, &files))?;
    let changes =
        decisions.renames.iter().map(words::shown).chain(differences.iter().map(ToString::to_string)).collect();
    let generated = Generated { files, changes, proof, set: loaded.set, highest: loaded.highest };
    Ok(Outcome { warnings, generated: Some(generated) })
}

/// Writes what was proved, unless the migrations have become others meanwhile.
pub(crate) fn write(project: &Project, generated: &Generated) -> Result<(), CliError> {
    let lock = create::lock(project)?;
    let now = project.load();
    if now.set != generated.set || now.highest != generated.highest {
        return Err(CliError::failure("nothing was written, because the migrations have changed in the meantime")
            .help("run it again: `cargo dbmigrate generate`"));
    }
    create::write(project, &generated.files)?;
    drop(lock);
    Ok(())
}

/// The plan, once everything that takes a person is decided. Each question is asked once.
fn decided(
    before: &Schema,
    target: &Schema,
    decisions: &mut Decisions,
    ask: &mut dyn FnMut(&str) -> Option<bool>,
) -> Result<Plan, CliError> {
    let mut asked = Vec::new();
    loop {
        let undecided = match plan(before, target, decisions) {
            Ok(plan) => return Ok(plan),
            Err(undecided) => undecided,
        };
        let known = decisions.clone();
        for question in &undecided {
            let Undecided::AmbiguousRename { table, from, to } = question else { continue };
            let about = (table.clone(), from.clone());
            if asked.contains(&about) {
                continue;
            }
            asked.push(about);
            let mut renamed = None;
            for rename in to.iter().map(|to| rename(table.as_ref(), from, to)) {
                match ask(&words::question(&rename)) {
                    None => return Err(stopped(&undecided)),
                    Some(false) => {}
                    Some(true) => {
                        renamed = Some(rename);
                        break;
                    }
                }
            }
            match (renamed, &mut decisions.drops) {
                (Some(rename), _) => decisions.renames.push(rename),
                // It is nothing else, then; whether it may go is for `--allow` to say.
                (None, AllowedDrops::These(these))
                    if decisions.allow.contains(&gone(table.as_ref(), from).hazard()) =>
                {
                    these.push(gone(table.as_ref(), from));
                }
                (None, _) => {}
            }
        }
        if *decisions == known {
            return Err(stopped(&undecided));
        }
    }
}

fn rename(table: Option<&Name>, from: &Name, to: &Name) -> Rename {
    let (from, to) = (from.clone(), to.clone());
    match table {
        None => Rename::Table { from, to },
        Some(table) => Rename::Column { table: table.clone(), from, to },
    }
}

fn gone(table: Option<&Name>, name: &Name) -> DropTarget {
    match table {
        None => DropTarget::Table(name.clone()),
        Some(table) => DropTarget::Column { table: table.clone(), column: name.clone() },
    }
}

fn down_plan(before: &Schema, target: &Schema, decisions: &Decisions) -> Result<Plan, CliError> {
    plan(target, before, &reversed(decisions)).map_err(|undecided| {
        let problems = open(&undecided).into_iter().map(|problem| {
            problem
                .note("this is about the down script, from the declared schema back to what the migrations make")
                .help("to leave the down script out: `--no-down`")
        });
        // `--no-down` answers all of them.
        CliError::diagnostics(problems.collect()).into_usage()
    })
}

/// The error for what is open. Where an option answers each of them, they are choices that were not made.
fn stopped(undecided: &[Undecided]) -> CliError {
    let error = CliError::diagnostics(open(undecided));
    if undecided.iter().all(Undecided::is_choice) { error.into_usage() } else { error }
}

fn open(undecided: &[Undecided]) -> Vec<Diagnostic> {
    let problem = |open: &Undecided| {
        open.help().into_iter().fold(Diagnostic::error("undecided", open.to_string()), Diagnostic::help)
    };
    undecided.iter().map(problem).collect()
}

/// What was let go on purpose, for the linter to know.
fn allows(before: &Schema, target: &Schema, decisions: &Decisions) -> String {
    let named = match &decisions.drops {
        AllowedDrops::These(these) => these.iter().map(DropTarget::hazard).collect(),
        AllowedDrops::Anything => BTreeSet::new(),
    };
    let is_needed = |hazard: &&Hazard| {
        let allow = decisions.allow.iter().copied().filter(|other| other != *hazard).collect();
        let drops = AllowedDrops::default();
        plan(before, target, &Decisions { allow, drops, ..decisions.clone() }).is_err()
    };
    let needed = decisions.allow.union(&named).filter(is_needed);
    let lines: String = needed.map(|it| format!("-- dbmigrate: allow {it} asked for with `--allow {it}`\n")).collect();
    if lines.is_empty() { lines } else { lines + "\n" }
}

/// The text of a plan. A new database has no repeatable yet when it comes to the migration, so there is nothing to
/// drop.
fn tolerant(plan: &Plan, set: &MigrationSet) -> String {
    let mut plan = plan.clone();
    let made: Vec<_> = set.repeatables.iter().flat_map(|repeatable| &repeatable.objects).collect();
    for planned in &mut plan.statements {
        for object in &made {
            let name = Name::new(&object.name).to_sql();
            let kind = object.kind.to_string().to_ascii_uppercase();
            if planned.sql.eq_ignore_ascii_case(&format!("DROP {kind} {name}")) {
                planned.sql = format!("DROP {kind} IF EXISTS {name}");
            }
        }
    }
    plan.to_sql()
}

/// What the proof found, and the script that it is about.
fn refused(failure: &Failure, files: &[(String, String)]) -> CliError {
    let at = usize::from(failure.step == Step::Down);
    let script = files.get(at).map(|(_, text)| text.as_str()).unwrap_or_default();
    let head = Diagnostic::error("proof", failure.to_string())
        .note("nothing was written")
        .note(format!("this is what was tried:\n\n{script}"));
    let head = match failure.step {
        Step::Up => head.help("write this one by hand: `cargo dbmigrate create NAME`"),
        Step::Down => head.help("to leave the down script out: `--no-down`"),
    };
    CliError::diagnostics(failure.problems.iter().cloned().chain([head]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a difference when these answers are given; what is asked goes to `questions`.
    fn renames(from: &str, to: &str, answers: &[Option<bool>], questions: &mut Vec<String>) -> Option<Vec<Rename>> {
        let (from, to) = (Schema::from_sql(from).unwrap(), Schema::from_sql(to).unwrap());
        let mut answers = answers.iter().copied();
        let mut decisions = Decisions::default();
        let mut ask = |question: &str| {
            questions.push(question.to_owned());
            answers.next().flatten()
        };
        decided(&from, &to, &mut decisions, &mut ask).ok().map(|_| decisions.renames)
    }

    #[test]
    fn what_is_ambiguous_is_asked_once() {
        let (from, to) =
            ("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)", "CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT)");
        let mut questions = Vec::new();
        let rename = Rename::Column { table: Name::new("t"), from: Name::new("a"), to: Name::new("b") };
        assert_eq!(renames(from, to, &[Some(true)], &mut questions), Some(vec![rename]));
        assert_eq!(renames(from, to, &[Some(false)], &mut questions), None);
        assert_eq!(renames(from, to, &[None], &mut questions), None);
        assert_eq!(questions, vec!["is column `b` of `t` the former `a`, with its values?"; 3]);

        // A column that is no other one goes, if columns may go.
        let (from, to) = (Schema::from_sql(from).unwrap(), Schema::from_sql(to).unwrap());
        let mut decisions = Decisions { allow: [Hazard::DropColumn].into(), ..Decisions::default() };
        assert!(decided(&from, &to, &mut decisions, &mut |_| None).is_err());
        assert!(decided(&from, &to, &mut decisions, &mut |_| Some(false)).is_ok());
        let column = DropTarget::Column { table: Name::new("t"), column: Name::new("a") };
        assert_eq!(decisions.drops, AllowedDrops::These(vec![column]));
    }
}
