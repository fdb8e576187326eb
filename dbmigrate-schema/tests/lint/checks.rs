//! Checks that depend on the moment, and numbers made of texts: what a rule says is what SQLite does.

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

#[test]
fn a_number_that_is_made_of_a_text_is_seen_however_it_is_made() {
    let found = |column: &str, now: &str, value: &str| {
        let copy = format!(
            "CREATE TABLE n (id INTEGER PRIMARY KEY, a {now}); INSERT INTO n SELECT id, {value} FROM t; DROP TABLE t; \
             ALTER TABLE n RENAME TO t"
        );
        let findings = lint_newest(&[&format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a {column}, b INT)"), &copy]);
        let own = findings.into_iter().filter(|finding| finding.rule.name == "type-change");
        own.map(|finding| (finding.diagnostic.message.clone(), finding.diagnostic.help_texts())).next()
    };
    let connection = Connection::open_in_memory().unwrap();
    for (value, makes) in [
        ("CAST(a AS INTEGER)", true),
        ("coalesce(CAST(a AS INTEGER), 0)", true),
        ("CAST(trim(a) AS INTEGER)", true),
        ("ifnull(round(CAST(replace(a, ',', '') AS REAL)), b)", true),
        ("a + 0", true),
        ("(1 * t.a)", true),
        ("-a", true),
        ("round(a)", true),
        ("abs(trim(a))", true),
        ("CASE WHEN a GLOB '*[0-9]*' THEN CAST(a AS INTEGER) END", false),
        ("CAST(unixepoch(a) AS INTEGER)", false),
        ("length(a) + b", false),
        ("nullif(CAST(b AS INTEGER), a)", false),
    ] {
        let found = found("TEXT", "INTEGER", value);
        assert_eq!(found.is_some(), makes, "{value}");
        let sql = format!("SELECT {value} IS 0 FROM (SELECT 'x' AS a, 7 AS b) AS t");
        assert_eq!(connection.query_row(&sql, [], |row| row.get::<_, bool>(0)).unwrap(), makes, "{value}");
        if let Some((message, helps)) = found {
            assert!(message.starts_with("this turns every text in `t` into a number"), "{message}");
            assert!(helps[0].contains("`CASE WHEN … THEN CAST(… AS …) ELSE … END`"), "{helps:?}");
        }
    }
    // What a copy as it is would need is said as it fits.
    let (_, helps) = found("TEXT", "INTEGER", "a").unwrap();
    assert!(helps[0].contains("`CASE WHEN … THEN CAST(… AS …) ELSE … END`"), "{helps:?}");
    let (_, helps) = found("INTEGER", "REAL", "a").unwrap();
    assert!(helps[0].ends_with("`CAST(… AS …)`, which turns a text into 0, or a `CASE`"), "{helps:?}");
    assert!(found("", "INTEGER", "a + 1").is_none());
    // A text that is only tidied up is still one, of which the type makes a number.
    for value in ["trim(a)", "coalesce(lower(a), '')", "a COLLATE NOCASE"] {
        let (message, _) = found("TEXT", "INTEGER", value).unwrap();
        assert!(message.starts_with("columns of `t` get another type, which changes values"), "{value}: {message}");
        assert!(found("TEXT", "VARCHAR", value).is_none(), "{value}");
    }
    assert!(found("TEXT", "INTEGER", "unixepoch(a)").is_none());
}
