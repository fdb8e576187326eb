//! What is sealed, what becomes of it, and what can be wrong with the file.

use std::fs;

use super::{FILE, Lock, SealedSchema, read};
use crate::load::tests::{Package, check};
use crate::source::SourceText;
use crate::testing::Soup;

const A: (&str, &str) = ("migrations/001_a.sql", "CREATE TABLE a(x);\n");
const B: (&str, &str) = ("migrations/002_b.sql", "CREATE TABLE b(x);\n-- dbmigrate: down\nDROP TABLE b;\n");
const C: (&str, &str) =
    ("migrations/003_c.rs", "pub fn up(db: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }\n");

/// A package with these three, the first of them sealed.
fn sealed(count: usize) -> Package {
    let package = Package::new("", &[A, B, C]);
    let set = package.load().set;
    package.write("migrations/migrations.lock", &Lock::seal(&set.migrations[..count]).to_text());
    package
}

fn remove(package: &Package, path: &str) {
    fs::remove_file(package.path().join(path)).unwrap();
}

fn lock_text(package: &Package) -> String {
    fs::read_to_string(package.path().join("migrations/migrations.lock")).unwrap()
}

#[test]
fn what_is_written_is_read_again() {
    let package = sealed(3);
    let loaded = package.load();
    assert_eq!(loaded.diagnostics, []);
    assert_eq!(loaded.set.lock, Lock::seal(&loaded.set.migrations));
    assert_eq!((loaded.set.sealed(), loaded.set.lock.newest()), (3, Some(3)));
    assert!(loaded.set.migrations.iter().all(|migration| loaded.set.lock.seals(migration)));

    let chain = loaded.set.chain().to_owned();
    let schema = SealedSchema { chain: chain.clone(), fingerprint: "s1:0123456789abcdef".to_owned() };
    let lock = Lock { schema: Some(schema), ..loaded.set.lock };
    package.write("migrations/migrations.lock", &lock.to_text());
    let again = package.load().set.lock;
    assert_eq!(again, lock);
    assert_eq!(again.fingerprint(&chain), Some("s1:0123456789abcdef"));
    assert_eq!(again.fingerprint("v1:other"), None);
    // Windows may check it out with its own line ends.
    package.write("migrations/migrations.lock", &lock.to_text().replace('\n', "\r\n"));
    assert_eq!(package.load().set.lock, lock);
    assert_eq!(package.load().diagnostics, []);

    assert_eq!(Package::new("", &[A]).load().set.lock, Lock::default());
    package.write("migrations/migrations.lock", &Lock::default().to_text());
    assert_eq!((package.load().diagnostics, package.load().set.sealed()), (vec![], 0));
}

#[test]
fn every_name_that_a_file_can_have_is_read_again() {
    let long = format!("migrations/001_{}.sql", "x".repeat(247));
    for (table, file) in [
        ("", long.as_str()),
        ("width = 1", "migrations/1_a.sql"),
        ("start = 0", "migrations/000_0_1.sql"),
        ("width = 20\nstart = 9223372036854775807", "migrations/09223372036854775807_z.sql"),
        ("numbering = 'timestamp'", "migrations/20240101000000_a.up.sql"),
    ] {
        let package = Package::new(table, &[(file, "SELECT 1;")]);
        package.write("migrations/migrations.lock", &Lock::seal(&package.load().set.migrations).to_text());
        let loaded = package.load();
        assert_eq!((loaded.diagnostics, loaded.set.sealed()), (vec![], 1), "{file}");
    }
}

