//! Files that were edited after they ran, or while they were stopped on their way: what goes on, what is refused, and
//! what is only a note.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use std::path::Path;
use std::time::Duration;

use dbmigrate_runtime::{Error, ErrorKind, Migrator, NoBackend, Rules, State, Stopped, StoreSql};
use rusqlite::Connection;
use support::fault::{Fault, FaultyDriver};
use support::*;

fn bare(statements: &[&'static str]) -> Vec<File> {
    vec![file("001_t", &["CREATE TABLE t (x)"]), file("002_bare", statements).no_transaction()]
}

const ONE: &str = "INSERT INTO t VALUES (1)";
const TWO: &str = "INSERT INTO t VALUES (2)";
const THREE: &str = "INSERT INTO t VALUES (3)";

/// A database in which `002_bare` was interrupted after `ONE`, at a statement that can't work.
fn stopped(rules: Rules) -> Connection {
    let mut db = memory();
    let migrator: Runner = Migrator::new(set_with(bare(&[ONE, "nonsense", THREE]), rules));
    migrator.up(&mut db).unwrap_err();
    assert_eq!(history(&db), "001_t 002_bare:running1");
    db
}

fn state(db: &mut Connection, statements: &[&'static str]) -> State {
    runner(bare(statements)).status(db).unwrap().entries.remove(1).state
}

#[test]
fn redo_is_offered_where_there_is_a_down_script() {
    for has_down in [true, false] {
        let text = |statement| {
            let file = file("001_t", &[statement]);
            runner(vec![if has_down { file.down(&["DROP TABLE t"]) } else { file }])
        };
        let mut db = memory();
        text("CREATE TABLE t (x)").up(&mut db).unwrap();
        let error = text("CREATE TABLE t (x, y)").up(&mut db).unwrap_err();
        let is_offered = error.help().iter().any(|help| help.contains("`cargo dbmigrate redo`"));
        assert_eq!((error.kind(), is_offered), (ErrorKind::Edited, has_down), "{error}");
    }
    // It would roll back another one.
    let text = |statement| {
        let later = file("002_later", &["SELECT 1"]).down(&["SELECT 1"]);
        runner(vec![file("001_t", &[statement]).down(&["DROP TABLE t"]), later])
    };
    let mut db = memory();
    text("CREATE TABLE t (x)").up(&mut db).unwrap();
    let error = text("CREATE TABLE t (x, y)").up(&mut db).unwrap_err();
    assert!(error.is_edited() && !error.help().concat().contains("`cargo dbmigrate redo`"), "{error}");
}

#[test]
fn case_50_an_edit_behind_what_has_run_goes_on() {
    for (edited, rows) in [
        (&[ONE, TWO, THREE][..], "1,2,3"),
        (&[ONE, THREE], "1,3"),
        (&[ONE], "1"),
        (&[ONE, "BEGIN", TWO, THREE, "COMMIT", "VACUUM"], "1,2,3"),
    ] {
        let mut db = stopped(Rules { store_sql: StoreSql::All, ..Rules::DEFAULT });
        let files = || {
            let mut files = bare(edited);
            files[1] = files[1].clone().down(&["DELETE FROM t"]).no_transaction();
            files
        };
        let migrator: Runner = Migrator::new(set_with(files(), Rules { store_sql: StoreSql::All, ..Rules::DEFAULT }));
        assert_eq!(state(&mut db, edited), State::Interrupted { done: 1, of: edited.len() as u64, edited: false });
        let plan = migrator.repair_plan(&mut db).unwrap();
        assert_eq!(plan[0].problem.help, ["to continue: `cargo dbmigrate up`"]);
        assert_eq!(migrator.up(&mut db).unwrap().applied.len(), 1);
        assert_eq!(ask(&db, "SELECT group_concat(x) FROM t"), rows);
        // The record is that of the new text.
        assert!(migrator.verify(&mut db).unwrap().is_ok());
        assert!(migrator.up(&mut db).unwrap().is_empty());
        let kept = ask(
            &db,
            "SELECT (up_sql NOT LIKE '%nonsense%') || (down_sql LIKE '%DELETE FROM t%') FROM _migrations WHERE number = 2",
        );
        assert_eq!(kept, "11");
        migrator.down(&mut db).unwrap();
    }
}

#[test]
fn an_edit_that_fails_again_can_be_edited_again() {
    let mut db = stopped(Rules::DEFAULT);
    runner(bare(&[ONE, TWO, "more nonsense"])).up(&mut db).unwrap_err();
    assert_eq!(history(&db), "001_t 002_bare:running2");
    // The first text has not the second step that has run.
    assert!(runner(bare(&[ONE, "nonsense", THREE])).up(&mut db).unwrap_err().is_interrupted());
    runner(bare(&[ONE, TWO, THREE])).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM t"), "1,2,3");
}

#[test]
fn case_50_an_edit_of_what_has_run_is_refused_with_the_difference() {
    for store_sql in [StoreSql::All, StoreSql::Down] {
        let mut db = stopped(Rules { store_sql, ..Rules::DEFAULT });
        let before = dump(&db);
        for edited in [&["INSERT INTO t VALUES (9)", TWO][..], &[TWO, ONE], &[]] {
            let error = runner(bare(edited)).up(&mut db).unwrap_err();
            assert!(error.is_interrupted(), "{error}");
            let text = error.to_string();
            assert!(
                text.contains("`002_bare` was interrupted after 1 step, and edited in steps that have run"),
                "{text}"
            );
            assert_eq!(text.contains("- INSERT INTO t VALUES (1);"), store_sql == StoreSql::All, "{text}");
            assert!(text.contains("`cargo dbmigrate repair 002_bare`"), "{text}");
            assert_eq!(state(&mut db, edited), State::Interrupted { done: 1, of: edited.len() as u64, edited: true });
            assert_eq!(runner(bare(edited)).verify(&mut db).unwrap().problems[0].kind, ErrorKind::Interrupted);
        }
        assert_eq!(dump(&db), before);
    }
}

#[test]
fn a_repair_takes_what_was_edited_for_what_has_run_and_says_so() {
    let mut db = stopped(Rules::DEFAULT);
    let edited = || runner(bare(&["INSERT INTO t VALUES (9)", "nonsense"]));
    let repairs = edited().repair(&mut db, 2_u64, None).unwrap();
    assert_eq!(
        repairs.done[0].remedy.as_deref(),
        Some("its current text counts: its first step counts as run, and `up` continues after it")
    );
    // From here on its first step is the new one.
    assert!(runner(bare(&[ONE, TWO])).up(&mut db).unwrap_err().is_interrupted());
    runner(bare(&["INSERT INTO t VALUES (9)", TWO])).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM t"), "1,2");
}

#[test]
fn a_history_without_the_checksum_of_a_prefix_goes_on_with_the_same_text_only() {
    let mut db = stopped(Rules::DEFAULT);
    run(&db, "UPDATE _migrations SET prefix_checksum = NULL");
    let error = runner(bare(&[ONE, TWO])).up(&mut db).unwrap_err();
    assert!(error.to_string().contains("and edited since"), "{error}");
    assert!(runner(bare(&[ONE, "nonsense", THREE])).up(&mut db).unwrap_err().is_sql());
}

#[test]
fn a_step_that_was_begun_has_run_for_all_that_is_known() {
    let folder = Folder::new();
    let copy: &'static str = format!("VACUUM INTO '{}'", folder.file("copy.db").display()).leak();
    let other: &'static str = format!("VACUUM INTO '{}'", folder.file("other.db").display()).leak();
    let text = [ONE, copy, TWO];
    let mut db = memory();
    runner(bare(&[ONE, copy, "nonsense"])).up(&mut db).unwrap_err();
    // As a process leaves it that is killed inside of its second step.
    let prefix = set(bare(&text)).migrations[1].up.prefixes[2];
    let begun = format!(
        "UPDATE _migrations SET state = 'started', statements_done = 1, prefix_checksum = '{prefix}' WHERE number = 2"
    );
    run(&db, &begun);
    let up = |db: &mut Connection, statements: &[&'static str]| {
        runner(bare(statements)).busy_timeout(Duration::ZERO).up(db).unwrap_err().to_string()
    };
    for edited in [&[ONE, other, TWO][..], &[ONE, "VACUUM", TWO], &[ONE, TWO], &[ONE]] {
        let error = up(&mut db, edited);
        assert!(error.contains("edited in steps that have run"), "{error}");
        let left = runner(bare(edited)).repair(&mut db, 2_u64, None).unwrap().left;
        assert!(left[0].problem.message.ends_with("it is unknown whether that step ran"), "{left:?}");
    }
    // Behind it, an edit does not matter: nobody knows whether that very step ran.
    let error = up(&mut db, &text);
    assert!(error.contains("it is unknown whether that step ran"), "{error}");
    runner(bare(&text)).repair(&mut db, 2_u64, Some(Stopped::Done)).unwrap();
    runner(bare(&text)).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM t"), "1,2");
}

#[test]
fn a_file_that_got_a_transaction_meanwhile_does_not_start_over() {
    let mut db = stopped(Rules::DEFAULT);
    let files = || vec![file("001_t", &["CREATE TABLE t (x)"]), file("002_bare", &[ONE, TWO])];
    let error = runner(files()).up(&mut db).unwrap_err();
    assert!(
        error.is_interrupted() && error.to_string().contains("write `no-transaction` in its file again"),
        "{error}"
    );
    let repairs = runner(files()).repair_all(&mut db, None).unwrap();
    assert!(repairs.done.is_empty() && repairs.left.len() == 1, "{repairs:?}");
    runner(files()).forget(&mut db, 2_u64).unwrap();
    runner(files()).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM t"), "1,1,2");
}

#[test]
fn two_texts_at_once_do_not_mix() {
    // A second program begins alike and comes in while the first one is between two steps.
    let folder = Folder::new();
    let path = folder.file("a.db");
    let first = vec![file("001_t", &["CREATE TABLE t (x)"]), file("002_bare", &[ONE, TWO, THREE]).no_transaction()];
    let migrator: Migrator<'_, driver::Rusqlite> = Migrator::new(set(first)).on_progress(|progress| {
        if progress.name == "002_bare" && progress.step == 2 {
            let mut db = Connection::open(&path).unwrap();
            runner(bare(&[ONE, "INSERT INTO t VALUES (20)", "nonsense"])).up(&mut db).unwrap_err();
        }
    });
    let error = migrator.up(&mut Connection::open(&path).unwrap()).unwrap_err();
    assert!(error.is_interrupted() && error.to_string().contains("with a different text"), "{error}");
    let mut db = Connection::open(&path).unwrap();
    assert_eq!(history(&db), "001_t 002_bare:running2");
    runner(bare(&[ONE, "INSERT INTO t VALUES (20)", THREE])).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM t"), "1,20,3");
}

