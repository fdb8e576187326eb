//! A snapshot that is there, edited, of other migrations, or gone; and what its seal can be.

use std::fs;

use super::*;
use crate::load::tests::{Package, check};
use crate::lock::Lock;
use crate::testing::Soup;

const A: (&str, &str) = ("migrations/001_a.sql", "CREATE TABLE a(x);\n");
const B: (&str, &str) = ("migrations/002_b.sql", "CREATE TABLE b(x);\n");
const PATH: &str = "migrations/snapshot.sql";
const LOCK: &str = "migrations/migrations.lock";
const TEXT: &str =
    "-- dbmigrate: foreign-keys off\nCREATE TABLE a(x);\nINSERT INTO a VALUES ('; -- dbmigrate: down\n');\n";

/// A package with a snapshot of its first migration, which is sealed.
fn sealed(text: &str) -> Package {
    let package = Package::new("", &[A, B, (PATH, text)]);
    let set = package.load().set;
    let seal = SealedSnapshot {
        number: 1,
        chain: set.migrations[0].chain.clone(),
        checksum: checksum(&SourceText::new(PATH, text)),
        source: source(&set.config, &set.migrations[..1]),
    };
    package.write(LOCK, &Lock { snapshot: Some(seal), ..Lock::default() }.to_text());
    package
}

#[test]
fn what_is_sealed_is_read_again() {
    let package = sealed(TEXT);
    let loaded = package.load();
    assert_eq!(loaded.diagnostics, []);
    let snapshot = loaded.set.snapshot.as_ref().unwrap();
    assert_eq!((snapshot.number, snapshot.script.foreign_keys, snapshot.script.steps.len()), (1, Some(false), 2));
    assert_eq!(snapshot.chain(&loaded.set), loaded.set.migrations[0].chain);
    // Line ends are those of the checkout.
    package.write(PATH, &TEXT.replace('\n', "\r\n"));
    assert_eq!(package.load().set.snapshot, loaded.set.snapshot);
    // A later migration makes no difference, and it is none itself.
    package.write("migrations/003_c.sql", "SELECT 1;");
    assert_eq!((package.load().set.migrations.len(), package.load().highest), (3, Some(3)));
    assert!(package.load().set.snapshot.is_some());
}

#[test]
fn one_that_is_gone_is_missed_by_nobody() {
    let package = sealed(TEXT);
    fs::remove_file(package.path().join(PATH)).unwrap();
    let loaded = package.load();
    assert_eq!((loaded.diagnostics, loaded.set.snapshot), (vec![], None));
    assert!(loaded.set.lock.snapshot.is_some());
}

#[test]
fn one_that_was_edited_or_is_not_sealed_is_a_fault() {
    let edited = sealed(TEXT);
    edited.write(PATH, &format!("{TEXT}-- a comment\n"));
    let helps = ["write it again: `cargo dbmigrate snapshot`", "`cargo dbmigrate snapshot --remove`"];
    check(
        &edited,
        &[&["snapshot-edited migrations/snapshot.sql: error: ", "was edited since it was sealed", helps[0], helps[1]]],
    );
    edited.write(PATH, "<<<<<<< HEAD\n");
    check(&edited, &[&["snapshot-edited"]]);
    let unsealed = Package::new("", &[A, (PATH, TEXT)]);
    check(&unsealed, &[&["snapshot-unsealed", "is not sealed in `migrations/migrations.lock`", helps[0], helps[1]]]);
    // What can't be read is said once.
    edited.write(LOCK, "version = 9\nmigrations = []\n");
    check(&edited, &[&["lock-version"]]);
    unsealed.write(LOCK, "version = 1\nmigrations = [\n]\n");
    check(&unsealed, &[&["snapshot-unsealed"]]);
    fs::write(unsealed.path().join(PATH), b"\xff").unwrap();
    check(&unsealed, &[&["UTF-8", helps[0]]]);
    fs::remove_file(unsealed.path().join(PATH)).unwrap();
    fs::create_dir(unsealed.path().join(PATH)).unwrap();
    check(&unsealed, &[&["snapshot-folder migrations/snapshot.sql: error: ", "is a folder", "move it away"]]);
}