#[test]
fn one_line_for_each_migration_and_all_of_them_in_order() {
    let text = lock_text(&sealed(3));
    assert!(text.starts_with("# The sealed migrations") && text.contains("`cargo dbmigrate lock` writes"), "{text}");
    assert!(text.ends_with("]\n") && !text.contains('\r'), "{text}");
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("  { number = ")).collect();
    assert_eq!(lines.len(), 3, "{text}");
    for (line, name) in lines.iter().zip(["001_a", "002_b", "003_c"]) {
        assert!(line.contains(&format!("name = \"{name}\"")), "{line}");
    }
    // Repositories hold such lines: what makes another one of the same files has every one of them accepted anew.
    let line = "  { number = 2, name = \"002_b\", \
                checksum = \"v1:7ae488f4df6fbad2b9b82e54378dbfcc0b36749a1d2c62a3e5aa62a1ccb82786\", \
                chain = \"v1:e71e2c9179a69c93033843936277774e1a6bde7b8db8399d257ce7d3bf52d168\", \
                source = \"v1:02051ee7dde169559ddcab92adbd019909b33123f596632954070220c236652c\" },";
    assert_eq!(lines[1], line);
    // What is sealed later changes no line.
    assert!(text.starts_with(lock_text(&sealed(2)).strip_suffix("]\n").unwrap()), "{text}");
}

#[test]
fn an_edit_is_an_error_and_what_is_not_sealed_is_free() {
    let package = sealed(2);
    package.write(B.0, "CREATE TABLE b(x, y);\n");
    package.write(C.0, &format!("// dbmigrate: version 7\n{}", C.1));
    check(
        &package,
        &[&[
            "sealed-edited migrations/002_b.sql: error: `002_b` is sealed, and was edited",
            "help: restore it from git: `git checkout -- migrations/002_b.sql`",
            "help: or, if the change is committed, from an earlier commit: `git log --oneline -- \
            migrations/002_b.sql`, then \
             `git checkout COMMIT -- migrations/002_b.sql`",
            "help: put the change into a new one: `cargo dbmigrate create NAME`",
            "help: if no database has it yet, accept it as it is now: `cargo dbmigrate lock --accept 002_b`",
        ]],
    );
    let set = package.load().set;
    assert_eq!(set.lock.notes(&set.migrations), []);
    remove(&package, C.0);
    package.write("migrations/003_other.sql", "SELECT 1;");
    package.write(B.0, B.1);
    check(&package, &[]);
    assert_eq!(package.load().set.sealed(), 2);
}

#[test]
fn comments_and_down_scripts_and_rust_are_worth_a_warning() {
    let package = sealed(3);
    let notes = |package: &Package| -> Vec<String> {
        let loaded = package.load();
        assert_eq!(loaded.diagnostics, []);
        loaded.set.lock.notes(&loaded.set.migrations).iter().map(|note| format!("{} {note}", note.code)).collect()
    };
    assert_eq!(notes(&package), Vec::<String>::new());
    package.write(A.0, &format!("-- So it began.\n{}", A.1));
    package.write("migrations/001_a.down.sql", "DROP TABLE a;");
    package.write(B.0, &B.1.replace("DROP TABLE b;", "DROP TABLE IF EXISTS b;"));
    package.write(C.0, &C.1.replace("{ Ok(()) }", "{\n    Ok(())\n}"));
    let notes = notes(&package);
    assert_eq!(notes.len(), 3, "{notes:#?}");
    assert!(notes[0].contains("sealed-source migrations/001_a.sql: warning: comments or the down script of `001_a`"));
    assert!(notes[1].contains("`cargo dbmigrate lock --accept 002_b`"), "{notes:#?}");
    assert!(notes[2].contains("the Rust of `003_c` was edited since it was sealed"), "{notes:#?}");
    // Each half by itself.
    let package = sealed(1);
    package.write("migrations/001_a.down.sql", "DROP TABLE a;");
    let set = package.load().set;
    assert_eq!(set.lock.notes(&set.migrations).len(), 1);
}