#[test]
fn the_history_never_holds_a_text_of_which_something_has_not_run() {
    // A program with more statements, the last of which fails, comes between any two calls of the first one.
    let (short, long) = (|| bare(&[ONE, TWO]), || bare(&[ONE, TWO, THREE, "nonsense"]));
    let checksum_of = |files: Vec<File>| set(files).migrations[1].checksum;
    let migrator: Migrator<'_, NoBackend> = Migrator::new(set(short()));
    let open = |path: &Path| {
        let db = Connection::open(path).unwrap();
        run(&db, "PRAGMA busy_timeout = 0; PRAGMA synchronous = 0");
        db
    };
    let folder = Folder::new();
    let mut first = open(&folder.file("first.db"));
    let mut driver = FaultyDriver::new(&mut first, Fault::None, 0);
    migrator.up_with(&mut driver).unwrap();
    let mut seen = [0, 0];
    for at in 0..driver.calls.len() {
        let path = folder.file(&format!("{at}.db"));
        let mut db = open(&path);
        let mut other = || {
            let result = runner(long()).busy_timeout(Duration::ZERO).up(&mut open(&path));
            let is_expected = |error: &Error| error.is_busy() || error.is_edited() || error.is_sql();
            assert!(result.as_ref().is_err_and(is_expected), "{at}: {result:?}");
        };
        let result = migrator.up_with(&mut FaultyDriver::meddled(&mut db, at, &mut other));
        let rows = ask(&db, "SELECT group_concat(x) FROM t");
        let recorded = ask(&db, "SELECT checksum FROM _migrations WHERE number = 2");
        let is_long = recorded == checksum_of(long());
        assert!(is_long || recorded == checksum_of(short()), "{at}");
        assert_eq!(rows, if is_long { "1,2,3" } else { "1,2" }, "{at}: {result:?}");
        assert_eq!(result.is_err(), is_long, "{at}: {result:?}");
        assert_eq!(history(&db), if is_long { "001_t 002_bare:running3" } else { "001_t 002_bare" }, "{at}");
        seen[usize::from(is_long)] += 1;
    }
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
}

