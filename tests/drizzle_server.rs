//! The Drizzle server: generated names from 0000, generated rebuilds, and a user who is there after migrating.

use crate::support::Project;

const DB: &str = "server.db";
const NAMES: [&str; 3] = ["0000_last_northstar", "0001_easy_logan", "0002_busy_gargoyle"];
const REBUILD: &str = "migrations/0002_busy_gargoyle.sql";
const SKIPPED: &str = "ALTER TABLE `execution_history` ADD `items_skipped_available` integer;\n";
const ROWS: &str = "
INSERT INTO users (id, username) VALUES (1, 'ada'), (2, 'grace');
INSERT INTO media_lists (id, user_id, name, max_items) VALUES (3, 1, 'films', '25'), (4, 2, 'series', NULL);
INSERT INTO execution_history (id, list_id, started_at, items_found) VALUES (10, 3, '2024-01-01', 5), (11, 3, '2024-01-02', 0), (12, 4, '', 7);
INSERT INTO list_items (id, list_id, title) VALUES (20, 3, 'Metropolis'), (21, 4, 'Dekalog');
";

fn applied(project: &Project) -> Vec<String> {
    project.query(DB, "SELECT name FROM _migrations ORDER BY number")
}

#[test]
fn the_server_migrates_then_has_a_user_then_serves() {
    let project = Project::fixture("drizzle-server", "start");
    let all: String = NAMES.iter().map(|name| format!("applied {name}\n")).collect();
    let first = project.cargo(["run", "-q"]).succeeds();
    assert_eq!(first.stdout, format!("{all}created the default user\nserving 0 lists\n"));
    assert_eq!(project.cargo(["run", "-q"]).succeeds().stdout, "serving 0 lists\n");
    assert_eq!(project.query(DB, "SELECT username FROM users"), ["admin"]);
    assert_eq!(applied(&project), NAMES);

    // One more file: the next start finds and applies it.
    project.dbmigrate(["create", "next_northstar"]).succeeds().says("0003_next_northstar.sql");
    project.write("migrations/0003_next_northstar.sql", SKIPPED);
    let next = project.cargo(["run", "-q"]).succeeds();
    assert_eq!(next.stdout, "applied 0003_next_northstar\nserving 0 lists\n");
    project.execute(DB, "UPDATE users SET username = 'ada'");
    assert_eq!(project.cargo(["run", "-q", "--", "migrate"]).succeeds().stdout, "");
    assert_eq!(project.query(DB, "SELECT username FROM users"), ["ada"]);

    // A development database starts over, write-ahead log and all.
    project.write("server.db-wal", "left by a process that was killed");
    let reset = project.cargo(["run", "-q", "--", "reset"]).succeeds();
    assert_eq!(reset.stdout, format!("{all}applied 0003_next_northstar\ncreated the default user\n"));
    assert_eq!(project.query(DB, "SELECT username FROM users"), ["admin"]);
    assert_eq!(project.query(DB, "PRAGMA journal_mode"), ["wal"]);
}

#[test]
fn a_rebuild_in_four_steps_loses_no_child_row() {
    for (test, pragmas) in [("rebuild", true), ("rebuild-bare", false)] {
        let project = Project::fixture("drizzle-server", test);
        if !pragmas {
            let bare = |line: &&str| !line.starts_with("PRAGMA");
            let text: Vec<_> = project.read(REBUILD).lines().filter(bare).map(str::to_owned).collect();
            project.write(REBUILD, text.join("\n"));
        }
        project.dbmigrate(["up", "--to", "0001_easy_logan"]).succeeds();
        project.execute(DB, ROWS);
        let children = || {
            let history = project.query(DB, "SELECT * FROM execution_history ORDER BY id");
            [history, project.query(DB, "SELECT * FROM list_items ORDER BY id")]
        };
        let before = children();
        project.dbmigrate(["up"]).succeeds().says("0002_busy_gargoyle");
        assert_eq!(children(), before, "{test}");
        let lists = "SELECT id, user_id, name, typeof(max_items), max_items FROM media_lists ORDER BY id";
        assert_eq!(project.query(DB, lists), ["3|1|films|integer|25", "4|2|series|null|NULL"]);
        assert_eq!(project.query(DB, "SELECT * FROM pragma_foreign_key_check"), Vec::<String>::new());

        // The children hang on the new table.
        project.execute(DB, "PRAGMA foreign_keys = ON; DELETE FROM media_lists WHERE id = 3");
        assert_eq!(project.query(DB, "SELECT id FROM execution_history"), ["12"]);
    }
}

