//! Small folders as each tool has them: which files count, in which order, and what becomes of their marks.

use super::*;
use crate::files::InMemory;

fn read(layout: Layout, files: &[(&str, &str)]) -> Translated {
    let files = InMemory::new(
        files.iter().map(|(path, text)| (format!("m/{path}"), *text)).chain([("m/.keep".to_owned(), "")]),
    );
    translate(&files, "m", layout)
}

/// Everything that is said of a folder, a line each: `name key path [header] < way back`, then what is wrong, then notes.
fn say(translated: &Translated) -> Vec<String> {
    let way = |way: &TranslatedFile| {
        let header: String = way.header.iter().map(|directive| format!(" [{directive}]")).collect();
        format!("{}{header}", way.path.strip_prefix("m/").unwrap_or(&way.path))
    };
    let mut lines: Vec<String> = Vec::new();
    for it in &translated.migrations {
        let down = it.down.as_ref().map(|down| format!(" < {}", way(down))).unwrap_or_default();
        lines.push(format!("{} {} {}{down}", translated.name(it), it.key, way(&it.up)));
    }
    lines
        .extend(translated.repeatables.iter().map(|it| format!("repeatable {} `{}` {}", it.slug, it.key, way(&it.up))));
    let place = |it: &Diagnostic| {
        let line = it.location.as_ref().map(|at| format!(":{}", at.position.line)).unwrap_or_default();
        format!("{}{line}", it.file.as_deref().unwrap_or_default().trim_start_matches("m/"))
    };
    lines.extend(translated.diagnostics.iter().map(|it| format!("{} {} {}", it.severity.as_str(), it.code, place(it))));
    lines.extend(translated.notes.iter().map(|it| format!("note {} {}", it.code, place(it))));
    lines
}

#[track_caller]
fn check(layout: Layout, files: &[(&str, &str)], expect: &[&str]) -> Translated {
    let translated = read(layout, files);
    assert_eq!(say(&translated), expect, "{:#?}", translated.diagnostics);
    let errors = translated.diagnostics.iter().filter(|it| it.is_error() && it.code != "unreadable-file");
    assert!(errors.into_iter().all(|it| !it.help.is_empty()), "{:#?}", translated.diagnostics);
    translated
}

/// The texts of the first migration, both ways.
fn texts(translated: &Translated) -> (&str, Option<&str>) {
    let first = &translated.migrations[0];
    (&first.up.text, first.down.as_ref().map(|down| down.text.as_str()))
}

#[test]
fn every_layout_is_called_by_its_name() {
    for layout in Layout::ALL {
        assert_eq!(Layout::from_name(layout.name()), Some(layout));
    }
    assert_eq!(Layout::from_name("Sqlx"), None);
}

#[test]
fn sqlx_orders_by_number_and_pairs_by_version() {
    let translated = check(
        Layout::Sqlx,
        &[
            ("10_ten.sql", "-- no-transaction\nVACUUM;\n"),
            ("9_nine.up.sql", "CREATE TABLE a (b);\n"),
            ("9_nine.down.sql", "DROP TABLE a;\n"),
            ("8_eight_y.sql", ""),
            ("README.md", ""),
            ("notes.sql", ""),
            ("7_empty.up.sql", "SELECT 1;"),
            ("7_empty.down.sql", "-- nothing\n"),
            ("sub/11_x.sql", ""),
        ],
        &[
            "007_empty 7 7_empty.up.sql",
            "008_eight_y 8 8_eight_y.sql",
            "009_nine 9 9_nine.up.sql < 9_nine.down.sql",
            "010_ten 10 10_ten.sql [no-transaction]",
            "note empty-way-back 7_empty.down.sql",
        ],
    );
    assert_eq!((translated.start, translated.width, &translated.reserved), (7, 3, &vec![]));
    assert_eq!(translated.migrations[3].up.text, "\nVACUUM;\n");
    assert_eq!(translated.migrations[3].original[0].bytes, b"-- no-transaction\nVACUUM;\n");
    let nine = &translated.migrations[2].original;
    assert_eq!(nine.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(), ["m/9_nine.up.sql", "m/9_nine.down.sql"]);
}

