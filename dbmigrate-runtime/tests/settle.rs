//! `repair` and `forget`: every state that differs from the program can be left without hand-written SQL.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use dbmigrate_runtime::{ErrorKind, Migrator, OutOfOrder, Repair, Repairs, Rules, State, Stopped, StoreSql};
use support::fault::{Fault, FaultyDriver};
use support::*;

fn three(second: &'static str) -> Vec<File> {
    vec![
        file("001_a", &["CREATE TABLE IF NOT EXISTS a (x)"]),
        file("002_b", &["CREATE TABLE IF NOT EXISTS b (x)", second]).down(&["DROP TABLE b"]),
        file("003_c", &["CREATE TABLE IF NOT EXISTS c (x)"]),
    ]
}

const SECOND: &str = "INSERT INTO b VALUES (1)";

fn remedies(repairs: &Repairs) -> String {
    let texts: Vec<&str> = repairs.done.iter().map(|repair| repair.remedy.as_deref().unwrap()).collect();
    texts.join("|")
}

#[test]
fn an_edited_migration_is_accepted_on_purpose() {
    for store_sql in [StoreSql::None, StoreSql::Down, StoreSql::All] {
        let runner = |files| -> Runner { Migrator::new(set_with(files, Rules { store_sql, ..Rules::DEFAULT })) };
        let mut db = memory();
        runner(three(SECOND)).up(&mut db).unwrap();
        let edited = || runner(three("INSERT INTO b VALUES (2)"));
        let error = edited().up(&mut db).unwrap_err();
        assert!(error.is_edited() && error.to_string().contains("`cargo dbmigrate repair 002_b`"), "{error}");
        let shown = "\n     - INSERT INTO b VALUES (1);\n     + INSERT INTO b VALUES (2);";
        assert_eq!(error.to_string().contains(shown), store_sql == StoreSql::All, "{error}");
        assert_eq!(error.to_string().contains("was not stored"), store_sql != StoreSql::All, "{error}");

        let before = dump(&db);
        let plan = edited().repair_plan(&mut db).unwrap();
        assert_eq!((plan.len(), plan[0].number, plan[0].problem.kind), (1, Some(2), ErrorKind::Edited));
        assert_eq!(dump(&db), before);
        let repairs = edited().repair(&mut db, 2_u64, None).unwrap();
        assert_eq!((repairs.done, repairs.left), (plan, Vec::new()));
        assert_eq!(ask(&db, "SELECT group_concat(x) FROM b"), "1", "nothing is run");
        assert!(edited().verify(&mut db).unwrap().is_ok());
        assert!(edited().up(&mut db).unwrap().is_empty());
        let kept = ask(
            &db,
            "SELECT coalesce(up_sql LIKE '%(2)%', 'no') || ' ' || (down_sql IS NOT NULL) FROM _migrations \
             WHERE number = 2",
        );
        assert_eq!(kept, ["no 1", "1 1", "no 0"][store_sql as usize]);
        assert!(runner(three(SECOND)).up(&mut db).unwrap_err().is_edited());
    }
}

#[test]
fn only_what_is_named_is_accepted() {
    let mut db = memory();
    runner(three(SECOND)).up(&mut db).unwrap();
    let edited = || {
        let mut files = three("INSERT INTO b VALUES (2)");
        files[0] = file("001_a", &["CREATE TABLE IF NOT EXISTS a (x, y)"]);
        runner(files)
    };
    let numbers = |repairs: Vec<Repair>| repairs.iter().map(|it| it.number.unwrap()).collect::<Vec<_>>();
    assert_eq!(numbers(edited().repair(&mut db, 2_u64, None).unwrap().done), [2]);
    assert_eq!(numbers(edited().repair_plan(&mut db).unwrap()), [1]);
    // No step of it was begun, so nobody can say what became of that.
    let error = edited().repair(&mut db, 1_u64, Some(Stopped::Retry)).unwrap_err();
    assert!(error.to_string().starts_with("`001_a` was not interrupted in a step"), "{error}");
}

#[test]
fn a_new_name_is_taken_where_the_text_is_the_same() {
    let mut db = memory();
    runner(three(SECOND)).up(&mut db).unwrap();
    let renamed = |second| {
        let mut files = three(second);
        files[1] = file("002_better", &["CREATE TABLE IF NOT EXISTS b (x)", second]).down(&["DROP TABLE b"]);
        runner(files)
    };
    // Another name and another text: it is another migration.
    let other = renamed("INSERT INTO b VALUES (2)");
    let repairs = other.repair_all(&mut db, None).unwrap();
    assert!(repairs.done.is_empty() && repairs.left[0].problem.kind == ErrorKind::Renamed);
    assert!(repairs.left[0].problem.help.concat().contains("`cargo dbmigrate forget 002_b`"), "{repairs:?}");
    let error = renamed(SECOND).up(&mut db).unwrap_err();
    assert!(error.is_renamed() && error.to_string().contains("`cargo dbmigrate repair 002_better`"), "{error}");
    let repairs = renamed(SECOND).repair_all(&mut db, None).unwrap();
    assert_eq!(remedies(&repairs), "its new name is recorded in the history");
    assert_eq!(history(&db), "001_a 002_better 003_c");
    assert!(renamed(SECOND).verify(&mut db).unwrap().is_ok());
}

