//! What may stand in a half that runs inside a transaction of the runner, and what in one that does not.
//!
//! SQLite itself is no judge here: inside a transaction it passes over `PRAGMA foreign_keys` and `journal_mode`
//! without a word, and a `COMMIT` in the middle of a migration leaves half of it behind.

use super::{Role, Step};
use crate::diagnostic::Diagnostic;
use crate::problems::Problems;
use crate::statement::{Effect, Pragma, Reader, Statement};
use crate::token::{TokenKind, tokens, unquote};

/// Checks a half that runs in a transaction. Gives the steps without what the runner does itself, which is the file's
/// own transaction around everything and `PRAGMA foreign_keys`, and what that PRAGMA asks for.
pub(super) fn in_transaction(
    mut steps: Vec<Step>,
    directive: Option<bool>,
    role: Role,
    problems: &mut Problems<'_>,
) -> (Vec<Step>, Option<bool>) {
    let source = problems.source();
    let text = |statement: &Statement| source.slice(statement.span);
    if let Some((begin, commit)) = envelope(&steps, text) {
        steps.remove(commit);
        steps.remove(begin);
    }
    let mut switched_off = false;
    steps.retain(|step| {
        let Step::Sql(statement) = step else { return true };
        if let Some(pragma) = Pragma::of(text(statement)).filter(|pragma| pragma.name == "foreign_keys") {
            if pragma.value.is_some() && !pragma.is_on() {
                switched_off = true;
                if directive == Some(true) {
                    let message = "this turns foreign keys off, and the directive `foreign-keys on` keeps them on";
                    problems.push(
                        statement.span,
                        Diagnostic::error("contradiction", message).help("remove this statement, or the directive"),
                    );
                }
            }
            return false;
        }
        let keyword = keyword(text(statement));
        if let Some(why) = breaks_transaction(&keyword) {
            problems.push(
                statement.span,
                Diagnostic::error(
                    "transaction-control",
                    format!("`{keyword}` in a {} that runs in a transaction", role.noun()),
                )
                .label(why)
                .help(format!("remove it: a {} already runs in one transaction", role.noun()))
                .help(role.way_out_of_the_transaction()),
            );
        } else if matches!(statement.effect, Effect::Bare { .. }) {
            problems.push(statement.span, not_in_transaction(text(statement)).help(role.way_out_of_the_transaction()));
        }
        true
    });
    (steps, directive.or(switched_off.then_some(false)))
}

/// The places of `BEGIN` and `COMMIT` in a file that is one transaction with nothing but PRAGMAs around it.
fn envelope<'a>(steps: &[Step], text: impl Fn(&Statement) -> &'a str) -> Option<(usize, usize)> {
    let is_around = |step: &Step| match step {
        Step::Sql(statement) => Pragma::of(text(statement)).is_some_and(|pragma| {
            matches!(pragma.name.as_str(), "foreign_keys" | "legacy_alter_table" | "defer_foreign_keys")
        }),
        Step::Call { .. } => false,
    };
    let is = |step: &Step, effect: &Effect| matches!(step, Step::Sql(statement) if statement.effect == *effect);
    let begin = steps.iter().position(|step| !is_around(step))?;
    let commit = steps.iter().rposition(|step| !is_around(step))?;
    let only = |effect: &Effect, at: usize| {
        is(&steps[at], effect) && steps.iter().filter(|step| is(step, effect)).count() == 1
    };
    (only(&Effect::Begin, begin) && only(&Effect::Commit, commit)).then_some((begin, commit))
}

