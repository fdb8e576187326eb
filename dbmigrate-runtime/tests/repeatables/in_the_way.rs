//! What they made and stands in the way of something: of a migration, of a trigger, of a name.

use super::*;

/// Lets the view `v` take rows.
fn writes(name: &str) -> &'static str {
    format!("CREATE TRIGGER {name} INSTEAD OF INSERT ON V BEGIN INSERT INTO t VALUES (NEW.x); END").leak()
}

#[test]
fn a_trigger_on_a_view_that_is_made_anew_comes_back() {
    let with = |view, trigger| package(files()).repeatable("view", &[view, writes(trigger)]);
    let triggers =
        "SELECT group_concat(name) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'v' COLLATE NOCASE";
    let mut db = memory();
    up(&mut db, with(VIEW, "writes"));
    up(&mut db, with(OTHER_VIEW, "Writes"));
    run(&db, "INSERT INTO v VALUES (5)");
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM v"), "101,105");
    // What the file made before goes, whatever it is called now, also after a migration.
    up(&mut db, with(VIEW, "takes"));
    assert_eq!(ask(&db, triggers), "takes");
    with(VIEW, "takes").runner().down(&mut db).unwrap();
    assert_eq!(states(&mut db, with(VIEW, "adds")), "view:Pending!");
    up(&mut db, with(VIEW, "adds"));
    assert_eq!(ask(&db, triggers), "adds");
}

#[test]
fn a_trigger_that_somebody_else_made_on_a_view_is_not_lost_with_it() {
    let check = |mut db: Connection, migrations: Vec<File>| {
        let with = |view| package(migrations.clone()).repeatable("view", &[view]);
        let before = dump(&db);
        let error = with(OTHER_VIEW).runner().up(&mut db).unwrap_err();
        assert_eq!(error.file(), Some("migrations/repeatable/view.sql"));
        let text = error.to_string();
        assert!(text.contains("the view `v` has a trigger `writes`, which this file does not create"), "{text}");
        assert!(text.contains("`DROP TRIGGER IF EXISTS \"writes\";`"), "{text}");
        assert_eq!(dump(&db).contains("writes"), before.contains("writes") || !migrations.is_empty());
        run(&db, "INSERT INTO v VALUES (5)");
        assert_eq!(ask(&db, "SELECT max(x) FROM t"), "5");
        // Both ways out that it names.
        let takes = package(migrations.clone()).repeatable("view", &[OTHER_VIEW, writes("writes")]);
        assert_eq!(up(&mut db, takes), ["view"]);
        run(&db, &format!("DROP TRIGGER writes; {}", writes("WRITES")));
        let mut more = migrations.clone();
        more.push(file("003_drop", &["DROP TRIGGER IF EXISTS \"writes\""]));
        assert_eq!(up(&mut db, package(more).repeatable("view", &[VIEW])), ["view"]);
        assert_eq!(
            ask(&db, "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'v' COLLATE NOCASE"),
            "0"
        );
    };
    // By hand.
    let mut db = memory();
    up(&mut db, package(files()).repeatable("view", &[VIEW]));
    run(&db, writes("writes"));
    check(db, files());
    // By a migration, before the view was a repeatable's.
    let mut with_view = files();
    with_view[1] = file("002_view", &[VIEW, writes("writes")]);
    let mut db = memory();
    up(&mut db, package(with_view.clone()));
    check(db, with_view);
}

/// Rebuilds `t` as if nothing hung on it, and back. SQLite refuses the RENAME as long as a view reads the table.
fn careless() -> File {
    let rebuild = &["CREATE TABLE n (x)", "INSERT INTO n SELECT x FROM t", "DROP TABLE t", "ALTER TABLE n RENAME TO t"];
    file("003_rebuild", rebuild).down(rebuild)
}

#[test]
fn a_migration_that_makes_itself_what_is_in_its_way_fails_and_is_not_tried_for_ever() {
    let own = ["DROP VIEW IF EXISTS v", "CREATE VIEW v AS SELECT nowhere FROM t", "ALTER TABLE t RENAME TO u"];
    let with = || package([files(), vec![file("003_own", &own)]].concat()).repeatable("view", &[VIEW]);
    for had in [false, true] {
        let mut db = memory();
        if had {
            up(&mut db, package(files()).repeatable("view", &[VIEW]));
        }
        let error = with().runner().up(&mut db).unwrap_err();
        assert!(error.to_string().contains("error in view v"), "{error}");
        assert_eq!(error.file(), Some("migrations/003_own.sql"));
    }
}

