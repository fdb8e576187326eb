//! Several sets in one database: one order, histories of their own, and none takes what is the other's.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use std::cell::RefCell;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use dbmigrate_runtime::{
    Backup, BackupWhen, Comparison, Error, Migrator, ResetPlan, Rules, Set, SetReport, Together, TransactionMode,
};
use rusqlite::Connection;
use support::package::{Package, package};
use support::probe::{self, Probe};
use support::*;

const USERS: &[&str] = &["CREATE TABLE users (id INTEGER PRIMARY KEY)", "INSERT INTO users VALUES (1)"];
const INVOICES: &[&str] = &["CREATE TABLE invoices (id, who INTEGER REFERENCES users (id))"];

fn accounts() -> Package {
    let third = file("003_debts", &["CREATE VIEW debts AS SELECT who FROM invoices"]).down(&["DROP VIEW debts"]);
    package(vec![
        file("001_users", USERS).down(&["DROP TABLE users"]),
        file("002_names", &["ALTER TABLE users ADD COLUMN name"]).down(&["ALTER TABLE users DROP COLUMN name"]),
        third.requires(&["billing/001_invoices"]),
    ])
    .own("accounts")
}

fn billing() -> Package {
    package(vec![
        file("001_invoices", INVOICES).down(&["DROP TABLE invoices"]).requires(&["accounts/001_users"]),
        file("002_sums", &["ALTER TABLE invoices ADD COLUMN sum"]).down(&["ALTER TABLE invoices DROP COLUMN sum"]),
    ])
    .own("billing")
}

/// What was applied, in order.
fn applied(reports: &[SetReport]) -> String {
    let all = reports.iter().flat_map(|done| done.report.applied.iter().map(|it| format!("{}/{}", done.set, it.name)));
    all.collect::<Vec<_>>().join(" ")
}

fn up(db: &mut Connection, sets: &[&'static Set<'static>]) -> Result<String, Error> {
    let together = sets.iter().fold(Together::new(), |all, set| all.add::<driver::Rusqlite>(Migrator::new(set)));
    together.up(db).map(|reports| applied(&reports))
}

#[test]
fn all_sets_come_up_in_one_order() {
    let mut db = memory();
    let (accounts, billing) = (accounts().set(), billing().set());
    let order = "accounts/001_users accounts/002_names billing/001_invoices billing/002_sums accounts/003_debts";
    assert_eq!(up(&mut db, &[accounts, billing]).unwrap(), order);
    assert_eq!(up(&mut db, &[accounts, billing]).unwrap(), "");
    assert_eq!(objects(&db), "debts invoices users");
    let other_way = up(&mut memory(), &[billing, accounts]).unwrap();
    assert_eq!(other_way, order, "nothing of billing can be first");
    let status = Together::new().add(billing_runner()).status(&mut db).unwrap();
    assert_eq!((status[0].set.as_str(), status[0].status.entries.len()), ("billing", 2));
}

fn billing_runner() -> Runner {
    billing().runner()
}

#[test]
fn sets_of_two_backends_share_a_connection_and_nothing_pending_is_one_read_each() {
    let mut db = memory();
    let (accounts, billing) = (accounts().set(), billing().set());
    let together =
        || Together::new().add::<Probe>(Migrator::new(accounts)).add::<driver::Rusqlite>(Migrator::new(billing));
    together().up(&mut db).unwrap();
    let said = Rc::new(RefCell::new(Vec::new()));
    let saying = Rc::clone(&said);
    probe::on_done(move |sql| saying.borrow_mut().push(sql.to_owned()));
    let both = Together::new().add::<Probe>(Migrator::new(accounts)).add::<Probe>(Migrator::new(billing));
    assert_eq!(both.up(&mut db).unwrap(), []);
    let said = said.borrow();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("_migrations_accounts_head") && said[1].contains("_migrations_billing_head"), "{said:?}");
}

#[test]
fn sets_that_wait_for_each_other_are_shown_and_nothing_runs() {
    let a = package(vec![file("001_a", &["CREATE TABLE a (x)"]), file("002_a", &[]).requires(&["b/002_b"])]).own("a");
    let b = package(vec![file("001_b", &["CREATE TABLE b (x)"]).requires(&["a/002_a"]), file("002_b", &[])]).own("b");
    let mut db = memory();
    let error = up(&mut db, &[a.set(), b.set()]).unwrap_err();
    assert!(error.is_requirement(), "{error}");
    assert_eq!(
        error.notes(),
        [
            "`002_a` of the set `a` requires `002_b` of the set `b`",
            "`001_b` of the set `b` requires `002_a` of the set `a`"
        ]
    );
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master"), "0");
}