#[test]
fn what_only_adds_is_safe_for_the_rows_that_are_there() {
    let project = Project::fixture("drizzle-server", "additive");
    project.dbmigrate(["up", "--to", "0"]).succeeds();
    project.execute(DB, ROWS.split("INSERT INTO list_items").next().unwrap());
    project.dbmigrate(["up", "--to", "1"]).succeeds();
    assert_eq!(project.query(DB, "SELECT id, schedule, enabled FROM media_lists"), ["3|NULL|1", "4|NULL|1"]);
    project.write("migrations/0003_new_logan.sql", SKIPPED);
    project.dbmigrate(["up"]).succeeds();
    assert_eq!(project.query(DB, "SELECT DISTINCT items_skipped_available FROM execution_history"), ["NULL"]);
}

#[test]
fn a_column_that_old_rows_can_not_have_is_refused_and_added_with_a_default() {
    let project = Project::fixture("drizzle-server", "not-null");
    project.dbmigrate(["up"]).succeeds();
    project.execute(DB, ROWS);
    let file = "migrations/0003_bold_hulk.sql";
    project.write(file, "ALTER TABLE `media_lists` ADD `color` text;--> statement-breakpoint\nALTER TABLE `users` ADD `email` text NOT NULL;");
    project
        .dbmigrate(["up"])
        .exits(101)
        .says("Cannot add a NOT NULL column with default value NULL")
        .says(&format!("{file}:2"));
    assert_eq!(applied(&project), NAMES);
    assert_eq!(project.query(DB, "SELECT count(*) FROM pragma_table_info('media_lists') WHERE name = 'color'"), ["0"]);

    project.write(file, "ALTER TABLE `users` ADD `email` text DEFAULT '' NOT NULL;");
    project.dbmigrate(["up"]).succeeds();
    assert_eq!(project.query(DB, "SELECT username || email FROM users"), ["ada", "grace"]);
}

#[test]
fn a_column_is_replaced_in_two_releases() {
    let project = Project::fixture("drizzle-server", "two-phases");
    project.dbmigrate(["up"]).succeeds();
    project.execute(DB, ROWS);
    project.write(
        "migrations/0003_first_phase.sql",
        "ALTER TABLE `media_lists` ADD `label` text;--> statement-breakpoint\nUPDATE `media_lists` SET `label` = `name`;",
    );
    project.dbmigrate(["up"]).succeeds();
    // The release between writes both.
    project.execute(DB, "INSERT INTO media_lists (id, user_id, name, label) VALUES (5, 1, 'shorts', 'Shorts')");
    project.write("migrations/0004_second_phase.sql", "ALTER TABLE `media_lists` DROP COLUMN `name`;");
    project.dbmigrate(["up"]).succeeds();
    assert_eq!(project.query(DB, "SELECT label FROM media_lists ORDER BY id"), ["films", "series", "Shorts"]);
    assert_eq!(project.query(DB, "SELECT count(*) FROM execution_history"), ["3"]);
}

/// One file in place of all, as the generator writes it from the current schema.
fn consolidate(project: &Project) {
    let schema: Vec<String> = project.query(
        DB,
        "SELECT sql || ';' FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE '%migrations%'
         AND name NOT LIKE 'sqlite%'",
    );
    for name in NAMES {
        project.remove(&format!("migrations/{name}.sql"));
    }
    project.write("migrations/0000_quiet_sentinel.sql", schema.join("--> statement-breakpoint\n"));
}

#[test]
fn migrations_become_one_file_while_nobody_has_a_database() {
    let project = Project::fixture("drizzle-server", "consolidate");
    project.dbmigrate(["up"]).succeeds();
    let tables = || project.query(DB, "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' ORDER BY name");
    let before = tables();
    consolidate(&project);
    project.remove(DB);
    project.dbmigrate(["up"]).succeeds().says("0000_quiet_sentinel");
    assert_eq!(tables(), before);
}

#[test]
fn on_a_database_of_a_user_the_one_file_is_refused_before_it_runs() {
    let project = Project::fixture("drizzle-server", "consolidated");
    project.dbmigrate(["up"]).succeeds();
    project.execute(DB, ROWS);
    consolidate(&project);
    project
        .dbmigrate(["up"])
        .exits(101)
        .says("0000_last_northstar")
        .says("0002_busy_gargoyle")
        .says_not("already exists");
    assert_eq!(applied(&project), NAMES);
    assert_eq!(project.query(DB, "SELECT count(*) FROM list_items"), ["2"]);
}

#[test]
fn tables_without_a_history_are_a_clear_error_not_a_crash_half_way() {
    let project = Project::fixture("drizzle-server", "no-history");
    project.dbmigrate(["up"]).succeeds();
    project.execute(DB, "DROP TABLE _migrations; DROP TABLE _migrations_head");
    let before = project.query(DB, "SELECT name FROM sqlite_schema ORDER BY name");
    project.dbmigrate(["up"]).exits(101).says("history").says("--existing");
    assert_eq!(project.query(DB, "SELECT name FROM sqlite_schema ORDER BY name"), before);
}