/// Checks a half that runs statement by statement, where the file may hold transactions of its own.
pub(super) fn without_transaction(steps: &[Step], problems: &mut Problems<'_>) {
    let source = problems.source();
    let mut group = None;
    // Whether the step before is in the transaction of this one.
    let mut has_last = false;
    for step in steps {
        let statement = match step {
            Step::Sql(statement) => statement,
            Step::Call { span, .. } => {
                if group.is_some() {
                    let message = "a `call` between `BEGIN` and `COMMIT`";
                    problems.push(
                        *span,
                        transaction_control(message, "a step in Rust has a transaction of its own")
                            .help("move it out of the group"),
                    );
                }
                has_last = false;
                continue;
            }
        };
        let text = source.slice(statement.span);
        let keyword = keyword(text);
        if let Some(function) = asks_for_the_last(text).filter(|_| !has_last && keyword != "CREATE") {
            let message = format!("`{function}()` may be about a statement of another process");
            let fault = Diagnostic::error("other-connection", message)
                .label("after a resume it does not describe the statement before")
                .help("put both between `BEGIN IMMEDIATE;` and `COMMIT;`");
            problems.push(statement.span, fault);
        }
        has_last = group.is_some();
        let fault = match (keyword.as_str(), &statement.effect) {
            (_, Effect::Begin) => group.replace(statement.span).map(|_| {
                transaction_control("`BEGIN` inside a transaction", "the previous one has no `COMMIT` yet")
                    .help("put `COMMIT;` before it")
            }),
            (_, Effect::Commit) if group.take().is_none() => Some(
                transaction_control(format!("`{keyword}` without a `BEGIN`"), "no transaction is open here")
                    .help("remove it, or put `BEGIN IMMEDIATE;` at the start of the group"),
            ),
            ("ROLLBACK" | "SAVEPOINT" | "RELEASE", _) => Some(
                transaction_control(
                    format!("`{keyword}` in a `no-transaction` script"),
                    "the script could not resume here",
                )
                .help("use `BEGIN IMMEDIATE;` … `COMMIT;` for statements that belong together"),
            ),
            (_, Effect::Bare { .. }) if group.is_some() => {
                Some(not_in_transaction(text).help("move it out of the `BEGIN` … `COMMIT` group"))
            }
            _ if keeps_no_journal(text) => Some(
                Diagnostic::error("no-journal", "`PRAGMA journal_mode = OFF` in a migration")
                    .label("nothing after it could be rolled back")
                    .help("remove it"),
            ),
            ("PRAGMA", Effect::Session)
                if group.is_some() && Pragma::of(text).is_some_and(|pragma| pragma.name == "foreign_keys") =>
            {
                Some(not_in_transaction(text).help("move it before the `BEGIN` of the group"))
            }
            ("CREATE", _) if creates_temporary(text) => Some(
                Diagnostic::error("temporary-object", "a temporary object in a `no-transaction` script")
                    .label("no longer exists when the script resumes")
                    .note("temporary objects do not survive a resume: they belong to their connection")
                    .help("use an ordinary table and drop it at the end"),
            ),
            _ => None,
        };
        if let Some(fault) = fault {
            problems.push(statement.span, fault);
        }
    }
    if let Some(begin) = group {
        let fault = transaction_control("this transaction is never committed", "no `COMMIT` follows");
        problems.push(begin, fault.help("put `COMMIT;` at the end of the group"));
    }
}

fn transaction_control(message: impl Into<String>, label: &str) -> Diagnostic {
    Diagnostic::error("transaction-control", message).label(label)
}

/// The first word, in capitals.
fn keyword(statement: &str) -> String {
    Reader::new(statement).name().unwrap_or_default().to_ascii_uppercase()
}

fn breaks_transaction(keyword: &str) -> Option<&'static str> {
    match keyword {
        "BEGIN" => Some("a transaction is open already"),
        "COMMIT" | "END" => Some("would commit half of the migration"),
        "ROLLBACK" => Some("would take the transaction from the runner"),
        "SAVEPOINT" | "RELEASE" => Some("would get in the way of the runner's savepoints"),
        _ => None,
    }
}

/// What SQLite makes of a statement that does not belong into a transaction.
fn not_in_transaction(statement: &str) -> Diagnostic {
    let (what, why) = match Pragma::of(statement) {
        Some(Pragma { name, .. }) => {
            let why = match name.as_str() {
                "synchronous" => "SQLite refuses to change it inside a transaction",
                "wal_checkpoint" => "SQLite can't checkpoint inside a transaction that writes",
                _ => "inside a transaction it silently does nothing",
            };
            (format!("PRAGMA {name}"), why)
        }
        None => (keyword(statement), "SQLite refuses it inside a transaction"),
    };
    Diagnostic::error("not-in-transaction", format!("`{what}` inside a transaction")).label(why)
}