#[test]
fn what_a_set_requires_is_looked_for_in_the_history_of_the_other() {
    let mut db = memory();
    let error = billing_runner().up(&mut db).unwrap_err();
    assert!(error.is_requirement(), "{error}");
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master"), "0");
    let accounts = accounts().runner();
    accounts.up_to(&mut db, 2_u64).unwrap();
    assert_eq!(billing_runner().up(&mut db).unwrap().applied.len(), 2);
    assert_eq!(accounts.up(&mut db).unwrap().applied.len(), 1);
    // A row that says otherwise, in another table of that shape, is no answer.
    let mut db = memory();
    accounts.up_to(&mut db, 2_u64).unwrap();
    run(&db, "CREATE TABLE copy AS SELECT * FROM _migrations_accounts");
    run(&db, "CREATE TABLE copy_head AS SELECT * FROM _migrations_accounts_head");
    let error = billing_runner().up(&mut db).unwrap_err();
    assert!(error.is_requirement() && error.to_string().contains("has two histories in this database"), "{error}");
    run(&db, "DROP TABLE copy_head");
    assert_eq!(billing_runner().up(&mut db).unwrap().applied.len(), 2);
    run(&db, "UPDATE _migrations_accounts_head SET format = 2");
    let next = package(vec![file("001_next", &[]).requires(&["accounts/001_users"])]).own("next").runner();
    assert!(next.up(&mut db).unwrap_err().is_newer_format());
    run(&db, "UPDATE _migrations_accounts_head SET format = 1");
    // What was required in vain of a set that is there.
    let odd = package(vec![file("001_x", &[]).requires(&["accounts/009_no"])]).own("odd");
    let error = up(&mut db, &[accounts.set().unwrap(), odd.set()]).unwrap_err();
    assert!(error.is_requirement() && error.to_string().contains("this is about the set `odd`"), "{error}");
}

#[test]
fn a_set_starts_beside_another_one_but_not_on_what_nobody_accounts_for() {
    let mut db = memory();
    run(&db, "CREATE TABLE foreign_one (x)");
    let (accounts, billing) = (accounts().set(), billing().set());
    for sets in [&[accounts][..], &[accounts, billing], &[billing, accounts]] {
        let error = up(&mut db, sets).unwrap_err();
        assert!(error.is_existing_schema(), "{error}");
    }
    assert_eq!(objects(&db), "foreign_one");
    let allowing = Runner::new(accounts).allow_existing_schema();
    assert_eq!(Together::new().add(allowing).add(billing_runner()).up(&mut db).unwrap().len(), 3);
    let mut db = memory();
    run(&db, "CREATE TABLE foreign_one (x)");
    // The history of a set that has recorded nothing accounts for nothing.
    run(&db, "DROP TABLE foreign_one");
    Migrator::<'_, driver::Rusqlite>::new(accounts).up_to(&mut db, 1_u64).unwrap();
    run(&db, "DELETE FROM _migrations_accounts");
    assert!(billing_runner().up(&mut db).unwrap_err().is_existing_schema());
    run(&db, "DROP TABLE users; CREATE TABLE _migrations_accounts_copy (x)");
    assert!(billing_runner().up(&mut db).unwrap_err().is_existing_schema());
    run(&db, "DROP TABLE _migrations_accounts_copy");
    let free = package(vec![file("001_free", &["CREATE TABLE free (x)"])]).own("free").runner();
    assert_eq!(free.up(&mut db).unwrap().applied.len(), 1);
    // What is left of its own history is nobody's object.
    run(&db, "DROP TABLE _migrations_free; DROP TABLE free");
    assert_eq!(free.up(&mut db).unwrap().applied.len(), 1);
}

