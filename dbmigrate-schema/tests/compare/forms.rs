//! Objects of every form, and what other statements make of them: cases of the list.

use super::*;

/// The schema that a database is left with, read from it.
#[track_caller]
fn live(sql: &str) -> Schema {
    let connection = Connection::open_in_memory().expect("memory");
    connection.execute_batch(sql).expect(sql);
    Schema::read(&connection, &ReadOptions::default()).expect(sql)
}

#[track_caller]
fn altered(sql: &str, clean: &str) {
    let (live, clean) = (live(sql), schema(clean));
    assert_eq!(live.opaque().next(), None);
    expect(&live, &clean, &[]);
    expect(&clean, &live, &[]);
    round_trip(&live);
}

#[test]
fn case_09_references_of_every_form_are_read_as_sqlite_reads_them() {
    let read = schema(
        "CREATE TABLE p (a, b, c PRIMARY KEY, UNIQUE (a, b)) WITHOUT ROWID;
         CREATE TABLE t (a REFERENCES P, b REFERENCES p (C) ON UPDATE SET DEFAULT MATCH FULL, c,
           CONSTRAINT f FOREIGN KEY (a, c) REFERENCES \"p\" (a, b) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED)",
    );
    let keys: Vec<_> = read.table(&Name::new("t")).unwrap().foreign_keys().cloned().collect();
    assert_eq!(keys.len(), 3);
    assert_eq!((&keys[0].parent, keys[0].parent_columns.len()), (&Name::new("p"), 0));
    assert_eq!((keys[1].on_update, keys[1].match_name.clone()), (Action::SetDefault, Some(Name::new("full"))));
    assert_eq!((keys[2].on_delete, keys[2].deferred, keys[2].columns.len()), (Action::Restrict, true, 2));
    round_trip(&read);
}

#[test]
fn case_11_triggers_keep_their_text_and_their_order() {
    let first = "CREATE TRIGGER z AFTER UPDATE OF a, \"b c\" ON t\n  WHEN new.a > (0) -- ;END\nBEGIN\n  \
                 UPDATE t SET a = CASE WHEN a THEN 1 END; -- last\nEND";
    let second = "CREATE TRIGGER a BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, 'x;y'); END";
    let read = schema(&format!("CREATE TABLE t (a, \"b c\"); {first}; {second};"));
    let texts: Vec<_> = read.triggers().map(|trigger| trigger.text.as_str()).collect();
    assert_eq!(texts, [first, second]);
    let trigger = read.triggers().next().unwrap();
    assert_eq!(trigger.when.as_deref(), Some("new.a > (0)"));
    assert_eq!(trigger.body, "UPDATE t SET a = CASE WHEN a THEN 1 END;");
    assert_eq!(trigger.event, Event::Update(vec![Name::new("a"), Name::new("b c")]));
    assert!(read.to_sql().contains(first) && read.to_sql().contains(second));
}

#[test]
fn case_13_temp_objects_are_not_read() {
    let read = live(
        "CREATE TABLE t (a); CREATE TEMP TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END;
         CREATE TEMP VIEW v AS SELECT 1; CREATE TEMP TABLE u (a)",
    );
    expect(&read, &schema("CREATE TABLE t (a)"), &[]);
}

#[test]
fn case_14_views_of_every_form() {
    let tables = "CREATE TABLE t (a, b);";
    same(
        &format!(
            "{tables} CREATE VIEW v AS WITH t AS (SELECT 1 AS a) SELECT a FROM t; CREATE VIEW w (\"x y\") AS SELECT a FROM v;
             CREATE TRIGGER r INSTEAD OF INSERT ON w BEGIN INSERT INTO t (a) VALUES (new.\"x y\"); END"
        ),
        &format!(
            "{tables} create view [V] as with T as (select 1 as A) select \"a\" from t; create view w ([X Y]) as select a from v;
             create trigger r instead of insert on w begin insert into t(a) values(new.[x y]); end"
        ),
    );
}

#[test]
fn case_15_a_broken_view_hides_nothing() {
    let read =
        live("CREATE TABLE t (a INT); CREATE VIEW v AS SELECT gone FROM nowhere; CREATE VIEW w AS SELECT * FROM v");
    expect(&read, &schema("CREATE TABLE t (a INT)"), &["view `v` is removed", "view `w` is removed"]);
}

#[test]
fn case_16_indexes_of_every_form() {
    let table = "CREATE TABLE t (a TEXT UNIQUE, b INT, PRIMARY KEY (a, b));";
    let read = schema(&format!(
        "{table} CREATE UNIQUE INDEX i ON t (a COLLATE NOCASE DESC, b + 1 ASC, lower(a) COLLATE NOCASE) WHERE b IS NOT NULL"
    ));
    // What the constraints make by themselves is no object.
    let index: Vec<_> = read.indexes().collect();
    assert_eq!(index.len(), 1);
    assert_eq!(index[0].columns[1].by, Indexed::Expression("b + 1".to_owned()));
    assert_eq!(index[0].columns[2].by, Indexed::Expression("lower(a)".to_owned()));
    assert_eq!(index[0].columns[2].collation, Some(Name::new("nocase")));
    round_trip(&read);
    differs(
        &format!("{table} CREATE INDEX i ON t (a)"),
        &format!("{table} CREATE INDEX i ON t (a COLLATE NOCASE)"),
        &["index `i` on `t` changes its columns from `a` to `a COLLATE NOCASE`"],
    );
}

#[test]
fn case_17_a_qualified_name_is_the_same_in_any_quotes() {
    same(
        "CREATE TABLE t (a, b, CHECK (t.a > 0), CHECK (t.b > 0))",
        "CREATE TABLE t (a, b, CHECK (\"t\".\"a\" > 0), CHECK ([t].`b` > 0))",
    );
}

#[test]
fn case_19_shadow_tables_are_never_listed() {
    let sql = "CREATE VIRTUAL TABLE f USING fts5(title, body, content = '', tokenize = 'porter unicode61');
               CREATE VIRTUAL TABLE r USING rtree(id, x1, x2); CREATE TABLE f_other (a)";
    let read = schema(sql);
    let names: Vec<_> = read.objects.iter().map(|object| (object.kind(), object.name().to_string())).collect();
    assert_eq!(
        names,
        [
            (Kind::VirtualTable, "f".to_owned()),
            (Kind::VirtualTable, "r".to_owned()),
            (Kind::Table, "f_other".to_owned())
        ]
    );
    same(sql, &sql.replace("fts5(title, body,", "FTS5( title,body ,"));
    differs(
        sql,
        &sql.replace("title, ", ""),
        &[
            "virtual table `f` changes its arguments from `title, body, content = '', tokenize = 'porter unicode61'` to \
         `body, content = '', tokenize = 'porter unicode61'`",
        ],
    );
}

#[test]
fn case_20_attached_databases_are_not_read() {
    let read =
        live("CREATE TABLE t (a); ATTACH ':memory:' AS other; CREATE TABLE other.t (b); CREATE TABLE other.u (b)");
    expect(&read, &schema("CREATE TABLE t (a)"), &[]);
}

#[test]
fn case_21_autoincrement_is_a_difference_and_its_counter_is_no_table() {
    differs(
        "CREATE TABLE t (a INTEGER PRIMARY KEY)",
        "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)",
        &["table `t`: `PRIMARY KEY (a)` is removed", "table `t`: `PRIMARY KEY (a AUTOINCREMENT)` is added"],
    );
}

#[test]
fn case_23_each_kind_of_integer_key_is_itself() {
    for (sql, alias) in [
        ("CREATE TABLE t (a INTEGER PRIMARY KEY)", true),
        ("CREATE TABLE t (a integer, PRIMARY KEY (a))", true),
        ("CREATE TABLE t (a INTEGER, PRIMARY KEY (a DESC))", true),
        ("CREATE TABLE t (a \"INTEGER\" PRIMARY KEY)", true),
        ("CREATE TABLE t (a [INTEGER] PRIMARY KEY)", true),
        ("CREATE TABLE t (a INTEGER(4) PRIMARY KEY)", false),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY DESC)", false),
        ("CREATE TABLE t (a INT PRIMARY KEY)", false),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY) WITHOUT ROWID", false),
        ("CREATE TABLE t (a INTEGER, b, PRIMARY KEY (a, b))", false),
        ("CREATE TABLE t (a INTEGER UNIQUE)", false),
    ] {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(sql).unwrap();
        let read = Schema::read(&connection, &ReadOptions::default()).unwrap();
        let table = read.table(&Name::new("t")).unwrap();
        assert_eq!(table.rowid_alias().is_some(), alias, "{sql}");
        // SQLite itself: only an alias of the rowid can't hold a text.
        let text =
            if table.columns.len() == 1 { "INSERT INTO t VALUES ('x')" } else { "INSERT INTO t VALUES ('x', 1)" };
        assert_eq!(connection.execute(text, []).is_err(), alias, "{sql}");
        round_trip(&read);
    }
}