#[test]
fn a_new_name_is_an_error_that_knows_the_old_one() {
    let package = sealed(3);
    remove(&package, A.0);
    package.write("migrations/001_first.up.sql", A.1);
    check(
        &package,
        &[&[
            "sealed-renamed migrations/001_first.up.sql: error: `001_a` is sealed, and was renamed to `001_first`",
            "rename it: `mv migrations/001_first.up.sql migrations/001_a.up.sql`",
            "`cargo dbmigrate lock --accept 001_a`",
        ]],
    );
    let set = package.load().set;
    assert!(!set.lock.seals(&set.migrations[0]) && set.lock.seals(&set.migrations[1]));
    assert_eq!(set.lock.notes(&set.migrations), []);
    package.write("migrations/001_first.up.sql", "CREATE TABLE other(x);");
    check(
        &package,
        &[&[
            "sealed-renamed migrations/001_first.up.sql: error: `001_first` has the number of `001_a`, which is sealed",
            "restore `001_a` from git: `git checkout -- 'migrations/001_a.*'`",
        ]],
    );
    // A Rust migration counts by its name, so that a new name is all that is known of it.
    let package = sealed(3);
    remove(&package, C.0);
    package.write("migrations/003_d.rs", C.1);
    check(&package, &[&["sealed-renamed migrations/003_d.rs: error: `003_d` has the number of `003_c`"]]);
}

#[test]
fn the_down_script_goes_with_a_sealed_one_that_was_renamed() {
    let package = sealed(2);
    package.write("migrations/001_a.down.sql", "DROP TABLE a;");
    package.write("migrations/migrations.lock", &Lock::seal(&package.load().set.migrations).to_text());
    remove(&package, A.0);
    package.write("migrations/001_first.up.sql", A.1);
    // It has its right name, and is to follow only a name that stays.
    let renamed = "rename it: `mv migrations/001_first.up.sql migrations/001_a.up.sql`";
    let kept = "its name is right once `migrations/001_first.up.sql` has its old name back; to keep the new name, \
        rename it";
    check(&package, &[&["down-of-other-name", kept], &["sealed-renamed migrations/001_first.up.sql", renamed]]);
    remove(&package, "migrations/001_a.down.sql");
    package.write("migrations/001_first.down.sql", "DROP TABLE a;");
    let back = "rename it: `mv migrations/001_first.down.sql migrations/001_a.down.sql`";
    check(&package, &[&["sealed-renamed migrations/001_first.up.sql", renamed, back]]);
}

#[test]
fn a_new_number_is_a_new_name_and_no_gap() {
    let package = sealed(3);
    remove(&package, B.0);
    package.write("migrations/004_b.sql", "SELECT 1;");
    check(
        &package,
        &[&[
            "sealed-renamed migrations/004_b.sql: error: `002_b` is sealed, and was renamed to `004_b`",
            "`mv migrations/004_b.sql migrations/002_b.sql`",
        ]],
    );
    assert_eq!(package.load().highest, Some(4));
    // With another name as well it is known by its text,
    remove(&package, "migrations/004_b.sql");
    package.write("migrations/004_other.sql", B.1);
    let renamed = "sealed-renamed migrations/004_other.sql: error: `002_b` is sealed, and was renamed to `004_other`";
    check(&package, &[&[renamed]]);
    // but not for one that is sealed itself.
    let package = Package::new("", &[A, ("migrations/002_same.sql", A.1)]);
    package.write("migrations/migrations.lock", &Lock::seal(&package.load().set.migrations).to_text());
    remove(&package, A.0);
    check(&package, &[&["sealed-deleted migrations/migrations.lock:5:24: error: `001_a` is sealed, and its file"]]);
}

#[test]
fn a_deleted_one_is_one_error_and_its_number_stays_taken() {
    for (at, (path, _)) in [A, B, C].into_iter().enumerate() {
        let package = sealed(3);
        remove(&package, path);
        let name = path.rsplit('/').next().unwrap().split('.').next().unwrap();
        let place =
            format!("sealed-deleted migrations/migrations.lock:{}:24: error: `{name}` is sealed, and its", at + 5);
        let restore = format!("restore it from git: `git checkout -- 'migrations/{name}.*'`");
        let committed = format!("then `git checkout COMMIT -- 'migrations/{name}.*'`");
        check(&package, &[&[&place, &restore, &committed, &format!("`cargo dbmigrate lock --accept {name}`")]]);
        assert_eq!(package.load().highest, Some(3));
    }
    // A down script that is left is one that has lost its up script, and no more.
    let package = sealed(3);
    remove(&package, A.0);
    package.write("migrations/001_a.down.sql", "DROP TABLE a;");
    check(
        &package,
        &[&["down-without-up migrations/001_a.down.sql", "restore `migrations/001_a.sql`"], &["sealed-deleted"]],
    );
    // What was not sealed is a gap still.
    let package = sealed(1);
    remove(&package, A.0);
    remove(&package, B.0);
    check(&package, &[&["wrong-start", "migration 002 is missing"], &["sealed-deleted"]]);
}

