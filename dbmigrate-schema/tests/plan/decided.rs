//! What is planned without a word, and what a person is asked.

use dbmigrate_schema::{AllowedDrops, Decisions, DropTarget, Hazard, Name, Rename, Schema, Undecided, plan};

use crate::support::{applies, check, decisions, planned, refuses, rows, schema};

#[test]
fn what_is_new_is_created_and_what_goes_is_dropped_in_an_order_that_works() {
    let teams = "CREATE TABLE teams (id INTEGER PRIMARY KEY); CREATE INDEX teams_id ON teams (id);
                 CREATE VIEW all_teams AS SELECT * FROM teams;
                 CREATE TRIGGER t AFTER INSERT ON teams BEGIN SELECT 1; END;
                 CREATE TRIGGER v INSTEAD OF INSERT ON all_teams BEGIN SELECT 1; END;";
    check(
        "",
        teams,
        "",
        "CREATE TABLE teams (\n  id INTEGER PRIMARY KEY\n);\n\n\
         CREATE INDEX teams_id ON teams (id);\nCREATE VIEW all_teams AS SELECT * FROM teams;\n\
         CREATE TRIGGER t AFTER INSERT ON teams BEGIN SELECT 1; END;\n\
         CREATE TRIGGER v INSTEAD OF INSERT ON all_teams BEGIN SELECT 1; END;\n",
    );
    check(
        teams,
        "",
        "drop-table",
        "DROP TRIGGER v;\nDROP VIEW all_teams;\n\n-- drops the table `teams` and its content\nDROP TABLE teams;\n",
    );
    check(teams, teams, "", "");
    assert!(planned(teams, &teams.to_uppercase(), "").is_empty());
    // A parent goes while foreign keys are off: its rows would take others along.
    let children = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p ON DELETE CASCADE);";
    assert!(planned(children, "CREATE TABLE c (p)", "drop-table").foreign_keys_off);
    assert!(!planned(children, "CREATE TABLE p (id INTEGER PRIMARY KEY)", "drop-table").foreign_keys_off);
}

#[test]
fn views_triggers_and_indexes_that_change_are_made_anew() {
    let with = |view: &str, index: &str, trigger: &str| {
        format!(
            "CREATE TABLE t (a, b); CREATE INDEX i ON t ({index}); CREATE VIEW v AS SELECT {view} FROM t;
             CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT {trigger}; END;"
        )
    };
    check(
        &with("a", "a", "1"),
        &with("b", "b", "2"),
        "",
        "DROP TRIGGER r;\nDROP VIEW v;\nDROP INDEX i;\nCREATE INDEX i ON t (b);\nCREATE VIEW v AS SELECT b FROM t;\n\
         CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 2; END;\n",
    );
}

