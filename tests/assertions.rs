//! `assert` and `requires`, from the build to the database.

use crate::support::Project;

const UNIQUE: &str = "-- dbmigrate: requires 001_users
-- dbmigrate: assert SELECT count(*) = count(DISTINCT email) FROM users
CREATE UNIQUE INDEX users_email ON users (email);
-- dbmigrate: down
DROP INDEX users_email;
";

#[test]
fn a_wrong_requirement_fails_the_build_and_the_check_alike() {
    let project = Project::wired("requires", &[("001_users.sql", "CREATE TABLE users (email TEXT);")]);
    for (name, words) in [
        ("1", "write `-- dbmigrate: requires 001_users`"),
        ("001_user", "write `-- dbmigrate: requires 001_users`"),
        ("002_unique", "`002_unique` requires itself"),
        ("billing/users", "does not name a migration of another set"),
    ] {
        project.write("migrations/002_unique.sql", UNIQUE.replace("001_users", name));
        let build = project.cargo(["build", "-q"]);
        assert_ne!(build.code, 0, "{name}: {build}");
        build.says("migrations/002_unique.sql:1:1").says(words);
        project.dbmigrate(["check"]).exits(1).says("migrations/002_unique.sql:1:1").says(words);
    }
    project.write("migrations/002_unique.sql", UNIQUE);
    project.cargo(["build", "-q"]).succeeds();
    project.dbmigrate(["check"]).succeeds();
}

#[test]
fn an_assertion_that_can_not_be_asked_is_found_by_the_check_and_one_that_is_not_true_is_not() {
    let project = Project::wired("assert-check", &[("001_users.sql", "CREATE TABLE users (email TEXT);")]);
    project.write("migrations/002_some.sql", "-- dbmigrate: assert SELECT count(*) > 0 FROM users\nSELECT 1;");
    project.dbmigrate(["check"]).succeeds();
    project.write("migrations/002_some.sql", "-- dbmigrate: assert SELECT count(mail) > 0 FROM users\nSELECT 1;");
    project.dbmigrate(["check"]).exits(1).says("migrations/002_some.sql:1:35").says("no such column: mail");
    project.write("migrations/002_some.sql", "-- dbmigrate: assert DELETE FROM users\nSELECT 1;");
    project.dbmigrate(["check"]).exits(1).says("only reads");
    assert_ne!(project.cargo(["build", "-q"]).code, 0);
}

#[test]
fn untrue_data_stops_the_migration_until_it_is_corrected() {
    let project = Project::wired(
        "assertions",
        &[
            ("001_users.sql", "CREATE TABLE users (email TEXT);\nINSERT INTO users VALUES ('a'), ('a');"),
            ("002_unique.sql", UNIQUE),
            ("003_more.sql", "ALTER TABLE users ADD COLUMN name TEXT;"),
        ],
    );
    let told = "an assertion of `002_unique` does not hold: the query returned `0`";
    let dump = |project: &Project| project.query("app.db", "SELECT type, name, sql FROM sqlite_master ORDER BY name");

    project.dbmigrate(["up"]).exits(101).says(told).says("--> migrations/002_unique.sql:2:22");
    let before = dump(&project);
    // The program itself says the same, and the second time as well nothing has changed.
    project.cargo(["run", "-q"]).exits(1).says(told).says("--> migrations/002_unique.sql:2:22");
    assert_eq!(dump(&project), before);
    project
        .dbmigrate(["status"])
        .succeeds()
        .says("[x] 001_users")
        .says("[ ] 002_unique")
        .says("Total: 3 | Applied: 1 | Pending: 2");

    project.execute("app.db", "DELETE FROM users WHERE rowid = 2");
    project.dbmigrate(["up"]).succeeds().says("002_unique").says("003_more");
    project.dbmigrate(["status", "--check"]).succeeds();
    assert_eq!(project.query("app.db", "SELECT count(*) FROM users"), ["1"]);
}