#[test]
fn case_24_and_27_the_options_of_a_table_are_differences() {
    differs(
        "CREATE TABLE t (a INT PRIMARY KEY)",
        "CREATE TABLE t (a INT PRIMARY KEY) WITHOUT ROWID, STRICT",
        &["table `t` becomes `STRICT`", "table `t` becomes `WITHOUT ROWID`"],
    );
    differs("CREATE TABLE t (a ANY) STRICT", "CREATE TABLE t (a ANY)", &["table `t` is no longer `STRICT`"]);
}

#[test]
fn case_28_generated_columns() {
    let read = schema("CREATE TABLE t (a INT, b INT GENERATED ALWAYS AS (a + 1) STORED, c AS (b * 2) UNIQUE NOT NULL)");
    let table = read.table(&Name::new("t")).unwrap();
    assert_eq!(table.columns[1].declared_type.as_deref(), Some("INT"));
    assert_eq!(table.columns[1].generated, Some(Generated { expression: "a + 1".to_owned(), stored: true }));
    assert_eq!(table.columns[2].declared_type, None);
    round_trip(&read);
}

#[test]
fn case_29_defaults_of_every_form() {
    for (text, constant) in [
        ("1", true),
        ("-1", true),
        ("+ 1.5e3", true),
        ("'it''s'", true),
        ("x'00'", true),
        ("NULL", true),
        ("TRUE", true),
        ("foo", true),
        ("\"bar\"", true),
        ("[a b]", true),
        ("(1)", true),
        ("(-1)", true),
        ("(((1)))", true),
        ("('x')", true),
        ("CURRENT_TIMESTAMP", false),
        ("(CURRENT_DATE)", false),
        ("(1 + 1)", false),
        ("(datetime('now', '-1 day'))", false),
        ("(json_array(1, ')', 2))", false),
    ] {
        for after in ["", " NOT NULL", " CHECK (a <> 'DEFAULT 1')"] {
            let read = schema(&format!("CREATE TABLE t (a DEFAULT {text}{after}, b)"));
            let default = read.table(&Name::new("t")).unwrap().columns[0].default.clone().unwrap();
            assert_eq!((default.text.as_str(), default.constant), (text, constant));
            round_trip(&read);
            // SQLite itself: only a constant can be added to a table that holds a row.
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)").unwrap();
            let added = connection.execute_batch(&format!("ALTER TABLE t ADD COLUMN b DEFAULT {text}"));
            assert_eq!(added.is_ok(), constant, "{text}");
        }
    }
}

