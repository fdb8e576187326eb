//! `generate`: from a declared schema to migrations that were proved, and what happens to the rows.

use crate::support::Project;

const DB: &str = "app.db";

/// A wired package with this `schema.sql` and no migration.
fn project(test: &str, schema: &str) -> Project {
    let project = Project::wired(test, &[]);
    project.write("schema.sql", schema);
    project
}

const TEAMS: &str = "CREATE TABLE team (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL);
CREATE TABLE member (id INTEGER PRIMARY KEY, team INTEGER NOT NULL REFERENCES team ON DELETE CASCADE);
";

#[test]
fn the_first_migration_is_what_the_schema_declares() {
    let project = project("generate-first", TEAMS);
    project.dbmigrate(["generate"]).succeeds().says("Proved up and down").says("001_add_team_and_more.sql");
    assert_eq!(project.migration_files(), ["001_add_team_and_more.down.sql", "001_add_team_and_more.sql"]);
    project.dbmigrate(["generate"]).succeeds().says("already make `schema.sql`");
    assert_eq!(project.migration_files().len(), 2);
    project.dbmigrate(["check"]).succeeds();
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["drift"]).succeeds();
    project.dbmigrate(["down", "--all"]).succeeds();
    assert_eq!(project.query(DB, "SELECT count(*) FROM sqlite_schema WHERE name IN ('team', 'member')"), ["0"]);
}

#[test]
fn without_a_schema_the_help_says_how_to_get_one() {
    let project = Project::wired("generate-none", &[("001_team.sql", TEAMS)]);
    project.dbmigrate(["generate"]).exits(101).says("there is no `schema.sql`").says("schema --write");
    project.dbmigrate(["schema", "--write"]).succeeds().says("Wrote schema.sql");
    project.dbmigrate(["generate"]).succeeds().says("already");
    project.dbmigrate(["schema", "--write"]).succeeds().says("Fresh");
}

/// What the shell of SQLite says of a database has more in it than a schema that migrations lead to.
#[test]
fn what_belongs_to_the_history_is_not_declared() {
    let project = Project::wired("generate-history", &[("001_team.sql", TEAMS)]);
    project.dbmigrate(["up"]).succeeds();
    let all =
        project.query(DB, "SELECT sql || ';' FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'");
    project.write("schema.sql", all.join("\n"));
    for command in ["check", "generate"] {
        let refused = project.dbmigrate([command]);
        let refused = if command == "check" { refused.exits(1) } else { refused.exits(101) };
        refused
            .says("`schema.sql` declares a table of the history")
            .says("table `_migrations_head`")
            .says("remove it: the runner creates it");
    }
    project.write("schema.sql", format!("{TEAMS}CREATE TABLE sqlite_sequence (name, seq);"));
    project.dbmigrate(["check"]).exits(1).says("remove it: SQLite creates it by itself");
    assert_eq!(project.migration_files(), ["001_team.sql"]);
}

/// Runners of one's own often make the table of their history in the first file, and it often has the name of ours.
#[test]
fn a_migration_that_makes_a_table_of_the_name_of_the_history_leaves_a_schema_to_go_on_with() {
    let own = "CREATE TABLE IF NOT EXISTS _migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);\n\
               CREATE INDEX IF NOT EXISTS by_name ON _migrations (name);\n";
    let project = Project::wired("generate-own-history", &[("001_team.sql", &format!("{own}{TEAMS}"))]);
    project.dbmigrate(["schema", "--write"]).succeeds().says("Wrote schema.sql");
    assert!(!project.read("schema.sql").contains("_migrations"));
    project.dbmigrate(["generate"]).succeeds().says("the migrations already make `schema.sql`");
    project.dbmigrate(["schema", "--write"]).succeeds().says("Fresh");
    project.write("schema.sql", format!("{}ALTER TABLE team ADD COLUMN motto TEXT;\n", project.read("schema.sql")));
    project.dbmigrate(["generate"]).succeeds().says("Created migrations/002_change_team.sql");
    assert!(!project.read("migrations/002_change_team.sql").contains("_migrations"));
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["drift"]).succeeds();
}

#[test]
fn rows_in_a_declared_schema_are_not_passed_over_in_silence() {
    let project = Project::wired("generate-rows", &[("001_team.sql", TEAMS)]);
    project.write("schema.sql", format!("{TEAMS}INSERT INTO team (name) VALUES ('red');"));
    let says = "`schema.sql` declares a schema, which has no rows";
    project.dbmigrate(["check"]).succeeds().says(says);
    project.dbmigrate(["generate"]).succeeds().says(says).says("already");
}

