//! Small folders as each tool has them: which files count, in which order, and what becomes of their marks.

use super::*;
use crate::files::InMemory;

mod others;

fn read(layout: Layout, files: &[(&str, &str)]) -> Translated {
    let files = InMemory::new(
        files.iter().map(|(path, text)| (format!("m/{path}"), *text)).chain([("m/.keep".to_owned(), "")]),
    );
    translate(&files, "m", layout)
}

/// Everything that is said of a folder, a line each: `name key path [header] < down script`, then what is wrong, then
/// notes.
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
            "warning passed-over notes.sql",
            "note empty-down-script 7_empty.down.sql",
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
    let (late, numbers) = one(&["99991231235959", "99999999999999"]);
    assert_eq!((late.numbering, numbers.len()), (Numbering::Sequential, 2));
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
            "note empty-down-script 20240116000000_fill/down.sql",
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
            ("03-c.sql", ""),
            ("mod.rs", ""),
        ],
        &["01_a 1 01-a/up.sql", "02_b_c 2 02-b-c/up.sql < 02-b-c/down.sql", "warning passed-over 03-c.sql"],
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
        (&[("1_a.up.sql", sql), ("1_a.down.sql", sql)], "sqlx golang-migrate house plain"),
        (&[("0001_a.sql", sql)], "sqlx wrangler-d1 house plain"),
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
