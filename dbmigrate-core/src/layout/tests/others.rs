//! The tools that are not for Rust.

use super::*;

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
    check(Layout::Drizzle, &[("0000_a.sql", "")], &["warning passed-over 0000_a.sql", "error no-journal m"]);
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
        ("-- +goose Up\n  -- +goose Down\n", 2, "blanks before a goose annotation"),
        ("-- +goose Up\n-- +goose Dwon\n", 2, "no such annotation"),
        ("-- +goose Up\n-- +goose ENVSUB ON\nSELECT '${USER}';\n", 3, "environment variables"),
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
            "warning passed-over schema.sql",
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
fn the_greatest_numbers_are_only_numbers() {
    check(
        Layout::GolangMigrate,
        &[("0_a.up.sql", ""), ("18446744073709551615_b.up.sql", "")],
        &[
            "000_a 0 0_a.up.sql",
            "001_b 18446744073709551615 18446744073709551615_b.up.sql",
            "note other-number 18446744073709551615_b.up.sql",
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
            "warning passed-over Views.sql",
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
        &[
            ("001_a.sql", ""),
            ("0.10/00_b.sql", "SELECT 1;"),
            ("0.10/01_c.sql", "SELECT 1;"),
            ("0.9/deep/00_d.sql", ""),
            ("meta/x.json", ""),
        ],
        &["001_a 001_a.sql 001_a.sql", "warning passed-over 0.10", "warning passed-over 0.9"],
    );
    check(
        Layout::Plain,
        &[("create.sql", "BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT;"), ("alter.sql", "SELECT 1; VACUUM;")],
        &["001_alter alter.sql alter.sql [no-transaction]", "002_create create.sql create.sql"],
    );
}
