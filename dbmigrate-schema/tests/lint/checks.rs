//! Checks that depend on the moment: what the rule says of inserts is what SQLite does.

use rusqlite::Connection;

use crate::support::lint_newest;

#[test]
fn sqlite_refuses_what_the_rule_says_it_refuses() {
    for (check, is_unstable) in [
        ("a <= CURRENT_TIMESTAMP", true),
        ("a <> CURRENT_DATE OR a <> CURRENT_TIME", true),
        ("datetime(a, 'localtime') IS NOT NULL", true),
        ("datetime(a, 'UTC') IS NOT NULL", true),
        ("a > datetime()", true),
        ("a >= strftime('%s')", true),
        ("a < unixepoch('now')", true),
        ("a < date('Now', '+1 day')", true),
        ("timediff('now', a) <> ''", true),
        ("random() <> a", true),
        ("random() <> a AND a > julianday()", true),
        ("changes() >= 0", true),
        ("a IN (SELECT 1)", false),
        ("a = date(a)", false),
        ("strftime('%Y', a) > '1900' AND a <> 'now'", false),
        ("julianday(a, 'auto') > 0", false),
        ("json_valid(a) OR length(a) > 0", false),
    ] {
        let table = format!("CREATE TABLE t (a TEXT, CHECK ({check}))");
        let connection = Connection::open_in_memory().unwrap();
        if connection.execute_batch(&table).is_err() {
            assert!(check.contains("SELECT"), "{check}");
            continue;
        }
        let refused = connection.execute_batch("INSERT INTO t VALUES ('2000-01-01')").err().map(|it| it.to_string());
        let refused = refused.is_some_and(|why| why.contains("non-deterministic"));
        let findings = lint_newest(&["SELECT 1", &table]);
        let found = findings.iter().find(|it| it.rule.name == "unstable-check");
        let says =
            found.is_some_and(|it| it.diagnostic.notes.iter().any(|note| note.starts_with("every insert will fail")));
        assert_eq!((found.is_some(), says), (is_unstable, refused), "{check}");
    }
}