/// Whether a statement lets SQLite forget how to roll back.
fn keeps_no_journal(statement: &str) -> bool {
    Pragma::of(statement).is_some_and(|pragma| {
        pragma.name == "journal_mode" && pragma.value.is_some_and(|mode| mode.eq_ignore_ascii_case("off"))
    })
}

/// The function by which a statement asks what the one before it did, if it does.
fn asks_for_the_last(statement: &str) -> Option<String> {
    let mut tokens = tokens(statement).filter(|token| !token.is_blank()).peekable();
    while let Some(token) = tokens.next() {
        let is_call = tokens.peek().is_some_and(|next| next.kind == TokenKind::LeftParen);
        if is_call && matches!(token.kind, TokenKind::Word | TokenKind::QuotedName) {
            let name = unquote(token.text(statement)).to_ascii_lowercase();
            if matches!(name.as_str(), "last_insert_rowid" | "changes" | "total_changes") {
                return Some(name);
            }
        }
    }
    None
}

/// Whether the object that a statement creates goes into the database of temporary objects.
fn creates_temporary(statement: &str) -> bool {
    let mut reader = Reader::new(statement);
    reader.word("CREATE");
    if reader.word("TEMP") || reader.word("TEMPORARY") {
        return true;
    }
    let _ = reader.word("UNIQUE") || reader.word("VIRTUAL");
    reader.skip();
    let schema = reader.if_exists().qualified().and_then(|(schema, _)| schema);
    schema.is_some_and(|schema| schema.eq_ignore_ascii_case("temp"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::script::{Script, parse};
    use crate::source::SourceText;

    fn read(text: &str) -> (Script, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let halves = parse(&Arc::new(SourceText::new("migrations/001_a.sql", text)), &mut diagnostics);
        (halves.up, diagnostics)
    }

    /// A file that is right: its steps, and what becomes of foreign keys.
    fn sound(text: &str, expect: &[&str], foreign_keys: Option<bool>) {
        let (script, diagnostics) = read(text);
        assert_eq!(diagnostics, [], "{text}");
        let steps: Vec<_> = script
            .steps
            .iter()
            .map(|step| match step {
                Step::Sql(statement) => script.source.slice(statement.span),
                Step::Call { name, .. } => name,
            })
            .collect();
        assert_eq!((steps.as_slice(), script.foreign_keys), (expect, foreign_keys), "{text}");
    }

    /// A file that is wrong, on these lines.
    fn wrong(text: &str, expect: &[&str]) {
        let (_, diagnostics) = read(text);
        let found: Vec<_> =
            diagnostics.iter().map(|d| format!("{} {}", d.location.as_ref().unwrap().position.line, d.code)).collect();
        assert_eq!(found, expect, "{text}");
        assert!(diagnostics.iter().all(|diagnostic| !diagnostic.help.is_empty()), "{text}");
    }

    #[test]
    fn a_file_that_is_one_transaction_runs_in_that_of_the_runner() {
        sound("BEGIN; SELECT 1; COMMIT;", &["SELECT 1"], None);
        sound("begin immediate transaction; SELECT 1; SELECT 2; end transaction", &["SELECT 1", "SELECT 2"], None);
        sound("BEGIN; COMMIT;", &[], None);
        sound("-- dbmigrate: foreign-keys off\nBEGIN;\n-- dbmigrate: call a\nEND", &["a"], Some(false));
        sound(
            "PRAGMA foreign_keys=OFF; PRAGMA legacy_alter_table = ON; PRAGMA defer_foreign_keys=1; BEGIN EXCLUSIVE;\n\
             SELECT 1; COMMIT; PRAGMA foreign_keys; PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys=ON;",
            &[
                "PRAGMA legacy_alter_table = ON",
                "PRAGMA defer_foreign_keys=1",
                "SELECT 1",
                "PRAGMA legacy_alter_table = OFF",
            ],
            Some(false),
        );
    }

    #[test]
    fn the_pragma_says_what_the_author_meant() {
        for off in ["= OFF", "=0", "(false)", "= 'no'"] {
            sound(
                &format!("PRAGMA foreign_keys {off};\nSELECT 1;\nPRAGMA main.Foreign_Keys = ON"),
                &["SELECT 1"],
                Some(false),
            );
        }
        sound("PRAGMA foreign_keys = ON; SELECT 1; PRAGMA foreign_keys", &["SELECT 1"], None);
        sound("-- dbmigrate: foreign-keys off\nPRAGMA foreign_keys = ON; SELECT 1", &["SELECT 1"], Some(false));
        sound("-- dbmigrate: foreign-keys on\nPRAGMA foreign_keys = ON; SELECT 1", &["SELECT 1"], Some(true));
        sound("PRAGMA foreign_keys OFF", &["PRAGMA foreign_keys OFF"], None);
        sound("EXPLAIN PRAGMA foreign_keys = OFF", &["EXPLAIN PRAGMA foreign_keys = OFF"], None);
        wrong("-- dbmigrate: foreign-keys on\nPRAGMA foreign_keys = OFF; SELECT 1", &["2 contradiction"]);
    }

    #[test]
    fn other_transaction_control_is_an_error() {
        wrong(
            "SELECT 1;\nCOMMIT;\nPRAGMA foreign_keys=OFF;\nBEGIN;",
            &["2 transaction-control", "4 transaction-control"],
        );
        wrong("BEGIN;\nSELECT 1;", &["1 transaction-control"]);
        wrong("SELECT 1;\nEND", &["2 transaction-control"]);
        wrong("COMMIT;\nBEGIN", &["1 transaction-control", "2 transaction-control"]);
        wrong("SELECT 1;\nBEGIN;\nCOMMIT", &["2 transaction-control", "3 transaction-control"]);
        wrong("BEGIN;\nCOMMIT;\n-- dbmigrate: call a", &["1 transaction-control", "2 transaction-control"]);
        wrong("BEGIN;\nSELECT 1;\nROLLBACK", &["1 transaction-control", "3 transaction-control"]);
        wrong(
            "BEGIN;\nSAVEPOINT a;\nRELEASE a;\nROLLBACK TO a;\nCOMMIT",
            &["2 transaction-control", "3 transaction-control", "4 transaction-control"],
        );
        wrong("BEGIN NONSENSE;\nCOMMIT", &["1 transaction-control", "2 transaction-control"]);
        let twice =
            ["1 transaction-control", "2 transaction-control", "3 transaction-control", "4 transaction-control"];
        wrong("BEGIN;\nCOMMIT;\nBEGIN;\nCOMMIT;", &twice);
        sound(
            "CREATE TRIGGER t BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; END",
            &["CREATE TRIGGER t BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; END"],
            None,
        );
    }

    #[test]
    fn what_a_transaction_voids_or_refuses_is_an_error() {
        for statement in [
            "VACUUM",
            "VACUUM INTO 'x'",
            "DETACH x",
            "PRAGMA journal_mode=WAL",
            "PRAGMA page_size(4096)",
            "PRAGMA auto_vacuum = FULL",
            "PRAGMA main.synchronous = OFF",
            "PRAGMA wal_checkpoint(TRUNCATE)",
        ] {
            wrong(&format!("SELECT 1;\n{statement};"), &["2 not-in-transaction"]);
            wrong(&format!("BEGIN;\n{statement};\nCOMMIT;"), &["2 not-in-transaction"]);
            sound(&format!("-- dbmigrate: no-transaction\n{statement};"), &[statement], None);
        }
        for statement in ["PRAGMA journal_mode", "PRAGMA user_version = 1", "PRAGMA cache_size = 10", "ATTACH 'x' AS y"]
        {
            sound(statement, &[statement], None);
        }
        let (_, diagnostics) = read("VACUUM");
        assert_eq!(
            diagnostics[0].to_string(),
            "migrations/001_a.sql:1:1: error: `VACUUM` inside a transaction\n  help: put `-- dbmigrate: \
            no-transaction` before the first statement of this half, to run it statement by statement"
        );
    }

    #[test]
    fn outside_a_transaction_groups_are_balanced() {
        let check = |text: &str, expect: &[&str]| wrong(&format!("-- dbmigrate: no-transaction\n{text}"), expect);
        check("SELECT 1;\nBEGIN;\nSELECT 2;", &["3 transaction-control"]);
        check("SELECT 1;\nCOMMIT;", &["3 transaction-control"]);
        check("BEGIN;\nBEGIN;\nEND", &["3 transaction-control"]);
        check(
            "SAVEPOINT a;\nRELEASE a;\nROLLBACK",
            &["2 transaction-control", "3 transaction-control", "4 transaction-control"],
        );
        check("BEGIN;\n-- dbmigrate: call a\nCOMMIT", &["3 transaction-control"]);
        check("BEGIN;\nVACUUM;\nPRAGMA foreign_keys = OFF;\nCOMMIT", &["3 not-in-transaction", "4 not-in-transaction"]);
        sound(
            "-- dbmigrate: no-transaction\nPRAGMA foreign_keys = OFF; BEGIN; PRAGMA cache_size = 9; COMMIT; VACUUM; \
             BEGIN; END;\n-- dbmigrate: call a",
            &["PRAGMA foreign_keys = OFF", "BEGIN", "PRAGMA cache_size = 9", "COMMIT", "VACUUM", "BEGIN", "END", "a"],
            None,
        );
    }

    #[test]
    fn what_the_statement_before_did_is_asked_in_its_transaction_only() {
        let check = |text: &str, expect: &[&str]| wrong(&format!("-- dbmigrate: no-transaction\n{text}"), expect);
        for ask in ["last_insert_rowid()", "\"Changes\" ()", "[total_changes] /* so */ ()"] {
            check(&format!("INSERT INTO a VALUES (1);\nINSERT INTO b VALUES ({ask});"), &["3 other-connection"]);
            check(
                &format!("INSERT INTO a VALUES (1);\nBEGIN;\nINSERT INTO b VALUES ({ask});\nCOMMIT"),
                &["4 other-connection"],
            );
            check(&format!("BEGIN;\nINSERT INTO a VALUES (1);\nINSERT INTO b VALUES ({ask});\nCOMMIT"), &[]);
            let trigger = format!("CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO b VALUES ({ask}); END");
            check(&trigger, &[]);
            let alone = format!("INSERT INTO a VALUES (1);\nINSERT INTO b VALUES ({ask})");
            sound(&alone, &alone.split(";\n").collect::<Vec<_>>(), None);
        }
        check("INSERT INTO a(changes) VALUES (1);\nINSERT INTO b SELECT changes FROM a -- changes()", &[]);
    }

    #[test]
    fn no_file_does_without_a_journal() {
        for off in ["PRAGMA journal_mode = OFF", "pragma main.journal_mode('off')"] {
            wrong(&format!("-- dbmigrate: no-transaction\n{off}"), &["2 no-journal"]);
        }
        for other in ["PRAGMA journal_mode = WAL", "PRAGMA journal_mode = MEMORY", "PRAGMA journal_mode"] {
            sound(&format!("-- dbmigrate: no-transaction\n{other}"), &[other], None);
        }
    }

    #[test]
    fn temporary_objects_do_not_survive_a_resume() {
        for statement in [
            "CREATE TEMP TABLE a(b)",
            "create temporary view a AS SELECT 1",
            "CREATE TEMP TRIGGER t BEGIN SELECT 1; END",
            "CREATE TABLE IF NOT EXISTS temp.a(b)",
            "CREATE UNIQUE INDEX \"TEMP\".i ON a(b)",
            "CREATE VIRTUAL TABLE temp.a USING fts5(b)",
        ] {
            wrong(&format!("-- dbmigrate: no-transaction\n{statement}"), &["2 temporary-object"]);
            sound(statement, &[statement], None);
        }
        for table in ["CREATE TABLE temp(a)", "CREATE TABLE main.a(b)", "CREATE UNIQUE INDEX main.i ON a(b)"] {
            sound(&format!("-- dbmigrate: no-transaction\n{table}"), &[table], None);
        }
    }
}
