//! Several sets in one database, several databases in one package, and a library that shares the database of its user.

use toml_edit::{DocumentMut, value};

use crate::git::{commit, git};
use crate::guide::{blocks, play};
use crate::support::{Project, Run, checkout};

const USERS: &str =
    "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n-- dbmigrate: down\nDROP TABLE users;\n";
const INVOICES: &str = "-- dbmigrate: requires accounts/001_users\nCREATE TABLE invoices (id INTEGER PRIMARY KEY, who INTEGER \
                        NOT NULL REFERENCES users (id));\nCREATE INDEX invoices_who ON invoices (who);\n-- dbmigrate: \
                        down\nDROP TABLE invoices;\n";

/// Puts tables of the manifest under `[package.metadata.migrations]`.
fn declare(project: &Project, tables: &str) {
    let shown: DocumentMut = tables.parse().unwrap();
    project.edit_manifest(|manifest| {
        manifest["package"]["metadata"] = toml_edit::table();
        manifest["package"]["metadata"]["migrations"] = shown["package"]["metadata"]["migrations"].clone();
    });
}

/// A package with the sets `accounts` and `billing`, in these databases.
fn two_sets(test: &str, accounts: &str, billing: &str) -> Project {
    let project = Project::new(test);
    let tables = format!(
        "[package.metadata.migrations.sets.accounts]\ndatabase = '{accounts}'\n\
         [package.metadata.migrations.sets.billing]\ndatabase = '{billing}'\n"
    );
    declare(&project, &tables);
    project.write("migrations/accounts/001_users.sql", USERS);
    project
}

#[test]
fn the_guide_runs_as_it_is_written() {
    assert_eq!(play(&blocks("docs/sets.md"), Project::new("club")), 8);
}

#[test]
fn two_sets_share_a_database_on_the_command_line() {
    let project = two_sets("sets-one-database", "app.db", "app.db");
    project.write("migrations/billing/001_invoices.sql", INVOICES);
    project.dbmigrate(["up", "--to", "1"]).exits(2).says("`up --to` works on one").says("`--set accounts`");
    let up = project.dbmigrate(["up", "--message-format", "json"]).succeeds();
    for line in ["\"name\":\"001_users\",", "\"name\":\"001_invoices\","] {
        assert!(up.stdout.lines().any(|it| it.contains(line) && it.contains("\"set\":\"")), "{up}");
    }
    let names = "SELECT group_concat(name) FROM ";
    assert_eq!(project.query("app.db", &format!("{names} _migrations_accounts")), ["001_users"]);
    assert_eq!(project.query("app.db", &format!("{names} _migrations_billing")), ["001_invoices"]);
    project.dbmigrate(["up"]).succeeds().says("nothing to apply");
    project.dbmigrate(["status", "--check"]).succeeds();
    project.dbmigrate(["verify"]).succeeds().says("Set accounts").says("Set billing");
    project.dbmigrate(["drift"]).succeeds().says("with 2 applied migrations");
    project.execute("app.db", "CREATE INDEX by_hand ON users (name)");
    project.dbmigrate(["drift", "--set", "billing"]).exits(1).says("by_hand");
    project.execute("app.db", "DROP INDEX by_hand");

    // Nor does a script take back what another set requires.
    let script = ["script", "--set", "accounts", "--from", "1", "--to", "nothing"];
    project.dbmigrate(script).exits(101).says("can't be rolled back by a script, because `001_invoices` requires it");
    project.dbmigrate(["script", "--set", "billing", "--from", "1", "--to", "nothing"]).succeeds();

    // Nothing of the other set goes.
    project.dbmigrate(["reset", "--yes"]).exits(2).says("`reset` works on one");
    project.dbmigrate(["reset", "--yes", "--set", "accounts"]).exits(101).says("which requires it");
    project.dbmigrate(["reset", "--yes", "--set", "billing"]).succeeds();
    let objects = "SELECT name FROM sqlite_schema WHERE name IN ('users', 'invoices')";
    assert_eq!(project.query("app.db", objects), ["users"]);
    // Recorded without a run, compared with what both make.
    project.execute("app.db", INVOICES.split("-- dbmigrate: down").next().unwrap());
    project.dbmigrate(["mark", "--set", "billing"]).succeeds().says("1 migration recorded, none run; the schema is");
    project.dbmigrate(["down", "--set", "biling"]).exits(2).says("did you mean `--set billing`?");
    project.dbmigrate(["up", "--set", "billing", "--dry-run"]).succeeds();
}

