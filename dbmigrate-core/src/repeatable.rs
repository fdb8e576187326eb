//! `repeatable/*.sql`: views and triggers that are recreated when their file changes.
//!
//! Nothing else is allowed in such a file: what it makes is dropped before the file runs again, so it must not hold
//! data. Whether a statement is valid is for SQLite to decide.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::{fmt, ptr};

use crate::diagnostic::Diagnostic;
use crate::help::Help;
use crate::problems::Problems;
use crate::script::{Role, Script, Step, parse_whole};
use crate::source::{SourceText, Span};
use crate::statement::Reader;

/// A file in `repeatable`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeatable {
    /// The name of the file without the extension.
    pub name: String,
    /// The script that creates the objects; always in a transaction.
    pub script: Script,
    /// The objects that the script creates, in order.
    pub objects: Vec<Object>,
    /// The chained checksum of all migrations and the repeatables up to this one.
    pub chain: String,
}

/// A view or a trigger that a file creates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Which of the two it is.
    pub kind: ObjectKind,
    /// Its name, unquoted.
    pub name: String,
    /// The table or view that a trigger is on, unquoted; `None` if it names none, which SQLite rejects.
    pub table: Option<String>,
    /// Whether it is an `INSTEAD OF` trigger, and therefore on a view: it is dropped with the view.
    pub instead: bool,
    /// The statement that creates it.
    pub statement: Span,
}

/// A kind of object that can be recreated without loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectKind {
    /// A view.
    View,
    /// A trigger.
    Trigger,
}

impl ObjectKind {
    fn keyword(self) -> &'static str {
        match self {
            Self::View => "VIEW",
            Self::Trigger => "TRIGGER",
        }
    }
}

/// What people call it.
impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::View => "view",
            Self::Trigger => "trigger",
        })
    }
}

/// Names are the same for SQLite whatever the case of their ASCII letters.
fn key(kind: ObjectKind, name: &str) -> String {
    format!("{kind} {}", name.to_ascii_lowercase())
}

/// Parses a file: its script, and what that creates. Every problem is added to `diagnostics`.
pub fn parse(source: &Arc<SourceText>, diagnostics: &mut Vec<Diagnostic>) -> (Script, Vec<Object>) {
    let mut problems = Problems::new(source, diagnostics);
    let script = parse_whole(source, Role::Repeatable, &mut problems);
    let mut objects = Vec::new();
    let mut drops = Vec::new();
    // Where each object is made for the last time.
    let mut made: BTreeMap<String, usize> = BTreeMap::new();
    for step in &script.steps {
        let Step::Sql(statement) = step else { continue };
        match Deed::of(source.slice(statement.span)) {
            Ok(Deed::Create { kind, name, table, instead }) => {
                made.insert(key(kind, &name), statement.span.start);
                objects.push(Object { kind, name, table, instead, statement: statement.span });
            }
            Ok(Deed::Drop { kind, name }) => drops.push((kind, name, statement.span)),
            Err(fault) => problems.push(source.first_line(statement.span), *fault),
        }
    }
    for (kind, name, span) in drops {
        if made.get(&key(kind, &name)).is_none_or(|made| *made < span.start) {
            let message = format!("this drops the {kind} `{name}`, which the file does not create again");
            let fault = Diagnostic::error("repeatable-statement", message);
            problems.push(source.first_line(span), fault.help(format!("{INTO_A_MIGRATION}, to drop it for good")));
        }
    }
    (script, objects)
}

/// What a statement does to a view or a trigger of the main database.
enum Deed {
    Create { kind: ObjectKind, name: String, table: Option<String>, instead: bool },
    Drop { kind: ObjectKind, name: String },
}

const INTO_A_MIGRATION: &str = "put it into a migration: `cargo dbmigrate create NAME`";