#[test]
fn a_fault_of_the_file_itself_is_said_once() {
    let package = sealed(3);
    remove(&package, B.0);
    package.write("migrations/2-b.sql", B.1);
    check(&package, &[&["misnamed-file"]]);
    remove(&package, "migrations/2-b.sql");
    package.write("migrations/002_b.sql/x.txt", "");
    check(&package, &[&["not-a-file"]]);
    let package = sealed(3);
    for other in ["002_0.sql", "002_z.sql"] {
        package.write(&format!("migrations/{other}"), "SELECT 1;");
        check(&package, &[&["duplicate-number"]]);
        remove(&package, &format!("migrations/{other}"));
    }
}

#[test]
fn what_is_not_sealed_comes_last() {
    let timestamps = "numbering = 'timestamp'";
    let files = [("migrations/20240101000000_a.sql", "SELECT 1;"), ("migrations/20240301000000_c.sql", "SELECT 3;")];
    let package = Package::new(timestamps, &files);
    package.write("migrations/migrations.lock", &Lock::seal(&package.load().set.migrations).to_text());
    package.write("migrations/20240401000000_d.sql", "SELECT 4;");
    check(&package, &[]);
    package.write("migrations/20240201000000_b.sql", "SELECT 2;");
    check(
        &package,
        &[&[
            "sealed-order migrations/20240201000000_b.sql: error: `20240201000000_b` is not sealed, and comes before \
            `20240301000000_c`, which is",
            "help: give it a number above all sealed ones: `cargo dbmigrate renumber`",
        ]],
    );
    // One of the sealed ones that got this number is renamed, and no more.
    remove(&package, "migrations/20240201000000_b.sql");
    remove(&package, "migrations/20240101000000_a.sql");
    package.write("migrations/20240201000000_a.sql", "SELECT 1;");
    check(&package, &[&["sealed-renamed migrations/20240201000000_a.sql"]]);
}

/// What is wrong with a text, as `code line:column: message | help`.
fn faults(text: &str) -> Vec<String> {
    let mut diagnostics = Vec::new();
    let read = read::parse(SourceText::new("migrations/migrations.lock", text), "", None, &mut diagnostics);
    assert_eq!(read.is_none(), !diagnostics.is_empty(), "{text}");
    let say = |it: &crate::Diagnostic| {
        let place = it.location.as_ref().unwrap().position;
        format!("{} {place}: {} | {}", it.code, it.message, it.help_texts().join(" | "))
    };
    diagnostics.iter().map(say).collect()
}

/// Each fault must hold the words of its line, and there are no others.
#[track_caller]
fn faulty(text: &str, expect: &[&str]) {
    let faults = faults(text);
    assert_eq!(faults.len(), expect.len(), "{text}\n{faults:#?}");
    for (fault, words) in faults.iter().zip(expect) {
        assert!(fault.contains(words), "`{words}` in {faults:#?}");
    }
}

#[test]
fn a_newer_format_names_the_newer_tool() {
    let text = lock_text(&sealed(2)).replace("version = 1", "version = 3\nunheard = 'of'");
    faulty(
        &text,
        &[
            "lock-version 3:11: the file has version 3, and this version of dbmigrate reads up to 2 | it was written by \
            a newer `cargo dbmigrate lock`",
        ],
    );
    for odd in ["version = 0", "version = -1", "version = '1'", "version = 99999999999999999999999"] {
        faulty(&lock_text(&sealed(1)).replace("version = 1", odd), &["lock 3:11: `version` must be 1 | restore it"]);
    }
    faulty("migrations = []", &["lock 1:1: `version = 1` is missing"]);
    faulty("", &["`version = 1` is missing | restore it from git: `git checkout -- migrations/migrations.lock`"]);
    faulty("version = 1", &["`migrations` is missing"]);
}