#[test]
fn case_32_odd_names_survive() {
    let names = ["a b", "a.b", "größe", "🦀", "a\"\"b", "order", "x'y", "a`b", "(", ",", "--", "CHECK"];
    let columns: Vec<_> = names.iter().map(|name| format!("\"{name}\" TEXT NOT NULL")).collect();
    let read = schema(&format!("CREATE TABLE \"my \"\"t\" ({}, [z], `y`, 'w')", columns.join(", ")));
    let table = read.table(&Name::new("My \"t")).unwrap();
    let found: Vec<_> = table.columns.iter().map(|column| column.name.as_str().replace('"', "\"\"")).collect();
    assert_eq!(found, [&names[..], &["z", "y", "w"]].concat());
    round_trip(&read);
    same("CREATE TABLE t (Name TEXT)", "CREATE TABLE T (NAME TEXT)");
}

#[test]
fn case_36_comments_are_kept() {
    let text = "CREATE TABLE t (\n  a INT, -- first; 'and'\n  /* END */ b INT CHECK (b > 0 -- more\n  )\n)";
    let read = schema(&format!("{text};"));
    assert_eq!(read.to_sql(), format!("{text};\n"));
    same(text, "CREATE TABLE t (a INT, b INT CHECK (b > 0))");
    same(&text.replace('\n', "\r\n"), text);
    let view = "CREATE VIEW v AS SELECT 1 AS a -- one";
    assert_eq!(schema(&format!("{view}\n;")).to_sql(), "CREATE VIEW v AS SELECT 1 AS a;\n");
}

#[test]
fn case_38_the_text_that_alter_leaves_equals_the_clean_one() {
    altered(
        "CREATE TABLE teams (id INTEGER PRIMARY KEY, CHECK (id > 0)); INSERT INTO teams VALUES (1);
         ALTER TABLE teams ADD COLUMN name TEXT NOT NULL DEFAULT 'x' CHECK (name <> '');
         ALTER TABLE teams ADD COLUMN owner REFERENCES teams (id);
         ALTER TABLE teams RENAME TO groups;
         ALTER TABLE groups RENAME COLUMN name TO \"full name\";
         ALTER TABLE groups DROP COLUMN owner",
        "CREATE TABLE groups (
           id INTEGER PRIMARY KEY,
           [full name] TEXT DEFAULT 'x' NOT NULL,
           CHECK (id > 0),
           CHECK ([full name] <> '')
         )",
    );
}