#[test]
fn a_set_whose_history_is_in_another_table_does_not_begin_anew() {
    let mut db = memory();
    let one = || package(vec![file("001_a", &["CREATE TABLE IF NOT EXISTS a (x)"])]);
    one().runner().up(&mut db).unwrap();
    let error = one().table("other_history").runner().up(&mut db).unwrap_err();
    assert!(error.is_existing_schema(), "{error}");
    let note = "the history of the set without a name is in the table `_migrations`, and the program reads \
                `other_history`";
    assert_eq!(error.notes(), [note]);
}

#[test]
fn two_of_one_name_or_with_one_table_are_no_sets() {
    let mut db = memory();
    let same_name = up(&mut db, &[accounts().set(), accounts().table("t").set()]).unwrap_err();
    assert!(
        same_name.is_set() && same_name.to_string().contains("two sets that are both the set `accounts`"),
        "{same_name}"
    );
    let same_table = up(&mut db, &[accounts().set(), billing().table("_MIGRATIONS_accounts_head").set()]).unwrap_err();
    assert!(same_table.is_set() && same_table.to_string().contains("belongs to the histories of"), "{same_table}");
    let together = || {
        let add = |all: Together<'static, _>, set| all.add::<driver::Rusqlite>(Migrator::new(set));
        add(add(Together::new(), accounts().set()), accounts().table("t").set())
    };
    assert!(together().rehearse(&mut db).unwrap_err().is_set());
    assert!(together().verify_schema(&mut db).unwrap_err().is_set());
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master"), "0");
}

#[test]
fn a_reset_never_takes_what_is_of_another_set() {
    let mut db = memory();
    let one_way = || package(vec![file("001_logs", &["CREATE TABLE logs (x)"])]).own("logs");
    up(&mut db, &[accounts().set(), billing().set(), one_way().set()]).unwrap();
    let before = dump(&db);
    for result in [one_way().runner().reset(&mut db).map(drop), one_way().runner().reset_plan(&mut db).map(drop)] {
        let error = result.unwrap_err();
        assert!(error.is_no_down() && error.to_string().contains("it also holds the set `accounts`"), "{error}");
    }
    assert_eq!(dump(&db), before);
    // Nor what came to be there while it waited for the lock.
    let folder = Folder::new();
    let path = folder.file("a.db");
    let mut file = Connection::open(&path).unwrap();
    one_way().runner().up(&mut file).unwrap();
    let mut comes =
        Some(move || up(&mut Connection::open(&path).unwrap(), &[accounts().set(), billing().set()]).unwrap());
    probe::on_done(move |sql| {
        if sql.starts_with("PRAGMA foreign_keys") {
            comes.take().map(|comes| comes());
        }
    });
    let error = Migrator::<'_, Probe>::new(one_way().set()).reset(&mut file).unwrap_err();
    assert!(error.is_no_down() && error.to_string().contains("it also holds the set `accounts`"), "{error}");
    assert_eq!(objects(&file), "debts invoices logs users");
    // By ways back it can go, and only its own goes.
    accounts().runner().roll_back(&mut db, 3_u64).unwrap();
    assert_eq!(billing_runner().reset_plan(&mut db).unwrap(), ResetPlan::Downs(2));
    billing_runner().reset(&mut db).unwrap();
    assert_eq!(objects(&db), "logs users");
}

#[test]
fn what_another_set_requires_is_not_rolled_back() {
    let mut db = memory();
    let (accounts, billing) = (accounts().set(), billing().set());
    up(&mut db, &[accounts, billing]).unwrap();
    let knowing = || Runner::new(accounts).beside(&Runner::new(billing));
    knowing().down_to(&mut db, 1_u64).unwrap();
    let error = knowing().down(&mut db).unwrap_err();
    assert!(error.is_out_of_order(), "{error}");
    let message = "`001_users` can't be rolled back before `001_invoices` of the set `billing`, which requires it";
    assert!(error.to_string().starts_with(message), "{error}");
    assert!(knowing().reset(&mut db).unwrap_err().is_out_of_order());
    assert_eq!(objects(&db), "invoices users");
    billing_runner().down_all(&mut db).unwrap();
    knowing().down(&mut db).unwrap();
    assert_eq!(objects(&db), "");
}

