//! Words in double quotes that become texts.

use crate::support::lint_newest;

const BASE: &str = "CREATE TABLE t (a, b); CREATE TABLE \"odd \"\"name\" (\"x y\");
                    CREATE VIEW old AS SELECT a FROM t WHERE b = \"old\";
                    CREATE TRIGGER old_one AFTER DELETE ON t BEGIN INSERT INTO t (a) VALUES (\"older\"); END;";

/// What is said of words, each with its place in the file.
#[track_caller]
fn says(sql: &str, expect: &[&str]) {
    let findings = lint_newest(&[BASE, sql]);
    let words = findings.iter().filter(|it| ["copied-name-as-text", "double-quoted-text"].contains(&it.rule.name));
    let said: Vec<_> = words
        .map(|it| {
            let location = it.diagnostic.location.as_ref().unwrap();
            let text = &location.text[location.span.start..location.span.end];
            format!("{}: {} ({text})", it.rule.name, it.diagnostic.message)
        })
        .collect();
    assert_eq!(said, expect, "{sql}");
}

#[test]
fn the_word_itself_is_shown() {
    says(
        "INSERT INTO t (a, b) SELECT \"x y\", \"b\" FROM \"odd \"\"name\"",
        &["copied-name-as-text: `t` gets the string 'b' in every row: there is no such column (\"b\")"],
    );
    says(
        "UPDATE t SET a = \"it's\", b = \"größe\" || \"b\"",
        &["double-quoted-text: `\"it's\"`, `\"größe\"` are not names of anything, so SQLite takes them for a string \
             (\"it's\")"],
    );
    says(
        "CREATE VIEW v AS SELECT a FROM t\nWHERE b = \"new\"",
        &["double-quoted-text: `\"new\"` in the view `v` is not a name of anything, so SQLite takes it for a string \
             (CREATE VIEW v AS SELECT a FROM t)"],
    );
    let many: Vec<_> = (0..30).map(|at| format!("(\"v{at}\", 'a')")).collect();
    let findings = lint_newest(&[BASE, &format!("INSERT INTO t VALUES {}", many.join(", "))]);
    assert_eq!(findings.iter().filter(|it| it.rule.name == "double-quoted-text").count(), 1);
}

#[test]
fn what_stands_elsewhere_is_not_the_fault_of_the_statement() {
    says("DELETE FROM t WHERE \"a\" = 1", &[]);
    says("CREATE VIEW \"v\" AS SELECT * FROM old", &[]);
    says("ALTER TABLE t ADD COLUMN \"c\" TEXT DEFAULT \"yes\"", &[]);
    says("PRAGMA \"user_version\" = 3; PRAGMA legacy_alter_table = \"on\"", &[]);
}