#[test]
fn a_schema_that_a_person_wrote_is_not_replaced_without_a_word() {
    let project = Project::wired("generate-write", &[("001_team.sql", TEAMS)]);
    project.write("schema.sql", "CREATE TABLE other (a);\n");
    project.dbmigrate(["schema", "--write"]).exits(2).says("--force");
    assert_eq!(project.read("schema.sql"), "CREATE TABLE other (a);\n");
    project.dbmigrate(["check"]).exits(1).says("table `other` is added").says("cargo dbmigrate generate");
    project.dbmigrate(["schema", "--write", "--force"]).succeeds();
    assert!(project.read("schema.sql").contains("CREATE TABLE member"));
    project.dbmigrate(["check"]).succeeds();
}

#[test]
fn what_sqlite_refuses_in_the_schema_is_shown_where_it_stands() {
    let project = project("generate-refused", "CREATE TABLE a (n);\nCREATE INDEX i ON b (n);\n");
    project
        .dbmigrate(["generate"])
        .exits(101)
        .says("schema.sql:2:")
        .says("no such table: main.b")
        .says_not("replay = ");
    project.write("schema.sql", "CREATE TABLE a (\n  n -- dbmigrate: call it_a_day\n);\n");
    project.dbmigrate(["generate"]).exits(101).says("schema.sql:2:5").says("is not a hint");
    assert_eq!(project.migration_files(), [""; 0]);
}

#[test]
fn dropping_wants_to_be_allowed() {
    let project = project("generate-drop", TEAMS);
    project.dbmigrate(["generate"]).succeeds();
    project.write("schema.sql", TEAMS.lines().next().unwrap());
    project.dbmigrate(["generate"]).exits(2).says("member").says("--allow drop-table");
    assert_eq!(project.migration_files().len(), 2);
    project.dbmigrate(["generate", "--allow", "drop-table"]).succeeds().says("002_drop_member.sql");
    project.dbmigrate(["generate", "--allow", "everything"]).exits(2).says("drop-column");
}

#[test]
fn what_does_not_prove_right_is_not_written() {
    let project = project("generate-unproved", TEAMS);
    project.dbmigrate(["generate"]).succeeds();
    // The rows of `member` would refer to nothing.
    project.write("schema.sql", TEAMS.lines().nth(1).unwrap());
    let run = project.dbmigrate(["generate", "--allow", "drop-table"]).exits(101);
    run.says("table `member` refers to `team`, which no longer exists").says("nothing was written");
    assert_eq!(project.migration_files().len(), 2);
}

#[test]
fn a_dry_run_shows_both_ways_and_writes_nothing() {
    let project = project("generate-dry", TEAMS);
    let run = project.dbmigrate(["generate", "--dry-run"]).succeeds();
    assert!(run.stdout.contains("CREATE TABLE team") && run.stdout.contains("DROP TABLE team"), "{run}");
    assert_eq!(project.migration_files(), [""; 0]);
    let run = project.dbmigrate(["create", "base", "--from-diff", "--no-down", "--message-format", "json"]).succeeds();
    assert!(run.stdout.starts_with("{\"") && run.stdout.contains("\"reason\":\"generated\""), "{run}");
    assert_eq!(project.migration_files(), ["001_base.sql"]);
    project.dbmigrate(["create", "more", "--allow", "drop-table"]).exits(2).says("--from-diff");
}

#[test]
fn what_repeatables_make_stays_theirs() {
    let project = project("generate-repeatable", TEAMS);
    project.dbmigrate(["generate"]).succeeds();
    project.write("migrations/repeatable/names.sql", "CREATE VIEW names AS SELECT name FROM team;\n");
    project.dbmigrate(["generate"]).succeeds().says("already");
    project.write("schema.sql", format!("{TEAMS}CREATE VIEW names AS SELECT id FROM team;\n"));
    project.dbmigrate(["generate"]).exits(101).says("migrations/repeatable/names.sql");
    project.write("schema.sql", format!("{TEAMS}CREATE VIEW ids AS SELECT id FROM team;\n"));
    project.dbmigrate(["generate"]).succeeds().says("002_add_ids.sql");
}