#[test]
fn renames_are_asked_for() {
    let users = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, mail TEXT);";
    let people = "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, mail TEXT);";
    refuses(users, people, "", &["table `users` is dropped and `people` is added: is it a rename?"]);
    refuses(users, "CREATE TABLE logs (at, what)", "", &["table `users` is dropped, with its rows"]);
    check(users, people, "users=people", "ALTER TABLE users RENAME TO people;\n");
    check(
        users,
        people,
        "drop-table",
        "-- drops the table `users` and its content\nDROP TABLE users;\n\n\
         CREATE TABLE people (\n  id INTEGER PRIMARY KEY,\n  name TEXT,\n  mail TEXT\n);\n",
    );
    let to = "CREATE TABLE users (id INTEGER PRIMARY KEY, full_name TEXT NOT NULL, address TEXT);";
    refuses(
        users,
        to,
        "",
        &[
            "column `name` of `users` is dropped and `full_name` or `address` is added: is it a rename?",
            "column `mail` of `users` is dropped and `full_name` or `address` is added: is it a rename?",
        ],
    );
    let undecided = plan(&schema(users), &schema(to), &Decisions::default()).unwrap_err();
    assert_eq!(
        undecided[0].help(),
        [
            "if it was renamed to `full_name`: `cargo dbmigrate generate --rename users.name=users.full_name`",
            "if it was renamed to `address`: `cargo dbmigrate generate --rename users.name=users.address`",
            "if it is to be dropped: `cargo dbmigrate generate --allow drop-column=users.name`",
        ]
    );
    // What may go goes where it can be nothing else. What can is asked, unless it is named.
    let mut decisions = Decisions { allow: [Hazard::DropColumn].into(), ..Decisions::default() };
    assert_eq!(plan(&schema(users), &schema(to), &decisions).unwrap_err(), undecided);
    let column = |column| DropTarget::Column { table: Name::new("users"), column: Name::new(column) };
    decisions.drops = AllowedDrops::These(vec![column("name")]);
    assert_eq!(plan(&schema(users), &schema(to), &decisions).unwrap_err()[0], undecided[1]);
    decisions.drops = AllowedDrops::These(vec![column("name"), column("mail")]);
    let left = plan(&schema(users), &schema(to), &decisions).unwrap_err();
    assert!(left.iter().all(|it| matches!(it, Undecided::NotNullWithoutValue { .. })), "{left:?}");
    // One is decided, the other is still open.
    refuses(
        users,
        to,
        "users.mail=users.address",
        &["column `name` of `users` is dropped and `full_name` is added: is it a rename?"],
    );
    // What is computed holds nothing that could be lost.
    let computed = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, mail TEXT, short AS (substr(name, 1, 3)));";
    check(computed, users, "", "ALTER TABLE users DROP COLUMN short;\n");
    refuses(
        users,
        &computed.replace("mail TEXT, short", "mail"),
        "",
        &["column `mail` of `users` goes, and its values with it"],
    );
}

#[test]
fn a_rename_that_fits_nothing_is_an_error() {
    let (from, to) = ("CREATE TABLE a (x); CREATE VIEW v AS SELECT 1", "CREATE TABLE b (y); CREATE VIEW v AS SELECT 1");
    for (decided, message) in [
        ("c=b", "the rename `c=b` matches nothing: there is no table `c`"),
        ("a=c", "the rename `a=c` matches nothing: `c` is not a table of the new schema"),
        ("v=b", "the rename `v=b` matches nothing: there is no table `v`"),
        ("a=b b.z=b.y", "the rename `b.z=b.y` matches nothing: there is no column `z` in `a`"),
        ("a=b b.x=b.z", "the rename `b.x=b.z` matches nothing: `z` is not a column of the new `b`"),
    ] {
        let undecided = plan(&schema(from), &schema(to), &decisions(decided)).unwrap_err();
        assert!(undecided.iter().any(|open| open.to_string() == message), "{decided}: {undecided:?}");
    }
    let decided = "a=b b.x=b.y b.x=b.w";
    refuses(
        "CREATE TABLE a (x)",
        "CREATE TABLE b (y, w)",
        decided,
        &["the rename `b.x=b.w` matches nothing: `x` is also renamed to something else"],
    );
}

#[test]
fn values_are_asked_for() {
    let (from, to) = ("CREATE TABLE t (a INT)", "CREATE TABLE t (a INT NOT NULL, b TEXT NOT NULL)");
    refuses(
        from,
        to,
        "",
        &[
            "column `a` of `t` becomes `NOT NULL`, and has no value to replace NULL",
            "column `b` of `t` is new and `NOT NULL`, and has no value for existing rows",
        ],
    );
    refuses(
        from,
        "CREATE TABLE t (a INT, b NOT NULL DEFAULT NULL)",
        "",
        &["column `b` of `t` is new and `NOT NULL`, and has no value for existing rows"],
    );
    // A default is for new rows.
    refuses(
        "CREATE TABLE t (a INT)",
        "CREATE TABLE t (a INT NOT NULL DEFAULT 0)",
        "",
        &["column `a` of `t` becomes `NOT NULL`, and has no value to replace NULL"],
    );
    refuses(
        "CREATE TABLE t (a INT)",
        "CREATE TABLE t (a INT NOT NULL)",
        "fill t.a=elsewhere",
        &["`elsewhere` is not a value for column `a` of `t`: no such column: elsewhere"],
    );
    let database = applies(
        "CREATE TABLE t (a INT, c TEXT)",
        "INSERT INTO t VALUES (1, 'X'), (NULL, 'Y')",
        "CREATE TABLE t (a INT, c TEXT, b TEXT NOT NULL)",
        "fill t.b=lower(c) || 1 -- so",
    );
    rows(&database, "SELECT b FROM t", &["'x1'", "'y1'"]);
}