#[test]
fn what_another_set_requires_is_not_forgotten() {
    let mut db = memory();
    let (accounts, billing) = (accounts().set(), billing().set());
    up(&mut db, &[accounts, billing]).unwrap();
    let knowing = || Runner::new(accounts).beside(&Runner::new(billing));
    let before = dump(&db);
    let error = knowing().forget(&mut db, 1_u64).unwrap_err();
    assert!(error.is_out_of_order(), "{error}");
    let message = "`001_users` can't be forgotten before `001_invoices` of the set `billing`, which requires it";
    assert!(error.to_string().starts_with(message), "{error}");
    assert_eq!(error.help(), ["forget that one first: `cargo dbmigrate forget 001_invoices --set billing`"]);
    assert_eq!(dump(&db), before);
    // What nobody requires is.
    assert_eq!(knowing().forget(&mut db, 2_u64).unwrap().name, "002_names");
    billing_runner().forget(&mut db, 1_u64).unwrap();
    assert_eq!(knowing().forget(&mut db, 1_u64).unwrap().name, "001_users");
}

#[test]
fn the_schema_of_a_shared_database_is_that_of_all_its_sets() {
    let mut db = memory();
    let (accounts, billing) = (accounts().set(), billing().set());
    let together = || {
        let one = Migrator::<'_, driver::Rusqlite>::new;
        Together::new().add(one(accounts)).add(one(billing))
    };
    assert!(together().verify_schema(&mut db).unwrap().pending.contains(&"billing/001_invoices".to_owned()));
    together().up(&mut db).unwrap();
    let verified = together().verify_schema(&mut db).unwrap();
    assert_eq!((verified.objects, verified.pending.len()), (3, 0));
    let alone = Migrator::<'_, driver::Rusqlite>::new(billing).verify_schema(&mut db).unwrap_err();
    assert!(alone.is_unverified() && alone.to_string().contains("also holds the set `accounts`"), "{alone}");
    let knowing = Runner::new(billing).beside(&Runner::new(accounts));
    assert_eq!(knowing.verify_schema(&mut db).unwrap().objects, 3);
    run(&db, "CREATE INDEX by_hand ON users (name)");
    let drift = together().verify_schema(&mut db).unwrap_err();
    assert!(drift.is_drift() && drift.to_string().contains("no migration makes the index `by_hand`"), "{drift}");
    assert_eq!(drift.notes().len(), 1, "{drift}");
}

#[test]
fn what_is_marked_is_compared_with_all_sets() {
    let (accounts, billing) = (accounts().set(), billing().set());
    let mut db = memory();
    Migrator::<'_, driver::Rusqlite>::new(accounts).up_to(&mut db, 2_u64).unwrap();
    run(&db, INVOICES[0]);
    run(&db, "ALTER TABLE invoices ADD COLUMN sum");
    let error = Migrator::<'_, driver::Rusqlite>::new(billing).mark(&mut db).unwrap_err();
    assert!(error.is_mismatch() && error.to_string().contains("also holds the set `accounts`"), "{error}");
    let knowing = || Runner::new(billing).beside(&Runner::new(accounts));
    let marked = knowing().mark(&mut db).unwrap();
    assert_eq!((marked.recorded.len(), marked.comparison), (2, Comparison::Same(2)));
    assert_eq!(up(&mut db, &[accounts, billing]).unwrap(), "accounts/003_debts");
}

#[test]
fn hooks_run_once_and_repeatables_after_the_migrations_of_all_sets() {
    let mut db = memory();
    let log = "INSERT INTO log VALUES ";
    let statement = |text: &str| -> &'static str { format!("{log}('{text}')").leak() };
    let base = package(vec![file("001_log", &["CREATE TABLE log (x)"])]).own("base");
    up(&mut db, &[base.clone().set()]).unwrap();
    let a = package(vec![file("001_a", &[statement("a1")]), file("002_a", &[statement("a2")]).requires(&["b/001_b"])])
        .own("a")
        .before(&[statement("before a")])
        .after(&["INSERT INTO log SELECT 'after a ' || count(*) FROM v"])
        .repeatable("v", &["CREATE VIEW v AS SELECT * FROM b"]);
    let b = package(vec![file("001_b", &["CREATE TABLE b (x)", statement("b1")]).requires(&["a/001_a"])])
        .own("b")
        .before(&[statement("before b")])
        .after(&[statement("after b")]);
    let sets = [base.set(), a.set(), b.set()];
    assert_eq!(up(&mut db, &sets).unwrap(), "a/001_a b/001_b a/002_a");
    let order = "before a,a1,before b,b1,after b,a2,after a 0";
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM log"), order);
    assert_eq!(up(&mut db, &sets).unwrap(), "");
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM log"), order);
}