#[test]
fn what_sqlx_refuses_or_overlooks_is_said() {
    check(
        Layout::Sqlx,
        &[
            ("1_a.sql", ""),
            ("01_b.sql", ""),
            ("2_c.down.sql", "SELECT 1;"),
            ("x_y.sql", ""),
            ("99999999999999999999_z.sql", ""),
            ("-1_minus.sql", "SELECT 1;"),
        ],
        &[
            "01_minus -1 -1_minus.sql",
            "02_b 1 01_b.sql",
            "error misnamed-file 99999999999999999999_z.sql",
            "error misnamed-file x_y.sql",
            "error duplicate-number 1_a.sql",
            "error down-without-up 2_c.down.sql",
            "note other-number 01_b.sql",
        ],
    );
    // sqlx reads the first bytes: here they are those of a byte order mark.
    let translated = read(Layout::Sqlx, &[("1_a.sql", "\u{feff}-- no-transaction\r\nSELECT 1;\r\n")]);
    assert_eq!(texts(&translated).0, "-- no-transaction\nSELECT 1;\n");
    assert_eq!(translated.migrations[0].up.header, []);
}

#[test]
fn times_are_kept_and_gaps_are_reserved() {
    let one = |names: &[&str]| {
        let files: Vec<(String, &str)> = names.iter().map(|name| (format!("{name}_x.sql"), "")).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        let translated = read(Layout::Sqlx, &files);
        let numbers: Vec<String> = translated.migrations.iter().map(|it| translated.digits(it.number)).collect();
        (translated, numbers)
    };
    let (times, numbers) = one(&["20240115103022", "20240229000000"]);
    assert_eq!(times.numbering, Numbering::Timestamp);
    assert_eq!(numbers, ["20240115103022", "20240229000000"]);
    // A date is its first moment; what is no moment stays between its neighbours.
    let (times, numbers) =
        one(&["0", "20240115", "20240116216651", "20240301000000", "20240399000000", "20240401000000"]);
    assert_eq!(times.numbering, Numbering::Timestamp);
    let expect =
        ["00010101000000", "20240115000000", "20240116215951", "20240301000000", "20240301000001", "20240401000000"];
    assert_eq!(numbers, expect);
    // As numbers dates come before every time: where that is not their order as times, nothing is kept.
    let (times, numbers) = one(&["20240201", "20240115103022"]);
    assert_eq!((times.numbering, numbers.len()), (Numbering::Sequential, 2));

    let (gap, numbers) = one(&["0001", "0002", "0005"]);
    assert_eq!((gap.width, gap.start, gap.reserved), (4, 1, vec![3, 4]));
    assert_eq!(numbers, ["0001", "0002", "0005"]);
    let (zero, numbers) = one(&["0", "1"]);
    assert_eq!((zero.start, numbers), (0, vec!["000".to_owned(), "001".to_owned()]));
    // Too many left out: one after the other.
    let (wide, numbers) = one(&["1", "2", "99"]);
    assert_eq!((wide.reserved, numbers), (vec![], vec!["001".to_owned(), "002".to_owned(), "003".to_owned()]));
    assert_eq!(wide.notes.len(), 1, "{:?}", wide.notes);
    let (long, numbers) = one(&["998", "999", "1000"]);
    assert_eq!((long.width, numbers[2].as_str()), (3, "1000"));
    let (greatest, numbers) = one(&["9223372036854775807"]);
    assert_eq!((greatest.start, numbers[0].as_str()), (i64::MAX as u64, "9223372036854775807"));
}