#[test]
fn a_conflict_is_one_error_with_the_way_out() {
    let text = lock_text(&sealed(3));
    let lines: Vec<&str> = text.lines().collect();
    let ours = lines[6];
    let conflict = format!(
        "{}\n<<<<<<< HEAD\n{ours}\n=======\n{}\n>>>>>>> theirs\n]\n",
        lines[..6].join("\n"),
        ours.replace("003_c", "003_d")
    );
    let expect = "lock-conflict 7:1: two branches have sealed migrations, and conflict here | give the \
                  migrations of one branch other numbers: `cargo dbmigrate renumber`";
    faulty(&conflict, &[expect]);
    faulty(&conflict.replace('\n', "\r\n"), &[expect]);
    faulty(&text.replace("]\n", ">>>>>>> theirs\n]\n"), &["lock-conflict 8:1"]);
}

#[test]
fn lines_that_were_merged_by_hand_are_found() {
    let text = lock_text(&sealed(3));
    let line = text.lines().nth(6).unwrap();
    // Both sides were kept.
    let both = text.replace(line, &format!("{line}\n{}", line.replace("003_c", "003_d")));
    faulty(
        &both,
        &["lock-order 8:24: `003_c` and `003_d` are sealed with the same number | give the migrations of one branch \
            other numbers: `cargo dbmigrate renumber`"],
    );
    let second = text.lines().nth(5).unwrap();
    faulty(&text.replace(&format!("{second}\n"), ""), &["lock-chain 6:"]);
    let swapped = text.replace(line, "LINE").replace(second, line).replace("LINE", second);
    faulty(&swapped, &["lock-chain 6:", "lock-order 7:24: `002_b` comes after `003_c`"]);
    // An edited name, number or checksum breaks the chain of its line, and of no other.
    faulty(&text.replace("002_b", "002_bb"), &["lock-chain 6:"]);
    let checksum = second.split("checksum = \"").nth(1).unwrap().split('"').next().unwrap();
    let other = format!("v1:{}", "0".repeat(64));
    let edited = faults(&text.replace(checksum, &other));
    assert!(edited.iter().all(|fault| fault.contains("lock-chain")) && edited.len() == 1, "{edited:#?}");
}

