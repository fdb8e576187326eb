//! The exchange monitor: files that can be run again, over databases that were changed by hand.

use crate::support::Project;

const DB: &str = "monitor.db";
const DIR: &str = "src/backend/database/migrations";
const NAMES: [&str; 5] = [
    "001_auth_and_referral_system",
    "002_youtube_integration",
    "003_add_updated_at_column",
    "004_telegram_integration",
    "007_telegram_multi_account_forwarding",
];

fn applied(project: &Project) -> Vec<String> {
    project.query(DB, "SELECT name FROM _migrations ORDER BY id")
}

fn schema(project: &Project) -> Vec<String> {
    project.query(DB, "SELECT name, sql FROM sqlite_schema ORDER BY name")
}

fn lines(before: &str, names: &[&str], after: &str) -> String {
    names.iter().map(|name| format!("{before} {name}{after}\n")).collect()
}

#[test]
fn one_command_takes_any_database_to_the_newest_schema() {
    let project = Project::fixture("monitor", "run");
    assert_eq!(project.cargo(["run", "-q"]).succeeds().stdout, lines("done", &NAMES, ""));
    let again = || project.cargo(["run", "-q"]).succeeds().stdout;
    let before = schema(&project);
    assert_eq!(again(), lines("skip", &NAMES, " (already applied)"));
    assert_eq!(schema(&project), before);

    // The next file gets the next number, and the next run applies it alone.
    project.dbmigrate(["create", "add_price_alerts"]).succeeds().says("008_add_price_alerts.sql");
    project.write(
        &format!("{DIR}/008_add_price_alerts.sql"),
        "CREATE TABLE IF NOT EXISTS price_alerts (id INTEGER PRIMARY KEY, symbol TEXT NOT NULL);
         CREATE INDEX IF NOT EXISTS idx_price_alerts_symbol ON price_alerts (symbol);",
    );
    assert_eq!(again(), lines("skip", &NAMES, " (already applied)") + "done 008_add_price_alerts\n");

    // A database that got some of it by hand, and has no history: what is there is passed over and told.
    project.remove(DB);
    project.execute(
        DB,
        "CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT, email TEXT, referral_code TEXT,
             created_at INTEGER, updated_at INTEGER);
         INSERT INTO users VALUES (1, 'ada', 'ada@example.org', NULL, 100, NULL);",
    );
    let run = project.cargo(["run", "-q"]).succeeds().says("duplicate column name: updated_at");
    let told: Vec<&str> = run.stdout.lines().filter(|line| !line.starts_with("done ")).collect();
    assert_eq!(told.len(), 1, "{run}");
    assert!(told[0].contains("003_add_updated_at_column.sql:6"), "{run}");
    assert_eq!(project.query(DB, "SELECT username, updated_at FROM users"), ["ada|100"]);
    assert_eq!(applied(&project).len(), 6);
}

#[test]
fn the_history_answers_in_sql() {
    let project = Project::fixture("monitor", "status");
    project.dbmigrate(["up"]).succeeds();
    assert_eq!(applied(&project), NAMES);
    assert_eq!(project.query(DB, "SELECT count(*) FROM (SELECT * FROM _migrations ORDER BY applied_at DESC)"), ["5"]);
    let one = "SELECT name, state FROM _migrations WHERE name = '007_telegram_multi_account_forwarding'";
    assert_eq!(project.query(DB, one), ["007_telegram_multi_account_forwarding|applied"]);
    project.dbmigrate(["status", "--check"]).succeeds().says("Total: 5 | Applied: 5 | Pending: 0");
}