#[test]
fn diesel_orders_versions_as_text_without_their_dashes() {
    let translated = check(
        Layout::Diesel,
        &[
            ("2024-01-15-103022_create_users/up.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY);\n"),
            ("2024-01-15-103022_create_users/down.sql", "DROP TABLE users;\n"),
            ("20240116000000_fill/up.sql", "SELECT 1;"),
            ("20240116000000_fill/down.sql", ""),
            ("20240117000000_vacuum/up.sql", "VACUUM;"),
            ("20240117000000_vacuum/metadata.toml", "run_in_transaction = false\n"),
            ("20240118000000_in/up.sql", "SELECT 1;"),
            ("20240118000000_in/metadata.toml", "run_in_transaction = true"),
            ("20240119000000_silent/up.sql", "SELECT 1;"),
            ("20240119000000_silent/down.sql", "SELECT 1;"),
            ("20240119000000_silent/metadata.toml", "# Nothing is said.\n"),
            ("20240120000000_broken/up.sql", "SELECT 1;"),
            ("20240120000000_broken/metadata.toml", "run_in_transaction = "),
            (".hidden/x", ""),
            ("diesel.toml", ""),
        ],
        &[
            "20240115103022_create_users 20240115103022 2024-01-15-103022_create_users/up.sql < \
             2024-01-15-103022_create_users/down.sql",
            "20240116000000_fill 20240116000000 20240116000000_fill/up.sql",
            "20240117000000_vacuum 20240117000000 20240117000000_vacuum/up.sql [no-transaction]",
            "20240118000000_in 20240118000000 20240118000000_in/up.sql",
            "20240119000000_silent 20240119000000 20240119000000_silent/up.sql [no-transaction] < \
             20240119000000_silent/down.sql [no-transaction]",
            "20240120000000_broken 20240120000000 20240120000000_broken/up.sql",
            "note empty-way-back 20240116000000_fill/down.sql",
        ],
    );
    let file = &translated.house_files()[4];
    let expect = ("20240117000000_vacuum.sql", "-- dbmigrate: no-transaction\nVACUUM;\n");
    assert_eq!((file.name.as_str(), file.text.as_str()), ("20240118000000_in.sql", "SELECT 1;\n"));
    let file = &translated.house_files()[3];
    assert_eq!((file.name.as_str(), file.text.as_str()), expect);
}

#[test]
fn what_diesel_refuses_is_said() {
    check(
        Layout::Diesel,
        &[
            ("00000000000000_setup/up.sql", "SELECT 1;"),
            ("2024-01-15-103022_a/down.sql", "SELECT 1;"),
            ("2024-01-16-000000_b/up.sql", ""),
            ("2024-0116-000000_c/up.sql", ""),
            ("initial_schema/up.sql", ""),
        ],
        &[
            "000_setup 00000000000000 00000000000000_setup/up.sql",
            "001_b 20240116000000 2024-01-16-000000_b/up.sql",
            "002_schema initial initial_schema/up.sql",
            "error duplicate-number 2024-0116-000000_c",
            "error no-way-up 2024-01-15-103022_a",
            "note other-number 2024-01-16-000000_b/up.sql",
        ],
    );
}

#[test]
fn refinery_runs_both_letters_in_one_order() {
    check(
        Layout::Refinery,
        &[
            ("V1__initial.sql", "CREATE TABLE a (b);"),
            ("deep/er/V10__ten.sql", ""),
            ("U2__late.sql", "SELECT 1;"),
            ("V3__code.rs", "pub fn migration() -> String { String::new() }"),
            ("mod.rs", ""),
            ("V4__a-b.sql", ""),
            ("V5_one_line.sql", ""),
            ("V1.5__half.sql", ""),
            ("V2__other.sql", ""),
            ("V99999999999999999999__long.sql", ""),
        ],
        &[
            "001_initial 1 V1__initial.sql",
            "002_late 2 U2__late.sql",
            "010_ten 10 deep/er/V10__ten.sql",
            "error misnamed-file V1.5__half.sql",
            "error duplicate-number V2__other.sql",
            "error built-in-rust V3__code.rs",
            "warning passed-over V4__a-b.sql",
            "warning passed-over V5_one_line.sql",
            "error misnamed-file V99999999999999999999__long.sql",
        ],
    );
}

#[test]
fn rusqlite_migration_counts_from_one() {
    check(
        Layout::RusqliteMigration,
        &[
            ("02-b-c/up.sql", "SELECT 1;"),
            ("02-b-c/down.sql", "SELECT 2;"),
            ("01-a/up.sql", "SELECT 1;"),
            ("01-a/notes.txt", ""),
            ("mod.rs", ""),
        ],
        &["01_a 1 01-a/up.sql", "02_b_c 2 02-b-c/up.sql < 02-b-c/down.sql"],
    );
    check(
        Layout::RusqliteMigration,
        &[("0-a/up.sql", ""), ("1_b/up.sql", ""), ("2-c/up.sql", ""), ("3-d/down.sql", ""), ("02-e/up.sql", "")],
        &[
            "02_e 2 02-e/up.sql",
            "error misnamed-file 0-a",
            "error misnamed-file 1_b",
            "error duplicate-number 2-c",
            "error gap 02-e",
            "error no-way-up 3-d",
        ],
    );
}