#[test]
fn full_text_follows_its_table() {
    let schema = |kind: &str| {
        format!(
            "CREATE TABLE doc (id INTEGER PRIMARY KEY, year {kind}, body TEXT);
             CREATE VIRTUAL TABLE found USING fts5 (year, body, content='doc', content_rowid='id');
             CREATE TRIGGER doc_added AFTER INSERT ON doc BEGIN
               INSERT INTO found (rowid, year, body) VALUES (new.id, new.year, new.body); END;\n"
        )
    };
    let project = project("generate-search", &schema("REAL"));
    project.dbmigrate(["generate"]).succeeds();
    project.write("schema.sql", schema("INTEGER"));
    project.dbmigrate(["generate"]).succeeds().says("002_change_doc.sql");
    let text = project.read("migrations/002_change_doc.sql");
    assert!(text.ends_with("INSERT INTO found (found) VALUES ('rebuild');\n"), "{text}");
    project.dbmigrate(["check"]).succeeds();
}

#[test]
fn rust_in_the_set_is_said() {
    let project = project("generate-rust", TEAMS);
    project.write(
        "migrations/001_code.rs",
        "pub fn up(_: &rusqlite::Connection) -> rusqlite::Result<()> {\n    Ok(())\n}\n",
    );
    project.dbmigrate(["generate"]).exits(101).says("`001_code` contains Rust");
}

/// Every table with its rows, as one text.
fn rows(project: &Project) -> Vec<String> {
    let columns = |table: &str| {
        let names = project.query(DB, &format!("SELECT name FROM pragma_table_info('{table}')"));
        names.iter().map(|name| format!("quote({name})")).collect::<Vec<_>>().join(" || ', ' || ")
    };
    let tables = project.query(
        DB,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 1) <> '_' AND name NOT LIKE 'sqlite%' \
         ORDER BY name",
    );
    let of = |table: &String| {
        let rows = project.query(DB, &format!("SELECT {} FROM {table} ORDER BY rowid", columns(table)));
        rows.into_iter().map(|row| format!("{table}: {row}")).collect::<Vec<_>>()
    };
    tables.iter().flat_map(of).collect()
}

#[test]
fn a_schema_grows_over_filled_tables_and_every_step_leads_back() {
    let project = project("generate-session", TEAMS);
    project.dbmigrate(["generate", "base"]).succeeds();
    project.dbmigrate(["up"]).succeeds();
    project.execute(
        DB,
        "INSERT INTO team VALUES (1, 'red'), (7, 'blue'), (9, 'gone'); DELETE FROM team WHERE id = 9;
         INSERT INTO member VALUES (1, 7), (2, 7), (5, 1);",
    );
    let base = rows(&project);

    // A rename by hint, one by flag, a column that has to be filled, and a rebuild of a parent with cascading children.
    project.write(
        "schema.sql",
        "CREATE TABLE team (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  title TEXT NOT NULL COLLATE NOCASE, -- dbmigrate: renamed from name
  note TEXT NOT NULL
);
CREATE TABLE player (id INTEGER PRIMARY KEY, team INTEGER NOT NULL REFERENCES team ON DELETE CASCADE);
CREATE INDEX player_team ON player (team);
",
    );
    project.dbmigrate(["generate", "--rename", "member=player"]).exits(2).says("--fill team.note=");
    let run = project.dbmigrate(["generate", "--rename", "member=player", "--fill", "team.note='none'"]).succeeds();
    run.says("table `player` is renamed from `member`")
        .says("column `title` is renamed from `name`")
        .says("Proved up and down");
    assert!(!project.read("migrations/002_rename_player_and_more.sql").contains("renamed from"));
    project.dbmigrate(["up"]).succeeds();
    let second = rows(&project);
    let expect = ["player: 1, 7", "player: 2, 7", "player: 5, 1", "team: 1, 'red', 'none'", "team: 7, 'blue', 'none'"];
    assert_eq!(second, expect);
    assert_eq!(project.query(DB, "SELECT seq FROM sqlite_sequence WHERE name = 'team'"), ["9"]);

    // The hint has done its work; a column goes.
    project.dbmigrate(["generate"]).succeeds().says("remove this hint").says("already");
    project.write(
        "schema.sql",
        "CREATE TABLE team (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL COLLATE NOCASE);
CREATE TABLE player (id INTEGER PRIMARY KEY, team INTEGER NOT NULL REFERENCES team ON DELETE CASCADE);
CREATE INDEX player_team ON player (team);
",
    );
    project.dbmigrate(["generate"]).exits(2).says("`note`").says("--allow drop-column");
    let run = project.dbmigrate(["generate", "--allow", "drop-column"]).exits(2);
    run.says("down script").says("--no-down").says("--fill team.note=");
    project
        .dbmigrate(["generate", "--allow", "drop-column", "--fill", "team.note=''"])
        .succeeds()
        .says("003_change_team");
    assert!(project.read("migrations/003_change_team.sql").contains("-- dbmigrate: allow drop-column asked for"));
    project.dbmigrate(["up"]).succeeds();
    assert_eq!(project.migration_files().len(), 6);
    project.dbmigrate(["check", "--allow", "compatibility"]).succeeds();
    project.dbmigrate(["drift"]).succeeds();

    project.dbmigrate(["down", "--no-backup"]).succeeds();
    assert_eq!(rows(&project), second.iter().map(|row| row.replace("'none'", "''")).collect::<Vec<_>>());
    project.dbmigrate(["down", "--no-backup"]).succeeds();
    assert_eq!(rows(&project), base);
}