#[test]
fn each_set_is_sealed_checked_and_numbered_by_itself() {
    let project = two_sets("sets-files", "app.db", "app.db");
    project.init(&[]).succeeds().says("add `billing::migrator()` to the `Together`");
    let module = "dbmigrate_runtime::include_migrations!(pub mod billing, set = \"billing\");";
    assert!(project.read("src/main.rs").contains(module), "{}", project.read("src/main.rs"));
    project.write("migrations/billing/001_invoices.sql", INVOICES);
    project.remove("migrations/billing/001_initial_schema.sql");
    project.dbmigrate(["create", "more"]).exits(2).says("`--set accounts`, `--set billing`");
    let create = project.dbmigrate(["create", "more", "--set", "accounts"]).succeeds();
    assert!(create.stdout.contains("migrations/accounts/002_more.sql"), "{create}");
    project.dbmigrate(["create", "x", "--set", "shop"]).exits(2).says("the sets are: `accounts`, `billing`");
    project.dbmigrate(["lock"]).succeeds().says("the set builds on `accounts`");
    assert!(project.has("migrations/accounts/migrations.lock") && project.has("migrations/billing/migrations.lock"));
    project.dbmigrate(["check", "--locked"]).succeeds().says("with those of accounts");
    project.write("migrations/billing/001_invoices.sql", INVOICES.replace("NOT NULL", ""));
    project
        .dbmigrate(["check"])
        .exits(1)
        .says("`001_invoices` is sealed, and was edited")
        .says("(set `billing`) has 1 error");
    project.dbmigrate(["check", "--set", "accounts"]).succeeds().says_not("invoices");
    // A fault in what a set builds on is said once, and nothing is replayed on it.
    project.write("migrations/billing/001_invoices.sql", INVOICES);
    project.write("migrations/accounts/004_gap.sql", "SELECT 1;\n");
    let check = project.dbmigrate(["check"]).exits(1).says("(set `billing`) (nothing was replayed)");
    assert_eq!(check.stderr.matches("is missing").count(), 1, "{check}");
    project.remove("migrations/accounts/004_gap.sql");
    // A circle, and a file of no set.
    project.write("migrations/accounts/003_circle.sql", "-- dbmigrate: requires billing/002_circle\nSELECT 1;\n");
    project.write("migrations/billing/002_circle.sql", "-- dbmigrate: requires accounts/003_circle\nSELECT 1;\n");
    project.dbmigrate(["check"]).exits(1).says("these sets require each other");
    project.write("migrations/001_lost.sql", "SELECT 1;\n");
    project.dbmigrate(["list"]).exits(101).says("`migrations/001_lost.sql` does not belong to a set");
    project.cargo(["build", "-q"]).exits(101).says("these sets require each other").says("does not belong to a set");
}

#[test]
fn a_file_that_no_set_has_stops_the_next_build_and_is_said_once() {
    let project = two_sets("sets-stray", "app.db", "app.db");
    project.init(&[]).succeeds();
    project.cargo(["build", "-q"]).succeeds();
    // No source is touched.
    project.write("migrations/001_stray.sql", "CREATE TABLE s (a);\n");
    let stray = "`migrations/001_stray.sql` does not belong to a set";
    let once = |run: Run| assert_eq!(format!("{run}").matches(stray).count(), 1, "{run}");
    once(project.cargo(["build", "-q"]).exits(101));
    once(project.dbmigrate(["list"]).exits(101));
    once(project.dbmigrate(["check"]).exits(1).says("has 1 error").says_not("has 2 errors"));
    project.remove("migrations/001_stray.sql");
    project.cargo(["build", "-q"]).succeeds();
}