#[test]
fn every_wrong_key_and_value_is_reported_at_once() {
    faulty("version = 1\nmigrations = 3", &["lock 2:14: `migrations` must be an array, not: integer"]);
    faulty("version = 1\nmigrations = [", &["not valid TOML"]);
    faulty("version = 1\nversion = 1\nmigrations = []", &["not valid TOML"]);
    faulty(
        "version = 1\nmigrationz = []\nmigrations = [3, {}, { number = '1', nmae = 'x' }]\nschema = { chain = 'x', fingerprint = 3 }",
        &[
            "unknown key `migrationz`; did you mean `migrations`?",
            "lock 3:15: a migration must be a table, not: integer",
            "`number` is missing",
            "`name` is missing",
            "`checksum` is missing",
            "`chain` is missing",
            "`source` is missing",
            "unknown key `nmae`; did you mean `name`?",
            "lock 3:33: `number` must be a number, not: string",
            "`name` is missing",
            "`checksum` is missing",
            "`chain` is missing",
            "`source` is missing",
            "lock 4:20: `chain` must be `v1:` and 64 hexadecimal digits",
            "lock 4:39: `fingerprint` must be a string, not: integer",
        ],
    );
    let text = lock_text(&sealed(1));
    let long = format!("name = \"001_{}\"", "x".repeat(252));
    let schema = |fingerprint: &str| {
        format!("]\nschema = {{ chain = 'v1:{}', fingerprint = '{fingerprint}' }}\n", "0".repeat(64))
    };
    let pruned = |version: &str| format!("]\npruned = '{version}'\n");
    assert_eq!(faults(&text.replacen("]\n", &schema("s1:0aZ"), 1)), [""; 0]);
    assert_eq!(faults(&text.replacen("]\n", &pruned("1.2.0-rc+1"), 1)), [""; 0]);
    let source = &text.split("source = \"v1:").nth(1).unwrap()[..64];
    for (from, to, expect) in [
        ("name = \"001_a\"", long.as_str(), "`name` must be its number, `_` and a name"),
        ("]\n", &schema(""), "`fingerprint` must be a version and letters or digits"),
        ("]\n", &schema("a b"), "`fingerprint` must be a version and letters or digits"),
        ("]\n", &schema(&"a".repeat(256)), "`fingerprint` must be a version and letters or digits"),
        ("]\n", &pruned(""), "`pruned` must be a version"),
        ("]\n", &pruned("a b"), "`pruned` must be a version"),
        ("]\n", &pruned(&"1".repeat(256)), "`pruned` must be a version"),
        (source, &source[1..], "`source` must be `v1:` and 64 hexadecimal digits"),
        (source, &"g".repeat(64), "`source` must be `v1:` and 64 hexadecimal digits"),
        ("name = \"001_a\"", "name = \"002_a\"", "`name` must be its number, `_` and a name"),
        ("name = \"001_a\"", "name = \"001_\"", "`name` must be its number, `_` and a name"),
        ("name = \"001_a\"", "name = \"001_../../x\"", "`name` must be its number, `_` and a name"),
        ("name = \"001_a\"", "name = '+1_a'", "`name` must be its number, `_` and a name"),
        ("name = \"001_a\"", "name = \"001_a\\u0000\"", "`name` must be its number, `_` and a name"),
        ("checksum = \"v1:", "checksum = \"v2:", "`checksum` must be `v1:` and 64 hexadecimal digits"),
        ("chain = \"v1:", "chain = \"v1:X", "`chain` must be `v1:` and 64 hexadecimal digits"),
        ("]\n", "]\nschema = { chain = 1, fingerprint = '' }\n", "`chain` must be a string"),
    ] {
        let faults = faults(&text.replacen(from, to, 1));
        assert!(faults.first().is_some_and(|fault| fault.contains(expect)), "{to}: {faults:#?}");
    }
}

#[test]
fn any_text_is_read_without_a_panic() {
    let mut soup = Soup::new(11);
    let whole = lock_text(&sealed(3));
    for _ in 0..2_000 {
        let text = soup.text(40);
        faults(&text);
        faults(&format!("version = 1\nmigrations = [{text}]"));
        // A piece of a sound file is gone, and something else stands there.
        let cut = |at: usize| (0..=at).rev().find(|at| whole.is_char_boundary(*at)).unwrap_or(0);
        let at = cut(text.len() * 37 % whole.len());
        let end = cut((at + text.len()).min(whole.len()));
        faults(&format!("{}{text}{}", &whole[..at], &whole[end..]));
    }
    for text in ["[".repeat(50_000), "{a=".repeat(50_000), format!("version = 1\nmigrations = {}", "[".repeat(50_000))]
    {
        assert_eq!(faults(&text).len(), 1);
    }
    let many = format!("version = 1\nmigrations = [{}]", "{},".repeat(20_000));
    assert!(faults_of_file(&many) <= 101);
}

fn faults_of_file(text: &str) -> usize {
    let mut diagnostics = Vec::new();
    assert!(read::parse(SourceText::new("migrations/migrations.lock", text), "", None, &mut diagnostics).is_none());
    diagnostics.len()
}

#[test]
fn the_file_is_the_one_that_the_folder_leaves_alone() {
    let config = crate::Config::default();
    assert_eq!(crate::file_name::parse(FILE, &config), crate::file_name::FileName::Ignored);
}

#[cfg(unix)]
#[test]
fn a_file_that_can_not_be_read_is_an_error() {
    let package = Package::new("", &[A]);
    std::os::unix::fs::symlink("nowhere", package.path().join("migrations/migrations.lock")).unwrap();
    check(
        &package,
        &[&[
            "unreadable-file migrations/migrations.lock",
            "restore it from git: `git checkout -- migrations/migrations.lock`",
        ]],
    );
}
