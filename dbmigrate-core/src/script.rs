//! A script, such as one direction of an SQL migration: its statements, its calls of Rust, and how they are run.
//!
//! What a file says is decided here, once: its two directions, its directives, its own transaction and its PRAGMAs.
//! What the steps do to a database is up to the runner.

mod allow;
mod faults;
mod role;
mod rules;

use std::sync::Arc;

use crate::checksum::{self, ScriptChecksum};
use crate::diagnostic::Diagnostic;
use crate::directive::{self, Directive, Language, misplaced, repeated};
use crate::problems::Problems;
use crate::requirement::Requirement;
use crate::source::{SourceText, Span};
use crate::squash::Replaces;
use crate::statement::{Effect, Splitter, Statement};
use crate::token::{TokenKind, tokens};
pub use allow::{Allow, AllowScope};
pub(crate) use faults::code_without_a_net;
use faults::{carriage_return, swallowed, unterminated};
pub(crate) use role::Role;

/// One direction of a migration, a hook, or a repeatable: ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The file.
    pub source: Arc<SourceText>,
    /// The part of the file that this script is.
    pub section: Span,
    /// The steps, in order. If the script has a transaction, the file's own `BEGIN` and `COMMIT` and its
    /// `PRAGMA foreign_keys` are left out.
    pub steps: Vec<Step>,
    /// Queries that have to return one true value before the first step: parts of comments.
    pub asserts: Vec<Statement>,
    /// Whether it runs inside a transaction of the runner.
    pub transaction: bool,
    /// Whether foreign keys are enforced; `None` leaves it to the runner.
    pub foreign_keys: Option<bool>,
    /// Whether statements that fail because something exists already are skipped.
    pub tolerate_existing: bool,
    /// The lint rules that are silenced. In no checksum.
    pub allows: Vec<Allow>,
    /// The versioned checksum; see [`crate::checksum`].
    pub checksum: String,
    /// For a script without a transaction: the checksums of its first 0, 1, 2, … steps.
    pub prefixes: Vec<String>,
}

/// One step of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A statement.
    Sql(Statement),
    /// A step written in Rust.
    Call {
        /// The name of the function.
        name: String,
        /// The directive.
        span: Span,
        /// Its line in the file, from 1.
        line: usize,
    },
}

impl Step {
    /// Where it stands.
    fn span(&self) -> Span {
        match self {
            Self::Sql(statement) => statement.span,
            Self::Call { span, .. } => *span,
        }
    }

    /// Where the directive of a call stands.
    fn call(&self) -> Option<Span> {
        match self {
            Self::Sql(_) => None,
            Self::Call { span, .. } => Some(*span),
        }
    }
}

/// The content of an up file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halves {
    /// The up script.
    pub up: Script,
    /// What follows the `down` directive.
    pub down: Option<Script>,
    /// The migrations that have to be applied before.
    pub requires: Vec<Requirement>,
    /// Why there is no down script.
    pub irreversible: Option<String>,
    /// The migrations that it replaces.
    pub replaces: Option<Replaces>,
}

/// Reads an up file, which may contain a down script. Every problem is added to `diagnostics`.
pub fn parse(source: &Arc<SourceText>, diagnostics: &mut Vec<Diagnostic>) -> Halves {
    parse_under(&[], source, diagnostics)
}

/// As [`parse`], as if these directives stood before its first line.
pub(crate) fn parse_under(header: &[Directive], source: &Arc<SourceText>, diagnostics: &mut Vec<Diagnostic>) -> Halves {
    let mut problems = Problems::new(source, diagnostics);
    let (mut up, down) = read(source, Half::under(Role::Up, header, &mut problems), &mut problems);
    let requires = std::mem::take(&mut up.requires);
    let irreversible = up.irreversible.clone();
    let replaces = up.replaces.take();
    if let (Some((_, span)), true) = (&irreversible, down.is_some()) {
        let fault = Diagnostic::error("contradiction", "a migration with a `down` half is not `irreversible`");
        problems.push(*span, fault.help("remove this line, or the `down` half"));
    }
    Halves {
        up: up.finish(source, &mut problems),
        down: down.map(|down| down.finish(source, &mut problems)),
        requires,
        irreversible: irreversible.map(|(reason, _)| reason),
        replaces,
    }
}

