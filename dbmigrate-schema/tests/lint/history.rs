//! Down scripts: what a set, a manifest or a database at hand changes about the rules.

use dbmigrate_schema::lint::{Finding, Options, Rows, lint};

use crate::support::{names, set};

const TABLE: (&str, &str) =
    ("001_a.sql", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);\n-- dbmigrate: down\nDROP TABLE t;");

fn of<'f>(findings: &'f [Finding], rule: &str) -> Vec<&'f Finding> {
    findings.iter().filter(|found| found.rule.name == rule).collect()
}

#[test]
fn a_package_that_never_goes_back_needs_no_down_scripts() {
    let mut set = set(&[TABLE, ("002_b.up.sql", "CREATE TABLE u (a);")]);
    let (_, findings) = lint(&set, None, &Options::default());
    let found = of(&findings, "missing-down");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].number, found[0].diagnostic.file.as_deref()), (2, Some("migrations/002_b.up.sql")));
    assert!(
        found[0].diagnostic.help_texts()[0].contains("`migrations/002_b.down.sql`"),
        "{:?}",
        found[0].diagnostic.help
    );
    // Before the first there is nothing to go back to.
    let first = crate::support::set(&[("001_a.sql", "CREATE TABLE t (a);")]);
    assert!(!names(&lint(&first, None, &Options::default()).1).contains("missing-down"));
    set.config.reversible = false;
    assert!(!names(&lint(&set, None, &Options::default()).1).contains("missing-down"));
}

#[test]
fn an_empty_down_script_is_named_once_and_in_its_file() {
    let set = set(&[TABLE, ("002_b.sql", "CREATE TABLE u (a);"), ("002_b.down.sql", "-- Later.")]);
    let (replay, findings) = lint(&set, None, &Options::default());
    assert_eq!(replay.diagnostics, []);
    let found = of(&findings, "empty-down");
    assert_eq!((found.len(), of(&findings, "down-not-inverse").len()), (1, 0), "{findings:?}");
    assert_eq!(found[0].diagnostic.file.as_deref(), Some("migrations/002_b.down.sql"));
}

#[test]
fn old_down_scripts_are_let_be() {
    let set = set(&[TABLE, ("002_b.sql", "CREATE TABLE u (a);\n-- dbmigrate: down\nSELECT 1;")]);
    for (old, expect) in [(vec![1], 1), (vec![1, 2], 0)] {
        let old = old.into_iter().collect();
        let (_, findings) = lint(&set, None, &Options { old: Some(&old), ..Options::default() });
        let found = of(&findings, "down-not-inverse");
        assert_eq!(found.len(), expect);
        assert!(found.iter().all(|found| found.number == 2 && found.diagnostic.code == "down-not-inverse"));
    }
}

#[test]
fn a_small_table_is_changed_in_any_file() {
    let set = set(&[TABLE, ("002_b.sql", "ALTER TABLE t ADD COLUMN b;\nUPDATE t SET b = a;")]);
    let database = rusqlite::Connection::open_in_memory().unwrap();
    database.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)").unwrap();
    let mixed = |database| {
        let rows = Some(Rows::new(database, vec![1]));
        let (_, findings) = lint(&set, None, &Options { rows, ..Options::default() });
        of(&findings, "schema-and-data-mixed").first().map(|found| found.diagnostic.notes.clone())
    };
    assert_eq!(mixed(&database), None);
    let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
                INSERT INTO t SELECT i, 'x' FROM n";
    database.execute_batch(many).unwrap();
    assert_eq!(mixed(&database), Some(vec!["it has 20000 rows now".to_owned()]));
}
