//! `schema.sql`: the declared schema beside what the migrations lead to.

use dbmigrate_core::repeatable::ObjectKind;
use dbmigrate_core::statement::{Statement, split};
use dbmigrate_core::token::{is_word, tokens};
use dbmigrate_core::{Config, Diagnostic, Help, Location, MigrationSet, SourceText};
use dbmigrate_schema::{Change, Declared, Kind, Name, Object, Schema, compare};

use crate::error::CliError;
use crate::ops::edit::{self, Edit};
use crate::ops::merged_set::MergedSet;
use crate::ops::project::Project;
use crate::ops::schema;

/// Reads the text of the file, which has to be there.
pub(crate) fn read(project: &Project) -> Result<SourceText, CliError> {
    project.sound_config()?;
    let file = &project.config.schema;
    if !exists(project) {
        let message = format!("there is no `{file}` to declare the schema");
        return Err(Diagnostic::error("failure", message)
            .in_file(file)
            .help("create it from the migrations: `cargo dbmigrate schema --write`")
            .into());
    }
    Ok(SourceText::read(&project.root, file)?)
}

/// What a file declares, and what the set makes of its own accord: a repeatable keeps its views and triggers as they
/// are, whether or not the file has them as well, and a migration may make a table of the history's name.
pub(crate) fn declared(file: &SourceText, set: &MigrationSet, before: &Schema) -> Result<Declared, Vec<Diagnostic>> {
    let mut declared = Declared::read(file, &set.config.replay.stubs)?;
    refuse_history(file, set, &declared.schema)?;
    let is_of_history = is_of_history(&set.config);
    declared.schema.objects.extend(before.objects.iter().filter(|object| is_of_history(object)).cloned());
    let differences = compare(before, &declared.schema);
    let mut problems = Vec::new();
    for repeatable in &set.repeatables {
        for object in &repeatable.objects {
            let kind = match object.kind {
                ObjectKind::View => Kind::View,
                ObjectKind::Trigger => Kind::Trigger,
            };
            let about = |name: &str| name.eq_ignore_ascii_case(&object.name);
            let mut own = differences.iter().filter(|it| it.kind == kind && about(it.name.as_str()));
            match own.next().map(|difference| &difference.change) {
                None => {}
                Some(Change::Removed) => {
                    let mut made = before.objects.iter().filter(|it| it.kind() == kind);
                    declared.schema.objects.extend(made.find(|it| about(it.name().as_str())).cloned());
                }
                Some(_) => {
                    let (source, name) = (repeatable.script.source.path(), &object.name);
                    let message = format!("the {kind} `{name}` differs from the one that `{source}` makes");
                    problems.push(
                        Diagnostic::error("repeatable", message)
                            .in_file(file.path())
                            .help(Help::from("change it in ").file(source).words(", and remove it here")),
                    );
                }
            }
        }
    }
    if problems.is_empty() { Ok(declared) } else { Err(problems) }
}

/// Whether an object belongs to the history, which is there in every database before a migration could make it.
fn is_of_history(config: &Config) -> impl Fn(&Object) -> bool + use<> {
    let own: Vec<Name> = schema::tables(&config.table).collect();
    move |object| own.contains(object.table().unwrap_or(object.name()))
}

/// The tables of the history are there in every database, so no migration can make them.
fn refuse_history(file: &SourceText, set: &MigrationSet, schema: &Schema) -> Result<(), Vec<Diagnostic>> {
    let is_of_history = is_of_history(&set.config);
    let found = schema.objects.iter().filter(|object| is_of_history(object));
    let found: Vec<_> = found.map(|object| format!("{} `{}`", object.kind(), object.name())).collect();
    if found.is_empty() {
        return Ok(());
    }
    let message = format!("`{}` declares a table of the history", file.path());
    let problem = Diagnostic::error("schema-history", message).in_file(file.path());
    let problem = found.into_iter().fold(problem, Diagnostic::note);
    Err(vec![
        problem
            .help("remove it: the runner creates it")
            .help("or write what the migrations make into the file: `cargo dbmigrate schema --write`"),
    ])
}