/// Reads a `.down.sql` file, all of which is the down script. Every problem is added to `diagnostics`.
pub fn parse_down(source: &Arc<SourceText>, diagnostics: &mut Vec<Diagnostic>) -> Script {
    parse_down_under(&[], source, diagnostics)
}

/// As [`parse_down`], as if these directives stood before its first line.
pub(crate) fn parse_down_under(
    header: &[Directive],
    source: &Arc<SourceText>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Script {
    let mut problems = Problems::new(source, diagnostics);
    let (script, _) = read(source, Half::under(Role::Down, header, &mut problems), &mut problems);
    script.finish(source, &mut problems)
}

/// Reads a hook. Every problem is added to `diagnostics`.
pub fn parse_hook(source: &Arc<SourceText>, diagnostics: &mut Vec<Diagnostic>) -> Script {
    parse_whole(source, Role::Hook, &mut Problems::new(source, diagnostics))
}

/// Reads a file with rows. Every problem is added to `diagnostics`.
pub fn parse_rows(source: &Arc<SourceText>, diagnostics: &mut Vec<Diagnostic>) -> Script {
    parse_whole(source, Role::Rows, &mut Problems::new(source, diagnostics))
}

/// Reads what is there before the first migration; every problem goes to `diagnostics`.
pub(crate) fn parse_base(source: &Arc<SourceText>, diagnostics: &mut Vec<Diagnostic>) -> Script {
    parse_whole(source, Role::Base, &mut Problems::new(source, diagnostics))
}

/// Reads a file that is one script, other than a way up.
pub(crate) fn parse_whole(source: &Arc<SourceText>, role: Role, problems: &mut Problems<'_>) -> Script {
    let (script, _) = read(source, Half::new(0, role), problems);
    script.finish(source, problems)
}

/// Reads a file that starts as this half; the second half of a way up is what follows its `down` directive.
fn read(source: &SourceText, mut half: Half, problems: &mut Problems<'_>) -> (Half, Option<Half>) {
    let text = source.text();
    let mut up = None;
    let mut splitter = Splitter::default();
    // Whether nothing but white space and comments came since the line began.
    let mut line_is_blank = true;
    // The line of the last directive, and where that one stands: lines are counted once, from one to the next.
    let (mut line, mut counted) = (1, 0);
    for token in tokens(text) {
        match token.kind {
            TokenKind::Space => line_is_blank |= token.text(text).contains('\n'),
            TokenKind::LineComment | TokenKind::BlockComment => {
                if let Some(at) = carriage_return(text, token) {
                    problems.push(Span::new(at, at + 1), swallowed());
                    continue;
                }
                let Some(directive) = directive::read(token.span, Language::Sql, problems) else { continue };
                if !line_is_blank {
                    let fault = misplaced("a directive must be on a line of its own");
                    problems
                        .push(token.span, fault.help(format!("write `-- dbmigrate: {directive}` on the next line")));
                }
                let refused = match directive {
                    Directive::Down if up.is_some() => Some(repeated("down")),
                    _ => half.role.refuses(&directive),
                };
                if let Some(fault) = refused {
                    problems.push(token.span, fault);
                } else if directive == Directive::Down {
                    half.statement(text, splitter.finish(text));
                    half.section.end = token.span.start;
                    up = Some(std::mem::replace(&mut half, Half::new(token.span.end, Role::Down)));
                } else {
                    if splitter.is_open() && line_is_blank {
                        let fault = misplaced("a directive can't stand inside a statement");
                        problems.push(token.span, fault.help("move it before the statement, or end that with `;`"));
                    }
                    line += text[counted..token.span.start].matches('\n').count();
                    counted = token.span.start;
                    half.directive(directive, token.span, line, problems);
                }
            }
            kind => {
                if let TokenKind::Unterminated(what) = kind {
                    problems.push(token.span, unterminated(what));
                }
                half.statement(text, splitter.feed(text, token));
                line_is_blank = false;
            }
        }
    }
    half.statement(text, splitter.finish(text));
    half.section.end = text.len();
    match up {
        Some(up) => (up, Some(half)),
        None => (half, None),
    }
}

/// A half while it is read.
struct Half {
    role: Role,
    section: Span,
    steps: Vec<Step>,
    asserts: Vec<Statement>,
    requires: Vec<Requirement>,
    checksum: ScriptChecksum,
    transaction: bool,
    foreign_keys: Option<bool>,
    tolerate_existing: bool,
    irreversible: Option<(String, Span)>,
    replaces: Option<Replaces>,
    allows: Vec<Allow>,
    /// How many of them have found the step that they are about.
    allowed: usize,
}

impl Half {
    fn new(start: usize, role: Role) -> Self {
        Self {
            role,
            section: Span::new(start, start),
            steps: Vec::new(),
            asserts: Vec::new(),
            requires: Vec::new(),
            checksum: ScriptChecksum::new(),
            transaction: true,
            foreign_keys: None,
            tolerate_existing: false,
            irreversible: None,
            replaces: None,
            allows: Vec::new(),
            allowed: 0,
        }
    }

    /// The first half of a file, as if these directives stood before it.
    fn under(role: Role, header: &[Directive], problems: &mut Problems<'_>) -> Self {
        let mut half = Self::new(0, role);
        for directive in header {
            half.directive(directive.clone(), Span::new(0, 0), 1, problems);
        }
        half
    }

    fn step(&mut self, step: Step) {
        allow::settle(&mut self.allows[self.allowed..], step.span());
        self.allowed = self.allows.len();
        self.steps.push(step);
    }

    fn statement(&mut self, text: &str, statement: Option<Statement>) {
        let Some(statement) = statement else { return };
        self.checksum.statement(text.get(statement.span.start..statement.span.end).unwrap_or(""));
        self.step(Step::Sql(statement));
    }

    /// Takes a directive, other than `down`.
    fn directive(&mut self, directive: Directive, span: Span, line: usize, problems: &mut Problems<'_>) {
        match &directive {
            // The reason why there is no down script says nothing of the up script, and may be found, or worded better,
            // later.
            Directive::Irreversible(_) => {}
            Directive::Allow(rules, reason) => {
                let scope = if self.steps.is_empty() { AllowScope::Half } else { AllowScope::Statement(span) };
                self.allows.push(Allow { rules: rules.clone(), reason: reason.clone(), span, scope });
                return;
            }
            // As a statement: its blanks and comments don't count.
            Directive::Assert(sql) => {
                self.checksum.directive("assert");
                self.checksum.statement(sql);
            }
            _ => self.checksum.directive(&directive.to_string()),
        }
        if let Directive::Call(name) = directive {
            self.step(Step::Call { name, span, line });
            return;
        }
        let word = directive.word();
        if !self.steps.is_empty() {
            let fault = misplaced(format!("`{word}` must come before the first statement that it affects"));
            problems.push(span, fault.help("move it up"));
        }
        let second = match directive {
            Directive::NoTransaction => !std::mem::replace(&mut self.transaction, false),
            Directive::ForeignKeys(on) => self.foreign_keys.replace(on).is_some(),
            Directive::TolerateExisting => std::mem::replace(&mut self.tolerate_existing, true),
            Directive::Assert(sql) => {
                self.asserts.extend(problems.source().slice(span).find(&sql).map(|at| {
                    let start = span.start + at;
                    Statement { span: Span::new(start, start + sql.len()), effect: Effect::None }
                }));
                false
            }
            Directive::Requires(name) => {
                self.requires.push(Requirement { name, span });
                false
            }
            Directive::Irreversible(reason) => self.irreversible.replace((reason, span)).is_some(),
            Directive::Replaces(first, last) => self.replaces.replace(Replaces { first, last, span }).is_some(),
            // A `call` is a step, `allow` was taken before, `down` ends the half, and SQL has no `version`.
            Directive::Allow(..) | Directive::Call(_) | Directive::Down | Directive::Version(_) => false,
        };
        if second {
            problems.push(span, repeated(word));
        }
    }

    fn finish(self, source: &Arc<SourceText>, problems: &mut Problems<'_>) -> Script {
        allow::left_over(&self.allows[self.allowed..], problems);
        let (steps, foreign_keys, prefixes) = if self.role == Role::Repeatable {
            // What may stand there is known to `crate::repeatable`.
            (self.steps, None, Vec::new())
        } else if self.transaction {
            let (steps, foreign_keys) = rules::in_transaction(self.steps, self.foreign_keys, self.role, problems);
            (steps, foreign_keys, Vec::new())
        } else {
            rules::without_transaction(&self.steps, problems);
            if let (Some(true), Some(span)) = (self.foreign_keys, self.steps.iter().find_map(Step::call)) {
                problems.push(span, code_without_a_net("`call`"));
            }
            let prefixes = checksum::of_prefixes(source, self.foreign_keys, self.tolerate_existing, &self.steps);
            (self.steps, self.foreign_keys, prefixes)
        };
        Script {
            source: Arc::clone(source),
            section: self.section,
            steps,
            asserts: self.asserts,
            transaction: self.transaction,
            foreign_keys,
            tolerate_existing: self.tolerate_existing,
            allows: self.allows,
            checksum: self.checksum.finish(),
            prefixes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Arc<SourceText> {
        Arc::new(SourceText::new("migrations/001_a.sql", text))
    }

    /// The steps as text; a call as `call name`.
    fn steps(script: &Script) -> Vec<String> {
        script
            .steps
            .iter()
            .map(|step| match step {
                Step::Sql(statement) => script.source.slice(statement.span).to_owned(),
                Step::Call { name, .. } => format!("call {name}"),
            })
            .collect()
    }

    fn faults(diagnostics: &[Diagnostic]) -> Vec<String> {
        diagnostics
            .iter()
            .map(|d| d.location.as_ref().map_or(d.code.to_owned(), |at| format!("{} {}", at.position, d.code)))
            .collect()
    }

    /// A file that is right: its halves.
    fn sound(text: &str) -> Halves {
        let mut diagnostics = Vec::new();
        let halves = parse(&source(text), &mut diagnostics);
        assert_eq!(faults(&diagnostics), [""; 0], "{text}");
        halves
    }

    /// A file that is wrong, at these places.
    fn wrong(text: &str, expect: &[&str]) {
        let mut diagnostics = Vec::new();
        parse(&source(text), &mut diagnostics);
        assert_eq!(faults(&diagnostics), expect, "{text}");
        assert!(diagnostics.iter().all(|diagnostic| !diagnostic.help.is_empty()), "{text}");
    }

    #[test]
    fn a_file_is_one_half_or_two() {
        let halves = sound("CREATE TABLE a(b);\nSELECT 1;");
        assert_eq!(steps(&halves.up), ["CREATE TABLE a(b)", "SELECT 1"]);
        assert_eq!((halves.up.section, halves.down, halves.irreversible), (Span::new(0, 28), None, None));
        assert_eq!((halves.up.transaction, halves.up.foreign_keys, halves.up.tolerate_existing), (true, None, false));

        let text = "CREATE TABLE a(b);\n-- dbmigrate: down\nDROP TABLE a;\n";
        let halves = sound(text);
        let down = halves.down.unwrap();
        assert_eq!((steps(&halves.up), steps(&down)), (vec!["CREATE TABLE a(b)".into()], vec!["DROP TABLE a".into()]));
        assert_eq!(halves.up.source.slice(halves.up.section), "CREATE TABLE a(b);\n");
        assert_eq!(down.source.slice(down.section), "\nDROP TABLE a;\n");
    }

    #[test]
    fn down_ends_the_way_up_with_or_without_a_semicolon() {
        for up in ["SELECT 1", "CREATE TRIGGER t BEGIN SELECT 1; END", "CREATE TRIGGER t BEGIN SELECT 1"] {
            let halves = sound(&format!("{up}\n\t-- dbmigrate: down\nSELECT 2"));
            assert_eq!(
                (steps(&halves.up), steps(&halves.down.unwrap())),
                (vec![up.to_owned()], vec!["SELECT 2".to_owned()])
            );
        }
    }

    #[test]
    fn halves_without_statements_are_legal() {
        for text in ["", "-- nothing", ";;", "\u{feff}\r\n/* a */"] {
            assert_eq!(sound(text).up.steps, []);
        }
        let halves = sound("SELECT 1;\n-- dbmigrate: down\n");
        assert_eq!(halves.down.unwrap().steps, []);
    }

    #[test]
    fn directives_govern_their_half_alone() {
        let halves = sound(
            "-- dbmigrate: no-transaction\n-- dbmigrate: foreign-keys off\n-- dbmigrate: tolerate existing\nVACUUM;\n\
             -- dbmigrate: call fill\nSELECT 1;\n-- dbmigrate: down\n-- dbmigrate: foreign-keys on\nSELECT 2;",
        );
        let (up, down) = (halves.up, halves.down.unwrap());
        assert_eq!((up.transaction, up.foreign_keys, up.tolerate_existing), (false, Some(false), true));
        assert_eq!(steps(&up), ["VACUUM", "call fill", "SELECT 1"]);
        assert_eq!((down.transaction, down.foreign_keys, down.tolerate_existing), (true, Some(true), false));
        assert_eq!(
            sound("-- dbmigrate: irreversible the  old is gone").irreversible.as_deref(),
            Some("the old is gone")
        );
        assert_eq!(steps(&sound("SELECT '\n-- dbmigrate: down\n'").up).len(), 1);
        assert_eq!(steps(&sound("/* So:\n-- dbmigrate: down\n*/ SELECT 1").up).len(), 1);
    }

    #[test]
    fn what_has_to_hold_before_is_kept_for_each_half() {
        let halves = sound(
            "-- dbmigrate: requires 001_a\n-- dbmigrate: requires 002_b\n--dbmigrate: assert  SELECT  1 ; -- SELECT 1\n\
             -- dbmigrate: assert VALUES('ü')\nSELECT 2;\n-- dbmigrate: down\n-- dbmigrate: assert SELECT 3",
        );
        let asserts = |script: &Script| -> Vec<(usize, String)> {
            let source = &script.source;
            let place = |it: &Statement| (source.position(it.span.start).line, source.slice(it.span).to_owned());
            script.asserts.iter().map(place).collect()
        };
        assert_eq!(asserts(&halves.up), [(3, "SELECT  1".to_owned()), (4, "VALUES('ü')".to_owned())]);
        assert_eq!(asserts(&halves.down.unwrap()), [(7, "SELECT 3".to_owned())]);
        let names: Vec<_> = halves.requires.iter().map(|it| it.name.as_str()).collect();
        assert_eq!((names, steps(&halves.up)), (vec!["001_a", "002_b"], vec!["SELECT 2".to_owned()]));
    }

    #[test]
    fn a_call_knows_its_line() {
        let halves = sound(
            "SELECT '\n';\n-- dbmigrate: call a\n\n-- dbmigrate: call b\n-- dbmigrate: down\n\n-- dbmigrate: call c",
        );
        let lines = |script: &Script| -> Vec<usize> {
            let call = |step: &Step| if let Step::Call { line, .. } = step { Some(*line) } else { None };
            script.steps.iter().filter_map(call).collect()
        };
        assert_eq!((lines(&halves.up), lines(&halves.down.unwrap())), (vec![3, 5], vec![8]));
    }

    #[test]
    fn directives_in_the_wrong_place_are_errors() {
        wrong("SELECT 1; -- dbmigrate: call a", &["1:11 misplaced-directive"]);
        wrong("SELECT 1; /* a */ -- dbmigrate: down\nSELECT 2", &["1:19 misplaced-directive"]);
        wrong("SELECT\n-- dbmigrate: call a\n1;", &["2:1 misplaced-directive"]);
        wrong("SELECT 1\n-- dbmigrate: call a\n;", &["2:1 misplaced-directive"]);
        wrong("CREATE TRIGGER t BEGIN SELECT 1;\n-- dbmigrate: call a\nEND;", &["2:1 misplaced-directive"]);
        for directive in ["assert SELECT 1", "requires 001_a"] {
            wrong(&format!("SELECT 1;\n-- dbmigrate: {directive}"), &["2:1 misplaced-directive"]);
            wrong(&format!("SELECT 1 -- dbmigrate: {directive}"), &["1:10 misplaced-directive"]);
            wrong(&format!("SELECT\n-- dbmigrate: {directive}\n1"), &["2:1 misplaced-directive"]);
        }
        wrong("-- dbmigrate: down\n-- dbmigrate: requires 001_a", &["2:1 misplaced-directive"]);
        for directive in ["no-transaction", "foreign-keys off", "tolerate existing", "irreversible so"] {
            wrong(&format!("SELECT 1;\n-- dbmigrate: {directive}"), &["2:1 misplaced-directive"]);
            wrong(&format!("-- dbmigrate: call a\n-- dbmigrate: {directive}"), &["2:1 misplaced-directive"]);
            wrong(&format!("-- dbmigrate: {directive}\n\n-- dbmigrate: {directive}"), &["3:1 repeated-directive"]);
        }
        wrong("-- dbmigrate: down\n-- dbmigrate: down", &["2:1 repeated-directive"]);
        wrong("-- dbmigrate: down\n-- dbmigrate: irreversible so", &["2:1 misplaced-directive"]);
        wrong("-- dbmigrate: irreversible so\n-- dbmigrate: down", &["1:1 contradiction"]);
        let bare = "-- dbmigrate: no-transaction\n-- dbmigrate: foreign-keys on\n";
        wrong(&format!("{bare}-- dbmigrate: call a"), &["3:1 contradiction"]);
        sound(&format!("{bare}SELECT 1"));
        wrong(
            "-- dbmigrate: nothing\n-- dbmigrate down\nSELECT 2;",
            &["1:1 unknown-directive", "2:1 malformed-directive"],
        );
    }

    #[test]
    fn a_down_file_is_the_down_script_as_a_whole() {
        let mut diagnostics = Vec::new();
        let down = parse_down(&source("-- dbmigrate: no-transaction\nDROP TABLE a;"), &mut diagnostics);
        assert_eq!(
            (steps(&down), down.transaction, down.section),
            (vec!["DROP TABLE a".to_owned()], false, Span::new(0, 42))
        );
        assert_eq!(faults(&diagnostics), [""; 0]);
        parse_down(&source("-- dbmigrate: irreversible so\nDROP TABLE a;\n-- dbmigrate: down"), &mut diagnostics);
        assert_eq!(faults(&diagnostics), ["1:1 misplaced-directive", "3:1 misplaced-directive"]);
    }

    #[test]
    fn what_never_ends_is_an_error_where_it_starts() {
        for text in ["'a;", "\"a;", "`a;", "[a;", "/* a;", "x'ab;"] {
            wrong(&format!("SELECT 1;\n {text}\nSELECT 2;"), &["2:2 unterminated"]);
        }
        wrong("SELECT 'it's';\n", &["1:13 unterminated"]);
    }

    #[test]
    fn lines_that_end_in_a_lone_carriage_return_are_no_silent_comment() {
        wrong("-- Migration: old\rCREATE TABLE a(b);\rSELECT 1;", &["1:18 carriage-return"]);
        wrong("SELECT 1; -- one\rDROP TABLE a;\nSELECT 2;", &["1:17 carriage-return"]);
        assert_eq!(sound("-- one\r\r\nSELECT 1;\r/* a\rb */SELECT 'a\rb';").up.steps.len(), 2);
    }

    #[test]
    fn any_text_is_read_without_a_panic_and_in_time() {
        let mut soup = crate::testing::Soup::new(5);
        for _ in 0..3_000 {
            let text = source(&soup.text(40));
            let mut diagnostics = Vec::new();
            let halves = parse(&text, &mut diagnostics);
            assert_eq!(halves, parse(&text, &mut Vec::new()));
            assert!(halves.up.section.end <= halves.down.map_or(text.text().len(), |down| down.section.start));
            parse_down(&text, &mut diagnostics);
        }
        for text in
            ["VACUUM;", "-- dbmigrate: x\n", "BEGIN;", "-- dbmigrate: down\n", "PRAGMA foreign_keys=0;", "'a' /* b */"]
        {
            let mut diagnostics = Vec::new();
            parse(&source(&text.repeat(30_000)), &mut diagnostics);
            assert!(diagnostics.len() <= 101, "{text}");
        }
    }

    #[test]
    fn the_reason_for_no_down_script_is_no_part_of_the_way_up() {
        let checksum = |text: &str| sound(text).up.checksum;
        assert_ne!(checksum("-- dbmigrate: assert SELECT 1\nSELECT 2"), checksum("SELECT 2"));
        assert_ne!(checksum("-- dbmigrate: assert SELECT 1\nSELECT 2"), checksum("SELECT 1;\nSELECT 2"));
        assert_ne!(checksum("-- dbmigrate: assert SELECT 'a  b'"), checksum("-- dbmigrate: assert SELECT 'a b'"));
        assert_eq!(checksum("-- dbmigrate: assert SELECT  1; -- so"), checksum("-- dbmigrate: assert SELECT 1"));
        assert_ne!(checksum("-- dbmigrate: requires 001_a\nSELECT 2"), checksum("SELECT 2"));
        assert_eq!(checksum("-- dbmigrate: irreversible the old is gone\nDROP TABLE a"), checksum("DROP TABLE a"));
        assert_ne!(checksum("-- dbmigrate: foreign-keys off\nDROP TABLE a"), checksum("DROP TABLE a"));
    }
}