#[test]
fn an_object_that_is_in_the_way_of_a_migration_is_made_anew_after_it() {
    let more = || [files(), vec![careless()]].concat();
    for mode in [TransactionMode::Each, TransactionMode::All] {
        let newer = || with(more(), VIEW).rules(Rules { transaction: mode, ..Rules::DEFAULT });
        let mut db = memory();
        up(&mut db, both());
        assert_eq!(up(&mut db, newer()), ["logs", "view"]);
        assert_eq!((ask(&db, "SELECT x FROM v").as_str(), objects(&db).as_str()), ("1", "log logs t v"));
        // On the way down nothing makes them, so that they wait for the next way up.
        newer().runner().down(&mut db).unwrap();
        assert_eq!((ask(&db, "SELECT x FROM t").as_str(), records(&db).as_str()), ("1", ""));
        assert_eq!(up(&mut db, newer()), ["logs", "view"]);
        // What the down scripts leave without its table is in nobody's way either.
        newer().runner().down_all(&mut db).unwrap();
        assert_eq!(up(&mut db, newer()), ["logs", "view"]);
        assert_eq!(ask(&db, "SELECT x FROM v"), "1");
    }
}

#[test]
fn a_migration_that_fails_all_the_same_leaves_what_was_in_its_way() {
    let mut db = memory();
    up(&mut db, both());
    let fails = file(
        "003_fails",
        &["CREATE TABLE n (x)", "DROP TABLE t", "ALTER TABLE n RENAME TO t", "INSERT INTO t SELECT y FROM nowhere"],
    );
    let error = with([files(), vec![fails]].concat(), VIEW).runner().up(&mut db).unwrap_err();
    assert!(error.to_string().contains("no such table: nowhere"), "{error}");
    assert_eq!((ask(&db, "SELECT x FROM v").as_str(), objects(&db).as_str()), ("1", "log logs t v"));
}

#[test]
fn an_object_that_is_in_the_way_without_a_transaction_is_named_with_what_helps() {
    let mut db = memory();
    up(&mut db, both());
    let more = [files(), vec![careless().no_transaction()]].concat();
    let error = with(more, VIEW).runner().up(&mut db).unwrap_err();
    let help = "`migrations/repeatable/view.sql` creates that view, and runs again after the migrations: put `DROP \
        VIEW IF EXISTS \"v\";` before the statement";
    assert!(error.help().iter().any(|text| text == help), "{error}");
    // One that no repeatable makes has to be made again by the file itself.
    let mut db = memory();
    let files = vec![file(
        "001_t",
        &["CREATE TABLE t (x)", VIEW, "DROP TABLE t", "CREATE TABLE n (x)", "ALTER TABLE n RENAME TO t"],
    )];
    let error =
        package(files).repeatable("other", &["CREATE VIEW other AS SELECT 1"]).runner().up(&mut db).unwrap_err();
    assert_eq!(
        error.help(),
        ["it uses what this statement changes: drop it before in this file, and create it again after"]
    );
}

#[test]
fn a_trigger_of_another_table_is_not_taken_for_the_files_own() {
    let with = |sql: &'static str| package(files()).repeatable("logs", &[sql]);
    let mut db = memory();
    package(files()).runner().up(&mut db).unwrap();
    run(&db, "CREATE TABLE others (x); CREATE TRIGGER Logs AFTER DELETE ON others BEGIN DELETE FROM log; END");
    let error = with(TRIGGER).runner().up(&mut db).unwrap_err();
    assert!(error.to_string().contains("there is a trigger `logs` on `others`"), "{error}");
    assert_eq!(ask(&db, "SELECT tbl_name FROM sqlite_master WHERE name = 'Logs'"), "others");
    run(&db, "DROP TRIGGER logs");
    assert_eq!(up(&mut db, with(TRIGGER)), ["logs"]);
    // It may move itself, and take over what is on its own table.
    let moved = "CREATE TRIGGER logs AFTER INSERT ON log BEGIN SELECT 1; END";
    assert_eq!(up(&mut db, with(moved)), ["logs"]);
    run(&db, "DELETE FROM _migrations_repeatable");
    assert_eq!(up(&mut db, with(moved)), ["logs"]);
}

#[test]
fn a_table_that_the_file_speaks_of_is_not_the_one_that_its_trigger_is_on() {
    // The file writes into `log`, `o` is a letter of its text, and a name in quotes is a name as well.
    for table in ["log", "o", "\"o`s\""] {
        let with = |sql: &'static str| package(files()).repeatable("logs", &[sql]);
        let mut db = memory();
        package(files()).runner().up(&mut db).unwrap();
        run(&db, &format!("CREATE TABLE IF NOT EXISTS {table} (x)"));
        run(&db, &format!("CREATE TRIGGER logs AFTER DELETE ON {table} BEGIN SELECT 1; END"));
        let before = dump(&db);
        let error = with(TRIGGER).runner().up(&mut db).expect_err(table);
        assert!(error.to_string().contains("there is a trigger `logs` on `"), "{error}");
        assert_eq!(dump(&db), before, "{table}");
        run(&db, "DROP TRIGGER logs; CREATE TRIGGER Logs AFTER DELETE ON T BEGIN SELECT 1; END");
        assert_eq!(up(&mut db, with(TRIGGER)), ["logs"]);
    }
}