fn noted(files: Vec<File>, db: &mut Connection) -> String {
    let runner = runner(files);
    let verification = runner.verify(db).unwrap();
    assert!(verification.is_ok(), "{verification:?}");
    assert!(runner.repair_plan(db).unwrap().is_empty());
    assert!(runner.up(db).unwrap().is_empty());
    let status: Vec<String> = runner
        .status(db)
        .unwrap()
        .entries
        .into_iter()
        .flat_map(|entry| entry.notes.into_iter().map(move |note| format!("{}: {note}", entry.name)))
        .collect();
    let notes: Vec<String> =
        verification.notes.into_iter().map(|note| format!("{}: {}", note.name, note.message)).collect();
    assert_eq!(notes, status);
    notes.join("|")
}

#[test]
fn an_edited_comment_is_a_note() {
    let files = || vec![file("001_t", &["CREATE TABLE t (x)"]), file("002_u", &["CREATE TABLE u (x)"])];
    let mut db = memory();
    runner(files()).up(&mut db).unwrap();
    assert_eq!(noted(files(), &mut db), "");
    let mut edited = files();
    edited[1] = edited[1].clone().comment("why");
    let note = "002_u: comments or blank space were edited since it was applied";
    assert_eq!(noted(edited.clone(), &mut db), note);
    // Nothing has to be repaired, and nothing is.
    let before = dump(&db);
    assert!(runner(edited.clone()).repair_all(&mut db, None).unwrap().done.is_empty());
    assert_eq!(dump(&db), before);
    // Who repairs an edit takes its comments too.
    edited[1] = file("002_u", &["CREATE TABLE u (x, y)"]).comment("why");
    runner(edited.clone()).repair_all(&mut db, None).unwrap();
    assert_eq!(noted(edited.clone(), &mut db), "");
    edited[1] = file("002_u", &["CREATE TABLE u (x, y)"]);
    assert_eq!(noted(edited.clone(), &mut db), note);
    // Where nobody knows how it looked there is nothing to say.
    run(&db, "UPDATE _migrations SET text_checksum = NULL");
    assert_eq!(noted(edited, &mut db), "");
}

#[test]
fn an_edited_down_script_is_a_note_and_the_files_is_used() {
    let files = |down: Option<&[&'static str]>| {
        let file = file("001_t", &["CREATE TABLE t (x)"]);
        vec![down.map_or(file.clone(), |down| file.down(down))]
    };
    let mut db = memory();
    runner(files(Some(&["DROP TABLE t"]))).up(&mut db).unwrap();
    assert_eq!(noted(files(Some(&["DROP TABLE t"])), &mut db), "");
    assert_eq!(noted(files(None), &mut db), "001_t: its down script was removed since it was applied: `down` has none");
    assert!(runner(files(None)).down(&mut db).unwrap_err().is_no_down());
    let edited = files(Some(&["ALTER TABLE t RENAME TO gone"]));
    assert_eq!(
        noted(edited.clone(), &mut db),
        "001_t: the down script was edited since it was applied; `down` uses the one in the file"
    );
    runner(edited).down(&mut db).unwrap();
    assert_eq!(objects(&db), "gone");
    // One that was written later is what everybody wants.
    runner(files(None)).up(&mut db).unwrap();
    assert_eq!(noted(files(Some(&["DROP TABLE t"])), &mut db), "");
}
