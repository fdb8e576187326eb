//! Foreign keys: a replay refuses what the runner refuses of them, and nothing else.

use super::{check, found};

const PARENTS: (&str, &str) = (
    "001_a.sql",
    "CREATE TABLE q(a); CREATE TABLE r(k REFERENCES q(a));
     CREATE TABLE p(id INTEGER PRIMARY KEY, n); CREATE TABLE c(p REFERENCES p ON DELETE CASCADE);
     INSERT INTO p VALUES (1, 'a'); INSERT INTO c VALUES (1), (NULL);",
);

#[test]
fn an_orphan_is_found_beside_foreign_keys_that_nobody_can_check() {
    let replay = check(&[PARENTS, ("002_b.sql", "-- dbmigrate: foreign-keys off\nINSERT INTO c VALUES (77);")]);
    assert_eq!(
        found(&replay),
        ["migrations/002_b.sql `migrations/002_b.sql` leaves a row in `c` that refers to no row in `p`"]
    );
}

#[test]
fn what_was_wrong_before_is_no_fault_of_a_file() {
    let replay = check(&[PARENTS, ("002_b.sql", "-- dbmigrate: foreign-keys off\nINSERT INTO c VALUES (1);")]);
    assert_eq!(found(&replay), Vec::<String>::new());
}

#[test]
fn a_new_foreign_key_to_no_key_is_found_where_foreign_keys_are_off() {
    for head in ["-- dbmigrate: foreign-keys off\n", "-- dbmigrate: foreign-keys off\n-- dbmigrate: no-transaction\n"] {
        let replay = check(&[PARENTS, ("002_b.sql", &format!("{head}CREATE TABLE s(k REFERENCES p(n));"))]);
        assert_eq!(
            found(&replay),
            ["migrations/002_b.sql `migrations/002_b.sql` leaves a foreign key that refers to columns that are not a \
                key"]
        );
        assert_eq!(replay.diagnostics[0].notes, ["foreign key mismatch - \"s\" referencing \"p\""]);
        let replay = check(&[
            PARENTS,
            ("002_b.sql", &format!("{head}CREATE TABLE s(k REFERENCES p(n));\nCREATE UNIQUE INDEX i ON p(n);")),
        ]);
        assert_eq!(found(&replay), Vec::<String>::new());
    }
}

#[test]
fn with_foreign_keys_on_by_the_files_own_word_a_drop_takes_no_rows_along() {
    let rebuild = "-- dbmigrate: foreign-keys on\nCREATE TABLE new(id INTEGER PRIMARY KEY);\n\
                   INSERT INTO new SELECT id FROM p;\nDROP TABLE p;\nALTER TABLE new RENAME TO p;";
    let replay = check(&[PARENTS, ("002_b.sql", rebuild)]);
    assert_eq!(
        found(&replay),
        [
            "migrations/002_b.sql:4:1 dropping `p` with foreign keys on would delete or change 1 row of `c` that refer to it"
        ]
    );
    let replay =
        check(&[PARENTS, ("002_b.sql", &rebuild.replace("CREATE TABLE new", "DELETE FROM c; CREATE TABLE new"))]);
    assert_eq!(found(&replay), Vec::<String>::new());
    let replay = check(&[PARENTS, ("002_b.sql", &format!("-- dbmigrate: no-transaction\n{rebuild}"))]);
    assert_eq!(replay.diagnostics.len(), 1, "{:?}", found(&replay));
}

#[test]
fn with_foreign_keys_on_by_the_files_own_word_only_rows_that_refer_to_the_table_stand_in_the_way() {
    let makes = "CREATE TABLE pair(a, b, PRIMARY KEY (a, b));
                 CREATE TABLE half(a, b, FOREIGN KEY (a, b) REFERENCES pair ON DELETE CASCADE);
                 CREATE TABLE tree(id INTEGER PRIMARY KEY, up REFERENCES tree ON DELETE CASCADE);
                 INSERT INTO pair VALUES (1, 1); INSERT INTO tree VALUES (1, NULL), (2, 1);
                 INSERT INTO half VALUES (1, NULL), (NULL, 1);";
    let drops = "-- dbmigrate: foreign-keys on\nDROP TABLE pair;\nDROP TABLE tree;\nDROP TABLE IF EXISTS gone;";
    let replay = check(&[("001_a.sql", makes), ("002_b.sql", drops)]);
    assert_eq!(found(&replay), Vec::<String>::new());
    let whole = format!("{makes} INSERT INTO half VALUES (1, 1);");
    let replay = check(&[("001_a.sql", &whole), ("002_b.sql", drops)]);
    assert_eq!(
        found(&replay),
        ["migrations/002_b.sql:2:1 dropping `pair` with foreign keys on would delete or change 1 row of `half` that \
            refer to it"]
    );
}

#[test]
fn a_drop_that_another_one_follows_takes_no_rows_along_either() {
    let drops = "DELETE FROM p WHERE id = 0; DROP TABLE p; DROP TABLE other;";
    let replayed =
        |third: &str| found(&check(&[PARENTS, ("002_b.sql", "CREATE TABLE other(x);"), ("003_c.sql", third)]));
    for drops in [drops, &format!("-- dbmigrate: no-transaction\n{drops}")] {
        let found = replayed(drops);
        assert!(found[0].contains("drops `p`, which other tables reference"), "{found:?}");
    }
    // What it writes to a table that nobody refers to needs no cascade.
    let writes = "UPDATE other SET x = 1; DROP TABLE p; CREATE TABLE p(id INTEGER PRIMARY KEY, n); \
                  INSERT INTO p VALUES (1, 'a');";
    assert_eq!(replayed(writes), Vec::<String>::new());
}

#[test]
fn a_trigger_that_a_cascade_would_fire_keeps_the_rows_of_what_is_dropped() {
    let replay = check(&[
        PARENTS,
        (
            "002_b.sql",
            "CREATE TABLE log(x); CREATE TRIGGER t AFTER DELETE ON c BEGIN INSERT INTO log VALUES (old.p); END;",
        ),
        ("003_c.sql", "INSERT INTO log VALUES (0); DROP TABLE p; DROP TABLE c;"),
        ("004_d.sql", "CREATE TABLE one(n CHECK (n = 1)); INSERT INTO one SELECT count(*) FROM log;"),
    ]);
    assert_eq!(found(&replay), Vec::<String>::new());
}

#[test]
fn without_a_transaction_a_table_is_dropped_without_the_rows_of_others_too() {
    for drop in ["DROP TABLE t;", "BEGIN; INSERT INTO t VALUES (2); DROP TABLE t; COMMIT;"] {
        let text = format!(
            "-- dbmigrate: no-transaction\nCREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);\n\
             CREATE TABLE u(t REFERENCES t ON DELETE CASCADE); INSERT INTO u VALUES (1);\n{drop}\n\
             CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);"
        );
        let replay = check(&[
            ("001_a.sql", &text),
            ("002_b.sql", "CREATE TABLE one(n CHECK (n = 1)); INSERT INTO one SELECT count(*) FROM u;"),
        ]);
        assert_eq!(found(&replay), Vec::<String>::new(), "{drop}");
    }
}