const JOURNAL: &str = r#"{"version":"7","dialect":"sqlite","entries":[
  {"idx":0,"version":"6","when":1700000000002,"tag":"0000_brave_hulk","breakpoints":true},
  {"idx":1,"version":"6","when":1700000000003,"tag":"0001_odd_name","breakpoints":true},
  {"idx":2,"version":"6","when":1700000000001,"tag":"0002_late_merge","breakpoints":true}]}"#;

#[test]
fn drizzle_follows_its_journal() {
    let translated = check(
        Layout::Drizzle,
        &[
            ("meta/_journal.json", JOURNAL),
            ("meta/0000_snapshot.json", "{}"),
            (
                "0000_brave_hulk.sql",
                "CREATE TABLE `a` (`b` text)\n--> statement-breakpoint\nCREATE INDEX `i` ON `a` (`b`);",
            ),
            ("0001_odd_name.sql", "SELECT 1;"),
            ("0002_late_merge.sql", "SELECT 1;"),
            ("0003_dropped.sql", "SELECT 1;"),
        ],
        &[
            "0000_brave_hulk 1700000000002 0000_brave_hulk.sql",
            "0001_odd_name 1700000000003 0001_odd_name.sql",
            "0002_late_merge 1700000000001 0002_late_merge.sql",
            "warning passed-over 0003_dropped.sql",
            "warning unordered-number 0002_late_merge.sql",
        ],
    );
    let (up, _) = texts(&translated);
    assert_eq!(up, "CREATE TABLE `a` (`b` text);\n--> statement-breakpoint\nCREATE INDEX `i` ON `a` (`b`);");
}