impl Deed {
    fn of(statement: &str) -> Result<Self, Box<Diagnostic>> {
        let fault = |message: String| Diagnostic::error("repeatable-statement", message);
        let mut reader = Reader::new(statement);
        let verb = ["CREATE", "DROP"].into_iter().find(|verb| reader.word(verb));
        let temporary = reader.word("TEMP") || reader.word("TEMPORARY");
        let kinds = [ObjectKind::View, ObjectKind::Trigger];
        let Some((verb, kind)) = verb.zip(kinds.into_iter().find(|kind| reader.word(kind.keyword()))) else {
            let fault = fault(format!("`{}` in a repeatable file", beginning(statement))).note(
                "it may contain only `CREATE VIEW` and `CREATE TRIGGER`: objects that are recreated must not hold data",
            );
            return Err(Box::new(fault.help(INTO_A_MIGRATION)));
        };
        let if_exists = reader.words(&["IF", "EXISTS"]);
        let Some((schema, name)) = reader.if_exists().qualified() else {
            let fault = fault(format!("`{verb} {}` without a name", kind.keyword()));
            return Err(Box::new(fault.help(format!("write the name of the {kind} after it"))));
        };
        if temporary || schema.is_some_and(|schema| !schema.eq_ignore_ascii_case("main")) {
            let fault = fault(format!("the {kind} `{name}` is not in the main database"));
            return Err(Box::new(fault.help(format!("create it there, or {INTO_A_MIGRATION}"))));
        }
        if verb == "CREATE" {
            let is_trigger = kind == ObjectKind::Trigger;
            let instead = is_trigger && reader.words(&["INSTEAD", "OF"]);
            let target = if is_trigger && reader.seek(&["ON"]).is_some() { reader.qualified() } else { None };
            Ok(Self::Create { kind, name, table: target.map(|(_, table)| table), instead })
        } else if if_exists {
            Ok(Self::Drop { kind, name })
        } else {
            let fault = fault(format!("`DROP {}` without `IF EXISTS`", kind.keyword()))
                .note("the objects of a repeatable file are dropped before it runs, so this would fail");
            Err(Box::new(fault.help("remove this statement")))
        }
    }
}

/// The first word of a statement, and the second of those that take two to be known.
fn beginning(statement: &str) -> String {
    let mut reader = Reader::new(statement);
    let mut word = || reader.name().unwrap_or_default().to_ascii_uppercase();
    match word() {
        first if ["CREATE", "DROP", "ALTER"].contains(&&*first) => format!("{first} {}", word()).trim_end().to_owned(),
        first => first,
    }
}