#[test]
fn repeatables_of_the_first_set_wait_for_the_migrations_of_the_last() {
    let view = "CREATE VIEW v AS SELECT x, y FROM a, b";
    let first = || package(vec![file("001_a", &["CREATE TABLE a (x)"])]).own("first").repeatable("v", &[view]);
    let second = package(vec![file("001_b", &["CREATE TABLE b (y)"])]).own("second").set();
    let mut db = memory();
    assert_eq!(up(&mut db, &[first().set(), second]).unwrap(), "first/001_a second/001_b");
    assert_eq!(objects(&db), "a b v");
    // Also where it has nothing else to do.
    let mut db = memory();
    package(vec![file("001_a", &["CREATE TABLE a (x)"])]).own("first").runner().up(&mut db).unwrap();
    assert_eq!(up(&mut db, &[first().set(), second]).unwrap(), "second/001_b");
    assert_eq!(objects(&db), "a b v");
    assert_eq!(up(&mut db, &[first().set(), second]).unwrap(), "");
}

#[test]
fn a_fault_in_one_set_says_which_and_keeps_what_came_before() {
    let mut db = memory();
    let bad = package(vec![file("001_bad", &["CREATE TABLE bad (x)", "SELECT nowhere"])]).own("bad");
    let error = up(&mut db, &[accounts_alone().set(), bad.set()]).unwrap_err();
    assert!(error.to_string().contains("this is about the set `bad`"), "{error}");
    assert!(error.to_string().contains("the applied migrations of the set `accounts` stay"), "{error}");
    assert_eq!(objects(&db), "users");
    // What it has applied itself is no other's.
    let bad = package(vec![file("001_good", &["SELECT 1"]), file("002_bad", &["SELECT nowhere"])]).own("bad");
    let error = up(&mut memory(), &[bad.set()]).unwrap_err();
    assert!(!error.to_string().contains("the applied migrations of"), "{error}");
}

fn accounts_alone() -> Package {
    package(vec![file("001_users", USERS).down(&["DROP TABLE users"])]).own("accounts")
}

#[test]
fn differences_in_any_set_are_told_before_anything_runs() {
    let mut db = memory();
    up(&mut db, &[billing_alone(&["CREATE TABLE invoices (id)"])]).unwrap();
    let error =
        up(&mut db, &[accounts_alone().set(), billing_alone(&["CREATE TABLE invoices (id, more)"])]).unwrap_err();
    assert!(error.is_edited() && !error.to_string().contains(" stay"), "{error}");
    assert_eq!(objects(&db), "invoices");
    // Also of one that has something to do itself, and of what nobody here could run.
    let more = |second: File| {
        let first = file("001_invoices", &["CREATE TABLE invoices (id)"]);
        package(vec![first, second]).own("billing").set()
    };
    run(&db, "UPDATE _migrations_billing SET checksum = 'v1:0'");
    let next = file("002_next", &["CREATE TABLE next (x)"]);
    assert!(up(&mut db, &[accounts_alone().set(), more(next)]).unwrap_err().is_edited());
    assert_eq!(objects(&db), "invoices");
    let mut db = memory();
    let error = up(&mut db, &[accounts_alone().set(), more(file("002_code", &["rust:0"]))]).unwrap_err();
    assert!(error.to_string().contains("contains Rust"), "{error}");
    assert_eq!(objects(&db), "");
}

