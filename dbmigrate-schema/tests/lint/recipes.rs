//! What a finding recommends can be pasted, and works with the SQLite that the package counts on.

use std::collections::BTreeSet;

use dbmigrate_core::Config;
use dbmigrate_schema::lint::{Options, RULES, lint};
use rusqlite::Connection;

use crate::support::{lint_newest, set_with};

/// The texts between backticks of all that is recommended.
fn recommended(help: &[String]) -> Vec<&str> {
    help.iter().flat_map(|help| help.split('`').skip(1).step_by(2)).collect()
}

/// SQLite reads every statement that stands there whole.
#[test]
fn every_statement_in_a_help_text_is_one() {
    let mut statements = 0;
    for rule in RULES.iter().filter(|rule| !rule.is_elsewhere()) {
        for example in rule.fails {
            let before = if example.before.is_empty() { "SELECT 1;" } else { example.before };
            for finding in lint_newest(&[before, example.now]) {
                for text in recommended(&finding.diagnostic.help_texts()) {
                    let is_whole = text.ends_with(';') && !text.contains('…');
                    let is_sql = ["ALTER ", "CREATE ", "DROP ", "UPDATE "].iter().any(|word| text.starts_with(word));
                    if !(is_whole && is_sql) {
                        continue;
                    }
                    let run = |start: &[&str]| {
                        let database = Connection::open_in_memory().unwrap();
                        start.iter().for_each(|sql| drop(database.execute_batch(sql)));
                        database.execute_batch(text)
                    };
                    let runs = [run(&[example.before]), run(&[example.before, example.now])];
                    // It may stand in the middle of a recipe, and need what comes before it.
                    let reads = |run: &rusqlite::Result<()>| {
                        let error = run.as_ref().err().map(ToString::to_string).unwrap_or_default();
                        !error.contains("syntax error") && !error.contains("incomplete input")
                    };
                    assert!(runs.iter().any(reads), "{}: `{text}`: {runs:?}", rule.name);
                    statements += 1;
                }
            }
        }
    }
    assert!(statements >= 20, "only {statements} statements");
}

#[test]
fn what_only_a_later_sqlite_can_is_not_recommended_to_an_earlier_one() {
    let check = |min_sqlite, expect: &str| {
        let files = [
            ("001_a.sql", "CREATE TABLE \"my users\" (id INTEGER PRIMARY KEY)"),
            ("002_b.sql", "ALTER TABLE \"my users\" ADD COLUMN a TEXT NOT NULL"),
        ];
        let set = set_with(&files, Config { min_sqlite: Some(min_sqlite), ..Config::default() });
        let old = BTreeSet::from([1]);
        let (_, findings) = lint(&set, None, &Options { old: Some(&old), ..Options::default() });
        let finding = findings.iter().find(|finding| finding.rule.name == "add-not-null-without-default").unwrap();
        assert!(recommended(&finding.diagnostic.help_texts()).contains(&expect), "{}", finding.diagnostic);
    };
    check(
        (3, 53),
        "ALTER TABLE \"my users\" ADD COLUMN a TEXT; UPDATE \"my users\" SET a = …; \
         ALTER TABLE \"my users\" ALTER COLUMN a SET NOT NULL;",
    );
    check((3, 35), "cargo dbmigrate generate --fill '\"my users\".a=…'");
}