/// Checks what the files make together: each object once, and a trigger in place of a view beside that view.
pub(crate) fn check(repeatables: &[Repeatable], diagnostics: &mut Vec<Diagnostic>) {
    let mut all: Vec<(&SourceText, &Object)> = Vec::new();
    // Where among all of them each is made for the first time.
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for Repeatable { script, objects, .. } in repeatables {
        for object in objects {
            first.entry(key(object.kind, &object.name)).or_insert(all.len());
            all.push((&script.source, object));
        }
    }
    let maker = |kind, name: &str| first.get(&key(kind, name)).and_then(|&at| all.get(at));
    for Repeatable { script, objects, .. } in repeatables {
        let source = &script.source;
        let mut problems = Problems::new(source, diagnostics);
        for object in objects {
            let Object { kind, name, table, instead, statement } = object;
            let mut push = |message: String, help: Help| {
                let fault = Diagnostic::error("repeatable-object", message).help(help);
                problems.push(source.first_line(*statement), fault);
            };
            if let Some((first, _)) = maker(*kind, name).filter(|(_, first)| !ptr::eq(*first, object)) {
                let (path, first) = (source.path(), first.path());
                let message = format!("`{path}` creates the {kind} `{name}`, which `{first}` already creates");
                push(message, "remove one of them".into());
            }
            let Some(view) = table.as_ref().filter(|_| *instead) else { continue };
            let other = maker(ObjectKind::View, view).map(|(other, _)| other.path());
            if let Some(other) = other.filter(|other| *other != source.path()) {
                push(
                    format!("the trigger `{name}` is on the view `{view}`, which `{other}` creates"),
                    Help::from("move it into ")
                        .file(other)
                        .words(": when that changes, the view is dropped, and its triggers with it"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The objects of a file that is right, and where each problem of a wrong one is, with its message.
    #[track_caller]
    fn check(text: &str, objects: &[&str], problems: &[&str]) {
        let source = Arc::new(SourceText::new("migrations/repeatable/a.sql", text));
        let mut diagnostics = Vec::new();
        let (script, found) = parse(&source, &mut diagnostics);
        let show = |object: &Object| {
            let how = if object.instead { "of" } else { "on" };
            let table = object.table.as_ref().map_or_else(String::new, |table| format!(" {how} {table}"));
            format!("{} {}{table}", object.kind, object.name)
        };
        assert_eq!(found.iter().map(show).collect::<Vec<_>>(), objects, "{text}");
        let place = |it: &Diagnostic| it.location.as_ref().map(|at| at.position.to_string()).unwrap_or_default();
        let said: Vec<String> = diagnostics.iter().map(|it| format!("{} {}", place(it), it.message)).collect();
        assert_eq!(said, problems, "{text}");
        assert!(diagnostics.iter().all(|diagnostic| !diagnostic.help.is_empty()), "{text}");
        assert!(script.transaction && script.foreign_keys.is_none());
    }

    #[test]
    fn views_and_triggers_are_known_by_their_names() {
        check("", &[], &[]);
        check("-- Nothing yet.\n;", &[], &[]);
        check(
            "CREATE VIEW v AS SELECT 1;\ncreate view if not exists main.\"a \"\"b\"(c) AS SELECT 1;\n\
             CREATE TRIGGER t AFTER INSERT ON x BEGIN DROP TABLE y; DELETE FROM x; END;\n\
             CREATE TRIGGER IF NOT EXISTS [u] INSTEAD OF UPDATE OF a, b ON main.\"v\" FOR EACH ROW BEGIN SELECT 1; END;\n\
             CREATE VIEW if AS SELECT 1;\nCREATE VIEW 'w' AS SELECT ';'",
            &["view v", "view a \"b", "trigger t on x", "trigger u of v", "view if", "view w"],
            &[],
        );
    }

    #[test]
    fn what_a_file_makes_it_may_drop_before() {
        check(
            "DROP VIEW IF EXISTS V; DROP TRIGGER IF EXISTS t;\nCREATE VIEW v AS SELECT 1;\n\
             DROP TRIGGER IF EXISTS main.t;\nCREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; END;",
            &["view v", "trigger t on x"],
            &[],
        );
        check("DROP VIEW IF EXISTS v;", &[], &["1:1 this drops the view `v`, which the file does not create again"]);
        check(
            "DROP TRIGGER IF EXISTS v;\nCREATE VIEW v AS SELECT 1;\nDROP VIEW IF EXISTS v;",
            &["view v"],
            &[
                "1:1 this drops the trigger `v`, which the file does not create again",
                "3:1 this drops the view `v`, which the file does not create again",
            ],
        );
        check("DROP VIEW v;\nCREATE VIEW v AS SELECT 1;", &["view v"], &["1:1 `DROP VIEW` without `IF EXISTS`"]);
    }

    #[test]
    fn anything_else_goes_into_a_migration() {
        for (statement, what) in [
            ("CREATE TABLE a(b)", "CREATE TABLE"),
            ("create unique index i ON a(b)", "CREATE UNIQUE"),
            ("CREATE VIRTUAL TABLE a USING fts5(b)", "CREATE VIRTUAL"),
            ("CREATE TEMP TABLE a(b)", "CREATE TEMP"),
            ("DROP TABLE IF EXISTS a", "DROP TABLE"),
            ("ALTER TABLE a RENAME TO b", "ALTER TABLE"),
            ("INSERT INTO a VALUES (1)", "INSERT"),
            ("PRAGMA foreign_keys = OFF", "PRAGMA"),
            ("BEGIN", "BEGIN"),
            ("EXPLAIN CREATE VIEW v AS SELECT 1", "EXPLAIN"),
            ("SELECT 1", "SELECT"),
            ("(", ""),
        ] {
            check(&format!("\n{statement};"), &[], &[&format!("2:1 `{what}` in a repeatable file")]);
        }
        for statement in
            ["CREATE TEMP VIEW v AS SELECT 1", "create view temp.v AS SELECT 1", "CREATE VIEW x.v AS SELECT 1"]
        {
            check(statement, &[], &["1:1 the view `v` is not in the main database"]);
        }
        check("CREATE TEMPORARY TRIGGER", &[], &["1:1 `CREATE TRIGGER` without a name"]);
        check("DROP VIEW IF EXISTS temp.v", &[], &["1:1 the view `v` is not in the main database"]);
    }

    #[test]
    fn there_are_no_directives() {
        for directive in
            ["down", "no-transaction", "foreign-keys off", "tolerate existing", "call a", "assert SELECT 1"]
        {
            let word = directive.split(' ').next().unwrap();
            check(
                &format!("-- dbmigrate: {directive}\nCREATE VIEW v AS SELECT 1;"),
                &["view v"],
                &[&format!("1:1 `{word}` in a repeatable file, which takes no directives")],
            );
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic_and_in_time() {
        let mut soup = crate::testing::Soup::new(7);
        for _ in 0..3_000 {
            let text = Arc::new(SourceText::new("a.sql", &soup.text(40)));
            parse(&text, &mut Vec::new());
        }
        for text in [
            "CREATE VIEW v AS SELECT 1;",
            "DROP VIEW IF EXISTS v;",
            "SELECT 1;",
            "CREATE TRIGGER v INSTEAD OF x ON v BEGIN SELECT 1; END;",
        ] {
            let mut diagnostics = Vec::new();
            let (script, objects) = parse(&Arc::new(SourceText::new("a.sql", &text.repeat(30_000))), &mut diagnostics);
            let repeatable = Repeatable { name: "a".into(), script, objects, chain: String::new() };
            super::check(&[repeatable], &mut diagnostics);
            assert!((100..=202).contains(&diagnostics.len()), "{text}: {}", diagnostics.len());
        }
    }
}
