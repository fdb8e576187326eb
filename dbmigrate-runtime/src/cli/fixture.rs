//! What the tests of the commands share: entries to render, a terminal in memory, a set, a
//! folder.

use std::io::Write;
use std::path::PathBuf;

use super::Terminal;
use crate::{
    Down, Effect, Entry, Metadata, Migration, Object, ObjectKind, Repeatable, Script, Set, State, Statement, Status,
    Step,
};

pub(super) fn entry(number: u64, name: &str, state: State) -> Entry {
    Entry {
        number,
        name: name.to_owned(),
        file: Some(leak(format!("migrations/{name}.sql")).to_owned()),
        state,
        applied_at: None,
        duration: None,
        steps: Vec::new(),
        title: None,
        date: None,
        description: None,
        version: None,
        reversible: true,
        sealed: false,
        notes: Vec::new(),
    }
}

pub(super) fn status_of(entries: Vec<Entry>) -> Status {
    Status { entries, repeatables: Vec::new(), old: None }
}

/// A terminal that remembers.
#[derive(Default)]
pub(super) struct Memory {
    /// The lines of stdout.
    pub(super) out: Vec<String>,
    /// The lines of stderr.
    pub(super) err: Vec<String>,
    /// What the person there says; nobody is there without it.
    pub(super) answer: Option<bool>,
    /// How often a line to write over was asked for.
    pub(super) lives: usize,
}

impl Terminal for Memory {
    fn data(&mut self, line: &str) {
        self.out.push(line.to_owned());
    }

    fn status(&mut self, verb: &str, message: &str) {
        self.err.push(format!("{verb} {message}"));
    }

    fn error(&mut self, message: &str) {
        self.err.push(format!("error: {message}"));
    }

    fn warning(&mut self, message: &str) {
        self.err.push(format!("warning: {message}"));
    }

    fn note(&mut self, message: &str) {
        self.err.push(format!("note: {message}"));
    }

    fn help(&mut self, message: &str) {
        self.err.push(format!("help: {message}"));
    }

    fn confirm(&mut self, question: &str) -> Option<bool> {
        self.err.push(question.to_owned());
        self.answer
    }

    fn live(&mut self) -> Option<Box<dyn Write + Send>> {
        self.lives += 1;
        Some(Box::new(std::io::sink()))
    }
}

mod driver {
    // The helpers for code migrations are not needed here.
    #![allow(dead_code, unreachable_pub)]

    crate::rusqlite_driver!(::rusqlite, backup);
}

pub(super) use driver::{Connection, Rusqlite};

/// A set of migrations with one statement each: the name with its number, the up script, the down script, the version.
pub(super) fn set(
    migrations: &[(&'static str, &'static str, Option<&'static str>, Option<&'static str>)],
) -> &'static Set<'static> {
    let mut chain = String::new();
    let migrations: Vec<Migration<'static>> = migrations
        .iter()
        .map(|&(name, up, down, version)| {
            let checksum: &str = leak(format!("v1:{up}"));
            chain = format!("v1:{chain}/{name}");
            Migration {
                number: name.split('_').next().and_then(|digits| digits.parse().ok()).unwrap(),
                name,
                file: leak(format!("migrations/{name}.sql")),
                metadata: Metadata { title: None, date: None, description: None, version },
                checksum,
                text_checksum: "",
                chain: leak(chain.clone()),
                requires: &[],
                up: script(name, up),
                down: down.map_or(Down::Missing, |down| Down::Script(script(name, down))),
            }
        })
        .collect();
    let migrations = Box::leak(migrations.into_boxed_slice());
    Box::leak(Box::new(Set { migrations, ..Set::EMPTY }))
}

/// The same with a view that is recreated when its text changes.
pub(super) fn with_view(set: &'static Set<'static>, name: &'static str, text: &'static str) -> &'static Set<'static> {
    let repeatable = Repeatable {
        name,
        checksum: leak(format!("v1:{text}")),
        chain: leak(format!("v1:{name}/{text}")),
        objects: Box::leak(Box::new([Object { kind: ObjectKind::View, name, table: None }])),
        script: script(&format!("repeatable/{name}"), text),
    };
    Box::leak(Box::new(Set { repeatables: Box::leak(Box::new([repeatable])), ..*set }))
}

fn script(name: &str, text: &'static str) -> Script<'static> {
    let statement = Statement { start: 0, end: text.len() as u32, effect: Effect::None };
    Script {
        file: leak(format!("migrations/{name}.sql")),
        text,
        asserts: &[],
        steps: Box::leak(Box::new([Step::Sql(statement)])),
        transaction: true,
        foreign_keys: None,
        tolerate_existing: false,
        checksum: leak(format!("v1:{text}")),
        prefixes: &[],
    }
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// A folder of its own for a test, removed at its end.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("dbmigrate-cli-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The names of the files in it.
    pub(super) fn files(&self) -> Vec<String> {
        let names = std::fs::read_dir(&self.0).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