#[test]
fn one_of_other_migrations_is_left_alone() {
    let package = sealed(TEXT);
    package.write(A.0, "CREATE TABLE a(x, y);\n");
    check(
        &package,
        &[&["snapshot-stale migrations/snapshot.sql: warning: ", "it is not used", "`cargo dbmigrate snapshot`"]],
    );
    assert_eq!(package.load().set.snapshot, None);
    // Where a file is wrong, that is what is said.
    package.write(A.0, "CREATE TABLE a(x;\n");
    package.write("migrations/004_d.sql", "SELECT 1;\n");
    assert!(package.load().diagnostics.iter().all(|it| it.code != "snapshot-stale"));
}

#[test]
fn one_of_other_texts_or_other_foreign_keys_is_left_alone() {
    // The tokens are the same, the text that SQLite keeps is not.
    let package = sealed(TEXT);
    for text in ["CREATE TABLE a(x /* why */);\n", "CREATE TABLE a( x);\n"] {
        package.write(A.0, text);
        check(
            &package,
            &[&["snapshot-stale", "warning: ", "is of other texts of the migrations", "`cargo dbmigrate snapshot`"]],
        );
        assert_eq!(package.load().set.snapshot, None);
    }
    package.write(A.0, A.1);
    // One that it does not stand for makes no difference.
    package.write(B.0, "CREATE TABLE b( x);\n");
    assert!(package.load().set.snapshot.is_some());
    let manifest = |foreign_keys: &str| {
        let lines = format!("[package.metadata.migrations]\nforeign-keys = {foreign_keys}\n");
        package.write("Cargo.toml", &format!("[package]\nname = \"app\"\n{lines}"));
        package.load()
    };
    for other in ["\"off\"", "\"connection\""] {
        let loaded = manifest(other);
        assert_eq!(loaded.set.snapshot, None, "{other}");
        assert_eq!(loaded.diagnostics.iter().map(|it| it.code).collect::<Vec<_>>(), ["snapshot-stale"]);
    }
    assert!(manifest("\"on\"").set.snapshot.is_some());
}

#[test]
fn what_no_snapshot_holds_is_a_fault_even_if_sealed() {
    for text in [
        "-- dbmigrate: call step\n",
        "-- dbmigrate: no-transaction\nVACUUM;\n",
        "-- dbmigrate: assert SELECT 1\nSELECT 1;\n",
        "-- dbmigrate: tolerate existing\nSELECT 1;\n",
        "SELECT 1;\n-- dbmigrate: down\nSELECT 2;\n",
        "-- dbmigrate: irreversible so\nSELECT 1;\n",
        "-- dbmigrate: requires 001_a\nSELECT 1;\n",
    ] {
        check(&sealed(text), &[&["snapshot-text", "contains more than a snapshot", "`cargo dbmigrate snapshot`"]]);
    }
    check(&sealed("COMMIT;\n"), &[&["migrations/snapshot.sql:1:1"]]);
    check(&sealed("SELECT 'open;\n"), &[&["migrations/snapshot.sql:1:8"]]);
}

#[test]
fn the_seal_is_checked_like_any_other_line() {
    let package = sealed(TEXT);
    let lock = fs::read_to_string(package.path().join(LOCK)).unwrap();
    // A version that knows of no snapshot is told so.
    assert!(lock.contains("version = 2\n"));
    assert!(Lock::default().to_text().contains("version = 1\n"));
    let faults = |from: &str, to: &str, expect: &str| {
        assert!(lock.contains(from), "{from}");
        package.write(LOCK, &lock.replacen(from, to, 1));
        check(&package, &[&[expect, "git checkout -- migrations/migrations.lock"]]);
    };
    faults("number = 1", "number = \"1\"", "`number` must be a number");
    faults("number = 1, ", "", "`number` is missing");
    faults("chain = \"v1:", "chain = \"v2:", "`chain` must be");
    faults("checksum = \"v1:", "checksum = \"w1:", "`checksum` must be");
    faults("source = \"v1:", "source = \"v1;", "`source` must be");
    faults(" }\n", ", sum = 1 }\n", "unknown key `sum`");
    faults("snapshot = {", "snapshot = 1 #", "`snapshot` must be a table");
    faults("snapshot = {", "snapshots = {", "did you mean `snapshot`?");
    // As somebody may have merged it: in version 1.
    package.write(LOCK, &lock.replace("version = 2", "version = 1"));
    assert_eq!(package.load().diagnostics, []);
}

#[test]
fn no_text_is_too_odd() {
    let mut soup = Soup::new(7);
    for _ in 0..200 {
        let text = soup.text(40);
        let package = sealed(&text);
        let _ = package.load();
    }
}
