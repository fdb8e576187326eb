// What `include_migrations!` declares, for the examples of the documentation: a set of two files, and one without any.
#[allow(dead_code)]
pub mod migrations {
    dbmigrate_runtime::rusqlite_driver!(::rusqlite, backup);

    use dbmigrate_runtime::{Down, Effect, Metadata, Migration, Migrator, Script, Set, Statement, Step};

    const INITIAL_SCHEMA: &str = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;\n";
    const ADD_STARS: &str = "ALTER TABLE notes ADD COLUMN stars INTEGER NOT NULL DEFAULT 0;\n";
    const DROP_STARS: &str = "ALTER TABLE notes DROP COLUMN stars;\n";

    const fn whole(sql: &str) -> [Step<'static>; 1] {
        [Step::Sql(Statement { start: 0, end: sql.len() as u32 - 2, effect: Effect::None })]
    }

    const fn script(file: &'static str, text: &'static str, steps: &'static [Step<'static>]) -> Script<'static> {
        Script {
            file,
            text,
            transaction: true,
            foreign_keys: None,
            tolerate_existing: false,
            checksum: text,
            prefixes: &[],
            asserts: &[],
            steps,
        }
    }

    const fn migration(number: u64, name: &'static str, up: Script<'static>, down: Down<'static>) -> Migration<'static> {
        Migration {
            number,
            name,
            file: up.file,
            metadata: Metadata { title: None, date: None, description: None, version: None },
            checksum: up.text,
            text_checksum: up.text,
            chain: up.text,
            requires: &[],
            up,
            down,
        }
    }

    pub(super) const SET: Set<'static> = Set {
        migrations: &[
            migration(
                1,
                "001_initial_schema",
                script("migrations/001_initial_schema.sql", INITIAL_SCHEMA, &const { whole(INITIAL_SCHEMA) }),
                Down::Missing,
            ),
            migration(
                2,
                "002_add_stars",
                script("migrations/002_add_stars.sql", ADD_STARS, &const { whole(ADD_STARS) }),
                Down::Script(script("migrations/002_add_stars.down.sql", DROP_STARS, &const { whole(DROP_STARS) })),
            ),
        ],
        ..Set::EMPTY
    };

    static NAMELESS: Set<'static> = SET;

    pub fn migrator() -> Migrator<'static, Rusqlite> {
        Migrator::new(&NAMELESS)
    }
}

#[allow(dead_code)]
pub mod billing {
    use super::migrations::{Rusqlite, SET};
    use dbmigrate_runtime::{Migrator, Set};

    static BILLING: Set<'static> = Set { name: "billing", table: "_migrations_billing", migrations: &[], ..SET };

    pub fn migrator() -> Migrator<'static, Rusqlite> {
        Migrator::new(&BILLING)
    }
}