#[test]
fn case_39_a_schema_equals_itself_after_its_own_dump() {
    round_trip(&schema(include_str!("../everything.sql")));
    same(include_str!("../everything.sql"), include_str!("../everything.sql"));
}

#[test]
fn case_40_what_can_not_be_understood_is_compared_by_its_text() {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("CREATE TABLE t (a); CREATE TABLE u (a);").unwrap();
    let write = |sql: &str| {
        connection
            .execute_batch(&format!(
                "PRAGMA writable_schema = ON; {sql}; PRAGMA writable_schema = OFF; PRAGMA writable_schema = RESET"
            ))
            .unwrap();
    };
    write("UPDATE sqlite_schema SET sql = 'CREATE TABLE u (a CONSTRAINT n)' WHERE name = 'u'");
    // The module is nowhere.
    write("INSERT INTO sqlite_schema VALUES ('table', 'm', 'm', 0, 'CREATE VIRTUAL TABLE m USING no_such_module (x)')");
    let read = Schema::read(&connection, &ReadOptions::default()).unwrap();
    let names: Vec<_> = read.objects.iter().map(|object| (object.kind(), object.name().as_str())).collect();
    assert_eq!(names, [(Kind::Table, "t"), (Kind::Table, "u"), (Kind::VirtualTable, "m")]);
    assert_eq!(read.opaque().map(|opaque| opaque.name.as_str()).collect::<Vec<_>>(), ["u"]);
    write("UPDATE sqlite_schema SET sql = 'create table \"u\"(a /* so */ constraint n)' WHERE name = 'u'");
    let cosmetic = Schema::read(&connection, &ReadOptions::default()).unwrap();
    expect(&read, &cosmetic, &[]);
    write("UPDATE sqlite_schema SET sql = 'CREATE TABLE u (a CONSTRAINT other)' WHERE name = 'u'");
    let other = Schema::read(&connection, &ReadOptions::default()).unwrap();
    expect(
        &read,
        &other,
        &["table `u` changes its text from `CREATE TABLE u (a CONSTRAINT n)` to `CREATE TABLE u (a CONSTRAINT other)`"],
    );
}

#[test]
fn case_43_a_renamed_column_is_renamed_everywhere() {
    altered(
        "CREATE TABLE t (a INT CHECK (a > 0), b INT AS (a + 1), UNIQUE (a));
         CREATE INDEX i ON t (a, a * 2) WHERE a > 1;
         CREATE TABLE c (x REFERENCES t (a));
         CREATE VIEW v AS SELECT a AS one, t.a FROM t WHERE a > 0;
         CREATE TRIGGER r AFTER UPDATE OF a ON t BEGIN UPDATE t SET a = new.a WHERE a = old.a; END;
         ALTER TABLE t RENAME COLUMN a TO \"the key\"",
        "CREATE TABLE t (\"the key\" INT CHECK (\"the key\" > 0), b INT AS (\"the key\" + 1), UNIQUE (\"the key\"));
         CREATE INDEX i ON t ([the key], [the key] * 2) WHERE [the key] > 1;
         CREATE TABLE c (x REFERENCES t (\"the key\"));
         CREATE VIEW v AS SELECT [the key] AS one, t.[the key] FROM t WHERE [the key] > 0;
         CREATE TRIGGER r AFTER UPDATE OF [the key] ON t BEGIN
           UPDATE t SET [the key] = new.[the key] WHERE [the key] = old.[the key];
         END",
    );
}

#[test]
fn case_44_the_alters_of_3_53_lead_to_the_schema_of_a_rebuild() {
    altered(
        "CREATE TABLE t (a INT, b INT NOT NULL, c INT CONSTRAINT gone CHECK (c > 0));
         ALTER TABLE t ALTER COLUMN a SET NOT NULL;
         ALTER TABLE t ALTER COLUMN b DROP NOT NULL;
         ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0);
         ALTER TABLE t ADD CHECK (b < 9);
         ALTER TABLE t DROP CONSTRAINT gone",
        "CREATE TABLE t (a INT NOT NULL, b INT, c INT, CONSTRAINT positive CHECK (a > 0), CHECK (b < 9))",
    );
}