/// The first statement of the file that is about rows, which no migration is made of.
pub(crate) fn rows(file: &SourceText) -> Option<Diagnostic> {
    let is_about_rows = |statement: &Statement| {
        let sql = file.slice(statement.span);
        let first = tokens(sql).find(|token| !token.is_blank());
        let words = ["INSERT", "REPLACE", "UPDATE", "DELETE", "WITH"];
        first.is_some_and(|first| words.iter().any(|word| is_word(sql, first, word)))
    };
    let statement = split(file.text()).into_iter().find(is_about_rows)?;
    let message = format!("`{}` declares a schema, which has no rows", file.path());
    Some(
        Diagnostic::warning("schema-rows", message)
            .at(Location::new(file, file.first_line(statement.span)))
            .help("to write rows, create a migration: `cargo dbmigrate create NAME`"),
    )
}

/// Whether there is a file. One that lies beside files that are only tried is somebody else's.
pub(crate) fn exists(project: &Project) -> bool {
    (project.config.declared || !project.is_tried) && project.root.join(&project.config.schema).exists()
}

/// Says that the file is not looked at: it could declare the set alone, and what that builds on comes first.
pub(crate) fn not_compared(project: &Project, merged: &MergedSet) -> Diagnostic {
    let file = &project.config.schema;
    let message = format!("`{file}` is not compared: {} builds on {}", project.config.title(), merged.foundation());
    Diagnostic::warning("schema-not-compared", message)
        .in_file(file)
        .help("a schema can only be declared for a set on its own")
}

/// In what the file, which is there, differs from what the migrations lead to.
pub(crate) fn check(project: &Project, set: &MigrationSet, before: &Schema) -> Vec<Diagnostic> {
    let file = &project.config.schema;
    let found = SourceText::read(&project.root, file)
        .map_err(|problem| vec![problem])
        .and_then(|text| Ok((compare(before, &declared(&text, set, before)?.schema), rows(&text))));
    match found {
        Err(problems) => problems,
        Ok((differences, rows)) if differences.is_empty() => rows.into_iter().collect(),
        Ok((differences, rows)) => {
            let message = format!("`{file}` declares a different schema than the migrations make");
            let problem = Diagnostic::error("schema-differs", message).in_file(file);
            let problem = differences.iter().fold(problem, |problem, difference| problem.note(difference.to_string()));
            let problem = problem
                .help("to make it the next migration: `cargo dbmigrate generate`")
                .help("or write what the migrations make into it: `cargo dbmigrate schema --write`");
            std::iter::once(problem).chain(rows).collect()
        }
    }
}

/// The file as the migrations would have it.
pub(crate) struct SchemaFile {
    edit: Edit,
    is_fresh: bool,
}

impl SchemaFile {
    pub(crate) fn new(project: &Project, schema: &Schema) -> Result<Self, CliError> {
        let path = project.root.join(&project.config.schema);
        let is_of_history = is_of_history(&project.config);
        let objects = schema.objects.iter().filter(|object| !is_of_history(object)).cloned().collect();
        let text = Schema { objects }.to_sql();
        let new = !path.exists();
        let is_fresh = !new && SourceText::read(&project.root, &project.config.schema)?.text() == text;
        Ok(Self { edit: Edit { path, text, what: String::new(), new }, is_fresh })
    }

    /// Whether it is there, whatever it says.
    pub(crate) fn exists(&self) -> bool {
        !self.edit.new
    }

    /// Whether it says this already.
    pub(crate) fn is_fresh(&self) -> bool {
        self.is_fresh
    }

    pub(crate) fn write(self) -> Result<(), CliError> {
        edit::write(&[self.edit])
    }
}