#[test]
fn a_run_that_failed_midway_goes_on_where_it_stopped() {
    let project = Project::fixture("monitor", "midway");
    project.dbmigrate(["up", "--to", "4"]).succeeds();
    project.write(
        &format!("{DIR}/008_add_alerts.sql"),
        "CREATE TABLE IF NOT EXISTS alerts (id INTEGER PRIMARY KEY);\nINSERT INTO alert VALUES (1);\n",
    );
    project.write(&format!("{DIR}/009_add_rates.sql"), "CREATE TABLE IF NOT EXISTS rates (id INTEGER PRIMARY KEY);\n");
    project.dbmigrate(["up"]).exits(101).says("no such table: alert").says("008_add_alerts.sql:2").says(NAMES[4]);
    assert_eq!(applied(&project), NAMES);
    assert_eq!(
        project.query(DB, "SELECT name FROM sqlite_schema WHERE name IN ('alerts', 'rates')"),
        Vec::<String>::new()
    );

    project
        .write(&format!("{DIR}/008_add_alerts.sql"), "CREATE TABLE IF NOT EXISTS alerts (id INTEGER PRIMARY KEY);\n");
    project.dbmigrate(["up"]).succeeds().says("008_add_alerts").says("009_add_rates").says_not(NAMES[4]);
    assert_eq!(applied(&project)[5..], ["008_add_alerts", "009_add_rates"]);
}

#[test]
fn what_exists_is_tolerated_only_where_the_file_says_so() {
    let project = Project::fixture("monitor", "tolerate");
    project.dbmigrate(["up", "--to", "4"]).succeeds();
    project.execute(DB, "ALTER TABLE telegram_monitored_chats ADD COLUMN telegram_account_id INTEGER");
    let file = format!("{DIR}/007_telegram_multi_account_forwarding.sql");
    let text = project.read(&file);
    project.write(&file, text.replace("-- dbmigrate: tolerate existing", ""));
    project.dbmigrate(["up"]).exits(101).says("duplicate column name: telegram_account_id");
    project.write(&file, text);
    project.dbmigrate(["up"]).succeeds().says("007_telegram_multi_account_forwarding.sql:6");
    assert_eq!(project.query(DB, "SELECT count(*) FROM telegram_forwarding_rules"), ["0"]);
}

#[test]
fn a_file_whose_row_was_deleted_runs_again_over_what_it_made() {
    let project = Project::fixture("monitor", "again");
    project.dbmigrate(["up"]).succeeds();
    let before = project.query(DB, "SELECT name FROM sqlite_schema ORDER BY name");
    project.execute(DB, &format!("DELETE FROM _migrations WHERE name = '{}'", NAMES[4]));
    project.dbmigrate(["status"]).succeeds().says(&format!("[ ] {}", NAMES[4]));
    project.dbmigrate(["up"]).succeeds().says(NAMES[4]).says("duplicate column name: telegram_account_id");
    assert_eq!(project.query(DB, "SELECT name FROM sqlite_schema ORDER BY name"), before);
    project.dbmigrate(["verify"]).succeeds();
}

#[test]
fn one_migration_is_forced_to_run_again() {
    let project = Project::fixture("monitor", "force");
    project.dbmigrate(["up"]).succeeds();
    let before = project.query(DB, "SELECT name FROM sqlite_schema ORDER BY name");
    let forgotten = project.dbmigrate(["forget", "004_telegram_integration.sql"]).succeeds();
    forgotten.says("Database monitor.db").says("Forgot 004_telegram_integration").says("the schema was not changed");
    assert_eq!(project.query(DB, "SELECT count(*) FROM _migrations WHERE number = 4"), ["0"]);
    project.dbmigrate(["status"]).succeeds().says("[ ] 004_telegram_integration").says("Pending: 1");
    // The program itself runs it, at its next start, although a later one is applied.
    let run = project.cargo(["run", "-q"]).succeeds();
    run.says("done 004_telegram_integration").says("skip 007_telegram_multi_account_forwarding");
    assert_eq!(project.query(DB, "SELECT name FROM sqlite_schema ORDER BY name"), before);
    project.dbmigrate(["verify"]).succeeds();
    project.dbmigrate(["forget", "008"]).exits(2).says("there is no migration `008`");
}