#[test]
fn a_journal_that_makes_no_sense_is_refused() {
    let other = |tag: &str| format!("{{\"entries\":[{{\"when\":1,\"tag\":{tag}}}]}}");
    for (journal, expect) in [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("[]", "no list of `entries`"),
        ("{\"entries\":{}}", "no list of `entries`"),
        (r#"{"dialect":"postgresql","entries":[]}"#, "are migrations for `postgresql`"),
        (r#"{"entries":[{"when":1}]}"#, "entry 0 of the journal has no `tag`"),
        (r#"{"entries":[{"tag":"a"}]}"#, "entry 0 of the journal has no `when`"),
        (&other("\"../../etc/passwd\""), "no file name"),
        (&other("\"..\""), "no file name"),
        (&other("\"a\\\\b\""), "no file name"),
        (&other("\"C:x\""), "no file name"),
        (&other("\"a\\u0000\""), "no file name"),
        (&other("\"\""), "no file name"),
    ] {
        let translated = read(Layout::Drizzle, &[("meta/_journal.json", journal)]);
        assert_eq!(translated.migrations, [], "{journal}");
        let [fault] = translated.diagnostics.as_slice() else { panic!("{journal}: {translated:#?}") };
        assert!(fault.message.contains(expect) && fault.is_error(), "{journal}: {fault}");
    }
    check(Layout::Drizzle, &[("meta/_journal.json", &other("\"0_a\""))], &["error unreadable-file 0_a.sql"]);
    check(Layout::Drizzle, &[("0000_a.sql", "")], &["error no-journal m"]);
}

#[test]
fn drizzle_of_today_has_a_folder_for_each() {
    check(
        Layout::Drizzle,
        &[
            ("20240115103022_brave_hulk/migration.sql", "SELECT 1;"),
            ("20240115103022_brave_hulk/snapshot.json", "{}"),
            ("20240116000000_odd/migration.sql", "SELECT 1;"),
            ("20240116000000_same_time/migration.sql", "SELECT 1;"),
            ("schemas/notes.txt", ""),
        ],
        &[
            "001_brave_hulk 20240115103022_brave_hulk 20240115103022_brave_hulk/migration.sql",
            "002_odd 20240116000000_odd 20240116000000_odd/migration.sql",
            "003_same_time 20240116000000_same_time 20240116000000_same_time/migration.sql",
            "warning duplicate-number 20240116000000_same_time/migration.sql",
            "note other-number 20240115103022_brave_hulk/migration.sql",
            "note other-number 20240116000000_odd/migration.sql",
            "note other-number 20240116000000_same_time/migration.sql",
        ],
    );
}

#[test]
fn prisma_has_a_folder_for_each_and_no_transaction() {
    let translated = check(
        Layout::Prisma,
        &[
            ("migration_lock.toml", "provider = \"sqlite\"\n"),
            ("20240115103022_init/migration.sql", "BEGIN;\nSELECT 1;\nCOMMIT;\nBEGIN;\nSELECT 2;\nCOMMIT;\n"),
            ("20240116000000_next/migration.sql", "SELECT 1;\nVACUUM;\n"),
            ("20240116000000_next/down.sql", "SELECT 3;\n"),
        ],
        &[
            "20240115103022_init 20240115103022_init 20240115103022_init/migration.sql",
            "20240116000000_next 20240116000000_next 20240116000000_next/migration.sql [no-transaction] < \
             20240116000000_next/down.sql",
        ],
    );
    let expect = "/* BEGIN; */\nSELECT 1;\n/* COMMIT; */\n/* BEGIN; */\nSELECT 2;\n/* COMMIT; */\n";
    assert_eq!(texts(&translated).0, expect);
    check(
        Layout::Prisma,
        &[("migration_lock.toml", "provider = \"postgresql\"\n"), ("20240115103022_init/other.sql", "")],
        &["error other-database migration_lock.toml", "error no-way-up 20240115103022_init"],
    );
}

#[test]
fn goose_divides_a_file_by_marks() {
    let translated = check(
        Layout::Goose,
        &[
            (
                "00002_trigger.sql",
                "-- A comment.\n-- +goose up\n-- +goose StatementBegin\nCREATE TABLE a (b);\n-- +goose StatementEnd\n\n--+goose Down\n\
                 DROP TABLE a;\n",
            ),
            ("00005_apart.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nVACUUM;\n"),
            ("00006_code.go", "package migrations"),
            ("00007_code_test.go", ""),
            ("embed.go", ""),
        ],
        &[
            "00002_trigger 2 00002_trigger.sql < 00002_trigger.sql",
            "00005_apart 5 00005_apart.sql [no-transaction]",
            "error written-in-code 00006_code.go",
        ],
    );
    assert_eq!(translated.reserved, [3, 4]);
    assert_eq!(
        texts(&translated),
        ("-- A comment.\n\n\nCREATE TABLE a (b);\n\n\n\n\n", Some("\n\n\n\n\n\n\nDROP TABLE a;\n"))
    );
    let names: Vec<String> =
        translated.house_files().into_iter().map(|it| format!("{}: {}", it.name, it.text)).collect();
    assert_eq!(
        names,
        [
            "00002_trigger.sql: -- A comment.\n\n\nCREATE TABLE a (b);\n",
            "00002_trigger.down.sql: DROP TABLE a;\n",
            "00005_apart.sql: -- dbmigrate: no-transaction\nVACUUM;\n",
        ]
    );
}

#[test]
fn what_goose_refuses_is_said_where_it_stands() {
    for (text, line, expect) in [
        ("SELECT 1;\n-- +goose Up\n", 1, "a statement before"),
        ("\n-- nothing\n", 1, "without `-- +goose Up`"),
        ("-- +goose Up\n-- +goose Up\n", 2, "in the wrong place"),
        ("-- +goose Down\n", 1, "in the wrong place"),
        ("-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n", 3, "`-- +goose StatementEnd` is missing"),
        ("-- +goose Up\n-- +goose StatementEnd\n", 2, "in the wrong place"),
        ("-- +goose Up\n-- +goose StatementBegin\n-- +goose Down\n", 3, "in the wrong place"),
        ("-- +goose Up\n  -- +goose Down\n", 2, "blanks before a mark"),
        ("-- +goose Up\n-- +goose Dwon\n", 2, "no such mark"),
        ("-- +goose Up\n-- +goose ENVSUB ON\nSELECT '${USER}';\n", 3, "variables of the environment"),
    ] {
        let translated =
            check(Layout::Goose, &[("1_a.sql", text)], &[&format!("error malformed-section 1_a.sql:{line}")]);
        let said = translated.diagnostics[0].to_string();
        assert!(said.contains(expect), "{text}: {said}");
    }
    let sound = "-- +goose Up\n-- +goose ENVSUB ON\nSELECT 1;\n-- +goose ENVSUB OFF\nSELECT '$';\n";
    check(Layout::Goose, &[("1_a.sql", sound)], &["001_a 1 1_a.sql"]);
    check(
        Layout::Goose,
        &[("0_a.sql", sound), ("x_b.sql", sound), ("1_c.sql", sound), ("01_d.sql", sound)],
        &[
            "01_d 1 01_d.sql",
            "error misnamed-file 0_a.sql",
            "error duplicate-number 1_c.sql",
            "error misnamed-file x_b.sql",
        ],
    );
}

#[test]
fn dbmate_divides_a_file_by_blocks() {
    let text = "-- migrate:up transaction:false\nVACUUM;\n\n-- migrate:down\nSELECT 2;\n";
    let twice =
        "-- x\n-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n-- migrate:up\nSELECT 3;\n-- migrate:down\n";
    let translated = check(
        Layout::Dbmate,
        &[
            ("20240115103022_a.sql", twice),
            ("20240116000000_b.sql", text),
            ("20240116000000_c.sql", text),
            ("20240117000000-d.sql", "--migrate:up\nSELECT 1;\n"),
            ("schema.sql", "SELECT 1;"),
        ],
        &[
            "20240115103022_a 20240115103022 20240115103022_a.sql < 20240115103022_a.sql",
            "20240116000000_b 20240116000000 20240116000000_b.sql [no-transaction] < 20240116000000_b.sql",
            "20240117000000_d 20240117000000 20240117000000-d.sql",
            "error duplicate-number 20240116000000_c.sql",
        ],
    );
    assert_eq!(texts(&translated), ("-- x\n\nSELECT 1;\n\n\n\nSELECT 3;\n\n", Some("\n\n\n\nSELECT 2;\n\n\n\n")));
    for (text, line) in [("SELECT 1;\n-- migrate:up\n", 1), ("-- migrate:down\n", 1), ("-- migrate:upgrade\n", 1)] {
        check(Layout::Dbmate, &[("1_a.sql", text)], &[&format!("error malformed-section 1_a.sql:{line}")]);
    }
}

#[test]
fn sql_migrate_takes_ways_in_any_order() {
    let translated = check(
        Layout::SqlMigrate,
        &[
            (
                "2_a.sql",
                "-- +migrate Down notransaction\nSELECT 2;\n-- +migrate Up\nSELECT 1;\n-- +migrate Down\nSELECT 3;\n",
            ),
            (
                "10_b.sql",
                "-- +migrate Up notransaction\n-- +migrate StatementBegin\nVACUUM;\n-- +migrate StatementEnd\n",
            ),
            ("x.sql", "-- why\n-- +migrate Up\nSELECT 1;\n"),
            ("notes.txt", ""),
        ],
        &[
            "001_a 2_a.sql 2_a.sql < 2_a.sql [no-transaction]",
            "002_b 10_b.sql 10_b.sql [no-transaction]",
            "003_x x.sql x.sql",
            "note other-number 2_a.sql",
            "note other-number 10_b.sql",
        ],
    );
    assert_eq!(texts(&translated), ("\n\n\nSELECT 1;\n\n\n", Some("\nSELECT 2;\n\n\n\nSELECT 3;\n")));
    for (text, line) in [
        ("SELECT 1;\n-- +migrate Up\n", 1),
        ("-- nothing\n", 1),
        ("-- +migrate Up\n-- +migrate  \n", 2),
        ("-- +migrate Up\n-- +migrate StatementBegin\nSELECT 1;\n", 3),
    ] {
        check(Layout::SqlMigrate, &[("1_a.sql", text)], &[&format!("error malformed-section 1_a.sql:{line}")]);
    }
    check(
        Layout::SqlMigrate,
        &[("99999999999999999999_a.sql", "")],
        &["error misnamed-file 99999999999999999999_a.sql"],
    );
}

#[test]
fn golang_migrate_orders_numbers_that_are_not_padded() {
    check(
        Layout::GolangMigrate,
        &[
            ("10_b.up.sql", "SELECT 1;"),
            ("9_a.up.sql", "BEGIN;\nSELECT 1;\nCOMMIT;"),
            ("9_a.down.sql", "SELECT 1;"),
            ("11_only_back.down.sql", "SELECT 1;"),
            ("12_x.up.down.sql", "SELECT 1;"),
            ("09_z.up.sql", ""),
            ("x.sql", ""),
            ("99999999999999999999_y.up.sql", ""),
        ],
        &[
            "09_z 9 09_z.up.sql < 9_a.down.sql",
            "10_b 10 10_b.up.sql",
            "11_only_back 11 11_only_back.down.sql < 11_only_back.down.sql",
            "12_x_up 12 12_x.up.down.sql < 12_x.up.down.sql",
            "error duplicate-number 9_a.up.sql",
            "warning passed-over x.sql",
            "note no-way-up 11_only_back.down.sql",
            "note no-way-up 12_x.up.down.sql",
        ],
    );
}

#[test]
fn wrangler_orders_by_name() {
    check(
        Layout::WranglerD1,
        &[("0001_a.sql", ""), ("0000_init.sql", ""), ("0010_b.sql", ""), ("README", ""), ("seed.sql", "")],
        &[
            "000_init 0000_init.sql 0000_init.sql",
            "001_a 0001_a.sql 0001_a.sql",
            "002_b 0010_b.sql 0010_b.sql",
            "003_seed seed.sql seed.sql",
            "note other-number 0010_b.sql",
        ],
    );
}

#[test]
fn flyway_compares_versions_part_by_part() {
    check(
        Layout::Flyway,
        &[
            ("V1__init.sql", "SELECT 1;"),
            ("V1.10__ten.sql", "SELECT 1;"),
            ("sub/V1_2__two.sql", "SELECT 1;"),
            ("U1.2__back.SQL", "SELECT 2;"),
            ("V2__apart.sql", "VACUUM;"),
            ("V2__apart.sql.conf", "executeInTransaction=false\n"),
            ("R__Views_b.sql", "CREATE VIEW v AS SELECT 1;"),
            ("R__A_view.sql", "CREATE VIEW w AS SELECT 1;"),
            ("beforeMigrate.sql", "SELECT 1;"),
            ("afterMigrate__x.sql", "SELECT 1;"),
            ("V01.0__again.sql", ""),
            ("U3__nobody.sql", ""),
            ("V1x__bad.sql", ""),
            ("R1__bad.sql", ""),
            ("Views.sql", ""),
        ],
        &[
            "001_again 01.0 V01.0__again.sql",
            "002_two 1.2 sub/V1_2__two.sql < U1.2__back.SQL",
            "003_ten 1.10 V1.10__ten.sql",
            "004_apart 2 V2__apart.sql [no-transaction]",
            "repeatable a_view `A view` R__A_view.sql",
            "repeatable views_b `Views b` R__Views_b.sql",
            "error misnamed-file R1__bad.sql",
            "error duplicate-number V1__init.sql",
            "error misnamed-file V1x__bad.sql",
            "warning callback afterMigrate__x.sql",
            "warning callback beforeMigrate.sql",
            "error down-without-up U3__nobody.sql",
            "note other-number V2__apart.sql",
        ],
    );
}

#[test]
fn what_flyway_fills_in_is_said_where_it_stands() {
    check(
        Layout::Flyway,
        &[
            ("V1__a.sql", "SELECT 1;\nSELECT '${schema}';"),
            ("V2__b.sql", "SELECT '${schema}';"),
            ("V2__b.sql.conf", "placeholderReplacement = false"),
            ("V3__c.sql", ""),
            ("V3__c.sql.conf", "\nshouldExecute=${ci}\n"),
        ],
        &[
            "001_a 1 V1__a.sql",
            "002_b 2 V2__b.sql",
            "003_c 3 V3__c.sql",
            "error placeholder V1__a.sql:2",
            "error malformed-section V3__c.sql.conf:2",
        ],
    );
    check(
        Layout::Flyway,
        &[("B5__base.sql", ""), ("V6__next.sql", "")],
        &["005_base 5 B5__base.sql", "006_next 6 V6__next.sql"],
    );
    check(
        Layout::Flyway,
        &[("B5__base.sql", ""), ("V4__old.sql", ""), ("V5__same.sql", ""), ("V6__next.sql", "")],
        &[
            "004_old 4 V4__old.sql",
            "005_same 5 V5__same.sql",
            "006_next 6 V6__next.sql",
            "warning baseline B5__base.sql",
        ],
    );
}

#[test]
fn plain_files_run_in_the_order_of_their_names() {
    check(
        Layout::Plain,
        &[
            ("001-create-users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY);"),
            ("002_a_index.sql", "SELECT 1;"),
            ("002_b_index.sql", "SELECT 1;"),
            ("004_gap.up.sql", "SELECT 1;"),
            ("004_gap.down.sql", "SELECT 2;"),
            ("005_add_up.sql", "SELECT 1;"),
            ("005_add_down.sql", "SELECT 2;"),
            ("006_scroll_down.sql", "SELECT 1;"),
            ("schema.sql", "SELECT 1;"),
            ("run.js", ""),
        ],
        &[
            "001_create_users 001-create-users.sql 001-create-users.sql",
            "002_a_index 002_a_index.sql 002_a_index.sql",
            "003_b_index 002_b_index.sql 002_b_index.sql",
            "004_gap 004_gap.up.sql 004_gap.up.sql < 004_gap.down.sql",
            "005_add_up 005_add_up.sql 005_add_up.sql < 005_add_down.sql",
            "006_scroll_down_migration 006_scroll_down.sql 006_scroll_down.sql",
            "warning passed-over schema.sql",
            "warning duplicate-number 002_b_index.sql",
            "note other-number 002_b_index.sql",
        ],
    );
    check(
        Layout::Plain,
        &[("1_a.sql", ""), ("10_c.sql", ""), ("2_b.sql", "")],
        &[
            "001_c 10_c.sql 10_c.sql",
            "002_a 1_a.sql 1_a.sql",
            "003_b 2_b.sql 2_b.sql",
            "warning unordered-number 1_a.sql",
            "note other-number 10_c.sql",
            "note other-number 1_a.sql",
            "note other-number 2_b.sql",
        ],
    );
    check(
        Layout::Plain,
        &[("2024-01-15-users.sql", ""), ("2024-03-01-x.sql", "")],
        &[
            "20240115000000_users 2024-01-15-users.sql 2024-01-15-users.sql",
            "20240301000000_x 2024-03-01-x.sql 2024-03-01-x.sql",
            "note other-number 2024-01-15-users.sql",
            "note other-number 2024-03-01-x.sql",
        ],
    );
    check(
        Layout::Plain,
        &[("create.sql", "BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT;"), ("alter.sql", "SELECT 1; VACUUM;")],
        &["001_alter alter.sql alter.sql [no-transaction]", "002_create create.sql create.sql"],
    );
}

#[test]
fn the_tool_is_seen_by_what_lies_there() {
    let sql = "SELECT 1;";
    for (files, expect) in [
        (&[("meta/_journal.json", "{}")][..], "drizzle!"),
        (&[("migration_lock.toml", "")], "prisma!"),
        (&[("2024-01-15-103022_a/up.sql", sql)], "diesel!"),
        (&[("00000000000000_a/up.sql", sql)], "diesel!"),
        (&[("01-a/up.sql", sql)], "rusqlite_migration!"),
        (&[("20240115103022_a/migration.sql", sql)], "prisma drizzle"),
        (&[("20240115103022_a/migration.sql", sql), ("20240115103022_a/snapshot.json", "")], "drizzle!"),
        (&[("1_a.sql", "-- c\n-- +goose Up\n")], "goose!"),
        (&[("1_a.sql", "-- migrate:up\n")], "dbmate!"),
        (&[("1_a.sql", "-- +migrate Up\n")], "sql-migrate!"),
        (&[("0001_a.sql", "a;\n--> statement-breakpoint\n")], "wrangler-d1"),
        (&[("V1__a.sql", sql), ("U2__a.sql", sql)], "refinery flyway"),
        (&[("V1__a.sql", sql), ("V1.1__a.sql", sql)], "flyway refinery"),
        (&[("V1__a.sql", sql), ("R__a.sql", sql)], "flyway refinery"),
        (&[("20240115103022_a.sql", sql)], "sqlx house plain"),
        (&[("1_a.up.sql", sql), ("1_a.down.sql", sql)], "golang-migrate sqlx house plain"),
        (&[("0001_a.sql", sql)], "wrangler-d1 sqlx house plain"),
        (&[("001_a.sql", sql)], "sqlx house plain"),
        (&[("001-a.sql", sql)], "house plain"),
        (&[("notes.txt", "")], ""),
        (&[("schema.sql", sql)], ""),
    ] {
        let files = InMemory::new(files.iter().map(|(path, text)| (format!("m/{path}"), *text)));
        let one = |it: &Candidate| format!("{}{}", it.layout.name(), if it.certain { "!" } else { "" });
        let seen = detect(&files, "m");
        assert_eq!(seen.iter().map(one).collect::<Vec<_>>().join(" "), expect, "{seen:#?}");
    }
    assert_eq!(detect(&InMemory::default(), "m"), []);
}