#[test]
fn what_is_suggested_for_one_of_several_sets_names_it() {
    let project = two_sets("sets-aim", "app.db", "app.db");
    project.write("migrations/billing/001_invoices.sql", INVOICES);
    project.execute("app.db", "CREATE TABLE users (id INTEGER PRIMARY KEY)");
    let up = project.dbmigrate(["up"]).exits(101).says("has tables, but no history");
    up.says("`cargo dbmigrate mark --set accounts`").says("`cargo dbmigrate adopt --set accounts`");
    let up = project.dbmigrate(["up", "--existing"]).exits(101).says("already exists");
    up.says("`cargo dbmigrate mark 001_users --set accounts`").says("run `cargo dbmigrate up` again");
    // The same of many databases.
    project.execute("one.db", "CREATE TABLE users (id INTEGER PRIMARY KEY)");
    let up = project.dbmigrate(["up", "--databases", "one.db"]).exits(101);
    up.says("`cargo dbmigrate mark --set accounts --database one.db`");
    let verify = project.dbmigrate(["verify", "--databases", "one.db"]).exits(1);
    verify
        .says("`cargo dbmigrate mark --set accounts --database one.db`")
        .says("mark --set billing --database one.db`");

    // Where each has its own database the package still has several.
    let project = two_sets("sets-aim-apart", "accounts.db", "billing.db");
    project.write("migrations/billing/001_invoices.sql", "CREATE TABLE invoices (id INTEGER PRIMARY KEY);\n");
    project.execute("accounts.db", "CREATE TABLE users (id INTEGER PRIMARY KEY)");
    let up = project.dbmigrate(["up"]).exits(101).says("has tables, but no history");
    up.says("`cargo dbmigrate mark --set accounts`");
}

#[test]
fn a_slip_in_what_is_required_of_a_set_is_seen_before_it_runs() {
    let project = two_sets("sets-slips", "app.db", "app.db");
    project.write("migrations/billing/001_invoices.sql", INVOICES.replace("accounts/", "acounts/"));
    let run = project.dbmigrate(["check", "--set", "billing"]);
    let run = run.says("warning: the package has no set `acounts`").says("migrations/billing/001_invoices.sql:1:1");
    run.says("if `accounts` is meant: `requires accounts/001_users`");
    // A name of its own that sounds like none is another package's.
    project.write("migrations/billing/001_invoices.sql", INVOICES.replace("accounts/", "library/"));
    project.dbmigrate(["check", "--set", "billing"]).says_not("the package has no set");
    // Without the set it is one of the set itself.
    project.write("migrations/billing/001_invoices.sql", INVOICES.replace("accounts/", ""));
    let run = project.dbmigrate(["check", "--set", "billing"]).exits(1).says("there is no migration `001_users`");
    run.says("that of the set `accounts`: write `-- dbmigrate: requires accounts/001_users`");
}

#[test]
fn a_migration_is_tested_in_the_set_that_has_it() {
    let project = two_sets("sets-test-name", "app.db", "app.db");
    project.write("migrations/billing/001_invoices.sql", INVOICES);
    project.dbmigrate(["test", "001_invoices"]).succeeds().says("001_invoices").says_not("001_users ");
    project.dbmigrate(["test", "users"]).succeeds().says("001_users");
    project.dbmigrate(["test", "users", "invoices"]).succeeds().says("001_users").says("001_invoices");
    project.dbmigrate(["test", "nothing"]).exits(2).says("there is no migration `nothing`");
    project.dbmigrate(["test", "users", "--set", "billing"]).exits(2).says("there is no migration `users`");
}

#[test]
fn what_is_required_is_not_forgotten_and_where_it_is_gone_verify_says_so() {
    let project = two_sets("sets-forgotten", "app.db", "app.db");
    project.write("migrations/billing/001_invoices.sql", INVOICES);
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["verify"]).succeeds();
    let forget = ["forget", "001_users", "--set", "accounts"];
    project
        .dbmigrate(forget)
        .exits(101)
        .says("forget that one first: `cargo dbmigrate forget 001_invoices --set billing`");
    // Who does it by hand is told by others.
    project.execute("app.db", "DELETE FROM _migrations_accounts");
    let run = project.dbmigrate(["verify"]).exits(1);
    run.says("`001_invoices` requires `001_users` of the set `accounts`, which is not applied");
}