#[test]
fn a_search_that_names_what_was_renamed_is_told_so() {
    let docs = |name: &str, column: &str, content: &str| {
        Schema::from_sql(&format!(
            "CREATE TABLE {name} (id INTEGER PRIMARY KEY, {column} TEXT);
             CREATE VIRTUAL TABLE search USING fts5(body, content='{content}', content_rowid='id');"
        ))
        .unwrap()
    };
    let table = Rename::Table { from: Name::new("docs"), to: Name::new("pages") };
    let column = Rename::Column { table: Name::new("docs"), from: Name::new("body"), to: Name::new("text") };
    let from = docs("docs", "body", "docs");
    for (to, rename, says, help) in [
        (
            docs("pages", "body", "docs"),
            &table,
            "the full-text table `search` reads its text from `docs`, which is not there",
            "write `content='pages'` in its declaration",
        ),
        (
            docs("docs", "text", "docs"),
            &column,
            "the full-text table `search` reads `body` from `docs`, which has no such column",
            "correct the arguments of `search`: its words are read anew where they change",
        ),
    ] {
        let decisions = Decisions { renames: vec![rename.clone()], ..Decisions::default() };
        let undecided = plan(&from, &to, &decisions).unwrap_err();
        assert_eq!(undecided.iter().map(ToString::to_string).collect::<Vec<_>>(), [says]);
        assert_eq!(undecided[0].help(), [help]);
        // What was lost before is no reason to plan nothing.
        let more = Schema::from_sql(&format!("{} CREATE TABLE more (a);", to.to_sql())).unwrap();
        let sql = plan(&to, &more, &Decisions::default()).unwrap().to_sql();
        assert!(sql.contains("CREATE TABLE more") && !sql.contains("rebuild"), "{sql}");
    }
}

#[test]
fn what_a_key_keeps_apart_already_is_not_asked() {
    for (from, to, asks) in [
        ("id INTEGER PRIMARY KEY AUTOINCREMENT, a", "id INTEGER PRIMARY KEY, a", false),
        ("id INTEGER PRIMARY KEY, a", "id INTEGER PRIMARY KEY, a, UNIQUE (a, id)", false),
        ("a TEXT, b TEXT, UNIQUE (a, b)", "a TEXT, b TEXT, UNIQUE (b, a)", false),
        ("a TEXT, b TEXT UNIQUE", "a TEXT, b TEXT COLLATE binary UNIQUE, UNIQUE (a, b)", false),
        ("a TEXT, b TEXT, UNIQUE (a, b)", "a TEXT UNIQUE, b TEXT", true),
        ("a TEXT UNIQUE", "a TEXT COLLATE NOCASE UNIQUE", true),
        ("a TEXT COLLATE NOCASE UNIQUE", "a TEXT UNIQUE", true),
        ("id INTEGER PRIMARY KEY, a", "id INTEGER PRIMARY KEY, a UNIQUE", true),
    ] {
        let table = |columns: &str| Schema::from_sql(&format!("CREATE TABLE t ({columns})")).unwrap();
        let plan = plan(&table(from), &table(to), &Decisions::default()).unwrap();
        assert_eq!(plan.asserts.iter().any(|it| it.contains("HAVING count(*) > 1")), asks, "{from} -> {to}");
    }
}