#[test]
fn a_migration_without_a_file_is_forgotten_and_not_repaired() {
    let mut db = memory();
    runner(three(SECOND)).up(&mut db).unwrap();
    let mut files = three(SECOND);
    files.remove(1);
    let without = || runner(files.clone());
    for number in [2_u64, 3] {
        let repairs = without().repair_all(&mut db, None).unwrap();
        assert_eq!(repairs.done.len(), 0, "{number}: {repairs:?}");
    }
    let left = without().repair(&mut db, 2_u64, None).unwrap().left;
    assert!(left[0].problem.help.concat().contains("`cargo dbmigrate forget 002_b`"), "{left:?}");
    let row = without().forget(&mut db, 2_u64).unwrap();
    assert_eq!((row.name.as_str(), row.state.as_str()), ("002_b", "applied"));
    assert_eq!((history(&db).as_str(), objects(&db).as_str()), ("001_a 003_c", "a b c"));
    assert!(without().up(&mut db).unwrap().is_empty());
    assert!(without().verify(&mut db).unwrap().is_ok());
}

#[test]
fn what_is_forgotten_runs_again_also_below_an_applied_one() {
    let mut db = memory();
    let three = || runner(three(SECOND));
    three().up(&mut db).unwrap();
    for numbers in [&[2_u64][..], &[1, 3, 2]] {
        for &number in numbers {
            assert_eq!(three().forget(&mut db, number).unwrap().number, number);
            assert_eq!(ask(&db, "SELECT chain FROM _migrations_head"), "");
            assert_eq!(objects(&db), "a b c", "the schema stays");
            assert_eq!(three().status(&mut db).unwrap().entries[number as usize - 1].state, State::Pending);
        }
        assert_eq!(three().up(&mut db).unwrap().applied.len(), numbers.len());
    }
    assert!(three().verify(&mut db).unwrap().is_ok());
    // Several at once, and none for longer than until it has run.
    for number in [1_u64, 2] {
        three().forget(&mut db, number).unwrap();
    }
    assert_eq!(three().up(&mut db).unwrap().applied.len(), 2);
    three().forget(&mut db, 3_u64).unwrap();
    assert_eq!(ask(&db, "SELECT may_run_late FROM _migrations_head"), "3");
    three().up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT chain <> '' FROM _migrations_head"), "1");
    assert_eq!(ask(&db, "SELECT count(*) FROM b"), "4");
    // Whoever deletes the row by hand did not ask for that.
    run(&db, "UPDATE _migrations_head SET may_run_late = ''; DELETE FROM _migrations WHERE number = 2");
    assert!(three().up(&mut db).unwrap_err().is_late());
}

#[test]
fn numbers_of_any_length_are_forgotten_and_zero_is_one_of_them() {
    let names = ["000_zero", "009_nine", "123_more", "124_most"];
    let files = || runner(names.iter().map(|name| file(name, &["SELECT 1"]).down(&["SELECT 1"])).collect());
    let mut db = memory();
    files().up(&mut db).unwrap();
    for number in [123_u64, 0] {
        files().forget(&mut db, number).unwrap();
        assert_eq!(files().up(&mut db).unwrap().applied[0].number, number);
    }
    // Nobody asked for that.
    run(&db, "UPDATE _migrations_head SET may_run_late = ''; DELETE FROM _migrations WHERE number = 0");
    assert!(files().up(&mut db).unwrap_err().is_late());
    // Where nothing is applied, the first comes after nothing.
    let mut db = memory();
    files().up(&mut db).unwrap();
    files().down_all(&mut db).unwrap();
    assert_eq!(files().up(&mut db).unwrap().applied.len(), 4);
}