fn billing_alone(statements: &[&'static str]) -> &'static Set<'static> {
    package(vec![file("001_invoices", statements)]).own("billing").set()
}

#[test]
fn what_shares_one_transaction_can_not_be_parted() {
    let rules = Rules { transaction: TransactionMode::All, ..Rules::DEFAULT };
    let mut db = memory();
    let error = up(&mut db, &[accounts().rules(rules).set(), billing().set()]).unwrap_err();
    assert!(error.is_set() && error.to_string().contains("requires another set in between"), "{error}");
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master"), "0");
    assert!(up(&mut db, &[accounts().set(), billing().rules(rules).set()]).is_ok());
}

#[test]
fn all_sets_are_rehearsed_on_one_copy() {
    let folder = Folder::new();
    let mut db = Connection::open(folder.file("app.db")).unwrap();
    let one = Migrator::<'_, driver::Rusqlite>::new;
    let (accounts, billing) = (accounts().set(), billing().set());
    let rehearsals = Together::new().add(one(accounts)).add(one(billing)).rehearse(&mut db).unwrap();
    let ran: Vec<String> = rehearsals
        .iter()
        .flat_map(|it| it.rehearsal.migrations.iter().map(|done| format!("{}/{}", it.set, done.name)))
        .collect();
    let order = "accounts/001_users accounts/002_names billing/001_invoices billing/002_sums accounts/003_debts";
    assert_eq!(ran.join(" "), order);
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master"), "0");
    let bad = package(vec![file("001_bad", &["SELECT nowhere"])]).own("bad").set();
    let rehearsals = Together::new().add(one(bad)).add(one(accounts_alone().set())).rehearse(&mut db).unwrap();
    let [only] = rehearsals.as_slice() else { panic!("{rehearsals:?}") };
    assert!(only.rehearsal.error.as_ref().unwrap().to_string().contains("this is about the set `bad`"), "{only:?}");
    up(&mut db, &[accounts, billing]).unwrap();
    assert!(Together::new().add(one(accounts)).add(one(billing)).rehearse(&mut db).unwrap().is_empty());
}

#[test]
fn one_copy_is_kept_before_all() {
    let folder = Folder::new();
    let mut db = Connection::open(folder.file("app.db")).unwrap();
    up(&mut db, &[accounts_alone().set(), billing_alone(&["CREATE TABLE invoices (id)"])]).unwrap();
    run(&db, "INSERT INTO invoices VALUES (1)");
    let more = |name: &'static str, statements: &[&'static str], of: &'static Set<'static>| {
        let next = set(vec![file(name, statements)]).migrations[0];
        let migrations: Vec<_> = of.migrations.iter().copied().chain([next]).collect();
        let set: &'static Set<'static> = Box::leak(Box::new(Set { migrations: migrations.leak(), ..*of }));
        Migrator::<'_, driver::Rusqlite>::new(set).backup(Backup::new(BackupWhen::Always))
    };
    let reports = Together::new()
        .add(more("002_more", &["DELETE FROM users"], accounts_alone().set()))
        .add(more("002_more", &["DELETE FROM invoices"], billing_alone(&["CREATE TABLE invoices (id)"])))
        .up(&mut db)
        .unwrap();
    let copies: Vec<_> = reports.iter().map(|done| done.report.backup.is_some()).collect();
    assert_eq!(copies, [true, false]);
    let copy = Connection::open(reports[0].report.backup.clone().unwrap()).unwrap();
    assert_eq!(ask(&copy, "SELECT count(*) FROM users"), "1");
}

/// A start of one of two programs that add the sets in another order each.
fn start(path: &Path, turned: bool) {
    let mut db = Connection::open(path).unwrap();
    db.busy_timeout(Duration::ZERO).unwrap();
    let (accounts, billing) = (accounts().set(), billing().set());
    up(&mut db, &if turned { [billing, accounts] } else { [accounts, billing] }).unwrap();
}

#[test]
fn eight_processes_start_with_two_sets() {
    const PATH: &str = "DBMIGRATE_TEST_PATH";
    if let Some(path) = std::env::var_os(PATH) {
        start(Path::new(&path), std::env::var_os("DBMIGRATE_TEST_TURNED").is_some());
        return;
    }
    for _ in 0..3 {
        let folder = Folder::new();
        let path = folder.file("a.db");
        let processes: Vec<_> = (0..8)
            .map(|at| {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.args(["--exact", "eight_processes_start_with_two_sets"]).env(PATH, &path);
                if at % 2 == 0 {
                    command.env("DBMIGRATE_TEST_TURNED", "1");
                }
                command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
            })
            .collect();
        for process in processes {
            let output = process.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        }
        let db = Connection::open(&path).unwrap();
        let names =
            |table: &str| ask(&db, &format!("SELECT group_concat(name) FROM (SELECT name FROM {table} ORDER BY id)"));
        assert_eq!(names("_migrations_accounts"), "001_users,002_names,003_debts");
        assert_eq!(names("_migrations_billing"), "001_invoices,002_sums");
        assert_eq!(ask(&db, "SELECT count(*) FROM users"), "1");
    }
}