#[test]
fn what_is_ambiguous_shows_the_choices_and_writes_nothing() {
    let project = project("generate-ambiguous", "CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT);\n");
    project.dbmigrate(["generate"]).succeeds();
    project.write("schema.sql", "CREATE TABLE team (id INTEGER PRIMARY KEY, title TEXT);\n");
    let run = project.dbmigrate(["generate"]).exits(2);
    run.says("`name`").says("--rename team.name=team.title").says("--allow drop-column");
    assert_eq!(project.migration_files().len(), 2);
    project.dbmigrate(["generate", "--rename", "team.name=team.label"]).exits(2).says("label");
    project.dbmigrate(["generate", "--rename", "team.name"]).exits(2).says("--rename table.old=table.new");
    // That columns may go says nothing of this one, which may only have another name.
    let run = project.dbmigrate(["generate", "--allow", "drop-column"]).exits(2);
    run.says("`name`").says("--allow drop-column=team.name");
    project.dbmigrate(["generate", "--allow", "drop-column=team"]).exits(2).says("drop-column=table.column");
    assert_eq!(project.migration_files().len(), 2);
    let dropped = project.dbmigrate(["generate", "--allow", "drop-column=team.name", "--dry-run"]).succeeds();
    assert!(dropped.stdout.contains("-- dbmigrate: allow drop-column asked for"), "{dropped}");
    project.dbmigrate(["generate", "--rename", "team.name=team.title"]).succeeds();
    project.dbmigrate(["generate"]).succeeds().says("already");
}

#[test]
fn what_nobody_can_decide_is_no_wrong_usage() {
    let table = |kind: &str| {
        let columns: Vec<_> = (1..2_000).map(|at| format!("c{at} INT")).collect();
        format!("CREATE TABLE t ({}, last {kind});\n", columns.join(", "))
    };
    let team = "CREATE TABLE team (id INTEGER PRIMARY KEY);\n";
    let project = project("generate-too-wide", &format!("{}{team}", table("INT")));
    project.dbmigrate(["generate"]).succeeds();
    project.write("schema.sql", format!("{}{team}", table("TEXT")));
    project.dbmigrate(["generate"]).exits(101).says("SQLite can't copy a rowid beside 2000 columns");
    // A choice beside it does not help.
    project.write("schema.sql", table("TEXT"));
    project.dbmigrate(["generate"]).exits(101).says("beside 2000 columns").says("--allow drop-table");
    project.write("schema.sql", table("INT"));
    project.dbmigrate(["generate"]).exits(2).says("--allow drop-table");
}

#[test]
fn a_help_with_odd_names_can_be_typed() {
    let project = project("generate-odd-names", "CREATE TABLE \"odd name\" (id INTEGER PRIMARY KEY, \"a b\" TEXT);\n");
    project.dbmigrate(["generate"]).succeeds();
    project.write("schema.sql", "CREATE TABLE other (id INTEGER PRIMARY KEY, \"c d\" TEXT NOT NULL);\n");
    project.dbmigrate(["generate"]).exits(2).says("generate --rename '\"odd name\"=other'`");
    let table = "\"odd name\"=other";
    let run = project.dbmigrate(["generate", "--rename", table]).exits(2);
    let column = "other.\"a b\"=other.\"c d\"";
    run.says(&format!("generate --rename '{column}'`"));
    let run = project.dbmigrate(["generate", "--rename", table, "--rename", column]).exits(2);
    run.says("generate --fill 'other.\"c d\"=EXPRESSION'`");
    let fill = "other.\"c d\"=''";
    project.dbmigrate(["generate", "--rename", table, "--rename", column, "--fill", fill]).succeeds();
}