#[test]
fn what_is_not_in_the_history_is_not_forgotten() {
    let mut db = memory();
    let three = || runner(three(SECOND));
    assert!(three().forget(&mut db, 1_u64).unwrap_err().is_not_applied());
    three().up_to(&mut db, 2_u64).unwrap();
    let error = three().forget(&mut db, 3_u64).unwrap_err();
    assert!(error.is_not_applied() && error.to_string().contains("`002_b`, `001_a`"), "{error}");
    assert!(three().forget(&mut db, 9_u64).unwrap_err().is_unknown_migration());
    assert!(three().repair(&mut db, 3_u64, None).unwrap_err().is_not_applied());
    assert!(three().repair(&mut db, 1_u64, Some(Stopped::Done)).unwrap_err().is_interrupted());
    assert_eq!(three().repair(&mut db, 1_u64, None).unwrap(), Repairs::default());
    run(&db, "BEGIN");
    assert!(three().forget(&mut db, 1_u64).unwrap_err().is_open_transaction());
    assert!(three().repair_all(&mut db, None).unwrap_err().is_open_transaction());
}

fn bare(statements: &[&'static str]) -> Runner {
    runner(vec![file("001_t", &["CREATE TABLE t (x)"]), file("002_bare", statements).no_transaction()])
}

#[test]
fn a_step_that_people_did_by_hand_counts_as_done() {
    let mut db = memory();
    let group = ["BEGIN", "INSERT INTO t VALUES (1)", "nonsense", "COMMIT", "INSERT INTO t VALUES (2)"];
    bare(&group).up(&mut db).unwrap_err();
    let left = bare(&group).repair_all(&mut db, Some(Stopped::Done)).unwrap().left;
    assert_eq!(left[0].problem.help, ["to continue: `cargo dbmigrate up`"], "what never ran is not skipped unasked");
    let repairs = bare(&group).repair(&mut db, 2_u64, Some(Stopped::Done)).unwrap();
    assert_eq!(remedies(&repairs), "its step 1 and the rest of its transaction count as done");
    assert_eq!(history(&db), "001_t 002_bare:running4");
    bare(&group).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM t"), "2");
    assert_eq!(history(&db), "001_t 002_bare");
}

#[test]
fn a_step_that_may_simply_run_again_needs_nobody_to_settle_it() {
    let mut db = memory();
    bare(&["VACUUM", "nonsense"]).up(&mut db).unwrap_err();
    run(&db, "UPDATE _migrations SET state = 'started', statements_done = 0 WHERE number = 2");
    let plan = bare(&["VACUUM"]).repair_plan(&mut db).unwrap();
    assert_eq!(
        (plan[0].remedy.as_deref(), &plan[0].problem.help[..]),
        (None, &["to continue: `cargo dbmigrate up`".to_owned()][..])
    );
    bare(&["VACUUM"]).up(&mut db).unwrap();
    assert_eq!(history(&db), "001_t 002_bare");
}

#[test]
fn a_stopped_one_that_was_edited_says_what_it_goes_on_after() {
    let mut db = memory();
    bare(&["INSERT INTO t VALUES (0)", "nonsense"]).up(&mut db).unwrap_err();
    run(&db, "UPDATE _migrations SET state = 'started' WHERE number = 2");
    let edited = || bare(&["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)", "INSERT INTO t VALUES (3)"]);
    assert!(edited().repair(&mut db, 2_u64, None).unwrap().done.is_empty());
    let repairs = edited().repair(&mut db, 2_u64, Some(Stopped::Done)).unwrap();
    assert_eq!(
        remedies(&repairs),
        "its step 2 counts as done; its current text counts: its first 2 steps count as run, and `up` continues after \
         them"
    );
    edited().up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM t"), "0,3");
}

#[test]
fn a_stopped_one_can_be_renamed_forgotten_or_lose_its_file() {
    let mut db = memory();
    let statements = ["INSERT INTO t VALUES (1)", "INSERT INTO later VALUES (2)"];
    bare(&statements).up(&mut db).unwrap_err();
    let first = || file("001_t", &["CREATE TABLE t (x)"]);
    let gone = runner(vec![first()]);
    let error = gone.up(&mut db).unwrap_err();
    assert!(error.is_interrupted() && error.to_string().contains("forget 002_bare"), "{error}");
    assert!(gone.repair_all(&mut db, None).unwrap().done.is_empty());
    let renamed = || {
        let named = file("002_new", &statements).no_transaction();
        runner(vec![first(), named])
    };
    let error = renamed().up(&mut db).unwrap_err().to_string();
    assert!(error.contains("is now named `002_new`") && error.contains("repair 002_new"), "{error}");
    let repairs = renamed().repair_all(&mut db, None).unwrap();
    assert_eq!(
        remedies(&repairs),
        "its new name is recorded in the history: its first step counts as run, and `up` continues after it"
    );
    assert_eq!(history(&db), "001_t 002_new:running1");
    assert_eq!(renamed().forget(&mut db, 2_u64).unwrap().statements_done, 1);
    run(&db, "CREATE TABLE later (x)");
    renamed().up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM t"), "1,1");
}

#[test]
fn a_down_script_that_was_stopped_is_settled_as_well() {
    for (stopped, rows) in [(Stopped::Retry, "2"), (Stopped::Done, "2")] {
        let mut db = memory();
        let files = || {
            let down = ["VACUUM INTO '/nonexistent/folder/copy.db'", "DELETE FROM t WHERE x = 1"];
            let bare = file("002_bare", &["INSERT INTO t VALUES (1), (2)"]).down(&down).no_transaction();
            runner(vec![file("001_t", &["CREATE TABLE t (x)"]), bare])
        };
        files().up(&mut db).unwrap();
        files().down(&mut db).unwrap_err();
        run(&db, "UPDATE _migrations SET state = 'reverting-started' WHERE number = 2");
        let repairs = files().repair(&mut db, 2_u64, Some(stopped)).unwrap();
        assert_eq!(repairs.done.len(), 1, "{repairs:?}");
        match stopped {
            Stopped::Retry => assert!(files().down(&mut db).unwrap_err().is_sql()),
            Stopped::Done => {
                files().down(&mut db).unwrap();
                assert_eq!(ask(&db, "SELECT group_concat(x) FROM t"), rows);
            }
        }
    }
}

#[test]
fn what_the_rules_allow_is_not_in_need_of_repair() {
    let mut db = memory();
    runner(three(SECOND)).up(&mut db).unwrap();
    run(&db, "DELETE FROM _migrations WHERE number = 2");
    let plan = runner(three(SECOND)).repair_plan(&mut db).unwrap();
    assert!(plan[0].remedy.is_none() && plan[0].problem.kind == ErrorKind::Late);
    assert!(plan[0].problem.help.concat().contains("`cargo dbmigrate mark 002_b`"), "{plan:?}");
    let rules = Rules { out_of_order: OutOfOrder::APPLY, ..Rules::DEFAULT };
    let runner: Runner = Migrator::new(set_with(three(SECOND), rules));
    assert!(runner.repair_plan(&mut db).unwrap().is_empty());
}

#[test]
fn an_empty_head_needs_no_repair_and_gets_one() {
    let mut db = memory();
    runner(three(SECOND)).up(&mut db).unwrap();
    let right = ask(&db, "SELECT chain FROM _migrations_head");
    for damage in
        ["UPDATE _migrations_head SET chain = ''", "DELETE FROM _migrations_head", "DROP TABLE _migrations_head"]
    {
        run(&db, damage);
        assert!(runner(three(SECOND)).repair_plan(&mut db).unwrap().is_empty(), "{damage}");
        let repairs = runner(three(SECOND)).repair_all(&mut db, None).unwrap();
        assert_eq!(remedies(&repairs), "it is rewritten from the rows", "{damage}");
        assert_eq!(ask(&db, "SELECT chain FROM _migrations_head"), right, "{damage}");
    }
}

#[test]
fn a_failure_at_any_call_leaves_the_history_as_it_was() {
    let edited = || runner(three("INSERT INTO b VALUES (2)"));
    let works: [&dyn Fn(&mut FaultyDriver<'_>) -> bool; 2] =
        [&|driver| edited().repair_with(driver, 2_u64, None).is_ok(), &|driver| {
            edited().forget_with(driver, 2_u64).is_ok()
        }];
    for work in works {
        for (fault, at) in
            (0..40).flat_map(|at| [(Fault::Once, at), (Fault::Dead, at), (Fault::Gone, at), (Fault::Lost, at)])
        {
            let mut db = memory();
            runner(three(SECOND)).up(&mut db).unwrap();
            let before = dump(&db);
            let is_done = work(&mut FaultyDriver::new(&mut db, fault, at));
            assert!(db.is_autocommit() || fault == Fault::Dead, "{at}");
            if !db.is_autocommit() {
                // What SQLite does for a process that is gone.
                run(&db, "ROLLBACK");
            }
            assert!(is_done || dump(&db) == before, "{fault:?} {at}");
            assert!(is_done || work(&mut FaultyDriver::new(&mut db, Fault::None, 0)), "{fault:?} {at}: no way on");
            assert!(at < 39 || is_done, "40 calls are enough");
        }
    }
}

#[test]
fn what_is_there_already_can_be_recorded_instead() {
    let mut db = memory();
    let files = || vec![file("001_t", &["CREATE TABLE t (x)"])];
    runner(files()).up(&mut db).unwrap();
    runner(files()).forget(&mut db, 1_u64).unwrap();
    let error = runner(files()).up(&mut db).unwrap_err();
    assert!(error.help()[0].contains("`cargo dbmigrate mark 001_t`"), "{error}");
    runner(files()).mark(&mut db).unwrap();
    assert!(runner(files()).up(&mut db).unwrap().is_empty());
}