#[test]
fn rows_are_put_in_order_by_a_migration_of_their_own() {
    let project = Project::fixture("monitor", "data");
    project.dbmigrate(["up"]).succeeds();
    project.execute(
        DB,
        "INSERT INTO users (username, email) VALUES ('ada', 'Ada@Example.org'), ('bob', 'bob@example.org')",
    );
    project.write(&format!("{DIR}/008_add_full_name.sql"), "ALTER TABLE users ADD COLUMN full_name TEXT;\n");
    project.write(
        &format!("{DIR}/009_migrate_user_data.sql"),
        "UPDATE users SET email = lower(email) WHERE email != lower(email);
         UPDATE users SET full_name = username WHERE full_name IS NULL;",
    );
    project.dbmigrate(["up"]).succeeds();
    let people = project.query(DB, "SELECT email, full_name FROM users ORDER BY id");
    assert_eq!(people, ["ada@example.org|ada", "bob@example.org|bob"]);
}

#[test]
fn a_column_of_another_release_is_no_ground_to_stand_on() {
    let project = Project::fixture("monitor", "unknown-column");
    project.dbmigrate(["up"]).succeeds();
    project.write(
        &format!("{DIR}/008_fill_accounts.sql"),
        "-- dbmigrate: tolerate existing\nUPDATE telegram_monitored_chats SET telegram_account_id =\n    (SELECT telegram_user_id FROM telegram_user_accounts);\n",
    );
    project.dbmigrate(["up"]).exits(101).says("no such column: telegram_user_id").says("008_fill_accounts.sql");
    assert_eq!(applied(&project), NAMES);
}

#[test]
fn what_went_wrong_is_taken_back_by_a_new_migration() {
    let project = Project::fixture("monitor", "rollback");
    project.dbmigrate(["up"]).succeeds();
    project.execute(
        DB,
        "INSERT INTO users (id, username, email) VALUES (1, 'ada', 'ada@example.org');
         INSERT INTO telegram_monitored_chats (user_id, chat_id, telegram_account_id) VALUES (1, 'c', 9);",
    );
    project.dbmigrate(["down"]).exits(101).says("can't be rolled back").says(NAMES[4]);
    project.write(
        &format!("{DIR}/008_rollback_forwarding.sql"),
        "DROP TABLE IF EXISTS telegram_forwarding_rules;\nALTER TABLE telegram_monitored_chats DROP COLUMN telegram_account_id;\n",
    );
    project.dbmigrate(["up"]).succeeds();
    assert_eq!(project.query(DB, "SELECT * FROM telegram_monitored_chats"), ["1|1|c"]);
}

#[test]
fn an_edit_of_an_applied_file_is_told_and_a_new_file_does_it() {
    let project = Project::fixture("monitor", "edited");
    project.dbmigrate(["up"]).succeeds();
    let file = format!("{DIR}/002_youtube_integration.sql");
    let text = project.read(&file);
    project.write(&file, text.replace("channel TEXT NOT NULL", "channel TEXT NOT NULL, title TEXT"));
    project.dbmigrate(["up"]).exits(101).says("`002_youtube_integration` was edited");
    project.write(&file, text);
    project.write(&format!("{DIR}/008_fix_youtube.sql"), "ALTER TABLE youtube_channels ADD COLUMN title TEXT;\n");
    project.dbmigrate(["up"]).succeeds().says("008_fix_youtube");
}

#[test]
fn the_hole_in_the_numbers_has_to_be_explained() {
    let project = Project::fixture("monitor", "hole");
    project.dbmigrate(["check"]).succeeds();
    project.edit_manifest(|manifest| {
        manifest["package"]["metadata"]["migrations"]["reserved"].as_inline_table_mut().unwrap().remove("6");
    });
    project.dbmigrate(["check"]).exits(1).says("migration 006 is missing").says("reserved = { 6 =");
    project.dbmigrate(["up"]).exits(101).says("migration 006 is missing");
    assert!(!project.has(DB));
}
