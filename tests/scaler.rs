//! Scaler: numbered SQL over tables that were there before, applied at every start and by hand.

use crate::support::Project;

const DB: &str = "database/scaler.db";
const FIRST: &str = "001_add_runner_type_to_scripts";

/// What the program recorded in the table that its operators ask.
fn applied(project: &Project) -> Vec<String> {
    project.query(DB, "SELECT name FROM migrations ORDER BY id")
}

#[test]
fn from_init_db_over_each_start_to_a_reset() {
    let project = Project::fixture("scaler", "start");
    project.cargo(["run", "-q"]).exits(1).says("`scaler init-db` creates the database");
    project.cargo(["run", "-q", "--", "init-db"]).succeeds();
    project.execute(DB, "INSERT INTO scripts (name, body) VALUES ('cleanup', 'rm -f tmp/*')");

    // The start applies what is pending, once.
    let start = project.cargo(["run", "-q"]).succeeds();
    assert_eq!(start.stdout, format!("applied {FIRST}\ncleanup runs under bash\nready\n"));
    assert_eq!(project.cargo(["run", "-q"]).succeeds().stdout, "cleanup runs under bash\nready\n");
    let rows = project.query(DB, "SELECT * FROM migrations");
    assert!(rows.len() == 1 && rows[0].starts_with(&format!("1|{FIRST}|20")), "{rows:?}");
    project.execute(DB, "INSERT INTO scripts (name, body, runner_type) VALUES ('seed', 'User.count', 'rails')");
    let refused = rusqlite::Connection::open(project.root.join(DB))
        .unwrap()
        .execute("INSERT INTO scripts (name, body, runner_type) VALUES ('x', '', 'perl')", [])
        .unwrap_err();
    assert!(refused.to_string().contains("CHECK constraint failed"), "{refused}");

    // A new file is all that a new migration takes.
    project.dbmigrate(["create", "add_timeout"]).succeeds().says("002_add_timeout.sql");
    project.write(
        "src/database/migrations/002_add_timeout.sql",
        "-- Migration: Add a timeout\n-- Date: 2024-02-01\n-- Description: Seconds after which a script is stopped\n\n\
         ALTER TABLE scripts ADD COLUMN timeout INTEGER;\n\n-- SELECT COUNT(*) FROM scripts WHERE timeout IS NOT NULL;\n",
    );
    project.dbmigrate(["status", "--verbose"]).succeeds().says("Seconds after which a script is stopped");
    let migrate = project.cargo(["run", "-q", "--", "migrate"]).succeeds();
    assert_eq!(migrate.stdout, "applied 002_add_timeout\n");

    // All data goes; the same steps lead to the same place.
    project.remove(DB);
    project.cargo(["run", "-q", "--", "init-db"]).succeeds();
    let start = project.cargo(["run", "-q"]).succeeds();
    assert_eq!(start.stdout, format!("applied {FIRST}\napplied 002_add_timeout\nready\n"));
}

/// A database as `init-db` leaves it, with a script in it.
fn with_base(test: &str) -> Project {
    let project = Project::fixture("scaler", test);
    let base = project.read("src/database/base.sql");
    project.write(DB, "");
    project.execute(DB, &base);
    project.execute(DB, "INSERT INTO scripts (name, body) VALUES ('cleanup', 'rm -f tmp/*')");
    project
}

#[test]
fn by_hand_the_tables_that_are_there_have_to_be_meant() {
    let project = with_base("manual");
    project.dbmigrate(["up"]).exits(101).says("--existing");
    project.dbmigrate(["up", "--existing"]).succeeds().says(FIRST);
    assert_eq!(project.query(DB, "SELECT name, runner_type FROM scripts"), ["cleanup|bash"]);
    assert_eq!(applied(&project), [FIRST]);
    project.dbmigrate(["up"]).succeeds().says("nothing to apply");
}

#[test]
fn a_migration_that_fails_is_corrected_and_run_again() {
    let project = with_base("failing");
    let file = "src/database/migrations/002_add_owner.sql";
    project.write(file, "ALTER TABLE scripts ADD COLUMN owner TEXT;\nUPDATE scripts SET owners = 'root';\n");
    project.dbmigrate(["up", "--existing"]).exits(101).says("no such column: owners").says(&format!("{file}:2"));
    assert_eq!(applied(&project), [FIRST]);
    assert_eq!(project.query(DB, "SELECT count(*) FROM pragma_table_info('scripts') WHERE name = 'owner'"), ["0"]);

    project.write(file, "ALTER TABLE scripts ADD COLUMN owner TEXT;\nUPDATE scripts SET owner = 'root';\n");
    // Operators are used to this step; there is no row to delete, and it does no harm.
    project.execute(DB, "DELETE FROM migrations WHERE name = '002_add_owner'");
    project.dbmigrate(["up"]).succeeds().says("002_add_owner");
    assert_eq!(project.query(DB, "SELECT owner FROM scripts"), ["root"]);
    assert_eq!(applied(&project), [FIRST, "002_add_owner"]);
}

#[test]
fn a_row_that_was_deleted_by_hand_makes_its_migration_run_again() {
    let project = with_base("by-hand");
    let file = "src/database/migrations/002_add_tags.sql";
    project.write(file, "CREATE TABLE tags (name TEXT);\n");
    project.dbmigrate(["up", "--existing"]).succeeds();
    project.execute(DB, "DROP TABLE tags; DELETE FROM migrations WHERE name = '002_add_tags'");
    project.dbmigrate(["up"]).succeeds().says("002_add_tags");
    assert_eq!(project.query(DB, "SELECT count(*) FROM tags"), ["0"]);
}

#[test]
fn an_applied_migration_must_not_change() {
    let project = with_base("edited");
    project.dbmigrate(["up", "--existing"]).succeeds();
    let file = format!("src/database/migrations/{FIRST}.sql");
    let text = project.read(&file);
    project.write(&file, format!("{text}\n-- A comment changes nothing.\n"));
    project.dbmigrate(["verify"]).succeeds();
    project.write(&file, text.replace("'rails'", "'rails', 'perl'"));
    project.dbmigrate(["status"]).succeeds().says(&format!("[!] {FIRST}"));
    let edited = format!("`{FIRST}` was edited");
    project.dbmigrate(["verify"]).exits(1).says(&edited);
    project.dbmigrate(["up"]).exits(101).says(&edited);
}