#[test]
fn what_another_set_requires_gets_its_new_name() {
    let project = two_sets("sets-renumber", "app.db", "app.db");
    project.write("migrations/billing/001_invoices.sql", INVOICES);
    git(&project, &["init", "--quiet"]).succeeds();
    commit(&project, "one each");
    git(&project, &["checkout", "--quiet", "-b", "work"]).succeeds();
    project.write("migrations/accounts/002_ours.sql", "ALTER TABLE users ADD COLUMN ours TEXT;\n");
    let sealed = "-- dbmigrate: requires accounts/001_users\n-- dbmigrate: requires accounts/002_ours\nSELECT 1;\n";
    project.write("migrations/billing/002_more.sql", sealed);
    commit(&project, "work");
    git(&project, &["checkout", "--quiet", "main"]).succeeds();
    project.write("migrations/accounts/002_theirs.sql", "ALTER TABLE users ADD COLUMN theirs TEXT;\n");
    commit(&project, "theirs");
    git(&project, &["checkout", "--quiet", "work"]).succeeds();
    git(&project, &["merge", "--quiet", "--no-edit", "main"]).succeeds();
    project.dbmigrate(["renumber"]).exits(2).says("`--set accounts`");
    let renumber = project.dbmigrate(["renumber", "--set", "accounts"]).succeeds();
    renumber.says("Edited migrations/billing/002_more.sql (requires accounts/003_ours)");
    assert_eq!(project.read("migrations/billing/002_more.sql"), sealed.replace("002_ours", "003_ours"));
    project.dbmigrate(["list"]).succeeds().says("003_ours");
}

#[test]
fn a_set_that_nothing_includes_is_missed() {
    let project = two_sets("sets-forgotten", "app.db", "app.db");
    project.write("migrations/billing/001_invoices.sql", INVOICES);
    project.init(&[]).succeeds();
    project.dbmigrate(["check"]).succeeds();
    let main = project.read("src/main.rs");
    assert!(
        main.find("mod accounts").unwrap() < main.find("mod billing").unwrap(),
        "in the order of the manifest: {main}"
    );
    let kept: Vec<&str> = main.lines().filter(|line| !line.contains("\"billing\"")).collect();
    project.write("src/main.rs", kept.join("\n"));
    let check = project.dbmigrate(["check"]).exits(1);
    check
        .says("the build of package `sets-forgotten` does not register the migrations of the set `billing`")
        .says("contains `include_migrations!(pub mod billing, set = \"billing\")`")
        .says("run `cargo dbmigrate init -p sets-forgotten --set billing`");
    project.init(&["--set", "billing"]).succeeds();
    project.dbmigrate(["check"]).succeeds();
    project.write("src/main.rs", project.read("src/main.rs").replace("set = \"billing\"", "set = \"biling\""));
    project.cargo(["build", "-q"]).exits(101).says("there is no set `biling`; the sets are `accounts`, `billing`");
}

#[test]
fn two_databases_in_one_package() {
    let project = two_sets("sets-two-databases", "a.db", "b.db");
    project.write("migrations/billing/001_invoices.sql", "CREATE TABLE invoices (id INTEGER PRIMARY KEY);\n");
    project.dbmigrate(["down"]).exits(2).says("the package has several databases, and `down` works on one");
    project
        .dbmigrate(["up", "--database", "c.db"])
        .exits(2)
        .says("`--database` names only one")
        .says("`--set billing`");
    // Nobody can tell which of them the environment means.
    let mut command = project.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
    Run::of(command.args(["dbmigrate", "up"]).env("DATABASE_URL", "c.db")).succeeds();
    let tables = "SELECT name FROM sqlite_schema WHERE name IN ('users', 'invoices')";
    assert_eq!(
        (project.query("a.db", tables), project.query("b.db", tables)),
        (vec!["users".into()], vec!["invoices".into()])
    );
    assert!(!project.has("c.db"));
    project.dbmigrate(["status"]).succeeds().says("accounts:").says("billing:");
    project.dbmigrate(["drift"]).exits(2).says("several databases");
    project.dbmigrate(["drift", "--set", "billing"]).succeeds();
    project.dbmigrate(["down", "--set", "accounts"]).succeeds();
    assert_eq!(project.query("a.db", tables), [""; 0]);
    project.write("migrations/billing/001_invoices.sql", INVOICES);
    project.dbmigrate(["list"]).exits(101).says("the set `accounts` is in another database");
}

