//! `hooks` and `repeatable` as files: what is wrong in them is said by the build and by `check`, and a new file in them
//! is seen by `cargo build` alone.

use crate::build_faults::check;
use crate::support::Project;

const SET: [(&str, &str); 4] = [
    ("001_users.sql", "CREATE TABLE users(name, gone_at);"),
    ("hooks/before_all.sql", "SELECT 1;"),
    ("hooks/after_all.sql", "ANALYZE;"),
    ("repeatable/active_users.sql", "CREATE VIEW active_users AS SELECT name FROM users WHERE gone_at IS NULL;"),
];

#[test]
fn a_new_file_is_seen_by_the_build_alone() {
    let project = Project::wired("new-repeatable", &SET[..1]);
    // The files that the program has in itself.
    project.write(
        "src/main.rs",
        "dbmigrate_runtime::include_migrations!(pub mod migrations);\n\n\
         fn main() -> Result<(), dbmigrate_runtime::Error> {\n    let set = migrations::migrator().set()?;\n    \
         set.migrations.iter().for_each(|it| println!(\"{}\", it.file));\n    \
         [set.before_all, set.after_all].iter().flatten().for_each(|it| println!(\"{}\", it.file));\n    \
         set.repeatables.iter().for_each(|it| println!(\"{}\", it.script.file));\n    Ok(())\n}\n",
    );
    let files = || project.cargo(["run", "-q"]).succeeds().stdout;
    assert_eq!(files(), "migrations/001_users.sql\n");
    for (file, text) in &SET[1..] {
        project.write(&format!("migrations/{file}"), text);
    }
    assert_eq!(
        files(),
        "migrations/001_users.sql\nmigrations/hooks/before_all.sql\nmigrations/hooks/after_all.sql\n\
         migrations/repeatable/active_users.sql\n"
    );
    project.write("migrations/repeatable/all_users.sql", "CREATE VIEW all_users AS SELECT name FROM users;");
    assert!(files().ends_with("migrations/repeatable/all_users.sql\n"));
    project.dbmigrate(["check"]).succeeds().says("(1 migration, 2 hooks, 2 repeatables; replayed 1 up and 0 down");
    project.write("migrations/repeatable/all_users.sql", "CREATE TABLE all_users(name);");
    project.cargo(["build", "-q"]).exits(101).says("migrations/repeatable/all_users.sql:1:1");
}

#[test]
fn a_fault_in_a_hook_or_a_repeatable_fails_the_build_and_the_check_alike() {
    let project = Project::wired("hooks-faults", &SET);
    project.cargo(["build", "-q"]).succeeds();
    project.dbmigrate(["check"]).succeeds();
    for (file, text, words) in [
        (
            "hooks/befor_all.sql",
            "SELECT 1;",
            ["`befor_all.sql` is not the name of a hook", "`before_all.sql` exists as well"],
        ),
        (
            "hooks/seed.rs",
            "",
            ["`seed.rs` is not the name of a hook", "the hooks are `before_all.sql` and `after_all.sql`"],
        ),
        ("hooks/after_all.sql", "VACUUM;", ["migrations/hooks/after_all.sql:1:1", "put it into a migration"]),
        ("hooks/after_all.sql", "-- dbmigrate: call tidy\n", ["a hook is SQL only", "remove this line"]),
        ("repeatable/Old Users.sql", "", ["`Old Users.sql` is not the name", "migrations/repeatable/old_users.sql`"]),
        (
            "repeatable/seed.sql",
            "\nINSERT INTO users VALUES (1, 2);",
            ["seed.sql:2:1", "`cargo dbmigrate create NAME`"],
        ),
        (
            "repeatable/other.sql",
            "CREATE VIEW Active_Users AS SELECT 1;",
            [
                "`migrations/repeatable/other.sql` creates",
                "which `migrations/repeatable/active_users.sql` already creates",
            ],
        ),
    ] {
        let path = format!("migrations/{file}");
        let before = project.has(&path).then(|| project.read(&path));
        project.write(&path, text);
        check(&project, file, &words);
        match before {
            Some(before) => project.write(&path, before),
            None => project.remove(&path),
        }
    }
    project.cargo(["build", "-q"]).succeeds();
}

#[test]
fn what_sqlite_finds_wrong_around_the_migrations_is_shown_where_it_stands() {
    let project = Project::wired("hooks-replay", &SET);
    project.write("migrations/repeatable/active_users.sql", "CREATE VIEW active_users AS SELECT nmae FROM users;");
    project
        .dbmigrate(["check"])
        .exits(1)
        .says("the view `active_users` can't be read: no such column: nmae")
        .says("migrations/repeatable/active_users.sql:1:1");
    project.write("migrations/hooks/before_all.sql", "DELETE FROM users;");
    project
        .dbmigrate(["check"])
        .exits(1)
        .says("migrations/hooks/before_all.sql:1:1")
        .says("`001_users`, `migrations/repeatable/active_users.sql`, `migrations/hooks/after_all.sql`");
}