const LIBRARY: &str = "dbmigrate_runtime::include_migrations!(pub mod accounts, set = \"accounts\");\n";
const PROGRAM: &str = "dbmigrate_runtime::include_migrations!(pub mod migrations, set = \"shop\");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut connection = rusqlite::Connection::open(std::env::args().nth(1).unwrap())?;
    let all = || dbmigrate_runtime::Together::new().add(migrations::migrator()).add(sets_library::accounts::migrator());
    for done in all().up(&mut connection)? {
        println!(\"{} {}\", done.set, done.report.applied.len());
    }
    println!(\"{} objects\", all().verify_schema(&mut connection)?.objects);
    Ok(())
}
";

#[test]
fn a_library_and_its_user_share_a_database_file() {
    let project = Project::new("sets-workspace");
    let root = checkout().display().to_string();
    for (name, set, more) in
        [("sets-library", "accounts", ""), ("sets-user", "shop", "sets-library = { path = '../sets-library' }\n")]
    {
        project.write(
            &format!("{name}/Cargo.toml"),
            format!(
                "[package]\nname = '{name}'\nversion = '0.1.0'\nedition = '2024'\n\
                 [package.metadata.migrations]\ndatabase = '../app.db'\n\
                 [package.metadata.migrations.sets.{set}]\ndir = 'migrations'\n\
                 [dependencies]\nrusqlite = {{ version = '0.43', features = ['bundled'] }}\n\
                 dbmigrate-runtime = {{ path = '{root}/dbmigrate-runtime', features = ['manage'] }}\n{more}\
                 [build-dependencies]\ndbmigrate-build = {{ path = '{root}/dbmigrate-build' }}\n"
            ),
        );
        let build = "fn main() -> Result<(), dbmigrate_build::Error> {\n    dbmigrate_build::generate()\n}\n";
        project.write(&format!("{name}/build.rs"), build);
    }
    project.write("sets-library/src/lib.rs", LIBRARY);
    project.write("sets-library/migrations/001_users.sql", USERS);
    project.write("sets-user/src/main.rs", PROGRAM);
    project.write("sets-user/migrations/001_invoices.sql", INVOICES);
    project.write("Cargo.toml", "[workspace]\nresolver = '3'\nmembers = ['sets-library', 'sets-user']\n");
    project.remove("src/main.rs");
    let start = |database: &str| project.cargo(["run", "-q", "-p", "sets-user", "--", database]);
    let first = start("app.db").succeeds();
    assert_eq!(first.stdout, "accounts 1\nshop 1\n3 objects\n");
    assert_eq!(start("app.db").succeeds().stdout, "3 objects\n");

    // From the command line each package has its own set, in the same file; what it requires is looked for there.
    project.dbmigrate(["status", "-p", "sets-user"]).succeeds().says("[x] 001_invoices");
    project.dbmigrate(["up", "-p", "sets-user", "--database", "new.db"]).exits(101).says("which is not applied");
    project.dbmigrate(["up", "-p", "sets-library", "--database", "new.db"]).succeeds();
    project.dbmigrate(["up", "-p", "sets-user", "--database", "new.db"]).succeeds();
    assert_eq!(start("new.db").succeeds().stdout, "3 objects\n");
    project.dbmigrate(["drift", "-p", "sets-library"]).exits(101).says("also holds the history `_migrations_shop`");
    project.dbmigrate(["mark", "-p", "sets-user", "--database", "new.db"]).succeeds().says("nothing to mark");
    // All packages and sets in one go.
    let check = project.dbmigrate(["check", "--workspace"]);
    assert!(
        check.stderr.contains("sets-library (1 migration") && check.stderr.contains("sets-user (1 migration"),
        "{check}"
    );
    project.dbmigrate(["check", "--workspace", "--exclude", "sets-user"]).succeeds().says_not("sets-user");
}

#[test]
fn the_runner_of_a_package_serves_all_its_sets() {
    let project = two_sets("sets-runner", "app.db", "app.db");
    project.write("src/lib.rs", "");
    project.write("src/main.rs", "fn main() {}\n");
    project.write("migrations/billing/001_invoices.sql", INVOICES);
    project.write(
        "migrations/billing/002_fill.rs",
        "use rusqlite::Connection;\n\npub fn up(db: &Connection) -> rusqlite::Result<()> {\n    db.execute_batch(\"INSERT \
         INTO users VALUES (1, 'a'); INSERT INTO invoices VALUES (1, 1)\")\n}\n\npub fn down(db: &Connection) -> \
         rusqlite::Result<()> {\n    db.execute_batch(\"DELETE FROM invoices; DELETE FROM users\")\n}\n",
    );
    project.init(&["--runner"]).succeeds();
    let runner = project.read("src/bin/sets-runner-migrate.rs");
    assert!(
        runner.contains("Together::new()") && runner.contains(".add(sets_runner::billing::migrator())"),
        "{runner}"
    );
    project.dbmigrate(["check"]).succeeds().says("replayed 3 up and 3 down in memory, with those of accounts");
    project.dbmigrate(["up"]).succeeds().says("Applied 002_fill");
    assert_eq!(project.query("app.db", "SELECT count(*) FROM invoices"), ["1"]);
    project.dbmigrate(["down", "--set", "accounts"]).exits(101).says("which requires it");
    project.dbmigrate(["down", "--set", "billing"]).succeeds().says("Rolled back 002_fill");
    project.edit_manifest(|manifest| {
        manifest["package"]["metadata"]["migrations"]["sets"]["billing"]["width"] = value(3);
    });
    project.dbmigrate(["status"]).succeeds().says("[ ] 002_fill");
}

/// The copy is of the whole file, so what is said of it is as well.
#[test]
fn a_copy_that_goes_back_counts_the_migrations_of_all_sets() {
    let project = two_sets("sets-restore", "app.db", "app.db");
    project.write("migrations/billing/001_invoices.sql", INVOICES);
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["down", "--set", "billing"]).succeeds();
    project.dbmigrate(["backup", "--to", "one.db"]).succeeds();
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["restore", "one.db", "--yes"]).succeeds().says("from 2 to 1 migration;");
}

#[test]
fn a_database_that_is_missing_or_faulty_hides_no_other_and_stops_all_work() {
    let project = two_sets("sets-missing", "app.db", "app.db");
    project.write("migrations/billing/001_invoices.sql", INVOICES);
    // What none of the sets has is said once, with the command for all of them.
    let run = project.dbmigrate(["status"]).exits(101).says("error: no database at `app.db`");
    run.says("help: to create it: `cargo dbmigrate up`").says_not("accounts");

    let project = two_sets("sets-missing-two", "a.db", "b.db");
    project.write("migrations/billing/001_invoices.sql", "CREATE TABLE invoices (id INTEGER PRIMARY KEY);\n");
    let run = project.dbmigrate(["status"]).exits(101).says("error: no database at `a.db`");
    run.says("error: no database at `b.db`").says("to create it: `cargo dbmigrate up --set billing`");
    // A fault of the second one is seen before the first is touched.
    project.write("migrations/billing/001_invoices.sql", INVOICES);
    let run = project.dbmigrate(["up"]).exits(101).says("the set `accounts` is in another database");
    run.says_not("Applied");
    assert!(!project.has("a.db"));
    project.write("migrations/billing/001_invoices.sql", "CREATE TABLE invoices (id INTEGER PRIMARY KEY);\n");
    project.dbmigrate(["up"]).succeeds();
    project
        .write("a.db", "no database, whatever its name says: it is long enough to be looked at, and it is text alone");
    project.dbmigrate(["status"]).exits(101).says("`a.db` is not a SQLite database").says("[x] 001_invoices");

    let tables = "[package.metadata.migrations.sets.accounts]\n[package.metadata.migrations.sets.billing]\n";
    declare(&project, tables);
    let run = project.dbmigrate(["status"]).exits(2);
    run.says("help: or write `database = \"PATH\"` under `[package.metadata.migrations]` in `Cargo.toml`");
}
